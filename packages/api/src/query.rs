//! Queries and their answers. Lists page: default 10 entries, at most 30.

use antiphon_content::{Cid, Hex};
use antiphon_documents::Ballot;
use cosmwasm_std::Uint128;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::params::{BeaconConfig, Limits, Params, Price};

/// Which tasks a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskFilter {
    /// Not yet final or failed.
    Open,
    /// Final or failed.
    Done,
}

/// What can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum QueryMsg {
    /// [`ConfigResponse`].
    Config {},
    /// [`ParamsResponse`]; the current version if none is named.
    Params {
        /// A version a task was posted under.
        version: Option<u32>,
    },
    /// [`ModelResponse`].
    Model {
        /// The model's id.
        model: u64,
    },
    /// [`ModelsResponse`], by id.
    Models {
        /// The last id of the page before.
        start_after: Option<u64>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`ModelsResponse`]: every model registered with this manifest.
    ModelsByManifest {
        /// The manifest.
        manifest: Cid,
        /// The last id of the page before.
        start_after: Option<u64>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`TaskResponse`].
    Task {
        /// The task's id.
        task: u64,
    },
    /// [`TasksResponse`], by id.
    Tasks {
        /// Open or done.
        filter: TaskFilter,
        /// The last id of the page before.
        start_after: Option<u64>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`DutiesResponse`]: what a worker must do now, by task.
    Duties {
        /// The worker.
        worker: String,
        /// The last task of the page before.
        start_after: Option<u64>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`RoundResponse`]: unpaged, at most 31 members and as many replaced.
    Round {
        /// The task's id.
        task: u64,
        /// The round, from 0.
        round: u8,
    },
    /// [`WorkerResponse`].
    Worker {
        /// The worker's address.
        worker: String,
    },
    /// [`WorkersResponse`], by address.
    Workers {
        /// The last address of the page before.
        start_after: Option<String>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`SeatsResponse`], by slot.
    Seats {
        /// The model's id.
        model: u64,
        /// The last slot of the page before.
        start_after: Option<u16>,
        /// Entries wanted.
        limit: Option<u32>,
    },
    /// [`BalanceResponse`].
    Balance {
        /// Any account.
        address: String,
    },
    /// [`AnswerResponse`]: the uncontested final answer of the largest committee, if there is one.
    Answer {
        /// The model's id.
        model: u64,
        /// The prompt.
        prompt: Cid,
    },
    /// [`EstimateFeeResponse`].
    EstimateFee {
        /// The model's id.
        model: u64,
        /// The prompt's length.
        prompt_bytes: u32,
        /// The prompt's `max_output_tokens`.
        max_output_tokens: u32,
        /// Members of round 0.
        committee: Option<u32>,
    },
    /// [`BeaconResponse`]: the beacon rounds that tasks wait for.
    Beacon {},
    /// [`TotalsResponse`]: every pot of the conservation law.
    Totals {},
}

macro_rules! response {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty),* }
    };
}

response!(
    /// What was fixed at instantiation, and who may change the rest.
    ConfigResponse {
        /// The contract's version.
        version: String,
        /// The one denom of all money.
        denom: String,
        /// Who may change parameters.
        owner: Option<String>,
        /// The randomness.
        beacon: BeaconConfig,
        /// Committees of 3 are allowed.
        insecure: bool,
        /// The current version of the parameters.
        params_version: u32,
    }
);

response!(
    /// One version of the parameters.
    ParamsResponse {
        /// The version.
        version: u32,
        /// Its values.
        params: Params,
    }
);

response!(
    /// One model.
    ModelResponse {
        /// Its id.
        model: u64,
        /// Its manifest.
        manifest: Cid,
        /// Who registered it.
        publisher: String,
        /// What members are paid.
        price: Price,
        /// What is accepted.
        limits: Limits,
        /// Where the publisher serves its blocks.
        endpoint: Option<String>,
        /// No new tasks are taken.
        retired: bool,
        /// Seats occupied.
        seats: u32,
        /// Tasks not yet final or failed.
        open_tasks: u64,
        /// The publisher's deposit still held.
        deposit: Uint128,
    }
);

response!(
    /// A page of models.
    ModelsResponse {
        /// By id.
        models: Vec<ModelResponse>,
    }
);

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Waits for randomness.
    Drawing,
    /// Members bind themselves to ballots.
    Committing,
    /// Members open their ballots.
    Revealing,
    /// A quorum stands; it can be appealed.
    Answered,
    /// Settled with an outcome.
    Final,
    /// Settled without one.
    Failed,
}

response!(
    /// One task.
    TaskResponse {
        /// Its id.
        task: u64,
        /// The model asked.
        model: u64,
        /// The model's manifest.
        manifest: Cid,
        /// Who pays.
        requester: String,
        /// The prompt's raw block.
        prompt: Cid,
        /// Its length.
        prompt_bytes: u32,
        /// Its limit of output tokens.
        max_output_tokens: u32,
        /// Workers named as holding the prompt's block.
        holders: Vec<String>,
        /// Binds votes to this task (protocol, section 5).
        task_digest: Hex<32>,
        /// The parameters it is played by.
        params_version: u32,
        /// Members of round 0.
        committee: u32,
        /// Rounds this task can have.
        rounds_possible: u8,
        /// Height of `post_task`.
        posted: u64,
        /// Block time of `post_task`, in Unix seconds.
        posted_time: u64,
        /// Where it stands.
        status: TaskStatus,
        /// The current round.
        round: u8,
        /// Members the current round should have.
        size: u32,
        /// Equal ballots that decide it.
        quorum: u32,
        /// Members in.
        members: u32,
        /// Commits of the current round.
        committed: u32,
        /// Reveals of the current round.
        revealed: u32,
        /// Height at which the current state was entered.
        entered: u64,
        /// Last height at which its messages are accepted; none while waiting for randomness or at the end.
        deadline: Option<u64>,
        /// The beacon round that draws it; only while drawing.
        waits_for: Option<u64>,
        /// `advance` would make a transition in the next block.
        due: bool,
        /// The current round is over without a quorum and waits for `advance`.
        undecided: bool,
        /// The standing outcome.
        outcome: Option<Ballot>,
        /// The round that decided it.
        outcome_round: Option<u8>,
        /// Equal ballots behind it.
        outcome_votes: Option<u32>,
        /// A later round was undecided.
        contested: bool,
        /// Paid in at post: n · F.
        escrow: Uint128,
        /// F, the fee of one member at the full output.
        full_fee: Uint128,
        /// The lock of one membership.
        lock: Uint128,
        /// Settlement's figures, once final or failed.
        settlement: Option<SettlementInfo>,
    }
);

response!(
    /// What the end of a task moved.
    SettlementInfo {
        /// To members.
        paid: Uint128,
        /// Back to the requester.
        refunded: Uint128,
        /// Taken from locks.
        forfeited: Uint128,
        /// To the pot that is burned, miss charges not counted.
        burned: Uint128,
        /// Charged for misses and burned.
        miss_charges: Uint128,
        /// The slash meter was full: no forfeit was taken.
        slash_withheld: bool,
    }
);

response!(
    /// A page of tasks.
    TasksResponse {
        /// By id.
        tasks: Vec<TaskResponse>,
    }
);

/// What a member has to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DutyAction {
    /// Compute and commit before the deadline.
    Commit,
    /// Committed: nothing to do until all have, or the window is over.
    Wait,
    /// Open the commitment before the deadline.
    Reveal,
}

response!(
    /// One membership and everything needed to serve it.
    Duty {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// What is due.
        action: DutyAction,
        /// Last height at which it is accepted.
        deadline: u64,
        /// The member's position in the round, from 0.
        position: u32,
        /// Binds votes to this task.
        task_digest: Hex<32>,
        /// The model.
        model: u64,
        /// Its manifest.
        manifest: Cid,
        /// The prompt's raw block.
        prompt: Cid,
        /// Its length.
        prompt_bytes: u32,
        /// Its limit of output tokens.
        max_output_tokens: u32,
        /// Workers named as holding the prompt's block.
        holders: Vec<String>,
        /// What the member has committed to.
        commitment: Option<Hex<32>>,
    }
);

response!(
    /// A page of duties.
    DutiesResponse {
        /// Height the answer was made at.
        height: u64,
        /// By task.
        duties: Vec<Duty>,
    }
);

/// How a member's part in a task was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConductInfo {
    /// Revealed the winning ballot.
    Right,
    /// Revealed another one: the lock is forfeited.
    Wrong,
    /// Neither paid nor charged, or paid g for work without an outcome.
    Neutral,
    /// Committed and did not reveal: the lock is forfeited.
    Withheld,
    /// Did not commit in time: a miss.
    Silent,
    /// Said `unavailable` where that could not be the outcome.
    Unavailable,
    /// Revealed an answer or `invalid` in a task that failed.
    Revealer,
}

response!(
    /// One member of a round. Ballots and commitments are readable while the task is open.
    MemberInfo {
        /// The worker.
        worker: String,
        /// Its position in the round, from 0.
        position: u32,
        /// Where it serves blocks and takes votes.
        endpoint: Option<String>,
        /// What it is bound to.
        commitment: Option<Hex<32>>,
        /// What it revealed.
        ballot: Option<Ballot>,
        /// How it was judged, once the task is final or failed.
        conduct: Option<ConductInfo>,
        /// What it was paid.
        paid: Uint128,
        /// What was taken of its lock.
        forfeited: Uint128,
    }
);

response!(
    /// Equal ballots of a round.
    TallyLine {
        /// The ballot.
        ballot: Ballot,
        /// How many members revealed it.
        votes: u32,
    }
);

response!(
    /// One round of a task.
    RoundResponse {
        /// The task.
        task: u64,
        /// The round.
        round: u8,
        /// Members it should have.
        size: u32,
        /// Equal ballots that decide it.
        quorum: u32,
        /// Height at which its present vacancies arose.
        opened: u64,
        /// By position.
        members: Vec<MemberInfo>,
        /// Silent members that were replaced.
        replaced: Vec<MemberInfo>,
        /// Lines of equal ballots; empty before the revealing phase.
        tally: Vec<TallyLine>,
    }
);

response!(
    /// One worker.
    WorkerResponse {
        /// Its address.
        worker: String,
        /// Its bond.
        bond: Uint128,
        /// The part of it at risk in open tasks.
        locked: Uint128,
        /// Leaving, and still slashable.
        unbonding: Uint128,
        /// Its voter's public key.
        voter: Option<Hex<33>>,
        /// Where it serves blocks and takes votes.
        endpoint: Option<String>,
        /// A name for people.
        moniker: Option<String>,
        /// Height of its last bond or seat: younger than a vacancy means passed over.
        since: u64,
        /// Misses in a row.
        misses: u32,
        /// Jailed until it asks to be let out, at this Unix time at the earliest.
        jailed_until: Option<u64>,
        /// Models it holds seats of.
        seats: Vec<u64>,
    }
);

response!(
    /// A page of workers.
    WorkersResponse {
        /// By address.
        workers: Vec<WorkerResponse>,
    }
);

response!(
    /// One seat of a model.
    SeatInfo {
        /// Its slot.
        slot: u16,
        /// Who holds it.
        worker: String,
        /// Where its holder serves blocks.
        endpoint: Option<String>,
    }
);

response!(
    /// A page of seats.
    SeatsResponse {
        /// By slot.
        seats: Vec<SeatInfo>,
    }
);

response!(
    /// What an account can withdraw.
    BalanceResponse {
        /// In the contract's denom.
        amount: Uint128,
    }
);

response!(
    /// An entry of the answer index.
    AnswerEntry {
        /// The task that decided it.
        task: u64,
        /// The answer, with usage and trace.
        ballot: Ballot,
        /// Members of the deciding round.
        committee: u32,
        /// Equal ballots behind it.
        votes: u32,
        /// Height at which it became final.
        height: u64,
        /// A different answer of an equal or smaller committee came later.
        conflict: bool,
    }
);

response!(
    /// The answer index for one model and prompt.
    AnswerResponse {
        /// None if no task of this model and prompt ended with an uncontested answer.
        answer: Option<AnswerEntry>,
    }
);

response!(
    /// What a task would cost.
    EstimateFeeResponse {
        /// Members of round 0.
        committee: u32,
        /// F: the fee of one member at the full output.
        full_fee: Uint128,
        /// n · F: what `post_task` takes.
        escrow: Uint128,
        /// The lock of each member.
        lock: Uint128,
    }
);

response!(
    /// A beacon round that tasks wait for.
    AwaitedRound {
        /// The beacon's round.
        round: u64,
        /// Unix time at which it is published, in seconds.
        published: u64,
        /// Tasks that wait for it.
        tasks: u32,
        /// Its randomness is on chain.
        known: bool,
    }
);

response!(
    /// The beacon's configuration and what is waited for.
    BeaconResponse {
        /// Fixed at instantiation.
        config: BeaconConfig,
        /// In order of rounds, at most 30.
        awaited: Vec<AwaitedRound>,
    }
);

response!(
    /// Every pot: the first eight add up to `coins_in − withdrawn − burned`.
    TotalsResponse {
        /// Σ balances.
        balances: Uint128,
        /// Σ bonds.
        bonds: Uint128,
        /// Σ unbonding entries.
        unbonding: Uint128,
        /// Σ escrows of open tasks.
        escrows: Uint128,
        /// Σ deliver fees not yet paid.
        deliver_fees: Uint128,
        /// Σ appeal bonds of open tasks.
        appeal_bonds: Uint128,
        /// Σ deposits of models.
        model_deposits: Uint128,
        /// Waits to be burned.
        to_burn: Uint128,
        /// All coins ever credited.
        coins_in: Uint128,
        /// All coins ever withdrawn.
        withdrawn: Uint128,
        /// All coins ever burned.
        burned: Uint128,
    }
);
