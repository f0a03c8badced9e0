//! Other workers' vote relays over HTTP.

use antiphon_store::Client;
use futures_util::future::BoxFuture;

use crate::http::VOTES_PATH;
use crate::ports::{Handed, PeerPort};
use crate::relay::Item;

/// Hands votes over by the rules of the content network: no redirects, allowed addresses only.
#[derive(Clone, Debug)]
pub struct HttpPeers {
    client: Client,
}

impl HttpPeers {
    /// Over this client.
    #[must_use]
    pub const fn new(client: Client) -> Self {
        Self { client }
    }
}

impl PeerPort for HttpPeers {
    fn hand_over<'a>(&'a self, endpoint: &'a str, item: &'a Item) -> BoxFuture<'a, Handed> {
        Box::pin(async move {
            let Ok(body) = serde_json::to_vec(item) else {
                return Handed::Refused;
            };
            match self
                .client
                .post_small(endpoint, VOTES_PATH, body.into())
                .await
            {
                Ok(202) => Handed::Taken,
                Ok(409 | 429) => Handed::Busy,
                Ok(status) => {
                    tracing::warn!(
                        task = item.key().task,
                        endpoint,
                        status,
                        "the relay refuses our vote"
                    );
                    Handed::Refused
                }
                Err(error) => {
                    tracing::warn!(task = item.key().task, endpoint, %error, "the relay does not answer");
                    Handed::Refused
                }
            }
        })
    }
}
