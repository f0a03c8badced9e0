//! Commands that need no network: the engine and keys.

use crate::error::ClientError;
use crate::infer::{self, InferArgs};
use crate::keys::{self, KeysCommand};
use crate::output;
use antiphon_engine::Profile;

pub(super) fn infer(args: &InferArgs) -> Result<(), ClientError> {
    let report = infer::infer(args)?;
    if args.json {
        return output::json(&report);
    }
    output::text(&report.text);
    output::faint(&format!(
        "{} + {} tokens, {} · {}, {} kernel · load {:.2} s, prefill {:.2} s, decode {:.2} s · trace {}",
        report.prompt_tokens,
        report.output_tokens,
        output::finish_word(report.finish),
        report.numerics,
        report.kernel,
        report.seconds.load,
        report.seconds.prefill,
        report.seconds.decode,
        output::short(&report.trace)
    ));
    if let Some(profile) = &report.profile {
        output::faint(&format!("weights {}", report.weights));
        table(profile);
    }
    Ok(())
}

/// One line for each part of decoding, then the sum beside the bound.
fn table(profile: &Profile) {
    let (ms, giga) = (|seconds: f64| seconds * 1e3, |bytes: f64| bytes / 1e9);
    let share = |part: f64| 100.0 * part / profile.seconds.max(f64::MIN_POSITIVE);
    for part in &profile.parts {
        output::text(&format!(
            "{:<18} {:>9.2} ms {:>5.1} %  {:>7.2} GB/s",
            part.name,
            ms(part.seconds),
            share(part.seconds),
            giga(part.bytes_per_second)
        ));
    }
    output::text(&format!(
        "{:<18} {:>9.2} ms, {} steps, {:.1} tokens/s, {:.2} GB/s of weights: {:.0} % of the {:.2} GB/s that this memory gives",
        "decoding",
        ms(profile.seconds),
        profile.steps,
        profile.tokens_per_second,
        giga(profile.bytes_per_second),
        100.0 * profile.memory_share,
        giga(profile.memory_bytes_per_second)
    ));
    if let (Some(anonymous), Some(mapped)) = (profile.anonymous_bytes, profile.mapped_bytes) {
        let mebibytes = [anonymous, profile.keys_values_bytes, mapped].map(|bytes| bytes >> 20);
        let [anonymous, kept, mapped] = mebibytes;
        output::text(&format!(
            "{:<18} {anonymous:>9} MiB anonymous, of it {kept} MiB keys and values; {mapped} MiB of mapped files",
            "memory"
        ));
    }
}

pub(super) fn keys(command: &KeysCommand) -> Result<(), ClientError> {
    let report = keys::run(command)?;
    output::json(&report)?;
    if matches!(command, KeysCommand::New { .. }) {
        output::faint("the 24 words to write down: antiphon keys show FILE --mnemonic");
    }
    Ok(())
}
