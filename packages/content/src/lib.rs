//! Content identifiers and UnixFS files: the bytes behind every name in Antiphon.
//!
//! No I/O happens here. A [`Cid`] has one spelling, and everything that reads one refuses all others.

mod cid;
pub mod dag_pb;
mod digits;
mod hex;
pub mod unixfs;

pub use cid::{Cid, CidError, Codec};
pub use hex::{Hex, HexError};
