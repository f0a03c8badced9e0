//! Every failure: its status, its code, its own sentence.

use std::sync::Arc;
use std::time::Duration;

use antiphon_api::{Ballot, Cid, Finish, Hex};
use antiphon_client::gateway::{BallotVotes, Code, Failure};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::fake::{FakeNet, TEXT};
use crate::gate::{Gate, asking, assert_plain, fine, question, refused};

async fn gate() -> (Arc<FakeNet>, tempfile::TempDir, Gate) {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    (net, home, gate)
}

#[tokio::test]
async fn no_quorum_lists_each_ballot_with_its_votes_and_is_not_tried_again_by_clients() {
    let (net, _home, gate) = gate().await;
    let answer = Ballot::Answer {
        cid: Cid::of_raw(TEXT.as_bytes()),
        finish: Finish::Stop,
        output_tokens: 7,
        prompt_tokens: 36,
        trace: Hex([1; 32]),
    };
    let line = |ballot, votes| BallotVotes { ballot, votes };
    net.script().outcome = Err(Failure::NoQuorum {
        task: 17,
        quorum: 4,
        committee: 5,
        ballots: vec![
            line(answer, 3),
            line(Ballot::Invalid {}, 1),
            line(Ballot::Unavailable {}, 1),
        ],
    });
    let error = refused(gate.chat(&question()).await, 422, "no_quorum").await;
    assert_eq!(error["task"], 17);
    assert_eq!(
        error["ballots"],
        json!([
            { "ballot": "answer", "cid": Cid::of_raw(TEXT.as_bytes()), "votes": 3 },
            { "ballot": "invalid", "cid": null, "votes": 1 },
            { "ballot": "unavailable", "cid": null, "votes": 1 },
        ])
    );
}

#[tokio::test]
async fn outcomes_without_an_answer_have_their_own_codes() {
    let cases = [
        (Failure::Invalid { task: 17 }, 400, "invalid_prompt"),
        (Failure::PromptGone { task: 17 }, 502, "content_unavailable"),
        (Failure::TextGone { task: 17 }, 502, "content_unavailable"),
        (
            Failure::Refused("the contract refused: no".to_owned()),
            502,
            "chain_refused",
        ),
        (Failure::NodeDown, 503, "node_down"),
    ];
    for (failure, status, code) in cases {
        let (net, _home, gate) = gate().await;
        net.script().outcome = Err(failure);
        refused(gate.chat(&question()).await, status, code).await;
    }
}

#[tokio::test]
async fn what_is_refused_before_it_is_paid_leaves_nothing_behind() {
    let cases = [
        (
            Failure::Funds("deposit 5uanti".to_owned()),
            402,
            "insufficient_funds",
        ),
        (
            Failure::NoWorkers("no worker took the prompt".to_owned()),
            503,
            "no_workers",
        ),
        (Failure::NodeDown, 503, "node_down"),
        (
            Failure::Internal("its journal cannot be written".to_owned()),
            500,
            "internal_error",
        ),
    ];
    for (failure, status, code) in cases {
        let (net, _home, gate) = gate().await;
        net.script().refuse = Some(failure);
        let response = gate.chat(&question()).await;
        let again = response.headers().get("x-should-retry").cloned();
        let later = response.headers().contains_key("retry-after");
        refused(response, status, code).await;
        assert_eq!(later, status == 503, "{code}");
        assert_eq!(again.is_some(), status == 500, "{code}");
        assert_eq!(net.posts(), 0);
        gate.until_metric("antiphon_gateway_transactions_in_doubt 0")
            .await;
        fine(gate.chat(&question()).await).await;
    }
}

#[tokio::test]
async fn a_slow_vote_is_told_with_its_task_and_a_retry_waits_for_the_same_one() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    net.script().hold = true;
    let gate = Gate::start_with(Arc::clone(&net) as _, home.path(), |mut settings| {
        settings.patience = Duration::from_millis(400);
        settings
    })
    .await;
    let response = gate.chat(&question()).await;
    assert_eq!(response.headers()["x-should-retry"], "true");
    assert_eq!(response.headers()["x-antiphon-task"], "17");
    assert!(response.headers().contains_key("retry-after"));
    let error = refused(response, 504, "task_pending").await;
    assert_eq!(error["task"], 17);
    net.script().hold = false;
    assert_eq!(
        fine(gate.chat(&question()).await).await["antiphon"]["task"],
        17
    );
    assert_eq!(net.posts(), 1);
}

#[tokio::test]
async fn bad_json_and_bad_fields_are_named() {
    let (net, _home, gate) = gate().await;
    for body in ["", "{", "[]", "\"x\"", "\u{feff}{}", "{\"messages\":[]"] {
        let asked = gate.post("/v1/chat/completions").body(body);
        refused(asked.send().await.unwrap(), 400, "invalid_json").await;
    }
    let user = json!([{ "role": "user", "content": "x" }]);
    let cases = [
        (json!({}), "messages"),
        (json!({ "messages": "x" }), "messages"),
        (json!({ "messages": [] }), "messages"),
        (
            json!({ "messages": [{ "role": "user" }] }),
            "messages[0].content",
        ),
        (json!({ "messages": [{ "content": "x" }] }), "role"),
        (
            json!({ "messages": [{ "role": "tool", "content": "x" }] }),
            "messages[0].role",
        ),
        (
            json!({ "messages": [{ "role": "user", "content": [{ "type": "image_url" }] }] }),
            "messages[0].content",
        ),
        (
            json!({ "messages": [{ "role": "user", "content": 5 }] }),
            "messages[0].content",
        ),
        (
            json!({ "messages": [{ "role": "assistant", "content": "x" }] }),
            "messages",
        ),
        (
            json!({ "messages": [{ "role": "user", "content": "a\u{0}b" }] }),
            "messages",
        ),
        (
            json!({ "messages": user, "temperature": 2.5 }),
            "temperature",
        ),
        (
            json!({ "messages": user, "temperature": "hot" }),
            "temperature",
        ),
        (
            json!({ "messages": user, "temperature": 1, "top_p": 0 }),
            "top_p",
        ),
        (
            json!({ "messages": user, "temperature": 1, "top_k": 1_001 }),
            "top_k",
        ),
        (json!({ "messages": user, "seed": -1 }), "seed"),
        (json!({ "messages": user, "max_tokens": 0 }), "max_tokens"),
        (json!({ "messages": user, "max_tokens": 1.5 }), "max_tokens"),
        (json!({ "messages": user, "stop": "" }), "stop"),
        (
            json!({ "messages": user, "stop": ["a", "b", "c", "d", "e"] }),
            "stop",
        ),
        (json!({ "messages": user, "stop": [1] }), "stop"),
        (json!({ "messages": user, "stream": "yes" }), "stream"),
    ];
    for (body, param) in cases {
        let error = refused(gate.chat(&body).await, 400, "invalid_request").await;
        assert_eq!(error["param"], param, "{body}: {error}");
    }
    assert_eq!(net.posts(), 0);
}

#[tokio::test]
async fn too_long_a_conversation_is_refused_before_it_is_paid() {
    let (net, _home, gate) = gate().await;
    for bytes in [4_000, 16_500, 500_000] {
        let body = asking(&"x".repeat(bytes));
        let error = refused(gate.chat(&body).await, 400, "context_length_exceeded").await;
        assert_eq!(error["param"], "messages");
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("nothing was paid")
        );
    }
    assert_eq!(net.posts(), 0);
}

#[tokio::test]
async fn a_huge_body_is_refused_and_its_sender_gets_the_answer() {
    let (_net, _home, gate) = gate().await;
    // A client that is still writing when the connection is reset loses the answer: it is heard out.
    let body = asking(&"x".repeat(6 * 1024 * 1024));
    for _ in 0..8 {
        refused(gate.chat(&body).await, 413, "request_too_large").await;
    }
    // Also when it does not say how long it is.
    let mut socket = tokio::net::TcpStream::connect(gate.url.trim_start_matches("http://"))
        .await
        .unwrap();
    let head =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let piece = format!("{:x}\r\n{}\r\n", 65_536, "x".repeat(65_536));
    for _ in 0..20 {
        if socket.write_all(piece.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = vec![0; 12];
    socket.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_sender_that_never_ends_is_not_heard_out_for_ever() {
    let (_net, _home, gate) = gate().await;
    let address = gate.url.trim_start_matches("http://");
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let head =
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 999999999999\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b'x'; 65_536];
    let mut given = 0;
    let began = std::time::Instant::now();
    while socket.write_all(&piece).await.is_ok() {
        given += piece.len();
        assert!(given < 64 << 20, "the gateway reads on and on");
    }
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn unknown_models_addresses_and_methods_are_told() {
    let (_net, _home, gate) = gate().await;
    let mut body = question();
    body["model"] = json!("gpt-9");
    let error = refused(gate.chat(&body).await, 404, "model_not_found").await;
    assert!(error["message"].as_str().unwrap().contains("SmolLM2-135M"));
    assert_eq!(error["param"], "model");
    let get = |path: &str| gate.get(path).send();
    refused(
        get("/v1/models/gpt-9").await.unwrap(),
        404,
        "model_not_found",
    )
    .await;
    refused(get("/v1/embeddings").await.unwrap(), 404, "not_found").await;
    refused(
        get("/v1/chat/completions").await.unwrap(),
        405,
        "method_not_allowed",
    )
    .await;
    let wrong = gate.post("/v1/models").send().await.unwrap();
    refused(wrong, 405, "method_not_allowed").await;
}

#[tokio::test]
async fn more_than_the_gateway_can_do_at_once_is_told_to_come_back() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    net.script().hold = true;
    let gate = Gate::start_with(Arc::clone(&net) as _, home.path(), |mut settings| {
        settings.max_requests = 1;
        settings
    })
    .await;
    let first = gate.post("/v1/chat/completions").json(&question()).send();
    let first = tokio::spawn(first);
    gate.until_metric("antiphon_gateway_requests_in_work 1")
        .await;
    let response = gate.chat(&asking("another")).await;
    assert_eq!(response.headers()["retry-after"], "1");
    refused(response, 503, "overloaded").await;
    net.script().hold = false;
    fine(first.await.unwrap().unwrap()).await;
}

#[test]
fn every_code_has_a_status_and_a_name_of_its_own() {
    let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(code.status().is_client_error() || code.status().is_server_error());
    }
}

#[test]
fn every_failure_is_a_plain_sentence_with_a_next_step() {
    let failures = [
        Failure::NoQuorum {
            task: 1,
            quorum: 4,
            committee: 5,
            ballots: Vec::new(),
        },
        Failure::Invalid { task: 1 },
        Failure::PromptGone { task: 1 },
        Failure::TextGone { task: 1 },
        Failure::TextForged { task: 1 },
        Failure::NoTask { task: 1 },
        Failure::NoReceiptYet { task: 1 },
        Failure::NoReceipt { task: 1 },
        Failure::NodeDown,
        Failure::Pending { task: None },
        Failure::Pending { task: Some(1) },
        Failure::Overloaded,
    ];
    let mut sentences: Vec<String> = failures.iter().map(ToString::to_string).collect();
    for sentence in &sentences {
        assert_plain(sentence);
        let steps = ["again", "horten", "Check", "moment"];
        assert!(
            steps.iter().any(|step| sentence.contains(step)),
            "{sentence}"
        );
    }
    sentences.sort();
    sentences.dedup();
    assert_eq!(sentences.len(), failures.len());
}

#[tokio::test]
async fn a_graceful_stop_lets_requests_in_work_end() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    net.script().hold = true;
    let mut gate = Gate::start(&net, home.path()).await;
    let asked = gate.post("/v1/chat/completions").json(&question()).send();
    let asked = tokio::spawn(asked);
    gate.until_metric("antiphon_gateway_requests_in_work 1")
        .await;
    gate.stop();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let refused = gate
        .client
        .get(format!("{}/healthz", gate.url))
        .timeout(Duration::from_secs(1));
    assert!(refused.send().await.is_err(), "nobody new is let in");
    net.script().hold = false;
    fine(asked.await.unwrap().unwrap()).await;
}
