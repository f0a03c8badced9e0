//! Content identifiers, UnixFS files and CAR archives: the bytes behind every name in Antiphon.
//!
//! No I/O happens here. A [`Cid`] has one spelling, and everything that reads one refuses all others.

mod cid;
mod hex;

pub use cid::{Cid, CidError, Codec};
pub use hex::{Hex, HexError};
