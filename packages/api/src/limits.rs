//! Bounds that are part of the protocol, and the reason for each.

/// Version of the contract's state and messages, as `config` tells it and migrations read it.
pub const CONTRACT_VERSION: &str = "0.2.0";
/// Largest prompt document, in bytes: a worker checks it before any parsing.
pub const MAX_PROMPT_BYTES: u32 = 16_384;
/// Largest number of output tokens a model may offer.
pub const MAX_OUTPUT_TOKENS: u32 = 4_096;
/// Largest answer, in bytes.
pub const MAX_ANSWER_BYTES: usize = 65_536;
/// Chat templates add at most this many tokens to a prompt's bytes; a ballot that claims more is refused.
pub const MAX_TEMPLATE_TOKENS: u32 = 4_096;
/// Votes in one message: as many as the largest committee, so that one relay can carry a round.
pub const MAX_VOTES_PER_MESSAGE: usize = 31;
/// Tasks in one `advance`, and draws in one `publish_beacon`: bounds the gas of one message.
pub const MAX_ADVANCES_PER_MESSAGE: usize = 10;
/// Largest committee of any round.
pub const MAX_COMMITTEE: u32 = 31;
/// Slots of a model: 12-bit candidates of the draw address exactly these.
pub const SLOTS_PER_MODEL: u16 = 4_096;
/// Seats one worker may hold: bounds the walk when its bond is changed.
pub const MAX_SEATS_PER_WORKER: u32 = 16;
/// Workers named as holders of a prompt's block.
pub const MAX_HOLDERS: usize = 3;
/// Largest prompt that a task carries, in bytes: 30 gas each.
pub const MAX_CARRIED_BYTES: usize = 4_096;
/// Blocks between two updates of the amounts among the parameters.
pub const AMOUNT_UPDATE_BLOCKS: u64 = 17_280;
/// Longest endpoint URL, in bytes.
pub const MAX_ENDPOINT_BYTES: usize = 128;
/// Longest moniker, in bytes.
pub const MAX_MONIKER_BYTES: usize = 32;
/// Largest component of a price: keeps every product of the fee formulas inside u128.
pub const MAX_PRICE: u128 = 1_000_000_000_000_000;
/// Entries of a list when the caller names no limit.
pub const DEFAULT_PAGE: u32 = 10;
/// Most entries of a list.
pub const MAX_PAGE: u32 = 30;

/// A page size that cannot leave its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(usize);

impl PageLimit {
    /// Clamps what a caller asked for to `1..=MAX_PAGE`; `DEFAULT_PAGE` if it asked for nothing.
    #[must_use]
    pub fn new(asked: Option<u32>) -> Self {
        Self(asked.unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE) as usize)
    }

    /// The number of entries to give.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}
