//! The elements of an item, sorted by what they are.

use crate::feed::{ATOM, CONTENT, DC, XHTML};
use crate::xml::Element;

/// Namespaces in which RSS's own elements have been seen; RSS 2.0 has none.
const OWN: [&str; 5] = [
    "http://purl.org/rss/1.0/",
    "http://purl.org/net/rss1.1#",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://backend.userland.com/rss2",
    "http://channel.netscape.com/rdf/simple/0.9/",
];
pub(super) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

/// What an element of an item is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Description,
    Encoded,
    Xhtml,
    Link,
    Guid,
    PubDate,
    Category,
    Author,
    Enclosure,
    Copyright,
    DcTitle,
    DcDescription,
    AtomUpdated,
    AtomPublished,
    AtomLink,
    AtomAuthor,
    Other,
}

/// Whether an element belongs to RSS itself.
pub(super) fn is_own(element: &Element) -> bool {
    element.ns.as_deref().is_none_or(|ns| OWN.contains(&ns))
}

pub(super) fn field(element: &Element) -> Field {
    let name = element.name;
    match element.ns.as_deref() {
        _ if is_own(element) => match name {
            "title" => Field::Title,
            "description" => Field::Description,
            "link" => Field::Link,
            "guid" => Field::Guid,
            "pubDate" | "pubdate" => Field::PubDate,
            "category" => Field::Category,
            "author" => Field::Author,
            "enclosure" => Field::Enclosure,
            "copyright" => Field::Copyright,
            _ => Field::Other,
        },
        Some(CONTENT) if name == "encoded" => Field::Encoded,
        Some(DC) if name == "title" => Field::DcTitle,
        Some(DC) if name == "description" => Field::DcDescription,
        Some(XHTML) if name == "body" || name == "div" => Field::Xhtml,
        Some(ATOM) => match name {
            "updated" => Field::AtomUpdated,
            "published" => Field::AtomPublished,
            "link" => Field::AtomLink,
            "author" | "contributor" => Field::AtomAuthor,
            _ => Field::Other,
        },
        _ => Field::Other,
    }
}
