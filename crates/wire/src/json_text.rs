//! JSON texts taken apart without parsing them, so that one broken item does not take its siblings along.

use serde::de::{DeserializeSeed, IgnoredAny};

use crate::json_tree::{Member, Strict, TOO_DEEP, Value};

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
pub(crate) fn strict(text: &str, depth: usize) -> Result<Value<'_>, Fault> {
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

/// The value with which a text begins, by the same rules, and its length; `None` if it cannot be read.
pub(crate) fn first(text: &str, depth: usize) -> Option<(Value<'_>, usize)> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let value = Strict { depth }.deserialize(&mut parser).ok()?;
    Some((value, parser.into_iter::<IgnoredAny>().byte_offset()))
}

/// A member by its name and value as written; a value that cannot be read is its own text.
pub(crate) fn loose<'a>(name: &'a str, value: &'a str) -> Member<'a> {
    (name.into(), strict(value, usize::MAX).unwrap_or_else(|_| Value::String(value.into())))
}
