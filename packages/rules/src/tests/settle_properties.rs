use antiphon_content::{Cid, Hex};
use antiphon_documents::{Ballot, Finish};
use proptest::prelude::*;

use crate::conduct::decide;
use crate::fees::{LockRule, Price, appeal_bond, escrow};
use crate::rounds::{quorum, sizes};
use crate::settle::{Case, OpenedBy, RoundRecord, Settlement};
use crate::{Act, Conduct, Ending, Outcome, settle};

/// Weighted towards one answer, so that rounds are decided often.
fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => Just(Act::Revealed(Outcome::Answer([1; 32]))),
        3 => Just(Act::Revealed(Outcome::Answer([2; 32]))),
        1 => Just(Act::Revealed(Outcome::Invalid)),
        2 => Just(Act::Revealed(Outcome::Unavailable)),
        1 => Just(Act::Withheld),
        1 => Just(Act::Silent),
    ]
}

/// A task with up to three rounds, as the contract would have let it come about.
#[derive(Clone, Debug)]
struct Story {
    price: Price,
    prompt_bytes: u32,
    max_output_tokens: u32,
    output_tokens: u32,
    lock: u128,
    carried: bool,
    meter_takes: bool,
    rounds: Vec<Vec<Act>>,
}

impl Story {
    fn full_fee(&self) -> u128 {
        self.price
            .fee(self.prompt_bytes, self.max_output_tokens)
            .unwrap()
    }

    fn escrow(&self) -> u128 {
        escrow(self.full_fee(), 5).unwrap()
    }

    /// A round is opened by appeal if an outcome stood.
    fn records(&self) -> Vec<RoundRecord<'_>> {
        let mut stands = false;
        let mut records = Vec::new();
        for ((round, size), acts) in (0..).zip(sizes(5, 3)).zip(&self.rounds) {
            let opened_by = match (round, stands) {
                (0, _) => OpenedBy::Post,
                (_, false) => OpenedBy::Undecided,
                (_, true) => OpenedBy::Appeal {
                    bond: appeal_bond(self.full_fee(), size, self.lock).unwrap(),
                },
            };
            let decided = decide(acts, size, round, self.carried);
            stands |= decided.is_some();
            records.push(RoundRecord {
                opened_by,
                size,
                acts,
                decided,
            });
        }
        records
    }

    fn settle(&self) -> Settlement {
        settle(&Case {
            price: self.price,
            prompt_bytes: self.prompt_bytes,
            output_tokens: self.output_tokens,
            escrow: self.escrow(),
            lock: self.lock,
            carried: self.carried,
            meter_takes: self.meter_takes,
            rounds: &self.records(),
        })
        .unwrap()
    }

    fn bonds(&self) -> u128 {
        let bond = |record: &RoundRecord<'_>| match record.opened_by {
            OpenedBy::Appeal { bond } => bond,
            _ => 0,
        };
        self.records().iter().map(bond).sum()
    }
}

fn any_rounds() -> impl Strategy<Value = Vec<Vec<Act>>> {
    let round = |size| proptest::collection::vec(any_act(), 0..=size);
    (round(5), round(11), round(23), 1_usize..=3).prop_map(|(a, b, c, number)| {
        let mut rounds = vec![a, b, c];
        rounds.truncate(number);
        rounds
    })
}

prop_compose! {
    fn any_story()(
        base in 1_u128..2_000, per_prompt_byte in 0_u128..5, per_output_token in 0_u128..50,
        prompt_bytes in 0_u32..400, max_output_tokens in 1_u32..300, part in 0_u32..=100,
        min_lock in 1_u128..9_999, lock_multiple in 10_u32..=100, carried: bool, meter_takes: bool,
        rounds in any_rounds(),
    ) -> Story {
        let price = Price { base, per_prompt_byte, per_output_token };
        let full_fee = price.fee(prompt_bytes, max_output_tokens).unwrap();
        let lock = LockRule { min_lock, lock_multiple }.lock(full_fee).unwrap();
        let output_tokens = max_output_tokens * part / 100;
        Story {
            price, prompt_bytes, max_output_tokens, output_tokens, lock, carried, meter_takes,
            rounds,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn what_came_in_goes_out(story in any_story()) {
        let result = story.settle();
        let appeals: u128 = result.appeals.iter().map(|one| one.returned + one.reward).sum();
        prop_assert_eq!(
            story.escrow() + story.bonds() + result.forfeits,
            result.paid + result.refund + appeals + result.burned
        );
        let paid: u128 = result.members.iter().map(|member| member.paid).sum();
        prop_assert_eq!(paid, result.paid);
        let forfeited: u128 = result.members.iter().map(|member| member.forfeited).sum();
        prop_assert_eq!(forfeited, result.forfeits);
    }

    #[test]
    fn nobody_is_paid_above_the_fee_and_the_requester_never_above_the_escrow(story in any_story()) {
        let result = story.settle();
        let g = story.price.base_fee(story.prompt_bytes).unwrap();
        for member in &result.members {
            let most = match member.conduct {
                Conduct::Right => result.fee,
                Conduct::Neutral | Conduct::Revealer => g,
                _ => 0,
            };
            prop_assert!(member.paid <= most, "{:?}", member);
        }
        prop_assert!(result.refund <= story.escrow());
        for appeal in &result.appeals {
            prop_assert!(appeal.reward <= appeal.returned);
        }
    }

    #[test]
    fn right_members_are_paid_alike_and_as_much_as_the_pot_allows(story in any_story()) {
        let result = story.settle();
        let right = || result.members.iter().filter(|one| one.conduct == Conduct::Right);
        let Some(first) = right().next() else { return Ok(()) };
        prop_assert!(right().all(|member| member.paid == first.paid));
        let number = u128::try_from(right().count()).unwrap();
        let lost: u128 = story.bonds() - result.appeals.iter().map(|one| {
            let paid = story.records()[usize::from(one.round)].opened_by;
            match (one.verdict, paid) {
                (crate::settle::Verdict::Lost, _) | (_, OpenedBy::Post | OpenedBy::Undecided) => 0,
                (_, OpenedBy::Appeal { bond }) => bond,
            }
        }).sum::<u128>();
        let pot = story.escrow() + lost + result.forfeits / 2;
        prop_assert_eq!(first.paid, result.fee.min(pot / number));
    }

    #[test]
    fn the_order_of_members_changes_nothing_but_their_order(
        story in any_story(), seed in 0_usize..1_000,
    ) {
        let mut turned = story.clone();
        for acts in turned.rounds.iter_mut().filter(|acts| !acts.is_empty()) {
            let by = seed % acts.len();
            acts.rotate_left(by);
        }
        let (one, other) = (story.settle(), turned.settle());
        prop_assert_eq!(one.ending, other.ending);
        prop_assert_eq!(
            (one.paid, one.refund, one.forfeits, one.burned, one.misses),
            (other.paid, other.refund, other.forfeits, other.burned, other.misses)
        );
        let sorted = |result: &Settlement| {
            let mut all: Vec<_> = result
                .members
                .iter()
                .map(|m| (m.round, m.conduct, m.paid, m.forfeited, m.miss))
                .collect();
            all.sort_unstable();
            all
        };
        prop_assert_eq!(sorted(&one), sorted(&other));
    }

    #[test]
    fn without_a_quorum_nobody_but_a_withholder_loses_a_lock(story in any_story()) {
        let result = story.settle();
        if matches!(result.ending, Ending::Final { contested: false, .. }) {
            return Ok(());
        }
        for member in &result.members {
            prop_assert!(member.forfeited == 0 || member.conduct == Conduct::Withheld);
        }
    }

    #[test]
    fn a_full_meter_takes_no_lock_and_pays_no_reward(story in any_story()) {
        let story = Story { meter_takes: false, ..story };
        let result = story.settle();
        prop_assert_eq!(result.forfeits, 0);
        prop_assert!(result.members.iter().all(|member| member.forfeited == 0));
        prop_assert!(result.appeals.iter().all(|appeal| appeal.reward == 0));
        let convicted = result.members.iter().any(|member| member.conduct.forfeits());
        prop_assert_eq!(result.slash_withheld, convicted);
    }

    #[test]
    fn a_decided_round_has_a_quorum_of_all_its_places(
        acts in proptest::collection::vec(any_act(), 0..=11), carried: bool, round in 0_u8..3,
    ) {
        let Some(outcome) = decide(&acts, 11, round, carried) else { return Ok(()) };
        let votes = acts.iter().filter(|act| **act == Act::Revealed(outcome)).count();
        prop_assert!(votes >= usize::try_from(quorum(11)).unwrap());
        prop_assert!(outcome.can_decide(round, carried));
    }
}

#[test]
fn unavailable_decides_round_0_of_a_prompt_that_is_not_carried_only() {
    let acts = [Act::Revealed(Outcome::Unavailable); 5];
    assert_eq!(decide(&acts, 5, 0, false), Some(Outcome::Unavailable));
    assert_eq!(decide(&acts, 5, 0, true), None);
    assert_eq!(decide(&acts, 5, 1, false), None);
}

#[test]
fn ballots_that_differ_in_usage_or_trace_are_different_outcomes() {
    let ballot = |output_tokens, trace| Ballot::Answer {
        cid: Cid::of_raw(b"blue"),
        finish: Finish::Stop,
        output_tokens,
        prompt_tokens: 9,
        trace: Hex([trace; 32]),
    };
    let outcome = Outcome::of(&ballot(1, 1));
    assert_eq!(outcome, Outcome::of(&ballot(1, 1)));
    assert_ne!(outcome, Outcome::of(&ballot(2, 1)));
    assert_ne!(outcome, Outcome::of(&ballot(1, 2)));
    assert_eq!(Outcome::of(&Ballot::Invalid {}), Outcome::Invalid);
    assert_eq!(Outcome::of(&Ballot::Unavailable {}), Outcome::Unavailable);
}
