//! `antiphon chat` from a pipe: the whole conversation in every prompt.

use antiphon_client::question::SamplingFlags;
use antiphon_documents::{Message, Prompt, Role};
use serde_json::{Value, json};

use crate::binary::{antiphon, text_of};
use crate::world::{QUESTION, TEXT, World};

const SECOND: &str = "Says who?";

/// The prompt of the second turn.
fn second() -> Prompt {
    let flags = SamplingFlags::default();
    let answer = Message {
        role: Role::Assistant,
        content: String::from_utf8(TEXT.to_vec()).unwrap(),
    };
    Prompt {
        messages: vec![Message::user(QUESTION), answer, Message::user(SECOND)],
        max_output_tokens: flags.max_output_tokens(),
        sampling: flags.sampling(),
        stop: Vec::new(),
    }
}

async fn world() -> World {
    let world = World::honest().await;
    let (cid, bytes) = (second().cid(), second().to_canonical().len());
    let fee = format!(
        r#"{{"estimate_fee":{{"model":1,"prompt_bytes":{bytes},"max_output_tokens":128,"committee":null}}}}"#
    );
    let answer = json!({ "committee": 5, "full_fee": "100", "escrow": "500", "lock": "3000" });
    world.node.says(&fee, [answer]);
    let index = format!(r#"{{"answer":{{"model":1,"prompt":"{cid}"}}}}"#);
    world.node.says(&index, [json!({ "answer": Value::Null })]);
    world
}

#[tokio::test]
async fn a_second_question_carries_the_first_and_its_answer() {
    let world = world().await;
    let network = world.network_json();
    let input = format!("{QUESTION}\n\n/help\n{SECOND}\n/quit\nnever asked\n");
    let ran = antiphon(&["chat", "--network", text_of(&network)], &input).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = String::from_utf8(TEXT.to_vec()).unwrap();
    assert_eq!(
        ran.out,
        format!("{text}\n{text}\n"),
        "answers alone on stdout"
    );
    assert_eq!(
        ran.err.matches("5 of 5 workers, verified here").count(),
        2,
        "{}",
        ran.err
    );
    assert!(
        world
            .workers
            .iter()
            .any(|worker| worker.has(&second().cid()))
    );
    assert_eq!(world.node.node().taken.len(), 2);
}

#[tokio::test]
async fn a_new_conversation_forgets_the_old_one() {
    let world = world().await;
    let network = world.network_json();
    let input = format!("{QUESTION}\n/new\n{QUESTION}\n");
    let ran = antiphon(&["chat", "--network", text_of(&network)], &input).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("a new conversation"), "{}", ran.err);
}

#[tokio::test]
async fn a_conversation_that_overflows_says_so_and_pays_nothing() {
    let world = world().await;
    let network = world.network_json();
    let input = format!("{}\n", "x".repeat(20_000));
    let ran = antiphon(&["chat", "--network", text_of(&network)], &input).await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    assert!(ran.err.contains("/new begins a new one"), "{}", ran.err);
    assert!(world.node.node().taken.is_empty());
}

#[tokio::test]
async fn an_unknown_command_is_told_and_nothing_is_asked() {
    let world = world().await;
    let network = world.network_json();
    let ran = antiphon(&["chat", "--network", text_of(&network)], "/nonsense\n").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("/nonsense is not known"), "{}", ran.err);
    assert!(world.node.node().taken.is_empty());
}
