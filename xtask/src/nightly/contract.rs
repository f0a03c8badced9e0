//! Random games on the contract beside a shadow ledger, as long as asked for.
//!
//! The games are those of `contracts/antiphon/tests/simulation`: a seed
//! plays the same game there, here, and on any machine.

use std::process::Command;

use crate::ci::Site;
use crate::error::{Error, Result};
use crate::output;
use crate::run::{Step, cargo, shown};

/// Operations when no number is given, and of one game when only a seed is.
const OPERATIONS: u64 = 1_000_000;
const OF_ONE_GAME: u64 = 2_000;
/// The test that plays them.
const TEST: &str = "simulation::runs::as_many_operations_as_asked_for";

const USAGE: &str = "\
cargo nightly-contract [OPTIONS]

Plays random games of honest and hostile actors over every message of the contract and compares it
with a shadow ledger after each operation. Prints what was accepted and refused, and the time; the
first game that fails is named with the command that plays it again.

  --operations N   this many (default 1000000), in games of 2,000
  --seed S         one game only, this one (default 2000 operations)
  --help           this text";

/// What to play.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    operations: u64,
    seed: Option<u64>,
}

pub(super) fn run(site: &Site, _: &Step, words: &[String]) -> Result<()> {
    let Some(choice) = parse(words)? else {
        output::result(USAGE);
        return Ok(());
    };
    let mut command = command(&choice);
    command.current_dir(site.workspace.root());
    match shown(&mut command)? {
        true => Ok(()),
        false => Err(Error::Unavailable(
            "a game failed: the lines above name its seed; once it is understood, add it to \
             contracts/antiphon/tests/simulation/seeds.txt"
                .to_owned(),
        )),
    }
}

fn command(choice: &Choice) -> Command {
    let mut command = cargo();
    command
        .args(["test", "--locked", "--release", "--package"])
        .args(["antiphon-contract", "--test", "main", "--"])
        .args(["--ignored", "--exact", TEST, "--nocapture"])
        .env("RUST_BACKTRACE", "0")
        .env_remove("ANTIPHON_SEED")
        .env("ANTIPHON_OPERATIONS", choice.operations.to_string());
    if let Some(seed) = choice.seed {
        command.env("ANTIPHON_SEED", seed.to_string());
    }
    command
}

fn parse(words: &[String]) -> Result<Option<Choice>> {
    let (mut operations, mut seed) = (None, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || {
            let number = words.next().and_then(|it| it.replace('_', "").parse().ok());
            number.ok_or_else(|| Error::Usage(format!("`{word}` needs a number")))
        };
        match word.as_str() {
            "--operations" => operations = Some(number()?),
            "--seed" => seed = Some(number()?),
            "--help" | "-h" => return Ok(None),
            unknown => {
                let text = format!("unknown option `{unknown}` of nightly-contract");
                return Err(Error::Usage(text));
            }
        }
    }
    let usual = seed.map_or(OPERATIONS, |_| OF_ONE_GAME);
    Ok(Some(Choice {
        operations: operations.unwrap_or(usual),
        seed,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Option<Choice>> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        parse(&words)
    }

    #[test]
    fn a_million_operations_are_the_default_and_one_game_is_short() {
        let million = parsed(&[]).unwrap().unwrap();
        assert_eq!((million.operations, million.seed), (1_000_000, None));
        let game = parsed(&["--seed", "7"]).unwrap().unwrap();
        assert_eq!((game.operations, game.seed), (2_000, Some(7)));
    }

    #[test]
    fn what_is_asked_reaches_the_test() {
        let choice = parsed(&["--operations", "12_000", "--seed", "9"])
            .unwrap()
            .unwrap();
        let command = command(&choice);
        let set = |name: &str| {
            let mut all = command.get_envs();
            let (_, value) = all.find(|(key, _)| *key == name)?;
            Some(value?.to_string_lossy().into_owned())
        };
        assert_eq!(set("ANTIPHON_OPERATIONS").as_deref(), Some("12000"));
        assert_eq!(set("ANTIPHON_SEED").as_deref(), Some("9"));
    }

    #[test]
    fn a_word_that_is_no_option_and_an_option_without_its_number_are_refused() {
        assert!(parsed(&["--operation", "5"]).is_err());
        assert!(parsed(&["--seed"]).is_err());
        assert!(parsed(&["--seed", "x"]).is_err());
        assert_eq!(parsed(&["--help"]).unwrap(), None);
    }
}
