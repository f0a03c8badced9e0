//! API keys: who may ask, how often, for how much, and whose money it is.
//!
//! `keys.json` in the gateway's home (mode 0600) holds the SHA-256 of each key, never the key itself: a
//! key is 32 random bytes, so that its hash tells nothing. The file is read again when it changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use antiphon_api::{Hex, Uint128};
use antiphon_chain::write_atomically;
use data_encoding::BASE32_NOPAD;
use rand_core::{OsRng, RngCore as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::{ApiError, Code};
use super::journal::{Charge, Journal};
use crate::error::ClientError;

const FILE: &str = "keys.json";
const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_NAME: usize = 64;

/// One API key, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Its name, for its owner and in the journal.
    pub name: String,
    /// The hash of what is sent.
    pub sha256: Hex<32>,
    /// Most that may be spent with it, in the chain's denom.
    pub budget: Option<Uint128>,
    /// Most requests in a minute.
    pub per_minute: Option<u32>,
    /// The account that pays, by its session grant; the gateway's own if none.
    pub granter: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    keys: Vec<ApiKey>,
}

/// A new key: shown once.
#[derive(Clone, Debug, Serialize)]
pub struct NewKey {
    /// What programs send as `Authorization: Bearer …`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The file that has its hash.
    pub file: PathBuf,
}

/// One API key, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyLine {
    /// Its name.
    pub name: String,
    /// Most that may be spent with it, in the chain's denom.
    pub budget: Option<Uint128>,
    /// Spent or set aside, keys of this name that were removed included.
    pub spent: Uint128,
    /// Most requests in a minute.
    pub per_minute: Option<u32>,
    /// The account that pays; the gateway's own if none.
    pub granter: Option<String>,
}

/// Makes a key and writes its hash down.
///
/// # Errors
/// The name is taken or unusable, or the file cannot be written.
pub fn make(home: &Path, mut key: ApiKey) -> Result<NewKey, ClientError> {
    let printable = |c: char| c.is_ascii_graphic();
    if key.name.is_empty() || key.name.len() > MAX_NAME || !key.name.chars().all(printable) {
        return Err(ClientError::Usage(format!(
            "got the name {:?}, want 1 to {MAX_NAME} printable characters without spaces",
            key.name
        )));
    }
    let mut file = read(home)?.unwrap_or_default();
    if file.keys.iter().any(|kept| kept.name == key.name) {
        return Err(ClientError::Usage(format!(
            "there is a key named {:?} already: choose another name, or remove it with `antiphon gateway keys rm {}`",
            key.name, key.name
        )));
    }
    let mut secret = [0; 32];
    OsRng.fill_bytes(&mut secret);
    let text = format!("ak-{}", BASE32_NOPAD.encode(&secret).to_lowercase());
    key.sha256 = hash(&text);
    let name = key.name.clone();
    file.keys.push(key);
    write(home, &file)?;
    Ok(NewKey {
        key: text,
        name,
        file: home.join(FILE),
    })
}

/// All keys, with what was spent.
///
/// # Errors
/// The file or the journal cannot be read.
pub fn list(home: &Path) -> Result<Vec<KeyLine>, ClientError> {
    let spent = Journal::spent_in(home).map_err(|error| ClientError::Usage(error.to_string()))?;
    let line = |key: ApiKey| KeyLine {
        spent: Uint128::new(spent.get(&key.name).copied().unwrap_or(0)),
        name: key.name,
        budget: key.budget,
        per_minute: key.per_minute,
        granter: key.granter,
    };
    let keys = read(home)?.unwrap_or_default().keys;
    Ok(keys.into_iter().map(line).collect())
}

/// Removes a key. The file stays, so that an open gateway never becomes one without keys.
///
/// # Errors
/// No key has this name, or the file cannot be written.
pub fn remove(home: &Path, name: &str) -> Result<(), ClientError> {
    let mut file = read(home)?.unwrap_or_default();
    let before = file.keys.len();
    file.keys.retain(|key| key.name != name);
    if file.keys.len() == before {
        return Err(ClientError::Usage(format!(
            "there is no key named {name:?}; `antiphon gateway keys ls` lists them"
        )));
    }
    write(home, &file)
}

fn hash(text: &str) -> Hex<32> {
    Hex(Sha256::digest(text).into())
}

fn read(home: &Path) -> Result<Option<KeyFile>, ClientError> {
    let path = home.join(FILE);
    let fault = |cause: String| ClientError::File {
        path: path.clone(),
        cause,
    };
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(found) if found.len() > MAX_FILE_BYTES => {
            return Err(fault("is far too large to be a list of keys".to_owned()));
        }
        _ => {}
    }
    let text = std::fs::read(&path).map_err(|error| fault(error.to_string()))?;
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|error| fault(format!("not a list of keys: {error}")))
}

fn write(home: &Path, file: &KeyFile) -> Result<(), ClientError> {
    let path = home.join(FILE);
    let fault = |cause: String| ClientError::File {
        path: path.clone(),
        cause,
    };
    let text = serde_json::to_vec_pretty(file).map_err(|error| fault(error.to_string()))?;
    write_atomically(&path, &text, 0o600).map_err(|error| fault(error.to_string()))
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What is charged; none without API keys.
    pub charge: Option<Charge>,
    /// The account that pays instead of the gateway's own.
    pub granter: Option<String>,
}

/// Who may ask: everybody, or holders of a key.
#[derive(Debug)]
pub struct Doorman {
    home: PathBuf,
    inner: Mutex<Door>,
}

#[derive(Debug)]
struct Door {
    keys: Option<BTreeMap<Hex<32>, ApiKey>>,
    changed: Option<SystemTime>,
    buckets: BTreeMap<String, Bucket>,
}

impl Doorman {
    /// Reads the keys of this home.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn new(home: &Path) -> Result<Self, ClientError> {
        // Looked at before it is read: what is written in between is read again.
        let changed = changed(home);
        let door = Door {
            keys: read(home)?.map(by_hash),
            changed,
            buckets: BTreeMap::new(),
        };
        Ok(Self {
            home: home.to_owned(),
            inner: Mutex::new(door),
        })
    }

    /// Whether a key is wanted.
    #[must_use]
    pub fn wants_keys(&self) -> bool {
        let door = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        door.keys.is_some()
    }

    /// Lets a request in, by what it sent as `authorization`.
    ///
    /// # Errors
    /// No key where one is wanted, an unknown one, or too many requests.
    pub fn admit(&self, authorization: Option<&str>) -> Result<Caller, ApiError> {
        let mut door = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.look_again(&mut door);
        let Door { keys, buckets, .. } = &mut *door;
        let Some(keys) = keys else {
            return Ok(Caller {
                charge: None,
                granter: None,
            });
        };
        let key = known(keys, authorization).ok_or_else(refused)?;
        if let Some(limit) = key.per_minute {
            let bucket = buckets.entry(key.name.clone());
            let bucket = bucket.or_insert_with(|| Bucket::full(limit));
            bucket.take(limit).map_err(|seconds| {
                ApiError::too_many(
                    format!(
                        "API key {:?} may ask {limit} times a minute. Wait {seconds} s and send the request again",
                        key.name
                    ),
                    seconds,
                )
            })?;
        }
        Ok(Caller {
            charge: Some(Charge {
                name: key.name.clone(),
                budget: key.budget.map(|budget| budget.u128()),
            }),
            granter: key.granter.clone(),
        })
    }

    /// Whether what is the operator's alone may be told: to anybody where no key is wanted, since only this
    /// machine gets here then, else to holders of one. Counts against no limit.
    #[must_use]
    pub fn trusts(&self, authorization: Option<&str>) -> bool {
        let mut door = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        self.look_again(&mut door);
        let keys = door.keys.as_ref();
        keys.is_none_or(|keys| known(keys, authorization).is_some())
    }

    /// A file that can no longer be read changes nothing: the keys of before stay, and it is tried again.
    fn look_again(&self, door: &mut Door) {
        let now = changed(&self.home);
        if now == door.changed {
            return;
        }
        match read(&self.home) {
            Ok(Some(file)) => door.keys = Some(by_hash(file)),
            // A home that had keys never becomes one without.
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "the API keys could not be read again");
                return;
            }
        }
        door.changed = now;
    }
}

/// The key that a request sent, if it is one.
fn known<'k>(
    keys: &'k BTreeMap<Hex<32>, ApiKey>,
    authorization: Option<&str>,
) -> Option<&'k ApiKey> {
    let (scheme, rest) = authorization?.split_once(' ')?;
    let bearer = scheme.eq_ignore_ascii_case("bearer").then_some(rest.trim());
    keys.get(&hash(bearer?))
}

fn refused() -> ApiError {
    ApiError::new(
        Code::InvalidApiKey,
        "this gateway wants an API key, and none that it knows was sent. Send `Authorization: Bearer ak-…`; its operator makes \
         keys with `antiphon gateway keys new --name NAME`",
    )
}

fn by_hash(file: KeyFile) -> BTreeMap<Hex<32>, ApiKey> {
    let pairs = file.keys.into_iter().map(|key| (key.sha256, key));
    pairs.collect()
}

fn changed(home: &Path) -> Option<SystemTime> {
    std::fs::metadata(home.join(FILE)).ok()?.modified().ok()
}

/// Requests that may be made now; fills up in a minute.
#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Bucket {
    fn full(limit: u32) -> Self {
        Self {
            left: f64::from(limit),
            at: Instant::now(),
        }
    }

    /// Takes one, or tells in how many seconds there is one.
    fn take(&mut self, limit: u32) -> Result<(), u32> {
        let per_second = f64::from(limit) / 60.0;
        let passed = self.at.elapsed().as_secs_f64();
        self.at = Instant::now();
        self.left = (self.left + passed * per_second).min(f64::from(limit));
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Ok(());
        }
        let wait = ((1.0 - self.left) / per_second).ceil().clamp(1.0, 3_600.0);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 3600"
        )]
        Err(wait as u32)
    }
}
