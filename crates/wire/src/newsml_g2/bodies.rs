//! The story of a news item: which of the renditions in `contentSet` is read, and how.

use news::{Gravity, Note, Rendition, Version};

use super::shape::{self, Part, is_private, is_private_html};
use crate::html::{self, Words};
use crate::story::Head;
use crate::xml::{Element, Node};
use crate::{Hints, nitf, terms};

const XHTML: &str = "http://www.w3.org/1999/xhtml";
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

/// Reads the story. All renditions of a content set tell the same one, so one is read and the others are kept as
/// they are. `preformatted` says that the line breaks in the paragraphs are the agency's.
pub(super) fn read(version: &mut Version, set: &Element, preformatted: bool, hints: &Hints) -> (Head, Words) {
    let mut bodies: Vec<(&Element, Form<'_>)> = Vec::new();
    for child in set.elements() {
        let path = format!("{PATH}/{}", child.name);
        match child.name {
            "remoteContent" => remote(version, child, &path),
            _ if is_private(child) || shape::part(child.attr("rendition")) == Part::Private => {
                terms::note(version, "not-for-publication", &child.text(), &path);
            }
            "inlineXML" | "inlineData" if shape::part(child.attr("rendition")) == Part::Body => {
                bodies.push((child, form(child)));
            }
            _ => terms::keep(version, &named(child, &path), &child.text()),
        }
    }
    bodies.retain(|(element, _)| !element.is_blank());
    bodies.sort_by_key(|(_, form)| form.rank());
    let mut bodies = bodies.into_iter();
    let Some((element, form)) = bodies.next() else { return Default::default() };
    for (other, _) in bodies {
        terms::keep(version, &named(other, &format!("{PATH}/{}", other.name)), &other.text());
    }
    let path = format!("{PATH}/{}", element.name);
    match form {
        Form::Xhtml(body) => (Head::default(), xhtml(version, body, preformatted, &path)),
        Form::Nitf(body) => nitf::read_inline(version, body, hints),
        Form::Html(data) => (Head::default(), html::read_fragment(&data.text(), &path)),
        Form::Plain(data) => (Head::default(), html::read_text(&data.text(), &path)),
        Form::Unreadable => {
            let kind = element.attr("contenttype").unwrap_or("no content type").to_owned();
            let message = format!(
                "the story comes as {kind}, which is not read here: XHTML, NITF or plain text would be right"
            );
            terms::complain(version, Gravity::Hold, "unreadable-body", message, &path);
            terms::keep(version, &named(element, &path), &element.text());
            Default::default()
        }
    }
}

fn named(element: &Element, path: &str) -> String {
    match element.attr("rendition").or(element.attr("contenttype")) {
        Some(name) => format!("{path}[{name}]"),
        None => path.to_owned(),
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

fn remote(version: &mut Version, element: &Element, path: &str) {
    let href = ["href", "residref"]
        .into_iter()
        .filter_map(|name| element.attr(name))
        .map(str::trim)
        .find(|v| !v.is_empty());
    let Some(href) = href else { return terms::flatten(version, element, path) };
    version.renditions.push(Rendition {
        href: href.to_owned(),
        media_type: element.attr("contenttype").map(str::to_owned),
        role: element.attr("rendition").map(str::to_owned),
    });
    for child in element.elements() {
        terms::flatten(version, child, &format!("{path}/{}", child.name));
    }
}

fn xhtml(version: &mut Version, body: &Element, preformatted: bool, path: &str) -> Words {
    let mut copying = Copying { notes: Vec::new(), preformatted, path };
    let body = copying.element(body, false);
    let mut words = body.map(|body| html::read_xhtml(&body, path)).unwrap_or_default();
    version.notes.append(&mut copying.notes);
    words.blocks.retain(|block| !block.text.is_empty());
    words
}

/// Copies a story without what is addressed to editors.
struct Copying<'a> {
    notes: Vec<Note>,
    preformatted: bool,
    path: &'a str,
}

impl Copying<'_> {
    fn element<'e>(&mut self, element: &Element<'e>, in_header: bool) -> Option<Element<'e>> {
        if is_private_html(element, in_header) {
            let text = element.text();
            if !text.trim().is_empty() {
                let role = element.attr("class").unwrap_or("not-for-publication").to_owned();
                self.notes.push(Note { role, text, path: format!("{}/{}", self.path, element.name) });
            }
            return None;
        }
        let in_header = in_header || *element.name == *"header";
        let lines = self.preformatted
            && *element.name == *"p"
            && element.only_text().is_some_and(|t| t.contains('\n'));
        let children = element.children.iter().filter_map(|node| match node {
            Node::Element(child) => self.element(child, in_header).map(Node::Element),
            other => Some(other.clone()),
        });
        Some(Element {
            // Some agencies forget the namespace of the page, so that it falls into that of the item.
            ns: Some(XHTML.into()),
            children: children.collect(),
            name: if lines { "pre" } else { element.name },
            attrs: element.attrs.clone(),
            span: element.span.clone(),
        })
    }
}
