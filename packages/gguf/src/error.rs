//! What can be wrong with a model file; one variant for each rule it can break.

/// A violation of the GGUF preflight. Each text says what was got, what was wanted and what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GgufError {
    /// A field reaches past the end of the file.
    #[error(
        "the file has {size} bytes, but {what} needs bytes up to {end}: it is cut short or damaged; fetch it again"
    )]
    Truncated {
        /// The field that was read.
        what: &'static str,
        /// First byte after the field.
        end: u64,
        /// Length of the file.
        size: u64,
    },
    /// The first four bytes are not `GGUF`.
    #[error("the file starts with {got:02x?}, wanted 'GGUF' (47 47 55 46): this is no GGUF model")]
    Magic {
        /// The first four bytes.
        got: [u8; 4],
    },
    /// Only version 3, little endian, is read.
    #[error("GGUF version {got}, wanted 3: convert the file with a current converter")]
    Version {
        /// The version in the file.
        got: u32,
    },
    /// A count or a length is above its bound.
    #[error(
        "{what} is {got}, at most {limit} is read: the file is damaged or hostile; do not use it"
    )]
    TooLarge {
        /// What was counted.
        what: &'static str,
        /// The value in the file.
        got: u64,
        /// The bound.
        limit: u64,
    },
    /// A string is not UTF-8.
    #[error("{what} at byte {at} is not UTF-8: the file is damaged; fetch it again")]
    NotUtf8 {
        /// Which string.
        what: &'static str,
        /// Its offset.
        at: u64,
    },
    /// A value type the reader does not know, or that has no place there (arrays in arrays).
    #[error("metadata key {key:?} has value type {got}, wanted a scalar, a string or a flat array")]
    ValueType {
        /// The key.
        key: String,
        /// The type number in the file.
        got: u32,
    },
    /// A boolean is neither 0 nor 1.
    #[error("metadata key {key:?} holds the boolean {got}, wanted 0 or 1: the file is damaged")]
    Bool {
        /// The key.
        key: String,
        /// The byte in the file.
        got: u8,
    },
    /// A key occurs twice.
    #[error("metadata key {key:?} occurs twice, wanted once: readers would disagree on its value")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A key that is not on the list of what this family reads.
    #[error(
        "metadata key {key:?} is not known for family {family:?}: it may change what the model computes, so the file is refused"
    )]
    UnknownKey {
        /// The key.
        key: String,
        /// The architecture.
        family: String,
    },
    /// A key that is needed is absent.
    #[error("metadata key {key:?} is missing: convert the model again with a current converter")]
    MissingKey {
        /// The key.
        key: String,
    },
    /// A key has a value of another type than wanted.
    #[error("metadata key {key:?} is {got}, wanted {want}")]
    WrongType {
        /// The key.
        key: String,
        /// What the file has.
        got: &'static str,
        /// What is read.
        want: &'static str,
    },
    /// A setting out of its range, or at odds with another one.
    #[error("{key} is {got}, wanted {want}")]
    Setting {
        /// The key or the rule.
        key: String,
        /// What the file has.
        got: String,
        /// What is wanted.
        want: String,
    },
    /// The alignment is no power of two up to 4096.
    #[error("general.alignment is {got}, wanted a power of two from 1 to 4096")]
    Alignment {
        /// The value in the file.
        got: u64,
    },
    /// A family this engine does not run.
    #[error("general.architecture is {got:?}, this engine runs: {known}")]
    UnsupportedFamily {
        /// The value in the file.
        got: String,
        /// What is known.
        known: String,
    },
    /// A tensor has no dimension or more than four.
    #[error("tensor {tensor:?} has {got} dimensions, wanted 1 to 4")]
    Dimensions {
        /// Its name.
        tensor: String,
        /// Number of dimensions.
        got: u32,
    },
    /// A tensor's size does not fit 64 bits, or a dimension is zero.
    #[error("tensor {tensor:?} has shape {dims:?}: its size is zero or does not fit 64 bits")]
    ShapeOverflow {
        /// Its name.
        tensor: String,
        /// Its dimensions.
        dims: Vec<u64>,
    },
    /// A tensor type CN-1 does not define.
    #[error("tensor {tensor:?} has type {got}, wanted one of 0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 30")]
    TensorType {
        /// Its name.
        tensor: String,
        /// The type number.
        got: u32,
    },
    /// A row is not a whole number of blocks.
    #[error("tensor {tensor:?} has rows of {got} values, wanted a multiple of {block}")]
    RowLength {
        /// Its name.
        tensor: String,
        /// Values in a row.
        got: u64,
        /// Values in a block.
        block: u64,
    },
    /// A tensor name occurs twice.
    #[error("tensor {tensor:?} occurs twice, wanted once: readers would disagree on its values")]
    DuplicateTensor {
        /// Its name.
        tensor: String,
    },
    /// An offset is no multiple of the alignment.
    #[error("tensor {tensor:?} starts at {offset}, wanted a multiple of {alignment}")]
    Misaligned {
        /// Its name.
        tensor: String,
        /// Offset in the data section.
        offset: u64,
        /// The file's alignment.
        alignment: u64,
    },
    /// A tensor reaches past the end of the file.
    #[error(
        "tensor {tensor:?} needs bytes {offset} to {end} of the data, the file has {have}: it is cut short; fetch it again"
    )]
    OutOfFile {
        /// Its name.
        tensor: String,
        /// Offset in the data section.
        offset: u64,
        /// First byte after it.
        end: u64,
        /// Bytes in the data section.
        have: u64,
    },
    /// Two tensors share bytes.
    #[error("tensors {first:?} and {second:?} overlap at byte {at} of the data")]
    Overlap {
        /// The one that starts first.
        first: String,
        /// The other one.
        second: String,
        /// Where the second one starts.
        at: u64,
    },
    /// Bytes in the data section that belong to no tensor and are no padding.
    #[error(
        "{got} bytes at {at} of the data belong to no tensor, wanted at most the padding to {alignment} bytes"
    )]
    Gap {
        /// Where they start.
        at: u64,
        /// How many there are.
        got: u64,
        /// The file's alignment.
        alignment: u64,
    },
    /// NaN or infinity in a scale or a weight.
    #[error("tensor {tensor:?} has a value or scale that is not finite, in block {block}")]
    NotFinite {
        /// Its name.
        tensor: String,
        /// Index of the block (or value).
        block: u64,
    },
    /// A tensor of the family is absent.
    #[error("tensor {tensor:?} is missing: this is not a whole {family} model")]
    MissingTensor {
        /// Its name.
        tensor: String,
        /// The architecture.
        family: &'static str,
    },
    /// A tensor the family does not have.
    #[error(
        "tensor {tensor:?} does not belong to family {family}: it would be ignored, so the file is refused"
    )]
    UnknownTensor {
        /// Its name.
        tensor: String,
        /// The architecture.
        family: &'static str,
    },
    /// A tensor with another shape than the settings demand.
    #[error("tensor {tensor:?} has shape {got:?}, wanted {want:?}")]
    Shape {
        /// Its name.
        tensor: String,
        /// In the file.
        got: Vec<u64>,
        /// By the settings.
        want: Vec<u64>,
    },
    /// A vector (norm, factor) that is not stored as F32.
    #[error("tensor {tensor:?} has type {got}, wanted F32 (0)")]
    VectorType {
        /// Its name.
        tensor: String,
        /// The type number.
        got: u32,
    },
    /// A vocabulary, a merge or a token type the tokenizer cannot use.
    #[error("tokenizer: {what} is {got}, wanted {want}")]
    Tokenizer {
        /// Which part.
        what: String,
        /// In the file.
        got: String,
        /// What is wanted.
        want: String,
    },
}

/// Longest text of a file that an error repeats, in bytes: a hostile file may hold a megabyte.
const SHOWN_LIMIT: usize = 160;

impl GgufError {
    /// The same error with less of the file's text in it.
    #[must_use]
    pub fn clipped(mut self) -> Self {
        if let Self::UnsupportedFamily { got, .. }
        | Self::Setting { got, .. }
        | Self::Tokenizer { got, .. } = &mut self
            && got.len() > SHOWN_LIMIT
        {
            got.truncate(got.floor_char_boundary(SHOWN_LIMIT));
            got.push('\u{2026}');
        }
        self
    }
}
