//! What a ninjs text says: its objects, and the fields of each.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Range;

use news::{Field, Origins, Taken};

use crate::json_tree::{Member as Named, Object, Value};
use crate::{Limits, json_text, terms};

/// How often reading looks in vain for the next object behind a broken one.
const ATTEMPTS: usize = 64;

/// One member of a text.
pub(crate) struct Member<'a> {
    /// The object, or why it cannot be read.
    pub(crate) object: Result<Object<'a>, Broken>,
    /// Its bytes.
    pub(crate) span: Range<usize>,
    /// It was found inside what a broken neighbour left, and may be a part of it.
    pub(crate) doubtful: bool,
}

/// Why an object cannot be read.
pub(crate) struct Broken {
    /// Stable and short.
    pub(crate) code: &'static str,
    /// A sentence without final stop.
    pub(crate) message: String,
}

/// What stands beside `items` in a wrapper.
pub(crate) type Beside<'a> = Vec<Named<'a>>;

/// The objects of a text, in order, and what stands beside `items` in a wrapper.
pub(crate) fn members<'a>(text: &'a str, limits: &'a Limits) -> (Members<'a>, Beside<'a>) {
    let start = json_text::skip_space(text, 0);
    match text.as_bytes().get(start) {
        Some(b'[') => (Members::of(text, start + 1..text.len(), limits), Vec::new()),
        _ => wrapper(text, limits)
            .unwrap_or_else(|| (Members::of(text, start..text.len(), limits), Vec::new())),
    }
}

/// The objects of one array, or the one object that stands there.
pub(crate) fn members_at<'a>(text: &'a str, range: Range<usize>, limits: &'a Limits) -> Members<'a> {
    let bracket = text.as_bytes().get(range.start) == Some(&b'[');
    Members::of(text, range.start + usize::from(bracket)..range.end, limits)
}

/// `{"items": […]}` without a uri of its own.
fn wrapper<'a>(text: &'a str, limits: &'a Limits) -> Option<(Members<'a>, Beside<'a>)> {
    let fields = json_text::members(text)?;
    if fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("uri") || name.eq_ignore_ascii_case("guid")) {
        return None;
    }
    let (_, items) = fields.iter().find(|(name, value)| *name == "items" && value.starts_with('['))?;
    let start = items.as_ptr() as usize - text.as_ptr() as usize;
    let beside = fields.iter().filter(|(name, _)| *name != "items");
    let beside = beside.map(|(name, value)| json_text::loose(name, value)).collect();
    Some((Members::of(text, start + 1..start + items.len(), limits), beside))
}

/// Reads one object after the other, each when it is asked for: the one before is gone by then, and its memory serves
/// again.
pub(crate) struct Members<'a> {
    text: &'a str,
    rest: Range<usize>,
    limits: &'a Limits,
    attempts: usize,
    /// What was found inside a broken one that was told last.
    recovered: VecDeque<Member<'a>>,
}

impl<'a> Members<'a> {
    fn of(text: &'a str, rest: Range<usize>, limits: &'a Limits) -> Self {
        Self { text, rest, limits, attempts: ATTEMPTS, recovered: VecDeque::new() }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        if let Some(member) = self.recovered.pop_front() {
            return Some(member);
        }
        while !self.rest.is_empty() {
            let at = json_text::skip_space(self.text, self.rest.start);
            self.rest.start = match self.text.as_bytes().get(at)? {
                b',' => at + 1,
                b']' => break,
                _ => {
                    let (object, end) = value(self.text, at, self.limits);
                    let span = at..end.min(self.rest.end).max(at + 1);
                    self.rest.start = span.end;
                    if object.as_ref().is_err_and(|broken| broken.code == "json-not-well-formed") {
                        let inside = at + 1..span.end;
                        recover(self.text, inside, &mut self.attempts, self.limits, &mut self.recovered);
                    }
                    return Some(Member { object, span, doubtful: false });
                }
            };
        }
        self.rest.start = self.rest.end;
        None
    }
}

/// The value that begins here, and where it ends.
fn value<'a>(text: &'a str, at: usize, limits: &Limits) -> (Result<Object<'a>, Broken>, usize) {
    // Nearly every object is whole, and where it ends comes to light by reading it.
    if text.as_bytes()[at] == b'{'
        && let Some((Value::Object(object), length)) = json_text::first(&text[at..], limits.depth)
    {
        return (Ok(object), at + length);
    }
    let end = json_text::value_end(text, at);
    let object = match json_text::strict(&text[at.min(end)..end], limits.depth) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Broken { code: "not-an-object", message: "it is no object".to_owned() }),
        Err(json_text::Fault { code, error }) => Err(Broken { code, message: error.to_string() }),
    };
    (object, end)
}

/// Objects with a uri of their own inside what a broken one seems to cover: a bracket or quote too few makes it
/// swallow its neighbours.
fn recover<'a>(
    text: &'a str,
    range: Range<usize>,
    attempts: &mut usize,
    limits: &Limits,
    found: &mut VecDeque<Member<'a>>,
) {
    let mut at = range.start;
    while let Some(brace) = memchr::memchr(b'{', text.as_bytes().get(at..range.end).unwrap_or_default()) {
        let start = at + brace;
        at = start + 1;
        let before = text[..start].trim_end_matches([' ', '\t', '\r']);
        if !before.ends_with([',', '\n']) {
            continue;
        }
        if *attempts == 0 {
            return;
        }
        // Only what fails costs an attempt: everything that can be found is found.
        *attempts -= 1;
        if let (Ok(object), end) = value(text, start, limits) {
            *attempts += 1;
            let named =
                ["uri", "guid"].iter().any(|name| object.names().any(|key| key.eq_ignore_ascii_case(name)));
            if named && end <= range.end {
                found.push_back(Member { object: Ok(object), span: start..end, doubtful: true });
            }
            at = end;
        }
    }
}

/// Which field of a version the value at the top of an object became, by its pointer.
pub(crate) type Known = (&'static str, Field, Taken);

/// Notes where the values of an object stood: those of `known` that are among its names. `within` is the pointer to the
/// object itself.
pub(crate) fn note(object: &Object<'_>, within: &str, known: &[Known]) -> Origins {
    let mut origins = Origins::default();
    for name in object.names() {
        // Most names are of another length, which costs less to see.
        let is = |path: &str| path.len() == name.len() + 1 && path[1..].eq_ignore_ascii_case(name);
        let Some((path, field, taken)) = known.iter().find(|(path, ..)| is(path)) else { continue };
        match within.is_empty() && path[1..] == *name {
            true => origins.path(*field, *taken, *path),
            // None of the names that are known has a character that a pointer escapes.
            false => origins.path(*field, *taken, [within, "/", name].concat()),
        }
    }
    origins
}

/// The fields of an object; what is not taken is left over.
pub(crate) struct Fields<'a>(Vec<Named<'a>>);

impl<'a> Fields<'a> {
    pub(crate) fn new(object: Object<'a>) -> Self {
        Self(object.into_members())
    }

    /// The first field of this name, without regard to case.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value<'a>> {
        let at = self.0.iter().position(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(self.0.remove(at).1)
    }

    /// All fields with one of these names, in order.
    pub(crate) fn take_all(&mut self, names: &[&str]) -> Vec<Named<'a>> {
        self.take_where(|key| names.iter().any(|name| key.eq_ignore_ascii_case(name)))
    }

    /// All fields with such a name, in order.
    pub(crate) fn take_where(&mut self, is: impl Fn(&str) -> bool) -> Vec<Named<'a>> {
        let mut taken = Vec::new();
        let mut at = 0;
        while at < self.0.len() {
            if is(&self.0[at].0) { taken.push(self.0.remove(at)) } else { at += 1 }
        }
        taken
    }

    /// The first field of this name, left where it is.
    pub(crate) fn peek(&self, name: &str) -> Option<&Value<'a>> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Adds a field behind the others.
    pub(crate) fn put(&mut self, name: &'static str, text: String) {
        self.0.push((name.into(), Value::String(text.into())));
    }

    /// The text of the first field of this name that has one.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<Cow<'a, str>> {
        match self.take(name)? {
            Value::String(text) if !terms::is_blank(&text) => Some(text),
            Value::Number(number) => Some(number.to_string().into()),
            Value::Null => None,
            value => {
                self.0.push((name.into(), value));
                None
            }
        }
    }

    /// The same as a text of its own.
    pub(crate) fn words(&mut self, name: &'static str) -> Option<String> {
        self.text(name).map(Cow::into_owned)
    }

    /// What nobody took.
    pub(crate) fn rest(self) -> Vec<Named<'a>> {
        self.0
    }
}

/// A string or number that is not blank.
pub(crate) fn text<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    let text: Cow<'v, str> = match value {
        Value::String(text) => (&**text).into(),
        Value::Number(number) => number.to_string().into(),
        _ => return None,
    };
    (!terms::is_blank(&text)).then_some(text)
}

/// The objects of a field that is an array (ninjs 2 and 3) or an object by names (ninjs 1). The name, if any, stands
/// beside each.
pub(crate) fn objects(value: Value<'_>) -> Vec<(Option<Cow<'_, str>>, Object<'_>)> {
    match value {
        Value::Array(values) => {
            values.into_iter().filter_map(|v| into_object(v).map(|object| (None, object))).collect()
        }
        Value::Object(map) => map
            .into_members()
            .into_iter()
            .filter_map(|(name, v)| into_object(v).map(|object| (Some(name), object)))
            .collect(),
        _ => Vec::new(),
    }
}

fn into_object(value: Value<'_>) -> Option<Object<'_>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}
