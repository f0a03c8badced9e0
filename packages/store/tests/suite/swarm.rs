//! Many workers that want the same model from one seed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use antiphon_store::{Client, Fetcher, NetPolicy, Peers};
use futures_util::future::BoxFuture;

use crate::world::{Worker, quiet, random};

/// Everybody but ourselves, as on the contract; and who we are, if we say so.
struct Registry {
    everybody: Vec<String>,
    own: String,
    says_own: bool,
}

impl Peers for Registry {
    fn peers(&self) -> BoxFuture<'_, Vec<String>> {
        let others = self.everybody.iter().filter(|peer| **peer != self.own);
        let others = others.cloned().collect();
        Box::pin(async { others })
    }

    fn own(&self) -> Option<String> {
        self.says_own.then(|| self.own.clone())
    }
}

/// Five empty workers fetch 20 MB at the same time; how much of it the seed gave, in percent.
async fn spread(says_own: bool) -> u64 {
    const COUNT: usize = 5;
    let seed = Worker::start().await;
    let bytes = random(1, 20 << 20);
    let spec = seed.import(&bytes);
    let mut workers = Vec::new();
    for _ in 0..COUNT {
        workers.push(Arc::new(Worker::start().await));
    }
    let everybody: Vec<String> = workers
        .iter()
        .map(|worker| worker.url.clone())
        .chain([seed.url.clone()])
        .collect();
    let began = Instant::now();
    let fetches = workers.iter().map(|worker| {
        let worker = Arc::clone(worker);
        let registry = Registry {
            everybody: everybody.clone(),
            own: worker.url.clone(),
            says_own,
        };
        tokio::spawn(async move {
            let fetcher = Fetcher::new(Client::new(NetPolicy::local()).unwrap());
            let path = fetcher
                .fetch_model(&worker.store.models, &spec, &registry, &quiet)
                .await
                .unwrap();
            std::fs::read(path).unwrap()
        })
    });
    for got in futures_util::future::join_all(fetches).await {
        assert!(got.unwrap() == bytes);
    }
    assert!(began.elapsed() < Duration::from_secs(20));
    seed.gateway.bytes_sent() * 100 / spec.bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_workers_spread_a_model_and_its_seed_gives_each_leaf_about_once() {
    let percent = spread(true).await;
    assert!(percent < 250, "the seed gave {percent} % of the model");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_seed_is_spared_even_when_nobody_says_who_he_is() {
    let percent = spread(false).await;
    assert!(percent < 300, "the seed gave {percent} % of the model");
}
