//! The program itself: what it prints and how it exits.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::fake_workers::Manner::Lies;
use crate::world::{QUESTION, TEXT, World};

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) async fn antiphon(arguments: &[&str], input: &str) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antiphon"));
    for variable in [
        "ANTIPHON_RPC",
        "ANTIPHON_CONTRACT",
        "ANTIPHON_KEY",
        "ANTIPHON_NETWORK",
        "ANTIPHON_SESSION",
    ] {
        command.env_remove(variable);
    }
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

pub(crate) fn text_of(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn ask_prints_the_answer_and_nothing_else_on_stdout() {
    let world = World::honest().await;
    let network = world.network_json();
    let ran = antiphon(&["ask", QUESTION, "--network", text_of(&network)], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out.trim_end().as_bytes(), TEXT);
    assert!(
        ran.err.contains("5 of 5 workers, verified here"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains('\u{1b}'), "no colour in a pipe");
}

#[tokio::test]
async fn ask_as_json_is_one_object() {
    let world = World::honest().await;
    let network = world.network_json();
    let arguments = [
        "ask",
        QUESTION,
        "--json",
        "--wait-final",
        "--network",
        text_of(&network),
    ];
    let ran = antiphon(&arguments, "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["task"]["status"], "final");
    assert_eq!(report["answer"]["text"].as_str().unwrap().as_bytes(), TEXT);
}

#[tokio::test]
async fn a_tampered_answer_exits_with_6_and_is_not_printed() {
    let world = World::new([Lies; 5]).await;
    let network = world.network_json();
    let ran = antiphon(&["ask", QUESTION, "--network", text_of(&network)], "").await;
    assert_eq!(ran.code, 6, "{}", ran.err);
    assert_eq!(ran.out, "");
    assert!(!ran.err.contains("TAMPERED"), "{}", ran.err);
}

#[tokio::test]
async fn a_node_that_is_down_exits_with_3_and_says_what_to_do() {
    let arguments = [
        "task",
        "1",
        "--rpc",
        "http://127.0.0.1:1",
        "--contract",
        "wasm1us",
    ];
    let ran = antiphon(&arguments, "").await;
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("http://127.0.0.1:1"), "{}", ran.err);
    assert!(ran.err.contains("Check that the node runs"), "{}", ran.err);
}

#[tokio::test]
async fn a_wrong_chain_id_exits_with_3() {
    let world = World::honest().await;
    let network = world.network_json();
    let arguments = [
        "models",
        "--chain-id",
        "other-9",
        "--network",
        text_of(&network),
    ];
    let ran = antiphon(&arguments, "").await;
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("\"other-9\""), "{}", ran.err);
}

#[tokio::test]
async fn wrong_usage_exits_with_2() {
    for arguments in [
        &["ask"][..],
        &["ask", "x"],
        &["infer", "--gguf", "x"],
        &["infer", "--gguf", "x", "--text", "a", "--token-ids", "1"],
        &["nonsense"],
    ] {
        assert_eq!(antiphon(arguments, "").await.code, 2, "{arguments:?}");
    }
}

#[tokio::test]
async fn help_documents_the_exit_codes() {
    let ran = antiphon(&["--help"], "").await;
    assert_eq!(ran.code, 0);
    assert!(ran.out.contains("6 verification failed"), "{}", ran.out);
}

#[tokio::test]
async fn a_prompt_document_takes_no_sampling_flags() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prompt.json");
    std::fs::write(&file, crate::world::prompt().to_canonical()).unwrap();
    let arguments = [
        "infer",
        "--gguf",
        "x",
        "--prompt",
        text_of(&file),
        "--top-k",
        "3",
    ];
    let ran = antiphon(&arguments, "").await;
    assert_eq!(ran.code, 2, "{}", ran.err);
    std::fs::write(&file, "{ }").unwrap();
    let ran = antiphon(&["infer", "--gguf", "x", "--prompt", text_of(&file)], "").await;
    assert_eq!(ran.code, 2, "{}", ran.err);
}

#[tokio::test]
async fn a_damaged_model_exits_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.gguf");
    std::fs::write(&file, b"GGUF but not really").unwrap();
    let ran = antiphon(&["infer", "--gguf", text_of(&file), "--text", "x"], "").await;
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("refused"), "{}", ran.err);
}

#[tokio::test]
async fn keys_are_imported_from_stdin_and_shown_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.json");
    let words = format!("{}art\n", "abandon ".repeat(23));
    let ran = antiphon(&["keys", "import", text_of(&file)], &words).await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let shown = antiphon(&["keys", "show", text_of(&file)], "").await;
    let report: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(
        report["address"],
        "wasm1r5v5srda7xfth3hn2s26txvrcrntldju3hkw75"
    );
    assert!(!shown.out.contains("abandon"));
    let again = antiphon(&["keys", "new", text_of(&file)], "").await;
    assert_eq!(again.code, 2);
    assert!(again.err.contains("exists already"), "{}", again.err);
}

#[tokio::test]
async fn a_task_is_shown_with_its_members() {
    let world = World::honest().await;
    world.plays(&["final"]);
    let network = world.network_json();
    let ran = antiphon(&["task", "17", "--network", text_of(&network)], "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("task 17: final"), "{}", ran.out);
    assert_eq!(ran.out.matches("wasm1worker").count(), 5, "{}", ran.out);
    assert!(ran.out.contains("paid 300, refunded 200"), "{}", ran.out);
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    let program = env!("CARGO_BIN_EXE_antiphon");
    let piped = format!("set -o pipefail; {program} completions bash | head -1");
    let ran = Command::new("bash")
        .args(["-c", &piped])
        .output()
        .await
        .unwrap();
    assert!(ran.status.success());
    assert_eq!(String::from_utf8(ran.stderr).unwrap(), "");
}
