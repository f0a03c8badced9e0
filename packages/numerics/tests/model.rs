//! A whole model gives the same bits for every kernel, number of threads and split of the prompt.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking; shapes are small"
)]

mod common;

use antiphon_numerics::{
    Cache, Executor, Kernel, Matrix, ModelError, NumericError, Point, Reach, Serial, TensorType,
    Transformer,
};
use common::model::{Shape, shapes};
use common::{Random, Threads, kernels, same};

const SEED: u64 = 42;

fn prompt(shape: &Shape, len: usize) -> Vec<u32> {
    let mut random = Random::new(7);
    (0..len)
        .map(|_| random.bits() % shape.config.vocab as u32)
        .collect()
}

/// Logits after a prompt in chunks, then after each of a few single tokens.
fn logits(model: &Transformer, tokens: &[u32], chunk: usize, exec: &dyn Executor) -> Vec<f32> {
    let mut cache = Cache::new(model.config(), tokens.len() + 3);
    let mut all = Vec::new();
    let chunks = tokens.chunks(chunk);
    let last = chunks.len() - 1;
    for (i, chunk) in chunks.enumerate() {
        if i < last {
            model.forward_no_head(&mut cache, chunk, exec).unwrap();
        } else {
            all = model.forward(&mut cache, chunk, exec).unwrap();
        }
    }
    for token in [3, 1, 2] {
        all.extend(model.forward(&mut cache, &[token], exec).unwrap());
    }
    assert_eq!(cache.len(), tokens.len() + 3);
    all
}

#[test]
fn kernels_threads_and_chunks_give_the_same_bits() {
    for shape in shapes() {
        let tokens = prompt(&shape, 83);
        let want = logits(&shape.model(Kernel::Scalar, SEED), &tokens, 83, &Serial);
        assert!(want.iter().all(|logit| logit.is_finite()));
        for kernel in kernels() {
            let model = shape.model(kernel, SEED);
            for (threads, chunk) in [
                (1, 1),
                (2, 7),
                (1, 7),
                (3, 64),
                (2, 83),
                (5, 16),
                (17, 83),
                (3, 1),
            ] {
                let got = logits(&model, &tokens, chunk, &Threads(threads));
                let what = format!("{} {kernel:?} {threads} {chunk}", shape.name);
                same(&got, &want, &what);
            }
        }
    }
}

/// More tokens than one internal chunk, at a start that is no multiple of a block.
#[test]
fn a_long_prompt_gives_the_same_bits_in_any_split() {
    let mut shape = shapes().remove(0);
    shape.config.context = 700;
    let tokens = prompt(&shape, 600);
    let model = shape.model(Kernel::detect(), SEED);
    let want = logits(&model, &tokens, 600, &Serial);
    for (threads, chunk) in [(2, 600), (3, 571), (1, 29)] {
        same(
            &logits(&model, &tokens, chunk, &Threads(threads)),
            &want,
            "split",
        );
    }
}

#[test]
fn a_truncated_cache_continues_as_a_fresh_one() {
    let shape = shapes().remove(1);
    let model = shape.model(Kernel::detect(), SEED);
    let tokens = prompt(&shape, 40);
    let mut fresh = Cache::new(model.config(), 60);
    let want = model.forward(&mut fresh, &tokens, &Serial).unwrap();
    let mut used = Cache::new(model.config(), 60);
    let detour: Vec<u32> = tokens[..21].iter().copied().chain([9; 30]).collect();
    model.forward(&mut used, &detour, &Serial).unwrap();
    used.truncate(21);
    same(
        &model
            .forward(&mut used, &tokens[21..], &Threads(2))
            .unwrap(),
        &want,
        "truncated",
    );
}

#[test]
fn wrong_tokens_are_refused_and_leave_the_cache_as_it_was() {
    let shape = shapes().remove(0);
    let model = shape.model(Kernel::detect(), SEED);
    let mut cache = Cache::new(model.config(), 5);
    model.forward(&mut cache, &[1, 2], &Serial).unwrap();
    let mut refused = |tokens: &[u32]| {
        let error = model.forward(&mut cache, tokens, &Serial).unwrap_err();
        assert_eq!(cache.len(), 2);
        error
    };
    assert_eq!(refused(&[]), NumericError::Empty);
    assert_eq!(refused(&[0, 75]), NumericError::Token { id: 75, vocab: 75 });
    let full = refused(&[1, 1, 1, 1]);
    assert_eq!(full, NumericError::ContextFull { got: 6, room: 5 });
    assert!(
        full.to_string().contains("got 6 positions, want at most 5"),
        "{full}"
    );
    let other = shapes().remove(2).model(Kernel::detect(), SEED);
    assert_eq!(
        other.forward(&mut cache, &[1], &Serial).unwrap_err(),
        NumericError::Cache
    );
}

/// The bits of a job error, for a single token and inside a prompt, on every kernel.
fn faults(shape: &Shape, spoil: impl Fn(&mut antiphon_numerics::Weights)) -> NumericError {
    let mut seen = Vec::new();
    for kernel in kernels() {
        let mut weights = shape.weights(kernel, SEED);
        spoil(&mut weights);
        let model = Transformer::new(shape.config.clone(), weights, kernel).unwrap();
        for threads in [1, 3] {
            for chunk in [1, 20] {
                let mut cache = Cache::new(model.config(), 50);
                let tokens = prompt(shape, 20);
                let (start, last) = tokens.split_at(20 - chunk);
                let started = start.chunks(chunk).try_for_each(|part| {
                    model.forward_no_head(&mut cache, part, &Threads(threads))
                });
                let done = started
                    .and_then(|()| model.forward(&mut cache, last, &Threads(threads)).map(drop));
                seen.push(done.unwrap_err());
            }
        }
    }
    assert!(seen.iter().all(|error| *error == seen[0]), "{seen:?}");
    seen[0]
}

#[test]
fn job_errors_name_their_point_layer_and_position() {
    let shape = shapes().remove(0);
    let at = |point, layer| NumericError::NotFinite {
        point,
        layer,
        position: 0,
    };
    let last = |point| NumericError::NotFinite {
        point,
        layer: 2,
        position: 19,
    };
    let input = faults(&shape, |weights| {
        weights.layers[1].attn_norm.weight[5] = f32::INFINITY
    });
    assert_eq!(input, at(Point::MatrixInput, 1));
    let ffn = faults(&shape, |weights| {
        weights.layers[0].ffn_norm.weight[5] = f32::NAN
    });
    assert_eq!(ffn, at(Point::MatrixInput, 0));
    let score = faults(&shape, |weights| {
        weights.layers[1].attn_norm.weight.fill(1e30)
    });
    assert_eq!(score, at(Point::Score, 1));
    let head = faults(&shape, |weights| weights.output_norm.weight[0] = f32::NAN);
    assert_eq!(head, last(Point::MatrixInput));
    let logit = faults(&shape, |weights| {
        weights.output_norm.weight.fill(1e37);
        let head = 1e9_f32.to_le_bytes().repeat(75 * 288);
        let head = Matrix::pack(Kernel::Scalar, TensorType::F32, 75, 288, &head);
        weights.head = Some(head.unwrap());
    });
    assert_eq!(logit, last(Point::Logit));
}

/// Settings of more layers than there are tensors for.
fn more_layers(shape: &mut Shape, layers: usize) {
    shape.config.layers = layers;
    shape.config.reach.resize(layers, Reach::default());
}

#[test]
fn a_model_that_does_not_fit_its_settings_is_refused() {
    let refused = |change: &dyn Fn(&mut Shape)| {
        let mut shape = shapes().remove(0);
        let weights = shape.weights(Kernel::detect(), SEED);
        change(&mut shape);
        Transformer::new(shape.config, weights, Kernel::detect()).unwrap_err()
    };
    assert!(matches!(
        refused(&|s| more_layers(s, 3)),
        ModelError::Layers { got: 2, want: 3 }
    ));
    assert!(matches!(
        refused(&|s| s.config.kv_heads = 2),
        ModelError::Setting {
            name: "kv_heads",
            ..
        }
    ));
    assert!(matches!(
        refused(&|s| s.config.kv_heads = 0),
        ModelError::Setting {
            name: "kv_heads",
            ..
        }
    ));
    assert!(matches!(
        refused(&|s| s.config.ropes[0].dim = 7),
        ModelError::Setting {
            name: "rope_dim",
            ..
        }
    ));
    // 600 positions by 2^32 radians each: more quarter turns than are counted.
    let far = refused(&|s| s.config.ropes[0].linear = Some(f32::from_bits(0x2f80_0000)));
    assert!(far.to_string().contains("quarter turns"), "{far}");
    assert!(matches!(
        refused(&|s| s.config.eps = f32::NAN),
        ModelError::Setting { name: "eps", .. }
    ));
    let tensor = refused(&|s| s.config.ffn = 448);
    assert!(matches!(
        tensor,
        ModelError::Tensor {
            name: "gate",
            layer: Some(0),
            ..
        }
    ));
    assert_eq!(
        tensor.to_string(),
        "tensor gate of layer 0 has shape 416x288, want 448x288"
    );
}

#[test]
fn a_tensor_that_the_block_lacks_and_one_that_is_missing_are_named() {
    let refused = |name: &str, change: &dyn Fn(&mut antiphon_numerics::Weights)| {
        let shape = shapes()
            .into_iter()
            .find(|shape| shape.name == name)
            .unwrap();
        let mut weights = shape.weights(Kernel::Scalar, SEED);
        change(&mut weights);
        Transformer::new(shape.config, weights, Kernel::Scalar)
            .unwrap_err()
            .to_string()
    };
    let missing = refused("qwen3", &|weights| weights.layers[1].k_norm = None);
    assert!(
        missing.starts_with("got no tensor or bias k_norm of layer 1"),
        "{missing}"
    );
    let extra = refused("llama, Q4_1", &|weights| {
        weights.layers[0].up.bias = Some(vec![0.0; 416]);
    });
    assert!(
        extra.starts_with("got a tensor or bias up of layer 0, want none"),
        "{extra}"
    );
    let gate = refused("gemma3", &|weights| weights.layers[2].gate = None);
    assert!(
        gate.starts_with("got no tensor or bias gate of layer 2"),
        "{gate}"
    );
    let positions = refused("gpt2", &|weights| weights.positions = None);
    assert!(
        positions.starts_with("got no tensor or bias positions, want one"),
        "{positions}"
    );
    let bias = refused("gpt2", &|weights| weights.output_norm.bias = None);
    assert!(
        bias.starts_with("got no tensor or bias output_norm"),
        "{bias}"
    );
    let split = refused("qwen2", &|weights| {
        let shape = shapes()
            .into_iter()
            .find(|shape| shape.name == "gpt2")
            .unwrap();
        weights.layers[0].qkv = shape.weights(Kernel::Scalar, SEED).layers.remove(0).qkv;
    });
    assert!(
        split.starts_with("got a tensor or bias qkv of layer 0, want none"),
        "{split}"
    );
}
