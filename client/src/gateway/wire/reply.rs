//! What programs get for a question.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// The reply to a chat request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatReply {
    /// `chatcmpl-<chain>-<task>`.
    pub id: String,
    /// `chat.completion`.
    pub object: &'static str,
    /// Block time of the task's post, in Unix seconds.
    pub created: u64,
    /// The model's name.
    pub model: String,
    /// The manifest's CID.
    pub system_fingerprint: String,
    /// One.
    pub choices: Vec<ChatChoice>,
    /// Tokens, as the committee agreed on them.
    pub usage: Usage,
    /// How the answer was agreed on.
    pub antiphon: Proof,
}

/// The one choice.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatChoice {
    /// 0.
    pub index: u32,
    /// The answer.
    pub message: ReplyMessage,
    /// Always null.
    pub logprobs: Option<Value>,
    /// `stop` or `length`.
    pub finish_reason: &'static str,
}

/// The answer.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReplyMessage {
    /// `assistant`.
    pub role: &'static str,
    /// The text.
    pub content: String,
    /// Always null.
    pub refusal: Option<String>,
}

/// The reply to a completion request.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CompletionReply {
    /// `cmpl-<chain>-<task>`.
    pub id: String,
    /// `text_completion`.
    pub object: &'static str,
    /// Block time of the task's post, in Unix seconds.
    pub created: u64,
    /// The model's name.
    pub model: String,
    /// The manifest's CID.
    pub system_fingerprint: String,
    /// One.
    pub choices: Vec<CompletionChoice>,
    /// Tokens, as the committee agreed on them.
    pub usage: Usage,
    /// How the answer was agreed on.
    pub antiphon: Proof,
}

/// The one choice.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CompletionChoice {
    /// 0.
    pub index: u32,
    /// The text.
    pub text: String,
    /// Always null.
    pub logprobs: Option<Value>,
    /// `stop` or `length`; null before the last chunk.
    pub finish_reason: Option<&'static str>,
}

/// Tokens, as the committee agreed on them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Usage {
    /// Of the prompt, control tokens of the template included.
    pub prompt_tokens: u32,
    /// Of the answer.
    pub completion_tokens: u32,
    /// Both.
    pub total_tokens: u32,
    /// What stands behind them.
    pub antiphon: UsageProof,
}

/// What stands behind a usage.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct UsageProof {
    /// The task.
    pub task: u64,
    /// Equal ballots that decide.
    pub quorum: u32,
    /// The transaction that posted it, if it is known.
    pub transaction: Option<String>,
}

/// How an answer was agreed on.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Proof {
    /// The task.
    pub task: u64,
    /// The answer's block: its SHA-256 was checked by the gateway, and anybody can.
    pub answer_cid: String,
    /// The prompt's block.
    pub prompt_cid: String,
    /// The model's manifest.
    pub manifest: String,
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
    /// Where the receipt is.
    pub receipt: String,
}

/// One event of a streamed chat.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChatChunk {
    /// As in the reply.
    pub id: String,
    /// `chat.completion.chunk`.
    pub object: &'static str,
    /// As in the reply.
    pub created: u64,
    /// As in the reply.
    pub model: String,
    /// As in the reply.
    pub system_fingerprint: String,
    /// One; none in the chunk with `usage`.
    pub choices: Vec<ChunkChoice>,
    /// On the last chunk, if `include_usage` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// On the chunk with the finish reason only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antiphon: Option<Proof>,
}

/// What a chunk adds.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChunkChoice {
    /// 0.
    pub index: u32,
    /// It.
    pub delta: Delta,
    /// Always null.
    pub logprobs: Option<Value>,
    /// On the last one.
    pub finish_reason: Option<&'static str>,
}

/// What a chunk adds.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Delta {
    /// On the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// A piece of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
}

/// One event of a streamed completion.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CompletionChunk {
    /// As in the reply.
    pub id: String,
    /// `text_completion`.
    pub object: &'static str,
    /// As in the reply.
    pub created: u64,
    /// As in the reply.
    pub model: String,
    /// As in the reply.
    pub system_fingerprint: String,
    /// One; none in the chunk with `usage`.
    pub choices: Vec<CompletionChoice>,
    /// On the last chunk, if `include_usage` was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// On the chunk with the finish reason only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub antiphon: Option<Proof>,
}
