//! From tokens to elements.

use std::borrow::Cow;
use std::ops::Range;

use super::scope::{Meaning, Scope};
use super::tokens::{Attributes, Token, Tokens};
use super::{Attr, Element, Node, XmlFault};
use crate::{Limits, TOO_SLOW};
use news::Gravity;

/// How many remarks are kept for one tree: a feed with a bare `&` in every line needs not say it a thousand times.
const REMARKS: usize = 16;
/// After so many tokens the time is looked at.
const BREATH: usize = 1024;

/// Parses a whole document.
///
/// # Errors
/// [`XmlFault`] if the text is not well-formed, exceeds a limit or holds a reference that nobody can resolve.
/// Mere remarks (a bare `&`) are passed over; see [`parse_noting`].
pub fn parse<'a>(input: &'a str, limits: &Limits) -> Result<Element<'a>, XmlFault> {
    let mut remarks = Vec::new();
    let root = parse_noting(input, limits, &mut remarks)?;
    match remarks.into_iter().find(|fault| fault.gravity >= Gravity::Hold) {
        Some(fault) => Err(fault),
        None => Ok(root),
    }
}

/// Parses a whole document and says also what did not stop it.
///
/// # Errors
/// As [`parse`], except that a reference that nobody can resolve stays in the text as written and is a remark of
/// [`Gravity::Hold`].
pub fn parse_noting<'a>(
    input: &'a str,
    limits: &Limits,
    remarks: &mut Vec<XmlFault>,
) -> Result<Element<'a>, XmlFault> {
    limits.item_begins();
    let mut pull = Pull::new(input, limits);
    let mut root = None;
    loop {
        let (token, at) = pull.next()?;
        match token {
            Token::Start { .. } if root.is_some() => {
                pull.remark(
                    Gravity::Remark,
                    "xml-two-roots",
                    at.start,
                    "a second root element follows the first",
                );
                break;
            }
            Token::Start { .. } => root = Some(pull.subtree(token, at, None)?),
            Token::End(_) => return Err(unmatched_end(&at)),
            Token::Over => break,
            _ => {}
        }
    }
    remarks.append(&mut pull.remarks);
    root.ok_or_else(|| XmlFault::lost("xml-no-root", input.len(), "the text holds no element"))
}

pub(super) fn unmatched_end(at: &Range<usize>) -> XmlFault {
    XmlFault::lost("xml-not-well-formed", at.start, "an end tag closes an element that is not open")
}

/// Tokens of an input, with offsets into it, the namespaces in force and the remarks made so far.
pub(super) struct Pull<'a, 'l> {
    pub(super) input: &'a str,
    tokens: Tokens<'a>,
    pub(super) scope: Scope,
    pub(super) limits: &'l Limits,
    pub(super) remarks: Vec<XmlFault>,
    /// Whether there is a document type, which may declare names of characters.
    doctype: bool,
}

/// An element that is not closed yet.
pub(super) struct Open<'a> {
    pub(super) element: Element<'a>,
    /// The name as written, prefix included.
    pub(super) written: &'a str,
    /// What [`Scope::leave`] wants when the element closes.
    pub(super) scope: usize,
}

impl<'a, 'l> Pull<'a, 'l> {
    pub(super) fn new(input: &'a str, limits: &'l Limits) -> Self {
        let tokens = Tokens::new(input);
        Self { input, tokens, scope: Scope::default(), limits, remarks: Vec::new(), doctype: false }
    }

    /// Goes on reading at this offset, as if all before had been read.
    pub(super) fn jump(&mut self, offset: usize) {
        self.tokens.jump(offset);
    }

    pub(super) fn next(&mut self) -> Result<(Token<'a>, Range<usize>), XmlFault> {
        let start = self.tokens.position();
        let token = self.tokens.next()?;
        self.doctype |= token == Token::DocType;
        Ok((token, start..self.tokens.position()))
    }

    /// How far the text was looked at.
    pub(super) fn position(&self) -> usize {
        self.tokens.position()
    }

    pub(super) fn remark(
        &mut self,
        gravity: Gravity,
        code: &'static str,
        offset: usize,
        message: impl Into<String>,
    ) {
        // A hold is never lost among remarks.
        let same = self.remarks.iter().filter(|fault| fault.gravity == gravity).count();
        if same < REMARKS {
            self.remarks.push(XmlFault::new(gravity, code, offset, message));
        }
    }

    /// The element whose start tag was just read, up to its end tag. `alone` names an element, as written, that
    /// cannot stand inside itself: its start tag means that an end tag is missing.
    pub(super) fn subtree(
        &mut self,
        start: Token<'a>,
        at: Range<usize>,
        alone: Option<&str>,
    ) -> Result<Element<'a>, XmlFault> {
        let floor = self.scope.mark();
        let done = self.grow(start, at, alone);
        self.scope.leave(floor);
        done
    }

    fn grow(
        &mut self,
        start: Token<'a>,
        at: Range<usize>,
        alone: Option<&str>,
    ) -> Result<Element<'a>, XmlFault> {
        let mut first = self.open(start, at)?;
        if matches!(start, Token::Start { empty: true, .. }) {
            return Ok(first.element);
        }
        // Of a record, which is let go when it is read; of what is in it, nobody knows how much that is.
        first.element.children.reserve(16);
        let mut open = Vec::with_capacity(8);
        open.push(first);
        let mut nodes = 0;
        loop {
            let (token, at) = self.next()?;
            nodes += 1;
            if nodes > self.limits.nodes {
                let message = format!("more than {} elements and texts in one item", self.limits.nodes);
                return Err(XmlFault::lost("xml-too-large", at.start, message));
            }
            if nodes % BREATH == 0 && self.limits.is_over() {
                return Err(XmlFault::lost("too-slow", at.start, TOO_SLOW));
            }
            let top = open.last_mut().expect("the loop ends when the last element closes");
            match token {
                Token::Start { empty: true, .. } => {
                    let child = self.open(token, at)?;
                    self.scope.leave(child.scope);
                    top.element.children.push(Node::Element(child.element));
                }
                Token::Start { name, .. } => {
                    if alone == Some(name) {
                        let message = format!("<{name}> is not closed before the next one");
                        return Err(XmlFault::lost("xml-not-closed", at.start, message));
                    }
                    if open.len() >= self.limits.depth {
                        let message = format!("elements are nested deeper than {}", self.limits.depth);
                        return Err(XmlFault::lost("xml-too-deep", at.start, message));
                    }
                    let next = self.open(token, at)?;
                    open.push(next);
                }
                Token::End(name) => {
                    if name != top.written {
                        let message = format!("<{}> is closed by </{}>", top.written, short(name));
                        return Err(XmlFault::lost("xml-not-well-formed", at.start, message));
                    }
                    let Some(mut done) = open.pop() else { break Err(unmatched_end(&at)) };
                    self.scope.leave(done.scope);
                    done.element.span.end = at.end;
                    done.element.inner.end = at.start;
                    match open.last_mut() {
                        Some(parent) => parent.element.children.push(Node::Element(done.element)),
                        None => break Ok(done.element),
                    }
                }
                Token::Over => {
                    let message = format!("the text ends inside <{}>", top.written);
                    return Err(XmlFault::lost("xml-truncated", at.start, message));
                }
                other => self.add(&mut top.element, other, at.start)?,
            }
        }
    }

    fn fits(&self, length: usize, offset: usize) -> Result<(), XmlFault> {
        if length <= self.limits.text {
            return Ok(());
        }
        Err(XmlFault::lost(
            "xml-too-large",
            offset,
            format!("a text has more than {} bytes", self.limits.text),
        ))
    }

    /// Adds what a token between tags says.
    pub(super) fn add(
        &mut self,
        to: &mut Element<'a>,
        token: Token<'a>,
        offset: usize,
    ) -> Result<(), XmlFault> {
        let text = match token {
            Token::Text(raw) => self.resolved(raw, offset),
            Token::Data(raw) => lines(raw),
            Token::Comment(raw) => {
                self.fits(raw.len(), offset)?;
                to.children.push(Node::Comment(lines(raw)));
                return Ok(());
            }
            _ => return Ok(()),
        };
        if let Some(Node::Text(before)) = to.children.last_mut() {
            self.fits(before.len() + text.len(), offset)?;
            before.to_mut().push_str(&text);
        } else if !text.is_empty() {
            self.fits(text.len(), offset)?;
            // Most texts stand alone in their element: a list of one costs a quarter of what a list begins with.
            to.children.reserve_exact(usize::from(to.children.is_empty()));
            to.children.push(Node::Text(text));
        }
        Ok(())
    }

    /// A text with its references resolved and its line ends LF, in one pass.
    fn resolved(&mut self, raw: &'a str, offset: usize) -> Cow<'a, str> {
        let bytes = raw.as_bytes();
        let Some(first) = memchr::memchr2(b'&', b'\r', bytes) else { return Cow::Borrowed(raw) };
        let mut out = String::with_capacity(raw.len());
        out.push_str(&raw[..first]);
        let mut at = first;
        while at < bytes.len() {
            if bytes[at] == b'\r' {
                out.push('\n');
                at += if bytes.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
            } else {
                at += self.text_reference(&raw[at..], offset + at, &mut out);
            }
            // Escaped markup has one reference behind the other.
            if bytes.get(at) != Some(&b'&') {
                let next =
                    memchr::memchr2(b'&', b'\r', &bytes[at..]).map_or(bytes.len(), |length| at + length);
                out.push_str(&raw[at..next]);
                at = next;
            }
        }
        Cow::Owned(out)
    }

    /// Resolves the reference with which a text begins, and says how long it is.
    fn text_reference(&mut self, text: &str, offset: usize, out: &mut String) -> usize {
        // Four make up nearly all, and need no search for their end.
        let (c, length) = match text.as_bytes() {
            [_, b'l', b't', b';', ..] => ('<', 4),
            [_, b'g', b't', b';', ..] => ('>', 4),
            [_, b'a', b'm', b'p', b';', ..] => ('&', 5),
            [_, b'q', b'u', b'o', b't', b';', ..] => ('"', 6),
            _ => return self.other_reference(text, offset, out),
        };
        out.push(c);
        length
    }

    fn other_reference(&mut self, text: &str, offset: usize, out: &mut String) -> usize {
        let end = match memchr::memchr2(b';', b'&', &text.as_bytes()[1..]) {
            Some(length) if text.as_bytes()[1 + length] == b';' => 1 + length,
            // What is never closed stands for itself.
            _ => {
                self.bare_ampersand(offset);
                out.push('&');
                return 1;
            }
        };
        self.reference(&text[1..end], offset, out);
        end + 1
    }

    fn bare_ampersand(&mut self, offset: usize) {
        let message = "`&` stands for itself; it should be `&amp;`";
        self.remark(Gravity::Remark, "xml-bare-ampersand", offset, message);
    }

    /// What stands for `&name;`. A name that nobody knows stays as written and holds the words.
    fn reference(&mut self, name: &str, offset: usize, out: &mut String) {
        if let Some(text) = characters(name) {
            self.borrowed(name, offset);
            push_characters(out, text);
            return;
        }
        self.unresolved(name, offset);
        out.push('&');
        out.push_str(name);
        out.push(';');
    }

    /// A name that HTML knows and XML does not (XML 1.0 §4.1, entity declared): its character is not in doubt.
    fn borrowed(&mut self, name: &str, offset: usize) {
        if !self.doctype && !name.starts_with('#') && !XML_NAMES.contains(&name) {
            let message = format!("`&{name};` is declared by HTML only; it was read as HTML's");
            self.remark(Gravity::Remark, "xml-undeclared-entity", offset, message);
        }
    }

    fn unresolved(&mut self, name: &str, offset: usize) {
        if is_name(name) || name.starts_with('#') {
            let message = format!("`&{};` stands for no character that is known here", short(name));
            self.remark(Gravity::Hold, "xml-unknown-entity", offset, message);
        } else {
            self.bare_ampersand(offset);
        }
    }

    pub(super) fn open(&mut self, start: Token<'a>, at: Range<usize>) -> Result<Open<'a>, XmlFault> {
        let Token::Start { name: written, attributes, .. } = start else {
            return Err(XmlFault::lost("xml-not-well-formed", at.start, "a start tag was expected"));
        };
        if !is_name(written) {
            let message = format!("`<{}` begins no element", short(written));
            return Err(XmlFault::lost("xml-not-well-formed", at.start, message));
        }
        let scope = self.scope.mark();
        let mut attrs = Vec::new();
        if !attributes.is_empty() {
            attrs = self.attributes(attributes, at.start)?;
            let mut kept = 0;
            for next in 0..attrs.len() {
                let key = attrs[next].name;
                let (ns, name) = self.expand(key, false, at.start);
                if attrs[..kept].iter().any(|a| a.name == name && a.ns == ns) {
                    let message = format!("attribute {key} stands twice; the first counts");
                    self.remark(Gravity::Remark, "xml-attribute-twice", at.start, message);
                    continue;
                }
                (attrs[next].ns, attrs[next].name) = (ns, name);
                attrs.swap(kept, next);
                kept += 1;
            }
            attrs.truncate(kept);
        }
        let (ns, name) = self.expand(written, true, at.start);
        let inner = at.end..at.end;
        let element = Element { ns, name, attrs, children: Vec::new(), span: at, inner };
        Ok(Open { element, written, scope })
    }

    /// The attributes that declare no namespace, with their names as written; those that do are declared.
    fn attributes(&mut self, text: &'a str, offset: usize) -> Result<Vec<Attr<'a>>, XmlFault> {
        let mut raw = Vec::new();
        for attribute in Attributes::new(text) {
            let (key, value) = attribute.map_err(|what| {
                XmlFault::lost("xml-not-well-formed", offset, format!("in a start tag: {what}"))
            })?;
            if raw.len() >= self.limits.attributes {
                let message = format!("an element has more than {} attributes", self.limits.attributes);
                return Err(XmlFault::lost("xml-too-large", offset, message));
            }
            // The value is a slice of the input.
            let from = value.as_ptr() as usize - self.input.as_ptr() as usize;
            let span = from..from + value.len();
            let value = self.value(value, offset);
            self.fits(value.len(), offset)?;
            let declared = match key.strip_prefix("xmlns") {
                Some("") => Some(""),
                Some(rest) => rest.strip_prefix(':'),
                None => None,
            };
            match declared {
                Some(prefix) if self.scope.declare(prefix, value.trim()) => {}
                Some(_) => {
                    return Err(XmlFault::lost("xml-too-large", offset, "too many namespaces are declared"));
                }
                None => raw.push(Attr { ns: None, name: key, value, span }),
            }
        }
        Ok(raw)
    }

    fn expand<'n>(
        &mut self,
        written: &'n str,
        element: bool,
        offset: usize,
    ) -> (Option<std::rc::Rc<str>>, &'n str) {
        // Names are short: a search that looks at many bytes at once would not come to its own.
        let (prefix, name) = match written.bytes().position(|b| b == b':') {
            Some(at) if at > 0 && at + 1 < written.len() => (&written[..at], &written[at + 1..]),
            _ => ("", written),
        };
        if prefix.is_empty() && !element {
            return (None, name);
        }
        match self.scope.meaning(prefix) {
            Meaning::Declared(ns) => (ns, name),
            Meaning::Usual(ns) => {
                let message = format!("prefix {prefix} is not declared; it is taken for {ns}");
                self.remark(Gravity::Remark, "xml-undeclared-prefix", offset, message);
                (Some(ns), name)
            }
            Meaning::Undeclared => {
                let message = format!("prefix {} is not declared", short(prefix));
                self.remark(Gravity::Remark, "xml-undeclared-prefix", offset, message);
                (None, written)
            }
        }
    }

    /// An attribute's value: references resolved, white space characters become spaces (XML 1.0 §3.3.3).
    fn value(&mut self, raw: &'a str, offset: usize) -> Cow<'a, str> {
        if !raw.bytes().any(|b| matches!(b, b'&' | b'\t' | b'\n' | b'\r')) {
            return Cow::Borrowed(raw);
        }
        let mut out = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.bytes().position(|b| matches!(b, b'&' | b'\t' | b'\n' | b'\r')) {
            out.push_str(&rest[..at]);
            let tail = &rest[at..];
            if tail.starts_with('&') {
                rest = self.value_reference(tail, offset, &mut out);
            } else {
                out.push(' ');
                rest = &tail[if tail.starts_with("\r\n") { 2 } else { 1 }..];
            }
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    fn value_reference<'v>(&mut self, tail: &'v str, offset: usize, out: &mut String) -> &'v str {
        // No character's name is longer than this; without the bound, many bare `&` would cost quadratic time.
        let window = tail.as_bytes().iter().take(64).position(|&b| b == b';');
        if let Some(end) = window {
            if let Some(text) = characters(&tail[1..end]) {
                self.borrowed(&tail[1..end], offset);
                push_characters(out, text);
                return &tail[end + 1..];
            }
            self.unresolved(&tail[1..end], offset);
        } else {
            self.unresolved("", offset);
        }
        out.push('&');
        &tail[1..]
    }
}

/// The entities that need no declaration (XML 1.0 §4.6).
const XML_NAMES: [&str; 5] = ["amp", "lt", "gt", "quot", "apos"];

/// Line ends as LF (XML 1.0 §2.11).
fn lines(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The first characters of a name, for a message.
fn short(name: &str) -> String {
    name.chars().take(40).collect()
}

fn is_name(name: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_' || c == ':' || !c.is_ascii();
    let follows = |c: char| starts(c) || c.is_ascii_digit() || c == '-' || c == '.';
    let plain = |b: u8| b.is_ascii_alphabetic() || matches!(b, b':' | b'_');
    let within = |b: u8| plain(b) || b.is_ascii_digit() || matches!(b, b'-' | b'.');
    name.bytes().next().is_some_and(plain) && name.bytes().all(within)
        || name.chars().next().is_some_and(starts) && name.chars().all(follows)
}

/// What a reference stands for, by the name between `&` and `;`: a character reference, one of XML's five, or a
/// name that HTML gives to one or two characters.
pub(crate) fn characters(name: &str) -> Option<(char, Option<char>)> {
    let one = |c| Some((c, None));
    match name {
        "amp" => return one('&'),
        "lt" => return one('<'),
        "gt" => return one('>'),
        "quot" => return one('"'),
        "apos" => return one('\''),
        "nbsp" => return one('\u{a0}'),
        _ => {}
    }
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) if !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()) => {
                u32::from_str_radix(hex, 16)
            }
            None if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => number.parse(),
            _ => return None,
        };
        return code.ok().filter(|&code| code != 0).and_then(char::from_u32).and_then(one);
    }
    if name.len() > 40 || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let &(first, second) = html5ever::data::NAMED_ENTITIES.get(format!("{name};").as_str())?;
    let known = |code: u32| char::from_u32(code).filter(|&c| c != '\0');
    Some((known(first)?, known(second)))
}

fn push_characters(out: &mut String, (first, second): (char, Option<char>)) {
    out.push(first);
    out.extend(second);
}
