//! The metadata table and typed access to it.

use super::GgufError;
use super::cursor::Cursor;
use super::value::{self, Value};
use std::collections::BTreeMap;

/// The metadata of a file, each key once.
#[derive(Debug)]
pub struct Metadata<'a> {
    values: BTreeMap<&'a str, Value<'a>>,
}

impl<'a> Metadata<'a> {
    pub(super) fn read(
        cursor: &mut Cursor<'a>,
        count: u64,
        name_limit: u64,
    ) -> Result<Self, GgufError> {
        let mut values = BTreeMap::new();
        for _ in 0..count {
            let key = cursor.string(name_limit, "a metadata key")?;
            let value = value::read(cursor, key)?;
            if values.insert(key, value).is_some() {
                return Err(GgufError::DuplicateKey {
                    key: key.to_owned(),
                });
            }
        }
        Ok(Self { values })
    }

    /// The value of a key, if present.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value<'a>> {
        self.values.get(key)
    }

    /// All keys, ascending.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.values.keys().copied()
    }

    /// `general.alignment`, 32 if absent.
    pub(super) fn alignment(&self) -> Result<u64, GgufError> {
        let got = self.optional_unsigned("general.alignment")?.unwrap_or(32);
        if got.is_power_of_two() && got <= 4096 {
            Ok(got)
        } else {
            Err(GgufError::Alignment { got })
        }
    }

    /// A non-negative integer of any width, if present.
    ///
    /// # Errors
    /// [`GgufError::WrongType`] for any other value.
    pub fn optional_unsigned(&self, key: &str) -> Result<Option<u64>, GgufError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Unsigned(n)) => Ok(Some(*n)),
            Some(Value::Signed(n)) => {
                u64::try_from(*n)
                    .map(Some)
                    .map_err(|_| GgufError::WrongType {
                        key: key.to_owned(),
                        got: "negative",
                        want: "a non-negative integer",
                    })
            }
            Some(other) => Err(wrong_type(key, other, "an integer")),
        }
    }

    /// A non-negative integer that fits 32 bits, if present.
    ///
    /// # Errors
    /// A wrong type, or a value that is too large.
    pub fn optional_u32(&self, key: &str) -> Result<Option<u32>, GgufError> {
        let Some(got) = self.optional_unsigned(key)? else {
            return Ok(None);
        };
        u32::try_from(got)
            .map(Some)
            .map_err(|_| GgufError::TooLarge {
                what: "an integer setting",
                got,
                limit: u32::MAX.into(),
            })
    }

    /// As [`Self::optional_u32`], for a key that must be there.
    ///
    /// # Errors
    /// [`GgufError::MissingKey`] as well.
    pub fn u32(&self, key: &str) -> Result<u32, GgufError> {
        self.optional_u32(key)?.ok_or_else(|| missing(key))
    }

    /// A 32-bit float, if present.
    ///
    /// # Errors
    /// [`GgufError::WrongType`] for any other value; a 64-bit float too, since rounding it here
    /// would be one more place where programs can differ.
    pub fn optional_f32(&self, key: &str) -> Result<Option<f32>, GgufError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::F32(x)) => Ok(Some(*x)),
            Some(other) => Err(wrong_type(key, other, "a 32-bit float")),
        }
    }

    /// A boolean, if present.
    ///
    /// # Errors
    /// [`GgufError::WrongType`] for any other value.
    pub fn optional_bool(&self, key: &str) -> Result<Option<bool>, GgufError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Bool(b)) => Ok(Some(*b)),
            Some(other) => Err(wrong_type(key, other, "a boolean")),
        }
    }

    /// A string, if present.
    ///
    /// # Errors
    /// [`GgufError::WrongType`] for any other value.
    pub fn optional_str(&self, key: &str) -> Result<Option<&'a str>, GgufError> {
        match self.get(key) {
            None => Ok(None),
            Some(Value::Str(s)) => Ok(Some(s)),
            Some(other) => Err(wrong_type(key, other, "a string")),
        }
    }

    /// As [`Self::optional_str`], for a key that must be there.
    ///
    /// # Errors
    /// [`GgufError::MissingKey`] as well.
    pub fn str(&self, key: &str) -> Result<&'a str, GgufError> {
        self.optional_str(key)?.ok_or_else(|| missing(key))
    }

    /// An array of strings that must be there.
    ///
    /// # Errors
    /// A missing key or a wrong type.
    pub fn strings(&self, key: &str) -> Result<&[&'a str], GgufError> {
        match self.get(key) {
            None => Err(missing(key)),
            Some(Value::Strings(list)) => Ok(list),
            Some(other) => Err(wrong_type(key, other, "an array of strings")),
        }
    }

    /// An array of 32-bit signed integers that must be there, with a known length.
    ///
    /// # Errors
    /// A missing key, a wrong type or a wrong length.
    pub fn i32s(&self, key: &str, length: usize) -> Result<&[i32], GgufError> {
        match self.get(key) {
            None => Err(missing(key)),
            Some(Value::I32s(list)) => {
                check_length(key, list.len(), length)?;
                Ok(list)
            }
            Some(other) => Err(wrong_type(key, other, "an array of 32-bit signed integers")),
        }
    }

    /// An array of 32-bit floats that must be there, with a known length.
    ///
    /// # Errors
    /// A missing key, a wrong type or a wrong length.
    pub fn f32s(&self, key: &str, length: usize) -> Result<Vec<f32>, GgufError> {
        match self.get(key) {
            None => Err(missing(key)),
            Some(Value::Scalars { kind: 6, bytes }) => {
                let (words, _) = bytes.as_chunks::<4>();
                check_length(key, words.len(), length)?;
                Ok(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
            }
            Some(other) => Err(wrong_type(key, other, "an array of 32-bit floats")),
        }
    }
}

fn check_length(key: &str, got: usize, want: usize) -> Result<(), GgufError> {
    if got == want {
        return Ok(());
    }
    Err(GgufError::Setting {
        key: format!("the length of {key}"),
        got: got.to_string(),
        want: want.to_string(),
    })
}

fn missing(key: &str) -> GgufError {
    GgufError::MissingKey {
        key: key.to_owned(),
    }
}

fn wrong_type(key: &str, value: &Value<'_>, want: &'static str) -> GgufError {
    GgufError::WrongType {
        key: key.to_owned(),
        got: value.type_name(),
        want,
    }
}
