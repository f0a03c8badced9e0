//! Own GGUF reader and preflight (content.md sect. 4): every check is made before any other code
//! sees a byte of the file, and each violation has an error of its own.

mod cursor;
mod error;
mod finite;
mod layout;
mod metadata;
mod settings;
mod tensors;
mod value;
mod weights;

pub use antiphon_numerics::Family;
pub use cursor::wide;
pub use error::GgufError;
pub use metadata::Metadata;
pub use settings::Settings;
pub use value::Value;
pub use weights::{BuildError, network, weights};

use antiphon_numerics::TensorType;
use cursor::Cursor;
use std::collections::BTreeMap;

/// Longest header (metadata and tensor list), content.md sect. 4.
pub const HEADER_LIMIT: usize = 16 << 20;
/// Most metadata entries: files of today have about 40.
const KEY_COUNT_LIMIT: u64 = 1024;
/// Most tensors: a llama of 126 blocks has 1,137.
const TENSOR_COUNT_LIMIT: u64 = 16_384;
/// Longest metadata key and tensor name; ggml itself allows 63 bytes for a name.
const NAME_LIMIT: u64 = 128;

/// One tensor: its shape and its bytes in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<'a> {
    /// Dimensions as in the file: the row length first.
    pub dims: Vec<u64>,
    /// How the values are stored.
    pub format: TensorType,
    /// The values.
    pub data: &'a [u8],
}

impl Tensor<'_> {
    /// The values of a vector, which the preflight wants as F32.
    #[must_use]
    pub fn floats(&self) -> Vec<f32> {
        let (words, _) = self.data.as_chunks::<4>();
        words.iter().map(|word| f32::from_le_bytes(*word)).collect()
    }

    /// Rows and columns of a matrix.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        let dim = |i: usize| {
            let size = self.dims.get(i).copied().unwrap_or(0);
            usize::try_from(size).unwrap_or(usize::MAX)
        };
        (dim(1), dim(0))
    }
}

/// A file that passed the preflight.
#[derive(Debug)]
pub struct Gguf<'a> {
    /// The metadata.
    pub metadata: Metadata<'a>,
    /// What the family reads from the metadata.
    pub settings: Settings,
    /// The tensors by name.
    pub tensors: BTreeMap<&'a str, Tensor<'a>>,
}

/// Reads a whole GGUF file and checks everything content.md sect. 4 names but its size and hash.
///
/// # Errors
/// The first rule the file breaks, in the order header, metadata, tensor list, layout, family,
/// values.
pub fn preflight(file: &[u8]) -> Result<Gguf<'_>, GgufError> {
    check(file).map_err(GgufError::clipped)
}

fn check(file: &[u8]) -> Result<Gguf<'_>, GgufError> {
    let header = file.get(..HEADER_LIMIT).unwrap_or(file);
    let mut cursor = Cursor::new(header);
    let (metadata, entries) = read_header(&mut cursor).map_err(|e| blame_limit(e, file.len()))?;
    let alignment = metadata.alignment()?;
    let data = layout::data_section(file, cursor.position(), alignment)?;
    let tensors = layout::place(entries, data, alignment)?;
    let settings = Settings::read(&metadata)?;
    tensors::check(&settings, &tensors)?;
    check_finite(&tensors)?;
    Ok(Gguf {
        metadata,
        settings,
        tensors,
    })
}

/// A header that ran out of its 16 MiB although the file goes on is too large, not cut short.
fn blame_limit(error: GgufError, file: usize) -> GgufError {
    match error {
        GgufError::Truncated { end, .. } if file > HEADER_LIMIT => GgufError::TooLarge {
            what: "the header (metadata and tensor list) in bytes",
            got: end,
            limit: wide(HEADER_LIMIT),
        },
        other => other,
    }
}

fn read_header<'a>(
    cursor: &mut Cursor<'a>,
) -> Result<(Metadata<'a>, Vec<layout::Entry<'a>>), GgufError> {
    let magic = cursor.magic()?;
    if magic != *b"GGUF" {
        return Err(GgufError::Magic { got: magic });
    }
    let version = cursor.u32("the version")?;
    if version != 3 {
        return Err(GgufError::Version { got: version });
    }
    let tensor_count = cursor.u64("the number of tensors")?;
    bounded("the number of tensors", tensor_count, TENSOR_COUNT_LIMIT)?;
    let key_count = cursor.u64("the number of metadata keys")?;
    bounded("the number of metadata keys", key_count, KEY_COUNT_LIMIT)?;
    let metadata = Metadata::read(cursor, key_count, NAME_LIMIT)?;
    let entries = layout::read_entries(cursor, tensor_count, NAME_LIMIT)?;
    Ok((metadata, entries))
}

fn bounded(what: &'static str, got: u64, limit: u64) -> Result<(), GgufError> {
    if got > limit {
        Err(GgufError::TooLarge { what, got, limit })
    } else {
        Ok(())
    }
}

fn check_finite(tensors: &BTreeMap<&str, Tensor<'_>>) -> Result<(), GgufError> {
    for (name, tensor) in tensors {
        if let Some(block) = finite::first_not_finite(tensor.format, tensor.data) {
            return Err(GgufError::NotFinite {
                tensor: (*name).to_owned(),
                block,
            });
        }
    }
    Ok(())
}
