//! Memory of weights that somebody else may own: a buffer, or a file that the caller has mapped.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Places of matrices start at multiples of this: a cache line, and the widest vector.
pub const ALIGNMENT: usize = 64;

/// Some bytes of a shared, constant memory. A clone is the same memory.
#[derive(Clone)]
pub struct Bytes {
    keep: Arc<dyn AsRef<[u8]> + Send + Sync>,
    at: Range<usize>,
}

impl Bytes {
    /// A part of `keep`; none if it is not within.
    ///
    /// Only speed depends on the alignment; [`ALIGNMENT`] is best. The memory must not change: what
    /// is read from it is computed with, whatever it is, but the bits follow.
    #[must_use]
    pub fn new(keep: Arc<dyn AsRef<[u8]> + Send + Sync>, at: Range<usize>) -> Option<Self> {
        let inside = (*keep).as_ref().get(at.clone()).is_some();
        inside.then_some(Self { keep, at })
    }

    /// The bytes.
    #[must_use]
    pub fn get(&self) -> &[u8] {
        (*self.keep)
            .as_ref()
            .get(self.at.clone())
            .unwrap_or_default()
    }

    /// A buffer of its own, aligned, that `fill` writes first.
    pub(crate) fn filled(len: usize, fill: impl FnOnce(&mut [u8])) -> Self {
        let mut buffer = vec![0_u8; len + ALIGNMENT];
        let start = buffer.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
        fill(&mut buffer[start..start + len]);
        Self {
            keep: Arc::new(buffer),
            at: start..start + len,
        }
    }
}

impl fmt::Debug for Bytes {
    /// Never the weights.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.at.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_outside_the_memory_is_refused() {
        let keep: Arc<Vec<u8>> = Arc::new(vec![1, 2, 3]);
        assert_eq!(Bytes::new(keep.clone(), 1..3).unwrap().get(), [2, 3]);
        assert!(Bytes::new(keep, 1..4).is_none());
    }

    #[test]
    fn a_buffer_of_its_own_is_aligned_and_keeps_its_place() {
        for len in [0, 1, 64, 4097] {
            let bytes = Bytes::filled(len, |to| to.fill(7));
            assert_eq!(bytes.get(), vec![7; len]);
            let copy = bytes.clone();
            assert_eq!(copy.get().as_ptr().align_offset(ALIGNMENT), 0);
        }
    }
}
