//! The program itself, and the engine behind its process boundary.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use antiphon_api::Cid;
use antiphon_engine::child::{Action, Outcome as Said, Reply, Request, SelfTestRequest};
use antiphon_worker::edges::{ChildInference, EngineOptions};
use antiphon_worker::home::Home;
use antiphon_worker::ports::{Inference, Job, ModelFiles, Outcome};
use tokio_util::sync::CancellationToken;

fn worker(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_antiphon-worker"))
        .args(args)
        .output()
        .unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn init(home: &Path) -> Output {
    let contract = format!("wasm1{}", "q".repeat(58));
    worker(&[
        "init",
        "--home",
        home.to_str().unwrap(),
        "--contract",
        &contract,
        "--rpc",
        "http://127.0.0.1:1",
    ])
}

#[test]
fn init_makes_a_home_once() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let made = init(&home);
    assert!(made.status.success(), "{}", errors(&made));
    let said = String::from_utf8(made.stdout).unwrap();
    assert!(
        said.contains("worker  wasm1") && said.contains("sender  wasm1"),
        "{said}"
    );
    assert_eq!(
        Home::new(&home).config().unwrap().rpc,
        ["http://127.0.0.1:1"]
    );
    let again = init(&home);
    assert!(!again.status.success());
    assert!(
        errors(&again).contains("exists already"),
        "{}",
        errors(&again)
    );
}

#[test]
fn a_second_process_on_one_home_refuses_to_start() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    init(&home);
    let held = Home::new(&home).lock().unwrap();
    let second = worker(&["start", "--home", home.to_str().unwrap()]);
    assert!(!second.status.success());
    assert!(
        errors(&second).contains("another antiphon-worker runs on"),
        "{}",
        errors(&second)
    );
    drop(held);
}

#[test]
fn a_node_that_is_down_is_told_by_its_address() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    init(&home);
    let started = worker(&["start", "--home", home.to_str().unwrap()]);
    assert!(!started.status.success());
    let text = errors(&started);
    assert!(
        text.contains("no chain node answers") && text.contains("127.0.0.1:1"),
        "{text}"
    );
}

#[test]
fn a_folder_that_is_no_home_is_told_how_to_become_one() {
    let started = worker(&["start", "--home", "/nowhere/at/all"]);
    assert!(!started.status.success());
    assert!(
        errors(&started).contains("antiphon-worker init"),
        "{}",
        errors(&started)
    );
}

#[test]
fn selftest_names_the_kernel_that_passes() {
    let tested = worker(&["selftest"]);
    assert!(tested.status.success(), "{}", errors(&tested));
    assert!(
        String::from_utf8(tested.stdout)
            .unwrap()
            .contains("passes its known answers")
    );
}

#[test]
fn selftest_fails_where_a_model_cannot_be_tested_and_says_why() {
    let files = [
        "--manifest",
        "/nowhere/manifest.json",
        "--gguf",
        "/nowhere/model.gguf",
    ];
    let tested = worker(&[&["selftest", "--json"], &files[..]].concat());
    assert!(!tested.status.success());
    let report: serde_json::Value = serde_json::from_slice(&tested.stdout).unwrap();
    assert_eq!(report["passed"], false);
    let error = report["models"][0]["error"].as_str().unwrap();
    assert!(error.contains("/nowhere/manifest.json"), "{error}");
    assert!(errors(&tested).contains("must not vote"));
}

#[test]
fn the_engine_answers_under_its_limits_and_ends_with_its_input() {
    let mut engine = Command::new(env!("CARGO_BIN_EXE_antiphon-worker"))
        .args(["engine", "--address-space", "2000000000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let request = Request {
        id: 5,
        action: Action::SelfTest(SelfTestRequest {}),
    };
    let mut line = serde_json::to_vec(&request).unwrap();
    line.push(b'\n');
    let mut input = engine.stdin.take().unwrap();
    input.write_all(&line).unwrap();
    drop(input);
    let output = engine.wait_with_output().unwrap();
    assert!(output.status.success());
    let reply: Reply = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        matches!(
            reply,
            Reply {
                id: Some(5),
                outcome: Said::SelfTested(_)
            }
        ),
        "{reply:?}"
    );
}

#[test]
fn an_engine_that_may_use_too_little_memory_fails_alone() {
    let output = Command::new(env!("CARGO_BIN_EXE_antiphon-worker"))
        .args(["engine", "--address-space", "1000"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // What it is told of is only that it ended, and how: this process goes on.
    assert!(output.stdout.is_empty());
}

/// A program that stands for an engine: a shell script.
pub(crate) fn script(dir: &Path, body: &str) -> PathBuf {
    let path = dir.join("engine.sh");
    std::fs::write(
        &path,
        format!("#!/bin/sh\necho $$ > {}/pid\n{body}\n", dir.display()),
    )
    .unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

pub(crate) fn manifest() -> Vec<u8> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../testdata/vectors/documents.json"
    );
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let found = vectors["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["name"] == "valid");
    found.unwrap()["text"].as_str().unwrap().as_bytes().to_vec()
}

async fn prepare(dir: &Path, body: &str) -> (String, Duration) {
    prepare_within(dir, body, None).await
}

/// What is wrong with this engine, and how long it took to find out.
async fn prepare_within(dir: &Path, body: &str, bound: Option<u64>) -> (String, Duration) {
    let inference = ChildInference::new(EngineOptions {
        program: script(dir, body),
        threads: 1,
        jobs: 2,
        packed: None,
        token_timeout: Duration::from_secs(3),
        address_space: bound,
    });
    let manifest = manifest();
    let files = ModelFiles {
        manifest_cid: Cid::of_raw(&manifest),
        manifest,
        weights: dir.join("weights"),
    };
    let began = Instant::now();
    let error = inference.prepare(&files).await.unwrap_err().to_string();
    assert!(inference.idle());
    (error, began.elapsed())
}

/// Whether the script's process is gone, waiting a little for the system.
fn is_gone(dir: &Path) -> bool {
    let pid = std::fs::read_to_string(dir.join("pid")).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        // A killed child may stay as a zombie until its parent has looked.
        std::fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z "))
    })
}

#[tokio::test]
async fn an_engine_that_gives_no_sign_of_life_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let (error, took) = prepare(dir.path(), "exec sleep 60").await;
    assert!(error.contains("no sign of life"), "{error}");
    assert!(took < Duration::from_secs(40));
    assert!(is_gone(dir.path()));
}

#[tokio::test]
async fn an_engine_that_dies_is_told_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let (error, _) = prepare(dir.path(), "read line; exit 3").await;
    assert!(error.contains("the engine ended"), "{error}");
}

#[tokio::test]
async fn an_engine_that_talks_nonsense_is_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let (error, _) = prepare(dir.path(), "read line; echo '{\"id\":1}'; sleep 60").await;
    assert!(error.contains("outcome"), "{error}");
    let answer =
        r#"read line; echo '{"id":9,"outcome":{"self_tested":{"kernel":"x"}}}'; exec sleep 60"#;
    let (error, _) = prepare(dir.path(), answer).await;
    assert!(error.contains("another request"), "{error}");
}

#[tokio::test]
async fn an_engine_that_refuses_the_model_gives_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let body = r#"read line; echo '{"id":1,"outcome":{"failed":{"kind":"load","text":"no such file","deterministic":false}}}'; exec sleep 60"#;
    let (error, _) = prepare(dir.path(), body).await;
    assert!(error.contains("no such file"), "{error}");
}

#[tokio::test]
async fn a_job_is_broken_off_and_its_engine_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let body = r#"
read load; echo '{"id":1,"outcome":{"loaded":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000","bytes":1,"numerics":"CN-1","kernel":"x","threads":1,"context_length":1,"cache_bytes_per_token":1,"seconds":0,"jobs":1,"weights":"in memory"}}}'
read test; echo '{"id":2,"outcome":{"self_tested":{"kernel":"x"}}}'
read golden; echo '{"id":3,"outcome":{"golden":{"cases":1,"prompt_tokens":1,"output_tokens":1,"seconds":{"prefill":0,"decode":0}}}}'
read job; echo '{"id":4,"outcome":{"progress":{"prompt_done":1,"prompt_tokens":2,"output_tokens":0}}}'
read cancel; test "$cancel" = '{"cancel":4}' || exit 1
echo '{"id":4,"outcome":{"failed":{"kind":"cancelled","text":"stopped","deterministic":false}}}'
read job; echo '{"id":5,"outcome":{"failed":{"kind":"prompt","text":"too long","deterministic":true}}}'
exec sleep 60"#;
    let inference = ChildInference::new(EngineOptions {
        program: script(dir.path(), body),
        threads: 1,
        jobs: 2,
        packed: None,
        token_timeout: Duration::from_secs(5),
        address_space: None,
    });
    let manifest = manifest();
    let files = ModelFiles {
        manifest_cid: Cid::of_raw(&manifest),
        manifest,
        weights: dir.path().join("weights"),
    };
    inference.prepare(&files).await.unwrap();
    let job = Job {
        manifest: files.manifest_cid,
        prompt: Cid::of_raw(b"p"),
        block: Arc::new(b"p".to_vec()),
        max_output_tokens: 1,
    };
    let stop = CancellationToken::new();
    let later = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.cancel();
    };
    let (broken, ()) = tokio::join!(inference.compute_unless(&job, &stop), later);
    assert!(broken.unwrap_err().to_string().contains("broken off"));
    let next = inference.compute(&job).await.unwrap();
    assert!(
        matches!(next, Outcome::Invalid(reason) if reason == "too long"),
        "the same child answered"
    );
}

/// An engine whose model has keys and values of 64 MiB for a position, and which notes its bound.
const LARGE: &str = r#"
echo "$3" >> "${0%/*}/bounds"
read load; echo '{"id":1,"outcome":{"loaded":{"sha256":"0000000000000000000000000000000000000000000000000000000000000000","bytes":1,"numerics":"CN-1","kernel":"x","threads":1,"context_length":8192,"cache_bytes_per_token":67108864,"seconds":0,"jobs":1,"weights":"in memory"}}}'
read test; echo '{"id":2,"outcome":{"self_tested":{"kernel":"x"}}}'
read golden; exit 1"#;

#[tokio::test]
async fn an_engine_without_room_for_the_longest_task_starts_again_with_more() {
    let dir = tempfile::tempdir().unwrap();
    let (error, _) = prepare(dir.path(), LARGE).await;
    assert!(error.contains("the engine ended"), "{error}");
    let bounds = std::fs::read_to_string(dir.path().join("bounds")).unwrap();
    let bounds: Vec<u64> = bounds.lines().map(|line| line.parse().unwrap()).collect();
    let [first, second] = bounds[..] else {
        panic!("{bounds:?}");
    };
    assert!(second > first + (8 << 30), "{bounds:?}");
}

#[tokio::test]
async fn an_operators_bound_without_room_for_the_longest_task_is_refused_before_a_seat_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let (error, _) = prepare_within(dir.path(), LARGE, Some(4 << 30)).await;
    assert!(
        error.contains("raise inference.address_space_bytes"),
        "{error}"
    );
}
