//! Keys and values of a sequence, with the working memory of its computation.
//!
//! Keys and values lie in pages of [`PAGE`] positions, one for each layer, which are added as the
//! sequence grows: nothing is copied or reserved for positions that never come. Sequences share
//! the pages of a common beginning; a page that is shared is copied before it is written to.

use crate::Config;
use crate::attention::{BLOCK, KeysValues};
use crate::quantise::Activations;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Positions computed together in a prompt; bounds the working memory.
pub(crate) const CHUNK: usize = 512;
/// Positions of a page: whole parts of a prompt, see `transformer::prefill`.
pub(crate) const PAGE: usize = 4 * BLOCK;

/// Keys and values of [`PAGE`] positions of one layer; see [`KeysValues`] for the layouts.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) keys: Vec<f32>,
    pub(crate) values: Vec<f32>,
}

impl Page {
    fn new(kv_width: usize) -> Arc<Self> {
        let zeros = || vec![0.0; PAGE * kv_width];
        Arc::new(Self {
            keys: zeros(),
            values: zeros(),
        })
    }
}

/// Keys and values of one layer.
#[derive(Clone, Debug, Default)]
pub(crate) struct LayerCache {
    pages: Vec<Arc<Page>>,
}

impl LayerCache {
    /// A page as attention reads it.
    pub(crate) fn view<'a>(&'a self, page: usize, config: &Config) -> KeysValues<'a> {
        let page = &self.pages[page];
        KeysValues {
            keys: &page.keys,
            values: &page.values,
            kv_heads: config.kv_heads,
            head_dim: config.head_dim,
            scale: config.attention_scale,
        }
    }

    /// The pages from that of `position` on, ours alone.
    pub(crate) fn pages_mut(&mut self, position: usize) -> impl Iterator<Item = &mut Page> {
        self.pages[position / PAGE..].iter_mut().map(Arc::make_mut)
    }

    /// Makes room for positions.
    fn reserve(&mut self, end: usize, kv_width: usize) {
        let pages = end.div_ceil(PAGE);
        while self.pages.len() < pages {
            self.pages.push(Page::new(kv_width));
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
        let mut scratch = self.take();
        let result = f(&mut scratch);
        self.put(scratch);
        result
    }

    fn take(&self) -> Scratch {
        let kept = self.0.lock().ok().and_then(|mut pool| pool.pop());
        kept.unwrap_or_default()
    }

    fn put(&self, scratch: Scratch) {
        if let Ok(mut pool) = self.0.lock() {
            pool.push(scratch);
        }
    }
}

/// A buffer's first `len` values; it grows when it must and keeps its memory.
pub(crate) fn sized(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len, 0.0);
    }
    &mut buffer[..len]
}

/// Working memory of a computation: nothing in it outlives a call but the memory.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Residual vectors of the positions in work.
    pub(crate) x: Vec<f32>,
    /// Queries of the positions in work.
    pub(crate) q: Vec<f32>,
    /// Values of the positions in work, before they are stored.
    pub(crate) v: Vec<f32>,
    /// Outputs in the order of the tasks that made them.
    pub(crate) parts: Vec<f32>,
    pub(crate) pool: Pool,
}

impl Work {
    /// Runs `f` with a scratch beside the rest.
    pub(crate) fn with_scratch<R>(&mut self, f: impl FnOnce(&mut Self, &mut Scratch) -> R) -> R {
        let mut scratch = self.pool.take();
        let result = f(self, &mut scratch);
        self.pool.put(scratch);
        result
    }
}

/// The state of one sequence: keys and values of the positions so far.
#[derive(Debug)]
pub struct Cache {
    pub(crate) layers: Vec<LayerCache>,
    pub(crate) len: usize,
    capacity: usize,
    kv_width: usize,
    /// Residual vector of the last position.
    pub(crate) last: Vec<f32>,
    pub(crate) work: Work,
}

impl Cache {
    /// Room for `capacity` positions, at most the model's context.
    ///
    /// Takes `8 * layers * kv_heads * head_dim` bytes for each position in use, in pages of 64.
    #[must_use]
    pub fn new(config: &Config, capacity: usize) -> Self {
        Self {
            layers: vec![LayerCache::default(); config.layers],
            len: 0,
            capacity: capacity.min(config.context),
            kv_width: config.kv_width(),
            last: vec![0.0; config.width],
            work: Work::default(),
        }
    }

    /// A sequence that begins with `len` positions of another, whose pages it shares; at most as
    /// many as that has and as there is room for.
    ///
    /// There are no logits before a token has been fed to it.
    #[must_use]
    pub fn resumed(config: &Config, capacity: usize, from: &Prefix, len: usize) -> Self {
        let mut cache = Self::new(config, capacity);
        if from.layers.len() == config.layers && from.kv_width == cache.kv_width {
            cache.len = len.min(from.len).min(cache.capacity);
            cache.layers.clone_from(&from.layers);
            let pages = cache.len.div_ceil(PAGE);
            for layer in &mut cache.layers {
                layer.pages.truncate(pages);
            }
        }
        cache
    }

    /// The keys and values of all positions, for sequences that begin with them. Nothing is
    /// copied until one of them writes.
    #[must_use]
    pub fn share(&self) -> Prefix {
        Prefix {
            layers: self.layers.clone(),
            len: self.len,
            kv_width: self.kv_width,
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

    /// Pages for the next `tokens` positions, which the caller has compared with the capacity.
    pub(crate) fn reserve(&mut self, tokens: usize) -> Range<usize> {
        let positions = self.len..self.len + tokens;
        for layer in &mut self.layers {
            layer.reserve(positions.end, self.kv_width);
        }
        positions
    }

    /// True if the cache has the shape of this model.
    pub(crate) fn fits(&self, config: &Config) -> bool {
        self.layers.len() == config.layers
            && self.kv_width == config.kv_width()
            && self.last.len() == config.width
            && self.capacity <= config.context
    }
}

/// The keys and values that a sequence left behind.
#[derive(Clone, Debug)]
pub struct Prefix {
    layers: Vec<LayerCache>,
    len: usize,
    kv_width: usize,
}

impl Prefix {
    /// Positions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there is no position.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of the pages, those shared with others included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let pages: usize = self.layers.iter().map(|layer| layer.pages.len()).sum();
        pages * 2 * PAGE * self.kv_width * size_of::<f32>()
    }
}
