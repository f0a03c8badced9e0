//! The gateway on a real network in which no committee can agree.

use antiphon_e2e::{Failure, SHORT_BLOCKS, options};
use antiphon_localnet::Network;
use serde_json::{Value, json};

/// Of five members four must agree; two lie, alike.
const LIARS: [usize; 2] = [3, 4];

#[tokio::test]
async fn demand_02_without_a_quorum_each_ballot_and_its_votes_are_told() -> Result<(), Failure> {
    let mut options = options(SHORT_BLOCKS, &LIARS)?;
    options.gateway = true;
    let network = Network::start(options).await?;
    let gateway = network.facts().gateway.clone().ok_or("no gateway")?;
    let asked = json!({
        "messages": [{"role": "user", "content": "Why is the sky blue?"}],
        "max_tokens": 8,
    });
    let request = reqwest::Client::new().post(format!("{gateway}/v1/chat/completions"));
    let reply = request.json(&asked).send().await?;
    assert_eq!(reply.status().as_u16(), 422);
    let body: Value = reply.json().await?;
    let error = body.get("error").ok_or("no error")?;
    assert_eq!(error.get("code"), Some(&json!("no_quorum")));
    let ballots = error.get("ballots").and_then(Value::as_array);
    let ballots = ballots.ok_or("no ballots")?;
    let mut votes: Vec<u64> = ballots
        .iter()
        .filter(|ballot| ballot.get("cid").is_some_and(Value::is_string))
        .filter_map(|ballot| ballot.get("votes")?.as_u64())
        .collect();
    votes.sort_unstable();
    assert_eq!(votes, [2, 3], "{body}");
    Ok(())
}
