//! The client against a fake node and fake workers.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests: an overflow or a missing value is a failed test"
)]

mod appeal;
mod appeal_again;
mod ask;
mod binary;
mod carry;
mod chat;
mod engines;
#[allow(
    dead_code,
    reason = "the chain crate's own fake; not all of it is used here"
)]
#[path = "../../../packages/chain/tests/chain/fake_node/mod.rs"]
mod fake_node;
mod fake_workers;
mod generated;
mod later;
mod model;
mod money;
mod network;
mod receipts;
mod rounds;
mod security;
mod session;
mod world;
