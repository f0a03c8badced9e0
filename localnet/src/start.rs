//! From nothing to a network with seats taken, step by step.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use antiphon_api::Cid;
use antiphon_chain::{Chain, Sender};
use antiphon_documents::Manifest;

use crate::accounts::Accounts;
use crate::beacon::Beacon;
use crate::deploy;
use crate::error::{Doing, LocalnetError, Result};
use crate::facts::{Facts, WorkerFacts};
use crate::genesis::{CHAIN_ID, DENOM, GAS_PRICE, Genesis, PREFIX};
use crate::home::Home;
use crate::network::Network;
use crate::node::NodePlan;
use crate::options::Options;
use crate::ports::{self, Chosen};
use crate::process::{Guard, Process};
use crate::servers::Servers;
use crate::workers::{Import, Shared, Worker, wait_for_seats};

/// What stands before anything runs.
struct Plan {
    options: Options,
    home: Home,
    ports: Chosen,
    accounts: Accounts,
    manifest: Manifest,
    manifest_cid: Cid,
    node: NodePlan,
}

/// What runs before there are workers.
struct Base {
    guard: Guard,
    node: Process,
    beacon: Process,
    chain: Chain,
    info: crate::beacon::Info,
    config: antiphon_api::BeaconConfig,
}

/// What is on chain before there are workers.
struct Deployed {
    code_id: u64,
    contract: String,
    model: u64,
}

/// Everything, in order. Whatever runs when a step fails is stopped.
pub(crate) async fn start(options: Options) -> Result<Network> {
    let plan = Plan::new(options)?;
    let began = Instant::now();
    plan.genesis()?;
    let base = plan.base().await?;
    plan.say("chain and beacon", began);
    let began = Instant::now();
    let deployer = deploy::sender(&base.chain, &plan.accounts.deployer)?;
    let code_id = deploy::store(&deployer, &plan.options.parts.contract).await?;
    let validator = deploy::sender(&base.chain, &plan.accounts.validator)?;
    let (rest, pinned) = tokio::join!(
        plan.with_workers(base, &deployer, code_id, began),
        deploy::pin(&validator, code_id)
    );
    let network = rest?;
    pinned?;
    Ok(network)
}

impl Plan {
    fn new(options: Options) -> Result<Self> {
        options.check()?;
        let manifest = Manifest::parse(&options.manifest)
            .map_err(|e| LocalnetError::Manifest(e.to_string()))?;
        let ports = ports::choose(&options)?;
        let accounts = Accounts::new(options.workers)?;
        let home = Home::create(options.home.as_deref())?;
        let node = NodePlan {
            wasmd: options.parts.wasmd.clone(),
            home: home.path().join("chain"),
            log: home.path().join("chain.log"),
            rpc: loopback(ports.rpc),
        };
        let manifest_cid = Cid::of_raw(&options.manifest);
        Ok(Self {
            options,
            home,
            ports,
            accounts,
            manifest,
            manifest_cid,
            node,
        })
    }

    fn say(&self, what: &str, began: Instant) {
        (self.options.progress)(&format!("{what} ({:.1} s)", began.elapsed().as_secs_f64()));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn genesis(&self) -> Result<()> {
        let genesis = Genesis {
            wasmd: &self.options.parts.wasmd,
            home: &self.node.home,
            ports: &self.ports,
            block_time_ms: self.options.block_time_ms,
            validator: &self.accounts.validator,
            accounts: &self.accounts.coins()?,
        };
        genesis.write()
    }

    /// Node and beacon, which need nothing of each other.
    async fn base(&self) -> Result<Base> {
        let mut guard = Guard::start()?;
        let mut node = self.node.start(&mut guard)?;
        let (beacon, info, config) = self.beacon(&mut guard)?;
        let chain = self.node.chain()?;
        // The contract module answers simulations from its second block on.
        self.node.wait(&mut node, &chain, 1).await?;
        Ok(Base {
            guard,
            node,
            beacon,
            chain,
            info,
            config,
        })
    }

    fn beacon(
        &self,
        guard: &mut Guard,
    ) -> Result<(Process, crate::beacon::Info, antiphon_api::BeaconConfig)> {
        let seed = self.accounts.deployer.secret();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let beacon = Beacon::from_seed(&seed, now.map_or(0, |time| time.as_secs()))?;
        let (file, log) = (self.path("beacon.json"), self.path("beacon.log"));
        beacon.save(&file)?;
        let mut command = Command::new(self.options.parts.program("antiphon-localnet"));
        command
            .args(["beacon", "--port", &self.ports.beacon.to_string(), "--file"])
            .arg(&file);
        let process = Process::start("beacon", &mut command, &log, guard)?;
        Ok((process, beacon.info(), beacon.config()))
    }

    async fn with_workers(
        mut self,
        base: Base,
        deployer: &Sender,
        code_id: u64,
        began: Instant,
    ) -> Result<Network> {
        let mut workers = self.worker_homes()?;
        let endpoint = workers.first().map(|worker| worker.endpoint.clone());
        let contract = deploy::instantiate(deployer, code_id, base.config.clone()).await?;
        let model =
            deploy::register_model(deployer, &contract, self.manifest_cid, endpoint).await?;
        self.say("contract and model", began);
        let deployed = Deployed {
            code_id,
            contract,
            model,
        };
        self.configure(&base, &deployed, &workers)?;
        let began = Instant::now();
        let mut guard = base.guard;
        workers
            .iter_mut()
            .try_for_each(|worker| worker.start(&mut guard))?;
        let facts = self.facts(&base.info, &deployed, &workers)?;
        facts.save(self.home.path())?;
        let servers = Servers::start(&self.options, self.home.path(), &facts, &mut guard)?;
        let mut network = Network {
            workers,
            servers,
            beacon: base.beacon,
            node: base.node,
            guard,
            plan: self.node.clone(),
            contract: base.chain.contract(&facts.contract),
            requester: self.accounts.requester.clone(),
            deployer: self.accounts.deployer.clone(),
            facts,
            home: std::mem::replace(&mut self.home, Home::Given(PathBuf::new())),
        };
        network.save_facts()?;
        let contract = network.contract.clone();
        wait_for_seats(
            &mut network.workers,
            &contract,
            model,
            &self.options.progress,
        )
        .await?;
        self.say("workers", began);
        network.servers.wait().await?;
        Ok(network)
    }

    fn worker_homes(&self) -> Result<Vec<Worker>> {
        let program = self.options.parts.program("antiphon-worker");
        let each = self
            .accounts
            .workers
            .iter()
            .zip(&self.ports.workers)
            .enumerate();
        each.map(|(index, (keys, port))| {
            let options = self
                .options
                .per_worker
                .get(&index)
                .cloned()
                .unwrap_or_default();
            let home = self.path(&format!("worker-{index}"));
            Worker::create(index, home, *port, keys, program.clone(), options)
        })
        .collect()
    }

    fn configure(&self, base: &Base, deployed: &Deployed, workers: &[Worker]) -> Result<()> {
        let manifest = self.path("manifest.json");
        std::fs::write(&manifest, &self.options.manifest)
            .doing(|| format!("write {}", manifest.display()))?;
        let shared = Shared {
            rpc: &self.node.rpc,
            contract: &deployed.contract,
            model: deployed.model,
            beacon_url: &self.beacon_url(),
            beacon_hash: &base.info.hash,
            threads: self.options.threads(),
            speculate: self.options.speculate,
            first: workers.first().map_or("", |worker| &worker.endpoint),
        };
        let import = Import {
            weights: &self.options.parts.model,
            manifest: &manifest,
        };
        workers.iter().try_for_each(|worker| {
            worker.configure(&shared, (worker.index == 0).then_some(&import))
        })
    }

    fn beacon_url(&self) -> String {
        loopback(self.ports.beacon)
    }

    fn facts(
        &self,
        info: &crate::beacon::Info,
        deployed: &Deployed,
        workers: &[Worker],
    ) -> Result<Facts> {
        let worker = |worker: &Worker| WorkerFacts {
            address: worker.address.clone(),
            sender: worker.sender.clone(),
            endpoint: worker.endpoint.clone(),
            home: worker.home.clone(),
        };
        let keys = self.accounts.save(&self.path("keys"))?;
        Ok(Facts {
            chain_id: CHAIN_ID.to_owned(),
            denom: DENOM.to_owned(),
            prefix: PREFIX.to_owned(),
            gas_price: GAS_PRICE.to_owned(),
            rpc: self.node.rpc.clone(),
            rest: loopback(self.ports.rest),
            code_id: deployed.code_id,
            contract: deployed.contract.clone(),
            model: deployed.model,
            manifest: self.manifest_cid,
            weights: self.manifest.weights.cid,
            beacon: self.beacon_url(),
            gateway: self.ports.gateway.map(loopback),
            faucet: self.ports.faucet.map(loopback),
            beacon_hash: info.hash.clone(),
            keys: keys
                .into_iter()
                .map(|(name, path)| (name.to_owned(), path))
                .collect(),
            workers: workers.iter().map(worker).collect(),
            processes: std::collections::BTreeMap::new(),
        })
    }
}

fn loopback(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
