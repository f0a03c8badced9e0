//! Whole models among liars, interruptions and late peers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use antiphon_content::Hex;
use antiphon_store::{BlockLimits, FetchError, Fetcher, ModelSpec, Peers, Progress, Store, Tuning};
use futures_util::future::BoxFuture;

use crate::world::{LIES, Liar, Worker, client, fetcher, quiet, random, spec_of};

fn empty() -> (tempfile::TempDir, Store) {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path(), BlockLimits::default()).unwrap();
    (home, store)
}

async fn fetch(store: &Store, spec: &ModelSpec, peers: Vec<String>) -> Result<Vec<u8>, FetchError> {
    let path = fetcher()
        .fetch_model(&store.models, spec, &peers, &quiet)
        .await?;
    Ok(std::fs::read(path).unwrap())
}

#[tokio::test]
async fn a_model_comes_whole_with_progress_and_is_there_after_a_restart() {
    let seed = Worker::start().await;
    let bytes = random(1, (5 << 20) + 123);
    let spec = seed.import(&bytes);
    let (home, store) = empty();
    let seen = Mutex::new(Vec::new());
    let progress = |step: Progress| seen.lock().unwrap().push(step);
    let peers = vec![seed.url.clone()];
    let path = fetcher()
        .fetch_model(&store.models, &spec, &peers, &progress)
        .await
        .unwrap();
    assert_eq!(std::fs::read(path).unwrap(), bytes);
    let seen = seen.into_inner().unwrap();
    let done: Vec<usize> = seen.iter().map(|step| step.leaves_done).collect();
    assert_eq!(done, [0, 1, 2, 3, 4, 5, 6]);
    let last = seen.last().unwrap();
    assert_eq!(
        (last.bytes_done, last.bytes, last.leaves),
        (spec.bytes, spec.bytes, 6)
    );
    assert!(last.bytes_per_second > 0 && last.peers == 1, "{last:?}");
    drop(store);
    let store = Store::open(home.path(), BlockLimits::default()).unwrap();
    let nobody = fetch(&store, &spec, Vec::new()).await;
    assert_eq!(nobody.unwrap(), bytes, "a whole model needs no peer");
}

#[tokio::test]
async fn a_file_of_one_leaf_is_a_model_too() {
    let seed = Worker::start().await;
    let bytes = random(2, 1000);
    let spec = seed.import(&bytes);
    let (_home, store) = empty();
    let got = fetch(&store, &spec, vec![seed.url.clone()]).await;
    assert_eq!(got.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_liar_among_three_peers_is_survived_and_hardly_asked_again() {
    let honest = [Worker::start().await, Worker::start().await];
    let bytes = random(3, 7 << 20);
    let spec = honest[0].import(&bytes);
    honest[1].import(&bytes);
    let mut fetches = LIES.map(|lie| {
        let (bytes, honest) = (
            bytes.clone(),
            [honest[0].url.clone(), honest[1].url.clone()],
        );
        Box::pin(async move {
            let liar = Liar::start(lie, bytes.clone()).await;
            let (_home, store) = empty();
            let [first, second] = honest;
            let peers = vec![first, liar.url.clone(), second];
            let got = fetch(&store, &spec, peers).await.unwrap();
            assert!(got == bytes, "{lie:?}");
            let asked = liar.asked.load(Ordering::Relaxed);
            // An inner node, the leaves of its first window, and a few after an honest rest.
            assert!(asked <= 8, "{lie:?} was asked {asked} times");
        })
    });
    // Not all at once: a loaded machine must not look like a slow peer.
    for pair in fetches.chunks_mut(2) {
        futures_util::future::join_all(pair).await;
    }
}

#[tokio::test]
async fn a_killed_fetch_goes_on_and_fetches_only_what_was_in_flight_again() {
    let seed = Worker::start().await;
    let bytes = random(4, 16 << 20);
    let spec = seed.import(&bytes);
    let (home, mut store) = empty();
    let tuning = Tuning {
        in_flight: 2,
        ..Tuning::default()
    };
    let fetcher = Fetcher::with_tuning(client(), tuning);
    let before = seed.gateway.bytes_sent();
    let peers = vec![seed.url.clone()];
    let kills = [2, 5, 9, 12];
    for kill_at in kills {
        let reached = tokio::sync::Notify::new();
        let progress = |step: Progress| {
            if step.leaves_done >= kill_at {
                reached.notify_one();
            }
        };
        tokio::select! {
            biased;
            () = reached.notified() => {}
            done = fetcher.fetch_model(&store.models, &spec, &peers, &progress) => {
                done.unwrap();
            }
        }
        let had = store.models.have(&spec.root).unwrap().count();
        drop(store);
        store = Store::open(home.path(), BlockLimits::default()).unwrap();
        assert!(had >= kill_at && store.models.complete(&spec.root).is_none());
    }
    let first = AtomicUsize::new(usize::MAX);
    let progress = |step: Progress| {
        first.fetch_min(step.leaves_done, Ordering::Relaxed);
    };
    let path = fetcher
        .fetch_model(&store.models, &spec, &peers, &progress)
        .await
        .unwrap();
    assert!(
        first.into_inner() >= 12,
        "it went on from the leaves on disk"
    );
    assert_eq!(std::fs::read(path).unwrap(), bytes);
    let again = (seed.gateway.bytes_sent() - before).saturating_sub(spec.bytes);
    let in_flight = (kills.len() * 2) << 20;
    assert!(
        again <= (in_flight + 4096) as u64,
        "{again} bytes came again"
    );
}

#[tokio::test]
async fn leaves_claimed_on_disk_but_wrong_are_fetched_again() {
    let seed = Worker::start().await;
    let bytes = random(5, 4 << 20);
    let spec = seed.import(&bytes);
    let (home, store) = empty();
    fetch(&store, &spec, vec![seed.url.clone()]).await.unwrap();
    drop(store);
    // As after a power cut: all bits on disk, the bytes of one leaf not.
    let folder = home.path().join("models").join(spec.root.to_string());
    let mut torn = bytes.clone();
    torn[1 << 20..2 << 20].fill(0);
    std::fs::write(folder.join("weights.part"), torn).unwrap();
    std::fs::write(folder.join("bits"), [0x0f]).unwrap();
    std::fs::remove_file(folder.join("weights")).unwrap();
    let store = Store::open(home.path(), BlockLimits::default()).unwrap();
    let before = seed.gateway.bytes_sent();
    let got = fetch(&store, &spec, vec![seed.url.clone()]).await;
    assert_eq!(got.unwrap(), bytes);
    assert_eq!(seed.gateway.bytes_sent() - before, 1 << 20);
}

#[tokio::test]
async fn killed_while_sealing_nothing_is_fetched_again() {
    let seed = Worker::start().await;
    let bytes = random(6, 4 << 20);
    let spec = seed.import(&bytes);
    let (home, store) = empty();
    fetch(&store, &spec, vec![seed.url.clone()]).await.unwrap();
    drop(store);
    // The file has its final name, the note that it is whole was not written.
    let folder = home.path().join("models").join(spec.root.to_string());
    let meta = format!("{{\"bytes\":{},\"sha256\":null}}", spec.bytes);
    std::fs::write(folder.join("meta.json"), meta).unwrap();
    let store = Store::open(home.path(), BlockLimits::default()).unwrap();
    assert_eq!(store.models.complete(&spec.root), None);
    let before = seed.gateway.bytes_sent();
    let got = fetch(&store, &spec, vec![seed.url.clone()]).await;
    assert_eq!(got.unwrap(), bytes);
    assert_eq!(seed.gateway.bytes_sent(), before);
}

/// Says nothing at first; then names a peer.
struct Late(Mutex<usize>, String);

impl Peers for Late {
    fn peers(&self) -> BoxFuture<'_, Vec<String>> {
        let mut asked = self.0.lock().unwrap();
        *asked += 1;
        let named = if *asked > 2 {
            vec![self.1.clone()]
        } else {
            Vec::new()
        };
        Box::pin(async { named })
    }
}

#[tokio::test]
async fn a_peer_that_comes_late_is_found() {
    let seed = Worker::start().await;
    let bytes = random(7, 2 << 20);
    let spec = seed.import(&bytes);
    let (_home, store) = empty();
    let late = Late(Mutex::new(0), seed.url.clone());
    let fetched = fetcher()
        .fetch_model(&store.models, &spec, &late, &quiet)
        .await;
    assert_eq!(std::fs::read(fetched.unwrap()).unwrap(), bytes);
}

#[tokio::test]
async fn a_fetch_without_news_ends_as_stalled_and_can_be_taken_up_again() {
    let mut seed = Worker::start().await;
    let bytes = random(8, 3 << 20);
    let spec = seed.import(&bytes);
    let (_home, store) = empty();
    let tuning = Tuning {
        stalled: Duration::from_millis(300),
        peers_again: Duration::from_millis(50),
        ..Tuning::default()
    };
    let fetcher = Fetcher::with_tuning(client(), tuning);
    let nobody = Vec::new();
    let error = fetcher
        .fetch_model(&store.models, &spec, &nobody, &quiet)
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, FetchError::Stalled { leaves: 0, .. }),
        "{text}"
    );
    // The seed goes away after one leaf.
    let stop = Arc::new(Mutex::new(false));
    let peers = vec![seed.url.clone()];
    let one = Fetcher::with_tuning(
        client(),
        Tuning {
            in_flight: 1,
            ..tuning
        },
    );
    let progress = |step: Progress| *stop.lock().unwrap() = step.leaves_done >= 1;
    tokio::select! {
        biased;
        () = async { while !*stop.lock().unwrap() { tokio::task::yield_now().await } } => {}
        done = one.fetch_model(&store.models, &spec, &peers, &progress) => { done.unwrap(); }
    }
    seed.stop();
    let had = store.models.have(&spec.root).unwrap().count();
    let error = fetcher
        .fetch_model(&store.models, &spec, &nobody, &quiet)
        .await
        .unwrap_err();
    assert!(matches!(error, FetchError::Stalled { leaves: 3, done, .. } if done >= had));
}

#[tokio::test]
async fn a_manifest_with_another_sha256_is_refused_each_time() {
    let seed = Worker::start().await;
    let bytes = random(9, 2 << 20);
    let mut spec = seed.import(&bytes);
    spec.sha256 = Hex([7; 32]);
    let (_home, store) = empty();
    for _ in 0..2 {
        let error = fetch(&store, &spec, vec![seed.url.clone()]).await;
        assert!(matches!(error, Err(FetchError::Sha256 { .. })));
    }
}

#[tokio::test]
async fn a_manifest_with_another_size_is_refused_before_any_leaf() {
    let seed = Worker::start().await;
    let bytes = random(10, 2 << 20);
    let mut spec = seed.import(&bytes);
    spec.bytes += 1;
    let (_home, store) = empty();
    let error = fetch(&store, &spec, vec![seed.url.clone()]).await;
    assert!(matches!(error, Err(FetchError::Skeleton(_))));
    assert!(seed.gateway.bytes_sent() < 1000);
    assert_eq!(spec_of(&bytes).root, spec.root);
}
