//! A model file loaded into candle, and the logits of a job.

use crate::NUMERICS;
use crate::environment::{check, refusal, threads};
use antiphon_engine::answer::Logits;
use antiphon_engine::gguf::{self, Family, Gguf, Settings};
use antiphon_engine::tokenizer::Tokenizer;
use antiphon_engine::{About, Engine, JobError, LoadError, ModelFile, Options};
use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::{MAX_SEQ_LEN, ModelWeights};
use std::io::Cursor;
use std::path::Path;
use std::time::Instant;

/// A model in candle's memory. Clones of the weights share their tensors, so each job has a cache
/// of its own.
#[derive(Debug)]
pub struct CandleModel {
    weights: ModelWeights,
    tokenizer: Tokenizer,
    about: About,
}

impl CandleModel {
    /// Loads a GGUF file. It passes the same preflight as for CN-1 before candle sees a byte.
    ///
    /// # Errors
    /// [`LoadError`]: the preflight's, or [`LoadError::Engine`] for what candle does not compute
    /// as the model is defined.
    pub fn load(path: &Path, options: &Options) -> Result<Self, LoadError> {
        let start = Instant::now();
        check(options)?;
        let file = ModelFile::open(path, options.hash)?;
        let gguf = gguf::preflight(file.bytes())?;
        check_model(&gguf)?;
        let rows = gguf.tensors.get("token_embd.weight");
        let rows = rows.and_then(|tensor| tensor.dims.get(1)).copied();
        let vocabulary = rows.and_then(|rows| u32::try_from(rows).ok()).unwrap_or(0);
        let tokenizer = Tokenizer::from_metadata(&gguf.metadata, vocabulary)?;
        let weights = weights(file.bytes()).map_err(|error| refusal(error.to_string()))?;
        let settings = &gguf.settings;
        let about = About {
            numerics: NUMERICS,
            family: settings.family,
            sha256: file.sha256(),
            bytes: u64::try_from(file.bytes().len()).unwrap_or(u64::MAX),
            kernel: "candle".to_owned(),
            threads: threads(),
            context_length: context(settings),
            cache_bytes_per_token: cache_bytes(settings),
            load_seconds: start.elapsed().as_secs_f64(),
        };
        Ok(Self {
            weights,
            tokenizer,
            about,
        })
    }
}

impl Engine for CandleModel {
    fn about(&self) -> About {
        self.about.clone()
    }

    fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    fn open(&self, _positions: usize) -> Result<Box<dyn Logits + '_>, JobError> {
        Ok(Box::new(Run {
            weights: self.weights.clone(),
            position: 0,
            logits: Vec::new(),
        }))
    }
}

fn weights(file: &[u8]) -> candle_core::Result<ModelWeights> {
    let mut reader = Cursor::new(file);
    let content = Content::read(&mut reader)?;
    ModelWeights::from_gguf(content, &mut reader, &Device::Cpu)
}

/// Refuses what candle would load and compute otherwise than the model is defined: it reads neither
/// rotary factors nor scaling, and takes head size and rotated values from the width.
fn check_model(gguf: &Gguf<'_>) -> Result<(), LoadError> {
    let settings = &gguf.settings;
    if settings.family != Family::Llama {
        return Err(refusal(format!(
            "got the family {}, wanted llama: use numerics cn-1",
            settings.family.name()
        )));
    }
    if gguf.tensors.contains_key("rope_freqs.weight") || settings.rope_scale.is_some() {
        return Err(refusal(
            "the file scales its rotary positions, which candle ignores: use numerics cn-1"
                .to_owned(),
        ));
    }
    let even = settings.embedding.checked_div(settings.heads);
    let (head, rotary) = (settings.head_dim, settings.rotary);
    if even != Some(head) || rotary != head {
        return Err(refusal(format!(
            "got heads of {head} values of which {rotary} are rotated, wanted the width {} split evenly and all of it rotated: use numerics cn-1",
            settings.embedding
        )));
    }
    Ok(())
}

/// Candle's rotary table ends before the context of many models.
fn context(settings: &Settings) -> u32 {
    let most = u32::try_from(MAX_SEQ_LEN).unwrap_or(u32::MAX);
    settings.context_length.min(most)
}

fn cache_bytes(settings: &Settings) -> u64 {
    let factors = [settings.blocks, settings.kv_heads, settings.head_dim];
    factors
        .into_iter()
        .fold(8, |n, by| n.saturating_mul(by.into()))
}

/// A job in progress.
struct Run {
    weights: ModelWeights,
    position: usize,
    logits: Vec<f32>,
}

impl Run {
    fn forward(&mut self, tokens: &[u32]) -> candle_core::Result<Vec<f32>> {
        // Shape (1, tokens) in, (1, vocabulary) out: the last position's logits only.
        let input = Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?;
        let output = self.weights.forward(&input, self.position)?;
        output.flatten_all()?.to_vec1()
    }
}

impl Logits for Run {
    fn feed(&mut self, tokens: &[u32], _wanted: bool) -> Result<(), JobError> {
        let failure = |why: String| JobError::Engine {
            engine: NUMERICS,
            why,
        };
        self.logits = self
            .forward(tokens)
            .map_err(|error| failure(error.to_string()))?;
        self.position = self.position.saturating_add(tokens.len());
        if self.logits.iter().all(|logit| logit.is_finite()) {
            return Ok(());
        }
        let why = "a logit is NaN or infinite; another machine's may be finite, so this is no vote";
        Err(failure(why.to_owned()))
    }

    fn last(&self) -> &[f32] {
        &self.logits
    }
}
