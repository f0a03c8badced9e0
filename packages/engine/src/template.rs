//! Chat templates: fixed functions chosen by name, never evaluated from a file (cn-1.md 9.4).

use crate::JobError;
use crate::tokenizer::{Tokenizer, TokenizerError};
use antiphon_documents::{Message, Role};
use std::fmt;
use std::str::FromStr;

/// A chat template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// ChatML with SmolLM2's default system message.
    ChatmlSmollm2,
    /// ChatML without a default system message.
    Chatml,
    /// ChatML with Qwen2's default system message.
    Qwen2,
    /// ChatML with Qwen2.5's default system message.
    Qwen25,
    /// ChatML with an empty thinking part.
    Qwen3,
    /// Llama 3 headers.
    Llama3,
    /// Llama 2 instructions.
    Llama2,
    /// Gemma turns.
    Gemma,
    /// Alpaca instructions.
    Alpaca,
    /// The text alone.
    Raw,
}

const ALL: [(Template, &str); 10] = [
    (Template::ChatmlSmollm2, "chatml-smollm2"),
    (Template::Chatml, "chatml"),
    (Template::Qwen2, "qwen2"),
    (Template::Qwen25, "qwen2.5"),
    (Template::Qwen3, "qwen3"),
    (Template::Llama3, "llama3"),
    (Template::Llama2, "llama2"),
    (Template::Gemma, "gemma"),
    (Template::Alpaca, "alpaca"),
    (Template::Raw, "raw"),
];

/// A template name that is not known here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "chat template {0:?} is not known: wanted chatml-smollm2, chatml, qwen2, qwen2.5, qwen3, llama3, llama2, gemma, alpaca or raw"
)]
pub struct UnknownTemplate(pub String);

impl FromStr for Template {
    type Err = UnknownTemplate;

    fn from_str(name: &str) -> Result<Self, UnknownTemplate> {
        let found = ALL.iter().find(|(_, known)| *known == name);
        found
            .map(|(template, _)| *template)
            .ok_or_else(|| UnknownTemplate(name.to_owned()))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            ALL.iter()
                .find(|(known, _)| known == self)
                .map_or("", |(_, name)| name),
        )
    }
}

const SMOLLM2_SYSTEM: &str = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";
const QWEN2_SYSTEM: &str = "You are a helpful assistant.";
const QWEN25_SYSTEM: &str = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.";
const ALPACA_SYSTEM: &str = "Below is an instruction that describes a task. Write a response that appropriately completes the request.";

/// A piece of a prompt: the id of a control token, or text that is encoded alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The token with exactly this text.
    Id(&'static str),
    /// BOS, if the file asks for it.
    Bos,
    /// Text; control tokens are never looked for in it.
    Text(String),
}

impl Template {
    /// Every template.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.iter().map(|(template, _)| *template)
    }

    /// The segments of a conversation, adjacent texts joined.
    ///
    /// # Errors
    /// [`JobError::Roles`] if the roles are not in order.
    pub fn segments(self, messages: &[Message]) -> Result<Vec<Segment>, JobError> {
        let (system, turns) = split(messages)?;
        let mut out = Segments::default();
        match self {
            Self::ChatmlSmollm2 => chatml(&mut out, system.or(Some(SMOLLM2_SYSTEM)), turns),
            Self::Chatml => chatml(&mut out, system, turns),
            Self::Qwen2 => chatml(&mut out, system.or(Some(QWEN2_SYSTEM)), turns),
            Self::Qwen25 => chatml(&mut out, system.or(Some(QWEN25_SYSTEM)), turns),
            Self::Qwen3 => {
                chatml(&mut out, system, turns);
                out.id("<think>").text("\n\n").id("</think>").text("\n\n");
            }
            Self::Llama3 => llama3(&mut out, system, turns),
            Self::Llama2 => llama2(&mut out, system, turns),
            Self::Gemma => gemma(&mut out, system, turns),
            Self::Alpaca => alpaca(&mut out, system, turns),
            Self::Raw => raw(&mut out, system, turns)?,
        }
        Ok(out.0)
    }

    /// The prompt ids of a conversation.
    ///
    /// # Errors
    /// Roles out of order, a control token the vocabulary lacks, or text the tokenizer refuses.
    pub fn encode(self, tokenizer: &Tokenizer, messages: &[Message]) -> Result<Vec<u32>, JobError> {
        let mut ids = Vec::new();
        for segment in self.segments(messages)? {
            match segment {
                Segment::Text(text) => ids.extend(tokenizer.encode(&text)?),
                Segment::Bos => ids.extend(tokenizer.bos_id()),
                Segment::Id(name) => ids.push(tokenizer.control_id(name).ok_or_else(|| {
                    TokenizerError::NoControlToken {
                        name: name.to_owned(),
                    }
                })?),
            }
        }
        Ok(ids)
    }

    /// Names of tokens that end an answer, as far as the vocabulary has them.
    #[must_use]
    pub const fn end_names(self) -> &'static [&'static str] {
        match self {
            Self::ChatmlSmollm2 | Self::Chatml | Self::Qwen2 | Self::Qwen25 | Self::Qwen3 => {
                &["<|im_end|>", "<|endoftext|>"]
            }
            Self::Llama3 => &["<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"],
            Self::Llama2 | Self::Alpaca => &["</s>"],
            Self::Gemma => &["<end_of_turn>", "<eos>"],
            Self::Raw => &["<|endoftext|>"],
        }
    }

    /// Checks that the vocabulary has every control token this template writes, so that a model is
    /// refused before it is served rather than in a job.
    ///
    /// # Errors
    /// [`TokenizerError::NoControlToken`] for the first one missing.
    pub fn check(self, tokenizer: &Tokenizer) -> Result<(), TokenizerError> {
        let talk = [Role::User, Role::Assistant, Role::User].map(|role| Message {
            role,
            content: String::new(),
        });
        // An answer before the last turn shows every token, and `raw`, which takes none, has no name.
        for segment in self.segments(&talk).unwrap_or_default() {
            if let Segment::Id(name) = segment {
                let found = tokenizer.control_id(name);
                found.ok_or_else(|| TokenizerError::NoControlToken {
                    name: name.to_owned(),
                })?;
            }
        }
        Ok(())
    }
}

/// Collects segments, joining adjacent texts.
#[derive(Default)]
struct Segments(Vec<Segment>);

impl Segments {
    fn id(&mut self, name: &'static str) -> &mut Self {
        self.0.push(Segment::Id(name));
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        match self.0.last_mut() {
            Some(Segment::Text(before)) => before.push_str(text),
            _ => self.0.push(Segment::Text(text.to_owned())),
        }
        self
    }
}

/// An optional first `system`, then `user` and `assistant` in turn, `user` last.
fn split(messages: &[Message]) -> Result<(Option<&str>, &[Message]), JobError> {
    let (system, turns) = match messages {
        [first, turns @ ..] if first.role == Role::System => (Some(&*first.content), turns),
        turns => (None, turns),
    };
    let wanted = [Role::User, Role::Assistant].into_iter().cycle();
    let in_turn = turns
        .iter()
        .zip(wanted)
        .all(|(turn, role)| turn.role == role);
    if !in_turn || turns.len().is_multiple_of(2) {
        return Err(JobError::Roles {
            count: messages.len(),
        });
    }
    Ok((system, turns))
}

fn chatml(out: &mut Segments, system: Option<&str>, turns: &[Message]) {
    let mut message = |role: &str, content: &str| {
        let text = format!("{role}\n{content}");
        out.id("<|im_start|>")
            .text(&text)
            .id("<|im_end|>")
            .text("\n");
    };
    if let Some(content) = system {
        message("system", content);
    }
    for turn in turns {
        message(turn.role.as_str(), &turn.content);
    }
    out.id("<|im_start|>").text("assistant\n");
}

fn llama3(out: &mut Segments, system: Option<&str>, turns: &[Message]) {
    out.id("<|begin_of_text|>");
    if let Some(content) = system {
        llama3_part(out, "system", content).id("<|eot_id|>");
    }
    for turn in turns {
        llama3_part(out, turn.role.as_str(), &turn.content).id("<|eot_id|>");
    }
    llama3_part(out, "assistant", "");
}

fn llama3_part<'s>(out: &'s mut Segments, role: &str, content: &str) -> &'s mut Segments {
    let text = format!("\n\n{}", strip(content));
    out.id("<|start_header_id|>")
        .text(role)
        .id("<|end_header_id|>")
        .text(&text)
}

/// A system message, if there is one, stands inside the first turn.
fn llama2(out: &mut Segments, system: Option<&str>, turns: &[Message]) {
    let mut first =
        system.map_or_else(String::new, |text| format!("<<SYS>>\n{text}\n<</SYS>>\n\n"));
    for turn in turns {
        let content = strip(&turn.content);
        if turn.role == Role::User {
            let text = format!("[INST] {}{content} [/INST]", std::mem::take(&mut first));
            out.id("<s>").text(&text);
        } else {
            out.text(&format!(" {content} ")).id("</s>");
        }
    }
}

/// As [`llama2`], a system message stands inside the first turn.
fn gemma(out: &mut Segments, system: Option<&str>, turns: &[Message]) {
    let mut first = system.map_or_else(String::new, |text| format!("{text}\n\n"));
    out.id("<bos>");
    for turn in turns {
        let role = if turn.role == Role::User {
            "user"
        } else {
            "model"
        };
        let (before, content) = (std::mem::take(&mut first), strip(&turn.content));
        let text = format!("{role}\n{before}{content}");
        out.id("<start_of_turn>")
            .text(&text)
            .id("<end_of_turn>")
            .text("\n");
    }
    out.id("<start_of_turn>").text("model\n");
}

fn alpaca(out: &mut Segments, system: Option<&str>, turns: &[Message]) {
    out.id("<s>").text(system.unwrap_or(ALPACA_SYSTEM));
    for turn in turns {
        match turn.role {
            Role::User => {
                let text = format!("\n\n### Instruction:\n{}\n\n### Response:", turn.content);
                out.text(&text);
            }
            Role::System | Role::Assistant => {
                out.text(&turn.content);
            }
        }
    }
}

fn raw(out: &mut Segments, system: Option<&str>, turns: &[Message]) -> Result<(), JobError> {
    let [only] = turns else {
        return Err(JobError::Roles { count: turns.len() });
    };
    if system.is_some() {
        return Err(JobError::Roles { count: 2 });
    }
    out.0.push(Segment::Bos);
    out.text(&only.content);
    Ok(())
}

/// Removes U+0009 to U+000D and U+0020 at both ends.
fn strip(text: &str) -> &str {
    text.trim_matches(|c| matches!(c, '\u{9}'..='\u{d}' | ' '))
}
