//! Vector code, the only unsafe part of this crate. Each module is one instruction set and has the
//! same functions, which [`crate::kernel`] chooses from. Each function has a scalar twin and is
//! tested equal to it. Fused multiply-add and relaxed instructions stay off.
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
pub(crate) mod avx2;
mod copies;
