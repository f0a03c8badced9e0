//! How work reaches threads that this crate does not own.

use std::sync::Mutex;

/// Runs independent tasks; the caller owns the threads.
///
/// Results never depend on the number of threads or on the order of tasks: each output element has
/// one owner. A decode step makes about 150 short calls for a model of 30 layers, so an executor
/// should spin for some microseconds before it lets its threads sleep.
pub trait Executor: Sync {
    /// Threads that [`Executor::run`] uses, at least 1.
    fn threads(&self) -> usize;

    /// Calls `f(i)` once for each `i < tasks`, on any threads, and returns when all have ended.
    fn run(&self, tasks: usize, f: &(dyn Fn(usize) + Sync));

    /// Told, on the calling thread, which part of a decoding step begins; for whoever measures.
    fn begin(&self, _: Stage) {}
}

/// A part of a decoding step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Norms, and quantisation of what they give; the embedding.
    Norms,
    /// Queries, keys and values, their rotation and storage.
    Qkv,
    /// Attention, and quantisation of what it gives.
    Attention,
    /// Attention's output product.
    Output,
    /// Gate and up products, the activation and its quantisation.
    GateUp,
    /// The down product.
    Down,
    /// Logits.
    Head,
}

impl Stage {
    /// In the order of a step.
    pub const ALL: [Self; 7] = [
        Self::Norms,
        Self::Qkv,
        Self::Attention,
        Self::Output,
        Self::GateUp,
        Self::Down,
        Self::Head,
    ];

    /// Name for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Norms => "norms",
            Self::Qkv => "qkv",
            Self::Attention => "attention",
            Self::Output => "output",
            Self::GateUp => "gate/up",
            Self::Down => "down",
            Self::Head => "head",
        }
    }
}

/// Runs everything on the calling thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Executor for Serial {
    fn threads(&self) -> usize {
        1
    }

    fn run(&self, tasks: usize, f: &(dyn Fn(usize) + Sync)) {
        (0..tasks).for_each(f);
    }
}

/// Most tasks of one call: bounds the memory of a call, far above the threads of any machine that
/// gains from them.
pub(crate) const MAX_TASKS: usize = 64;

/// Hands each part, typically a set of disjoint mutable slices, to one task.
///
/// Parts beyond [`MAX_TASKS`] would be lost, so callers size their parts by it (checked in debug).
pub(crate) fn run_parts<T: Send>(
    exec: &dyn Executor,
    mut parts: impl Iterator<Item = T>,
    f: impl Fn(T) + Sync,
) {
    let mut tasks = 0;
    let slots: [Mutex<Option<T>>; MAX_TASKS] = std::array::from_fn(|_| {
        let part = parts.next();
        tasks += usize::from(part.is_some());
        Mutex::new(part)
    });
    debug_assert!(parts.next().is_none(), "more than {MAX_TASKS} parts");
    let task = |i: usize| {
        let part = slots[i].lock().ok().and_then(|mut slot| slot.take());
        if let Some(part) = part {
            f(part);
        }
    };
    match tasks {
        1 => task(0),
        _ => exec.run(tasks, &task),
    }
}

/// Splits `total` units into at most `parts` nearly equal lengths, none zero.
pub(crate) fn lengths(total: usize, parts: usize) -> impl Iterator<Item = usize> {
    let parts = parts.clamp(1, MAX_TASKS).min(total.max(1));
    (0..parts).map(move |i| total * (i + 1) / parts - total * i / parts)
}

/// Cuts the first `len` elements off a mutable slice.
pub(crate) fn take_front<'a, T>(slice: &mut &'a mut [T], len: usize) -> &'a mut [T] {
    let (front, back) = std::mem::take(slice).split_at_mut(len);
    *slice = back;
    front
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn lengths_add_up_and_differ_by_at_most_one() {
        for total in 1..70 {
            for parts in 1..70 {
                let cut: Vec<_> = lengths(total, parts).collect();
                assert_eq!(cut.iter().sum::<usize>(), total);
                assert_eq!(cut.len(), parts.min(total).min(MAX_TASKS));
                assert!(cut.iter().max().unwrap() - cut.iter().min().unwrap() <= 1);
            }
        }
    }

    #[test]
    fn every_part_is_handed_out_once() {
        let sum = AtomicUsize::new(0);
        run_parts(&Serial, 1..=10_usize, |part| {
            sum.fetch_add(part, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 55);
    }
}
