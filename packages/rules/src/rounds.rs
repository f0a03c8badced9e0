//! How large a round is, how many a task can have, and how many equal ballots decide one.

/// Largest committee of any round.
pub const MAX_COMMITTEE: u32 = 31;

/// Fewer seats are occupied than the first round has members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "got a committee of {committee} with {occupied} seats occupied, want at least as many seats; \
     ask for a smaller committee or wait until more workers have joined"
)]
pub struct PoolTooSmall {
    /// Members asked for.
    pub committee: u32,
    /// Seats occupied when the task was posted.
    pub occupied: u32,
}

/// q = ⌈2n/3⌉ of a round of n, empty and silent places counted in n.
#[must_use]
pub const fn quorum(size: u32) -> u32 {
    size.saturating_mul(2).div_ceil(3)
}

/// Members of the round after one of this size: min(2n + 1, 31), if that is larger.
#[must_use]
pub fn next_size(size: u32) -> Option<u32> {
    let next = size.saturating_mul(2).saturating_add(1).min(MAX_COMMITTEE);
    (next > size).then_some(next)
}

/// Sizes of all rounds of a task that starts with `committee` members, as far as pool and
/// parameters allow.
pub fn sizes(committee: u32, max_rounds: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(committee), |size| next_size(*size))
        .take(usize::try_from(max_rounds).unwrap_or(usize::MAX))
}

/// Members of round `round` of a task that started with `committee` members.
#[must_use]
pub fn size_of(committee: u32, round: u8) -> Option<u32> {
    sizes(committee, u32::MAX).nth(round.into())
}

/// Rounds a task can have: as many as all together find seats, for nobody serves twice.
///
/// # Errors
/// The pool is smaller than round 0.
pub fn rounds_possible(committee: u32, occupied: u32, max_rounds: u32) -> Result<u8, PoolTooSmall> {
    let mut left = occupied;
    let mut rounds: u8 = 0;
    for size in sizes(committee, max_rounds) {
        let Some(rest) = left.checked_sub(size) else {
            break;
        };
        left = rest;
        rounds = rounds.saturating_add(1);
    }
    if rounds == 0 {
        return Err(PoolTooSmall {
            committee,
            occupied,
        });
    }
    Ok(rounds)
}

/// Whether a draw leaves enough members, kept and new, for the round to go to committing.
#[must_use]
pub const fn enough_members(members: u32, size: u32) -> bool {
    members >= quorum(size)
}
