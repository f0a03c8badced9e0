//! Which leaves of a model somebody has, in the layout of `GET /antiphon/v1/have`.

/// Leaf k is bit (k mod 8), least significant first, of byte k div 8. Spare bits are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    bytes: Vec<u8>,
    leaves: usize,
}

impl Bitmap {
    /// Nothing had.
    #[must_use]
    pub fn empty(leaves: usize) -> Self {
        Self {
            bytes: vec![0; leaves.div_ceil(8)],
            leaves,
        }
    }

    /// Everything had.
    #[must_use]
    pub fn full(leaves: usize) -> Self {
        let mut all = Self::empty(leaves);
        (0..leaves).for_each(|leaf| all.set(leaf, true));
        all
    }

    /// Reads the wire form; `None` for another length or spare bits that are set.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], leaves: usize) -> Option<Self> {
        let spare = leaves % 8;
        let clean = spare == 0 || bytes.last().is_some_and(|last| last >> spare == 0);
        (bytes.len() == leaves.div_ceil(8) && clean).then(|| Self {
            bytes: bytes.to_vec(),
            leaves,
        })
    }

    /// The wire form: ⌈leaves/8⌉ bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Number of leaves of the file.
    #[must_use]
    pub const fn leaves(&self) -> usize {
        self.leaves
    }

    /// Whether leaf `leaf` is had; a leaf outside the file never is.
    #[must_use]
    pub fn has(&self, leaf: usize) -> bool {
        let byte = self.bytes.get(leaf / 8);
        byte.is_some_and(|byte| byte >> (leaf % 8) & 1 == 1)
    }

    /// Sets or clears the bit of a leaf inside the file.
    pub fn set(&mut self, leaf: usize, had: bool) {
        if leaf >= self.leaves {
            return;
        }
        let mask = 1_u8 << (leaf % 8);
        if let Some(byte) = self.bytes.get_mut(leaf / 8) {
            *byte = if had { *byte | mask } else { *byte & !mask };
        }
    }

    /// How many leaves are had.
    #[must_use]
    pub fn count(&self) -> usize {
        (0..self.leaves).filter(|leaf| self.has(*leaf)).count()
    }

    /// Whether every leaf is had.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.count() == self.leaves
    }
}
