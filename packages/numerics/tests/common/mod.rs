//! Readers of the vector files, and an executor with real threads.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking; shapes are small"
)]

pub(crate) mod model;

use antiphon_numerics::{Executor, Kernel, Matrix, TensorType};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) fn file(name: &str) -> Value {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/vectors");
    let text = std::fs::read_to_string(root.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

pub(crate) fn number(value: &Value) -> u64 {
    value.as_i64().unwrap() as u64
}

pub(crate) fn bits(value: &Value) -> u32 {
    u32::from_str_radix(text(value), 16).unwrap()
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    data_encoding::HEXLOWER
        .decode(text(value).as_bytes())
        .unwrap()
}

pub(crate) fn floats(value: &Value) -> Vec<f32> {
    let bytes = bytes(value);
    let (words, rest) = bytes.as_chunks::<4>();
    assert!(rest.is_empty());
    words.iter().copied().map(f32::from_le_bytes).collect()
}

/// Equal bits, NaN included.
#[track_caller]
pub(crate) fn same(got: &[f32], want: &[f32], what: &str) {
    let bits = |x: &[f32]| x.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(got), bits(want), "{what}");
}

/// All kernels of this processor; the others are named once, so that no silence reads as a pass.
pub(crate) fn kernels() -> Vec<Kernel> {
    static NAMED: Once = Once::new();
    let (here, absent): (Vec<_>, Vec<_>) = Kernel::all().into_iter().partition(|k| k.available());
    NAMED.call_once(|| absent.iter().for_each(|k| println!("not run: no {k}")));
    here
}

/// Starts its threads anew for each call: slow and simple.
pub(crate) struct Threads(pub(crate) usize);

impl Executor for Threads {
    fn threads(&self) -> usize {
        self.0
    }

    fn run(&self, tasks: usize, f: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                match next.fetch_add(1, Ordering::Relaxed) {
                    task if task < tasks => f(task),
                    _ => break,
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.0 {
                scope.spawn(work);
            }
            work();
        });
    }
}

/// Pseudo-random numbers, the same in each run.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn bits(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as u32
    }

    /// Between -1 and 1, sometimes tiny, zero or a hundred times larger.
    pub(crate) fn value(&mut self) -> f32 {
        let value = self.bits() as i32 as f32 / 2_147_483_648.0;
        match self.bits() % 16 {
            0 => value * 100.0,
            1 => value * 1e-4,
            2 => 0.0,
            _ => value,
        }
    }

    pub(crate) fn vector(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.value()).collect()
    }

    /// Weights of a norm.
    pub(crate) fn norm(&mut self, len: usize) -> Vec<f32> {
        (0..len)
            .map(|_| 0.5 + (self.bits() % 1024) as f32 / 1024.0)
            .collect()
    }

    /// A tensor of the file: any quants, scales of both signs that are finite and small.
    pub(crate) fn tensor(&mut self, ty: TensorType, rows: usize, cols: usize) -> Vec<u8> {
        let mut tensor: Vec<u8> = Vec::new();
        for _ in 0..rows * cols / ty.block_len() {
            let mut block: Vec<u8> = (0..ty.block_bytes()).map(|_| self.bits() as u8).collect();
            let mut half = |at: usize, exponent: u8| {
                block[at + 1] = (block[at + 1] & 0x83) | (exponent << 2);
            };
            match ty {
                TensorType::F32 => block[3] = (block[3] & 0x80) | 0x3d,
                TensorType::BF16 => block[1] = (block[1] & 0x80) | 0x3d,
                TensorType::F16 => half(0, 11),
                TensorType::Q4K | TensorType::Q5K => [0, 2].into_iter().for_each(|at| half(at, 2)),
                TensorType::Q6K => half(208, 1),
                TensorType::Q4_1 | TensorType::Q5_1 => {
                    half(0, 7);
                    half(2, 10);
                }
                TensorType::Q8_0 => half(0, 4),
                _ => half(0, 8),
            }
            tensor.extend(block);
        }
        tensor
    }

    pub(crate) fn matrix(
        &mut self,
        kernel: Kernel,
        ty: TensorType,
        rows: usize,
        cols: usize,
    ) -> Matrix {
        Matrix::pack(kernel, ty, rows, cols, &self.tensor(ty, rows, cols)).unwrap()
    }
}
