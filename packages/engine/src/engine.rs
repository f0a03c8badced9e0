//! What computes answers: CN-1, or another arithmetic that a manifest may name.
//!
//! Everything around the logits is common to all engines: tokenizer, templates, the choice of a
//! token, stop rules, trace and golden answers. An engine brings logits ([`crate::answer::Logits`]).

use crate::answer::{self, Logits};
use crate::gguf::Family;
use crate::job::{Generation, Job, JobError};
use crate::model::{LoadError, Model, Options};
use crate::tokenizer::Tokenizer;
use crate::{Profile, Report, golden};
use std::path::Path;

/// A loaded model that answers jobs.
pub trait Engine: std::fmt::Debug + Send + Sync {
    /// What was loaded, and what computes it.
    fn about(&self) -> About;

    /// The tokenizer of the file.
    fn tokenizer(&self) -> &Tokenizer;

    /// The logits of one job of at most so many positions.
    ///
    /// # Errors
    /// Whatever makes the job fail before it begins.
    fn open(&self, positions: usize) -> Result<Box<dyn Logits + '_>, JobError>;

    /// Answers a job; `report` is told of progress and may break off.
    ///
    /// # Errors
    /// [`JobError`]; [`JobError::is_deterministic`] tells whether it is voted.
    fn generate(&self, job: &Job, report: &mut Report<'_>) -> Result<Generation, JobError> {
        let context = self.about().context_length;
        let open = |_: &[u32], positions| self.open(positions);
        answer::answer(self.tokenizer(), context, job, open, report)
    }

    /// Most jobs that are computed at once; one more waits for its turn.
    fn jobs(&self) -> usize {
        1
    }

    /// Where the weights are, in words.
    fn weights(&self) -> String {
        "in memory".to_owned()
    }

    /// Where the time of decoding went so far, if this engine measures it and was asked to.
    fn profile(&self) -> Option<Profile> {
        None
    }

    /// The ids of a job's prompt, each checked against the vocabulary.
    ///
    /// # Errors
    /// Roles out of order, no template for a conversation, or an id out of range.
    fn prompt_ids(&self, job: &Job) -> Result<Vec<u32>, JobError> {
        answer::prompt_ids(self.tokenizer(), job)
    }
}

/// A loaded model in words and numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct About {
    /// The arithmetic, as a manifest names it.
    pub numerics: &'static str,
    /// The model's family.
    pub family: Family,
    /// SHA-256 of the whole file.
    pub sha256: [u8; 32],
    /// Length of the file.
    pub bytes: u64,
    /// Name of the inner loops.
    pub kernel: String,
    /// Threads that compute.
    pub threads: usize,
    /// Longest context that this engine takes with this file, in tokens.
    pub context_length: u32,
    /// Bytes of keys and values that a job needs for each position: prompt and output together.
    pub cache_bytes_per_token: u64,
    /// Seconds from the start of loading to a usable model.
    pub load_seconds: f64,
}

/// Loads a GGUF file.
pub type Load = fn(&Path, &Options) -> Result<Box<dyn Engine>, LoadError>;

/// An arithmetic that a program can load models with.
#[derive(Clone, Copy, Debug)]
pub struct EngineKind {
    /// Its name in a manifest.
    pub numerics: &'static str,
    /// How it loads a file.
    pub load: Load,
}

/// CN-1.
pub const CN_1: EngineKind = EngineKind {
    numerics: golden::NUMERICS,
    load: |path, options| Ok(Box::new(Model::load(path, options)?)),
};

/// The engine of a manifest's `numerics` among those of this program.
///
/// # Errors
/// None of them computes it; the text says what there is.
pub fn find<'k>(kinds: &'k [EngineKind], numerics: &str) -> Result<&'k EngineKind, LoadError> {
    let found = kinds.iter().find(|kind| kind.numerics == numerics);
    found.ok_or_else(|| {
        let have: Vec<_> = kinds.iter().map(|kind| kind.numerics).collect();
        LoadError::Numerics {
            got: have.join(", "),
            want: numerics.to_owned(),
        }
    })
}

impl Engine for Model {
    fn about(&self) -> About {
        About {
            numerics: golden::NUMERICS,
            family: self.settings().family,
            sha256: *self.sha256(),
            bytes: self.file_bytes(),
            kernel: self.kernel().name().to_owned(),
            threads: self.threads(),
            context_length: self.context_length(),
            cache_bytes_per_token: self.cache_bytes_per_token(),
            load_seconds: self.load_seconds(),
        }
    }

    fn tokenizer(&self) -> &Tokenizer {
        self.tokenizer()
    }

    fn jobs(&self) -> usize {
        self.jobs()
    }

    fn weights(&self) -> String {
        self.placement().to_string()
    }

    fn profile(&self) -> Option<Profile> {
        self.profile()
    }

    fn open(&self, positions: usize) -> Result<Box<dyn Logits + '_>, JobError> {
        Ok(Box::new(self.logits(positions)))
    }

    fn generate(&self, job: &Job, report: &mut Report<'_>) -> Result<Generation, JobError> {
        self.generate(job, report)
    }
}
