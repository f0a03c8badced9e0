//! What a process checks before it computes for anybody.

use antiphon_numerics::{Kernel, SelfTestError as KernelError};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// First row of cn-1.md 6.2: base 100000, 64 rotated values, positions 0 to 8191.
const ROPE_SHA256: &str = "931c87b8e5f0ace8af163ed44ebb89a9c1534be753938c79bc49d87917d70473";

/// This machine or build does not compute CN-1; it must not vote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelfTestError {
    /// Arithmetic or a kernel is wrong.
    #[error("{0}")]
    Kernel(#[from] KernelError),
    /// The rotary table is wrong.
    #[error(
        "the RoPE table has SHA-256 {got}, wanted {ROPE_SHA256}: this build rounds otherwise, do not vote with it"
    )]
    Rope {
        /// What this machine computed.
        got: String,
    },
}

/// Known answers of every kernel that this processor has, the slower ones first, and of the RoPE
/// table with the last. What a worker votes with is among them, and a wrong one that it does not
/// vote with shows a machine that is not to be trusted.
#[must_use]
pub fn self_tests() -> Vec<(Kernel, Result<(), SelfTestError>)> {
    let here = Kernel::all()
        .into_iter()
        .filter(|kernel| kernel.available());
    here.map(|kernel| (kernel, self_test(kernel))).collect()
}

/// Known answers of the scalar reference, of `kernel`, and of the RoPE table; under 100 ms.
///
/// # Errors
/// [`SelfTestError`] names what differs.
pub fn self_test(kernel: Kernel) -> Result<(), SelfTestError> {
    antiphon_numerics::self_test(Kernel::Scalar)?;
    if kernel != Kernel::Scalar {
        antiphon_numerics::self_test(kernel)?;
    }
    let table = antiphon_numerics::rope_table_bytes(100_000.0, 64, 8192);
    let got = HEXLOWER.encode(&Sha256::digest(table));
    if got == ROPE_SHA256 {
        Ok(())
    } else {
        Err(SelfTestError::Rope { got })
    }
}
