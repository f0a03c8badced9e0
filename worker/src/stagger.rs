//! Who goes first: work that any worker could do is spread over four blocks by a hash, so that one
//! does it and the others find it done.

use sha2::{Digest, Sha256};

/// Blocks the work is spread over.
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

/// How many turns a worker that is in no committee of this task lets pass after the committee's own.
#[must_use]
pub fn deliver_turn(task: u64, worker: &[u8]) -> u64 {
    wait(&[b"deliver", &task.to_be_bytes(), worker])
}

fn wait(parts: &[&[u8]]) -> u64 {
    let digest: [u8; 32] = Sha256::new_with_prefix(parts.concat()).finalize().into();
    // 256 is a multiple of 4: the last byte alone tells the remainder.
    digest
        .last()
        .map_or(0, |byte| u64::from(byte & (STEPS - 1)))
}
