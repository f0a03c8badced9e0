//! How an appeal ended.

use antiphon_api::{Ballot, TaskResponse, Uint128};
use serde::Serialize;

use super::Appealed;
use crate::ask::{AnswerReport, BallotReport, MoneyReport, TaskReport, ballot, money, of_task};
use crate::error::ClientError;
use crate::follow::Follower;
use crate::network::Network;

/// How an appeal was judged, when the task became final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The final outcome is another one: the bond is back, with a reward of at most as much.
    Won,
    /// The final outcome is the one that was appealed: the bond is lost.
    Lost,
    /// The fresh committee did not agree: its work was paid from the bond, and the rest is back.
    Undecided,
}

/// Everything about one appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppealReport {
    /// The task, at its end.
    pub task: TaskReport,
    /// The round that the appeal opened.
    pub round: u8,
    /// Its bond.
    pub bond: Uint128,
    /// The transaction; none for an appeal of an earlier run.
    pub transaction: Option<String>,
    /// How it was judged.
    pub verdict: Verdict,
    /// The outcome it appealed.
    pub before: Ballot,
    /// The answer that stands now, if it is another one: fetched and hashed.
    pub answer: Option<AnswerReport>,
    /// Why the text of that answer is not here: nobody gave it, or only another one. The verdict stands.
    pub answer_missing: Option<String>,
    /// What went back to those who appealed, rewards included; all of it is this appeal's if it was the
    /// only one.
    pub to_appellants: Uint128,
    /// The bonds of all appeals of the task.
    pub all_bonds: Uint128,
    /// By round and position.
    pub ballots: Vec<BallotReport>,
    /// What was moved besides.
    pub money: MoneyReport,
}

impl AppealReport {
    /// Whether the figures of all appeals are those of this one.
    #[must_use]
    pub fn was_the_only_one(&self) -> bool {
        self.all_bonds == self.bond
    }
}

/// The report of a task at its end.
pub(super) async fn build(
    network: &Network,
    follower: &Follower<'_>,
    appealed: &Appealed,
) -> Result<AppealReport, ClientError> {
    let task = match follower.state() {
        Some(task) => task.clone(),
        None => network.contract.task(appealed.task).await?,
    };
    let verdict = verdict(&task, appealed);
    let fetched = match (&task.outcome, verdict) {
        (Some(Ballot::Answer { cid, .. }), Verdict::Won) => {
            let sources = follower.sources_of(cid);
            AnswerReport::fetch(network, task.outcome.as_ref(), &sources).await
        }
        _ => Ok(None),
    };
    let (answer, answer_missing) = match fetched {
        Ok(answer) => (answer, None),
        Err(error) => (None, Some(error.to_string())),
    };
    let settled = task.settlement.as_ref();
    Ok(AppealReport {
        round: appealed.round,
        bond: Uint128::new(appealed.bond),
        transaction: appealed.transaction.clone(),
        verdict,
        before: appealed.before.clone(),
        answer,
        answer_missing,
        to_appellants: settled.map_or(Uint128::zero(), |it| it.to_appellants),
        all_bonds: settled.map_or(Uint128::zero(), |it| it.appeal_bonds),
        ballots: follower.members().map(ballot).collect(),
        money: money(&task),
        task: of_task(&task),
    })
}

/// As the rules judge it: a round that did not agree, and none after it that did, is neither won nor lost;
/// else an appeal is won if the final outcome differs from the one it appealed.
fn verdict(task: &TaskResponse, appealed: &Appealed) -> Verdict {
    let standing = task.outcome_round.unwrap_or(0);
    match &task.outcome {
        Some(_) if standing < appealed.round => Verdict::Undecided,
        Some(outcome) if outcome.same_answer(&appealed.before) => Verdict::Lost,
        _ => Verdict::Won,
    }
}
