//! Copies of plain functions compiled for a kernel's instructions; each function is its own twin.

/// Makes the copies in the module that calls it, which has an `assert_available`.
///
/// One list serves all kernels: a function added here exists in each of them.
macro_rules! copies {
    ($features:literal) => {
        $crate::simd::copies::copies! { $features:
            fn rmsnorm(x: &[f32], w: &[f32], eps: f32, y: &mut [f32]) = $crate::norm::rmsnorm_body;
            fn layernorm(x: &[f32], w: &[f32], b: &[f32], eps: f32, y: &mut [f32]) = $crate::norm::layernorm_body;
            fn quantise_block(x: &[f32], q: &mut [i8], sums: &mut [i32]) -> Option<f32> = $crate::quantise::block_body;
            fn load_a32(to: &mut $crate::quantise::Blocks<f32>, x: &[f32]) -> Result<(), usize> = $crate::quantise::load_a32;
            fn load_a256(to: &mut $crate::quantise::Blocks<$crate::quantise::Sums>, x: &[f32]) -> Result<(), usize> = $crate::quantise::load_a256;
            fn swiglu(gate: &mut [f32], up: &[f32]) = $crate::elementary::swiglu_body;
            fn geglu(gate: &mut [f32], up: &[f32]) = $crate::elementary::geglu_body;
            fn gelus(x: &mut [f32]) = $crate::elementary::gelus_body;
            fn residual(x: &mut [f32], o: &[f32]) = $crate::elementary::residual_body;
            fn exponentials(x: &mut [f32]) = $crate::elementary::exponentials_body;
            fn greatest_magnitude(x: &[f32]) -> u32 = $crate::elementary::greatest_magnitude;
            fn weigh(weights: &mut [f32], span: $crate::attention::Span) -> $crate::attention::Softmax = $crate::attention::weigh;
        }
    };
    ($features:literal: $(fn $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)? = $plain:path;)*) => {$(
        #[allow(unused_unsafe, reason = "where the whole build has the instructions")]
        pub(crate) fn $name($($arg: $ty),*) $(-> $ret)? {
            #[target_feature(enable = $features)]
            fn copy($($arg: $ty),*) $(-> $ret)? {
                $plain($($arg),*)
            }
            assert_available();
            // SAFETY: the processor has these instructions, just checked; `copy` is safe otherwise.
            unsafe { copy($($arg),*) }
        }
    )*};
}
pub(super) use copies;
