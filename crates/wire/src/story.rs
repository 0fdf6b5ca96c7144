//! From the parts of a story, as the agency formats deliver them, to the copy of a version.

use news::{BlockKind, Complaint, ListPlace, Mark, Note, Severity, Signal, Version};

use crate::html::{self, Draft, Words};
use crate::reserved::{self, Reach};
use crate::terms;

/// The parts that stand before the body.
#[derive(Default)]
pub(crate) struct Head {
    /// Headlines and subheads in order.
    pub(crate) lines: Vec<Draft>,
    /// Bylines.
    pub(crate) bylines: Vec<Draft>,
    /// The dateline, where it has a field of its own.
    pub(crate) dateline: Option<Dateline>,
}

/// A dateline with a field of its own.
pub(crate) struct Dateline {
    /// As written, insignificant white space collapsed.
    pub(crate) text: String,
    /// The place alone, if the format names it.
    pub(crate) located: Option<String>,
    /// Where it stood.
    pub(crate) path: String,
}

impl Head {
    /// Whether there is a headline.
    pub(crate) fn has_headline(&self) -> bool {
        self.lines.iter().any(|line| line.kind == BlockKind::Headline)
    }
}

/// A block without marks.
pub(crate) fn line(kind: BlockKind, text: &str) -> Option<Draft> {
    let text = terms::collapse(text);
    (!text.is_empty()).then(|| draft(kind, text, Vec::new(), None))
}

/// A block.
pub(crate) fn draft(kind: BlockKind, text: String, marks: Vec<Mark>, list: Option<ListPlace>) -> Draft {
    Draft { kind, text, marks, list }
}

/// Puts head and body into the version's copy, and what is not for publication into its notes.
///
/// A byline or dateline with which the body begins anyway does not become a second block.
pub(crate) fn tell(version: &mut Version, head: Head, mut body: Words, path: &str) {
    set_apart(version, &mut body, path);
    let paragraphs = body.blocks.iter().filter(|block| block.kind == BlockKind::P);
    let openings: Vec<String> = paragraphs.take(4).map(|block| block.text.clone()).collect();
    let mut blocks = head.lines;
    for byline in head.bylines {
        if terms::begins_with_line(openings.iter().map(String::as_str), &byline.text) {
            terms::keep(version, &format!("{path}/by"), &byline.text);
        } else {
            blocks.push(byline);
        }
    }
    if let Some(dateline) = head.dateline {
        let openings = openings.iter().map(String::as_str);
        let block = line(BlockKind::Dateline, &dateline.text);
        if terms::place_dateline(version, &dateline.text, dateline.located, openings, &dateline.path) {
            blocks.extend(block);
        }
    }
    blocks.append(&mut body.blocks);
    html::push(Words { blocks, ..body }, version);
}

/// Takes out what stands behind a mark "not for publication"; a mark that does not say how far it reaches holds.
fn set_apart(version: &mut Version, body: &mut Words, path: &str) {
    let marks =
        body.blocks.iter().enumerate().filter_map(|(i, block)| Some((i, reserved::mark(&block.text)?)));
    let Some((first, reach)) =
        marks.max_by_key(|(i, reach)| (*reach == Reach::Onwards, std::cmp::Reverse(*i)))
    else {
        return;
    };
    if reach == Reach::Onwards {
        for block in body.blocks.drain(first..) {
            let note =
                Note { role: "not-for-publication".to_owned(), text: block.text, path: path.to_owned() };
            body.notes.push(note);
        }
    }
    if body.blocks.iter().any(|block| reserved::mark(&block.text).is_some()) {
        version.signals.push(Signal {
            code: "text:not-for-publication".to_owned(),
            severity: Severity::Holds,
            from_text: true,
            path: path.to_owned(),
        });
    }
}

/// Complaints of one item carry its ordinal.
pub(crate) fn number(complaints: &mut [Complaint], item: usize) {
    for complaint in complaints {
        complaint.place.item = Some(item);
    }
}
