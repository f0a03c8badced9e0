//! A network that is up.

use std::path::Path;
use std::sync::Arc;

use antiphon_chain::{Chain, Contract, Key, Sender};

use crate::deploy::sender;
use crate::error::Result;
use crate::facts::Facts;
use crate::home::Home;
use crate::node::NodePlan;
use crate::options::Options;
use crate::process::{Guard, Process};
use crate::servers::Servers;
use crate::start;
use crate::workers::Worker;

/// Chain, beacon, contract, workers and, if asked for, gateway and faucet. Dropping it stops all of them.
#[derive(Debug)]
pub struct Network {
    pub(crate) workers: Vec<Worker>,
    pub(crate) beacon: Process,
    pub(crate) servers: Servers,
    pub(crate) node: Process,
    pub(crate) guard: Guard,
    pub(crate) plan: NodePlan,
    pub(crate) contract: Contract,
    pub(crate) requester: Arc<Key>,
    pub(crate) deployer: Arc<Key>,
    pub(crate) facts: Facts,
    pub(crate) home: Home,
}

impl Network {
    /// Starts one and waits until every worker holds a seat.
    ///
    /// # Errors
    /// The first step that fails; what had been started is stopped.
    pub async fn start(options: Options) -> Result<Self> {
        start::start(options).await
    }

    /// Addresses, keys and processes.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The contract, for queries.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        self.contract.chain()
    }

    /// The workers.
    #[must_use]
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// The key of an account with coins that nothing else uses: who asks.
    #[must_use]
    pub fn requester(&self) -> &Arc<Key> {
        &self.requester
    }

    /// The only writer of the requester's key, if the caller makes no other.
    ///
    /// # Errors
    /// Never in practice: the gas price and prefix are this network's own.
    pub fn requester_sender(&self) -> Result<Sender> {
        sender(self.chain(), &self.requester)
    }

    /// The writer of the key that owns the contract and published the model.
    ///
    /// # Errors
    /// Never in practice: the gas price and prefix are this network's own.
    pub fn deployer_sender(&self) -> Result<Sender> {
        sender(self.chain(), &self.deployer)
    }

    /// Stops a worker in order.
    pub fn stop_worker(&mut self, index: usize) {
        if let Some(worker) = self.workers.get_mut(index) {
            worker.stop();
        }
    }

    /// Kills a worker with its engine, as a power cut would.
    pub fn kill_worker(&mut self, index: usize) {
        if let Some(worker) = self.workers.get_mut(index) {
            worker.kill();
        }
    }

    /// Starts a stopped worker again on its old home.
    ///
    /// # Errors
    /// Its program cannot be started.
    pub fn start_worker(&mut self, index: usize) -> Result<()> {
        if let Some(worker) = self.workers.get_mut(index) {
            worker.start(&mut self.guard)?;
        }
        self.save_facts()
    }

    /// Stops the chain's node in order.
    pub fn stop_node(&mut self) {
        self.node.stop();
    }

    /// Starts the node again and waits for its next block.
    ///
    /// # Errors
    /// It does not come up.
    pub async fn start_node(&mut self) -> Result<()> {
        self.node = self.plan.start(&mut self.guard)?;
        let chain = self.contract.chain().clone();
        self.plan.wait(&mut self.node, &chain, 0).await?;
        self.save_facts()
    }

    /// Whether the gateway serves the page.
    #[must_use]
    pub const fn serves_page(&self) -> bool {
        self.servers.page
    }

    /// Stops the gateway in order.
    pub fn stop_gateway(&mut self) {
        self.servers.stop_gateway();
    }

    /// Starts the gateway again on its old home and waits until it answers.
    ///
    /// # Errors
    /// There was none, or it does not come up.
    pub async fn start_gateway(&mut self) -> Result<()> {
        self.servers.start_gateway(&mut self.guard)?;
        self.servers.wait().await?;
        self.save_facts()
    }

    /// Leaves everything running and its folder in place; `antiphon-localnet stop` ends it.
    pub fn keep(mut self) {
        self.workers.iter_mut().for_each(Worker::release);
        self.servers.release();
        self.beacon.release();
        self.node.release();
        self.guard.dismiss();
        self.home.keep();
    }

    /// Ids of all processes that run, by name.
    #[must_use]
    pub fn processes(&self) -> std::collections::BTreeMap<String, u32> {
        let workers = self.workers.iter();
        let workers = workers.filter_map(|w| Some((format!("worker-{}", w.index), w.id()?)));
        let base = [("wasmd", &self.node), ("beacon", &self.beacon)];
        let base = base.into_iter().filter(|(_, process)| process.runs());
        base.map(|(name, process)| (name.to_owned(), process.id()))
            .chain(self.servers.ids())
            .chain(workers)
            .collect()
    }

    pub(crate) fn save_facts(&mut self) -> Result<()> {
        self.facts.processes = self.processes();
        self.facts.save(self.home.path())
    }
}

impl Drop for Network {
    /// Workers first, all asked at once, and who serves people; then beacon and node, by their own drops.
    fn drop(&mut self) {
        self.servers.ask();
        self.workers.iter_mut().for_each(Worker::ask);
    }
}
