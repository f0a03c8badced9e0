//! A network of actors: blocks, a beacon, workers with keys, a requester; every operation is
//! followed by a check of the conservation law.

pub mod actors;
pub mod check;
pub mod copy;
pub mod elsewhere;
pub mod network;
pub mod votes;

pub use actors::{Beacon, Worker};
pub use copy::Copy;
pub use network::{Ask, Network, Options};
