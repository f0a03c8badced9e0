//! What this worker has bound itself to, on disk before any commit is broadcast.
//!
//! One file for each (task, round). A ballot is written once: the same ballot again is fine (a restart),
//! another one is refused, so no crash, bug or second start can make this worker say two things.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use antiphon_api::{Ballot, Hex};
use antiphon_chain::write_atomically;
use serde::{Deserialize, Serialize};

use crate::duty::DutyKey;

/// One vote of this worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The task.
    pub task: u64,
    /// The round.
    pub round: u8,
    /// Binds the vote to the task on its chain.
    pub task_digest: Hex<32>,
    /// What is said.
    pub ballot: Ballot,
    /// What the commit binds to; the salt is derived, not kept.
    pub commitment: Hex<32>,
}

/// Why a vote cannot be journaled.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another ballot stands in the journal.
    #[error(
        "task {task} round {round}: the journal holds the commitment {kept}, got {got}; a ballot is \
         never replaced, so this one is not sent"
    )]
    Replaced {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// What stands.
        kept: Hex<32>,
        /// What was asked.
        got: Hex<32>,
    },
    /// A file that is not an entry.
    #[error("{path}: not a journal entry ({why}); move it away to start without it", path = .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The disk refused.
    #[error("{path}: {why}", path = .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        why: io::Error,
    },
}

/// The journal of one home.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    entries: BTreeMap<DutyKey, Entry>,
}

impl Journal {
    /// Reads every entry.
    ///
    /// # Errors
    /// An unreadable folder or a damaged entry; a temporary file left by a crash is removed.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let broken = |why| JournalError::Io {
            path: folder.to_owned(),
            why,
        };
        fs::create_dir_all(folder).map_err(broken)?;
        let mut entries = BTreeMap::new();
        for item in fs::read_dir(folder).map_err(broken)? {
            let path = item.map_err(broken)?.path();
            match path.extension().and_then(|e| e.to_str()) {
                Some("json") => {
                    let entry = read(&path)?;
                    entries.insert(DutyKey::new(entry.task, entry.round), entry);
                }
                Some("new") => fs::remove_file(&path).map_err(broken)?,
                _ => {}
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            entries,
        })
    }

    /// The vote of this duty, if one was ever cast.
    #[must_use]
    pub fn get(&self, key: DutyKey) -> Option<&Entry> {
        self.entries.get(&key)
    }

    /// Every duty in the journal, in order.
    pub fn keys(&self) -> impl Iterator<Item = DutyKey> + '_ {
        self.entries.keys().copied()
    }

    /// Puts a vote on disk; returns only when it would survive a power cut.
    ///
    /// # Errors
    /// [`JournalError::Replaced`] when another vote stands, or what the disk says.
    pub fn write(&mut self, entry: Entry) -> Result<(), JournalError> {
        let key = DutyKey::new(entry.task, entry.round);
        if let Some(kept) = self.entries.get(&key) {
            return if *kept == entry {
                Ok(())
            } else {
                Err(JournalError::Replaced {
                    task: entry.task,
                    round: entry.round,
                    kept: kept.commitment,
                    got: entry.commitment,
                })
            };
        }
        let path = self.path(key);
        let failed = |why: io::Error| JournalError::Io {
            path: path.clone(),
            why,
        };
        let bytes = serde_json::to_vec(&entry).map_err(|e| failed(e.into()))?;
        write_atomically(&path, &bytes, 0o600).map_err(failed)?;
        self.entries.insert(key, entry);
        Ok(())
    }

    /// Forgets a vote whose task is final or failed.
    ///
    /// # Errors
    /// What the disk says.
    pub fn retire(&mut self, key: DutyKey) -> Result<(), JournalError> {
        if self.entries.remove(&key).is_none() {
            return Ok(());
        }
        let path = self.path(key);
        fs::remove_file(&path).map_err(|why| JournalError::Io { path, why })
    }

    fn path(&self, key: DutyKey) -> PathBuf {
        self.folder.join(format!("{}-{}.json", key.task, key.round))
    }
}

fn read(path: &Path) -> Result<Entry, JournalError> {
    let bytes = fs::read(path).map_err(|why| JournalError::Io {
        path: path.to_owned(),
        why,
    })?;
    serde_json::from_slice(&bytes).map_err(|e| JournalError::Damaged {
        path: path.to_owned(),
        why: e.to_string(),
    })
}
