//! Courses on the contract, compared with the rules after every act.

use antiphon_api::*;
use antiphon_rules::life::{Due, Phase, Status};
use antiphon_rules::settle::Settlement;
use antiphon_rules::{Conduct, rounds::quorum};

use super::check;
use super::ends::settlement;
use super::law::{Law, Rules};
use super::script::{After, Script};
use super::search::Found;
use super::stage::Stage;
use super::world::{Act, Member, Past, Said, Scope, State};
use crate::suite::check::books;

/// Courses played on one network, one after the other: misses add up.
pub const TASKS_PER_NETWORK: usize = 50;

/// Replays courses; returns how many acts that took.
pub fn run(scripts: &[Script], scope: &Scope, full_meter: bool) -> usize {
    let mut stage = Stage::start(scope, full_meter);
    for script in scripts {
        play(&mut stage, script, scope, full_meter);
        books(&stage.network);
    }
    scripts.iter().map(|script| script.steps.len()).sum()
}

fn play(stage: &mut Stage, script: &Script, scope: &Scope, full_meter: bool) {
    stage.post();
    let mut state = scope.posted();
    compare(stage, &state, scope, "post");
    for (index, step) in script.steps.iter().enumerate() {
        stage.network.blocks(1);
        let draws = matches!(Rules.due(&state, scope), Due::Draw(_));
        let round = state.phase.round;
        let ballot = match step.act {
            Act::Commit(place) => Some(later(script, index, place).ballot(round)),
            _ => None,
        };
        stage.act(step.act, draws, round, ballot);
        match &step.after {
            After::Open(after) => {
                compare(stage, after, scope, &told(script, index));
                state = after.clone();
            }
            After::Ended(phase) => ended(stage, script, phase, scope, full_meter),
        }
    }
}

/// What a member that commits at `index` will reveal; one that withholds may be bound to anything.
fn later(script: &Script, index: usize, place: u8) -> Said {
    let rest = script.steps[index..].iter();
    let reveals = rest.take_while(|step| step.act != Act::Appeal);
    let said = reveals.filter_map(|step| match step.act {
        Act::Reveal(at, said) if at == place => Some(said),
        _ => None,
    });
    said.into_iter().next().unwrap_or(Said::Other)
}

fn told(script: &Script, index: usize) -> String {
    let acts: Vec<_> = script.steps[..=index].iter().map(|it| it.act).collect();
    format!("after {acts:?}")
}

/// The state of the task as the contract tells it, against the rules'.
fn compare(stage: &Stage, state: &State, scope: &Scope, told: &str) {
    let task = stage.network.task(stage.task);
    let (phase, due) = (&state.phase, Rules.due(state, scope));
    let status = match phase.status {
        Status::Drawing => TaskStatus::Drawing,
        Status::Committing => TaskStatus::Committing,
        Status::Revealing => TaskStatus::Revealing,
        Status::Answered => TaskStatus::Answered,
    };
    assert_eq!((task.status, task.round), (status, phase.round), "{told}");
    let sizes = (phase.size.into(), quorum(phase.size.into()));
    assert_eq!((task.size, task.quorum), sizes, "{told}");
    let counts = [task.members, task.committed, task.revealed];
    let votes = &state.votes;
    let want = [phase.members, votes.committed, votes.revealed];
    assert_eq!(counts, want.map(u32::from), "{told}");
    let marks = (task.contested, task.due, task.undecided);
    let want = (phase.contested, due != Due::Wait, due == Due::Undecided);
    assert_eq!(marks, want, "contested, due, undecided: {told}");
    assert_eq!(
        task.waits_for.is_some(),
        state.round.waits_for != 0,
        "{told}"
    );
    outcome(&task, phase, state.stands, told);
    members(stage, state, told);
}

fn outcome(task: &TaskResponse, phase: &Phase, stands: Option<Said>, told: &str) {
    let round = phase.standing.map(|it| it.round);
    let ballot = round.zip(stands).map(|(round, said)| said.ballot(round));
    assert_eq!(task.outcome_round, round, "{told}");
    assert_eq!(task.outcome, ballot, "{told}");
    assert_eq!(task.contested, phase.contested, "{told}");
    let votes = phase.standing.map(|it| u32::from(it.votes));
    assert_eq!(task.outcome_votes, votes, "{told}");
}

fn members(stage: &Stage, state: &State, told: &str) {
    let round = stage.network.round(stage.task, state.phase.round);
    assert_eq!(round.replaced.len(), usize::from(state.replaced), "{told}");
    let got: Vec<_> = round
        .members
        .iter()
        .map(|it| (it.position, it.commitment.is_some(), it.ballot.clone()))
        .collect();
    let places = (0_u32..).zip(&state.places);
    let want: Vec<_> = places
        .filter_map(|(position, place)| {
            let member = (*place)?;
            let said = match member {
                Member::Revealed(said) => Some(said.ballot(state.phase.round)),
                _ => None,
            };
            Some((position, member != Member::Drawn, said))
        })
        .collect();
    assert_eq!(got, want, "{told}");
}

/// The end of a task, with every member's conduct and money.
fn ended(stage: &mut Stage, script: &Script, phase: &Phase, scope: &Scope, full_meter: bool) {
    let told = told(script, script.steps.len() - 1);
    let task = stage.network.task(stage.task);
    let stands = script
        .pasts
        .iter()
        .filter_map(|past| past.decided)
        .next_back();
    let status = match stands {
        Some(_) => TaskStatus::Final,
        None => TaskStatus::Failed,
    };
    assert_eq!(task.status, status, "{told}");
    outcome(&task, phase, stands, &told);
    let settlement = settlement(&Rules, scope, &script.pasts, !full_meter);
    let info = task.settlement.unwrap();
    let got = [info.paid, info.refunded, info.forfeited, info.burned];
    let want = [
        settlement.paid,
        settlement.refund,
        settlement.forfeits,
        settlement.burned,
    ];
    assert_eq!(got.map(|it| it.u128()), want, "{told}");
    assert_eq!(info.slash_withheld, settlement.slash_withheld, "{told}");
    let appeals = settlement.appeals.iter().map(|it| it.returned + it.reward);
    assert_eq!(info.to_appellants.u128(), appeals.sum::<u128>(), "{told}");
    judged(stage, &script.pasts, &settlement, &told);
    let mut found = Found::default();
    check::ending(&Rules, scope, phase, &script.pasts, &mut found);
    assert_eq!(found.violations.len(), 0, "{:#?}", found.violations);
}

fn judged(stage: &Stage, pasts: &[Past], settlement: &Settlement, told: &str) {
    let mut results = settlement.members.iter();
    for (number, past) in (0..).zip(pasts) {
        let round = stage.network.round(stage.task, number);
        assert_eq!(round.members.len(), past.members.len(), "{told}");
        for (member, result) in round.members.iter().zip(&mut results) {
            let got = (member.conduct, member.paid.u128(), member.forfeited.u128());
            let conduct = Some(word(result.conduct));
            assert_eq!(got, (conduct, result.paid, result.forfeited), "{told}");
        }
        assert_eq!(round.replaced.len(), usize::from(past.replaced), "{told}");
        for member in &round.replaced {
            let got = (member.conduct, member.paid.u128(), member.forfeited.u128());
            assert_eq!(got, (Some(ConductInfo::Silent), 0, 0), "{told}");
        }
    }
}

const fn word(conduct: Conduct) -> ConductInfo {
    match conduct {
        Conduct::Right => ConductInfo::Right,
        Conduct::Wrong => ConductInfo::Wrong,
        Conduct::Neutral => ConductInfo::Neutral,
        Conduct::Withheld => ConductInfo::Withheld,
        Conduct::Silent => ConductInfo::Silent,
        Conduct::Unavailable => ConductInfo::Unavailable,
        Conduct::Revealer => ConductInfo::Revealer,
    }
}
