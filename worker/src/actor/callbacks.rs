//! Contracts that asked are told by whoever comes first, for a fee: one worker after the other gets a turn,
//! and takes it only when the fee is more than the gas.

use std::collections::BTreeMap;
use std::sync::Arc;

use antiphon_api::{
    Ballot, CallbackInfo, Cid, ConductInfo, ExecuteMsg, RoundResponse, TaskResponse,
};

use super::{Actor, Event};
use crate::outbox::Delivery;
use crate::ports::{ChainPort, EdgeError};
use crate::prompt::Finder;
use crate::stagger::deliver_turn;

/// Blocks between two workers' turns: enough for the first one's delivery to be seen.
const TURN: u64 = 3;
/// Blocks before a task that is still open, or could not be read, is looked at again; doubled each time.
const LOOK_AGAIN: u64 = 6;
/// Looks that came to nothing after which a callback is left to others.
const MOST_LOOKS: u32 = 8;
/// Callbacks remembered at most; the newest are left to others.
const MOST_KNOWN: usize = 1_000;

/// What is known of callbacks that this worker may deliver.
#[derive(Debug, Default)]
pub(super) struct Callbacks {
    /// By task: the height from which it is looked at, and how often it was.
    known: BTreeMap<u64, (u64, u32)>,
    /// One is being looked at.
    looking: bool,
}

/// What a look at a callback came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Errand {
    /// Our turn is at this height.
    Turn(u64),
    /// Nothing to be told yet, or not to be had; the text says what.
    Later(String),
    /// It is ours to deliver.
    Deliver(Delivery),
    /// Somebody else's, or nobody's; the text says why.
    Never(String),
}

impl Callbacks {
    /// Remembers an open task whose requester wants to be told.
    pub(super) fn saw(&mut self, task: &TaskResponse) {
        let worth = task.callback.as_ref().is_some_and(|it| !it.fee.is_zero());
        if worth && self.known.len() < MOST_KNOWN {
            self.known.entry(task.task).or_default();
        }
    }

    /// The first task whose end may be told now, if none is being looked at.
    fn next(&mut self, height: u64, is_open: impl Fn(u64) -> bool) -> Option<u64> {
        if self.looking {
            return None;
        }
        let mut ready = self.known.iter();
        let ready = ready.find(|(task, (from, _))| height >= *from && !is_open(**task));
        let task = ready.map(|(task, _)| *task)?;
        self.looking = true;
        Some(task)
    }

    fn looked(&mut self, task: u64, height: u64, errand: &Errand) {
        self.looking = false;
        let looks = self.known.get(&task).map_or(0, |(_, looks)| *looks);
        let again = LOOK_AGAIN << looks.min(MOST_LOOKS);
        let next = match errand {
            Errand::Turn(turn) => Some((*turn, looks)),
            Errand::Later(_) if looks < MOST_LOOKS => {
                Some((height.saturating_add(again), looks.saturating_add(1)))
            }
            Errand::Later(_) | Errand::Deliver(_) | Errand::Never(_) => None,
        };
        match next {
            Some(next) => self.known.insert(task, next),
            None => self.known.remove(&task),
        };
    }
}

impl Actor {
    /// Looks at one callback whose task is over and whose turn is ours.
    pub(super) fn deliver_due(&mut self) {
        if !self.settings.deliver {
            return;
        }
        let tasks = &self.chores.tasks;
        let is_open = |task: u64| tasks.contains_key(&task);
        let Some(task) = self.chores.callbacks.next(self.height, is_open) else {
            return;
        };
        let look = Look {
            chain: Arc::clone(&self.ports.chain),
            finder: self.finder.clone(),
            me: self.worker().to_owned(),
            canonical: self.voter.canonical().to_vec(),
            height: self.height,
            kept: self.settings.reserve.saturating_add(self.outbox.owed()),
        };
        self.beside(async move {
            let errand = look.at(task).await;
            let errand = errand.unwrap_or_else(|error| Errand::Later(error.to_string()));
            Event::Errand(task, errand)
        });
    }

    /// Once in the outbox it is forgotten: a delivery that fails is never tried again by this worker.
    pub(super) fn on_errand(&mut self, task: u64, errand: Errand) {
        let errand = match errand {
            Errand::Deliver(delivery) if !self.outbox.deliver(delivery.clone()) => {
                Errand::Later("too many others wait to be sent".to_owned())
            }
            errand => errand,
        };
        self.chores.callbacks.looked(task, self.height, &errand);
        match errand {
            Errand::Turn(turn) => tracing::debug!(task, turn, "the callback's turn comes"),
            Errand::Later(why) => tracing::debug!(task, why, "the callback waits"),
            Errand::Never(why) => tracing::debug!(task, why, "the callback is left to others"),
            Errand::Deliver(Delivery { cost, .. }) => {
                let (gas, fee) = (cost.gas, cost.fee);
                tracing::info!(task, gas, fee, "the callback is delivered for its fee");
            }
        }
    }
}

/// One look at a callback, beside the actor.
struct Look {
    chain: Arc<dyn ChainPort>,
    finder: Finder,
    me: String,
    canonical: Vec<u8>,
    height: u64,
    /// Coins that the delivery must leave: for reveals, and for deliveries before it.
    kept: u128,
}

impl Look {
    async fn at(&self, id: u64) -> Result<Errand, EdgeError> {
        let task = self.chain.task(id).await?;
        let Some(callback) = &task.callback else {
            return Ok(never("it was delivered"));
        };
        let Some(deadline) = callback.deadline else {
            return Ok(Errand::Later("the task is open".to_owned()));
        };
        if callback.fee.is_zero() {
            return Ok(never("its fee was paid to somebody whose delivery failed"));
        }
        // What is sent now is in the next block at the earliest.
        if self.height >= deadline {
            return Ok(never("its window is over"));
        }
        let decisive = task.outcome_round.unwrap_or(task.round);
        let round = self.chain.round(id, decisive).await?;
        let turns = TURN.saturating_mul(self.turns_before_ours(id, &round));
        let turn = task.entered.saturating_add(1).saturating_add(turns);
        if self.height < turn {
            return Ok(Errand::Turn(turn));
        }
        self.prepare(&task, callback, &round).await
    }

    /// The members that were right, by their places in the round; then everybody else.
    fn turns_before_ours(&self, task: u64, round: &RoundResponse) -> u64 {
        let willing = round.members.iter().filter(|member| {
            let right = [Some(ConductInfo::Right), Some(ConductInfo::Revealer)];
            right.contains(&member.conduct)
        });
        let willing: Vec<&str> = willing.map(|member| member.worker.as_str()).collect();
        let place = willing.iter().position(|worker| *worker == self.me);
        let place = place.and_then(|place| u64::try_from(place).ok());
        place.unwrap_or_else(|| {
            let members = u64::try_from(willing.len()).unwrap_or(u64::MAX);
            members.saturating_add(deliver_turn(task, &self.canonical))
        })
    }

    /// The text, whether the fee is more than the gas, and whether that gas can be paid. A receiver may see that it is
    /// simulated, and use its whole limit only when it is not: the limit counts as used.
    async fn prepare(
        &self,
        task: &TaskResponse,
        callback: &CallbackInfo,
        round: &RoundResponse,
    ) -> Result<Errand, EdgeError> {
        let text = match (&task.outcome, callback.with_text) {
            (Some(Ballot::Answer { cid, .. }), true) => match self.text(cid, round).await {
                Some(text) => Some(text),
                None => {
                    return Ok(Errand::Later(
                        "the answer's text is not to be had".to_owned(),
                    ));
                }
            },
            _ => None,
        };
        let task = task.task;
        let msg = ExecuteMsg::Deliver {
            task,
            text: text.clone(),
        };
        let cost = self.chain.cost(&msg, callback.gas_limit).await?;
        let (fee, price) = (callback.fee.u128(), cost.fee);
        if fee <= price {
            return Ok(never(&format!("its gas costs {price}, its fee is {fee}")));
        }
        let wanted = price.saturating_add(self.kept);
        let balance = self.chain.fee_balance().await?;
        Ok(match balance >= wanted {
            true => Errand::Deliver(Delivery { task, text, cost }),
            false => Errand::Later(format!(
                "the key that pays gas has {balance}, want {wanted}: reveals come first"
            )),
        })
    }

    /// The answer's text from our store, or from whoever revealed it.
    async fn text(&self, cid: &Cid, round: &RoundResponse) -> Option<String> {
        let others = round.members.iter().filter(|it| it.worker != self.me);
        let sources: Vec<String> = others.filter_map(|it| it.endpoint.clone()).collect();
        let block = self.finder.once(cid, &sources).await?;
        String::from_utf8(block).ok()
    }
}

fn never(why: &str) -> Errand {
    Errand::Never(why.to_owned())
}
