//! Blocks to HTML.

use std::ops::Range;

use news::{AgencyCopy, Block, BlockKind, ListPlace, Mark, MarkKind};

/// The HTML of all blocks but the first headline, which is a feed's title, in order: the body of a feed's item.
///
/// The `textContent` of every block's element is exactly the block's text; a line break is `<br>` and LF.
pub fn write_body(copy: &AgencyCopy) -> String {
    let title = copy.blocks().iter().position(|block| block.kind() == BlockKind::Headline);
    let body = copy.blocks().iter().enumerate().filter(|(i, _)| Some(*i) != title);
    write_blocks(body.map(|(_, block)| block), false)
}

/// The HTML of these blocks: list items stand in lists, rows in tables, quoted paragraphs in quotations, captions
/// in figures.
///
/// With `data_v` each block's element names its kind, and a line break is LF alone, for a style sheet to show
/// (`white-space: pre-line`). Otherwise it is `<br>` and LF, so that feed readers show it too. Either way the
/// `textContent` of the block's element is exactly its text.
pub fn write_blocks<'a>(blocks: impl Iterator<Item = &'a Block>, data_v: bool) -> String {
    let mut out = String::new();
    let mut around = Around::default();
    for block in blocks {
        around.turn_to(block, &mut out);
        write_block(&mut out, block, data_v);
        if around.is_bare() {
            out.push('\n');
        }
    }
    around.close(&mut out);
    out
}

/// The elements around the blocks that are open.
#[derive(Default)]
struct Around {
    /// The kind of block that the open element is for.
    kind: Option<BlockKind>,
    /// Open lists, the outermost first: whether they number their items.
    lists: Vec<bool>,
}

impl Around {
    fn is_bare(&self) -> bool {
        self.kind.is_none()
    }

    fn turn_to(&mut self, block: &Block, out: &mut String) {
        let wanted = match block.kind() {
            kind @ (BlockKind::Li | BlockKind::Row | BlockKind::Quote | BlockKind::Caption) => Some(kind),
            _ => None,
        };
        // A figure has one caption.
        if self.kind != wanted || wanted == Some(BlockKind::Caption) {
            self.close(out);
            match wanted {
                Some(BlockKind::Row) => out.push_str("<table><tbody>"),
                Some(BlockKind::Quote) => out.push_str("<blockquote>"),
                Some(BlockKind::Caption) => out.push_str("<figure>"),
                _ => {}
            }
            self.kind = wanted;
        }
        if wanted == Some(BlockKind::Li) {
            self.nest(block.list().unwrap_or(ListPlace { ordered: false, depth: 0 }), out);
        }
    }

    /// Opens and closes lists until an item at this place can stand. A nested list is a child of the list, not of
    /// an item, so that the item's element holds nothing but its own text.
    fn nest(&mut self, place: ListPlace, out: &mut String) {
        let depth = usize::from(place.depth) + 1;
        while self.lists.len() > depth
            || (self.lists.len() == depth && self.lists[depth - 1] != place.ordered)
        {
            self.close_list(out);
        }
        while self.lists.len() < depth {
            out.push_str(if place.ordered { "<ol>" } else { "<ul>" });
            self.lists.push(place.ordered);
        }
    }

    fn close_list(&mut self, out: &mut String) {
        match self.lists.pop() {
            Some(true) => out.push_str("</ol>"),
            Some(false) => out.push_str("</ul>"),
            None => {}
        }
    }

    fn close(&mut self, out: &mut String) {
        while !self.lists.is_empty() {
            self.close_list(out);
        }
        match self.kind.take() {
            Some(BlockKind::Row) => out.push_str("</tbody></table>\n"),
            Some(BlockKind::Quote) => out.push_str("</blockquote>\n"),
            Some(BlockKind::Caption) => out.push_str("</figure>\n"),
            Some(_) => out.push('\n'),
            None => {}
        }
    }
}

/// The element of one block, without the list, table or quotation that belongs around it.
pub fn write_block(out: &mut String, block: &Block, data_v: bool) {
    let text = block.text();
    // HTML would fold what a format of lines lines up by spaces. Pages have a style sheet for it, others have `pre`.
    let lined_up = !data_v && super::tag(block) == "p" && folds(text);
    let tag = if lined_up { "pre" } else { super::tag(block) };
    let whole = |mark: &&Mark| mark.range == (0..text.len());
    let language = block.marks().iter().filter(whole).position(|m| matches!(m.kind, MarkKind::Language(_)));
    let direction = block.marks().iter().filter(whole).position(|m| matches!(m.kind, MarkKind::Direction(_)));
    let wholes: Vec<&Mark> = block.marks().iter().filter(whole).collect();
    let on_block: Vec<&Mark> = [language, direction].into_iter().flatten().map(|i| wholes[i]).collect();
    out.push('<');
    out.push_str(tag);
    if data_v {
        out.push_str(" data-v=\"");
        out.push_str(block.kind().as_str());
        out.push('"');
    }
    for mark in &on_block {
        attributes(out, &mark.kind);
    }
    out.push('>');
    let marks: Vec<&Mark> = block
        .marks()
        .iter()
        .filter(|mark| !on_block.iter().any(|taken| std::ptr::eq(*taken, *mark)))
        .collect();
    let breaks = if data_v || lined_up || block.kind() == BlockKind::Pre { "\n" } else { "<br>\n" };
    let markup = Markup { breaks, start, close };
    if block.kind() == BlockKind::Row {
        write_cells(out, text, &marks, &markup);
    } else {
        write_marked(out, text, 0..text.len(), &marks, &markup);
    }
    out.push_str("</");
    out.push_str(tag);
    out.push('>');
}

/// Whether HTML would show other white space than the text has.
fn folds(text: &str) -> bool {
    text.split('\n').any(|line| {
        line.contains("  ") || line.contains(['\t', '\u{c}']) || line.starts_with(' ') || line.ends_with(' ')
    })
}

/// The cells of a row.
pub(crate) fn write_cells(out: &mut String, text: &str, marks: &[&Mark], markup: &Markup) {
    // A row may have very many cells: each mark is looked at only where it may reach.
    let mut ahead: Vec<&Mark> = marks.iter().copied().filter(|mark| is_written(&mark.kind)).collect();
    ahead.sort_by_key(|mark| mark.range.start);
    let mut ahead = ahead.into_iter().peekable();
    let mut here: Vec<&Mark> = Vec::new();
    let mut at = 0;
    for (range, header) in cells(text, marks) {
        here.retain(|mark| mark.range.end > range.start);
        while let Some(mark) = ahead.next_if(|mark| mark.range.start < range.end) {
            here.push(mark);
        }
        out.push_str(&text[at..range.start]);
        out.push_str(if header { "<th>" } else { "<td>" });
        write_marked(out, text, range.clone(), &here, markup);
        out.push_str(if header { "</th>" } else { "</td>" });
        at = range.end;
    }
}

/// The cells of a row: as marked, if the marks part the text at its TABs; else whatever TABs part.
fn cells(text: &str, marks: &[&Mark]) -> Vec<(Range<usize>, bool)> {
    let mut marked: Vec<(Range<usize>, bool)> = marks
        .iter()
        .filter_map(|mark| match mark.kind {
            MarkKind::Cell(header) => Some((mark.range.clone(), header)),
            _ => None,
        })
        .collect();
    marked.sort_by_key(|(range, _)| (range.start, range.end));
    let mut at = 0;
    let fits = marked.iter().enumerate().all(|(i, (range, _))| {
        let gap = text.get(at..range.start);
        at = range.end;
        gap == Some(if i == 0 { "" } else { "\t" })
    });
    if fits && !marked.is_empty() && at == text.len() {
        return marked;
    }
    let mut start = 0;
    text.split('\t')
        .map(|cell| {
            let range = start..start + cell.len();
            start = range.end + 1;
            (range, false)
        })
        .collect()
}

/// How marks and line breaks are written.
pub(crate) struct Markup {
    /// A line break.
    pub(crate) breaks: &'static str,
    /// A mark begins.
    pub(crate) start: fn(&mut String, &MarkKind),
    /// A mark ends.
    pub(crate) close: fn(&mut String, &MarkKind),
}

/// A part of a block's text with its marks as elements, nested properly even where marks overlap.
pub(crate) fn write_marked(
    out: &mut String,
    text: &str,
    part: Range<usize>,
    marks: &[&Mark],
    markup: &Markup,
) {
    let Markup { breaks, start, close } = markup;
    let cut = |mark: &Mark| mark.range.start.max(part.start)..mark.range.end.min(part.end);
    let mut waiting: Vec<(Range<usize>, &MarkKind)> = marks
        .iter()
        .filter(|mark| is_written(&mark.kind))
        .map(|mark| (cut(mark), &mark.kind))
        .filter(|(range, _)| range.start < range.end)
        .collect();
    waiting.sort_by(|(a, _), (b, _)| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
    let mut waiting = waiting.into_iter().peekable();
    let mut open: Vec<(usize, &MarkKind)> = Vec::new();
    let mut at = part.start;
    loop {
        // Close what ends here; what was opened inside it and goes on is opened again.
        while let Some(lowest) = open.iter().position(|(end, _)| *end <= at) {
            for (_, kind) in open[lowest..].iter().rev() {
                close(out, kind);
            }
            let going_on: Vec<_> = open.drain(lowest..).filter(|(end, _)| *end > at).collect();
            for (end, kind) in going_on {
                start(out, kind);
                open.push((end, kind));
            }
        }
        while let Some((range, kind)) = waiting.next_if(|(range, _)| range.start <= at) {
            start(out, kind);
            open.push((range.end, kind));
        }
        if at >= part.end {
            break;
        }
        let next_end = open.iter().map(|(end, _)| *end).min().unwrap_or(part.end);
        let next_start = waiting.peek().map_or(part.end, |(range, _)| range.start);
        let until = next_end.min(next_start).min(part.end);
        write_text(out, &text[at..until], breaks);
        at = until;
    }
}

fn write_text(out: &mut String, text: &str, breaks: &str) {
    for (i, line) in text.split('\n').enumerate() {
        if i > 0 {
            out.push_str(breaks);
        }
        escape_text(out, line);
    }
}

/// Text as HTML or XML: `&`, `<` and `>` as references, everything else as itself.
pub fn escape_text(out: &mut String, text: &str) {
    let mut from = 0;
    for at in memchr::memchr3_iter(b'&', b'<', b'>', text.as_bytes()) {
        out.push_str(&text[from..at]);
        out.push_str(match text.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        });
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

/// The value of an attribute in double quotes.
pub fn escape_attribute(out: &mut String, value: &str) {
    let mut escaped = String::with_capacity(value.len());
    escape_text(&mut escaped, value);
    for c in escaped.chars() {
        match c {
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            '\t' => out.push_str("&#9;"),
            other => out.push(other),
        }
    }
}

fn is_written(kind: &MarkKind) -> bool {
    match kind {
        MarkKind::Link(href) => {
            let head: String = href.trim_start().chars().take(8).collect::<String>().to_ascii_lowercase();
            let scheme = ["http://", "https://", "mailto:"].iter().any(|scheme| head.starts_with(scheme));
            scheme && !href.contains(|c: char| c.is_ascii_control())
        }
        MarkKind::Cell(_) => false,
        _ => true,
    }
}

fn start(out: &mut String, kind: &MarkKind) {
    let tag = match kind {
        MarkKind::Strong => "<b>",
        MarkKind::Emphasis => "<i>",
        MarkKind::Superscript => "<sup>",
        MarkKind::Subscript => "<sub>",
        MarkKind::Code => "<code>",
        MarkKind::Link(href) => {
            out.push_str("<a href=\"");
            escape_attribute(out, href);
            "\" rel=\"nofollow noopener\">"
        }
        MarkKind::Language(_) | MarkKind::Direction(_) => {
            out.push_str("<span");
            attributes(out, kind);
            ">"
        }
        MarkKind::Cell(_) => "",
    };
    out.push_str(tag);
}

fn close(out: &mut String, kind: &MarkKind) {
    out.push_str(match kind {
        MarkKind::Strong => "</b>",
        MarkKind::Emphasis => "</i>",
        MarkKind::Superscript => "</sup>",
        MarkKind::Subscript => "</sub>",
        MarkKind::Code => "</code>",
        MarkKind::Link(_) => "</a>",
        MarkKind::Language(_) | MarkKind::Direction(_) => "</span>",
        MarkKind::Cell(_) => "",
    });
}

fn attributes(out: &mut String, kind: &MarkKind) {
    let (name, value) = match kind {
        MarkKind::Language(tag) => ("lang", tag),
        MarkKind::Direction(dir) => ("dir", dir),
        _ => return,
    };
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape_attribute(out, value);
    out.push('"');
}
