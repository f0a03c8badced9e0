//! A conversation: the whole of it is in every prompt, or nothing is sent.

use antiphon_documents::{MAX_MESSAGES, Message, Prompt, Role};

use crate::ask::AnswerReport;
use crate::error::ClientError;
use crate::question::SamplingFlags;

/// What the model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes of the prompt document.
    pub prompt_bytes: u32,
    /// Tokens of prompt and answer together; none if the manifest could not be had.
    pub context_tokens: Option<u32>,
}

/// A conversation so far.
#[derive(Clone, Debug)]
pub struct Conversation {
    messages: Vec<Message>,
    system: Option<String>,
    flags: SamplingFlags,
    room: Room,
    /// Tokens of everything said until the last answer, its own included.
    tokens: u32,
}

impl Conversation {
    /// An empty one, with instructions if there are some.
    #[must_use]
    pub fn new(system: Option<String>, flags: SamplingFlags, room: Room) -> Self {
        let mut new = Self {
            messages: Vec::new(),
            system,
            flags,
            room,
            tokens: 0,
        };
        new.renew();
        new
    }

    /// Forgets everything but the instructions.
    pub fn renew(&mut self) {
        self.tokens = 0;
        let system = self.system.iter().map(|text| Message {
            role: Role::System,
            content: text.clone(),
        });
        self.messages = system.collect();
    }

    /// Everything said so far with one more message of the user, as a checked prompt.
    ///
    /// # Errors
    /// It does not fit the model any more, which is said, and nothing is left out; or the text is not one
    /// that a prompt can hold. The message is then not part of the conversation.
    pub fn say(&mut self, text: &str) -> Result<Prompt, ClientError> {
        self.messages.push(Message::user(text));
        let made = self.prompt();
        if made.is_err() {
            self.take_back();
        }
        made
    }

    /// Takes the last message of the user back: it got no answer.
    pub fn take_back(&mut self) {
        if self
            .messages
            .last()
            .is_some_and(|last| last.role == Role::User)
        {
            self.messages.pop();
        }
    }

    /// Adds an answer.
    pub fn answered(&mut self, answer: &AnswerReport) {
        self.tokens = answer.prompt_tokens.saturating_add(answer.output_tokens);
        self.messages.push(Message {
            role: Role::Assistant,
            content: answer.text.clone(),
        });
    }

    /// Messages, the instructions not counted.
    #[must_use]
    pub fn said(&self) -> usize {
        let system = usize::from(self.system.is_some());
        self.messages.len().saturating_sub(system)
    }

    fn prompt(&self) -> Result<Prompt, ClientError> {
        let prompt = Prompt {
            messages: self.messages.clone(),
            max_output_tokens: self.flags.max_output_tokens(),
            sampling: self.flags.sampling(),
            stop: self.flags.stop.clone(),
        };
        if self.messages.len() > MAX_MESSAGES {
            let got = self.messages.len();
            return Err(too_long(format!(
                "{got} messages, and a prompt holds {MAX_MESSAGES}"
            )));
        }
        let bytes = prompt.to_canonical().len();
        let most = self.room.prompt_bytes;
        if bytes > usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(too_long(format!(
                "{bytes} bytes, and the model takes {most}"
            )));
        }
        if let Some(most) = self.room.context_tokens.filter(|most| self.tokens >= *most) {
            let got = self.tokens;
            return Err(too_long(format!(
                "{got} tokens already, and the model takes {most}"
            )));
        }
        prompt.check()?;
        Ok(prompt)
    }
}

fn too_long(what: String) -> ClientError {
    ClientError::Usage(format!(
        "the conversation is too long now: {what}. Nothing was sent, and nothing of it is left out silently: \
         /new begins a new one, or say less"
    ))
}

#[cfg(test)]
mod tests {
    use antiphon_api::{Cid, Finish, Hex};

    use super::*;

    fn conversation(prompt_bytes: u32, context_tokens: Option<u32>) -> Conversation {
        let room = Room {
            prompt_bytes,
            context_tokens,
        };
        let system = Some("Be brief.".to_owned());
        Conversation::new(system, SamplingFlags::default(), room)
    }

    fn answer(text: &str) -> AnswerReport {
        AnswerReport {
            cid: Cid::of_raw(text.as_bytes()),
            text: text.to_owned(),
            prompt_tokens: 30,
            output_tokens: 10,
            finish: Finish::Stop,
            trace: Hex([0; 32]),
            source: String::new(),
            liars: Vec::new(),
        }
    }

    #[test]
    fn the_whole_conversation_is_in_every_prompt() {
        let mut talk = conversation(4096, None);
        talk.say("Who are you?").unwrap();
        talk.answered(&answer("A model."));
        let prompt = talk.say("Which one?").unwrap();
        let said: Vec<_> = prompt.messages.iter().map(|m| m.content.as_str()).collect();
        assert_eq!(
            said,
            ["Be brief.", "Who are you?", "A model.", "Which one?"]
        );
        talk.renew();
        assert_eq!(talk.say("And now?").unwrap().messages.len(), 2);
    }

    #[test]
    fn a_message_that_does_not_fit_is_told_and_nothing_is_left_out() {
        let mut talk = conversation(300, None);
        talk.say("Who are you?").unwrap();
        talk.answered(&answer("A model."));
        let error = talk.say(&"x".repeat(200)).unwrap_err().to_string();
        assert!(error.contains("the model takes 300"), "{error}");
        assert!(error.contains("/new"), "{error}");
        assert_eq!(talk.said(), 2, "what was said stays");
    }

    #[test]
    fn a_full_context_is_told_before_anything_is_paid() {
        let mut talk = conversation(4096, Some(40));
        talk.say("Who are you?").unwrap();
        talk.answered(&answer("A model."));
        let error = talk.say("And?").unwrap_err().to_string();
        assert!(error.contains("40 tokens already"), "{error}");
    }

    #[test]
    fn a_message_without_an_answer_is_taken_back() {
        let mut talk = conversation(4096, None);
        talk.say("Who are you?").unwrap();
        talk.take_back();
        talk.take_back();
        assert_eq!(talk.said(), 0);
        assert!(talk.say("a\0b").is_err());
        assert_eq!(talk.said(), 0);
    }
}
