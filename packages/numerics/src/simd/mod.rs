//! Vector code for x86-64 with AVX2 and F16C, the only unsafe part of this crate. Fused multiply-add
//! stays off. Each function has a scalar twin and is tested equal to it.
#![allow(
    unsafe_code,
    reason = "vector loads take raw pointers, and calling code compiled for AVX2 is only sound on \
              a processor that has it"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "tiles of registers: one index names a place in several arrays"
)]

mod attention;
mod copies;
mod product;

pub(crate) use attention::{scores, values};
pub(crate) use copies::{
    exponentials, greatest_magnitude, layernorm, load_a32, load_a256, quantise_block, residual,
    rmsnorm, swiglu, weigh,
};
pub(crate) use product::product;

/// The check that makes calls of AVX2 code sound.
#[inline(always)]
fn assert_avx2() {
    assert!(
        crate::Kernel::Avx2.available(),
        "AVX2 code on a processor without it"
    );
}
