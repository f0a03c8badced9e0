//! The hash chain over a computation (cn-1.md 7.5).

use antiphon_documents::Sampling;
use sha2::{Digest, Sha256};

/// What the first link binds: the model, the parameters and the prompt.
#[derive(Clone, Copy, Debug)]
pub struct TraceStart<'a> {
    /// SHA-256 of the whole GGUF file.
    pub gguf_sha256: &'a [u8; 32],
    /// Sampling parameters as given, also at temperature 0.
    pub sampling: &'a Sampling,
    /// The job's limit of output tokens.
    pub max_output_tokens: u32,
    /// Ids of the prompt.
    pub prompt_ids: &'a [u32],
    /// In a task the 32 bytes of protocol.md sect. 5; empty when a model runs alone.
    pub nonce: &'a [u8],
}

/// The whole chain of one computation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The start.
    pub trace_0: [u8; 32],
    /// One link for each chosen token, an END token too.
    pub links: Vec<[u8; 32]>,
}

impl Trace {
    /// Chains chosen tokens and the hashes of the logits they were chosen from.
    pub fn new<'s>(
        start: &TraceStart<'_>,
        steps: impl IntoIterator<Item = (u32, &'s [u8; 32])>,
    ) -> Self {
        let trace_0 = start.hash();
        let mut last = trace_0;
        let links = steps
            .into_iter()
            .map(|(token, logits)| {
                last = link(&last, token, logits);
                last
            })
            .collect();
        Self { trace_0, links }
    }

    /// The link that goes into the ballot.
    #[must_use]
    pub fn last(&self) -> [u8; 32] {
        self.links.last().copied().unwrap_or(self.trace_0)
    }
}

impl TraceStart<'_> {
    fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"antiphon/trace/1");
        hash.update(self.gguf_sha256);
        hash.update(self.sampling.temperature_milli.to_le_bytes());
        hash.update(self.sampling.top_k.to_le_bytes());
        hash.update(self.sampling.top_p_milli.to_le_bytes());
        hash.update(self.sampling.seed.to_le_bytes());
        hash.update(self.max_output_tokens.to_le_bytes());
        // A prompt is shorter than a context, and that is a u32.
        let count = u32::try_from(self.prompt_ids.len()).unwrap_or(u32::MAX);
        hash.update(count.to_le_bytes());
        for id in self.prompt_ids {
            hash.update(id.to_le_bytes());
        }
        hash.update(self.nonce);
        hash.finalize().into()
    }
}

fn link(before: &[u8; 32], token: u32, logits: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(token.to_le_bytes());
    hash.update(logits);
    hash.finalize().into()
}

/// SHA-256 of all logits of a step, f32 little endian in id order.
#[must_use]
pub fn logits_sha256(logits: &[f32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut buffer = [0_u8; 4096];
    for chunk in logits.chunks(buffer.len() / 4) {
        let (words, _) = buffer.as_chunks_mut::<4>();
        for (word, logit) in words.iter_mut().zip(chunk) {
            *word = logit.to_le_bytes();
        }
        let length = chunk.len().saturating_mul(4);
        hash.update(buffer.get(..length).unwrap_or(&buffer));
    }
    hash.finalize().into()
}

/// The 64 random bits of output token `index` (cn-1.md 7.2, item 4).
#[must_use]
pub fn sample_bits(seed: u64, index: u32) -> u64 {
    let mut hash = Sha256::new();
    hash.update(b"antiphon/sample/1");
    hash.update(seed.to_le_bytes());
    hash.update(u64::from(index).to_le_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    digest
        .first_chunk()
        .map_or(0, |first| u64::from_le_bytes(*first))
}
