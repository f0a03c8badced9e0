//! What a tier computes: a tier is a set of kernels on a processor, real or emulated, in one build.
//!
//! The program takes a line of words and prints one line, a hash. It is built for every tier; equal
//! lines from all of them are the proof that a vote may mix them. It reads no clock, no environment
//! and starts threads only when told to, so it runs as a plain module in a browser's engine too.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers drawn from a small generator, and lengths of short lists"
)]

mod battery;
mod command;
mod draw;
#[cfg(target_arch = "wasm32")]
pub mod entry;
mod models;
mod runs;
mod threads;

pub use command::run;
