//! What families compute, as numbers: the constants of cn-1.md sect. 8, and what a wrong model says.

use antiphon_numerics::family::Numbers;
use antiphon_numerics::{Family, Reach};

fn numbers(layers: usize, width: usize, heads: usize, head_dim: usize) -> Numbers {
    Numbers {
        layers,
        width,
        heads,
        kv_heads: 1,
        head_dim,
        ffn: 64,
        vocab: 32,
        context: 128,
        eps: 1e-6,
        rope_dim: head_dim,
        rope_base: None,
        rope_local_base: None,
        rope_linear: Some(8.0),
        rope_factors: None,
        window: Some(16),
    }
}

#[test]
fn gemma_scales_the_embedding_by_the_root_of_its_width() {
    for (width, bits) in [(640, 0x41CA_62C2), (1152, 0x4207_C3B6), (2560, 0x424A_62C2)] {
        let config = Family::Gemma3.config(&numbers(6, width, 4, 256));
        assert_eq!(config.embedding_scale.map(f32::to_bits), Some(bits));
    }
    let llama = Family::Llama.config(&numbers(6, 640, 4, 64));
    assert_eq!(llama.embedding_scale, None);
}

#[test]
fn scores_are_scaled_by_the_head_but_in_the_largest_gemma() {
    for (family, dim, bits) in [
        (Family::Llama, 64, 0x3E00_0000),
        (Family::Qwen3, 128, 0x3DB5_04F3),
        (Family::Gemma3, 256, 0x3D80_0000),
    ] {
        let config = family.config(&numbers(26, 1152, 4, dim));
        assert_eq!(config.attention_scale.to_bits(), bits);
    }
    let largest = Family::Gemma3.config(&numbers(62, 5376, 32, 128));
    assert_eq!(largest.attention_scale, 1.0 / 168.0_f32.sqrt());
}

#[test]
fn each_sixth_layer_of_gemma_sees_everything_and_alone_is_scaled() {
    let config = Family::Gemma3.config(&numbers(13, 1152, 4, 256));
    let (global, local) = (&config.ropes[0], &config.ropes[1]);
    assert_eq!((global.base, global.linear), (1_000_000.0, Some(8.0)));
    assert_eq!((local.base, local.linear), (10_000.0, None));
    for (layer, reach) in config.reach.iter().enumerate() {
        let want = match layer {
            5 | 11 => Reach {
                rope: 0,
                window: None,
            },
            _ => Reach {
                rope: 1,
                window: Some(16),
            },
        };
        assert_eq!(*reach, want, "layer {layer}");
    }
    let named = Numbers {
        rope_base: Some(500_000.0),
        rope_local_base: Some(20_000.0),
        ..numbers(6, 1152, 4, 256)
    };
    let bases: Vec<f32> = Family::Gemma3
        .config(&named)
        .ropes
        .iter()
        .map(|r| r.base)
        .collect();
    assert_eq!(bases, [500_000.0, 20_000.0]);
}

#[test]
fn families_are_found_by_the_architecture_that_files_name() {
    for family in Family::ALL {
        assert_eq!(Family::from_name(family.name()), Some(family));
    }
    assert_eq!(Family::from_name("Llama"), None);
    assert!(Family::Gemma3.reads("rope.local_freq_base"));
    assert!(!Family::Llama.reads("rope.local_freq_base"));
    assert!(Family::Gpt2.reads("attention.layer_norm_epsilon"));
    assert!(!Family::Gpt2.reads("attention.layer_norm_rms_epsilon"));
}
