//! Files as large as the limits let them be.

use super::{Case, Family, File, Value, array, push};
use antiphon_fuzz::seeds;

/// Longest header that is read.
const HEADER: usize = 16 << 20;

/// Files as large as the limits let them be.
pub(super) fn all() -> Vec<Case> {
    let lone = |name: &'static str,
                want: &'static str,
                most: usize,
                kind: u32,
                bytes: usize,
                each: usize|
     -> Case {
        let make = move || {
            let mut file = seeds::byte_level(Family::Llama, "gpt-2");
            let count = u64::try_from(bytes / each).unwrap();
            push(
                &mut file,
                "general.x",
                9,
                array(kind, count, &vec![0; bytes]),
            );
            file.bytes()
        };
        (name, Box::new(make), want, most)
    };
    let wide = |name: &'static str,
                want: &'static str,
                most: usize,
                seed: fn() -> File,
                text: fn(u32) -> String|
     -> Case {
        (
            name,
            Box::new(move || vocabulary_of(seed(), text).bytes()),
            want,
            most,
        )
    };
    vec![
        lone(
            "64 MiB of bytes in the metadata",
            "the header",
            1,
            0,
            4 * HEADER,
            1,
        ),
        lone(
            "128 MiB of empty strings",
            "the header",
            128,
            8,
            8 * HEADER,
            8,
        ),
        lone("15 MiB of bytes", "accepted", 4, 0, 15 << 20, 1),
        lone("15 MiB of empty strings", "accepted", 128, 8, 15 << 20, 8),
        lone("15 MiB of 32-bit numbers", "accepted", 32, 5, 15 << 20, 4),
        wide(
            "600,000 byte-level tokens",
            "accepted",
            512,
            || seeds::byte_level(Family::Llama, "qwen2"),
            |i| format!("t{i}"),
        ),
        wide(
            "600,000 pieces",
            "accepted",
            512,
            || seeds::pieces(Family::Llama, true, true),
            |i| format!("{i}"),
        ),
    ]
}

/// A vocabulary of 600,000 tokens more than the seed has.
fn vocabulary_of(mut file: File, text: fn(u32) -> String) -> File {
    const MORE: u32 = 600_000;
    let more = usize::try_from(MORE).unwrap();
    if let Some(Value::Strs(tokens)) = file.value("tokenizer.ggml.tokens") {
        tokens.extend((1000..1000 + MORE).map(text));
    }
    if let Some(Value::I32s(kinds)) = file.value("tokenizer.ggml.token_type") {
        kinds.extend(vec![1; more]);
    }
    if let Some(Value::F32s(scores)) = file.value("tokenizer.ggml.scores") {
        scores.extend(vec![-1.0; more]);
    }
    let embedding = &mut file.tensors[0];
    embedding.dims[1] += u64::from(MORE);
    embedding.data.resize(embedding.data.len() + 18 * more, 0);
    let rows = u32::try_from(embedding.dims[1]).unwrap();
    file.set("llama.vocab_size", Value::U32(rows));
    file
}
