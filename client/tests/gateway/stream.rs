//! Server-sent events, as OpenAI's clients read them.

use std::sync::Arc;
use std::time::Duration;

use antiphon_client::gateway::Failure;
use serde_json::{Value, json};

use crate::fake::{FakeNet, TEXT};
use crate::gate::{Gate, question, refused};

fn streamed(usage: bool) -> Value {
    let mut body = question();
    body["stream"] = json!(true);
    if usage {
        body["stream_options"] = json!({ "include_usage": true });
    }
    body
}

/// The `data:` events but the last, which must be `[DONE]`; and the comments.
fn read(text: &str) -> (Vec<Value>, Vec<String>) {
    let mut events = Vec::new();
    let mut comments = Vec::new();
    let blocks: Vec<&str> = text.split_terminator("\n\n").collect();
    let (last, rest) = blocks.split_last().unwrap();
    assert_eq!(*last, "data: [DONE]");
    for block in rest {
        assert!(!block.contains('\n'), "{block}");
        match block.strip_prefix("data: ") {
            Some(json) => events.push(serde_json::from_str(json).unwrap()),
            None => comments.push(block.strip_prefix(": ").unwrap().to_owned()),
        }
    }
    (events, comments)
}

#[tokio::test]
async fn demand_04_no_chunk_lacks_choices_and_none_is_empty_unless_usage_was_asked() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    for usage in [false, true] {
        let response = gate.chat(&streamed(usage)).await;
        assert_eq!(
            response.headers()["content-type"],
            "text/event-stream; charset=utf-8"
        );
        assert_eq!(response.headers()["x-antiphon-task"], "17");
        let (chunks, _) = read(&response.text().await.unwrap());
        let (last, rest) = chunks.split_last().unwrap();
        for chunk in rest {
            assert_eq!(chunk["choices"].as_array().unwrap().len(), 1, "{chunk}");
        }
        assert_eq!(last["choices"].as_array().unwrap().is_empty(), usage);
        assert_eq!(last.get("usage").is_some(), usage);
        for chunk in &chunks {
            assert_eq!(chunk["object"], "chat.completion.chunk");
            assert_eq!(chunk["id"], "chatcmpl-antiphon-fake-1-17");
        }
    }
}

#[tokio::test]
async fn demand_04_the_pieces_add_up_and_only_the_finish_chunk_has_the_proof() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    let (chunks, _) = read(&gate.chat(&streamed(true)).await.text().await.unwrap());
    let delta = |chunk: &Value| {
        chunk["choices"][0]["delta"]["content"]
            .as_str()
            .map(str::to_owned)
    };
    let text: String = chunks.iter().filter_map(delta).collect();
    assert_eq!(text, TEXT);
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let finishing: Vec<&Value> = chunks
        .iter()
        .filter(|chunk| !chunk["choices"][0]["finish_reason"].is_null())
        .collect();
    assert_eq!(finishing.len(), 1);
    assert_eq!(finishing[0]["antiphon"]["quorum"], 4);
    let proofs = chunks
        .iter()
        .filter(|chunk| chunk.get("antiphon").is_some());
    assert_eq!(proofs.count(), 1);
}

#[tokio::test]
async fn the_vote_is_told_in_comments_and_no_text_comes_before_the_quorum() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    let text = gate.chat(&streamed(false)).await.text().await.unwrap();
    let (_, comments) = read(&text);
    assert!(
        comments.contains(&"revealed 4/5".to_owned()),
        "{comments:?}"
    );
    let first_data = text.find("data: ").unwrap();
    assert!(text.rfind("\n: ").unwrap() < first_data, "{text}");
}

#[tokio::test]
async fn a_comment_comes_now_and_then_while_nothing_happens() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    net.script().hold = true;
    let gate = Gate::start_with(Arc::clone(&net) as _, home.path(), |mut settings| {
        settings.keep_alive = Duration::from_millis(40);
        settings.stream_patience = Duration::from_millis(600);
        settings
    })
    .await;
    let text = gate.chat(&streamed(false)).await.text().await.unwrap();
    let repeated = text.matches(": revealed 4/5").count();
    assert!(repeated >= 4, "{text}");
    // And a stream that waited long enough ends with what to do.
    let end: Value = serde_json::from_str(text.trim().rsplit("data: ").next().unwrap()).unwrap();
    assert_eq!(end["error"]["code"], "task_pending");
    assert_eq!(end["error"]["task"], 17);
}

#[tokio::test]
async fn what_is_refused_before_it_is_paid_has_a_status_of_its_own_also_as_a_stream() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    net.script().no_quote = Some(Failure::Funds(
        "the account cannot pay: deposit 5uanti".to_owned(),
    ));
    refused(gate.chat(&streamed(false)).await, 402, "insufficient_funds").await;
    let mut unknown = streamed(false);
    unknown["model"] = json!("gpt-9");
    refused(gate.chat(&unknown).await, 404, "model_not_found").await;
}

#[tokio::test]
async fn a_failure_after_the_beginning_is_an_error_event() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    net.script().outcome = Err(Failure::NoQuorum {
        task: 17,
        quorum: 4,
        committee: 5,
        ballots: Vec::new(),
    });
    let gate = Gate::start(&net, home.path()).await;
    let response = gate.chat(&streamed(false)).await;
    assert_eq!(response.status(), 200);
    let text = response.text().await.unwrap();
    let event = text.trim().rsplit("data: ").next().unwrap();
    let event: Value = serde_json::from_str(event).unwrap();
    assert_eq!(event["error"]["code"], "no_quorum");
    assert!(!text.contains("[DONE]"));
}

#[tokio::test]
async fn demand_04_a_streamed_completion_has_the_same_shape() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    let body = json!({ "model": "SmolLM2-135M", "prompt": ["Why?"], "stream": true });
    let response = gate
        .post("/v1/completions")
        .json(&body)
        .send()
        .await
        .unwrap();
    let (chunks, _) = read(&response.text().await.unwrap());
    let text: String = chunks
        .iter()
        .map(|chunk| chunk["choices"][0]["text"].as_str().unwrap())
        .collect();
    assert_eq!(text, TEXT);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["object"] == "text_completion")
    );
    assert_eq!(
        chunks.last().unwrap()["choices"][0]["finish_reason"],
        "stop"
    );
}
