//! Many drawn runs on every tier: model, prompt, choice of tokens, threads and split of the prompt.

use super::{agreement, real};
use crate::ci::Site;
use crate::error::{Error, Result};
use crate::output;
use crate::run::Step;
use crate::setup;
use crate::tiers::{self, Tier};

/// Runs of a seed on the small models.
const RUNS: u64 = 2_000;
/// Runs that a program is asked for at once: the answers of a block are compared together.
const BLOCK: u64 = 250;

const USAGE: &str = "\
cargo nightly-numerics [OPTIONS]

Draws models, prompts, choices of tokens, threads and splits of the prompt, runs them on every kernel
and processor that this machine has or can emulate, and compares every bit. Prints what was not run.
Before that, CN-1 and candle answer with the demo model and must agree, if not in every bit, and so
must CN-1 and llama.cpp with the real Gemma 3 of 270 million weights, which is fetched (240 MB); its
golden answers must hold on every kernel.

  --runs N   this many on each tier (default 2000), and 1 in 100 of them on the demo model, 1 in
             1000 on Gemma 3 too; 0 asks the other engines only
  --seed S   other runs (default 1)
  --no-gemma leaves out Gemma 3, whose use is bound by Gemma's terms
  --help     this text";

/// What the words ask for.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    runs: u64,
    seed: u64,
    gemma: bool,
}

/// Agreement with other engines, then the runs. Words: `--runs N` for each tier, `--seed N`.
pub(super) fn run(site: &Site, step: &Step, words: &[String]) -> Result<()> {
    let Some(options) = options(words)? else {
        output::result(USAGE);
        return Ok(());
    };
    let model = setup::model_alone(&site.workspace, &site.cache, step)?;
    agreement::run(site)?;
    let gemma = match options.gemma {
        true => Some(real::run(site, step)?),
        false => None,
    };
    if options.runs == 0 {
        return Ok(());
    }
    let programs = tiers::build(site, step)?;
    let tiers = tiers::all(&programs);
    let mut total = Count::default();
    let gemma = gemma.as_deref().map(|file| ("Gemma 3", Some(file), 1000));
    let parts = [
        ("small models", None, 1),
        ("SmolLM2", Some(model.as_path()), 100),
    ];
    for (what, file, one_in) in parts.into_iter().chain(gemma) {
        let command = file.map_or("runs", |_| "model-runs");
        let runs = options.runs.checked_div(one_in).unwrap_or(0);
        for from in (0..runs).step_by(usize::try_from(BLOCK).unwrap_or(1)) {
            let count = BLOCK.min(runs.saturating_sub(from));
            let ask = |place: usize, tier: &Tier| {
                let numbers = [options.seed, from, count].map(|n| n.to_string());
                let (place, threads) = (place.to_string(), tier.threads.to_string());
                let [seed, from, count] = numbers.each_ref().map(String::as_str);
                let words = [command, tier.kernel, seed, from, count, &place, &threads];
                tier.run(&words, file)
            };
            total.block(&tiers, ask)?;
            output::line(&format!(
                "  {what}: {} of {runs} runs on each tier",
                from.saturating_add(count)
            ));
        }
    }
    total.report(options.seed)
}

/// None for `--help`.
fn options(words: &[String]) -> Result<Option<Options>> {
    let mut options = Options {
        runs: RUNS,
        seed: 1,
        gemma: true,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word == "--help" || word == "-h" {
            return Ok(None);
        }
        if word == "--no-gemma" {
            options.gemma = false;
            continue;
        }
        let number = words.next().and_then(|number| number.parse::<u64>().ok());
        let number =
            number.ok_or_else(|| Error::Usage(format!("`{word}` needs a number\n{USAGE}")))?;
        match word.as_str() {
            "--runs" => options.runs = number,
            "--seed" => options.seed = number,
            unknown => {
                return Err(Error::Usage(format!(
                    "unknown option `{unknown}` of nightly-numerics\n{USAGE}"
                )));
            }
        }
    }
    Ok(Some(options))
}

/// What was compared so far.
#[derive(Debug, Default)]
struct Count {
    runs: usize,
    /// Tier and number of a run that differed.
    different: Vec<String>,
    not_run: Vec<String>,
}

impl Count {
    /// Compares a block of every tier with the first tier's, which counts as a run itself.
    fn block(
        &mut self,
        tiers: &[Tier],
        ask: impl Fn(usize, &Tier) -> Result<std::result::Result<String, String>>,
    ) -> Result<()> {
        let mut want: Option<String> = None;
        for (place, tier) in tiers.iter().enumerate() {
            let got = match ask(place, tier)? {
                Ok(got) => got,
                Err(why) => {
                    let line = format!("{}: not run: {why}", tier.name);
                    if !self.not_run.contains(&line) {
                        self.not_run.push(line);
                    }
                    continue;
                }
            };
            self.runs = self.runs.saturating_add(got.lines().count());
            let want = want.get_or_insert_with(|| got.clone());
            if *want != got {
                let pairs = want.lines().zip(got.lines()).enumerate();
                let wrong = pairs.filter(|(_, (want, got))| want != got);
                self.different
                    .extend(wrong.map(|(run, _)| format!("{}: run {run} of a block", tier.name)));
                if want.lines().count() != got.lines().count() {
                    self.different
                        .push(format!("{}: another number of lines", tier.name));
                }
            }
        }
        Ok(())
    }

    fn report(&self, seed: u64) -> Result<()> {
        self.not_run.iter().for_each(|line| output::result(line));
        output::result(&format!(
            "{} runs, {} differences (seed {seed})",
            self.runs,
            self.different.len()
        ));
        match self.different.is_empty() {
            true => Ok(()),
            false => Err(Error::Unavailable(self.different.join("\n"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiers::Pace;

    fn tier(name: &str) -> Tier {
        Tier {
            name: name.to_owned(),
            kernel: "scalar",
            threads: 1,
            pace: Pace::Fast,
            start: Err("only a name".to_owned()),
        }
    }

    #[test]
    fn a_run_that_differs_is_named_and_an_absent_tier_is_not_counted() {
        let tiers = ["first", "same", "other", "absent"].map(tier);
        let mut count = Count::default();
        let ask = |_, tier: &Tier| match tier.name.as_str() {
            "other" => Ok(Ok("a\nx".to_owned())),
            "absent" => Ok(Err("no such thing".to_owned())),
            _ => Ok(Ok("a\nb".to_owned())),
        };
        count.block(&tiers, ask).unwrap();
        assert_eq!(count.runs, 6);
        assert_eq!(count.different, ["other: run 1 of a block"]);
        assert_eq!(count.not_run, ["absent: not run: no such thing"]);
        assert!(count.report(1).is_err());
    }

    #[test]
    fn options_are_numbers_and_gemma_can_be_left_out() {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>()
        };
        let want = Options {
            runs: 7,
            seed: 3,
            gemma: false,
        };
        assert_eq!(
            options(&words(&["--seed", "3", "--no-gemma", "--runs", "7"])).unwrap(),
            Some(want)
        );
        assert!(options(&words(&["--runs"])).is_err());
        assert!(options(&words(&["--days", "3"])).is_err());
    }
}
