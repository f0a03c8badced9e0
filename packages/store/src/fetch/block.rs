//! One block from the first source that really has it.

use antiphon_content::Cid;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::Fetcher;
use crate::client::Fault;

/// Sources asked at most for one block; the rest of the list is ignored.
const MAX_SOURCES: usize = 64;

/// Of those, asked at the same time.
const MAX_AT_ONCE: usize = 4;

/// No source gave the block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no source gave the block {cid}: {}", said(.faults))]
pub struct BlockUnavailable {
    /// The block.
    pub cid: Cid,
    /// What each source did instead.
    pub faults: Vec<(String, Fault)>,
}

fn said(faults: &[(String, Fault)]) -> String {
    if faults.is_empty() {
        return "there was nobody to ask; wait until a peer is known".to_owned();
    }
    let lines = faults
        .iter()
        .map(|(source, fault)| format!("{source} {fault}"));
    lines.collect::<Vec<_>>().join("; ")
}

impl Fetcher {
    /// The block, from the sources in this order: the next one is asked when one fails, or is slow to
    /// answer; the first right answer wins. Memory: `max_bytes` for each source in flight.
    ///
    /// # Errors
    /// All sources failed; each one's fault is given.
    pub async fn fetch_block(
        &self,
        cid: &Cid,
        sources: &[String],
        max_bytes: usize,
    ) -> Result<Bytes, BlockUnavailable> {
        let mut waiting = sources.iter().take(MAX_SOURCES);
        let mut asked = FuturesUnordered::new();
        let mut faults = Vec::new();
        let ask = |source: &'_ String| {
            let source = source.clone();
            async move {
                let answer = self.client.get_block(&source, cid, max_bytes).await;
                (source, answer)
            }
        };
        asked.extend(waiting.next().map(ask));
        while !asked.is_empty() {
            let hedge = tokio::time::sleep(self.tuning.hedge);
            tokio::select! {
                Some((source, answer)) = asked.next() => match answer {
                    Ok(bytes) => return Ok(bytes),
                    Err(fault) => {
                        note(cid, &source, &fault);
                        faults.push((source, fault));
                        asked.extend(waiting.next().map(ask));
                    }
                },
                () = hedge, if asked.len() < MAX_AT_ONCE => asked.extend(waiting.next().map(ask)),
            }
        }
        Err(BlockUnavailable { cid: *cid, faults })
    }
}

/// Lies are named in the log for everybody to see, absence is not.
fn note(cid: &Cid, peer: &str, fault: &Fault) {
    if fault.is_lie() {
        tracing::warn!(%cid, peer, %fault, "a source lied about a block");
    } else {
        tracing::debug!(%cid, peer, %fault, "a source did not give a block");
    }
}
