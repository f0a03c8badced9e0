//! The contract's wasm in the virtual machine of a chain, at the chain's prices: what every message
//! costs, before it is on any chain.

pub mod machine;
pub mod meter;
pub mod prices;
pub mod store;
pub mod table;
pub mod tx;
