//! x86-64 with AVX2 and F16C.

mod attention;
mod product;

pub(crate) use attention::{scores, values};
pub(crate) use product::product;

super::copies::copies! { "avx2,f16c" }

/// True if this processor has AVX2 and F16C.
pub(crate) fn available() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("f16c")
}

/// The check that makes calls of AVX2 code sound.
#[inline(always)]
fn assert_available() {
    assert!(available(), "AVX2 code on a processor without it");
}
