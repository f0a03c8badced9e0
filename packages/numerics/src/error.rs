//! What can go wrong, by who has to act: the model's owner or the job's.

use crate::Kernel;
use std::fmt;

/// A tensor that cannot be packed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeError {
    /// A row is empty or not a whole number of blocks, or the size overflows.
    Columns {
        /// Name of the format.
        format: &'static str,
        /// Values in a row.
        got: usize,
        /// Values in a block of the format.
        block: usize,
    },
    /// The number of rows is zero or too large for this machine.
    Rows {
        /// Rows given.
        got: usize,
    },
    /// The bytes do not have the length that format and shape demand.
    Bytes {
        /// Length given.
        got: usize,
        /// Length wanted.
        want: usize,
    },
    /// A scale or a plain value is NaN or infinite.
    NotFinite {
        /// Row of the tensor.
        row: usize,
        /// Block in the row.
        block: usize,
    },
    /// The processor lacks the instructions of the kernel.
    Kernel(Kernel),
}

impl fmt::Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Columns { format, got, block } => write!(
                f,
                "got rows of {got} values, want a multiple of {block} for {format}: the file is damaged or not GGUF version 3"
            ),
            Self::Rows { got } => write!(
                f,
                "got {got} rows, want at least 1 and a size that fits memory"
            ),
            Self::Bytes { got, want } => {
                write!(
                    f,
                    "got {got} bytes of tensor data, want {want}: the file is cut short or damaged"
                )
            }
            Self::NotFinite { row, block } => write!(
                f,
                "got a scale or weight that is NaN or infinite in row {row}, block {block}, want finite values: use another file of this model"
            ),
            Self::Kernel(kernel) => write!(
                f,
                "got kernel {}, want one that this processor has: use Kernel::detect()",
                kernel.name()
            ),
        }
    }
}

impl std::error::Error for ShapeError {}

/// A model whose settings and tensors do not fit together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ModelError {
    /// A setting is out of range.
    Setting {
        /// Field of [`crate::Config`].
        name: &'static str,
        /// What is wanted of it.
        want: &'static str,
    },
    /// A tensor has another shape than the settings demand.
    Tensor {
        /// Field of [`crate::Weights`].
        name: &'static str,
        /// Layer, if the tensor belongs to one.
        layer: Option<usize>,
        /// Rows and columns given (a vector is one row).
        got: (usize, usize),
        /// Rows and columns wanted.
        want: (usize, usize),
    },
    /// A tensor or bias that the block lacks is there, or one that it has is not.
    Presence {
        /// Field of [`crate::Weights`].
        name: &'static str,
        /// Layer, if the tensor belongs to one.
        layer: Option<usize>,
        /// True if the tensor is missing, false if the block has none.
        wanted: bool,
    },
    /// Another number of layers than the settings say.
    Layers {
        /// Layers given.
        got: usize,
        /// Layers wanted.
        want: usize,
    },
    /// The processor lacks the instructions of the kernel.
    Kernel(Kernel),
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { name, want } => {
                write!(f, "model setting {name} is out of range, want {want}")
            }
            Self::Tensor {
                name,
                layer,
                got,
                want,
            } => {
                write!(f, "tensor {}", Place(name, *layer))?;
                write!(
                    f,
                    " has shape {}x{}, want {}x{}",
                    got.0, got.1, want.0, want.1
                )
            }
            Self::Presence {
                name,
                layer,
                wanted,
            } => {
                let (got, want) = if *wanted {
                    ("no", "one")
                } else {
                    ("a", "none")
                };
                let place = Place(name, *layer);
                write!(
                    f,
                    "got {got} tensor or bias {place}, want {want}: use the family's own tensors"
                )
            }
            Self::Layers { got, want } => write!(f, "got {got} layers, want {want}"),
            Self::Kernel(kernel) => ShapeError::Kernel(*kernel).fmt(f),
        }
    }
}

impl std::error::Error for ModelError {}

/// A tensor's name and layer, for messages.
struct Place<'a>(&'a str, Option<usize>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(layer) => write!(f, "{} of layer {layer}", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

/// The three points at which CN-1 section 1.3 tests for NaN and infinity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// An element of the input vector of a matrix product.
    MatrixInput,
    /// An attention score, before the maximum.
    Score,
    /// A logit.
    Logit,
}

impl Point {
    const fn name(self) -> &'static str {
        match self {
            Self::MatrixInput => "the input of a matrix product",
            Self::Score => "an attention score",
            Self::Logit => "a logit",
        }
    }
}

/// A job error of CN-1 section 1.3: deterministic, so every honest worker reports one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NumericError {
    /// NaN or infinity at one of the tested points.
    NotFinite {
        /// Which point.
        point: Point,
        /// Layer from 0; the number of layers for the head.
        layer: usize,
        /// Position of the token from 0.
        position: usize,
    },
    /// A token id that the vocabulary does not have.
    Token {
        /// The id.
        id: u32,
        /// Size of the vocabulary.
        vocab: usize,
    },
    /// No token was given.
    Empty,
    /// More tokens than the cache or the model's context has room for.
    ContextFull {
        /// Positions that would be in use.
        got: usize,
        /// Positions there are.
        room: usize,
    },
    /// The cache was made for a model of another shape.
    Cache,
}

impl fmt::Display for NumericError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite {
                point,
                layer,
                position,
            } => write!(
                f,
                "got NaN or infinity in {} (layer {layer}, position {position}), want finite values: this prompt has no answer under CN-1",
                point.name()
            ),
            Self::Token { id, vocab } => {
                write!(
                    f,
                    "got token id {id}, want less than the vocabulary's {vocab}"
                )
            }
            Self::Empty => write!(f, "got no token, want at least one"),
            Self::ContextFull { got, room } => {
                write!(
                    f,
                    "got {got} positions, want at most {room}: shorten the prompt or the answer"
                )
            }
            Self::Cache => write!(
                f,
                "got a cache made for another model, want one made by Cache::new with this model's config"
            ),
        }
    }
}

impl std::error::Error for NumericError {}
