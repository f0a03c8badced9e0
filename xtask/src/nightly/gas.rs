//! What every message costs on a real chain with 200 workers and 200 tasks, beside the virtual machine's
//! figures in `vm/gas.json`. The network, and who plays on it, are those of `e2e/tests/gas`.

use crate::ci::Site;
use crate::error::{Error, Result};
use crate::output;
use crate::run::{Step, cargo, shown};
use crate::setup;

/// The test that plays it.
const TEST: &str = "messages_cost_on_a_chain_what_the_virtual_machine_says";

const USAGE: &str = "\
cargo nightly-gas

Starts a local network without a computing worker, lets 200 keys bond and take seats of one model,
plays 210 tasks to their ends with signed votes (drawn, committed, revealed, some appealed), sends every
other message too, and prints what each used on the chain: least, median and most, beside the committed
figure of the virtual machine. Fails where a median is more than a tenth away. About five minutes.

  --next   on the next release of the chain's program
  --help   this text";

/// Plays and prints.
pub(super) fn run(site: &Site, _: &Step, words: &[String]) -> Result<()> {
    let next = match words {
        [] => false,
        [word] if word == "--next" => true,
        [word] if word == "--help" || word == "-h" => {
            output::result(USAGE);
            return Ok(());
        }
        _ => {
            let text = format!("`{}` is no option of nightly-gas\n{USAGE}", words.join(" "));
            return Err(Error::Usage(text));
        }
    };
    let mut parts = setup::run(&site.workspace)?;
    if next {
        parts.wasmd = setup::next_wasmd(&site.workspace, &site.cache)?;
    }
    let mut command = cargo();
    command
        .current_dir(site.workspace.root())
        .env("CARGO_TARGET_DIR", site.workspace.target())
        .args(["test", "--locked", "--release", "--package"])
        .args(["antiphon-e2e", "--test", "gas", "--"])
        .args(["--ignored", "--exact", TEST, "--nocapture"]);
    if shown(parts.to_env(&mut command))? {
        return Ok(());
    }
    Err(Error::Unavailable(
        "a message costs otherwise than the table says, or the network did not do what it should: see above"
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    /// The name is written down twice.
    #[test]
    fn the_test_that_is_run_is_there() {
        let source = include_str!("../../../e2e/tests/gas/main.rs");
        assert!(source.contains(&format!("async fn {}()", super::TEST)));
    }
}
