//! Who goes first: work that any worker could do is spread by a hash, over four blocks or 256 turns, so that one
//! does it and the others find it done.

use sha2::{Digest, Sha256};

/// Blocks that beacon rounds and advances are spread over.
const STEPS: u8 = 4;

/// How many blocks `worker` (canonical address bytes) waits before it relays this beacon round:
/// SHA-256(be64 round ‖ worker) mod 4, the digest read as one big-endian number (worker.md, section 1).
#[must_use]
pub fn beacon_wait(round: u64, worker: &[u8]) -> u64 {
    wait(&[&round.to_be_bytes(), worker])
}

/// How many blocks it waits before it advances this task out of the state entered at `entered`.
#[must_use]
pub fn advance_wait(task: u64, entered: u64, worker: &[u8]) -> u64 {
    wait(&[&task.to_be_bytes(), &entered.to_be_bytes(), worker])
}

/// How many turns a worker that is in no committee of this task lets pass after the committee's own: one of 256,
/// since each who sends at the same time as another loses its gas, and the window is 17,280 blocks.
#[must_use]
pub fn deliver_turn(task: u64, worker: &[u8]) -> u64 {
    u64::from(last_byte(&[b"deliver", &task.to_be_bytes(), worker]))
}

fn wait(parts: &[&[u8]]) -> u64 {
    // 256 is a multiple of 4: the last byte alone tells the remainder.
    u64::from(last_byte(parts) & (STEPS - 1))
}

fn last_byte(parts: &[&[u8]]) -> u8 {
    let digest: [u8; 32] = Sha256::new_with_prefix(parts.concat()).finalize().into();
    digest.last().copied().unwrap_or(0)
}
