//! The life of a duty: every transition, and every way to lose one.

use antiphon_api::{Ballot, Hex};
use antiphon_worker::duty::{Effect, Input, Machine, Phase, Reason, State, View, Vote};
use proptest::prelude::*;

use crate::answer;

const MINE: Hex<32> = Hex([1; 32]);
const OTHER: Hex<32> = Hex([2; 32]);

fn view(height: u64, phase: Phase) -> View {
    View {
        height,
        reached: height,
        phase,
    }
}

fn committing(height: u64) -> View {
    view(height, Phase::Commit { deadline: 100 })
}

fn vote() -> Vote {
    Vote {
        ballot: answer(1),
        commitment: MINE,
    }
}

fn computed() -> Machine {
    Machine::new(committing(10), Some(vote())).0
}

fn step(machine: &mut Machine, input: Input) -> Vec<Effect> {
    machine.step(input)
}

fn chain(machine: &mut Machine, height: u64, phase: Phase) -> Vec<Effect> {
    machine.step(Input::Chain(view(height, phase)))
}

#[test]
fn an_undisturbed_duty_runs_from_seen_to_done() {
    let (mut machine, effects) = Machine::new(committing(10), None);
    assert_eq!(
        (machine.state(), effects),
        (State::Seen, vec![Effect::Work])
    );
    assert_eq!(step(&mut machine, Input::Fetched), []);
    assert_eq!(machine.state(), State::Fetched);
    assert_eq!(
        step(&mut machine, Input::Ballot(answer(1))),
        [Effect::Journal(answer(1))]
    );
    assert_eq!(
        machine.state(),
        State::Fetched,
        "nothing is sent before the journal has it"
    );
    assert_eq!(
        step(&mut machine, Input::Journaled(vote())),
        [Effect::Commit { deadline: 100 }]
    );
    assert_eq!(machine.state(), State::CommitSent);
    assert_eq!(
        chain(&mut machine, 12, Phase::Wait { commitment: MINE }),
        []
    );
    assert_eq!(machine.state(), State::Committed);
    let reveal = Phase::Reveal {
        deadline: 160,
        commitment: MINE,
    };
    assert_eq!(
        chain(&mut machine, 14, reveal),
        [Effect::Reveal { deadline: 160 }]
    );
    assert_eq!(machine.state(), State::RevealSent);
    assert_eq!(chain(&mut machine, 15, Phase::Revealed), [Effect::Release]);
    assert_eq!(machine.state(), State::Done);
}

#[test]
fn the_work_is_started_once() {
    let (mut machine, _) = Machine::new(committing(10), None);
    for height in 11..20 {
        assert_eq!(
            chain(&mut machine, height, Phase::Commit { deadline: 100 }),
            []
        );
    }
}

#[test]
fn a_commit_is_asked_for_in_every_block_until_it_shows() {
    let mut machine = computed();
    for height in 11..20 {
        let effects = chain(&mut machine, height, Phase::Commit { deadline: 100 });
        assert_eq!(effects, [Effect::Commit { deadline: 100 }]);
        assert_eq!(machine.state(), State::CommitSent);
    }
}

#[test]
fn a_late_commit_is_lost_by_name() {
    let mut machine = computed();
    assert_eq!(
        chain(&mut machine, 101, Phase::Commit { deadline: 100 }),
        []
    );
    assert_eq!(machine.state(), State::Lost(Reason::CommitLate));
}

#[test]
fn a_late_reveal_is_lost_by_name() {
    let mut machine = computed();
    chain(
        &mut machine,
        161,
        Phase::Reveal {
            deadline: 160,
            commitment: MINE,
        },
    );
    assert_eq!(machine.state(), State::Lost(Reason::RevealLate));
    let mut machine = computed();
    chain(&mut machine, 161, Phase::Gone { withheld: true });
    assert_eq!(machine.state(), State::Lost(Reason::RevealLate));
}

#[test]
fn a_round_that_ends_without_us_is_lost_by_name() {
    let mut machine = computed();
    chain(&mut machine, 120, Phase::Gone { withheld: false });
    assert_eq!(machine.state(), State::Lost(Reason::RoundOver));
}

#[test]
fn a_foreign_commitment_is_never_opened() {
    for phase in [
        Phase::Wait { commitment: OTHER },
        Phase::Reveal {
            deadline: 160,
            commitment: OTHER,
        },
    ] {
        let mut machine = computed();
        assert_eq!(chain(&mut machine, 20, phase), []);
        assert_eq!(machine.state(), State::Lost(Reason::CommitmentDiffers));
    }
}

#[test]
fn a_worker_that_lost_its_journal_computes_again_and_reveals() {
    let reveal = Phase::Reveal {
        deadline: 160,
        commitment: MINE,
    };
    let (mut machine, effects) = Machine::new(view(50, reveal), None);
    assert_eq!(effects, [Effect::Work]);
    step(&mut machine, Input::Fetched);
    step(&mut machine, Input::Ballot(answer(1)));
    assert_eq!(
        step(&mut machine, Input::Journaled(vote())),
        [Effect::Reveal { deadline: 160 }]
    );
}

#[test]
fn a_failure_before_the_journal_ends_without_a_commit() {
    for reason in [
        Reason::ComputeFailed,
        Reason::JournalRefused,
        Reason::LyingTask,
    ] {
        let (mut machine, _) = Machine::new(committing(10), None);
        assert_eq!(step(&mut machine, Input::Failed(reason)), []);
        assert_eq!(machine.state(), State::Lost(reason));
        assert_eq!(
            step(&mut machine, Input::Ballot(answer(1))),
            [],
            "an ended duty does nothing"
        );
    }
}

#[test]
fn stopping_drops_what_is_not_committed_and_keeps_what_is() {
    let (mut fresh, _) = Machine::new(committing(10), None);
    step(&mut fresh, Input::Drain);
    assert_eq!(fresh.state(), State::Lost(Reason::Draining));

    let mut sent = computed();
    step(&mut sent, Input::Drain);
    assert!(
        sent.owes_reveal(),
        "a commit on its way may be on chain any moment"
    );

    let mut committed = computed();
    chain(&mut committed, 20, Phase::Wait { commitment: MINE });
    step(&mut committed, Input::Drain);
    assert_eq!(committed.state(), State::Committed);
}

#[test]
fn a_node_that_lags_changes_nothing() {
    let mut machine = computed();
    chain(&mut machine, 20, Phase::Wait { commitment: MINE });
    assert_eq!(chain(&mut machine, 15, Phase::Commit { deadline: 100 }), []);
    assert_eq!(machine.state(), State::Committed);
}

fn any_input() -> impl Strategy<Value = Input> {
    let phase = prop_oneof![
        Just(Phase::Commit { deadline: 100 }),
        Just(Phase::Wait { commitment: MINE }),
        Just(Phase::Wait { commitment: OTHER }),
        Just(Phase::Reveal {
            deadline: 160,
            commitment: MINE
        }),
        Just(Phase::Reveal {
            deadline: 160,
            commitment: OTHER
        }),
        Just(Phase::Revealed),
        any::<bool>().prop_map(|withheld| Phase::Gone { withheld }),
    ];
    prop_oneof![
        4 => (0..200_u64, phase).prop_map(|(height, phase)| Input::Chain(view(height, phase))),
        1 => Just(Input::Fetched),
        1 => Just(Input::Ballot(answer(1))),
        1 => Just(Input::Ballot(Ballot::Invalid {})),
        1 => Just(Input::Journaled(vote())),
        1 => Just(Input::Failed(Reason::ComputeFailed)),
        1 => Just(Input::Drain),
    ]
}

proptest! {
    #[test]
    fn whatever_comes_nothing_is_voted_without_a_journal_and_an_end_is_an_end(
        inputs in proptest::collection::vec(any_input(), 0..40)
    ) {
        let (mut machine, _) = Machine::new(committing(0), None);
        let mut ended = None;
        for input in inputs {
            let effects = machine.step(input);
            let votes = effects.iter().any(|e| matches!(e, Effect::Commit { .. } | Effect::Reveal { .. }));
            prop_assert!(!votes || machine.vote().is_some());
            if let Some(end) = ended {
                prop_assert_eq!(machine.state(), end);
                prop_assert!(effects.is_empty());
            }
            ended = ended.or(machine.state().ended().then(|| machine.state()));
        }
    }
}

#[test]
fn a_height_that_is_not_agreed_on_ends_no_duty() {
    let mut machine = computed();
    let bogus = View {
        height: 9_000_000,
        reached: 90,
        phase: Phase::Reveal {
            deadline: 100,
            commitment: MINE,
        },
    };
    let effects = machine.step(Input::Chain(bogus));
    assert_eq!(effects, [Effect::Reveal { deadline: 100 }]);
    let honest = View {
        height: 91,
        reached: 91,
        ..bogus
    };
    assert_eq!(
        machine.step(Input::Chain(honest)),
        [],
        "older than what was seen"
    );
    machine.rewind(91);
    assert_eq!(
        machine.step(Input::Chain(honest)),
        [Effect::Reveal { deadline: 100 }]
    );
    let over = View {
        height: 101,
        reached: 101,
        ..bogus
    };
    machine.step(Input::Chain(over));
    assert_eq!(machine.state(), State::Lost(Reason::RevealLate));
}
