//! The lazily sorted choice equals the explained one, and the rules hold on ties.
#![allow(
    clippy::cast_possible_truncation,
    clippy::arithmetic_side_effects,
    reason = "small numbers"
)]

mod common;

use antiphon_numerics::sample::{Sampling, choose, explain};
use common::Random;

#[test]
fn choices_equal_the_explained_ones() {
    let mut random = Random::new(5);
    for round in 0..600_u32 {
        let len = 1 + (random.bits() % 400) as usize;
        // Few distinct values, so that ties are common.
        let logits: Vec<f32> = (0..len)
            .map(|_| (random.bits() % 40) as f32 * 0.5 - 10.0)
            .collect();
        let sampling = Sampling {
            temperature_milli: [0, 1, 300, 1000, 10_000][round as usize % 5],
            top_k: [0, 1, 7, 1000][random.bits() as usize % 4],
            top_p_milli: [1, 500, 950, 1000][random.bits() as usize % 4],
        };
        let h = (u64::from(random.bits()) << 32) | u64::from(random.bits());
        let explained = explain(&logits, &sampling, h);
        assert_eq!(
            choose(&logits, &sampling, h),
            explained.token,
            "{sampling:?}"
        );
        assert!(explained.kept >= 1 && explained.kept <= len);
    }
}

#[test]
fn greedy_takes_the_lowest_id_among_the_greatest() {
    let greedy = Sampling {
        temperature_milli: 0,
        top_k: 0,
        top_p_milli: 1000,
    };
    assert_eq!(choose(&[1.0, 3.0, 2.0, 3.0], &greedy, u64::MAX), 1);
    assert_eq!(choose(&[-0.0, 0.0], &greedy, 0), 0);
    assert_eq!(choose(&[-5.0], &greedy, 0), 0);
}

#[test]
fn the_ends_of_the_hash_reach_the_ends_of_the_order() {
    let sampling = Sampling {
        temperature_milli: 1000,
        top_k: 0,
        top_p_milli: 1000,
    };
    let logits = [0.0, 2.0, 1.0, 2.0];
    assert_eq!(choose(&logits, &sampling, 0), 1);
    assert_eq!(choose(&logits, &sampling, u64::MAX), 0);
    let two = Sampling {
        top_k: 2,
        ..sampling
    };
    assert_eq!(choose(&logits, &two, u64::MAX), 3);
}
