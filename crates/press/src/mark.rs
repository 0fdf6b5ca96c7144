//! The copy and the label as markup: one element a block, whose `textContent` is exactly the block's text.

use news::{AgencyCopy, Block, BlockKind, Label};

use crate::script::script_of;
use crate::{body, inline};

/// Writes text so that an HTML parser reads the same characters back.
pub(crate) fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"']) {
        out.push_str(&rest[..at]);
        out.push_str(match rest.as_bytes()[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            _ => "&quot;",
        });
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// ` lang="…" dir="…" class="…"` of an element in this language.
pub(crate) fn language_attributes(out: &mut String, language: Option<&str>) {
    let script = script_of(language);
    if let Some(language) = language.filter(|language| !language.is_empty()) {
        out.push_str(" lang=\"");
        escape(out, language);
        out.push('"');
    }
    out.push_str(" dir=\"");
    out.push_str(script.direction);
    out.push_str("\" class=\"");
    out.push_str(script.class);
    out.push('"');
}

/// The copy in two pieces, in order: the blocks of the head with which it begins, and all that follows.
pub(crate) fn copy(copy: &AgencyCopy) -> (String, String) {
    let blocks = copy.blocks();
    let head = blocks.iter().take_while(|block| block.kind().is_head()).count();
    let (head, body) = blocks.split_at(head);
    (write_head(head), body::write(body))
}

/// The blocks of a head. The first headline is the page's heading of the first rank.
fn write_head(blocks: &[Block]) -> String {
    let mut out = String::new();
    for (i, block) in blocks.iter().enumerate() {
        let first = block.kind() == BlockKind::Headline && blocks[..i].iter().all(|b| b.kind() != BlockKind::Headline);
        let name = if first { "h1" } else { "p" };
        out.push('<');
        out.push_str(name);
        out.push_str(" data-v=\"");
        out.push_str(block.kind().as_str());
        out.push_str("\">");
        inline::write(&mut out, block, 0..block.text().len());
        out.push_str("</");
        out.push_str(name);
        out.push_str(">\n");
    }
    out
}

/// The label as the one element with `data-label`.
pub(crate) fn label(label: &Label) -> String {
    let mut out = String::from("<p data-label=\"");
    out.push_str(label.state.as_str());
    out.push('"');
    language_attributes(&mut out, label.language.as_deref());
    out.push('>');
    escape(&mut out, &label.text);
    out.push_str("</p>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_words_is_words() {
        let mut out = String::new();
        escape(&mut out, "<b>a & \"b\"</b> &amp; '");
        assert_eq!(out, "&lt;b&gt;a &amp; &quot;b&quot;&lt;/b&gt; &amp;amp; '");
    }
}
