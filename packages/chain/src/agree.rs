//! The height the nodes agree on: no single one of them can run it ahead, hold it still, or pass
//! another chain off as ours.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::error::ChainError;
use crate::heights::{Claim, Heights, TOLERANCE, Verdict, attested, compare, is_old};
use crate::rpc::{Rpc, parse_status};
use crate::time::unix_seconds;
use crate::types::Status;

/// Longest wait for what another node says.
const COMPARE_WITHIN: Duration = Duration::from_millis(1_500);
/// A node tells of a block shortly before it can show it.
const SHOWS: u32 = 5;
const SHOW_AGAIN: Duration = Duration::from_millis(100);

impl Rpc {
    /// Where the chain stands, as far as it can be believed: see the module `heights`.
    ///
    /// # Errors
    /// No endpoint answers; all belong to another chain; or a node tells of a height that neither
    /// another node confirms nor it can show itself.
    pub async fn status(&self) -> Result<Status, ChainError> {
        let first = self.claim().await?;
        let now = Instant::now();
        let follows = self.heights().follows(&first.status, now);
        let due = self.heights().is_due(now);
        if self.endpoints.len() > 1 && (due || !follows) {
            return self.compared(first).await;
        }
        if follows {
            self.heights().advance(&first.status, now);
            return Ok(first.status);
        }
        self.alone(first).await
    }

    /// A height the chain has certainly reached: two nodes say so, or the only one shows its block.
    /// For decisions that cannot be taken back.
    ///
    /// # Errors
    /// As [`Rpc::status`].
    pub async fn agreed_height(&self) -> Result<u64, ChainError> {
        let first = self.claim().await?;
        let claims = self.same_chain(self.claims(first.clone()).await);
        if let Some(height) = attested(&claims) {
            return Ok(height);
        }
        let only = claims.into_iter().next().unwrap_or(first);
        if self.shows(&only).await {
            return Ok(only.status.height);
        }
        Err(self.distrusted(&only))
    }

    fn heights(&self) -> MutexGuard<'_, Heights> {
        self.heights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the node that is asked first says.
    async fn claim(&self) -> Result<Claim, ChainError> {
        let (at, value) = self.call_at("status", json!({})).await?;
        Ok(self.claim_of(at, parse_status(value)?))
    }

    fn claim_of(&self, at: usize, status: Status) -> Claim {
        let now = Instant::now();
        let still = self.endpoints.get(at).is_some_and(|endpoint| {
            endpoint.heard(status.height, now);
            endpoint.still(now)
        });
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_seconds = seconds.map_or(0, |since| since.as_secs());
        // A time that cannot be read makes no node old.
        let old = unix_seconds(&status.time).is_ok_and(|time| is_old(time, now_seconds));
        Claim {
            at,
            late: status.catching_up || still || old,
            status,
        }
    }

    /// This claim, and those of every other node that is up.
    async fn claims(&self, first: Claim) -> Vec<Claim> {
        let (now, asked_first) = (Instant::now(), first.at);
        let others = self.endpoints.iter().enumerate();
        let others = others.filter(|(at, node)| *at != asked_first && !node.resting(now));
        let asked = others.map(|(at, node)| async move {
            let answer = timeout(COMPARE_WITHIN, self.ask(node, "status", &json!({}))).await;
            let status = answer.ok().and_then(Result::ok).map(parse_status);
            let Some(Ok(status)) = status else {
                node.rest(Instant::now());
                return None;
            };
            Some(self.claim_of(at, status))
        });
        let mut claims = vec![first];
        claims.extend(join_all(asked).await.into_iter().flatten());
        claims
    }

    /// Leaves out nodes whose first block is another, unless no other node is left.
    fn same_chain(&self, claims: Vec<Claim>) -> Vec<Claim> {
        let same = |claim: &Claim| self.heights().is_same(&claim.status);
        if !claims.iter().any(same) {
            return claims;
        }
        let (ours, others): (Vec<_>, Vec<_>) = claims.into_iter().partition(same);
        for claim in &others {
            self.leave(claim.at, "is of another chain with the same id");
        }
        ours
    }

    async fn compared(&self, first: Claim) -> Result<Status, ChainError> {
        let claims = self.same_chain(self.claims(first).await);
        let chosen = match compare(&claims) {
            Verdict::Agreed(at) => claims.get(at),
            Verdict::Unsure(order) => self.shown(&claims, &order).await,
        };
        let Some(chosen) = chosen else {
            return Err(claims.first().map_or_else(
                || ChainError::NodeDown {
                    tried: String::new(),
                },
                |claim| self.distrusted(claim),
            ));
        };
        let most = chosen.status.height.saturating_add(TOLERANCE);
        for claim in claims.iter().filter(|claim| claim.status.height > most) {
            self.leave(claim.at, "tells of a height that nobody confirms");
        }
        self.prefer(chosen.at);
        let now = Instant::now();
        let mut heights = self.heights();
        heights.compared(now);
        heights.settle(&chosen.status, now);
        Ok(chosen.status.clone())
    }

    /// The highest claim that goes on from what was believed, or whose node can show the block.
    async fn shown<'a>(&self, claims: &'a [Claim], order: &[usize]) -> Option<&'a Claim> {
        for claim in order.iter().filter_map(|at| claims.get(*at)) {
            let follows = self.heights().follows(&claim.status, Instant::now());
            if (follows && claims.len() == 1) || self.shows(claim).await {
                return Some(claim);
            }
        }
        None
    }

    async fn alone(&self, claim: Claim) -> Result<Status, ChainError> {
        let same = self.heights().is_same(&claim.status);
        // Another first block: the chain was reset, which whoever follows it must be told.
        if !same || self.shows(&claim).await {
            if same {
                self.heights().settle(&claim.status, Instant::now());
            }
            return Ok(claim.status);
        }
        Err(self.distrusted(&claim))
    }

    /// Whether the node has the block it tells of.
    async fn shows(&self, claim: &Claim) -> bool {
        let Some(node) = self.endpoints.get(claim.at) else {
            return false;
        };
        let height = claim.status.height;
        for attempt in 0..SHOWS {
            if attempt > 0 {
                sleep(SHOW_AGAIN).await;
            }
            let params = json!({ "height": height.to_string() });
            let Ok(value) = self.ask(node, "block_results", &params).await else {
                continue;
            };
            let got = value.get("height").and_then(serde_json::Value::as_str);
            return got.and_then(|text| text.parse().ok()) == Some(height);
        }
        false
    }

    fn leave(&self, at: usize, why: &str) {
        if let Some(node) = self.endpoints.get(at) {
            tracing::warn!(url = %node.url, why, "endpoint left for a while");
            node.rest(Instant::now());
        }
    }

    fn distrusted(&self, claim: &Claim) -> ChainError {
        let url = self.endpoints.get(claim.at).map_or("", |node| &node.url);
        ChainError::Distrusted {
            url: url.to_owned(),
            height: claim.status.height,
        }
    }
}
