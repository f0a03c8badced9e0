//! The engine's standard input, read beside the job so that a job can be cancelled.
//!
//! Requests go on to the engine in order; a line `{"cancel":ID}` is taken out and marks that request.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antiphon_engine::child::LINE_LIMIT;
use serde::{Deserialize, Serialize};

/// The engine reads a request at once unless it has as many jobs as it takes.
const LINES: usize = 4;
/// More cancelled requests than are ever under way.
const REMEMBERED: usize = 1024;

/// Breaks a request off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancel {
    /// The request's id.
    pub(crate) cancel: u64,
}

/// Which requests were cancelled of late; ids count up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancelled(Arc<Mutex<BTreeSet<u64>>>);

impl Cancelled {
    pub(crate) fn is(&self, id: u64) -> bool {
        self.ids().contains(&id)
    }

    fn mark(&self, id: u64) {
        let mut ids = self.ids();
        ids.insert(id);
        if ids.len() > REMEMBERED {
            ids.pop_first();
        }
    }

    fn ids(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is left of the input for the engine.
#[derive(Debug)]
pub(crate) struct Requests {
    lines: Receiver<Vec<u8>>,
    current: io::Cursor<Vec<u8>>,
}

/// Reads the input in a thread of its own, to its end.
pub(crate) fn split(input: impl Read + Send + 'static) -> (Requests, Cancelled) {
    let (sender, lines) = sync_channel(LINES);
    let cancelled = Cancelled::default();
    let marks = cancelled.clone();
    std::thread::spawn(move || forward(io::BufReader::new(input), &sender, &marks));
    let current = io::Cursor::default();
    (Requests { lines, current }, cancelled)
}

/// Pieces of at most a line's limit; the engine itself refuses longer lines.
fn forward(mut input: impl BufRead, sender: &SyncSender<Vec<u8>>, marks: &Cancelled) {
    let limit = u64::try_from(LINE_LIMIT).unwrap_or(u64::MAX);
    loop {
        let mut line = Vec::new();
        match input.by_ref().take(limit).read_until(b'\n', &mut line) {
            Ok(read) if read > 0 => {}
            _ => return,
        }
        match serde_json::from_slice::<Cancel>(&line) {
            Ok(Cancel { cancel }) => marks.mark(cancel),
            Err(_) if sender.send(line).is_err() => return,
            Err(_) => {}
        }
    }
}

impl BufRead for Requests {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.fill_buf()?.is_empty()
            && let Ok(line) = self.lines.recv()
        {
            self.current = io::Cursor::new(line);
        }
        self.current.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.current.consume(amount);
    }
}

impl Read for Requests {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.fill_buf()?;
        self.current.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_pass_and_cancellations_are_taken_out() {
        let (mut requests, cancelled) = split(&b"{\"id\":1}\n{\"cancel\":1}\nlast"[..]);
        let mut text = String::new();
        requests.read_to_string(&mut text).unwrap();
        assert_eq!(text, "{\"id\":1}\nlast");
        assert!(cancelled.is(1) && !cancelled.is(2));
    }

    #[test]
    fn each_of_several_jobs_is_cancelled_for_itself_and_old_ones_are_forgotten() {
        let (mut requests, cancelled) = split(&b"{\"cancel\":7}\n{\"cancel\":5}\n"[..]);
        requests.read_to_end(&mut Vec::new()).unwrap();
        assert!(cancelled.is(7) && cancelled.is(5) && !cancelled.is(6));
        let many = u64::try_from(REMEMBERED).unwrap();
        (8..7 + many).for_each(|id| cancelled.mark(id));
        assert!(!cancelled.is(5) && cancelled.is(7) && cancelled.is(6 + many));
    }

    #[test]
    fn a_line_without_end_goes_on_in_pieces() {
        let long = vec![b'x'; LINE_LIMIT + 10];
        let (mut requests, _) = split(io::Cursor::new(long));
        let mut read = Vec::new();
        requests.read_to_end(&mut read).unwrap();
        assert_eq!(read.len(), LINE_LIMIT + 10);
    }
}
