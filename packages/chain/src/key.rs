//! Secp256k1 keys: made, kept in files of mode 0600, never printed.

use std::fmt;
use std::path::Path;

use bip32::{DerivationPath, Language, Mnemonic, XPrv};
use cosmrs::AccountId;
use data_encoding::HEXLOWER;
use k256::ecdsa::signature::hazmat::PrehashSigner;
use k256::ecdsa::{Signature, SigningKey};
use rand_core::OsRng;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::files::write_atomically;

/// Where Cosmos wallets keep an account's first key.
pub const HD_PATH: &str = "m/44'/118'/0'/0/0";
const TAG: &str = "antiphon/key/1";

/// A key or an address that cannot be used. No text of it ever holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not a mnemonic.
    #[error("the mnemonic is not valid: want 24 English words of BIP 39 with a right checksum")]
    Mnemonic,
    /// Not a secret.
    #[error("the secret is not valid: want 64 lower-case hex digits of a secp256k1 private key")]
    Secret,
    /// Not an address.
    #[error("got the address {got:?}: {cause}. Want bech32 such as wasm1…")]
    Address {
        /// The text given.
        got: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Not a key file of ours.
    #[error("{path} is not a key file: {cause}. Make one with `antiphon keys new`")]
    Format {
        /// The file.
        path: String,
        /// What is wrong with it, without its content.
        cause: String,
    },
    /// Others could read the file.
    #[error("{path} can be read by others (mode {mode:o}, want 600). Run: chmod 600 {path}")]
    Mode {
        /// The file.
        path: String,
        /// Its permissions.
        mode: u32,
    },
    /// The file exists and would be lost.
    #[error("{path} exists already: choose another name, or move it away first")]
    Exists {
        /// The file.
        path: String,
    },
    /// The file system refused.
    #[error("{path}: {cause}")]
    Io {
        /// The file.
        path: String,
        /// What happened.
        cause: String,
    },
}

/// A private key. Zeroised when dropped; its `Debug` shows the public key only.
#[derive(Clone)]
pub struct Key {
    signing: SigningKey,
    mnemonic: Option<Zeroizing<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    antiphon: String,
    address: String,
    public_key: String,
    secret: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mnemonic: Option<String>,
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        self.secret.zeroize();
        self.mnemonic.zeroize();
    }
}

impl Key {
    /// A new key with 24 words to write down.
    ///
    /// # Errors
    /// Never in practice: a derived scalar outside the curve's order.
    pub fn generate() -> Result<Self, KeyError> {
        let words = Mnemonic::random(OsRng, Language::English);
        Self::from_mnemonic(words.phrase())
    }

    /// The key of 24 English words at [`HD_PATH`], without a passphrase.
    ///
    /// # Errors
    /// Another number of words, an unknown word, a wrong checksum.
    pub fn from_mnemonic(words: &str) -> Result<Self, KeyError> {
        let words = Zeroizing::new(words.split_whitespace().collect::<Vec<_>>().join(" "));
        let parsed = Mnemonic::new(words.as_str(), Language::English);
        let seed = parsed.map_err(|_| KeyError::Mnemonic)?.to_seed("");
        let path: DerivationPath = HD_PATH.parse().map_err(|_| KeyError::Mnemonic)?;
        let key = XPrv::derive_from_path(&seed, &path).map_err(|_| KeyError::Mnemonic)?;
        Ok(Self {
            signing: key.private_key().clone(),
            mnemonic: Some(words),
        })
    }

    /// A new key without words, for machines.
    #[must_use]
    pub fn random() -> Self {
        Self {
            signing: SigningKey::random(&mut OsRng),
            mnemonic: None,
        }
    }

    /// The key of a private scalar.
    ///
    /// # Errors
    /// Zero, or not below the curve's order.
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, KeyError> {
        let signing = SigningKey::from_slice(secret).map_err(|_| KeyError::Secret)?;
        Ok(Self {
            signing,
            mnemonic: None,
        })
    }

    /// The key of a private scalar in lower-case hex.
    ///
    /// # Errors
    /// Another length or alphabet, or no scalar of the curve.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let bytes = HEXLOWER.decode(text.trim().as_bytes());
        let bytes = Zeroizing::new(bytes.map_err(|_| KeyError::Secret)?);
        let secret: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::Secret)?;
        Self::from_secret(secret)
    }

    /// The private scalar, for deriving salts. Keep it no longer than needed.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.signing.to_bytes().into())
    }

    /// The 24 words, if the key was made from some.
    #[must_use]
    pub fn mnemonic(&self) -> Option<&str> {
        self.mnemonic.as_ref().map(|words| words.as_str())
    }

    /// The public key, compressed.
    #[must_use]
    pub fn public_key(&self) -> [u8; 33] {
        let point = self.signing.verifying_key().to_encoded_point(true);
        let mut bytes = [0; 33];
        bytes.copy_from_slice(point.as_bytes());
        bytes
    }

    /// The account's address, such as `wasm1…`.
    ///
    /// # Errors
    /// A prefix that bech32 does not allow.
    pub fn address(&self, prefix: &str) -> Result<String, KeyError> {
        let public = cosmrs::crypto::PublicKey::from(*self.signing.verifying_key());
        public
            .account_id(prefix)
            .map(|id| id.to_string())
            .map_err(|error| KeyError::Address {
                got: prefix.to_owned(),
                cause: error.to_string(),
            })
    }

    /// Signs 32 bytes as they are: deterministic (RFC 6979, SHA-256), r‖s with low s.
    ///
    /// # Errors
    /// Never in practice: a zero r or s.
    pub fn sign_digest(&self, digest: &[u8; 32]) -> Result<[u8; 64], KeyError> {
        let signed: Signature = self
            .signing
            .sign_prehash(digest)
            .map_err(|_| KeyError::Secret)?;
        let low = signed.normalize_s().unwrap_or(signed);
        Ok(low.to_bytes().into())
    }

    /// Writes a new key file, mode 0600.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn save(&self, path: &Path, prefix: &str) -> Result<(), KeyError> {
        let name = || path.display().to_string();
        if path.exists() {
            return Err(KeyError::Exists { path: name() });
        }
        let file = KeyFile {
            antiphon: TAG.to_owned(),
            address: self.address(prefix)?,
            public_key: HEXLOWER.encode(&self.public_key()),
            secret: HEXLOWER.encode(self.secret().as_slice()),
            mnemonic: self.mnemonic().map(str::to_owned),
        };
        let io = |cause: String| KeyError::Io {
            path: name(),
            cause,
        };
        let text = serde_json::to_vec_pretty(&file).map_err(|e| io(e.to_string()))?;
        write_atomically(path, &Zeroizing::new(text), 0o600).map_err(|e| io(e.to_string()))
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// It is missing, readable by others, not a key file, or its address is not its key's.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let name = || path.display().to_string();
        let text = read_private(path)?;
        Self::parse(&text).map_err(|cause| KeyError::Format {
            path: name(),
            cause,
        })
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        // The parser's own text may quote a secret: only its position is told.
        let file: KeyFile = serde_json::from_slice(text)
            .map_err(|e| format!("line {}, column {}", e.line(), e.column()))?;
        if file.antiphon != TAG {
            return Err(format!("got tag {:?}, want {TAG:?}", file.antiphon));
        }
        let mut key = Self::from_hex(&file.secret).map_err(|e| e.to_string())?;
        if HEXLOWER.encode(&key.public_key()) != file.public_key {
            return Err("its public key is not that of its secret".to_owned());
        }
        let prefix = file.address.split('1').next().unwrap_or_default();
        if key.address(prefix).map_err(|e| e.to_string())? != file.address {
            return Err("its address is not that of its secret".to_owned());
        }
        key.mnemonic = file.mnemonic.clone().map(Zeroizing::new);
        Ok(key)
    }
}

/// The bytes of a file with a secret; gone from memory when dropped.
///
/// # Errors
/// It is missing, or others may read it.
pub fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let io = |cause: std::io::Error| KeyError::Io {
        path: path.display().to_string(),
        cause: cause.to_string(),
    };
    refuse_open_mode(path, &std::fs::metadata(path).map_err(io)?)?;
    Ok(Zeroizing::new(std::fs::read(path).map_err(io)?))
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", HEXLOWER.encode(&self.public_key()))
    }
}

#[cfg(unix)]
fn refuse_open_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(KeyError::Mode {
        path: path.display().to_string(),
        mode,
    })
}

#[cfg(not(unix))]
fn refuse_open_mode(_: &Path, _: &std::fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

/// The canonical bytes of a bech32 address: what digests bind.
///
/// # Errors
/// The text is not bech32.
pub fn canonical(address: &str) -> Result<Vec<u8>, KeyError> {
    address
        .parse::<AccountId>()
        .map(|id| id.to_bytes())
        .map_err(|error| KeyError::Address {
            got: address.chars().take(100).collect(),
            cause: error.to_string(),
        })
}

/// The bech32 spelling of canonical bytes.
///
/// # Errors
/// A prefix or a length that addresses cannot have.
pub fn bech32(prefix: &str, bytes: &[u8]) -> Result<String, KeyError> {
    AccountId::new(prefix, bytes)
        .map(|id| id.to_string())
        .map_err(|error| KeyError::Address {
            got: HEXLOWER.encode(bytes),
            cause: error.to_string(),
        })
}
