//! `antiphon gateway` as a program.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::world::World;

fn antiphon(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antiphon"));
    command.args(arguments).env("NO_COLOR", "1");
    command
}

async fn done(arguments: Vec<String>) -> Output {
    let run = move || {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        antiphon(&words).output().unwrap()
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn words(line: &str, network: &Path, home: &Path) -> Vec<String> {
    let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    words.extend(["--network".to_owned(), network.display().to_string()]);
    words.extend(["--home".to_owned(), home.display().to_string()]);
    words
}

/// Ends the program with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

async fn start(line: &str, world: &World, home: &Path) -> (Running, Value) {
    let words = words(line, &world.network_json(), home);
    let run = move || {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut child = antiphon(&words).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut line).unwrap();
        (Running(child), serde_json::from_str(&line).unwrap())
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

#[tokio::test]
async fn one_json_line_tells_where_it_listens_and_a_signal_ends_it() {
    let world = World::honest().await;
    let home = tempfile::tempdir().unwrap();
    let (mut gateway, line) =
        start("gateway --listen 127.0.0.1:0 --json", &world, home.path()).await;
    assert_eq!(line["account"], world.payer());
    assert_eq!(line["model"], "1");
    let url = line["address"].as_str().unwrap();
    let network: Value = reqwest::get(format!("{url}/network.json"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(network["chain_id"], "antiphon-local-1");
    assert_eq!(network["gateway"], url);
    assert!(!network.to_string().contains("key"), "{network}");
    let id = gateway.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    let status = tokio::task::spawn_blocking(move || gateway.0.wait().unwrap())
        .await
        .unwrap();
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn an_address_that_others_reach_is_refused_without_api_keys() {
    let world = World::honest().await;
    let home = tempfile::tempdir().unwrap();
    let network = world.network_json();
    let line = "gateway --listen 0.0.0.0:0 --json";
    let refused = done(words(line, &network, home.path())).await;
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("gateway keys new"), "{said}");
}

#[tokio::test]
async fn keys_are_made_listed_and_removed() {
    let world = World::honest().await;
    let home = tempfile::tempdir().unwrap();
    let network = world.network_json();
    let run = |line: &str| done(words(line, &network, home.path()));
    let made = run("gateway keys new --name alice --budget 5000uanti --per-minute 9 --json").await;
    let made: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert!(made["key"].as_str().unwrap().starts_with("ak-"));
    let listed = run("gateway keys ls --json").await;
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(
        (&listed[0]["name"], &listed[0]["budget"]),
        (&made["name"], &Value::from("5000"))
    );
    let twice = run("gateway keys new --name alice").await;
    assert_eq!(twice.status.code(), Some(2));
    for wrong in ["--budget five", "--granter nobody", "--per-minute 0"] {
        let refused = run(&format!("gateway keys new --name bob {wrong}")).await;
        assert_eq!(refused.status.code(), Some(2), "{wrong}");
    }
    assert!(run("gateway keys rm alice").await.status.success());
    let empty = run("gateway keys ls --json").await;
    assert_eq!(empty.stdout, b"[]\n");
}

#[tokio::test]
async fn a_home_in_use_a_missing_page_and_a_missing_model_are_told() {
    let world = World::honest().await;
    let home = tempfile::tempdir().unwrap();
    let (mut gateway, _) = start("gateway --listen 127.0.0.1:0 --json", &world, home.path()).await;
    let network = world.network_json();
    let other = home.path().join("other");
    let cases = [
        (
            words("gateway --listen 127.0.0.1:0", &network, home.path()),
            "in use by another gateway",
        ),
        (
            words(
                "gateway --listen 127.0.0.1:0 --page /nowhere",
                &network,
                &other,
            ),
            "--page",
        ),
        (
            words(
                "gateway --listen 127.0.0.1:0 --gguf /nowhere",
                &network,
                &other,
            ),
            "cannot read the model",
        ),
        (
            words("gateway --listen nonsense", &network, &other),
            "--listen",
        ),
    ];
    for (words, part) in cases {
        let refused = done(words).await;
        assert!(!refused.status.success());
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(said.contains(part), "{said}");
    }
    assert!(
        gateway.0.try_wait().unwrap().is_none(),
        "the first one goes on"
    );
}
