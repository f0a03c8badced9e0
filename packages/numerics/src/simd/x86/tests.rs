//! The instruction sets that a kernel falls back on or prefers, each equal to the scalar reference.
#![allow(
    clippy::print_stdout,
    reason = "what does not run here is named, so that silence is no pass"
)]

use super::{avx2, avx512, sse2};
use crate::bytes::Bytes;
use crate::interleaved::Interleaved;
use crate::quantise::{Activations, Forms};
use crate::simd::product::product;
use crate::{Kernel, Matrix, TensorType};
use std::ops::Range;

/// As [`product`] of one instruction set.
type Product = unsafe fn(&Interleaved, Range<usize>, &Activations, &mut [f32], usize);

/// Each instruction set with its name and whether this processor has it.
fn sets() -> [(&'static str, bool, Product); 6] {
    let avx2_vnni = avx2::available() && avx2::has_vnni();
    let vnni = avx512::available() && avx512::has_vnni();
    [
        ("sse2 alone", true, product::<sse2::Sse2, 2, 1>),
        ("ssse3", sse2::has_ssse3(), product::<sse2::Ssse3, 2, 4>),
        (
            "avx2 without vnni",
            avx2::available(),
            product::<avx2::Avx2, 2, 4>,
        ),
        ("avx2 with vnni", avx2_vnni, product::<avx2::Vnni, 2, 4>),
        (
            "avx512 without vnni",
            avx512::available(),
            product::<avx512::Avx512, 1, 8>,
        ),
        ("avx512 with vnni", vnni, product::<avx512::Vnni, 1, 8>),
    ]
}

fn numbers(seed: u32) -> impl Iterator<Item = u32> {
    let next = |x: &u32| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(Some(seed), next).map(|x| x ^ (x >> 13))
}

/// Bytes with every bit in use and finite scales, one in four of them subnormal.
fn tensor(ty: TensorType, rows: usize, cols: usize, seed: u32) -> Vec<u8> {
    let len = rows * ty.row_bytes(cols).unwrap();
    let mut bytes: Vec<u8> = numbers(seed).map(|x| (x >> 9) as u8).take(len).collect();
    for (block, x) in bytes.chunks_exact_mut(ty.block_bytes()).zip(numbers(!seed)) {
        for at in ty.exponents() {
            let exponent = if x & 0xc0 == 0 { 0 } else { 0x2c };
            block[*at] = (block[*at] & 0x83) | exponent;
        }
    }
    bytes
}

fn products(of: Product, ty: TensorType, rows: usize, cols: usize, vectors: usize) {
    let seed = (rows * 31 + cols * 7 + vectors) as u32;
    let x: Vec<f32> = numbers(seed)
        .map(|x| (x as i32) as f32 * f32::from_bits(0x3000_0000 + ((x & 7) << 23)))
        .take(vectors * cols)
        .collect();
    let file = tensor(ty, rows, cols, seed);
    let len = Interleaved::len(ty, rows, cols);
    let packed = Bytes::filled(len, |to| Interleaved::pack(ty, rows, cols, &file, to));
    let packed = Interleaved::new(ty, rows, cols, packed).unwrap();
    let mut acts = Activations::default();
    let loaded = acts.load(Kernel::Scalar, Forms::of([ty]), &x, cols);
    loaded.unwrap();
    let mut got = vec![f32::NAN; vectors * rows];
    let mut want = got.clone();
    // SAFETY: the test below calls this only if the processor has the instruction set.
    unsafe { of(&packed, 0..rows, &acts, &mut got, rows) };
    let matrix = Matrix::pack(Kernel::Scalar, ty, rows, cols, &file).unwrap();
    matrix.product(&acts, &mut want);
    let bits = |y: &[f32]| y.iter().map(|y| y.to_bits()).collect::<Vec<_>>();
    assert_eq!(
        bits(&got),
        bits(&want),
        "{ty:?} {rows} x {cols} x {vectors}"
    );
}

#[test]
fn every_instruction_set_gives_the_bits_of_the_scalar_reference() {
    for (name, here, of) in sets() {
        if !here {
            println!("not run: no {name}");
            continue;
        }
        for ty in TensorType::ALL {
            let block = ty.block_len();
            for (rows, blocks) in [(1, 1), (16, 3), (21, 11), (50, 19)] {
                let cols = if block == 1 {
                    29 * blocks
                } else {
                    block * blocks
                };
                for vectors in 1..10 {
                    products(of, ty, rows, cols, vectors);
                }
            }
        }
        println!("run: {name}");
    }
}
