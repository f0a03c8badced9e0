//! A worker that lies: the ordinary worker around an engine whose answers are altered.
//!
//! It exists for `cargo demo --liar` and the tests. The worker itself has no such switch. With
//! `ANTIPHON_LIE_WHILE` it lies only as long as the file of that name is there.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use antiphon_worker::cli_main;
use antiphon_worker::ports::{Computed, Edge, Inference, Job, ModelFiles, Outcome};

/// What every answer ends with here.
const LIE: &str = " But do not trust me.";

/// Honest work, dishonest words: counts and trace are those of the true answer.
struct Liar {
    engine: Arc<dyn Inference>,
    /// It lies while this exists; always if none.
    sign: Option<PathBuf>,
}

impl Inference for Liar {
    fn prepare<'a>(&'a self, model: &'a ModelFiles) -> Edge<'a, ()> {
        self.engine.prepare(model)
    }

    fn compute<'a>(&'a self, job: &'a Job) -> Edge<'a, Outcome> {
        Box::pin(async move {
            let lies = self.sign.as_ref().is_none_or(|sign| sign.exists());
            Ok(match self.engine.compute(job).await? {
                Outcome::Answer(truth) if lies => Outcome::Answer(Arc::new(altered(&truth))),
                honest => honest,
            })
        })
    }

    fn idle(&self) -> bool {
        self.engine.idle()
    }
}

fn altered(truth: &Computed) -> Computed {
    let mut lie = truth.clone();
    lie.text.push_str(LIE);
    lie
}

fn main() -> ExitCode {
    cli_main(|engine| {
        let sign = std::env::var_os("ANTIPHON_LIE_WHILE").map(PathBuf::from);
        Arc::new(Liar { engine, sign })
    })
}
