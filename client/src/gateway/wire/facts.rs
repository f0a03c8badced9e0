//! Models, failures and health.

use schemars::JsonSchema;
use serde::Serialize;

/// `GET /v1/models`
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ModelList {
    /// `list`.
    pub object: &'static str,
    /// By number.
    pub data: Vec<ModelObject>,
}

/// One model.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ModelObject {
    /// What to put into `model`.
    pub id: String,
    /// `model`.
    pub object: &'static str,
    /// Always 0: a registration has no date of its own.
    pub created: u64,
    /// Who registered it.
    pub owned_by: String,
    /// What stands in the contract and the manifest.
    pub antiphon: ModelFacts,
}

/// What stands in the contract and the manifest.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ModelFacts {
    /// Its number in the contract.
    pub model: u64,
    /// Its manifest.
    pub manifest: String,
    /// Seats occupied.
    pub seats: u32,
    /// Longest context in tokens; null while no worker gave the manifest.
    pub context_tokens: Option<u32>,
    /// SPDX; null while no worker gave the manifest.
    pub license: Option<String>,
    /// Longest prompt document, in bytes.
    pub max_prompt_bytes: u32,
    /// Most tokens of an answer.
    pub max_output_tokens: u32,
    /// What a member is paid, decimal strings.
    pub price: PriceFacts,
    /// The denom of the price.
    pub denom: String,
}

/// What a member is paid.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PriceFacts {
    /// For any task.
    pub base: String,
    /// For each byte of the prompt document.
    pub per_prompt_byte: String,
    /// For each token of the answer.
    pub per_output_token: String,
}

/// Every failure.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorReply {
    /// It.
    pub error: ErrorBody,
}

/// What failed, and what to do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ErrorBody {
    /// One sentence with the next step.
    pub message: String,
    /// A class of failures, as OpenAI names them.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The failure's stable name.
    pub code: &'static str,
    /// The field that is wrong.
    pub param: Option<String>,
    /// The task it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<u64>,
    /// Each ballot with its votes, where a committee did not agree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ballots: Option<Vec<BallotLine>>,
}

/// A ballot with its votes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BallotLine {
    /// `answer`, `unavailable` or `invalid`.
    pub ballot: &'static str,
    /// The answer's CID.
    pub cid: Option<String>,
    /// Members that said it.
    pub votes: u32,
}

/// `GET /readyz`
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReadyReply {
    /// Questions can be answered.
    pub ready: bool,
    /// The newest height seen.
    pub height: Option<u64>,
    /// Why not; empty if ready.
    pub reasons: Vec<ReadyReason>,
}

/// Why questions cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReadyReason {
    /// Its stable name.
    pub code: &'static str,
    /// One sentence with the next step.
    pub message: String,
}

/// `GET /healthz`
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct HealthReply {
    /// `ok`: the process answers.
    pub status: &'static str,
    /// Of this program.
    pub version: &'static str,
}
