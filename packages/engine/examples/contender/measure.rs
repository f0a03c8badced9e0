//! What a contender does with its model; that of the second engine shares it.

use antiphon_engine::Engine;
use antiphon_engine::answer::Logits;
use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufRead, Write};
use std::time::Instant;

/// Positions of a measurement; the same in `xtask/bench/llama_cpp.py`.
const PREFILL: usize = 512;
const WARM: usize = 32;
const DECODE: usize = 64;
const POSITIONS: usize = 640;
/// A measurement, or what kept it from being one.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// Answers each line of the input with a line of figures.
pub(crate) fn serve(mut measure: impl FnMut() -> Outcome<String>) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready")?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        line?;
        writeln!(out, "{}", measure()?)?;
        out.flush()?;
    }
    Ok(())
}

/// Measures an engine with its model loaded; if there is to be an answer of so many tokens to the
/// prompt, its seconds too.
pub(crate) fn engine(model: &dyn Engine, answer: usize) -> Outcome<()> {
    let size = usize::try_from(model.tokenizer().size())?;
    let ids =
        (0..PREFILL).map(|i| u32::try_from(i.wrapping_mul(7919).checked_rem(size).unwrap_or(0)));
    let tokens: Vec<u32> = ids.collect::<Result<_, _>>()?;
    serve(|| {
        // One sequence at a time: a model that shares its steps waits for all that are open.
        let mut decoding = model.open(POSITIONS)?;
        decoding.feed(tokens.get(..WARM).unwrap_or(&tokens), true)?;
        let decoded = decode(&mut *decoding, &tokens, DECODE)?;
        drop(decoding);
        let mut run = model.open(POSITIONS)?;
        let start = Instant::now();
        run.feed(&tokens, true)?;
        let mut figures = format!("{} {decoded}", start.elapsed().as_secs_f64());
        if answer > 0 {
            write!(figures, " {}", decode(&mut *run, &tokens, answer)?)?;
        }
        Ok(figures)
    })
}

/// Seconds of so many steps.
fn decode(run: &mut dyn Logits, tokens: &[u32], count: usize) -> Outcome<f64> {
    let start = Instant::now();
    for token in tokens.iter().take(count) {
        run.feed(std::slice::from_ref(token), true)?;
    }
    Ok(start.elapsed().as_secs_f64())
}
