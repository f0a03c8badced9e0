//! From requests to documents, and replies in OpenAI's shape.

use antiphon_client::gateway::{Asked, TokenCounter};
use antiphon_documents::{Role, Sampling};
use serde_json::{Value, json};

use crate::fake::{FakeNet, TEXT};
use crate::gate::{Gate, fine, question};

fn read(body: &Value) -> Asked {
    Asked::chat(body.to_string().as_bytes()).unwrap()
}

fn canonical(body: &Value) -> String {
    read(body).prompt(512).unwrap().to_canonical()
}

#[tokio::test]
async fn demand_02_only_model_and_messages_get_a_valid_reply() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    // As curl sends it, without a content type.
    let body = json!({ "model": "SmolLM2-135M", "messages": question()["messages"] }).to_string();
    let response = gate
        .post("/v1/chat/completions")
        .body(body)
        .send()
        .await
        .unwrap();
    let headers = response.headers().clone();
    let reply = fine(response).await;
    assert_eq!(reply["id"], "chatcmpl-antiphon-fake-1-17");
    assert_eq!(reply["object"], "chat.completion");
    assert_eq!(reply["model"], "SmolLM2-135M");
    assert_eq!(reply["choices"][0]["message"]["role"], "assistant");
    assert_eq!(reply["choices"][0]["message"]["content"], TEXT);
    assert_eq!(reply["choices"][0]["finish_reason"], "stop");
    let usage = &reply["usage"];
    assert_eq!(
        (
            &usage["prompt_tokens"],
            &usage["completion_tokens"],
            &usage["total_tokens"]
        ),
        (&json!(36), &json!(7), &json!(43))
    );
    assert!(
        reply["system_fingerprint"]
            .as_str()
            .unwrap()
            .starts_with("bafkrei")
    );
    let proof = &reply["antiphon"];
    assert_eq!(proof["receipt"], "/v1/receipts/chatcmpl-antiphon-fake-1-17");
    assert_eq!(headers["x-antiphon-task"], "17");
    assert_eq!(
        headers["x-antiphon-answer"],
        proof["answer_cid"].as_str().unwrap()
    );
    assert!(
        headers["x-request-id"]
            .to_str()
            .unwrap()
            .starts_with("req_")
    );
}

#[tokio::test]
async fn a_completion_is_one_message_of_the_user() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    let body = json!({ "model": "SmolLM2-135M", "prompt": "Why is the sky blue?", "echo": true });
    let response = gate
        .post("/v1/completions")
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["x-antiphon-ignored"], "echo");
    let reply = fine(response).await;
    assert_eq!(reply["object"], "text_completion");
    assert_eq!(reply["id"], "cmpl-antiphon-fake-1-17");
    assert_eq!(reply["choices"][0]["text"], TEXT);
    // It is the same document as the chat's, so the same task.
    assert_eq!(
        fine(gate.chat(&question()).await).await["antiphon"]["task"],
        17
    );
}

#[test]
fn fields_that_mean_nothing_here_are_named_and_change_nothing() {
    let plain = question();
    let mut body = plain.clone();
    for (name, value) in [
        ("n", json!(3)),
        ("logprobs", json!(true)),
        ("tools", json!([{ "type": "function" }])),
        ("tool_choice", json!("required")),
        ("response_format", json!({ "type": "json_object" })),
        ("user", json!("me")),
        ("presence_penalty", json!(0.5)),
        ("stränge\r\nname", json!(1)),
        ("seed", json!(7)),
        ("nothing", json!(null)),
    ] {
        body[name] = value;
    }
    body["messages"] = json!([{ "role": "user", "content": "Why is the sky blue?", "name": "x", "refusal": null }]);
    let mut ignored = read(&body).ignored;
    ignored.sort();
    let want = [
        "logprobs",
        "messages.name",
        "n",
        "presence_penalty",
        "response_format",
        "seed",
        "str?nge??name",
        "tool_choice",
        "tools",
        "user",
    ];
    assert_eq!(ignored, want);
    assert_eq!(canonical(&body), canonical(&plain));
    assert!(
        read(&json!({ "messages": plain["messages"], "n": 1 }))
            .ignored
            .is_empty()
    );
}

#[test]
fn the_greedy_request_has_one_spelling() {
    let want = concat!(
        r#"{"antiphon":"prompt/1","max_output_tokens":256,"messages":[{"content":"Why is the sky blue?","#,
        r#""role":"user"}],"sampling":{"seed":"0","temperature_milli":0,"top_k":0,"top_p_milli":1000},"stop":[]}"#
    );
    let mut body = question();
    assert_eq!(canonical(&body), want);
    for change in [
        json!({ "temperature": 0 }),
        json!({ "temperature": 0.0004 }),
        json!({ "seed": 9, "top_p": 0.5 }),
        json!({ "stop": null }),
    ] {
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        assert_eq!(canonical(&body), want);
    }
}

#[test]
fn sampling_goes_into_the_document_in_thousandths() {
    let body = json!({
        "messages": question()["messages"], "temperature": 0.7, "top_p": 0.95, "top_k": 40,
        "seed": u64::MAX, "stop": ["\n", "END"], "max_tokens": 9, "max_completion_tokens": 12,
    });
    let prompt = read(&body).prompt(512).unwrap();
    let want = Sampling {
        temperature_milli: 700,
        top_k: 40,
        top_p_milli: 950,
        seed: u64::MAX,
    };
    assert_eq!(prompt.sampling, want);
    assert_eq!(prompt.stop, ["\n", "END"]);
    assert_eq!(prompt.max_output_tokens, 12);
    assert_eq!(read(&body).prompt(10).unwrap().max_output_tokens, 10);
}

#[test]
fn a_whole_conversation_is_in_the_document() {
    let body = json!({ "messages": [
        { "role": "developer", "content": "Be brief." },
        { "role": "system", "content": "Be kind." },
        { "role": "user", "content": [{ "type": "text", "text": "One" }, { "type": "text", "text": "two" }] },
        { "role": "user", "content": "three?" },
        { "role": "assistant", "content": "Four." },
        { "role": "user", "content": "And then?", "name": "x" },
    ]});
    let messages = read(&body).messages;
    let got: Vec<_> = messages
        .iter()
        .map(|one| (one.role, one.content.as_str()))
        .collect();
    let want = [
        (Role::System, "Be brief.\n\nBe kind."),
        (Role::User, "One\ntwo\n\nthree?"),
        (Role::Assistant, "Four."),
        (Role::User, "And then?"),
    ];
    assert_eq!(got, want);
}

#[test]
fn a_conversation_out_of_order_is_refused_and_nothing_is_left_out() {
    let turn = |role: &str| json!({ "role": role, "content": "x" });
    for roles in [
        &["user", "system"][..],
        &["assistant", "user"],
        &["user", "assistant"],
        &["system"],
        &["system", "assistant", "user"],
    ] {
        let messages: Vec<Value> = roles.iter().map(|role| turn(role)).collect();
        let body = json!({ "messages": messages }).to_string();
        let error = Asked::chat(body.as_bytes()).unwrap_err();
        assert!(error.param.unwrap().starts_with("messages"), "{roles:?}");
    }
}

#[tokio::test]
async fn a_model_is_known_by_name_number_and_manifest() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    let list = fine(gate.get("/v1/models").send().await.unwrap()).await;
    let ids: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["SmolLM2-135M", "other/name", "Tiny", "4"]);
    let manifest = list["data"][1]["antiphon"]["manifest"]
        .as_str()
        .unwrap()
        .to_owned();
    for id in ["other/name", "2", &manifest, "other%2Fname"] {
        let one = fine(gate.get(&format!("/v1/models/{id}")).send().await.unwrap()).await;
        assert_eq!(one["antiphon"]["model"], 2, "{id}");
        assert_eq!(one["antiphon"]["price"]["per_output_token"], "2");
    }
    let mut body = question();
    body["model"] = json!(manifest);
    assert_eq!(fine(gate.chat(&body).await).await["model"], "other/name");
}

#[tokio::test]
async fn a_receipt_is_collected_once_and_then_kept_on_disk() {
    let (net, home) = (FakeNet::new(), tempfile::tempdir().unwrap());
    let gate = Gate::start(&net, home.path()).await;
    let reply = fine(gate.chat(&question()).await).await;
    let path = reply["antiphon"]["receipt"].as_str().unwrap();
    let pending = gate.get(path).send().await.unwrap();
    assert_eq!(pending.headers()["retry-after"], "3");
    crate::gate::refused(pending, 404, "receipt_pending").await;
    net.script()
        .receipts
        .insert(17, r#"{"antiphon":"receipt/1"}"#.to_owned());
    for path in [
        path,
        "/v1/receipts/17",
        "/v1/receipts/cmpl-antiphon-fake-1-17",
    ] {
        let response = gate.get(path).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(
            response.text().await.unwrap(),
            r#"{"antiphon":"receipt/1"}"#
        );
    }
    assert_eq!(net.ledger().receipts_built, 2);
    for path in [
        "/v1/receipts/99",
        "/v1/receipts/x",
        "/v1/receipts/chatcmpl-other-1-17",
        "/v1/receipts/..%2F17",
    ] {
        crate::gate::refused(
            gate.get(path).send().await.unwrap(),
            404,
            "receipt_not_found",
        )
        .await;
    }
}

#[test]
fn a_file_that_is_no_model_is_told_so() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("model.gguf");
    std::fs::write(&path, b"GGUF, or not").unwrap();
    let error = TokenCounter::load(&path).unwrap_err();
    assert_eq!(error.exit_code(), 1);
}
