//! What a refused message answers: a stable code, what was got, what was wanted, what to do.

use cosmwasm_std::StdError;
use thiserror::Error;

/// Why the contract refuses. Every text starts with a code that never changes.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the text of each variant says what it is")]
pub enum ContractError {
    #[error("E_STD: {0}")]
    Std(#[from] StdError),
    #[error(
        "E_OTHER_CONTRACT: got the state of {got}, want that of this contract; migrate its own code"
    )]
    OtherContract { got: String },
    #[error("E_DOWNGRADE: got the state of version {got}, want {want}; use code that knows it")]
    Downgrade { got: String, want: String },
    #[error("E_VERSION: {0}")]
    Version(#[from] cw2::VersionError),
    #[error(
        "E_DAMAGED: got a {record} record of {length} bytes, want a whole one; report this as a bug"
    )]
    Damaged { record: &'static str, length: usize },
    #[error("E_MISSING: got no {record} of {id}, want one; report this as a bug")]
    Missing { record: &'static str, id: u64 },
    #[error(
        "E_OVERFLOW: got amounts whose sum, product or difference leaves 128 bits, want smaller ones; check price and coins"
    )]
    Overflow,

    #[error("E_PARAMS: got {field} = {got}, want {want}; correct the parameters")]
    Params {
        field: &'static str,
        got: String,
        want: String,
    },
    #[error("E_ADDRESS: got the address {got:?}, want one of this chain in lower case; correct it")]
    Address { got: String },

    #[error("E_COINS: got {got}, want exactly one coin of {denom}; attach only that")]
    Coins { got: String, denom: String },
    #[error("E_NO_COINS: got {got}, want no coins with this message; send it without coins")]
    UnwantedCoins { got: String },
    #[error("E_ZERO: got no coins, want more than zero {denom}; attach some")]
    ZeroCoins { denom: String },
    #[error("E_FUNDS: got a balance of {balance}, want {needed}; attach coins or deposit the rest")]
    Funds { balance: u128, needed: u128 },
    #[error(
        "E_AMOUNT: got an amount of {got}, want 1 to {most}; name a smaller one or leave it out"
    )]
    Amount { got: u128, most: u128 },

    #[error("E_UNKNOWN_MODEL: got model {model}, want a registered one; query models")]
    UnknownModel { model: u64 },
    #[error("E_MODEL_RETIRED: got model {model}, want one that takes tasks; choose another")]
    ModelRetired { model: u64 },
    #[error(
        "E_CODEC: got {got} for the {what}, want a raw block (bafkrei…); add it as one raw leaf"
    )]
    Codec { what: &'static str, got: String },
    #[error("E_PRICE: got {field} = {got}, want {want}; correct the price")]
    Price {
        field: &'static str,
        got: u128,
        want: String,
    },
    #[error("E_LIMITS: got {field} = {got}, want {least} to {most}; correct the limits")]
    Limits {
        field: &'static str,
        got: u32,
        least: u32,
        most: u32,
    },

    #[error(
        "E_NOT_PUBLISHER: got a sender that did not register model {model}, want its publisher; send it from there"
    )]
    NotPublisher { model: u64 },
    #[error(
        "E_PAUSED: got a network paused by its owner, want one that runs; open tasks go on, post when it runs again"
    )]
    Paused,
    #[error("E_NOT_OWNER: got a sender that is not the owner, want {owner}; send it from there")]
    NotOwner { owner: String },
    #[error(
        "E_NOT_OFFERED: got a sender that was not offered the ownership, want the account it was offered to; query config"
    )]
    NotOffered,
    #[error(
        "E_TOO_SOON: got a change of amounts at height {now}, want {earliest} or later; send it again then"
    )]
    TooSoon { now: u64, earliest: u64 },

    #[error("E_UNKNOWN_WORKER: got {worker}, want the address of a worker; bond first")]
    UnknownWorker { worker: String },
    #[error(
        "E_JAILED: got a worker jailed until {until} (Unix seconds), want one that is not; unjail then"
    )]
    Jailed { until: u64 },
    #[error(
        "E_NO_VOTER: got a worker without a voter key, want one on record; update_worker first"
    )]
    NoVoter,
    #[error(
        "E_BOND: got a free bond of {free}, want at least the seat lock of {needed}; bond the rest"
    )]
    Bond { free: u128, needed: u128 },
    #[error(
        "E_SEATS_NEED: got a bond of {rest} after this, want at least {needed} for the seats held; leave_model first or unbond less"
    )]
    SeatsNeed { rest: u128, needed: u128 },
    #[error("E_NOTHING_UNBONDING: got no unbonding entry, want one; unbond first")]
    NothingUnbonding,
    #[error(
        "E_UNBONDING: got a claim at second {now} (Unix), want {claimable} or later; send it again then"
    )]
    Unbonding { now: u64, claimable: u64 },
    #[error(
        "E_LOCKED: got a bond of {bond} without the unbonding entry, want at least the {locked} locked in open tasks; claim when they are over"
    )]
    Locked { bond: u128, locked: u128 },
    #[error(
        "E_NOT_JAILED: got a worker that is not jailed, want one that is; there is nothing to do"
    )]
    NotJailed,
    #[error("E_SEATED: got model {model}, want one without a seat of yours; you have slot {slot}")]
    Seated { model: u64, slot: u16 },
    #[error("E_NOT_SEATED: got model {model}, want one you hold a seat of; query worker")]
    NotSeated { model: u64 },
    #[error(
        "E_SEATS: got {got} seats, want fewer than {most} before one more; leave a model first"
    )]
    Seats { got: usize, most: u32 },
    #[error(
        "E_MODEL_FULL: got model {model} with every slot occupied, want a free one; wait for one"
    )]
    ModelFull { model: u64 },
    #[error(
        "E_ENDPOINT: got {got:?}, want http:// or https:// and a host, printable ASCII, at most 128 bytes; correct it"
    )]
    Endpoint { got: String },
    #[error("E_MONIKER: got {got} bytes, want at most 32 without control characters; shorten it")]
    Moniker { got: usize },
    #[error(
        "E_VOTER_KEY: got {got}, want a secp256k1 public key, compressed (33 bytes, 02 or 03 first); correct it"
    )]
    VoterKey { got: String },
    #[error(
        "E_NOTHING: got an update without a field, want at least one; name endpoint, moniker or voter"
    )]
    NothingToUpdate,

    #[error("E_UNKNOWN_TASK: got task {task}, want a posted one; query tasks")]
    UnknownTask { task: u64 },
    #[error(
        "E_PROMPT_BYTES: got a prompt of {got} bytes, want 1 to {most}; shorten it or choose another model"
    )]
    PromptBytes { got: u32, most: u32 },
    #[error("E_OUTPUT_TOKENS: got max_output_tokens {got}, want 1 to {most}; ask for fewer")]
    OutputTokens { got: u32, most: u32 },
    #[error(
        "E_HOLDERS: got {got} holders, want 1 to {most} different ones; name workers that have the block"
    )]
    Holders { got: usize, most: usize },
    #[error("E_BLOCK: got a carried block of {got}, want {want}; carry the prompt itself or none")]
    Block { got: String, want: String },
    #[error("E_CALLBACK: got a callback gas limit of {got}, want 1 to {most}; name a smaller one")]
    CallbackGas { got: u64, most: u64 },
    #[error(
        "E_NOT_ANSWERED: got task {task} without an outcome that stands, want one in its appeal window; query task, advance it if a transition is due"
    )]
    NotAnswered { task: u64 },
    #[error(
        "E_APPEAL_OVER: got task {task} after height {deadline}, want an appeal until then; its outcome is final"
    )]
    AppealOver { task: u64, deadline: u64 },
    #[error(
        "E_OUTCOME_CHANGED: got an appeal of what stood after round {got} of task {task}, want one of what stands after round {want}; look at the task again"
    )]
    OutcomeChanged { task: u64, got: u8, want: u8 },
    #[error(
        "E_NO_ROUND_LEFT: got task {task} with all of its {rounds} rounds used, want one left; its outcome is final"
    )]
    NoRoundLeft { task: u64, rounds: u8 },
    #[error(
        "E_NOT_REQUESTER: got a sender that did not post task {task}, want its requester; send it from there"
    )]
    NotRequester { task: u64 },
    #[error("E_NO_ANSWER: got task {task}, want one that is final with an answer; query task")]
    NoAnswer { task: u64 },
    #[error("E_RATED: got task {task}, which is rated already, want another; a rating stays")]
    Rated { task: u64 },
    #[error(
        "E_NO_CALLBACK: got task {task}, want one at its end with a callback that can still be delivered; query task"
    )]
    NoCallback { task: u64 },
    #[error("E_TEXT: got {got}, want {want}; send what the answer's CID names")]
    Text { got: String, want: String },
    #[error(
        "E_HOLDER: got the holder {holder}, want a worker with an endpoint on record; choose another"
    )]
    Holder { holder: String },
    #[error("E_COMMITTEE: got a committee of {got}, want {want}; choose one of these")]
    Committee { got: u32, want: &'static str },
    #[error(
        "E_POOL_TOO_SMALL: got {occupied} seats (PoolTooSmall), want at least {needed}; choose a smaller committee or another model"
    )]
    PoolTooSmall { occupied: u32, needed: u32 },

    #[error("E_BATCH: got {got} {what}, want {least} to {most}; split the message")]
    Batch {
        what: &'static str,
        got: usize,
        least: usize,
        most: usize,
    },
    #[error(
        "E_BEACON_NOT_AWAITED: got beacon round {round}, want one that a task waits for; query beacon"
    )]
    BeaconNotAwaited { round: u64 },
    #[error(
        "E_BEACON_EARLY: got beacon round {round} in a block of second {now}, want one of {published} or later; send it again then"
    )]
    BeaconEarly {
        round: u64,
        now: u64,
        published: u64,
    },
    #[error(
        "E_BEACON_SIGNATURE: got a signature that is not the beacon's for round {round}, want the published one; read it from the beacon"
    )]
    BeaconSignature { round: u64 },
    #[error(
        "E_UNKNOWN_PARAMS: got version {got}, want 1 to {most}; leave it out for the current one"
    )]
    UnknownParams { got: u32, most: u32 },
    #[error("E_UNKNOWN_ROUND: got round {got} of task {task}, want 0 to {most}; query task")]
    UnknownRound { task: u64, got: u8, most: u8 },
    #[error(
        "E_REPLY: got a reply with id {id}, want one that this contract asked for; report this as a bug"
    )]
    Reply { id: u64 },
}

impl From<antiphon_rules::Overflow> for ContractError {
    fn from(_: antiphon_rules::Overflow) -> Self {
        Self::Overflow
    }
}

#[cfg(test)]
mod tests {
    use cosmwasm_std::testing::MockStorage;

    use super::*;

    #[test]
    fn a_version_that_is_not_the_one_expected_is_told_with_its_code() {
        let mut storage = MockStorage::new();
        cw2::set_contract_version(&mut storage, "a contract", "0.1.0").unwrap();
        for (name, version) in [("a contract", "0.2.0"), ("another", "0.1.0")] {
            let refused = cw2::assert_contract_version(&storage, name, version).unwrap_err();
            let text = ContractError::from(refused).to_string();
            assert!(text.starts_with("E_VERSION: "), "{text}");
        }
    }
}
