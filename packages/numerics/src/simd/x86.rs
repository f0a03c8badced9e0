//! Instruction sets of x86-64.

pub(crate) mod avx2;
pub(crate) mod avx512;
pub(crate) mod sse2;

#[cfg(test)]
mod tests;
