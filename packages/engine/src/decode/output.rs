//! Raw output bytes, stop strings, and the text that is made of them at the end (cn-1.md 7.4).

/// Longest answer file in bytes.
pub const OUTPUT_LIMIT: usize = 65_536;
/// Raw bytes that are kept. Each raw byte but the last three gives at least one byte of text, so
/// this many decide the first [`OUTPUT_LIMIT`] bytes of text, and whether there are more.
const KEPT: usize = OUTPUT_LIMIT + 16;

/// The output of a job while it grows. Memory is bounded whatever the tokens hold.
#[derive(Debug)]
pub struct Output<'s> {
    stop: &'s [String],
    /// The first [`KEPT`] raw bytes.
    head: Vec<u8>,
    /// Number of raw bytes, kept or not.
    total: usize,
    /// The last raw bytes, as many as the start of a stop string may hide in.
    tail: Vec<u8>,
}

impl<'s> Output<'s> {
    /// An empty output, watched for these strings.
    #[must_use]
    pub const fn new(stop: &'s [String]) -> Self {
        Self {
            stop,
            head: Vec::new(),
            total: 0,
            tail: Vec::new(),
        }
    }

    /// Appends the bytes of a token. True if a stop string now occurs: the output is cut at its
    /// earliest start, and nothing may be pushed any more.
    pub fn push(&mut self, bytes: &[u8]) -> bool {
        let window_start = self.total.saturating_sub(self.tail.len());
        let mut window = std::mem::take(&mut self.tail);
        window.extend_from_slice(bytes);
        self.total = self.total.saturating_add(bytes.len());
        let room = KEPT.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend(bytes.iter().take(room));
        if let Some(at) = earliest(&window, self.stop) {
            self.total = window_start.saturating_add(at);
            self.head.truncate(self.total);
            return true;
        }
        let longest = self.stop.iter().map(String::len).max().unwrap_or(0);
        let drop = window.len().saturating_sub(longest.saturating_sub(1));
        window.drain(..drop);
        self.tail = window;
        false
    }

    /// The answer file, and whether it was cut at [`OUTPUT_LIMIT`].
    #[must_use]
    pub fn into_text(self) -> (String, bool) {
        let complete = without_incomplete_tail(&self.head);
        let mut text = String::from_utf8_lossy(complete).into_owned();
        let cut = text.len() > OUTPUT_LIMIT;
        text.truncate(text.floor_char_boundary(OUTPUT_LIMIT));
        (text, cut)
    }
}

/// Where the first of the strings starts; only the start matters, not which one it is.
fn earliest(window: &[u8], stop: &[String]) -> Option<usize> {
    let find = |needle: &[u8]| window.windows(needle.len()).position(|part| part == needle);
    stop.iter()
        .filter(|s| !s.is_empty())
        .filter_map(|s| find(s.as_bytes()))
        .min()
}

/// Drops an unfinished but so far well-formed UTF-8 sequence at the very end (at most 3 bytes).
fn without_incomplete_tail(bytes: &[u8]) -> &[u8] {
    let last = bytes
        .utf8_chunks()
        .last()
        .map_or(&[][..], |chunk| chunk.invalid());
    let unfinished = std::str::from_utf8(last).is_err_and(|e| e.error_len().is_none());
    let keep = if unfinished {
        bytes.len().saturating_sub(last.len())
    } else {
        bytes.len()
    };
    bytes.get(..keep).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text_of(parts: &[&[u8]], stop: &[String]) -> (String, bool) {
        let mut output = Output::new(stop);
        for part in parts {
            if output.push(part) {
                break;
            }
        }
        output.into_text()
    }

    #[test]
    fn an_incomplete_character_at_the_end_is_dropped_and_a_broken_one_inside_is_replaced() {
        assert_eq!(text_of(&[b"ok \xf0\x9f\x99"], &[]).0, "ok ");
        assert_eq!(text_of(&[b"a\xa1b"], &[]).0, "a\u{fffd}b");
        assert_eq!(text_of(&[b"a\xf0\x9fz"], &[]).0, "a\u{fffd}z");
        assert_eq!(text_of(&[b"a\xff"], &[]).0, "a\u{fffd}");
        assert_eq!(text_of(&[b"a\xe0\x80"], &[]).0, "a\u{fffd}\u{fffd}");
    }

    #[test]
    fn an_answer_of_exactly_the_limit_is_whole_and_one_more_byte_cuts_it() {
        let whole = vec![b'a'; OUTPUT_LIMIT];
        assert_eq!(text_of(&[&whole], &[]), ("a".repeat(OUTPUT_LIMIT), false));
        assert_eq!(
            text_of(&[&whole, b"a"], &[]),
            ("a".repeat(OUTPUT_LIMIT), true)
        );
        // A three-byte character that does not fit is left out whole.
        let text = text_of(&[&whole[2..], "\u{4e00}".as_bytes()], &[]);
        assert_eq!(text, ("a".repeat(OUTPUT_LIMIT - 2), true));
    }

    #[test]
    fn replacement_characters_count_towards_the_limit() {
        let (text, cut) = text_of(&[&vec![0xff; OUTPUT_LIMIT]], &[]);
        assert!(cut);
        assert_eq!(text.len(), OUTPUT_LIMIT - 1);
        assert_eq!(text.chars().count(), 21_845);
    }

    #[test]
    fn a_stop_string_far_beyond_the_limit_still_stops() {
        let stop = ["xyz".to_owned()];
        let mut output = Output::new(&stop);
        assert!(!output.push(&vec![b'a'; 10 * OUTPUT_LIMIT]));
        assert!(!output.push(b"xy"));
        assert!(output.push(b"z"));
        let (text, cut) = output.into_text();
        assert!(cut);
        assert_eq!(text.len(), OUTPUT_LIMIT);
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same_text(
            bytes in proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), any::<u8>()], 0..80),
            cuts in proptest::collection::vec(1_usize..6, 80),
            stop in proptest::collection::vec("[ab]{1,3}", 0..3),
        ) {
            let mut parts = Vec::new();
            let mut rest = &bytes[..];
            for cut in cuts {
                let (part, after) = rest.split_at(cut.min(rest.len()));
                parts.push(part);
                rest = after;
            }
            // Reference: grow the whole output and search all of it after each piece.
            let mut all = Vec::new();
            for part in &parts {
                all.extend_from_slice(part);
                if let Some(at) = earliest(&all, &stop) {
                    all.truncate(at);
                    break;
                }
            }
            let reference = String::from_utf8_lossy(without_incomplete_tail(&all)).into_owned();
            prop_assert_eq!(text_of(&parts, &stop).0, reference);
        }
    }
}
