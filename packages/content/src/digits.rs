//! Bytes in digits of four or five bits, lower case: hex and base32 without padding, as RFC 4648
//! writes them. Every byte string has one spelling, and nothing else is read.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "at most twelve bits are held, and lengths are those of slices in memory"
)]

/// A set of digits.
pub(crate) struct Digits {
    /// Bits of one digit.
    bits: u32,
    symbols: &'static [u8],
    value: fn(u8) -> Option<u8>,
}

/// Four bits a digit.
pub(crate) const HEX: Digits = Digits {
    bits: 4,
    symbols: b"0123456789abcdef",
    value: |symbol| match symbol {
        b'0'..=b'9' => Some(symbol - b'0'),
        b'a'..=b'f' => Some(symbol - b'a' + 10),
        _ => None,
    },
};

/// Five bits a digit.
pub(crate) const BASE32: Digits = Digits {
    bits: 5,
    symbols: b"abcdefghijklmnopqrstuvwxyz234567",
    value: |symbol| match symbol {
        b'a'..=b'z' => Some(symbol - b'a'),
        b'2'..=b'7' => Some(symbol - b'2' + 26),
        _ => None,
    },
};

impl Digits {
    fn symbol(&self, value: u32) -> char {
        let index = usize::try_from(value).unwrap_or(usize::MAX) & (self.symbols.len() - 1);
        self.symbols.get(index).copied().map_or('?', char::from)
    }

    /// Writes bytes after `text`; the last digit is filled with zero bits.
    pub(crate) fn encode(&self, bytes: &[u8], mut text: String) -> String {
        text.reserve(bytes.len() * 2);
        let (mut held, mut count) = (0_u32, 0);
        for byte in bytes {
            held = (held & 0xf) << 8 | u32::from(*byte);
            count += 8;
            while count >= self.bits {
                count -= self.bits;
                text.push(self.symbol(held >> count));
            }
        }
        if count > 0 {
            text.push(self.symbol(held << (self.bits - count)));
        }
        text
    }

    /// Reads exactly as many bytes as `to` has; none if the text is not their one spelling.
    pub(crate) fn decode(&self, text: &[u8], to: &mut [u8]) -> Option<()> {
        let (mut held, mut count) = (0_u32, 0);
        let mut places = to.iter_mut();
        for symbol in text {
            held = (held << self.bits | u32::from((self.value)(*symbol)?)) & 0xfff;
            count += self.bits;
            if count >= 8 {
                count -= 8;
                *places.next()? = u8::try_from(held >> count & 0xff).ok()?;
            }
        }
        let rest = held & ((1 << count) - 1);
        (places.next().is_none() && count < self.bits && rest == 0).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4648_are_written_and_read() {
        let examples: [(&[u8], &str, &str); 7] = [
            (b"", "", ""),
            (b"f", "66", "my"),
            (b"fo", "666f", "mzxq"),
            (b"foo", "666f6f", "mzxw6"),
            (b"foob", "666f6f62", "mzxw6yq"),
            (b"fooba", "666f6f6261", "mzxw6ytb"),
            (b"foobar", "666f6f626172", "mzxw6ytboi"),
        ];
        for (bytes, hex, base32) in examples {
            for (digits, text) in [(HEX, hex), (BASE32, base32)] {
                assert_eq!(digits.encode(bytes, String::new()), text);
                let mut read = vec![0; bytes.len()];
                assert_eq!(digits.decode(text.as_bytes(), &mut read), Some(()));
                assert_eq!(read, bytes);
            }
        }
    }

    #[test]
    fn all_bytes_survive() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        for digits in [HEX, BASE32] {
            let text = digits.encode(&bytes, String::new());
            let mut read = vec![0; bytes.len()];
            assert_eq!(digits.decode(text.as_bytes(), &mut read), Some(()));
            assert_eq!(read, bytes);
        }
    }

    #[test]
    fn padding_bits_other_lengths_and_other_symbols_are_refused() {
        let mut one = [0];
        for text in ["mz", "m", "myy", "my======", "MY", "m1", "m ", ""] {
            assert_eq!(BASE32.decode(text.as_bytes(), &mut one), None, "{text}");
        }
        for text in ["6", "666", "6666", "6G", "AA", "0x", ""] {
            assert_eq!(HEX.decode(text.as_bytes(), &mut one), None, "{text}");
        }
    }
}
