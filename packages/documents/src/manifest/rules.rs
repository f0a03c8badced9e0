//! From JSON to a manifest, and the rules its values must keep.

use std::str::FromStr;

use super::{
    Codec, Draft, Finish, GGUF, Golden, LEAF_BYTES, LONG_PROMPT_TOKENS, MAX_GOLDEN, MAX_INTEGER,
    MAX_LINKS, Manifest, ManifestFault, TAG, Value, Weights,
};

const MAX_NAME_BYTES: usize = 64;

/// Reads fields and types; prompts of golden cases are judged here too.
pub(super) fn read(value: Value) -> Result<Manifest, ManifestFault> {
    let [
        tag,
        chat_template,
        context_tokens,
        family,
        golden,
        license,
        name,
        numerics,
        source,
        tokenizer,
        weights,
    ] = shape(value.fields([
        "antiphon",
        "chat_template",
        "context_tokens",
        "family",
        "golden",
        "license",
        "name",
        "numerics",
        "source",
        "tokenizer",
        "weights",
    ]))?;
    constant(tag, "antiphon", TAG)?;
    let [kind] = shape(tokenizer.fields(["kind"]))?;
    constant(kind, "tokenizer.kind", GGUF)?;
    let cases = shape(golden.array("golden"))?.into_iter().enumerate();
    Ok(Manifest {
        chat_template: shape(chat_template.string("chat_template"))?,
        context_tokens: small(context_tokens, "context_tokens")?,
        family: shape(family.string("family"))?,
        golden: cases
            .map(|(case, value)| read_golden(case, value))
            .collect::<Result<_, _>>()?,
        license: shape(license.string("license"))?,
        name: shape(name.string("name"))?,
        numerics: shape(numerics.string("numerics"))?,
        source: shape(source.string("source"))?,
        weights: read_weights(weights)?,
    })
}

fn read_weights(value: Value) -> Result<Weights, ManifestFault> {
    let [bytes, cid, format, sha256] = shape(value.fields(["bytes", "cid", "format", "sha256"]))?;
    constant(format, "weights.format", GGUF)?;
    Ok(Weights {
        bytes: integer(bytes, "weights.bytes")?,
        cid: spelled(cid, "weights.cid")?,
        sha256: spelled(sha256, "weights.sha256")?,
    })
}

fn read_golden(case: usize, value: Value) -> Result<Golden, ManifestFault> {
    let [
        answer,
        finish,
        links,
        output_tokens,
        prompt,
        prompt_tokens,
        trace,
    ] = shape(value.fields([
        "answer",
        "finish",
        "links",
        "output_tokens",
        "prompt",
        "prompt_tokens",
        "trace",
    ]))?;
    let links = shape(links.array("links"))?.into_iter();
    let draft = shape(Draft::of(prompt))?;
    Ok(Golden {
        answer: spelled(answer, "golden.answer")?,
        finish: read_finish(finish)?,
        links: links
            .map(|link| spelled(link, "golden.links"))
            .collect::<Result<_, _>>()?,
        output_tokens: small(output_tokens, "golden.output_tokens")?,
        prompt: draft
            .finish()
            .map_err(|fault| ManifestFault::Prompt { case, fault })?,
        prompt_tokens: small(prompt_tokens, "golden.prompt_tokens")?,
        trace: spelled(trace, "golden.trace")?,
    })
}

fn read_finish(value: Value) -> Result<Finish, ManifestFault> {
    match shape(value.string("finish"))?.as_str() {
        "stop" => Ok(Finish::Stop),
        "length" => Ok(Finish::Length),
        _ => Err(field("golden.finish", "want \"stop\" or \"length\"")),
    }
}

/// The rules between values.
pub(super) fn check(manifest: &Manifest) -> Result<(), ManifestFault> {
    let Manifest {
        name,
        license,
        numerics,
        chat_template,
        family,
        weights,
        ..
    } = manifest;
    let rules = [
        (
            "name",
            (1..=MAX_NAME_BYTES).contains(&name.len()) && is_of(name, "._-"),
            "want 1 to 64 of A-Z a-z 0-9 . _ -",
        ),
        (
            "license",
            !license.is_empty() && is_of(license, ".+-() :"),
            "want an SPDX expression",
        ),
        (
            "numerics",
            is_numerics(numerics),
            "want \"cn-1\" or \"candle-<version>\"",
        ),
        ("family", !family.is_empty(), "want a name"),
        ("chat_template", !chat_template.is_empty(), "want a name"),
        (
            "context_tokens",
            manifest.context_tokens > 0,
            "want 1 or more",
        ),
        (
            "weights.bytes",
            (1..=MAX_INTEGER).contains(&weights.bytes),
            "want 1 to 2^53 - 1",
        ),
        (
            "weights.cid",
            (weights.cid.codec() == Codec::Raw) == (weights.bytes <= LEAF_BYTES),
            "want a raw leaf up to 1 MiB and a dag-pb root above",
        ),
    ];
    first_broken(rules)?;
    check_all_golden(manifest)
}

fn check_all_golden(manifest: &Manifest) -> Result<(), ManifestFault> {
    let golden = &manifest.golden;
    let sampled = |case: &Golden| case.prompt.sampling.temperature_milli > 0;
    let long = |case: &Golden| case.prompt_tokens >= LONG_PROMPT_TOKENS;
    first_broken([
        (
            "golden",
            (1..=MAX_GOLDEN).contains(&golden.len()),
            "want 1 to 8 cases",
        ),
        (
            "golden",
            golden.iter().any(sampled),
            "want at least one case with a temperature above 0",
        ),
        (
            "golden",
            golden.iter().any(long),
            "want at least one case of 256 prompt tokens or more",
        ),
    ])?;
    golden
        .iter()
        .try_for_each(|case| check_golden(case, manifest.context_tokens))
}

fn check_golden(case: &Golden, context_tokens: u32) -> Result<(), ManifestFault> {
    let tokens = case.prompt_tokens.checked_add(case.output_tokens);
    first_broken([
        (
            "golden.answer",
            case.answer.codec() == Codec::Raw,
            "want the CID of a raw block",
        ),
        (
            "golden.output_tokens",
            case.output_tokens <= case.prompt.max_output_tokens,
            "want no more than the prompt's max_output_tokens",
        ),
        (
            "golden.prompt_tokens",
            case.prompt_tokens > 0 && tokens.is_some_and(|tokens| tokens <= context_tokens),
            "want 1 or more, and with output_tokens no more than context_tokens",
        ),
        (
            "golden.links",
            has_a_link_for_each_step(case),
            "want one for each step, the first 64 if more; with fewer, the last begins the trace",
        ),
    ])
}

/// A step chooses a token of the answer, or the END token that stops it.
fn has_a_link_for_each_step(case: &Golden) -> bool {
    let steps = usize::try_from(case.output_tokens).unwrap_or(usize::MAX);
    let links = case.links.len();
    let is_of_steps = links == steps.min(MAX_LINKS);
    let has_end = case.finish == Finish::Stop && links == steps.saturating_add(1).min(MAX_LINKS);
    let ends_in_trace = case
        .links
        .last()
        .is_some_and(|last| case.trace.bytes().starts_with(last.bytes()));
    (is_of_steps || has_end) && (links == MAX_LINKS || ends_in_trace)
}

fn is_numerics(name: &str) -> bool {
    let version = name.strip_prefix("candle-");
    name == "cn-1" || version.is_some_and(|version| !version.is_empty() && is_of(version, ".-+"))
}

/// Whether a text is made of ASCII letters, digits and these others.
fn is_of(text: &str, others: &str) -> bool {
    text.chars()
        .all(|char| char.is_ascii_alphanumeric() || others.contains(char))
}

fn first_broken<const N: usize>(
    rules: [(&'static str, bool, &str); N],
) -> Result<(), ManifestFault> {
    match rules.into_iter().find(|(_, holds, _)| !holds) {
        Some((name, _, want)) => Err(field(name, want)),
        None => Ok(()),
    }
}

fn field(field: &'static str, want: &str) -> ManifestFault {
    ManifestFault::Field {
        field,
        want: want.to_owned(),
    }
}

fn shape<T>(result: Result<T, String>) -> Result<T, ManifestFault> {
    result.map_err(ManifestFault::NotManifest)
}

fn constant(value: Value, name: &'static str, want: &str) -> Result<(), ManifestFault> {
    if shape(value.string(name))? == want {
        return Ok(());
    }
    Err(field(name, &format!("want {want:?}")))
}

/// Reads a CID or hex, each in its one spelling.
fn spelled<T>(value: Value, name: &'static str) -> Result<T, ManifestFault>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    let text = shape(value.string(name))?;
    text.parse()
        .map_err(|error: T::Err| field(name, &error.to_string()))
}

fn integer(value: Value, name: &'static str) -> Result<u64, ManifestFault> {
    let digits = shape(value.integer(name))?;
    digits
        .parse()
        .map_err(|_| field(name, "want less than 2^64"))
}

fn small(value: Value, name: &'static str) -> Result<u32, ManifestFault> {
    let number = integer(value, name)?;
    u32::try_from(number).map_err(|_| field(name, "want less than 2^32"))
}
