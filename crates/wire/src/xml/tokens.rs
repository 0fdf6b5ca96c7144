//! From a text to its tags, texts and comments, each a slice of it.
//!
//! Looks at nothing twice and copies nothing. What the slices mean (names, namespaces, references) is for
//! [`build`](super::build).

use super::XmlFault;

/// A piece of an XML text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A start tag.
    Start {
        /// The name as written, prefix included.
        name: &'a str,
        /// What follows the name.
        attributes: &'a str,
        /// Whether it ends with `/>`.
        empty: bool,
    },
    /// An end tag, by its name as written.
    End(&'a str),
    /// All up to the next `<`, references as written.
    Text(&'a str),
    /// The inside of a CDATA section.
    Data(&'a str),
    /// The inside of a comment.
    Comment(&'a str),
    /// A document type declaration, its internal subset included.
    DocType,
    /// An XML declaration or a processing instruction.
    Instruction,
    /// The end of the text.
    Over,
}

/// Reads tokens from some place on.
pub(super) struct Tokens<'a> {
    input: &'a str,
    at: usize,
}

const SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

impl<'a> Tokens<'a> {
    pub(super) fn new(input: &'a str) -> Self {
        Self { input, at: 0 }
    }

    /// How far it has come.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes on at this offset, as if all before had been read.
    pub(super) fn jump(&mut self, offset: usize) {
        self.at = offset;
    }

    /// The next token. After a fault, the position is how far the text was looked at.
    pub(super) fn next(&mut self) -> Result<Token<'a>, XmlFault> {
        let input = self.input;
        let rest = &input[self.at..];
        let bytes = rest.as_bytes();
        match bytes {
            [] => Ok(Token::Over),
            [b'<', b'/', ..] => {
                let end = memchr::memchr(b'>', bytes).ok_or_else(|| self.unclosed("an end tag"))?;
                self.at += end + 1;
                Ok(Token::End(rest[2..end].trim_end_matches(SPACE)))
            }
            [b'<', b'!', ..] => self.declaration(rest),
            [b'<', b'?', ..] => {
                let end =
                    memchr::memmem::find(bytes, b"?>").ok_or_else(|| self.unclosed("an instruction"))?;
                self.at += end + 2;
                Ok(Token::Instruction)
            }
            [b'<', ..] => self.start(rest),
            _ => {
                let end = memchr::memchr(b'<', bytes).unwrap_or(bytes.len());
                self.at += end;
                Ok(Token::Text(&rest[..end]))
            }
        }
    }

    fn start(&mut self, rest: &'a str) -> Result<Token<'a>, XmlFault> {
        let bytes = rest.as_bytes();
        let mut at = 1;
        let end = loop {
            match bytes.get(at) {
                Some(b'>') => break at,
                Some(quote @ (b'"' | b'\'')) => {
                    // No value holds a `<`: a quote that is never closed ends there.
                    match memchr::memchr2(*quote, b'<', &bytes[at + 1..]) {
                        Some(length) if bytes[at + 1 + length] == *quote => at += length + 2,
                        Some(length) => return Err(self.open_tag(at + 1 + length)),
                        None => return Err(self.unclosed("a tag")),
                    }
                }
                Some(b'<') => return Err(self.open_tag(at)),
                Some(_) => at += 1,
                None => return Err(self.unclosed("a tag")),
            }
        };
        let (inside, empty) = match rest[1..end].strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (&rest[1..end], false),
        };
        let name =
            inside.bytes().position(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(inside.len());
        self.at += end + 1;
        Ok(Token::Start { name: &inside[..name], attributes: &inside[name..], empty })
    }

    /// What begins with `<!`.
    fn declaration(&mut self, rest: &'a str) -> Result<Token<'a>, XmlFault> {
        for (open, close, token) in [
            ("<!--", "-->", Token::Comment as fn(&'a str) -> Token<'a>),
            ("<![CDATA[", "]]>", Token::Data as fn(&'a str) -> Token<'a>),
        ] {
            if let Some(inside) = rest.strip_prefix(open) {
                let Some(end) = memchr::memmem::find(inside.as_bytes(), close.as_bytes()) else {
                    return Err(self.unclosed(if open == "<!--" { "a comment" } else { "a CDATA section" }));
                };
                self.at += open.len() + end + close.len();
                return Ok(token(&inside[..end]));
            }
        }
        if rest.get(..9).is_some_and(|word| word.eq_ignore_ascii_case("<!doctype")) {
            let end = doctype_end(rest).ok_or_else(|| self.unclosed("a document type"))?;
            self.at += end;
            return Ok(Token::DocType);
        }
        let fault =
            XmlFault::lost("xml-not-well-formed", self.at, "`<!` begins neither comment nor CDATA section");
        self.at += 2;
        Err(fault)
    }

    fn open_tag(&mut self, seen: usize) -> XmlFault {
        let fault = XmlFault::lost("xml-not-well-formed", self.at, "a tag is not closed before the next `<`");
        self.at += seen;
        fault
    }

    fn unclosed(&mut self, what: &str) -> XmlFault {
        let fault = XmlFault::lost("xml-not-well-formed", self.at, format!("{what} is never closed"));
        self.at = self.input.len();
        fault
    }
}

/// The length of a document type declaration, its internal subset included.
pub(crate) fn doctype_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut inside = false;
    let mut at = 2;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'"' | b'\'' => at += memchr::memchr(b, &bytes[at + 1..])? + 1,
            b'<' if bytes[at..].starts_with(b"<!--") => at += memchr::memmem::find(&bytes[at..], b"-->")? + 2,
            b'<' if bytes[at..].starts_with(b"<?") => at += memchr::memmem::find(&bytes[at..], b"?>")? + 1,
            b'[' => inside = true,
            b']' => inside = false,
            b'>' if !inside => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// The attributes of a start tag, name and value as written, in order.
pub(super) struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(&'a str, &'a str), &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_start_matches(SPACE);
        if text.is_empty() {
            return None;
        }
        // A fault is the last that is said.
        self.rest = "";
        let Some(end) = text.bytes().position(|b| matches!(b, b'=' | b' ' | b'\t' | b'\n' | b'\r')) else {
            return Some(Err("an attribute has no value"));
        };
        if end == 0 {
            return Some(Err("an attribute has no name"));
        }
        let Some(value) = text[end..].trim_start_matches(SPACE).strip_prefix('=') else {
            return Some(Err("an attribute has no value"));
        };
        let value = value.trim_start_matches(SPACE);
        let Some(&quote @ (b'"' | b'\'')) = value.as_bytes().first() else {
            return Some(Err("the value of an attribute has no quotes"));
        };
        let Some(length) = memchr::memchr(quote, &value.as_bytes()[1..]) else {
            return Some(Err("the value of an attribute is not closed"));
        };
        self.rest = &value[length + 2..];
        Some(Ok((&text[..end], &value[1..=length])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<String> {
        let mut tokens = Tokens::new(text);
        let mut out = Vec::new();
        loop {
            match tokens.next() {
                Ok(Token::Over) => return out,
                Ok(token) => out.push(format!("{token:?}")),
                Err(fault) => {
                    out.push(fault.to_string());
                    return out;
                }
            }
        }
    }

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        assert_eq!(tokens(text), expect, "{text}");
    }

    #[test]
    fn a_text_falls_into_its_pieces() {
        let start = |name: &str, attributes: &str, empty: bool| {
            format!("{:?}", Token::Start { name, attributes, empty })
        };
        check(
            "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x '>'><!-- ' ] > -->]><a b='>' c=\"'\">t&amp;<![CDATA[<x>]]><!-- c --></a >",
            &[
                "Instruction",
                "DocType",
                &start("a", " b='>' c=\"'\"", false),
                "Text(\"t&amp;\")",
                "Data(\"<x>\")",
                "Comment(\" c \")",
                "End(\"a\")",
            ],
        );
        check("<a/><b />", &[&start("a", "", true), &start("b", " ", true)]);
    }

    #[test]
    fn what_is_not_closed_says_where_it_began() {
        for (text, what) in [
            ("ab<a", "a tag is never closed at byte 2"),
            ("ab<a b='", "a tag is never closed at byte 2"),
            ("ab<a <b>", "a tag is not closed before the next `<` at byte 2"),
            ("ab<a b='<b>", "a tag is not closed before the next `<` at byte 2"),
            ("ab</a", "an end tag is never closed at byte 2"),
            ("ab<!-- ", "a comment is never closed at byte 2"),
            ("ab<![CDATA[ ]] >", "a CDATA section is never closed at byte 2"),
            ("ab<!DOCTYPE x [", "a document type is never closed at byte 2"),
            ("ab<?x", "an instruction is never closed at byte 2"),
            ("ab<!x>", "`<!` begins neither comment nor CDATA section at byte 2"),
        ] {
            assert_eq!(tokens(text).last().map(String::as_str), Some(what), "{text}");
        }
    }

    #[test]
    fn attributes_are_names_and_values() {
        let read = |text: &'static str| Attributes::new(text).collect::<Result<Vec<_>, _>>();
        assert_eq!(read(" a='1' b = \"2\"c='' "), Ok(vec![("a", "1"), ("b", "2"), ("c", "")]));
        for (text, fault) in [
            (" a", "an attribute has no value"),
            (" a b='1'", "an attribute has no value"),
            (" ='1'", "an attribute has no name"),
            (" a=1", "the value of an attribute has no quotes"),
            (" a='1", "the value of an attribute is not closed"),
        ] {
            assert_eq!(read(text), Err(fault), "{text}");
        }
    }
}
