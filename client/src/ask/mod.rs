//! One question, paid for, answered by a committee, verified here.

mod gas;
mod index;
mod post;
mod report;

use std::time::{Duration, Instant};

use antiphon_api::{Ballot, Cid, ExecuteMsg, HexBinary, ModelResponse, TaskStatus};
use antiphon_chain::Sender;
use antiphon_documents::Prompt;

pub use gas::{Counted, gas_by_message};
pub(crate) use index::fetch_entry;
pub(crate) use post::upload;
pub use report::{
    AnswerReport, AskReport, BallotReport, ChainReport, ModelReport, MoneyReport, StagesMs,
    TaskReport,
};
pub(crate) use report::{ballot, manifest_of, money, of_task};

use crate::error::ClientError;
use crate::follow::{Follower, Stage};
use crate::network::Network;

/// What to ask, and how far to follow it.
#[derive(Clone, Debug)]
pub struct AskOptions {
    /// The question.
    pub prompt: Prompt,
    /// The model; the network's default if none.
    pub model: Option<u64>,
    /// Members of the committee; the contract's default if none.
    pub committee: Option<u32>,
    /// Put the prompt into the transaction instead of at workers.
    pub carry: bool,
    /// Pay for a new task even if a final answer is on chain.
    pub fresh: bool,
    /// Go on until the money is paid out.
    pub wait_final: bool,
    /// Give up after this long; the task goes on without us.
    pub timeout: Duration,
}

impl AskOptions {
    /// A question with all defaults: ten minutes, until answered.
    #[must_use]
    pub const fn new(prompt: Prompt) -> Self {
        Self {
            prompt,
            model: None,
            committee: None,
            carry: false,
            fresh: false,
            wait_final: false,
            timeout: Duration::from_secs(600),
        }
    }
}

/// News of a question under way, for whoever shows it.
#[derive(Clone, Debug)]
pub enum AskEvent<'a> {
    /// An answer was on chain already: nothing is paid.
    Known {
        /// The task that made it.
        task: u64,
    },
    /// The prompt lies at these workers.
    Uploaded {
        /// Their addresses.
        holders: &'a [String],
    },
    /// The prompt travels in the transaction.
    Carried {
        /// Its length.
        bytes: u32,
    },
    /// The task is in a block.
    Posted {
        /// Its id.
        task: u64,
        /// What was taken, in the chain's denom.
        escrow: u128,
    },
    /// The task went on.
    Reached {
        /// What it reached.
        stage: Stage,
        /// Milliseconds since the broadcast.
        ms: u64,
    },
    /// An appeal overturned what was answered: something else stands.
    Overturned {
        /// The task.
        task: u64,
    },
    /// The text of what stands now is not to be had; the task is at its end all the same.
    TextAway {
        /// Why.
        why: &'a ClientError,
    },
    /// The text, hashed.
    Answered {
        /// It.
        answer: &'a AnswerReport,
    },
}

/// Asks, follows, verifies. A task without an answer is a report without one.
///
/// # Errors
/// Before anything is paid: no node, no worker, no such model, not enough coins. After: the node went
/// away, the time is over, or what came is not what the chain says.
pub async fn ask(
    network: &Network,
    sender: &Sender,
    options: &AskOptions,
    news: &mut (dyn FnMut(AskEvent<'_>) + Send),
) -> Result<AskReport, ClientError> {
    let model = choose_model(network, options.model).await?;
    if !options.fresh {
        let known = index::known_answer(network, &model, options).await?;
        if let Some(report) = known {
            if let Some(task) = report.task.as_ref() {
                news(AskEvent::Known { task: task.id });
            }
            if let Some(answer) = &report.answer {
                news(AskEvent::Answered { answer });
            }
            return Ok(report);
        }
    }
    pay_and_follow(network, sender, options, &model, news).await
}

async fn pay_and_follow(
    network: &Network,
    sender: &Sender,
    options: &AskOptions,
    model: &ModelResponse,
    news: &mut (dyn FnMut(AskEvent<'_>) + Send),
) -> Result<AskReport, ClientError> {
    let document = options.prompt.to_canonical();
    let cid = Cid::of_raw(document.as_bytes());
    let bytes = bytes::Bytes::from(document);
    let prompt_bytes = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    if options.carry {
        post::can_carry(bytes.len())?;
    }
    let priced = post::price(network, sender, options, model, prompt_bytes).await?;
    let (holders, block) = if options.carry {
        news(AskEvent::Carried {
            bytes: prompt_bytes,
        });
        (Vec::new(), Some(HexBinary::from(bytes.as_ref())))
    } else {
        let holders = post::upload(network, model.model, &cid, bytes).await?;
        news(AskEvent::Uploaded { holders: &holders });
        (holders, None)
    };
    let msg = ExecuteMsg::PostTask {
        model: model.model,
        prompt: cid,
        prompt_bytes,
        max_output_tokens: options.prompt.max_output_tokens,
        holders,
        block,
        committee: options.committee,
        callback: None,
    };
    let posted = post::post(network, sender, &msg, priced).await?;
    let (task, escrow) = (posted.task, posted.escrow);
    news(AskEvent::Posted { task, escrow });
    let mut follower = Follower::new(network, posted.task, posted.broadcast);
    follower.reached(Stage::Posted, posted.at);
    news_of(&follower, Stage::Posted, news);
    let deadline = deadline(options.timeout);
    until(&mut follower, sender, deadline, news, |status| {
        !is_before_answer(status)
    })
    .await?;
    let mut answer = answer_of(network, &mut follower, news).await?;
    if options.wait_final {
        until(&mut follower, sender, deadline, news, is_end).await?;
        if is_overturned(&follower, answer.as_ref()) {
            answer = answer_anew(network, &mut follower, news).await;
        }
    }
    report::build(network, &follower, answer, Some(posted.height)).await
}

/// The answer that a later round put in the place of the one shown. A text that is away is no reason to
/// keep the task's end back.
async fn answer_anew(
    network: &Network,
    follower: &mut Follower<'_>,
    news: &mut (dyn FnMut(AskEvent<'_>) + Send),
) -> Option<AnswerReport> {
    news(AskEvent::Overturned {
        task: follower.task,
    });
    let fetched = answer_of(network, follower, news).await;
    fetched.unwrap_or_else(|why| {
        news(AskEvent::TextAway { why: &why });
        None
    })
}

fn deadline(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or(now)
}

/// Polls until the status is as wanted, telling each stage once.
async fn until(
    follower: &mut Follower<'_>,
    sender: &Sender,
    deadline: Instant,
    news: &mut (dyn FnMut(AskEvent<'_>) + Send),
    done: fn(TaskStatus) -> bool,
) -> Result<(), ClientError> {
    loop {
        for stage in follower.poll().await? {
            news_of(follower, stage, news);
        }
        if follower.status().is_some_and(done) {
            return Ok(());
        }
        follower.advance_if_stuck(sender).await;
        if Instant::now() >= deadline {
            return Err(ClientError::NoAnswer(format!(
                "task {task} is not at its end yet, and the time is over. It goes on without us: see `antiphon task {task}`",
                task = follower.task
            )));
        }
        follower.rest().await;
    }
}

fn news_of(follower: &Follower<'_>, stage: Stage, news: &mut (dyn FnMut(AskEvent<'_>) + Send)) {
    if let Some(ms) = follower.stages().get(stage) {
        news(AskEvent::Reached { stage, ms });
    }
}

const fn is_end(status: TaskStatus) -> bool {
    matches!(status, TaskStatus::Final | TaskStatus::Failed)
}

const fn is_before_answer(status: TaskStatus) -> bool {
    matches!(
        status,
        TaskStatus::Drawing | TaskStatus::Committing | TaskStatus::Revealing
    )
}

/// Whether somebody's appeal put another outcome in the place of the answer that was told.
fn is_overturned(follower: &Follower<'_>, told: Option<&AnswerReport>) -> bool {
    let outcome = follower.state().and_then(|task| task.outcome.as_ref());
    let stands = match outcome {
        Some(Ballot::Answer { cid, .. }) => Some(*cid),
        _ => None,
    };
    told.map(|answer| answer.cid) != stands
}

/// The text behind the standing outcome, fetched from a worker that revealed it, and hashed.
async fn answer_of(
    network: &Network,
    follower: &mut Follower<'_>,
    news: &mut (dyn FnMut(AskEvent<'_>) + Send),
) -> Result<Option<AnswerReport>, ClientError> {
    let outcome = follower.state().and_then(|task| task.outcome.clone());
    let sources = match &outcome {
        Some(Ballot::Answer { cid, .. }) => follower.sources_of(cid),
        _ => return Ok(None),
    };
    let Some(answer) = AnswerReport::fetch(network, outcome.as_ref(), &sources).await? else {
        return Ok(None);
    };
    follower.reached(Stage::Answered, Instant::now());
    news_of(follower, Stage::Answered, news);
    news(AskEvent::Answered { answer: &answer });
    Ok(Some(answer))
}

/// The named model, the network's default, or the first one with seats.
///
/// # Errors
/// No such model, or none that takes tasks.
pub async fn choose_model(
    network: &Network,
    named: Option<u64>,
) -> Result<ModelResponse, ClientError> {
    if let Some(model) = named.or(network.file.model) {
        return Ok(network.contract.model(model).await?);
    }
    let models = network.contract.all_models().await?;
    let usable = models
        .into_iter()
        .find(|model| !model.retired && model.seats > 0);
    usable.ok_or_else(|| {
        ClientError::Usage(
            "no model on this network takes tasks now; see `antiphon models`".to_owned(),
        )
    })
}
