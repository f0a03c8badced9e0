//! Addresses: digests bind their bytes, people read their bech32 spelling.

use bech32::Bech32;
use bech32::primitives::decode::CheckedHrpstring;

/// Longest address a chain can have (`lp` of protocol, section 5, would hold more).
const MAX_BYTES: usize = 255;

/// Prefix and canonical bytes of a bech32 address; none if it is not in its one spelling, lower case.
#[must_use]
pub fn canonical(address: &str) -> Option<(String, Vec<u8>)> {
    if address.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let read = CheckedHrpstring::new::<Bech32>(address).ok()?;
    let bytes: Vec<u8> = read.byte_iter().collect();
    let fits = (1..=MAX_BYTES).contains(&bytes.len());
    fits.then(|| (read.hrp().to_string(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = "wasm1v5sm395f0vu4kn8n4c8e47e92wy4h9etf29nwj";

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
}
