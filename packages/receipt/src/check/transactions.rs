//! Transactions: every phase is named, in the chain's order.

use std::collections::BTreeSet;

use super::{Facts, Found, hold};
use crate::document::{Member, Receipt, Status};
use crate::tx::{Tx, What};

pub(super) fn check(facts: &Facts<'_>) -> Found {
    order(&facts.receipt.txs)?;
    ends(facts)?;
    phases(facts)?;
    let hashes: BTreeSet<_> = facts.receipt.txs.iter().map(|tx| &tx.hash).collect();
    Ok(format!("{} transactions name every phase", hashes.len()))
}

/// Heights and times never go back, one height has one time, one transaction one height, and nothing is
/// said twice.
fn order(txs: &[Tx]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for tx in txs {
        hold(seen.insert((&tx.hash, tx.what)), || {
            format!("{} is named {} twice", tx.hash, tx.what.name())
        })?;
    }
    for pair in txs.windows(2) {
        let [one, next] = pair else {
            continue;
        };
        let rises = one.height < next.height && one.time <= next.time;
        let same = one.height == next.height && one.time == next.time;
        hold(rises || same, || {
            format!("{} is out of order at height {}", next.hash, next.height)
        })?;
    }
    let heights: BTreeSet<_> = txs.iter().map(|tx| (&tx.hash, tx.height)).collect();
    let hashes: BTreeSet<_> = txs.iter().map(|tx| &tx.hash).collect();
    hold(heights.len() == hashes.len(), || {
        "a transaction is at two heights".to_owned()
    })
}

/// The task begins with its post and ends with its end; rounds open in between.
fn ends(facts: &Facts<'_>) -> Result<(), String> {
    let txs = &facts.receipt.txs;
    let (end, other) = match facts.receipt.task.status {
        Status::Final => (What::TaskFinalised, What::TaskFailed),
        Status::Failed => (What::TaskFailed, What::TaskFinalised),
    };
    for (what, want) in [(What::TaskAdded, 1), (end, 1), (other, 0)] {
        let got = txs.iter().filter(|tx| tx.what == what).count();
        hold(got == want, || {
            format!("got {got} transactions {}, want {want}", what.name())
        })?;
    }
    let height = |tx: Option<&Tx>| tx.map_or(0, |tx| tx.height);
    let at = |what| height(txs.iter().find(|tx| tx.what == what));
    let (posted, ended) = (at(What::TaskAdded), at(end));
    let whole = height(txs.first()) == posted && height(txs.last()) == ended;
    hold(whole, || {
        format!("got heights {posted} and {ended} of post and end, want the first and the last")
    })?;
    for round in &facts.receipt.rounds {
        hold((posted..=ended).contains(&round.opened), || {
            format!(
                "round {} opened at height {}, outside the task",
                round.round, round.opened
            )
        })?;
    }
    Ok(())
}

/// What happened is named at least once, and what did not is not.
fn phases(facts: &Facts<'_>) -> Result<(), String> {
    let receipt = facts.receipt;
    let any = |has: fn(&Member) -> bool| receipt.rounds.iter().flat_map(|it| &it.members).any(has);
    let wanted = [
        (What::CommitteeDrawn, any(|_| true)),
        (What::VoteCommitted, any(|it| it.commitment.is_some())),
        (What::VoteRevealed, any(|it| it.ballot.is_some())),
        (What::TaskAnswered, receipt.task.status == Status::Final),
    ];
    for (what, want) in wanted {
        named(receipt, &[what], want)?;
    }
    // A later round is opened because the one before did not agree, or by an appeal.
    let opened = [What::RoundOpened, What::TaskAppealed];
    named(receipt, &opened, receipt.rounds.len() > 1)
}

/// At least one of these is there, or none of them.
fn named(receipt: &Receipt, whats: &[What], want: bool) -> Result<(), String> {
    let got = receipt.txs.iter().any(|tx| whats.contains(&tx.what));
    hold(got == want, || {
        let number = if want { "at least one" } else { "none" };
        let names: Vec<_> = whats.iter().map(|what| what.name()).collect();
        format!("want {number} transaction {}", names.join(" or "))
    })
}
