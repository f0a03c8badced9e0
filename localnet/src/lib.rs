//! Starts and stops a whole network on one machine: chain, beacon, contract, workers.

mod accounts;
pub mod beacon;
mod deploy;
mod edit;
mod error;
mod facts;
pub mod faucet;
mod genesis;
mod home;
mod network;
mod node;
mod options;
mod ports;
mod process;
mod servers;
mod start;
mod stop;
mod workers;

pub use deploy::{BASE_FEE, limits, price};
pub use error::{LocalnetError, Result};
pub use facts::{Facts, WorkerFacts};
pub use genesis::{CHAIN_ID, DENOM, GAS_PRICE, PREFIX};
pub use network::Network;
pub use options::{MANIFEST, Options, Parts, Ports, Progress, WorkerOptions};
pub use process::{Guard, Process};
pub use stop::stop;
pub use workers::{BOND, Worker};
