//! Everything that can go wrong for a user, and the exit code of each.

use std::path::PathBuf;

use antiphon_api::Cid;
use antiphon_chain::ChainError;
use antiphon_documents::{ManifestFault, PromptFault};
use antiphon_store::{ClientSetup, StoreError};

/// A failure, in words that say what to do next.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The command line or the configuration is wrong.
    #[error("{0}")]
    Usage(String),
    /// A file of the user's.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The prompt breaks a rule.
    #[error("the prompt is not valid: {0}")]
    Prompt(#[from] PromptFault),
    /// The manifest breaks a rule.
    #[error("the manifest is not valid: {0}")]
    Manifest(#[from] ManifestFault),
    /// The node, the chain or the contract.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// This machine cannot speak http.
    #[error(transparent)]
    Http(#[from] ClientSetup),
    /// No worker took the prompt's block.
    #[error(
        "no worker took the prompt: {0}. Try again in a moment, see `antiphon workers` for who is there, or put a short prompt into the transaction with `antiphon ask --carry`"
    )]
    Upload(String),
    /// Nobody gave a block.
    #[error("the block {cid} could not be fetched: {said}. It may come later: try again")]
    Unavailable {
        /// The block.
        cid: Cid,
        /// What each source said.
        said: String,
    },
    /// What came is not what the chain says.
    #[error(
        "VERIFICATION FAILED for {cid}: {said}. Nothing of it is shown; the network's answer stands on chain"
    )]
    Verification {
        /// The block.
        cid: Cid,
        /// What came instead, and from whom.
        said: String,
    },
    /// The workers did not agree, or agreed that there is no answer.
    #[error("{0}")]
    NoAnswer(String),
    /// What the contract would refuse, found out before it costs a fee.
    #[error("{0}")]
    WouldBeRefused(String),
    /// A session that is used up or over.
    #[error("{0}")]
    Session(String),
    /// A receipt: there is none, or it is not believed.
    #[error(transparent)]
    Receipt(#[from] crate::receipt::ReceiptError),
    /// The store of models.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The user ended it.
    #[error("{0}")]
    Stopped(String),
    /// The model on this machine.
    #[error("{0}")]
    Engine(String),
}

impl ClientError {
    /// The process's exit code, as `antiphon --help` documents it.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Prompt(_) | Self::Manifest(_) => 2,
            Self::Chain(ChainError::Refused(_) | ChainError::NotAllowed { .. })
            | Self::WouldBeRefused(_)
            | Self::Session(_) => 4,
            Self::Chain(ChainError::Key(_) | ChainError::BadUrl { .. }) => 2,
            Self::Chain(_) | Self::Http(_) | Self::Upload(_) | Self::Unavailable { .. } => 3,
            Self::NoAnswer(_) => 5,
            Self::Verification { .. } => 6,
            Self::Receipt(error) => error.exit_code(),
            Self::Stopped(_) => 130,
            Self::File { .. } | Self::Store(_) | Self::Engine(_) => 1,
        }
    }
}

impl From<antiphon_chain::KeyError> for ClientError {
    fn from(error: antiphon_chain::KeyError) -> Self {
        Self::Chain(error.into())
    }
}
