//! What a page of another origin needs before its browser lets it read an answer.

use antiphon_content::Cid;
use antiphon_store::server::{Gateway, GatewayLimits, router};
use reqwest::{Method, Response, StatusCode};

use crate::world::{Worker, start};

async fn from_page(worker: &str, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = reqwest::Client::new().request(method, format!("{worker}{path}"));
    request = request.header("origin", "https://page.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_preflight_allows_what_the_page_is_going_to_send() {
    let worker = Worker::start().await;
    let cid = Cid::of_raw(b"x");
    let cases = [
        (
            format!("/ipfs/{cid}?format=raw"),
            "GET",
            "accept, if-none-match",
        ),
        (format!("/ipfs/{cid}?format=raw"), "HEAD", "range"),
        (format!("/antiphon/v1/block/{cid}"), "PUT", "content-type"),
    ];
    for (path, method, asked) in cases {
        let preflight = [
            ("access-control-request-method", method),
            ("access-control-request-headers", asked),
            ("access-control-request-private-network", "true"),
        ];
        let response = from_page(&worker.url, Method::OPTIONS, &path, &preflight).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{path}");
        assert_eq!(header(&response, "access-control-allow-origin"), "*");
        assert_eq!(
            header(&response, "access-control-allow-private-network"),
            "true"
        );
        assert_eq!(header(&response, "access-control-max-age"), "7200");
        assert!(header(&response, "access-control-allow-methods").contains(method));
        let allowed = header(&response, "access-control-allow-headers").to_lowercase();
        for name in asked.split(", ") {
            assert!(allowed.contains(name), "{name} is not in {allowed}");
        }
    }
}

#[tokio::test]
async fn every_answer_can_be_read_by_a_page_the_refusals_too() {
    let worker = Worker::start().await;
    let cid = worker.store.blocks.put_raw(b"hello").unwrap();
    let none = Gateway::new(
        worker.store.clone(),
        GatewayLimits {
            per_second: 0,
            ..GatewayLimits::default()
        },
    );
    let (busy, _stop) = start(router(none)).await;
    let path = format!("/ipfs/{cid}?format=raw");
    let absent = format!("/ipfs/{}?format=raw", Cid::of_raw(b"absent"));
    let put = format!("/antiphon/v1/block/{}", Cid::of_raw(b"other"));
    let cases = [
        (&worker.url, Method::GET, path.as_str(), 200),
        (&worker.url, Method::HEAD, &path, 200),
        (&worker.url, Method::GET, &absent, 404),
        (&worker.url, Method::PUT, &put, 400),
        (&worker.url, Method::GET, "/nothing/here", 404),
        (&busy, Method::GET, &path, 429),
    ];
    for (url, method, path, status) in cases {
        let response = from_page(url, method, path, &[]).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(
            header(&response, "access-control-allow-origin"),
            "*",
            "{path}"
        );
        assert!(
            header(&response, "access-control-expose-headers").contains("Retry-After"),
            "{path}"
        );
    }
}
