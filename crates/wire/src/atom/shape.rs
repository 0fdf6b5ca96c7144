//! What an Atom text or content construct holds (RFC 4287 §3.1, §4.1.3; Atom 0.3 §3.1).

use crate::feed::{ATOM, ATOM_03};
use crate::xml::Element;

/// Namespaces of its drafts, which some feeds still bear.
const DRAFTS: [&str; 2] = ["http://purl.org/pie/", "http://purl.org/atom/ns#draft-ietf-atompub-format-11"];

/// Whether an element belongs to Atom itself. An entry that declares no namespace at all is taken for Atom.
pub(super) fn is_own(element: &Element) -> bool {
    element.ns.as_deref().is_none_or(|ns| ns == ATOM || ns == ATOM_03 || DRAFTS.contains(&ns))
}

/// The form of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Plain text.
    Text,
    /// HTML as text of the element.
    Html,
    /// Elements of XHTML.
    Xhtml,
    /// HTML or plain text, packed by base64 (Atom 0.3, `mode="base64"`).
    Packed {
        /// Whether it is HTML.
        html: bool,
    },
    /// It is elsewhere.
    Remote,
    /// Something that is no text for readers, by its media type.
    Foreign(String),
}

pub(super) fn form(element: &Element) -> Form {
    if element.attr("src").is_some() {
        return Form::Remote;
    }
    let kind = element.attr("type").unwrap_or("text").trim().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if element.ns.as_deref() == Some(ATOM_03) {
        return form_03(element, kind);
    }
    match kind {
        "text" | "text/plain" | "" => Form::Text,
        // An agency that puts elements where HTML as text is promised means what they show.
        "html" | "text/html" if element.elements().next().is_some() => Form::Xhtml,
        "html" | "text/html" => Form::Html,
        "xhtml" | "application/xhtml+xml" => Form::Xhtml,
        // What holds other media is base64 (RFC 4287 §4.1.3.3); some send words that way.
        "application/octet-stream" => Form::Packed { html: false },
        other if other.starts_with("text/") && !other.ends_with("/xml") => Form::Text,
        other => Form::Foreign(other.to_owned()),
    }
}

fn form_03(element: &Element, kind: &str) -> Form {
    match element.attr("mode").map(str::trim) {
        Some("base64") if kind.is_empty() || kind.starts_with("text") || kind.contains("html") => {
            Form::Packed { html: kind.contains("html") }
        }
        Some("base64") => Form::Foreign(format!("{kind} in base64")),
        Some("escaped") if kind.contains("html") => Form::Html,
        _ if kind.contains("html") && element.elements().next().is_none() => Form::Html,
        _ if kind.contains("html") => Form::Xhtml,
        _ if kind.starts_with("text") || kind.is_empty() => Form::Text,
        _ => Form::Foreign(kind.to_owned()),
    }
}

/// The `div` around XHTML, which is no part of it (RFC 4287 §3.1.1.3); the element itself if there is none.
pub(super) fn inside<'e>(element: &'e Element<'e>) -> &'e Element<'e> {
    let mut elements = element.elements();
    match (elements.next(), elements.next()) {
        (Some(div), None) if *div.name == *"div" => div,
        _ => element,
    }
}
