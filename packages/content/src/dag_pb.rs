//! dag-pb: the two protobuf messages of an IPLD node, in their one canonical form.
//!
//! The reader is strict: links before data, every field of a link present and in order, minimal
//! varints, no unknown field, nothing left over. So one node has one byte string and one CID.
//! Source: IPLD dag-pb specification, "Canonical DAG-PB".

use crate::{Cid, CidError};

/// No block of any kind is larger: the limit of the trustless gateway and of bitswap.
pub const MAX_BLOCK_BYTES: usize = 2 * 1024 * 1024;

/// Field 1 of a link and of a node: length-delimited.
const BYTES_1: u8 = 0x0a;
/// Field 2 of a link and of a node: length-delimited.
const BYTES_2: u8 = 0x12;
/// Field 3 of a link: varint.
const VARINT_3: u8 = 0x18;

/// An IPLD node: named links and opaque data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The children in order.
    pub links: Vec<Link>,
    /// For UnixFS the encoded `Data` message.
    pub data: Option<Vec<u8>>,
}

/// One child of a [`Node`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The child.
    pub cid: Cid,
    /// Empty inside a file.
    pub name: String,
    /// Bytes of all blocks below, the child's included. Writers claim it, readers never trust it.
    pub total: u64,
}

/// Why bytes are not a canonical dag-pb node.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DagPbError {
    /// The bytes end inside a field.
    #[error("the node ends inside a field, want whole fields: the block is cut or not dag-pb")]
    Truncated,
    /// A varint longer than needed or than 64 bits.
    #[error("got a varint that is not minimal or exceeds 64 bits, want the canonical form")]
    Varint,
    /// A field out of place, unknown or twice.
    #[error("got the field tag {got:#04x}, want {want}")]
    Field {
        /// The tag byte found.
        got: u8,
        /// What may stand there.
        want: &'static str,
    },
    /// A link's hash is not a CID this network uses.
    #[error("a link is not usable: {0}")]
    Cid(#[from] CidError),
    /// A link's name is not text.
    #[error("got a link name that is not UTF-8, want text")]
    Name,
    /// The block exceeds [`MAX_BLOCK_BYTES`].
    #[error("got a block of {0} bytes, want at most {MAX_BLOCK_BYTES}")]
    Size(usize),
}

impl Node {
    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for link in &self.links {
            put_bytes(&mut out, BYTES_2, &link.encode());
        }
        if let Some(data) = &self.data {
            put_bytes(&mut out, BYTES_1, data);
        }
        out
    }

    /// Reads the canonical bytes and nothing else.
    ///
    /// # Errors
    /// Any other byte string: see [`DagPbError`].
    pub fn decode(block: &[u8]) -> Result<Self, DagPbError> {
        if block.len() > MAX_BLOCK_BYTES {
            return Err(DagPbError::Size(block.len()));
        }
        let mut input = Cursor(block);
        let mut links = Vec::new();
        while input.take_tag(BYTES_2) {
            links.push(Link::decode(input.bytes()?)?);
        }
        let data = input
            .take_tag(BYTES_1)
            .then(|| input.bytes().map(<[u8]>::to_vec))
            .transpose()?;
        input.end("the end of the node after links and data")?;
        Ok(Self { links, data })
    }
}

impl Link {
    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(48);
        put_bytes(&mut out, BYTES_1, &self.cid.to_bytes());
        put_bytes(&mut out, BYTES_2, self.name.as_bytes());
        put_varint_field(&mut out, VARINT_3, self.total);
        out
    }

    fn decode(bytes: &[u8]) -> Result<Self, DagPbError> {
        let mut input = Cursor(bytes);
        input.want_tag(BYTES_1, "0x0a (the hash of a link)")?;
        let cid = Cid::from_bytes(input.bytes()?)?;
        input.want_tag(BYTES_2, "0x12 (the name of a link)")?;
        let name = std::str::from_utf8(input.bytes()?).map_err(|_| DagPbError::Name)?;
        input.want_tag(VARINT_3, "0x18 (the total size of a link)")?;
        let total = input.varint()?;
        input.end("the end of the link")?;
        Ok(Self {
            cid,
            name: name.to_owned(),
            total,
        })
    }
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    put_varint_field(
        out,
        tag,
        u64::try_from(bytes.len()).unwrap_or(u64::MAX), // usize is at most 64 bits
    );
    out.extend_from_slice(bytes);
}

pub(crate) fn put_varint_field(out: &mut Vec<u8>, tag: u8, mut value: u64) {
    out.push(tag);
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// What is left of a message.
#[derive(Debug)]
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    /// Takes the tag if it is next. Every tag of these formats is one byte.
    pub(crate) fn take_tag(&mut self, tag: u8) -> bool {
        match self.0.split_first() {
            Some((&next, rest)) if next == tag => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    pub(crate) fn want_tag(&mut self, tag: u8, want: &'static str) -> Result<(), DagPbError> {
        if self.take_tag(tag) {
            return Ok(());
        }
        Err(match self.0.first() {
            Some(&got) => DagPbError::Field { got, want },
            None => DagPbError::Truncated,
        })
    }

    pub(crate) fn end(&self, want: &'static str) -> Result<(), DagPbError> {
        match self.0.first() {
            Some(&got) => Err(DagPbError::Field { got, want }),
            None => Ok(()),
        }
    }

    pub(crate) fn varint(&mut self) -> Result<u64, DagPbError> {
        let mut value: u64 = 0;
        for shift in (0..64_u32).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(DagPbError::Truncated)?;
            self.0 = rest;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return Err(DagPbError::Varint);
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                let minimal = byte != 0 || shift == 0;
                return minimal.then_some(value).ok_or(DagPbError::Varint);
            }
        }
        Err(DagPbError::Varint)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], DagPbError> {
        let length = usize::try_from(self.varint()?).map_err(|_| DagPbError::Truncated)?;
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(DagPbError::Truncated)?;
        self.0 = rest;
        Ok(bytes)
    }
}
