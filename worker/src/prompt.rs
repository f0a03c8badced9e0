//! Finding a prompt's block: who is asked, in which order, and when it is fair to say `unavailable`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use antiphon_api::{Cid, TaskResponse};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::ports::{ChainPort, ContentPort, EdgeError};

/// Asks of every source before a prompt counts as not to be had.
const ASKS: u32 = 2;
/// Longest a single source can keep us, whatever it does: enough for 64 KiB, and two passes over
/// sources that all hang fit into the shortest commit window.
const ASK_LIMIT: Duration = Duration::from_secs(6);
/// A source that has not answered by then is no longer waited for alone: the next one is asked too.
const NEXT_AFTER: Duration = Duration::from_millis(500);
/// Other seats of the model that are asked.
const OTHER_SEATS: usize = 8;

/// The edges a search uses.
#[derive(Clone)]
pub struct Finder {
    /// For endpoints of holders, members and seats.
    pub chain: Arc<dyn ChainPort>,
    /// For the blocks themselves.
    pub content: Arc<dyn ContentPort>,
    /// Asked last.
    pub static_peers: Vec<String>,
    /// This worker, which is not asked over the network.
    pub me: String,
    /// Pause between two asks of one source.
    pub again_after: Duration,
}

impl std::fmt::Debug for Finder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Finder")
            .field("me", &self.me)
            .finish_non_exhaustive()
    }
}

/// How long to go on.
#[derive(Clone, Debug)]
pub enum Patience {
    /// One pass: the block is wanted, but nothing depends on it (speculation).
    OnePass,
    /// Until every source failed twice and the chain has reached this height, half of the window.
    Until(u64, watch::Receiver<u64>),
}

impl Finder {
    /// The block, or none if every source failed as often as `patience` asks for.
    ///
    /// Endless while the chain cannot be asked for sources: silence of our own node is no ground for
    /// saying `unavailable`. The caller drops the search when its duty has ended.
    pub async fn find(&self, task: &TaskResponse, patience: Patience) -> Option<Vec<u8>> {
        let mut asked: BTreeMap<String, u32> = BTreeMap::new();
        loop {
            let sources = self.sources(task).await;
            if let Some(found) = self
                .pass(
                    &task.prompt,
                    sources.as_deref().unwrap_or_default(),
                    &mut asked,
                )
                .await
            {
                return Some(found);
            }
            match &patience {
                Patience::OnePass => return None,
                Patience::Until(height, heights) => {
                    let all = |list: &Vec<String>| {
                        list.iter()
                            .all(|s| asked.get(s).is_some_and(|n| *n >= ASKS))
                    };
                    if *heights.borrow() >= *height && sources.as_ref().is_ok_and(all) {
                        return None;
                    }
                }
            }
            sleep(self.again_after).await;
        }
    }

    /// Any block from our store or one of these sources, each asked once.
    pub async fn once(&self, cid: &Cid, sources: &[String]) -> Option<Vec<u8>> {
        self.pass(cid, sources, &mut BTreeMap::new()).await
    }

    /// Our own store first, then every source once, in order, a slow one beside the next.
    async fn pass(
        &self,
        cid: &Cid,
        sources: &[String],
        asked: &mut BTreeMap<String, u32>,
    ) -> Option<Vec<u8>> {
        if let Ok(Some(block)) = self.content.local(cid).await
            && cid.matches(&block)
        {
            self.keep(cid, &block).await;
            return Some(block);
        }
        let mut running = FuturesUnordered::new();
        let mut waiting = sources.iter();
        loop {
            if let Some(source) = waiting.next() {
                running.push(self.ask(source, cid));
            }
            let answered = match waiting.len() {
                0 => running.next().await,
                _ => timeout(NEXT_AFTER, running.next())
                    .await
                    .unwrap_or(Some(None)),
            };
            let (source, block) = match answered {
                Some(Some(answer)) => answer,
                // The slow one goes on; the next one is asked too.
                Some(None) => continue,
                None => return None,
            };
            let count = asked.entry(source.to_owned()).or_default();
            *count = count.saturating_add(1);
            if block.is_some() {
                return block;
            }
        }
    }

    /// One source, once; what it gives is hashed before anybody sees it, and kept.
    async fn ask<'a>(&self, source: &'a str, cid: &Cid) -> Option<(&'a str, Option<Vec<u8>>)> {
        let answer = timeout(ASK_LIMIT, self.content.ask(source, cid)).await;
        let block = match answer {
            Ok(Ok(block)) if cid.matches(&block) => block,
            Ok(Ok(_)) => {
                tracing::warn!(source, "gave other bytes than the prompt's");
                return Some((source, None));
            }
            Ok(Err(error)) => {
                tracing::debug!(source, %error, "does not give the prompt");
                return Some((source, None));
            }
            Err(_) => {
                tracing::warn!(source, "did not answer in time");
                return Some((source, None));
            }
        };
        self.keep(cid, &block).await;
        Some((source, Some(block)))
    }

    /// Kept also when it was here: a task needs it now, so it must not be evicted.
    async fn keep(&self, cid: &Cid, block: &[u8]) {
        if let Err(error) = self.content.keep(cid, block).await {
            tracing::warn!(%error, "the prompt is not kept in our store");
        }
    }

    /// Holders, members of all rounds (earlier first), more seats of the model, static peers; each once.
    async fn sources(&self, task: &TaskResponse) -> Result<Vec<String>, EdgeError> {
        let mut list = Sources::default();
        for holder in task.holders.iter().filter(|w| **w != self.me) {
            let found = self.chain.worker(holder).await?;
            list.add(found.and_then(|worker| worker.endpoint));
        }
        for round in 0..=task.round {
            let members = self.chain.round(task.task, round).await?;
            for member in members.members.into_iter().chain(members.replaced) {
                if member.worker != self.me {
                    list.add(member.endpoint);
                }
            }
        }
        let seats = self.chain.seats(task.model).await?.seats;
        let mut others: Vec<_> = seats
            .into_iter()
            .filter(|seat| seat.worker != self.me)
            .map(|seat| (distance(&task.prompt, &seat.worker), seat.endpoint))
            .collect();
        others.sort();
        others.truncate(OTHER_SEATS);
        others
            .into_iter()
            .for_each(|(_, endpoint)| list.add(endpoint));
        self.static_peers
            .iter()
            .for_each(|peer| list.add(Some(peer.clone())));
        Ok(list.ordered)
    }
}

#[derive(Default)]
struct Sources {
    ordered: Vec<String>,
    known: BTreeSet<String>,
}

impl Sources {
    fn add(&mut self, endpoint: Option<String>) {
        if let Some(endpoint) = endpoint
            && self.known.insert(endpoint.clone())
        {
            self.ordered.push(endpoint);
        }
    }
}

/// Spreads the asking over the seats: another order for each prompt.
fn distance(prompt: &Cid, worker: &str) -> [u8; 32] {
    let canonical = antiphon_chain::canonical(worker).unwrap_or_default();
    Sha256::new_with_prefix(prompt.digest())
        .chain_update(canonical)
        .finalize()
        .into()
}
