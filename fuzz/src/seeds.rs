//! Small sound model files of one block, 32 wide, of any family: what fuzzing starts from.

use antiphon_miniature::{Family, File, Miniature, TensorType, Value};

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
pub fn byte_level(family: Family, pre: &str) -> File {
    let mut rows = Rows {
        texts: Vec::new(),
        kinds: Vec::new(),
    };
    rows.add(1, byte_characters());
    rows.add(1, ["he", "ll", "hell", "\u{120}a", "12", "\u{10a}\u{10a}"]);
    rows.add(3, BYTE_CONTROLS);
    rows.add(4, ["<extra>"]);
    let mut file = model(family, rows);
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
pub fn pieces(family: Family, bytes: bool, prefix: bool) -> File {
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
    let mut file = model(family, rows);
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
    let mut bytes = model(Family::Llama, rows);
    bytes.set("tokenizer.ggml.model", Value::Str("gpt2".to_owned()));
    bytes.set("tokenizer.ggml.pre", Value::Str("gpt-2".to_owned()));
    bytes.set("tokenizer.ggml.merges", Value::Strs(vec!["a b".to_owned()]));
    bytes.set("tokenizer.ggml.eos_token_id", Value::U32(3));
    [bytes, pieces(Family::Llama, false, true)]
}

/// A family's model around a vocabulary.
fn model(family: Family, rows: Rows) -> File {
    let base = Miniature {
        name: "seed",
        family,
        layers: 1,
        width: 32,
        heads: 2,
        kv_heads: 1,
        head_dim: 16,
        rotary: 16,
        ffn: 32,
        context: 64,
        formats: vec![TensorType::Q4_0],
        embedding: TensorType::Q4_0,
        window: 8,
        ..Miniature::llama()
    };
    let mut file = base.file();
    file.metadata
        .retain(|(key, _)| !key.starts_with("tokenizer."));
    let count = rows.texts.len();
    file.set("general.alignment", Value::U32(32));
    file.set("tokenizer.ggml.tokens", Value::Strs(rows.texts));
    file.set("tokenizer.ggml.token_type", Value::I32s(rows.kinds));
    if let Some(embedding) = file.tensor("token_embd.weight") {
        embedding.dims = vec![32, u64::try_from(count).unwrap_or(0)];
        let row = embedding.data.iter().copied().cycle();
        embedding.data = row.take(count.saturating_mul(18)).collect();
    }
    file
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
