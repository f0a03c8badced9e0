//! Every storage key of the contract, in one place.
//!
//! A key is a tag byte and fixed-width parts, big-endian, so that ranges come in numeric order.
//! Accounts are canonical bytes with a length byte before them: half the size of a bech32 text, and
//! no account is the prefix of another. The crate `cw2` adds its own key, `contract_info`, whose
//! first byte is no tag.

use cosmwasm_std::CanonicalAddr;

/// What was fixed at instantiation.
const CONFIG: u8 = 0x01;
/// version → parameters.
const PARAMS: u8 = 0x02;
/// The current version of the parameters, the next ids.
const SEQUENCE: u8 = 0x03;
/// Every pot of the conservation law.
const TOTALS: u8 = 0x04;
/// The slash meter.
const METER: u8 = 0x05;
/// account → what it can withdraw.
const BALANCE: u8 = 0x06;
/// worker → bond, lock, conduct.
const STAKE: u8 = 0x07;
/// worker → voter key, endpoint, moniker.
const PROFILE: u8 = 0x08;
/// model → what was registered.
const MODEL: u8 = 0x09;
/// model → counters.
const MODEL_STATE: u8 = 0x0a;
/// manifest, model → present.
const MANIFEST: u8 = 0x0b;
/// model → occupied slots.
const BITMAP: u8 = 0x0c;
/// model, slot → worker.
const SEAT: u8 = 0x0d;
/// worker, model → slot.
const SEAT_OF: u8 = 0x0e;
/// task → what was posted.
const TASK: u8 = 0x0f;
// 0x10 was task → present while it is open, in older versions; what is left of it means nothing.
/// task → status, round, windows; present while the task is open.
const PHASE: u8 = 0x11;
/// task → commits and reveals of the current round.
const COUNTERS: u8 = 0x12;
/// task, round → how it was opened, what it waits for.
const ROUND: u8 = 0x13;
/// task, round → members by position, and replaced ones.
const ROSTER: u8 = 0x14;
/// worker, task → the membership.
const MEMBER: u8 = 0x15;
/// task, round, ballot digest → line and votes.
const TALLY: u8 = 0x16;
/// task, round, line → ballot.
const BALLOT: u8 = 0x17;
/// task → what is left of it at the end.
const SUMMARY: u8 = 0x18;
/// beacon round, task → present while the task waits.
const WAIT: u8 = 0x19;
/// beacon round → randomness, and when it came.
const RANDOMNESS: u8 = 0x1a;
/// model, prompt → the answer index.
const ANSWER: u8 = 0x1b;
/// Present while new tasks and models are refused.
const PAUSED: u8 = 0x1c;
/// Who was offered the ownership.
const PENDING_OWNER: u8 = 0x1d;
/// Height at which amounts among the parameters last changed.
const AMOUNTS_UPDATED: u8 = 0x1e;
/// model → ratings of its answers.
const RATINGS: u8 = 0x1f;
/// task → what its requester said of the answer.
const RATED: u8 = 0x20;
/// task → the prompt it carries, while it is open.
const CARRIED: u8 = 0x21;
/// task → its callback, until it is delivered or over.
const CALLBACK: u8 = 0x22;

/// A number that only grows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sequence {
    /// The current version of the parameters.
    Params = 0,
    /// The id of the next model.
    Model = 1,
    /// The id of the next task.
    Task = 2,
}

/// A storage key under construction.
#[derive(Clone, Debug)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    #[inline(never)]
    fn tag(tag: u8) -> Self {
        let mut bytes = Vec::with_capacity(48);
        bytes.push(tag);
        Self(bytes)
    }

    fn u64(self, value: u64) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    fn u32(self, value: u32) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    fn u16(self, value: u16) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    fn u8(self, value: u8) -> Self {
        self.bytes(&[value])
    }

    #[inline(never)]
    fn bytes(mut self, value: &[u8]) -> Self {
        self.0.extend_from_slice(value);
        self
    }

    fn account(self, account: &CanonicalAddr) -> Self {
        let length = u8::try_from(account.as_slice().len()).unwrap_or(u8::MAX);
        self.u8(length).bytes(account.as_slice())
    }

    /// The bytes of the key.
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

pub(crate) fn config() -> Key {
    Key::tag(CONFIG)
}

pub(crate) fn params(version: u32) -> Key {
    Key::tag(PARAMS).u32(version)
}

pub(crate) fn sequence(which: Sequence) -> Key {
    Key::tag(SEQUENCE).u8(which as u8)
}

pub(crate) fn totals() -> Key {
    Key::tag(TOTALS)
}

pub(crate) fn meter() -> Key {
    Key::tag(METER)
}

pub(crate) fn balance(account: &CanonicalAddr) -> Key {
    Key::tag(BALANCE).account(account)
}

pub(crate) fn stakes() -> Key {
    Key::tag(STAKE)
}

pub(crate) fn stake(worker: &CanonicalAddr) -> Key {
    stakes().account(worker)
}

pub(crate) fn profile(worker: &CanonicalAddr) -> Key {
    Key::tag(PROFILE).account(worker)
}

pub(crate) fn models() -> Key {
    Key::tag(MODEL)
}

pub(crate) fn model(model: u64) -> Key {
    models().u64(model)
}

pub(crate) fn model_state(model: u64) -> Key {
    Key::tag(MODEL_STATE).u64(model)
}

pub(crate) fn manifests(manifest: &[u8; 32]) -> Key {
    Key::tag(MANIFEST).bytes(manifest)
}

pub(crate) fn manifest(manifest: &[u8; 32], model: u64) -> Key {
    manifests(manifest).u64(model)
}

pub(crate) fn bitmap(model: u64) -> Key {
    Key::tag(BITMAP).u64(model)
}

pub(crate) fn seats(model: u64) -> Key {
    Key::tag(SEAT).u64(model)
}

pub(crate) fn seat(model: u64, slot: u16) -> Key {
    seats(model).u16(slot)
}

pub(crate) fn seats_of(worker: &CanonicalAddr) -> Key {
    Key::tag(SEAT_OF).account(worker)
}

pub(crate) fn seat_of(worker: &CanonicalAddr, model: u64) -> Key {
    seats_of(worker).u64(model)
}

pub(crate) fn task(task: u64) -> Key {
    Key::tag(TASK).u64(task)
}

pub(crate) fn phases() -> Key {
    Key::tag(PHASE)
}

pub(crate) fn phase(task: u64) -> Key {
    phases().u64(task)
}

pub(crate) fn counters(task: u64) -> Key {
    Key::tag(COUNTERS).u64(task)
}

pub(crate) fn round(task: u64, round: u8) -> Key {
    Key::tag(ROUND).u64(task).u8(round)
}

pub(crate) fn roster(task: u64, round: u8) -> Key {
    Key::tag(ROSTER).u64(task).u8(round)
}

pub(crate) fn memberships(worker: &CanonicalAddr) -> Key {
    Key::tag(MEMBER).account(worker)
}

pub(crate) fn member(worker: &CanonicalAddr, task: u64) -> Key {
    memberships(worker).u64(task)
}

pub(crate) fn tally_lines(task: u64, round: u8) -> Key {
    Key::tag(TALLY).u64(task).u8(round)
}

pub(crate) fn tally_line(task: u64, round: u8, digest: &[u8; 32]) -> Key {
    tally_lines(task, round).bytes(digest)
}

pub(crate) fn ballot(task: u64, round: u8, line: u8) -> Key {
    Key::tag(BALLOT).u64(task).u8(round).u8(line)
}

pub(crate) fn summaries() -> Key {
    Key::tag(SUMMARY)
}

pub(crate) fn summary(task: u64) -> Key {
    summaries().u64(task)
}

pub(crate) fn waits() -> Key {
    Key::tag(WAIT)
}

pub(crate) fn waits_for(beacon_round: u64) -> Key {
    waits().u64(beacon_round)
}

pub(crate) fn wait(beacon_round: u64, task: u64) -> Key {
    waits_for(beacon_round).u64(task)
}

pub(crate) fn randomness(beacon_round: u64) -> Key {
    Key::tag(RANDOMNESS).u64(beacon_round)
}

pub(crate) fn paused() -> Key {
    Key::tag(PAUSED)
}

pub(crate) fn pending_owner() -> Key {
    Key::tag(PENDING_OWNER)
}

pub(crate) fn amounts_updated() -> Key {
    Key::tag(AMOUNTS_UPDATED)
}

pub(crate) fn ratings(model: u64) -> Key {
    Key::tag(RATINGS).u64(model)
}

pub(crate) fn rated(task: u64) -> Key {
    Key::tag(RATED).u64(task)
}

pub(crate) fn carried(task: u64) -> Key {
    Key::tag(CARRIED).u64(task)
}

pub(crate) fn callback(task: u64) -> Key {
    Key::tag(CALLBACK).u64(task)
}

pub(crate) fn answer(model: u64, prompt: &[u8; 32]) -> Key {
    Key::tag(ANSWER).u64(model).bytes(prompt)
}
