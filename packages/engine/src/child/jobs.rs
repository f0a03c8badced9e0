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
    /// Waits until fewer than `most` run, and counts one more until the answer is dropped.
    ///
    /// # Errors
    /// A job could not write to the parent, or panicked.
    pub(super) fn begin(&self, most: usize) -> io::Result<Running<'_>> {
        let mut state = self.wait_below(most.max(1))?;
        state.running = state.running.saturating_add(1);
        Ok(Running { jobs: self })
    }

    fn end(&self, broken: Option<io::Error>) {
        let mut state = self.state();
        state.running = state.running.saturating_sub(1);
        state.broken = state.broken.take().or(broken);
        self.ended.notify_all();
    }

    /// Waits until none runs.
    ///
    /// # Errors
    /// A job could not write to the parent, or panicked.
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

/// A job that is counted. A panic ends it too: nobody waits for it, and the child takes no other.
#[derive(Debug)]
pub(super) struct Running<'j> {
    jobs: &'j Jobs,
}

impl Running<'_> {
    /// Ends the job with what it met.
    pub(super) fn end(self, result: io::Result<()>) {
        if let Err(error) = result {
            self.jobs.state().broken.get_or_insert(error);
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let panicked = std::thread::panicking();
        self.jobs
            .end(panicked.then(|| io::Error::other("a job panicked: see the lines before")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_panics_is_over_and_breaks_the_child() {
        let jobs = Jobs::default();
        std::thread::scope(|scope| {
            let running = jobs.begin(1).unwrap();
            let job = scope.spawn(move || {
                let _running = running;
                panic!("planted");
            });
            assert!(job.join().is_err());
        });
        let text = jobs.begin(1).unwrap_err().to_string();
        assert!(text.contains("panicked"), "{text}");
        jobs.all_done().unwrap();
    }

    #[test]
    fn what_a_job_could_not_write_is_told_to_the_next() {
        let jobs = Jobs::default();
        let running = jobs.begin(1).unwrap();
        running.end(Err(io::Error::from(io::ErrorKind::BrokenPipe)));
        assert_eq!(
            jobs.all_done().unwrap_err().kind(),
            io::ErrorKind::BrokenPipe
        );
        jobs.begin(1).unwrap().end(Ok(()));
    }
}
