//! A task from its post to a verified text.

use std::time::{Duration, Instant};

use antiphon_api::{Ballot, ExecuteMsg, TaskResponse, TaskStatus};
use antiphon_chain::gas;

use super::ChainAnswers;
use super::failures::of_client;
use crate::ask::AnswerReport;
use crate::error::ClientError;
use crate::follow::Follower;
use crate::gateway::answers::{Answered, Posted, Progress, QuestionKey, Tell};
use crate::gateway::failure::{BallotVotes, Failure};
use crate::network::Network;
use crate::receipt;
use crate::verified;

/// A flight ends after this; the task goes on, and the next request attaches to it.
const LONGEST: Duration = Duration::from_secs(900);

/// Looks for reveals that should be in the node's index.
const INDEX_LOOKS: u32 = 5;
const INDEX_AGAIN: Duration = Duration::from_millis(200);

/// What stands, and who stands behind it.
pub(super) struct Outcome<'t> {
    pub(super) task: &'t TaskResponse,
    pub(super) votes: u32,
    pub(super) committee: u32,
    pub(super) known: bool,
    pub(super) conflict: bool,
}

impl Outcome<'_> {
    pub(super) fn answered(&self, answer: AnswerReport, transaction: Option<String>) -> Answered {
        Answered {
            task: self.task.task,
            posted: self.task.posted_time,
            manifest: self.task.manifest,
            prompt: self.task.prompt,
            answer: answer.cid,
            text: answer.text,
            finish: answer.finish,
            prompt_tokens: answer.prompt_tokens,
            output_tokens: answer.output_tokens,
            trace: answer.trace,
            quorum: quorum(self.committee),
            votes: self.votes,
            committee: self.committee,
            contested: self.task.contested,
            conflict: self.conflict,
            transaction,
            known: self.known,
        }
    }
}

/// Two thirds of the committee, rounded up.
const fn quorum(committee: u32) -> u32 {
    committee.saturating_mul(2).div_ceil(3)
}

impl ChainAnswers {
    /// Follows a task until an outcome stands, and fetches its text.
    pub(super) async fn see_through(
        &self,
        key: &QuestionKey,
        posted: &Posted,
        tell: Tell<'_>,
    ) -> Result<Answered, Failure> {
        let (began, network) = (Instant::now(), &self.network);
        let mut follower = Follower::new(network, posted.task, began);
        loop {
            follower.poll().await.map_err(|e| away(&e, posted.task))?;
            if let Some(task) = follower.state() {
                same_question(key, task)?;
                if let Some(progress) = progress(task) {
                    tell(progress);
                }
                match task.status {
                    TaskStatus::Failed => return Err(no_quorum(network, task).await),
                    TaskStatus::Answered | TaskStatus::Final => break,
                    TaskStatus::Drawing | TaskStatus::Committing | TaskStatus::Revealing => {}
                }
            }
            if follower.is_stuck(&self.own).await {
                self.advance(posted.task).await;
            }
            if began.elapsed() > LONGEST {
                let task = Some(posted.task);
                return Err(Failure::Pending { task });
            }
            follower.rest().await;
        }
        text(network, &follower, posted).await
    }

    /// Moves a task on that the workers leave lying; all writers share the key's sequence.
    async fn advance(&self, task: u64) {
        let msg = ExecuteMsg::Advance { tasks: vec![task] };
        let Ok(message) = self.network.contract.message(&msg, &[]) else {
            return;
        };
        let sent = {
            let _writing = self.writing.lock().await;
            self.own.broadcast(&[message], gas::of(&msg)).await
        };
        let made = match sent {
            Ok(sent) => self.own.wait(&sent).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = made {
            tracing::debug!(%error, task, "the task was not advanced");
        }
    }
}

/// Whether the chain's task is the question that was paid for: a chain started anew under its old id counts
/// its tasks from the beginning.
pub(super) fn same_question(key: &QuestionKey, task: &TaskResponse) -> Result<(), Failure> {
    let same = task.prompt == key.prompt && task.model == key.model;
    if same && task.requester == key.account {
        return Ok(());
    }
    let (id, requester) = (task.task, &task.requester);
    tracing::error!(task = id, %requester, ?key, "the task is another question than the journal's");
    Err(Failure::Internal(format!(
        "task {id} is another question than the one that was paid for: the chain was started anew. Restart the gateway"
    )))
}

/// A node that went away after the task was paid for: the next request attaches to it.
fn away(error: &ClientError, task: u64) -> Failure {
    match of_client(error) {
        Failure::NodeDown => Failure::Pending { task: Some(task) },
        other => other,
    }
}

async fn text(
    network: &Network,
    follower: &Follower<'_>,
    posted: &Posted,
) -> Result<Answered, Failure> {
    let id = posted.task;
    let Some(task) = follower.state() else {
        return Err(Failure::Pending { task: Some(id) });
    };
    let (cid, finish, output_tokens, prompt_tokens, trace) = match task.outcome.clone() {
        Some(Ballot::Answer {
            cid,
            finish,
            output_tokens,
            prompt_tokens,
            trace,
        }) => (cid, finish, output_tokens, prompt_tokens, trace),
        Some(Ballot::Invalid {}) => return Err(Failure::Invalid { task: id }),
        Some(Ballot::Unavailable {}) => return Err(Failure::PromptGone { task: id }),
        None => return Err(no_quorum(network, task).await),
    };
    let sources = follower.sources_of(&cid);
    let fetched = verified::fetch_text(&network.http, &cid, &sources).await;
    let (text, fetched) = fetched.map_err(|error| of_text(&error, id))?;
    let answer = AnswerReport {
        cid,
        text,
        prompt_tokens,
        output_tokens,
        finish,
        trace,
        source: fetched.source,
        liars: fetched.liars,
    };
    let outcome = Outcome {
        task,
        votes: task.outcome_votes.unwrap_or(0),
        committee: size_of(network, task).await,
        known: false,
        conflict: has_conflict(network, task).await,
    };
    Ok(outcome.answered(answer, Some(posted.transaction.clone())))
}

/// Whether the index names another answer beside that of a final task. It is told with the answer, and no
/// reason to keep the answer back: a node that does not tell is taken for no.
async fn has_conflict(network: &Network, task: &TaskResponse) -> bool {
    if task.status != TaskStatus::Final {
        return false;
    }
    let found = network.contract.answer(task.model, task.prompt).await;
    let entry = found.ok().and_then(|found| found.answer);
    entry.is_some_and(|entry| entry.conflict)
}

/// Members of the round that decided.
async fn size_of(network: &Network, task: &TaskResponse) -> u32 {
    match task.outcome_round {
        Some(round) if round != task.round => {
            let found = network.contract.round(task.task, round).await;
            found.map_or(task.size, |round| round.size)
        }
        _ => task.size,
    }
}

/// A text that is not to be had, or was forged.
pub(super) fn of_text(error: &ClientError, task: u64) -> Failure {
    tracing::warn!(%error, task, "the text of an answer could not be had");
    match error {
        ClientError::Verification { .. } => Failure::TextForged { task },
        ClientError::Unavailable { .. } => Failure::TextGone { task },
        other => of_client(other),
    }
}

const fn progress(task: &TaskResponse) -> Option<Progress> {
    match task.status {
        TaskStatus::Committing if task.committed > 0 => {
            Some(Progress::Committed(task.committed, task.size))
        }
        TaskStatus::Committing => Some(Progress::Drawn),
        TaskStatus::Revealing => Some(Progress::Revealed(task.revealed, task.size)),
        TaskStatus::Answered | TaskStatus::Final => {
            Some(Progress::Revealed(task.revealed, task.size))
        }
        TaskStatus::Drawing | TaskStatus::Failed => None,
    }
}

async fn no_quorum(network: &Network, task: &TaskResponse) -> Failure {
    Failure::NoQuorum {
        task: task.task,
        quorum: task.quorum,
        committee: task.size,
        ballots: tally(&opened(network, task).await),
    }
}

/// What was opened. A node indexes a block shortly after it made it: an incomplete list is read again.
async fn opened(network: &Network, task: &TaskResponse) -> Vec<Ballot> {
    let wanted = usize::try_from(task.revealed).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for _ in 0..INDEX_LOOKS {
        match receipt::opened(network, task).await {
            Ok(ballots) => found = ballots,
            Err(error) => tracing::warn!(task = task.task, %error, "the ballots cannot be told"),
        }
        if found.len() >= wanted {
            break;
        }
        tokio::time::sleep(INDEX_AGAIN).await;
    }
    found
}

/// Equal ballots counted, the most votes first.
fn tally(ballots: &[Ballot]) -> Vec<BallotVotes> {
    let mut lines: Vec<BallotVotes> = Vec::new();
    for ballot in ballots {
        match lines.iter_mut().find(|line| line.ballot == *ballot) {
            Some(line) => line.votes = line.votes.saturating_add(1),
            None => lines.push(BallotVotes {
                ballot: ballot.clone(),
                votes: 1,
            }),
        }
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.votes));
    lines
}

/// The transaction that posted a task, from the node's index; none if it keeps none.
pub(super) async fn transaction(network: &Network, task: &TaskResponse) -> Option<String> {
    let contract = network.contract.address();
    let query = format!(
        "wasm-task_added._contract_address='{contract}' AND wasm-task_added.task='{}' AND tx.height={}",
        task.task, task.posted
    );
    let found = network.chain.rpc().tx_search(&query, 1, 1).await.ok()?;
    found.txs.into_iter().next().map(|tx| tx.hash)
}
