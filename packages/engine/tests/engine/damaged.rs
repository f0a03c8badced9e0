//! Damaged and hostile files: each gets an error of its own, none a panic.

use crate::support::{File, Tensor, Value, tiny, tokenizer_of};
use antiphon_engine::gguf::{GgufError, HEADER_LIMIT, preflight};

/// The error of a tiny model after a change.
pub(crate) fn after(change: impl FnOnce(&mut File)) -> GgufError {
    let mut file = tiny();
    change(&mut file);
    preflight(&file.bytes()).unwrap_err()
}

fn extra(name: &str, dims: &[u64], kind: u32, data: Vec<u8>) -> Tensor {
    Tensor {
        name: name.to_owned(),
        dims: dims.to_vec(),
        kind,
        data,
        offset: None,
    }
}

pub(crate) fn text(s: &str) -> Value {
    Value::Str(s.to_owned())
}

#[test]
fn the_undamaged_file_passes() {
    let bytes = tiny().bytes();
    let gguf = preflight(&bytes).unwrap();
    assert_eq!(gguf.tensors.len(), 20);
    assert_eq!(gguf.settings.head_dim, 32);
    tokenizer_of(&gguf).unwrap();
    let mut padded = bytes.clone();
    padded.resize(bytes.len().next_multiple_of(32), 0);
    preflight(&padded).unwrap();
}

#[test]
fn a_file_cut_short_anywhere_is_an_error_and_never_a_panic() {
    let bytes = tiny().bytes();
    let header = bytes.len() - 60_000;
    let cuts = (0..header)
        .chain((header..bytes.len()).step_by(997))
        .chain([bytes.len() - 1]);
    for cut in cuts {
        assert!(preflight(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    assert!(matches!(
        preflight(&bytes[..30]).unwrap_err(),
        GgufError::Truncated { .. }
    ));
    let error = preflight(&bytes[..bytes.len() - 1]).unwrap_err();
    assert!(matches!(error, GgufError::OutOfFile { .. }), "{error}");
}

#[test]
fn a_flipped_byte_anywhere_in_the_header_never_panics() {
    let bytes = tiny().bytes();
    let header = bytes.len() - 50_000;
    for at in (0..header).step_by(3) {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            if let Ok(gguf) = preflight(&damaged) {
                drop(tokenizer_of(&gguf));
            }
        }
    }
}

#[test]
fn another_magic_or_version_is_refused() {
    assert_eq!(
        after(|f| f.magic = *b"GGML"),
        GgufError::Magic { got: *b"GGML" }
    );
    assert_eq!(after(|f| f.version = 2), GgufError::Version { got: 2 });
    assert_eq!(
        after(|f| f.version = 3_u32.swap_bytes()),
        GgufError::Version { got: 3 << 24 }
    );
}

#[test]
fn counts_and_lengths_are_bounded() {
    let too_large = |error: GgufError| matches!(error, GgufError::TooLarge { .. });
    assert!(too_large(after(|f| f.counts.0 = Some(u64::MAX))));
    assert!(too_large(after(|f| f.counts.1 = Some(1 << 40))));
    assert!(too_large(after(|f| f
        .metadata
        .push(("k".repeat(129), Value::U32(1))))));
    assert!(too_large(after(|f| f.tensors.push(extra(
        &"t".repeat(129),
        &[1],
        0,
        vec![0; 4]
    )))));
    let huge = Value::Raw(8, (1_u64 << 30).to_le_bytes().to_vec());
    assert!(too_large(after(|f| f
        .metadata
        .push(("general.huge".into(), huge)))));
    // A count of empty strings that no header can hold ends with the header.
    let mut many = 8_u32.to_le_bytes().to_vec();
    many.extend(u64::MAX.to_le_bytes());
    let error = after(|f| {
        f.metadata
            .push(("general.many".into(), Value::Raw(9, many)))
    });
    assert!(
        matches!(
            error,
            GgufError::Truncated { .. } | GgufError::TooLarge { .. }
        ),
        "{error}"
    );
    // An array whose size in bytes wraps.
    let mut wide = 10_u32.to_le_bytes().to_vec();
    wide.extend((1_u64 << 61).to_le_bytes());
    let error = after(|f| {
        f.metadata
            .push(("general.wide".into(), Value::Raw(9, wide)))
    });
    assert!(matches!(error, GgufError::Truncated { .. }), "{error}");
}

#[test]
fn a_header_over_16_mib_is_refused() {
    let mut bytes = 0_u32.to_le_bytes().to_vec();
    bytes.extend((HEADER_LIMIT as u64).to_le_bytes());
    bytes.resize(bytes.len() + HEADER_LIMIT, 0);
    let error = after(|f| {
        f.metadata
            .push(("general.blob".into(), Value::Raw(9, bytes)))
    });
    assert!(matches!(error, GgufError::TooLarge { got, .. } if got > HEADER_LIMIT as u64));
}

#[test]
fn strings_must_be_utf8_and_booleans_0_or_1() {
    let mut bytes = 2_u64.to_le_bytes().to_vec();
    bytes.extend([0xff, 0xfe]);
    let error = after(|f| {
        f.metadata
            .push(("general.bad".into(), Value::Raw(8, bytes)))
    });
    assert!(matches!(error, GgufError::NotUtf8 { .. }), "{error}");
    let error = after(|f| f.metadata.push(("general.bool".into(), Value::Bool(2))));
    assert_eq!(
        error,
        GgufError::Bool {
            key: "general.bool".into(),
            got: 2
        }
    );
}

#[test]
fn unknown_and_nested_value_types_are_refused() {
    let error = after(|f| {
        f.metadata
            .push(("general.x".into(), Value::Raw(13, vec![0; 8])))
    });
    assert_eq!(
        error,
        GgufError::ValueType {
            key: "general.x".into(),
            got: 13
        }
    );
    let mut nested = 9_u32.to_le_bytes().to_vec();
    nested.extend(1_u64.to_le_bytes());
    let error = after(|f| f.metadata.push(("general.x".into(), Value::Raw(9, nested))));
    assert_eq!(
        error,
        GgufError::ValueType {
            key: "general.x".into(),
            got: 9
        }
    );
}

#[test]
fn keys_occur_once_and_are_on_the_list() {
    let error = after(|f| f.metadata.push(("llama.block_count".into(), Value::U32(2))));
    assert_eq!(
        error,
        GgufError::DuplicateKey {
            key: "llama.block_count".into()
        }
    );
    for key in [
        "llama.expert_count",
        "llama.attention.causal",
        "qwen2.block_count",
        "other",
    ] {
        let error = after(|f| f.metadata.push((key.into(), Value::U32(2))));
        let want = GgufError::UnknownKey {
            key: key.into(),
            family: "llama".into(),
        };
        assert_eq!(error, want);
    }
}

#[test]
fn alignment_is_a_power_of_two_up_to_4096() {
    for got in [0, 3, 8192, u32::MAX] {
        let error = after(|f| {
            f.metadata
                .push(("general.alignment".into(), Value::U32(got)))
        });
        assert_eq!(error, GgufError::Alignment { got: got.into() });
    }
}

#[test]
fn dimensions_are_bounded_and_products_checked() {
    let embd = "token_embd.weight";
    for dims in [vec![], vec![1; 5]] {
        let got = u32::try_from(dims.len()).unwrap();
        let error = after(|f| f.tensor(embd).unwrap().dims = dims);
        assert_eq!(
            error,
            GgufError::Dimensions {
                tensor: embd.into(),
                got
            }
        );
    }
    for (dims, kind) in [
        (vec![1 << 33, 1 << 31], 0),
        (vec![1 << 62], 0),
        (vec![32, 1 << 62], 8),
        (vec![32, (1 << 59) + 1], 8),
        (vec![64, 0], 0),
    ] {
        let error = after(|f| {
            f.tensor(embd).unwrap().dims = dims.clone();
            f.tensor(embd).unwrap().kind = kind;
        });
        assert!(
            matches!(
                error,
                GgufError::ShapeOverflow { .. } | GgufError::OutOfFile { .. }
            ),
            "{dims:?}: {error}"
        );
    }
    let error = after(|f| f.tensor(embd).unwrap().dims = vec![33, 264]);
    assert_eq!(
        error,
        GgufError::RowLength {
            tensor: embd.into(),
            got: 33,
            block: 32
        }
    );
}

#[test]
fn an_unknown_tensor_type_is_refused() {
    for got in [4, 5, 9, 10, 11, 15, 16, 31, u32::MAX] {
        let error = after(|f| f.tensor("token_embd.weight").unwrap().kind = got);
        assert_eq!(
            error,
            GgufError::TensorType {
                tensor: "token_embd.weight".into(),
                got
            }
        );
    }
}

#[test]
fn tensors_are_aligned_apart_and_fill_the_file() {
    let norm = "output_norm.weight";
    let error = after(|f| f.tensor(norm).unwrap().offset = Some(33));
    assert!(
        matches!(error, GgufError::Misaligned { offset: 33, .. }),
        "{error}"
    );
    let error = after(|f| f.tensor(norm).unwrap().offset = Some(32));
    assert!(
        matches!(error, GgufError::Overlap { at: 32, .. }),
        "{error}"
    );
    let error = after(|f| f.tensor(norm).unwrap().offset = Some(1 << 40));
    assert!(matches!(error, GgufError::Gap { .. }), "{error}");
    let error = after(|f| f.tensor(norm).unwrap().offset = Some(u64::MAX - 31));
    assert!(matches!(error, GgufError::Gap { .. }), "{error}");
    let mut bytes = tiny().bytes();
    bytes.resize(bytes.len() + 32, 0);
    assert!(matches!(
        preflight(&bytes).unwrap_err(),
        GgufError::Gap { got: 32, .. }
    ));
}

#[test]
fn a_tensor_listed_twice_is_refused() {
    let error = after(|f| {
        let copy = f.tensor("output_norm.weight").unwrap().clone();
        f.tensors.push(copy);
    });
    assert_eq!(
        error,
        GgufError::DuplicateTensor {
            tensor: "output_norm.weight".into()
        }
    );
    let error = after(|f| {
        let mut copy = f.tensor("token_embd.weight").unwrap().clone();
        copy.offset = Some(0);
        copy.data.clear();
        f.tensors.push(copy);
    });
    assert_eq!(
        error,
        GgufError::DuplicateTensor {
            tensor: "token_embd.weight".into()
        }
    );
}

#[test]
fn scales_and_values_are_finite() {
    for (tensor, at, bytes) in [
        ("token_embd.weight", 34, &[0x00, 0x7e][..]),
        ("blk.0.attn_q.weight", 20, &[0x00, 0xfc]),
        ("blk.1.ffn_up.weight", 22, &[0x01, 0x7c]),
        ("blk.1.attn_norm.weight", 4, &[0x00, 0x00, 0x80, 0x7f]),
        ("output_norm.weight", 4, &[0x00, 0x00, 0xc0, 0xff]),
    ] {
        let error =
            after(|f| f.tensor(tensor).unwrap().data[at..at + bytes.len()].copy_from_slice(bytes));
        assert_eq!(
            error,
            GgufError::NotFinite {
                tensor: tensor.into(),
                block: 1
            }
        );
    }
}

#[test]
fn the_tensors_are_exactly_the_family_s() {
    let error = after(|f| f.tensors.retain(|t| t.name != "blk.1.ffn_up.weight"));
    let missing = |name: &str| GgufError::MissingTensor {
        tensor: name.into(),
        family: "llama",
    };
    assert_eq!(error, missing("blk.1.ffn_up.weight"));
    let error = after(|f| f.tensors.retain(|t| t.name != "token_embd.weight"));
    assert_eq!(error, missing("token_embd.weight"));
    for name in [
        "blk.2.attn_norm.weight",
        "blk.0.attn_q.bias",
        "blk.0.ffn_gate_inp.weight",
    ] {
        let error = after(|f| f.tensors.push(extra(name, &[64], 0, vec![0; 256])));
        assert_eq!(
            error,
            GgufError::UnknownTensor {
                tensor: name.into(),
                family: "llama"
            }
        );
    }
    let error = after(|f| f.tensor("blk.0.attn_k.weight").unwrap().dims = vec![32, 64]);
    let (got, want) = (vec![32, 64], vec![64, 32]);
    assert_eq!(
        error,
        GgufError::Shape {
            tensor: "blk.0.attn_k.weight".into(),
            got,
            want
        }
    );
    let error = after(|f| {
        f.tensor("output_norm.weight").unwrap().kind = 1;
        f.tensor("output_norm.weight").unwrap().data.truncate(128);
    });
    assert_eq!(
        error,
        GgufError::VectorType {
            tensor: "output_norm.weight".into(),
            got: 1
        }
    );
    let error = after(|f| {
        f.tensors
            .push(extra("rope_freqs.weight", &[16], 0, vec![0; 64]))
    });
    assert!(
        matches!(error, GgufError::Setting { .. }),
        "a factor of zero: {error}"
    );
}
