//! One worker on the fake world, that can be killed and started again on the same home.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use antiphon_worker::actor::{Actor, Event, Ports, Settings};
use antiphon_worker::duty::{DutyKey, State};
use antiphon_worker::journal::Journal;
use antiphon_worker::metrics::Metrics;
use antiphon_worker::ports::Tick;
use antiphon_worker::relay::Intake;

use super::edges::FakeChain;
use super::world::{CHAIN_ID, CONTRACT, manifest};
use super::{FakeBeacon, FakeContent, FakeEngine, FakePeers, World};

/// Time between blocks.
const BLOCK: Duration = Duration::from_millis(300);

pub(crate) struct Harness {
    pub(crate) world: World,
    pub(crate) content: Arc<FakeContent>,
    pub(crate) engine: Arc<FakeEngine>,
    pub(crate) beacon: Arc<FakeBeacon>,
    pub(crate) peers: FakePeers,
    pub(crate) actor: Actor,
    pub(crate) intake: Arc<Intake>,
    home: PathBuf,
    me: String,
    alive: Arc<AtomicBool>,
    /// Inputs taken in so far.
    pub(crate) inputs: usize,
    /// The process dies after this many inputs.
    pub(crate) dies_at: Option<usize>,
    /// What was on its way when it died still arrives.
    pub(crate) arrives: bool,
    pub(crate) settings: Settings,
    ends: BTreeMap<DutyKey, State>,
}

/// Coins that deliveries leave for reveals.
pub(crate) const RESERVE: u128 = 50;

impl Harness {
    pub(crate) fn new(world: World, home: PathBuf) -> Self {
        let me = world.me();
        Self::with(world, home, me, FakePeers::default())
    }

    pub(crate) fn with(world: World, home: PathBuf, me: String, peers: FakePeers) -> Self {
        let settings = Settings {
            chain_id: CHAIN_ID.to_owned(),
            contract: CONTRACT.to_vec(),
            served: BTreeMap::from([(1, manifest())]),
            coming: std::collections::BTreeSet::new(),
            speculate: true,
            deliver: true,
            reserve: RESERVE,
            static_peers: vec!["http://source".to_owned()],
            ask_again_after: Duration::from_secs(1),
        };
        let (content, engine) = (
            Arc::new(FakeContent::default()),
            Arc::new(FakeEngine::default()),
        );
        let alive = Arc::new(AtomicBool::new(true));
        let intake = Arc::new(Intake::new(me.clone()));
        let chain = FakeChain {
            world: world.clone(),
            alive: Arc::clone(&alive),
        };
        let beacon = Arc::new(FakeBeacon::default());
        let ports = ports(chain, &content, &engine, &peers, &beacon);
        let actor = actor(&world, &me, ports, settings.clone(), &intake, &home);
        Self {
            world,
            content,
            engine,
            beacon,
            peers,
            actor,
            intake,
            home,
            me,
            alive,
            inputs: 0,
            dies_at: None,
            arrives: false,
            settings,
            ends: BTreeMap::new(),
        }
    }

    /// The process is killed and started again on the same home.
    pub(crate) async fn restart(&mut self) {
        self.alive.store(self.arrives, Ordering::SeqCst);
        let alive = Arc::new(AtomicBool::new(true));
        let chain = FakeChain {
            world: self.world.clone(),
            alive: Arc::clone(&alive),
        };
        self.alive = alive;
        self.ends.extend(self.actor.states());
        self.intake = Arc::new(Intake::new(self.me.clone()));
        let ports = ports(
            chain,
            &self.content,
            &self.engine,
            &self.peers,
            &self.beacon,
        );
        self.actor = actor(
            &self.world,
            &self.me,
            ports,
            self.settings.clone(),
            &self.intake,
            &self.home,
        );
        while self.actor.tidy_journal().await.is_err() {}
    }

    /// One block of the chain, and whatever it leads to within the block's time.
    pub(crate) async fn block(&mut self) {
        self.world.lock().next_block();
        self.live_block().await;
    }

    /// The worker's part of a block.
    pub(crate) async fn live_block(&mut self) {
        let height = self.world.lock().height;
        self.tick_at(height).await;
    }

    /// A tick of this height, whatever the chain's is, and what it leads to.
    pub(crate) async fn tick_at(&mut self, height: u64) {
        self.actor
            .on_tick(Tick {
                height,
                time: 1_000,
                touched: true,
            })
            .await;
        self.after_input().await;
        let end = tokio::time::Instant::now() + BLOCK;
        while let Ok(Some(event)) = tokio::time::timeout_at(end, self.actor.next_event()).await {
            self.event(event).await;
        }
    }

    async fn event(&mut self, event: Event) {
        self.actor.on_event(event).await;
        self.after_input().await;
    }

    async fn after_input(&mut self) {
        self.inputs += 1;
        if self.dies_at == Some(self.inputs) {
            self.restart().await;
        }
    }

    /// Runs until every task is over, and a little longer.
    pub(crate) async fn run(&mut self) {
        for _ in 0..400 {
            self.block().await;
            if self.world.over() {
                break;
            }
        }
        assert!(self.world.over(), "the fake chain ends every task");
        for _ in 0..30 {
            self.block().await;
        }
    }

    pub(crate) fn me(&self) -> &str {
        &self.me
    }

    /// How every duty ended, whichever process saw the end.
    pub(crate) fn ends(&self) -> BTreeMap<DutyKey, State> {
        let mut ends = self.ends.clone();
        ends.extend(self.actor.states());
        ends
    }

    pub(crate) fn end(&self, task: u64) -> Option<State> {
        self.ends().get(&DutyKey::new(task, 0)).copied()
    }
}

fn ports(
    chain: FakeChain,
    content: &Arc<FakeContent>,
    engine: &Arc<FakeEngine>,
    peers: &FakePeers,
    beacon: &Arc<FakeBeacon>,
) -> Ports {
    Ports {
        chain: Arc::new(chain),
        content: Arc::clone(content) as _,
        inference: Arc::clone(engine) as _,
        peers: Arc::new(peers.clone()),
        beacon: Some(Arc::clone(beacon) as _),
    }
}

fn actor(
    world: &World,
    me: &str,
    ports: Ports,
    settings: Settings,
    intake: &Arc<Intake>,
    home: &std::path::Path,
) -> Actor {
    let voter = world.lock().voters[me].clone();
    let journal = Journal::open(home).unwrap();
    Actor::new(
        ports,
        settings,
        voter,
        journal,
        Arc::clone(intake),
        Arc::new(Metrics::default()),
    )
}
