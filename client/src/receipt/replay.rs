//! `verify --replay`: the model answers again on this machine.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use antiphon_api::Hex;
use antiphon_content::Cid;
use antiphon_documents::digest::trace_nonce;
use antiphon_documents::{Ballot, Manifest, Prompt};
use antiphon_engine::{Engine, Generation, Job, Progress, golden};
use antiphon_receipt::{Check, Course, Receipt, Report, Standing};

use crate::engine::load_for;
use crate::error::ClientError;
use crate::infer::template_named;

/// News of a replay under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayNews {
    /// The file is read, hashed and packed.
    Loading,
    /// Tokens of the prompt worked through.
    Prompt {
        /// So far.
        done: u32,
        /// In all.
        total: u32,
    },
    /// Tokens of the answer.
    Answer {
        /// So far.
        done: u32,
        /// As the ballot says.
        total: u32,
    },
}

/// Runs the model of the receipt again, from a file or a folder that holds it, and compares.
///
/// # Errors
/// The file cannot be read, is no model, or this machine cannot compute it.
pub fn replay(
    receipt: &Receipt,
    gguf: &Path,
    news: &mut (dyn FnMut(ReplayNews) + Send),
) -> Result<Report, ClientError> {
    let Some(case) = case(receipt) else {
        let fault = "the outcome is not an answer: there is nothing to run again".to_owned();
        return Ok(Report {
            checks: vec![Check::new("replay_answer", Err(fault))],
        });
    };
    let file = file_of(gguf, case.manifest.weights.bytes)?;
    news(ReplayNews::Loading);
    let model = load_for(&case.manifest, &file)?;
    let mut checks = vec![Check::new("replay_model", same_model(&case, &*model))];
    if checks.iter().all(|check| check.ok) {
        check_machine(&*model, &case.manifest)?;
        let made = answer(&case, &*model, news)?;
        checks.push(Check::new("replay_answer", same_answer(receipt, &made)));
        checks.push(Check::new(
            "replay_ballot",
            same_ballot(&case, &*model, &made),
        ));
    }
    Ok(Report { checks })
}

/// Numerics other than CN-1 are the same only on machines that give the golden answers: on another one
/// a replay that differs says nothing of the receipt.
fn check_machine(model: &dyn Engine, manifest: &Manifest) -> Result<(), ClientError> {
    if manifest.numerics == golden::NUMERICS {
        return Ok(());
    }
    golden::check(model, manifest).map(drop).map_err(|error| {
        ClientError::Engine(format!(
            "this machine does not give the golden answers of {}, so it cannot tell whether the receipt is right: {error}",
            manifest.numerics
        ))
    })
}

/// What is run, and what it must give.
struct Case {
    manifest: Manifest,
    prompt: Prompt,
    standing: Standing,
    output_tokens: u32,
    nonce: [u8; 32],
}

fn case(receipt: &Receipt) -> Option<Case> {
    let standing = Course::of(&receipt.rounds, receipt.task.carried).standing?;
    let Ballot::Answer { output_tokens, .. } = standing.ballot else {
        return None;
    };
    Some(Case {
        manifest: Manifest::parse(receipt.manifest.as_bytes()).ok()?,
        prompt: Prompt::read(receipt.prompt.text()?.as_bytes()).ok()?,
        nonce: trace_nonce(&receipt.task_digest()?, standing.round),
        output_tokens,
        standing,
    })
}

/// The file itself, or the one of the model's size in a folder.
fn file_of(path: &Path, bytes: u64) -> Result<PathBuf, ClientError> {
    let fault = |cause: String| ClientError::File {
        path: path.to_owned(),
        cause,
    };
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let entries = std::fs::read_dir(path).map_err(|error| fault(error.to_string()))?;
    let mut files = entries.filter_map(Result::ok).map(|entry| entry.path());
    let fits = |path: &PathBuf| {
        let about = std::fs::metadata(path);
        about.is_ok_and(|about| about.is_file() && about.len() == bytes)
    };
    files.find(fits).ok_or_else(|| {
        fault(format!(
            "got no file of {bytes} bytes here, want the model's GGUF"
        ))
    })
}

fn answer(
    case: &Case,
    model: &dyn Engine,
    news: &mut (dyn FnMut(ReplayNews) + Send),
) -> Result<Generation, ClientError> {
    let template = template_named(&case.manifest.chat_template)?;
    let job = Job::from_prompt(&case.prompt, template, case.manifest.context_tokens);
    let mut told = |progress: Progress<'_>| {
        news(match progress {
            Progress::Prefill { done, total } => ReplayNews::Prompt { done, total },
            Progress::Token { index, .. } => ReplayNews::Answer {
                done: index.saturating_add(1),
                total: case.output_tokens,
            },
        });
        ControlFlow::Continue(())
    };
    model
        .generate(&job, &mut told)
        .map_err(|error| ClientError::Engine(error.to_string()))
}

fn same_model(case: &Case, model: &dyn Engine) -> Result<String, String> {
    let (got, want) = (Hex(model.about().sha256), case.manifest.weights.sha256);
    match got == want {
        true => Ok(format!("{} has SHA-256 {got}", case.manifest.name)),
        false => Err(format!(
            "the file's SHA-256 is {got}, the manifest's {want}"
        )),
    }
}

fn same_answer(receipt: &Receipt, made: &Generation) -> Result<String, String> {
    let cid = Cid::of_raw(made.text.as_bytes());
    match receipt.answer.as_ref() == Some(&made.text) {
        true => Ok(format!("this machine answers the same text, {cid}")),
        false => Err(format!("this machine answers another text, {cid}")),
    }
}

fn same_ballot(case: &Case, model: &dyn Engine, made: &Generation) -> Result<String, String> {
    let trace = Hex(made.trace(&model.about().sha256, &case.nonce).last());
    let ballot = Ballot::Answer {
        cid: Cid::of_raw(made.text.as_bytes()),
        finish: made.finish,
        output_tokens: made.output_tokens,
        prompt_tokens: made.prompt_tokens,
        trace,
    };
    match ballot == case.standing.ballot {
        true => Ok(format!(
            "{} + {} tokens, trace {trace}",
            made.prompt_tokens, made.output_tokens
        )),
        false => Err(format!("this machine votes otherwise: trace {trace}")),
    }
}
