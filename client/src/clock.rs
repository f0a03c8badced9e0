//! How long blocks take, so that windows counted in blocks can be told in seconds too.

use antiphon_chain::{ChainError, unix_seconds};
use serde_json::json;

use crate::network::Network;
use crate::output;

/// Blocks over which the time is averaged.
const SPAN: u64 = 50;

/// The newest height, and how long a block takes by the last fifty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The newest height.
    pub height: u64,
    /// Milliseconds of a block; none if the node does not have the older one.
    pub block_ms: Option<u64>,
}

impl Clock {
    /// Reads the clock of a chain.
    ///
    /// # Errors
    /// No node answers.
    pub async fn read(network: &Network) -> Result<Self, ChainError> {
        let status = network.chain.status().await?;
        let first = status.height.saturating_sub(SPAN);
        let first = first.max(status.earliest_height).max(1);
        let blocks = status.height.saturating_sub(first);
        let seconds = match (unix_seconds(&status.time), time_of(network, first).await) {
            (Ok(now), Some(then)) => now.checked_sub(then),
            _ => None,
        };
        let block_ms = seconds.and_then(|seconds| seconds.checked_mul(1_000)?.checked_div(blocks));
        Ok(Self {
            height: status.height,
            block_ms: block_ms.filter(|ms| *ms > 0),
        })
    }

    /// Blocks until a message can no longer come in: it is accepted up to `deadline`, and the next block
    /// is the first it can be in.
    #[must_use]
    pub const fn blocks_until(&self, deadline: u64) -> u64 {
        deadline.saturating_sub(self.height)
    }

    /// So many blocks, with about how long they take: `95 blocks, about 1 min 35 s`.
    #[must_use]
    pub fn span(&self, blocks: u64) -> String {
        let count = if blocks == 1 { "block" } else { "blocks" };
        match self.seconds(blocks) {
            Some(seconds) => format!("{blocks} {count}, about {}", output::duration(seconds)),
            None => format!("{blocks} {count}"),
        }
    }

    /// About how many seconds so many blocks take.
    #[must_use]
    pub fn seconds(&self, blocks: u64) -> Option<u64> {
        Some(blocks.saturating_mul(self.block_ms?).div_ceil(1_000))
    }
}

async fn time_of(network: &Network, height: u64) -> Option<u64> {
    let params = json!({ "height": height.to_string() });
    let block = network.chain.rpc().call("block", params).await.ok()?;
    unix_seconds(block.pointer("/block/header/time")?.as_str()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_told_in_blocks_and_seconds() {
        let mut clock = Clock {
            height: 100,
            block_ms: Some(1_500),
        };
        assert_eq!(clock.blocks_until(195), 95);
        assert_eq!(clock.blocks_until(99), 0);
        assert_eq!(clock.span(95), "95 blocks, about 2 min 23 s");
        clock.block_ms = None;
        assert_eq!(clock.span(1), "1 block");
    }
}
