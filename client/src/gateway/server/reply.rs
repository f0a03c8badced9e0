//! From a verified answer to OpenAI's shapes.

use antiphon_api::{Cid, Finish};

use crate::gateway::answers::Answered;
use crate::gateway::wire::{
    ChatChoice, ChatChunk, ChatReply, ChunkChoice, CompletionChoice, CompletionChunk,
    CompletionReply, Delta, Proof, ReplyMessage, Usage, UsageProof,
};

/// Pieces a streamed text is sent in, at most.
const MAX_PIECES: usize = 16;
/// A piece has about this many bytes at least.
const PIECE_BYTES: usize = 48;

/// Which of the two requests is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Chat,
    Completion,
}

impl Shape {
    /// Of ids.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Chat => "chatcmpl",
            Self::Completion => "cmpl",
        }
    }
}

/// What is the same in all replies to one request.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) shape: Shape,
    pub(super) chain: String,
    pub(super) model: String,
    pub(super) manifest: Cid,
    pub(super) include_usage: bool,
}

impl Reply {
    fn id(&self, task: u64) -> String {
        format!("{}-{}-{task}", self.shape.prefix(), self.chain)
    }

    pub(super) fn chat(&self, answered: &Answered) -> ChatReply {
        ChatReply {
            id: self.id(answered.task),
            object: "chat.completion",
            created: answered.posted,
            model: self.model.clone(),
            system_fingerprint: self.manifest.to_string(),
            choices: vec![ChatChoice {
                index: 0,
                message: ReplyMessage {
                    role: "assistant",
                    content: answered.text.clone(),
                    refusal: None,
                },
                logprobs: None,
                finish_reason: word(answered.finish),
            }],
            usage: usage(answered),
            antiphon: self.proof(answered),
        }
    }

    pub(super) fn completion(&self, answered: &Answered) -> CompletionReply {
        CompletionReply {
            id: self.id(answered.task),
            object: "text_completion",
            created: answered.posted,
            model: self.model.clone(),
            system_fingerprint: self.manifest.to_string(),
            choices: vec![CompletionChoice {
                index: 0,
                text: answered.text.clone(),
                logprobs: None,
                finish_reason: Some(word(answered.finish)),
            }],
            usage: usage(answered),
            antiphon: self.proof(answered),
        }
    }

    fn proof(&self, answered: &Answered) -> Proof {
        Proof {
            task: answered.task,
            answer_cid: answered.answer.to_string(),
            prompt_cid: answered.prompt.to_string(),
            manifest: answered.manifest.to_string(),
            quorum: answered.quorum,
            votes: answered.votes,
            committee: answered.committee,
            contested: answered.contested,
            conflict: answered.conflict,
            transaction: answered.transaction.clone(),
            known: answered.known,
            receipt: format!("/v1/receipts/{}", self.id(answered.task)),
        }
    }

    /// The events of a whole stream, as JSON: role, pieces of the text, finish, usage if asked for.
    pub(super) fn chunks(&self, answered: &Answered) -> Vec<Result<String, serde_json::Error>> {
        match self.shape {
            Shape::Chat => self
                .chat_chunks(answered)
                .iter()
                .map(serde_json::to_string)
                .collect(),
            Shape::Completion => {
                let chunks = self.completion_chunks(answered);
                chunks.iter().map(serde_json::to_string).collect()
            }
        }
    }

    fn chat_chunks(&self, answered: &Answered) -> Vec<ChatChunk> {
        let role = Delta {
            role: Some("assistant"),
            content: Some(String::new()),
        };
        let mut list = vec![self.chat_chunk(answered, role, None)];
        for piece in pieces(&answered.text) {
            let delta = Delta {
                role: None,
                content: Some(piece.to_owned()),
            };
            list.push(self.chat_chunk(answered, delta, None));
        }
        let mut finish = self.chat_chunk(answered, Delta::default(), Some(word(answered.finish)));
        finish.antiphon = Some(self.proof(answered));
        list.push(finish);
        if self.include_usage {
            let mut last = self.chat_chunk(answered, Delta::default(), None);
            last.choices.clear();
            last.usage = Some(usage(answered));
            list.push(last);
        }
        list
    }

    fn chat_chunk(
        &self,
        answered: &Answered,
        delta: Delta,
        finish_reason: Option<&'static str>,
    ) -> ChatChunk {
        ChatChunk {
            id: self.id(answered.task),
            object: "chat.completion.chunk",
            created: answered.posted,
            model: self.model.clone(),
            system_fingerprint: self.manifest.to_string(),
            choices: vec![ChunkChoice {
                index: 0,
                delta,
                logprobs: None,
                finish_reason,
            }],
            usage: None,
            antiphon: None,
        }
    }

    fn completion_chunks(&self, answered: &Answered) -> Vec<CompletionChunk> {
        let mut list: Vec<_> = pieces(&answered.text)
            .into_iter()
            .map(|piece| self.completion_chunk(answered, piece, None))
            .collect();
        let mut finish = self.completion_chunk(answered, "", Some(word(answered.finish)));
        finish.antiphon = Some(self.proof(answered));
        list.push(finish);
        if self.include_usage {
            let mut last = self.completion_chunk(answered, "", None);
            last.choices.clear();
            last.usage = Some(usage(answered));
            list.push(last);
        }
        list
    }

    fn completion_chunk(
        &self,
        answered: &Answered,
        text: &str,
        finish_reason: Option<&'static str>,
    ) -> CompletionChunk {
        CompletionChunk {
            id: self.id(answered.task),
            object: "text_completion",
            created: answered.posted,
            model: self.model.clone(),
            system_fingerprint: self.manifest.to_string(),
            choices: vec![CompletionChoice {
                index: 0,
                text: text.to_owned(),
                logprobs: None,
                finish_reason,
            }],
            usage: None,
            antiphon: None,
        }
    }
}

fn usage(answered: &Answered) -> Usage {
    Usage {
        prompt_tokens: answered.prompt_tokens,
        completion_tokens: answered.output_tokens,
        total_tokens: answered
            .prompt_tokens
            .saturating_add(answered.output_tokens),
        antiphon: UsageProof {
            task: answered.task,
            quorum: answered.quorum,
            transaction: answered.transaction.clone(),
        },
    }
}

const fn word(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
    }
}

/// A text in a few pieces, cut between characters; none for an empty one.
fn pieces(text: &str) -> Vec<&str> {
    let size = text.len().div_ceil(MAX_PIECES).max(PIECE_BYTES);
    let mut list = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let cut = (size..rest.len()).find(|at| rest.is_char_boundary(*at));
        let (piece, after) = rest.split_at(cut.unwrap_or(rest.len()));
        list.push(piece);
        rest = after;
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_few_whole_and_cut_between_characters() {
        for text in ["", "a", &"ä".repeat(1_000), &"日本語".repeat(77)] {
            let list = pieces(text);
            assert_eq!(list.concat(), text);
            assert!(list.len() <= MAX_PIECES, "{}", list.len());
            assert!(list.iter().all(|piece| !piece.is_empty()));
        }
    }
}
