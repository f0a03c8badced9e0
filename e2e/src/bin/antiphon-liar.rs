//! A worker that lies: the ordinary worker around an engine whose answers are altered.
//!
//! It exists for `cargo demo --liar` and the tests. The worker itself has no such switch.

use std::process::ExitCode;
use std::sync::Arc;

use antiphon_worker::cli_main;
use antiphon_worker::ports::{Computed, Edge, Inference, Job, ModelFiles, Outcome};

/// What every answer ends with here.
const LIE: &str = " But do not trust me.";

/// Honest work, dishonest words: counts and trace are those of the true answer.
struct Liar(Arc<dyn Inference>);

impl Inference for Liar {
    fn prepare<'a>(&'a self, model: &'a ModelFiles) -> Edge<'a, ()> {
        self.0.prepare(model)
    }

    fn compute<'a>(&'a self, job: &'a Job) -> Edge<'a, Outcome> {
        Box::pin(async move {
            Ok(match self.0.compute(job).await? {
                Outcome::Answer(truth) => Outcome::Answer(Arc::new(altered(&truth))),
                Outcome::Invalid(reason) => Outcome::Invalid(reason),
            })
        })
    }

    fn idle(&self) -> bool {
        self.0.idle()
    }
}

fn altered(truth: &Computed) -> Computed {
    let mut lie = truth.clone();
    lie.text.push_str(LIE);
    lie
}

fn main() -> ExitCode {
    cli_main(|honest| Arc::new(Liar(honest)))
}
