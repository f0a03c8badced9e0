//! Chat templates, by their segments.

use crate::support::{smollm2_tokenizer, tiny, tokenizer_of};
use crate::tokenizer::message;
use antiphon_engine::JobError;
use antiphon_engine::gguf::preflight;
use antiphon_engine::template::{Segment, Template};

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
        let error = written("chatml", &talk).unwrap_err();
        assert_eq!(error, JobError::Roles { count: roles.len() });
        assert!(error.is_deterministic());
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
