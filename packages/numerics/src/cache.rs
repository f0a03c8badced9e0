//! Keys and values of a sequence, with the working memory of its computation.

use crate::Config;
use crate::attention::{BLOCK, KeysValues};
use crate::quantise::Activations;
use std::sync::Mutex;

/// Positions computed together in a prompt; bounds the working memory.
pub(crate) const CHUNK: usize = 512;

/// Keys and values of one layer; see [`KeysValues`] for the layouts.
#[derive(Debug)]
pub(crate) struct LayerCache {
    pub(crate) keys: Vec<f32>,
    pub(crate) values: Vec<f32>,
}

impl LayerCache {
    pub(crate) fn view<'a>(&'a self, config: &Config) -> KeysValues<'a> {
        KeysValues {
            keys: &self.keys,
            values: &self.values,
            kv_heads: config.kv_heads,
            head_dim: config.head_dim,
            scale: config.attention_scale,
        }
    }
}

/// Buffers of one task: nothing in them outlives it.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) acts: Activations,
    pub(crate) norm: Vec<f32>,
    pub(crate) keys: Vec<f32>,
    pub(crate) heads: Vec<f32>,
    pub(crate) gate: Vec<f32>,
    pub(crate) up: Vec<f32>,
    pub(crate) weights: Vec<f32>,
    /// A result before its post norm.
    pub(crate) result: Vec<f32>,
    /// A head before its norm.
    pub(crate) head: Vec<f32>,
}

/// Scratch for as many tasks as run at once.
#[derive(Debug, Default)]
pub(crate) struct Pool(Mutex<Vec<Scratch>>);

impl Pool {
    /// Runs `f` with a scratch that no other task uses.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Scratch) -> R) -> R {
        let kept = self.0.lock().ok().and_then(|mut pool| pool.pop());
        let mut scratch = kept.unwrap_or_default();
        let result = f(&mut scratch);
        if let Ok(mut pool) = self.0.lock() {
            pool.push(scratch);
        }
        result
    }
}

/// A buffer's first `len` values; it grows when it must and keeps its memory.
pub(crate) fn sized(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}

/// The state of one sequence: keys and values of the positions so far.
#[derive(Debug)]
pub struct Cache {
    pub(crate) layers: Vec<LayerCache>,
    pub(crate) len: usize,
    capacity: usize,
    kv_width: usize,
    /// Residual vectors of the positions in work.
    pub(crate) x: Vec<f32>,
    /// Queries of the positions in work.
    pub(crate) q: Vec<f32>,
    /// Residual vector of the last position.
    pub(crate) last: Vec<f32>,
    pub(crate) pool: Pool,
}

impl Cache {
    /// Room for `capacity` positions, at most the model's context.
    ///
    /// Takes `8 * layers * kv_heads * head_dim` bytes for each position; the system hands memory
    /// out as positions are used.
    #[must_use]
    pub fn new(config: &Config, capacity: usize) -> Self {
        let capacity = capacity.min(config.context);
        let values = capacity.next_multiple_of(BLOCK) * config.kv_width();
        let layer = || LayerCache {
            keys: vec![0.0; values],
            values: vec![0.0; values],
        };
        Self {
            layers: (0..config.layers).map(|_| layer()).collect(),
            len: 0,
            capacity,
            kv_width: config.kv_width(),
            x: Vec::new(),
            q: Vec::new(),
            last: vec![0.0; config.width],
            pool: Pool::default(),
        }
    }

    /// Positions in use.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True before the first token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Positions there is room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Forgets all positions from `len` on, so that another continuation can follow.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// True if the cache has the shape of this model.
    pub(crate) fn fits(&self, config: &Config) -> bool {
        self.layers.len() == config.layers
            && self.kv_width == config.kv_width()
            && self.last.len() == config.width
            && self.capacity <= config.context
    }
}
