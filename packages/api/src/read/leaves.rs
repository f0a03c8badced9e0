//! What messages are made of: numbers, texts, and things that have a text form.

use std::fmt::Display;
use std::str::FromStr;

use antiphon_content::{Cid, Codec, Hex};
use cosmwasm_std::{HexBinary, Uint128};

use super::{Read, Reading, Value};

impl Reading {
    #[inline(never)]
    fn number(&mut self, value: &Value, most: u64) -> u64 {
        match value {
            Value::Number(number) if *number <= most => return *number,
            Value::Number(number) => self.refuse(&number.to_string(), &format!("0 to {most}")),
            other => self.refuse(other.kind(), "a number"),
        }
        0
    }

    #[inline(never)]
    pub(super) fn text(&mut self, value: Value) -> String {
        if let Value::Text(text) = value {
            return text;
        }
        self.refuse(value.kind(), "a text");
        String::new()
    }

    fn parsed<T: FromStr<Err: Display>>(&mut self, value: Value) -> Option<T> {
        let Value::Text(text) = value else {
            self.refuse(value.kind(), "a text");
            return None;
        };
        let parsed = text.parse::<T>();
        parsed.map_err(|error| self.unreadable(&error)).ok()
    }

    #[inline(never)]
    fn unreadable(&mut self, error: &dyn Display) {
        if self.fault.is_none() {
            self.fault = Some(format!("{}: {error}", self.at));
        }
    }
}

impl Read for u64 {
    fn read(value: Value, reading: &mut Reading) -> Self {
        reading.number(&value, Self::MAX)
    }
}

macro_rules! smaller {
    ($($number:ty)*) => {$(
        impl Read for $number {
            fn read(value: Value, reading: &mut Reading) -> Self {
                let number = reading.number(&value, Self::MAX.into());
                Self::try_from(number).unwrap_or_default()
            }
        }
    )*};
}

smaller!(u8 u16 u32);

impl Read for bool {
    fn read(value: Value, reading: &mut Reading) -> Self {
        if let Value::Bool(truth) = value {
            return truth;
        }
        reading.refuse(value.kind(), "true or false");
        false
    }
}

impl Read for String {
    fn read(value: Value, reading: &mut Reading) -> Self {
        reading.text(value)
    }
}

impl Read for Uint128 {
    fn read(value: Value, reading: &mut Reading) -> Self {
        Self::new(reading.parsed(value).unwrap_or_default())
    }
}

impl Read for Cid {
    fn read(value: Value, reading: &mut Reading) -> Self {
        let parsed = reading.parsed(value);
        parsed.unwrap_or_else(|| Self::new(Codec::Raw, [0; 32]))
    }
}

impl<const N: usize> Read for Hex<N> {
    fn read(value: Value, reading: &mut Reading) -> Self {
        reading.parsed(value).unwrap_or(Self([0; N]))
    }
}

impl Read for HexBinary {
    fn read(value: Value, reading: &mut Reading) -> Self {
        let text = reading.text(value);
        Self::from_hex(&text).unwrap_or_else(|_| {
            reading.refuse("another text", "an even number of hex digits");
            Self::from(Vec::new())
        })
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: Value, reading: &mut Reading) -> Self {
        match value {
            Value::Null => None,
            value => Some(T::read(value, reading)),
        }
    }

    fn absent(_: &mut Reading) -> Self {
        None
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(value: Value, reading: &mut Reading) -> Self {
        let Value::List(values) = value else {
            reading.refuse(value.kind(), "a list");
            return Self::new();
        };
        values
            .into_iter()
            .map(|value| T::read(value, reading))
            .collect()
    }
}
