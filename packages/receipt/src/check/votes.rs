//! Members and their votes.

use std::collections::BTreeSet;

use antiphon_documents::digest::{ballot_digest, commitment};

use super::{Facts, Found, content, hold};
use crate::address::canonical;
use crate::document::{Member, Round};

fn all<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'a Round, &'a Member)> + use<'a> {
    let rounds = facts.receipt.rounds.iter();
    rounds.flat_map(|round| round.members.iter().map(move |member| (round, member)))
}

/// Addresses of the contract's chain, nobody twice in the task, and no vote by halves.
pub(super) fn members(facts: &Facts<'_>) -> Found {
    let prefix = canonical(&facts.receipt.contract).map(|(prefix, _)| prefix);
    let mut seen = BTreeSet::new();
    for (round, member) in all(facts) {
        let who = || format!("round {}: {}", round.round, member.worker);
        let (of, bytes) = canonical(&member.worker).ok_or_else(|| {
            format!(
                "round {}: {:?} is no bech32 address",
                round.round, member.worker
            )
        })?;
        hold(prefix.as_ref().is_none_or(|prefix| *prefix == of), || {
            format!("{} is no address of the contract's chain", who())
        })?;
        hold(seen.insert(bytes), || {
            format!("{} serves twice in the task", who())
        })?;
        hold(member.ballot.is_some() == member.salt.is_some(), || {
            format!("{}: want ballot and salt, or neither", who())
        })?;
        hold(
            member.ballot.is_none() || member.commitment.is_some(),
            || format!("{} has a ballot and no commitment", who()),
        )?;
    }
    Ok(format!("{} members, nobody twice", seen.len()))
}

/// Whatever is said can be said of this task.
pub(super) fn ballots(facts: &Facts<'_>) -> Found {
    let mut count: usize = 0;
    for (round, member) in all(facts) {
        let Some(ballot) = &member.ballot else {
            continue;
        };
        content::possible(facts, ballot)
            .map_err(|fault| format!("round {}: {}: {fault}", round.round, member.worker))?;
        count = count.saturating_add(1);
    }
    Ok(format!(
        "{count} ballots, all of them possible for the task"
    ))
}

/// Every ballot opens the commitment its member was bound to. Commitments name chain, contract, task,
/// requester, manifest, prompt and worker: a receipt with another of these does not open.
pub(super) fn commitments(facts: &Facts<'_>) -> Found {
    let mut opened: usize = 0;
    for (round, member) in all(facts) {
        let (Some(ballot), Some(bound), Some(salt)) =
            (&member.ballot, member.commitment, member.salt)
        else {
            continue;
        };
        let who = || format!("round {}: {}", round.round, member.worker);
        let task = facts.receipt.task_digest();
        let task = task.ok_or("the contract or the requester is no bech32 address")?;
        let worker = canonical(&member.worker);
        let (_, worker) = worker.ok_or_else(|| format!("{} is no bech32 address", who()))?;
        let got = commitment(
            &task,
            round.round,
            &worker,
            &ballot_digest(ballot),
            salt.bytes(),
        );
        hold(got == bound.0, || {
            format!("{}: ballot and salt do not open {bound}", who())
        })?;
        opened = opened.saturating_add(1);
    }
    Ok(format!("{opened} ballots open their commitments"))
}
