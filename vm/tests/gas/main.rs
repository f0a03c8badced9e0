//! Gas of every message of the contract's wasm: against the committed table, against the goals, and
//! between a small network and the largest.
//!
//! `ANTIPHON_CONTRACT_WASM` names the contract; `UPDATE_GAS=1` rewrites the table.

mod actors;
mod flat;
mod goals;
mod measure;
mod scenes;
mod size;
mod table;
mod world;
