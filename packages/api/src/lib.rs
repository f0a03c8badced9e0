//! Messages, queries, events, ids and limits of the Antiphon contract.
//!
//! Everything that crosses the contract's edge is defined here once: the contract, the worker and the
//! clients share these types. Amounts are decimal strings; ids, heights, counts and seconds are
//! numbers; digests, keys and signatures are lower-case hex; unknown fields are refused.

mod events;
mod limits;
mod msg;
mod params;
mod query;
mod read;
#[macro_use]
mod response;
mod responses;
mod task_responses;

pub use events::*;
pub use limits::*;
pub use msg::*;
pub use params::*;
pub use query::*;
pub use responses::*;
pub use task_responses::*;

pub use antiphon_content::{Cid, Hex};
pub use antiphon_documents::{Ballot, Finish};
pub use cosmwasm_std::{HexBinary, Uint128};
