//! 32 columns of weights of 4, 5 or 6 bits for each row of a group: the unit of the vector code.
//!
//! Step `g` (0..4) of a unit is line `g`: for each row four bytes whose low nibbles are columns
//! `low(g)..low(g) + 4` and whose high nibbles are columns `high(g)..`. Higher bits are in lines of
//! their own, placed so that one shift right for each step brings those of the low columns to bit 4
//! and those of the high columns to bit 0:
//! - five bits: one line, the low columns' bit at `4 + g`, the high columns' at `g`;
//! - six bits: a line for two steps, the low columns' two bits at `4 + 2 * (g % 2)`, the high
//!   columns' at `2 * (g % 2)`.

use crate::interleaved::Line;

/// The bits of a weight, all unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Four,
    Five,
    /// Its sub-blocks are 16 columns: the first two steps are one, the last two the other.
    Six,
}

impl Unit {
    pub(crate) const fn lines(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Five => 5,
            Self::Six => 6,
        }
    }

    /// First of the four columns in the low nibbles of step `g`.
    pub(crate) const fn low(self, g: usize) -> usize {
        match self {
            Self::Six => 8 * g,
            _ => 4 * g,
        }
    }

    /// First of the four columns in the high nibbles of step `g`.
    pub(crate) const fn high(self, g: usize) -> usize {
        match self {
            Self::Six => 8 * g + 4,
            _ => 16 + 4 * g,
        }
    }

    /// Line, shift and mask of the bits above the nibbles in step `g`; the low columns' are four
    /// bits further up.
    const fn above(self, g: usize) -> (usize, usize, u8) {
        match self {
            Self::Four => (0, 0, 0),
            Self::Five => (4, g, 1),
            Self::Six => (4 + g / 2, 2 * (g % 2), 3),
        }
    }
}

/// Stores a row's 32 weights.
pub(crate) fn put(unit: Unit, w: &[u8; 32], lines: &mut [Line], lane: usize) {
    for g in 0..4 {
        let (line, shift, mask) = unit.above(g);
        for b in 0..4 {
            let (low, high) = (w[unit.low(g) + b], w[unit.high(g) + b]);
            lines[g][4 * lane + b] = (low & 15) | (high << 4);
            if mask != 0 {
                let bits = ((low >> 4) & mask) << 4 | ((high >> 4) & mask);
                lines[line][4 * lane + b] |= bits << shift;
            }
        }
    }
}

/// A row's 32 weights.
pub(crate) fn get(unit: Unit, lines: &[Line], lane: usize) -> [u8; 32] {
    let mut w = [0; 32];
    for g in 0..4 {
        let (line, shift, mask) = unit.above(g);
        for b in 0..4 {
            let byte = lines[g][4 * lane + b];
            let above = lines[line][4 * lane + b] >> shift;
            w[unit.low(g) + b] = (byte & 15) | ((above >> 4) & mask) << 4;
            w[unit.high(g) + b] = (byte >> 4) | (above & mask) << 4;
        }
    }
    w
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_of_a_unit_comes_back() {
        for (unit, bits) in [(Unit::Four, 4), (Unit::Five, 5), (Unit::Six, 6)] {
            let mut lines = vec![[0; 64]; unit.lines()];
            let rows: [[u8; 32]; 16] = std::array::from_fn(|r| {
                std::array::from_fn(|c| ((r * 37 + c * 11 + r * c) % (1 << bits)) as u8)
            });
            for (lane, w) in rows.iter().enumerate() {
                put(unit, w, &mut lines, lane);
            }
            for (lane, w) in rows.iter().enumerate() {
                assert_eq!(&get(unit, &lines, lane), w, "{unit:?} row {lane}");
            }
        }
    }
}
