//! What programs send and get: the OpenAI shapes, with what is verified beside them. `/openapi.json` is
//! made from these types.

mod ask;
mod facts;
mod reply;

pub use ask::{
    ChatMessage, ChatRequest, CompletionRequest, Content, Extension, OneText, Part, Stop,
    StreamOptions,
};
pub use facts::{
    BallotLine, ErrorBody, ErrorReply, HealthReply, ModelFacts, ModelList, ModelObject, PriceFacts,
    ReadyReason, ReadyReply,
};
pub use reply::{
    ChatChoice, ChatChunk, ChatReply, ChunkChoice, CompletionChoice, CompletionChunk,
    CompletionReply, Delta, Proof, ReplyMessage, Usage, UsageProof,
};
