//! What a NITF document says: its parts and the words of its vocabulary (NITF 3.6; 2.x and 3.0 differ in nothing
//! that is read here).

use news::BlockKind;

use crate::html::Part;
use crate::xml::Element;

/// The parts of one document. A fragment that another format carries may lack any of them.
pub(super) struct Shape<'a> {
    /// The `nitf` element, or the part of it that was delivered.
    pub(super) root: &'a Element<'a>,
    /// `head`: about the document.
    pub(super) head: Option<&'a Element<'a>>,
    /// `head/docdata`: identity, status and dates.
    pub(super) docdata: Option<&'a Element<'a>>,
    /// `body/body.head`: headlines, byline, dateline.
    pub(super) body_head: Option<&'a Element<'a>>,
    /// `body/body.content`: the story.
    pub(super) content: Option<&'a Element<'a>>,
    /// `body/body.end`: tagline, bibliography.
    pub(super) end: Option<&'a Element<'a>>,
}

impl<'a> Shape<'a> {
    /// Finds the parts of a `nitf` element, or of a `body`, `body.content`, `block` that stands for one.
    pub(super) fn of(root: &'a Element<'a>) -> Self {
        let head = root.child("head");
        let body = if *root.name == *"body" { Some(root) } else { root.child("body") };
        let content = match root.name {
            "nitf" | "body" => body.and_then(|body| body.child("body.content")),
            _ => root.child("body.content").or(Some(root)),
        };
        Self {
            root,
            head,
            docdata: head.and_then(|head| head.child("docdata")),
            body_head: body.and_then(|body| body.child("body.head")),
            content,
            end: body.and_then(|body| body.child("body.end")),
        }
    }
}

/// What the elements of a body mean for copy. Whatever has no entry runs along in the text: its words stay, its
/// meaning is metadata.
pub(super) fn part(name: &str) -> Part {
    match name {
        "hl1" => Part::Block(BlockKind::H2),
        "hl2" => Part::Block(BlockKind::H3),
        "p" | "block" | "body.content" | "body.end" | "fn" | "note" | "tagline" | "bibliography"
        | "nitf-table" | "byttl" | "media" | "credit" | "dl" | "dt" | "dd" | "hr" | "thead" | "tbody"
        | "tfoot" => Part::Paragraph,
        "bq" | "blockquote" => Part::Quotation,
        "pre" => Part::Pre,
        "ul" => Part::List { ordered: false },
        "ol" => Part::List { ordered: true },
        "li" => Part::Item,
        "table" => Part::Table,
        "tr" => Part::Row,
        "th" => Part::Cell { header: true },
        "td" => Part::Cell { header: false },
        "caption" | "media-caption" => Part::Block(BlockKind::Caption),
        "media-producer" => Part::Block(BlockKind::Credit),
        "media-metadata" => Part::Hidden("media-metadata"),
        "media-object" => Part::Hidden("media-object"),
        "nitf-table-metadata" => Part::Hidden("table-metadata"),
        _ => Part::Inline,
    }
}

/// Whether an element is addressed to editors: notes and taglines of type `npa` (not publishable) or `pa`
/// (advisory), and messages to editors.
pub(super) fn is_private(element: &Element) -> bool {
    match element.name {
        "ed-msg" => true,
        _ => element
            .attr("type")
            .is_some_and(|kind| matches!(kind.trim().to_ascii_lowercase().as_str(), "npa" | "pa")),
    }
}
