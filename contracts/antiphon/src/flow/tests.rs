//! Rounds that others follow: what each was when it was over stays so, whatever the task becomes.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows fails, as it should"
)]

use antiphon_api::{Ballot, BeaconConfig, Cid, Finish, Hex, Limits, Params, Price, Uint128};
use antiphon_rules::life::{Status, Votes};
use antiphon_rules::{Act, Outcome};
use cosmwasm_std::testing::{MockApi, MockStorage, message_info, mock_env};
use cosmwasm_std::{CanonicalAddr, DepsMut, Empty, QuerierWrapper, Storage};

use super::settle::played::{Played, play};
use super::{OpenTask, open, open_task, transition};
use crate::state::config::{self, Config};
use crate::state::members::{self, Member, Stage};
use crate::state::models::{self, Model};
use crate::state::phases;
use crate::state::rounds::{self, Opener, Roster};
use crate::state::summaries::SummaryOutcome;
use crate::state::tally;
use crate::state::tasks::{self, Task};
use crate::turn::Turn;

const TASK: u64 = 1;

fn account(seed: u8) -> CanonicalAddr {
    CanonicalAddr::from(vec![seed; 20])
}

/// The same answer; its trace is bound to the round.
fn answer(trace: u8) -> Ballot {
    Ballot::Answer {
        cid: Cid::of_raw(b"answer"),
        finish: Finish::Stop,
        output_tokens: 40,
        prompt_tokens: 12,
        trace: Hex([trace; 32]),
    }
}

fn config() -> Config {
    Config {
        denom: "uanti".to_owned(),
        owner: None,
        beacon: BeaconConfig {
            public_key: Hex([0; 96]),
            genesis: 1_000,
            period: 1,
            delay_seconds: 1,
        },
        insecure: false,
    }
}

fn model() -> Model {
    Model {
        manifest: Cid::of_raw(b"manifest"),
        publisher: account(1),
        price: Price {
            base: Uint128::new(10),
            per_prompt_byte: Uint128::new(1),
            per_output_token: Uint128::new(1),
        },
        limits: Limits {
            max_prompt_bytes: 10,
            max_output_tokens: 80,
        },
        endpoint: None,
    }
}

fn task() -> Task {
    Task {
        model: 1,
        requester: account(2),
        prompt: Cid::of_raw(b"prompt"),
        prompt_bytes: 10,
        max_output_tokens: 80,
        digest: [3; 32],
        params_version: 1,
        committee: 5,
        rounds_possible: 3,
        posted: 1,
        posted_time: 1,
        full_fee: 100,
        lock: 3_000,
        holders: Vec::new(),
        carried: false,
    }
}

/// A task with round 0 opened.
fn posted() -> MockStorage {
    let mut storage = MockStorage::new();
    config::add_params(&mut storage, &Params::local()).unwrap();
    config::set(&mut storage, &config()).unwrap();
    models::add(&mut storage, 1, &model(), 0);
    tasks::add(&mut storage, TASK, &task());
    in_turn(&mut storage, |turn| {
        open::round(turn, TASK, &task(), 0, Opener::Post, None).unwrap();
    });
    storage
}

fn in_turn<T>(storage: &mut dyn Storage, act: impl FnOnce(&mut Turn<'_>) -> T) -> T {
    let api = MockApi::default();
    let querier = cosmwasm_std::testing::MockQuerier::<Empty>::new(&[]);
    let deps = DepsMut {
        storage,
        api: &api,
        querier: QuerierWrapper::new(&querier),
    };
    let info = message_info(&api.addr_make("anybody"), &[]);
    let mut turn = Turn::begin(deps, mock_env(), info).unwrap();
    let result = act(&mut turn);
    turn.end();
    result
}

fn now(storage: &dyn Storage) -> OpenTask {
    open_task(storage, TASK).unwrap().unwrap()
}

/// Seats members of a round, each at a stage.
fn seat(storage: &mut dyn Storage, round: u8, stages: &[Stage]) {
    let mut roster = Roster::default();
    for (position, stage) in (0..).zip(stages) {
        let worker = account(10 + position + round * 50);
        let member = Member {
            round,
            position,
            stage: *stage,
        };
        members::set(storage, &worker, TASK, &member);
        roster.places.push(Some(worker));
    }
    rounds::set_roster(storage, TASK, round, &roster);
}

/// Counts a ballot on a line of its own.
fn line(storage: &mut dyn Storage, round: u8, line: u8, ballot: &Ballot) {
    let digest = antiphon_documents::digest::ballot_digest(ballot);
    tally::count(storage, TASK, round, ballot, &digest, line).unwrap();
}

const COMMITTED: Stage = Stage::Committed {
    commitment: [9; 32],
};

const fn revealed(line: u8) -> Stage {
    Stage::Revealed {
        commitment: [9; 32],
        line,
    }
}

/// Moves the current round to revealing and lets line `best` decide it.
fn decide(storage: &mut dyn Storage, best_line: u8) {
    let votes = Votes {
        committed: 5,
        revealed: 4,
        lines: 2,
        best: 4,
        best_line,
    };
    let mut open = now(storage);
    open.phase.status = Status::Revealing;
    phases::set_votes(storage, TASK, &votes);
    in_turn(storage, |turn| {
        transition::decide(turn, TASK, &mut open, &votes).unwrap();
    });
}

fn appeal(storage: &mut dyn Storage) {
    let before = now(storage).phase;
    let opener = Opener::Appeal {
        by: account(7),
        bond: 1,
    };
    let round = before.round + 1;
    in_turn(storage, |turn| {
        open::round(turn, TASK, &task(), round, opener, Some(&before)).unwrap();
    });
}

fn played(storage: &dyn Storage, round: u8) -> Played {
    let standing = now(storage).phase.standing.unwrap();
    let outcome = SummaryOutcome {
        ballot: tally::ballot(storage, TASK, standing.round, standing.line).unwrap(),
        round: standing.round,
        votes: standing.votes,
    };
    play(storage, TASK, round, Some(&outcome)).unwrap()
}

#[test]
fn a_superseded_round_keeps_what_decided_it() {
    let mut storage = posted();
    line(&mut storage, 0, 0, &answer(1));
    line(&mut storage, 0, 1, &Ballot::Invalid {});
    let stages = [
        revealed(0),
        revealed(1),
        revealed(1),
        revealed(1),
        COMMITTED,
    ];
    seat(&mut storage, 0, &stages);
    decide(&mut storage, 1);
    appeal(&mut storage);
    line(&mut storage, 1, 0, &answer(2));
    decide(&mut storage, 0);
    assert_eq!(now(&storage).phase.standing.unwrap().round, 1);

    let first = rounds::get(&storage, TASK, 0).unwrap();
    assert_eq!(
        (first.state.revealing, first.state.decided),
        (true, Some(1))
    );
    let first = played(&storage, 0);
    assert_eq!(first.decided, Some(Outcome::Invalid));
    assert_eq!(first.acts.last(), Some(&Act::Withheld));
    // The answer lost round 0, and is the one that stands.
    let stands = Act::Revealed(Outcome::of(&answer(2)));
    assert_eq!(first.acts.first(), Some(&stands));
}

#[test]
fn beside_the_ballot_that_decided_for_the_answer_another_trace_is_wrong() {
    let mut storage = posted();
    line(&mut storage, 0, 0, &answer(1));
    line(&mut storage, 0, 1, &answer(8));
    seat(&mut storage, 0, &[revealed(0), revealed(1)]);
    decide(&mut storage, 0);
    appeal(&mut storage);
    line(&mut storage, 1, 0, &answer(2));
    decide(&mut storage, 0);
    let first = played(&storage, 0);
    let [stands, other] = [answer(2), answer(8)].map(|it| Outcome::of(&it));
    assert_eq!(first.decided, Some(stands));
    assert_eq!(first.acts, [Act::Revealed(stands), Act::Revealed(other)]);
}

#[test]
fn commits_of_an_appeal_that_never_came_to_revealing_are_not_withheld() {
    let mut storage = posted();
    line(&mut storage, 0, 0, &answer(1));
    seat(&mut storage, 0, &[revealed(0); 5]);
    decide(&mut storage, 0);
    appeal(&mut storage);
    seat(&mut storage, 1, &[COMMITTED, Stage::Drawn]);
    // No draw is left: what stood is answered again.
    let mut phase = now(&storage).phase;
    phase.status = Status::Answered;
    phase.contested = true;
    phases::set(&mut storage, TASK, &phase);
    let second = played(&storage, 1);
    assert_eq!(second.acts, [Act::Committed, Act::Silent]);
    assert_eq!(second.decided, None);
}

#[test]
fn an_undecided_round_stays_so_when_its_answer_stands_later() {
    let mut storage = posted();
    line(&mut storage, 0, 0, &answer(1));
    line(&mut storage, 0, 1, &answer(8));
    let stages = [
        revealed(0),
        revealed(0),
        revealed(0),
        revealed(1),
        COMMITTED,
    ];
    seat(&mut storage, 0, &stages);
    let before = now(&storage).phase;
    in_turn(&mut storage, |turn| {
        open::round(turn, TASK, &task(), 1, Opener::Undecided, Some(&before)).unwrap();
    });
    line(&mut storage, 1, 0, &answer(2));
    decide(&mut storage, 0);
    let first = played(&storage, 0);
    let stands = Act::Revealed(Outcome::of(&answer(2)));
    assert_eq!(first.acts[..4], [stands; 4], "four of five, named alike");
    assert_eq!(first.decided, None);
}

#[test]
fn an_appeal_of_a_contested_outcome_leaves_it_contested_until_decided() {
    let mut storage = posted();
    line(&mut storage, 0, 0, &answer(1));
    decide(&mut storage, 0);
    let mut phase = now(&storage).phase;
    phase.contested = true;
    phases::set(&mut storage, TASK, &phase);
    appeal(&mut storage);
    let after = now(&storage).phase;
    assert_eq!((after.round, after.status), (1, Status::Drawing));
    assert!(after.contested);
    assert_eq!(after.standing, phase.standing);
    line(&mut storage, 1, 0, &answer(2));
    decide(&mut storage, 0);
    assert!(!now(&storage).phase.contested);
}
