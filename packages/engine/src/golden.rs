//! Golden answers: what proves that a machine computes a model (documents.md sect. 3).

use crate::engine::Engine;
use crate::job::{self, Generation, Job, JobError};
use crate::template::{Template, UnknownTemplate};
use crate::tokenizer::TokenizerError;
use antiphon_content::{Cid, Hex};
use antiphon_documents::{Golden, MAX_LINKS, Manifest, Prompt};
use std::ops::ControlFlow;
use std::str::FromStr;

/// The `numerics` of a manifest that the CN-1 engine computes. A build in free order, which only
/// measures, has a name that no manifest has.
pub const NUMERICS: &str = if cfg!(antiphon_free_order) {
    "free order: for measuring only"
} else {
    "cn-1"
};

/// A machine, a file or a manifest that do not fit together; the worker takes no seat.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GoldenError {
    /// The manifest names something else than this file and engine.
    #[error("the manifest says {field} {want:?}, this model and engine have {got:?}")]
    Manifest {
        /// The manifest's field.
        field: &'static str,
        /// What is here.
        got: String,
        /// What the manifest says.
        want: String,
    },
    /// The manifest's template is not known.
    #[error("{0}")]
    UnknownTemplate(#[from] UnknownTemplate),
    /// The vocabulary lacks a token of the template.
    #[error("{0}")]
    Template(#[from] TokenizerError),
    /// A case gave no answer.
    #[error("golden case {case} gave no answer: {error}")]
    Job {
        /// Its number, from 0.
        case: usize,
        /// Why.
        error: JobError,
    },
    /// A case gave another computation or answer.
    #[error(
        "golden case {case} differs in {field}{}: got {got}, wanted {want}; this machine must not vote on this model",
        step.map(|n| format!(" at step {n}")).unwrap_or_default()
    )]
    Mismatch {
        /// Its number, from 0.
        case: usize,
        /// The first field that differs.
        field: &'static str,
        /// The first step whose link differs, from 0, if a link differs.
        step: Option<usize>,
        /// What this machine has.
        got: String,
        /// What the manifest says.
        want: String,
    },
}

/// What a machine took for the cases it reproduced.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Number of cases.
    pub cases: usize,
    /// Prompt tokens of all cases.
    pub prompt_tokens: u64,
    /// Output tokens of all cases.
    pub output_tokens: u64,
    /// Seconds spent on prompts.
    pub prefill_seconds: f64,
    /// Seconds spent on output.
    pub decode_seconds: f64,
}

/// Computes the golden answers of a new manifest.
///
/// # Errors
/// The case that gave no answer.
pub fn make(
    engine: &dyn Engine,
    template: Template,
    context_tokens: u32,
    prompts: &[Prompt],
) -> Result<Vec<Golden>, GoldenError> {
    let cases = prompts.iter().enumerate();
    cases
        .map(|(case, prompt)| {
            let job = Job::from_prompt(prompt, template, context_tokens);
            let made = engine
                .generate(&job, &mut |_| ControlFlow::Continue(()))
                .map_err(|error| GoldenError::Job { case, error })?;
            Ok(golden(engine, prompt, &made))
        })
        .collect()
}

/// Reproduces every golden answer of a manifest with this model on this machine, trace included.
///
/// # Errors
/// A manifest of another file or numerics, or the first case and step that differ.
pub fn check(engine: &dyn Engine, manifest: &Manifest) -> Result<Report, GoldenError> {
    check_reporting(engine, manifest, &mut |_| ControlFlow::Continue(()))
}

/// As [`check`], telling of the progress of each case in turn.
///
/// # Errors
/// As [`check`]; a break gives [`JobError::Cancelled`] for the case.
pub fn check_reporting(
    engine: &dyn Engine,
    manifest: &Manifest,
    report: &mut job::Report<'_>,
) -> Result<Report, GoldenError> {
    let template = Template::from_str(&manifest.chat_template)?;
    template.check(engine.tokenizer())?;
    check_identity(engine, manifest)?;
    let mut sum = Report::default();
    for (case, want) in manifest.golden.iter().enumerate() {
        let job = Job::from_prompt(&want.prompt, template, manifest.context_tokens);
        let made = engine
            .generate(&job, report)
            .map_err(|error| GoldenError::Job { case, error })?;
        compare(case, &golden(engine, &want.prompt, &made), want)?;
        sum.add(&made);
    }
    Ok(sum)
}

impl Report {
    fn add(&mut self, made: &Generation) {
        self.cases = self.cases.saturating_add(1);
        self.prompt_tokens = self.prompt_tokens.saturating_add(made.prompt_tokens.into());
        self.output_tokens = self.output_tokens.saturating_add(made.output_tokens.into());
        self.prefill_seconds += made.seconds.prefill;
        self.decode_seconds += made.seconds.decode;
    }
}

fn check_identity(engine: &dyn Engine, manifest: &Manifest) -> Result<(), GoldenError> {
    let weights = &manifest.weights;
    let about = engine.about();
    for (field, got, want) in [
        (
            "numerics",
            about.numerics.to_owned(),
            manifest.numerics.clone(),
        ),
        (
            "family",
            about.family.name().to_owned(),
            manifest.family.clone(),
        ),
        (
            "weights.bytes",
            about.bytes.to_string(),
            weights.bytes.to_string(),
        ),
        (
            "weights.sha256",
            Hex(about.sha256).to_string(),
            weights.sha256.to_string(),
        ),
    ] {
        if got != want {
            return Err(GoldenError::Manifest { field, got, want });
        }
    }
    Ok(())
}

fn golden(engine: &dyn Engine, prompt: &Prompt, made: &Generation) -> Golden {
    let trace = made.trace(&engine.about().sha256, &[]);
    let short = |link: &[u8; 32]| Hex(link.first_chunk().copied().unwrap_or_default());
    Golden {
        answer: Cid::of_raw(made.text.as_bytes()),
        finish: made.finish,
        links: trace.links.iter().take(MAX_LINKS).map(short).collect(),
        output_tokens: made.output_tokens,
        prompt: prompt.clone(),
        prompt_tokens: made.prompt_tokens,
        trace: Hex(trace.last()),
    }
}

/// The links come before what follows from them, so that the first difference names a step.
fn compare(case: usize, got: &Golden, want: &Golden) -> Result<(), GoldenError> {
    let differs = got.links.iter().zip(&want.links).position(|(a, b)| a != b);
    let shorter = got.links.len().min(want.links.len());
    let link = |golden: &Golden, step: usize| {
        golden
            .links
            .get(step)
            .map_or_else(|| "no link".to_owned(), Hex::to_string)
    };
    let lengths_differ = got.links.len() != want.links.len();
    if let Some(step) = differs.or(lengths_differ.then_some(shorter)) {
        let (got, want) = (link(got, step), link(want, step));
        return Err(GoldenError::Mismatch {
            case,
            field: "links",
            step: Some(step),
            got,
            want,
        });
    }
    for (field, got, want) in [
        (
            "prompt_tokens",
            got.prompt_tokens.to_string(),
            want.prompt_tokens.to_string(),
        ),
        (
            "output_tokens",
            got.output_tokens.to_string(),
            want.output_tokens.to_string(),
        ),
        (
            "finish",
            format!("{:?}", got.finish),
            format!("{:?}", want.finish),
        ),
        ("trace", got.trace.to_string(), want.trace.to_string()),
        ("answer", got.answer.to_string(), want.answer.to_string()),
    ] {
        if got != want {
            return Err(GoldenError::Mismatch {
                case,
                field,
                step: None,
                got,
                want,
            });
        }
    }
    Ok(())
}
