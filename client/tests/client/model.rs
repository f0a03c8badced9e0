//! Models in the store: published once, served, fetched, checked, removed.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use antiphon_api::{Limits, Params, Price, Uint128};
use antiphon_client::ClientError;
use antiphon_client::model::{Offer, Shelf, fetch, publish, verify};
use antiphon_content::unixfs::hash_reader;
use antiphon_documents::{Manifest, Weights};
use cosmrs::proto::cosmwasm::wasm::v1::MsgExecuteContract;
use cosmrs::proto::traits::Message as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::binary::{antiphon, text_of};
use crate::world::World;

/// Bytes that are no model, and a manifest that names them.
struct Fake {
    folder: tempfile::TempDir,
    file: PathBuf,
    manifest: Manifest,
}

impl Fake {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("weights.gguf");
        let bytes: Vec<u8> = (0..3_000_000_u64)
            .map(|n| (n * n / 7 % 251) as u8)
            .collect();
        std::fs::write(&file, &bytes).unwrap();
        let hashed = hash_reader(bytes.as_slice()).unwrap();
        let vectors =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/vectors/documents.json");
        let vectors: Value = serde_json::from_slice(&std::fs::read(vectors).unwrap()).unwrap();
        let text = vectors["manifests"][0]["text"].as_str().unwrap();
        let mut manifest = Manifest::parse(text.as_bytes()).unwrap();
        manifest.weights = Weights {
            bytes: hashed.size,
            cid: hashed.root,
            sha256: antiphon_api::Hex(hashed.sha256),
        };
        Self {
            folder,
            file,
            manifest,
        }
    }

    fn store(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A store that has it.
    fn stocked(&self, name: &str) -> PathBuf {
        let folder = self.store(name);
        let shelf = Shelf::open(Some(&folder)).unwrap();
        shelf.store.models.import(&self.file).unwrap();
        shelf.keep(&self.manifest).unwrap();
        folder
    }

    /// What the registry says to a question for this manifest.
    fn registered(&self, world: &World, models: &[Value]) {
        let query = format!(
            r#"{{"models_by_manifest":{{"manifest":"{}","start_after":null,"limit":30}}}}"#,
            self.manifest.cid()
        );
        world.node.says(&query, [json!({ "models": models })]);
    }
}

/// The program serving a store, with its address.
async fn serving(store: &Path) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_antiphon"))
        .args([
            "model",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--store",
            text_of(store),
        ])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"));
    let url = url.unwrap().trim_end_matches(',').to_owned();
    (child, url)
}

#[tokio::test]
async fn a_served_model_is_fetched_whole_and_listed() {
    let (fake, world) = (Fake::new(), World::honest().await);
    fake.registered(&world, &[]);
    let (mut server, url) = serving(&fake.stocked("theirs")).await;
    let (network, ours) = (world.network_json(), fake.store("ours"));
    let cid = fake.manifest.cid().to_string();
    let arguments = [
        "model",
        "fetch",
        &cid,
        "--from",
        &url,
        "--json",
        "--store",
        text_of(&ours),
        "--network",
        text_of(&network),
    ];
    let ran = antiphon(&arguments, "").await;
    assert_eq!(ran.code, 0, "{}", ran.err);
    let entry: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&entry["whole"], &entry["manifest"]),
        (&json!(true), &json!(cid))
    );
    let file = PathBuf::from(entry["file"].as_str().unwrap());
    assert!(std::fs::read(file).unwrap() == std::fs::read(&fake.file).unwrap());

    let ran = antiphon(&["model", "ls", "--store", text_of(&ours)], "").await;
    assert!(
        ran.out.contains(&fake.manifest.name) && ran.out.contains("whole"),
        "{}",
        ran.out
    );
    let checked = [
        "model",
        "verify",
        &cid,
        "--hash-only",
        "--store",
        text_of(&ours),
    ];
    assert_eq!(antiphon(&checked, "").await.code, 0);
    let removed = [
        "model",
        "rm",
        &fake.manifest.name,
        "--store",
        text_of(&ours),
    ];
    assert_eq!(antiphon(&removed, "").await.code, 0);
    let ran = antiphon(&["model", "ls", "--json", "--store", text_of(&ours)], "").await;
    assert_eq!(ran.out.trim(), "[]");
    assert!(
        !ours
            .join("models")
            .join(fake.manifest.weights.cid.to_string())
            .exists()
    );

    let stopped = format!("kill -TERM {}", server.id().unwrap());
    Command::new("sh")
        .args(["-c", &stopped])
        .status()
        .await
        .unwrap();
    assert!(
        server.wait().await.unwrap().success(),
        "a stopped server ends in order"
    );
}

#[tokio::test]
async fn a_store_is_used_by_one_program_at_a_time() {
    let fake = Fake::new();
    let store = fake.stocked("mine");
    let _held = Shelf::open(Some(&store)).unwrap();
    let ran = antiphon(&["model", "ls", "--store", text_of(&store)], "").await;
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(
        ran.err.contains("another program uses this store"),
        "{}",
        ran.err
    );
}

/// Programs that other tests start at this moment inherit the lock until they begin to run.
async fn opened(folder: &Path) -> Shelf {
    for _ in 0..100 {
        if let Ok(shelf) = Shelf::open(Some(folder)) {
            return shelf;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    Shelf::open(Some(folder)).unwrap()
}

#[tokio::test]
async fn weights_that_changed_on_disk_are_found() {
    let fake = Fake::new();
    let shelf = opened(&fake.stocked("mine")).await;
    assert!(verify(&shelf, &fake.manifest, false).await.is_ok());
    let file = shelf.entry(&fake.manifest).file.unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[1_234_567] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = verify(&shelf, &fake.manifest, false).await.unwrap_err();
    assert_eq!(error.exit_code(), 6, "{error}");
}

#[tokio::test]
async fn a_manifest_nobody_has_is_told_as_such() {
    let (fake, world) = (Fake::new(), World::honest().await);
    fake.registered(&world, &[]);
    let (network, _) = world.network().await;
    let shelf = Shelf::open(Some(&fake.store("empty"))).unwrap();
    let cid = fake.manifest.cid().to_string();
    let error = fetch(&network, &shelf, &cid, &[], &|_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, ClientError::Unavailable { .. }), "{error}");
    let error = fetch(&network, &shelf, "nonsense", &[], &|_| {})
        .await
        .unwrap_err();
    assert_eq!(error.exit_code(), 2);
}

fn offer() -> Offer {
    Offer {
        price: Price {
            base: Uint128::new(1_000),
            per_prompt_byte: Uint128::new(1),
            per_output_token: Uint128::new(10),
        },
        limits: Limits {
            max_prompt_bytes: 4_096,
            max_output_tokens: 512,
        },
        endpoint: None,
    }
}

#[tokio::test]
async fn a_model_is_registered_once_with_what_its_deposit_lacks() {
    let (fake, world) = (Fake::new(), World::honest().await);
    fake.registered(&world, &[]);
    let params = json!({ "version": 1, "params": Params::local() });
    world.node.says(r#"{"params":{"version":null}}"#, [params]);
    world.node.node().events = json!([{ "type": "wasm-model_registered", "attributes": [
        { "key": "model", "value": "4", "index": true }]}]);
    let (network, sender) = world.network().await;
    let shelf = Shelf::open(Some(&fake.store("mine"))).unwrap();
    let publish = async || {
        publish(
            &network,
            &sender,
            &shelf,
            &fake.file,
            &fake.manifest,
            offer(),
        )
        .await
        .unwrap()
    };
    let first = publish().await;
    assert_eq!((first.model, first.manifest), (4, fake.manifest.cid()));
    let message = world.node.node().taken[0].0.messages[0].value.clone();
    let sent = MsgExecuteContract::decode(&*message).unwrap();
    assert!(sent.msg.starts_with(br#"{"register_model":"#));
    let deposit = Params::local().model_deposit.u128();
    assert_eq!(sent.funds[0].amount, (deposit - 120).to_string());
    assert!(shelf.entry(&fake.manifest).whole);

    let mut known = crate::world::model_json();
    known["publisher"] = json!(world.payer());
    known["model"] = json!(4);
    fake.registered(&world, &[known]);
    let second = publish().await;
    assert_eq!((second.model, second.transaction), (4, None));
    assert_eq!(
        world.node.node().taken.len(),
        1,
        "nothing is paid a second time"
    );
}

#[tokio::test]
async fn a_file_that_is_not_the_manifests_is_not_published() {
    let (fake, world) = (Fake::new(), World::honest().await);
    let (network, sender) = world.network().await;
    let shelf = Shelf::open(Some(&fake.store("mine"))).unwrap();
    let other = fake.folder.path().join("other.gguf");
    std::fs::write(&other, b"something else").unwrap();
    let done = publish(&network, &sender, &shelf, &other, &fake.manifest, offer()).await;
    assert_eq!(done.unwrap_err().exit_code(), 6);
    assert!(world.node.node().taken.is_empty());
}
