//! Messages that change state. The top-level keys are what authorization filters name.

use antiphon_content::{Cid, Hex};
use antiphon_documents::Ballot;
use cosmwasm_std::Uint128;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::params::{BeaconConfig, Limits, Params, Price};

/// Creates a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// One commit of one member: carries its own proof, so anybody may post it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Adds the attached coins to the sender's bond; the first call makes it a worker.
    Bond {},
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
        /// Up to three workers with an endpoint that hold the block; at least one.
        holders: Vec<String>,
        /// Members of round 0; the parameters' default if absent.
        committee: Option<u32>,
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
}
