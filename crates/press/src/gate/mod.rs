//! The gate: nothing becomes public that does not say, word for word, what it must say.
//!
//! A finished page is parsed again with a real HTML parser, the words are read back out of it and compared with
//! the copy and the label on record. The gate knows nothing of templates and trusts none. Only its functions make
//! a [`Gated`], so what has not passed cannot be served:
//!
//! ```compile_fail,E0423
//! let page = press::Page { media_type: press::TEXT, body: b"Hello\n".to_vec() };
//! let gated = press::Gated(page);
//! ```
//!
//! The same with the gate in between:
//!
//! ```
//! let page = press::Page { media_type: press::TEXT, body: b"Hello\n".to_vec() };
//! let gated = press::gate::text(page, "Hello\n");
//! assert!(gated.is_ok());
//! ```
//!
//! Hiding by a style sheet is out of its sight; that is checked in a browser when a theme is installed, and suspected from
//! outside by whoever reads a page closely ([`hides`]). An inline
//! style near words may only set the few properties that cannot hide any.

mod read;
mod style;
mod tree;

use std::collections::{HashMap, HashSet};
use std::fmt;

use news::{AgencyCopy, Block, BlockKind, Label, MarkKind};

pub(crate) use read::body_blocks;
pub use read::{Finding, ReadBack};
pub use style::{Shown, hides};

use crate::Page;

/// No page is larger than this, in bytes: 16 MiB.
pub const LARGEST_PAGE: usize = 16 << 20;

/// Something that has passed the gate, and therefore may be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gated<T>(T);

impl<T> Gated<T> {
    /// What has passed.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// What has passed, taken out: it may be served, and a change to it needs the gate again.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// The gate refused. Nothing of this rendering may become public; the version is held and an operator told.
///
/// It carries none of the agency's words, so that it can be logged and outlive a kill: differing words are named
/// by their position and code points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateRefusal {
    /// Stable and short, for metrics: `copy-differs`, `label-missing`, `hidden`, `theme-failed` …
    pub code: &'static str,
    /// Which part: `block 3 (p)`, `label`, `headline 2`, `structured data`, `page`.
    pub part: String,
    /// What must be there.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// Which page or feed: its path on the site.
    pub place: String,
}

impl GateRefusal {
    pub(crate) fn new(
        code: &'static str,
        part: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self { code, part: part.into(), expected: expected.into(), found: found.into(), place: String::new() }
    }

    /// The same refusal, of the page or feed at this path.
    pub(crate) fn at(mut self, place: impl Into<String>) -> Self {
        self.place = place.into();
        self
    }
}

impl fmt::Display for GateRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the gate refused ")?;
        if !self.place.is_empty() {
            write!(f, "{}, ", self.place)?;
        }
        write!(f, "{}: expected {}, found {} [{}]", self.part, self.expected, self.found, self.code)
    }
}

impl std::error::Error for GateRefusal {}

/// Reads a page back as a browser with scripts would: see [`ReadBack`].
pub fn read_back(html: &str) -> ReadBack {
    read::read(html, true, true)
}

/// Passes the page of a story: its copy, all of it and nothing else, with this label, in sight.
///
/// # Errors
/// [`GateRefusal`] names the first thing that is wrong.
pub fn story(page: Page, copy: &AgencyCopy, label: &Label) -> Result<Gated<Page>, GateRefusal> {
    check_html(&page, |back| {
        check_blocks(&back.blocks, &back.links, copy)?;
        check_label(&back.labels, label)?;
        check_repeats(back, copy, label)?;
        expect_none(&back.headlines, "headline", "no headlines of a list on a story's page")?;
        expect_none(&back.leads, "lead", "no leads of a list on a story's page")
    })?;
    Ok(Gated(page))
}

/// What a list shows of one story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed<'a> {
    /// The story's id.
    pub id: &'a str,
    /// The words that stand as its headline.
    pub headline: &'a str,
    /// Its first paragraph, which a list may show, whole.
    pub lead: Option<&'a str>,
}

/// Passes a list of stories (front page, section, search): each headline whole and in order, each lead whole.
///
/// # Errors
/// [`GateRefusal`] names the first thing that is wrong.
pub fn list(page: Page, lines: &[Listed<'_>]) -> Result<Gated<Page>, GateRefusal> {
    check_html(&page, |back| {
        expect_none(&back.blocks, "block", "no data-v on a list: it stands only on a story's own page")?;
        expect_none(&back.labels, "label", "no data-label on a list")?;
        if back.headlines.len() != lines.len() {
            let count = |n| format!("{n} headlines");
            return Err(GateRefusal::new(
                "headline-count",
                "page",
                count(lines.len()),
                count(back.headlines.len()),
            ));
        }
        for (i, (line, (id, text))) in lines.iter().zip(&back.headlines).enumerate() {
            let part = || format!("headline {}", i + 1);
            same_word("headline-order", part, line.id, id)?;
            same_text("headline-differs", part, line.headline, text)?;
        }
        let by_id: HashMap<&str, &Listed<'_>> = lines.iter().map(|line| (line.id, line)).collect();
        for (i, (id, text)) in back.leads.iter().enumerate() {
            let part = || format!("lead {}", i + 1);
            let Some(lead) = by_id.get(id.as_str()).and_then(|line| line.lead) else {
                return Err(GateRefusal::new(
                    "lead-unknown",
                    part(),
                    "the lead of a story in the list",
                    format!("`{id}`"),
                ));
            };
            same_text("lead-differs", part, lead, text)?;
        }
        Ok(())
    })?;
    Ok(Gated(page))
}

/// Passes a page that carries no copy at all: a withdrawal notice, a history, a missing page, the policy.
///
/// # Errors
/// [`GateRefusal`] if anything on it is marked as copy, label or headline.
pub fn bare(page: Page) -> Result<Gated<Page>, GateRefusal> {
    check_html(&page, |back| {
        expect_none(&back.blocks, "block", "no copy on this page")?;
        expect_none(&back.labels, "label", "no label on this page")?;
        expect_none(&back.headlines, "headline", "no headlines on this page")?;
        expect_none(&back.leads, "lead", "no leads on this page")
    })?;
    Ok(Gated(page))
}

/// Passes a plain text that must be exactly `expected`.
///
/// # Errors
/// [`GateRefusal`] if it is anything else.
pub fn text(page: Page, expected: &str) -> Result<Gated<Page>, GateRefusal> {
    match std::str::from_utf8(&page.body) {
        Ok(found) => same_text("copy-differs", || "text".to_owned(), expected, found)?,
        Err(_) => return Err(GateRefusal::new("not-utf8", "text", "UTF-8", "other bytes")),
    }
    Ok(Gated(page))
}

/// Passes what another check in this crate has read back already, or what carries no words by construction.
pub(crate) fn vouched(page: Page) -> Gated<Page> {
    Gated(page)
}

/// Reads the page back as readers with scripts get it and, where that can differ, as readers without.
fn check_html(page: &Page, check: impl Fn(&ReadBack) -> Result<(), GateRefusal>) -> Result<(), GateRefusal> {
    if page.body.len() > LARGEST_PAGE {
        let bytes = |n| format!("{n} bytes");
        return Err(GateRefusal::new(
            "too-large",
            "page",
            format!("at most {LARGEST_PAGE} bytes"),
            bytes(page.body.len()),
        ));
    }
    let html = std::str::from_utf8(&page.body)
        .map_err(|_| GateRefusal::new("not-utf8", "page", "UTF-8", "other bytes"))?;
    let is_noscript = |(at, _)| {
        html.as_bytes().get(at + 1..at + 9).is_some_and(|tag| tag.eq_ignore_ascii_case(b"noscript"))
    };
    let both = html.match_indices('<').any(is_noscript);
    for scripts in if both { &[true, false][..] } else { &[true] } {
        let back = read::read(html, *scripts, false);
        if let Some(finding) = back.findings.first() {
            return Err(GateRefusal::new(
                "hidden",
                &finding.part,
                "words in plain sight and nothing else",
                &finding.found,
            ));
        }
        check(&back)?;
    }
    Ok(())
}

fn check_blocks(
    found: &[(String, String)],
    links: &[Vec<String>],
    copy: &AgencyCopy,
) -> Result<(), GateRefusal> {
    for (i, (block, (kind, text))) in copy.blocks().iter().zip(found).enumerate() {
        let part = || format!("block {} ({})", i + 1, block.kind().as_str());
        same_word("kind-differs", part, block.kind().as_str(), kind)?;
        same_text("copy-differs", part, block.text(), text)?;
        if let Some(address) = undelivered(block, links.get(i).map_or(&[], Vec::as_slice)) {
            return Err(GateRefusal::new(
                "link-differs",
                part(),
                "only links that the agency set",
                format!("`{address}`"),
            ));
        }
    }
    if copy.blocks().len() == found.len() {
        return Ok(());
    }
    let count = |n| format!("{n} blocks");
    Err(GateRefusal::new("block-count", "page", count(copy.blocks().len()), count(found.len())))
}

/// The first of these addresses that the agency did not set in this block. Both may be very many.
fn undelivered<'a>(block: &Block, addresses: &'a [String]) -> Option<&'a str> {
    let delivered = || {
        block.marks().iter().filter_map(|mark| match &mark.kind {
            MarkKind::Link(href) => Some(href.as_str()),
            _ => None,
        })
    };
    let known: HashSet<&str> = if addresses.is_empty() { HashSet::new() } else { delivered().collect() };
    addresses.iter().map(String::as_str).find(|address| !known.contains(address))
}

fn check_label(found: &[(String, String)], label: &Label) -> Result<(), GateRefusal> {
    let part = || "label".to_owned();
    match found {
        [(state, text)] => {
            same_word("label-state", part, label.state.as_str(), state)?;
            same_text("label-differs", part, &label.text, text)
        }
        [] => Err(GateRefusal::new(
            "label-missing",
            part(),
            format!("`{}`", label.text),
            "no element with data-label",
        )),
        more => Err(GateRefusal::new(
            "label-twice",
            part(),
            "one element with data-label",
            more.len().to_string(),
        )),
    }
}

/// Checks the places where a page repeats words of its story for machines: title, meta, structured data.
fn check_repeats(back: &ReadBack, copy: &AgencyCopy, label: &Label) -> Result<(), GateRefusal> {
    let words = Words {
        headline: copy.headline(),
        body: body_text(copy),
        blocks: copy.blocks().iter().map(Block::text).collect(),
        label: &label.text,
    };
    repeated(back, &words)
}

/// What title, descriptions and structured data of a page say other than its own words and label do, if anything. For
/// who has nothing but the page.
pub fn contradiction(back: &ReadBack) -> Option<GateRefusal> {
    let kind = |kind: &str| BlockKind::ALL.into_iter().find(|known| known.as_str() == kind);
    let body = back.blocks.iter().filter(|(name, _)| kind(name).is_none_or(|kind| !kind.is_head()));
    let words = Words {
        headline: back.blocks.iter().find(|(kind, _)| kind == "headline").map(|(_, text)| text.as_str()),
        body: body.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n\n"),
        blocks: back.blocks.iter().map(|(_, text)| text.as_str()).collect(),
        label: back.labels.first().map_or("", |(_, text)| text),
    };
    repeated(back, &words).err()
}

/// The words of a story, wherever they were taken from.
struct Words<'a> {
    headline: Option<&'a str>,
    body: String,
    blocks: Vec<&'a str>,
    label: &'a str,
}

fn repeated(back: &ReadBack, words: &Words<'_>) -> Result<(), GateRefusal> {
    if let Some(headline) = words.headline
        && !back.title.as_deref().is_some_and(|title| title.contains(headline))
    {
        return Err(GateRefusal::new(
            "title-differs",
            "title",
            "a title that holds the whole headline",
            "another title",
        ));
    }
    let whole = |text: &str| text == words.label || words.blocks.contains(&text);
    for (name, value) in &back.metas {
        let right = if name.ends_with("title") {
            words.headline.is_none_or(|headline| headline == value)
        } else {
            whole(value)
        };
        if !right {
            let part = format!("meta `{name}`");
            return Err(GateRefusal::new(
                "meta-differs",
                part,
                "the headline, a whole block or the label",
                "other words",
            ));
        }
    }
    for text in &back.structured {
        let refuse = |found: String| {
            GateRefusal::new("structured-differs", "structured data", "the words of the copy", found)
        };
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| refuse(format!("no JSON ({e})")))?;
        check_structured(&value, words).map_err(refuse)?;
    }
    Ok(())
}

/// The body as structured data carries it: the blocks but the head, parted by empty lines.
pub(crate) fn body_text(copy: &AgencyCopy) -> String {
    copy.body().map(Block::text).collect::<Vec<_>>().join("\n\n")
}

/// Every property that repeats words of the story must repeat them exactly.
fn check_structured(value: &serde_json::Value, words: &Words<'_>) -> Result<(), String> {
    let mut stack = vec![value];
    while let Some(value) = stack.pop() {
        match value {
            serde_json::Value::Array(values) => stack.extend(values),
            serde_json::Value::Object(properties) => {
                for (name, value) in properties {
                    let text = value.as_str();
                    let right = match name.as_str() {
                        "articleBody" => text == Some(&words.body),
                        "headline" => text.is_some() && text == words.headline,
                        "backstory" => text == Some(words.label),
                        "text" | "description" | "abstract" | "alternativeHeadline" | "alternateName" => {
                            text.is_some_and(|text| words.blocks.contains(&text))
                        }
                        _ => true,
                    };
                    if !right {
                        return Err(format!("other words in `{name}`"));
                    }
                    stack.push(value);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn expect_none(found: &[(String, String)], part: &str, expected: &str) -> Result<(), GateRefusal> {
    match found.len() {
        0 => Ok(()),
        n => Err(GateRefusal::new(
            "unexpected-words",
            part,
            expected,
            format!("{n} elements marked as {part}"),
        )),
    }
}

fn same_word(
    code: &'static str,
    part: impl Fn() -> String,
    expected: &str,
    found: &str,
) -> Result<(), GateRefusal> {
    if expected == found {
        return Ok(());
    }
    Err(GateRefusal::new(code, part(), format!("`{expected}`"), format!("`{found}`")))
}

/// Compares code point for code point; on a difference names its place and the code points, not the words.
pub(crate) fn same_text(
    code: &'static str,
    part: impl Fn() -> String,
    expected: &str,
    found: &str,
) -> Result<(), GateRefusal> {
    if expected == found {
        return Ok(());
    }
    let at = expected.chars().zip(found.chars()).take_while(|(a, b)| a == b).count();
    let name = |text: &str| match text.chars().nth(at) {
        Some(c) => format!("U+{:04X} at character {}", u32::from(c), at + 1),
        None => format!("the end after {at} characters"),
    };
    Err(GateRefusal::new(code, part(), name(expected), name(found)))
}
