//! Random receipts and random damage.

use antiphon_api::{Ballot, Hex};
use antiphon_receipt::{MAX_RECEIPT_BYTES, Receipt, ReceiptFault, check};
use proptest::prelude::*;

use crate::build::{Vote, answer, receipt, right, round, wrong};

fn vote(number: u8) -> impl Strategy<Value = Vote> {
    prop_oneof![
        4 => Just(right(number)),
        1 => (0..3_usize).prop_map(move |member| wrong(member, number)),
        1 => Just(Vote::Withholds(answer("hidden", number))),
        1 => Just(Vote::Silent),
        1 => Just(Vote::Says(Ballot::Unavailable {})),
        1 => Just(Vote::Says(Ballot::Invalid {})),
    ]
}

fn rounds() -> impl Strategy<Value = Vec<Vec<Vote>>> {
    (
        prop::collection::vec(vote(0), 5),
        prop::option::of(prop::collection::vec(vote(1), 11)),
    )
        .prop_map(|(first, second)| [first].into_iter().chain(second).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_receipt_of_any_votes_is_consistent(votes in rounds()) {
        let text = receipt(&[5, 11][..votes.len()], &votes).to_canonical();
        let report = check(&text);
        let failed: Vec<_> = report.failed().collect();
        prop_assert!(failed.is_empty(), "{failed:?}");
        prop_assert_eq!(Receipt::parse(&text).unwrap().to_canonical(), text);
    }

    #[test]
    fn random_damage_never_passes(
        at in any::<prop::sample::Index>(),
        length in 0..40_usize,
        with in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let text = receipt(&[5], &[round(4, 0, &[wrong(4, 0)])]).to_canonical();
        let mut bytes = text.clone().into_bytes();
        let from = at.index(bytes.len());
        let to = bytes.len().min(from + length);
        bytes.splice(from..to, with);
        if let Ok(damaged) = String::from_utf8(bytes) {
            prop_assert_eq!(check(&damaged).is_ok(), damaged == text);
        }
    }

    /// Whoever seals a forged receipt again is caught by the commitments.
    #[test]
    fn a_forged_vote_is_caught_although_the_digest_is_right(
        member in 0..5_usize,
        byte in 0..32_usize,
        bit in 0..8_u32,
        field in 0..3_usize,
    ) {
        let mut forged = receipt(&[5], &[round(4, 0, &[wrong(4, 0)])]);
        let it = &mut forged.rounds[0].members[member];
        let flip = |bytes: &mut Hex<32>| bytes.0[byte] ^= 1_u8 << bit;
        match (field, &mut it.ballot) {
            (0, _) => it.salt.as_mut().into_iter().for_each(flip),
            (1, _) => it.commitment.as_mut().into_iter().for_each(flip),
            (_, Some(Ballot::Answer { trace, .. })) => flip(trace),
            (_, _) => unreachable!("all five answer"),
        }
        let report = check(&forged.sealed().to_canonical());
        prop_assert!(report.failed().any(|failed| failed.name == "commitments"));
    }
}

#[test]
fn a_text_of_more_than_a_mebibyte_is_refused_unread() {
    let text = "[".repeat(MAX_RECEIPT_BYTES + 1);
    assert!(matches!(Receipt::parse(&text), Err(ReceiptFault::Size(_))));
    let deep = "[".repeat(MAX_RECEIPT_BYTES);
    assert!(matches!(
        Receipt::parse(&deep),
        Err(ReceiptFault::NotReceipt(_))
    ));
}

#[test]
fn the_largest_receipt_fits() {
    let text = "\u{1}".repeat(65_536);
    let mut largest = receipt(
        &[15, 31],
        &[
            vec![Vote::Says(answer(&text, 0)); 15],
            vec![Vote::Says(answer(&text, 1)); 31],
        ],
    );
    largest.answer = Some(text);
    let report = check(&largest.sealed().to_canonical());
    assert!(report.is_ok(), "{report:?}");
}
