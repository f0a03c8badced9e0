//! Shapes, places and scales of tensors.

use super::{Case, File, Value, case};
use antiphon_miniature::Tensor;

/// Changes of the embedding's line.
pub(super) fn shapes() -> Vec<Case> {
    let shape = |name: &'static str, kind: u32, dims: &'static [u64], want: &'static str| {
        case(name, want, move |f| {
            (f.tensors[0].dims, f.tensors[0].kind) = (dims.to_vec(), kind)
        })
    };
    vec![
        shape(
            "F32 of 2^33 x 2^31 values, 0 when it wraps",
            0,
            &[1 << 33, 1 << 31],
            "does not fit 64 bits",
        ),
        shape(
            "Q8_0 of 32 x (2^59+1) values, 34 bytes",
            8,
            &[32, (1 << 59) + 1],
            "does not fit 64 bits",
        ),
        shape("Q8_0 of 2^63 values", 8, &[1 << 63], "of the data"),
        shape("no dimension", 0, &[], "has 0 dimensions"),
        shape("five dimensions", 0, &[1; 5], "has 5 dimensions"),
        shape("a dimension of 0", 0, &[32, 0], "its size is zero"),
        shape(
            "rows that are no whole blocks",
            2,
            &[33, 32],
            "rows of 33 values",
        ),
        shape("an unknown tensor type", 4, &[32, 32], "has type 4"),
        shape("the embedding as a vector", 0, &[32], ""),
        shape("2^32 tokens", 2, &[32, 1 << 32], "of the data"),
    ]
}

/// Changes of the norm's line, and of the list.
pub(super) fn places() -> Vec<Case> {
    vec![
        case("a tensor twice", "occurs twice", |f| {
            f.tensors.push(f.tensors[1].clone())
        }),
        case(
            "an offset off the alignment",
            "wanted a multiple of 32",
            |f| f.tensors[1].offset = Some(33),
        ),
        case("an offset of 2^64-1", "belong to no tensor", |f| {
            f.tensors[1].offset = Some(u64::MAX)
        }),
        case("an offset of 2^64-32", "belong to no tensor", |f| {
            f.tensors[1].offset = Some(u64::MAX - 31)
        }),
        case("two tensors in one place", "overlap", |f| {
            f.tensors[1].offset = Some(0)
        }),
        case("a gap between tensors", "belong to no tensor", |f| {
            f.tensors[0].data.extend([0; 64])
        }),
        case("a tensor nobody reads", "does not belong to family", |f| {
            let name = "blk.0.ffn_gate_exps.weight".to_owned();
            f.tensors.push(Tensor {
                name,
                ..f.tensors[1].clone()
            });
        }),
        case("a tensor too few", "is missing", |f| drop(f.tensors.pop())),
        case("a file cut short", "of the data, the file has", |f| {
            f.tensors.last_mut().unwrap().data.pop();
        }),
    ]
}

/// A format: its name, GGUF number, values and bytes of a block.
type Format = (&'static str, u32, usize, usize);

const F32: Format = ("F32", 0, 1, 4);
const F16: Format = ("F16", 1, 1, 2);
const BF16: Format = ("BF16", 30, 1, 2);
const Q4_0: Format = ("Q4_0", 2, 32, 18);
const Q4_1: Format = ("Q4_1", 3, 32, 20);
const Q5_0: Format = ("Q5_0", 6, 32, 22);
const Q5_1: Format = ("Q5_1", 7, 32, 24);
const Q8_0: Format = ("Q8_0", 8, 32, 34);
const Q4_K: Format = ("Q4_K", 12, 256, 144);
const Q5_K: Format = ("Q5_K", 13, 256, 176);
const Q6_K: Format = ("Q6_K", 14, 256, 210);

/// NaN and infinity in a scale or value of the second block of each format: where, and what.
const SCALES: [(Format, usize, &[u8]); 14] = [
    (F32, 0, &[0, 0, 0x80, 0x7f]),
    (F32, 0, &[1, 0, 0x80, 0xff]),
    (F16, 0, &[0, 0x7e]),
    (BF16, 0, &[0x80, 0x7f]),
    (Q4_0, 0, &[0, 0x7e]),
    (Q4_1, 0, &[0, 0x7c]),
    (Q4_1, 2, &[0, 0xfe]),
    (Q5_0, 0, &[1, 0x7c]),
    (Q5_1, 2, &[0, 0xfc]),
    (Q8_0, 0, &[0, 0x7e]),
    (Q4_K, 0, &[0, 0x7e]),
    (Q4_K, 2, &[0, 0x7c]),
    (Q5_K, 2, &[0, 0x7e]),
    (Q6_K, 208, &[0, 0x7c]),
];

pub(super) fn scales() -> Vec<Case> {
    SCALES
        .into_iter()
        .map(|((name, kind, values, size), at, bytes)| {
            case(name, "is not finite, in block 1", move |f| {
                widen(f);
                let down = f.tensor("blk.0.ffn_down.weight").unwrap();
                down.kind = kind;
                down.data = vec![0; 32 * 512 / values * size];
                down.data[size + at..][..bytes.len()].copy_from_slice(bytes);
            })
        })
        .collect()
}

/// A feed-forward part of 512 values, so that a row of `ffn_down` holds whole blocks of each format.
fn widen(file: &mut File) {
    file.set("llama.feed_forward_length", Value::U32(512));
    for name in ["blk.0.ffn_gate.weight", "blk.0.ffn_up.weight"] {
        let tensor = file.tensor(name).unwrap();
        tensor.dims = vec![32, 512];
        tensor.data = vec![0; 512 * 18];
    }
    file.tensor("blk.0.ffn_down.weight").unwrap().dims = vec![512, 32];
}
