//! HTML as nearly every agency writes it, read straight through: every tag closed in its turn, nothing that a browser
//! would have to move or mend.
//!
//! For such a fragment the tree that the HTML Standard builds (§13.2.6) is the one that its tags draw, so none is
//! needed. [`read`] gives up at the first doubt, and html5ever reads the fragment. A test holds both readings
//! against each other.

use std::borrow::Cow;

use super::collect::Collector;
use super::element;
use crate::xml;

/// More open elements than these are left to the tree builder, which has a limit of its own.
const DEEPEST: usize = 48;
/// Attributes of one tag.
const MOST: usize = 8;

/// What an element does to those around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Has no end tag.
    Void,
    /// Runs along in the text.
    Inline,
    /// Must not stand in another link.
    Link,
    /// Must not stand in another paragraph.
    Paragraph,
    /// Must not stand in a paragraph.
    Block,
    /// Must not stand in a paragraph or another heading.
    Heading,
    /// Must not stand in a paragraph.
    List,
    /// Stands in a list and nowhere else.
    Item,
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "p" => Kind::Paragraph,
        "em" | "b" | "strong" | "i" => Kind::Inline,
        "br" | "img" => Kind::Void,
        "a" => Kind::Link,
        "u" | "span" | "sup" | "sub" | "small" | "code" | "cite" | "q" | "abbr" | "time" | "mark" | "s"
        | "bdi" | "font" => Kind::Inline,
        "div" | "blockquote" | "figure" | "figcaption" | "section" | "article" | "header" | "footer"
        | "aside" | "main" | "address" => Kind::Block,
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Kind::Heading,
        "ul" | "ol" => Kind::List,
        "li" => Kind::Item,
        _ => return None,
    })
}

/// Tells the collector all that is in the fragment, which holds no CR. `None` at the first doubt; what the collector then holds is
/// void.
pub(super) fn read(html: &str, to: &mut Collector) -> Option<()> {
    let mut open: Vec<(&str, Kind)> = Vec::with_capacity(8);
    let mut rest = html;
    loop {
        let bytes = rest.as_bytes();
        let Some(at) = memchr::memchr2(b'<', b'&', bytes) else {
            if !rest.is_empty() {
                to.text(rest);
            }
            return open.is_empty().then_some(());
        };
        if at > 0 {
            to.text(&rest[..at]);
        }
        rest = &rest[at..];
        rest = match rest.as_bytes() {
            [b'&', ..] => reference(rest, to)?,
            [b'<', b'/', ..] => end(rest, &mut open, to)?,
            [b'<', b'a'..=b'z', ..] => start(rest, &mut open, to)?,
            _ => return None,
        };
    }
}

/// The length of the name with which a text begins.
fn name_length(text: &str) -> usize {
    text.bytes().take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit()).count()
}

fn end<'h>(tag: &'h str, open: &mut Vec<(&'h str, Kind)>, to: &mut Collector) -> Option<&'h str> {
    let (name, _) = open.pop()?;
    let rest = tag[2..].strip_prefix(name)?.strip_prefix('>')?;
    to.leave();
    Some(rest)
}

fn start<'h>(tag: &'h str, open: &mut Vec<(&'h str, Kind)>, to: &mut Collector) -> Option<&'h str> {
    let length = name_length(&tag[1..]);
    let name = &tag[1..=length];
    let kind = kind(name)?;
    let holds = |wanted: Kind| open.iter().any(|(_, kind)| *kind == wanted);
    let fits = match kind {
        Kind::Void | Kind::Inline => true,
        Kind::Link => !holds(Kind::Link),
        Kind::Item => open.last().is_some_and(|(_, kind)| *kind == Kind::List),
        Kind::Heading => !holds(Kind::Paragraph) && !holds(Kind::Heading),
        Kind::Paragraph | Kind::Block | Kind::List => !holds(Kind::Paragraph),
    };
    if !fits || open.len() >= DEEPEST {
        return None;
    }
    let behind = &tag[1 + length..];
    let rest = match behind.strip_prefix('>') {
        Some(rest) => {
            element::enter_bare(name, to);
            rest
        }
        None => {
            let mut attributes = Attributes::default();
            let rest = attributes.read(behind, kind)?;
            element::enter(name, &|wanted| attributes.get(wanted), to);
            rest
        }
    };
    if kind != Kind::Void {
        open.push((name, kind));
    }
    Some(rest)
}

/// The attributes of a tag.
#[derive(Default)]
struct Attributes<'h> {
    some: [(&'h str, Cow<'h, str>); MOST],
    count: usize,
}

impl<'h> Attributes<'h> {
    /// Reads up to the end of the tag; gives what follows it.
    fn read(&mut self, mut text: &'h str, kind: Kind) -> Option<&'h str> {
        loop {
            if let Some(rest) = text.strip_prefix('>') {
                return Some(rest);
            }
            let inside = text.trim_start_matches([' ', '\t', '\n']);
            if let Some(rest) = inside.strip_prefix("/>") {
                // Only an element that has no end anyway may close itself.
                return (kind == Kind::Void).then_some(rest);
            }
            if let Some(rest) = inside.strip_prefix('>') {
                return Some(rest);
            }
            if inside.len() == text.len() || self.count >= MOST {
                return None;
            }
            text = self.one(inside)?;
        }
    }

    fn one(&mut self, text: &'h str) -> Option<&'h str> {
        let plain = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b':' | b'_');
        let length = text.bytes().take_while(plain).count();
        if length == 0 {
            return None;
        }
        let name = &text[..length];
        let Some(value) = text[length..].strip_prefix('=') else {
            let alone = text[length..].starts_with([' ', '>', '/']);
            self.push(name, Cow::Borrowed(""));
            return alone.then(|| &text[length..]);
        };
        let quote = value.bytes().next().filter(|b| matches!(b, b'"' | b'\''))?;
        let end = memchr::memchr(quote, &value.as_bytes()[1..])? + 1;
        self.push(name, attribute_value(&value[1..end])?);
        Some(&value[end + 1..])
    }

    fn push(&mut self, name: &'h str, value: Cow<'h, str>) {
        self.some[self.count] = (name, value);
        self.count += 1;
    }

    fn get(&self, wanted: &str) -> Option<&str> {
        self.some[..self.count].iter().find(|(name, _)| *name == wanted).map(|(_, value)| &**value)
    }
}

/// The value of an attribute, references resolved.
fn attribute_value(raw: &str) -> Option<Cow<'_, str>> {
    if !raw.contains('&') {
        return Some(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = rest[1..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        match rest.as_bytes().get(1 + length) {
            // A parameter of an address, by whatever name, is none (HTML Standard §13.2.5.73).
            Some(b'=') => {
                out.push_str(&rest[..=length]);
                rest = &rest[1 + length..];
            }
            _ => rest = resolved(rest, |c| out.push(c))?,
        }
    }
    out.push_str(rest);
    Some(Cow::Owned(out))
}

fn reference<'h>(text: &'h str, to: &mut Collector) -> Option<&'h str> {
    resolved(text, |c| to.text(c.encode_utf8(&mut [0; 4])))
}

/// Resolves the reference with which the text begins, if it has one meaning only; gives what follows it.
fn resolved(text: &str, mut tell: impl FnMut(char)) -> Option<&str> {
    match text.as_bytes().get(1) {
        Some(b) if b.is_ascii_alphanumeric() || *b == b'#' => {}
        // Stands for itself.
        _ => {
            tell('&');
            return Some(&text[1..]);
        }
    }
    let run = text[1..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    if run > 0 && text.as_bytes().get(1 + run) != Some(&b';') {
        // `R&D`: no name begins like this that HTML knows without its `;`, the longest of which has six letters.
        let known = |name: &str| html5ever::data::NAMED_ENTITIES.get(name).is_some_and(|c| c.0 != 0);
        if (2..=run.min(6)).any(|length| known(&text[1..=length])) {
            return None;
        }
        tell('&');
        return Some(&text[1..]);
    }
    let end = text.as_bytes().iter().take(40).position(|&b| b == b';')?;
    let (first, second) = xml::characters(&text[1..end])?;
    // HTML takes some of these for characters of an old encoding, and drops others.
    if matches!(first, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}') {
        return None;
    }
    tell(first);
    if let Some(second) = second {
        tell(second);
    }
    Some(&text[end + 1..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Words, dom, read_fragment};
    use super::*;
    use crate::Limits;

    fn straight(html: &str) -> Option<Words> {
        let mut collector = Collector::new("t");
        (!html.contains('\r')).then(|| read(html, &mut collector))??;
        Some(collector.finish())
    }

    fn by_tree(html: &str) -> Words {
        let mut collector = Collector::new("t");
        dom::parse(html, &Limits::default()).ok().expect("the limits are not reached").walk(&mut collector);
        collector.finish()
    }

    #[test]
    fn what_agencies_write_is_read_straight() {
        for html in [
            "<p>One &amp; two &#8212; <b>bold</b>, <a href=\"https://agency.example/?a=1&b=2&amp;c=3\">link</a>.</p>\n<p>R&D & more &mdash;&nbsp;&hellip;</p>",
            "<div class='x' hidden><p lang=\"hi\">नमस्ते</p></div><h2>Head</h2><ul><li>a</li><li><p>b</p></li></ul><br/>tail",
            "<figure><img src='a.jpg' alt='Ferry'><figcaption>The ferry</figcaption></figure>text <br> more",
            "<blockquote><p>said</p></blockquote><p style='display:none'>not for readers</p>",
            "<b><p>bold</p></b><p>a<span dir=\"rtl\">b</span>c</p>",
        ] {
            assert_eq!(straight(html), Some(by_tree(html)), "{html}");
            assert_eq!(straight(html), Some(read_fragment(html, "t", &Limits::default())), "{html}");
        }
    }

    #[test]
    fn doubt_is_left_to_the_tree_builder() {
        for html in [
            "<p>a<p>b",
            "<p>a<div>b</div></p>",
            "<p><b>a</p></b>",
            "<p>a</p",
            "<P>a</P>",
            "<a href='1'>a<a href='2'>b</a></a>",
            "<li>a</li>",
            "<h2>a<h3>b</h3></h2>",
            "<span/>a",
            "<table><tr><td>a</td></tr></table>",
            "<p>&#150; &copy 1 &notit; &nix;</p>",
            "<p>a</p></p>",
            "<p class=x>a</p>",
            "<!-- c -->",
            "a < b",
            "a\r\nb",
        ] {
            assert_eq!(straight(html), None, "{html}");
        }
    }

    proptest! {
        #[test]
        fn both_readings_are_one(pieces in proptest::collection::vec(0usize..40, 0..14)) {
            const PIECES: [&str; 40] = [
                "<p>", "</p>", "<b>", "</b>", "<i>", "</i>", "<a href='x?a=1&b=2'>", "</a>", "<div>", "</div>", "<ul>",
                "</ul>", "<li>", "</li>", "<h2>", "</h2>", "<br>", "<br/>", "<img src='s' alt='a'>", "<span hidden>",
                "</span>", "<blockquote>", "</blockquote>", "<figure>", "</figure>", "<figcaption>", "</figcaption>",
                "<section lang=hi>", "<section lang='hi'>", "</section>", "a b", " ", "\n", "&amp;", "&", "&lt;x",
                "&#233;", "&copy", "<s>", "</s>",
            ];
            let html: String = pieces.iter().map(|piece| PIECES[*piece]).collect();
            if let Some(words) = straight(&html) {
                prop_assert_eq!(words, by_tree(&html), "{}", html);
            }
        }

        #[test]
        fn both_readings_are_one_where_tags_are_closed(shape in nested()) {
            if let Some(words) = straight(&shape) {
                prop_assert_eq!(words, by_tree(&shape), "{}", shape);
            }
        }
    }

    /// Fragments in which every tag is closed.
    fn nested() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("word ".to_owned()),
            Just(" ".to_owned()),
            Just("&nbsp;x".to_owned()),
            Just("<br>".to_owned()),
            Just("<img src='s'/>".to_owned()),
        ];
        leaf.prop_recursive(6, 40, 5, |inner| {
            const NAMES: [&str; 16] = [
                "p",
                "b",
                "i",
                "a",
                "div",
                "ul",
                "ol",
                "li",
                "h2",
                "h3",
                "span",
                "blockquote",
                "font",
                "code",
                "s",
                "figcaption",
            ];
            (0usize..NAMES.len(), proptest::collection::vec(inner, 0..5))
                .prop_map(|(name, inside)| format!("<{0}>{1}</{0}>", NAMES[name], inside.concat()))
        })
    }
}
