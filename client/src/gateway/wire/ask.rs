//! What programs send.

use schemars::JsonSchema;
use serde::Deserialize;

/// `POST /v1/chat/completions`. Other fields are ignored and named in the header `x-antiphon-ignored`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct ChatRequest {
    /// A model's name, number or manifest CID; the gateway's own choice if absent.
    #[serde(default)]
    pub model: Option<String>,
    /// The whole conversation: system first, then user and assistant in turn, user last.
    pub messages: Vec<ChatMessage>,
    /// 0 to 2; absent or 0 always takes the likeliest token.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// Only the likeliest tokens up to this probability, above 0 to 1.
    #[serde(default)]
    pub top_p: Option<f64>,
    /// Only the k likeliest tokens, 0 to 1000; 0 is off.
    #[serde(default)]
    pub top_k: Option<u32>,
    /// Of the pseudo-random choice.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Most tokens of the answer; 256 if absent, and never more than the model offers.
    #[serde(default)]
    pub max_tokens: Option<u64>,
    /// The same under its newer name, which goes first.
    #[serde(default)]
    pub max_completion_tokens: Option<u64>,
    /// Up to 4 texts of 1 to 64 bytes that end the answer.
    #[serde(default)]
    pub stop: Option<Stop>,
    /// Send the answer as server-sent events.
    #[serde(default)]
    pub stream: Option<bool>,
    /// What a stream holds besides.
    #[serde(default)]
    pub stream_options: Option<StreamOptions>,
    /// Antiphon's own settings.
    #[serde(default)]
    pub antiphon: Option<Extension>,
}

/// `POST /v1/completions`: the prompt is asked as one message of the user.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub struct CompletionRequest {
    /// A model's name, number or manifest CID; the gateway's own choice if absent.
    #[serde(default)]
    pub model: Option<String>,
    /// The text, alone or in an array of one.
    pub prompt: OneText,
    /// 0 to 2; absent or 0 always takes the likeliest token.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// Only the likeliest tokens up to this probability, above 0 to 1.
    #[serde(default)]
    pub top_p: Option<f64>,
    /// Only the k likeliest tokens, 0 to 1000; 0 is off.
    #[serde(default)]
    pub top_k: Option<u32>,
    /// Of the pseudo-random choice.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Most tokens of the answer; 256 if absent, and never more than the model offers.
    #[serde(default)]
    pub max_tokens: Option<u64>,
    /// Up to 4 texts of 1 to 64 bytes that end the answer.
    #[serde(default)]
    pub stop: Option<Stop>,
    /// Send the answer as server-sent events.
    #[serde(default)]
    pub stream: Option<bool>,
    /// What a stream holds besides.
    #[serde(default)]
    pub stream_options: Option<StreamOptions>,
    /// Antiphon's own settings.
    #[serde(default)]
    pub antiphon: Option<Extension>,
}

/// One turn.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct ChatMessage {
    /// `system`, `developer`, `user` or `assistant`.
    pub role: String,
    /// What is said.
    #[serde(default)]
    pub content: Option<Content>,
}

/// What is said: a text, or text parts that are joined.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "want a string or an array of text parts")]
pub enum Content {
    /// A text.
    Text(String),
    /// Parts.
    Parts(Vec<Part>),
}

/// A part of a message; only text can be answered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Part {
    /// `text`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text.
    #[serde(default)]
    pub text: Option<String>,
}

/// One text or several.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "want a string or an array of strings")]
pub enum Stop {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

/// A text, alone or in an array of one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "want a string, or an array of one string")]
pub enum OneText {
    /// Alone.
    Text(String),
    /// In an array.
    List(Vec<String>),
}

impl Default for OneText {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// What a stream holds besides.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
pub struct StreamOptions {
    /// A last chunk with `usage` and no choices.
    #[serde(default)]
    pub include_usage: Option<bool>,
}

/// Antiphon's own settings.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
pub struct Extension {
    /// Members of the committee: 5, 7, 9, 11 or 15.
    #[serde(default)]
    pub committee: Option<u32>,
}
