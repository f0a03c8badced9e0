//! The chain's blocks as ticks for the actor.

use std::time::Duration;

use antiphon_chain::{BlockStream, ChainError, wasm_events};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::ports::Tick;
use crate::run::RunError;

/// Blocks between two writes of the cursor.
const ACKNOWLEDGE_EVERY: u64 = 20;
/// Pause after the node did not answer.
const NODE_AGAIN: Duration = Duration::from_secs(1);

/// Blocks that waited while the actor was busy count as one.
pub(crate) fn newest(first: Tick, ticks: &mut mpsc::Receiver<Tick>) -> Tick {
    let mut tick = first;
    while let Ok(next) = ticks.try_recv() {
        tick = Tick {
            touched: tick.touched || next.touched,
            ..next
        };
    }
    tick
}

/// Follows the chain; a node that is away is waited for, a chain that was reset is an error.
pub(crate) async fn follow(
    mut stream: BlockStream,
    contract: String,
    ticks: mpsc::Sender<Tick>,
) -> Result<(), RunError> {
    loop {
        let block = match stream.next().await {
            Ok(block) => block,
            Err(error @ ChainError::ChainReset { .. }) => return Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "no blocks");
                sleep(NODE_AGAIN).await;
                continue;
            }
        };
        let touched = block.gap.is_some() || !wasm_events(&block.results, &contract).is_empty();
        let height = block.height;
        // Blocks read late only wake: what counts is the newest height, at which state will be read.
        let tick = Tick {
            height: height.max(block.head),
            time: block.head_time,
            touched,
        };
        if ticks.send(tick).await.is_err() {
            return Ok(());
        }
        if height.is_multiple_of(ACKNOWLEDGE_EVERY) {
            stream.acknowledge(height)?;
        }
    }
}
