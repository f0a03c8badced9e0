//! Choice of a token from logits (CN-1 sections 7.1 and 7.2): integers after the exponential.

use crate::elementary::expc;

/// How to choose. Ranges are the caller's to check: `temperature_milli` up to 10000,
/// `top_p_milli` 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Temperature in thousandths; 0 takes the greatest logit.
    pub temperature_milli: u32,
    /// Only the first so many ids in order of their logits; 0 for all.
    pub top_k: u32,
    /// Only the shortest prefix with this share of the weight, in thousandths.
    pub top_p_milli: u32,
}

/// A choice with the numbers that led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The id.
    pub token: u32,
    /// Ids that could have been chosen.
    pub kept: usize,
    /// Sum of their weights.
    pub total: u64,
    /// Where in the sum the choice fell.
    pub r: u64,
}

/// Chooses a token; `h` is the first 8 bytes of the seed's hash, little endian. Logits are finite.
#[must_use]
pub fn choose(logits: &[f32], sampling: &Sampling, h: u64) -> u32 {
    match Weighted::new(logits, sampling) {
        None => greedy(logits),
        // The whole order has the whole weight: no need to sort it.
        Some(weighted) if sampling.top_p_milli >= 1000 => {
            let (kept, total) = (weighted.order.len(), weighted.all);
            weighted.draw(kept, total, h).token
        }
        Some(mut weighted) => {
            let (kept, total) = weighted.prefix(sampling.top_p_milli);
            weighted.draw(kept, total, h).token
        }
    }
}

/// As [`choose`], with the numbers. At temperature 0 only the token means something.
#[must_use]
pub fn explain(logits: &[f32], sampling: &Sampling, h: u64) -> Choice {
    match Weighted::new(logits, sampling) {
        None => Choice {
            token: greedy(logits),
            kept: 1,
            total: 0,
            r: 0,
        },
        Some(mut weighted) => {
            let (kept, total) = weighted.prefix(sampling.top_p_milli);
            weighted.draw(kept, total, h)
        }
    }
}

/// Ids in order with their integer weights.
struct Weighted<'a> {
    logits: &'a [f32],
    order: Order,
    max: f32,
    inv_t: f32,
    /// Sum over all ids left by top-k: at most 2^24 weights up to 2^32.
    all: u64,
}

impl<'a> Weighted<'a> {
    /// `None` if the choice is greedy.
    fn new(logits: &'a [f32], sampling: &Sampling) -> Option<Self> {
        if sampling.temperature_milli == 0 || logits.is_empty() {
            return None;
        }
        let order = Order::new(logits, sampling.top_k);
        let inv_t = 1000.0 / sampling.temperature_milli as f32;
        let mut weighted = Self {
            logits,
            order,
            max: 0.0,
            inv_t,
            all: 0,
        };
        weighted.max = logits[weighted.order.id(0) as usize];
        let ids = weighted.order.keys.iter().map(|&key| key as u32);
        weighted.all = ids.map(|id| weighted.weight(id)).sum();
        Some(weighted)
    }

    /// `floor(expc(z) * 2^32)`: the product is exact, so the truncation is exact.
    fn weight(&self, id: u32) -> u64 {
        let z = (self.logits[id as usize] - self.max) * self.inv_t;
        (expc(z) * f32::from_bits(0x4F80_0000)) as u64
    }

    /// Length and weight of the shortest prefix with the wanted share.
    fn prefix(&mut self, top_p_milli: u32) -> (usize, u64) {
        let wanted = u128::from(self.all) * u128::from(top_p_milli);
        let mut total = 0;
        for i in 0..self.order.len() {
            let id = self.order.id(i);
            total += self.weight(id);
            if u128::from(total) * 1000 >= wanted {
                return (i + 1, total);
            }
        }
        (self.order.len(), total)
    }

    fn draw(mut self, kept: usize, total: u64, h: u64) -> Choice {
        let r = ((u128::from(h) * u128::from(total)) >> 64) as u64;
        let mut passed = 0;
        for i in 0..kept {
            let token = self.order.id(i);
            passed += self.weight(token);
            if passed > r {
                return Choice {
                    token,
                    kept,
                    total,
                    r,
                };
            }
        }
        // Out of reach: r is below the total, because the greatest logit has weight 2^32.
        Choice {
            token: self.order.id(0),
            kept,
            total,
            r,
        }
    }
}

/// The lowest id among those with the greatest logit; -0 equals +0.
fn greedy(logits: &[f32]) -> u32 {
    let mut best = 0;
    for (id, &logit) in logits.iter().enumerate() {
        if logit > logits[best] {
            best = id;
        }
    }
    best as u32
}

/// Ids by descending logit, then ascending id, sorted only as far as it is read.
struct Order {
    /// Descending order of the logit in the upper, id in the lower half.
    keys: Vec<u64>,
    sorted: usize,
}

/// First number of ids to sort; each further step doubles it.
const FIRST_SORT: usize = 64;

impl Order {
    fn new(logits: &[f32], top_k: u32) -> Self {
        let key = |(id, &logit): (usize, &f32)| (u64::from(descending(logit)) << 32) | id as u64;
        let mut order = Self {
            keys: logits.iter().enumerate().map(key).collect(),
            sorted: 0,
        };
        let k = top_k as usize;
        if k > 0 && k < order.keys.len() {
            order.keys.select_nth_unstable(k - 1);
            order.keys.truncate(k);
        }
        order
    }

    fn len(&self) -> usize {
        self.keys.len()
    }

    /// Id at place `i` of the order.
    fn id(&mut self, i: usize) -> u32 {
        while i >= self.sorted {
            let len = self.keys.len();
            let until = (self.sorted * 2)
                .clamp(FIRST_SORT, len.max(FIRST_SORT))
                .min(len);
            let rest = &mut self.keys[self.sorted..];
            let count = until - self.sorted;
            if count < rest.len() {
                rest.select_nth_unstable(count);
            }
            rest[..count].sort_unstable();
            self.sorted = until;
        }
        self.keys[i] as u32
    }
}

/// Maps a float to an integer that ascends as the float descends; both zeros map to one.
fn descending(x: f32) -> u32 {
    let bits = if x == 0.0 { 0 } else { x.to_bits() };
    if bits >> 31 == 0 {
        !bits & 0x7fff_ffff
    } else {
        bits
    }
}
