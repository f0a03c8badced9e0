//! What can go wrong with a local network, with the step it went wrong in and what to do.

use std::path::{Path, PathBuf};

use antiphon_chain::{ChainError, KeyError};

/// A failure to start, use or stop a local network.
#[derive(Debug, thiserror::Error)]
pub enum LocalnetError {
    /// Somebody listens on a port already.
    #[error(
        "port {port} for the {service} is taken: another local network or program listens on \
         127.0.0.1:{port}. Stop it (`ss -ltnp sport = :{port}` names it), or choose another port; \
         0 takes a free one"
    )]
    PortTaken {
        /// What the port was for.
        service: String,
        /// The port.
        port: u16,
    },
    /// A file the network is made of is not there.
    #[error("no {what} at {}: make it with `cargo xtask setup`", path.display())]
    Missing {
        /// What it is.
        what: &'static str,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A variable that names a part is not set.
    #[error(
        "{variable} is not set: run `cargo demo` or `cargo ci`, which set it, or set it to the path \
         that `cargo xtask setup` prints"
    )]
    Unset {
        /// The variable's name.
        variable: &'static str,
    },
    /// A program of the network ended although it should run.
    #[error("{step}: {program} ended ({status}); the last lines of {}:\n{tail}", log.display())]
    Died {
        /// What was waited for.
        step: String,
        /// The program.
        program: String,
        /// How it ended.
        status: String,
        /// Its log.
        log: PathBuf,
        /// The end of it.
        tail: String,
    },
    /// A program that does one thing failed at it.
    #[error("{step}: {program} failed ({status}): {reason}")]
    Failed {
        /// What it should do.
        step: String,
        /// The program and its first arguments.
        program: String,
        /// How it ended.
        status: String,
        /// Its own last line.
        reason: String,
    },
    /// Something did not happen in time.
    #[error("{step}: not within {seconds} s; {state}{}", in_log(log.as_deref(), tail))]
    TooLate {
        /// What was waited for.
        step: String,
        /// For how long.
        seconds: u64,
        /// How far it had come.
        state: String,
        /// The log to look at.
        log: Option<PathBuf>,
        /// The end of it.
        tail: String,
    },
    /// A file of the chain's configuration is not as this version of the chain writes it.
    #[error("{}: {key}: {reason}; this network is made for wasmd 0.61", file.display())]
    Configuration {
        /// The file.
        file: PathBuf,
        /// The key, with its tables.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The chain or the contract refused something.
    #[error("{step}: {source}")]
    Chain {
        /// What was tried.
        step: String,
        /// Why not.
        source: ChainError,
    },
    /// A transaction went through without saying what it should.
    #[error("{step}: got {got}, want {want}; the contract may be of another version")]
    Unexpected {
        /// What was done.
        step: String,
        /// What was found.
        got: String,
        /// What was looked for.
        want: String,
    },
    /// A key cannot be made or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The model's manifest cannot be used.
    #[error("the model's manifest: {0}; write it with `antiphon model manifest`")]
    Manifest(String),
    /// The beacon's key cannot be used.
    #[error("the beacon's key: {0}")]
    Beacon(String),
    /// A file or process could not be used.
    #[error("cannot {doing}: {source}")]
    Io {
        /// What was tried.
        doing: String,
        /// Why not.
        source: std::io::Error,
    },
    /// Ctrl-C or SIGTERM.
    #[error("stopped by a signal; everything that was started is stopped too")]
    Interrupted,
    /// An option that cannot be used.
    #[error("{option}: got {got}, want {want}")]
    Option {
        /// Its name.
        option: &'static str,
        /// Its value.
        got: String,
        /// What would do.
        want: &'static str,
    },
    /// There is no network in this folder.
    #[error("{} describes no running network: {reason}", home.display())]
    NoNetwork {
        /// The folder.
        home: PathBuf,
        /// Why not.
        reason: String,
    },
}

/// Short form for this crate.
pub type Result<T> = std::result::Result<T, LocalnetError>;

fn in_log(log: Option<&Path>, tail: &str) -> String {
    log.map_or_else(String::new, |log| {
        format!("; the last lines of {}:\n{tail}", log.display())
    })
}

/// Adds what was tried to an input or output error.
pub(crate) trait Doing<T> {
    /// `what` reads on from "cannot".
    fn doing(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| LocalnetError::Io {
            doing: what(),
            source,
        })
    }
}

/// Adds the step to a chain's error.
pub(crate) trait During<T> {
    /// `step` names what was being done.
    fn during(self, step: &str) -> Result<T>;
}

impl<T> During<T> for std::result::Result<T, ChainError> {
    fn during(self, step: &str) -> Result<T> {
        self.map_err(|source| LocalnetError::Chain {
            step: step.to_owned(),
            source,
        })
    }
}

/// The last lines of a log, for an error's text.
pub(crate) fn tail(log: &Path) -> String {
    const LINES: usize = 20;
    let bytes = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LINES);
    lines.get(from..).unwrap_or_default().join("\n")
}
