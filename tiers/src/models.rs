//! Whole models: every logit of some steps, hashed, for each number of threads and split of the
//! prompt, and compared with the specification's vectors.

use crate::threads::Threads;
use antiphon_numerics::sample::{Sampling, choose};
use antiphon_numerics::{Cache, Executor, Kernel, NumericError, Serial, Transformer, Turn};
use data_encoding::{BASE64, HEXLOWER};
use serde::Deserialize;
use sha2::{Digest, Sha256};

pub(crate) type Network = Transformer;

/// Takes the greatest logit.
const GREEDY: Sampling = Sampling {
    temperature_milli: 0,
    top_k: 0,
    top_p_milli: 1000,
};

/// A synthetic model of each family but llama's (cn-1 section 11).
#[derive(Deserialize)]
struct NanoFile {
    runs: Vec<Nano>,
}

#[derive(Deserialize)]
struct Nano {
    prompt_ids: Vec<u32>,
    logits_sha256: Vec<String>,
    gguf_base64: String,
}

/// The demo model's answers (cn-1 section 11).
#[derive(Deserialize)]
struct RealFile {
    runs: Vec<Real>,
}

#[derive(Deserialize)]
struct Real {
    prompt_ids: Vec<u32>,
    logits_sha256: Vec<String>,
}

/// One way to compute the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) threads: usize,
    /// Tokens fed together, 0 for the whole prompt.
    pub(crate) chunk: usize,
    /// Steps are computed in a batch with two other sequences.
    pub(crate) batch: bool,
    /// The prompt's first half is taken over from another sequence that began with it.
    pub(crate) resumed: bool,
}

/// What is asked of a model.
pub(crate) struct Question<'a> {
    pub(crate) prompt: &'a [u32],
    pub(crate) steps: usize,
    pub(crate) sampling: Sampling,
    /// Of the choice of tokens.
    pub(crate) seed: u64,
}

/// The small models of the vectors.
///
/// # Errors
/// The vectors cannot be read, or the loader refuses one.
pub(crate) fn nano(kernel: Kernel) -> Result<Vec<Network>, String> {
    let load = |nano: &Nano| network(&decode(nano)?, kernel);
    nano_file()?.runs.iter().map(load).collect()
}

/// The hash of all logits of the small models.
///
/// # Errors
/// A way computes other bits than the vectors have.
pub(crate) fn nano_hash(kernel: Kernel, ways: &[Way]) -> Result<[u8; 32], String> {
    let mut all = Sha256::new();
    for run in nano_file()?.runs {
        let network = network(&decode(&run)?, kernel)?;
        all.update(every_way(
            &network,
            &run.prompt_ids,
            &run.logits_sha256,
            ways,
        )?);
    }
    Ok(all.finalize().into())
}

/// The hash of the first logits of the demo model, whose file this is.
///
/// # Errors
/// The file is refused, or a way computes other bits than the vectors have.
pub(crate) fn real_hash(
    file: &[u8],
    kernel: Kernel,
    ways: &[Way],
    steps: usize,
) -> Result<[u8; 32], String> {
    let vectors: RealFile = json(include_str!(
        "../../packages/engine/tests/vectors/model.json"
    ))?;
    let run = vectors.runs.first().ok_or("no run in the vectors")?;
    let want = run.logits_sha256.get(..steps).ok_or("too many steps")?;
    every_way(&network(file, kernel)?, &run.prompt_ids, want, ways)
}

/// Loads a GGUF file.
///
/// # Errors
/// It is refused.
pub(crate) fn network(file: &[u8], kernel: Kernel) -> Result<Network, String> {
    antiphon_gguf::network(file, kernel).map_err(|error| error.to_string())
}

fn nano_file() -> Result<NanoFile, String> {
    json(include_str!("../../testdata/vectors/nano.json"))
}

fn decode(nano: &Nano) -> Result<Vec<u8>, String> {
    let text = nano.gguf_base64.as_bytes();
    BASE64.decode(text).map_err(|error| error.to_string())
}

fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Greedy steps in every way; each must give the wanted hash at each step.
fn every_way(
    network: &Network,
    prompt: &[u32],
    want: &[String],
    ways: &[Way],
) -> Result<[u8; 32], String> {
    let question = Question {
        prompt,
        steps: want.len(),
        sampling: GREEDY,
        seed: 0,
    };
    for way in ways {
        let (got, _) = answer(network, &question, *way)?;
        let got = got.iter().map(|hash| HEXLOWER.encode(hash));
        if let Some(step) = got.zip(want).position(|(got, want)| got != *want) {
            return Err(format!(
                "{way:?}: the logits of step {step} differ from the vectors"
            ));
        }
    }
    Ok(Sha256::digest(want.concat()).into())
}

/// SHA-256 of the logits of each step, and the tokens.
///
/// # Errors
/// A job error.
pub(crate) fn answer(
    network: &Network,
    question: &Question<'_>,
    way: Way,
) -> Result<(Vec<[u8; 32]>, Vec<u32>), String> {
    match way.threads {
        1 => answer_on(network, question, way, &Serial),
        threads => answer_on(network, question, way, &Threads(threads)),
    }
}

fn answer_on(
    network: &Network,
    question: &Question<'_>,
    way: Way,
    exec: &dyn Executor,
) -> Result<(Vec<[u8; 32]>, Vec<u32>), String> {
    let fault = |error: NumericError| error.to_string();
    let capacity = question.prompt.len() + question.steps;
    let mut cache = match way.resumed {
        true => begun(network, question.prompt, capacity, exec).map_err(fault)?,
        false => Cache::new(network.config(), capacity),
    };
    let prompt = &question.prompt[cache.len()..];
    let chunk = if way.chunk == 0 {
        prompt.len()
    } else {
        way.chunk
    };
    let (head, tail) = prompt.split_at((prompt.len() - 1) / chunk * chunk);
    for part in head.chunks(chunk) {
        let fed = network.forward_no_head(&mut cache, part, exec);
        fed.map_err(fault)?;
    }
    let mut others = match way.batch {
        true => companions(network, question, exec).map_err(fault)?,
        false => Vec::new(),
    };
    let mut logits = network.forward(&mut cache, tail, exec).map_err(fault)?;
    let (mut hashes, mut tokens) = (Vec::new(), Vec::new());
    for step in 0..question.steps {
        hashes.push(hash(&logits));
        let token = choose(&logits, &question.sampling, luck(question.seed, step));
        tokens.push(token);
        if step + 1 < question.steps {
            together(network, (&mut cache, token, &mut logits), &mut others, exec)
                .map_err(fault)?;
        }
    }
    Ok((hashes, tokens))
}

/// A sequence that has the first half of the prompt from another one, which went on otherwise.
fn begun(
    network: &Network,
    prompt: &[u32],
    capacity: usize,
    exec: &dyn Executor,
) -> Result<Cache, NumericError> {
    let (shared, rest) = prompt.split_at(prompt.len() / 2);
    let other: Vec<u32> = shared.iter().chain(rest.iter().rev()).copied().collect();
    let mut cache = Cache::new(network.config(), other.len());
    network.forward_no_head(&mut cache, &other, exec)?;
    Ok(Cache::resumed(
        network.config(),
        capacity,
        &cache.share(),
        shared.len(),
    ))
}

/// Two sequences of other lengths than the question's.
fn companions(
    network: &Network,
    question: &Question<'_>,
    exec: &dyn Executor,
) -> Result<Vec<Cache>, NumericError> {
    let prompt = question.prompt;
    let starts = [&prompt[..1], &prompt[..prompt.len().div_ceil(3)]];
    let begin = |start: &[u32]| {
        let mut cache = Cache::new(network.config(), start.len() + question.steps);
        network.forward_no_head(&mut cache, start, exec)?;
        Ok(cache)
    };
    starts.into_iter().map(begin).collect()
}

/// One step of the sequence among its companions, before and behind it, who say
/// the same token.
fn together(
    network: &Network,
    (cache, token, logits): (&mut Cache, u32, &mut Vec<f32>),
    others: &mut [Cache],
    exec: &dyn Executor,
) -> Result<(), NumericError> {
    let mut unread = vec![Vec::new(); others.len()];
    let mut turns = vec![Turn {
        cache,
        token,
        logits,
    }];
    for (cache, logits) in others.iter_mut().zip(&mut unread) {
        let other = Turn {
            cache,
            token,
            logits,
        };
        turns.insert(turns.len() / 2, other);
    }
    network
        .forward_batch(&mut turns, exec)
        .into_iter()
        .collect()
}

fn hash(logits: &[f32]) -> [u8; 32] {
    let mut all = Sha256::new();
    for logit in logits {
        all.update(logit.to_bits().to_le_bytes());
    }
    all.finalize().into()
}

/// Cn-1 section 7.2, step 4.
fn luck(seed: u64, step: usize) -> u64 {
    let mut all = Sha256::new();
    all.update(b"antiphon/sample/1");
    all.update(seed.to_le_bytes());
    all.update((step as u64).to_le_bytes());
    let hash: [u8; 32] = all.finalize().into();
    hash.as_chunks::<8>()
        .0
        .first()
        .map_or(0, |first| u64::from_le_bytes(*first))
}
