//! Chat templates, by their segments.

use crate::pieces::spm;
use crate::support::{Value, smollm2_tokenizer, tiny, tokenizer_of};
use crate::tokenizer::message;
use antiphon_engine::JobError;
use antiphon_engine::gguf::preflight;
use antiphon_engine::template::{Segment, Template};
use antiphon_engine::tokenizer::CONTROL_NAMES;

/// A conversation as one line, control tokens in place.
fn written(name: &str, messages: &[(&str, &str)]) -> Result<String, JobError> {
    let messages: Vec<_> = messages
        .iter()
        .map(|(role, text)| message(role, text))
        .collect();
    let template: Template = name.parse().unwrap();
    assert_eq!(template.to_string(), name);
    let segments = template.segments(&messages)?;
    let adjacent = segments
        .windows(2)
        .any(|two| matches!(two, [Segment::Text(_), Segment::Text(_)]));
    assert!(!adjacent, "adjacent texts are joined");
    Ok(segments
        .into_iter()
        .map(|segment| match segment {
            Segment::Id(name) => name.to_owned(),
            Segment::Bos => "[BOS]".to_owned(),
            Segment::Text(text) => text,
        })
        .collect())
}

const TALK: [(&str, &str); 4] = [
    ("system", "Be brief."),
    ("user", " a "),
    ("assistant", "b"),
    ("user", "c"),
];

#[test]
fn chatml_and_its_defaults_are_written_as_specified() {
    let turns = "<|im_start|>user\n a <|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\n";
    let system = |text: &str| format!("<|im_start|>system\n{text}<|im_end|>\n{turns}");
    assert_eq!(written("chatml", &TALK).unwrap(), system("Be brief."));
    assert_eq!(written("chatml", &TALK[1..]).unwrap(), turns);
    for (name, default) in [
        (
            "chatml-smollm2",
            "You are a helpful AI assistant named SmolLM, trained by Hugging Face",
        ),
        ("qwen2", "You are a helpful assistant."),
        (
            "qwen2.5",
            "You are Qwen, created by Alibaba Cloud. You are a helpful assistant.",
        ),
    ] {
        assert_eq!(written(name, &TALK[1..]).unwrap(), system(default));
        assert_eq!(written(name, &TALK).unwrap(), system("Be brief."));
    }
    let thinking = format!("{turns}<think>\n\n</think>\n\n");
    assert_eq!(written("qwen3", &TALK[1..]).unwrap(), thinking);
}

#[test]
fn llama3_strips_and_closes_each_message_but_the_open_one() {
    let part =
        |role: &str, text: &str| format!("<|start_header_id|>{role}<|end_header_id|>\n\n{text}");
    let want = format!(
        "<|begin_of_text|>{}<|eot_id|>{}<|eot_id|>{}<|eot_id|>{}<|eot_id|>{}",
        part("system", "Be brief."),
        part("user", "a"),
        part("assistant", "b"),
        part("user", "c"),
        part("assistant", "")
    );
    assert_eq!(written("llama3", &TALK).unwrap(), want);
    let nbsp = written("llama3", &[("user", "\u{b}\u{a0}x \r\n")]).unwrap();
    assert!(
        nbsp.contains("\n\n\u{a0}x<|eot_id|>"),
        "only ASCII white space is stripped"
    );
}

#[test]
fn alpaca_and_raw_are_written_as_specified() {
    let want = "<s>Be brief.\n\n### Instruction:\n a \n\n### Response:b\n\n### Instruction:\nc\n\n### Response:";
    assert_eq!(written("alpaca", &TALK).unwrap(), want);
    assert!(
        written("alpaca", &TALK[3..])
            .unwrap()
            .starts_with("<s>Below is an instruction")
    );
    assert_eq!(written("raw", &[("user", "x")]).unwrap(), "[BOS]x");
    assert_eq!(
        written("raw", &TALK).unwrap_err(),
        JobError::Roles { count: 3 }
    );
    assert_eq!(
        written("raw", &TALK[..2]).unwrap_err(),
        JobError::Roles { count: 2 }
    );
}

#[test]
fn llama2_puts_the_system_message_into_the_first_turn_and_strips_the_turns() {
    let want = "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\na [/INST] b </s><s>[INST] c [/INST]";
    assert_eq!(written("llama2", &TALK).unwrap(), want);
    let want = "<s>[INST] a [/INST] b </s><s>[INST] c [/INST]";
    assert_eq!(written("llama2", &TALK[1..]).unwrap(), want);
    let spaced = [("system", " s "), ("user", "\u{b}\u{85}x\t")];
    let want = "<s>[INST] <<SYS>>\n s \n<</SYS>>\n\n\u{85}x [/INST]";
    assert_eq!(written("llama2", &spaced).unwrap(), want);
}

#[test]
fn gemma_calls_the_assistant_model_and_puts_the_system_message_into_the_first_turn() {
    let turn = |role: &str, text: &str| format!("<start_of_turn>{role}\n{text}<end_of_turn>\n");
    let rest = [turn("model", "b"), turn("user", "c")].concat();
    let open = "<start_of_turn>model\n";
    let want = format!("<bos>{}{rest}{open}", turn("user", "Be brief.\n\na"));
    assert_eq!(written("gemma", &TALK).unwrap(), want);
    let want = format!("<bos>{}{rest}{open}", turn("user", "a"));
    assert_eq!(written("gemma", &TALK[1..]).unwrap(), want);
}

/// Every template, by name.
const ALL: [&str; 10] = [
    "chatml-smollm2",
    "chatml",
    "qwen2",
    "qwen2.5",
    "qwen3",
    "llama3",
    "llama2",
    "gemma",
    "alpaca",
    "raw",
];

#[test]
fn every_name_a_template_writes_or_ends_at_is_a_known_control_token() {
    let talk = TALK.map(|(role, text)| message(role, text));
    for name in ALL {
        let template: Template = name.parse().unwrap();
        let written = template.segments(&talk[1..]).unwrap_or_default();
        let ids = written.into_iter().filter_map(|segment| match segment {
            Segment::Id(name) => Some(name),
            Segment::Bos | Segment::Text(_) => None,
        });
        for control in ids.chain(template.end_names().iter().copied()) {
            assert!(CONTROL_NAMES.contains(&control), "{name}: {control}");
        }
    }
}

#[test]
fn answers_end_at_the_tokens_of_their_template() {
    let ends = |name: &str| name.parse::<Template>().unwrap().end_names();
    for name in &ALL[..5] {
        assert_eq!(ends(name), ["<|im_end|>", "<|endoftext|>"]);
    }
    assert_eq!(
        ends("llama3"),
        ["<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"]
    );
    assert_eq!(ends("llama2"), ["</s>"]);
    assert_eq!(ends("gemma"), ["<end_of_turn>", "<eos>"]);
    assert_eq!(ends("alpaca"), ["</s>"]);
    assert_eq!(ends("raw"), ["<|endoftext|>"]);
}

#[test]
fn what_a_user_writes_stays_text_in_every_template() {
    let hostile = CONTROL_NAMES.concat() + "[INST]<<SYS>><start_of_turn>\u{2581}\0\r\n";
    for name in ALL {
        let template: Template = name.parse().unwrap();
        let ids = |content: &str| {
            let segments = template.segments(&[message("user", content)]).unwrap();
            let ids = segments
                .into_iter()
                .filter(|s| !matches!(s, Segment::Text(_)));
            ids.collect::<Vec<_>>()
        };
        assert_eq!(ids(&hostile), ids("x"), "{name}");
    }
}

#[test]
fn a_token_that_only_answers_need_is_asked_for_before_any_job() {
    let mut file = spm();
    let mut tokens = file.tokens();
    let end = tokens.iter().position(|token| token == "</s>").unwrap();
    tokens[end] = "<elsewhere>".to_owned();
    file.set("tokenizer.ggml.tokens", Value::Strs(tokens));
    let bytes = file.bytes();
    let tokenizer = tokenizer_of(&preflight(&bytes).unwrap()).unwrap();
    let error = Template::Llama2.check(&tokenizer).unwrap_err();
    assert!(error.to_string().contains("\"</s>\""), "{error}");
    assert!(Template::Gemma.check(&tokenizer).is_ok());
    assert!(Template::Raw.check(&tokenizer).is_ok());
}

#[test]
fn roles_out_of_order_are_a_deterministic_job_error() {
    for roles in [
        &[][..],
        &["system"],
        &["assistant"],
        &["user", "user"],
        &["user", "assistant"],
        &["user", "system", "user"],
        &["system", "system", "user"],
    ] {
        let talk: Vec<_> = roles.iter().map(|role| (*role, "x")).collect();
        for name in ALL {
            let error = written(name, &talk).unwrap_err();
            assert_eq!(error, JobError::Roles { count: roles.len() }, "{name}");
            assert!(error.is_deterministic());
        }
    }
}

#[test]
fn a_template_whose_tokens_the_vocabulary_lacks_is_refused_before_any_job() {
    assert!(Template::ChatmlSmollm2.check(smollm2_tokenizer()).is_ok());
    let error = Template::Llama3.check(smollm2_tokenizer()).unwrap_err();
    assert!(error.to_string().contains("<|begin_of_text|>"), "{error}");
    let bytes = tiny().bytes();
    let tokenizer = tokenizer_of(&preflight(&bytes).unwrap()).unwrap();
    let job = Template::Alpaca
        .encode(&tokenizer, &[message("user", "x")])
        .unwrap_err();
    assert!(
        !job.is_deterministic(),
        "a model's fault is not voted invalid: {job}"
    );
}

#[test]
fn an_unknown_template_is_named_with_the_known_ones() {
    let error = "jinja".parse::<Template>().unwrap_err().to_string();
    assert!(error.starts_with("chat template \"jinja\" is not known: wanted chatml-smollm2"));
}
