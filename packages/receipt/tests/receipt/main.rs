//! Receipts: the samples that every implementation is tested on, and what happens to a changed one.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests: an overflow or a missing value is a failed test"
)]

mod broken;
mod build;
mod flips;
mod openers;
mod properties;
mod samples;
