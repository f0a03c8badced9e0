//! Sequences that share pages, and sequences that are computed together, have the bits they have
//! alone.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking; shapes are small"
)]

mod common;

use antiphon_numerics::{
    Cache, Executor, Kernel, Matrix, NumericError, Point, Serial, TensorType, Transformer, Turn,
};
use common::model::shapes;
use common::{Random, Threads, same};

/// A prompt and the logits of each of its tokens from `from` on, computed alone.
fn alone(model: &Transformer, tokens: &[u32], from: usize) -> Vec<Vec<f32>> {
    let mut cache = Cache::new(model.config(), tokens.len());
    model
        .forward_no_head(&mut cache, &tokens[..from], &Serial)
        .unwrap();
    let rest = tokens[from..].iter();
    rest.map(|token| model.forward(&mut cache, &[*token], &Serial).unwrap())
        .collect()
}

fn tokens(model: &Transformer, seed: u64, len: usize) -> Vec<u32> {
    let mut random = Random::new(seed);
    let vocab = model.config().vocab as u32;
    (0..len).map(|_| random.bits() % vocab).collect()
}

/// Sequences that start at different times and have different lengths, three of them at most at a
/// time in a batch.
fn check_batches(model: &Transformer, exec: &dyn Executor, what: &str) {
    let starts = [1, 63, 30, 64, 17];
    let all: Vec<_> = (0_u64..)
        .zip(starts)
        .map(|(i, n)| tokens(model, i, n + 9))
        .collect();
    let want: Vec<_> = all
        .iter()
        .zip(starts)
        .map(|(t, n)| alone(model, t, n))
        .collect();
    let mut sequences: Vec<_> = all
        .iter()
        .zip(starts)
        .map(|(tokens, start)| {
            let mut cache = Cache::new(model.config(), tokens.len());
            model
                .forward_no_head(&mut cache, &tokens[..start], exec)
                .unwrap();
            (cache, Vec::new())
        })
        .collect();
    for step in 0.. {
        // Sequence `i` joins at step `i` and leaves after nine.
        let turn = |i: usize| step >= i && step < i + 9;
        let mut turns: Vec<_> = sequences
            .iter_mut()
            .enumerate()
            .filter(|(i, _)| turn(*i))
            .map(|(i, (cache, logits))| {
                let token = all[i][starts[i] + step - i];
                Turn {
                    cache,
                    token,
                    logits,
                }
            })
            .collect();
        if turns.is_empty() {
            break;
        }
        let results = model.forward_batch(&mut turns, exec);
        assert_eq!(results, vec![Ok(()); turns.len()]);
        for i in (0..starts.len()).filter(|i| turn(*i)) {
            let what = format!("{what}, sequence {i}, step {step}");
            same(&sequences[i].1, &want[i][step - i], &what);
        }
    }
}

#[test]
fn a_sequence_has_the_same_bits_in_any_company() {
    for shape in shapes() {
        let model = shape.model(Kernel::detect(), 5);
        check_batches(&model, &Serial, shape.name);
        check_batches(&model, &Threads(3), shape.name);
    }
}

#[test]
fn a_sequence_resumed_anywhere_has_the_bits_of_a_fresh_one() {
    let mut shape = shapes().remove(0);
    shape.config.context = 400;
    let model = shape.model(Kernel::detect(), 5);
    let first = tokens(&model, 1, 150);
    let mut cache = Cache::new(model.config(), 150);
    model.forward_no_head(&mut cache, &first, &Serial).unwrap();
    let kept = cache.share();
    assert_eq!((kept.len(), kept.is_empty()), (150, false));
    let page = 64 * 2 * 4 * model.config().kv_width();
    assert_eq!(kept.bytes(), 3 * page * model.config().layers);
    for shared in [0, 1, 63, 64, 65, 100, 128, 149, 150] {
        let mut second = first[..shared].to_vec();
        second.extend(tokens(&model, 2, 200));
        let want = alone(&model, &second, second.len() - 2);
        let mut resumed = Cache::resumed(model.config(), 400, &kept, shared);
        assert_eq!(resumed.len(), shared);
        let (most, last) = second[shared..].split_at(198);
        let (some, rest) = most.split_at(29);
        model.forward_no_head(&mut resumed, some, &Serial).unwrap();
        model
            .forward_no_head(&mut resumed, rest, &Threads(1))
            .unwrap();
        for (token, want) in last.iter().zip(&want) {
            let got = model.forward(&mut resumed, &[*token], &Serial).unwrap();
            same(&got, want, &format!("{shared} shared"));
        }
    }
    // Writing to shared pages has left the first sequence as it was.
    let mut again = Cache::resumed(model.config(), 200, &kept, 149);
    let got = model.forward(&mut again, &first[149..], &Serial).unwrap();
    same(&got, &alone(&model, &first, 149)[0], "first");
}

#[test]
fn another_models_pages_are_not_taken() {
    let (mut a, b) = (shapes().remove(0), shapes().remove(1));
    let model = b.model(Kernel::detect(), 5);
    let mut cache = Cache::new(model.config(), 20);
    model
        .forward_no_head(&mut cache, &[1, 2, 3], &Serial)
        .unwrap();
    a.config.context = 10;
    assert_eq!(Cache::resumed(&a.config, 10, &cache.share(), 3).len(), 0);
    // A resumed sequence is no longer than there is room for.
    assert_eq!(
        Cache::resumed(model.config(), 2, &cache.share(), 3).len(),
        2
    );
}

#[test]
fn a_sequence_that_fails_fails_alone() {
    let mut shape = shapes().remove(3);
    shape.embedding = TensorType::F32;
    let kernel = Kernel::detect();
    let mut weights = shape.weights(kernel, 5);
    // Only token 7 has a first element, and the first norm makes it overflow.
    let (rows, cols) = weights.embedding.shape();
    let mut table = Random::new(3).tensor(TensorType::F32, rows, cols);
    for (token, row) in table.chunks_exact_mut(4 * cols).enumerate() {
        row[..4].fill(0);
        if token == 7 {
            row.fill(0);
            row[..4].copy_from_slice(&1.0_f32.to_le_bytes());
        }
    }
    weights.embedding = Matrix::pack(kernel, TensorType::F32, rows, cols, &table).unwrap();
    weights.layers[0].attn_norm.weight[0] = 1e38;
    let model = Transformer::new(shape.config.clone(), weights, kernel).unwrap();
    let mut caches = [1, 2, 3].map(|token| {
        let mut cache = Cache::new(model.config(), 9);
        model
            .forward_no_head(&mut cache, &[token], &Serial)
            .unwrap();
        (cache, Vec::new())
    });
    let mut turns: Vec<_> = caches
        .iter_mut()
        .zip([4, 7, 4])
        .map(|((cache, logits), token)| Turn {
            cache,
            token,
            logits,
        })
        .collect();
    let results = model.forward_batch(&mut turns, &Threads(2));
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    let (point, layer, position) = (Point::MatrixInput, 0, 1);
    let want = NumericError::NotFinite {
        point,
        layer,
        position,
    };
    assert_eq!(results[1], Err(want));
    assert_eq!(caches.each_ref().map(|(cache, _)| cache.len()), [2, 1, 2]);
    same(&caches[0].1, &alone(&model, &[1, 4], 1)[0], "first");
    same(&caches[2].1, &alone(&model, &[3, 4], 1)[0], "third");
    // A token that does not exist is refused alone, too.
    let mut turns: Vec<_> = caches
        .iter_mut()
        .zip([1, 9999, 1])
        .map(|((cache, logits), token)| Turn {
            cache,
            token,
            logits,
        })
        .collect();
    let results = model.forward_batch(&mut turns, &Serial);
    assert!(matches!(
        results[1],
        Err(NumericError::Token { id: 9999, .. })
    ));
    assert_eq!(caches.each_ref().map(|(cache, _)| cache.len()), [3, 1, 3]);
}
