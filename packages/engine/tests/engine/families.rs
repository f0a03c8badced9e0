//! Generated models of every architecture: CN-1 against the plain reference, one set of bits on all
//! kernels, and files with something that does not belong to the family.

use crate::plain::Plain;
use crate::support::TinyModel;
use antiphon_engine::gguf::{GgufError, preflight};
use antiphon_engine::golden::check;
use antiphon_engine::{Kernel, network};
use antiphon_miniature::{Family, File, Miniature, Random, Tensor, TensorType, VOCABULARY, Value};
use antiphon_numerics::{Cache, Serial};

fn ids(count: usize) -> Vec<u32> {
    let mut random = Random::new(11);
    (0..count).map(|_| random.bits() % VOCABULARY).collect()
}

/// Logits after these tokens, the last two of them one by one.
fn logits(file: &[u8], kernel: Kernel, ids: &[u32]) -> Vec<f32> {
    let model = network(file, kernel).unwrap();
    let mut cache = Cache::new(model.config(), ids.len());
    let (start, end) = ids.split_at(ids.len() - 2);
    model.forward_no_head(&mut cache, start, &Serial).unwrap();
    model.forward(&mut cache, &end[..1], &Serial).unwrap();
    model.forward(&mut cache, &end[1..], &Serial).unwrap()
}

/// The greatest difference and the greatest logit of the reference.
fn difference(got: &[f32], want: &[f64]) -> (f64, f64) {
    let pairs = got.iter().map(|got| f64::from(*got)).zip(want);
    pairs.fold((0.0, 0.0), |(far, high), (got, want): (f64, &f64)| {
        (
            f64::max(far, (got - want).abs()),
            f64::max(high, want.abs()),
        )
    })
}

/// Floats are not rounded to 8 bits before a product, so the two differ by their roundings alone:
/// a wrong pair, window, scale or norm would differ by tenths.
#[test]
fn float_models_of_every_architecture_agree_with_the_plain_reference() {
    let ids = ids(19);
    for model in Miniature::gallery() {
        let file = model.clone().in_format(TensorType::F32).bytes();
        let got = logits(&file, Kernel::detect(), &ids);
        let (far, high) = difference(&got, &Plain::new(&file).logits(&ids));
        assert!(
            high > 0.5,
            "{}: logits up to {high} show nothing",
            model.name
        );
        assert!(far < 2e-5 * high, "{}: {far} of {high}", model.name);
    }
}

/// Products round their input to 8 bits: the direction stays.
#[test]
fn quantised_models_of_every_architecture_point_where_the_plain_reference_does() {
    let ids = ids(19);
    for model in Miniature::gallery() {
        let file = model.bytes();
        let got = logits(&file, Kernel::detect(), &ids);
        let want = Plain::new(&file).logits(&ids);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let got: Vec<f64> = got.into_iter().map(f64::from).collect();
        let cosine = dot(&got, &want) / (dot(&got, &got) * dot(&want, &want)).sqrt();
        assert!(cosine > 0.995, "{}: {cosine}", model.name);
    }
}

#[test]
fn every_kernel_gives_a_generated_model_the_same_bits() {
    let ids = ids(40);
    for model in Miniature::gallery() {
        let file = model.bytes();
        let bits = |kernel| -> Vec<u32> {
            let logits = logits(&file, kernel, &ids);
            logits.into_iter().map(f32::to_bits).collect()
        };
        let want = bits(Kernel::Scalar);
        for kernel in Kernel::all().into_iter().filter(|k| k.available()) {
            assert_eq!(bits(kernel), want, "{} {kernel}", model.name);
        }
    }
}

/// From the file over a manifest to its golden answers, as a worker does before it takes a seat.
#[test]
fn golden_answers_of_every_architecture_hold_on_each_kernel_and_number_of_threads() {
    for model in Miniature::gallery() {
        let tiny = TinyModel::of(model.bytes());
        let manifest = tiny.manifest();
        assert_eq!(manifest.family, model.family.name());
        for (threads, kernel) in [(3, None), (2, Some(Kernel::Scalar))] {
            let report = check(&tiny.load(threads, kernel), &manifest).unwrap();
            assert_eq!(report.cases, 2, "{}", model.name);
        }
    }
}

fn of(family: Family) -> Miniature {
    let mut models = Miniature::gallery().into_iter();
    models.find(|model| model.family == family).unwrap()
}

fn refused(family: Family, change: impl FnOnce(&mut File)) -> GgufError {
    let mut file = of(family).file();
    change(&mut file);
    preflight(&file.bytes()).unwrap_err()
}

#[test]
fn a_setting_of_another_family_is_refused() {
    for (family, key) in [
        (Family::Llama, "llama.expert_count"),
        (Family::Llama, "llama.rope.local_freq_base"),
        (Family::Qwen2, "qwen2.attention.layer_norm_epsilon"),
        (Family::Qwen3, "qwen3.expert_count"),
        (Family::Gemma3, "gemma3.final_logit_softcapping"),
        (Family::Gpt2, "gpt2.rope.freq_base"),
        (Family::Gpt2, "gpt2.attention.head_count_kv"),
        (Family::Gpt2, "gpt2.attention.max_alibi_bias"),
    ] {
        let error = refused(family, |file| file.set(key, Value::F32(1.0)));
        let named = matches!(&error, GgufError::UnknownKey { key: got, .. } if got == key);
        assert!(named, "{key}: {error}");
    }
}

#[test]
fn a_tensor_of_another_family_is_refused_and_a_missing_one_is_named() {
    let vector = |name: &str, len: u32| {
        let data = 1_f32.to_le_bytes().repeat(len as usize);
        Tensor::new(name, &[len], TensorType::F32, data)
    };
    for (family, name, len) in [
        (Family::Llama, "blk.0.attn_q.bias", 96),
        (Family::Qwen2, "blk.0.attn_output.bias", 128),
        (Family::Qwen3, "blk.0.post_ffw_norm.weight", 96),
        (Family::Gemma3, "rope_freqs.weight", 12),
        (Family::Gpt2, "rope_freqs.weight", 12),
        (Family::Gpt2, "blk.0.attn_q.weight", 96),
    ] {
        let error = refused(family, |file| file.tensors.push(vector(name, len)));
        let named = matches!(&error, GgufError::UnknownTensor { tensor, .. } if tensor == name);
        assert!(named, "{name}: {error}");
    }
    for (family, name) in [
        (Family::Qwen2, "blk.1.attn_k.bias"),
        (Family::Qwen3, "blk.2.attn_q_norm.weight"),
        (Family::Gemma3, "blk.6.post_attention_norm.weight"),
        (Family::Gpt2, "position_embd.weight"),
        (Family::Gpt2, "output_norm.bias"),
    ] {
        let error = refused(family, |file| file.tensors.retain(|t| t.name != name));
        let named = matches!(&error, GgufError::MissingTensor { tensor, .. } if tensor == name);
        assert!(named, "{name}: {error}");
    }
}

#[test]
fn settings_out_of_the_family_s_range_are_refused() {
    let window = "attention.sliding_window";
    let missing = refused(Family::Gemma3, |f| {
        f.remove("gemma3.attention.sliding_window")
    });
    assert!(matches!(&missing, GgufError::MissingKey { key } if key.ends_with(window)));
    for (family, key, value) in [
        (
            Family::Gemma3,
            "gemma3.attention.sliding_window",
            Value::U32(0),
        ),
        (
            Family::Qwen2,
            "qwen2.attention.sliding_window",
            Value::U32(511),
        ),
        (
            Family::Gemma3,
            "gemma3.rope.local_freq_base",
            Value::F32(0.5),
        ),
        (
            Family::Gemma3,
            "gemma3.rope.freq_base",
            Value::F32(f32::NAN),
        ),
        (Family::Gpt2, "gpt2.attention.head_count", Value::U32(5)),
        (
            Family::Gpt2,
            "gpt2.attention.layer_norm_epsilon",
            Value::F32(-1.0),
        ),
        (
            Family::Qwen3,
            "qwen3.rope.scaling.type",
            Value::Str("yarn".into()),
        ),
    ] {
        let error = refused(family, |file| file.set(key, value));
        let named = matches!(&error, GgufError::Setting { key: got, .. } if got == key);
        assert!(named, "{key}: {error}");
    }
    let unknown = refused(Family::Llama, |file| {
        file.set("general.architecture", Value::Str("mamba".into()));
    });
    assert_eq!(
        unknown.to_string(),
        "general.architecture is \"mamba\", this engine runs: llama, qwen2, qwen3, gemma3, gpt2"
    );
}
