//! HTML to blocks of copy, and blocks to HTML.
//!
//! White space (space, tab, CR, LF, FF, never U+00A0) is collapsed to one space and trimmed at block ends, except
//! in `pre`; `<br>` is LF. Text that the source itself hides becomes a note. Nothing else is touched.
//!
//! ```
//! let words = wire::html::read_fragment("<p>One<br>two</p><p hidden>three</p>", "body", &wire::Limits::default());
//! assert_eq!(words.blocks[0].text, "One\ntwo");
//! assert_eq!((words.blocks.len(), words.notes[0].text.as_str()), (1, "three"));
//! ```

mod collect;
mod dom;
mod element;
mod guard;
mod straight;
mod write;

use news::{Block, BlockKind, Complaint, Gravity, ListPlace, Mark, MarkKind, Note, Rendition, Version};

use crate::{Limits, xml};

pub use collect::{Collector, Part};
pub(crate) use element::Way;
pub(crate) use write::{Markup, write_cells, write_marked};
pub use write::{escape_attribute, escape_text, write_block, write_blocks, write_body};

/// A block that is not copy yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What it is.
    pub kind: BlockKind,
    /// Its text, white space already collapsed where the source calls it insignificant.
    pub text: String,
    /// Marked ranges of it.
    pub marks: Vec<Mark>,
    /// For list items: where they stand.
    pub list: Option<ListPlace>,
}

/// What was read from a fragment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The blocks in order.
    pub blocks: Vec<Draft>,
    /// What is no copy: hidden text, scripts, comments, alternative texts of pictures.
    pub notes: Vec<Note>,
    /// Pictures and embeds named in it; never fetched here.
    pub renditions: Vec<Rendition>,
    /// What could not be read as it stands.
    pub complaints: Vec<Complaint>,
}

/// Reads an HTML fragment, as browsers read it (HTML Standard §13.4).
///
/// A fragment without any tag is taken for plain text in which only references are resolved: its line breaks
/// stay LF, empty lines part paragraphs. `path` names the place for notes and complaints. Beyond the limits of depth,
/// elements and time nothing is read: the fragment is a note then, and a complaint holds the version.
pub fn read_fragment(html: &str, path: &str, limits: &Limits) -> Words {
    // Both are rare, and found in one pass.
    let odd = memchr::memchr2(b'\0', b'\r', html.as_bytes());
    if odd.is_some_and(|at| html[at..].contains('\0')) {
        let message = "the HTML holds U+0000, which no page can carry";
        return refused(html, path, "character-not-carried", message.into());
    }
    let tagged = has_tag(html);
    if odd.is_some() {
        // Line ends are the tree builder's.
    } else if tagged {
        let mut collector = Collector::new(path);
        collector.expect(html.len());
        if straight::read(html, &mut collector).is_some() {
            return collector.finish();
        }
    } else if memchr::memchr(b'&', html.as_bytes()).is_none() {
        return read_lines(html, path, true);
    }
    let tree = match dom::parse(html, limits) {
        Ok(tree) => tree,
        Err(fault) => return refused(html, path, fault.code, fault.message),
    };
    if tagged {
        let mut collector = Collector::new(path);
        tree.walk(&mut collector);
        collector.finish()
    } else {
        read_lines(&tree.text(), path, true)
    }
}

/// Reads an element of XHTML, or of HTML elements in whatever namespace, by the same rules.
pub fn read_xhtml(body: &xml::Element, path: &str) -> Words {
    read_xhtml_so(body, path, &|_, _| Way::Usual)
}

/// The same where the format that carries it knows more about some elements.
pub(crate) fn read_xhtml_so(
    body: &xml::Element,
    path: &str,
    way: &dyn for<'e> Fn(&'e xml::Element, bool) -> Way<'e>,
) -> Words {
    let mut collector = Collector::new(path);
    element::walk(body, false, way, &mut collector);
    collector.finish()
}

/// Reads plain text: empty lines part paragraphs, single line breaks stay LF, spaces stay as they are except at
/// the ends of paragraphs.
pub fn read_text(text: &str, path: &str) -> Words {
    read_lines(text, path, false)
}

/// Reads plain text from a format that calls runs of spaces and the indentation of lines insignificant.
pub fn read_loose_text(text: &str, path: &str) -> Words {
    read_lines(text, path, true)
}

fn read_lines(text: &str, path: &str, loose: bool) -> Words {
    let mut collector = Collector::new(path);
    let mut paragraph = String::new();
    let unified =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { String::new() };
    let text = if unified.is_empty() { text } else { &unified };
    for line in text.split('\n').chain([""]) {
        if !is_blank(line) {
            if !paragraph.is_empty() {
                paragraph.push('\n');
            }
            if loose {
                collapse_into(&mut paragraph, line);
            } else {
                paragraph.push_str(line);
            }
        } else if !paragraph.is_empty() {
            collector.block(BlockKind::P, trim(&paragraph));
            paragraph.clear();
        }
    }
    collector.finish()
}

/// The fragment could not be read: its text is kept as a note and the version waits for a person.
fn refused(html: &str, path: &str, code: &'static str, message: String) -> Words {
    Words {
        notes: vec![Note { role: "unreadable-html".into(), text: html.to_owned(), path: path.to_owned() }],
        complaints: vec![Complaint::new(Gravity::Hold, code, message).at(path, None)],
        ..Words::default()
    }
}

/// Moves words into a version: blocks into its copy, the rest where it belongs. A text that no page can carry
/// becomes a note and a complaint that holds the version.
pub fn push(words: Words, version: &mut Version) {
    push_behind(Vec::new(), words, version);
}

/// The same behind some blocks that stand before them.
pub(crate) fn push_behind(head: Vec<Draft>, words: Words, version: &mut Version) {
    let already = version.copy.blocks().len();
    version.copy.reserve(head.len() + words.blocks.len());
    for draft in head.into_iter().chain(words.blocks) {
        // Preformatted lines fall into as many blocks as empty lines part.
        let parts = match draft.kind {
            BlockKind::Pre => memchr::memmem::find_iter(draft.text.as_bytes(), b"\n\n").count(),
            _ => 0,
        };
        if version.copy.blocks().len() - already + parts > collect::MOST_BLOCKS {
            let message = format!("more than {} paragraphs; the rest is not read", collect::MOST_BLOCKS);
            let path = draft.kind.as_str();
            version.complaints.push(Complaint::new(Gravity::Hold, "too-many-blocks", message).at(path, None));
            break;
        }
        push_block(draft, version);
    }
    version.notes.extend(words.notes);
    version.renditions.extend(words.renditions);
    version.complaints.extend(words.complaints);
}

fn push_block(draft: Draft, version: &mut Version) {
    if let Err((fault, text)) = version.copy.push_owned(draft.kind, draft.text, draft.marks, draft.list) {
        let path = draft.kind.as_str();
        let complaint = Complaint::new(Gravity::Hold, "character-not-carried", fault.to_string());
        version.complaints.push(complaint.at(path, None));
        version.notes.push(Note { role: "refused-text".into(), text, path: path.into() });
    }
}

/// Appends one text as one block, white space collapsed: the way to add a headline, byline or credit.
pub fn push_line(kind: BlockKind, text: &str, version: &mut Version) {
    let text = collapse(text);
    if !text.is_empty() {
        push_block(Draft { kind, text, marks: Vec::new(), list: None }, version);
    }
}

/// The text with every run of space, tab, CR, LF and FF as one space, and none at the ends.
pub fn collapse(text: &str) -> String {
    if collect::even_run(text) == text.len() && !text.starts_with(' ') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    collapse_into(&mut out, text);
    out
}

fn collapse_into(out: &mut String, text: &str) {
    let mut first = true;
    for word in text.split(is_space).filter(|word| !word.is_empty()) {
        if !first {
            out.push(' ');
        }
        first = false;
        out.push_str(word);
    }
}

/// White space in the sense of HTML: never U+00A0.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

fn trim(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Whether the text holds anything that HTML reads as markup rather than as a bare `<`.
pub fn has_tag(html: &str) -> bool {
    let bytes = html.as_bytes();
    memchr::memchr_iter(b'<', bytes).any(|at| match bytes.get(at + 1) {
        Some(b'/') => bytes.get(at + 2).is_some_and(u8::is_ascii_alphabetic),
        Some(next) => next.is_ascii_alphabetic() || *next == b'!' || *next == b'?',
        None => false,
    })
}

/// The blocks of a fragment without anything else, for headlines that hold HTML.
pub(crate) fn inline(words: Words) -> (String, Vec<Mark>, Words) {
    let mut text = String::new();
    let mut marks = Vec::new();
    let Words { blocks, notes, renditions, complaints } = words;
    for draft in blocks {
        if !text.is_empty() {
            text.push(' ');
        }
        let shift = text.len();
        text.push_str(&draft.text.replace('\n', " "));
        marks.extend(
            draft.marks.into_iter().filter(|mark| !matches!(mark.kind, MarkKind::Cell(_))).map(|mark| Mark {
                range: mark.range.start + shift..mark.range.end + shift,
                kind: mark.kind,
            }),
        );
    }
    (text, marks, Words { blocks: Vec::new(), notes, renditions, complaints })
}

/// The kind of a block as an element name; see [`write_block`].
fn tag(block: &Block) -> &'static str {
    match block.kind() {
        BlockKind::Headline => "h1",
        BlockKind::H2 => "h2",
        BlockKind::H3 => "h3",
        BlockKind::H4 => "h4",
        BlockKind::Li => "li",
        BlockKind::Pre => "pre",
        BlockKind::Row => "tr",
        BlockKind::Caption => "figcaption",
        BlockKind::Subhead
        | BlockKind::Byline
        | BlockKind::Dateline
        | BlockKind::P
        | BlockKind::Quote
        | BlockKind::Credit => "p",
    }
}

#[cfg(test)]
mod tests;
