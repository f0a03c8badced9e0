//! vectors/model.json on the real model: ids, every step's logits, text accounting and trace.

use crate::support::{TinyModel, model_path, tiny};
use crate::tokenizer::message;
use antiphon_documents::{Finish, Message, Sampling};
use antiphon_engine::{
    FileHash, Generation, Input, Job, JobError, Kernel, LoadError, Model, Options, Progress,
    self_test,
};
use data_encoding::HEXLOWER;
use serde::Deserialize;
use std::ops::ControlFlow;
use std::sync::OnceLock;

#[derive(Deserialize)]
struct Vectors {
    model_sha256: String,
    model_bytes: u64,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    template: String,
    messages: Vec<Turn>,
    temperature_milli: u32,
    top_k: u32,
    top_p_milli: u32,
    seed: String,
    max_tokens: u32,
    prompt_ids: Vec<u32>,
    tokens: Vec<u32>,
    finish: Finish,
    prompt_tokens: u32,
    output_tokens: u32,
    trace_0: String,
    trace: String,
    logits_sha256: Vec<String>,
}

#[derive(Deserialize)]
struct Turn {
    role: String,
    content: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../vectors/model.json")).unwrap()
}

impl Run {
    fn job(&self) -> Job {
        let messages: Vec<Message> = self
            .messages
            .iter()
            .map(|turn| message(&turn.role, &turn.content))
            .collect();
        Job {
            input: Input::Messages(messages),
            template: Some(self.template.parse().unwrap()),
            sampling: Sampling {
                temperature_milli: self.temperature_milli,
                top_k: self.top_k,
                top_p_milli: self.top_p_milli,
                seed: self.seed.parse().unwrap(),
            },
            max_output_tokens: self.max_tokens,
            stop: Vec::new(),
            context_tokens: None,
        }
    }
}

fn load(threads: usize, kernel: Option<Kernel>) -> Model {
    let options = Options {
        threads,
        kernel,
        ..Options::default()
    };
    Model::load(&model_path(), &options).unwrap()
}

/// The real model on one thread with the fastest kernel, loaded once.
pub(crate) fn fast() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| load(1, None))
}

pub(crate) fn generate(model: &Model, job: &Job) -> Result<Generation, JobError> {
    model.generate(job, &mut |_| ControlFlow::Continue(()))
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn check_run(model: &Model, run: &Run) {
    let made = generate(model, &run.job()).unwrap();
    assert_eq!(made.prompt_ids, run.prompt_ids);
    let hashes: Vec<_> = made.logit_hashes.iter().map(|hash| hex(hash)).collect();
    let differs = hashes
        .iter()
        .zip(&run.logits_sha256)
        .position(|(got, want)| got != want);
    assert_eq!(differs, None, "first step with other logits");
    assert_eq!(hashes.len(), run.logits_sha256.len());
    assert_eq!(made.chosen().collect::<Vec<_>>(), run.tokens);
    assert_eq!(
        (made.finish, made.prompt_tokens),
        (run.finish, run.prompt_tokens)
    );
    assert_eq!(made.output_tokens, run.output_tokens);
    let trace = made.trace(model.sha256(), &[]);
    assert_eq!(hex(&trace.trace_0), run.trace_0);
    assert_eq!(hex(&trace.last()), run.trace);
    assert_eq!(trace.links.len(), run.tokens.len());
}

#[test]
fn both_runs_of_the_vectors_on_one_thread() {
    let vectors = vectors();
    assert_eq!(hex(fast().sha256()), vectors.model_sha256);
    assert!(fast().sha256_computed());
    assert_eq!(fast().file_bytes(), vectors.model_bytes);
    vectors.runs.iter().for_each(|run| check_run(fast(), run));
}

#[test]
fn both_runs_of_the_vectors_on_two_threads() {
    let model = load(2, None);
    assert_eq!(model.threads(), 2);
    vectors().runs.iter().for_each(|run| check_run(&model, run));
}

#[test]
fn the_first_steps_of_the_short_run_on_the_scalar_reference() {
    let model = load(2, Some(Kernel::Scalar));
    assert_eq!(model.kernel(), Kernel::Scalar);
    let run = &vectors().runs[0];
    let job = Job {
        max_output_tokens: 4,
        ..run.job()
    };
    let made = generate(&model, &job).unwrap();
    let hashes: Vec<_> = made.logit_hashes.iter().map(|hash| hex(hash)).collect();
    assert_eq!(hashes, run.logits_sha256[..4]);
    assert_eq!(made.token_ids, run.tokens[..4]);
}

#[test]
fn ids_as_input_give_what_the_conversation_gave() {
    let run = &vectors().runs[0];
    let from_ids = Job {
        input: Input::Ids(run.prompt_ids.clone()),
        max_output_tokens: 6,
        ..run.job()
    };
    let from_text = Job {
        max_output_tokens: 6,
        ..run.job()
    };
    let (ids, text) = (
        generate(fast(), &from_ids).unwrap(),
        generate(fast(), &from_text).unwrap(),
    );
    assert_eq!(ids.text, text.text);
    assert_eq!(ids.logit_hashes, text.logit_hashes);
    assert_eq!(ids.trace(&[0; 32], b"n"), text.trace(&[0; 32], b"n"));
    assert_ne!(
        ids.trace(&[0; 32], b"n").last(),
        ids.trace(&[0; 32], b"m").last()
    );
}

#[test]
fn a_seed_fixes_a_sampled_answer_and_another_seed_changes_it() {
    let job = |seed| Job {
        sampling: Sampling {
            temperature_milli: 900,
            top_k: 40,
            top_p_milli: 950,
            seed,
        },
        max_output_tokens: 24,
        ..vectors().runs[0].job()
    };
    let once = generate(fast(), &job(1)).unwrap();
    assert_eq!(generate(fast(), &job(1)).unwrap().token_ids, once.token_ids);
    assert_ne!(generate(fast(), &job(2)).unwrap().token_ids, once.token_ids);
}

#[test]
fn several_jobs_share_one_model_and_do_not_disturb_each_other() {
    let tiny = TinyModel::new();
    let model = tiny.load(2, None);
    let job = |first: u32| Job {
        input: Input::Ids(vec![first; 20]),
        template: None,
        max_output_tokens: 30,
        ..vectors().runs[0].job()
    };
    let alone: Vec<_> = (0..4)
        .map(|i| generate(&model, &job(i)).unwrap().logit_hashes)
        .collect();
    std::thread::scope(|scope| {
        let model = &model;
        let job = &job;
        let together = [0, 1, 2, 3].map(|i| scope.spawn(move || generate(model, &job(i)).unwrap()));
        for (one, alone) in together.into_iter().zip(&alone) {
            assert_eq!(&one.join().unwrap().logit_hashes, alone);
        }
    });
}

#[test]
fn progress_is_told_and_a_break_cancels() {
    let mut news = Vec::new();
    let job = Job {
        max_output_tokens: 3,
        ..vectors().runs[0].job()
    };
    let result = fast().generate(&job, &mut |progress| {
        match progress {
            Progress::Prefill { done, total } => news.push((done, total)),
            Progress::Token { index, .. } => news.push((index, 0)),
        }
        if news.len() == 3 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(result.unwrap_err(), JobError::Cancelled);
    assert_eq!(news, [(36, 36), (0, 0), (1, 0)]);
}

#[test]
fn a_prompt_without_room_for_an_answer_is_a_context_overflow() {
    let job = |context| Job {
        context_tokens: Some(context),
        max_output_tokens: 9,
        ..vectors().runs[0].job()
    };
    let error = generate(fast(), &job(36)).unwrap_err();
    assert_eq!(
        error,
        JobError::ContextOverflow {
            got: 36,
            context: 36
        }
    );
    assert!(error.is_deterministic());
    let made = generate(fast(), &job(38)).unwrap();
    assert_eq!((made.output_tokens, made.finish), (2, Finish::Length));
}

#[test]
fn jobs_out_of_range_are_deterministic_errors() {
    let good = || Job {
        max_output_tokens: 1,
        ..vectors().runs[0].job()
    };
    let ids = |ids| Job {
        input: Input::Ids(ids),
        ..good()
    };
    let mut hot = good();
    hot.sampling.temperature_milli = 10_001;
    let mut none = good();
    none.sampling.top_p_milli = 0;
    let stops = |stop: &[&str]| Job {
        stop: stop.iter().map(|&s| s.to_owned()).collect(),
        ..good()
    };
    for (job, kind) in [
        (ids(vec![]), "empty_prompt"),
        (ids(vec![1, 49_152]), "token_range"),
        (hot, "range"),
        (none, "range"),
        (
            Job {
                max_output_tokens: 0,
                ..good()
            },
            "range",
        ),
        (stops(&[""]), "range"),
        (stops(&["x"; 9]), "range"),
    ] {
        let error = generate(fast(), &job).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.is_deterministic());
    }
    let error = generate(
        fast(),
        &Job {
            template: None,
            ..good()
        },
    )
    .unwrap_err();
    assert_eq!(error, JobError::NoTemplate);
    assert!(!error.is_deterministic());
}

#[test]
fn numbers_that_overflow_are_a_deterministic_error_on_every_kernel() {
    let mut file = tiny();
    for word in file
        .tensor("blk.1.ffn_norm.weight")
        .unwrap()
        .data
        .chunks_exact_mut(4)
    {
        word.copy_from_slice(&3e38_f32.to_le_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hot.gguf");
    std::fs::write(&path, file.bytes()).unwrap();
    let job = Job {
        input: Input::Ids(vec![7, 8, 9]),
        template: None,
        max_output_tokens: 4,
        ..vectors().runs[0].job()
    };
    let errors = [(1, Some(Kernel::Scalar)), (1, None), (2, None)].map(|(threads, kernel)| {
        let options = Options {
            threads,
            kernel,
            ..Options::default()
        };
        generate(&Model::load(&path, &options).unwrap(), &job).unwrap_err()
    });
    assert_eq!(errors[0].kind(), "numeric");
    assert!(errors[0].is_deterministic());
    assert!(errors.iter().all(|error| *error == errors[0]), "{errors:?}");
}

#[test]
fn a_file_with_another_hash_is_refused_and_a_vouched_one_is_believed() {
    let options = |hash| Options {
        hash,
        ..Options::default()
    };
    let error = Model::load(&model_path(), &options(FileHash::Expect([7; 32]))).unwrap_err();
    assert!(matches!(error, LoadError::Sha256 { .. }), "{error}");
    let model = Model::load(&model_path(), &options(FileHash::Verified([7; 32]))).unwrap();
    assert_eq!(model.sha256(), &[7; 32]);
    assert!(!model.sha256_computed());
}

#[test]
fn a_missing_file_and_zero_threads_are_named() {
    let error = Model::load("/no/such.gguf".as_ref(), &Options::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the model /no/such.gguf"),
        "{error}"
    );
    let none = Options {
        threads: 0,
        ..Options::default()
    };
    let error = Model::load("/no/such.gguf".as_ref(), &none).unwrap_err();
    assert!(error.to_string().contains("wanted 1 to 64"), "{error}");
}

#[test]
fn this_machine_passes_the_self_test() {
    self_test(Kernel::detect()).unwrap();
}
