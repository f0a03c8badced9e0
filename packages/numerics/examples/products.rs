//! Matrix products of each kernel and format, one thread, the best of many short rounds.
//!
//! `cargo run --release -p antiphon-numerics --example products [rounds [format]]` prints, for each format:
//! - `decode`: GB/s of weights for one vector, on a matrix of 64 MB that no cache holds, beside the
//!   GB/s that plain reading of as many bytes reaches in the same run;
//! - `prefill`: billions of operations (two for each weight) a second for 64 vectors, on a matrix
//!   of about 1 MB.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a measuring program: it prints, reads the clock, and may panic"
)]

use antiphon_numerics::quantise::{Activations, Forms};
use antiphon_numerics::{Kernel, Matrix, TensorType};
use std::hint::black_box;
use std::time::Instant;

const COLS: usize = 1024;
const LARGE: usize = 64 << 20;
const SMALL: usize = 1 << 20;
/// Vectors of a prefill.
const VECTORS: usize = 64;
/// Rows of one timed call: short enough to fall between two interruptions.
const SLICE: usize = 4096;

fn main() {
    let mut args = std::env::args().skip(1);
    let rounds = args.next().map_or(5, |rounds| rounds.parse().unwrap());
    let only = args.next();
    let kernels: Vec<Kernel> = Kernel::all()
        .into_iter()
        .filter(|k| k.available())
        .collect();
    print!("{:8}", "");
    kernels
        .iter()
        .for_each(|kernel| print!("{:>22}", kernel.name()));
    println!("\nreading {:.1} GB/s", reading(rounds));
    for ty in TensorType::ALL {
        if only.as_ref().is_some_and(|only| only != ty.name()) {
            continue;
        }
        print!("{:8}", ty.name());
        for &kernel in &kernels {
            let (decode, prefill) = (decode(kernel, ty, rounds), prefill(kernel, ty, rounds));
            print!("{decode:9.1} GB/s{prefill:5.0} G/s");
        }
        println!();
    }
}

/// Shortest time in seconds of some calls.
fn best(rounds: usize, mut f: impl FnMut(usize)) -> f64 {
    let time = |round| {
        let start = Instant::now();
        f(round);
        start.elapsed().as_secs_f64()
    };
    (0..rounds).map(time).fold(f64::INFINITY, f64::min)
}

fn reading(rounds: usize) -> f64 {
    let words = vec![1_u64; LARGE / 8];
    let slices: Vec<&[u64]> = words.chunks(1 << 17).collect();
    let seconds = best(rounds * slices.len(), |round| {
        let slice = slices[round % slices.len()];
        black_box(slice.iter().fold(0, |a: u64, b| a ^ b));
    });
    (8 << 17) as f64 / seconds / 1e9
}

fn decode(kernel: Kernel, ty: TensorType, rounds: usize) -> f64 {
    let row = ty.row_bytes(COLS).unwrap();
    let slices: Vec<Matrix> = (0..LARGE / row / SLICE + 1)
        .map(|_| matrix(kernel, ty, SLICE))
        .collect();
    let rounds = match kernel {
        Kernel::Scalar => 3,
        _ => rounds * slices.len(),
    };
    let (x, mut y) = (vectors(kernel, ty, 1), vec![0.0; SLICE]);
    let seconds = best(rounds, |round| {
        slices[round % slices.len()].product(&x, &mut y);
    });
    (row * SLICE) as f64 / seconds / 1e9
}

fn prefill(kernel: Kernel, ty: TensorType, rounds: usize) -> f64 {
    let rows = SMALL / ty.row_bytes(COLS).unwrap() / 16 * 16;
    let rows = if kernel == Kernel::Scalar { 16 } else { rows };
    let w = matrix(kernel, ty, rows);
    let (x, mut y) = (vectors(kernel, ty, VECTORS), vec![0.0; rows * VECTORS]);
    let seconds = best(rounds * 4, |_| w.product(&x, &mut y));
    (2 * rows * COLS * VECTORS) as f64 / seconds / 1e9
}

fn matrix(kernel: Kernel, ty: TensorType, rows: usize) -> Matrix {
    // Every 16-bit half of a block is a finite number for any format.
    let bytes: Vec<u8> = (0..ty.row_bytes(COLS).unwrap() * rows)
        .map(|i| {
            if i % 2 == 0 {
                (i * 7 % 256) as u8
            } else {
                0x2c
            }
        })
        .collect();
    Matrix::pack(kernel, ty, rows, COLS, &bytes).unwrap()
}

fn vectors(kernel: Kernel, ty: TensorType, count: usize) -> Activations {
    let x: Vec<f32> = (0..count * COLS)
        .map(|i| (i * 31 % 997) as f32 - 498.0)
        .collect();
    let mut acts = Activations::default();
    acts.load(kernel, Forms::of([ty]), &x, COLS).unwrap();
    acts
}
