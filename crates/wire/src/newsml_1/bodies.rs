//! The words of one content item, in whatever markup its agency puts them.

use news::{Complaint, Field, Gravity, Taken, Version};

use super::shape::{formal, formal_of};
use crate::html::{self, Words};
use crate::story::Head;
use crate::xml::{self, Element, Node};
use crate::{Hints, nitf};

/// In what form the words of a content item come.
#[derive(Clone, Copy)]
enum Form<'a> {
    Nitf(&'a Element<'a>),
    Xhtml(&'a Element<'a>),
    /// NITF as text, in a CDATA section.
    NitfText(&'a Element<'a>),
    Html(&'a Element<'a>),
    Plain(&'a Element<'a>),
    Unreadable,
}

/// The lower, the better: what carries more of the agency's structure is preferred.
pub(super) fn rank(item: &Element) -> u8 {
    match form(item) {
        Form::Nitf(_) => 0,
        Form::Xhtml(_) => 1,
        Form::NitfText(_) => 2,
        Form::Html(_) => 3,
        Form::Plain(_) => 4,
        Form::Unreadable => 5,
    }
}

/// Reads a content item. Status and embargo that NITF carries go into `version`, where the more restrictive holds.
pub(super) fn read(version: &mut Version, item: &Element, path: &str, hints: &Hints) -> (Head, Words) {
    let alone = |words| (Head::default(), words);
    let form = form(item);
    if let Form::Xhtml(holder) | Form::NitfText(holder) | Form::Html(holder) | Form::Plain(holder) = form {
        version.origins.bytes(Field::Body, Taken::ByMeaning, holder.inner.clone());
    }
    match form {
        Form::Nitf(root) => nitf::read_within(version, root, hints),
        Form::NitfText(element) => match xml::parse(element.text().trim(), &hints.limits) {
            Ok(root) => nitf::read_inline(version, &root, hints),
            Err(fault) => {
                alone(unreadable(element, path, &format!("NITF that cannot be read: {}", fault.message)))
            }
        },
        Form::Xhtml(body) => {
            let mut words = html::read_xhtml(body, path);
            words.blocks.retain(|block| !block.text.is_empty());
            alone(words)
        }
        Form::Html(element) => alone(html::read_fragment(element.text().trim(), path, &hints.limits)),
        Form::Plain(element) => alone(html::read_text(&element.text(), path)),
        Form::Unreadable => {
            let what = formal_of(item, "Format").unwrap_or("no format").to_owned();
            alone(unreadable(item, path, &format!("{what}, which is not read here")))
        }
    }
}

fn unreadable(element: &Element, path: &str, what: &str) -> Words {
    let message = format!("the story comes as {what}: NITF, XHTML or plain text would be right");
    let note = news::Note { role: "unreadable-body".to_owned(), text: element.text(), path: path.to_owned() };
    Words {
        notes: vec![note],
        complaints: vec![Complaint::new(Gravity::Hold, "unreadable-body", message).at(path, None)],
        ..Words::default()
    }
}

/// The elements decide, then the words of the agency for its format.
fn form<'e>(item: &'e Element<'e>) -> Form<'e> {
    // `Encoding` wraps what is no text as it stands (Base64).
    let Some(holder) = item.child("DataContent") else { return Form::Unreadable };
    let named = [item.child("Format"), item.child("MimeType")];
    let named: String =
        named.into_iter().flatten().filter_map(formal).collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let Some(first) = holder.elements().next() else { return written(holder, &named) };
    match first.name {
        "nitf" => Form::Nitf(first),
        "body.content" => Form::Nitf(holder),
        "body" if first.child("body.content").is_some() => Form::Nitf(first),
        "html" => Form::Xhtml(first.child("body").unwrap_or(first)),
        "body" => Form::Xhtml(first),
        "block" | "media" | "hl2" | "hedline" => Form::Nitf(holder),
        _ if named.contains("nitf") => Form::Nitf(holder),
        "p" | "div" | "section" | "article" | "h1" | "h2" | "h3" | "h4" | "ul" | "ol" | "table" | "pre"
        | "blockquote" | "span" | "em" | "strong" | "b" | "i" | "a" | "br" | "img" | "hr" => {
            Form::Xhtml(holder)
        }
        _ => Form::Unreadable,
    }
}

/// What stands there as text alone.
fn written<'a>(holder: &'a Element<'a>, named: &str) -> Form<'a> {
    let text = holder.children.iter().filter_map(|node| match node {
        Node::Text(text) => Some(text.trim_start()),
        _ => None,
    });
    let opening = text.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    let markup = opening.starts_with('<') && html::has_tag(opening);
    let nitf = ["<nitf", "<?xml", "<!DOCTYPE nitf", "<body.content", "<block"];
    if markup && nitf.iter().any(|start| opening.starts_with(start)) {
        return Form::NitfText(holder);
    }
    // Many agencies call HTML "Text"; no story in plain words begins with a tag.
    if markup || named.contains("html") { Form::Html(holder) } else { Form::Plain(holder) }
}
