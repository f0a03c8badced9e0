//! What browsers are told: a page of another site may not spend.

use std::sync::Arc;

use antiphon_client::gateway::Origins;
use reqwest::Method;

use crate::fake::FakeNet;
use crate::gate::{Gate, fine, question, refused};

async fn gate(origins: Origins) -> (Arc<FakeNet>, tempfile::TempDir, Gate) {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start_with(Arc::clone(&net) as _, home.path(), |mut settings| {
        settings.origins = origins;
        settings
    })
    .await;
    (net, home, gate)
}

async fn preflight(gate: &Gate, origin: &str) -> reqwest::Response {
    let url = format!("{}/v1/chat/completions", gate.url);
    gate.client
        .request(Method::OPTIONS, url)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization, content-type, x-stainless-os",
        )
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_preflight_allows_what_openais_browser_client_sends() {
    let (_net, _home, gate) = gate(Origins::Any).await;
    let response = preflight(&gate, "https://page.example").await;
    assert_eq!(response.status(), 204);
    let headers = response.headers();
    assert_eq!(
        headers["access-control-allow-origin"],
        "https://page.example"
    );
    assert_eq!(
        headers["access-control-allow-headers"],
        "authorization, content-type, x-stainless-os"
    );
    assert!(
        headers["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("POST")
    );
}

#[tokio::test]
async fn without_keys_a_page_of_another_site_may_read_but_not_spend() {
    let (net, _home, gate) = gate(Origins::Loopback).await;
    for origin in [
        "https://evil.example",
        "http://127.0.0.1.evil.example",
        "null",
        "http://localhost.evil.example:80",
    ] {
        refused(preflight(&gate, origin).await, 403, "origin_not_allowed").await;
        let asked = gate.post("/v1/chat/completions").header("origin", origin);
        refused(
            asked.json(&question()).send().await.unwrap(),
            403,
            "origin_not_allowed",
        )
        .await;
        let models = gate
            .get("/v1/models")
            .header("origin", origin)
            .send()
            .await
            .unwrap();
        assert_eq!(models.headers()["access-control-allow-origin"], origin);
    }
    assert_eq!(net.posts(), 0);
    for origin in [
        "http://localhost:5173",
        "http://127.0.0.1:8787",
        "http://[::1]:9",
    ] {
        assert_eq!(preflight(&gate, origin).await.status(), 204);
        let asked = gate.post("/v1/chat/completions").header("origin", origin);
        let response = asked.json(&question()).send().await.unwrap();
        assert!(
            response.headers()["access-control-expose-headers"]
                .to_str()
                .unwrap()
                .contains("x-antiphon-task")
        );
        fine(response).await;
    }
}

#[tokio::test]
async fn named_pages_may_ask() {
    let (_net, _home, gate) = gate(Origins::These(vec!["https://page.example".to_owned()])).await;
    assert_eq!(preflight(&gate, "https://page.example").await.status(), 204);
    assert_eq!(
        preflight(&gate, "https://page.example.evil").await.status(),
        403
    );
    assert_eq!(preflight(&gate, "http://localhost:1").await.status(), 403);
}
