//! The contract on a simulated chain: real keys, real beacon signatures, real coins.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "tests: an overflow or a missing value is a failure to be shown"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    reason = "nothing here is a library"
)]

mod suite;

mod appeals;
mod attacks;
mod audits;
mod beacons;
mod callbacks;
mod carried;
mod draw_statistics;
mod draws;
mod duties;
mod entry;
mod explore;
mod honest;
mod invariants;
mod jail;
mod lifecycle;
mod matrix;
mod messages;
mod migration;
mod outcomes;
mod owner;
mod peers;
mod queries;
mod records;
mod refusals;
mod reveals;
mod simulation;
mod unbonding;
