//! The copy and the label as markup: one element a block, whose `textContent` is exactly the block's text.

use news::{AgencyCopy, Label};
use wire::html::{escape_attribute, escape_text, write_blocks};

use crate::script::script_of;

/// ` lang="…" dir="…" class="…"` of an element in this language.
pub(crate) fn language_attributes(out: &mut String, language: Option<&str>) {
    let script = script_of(language);
    if let Some(language) = language.filter(|language| !language.is_empty()) {
        out.push_str(" lang=\"");
        escape_attribute(out, language);
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
    (write_blocks(head.iter(), true), write_blocks(body.iter(), true))
}

/// The label as the one element with `data-label`.
pub(crate) fn label(label: &Label) -> String {
    let mut out = String::from("<p data-label=\"");
    out.push_str(label.state.as_str());
    out.push('"');
    language_attributes(&mut out, label.language.as_deref());
    out.push('>');
    escape_text(&mut out, &label.text);
    out.push_str("</p>");
    out
}
