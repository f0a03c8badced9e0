//! Rounds, quorum, status and conduct: the course of the task as the rules have it.

use antiphon_rules::rounds::{next_size, quorum as needed};

use super::{Facts, Found, hold};
use crate::document::Round;

/// Sizes round 0 can have.
const FIRST_SIZES: [u32; 6] = [3, 5, 7, 9, 11, 15];
/// Rounds a task can have by any parameters.
pub(super) const MAX_ROUNDS: usize = 3;

/// Numbers, sizes and heights of rounds follow each other, and no round is overfull.
pub(super) fn rounds(facts: &Facts<'_>) -> Found {
    let rounds = &facts.receipt.rounds;
    hold((1..=MAX_ROUNDS).contains(&rounds.len()), || {
        format!("got {} rounds, want 1 to {MAX_ROUNDS}", rounds.len())
    })?;
    let first = rounds.first().map_or(0, |round| round.size);
    hold(FIRST_SIZES.contains(&first), || {
        format!("got a first round of {first}, want one of {FIRST_SIZES:?}")
    })?;
    for (number, round) in (0..=u8::MAX).zip(rounds) {
        hold(round.round == number, || {
            format!("got round {}, want {number}", round.round)
        })?;
        fits(round)?;
    }
    for pair in rounds.windows(2) {
        if let [one, next] = pair {
            follows(one, next)?;
        }
    }
    let sizes: Vec<_> = rounds.iter().map(|round| round.size.to_string()).collect();
    Ok(format!("sizes {}", sizes.join(", ")))
}

/// Members that took part are at most the places; silent ones may have been replaced by others.
fn fits(round: &Round) -> Result<(), String> {
    let part = round.members.iter().filter(|it| it.commitment.is_some());
    let part = u32::try_from(part.count()).unwrap_or(u32::MAX);
    hold(part <= round.size, || {
        let (number, size) = (round.round, round.size);
        format!("round {number}: got {part} members with a commitment, want at most {size}")
    })
}

fn follows(one: &Round, next: &Round) -> Result<(), String> {
    hold(next_size(one.size) == Some(next.size), || {
        format!("got a round of {} after one of {}", next.size, one.size)
    })?;
    hold(one.opened <= next.opened, || {
        format!(
            "round {} opened at {}, before the one before it",
            next.round, next.opened
        )
    })
}

/// A task that is final has equal ballots of a quorum of some whole round.
pub(super) fn quorum(facts: &Facts<'_>) -> Found {
    use crate::document::Status;
    match (&facts.course.standing, facts.receipt.task.status) {
        (Some(it), _) => Ok(format!(
            "{} of {} equal ballots in round {}, {} decide",
            it.votes,
            it.size,
            it.round,
            needed(it.size)
        )),
        (None, Status::Failed) => Ok("none, and the task failed".to_owned()),
        (None, Status::Final) => Err("no round has equal ballots of a quorum".to_owned()),
    }
}

/// Status and mark of contest are those that the ballots make.
pub(super) fn status(facts: &Facts<'_>) -> Found {
    let (task, course) = (&facts.receipt.task, &facts.course);
    let word = |status, contested| {
        format!("{status:?}{}", if contested { ", contested" } else { "" }).to_lowercase()
    };
    let got = word(task.status, task.contested);
    let want = word(course.status(), course.contested);
    hold(got == want, || {
        format!("got {got}, the ballots make it {want}")
    })?;
    Ok(got)
}

/// Every member is judged as the rules judge it.
pub(super) fn conduct(facts: &Facts<'_>) -> Found {
    let mut count: usize = 0;
    for (round, judged) in facts.receipt.rounds.iter().zip(&facts.course.conduct) {
        for (member, want) in round.members.iter().zip(judged) {
            hold(member.conduct == *want, || {
                let got = format!("got {:?}, want {want:?}", member.conduct).to_lowercase();
                format!("round {}: {}: {got}", round.round, member.worker)
            })?;
            count = count.saturating_add(1);
        }
    }
    Ok(format!("{count} members are judged by the rules"))
}
