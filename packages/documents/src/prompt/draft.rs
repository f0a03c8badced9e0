//! From JSON to a prompt: fields and types first, then what is said with them.

use super::{
    MAX_MESSAGES, MAX_OUTPUT_TOKENS, MAX_STOP_BYTES, MAX_STOPS, Message, Prompt, PromptFault, Role,
    Sampling, TAG,
};
use crate::json::{Value, is_integer};

/// A document with the right fields and types, its values not yet judged.
#[derive(Debug)]
pub(crate) struct Draft {
    max_output_tokens: String,
    /// (role, content)
    messages: Vec<(String, String)>,
    seed: String,
    temperature_milli: String,
    top_k: String,
    top_p_milli: String,
    stop: Vec<String>,
}

impl Draft {
    pub(crate) fn of(value: Value) -> Result<Self, String> {
        let names = [
            "antiphon",
            "max_output_tokens",
            "messages",
            "sampling",
            "stop",
        ];
        let [tag, max_output_tokens, messages, sampling, stop] = value.fields(names)?;
        if tag != Value::from(TAG) {
            return Err(format!("the tag \"antiphon\" is not {TAG:?}"));
        }
        let names = ["seed", "temperature_milli", "top_k", "top_p_milli"];
        let [seed, temperature_milli, top_k, top_p_milli] = sampling.fields(names)?;
        let message = |value: Value| {
            let [content, role] = value.fields(["content", "role"])?;
            Ok::<_, String>((role.string("role")?, content.string("content")?))
        };
        let stop = stop.array("stop")?.into_iter();
        let messages = messages.array("messages")?.into_iter();
        Ok(Self {
            max_output_tokens: max_output_tokens.integer("max_output_tokens")?,
            messages: messages.map(message).collect::<Result<_, _>>()?,
            seed: seed.string("seed")?,
            temperature_milli: temperature_milli.integer("temperature_milli")?,
            top_k: top_k.integer("top_k")?,
            top_p_milli: top_p_milli.integer("top_p_milli")?,
            stop: stop
                .map(|stop| stop.string("stop"))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Judges messages, then ranges.
    pub(crate) fn finish(self) -> Result<Prompt, PromptFault> {
        let messages = check_messages(self.messages).map_err(PromptFault::Messages)?;
        let ranged = || {
            Ok(Prompt {
                messages,
                max_output_tokens: in_range(
                    &self.max_output_tokens,
                    1,
                    MAX_OUTPUT_TOKENS,
                    "want max_output_tokens of 1 to 4096",
                )?,
                sampling: Sampling {
                    temperature_milli: in_range(
                        &self.temperature_milli,
                        0,
                        2_000,
                        "want temperature_milli of 0 to 2000",
                    )?,
                    top_k: in_range(&self.top_k, 0, 1_000, "want top_k of 0 to 1000")?,
                    top_p_milli: in_range(
                        &self.top_p_milli,
                        1,
                        1_000,
                        "want top_p_milli of 1 to 1000",
                    )?,
                    seed: check_seed(&self.seed)?,
                },
                stop: check_stop(self.stop)?,
            })
        };
        ranged().map_err(PromptFault::Range)
    }
}

fn check_messages(messages: Vec<(String, String)>) -> Result<Vec<Message>, &'static str> {
    if messages.is_empty() || messages.len() > MAX_MESSAGES {
        return Err("want 1 to 64 messages");
    }
    let messages = messages.into_iter().map(|(role, content)| {
        let role = Role::named(&role).ok_or("want the roles system, user and assistant")?;
        if content.contains('\0') {
            return Err("want content without NUL");
        }
        Ok(Message { role, content })
    });
    let messages: Vec<Message> = messages.collect::<Result<_, _>>()?;
    let first = messages.first().map(|message| message.role);
    let turns = messages
        .iter()
        .map(|message| message.role)
        .skip(usize::from(first == Some(Role::System)));
    let alternating = [Role::User, Role::Assistant].into_iter().cycle();
    if turns
        .clone()
        .zip(alternating)
        .any(|(got, want)| got != want)
    {
        return Err("want user and assistant in turn after at most one system message");
    }
    if turns.last() != Some(Role::User) {
        return Err("want a user's message last");
    }
    Ok(messages)
}

fn in_range(digits: &str, min: u32, max: u32, want: &'static str) -> Result<u32, &'static str> {
    digits
        .parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or(want)
}

fn check_seed(seed: &str) -> Result<u64, &'static str> {
    let want = "want a seed of 0 to 18446744073709551615, a string of digits without leading zero";
    if !is_integer(seed) {
        return Err(want);
    }
    seed.parse().map_err(|_| want)
}

fn check_stop(stop: Vec<String>) -> Result<Vec<String>, &'static str> {
    let is_right = |stop: &String| (1..=MAX_STOP_BYTES).contains(&stop.len());
    if stop.len() > MAX_STOPS || !stop.iter().all(is_right) {
        return Err("want at most 4 stop strings of 1 to 64 bytes");
    }
    Ok(stop)
}
