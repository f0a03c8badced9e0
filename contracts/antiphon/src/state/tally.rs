//! The running tally: a line for each different ballot of a round, counted under the ballot's
//! digest; the ballot itself is written once, when its line begins.

use antiphon_api::{Ballot, Cid, Finish, Hex};
use antiphon_content::Codec;
use cosmwasm_std::Storage;

use super::keys;
use super::record::{Damaged, Reader, Record, Writer, decode, load, remove, save, scan};
use crate::error::ContractError;

impl Record for Ballot {
    const NAME: &'static str = "ballot";

    fn write(&self, to: &mut Writer) {
        match self {
            Self::Answer {
                cid,
                finish,
                output_tokens,
                prompt_tokens,
                trace,
            } => to
                .u8(1)
                .bytes(cid.digest())
                .u32(*prompt_tokens)
                .u32(*output_tokens)
                .bool(*finish == Finish::Length)
                .bytes(trace.bytes()),
            Self::Unavailable {} => to.u8(2),
            Self::Invalid {} => to.u8(3),
        };
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(match from.u8()? {
            1 => Self::Answer {
                cid: Cid::new(Codec::Raw, from.array()?),
                prompt_tokens: from.u32()?,
                output_tokens: from.u32()?,
                finish: if from.bool()? {
                    Finish::Length
                } else {
                    Finish::Stop
                },
                trace: Hex(from.array()?),
            },
            2 => Self::Unavailable {},
            3 => Self::Invalid {},
            _ => return Err(Damaged),
        })
    }
}

/// A line and the votes on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) line: u8,
    pub(crate) votes: u8,
}

impl Record for Line {
    const NAME: &'static str = "tally line";

    fn write(&self, to: &mut Writer) {
        to.u8(self.line).u8(self.votes);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok(Self {
            line: from.u8()?,
            votes: from.u8()?,
        })
    }
}

/// Counts a ballot: on its line if there is one, otherwise on line number `next`.
pub(crate) fn count(
    storage: &mut dyn Storage,
    task: u64,
    round: u8,
    ballot: &Ballot,
    digest: &[u8; 32],
    next: u8,
) -> Result<Line, ContractError> {
    let key = keys::tally_line(task, round, digest);
    let line = match load::<Line>(storage, &key)? {
        Some(Line { line, votes }) => Line {
            line,
            votes: votes.checked_add(1).ok_or(ContractError::Overflow)?,
        },
        None => {
            save(storage, &keys::ballot(task, round, next), ballot);
            Line {
                line: next,
                votes: 1,
            }
        }
    };
    save(storage, &key, &line);
    Ok(line)
}

/// The ballot of a line that a record names.
pub(crate) fn ballot(
    storage: &dyn Storage,
    task: u64,
    round: u8,
    line: u8,
) -> Result<Ballot, ContractError> {
    load(storage, &keys::ballot(task, round, line))?.ok_or(ContractError::Missing {
        record: "ballot",
        id: task,
    })
}

/// The lines of a round, in the order of their ballots' digests; at most 31.
pub(crate) fn lines(
    storage: &dyn Storage,
    task: u64,
    round: u8,
) -> Result<Vec<(Line, Ballot)>, ContractError> {
    scan(storage, &keys::tally_lines(task, round), None)
        .map(|(_, value)| {
            let line: Line = decode(&value)?;
            Ok((line, ballot(storage, task, round, line.line)?))
        })
        .collect()
}

/// Forgets the tally of a round: its task is at its end.
pub(crate) fn close(storage: &mut dyn Storage, task: u64, round: u8) -> Result<(), ContractError> {
    let found: Vec<_> = scan(storage, &keys::tally_lines(task, round), None).collect();
    for (digest, value) in found {
        let line: Line = decode(&value)?;
        remove(storage, &keys::ballot(task, round, line.line));
        if let Ok(digest) = <[u8; 32]>::try_from(digest.as_slice()) {
            remove(storage, &keys::tally_line(task, round, &digest));
        }
    }
    Ok(())
}
