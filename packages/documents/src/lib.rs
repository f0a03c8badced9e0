//! Prompt, manifest, ballot and commitment: what they look like, byte for byte.

mod ballot;
pub mod digest;
mod json;
mod manifest;
mod prompt;

pub use ballot::{Ballot, Finish};
pub use json::JsonError;
pub use manifest::{
    Golden, LEAF_BYTES, LONG_PROMPT_TOKENS, MAX_GOLDEN, MAX_LINKS, MAX_MANIFEST_BYTES, Manifest,
    ManifestFault, Weights,
};
pub use prompt::{
    MAX_MESSAGES, MAX_OUTPUT_TOKENS, MAX_PROMPT_BYTES, MAX_STOP_BYTES, MAX_STOPS, Message, Prompt,
    PromptFault, Role, Sampling, TaskTerms,
};

#[cfg(test)]
mod tests;
