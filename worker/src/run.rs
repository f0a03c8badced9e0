//! A worker from its configuration to its end.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use antiphon_api::Cid;
use antiphon_chain::{BlockStream, Chain, ChainError, KeyError, Start, canonical};
use antiphon_store::server::{Gateway, GatewayLimits};
use antiphon_store::{BlockLimits, Client, Fetcher, Store, StoreError};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::actor::{Actor, Ports, Settings};
use crate::assemble::{beacon, connect, keys, policy};
use crate::config::Config;
use crate::edges::{ContractPort, HttpPeers, StorePort};
use crate::follow::{follow, newest};
use crate::health::{judge_purse, judge_record, reserve};
use crate::home::{Home, HomeError};
use crate::http::{Shared, router, status_routes};
use crate::journal::{Journal, JournalError};
use crate::metrics::Metrics;
use crate::models::{Bringer, ModelError, take_seats};
use crate::ports::{ChainPort, EdgeError, Inference, Tick};
use crate::relay::Intake;
use crate::vote::Voter;

/// How often the node is asked for its newest block.
const POLL: Duration = Duration::from_millis(100);
/// Between two looks at our own bond and fee balance.
const LOOK_AT_SELF_EVERY: Duration = Duration::from_secs(10);

/// Blocks between two looks at old votes.
const TIDY_EVERY: u64 = 200;

/// Models that are ready and have a seat, with their manifests.
type Brought = Result<BTreeMap<u64, Cid>, ModelError>;

/// Why a worker cannot run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Its home.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A key that is needed.
    #[error(
        "keys/{0}.json is not in the home; make it with `antiphon-worker init`, or put it there"
    )]
    NoKey(&'static str),
    /// A key that cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A model.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// An edge.
    #[error(transparent)]
    Edge(#[from] EdgeError),
    /// The listener.
    #[error("cannot listen on {address}: {why}; stop what uses the port, or change worker.listen")]
    Listen {
        /// Where.
        address: std::net::SocketAddr,
        /// The system's reason.
        why: std::io::Error,
    },
}

/// How a worker is asked to stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// No new commits; reveals are flushed, then the end.
    pub drain: CancellationToken,
    /// The end, now.
    pub now: CancellationToken,
}

/// Runs a worker until it is stopped, or cannot go on.
///
/// # Errors
/// See [`RunError`]; nothing is left half-done: whatever was journaled is taken up at the next start.
pub async fn run(
    config: Config,
    inference: Arc<dyn Inference>,
    stop: Stop,
) -> Result<(), RunError> {
    let home = Home::new(&config.home);
    let _lock = home.lock()?;
    let all = async {
        let worker = Worker::open(&config, &home, inference).await?;
        worker.work(&config, &home, &stop).await
    };
    let result = tokio::select! {
        result = all => result,
        () = stop.now.cancelled() => Ok(()),
    };
    tracing::info!("stopped");
    result
}

/// Everything opened, nothing bound yet.
struct Worker {
    chain: Chain,
    ports: Ports,
    voter: Voter,
    journal: Journal,
    intake: Arc<Intake>,
    metrics: Arc<Metrics>,
    bringer: Bringer,
    served: CancellationToken,
    tidied: AtomicBool,
    looked: Mutex<Option<Instant>>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.served.cancel();
    }
}

impl Worker {
    async fn open(
        config: &Config,
        home: &Home,
        inference: Arc<dyn Inference>,
    ) -> Result<Self, RunError> {
        let chain = connect(config).await?;
        let keys = keys(config, home, &chain)?;
        let journal = Journal::open(&home.journal())?;
        let limits = BlockLimits {
            total_bytes: config.quota_bytes,
            ..BlockLimits::default()
        };
        let store = Store::open(home.root(), limits)?;
        let client = Client::new(policy(config)).map_err(EdgeError::new)?;
        let contract = chain.contract(&config.contract);
        let port = ContractPort::new(contract, keys.worker.clone(), keys.sender, keys.operator);
        let port: Arc<dyn ChainPort> = Arc::new(port);
        let bringer = Bringer {
            chain: Arc::clone(&port),
            store: store.clone(),
            fetcher: Fetcher::new(client.clone()),
            inference: Arc::clone(&inference),
            me: keys.worker.clone(),
            endpoint: config.endpoint.clone(),
            static_peers: config.peers.clone(),
        };
        let worker = Self {
            chain,
            ports: Ports {
                chain: port,
                content: Arc::new(StorePort::new(store.clone(), client.clone())),
                inference,
                peers: Arc::new(HttpPeers::new(client)),
                beacon: beacon(config)?,
            },
            intake: Arc::new(Intake::new(keys.worker.clone())),
            voter: Voter::new(keys.voter, keys.worker)?,
            journal,
            metrics: Arc::new(Metrics::default()),
            bringer,
            served: CancellationToken::new(),
            tidied: AtomicBool::new(false),
            looked: Mutex::new(None),
        };
        worker.listen(config, home, store).await?;
        Ok(worker)
    }

    /// The gateway is up before anything else, so that peers can read what is here already.
    async fn listen(&self, config: &Config, home: &Home, store: Store) -> Result<(), RunError> {
        let address = config.listen;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|why| RunError::Listen { address, why })?;
        let gateway = Gateway::new(store, GatewayLimits::default());
        tracing::info!(%address, worker = self.voter.worker(), "listening");
        self.serve(listener, router(gateway, Arc::clone(&self.intake)));
        let told = bind_status(config.status_listen).await?;
        let address = told.local_addr().map_err(|why| RunError::Listen {
            address: config.status_listen,
            why,
        })?;
        tracing::info!(%address, "health, numbers and duties");
        let text = address.to_string();
        antiphon_chain::write_atomically(&home.status_file(), text.as_bytes(), 0o644).map_err(
            |why| HomeError::Io {
                path: home.status_file(),
                why,
            },
        )?;
        let shared = Shared {
            metrics: Arc::clone(&self.metrics),
            worker: self.voter.worker().to_owned(),
        };
        self.serve(told, status_routes(shared));
        Ok(())
    }

    fn serve(&self, listener: TcpListener, routes: axum::Router) {
        let shutdown = self.served.clone().cancelled_owned();
        tokio::spawn(async move {
            if let Err(error) = antiphon_store::server::serve(listener, routes, shutdown).await {
                tracing::error!(%error, "the listener ended");
            }
        });
    }

    /// Fetches and checks the models, then takes the seats; beside the block loop, which reveals first
    /// whatever an earlier process left committed.
    fn bring_models(&self, config: &Config) -> AbortOnDropHandle<Brought> {
        let why = "models are being fetched and checked".to_owned();
        self.metrics.fault("models", Some(why));
        let (bringer, chain, config) = (
            self.bringer.clone(),
            Arc::clone(&self.ports.chain),
            config.clone(),
        );
        let (me, voter) = (self.voter.worker().to_owned(), self.voter.public_key());
        let left = Home::new(&config.home).has_left();
        AbortOnDropHandle::new(tokio::spawn(async move {
            let mut served = BTreeMap::new();
            for model in &config.models {
                served.insert(model.id, bringer.bring(model).await?);
            }
            match left {
                true => tracing::warn!(
                    "this worker has left: it ends its open tasks and takes no seat; to come back, delete the file `left` in its home"
                ),
                false => take_seats(chain.as_ref(), &config, &me, voter).await?,
            }
            Ok(served)
        }))
    }

    /// The block loop, to the end.
    async fn work(mut self, config: &Config, home: &Home, stop: &Stop) -> Result<(), RunError> {
        let settings = Settings {
            chain_id: config.chain_id.clone(),
            contract: canonical(&config.contract)?,
            served: BTreeMap::new(),
            coming: config.models.iter().map(|model| model.id).collect(),
            speculate: config.speculate,
            deliver: config.deliver,
            reserve: reserve(&config.gas_price),
            static_peers: config.peers.clone(),
            ask_again_after: config.ask_again_after,
        };
        let stream = BlockStream::open(
            self.chain.clone(),
            Some(&home.cursor_file()),
            Start::Head,
            POLL,
        )
        .await?;
        let journal = std::mem::replace(&mut self.journal, Journal::open(&home.journal())?);
        let (intake, metrics) = (Arc::clone(&self.intake), Arc::clone(&self.metrics));
        let actor = Actor::new(
            self.ports.clone(),
            settings,
            self.voter.clone(),
            journal,
            intake,
            metrics,
        );
        let (sender, ticks) = mpsc::channel(64);
        let brought = self.bring_models(config);
        tokio::select! {
            result = follow(stream, config.contract.clone(), sender) => result,
            result = self.turn(actor, ticks, brought, config, stop) => result,
        }
    }

    /// Blocks and events, one after the other, until nothing is owed after a stop or a failure.
    async fn turn(
        &self,
        mut actor: Actor,
        mut ticks: mpsc::Receiver<Tick>,
        mut brought: AbortOnDropHandle<Brought>,
        config: &Config,
        stop: &Stop,
    ) -> Result<(), RunError> {
        let (mut draining, mut bringing, mut result) = (false, true, Ok(()));
        loop {
            tokio::select! {
                biased;
                () = stop.drain.cancelled(), if !draining => {
                    draining = true;
                    self.drain(&mut actor).await;
                }
                done = &mut brought, if bringing && !draining => {
                    bringing = false;
                    if let Err(error) = self.seated(&mut actor, done) {
                        result = Err(error);
                        draining = true;
                        self.drain(&mut actor).await;
                    }
                }
                Some(event) = actor.next_event() => actor.on_event(event).await,
                tick = ticks.recv() => {
                    let Some(tick) = tick else { return result };
                    let tick = newest(tick, &mut ticks);
                    actor.on_tick(tick).await;
                    self.now_and_then(&mut actor, tick, config, bringing || draining).await;
                }
            }
            if draining && actor.drained() {
                return result;
            }
        }
    }

    async fn drain(&self, actor: &mut Actor) {
        tracing::info!("stopping: no new commits; reveals owed are still sent");
        self.metrics.fault("stopping", Some("stopping".to_owned()));
        actor.drain().await;
    }

    /// The models are ready and the seats are taken, or not.
    fn seated(&self, actor: &mut Actor, done: Result<Brought, JoinError>) -> Result<(), RunError> {
        let served = done.map_err(EdgeError::new)??;
        self.metrics.fault("models", None);
        for (model, manifest) in served {
            actor.serve(model, manifest);
        }
        Ok(())
    }

    async fn now_and_then(&self, actor: &mut Actor, tick: Tick, config: &Config, busy: bool) {
        if !busy && self.look_due() {
            self.look_at_self(config).await;
        }
        if (self.first_tick() || tick.height.is_multiple_of(TIDY_EVERY))
            && let Err(error) = actor.tidy_journal().await
        {
            tracing::warn!(%error, "old votes could not be looked at");
        }
    }

    /// By the clock, not by blocks: readiness must turn within half a minute on slow chains too.
    fn look_due(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.is_none_or(|at| at.elapsed() >= LOOK_AT_SELF_EVERY);
        if due {
            *looked = Some(Instant::now());
        }
        due
    }

    /// True once.
    fn first_tick(&self) -> bool {
        !self.tidied.swap(true, Ordering::Relaxed)
    }

    /// Whether the chain lets us take part.
    async fn look_at_self(&self, config: &Config) {
        let record = self.ports.chain.worker(self.voter.worker()).await;
        judge_record(&self.metrics, &record);
        let reserve = reserve(&config.gas_price);
        let balance = self.ports.chain.fee_balance().await;
        judge_purse(&self.metrics, &balance, reserve);
    }
}

/// The operator's listener. Monitoring must not keep a bonded worker from voting: another free port is better than
/// none.
async fn bind_status(address: SocketAddr) -> Result<TcpListener, RunError> {
    let why = match TcpListener::bind(address).await {
        Ok(listener) => return Ok(listener),
        Err(why) => why,
    };
    let free = SocketAddr::new(address.ip(), 0);
    tracing::warn!(%address, %why, "worker.status_listen cannot be used, a free port is taken");
    let bound = TcpListener::bind(free).await;
    bound.map_err(|why| RunError::Listen { address: free, why })
}
