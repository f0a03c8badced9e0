//! Records are read back as they were written, and damaged ones are errors, not panics.

mod older;

use std::fmt::Debug;

use antiphon_api::{
    Ballot, Cid, ConductInfo, Finish, Hex, Limits, Price, SettlementInfo, TaskStatus, Uint128,
};
use antiphon_rules::Stake;
use antiphon_rules::life::{self, Phase, Randomness, Standing, Status, Votes};
use antiphon_rules::windows::Moment;
use cosmwasm_std::CanonicalAddr;
use cosmwasm_std::testing::MockStorage;

use super::answers::Entry;
use super::books::Books;
use super::members::{Member, Stage};
use super::meter::Stored;
use super::models::{Model, ModelState};
use super::record::{Record, Writer, decode, scan};
use super::rounds::{Opener, Roster, Round};
use super::seats::Bitmap;
use super::summaries::{Summary, SummaryMember, SummaryOutcome, SummaryRound};
use super::tally::Line;
use super::tasks::Task;
use super::workers::Profile;
use super::{keys, seats, workers};

fn account(seed: u8) -> CanonicalAddr {
    CanonicalAddr::from(vec![seed; 20])
}

fn written<R: Record>(value: &R) -> Vec<u8> {
    let mut writer = Writer::default();
    value.write(&mut writer);
    writer.into_bytes()
}

/// Writes, reads, and reads every proper prefix, none of which is the value.
fn survives<R: Record + PartialEq + Debug>(value: R) {
    let bytes = written(&value);
    assert_eq!(decode::<R>(&bytes).unwrap(), value);
    for length in 0..bytes.len() {
        if let Ok(shorter) = decode::<R>(&bytes[..length]) {
            assert_ne!(shorter, value);
        }
    }
}

fn ballot() -> Ballot {
    Ballot::Answer {
        cid: Cid::of_raw(b"answer"),
        finish: Finish::Length,
        output_tokens: 40,
        prompt_tokens: 12,
        trace: Hex([7; 32]),
    }
}

fn summary_member(replaced: bool) -> SummaryMember {
    SummaryMember {
        worker: account(9),
        position: 4,
        replaced,
        conduct: ConductInfo::Withheld,
        paid: 60,
    }
}

#[test]
fn records_of_tasks_survive() {
    survives(Task {
        model: 1,
        requester: account(1),
        prompt: Cid::of_raw(b"prompt"),
        prompt_bytes: 10,
        max_output_tokens: 80,
        digest: [3; 32],
        params_version: 1,
        committee: 5,
        rounds_possible: 2,
        posted: 1_000,
        posted_time: 1_764_000_000,
        full_fee: 100,
        lock: 3_000,
        holders: vec![account(2), account(3)],
        carried: true,
    });
    for standing in [
        None,
        Some(Standing {
            round: 0,
            line: 1,
            votes: 4,
        }),
    ] {
        survives(Phase {
            status: Status::Answered,
            round: 1,
            size: 11,
            members: 10,
            entered: 1_000,
            deadline: 1_060,
            contested: true,
            standing,
        });
    }
    survives(Votes {
        committed: 5,
        revealed: 4,
        lines: 2,
        best: 3,
        best_line: 1,
    });
}

#[test]
fn records_of_rounds_survive() {
    let openers = [
        Opener::Post,
        Opener::Undecided,
        Opener::Appeal {
            by: account(5),
            bond: 4_100,
        },
    ];
    for opener in openers {
        survives(Round {
            opener,
            size: 5,
            state: life::Round {
                opened: Moment {
                    height: 1_000,
                    nanos: 1,
                },
                waits_for: 23,
                draws: 2,
                revealing: true,
                decided: Some(0),
            },
        });
    }
    survives(Roster {
        places: vec![Some(account(1)), None, Some(account(2))],
        replaced: vec![account(3)],
    });
    let commitment = [8; 32];
    for stage in [
        Stage::Drawn,
        Stage::Committed { commitment },
        Stage::Revealed {
            commitment,
            line: 3,
        },
        Stage::Replaced,
    ] {
        survives(Member {
            round: 1,
            position: 30,
            stage,
        });
    }
    for ballot in [ballot(), Ballot::Unavailable {}, Ballot::Invalid {}] {
        survives(ballot);
    }
    survives(Line { line: 1, votes: 4 });
}

#[test]
fn records_of_the_network_survive() {
    survives(Model {
        manifest: Cid::of_raw(b"manifest"),
        publisher: account(1),
        price: Price {
            base: Uint128::new(10),
            per_prompt_byte: Uint128::new(1),
            per_output_token: Uint128::new(2),
        },
        limits: Limits {
            max_prompt_bytes: 16_384,
            max_output_tokens: 4_096,
        },
        endpoint: Some("http://127.0.0.1:1".to_owned()),
    });
    survives(ModelState {
        seats: 5,
        busy: 4,
        open_tasks: 3,
        retired: true,
        deposit: u128::MAX,
    });
    survives(Stake {
        bond: 10_000,
        locked: 3_000,
        unbonding: 1,
        claimable: 2,
        since: 3,
        misses: 4,
        jailed_until: 5,
        earned: 6,
    });
    survives(Profile {
        voter: Some([2; 33]),
        endpoint: Some("http://127.0.0.1:1".to_owned()),
        moniker: Some("worker".to_owned()),
    });
    survives(Books::default());
    survives(Bitmap([0xa5; 512]));
    survives(Stored {
        level: 1,
        height: 2,
    });
    survives(Randomness {
        value: [1; 32],
        published: Moment {
            height: 1_000,
            nanos: 2,
        },
    });
}

#[test]
fn records_of_endings_survive() {
    survives(Entry {
        task: 7,
        ballot: ballot(),
        committee: 5,
        votes: 4,
        height: 1_000,
        conflict: true,
    });
    survives(Summary {
        status: TaskStatus::Final,
        entered: 1_000,
        contested: true,
        committed: 5,
        revealed: 4,
        outcome: Some(SummaryOutcome {
            ballot: ballot(),
            round: 0,
            votes: 4,
        }),
        settlement: SettlementInfo {
            paid: Uint128::new(240),
            refunded: Uint128::new(260),
            forfeited: Uint128::new(3_000),
            burned: Uint128::new(3_000),
            miss_charges: Uint128::new(10),
            slash_withheld: true,
            appeal_bonds: Uint128::new(4_100),
            to_appellants: Uint128::new(8_200),
        },
        rounds: vec![SummaryRound {
            size: 5,
            opened: 1_000,
            members: vec![summary_member(false), summary_member(true)],
        }],
    });
}

/// Told from its older form by its length, so nothing but the one zero of padding may follow it.
fn refuses_a_tail<R: Record + PartialEq + Debug>(value: R) {
    let bytes = written(&value);
    let with = |tail: &[u8]| decode::<R>(&[&bytes[..], tail].concat());
    assert_eq!(with(&[0]).unwrap(), value, "padded");
    for tail in [&[1][..], &[0, 0], &[0, 1], &[9; 5]] {
        assert!(with(tail).is_err(), "{} with {tail:?} after it", R::NAME);
    }
}

#[test]
fn a_record_told_by_its_length_refuses_what_follows_its_last_field() {
    refuses_a_tail(Stake::default());
    refuses_a_tail(Books::default());
    refuses_a_tail(ModelState {
        seats: 5,
        busy: 4,
        open_tasks: 3,
        retired: true,
        deposit: 7,
    });
}

#[test]
fn a_member_takes_at_most_forty_bytes_of_a_summary() {
    assert!(written(&summary_member(true)).len() <= 40);
}

#[test]
fn a_full_model_has_no_slot_and_a_freed_one_is_the_next() {
    let mut storage = MockStorage::new();
    for slot in 0..4_096_u16 {
        let worker = CanonicalAddr::from(slot.to_be_bytes().to_vec());
        let taken = seats::occupy(&mut storage, 1, &worker).unwrap();
        assert_eq!(taken, Some(slot));
    }
    let late = account(1);
    assert_eq!(seats::occupy(&mut storage, 1, &late).unwrap(), None);
    let left = seats::vacate(&mut storage, 1, &[3_000, 2_049]).unwrap();
    let slots: Vec<_> = left.iter().map(|(slot, _)| *slot).collect();
    assert_eq!(slots, [3_000, 2_049]);
    assert_eq!(seats::vacate(&mut storage, 1, &[3_000]).unwrap(), []);
    let taken = seats::occupy(&mut storage, 1, &late).unwrap();
    assert_eq!(taken, Some(2_049));
    let taken = seats::occupy(&mut storage, 1, &account(2)).unwrap();
    assert_eq!(taken, Some(3_000));
    assert_eq!(seats::slots(&storage, 1, Some(4_094)).count(), 1);
}

#[test]
fn a_scan_stays_inside_its_prefix_and_goes_on_after_a_key() {
    let mut storage = MockStorage::new();
    let [one, two, three] = [1, 2, 3].map(account);
    for worker in [&three, &one, &two] {
        workers::set_stake(&mut storage, worker, &Stake::default());
        workers::set_profile(&mut storage, worker, &Profile::default());
    }
    let all: Vec<_> = workers::all(&storage, None).collect();
    assert_eq!(all, [one.clone(), two.clone(), three.clone()]);
    let rest: Vec<_> = workers::all(&storage, Some(&one)).collect();
    assert_eq!(rest, [two, three]);
    assert_eq!(scan(&storage, &keys::stake(&one), None).count(), 1);
}
