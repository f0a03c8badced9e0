//! The address space of an engine's process, and how many jobs it holds.
//!
//! A job's keys and values are known only when the model is loaded, by the process that this bounds.
//! So the bound comes first, and then as many jobs are computed at once as it has room for.

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
}

impl Wanted {
    /// Bytes for one job at a time.
    fn one(&self) -> u64 {
        let threads = u64::try_from(self.threads).unwrap_or(u64::MAX);
        let lengths = if self.cn_1 { CN_1 } else { OTHERS };
        let model = self.weights.saturating_mul(lengths);
        model
            .saturating_add(BASE)
            .saturating_add(threads.saturating_mul(THREAD))
    }

    /// Bytes of address space.
    pub(super) fn bytes(&self) -> u64 {
        let further = u64::try_from(self.jobs.saturating_sub(1)).unwrap_or(u64::MAX);
        let all = self.one().saturating_add(further.saturating_mul(FURTHER));
        self.bound.unwrap_or(all)
    }

    /// Jobs at once, at least one: as many as were wanted, as the engine computes together, and as
    /// there is room for with contexts of this length.
    pub(super) fn jobs(&self, loaded: &Loaded, context_tokens: u32) -> usize {
        let context = u64::from(context_tokens.min(loaded.context_length));
        let each = THREAD.saturating_add(context.saturating_mul(loaded.cache_bytes_per_token));
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
        }
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
        assert_eq!(wanted(1, None).jobs(&small, 2048), 1);
        assert_eq!(wanted(2, None).jobs(&small, 2048), 2);
        assert_eq!(wanted(4, None).jobs(&small, 2048), 4);
        // 1 GiB for 8,192 positions, whatever the manifest would take; less for 1,024.
        let large = loaded(1 << 17, 64);
        assert_eq!(wanted(2, None).jobs(&large, 100_000), 1);
        assert_eq!(wanted(2, None).jobs(&large, 1024), 2);
        let one = wanted(1, None).bytes();
        let bound = |gibibytes: u64| Some(one + (gibibytes << 30) + (gibibytes * THREAD));
        assert_eq!(wanted(8, bound(3)).jobs(&large, 8192), 4);
        assert_eq!(wanted(8, Some(1)).jobs(&large, 8192), 1);
    }

    #[test]
    fn jobs_are_no_more_than_the_engine_computes_together() {
        assert_eq!(wanted(4, None).jobs(&loaded(8, 1), 2048), 1);
        assert_eq!(wanted(4, None).jobs(&loaded(8, 0), 2048), 1);
        assert_eq!(wanted(4, None).jobs(&loaded(0, 3), 2048), 3);
    }
}
