//! Tasks: what was posted, never rewritten; and which of them are open.

use antiphon_api::Cid;
use antiphon_content::Codec;
use cosmwasm_std::{CanonicalAddr, Storage};

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, id_of, load, save, scan};
use crate::error::ContractError;

/// What was posted. No vote and no transition rewrites it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) model: u64,
    pub(crate) requester: CanonicalAddr,
    pub(crate) prompt: Cid,
    pub(crate) prompt_bytes: u32,
    pub(crate) max_output_tokens: u32,
    pub(crate) digest: [u8; 32],
    pub(crate) params_version: u32,
    pub(crate) committee: u8,
    pub(crate) rounds_possible: u8,
    /// Height of `post_task`.
    pub(crate) posted: u64,
    /// Block time of `post_task`, in Unix seconds.
    pub(crate) posted_time: u64,
    pub(crate) full_fee: u128,
    pub(crate) lock: u128,
    pub(crate) holders: Vec<CanonicalAddr>,
    /// The prompt itself is on chain.
    pub(crate) carried: bool,
}

/// Set in the byte that counts the holders.
const CARRIED: u8 = 0x80;

impl Record for Task {
    const NAME: &'static str = "task";

    fn write(&self, to: &mut Writer) {
        to.u64(self.model).account(&self.requester);
        to.bytes(self.prompt.digest()).u32(self.prompt_bytes);
        to.u32(self.max_output_tokens).bytes(&self.digest);
        to.u32(self.params_version)
            .u8(self.committee)
            .u8(self.rounds_possible);
        to.u64(self.posted).u64(self.posted_time);
        to.u128(self.full_fee).u128(self.lock);
        let flag = if self.carried { CARRIED } else { 0 };
        to.u8(u8::try_from(self.holders.len()).unwrap_or(u8::MAX) | flag);
        for holder in &self.holders {
            to.account(holder);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut task = Self {
            model: from.u64()?,
            requester: from.account()?,
            prompt: Cid::new(Codec::Raw, from.array()?),
            prompt_bytes: from.u32()?,
            max_output_tokens: from.u32()?,
            digest: from.array()?,
            params_version: from.u32()?,
            committee: from.u8()?,
            rounds_possible: from.u8()?,
            posted: from.u64()?,
            posted_time: from.u64()?,
            full_fee: from.u128()?,
            lock: from.u128()?,
            holders: Vec::new(),
            carried: false,
        };
        let count = from.u8()?;
        task.carried = count & CARRIED != 0;
        task.holders = (0..count & !CARRIED)
            .map(|_| from.account())
            .collect::<Result<_, _>>()?;
        Ok(task)
    }
}

impl Task {
    /// What was taken for fees at post: n · F.
    pub(crate) fn escrow(&self) -> Result<u128, ContractError> {
        Ok(antiphon_rules::fees::escrow(
            self.full_fee,
            self.committee.into(),
        )?)
    }
}

/// Adds a task. It is open as long as it has a phase.
pub(crate) fn add(storage: &mut dyn Storage, id: u64, task: &Task) {
    save(storage, &keys::task(id), task);
}

pub(crate) fn get(storage: &dyn Storage, id: u64) -> Result<Task, ContractError> {
    find(storage, id)?.ok_or(ContractError::UnknownTask { task: id })
}

pub(crate) fn find(storage: &dyn Storage, id: u64) -> Result<Option<Task>, ContractError> {
    load(storage, &keys::task(id))
}

/// Open tasks after `after`, ascending.
pub(crate) fn open(storage: &dyn Storage, after: Option<u64>) -> impl Iterator<Item = u64> + '_ {
    let after = after.map(u64::to_be_bytes);
    scan(
        storage,
        &keys::phases(),
        after.as_ref().map(<[u8; 8]>::as_slice),
    )
    .filter_map(|(suffix, _)| id_of(&suffix))
}
