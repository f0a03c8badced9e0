//! Threads for a call, started anew each time: slow, simple, and in an order that nobody knows.

use antiphon_numerics::Executor;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many threads.
pub(crate) struct Threads(pub(crate) usize);

impl Executor for Threads {
    fn threads(&self) -> usize {
        self.0
    }

    fn run(&self, tasks: usize, f: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                match next.fetch_add(1, Ordering::Relaxed) {
                    task if task < tasks => f(task),
                    _ => break,
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.0.min(tasks) {
                scope.spawn(work);
            }
            work();
        });
    }
}
