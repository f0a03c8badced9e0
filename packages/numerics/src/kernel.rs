//! The choice between the scalar reference and vector code.

use std::fmt;
use std::str::FromStr;

/// A set of inner loops. All give the same bits; they differ in speed only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// Portable reference, the specification written down.
    Scalar,
    /// x86-64 as every such processor is; with SSSE3 where present.
    Sse2,
    /// x86-64 with AVX2 and F16C; with VNNI where present. Fused multiply-add is never used.
    Avx2,
    /// x86-64 with AVX-512 F and BW; with VNNI where present.
    Avx512,
    /// aarch64 as every such processor is; with the dot product where present.
    Neon,
    /// wasm32 built with `simd128`; relaxed SIMD is never used.
    WasmSimd,
}

impl Kernel {
    /// All kernels, of any processor, slower ones of each first.
    #[must_use]
    pub const fn all() -> [Self; 6] {
        [
            Self::Scalar,
            Self::Sse2,
            Self::Avx2,
            Self::Avx512,
            Self::Neon,
            Self::WasmSimd,
        ]
    }

    /// The fastest kernel of this processor.
    #[must_use]
    pub fn detect() -> Self {
        let mut fastest_first = Self::all().into_iter().rev();
        fastest_first
            .find(|kernel| kernel.available())
            .unwrap_or(Self::Scalar)
    }

    /// Lower-case name, in reports and options.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Sse2 => "sse2",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Neon => "neon",
            Self::WasmSimd => "wasm",
        }
    }

    /// True if this build has the kernel and this processor its instructions.
    #[must_use]
    pub fn available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Sse2 => crate::simd::sse2::available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => crate::simd::avx2::available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => crate::simd::avx512::available(),
            Self::Neon => cfg!(target_arch = "aarch64"),
            Self::WasmSimd => cfg!(target_feature = "simd128"),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Sse2 | Self::Avx2 | Self::Avx512 => false,
        }
    }
}

/// A name that no kernel has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKernel {
    /// The name.
    pub got: String,
}

impl fmt::Display for UnknownKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Kernel::all().map(Kernel::name).join(", ");
        write!(f, "got kernel {:?}, want one of {names}", self.got)
    }
}

impl std::error::Error for UnknownKernel {}

impl FromStr for Kernel {
    type Err = UnknownKernel;

    fn from_str(name: &str) -> Result<Self, UnknownKernel> {
        let named = Self::all().into_iter().find(|kernel| kernel.name() == name);
        named.ok_or_else(|| UnknownKernel {
            got: name.to_owned(),
        })
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Calls `scalar`, or its twin in the kernel's module of [`crate::simd`].
///
/// Each of those modules has all vector functions under the same names. Many are copies of the
/// scalar one, compiled for the kernel's instructions: float code keeps its bits in such a copy,
/// since the compiler neither reorders nor contracts it.
macro_rules! dispatch {
    ($kernel:expr, $scalar:path, $vector:ident($($arg:expr),*)) => {
        match $kernel {
            #[cfg(target_arch = "x86_64")]
            $crate::Kernel::Sse2 => $crate::simd::sse2::$vector($($arg),*),
            #[cfg(target_arch = "x86_64")]
            $crate::Kernel::Avx2 => $crate::simd::avx2::$vector($($arg),*),
            #[cfg(target_arch = "x86_64")]
            $crate::Kernel::Avx512 => $crate::simd::avx512::$vector($($arg),*),
            #[cfg(target_arch = "aarch64")]
            $crate::Kernel::Neon => $crate::simd::neon::$vector($($arg),*),
            #[cfg(target_feature = "simd128")]
            $crate::Kernel::WasmSimd => $crate::simd::wasm::$vector($($arg),*),
            _ => $scalar($($arg),*),
        }
    };
}
pub(crate) use dispatch;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_is_found_by_its_name_and_no_other() {
        for kernel in Kernel::all() {
            assert_eq!(kernel.name().parse(), Ok(kernel));
        }
        let error = "mmx".parse::<Kernel>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "got kernel \"mmx\", want one of scalar, sse2, avx2, avx512, neon, wasm"
        );
    }

    #[test]
    fn the_detected_kernel_is_one_that_runs_here() {
        assert!(Kernel::detect().available());
    }
}
