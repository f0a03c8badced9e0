//! A model that is ready to answer.

mod batch;
mod generate;
mod load;
mod prefixes;
mod sequence;
mod turns;

pub use load::{FileHash, JOBS, LoadError, Options, PREFIX_BYTES};

use crate::gguf::Settings;
use crate::packed::Placement;
use crate::pool::Threads;
use crate::profile::{Clock, Profile};
use crate::tokenizer::Tokenizer;
use antiphon_numerics::{Kernel, Transformer};
use batch::Batch;
use prefixes::Prefixes;
use turns::Turns;

/// A loaded model with its tokenizer and threads.
#[derive(Debug)]
pub struct Model {
    network: Transformer,
    tokenizer: Tokenizer,
    settings: Settings,
    threads: Threads,
    bytes: u64,
    sha256: [u8; 32],
    sha256_computed: bool,
    placement: Placement,
    load_seconds: f64,
    prefixes: Prefixes,
    batch: Batch,
    turns: Turns,
    clock: Option<Clock>,
}

impl Model {
    /// The tokenizer of the file.
    #[must_use]
    pub const fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The settings of the file.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// SHA-256 of the whole file; [`Self::sha256_computed`] tells who computed it.
    #[must_use]
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// True if the hash was computed from the very bytes that were loaded; false if the caller
    /// vouched for it with [`FileHash::Verified`].
    #[must_use]
    pub const fn sha256_computed(&self) -> bool {
        self.sha256_computed
    }

    /// Length of the file.
    #[must_use]
    pub const fn file_bytes(&self) -> u64 {
        self.bytes
    }

    /// Longest context of the file, in tokens.
    #[must_use]
    pub const fn context_length(&self) -> u32 {
        self.settings.context_length
    }

    /// The kernel that computes.
    #[must_use]
    pub fn kernel(&self) -> Kernel {
        self.network.kernel()
    }

    /// Number of threads that compute.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.count()
    }

    /// Bytes of keys and values that a job needs for each position: prompt and output together.
    #[must_use]
    pub fn cache_bytes_per_token(&self) -> u64 {
        let Settings {
            blocks,
            kv_heads,
            head_dim,
            ..
        } = self.settings;
        [blocks, kv_heads, head_dim]
            .into_iter()
            .fold(8, |n, by| n.saturating_mul(by.into()))
    }

    /// Most jobs that share a step.
    #[must_use]
    pub const fn jobs(&self) -> usize {
        self.batch.most()
    }

    /// Where the time of decoding went so far; none unless [`Options::profile`] asked for it.
    /// Measures the memory's bandwidth, which takes about a second.
    #[must_use]
    pub fn profile(&self) -> Option<Profile> {
        let clock = self.clock.as_ref()?;
        Some(clock.report(&self.network, self.threads(), self.prefixes.bytes()))
    }

    /// Where the weights are.
    #[must_use]
    pub const fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Seconds from the start of loading to a usable model.
    #[must_use]
    pub const fn load_seconds(&self) -> f64 {
        self.load_seconds
    }
}
