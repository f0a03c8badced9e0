//! The real model's place, and a writer of small GGUF files, sound or damaged.

use antiphon_content::{Cid, Hex};
use antiphon_documents::{Manifest, Message, Prompt, Sampling, Weights};
use antiphon_engine::gguf::{self, Gguf};
use antiphon_engine::template::Template;
use antiphon_engine::tokenizer::Tokenizer;
use antiphon_engine::{Kernel, Model, Options, golden};
use std::path::PathBuf;
use std::sync::OnceLock;

const MODEL: &str = "SmolLM2-135M-Instruct-Q4_1.gguf";

/// Where the real model is, as `cargo ci` fetches it.
pub(crate) fn model_path() -> PathBuf {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let cache = set("ANTIPHON_CACHE")
        .or_else(|| Some(set("XDG_CACHE_HOME")?.join("antiphon")))
        .or_else(|| Some(set("HOME")?.join(".cache/antiphon")))
        .unwrap_or_default();
    let path = set("ANTIPHON_TEST_MODEL").unwrap_or_else(|| cache.join("models").join(MODEL));
    assert!(
        path.is_file(),
        "the test model is not at {}: `cargo ci` fetches it, or set ANTIPHON_TEST_MODEL to {MODEL}",
        path.display()
    );
    path
}

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

/// A metadata value to write.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    U32(u32),
    F32(f32),
    Bool(u8),
    Str(String),
    Strs(Vec<String>),
    I32s(Vec<i32>),
    /// A type number and the bytes after it.
    Raw(u32, Vec<u8>),
}

impl Value {
    /// An array of 32-bit floats.
    pub(crate) fn f32s(list: &[f32]) -> Self {
        let mut bytes = 6_u32.to_le_bytes().to_vec();
        bytes.extend((list.len() as u64).to_le_bytes());
        list.iter().for_each(|x| bytes.extend(x.to_le_bytes()));
        Self::Raw(9, bytes)
    }
}

/// A tensor to write.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) name: String,
    pub(crate) dims: Vec<u64>,
    pub(crate) kind: u32,
    pub(crate) data: Vec<u8>,
    /// The offset to claim, if not the true one.
    pub(crate) offset: Option<u64>,
}

/// A GGUF file in parts, so that a test can damage one of them.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) magic: [u8; 4],
    pub(crate) version: u32,
    pub(crate) metadata: Vec<(String, Value)>,
    pub(crate) tensors: Vec<Tensor>,
    /// Counts to claim, if not the true ones.
    pub(crate) counts: (Option<u64>, Option<u64>),
}

impl File {
    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.metadata.retain(|(known, _)| known != key);
        self.metadata.push((key.to_owned(), value));
    }

    pub(crate) fn remove(&mut self, key: &str) {
        self.metadata.retain(|(known, _)| known != key);
    }

    /// The list of tokens, to be changed and set again.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let found = self
            .metadata
            .iter()
            .find(|(key, _)| key == "tokenizer.ggml.tokens");
        match found {
            Some((_, Value::Strs(tokens))) => tokens.clone(),
            _ => panic!("the tiny model has tokens"),
        }
    }

    /// Gives the embedding as many rows as the vocabulary has tokens.
    pub(crate) fn set_rows(&mut self, rows: usize) {
        let embedding = self.tensor("token_embd.weight");
        let row = embedding.data[..68].to_vec();
        embedding.dims[1] = rows as u64;
        embedding.data = row.repeat(rows);
    }

    pub(crate) fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors
            .iter_mut()
            .find(|tensor| tensor.name == name)
            .unwrap()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = self.magic.to_vec();
        out.extend(self.version.to_le_bytes());
        out.extend(
            self.counts
                .0
                .unwrap_or(self.tensors.len() as u64)
                .to_le_bytes(),
        );
        out.extend(
            self.counts
                .1
                .unwrap_or(self.metadata.len() as u64)
                .to_le_bytes(),
        );
        for (key, value) in &self.metadata {
            string(&mut out, key);
            write_value(&mut out, value);
        }
        let mut at = 0_u64;
        for tensor in &self.tensors {
            string(&mut out, &tensor.name);
            out.extend((tensor.dims.len() as u32).to_le_bytes());
            tensor
                .dims
                .iter()
                .for_each(|dim| out.extend(dim.to_le_bytes()));
            out.extend(tensor.kind.to_le_bytes());
            out.extend(tensor.offset.unwrap_or(at).to_le_bytes());
            at = (at + tensor.data.len() as u64).next_multiple_of(32);
        }
        for tensor in &self.tensors {
            out.resize(out.len().next_multiple_of(32), 0);
            out.extend(&tensor.data);
        }
        out
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    let mut put = |kind: u32, bytes: &[u8]| {
        out.extend(kind.to_le_bytes());
        out.extend(bytes);
    };
    match value {
        Value::U32(n) => put(4, &n.to_le_bytes()),
        Value::F32(x) => put(6, &x.to_le_bytes()),
        Value::Bool(b) => put(7, &[*b]),
        Value::Raw(kind, bytes) => put(*kind, bytes),
        Value::Str(text) => {
            let mut bytes = Vec::new();
            string(&mut bytes, text);
            put(8, &bytes);
        }
        Value::Strs(list) => {
            let mut bytes = 8_u32.to_le_bytes().to_vec();
            bytes.extend((list.len() as u64).to_le_bytes());
            list.iter().for_each(|text| string(&mut bytes, text));
            put(9, &bytes);
        }
        Value::I32s(list) => {
            let mut bytes = 5_u32.to_le_bytes().to_vec();
            bytes.extend((list.len() as u64).to_le_bytes());
            list.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
            put(9, &bytes);
        }
    }
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
    File {
        magic: *b"GGUF",
        version: 3,
        metadata,
        tensors,
        counts: (None, None),
    }
}

/// A tiny model on disk and loaded; the folder goes with the value.
pub(crate) struct TinyModel {
    folder: tempfile::TempDir,
    pub(crate) bytes: Vec<u8>,
}

impl TinyModel {
    pub(crate) fn new() -> Self {
        let bytes = tiny().bytes();
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
            family: "llama".to_owned(),
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
