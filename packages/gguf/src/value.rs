//! Metadata values, borrowed from the file.

use super::GgufError;
use super::cursor::Cursor;

/// Longest string value. Chat templates are the longest that occur (tens of kilobytes).
const STRING_LIMIT: u64 = 1 << 20;

/// A metadata value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Any unsigned integer type.
    Unsigned(u64),
    /// Any signed integer type.
    Signed(i64),
    /// A 32-bit float.
    F32(f32),
    /// A 64-bit float.
    F64(f64),
    /// A boolean.
    Bool(bool),
    /// A string.
    Str(&'a str),
    /// An array of strings.
    Strings(Vec<&'a str>),
    /// An array of 32-bit signed integers, the type of `tokenizer.ggml.token_type`.
    I32s(Vec<i32>),
    /// An array of another scalar type: its raw bytes, which nothing here reads.
    Scalars {
        /// GGUF type number of the elements.
        kind: u32,
        /// The elements, little endian.
        bytes: &'a [u8],
    },
}

impl Value<'_> {
    /// The name of the type, for error texts.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Unsigned(_) => "an unsigned integer",
            Self::Signed(_) => "a signed integer",
            Self::F32(_) => "a 32-bit float",
            Self::F64(_) => "a 64-bit float",
            Self::Bool(_) => "a boolean",
            Self::Str(_) => "a string",
            Self::Strings(_) => "an array of strings",
            Self::I32s(_) => "an array of 32-bit integers",
            Self::Scalars { .. } => "an array of numbers",
        }
    }
}

/// Bytes of one element of a scalar type, `None` for strings, arrays and unknown types.
const fn scalar_bytes(kind: u32) -> Option<u64> {
    match kind {
        0 | 1 | 7 => Some(1),
        2 | 3 => Some(2),
        4..=6 => Some(4),
        10..=12 => Some(8),
        _ => None,
    }
}

/// Reads the value of `key`: a type number, then the value.
pub(super) fn read<'a>(cursor: &mut Cursor<'a>, key: &str) -> Result<Value<'a>, GgufError> {
    const WHAT: &str = "a metadata value";
    let kind = cursor.u32(WHAT)?;
    Ok(match kind {
        0 => Value::Unsigned(cursor.u8(WHAT)?.into()),
        1 => Value::Signed(cursor.u8(WHAT)?.cast_signed().into()),
        2 => Value::Unsigned(cursor.u16(WHAT)?.into()),
        3 => Value::Signed(cursor.u16(WHAT)?.cast_signed().into()),
        4 => Value::Unsigned(cursor.u32(WHAT)?.into()),
        5 => Value::Signed(cursor.u32(WHAT)?.cast_signed().into()),
        6 => Value::F32(f32::from_bits(cursor.u32(WHAT)?)),
        7 => Value::Bool(boolean(cursor.u8(WHAT)?, key)?),
        8 => Value::Str(cursor.string(STRING_LIMIT, "a metadata string")?),
        9 => array(cursor, key)?,
        10 => Value::Unsigned(cursor.u64(WHAT)?),
        11 => Value::Signed(cursor.u64(WHAT)?.cast_signed()),
        12 => Value::F64(f64::from_bits(cursor.u64(WHAT)?)),
        got => {
            return Err(GgufError::ValueType {
                key: key.to_owned(),
                got,
            });
        }
    })
}

fn boolean(got: u8, key: &str) -> Result<bool, GgufError> {
    match got {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(GgufError::Bool {
            key: key.to_owned(),
            got,
        }),
    }
}

fn array<'a>(cursor: &mut Cursor<'a>, key: &str) -> Result<Value<'a>, GgufError> {
    const WHAT: &str = "a metadata array";
    let kind = cursor.u32(WHAT)?;
    let count = cursor.u64(WHAT)?;
    if kind == 8 {
        return strings(cursor, count);
    }
    let Some(size) = scalar_bytes(kind) else {
        return Err(GgufError::ValueType {
            key: key.to_owned(),
            got: kind,
        });
    };
    let bytes = cursor.take(count.saturating_mul(size), WHAT)?;
    if kind != 5 {
        return Ok(Value::Scalars { kind, bytes });
    }
    let (words, _) = bytes.as_chunks::<4>();
    Ok(Value::I32s(
        words.iter().map(|word| i32::from_le_bytes(*word)).collect(),
    ))
}

/// The list grows as strings are read, so a wrong count costs no memory; each string takes at
/// least eight bytes of a header that is at most 16 MiB.
fn strings<'a>(cursor: &mut Cursor<'a>, count: u64) -> Result<Value<'a>, GgufError> {
    let mut list = Vec::new();
    for _ in 0..count {
        list.push(cursor.string(STRING_LIMIT, "a string of a metadata array")?);
    }
    Ok(Value::Strings(list))
}
