//! The second engine: against the first, and on its own.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is the report, sizes are small, and comparisons print figures"
)]

mod agreement;
mod child;
mod miniatures;
#[path = "../../../engine/tests/engine/place.rs"]
mod place;
mod refusals;
mod support;
