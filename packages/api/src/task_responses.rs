//! Answers to queries about tasks: status, rounds, duties.

use antiphon_content::{Cid, Hex};
use antiphon_documents::Ballot;
use cosmwasm_std::{HexBinary, Uint128};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
        /// Binds votes to this task (protocol, section 4).
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
        /// The task carries its prompt.
        carried: bool,
        /// What an appeal takes now; none if there can be none.
        appeal_bond: Option<Uint128>,
        /// The callback, until it is delivered or over.
        callback: Option<CallbackInfo>,
        /// What its requester said of the answer.
        rated: Option<bool>,
    }
);

response!(
    /// A callback that is not yet delivered.
    CallbackInfo {
        /// Most gas its message may use.
        gas_limit: u64,
        /// It wants the answer's text.
        with_text: bool,
        /// What delivering it earns; zero once it was paid.
        fee: Uint128,
        /// Last height at which it can be delivered; none while the task is open.
        deadline: Option<u64>,
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
        /// Bonds of appeals, put in besides the escrow.
        appeal_bonds: Uint128,
        /// Bonds and rewards that went back to appellants.
        to_appellants: Uint128,
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
        /// The prompt's block, if the task carries it.
        block: Option<HexBinary>,
    }
);

response!(
    /// A page of duties. It may be short, even empty, with more to come: a query looks at a bounded
    /// number of memberships, and those that ask for nothing now are not shown.
    DutiesResponse {
        /// Height the answer was made at.
        height: u64,
        /// By task.
        duties: Vec<Duty>,
        /// `start_after` of the next page; none at the end.
        next: Option<u64>,
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
    /// Who demanded a round, and at what risk.
    AppealInfo {
        /// The account.
        by: String,
        /// Its bond.
        bond: Uint128,
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
        /// The appeal that opened it, while the task is open.
        appeal: Option<AppealInfo>,
        /// By position.
        members: Vec<MemberInfo>,
        /// Silent members that were replaced.
        replaced: Vec<MemberInfo>,
        /// Lines of equal ballots; empty before the revealing phase.
        tally: Vec<TallyLine>,
    }
);
