//! Tasks from their post to their end: posted, drawn, voted on, advanced.

use std::sync::Arc;

use antiphon_api::{
    Ballot, Cid, CommitItem, ExecuteMsg, Finish, Hex, RevealItem, TaskResponse, TaskStatus,
};
use antiphon_chain::{TxOutcome, unix_seconds};
use antiphon_documents::digest::trace_nonce;
use antiphon_e2e::{Failure, eventually};
use antiphon_worker::duty::DutyKey;
use antiphon_worker::ports::BeaconPort as _;

use crate::crowd::{Crowd, Item, PUBLISH};

/// As in the virtual machine's world.
const PROMPT_BYTES: u32 = 400;
const MAX_OUTPUT_TOKENS: u32 = 256;
/// Tasks in one message, at most.
pub(crate) const TEN: usize = 10;

/// Both votes of a committee, in the order of its members.
struct Votes {
    commits: Vec<CommitItem>,
    reveals: Vec<RevealItem>,
}

impl Crowd {
    /// One task, drawn by its own round; each vote in its own transaction.
    pub(crate) async fn task_alone(&mut self) -> Result<(), Failure> {
        let task = self.post(1, "post_task", 1, true).await?;
        self.draw(&task, true).await?;
        let votes = self.votes(&task).await?;
        let votes = votes.into_iter().next().ok_or("no task")?;
        let names = ["commit, one of 5, the first", "commit, one of 5"];
        let last = votes.commits.len() - 1;
        let commits = votes.commits.into_iter().enumerate().map(|(place, item)| {
            let name = if place == last {
                "commit, one of 5, the last"
            } else {
                names[place.min(1)]
            };
            let commits = vec![item];
            (Some(name), ExecuteMsg::Commit { commits })
        });
        self.relayed(commits.collect()).await?;
        let names = ["reveal, one of 5, the first", "reveal, one of 5"];
        // The fourth decides the round; the fifth ends it.
        let reveals = votes.reveals.into_iter().enumerate().map(|(place, item)| {
            let name = if place == last {
                "reveal, one of 5, the last"
            } else {
                names[place.min(1)]
            };
            let reveals = vec![item];
            (Some(name), ExecuteMsg::Reveal { reveals })
        });
        self.relayed(reveals.collect()).await?;
        self.end(&task, true).await
    }

    /// Many, open at the same time; a committee's votes come in one transaction.
    pub(crate) async fn tasks_at_once(&mut self, count: usize) -> Result<(), Failure> {
        let third = count / 3;
        let mut tasks = self.post(third, "post_task", 1, true).await?;
        let three = "post_task, three holders";
        tasks.extend(self.post(third, three, 3, true).await?);
        let rest = count - tasks.len();
        self.deposit().await?;
        let balance = "post_task, from the balance";
        tasks.extend(self.post(rest, balance, 1, false).await?);
        // All of the randomness at once, as a task waits for it no longer than its draw window.
        for (place, task) in self.read(&tasks).await?.iter().enumerate() {
            let draws = if place == 0 { TEN } else { 0 };
            if let Some(round) = task.waits_for {
                self.bring(round, draws, Some(PUBLISH)).await?;
            }
        }
        for (group, ten) in tasks.chunks(TEN).enumerate() {
            self.draw(ten, false).await?;
            self.vote_at_once(ten).await?;
            self.end(ten, group % 2 == 1).await?;
        }
        Ok(())
    }

    /// Posts tasks with this many holders, paid by coins or from the balance.
    pub(crate) async fn post(
        &mut self,
        count: usize,
        name: &'static str,
        holders: usize,
        coins: bool,
    ) -> Result<Vec<u64>, Failure> {
        let model = self.network.facts().model;
        let fee = self.network.contract();
        let fee = fee.estimate_fee(model, PROMPT_BYTES, MAX_OUTPUT_TOKENS, None);
        let fee = fee.await?.escrow.u128();
        let holders = self.members.iter().take(holders);
        let holders: Vec<String> = holders.map(|it| it.sender.address().to_owned()).collect();
        let requester = Arc::clone(&self.requester);
        let item = |_| Item {
            by: &requester,
            name: Some(name),
            msg: ExecuteMsg::PostTask {
                model,
                prompt: Cid::of_raw(&antiphon_chain::Key::random().public_key()),
                prompt_bytes: PROMPT_BYTES,
                max_output_tokens: MAX_OUTPUT_TOKENS,
                holders: holders.clone(),
                block: None,
                committee: None,
                callback: None,
            },
            coins: if coins { fee } else { 0 },
        };
        let done = self.send((0..count).map(item).collect()).await?;
        done.iter().map(posted).collect()
    }

    /// Brings the randomness that these wait for, and draws them: by the message that brings it, or, where
    /// several wait for one round, the rest by `advance`.
    pub(crate) async fn draw(&mut self, tasks: &[u64], alone: bool) -> Result<(), Failure> {
        let publish = Some(PUBLISH);
        for task in self.read(tasks).await? {
            if let Some(round) = task.waits_for {
                let draws = if alone { 1 } else { TEN };
                self.bring(round, draws, publish).await?;
            }
        }
        let left = self.read(tasks).await?;
        let left = left.iter().filter(|it| it.status == TaskStatus::Drawing);
        let each = left.map(|it| {
            let tasks = vec![it.task];
            (
                Some("advance, one draw of 5"),
                ExecuteMsg::Advance { tasks },
            )
        });
        self.relayed(each.collect()).await?;
        Ok(())
    }

    /// A round of the beacon, once it is there, if it was not brought before.
    pub(crate) async fn bring(
        &mut self,
        round: u64,
        draws: usize,
        name: Option<&'static str>,
    ) -> Result<(), Failure> {
        if !self.brought.insert(round) {
            return Ok(());
        }
        let signature = self.signature(round).await?;
        let publish = ExecuteMsg::PublishBeacon {
            round,
            signature,
            draws: u32::try_from(draws)?,
        };
        self.relayed(vec![(name, publish)]).await?;
        Ok(())
    }

    /// Once the chain's own clock, which is a block behind, takes it too.
    async fn signature(&self, round: u64) -> Result<Hex<48>, Failure> {
        let beacon = &self.beacon;
        let from = beacon.genesis + (round - 1) * beacon.period;
        eventually("the beacon's round", async || {
            let status = self.network.chain().status().await.ok()?;
            let now = unix_seconds(&status.time).ok()?;
            let found = self.drand.signature(round, beacon.public_key).await;
            found.ok().flatten().filter(|_| now >= from)
        })
        .await
    }

    /// Each kind of vote in one message of a committee.
    pub(crate) async fn vote_at_once(&mut self, tasks: &[u64]) -> Result<(), Failure> {
        let votes = self.votes(tasks).await?;
        let name = |count: usize, name| (count == 5).then_some(name);
        let commits = votes.iter().map(|votes| {
            let commits = votes.commits.clone();
            let name = name(commits.len(), "commit, five in one message");
            (name, ExecuteMsg::Commit { commits })
        });
        self.relayed(commits.collect()).await?;
        let reveals = votes.into_iter().map(|votes| {
            let reveals = votes.reveals;
            let name = name(reveals.len(), "reveal, five in one message");
            (name, ExecuteMsg::Reveal { reveals })
        });
        self.relayed(reveals.collect()).await?;
        Ok(())
    }

    async fn votes(&self, tasks: &[u64]) -> Result<Vec<Votes>, Failure> {
        let mut all = Vec::new();
        for task in self.read(tasks).await? {
            all.push(self.votes_on(&task).await?);
        }
        Ok(all)
    }

    async fn votes_on(&self, task: &TaskResponse) -> Result<Votes, Failure> {
        let round = self.network.contract().round(task.task, task.round).await?;
        let mut votes = Votes {
            commits: Vec::new(),
            reveals: Vec::new(),
        };
        for info in &round.members {
            let member = self.by_address.get(&info.worker).ok_or("a stranger")?;
            let key = DutyKey::new(task.task, task.round);
            let digest = task.task_digest;
            let entry = member.voter.entry(key, digest, ballot(task));
            votes.commits.push(member.voter.commit(&entry)?);
            votes.reveals.push(member.voter.reveal(&entry));
        }
        Ok(votes)
    }

    /// Waits for the end of their windows and advances them, one by one or ten at once.
    pub(crate) async fn end(&mut self, tasks: &[u64], each: bool) -> Result<(), Failure> {
        for task in tasks {
            self.until_due(*task).await?;
        }
        let size = if each { 1 } else { TEN };
        let ends = tasks.chunks(size).map(|some| {
            let name = match some.len() {
                1 => Some("advance, end of a task of 5"),
                TEN => Some("advance, ends of ten tasks of 5"),
                _ => None,
            };
            let tasks = some.to_vec();
            (name, ExecuteMsg::Advance { tasks })
        });
        self.relayed(ends.collect()).await?;
        for task in self.read(tasks).await? {
            if task.status != TaskStatus::Final {
                return Err(format!("task {} is {:?}", task.task, task.status).into());
            }
        }
        Ok(())
    }

    /// Waits until `advance` would move this task.
    pub(crate) async fn until_due(&self, task: u64) -> Result<(), Failure> {
        let contract = self.network.contract();
        eventually("the end of the window", async || {
            contract.task(task).await.ok().filter(|it| it.due)
        })
        .await
        .map(drop)
    }

    pub(crate) async fn read(&self, tasks: &[u64]) -> Result<Vec<TaskResponse>, Failure> {
        let mut all = Vec::new();
        for task in tasks {
            all.push(self.network.contract().task(*task).await?);
        }
        Ok(all)
    }

    /// Messages of the relay.
    pub(crate) async fn relayed(
        &mut self,
        items: Vec<(Option<&'static str>, ExecuteMsg)>,
    ) -> Result<Vec<TxOutcome>, Failure> {
        let relay = Arc::clone(&self.relay);
        let item = |(name, msg)| Item {
            by: &relay,
            name,
            msg,
            coins: 0,
        };
        self.send(items.into_iter().map(item).collect()).await
    }
}

fn posted(done: &TxOutcome) -> Result<u64, Failure> {
    let task = done.attribute("wasm-task_added", "task");
    Ok(task.ok_or("no task was added")?.parse()?)
}

/// What everybody says, as long as in the virtual machine.
fn ballot(task: &TaskResponse) -> Ballot {
    let nonce = trace_nonce(task.task_digest.bytes(), task.round);
    Ballot::Answer {
        cid: Cid::of_raw(b"the answer"),
        finish: Finish::Stop,
        output_tokens: 200,
        prompt_tokens: 100,
        trace: Hex(*Cid::of_raw(&nonce).digest()),
    }
}
