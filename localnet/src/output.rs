//! What people see: progress on stderr, results on stdout. The only place that prints.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the program's only printer"
)]

use std::sync::Arc;

use antiphon_localnet::{Network, Progress};

/// One line of progress.
pub(crate) fn line(text: &str) {
    eprintln!("{text}");
}

/// Progress lines as a network wants them.
pub(crate) fn progress() -> Progress {
    Arc::new(line)
}

/// Milliseconds as seconds with one decimal.
pub(crate) fn seconds(ms: u64) -> String {
    let tenths = ms.saturating_add(50).checked_div(100).unwrap_or_default();
    format!("{}.{} s", tenths.wrapping_div(10), tenths.wrapping_rem(10))
}

/// Where a network that is up can be reached, and how to stop it.
pub(crate) fn addresses(network: &Network) {
    println!("\n{}", address_lines(network));
}

/// What to do with a page that is served, if one is.
pub(crate) fn page(network: &Network) {
    let Some(url) = network.facts().gateway.as_ref() else {
        return;
    };
    println!("\n{}", page_lines(url, network));
}

fn page_lines(url: &str, network: &Network) -> String {
    let model = network.facts().model;
    let ask = format!(
        "curl {url}/v1/chat/completions -H 'content-type: application/json' \\\n    \
         -d '{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Why is the sky blue?\"}}]}}'"
    );
    if !network.serves_page() {
        return format!("Try:\n  {ask}");
    }
    format!(
        "The page is at  {url}/\n\n\
         Try there:\n  \
         - Continue as a guest: the page makes a key, the faucet pays. Ask something.\n  \
         - Open the proof beside the answer: who voted, what they voted, what it hashes to.\n  \
         - Save the receipt, change one letter of it, check it on the page Verify.\n\
         Or from another terminal:\n  {ask}\n"
    )
}

/// The same where stdout is for something else.
pub(crate) fn addresses_on_stderr(network: &Network) {
    line(&address_lines(network));
}

/// One line of JSON on stdout: `network.json` and the folder it lies in.
pub(crate) fn facts(network: &Network) -> std::result::Result<(), serde_json::Error> {
    let mut value = serde_json::to_value(network.facts())?;
    if let Some(object) = value.as_object_mut() {
        let home = network.home().display().to_string();
        object.insert("home".to_owned(), home.into());
    }
    println!("{value}");
    Ok(())
}

fn address_lines(network: &Network) -> String {
    let facts = network.facts();
    let home = network.home().display();
    let stop = std::env::current_exe().map_or_else(
        |_| "antiphon-localnet".to_owned(),
        |path| path.display().to_string(),
    );
    let mut lines = vec![
        format!("RPC       {}", facts.rpc),
        format!("REST      {}", facts.rest),
        format!("beacon    {}/{}/info", facts.beacon, facts.beacon_hash),
        format!("contract  {}", facts.contract),
        format!("model     {}", facts.model),
    ];
    for (index, worker) in facts.workers.iter().enumerate() {
        lines.push(format!(
            "worker {index}  {} {}",
            worker.endpoint, worker.address
        ));
    }
    let served = [("gateway", &facts.gateway), ("faucet", &facts.faucet)];
    for (name, url) in served {
        lines.extend(url.as_ref().map(|url| format!("{name:<9} {url}")));
    }
    lines.push(format!("folder    {home}"));
    lines.push(format!("stop      {stop} stop {home}"));
    lines.join("\n")
}
