//! Every course that a small task can take by the rules, and what must hold in each.
//!
//! `ANTIPHON_EXPLORE=all` explores larger worlds; `cargo nightly-explore` sets it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests: an overflow or a missing value is a failure to be shown"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    reason = "nothing here is a library"
)]

mod check;
mod courses;
mod ends;
mod law;
mod moves;
mod planted;
mod search;
mod world;

use std::time::Instant;

use check::Violation;
use courses::explore;
use law::{Law, Rules};
use world::{ALL_SAID, Said, Scope};

const FEW: &[Said] = &[Said::Right, Said::Other, Said::Unavailable];

const fn scope(sizes: &'static [u8], max_draws: u32, said: &'static [Said]) -> Scope {
    Scope {
        sizes,
        max_draws,
        carried: false,
        said,
        alike: false,
    }
}

/// Whether larger worlds are asked for.
fn is_nightly() -> bool {
    std::env::var("ANTIPHON_EXPLORE").is_ok_and(|value| value == "all")
}

/// Explores a world with the prompt carried and not, and demands that everything holds.
fn holds(name: &str, scope: Scope) -> usize {
    let mut all = 0;
    for carried in [false, true] {
        let (begun, scope) = (Instant::now(), Scope { carried, ..scope });
        let (found, courses) = explore(&Rules, &scope);
        println!(
            "{name}, carried {carried}: {} states, {} transitions, {} courses settled twice, \
             exits of at most {} acts, {:.1?}",
            found.states,
            found.transitions,
            courses,
            found.longest_exit,
            begun.elapsed(),
        );
        assert_eq!(found.violations.len(), 0, "{:#?}", found.violations);
        all += courses;
    }
    all
}

#[test]
fn every_course_of_one_round_of_three_holds() {
    assert!(holds("one round of 3", scope(&[3], 3, &ALL_SAID)) > 100);
}

#[test]
fn every_course_of_two_rounds_of_three_holds() {
    assert!(holds("rounds of 3 and 3", scope(&[3, 3], 2, &ALL_SAID)) > 10_000);
}

#[test]
fn every_course_of_two_smaller_rounds_holds() {
    assert!(holds("rounds of 1 and 3", scope(&[1, 3], 3, &ALL_SAID)) > 1_000);
    assert!(holds("rounds of 2 and 2", scope(&[2, 2], 3, &ALL_SAID)) > 1_000);
}

#[test]
fn every_course_of_three_small_rounds_holds() {
    assert!(holds("rounds of 1, 1 and 1", scope(&[1, 1, 1], 3, &ALL_SAID)) > 100);
    assert!(holds("rounds of 2, 1 and 2", scope(&[2, 1, 2], 2, &ALL_SAID)) > 1_000);
}

#[test]
fn every_course_of_larger_tasks_holds() {
    if !is_nightly() {
        println!("explored with ANTIPHON_EXPLORE=all only");
        return;
    }
    assert!(holds("rounds of 3, 3 and 3", scope(&[3, 3, 3], 3, FEW)) > 10_000);
    let alike = |scope| Scope {
        alike: true,
        ..scope
    };
    assert!(holds("rounds of 3 and 7", alike(scope(&[3, 7], 3, &ALL_SAID))) > 10_000);
    assert!(holds("rounds of 5 and 11", alike(scope(&[5, 11], 2, FEW))) > 10_000);
}

/// Plants a wrong rule; returns what the exploration tells.
fn plant(law: &dyn Law, scope: &Scope) -> Vec<Violation> {
    let (found, _) = explore(law, scope);
    found.violations.into_keys().collect()
}

#[test]
fn a_planted_wrong_rule_is_found() {
    use Violation::*;
    use planted::*;
    let three = scope(&[3], 2, FEW);
    let two = scope(&[1, 1], 2, FEW);
    let more = scope(&[1, 1, 1], 1, FEW);
    let short = scope(&[1, 3], 1, FEW);
    // Of three, two are a quorum, and so they are of two: only larger rounds tell these apart.
    let five = Scope {
        alike: true,
        ..scope(&[5], 1, FEW)
    };
    let plots: [(&str, &dyn Law, Scope, Violation); 15] = [
        (
            "quorum of the members present",
            &QuorumOfPresent,
            five,
            Decision,
        ),
        ("quorum of the reveals", &QuorumOfRevealed, three, Decision),
        ("contest never cleared", &ContestStays, more, Contested),
        ("contest never marked", &NoContest, two, Contested),
        (
            "forfeits without a quorum",
            &ForfeitsWithoutQuorum,
            three,
            Forfeits,
        ),
        ("the order of votes counts", &FirstLineWins, three, Decision),
        ("a draw without end", &PatientDraw, three, NoExit),
        ("draws without end", &EndlessDraws, three, Draws),
        ("a committee of any size", &AnyCommittee, three, Revealing),
        (
            "unavailable decides later rounds",
            &UnavailableDecides,
            two,
            Decision,
        ),
        (
            "commits are withheld",
            &CommitsAreWithheld,
            three,
            Revealing,
        ),
        (
            "reveals before a quorum commits",
            &EarlyReveals,
            three,
            Revealing,
        ),
        (
            "an undecided appeal forgets",
            &UndecidedForgets,
            two,
            Standing,
        ),
        ("pay beyond the pot", &PaysInFull, short, Money),
        ("a meter that is not asked", &NoMeter, three, Forfeits),
    ];
    for (name, law, scope, violated) in plots {
        let told = plant(law, &scope);
        println!("{name}: {told:?}");
        assert!(
            told.contains(&violated),
            "{name}: {told:?}, want {violated:?}"
        );
    }
}
