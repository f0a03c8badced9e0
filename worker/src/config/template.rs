//! The file that `init` writes: every key with its value and what it means.

use super::written::Written;

/// The commented configuration of these values; parsing it gives them back.
///
/// # Errors
/// Never in practice: a value that TOML cannot hold.
pub fn commented(written: &Written) -> Result<String, toml::ser::Error> {
    let text = toml::to_string(written)?;
    let mut out = String::from(HEAD);
    for line in text.lines() {
        if let Some(comment) = comment_of(line) {
            out.push_str("# ");
            out.push_str(comment);
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
    }
    if written.models.is_empty() {
        out.push_str(MODEL);
    }
    Ok(out)
}

const HEAD: &str = "# antiphon-worker. Every key is shown with its default or value. Unknown keys are refused.\n\
                    # Durations are a whole number and ms, s, m or h.\n\n";

const MODEL: &str = "\n# A model to serve; repeat the table for more.\n# [[model]]\n# id = 1\n\
                     # import = \"/path/to/weights.gguf\"   # instead of fetching them from peers\n\
                     # manifest = \"/path/to/manifest.json\"   # when no peer serves it yet\n";

/// What a key means, by the start of its line.
const COMMENTS: &[(&str, &str)] = &[
    (
        "rpc =",
        "RPC endpoints, asked in this order; all must be of chain_id.",
    ),
    ("contract =", "The Antiphon contract's address."),
    ("denom =", "Denom of gas and bond."),
    ("gas_price =", "Price of one unit of gas."),
    (
        "address =",
        "The worker's address; needed only when keys/operator.json is kept elsewhere.",
    ),
    (
        "moniker =",
        "A name for people, on record; at most 32 bytes.",
    ),
    (
        "bond =",
        "Bond to hold, in the smallest unit; topped up at start by the operator's key, never lowered.",
    ),
    (
        "listen =",
        "Where this worker listens for blocks and votes of others.",
    ),
    (
        "status_listen =",
        "Health, numbers and duties, for the operator; a free port is taken if this one is in use.",
    ),
    (
        "endpoint =",
        "The URL on record under which others reach it; empty for none.",
    ),
    (
        "speculate =",
        "Start on tasks of served models before their committee is drawn.",
    ),
    (
        "deliver =",
        "Tell contracts that asked of their answers, when the fee for it is more than the gas.",
    ),
    ("[[model]]", "A model to serve."),
    (
        "[beacon]",
        "Randomness to relay; no URLs: this worker relays none.",
    ),
    ("chain_hash =", "The beacon's chain hash, 64 hex digits."),
    ("peers =", "Block sources besides the workers on record."),
    (
        "plain_http_loopback =",
        "Read blocks over plain http from loopback addresses: local networks only.",
    ),
    (
        "ask_again_after =",
        "Pause between two asks of one source for a prompt.",
    ),
    ("quota_bytes =", "Bytes of blocks kept besides models."),
    (
        "threads =",
        "Threads of the engine; 0 is one per processor.",
    ),
    (
        "token_timeout =",
        "The engine is killed when it gives no sign of life for this long, and a minute more for each GiB of the model.",
    ),
    (
        "address_space_bytes =",
        "Address space of the engine; 0 is three times the model, 1 GiB, 128 MiB a thread and 512 MiB a job after the first, and more for the longest task if it needs that.",
    ),
    (
        "jobs =",
        "Most duties computed at once, 1 to 64; fewer if the address space holds the keys and values of fewer.",
    ),
    (
        "packed_dir =",
        "Folder of repacked weights, which workers on one machine may share; empty is packed in this folder.",
    ),
    ("format =", "text or json."),
    (
        "level =",
        "error, warn, info, debug, trace, or a filter such as antiphon_worker=debug.",
    ),
];

fn comment_of(line: &str) -> Option<&'static str> {
    COMMENTS
        .iter()
        .find(|(start, _)| line.starts_with(start))
        .map(|(_, comment)| *comment)
}
