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

/// The appeal of ours that is under way, if there is one: it is followed, never paid for again.
///
/// # Errors
/// No such task, or no node answers.
pub async fn open_appeal(
    network: &Network,
    us: &str,
    id: u64,
) -> Result<Option<Appealed>, ClientError> {
    let task = network.contract.task(id).await?;
    let waits = matches!(
        task.status,
        TaskStatus::Drawing | TaskStatus::Committing | TaskStatus::Revealing
    );
    let Some(before) = task.outcome.filter(|_| waits && task.round > 0) else {
        return Ok(None);
    };
    let round = network.contract.round(id, task.round).await?;
    let ours = round.appeal.filter(|appeal| appeal.by == us);
    Ok(ours.map(|appeal| Appealed {
        task: id,
        round: task.round,
        bond: appeal.bond.u128(),
        before,
        transaction: None,
    }))
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
