//! The story of a news item: which of the renditions in `contentSet` is read, and how.

use news::{Field, Gravity, Rendition, Taken, Version, nth};

use super::shape::{self, Part, is_private, is_private_html};
use crate::html::{self, Way, Words};
use crate::story::Head;
use crate::xml::Element;
use crate::{Hints, nitf, stood, terms};

const PATH: &str = "contentSet";

/// A way in which a story is delivered.
#[derive(Clone, Copy)]
enum Form<'a> {
    Xhtml(&'a Element<'a>),
    Nitf(&'a Element<'a>),
    Html(&'a Element<'a>),
    Plain(&'a Element<'a>),
    Unreadable,
}

impl Form<'_> {
    /// The lower, the better: what carries more of the agency's structure is preferred.
    fn rank(self) -> u8 {
        match self {
            Form::Xhtml(_) => 0,
            Form::Nitf(_) => 1,
            Form::Html(_) => 2,
            Form::Plain(_) => 3,
            Form::Unreadable => 4,
        }
    }
}

/// Reads the story. All renditions of a content set tell the same one, so one is read and the others are unmapped.
/// `preformatted` says that the line breaks in the paragraphs are the agency's.
pub(super) fn read(version: &mut Version, set: &Element, preformatted: bool, hints: &Hints) -> (Head, Words) {
    let mut best: Option<(&Element, Form<'_>)> = None;
    for child in set.elements() {
        match child.name {
            "remoteContent" => remote(version, child),
            _ if is_private(child) || shape::part(child.attr("rendition")) == Part::Private => {
                let path = format_args!("{PATH}/{}", child.name);
                terms::note(version, "not-for-publication", &stood::text(child), path);
                if !child.is_blank() {
                    stood::in_text(version, Field::Note(nth(version.notes.len())), child);
                }
            }
            "inlineXML" | "inlineData"
                if shape::part(child.attr("rendition")) == Part::Body && !child.is_blank() =>
            {
                let form = form(child);
                if best.is_none_or(|(_, best)| form.rank() < best.rank()) {
                    best = Some((child, form));
                }
            }
            _ => {}
        }
    }
    let Some((element, form)) = best else { return Default::default() };
    let path = if *element.name == *"inlineXML" { "contentSet/inlineXML" } else { "contentSet/inlineData" };
    let body = |version: &mut Version, of: &Element| {
        version.origins.bytes(Field::Body, Taken::ByMeaning, of.inner.clone());
    };
    match form {
        Form::Xhtml(page) => {
            body(version, page);
            (Head::default(), xhtml(page, preformatted, path))
        }
        Form::Nitf(nitf) => nitf::read_within(version, nitf, hints),
        Form::Html(holder) => {
            body(version, holder);
            (Head::default(), html::read_fragment(&stood::text(holder), path, &hints.limits))
        }
        Form::Plain(holder) => {
            body(version, holder);
            (Head::default(), html::read_text(&stood::text(holder), path))
        }
        Form::Unreadable => {
            let kind = element.attr("contenttype").unwrap_or("no content type").to_owned();
            let message = format!(
                "the story comes as {kind}, which is not read here: XHTML, NITF or plain text would be right"
            );
            terms::complain(version, Gravity::Hold, "unreadable-body", message, path);
            Default::default()
        }
    }
}

/// What an element of the content set holds. For XML the root decides: the content types that agencies write are
/// often misspelt.
fn form<'e>(element: &'e Element<'e>) -> Form<'e> {
    let kind = element.attr("contenttype").unwrap_or("text/plain").trim().to_ascii_lowercase();
    if *element.name == *"inlineData" {
        return match kind.split(';').next().unwrap_or_default().trim() {
            _ if element.attr("encoding").is_some() => Form::Unreadable,
            "text/html" | "application/xhtml+xml" | "text/xhtml" => Form::Html(element),
            kind if kind.starts_with("text/") => Form::Plain(element),
            _ => Form::Unreadable,
        };
    }
    let Some(root) = element.elements().next() else { return Form::Plain(element) };
    match root.name {
        "nitf" | "body.content" | "block" => Form::Nitf(root),
        "body" if root.child("body.content").is_some() => Form::Nitf(root),
        "html" => Form::Xhtml(root.child("body").unwrap_or(root)),
        "body" => Form::Xhtml(root),
        // Loose blocks without a page around them.
        "p" | "div" | "section" | "article" | "h1" | "h2" | "h3" | "h4" | "ul" | "ol" | "table" | "pre"
        | "blockquote" | "span" | "em" | "strong" | "b" | "i" | "a" | "br" => Form::Xhtml(element),
        _ => Form::Unreadable,
    }
}

fn remote(version: &mut Version, element: &Element) {
    let Some((attr, href)) = stood::first_attr(element, &["href", "residref"]) else { return };
    let kind = stood::first_attr(element, &["contenttype"]);
    let role = stood::first_attr(element, &["rendition", "renditionuri"]);
    version.renditions.push(Rendition {
        href: href.to_owned(),
        media_type: kind.map(|(_, kind)| kind.to_owned()),
        role: role.map(|(_, role)| role.to_owned()),
    });
    let field = Field::Rendition(nth(version.renditions.len()));
    stood::in_attr(version, field, attr);
    for (attr, _) in kind.into_iter().chain(role) {
        stood::meant_by(version, field, attr);
    }
}

/// A page, without what is addressed to editors.
fn xhtml(page: &Element, preformatted: bool, path: &str) -> Words {
    html::read_xhtml_so(page, path, &|element, in_header| {
        if is_private_html(element, in_header) {
            Way::Aside(element.attr("class").unwrap_or("not-for-publication"))
        } else if preformatted
            && *element.name == *"p"
            && element.only_text().is_some_and(|text| text.contains('\n'))
        {
            Way::Lines
        } else {
            Way::Usual
        }
    })
}
