//! Which addresses of a public chain may be connected to.

use std::collections::BTreeSet;

use antiphon_content::Cid;
use antiphon_store::{Client, EndpointError, Fault, NetPolicy};

async fn refusal(policy: NetPolicy, endpoint: &str) -> Fault {
    let client = Client::new(policy).unwrap();
    let cid = Cid::of_raw(b"x");
    client.get_block(endpoint, &cid, 10).await.unwrap_err()
}

async fn strict(endpoint: &str) -> EndpointError {
    match refusal(NetPolicy::default(), endpoint).await {
        Fault::Endpoint(error) => error,
        other => panic!("{endpoint}: {other}"),
    }
}

#[tokio::test]
async fn private_and_special_addresses_are_refused_in_every_notation() {
    for host in [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.0.8",
        "[::1]",
        "[::]",
        "[fc00::1]",
        "[fe80::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
        "[2001::1]",
        "[ff02::1]",
        "2130706433",
        "0x7f000001",
        "127.1",
        "017700000001",
    ] {
        let error = strict(&format!("https://{host}")).await;
        assert!(
            matches!(error, EndpointError::NotPublic(_)),
            "{host}: {error}"
        );
    }
}

#[tokio::test]
async fn only_a_scheme_a_host_and_a_port_are_an_endpoint() {
    for text in [
        "",
        "worker",
        "ftp://worker.example",
        "file:///etc/passwd",
        "https://",
        "https://user@worker.example",
        "https://user:pass@worker.example",
        "https://worker.example/path",
        "https://worker.example/?q",
        "https://worker.example/#f",
        "/ipfs/",
    ] {
        let error = strict(text).await;
        assert!(matches!(error, EndpointError::Form(_)), "{text}: {error}");
    }
    let long = format!("https://{}.example", "a".repeat(300));
    assert!(matches!(strict(&long).await, EndpointError::Form(text) if text.len() <= 256));
}

#[tokio::test]
async fn plain_http_is_refused_but_on_loopback_with_the_development_flag() {
    for text in [
        "http://worker.example",
        "http://8.8.8.8",
        "http://127.0.0.1:1",
        "http://localhost:1",
    ] {
        assert!(
            matches!(strict(text).await, EndpointError::NotHttps(_)),
            "{text}"
        );
    }
    let flag = refusal(NetPolicy::local(), "http://127.0.0.1:1").await;
    assert!(matches!(flag, Fault::Connect(_)), "{flag}");
    let elsewhere = refusal(NetPolicy::local(), "http://8.8.8.8").await;
    assert!(matches!(
        elsewhere,
        Fault::Endpoint(EndpointError::NotHttps(_))
    ));
    let private = refusal(NetPolicy::local(), "https://10.0.0.1").await;
    assert!(matches!(
        private,
        Fault::Endpoint(EndpointError::NotPublic(_))
    ));
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_is_refused() {
    let fault = refusal(NetPolicy::default(), "https://localhost:1").await;
    assert!(
        matches!(&fault, Fault::Connect(text) if text.contains("not public")),
        "{fault}"
    );
}

#[tokio::test]
async fn what_the_operator_listed_may_be_private() {
    let listed = |text: &str| NetPolicy {
        listed: BTreeSet::from([text.to_owned()]),
        ..NetPolicy::default()
    };
    for text in [
        "https://127.0.0.1:1",
        "http://127.0.0.1:1/",
        "https://localhost:1",
    ] {
        let fault = refusal(listed(text), text).await;
        assert!(matches!(fault, Fault::Connect(_)), "{text}: {fault}");
    }
    let http = refusal(listed("http://10.0.0.1"), "http://10.0.0.1").await;
    assert!(matches!(http, Fault::Endpoint(EndpointError::NotHttps(_))));
}
