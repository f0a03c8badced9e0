//! The model manifest: what a model is, and the answers that prove a machine computes it
//! (documents, manifest).

use antiphon_content::{Cid, Codec, Hex};

use crate::Finish;
use crate::json::{JsonError, Value};
use crate::prompt::{Draft, Prompt, PromptFault, first_difference};

mod rules;

/// Largest manifest document, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 16_384;
/// Most golden cases.
pub const MAX_GOLDEN: usize = 8;
/// Most links of a golden case: later steps are covered by the trace.
pub const MAX_LINKS: usize = 64;
/// One golden case has a prompt of at least this many tokens.
pub const LONG_PROMPT_TOKENS: u32 = 256;
/// A file up to this size is one raw leaf; its CID is that of the leaf.
pub const LEAF_BYTES: u64 = 1_048_576;

/// Containers open at once: manifest, golden, a case, and a prompt's three.
const MAX_DEPTH: u32 = 6;
const TAG: &str = "model/1";
const GGUF: &str = "gguf";
/// Integers above this are not exact in every JSON reader.
const MAX_INTEGER: u64 = 9_007_199_254_740_991;

/// One case that a machine must reproduce, trace included, before it takes a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Golden {
    /// The answer's raw block.
    pub answer: Cid,
    /// Why generation ended.
    pub finish: Finish,
    /// The first 4 bytes of trace_1, trace_2, …: one for each step, the first 64 if more.
    pub links: Vec<Hex<4>>,
    /// Tokens of the answer.
    pub output_tokens: u32,
    /// What is asked.
    pub prompt: Prompt,
    /// Tokens of the prompt, control tokens of the template included.
    pub prompt_tokens: u32,
    /// The last link of the chain, without a task's nonce.
    pub trace: Hex<32>,
}

/// The model's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// Its size.
    pub bytes: u64,
    /// Its UnixFS root, or its one leaf.
    pub cid: Cid,
    /// Its SHA-256.
    pub sha256: Hex<32>,
}

/// A model. Weights and tokenizer are those of one GGUF file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The name of the function that turns messages into text.
    pub chat_template: String,
    /// Most tokens of prompt and answer together.
    pub context_tokens: u32,
    /// The architecture.
    pub family: String,
    /// 1–8 cases; one sampled and one long at least.
    pub golden: Vec<Golden>,
    /// SPDX expression.
    pub license: String,
    /// At most 64 of `[A-Za-z0-9._-]`.
    pub name: String,
    /// The arithmetic: `cn-1`, or `candle-<version>`.
    pub numerics: String,
    /// Where the model comes from: text for people, never fetched.
    pub source: String,
    /// The model's file.
    pub weights: Weights,
}

/// Why a document is not a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestFault {
    /// Too large.
    #[error("got {0} bytes, want a manifest of at most 16384")]
    Size(usize),
    /// Not UTF-8, not JSON, too deep, or bytes after it.
    #[error("{0}; want one JSON document of the manifest format")]
    NotJson(#[from] JsonError),
    /// Another tag; a field missing, unknown, twice, or of a wrong type.
    #[error("not a manifest: {0}; want exactly the fields of model/1")]
    NotManifest(String),
    /// Spelled in another way than the one that has its CID.
    #[error(
        "not canonical from byte {at} on; want sorted keys, no white space and the shortest escapes"
    )]
    NotCanonical {
        /// Where the canonical text differs first.
        at: usize,
    },
    /// A value breaks a rule.
    #[error("field {field}: {want}")]
    Field {
        /// Which one.
        field: &'static str,
        /// What it must be.
        want: String,
    },
    /// The prompt of a golden case is not valid.
    #[error("golden case {case}: its prompt is invalid: {fault}")]
    Prompt {
        /// Its number, from 0.
        case: usize,
        /// The prompt's fault.
        fault: PromptFault,
    },
}

impl Manifest {
    /// Reads a manifest, and checks every rule that needs no machine.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestFault> {
        if bytes.len() > MAX_MANIFEST_BYTES {
            return Err(ManifestFault::Size(bytes.len()));
        }
        let value = Value::parse(bytes, MAX_DEPTH)?;
        let canonical = value.to_canonical();
        let manifest = rules::read(value)?;
        if let Some(at) = first_difference(canonical.as_bytes(), bytes) {
            return Err(ManifestFault::NotCanonical { at });
        }
        rules::check(&manifest)?;
        Ok(manifest)
    }

    /// Checks a manifest that was built by hand.
    ///
    /// # Errors
    /// The rule that its document would break.
    pub fn check(&self) -> Result<(), ManifestFault> {
        Self::parse(self.to_canonical().as_bytes()).map(drop)
    }

    /// The document: its one spelling.
    #[must_use]
    pub fn to_canonical(&self) -> String {
        let weights = Value::object([
            ("bytes", self.weights.bytes.into()),
            ("cid", self.weights.cid.to_string().as_str().into()),
            ("format", GGUF.into()),
            ("sha256", self.weights.sha256.to_string().as_str().into()),
        ]);
        let golden = self.golden.iter().map(Golden::to_value).collect();
        Value::object([
            ("antiphon", TAG.into()),
            ("chat_template", self.chat_template.as_str().into()),
            ("context_tokens", self.context_tokens.into()),
            ("family", self.family.as_str().into()),
            ("golden", Value::Array(golden)),
            ("license", self.license.as_str().into()),
            ("name", self.name.as_str().into()),
            ("numerics", self.numerics.as_str().into()),
            ("source", self.source.as_str().into()),
            ("tokenizer", Value::object([("kind", GGUF.into())])),
            ("weights", weights),
        ])
        .to_canonical()
    }

    /// The identifier of the document's block.
    #[must_use]
    pub fn cid(&self) -> Cid {
        Cid::of_raw(self.to_canonical().as_bytes())
    }
}

impl Golden {
    fn to_value(&self) -> Value {
        let links = self.links.iter();
        Value::object([
            ("answer", self.answer.to_string().as_str().into()),
            ("finish", finish_name(self.finish).into()),
            (
                "links",
                Value::Array(links.map(|link| link.to_string().as_str().into()).collect()),
            ),
            ("output_tokens", self.output_tokens.into()),
            ("prompt", self.prompt.to_value()),
            ("prompt_tokens", self.prompt_tokens.into()),
            ("trace", self.trace.to_string().as_str().into()),
        ])
    }
}

const fn finish_name(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
    }
}
