//! The demo: one network, one question, one verified answer, and what it took.

mod machine;
mod report;
mod table;

use std::sync::Arc;
use std::time::{Duration, Instant};

use antiphon_client::cli::no_answer;
use antiphon_client::question::{SamplingFlags, prompt_of};
use antiphon_client::{AskEvent, AskOptions, AskReport, NetworkFile, ask};
use antiphon_localnet::{Network, Options, Parts, Progress, WorkerOptions};
use clap::Args;

use crate::cli::{Failure, Place};
use crate::output;
use report::DemoReport;

const QUESTION: &str = "Why is the sky blue?";
const OUTPUT_TOKENS: u32 = 64;
const PATIENCE: Duration = Duration::from_secs(300);
/// The worker that lies, when one shall.
const LIAR: usize = 4;

/// `antiphon-localnet demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The question
    #[arg(default_value = QUESTION)]
    question: String,
    #[command(flatten)]
    place: Place,
    /// One worker lies, and its lock is forfeited
    #[arg(long)]
    liar: bool,
    /// Leave the network up and print its addresses
    #[arg(long)]
    keep: bool,
    /// Print one JSON object as the last line on stdout
    #[arg(long)]
    json: bool,
    /// Most tokens of the answer
    #[arg(long, default_value_t = OUTPUT_TOKENS)]
    max_output_tokens: u32,
    /// Milliseconds that building and fetching took, for the report
    #[arg(long, env = "ANTIPHON_SETUP_MS", default_value_t = 0, hide = true)]
    setup_ms: u64,
}

impl Demo {
    /// Starts, asks, shows, stops.
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let options = self.ask_options()?;
        let began = Instant::now();
        let network = self.network().await?;
        let network_ms = millis(began.elapsed());
        let report = self.ask(&network, &options).await?;
        let report = DemoReport {
            report,
            setup_ms: self.setup_ms.saturating_add(network_ms),
            network_ms,
            machine: machine::describe(),
        };
        self.show(&report, &network)?;
        if self.keep {
            network.keep();
        }
        match report.report.answer {
            Some(_) => Ok(()),
            None => Err(no_answer(&report.report).into()),
        }
    }

    /// Checked before anything is started.
    fn ask_options(&self) -> Result<AskOptions, Failure> {
        let sampling = SamplingFlags {
            max_output_tokens: Some(self.max_output_tokens),
            ..SamplingFlags::default()
        };
        let mut options = AskOptions::new(prompt_of(&self.question, &sampling)?);
        options.fresh = true;
        options.wait_final = true;
        options.timeout = PATIENCE;
        Ok(options)
    }

    async fn network(&self) -> Result<Network, Failure> {
        let mut options = self.place.options()?;
        if self.liar {
            with_liar(&mut options);
        }
        Ok(Network::start(options).await?)
    }

    async fn ask(&self, network: &Network, options: &AskOptions) -> Result<AskReport, Failure> {
        let file = NetworkFile::load(&network.home().join("network.json"))?;
        let client = antiphon_client::Network::connect(file).await?;
        let sender = client.sender_with(Arc::clone(network.requester()))?;
        let progress = output::progress();
        progress(&format!("asking: {}", self.question));
        let mut news = |event: AskEvent<'_>| tell(&progress, &event);
        Ok(ask(&client, &sender, options, &mut news).await?)
    }

    fn show(&self, report: &DemoReport, network: &Network) -> Result<(), Failure> {
        if self.keep && self.json {
            output::addresses_on_stderr(network);
        }
        if self.json {
            antiphon_client::output::json(report)?;
            return Ok(());
        }
        let liar = self.liar.then(|| network.workers().get(LIAR)).flatten();
        table::show(
            report,
            network.facts(),
            liar.map(|worker| worker.address.as_str()),
        );
        table::look_further(report, network, &Parts::from_env()?, self.keep);
        if self.keep {
            output::addresses(network);
        }
        Ok(())
    }
}

/// Makes the last worker lie.
pub(crate) fn with_liar(options: &mut Options) {
    let liar = WorkerOptions {
        program: Some(options.parts.program("antiphon-liar")),
        ..WorkerOptions::default()
    };
    options.per_worker.insert(LIAR, liar);
}

fn tell(progress: &Progress, event: &AskEvent<'_>) {
    match event {
        AskEvent::Uploaded { holders } => {
            progress(&format!("  the prompt lies at {} workers", holders.len()));
        }
        AskEvent::Posted { task, .. } => progress(&format!("  task {task} is posted")),
        AskEvent::Reached { stage, ms } => {
            progress(&format!("  {:<10} {}", stage.name(), output::seconds(*ms)));
        }
        AskEvent::Known { .. }
        | AskEvent::Carried { .. }
        | AskEvent::Overturned { .. }
        | AskEvent::Answered { .. }
        | AskEvent::TextAway { .. } => {}
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
