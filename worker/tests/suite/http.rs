//! The listener's own routes, over a real socket.

use std::net::SocketAddr;
use std::sync::Arc;

use antiphon_api::{Hex, TaskStatus};
use antiphon_worker::duty::{Reason, State};
use antiphon_worker::health::{judge_purse, judge_record};
use antiphon_worker::http::{MAX_VOTE_BYTES, Shared, VOTES_PATH, public_routes, status_routes};
use antiphon_worker::metrics::{Metrics, Status};
use antiphon_worker::relay::{Intake, Item};

use crate::relay::room;

struct Server {
    public: SocketAddr,
    status: SocketAddr,
    metrics: Arc<Metrics>,
}

async fn serve(intake: Intake) -> Server {
    let metrics = Arc::new(Metrics::default());
    let shared = Shared {
        metrics: Arc::clone(&metrics),
        worker: "wasm1me".to_owned(),
    };
    let public = listen(public_routes(Arc::new(intake))).await;
    let status = listen(status_routes(shared)).await;
    Server {
        public,
        status,
        metrics,
    }
}

async fn listen(routes: axum::Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    address
}

impl Server {
    async fn post(&self, body: Vec<u8>) -> (u16, String) {
        let url = format!("http://{}{VOTES_PATH}", self.public);
        let answer = reqwest::Client::new()
            .post(url)
            .body(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn get(&self, path: &str) -> (u16, String) {
        Self::get_at(self.status, path).await
    }

    async fn get_at(address: SocketAddr, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("http://{address}{path}"))
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test]
async fn votes_get_the_status_of_the_specification() {
    let room = room(TaskStatus::Committing, false);
    let good = serde_json::to_vec(&room.item).unwrap();
    let early = serde_json::to_vec(&room.reveal).unwrap();
    let Item::Commit(mut forged) = room.item.clone() else {
        panic!()
    };
    forged.signature = Hex([1; 64]);
    let forged = serde_json::to_vec(&Item::Commit(forged)).unwrap();
    let server = serve(room.intake).await;
    assert_eq!(server.post(good).await.0, 202);
    assert_eq!(server.post(early).await.0, 409);
    let (status, reason) = server.post(forged).await;
    assert_eq!(status, 422);
    assert!(reason.contains("signature"), "{reason}");
    let (status, reason) = server.post(b"hello".to_vec()).await;
    assert_eq!(status, 422);
    assert!(reason.contains("got no vote"), "{reason}");
    assert_eq!(server.post(vec![b' '; MAX_VOTE_BYTES + 1]).await.0, 413);
}

#[tokio::test]
async fn readiness_is_participation_and_says_why_not() {
    let server = serve(Intake::new("wasm1me".to_owned())).await;
    assert_eq!(server.get("/healthz").await.0, 200);
    let (status, reason) = server.get("/readyz").await;
    assert_eq!((status, reason.as_str()), (503, "no block was seen yet\n"));
    server.metrics.tick(7);
    assert_eq!(server.get("/readyz").await.0, 200);
    server.metrics.state(State::Lost(Reason::RevealLate));
    let (status, reason) = server.get("/readyz").await;
    assert_eq!(status, 503);
    assert!(
        reason.contains("the last duty was lost: the reveal window closed"),
        "{reason}"
    );
    server.metrics.state(State::Done);
    server.metrics.fault("bond", Some("not bonded".to_owned()));
    assert_eq!(
        server.get("/readyz").await,
        (503, "not bonded\n".to_owned())
    );
}

#[tokio::test]
async fn status_and_metrics_tell_what_was_counted() {
    let server = serve(Intake::new("wasm1me".to_owned())).await;
    server.metrics.tick(7);
    server.metrics.state(State::Done);
    server.metrics.sent("commit", 150_000);
    let status: Status = serde_json::from_str(&server.get("/status").await.1).unwrap();
    assert_eq!(
        (status.worker.as_str(), status.height, status.not_ready),
        ("wasm1me", 7, None)
    );
    let metrics = server.get("/metrics").await.1;
    for line in [
        "antiphon_ready 1",
        "antiphon_height 7",
        "antiphon_duties_total{state=\"done\"} 1",
        "antiphon_messages_total{message=\"commit\"} 1",
        "antiphon_gas_total{message=\"commit\"} 150000",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line} in\n{metrics}"
        );
    }
}

#[tokio::test]
async fn strangers_are_told_nothing_but_that_the_process_is_up() {
    let server = serve(Intake::new("wasm1me".to_owned())).await;
    assert_eq!(Server::get_at(server.public, "/healthz").await.0, 200);
    for path in ["/status", "/metrics", "/readyz"] {
        assert_eq!(Server::get_at(server.public, path).await.0, 404, "{path}");
        assert_ne!(server.get(path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn an_address_that_hands_over_too_many_votes_is_told_to_come_back() {
    let server = serve(Intake::new("wasm1me".to_owned())).await;
    let mut told = Vec::new();
    for _ in 0..200 {
        told.push(server.post(b"{}".to_vec()).await.0);
    }
    assert!(told.contains(&422) && told.contains(&429), "{told:?}");
}

fn record(bond: u128, seats: Vec<u64>, jailed: bool) -> antiphon_api::WorkerResponse {
    let world = crate::fake::World::new(1, 0);
    let me = world.me();
    let mut record = world.lock().worker(&me).unwrap();
    record.bond = bond.into();
    record.seats = seats;
    record.jailed_until = jailed.then_some(9);
    record
}

/// What readiness says, and what brings it about or mends it.
type Cause<'a> = (&'a str, Box<dyn Fn(bool) + 'a>);

/// Demand 18, the parts that are the worker's own: each cause is told, and gone when it is mended.
#[tokio::test]
async fn demand_18_readiness_tells_every_cause() {
    let server = serve(Intake::new("wasm1me".to_owned())).await;
    let metrics = &server.metrics;
    metrics.tick(7);
    let causes: [Cause<'_>; 5] = [
        (
            "not bonded",
            Box::new(|bad| {
                let good = Some(record(5, vec![1], false));
                judge_record(metrics, &Ok(if bad { None } else { good }));
            }),
        ),
        (
            "no seat is held",
            Box::new(|bad| {
                let seats = if bad { vec![] } else { vec![1] };
                judge_record(metrics, &Ok(Some(record(5, seats, false))));
            }),
        ),
        (
            "jailed after misses",
            Box::new(|bad| {
                judge_record(metrics, &Ok(Some(record(5, vec![1], bad))));
            }),
        ),
        (
            "runs dry: it has 3, want 100",
            Box::new(|bad| {
                judge_purse(metrics, &Ok(if bad { 3 } else { 100 }), 100);
            }),
        ),
        (
            "the last duty was lost",
            Box::new(|bad| {
                metrics.state(if bad {
                    State::Lost(Reason::CommitLate)
                } else {
                    State::Done
                });
            }),
        ),
    ];
    for (text, set) in causes {
        set(true);
        let (status, reason) = server.get("/readyz").await;
        assert!(status == 503 && reason.contains(text), "{text}: {reason}");
        set(false);
        assert_eq!(server.get("/readyz").await.0, 200, "{text} was mended");
    }
    metrics.fault("bond", Some("not bonded".to_owned()));
    metrics.fault("gas", Some("dry".to_owned()));
    assert_eq!(
        server.get("/readyz").await.1,
        "not bonded\ndry\n",
        "all at once"
    );
}

/// Names of metrics in a text.
fn names(text: &str) -> std::collections::BTreeSet<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c: char| !part(c))
        .filter(|word| word.starts_with("antiphon_"))
        .map(str::to_owned)
        .collect()
}

fn docs(name: &str) -> String {
    let path = format!("{}/../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// Names of metrics that a dashboard asks for.
fn asked_by(dashboard: &str) -> std::collections::BTreeSet<String> {
    let text = docs(&format!("grafana/{dashboard}"));
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|p| p["targets"].as_array().unwrap());
    let expressions: Vec<&str> = targets.map(|t| t["expr"].as_str().unwrap()).collect();
    names(&expressions.join(" "))
}

/// The gateway's own tests hold its manual to its `/metrics`.
#[test]
fn demand_19_every_metric_in_the_gateways_grafana_file_is_in_its_manual() {
    let manual = names(&docs("gateway.md"));
    let asked = asked_by("gateway.json");
    assert!(asked.len() > 5, "{asked:?}");
    let plain = |name: &String| name.trim_end_matches("_bucket").to_owned();
    let missing: Vec<String> = asked
        .iter()
        .map(plain)
        .filter(|n| !manual.contains(n))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[tokio::test]
async fn demand_19_every_metric_in_the_grafana_file_exists() {
    let server = serve(Intake::new("wasm1me".to_owned())).await;
    let served = server.get("/metrics").await.1;
    let asked = asked_by("worker.json");
    let missing: Vec<_> = asked.difference(&names(&served)).cloned().collect();
    assert_eq!(missing, Vec::<String>::new(), "in /metrics:\n{served}");
    let unused: Vec<_> = names(&served).difference(&asked).cloned().collect();
    assert_eq!(
        unused,
        Vec::<String>::new(),
        "every number is on the dashboard"
    );
}
