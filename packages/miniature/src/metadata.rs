//! Settings and vocabulary.

use crate::gguf::Value;
use crate::{Family, Miniature};

/// Tokens of each miniature: a byte each, three control tokens of the template `chatml`, one
/// unknown and one unused, two merges, one user-defined, and three that make the number odd.
pub const VOCABULARY: u32 = 267;

/// Control tokens, then an unknown and an unused one.
const CONTROLS: [&str; 5] = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<unk>",
    "<unused>",
];

/// All metadata of a model.
pub(crate) fn of(model: &Miniature) -> Vec<(String, Value)> {
    let text = |s: &str| Value::Str(s.to_owned());
    let mut all = vec![
        ("general.architecture".to_owned(), text(model.family.name())),
        ("general.name".to_owned(), text(model.name)),
    ];
    let own = settings(model).into_iter().chain(rotation(model));
    all.extend(own.map(|(key, value)| (format!("{}.{key}", model.family.name()), value)));
    all.extend(tokenizer().map(|(key, value)| (format!("tokenizer.ggml.{key}"), value)));
    all
}

fn settings(model: &Miniature) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("block_count", Value::U32(model.layers)),
        ("context_length", Value::U32(model.context)),
        ("embedding_length", Value::U32(model.width)),
        ("feed_forward_length", Value::U32(model.ffn)),
        ("attention.head_count", Value::U32(model.heads)),
    ];
    if model.family == Family::Gpt2 {
        all.push(("attention.layer_norm_epsilon", Value::F32(1e-5)));
        return all;
    }
    all.push(("attention.head_count_kv", Value::U32(model.kv_heads)));
    all.push(("attention.layer_norm_rms_epsilon", Value::F32(1e-6)));
    if model.head_dim * model.heads != model.width {
        all.push(("attention.key_length", Value::U32(model.head_dim)));
        all.push(("attention.value_length", Value::U32(model.head_dim)));
    }
    all
}

fn rotation(model: &Miniature) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    if model.family == Family::Gpt2 {
        return all;
    }
    if model.rotary != model.head_dim {
        all.push(("rope.dimension_count", Value::U32(model.rotary)));
    }
    if let Some(base) = model.rope_base {
        all.push(("rope.freq_base", Value::F32(base)));
    }
    if let Some(factor) = model.rope_linear {
        all.push(("rope.scaling.type", Value::Str("linear".to_owned())));
        all.push(("rope.scaling.factor", Value::F32(factor)));
    }
    if model.family == Family::Gemma3 {
        all.push(("attention.sliding_window", Value::U32(model.window)));
    }
    all
}

/// A byte-level vocabulary.
fn tokenizer() -> [(&'static str, Value); 6] {
    let mut tokens = byte_characters();
    tokens.extend(CONTROLS.map(str::to_owned));
    tokens.extend(["he", "ll", "<extra>"].map(str::to_owned));
    let mut kinds: Vec<i32> = std::iter::repeat_n(1, 256)
        .chain([3, 3, 3, 2, 5, 1, 1, 4])
        .collect();
    tokens.extend((0..3).map(|i| format!("<unused{i}>")));
    kinds.extend([5; 3]);
    [
        ("model", Value::Str("gpt2".to_owned())),
        ("pre", Value::Str("smollm".to_owned())),
        ("tokens", Value::Strs(tokens)),
        ("token_type", Value::I32s(kinds)),
        ("merges", Value::Strs(vec!["h e".into(), "l l".into()])),
        ("eos_token_id", Value::U32(258)),
    ]
}

/// The character of each byte in GPT-2's table.
fn byte_characters() -> Vec<String> {
    let mut others = ('\u{100}'..).map(String::from);
    let own = |byte: u8| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    (0..=255_u8)
        .filter_map(|byte| match own(byte) {
            true => Some(char::from(byte).to_string()),
            false => others.next(),
        })
        .collect()
}
