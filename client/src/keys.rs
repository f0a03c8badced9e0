//! Key files: made, imported, shown.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use antiphon_chain::Key;
use serde::Serialize;

use crate::error::ClientError;

/// A mnemonic or a secret is far shorter.
const MAX_SECRET_BYTES: u64 = 1024;

/// `antiphon keys`
#[derive(Clone, Debug, clap::Subcommand)]
pub enum KeysCommand {
    /// Makes a key with 24 words and writes it to a new file of mode 0600
    New {
        /// The new file
        file: PathBuf,
        /// Bech32 prefix of the address
        #[arg(long, default_value = "wasm")]
        prefix: String,
    },
    /// Reads 24 words, or a secret of 64 hex digits, from stdin into a new file
    Import {
        /// The new file
        file: PathBuf,
        /// Bech32 prefix of the address
        #[arg(long, default_value = "wasm")]
        prefix: String,
    },
    /// Shows address and public key; with --mnemonic the words too
    Show {
        /// The key file
        file: PathBuf,
        /// Bech32 prefix of the address
        #[arg(long, default_value = "wasm")]
        prefix: String,
        /// Show the 24 words: whoever sees them owns the account
        #[arg(long)]
        mnemonic: bool,
    },
}

/// What may be shown of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyReport {
    /// Its account.
    pub address: String,
    /// Its public key.
    pub public_key: String,
    /// Its file.
    pub file: PathBuf,
    /// Only when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mnemonic: Option<String>,
}

/// Runs `antiphon keys …`.
///
/// # Errors
/// The file exists, or cannot be read or written; the words are not valid.
pub fn run(command: &KeysCommand) -> Result<KeyReport, ClientError> {
    match command {
        KeysCommand::New { file, prefix } => saved(&Key::generate()?, file, prefix),
        KeysCommand::Import { file, prefix } => saved(&read_key()?, file, prefix),
        KeysCommand::Show {
            file,
            prefix,
            mnemonic,
        } => {
            let key = Key::load(file)?;
            let words = key.mnemonic().filter(|_| *mnemonic).map(str::to_owned);
            if *mnemonic && words.is_none() {
                return Err(ClientError::Usage(
                    "this key was not made from words; back up its file instead".to_owned(),
                ));
            }
            report(&key, file, prefix, words)
        }
    }
}

fn saved(key: &Key, file: &Path, prefix: &str) -> Result<KeyReport, ClientError> {
    key.save(file, prefix)?;
    report(key, file, prefix, None)
}

fn report(
    key: &Key,
    file: &Path,
    prefix: &str,
    mnemonic: Option<String>,
) -> Result<KeyReport, ClientError> {
    Ok(KeyReport {
        address: key.address(prefix)?,
        public_key: data_encoding::HEXLOWER.encode(&key.public_key()),
        file: file.to_owned(),
        mnemonic,
    })
}

/// Never from the command line, where other processes can read it.
fn read_key() -> Result<Key, ClientError> {
    let mut text = String::new();
    let mut stdin = std::io::stdin().lock().take(MAX_SECRET_BYTES);
    stdin
        .read_to_string(&mut text)
        .map_err(|error| ClientError::Usage(format!("could not read stdin: {error}")))?;
    let words = text.split_whitespace().count();
    let key = if words > 1 {
        Key::from_mnemonic(&text)
    } else {
        Key::from_hex(&text)
    };
    Ok(key?)
}
