//! The command line: a handful of words, parsed by hand so that the first line appears at once.

use crate::bench::Bench;
use crate::contract::Checksum;
use crate::error::{Error, Result};

/// What is asked of this program.
#[derive(Debug, PartialEq, Eq)]
pub enum Task {
    /// Set up and run the demo.
    Demo(Demo),
    /// Run the checks and tests.
    Ci(Ci),
    /// Only make and fetch what demo and tests need.
    Setup,
    /// Rewrite the JSON schemas from the types.
    Schema,
    /// Build the contract twice and look at its checksum.
    Contract(Checksum),
    /// Compare the engine with others.
    Bench(Bench),
    /// Run what takes too long for every change.
    Nightly(Nightly),
    /// Print how to use it.
    Help(&'static str),
}

/// What the demo is asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Demo {
    /// The question; the demo has one of its own.
    pub question: Option<String>,
    /// One worker lies.
    pub liar: bool,
    /// The network stays up.
    pub keep: bool,
    /// The last line on stdout is one JSON object.
    pub json: bool,
    /// The page is built and served; nothing is asked.
    pub web: bool,
}

/// A nightly part and the words behind its name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Nightly {
    /// Its name.
    pub part: String,
    /// Its own options.
    pub words: Vec<String>,
}

/// Which steps of the checks to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ci {
    /// Only these; all if empty.
    pub only: Vec<String>,
    /// Start with this one.
    pub from: Option<String>,
    /// Only print the names.
    pub list: bool,
}

const USAGE: &str = "\
cargo demo [QUESTION] [--liar] [--keep] [--json]   one question, five workers, one verified answer
cargo demo --web [--liar]                          the same network with the page, until Ctrl-C
cargo ci [--only STEP]… [--from STEP] [--list]     every check and test
cargo nightly-PART                                 what takes hours: coverage, mutants, …
cargo bench-inference [--rounds N] [--json]        our engine, candle and llama.cpp, side by side
cargo bench-inference --exactness [--rounds N]     our engine alone, exact and not: what exactness costs
cargo xtask setup                                  make and fetch what both need; prints where it lies
cargo xtask schema                                 rewrite schema/ from the types
cargo xtask contract [--check] [--update]          artifacts/antiphon.wasm, built twice, and its checksum";

const DEMO_USAGE: &str = "\
cargo demo [QUESTION] [OPTIONS]

Builds what is missing, starts a local network of five workers, asks, prints the verified answer.

  --liar   one worker lies, and its lock is forfeited
  --keep   the network stays up; its addresses are printed
  --web    builds the page, serves it with a gateway and a faucet, asks nothing, stays until Ctrl-C
  --json   progress on stderr; the last line on stdout is one JSON object
  --help   this text

What is built and fetched is kept in $ANTIPHON_CACHE, $XDG_CACHE_HOME/antiphon or ~/.cache/antiphon.";

const CI_USAGE: &str = "\
cargo ci [OPTIONS]

Runs every check and test; the first failure ends it with a non-zero exit code.

  --only STEP   run this step alone (may be repeated)
  --from STEP   skip the steps before this one
  --list        print the steps' names
  --help        this text";

/// Parses the words after the program's name.
///
/// # Errors
/// [`Error::Usage`] names the word that was not understood.
pub fn parse(words: &[String]) -> Result<Task> {
    let Some((task, rest)) = words.split_first() else {
        return Ok(Task::Help(USAGE));
    };
    match task.as_str() {
        "demo" => demo(rest),
        "ci" => ci(rest),
        "setup" => alone(rest, Task::Setup),
        "schema" => alone(rest, Task::Schema),
        "contract" => contract(rest),
        "nightly" => nightly(rest),
        "bench-inference" => bench(rest),
        "help" | "--help" | "-h" => Ok(Task::Help(USAGE)),
        other => Err(Error::Usage(format!("unknown task `{other}`"))),
    }
}

fn demo(words: &[String]) -> Result<Task> {
    let mut demo = Demo::default();
    let mut options = true;
    for word in words {
        match word.as_str() {
            "--" if options => options = false,
            "--liar" if options => demo.liar = true,
            "--keep" if options => demo.keep = true,
            "--json" if options => demo.json = true,
            "--web" if options => demo.web = true,
            "--help" | "-h" if options => return Ok(Task::Help(DEMO_USAGE)),
            unknown if options && unknown.starts_with("--") => {
                return Err(Error::Usage(format!("unknown option `{unknown}` of demo")));
            }
            question if demo.question.is_none() => demo.question = Some(question.to_owned()),
            second => {
                let text = format!("a second question `{second}`: put the whole one in quotes");
                return Err(Error::Usage(text));
            }
        }
    }
    if demo.web && demo.question.is_some() {
        let text = "with --web the question is asked on the page: leave it out here";
        return Err(Error::Usage(text.to_owned()));
    }
    Ok(Task::Demo(demo))
}

fn ci(words: &[String]) -> Result<Task> {
    let mut ci = Ci::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            let value = words.next().cloned();
            value.ok_or_else(|| Error::Usage(format!("`{word}` needs the name of a step")))
        };
        match word.as_str() {
            "--only" => ci.only.push(value()?),
            "--from" => ci.from = Some(value()?),
            "--list" => ci.list = true,
            "--help" | "-h" => return Ok(Task::Help(CI_USAGE)),
            unknown => return Err(Error::Usage(format!("unknown option `{unknown}` of ci"))),
        }
    }
    Ok(Task::Ci(ci))
}

fn nightly(words: &[String]) -> Result<Task> {
    let Some((part, words)) = words.split_first() else {
        let text = format!(
            "`nightly` needs the name of a part\n{}",
            crate::nightly::list()
        );
        return Err(Error::Usage(text));
    };
    Ok(Task::Nightly(Nightly {
        part: part.clone(),
        words: words.to_vec(),
    }))
}

fn bench(words: &[String]) -> Result<Task> {
    let mut bench = Bench {
        rounds: 5,
        json: false,
        exactness: false,
    };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--json" => bench.json = true,
            "--exactness" => bench.exactness = true,
            "--rounds" => {
                let rounds = words.next().and_then(|n| n.parse().ok());
                bench.rounds = rounds.filter(|n| (1..=1000).contains(n)).ok_or_else(|| {
                    Error::Usage("`--rounds` needs a number from 1 to 1000".to_owned())
                })?;
            }
            "--help" | "-h" => return Ok(Task::Help(USAGE)),
            unknown => {
                let text = format!("unknown option `{unknown}` of bench-inference");
                return Err(Error::Usage(text));
            }
        }
    }
    Ok(Task::Bench(bench))
}

fn contract(words: &[String]) -> Result<Task> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok(Task::Contract(Checksum::Show)),
        ["--check"] => Ok(Task::Contract(Checksum::Check)),
        ["--update"] => Ok(Task::Contract(Checksum::Update)),
        ["--help" | "-h", ..] => Ok(Task::Help(USAGE)),
        [.., last] => Err(Error::Usage(format!("`{last}` is no option of contract"))),
    }
}

fn alone(rest: &[String], task: Task) -> Result<Task> {
    match rest.first() {
        None => Ok(task),
        Some(word) if word == "--help" || word == "-h" => Ok(Task::Help(USAGE)),
        Some(word) => Err(Error::Usage(format!("`{word}` is one word too many"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Task> {
        parse(
            &words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_question_and_its_options_come_in_any_order() {
        let want = Demo {
            question: Some("Why is the sky blue?".to_owned()),
            liar: true,
            json: true,
            ..Demo::default()
        };
        let got = parsed(&["demo", "--liar", "Why is the sky blue?", "--json"]);
        assert_eq!(got.unwrap(), Task::Demo(want));
    }

    #[test]
    fn after_two_dashes_everything_is_a_question() {
        let want = Demo {
            question: Some("--liar".to_owned()),
            ..Demo::default()
        };
        assert_eq!(parsed(&["demo", "--", "--liar"]).unwrap(), Task::Demo(want));
    }

    #[test]
    fn the_page_takes_no_question_on_the_command_line() {
        let want = Demo {
            web: true,
            liar: true,
            ..Demo::default()
        };
        assert_eq!(
            parsed(&["demo", "--web", "--liar"]).unwrap(),
            Task::Demo(want)
        );
        let text = parsed(&["demo", "--web", "Why?"]).unwrap_err().to_string();
        assert!(text.contains("on the page"), "{text}");
    }

    #[test]
    fn an_unknown_word_is_named() {
        for words in [
            &["demo", "--lair"][..],
            &["ci", "--fast"],
            &["deploy"],
            &["setup", "now"],
            &["bench-inference", "--fast"],
            &["contract", "--fast"],
        ] {
            let text = parsed(words).unwrap_err().to_string();
            assert!(text.contains(words[words.len() - 1]), "{text}");
        }
    }

    #[test]
    fn a_question_of_two_words_without_quotes_is_refused() {
        assert!(
            parsed(&["demo", "Why", "blue"])
                .unwrap_err()
                .to_string()
                .contains("quotes")
        );
    }

    #[test]
    fn steps_are_collected() {
        let want = Ci {
            only: vec!["fmt".to_owned(), "tidy".to_owned()],
            ..Ci::default()
        };
        assert_eq!(
            parsed(&["ci", "--only", "fmt", "--only", "tidy"]).unwrap(),
            Task::Ci(want)
        );
        assert!(parsed(&["ci", "--only"]).is_err());
    }
}
