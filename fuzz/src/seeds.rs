//! Small sound model files of one block, 32 wide: what fuzzing starts from.

use crate::gguf::{File, Tensor, Value};

/// Control tokens of the templates, as far as a vocabulary of this kind has them.
const BYTE_CONTROLS: [&str; 10] = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<think>",
    "</think>",
    "<|begin_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|end_of_text|>",
];

/// A vocabulary as the file lists it.
struct Rows {
    texts: Vec<String>,
    kinds: Vec<i32>,
}

impl Rows {
    fn add(&mut self, kind: i32, texts: impl IntoIterator<Item = impl Into<String>>) {
        for text in texts {
            self.texts.push(text.into());
            self.kinds.push(kind);
        }
    }
}

/// A byte-level vocabulary under a pre-tokeniser: every byte, a few merges, control tokens.
#[must_use]
pub fn byte_level(pre: &str) -> File {
    let mut rows = Rows {
        texts: Vec::new(),
        kinds: Vec::new(),
    };
    rows.add(1, byte_characters());
    rows.add(1, ["he", "ll", "hell", "\u{120}a", "12", "\u{10a}\u{10a}"]);
    rows.add(3, BYTE_CONTROLS);
    rows.add(4, ["<extra>"]);
    let mut file = model(rows);
    let merges = ["h e", "l l", "he ll", "\u{120} a", "1 2", "\u{10a} \u{10a}"];
    file.set("tokenizer.ggml.model", Value::Str("gpt2".to_owned()));
    file.set("tokenizer.ggml.pre", Value::Str(pre.to_owned()));
    file.set(
        "tokenizer.ggml.merges",
        Value::Strs(merges.map(str::to_owned).to_vec()),
    );
    file.set("tokenizer.ggml.eos_token_id", Value::U32(262));
    file
}

/// A SentencePiece vocabulary; `bytes` is false for one that has the unknown token instead.
#[must_use]
pub fn pieces(bytes: bool, prefix: bool) -> File {
    let mut rows = Rows {
        texts: Vec::new(),
        kinds: Vec::new(),
    };
    rows.add(2, ["<unk>"]);
    rows.add(3, ["<s>", "</s>", "<bos>", "<eos>", "<end_of_turn>"]);
    rows.add(4, ["<start_of_turn>", "\n\n", "  "]);
    if bytes {
        rows.add(6, (0..=255).map(|byte| format!("<0x{byte:02X}>")));
    }
    let words = [
        "\u{2581}",
        "a",
        "b",
        "ab",
        "bab",
        "aba",
        "\u{2581}a",
        "\u{2581}\u{2581}",
        "\u{e9}",
        "12",
    ];
    rows.add(1, words);
    let scores = (0_u16..).zip(&rows.texts).map(|(i, _)| -f32::from(i / 3));
    let scores = scores.collect::<Vec<_>>();
    let mut file = model(rows);
    file.set("tokenizer.ggml.model", Value::Str("llama".to_owned()));
    file.set("tokenizer.ggml.scores", Value::F32s(scores));
    file.set(
        "tokenizer.ggml.add_space_prefix",
        Value::Bool(prefix.into()),
    );
    file.set("tokenizer.ggml.unknown_token_id", Value::U32(0));
    file.set("tokenizer.ggml.bos_token_id", Value::U32(1));
    file.set("tokenizer.ggml.eos_token_id", Value::U32(2));
    file
}

/// The smallest file of each kind, for inputs that are whole files.
#[must_use]
pub fn small() -> [File; 2] {
    let mut rows = Rows {
        texts: Vec::new(),
        kinds: Vec::new(),
    };
    rows.add(1, ["a", "b", "ab"]);
    rows.add(3, ["<|endoftext|>"]);
    let mut bytes = model(rows);
    bytes.set("tokenizer.ggml.model", Value::Str("gpt2".to_owned()));
    bytes.set("tokenizer.ggml.pre", Value::Str("gpt-2".to_owned()));
    bytes.set("tokenizer.ggml.merges", Value::Strs(vec!["a b".to_owned()]));
    bytes.set("tokenizer.ggml.eos_token_id", Value::U32(3));
    [bytes, pieces(false, true)]
}

/// The model around a vocabulary.
fn model(rows: Rows) -> File {
    let vocabulary = u64::try_from(rows.texts.len()).unwrap_or(0);
    let text = |s: &str| Value::Str(s.to_owned());
    let metadata = [
        ("general.architecture", text("llama")),
        ("general.alignment", Value::U32(32)),
        ("llama.block_count", Value::U32(1)),
        ("llama.context_length", Value::U32(64)),
        ("llama.embedding_length", Value::U32(32)),
        ("llama.feed_forward_length", Value::U32(32)),
        ("llama.attention.head_count", Value::U32(2)),
        ("llama.attention.head_count_kv", Value::U32(1)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("llama.rope.freq_base", Value::F32(10_000.0)),
        ("llama.rope.dimension_count", Value::U32(16)),
        (
            "llama.vocab_size",
            Value::U32(u32::try_from(vocabulary).unwrap_or(0)),
        ),
        ("tokenizer.ggml.tokens", Value::Strs(rows.texts)),
        ("tokenizer.ggml.token_type", Value::I32s(rows.kinds)),
    ];
    let block = |name: &str, rows: u64| matrix(&format!("blk.0.{name}.weight"), rows);
    let tensors = vec![
        matrix("token_embd.weight", vocabulary),
        norm("blk.0.attn_norm.weight"),
        block("attn_q", 32),
        block("attn_k", 16),
        block("attn_v", 16),
        block("attn_output", 32),
        norm("blk.0.ffn_norm.weight"),
        block("ffn_gate", 32),
        block("ffn_up", 32),
        block("ffn_down", 32),
        norm("output_norm.weight"),
    ];
    File {
        magic: *b"GGUF",
        version: 3,
        metadata: metadata
            .map(|(key, value)| (key.to_owned(), value))
            .to_vec(),
        tensors,
        counts: (None, None),
    }
}

/// Rows of 32 values in Q4_0: a scale of 2^-6, then quants that differ from row to row.
fn matrix(name: &str, rows: u64) -> Tensor {
    let mut data = Vec::new();
    for row in 0..rows {
        let seed = row.to_le_bytes()[0];
        data.extend(0x2400_u16.to_le_bytes());
        data.extend((1..=16_u8).map(|i| i.wrapping_mul(seed | 1).wrapping_mul(37)));
    }
    tensor(name, vec![32, rows], 2, data)
}

fn norm(name: &str) -> Tensor {
    tensor(name, vec![32], 0, 1_f32.to_le_bytes().repeat(32))
}

fn tensor(name: &str, dims: Vec<u64>, kind: u32, data: Vec<u8>) -> Tensor {
    Tensor {
        name: name.to_owned(),
        dims,
        kind,
        data,
        offset: None,
    }
}

/// The character of each byte in GPT-2's table.
fn byte_characters() -> Vec<String> {
    let mut others = '\u{100}'..='\u{143}';
    let plain = |byte: u8| matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    (0..=255_u8)
        .filter_map(|byte| {
            if plain(byte) {
                Some(char::from(byte))
            } else {
                others.next()
            }
        })
        .map(String::from)
        .collect()
}
