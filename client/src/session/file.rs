//! The file of a session: its key, and whose session it is. Mode 0600.

use std::path::Path;

use antiphon_chain::{Key, read_private, write_atomically};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::error::ClientError;
use crate::network::Network;

const TAG: &str = "antiphon session 1";

/// A session's key with whose account it may ask for.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionFile {
    antiphon: String,
    /// The chain it is for.
    pub chain_id: String,
    /// The contract it may ask.
    pub contract: String,
    /// Whose account it is.
    pub granter: String,
    /// The session key's address.
    pub grantee: String,
    secret: String,
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl std::fmt::Debug for SessionFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SessionFile({} for {})", self.grantee, self.granter)
    }
}

impl SessionFile {
    /// A session with a new key, for an account on this network.
    ///
    /// # Errors
    /// The network's prefix is not usable.
    pub fn new(network: &Network, granter: &str) -> Result<Self, ClientError> {
        let key = Key::random();
        Ok(Self {
            antiphon: TAG.to_owned(),
            chain_id: network.file.chain_id.clone(),
            contract: network.contract.address().to_owned(),
            granter: granter.to_owned(),
            grantee: key.address(&network.file.prefix)?,
            secret: data_encoding::HEXLOWER.encode(key.secret().as_slice()),
        })
    }

    /// Its key.
    ///
    /// # Errors
    /// The file's secret is none.
    pub fn key(&self) -> Result<Key, ClientError> {
        Ok(Key::from_hex(&self.secret)?)
    }

    /// Reads the file of a session on this network.
    ///
    /// # Errors
    /// It is missing, others may read it, it is no session's, or one of another network.
    pub fn load(path: &Path, network: &Network) -> Result<Self, ClientError> {
        let text = read_private(path)?;
        // The parser's own text may quote the secret: only its position is told.
        let file: Self = serde_json::from_slice(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            fault(
                path,
                format!("not a session's file: line {line}, column {column}"),
            )
        })?;
        if file.antiphon != TAG {
            return Err(fault(
                path,
                format!("got tag {:?}, want {TAG:?}", file.antiphon),
            ));
        }
        let (chain, contract) = (&network.file.chain_id, network.contract.address());
        if file.chain_id != *chain || file.contract != contract {
            return Err(fault(
                path,
                format!(
                    "this session is for {} on {}, and the network is {contract} on {chain}: start another one",
                    file.contract, file.chain_id
                ),
            ));
        }
        if file.key()?.address(&network.file.prefix)? != file.grantee {
            return Err(fault(
                path,
                "its address is not that of its secret".to_owned(),
            ));
        }
        Ok(file)
    }

    /// Writes the file.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn save(&self, path: &Path) -> Result<(), ClientError> {
        let text = serde_json::to_vec_pretty(self).map_err(|e| fault(path, e.to_string()))?;
        let text = Zeroizing::new(text);
        write_atomically(path, &text, 0o600).map_err(|error| fault(path, error.to_string()))
    }
}

fn fault(path: &Path, cause: String) -> ClientError {
    ClientError::File {
        path: path.to_owned(),
        cause,
    }
}
