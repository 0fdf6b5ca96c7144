//! JSON as a tree that borrows from its text: a string without escapes is a slice of it, an object a list in its order.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Number;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    Array(Vec<Value<'a>>),
    Object(Object<'a>),
}

/// The members of an object, in order; no name stands twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object<'a>(Vec<Member<'a>>);

/// A name and what it names.
pub(crate) type Member<'a> = (Cow<'a, str>, Value<'a>);

impl<'a> Value<'a> {
    /// The member of this name, if it is an object that has one.
    pub(crate) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.as_object()?.get(name)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_array(&self) -> Option<&[Value<'a>]> {
        match self {
            Value::Array(values) => Some(values),
            _ => None,
        }
    }

    pub(crate) fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Number(number) => number.as_f64(),
            _ => None,
        }
    }
}

impl<'a> Object<'a> {
    pub(crate) fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Takes a member out; the others stay in order.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.0.iter().position(|(own, _)| own == name)?;
        Some(self.0.remove(at).1)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Member<'a>> {
        self.0.iter()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| &**name)
    }

    pub(crate) fn into_members(self) -> Vec<Member<'a>> {
        self.0
    }
}

/// As JSON, without white space.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => to.serialize_unit(),
            Value::Bool(value) => to.serialize_bool(*value),
            Value::Number(number) => number.serialize(to),
            Value::String(text) => to.serialize_str(text),
            Value::Array(values) => to.collect_seq(values),
            Value::Object(object) => to.collect_map(object.iter().map(|(name, value)| (name, value))),
        }
    }
}

/// Reads a value that is nested no deeper than so many more arrays and objects.
#[derive(Clone, Copy)]
pub(super) struct Strict {
    pub(super) depth: usize,
}

/// How the fault of too deep a value begins.
pub(super) const TOO_DEEP: &str = "arrays and objects are nested too deep";
/// An object of more members looks for names that stand twice in a table.
const FEW: usize = 32;

impl Strict {
    fn inner<E: Error>(self) -> Result<Self, E> {
        self.depth.checked_sub(1).map(|depth| Self { depth }).ok_or_else(|| E::custom(TOO_DEEP))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Value<'de>, E> {
        Name.visit_borrowed_str(value).map(Value::String)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value<'de>, E> {
        Name.visit_str(value).map(Value::String)
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<'de>, A::Error> {
        let mut values = Vec::new();
        let inner = self.inner()?;
        while let Some(value) = seq.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let inner = self.inner()?;
        let mut members: Vec<Member<'de>> = Vec::new();
        let mut many: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(name) = map.next_key_seed(Name)? {
            if members.len() == FEW {
                many.extend(members.iter().map(|(name, _)| name.clone()));
            }
            let twice = match members.len() {
                ..FEW => members.iter().any(|(own, _)| *own == name),
                _ => !many.insert(name.clone()),
            };
            if twice {
                return Err(A::Error::custom(format_args!("the name `{name}` stands twice in one object")));
            }
            // One of more than four mostly has more than eight.
            members.reserve(if members.len() == 4 { 12 } else { 1 });
            members.push((name, map.next_value_seed(inner)?));
        }
        Ok(Value::Object(Object(members)))
    }
}

/// Reads a string.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json_text::strict;

    #[test]
    fn a_tree_is_what_another_parser_reads_and_writes() {
        let many: String = (0..100).map(|n| format!("\"n{n}\":{n},")).collect();
        for text in [
            r#"{"a":[1,-2,2.5,1e3,true,false,null],"b":{"c":"d\n\u00e9\ud83d\ude00","":""},"é":"\/"}"#,
            r#" [ "plain" , { } , [ ] ] "#,
            "18446744073709551615",
            &format!("{{{many}\"last\":[]}}"),
        ] {
            let other: serde_json::Value = serde_json::from_str(text).expect("well-formed");
            let own = strict(text, 20).ok().expect("well-formed");
            assert_eq!(own.to_string(), other.to_string(), "{text}");
        }
    }

    #[test]
    fn strings_without_escapes_are_not_copied() {
        let text = r#"{"a":"plain","b":"es\"caped"}"#;
        let value = strict(text, 20).ok().expect("well-formed");
        assert!(matches!(value.get("a"), Some(Value::String(Cow::Borrowed("plain")))));
        assert!(matches!(value.get("b"), Some(Value::String(Cow::Owned(text))) if text == "es\"caped"));
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_in_small_objects_and_large_ones() {
        for count in [1, FEW - 1, FEW, FEW + 1, 1000] {
            let names: String = (0..count).map(|n| format!("\"n{n}\":0,")).collect();
            for again in [0, count - 1] {
                let fault = strict(&format!("{{{names}\"n{again}\":1}}"), 20).err();
                assert_eq!(fault.map(|fault| fault.code), Some("duplicate-key"), "{count}");
            }
            assert!(strict(&format!("{{{names}\"other\":1}}"), 20).is_ok());
        }
    }
}
