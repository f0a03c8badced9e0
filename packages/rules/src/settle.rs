//! Settlement: who is paid, what returns and what is burned when a task ends (protocol, section 6).

mod appeals;
mod sums;

use crate::conduct::{Act, Conduct, Ending, Outcome, is_miss, judge};
use crate::{Overflow, Price};
use sums::{count, draw_from, less, sum, times};

/// What opened a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenedBy {
    /// The task itself: round 0.
    Post,
    /// The round before was undecided and no outcome stood.
    Undecided,
    /// An appeal.
    Appeal {
        /// Its bond.
        bond: u128,
    },
}

/// One round as it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundRecord<'a> {
    /// What opened it.
    pub opened_by: OpenedBy,
    /// Places, empty ones counted: quorums are of this number.
    pub size: u32,
    /// What each member did, by position. Members replaced earlier are not here: their locks are
    /// freed and their misses charged when they are replaced.
    pub acts: &'a [Act],
    /// What it was decided for when it ended ([`crate::conduct::decide`]). A fact, never counted
    /// again: acts may name equal answers of several rounds alike, and an undecided round stays so.
    pub decided: Option<Outcome>,
}

/// A task that is about to become final or failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case<'a> {
    /// The model's price.
    pub price: Price,
    /// Length of the prompt's document.
    pub prompt_bytes: u32,
    /// Output tokens of the ballot that stands; anything if no answer does (see [`ending`]).
    pub output_tokens: u32,
    /// What was taken at post for fees.
    pub escrow: u128,
    /// The lock of every member.
    pub lock: u128,
    /// The task itself carried its prompt.
    pub carried: bool,
    /// The slash meter takes forfeits ([`crate::meter::Meter::takes`]).
    pub meter_takes: bool,
    /// Rounds that were opened, in order; one that could not be drawn has no acts.
    pub rounds: &'a [RoundRecord<'a>],
}

/// What one member gets and loses. What is not forfeited of its lock is freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberResult {
    /// Its round.
    pub round: u8,
    /// Its position: the index in the round's acts.
    pub position: u32,
    /// The judgement.
    pub conduct: Conduct,
    /// Credited to its balance.
    pub paid: u128,
    /// Taken of its lock: all of it or nothing.
    pub forfeited: u128,
    /// Charged the model's base, from the bond, then from the unbonding entry, after forfeits.
    pub miss: bool,
}

/// How an appeal was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The final outcome differs from the one appealed.
    Won,
    /// It does not.
    Lost,
    /// Its round was undecided after the standing one, in a contested task.
    Undecided,
}

/// What an appeal gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppealResult {
    /// The round it opened.
    pub round: u8,
    /// The judgement.
    pub verdict: Verdict,
    /// Of its bond.
    pub returned: u128,
    /// Above its bond, out of half of the forfeits.
    pub reward: u128,
}

/// Every movement of money at the end of a task. What came in goes out:
/// `escrow + Σ bonds + forfeits = paid + refund + Σ (returned + reward) + burned`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// How the task ended.
    pub ending: Ending,
    /// f of the outcome: the most a right member is paid; g without an answer.
    pub fee: u128,
    /// By round, then position.
    pub members: Vec<MemberResult>,
    /// In round order.
    pub appeals: Vec<AppealResult>,
    /// To members, in all.
    pub paid: u128,
    /// Of the escrow, back to the requester.
    pub refund: u128,
    /// Taken of locks, in all.
    pub forfeits: u128,
    /// There were locks to forfeit and the meter was full: none was taken.
    pub slash_withheld: bool,
    /// Rest of lost bonds and forfeits. Miss charges are burned besides.
    pub burned: u128,
    /// Members of `members` with a miss.
    pub misses: u32,
    /// base · misses. A worker that has less than base left is charged what it has.
    pub miss_charges: u128,
}

/// How a task with these rounds ends: the last decided round stands.
#[must_use]
pub fn ending(rounds: &[RoundRecord<'_>]) -> Ending {
    Course::of(rounds).ending
}

/// What the rounds of a task came to.
struct Course {
    /// Decided rounds and their outcomes, in order.
    decided: Vec<(u8, Outcome)>,
    ending: Ending,
}

impl Course {
    fn of(rounds: &[RoundRecord<'_>]) -> Self {
        let decided: Vec<_> = numbered(rounds)
            .filter_map(|(round, record)| Some((round, record.decided?)))
            .collect();
        let last = numbered(rounds).last().map(|(round, _)| round);
        let ending = match decided.last() {
            None => Ending::Failed,
            Some(&(standing, outcome)) => Ending::Final {
                outcome,
                standing,
                contested: last != Some(standing),
            },
        };
        Self { decided, ending }
    }
}

/// Settles a task.
///
/// # Errors
/// A sum does not fit u128: impossible within the protocol's bounds.
pub fn settle(case: &Case<'_>) -> Result<Settlement, Overflow> {
    let course = Course::of(case.rounds);
    let mut members = judge_all(case, &course.ending);
    let convicted = count(&members, |member| member.conduct.forfeits());
    let slash_withheld = convicted > 0 && !case.meter_takes;
    let mut forfeits = 0;
    if !slash_withheld {
        forfeits = times(case.lock, convicted)?;
        forfeit_locks(&mut members, case.lock);
    }
    let fee = fee_of(case, &course.ending)?;
    let money = match course.ending {
        Ending::Failed => pay_failed(case, &mut members, fee, forfeits)?,
        Ending::Final { outcome, .. } => {
            let appeals = appeals::judge_appeals(case, &course, outcome, &mut members)?;
            pay_final(case, appeals, &mut members, fee, forfeits)?
        }
    };
    let misses = count(&members, |member| member.miss);
    Ok(Settlement {
        ending: course.ending,
        fee,
        appeals: money.appeals,
        paid: sum(members.iter().map(|member| member.paid))?,
        members,
        refund: money.refund,
        forfeits,
        slash_withheld,
        burned: money.burned,
        misses,
        miss_charges: times(case.price.base, misses)?,
    })
}

/// Where the money goes that does not go to members.
struct Money {
    refund: u128,
    burned: u128,
    appeals: Vec<AppealResult>,
}

/// A failed task pays at most g for work, so that provoking disagreement never buys free answers.
fn pay_failed(
    case: &Case<'_>,
    members: &mut [MemberResult],
    fee: u128,
    forfeits: u128,
) -> Result<Money, Overflow> {
    let is_revealer = |member: &MemberResult| member.conduct == Conduct::Revealer;
    let revealers = count(members, is_revealer);
    let each = share(case.escrow, revealers).min(fee);
    pay_each(members, is_revealer, each);
    Ok(Money {
        refund: less(case.escrow, times(each, revealers)?)?,
        burned: forfeits,
        appeals: Vec::new(),
    })
}

fn pay_final(
    case: &Case<'_>,
    mut appeals: Vec<AppealResult>,
    members: &mut [MemberResult],
    fee: u128,
    forfeits: u128,
) -> Result<Money, Overflow> {
    let lost = appeals::lost_bonds(case, &appeals)?;
    let half = forfeits / 2;
    let is_right = |member: &MemberResult| member.conduct == Conduct::Right;
    let right = count(members, is_right);
    let each = share(sum([case.escrow, lost, half])?, right).min(fee);
    pay_each(members, is_right, each);

    // Round 0 from the escrow; later rounds from lost bonds, half of the forfeits, the escrow.
    let first = count(members, |member| is_right(member) && member.round == 0);
    let escrow_left = less(case.escrow, times(each, first)?)?;
    let mut owed = times(each, right.saturating_sub(first))?;
    let lost_left = draw_from(lost, &mut owed);
    let half_left = draw_from(half, &mut owed);
    let refund = draw_from(escrow_left, &mut owed);
    let half_left = appeals::reward(&mut appeals, half_left)?;
    Ok(Money {
        refund,
        burned: sum([lost_left, half_left, less(forfeits, half)?])?,
        appeals,
    })
}

/// What one of `number` gets of a pot, at most; all of it if there is nobody.
fn share(pot: u128, number: u32) -> u128 {
    pot.checked_div(number.into()).unwrap_or(pot)
}

fn fee_of(case: &Case<'_>, ending: &Ending) -> Result<u128, Overflow> {
    let output_tokens = match ending {
        Ending::Final {
            outcome: Outcome::Answer(_),
            ..
        } => case.output_tokens,
        _ => 0,
    };
    case.price.fee(case.prompt_bytes, output_tokens)
}

fn judge_all(case: &Case<'_>, ending: &Ending) -> Vec<MemberResult> {
    let mut members = Vec::new();
    for (round, record) in numbered(case.rounds) {
        for (position, act) in (0..).zip(record.acts) {
            let conduct = judge(*act, round, ending);
            members.push(MemberResult {
                round,
                position,
                conduct,
                paid: 0,
                forfeited: 0,
                miss: is_miss(conduct, ending, case.carried),
            });
        }
    }
    members
}

fn forfeit_locks(members: &mut [MemberResult], lock: u128) {
    for member in members.iter_mut().filter(|one| one.conduct.forfeits()) {
        member.forfeited = lock;
    }
}

fn pay_each(members: &mut [MemberResult], who: impl Fn(&MemberResult) -> bool, amount: u128) {
    for member in members.iter_mut().filter(|member| who(member)) {
        member.paid = amount;
    }
}

fn numbered<'a>(rounds: &'a [RoundRecord<'a>]) -> impl Iterator<Item = (u8, &'a RoundRecord<'a>)> {
    (0..=u8::MAX).zip(rounds)
}
