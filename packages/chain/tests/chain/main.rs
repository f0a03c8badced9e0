//! The chain crate against a fake node with faults, and against known vectors.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests: an overflow or a missing value is a failed test"
)]

mod agree;
mod blocks;
mod fake_node;
mod golden_grants;
mod grants;
mod keys;
mod rpc;
mod sender;
