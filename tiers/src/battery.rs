//! The kernels one by one: the known answers of the self test, then one hash of many shapes.

use crate::draw::Draw;
use antiphon_numerics::attention::{KeysValues, Span, attend, softmax};
use antiphon_numerics::norm::{layernorm, rmsnorm};
use antiphon_numerics::quantise::{Activations, Forms, quantise_block};
use antiphon_numerics::{Kernel, Matrix, TensorType, attention_scale, self_test};
use sha2::{Digest, Sha256};

/// Rows that are a group, less and more; vectors that are a tile, less and more.
const ROWS: [usize; 4] = [1, 16, 21, 50];
const VECTORS: [usize; 5] = [1, 2, 4, 7, 9];

/// Bits of everything computed so far.
#[derive(Default)]
struct Bits(Sha256);

impl Bits {
    fn put(&mut self, values: &[f32]) {
        for value in values {
            self.0.update(value.to_bits().to_le_bytes());
        }
    }
}

/// The hash of all kernels' results.
///
/// # Errors
/// A known answer does not hold.
pub(crate) fn hash(kernel: Kernel) -> Result<[u8; 32], String> {
    self_test(kernel).map_err(|error| error.to_string())?;
    let mut bits = Bits::default();
    let mut draw = Draw::new(1);
    for ty in TensorType::ALL {
        products(kernel, ty, &mut draw, &mut bits)?;
    }
    for len in [1, 15, 16, 64, 577, 2048] {
        norms(kernel, len, &mut draw, &mut bits);
    }
    quants(kernel, &mut draw, &mut bits);
    for (dim, heads, last, window) in [
        (64, 3, 70, 71),
        (20, 5, 33, 9),
        (7, 1, 0, 1),
        (128, 9, 257, 64),
    ] {
        attention(kernel, [dim, heads, last, window], &mut draw, &mut bits)?;
    }
    Ok(bits.0.finalize().into())
}

fn products(
    kernel: Kernel,
    ty: TensorType,
    draw: &mut Draw,
    bits: &mut Bits,
) -> Result<(), String> {
    let unit = if ty.block_len() == 256 { 256 } else { 32 };
    for rows in ROWS {
        for cols in [unit, 2 * unit, 9 * unit] {
            let tensor = draw.tensor(ty, rows, cols);
            let matrix = Matrix::pack(kernel, ty, rows, cols, &tensor);
            let matrix = matrix.map_err(|error| error.to_string())?;
            let mut row = vec![0.0; cols];
            matrix.row_f32(rows - 1, &mut row);
            bits.put(&row);
            for vectors in VECTORS {
                let x = draw.vector(vectors * cols);
                let mut acts = Activations::default();
                acts.load(kernel, Forms::of([ty]), &x, cols)
                    .map_err(|at| format!("vector {} is not finite", at.vector))?;
                let mut out = vec![0.0; vectors * rows];
                matrix.product(&acts, &mut out);
                bits.put(&out);
            }
        }
    }
    Ok(())
}

fn norms(kernel: Kernel, len: usize, draw: &mut Draw, bits: &mut Bits) {
    let (x, w, b) = (draw.vector(len), draw.vector(len), draw.vector(len));
    let mut y = vec![0.0; len];
    rmsnorm(kernel, &x, &w, 1e-5, &mut y);
    bits.put(&y);
    layernorm(kernel, &x, &w, &b, 1e-5, &mut y);
    bits.put(&y);
    let mut scores = draw.vector(Span::scratch(len - 1));
    let soft = softmax(
        kernel,
        &mut scores,
        Span {
            first: 0,
            last: len - 1,
        },
    );
    bits.put(&scores);
    bits.put(&[soft.max, soft.sum, soft.inv]);
}

fn quants(kernel: Kernel, draw: &mut Draw, bits: &mut Bits) {
    for len in [32, 256] {
        for _ in 0..50 {
            let x = draw.vector(len);
            let (mut q, mut sums) = (vec![0; len], vec![0; len / 32]);
            let scale = quantise_block(kernel, &x, &mut q, &mut sums);
            bits.put(&[scale.unwrap_or(f32::MAX)]);
            q.iter().for_each(|q| bits.0.update(q.to_le_bytes()));
            sums.iter().for_each(|sum| bits.0.update(sum.to_le_bytes()));
        }
    }
}

fn attention(
    kernel: Kernel,
    [dim, heads, last, window]: [usize; 4],
    draw: &mut Draw,
    bits: &mut Bits,
) -> Result<(), String> {
    let kv_heads = 2;
    let keys = draw.vector(Span::scratch(last) * kv_heads * dim);
    let values = draw.vector((last + 1) * kv_heads * dim);
    let kv = KeysValues {
        keys: &keys,
        values: &values,
        kv_heads,
        head_dim: dim,
        scale: attention_scale(dim),
    };
    let span = Span {
        first: (last + 1).saturating_sub(window),
        last,
    };
    let q = draw.vector(heads * dim);
    let mut weights = vec![0.0; heads * Span::scratch(last)];
    let mut out = vec![0.0; heads * dim];
    attend(kernel, &kv, 1, span, &q, &mut weights, &mut out)
        .map_err(|_| "a score is not finite".to_owned())?;
    bits.put(&out);
    Ok(())
}
