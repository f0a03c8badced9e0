//! drand over HTTP: `{url}/{chain hash}/public/{round}`. The contract verifies the signature; here only
//! what cannot be one is refused.

use std::time::Duration;

use antiphon_api::Hex;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::ports::{BeaconPort, Edge, EdgeError};

/// Longest wait for one endpoint.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Longest answer that is read, in bytes; a round takes about 250.
const MAX_ANSWER: usize = 4_096;

/// Rounds of one beacon, from several endpoints.
#[derive(Clone, Debug)]
pub struct Drand {
    client: Client,
    urls: Vec<String>,
    chain_hash: String,
}

#[derive(Deserialize)]
struct Round {
    round: u64,
    signature: Hex<48>,
    randomness: Option<Hex<32>>,
}

impl Drand {
    /// A reader of these endpoints, asked in this order.
    ///
    /// # Errors
    /// The system's TLS or resolver cannot be set up.
    pub fn new(urls: &[String], chain_hash: &str) -> Result<Self, EdgeError> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            client: client.build().map_err(EdgeError::new)?,
            urls: urls
                .iter()
                .map(|url| url.trim_end_matches('/').to_owned())
                .collect(),
            chain_hash: chain_hash.to_owned(),
        })
    }

    async fn ask(&self, url: &str, round: u64) -> Result<Option<Hex<48>>, EdgeError> {
        let address = format!("{url}/{}/public/{round}", self.chain_hash);
        let mut answer = self
            .client
            .get(address)
            .send()
            .await
            .map_err(EdgeError::new)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND | StatusCode::TOO_EARLY => return Ok(None),
            status => {
                return Err(EdgeError::new(format!(
                    "{url}: got status {status}, want 200 or 404"
                )));
            }
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(EdgeError::new)? {
            body.extend_from_slice(&part);
            if body.len() > MAX_ANSWER {
                return Err(EdgeError::new(format!(
                    "{url}: got more than {MAX_ANSWER} bytes, want one round"
                )));
            }
        }
        read(&body, round)
            .map(Some)
            .map_err(|why| EdgeError::new(format!("{url}: {why}")))
    }
}

/// The signature in an answer of a drand node.
///
/// # Errors
/// Not JSON, another round, a signature of another length, or a randomness that is not its hash.
pub(super) fn read(body: &[u8], round: u64) -> Result<Hex<48>, String> {
    let got: Round = serde_json::from_slice(body).map_err(|e| format!("not a drand round: {e}"))?;
    if got.round != round {
        return Err(format!("got round {}, want {round}", got.round));
    }
    let hash = Hex(Sha256::digest(got.signature.bytes()).into());
    match got.randomness {
        Some(randomness) if randomness != hash => Err(format!(
            "got randomness {randomness}, want the signature's hash {hash}"
        )),
        _ => Ok(got.signature),
    }
}

impl BeaconPort for Drand {
    fn signature(&self, round: u64) -> Edge<'_, Option<Hex<48>>> {
        Box::pin(async move {
            let mut last = Ok(None);
            for url in &self.urls {
                match self.ask(url, round).await {
                    Ok(Some(signature)) => return Ok(Some(signature)),
                    Ok(None) => {}
                    Err(error) => last = Err(error),
                }
            }
            last
        })
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    const SIGNATURE: &str = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39";
    const RANDOMNESS: &str = "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd";

    fn body(round: u64, signature: &str, randomness: &str) -> Vec<u8> {
        format!(
            "{{\"round\":{round},\"randomness\":\"{randomness}\",\"signature\":\"{signature}\"}}"
        )
        .into_bytes()
    }

    #[test]
    fn a_round_of_quicknet_is_read() {
        let signature = read(&body(1000, SIGNATURE, RANDOMNESS), 1000).unwrap();
        assert_eq!(signature.to_string(), SIGNATURE);
    }

    #[test]
    fn what_cannot_be_the_round_is_refused_with_the_reason() {
        let error = |body: Vec<u8>| read(&body, 1000).unwrap_err();
        assert!(error(b"<html>".to_vec()).contains("not a drand round"));
        assert!(error(body(999, SIGNATURE, RANDOMNESS)).contains("got round 999, want 1000"));
        assert!(error(body(1000, &SIGNATURE[2..], RANDOMNESS)).contains("hex digits"));
        assert!(error(body(1000, SIGNATURE, &"0".repeat(64))).contains("randomness"));
    }
}
