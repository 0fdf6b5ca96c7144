//! JSON texts taken apart without parsing them, so that one broken item does not take its siblings along.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};

/// The members of the first object in a text: of the object itself, or of the first one in an array. Names are as
/// written, escapes included; values are slices of the text. A broken text yields the members before the break.
pub(crate) fn members(text: &str) -> Option<Vec<(&str, &str)>> {
    let start = text.find('{')?;
    if !text[..start].bytes().all(|b| b.is_ascii_whitespace() || b == b'[') {
        return None;
    }
    let mut found = Vec::new();
    let mut at = start + 1;
    loop {
        at = skip_space(text, at);
        match text.as_bytes().get(at) {
            Some(b',') => at += 1,
            Some(b'"') => {
                let Some(end) = string_end(text, at) else { break };
                let name = &text[at + 1..end - 1];
                let colon = skip_space(text, end);
                if text.as_bytes().get(colon) != Some(&b':') {
                    break;
                }
                let value = skip_space(text, colon + 1);
                let end = value_end(text, value);
                found.push((name, &text[value..end]));
                at = end;
            }
            _ => break,
        }
    }
    Some(found)
}

/// The elements of an array text, in order, as byte ranges. Commas and brackets in strings part nothing. An element
/// that is never closed reaches to the end.
pub(crate) fn elements(text: &str, array: std::ops::Range<usize>) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = array.start + 1;
    while at < array.end {
        at = skip_space(text, at);
        match text.as_bytes().get(at) {
            None | Some(b']') => break,
            Some(b',') => at += 1,
            Some(_) => {
                let end = value_end(text, at).min(array.end).max(at + 1);
                found.push(at..end);
                at = end;
            }
        }
    }
    found
}

pub(crate) fn skip_space(text: &str, from: usize) -> usize {
    from + text.as_bytes()[from.min(text.len())..].iter().take_while(|b| b.is_ascii_whitespace()).count()
}

/// Behind the closing quote of the string that begins at `at`.
fn string_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut i = at + 1;
    loop {
        i += memchr::memchr2(b'"', b'\\', bytes.get(i..)?)?;
        if bytes[i] == b'"' {
            return Some(i + 1);
        }
        i += 2;
    }
}

/// Behind the value that begins at `at`; the end of the text if it is not closed.
pub(crate) fn value_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    match bytes.get(at) {
        Some(b'"') => string_end(text, at).unwrap_or(text.len()),
        Some(b'{' | b'[') => {
            let mut depth = 0usize;
            let mut i = at;
            while let Some(b) = bytes.get(i) {
                match b {
                    b'"' => match string_end(text, i) {
                        Some(end) => {
                            i = end;
                            continue;
                        }
                        None => return text.len(),
                    },
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                i += 1;
                if depth == 0 {
                    return i;
                }
            }
            text.len()
        }
        _ => {
            let ends = |b: &u8| b",]}".contains(b) || b.is_ascii_whitespace();
            let length = bytes[at.min(bytes.len())..].iter().take_while(|b| !ends(b)).count();
            at + length
        }
    }
}

/// Why a text is no value that is read here.
pub(crate) struct Fault {
    /// Stable and short: `json-not-well-formed`, `json-too-deep`, `duplicate-key`.
    pub(crate) code: &'static str,
    /// What the parser says.
    pub(crate) error: serde_json::Error,
}

/// A JSON value in which no object has a name twice and nothing is nested deeper than so many arrays and objects.
pub(crate) fn strict(text: &str, depth: usize) -> Result<Value, Fault> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let read = Strict { depth }.deserialize(&mut parser);
    read.and_then(|value| parser.end().map(|()| value)).map_err(|error| {
        let said = error.to_string();
        let code = match said.as_str() {
            // The parser has a limit of its own, and a word for it.
            said if said.starts_with(TOO_DEEP) || said.starts_with("recursion limit") => "json-too-deep",
            _ if error.is_data() => "duplicate-key",
            _ => "json-not-well-formed",
        };
        Fault { code, error }
    })
}

const TOO_DEEP: &str = "arrays and objects are nested too deep";

#[derive(Clone, Copy)]
struct Strict {
    /// So many more may be opened.
    depth: usize,
}

impl Strict {
    fn inner<E: Error>(self) -> Result<Self, E> {
        self.depth.checked_sub(1).map(|depth| Self { depth }).ok_or_else(|| E::custom(TOO_DEEP))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        let inner = self.inner()?;
        while let Some(value) = seq.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            match object.entry(name) {
                Entry::Vacant(place) => place.insert(map.next_value_seed(inner)?),
                Entry::Occupied(place) => {
                    let name = place.key();
                    return Err(A::Error::custom(format_args!(
                        "the name `{name}` stands twice in one object"
                    )));
                }
            };
        }
        Ok(Value::Object(object))
    }
}
