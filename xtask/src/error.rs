//! What can go wrong in a set-up or a check, in words that say what to do.

use std::path::{Path, PathBuf};

/// Everything that ends a run of xtask.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line was not understood.
    #[error("{0}\nRun with --help for the usage.")]
    Usage(String),
    /// Programs are missing; one sentence for each.
    #[error("{}", .0.join("\n"))]
    Missing(Vec<String>),
    /// A program a step started did not succeed.
    #[error("{program} failed ({status}); the whole log is {}\n{tail}", log.display())]
    Failed {
        /// What was run.
        program: String,
        /// How it ended.
        status: String,
        /// Where everything it wrote is.
        log: PathBuf,
        /// The last lines of that.
        tail: String,
    },
    /// A file or process could not be used.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried, with the path.
        doing: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A downloaded or built file is not the one wanted.
    #[error("{what}: got {got}, want {want}; {remedy}")]
    Mismatch {
        /// Which figure of which file.
        what: String,
        /// What was found.
        got: String,
        /// What was expected.
        want: String,
        /// What to do.
        remedy: String,
    },
    /// No way to get a part of the set-up worked.
    #[error("{0}")]
    Unavailable(String),
    /// The source tree breaks a house rule; one line for each place.
    #[error("{} places to mend:\n{}", .0.len(), .0.join("\n"))]
    Untidy(Vec<String>),
    /// A step of `ci` failed.
    #[error("step `{step}` failed; run it alone with `cargo xtask ci --only {step}`\n{source}")]
    Step {
        /// Its name.
        step: String,
        /// Why.
        source: Box<Error>,
    },
}

/// Short form for functions of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// Adds what was tried to an input or output error.
pub(crate) trait Doing<T> {
    /// `what` reads on from "cannot": "read /some/file".
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io {
            doing: what(),
            source,
        })
    }
}

/// Reads a whole text file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).doing(|| format!("read {}", path.display()))
}

/// Makes a folder and those above it.
pub(crate) fn make_dir(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).doing(|| format!("make the folder {}", path.display()))
}

/// Removes a folder with everything in it; fine if it is not there.
pub(crate) fn remove_dir(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).doing(|| format!("remove {}", path.display()))
        }
        _ => Ok(()),
    }
}
