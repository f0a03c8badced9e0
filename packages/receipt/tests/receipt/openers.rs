//! Later rounds, and what opened them.

use antiphon_receipt::{Receipt, What};

use crate::broken::{Bad, Good};
use crate::build::{Vote, receipt, round, wrong};

/// All members lie, each for itself.
fn disagree(size: usize, number: u8) -> Vec<Vote> {
    (0..size).map(|member| wrong(member, number)).collect()
}

/// Two rounds that do not agree, and one that does.
fn late() -> Receipt {
    let votes = [disagree(5, 0), disagree(11, 1), round(23, 2, &[])];
    receipt(&[5, 11, 23], &votes)
}

/// An answer, a round that contests it, and an appeal against what stands all the same.
fn settled() -> Receipt {
    let votes = [round(5, 0, &[]), disagree(11, 1), round(23, 2, &[])];
    receipt(&[5, 11, 23], &votes)
}

fn appealed() -> Receipt {
    receipt(&[5, 11], &[round(5, 0, &[]), round(11, 1, &[])])
}

pub fn good() -> Vec<Good> {
    vec![
        ("third-round", "no quorum before the third round", late()),
        (
            "third-round-appealed",
            "contested by a round, confirmed by another",
            settled(),
        ),
    ]
}

fn changed(mut receipt: Receipt, change: impl FnOnce(&mut Receipt)) -> String {
    change(&mut receipt);
    receipt.sealed().to_canonical()
}

/// Without the first or the last transaction that did this.
fn without(receipt: &mut Receipt, what: What, last: bool) {
    let mut all = receipt.txs.iter();
    let found = match last {
        true => all.rposition(|tx| tx.what == what),
        false => all.position(|tx| tx.what == what),
    };
    receipt.txs.remove(found.unwrap());
}

pub fn bad() -> Vec<Bad> {
    let retold = |receipt: &mut Receipt, what, other| {
        let txs = receipt.txs.iter_mut().filter(|tx| tx.what == what);
        txs.for_each(|tx| tx.what = other);
    };
    vec![
        (
            "transactions-openers",
            "one opener of two later rounds",
            changed(late(), |it| without(it, What::RoundOpened, false)),
        ),
        (
            "transactions-opener-kind",
            "a round opened as if nothing stood, although a quorum had agreed",
            changed(appealed(), |it| {
                retold(it, What::TaskAppealed, What::RoundOpened);
            }),
        ),
        (
            "transactions-opener-appeal",
            "an appeal where nothing stands",
            changed(late(), |it| {
                retold(it, What::RoundOpened, What::TaskAppealed)
            }),
        ),
        (
            "transactions-opener-height",
            "a round whose vacancies arose before it was opened",
            changed(appealed(), |it| it.rounds[1].opened -= 1),
        ),
        (
            "transactions-opener-early",
            "a round opened when the one before it still had vacancies",
            changed(late(), |it| it.rounds[1].opened = it.rounds[2].opened),
        ),
        (
            "transactions-draw",
            "a second round whose members nobody drew",
            changed(appealed(), |it| without(it, What::CommitteeDrawn, true)),
        ),
        (
            "transactions-reveal",
            "a second round whose ballots nobody brought",
            changed(appealed(), |it| without(it, What::VoteRevealed, true)),
        ),
    ]
}
