//! The address space of an engine's process, and how many jobs it holds.
//!
//! A job's keys and values are known only when the model is loaded, by the process that this bounds.
//! So a bound comes first, and one that cannot hold the longest job is found out before a seat is
//! taken: without an operator's bound the process starts again with a larger one. Then as many jobs
//! are computed at once as there is room for.

use antiphon_engine::child::Loaded;

/// Weights under CN-1, in lengths of the file: mapped, packed, and headroom.
const CN_1: u64 = 3;
/// Under another engine: mapped, read, repacked, and the embedding as floats, which alone may be
/// several times the file.
const OTHERS: u64 = 10;
/// Beyond the weights: caches and code.
const BASE: u64 = 1 << 30;
/// What each thread may reserve for its stack and allocator; a job has a thread too.
const THREAD: u64 = 128 << 20;
/// What the bound for one job leaves beside its threads, two copies of the model, caches and code,
/// beyond a third copy.
const HEADROOM: u64 = 512 << 20;
/// Most positions of a task: a token for each byte of the longest prompt, its template, its answer.
const LONGEST: u32 = 16_384 + 4_096 + 4_096;
/// For each job beyond the first one: its thread, and 384 MiB of keys and values.
const FURTHER: u64 = 512 << 20;

/// What the address space is chosen by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// Bytes of the model's file.
    pub(super) weights: u64,
    /// Computed by CN-1.
    pub(super) cn_1: bool,
    /// Threads that compute.
    pub(super) threads: usize,
    /// Jobs at once.
    pub(super) jobs: usize,
    /// The operator's bound, if there is one.
    pub(super) bound: Option<u64>,
    /// Bytes of keys and values of the longest job; 0 until the model is loaded.
    pub(super) keys_values: u64,
}

impl Wanted {
    /// Bytes for one job at a time.
    fn one(&self) -> u64 {
        let threads = u64::try_from(self.threads).unwrap_or(u64::MAX);
        let lengths = if self.cn_1 { CN_1 } else { OTHERS };
        let model = self.weights.saturating_mul(lengths);
        let usual = self.weights.saturating_add(HEADROOM);
        model
            .saturating_add(BASE)
            .saturating_add(threads.saturating_mul(THREAD))
            .saturating_add(self.keys_values.saturating_sub(usual))
    }

    /// The same, with the keys and values of a loaded model's longest job.
    pub(super) fn of(self, loaded: &Loaded, context_tokens: u32) -> Self {
        let context = context_tokens.min(loaded.context_length).min(LONGEST);
        let keys_values = u64::from(context).saturating_mul(loaded.cache_bytes_per_token);
        Self {
            keys_values,
            ..self
        }
    }

    /// Bytes without which the longest job ends the process.
    pub(super) fn least(&self) -> u64 {
        let spare = self.weights.saturating_add(HEADROOM);
        let rest = self.one().saturating_sub(spare);
        rest.saturating_add(self.keys_values.min(spare))
    }

    /// Bytes of address space.
    pub(super) fn bytes(&self) -> u64 {
        let further = u64::try_from(self.jobs.saturating_sub(1)).unwrap_or(u64::MAX);
        let all = self.one().saturating_add(further.saturating_mul(FURTHER));
        self.bound.unwrap_or(all)
    }

    /// Jobs at once, at least one: as many as were wanted, as the engine computes together, and as
    /// there is room for.
    pub(super) fn jobs(&self, loaded: &Loaded) -> usize {
        let each = THREAD.saturating_add(self.keys_values);
        let room = self.bytes().saturating_sub(self.one());
        let further = room.checked_div(each).unwrap_or(0);
        let further = usize::try_from(further).unwrap_or(usize::MAX);
        let fit = further.saturating_add(1);
        fit.min(self.jobs).min(loaded.jobs).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use antiphon_api::Hex;

    const SMALL: u64 = 98 << 20;

    fn wanted(jobs: usize, bound: Option<u64>) -> Wanted {
        Wanted {
            weights: SMALL,
            cn_1: true,
            threads: 2,
            jobs,
            bound,
            keys_values: 0,
        }
    }

    /// Jobs of a model with such a context.
    fn jobs(wanted: Wanted, loaded: &Loaded, context_tokens: u32) -> usize {
        wanted.of(loaded, context_tokens).jobs(loaded)
    }

    /// A model whose jobs take this many bytes for each position.
    fn loaded(cache_bytes_per_token: u64, jobs: usize) -> Loaded {
        Loaded {
            sha256: Hex([0; 32]),
            bytes: SMALL,
            numerics: "cn-1".to_owned(),
            kernel: "scalar".to_owned(),
            threads: 2,
            context_length: 8192,
            cache_bytes_per_token,
            seconds: 0.0,
            jobs,
            weights: "in memory".to_owned(),
        }
    }

    #[test]
    fn one_job_has_three_times_the_model_a_gibibyte_and_128_mebibytes_a_thread() {
        let mebibytes = 3 * 98 + 1024 + 2 * 128;
        assert_eq!(wanted(1, None).bytes(), mebibytes << 20);
        assert_eq!(wanted(3, None).bytes(), (mebibytes + 2 * 512) << 20);
        assert_eq!(wanted(3, Some(77)).bytes(), 77);
    }

    #[test]
    fn jobs_are_as_many_as_there_is_room_for_keys_and_values() {
        // 90 MiB of keys and values for 2,048 positions: the default has room for all that are wanted.
        let small = loaded(46_080, 64);
        assert_eq!(jobs(wanted(1, None), &small, 2048), 1);
        assert_eq!(jobs(wanted(2, None), &small, 2048), 2);
        assert_eq!(jobs(wanted(4, None), &small, 2048), 4);
        // 1 GiB for 8,192 positions, whatever the manifest would take; less for 1,024.
        let large = loaded(1 << 17, 64);
        assert_eq!(jobs(wanted(2, None), &large, 100_000), 1);
        assert_eq!(jobs(wanted(2, None), &large, 1024), 2);
        let one = wanted(1, None).of(&large, 8192).bytes();
        let bound = |gibibytes: u64| Some(one + (gibibytes << 30) + (gibibytes * THREAD));
        assert_eq!(jobs(wanted(8, bound(3)), &large, 8192), 4);
        assert_eq!(jobs(wanted(8, Some(1)), &large, 8192), 1);
    }

    #[test]
    fn jobs_are_no_more_than_the_engine_computes_together() {
        assert_eq!(jobs(wanted(4, None), &loaded(8, 1), 2048), 1);
        assert_eq!(jobs(wanted(4, None), &loaded(8, 0), 2048), 1);
        assert_eq!(jobs(wanted(4, None), &loaded(0, 3), 2048), 3);
    }

    #[test]
    fn the_longest_job_of_a_model_with_large_keys_and_values_has_room() {
        // 3 GiB of keys and values for 8,192 positions: three times the file and 1 GiB are too little.
        let large = loaded(393_216, 64);
        let first = wanted(1, None);
        let known = first.of(&large, 8192);
        assert_eq!(known.keys_values, 3 << 30);
        let usual = (SMALL + HEADROOM).min(known.keys_values);
        assert_eq!(known.bytes(), first.bytes() + known.keys_values - usual);
        assert_eq!(known.least(), known.bytes());
        assert_eq!(known.jobs(&large), 1);
        // No task has more positions than 24,576, whatever the model's context.
        let far = Loaded {
            context_length: 1 << 20,
            ..loaded(1024, 64)
        };
        assert_eq!(first.of(&far, 1 << 20).keys_values, 24_576 << 10);
        // What a small model needs is less than the usual bound.
        let small = first.of(&loaded(46_080, 64), 2048);
        assert_eq!(small.bytes(), first.bytes());
        assert!(small.least() < small.bytes());
        assert_eq!(
            small.least() + SMALL + HEADROOM,
            small.bytes() + small.keys_values
        );
    }
}
