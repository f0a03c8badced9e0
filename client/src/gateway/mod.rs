//! `antiphon gateway`: the network for every program that speaks OpenAI's interface, and the web page's
//! server. docs/gateway.md is its manual.
//!
//! HTTP ([`router`]) knows nothing of chains: it asks the [`Desk`], which makes one task and one charge of
//! equal questions, and the desk asks [`Answers`], behind which stands the chain or, in tests, a
//! hand-written network. What is paid is in the [`Journal`] before it is paid.

mod answers;
mod args;
mod chain;
mod desk;
mod error;
mod failure;
mod journal;
mod keys;
mod metrics;
mod request;
mod server;
mod start;
mod tokens;
pub mod wire;

pub use answers::{
    Answered, Answers, Facts, Fate, Later, ManifestFacts, ModelInfo, Note, Pending, PostFailure,
    Posted, Probe, Progress, Question, QuestionKey, Quote, Settled, Tell,
};
pub use args::{GatewayArgs, GatewayCommand, HomeArg, KeysAction, PublicArgs, StartArgs};
pub use chain::{Carry, ChainAnswers};
pub use desk::{Desk, Flight, FlightState};
pub use error::{ApiError, Code};
pub use failure::{BallotVotes, Failure};
pub use journal::{Charge, Entry, Journal, JournalError, Standing};
pub use keys::{
    ApiKey, Caller, Doorman, KeyLine, NewKey, list as list_keys, make as make_key,
    remove as remove_key,
};
pub use metrics::{Dedupe, Gauges, Metrics};
pub use request::{Asked, DEFAULT_TOKENS};
pub use server::{Monitor, Origins, ROUTES, Settings, Shared, document, router, serve};
pub use start::run;
pub use tokens::TokenCounter;
