//! The store as others meet it: on disk, over HTTP, among honest and dishonest peers.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "small numbers, and a panic is how a test fails"
)]

mod blocks;
mod browsers;
mod dawdlers;
mod endpoints;
mod fetch_blocks;
mod fetch_models;
mod gateway;
mod models;
mod swarm;
mod world;
