//! A small strict JSON reader and the one writer (RFC 8785 without floating point).
//!
//! Own code because validity is voted: the reader must refuse exactly what the specification
//! refuses, keep repeated keys apart, and keep numbers as they are written.

mod parse;

use std::fmt::Write;

/// A JSON value as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// The number's text.
    Number(String),
    String(String),
    Array(Vec<Self>),
    /// In the order of the document, repeated keys included.
    Object(Vec<(String, Self)>),
}

/// Why a text is not JSON, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not JSON: {what} at byte {at}")]
pub struct JsonError {
    /// What was found or missing.
    pub what: &'static str,
    /// Offset from the start of the document.
    pub at: usize,
}

impl Value {
    /// Reads a document of at most `max_depth` containers open at once.
    ///
    /// Recursion is as deep as the containers; memory is a small multiple of the document.
    pub(crate) fn parse(bytes: &[u8], max_depth: u32) -> Result<Self, JsonError> {
        parse::document(bytes, max_depth)
    }

    /// The canonical text: keys in ASCII order, no white space, the shortest escapes.
    pub(crate) fn to_canonical(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(text) => out.push_str(text),
            Self::String(text) => write_string(text, out),
            Self::Array(items) => {
                write_list(out, ['[', ']'], items, |item, out| item.write(out));
            }
            Self::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by(|one, other| one.0.cmp(&other.0));
                write_list(out, ['{', '}'], fields, |(key, value), out| {
                    write_string(key, out);
                    out.push(':');
                    value.write(out);
                });
            }
        }
    }

    /// The values of exactly these fields, each there once and no other.
    pub(crate) fn fields<const N: usize>(self, names: [&str; N]) -> Result<[Self; N], String> {
        let Self::Object(mut fields) = self else {
            return Err(format!("want an object with the fields {names:?}"));
        };
        let mut values = Vec::with_capacity(N);
        for name in names {
            let Some(index) = fields.iter().position(|(key, _)| key == name) else {
                return Err(format!("the field {name:?} is missing"));
            };
            values.push(fields.remove(index).1);
        }
        if let Some((key, _)) = fields.first() {
            let key: String = key.chars().take(40).collect();
            return Err(format!("the field {key:?} is unknown or there twice"));
        }
        <[Self; N]>::try_from(values).map_err(|_| format!("want the fields {names:?}"))
    }

    /// The items of an array.
    pub(crate) fn array(self, field: &str) -> Result<Vec<Self>, String> {
        match self {
            Self::Array(items) => Ok(items),
            _ => Err(format!("{field:?} is not an array")),
        }
    }

    /// The text of a string.
    pub(crate) fn string(self, field: &str) -> Result<String, String> {
        match self {
            Self::String(text) => Ok(text),
            _ => Err(format!("{field:?} is not a string")),
        }
    }

    /// The digits of an integer `0|[1-9][0-9]*`, of any size.
    pub(crate) fn integer(self, field: &str) -> Result<String, String> {
        match self {
            Self::Number(digits) if is_integer(&digits) => Ok(digits),
            _ => Err(format!("{field:?} is not an integer of digits only")),
        }
    }

    /// An object with these fields, for writing.
    pub(crate) fn object<const N: usize>(fields: [(&str, Self); N]) -> Self {
        let named = fields.map(|(name, value)| (name.to_owned(), value));
        Self::Object(named.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        u64::from(number).into()
    }
}

/// Whether a text is `0|[1-9][0-9]*`.
pub(crate) fn is_integer(text: &str) -> bool {
    is_digits(text) && (text == "0" || !text.starts_with('0'))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn write_list<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
    out.push(close);
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' => {
                // Writing into a string cannot fail.
                write!(out, "\\u{:04x}", u32::from(char)).unwrap_or_default();
            }
            _ => out.push(char),
        }
    }
    out.push('"');
}
