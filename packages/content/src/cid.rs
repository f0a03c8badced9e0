//! The one kind of content identifier Antiphon uses: version 1, SHA-256, base32 lower case.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::digits::BASE32;

/// What the bytes behind a [`Cid`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// The bytes as they are (0x55): prompts, answers, manifests, leaves of a file.
    Raw,
    /// A dag-pb node (0x70): the inner nodes and the root of a UnixFS file.
    DagPb,
}

impl Codec {
    const fn code(self) -> u8 {
        match self {
            Self::Raw => 0x55,
            Self::DagPb => 0x70,
        }
    }
}

/// A CIDv1 with a SHA-256 multihash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid {
    codec: Codec,
    digest: [u8; 32],
}

/// Why a text or byte string is not a [`Cid`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CidError {
    /// The text is not 59 characters of `b` + base32 lower case with zero padding bits.
    #[error(
        "got {0:?}, want a CIDv1 in its one spelling: 'b' and 58 of a-z2-7 (base32 lower case)"
    )]
    Spelling(String),
    /// The bytes do not start with version 1, codec raw or dag-pb, sha2-256, 32.
    #[error(
        "got the prefix {0:02x?}, want 01, 55 or 70, 12 20 (version 1, raw or dag-pb, sha2-256)"
    )]
    Prefix([u8; 4]),
    /// The binary form is not 36 bytes long.
    #[error("got {0} bytes, want the 36 bytes of a CIDv1 with a sha2-256 digest")]
    Length(usize),
}

impl Cid {
    /// The identifier of one raw block.
    #[must_use]
    pub fn of_raw(bytes: &[u8]) -> Self {
        Self {
            codec: Codec::Raw,
            digest: Sha256::digest(bytes).into(),
        }
    }

    /// The identifier of one dag-pb node.
    #[must_use]
    pub fn of_dag_pb(bytes: &[u8]) -> Self {
        Self {
            codec: Codec::DagPb,
            digest: Sha256::digest(bytes).into(),
        }
    }

    /// The identifier with this codec and SHA-256 digest.
    #[must_use]
    pub const fn new(codec: Codec, digest: [u8; 32]) -> Self {
        Self { codec, digest }
    }

    /// What the bytes are.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// The 32-byte SHA-256 of the block.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// Whether `bytes` are the block this identifier names.
    #[must_use]
    pub fn matches(&self, bytes: &[u8]) -> bool {
        <[u8; 32]>::from(Sha256::digest(bytes)) == self.digest
    }

    /// The binary form: 36 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 36] {
        let mut bytes = [0; 36];
        bytes[..4].copy_from_slice(&[0x01, self.codec.code(), 0x12, 0x20]);
        bytes[4..].copy_from_slice(&self.digest);
        bytes
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// Another length, version, codec or hash function.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CidError> {
        let bytes: &[u8; 36] = bytes
            .try_into()
            .map_err(|_| CidError::Length(bytes.len()))?;
        let [version, codec, hash, size, digest @ ..] = *bytes;
        let codec = match (version, codec, hash, size) {
            (0x01, 0x55, 0x12, 0x20) => Codec::Raw,
            (0x01, 0x70, 0x12, 0x20) => Codec::DagPb,
            _ => return Err(CidError::Prefix([version, codec, hash, size])),
        };
        Ok(Self { codec, digest })
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE32.encode(&self.to_bytes(), String::from("b")))
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Cid {
    type Err = CidError;

    fn from_str(text: &str) -> Result<Self, CidError> {
        let refused = || CidError::Spelling(text.chars().take(80).collect());
        let digits = text.strip_prefix('b').ok_or_else(refused)?;
        let mut bytes = [0; 36];
        BASE32
            .decode(digits.as_bytes(), &mut bytes)
            .ok_or_else(refused)?;
        Self::from_bytes(&bytes)
    }
}

impl Serialize for Cid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Cid {
    fn schema_name() -> String {
        "Cid".to_owned()
    }

    fn json_schema(generator: &mut schemars::r#gen::SchemaGenerator) -> schemars::schema::Schema {
        let mut schema = String::json_schema(generator).into_object();
        schema.string().pattern = Some("^b[a-z2-7]{57}[aeimquy4]$".to_owned());
        schema.into()
    }
}
