//! What a task's state means, in sentences that need no glossary.

use antiphon_api::{Ballot, RoundResponse, TaskResponse, TaskStatus};

use crate::clock::Clock;
use crate::output::ballot_words;

/// Everything worth saying of a task, line by line.
#[must_use]
pub fn story(task: &TaskResponse, rounds: &[RoundResponse], clock: &Clock) -> Vec<String> {
    let mut lines: Vec<String> = rounds
        .iter()
        .filter(|_| rounds.len() > 1)
        .map(|round| of_round(task, round))
        .collect();
    lines.extend(outcome(task));
    lines.extend(contested(task));
    lines.extend(next(task, clock));
    lines.extend(appeals(task));
    lines.extend(withheld(task));
    lines.extend(carried(task));
    lines.extend(callback(task, clock));
    lines.extend(rating(task));
    lines
}

/// How one of several rounds came about, and what it said.
fn of_round(task: &TaskResponse, round: &RoundResponse) -> String {
    let number = round.round;
    let how = match (&round.appeal, number) {
        (Some(appeal), _) => format!(
            ", opened by an appeal of {} with a bond of {}",
            appeal.by, appeal.bond
        ),
        (None, 0) => String::new(),
        (None, _) => ", with fresh workers".to_owned(),
    };
    let said = if task.outcome_round == Some(number) {
        let votes = task.outcome_votes.unwrap_or(0);
        format!(
            "{votes} of {} agree on {}",
            round.size,
            ballot_words(task.outcome.as_ref())
        )
    } else if number == task.round && is_under_way(task) && !task.undecided {
        format!("{} of {} are in", task.members, round.size)
    } else if let Some(said) = said_before(task, round) {
        said.to_owned()
    } else {
        format!("no agreement, {} equal ballots were needed", round.quorum)
    };
    format!("round {number}: {} workers{how}: {said}", round.size)
}

/// What to say of a round before the one that stands; none if it came to no quorum. At the task's end the
/// contract keeps no tally, and nobody can tell whether it did.
fn said_before(task: &TaskResponse, round: &RoundResponse) -> Option<&'static str> {
    task.outcome_round
        .filter(|standing| round.round < *standing)?;
    if matches!(task.status, TaskStatus::Final | TaskStatus::Failed) {
        return Some("a later round decided after it");
    }
    // Only the first round can decide that the prompt was not to be had.
    let counts = |ballot: &Ballot| round.round == 0 || *ballot != Ballot::Unavailable {};
    let mut lines = round.tally.iter();
    let decided = lines.any(|line| line.votes >= round.quorum && counts(&line.ballot));
    decided.then_some("a later round took its place")
}

fn outcome(task: &TaskResponse) -> Option<String> {
    match (&task.outcome, task.status) {
        (Some(Ballot::Unavailable {}), _) => Some(
            "the workers agree that the prompt was not to be had from those that should hold it; \
             asking again with --carry puts it into the transaction"
                .to_owned(),
        ),
        (Some(Ballot::Invalid {}), _) => Some(
            "the workers agree that the prompt is not valid for the model: it is likely too long"
                .to_owned(),
        ),
        (None, TaskStatus::Failed) => Some(
            "no committee agreed, so there is no answer; what was not paid for work went back to the requester"
                .to_owned(),
        ),
        _ => None,
    }
}

fn contested(task: &TaskResponse) -> Option<String> {
    let standing = task.outcome_round.filter(|_| task.contested)?;
    Some(format!(
        "contested: the outcome of round {standing} stands, but a larger committee after it did not agree, so nothing confirms it. \
         Nobody is served it free; `antiphon ask --fresh` has another committee answer"
    ))
}

/// What happens next, and who can do something.
fn next(task: &TaskResponse, clock: &Clock) -> Option<String> {
    let id = task.task;
    if task.due || task.undecided {
        return Some(format!(
            "its next step is due, and anybody can make it: workers do, else `antiphon advance {id}`"
        ));
    }
    if task.status != TaskStatus::Answered {
        return None;
    }
    let deadline = task.deadline?;
    let left = clock.span(clock.blocks_until(deadline));
    Some(match task.appeal_bond {
        Some(bond) => format!(
            "who doubts the outcome can appeal until block {deadline} ({left}) for a bond of {bond}: `antiphon appeal {id}`; else it becomes final"
        ),
        None => format!(
            "no round is left for an appeal: it becomes final after block {deadline} ({left})"
        ),
    })
}

/// What became of appeals: told at the end, when the contract knows no single ones any more.
fn appeals(task: &TaskResponse) -> Option<String> {
    let settled = task.settlement.as_ref()?;
    let bonds = settled.appeal_bonds;
    (!bonds.is_zero()).then(|| {
        format!(
            "appeals put up {bonds}; {} went back to those who appealed",
            settled.to_appellants
        )
    })
}

fn withheld(task: &TaskResponse) -> Option<String> {
    let withheld = task.settlement.as_ref().is_some_and(|it| it.slash_withheld);
    withheld.then(|| {
        "locks were to be forfeited and were freed: so much was forfeited lately that a fault of the software is likelier than an attack".to_owned()
    })
}

fn carried(task: &TaskResponse) -> Option<String> {
    task.carried.then(|| {
        "its transaction carried the prompt: nobody can say that it was not to be had".to_owned()
    })
}

fn callback(task: &TaskResponse, clock: &Clock) -> Option<String> {
    let callback = task.callback.as_ref()?;
    let (id, receiver) = (task.task, &task.requester);
    let what = match callback.with_text {
        true => "with the text of the answer",
        false => "without a text",
    };
    Some(match callback.deadline {
        None => format!(
            "{receiver} is told when the task is at its end, {what}; who does that earns {}",
            callback.fee
        ),
        Some(deadline) if deadline > clock.height => format!(
            "{receiver} waits to be told, {what}: `antiphon deliver {id}` earns {} until block {deadline} ({})",
            callback.fee,
            clock.span(clock.blocks_until(deadline))
        ),
        Some(deadline) => format!(
            "{receiver} could be told until block {deadline}; that is over, and {} go back to it",
            callback.fee
        ),
    })
}

fn rating(task: &TaskResponse) -> Option<String> {
    let id = task.task;
    let answered = matches!(task.outcome, Some(Ballot::Answer { .. }));
    match task.rated {
        Some(good) => Some(format!(
            "its requester calls the answer {}",
            crate::rate::word(good)
        )),
        None if answered && task.status == TaskStatus::Final => Some(format!(
            "its requester may rate the answer, once: `antiphon rate {id} good` or `bad`"
        )),
        None => None,
    }
}

const fn is_under_way(task: &TaskResponse) -> bool {
    matches!(
        task.status,
        TaskStatus::Drawing | TaskStatus::Committing | TaskStatus::Revealing
    )
}
