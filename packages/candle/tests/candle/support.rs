//! Models on disk, loaded by either engine.

use antiphon_candle::threads;
use antiphon_engine::{Engine, EngineKind, LoadError, Options};
use antiphon_miniature::{File, Miniature, TensorType, Value};
use std::path::{Path, PathBuf};

/// On the threads that candle has in this process.
pub(crate) fn options() -> Options {
    Options {
        threads: threads(),
        ..Options::default()
    }
}

pub(crate) fn load(kind: &EngineKind, path: &Path) -> Result<Box<dyn Engine>, LoadError> {
    (kind.load)(path, &options())
}

/// A small model on disk; the folder goes with the value.
pub(crate) struct Small {
    folder: tempfile::TempDir,
    pub(crate) bytes: Vec<u8>,
}

impl Small {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("small.gguf"), &bytes).unwrap();
        Self { folder, bytes }
    }

    /// A llama with the one setting that candle wants and CN-1 takes from the head.
    pub(crate) fn llama(model: &Miniature) -> Self {
        Self::of(with_rotation(model).bytes())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("small.gguf")
    }
}

/// The file of a model, its rotated values named.
pub(crate) fn with_rotation(model: &Miniature) -> File {
    let mut file = model.file();
    file.set("llama.rope.dimension_count", Value::U32(model.rotary));
    file
}

/// Heads of 16 that fill the width, all in Q4_0 or what fits.
pub(crate) fn llama() -> Miniature {
    Miniature::llama().in_format(TensorType::Q4_0)
}
