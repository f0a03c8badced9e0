//! What an appeal would take and could bring, before anything is paid.

use antiphon_api::{Ballot, TaskResponse, TaskStatus, Uint128};
use antiphon_rules::rounds::{quorum, size_of};
use serde::Serialize;

use super::Appealed;
use crate::clock::Clock;
use crate::error::ClientError;
use crate::network::Network;

/// An appeal that could be made now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// The task.
    pub task: u64,
    /// The round it would open.
    pub round: u8,
    /// Members of that round.
    pub size: u32,
    /// Equal ballots that would decide it.
    pub quorum: u32,
    /// The outcome that stands.
    pub outcome: Ballot,
    /// Equal ballots behind it.
    pub votes: u32,
    /// A later round could not confirm it.
    pub contested: bool,
    /// What it takes.
    pub bond: u128,
    /// What each member that answers gets if the new committee does not agree.
    pub each: Uint128,
    /// Last height at which it is accepted.
    pub deadline: u64,
    /// Blocks until then.
    pub blocks_left: u64,
    /// About as many seconds; none if the node does not tell.
    pub seconds_left: Option<u64>,
    /// The denom of all amounts.
    pub denom: String,
}

/// What an appeal of this task would be.
///
/// # Errors
/// It cannot be appealed now, with the reason; no such task; no node answers.
pub async fn offer(network: &Network, id: u64) -> Result<Offer, ClientError> {
    let task = network.contract.task(id).await?;
    let clock = Clock::read(network).await?;
    let refused = |task: &TaskResponse| ClientError::WouldBeRefused(why_not(task, &clock));
    let (Some(outcome), Some(bond), Some(deadline)) =
        (&task.outcome, task.appeal_bond, task.deadline)
    else {
        return Err(refused(&task));
    };
    let round = task.round.saturating_add(1);
    let size = size_of(task.committee, round).ok_or_else(|| refused(&task))?;
    let blocks_left = clock.blocks_until(deadline);
    if task.status != TaskStatus::Answered || blocks_left == 0 {
        return Err(refused(&task));
    }
    let model = network.contract.model(task.model).await?;
    let bytes = Uint128::from(task.prompt_bytes);
    let per_bytes = model.price.per_prompt_byte.saturating_mul(bytes);
    Ok(Offer {
        task: id,
        round,
        size,
        quorum: quorum(size),
        outcome: outcome.clone(),
        votes: task.outcome_votes.unwrap_or(0),
        contested: task.contested,
        bond: bond.u128(),
        each: model.price.base.saturating_add(per_bytes),
        deadline,
        blocks_left,
        seconds_left: clock.seconds(blocks_left),
        denom: network.file.denom.clone(),
    })
}

/// What became of an appeal of an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// Paid, and its task is not at its end: followed, never paid for again.
    Open(Appealed),
    /// The task is at its end, and there were appeals of it: the contract keeps their sums, and not whose
    /// they were.
    Ended(Box<TaskResponse>),
}

/// The newest appeal of ours, if there is one. With `again` one whose round has decided does not count: the
/// outcome that stands then can be appealed once more, for a larger bond.
///
/// # Errors
/// No such task, or no node answers.
pub async fn earlier_appeal(
    network: &Network,
    us: &str,
    id: u64,
    again: bool,
) -> Result<Option<Earlier>, ClientError> {
    let task = network.contract.task(id).await?;
    if matches!(task.status, TaskStatus::Final | TaskStatus::Failed) {
        let settled = task.settlement.as_ref();
        let appealed = settled.is_some_and(|it| !it.appeal_bonds.is_zero());
        return Ok(appealed.then(|| Earlier::Ended(Box::new(task))));
    }
    if again && task.status == TaskStatus::Answered {
        return Ok(None);
    }
    let Some(stands) = task.outcome else {
        return Ok(None);
    };
    for number in (1..=task.round).rev() {
        let round = network.contract.round(id, number).await?;
        let Some(appeal) = round.appeal.filter(|appeal| appeal.by == us) else {
            continue;
        };
        let decided = task.outcome_round.is_some_and(|it| it >= number);
        let before = match decided {
            true => outcome_before(network, id, number).await?.unwrap_or(stands),
            false => stands,
        };
        return Ok(Some(Earlier::Open(Appealed {
            task: id,
            round: number,
            bond: appeal.bond.u128(),
            before,
            transaction: None,
        })));
    }
    Ok(None)
}

/// What stood before a round: the ballot of the newest round before it that decided. Only the first round
/// can decide that the prompt was not to be had.
async fn outcome_before(
    network: &Network,
    id: u64,
    number: u8,
) -> Result<Option<Ballot>, ClientError> {
    for earlier in (0..number).rev() {
        let round = network.contract.round(id, earlier).await?;
        let mut lines = round.tally.into_iter();
        let decided = lines.find(|line| {
            let counts = earlier == 0 || line.ballot != Ballot::Unavailable {};
            line.votes >= round.quorum && counts
        });
        if let Some(line) = decided {
            return Ok(Some(line.ballot));
        }
    }
    Ok(None)
}

/// Why a task cannot be appealed now, and what to do.
fn why_not(task: &TaskResponse, clock: &Clock) -> String {
    let id = task.task;
    let rounds = u32::from(task.round).saturating_add(1);
    match task.status {
        TaskStatus::Failed => format!(
            "task {id} ended without an outcome: there is nothing to appeal. What was not paid for work is back; ask again with --fresh"
        ),
        TaskStatus::Final => format!(
            "task {id} is final: its outcome can no longer change. To have the question answered by another committee, ask again with --fresh"
        ),
        TaskStatus::Answered if rounds >= u32::from(task.rounds_possible) => format!(
            "task {id} has no round left: it was fixed at its post that it can have {}, by the seats its model had then. Its outcome becomes final",
            count(task.rounds_possible)
        ),
        TaskStatus::Answered => format!(
            "the appeal window of task {id} closed at block {}, and the chain is at {}: its outcome becomes final",
            task.deadline.unwrap_or(task.entered),
            clock.height
        ),
        _ if task.outcome.is_some() => format!(
            "task {id} is appealed already, and {} fresh workers are at it. Its outcome can be appealed again when they have decided, if a round is left: see `antiphon task {id}`",
            task.size
        ),
        _ => format!(
            "task {id} has no outcome to appeal yet: `antiphon task {id}` shows how far it is"
        ),
    }
}

fn count(rounds: u8) -> String {
    match rounds {
        1 => "one round".to_owned(),
        more => format!("{more} rounds"),
    }
}
