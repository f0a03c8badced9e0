//! Which leaf to ask of whom, and what to do with the answer.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::leaf::{Event, Outcome, fetch_leaf};
use super::meter::Meter;
use super::peer::Peer;
use super::shares::Shares;
use super::{FetchError, Peers, Progress, Tuning};
use crate::client::{Client, Fault};
use crate::models::{Bitmap, ModelFile};

/// Longest sleep between two looks at the state.
const TICK: Duration = Duration::from_millis(25);

/// Peers known at most; a longer list of the provider is cut.
const MAX_PEERS: usize = 64;

/// Leaves in flight at a peer that has everything, while others are still growing.
const POLITE: usize = 2;

/// How long a growing peer's silence keeps us from asking one that has everything.
const NEWS_PATIENCE: Duration = Duration::from_millis(300);

/// One fetch. A single task owns all of this; futures in flight only report events.
pub(super) struct Swarm<'a> {
    client: &'a Client,
    tuning: Tuning,
    file: Arc<ModelFile>,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
    have: Bitmap,
    left: usize,
    /// Leaves in random order, so that fetchers that begin together take different ones.
    order: Vec<usize>,
    peers: BTreeMap<String, Peer>,
    /// Leaf → who was asked for it and when: at most two.
    asked: BTreeMap<usize, Vec<(String, Instant)>>,
    in_flight: usize,
    /// Last time a peer that has everything was asked.
    whole_asked: Instant,
    last_leaf: Instant,
    meter: Meter,
    shares: Shares,
    events: FuturesUnordered<BoxFuture<'a, Event>>,
}

impl<'a> Swarm<'a> {
    pub(super) fn new(
        client: &'a Client,
        tuning: Tuning,
        file: Arc<ModelFile>,
        progress: &'a (dyn Fn(Progress) + Send + Sync),
    ) -> Self {
        let have = file.have();
        let random = RandomState::new();
        let mut order: Vec<usize> = (0..have.leaves()).filter(|leaf| !have.has(*leaf)).collect();
        order.sort_by_cached_key(|leaf| random.hash_one(leaf));
        let now = Instant::now();
        Self {
            client,
            tuning,
            progress,
            left: order.len(),
            order,
            have,
            peers: BTreeMap::new(),
            asked: BTreeMap::new(),
            in_flight: 0,
            whole_asked: now,
            last_leaf: now,
            meter: Meter::new(&file, now),
            file,
            shares: Shares::default(),
            events: FuturesUnordered::new(),
        }
    }

    /// Runs until every leaf is on disk.
    pub(super) async fn run(mut self, provider: &'a dyn Peers) -> Result<(), FetchError> {
        self.shares = Shares::new(provider.own());
        self.ask_provider(provider, Duration::ZERO);
        self.report();
        while self.left > 0 {
            self.poll_peers();
            self.ask_leaves();
            self.check_stalled()?;
            let event = tokio::select! {
                Some(event) = self.events.next() => event,
                () = tokio::time::sleep(TICK) => continue,
            };
            match event {
                Event::Peers(named) => {
                    self.take_peers(named);
                    self.ask_provider(provider, self.tuning.peers_again);
                }
                Event::Have(peer, asked, answer) => self.take_have(&peer, asked, answer),
                Event::Leaf(peer, leaf, asked, outcome) => {
                    self.take_leaf(&peer, leaf, asked, outcome)?;
                }
            }
        }
        Ok(())
    }

    fn ask_provider(&mut self, provider: &'a dyn Peers, after: Duration) {
        self.events.push(Box::pin(async move {
            tokio::time::sleep(after).await;
            Event::Peers(provider.peers().await)
        }));
    }

    fn take_peers(&mut self, named: Vec<String>) {
        let now = Instant::now();
        for peer in self.peers.values_mut() {
            peer.named = false;
        }
        for name in named.into_iter().take(MAX_PEERS) {
            let peer = self.peers.entry(name).or_insert_with(|| Peer::new(now));
            peer.named = true;
        }
        self.peers
            .retain(|_, peer| peer.named || peer.in_flight > 0 || peer.polling);
    }

    /// Asks the peers that are due for their have-bitmap.
    fn poll_peers(&mut self) {
        let now = Instant::now();
        let root = self.file.root();
        for (name, peer) in &mut self.peers {
            if !peer.due(now) {
                continue;
            }
            peer.polling = true;
            let (client, name) = (self.client, name.clone());
            self.events.push(Box::pin(async move {
                let answer = client.have(&name, &root).await;
                Event::Have(name, now, answer)
            }));
        }
    }

    fn take_have(&mut self, name: &str, asked: Instant, answer: Result<Option<Bitmap>, Fault>) {
        let leaves = self.have.leaves();
        let Some(peer) = self.peers.get_mut(name) else {
            return;
        };
        match answer {
            Ok(have) => peer.heard(asked, have, leaves),
            Err(fault) => {
                peer.polling = false;
                peer.failed(&fault, None, &self.tuning);
                let lie = fault.is_lie();
                tracing::info!(peer = name, lie, %fault, "a peer did not say which leaves it has");
            }
        }
    }

    /// Hands out leaves, one a peer and turn, growing peers first: what they have spares the others.
    fn ask_leaves(&mut self) {
        let now = Instant::now();
        let rarity = self.rarity(now);
        let fetching = self.peers.iter().filter(|(_, peer)| peer.partial(now));
        let fetching = fetching.map(|(name, _)| name.clone()).collect();
        self.shares.update(fetching, self.file.leaves());
        loop {
            let before = self.in_flight;
            for name in self.by_turn(now, false) {
                self.ask_one(&name, &rarity, now);
            }
            if self.has_news(now) {
                for name in self.by_turn(now, true) {
                    self.ask_one(&name, &rarity, now);
                }
            }
            if self.in_flight == before {
                return;
            }
        }
    }

    /// How many useful peers have each leaf.
    fn rarity(&self, now: Instant) -> Vec<u16> {
        let useful: Vec<&Peer> = self
            .peers
            .values()
            .filter(|peer| peer.useful(now))
            .collect();
        (0..self.have.leaves())
            .map(|leaf| {
                let holders = useful.iter().filter(|peer| peer.has(leaf)).count();
                u16::try_from(holders).unwrap_or(u16::MAX)
            })
            .collect()
    }

    /// Peers with room, the least busy first.
    fn by_turn(&self, now: Instant, whole: bool) -> Vec<String> {
        let growing = self.peers.values().any(|peer| peer.partial(now));
        let window = if whole && growing {
            self.tuning.per_peer.min(POLITE)
        } else {
            self.tuning.per_peer
        };
        let mut turn: Vec<(usize, &String)> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.useful(now) && peer.whole(now) == whole)
            .filter(|(_, peer)| peer.has_room(window))
            .map(|(name, peer)| (peer.in_flight, name))
            .collect();
        turn.sort();
        turn.into_iter().map(|(_, name)| name.clone()).collect()
    }

    /// Whether the growing peers have told what they have since a whole one was last asked. If not,
    /// they are asked now: so leaves spread between those who fetch, and the first seed gives each leaf
    /// about once.
    fn has_news(&mut self, now: Instant) -> bool {
        let waited = now.saturating_duration_since(self.whole_asked) >= NEWS_PATIENCE;
        let since = self.whole_asked;
        let mut stale = self
            .peers
            .values_mut()
            .filter(|peer| peer.partial(now) && !peer.news_since(since))
            .peekable();
        if stale.peek().is_none() {
            return true;
        }
        stale.for_each(|peer| peer.poll_soon(now));
        waited
    }

    fn ask_one(&mut self, name: &str, rarity: &[u16], now: Instant) {
        if self.in_flight >= self.tuning.in_flight {
            return;
        }
        let Some(leaf) = self.choose(name, rarity, now) else {
            return;
        };
        let Some(peer) = self.peers.get_mut(name) else {
            return;
        };
        peer.in_flight = peer.in_flight.saturating_add(1);
        if peer.whole(now) {
            self.whole_asked = now;
        }
        self.in_flight = self.in_flight.saturating_add(1);
        let askers = self.asked.entry(leaf).or_default();
        askers.push((name.to_owned(), now));
        let fetch = fetch_leaf(
            self.client,
            name.to_owned(),
            Arc::clone(&self.file),
            leaf,
            now,
        );
        self.events.push(Box::pin(fetch));
    }

    /// The rarest missing leaf that this peer has and nobody was asked for, of our own share first; when there is none, one
    /// that somebody else takes too long for.
    fn choose(&self, name: &str, rarity: &[u16], now: Instant) -> Option<usize> {
        let peer = self.peers.get(name)?;
        let rarest = self
            .order
            .iter()
            .filter(|leaf| !self.have.has(**leaf) && peer.has(**leaf))
            .filter(|leaf| !self.asked.contains_key(*leaf))
            .min_by_key(|leaf| (rarity.get(**leaf).copied(), !self.shares.ours(**leaf)));
        rarest.copied().or_else(|| {
            let late = self.asked.iter().find(|(leaf, askers)| match &askers[..] {
                [(other, since)] => {
                    other != name
                        && peer.has(**leaf)
                        && now.saturating_duration_since(*since) >= self.tuning.second_ask
                }
                _ => false,
            });
            late.map(|(leaf, _)| *leaf)
        })
    }

    fn take_leaf(
        &mut self,
        name: &str,
        leaf: usize,
        asked: Instant,
        outcome: Outcome,
    ) -> Result<(), FetchError> {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(askers) = self.asked.get_mut(&leaf) {
            askers.retain(|(asker, _)| asker != name);
            if askers.is_empty() {
                self.asked.remove(&leaf);
            }
        }
        if let Some(peer) = self.peers.get_mut(name) {
            peer.in_flight = peer.in_flight.saturating_sub(1);
            match &outcome {
                Outcome::Written => peer.succeeded(asked.elapsed()),
                Outcome::Fault(fault) => peer.failed(fault, Some(leaf), &self.tuning),
                Outcome::Disk(_) => {}
            }
        }
        match outcome {
            Outcome::Written => self.note_leaf(leaf),
            Outcome::Fault(fault) => {
                tracing::warn!(peer = name, leaf, lie = fault.is_lie(), %fault, "a peer failed on a leaf: asked elsewhere");
            }
            Outcome::Disk(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn note_leaf(&mut self, leaf: usize) {
        if self.have.has(leaf) {
            return;
        }
        self.have.set(leaf, true);
        self.left = self.left.saturating_sub(1);
        self.last_leaf = Instant::now();
        if self.left < self.order.len() / 2 {
            let have = &self.have;
            self.order.retain(|leaf| !have.has(*leaf));
        }
        self.meter.add(&self.file, leaf);
        self.report();
    }

    fn report(&self) {
        let now = Instant::now();
        let peers = self.peers.values().filter(|peer| peer.useful(now)).count();
        let done = self.have.leaves().saturating_sub(self.left);
        (self.progress)(self.meter.progress(done, self.have.leaves(), peers));
    }

    fn check_stalled(&self) -> Result<(), FetchError> {
        let waited = self.last_leaf.elapsed();
        if waited < self.tuning.stalled {
            return Ok(());
        }
        Err(FetchError::Stalled {
            root: self.file.root(),
            done: self.have.leaves().saturating_sub(self.left),
            leaves: self.have.leaves(),
            peers: self.peers.len(),
            seconds: waited.as_secs(),
        })
    }
}
