//! JSON Feed to versions.

use std::borrow::Cow;
use std::ops::Range;

use news::Taken::{AsWritten, ByMeaning};
use news::{
    BlockKind, Complaint, Field, Gravity, ItemClass, Masthead, Reference, Relation, Severity, Signal, Taken,
    Version, nth,
};

use super::shape::{self, Item};
use crate::feed::{self, Draft};
use crate::json_tree::{Object, Value};
use crate::xml::Element;
use crate::{Hints, Reading, html, json_text};

/// Reads a feed. Never fails; see [`crate::read`].
pub fn read(text: &str, hints: &Hints) -> Reading {
    let mut reading = Reading::default();
    let Some(members) = json_text::members(text) else {
        reading.complaints.push(Complaint::new(
            Gravity::Lost,
            "json-not-well-formed",
            "the text is no JSON object",
        ));
        return reading;
    };
    let mut ordinal = 0;
    let mut arrays = 0;
    for (_, value) in members.iter().filter(|(name, _)| unescaped(name) == "items") {
        arrays += 1;
        let span = range(text, value);
        if !value.starts_with('[') {
            let complaint = Complaint::new(Gravity::Lost, "not-an-array", "items is no array");
            reading.complaints.push(complaint.at("items", Some(span.start)));
            continue;
        }
        if !value.ends_with(']') {
            let complaint = Complaint::new(Gravity::Remark, "json-truncated", "the text ends inside items");
            reading.complaints.push(complaint.at("items", Some(text.len())));
        }
        let room = hints.limits.items.saturating_sub(ordinal);
        let before = reading.complaints.len();
        let more = shape::items(text, span, room, &hints.limits, |item| {
            take(item, ordinal, &mut reading, hints);
            ordinal += 1;
        });
        if more {
            let message = format!("more than {} items; the rest is not read", hints.limits.items);
            let complaint = Complaint::new(Gravity::Lost, "too-many-items", message).at("items", None);
            reading.complaints.insert(before, complaint);
        }
    }
    if arrays == 0 {
        let complaint = Complaint::new(Gravity::Lost, "no-items", "the feed has no member items");
        reading.complaints.push(complaint.at("items", None));
    } else if arrays > 1 {
        let complaint =
            Complaint::new(Gravity::Remark, "duplicate-key", "items stands twice; both were read");
        reading.complaints.push(complaint.at("items", None));
    }
    withdrawn(text, &members, &mut reading, hints);
    feed::repeated(&mut reading);
    let masthead = masthead(&members, &mut reading, hints);
    feed::settle(masthead, &mut reading, hints);
    reading
}

fn unescaped(name: &str) -> String {
    serde_json::from_str(&format!("\"{name}\"")).unwrap_or_else(|_| name.to_owned())
}

fn range(text: &str, slice: &str) -> Range<usize> {
    let start = slice.as_ptr() as usize - text.as_ptr() as usize;
    start..start + slice.len()
}

/// What another site of this program has withdrawn: `_verbatim.deleted`, for the format itself has no tombstone. Each
/// kills the item that it names, as one of Atom does.
fn withdrawn(text: &str, members: &[(&str, &str)], reading: &mut Reading, hints: &Hints) {
    let Some((_, own)) = members.iter().find(|(name, _)| *name == "_verbatim") else { return };
    let Ok(says) = json_text::strict(own, hints.limits.depth) else { return };
    let room = hints.limits.items.saturating_sub(reading.items.len());
    let deleted = says.get("deleted").and_then(Value::as_array).into_iter().flatten().take(room);
    for (n, tombstone) in deleted.enumerate() {
        let word = |name: &str| tombstone.get(name).and_then(Value::as_str).map(str::trim);
        let Some(target) = word("id").filter(|id| !id.is_empty()) else { continue };
        let around = Element { span: range(text, own), ..Element::default() };
        let mut draft = Draft::new(hints, &around);
        draft.version.uri = format!("{target}#deleted-entry");
        draft.version.class = ItemClass::Other("deleted-entry".into());
        draft.updated = word("when").and_then(|when| draft.stamp_raw(when, "_verbatim.deleted.when"));
        let when = draft.updated.as_ref().and_then(|stamp| stamp.at);
        let (uri, raw) = (target.to_owned(), "_verbatim.deleted".to_owned());
        let reference = Reference { relation: Relation::Kills, uri, version: None, when, raw };
        draft.version.references.push(reference);
        draft.version.origins.path(Field::Reference(0), AsWritten, format!("/deleted/{n}/id"));
        draft.version.origins.path(Field::VersionCreated, ByMeaning, format!("/deleted/{n}/when"));
        reading.items.push(draft.finish());
    }
}

/// What the feed says about itself.
fn masthead(members: &[(&str, &str)], reading: &mut Reading, hints: &Hints) -> Masthead {
    let parsed = |wanted: &str| {
        let (_, value) = members.iter().find(|(name, _)| *name == wanted)?;
        json_text::strict(value, hints.limits.depth).ok()
    };
    if parsed("expired") == Some(Value::Bool(true)) {
        let message = "the feed says that it has ended and will not be updated any more";
        reading.complaints.push(Complaint::new(Gravity::Remark, "feed-expired", message).at("expired", None));
    }
    let word = |wanted: &str| {
        let word = parsed(wanted)?.as_str()?.trim().to_owned();
        (!word.is_empty()).then_some(word)
    };
    let authors = parsed("authors").into_iter().chain(parsed("author"));
    let hubs = parsed("hubs");
    let hubs = hubs.iter().filter_map(Value::as_array).flatten().filter_map(|hub| hub.get("url")?.as_str());
    Masthead {
        title: word("title").map(|title| html::collapse(&title)),
        home: word("home_page_url"),
        address: word("feed_url"),
        hubs: hubs.map(str::to_owned).collect(),
        next: word("next_url"),
        language: word("language"),
        creators: authors.flat_map(|value| names(&value)).collect(),
        ended: parsed("expired") == Some(Value::Bool(true)),
        ..Masthead::default()
    }
}

/// The names in an author object, or in an array of such.
fn names(value: &Value) -> Vec<String> {
    let one = |value: &Value| value.get("name").and_then(Value::as_str).map(html::collapse);
    let all: Vec<String> = match value {
        Value::Array(list) => list.iter().filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    };
    all.into_iter().filter(|name| !name.is_empty()).collect()
}

fn take(item: Item, ordinal: usize, reading: &mut Reading, hints: &Hints) {
    hints.limits.item_begins();
    let path = format!("items[{ordinal}]");
    match item.object {
        Ok(object) => match version(object, &item.span, &path, hints) {
            Ok(mut version) => {
                for complaint in &mut version.complaints {
                    complaint.place.item = Some(ordinal);
                }
                reading.items.push(version);
            }
            Err(complaint) => reading.complaints.push(complaint.of_item(ordinal)),
        },
        Err(broken) => {
            let complaint = Complaint::new(Gravity::Lost, broken.code, broken.message);
            reading.complaints.push(complaint.at(path, Some(broken.offset)).of_item(ordinal));
        }
    }
}

fn version(
    mut object: Object<'_>,
    span: &Range<usize>,
    path: &str,
    hints: &Hints,
) -> Result<Version, Complaint> {
    let around = Element { span: span.clone(), ..Element::default() };
    let mut draft = Draft::new(hints, &around);
    let title = string(&mut object, "title");
    if let Some(title) = &title {
        draft.headline(title);
        note(&mut draft, Field::Block(BlockKind::Headline, 0), AsWritten, "/title");
    }
    words(&mut object, path, &mut draft);
    let published = string(&mut object, "date_published").unwrap_or_default();
    draft.first = draft.stamp_raw(published.trim(), format_args!("{path}.date_published"));
    if draft.first.is_some() {
        note(&mut draft, Field::FirstCreated, ByMeaning, "/date_published");
    }
    if let Some(modified) = string(&mut object, "date_modified") {
        draft.updated = draft.stamp_raw(modified.trim(), format_args!("{path}.date_modified"));
        note(&mut draft, Field::VersionCreated, ByMeaning, "/date_modified");
    }
    if let Some(tag) = string(&mut object, "language") {
        draft.version.language = Some(tag.trim().to_owned());
        note(&mut draft, Field::Language, AsWritten, "/language");
    }
    for member in ["/authors", "/author"] {
        let Some(authors) = object.get(&member[1..]) else { continue };
        for name in names(authors) {
            if draft.creator(&name) {
                let field = Field::Creator(nth(draft.version.creators.len()));
                note(&mut draft, field, ByMeaning, member);
            }
        }
    }
    if let Some(Value::Array(tags)) = object.get("tags") {
        for (n, tag) in tags.iter().enumerate() {
            if draft.subject(None, None, tag.as_str()) {
                let field = Field::Subject(nth(draft.version.subjects.len()));
                draft.version.origins.path(field, AsWritten, format!("/tags/{n}"));
            }
        }
    }
    attached(&mut object, &mut draft);
    // The format knows the word for a feed only: whoever says it of an item means something by it.
    if object.get("expired") == Some(&Value::Bool(true)) {
        let (code, severity) = ("json-feed:expired".to_owned(), Severity::Holds);
        let path = format!("{path}.expired");
        draft.version.signals.push(Signal { code, severity, from_text: false, path });
        note(&mut draft, Field::Signal(0), ByMeaning, "/expired");
    }
    identify(&mut object, &title.unwrap_or_default(), &published, path, &mut draft)?;
    Ok(draft.finish())
}

/// A field was taken from the member at this pointer. What is not noted is unmapped: extensions, above all.
fn note(draft: &mut Draft<'_>, field: Field, taken: Taken, pointer: &'static str) {
    draft.version.origins.path(field, taken, pointer);
}

/// Takes a string out of an object; blank ones and other values stay.
fn string<'a>(object: &mut Object<'a>, name: &str) -> Option<Cow<'a, str>> {
    if object.get(name)?.as_str()?.trim().is_empty() {
        return None;
    }
    match object.remove(name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The body: the fullest text that the item carries.
fn words(object: &mut Object<'_>, path: &str, draft: &mut Draft<'_>) {
    for pointer in ["/content_html", "/content_text", "/summary"] {
        let Some(text) = string(object, &pointer[1..]) else { continue };
        let here = format!("{path}.{}", &pointer[1..]);
        let words = match pointer {
            "/content_html" => html::read_fragment(&text, &here, &draft.hints.limits),
            _ => html::read_text(&text, &here),
        };
        draft.body(words, &here);
        note(draft, Field::Body, ByMeaning, pointer);
        return;
    }
}

fn attached(object: &mut Object<'_>, draft: &mut Draft<'_>) {
    let noted = |draft: &mut Draft<'_>, pointer: String| {
        let field = Field::Rendition(nth(draft.version.renditions.len()));
        draft.version.origins.path(field, AsWritten, pointer);
    };
    if let Some(Value::Array(files)) = object.get("attachments") {
        for (n, file) in files.iter().enumerate() {
            let text = |name: &str| file.get(name).and_then(Value::as_str);
            if draft.rendition(text("url"), text("mime_type"), "enclosure") {
                noted(draft, format!("/attachments/{n}/url"));
                let field = Field::Rendition(nth(draft.version.renditions.len()));
                draft.version.origins.path(field, ByMeaning, format!("/attachments/{n}/mime_type"));
            }
        }
    }
    for (name, role) in [("image", "image"), ("banner_image", "banner")] {
        if draft.rendition(string(object, name).as_deref(), None, role) {
            noted(draft, format!("/{name}"));
        }
    }
}

fn identify(
    object: &mut Object<'_>,
    title: &str,
    published: &str,
    path: &str,
    draft: &mut Draft<'_>,
) -> Result<(), Complaint> {
    draft.version.link = string(object, "url").map(|url| url.trim().to_owned());
    if draft.version.link.is_some() {
        note(draft, Field::Link, AsWritten, "/url");
    }
    let id = match object.remove("id") {
        Some(Value::String(id)) => id.trim().to_owned(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    };
    let here = format!("{path}.id");
    if !id.is_empty() {
        draft.version.uri = id;
        note(draft, Field::Uri, AsWritten, "/id");
    } else if let Some(link) = &draft.version.link {
        draft.version.uri.clone_from(link);
        note(draft, Field::Uri, AsWritten, "/url");
        draft.complain(Gravity::Remark, "no-identifier", "the item has no id; it is known by its url", &here);
    } else if draft.version.copy.is_empty() {
        let message = "the item has no id, no url, no title and no text";
        let offset = Some(draft.version.span.start);
        return Err(Complaint::new(Gravity::Lost, "empty-item", message).at(path, offset));
    } else {
        draft.version.uri = feed::key("json-feed", &[title, published]);
        let message = "the item has neither id nor url; it is known by a hash of its title and date";
        draft.complain(Gravity::Remark, "no-identifier", message, &here);
    }
    Ok(())
}
