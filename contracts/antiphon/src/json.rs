//! Messages by way of a tree.
//!
//! A derived reader that reads JSON's text directly carries a copy of the text reader for every
//! message: a third of the contract. Here the text becomes a small tree, by one reader, and messages
//! are read from the tree. Nothing else is accepted for it: no message has fractions or signs.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

/// A value that is read from a tree.
#[derive(Debug)]
pub(crate) struct Parsed<T>(pub(crate) T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(from)?;
        T::deserialize(tree).map(Self).map_err(D::Error::custom)
    }
}

#[derive(Debug)]
enum Tree {
    Null,
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// Why a tree is not the message wanted.
#[derive(Debug)]
struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without fractions and signs")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}

impl IntoDeserializer<'_, Fault> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(value) => visitor.visit_u64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(list) => {
                let mut seq = SeqDeserializer::new(list.into_iter());
                let value = visitor.visit_seq(&mut seq)?;
                seq.end().map(|()| value)
            }
            Self::Map(map) => {
                let mut entries = MapDeserializer::new(map.into_iter());
                let value = visitor.visit_map(&mut entries)?;
                entries.end().map(|()| value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self {
            Self::Text(variant) => visitor.visit_enum(variant.into_deserializer()),
            Self::Map(map) if map.len() == 1 => visitor.visit_enum(MapAccessDeserializer::new(
                MapDeserializer::new(map.into_iter()),
            )),
            _ => Err(Fault::custom("want one name, or an object with one key")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use antiphon_api::{ExecuteMsg, QueryMsg};
    use cosmwasm_std::from_json;
    use std::fmt::Debug;

    use super::*;

    /// Reads both ways and compares.
    fn same<T: DeserializeOwned + PartialEq + Debug>(text: &str) -> bool {
        let direct = from_json::<T>(text).ok();
        let parsed = from_json::<Parsed<T>>(text).ok().map(|it| it.0);
        assert_eq!(direct, parsed, "{text}");
        direct.is_some()
    }

    #[test]
    fn messages_are_read_as_from_the_text() {
        let hex = "ab".repeat(32);
        let reveal = |ballot: &str, round: &str| {
            format!(
                r#"{{"reveal":{{"reveals":[{{"task":1,"round":{round},"worker":"w","ballot":{ballot},"salt":"{hex}"}}]}}}}"#
            )
        };
        let cid = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";
        let answer = format!(
            r#"{{"answer":{{"cid":"{cid}","finish":"stop","output_tokens":1,"prompt_tokens":2,"trace":"{hex}"}}}}"#
        );
        let good = [
            reveal(r#"{"unavailable":{}}"#, "0"),
            reveal(&answer, "255"),
            r#"{"bond":{}}"#.to_owned(),
            r#"{"withdraw":{}}"#.to_owned(),
            r#"{"withdraw":{"amount":null}}"#.to_owned(),
            r#"{"withdraw":{"amount":"340282366920938463463374607431768211455"}}"#.to_owned(),
            r#" { "update_worker" : { "moniker" : "\u00e9\n" } } "#.to_owned(),
            r#"{"advance":{"tasks":[1,2,18446744073709551615]}}"#.to_owned(),
            r#"{"join_model":[7]}"#.to_owned(),
        ];
        for text in good {
            assert!(same::<ExecuteMsg>(&text), "{text}");
        }
        let bad = [
            reveal(r#"{"unavailable":{"x":1}}"#, "0"),
            reveal(r#""unavailable""#, "0"),
            reveal(&answer, "256"),
            reveal(&answer, "-1"),
            reveal(&answer, "1.0"),
            r#"{"bond":{},"withdraw":{}}"#.to_owned(),
            r#"{"bond":{"x":null}}"#.to_owned(),
            r#"{"join_model":{"model":1,"model":2}}"#.to_owned(),
            r#"{"join_model":{"model":"1"}}"#.to_owned(),
            r#"{"join_model":[7,8]}"#.to_owned(),
            r#"{"join_model":{}}"#.to_owned(),
            r#"{"advance":{"tasks":[18446744073709551616]}}"#.to_owned(),
            r#"{"withdraw":{"amount":7}}"#.to_owned(),
            r#"{"no_such":{}}"#.to_owned(),
            r#""bond""#.to_owned(),
            "{}".to_owned(),
            "[]".to_owned(),
            "null".to_owned(),
            r#"{"bond":{}} x"#.to_owned(),
            "[".repeat(100_000),
        ];
        for text in bad {
            assert!(!same::<ExecuteMsg>(&text), "{text:.99}");
        }
    }

    #[test]
    fn queries_are_read_as_from_the_text() {
        for text in [
            r#"{"config":{}}"#,
            r#"{"tasks":{"filter":"open"}}"#,
            r#"{"tasks":{"filter":{"done":null},"start_after":3,"limit":null}}"#,
        ] {
            assert!(same::<QueryMsg>(text), "{text}");
        }
        for text in [
            r#"{"tasks":{"filter":"all"}}"#,
            r#"{"tasks":{"filter":{"open":{}}}}"#,
            r#"{"tasks":{}}"#,
        ] {
            assert!(!same::<QueryMsg>(text), "{text}");
        }
    }
}
