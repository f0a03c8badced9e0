//! vectors/nano.json: every family's bits, on every kernel, in any split, with any threads.

use antiphon_engine::{Kernel, Transformer, network};
use antiphon_numerics::{Cache, Executor, Serial};
use data_encoding::{BASE64, HEXLOWER};
use serde::Deserialize;
use sha2::{Digest, Sha256};

#[derive(Deserialize)]
struct Vectors {
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    name: String,
    sha256: String,
    prompt_ids: Vec<u32>,
    tokens_ignoring_end: Vec<u32>,
    first_logits: String,
    logits_sha256: Vec<String>,
    gguf_base64: String,
}

impl Run {
    fn file(&self) -> Vec<u8> {
        let file = BASE64.decode(self.gguf_base64.as_bytes()).unwrap();
        assert_eq!(HEXLOWER.encode(&Sha256::digest(&file)), self.sha256);
        file
    }

    /// The prompt and all steps, the prompt in chunks.
    fn holds(&self, model: &Transformer, chunk: usize, exec: &dyn Executor, what: &str) {
        let mut cache = Cache::new(model.config(), 32);
        let (start, end) = self.prompt_ids.split_at(self.prompt_ids.len() - chunk);
        for part in start.chunks(chunk) {
            model.forward_no_head(&mut cache, part, exec).unwrap();
        }
        let mut logits = model.forward(&mut cache, end, exec).unwrap();
        let first: Vec<u8> = logits
            .iter()
            .take(8)
            .flat_map(|x| x.to_le_bytes())
            .collect();
        assert_eq!(HEXLOWER.encode(&first), self.first_logits, "{what}");
        for (step, (want, &token)) in self
            .logits_sha256
            .iter()
            .zip(&self.tokens_ignoring_end)
            .enumerate()
        {
            let bytes: Vec<u8> = logits.iter().flat_map(|x| x.to_le_bytes()).collect();
            assert_eq!(
                HEXLOWER.encode(&Sha256::digest(bytes)),
                *want,
                "{what}, step {step}"
            );
            assert_eq!(greedy(&logits), token, "{what}, step {step}");
            logits = model.forward(&mut cache, &[token], exec).unwrap();
        }
    }
}

/// The greatest logit, the lowest id among equals.
fn greedy(logits: &[f32]) -> u32 {
    let best = (0..logits.len())
        .rev()
        .max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
    u32::try_from(best.unwrap()).unwrap()
}

/// Says that it has more threads than it starts: parts are cut as for so many.
struct Cut(usize);

impl Executor for Cut {
    fn threads(&self) -> usize {
        self.0
    }

    fn run(&self, tasks: usize, f: &(dyn Fn(usize) + Sync)) {
        (0..tasks).rev().for_each(f);
    }
}

#[test]
fn every_family_has_the_bits_of_the_specification() {
    let text = include_str!("../../../../testdata/vectors/nano.json");
    let vectors: Vectors = serde_json::from_str(text).unwrap();
    assert_eq!(vectors.runs.len(), 4);
    for run in &vectors.runs {
        let file = run.file();
        let kernels = Kernel::all()
            .into_iter()
            .filter(|kernel| kernel.available());
        for kernel in kernels {
            let model = network(&file, kernel).unwrap();
            for chunk in [1, 2, 7, 9] {
                let what = format!("{} {kernel} chunks of {chunk}", run.name);
                run.holds(&model, chunk, &Serial, &what);
                run.holds(&model, chunk, &Cut(2), &what);
                run.holds(&model, chunk, &Cut(5), &what);
            }
        }
    }
}
