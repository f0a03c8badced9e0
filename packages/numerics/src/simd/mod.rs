//! Vector code, the only unsafe part of this crate. It is written once over a trait, `lanes::Lanes`;
//! an instruction set is an implementation of it, in a module with the functions that
//! [`crate::kernel`] chooses from. Each function has a scalar twin and is tested equal to it. Fused
//! multiply-add and relaxed instructions stay off.
#![allow(
    unsafe_code,
    reason = "vector loads take raw pointers, and calling code compiled for an instruction set is \
              only sound on a processor that has it"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "tiles of registers: one index names a place in several arrays"
)]

#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_feature = "simd128"
))]
mod attention;
#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_feature = "simd128"
))]
mod copies;
#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_feature = "simd128"
))]
mod lanes;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
#[cfg(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_feature = "simd128"
))]
mod product;
#[cfg(target_feature = "simd128")]
pub(crate) mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{avx2, avx512, sse2};

#[cfg(test)]
mod tests;

use crate::Kernel;
use crate::interleaved::Interleaved;
use crate::quantise::Activations;
use std::ops::Range;

/// The product of rows of an interleaved matrix; see [`crate::Matrix`] for the arguments.
#[cfg_attr(
    not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_feature = "simd128"
    )),
    allow(unused_variables, reason = "this build has no vector code at all")
)]
pub(crate) fn product(
    kernel: Kernel,
    w: &Interleaved,
    rows: Range<usize>,
    x: &Activations,
    out: &mut [f32],
    stride: usize,
) {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Kernel::Sse2 => sse2::product(w, rows, x, out, stride),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512 => avx512::product(w, rows, x, out, stride),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 => avx2::product(w, rows, x, out, stride),
        #[cfg(target_arch = "aarch64")]
        Kernel::Neon => neon::product(w, rows, x, out, stride),
        #[cfg(target_feature = "simd128")]
        Kernel::WasmSimd => wasm::product(w, rows, x, out, stride),
        // `Matrix` interleaves rows only for a kernel that is available.
        _ => unreachable!("{kernel} has no vector code in this build"),
    }
}
