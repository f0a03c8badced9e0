//! CN-1: canonical numerics for bit-identical inference.
//!
//! For the same weights and token ids every logit has the same 32 bits on every machine, with any
//! number of threads and any split of the prompt. Two rules make it so: each binary32 operation
//! rounds once, in an order fixed by the specification (no fused multiply-add, no platform
//! mathematics library), and sums that cross vector lanes are exact integers.
//!
//! The crate has no dependency, does no I/O, starts no thread and builds for `wasm32`. A caller
//! packs tensors into a [`Matrix`] each, builds a [`Transformer`], and calls
//! [`Transformer::forward`] with a [`Cache`] and an [`Executor`] of its own.
//!
//! Where to start reading: [`family`] says what each model family computes and
//! [`transformer`] computes it, [`matrix`] and [`quantise`] are the matrix
//! product, [`attention`], [`norm`] and [`rope`] are the layers, [`kernel`] chooses between the
//! scalar reference and the vector code.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "index and bit arithmetic of kernels: shapes are checked once when a matrix or model \
              is built, integer sums are bounded by section 4 of CN-1, float operations are the \
              specification itself"
)]

pub mod attention;
mod block;
mod bytes;
mod cache;
mod config;
mod dequant;
mod dot;
pub mod elementary;
mod error;
mod executor;
pub mod family;
mod format;
mod free;
mod interleaved;
pub mod kernel;
pub mod matrix;
pub mod norm;
pub mod quantise;
pub mod rope;
pub mod sample;
mod self_test;
mod simd;
pub mod transformer;
mod unit;
mod weights;

pub use block::{Block, FeedForward, NormKind, Qkv};
pub use bytes::{ALIGNMENT, Bytes};
pub use cache::{Cache, Prefix};
pub use config::{Config, Reach, attention_scale};
pub use error::{ModelError, NumericError, Point, ShapeError};
pub use executor::{Executor, Serial, Stage};
pub use family::Family;
pub use format::TensorType;
pub use kernel::{Kernel, UnknownKernel};
pub use matrix::Matrix;
pub use rope::rope_table_bytes;
pub use self_test::{SelfTestError, layout_fingerprint, self_test};
pub use transformer::{Transformer, Turn};
pub use weights::{LayerWeights, Linear, Norm, Projections, Weights};
