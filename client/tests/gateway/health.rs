//! Health that is true.

use std::sync::Arc;
use std::time::{Duration, Instant};

use antiphon_client::gateway::{Failure, Monitor};
use serde_json::Value;

use crate::fake::{ESCROW, FakeNet, OWN};
use crate::gate::{Gate, assert_plain};

async fn ready(net: &Arc<FakeNet>) -> (u16, Vec<String>) {
    let home = tempfile::tempdir().unwrap();
    let gate = Gate::start(net, home.path()).await;
    for _ in 0..200 {
        let response = gate.get("/readyz").send().await.unwrap();
        let status = response.status().as_u16();
        let body: Value = response.json().await.unwrap();
        let reasons = body["reasons"].as_array().unwrap();
        let codes: Vec<String> = reasons
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect();
        if codes != ["starting"] {
            for reason in reasons {
                assert_plain(reason["message"].as_str().unwrap());
            }
            assert_eq!(body["ready"], reasons.is_empty());
            return (status, codes);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the network was never looked at");
}

#[tokio::test]
async fn a_gateway_that_can_answer_is_ready() {
    assert_eq!(ready(&FakeNet::new()).await, (200, Vec::new()));
}

#[tokio::test]
async fn each_reason_not_to_be_ready_is_named() {
    let net = FakeNet::new();
    net.script().down = Some(Failure::NodeDown);
    assert_eq!(ready(&net).await, (503, vec!["node_down".to_owned()]));
    let net = FakeNet::new();
    net.script().probe.seats = 4;
    assert_eq!(ready(&net).await, (503, vec!["no_workers".to_owned()]));
    let net = FakeNet::new();
    net.script().probe.account = ESCROW - 2;
    net.script().probe.prepaid = 1;
    assert_eq!(
        ready(&net).await,
        (503, vec!["insufficient_funds".to_owned()])
    );
    let net = FakeNet::new();
    net.script().probe.account = 49;
    net.script().probe.prepaid = ESCROW;
    // The fee is the account's own, whatever is prepaid.
    assert_eq!(
        ready(&net).await,
        (503, vec!["insufficient_funds".to_owned()])
    );
    let net = FakeNet::new();
    net.script().probe.catching_up = true;
    net.script().probe.seats = 0;
    let (status, reasons) = ready(&net).await;
    assert_eq!(
        (status, reasons),
        (
            503,
            vec!["node_catching_up".to_owned(), "no_workers".to_owned()]
        )
    );
}

#[tokio::test]
async fn a_chain_that_makes_no_block_for_long_is_told() {
    let net = FakeNet::new();
    let monitor = Monitor::default();
    let start = Instant::now();
    assert_eq!(codes(&monitor, start), ["starting"]);
    monitor.look(&*net, start).await;
    assert!(codes(&monitor, start).is_empty());
    let later = start + Duration::from_secs(31);
    monitor.look(&*net, later).await;
    assert_eq!(codes(&monitor, later), ["chain_stalled"]);
    net.script().probe.height += 1;
    monitor.look(&*net, later).await;
    assert!(codes(&monitor, later).is_empty());
}

fn codes(monitor: &Monitor, now: Instant) -> Vec<&'static str> {
    let reply = monitor.reply(now, "uanti", OWN);
    reply
        .reasons
        .into_iter()
        .map(|reason| reason.code)
        .collect()
}

#[tokio::test]
async fn the_process_is_alive_whatever_the_network_does() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    net.script().down = Some(Failure::NodeDown);
    let gate = Gate::start(&net, home.path()).await;
    let response = gate.get("/healthz").send().await.unwrap();
    assert_eq!(response.status(), 200);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], "ok");
}
