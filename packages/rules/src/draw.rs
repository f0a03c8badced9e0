//! The draw: who takes the vacant places of a round (protocol, section 4).

use sha2::{Digest, Sha256};

/// Slots of a model: exactly what 12-bit candidates address.
pub const SLOTS: u16 = 4_096;
/// Most candidates of one draw: bounds its hashes to 3,121 when hardly a slot is occupied.
pub const MAX_CANDIDATES: u32 = 65_536;
/// Distinct seats passed over before a draw ends: bounds its storage reads.
pub const MAX_PASSED_OVER: usize = 64;

const TAG: &[u8] = b"antiphon/draw/1";
/// 12-bit numbers in one hash of 256 bits.
const CANDIDATES_PER_HASH: usize = 21;

/// What a draw is a function of, apart from the seats.
#[derive(Clone, Copy, Debug)]
pub struct DrawInput<'a> {
    /// Of the beacon round that the task waited for.
    pub randomness: &'a [u8; 32],
    /// The task.
    pub task: u64,
    /// Its round.
    pub round: u8,
    /// Places to fill.
    pub vacancies: u32,
    /// Height at which these vacancies arose: younger seats are passed over.
    pub opened: u64,
    /// The lock of a member of this task.
    pub lock: u128,
    /// The lock of a task at the model's limits: a bond below it loses its seat when met.
    pub seat_lock: u128,
    /// Occupancy of the model's slots: slot s is bit s mod 8, least significant first, of byte s / 8.
    pub bitmap: &'a [u8; 512],
}

/// What a draw must know of an occupied seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatView {
    /// Height of the worker's last bond, seat or release from jail.
    pub since: u64,
    /// Its bond without what is locked.
    pub free: u128,
    /// Its bond, locked or not.
    pub bond: u128,
    /// Whether it is jailed.
    pub jailed: bool,
    /// Whether it is or was a member of this task.
    pub in_task: bool,
}

/// Why a draw ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every place has a member.
    Filled,
    /// Every place is taken, some of them by seats short of free bond: these stay empty.
    Short,
    /// 64 distinct seats were passed over.
    Passed,
    /// No candidate is left, or no seat that was not met.
    Exhausted,
}

/// Who was drawn. Slots, in the order of the draw where nothing else is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawResult {
    /// New members.
    pub drawn: Vec<u16>,
    /// Seats that took a place and leave it empty: their free bond is below the lock.
    pub empty_places: Vec<u16>,
    /// Seats passed over: jailed or too young.
    pub passed_over: Vec<u16>,
    /// Seats met that must be removed after the draw, ascending; members among them stay members.
    pub removed: Vec<u16>,
    /// Why the draw ended.
    pub ended: Ended,
    /// Candidates looked at.
    pub candidates: u32,
    /// Hashes made for them.
    pub hashes: u32,
}

/// The seed of a draw's candidates.
#[must_use]
pub fn seed(randomness: &[u8; 32], task: u64, round: u8) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(TAG);
    hash.update(randomness);
    hash.update(task.to_be_bytes());
    hash.update([round]);
    hash.finalize().into()
}

/// The `k`-th group of 21 candidates: successive 12-bit numbers, big-endian.
#[must_use]
pub fn candidates(seed: &[u8; 32], k: u32) -> [u16; CANDIDATES_PER_HASH] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(seed)
        .chain_update(k.to_be_bytes())
        .finalize()
        .into();
    let mut numbers = [0; CANDIDATES_PER_HASH];
    let pairs = hash.chunks(3).flat_map(|bytes| match *bytes {
        [a, b, c] => [
            Some(u16::from_be_bytes([a, b]) >> 4),
            Some(u16::from_be_bytes([b & 0x0f, c])),
        ],
        [a, b] => [Some(u16::from_be_bytes([a, b]) >> 4), None],
        _ => [None, None],
    });
    for (number, candidate) in numbers.iter_mut().zip(pairs.flatten()) {
        *number = candidate;
    }
    numbers
}

/// Draws; `seat_of` is asked once at most for each slot, only for occupied slots that are candidates.
///
/// Ends early when every occupied slot was met, which changes nothing but the counts of candidates
/// and hashes.
///
/// # Errors
/// Those of `seat_of`, passed through.
pub fn draw<E>(
    input: &DrawInput<'_>,
    seat_of: impl FnMut(u16) -> Result<SeatView, E>,
) -> Result<DrawResult, E> {
    let occupied = input.bitmap.iter().map(|byte| byte.count_ones()).sum();
    draw_until(input, occupied, seat_of)
}

/// Draws until `seats` distinct seats were met, or one of the protocol's ends.
pub(crate) fn draw_until<E>(
    input: &DrawInput<'_>,
    seats: u32,
    mut seat_of: impl FnMut(u16) -> Result<SeatView, E>,
) -> Result<DrawResult, E> {
    let seed = seed(input.randomness, input.task, input.round);
    let mut walk = Walk::new(seats);
    let mut group = [0; CANDIDATES_PER_HASH];
    while !walk.is_over(input.vacancies) {
        let index = usize::try_from(walk.candidates).unwrap_or(usize::MAX) % CANDIDATES_PER_HASH;
        if index == 0 {
            group = candidates(&seed, walk.hashes);
            walk.hashes = walk.hashes.saturating_add(1);
        }
        walk.candidates = walk.candidates.saturating_add(1);
        let slot = group[index];
        if is_occupied(input.bitmap, slot) && walk.meet(slot) {
            walk.judge(input, slot, &seat_of(slot)?);
        }
    }
    Ok(walk.finish(input.vacancies))
}

/// Whether a slot's bit is set.
#[must_use]
pub fn is_occupied(bitmap: &[u8; 512], slot: u16) -> bool {
    bitmap
        .get(usize::from(slot / 8))
        .is_some_and(|byte| byte >> (slot % 8) & 1 == 1)
}

/// A draw on its way.
struct Walk {
    met: [u8; 512],
    unmet: u32,
    drawn: Vec<u16>,
    empty_places: Vec<u16>,
    passed_over: Vec<u16>,
    removed: Vec<u16>,
    candidates: u32,
    hashes: u32,
}

impl Walk {
    const fn new(seats: u32) -> Self {
        Self {
            met: [0; 512],
            unmet: seats,
            drawn: Vec::new(),
            empty_places: Vec::new(),
            passed_over: Vec::new(),
            removed: Vec::new(),
            candidates: 0,
            hashes: 0,
        }
    }

    fn places_taken(&self) -> usize {
        self.drawn.len().saturating_add(self.empty_places.len())
    }

    fn is_filled(&self, vacancies: u32) -> bool {
        u32::try_from(self.places_taken()).is_ok_and(|taken| taken >= vacancies)
    }

    fn is_over(&self, vacancies: u32) -> bool {
        self.is_filled(vacancies)
            || self.passed_over.len() >= MAX_PASSED_OVER
            || self.candidates >= MAX_CANDIDATES
            || self.unmet == 0
    }

    /// Marks a slot; true if it had not been met before.
    fn meet(&mut self, slot: u16) -> bool {
        let bit = 1 << (slot % 8);
        let Some(byte) = self.met.get_mut(usize::from(slot / 8)) else {
            return false;
        };
        let is_new = *byte & bit == 0;
        *byte |= bit;
        if is_new {
            self.unmet = self.unmet.saturating_sub(1);
        }
        is_new
    }

    fn judge(&mut self, input: &DrawInput<'_>, slot: u16, seat: &SeatView) {
        if seat.jailed || seat.bond < input.seat_lock {
            self.removed.push(slot);
        }
        if seat.in_task {
            return;
        }
        if seat.jailed || seat.since >= input.opened {
            self.passed_over.push(slot);
        } else if seat.free < input.lock {
            self.empty_places.push(slot);
        } else {
            self.drawn.push(slot);
        }
    }

    fn finish(mut self, vacancies: u32) -> DrawResult {
        self.removed.sort_unstable();
        DrawResult {
            ended: self.ended(vacancies),
            drawn: self.drawn,
            empty_places: self.empty_places,
            passed_over: self.passed_over,
            removed: self.removed,
            candidates: self.candidates,
            hashes: self.hashes,
        }
    }

    fn ended(&self, vacancies: u32) -> Ended {
        if self.is_filled(vacancies) {
            if self.empty_places.is_empty() {
                Ended::Filled
            } else {
                Ended::Short
            }
        } else if self.passed_over.len() >= MAX_PASSED_OVER {
            Ended::Passed
        } else {
            Ended::Exhausted
        }
    }
}
