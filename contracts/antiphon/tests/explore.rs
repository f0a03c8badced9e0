//! Courses of tasks, found by exploring the rules, replayed on the contract and compared state by
//! state.
//!
//! `ANTIPHON_EXPLORE=all` replays many more; `cargo nightly-explore` sets it.

#![allow(
    clippy::print_stdout,
    reason = "what was explored and replayed is told"
)]

#[path = "../../../packages/rules/tests/explore/check.rs"]
mod check;
mod cover;
#[path = "../../../packages/rules/tests/explore/ends.rs"]
mod ends;
#[path = "../../../packages/rules/tests/explore/law.rs"]
mod law;
#[path = "../../../packages/rules/tests/explore/moves.rs"]
mod moves;
mod replay;
mod script;
#[path = "../../../packages/rules/tests/explore/search.rs"]
mod search;
mod stage;
#[path = "../../../packages/rules/tests/explore/world.rs"]
mod world;

use std::time::Instant;

use law::Rules;
use world::{ALL_SAID, Said, Scope};

/// Rounds of a task of three on a real network: 3, then 7.
const fn scope(said: &'static [Said], carried: bool) -> Scope {
    Scope {
        sizes: &[3, 7],
        max_draws: 2,
        carried,
        said,
        alike: true,
    }
}

/// Whether many more courses are asked for.
fn is_nightly() -> bool {
    std::env::var("ANTIPHON_EXPLORE").is_ok_and(|value| value == "all")
}

/// Replays a covering set of courses, and `more` besides.
fn replayed(name: &str, scope: &Scope, full_meter: bool, more: usize) {
    let begun = Instant::now();
    let found = search::walk(&Rules, scope);
    assert_eq!(found.violations.len(), 0, "{:#?}", found.violations);
    let chosen = cover::choose(&found, scope, more);
    let walked = begun.elapsed();
    let mut steps = 0;
    for group in chosen.scripts.chunks(replay::TASKS_PER_NETWORK) {
        steps += replay::run(group, scope, full_meter);
    }
    println!(
        "{name}: {} states, {} transitions, {} kinds of transitions and {} of endings of {}, \
         {} courses replayed in {steps} steps; walked {walked:.1?}, all {:.1?}",
        found.states,
        found.transitions,
        chosen.kinds,
        chosen.endings,
        chosen.wanted,
        chosen.scripts.len(),
        begun.elapsed(),
    );
}

#[test]
fn courses_of_the_rules_are_the_contracts() {
    let said: &[Said] = &[Said::Right, Said::Other, Said::Unavailable];
    let more = if is_nightly() { 400 } else { 10 };
    replayed("prompt fetched", &scope(said, false), false, more);
}

#[test]
fn courses_of_carried_prompts_are_the_contracts() {
    let said: &[Said] = &[Said::Right, Said::Invalid, Said::Unavailable];
    let more = if is_nightly() { 400 } else { 10 };
    replayed("prompt carried", &scope(said, true), false, more);
}

#[test]
fn courses_with_made_up_traces_and_a_full_meter_are_the_contracts() {
    let said: &[Said] = &[Said::Right, Said::Untraced];
    let more = if is_nightly() { 400 } else { 10 };
    replayed(
        "made-up traces, meter full",
        &scope(said, false),
        true,
        more,
    );
}

#[test]
fn courses_of_three_rounds_are_the_contracts() {
    let scope = Scope {
        sizes: &[3, 7, 15],
        max_draws: 1,
        ..scope(&[Said::Right, Said::Other], false)
    };
    let more = if is_nightly() { 400 } else { 0 };
    replayed("three rounds", &scope, false, more);
}

/// The comparison is worth something only if it tells a difference.
#[test]
#[should_panic(expected = "contested, due, undecided")]
fn a_contract_that_marks_contest_otherwise_would_be_told() {
    let scope = Scope {
        max_draws: 1,
        ..scope(&[Said::Right], false)
    };
    let found = search::walk(&Rules, &scope);
    let mut chosen = cover::choose(&found, &scope, 0);
    let marked = chosen.scripts.iter_mut().find_map(|script| {
        let mut steps = script.steps.iter_mut();
        let stands = steps.find_map(|step| match &mut step.after {
            script::After::Open(state) if state.stands.is_some() => Some(state),
            _ => None,
        });
        stands?.phase.contested = true;
        Some(script.clone())
    });
    replay::run(&[marked.unwrap()], &scope, false);
}

#[test]
fn courses_of_all_ballots_are_the_contracts() {
    if !is_nightly() {
        return;
    }
    replayed("all ballots", &scope(&ALL_SAID, false), false, 400);
}
