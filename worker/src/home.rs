//! The directory that holds everything of one worker, and the lock that keeps it to one process.
//!
//! ```text
//! config.toml   keys/{operator,voter,sender}.json   journal/   blocks/   models/   packed/   cursor.json   lock   left
//! ```

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use antiphon_api::Hex;
use antiphon_chain::{Key, KeyError};

use crate::config::{Config, ConfigError, Written, commented};

/// Paths inside a worker's home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

/// Why a home cannot be made or used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {why}", path = .path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        why: io::Error,
    },
    /// There is a configuration already.
    #[error("{path} exists already; choose another --home or remove it", path = .0.display())]
    Exists(PathBuf),
    /// Another process runs on this home.
    #[error(
        "another antiphon-worker runs on {path} (it holds the file `lock`); one home serves one \
         process, since two would race for the same votes: stop the other one first",
        path = .0.display()
    )]
    Locked(PathBuf),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A key cannot be made, read or written.
    #[error("key {name}: {why}")]
    Key {
        /// `operator`, `voter` or `sender`.
        name: &'static str,
        /// What is wrong with it.
        why: KeyError,
    },
}

/// What a new home is made of.
#[derive(Clone, Debug, Default)]
pub struct HomeSpec {
    /// The configuration.
    pub config: Written,
    /// Owns bond and seats; a new key with a mnemonic if none.
    pub operator: Option<Key>,
    /// Signs commits only; a new key if none.
    pub voter: Option<Key>,
    /// Pays gas; a new key if none.
    pub sender: Option<Key>,
}

/// A new home's public side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeHome {
    /// The worker's address: bond and seats are its.
    pub operator: String,
    /// The voter's public key.
    pub voter: Hex<33>,
    /// The account that pays gas: send it coins.
    pub sender: String,
}

/// Makes a home: folders, keys, and a commented configuration. An existing one is never touched.
///
/// # Errors
/// A configuration there already, a value that cannot be written, or what the disk says.
pub fn create(dir: &Path, spec: &HomeSpec) -> Result<MadeHome, HomeError> {
    let home = Home::new(dir);
    let prefix = &spec.config.chain.prefix;
    let text = commented(&spec.config).map_err(|e| ConfigError::Syntax(e.to_string()))?;
    home.create(&text)?;
    let save = |name: &'static str, key: &Key| {
        let saved = key
            .save(&home.key_file(name), prefix)
            .and_then(|()| key.address(prefix));
        saved.map_err(|why| HomeError::Key { name, why })
    };
    let operator = match &spec.operator {
        Some(key) => key.clone(),
        None => Key::generate().map_err(|why| HomeError::Key {
            name: "operator",
            why,
        })?,
    };
    let voter = spec.voter.clone().unwrap_or_else(Key::random);
    let sender = spec.sender.clone().unwrap_or_else(Key::random);
    save("voter", &voter)?;
    Ok(MadeHome {
        operator: save("operator", &operator)?,
        voter: Hex(voter.public_key()),
        sender: save("sender", &sender)?,
    })
}

/// Held as long as the process may write to its home; the system frees it at exit, however that comes.
#[derive(Debug)]
pub struct HomeLock {
    _file: File,
}

impl Home {
    /// The home in this directory, which need not exist.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The configuration.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// One of the keys.
    #[must_use]
    pub fn key_file(&self, name: &str) -> PathBuf {
        self.root.join("keys").join(format!("{name}.json"))
    }

    /// Written before every commit.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// Raw blocks.
    #[must_use]
    pub fn blocks(&self) -> PathBuf {
        self.root.join("blocks")
    }

    /// Weights, complete or on their way.
    #[must_use]
    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// Where the block stream stands.
    #[must_use]
    pub fn cursor_file(&self) -> PathBuf {
        self.root.join("cursor.json")
    }

    /// Where a running worker tells its operator of itself: an address and port.
    #[must_use]
    pub fn status_file(&self) -> PathBuf {
        self.root.join("status.addr")
    }

    /// There once the operator said `leave`.
    fn left_file(&self) -> PathBuf {
        self.root.join("left")
    }

    /// Whether the operator said `leave`: then no seat is taken and no bond is topped up at start.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.left_file().exists()
    }

    /// Notes that the operator said `leave`.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn mark_left(&self) -> Result<(), HomeError> {
        let path = self.left_file();
        let text = "`antiphon-worker leave` gave seats and bond back. Delete this file to take them again at the next start.\n";
        fs::write(&path, text).map_err(|why| HomeError::Io { path, why })
    }

    /// Takes that note back: the contract refused.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn unmark_left(&self) -> Result<(), HomeError> {
        let path = self.left_file();
        match fs::remove_file(&path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(HomeError::Io { path, why }),
            _ => Ok(()),
        }
    }

    /// The key that owns bond and seats; it may be kept elsewhere once the seats are taken, then none.
    ///
    /// # Errors
    /// A key file that cannot be used.
    pub fn key(&self, name: &'static str) -> Result<Option<Key>, HomeError> {
        let path = self.key_file(name);
        if !path.exists() {
            return Ok(None);
        }
        Key::load(&path)
            .map(Some)
            .map_err(|why| HomeError::Key { name, why })
    }

    /// Takes the lock, or says who has it.
    ///
    /// # Errors
    /// [`HomeError::Locked`] when another process runs on this home.
    pub fn lock(&self) -> Result<HomeLock, HomeError> {
        let path = self.root.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|why| HomeError::Io { path, why })?;
        match file.try_lock() {
            Ok(()) => Ok(HomeLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(HomeError::Locked(self.root.clone())),
            Err(TryLockError::Error(why)) => Err(HomeError::Io {
                path: self.root.join("lock"),
                why,
            }),
        }
    }

    /// Reads and checks the configuration.
    ///
    /// # Errors
    /// An unreadable file, or a value that cannot be used.
    pub fn config(&self) -> Result<Config, ConfigError> {
        let path = self.config_file();
        let text = fs::read_to_string(&path).map_err(|e| ConfigError::Unreadable {
            path,
            why: e.to_string(),
        })?;
        Written::parse(&text)?.check(self.root.clone())
    }

    /// Makes the folders and writes the configuration, which must not exist yet.
    ///
    /// # Errors
    /// An existing configuration, or a folder that cannot be written.
    pub fn create(&self, config_text: &str) -> Result<(), HomeError> {
        for folder in [
            self.root.clone(),
            self.root.join("keys"),
            self.journal(),
            self.blocks(),
            self.models(),
        ] {
            private_folder(&folder).map_err(|why| HomeError::Io { path: folder, why })?;
        }
        let path = self.config_file();
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                return Err(HomeError::Exists(path));
            }
            Err(why) => return Err(HomeError::Io { path, why }),
        };
        file.write_all(config_text.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(|why| HomeError::Io { path, why })
    }
}

/// Makes a folder that only its owner can enter.
fn private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}
