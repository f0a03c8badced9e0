//! Getting blocks and models from many sources, none of them trusted.

mod block;
pub(crate) mod endpoint;
mod leaf;
mod meter;
mod model;
mod peer;
mod shares;
mod swarm;

pub use block::BlockUnavailable;
pub use endpoint::{EndpointError, NetPolicy};
pub use model::{FetchError, ModelSpec, Peers, Progress};

use std::time::Duration;

use crate::client::Client;

/// How a fetch spreads its questions. The defaults suit real networks and loopback alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// A block's next source is asked when the ones before have not answered for so long.
    pub hedge: Duration,
    /// Leaves in flight in all: the bound on memory is so many times 2 MiB.
    pub in_flight: usize,
    /// Leaves in flight at one peer, at most.
    pub per_peer: usize,
    /// The provider of peers is asked again after so long.
    pub peers_again: Duration,
    /// A leaf in flight for so long is asked of a second peer, once nothing else is left to ask.
    pub second_ask: Duration,
    /// A peer that lied is left alone for so long, then twice as long, and so on.
    pub punish: Duration,
    /// A fetch without a single new leaf for so long ends as stalled; it can be taken up again.
    pub stalled: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            hedge: Duration::from_millis(500),
            in_flight: 24,
            per_peer: 6,
            peers_again: Duration::from_secs(2),
            second_ask: Duration::from_secs(3),
            punish: Duration::from_secs(60),
            stalled: Duration::from_secs(120),
        }
    }
}

/// Fetches by CID from whoever has it.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Client,
    tuning: Tuning,
}

impl Fetcher {
    /// A fetcher over this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self::with_tuning(client, Tuning::default())
    }

    /// A fetcher with its own patience: tests.
    #[must_use]
    pub const fn with_tuning(client: Client, tuning: Tuning) -> Self {
        Self { client, tuning }
    }

    /// The client, for questions to one endpoint.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }
}
