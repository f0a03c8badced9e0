//! drand over HTTP: `{url}/{chain hash}/public/{round}`. The signature is verified before anybody pays for
//! bringing it to the contract; an endpoint that forges one is asked last from then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use antiphon_api::Hex;
use blst::BLST_ERROR;
use blst::min_sig::{PublicKey, Signature};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::ports::{BeaconPort, Edge, EdgeError};

/// Longest wait for one endpoint.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Longest answer that is read, in bytes; a round takes about 250.
const MAX_ANSWER: usize = 4_096;

/// Domain of the scheme's signatures.
const DST: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
/// What a forged round counts against an endpoint, and what an error does; each good round halves the count.
const LIE: u32 = 64;
const FAILURE: u32 = 1;
/// The count does not grow beyond this, so that a repaired endpoint comes back.
const MOST: u32 = 1_024;

/// Rounds of one beacon, from several endpoints.
#[derive(Clone, Debug)]
pub struct Drand {
    client: Client,
    sources: Arc<[Source]>,
    chain_hash: String,
}

/// One endpoint and what counts against it.
#[derive(Debug)]
struct Source {
    url: String,
    faults: AtomicU32,
}

impl Source {
    fn new(url: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            faults: AtomicU32::new(0),
        }
    }

    fn bad(&self, by: u32) {
        let count = self.faults.load(Ordering::Relaxed);
        self.faults
            .store(count.saturating_add(by).min(MOST), Ordering::Relaxed);
    }

    fn good(&self) {
        let count = self.faults.load(Ordering::Relaxed);
        self.faults.store(count.div_euclid(2), Ordering::Relaxed);
    }
}

#[derive(Deserialize)]
struct Round {
    round: u64,
    signature: Hex<48>,
    randomness: Option<Hex<32>>,
}

impl Drand {
    /// A reader of these endpoints, asked in this order as long as they are good.
    ///
    /// # Errors
    /// The system's TLS or resolver cannot be set up.
    pub fn new(urls: &[String], chain_hash: &str) -> Result<Self, EdgeError> {
        let client = Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            client: client.build().map_err(EdgeError::new)?,
            sources: urls.iter().map(|url| Source::new(url)).collect(),
            chain_hash: chain_hash.to_owned(),
        })
    }

    fn in_order(&self) -> Vec<&Source> {
        let mut sources: Vec<&Source> = self.sources.iter().collect();
        sources.sort_by_key(|source| source.faults.load(Ordering::Relaxed));
        sources
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
    fn signature(&self, round: u64, key: Hex<96>) -> Edge<'_, Option<Hex<48>>> {
        Box::pin(async move {
            let mut last = Ok(None);
            for source in self.in_order() {
                match self.ask(&source.url, round).await {
                    Ok(Some(signature)) if verifies(&key, round, &signature) => {
                        source.good();
                        return Ok(Some(signature));
                    }
                    Ok(Some(_)) => {
                        source.bad(LIE);
                        tracing::warn!(url = source.url, round, "a forged beacon round");
                        last = Err(forged(&source.url));
                    }
                    Ok(None) => {}
                    Err(error) => {
                        source.bad(FAILURE);
                        last = Err(error);
                    }
                }
            }
            last
        })
    }
}

fn forged(url: &str) -> EdgeError {
    EdgeError::new(format!(
        "{url}: got a signature that is not of the contract's beacon key; is this the beacon the contract goes by?"
    ))
}

/// Whether this is the round's signature: on SHA-256(be64 round), scheme bls-unchained-g1-rfc9380.
fn verifies(key: &Hex<96>, round: u64, signature: &Hex<48>) -> bool {
    let key = PublicKey::key_validate(key.bytes());
    let signature = Signature::sig_validate(signature.bytes(), true);
    let (Ok(key), Ok(signature)) = (key, signature) else {
        return false;
    };
    let message = Sha256::digest(round.to_be_bytes());
    signature.verify(false, &message, DST, &[], &key, false) == BLST_ERROR::BLST_SUCCESS
}

#[cfg(test)]
mod tests {
    use std::future::IntoFuture;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use antiphon_api::Hex;
    use axum::Router;
    use axum::routing::get;

    use super::{Drand, read, verifies};
    use crate::ports::BeaconPort;

    const QUICKNET: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a";

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

    fn key() -> Hex<96> {
        QUICKNET.parse().unwrap()
    }

    #[test]
    fn a_round_of_quicknet_verifies_and_no_other_does() {
        let signature: Hex<48> = SIGNATURE.parse().unwrap();
        assert!(verifies(&key(), 1000, &signature));
        assert!(!verifies(&key(), 1001, &signature));
        assert!(!verifies(&key(), 1000, &Hex([7; 48])));
        let mut other = [0; 96];
        other[0] = 0xc0;
        assert!(
            !verifies(&Hex(other), 1000, &signature),
            "the key at infinity"
        );
    }

    /// An endpoint that gives this signature for every round, and how often it was asked.
    async fn endpoint(signature: &'static str) -> (String, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let answer = move || async move {
            count.fetch_add(1, Ordering::SeqCst);
            format!("{{\"round\":1000,\"signature\":\"{signature}\"}}")
        };
        let app = Router::new().route("/hash/public/1000", get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, app).into_future());
        (url, asked)
    }

    /// The generator of G1: a point of the group that signs nothing.
    const FORGED: &str = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb";

    #[tokio::test]
    async fn a_forged_round_is_never_given_on_and_its_source_is_asked_last_afterwards() {
        let (liar, lies) = endpoint(FORGED).await;
        let (honest, _) = endpoint(SIGNATURE).await;
        let drand = Drand::new(&[liar.clone(), honest], "hash").unwrap();
        for _ in 0..3 {
            let found = drand.signature(1000, key()).await.unwrap().unwrap();
            assert_eq!(found.to_string(), SIGNATURE);
        }
        assert_eq!(lies.load(Ordering::SeqCst), 1, "once was enough");
        let alone = Drand::new(&[liar], "hash").unwrap();
        let error = alone.signature(1000, key()).await.unwrap_err();
        assert!(
            error
                .to_string()
                .contains("not of the contract's beacon key")
        );
    }
}
