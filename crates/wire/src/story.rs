//! From the parts of a story, as the agency formats deliver them, to the copy of a version.

use std::ops::Range;

use news::{BlockKind, Complaint, Field, ListPlace, Mark, Note, Severity, Signal, Taken, Version, nth};

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
    /// Where the lines stood: the n-th of a kind, and its bytes.
    pub(crate) stood: Vec<(BlockKind, u16, Range<usize>)>,
}

/// A dateline with a field of its own.
pub(crate) struct Dateline {
    /// As written, insignificant white space collapsed.
    pub(crate) text: String,
    /// The place alone, if the format names it.
    pub(crate) located: Option<String>,
    /// Where it stood.
    pub(crate) path: String,
    /// Its bytes, if it stands as such in the transmission.
    pub(crate) bytes: Option<Range<usize>>,
}

impl Head {
    /// Adds a line that stood in these bytes.
    pub(crate) fn add(&mut self, draft: Option<Draft>, bytes: Range<usize>) {
        let Some(draft) = draft else { return };
        let kind = draft.kind;
        let list = if kind == BlockKind::Byline { &mut self.bylines } else { &mut self.lines };
        list.push(draft);
        let n = nth(list.iter().filter(|line| line.kind == kind).count());
        self.stood.push((kind, n, bytes));
    }

    /// Fills gaps with what the text itself carries.
    pub(crate) fn fill(&mut self, inner: Head) {
        let (lines, bylines) = (!self.has_headline(), self.bylines.is_empty());
        self.stood.retain(|(kind, ..)| !(if *kind == BlockKind::Byline { bylines } else { lines }));
        let taken = inner.stood.into_iter();
        self.stood
            .extend(taken.filter(|(kind, ..)| if *kind == BlockKind::Byline { bylines } else { lines }));
        if lines {
            self.lines = inner.lines;
        }
        if bylines {
            self.bylines = inner.bylines;
        }
        if self.dateline.is_none() {
            self.dateline = inner.dateline;
        }
    }

    /// Forgets where everything stood: it counted the bytes of another text.
    pub(crate) fn uproot(&mut self) {
        self.stood.clear();
        if let Some(dateline) = &mut self.dateline {
            dateline.bytes = None;
        }
    }

    /// The bytes of the n-th line of a kind.
    fn bytes(&self, kind: BlockKind, n: usize) -> Option<Range<usize>> {
        let found = self.stood.iter().find(|(own, at, _)| *own == kind && usize::from(*at) == n);
        found.map(|(.., bytes)| bytes.clone())
    }

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
pub(crate) fn tell(version: &mut Version, mut head: Head, mut body: Words, path: &str) {
    set_apart(version, &mut body, path);
    let paragraphs = body.blocks.iter().filter(|block| block.kind == BlockKind::P);
    let openings: Vec<&str> = paragraphs.take(4).map(|block| block.text.as_str()).collect();
    for (kind, n, bytes) in head.stood.iter().filter(|(kind, ..)| *kind != BlockKind::Byline) {
        version.origins.bytes(Field::Block(*kind, *n), Taken::AsWritten, bytes.clone());
    }
    let mut bylines = Vec::new();
    for (n, byline) in std::mem::take(&mut head.bylines).into_iter().enumerate() {
        if terms::begins_with_line(openings.iter().copied(), &byline.text) {
            if version.origins.is_empty() {
                terms::keep(version, format_args!("{path}/by"), &byline.text);
            }
            continue;
        }
        bylines.push(byline);
        if let Some(bytes) = head.bytes(BlockKind::Byline, n) {
            let field = Field::Block(BlockKind::Byline, nth(bylines.len()));
            version.origins.bytes(field, Taken::AsWritten, bytes);
        }
    }
    let mut blocks = head.lines;
    blocks.append(&mut bylines);
    if let Some(dateline) = head.dateline {
        let openings = openings.iter().copied();
        let block = line(BlockKind::Dateline, &dateline.text);
        if terms::place_dateline(version, &dateline.text, dateline.located, openings, &dateline.path) {
            blocks.extend(block);
        }
        if let (Some(bytes), Some(_)) = (dateline.bytes, &version.dateline) {
            version.origins.bytes(Field::Dateline, Taken::AsWritten, bytes);
        }
    }
    html::push_behind(blocks, body, version);
}

/// Takes out what stands behind a mark "not for publication"; a mark that does not say how far it reaches holds.
pub(crate) fn set_apart(version: &mut Version, body: &mut Words, path: &str) {
    let marks: Vec<(usize, Reach)> = body
        .blocks
        .iter()
        .enumerate()
        .filter_map(|(i, block)| Some((i, reserved::mark(&block.text)?)))
        .collect();
    let onwards = marks.iter().find(|(_, reach)| *reach == Reach::Onwards).map(|(i, _)| *i);
    if let Some(first) = onwards {
        for block in body.blocks.drain(first..) {
            let note =
                Note { role: "not-for-publication".to_owned(), text: block.text, path: path.to_owned() };
            body.notes.push(note);
        }
    }
    if marks.iter().any(|(i, _)| onwards.is_none_or(|first| *i < first)) {
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
