//! Addresses: digests bind their bytes, people read their bech32 spelling.

use bech32::Bech32;
use bech32::primitives::decode::CheckedHrpstring;

/// Longest address a chain can have (`lp` of documents, digests, would hold more).
const MAX_BYTES: usize = 255;

/// Prefix and canonical bytes of a bech32 address; none if it is not in its one spelling: lower case, and zeros in
/// the bits that pad the last letter, which the checksum does not ask for.
#[must_use]
pub fn canonical(address: &str) -> Option<(String, Vec<u8>)> {
    let read = CheckedHrpstring::new::<Bech32>(address).ok()?;
    let bytes: Vec<u8> = read.byte_iter().collect();
    let fits = (1..=MAX_BYTES).contains(&bytes.len());
    let spelt = bech32::encode::<Bech32>(read.hrp(), &bytes).ok()?;
    (fits && spelt == address).then(|| (read.hrp().to_string(), bytes))
}

#[cfg(test)]
mod tests {
    use bech32::primitives::iter::{ByteIterExt as _, Fe32IterExt as _};
    use bech32::{Fe32, Hrp};

    use super::*;

    const ADDRESS: &str = "wasm1v5sm395f0vu4kn8n4c8e47e92wy4h9etf29nwj";

    /// Bytes, and the same with the lowest bit of the padding set; both have their checksum.
    fn spellings(bytes: &[u8]) -> [String; 2] {
        let hrp = Hrp::parse("wasm").unwrap();
        [0, 1].map(|padding| {
            let mut words: Vec<Fe32> = bytes.iter().copied().bytes_to_fes().collect();
            let last = words.pop().unwrap().to_u8() | padding;
            words.push(Fe32::try_from(last).unwrap());
            let words = words.into_iter().with_checksum::<Bech32>(&hrp);
            words.chars().collect()
        })
    }

    #[test]
    fn an_address_has_a_prefix_and_bytes() {
        let (prefix, bytes) = canonical(ADDRESS).unwrap();
        assert_eq!((prefix.as_str(), bytes.len()), ("wasm", 20));
    }

    #[test]
    fn other_spellings_are_none() {
        let upper = ADDRESS.to_uppercase();
        for bad in [upper.as_str(), "wasm1", "", &ADDRESS.replace("v5", "v6")] {
            assert_eq!(canonical(bad), None, "{bad}");
        }
    }

    #[test]
    fn bits_of_padding_make_no_second_spelling() {
        for length in [1, 19, 21, 32, 33] {
            let bytes = vec![0xa5; length];
            let [one, other] = spellings(&bytes);
            assert_eq!(canonical(&one).unwrap().1, bytes, "{one}");
            assert_eq!(canonical(&other), None, "{other}");
        }
    }
}
