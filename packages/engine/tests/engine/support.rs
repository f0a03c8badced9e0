//! The real model's place, and a writer of small GGUF files, sound or damaged.

use antiphon_content::{Cid, Hex};
use antiphon_documents::{Manifest, Message, Prompt, Sampling, Weights};
use antiphon_engine::gguf::{self, Gguf};
use antiphon_engine::template::Template;
use antiphon_engine::tokenizer::Tokenizer;
use antiphon_engine::{Kernel, Model, Options, golden};
use std::path::PathBuf;
use std::sync::OnceLock;

pub(crate) use crate::place::model_path;
pub(crate) use antiphon_miniature::{File, Tensor, Value};

/// The real model's tokenizer, built once.
pub(crate) fn smollm2_tokenizer() -> &'static Tokenizer {
    static TOKENIZER: OnceLock<Tokenizer> = OnceLock::new();
    TOKENIZER.get_or_init(|| {
        let file = std::fs::read(model_path()).unwrap();
        let gguf = gguf::preflight(&file).unwrap();
        Tokenizer::from_metadata(&gguf.metadata, 49_152).unwrap()
    })
}

pub(crate) fn tokenizer_of(gguf: &Gguf<'_>) -> Result<Tokenizer, gguf::GgufError> {
    let rows = gguf.tensors["token_embd.weight"].dims[1];
    Tokenizer::from_metadata(&gguf.metadata, u32::try_from(rows).unwrap())
}

/// Small reproducible numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u8 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as u8
    }

    /// A tensor's data: random quants, scales near 2^-6.
    fn tensor(&mut self, name: &str, dims: &[u64], kind: u32) -> Tensor {
        let values = dims.iter().product::<u64>() as usize;
        let mut data = Vec::new();
        match kind {
            0 => (0..values)
                .for_each(|_| data.extend((0.5 + f32::from(self.next()) / 256.0).to_le_bytes())),
            3 => (0..values / 32).for_each(|_| {
                data.extend(0x2400_u16.to_le_bytes());
                data.extend(0xac00_u16.to_le_bytes());
                data.extend((0..16).map(|_| self.next()));
            }),
            8 => (0..values / 32).for_each(|_| {
                data.extend(0x1c00_u16.to_le_bytes());
                data.extend((0..32).map(|_| self.next()));
            }),
            _ => panic!("the tiny model has no tensor of type {kind}"),
        }
        Tensor {
            name: name.to_owned(),
            dims: dims.to_vec(),
            kind,
            data,
            offset: None,
        }
    }
}

/// The character of each byte in GPT-2's table.
fn byte_characters() -> Vec<String> {
    let mut next = 0x100;
    (0..=255_u8)
        .map(|byte| {
            if matches!(byte, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF) {
                return char::from(byte).to_string();
            }
            let c = char::from_u32(next).unwrap();
            next += 1;
            c.to_string()
        })
        .collect()
}

pub(crate) const TINY_VOCABULARY: u32 = 264;

/// A whole llama of two blocks: 64 wide, 2 query heads of 32, 1 key head, bytes as vocabulary.
pub(crate) fn tiny() -> File {
    let mut tokens = byte_characters();
    let controls = [
        "<|endoftext|>",
        "<|im_start|>",
        "<|im_end|>",
        "<unk>",
        "<unused>",
    ];
    tokens.extend(controls.map(str::to_owned));
    tokens.extend(["he", "ll", "<extra>"].map(str::to_owned));
    let kinds = std::iter::repeat_n(1, 256)
        .chain([3, 3, 3, 2, 5, 1, 1, 4])
        .collect();
    let text = |s: &str| Value::Str(s.to_owned());
    let metadata = [
        ("general.architecture", text("llama")),
        ("general.name", text("tiny")),
        ("llama.block_count", Value::U32(2)),
        ("llama.context_length", Value::U32(512)),
        ("llama.embedding_length", Value::U32(64)),
        ("llama.feed_forward_length", Value::U32(96)),
        ("llama.attention.head_count", Value::U32(2)),
        ("llama.attention.head_count_kv", Value::U32(1)),
        ("llama.attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("llama.rope.freq_base", Value::F32(10_000.0)),
        ("tokenizer.ggml.model", text("gpt2")),
        ("tokenizer.ggml.pre", text("smollm")),
        ("tokenizer.ggml.tokens", Value::Strs(tokens)),
        ("tokenizer.ggml.token_type", Value::I32s(kinds)),
        (
            "tokenizer.ggml.merges",
            Value::Strs(vec!["h e".into(), "l l".into()]),
        ),
        ("tokenizer.ggml.eos_token_id", Value::U32(258)),
    ];
    let mut random = Random(7);
    let mut tensors = vec![random.tensor("token_embd.weight", &[64, TINY_VOCABULARY.into()], 8)];
    for block in 0..2 {
        for (name, dims, kind) in [
            ("attn_norm", &[64][..], 0),
            ("attn_q", &[64, 64], 3),
            ("attn_k", &[64, 32], 3),
            ("attn_v", &[64, 32], 8),
            ("attn_output", &[64, 64], 3),
            ("ffn_norm", &[64], 0),
            ("ffn_gate", &[64, 96], 3),
            ("ffn_up", &[64, 96], 3),
            ("ffn_down", &[96, 64], 3),
        ] {
            tensors.push(random.tensor(&format!("blk.{block}.{name}.weight"), dims, kind));
        }
    }
    tensors.push(random.tensor("output_norm.weight", &[64], 0));
    let metadata = metadata
        .map(|(key, value)| (key.to_owned(), value))
        .to_vec();
    File::new(metadata, tensors)
}

/// A tiny model on disk and loaded; the folder goes with the value.
pub(crate) struct TinyModel {
    folder: tempfile::TempDir,
    pub(crate) bytes: Vec<u8>,
}

impl TinyModel {
    pub(crate) fn new() -> Self {
        Self::of(tiny().bytes())
    }

    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tiny.gguf"), &bytes).unwrap();
        Self { folder, bytes }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("tiny.gguf")
    }

    pub(crate) fn load(&self, threads: usize, kernel: Option<Kernel>) -> Model {
        let options = Options {
            threads,
            kernel,
            ..Options::default()
        };
        Model::load(&self.path(), &options).unwrap()
    }

    /// A manifest whose golden answers this machine has just made.
    pub(crate) fn manifest(&self) -> Manifest {
        let model = self.load(1, None);
        let sampled = Prompt {
            sampling: Sampling {
                temperature_milli: 700,
                top_k: 20,
                top_p_milli: 900,
                seed: 9,
            },
            ..Prompt::greedy(vec![Message::user("x".repeat(300))], 80)
        };
        let prompts = [Prompt::greedy(vec![Message::user("hello")], 12), sampled];
        let manifest = Manifest {
            chat_template: "chatml".to_owned(),
            context_tokens: 500,
            family: model.settings().family.name().to_owned(),
            golden: golden::make(&model, Template::Chatml, 500, &prompts).unwrap(),
            license: "Apache-2.0".to_owned(),
            name: "tiny".to_owned(),
            numerics: golden::NUMERICS.to_owned(),
            source: "generated by a test".to_owned(),
            weights: Weights {
                bytes: self.bytes.len() as u64,
                cid: Cid::of_raw(&self.bytes),
                sha256: Hex(*model.sha256()),
            },
        };
        manifest.check().unwrap();
        manifest
    }
}
