//! From a request to the one document that has its CID.

use std::collections::BTreeSet;

use antiphon_documents::{Message, Prompt, PromptFault, Role, Sampling};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::{ApiError, Code};
use super::wire::{ChatMessage, ChatRequest, CompletionRequest, Content, Extension, OneText, Stop};

/// Tokens of an answer when nothing else is asked.
pub const DEFAULT_TOKENS: u32 = 256;
/// Names of ignored fields in the header, and bytes of each.
const MAX_IGNORED: usize = 32;
const MAX_NAME: usize = 48;
/// Fields of a chat request that mean something here.
const CHAT_FIELDS: &[&str] = &[
    "model",
    "messages",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "stream",
    "stream_options",
    "antiphon",
];
const COMPLETION_FIELDS: &[&str] = &[
    "model",
    "prompt",
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "max_tokens",
    "stop",
    "stream",
    "stream_options",
    "antiphon",
];

/// What either kind of request asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// A model's name, number or manifest CID.
    pub model: Option<String>,
    /// The conversation, roles in order.
    pub messages: Vec<Message>,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Most tokens of the answer, before the model's limit.
    pub max_tokens: Option<u64>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// Send server-sent events.
    pub stream: bool,
    /// With a last chunk of usage.
    pub include_usage: bool,
    /// Members of the committee.
    pub committee: Option<u32>,
    /// Fields that mean nothing here.
    pub ignored: Vec<String>,
}

impl Asked {
    /// Reads a chat request.
    ///
    /// # Errors
    /// Not JSON, or a field that is wrong, by name.
    pub fn chat(body: &[u8]) -> Result<Self, ApiError> {
        let (request, mut ignored): (ChatRequest, _) = read(body, CHAT_FIELDS)?;
        let sampling = Dials {
            temperature: request.temperature,
            top_p: request.top_p,
            top_k: request.top_k,
            seed: request.seed,
        };
        Ok(Self {
            model: request.model,
            messages: conversation(&request.messages)?,
            sampling: sampling.read(&mut ignored)?,
            max_tokens: request.max_completion_tokens.or(request.max_tokens),
            stop: stops(request.stop),
            stream: request.stream.unwrap_or(false),
            include_usage: request
                .stream_options
                .and_then(|options| options.include_usage)
                .unwrap_or(false),
            committee: committee(request.antiphon),
            ignored,
        })
    }

    /// Reads a completion request: its prompt is one message of the user.
    ///
    /// # Errors
    /// Not JSON, or a field that is wrong, by name.
    pub fn completion(body: &[u8]) -> Result<Self, ApiError> {
        let (request, mut ignored): (CompletionRequest, _) = read(body, COMPLETION_FIELDS)?;
        let sampling = Dials {
            temperature: request.temperature,
            top_p: request.top_p,
            top_k: request.top_k,
            seed: request.seed,
        };
        Ok(Self {
            model: request.model,
            messages: vec![Message::user(one_text(request.prompt)?)],
            sampling: sampling.read(&mut ignored)?,
            max_tokens: request.max_tokens,
            stop: stops(request.stop),
            stream: request.stream.unwrap_or(false),
            include_usage: request
                .stream_options
                .and_then(|options| options.include_usage)
                .unwrap_or(false),
            committee: committee(request.antiphon),
            ignored,
        })
    }

    /// The document, for a model with this limit of output tokens.
    ///
    /// # Errors
    /// A field that is out of range, or too long a conversation.
    pub fn prompt(&self, max_output_tokens: u32) -> Result<Prompt, ApiError> {
        let limit = max_output_tokens.max(1);
        let tokens = match self.max_tokens {
            None => DEFAULT_TOKENS.min(limit),
            Some(0) => {
                return Err(ApiError::field(
                    "max_tokens",
                    "got max_tokens 0, want 1 or more",
                ));
            }
            Some(wanted) => u32::try_from(wanted).unwrap_or(u32::MAX).min(limit),
        };
        let prompt = Prompt {
            messages: self.messages.clone(),
            max_output_tokens: tokens,
            sampling: self.sampling,
            stop: self.stop.clone(),
        };
        prompt.check().map_err(|fault| of_fault(&fault))?;
        Ok(prompt)
    }
}

fn of_fault(fault: &PromptFault) -> ApiError {
    let message = fault.to_string();
    match fault {
        PromptFault::Size { got, want } => too_long(*got, *want),
        PromptFault::Range(what) if what.contains("stop") => ApiError::field("stop", message),
        PromptFault::Range(what) if what.contains("top_k") => ApiError::field("top_k", message),
        PromptFault::Range(what) if what.contains("temperature") => {
            ApiError::field("temperature", message)
        }
        PromptFault::Range(what) if what.contains("top_p") => ApiError::field("top_p", message),
        _ => ApiError::field("messages", message),
    }
}

/// The conversation does not fit, in bytes.
pub(super) fn too_long(got: usize, want: usize) -> ApiError {
    let message = format!(
        "the conversation is a document of {got} bytes, and this model takes at most {want}. \
         Leave out earlier turns or shorten them; nothing was paid"
    );
    ApiError::new(Code::ContextLengthExceeded, message).about("messages")
}

fn read<T: DeserializeOwned>(body: &[u8], fields: &[&str]) -> Result<(T, Vec<String>), ApiError> {
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        ApiError::new(
            Code::InvalidJson,
            format!("the body is not JSON: {error}. Send one JSON object"),
        )
    })?;
    let Value::Object(object) = &value else {
        return Err(ApiError::new(
            Code::InvalidJson,
            "the body is JSON but not an object. Send one JSON object with `messages`",
        ));
    };
    let unknown = object
        .iter()
        .filter(|(name, value)| !fields.contains(&name.as_str()) && !is_nothing(name, value));
    let unknown = unknown.map(|(name, _)| name.clone());
    let names: BTreeSet<String> = unknown.chain(unknown_in_turns(object)).collect();
    let ignored = names.iter().map(|name| printable(name)).take(MAX_IGNORED);
    let ignored = ignored.collect();
    let request = serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner().to_string();
        match missing(&cause) {
            Some(name) => ApiError::field(name, format!("the field {name} is missing")),
            None => ApiError::field(path.as_str(), format!("{path}: {cause}")),
        }
    })?;
    Ok((request, ignored))
}

/// Fields of turns that mean nothing here, such as `messages.name`.
fn unknown_in_turns(object: &Map<String, Value>) -> impl Iterator<Item = String> {
    let turns = object.get("messages").and_then(Value::as_array);
    let fields = turns
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .flatten();
    let unknown = fields
        .filter(|(name, value)| !["role", "content"].contains(&name.as_str()) && !value.is_null());
    unknown.map(|(name, _)| format!("messages.{name}"))
}

/// `missing field `messages``
fn missing(cause: &str) -> Option<&str> {
    let rest = cause.strip_prefix("missing field `")?;
    rest.split('`').next()
}

/// Asks for what happens anyway.
fn is_nothing(name: &str, value: &Value) -> bool {
    value.is_null() || name == "n" && value.as_u64() == Some(1)
}

/// A name fit for a header.
fn printable(name: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "_-.".contains(c) {
            c
        } else {
            '?'
        }
    };
    name.chars().take(MAX_NAME).map(safe).collect()
}

/// Consecutive turns of one speaker become one, with an empty line between; a system message may only
/// stand first, as the document wants it.
fn conversation(given: &[ChatMessage]) -> Result<Vec<Message>, ApiError> {
    let mut turns: Vec<Message> = Vec::new();
    for (index, message) in given.iter().enumerate() {
        let role = role(index, &message.role)?;
        let content = text(index, message.content.as_ref())?;
        match turns.last_mut() {
            Some(last) if last.role == role => {
                last.content.push_str("\n\n");
                last.content.push_str(&content);
            }
            Some(_) if role == Role::System => {
                return Err(ApiError::field(
                    format!("messages[{index}].role"),
                    "a system message may only stand first: put all instructions there",
                ));
            }
            _ => turns.push(Message { role, content }),
        }
    }
    check_order(&turns)?;
    Ok(turns)
}

fn check_order(turns: &[Message]) -> Result<(), ApiError> {
    let wrong = |message: &str| Err(ApiError::field("messages", message));
    let speaker = |message: &Message| message.role;
    let first = turns.iter().map(speaker).find(|role| *role != Role::System);
    match (first, turns.last().map(speaker)) {
        (None, _) => wrong("got no message of the user, want at least one"),
        (Some(Role::Assistant), _) => wrong(
            "the conversation begins with the assistant, want a user's message first (after the system message)",
        ),
        (_, Some(Role::User)) => Ok(()),
        _ => wrong("the last message is the assistant's, want a user's message last"),
    }
}

fn role(index: usize, name: &str) -> Result<Role, ApiError> {
    match name {
        "system" | "developer" => Ok(Role::System),
        "user" => Ok(Role::User),
        "assistant" => Ok(Role::Assistant),
        other => Err(ApiError::field(
            format!("messages[{index}].role"),
            format!(
                "got the role {:?}, want system, developer, user or assistant: tools are not offered",
                other.chars().take(MAX_NAME).collect::<String>()
            ),
        )),
    }
}

fn text(index: usize, content: Option<&Content>) -> Result<String, ApiError> {
    let wrong = |message: String| ApiError::field(format!("messages[{index}].content"), message);
    match content {
        None => Err(wrong("got no content, want a text".to_owned())),
        Some(Content::Text(text)) => Ok(text.clone()),
        Some(Content::Parts(parts)) => {
            let part = |part: &super::wire::Part| match (&*part.kind, &part.text) {
                ("text" | "input_text", Some(text)) => Ok(text.clone()),
                (kind, _) => Err(wrong(format!(
                    "got a part of type {:?}, want text parts only: these models read no images, sound or files",
                    kind.chars().take(MAX_NAME).collect::<String>()
                ))),
            };
            let texts: Vec<String> = parts.iter().map(part).collect::<Result<_, _>>()?;
            Ok(texts.join("\n"))
        }
    }
}

fn one_text(given: OneText) -> Result<String, ApiError> {
    match given {
        OneText::Text(text) => Ok(text),
        OneText::List(mut list) if list.len() == 1 => Ok(list.remove(0)),
        OneText::List(list) => Err(ApiError::field(
            "prompt",
            format!(
                "got {} prompts, want one: send a request for each",
                list.len()
            ),
        )),
    }
}

fn stops(given: Option<Stop>) -> Vec<String> {
    match given {
        None => Vec::new(),
        Some(Stop::One(text)) => vec![text],
        Some(Stop::Many(list)) => list,
    }
}

fn committee(given: Option<Extension>) -> Option<u32> {
    given.and_then(|extension| extension.committee)
}

/// How tokens are chosen, as a request says it.
struct Dials {
    temperature: Option<f64>,
    top_p: Option<f64>,
    top_k: Option<u32>,
    seed: Option<u64>,
}

impl Dials {
    /// Without a temperature, or at 0, the one spelling of a greedy request: what would change nothing is
    /// left out, so that equal questions have one CID.
    fn read(&self, ignored: &mut Vec<String>) -> Result<Sampling, ApiError> {
        let temperature_milli = milli("temperature", self.temperature.unwrap_or(0.0), 2_000)?;
        let top_p_milli = milli("top_p", self.top_p.unwrap_or(1.0), 1_000)?;
        if top_p_milli == 0 {
            return Err(ApiError::field(
                "top_p",
                "got a top_p below 0.001, want 0.001 to 1",
            ));
        }
        if temperature_milli == 0 {
            let unused = [
                ("top_p", top_p_milli != 1_000),
                ("top_k", self.top_k.is_some_and(|k| k != 0)),
                ("seed", self.seed.is_some_and(|seed| seed != 0)),
            ];
            let names = unused.into_iter().filter(|(_, given)| *given);
            ignored.extend(names.map(|(name, _)| name.to_owned()));
            return Ok(Sampling::GREEDY);
        }
        Ok(Sampling {
            temperature_milli,
            top_k: self.top_k.unwrap_or(0),
            top_p_milli,
            seed: self.seed.unwrap_or(0),
        })
    }
}

/// Thousandths, rounded to the nearest.
fn milli(name: &str, value: f64, max: u32) -> Result<u32, ApiError> {
    let scaled = (value * 1_000.0).round();
    if !(0.0..=f64::from(max)).contains(&scaled) {
        let top = f64::from(max) / 1_000.0;
        return Err(ApiError::field(
            name,
            format!("got {name} {value}, want 0 to {top}"),
        ));
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 2000, checked above"
    )]
    Ok(scaled as u32)
}
