//! JSON Feed to versions.

use std::ops::Range;

use news::{Complaint, Gravity, Version};
use serde_json::{Map, Value};

use super::shape::{self, Item};
use crate::feed::{self, Draft, Heritage};
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
        let (items, more) = shape::items(text, span, hints.limits.items.saturating_sub(ordinal));
        if more {
            let message = format!("more than {} items; the rest is not read", hints.limits.items);
            reading
                .complaints
                .push(Complaint::new(Gravity::Lost, "too-many-items", message).at("items", None));
        }
        for item in items {
            take(item, ordinal, &mut reading, hints);
            ordinal += 1;
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
    feed::repeated(&mut reading);
    outer(&members, &mut reading).give(&mut reading, hints);
    reading
}

fn unescaped(name: &str) -> String {
    serde_json::from_str(&format!("\"{name}\"")).unwrap_or_else(|_| name.to_owned())
}

fn range(text: &str, slice: &str) -> Range<usize> {
    let start = slice.as_ptr() as usize - text.as_ptr() as usize;
    start..start + slice.len()
}

/// What the feed says about itself.
fn outer(members: &[(&str, &str)], reading: &mut Reading) -> Heritage {
    let parsed = |wanted: &str| {
        let (_, value) = members.iter().find(|(name, _)| *name == wanted)?;
        serde_json::from_str::<json_text::Strict>(value).ok().map(|json_text::Strict(value)| value)
    };
    if parsed("expired") == Some(Value::Bool(true)) {
        let message = "the feed says that it has ended and will not be updated any more";
        reading.complaints.push(Complaint::new(Gravity::Remark, "feed-expired", message).at("expired", None));
    }
    let language = parsed("language").and_then(|value| value.as_str().map(|tag| tag.trim().to_owned()));
    let authors = parsed("authors").into_iter().chain(parsed("author"));
    Heritage { language, copyright: None, creators: authors.flat_map(|value| names(&value)).collect() }
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
    mut object: Map<String, Value>,
    span: &Range<usize>,
    path: &str,
    hints: &Hints,
) -> Result<Version, Complaint> {
    let around = Element { span: span.clone(), ..Element::default() };
    let mut draft = Draft::new(hints, &around);
    let title = string(&mut object, "title");
    if let Some(title) = &title {
        draft.headline(title, &format!("{path}.title"));
    }
    words(&mut object, path, &mut draft);
    let published = string(&mut object, "date_published").unwrap_or_default();
    draft.first = draft.stamp_raw(published.trim(), &format!("{path}.date_published"));
    if let Some(modified) = string(&mut object, "date_modified") {
        draft.updated = draft.stamp_raw(modified.trim(), &format!("{path}.date_modified"));
    }
    draft.version.language = string(&mut object, "language").map(|tag| tag.trim().to_owned());
    for author in object.remove("authors").iter().chain(object.remove("author").iter()) {
        names(author).iter().for_each(|name| draft.creator(name));
    }
    if let Some(Value::Array(tags)) = object.remove("tags") {
        tags.iter().filter_map(Value::as_str).for_each(|tag| draft.subject(None, None, Some(tag)));
    }
    attached(&mut object, &mut draft);
    identify(&mut object, &title.unwrap_or_default(), &published, path, &mut draft)?;
    for (name, value) in object {
        keep(&mut draft, format!("{path}.{name}"), &value);
    }
    Ok(draft.finish())
}

/// Takes a string out of an object; blank ones and other values stay.
fn string(object: &mut Map<String, Value>, name: &str) -> Option<String> {
    if object.get(name)?.as_str()?.trim().is_empty() {
        return None;
    }
    object.remove(name)?.as_str().map(str::to_owned)
}

fn words(object: &mut Map<String, Value>, path: &str, draft: &mut Draft<'_>) {
    let html = string(object, "content_html");
    let text = string(object, "content_text");
    let summary = string(object, "summary");
    match (&html, &text, &summary) {
        (Some(html), _, _) => feed::body(draft, html::read_fragment(html, &format!("{path}.content_html"))),
        (None, Some(text), _) => feed::body(draft, html::read_text(text, &format!("{path}.content_text"))),
        (None, None, Some(summary)) => {
            feed::body(draft, html::read_text(summary, &format!("{path}.summary")))
        }
        (None, None, None) => {}
    }
    // What was not the fullest text is kept beside it.
    if let (Some(summary), true) = (summary, html.is_some() || text.is_some()) {
        draft.extra(format!("{path}.summary"), summary);
    }
    if let (Some(text), true) = (text, html.is_some()) {
        draft.extra(format!("{path}.content_text"), text);
    }
}

fn attached(object: &mut Map<String, Value>, draft: &mut Draft<'_>) {
    if let Some(Value::Array(files)) = object.remove("attachments") {
        for file in files {
            let text = |name: &str| file.get(name).and_then(Value::as_str);
            draft.rendition(text("url"), text("mime_type"), "enclosure");
        }
    }
    for (name, role) in [("image", "image"), ("banner_image", "banner")] {
        draft.rendition(string(object, name).as_deref(), None, role);
    }
}

fn identify(
    object: &mut Map<String, Value>,
    title: &str,
    published: &str,
    path: &str,
    draft: &mut Draft<'_>,
) -> Result<(), Complaint> {
    draft.version.link = string(object, "url").map(|url| url.trim().to_owned());
    let id = match object.remove("id") {
        Some(Value::String(id)) => id.trim().to_owned(),
        Some(Value::Number(id)) => id.to_string(),
        _ => String::new(),
    };
    let here = format!("{path}.id");
    if !id.is_empty() {
        draft.version.uri = id;
    } else if let Some(link) = &draft.version.link {
        draft.version.uri.clone_from(link);
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

/// Keeps a value that has no field, part by part.
fn keep(draft: &mut Draft<'_>, path: String, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(text) => draft.extra(path, text.as_str()),
        Value::Object(object) => {
            for (name, value) in object {
                keep(draft, format!("{path}.{name}"), value);
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                keep(draft, format!("{path}[{i}]"), value);
            }
        }
        other => draft.extra(path, other.to_string()),
    }
}
