//! RSS to versions.

use std::time::Duration;

use news::{Complaint, Field as Noted, Gravity, Masthead, Version};

use super::shape::{Field, RDF, field, is_own};
use crate::feed::{self, Draft, TOMBSTONES};
use crate::html::{self, Words};
use crate::xml::Element;
use crate::{Hints, Reading, stood};

/// Reads a feed. Never fails; see [`crate::read`].
pub fn read(text: &str, hints: &Hints) -> Reading {
    let names = ["item", "deleted-entry"];
    let (mut reading, head) = feed::gather(text, &names, "channel/item", hints, |element| {
        if element.is(TOMBSTONES, "deleted-entry") {
            return feed::tombstone(element, hints).ok_or_else(|| {
                Complaint::new(Gravity::Lost, "no-identifier", "the tombstone names no item")
                    .at("deleted-entry@ref", None)
            });
        }
        item(element, hints)
    });
    feed::settle(masthead(head.as_ref()), &mut reading, hints);
    reading
}

/// What the channel says of itself.
fn masthead(root: Option<&Element>) -> Masthead {
    let mut says = Masthead::default();
    let Some(root) = root else { return says };
    let channel = root.child("channel").unwrap_or(root);
    for child in channel.elements() {
        if !is_own(child) {
            feed::masthead(child, &mut says);
            continue;
        }
        let Some(text) = Some(html::collapse(&child.text())).filter(|text| !text.is_empty()) else {
            continue;
        };
        let place = match child.name {
            "title" => &mut says.title,
            "link" => &mut says.home,
            "language" => &mut says.language,
            "copyright" => &mut says.copyright,
            "generator" => &mut says.generator,
            "ttl" => {
                // Minutes. Who says both is asked as seldom as he wishes.
                let ttl = text.parse().ok().map(|minutes: u32| Duration::from_secs(60 * u64::from(minutes)));
                says.ask_every = ttl.max(says.ask_every);
                continue;
            }
            "lastBuildDate" => {
                says.updated = Some(text);
                continue;
            }
            _ => continue,
        };
        place.get_or_insert(text);
    }
    let lang = || channel.lang().or_else(|| root.lang()).map(str::to_owned);
    says.language = says.language.or_else(lang);
    says
}

/// The parts of an item that depend on each other.
#[derive(Default)]
struct Parts<'e> {
    title: Option<&'e Element<'e>>,
    encoded: Option<&'e Element<'e>>,
    xhtml: Option<&'e Element<'e>>,
    description: Option<&'e Element<'e>>,
    /// Where RSS's own is missing.
    dc_title: Option<&'e Element<'e>>,
    dc_description: Option<&'e Element<'e>>,
    guid: Option<&'e Element<'e>>,
    link: Option<&'e Element<'e>>,
    date: Option<&'e Element<'e>>,
}

fn item(element: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let mut draft = Draft::new(hints, element);
    let mut parts = Parts::default();
    for child in element.elements() {
        sort(child, &mut parts, &mut draft);
    }
    parts.title = parts.title.or(parts.dc_title);
    parts.description = parts.description.or(parts.dc_description);
    if let Some(title) = parts.title {
        if hints.title_is_html {
            let words = html::read_fragment(&title.text(), "item/title", &hints.limits);
            draft.marked_headline(words, title);
        } else {
            draft.headline_in(title);
        }
    }
    words(&parts, &mut draft);
    identify(element, &parts, &mut draft)?;
    Ok(draft.finish())
}

fn sort<'e>(child: &'e Element<'e>, parts: &mut Parts<'e>, draft: &mut Draft<'_>) {
    const PATH: &str = "item";
    // The first that says something counts; what no field is taken from is unmapped.
    let first = |slot: &mut Option<&'e Element<'e>>| {
        if slot.is_none() && !child.is_blank() {
            *slot = Some(child);
        }
    };
    match field(child) {
        Field::Title => first(&mut parts.title),
        Field::Description => first(&mut parts.description),
        Field::DcTitle => first(&mut parts.dc_title),
        Field::DcDescription => first(&mut parts.dc_description),
        Field::Encoded => first(&mut parts.encoded),
        Field::Xhtml => first(&mut parts.xhtml),
        Field::Guid => first(&mut parts.guid),
        Field::Link => first(&mut parts.link),
        Field::PubDate if draft.dated.is_none() => {
            parts.date = Some(child);
            draft.dated = draft.stamp(child, Noted::VersionCreated, "item/pubDate");
        }
        Field::AtomUpdated if draft.updated.is_none() => {
            draft.updated = draft.stamp(child, Noted::VersionCreated, "item/atom:updated");
        }
        Field::AtomPublished if draft.first.is_none() => {
            draft.first = draft.stamp(child, Noted::FirstCreated, "item/atom:published");
        }
        Field::Category => draft.subject_in(child, child.attr("domain")),
        Field::Author => draft.creator_in(child),
        Field::AtomAuthor => draft.creator_in(child.child("name").unwrap_or(child)),
        Field::Enclosure => draft.rendition_in(child, "url", "enclosure"),
        Field::AtomLink if child.attr("rel") == Some("enclosure") => {
            draft.rendition_in(child, "href", "enclosure");
        }
        Field::Copyright => draft.copyright(child),
        _ => {
            draft.module(child, &PATH);
        }
    }
}

/// The body: the fullest text that the item carries. What is left is unmapped.
fn words(parts: &Parts<'_>, draft: &mut Draft<'_>) {
    let (element, words) = if let Some(encoded) = parts.encoded {
        (encoded, markup(encoded, "item/content:encoded", draft.hints))
    } else if let Some(xhtml) = parts.xhtml {
        (xhtml, html::read_xhtml(xhtml, "item/xhtml:body"))
    } else if let Some(description) = parts.description {
        (description, markup(description, "item/description", draft.hints))
    } else {
        return;
    };
    feed::body(draft, words, element, "item/description");
}

/// HTML as text of an element, or, against the rules but often seen, as elements in it.
fn markup(element: &Element, path: &str, hints: &Hints) -> Words {
    match element.only_text() {
        Some(text) => html::read_fragment(text, path, &hints.limits),
        None if element.elements().next().is_some() => html::read_xhtml(element, path),
        None => html::read_fragment(&element.text(), path, &hints.limits),
    }
}

fn identify(element: &Element, parts: &Parts<'_>, draft: &mut Draft<'_>) -> Result<(), Complaint> {
    let filled =
        |element: &Element| Some(stood::text(element).trim().to_owned()).filter(|text| !text.is_empty());
    let guid = parts.guid.and_then(filled);
    let link = parts.link.and_then(filled);
    let about = element.attrs.iter().find(|attr| attr.name == "about" && attr.ns.as_deref() == Some(RDF));
    let about = about.filter(|attr| !attr.value.trim().is_empty());
    let permanent = parts.guid.is_some_and(|guid| guid.attr("isPermaLink").map(str::trim) != Some("false"));
    let address = guid
        .as_ref()
        .filter(|guid| permanent && (guid.starts_with("http://") || guid.starts_with("https://")));
    draft.version.link = link.as_ref().or(address).cloned();
    // Both may have been taken from one place.
    if let (Some(guid), Some(uri)) = (parts.guid, guid) {
        draft.version.uri = uri;
        stood::in_text(&mut draft.version, Noted::Uri, guid);
    } else if let Some(attr) = about {
        attr.value.trim().clone_into(&mut draft.version.uri);
        stood::in_attr(&mut draft.version, Noted::Uri, attr);
    } else if let (Some(element), Some(uri)) = (parts.link, &link) {
        draft.version.uri.clone_from(uri);
        stood::in_text(&mut draft.version, Noted::Uri, element);
    }
    if let Some(from) = parts.link.or(parts.guid).filter(|_| draft.version.link.is_some()) {
        stood::in_text(&mut draft.version, Noted::Link, from);
    }
    if !draft.version.uri.is_empty() {
        return Ok(());
    }
    if draft.version.copy.is_empty() {
        let message = "the item has no guid, no link, no title and no body";
        return Err(Complaint::new(Gravity::Lost, "empty-item", message).at("channel/item", None));
    }
    let title = parts.title.map(|title| html::collapse(&title.text())).unwrap_or_default();
    let date = parts.date.map(stood::text).unwrap_or_default();
    draft.version.uri = feed::key("rss", &[&title, date.trim()]);
    let message = "the item has neither guid nor link; it is known by a hash of its title and date";
    draft.complain(Gravity::Remark, "no-identifier", message, "item/guid");
    Ok(())
}
