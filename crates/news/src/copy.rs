//! Copy: the agency's publishable words, and the canonical form that everybody can hash.
//!
//! `verbatim-copy/1`: UTF-8; the blocks' texts joined by one empty line, and one LF at the end. That is exactly
//! the file at `URL.txt`, so its SHA-256 is what `curl -s URL.txt | sha256sum` prints.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::OnceLock;

use crate::Digest;

/// What a block of copy is. The order of the variants is the order in which a copy carries them, except that
/// captions inside a body stay where the agency put them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BlockKind {
    /// The headline.
    Headline,
    /// A second or further line of the headline.
    Subhead,
    /// Who wrote it, as delivered.
    Byline,
    /// The dateline, only where it is delivered apart from the body.
    Dateline,
    /// A paragraph.
    P,
    /// A heading of the second rank inside the body.
    H2,
    /// A heading of the third rank.
    H3,
    /// A heading of the fourth rank.
    H4,
    /// An item of a list.
    Li,
    /// A paragraph of a quotation.
    Quote,
    /// Preformatted lines.
    Pre,
    /// A table row: the cells' texts, joined by one TAB; [`MarkKind::Cell`] says where each stands.
    Row,
    /// The caption of a picture.
    Caption,
    /// The credit of a picture.
    Credit,
}

impl BlockKind {
    /// All kinds, in order.
    pub const ALL: [BlockKind; 14] = [
        BlockKind::Headline,
        BlockKind::Subhead,
        BlockKind::Byline,
        BlockKind::Dateline,
        BlockKind::P,
        BlockKind::H2,
        BlockKind::H3,
        BlockKind::H4,
        BlockKind::Li,
        BlockKind::Quote,
        BlockKind::Pre,
        BlockKind::Row,
        BlockKind::Caption,
        BlockKind::Credit,
    ];

    /// The word in `data-v`.
    pub fn as_str(self) -> &'static str {
        match self {
            BlockKind::Headline => "headline",
            BlockKind::Subhead => "subhead",
            BlockKind::Byline => "byline",
            BlockKind::Dateline => "dateline",
            BlockKind::P => "p",
            BlockKind::H2 => "h2",
            BlockKind::H3 => "h3",
            BlockKind::H4 => "h4",
            BlockKind::Li => "li",
            BlockKind::Quote => "quote",
            BlockKind::Pre => "pre",
            BlockKind::Row => "row",
            BlockKind::Caption => "caption",
            BlockKind::Credit => "credit",
        }
    }

    /// The kind behind the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it belongs to the head (headline to dateline) rather than to the body.
    pub fn is_head(self) -> bool {
        self <= BlockKind::Dateline
    }
}

/// What a range of a block's text is marked as. Marks say how words look or where they lead; they are no words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// Bold.
    Strong,
    /// Italic.
    Emphasis,
    /// Raised.
    Superscript,
    /// Lowered.
    Subscript,
    /// Fixed pitch.
    Code,
    /// A link, by its address as delivered.
    Link(String),
    /// A language (BCP 47) other than the item's.
    Language(String),
    /// A writing direction: `ltr`, `rtl` or `auto`.
    Direction(String),
    /// A cell of a row; `true` for a header cell.
    Cell(bool),
}

/// A marked range of a block's text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Which bytes of the block's text.
    pub range: Range<usize>,
    /// What they are marked as.
    pub kind: MarkKind,
}

/// Where a list item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListPlace {
    /// Whether the list numbers its items.
    pub ordered: bool,
    /// How deep the list is nested, from 0.
    pub depth: u8,
}

/// One block of copy. Its text cannot be altered once it is here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    kind: BlockKind,
    text: String,
    marks: Vec<Mark>,
    list: Option<ListPlace>,
}

impl Block {
    /// What it is.
    pub fn kind(&self) -> BlockKind {
        self.kind
    }

    /// Its words: never empty, no LF at either end, no empty line inside.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its marks, sorted by start, the longer first; each lies on character boundaries within the text.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// For [`BlockKind::Li`]: where it stands.
    pub fn list(&self) -> Option<ListPlace> {
        self.list
    }
}

/// A text holds a character that no page or feed can carry unchanged; the version must be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyFault {
    /// The character.
    pub character: char,
    /// Its byte offset in the text that was offered.
    pub offset: usize,
}

impl fmt::Display for CopyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "U+{:04X} at byte {} of the text cannot stand in HTML or XML",
            u32::from(self.character),
            self.offset
        )
    }
}

impl std::error::Error for CopyFault {}

/// Whether a text holds nothing that needs a closer look: no control character or line end, and neither of
/// the two characters beyond ASCII that XML refuses.
fn is_plain(text: &[u8]) -> bool {
    const STEP: usize = 64;
    // Without a way out in the middle of a step, so that many bytes are looked at at once.
    let odd = |part: &[u8]| part.iter().fold(0, |found, &b| found | u8::from((b < b' ') | (b == 0xef))) != 0;
    let refused = |at: usize| matches!(text[at..], [..b' ', ..] | [0xef, 0xbf, 0xbe | 0xbf, ..]);
    let even = |at: usize, part: &[u8]| !odd(part) || !(at..at + part.len()).any(refused);
    // The last step reaches back into the one before it.
    match text.last_chunk::<STEP>() {
        None => even(0, text),
        Some(last) => {
            let (steps, _) = text.as_chunks::<STEP>();
            steps.iter().enumerate().all(|(n, step)| even(n * STEP, step)) && even(text.len() - STEP, last)
        }
    }
}

/// Whether XML 1.0 (§2.2) and HTML can carry this character as itself. CR is carried as LF.
fn carried(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// The publishable words of one version.
#[derive(Clone, Default)]
pub struct AgencyCopy {
    blocks: Vec<Block>,
    /// The copy hash, once somebody has asked for it since a block was added: many do.
    hash: OnceLock<Digest>,
}

impl fmt::Debug for AgencyCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgencyCopy").field("blocks", &self.blocks).finish()
    }
}

impl PartialEq for AgencyCopy {
    fn eq(&self, other: &Self) -> bool {
        self.blocks == other.blocks
    }
}

impl Eq for AgencyCopy {}

impl Hash for AgencyCopy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.blocks.hash(state);
    }
}

impl AgencyCopy {
    /// The blocks in order.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Whether there are no words at all.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The first headline, if any.
    pub fn headline(&self) -> Option<&str> {
        self.texts(BlockKind::Headline).next()
    }

    /// The texts of all blocks of one kind.
    pub fn texts(&self, kind: BlockKind) -> impl Iterator<Item = &str> {
        self.blocks.iter().filter(move |block| block.kind == kind).map(|block| block.text.as_str())
    }

    /// Everything but the head: what stands in the body of a page or a feed.
    pub fn body(&self) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(|block| !block.kind.is_head())
    }

    /// Appends a text as one block, or as several where it holds empty lines.
    ///
    /// CR and CRLF become LF and LFs at the ends are dropped, as HTML does; an empty text adds nothing. Nothing
    /// else is touched: collapsing the white space that the source format calls insignificant is the reader's part.
    /// Marks are ranges over `text` as offered; ranges outside it, or not on character boundaries, are cut to fit.
    ///
    /// # Errors
    /// [`CopyFault`] if the text holds U+0000 or another character that HTML or XML cannot carry; nothing is added.
    pub fn push(
        &mut self,
        kind: BlockKind,
        text: &str,
        marks: Vec<Mark>,
        list: Option<ListPlace>,
    ) -> Result<(), CopyFault> {
        if let Some((offset, character)) = text.char_indices().find(|(_, c)| !carried(*c)) {
            return Err(CopyFault { character, offset });
        }
        self.hash.take();
        if text.contains('\r') {
            let (text, marks) = unify_line_ends(text, marks);
            self.push_lines(kind, &text, &marks, list);
        } else {
            self.push_lines(kind, text, &marks, list);
        }
        Ok(())
    }

    /// The same as [`push`](Self::push), of a text that need not be copied.
    ///
    /// # Errors
    /// As [`push`](Self::push), with the text given back.
    pub fn push_owned(
        &mut self,
        kind: BlockKind,
        text: String,
        mut marks: Vec<Mark>,
        list: Option<ListPlace>,
    ) -> Result<(), (CopyFault, String)> {
        let whole = is_plain(text.as_bytes()) && !text.is_empty();
        if !whole {
            return self.push(kind, &text, marks, list).map_err(|fault| (fault, text));
        }
        fit(&mut marks, 0, &text);
        self.blocks.push(Block { kind, text, marks, list });
        Ok(())
    }

    /// Makes room for so many blocks more.
    pub fn reserve(&mut self, blocks: usize) {
        self.blocks.reserve(blocks);
    }

    /// Appends an already accepted block of another copy, as it is.
    pub fn push_block(&mut self, block: Block) {
        self.hash.take();
        self.blocks.push(block);
    }

    fn push_lines(&mut self, kind: BlockKind, text: &str, marks: &[Mark], list: Option<ListPlace>) {
        // A text may have very many lines and marks: each mark is looked at only where it may reach.
        let mut ahead: Vec<(usize, &Mark)> = marks.iter().enumerate().collect();
        ahead.sort_by_key(|(_, mark)| mark.range.start);
        let mut ahead = ahead.into_iter().peekable();
        let mut here: Vec<(usize, &Mark)> = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let end = text[start..].find("\n\n").map_or(text.len(), |gap| start + gap);
            let piece = text[start..end].trim_matches('\n');
            if !piece.is_empty() {
                let offset = piece.as_ptr() as usize - text.as_ptr() as usize;
                here.retain(|(_, mark)| mark.range.end >= offset);
                while let Some(mark) = ahead.next_if(|(_, mark)| mark.range.start <= offset + piece.len()) {
                    here.push(mark);
                }
                here.sort_by_key(|(i, _)| *i);
                self.blocks.push(Block {
                    kind,
                    text: piece.to_owned(),
                    marks: cut(here.iter().map(|(_, mark)| *mark), offset, piece),
                    list,
                });
            }
            start = end + 2;
        }
    }

    /// The canonical form `verbatim-copy/1`.
    pub fn canonical(&self) -> String {
        let mut out = String::with_capacity(self.blocks.iter().map(|block| block.text.len() + 2).sum());
        for (i, block) in self.blocks.iter().enumerate() {
            if i > 0 {
                out.push_str("\n\n");
            }
            out.push_str(&block.text);
        }
        out.push('\n');
        out
    }

    /// The copy hash: SHA-256 of the canonical form.
    pub fn copy_hash(&self) -> Digest {
        *self.hash.get_or_init(|| Digest::of(self.canonical().as_bytes()))
    }

    /// The role hash, over what the blocks are rather than what they say: SHA-256 of `verbatim-roles/1`, LF, and
    /// each block's kind followed by LF.
    pub fn role_hash(&self) -> Digest {
        let mut roles = String::from("verbatim-roles/1\n");
        for block in &self.blocks {
            roles.push_str(block.kind.as_str());
            roles.push('\n');
        }
        Digest::of(roles.as_bytes())
    }
}

/// CRLF and CR to LF, with the marks moved along.
fn unify_line_ends(text: &str, marks: Vec<Mark>) -> (String, Vec<Mark>) {
    let mut out = String::with_capacity(text.len());
    let mut dropped = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((offset, c)) = rest.next() {
        match c {
            '\r' if rest.peek().is_some_and(|(_, next)| *next == '\n') => dropped.push(offset),
            '\r' => out.push('\n'),
            other => out.push(other),
        }
    }
    let moved = |at: usize| at - dropped.partition_point(|gone| *gone < at);
    let marks = marks
        .into_iter()
        .map(|m| Mark { range: moved(m.range.start)..moved(m.range.end), kind: m.kind })
        .collect();
    (out, marks)
}

/// The marks that fall into `piece`, which starts at `offset`, relative to it. Empty ranges stay only for cells.
fn cut<'a>(marks: impl Iterator<Item = &'a Mark>, offset: usize, piece: &str) -> Vec<Mark> {
    let near = |mark: &&Mark| mark.range.start <= offset + piece.len() && mark.range.end >= offset;
    let mut marks = marks.filter(near).cloned().collect();
    fit(&mut marks, offset, piece);
    marks
}

/// The same, without copying them.
fn fit(marks: &mut Vec<Mark>, offset: usize, piece: &str) {
    marks.retain(|mark| mark.range.start <= offset + piece.len() && mark.range.end >= offset);
    let floor = |at: usize| {
        let mut at = at.saturating_sub(offset).min(piece.len());
        while !piece.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    for Mark { range, .. } in &mut *marks {
        *range = floor(range.start)..floor(range.end);
    }
    marks.retain(|mark| mark.range.start < mark.range.end || matches!(mark.kind, MarkKind::Cell(_)));
    marks.sort_by(|a, b| a.range.start.cmp(&b.range.start).then(b.range.end.cmp(&a.range.end)));
}

/// A text with every run of white space folded to one space and trimmed: for comparing, never for publishing.
pub fn relaxed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy_of(text: &str) -> AgencyCopy {
        let mut copy = AgencyCopy::default();
        copy.push(BlockKind::P, text, vec![], None).expect("text is carried");
        copy
    }

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let copy = copy_of(text);
        assert_eq!(copy.texts(BlockKind::P).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn what_is_not_plain_is_seen_wherever_it_stands() {
        for length in [0, 1, 62, 63, 64, 65, 127, 128, 129, 200] {
            for at in 0..=length {
                for (odd, plain) in
                    [("\n", false), ("\u{1f}", false), ("\u{ffff}", false), ("\u{fffd}", true)]
                {
                    let text = [&"a".repeat(at), odd, &"a".repeat(length - at)].concat();
                    assert_eq!(is_plain(text.as_bytes()), plain, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn line_ends_become_lf_and_empty_lines_part_blocks() {
        check("a\r\nb\rc", &["a\nb\nc"]);
        check("a\r\n\r\nb", &["a", "b"]);
        check("a\n\n\n\nb\n", &["a", "b"]);
        check("a\n\n\nb", &["a", "b"]);
        check("\n\n", &[]);
        check("", &[]);
    }

    #[test]
    fn nothing_else_is_touched() {
        for text in [
            " a ",
            "\u{a0}",
            "Cafe\u{301}",
            "\u{200f}שלום\u{200e}",
            "x\u{85}y \u{96}",
            "\u{feff}bom",
            "\u{1d400}\u{fdd0}",
        ] {
            check(text, &[text]);
        }
    }

    #[test]
    fn what_a_page_cannot_carry_is_refused() {
        for c in ['\0', '\u{8}', '\u{b}', '\u{c}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
            let fault = AgencyCopy::default().push(BlockKind::P, &format!("ab{c}"), vec![], None);
            assert_eq!(fault, Err(CopyFault { character: c, offset: 2 }));
        }
    }

    #[test]
    fn marks_follow_their_words() {
        let mut copy = AgencyCopy::default();
        let marks = vec![
            Mark { range: 3..9, kind: MarkKind::Strong },
            Mark { range: 0..99, kind: MarkKind::Emphasis },
            Mark { range: 1..1, kind: MarkKind::Code },
        ];
        copy.push(BlockKind::Pre, "a\r\nbc\r\n\r\nde", marks, None).expect("carried");
        let marks: Vec<_> = copy.blocks().iter().map(|b| (b.text(), b.marks())).collect();
        assert_eq!(
            marks,
            [
                (
                    "a\nbc",
                    &[
                        Mark { range: 0..4, kind: MarkKind::Emphasis },
                        Mark { range: 2..4, kind: MarkKind::Strong }
                    ][..]
                ),
                ("de", &[Mark { range: 0..2, kind: MarkKind::Emphasis }][..]),
            ]
        );
    }

    #[test]
    fn the_copy_hash_is_that_of_the_text_file() {
        let mut copy = copy_of("one");
        assert_eq!(copy.copy_hash(), Digest::of(b"one\n"));
        copy.push(BlockKind::P, "two", vec![], None).expect("carried");
        assert_eq!(copy.canonical(), "one\n\ntwo\n");
        assert_eq!(copy.copy_hash(), Digest::of(b"one\n\ntwo\n"));
        let mut longer = copy.clone();
        longer.push_block(copy.blocks()[0].clone());
        assert_eq!(longer.copy_hash(), Digest::of(b"one\n\ntwo\n\none\n"));
    }

    #[test]
    fn a_paragraph_made_a_heading_changes_the_role_hash_only() {
        let mut other = AgencyCopy::default();
        other.push(BlockKind::H2, "one", vec![], None).expect("carried");
        assert_eq!(copy_of("one").copy_hash(), other.copy_hash());
        assert_ne!(copy_of("one").role_hash(), other.role_hash());
    }
}
