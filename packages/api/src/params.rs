//! Parameters of a network: fixed beacon configuration, versioned rules of play.

use antiphon_content::Hex;
use cosmwasm_std::Uint128;
use schemars::JsonSchema;
use serde::Serialize;

/// The drand beacon that draws committees, scheme `bls-unchained-g1-rfc9380`; fixed at instantiation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeaconConfig {
    /// Group public key on G2, compressed.
    pub public_key: Hex<96>,
    /// Unix time of round 1, in seconds.
    pub genesis: u64,
    /// Seconds between rounds.
    pub period: u64,
    /// Seconds added to block time before the first round that may draw a committee is published.
    pub delay_seconds: u64,
}

/// The rules a task is played by. A task keeps the version it was posted under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Members of round 0 when the requester names no size.
    pub committee: u32,
    /// Most rounds a task can have.
    pub max_rounds: u32,
    /// Most draws a round can have, whatever made the vacancies.
    pub max_draws: u32,
    /// The draw window, in blocks; it is over when both its blocks and its seconds have passed.
    pub draw_window_blocks: u64,
    /// The draw window, in seconds of block time.
    pub draw_window_seconds: u64,
    /// The fixed part of the commit window, in blocks.
    pub commit_window_blocks: u64,
    /// The commit window grows by one block per this many output tokens of the task's maximum.
    pub commit_tokens_per_block: u32,
    /// The reveal window, in blocks.
    pub reveal_window_blocks: u64,
    /// The appeal window, in blocks.
    pub appeal_window_blocks: u64,
    /// The lock of a membership is this multiple of F, or `min_lock` if that is more.
    pub lock_multiple: u32,
    /// Smallest lock.
    pub min_lock: Uint128,
    /// Smallest `base` of a model's price.
    pub min_base: Uint128,
    /// Misses that jail a worker.
    pub max_misses: u32,
    /// Seconds before a jailed worker may ask to be let out.
    pub jail_seconds: u64,
    /// Seconds an unbonding entry stays slashable.
    pub unbonding_seconds: u64,
    /// Share of all bonds that may be forfeited per `meter_blocks`, in 1/1000.
    pub meter_permille: u32,
    /// Blocks in which a full slash meter empties.
    pub meter_blocks: u64,
    /// Refundable deposit of a model's publisher.
    pub model_deposit: Uint128,
    /// Most gas a callback may ask for.
    pub max_callback_gas: u64,
    /// Blocks in which a callback can be delivered.
    pub deliver_window_blocks: u64,
}

impl Params {
    /// The defaults of a public network (protocol, section 9).
    #[must_use]
    pub fn public() -> Self {
        Self {
            committee: 5,
            max_rounds: 3,
            max_draws: 3,
            draw_window_blocks: 60,
            draw_window_seconds: 60,
            commit_window_blocks: 60,
            commit_tokens_per_block: 16,
            reveal_window_blocks: 60,
            appeal_window_blocks: 100,
            lock_multiple: 30,
            min_lock: Uint128::new(1_000_000),
            min_base: Uint128::new(1_000),
            max_misses: 3,
            jail_seconds: 600,
            unbonding_seconds: 604_800,
            meter_permille: 50,
            meter_blocks: 720,
            model_deposit: Uint128::new(10_000_000),
            max_callback_gas: 500_000,
            deliver_window_blocks: 17_280,
        }
    }

    /// The shorter windows of a local network.
    #[must_use]
    pub fn local() -> Self {
        Self {
            draw_window_seconds: 10,
            commit_window_blocks: 100,
            commit_tokens_per_block: 2,
            appeal_window_blocks: 5,
            jail_seconds: 10,
            unbonding_seconds: 60,
            ..Self::public()
        }
    }
}

/// What a member is paid by, per answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Paid for every ballot that counts, and the charge of a miss.
    pub base: Uint128,
    /// Paid per byte of the prompt.
    pub per_prompt_byte: Uint128,
    /// Paid per output token of the answer.
    pub per_output_token: Uint128,
}

/// What a model accepts; checked when a task is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Largest prompt document, in bytes.
    pub max_prompt_bytes: u32,
    /// Largest number of output tokens a task may ask for.
    pub max_output_tokens: u32,
}
