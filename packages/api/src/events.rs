//! What the contract tells about: one struct an event, written to attributes and read back.
//!
//! On the wire the type is `wasm-` and the name; chains add `_contract_address` and `msg_index`,
//! which readers here ignore. Attributes are ids, CIDs, addresses, numbers and fixed words, never
//! text of a user. Events are hints; the contract's state is the truth.

use std::fmt::Display;
use std::str::FromStr;

use antiphon_content::Cid;
use cosmwasm_std::{Event, Uint128};

/// Version of the attributes; in every event as `schema`.
pub const EVENT_SCHEMA: &str = "1";

/// Why attributes are not an event of this version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Another event, or one of another contract's language.
    #[error("got an event of type {got:?}, want {want}; read another one")]
    Kind {
        /// The type on the wire.
        got: String,
        /// The name that was looked for.
        want: &'static str,
    },
    /// Written by another version of the contract.
    #[error("got schema {got:?} in {event}, want \"1\"; update this program")]
    Schema {
        /// The event.
        event: &'static str,
        /// What the attribute says; empty if there is none.
        got: String,
    },
    /// An attribute is absent.
    #[error("got no attribute {key} in {event}, want one; ask another node")]
    Missing {
        /// The event.
        event: &'static str,
        /// The attribute.
        key: &'static str,
    },
    /// An attribute cannot be read.
    #[error("got {key} = {got:?} in {event}, want its one spelling; ask another node")]
    Value {
        /// The event.
        event: &'static str,
        /// The attribute.
        key: &'static str,
        /// Its value.
        got: String,
    },
}

/// A value of an attribute.
trait Attribute: Sized {
    /// None if the attribute is left out.
    fn write(&self) -> Option<String>;
    /// None if the text is not such a value.
    fn read(text: Option<&str>) -> Option<Self>;
}

/// Types with one text form.
trait Plain: Display + FromStr {}
impl Plain for u8 {}
impl Plain for u16 {}
impl Plain for u32 {}
impl Plain for u64 {}
impl Plain for bool {}
impl Plain for Uint128 {}
impl Plain for Cid {}
impl Plain for String {}

impl<T: Plain> Attribute for T {
    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn read(text: Option<&str>) -> Option<Self> {
        text?.parse().ok()
    }
}

impl<T: Plain> Attribute for Option<T> {
    fn write(&self) -> Option<String> {
        self.as_ref().map(ToString::to_string)
    }

    fn read(text: Option<&str>) -> Option<Self> {
        text.map_or(Some(None), |text| text.parse().ok().map(Some))
    }
}

/// Addresses, with commas between them; left out if there is none, for some chains refuse empty
/// values.
impl Attribute for Vec<String> {
    fn write(&self) -> Option<String> {
        (!self.is_empty()).then(|| self.join(","))
    }

    fn read(text: Option<&str>) -> Option<Self> {
        Some(text.map_or_else(Vec::new, |text| {
            text.split(',').map(str::to_owned).collect()
        }))
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal {
        $($(#[$fdoc:meta])* $field:ident : $ty:ty),* $(,)?
    })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $name { $($(#[$fdoc])* pub $field: $ty),* }

            impl $name {
                /// The event's name, without `wasm-`.
                pub const KIND: &'static str = $kind;

                /// Reads the event back from its wire type and attributes.
                ///
                /// # Errors
                /// Another type or schema; an attribute that is absent or not in its one spelling.
                pub fn parse(kind: &str, attributes: &[(&str, &str)]) -> Result<Self, EventError> {
                    expect(kind, attributes, Self::KIND)?;
                    $(let $field = field::<$ty>(attributes, Self::KIND, stringify!($field))?;)*
                    Ok(Self { $($field),* })
                }
            }

            impl From<$name> for Event {
                fn from(event: $name) -> Self {
                    let $name { $($field),* } = event;
                    written(
                        $name::KIND,
                        &mut [$((stringify!($field), Attribute::write(&$field))),*],
                    )
                }
            }

            impl TryFrom<&Event> for $name {
                type Error = EventError;

                fn try_from(event: &Event) -> Result<Self, EventError> {
                    Self::parse(&event.ty, &pairs(event))
                }
            }
        )*

        /// Any event of the contract.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant holds the struct that documents it")]
        pub enum ContractEvent { $($name($name)),* }

        impl ContractEvent {
            /// Every name, without `wasm-`.
            pub const KINDS: &'static [&'static str] = &[$($kind),*];

            /// Reads any event of the contract; none if the type is of no event known here.
            ///
            /// # Errors
            /// A known type with attributes that are not of this schema.
            pub fn parse(
                kind: &str,
                attributes: &[(&str, &str)],
            ) -> Result<Option<Self>, EventError> {
                match bare(kind) {
                    $($kind => $name::parse(kind, attributes).map(|event| Some(Self::$name(event))),)*
                    _ => Ok(None),
                }
            }
        }

        impl From<ContractEvent> for Event {
            fn from(event: ContractEvent) -> Self {
                match event { $(ContractEvent::$name(event) => event.into()),* }
            }
        }
    };
}

/// One function for all events: the contract has a limit of bytes.
#[inline(never)]
fn written(kind: &str, attributes: &mut [(&'static str, Option<String>)]) -> Event {
    let mut event = Event::new(kind).add_attribute("schema", EVENT_SCHEMA);
    for (key, value) in attributes {
        if let Some(value) = value.take() {
            event = event.add_attribute(*key, value);
        }
    }
    event
}

fn pairs(event: &Event) -> Vec<(&str, &str)> {
    let attributes = event.attributes.iter();
    attributes
        .map(|attribute| (attribute.key.as_str(), attribute.value.as_str()))
        .collect()
}

/// The name of a wire type.
fn bare(kind: &str) -> &str {
    kind.strip_prefix("wasm-").unwrap_or(kind)
}

fn value<'a>(attributes: &[(&str, &'a str)], key: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|(name, _)| *name == key)
        .map(|(_, value)| *value)
}

fn expect(kind: &str, attributes: &[(&str, &str)], want: &'static str) -> Result<(), EventError> {
    if bare(kind) != want {
        return Err(EventError::Kind {
            got: kind.to_owned(),
            want,
        });
    }
    match value(attributes, "schema") {
        Some(EVENT_SCHEMA) => Ok(()),
        other => Err(EventError::Schema {
            event: want,
            got: other.unwrap_or_default().to_owned(),
        }),
    }
}

fn field<T: Attribute>(
    attributes: &[(&str, &str)],
    event: &'static str,
    key: &'static str,
) -> Result<T, EventError> {
    let text = value(attributes, key);
    T::read(text).ok_or_else(|| match text {
        None => EventError::Missing { event, key },
        Some(text) => EventError::Value {
            event,
            key,
            got: text.to_owned(),
        },
    })
}

mod kinds;
pub use kinds::*;
