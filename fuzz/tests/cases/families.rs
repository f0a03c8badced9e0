//! What is particular to one architecture, made wrong.

use super::{Case, Family, File, Value, changed};
use antiphon_fuzz::seeds;
use antiphon_miniature::Tensor;

fn of(family: fn() -> File, name: &'static str, want: &'static str, change: fn(&mut File)) -> Case {
    changed(name, want, family, change)
}

fn gemma3() -> File {
    seeds::byte_level(Family::Gemma3, "gpt-2")
}

fn gpt2() -> File {
    seeds::byte_level(Family::Gpt2, "gpt-2")
}

fn qwen2() -> File {
    seeds::byte_level(Family::Qwen2, "qwen2")
}

fn llama() -> File {
    seeds::byte_level(Family::Llama, "gpt-2")
}

/// Divisors of the frequencies, eight of them.
fn factors(file: &mut File, factor: f32) {
    file.tensors.push(Tensor {
        name: "rope_freqs.weight".to_owned(),
        dims: vec![8],
        kind: 0,
        data: factor.to_le_bytes().repeat(8),
        offset: None,
    });
}

pub(super) fn all() -> Vec<Case> {
    const WINDOW: &str = "gemma3.attention.sliding_window";
    vec![
        of(gemma3, "a window of 0", "wanted 1 to", |f| {
            f.set(WINDOW, Value::U32(0));
        }),
        of(gemma3, "a window of 2^32-1", "wanted 1 to", |f| {
            f.set(WINDOW, Value::U32(u32::MAX));
        }),
        of(gemma3, "no window", "is missing", |f| f.remove(WINDOW)),
        of(gemma3, "a local base of 0", "wanted a finite", |f| {
            f.set("gemma3.rope.local_freq_base", Value::F32(0.0));
        }),
        of(llama, "a window inside the context", "at least the", |f| {
            f.set("llama.attention.sliding_window", Value::U32(8));
        }),
        of(gpt2, "heads that do not divide", "wanted a divisor", |f| {
            f.set("gpt2.attention.head_count", Value::U32(3));
        }),
        of(gpt2, "fewer positions than named", "has shape", |f| {
            f.set("gpt2.context_length", Value::U32(65));
        }),
        of(gpt2, "a rotation where none is", "is not known", |f| {
            f.set("gpt2.rope.freq_base", Value::F32(1e4));
        }),
        of(qwen2, "a bias that is not there", "is missing", |f| {
            f.tensors
                .retain(|tensor| tensor.name != "blk.0.attn_q.bias");
        }),
        of(qwen2, "a bias in 16 bits", "wanted F32", |f| {
            let bias = f.tensor("blk.0.attn_q.bias").unwrap();
            bias.kind = 1;
            bias.data.truncate(64);
        }),
        of(llama, "factors of 0", "a factor of 0 or less", |f| {
            factors(f, 0.0)
        }),
        of(llama, "factors that are NaN", "positive factors", |f| {
            factors(f, f32::NAN)
        }),
        of(
            llama,
            "a scale of 0",
            "wanted a finite number above 0",
            |f| {
                f.set("llama.rope.scaling.type", Value::Str("linear".into()));
                f.set("llama.rope.scaling.factor", Value::F32(0.0));
            },
        ),
        of(
            llama,
            "a scaling nobody knows",
            "wanted none or linear",
            |f| {
                f.set("llama.rope.scaling.type", Value::Str("yarn".into()));
            },
        ),
    ]
}
