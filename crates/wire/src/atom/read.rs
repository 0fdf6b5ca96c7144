//! Atom to versions.

use news::{Complaint, Gravity, Note, Version};

use super::ap_webfeeds;
use super::shape::{Form, form, inside, is_own};
use crate::feed::{self, Draft, Heritage, TOMBSTONES};
use crate::html::{self, Words};
use crate::xml::Element;
use crate::{Hints, Reading};

/// Reads a feed, or a single entry. Never fails; see [`crate::read`].
pub fn read(text: &str, hints: &Hints) -> Reading {
    let names = ["entry", "deleted-entry"];
    let (mut reading, head) = feed::gather(text, &names, "feed/entry", hints, |element| {
        if *element.name == *"deleted-entry" {
            let known = element.ns.as_deref().is_none_or(|ns| ns == TOMBSTONES || ns == feed::ATOM);
            return feed::tombstone(element, hints).filter(|_| known).ok_or_else(|| {
                Complaint::new(Gravity::Lost, "no-identifier", "the tombstone names no entry")
                    .at("deleted-entry@ref", None)
            });
        }
        entry(element, hints)
    });
    heritage(head.as_ref()).give(&mut reading, hints);
    reading
}

fn heritage(feed: Option<&Element>) -> Heritage {
    let own =
        |name: &'static str| feed.into_iter().flat_map(move |f| f.children_named(name)).filter(|e| is_own(e));
    Heritage {
        language: feed.and_then(Element::lang).map(str::to_owned),
        copyright: own("rights").chain(own("copyright")).next().map(|e| html::collapse(&e.text())),
        creators: own("author").filter_map(person).collect(),
    }
}

fn person(element: &Element) -> Option<String> {
    let name = html::collapse(&element.child("name")?.text());
    Some(name).filter(|name| !name.is_empty())
}

#[derive(Default)]
struct Parts<'e> {
    id: Option<&'e Element<'e>>,
    title: Option<&'e Element<'e>>,
    content: Option<&'e Element<'e>>,
    summary: Option<&'e Element<'e>>,
    source: Option<&'e Element<'e>>,
}

const PATH: &str = "entry";

fn entry(element: &Element, hints: &Hints) -> Result<Version, Complaint> {
    if let Some(version) = ap_webfeeds::entry(element, hints) {
        return version;
    }
    let mut draft = Draft::new(hints, element);
    let mut parts = Parts::default();
    for child in element.elements() {
        if !sort(child, &mut parts, &mut draft) {
            draft.extra_element(child, PATH);
        }
    }
    if let Some(title) = parts.title {
        headline(title, &mut draft);
    }
    body(&parts, &mut draft);
    if let Some(source) = parts.source {
        from_source(source, &mut draft);
    }
    identify(&parts, &mut draft)?;
    if draft.updated.is_none() {
        let message = "the entry does not say when it was updated; versions are ordered as they arrive";
        draft.complain(Gravity::Remark, "no-updated", message, "entry/updated");
    }
    Ok(draft.finish())
}

/// `false` if nobody reads the element.
fn sort<'e>(child: &'e Element<'e>, parts: &mut Parts<'e>, draft: &mut Draft<'_>) -> bool {
    if !is_own(child) {
        return draft.module(child, PATH);
    }
    let first = |slot: &mut Option<&'e Element<'e>>| slot.is_none() && slot.replace(child).is_none();
    match child.name {
        "id" => first(&mut parts.id),
        "title" => first(&mut parts.title),
        "content" => first(&mut parts.content),
        "summary" => first(&mut parts.summary),
        "source" => first(&mut parts.source),
        "updated" | "modified" if draft.updated.is_none() => {
            draft.updated = draft.stamp(child, "entry/updated");
            true
        }
        "published" | "issued" | "created" if draft.first.is_none() => {
            draft.first = draft.stamp(child, "entry/published");
            true
        }
        "author" | "contributor" => match person(child) {
            Some(name) => {
                draft.creator(&name);
                true
            }
            None => false,
        },
        "category" => {
            draft.subject(child.attr("term"), child.attr("scheme"), child.attr("label"));
            true
        }
        "rights" | "copyright" => {
            draft.copyright(&child.text());
            true
        }
        "link" => link(child, draft),
        _ => false,
    }
}

fn link(child: &Element, draft: &mut Draft<'_>) -> bool {
    let href = child.attr("href").map(str::trim).filter(|href| !href.is_empty());
    match child.attr("rel").unwrap_or("alternate").trim() {
        "alternate" if draft.version.link.is_none() && href.is_some() => {
            draft.version.link = href.map(str::to_owned);
            true
        }
        "enclosure" => {
            draft.rendition(href, child.attr("type"), "enclosure");
            true
        }
        _ => false,
    }
}

fn headline(title: &Element, draft: &mut Draft<'_>) {
    let path = "entry/title";
    match form(title) {
        Form::Html => draft.marked_headline(html::read_fragment(&title.text(), path)),
        Form::Xhtml => draft.marked_headline(html::read_xhtml(inside(title), path)),
        _ => draft.headline(&title.text(), path),
    }
}

fn body(parts: &Parts<'_>, draft: &mut Draft<'_>) {
    let content = parts.content.filter(|content| content.attr("src").is_some() || !content.is_blank());
    let taken = content.is_some_and(|content| read_words(content, "entry/content", draft));
    let Some(summary) = parts.summary else { return };
    if taken {
        draft.extra("entry/summary", summary.text().trim());
    } else {
        read_words(summary, "entry/summary", draft);
    }
}

/// Reads the words of a content or text construct into the copy; `false` if there are none to read.
fn read_words(element: &Element, path: &str, draft: &mut Draft<'_>) -> bool {
    let words: Words = match form(element) {
        Form::Text => html::read_loose_text(&element.text(), path),
        Form::Html => html::read_fragment(&element.text(), path),
        Form::Xhtml => html::read_xhtml(inside(element), path),
        Form::Remote(src) => {
            draft.complain(
                Gravity::Hold,
                "remote-content",
                "the text is not delivered; it is at another address",
                path,
            );
            draft.rendition(Some(&src), element.attr("type"), "content");
            return false;
        }
        Form::Foreign(kind) => {
            let kind: String = kind.chars().take(60).collect();
            let message = format!("content of type {kind} is not read here");
            draft.complain(Gravity::Hold, "content-type-not-read", message, path);
            draft.version.notes.push(Note {
                role: "content".into(),
                text: element.text(),
                path: path.into(),
            });
            return false;
        }
    };
    feed::body(draft, words);
    true
}

/// The feed that an entry was taken from speaks for the entry where that is silent (RFC 4287 §4.2.11).
fn from_source(source: &Element, draft: &mut Draft<'_>) {
    if draft.version.creators.is_empty() {
        for name in source.children_named("author").filter_map(person) {
            draft.creator(&name);
        }
    }
    if let Some(rights) = source.child("rights") {
        draft.copyright(&rights.text());
    }
    draft.extra_element(source, PATH);
}

fn identify(parts: &Parts<'_>, draft: &mut Draft<'_>) -> Result<(), Complaint> {
    let id = parts.id.map(|id| id.text().trim().to_owned()).filter(|id| !id.is_empty());
    if let Some(id) = id {
        draft.version.uri = id;
        return Ok(());
    }
    if let Some(link) = &draft.version.link {
        draft.version.uri.clone_from(link);
        draft.complain(
            Gravity::Remark,
            "no-identifier",
            "the entry has no id; it is known by its link",
            "entry/id",
        );
        return Ok(());
    }
    if draft.version.copy.is_empty() {
        let message = "the entry has no id, no link, no title and no body";
        return Err(Complaint::new(Gravity::Lost, "empty-item", message).at("feed/entry", None));
    }
    let title = draft.version.copy.headline().unwrap_or_default().to_owned();
    // Not `updated`: that moves with every version.
    let date = draft.first.as_ref().map(|stamp| stamp.raw.clone()).unwrap_or_default();
    draft.version.uri = feed::key("atom", &[&title, &date]);
    let message = "the entry has neither id nor link; it is known by a hash of its title and date";
    draft.complain(Gravity::Remark, "no-identifier", message, "entry/id");
    Ok(())
}
