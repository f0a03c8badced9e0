//! Keys and values of recent sequences, for those that begin alike: the turns of one conversation.
//!
//! A prompt is split where one likes without changing a bit (cn-1.md sect. 10), so what an earlier
//! job left is as good as new. Only the shared pages of the cache are kept.

use antiphon_numerics::{Cache, Config, Prefix};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most sequences kept: each is compared with each new prompt.
const ENTRIES: usize = 64;

/// What recent sequences left, in the order of their use.
#[derive(Debug)]
pub(crate) struct Prefixes {
    /// Most bytes of all; 0 keeps nothing.
    limit: usize,
    /// The one used last is at the end.
    entries: Mutex<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    ids: Vec<u32>,
    prefix: Prefix,
}

impl Prefixes {
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit,
            entries: Mutex::new(Vec::new()),
        }
    }

    /// A cache for a prompt, with as much of it as is known, the last token excepted: somebody
    /// wants its logits.
    pub(crate) fn open(&self, config: &Config, capacity: usize, prompt: &[u32]) -> Cache {
        let wanted = prompt.split_last().map_or(prompt, |(_, before)| before);
        let mut entries = self.entries();
        let lengths = entries.iter().map(|entry| common(&entry.ids, wanted));
        let best = lengths.enumerate().max_by_key(|(_, length)| *length);
        match best {
            Some((at, length)) if length > 0 => {
                let entry = entries.remove(at);
                let cache = Cache::resumed(config, capacity, &entry.prefix, length);
                entries.push(entry);
                cache
            }
            _ => Cache::new(config, capacity),
        }
    }

    /// Keeps what a sequence of these tokens has computed: as many as its cache has.
    pub(crate) fn keep(&self, ids: &[u32], cache: &Cache) {
        let prefix = cache.share();
        let ids = ids.get(..prefix.len()).unwrap_or_default();
        if ids.is_empty() || prefix.bytes() > self.limit {
            return;
        }
        let mut entries = self.entries();
        // A sequence that goes on from another one replaces it.
        entries.retain(|entry| !ids.starts_with(&entry.ids));
        if !entries.iter().any(|entry| entry.ids.starts_with(ids)) {
            let ids = ids.to_vec();
            entries.push(Entry { ids, prefix });
        }
        while entries.len() > ENTRIES || bytes(&entries) > self.limit {
            entries.remove(0);
        }
    }

    /// Bytes of the keys and values kept; pages that several share count for each of them.
    pub(crate) fn bytes(&self) -> usize {
        bytes(&self.entries())
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shared pages count for each that has them, so the true use is below.
fn bytes(entries: &[Entry]) -> usize {
    let each = entries.iter().map(|entry| entry.prefix.bytes());
    each.fold(0, usize::saturating_add)
}

/// Length of the common beginning.
fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use antiphon_numerics::Family;
    use antiphon_numerics::family::Numbers;

    /// One page of 64 positions has 64 * 2 * 4 * 8 = 4096 bytes.
    pub(in crate::model) fn config() -> Config {
        Family::Llama.config(&Numbers {
            layers: 1,
            width: 8,
            heads: 1,
            kv_heads: 1,
            head_dim: 8,
            ffn: 8,
            vocab: 100,
            context: 1000,
            eps: 1e-5,
            rope_dim: 8,
            rope_base: None,
            rope_local_base: None,
            rope_linear: None,
            rope_factors: None,
            window: None,
        })
    }

    /// A cache that says it has these positions; its content does not matter here.
    fn cache(prefixes: &Prefixes, ids: &[u32]) -> Cache {
        let model = tests_model();
        let mut cache = prefixes.open(model.config(), 1000, &[]);
        let exec = antiphon_numerics::Serial;
        model.forward_no_head(&mut cache, ids, &exec).unwrap();
        cache
    }

    fn tests_model() -> antiphon_numerics::Transformer {
        use antiphon_numerics::{
            Kernel, LayerWeights, Matrix, Projections, TensorType, Transformer, Weights,
        };
        let matrix = |rows| {
            let zeros = vec![0; 32_usize.strict_mul(rows)];
            Matrix::pack(Kernel::Scalar, TensorType::F32, rows, 8, &zeros).unwrap()
        };
        let norm = || vec![1.0; 8].into();
        let layer = LayerWeights {
            attn_norm: norm(),
            qkv: Projections::Split {
                q: matrix(8).into(),
                k: matrix(8).into(),
                v: matrix(8).into(),
            },
            q_norm: None,
            k_norm: None,
            o: matrix(8).into(),
            post_attn_norm: None,
            ffn_norm: norm(),
            gate: Some(matrix(8).into()),
            up: matrix(8).into(),
            down: matrix(8).into(),
            post_ffn_norm: None,
        };
        let weights = Weights {
            layers: vec![layer],
            embedding: matrix(100),
            positions: None,
            output_norm: norm(),
            head: None,
        };
        Transformer::new(config(), weights, Kernel::Scalar).unwrap()
    }

    fn known(prefixes: &Prefixes, prompt: &[u32]) -> usize {
        prefixes.open(&config(), 1000, prompt).len()
    }

    #[test]
    fn the_longest_common_beginning_is_found_and_the_last_token_is_left() {
        let prefixes = Prefixes::new(1 << 20);
        for ids in [&[1, 2, 3, 4][..], &[1, 2, 9]] {
            prefixes.keep(ids, &cache(&prefixes, ids));
        }
        assert_eq!(known(&prefixes, &[1, 2, 3, 4, 5]), 4);
        assert_eq!(known(&prefixes, &[1, 2, 3, 4]), 3);
        assert_eq!(known(&prefixes, &[1, 2, 9, 9]), 3);
        assert_eq!(known(&prefixes, &[1, 7]), 1);
        assert_eq!(known(&prefixes, &[1]), 0);
        assert_eq!(known(&prefixes, &[5, 1, 2, 3]), 0);
    }

    #[test]
    fn a_sequence_that_goes_on_takes_the_place_of_its_beginning() {
        let prefixes = Prefixes::new(1 << 20);
        for ids in [&[1, 2][..], &[1, 2, 3], &[1, 2], &[1]] {
            prefixes.keep(ids, &cache(&prefixes, ids));
            assert_eq!(prefixes.entries().len(), 1);
        }
        assert_eq!(prefixes.entries()[0].ids, [1, 2, 3]);
    }

    #[test]
    fn the_least_recently_used_go_first_when_the_bytes_are_used_up() {
        let prefixes = Prefixes::new(3 * 4096);
        for id in [1, 2, 3] {
            prefixes.keep(&[id, 5], &cache(&prefixes, &[id, 5]));
        }
        assert_eq!(known(&prefixes, &[1, 5, 0]), 2);
        prefixes.keep(&[4, 5], &cache(&prefixes, &[4, 5]));
        assert_eq!(
            [1, 2, 3, 4].map(|id| known(&prefixes, &[id, 5, 0])),
            [2, 0, 2, 2]
        );
        // Four pages are more than the limit.
        let long = [6; 200];
        prefixes.keep(&long, &cache(&prefixes, &long));
        assert_eq!(
            [1, 3, 4, 6].map(|id| known(&prefixes, &[id, 5, 0])),
            [2, 2, 2, 0]
        );
        assert_eq!(known(&Prefixes::new(0), &[1, 2]), 0);
    }
}
