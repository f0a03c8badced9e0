//! The worker's tests: pure parts first, then the whole worker on fakes.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "in a test a panic is a failure with its place"
)]

mod callbacks;
mod carried;
mod chores;
mod config;
mod desk;
mod duty;
mod engines;
mod fake;
mod faults;
mod finding;
mod home;
mod http;
mod journal;
mod life;
mod models;
mod operator;
mod outbox;
mod process;
mod relay;
mod together;
mod together_real;
mod vote;

use antiphon_api::{Ballot, Cid, Finish, Hex};

/// An answer that differs by its number.
pub(crate) fn answer(number: u8) -> Ballot {
    Ballot::Answer {
        cid: Cid::of_raw(&[number]),
        finish: Finish::Stop,
        output_tokens: 3,
        prompt_tokens: 7,
        trace: Hex([number; 32]),
    }
}
