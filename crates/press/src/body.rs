//! The blocks of a body as markup: one element a block, lists and tables around those that belong together.

use news::{Block, BlockKind, MarkKind};

use crate::inline;
use crate::mark::escape;

/// Writes blocks in order, each as one element with `data-v`.
pub(crate) fn write(blocks: &[Block]) -> String {
    let mut out = String::new();
    let mut around: Option<&str> = None;
    for block in blocks {
        let wanted = wrapper(block);
        if around != wanted {
            if let Some(name) = around {
                out.push_str(&format!("</{name}>\n"));
            }
            if let Some(name) = wanted {
                out.push_str(&format!("<{name}>\n"));
            }
            around = wanted;
        }
        write_block(&mut out, block);
    }
    if let Some(name) = around {
        out.push_str(&format!("</{name}>\n"));
    }
    out
}

fn wrapper(block: &Block) -> Option<&'static str> {
    match (block.kind(), block.list()) {
        (BlockKind::Li, Some(place)) if place.ordered => Some("ol"),
        (BlockKind::Li, _) => Some("ul"),
        (BlockKind::Row, _) => Some("table"),
        (BlockKind::Quote, _) => Some("blockquote"),
        _ => None,
    }
}

fn write_block(out: &mut String, block: &Block) {
    let name = match block.kind() {
        BlockKind::H2 => "h2",
        BlockKind::H3 => "h3",
        BlockKind::H4 => "h4",
        BlockKind::Li => "li",
        BlockKind::Pre => "pre",
        BlockKind::Row => "tr",
        _ => "p",
    };
    out.push_str(&format!("<{name} data-v=\"{}\">", block.kind().as_str()));
    if block.kind() == BlockKind::Row {
        write_cells(out, block);
    } else {
        inline::write(out, block, 0..block.text().len());
    }
    out.push_str(&format!("</{name}>\n"));
}

/// The cells of a row. What stands between two cells is one TAB by the rule of the copy; were it anything else, it
/// would go into the cell before, so that no word can leave the table.
fn write_cells(out: &mut String, block: &Block) {
    let text = block.text();
    let mut at = 0;
    let mut open: Option<&str> = None;
    for mark in block.marks() {
        let MarkKind::Cell(is_header) = mark.kind else { continue };
        if mark.range.start < at {
            continue;
        }
        let between = &text[at..mark.range.start];
        match open {
            Some(name) if is_blank(between) => {
                out.push_str(&format!("</{name}>"));
                escape(out, between);
            }
            Some(name) => {
                inline::write(out, block, at..mark.range.start);
                out.push_str(&format!("</{name}>"));
            }
            None if is_blank(between) => escape(out, between),
            None => {
                out.push_str("<td>");
                inline::write(out, block, at..mark.range.start);
                out.push_str("</td>");
            }
        }
        let name = if is_header { "th" } else { "td" };
        out.push_str(&format!("<{name}>"));
        inline::write(out, block, mark.range.clone());
        open = Some(name);
        at = mark.range.end;
    }
    let name = open.unwrap_or_else(|| {
        out.push_str("<td>");
        "td"
    });
    inline::write(out, block, at..text.len());
    out.push_str(&format!("</{name}>"));
}

/// Whether a table carries this text outside its cells (HTML §13.2.6.4.10).
fn is_blank(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\n'))
}
