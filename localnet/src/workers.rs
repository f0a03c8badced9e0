//! The workers: each a process with a home, keys and a port of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use antiphon_chain::{Contract, Key};
use tokio::time::sleep;
use toml::{Table, Value, toml};

use crate::accounts::WorkerKeys;
use crate::error::{Doing, During, Result, tail};
use crate::genesis::{CHAIN_ID, DENOM, GAS_PRICE, PREFIX};
use crate::node::too_late;
use crate::options::{Progress, WorkerOptions};
use crate::process::{Guard, Process};

/// Each worker's bond: 100 ANTI, several times the largest lock.
pub const BOND: u128 = 100_000_000;
const SEATS_SECONDS: u64 = 300;
const POLL: Duration = Duration::from_millis(250);

/// What all workers have in common.
#[derive(Debug)]
pub(crate) struct Shared<'a> {
    pub(crate) rpc: &'a str,
    pub(crate) contract: &'a str,
    pub(crate) model: u64,
    pub(crate) beacon_url: &'a str,
    pub(crate) beacon_hash: &'a str,
    pub(crate) threads: u32,
    pub(crate) speculate: bool,
    /// Where the first worker, which has the model, serves it.
    pub(crate) first: &'a str,
}

/// One worker: where it lives and, while it runs, its process.
#[derive(Debug)]
pub struct Worker {
    /// Its number, from 0.
    pub index: usize,
    /// The operator's address: the worker's name on chain.
    pub address: String,
    /// The address that pays its gas.
    pub sender: String,
    /// The URL on record.
    pub endpoint: String,
    /// Its folder.
    pub home: PathBuf,
    program: PathBuf,
    options: WorkerOptions,
    process: Option<Process>,
}

/// What only the first worker gets: the others fetch it from their peers.
#[derive(Debug)]
pub(crate) struct Import<'a> {
    pub(crate) weights: &'a Path,
    pub(crate) manifest: &'a Path,
}

impl Worker {
    /// Writes a home: configuration and keys.
    pub(crate) fn create(
        index: usize,
        home: PathBuf,
        port: u16,
        keys: &WorkerKeys,
        program: PathBuf,
        options: WorkerOptions,
    ) -> Result<Self> {
        std::fs::create_dir_all(&home).doing(|| format!("make {}", home.display()))?;
        let save =
            |name: &str, key: &Key| key.save(&home.join(format!("keys/{name}.json")), PREFIX);
        save("operator", &keys.operator)?;
        save("voter", &keys.voter)?;
        save("sender", &keys.sender)?;
        Ok(Self {
            index,
            address: keys.operator.address(PREFIX)?,
            sender: keys.sender.address(PREFIX)?,
            endpoint: format!("http://127.0.0.1:{port}"),
            home,
            program: options.program.clone().unwrap_or(program),
            options,
            process: None,
        })
    }

    /// Writes its configuration.
    pub(crate) fn configure(&self, shared: &Shared<'_>, import: Option<&Import<'_>>) -> Result<()> {
        let path = self.home.join("config.toml");
        let text = self.config(shared, import).to_string();
        std::fs::write(&path, text).doing(|| format!("write {}", path.display()))
    }

    fn config(&self, shared: &Shared<'_>, import: Option<&Import<'_>>) -> Table {
        let listen = self.endpoint.trim_start_matches("http://");
        let id = i64::try_from(shared.model).unwrap_or(i64::MAX);
        let mut model = Table::from_iter([("id".to_owned(), Value::from(id))]);
        if let Some(import) = import {
            let text = |path: &Path| Value::from(path.display().to_string());
            model.insert("import".to_owned(), text(import.weights));
            model.insert("manifest".to_owned(), text(import.manifest));
        }
        let peers: Vec<Value> = if import.is_some() {
            vec![]
        } else {
            vec![shared.first.into()]
        };
        let mut table = toml! {
            [worker]
            [content]
            plain_http_loopback = true
            ask_again_after = "1s"
            [beacon]
            [chain]
            [inference]
        };
        let mut set = |section: &str, key: &str, value: Value| {
            if let Some(section) = table.get_mut(section).and_then(Value::as_table_mut) {
                section.insert(key.to_owned(), value);
            }
        };
        set("chain", "rpc", vec![Value::from(shared.rpc)].into());
        set("chain", "chain_id", CHAIN_ID.into());
        set("chain", "contract", shared.contract.into());
        set("chain", "denom", DENOM.into());
        set("chain", "prefix", PREFIX.into());
        set("chain", "gas_price", GAS_PRICE.into());
        set("worker", "moniker", format!("worker-{}", self.index).into());
        set("worker", "speculate", shared.speculate.into());
        set("worker", "bond", BOND.to_string().into());
        set("worker", "listen", listen.into());
        set("worker", "endpoint", self.endpoint.clone().into());
        set(
            "beacon",
            "urls",
            vec![Value::from(shared.beacon_url)].into(),
        );
        set("beacon", "chain_hash", shared.beacon_hash.into());
        set("content", "peers", peers.into());
        set("inference", "threads", i64::from(shared.threads).into());
        // One machine: all map the same weights.
        let packed = self.home.with_file_name("packed");
        set(
            "inference",
            "packed_dir",
            packed.display().to_string().into(),
        );
        table.insert("model".to_owned(), vec![Value::Table(model)].into());
        table
    }

    /// Where its output goes.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.home.join("worker.log")
    }

    /// The id of its process while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    pub(crate) fn start(&mut self, guard: &mut Guard) -> Result<()> {
        let mut command = Command::new(&self.program);
        command
            .arg("start")
            .arg("--home")
            .arg(&self.home)
            .envs(&self.options.env);
        let name = format!("worker {}", self.index);
        self.process = Some(Process::start(&name, &mut command, &self.log(), guard)?);
        Ok(())
    }

    pub(crate) fn ask(&mut self) {
        if let Some(process) = &mut self.process {
            process.ask();
        }
    }

    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.stop();
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    pub(crate) fn release(&mut self) {
        if let Some(process) = &mut self.process {
            process.release();
        }
    }

    fn check(&mut self, step: &str) -> Result<()> {
        self.process
            .as_mut()
            .map_or(Ok(()), |process| process.check(step))
    }
}

/// Waits until every worker holds a seat, telling how far the fetching of the model is.
pub(crate) async fn wait_for_seats(
    workers: &mut [Worker],
    contract: &Contract,
    model: u64,
    progress: &Progress,
) -> Result<()> {
    let step = "waiting for the workers' seats";
    let (began, want) = (Instant::now(), workers.len());
    let mut said = Said::default();
    while began.elapsed() < Duration::from_secs(SEATS_SECONDS) {
        for worker in &mut *workers {
            worker.check(step)?;
        }
        let seats = contract.all_seats(model).await.during(step)?;
        let seated: Vec<&str> = seats.iter().map(|seat| seat.worker.as_str()).collect();
        said.tell(workers, &seated, progress);
        if said.seated == want {
            return Ok(());
        }
        sleep(POLL).await;
    }
    let state = format!("{} of {want} workers hold seats", said.seated);
    let late = workers
        .iter()
        .find(|worker| !said.done.contains(&worker.index));
    let log = late.map(Worker::log);
    Err(too_late(
        step.to_owned(),
        SEATS_SECONDS,
        state,
        log.as_deref(),
    ))
}

/// What was told already.
#[derive(Default)]
struct Said {
    seated: usize,
    done: Vec<usize>,
    fetching: BTreeMap<usize, String>,
}

impl Said {
    fn tell(&mut self, workers: &[Worker], seated: &[&str], progress: &Progress) {
        for worker in workers {
            let news = fetching(&tail(&worker.log()));
            if let Some(news) = news.filter(|news| self.fetching.get(&worker.index) != Some(news)) {
                progress(&format!("  worker {}: {news}", worker.index));
                self.fetching.insert(worker.index, news);
            }
        }
        let has = |worker: &&Worker| seated.contains(&worker.address.as_str());
        self.done = workers
            .iter()
            .filter(has)
            .map(|worker| worker.index)
            .collect();
        if self.done.len() != self.seated {
            self.seated = self.done.len();
            progress(&format!(
                "  {} of {} workers hold seats",
                self.seated,
                workers.len()
            ));
        }
    }
}

/// How far a worker's log says that the fetching of the weights is.
fn fetching(log: &str) -> Option<String> {
    let line = log
        .lines()
        .rev()
        .find(|line| line.contains("fetching weights"))?;
    let value = |key: &str| {
        let found = line
            .split(' ')
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        found?.parse::<u64>().ok()
    };
    let megabytes = |key: &str| value(key)?.checked_div(1_000_000);
    let (have, all, peers) = (megabytes("bytes")?, megabytes("of")?, value("peers")?);
    if peers == 0 {
        return None; // not begun
    }
    let sources = if peers == 1 { "peer" } else { "peers" };
    Some(format!(
        "{have} of {all} MB of the model from {peers} {sources}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_line_about_the_weights_is_told_in_megabytes() {
        let log = "2026-11-22T09:19:52Z  INFO antiphon_worker::models: fetching weights model=1 \
                   bytes=1048576 of=98362432 bytes_per_second=1 peers=1\n\
                   2026-11-22T09:19:54Z  INFO antiphon_worker::models: fetching weights model=1 \
                   bytes=49000000 of=98362432 bytes_per_second=1 peers=3\n\
                   2026-11-22T09:19:54Z  INFO antiphon_worker::models: bonded amount=1";
        assert_eq!(
            fetching(log).unwrap(),
            "49 of 98 MB of the model from 3 peers"
        );
        assert_eq!(fetching("nothing of it"), None);
    }
}
