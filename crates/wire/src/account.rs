//! What became of every part of a transmission, and the way back to its bytes.
//!
//! A reader notes where each value stood ([`news::Origins`]). An [`Account`] sets these origins against everything
//! that the transmission holds: each attribute, text or JSON value is a [`Part`], and a part is either the origin of
//! a field or unmapped. That is the rule for what is *extra*: whatever no field was taken from. Nobody has to
//! remember to keep it, so nothing can be forgotten.
//!
//! [`Account::write_back`] writes the same format again. Every value that a field holds as it was written is taken
//! from the field and put where it stood; all else (names, order, white space, what was taken by its meaning, what
//! is unmapped) is that of the transmission. So a value that a reader altered differs in what is written, and a
//! field that is changed changes that one place.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use news::{Field, ItemClass, Origin, Stamp, Taken, Version, relaxed};
use serde_json::Value;

use crate::xml::{self, Element, Node};
use crate::{Format, Hints, Limits, Reading, archive, dateline, decode, html, json_text};

/// One value of a transmission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The item in which it stands; `None` for what stands around the items.
    pub item: Option<usize>,
    /// Where it stands: names of elements joined by `/`, `@` before an attribute; in JSON a JSON Pointer into the
    /// item; in formats of lines empty.
    pub path: String,
    /// Its bytes in [`Account::source`]; of a JSON value those of its item.
    pub bytes: Range<usize>,
    /// The value as a reader of the format understands it, white space at its ends left out.
    pub value: String,
    /// What was taken from it; `None` if it is unmapped.
    pub field: Option<Field>,
}

/// A transmission, what was read from it, and how the two belong together.
pub struct Account<'a> {
    source: Cow<'a, [u8]>,
    reading: Reading,
}

/// How a format holds its values.
enum Form {
    Xml,
    Json,
    Lines,
}

impl<'a> Account<'a> {
    /// Reads a transmission as [`crate::read`] does, except that spans and origins always count the bytes of
    /// [`Account::source`].
    pub fn of(bytes: &'a [u8], hints: &Hints) -> Self {
        let whole = crate::read(bytes, hints);
        match whole.format.map(form).filter(|_| !archive::begins(bytes)) {
            Some(Form::Xml | Form::Json) => {
                let text = decode::decode(bytes).text;
                let mut reading = crate::read_text(&text, hints, 0);
                reading.items.iter_mut().for_each(dateline::tell);
                let source = match text {
                    Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                    Cow::Owned(text) => Cow::Owned(text.into_bytes()),
                };
                Self { source, reading }
            }
            _ => Self { source: Cow::Borrowed(bytes), reading: whole },
        }
    }

    /// The transmission; one that holds XML or JSON in another encoding, decoded to UTF-8.
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// What was read from it.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The same to be changed, before it is written back.
    pub fn reading_mut(&mut self) -> &mut Reading {
        &mut self.reading
    }

    /// Every value of the transmission: first those of each item in order, then those around the items.
    pub fn parts(&self) -> Vec<Part> {
        let mut parts = match self.reading.format.map(form) {
            Some(Form::Xml) => self.xml_parts(),
            Some(Form::Json) => self.json_parts(),
            Some(Form::Lines) | None => self.line_parts(),
        };
        let pointed =
            |version: &Version| version.origins.iter().any(|(.., origin)| matches!(origin, Origin::Path(_)));
        for (i, version) in self.reading.items.iter().enumerate().filter(|(_, version)| !pointed(version)) {
            parts.extend(version.extra.iter().map(|unmapped| Part {
                item: Some(i),
                path: unmapped.path.clone(),
                bytes: version.span.clone(),
                value: unmapped.value.clone(),
                field: None,
            }));
        }
        parts
    }

    /// The values that no field was taken from.
    pub fn unmapped(&self) -> impl Iterator<Item = Part> {
        self.parts().into_iter().filter(|part| part.field.is_none())
    }

    // --- the way back ---

    /// Writes the transmission again, in UTF-8 if it holds XML or JSON. Of an unchanged reading, XML has the same
    /// canonical form (C14N), JSON the same canonical form (RFC 8785), formats of lines the same bytes.
    pub fn write_back(&self) -> Vec<u8> {
        let mut changes: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
        for version in &self.reading.items {
            match self.reading.format.map(form) {
                Some(Form::Json) => changes.extend(self.json_change(version)),
                Some(Form::Xml) => changes.extend(self.changes(version, xml_words, |value| {
                    let mut out = String::new();
                    html::escape_attribute(&mut out, value);
                    out.into_bytes()
                })),
                _ => changes.extend(self.changes(version, str::to_owned, |value| value.as_bytes().to_vec())),
            }
        }
        changes.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = Vec::with_capacity(self.source.len());
        let mut at = 0;
        for (range, written) in changes {
            if let Some(between) = self.source.get(at..range.start) {
                out.extend_from_slice(between);
                out.extend_from_slice(&written);
                at = range.end;
            }
        }
        out.extend_from_slice(self.source.get(at..).unwrap_or_default());
        out
    }

    /// Where a field and the place that it was taken from say different words, and what the field says.
    fn changes(
        &self,
        version: &Version,
        words: impl Fn(&str) -> String,
        escape: impl Fn(&str) -> Vec<u8>,
    ) -> Vec<(Range<usize>, Vec<u8>)> {
        let as_written = version.origins.iter().filter(|(_, taken, _)| *taken == Taken::AsWritten);
        let differing = as_written.filter_map(|(field, _, origin)| {
            let (Origin::Bytes(range), Some(told)) = (origin, told(version, field)) else { return None };
            let stood = String::from_utf8_lossy(self.source.get(range.clone())?);
            (relaxed(&words(&stood)) != relaxed(&told)).then(|| (range, escape(&told)))
        });
        differing.collect()
    }

    fn json_change(&self, version: &Version) -> Option<(Range<usize>, Vec<u8>)> {
        let mut object: Value = serde_json::from_slice(self.source.get(version.span.clone())?).ok()?;
        let mut changed = false;
        for (field, taken, origin) in version.origins.iter() {
            let (Taken::AsWritten, Origin::Path(path)) = (taken, origin) else { continue };
            let (Some(told), Some(place)) = (told(version, field), object.pointer_mut(path)) else {
                continue;
            };
            // Of an object, a field holds some value in it, not the whole.
            if !place.is_object() && !place.is_array() && relaxed(&json_word(place)) != relaxed(&told) {
                *place = match place {
                    Value::Number(_) => told.parse().map_or_else(|_| told.as_ref().into(), Value::Number),
                    _ => told.as_ref().into(),
                };
                changed = true;
            }
        }
        changed.then(|| (version.span.clone(), object.to_string().into_bytes()))
    }

    // --- parts ---

    fn xml_parts(&self) -> Vec<Part> {
        let Ok(text) = std::str::from_utf8(&self.source) else { return Vec::new() };
        let limits = Limits { items: usize::MAX, ..Limits::default() };
        let mut parts = Vec::new();
        for (i, version) in self.reading.items.iter().enumerate() {
            let Some(slice) = text.get(version.span.clone()) else { continue };
            let Ok(root) = xml::parse_noting(slice, &limits, &mut Vec::new()) else { continue };
            let mut origins: Vec<(Range<usize>, Field)> = version
                .origins
                .iter()
                .filter_map(|(field, _, origin)| match origin {
                    Origin::Bytes(range) => Some((range, field)),
                    Origin::Path(_) => None,
                })
                .collect();
            origins.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
            let mut leaves = Leaves { text: slice, parts: Vec::new() };
            leaves.element(&root, "", &HashSet::new());
            for part in &mut leaves.parts {
                part.bytes = part.bytes.start + version.span.start..part.bytes.end + version.span.start;
                part.item = Some(i);
            }
            claim(&mut leaves.parts, &origins);
            parts.append(&mut leaves.parts);
        }
        let items: Vec<_> = self.reading.items.iter().map(|version| version.span.clone()).collect();
        // What is broken somewhere is taken apart as when it was read.
        let tag =
            |span: &Range<usize>| text.get(span.clone())?.split([' ', '\t', '\r', '\n', '/', '>']).next();
        let mut names: Vec<&str> =
            items.iter().filter_map(tag).filter_map(|tag| tag.rsplit(['<', ':']).next()).collect();
        names.sort_unstable();
        names.dedup();
        let around = xml::parse_noting(text, &limits, &mut Vec::new()).ok().or_else(|| {
            let mut records = xml::records(text, &names, &limits);
            records.by_ref().for_each(drop);
            records.head()
        });
        if let Some(root) = around {
            let mut leaves = Leaves { text, parts: Vec::new() };
            leaves.element(&root, "", &items.iter().map(|span| span.start).collect());
            parts.append(&mut leaves.parts);
        }
        parts
    }

    fn json_parts(&self) -> Vec<Part> {
        let Ok(text) = std::str::from_utf8(&self.source) else { return Vec::new() };
        let mut parts = Vec::new();
        for (i, version) in self.reading.items.iter().enumerate() {
            let origins = version.origins.iter().filter_map(|(field, _, origin)| match origin {
                Origin::Path(path) => Some((path, field)),
                Origin::Bytes(_) => None,
            });
            let mut fields: HashMap<&str, Field> = HashMap::new();
            origins.for_each(|(path, field)| {
                fields.entry(path).or_insert(field);
            });
            if fields.is_empty() {
                // This reader names what is unmapped itself.
                continue;
            }
            json_leaves(text, version.span.clone(), String::new(), &mut |path, bytes, value| {
                // What was taken from a value was taken from all that is in it.
                let whole = std::iter::successors(Some(path.as_str()), |path| {
                    path.rsplit_once('/').map(|(around, _)| around)
                });
                let field = whole.into_iter().find_map(|around| fields.get(around).copied());
                parts.push(Part { item: Some(i), path, bytes, value, field });
            });
        }
        if parts.is_empty() {
            return parts;
        }
        // What stands around the items: all values of the text but theirs.
        let items: HashSet<usize> = self.reading.items.iter().map(|version| version.span.start).collect();
        let mut at = json_text::skip_space(text, 0);
        while at < text.len() {
            let end = json_text::value_end(text, at).max(at + 1);
            json_around(text, at..end, String::new(), &items, &mut |path, bytes, value| {
                parts.push(Part { item: None, path, bytes, value, field: None });
            });
            at = json_text::skip_space(text, end);
        }
        parts
    }

    fn line_parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        for (i, version) in self.reading.items.iter().enumerate() {
            let mut ranges: Vec<(Range<usize>, Field)> = version
                .origins
                .iter()
                .filter_map(|(field, _, origin)| match origin {
                    Origin::Bytes(range) => Some((range, field)),
                    Origin::Path(_) => None,
                })
                .collect();
            if ranges.is_empty() {
                continue;
            }
            ranges.sort_by_key(|(range, _)| range.start);
            let mut at = version.span.start;
            let end = version.span.end;
            for (range, field) in
                ranges.into_iter().map(|(range, field)| (range, Some(field))).chain([(end..end, None)])
            {
                let gap = at..range.start.max(at);
                for (bytes, field) in [(gap, None), (range, field)] {
                    let value = String::from_utf8_lossy(self.source.get(bytes.clone()).unwrap_or_default());
                    let value = value.trim_matches(|c: char| c.is_whitespace() || c.is_control());
                    if !value.is_empty() && (field.is_some() || bytes.start >= at) {
                        at = bytes.end.max(at);
                        parts.push(Part {
                            item: Some(i),
                            path: String::new(),
                            value: value.to_owned(),
                            bytes,
                            field,
                        });
                    }
                }
            }
        }
        parts
    }
}

/// Tells each part, in order, the innermost origin that holds it. Both are sorted, so that each is looked at once.
fn claim(parts: &mut [Part], origins: &[(Range<usize>, Field)]) {
    parts.sort_by_key(|part| part.bytes.start);
    let mut coming = origins.iter().peekable();
    let mut around: Vec<&(Range<usize>, Field)> = Vec::new();
    for part in parts {
        while let Some(next) = coming.next_if(|(range, _)| range.start <= part.bytes.start) {
            around.retain(|(range, _)| range.end > next.0.start);
            around.push(next);
        }
        around.retain(|(range, _)| range.end > part.bytes.start);
        let holds = |(range, _): &&&(Range<usize>, Field)| range.end >= part.bytes.end;
        // Of two fields from the same place the first counts.
        let innermost = around.iter().rev().find(holds).map(|(range, _)| range.clone());
        let first = around.iter().find(|(range, _)| Some(range) == innermost.as_ref());
        part.field = first.map(|(_, field)| *field);
    }
}

/// Walks over a tree and lists its attributes and texts.
struct Leaves<'a> {
    text: &'a str,
    parts: Vec<Part>,
}

impl Leaves<'_> {
    /// Depth is bounded by the parser's limit. What begins at one of `without` is passed over.
    fn element(&mut self, element: &Element, around: &str, without: &HashSet<usize>) {
        if without.contains(&element.span.start) {
            return;
        }
        let path =
            if around.is_empty() { element.name.to_string() } else { format!("{around}/{}", element.name) };
        for attr in &element.attrs {
            self.add(format!("{path}/@{}", attr.name), attr.span.clone(), &attr.value);
        }
        let mut gap = element.inner.start;
        let mut said = String::new();
        for node in &element.children {
            match node {
                Node::Text(text) => said.push_str(text),
                Node::Comment(text) => said.push_str(text),
                Node::Element(child) => {
                    self.add(path.clone(), gap..child.span.start, &std::mem::take(&mut said));
                    self.element(child, &path, without);
                    gap = child.span.end;
                }
            }
        }
        self.add(path, gap..element.inner.end.max(gap), &said);
    }

    fn add(&mut self, path: String, bytes: Range<usize>, value: &str) {
        let value = value.trim();
        if !value.is_empty() {
            // The end of white space is no part of the value.
            let stood = self.text.get(bytes.clone()).unwrap_or_default();
            let start = bytes.start + (stood.len() - stood.trim_start().len());
            let end = (bytes.start + stood.trim_end().len()).max(start);
            self.parts.push(Part {
                item: None,
                path,
                bytes: start..end,
                value: value.to_owned(),
                field: None,
            });
        }
    }
}

/// The same without the values that begin at one of `items`. A wrapper of items is read so deep.
fn json_around(
    text: &str,
    range: Range<usize>,
    path: String,
    items: &HashSet<usize>,
    to: &mut dyn FnMut(String, Range<usize>, String),
) {
    let Some(piece) = text.get(range.clone()) else { return };
    let holds_items = |range: &Range<usize>| items.iter().any(|item| range.contains(item));
    if items.contains(&range.start) {
        return;
    }
    if path.matches('/').count() > 4 || !piece.starts_with(['{', '[']) || !holds_items(&range) {
        return json_leaves(text, range, path, to);
    }
    if piece.starts_with('[') {
        for (i, element) in json_text::elements(text, range).into_iter().enumerate() {
            json_around(text, element, format!("{path}/{i}"), items, to);
        }
        return;
    }
    for (name, value) in json_text::members(piece).unwrap_or_default() {
        let start = range.start + (value.as_ptr() as usize - piece.as_ptr() as usize);
        json_around(text, start..start + value.len(), format!("{path}/{name}"), items, to);
    }
}

/// The values of the JSON between these bytes, with their pointers and where each stands. Depth is bounded: what is
/// walked over has been parsed.
fn json_leaves(
    text: &str,
    range: Range<usize>,
    path: String,
    to: &mut dyn FnMut(String, Range<usize>, String),
) {
    let Some(piece) = text.get(range.clone()) else { return };
    match piece.as_bytes().first() {
        Some(b'{') => {
            for (name, value) in json_text::members(piece).unwrap_or_default() {
                let name: String =
                    serde_json::from_str(&format!("\"{name}\"")).unwrap_or_else(|_| name.to_owned());
                let name = name.replace('~', "~0").replace('/', "~1");
                let start = range.start + (value.as_ptr() as usize - piece.as_ptr() as usize);
                json_leaves(text, start..start + value.len(), format!("{path}/{name}"), to);
            }
        }
        Some(b'[') => {
            for (i, element) in json_text::elements(text, range).into_iter().enumerate() {
                json_leaves(text, element, format!("{path}/{i}"), to);
            }
        }
        _ => {
            let value = piece.trim_end();
            match serde_json::from_str::<Value>(value) {
                Ok(Value::Null) | Err(_) => {}
                Ok(word) => to(path, range.start..range.start + value.len(), json_word(&word)),
            }
        }
    }
}

fn json_word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The words of a piece of XML: tags and comments left out, references resolved.
fn xml_words(piece: &str) -> String {
    if !piece.contains(['<', '&']) {
        return piece.to_owned();
    }
    let limits = Limits::default();
    let wrapped = format!("<x>{piece}</x>");
    let parsed = xml::parse_noting(&wrapped, &limits, &mut Vec::new());
    parsed.map_or_else(|_| piece.to_owned(), |element| element.text())
}

fn form(format: Format) -> Form {
    match format {
        Format::Rss | Format::Atom | Format::NewsmlG2 | Format::Newsml1 | Format::Nitf | Format::Ritzau => {
            Form::Xml
        }
        Format::JsonFeed | Format::Ninjs | Format::ApMedia | Format::Digitalwires => Form::Json,
        Format::Iptc7901 | Format::Anpa1312 | Format::Zczc | Format::Mail | Format::Plain => Form::Lines,
    }
}

/// What a field says, where it holds its value as it was written.
fn told(version: &Version, field: Field) -> Option<Cow<'_, str>> {
    let at = |n: u16| usize::from(n);
    let text = match field {
        Field::Uri => Some(version.uri.as_str()),
        Field::Version => Some(version.version.raw.as_str()),
        Field::Class => match &version.class {
            ItemClass::Text => None,
            ItemClass::Advisory(word) | ItemClass::Other(word) => Some(word.as_str()),
        },
        Field::Status => Some(version.status.as_str()),
        Field::Embargo | Field::Expires | Field::Body => None,
        Field::Signal(n) => version.signals.get(at(n)).map(|signal| signal.code.as_str()),
        Field::Reference(n) => version.references.get(at(n)).map(|reference| reference.uri.as_str()),
        Field::VersionCreated => raw(&version.version_created),
        Field::FirstCreated => raw(&version.first_created),
        Field::ContentCreated => raw(&version.content_created),
        Field::Urgency => return version.urgency.map(|urgency| urgency.to_string().into()),
        Field::Language => version.language.as_deref(),
        Field::Dateline => version.dateline.as_ref().map(|dateline| dateline.text.as_str()),
        Field::Located => version.located.as_deref(),
        Field::Point(_) => None,
        Field::Comments => return version.comments.map(|number| number.to_string().into()),
        Field::Slugline => version.slugline.as_deref(),
        Field::Keyword(n) => version.keywords.get(at(n)).map(String::as_str),
        Field::Subject(n) => version.subjects.get(at(n)).and_then(|subject| subject.name.as_deref()),
        Field::SubjectCode(n) => version.subjects.get(at(n)).and_then(|subject| subject.code.as_deref()),
        Field::Genre(n) => version.genres.get(at(n)).and_then(|genre| genre.name.as_deref()),
        Field::GenreCode(n) => version.genres.get(at(n)).and_then(|genre| genre.code.as_deref()),
        Field::Creator(n) => version.creators.get(at(n)).map(String::as_str),
        Field::Link => version.link.as_deref(),
        Field::CreditLine => version.rights.credit_line.as_deref(),
        Field::CopyrightHolder => version.rights.copyright_holder.as_deref(),
        Field::CopyrightNotice => version.rights.copyright_notice.as_deref(),
        Field::UsageTerms(n) => version.rights.usage_terms.get(at(n)).map(String::as_str),
        Field::Block(kind, n) => version.copy.texts(kind).nth(at(n)),
        Field::Note(n) => version.notes.get(at(n)).map(|note| note.text.as_str()),
        Field::Rendition(n) => version.renditions.get(at(n)).map(|rendition| rendition.href.as_str()),
    };
    text.map(Cow::Borrowed)
}

fn raw(stamp: &Option<Stamp>) -> Option<&str> {
    stamp.as_ref().map(|stamp| stamp.raw.as_str())
}

/// The unmapped values of a text at paths that end so.
#[cfg(test)]
pub(crate) fn unmapped(text: &str, path: &str) -> Vec<String> {
    let account = Account::of(text.as_bytes(), &Hints::default());
    account.unmapped().filter(|part| part.path.ends_with(path)).map(|part| part.value).collect()
}

#[cfg(test)]
mod tests;
