//! Which height to believe: pure rules over what nodes say.
//!
//! A height is believed if two nodes agree on it, or if it goes on from the last one no faster than a
//! chain makes blocks. Anything else must be shown: the block at that height, from the node that says so.

use std::time::{Duration, Instant};

use crate::types::Status;

/// Nodes this many blocks apart say the same.
pub(crate) const TOLERANCE: u64 = 10;
/// Blocks that a height may run ahead at once; more than this must be shown.
const LEAP: u64 = 20;
/// No chain we know makes more blocks in a second.
const BLOCKS_PER_SECOND: u64 = 5;
/// Several nodes are compared this often.
const COMPARE_EVERY: Duration = Duration::from_secs(2);
/// A newest block older than this by our clock: the node stands still, or all of them do.
const OLD_SECONDS: u64 = 120;

/// What one node says of the chain.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    /// Which node, by its place in the list.
    pub(crate) at: usize,
    pub(crate) status: Status,
    /// It has not reached the head, by its own word or by the clock.
    pub(crate) late: bool,
}

/// What a comparison gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Two nodes agree: the index of the claim to go by.
    Agreed(usize),
    /// No two agree: indexes of the claims, the highest first.
    Unsure(Vec<usize>),
}

/// Compares what several nodes say. Nodes that are late are passed over unless all are.
pub(crate) fn compare(claims: &[Claim]) -> Verdict {
    let mut order: Vec<usize> = (0..claims.len()).filter(|at| !late(claims, *at)).collect();
    if order.is_empty() {
        order = (0..claims.len()).collect();
    }
    let height = |at: usize| claims.get(at).map_or(0, |claim| claim.status.height);
    order.sort_by_key(|at| std::cmp::Reverse(height(*at)));
    let near =
        |pair: &[usize]| matches!(pair, [a, b] if height(*a).abs_diff(height(*b)) <= TOLERANCE);
    match order.windows(2).find(|pair| near(pair)) {
        Some(&[high, low]) => Verdict::Agreed(preferred(claims, high, low)),
        _ => Verdict::Unsure(order),
    }
}

/// The higher one; of nodes a block apart the one named first, so that work comes back to it.
fn preferred(claims: &[Claim], high: usize, low: usize) -> usize {
    match (claims.get(high), claims.get(low)) {
        (Some(a), Some(b)) if b.at < a.at && a.status.height.abs_diff(b.status.height) <= 1 => low,
        _ => high,
    }
}

fn late(claims: &[Claim], at: usize) -> bool {
    claims.get(at).is_none_or(|claim| claim.late)
}

/// The greatest height that two nodes have reached.
pub(crate) fn attested(claims: &[Claim]) -> Option<u64> {
    let mut heights: Vec<u64> = claims.iter().map(|claim| claim.status.height).collect();
    heights.sort_unstable();
    heights.iter().rev().nth(1).copied()
}

/// Whether a node's newest block is old by our clock.
pub(crate) fn is_old(block_seconds: u64, now_seconds: u64) -> bool {
    now_seconds.saturating_sub(block_seconds) > OLD_SECONDS
}

/// Hash of the first block, if the node still has it: it tells one chain from another of the same id.
pub(crate) fn block1(status: &Status) -> Option<&str> {
    let known = status.earliest_height == 1 && !status.earliest_hash.is_empty();
    known.then_some(status.earliest_hash.as_str())
}

/// The last height that was believed, and what may follow it.
#[derive(Debug, Default)]
pub(crate) struct Heights {
    last: Option<(u64, Instant)>,
    /// Thousandths of blocks that the height may still run ahead.
    credit: u64,
    compared: Option<Instant>,
    block1: Option<String>,
}

impl Heights {
    /// Whether the nodes should be compared again.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        let age = |at: Instant| now.saturating_duration_since(at);
        self.compared.is_none_or(|at| age(at) >= COMPARE_EVERY)
    }

    pub(crate) fn compared(&mut self, now: Instant) {
        self.compared = Some(now);
    }

    /// Whether the height goes on from the last one at a chain's pace, on the same chain.
    pub(crate) fn follows(&self, status: &Status, now: Instant) -> bool {
        let Some((last, _)) = self.last else {
            return true;
        };
        status.height <= last.saturating_add(self.credit_at(now) / 1_000) && self.is_same(status)
    }

    /// Whether nothing speaks against its being the chain seen until now.
    pub(crate) fn is_same(&self, status: &Status) -> bool {
        match (&self.block1, block1(status)) {
            (Some(want), Some(got)) => want == got,
            _ => true,
        }
    }

    /// Goes by a height that follows.
    pub(crate) fn advance(&mut self, status: &Status, now: Instant) {
        let last = self.last.map_or(status.height, |(last, _)| last);
        let used = status.height.saturating_sub(last).saturating_mul(1_000);
        self.credit = match self.last {
            Some(_) => self.credit_at(now).saturating_sub(used),
            None => LEAP.saturating_mul(1_000),
        };
        self.last = Some((status.height.max(last), now));
        self.learn(status);
    }

    /// Goes by a height that was agreed on or shown, also if it is lower than the last.
    pub(crate) fn settle(&mut self, status: &Status, now: Instant) {
        self.credit = LEAP.saturating_mul(1_000);
        self.last = Some((status.height, now));
        self.learn(status);
    }

    fn learn(&mut self, status: &Status) {
        if self.block1.is_none() {
            self.block1 = block1(status).map(str::to_owned);
        }
    }

    fn credit_at(&self, now: Instant) -> u64 {
        let since = self
            .last
            .map_or(Duration::ZERO, |(_, at)| now.saturating_duration_since(at));
        let earned = u64::try_from(since.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_mul(BLOCKS_PER_SECOND);
        let most = LEAP.saturating_mul(1_000);
        self.credit.saturating_add(earned).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(height: u64) -> Status {
        Status {
            chain_id: "a-1".to_owned(),
            height,
            time: String::new(),
            earliest_height: 1,
            earliest_hash: "AA".to_owned(),
            catching_up: false,
        }
    }

    fn claims(heights: &[u64]) -> Vec<Claim> {
        let claim = |(at, height): (usize, &u64)| Claim {
            at,
            status: status(*height),
            late: false,
        };
        heights.iter().enumerate().map(claim).collect()
    }

    #[test]
    fn two_that_agree_outvote_a_bogus_high_one() {
        assert_eq!(compare(&claims(&[9_000_000, 100, 103])), Verdict::Agreed(2));
        assert_eq!(compare(&claims(&[100, 101])), Verdict::Agreed(0));
        assert_eq!(attested(&claims(&[9_000_000, 100, 103])), Some(103));
        assert_eq!(attested(&claims(&[5])), None);
    }

    #[test]
    fn a_node_that_is_late_is_passed_over_unless_all_are() {
        let mut some = claims(&[100, 105, 500]);
        (some[0].late, some[1].late) = (true, true);
        assert_eq!(compare(&some), Verdict::Unsure(vec![2]));
        some[2].late = true;
        assert_eq!(compare(&some), Verdict::Agreed(1));
    }

    #[test]
    fn two_that_disagree_are_told_the_highest_first() {
        assert_eq!(
            compare(&claims(&[100, 9_000_000])),
            Verdict::Unsure(vec![1, 0])
        );
    }

    #[test]
    fn a_height_follows_only_at_the_pace_of_blocks() {
        let (mut heights, start) = (Heights::default(), Instant::now());
        heights.advance(&status(100), start);
        assert!(heights.follows(&status(120), start));
        assert!(!heights.follows(&status(121), start));
        heights.advance(&status(120), start);
        assert!(!heights.follows(&status(121), start));
        let later = start.checked_add(Duration::from_secs(2)).unwrap();
        assert!(heights.follows(&status(130), later));
        assert!(!heights.follows(&status(131), later));
        let much_later = start.checked_add(Duration::from_secs(3_600)).unwrap();
        assert!(
            !heights.follows(&status(141), much_later),
            "credit does not pile up"
        );
    }

    #[test]
    fn another_first_block_never_follows() {
        let (mut heights, start) = (Heights::default(), Instant::now());
        heights.advance(&status(100), start);
        let other = Status {
            earliest_hash: "BB".to_owned(),
            ..status(101)
        };
        assert!(!heights.follows(&other, start));
        assert!(!heights.is_same(&other));
    }
}
