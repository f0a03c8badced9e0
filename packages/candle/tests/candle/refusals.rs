//! What candle would compute otherwise than the model is defined is refused, and why is said.

use crate::support::{Small, llama, load, options, with_rotation};
use antiphon_candle::{CANDLE, CandleModel, NUMERICS, threads};
use antiphon_engine::{Engine, FileHash, JobError, LoadError, Options};
use antiphon_miniature::{Family, Miniature, TensorType};

fn refused(small: &Small) -> LoadError {
    load(&CANDLE, &small.path()).unwrap_err()
}

fn engine_says(small: &Small, want: &str) {
    let error = refused(small);
    let named = matches!(error, LoadError::Engine { engine, .. } if engine == NUMERICS);
    assert!(named, "{error:?}");
    assert!(error.to_string().contains(want), "{error}");
}

#[test]
fn every_family_but_llama_is_refused() {
    let gallery = Miniature::gallery().into_iter();
    let others: Vec<_> = gallery.filter(|m| m.family != Family::Llama).collect();
    assert_eq!(others.len(), 4);
    for model in others {
        let want = format!("got the family {}, wanted llama", model.family.name());
        engine_says(&Small::of(model.bytes()), &want);
    }
}

#[test]
fn scaled_rotary_positions_are_refused_whether_by_factors_or_linear() {
    let factors = Miniature {
        rope_factors: true,
        ..llama()
    };
    let linear = Miniature {
        rope_linear: Some(2.0),
        ..llama()
    };
    for model in [factors, linear] {
        engine_says(&Small::llama(&model), "scales its rotary positions");
    }
}

#[test]
fn heads_that_do_not_fill_the_width_or_turn_in_part_are_refused() {
    let wide = Miniature {
        head_dim: 32,
        rotary: 32,
        ..llama()
    };
    engine_says(&Small::llama(&wide), "got heads of 32 values of which 32");
    let in_part = Miniature {
        rotary: 8,
        ..llama()
    };
    engine_says(
        &Small::llama(&in_part),
        "got heads of 16 values of which 8 are rotated, wanted the width 96 split evenly",
    );
}

#[test]
fn a_file_without_a_setting_that_candle_wants_is_refused_with_its_name() {
    engine_says(&Small::of(llama().bytes()), "llama.rope.dimension_count");
}

#[test]
fn the_preflight_comes_first() {
    let mut bytes = with_rotation(&llama()).bytes();
    bytes.pop();
    let error = refused(&Small::of(bytes));
    assert!(matches!(error, LoadError::Gguf(_)), "{error:?}");
}

#[test]
fn another_file_than_expected_is_refused() {
    let small = Small::llama(&llama());
    let options = Options {
        hash: FileHash::Expect([7; 32]),
        ..options()
    };
    let error = CandleModel::load(&small.path(), &options).unwrap_err();
    assert!(matches!(error, LoadError::Sha256 { .. }), "{error:?}");
}

#[test]
fn another_number_of_threads_than_the_process_has_is_refused_with_the_remedy() {
    let options = Options {
        threads: threads() + 1,
        ..Options::default()
    };
    let small = Small::llama(&llama());
    let error = CandleModel::load(&small.path(), &options).unwrap_err();
    assert!(error.to_string().contains("RAYON_NUM_THREADS="), "{error}");
}

#[test]
fn a_context_ends_where_candles_rotary_table_does() {
    let long = Miniature {
        context: 8192,
        ..llama()
    };
    let small = Small::llama(&long);
    let model = CandleModel::load(&small.path(), &options()).unwrap();
    assert_eq!(model.about().context_length, 4096);
    assert_eq!(model.about().cache_bytes_per_token, 3 * 2 * 16 * 8);
}

#[test]
fn a_logit_that_is_not_finite_is_a_fault_of_the_machine_and_never_voted() {
    let mut file = with_rotation(&Miniature::llama().in_format(TensorType::F32));
    // Finite weights, so the preflight passes, whose sums of products are not.
    let norm = file.tensor("output_norm.weight").unwrap();
    let huge = f32::MAX.to_le_bytes();
    norm.data = huge.iter().copied().cycle().take(norm.data.len()).collect();
    let model = CandleModel::load(&Small::of(file.bytes()).path(), &options()).unwrap();
    let mut run = model.open(4).unwrap();
    let error = run.feed(&[1, 2], true).unwrap_err();
    assert!(
        matches!(error, JobError::Engine { engine, .. } if engine == NUMERICS),
        "{error:?}"
    );
    assert!(!error.is_deterministic());
    assert!(error.to_string().contains("a logit is NaN or infinite"));
}
