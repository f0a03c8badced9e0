//! vectors/decode.json through the same loop that serves models.

use crate::pieces::spm;
use crate::support::{smollm2_tokenizer, tokenizer_of};
use antiphon_documents::Finish;
use antiphon_engine::decode::{Chooser, Limits, decode};
use antiphon_engine::gguf::preflight;
use antiphon_engine::template::Template;
use antiphon_engine::{JobError, Progress};
use serde::Deserialize;
use std::ops::ControlFlow;

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    chosen: Vec<u32>,
    max_tokens: u32,
    stop: Vec<String>,
    prompt_tokens: u32,
    context: u32,
    finish: Finish,
    output: String,
    output_tokens: usize,
    trace_links: usize,
}

/// Chooses from a list; checks that each token but the last is fed.
struct List<'a> {
    tokens: &'a [u32],
    fed: Vec<u32>,
    links: usize,
}

impl Chooser for List<'_> {
    fn choose(&mut self, index: u32) -> Result<u32, JobError> {
        self.links += 1;
        Ok(self.tokens[index as usize])
    }

    fn feed(&mut self, token: u32) -> Result<(), JobError> {
        self.fed.push(token);
        Ok(())
    }
}

fn end_ids() -> Vec<u32> {
    let tokenizer = smollm2_tokenizer();
    let names = Template::ChatmlSmollm2.end_names();
    let named = names.iter().filter_map(|name| tokenizer.control_id(name));
    tokenizer.end_ids().iter().copied().chain(named).collect()
}

#[test]
fn all_cases_of_the_vectors_decode_as_they_say() {
    let vectors: Vectors = serde_json::from_str(include_str!("../vectors/decode.json")).unwrap();
    let end = end_ids();
    for case in vectors.cases {
        let mut list = List {
            tokens: &case.chosen,
            fed: Vec::new(),
            links: 0,
        };
        let limits = Limits {
            prompt_tokens: case.prompt_tokens,
            max_output_tokens: case.max_tokens,
            context: case.context,
            stop: &case.stop,
            end: &end,
        };
        let bytes = |index, id| Ok(smollm2_tokenizer().output_bytes(index, id)?);
        let made = decode(
            &mut list,
            &limits,
            bytes,
            &mut |_| ControlFlow::Continue(()),
        )
        .unwrap();
        assert_eq!(made.text, case.output, "{}", case.name);
        assert_eq!(made.finish, case.finish, "{}", case.name);
        assert_eq!(made.token_ids.len(), case.output_tokens, "{}", case.name);
        assert_eq!(list.links, case.trace_links, "{}", case.name);
        assert_eq!(list.fed.len(), case.trace_links - 1, "{}", case.name);
    }
}

#[test]
fn a_caller_can_break_off_after_any_token() {
    let mut list = List {
        tokens: &[537, 827, 1296],
        fed: Vec::new(),
        links: 0,
    };
    let limits = Limits {
        prompt_tokens: 1,
        max_output_tokens: 3,
        context: 64,
        stop: &[],
        end: &[],
    };
    let bytes = |index, id| Ok(smollm2_tokenizer().output_bytes(index, id)?);
    let made = decode(&mut list, &limits, bytes, &mut |news| match news {
        Progress::Token { index: 1, .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(made.unwrap_err(), JobError::Cancelled);
    assert_eq!(list.links, 2);
}

#[test]
fn an_answer_of_sentence_pieces_begins_without_the_space_in_front() {
    let file = spm().bytes();
    let tokenizer = tokenizer_of(&preflight(&file).unwrap()).unwrap();
    let word = *tokenizer.encode("ab").unwrap().first().unwrap();
    assert_eq!(tokenizer.token_bytes(word).unwrap(), b" ab");
    let mut list = List {
        tokens: &[word, word, 1],
        fed: Vec::new(),
        links: 0,
    };
    let limits = Limits {
        prompt_tokens: 1,
        max_output_tokens: 3,
        context: 64,
        stop: &[],
        end: &[1],
    };
    let bytes = |index, id| Ok(tokenizer.output_bytes(index, id)?);
    let mut streamed = Vec::new();
    let made = decode(&mut list, &limits, bytes, &mut |news| {
        if let Progress::Token { bytes, .. } = news {
            streamed.extend_from_slice(bytes);
        }
        ControlFlow::Continue(())
    });
    assert_eq!(made.unwrap().text, "ab ab");
    assert_eq!(streamed, b"ab ab");
}
