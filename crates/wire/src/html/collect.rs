//! From nested elements to a flat list of blocks.

use news::{BlockKind, Complaint, Gravity, ListPlace, Mark, MarkKind, Note, Rendition};

use super::{Draft, Words, is_space};

/// What an element is, as far as blocks are concerned. Every format that nests text has a table from its elements
/// to these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Runs along in the text.
    Inline,
    /// A paragraph, division or any other element that stands by itself: it takes the kind from what is around it.
    Paragraph,
    /// A block of a kind of its own: a heading, a caption, a byline.
    Block(BlockKind),
    /// A quotation: its paragraphs are [`BlockKind::Quote`].
    Quotation,
    /// Preformatted lines: white space counts.
    Pre,
    /// A list.
    List {
        /// Whether it numbers its items.
        ordered: bool,
    },
    /// An item of a list.
    Item,
    /// A table.
    Table,
    /// A row of a table.
    Row,
    /// A cell of a row.
    Cell {
        /// Whether it heads a column or row.
        header: bool,
    },
    /// Not for readers: its text becomes a note with this role.
    Hidden(&'static str),
}

/// More blocks than this in one fragment are a complaint.
pub(super) const MOST_BLOCKS: usize = 50_000;
/// Links are repeated for every block that they cover; beyond so many bytes their marks are dropped.
const LINK_BUDGET: usize = 4 << 20;
/// More marks than these are never open at once by rights.
const MOST_OPEN: usize = 16;

/// Takes what a walk over a tree meets and makes blocks of it.
///
/// [`enter`](Collector::enter) and [`leave`](Collector::leave) must be called in pairs.
pub struct Collector<'p> {
    words: Words,
    path: &'p str,
    frames: Vec<Frame>,
    contexts: Vec<Context>,
    lists: Vec<bool>,
    text: String,
    marks: Vec<Closed>,
    open: Vec<OpenMark>,
    sequence: usize,
    /// Where the current block or cell begins.
    floor: usize,
    /// White space that comes now is part of a run, or at the start of a line.
    at_space: bool,
    row: Row,
    hidden: Option<Hidden>,
    link_bytes: usize,
}

struct Frame {
    part: Part,
    marks: usize,
    context: bool,
}

/// What is around the text.
#[derive(Clone, Copy)]
struct Context {
    kind: BlockKind,
    list: Option<ListPlace>,
    /// Paragraphs inside are lines of one block.
    soft: bool,
    pre: bool,
}

struct Closed {
    mark: Mark,
    sequence: usize,
}

#[derive(Clone)]
struct OpenMark {
    kind: MarkKind,
    start: usize,
    sequence: usize,
}

#[derive(Default)]
struct Row {
    cells: usize,
    cell: Option<bool>,
}

struct Hidden {
    role: &'static str,
    depth: usize,
    text: String,
}

/// Whether so many bytes from here need no folding, as far as one can tell without the bytes behind them.
#[inline]
fn is_even<const STEP: usize>(bytes: &[u8], from: usize) -> bool {
    let step = |from: usize| bytes.get(from..)?.first_chunk::<STEP>();
    let (Some(here), Some(before)) = (step(from), step(from - 1)) else { return false };
    let odd = |at: usize| (here[at] < b' ') | ((here[at] == b' ') & (before[at] == b' '));
    !(0..STEP).fold(false, |found, at| found | odd(at))
}

/// How many bytes stand as they are: words with one space between two, which need no folding.
pub(super) fn even_run(text: &str) -> usize {
    /// Bytes that are looked at at once.
    const STEP: usize = 32;
    /// And those of what is left.
    const SMALL: usize = 8;
    let bytes = text.as_bytes();
    let folds = |b: u8| b <= b' ' && is_space(char::from(b));
    let mut sure = 0;
    if bytes.first().is_some_and(|&b| b > b' ') {
        sure = 1;
        while is_even::<STEP>(bytes, sure) {
            sure += STEP;
        }
        while is_even::<SMALL>(bytes, sure) {
            sure += SMALL;
        }
    }
    let mut before = sure == 0 || bytes[sure - 1] == b' ';
    for (at, &b) in bytes.iter().enumerate().skip(sure) {
        let space = folds(b);
        if space && (before || b != b' ') {
            return if before { at.saturating_sub(1) } else { at };
        }
        before = space;
    }
    if before { bytes.len().saturating_sub(1) } else { bytes.len() }
}

impl<'p> Collector<'p> {
    /// An empty collector; `path` names the place for notes and complaints.
    pub fn new(path: &'p str) -> Self {
        Self {
            words: Words::default(),
            path,
            frames: Vec::new(),
            contexts: Vec::new(),
            lists: Vec::new(),
            text: String::new(),
            marks: Vec::new(),
            open: Vec::new(),
            sequence: 0,
            floor: 0,
            at_space: true,
            row: Row::default(),
            hidden: None,
            link_bytes: 0,
        }
    }

    /// So many bytes of markup come: room is made for the blocks that they are likely to become.
    pub(super) fn expect(&mut self, bytes: usize) {
        self.words.blocks.reserve((bytes / 256).min(64));
        self.text.reserve(bytes.min(512));
    }

    /// An element begins: what it is, and what its text is marked as.
    pub fn enter(&mut self, part: Part, marks: impl IntoIterator<Item = MarkKind>) {
        if let Some(hidden) = &mut self.hidden {
            hidden.depth += 1;
            return;
        }
        if let Part::Hidden(role) = part {
            self.hidden = Some(Hidden { role, depth: 0, text: String::new() });
            return;
        }
        let context = self.begin(&part);
        let before = self.open.len();
        for kind in marks {
            self.open_mark(kind);
        }
        self.frames.push(Frame { part, marks: self.open.len() - before, context });
    }

    /// The element last entered ends.
    pub fn leave(&mut self) {
        if let Some(hidden) = &mut self.hidden {
            if hidden.depth > 0 {
                hidden.depth -= 1;
            } else if let Some(hidden) = self.hidden.take() {
                self.note(hidden.role, &hidden.text);
            }
            return;
        }
        let Some(frame) = self.frames.pop() else { return };
        if frame.part == Part::Inline {
            self.close_marks(frame.marks);
            return;
        }
        // The block ends inside its own marks, so that these cover it wholly.
        self.end(&frame.part);
        self.close_marks(frame.marks);
        if frame.context {
            self.contexts.pop();
        }
    }

    /// Text, references resolved.
    pub fn text(&mut self, text: &str) {
        if let Some(hidden) = &mut self.hidden {
            hidden.text.push_str(text);
            return;
        }
        if self.context().kind == BlockKind::Row && self.row.cell.is_none() {
            if super::is_blank(text) {
                return;
            }
            self.open_cell(false);
        }
        if self.context().pre {
            self.text.push_str(text);
            self.at_space = false;
            return;
        }
        self.text.reserve(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let end = even_run(rest);
            if end > 0 {
                self.text.push_str(&rest[..end]);
                self.at_space = false;
            }
            rest = &rest[end..];
            let words = rest.trim_start_matches(is_space);
            if words.len() < rest.len() && !self.at_space {
                self.text.push(' ');
                self.at_space = true;
            }
            rest = words;
        }
    }

    /// A forced line break. Two in a row part paragraphs, except in a list item or cell.
    pub fn line_break(&mut self) {
        if let Some(hidden) = &mut self.hidden {
            hidden.text.push('\n');
            return;
        }
        if self.context().pre {
            self.text.push('\n');
            return;
        }
        self.trim_end(' ');
        if self.text.len() == self.floor {
            return;
        }
        if !self.text.ends_with('\n') {
            self.text.push('\n');
            self.at_space = true;
        } else if !self.context().soft {
            self.flush();
        }
    }

    /// A whole block of its own, taken as it is.
    pub fn block(&mut self, kind: BlockKind, text: &str) {
        self.flush();
        if !text.is_empty() {
            self.emit(Draft { kind, text: text.to_owned(), marks: Vec::new(), list: None });
        }
    }

    /// Text that is not for publication.
    pub fn note(&mut self, role: &str, text: &str) {
        if !super::is_blank(text) {
            self.words.notes.push(Note { role: role.into(), text: text.into(), path: self.path.to_owned() });
        }
    }

    /// A picture or embed that is named here.
    pub fn rendition(&mut self, rendition: Rendition) {
        if !rendition.href.is_empty() {
            self.words.renditions.push(rendition);
        }
    }

    /// Something odd.
    pub fn complain(&mut self, complaint: Complaint) {
        self.words.complaints.push(complaint);
    }

    /// All that was collected.
    pub fn finish(mut self) -> Words {
        while self.hidden.is_some() || !self.frames.is_empty() {
            self.leave();
        }
        self.flush();
        self.words
    }

    fn context(&self) -> Context {
        const OUTSIDE: Context = Context { kind: BlockKind::P, list: None, soft: false, pre: false };
        self.contexts.last().copied().unwrap_or(OUTSIDE)
    }

    /// Ends what stood before and says whether a context was pushed.
    fn begin(&mut self, part: &Part) -> bool {
        let around = self.context();
        let in_row = around.kind == BlockKind::Row;
        let next = match part {
            Part::Inline | Part::Hidden(_) => return false,
            Part::Table => {
                self.part_row();
                Context { kind: BlockKind::P, list: None, soft: false, pre: false }
            }
            Part::Row => {
                self.part_row();
                self.row = Row::default();
                Context { kind: BlockKind::Row, list: None, soft: true, pre: false }
            }
            Part::Cell { header } if in_row => {
                self.open_cell(*header);
                return false;
            }
            // Whatever stands in a cell is lines of the row.
            Part::Pre if in_row => {
                self.soft_break();
                Context { pre: true, ..around }
            }
            Part::List { ordered } => {
                self.part();
                self.lists.push(*ordered);
                return false;
            }
            _ if in_row => {
                self.soft_break();
                return false;
            }
            Part::Paragraph | Part::Cell { .. } => {
                self.part();
                return false;
            }
            Part::Block(kind) => {
                self.flush();
                Context { kind: *kind, list: None, soft: false, pre: false }
            }
            Part::Quotation => {
                self.flush();
                Context { kind: BlockKind::Quote, list: None, soft: false, pre: false }
            }
            Part::Pre => {
                self.flush();
                Context { kind: BlockKind::Pre, list: None, soft: false, pre: true }
            }
            Part::Item => {
                self.flush();
                let place = ListPlace {
                    ordered: self.lists.last().copied().unwrap_or(false),
                    depth: u8::try_from(self.lists.len().saturating_sub(1)).unwrap_or(u8::MAX),
                };
                Context { kind: BlockKind::Li, list: Some(place), soft: true, pre: false }
            }
        };
        self.contexts.push(next);
        true
    }

    fn end(&mut self, part: &Part) {
        match part {
            Part::Inline | Part::Hidden(_) => {}
            Part::Table => self.flush(),
            Part::Row => self.end_row(),
            Part::Cell { .. } if self.context().kind == BlockKind::Row => self.close_cell(),
            Part::List { .. } => {
                self.part();
                self.lists.pop();
            }
            Part::Item => self.part_item(),
            Part::Paragraph | Part::Cell { .. } => self.part(),
            Part::Block(_) | Part::Quotation | Part::Pre => {
                if self.context().kind == BlockKind::Row {
                    self.soft_break();
                } else {
                    self.flush();
                }
            }
        }
    }

    fn part_item(&mut self) {
        if self.context().kind == BlockKind::Row { self.soft_break() } else { self.flush() }
    }

    /// Ends a paragraph: a new line where paragraphs are lines of one block, a new block elsewhere.
    fn part(&mut self) {
        if self.context().soft { self.soft_break() } else { self.flush() }
    }

    fn soft_break(&mut self) {
        if self.context().pre {
            if self.text.len() > self.floor && !self.text.ends_with('\n') {
                self.text.push('\n');
            }
            self.at_space = true;
        } else {
            self.line_break();
        }
    }

    /// What stood in a row so far ends where a table inside it begins.
    fn part_row(&mut self) {
        if self.context().kind == BlockKind::Row {
            self.close_cell();
            self.end_row();
        } else {
            self.flush();
        }
    }

    fn open_cell(&mut self, header: bool) {
        self.close_cell();
        if self.row.cells > 0 {
            self.text.push('\t');
        }
        self.row.cell = Some(header);
        self.floor = self.text.len();
        self.at_space = true;
    }

    fn close_cell(&mut self) {
        let Some(header) = self.row.cell.take() else { return };
        self.trim_line_end();
        let range = self.floor..self.text.len();
        self.row.cells += 1;
        self.sequence += 1;
        self.marks
            .push(Closed { mark: Mark { range, kind: MarkKind::Cell(header) }, sequence: self.sequence });
    }

    fn end_row(&mut self) {
        self.close_cell();
        self.floor = 0;
        if self.text.bytes().all(|b| b == b'\t') {
            self.text.clear();
            self.marks.clear();
        }
        self.flush();
        self.row = Row::default();
    }

    fn open_mark(&mut self, kind: MarkKind) {
        let repeated = match &kind {
            MarkKind::Link(_) => self.open.iter().any(|open| matches!(open.kind, MarkKind::Link(_))),
            MarkKind::Language(_) | MarkKind::Direction(_) => false,
            other => self.open.iter().any(|open| open.kind == *other),
        };
        if !repeated && self.open.len() < MOST_OPEN {
            self.sequence += 1;
            self.open.push(OpenMark { kind, start: self.text.len(), sequence: self.sequence });
        }
    }

    fn close_marks(&mut self, count: usize) {
        let end = self.text.len();
        for _ in 0..count {
            let Some(open) = self.open.pop() else { return };
            self.close_mark(open.kind, open.start, end, open.sequence);
        }
    }

    fn close_mark(&mut self, kind: MarkKind, start: usize, end: usize, sequence: usize) {
        if start >= end {
            return;
        }
        if let MarkKind::Link(href) = &kind {
            self.link_bytes += href.len();
            if self.link_bytes > LINK_BUDGET {
                return;
            }
        }
        self.marks.push(Closed { mark: Mark { range: start..end, kind }, sequence });
    }

    /// Drops trailing characters of the current block, and what marks them.
    fn trim_end(&mut self, c: char) {
        let keep = self.text[self.floor..].trim_end_matches(c).len() + self.floor;
        self.cut(keep);
    }

    fn trim_line_end(&mut self) {
        let keep = self.text[self.floor..].trim_end_matches([' ', '\n']).len() + self.floor;
        self.cut(keep);
    }

    fn cut(&mut self, keep: usize) {
        if keep == self.text.len() {
            return;
        }
        self.text.truncate(keep);
        // Marks are closed in the order of their ends, so those that reach beyond the cut stand last.
        for closed in self.marks.iter_mut().rev().take_while(|closed| closed.mark.range.end > keep) {
            closed.mark.range.end = keep;
            closed.mark.range.start = closed.mark.range.start.min(keep);
        }
        for open in &mut self.open {
            open.start = open.start.min(keep);
        }
    }

    /// Ends the current block.
    fn flush(&mut self) {
        let context = self.context();
        let pre = context.pre;
        if !pre && context.kind != BlockKind::Row {
            self.trim_line_end();
        }
        self.floor = 0;
        self.at_space = true;
        let end = self.text.len();
        for running in 0..self.open.len() {
            let OpenMark { kind, start, sequence } = self.open[running].clone();
            self.close_mark(kind, start, end, sequence);
        }
        for open in &mut self.open {
            open.start = 0;
        }
        if super::is_blank(&self.text) {
            self.text.clear();
            self.marks.clear();
            return;
        }
        // The block gets a text of its exact size; what it grew in serves the next one.
        let text = self.text.as_str().to_owned();
        self.text.clear();
        let marks = if self.marks.is_empty() { Vec::new() } else { self.sorted_marks() };
        self.emit(Draft { kind: context.kind, text, marks, list: context.list });
    }

    fn sorted_marks(&mut self) -> Vec<Mark> {
        self.marks
            .retain(|closed| !closed.mark.range.is_empty() || matches!(closed.mark.kind, MarkKind::Cell(_)));
        self.marks.sort_by_key(|closed| {
            let Mark { range, kind } = &closed.mark;
            (range.start, std::cmp::Reverse(range.end), rank(kind), closed.sequence)
        });
        self.marks.drain(..).map(|closed| closed.mark).collect()
    }

    fn emit(&mut self, draft: Draft) {
        match self.words.blocks.len() {
            ..MOST_BLOCKS => self.words.blocks.push(draft),
            MOST_BLOCKS if !self.words.complaints.iter().any(|c| c.code == "too-many-blocks") => {
                let message = format!("more than {MOST_BLOCKS} paragraphs; the rest is not read");
                let complaint = Complaint::new(Gravity::Hold, "too-many-blocks", message);
                self.complain(complaint.at(self.path, None));
            }
            _ => {}
        }
    }
}

/// The order of marks over the same range, the outermost first, so that writing and reading agree.
fn rank(kind: &MarkKind) -> u8 {
    match kind {
        MarkKind::Cell(_) => 0,
        MarkKind::Language(_) => 1,
        MarkKind::Direction(_) => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let mut collector = Collector::new("");
        collector.text(text);
        let found: String = collector.finish().blocks.into_iter().map(|draft| draft.text).collect();
        assert_eq!(found, super::super::collapse(text), "{text:?}");
    }

    #[test]
    fn white_space_folds_wherever_it_stands() {
        const PIECES: [&str; 8] = [" ", "\t", "\n", "\r\u{c}", "a", "\u{a0}", "\u{b}", "é\u{2003}"];
        for number in 0..PIECES.len().pow(5) {
            let text: String =
                (0..5).map(|at| PIECES[number / PIECES.len().pow(at) % PIECES.len()]).collect();
            check(&text);
        }
    }
}
