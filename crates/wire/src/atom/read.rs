//! Atom to versions.

use news::{Complaint, Field, Gravity, Masthead, Note, Version, nth};

use super::ap_webfeeds;
use super::shape::{Form, form, inside, is_own};
use crate::feed::{self, Draft, TOMBSTONES};
use crate::html::{self, Words};
use crate::mail::transfer;
use crate::xml::Element;
use crate::{Hints, Reading, stood};

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
    feed::settle(masthead(head.as_ref()), &mut reading, hints);
    reading
}

/// What the feed says of itself.
fn masthead(feed: Option<&Element>) -> Masthead {
    let mut says = Masthead::default();
    let Some(feed) = feed else { return says };
    says.language = feed.lang().map(str::to_owned);
    for child in feed.elements() {
        let text = || {
            let text = match form(child) {
                Form::Packed { .. } => unpacked(child)?,
                _ => child.text(),
            };
            Some(html::collapse(&text)).filter(|text| !text.is_empty())
        };
        let place = match child.name {
            _ if feed::masthead(child, &mut says) || !is_own(child) => continue,
            "title" => &mut says.title,
            "rights" | "copyright" => &mut says.copyright,
            "updated" | "modified" => &mut says.updated,
            "generator" => &mut says.generator,
            "author" => {
                says.creators.extend(person(child).map(|name| html::collapse(&name.text())));
                continue;
            }
            _ => continue,
        };
        *place = place.take().or_else(text);
    }
    says
}

/// The element with a person's name in it, if it holds one.
fn person<'e>(element: &'e Element<'e>) -> Option<&'e Element<'e>> {
    element.child("name").filter(|name| !name.is_blank())
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
        sort(child, &mut parts, &mut draft);
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

/// Reads an element, or keeps it for later. What no field is taken from is unmapped.
fn sort<'e>(child: &'e Element<'e>, parts: &mut Parts<'e>, draft: &mut Draft<'_>) {
    if !is_own(child) {
        draft.module(child, &PATH);
        return;
    }
    let first = |slot: &mut Option<&'e Element<'e>>| *slot = slot.or(Some(child));
    match child.name {
        "id" => first(&mut parts.id),
        "title" => first(&mut parts.title),
        "content" => first(&mut parts.content),
        "summary" => first(&mut parts.summary),
        "source" => first(&mut parts.source),
        "updated" | "modified" if draft.updated.is_none() => {
            draft.updated = draft.stamp(child, Field::VersionCreated, "entry/updated");
        }
        "published" | "issued" | "created" if draft.first.is_none() => {
            draft.first = draft.stamp(child, Field::FirstCreated, "entry/published");
        }
        "author" | "contributor" => {
            if let Some(name) = person(child) {
                draft.creator_in(name);
            }
        }
        "category" => category(child, draft),
        "rights" | "copyright" => draft.copyright(child),
        "link" => link(child, draft),
        _ => {}
    }
}

fn category(child: &Element, draft: &mut Draft<'_>) {
    if !draft.subject(child.attr("term"), child.attr("scheme"), child.attr("label")) {
        return;
    }
    let n = nth(draft.version.subjects.len());
    for attr in &child.attrs {
        match attr.name {
            "term" => stood::in_attr(&mut draft.version, Field::SubjectCode(n), attr),
            "label" => stood::in_attr(&mut draft.version, Field::Subject(n), attr),
            "scheme" => stood::meant_by(&mut draft.version, Field::Subject(n), attr),
            _ => {}
        }
    }
}

fn link(child: &Element, draft: &mut Draft<'_>) {
    match child.attr("rel").unwrap_or("alternate").trim() {
        "alternate" if draft.version.link.is_none() => {
            if let Some((attr, href)) = stood::first_attr(child, &["href"]) {
                draft.version.link = Some(href.to_owned());
                stood::in_attr(&mut draft.version, Field::Link, attr);
            }
        }
        "enclosure" => draft.rendition_in(child, "href", "enclosure"),
        _ => {}
    }
}

fn headline(title: &Element, draft: &mut Draft<'_>) {
    let path = "entry/title";
    match form(title) {
        Form::Html => {
            let words = html::read_fragment(&title.text(), path, &draft.hints.limits);
            draft.marked_headline(words, title);
        }
        Form::Xhtml => draft.marked_headline(html::read_xhtml(inside(title), path), title),
        Form::Text => draft.headline_in(title),
        other => {
            // Never the bytes of something else as a headline.
            let words = match &other {
                Form::Packed { html } => packed(title, *html, path, draft),
                _ => None,
            };
            match words {
                Some(words) => draft.marked_headline(words, title),
                None => {
                    let message = "the title comes in a form that is not read here";
                    draft.complain(Gravity::Hold, "content-type-not-read", message, path);
                }
            }
        }
    }
}

fn body(parts: &Parts<'_>, draft: &mut Draft<'_>) {
    let content = parts.content.filter(|content| content.attr("src").is_some() || !content.is_blank());
    let taken = content.is_some_and(|content| read_words(content, "entry/content", draft));
    if let Some(summary) = parts.summary.filter(|_| !taken) {
        read_words(summary, "entry/summary", draft);
    }
}

/// Reads the words of a content or text construct into the copy; `false` if there are none to read.
fn read_words(element: &Element, path: &str, draft: &mut Draft<'_>) -> bool {
    let words: Words = match form(element) {
        Form::Text => html::read_loose_text(&stood::text(element), path),
        Form::Html => html::read_fragment(&stood::text(element), path, &draft.hints.limits),
        Form::Xhtml => html::read_xhtml(inside(element), path),
        Form::Packed { html } => match packed(element, html, path, draft) {
            Some(words) => words,
            None => {
                let message = "the base64 cannot be undone";
                draft.complain(Gravity::Hold, "content-type-not-read", message, path);
                return false;
            }
        },
        Form::Remote => {
            draft.complain(
                Gravity::Hold,
                "remote-content",
                "the text is not delivered; it is at another address",
                path,
            );
            draft.rendition_in(element, "src", "content");
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
    feed::body(draft, words, element, path);
    true
}

/// The text that an element has packed by base64.
fn unpacked(element: &Element) -> Option<String> {
    let text = stood::text(element);
    let (bytes, damaged) = transfer::undo(text.trim().as_bytes(), "base64")?;
    String::from_utf8(bytes.into_owned()).ok().filter(|_| !damaged)
}

/// The words of an element that is packed by base64.
fn packed(element: &Element, html: bool, path: &str, draft: &Draft<'_>) -> Option<Words> {
    let text = unpacked(element)?;
    // Many say neither, and mean HTML where there are tags.
    let html = html || html::has_tag(&text);
    Some(match html {
        true => html::read_fragment(&text, path, &draft.hints.limits),
        false => html::read_loose_text(&text, path),
    })
}

/// The feed that an entry was taken from speaks for the entry where that is silent (RFC 4287 §4.2.11).
fn from_source(source: &Element, draft: &mut Draft<'_>) {
    if draft.version.creators.is_empty() {
        for name in source.children_named("author").filter_map(person) {
            draft.creator_in(name);
        }
    }
    if let Some(rights) = source.child("rights") {
        draft.copyright(rights);
    }
}

fn identify(parts: &Parts<'_>, draft: &mut Draft<'_>) -> Result<(), Complaint> {
    if let Some(id) = parts.id.filter(|id| !id.is_blank()) {
        stood::text(id).trim().clone_into(&mut draft.version.uri);
        stood::in_text(&mut draft.version, Field::Uri, id);
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
