//! The body of a NITF document as blocks.

use news::{BlockKind, MarkKind, Rendition};

use super::shape::{is_private, part};
use crate::html::{Collector, Draft, Part, Words};
use crate::xml::{Element, Node};

/// Reads elements that hold blocks, one behind the other.
pub(super) fn blocks<'a>(elements: impl IntoIterator<Item = &'a Element<'a>>, path: &str) -> Words {
    let mut collector = Collector::new(path);
    for element in elements {
        collector.enter(Part::Paragraph, Vec::new());
        walk(element, &mut collector);
        collector.leave();
    }
    collector.finish()
}

/// Reads an element as blocks of one kind: headline, byline. What is not copy in it goes to `aside`.
pub(super) fn lines(element: &Element, kind: BlockKind, path: &str, aside: &mut Words) -> Vec<Draft> {
    let mut collector = Collector::new(path);
    collector.enter(Part::Block(kind), Vec::new());
    walk(element, &mut collector);
    collector.leave();
    let mut words = collector.finish();
    aside.notes.append(&mut words.notes);
    aside.renditions.append(&mut words.renditions);
    aside.complaints.append(&mut words.complaints);
    words.blocks.iter_mut().for_each(|block| block.kind = kind);
    words.blocks
}

/// Depth is bounded by the parser's limit.
fn walk(element: &Element, to: &mut Collector) {
    for node in &element.children {
        match node {
            Node::Text(text) => to.text(text),
            Node::Comment(text) => to.note("comment", text),
            Node::Element(child) => {
                if enter(child, to) {
                    walk(child, to);
                    to.leave();
                }
            }
        }
    }
}

/// Tells the collector that an element begins; `false` for one without an end.
fn enter(element: &Element, to: &mut Collector) -> bool {
    if is_private(element) {
        to.note(role(element), element.attr("info").unwrap_or_default());
        to.enter(Part::Hidden(role(element)), Vec::new());
        return true;
    }
    match element.name {
        "br" => {
            to.line_break();
            return false;
        }
        "img" | "media-reference" => {
            picture(element, to);
            // Some agencies write a caption of sorts between the tags; nothing says that it is one.
            to.enter(Part::Hidden("media-reference"), Vec::new());
            return true;
        }
        "media-metadata" => {
            let [name, value] = ["name", "value"].map(|attr| element.attr(attr).unwrap_or_default());
            to.note("media-metadata", &format!("{name}={value}"));
        }
        _ => {}
    }
    to.enter(part(element.name), marks(element));
    true
}

fn role(element: &Element) -> &'static str {
    match element.name {
        "ed-msg" => "ed-msg",
        "note" => "note",
        "tagline" => "tagline",
        _ => "not-for-publication",
    }
}

fn marks(element: &Element) -> Vec<MarkKind> {
    let language = element.lang().or_else(|| element.attr("lang")).filter(|tag| !tag.trim().is_empty());
    let mut marks: Vec<MarkKind> =
        language.map(|tag| MarkKind::Language(tag.to_owned())).into_iter().collect();
    match element.name {
        "em" if element.attr("class").is_some_and(|class| class.trim() == "bold") => {
            marks.push(MarkKind::Strong);
        }
        "em" | "i" => marks.push(MarkKind::Emphasis),
        "strong" | "b" => marks.push(MarkKind::Strong),
        "sup" => marks.push(MarkKind::Superscript),
        "sub" => marks.push(MarkKind::Subscript),
        "a" => marks.extend(
            element
                .attr("href")
                .filter(|href| leads_somewhere(href))
                .map(|href| MarkKind::Link(href.to_owned())),
        ),
        _ => {}
    }
    marks
}

fn leads_somewhere(href: &str) -> bool {
    let scheme = href.trim_start().split(':').next().unwrap_or_default().to_ascii_lowercase();
    !href.trim().is_empty() && !matches!(scheme.as_str(), "javascript" | "vbscript" | "data")
}

fn picture(element: &Element, to: &mut Collector) {
    if let Some(alt) = element.attr("alternate-text") {
        to.note("image-alt", alt);
    }
    let source = ["source", "src"]
        .into_iter()
        .filter_map(|name| element.attr(name))
        .map(str::trim)
        .find(|s| !s.is_empty());
    to.rendition(Rendition {
        href: source.unwrap_or_default().to_owned(),
        media_type: element.attr("mime-type").map(str::to_owned),
        role: element.attr("name").map(str::to_owned),
    });
}
