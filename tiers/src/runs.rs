//! Many short runs that a seed draws: model, prompt, settings of the choice, and the way to compute.

use crate::draw::Draw;
use crate::models::{Network, Question, Way, answer};
use antiphon_numerics::sample::Sampling;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::ops::Range;

/// How runs are drawn.
pub(crate) struct Plan {
    /// Of what is asked: the same for every tier.
    pub(crate) seed: u64,
    /// Of the ways to compute: another for each tier.
    pub(crate) ways: u64,
    /// Most threads of a run.
    pub(crate) threads: usize,
    /// Most steps of a run.
    pub(crate) steps: usize,
}

/// One line for each run: the start of the hash of its logits and tokens.
///
/// # Errors
/// A job error, which none of these runs has.
pub(crate) fn lines(networks: &[Network], plan: &Plan, runs: Range<u64>) -> Result<String, String> {
    let mut all = String::new();
    for run in runs {
        all.push_str(&line(networks, plan, run)?);
        all.push('\n');
    }
    Ok(all)
}

fn line(networks: &[Network], plan: &Plan, run: u64) -> Result<String, String> {
    let mut draw = Draw::new(plan.seed ^ run.wrapping_mul(0xD6E8_FEB8_6659_FD93));
    let network = &networks[draw.below(networks.len())];
    let config = network.config();
    let steps = 1 + draw.below(plan.steps);
    let longest = config.context.saturating_sub(steps).clamp(1, 40);
    let prompt: Vec<u32> = (0..1 + draw.below(longest))
        .map(|_| draw.below(config.vocab) as u32)
        .collect();
    let question = Question {
        prompt: &prompt,
        steps,
        sampling: sampling(&mut draw),
        seed: draw.bits(),
    };
    let mut draw = Draw::new(plan.ways ^ run);
    let way = Way {
        threads: 1 + draw.below(plan.threads),
        chunk: draw.of(&[0, 1, 2, 7, 16, 64]),
        batch: draw.of(&[false, true]),
        resumed: draw.of(&[false, true]),
    };
    let (hashes, tokens) = answer(network, &question, way)?;
    let mut all = Sha256::new();
    hashes.iter().for_each(|hash| all.update(hash));
    tokens
        .iter()
        .for_each(|token| all.update(token.to_le_bytes()));
    let hash = all.finalize();
    Ok(HEXLOWER.encode(hash.get(..8).unwrap_or_default()))
}

/// Greedy half of the time.
fn sampling(draw: &mut Draw) -> Sampling {
    let warm = draw.of(&[false, true]);
    Sampling {
        temperature_milli: if warm { 1 + draw.below(2000) as u32 } else { 0 },
        top_k: draw.of(&[0, 0, 1, 5, 40]),
        top_p_milli: draw.of(&[1, 100, 500, 900, 1000, 1000]),
    }
}
