//! The faucet over HTTP, with a purse that is only counted.

use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;

type Fails = fn() -> ChainError;

fn alice() -> String {
    antiphon_chain::bech32("wasm", &[7; 20]).unwrap()
}

/// Coins that are only counted; `empty` has none.
#[derive(Clone, Default)]
struct Counted {
    gifts: Arc<AtomicU32>,
    fails: Option<Fails>,
}

impl Purse for Counted {
    async fn send(&self, _: &str, _: Coin) -> std::result::Result<String, ChainError> {
        if let Some(error) = self.fails {
            return Err(error());
        }
        self.gifts.fetch_add(1, Ordering::Relaxed);
        Ok("AB".repeat(32))
    }

    async fn left(&self) -> std::result::Result<u128, ChainError> {
        Ok(1_000)
    }

    fn address(&self) -> &str {
        "wasm1faucet"
    }
}

async fn start(purse: Counted) -> String {
    let allowance = Allowance {
        amount: 7,
        ..Allowance::default()
    };
    let faucet = Faucet::new(purse, "wasm", Coin::new(7, "uanti"), allowance);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(faucet, listener, std::future::pending()));
    url
}

async fn give(url: &str, body: impl Into<reqwest::Body>) -> (StatusCode, Option<u64>, Value) {
    let request = reqwest::Client::new()
        .post(format!("{url}/give"))
        .body(body);
    let response = request.send().await.unwrap();
    let wait = response.headers().get("retry-after");
    let wait = wait.map(|value| value.to_str().unwrap().parse().unwrap());
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    (response.status(), wait, response.json().await.unwrap())
}

fn wish(address: &str) -> String {
    json!({"address": address}).to_string()
}

#[tokio::test]
async fn a_gift_names_its_receiver_amount_and_transaction() {
    let purse = Counted::default();
    let url = start(purse.clone()).await;
    let (status, _, gift) = give(&url, wish(&alice())).await;
    assert_eq!(status, StatusCode::OK);
    let want = json!({
        "address": alice(), "amount": "7", "denom": "uanti", "hash": "AB".repeat(32)
    });
    assert_eq!(gift, want);
    assert_eq!(purse.gifts.load(Ordering::Relaxed), 1);
    let status: Value = reqwest::get(format!("{url}/status"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&status["left_this_hour"], &status["balance"]),
        (&json!(599), &json!("1000"))
    );
}

#[tokio::test]
async fn the_fourth_wish_in_a_minute_is_told_when_to_come_back_in_any_spelling() {
    let purse = Counted::default();
    let url = start(purse.clone()).await;
    for _ in 0..3 {
        assert_eq!(give(&url, wish(&alice())).await.0, StatusCode::OK);
    }
    let (status, wait, error) = give(&url, wish(&alice())).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(error["error"]["code"], "too_often");
    assert!(matches!(wait, Some(1..=60)), "{wait:?}");
    let upper = give(&url, wish(&alice().to_uppercase())).await;
    assert!(
        !upper.0.is_success(),
        "another spelling is no other account"
    );
    assert_eq!(purse.gifts.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn what_is_no_address_of_this_chain_is_refused_before_anything_is_sent() {
    let purse = Counted::default();
    let url = start(purse.clone()).await;
    let other = antiphon_chain::bech32("cosmos", &[1; 20]).unwrap();
    let short = antiphon_chain::bech32("wasm", &[1; 19]).unwrap();
    let typo = alice().replace("wasm1qur", "wasm1qup");
    for bad in [other.as_str(), &short, &typo, "", "wasm1", &"w".repeat(900)] {
        let (status, _, error) = give(&url, wish(bad)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{bad}");
        assert_eq!(error["error"]["code"], "bad_address", "{bad}");
    }
    for bad in ["", "{}", "[1]", "{\"address\":1}"] {
        let (status, _, error) = give(&url, bad).await;
        assert_eq!(
            (status, &error["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("bad_request"))
        );
    }
    assert_eq!(purse.gifts.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn each_failure_of_the_chain_has_a_code_and_a_sentence() {
    let down = || ChainError::NodeDown {
        tried: "x: refused".to_owned(),
    };
    let empty = || ChainError::InsufficientFunds {
        address: "a".to_owned(),
        have: "1uanti".to_owned(),
        need: "7uanti".to_owned(),
    };
    let blocked = || ChainError::Rejected {
        code: 4,
        codespace: "sdk".to_owned(),
        log: "not allowed to receive funds".to_owned(),
    };
    let cases: [(Fails, u16, &str); 3] = [
        (down, 503, "node_down"),
        (empty, 503, "faucet_empty"),
        (blocked, 400, "chain_refused"),
    ];
    for (fails, status, code) in cases {
        let url = start(Counted {
            fails: Some(fails),
            ..Counted::default()
        })
        .await;
        let (got, _, error) = give(&url, wish(&alice())).await;
        assert_eq!(
            (got.as_u16(), error["error"]["code"].as_str()),
            (status, Some(code))
        );
        assert!(error["error"]["message"].as_str().unwrap().len() > 20);
    }
}

#[tokio::test]
async fn a_page_may_ask_and_other_paths_are_told_which_there_are() {
    let url = start(Counted::default()).await;
    let client = reqwest::Client::new();
    let preflight = client.request(reqwest::Method::OPTIONS, format!("{url}/give"));
    let preflight = preflight
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    let headers = preflight.headers();
    assert!(
        headers["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("POST")
    );
    assert!(
        headers["access-control-allow-headers"]
            .to_str()
            .unwrap()
            .contains("Content-Type")
    );
    for path in ["/", "/give"] {
        let response = client.get(format!("{url}{path}")).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert!(response.text().await.unwrap().contains("/status"), "{path}");
    }
}

#[tokio::test]
async fn a_wish_that_is_too_long_is_not_read() {
    let url = start(Counted::default()).await;
    let request = reqwest::Client::new()
        .post(format!("{url}/give"))
        .body("x".repeat(4096));
    assert_eq!(
        request.send().await.unwrap().status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
}
