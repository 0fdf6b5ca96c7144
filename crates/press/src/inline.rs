//! Words with their marks, inside one element.

use std::ops::Range;

use news::{Block, Mark, MarkKind};

use crate::gate::is_safe_address;
use crate::mark::escape;

/// Writes a range of a block's text with the marks on it. Marks that cross each other are parted where they do;
/// no link is made inside another, none to an address that a page must not lead to.
pub(crate) fn write(out: &mut String, block: &Block, range: Range<usize>) {
    let marks: Vec<&Mark> = block.marks().iter().filter(|mark| is_written(mark)).collect();
    let text = block.text();
    let inside = |at: &usize| *at > range.start && *at < range.end;
    let mut cuts: Vec<usize> = marks.iter().flat_map(|mark| [mark.range.start, mark.range.end]).filter(inside).collect();
    cuts.extend([range.start, range.end]);
    cuts.sort_unstable();
    cuts.dedup();
    let mut open: Vec<&Mark> = Vec::new();
    for piece in cuts.windows(2) {
        let wanted = covering(&marks, piece[0]);
        let common = open.iter().zip(&wanted).take_while(|(a, b)| std::ptr::eq(**a, **b)).count();
        open.drain(common..).rev().for_each(|mark| close(out, mark));
        for mark in &wanted[common..] {
            begin(out, mark);
        }
        open = wanted;
        escape(out, text.get(piece[0]..piece[1]).unwrap_or_default());
    }
    open.iter().rev().for_each(|mark| close(out, mark));
}

/// The marks on the character at `at`, outermost first, with at most one link.
fn covering<'a>(marks: &[&'a Mark], at: usize) -> Vec<&'a Mark> {
    let mut linked = false;
    let covers = |mark: &&&Mark| mark.range.start <= at && at < mark.range.end;
    marks.iter().filter(covers).filter(|mark| !is_link(mark) || !std::mem::replace(&mut linked, true)).copied().collect()
}

fn is_link(mark: &Mark) -> bool {
    matches!(mark.kind, MarkKind::Link(_))
}

fn is_written(mark: &Mark) -> bool {
    match &mark.kind {
        MarkKind::Cell(_) => false,
        MarkKind::Link(address) => address.contains(':') && is_safe_address(address),
        MarkKind::Direction(word) => matches!(word.as_str(), "ltr" | "rtl" | "auto"),
        _ => true,
    }
}

fn name(mark: &Mark) -> &'static str {
    match mark.kind {
        MarkKind::Strong => "strong",
        MarkKind::Emphasis => "em",
        MarkKind::Superscript => "sup",
        MarkKind::Subscript => "sub",
        MarkKind::Code => "code",
        MarkKind::Link(_) => "a",
        MarkKind::Language(_) | MarkKind::Direction(_) | MarkKind::Cell(_) => "span",
    }
}

fn begin(out: &mut String, mark: &Mark) {
    out.push('<');
    out.push_str(name(mark));
    let attribute = match &mark.kind {
        MarkKind::Link(address) => Some((" rel=\"nofollow noopener\" href=\"", address)),
        MarkKind::Language(language) => Some((" lang=\"", language)),
        MarkKind::Direction(direction) => Some((" dir=\"", direction)),
        _ => None,
    };
    if let Some((start, value)) = attribute {
        out.push_str(start);
        escape(out, value);
        out.push('"');
    }
    out.push('>');
}

fn close(out: &mut String, mark: &Mark) {
    out.push_str("</");
    out.push_str(name(mark));
    out.push('>');
}
