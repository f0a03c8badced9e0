//! The published vectors of CN-1, on every kernel of this processor.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking; numbers come from the repository's own vectors"
)]

mod common;

use antiphon_numerics::attention::{KeysValues, Span, attend, softmax, store_keys};
use antiphon_numerics::elementary::{expc, gelu, silu};
use antiphon_numerics::norm::{layernorm, rmsnorm};
use antiphon_numerics::quantise::{Activations, Forms, quantise_block};
use antiphon_numerics::rope::{Pairing, RopeSettings, RopeTable, rotate};
use antiphon_numerics::sample::{Sampling, choose, explain};
use antiphon_numerics::{Matrix, TensorType, attention_scale, rope_table_bytes};
use common::{bits, bytes, file, floats, kernels, list, number, same, text};
use serde_json::Value;
use sha2::{Digest, Sha256};

fn pairs_hold(cases: &Value, f: impl Fn(f32) -> f32) {
    for case in list(cases) {
        let pair: Vec<u32> = list(case).iter().map(bits).collect();
        let got = f(f32::from_bits(pair[0])).to_bits();
        assert_eq!(
            got, pair[1],
            "f({:08x}) = {got:08x}, want {:08x}",
            pair[0], pair[1]
        );
    }
}

#[test]
fn exponentials_hold() {
    pairs_hold(&file("expc")["cases"], expc);
}

#[test]
fn gates_hold() {
    let vectors = file("activations");
    pairs_hold(&vectors["silu"], silu);
    pairs_hold(&vectors["gelu"], gelu);
}

#[test]
fn quantised_blocks_hold() {
    for case in list(&file("quantise")["cases"]) {
        let x = floats(&case["x"]);
        let q_want: Vec<i8> = bytes(&case["q"]).into_iter().map(|q| q as i8).collect();
        let sums_want: Vec<i32> = list(&case["sum32"])
            .iter()
            .map(|s| number(s) as i32)
            .collect();
        for kernel in kernels() {
            let (mut q, mut sums) = (vec![0; x.len()], vec![0; x.len() / 32]);
            let d = quantise_block(kernel, &x, &mut q, &mut sums).unwrap();
            assert_eq!(d.to_bits(), bits(&case["d"]), "{case}");
            assert_eq!((&q, &sums), (&q_want, &sums_want), "{case}");
        }
    }
}

#[test]
fn products_hold_in_every_format() {
    let vectors = file("dot");
    let mut seen = Vec::new();
    for case in list(&vectors["cases"]) {
        let ty = TensorType::from_gguf(number(&case["ggml_type"]) as u32).unwrap();
        assert_eq!(ty.name(), text(&case["format"]));
        seen.push(ty);
        let (k, x) = (number(&case["k"]) as usize, floats(&case["x"]));
        let rows = list(&case["rows"]);
        let w: Vec<u8> = rows.iter().flat_map(|row| bytes(&row["w"])).collect();
        for kernel in kernels() {
            let matrix = Matrix::pack(kernel, ty, rows.len(), k, &w).unwrap();
            let mut acts = Activations::default();
            acts.load(kernel, Forms::of([ty]), &x, k).unwrap();
            let mut y = vec![0.0; rows.len()];
            matrix.product(&acts, &mut y);
            for (y, row) in y.iter().zip(rows) {
                assert_eq!(y.to_bits(), bits(&row["y"]), "{ty:?} k={k} {kernel:?}");
            }
        }
    }
    assert!(
        TensorType::ALL.iter().all(|ty| seen.contains(ty)),
        "{seen:?}"
    );
}

#[test]
fn dequantised_rows_hold_in_every_format() {
    let vectors = file("dequant");
    let cases = list(&vectors["cases"]);
    assert_eq!(cases.len(), TensorType::ALL.len());
    for case in cases {
        let named = |ty: &TensorType| ty.name() == text(&case["format"]);
        let ty = TensorType::ALL.into_iter().find(named).unwrap();
        let (w, want) = (bytes(&case["w"]), floats(&case["values"]));
        for kernel in kernels() {
            let matrix = Matrix::pack(kernel, ty, 1, want.len(), &w).unwrap();
            let mut got = vec![0.0; want.len()];
            matrix.row_f32(0, &mut got);
            same(&got, &want, &format!("{ty:?} {kernel:?}"));
        }
    }
}

#[test]
fn norms_hold() {
    let vectors = file("norm");
    for (name, has_bias) in [("rmsnorm", false), ("layernorm", true)] {
        for case in list(&vectors[name]) {
            let (x, w, want) = (floats(&case["x"]), floats(&case["w"]), floats(&case["y"]));
            let eps = f32::from_bits(bits(&case["eps"]));
            for kernel in kernels() {
                let mut y = vec![0.0; x.len()];
                match has_bias {
                    false => rmsnorm(kernel, &x, &w, eps, &mut y),
                    true => layernorm(kernel, &x, &w, &floats(&case["b"]), eps, &mut y),
                }
                same(&y, &want, name);
            }
        }
    }
}

#[test]
fn attention_holds_with_its_softmax() {
    for case in list(&file("attention")["cases"]) {
        let (dim, t) = (
            number(&case["head_dim"]) as usize,
            number(&case["t"]) as usize,
        );
        let span = Span {
            first: number(&case["first"]) as usize,
            last: t - 1,
        };
        let (q, k, values) = (floats(&case["q"]), floats(&case["k"]), floats(&case["v"]));
        // Unused positions of the last block hold NaN: they must not matter.
        let mut keys = vec![f32::NAN; t.next_multiple_of(16) * dim];
        for (p, k) in k.chunks_exact(dim).enumerate() {
            store_keys(&mut keys, p, k);
        }
        let kv = KeysValues {
            keys: &keys,
            values: &values,
            kv_heads: 1,
            head_dim: dim,
            scale: attention_scale(dim),
        };
        for (kernel, heads) in kernels()
            .into_iter()
            .flat_map(|k| (1..=6).map(move |n| (k, n)))
        {
            let room = Span::scratch(span.last);
            let mut weights = vec![0.0; heads * room];
            let mut out = vec![0.0; heads * dim];
            attend(
                kernel,
                &kv,
                0,
                span,
                &q.repeat(heads),
                &mut weights,
                &mut out,
            )
            .unwrap();
            same(&out, &floats(&case["out"]).repeat(heads), "out");
            for weights in weights.chunks_exact(room) {
                same(&weights[span.first..t], &floats(&case["e"]), "weights");
            }
        }
        softmax_holds(case, &q, &k, span, dim);
    }
}

fn softmax_holds(case: &Value, q: &[f32], k: &[f32], span: Span, dim: usize) {
    let mut scores = vec![0.0; Span::scratch(span.last)];
    let scale = 1.0 / (dim as f32).sqrt();
    for p in span.first..=span.last {
        let mut sum = 0.0;
        for d in 0..dim {
            sum += q[d] * k[p * dim + d];
        }
        scores[p] = sum * scale;
    }
    for kernel in kernels() {
        let got = softmax(kernel, &mut scores.clone(), span);
        let want = [bits(&case["max"]), bits(&case["sum"]), bits(&case["inv"])];
        assert_eq!([got.max, got.sum, got.inv].map(f32::to_bits), want);
    }
}

#[test]
fn rotations_hold_in_both_pairings() {
    for case in list(&file("rope")["rows"]) {
        let base = f32::from_bits(bits(&case["base"]));
        let (dim, pos) = (number(&case["dim"]) as usize, number(&case["pos"]) as usize);
        let factors = (!case["factors"].is_null()).then(|| floats(&case["factors"]));
        let settings = RopeSettings {
            base,
            dim,
            factors,
            linear: None,
        };
        let table = RopeTable::new(&settings, pos + 1);
        let row = table.row(pos);
        same(row.0, &floats(&case["cos"]), "cos");
        same(row.1, &floats(&case["sin"]), "sin");
        for (name, pairing) in [
            ("interleaved", Pairing::Interleaved),
            ("neox", Pairing::Neox),
        ] {
            if case["x"].is_null() {
                continue;
            }
            let mut head = floats(&case["x"]);
            rotate(pairing, row, &mut head);
            same(&head, &floats(&case[name]), name);
        }
    }
}

#[test]
fn fingerprints_of_rope_tables_hold() {
    for case in list(&file("rope")["tables"]) {
        let base = f32::from_bits(bits(&case["base"]));
        let (dim, positions) = (number(&case["dim"]), number(&case["positions"]));
        let table = rope_table_bytes(base, dim as usize, positions as usize);
        assert_eq!(
            Sha256::digest(table).to_vec(),
            bytes(&case["sha256"]),
            "{case}"
        );
    }
}

#[test]
fn sampler_holds() {
    for case in list(&file("sampler")["cases"]) {
        let logits = floats(&case["logits"]);
        let sampling = Sampling {
            temperature_milli: number(&case["temperature_milli"]) as u32,
            top_k: number(&case["top_k"]) as u32,
            top_p_milli: number(&case["top_p_milli"]) as u32,
        };
        let (seed, index): (u64, _) =
            (text(&case["seed"]).parse().unwrap(), number(&case["index"]));
        let message = [
            b"antiphon/sample/1".as_slice(),
            &seed.to_le_bytes(),
            &index.to_le_bytes(),
        ];
        let hash = Sha256::digest(message.concat());
        let h = u64::from_le_bytes(hash[..8].try_into().unwrap());
        assert_eq!(h, u64::from_str_radix(text(&case["h"]), 16).unwrap());
        let got = explain(&logits, &sampling, h);
        assert_eq!(u64::from(got.token), number(&case["token"]), "{case}");
        assert_eq!(choose(&logits, &sampling, h), got.token, "{case}");
        if sampling.temperature_milli > 0 {
            assert_eq!(got.kept as u64, number(&case["kept"]), "{case}");
            assert_eq!(got.total.to_string(), text(&case["total"]), "{case}");
            assert_eq!(got.r.to_string(), text(&case["r"]), "{case}");
        }
    }
}
