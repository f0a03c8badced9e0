//! What became of a question, for people and programs.

use std::collections::BTreeMap;
use std::slice;

use antiphon_api::{
    AnswerEntry, Ballot, Cid, ConductInfo, Finish, Hex, TaskResponse, TaskStatus, Uint128,
};
use antiphon_documents::{MAX_MANIFEST_BYTES, Manifest};
use antiphon_rules::rounds::{quorum, size_of};
use serde::Serialize;

use super::gas::gas_by_message;
use crate::error::ClientError;
use crate::follow::{Follower, Seen};
use crate::network::Network;
use crate::verified;

pub use crate::follow::Stages as StagesMs;

/// The chain asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// Its id.
    pub id: String,
    /// The node used.
    pub rpc: String,
    /// The contract.
    pub contract: String,
}

/// The model asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ModelReport {
    /// Its number.
    pub id: u64,
    /// Its manifest.
    pub manifest: Cid,
    /// Its weights, if a member gave the manifest.
    pub weights: Option<Cid>,
}

/// The task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskReport {
    /// Its id.
    pub id: u64,
    /// The prompt's block.
    pub prompt: Cid,
    /// Where it stands.
    pub status: TaskStatus,
    /// The standing outcome.
    pub outcome: Option<Ballot>,
    /// Members of the deciding round.
    pub committee: u32,
    /// Equal ballots that decide.
    pub quorum: u32,
    /// Equal ballots behind the outcome.
    pub votes: Option<u32>,
    /// A later round was undecided.
    pub contested: bool,
}

/// An answer whose hash was checked here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnswerReport {
    /// Its block.
    pub cid: Cid,
    /// Its text.
    pub text: String,
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens of the answer.
    pub output_tokens: u32,
    /// Why it ended.
    pub finish: Finish,
    /// The end of the computation's hash chain.
    pub trace: Hex<32>,
    /// The worker that gave the block.
    pub source: String,
    /// Workers that gave something else under its name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub liars: Vec<String>,
}

impl AnswerReport {
    /// Fetches and hashes the text that a ballot names; none if the ballot is not an answer.
    ///
    /// # Errors
    /// Nobody gave the block, or only other bytes.
    pub async fn fetch(
        network: &Network,
        ballot: Option<&Ballot>,
        sources: &[String],
    ) -> Result<Option<Self>, ClientError> {
        let Some(Ballot::Answer {
            cid,
            finish,
            output_tokens,
            prompt_tokens,
            trace,
        }) = ballot
        else {
            return Ok(None);
        };
        let (text, fetched) = verified::fetch_text(&network.http, cid, sources).await?;
        Ok(Some(Self {
            cid: *cid,
            text,
            prompt_tokens: *prompt_tokens,
            output_tokens: *output_tokens,
            finish: *finish,
            trace: *trace,
            source: fetched.source,
            liars: fetched.liars,
        }))
    }
}

/// One member's part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BallotReport {
    /// The member.
    pub worker: String,
    /// Its round.
    pub round: u8,
    /// What it said.
    pub ballot: Option<Ballot>,
    /// How it was judged.
    pub conduct: Option<ConductInfo>,
    /// What it was paid.
    pub paid: Uint128,
    /// What it lost.
    pub forfeited: Uint128,
}

/// What the task moved; the last three are known at its end only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MoneyReport {
    /// Paid in.
    pub escrow: Uint128,
    /// To members.
    pub paid: Option<Uint128>,
    /// Back to the requester.
    pub refunded: Option<Uint128>,
    /// To nobody, miss charges included.
    pub burned: Option<Uint128>,
}

/// Everything about one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AskReport {
    /// The chain asked.
    pub chain: ChainReport,
    /// The model asked.
    pub model: ModelReport,
    /// The task, also that of a known answer.
    pub task: Option<TaskReport>,
    /// It came from the index: nothing was paid.
    pub known: bool,
    /// The answer, if there is one.
    pub answer: Option<AnswerReport>,
    /// By round and position; empty for a known answer.
    pub ballots: Vec<BallotReport>,
    /// Milliseconds since the broadcast.
    pub stages_ms: StagesMs,
    /// Gas used by this task's transactions, summed by message.
    pub gas: BTreeMap<String, u64>,
    /// How many transactions of each message these are.
    pub transactions: BTreeMap<String, u64>,
    /// What was moved; none for a known answer.
    pub money: Option<MoneyReport>,
}

/// The report of a followed task; `posted` is the height to count gas from.
pub(crate) async fn build(
    network: &Network,
    follower: &Follower<'_>,
    answer: Option<AnswerReport>,
    posted: Option<u64>,
) -> Result<AskReport, ClientError> {
    let task = match follower.state() {
        Some(task) => task.clone(),
        None => network.contract.task(follower.task).await?,
    };
    let from = posted.unwrap_or(task.posted);
    // The figures are a courtesy: a node without an index must not spoil the answer.
    let counted = gas_by_message(network, task.task, from)
        .await
        .unwrap_or_default();
    Ok(AskReport {
        chain: chain(network),
        model: ModelReport {
            id: task.model,
            manifest: task.manifest,
            weights: weights_of(
                network,
                &task.manifest,
                &follower.sources_of(&task.manifest),
            )
            .await,
        },
        answer,
        known: false,
        ballots: follower.members().map(ballot).collect(),
        stages_ms: follower.stages(),
        gas: counted.gas,
        transactions: counted.transactions,
        money: Some(money(&task)),
        task: Some(of_task(&task)),
    })
}

/// The report of an answer found on chain.
pub(super) async fn from_index(
    network: &Network,
    entry: &AnswerEntry,
    answer: AnswerReport,
) -> Result<AskReport, ClientError> {
    let task = network.contract.task(entry.task).await?;
    Ok(AskReport {
        chain: chain(network),
        model: ModelReport {
            id: task.model,
            manifest: task.manifest,
            weights: weights_of(network, &task.manifest, slice::from_ref(&answer.source)).await,
        },
        task: Some(of_task(&task)),
        known: true,
        answer: Some(answer),
        ballots: Vec::new(),
        stages_ms: StagesMs::default(),
        gas: BTreeMap::new(),
        transactions: BTreeMap::new(),
        money: None,
    })
}

/// What a manifest calls its weights, if a source gives it.
async fn weights_of(network: &Network, manifest: &Cid, sources: &[String]) -> Option<Cid> {
    let manifest = manifest_of(network, manifest, sources).await?;
    Some(manifest.weights.cid)
}

/// A manifest, where it is a courtesy: each source is asked once.
pub(crate) async fn manifest_of(
    network: &Network,
    manifest: &Cid,
    sources: &[String],
) -> Option<Manifest> {
    for source in sources {
        let asked = network.http.get_block(source, manifest, MAX_MANIFEST_BYTES);
        if let Ok(bytes) = asked.await {
            return Manifest::parse(&bytes).ok();
        }
    }
    None
}

fn chain(network: &Network) -> ChainReport {
    ChainReport {
        id: network.file.chain_id.clone(),
        rpc: network.chain.rpc().url().to_owned(),
        contract: network.contract.address().to_owned(),
    }
}

/// The task in a report.
pub(crate) fn of_task(task: &TaskResponse) -> TaskReport {
    let decided = task
        .outcome_round
        .and_then(|round| size_of(task.committee, round));
    let committee = decided.unwrap_or(task.size);
    TaskReport {
        id: task.task,
        prompt: task.prompt,
        status: task.status,
        outcome: task.outcome.clone(),
        committee,
        quorum: quorum(committee),
        votes: task.outcome_votes,
        contested: task.contested,
    }
}

/// Its money in a report.
pub(crate) fn money(task: &TaskResponse) -> MoneyReport {
    let end = task.settlement.as_ref();
    MoneyReport {
        escrow: task.escrow,
        paid: end.map(|settled| settled.paid),
        refunded: end.map(|settled| settled.refunded),
        burned: end.map(|settled| settled.burned.saturating_add(settled.miss_charges)),
    }
}

/// A member in a report.
pub(crate) fn ballot(seen: &Seen) -> BallotReport {
    BallotReport {
        worker: seen.info.worker.clone(),
        round: seen.round,
        ballot: seen.info.ballot.clone(),
        conduct: seen.info.conduct,
        paid: seen.info.paid,
        forfeited: seen.info.forfeited,
    }
}
