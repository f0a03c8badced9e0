//! Tests of the engine against the vectors of the specification, a generated tiny model, damaged
//! files, and the real model.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests: a panic is the report, and sizes are those of tiny models"
)]

mod child;
mod damaged;
mod damaged_settings;
mod decode;
mod families;
mod golden;
mod libraries;
mod model;
mod nano;
mod packed;
mod pieces;
mod place;
mod plain;
mod support;
mod template;
mod together;
mod tokenizer;
