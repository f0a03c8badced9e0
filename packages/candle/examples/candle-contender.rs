//! Candle as a contender of `cargo bench-inference`: `candle-contender MODEL THREADS`, under
//! `RAYON_NUM_THREADS`. The protocol is that of the other engine's contender.
#![allow(
    clippy::print_stdout,
    reason = "a measuring program: it prints its figures"
)]

#[path = "../../engine/examples/contender/measure.rs"]
mod measure;

use antiphon_candle::CandleModel;
use antiphon_engine::Options;
use measure::Outcome;
use std::path::Path;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [model, threads] = words.as_slice() else {
        return Err(format!("got {words:?}, want MODEL THREADS").into());
    };
    let options = Options {
        threads: threads.parse()?,
        ..Options::default()
    };
    measure::engine(&CandleModel::load(Path::new(model), &options)?, 0)
}
