//! Appeals: won, lost or undecided, and what becomes of their bonds.

use super::sums::{less, sum};
use super::{AppealResult, Case, Course, MemberResult, OpenedBy, RoundRecord, Verdict, numbered};
use crate::Overflow;
use crate::conduct::{Ending, Outcome};

/// Judges appeals in round order, and pays g out of the bonds of undecided ones.
pub(super) fn judge_appeals(
    case: &Case<'_>,
    course: &Course,
    outcome: Outcome,
    members: &mut [MemberResult],
) -> Result<Vec<AppealResult>, Overflow> {
    let base_fee = case.price.base_fee(case.prompt_bytes)?;
    let mut appeals = Vec::new();
    for (round, record) in numbered(case.rounds) {
        let OpenedBy::Appeal { bond } = record.opened_by else {
            continue;
        };
        let verdict = verdict(course, outcome, round);
        let returned = match verdict {
            Verdict::Won => bond,
            Verdict::Lost => 0,
            Verdict::Undecided => {
                let paid = pay_round(record, round, members, base_fee)?;
                less(bond, paid)?
            }
        };
        appeals.push(AppealResult {
            round,
            verdict,
            returned,
            reward: 0,
        });
    }
    Ok(appeals)
}

/// Gives each won appeal as much as its own bond, in round order; returns what is left.
pub(super) fn reward(appeals: &mut [AppealResult], mut pot: u128) -> Result<u128, Overflow> {
    for appeal in appeals {
        if appeal.verdict == Verdict::Won {
            appeal.reward = pot.min(appeal.returned);
            pot = less(pot, appeal.reward)?;
        }
    }
    Ok(pot)
}

/// The sum of the bonds of lost appeals.
pub(super) fn lost_bonds(case: &Case<'_>, appeals: &[AppealResult]) -> Result<u128, Overflow> {
    let bonds = case
        .rounds
        .iter()
        .filter_map(|record| match record.opened_by {
            OpenedBy::Appeal { bond } => Some(bond),
            _ => None,
        });
    let lost = bonds
        .zip(appeals)
        .filter(|(_, appeal)| appeal.verdict == Verdict::Lost);
    sum(lost.map(|(bond, _)| bond))
}

/// An appeal whose round was undecided after the standing one is neither won nor lost.
fn verdict(course: &Course, outcome: Outcome, round: u8) -> Verdict {
    if matches!(course.ending, Ending::Final { standing, .. } if round > standing) {
        return Verdict::Undecided;
    }
    let appealed = course
        .decided
        .iter()
        .take_while(|(decided, _)| *decided < round)
        .last();
    match appealed {
        Some((_, appealed)) if *appealed == outcome => Verdict::Lost,
        _ => Verdict::Won,
    }
}

/// Pays g to the members of an undecided appeal round that revealed work; returns what that took.
fn pay_round(
    record: &RoundRecord<'_>,
    round: u8,
    members: &mut [MemberResult],
    base_fee: u128,
) -> Result<u128, Overflow> {
    let mut paid: u128 = 0;
    let of_round = members.iter_mut().filter(|member| member.round == round);
    for (member, act) in of_round.zip(record.acts) {
        if act.is_reveal_of_work() {
            member.paid = base_fee;
            paid = sum([paid, base_fee])?;
        }
    }
    Ok(paid)
}
