//! Transactions: every phase is named, in the chain's order.

use std::collections::BTreeSet;

use super::course::MAX_ROUNDS;
use super::{Facts, Found, hold};
use crate::course::Course;
use crate::document::{Member, Receipt, Round, Status};
use crate::tx::{Tx, What};

pub(super) fn check(facts: &Facts<'_>) -> Found {
    order(&facts.receipt.txs)?;
    ends(facts)?;
    phases(facts)?;
    rounds(facts)?;
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
    wanted
        .into_iter()
        .try_for_each(|(what, want)| named(receipt, what, want))
}

/// At least one of this is there, or none.
fn named(receipt: &Receipt, what: What, want: bool) -> Result<(), String> {
    let got = receipt.txs.iter().any(|tx| tx.what == what);
    hold(got == want, || {
        let number = if want { "at least one" } else { "none" };
        format!("want {number} transaction {}", what.name())
    })
}

/// Every later round has one opener, in their order, and what a round has was done between its opener and the
/// next one's. Round 0 is opened by the post, and the last one is over with the end.
fn rounds(facts: &Facts<'_>) -> Result<(), String> {
    let receipt = facts.receipt;
    hold(receipt.rounds.len() <= MAX_ROUNDS, || {
        let got = receipt.rounds.len();
        format!("got {got} rounds, want at most {MAX_ROUNDS}")
    })?;
    let opens = |tx: &&Tx| matches!(tx.what, What::RoundOpened | What::TaskAppealed);
    let openers: Vec<&Tx> = receipt.txs.iter().filter(opens).collect();
    let later = receipt.rounds.len().saturating_sub(1);
    hold(openers.len() == later, || {
        let got = openers.len();
        format!("got {got} transactions that open a later round, want {later}")
    })?;
    for ((count, pair), opener) in (1..).zip(receipt.rounds.windows(2)).zip(&openers) {
        if let [one, next] = pair {
            opened(receipt, count, (one, next), opener)?;
        }
    }
    let begins = receipt
        .txs
        .first()
        .into_iter()
        .chain(openers.iter().copied());
    let ends = openers.iter().copied().chain(receipt.txs.last());
    for ((round, begin), end) in receipt.rounds.iter().zip(begins).zip(ends) {
        within(receipt, round, begin.height, end.height)?;
    }
    Ok(())
}

/// After `count` rounds the next one is opened by an appeal if something stands, else because they did not
/// agree; after the vacancies of the one before it, and not after its own.
fn opened(
    receipt: &Receipt,
    count: usize,
    (one, next): (&Round, &Round),
    opener: &Tx,
) -> Result<(), String> {
    let before = receipt.rounds.get(..count).unwrap_or_default();
    let want = match Course::of(before, receipt.task.carried).standing {
        Some(_) => What::TaskAppealed,
        None => What::RoundOpened,
    };
    let (round, got) = (next.round, opener.what.name());
    hold(opener.what == want, || {
        format!("round {round}: got {got}, want {} to open it", want.name())
    })?;
    let at = opener.height;
    hold(one.opened < at && at <= next.opened, || {
        let (after, most) = (one.opened, next.opened);
        format!("round {round}: {got} at height {at}, want one after {after}, at most {most}")
    })
}

/// What a round has was done between these heights.
fn within(receipt: &Receipt, round: &Round, from: u64, to: u64) -> Result<(), String> {
    let any = |has: fn(&Member) -> bool| round.members.iter().any(has);
    let wanted = [
        (What::CommitteeDrawn, any(|_| true)),
        (What::VoteCommitted, any(|it| it.commitment.is_some())),
        (What::VoteRevealed, any(|it| it.ballot.is_some())),
    ];
    for (what, want) in wanted {
        let mut txs = receipt.txs.iter();
        let got = txs.any(|tx| tx.what == what && (from..=to).contains(&tx.height));
        hold(got || !want, || {
            let (number, name) = (round.round, what.name());
            format!("round {number}: want a transaction {name} at heights {from} to {to}")
        })?;
    }
    Ok(())
}
