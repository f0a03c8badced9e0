//! Settings out of range.

use super::{Case, Value, case};

fn set(name: &'static str, key: &'static str, value: Value, want: &'static str) -> Case {
    case(name, want, move |f| f.set(key, value.clone()))
}

fn number(name: &'static str, key: &'static str, n: u32, want: &'static str) -> Case {
    set(name, key, Value::U32(n), want)
}

pub(super) fn numbers() -> Vec<Case> {
    vec![
        number("no blocks", "llama.block_count", 0, "wanted 1 to"),
        number(
            "2^32-1 blocks",
            "llama.block_count",
            u32::MAX,
            "wanted 1 to",
        ),
        number(
            "1,024 blocks, one there",
            "llama.block_count",
            1024,
            "is missing",
        ),
        number(
            "a context of 2^32-1",
            "llama.context_length",
            u32::MAX,
            "wanted 1 to",
        ),
        number("no heads", "llama.attention.head_count", 0, "wanted 1 to"),
        number("3 heads of 32 values", "llama.attention.head_count", 3, ""),
        number(
            "no key heads",
            "llama.attention.head_count_kv",
            0,
            "wanted 1 to",
        ),
        number(
            "5 key heads for 2",
            "llama.attention.head_count_kv",
            5,
            "wanted a divisor",
        ),
        number(
            "an odd rotation",
            "llama.rope.dimension_count",
            7,
            "wanted an even number",
        ),
        number(
            "a rotation beyond the head",
            "llama.rope.dimension_count",
            64,
            "wanted an even number",
        ),
        number("another vocabulary", "llama.vocab_size", 7, "has shape"),
    ]
}

pub(super) fn types() -> Vec<Case> {
    vec![
        set(
            "an epsilon that is NaN",
            "llama.attention.layer_norm_rms_epsilon",
            Value::F32(f32::NAN),
            "wanted a finite",
        ),
        set(
            "a base of 0",
            "llama.rope.freq_base",
            Value::F32(0.0),
            "wanted a finite",
        ),
        set(
            "text for a number",
            "llama.block_count",
            Value::Str("1".into()),
            "is a string",
        ),
        set(
            "a number for text",
            "general.architecture",
            Value::U32(1),
            "is an unsigned integer",
        ),
        case(
            "a table of terabytes",
            "the values of the RoPE table",
            |f| {
                f.set("llama.context_length", Value::U32(1 << 20));
                for key in [
                    "attention.key_length",
                    "attention.value_length",
                    "rope.dimension_count",
                ] {
                    f.set(&format!("llama.{key}"), Value::U32(1 << 12));
                }
            },
        ),
        case(
            "heads whose values no word counts",
            "key_length is 1048576, wanted at most 4096",
            |f| {
                for key in ["attention.key_length", "attention.value_length"] {
                    f.set(&format!("llama.{key}"), Value::U32(1 << 20));
                }
            },
        ),
        case("a family of a megabyte", "general.architecture is", |f| {
            f.set(
                "general.architecture",
                Value::Str("\u{1b}x".repeat(1 << 18)),
            );
        }),
    ]
}
