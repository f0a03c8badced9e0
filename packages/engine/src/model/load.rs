//! From a file to a model: map, check, hash, repack.

use super::Model;
use crate::file::ModelFile;
use crate::gguf::{self, Gguf, GgufError, Settings, wide};
use crate::packed::Packed;
use crate::pool::Threads;
use crate::tokenizer::Tokenizer;
use antiphon_numerics::{
    Config, Kernel, LayerWeights, Llama, Matrix, ModelError, ShapeError, Weights,
};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Most threads of a model: more only wait for each other.
const THREAD_LIMIT: usize = 64;

/// How to load a model.
#[derive(Clone, Debug)]
pub struct Options {
    /// Threads that compute, 1 to 64.
    pub threads: usize,
    /// The kernel, or the fastest of this processor.
    pub kernel: Option<Kernel>,
    /// Where the file's hash comes from.
    pub hash: FileHash,
    /// Folder of repacked weights: mapped, shared with other processes, made if it is not there.
    /// None means that they are repacked into memory.
    pub packed: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 1,
            kernel: None,
            hash: FileHash::Compute,
            packed: None,
        }
    }
}

/// Where the SHA-256 of the file comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileHash {
    /// Compute it while loading.
    Compute,
    /// Compute it while loading, and refuse the file if it differs.
    Expect([u8; 32]),
    /// The caller has just verified the file against it; it is not computed again.
    Verified([u8; 32]),
}

/// Why a model was not loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be opened or mapped.
    #[error("cannot read the model {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file has another hash than expected.
    #[error("the model file has SHA-256 {got}, wanted {want}: fetch it again")]
    Sha256 {
        /// In the file.
        got: String,
        /// Expected.
        want: String,
    },
    /// The preflight refused the file.
    #[error("the model file is refused: {0}")]
    Gguf(#[from] GgufError),
    /// A tensor cannot be packed.
    #[error("tensor {name:?} cannot be used: {source}")]
    Tensor {
        /// Its name.
        name: String,
        /// Why.
        source: ShapeError,
    },
    /// Settings and tensors do not fit together.
    #[error("the model cannot be used: {0}")]
    Model(#[from] ModelError),
    /// The number of threads is out of range, or they cannot be started.
    #[error("cannot compute with {got} threads ({why}), wanted 1 to 64")]
    Threads {
        /// Threads asked for.
        got: usize,
        /// What is wrong.
        why: String,
    },
    /// No engine of this program computes what the manifest names.
    #[error(
        "the model's numerics are {want}, this program computes {got}: use one that is built with that engine"
    )]
    Numerics {
        /// What there is.
        got: String,
        /// What the manifest says.
        want: String,
    },
    /// Another engine than CN-1 refused the file, the options or the environment.
    #[error("{engine} does not take this model: {why}")]
    Engine {
        /// Its numerics.
        engine: &'static str,
        /// What it wants.
        why: String,
    },
}

impl Model {
    /// Loads a GGUF file, which stays mapped: it must not be changed or shortened, but may be
    /// removed.
    ///
    /// # Errors
    /// [`LoadError`]; each rule of the preflight has a variant of its own inside.
    pub fn load(path: &Path, options: &Options) -> Result<Self, LoadError> {
        let start = Instant::now();
        let threads = start_threads(options.threads)?;
        let file = ModelFile::open(path, options.hash)?;
        let gguf = gguf::preflight(file.bytes())?;
        let kernel = options.kernel.unwrap_or_else(Kernel::detect);
        let config = config(&gguf)?;
        let vocabulary = u32::try_from(config.vocab).unwrap_or(u32::MAX);
        let tokenizer = Tokenizer::from_metadata(&gguf.metadata, vocabulary)?;
        let folder = options.packed.as_deref();
        let packed = Packed::new(file.shared(), &gguf, kernel, &file.sha256(), folder)
            .map_err(|(name, source)| LoadError::Tensor { name, source })?;
        let weights = Packer {
            gguf: &gguf,
            packed: &packed,
        }
        .weights()?;
        let llama = Llama::new(config, weights, kernel)?;
        Ok(Self {
            llama,
            tokenizer,
            settings: gguf.settings.clone(),
            threads,
            placement: packed.placement.clone(),
            bytes: wide(file.bytes().len()),
            sha256: file.sha256(),
            sha256_computed: file.sha256_computed(),
            load_seconds: start.elapsed().as_secs_f64(),
        })
    }
}

fn start_threads(got: usize) -> Result<Threads, LoadError> {
    let fault = |why: String| LoadError::Threads { got, why };
    if !(1..=THREAD_LIMIT).contains(&got) {
        return Err(fault("out of range".to_owned()));
    }
    Threads::new(got).map_err(|e| fault(e.to_string()))
}

/// The numbers of the model; the preflight has bounded them all.
fn config(gguf: &Gguf<'_>) -> Result<Config, LoadError> {
    let settings: &Settings = &gguf.settings;
    let size = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let factors = gguf
        .tensors
        .get("rope_freqs.weight")
        .map(|tensor| floats(tensor.data));
    let vocab = gguf
        .tensors
        .get("token_embd.weight")
        .and_then(|tensor| tensor.dims.get(1));
    Ok(Config {
        layers: size(settings.blocks),
        width: size(settings.embedding),
        heads: size(settings.heads),
        kv_heads: size(settings.kv_heads),
        head_dim: size(settings.head_dim),
        rope_dim: size(settings.rotary),
        rope_base: settings.rope_base,
        rope_factors: factors,
        rope_linear: settings.rope_scale,
        eps: settings.epsilon,
        ffn: size(settings.feed_forward),
        vocab: vocab
            .and_then(|rows| usize::try_from(*rows).ok())
            .unwrap_or(0),
        context: size(settings.context_length),
    })
}

fn floats(data: &[u8]) -> Vec<f32> {
    let (words, _) = data.as_chunks::<4>();
    words.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

/// Repacks tensors by name.
struct Packer<'a> {
    gguf: &'a Gguf<'a>,
    packed: &'a Packed,
}

impl Packer<'_> {
    fn weights(&self) -> Result<Weights, LoadError> {
        let blocks = 0..self.gguf.settings.blocks;
        let head = self.gguf.tensors.contains_key("output.weight");
        Ok(Weights {
            layers: blocks
                .map(|block| self.layer(block))
                .collect::<Result<_, _>>()?,
            embedding: self.matrix("token_embd.weight")?,
            output_norm: self.vector("output_norm.weight")?,
            head: head.then(|| self.matrix("output.weight")).transpose()?,
        })
    }

    fn layer(&self, block: u32) -> Result<LayerWeights, LoadError> {
        let matrix = |name: &str| self.matrix(&format!("blk.{block}.{name}.weight"));
        let vector = |name: &str| self.vector(&format!("blk.{block}.{name}.weight"));
        Ok(LayerWeights {
            attn_norm: vector("attn_norm")?,
            q: matrix("attn_q")?,
            k: matrix("attn_k")?,
            v: matrix("attn_v")?,
            o: matrix("attn_output")?,
            ffn_norm: vector("ffn_norm")?,
            gate: matrix("ffn_gate")?,
            up: matrix("ffn_up")?,
            down: matrix("ffn_down")?,
        })
    }

    fn tensor(&self, name: &str) -> Result<&gguf::Tensor<'_>, LoadError> {
        let family = self.gguf.settings.family.name();
        let missing = || GgufError::MissingTensor {
            tensor: name.to_owned(),
            family,
        };
        Ok(self.gguf.tensors.get(name).ok_or_else(missing)?)
    }

    fn vector(&self, name: &str) -> Result<Vec<f32>, LoadError> {
        Ok(floats(self.tensor(name)?.data))
    }

    fn matrix(&self, name: &str) -> Result<Matrix, LoadError> {
        let tensor = self.tensor(name)?;
        let matrix = self.packed.matrix(name, tensor);
        matrix.map_err(|source| LoadError::Tensor {
            name: name.to_owned(),
            source,
        })
    }
}
