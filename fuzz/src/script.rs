//! Bytes read as choices: whatever a fuzzer writes means something, and short inputs mean little.

/// Numbers near which size checks fail.
const NUMBERS: [u64; 28] = [
    0,
    1,
    2,
    3,
    4,
    5,
    15,
    16,
    31,
    32,
    33,
    64,
    127,
    128,
    255,
    256,
    4096,
    8192,
    1 << 20,
    (1 << 20) + 1,
    1 << 31,
    0xffff_ffff,
    1 << 33,
    1 << 59,
    1 << 61,
    1 << 63,
    u64::MAX - 31,
    u64::MAX,
];
const FLOATS: [f32; 12] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    1e-45,
    1e38,
    -1e38,
    f32::MAX,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    10_000.0,
];
const TEXTS: [&str; 20] = [
    "",
    " ",
    "a",
    "b",
    "ab",
    "a b",
    "\u{2581}",
    "\u{2581}\u{2581}",
    "\n\n",
    "<s>",
    "<0x41>",
    "<0xZZ>",
    "<start_of_turn>",
    "\u{120}",
    "\u{4e00}",
    "\0",
    "none",
    "linear",
    "llama",
    "gpt2",
];

/// The choices still to be made; zeros when they have run out.
pub(crate) struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) const fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            None => 0,
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
        }
    }

    /// An index below `count`, 0 if there is none.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        let drawn = usize::from(u16::from_le_bytes([self.byte(), self.byte()]));
        drawn.checked_rem(count).unwrap_or(0)
    }

    pub(crate) fn pick<'t, T>(&mut self, list: &'t [T]) -> Option<&'t T> {
        list.get(self.below(list.len()))
    }

    pub(crate) fn pick_mut<'t, T>(&mut self, list: &'t mut [T]) -> Option<&'t mut T> {
        let at = self.below(list.len());
        list.get_mut(at)
    }

    /// A number near a limit, or any of 64 bits.
    pub(crate) fn number(&mut self) -> u64 {
        let first = self.byte();
        match NUMBERS.get(usize::from(first)) {
            Some(number) => *number,
            None if first < 128 => u64::from(self.byte()),
            None => u64::from_le_bytes([(); 8].map(|()| self.byte())),
        }
    }

    pub(crate) fn number32(&mut self) -> u32 {
        let number = self.number();
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    pub(crate) fn float(&mut self) -> f32 {
        let first = self.byte();
        let bits =
            |script: &mut Self| f32::from_bits(u32::from_le_bytes([(); 4].map(|()| script.byte())));
        FLOATS
            .get(usize::from(first))
            .copied()
            .unwrap_or_else(|| bits(self))
    }

    pub(crate) fn text(&mut self) -> String {
        let first = self.byte();
        match TEXTS.get(usize::from(first)) {
            Some(text) => (*text).to_owned(),
            None if first == u8::MAX => "x".repeat(self.below(70_000)),
            None => String::from_utf8_lossy(self.bytes(usize::from(first % 16))).into_owned(),
        }
    }

    pub(crate) fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(count).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }

    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }
}
