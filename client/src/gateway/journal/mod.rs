//! What was paid for, written down before it is paid: `journal.jsonl` in the gateway's home.
//!
//! Each line is on disk (`fsync`) before what it announces is done. An entry goes *intended → noted →
//! open → ended*; only a noted one can be in doubt, and its transaction's bytes and last height are in
//! the line, so that the chain can always be asked what became of it.

mod state;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use antiphon_api::Uint128;
use antiphon_chain::write_atomically;

use super::answers::{Facts, Pending, Posted, QuestionKey};
pub use state::{Entry, Standing};
use state::{Event, State};

/// Lines beyond those that are needed, before the file is written anew.
const SLACK_LINES: usize = 2_000;

/// The journal cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The file or its folder.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// Another gateway uses the folder.
    #[error("{path} is in use by another gateway. Stop it, or give this one its own --home")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A line that is not the last one cannot be read.
    #[error(
        "{path}, line {line}: got {got:?}, want an event of this version. The file tells what was paid for: keep it, \
         and move it away only if no request may be waiting"
    )]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Its beginning.
        got: String,
    },
    /// An API key has used up what it may.
    #[error("the budget is used up: {spent} of {budget} are spent, and this takes {escrow}")]
    Budget {
        /// Used and set aside.
        spent: u128,
        /// Allowed in all.
        budget: u128,
        /// Wanted now.
        escrow: u128,
    },
}

/// An API key that is charged, with all it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Its name.
    pub name: String,
    /// In the chain's denom; none for no limit.
    pub budget: Option<u128>,
}

/// The journal. Its lock is never held across an await.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    _lock: File,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    lines: usize,
    /// A line may have been written in part: the file must be written anew before the next one.
    torn: bool,
    state: State,
}

impl Journal {
    /// Opens the journal of this home, and takes the home for this process. Lines about another chain, the
    /// same one started anew, or another contract, are put aside.
    ///
    /// # Errors
    /// The folder is in use or cannot be written, or a line is damaged.
    pub fn open(home: &Path, facts: &Facts) -> Result<Self, JournalError> {
        std::fs::create_dir_all(home).map_err(|e| fault(home, &e))?;
        let lock = take_home(home)?;
        let path = home.join("journal.jsonl");
        let mut state = read(&path)?;
        for id in intended(&state) {
            // Nothing was signed for it.
            state.apply(Event::Dropped { id });
        }
        if state.turn_to(facts) {
            put_aside(&path)?;
        }
        state.forget(unix_now());
        let (file, lines) = write_anew(&path, &state)?;
        let inner = Inner {
            file,
            lines,
            torn: false,
            state,
        };
        Ok(Self {
            path,
            _lock: lock,
            inner: Mutex::new(inner),
        })
    }

    /// What each API key has used or has set aside, read beside a gateway that may be running.
    ///
    /// # Errors
    /// The journal cannot be read, or a line is damaged.
    pub fn spent_in(home: &Path) -> Result<BTreeMap<String, u128>, JournalError> {
        Ok(read(&home.join("journal.jsonl"))?.spent)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Entries of a question that may still have an answer: the newest one, then the newest that this API
    /// key paid for, if that is another one and a request now counts as its retry.
    pub fn earlier(&self, key: &QuestionKey, by: Option<&str>) -> Vec<Entry> {
        let state = &self.lock().state;
        let newest = state.by_key.get(key).copied();
        let newest = newest.and_then(|id| state.entries.get(&id));
        let mut own = state.entries.values().rev().filter(|entry| {
            entry.key == *key && !entry.over && entry.is_paid() && entry.is_retried_by(by)
        });
        let own = own.next().filter(|own| newest != Some(own));
        newest.into_iter().chain(own).cloned().collect()
    }

    /// One entry.
    pub fn entry(&self, id: u64) -> Option<Entry> {
        self.lock().state.entries.get(&id).cloned()
    }

    /// Entries whose transaction is in doubt.
    pub fn in_doubt(&self) -> Vec<Entry> {
        self.entries(|entry| matches!(entry.standing, Standing::Noted(_)))
    }

    /// Entries whose task is open, the oldest first.
    pub fn open_tasks(&self) -> Vec<Entry> {
        self.entries(|entry| matches!(entry.standing, Standing::Open { .. }))
    }

    fn entries(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let inner = self.lock();
        let all = inner.state.entries.values();
        all.filter(|entry| wanted(entry)).cloned().collect()
    }

    /// What an API key has used or has set aside.
    pub fn spent(&self, name: &str) -> u128 {
        self.lock().state.spent.get(name).copied().unwrap_or(0)
    }

    /// Sets money aside for a question.
    ///
    /// # Errors
    /// The API key's budget does not suffice, or the disk failed: then nothing is set aside.
    pub fn intend(
        &self,
        key: &QuestionKey,
        charge: Option<&Charge>,
        escrow: u128,
    ) -> Result<u64, JournalError> {
        let mut inner = self.lock();
        if let Some(Charge {
            name,
            budget: Some(budget),
        }) = charge
        {
            let spent = inner.state.spent.get(name).copied().unwrap_or(0);
            if spent.saturating_add(escrow) > *budget {
                return Err(JournalError::Budget {
                    spent,
                    budget: *budget,
                    escrow,
                });
            }
        }
        let id = inner.state.next;
        let event = Event::Intent {
            id,
            key: key.clone(),
            by: charge.map(|charge| charge.name.clone()),
            escrow: Uint128::new(escrow),
        };
        self.append(&mut inner, event)?;
        Ok(id)
    }

    /// A transaction was signed for it and will be handed over next.
    ///
    /// # Errors
    /// The disk failed: then it must not be handed over.
    pub fn noted(&self, id: u64, pending: Pending) -> Result<(), JournalError> {
        self.write(Event::Noted { id, pending })
    }

    /// It is in a block.
    ///
    /// # Errors
    /// The disk failed; the noted transaction will be found again.
    pub fn posted(&self, id: u64, posted: &Posted) -> Result<(), JournalError> {
        self.write(Event::Posted {
            id,
            task: posted.task,
            transaction: posted.transaction.clone(),
        })
    }

    /// It is certain that nothing was paid.
    ///
    /// # Errors
    /// The disk failed.
    pub fn dropped(&self, id: u64) -> Result<(), JournalError> {
        self.write(Event::Dropped { id })
    }

    /// The chain says that this transaction did nothing and will not: nothing was paid, unless something else
    /// became known of the entry in the meantime.
    ///
    /// # Errors
    /// The disk failed.
    pub fn void(&self, id: u64, pending: &Pending) -> Result<(), JournalError> {
        let mut inner = self.lock();
        let entry = inner.state.entries.get(&id);
        let standing = entry.map(|entry| &entry.standing);
        if standing.is_none_or(|standing| *standing != Standing::Noted(pending.clone())) {
            return Ok(());
        }
        self.append(&mut inner, Event::Dropped { id })
    }

    /// The task gives no answer: the question may be asked again.
    ///
    /// # Errors
    /// The disk failed.
    pub fn over(&self, id: u64) -> Result<(), JournalError> {
        self.write(Event::Over { id })
    }

    /// The task is at its end.
    ///
    /// # Errors
    /// The disk failed.
    pub fn settled(&self, id: u64, refund: u128) -> Result<(), JournalError> {
        self.write(Event::Settled {
            id,
            refund: Uint128::new(refund),
            at: unix_now(),
        })
    }

    fn write(&self, event: Event) -> Result<(), JournalError> {
        let mut inner = self.lock();
        self.append(&mut inner, event)
    }

    fn append(&self, inner: &mut Inner, event: Event) -> Result<(), JournalError> {
        let line = line_of(&self.path, &event)?;
        let needed = inner.state.entries.len().saturating_mul(3);
        if inner.torn || inner.lines > needed.saturating_add(SLACK_LINES) {
            inner.state.forget(unix_now());
            (inner.file, inner.lines) = write_anew(&self.path, &inner.state)?;
            inner.torn = false;
        }
        let file = &mut inner.file;
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        if let Err(error) = written {
            inner.torn = true;
            return Err(fault(&self.path, &error));
        }
        inner.lines = inner.lines.saturating_add(1);
        inner.state.apply(event);
        Ok(())
    }
}

fn intended(state: &State) -> Vec<u64> {
    let entries = state.entries.values();
    let intended = entries.filter(|entry| entry.standing == Standing::Intended);
    intended.map(|entry| entry.id).collect()
}

fn take_home(home: &Path) -> Result<File, JournalError> {
    let path = home.join("lock");
    let file = File::create(&path).map_err(|e| fault(&path, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(JournalError::InUse {
            path: home.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(fault(&path, &error)),
    }
}

fn read(path: &Path) -> Result<State, JournalError> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
    .map_err(|e| fault(path, &e))?;
    let mut state = State::default();
    let mut lines = bytes.split(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        match serde_json::from_slice(line) {
            Ok(event) => state.apply(event),
            // Cut off in the middle of a write: what it announced was not done.
            Err(_) if lines.peek().is_none() => {}
            Err(_) => {
                return Err(JournalError::Line {
                    path: path.to_owned(),
                    line: number.saturating_add(1),
                    got: String::from_utf8_lossy(line).chars().take(80).collect(),
                });
            }
        }
    }
    Ok(state)
}

/// A copy: the journal itself is replaced at once or not at all.
fn put_aside(path: &Path) -> Result<(), JournalError> {
    let aside = path.with_file_name(format!("journal-{}.jsonl", unix_now()));
    std::fs::copy(path, &aside).map_err(|e| fault(path, &e))?;
    tracing::warn!("the journal was of another chain or contract and is put aside");
    Ok(())
}

fn write_anew(path: &Path, state: &State) -> Result<(File, usize), JournalError> {
    let lines = state.lines();
    let mut text = Vec::new();
    for event in &lines {
        text.extend(line_of(path, event)?);
    }
    write_atomically(path, &text, 0o600).map_err(|e| fault(path, &e))?;
    let file = OpenOptions::new().append(true).open(path);
    let file = file.map_err(|e| fault(path, &e))?;
    Ok((file, lines.len()))
}

fn line_of(path: &Path, event: &Event) -> Result<Vec<u8>, JournalError> {
    let mut line = serde_json::to_vec(event).map_err(|error| JournalError::File {
        path: path.to_owned(),
        cause: error.to_string(),
    })?;
    line.push(b'\n');
    Ok(line)
}

fn fault(path: &Path, error: &io::Error) -> JournalError {
    JournalError::File {
        path: path.to_owned(),
        cause: error.to_string(),
    }
}

fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |time| time.as_secs())
}
