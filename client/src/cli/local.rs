//! Commands that need no network: the engine and keys.

use crate::error::ClientError;
use crate::infer::{self, InferArgs};
use crate::keys::{self, KeysCommand};
use crate::output;

pub(super) fn infer(args: &InferArgs) -> Result<(), ClientError> {
    let report = infer::infer(args)?;
    if args.json {
        return output::json(&report);
    }
    output::text(&report.text);
    output::faint(&format!(
        "{} + {} tokens, {} · {} kernel · load {:.2} s, prefill {:.2} s, decode {:.2} s · trace {}",
        report.prompt_tokens,
        report.output_tokens,
        output::finish_word(report.finish),
        report.kernel,
        report.seconds.load,
        report.seconds.prefill,
        report.seconds.decode,
        output::short(&report.trace)
    ));
    Ok(())
}

pub(super) fn keys(command: &KeysCommand) -> Result<(), ClientError> {
    let report = keys::run(command)?;
    output::json(&report)?;
    if matches!(command, KeysCommand::New { .. }) {
        output::faint("the 24 words to write down: antiphon keys show FILE --mnemonic");
    }
    Ok(())
}
