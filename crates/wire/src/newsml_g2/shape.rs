//! What a NewsML-G2 item says: its parts, the codes that restrict it, and the roles of its texts.

use news::Relation;

use super::catalog::Codes;
use crate::stood;
use crate::terms::{local, prefix};
use crate::xml::{Attr, Element};

/// The items that a message may carry.
pub(super) const ITEMS: [&str; 6] =
    ["newsItem", "packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem"];

/// The namespace in which one agency says with each item what kind of message it is.
const RTR: &str = "http://www.reuters.com/ns/2003/08/content";

/// The parts of an item.
pub(super) struct Shape<'a> {
    /// The item.
    pub(super) root: &'a Element<'a>,
    /// About the item.
    pub(super) item_meta: Option<&'a Element<'a>>,
    /// About what it tells.
    pub(super) content_meta: Option<&'a Element<'a>>,
    /// The story, as one or several renditions.
    pub(super) content_set: Option<&'a Element<'a>>,
}

impl<'a> Shape<'a> {
    pub(super) fn of(root: &'a Element<'a>) -> Self {
        Self {
            root,
            item_meta: root.child("itemMeta"),
            content_meta: root.child("contentMeta"),
            content_set: root.child("contentSet"),
        }
    }
}

/// The code of a concept: `@qcode`, else `@uri`, else `@literal`.
pub(super) fn code<'e>(element: &'e Element<'e>) -> Option<&'e str> {
    coded(element).map(|(_, code)| code)
}

/// The same with its attribute.
pub(super) fn coded<'e>(element: &'e Element<'e>) -> Option<(&'e Attr<'e>, &'e str)> {
    stood::first_attr(element, &["qcode", "uri", "literal"])
}

/// The word of a `pubStatus`. IPTC's alias of the vocabulary is `stat`: what another scheme calls usable may mean
/// anything, so that word stays as it is written.
pub(super) fn status(element: &Element, codes: &Codes<'_>) -> String {
    let code = codes.usual(code(element).unwrap_or_default());
    match (prefix(&code), local(&code)) {
        (scheme, "usable") if scheme.is_some_and(|s| s != "stat") || code.contains("://") => {
            code.into_owned()
        }
        (_, word) => word.to_owned(),
    }
}

/// The message type that one agency gives its items: `D` deletes.
pub(super) fn message_type<'e>(item_class: &'e Element<'e>) -> Option<(&'e Attr<'e>, &'e str)> {
    let attr = item_class.attrs.iter().find(|a| *a.name == *"msgType" && a.ns.as_deref() == Some(RTR))?;
    Some((attr, attr.value.trim()))
}

/// What a link's `@rel` means.
pub(super) fn relation(rel: &str) -> Relation {
    match local(rel).to_ascii_lowercase().as_str() {
        "previousversion" => Relation::Previous,
        "replaces" | "supersedes" => Relation::Replaces,
        "corrects" | "correctionof" => Relation::Corrects,
        "istranslationof" | "translationof" | "translatedfrom" => Relation::Translation,
        _ => Relation::SeeAlso,
    }
}

/// What a headline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeadlineRole {
    Main,
    Sub,
    Other,
}

/// What a headline's `@role` means; without one it is the main one.
pub(super) fn headline_role(role: Option<&str>) -> HeadlineRole {
    match role.map(|role| local(role).to_ascii_lowercase()).as_deref() {
        None | Some("" | "main" | "title" | "headline" | "hl1") => HeadlineRole::Main,
        Some("sub" | "subtitle" | "subheadline" | "subhead" | "subheading" | "deck" | "hl2") => {
            HeadlineRole::Sub
        }
        Some(_) => HeadlineRole::Other,
    }
}

/// Whether an element may not be published: it bears a `pubconstraint` other than "public".
pub(super) fn is_private(element: &Element) -> bool {
    let constraint = element.attr("pubconstraint").or_else(|| element.attr("pubconstrainturi"));
    constraint.is_some_and(|constraint| {
        constraint
            .split_ascii_whitespace()
            .any(|code| !matches!(local(code), "public" | "publishable" | "none"))
    })
}

/// Whether an element of the story is addressed to editors. The classes are those of dpa's XHTML: notepad and its
/// sections, and in the header of the page slugline, genre, time and what it says about the embargo.
pub(super) fn is_private_html(element: &Element, in_header: bool) -> bool {
    const CLASSES: [&str; 7] =
        ["notepad", "np-nonpublic", "np-public", "np-constraint", "nonpublic", "genrenote", "closingline"];
    const HEADER: [&str; 4] = ["slugline", "publicationDate", "genre", "embargoed"];
    let mut classes = element.attr("class").unwrap_or_default().split_ascii_whitespace();
    is_private(element)
        || classes.any(|class| CLASSES.contains(&class) || (in_header && HEADER.contains(&class)))
}

/// What a rendition of inline data is for, by the last part of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Body,
    Private,
    Other,
}

/// What a `@rendition` means.
pub(super) fn part(rendition: Option<&str>) -> Part {
    match rendition.map(|rendition| local(rendition).to_ascii_lowercase()).as_deref() {
        Some("nonpublic" | "public" | "private" | "notepad" | "ednote" | "editorialnote") => Part::Private,
        Some("headline" | "teaser" | "summary" | "caption" | "abstract" | "slug" | "title") => Part::Other,
        _ => Part::Body,
    }
}
