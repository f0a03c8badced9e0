//! Deadlines. A state entered at height e with window w accepts its messages at heights ≤ e + w.

const NANOS: u64 = 1_000_000_000;

/// How many times longer the draw window of a later round is: a beacon outage must not end appeals.
const LATER_ROUNDS: u64 = 10;

/// Last height at which a state entered at `entered` accepts its messages.
#[must_use]
pub const fn last_height(entered: u64, window: u64) -> u64 {
    entered.saturating_add(window)
}

/// Whether the window is over at `height`.
#[must_use]
pub const fn is_over(height: u64, entered: u64, window: u64) -> bool {
    height > last_height(entered, window)
}

/// The commit window: a fixed part and `⌈max_output_tokens / tokens_per_block⌉` blocks.
///
/// The protocol says "1 block per so many output tokens"; a block begun counts, so that no task has
/// less time than its tokens ask for. `tokens_per_block` of 0 is read as 1.
#[must_use]
pub fn commit_window(fixed_blocks: u64, tokens_per_block: u32, max_output_tokens: u32) -> u64 {
    fixed_blocks.saturating_add(max_output_tokens.div_ceil(tokens_per_block.max(1)).into())
}

/// A block's height and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The block's height.
    pub height: u64,
    /// The block's time, Unix nanoseconds.
    pub nanos: u64,
}

/// How long a draw may wait for its randomness; over when both parts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawWindow {
    /// In blocks.
    pub blocks: u64,
    /// In seconds of block time.
    pub seconds: u64,
}

impl DrawWindow {
    /// The window of a round: ten times as long from round 1 on.
    #[must_use]
    pub const fn of_round(self, round: u8) -> Self {
        if round == 0 {
            return self;
        }
        Self {
            blocks: self.blocks.saturating_mul(LATER_ROUNDS),
            seconds: self.seconds.saturating_mul(LATER_ROUNDS),
        }
    }

    /// Whether both the blocks and the seconds have passed since the vacancies arose.
    #[must_use]
    pub const fn is_over(self, now: Moment, opened: Moment) -> bool {
        let seconds = self.seconds.saturating_mul(NANOS);
        is_over(now.height, opened.height, self.blocks)
            && now.nanos > opened.nanos.saturating_add(seconds)
    }
}
