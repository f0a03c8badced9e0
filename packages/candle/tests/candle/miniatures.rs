//! Small models of every format: candle against CN-1, logit by logit.

use crate::support::{Small, load, with_rotation};
use antiphon_candle::CANDLE;
use antiphon_engine::CN_1;
use antiphon_miniature::{Miniature, TensorType};
use std::path::Path;

/// Logits of the last position, the prompt split as candle likes it least: one by one at the end.
fn logits(kind: &antiphon_engine::EngineKind, path: &Path) -> Vec<f64> {
    let engine = load(kind, path).unwrap();
    let ids: Vec<u32> = (0..19).map(|i| i * 37 % 250).collect();
    let mut run = engine.open(ids.len()).unwrap();
    run.feed(&ids[..16], false).unwrap();
    for id in &ids[16..] {
        run.feed(std::slice::from_ref(id), true).unwrap();
    }
    run.last().iter().copied().map(f64::from).collect()
}

/// The greatest difference, over the greatest logit.
fn difference(model: &Miniature) -> f64 {
    let small = Small::of(with_rotation(model).bytes());
    let (ours, candle) = (logits(&CN_1, &small.path()), logits(&CANDLE, &small.path()));
    assert_eq!(ours.len(), candle.len());
    let greatest = |of: &mut dyn Iterator<Item = f64>| of.fold(0.0, f64::max);
    let far = greatest(&mut ours.iter().zip(&candle).map(|(a, b)| (a - b).abs()));
    let high = greatest(&mut ours.iter().map(|logit| logit.abs()));
    assert!(high > 0.1, "logits up to {high} show nothing");
    far / high
}

fn wide() -> Miniature {
    let gallery = Miniature::gallery();
    let model = gallery.into_iter().find(|m| m.name == "llama-k-quants");
    model.unwrap()
}

#[test]
fn a_float_model_differs_by_roundings_alone() {
    for model in [Miniature::llama(), wide()] {
        let far = difference(&model.in_format(TensorType::F32));
        println!("F32: {far:.1e}");
        assert!(far < 1e-4, "{far}");
    }
}

#[test]
fn a_model_of_each_format_is_close() {
    use TensorType::{BF16, F16, Q4_0, Q4_1, Q4K, Q5_0, Q5_1, Q5K, Q6K, Q8_0};
    for format in [Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4K, Q5K, Q6K, F16, BF16] {
        let far = difference(&wide().in_format(format));
        println!("{format:?}: {far:.1e}");
        assert!(far < 0.05, "{format:?}: {far}");
    }
}
