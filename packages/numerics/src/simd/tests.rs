//! Functions of single elements, on every kernel of this processor, over all magnitudes.

use crate::Kernel;
use crate::elementary::{any_not_finite, exponentials, geglu, gelus, residual, swiglu};

/// Values of both signs, every exponent, NaN and infinity among them; no whole number of registers.
fn values() -> Vec<f32> {
    let bits = (0..256_u32).flat_map(|exponent| {
        let mantissas = [0, 1, 0x40_0000, 0x12_3456, 0x7f_ffff];
        mantissas.map(|mantissa| exponent << 23 | mantissa)
    });
    let near = (0..4097).map(|i| (i as f32 - 2048.0) * 0.0437);
    let all = bits.flat_map(|bits| [bits, bits | 0x8000_0000]);
    all.map(f32::from_bits).chain(near).collect()
}

/// Equal bits; a NaN only has to be a NaN, since a job ends at it.
fn same(got: &[f32], want: &[f32], kernel: Kernel) {
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let equal = got.to_bits() == want.to_bits() || got.is_nan() && want.is_nan();
        assert!(equal, "{kernel} at {i}: got {got}, want {want}");
    }
}

/// A function in place on each kernel against the scalar reference.
fn check(f: impl Fn(Kernel, &mut [f32])) {
    let run = |kernel| {
        let mut x = values();
        f(kernel, &mut x);
        x
    };
    let want = run(Kernel::Scalar);
    for kernel in Kernel::all().into_iter().filter(|k| k.available()) {
        same(&run(kernel), &want, kernel);
    }
}

#[test]
fn functions_of_single_elements_are_equal_at_every_magnitude() {
    let other: Vec<f32> = values().into_iter().rev().collect();
    check(exponentials);
    check(|kernel, x| swiglu(kernel, x, &other));
    check(|kernel, x| geglu(kernel, x, &other));
    check(gelus);
    check(|kernel, x| residual(kernel, x, &other));
}

#[test]
fn one_value_that_is_not_finite_is_found_anywhere() {
    for kernel in Kernel::all().into_iter().filter(|k| k.available()) {
        let mut x = vec![f32::MAX; 67];
        assert!(!any_not_finite(kernel, &x), "{kernel}");
        for i in 0..x.len() {
            x[i] = if i % 2 == 0 {
                f32::NAN
            } else {
                f32::NEG_INFINITY
            };
            assert!(any_not_finite(kernel, &x), "{kernel} at {i}");
            x[i] = -f32::MAX;
        }
    }
}
