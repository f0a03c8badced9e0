//! One computation at a time, in the order of asking: a prompt in pieces does not keep the other
//! jobs from their next token.

use std::sync::{Condvar, Mutex, PoisonError};

/// A lock that serves whoever has waited longest.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The next number to give out.
    next: u64,
    /// The number whose turn it is.
    now: u64,
}

/// Passes the turn on when it is dropped.
struct Turn<'t>(&'t Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.now = state.now.wrapping_add(1);
        self.0.news.notify_all();
    }
}

impl Turns {
    /// Runs `work` when it is its turn.
    pub(crate) fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let number = state.next;
        state.next = number.wrapping_add(1);
        while state.now != number {
            state = self
                .news
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        let _turn = Turn(self);
        work()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn one_runs_at_a_time_and_a_panic_passes_the_turn_on() {
        let (turns, inside) = (Turns::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for i in 0..4 {
                let (turns, inside) = (&turns, &inside);
                scope.spawn(move || {
                    for _ in 0..100 {
                        turns.run(|| {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                            inside.fetch_sub(1, Ordering::SeqCst);
                        });
                    }
                    if i == 0 {
                        let panics = || turns.run(|| panic!("on purpose"));
                        let work = std::panic::AssertUnwindSafe(panics);
                        std::panic::catch_unwind(work).unwrap_err();
                    }
                });
            }
        });
        assert_eq!(turns.run(|| 7), 7);
    }
}
