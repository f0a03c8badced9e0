//! A bounds-checked reader over the bytes of the file.

use super::GgufError;

/// Reads little-endian fields one after the other; never past the end, never panics.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A `usize` as the 64-bit number of an error text.
#[must_use]
pub fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) const fn position(&self) -> usize {
        self.at
    }

    /// The next `n` bytes.
    pub(crate) fn take(&mut self, n: u64, what: &'static str) -> Result<&'a [u8], GgufError> {
        let end = wide(self.at).saturating_add(n);
        let truncated = GgufError::Truncated {
            what,
            end,
            size: wide(self.bytes.len()),
        };
        let Ok(stop) = usize::try_from(end) else {
            return Err(truncated);
        };
        let taken = self.bytes.get(self.at..stop).ok_or(truncated)?;
        self.at = stop;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], GgufError> {
        let taken = self.take(wide(N), what)?;
        let mut out = [0; N];
        out.copy_from_slice(taken);
        Ok(out)
    }

    pub(crate) fn magic(&mut self) -> Result<[u8; 4], GgufError> {
        self.chunk("the magic")
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, GgufError> {
        Ok(u8::from_le_bytes(self.chunk(what)?))
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, GgufError> {
        Ok(u16::from_le_bytes(self.chunk(what)?))
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, GgufError> {
        Ok(u32::from_le_bytes(self.chunk(what)?))
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, GgufError> {
        Ok(u64::from_le_bytes(self.chunk(what)?))
    }

    /// A string: its length in bytes as 64 bits, then UTF-8.
    pub(crate) fn string(&mut self, limit: u64, what: &'static str) -> Result<&'a str, GgufError> {
        let length = self.u64(what)?;
        if length > limit {
            return Err(GgufError::TooLarge {
                what,
                got: length,
                limit,
            });
        }
        let at = wide(self.at);
        std::str::from_utf8(self.take(length, what)?).map_err(|_| GgufError::NotUtf8 { what, at })
    }
}
