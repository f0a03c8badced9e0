//! From a file to a model: map, check, hash, repack.

use super::Model;
use super::batch::Batch;
use super::prefixes::Prefixes;
use super::turns::Turns;
use crate::file::ModelFile;
use crate::gguf::{self, BuildError, GgufError, wide};
use crate::packed::Packed;
use crate::pool::Threads;
use crate::profile::Clock;
use crate::tokenizer::Tokenizer;
use antiphon_numerics::{Kernel, ModelError, ShapeError, Transformer};
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
    /// Most bytes of keys and values kept of jobs that have ended, for those that begin alike; 0
    /// keeps nothing.
    pub prefix_bytes: usize,
    /// Most jobs whose tokens are computed together.
    pub jobs: usize,
    /// Keep the times of the parts of each step for [`Model::profile`].
    pub profile: bool,
}

/// Keys and values kept by default: 5,800 positions of a model of 135 million weights.
pub const PREFIX_BYTES: usize = 256 << 20;
/// Jobs computed together by default; the kernels read weights once for four.
pub const JOBS: usize = 4;

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 1,
            kernel: None,
            hash: FileHash::Compute,
            packed: None,
            prefix_bytes: PREFIX_BYTES,
            jobs: JOBS,
            profile: false,
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
        let config = gguf.settings.config(&gguf.tensors)?;
        let vocabulary = u32::try_from(config.vocab).unwrap_or(u32::MAX);
        let tokenizer = Tokenizer::from_metadata(&gguf.metadata, vocabulary)?;
        let folder = options.packed.as_deref();
        let packed = Packed::new(file.shared(), &gguf, kernel, &file.sha256(), folder)
            .map_err(|(name, source)| LoadError::Tensor { name, source })?;
        let weights = gguf::weights(&gguf, &|name, tensor| packed.matrix(name, tensor))?;
        let network = Transformer::new(config, weights, kernel)?;
        Ok(Self {
            network,
            tokenizer,
            settings: gguf.settings.clone(),
            threads,
            placement: packed.placement.clone(),
            bytes: wide(file.bytes().len()),
            sha256: file.sha256(),
            sha256_computed: file.sha256_computed(),
            prefixes: Prefixes::new(options.prefix_bytes),
            batch: Batch::new(options.jobs),
            turns: Turns::default(),
            clock: options.profile.then(Clock::default),
            load_seconds: start.elapsed().as_secs_f64(),
        })
    }
}

impl From<BuildError> for LoadError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Gguf(error) => Self::Gguf(error),
            BuildError::Tensor { name, source } => Self::Tensor { name, source },
            BuildError::Model(error) => Self::Model(error),
        }
    }
}

fn start_threads(got: usize) -> Result<Threads, LoadError> {
    let fault = |why: String| LoadError::Threads { got, why };
    if !(1..=THREAD_LIMIT).contains(&got) {
        return Err(fault("out of range".to_owned()));
    }
    Threads::new(got).map_err(|e| fault(e.to_string()))
}
