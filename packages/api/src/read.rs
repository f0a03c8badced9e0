//! Reads messages from JSON in few bytes of code.
//!
//! A derived reader takes 1.6 kB of wasm for each struct and each variant, and a chain limits a
//! contract's bytes. So one reader turns JSON into a small tree, and messages pick their fields out
//! of it. They are at least as strict as derived readers: unknown, absent and doubled fields are
//! refused, and so are lists in the place of objects.

mod leaves;
mod messages;
mod tree;

pub(crate) use tree::Value;

/// What was refused; reading goes on with any value of the type, so that no half-read message has to
/// be taken apart on many ways out. The whole is refused at its end.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    fault: Option<String>,
    /// The field that was taken last.
    at: &'static str,
}

/// A type that is read from a tree.
pub(crate) trait Read: Sized {
    /// The value, or any one of this type after [`Reading::refuse`].
    fn read(value: Value, reading: &mut Reading) -> Self;

    /// What stands for a field that is not there.
    fn absent(reading: &mut Reading) -> Self {
        reading.refuse("no such field", "one");
        Self::read(Value::Null, reading)
    }
}

impl Reading {
    /// Notes a fault; the first one counts.
    #[inline(never)]
    fn refuse(&mut self, got: &str, want: &str) {
        if self.fault.is_none() {
            self.fault = Some(format!("{}: got {got}, want {want}", self.at));
        }
    }

    /// Key and content of an object with one field: a variant of an enum.
    #[inline(never)]
    fn variant(&mut self, value: Value, what: &'static str) -> (String, Value) {
        self.at = what;
        match value {
            Value::Object(mut fields) if fields.len() == 1 => {
                fields.pop().unwrap_or_else(|| (String::new(), Value::Null))
            }
            Value::Object(fields) => {
                let got = fields.len().to_string();
                self.refuse(&got, "exactly one key");
                (String::new(), Value::Null)
            }
            other => {
                self.refuse(other.kind(), "an object with one key");
                (String::new(), Value::Null)
            }
        }
    }
}

/// The fields of an object, taken one by one.
pub(crate) struct Fields<'a> {
    left: Vec<(String, Value)>,
    reading: &'a mut Reading,
    what: &'static str,
}

impl<'a> Fields<'a> {
    #[inline(never)]
    fn of(value: Value, reading: &'a mut Reading, what: &'static str) -> Self {
        reading.at = what;
        let left = match value {
            Value::Object(fields) => fields,
            other => {
                reading.refuse(other.kind(), "an object");
                Vec::new()
            }
        };
        Self {
            left,
            reading,
            what,
        }
    }

    #[inline(never)]
    fn find(&mut self, key: &'static str) -> Option<Value> {
        self.reading.at = key;
        let at = self.left.iter().position(|(name, _)| name == key)?;
        Some(self.left.swap_remove(at).1)
    }

    #[inline(never)]
    fn take<T: Read>(&mut self, key: &'static str) -> T {
        match self.find(key) {
            Some(value) => T::read(value, self.reading),
            None => T::absent(self.reading),
        }
    }

    /// Refuses what nobody took: an unknown field, or the second one of a name.
    #[inline(never)]
    fn end(self) {
        if let Some((name, _)) = self.left.first() {
            let got: String = name.chars().take(80).collect();
            self.reading.at = self.what;
            self.reading
                .refuse(&format!("the field {got:?}"), "only known ones, once each");
        }
    }
}

/// The whole message.
fn whole<T: Read>(value: Value) -> Result<T, String> {
    let mut reading = Reading::default();
    let read = T::read(value, &mut reading);
    match reading.fault {
        None => Ok(read),
        Some(fault) => Err(fault),
    }
}

/// Makes types readable: names of fields are those of JSON; of variants, both names are given.
macro_rules! readable {
    ($(struct $name:ident { $($field:ident),* $(,)? })*) => {$(
        impl Read for $name {
            #[allow(unused_mut, reason = "messages without fields take none")]
            #[inline(never)]
            fn read(value: Value, reading: &mut Reading) -> Self {
                let mut fields = Fields::of(value, reading, stringify!($name));
                let read = Self { $($field: fields.take(stringify!($field))),* };
                fields.end();
                read
            }
        }
        deserialized!($name);
    )*};
    (enum $name:ident else $fallback:ident {
        $($key:literal = $variant:ident { $($field:ident),* $(,)? }),* $(,)?
    }) => {
        impl Read for $name {
            #[allow(unused_mut, reason = "variants without fields take none")]
            #[inline(never)]
            fn read(value: Value, reading: &mut Reading) -> Self {
                let (key, value) = reading.variant(value, stringify!($name));
                match key.as_str() {
                    $($key => {
                        let mut fields = Fields::of(value, reading, $key);
                        let read = Self::$variant { $($field: fields.take(stringify!($field))),* };
                        fields.end();
                        read
                    })*
                    other => {
                        reading.refuse(other, "a known key");
                        Self::$fallback {}
                    }
                }
            }
        }

        /// Every variant has its key above.
        const _: fn(&$name) = |all| match all { $($name::$variant { .. } => ()),* };
    };
}

/// Lets serde read a type by its tree.
macro_rules! deserialized {
    ($name:ty) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = Value::deserialize(deserializer)?;
                $crate::read::whole(value).map_err(serde::de::Error::custom)
            }
        }
    };
}

use {deserialized, readable};
