//! Golden answers: made on one configuration, reproduced on all, and never matched by chance.

use crate::support::TinyModel;
use antiphon_content::Hex;
use antiphon_documents::Manifest;
use antiphon_engine::golden::{GoldenError, check};
use antiphon_engine::{Job, JobError, Kernel, Model, Options};

#[test]
fn every_kernel_and_number_of_threads_reproduces_the_same_answers() {
    let tiny = TinyModel::new();
    let manifest = tiny.manifest();
    assert_eq!(manifest.golden[1].links.len(), 64, "more steps than links");
    for kernel in [Some(Kernel::Scalar), None] {
        for threads in [1, 2, 3] {
            let report = check(&tiny.load(threads, kernel), &manifest).unwrap();
            assert_eq!(report.cases, 2);
            assert!(report.prompt_tokens > 300 && report.output_tokens > 64);
        }
    }
}

fn refused(change: impl FnOnce(&mut Manifest)) -> GoldenError {
    let tiny = TinyModel::new();
    let mut manifest = tiny.manifest();
    change(&mut manifest);
    check(&tiny.load(1, None), &manifest).unwrap_err()
}

#[test]
fn a_mismatch_names_the_case_and_the_first_differing_step() {
    let error = refused(|m| m.golden[1].links[7] = Hex([0; 4]));
    let GoldenError::Mismatch {
        case: 1,
        field: "links",
        step: Some(7),
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert!(
        error
            .to_string()
            .contains("golden case 1 differs in links at step 7"),
        "{error}"
    );
    let error = refused(|m| m.golden[1].trace = Hex([0; 32]));
    assert!(
        matches!(
            error,
            GoldenError::Mismatch {
                field: "trace",
                step: None,
                ..
            }
        ),
        "{error}"
    );
    let error = refused(|m| m.golden[0].prompt_tokens = 1);
    assert!(matches!(
        error,
        GoldenError::Mismatch {
            case: 0,
            field: "prompt_tokens",
            ..
        }
    ));
    let error = refused(|m| m.golden[0].answer = antiphon_content::Cid::of_raw(b"other"));
    assert!(
        matches!(
            error,
            GoldenError::Mismatch {
                field: "answer",
                ..
            }
        ),
        "{error}"
    );
    let error = refused(|m| m.golden[0].links.truncate(11));
    assert!(
        matches!(error, GoldenError::Mismatch { step: Some(11), .. }),
        "{error}"
    );
}

#[test]
fn a_manifest_of_another_file_or_engine_is_refused_before_any_computation() {
    for (field, error) in [
        ("numerics", refused(|m| m.numerics = "candle-0.11.1".into())),
        ("family", refused(|m| m.family = "qwen2".into())),
        ("weights.bytes", refused(|m| m.weights.bytes = 1)),
        (
            "weights.sha256",
            refused(|m| m.weights.sha256 = Hex([1; 32])),
        ),
    ] {
        let GoldenError::Manifest { field: got, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!(*got, field);
    }
    let error = refused(|m| m.chat_template = "jinja".into());
    assert!(matches!(error, GoldenError::UnknownTemplate(_)), "{error}");
    let error = refused(|m| m.chat_template = "llama3".into());
    assert!(matches!(error, GoldenError::Template(_)), "{error}");
    let error = refused(|m| m.context_tokens = 20);
    let overflow = |e: &JobError| matches!(e, JobError::ContextOverflow { .. });
    assert!(
        matches!(&error, GoldenError::Job { case: 0, error } if overflow(error)),
        "{error}"
    );
}

#[test]
fn a_prompt_document_gives_the_job_its_parameters_and_the_manifest_the_context() {
    let tiny = TinyModel::new();
    let manifest = tiny.manifest();
    let prompt = &manifest.golden[1].prompt;
    let job = Job::from_prompt(prompt, "chatml".parse().unwrap(), 400);
    let model: Model = tiny.load(1, None);
    let made = model
        .generate(&job, &mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(made.sampling, prompt.sampling);
    assert_eq!(made.max_output_tokens, 80);
    assert_eq!(made.prompt_tokens, manifest.golden[1].prompt_tokens);
    assert_eq!(Options::default().threads, 1);
}
