//! Threads that live as long as their model.

use antiphon_numerics::{Executor, Serial};
use rayon_core::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// The threads of a model: none of its own for one thread, else a pool.
///
/// The pool is rayon's: its threads look for work for some microseconds, giving way to other
/// processes, before they sleep; and a caller never waits for a thread that has not begun: it does
/// the work itself. Both matter when five workers share two cores.
#[derive(Debug)]
pub(crate) enum Threads {
    One,
    Pool(ThreadPool),
}

impl Threads {
    pub(crate) fn new(count: usize) -> Result<Self, ThreadPoolBuildError> {
        if count <= 1 {
            return Ok(Self::One);
        }
        let name = |i| format!("engine-{i}");
        Ok(Self::Pool(
            ThreadPoolBuilder::new()
                .num_threads(count)
                .thread_name(name)
                .build()?,
        ))
    }

    /// Runs `work` where its executor is cheapest to use: on a thread of the pool.
    pub(crate) fn enter<R: Send>(&self, work: impl FnOnce(&dyn Executor) -> R + Send) -> R {
        match self {
            Self::One => work(&Serial),
            Self::Pool(pool) => pool.install(|| work(&Joined(pool))),
        }
    }

    /// Number of threads that compute.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::One => 1,
            Self::Pool(pool) => pool.current_num_threads(),
        }
    }
}

/// Splits tasks in halves that idle threads may take.
struct Joined<'p>(&'p ThreadPool);

impl Executor for Joined<'_> {
    fn threads(&self) -> usize {
        self.0.current_num_threads()
    }

    fn run(&self, tasks: usize, f: &(dyn Fn(usize) + Sync)) {
        halves(0, tasks, f);
    }
}

/// Calls `f` for `from..to`; the depth is the logarithm of the number of tasks.
fn halves(from: usize, to: usize, f: &(dyn Fn(usize) + Sync)) {
    match to.saturating_sub(from) {
        0 => {}
        1 => f(from),
        count => {
            let middle = from.saturating_add(count.div_ceil(2));
            rayon_core::join(|| halves(from, middle, f), || halves(middle, to, f));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_task_runs_once_on_any_number_of_threads() {
        for threads in [1, 2, 3, 8] {
            let pool = Threads::new(threads).unwrap();
            assert_eq!(pool.count(), threads);
            for tasks in [0, 1, 2, 3, 7, 64] {
                let seen: Vec<_> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                pool.enter(|exec| {
                    exec.run(tasks, &|i| {
                        seen[i].fetch_add(1, Ordering::Relaxed);
                    });
                });
                assert!(
                    seen.iter().all(|n| n.load(Ordering::Relaxed) == 1),
                    "{threads} {tasks}"
                );
            }
        }
    }
}
