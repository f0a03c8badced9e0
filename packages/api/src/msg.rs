//! Messages that change state. The top-level keys are what authorization filters name.

use antiphon_content::{Cid, Hex};
use antiphon_documents::Ballot;
use cosmwasm_std::{HexBinary, Uint128};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::params::{BeaconConfig, Limits, Params, Price};

/// Creates a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InstantiateMsg {
    /// The one native denom of all money.
    pub denom: String,
    /// Who may change parameters; nobody if absent.
    pub owner: Option<String>,
    /// The randomness that draws committees.
    pub beacon: BeaconConfig,
    /// The first version of the parameters.
    pub params: Params,
    /// Allows committees of 3: for experiments only.
    pub insecure: bool,
}

/// Changes the code to a newer version; no state has to be rewritten so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MigrateMsg {}

/// How a contract wants to be told of its task's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// Most gas its message may use.
    pub gas_limit: u64,
    /// It wants the answer's text, proven by its digest.
    pub with_text: bool,
}

/// What a contract that asked is told, under the key `antiphon_answer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ReceiverMsg {
    /// A task of the receiver's is at its end.
    AntiphonAnswer(AntiphonAnswer),
}

/// The end of a task, as its callback tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AntiphonAnswer {
    /// The task.
    pub task: u64,
    /// How it ended.
    pub outcome: CallbackOutcome,
    /// A round after the deciding one was undecided.
    pub contested: bool,
    /// The answer's raw block, if the outcome is an answer.
    pub answer: Option<Cid>,
    /// The answer's text, if it was asked for: its hash was checked by the contract.
    pub text: Option<String>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackOutcome {
    /// With an answer.
    Answer,
    /// The prompt is not valid for the model.
    Invalid,
    /// The prompt could not be fetched.
    Unavailable,
    /// No quorum in any round.
    Failed,
}

/// One commit of one member: carries its own proof, so anybody may post it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitItem {
    /// The task.
    pub task: u64,
    /// The round, from 0.
    pub round: u8,
    /// The member.
    pub worker: String,
    /// What the member believes the task is; refused unless it is.
    pub task_digest: Hex<32>,
    /// The hash that binds the member to its ballot.
    pub commitment: Hex<32>,
    /// The voter key's secp256k1 signature, r‖s, low s, over the vote digest.
    pub signature: Hex<64>,
}

/// One reveal: opens a commitment, whoever posts it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevealItem {
    /// The task.
    pub task: u64,
    /// The round, from 0.
    pub round: u8,
    /// The member.
    pub worker: String,
    /// What the member said.
    pub ballot: Ballot,
    /// The salt of its commitment.
    pub salt: Hex<32>,
}

/// What an account can ask of the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ExecuteMsg {
    /// Adds a model; takes the deposit in coins or from the balance.
    RegisterModel {
        /// The manifest's raw block.
        manifest: Cid,
        /// What members are paid.
        price: Price,
        /// What is accepted.
        limits: Limits,
        /// Where the publisher serves the model's blocks.
        endpoint: Option<String>,
    },
    /// Takes no more tasks for a model; its deposit returns when none is open. For its publisher.
    RetireModel {
        /// The model's id.
        model: u64,
    },
    /// Adds the attached coins to the sender's bond; the first call makes it a worker.
    Bond {},
    /// Takes a part of the sender's bond out of service; it stays slashable until it is claimed.
    Unbond {
        /// How much.
        amount: Uint128,
    },
    /// Credits the sender's unbonding entry to its balance once its time has come.
    ClaimUnbonded {},
    /// Lets the sending worker be drawn again once its time in jail is over.
    Unjail {},
    /// Offers to serve a model.
    JoinModel {
        /// The model's id.
        model: u64,
    },
    /// Takes the offer back.
    LeaveModel {
        /// The model's id.
        model: u64,
    },
    /// Changes what is on record of the sending worker; absent fields stay.
    UpdateWorker {
        /// Where the worker serves blocks: a URL, or empty to remove it.
        endpoint: Option<String>,
        /// A name for people.
        moniker: Option<String>,
        /// The voter's public key, 33 bytes compressed.
        voter: Option<Hex<33>>,
    },
    /// Pays for one answer.
    PostTask {
        /// The model's id.
        model: u64,
        /// The prompt's raw block.
        prompt: Cid,
        /// Its length.
        prompt_bytes: u32,
        /// The prompt's `max_output_tokens`.
        max_output_tokens: u32,
        /// Up to three workers with an endpoint that hold the block; at least one unless the block
        /// is carried.
        holders: Vec<String>,
        /// The prompt itself, carried by the task: at most 4,096 bytes, in hex. Then nobody has to
        /// fetch it, and `unavailable` cannot be an outcome.
        block: Option<HexBinary>,
        /// Members of round 0; the parameters' default if absent.
        committee: Option<u32>,
        /// The sender is a contract and wants to be told.
        callback: Option<Callback>,
    },
    /// Demands a larger, fresh committee while the appeal window is open; the bond is taken in coins
    /// or from the balance.
    Appeal {
        /// The task's id.
        task: u64,
        /// The task's last round, after which the outcome stood that is appealed: the appeal is
        /// refused if another round was played since, so that a signature that comes late appeals no
        /// other outcome and puts up no other bond. Absent: whatever stands.
        round: Option<u8>,
    },
    /// Says whether the answer of a final task of the sender's was good; once, and it moves no money.
    Rate {
        /// The task's id.
        task: u64,
        /// It was.
        good: bool,
    },
    /// Tells a contract that asked what became of its task; whoever does it earns the deliver fee.
    Deliver {
        /// The task's id.
        task: u64,
        /// The answer's text, if the callback wants it: its SHA-256 must be the answer's digest.
        text: Option<String>,
    },
    /// Credits the attached coins to the sender's balance.
    Deposit {},
    /// Sends the sender's balance, or a part of it, to the sender.
    Withdraw {
        /// All if absent.
        amount: Option<Uint128>,
    },
    /// Binds members to their ballots; judged one by one.
    Commit {
        /// At most 31.
        commits: Vec<CommitItem>,
    },
    /// Opens commitments; judged one by one.
    Reveal {
        /// At most 31.
        reveals: Vec<RevealItem>,
    },
    /// Makes any due transition of these tasks.
    Advance {
        /// At most 10.
        tasks: Vec<u64>,
    },
    /// Brings a beacon round that a task waits for, and draws up to `draws` committees with it.
    PublishBeacon {
        /// The beacon's round.
        round: u64,
        /// The beacon's BLS signature on G1, compressed.
        signature: Hex<48>,
        /// Most committees to draw in this message, ≤ 10.
        draws: u32,
    },
    /// Makes these the current parameters, each within its bounds; open tasks keep theirs. For the
    /// owner.
    UpdateParams {
        /// All of them.
        params: Params,
    },
    /// Refuses or accepts new tasks and models; nothing else stops. For the owner.
    SetPaused {
        /// Refuse them.
        paused: bool,
    },
    /// Offers the ownership to an account, which has to accept it. For the owner.
    TransferOwnership {
        /// The account; none takes an offer back.
        to: Option<String>,
    },
    /// Takes the ownership that was offered to the sender.
    AcceptOwnership {},
    /// Gives the ownership up for ever, and ends a pause. For the owner.
    RenounceOwnership {},
}
