//! A task from its post to its end, by polling its state.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use antiphon_api::{Ballot, Cid, ExecuteMsg, MemberInfo, TaskResponse, TaskStatus};
use antiphon_chain::Sender;
use serde::Serialize;

use crate::error::ClientError;
use crate::network::Network;

/// Between two looks: less than a block of the local network.
const POLL: Duration = Duration::from_millis(200);
/// A node may be away for so many looks in a row.
const MAX_SILENT: u32 = 150;
/// Blocks after which we make a due transition ourselves, if no worker did.
const PATIENCE_BLOCKS: u64 = 10;

/// What a task has reached, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// In a block.
    Posted,
    /// A committee is drawn.
    Drawn,
    /// The first member has committed, so the answer is computed.
    Computed,
    /// All members that will have committed.
    Committed,
    /// All commitments that will be are opened.
    Revealed,
    /// A quorum stands and its answer was hashed here.
    Answered,
    /// Paid out, or over without an answer.
    Final,
}

impl Stage {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Drawn => "drawn",
            Self::Computed => "computed",
            Self::Committed => "committed",
            Self::Revealed => "revealed",
            Self::Answered => "answered",
            Self::Final => "final",
        }
    }
}

/// Milliseconds from the broadcast to each stage; none where it was not reached or not watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stages {
    /// In a block.
    pub posted: Option<u64>,
    /// A committee is drawn.
    pub drawn: Option<u64>,
    /// The first commit.
    pub computed: Option<u64>,
    /// All commits.
    pub committed: Option<u64>,
    /// All reveals.
    pub revealed: Option<u64>,
    /// Verified here.
    pub answered: Option<u64>,
    /// Paid out.
    #[serde(rename = "final")]
    pub ended: Option<u64>,
}

impl Stages {
    fn slot(&mut self, stage: Stage) -> &mut Option<u64> {
        match stage {
            Stage::Posted => &mut self.posted,
            Stage::Drawn => &mut self.drawn,
            Stage::Computed => &mut self.computed,
            Stage::Committed => &mut self.committed,
            Stage::Revealed => &mut self.revealed,
            Stage::Answered => &mut self.answered,
            Stage::Final => &mut self.ended,
        }
    }

    /// When a stage was reached.
    #[must_use]
    pub fn get(mut self, stage: Stage) -> Option<u64> {
        *self.slot(stage)
    }
}

/// A member with everything that was seen of it: its ballot while the task was open, its conduct and
/// money at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The round it serves in.
    pub round: u8,
    /// The newest state, with the ballot kept.
    pub info: MemberInfo,
}

/// Follows one task.
#[derive(Debug)]
pub struct Follower<'n> {
    network: &'n Network,
    /// The task.
    pub task: u64,
    started: Instant,
    stages: Stages,
    state: Option<TaskResponse>,
    members: BTreeMap<(u8, u32, String), Seen>,
    silent: u32,
    due_since: Option<u64>,
}

impl<'n> Follower<'n> {
    /// Starts the clock at `started`.
    #[must_use]
    pub const fn new(network: &'n Network, task: u64, started: Instant) -> Self {
        Self {
            network,
            task,
            started,
            stages: Stages {
                posted: None,
                drawn: None,
                computed: None,
                committed: None,
                revealed: None,
                answered: None,
                ended: None,
            },
            state: None,
            members: BTreeMap::new(),
            silent: 0,
            due_since: None,
        }
    }

    /// The newest state seen.
    #[must_use]
    pub const fn state(&self) -> Option<&TaskResponse> {
        self.state.as_ref()
    }

    /// The newest status seen.
    #[must_use]
    pub fn status(&self) -> Option<TaskStatus> {
        self.state.as_ref().map(|task| task.status)
    }

    /// When each stage was reached.
    #[must_use]
    pub const fn stages(&self) -> Stages {
        self.stages
    }

    /// Every member seen, by round and position.
    pub fn members(&self) -> impl Iterator<Item = &Seen> {
        self.members.values()
    }

    /// Records a stage, once.
    pub fn reached(&mut self, stage: Stage, at: Instant) -> bool {
        let since = at.saturating_duration_since(self.started).as_millis();
        let slot = self.stages.slot(stage);
        if slot.is_some() {
            return false;
        }
        *slot = Some(u64::try_from(since).unwrap_or(u64::MAX));
        true
    }

    /// Waits for the next look.
    pub async fn rest(&self) {
        tokio::time::sleep(POLL).await;
    }

    /// Looks once; gives the stages reached since the last look.
    ///
    /// # Errors
    /// The contract refuses, or the node stays away for half a minute.
    pub async fn poll(&mut self) -> Result<Vec<Stage>, ClientError> {
        match self.look().await {
            Ok(stages) => {
                self.silent = 0;
                Ok(stages)
            }
            Err(ClientError::Chain(error)) if error.is_transient() && self.silent < MAX_SILENT => {
                self.silent = self.silent.saturating_add(1);
                tracing::debug!(%error, "the node is away");
                Ok(Vec::new())
            }
            Err(error) => Err(error),
        }
    }

    async fn look(&mut self) -> Result<Vec<Stage>, ClientError> {
        let task = self.network.contract.task(self.task).await?;
        let now = Instant::now();
        if task.status != TaskStatus::Drawing {
            for round in 0..=task.round {
                self.see_round(round).await?;
            }
        }
        let reached = stages_of(&task);
        self.state = Some(task);
        let fresh = reached
            .into_iter()
            .filter(|stage| self.reached(*stage, now));
        Ok(fresh.collect())
    }

    async fn see_round(&mut self, round: u8) -> Result<(), ClientError> {
        let seen = self.network.contract.round(self.task, round).await?;
        for info in seen.members.into_iter().chain(seen.replaced) {
            let key = (round, info.position, info.worker.clone());
            let before = self.members.remove(&key).map(|seen| seen.info);
            let info = merge(before, info);
            self.members.insert(key, Seen { round, info });
        }
        Ok(())
    }

    /// Where the block of an answer is: members that revealed it, those that do not hold the prompt
    /// first; then the other members.
    #[must_use]
    pub fn sources_of(&self, answer: &Cid) -> Vec<String> {
        let holders = self.state.as_ref().map_or(&[][..], |task| &task.holders);
        let rank = |info: &MemberInfo| {
            let said = matches!(&info.ballot, Some(Ballot::Answer { cid, .. }) if cid == answer);
            (!said, holders.contains(&info.worker))
        };
        let mut members: Vec<_> = self.members().map(|seen| &seen.info).collect();
        members.sort_by_key(|info| rank(info));
        let mut sources: Vec<String> = Vec::new();
        for endpoint in members.into_iter().filter_map(|info| info.endpoint.clone()) {
            if !sources.contains(&endpoint) {
                sources.push(endpoint);
            }
        }
        sources
    }

    /// Makes a transition that has been due for long, when no worker did. Failure is no matter: it may
    /// have been made in the meantime, and the next look tells. A session may not, and would pay for being
    /// refused.
    pub async fn advance_if_stuck(&mut self, sender: &Sender) {
        if !self.is_stuck(sender).await {
            return;
        }
        let tasks = vec![self.task];
        let msg = ExecuteMsg::Advance { tasks };
        let made = sender.execute(self.network.contract.address(), &msg, &[]);
        if let Err(error) = made.await {
            tracing::debug!(%error, "the task was not advanced");
        }
    }

    /// Whether the task has been due for longer than workers may take, and this sender may move it on. Then
    /// its patience begins anew.
    pub async fn is_stuck(&mut self, sender: &Sender) -> bool {
        if sender.is_on_behalf() || !self.state.as_ref().is_some_and(|task| task.due) {
            self.due_since = None;
            return false;
        }
        let Ok(height) = self.network.chain.height().await else {
            return false;
        };
        let since = *self.due_since.get_or_insert(height);
        let stuck = height.saturating_sub(since) > PATIENCE_BLOCKS;
        if stuck {
            self.due_since = None;
        }
        stuck
    }
}

/// Per-member ballots and commitments are readable while the task is open only.
fn merge(before: Option<MemberInfo>, now: MemberInfo) -> MemberInfo {
    let Some(before) = before else {
        return now;
    };
    MemberInfo {
        ballot: now.ballot.or(before.ballot),
        commitment: now.commitment.or(before.commitment),
        endpoint: now.endpoint.or(before.endpoint),
        ..now
    }
}

/// What a task in this state has behind it, `answered` apart, which needs a hash made here.
fn stages_of(task: &TaskResponse) -> Vec<Stage> {
    use TaskStatus::{Answered, Committing, Drawing, Failed, Final, Revealing};
    let status = task.status;
    let later_round = task.round > 0;
    let drawn = !matches!(status, Drawing) || later_round;
    let over = matches!(status, Answered | Final);
    let all_revealed = task.committed > 0 && task.revealed >= task.committed;
    let list = [
        (Stage::Posted, true),
        (Stage::Drawn, drawn && status != Failed || task.members > 0),
        (Stage::Computed, task.committed > 0 || over),
        (Stage::Committed, matches!(status, Revealing) || over),
        (
            Stage::Revealed,
            over || matches!(status, Committing | Revealing) && all_revealed,
        ),
        (Stage::Final, matches!(status, Final | Failed)),
    ];
    let reached = list.into_iter().filter(|(_, reached)| *reached);
    reached.map(|(stage, _)| stage).collect()
}
