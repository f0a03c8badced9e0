//! The byte table of GPT-2, and the bytes of all tokens in one piece of memory.

use std::collections::BTreeMap;

/// What each character of an ordinary token stands for: 0x21-0x7E, 0xA1-0xAC and 0xAE-0xFF
/// themselves; the 68 other bytes, ascending, are U+0100 to U+0143.
pub(super) fn char_bytes() -> BTreeMap<char, u8> {
    let plain = |b: &u8| matches!(b, 0x21..=0x7E | 0xA1..=0xAC | 0xAE..=0xFF);
    let themselves = (0..=u8::MAX).filter(plain).map(|b| (char::from(b), b));
    let others = (0..=u8::MAX).filter(|b| !plain(b));
    ('\u{100}'..='\u{143}')
        .zip(others)
        .chain(themselves)
        .collect()
}

/// The bytes of every token, by id.
#[derive(Debug, Default)]
pub(super) struct TokenBytes {
    all: Vec<u8>,
    ends: Vec<usize>,
}

impl TokenBytes {
    /// Appends the bytes of the next id.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.all.extend_from_slice(bytes);
        self.ends.push(self.all.len());
    }

    pub(super) fn get(&self, id: u32) -> Option<&[u8]> {
        let id = usize::try_from(id).ok()?;
        let end = *self.ends.get(id)?;
        let start = match id.checked_sub(1) {
            None => 0,
            Some(before) => *self.ends.get(before)?,
        };
        self.all.get(start..end)
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_one_character() {
        let table = char_bytes();
        assert_eq!(table.len(), 256);
        assert_eq!(table[&'Ġ'], b' ');
        assert_eq!(table[&'Ċ'], b'\n');
        assert_eq!(table[&'\u{143}'], 0xAD);
        assert_eq!(table[&'!'], b'!');
    }

    #[test]
    fn tokens_without_bytes_keep_their_place() {
        let mut all = TokenBytes::default();
        for bytes in [&b"ab"[..], b"", b"c"] {
            all.push(bytes);
        }
        assert_eq!(all.get(0), Some(&b"ab"[..]));
        assert_eq!(all.get(1), Some(&b""[..]));
        assert_eq!(all.get(2), Some(&b"c"[..]));
        assert_eq!(all.get(3), None);
    }
}
