//! The UnixFS `Data` message of a file's inner node.

use super::walk::SkeletonFault;
use crate::dag_pb::{Cursor, put_varint_field};

const KIND: u8 = 0x08;
const INLINE: u8 = 0x12;
const FILE_SIZE: u8 = 0x18;
const BLOCK_SIZE: u8 = 0x20;

/// `DataType.File` of the UnixFS specification.
const FILE: u64 = 2;

/// What an inner node says about the file below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMessage {
    /// Bytes of the file below this node.
    pub size: u64,
    /// Bytes of the file below each link, in order.
    pub parts: Vec<u64>,
}

impl FileMessage {
    /// The canonical bytes: type, file size, one block size a link.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint_field(&mut out, KIND, FILE);
        put_varint_field(&mut out, FILE_SIZE, self.size);
        for part in &self.parts {
            put_varint_field(&mut out, BLOCK_SIZE, *part);
        }
        out
    }

    /// Reads a file's message.
    ///
    /// # Errors
    /// Directories, symlinks, sharded directories, inline data, mode, mtime, any other field.
    pub fn decode(bytes: &[u8]) -> Result<Self, SkeletonFault> {
        let mut input = Cursor(bytes);
        input.want_tag(KIND, "0x08 (the UnixFS type)")?;
        let kind = input.varint()?;
        if kind != FILE {
            return Err(SkeletonFault::Kind(kind));
        }
        if input.take_tag(INLINE) {
            return Err(SkeletonFault::InlineData);
        }
        input.want_tag(FILE_SIZE, "0x18 (the file size)")?;
        let size = input.varint()?;
        let mut parts = Vec::new();
        while input.take_tag(BLOCK_SIZE) {
            parts.push(input.varint()?);
        }
        input.end("nothing after the block sizes (no mode, time, fan-out)")?;
        Ok(Self { size, parts })
    }
}
