//! The hashes that bind ballots, votes and traces to one task, round, worker, contract and chain.
//!
//! Every digest starts with an ASCII tag of its own, so no preimage of one kind is one of another.
//! `lp(x)` is the length of `x` as two bytes big-endian, then `x` (documents, digests).

use antiphon_content::Cid;
use sha2::{Digest, Sha256};

use crate::{Ballot, Finish};

const TASK: &[u8] = b"antiphon/task/1";
const BALLOT: &[u8] = b"antiphon/ballot/1";
const COMMIT: &[u8] = b"antiphon/commit/1";
const VOTE: &[u8] = b"antiphon/vote/1";
const ROUND: &[u8] = b"antiphon/round/1";
const SALT: &[u8] = b"antiphon/salt/1";

/// What makes a task this one and no other on any chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskIdentity<'a> {
    /// The chain's id.
    pub chain_id: &'a str,
    /// Canonical bytes of the contract's address.
    pub contract: &'a [u8],
    /// The task's id.
    pub task: u64,
    /// Canonical bytes of the requester's address.
    pub requester: &'a [u8],
    /// The model's manifest.
    pub manifest: &'a Cid,
    /// The prompt's raw block.
    pub prompt: &'a Cid,
    /// The task's limit of output tokens.
    pub max_output_tokens: u32,
    /// Length of the prompt's block.
    pub prompt_bytes: u32,
}

/// Computed once, when the task is posted; every vote of the task names it.
#[must_use]
pub fn task_digest(task: &TaskIdentity<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(TASK);
    update_prefixed(&mut hash, task.chain_id.as_bytes());
    update_prefixed(&mut hash, task.contract);
    hash.update(task.task.to_be_bytes());
    update_prefixed(&mut hash, task.requester);
    hash.update(task.manifest.digest());
    hash.update(task.prompt.digest());
    hash.update(task.max_output_tokens.to_be_bytes());
    hash.update(task.prompt_bytes.to_be_bytes());
    hash.finalize().into()
}

/// Equal for equal ballots only: what is counted when ballots are compared.
#[must_use]
pub fn ballot_digest(ballot: &Ballot) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(BALLOT);
    match ballot {
        Ballot::Answer {
            cid,
            finish,
            output_tokens,
            prompt_tokens,
            trace,
        } => {
            hash.update([1]);
            hash.update(cid.digest());
            hash.update(prompt_tokens.to_be_bytes());
            hash.update(output_tokens.to_be_bytes());
            hash.update([finish_byte(*finish)]);
            hash.update(trace.bytes());
        }
        Ballot::Unavailable {} => hash.update([2]),
        Ballot::Invalid {} => hash.update([3]),
    }
    hash.finalize().into()
}

/// What a member publishes before anybody may see its ballot; `worker` is its canonical address.
#[must_use]
pub fn commitment(
    task_digest: &[u8; 32],
    round: u8,
    worker: &[u8],
    ballot_digest: &[u8; 32],
    salt: &[u8; 32],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(COMMIT);
    update_member(&mut hash, task_digest, round, worker);
    hash.update(ballot_digest);
    hash.update(salt);
    hash.finalize().into()
}

/// The 32 bytes that the member's voter key signs; `worker` is the member's canonical address.
#[must_use]
pub fn vote_digest(
    task_digest: &[u8; 32],
    round: u8,
    worker: &[u8],
    commitment: &[u8; 32],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(VOTE);
    update_member(&mut hash, task_digest, round, worker);
    hash.update(commitment);
    hash.finalize().into()
}

/// Binds a trace to its task and round, so that one computed for another proves nothing here.
#[must_use]
pub fn trace_nonce(task_digest: &[u8; 32], round: u8) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(ROUND);
    hash.update(task_digest);
    hash.update([round]);
    hash.finalize().into()
}

/// The message whose HMAC-SHA256 under the voter's 32-byte secret scalar is the salt.
///
/// The salt is derived and not drawn, so a restarted or doubled worker commits to the same hash.
#[must_use]
pub fn salt_preimage(task_digest: &[u8; 32], round: u8) -> Vec<u8> {
    [SALT, task_digest, &[round]].concat()
}

const fn finish_byte(finish: Finish) -> u8 {
    match finish {
        Finish::Stop => 0,
        Finish::Length => 1,
    }
}

fn update_member(hash: &mut Sha256, task_digest: &[u8; 32], round: u8, worker: &[u8]) {
    hash.update(task_digest);
    hash.update([round]);
    update_prefixed(hash, worker);
}

/// Chain ids have at most 50 bytes and addresses at most 255, so the length always fits; should it
/// not, the hash is still a function of all bytes.
fn update_prefixed(hash: &mut Sha256, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    hash.update(length.to_be_bytes());
    hash.update(bytes);
}
