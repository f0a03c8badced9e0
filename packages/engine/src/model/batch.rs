//! Jobs that decode at the same time share one pass over the weights for each token.
//!
//! Each job runs in a thread of its own, and all that it shares is the step: it hands its cache and
//! token in and waits. Whoever finds nobody computing computes for all that wait. A job that is
//! alone never waits; one that is not waits for those that choose their next token, a moment at most,
//! and no longer for one that has let a step pass.

use antiphon_numerics::{Cache, NumericError};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
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
    patience: Duration,
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The next member's number.
    next: u64,
    /// Members between two steps, for whose tokens a step waits.
    choosing: BTreeSet<u64>,
    /// Members whose tokens are here, the longest waiting first.
    waiting: VecDeque<(u64, Seat)>,
    done: BTreeMap<u64, Seat>,
    /// Somebody computes a step.
    computing: bool,
}

impl State {
    /// Whether a member's token waits for a step.
    fn has(&self, member: u64) -> bool {
        self.waiting.iter().any(|(number, _)| *number == member)
    }
}

/// A job that decodes, until it is dropped.
#[derive(Debug)]
pub(crate) struct Member<'b> {
    batch: &'b Batch,
    number: u64,
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        self.batch.state().choosing.remove(&self.number);
        self.batch.news.notify_all();
    }
}

impl Batch {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            patience: PATIENCE,
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
        let number = state.next;
        state.next = number.wrapping_add(1);
        state.choosing.insert(number);
        Member {
            batch: self,
            number,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member<'_> {
    /// Has a step computed for this seat, with whoever else is there, by `compute`. None if the
    /// thread that computed it is gone.
    pub(crate) fn step(&mut self, seat: Seat, compute: impl Fn(&mut [Seat])) -> Option<Seat> {
        let batch = self.batch;
        let mut state = batch.state();
        state.choosing.remove(&self.number);
        state.waiting.push_back((self.number, seat));
        batch.news.notify_all();
        let mut since = Instant::now();
        loop {
            if let Some(done) = state.done.remove(&self.number) {
                return Some(done);
            }
            if state.computing {
                state = batch.wait(state, None);
                // Those of that step choose now: only from here on can they be late.
                since = Instant::now();
                continue;
            }
            if !state.has(self.number) {
                return None;
            }
            let left = batch.patience.saturating_sub(since.elapsed());
            if left.is_zero() {
                state.choosing.clear();
            }
            state = match state.choosing.is_empty() || state.waiting.len() >= batch.most {
                true => batch.lead(state, &compute),
                false => batch.wait(state, Some(left)),
            };
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
        let count = state.waiting.len().min(self.most);
        let (numbers, mut seats): (Vec<_>, Vec<_>) = state.waiting.drain(..count).unzip();
        drop(state);
        let gone = Gone(self);
        compute(&mut seats);
        std::mem::forget(gone);
        let mut state = self.state();
        state.choosing.extend(&numbers);
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
                    let mut member = batch.join();
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
        assert!(batch.state().choosing.is_empty());
    }

    #[test]
    fn a_step_waits_a_moment_for_a_busy_job_and_then_no_more_until_it_is_back() {
        let batch = Batch::new(4);
        let (mut busy, mut member) = (batch.join(), batch.join());
        let start = Instant::now();
        member.step(seat(1), |_| {}).unwrap();
        assert!(start.elapsed() >= PATIENCE);
        assert!(start.elapsed() < Duration::from_secs(1));
        assert_eq!(batch.state().choosing, BTreeSet::from([member.number]));
        busy.step(seat(2), |_| {}).unwrap();
        assert!(batch.state().choosing.contains(&busy.number));
    }

    #[test]
    fn jobs_that_began_at_different_times_meet_in_the_next_step() {
        let batch = Batch {
            patience: Duration::from_millis(500),
            ..Batch::new(2)
        };
        let largest = AtomicUsize::new(0);
        let (mut first, mut second) = (batch.join(), batch.join());
        // The first one's step takes longer than anybody's patience, and the second comes meanwhile.
        std::thread::scope(|scope| {
            let (batch, largest) = (&batch, &largest);
            batch.state().choosing.remove(&second.number);
            scope.spawn(move || {
                let slow = |_: &mut [Seat]| {
                    while batch.state().waiting.is_empty() {
                        std::thread::yield_now();
                    }
                    std::thread::sleep(batch.patience + Duration::from_millis(100));
                };
                first.step(seat(1), slow).unwrap();
                first.step(seat(2), echo(largest)).unwrap();
            });
            while !batch.state().computing {
                std::thread::yield_now();
            }
            second.step(seat(3), echo(largest)).unwrap();
        });
        assert_eq!(largest.into_inner(), 2);
    }

    #[test]
    fn a_step_that_panics_leaves_nobody_waiting() {
        let batch = Batch::new(2);
        std::thread::scope(|scope| {
            let jobs: Vec<_> = (0..2)
                .map(|job| {
                    let batch = &batch;
                    scope.spawn(move || {
                        let mut member = batch.join();
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
