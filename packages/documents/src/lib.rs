//! Prompt, manifest, ballot and commitment: what they look like, byte for byte.

mod ballot;

pub use ballot::{Ballot, Finish};
