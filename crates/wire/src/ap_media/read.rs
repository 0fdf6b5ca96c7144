//! From AP's envelope to ninjs, and AP's own fields to the nouns of the trade.

use std::borrow::Cow;

use news::{Gravity, ItemClass, PubStatus, Severity, Version};

use crate::json_tree::{Object, Value};
use crate::ninjs::read::{each, item, keep_value, strings};
use crate::ninjs::shape::{self, Beside, Fields, Members, text};
use crate::{Format, Hints, Limits, Reading, json_text, terms};

/// Reads one item or a page of a feed. Never fails; see [`crate::read`].
pub fn read(text: &str, hints: &Hints) -> Reading {
    let found = members(text, &hints.limits);
    each(Format::ApMedia, found, hints, |object| wrapped(object, hints))
}

/// The items of an envelope and what stands around them; of a text without one, its objects.
fn members<'a>(text: &'a str, limits: &'a Limits) -> (Members<'a>, Beside<'a>) {
    let at = |value: &str| value.as_ptr() as usize - text.as_ptr() as usize;
    let outer = json_text::members(text).unwrap_or_default();
    let Some((_, data)) = outer.iter().find(|(name, value)| *name == "data" && value.starts_with('{')) else {
        return shape::members(text, limits);
    };
    let inner = json_text::members(data).unwrap_or_default();
    let items = inner.iter().find(|(name, value)| *name == "items" && value.starts_with('['));
    let range =
        items.map_or(at(data)..at(data) + data.len(), |(_, items)| at(items)..at(items) + items.len());
    let around = outer.iter().chain(inner.iter().filter(|_| items.is_some()));
    let around = around.filter(|(name, _)| !["data", "items"].contains(name));
    let around = around.map(|(name, value)| json_text::loose(name, value));
    (shape::members_at(text, range, limits), around.collect())
}

/// `{"item": {…}, "meta": {…}}`, or the item alone.
fn wrapped(mut object: Object<'_>, hints: &Hints) -> Option<Version> {
    let Some(Value::Object(inner)) = object.remove("item") else { return item(object, hints, "") };
    let mut version = item(inner, hints, "/item")?;
    for (name, value) in object.iter() {
        keep_value(&mut version, &format!("/{name}"), value);
    }
    Some(version)
}

/// The identifier of an object of the Media API: one that has an `etag` as well. Its `uri` names a session, too.
pub(crate) fn itemid(fields: &Fields<'_>) -> Option<String> {
    let altids = fields.peek("altids")?.as_object()?;
    altids.get("etag")?;
    altids.get("itemid").and_then(text).map(|id| id.trim().to_owned())
}

/// What only AP says: the signal without which nothing may be published, and fields that ninjs has not.
pub(crate) fn restrict(version: &mut Version, fields: &mut Fields<'_>) {
    let signals = fields.peek("signals").map(strings).unwrap_or_default();
    if !signals.iter().any(|signal| signal.trim() == "newscontent") {
        terms::signal(version, "ap:no-newscontent", Severity::NotForPublication, "signals");
    }
    for (_, value) in fields.take_all(&["bylines"]) {
        let bylines = shape::objects(value).into_iter().filter_map(|(_, line)| {
            let part = |name: &str| line.get(name).and_then(text);
            let (by, title) = (part("by")?, part("title"));
            Some(title.map_or_else(|| by.to_string(), |title| format!("{by}, {title}")))
        });
        let lines: Vec<String> = bylines.collect();
        if fields.peek("byline").is_none() && !lines.is_empty() {
            fields.put("byline", lines.join("; "));
        } else {
            lines.iter().for_each(|line| terms::keep(version, "bylines", line));
        }
    }
    if fields.peek("located").is_none()
        && let Some(place) = fields.peek("datelinelocation").and_then(Value::as_object)
    {
        let city =
            place.get("city").or_else(|| place.get("countryareaname")).or_else(|| place.get("countryname"));
        if let Some(city) = city.and_then(text).map(Cow::into_owned) {
            fields.put("located", city);
        }
    }
    let links = fields.peek("links").and_then(Value::as_array).into_iter().flatten();
    let canonical = links.filter(|link| link.get("rel").and_then(Value::as_str) == Some("canonical"));
    let href = canonical.filter_map(|link| link.get("href").and_then(text)).next();
    if let Some(href) = href.map(Cow::into_owned) {
        fields.put("link", href);
    }
}

/// AP's words for what a version is.
pub(crate) fn editorial_type(word: &str) -> Severity {
    match word.to_ascii_lowercase().as_str() {
        "kill" | "elimination" => Severity::Kills,
        "withhold" => Severity::Withholds,
        "holdforrelease" | "disregard" => Severity::Holds,
        word if terms::is_advisory(word) || terms::is_test(word) => Severity::NotForPublication,
        _ => Severity::Informs,
    }
}

/// The words of a text stand in a rendition of its own: without them there is nothing to publish.
pub(crate) fn body_elsewhere(version: &mut Version) {
    let wanted = version.class == ItemClass::Text && version.status == PubStatus::Usable;
    let named = |role: &Option<String>| {
        let role = role.as_deref().unwrap_or_default().to_ascii_lowercase();
        role.contains("nitf") && !role.contains("caption")
    };
    let Some(rendition) =
        version.renditions.iter().find(|rendition| named(&rendition.role)).filter(|_| wanted)
    else {
        return;
    };
    let message = format!(
        "the words are not in the delivery but at {}: fetch that rendition on the same feed",
        rendition.href
    );
    terms::complain(version, Gravity::Hold, "body-elsewhere", message, "renditions.nitf.href");
}
