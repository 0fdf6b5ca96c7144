//! RSS to versions.

use news::{Complaint, Gravity, Version};

use super::shape::{Field, RDF, field, is_own};
use crate::feed::{self, Draft, Heritage, TOMBSTONES};
use crate::html::{self, Words};
use crate::xml::Element;
use crate::{Hints, Reading};

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
    heritage(head.as_ref()).give(&mut reading, hints);
    reading
}

fn heritage(root: Option<&Element>) -> Heritage {
    let channel = root.and_then(|root| root.child("channel")).or(root);
    let own = |name: &str| {
        let found = channel?.elements().find(|e| *e.name == *name && (is_own(e) || e.is(feed::DC, name)))?;
        Some(html::collapse(&found.text())).filter(|text| !text.is_empty())
    };
    let lang = || channel.and_then(Element::lang).or_else(|| root?.lang()).map(str::to_owned);
    Heritage {
        language: own("language").or_else(lang),
        copyright: own("copyright").or_else(|| own("rights")),
        creators: Vec::new(),
    }
}

/// The parts of an item that depend on each other.
#[derive(Default)]
struct Parts<'e> {
    title: Option<&'e Element<'e>>,
    encoded: Option<&'e Element<'e>>,
    xhtml: Option<&'e Element<'e>>,
    description: Option<&'e Element<'e>>,
    guid: Option<&'e Element<'e>>,
    link: Option<String>,
    date: String,
}

fn item(element: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let mut draft = Draft::new(hints, element);
    let mut parts = Parts::default();
    for child in element.elements() {
        sort(child, &mut parts, &mut draft);
    }
    if let Some(title) = parts.title {
        if hints.title_is_html {
            draft.marked_headline(html::read_fragment(&title.text(), "item/title"));
        } else {
            draft.headline(&title.text(), "item/title");
        }
    }
    words(&parts, &mut draft);
    identify(element, &parts, &mut draft)?;
    Ok(draft.finish())
}

fn sort<'e>(child: &'e Element<'e>, parts: &mut Parts<'e>, draft: &mut Draft<'_>) {
    const PATH: &str = "item";
    let first = |slot: &mut Option<&'e Element<'e>>| {
        let free = slot.is_none() && !child.is_blank();
        if free {
            *slot = Some(child);
        }
        free
    };
    let read = match field(child) {
        Field::Title => first(&mut parts.title),
        Field::Description => first(&mut parts.description),
        Field::Encoded => first(&mut parts.encoded),
        Field::Xhtml => first(&mut parts.xhtml),
        Field::Guid => first(&mut parts.guid),
        Field::Link => {
            let link = child.text().trim().to_owned();
            let free = parts.link.is_none() && !link.is_empty();
            if free {
                parts.link = Some(link);
            }
            free
        }
        Field::PubDate if draft.dated.is_none() => {
            parts.date = child.text().trim().to_owned();
            draft.dated = draft.stamp(child, "item/pubDate");
            true
        }
        Field::AtomUpdated if draft.updated.is_none() => {
            draft.updated = draft.stamp(child, "item/atom:updated");
            true
        }
        Field::AtomPublished if draft.first.is_none() => {
            draft.first = draft.stamp(child, "item/atom:published");
            true
        }
        Field::Category => {
            draft.subject(None, child.attr("domain"), Some(&child.text()));
            true
        }
        Field::Author => {
            draft.creator(&child.text());
            true
        }
        Field::AtomAuthor => {
            draft.creator(&child.child("name").unwrap_or(child).text());
            true
        }
        Field::Enclosure => {
            draft.rendition(child.attr("url"), child.attr("type"), "enclosure");
            true
        }
        Field::AtomLink if child.attr("rel") == Some("enclosure") => {
            draft.rendition(child.attr("href"), child.attr("type"), "enclosure");
            true
        }
        Field::Copyright => {
            draft.copyright(&child.text());
            true
        }
        _ => draft.module(child, PATH),
    };
    if !read {
        draft.extra_element(child, PATH);
    }
}

/// The body: the fullest text that the item carries. What is left is kept beside it.
fn words(parts: &Parts<'_>, draft: &mut Draft<'_>) {
    let description = parts.description;
    if let Some(encoded) = parts.encoded {
        feed::body(draft, markup(encoded, "item/content:encoded"));
    } else if let Some(xhtml) = parts.xhtml {
        feed::body(draft, html::read_xhtml(xhtml, "item/xhtml:body"));
    } else if let Some(description) = description {
        return feed::body(draft, markup(description, "item/description"));
    }
    if let Some(description) = description {
        draft.extra("item/description", description.text().trim());
    }
}

/// HTML as text of an element, or, against the rules but often seen, as elements in it.
fn markup(element: &Element, path: &str) -> Words {
    match element.only_text() {
        Some(text) => html::read_fragment(text, path),
        None if element.elements().next().is_some() => html::read_xhtml(element, path),
        None => html::read_fragment(&element.text(), path),
    }
}

fn identify(element: &Element, parts: &Parts<'_>, draft: &mut Draft<'_>) -> Result<(), Complaint> {
    let filled = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let guid = parts.guid.and_then(|guid| filled(guid.text()));
    let about = element.attr_ns(RDF, "about").and_then(|about| filled(about.to_owned()));
    let permanent = parts.guid.is_some_and(|guid| guid.attr("isPermaLink").map(str::trim) != Some("false"));
    let address = guid
        .clone()
        .filter(|guid| permanent && (guid.starts_with("http://") || guid.starts_with("https://")));
    draft.version.link = parts.link.clone().or(address);
    if let Some(uri) = guid.or(about).or_else(|| parts.link.clone()) {
        draft.version.uri = uri;
        return Ok(());
    }
    if draft.version.copy.is_empty() {
        let message = "the item has no guid, no link, no title and no body";
        return Err(Complaint::new(Gravity::Lost, "empty-item", message).at("channel/item", None));
    }
    let title = parts.title.map(|title| html::collapse(&title.text())).unwrap_or_default();
    draft.version.uri = feed::key("rss", &[&title, &parts.date]);
    let message = "the item has neither guid nor link; it is known by a hash of its title and date";
    draft.complain(Gravity::Remark, "no-identifier", message, "item/guid");
    Ok(())
}
