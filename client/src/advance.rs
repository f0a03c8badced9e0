//! `antiphon advance`: makes the next step of a task that is due and that no worker makes. Anybody may: no
//! escrow and no bond can be kept by workers that went away.

use antiphon_api::{ExecuteMsg, TaskResponse, TaskStatus};
use antiphon_chain::Sender;
use serde::Serialize;

use crate::clock::Clock;
use crate::error::ClientError;
use crate::network::Network;

/// A step that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advanced {
    /// The task.
    pub task: u64,
    /// Where it stood.
    pub before: TaskStatus,
    /// Where it stands.
    pub status: TaskStatus,
    /// A further step is due already.
    pub due: bool,
    /// The transaction.
    pub transaction: String,
}

/// Makes the due step of a task.
///
/// # Errors
/// None is due, with what it waits for: found out before it costs a fee.
pub async fn advance(network: &Network, sender: &Sender, id: u64) -> Result<Advanced, ClientError> {
    let before = network.contract.task(id).await?;
    let clock = Clock::read(network).await?;
    if !before.due && !is_callback_over(&before, clock.height) {
        return Err(ClientError::WouldBeRefused(nothing_due(&before, &clock)));
    }
    let msg = ExecuteMsg::Advance { tasks: vec![id] };
    let done = sender.execute(network.contract.address(), &msg, &[]);
    let transaction = done.await?.hash;
    let after = network.contract.task(id).await?;
    Ok(Advanced {
        task: id,
        before: before.status,
        status: after.status,
        due: after.due,
        transaction,
    })
}

/// The fee of a callback that was not delivered in time goes back to who asked.
fn is_callback_over(task: &TaskResponse, height: u64) -> bool {
    let deadline = task.callback.as_ref().and_then(|it| it.deadline);
    deadline.is_some_and(|deadline| deadline <= height)
}

fn nothing_due(task: &TaskResponse, clock: &Clock) -> String {
    let id = task.task;
    let waits = match (task.status, task.deadline) {
        (TaskStatus::Final | TaskStatus::Failed, _) => {
            return format!("task {id} is at its end: there is no step left to make");
        }
        (TaskStatus::Drawing, _) => {
            "it waits for the randomness that draws its committee".to_owned()
        }
        (TaskStatus::Answered, Some(deadline)) => format!(
            "it can be appealed until block {deadline} ({} left), and then becomes final",
            clock.span(clock.blocks_until(deadline))
        ),
        (TaskStatus::Answered, None) => "its outcome can still be appealed".to_owned(),
        (_, Some(deadline)) => format!(
            "its window closes at block {deadline} ({} left), unless all are in before",
            clock.span(clock.blocks_until(deadline))
        ),
        (_, None) => "it waits for its workers".to_owned(),
    };
    format!("no step of task {id} is due: {waits}. `antiphon task {id}` shows how far it is")
}
