//! Answers to queries about the network: configuration, models, workers, money.

use antiphon_content::{Cid, Hex};
use antiphon_documents::Ballot;
use cosmwasm_std::Uint128;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::params::{BeaconConfig, Limits, Params, Price};

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
        /// New tasks and models are refused.
        paused: bool,
        /// Who was offered the ownership.
        pending_owner: Option<String>,
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
    /// Ratings of a model's answers by those who paid for them.
    Ratings {
        /// Answers called good.
        good: u64,
        /// Answers called bad.
        bad: u64,
        /// Fees paid for those called good.
        good_fees: Uint128,
        /// Fees paid for those called bad.
        bad_fees: Uint128,
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
        /// What requesters said of its answers.
        ratings: Ratings,
    }
);

response!(
    /// A page of models.
    ModelsResponse {
        /// By id.
        models: Vec<ModelResponse>,
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
        /// Unix time in seconds from which it can be claimed; none if nothing is unbonding.
        claimable: Option<u64>,
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
        /// At most 30: rounds not on chain yet, then the others, each in order.
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

response!(
    /// The odds if a share of the seats is dishonest, in units of 10⁻¹⁸.
    OddsInfo {
        /// That share, in per cent.
        dishonest_percent: u32,
        /// How many seats it is.
        dishonest_seats: u32,
        /// A quorum is dishonest and decides what it likes.
        wrong: Uint128,
        /// The honest ones are no quorum.
        blocked: Uint128,
    }
);

response!(
    /// What a committee can give, and what it cannot.
    SecurityResponse {
        /// Its members.
        committee: u32,
        /// Equal ballots that decide.
        quorum: u32,
        /// Occupied seats of the model.
        seats: u32,
        /// Open memberships in tasks of this model; members that are busy elsewhere are not seen.
        busy: u32,
        /// Rounds a task posted now could have.
        rounds_possible: u8,
        /// The lock of each member of a task at the model's limits.
        lock: Uint128,
        /// The bond of an appeal of its round 0; none if no appeal would be possible.
        appeal_bond: Option<Uint128>,
        /// Whether forfeits would be taken now, or withheld by the slash meter.
        meter_takes: bool,
        /// What a wrong quorum loses for certain if it is appealed: its locks, less what an appeal of
        /// its own returns, and nothing where no appeal is possible or the meter is full.
        cost_to_corrupt: Uint128,
        /// For 10, 20 and 33 per cent of dishonest seats.
        odds: Vec<OddsInfo>,
    }
);
