//! The choice between the scalar reference and vector code.

/// A set of inner loops. All give the same bits; they differ in speed only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kernel {
    /// Portable reference, the specification written down.
    Scalar,
    /// x86-64 with AVX2 and F16C; fused multiply-add is never used.
    Avx2,
}

impl Kernel {
    /// The fastest kernel of this processor.
    #[must_use]
    pub fn detect() -> Self {
        if Self::Avx2.available() {
            Self::Avx2
        } else {
            Self::Scalar
        }
    }

    /// Lower-case name for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
        }
    }

    /// True if this processor has the kernel's instructions.
    #[must_use]
    pub fn available(self) -> bool {
        match self {
            Self::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("f16c")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 => false,
        }
    }
}

/// Calls `scalar`, or its copy in [`crate::simd`] that is compiled for the kernel's instructions.
///
/// Float code keeps its bits in the copy: the compiler neither reorders nor contracts it.
macro_rules! dispatch {
    ($kernel:expr, $scalar:path, $vector:ident($($arg:expr),*)) => {
        match $kernel {
            #[cfg(target_arch = "x86_64")]
            $crate::Kernel::Avx2 => $crate::simd::$vector($($arg),*),
            _ => $scalar($($arg),*),
        }
    };
}
pub(crate) use dispatch;
