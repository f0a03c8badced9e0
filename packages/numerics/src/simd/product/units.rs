//! Exact sums of a unit of 32 columns (see [`crate::unit`]).

use crate::simd::lanes::Lanes;
use crate::unit::Unit;

/// How a unit's weights are taken out of its lines.
pub(super) trait Bits {
    const UNIT: Unit;
    /// Steps whose products fit a [`Lanes::Sum`] that is not wide.
    const STEPS: usize;
    /// True if each half of the steps is a sub-block.
    const HALVES: bool = false;

    /// Weights of the low and of the high columns of step `g`; `above` are the lines of higher
    /// bits.
    ///
    /// # Safety
    /// As [`Lanes`]; called for `g` ascending.
    unsafe fn step<L: Lanes>(raw: L::Raw, above: &mut [L::Raw; 2], g: usize) -> [L::Weights; 2];
}

pub(super) struct Four;
pub(super) struct Five;
pub(super) struct Six;

impl Bits for Four {
    const UNIT: Unit = Unit::Four;
    const STEPS: usize = 4;

    #[inline(always)]
    unsafe fn step<L: Lanes>(raw: L::Raw, _: &mut [L::Raw; 2], _: usize) -> [L::Weights; 2] {
        // SAFETY: the caller's promise.
        unsafe {
            let high = L::mask(L::down4(raw), 15);
            [L::weights(L::mask(raw, 15)), L::weights(high)]
        }
    }
}

impl Bits for Five {
    const UNIT: Unit = Unit::Five;
    const STEPS: usize = 2;

    #[inline(always)]
    unsafe fn step<L: Lanes>(raw: L::Raw, above: &mut [L::Raw; 2], _: usize) -> [L::Weights; 2] {
        let bits = above[0];
        // SAFETY: the caller's promise.
        unsafe {
            above[0] = L::down1(bits);
            with_bits::<L>(raw, bits, 0x10)
        }
    }
}

impl Bits for Six {
    const UNIT: Unit = Unit::Six;
    const STEPS: usize = 1;
    const HALVES: bool = true;

    #[inline(always)]
    unsafe fn step<L: Lanes>(raw: L::Raw, above: &mut [L::Raw; 2], g: usize) -> [L::Weights; 2] {
        let bits = above[g / 2];
        // SAFETY: the caller's promise.
        unsafe {
            above[g / 2] = L::down2(bits);
            with_bits::<L>(raw, bits, 0x30)
        }
    }
}

/// Nibbles with the higher bits of this step.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn with_bits<L: Lanes>(raw: L::Raw, bits: L::Raw, mask: u8) -> [L::Weights; 2] {
    // SAFETY: the caller's promise.
    unsafe {
        let low = L::or(L::mask(raw, 15), L::mask(bits, mask));
        let high = L::or(L::mask(L::down4(raw), 15), L::mask(L::up4(bits), mask));
        [L::weights(low), L::weights(high)]
    }
}

/// Scales of a unit's sub-blocks: of the first and of the last two steps.
pub(super) type Scales<L, const R: usize> = [[<L as Lanes>::Scale; R]; 2];

/// Adds the products of `R` registers of a unit's rows and `P` vectors to exact sums, those of a
/// sub-block times its scale if there are scales.
///
/// # Safety
/// As [`Lanes`]; the unit's lines are from `lines` on, which points to the first row's lane, and
/// each `q` points to 32 quants.
#[inline(always)]
pub(super) unsafe fn add_unit<L: Lanes, U: Bits, const R: usize, const P: usize>(
    lines: *const u8,
    q: [*const i8; P],
    scales: Option<Scales<L, R>>,
    to: &mut [[L::I; R]; P],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut above = [[L::load_raw(lines); 2]; R];
        let last = U::UNIT.lines() - 1;
        for r in 0..R {
            // Without higher bits neither is used.
            let lane = lines.add(4 * r * L::WIDTH);
            above[r] = [
                L::load_raw(lane.add(64 * last.min(4))),
                L::load_raw(lane.add(64 * last)),
            ];
        }
        let mut sums = [[L::empty(); R]; P];
        for g in 0..4 {
            let mut w = [[L::weights(above[0][0]); 2]; R];
            for r in 0..R {
                let raw = L::load_raw(lines.add(64 * g + 4 * r * L::WIDTH));
                w[r] = U::step::<L>(raw, &mut above[r], g);
            }
            for p in 0..P {
                let low = L::quad(q[p].add(U::UNIT.low(g)));
                let high = L::quad(q[p].add(U::UNIT.high(g)));
                for r in 0..R {
                    sums[p][r] = L::dot(L::dot(sums[p][r], w[r][0], low), w[r][1], high);
                }
            }
            let full = !L::WIDE && (g + 1) % U::STEPS == 0;
            if full || g == 3 || (g == 1 && U::HALVES) {
                let scales = scales.map(|scales| scales[g / 2]);
                empty_sums::<L, R, P>(&mut sums, scales, to);
            }
        }
    }
}

/// Adds the running sums to exact ones and begins anew.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn empty_sums<L: Lanes, const R: usize, const P: usize>(
    sums: &mut [[L::Sum; R]; P],
    scales: Option<[L::Scale; R]>,
    to: &mut [[L::I; R]; P],
) {
    for p in 0..P {
        for r in 0..R {
            // SAFETY: the caller's promise.
            unsafe {
                to[p][r] = match scales {
                    Some(scales) => L::add_scaled(to[p][r], sums[p][r], scales[r]),
                    None => L::add_sum(to[p][r], sums[p][r]),
                };
                sums[p][r] = L::empty();
            }
        }
    }
}
