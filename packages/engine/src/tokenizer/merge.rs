//! Step 3 of cn-1.md 9.3: of all adjacent pairs that join to a token, the one with the greatest
//! score is merged, the leftmost among equals, until none is left.
//!
//! A heap holds the pairs, so the time is n log n in the characters of the text. A merge makes at
//! most two new pairs: there are fewer than three for each character, of 16 bytes each.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A token that symbols can merge into.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) id: u32,
    /// Finite, and never -0: so the total order is that of the numbers.
    pub(super) score: f32,
}

/// A span of the text; its length is 0 once it is part of its left neighbour.
#[derive(Clone, Copy, Debug)]
struct Symbol {
    start: usize,
    len: usize,
    before: Option<usize>,
    after: Option<usize>,
}

/// Two neighbours that join to a token.
#[derive(Clone, Copy, Debug)]
struct Pair {
    score: f32,
    left: usize,
    right: usize,
    /// Bytes of both, by which a pair is known whose symbols have changed since.
    len: usize,
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = self.score.total_cmp(&other.score);
        by_score.then_with(|| Reverse(self.left).cmp(&Reverse(other.left)))
    }
}

impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Pair {}

/// The symbols of a text while they are merged.
pub(super) struct Merger<'t, F> {
    text: &'t str,
    known: &'t F,
    symbols: Vec<Symbol>,
    pairs: BinaryHeap<Pair>,
}

impl<'t, F: Fn(&str) -> Option<Piece>> Merger<'t, F> {
    /// One symbol for each character. `known` finds the token of a text.
    pub(super) fn new(text: &'t str, known: &'t F) -> Self {
        let mut symbols: Vec<Symbol> = text
            .char_indices()
            .enumerate()
            .map(|(i, (start, c))| Symbol {
                start,
                len: c.len_utf8(),
                before: i.checked_sub(1),
                after: i.checked_add(1),
            })
            .collect();
        if let Some(last) = symbols.last_mut() {
            last.after = None;
        }
        Self {
            text,
            known,
            symbols,
            pairs: BinaryHeap::new(),
        }
    }

    /// The spans that are left, in order.
    pub(super) fn run(mut self) -> impl Iterator<Item = &'t str> {
        for left in 0..self.symbols.len() {
            self.offer(Some(left));
        }
        while let Some(pair) = self.pairs.pop() {
            self.join(pair);
        }
        let text = self.text;
        let left = self.symbols.into_iter().filter(|symbol| symbol.len > 0);
        left.map(move |symbol| span(text, symbol.start, symbol.len))
    }

    fn symbol(&self, at: Option<usize>) -> Option<Symbol> {
        self.symbols.get(at?).copied()
    }

    /// Puts the pair that starts here on the heap, if it joins to a token.
    fn offer(&mut self, left: Option<usize>) {
        let Some((left, one)) = left.zip(self.symbol(left)) else {
            return;
        };
        let Some((right, other)) = one.after.zip(self.symbol(one.after)) else {
            return;
        };
        let len = one.len.saturating_add(other.len);
        if let Some(piece) = (self.known)(span(self.text, one.start, len)) {
            self.pairs.push(Pair {
                score: piece.score,
                left,
                right,
                len,
            });
        }
    }

    /// Merges a pair, unless one of its symbols has grown or gone since it was offered.
    fn join(&mut self, pair: Pair) {
        let (one, other) = (self.symbol(Some(pair.left)), self.symbol(Some(pair.right)));
        let Some((one, other)) = one.zip(other) else {
            return;
        };
        let fresh = one.len > 0 && other.len > 0;
        if !fresh || one.len.saturating_add(other.len) != pair.len {
            return;
        }
        if let Some(symbol) = self.symbols.get_mut(pair.left) {
            (symbol.len, symbol.after) = (pair.len, other.after);
        }
        if let Some(symbol) = self.symbols.get_mut(pair.right) {
            symbol.len = 0;
        }
        if let Some(symbol) = other.after.and_then(|at| self.symbols.get_mut(at)) {
            symbol.before = Some(pair.left);
        }
        self.offer(one.before);
        self.offer(Some(pair.left));
    }
}

/// A part of the text; its ends are always those of characters.
fn span(text: &str, start: usize, len: usize) -> &str {
    text.get(start..start.saturating_add(len)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    type Table = BTreeMap<String, f32>;

    fn merged(table: &Table, text: &str) -> Vec<String> {
        let known = |part: &str| {
            let score = table.get(part)?;
            Some(Piece {
                id: 0,
                score: *score,
            })
        };
        let parts = Merger::new(text, &known).run();
        parts.map(str::to_owned).collect()
    }

    /// The rule word by word, quadratic.
    fn by_the_rule(table: &Table, text: &str) -> Vec<String> {
        let mut symbols: Vec<String> = text.chars().map(String::from).collect();
        loop {
            let mut best: Option<(usize, f32)> = None;
            for (at, two) in symbols.windows(2).enumerate() {
                if let Some(score) = table.get(&two.concat())
                    && best.is_none_or(|(_, greatest)| *score > greatest)
                {
                    best = Some((at, *score));
                }
            }
            let Some((at, _)) = best else {
                return symbols;
            };
            let left = symbols.remove(at);
            symbols[at].insert_str(0, &left);
        }
    }

    #[test]
    fn the_greatest_score_is_merged_first_and_the_leftmost_among_equals() {
        let table = |list: &[(&str, f32)]| -> Table {
            list.iter().map(|(s, n)| ((*s).to_owned(), *n)).collect()
        };
        let scores = table(&[("ab", -2.0), ("bc", -1.0)]);
        assert_eq!(merged(&scores, "abc"), ["a", "bc"]);
        let equal = table(&[("ab", -1.0), ("bc", -1.0)]);
        assert_eq!(merged(&equal, "abc"), ["ab", "c"]);
        assert_eq!(merged(&table(&[("aa", 0.0)]), "aaaaa"), ["aa", "aa", "a"]);
        assert_eq!(merged(&equal, ""), [""; 0]);
    }

    proptest! {
        #[test]
        fn the_heap_merges_as_the_rule_says(
            table in proptest::collection::btree_map("[abé]{2,5}", (-3_i8..3).prop_map(f32::from), 0..40),
            text in "[abcé]{0,40}",
        ) {
            prop_assert_eq!(merged(&table, &text), by_the_rule(&table, &text));
        }
    }
}
