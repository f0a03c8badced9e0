//! The contract in memory: one committee of five in each task, our worker among them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use antiphon_api::{
    AwaitedRound, BeaconConfig, BeaconResponse, Cid, DutiesResponse, Duty, DutyAction, ExecuteMsg,
    Hex, MemberInfo, ModelResponse, RoundResponse, SeatInfo, SeatsResponse, TallyLine,
    TaskResponse, TaskStatus, TasksResponse, Uint128, WorkerResponse,
};
use antiphon_chain::{Key, bech32};
use antiphon_documents::digest::{TaskIdentity, task_digest};
use antiphon_worker::journal::Entry;
use antiphon_worker::vote::Voter;

use super::Dice;

pub(crate) const CHAIN_ID: &str = "fake-1";
pub(crate) const CONTRACT: [u8; 32] = [0xcc; 32];
pub(crate) const COMMIT_WINDOW: u64 = 40;
pub(crate) const REVEAL_WINDOW: u64 = 40;
pub(crate) const QUORUM: u32 = 4;
pub(crate) const DRAW_AFTER: u64 = 4;

/// Tasks on one page.
const PAGE: usize = 30;

/// Blocks that a stale answer may be behind.
pub(crate) const HISTORY: usize = 3;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// The request never arrives.
    Dropped,
    /// The answer is of a block or two ago.
    Stale,
    /// The request is carried out, the answer is lost.
    AnswerLost,
    /// The transaction is refused for its sequence.
    Sequence,
    /// The transaction is carried out twice.
    Repeated,
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) response: TaskResponse,
    pub(crate) members: Vec<MemberInfo>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) height: u64,
    pub(crate) tasks: BTreeMap<u64, Task>,
    pub(crate) history: Vec<(u64, BTreeMap<u64, Task>)>,
    pub(crate) voters: BTreeMap<String, Voter>,
    pub(crate) me: String,
    pub(crate) dice: Dice,
    /// Per cent of calls with a fault.
    pub(crate) faults: u64,
    /// Members that never vote.
    pub(crate) silent: usize,
    pub(crate) refused: Vec<String>,
    /// Every commitment of ours that was ever offered, by task.
    pub(crate) offered: BTreeMap<u64, Vec<Hex<32>>>,
    pub(crate) sent: Vec<&'static str>,
    pub(crate) endpoints: bool,
    /// Our node answers nothing at all.
    pub(crate) down: bool,
    /// Messages that advance tasks are never answered.
    pub(crate) advances_hang: bool,
    /// The node says that its answers are of this height.
    pub(crate) claims: Option<u64>,
    /// The node changes this of every duty it shows.
    pub(crate) lie: Option<fn(&mut Duty)>,
    pub(crate) holders: Vec<String>,
    pub(crate) model: Option<ModelResponse>,
    pub(crate) awaited: Vec<AwaitedRound>,
    /// Beacon rounds and draws, and tasks, that were sent.
    pub(crate) published: Vec<(u64, u32)>,
    /// Pages of open tasks that were asked for.
    pub(crate) pages: usize,
    pub(crate) advanced: Vec<u64>,
    /// What the operator's key sent, with its coins.
    pub(crate) operator: Vec<(ExecuteMsg, u128)>,
    pub(crate) told: super::rules::Told,
}

#[derive(Clone, Debug)]
pub(crate) struct World(pub(crate) Arc<Mutex<State>>);

pub(crate) fn manifest() -> Cid {
    Cid::of_raw(b"manifest")
}

/// A valid prompt document that differs by its number.
pub(crate) fn prompt(number: u64) -> Vec<u8> {
    format!(
        "{{\"antiphon\":\"prompt/1\",\"max_output_tokens\":16,\"messages\":[{{\"content\":\"{number}?\",\
         \"role\":\"user\"}}],\"sampling\":{{\"seed\":\"0\",\"temperature_milli\":0,\"top_k\":0,\
         \"top_p_milli\":1000}},\"stop\":[]}}"
    )
    .into_bytes()
}

impl World {
    pub(crate) fn new(seed: u64, faults: u64) -> Self {
        let voters: BTreeMap<String, Voter> = (1..=5_u8)
            .map(|n| {
                let worker = bech32("wasm", &[n; 20]).unwrap();
                let key = Key::from_secret(&[n; 32]).unwrap();
                (worker.clone(), Voter::new(key, worker).unwrap())
            })
            .collect();
        Self(Arc::new(Mutex::new(State {
            height: 10,
            tasks: BTreeMap::new(),
            history: Vec::new(),
            me: bech32("wasm", &[3; 20]).unwrap(),
            voters,
            dice: Dice(seed),
            faults,
            silent: 0,
            refused: Vec::new(),
            offered: BTreeMap::new(),
            sent: Vec::new(),
            endpoints: false,
            down: false,
            advances_hang: false,
            claims: None,
            lie: None,
            holders: Vec::new(),
            model: None,
            awaited: Vec::new(),
            published: Vec::new(),
            pages: 0,
            advanced: Vec::new(),
            operator: Vec::new(),
            told: super::rules::Told::default(),
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn me(&self) -> String {
        self.lock().me.clone()
    }

    /// Our member's honest vote.
    pub(crate) fn honest(&self, task: u64) -> Entry {
        let state = self.lock();
        state.entry_of(task, &state.me)
    }

    pub(crate) fn our_member(&self, task: u64) -> Option<MemberInfo> {
        let state = self.lock();
        let mut members = state.tasks[&task].members.iter();
        members.find(|m| m.worker == state.me).cloned()
    }

    pub(crate) fn post(&self, block: &[u8]) -> u64 {
        self.lock().post(block)
    }

    pub(crate) fn over(&self) -> bool {
        let over = |t: &Task| matches!(t.response.status, TaskStatus::Final | TaskStatus::Failed);
        self.lock().tasks.values().all(over)
    }
}

impl State {
    fn post(&mut self, block: &[u8]) -> u64 {
        let id = u64::try_from(self.tasks.len()).unwrap() + 1;
        let requester = bech32("wasm", &[0xaa; 20]).unwrap();
        let (manifest, prompt) = (manifest(), Cid::of_raw(block));
        let bytes = u32::try_from(block.len()).unwrap();
        let identity = TaskIdentity {
            chain_id: CHAIN_ID,
            contract: &CONTRACT,
            task: id,
            requester: &[0xaa; 20],
            manifest: &manifest,
            prompt: &prompt,
            max_output_tokens: 16,
            prompt_bytes: bytes,
        };
        let response = TaskResponse {
            task: id,
            model: 1,
            manifest,
            requester,
            prompt,
            prompt_bytes: bytes,
            max_output_tokens: 16,
            holders: self.holders.clone(),
            task_digest: Hex(task_digest(&identity)),
            params_version: 1,
            committee: 5,
            rounds_possible: 1,
            posted: self.height,
            posted_time: 0,
            status: TaskStatus::Drawing,
            round: 0,
            size: 5,
            quorum: QUORUM,
            members: 0,
            committed: 0,
            revealed: 0,
            entered: self.height,
            deadline: None,
            waits_for: Some(1),
            due: false,
            undecided: false,
            outcome: None,
            outcome_round: None,
            outcome_votes: None,
            contested: false,
            escrow: Uint128::zero(),
            full_fee: Uint128::zero(),
            lock: Uint128::zero(),
            settlement: None,
            carried: false,
            appeal_bond: None,
            callback: None,
            rated: None,
        };
        self.tasks.insert(
            id,
            Task {
                response,
                members: Vec::new(),
            },
        );
        id
    }

    /// The state a query is answered from.
    fn seen(&mut self, fault: Fault) -> (u64, BTreeMap<u64, Task>) {
        let back = usize::try_from(self.dice.roll(3)).unwrap();
        match self.history.get(back) {
            Some((height, tasks)) if fault == Fault::Stale => (*height, tasks.clone()),
            _ => (self.height, self.tasks.clone()),
        }
    }

    pub(crate) fn duties(&mut self, fault: Fault) -> DutiesResponse {
        let (height, tasks) = self.seen(fault);
        let mut duties: Vec<Duty> = tasks
            .values()
            .filter_map(|task| duty(task, &self.me))
            .collect();
        if let Some(lie) = self.lie {
            duties.iter_mut().for_each(lie);
        }
        DutiesResponse {
            height: self.claims.unwrap_or(height),
            duties,
            next: None,
        }
    }

    pub(crate) fn task(&mut self, id: u64, fault: Fault) -> Option<TaskResponse> {
        self.seen(fault)
            .1
            .get(&id)
            .map(|task| task.response.clone())
    }

    pub(crate) fn open_tasks(&mut self, after: Option<u64>, fault: Fault) -> TasksResponse {
        self.pages += 1;
        let open = |t: &Task| !matches!(t.response.status, TaskStatus::Final | TaskStatus::Failed);
        let tasks = self
            .seen(fault)
            .1
            .into_values()
            .filter(open)
            .map(|t| t.response);
        TasksResponse {
            tasks: tasks.filter(|t| Some(t.task) > after).take(PAGE).collect(),
        }
    }

    pub(crate) fn round(&mut self, id: u64, fault: Fault) -> Option<RoundResponse> {
        let task = self.seen(fault).1.remove(&id)?;
        let revealing = task.members.iter().any(|m| m.ballot.is_some());
        let line = task.members.iter().find_map(|m| m.ballot.clone());
        let tally = line
            .filter(|_| revealing)
            .map(|ballot| TallyLine { ballot, votes: 1 });
        Some(RoundResponse {
            task: id,
            round: 0,
            size: 5,
            quorum: QUORUM,
            opened: task.response.posted,
            appeal: None,
            members: task.members,
            replaced: Vec::new(),
            tally: tally.into_iter().collect(),
        })
    }

    pub(crate) fn worker(&self, worker: &str) -> Option<WorkerResponse> {
        let voter = self.voters.get(worker)?;
        Some(WorkerResponse {
            worker: worker.to_owned(),
            bond: Uint128::new(1),
            locked: Uint128::zero(),
            unbonding: Uint128::zero(),
            claimable: None,
            voter: Some(voter.public_key()),
            endpoint: self.endpoints.then(|| format!("http://{worker}")),
            moniker: None,
            since: 1,
            misses: 0,
            jailed_until: None,
            seats: vec![1],
        })
    }

    pub(crate) fn beacon(&self) -> BeaconResponse {
        let config = BeaconConfig {
            public_key: Hex([0; 96]),
            genesis: 0,
            period: 1,
            delay_seconds: 1,
        };
        BeaconResponse {
            config,
            awaited: self.awaited.clone(),
        }
    }

    pub(crate) fn seats(&self) -> SeatsResponse {
        let seats = self.voters.keys().zip(0..).map(|(worker, slot)| SeatInfo {
            slot,
            worker: worker.clone(),
            endpoint: self.endpoints.then(|| format!("http://{worker}")),
        });
        SeatsResponse {
            seats: seats.collect(),
        }
    }

    /// Rolls what goes wrong with a query (`write` false) or a transaction.
    pub(crate) fn fault(&mut self, write: bool) -> Fault {
        if self.down {
            return Fault::Dropped;
        }
        if self.dice.roll(100) >= self.faults {
            return Fault::None;
        }
        match (write, self.dice.roll(4)) {
            (true, 0) => Fault::Sequence,
            (true, 1) => Fault::AnswerLost,
            (true, 2) => Fault::Repeated,
            (false, 0 | 1) => Fault::Stale,
            _ => Fault::Dropped,
        }
    }
}

fn duty(task: &Task, me: &str) -> Option<Duty> {
    let member = task.members.iter().find(|m| m.worker == me)?;
    let action = match (task.response.status, member.commitment, &member.ballot) {
        (TaskStatus::Committing, None, _) => DutyAction::Commit,
        (TaskStatus::Committing, Some(_), _) => DutyAction::Wait,
        (TaskStatus::Revealing, Some(_), None) => DutyAction::Reveal,
        _ => return None,
    };
    let t = &task.response;
    Some(Duty {
        task: t.task,
        round: 0,
        action,
        deadline: t.deadline?,
        position: member.position,
        task_digest: t.task_digest,
        model: t.model,
        manifest: t.manifest,
        prompt: t.prompt,
        prompt_bytes: t.prompt_bytes,
        max_output_tokens: t.max_output_tokens,
        holders: t.holders.clone(),
        commitment: member.commitment,
        block: None,
    })
}
