//! Jobs that decode at the same time share one pass over the weights for each token.
//!
//! Each job runs in a thread of its own, and all that it shares is the step: it hands its cache and
//! token in and waits. Whoever finds nobody computing computes for all that wait. A job that is
//! alone never waits; one that is not waits for those between two steps, a moment at most.

use antiphon_numerics::{Cache, NumericError};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a step waits for jobs that are choosing a token: that takes a fraction of it, and a job
/// whose reader is slow must not hold up the others.
const PATIENCE: Duration = Duration::from_millis(2);

/// One job's part of a step.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) cache: Cache,
    pub(crate) token: u32,
    /// Gets the logits.
    pub(crate) logits: Vec<f32>,
    pub(crate) result: Result<(), NumericError>,
}

/// Where the jobs of a model meet.
#[derive(Debug)]
pub(crate) struct Batch {
    /// Most jobs in a step.
    most: usize,
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Jobs that decode.
    members: usize,
    next: u64,
    waiting: BTreeMap<u64, Seat>,
    done: BTreeMap<u64, Seat>,
    /// Somebody computes a step.
    computing: bool,
}

/// A job that decodes, until it is dropped.
#[derive(Debug)]
pub(crate) struct Member<'b>(&'b Batch);

impl Drop for Member<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.members = state.members.saturating_sub(1);
        self.0.news.notify_all();
    }
}

impl Batch {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            state: Mutex::default(),
            news: Condvar::new(),
        }
    }

    /// Most jobs in a step.
    pub(crate) const fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn join(&self) -> Member<'_> {
        let mut state = self.state();
        state.members = state.members.saturating_add(1);
        Member(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member<'_> {
    /// Has a step computed for this seat, with whoever else is there, by `compute`. None if the
    /// thread that computed it is gone.
    pub(crate) fn step(&self, seat: Seat, compute: impl Fn(&mut [Seat])) -> Option<Seat> {
        let batch = self.0;
        let mut state = batch.state();
        let number = state.next;
        state.next = number.wrapping_add(1);
        state.waiting.insert(number, seat);
        batch.news.notify_all();
        let until = Instant::now().checked_add(PATIENCE);
        loop {
            if let Some(done) = state.done.remove(&number) {
                return Some(done);
            }
            if !state.computing && !state.waiting.contains_key(&number) {
                return None;
            }
            let left = until.map_or(Duration::ZERO, |at| {
                at.saturating_duration_since(Instant::now())
            });
            if state.computing {
                state = batch.wait(state, None);
            } else if state.waiting.len() >= state.members.min(batch.most) || left.is_zero() {
                state = batch.lead(state, &compute);
            } else {
                state = batch.wait(state, Some(left));
            }
        }
    }
}

impl Batch {
    fn wait<'s>(
        &self,
        state: MutexGuard<'s, State>,
        most: Option<Duration>,
    ) -> MutexGuard<'s, State> {
        match most {
            None => self
                .news
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner),
            Some(most) => {
                let woken = self.news.wait_timeout(state, most);
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    /// Computes a step for those that have waited longest.
    fn lead<'s>(
        &'s self,
        mut state: MutexGuard<'s, State>,
        compute: &impl Fn(&mut [Seat]),
    ) -> MutexGuard<'s, State> {
        state.computing = true;
        let mut numbers = Vec::new();
        let mut seats = Vec::new();
        while let Some((number, seat)) = state.waiting.pop_first() {
            numbers.push(number);
            seats.push(seat);
            if seats.len() == self.most {
                break;
            }
        }
        drop(state);
        let gone = Gone(self);
        compute(&mut seats);
        std::mem::forget(gone);
        let mut state = self.state();
        state.done.extend(numbers.into_iter().zip(seats));
        state.computing = false;
        self.news.notify_all();
        state
    }
}

/// A step that panics: the others see that their seats are gone.
struct Gone<'b>(&'b Batch);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.state().computing = false;
        self.0.news.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::prefixes::tests::config;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn seat(token: u32) -> Seat {
        Seat {
            cache: Cache::new(&config(), 10),
            token,
            logits: Vec::new(),
            result: Ok(()),
        }
    }

    /// Gives each seat its token back and counts the seats of the largest step.
    fn echo(most: &AtomicUsize) -> impl Fn(&mut [Seat]) {
        move |seats| {
            most.fetch_max(seats.len(), Ordering::SeqCst);
            std::thread::sleep(Duration::from_micros(250));
            for seat in seats {
                seat.logits = vec![seat.token as f32];
            }
        }
    }

    #[test]
    fn every_job_gets_its_own_seat_back_and_they_do_meet() {
        let (batch, most) = (Batch::new(3), AtomicUsize::new(0));
        let together = std::sync::Barrier::new(5);
        std::thread::scope(|scope| {
            for job in 0..5 {
                let (batch, most) = (&batch, &most);
                let together = &together;
                scope.spawn(move || {
                    let member = batch.join();
                    together.wait();
                    for step in 0..50 {
                        let token = job * 1000 + step;
                        let seat = member.step(seat(token), echo(most)).unwrap();
                        assert_eq!(seat.logits, [token as f32]);
                    }
                });
            }
        });
        let most = most.into_inner();
        assert!((2..=3).contains(&most), "{most}");
        assert_eq!(batch.state().members, 0);
    }

    #[test]
    fn a_step_does_not_wait_long_for_a_job_that_is_busy_elsewhere() {
        let batch = Batch::new(4);
        let (_busy, member) = (batch.join(), batch.join());
        let start = Instant::now();
        member.step(seat(1), |_| {}).unwrap();
        assert!(start.elapsed() >= PATIENCE);
        assert!(start.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn a_step_that_panics_leaves_nobody_waiting() {
        let batch = Batch::new(2);
        std::thread::scope(|scope| {
            let jobs: Vec<_> = (0..2)
                .map(|job| {
                    let batch = &batch;
                    scope.spawn(move || {
                        let member = batch.join();
                        let panics = |seats: &mut [Seat]| {
                            assert!(seats.iter().all(|seat| seat.token != 1));
                        };
                        member.step(seat(job), panics).is_some()
                    })
                })
                .collect();
            let ends = jobs.into_iter().map(|job| job.join().is_ok());
            assert!(ends.filter(|well| !well).count() >= 1);
        });
        assert!(batch.join().step(seat(0), |_| {}).is_some());
    }
}
