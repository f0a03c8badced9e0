//! How many jobs of a child run, and how they ended.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Jobs that run in threads of their own.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    /// The parent is gone: what one of them saw.
    broken: Option<io::Error>,
}

impl Jobs {
    /// Waits until fewer than `most` run, and counts one more.
    ///
    /// # Errors
    /// A job could not write to the parent.
    pub(super) fn begin(&self, most: usize) -> io::Result<()> {
        let mut state = self.wait_below(most.max(1))?;
        state.running = state.running.saturating_add(1);
        Ok(())
    }

    /// Counts one less.
    pub(super) fn end(&self, result: io::Result<()>) {
        let mut state = self.state();
        state.running = state.running.saturating_sub(1);
        state.broken = state.broken.take().or(result.err());
        self.ended.notify_all();
    }

    /// Waits until none runs.
    ///
    /// # Errors
    /// A job could not write to the parent.
    pub(super) fn all_done(&self) -> io::Result<()> {
        self.wait_below(1).map(drop)
    }

    fn wait_below(&self, most: usize) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        while state.running >= most {
            state = self
                .ended
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        match state.broken.take() {
            Some(error) => Err(error),
            None => Ok(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
