use antiphon_content::Cid;
use proptest::prelude::*;

use super::{document, number, text, vectors};
use crate::{Message, Prompt, PromptFault, Role, Sampling, TaskTerms};

#[test]
fn valid_prompts_are_read_and_written_back() {
    for case in vectors("documents.json", "valid_prompts") {
        let (name, bytes) = (&case["name"], document(&case));
        let prompt_bytes: u32 = number(&case["bytes"]);
        let max_output_tokens = number(&case["max_output_tokens"]);
        let terms = TaskTerms {
            prompt_bytes,
            max_output_tokens,
        };
        let prompt =
            Prompt::parse(&bytes, &terms).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        assert_eq!(prompt.to_canonical().into_bytes(), bytes, "{name}");
        assert_eq!(prompt.cid().to_string(), text(&case["cid"]), "{name}");
        assert_eq!(prompt.max_output_tokens, max_output_tokens, "{name}");
        prompt.check().unwrap();
    }
}

#[test]
fn invalid_prompts_fail_the_first_check_in_order() {
    let needs_a_model = ["context_overflow", "numeric"];
    let mut judged = 0;
    for case in vectors("documents.json", "invalid_prompts") {
        let reason = text(&case["reason"]);
        if needs_a_model.contains(&reason) {
            continue;
        }
        let terms = TaskTerms {
            prompt_bytes: number(&case["prompt_bytes"]),
            max_output_tokens: number(&case["max_output_tokens"]),
        };
        let fault = Prompt::parse(&document(&case), &terms).unwrap_err();
        assert_eq!(fault.reason(), reason, "{}: {fault}", case["name"]);
        judged += 1;
    }
    assert_eq!(judged, 104);
}

#[test]
fn cids_have_one_spelling() {
    for case in vectors("documents.json", "cids") {
        let parsed = text(&case["text"]).parse::<Cid>();
        let valid = case["valid"].as_bool().unwrap();
        assert_eq!(parsed.is_ok(), valid, "{} ({})", case["text"], case["why"]);
        if let Ok(cid) = parsed {
            assert_eq!(cid.to_string(), text(&case["text"]));
            assert_eq!(cid.digest(), &super::hex::<32>(&case["digest"]));
        }
    }
}

#[test]
fn a_greedy_request_has_the_spelling_of_the_specification() {
    let prompt = Prompt::greedy(vec![Message::user("Why is the sky blue?")], 128);
    let want = r#"{"antiphon":"prompt/1","max_output_tokens":128,"messages":[{"content":"Why is the sky blue?","role":"user"}],"sampling":{"seed":"0","temperature_milli":0,"top_k":0,"top_p_milli":1000},"stop":[]}"#;
    assert_eq!(prompt.to_canonical(), want);
    assert_eq!(Prompt::read(want.as_bytes()), Ok(prompt));
}

#[test]
fn a_prompt_built_by_hand_is_checked_as_its_document_would_be() {
    let none = Prompt::greedy(Vec::new(), 128);
    assert_eq!(none.check().unwrap_err().reason(), "messages");
    let endless = Prompt::greedy(vec![Message::user("x")], 4_097);
    assert_eq!(endless.check().unwrap_err().reason(), "range");
    let large = Prompt::greedy(vec![Message::user("x".repeat(16_384))], 1);
    assert_eq!(large.check().unwrap_err().reason(), "size");
}

#[test]
fn a_fault_says_what_was_got_and_wanted() {
    let bytes = Prompt::greedy(vec![Message::user("x")], 1).to_canonical();
    let terms = TaskTerms {
        prompt_bytes: 5,
        max_output_tokens: 1,
    };
    let fault = Prompt::parse(bytes.as_bytes(), &terms).unwrap_err();
    assert_eq!(
        fault,
        PromptFault::Size {
            got: bytes.len(),
            want: 5
        }
    );
    let spaced = bytes.replacen(':', ": ", 1);
    let fault = Prompt::read(spaced.as_bytes()).unwrap_err();
    assert_eq!(fault, PromptFault::NotCanonical { at: 12 });
    let broken = Prompt::read(br#"{"a":tru}"#).unwrap_err();
    let said = "not JSON: no value at byte 5; want one JSON document of the prompt format";
    assert_eq!(broken.to_string(), said);
}

#[test]
fn the_deepest_nesting_is_refused_without_recursion_running_away() {
    let deep = "[".repeat(16_384);
    let fault = Prompt::read(deep.as_bytes()).unwrap_err();
    assert_eq!(fault.reason(), "not_json");
}

fn any_prompt() -> impl Strategy<Value = Prompt> {
    let content = || "[^\0]{0,40}".prop_map(String::from);
    let turns = proptest::collection::vec((content(), content()), 0..5);
    let stop = proptest::collection::vec("[\u{1}-\u{ff}]{1,30}", 0..=4);
    let sampling = (0_u32..=2_000, 0_u32..=1_000, 1_u32..=1_000, any::<u64>());
    (
        proptest::option::of(content()),
        turns,
        content(),
        1_u32..=4_096,
        sampling,
        stop,
    )
        .prop_map(|(system, turns, last, max_output_tokens, sampling, stop)| {
            let message = |role, content| Message { role, content };
            let mut messages = Vec::new();
            messages.extend(system.map(|content| message(Role::System, content)));
            for (user, assistant) in turns {
                messages.push(message(Role::User, user));
                messages.push(message(Role::Assistant, assistant));
            }
            messages.push(Message::user(last));
            let (temperature_milli, top_k, top_p_milli, seed) = sampling;
            Prompt {
                messages,
                max_output_tokens,
                sampling: Sampling {
                    temperature_milli,
                    top_k,
                    top_p_milli,
                    seed,
                },
                stop,
            }
        })
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(prompt in any_prompt()) {
        let text = prompt.to_canonical();
        prop_assert_eq!(Prompt::read(text.as_bytes()), Ok(prompt));
        let other: serde_json::Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(serde_json::to_string(&other).unwrap(), text);
    }

    #[test]
    fn any_bytes_are_judged_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Prompt::read(&bytes).is_err());
    }

    #[test]
    fn a_changed_byte_never_reads_as_the_same_prompt(
        prompt in any_prompt(), at in any::<proptest::sample::Index>(), byte: u8,
    ) {
        let text = prompt.to_canonical().into_bytes();
        let mut changed = text.clone();
        changed[at.index(text.len())] = byte;
        prop_assume!(changed != text);
        if let Ok(other) = Prompt::read(&changed) {
            prop_assert_eq!(other.to_canonical().into_bytes(), changed);
            prop_assert_ne!(other, prompt);
        }
    }

    #[test]
    fn the_reader_accepts_what_another_reader_accepts(
        text in r#"[\[\]{}:,"\\a0-9eE.+\- \nutrfls/]{0,24}"#,
    ) {
        let own = crate::json::Value::parse(text.as_bytes(), 64);
        let other = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        prop_assert_eq!(own.is_ok(), other.is_ok(), "{:?} {:?}", own, other);
    }
}
