//! What serves people on a local network: the gateway, which also serves the page, and the faucet.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::error::{LocalnetError, Result};
use crate::facts::Facts;
use crate::node::too_late;
use crate::options::Options;
use crate::process::{Guard, Process};

const UP_SECONDS: u64 = 30;
const POLL: Duration = Duration::from_millis(50);

/// The servers that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Servers {
    /// Whether the gateway serves the page.
    pub(crate) page: bool,
    gateway: Option<Server>,
    faucet: Option<Server>,
}

/// One server: how to start it and, while it runs, its process.
#[derive(Debug)]
struct Server {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    log: PathBuf,
    /// Answers with success once it is up.
    probe: String,
    process: Option<Process>,
}

impl Servers {
    /// Starts those whose address stands in the facts, which are on disk already.
    pub(crate) fn start(
        options: &Options,
        home: &Path,
        facts: &Facts,
        guard: &mut Guard,
    ) -> Result<Self> {
        let site = Site {
            options,
            home,
            facts,
        };
        let mut servers = Self {
            page: options.web.is_some(),
            gateway: facts.gateway.as_deref().map(|url| site.gateway(url)),
            faucet: facts.faucet.as_deref().map(|url| site.faucet(url)),
        };
        servers.each().try_for_each(|server| server.start(guard))?;
        Ok(servers)
    }

    /// Waits until all answer.
    pub(crate) async fn wait(&mut self) -> Result<()> {
        let client = reqwest::Client::new();
        for server in self.each() {
            server.wait(&client).await?;
        }
        Ok(())
    }

    /// Asks all to end, without waiting.
    pub(crate) fn ask(&mut self) {
        self.processes().for_each(Process::ask);
    }

    /// Leaves all running when this is dropped.
    pub(crate) fn release(&mut self) {
        self.processes().for_each(Process::release);
    }

    pub(crate) fn stop_gateway(&mut self) {
        if let Some(mut process) = self.gateway.as_mut().and_then(|it| it.process.take()) {
            process.stop();
        }
    }

    pub(crate) fn start_gateway(&mut self, guard: &mut Guard) -> Result<()> {
        let none = || LocalnetError::Option {
            option: "gateway",
            got: "a network without one".to_owned(),
            want: "a network that was started with one",
        };
        self.gateway.as_mut().ok_or_else(none)?.start(guard)
    }

    /// Ids of those that run.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (String, u32)> {
        let all = self.gateway.iter().chain(&self.faucet);
        all.filter_map(|server| {
            let process = server.process.as_ref().filter(|process| process.runs())?;
            Some((server.name.to_owned(), process.id()))
        })
    }

    fn each(&mut self) -> impl Iterator<Item = &mut Server> {
        self.gateway.iter_mut().chain(&mut self.faucet)
    }

    fn processes(&mut self) -> impl Iterator<Item = &mut Process> {
        self.each().filter_map(|server| server.process.as_mut())
    }
}

impl Server {
    fn start(&mut self, guard: &mut Guard) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        self.process = Some(Process::start(self.name, &mut command, &self.log, guard)?);
        Ok(())
    }

    async fn wait(&mut self, client: &reqwest::Client) -> Result<()> {
        let step = format!("waiting for the {}", self.name);
        let began = Instant::now();
        let mut state = "it does not answer yet".to_owned();
        while began.elapsed() < Duration::from_secs(UP_SECONDS) {
            if let Some(process) = &mut self.process {
                process.check(&step)?;
            }
            match client.get(&self.probe).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) => state = format!("{} answers {}", self.probe, answer.status()),
                Err(_) => {}
            }
            sleep(POLL).await;
        }
        Err(too_late(step, UP_SECONDS, state, Some(&self.log)))
    }
}

/// What the servers are told.
struct Site<'a> {
    options: &'a Options,
    home: &'a Path,
    facts: &'a Facts,
}

impl Site<'_> {
    fn gateway(&self, url: &str) -> Server {
        let text = |path: &Path| path.display().to_string();
        let key = self.facts.keys.get("gateway").map(|path| text(path));
        let mut arguments: Vec<String> = vec![
            "gateway".to_owned(),
            "--network".to_owned(),
            text(&self.home.join("network.json")),
            "--key".to_owned(),
            key.unwrap_or_default(),
            "--listen".to_owned(),
            listen(url).to_owned(),
            "--home".to_owned(),
            text(&self.home.join("gateway")),
            "--gguf".to_owned(),
            text(&self.options.parts.model),
        ];
        if let Some(page) = &self.options.web {
            arguments.extend(["--page".to_owned(), text(page)]);
        }
        Server {
            name: "gateway",
            program: self.options.parts.program("antiphon"),
            arguments,
            log: self.home.join("gateway.log"),
            probe: format!("{url}/healthz"),
            process: None,
        }
    }

    fn faucet(&self, url: &str) -> Server {
        let port = url.rsplit_once(':').map_or("", |(_, port)| port);
        let words = ["faucet", "--port", port, "--home"];
        let mut arguments: Vec<String> = words.into_iter().map(str::to_owned).collect();
        arguments.push(self.home.display().to_string());
        Server {
            name: "faucet",
            program: self.options.parts.program("antiphon-localnet"),
            arguments,
            log: self.home.join("faucet.log"),
            probe: format!("{url}/status"),
            process: None,
        }
    }
}

fn listen(url: &str) -> &str {
    url.trim_start_matches("http://")
}
