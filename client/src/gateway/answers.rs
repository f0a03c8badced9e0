//! What the gateway asks of the network: one small trait, with the chain behind it in the program and a
//! hand-written network in the tests.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use antiphon_api::{Cid, Finish, Hex, Limits, Price};
use antiphon_documents::Prompt;
use serde::{Deserialize, Serialize};

use super::failure::Failure;
use super::journal::JournalError;

/// A boxed future: the trait is used behind a pointer.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Hears of a signed transaction before any node does; an error keeps it here.
pub type Note<'a> = &'a (dyn Fn(&Pending) -> Result<(), JournalError> + Send + Sync);

/// Hears how far a task is.
pub type Tell<'a> = &'a (dyn Fn(Progress) + Send + Sync);

/// What makes two requests the same: they share one task and one charge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionKey {
    /// The account that pays.
    pub account: String,
    /// The model's number.
    pub model: u64,
    /// The canonical prompt document.
    pub prompt: Cid,
    /// Members of the committee, if the request names a number.
    pub committee: Option<u32>,
}

/// A question, ready to be paid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What it is.
    pub key: QuestionKey,
    /// The document.
    pub prompt: Prompt,
    /// An account other than the gateway's own that pays, by its session grant.
    pub granter: Option<String>,
}

/// A model that takes tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// What programs call it: its manifest's name, or its number where the name is taken or unknown.
    pub id: String,
    /// Its number in the contract.
    pub number: u64,
    /// Its manifest.
    pub manifest: Cid,
    /// The manifest's name; none while no worker gave the manifest.
    pub name: Option<String>,
    /// What the manifest says besides, as far as the gateway needs it.
    pub facts: Option<ManifestFacts>,
    /// Who registered it.
    pub publisher: String,
    /// Seats occupied.
    pub seats: u32,
    /// What a member is paid.
    pub price: Price,
    /// What is accepted.
    pub limits: Limits,
}

/// What a manifest says of its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFacts {
    /// Longest context, in tokens.
    pub context_tokens: u32,
    /// How a conversation becomes tokens.
    pub chat_template: String,
    /// SPDX.
    pub license: String,
    /// The weights file's hash.
    pub weights_sha256: Hex<32>,
}

/// What a task would cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Taken at posting; what is not needed comes back at the end.
    pub escrow: u128,
    /// Members of the committee.
    pub committee: u32,
}

/// A signed transaction whose fate is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// Its name, upper-case hex.
    pub hash: String,
    /// The last height it can be in.
    pub until: u64,
    /// Its bytes, hex: handing them over again is always safe.
    pub bytes: String,
}

/// A task that is in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Its number.
    pub task: u64,
    /// The transaction.
    pub transaction: String,
}

/// Why a task is not known to be posted.
#[derive(Clone, Debug)]
pub enum PostFailure {
    /// It is certain that nothing was paid.
    Void(Failure),
    /// The transaction may yet come into a block.
    Doubt,
}

/// What became of a pending transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It posted this task.
    Posted(Posted),
    /// It is in a block and failed, or can no longer come into one: nothing was paid.
    Void,
    /// Neither yet.
    Waiting,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// In a block.
    Posted,
    /// A committee is drawn.
    Drawn,
    /// So many of so many members have committed.
    Committed(u32, u32),
    /// So many of so many members have revealed.
    Revealed(u32, u32),
}

/// A verified answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The task that made it.
    pub task: u64,
    /// Block time of the post, in Unix seconds.
    pub posted: u64,
    /// The model's manifest.
    pub manifest: Cid,
    /// The prompt's block.
    pub prompt: Cid,
    /// The answer's block, whose hash was checked here.
    pub answer: Cid,
    /// Its text.
    pub text: String,
    /// Why it ended.
    pub finish: Finish,
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens of the answer.
    pub output_tokens: u32,
    /// The end of the computation's hash chain.
    pub trace: Hex<32>,
    /// Equal ballots that decide.
    pub quorum: u32,
    /// Equal ballots behind the answer.
    pub votes: u32,
    /// Members of the deciding committee.
    pub committee: u32,
    /// A later committee could not confirm it.
    pub contested: bool,
    /// Another committee gave the same question another answer.
    pub conflict: bool,
    /// The transaction that posted the task, if it is known.
    pub transaction: Option<String>,
    /// It was on chain before: this request paid nothing.
    pub known: bool,
}

/// How a task's money ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// What came back of the escrow.
    pub refund: u128,
}

/// What readiness is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The newest height.
    pub height: u64,
    /// The node is still catching up.
    pub catching_up: bool,
    /// Seats of the model that is asked when none is named.
    pub seats: u32,
    /// Members a committee needs.
    pub committee: u32,
    /// What a question of ordinary length takes at posting.
    pub escrow: u128,
    /// What the paying account has in its own hands.
    pub account: u128,
    /// What it has in the contract.
    pub prepaid: u128,
    /// Most a transaction costs besides.
    pub fee: u128,
}

/// What does not change while the gateway runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The chain's id.
    pub chain_id: String,
    /// The hash of its first block, if a node still has it: a chain may be started anew under its id.
    pub first_block: Option<String>,
    /// The contract.
    pub contract: String,
    /// The denom of all money.
    pub denom: String,
    /// The gateway's own account.
    pub account: String,
    /// The model that is asked when none is named.
    pub default_model: Option<u64>,
}

/// The network, as far as the gateway needs it.
pub trait Answers: Debug + Send + Sync + 'static {
    /// What does not change.
    fn facts(&self) -> &Facts;

    /// Models that take tasks, by number.
    fn models(&self) -> Later<'_, Result<Arc<Vec<ModelInfo>>, Failure>>;

    /// A final answer on chain to the same question, free. A committee's `invalid` is a failure.
    fn known<'a>(&'a self, question: &'a Question) -> Later<'a, Result<Option<Answered>, Failure>>;

    /// What the task would cost; refused if the payer cannot pay it.
    fn quote<'a>(&'a self, question: &'a Question) -> Later<'a, Result<Quote, Failure>>;

    /// Pays. `note` hears of each signed transaction before a node does; only the last one counts.
    fn post<'a>(
        &'a self,
        question: &'a Question,
        quote: Quote,
        note: Note<'a>,
    ) -> Later<'a, Result<Posted, PostFailure>>;

    /// Holds the money of a transaction that an earlier run left in doubt, until its fate is known.
    fn hold(&self, key: &QuestionKey, escrow: u128, pending: &Pending);

    /// What became of a transaction that was noted. Handing its bytes over again is allowed.
    fn fate<'a>(&'a self, pending: &'a Pending) -> Later<'a, Result<Fate, Failure>>;

    /// Follows a task of this question until an outcome stands, and fetches and hashes its text.
    fn follow<'a>(
        &'a self,
        key: &'a QuestionKey,
        posted: &'a Posted,
        tell: Tell<'a>,
    ) -> Later<'a, Result<Answered, Failure>>;

    /// Whether nothing confirms what this question's task said: a later committee did not agree, or the
    /// index names another answer beside it. While a committee is at work nobody can tell yet.
    fn doubted<'a>(&'a self, key: &'a QuestionKey, task: u64) -> Later<'a, Result<bool, Failure>>;

    /// How the money of this question's task ended; none while it is open.
    fn settled<'a>(
        &'a self,
        key: &'a QuestionKey,
        task: u64,
    ) -> Later<'a, Result<Option<Settled>, Failure>>;

    /// The receipt of a task at its end: canonical JSON that will not change.
    fn receipt(&self, task: u64) -> Later<'_, Result<String, Failure>>;

    /// Looks at what readiness needs.
    fn probe(&self) -> Later<'_, Result<Probe, Failure>>;
}
