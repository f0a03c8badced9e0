//! From a configured model to a seat.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use antiphon_api::{Cid, ExecuteMsg, Hex, Limits, ModelResponse, Price, Ratings, Uint128};
use antiphon_content::unixfs::hash_reader;
use antiphon_documents::Manifest;
use antiphon_store::{BlockLimits, Client, Fetcher, NetPolicy, Store};
use antiphon_worker::config::{Config, ServedModel, Written, WrittenModel};
use antiphon_worker::home::Home;
use antiphon_worker::models::{Bringer, ModelError, take_seats};
use antiphon_worker::selftest;

use crate::fake::edges::FakeChain;
use crate::fake::{FakeEngine, World};

fn chain(world: &World) -> FakeChain {
    FakeChain {
        world: world.clone(),
        alive: Arc::new(AtomicBool::new(true)),
    }
}

fn config(change: impl FnOnce(&mut Written)) -> Config {
    let mut written = Written::default();
    written.chain.contract = format!("wasm1{}", "q".repeat(58));
    change(&mut written);
    written.check("home".into()).unwrap()
}

fn model(id: u64) -> WrittenModel {
    WrittenModel {
        id,
        import: String::new(),
        manifest: String::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_differs_from_the_record_is_sent() {
    let world = World::new(0, 0);
    let me = world.me();
    let voter = world.lock().voters[&me].public_key();
    let config = config(|written| {
        written.worker.bond = "70".to_owned();
        written.worker.endpoint = "http://127.0.0.1:7".to_owned();
        written.models = vec![model(1), model(2)];
    });
    take_seats(&chain(&world), &config, &world.me(), voter)
        .await
        .unwrap();
    let update = ExecuteMsg::UpdateWorker {
        endpoint: Some("http://127.0.0.1:7".to_owned()),
        moniker: None,
        voter: None,
    };
    let wanted = [
        (ExecuteMsg::Bond {}, 69),
        (update, 0),
        (ExecuteMsg::JoinModel { model: 2 }, 0),
    ];
    assert_eq!(
        world.lock().operator,
        wanted,
        "a bond of 1, the voter and seat 1 are there already"
    );
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_all_set_sends_nothing() {
    let world = World::new(0, 0);
    let me = world.me();
    let voter = world.lock().voters[&me].public_key();
    let config = config(|written| {
        written.worker.bond = "1".to_owned();
        written.models = vec![model(1)];
    });
    take_seats(&chain(&world), &config, &world.me(), voter)
        .await
        .unwrap();
    assert_eq!(world.lock().operator, []);
}

#[tokio::test(start_paused = true)]
async fn a_new_voter_key_is_put_on_record() {
    let world = World::new(0, 0);
    let config = config(|written| written.models = vec![model(1)]);
    take_seats(&chain(&world), &config, &world.me(), Hex([2; 33]))
        .await
        .unwrap();
    let sent = world.lock().operator.clone();
    assert!(
        matches!(&sent[..], [(ExecuteMsg::UpdateWorker { voter: Some(key), .. }, 0)] if *key == Hex([2; 33]))
    );
}

struct Setup {
    bringer: Bringer,
    engine: Arc<FakeEngine>,
    world: World,
    dir: tempfile::TempDir,
}

/// A registry with one model: a small file and a manifest that names it.
fn setup() -> (Setup, ServedModel) {
    let dir = tempfile::tempdir().unwrap();
    let (weights, manifest) = (
        dir.path().join("weights.gguf"),
        dir.path().join("manifest.json"),
    );
    std::fs::write(&weights, b"small weights").unwrap();
    let text = manifest_of(&weights);
    std::fs::write(&manifest, &text).unwrap();
    let world = World::new(0, 0);
    world.lock().model = Some(registered(Cid::of_raw(text.as_bytes())));
    let engine = Arc::new(FakeEngine::default());
    let bringer = Bringer {
        chain: Arc::new(chain(&world)),
        store: Store::open(&dir.path().join("home"), BlockLimits::default()).unwrap(),
        fetcher: Fetcher::new(Client::new(NetPolicy::local()).unwrap()),
        inference: Arc::clone(&engine) as _,
        me: world.me(),
        endpoint: None,
        static_peers: Vec::new(),
    };
    let served = ServedModel {
        id: 1,
        import: Some(weights),
        manifest: Some(manifest),
    };
    (
        Setup {
            bringer,
            engine,
            world,
            dir,
        },
        served,
    )
}

fn manifest_of(weights: &Path) -> String {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../testdata/vectors/documents.json"
    );
    let vectors: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let valid = vectors["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["name"] == "valid");
    let text = valid.unwrap()["text"].as_str().unwrap();
    let mut manifest = Manifest::parse(text.as_bytes()).unwrap();
    let hashed = hash_reader(std::fs::File::open(weights).unwrap()).unwrap();
    manifest.weights.cid = hashed.root;
    manifest.weights.bytes = hashed.size;
    manifest.weights.sha256 = Hex(hashed.sha256);
    manifest.to_canonical()
}

fn registered(manifest: Cid) -> ModelResponse {
    ModelResponse {
        model: 1,
        manifest,
        publisher: "wasm1p".to_owned(),
        price: Price {
            base: Uint128::new(1),
            per_prompt_byte: Uint128::zero(),
            per_output_token: Uint128::zero(),
        },
        limits: Limits {
            max_prompt_bytes: 1,
            max_output_tokens: 1,
        },
        endpoint: None,
        retired: false,
        seats: 0,
        open_tasks: 0,
        deposit: Uint128::zero(),
        ratings: Ratings {
            good: 0,
            bad: 0,
            good_fees: Uint128::zero(),
            bad_fees: Uint128::zero(),
        },
    }
}

#[tokio::test]
async fn an_imported_model_is_served_to_others_and_kept_over_a_restart() {
    let (setup, served) = setup();
    let manifest = setup.bringer.bring(&served).await.unwrap();
    assert_eq!(
        Some(manifest),
        setup.world.lock().model.as_ref().map(|m| m.manifest)
    );
    let leaf = Cid::of_raw(b"small weights");
    assert!(setup.bringer.store.read(&leaf).unwrap().is_some());
    assert!(setup.bringer.store.read(&manifest).unwrap().is_some());
    let again = ServedModel {
        id: 1,
        import: None,
        manifest: None,
    };
    setup.bringer.bring(&again).await.unwrap();
}

#[tokio::test]
async fn the_self_test_finds_a_served_model_once_with_no_chain() {
    let (setup, served) = setup();
    let home = Home::new(setup.dir.path().join("home"));
    let named = config(|written| {
        let text = |path: &Option<PathBuf>| path.as_ref().unwrap().to_str().unwrap().to_owned();
        written.models = vec![WrittenModel {
            id: 1,
            import: text(&served.import),
            manifest: text(&served.manifest),
        }];
    });
    let found = selftest::found(&home, &named);
    assert_eq!(found.len(), 1, "named in the configuration");
    assert_eq!(Some(&found[0].weights), served.import.as_ref());
    let manifest = setup.bringer.bring(&served).await.unwrap();
    let found = selftest::found(&home, &named);
    assert_eq!(found.len(), 1, "the same model, now in the home");
    assert!(found[0].weights.starts_with(home.models()));
    let beside = std::fs::read(&found[0].manifest).unwrap();
    assert_eq!(Cid::of_raw(&beside), manifest);
}

#[tokio::test]
async fn another_file_than_the_registry_names_is_refused() {
    let (setup, served) = setup();
    std::fs::write(setup.dir.path().join("other"), b"other weights").unwrap();
    let other = Some(setup.dir.path().join("other"));
    let weights = ServedModel {
        import: other.clone(),
        ..served.clone()
    };
    let error = setup.bringer.bring(&weights).await.unwrap_err();
    assert!(
        matches!(error, ModelError::Other { what: "import", .. }),
        "{error}"
    );
    let manifest = ServedModel {
        manifest: other,
        ..served.clone()
    };
    let error = setup.bringer.bring(&manifest).await.unwrap_err();
    assert!(
        matches!(
            error,
            ModelError::Other {
                what: "manifest",
                ..
            }
        ),
        "{error}"
    );
    let missing = ServedModel {
        manifest: Some("/nowhere".into()),
        ..served
    };
    let error = setup.bringer.bring(&missing).await.unwrap_err();
    assert!(error.to_string().contains("/nowhere"), "{error}");
}

#[tokio::test]
async fn a_machine_that_computes_otherwise_gets_no_seat() {
    let (setup, served) = setup();
    setup.engine.wrong.store(true, Ordering::SeqCst);
    let error = setup.bringer.bring(&served).await.unwrap_err().to_string();
    assert!(
        error.contains("another trace") && error.contains("no seat is taken"),
        "{error}"
    );
    assert_eq!(setup.world.lock().operator, []);
}
