//! The gateway over HTTP, against a hand-written network and, in `chain.rs`, a fake node with fake workers.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests: an overflow or a missing value is a failed test"
)]

mod binary;
mod browsers;
mod chain;
mod dedupe;
mod documented;
mod errors;
mod fake;
#[allow(
    dead_code,
    reason = "the chain crate's own fake; not all of it is used here"
)]
#[path = "../../../packages/chain/tests/chain/fake_node/mod.rs"]
mod fake_node;
#[allow(dead_code, reason = "shared with the client's tests")]
#[path = "../client/fake_workers.rs"]
mod fake_workers;
mod gate;
mod health;
mod journal;
mod keys;
mod later;
mod page;
mod requests;
mod stream;
#[allow(dead_code, reason = "shared with the client's tests")]
#[path = "../client/world.rs"]
mod world;
