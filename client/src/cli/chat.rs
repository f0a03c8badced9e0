//! `antiphon chat`: a conversation, line by line.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::time::Duration;

use antiphon_chain::Sender;
use tokio::sync::{mpsc, watch};

use super::ask::{no_answer, tell};
use crate::ask::{AskEvent, AskOptions, AskReport, ask, choose_model, manifest_of};
use crate::chat::{Conversation, Room};
use crate::error::ClientError;
use crate::network::Network;
use crate::output;
use crate::progress::Progress;
use crate::question::SamplingFlags;
use crate::signals::stop_asked;

/// A prompt is far shorter.
const MAX_LINE_BYTES: u64 = 1 << 20;
const HELP: &str =
    "/new begins a new conversation · /quit or Ctrl-D ends · Ctrl-C stops waiting for an answer";

/// `antiphon chat`
#[derive(Debug, clap::Args)]
pub struct ChatArgs {
    /// The model's id
    #[arg(long, value_name = "ID")]
    pub model: Option<u64>,
    /// Members of the committee: 5, 7, 9, 11 or 15
    #[arg(long, value_name = "N")]
    pub committee: Option<u32>,
    /// Instructions that stand before the conversation
    #[arg(long, value_name = "TEXT")]
    pub system: Option<String>,
    /// How tokens are chosen
    #[command(flatten)]
    pub sampling: SamplingFlags,
    /// Seconds after which to stop following a question
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    pub timeout: u64,
}

/// Everything a turn needs.
struct Table<'a> {
    network: &'a Network,
    sender: Sender,
    args: &'a ChatArgs,
    model: u64,
    talk: Conversation,
}

pub(super) async fn run(network: &Network, args: &ChatArgs) -> Result<(), ClientError> {
    let model = choose_model(network, args.model).await?;
    let room = Room {
        prompt_bytes: model.limits.max_prompt_bytes,
        context_tokens: context_tokens(network, model.model, &model.manifest).await,
    };
    let mut table = Table {
        network,
        sender: network.sender()?,
        args,
        model: model.model,
        talk: Conversation::new(args.system.clone(), args.sampling.clone(), room),
    };
    let terminal = std::io::stdin().is_terminal();
    if terminal {
        output::faint(HELP);
    }
    let mut lines = lines();
    loop {
        if terminal {
            output::ask_for_line();
        }
        let line = tokio::select! {
            line = lines.recv() => line,
            () = stop_asked() => None,
        };
        let Some(line) = line else {
            break;
        };
        match table.heard(line.trim()).await {
            Ok(true) => {}
            Ok(false) => break,
            // A person can try again; a program that pipes its questions in must know.
            Err(error) if terminal => output::failure(&error),
            Err(error) => return Err(error),
        }
    }
    if terminal {
        output::note("");
    }
    Ok(())
}

/// Lines of stdin, read by a thread of their own: the end of the program does not wait for the next one.
fn lines() -> mpsc::Receiver<String> {
    let (give, take) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let mut bounded = (&mut stdin).take(MAX_LINE_BYTES);
            let read = bounded.read_until(b'\n', &mut line);
            let text = String::from_utf8_lossy(&line).into_owned();
            if matches!(read, Ok(0) | Err(_)) || give.blocking_send(text).is_err() {
                return;
            }
        }
    });
    take
}

/// The model's limit, if one of its workers gives the manifest; the workers judge in any case.
async fn context_tokens(
    network: &Network,
    model: u64,
    manifest: &antiphon_api::Cid,
) -> Option<u32> {
    let seats = network.contract.all_seats(model).await.ok()?;
    let sources: Vec<String> = seats.into_iter().filter_map(|seat| seat.endpoint).collect();
    let manifest = manifest_of(network, manifest, &sources).await?;
    Some(manifest.context_tokens)
}

impl Table<'_> {
    /// One line; false ends the conversation.
    async fn heard(&mut self, line: &str) -> Result<bool, ClientError> {
        match line {
            "" => {}
            "/quit" | "/exit" => return Ok(false),
            "/help" => output::note(HELP),
            "/new" => {
                self.talk.renew();
                output::faint("a new conversation");
            }
            other if other.starts_with('/') => {
                output::warning(&format!("{other} is not known. {HELP}"));
            }
            text => self.turn(text).await?,
        }
        Ok(true)
    }

    async fn turn(&mut self, text: &str) -> Result<(), ClientError> {
        let prompt = self.talk.say(text)?;
        let options = AskOptions {
            model: Some(self.model),
            committee: self.args.committee,
            timeout: Duration::from_secs(self.args.timeout),
            ..AskOptions::new(prompt)
        };
        let report = self.asked(&options).await;
        let answer = match &report {
            Ok(Some(report)) => report.answer.as_ref(),
            _ => None,
        };
        match answer {
            Some(answer) => self.talk.answered(answer),
            None => self.talk.take_back(),
        }
        match report? {
            None => Ok(()),
            Some(report) if report.answer.is_some() => {
                output::receipt(&report);
                Ok(())
            }
            Some(report) => Err(no_answer(&report)),
        }
    }

    /// Asks; none if the user did not want to wait for the end. Nobody is left before the task has its
    /// number, since what was paid for should be found again.
    async fn asked(&self, options: &AskOptions) -> Result<Option<AskReport>, ClientError> {
        let wait = Progress::waiting("asking");
        let (posted, mut seen) = watch::channel(None);
        let mut news = |event: AskEvent<'_>| {
            if let AskEvent::Posted { task, .. } = event {
                posted.send_replace(Some(task));
            }
            tell(&event, false, &wait);
        };
        let asking = ask(self.network, &self.sender, options, &mut news);
        let stopped = async {
            stop_asked().await;
            match seen.wait_for(Option::is_some).await {
                Ok(task) => *task,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            report = asking => report.map(Some),
            task = stopped => {
                let task = task.unwrap_or_default();
                wait.aside(|| output::note(&format!(
                    "no longer waiting: task {task} goes on without us, see `antiphon task {task}`. The same \
                     question is free once it is final"
                )));
                Ok(None)
            }
        }
    }
}
