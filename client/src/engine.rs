//! The engine that computes a model on this machine: the one its manifest names, or the one asked for.

use std::path::Path;

use antiphon_candle::{CANDLE, ENGINES, NUMERICS, threads};
use antiphon_documents::Manifest;
use antiphon_engine::{CN_1, Engine, EngineKind, Options, find};

use crate::error::ClientError;

/// Which arithmetic computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum EngineChoice {
    /// The same bits on every processor
    #[default]
    #[value(name = CN_1.numerics)]
    Cn1,
    /// Stock candle: the same bits only where its golden answers are reproduced
    #[value(name = "candle", alias = NUMERICS)]
    Candle,
}

impl EngineChoice {
    const fn kind(self) -> &'static EngineKind {
        match self {
            Self::Cn1 => &CN_1,
            Self::Candle => &CANDLE,
        }
    }

    /// Loads a model file; one thread per processor unless the options have a number of them.
    ///
    /// # Errors
    /// The file is missing or damaged, or the engine does not take it or the options.
    pub fn load(
        self,
        path: &Path,
        threads: Option<usize>,
        options: Options,
    ) -> Result<Box<dyn Engine>, ClientError> {
        load(self.kind(), path, threads, options)
    }
}

/// Loads a manifest's weights with the engine of its numerics.
///
/// # Errors
/// No engine here computes its numerics, or the file is missing or damaged.
pub fn load_for(manifest: &Manifest, path: &Path) -> Result<Box<dyn Engine>, ClientError> {
    let kind = find(&ENGINES, &manifest.numerics).map_err(fault)?;
    load(kind, path, None, Options::default())
}

fn load(
    kind: &EngineKind,
    path: &Path,
    threads: Option<usize>,
    options: Options,
) -> Result<Box<dyn Engine>, ClientError> {
    let threads = threads.unwrap_or_else(|| all_threads(kind));
    (kind.load)(path, &Options { threads, ..options }).map_err(fault)
}

/// As many as candle has in this process, or one per processor.
fn all_threads(kind: &EngineKind) -> usize {
    if kind.numerics == NUMERICS {
        return threads();
    }
    let all = std::thread::available_parallelism();
    all.map_or(1, std::num::NonZero::get).min(64)
}

fn fault(error: impl std::fmt::Display) -> ClientError {
    ClientError::Engine(error.to_string())
}
