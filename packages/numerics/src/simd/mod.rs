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

#[cfg(target_arch = "x86_64")]
mod attention;
#[cfg(target_arch = "x86_64")]
mod copies;
#[cfg(target_arch = "x86_64")]
mod lanes;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod product;
mod quads;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{avx2, avx512, sse2};

use crate::Kernel;
use crate::interleaved::Interleaved;
use crate::quantise::Activations;
use std::ops::Range;

/// The product of rows of an interleaved matrix; see [`crate::Matrix`] for the arguments.
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
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        Kernel::WasmSimd => wasm::product(w, rows, x, out, stride),
        _ => quads::product::<quads::Plain>(w, rows, x, out, stride),
    }
}
