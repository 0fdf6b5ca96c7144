//! What a mail says: header fields (RFC 5322 §2.2), and the tree of its parts (RFC 2045, RFC 2046).

use std::cell::OnceCell;
use std::ops::Range;

use news::{Complaint, Gravity};

use super::words;
use crate::{Limits, decode};

/// Parts inside parts are read so deep.
pub(super) const DEPTH: usize = 20;
/// So many parts of one mail are read.
pub(super) const PARTS: usize = 1000;
/// So many header fields of one part are read.
const FIELDS: usize = 1000;

/// Longer fields are not read; RFC 5322 §2.1.1 breaks lines at 998, and no field needs a hundred of them.
const LONGEST_FIELD: usize = 64 << 10;
/// So many parameters of one field are read.
const PARAMETERS: usize = 128;

/// A header field.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    /// The value as it stands, folding included.
    pub(super) value: &'a [u8],
}

/// The header of a mail or of one of its parts.
#[derive(Debug, Default)]
pub(super) struct Header<'a> {
    pub(super) fields: Vec<Field<'a>>,
    /// Lines that are no fields, or fields beyond the limits: they are neither header nor words.
    pub(super) broken: bool,
}

impl<'a> Header<'a> {
    /// The header at the start of `bytes`, and where its body begins.
    pub(super) fn read(bytes: &'a [u8]) -> (Self, usize) {
        let mut header = Self::default();
        let mut at = 0;
        // The separator of a mailbox file, which is no field.
        if bytes.starts_with(b"From ") {
            at = line_end(bytes, 0);
        }
        while at < bytes.len() {
            let start = at;
            at = line_end(bytes, at);
            if bare(&bytes[start..at]).is_empty() {
                return (header, at);
            }
            while bytes.get(at).is_some_and(|b| matches!(b, b' ' | b'\t')) {
                let next = line_end(bytes, at);
                // A line of white space only ends the header with senders that pad their lines.
                if bytes[at..next].trim_ascii().is_empty() {
                    break;
                }
                at = next;
            }
            header.take(&bytes[start..at]);
            if bytes[at..line_end(bytes, at)].trim_ascii().is_empty() {
                return (header, line_end(bytes, at));
            }
        }
        (header, at)
    }

    fn take(&mut self, line: &'a [u8]) {
        let field = memchr::memchr(b':', line).and_then(|colon| {
            let name = line[..colon].trim_ascii_end();
            let named = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
            let name = std::str::from_utf8(name).ok().filter(|_| named)?;
            Some(Field { name, value: line[colon + 1..].trim_ascii() })
        });
        match field {
            Some(field) if self.fields.len() < FIELDS && line.len() <= LONGEST_FIELD => {
                self.fields.push(field)
            }
            _ => self.broken = true,
        }
    }

    /// The values of all fields with this name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    }

    /// The first field with this name.
    pub(super) fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// A field that is made of a word and parameters.
    fn typed(&self, name: &str) -> Typed {
        self.get(name).map(Typed::read).unwrap_or_default()
    }
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end + 1)
}

fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `text/plain; charset=utf-8`: a word in lower case, and parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub(super) word: String,
    parameters: Vec<(String, String)>,
}

impl Typed {
    pub(super) fn read(value: &[u8]) -> Self {
        let value = words::decode(value, "", &mut Vec::new());
        let mut pieces = pieces(&value).into_iter();
        let word = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
        let parameters = pieces.filter_map(|piece| {
            let (name, value) = piece.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        });
        Self { word, parameters: parameters.take(PARAMETERS).collect() }
    }

    /// A parameter, also one that is cut into pieces or names its character set (RFC 2231).
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let find =
            |name: &str| self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        if let Some(value) = find(name) {
            return Some(value.clone());
        }
        let mut bytes = Vec::new();
        let mut label = None;
        if let Some(value) = find(&format!("{name}*")) {
            label = extended(value, true, &mut bytes);
        } else {
            for n in 0..self.parameters.len() {
                if let Some(value) = find(&format!("{name}*{n}*")) {
                    label = extended(value, n == 0, &mut bytes).or(label);
                } else if let Some(value) = find(&format!("{name}*{n}")) {
                    bytes.extend_from_slice(value.as_bytes());
                } else {
                    break;
                }
            }
        }
        (!bytes.is_empty()).then(|| decode::labelled(&bytes, label.as_deref()).text.into_owned())
    }
}

/// `charset'language'per%20cent`: the bytes are appended, the character set is given.
fn extended(value: &str, first: bool, out: &mut Vec<u8>) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (label, value) = match (first, parts.next(), parts.next(), parts.next()) {
        (true, Some(label), Some(_), Some(value)) => (Some(label.to_owned()), value),
        _ => (None, value),
    };
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match escape.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                out.push(byte);
                rest = &after[2..];
            }
            None => {
                out.push(first);
                rest = after;
            }
        }
    }
    label
}

/// The pieces between semicolons; quotes are taken off, comments in parentheses are none.
fn pieces(value: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let (mut quoted, mut comment) = (false, 0usize);
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        let piece = out.last_mut().expect("there is always a piece");
        match c {
            '\\' if quoted => piece.extend(chars.next()),
            '"' if comment == 0 => quoted = !quoted,
            '(' if !quoted => comment += 1,
            ')' if !quoted && comment > 0 => comment -= 1,
            _ if comment > 0 => {}
            ';' if !quoted => out.push(String::new()),
            _ => piece.push(c),
        }
    }
    out
}

/// A part that holds no other parts.
#[derive(Debug)]
pub(super) struct Leaf<'a> {
    pub(super) header: Header<'a>,
    pub(super) content_type: Typed,
    /// Its bytes as they came, transfer encoding and all.
    pub(super) bytes: &'a [u8],
    /// Where they stand in the mail.
    pub(super) span: Range<usize>,
    /// Its place among the parts: `part[2]`.
    pub(super) path: String,
    /// How many letters and digits it has for readers, once somebody has asked.
    pub(super) letters: OnceCell<usize>,
    pub(super) limits: &'a Limits,
}

impl Leaf<'_> {
    /// Whether its words are shown with the mail rather than handed over as a file.
    pub(super) fn is_body(&self) -> bool {
        matches!(self.content_type.word.as_str(), "text/plain" | "text/html")
            && self.name().is_none()
            && self.header.typed("Content-Disposition").word != "attachment"
    }

    /// The file's name.
    pub(super) fn name(&self) -> Option<String> {
        let disposition = self.header.typed("Content-Disposition");
        disposition.parameter("filename").or_else(|| self.content_type.parameter("name"))
    }

    /// The transfer encoding as written.
    pub(super) fn encoding(&self) -> String {
        self.header.typed("Content-Transfer-Encoding").word
    }
}

/// A part.
#[derive(Debug)]
pub(super) enum Part<'a> {
    Leaf(Box<Leaf<'a>>),
    /// `kind` is what stands behind `multipart/`.
    Parts {
        kind: String,
        parts: Vec<Part<'a>>,
    },
}

/// Reads the parts of a mail and says what was wrong with them.
pub(super) struct Reader<'a> {
    mail: &'a [u8],
    limits: &'a Limits,
    count: usize,
    pub(super) complaints: Vec<Complaint>,
    /// Words before the first and after the last part, which no mail program shows.
    pub(super) around: Vec<&'a [u8]>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(mail: &'a [u8], limits: &'a Limits) -> Self {
        Self { mail, limits, count: 0, complaints: Vec::new(), around: Vec::new() }
    }

    fn complain(&mut self, code: &'static str, message: impl Into<String>, at: usize) {
        let path = format!("part[{}]", self.count);
        self.complaints.push(Complaint::new(Gravity::Hold, code, message).at(path, Some(at)));
    }

    /// The part with this header, whose body stands at `body`. `inside` is the kind of multipart around it.
    pub(super) fn part(
        &mut self,
        header: Header<'a>,
        body: Range<usize>,
        inside: &str,
        depth: usize,
    ) -> Part<'a> {
        if header.broken {
            let message =
                "a line of the header is no field, or fields are too long or too many; these are not read";
            self.complain("header-malformed", message, body.start);
        }
        let mut content_type = header.typed("Content-Type");
        if !content_type.word.contains('/') {
            // RFC 2045 §5.2, RFC 2046 §5.1.5.
            let word = if inside == "digest" { "message/rfc822" } else { "text/plain" };
            content_type.word = word.to_owned();
        }
        if let Some(kind) = content_type.word.strip_prefix("multipart/") {
            let kind = kind.to_owned();
            match content_type.parameter("boundary").filter(|boundary| !boundary.is_empty()) {
                Some(_) if depth >= DEPTH => {
                    let message = format!("parts are nested deeper than {DEPTH}; the innermost are not read");
                    self.complain("mime-too-deep", message, body.start);
                }
                Some(boundary) => {
                    let parts = self.parts(&kind, &boundary, body, depth);
                    return Part::Parts { kind, parts };
                }
                None => {
                    let message = "a multipart names no boundary, so its parts cannot be told";
                    self.complain("mime-without-boundary", message, body.start);
                }
            }
        }
        self.count += 1;
        let path = format!("part[{}]", self.count);
        let bytes = &self.mail[body.clone()];
        Part::Leaf(Box::new(Leaf {
            header,
            content_type,
            bytes,
            span: body,
            path,
            letters: OnceCell::new(),
            limits: self.limits,
        }))
    }

    fn parts(&mut self, kind: &str, boundary: &str, body: Range<usize>, depth: usize) -> Vec<Part<'a>> {
        let (spans, closed) = self.cut(boundary, &body);
        if !closed {
            let message = "the last part has no end: the mail may have been cut off";
            self.complain("mail-truncated", message, body.end);
        }
        let mut parts = Vec::new();
        for span in spans {
            if self.count >= PARTS {
                let message = format!("more than {PARTS} parts; the rest is not read");
                self.complain("too-many-parts", message, span.start);
                break;
            }
            let (header, start) = Header::read(&self.mail[span.clone()]);
            parts.push(self.part(header, span.start + start..span.end, kind, depth + 1));
        }
        parts
    }

    /// Where the parts between the boundaries stand, and whether the last boundary says that it is the last.
    fn cut(&mut self, boundary: &str, body: &Range<usize>) -> (Vec<Range<usize>>, bool) {
        let mail = self.mail;
        let bytes = &mail[..body.end];
        let mut spans = Vec::new();
        let mut open = None;
        let mut at = body.start;
        while at < body.end && spans.len() <= PARTS {
            let line = at;
            at = line_end(bytes, at);
            let Some(last) = delimiter(&bytes[line..at], boundary) else { continue };
            // The line end before the boundary belongs to the boundary (RFC 2046 §5.1.1).
            let end = bare(&bytes[body.start..line]).len() + body.start;
            match open {
                Some(start) => spans.push(start..end.max(start)),
                None => self.around.push(&mail[body.start..end]),
            }
            open = Some(at);
            if last {
                self.around.push(&mail[at..body.end]);
                return (spans, true);
            }
        }
        spans.extend(open.map(|start| start..body.end));
        (spans, false)
    }
}

/// Whether a line is this boundary, and whether it is the last one.
fn delimiter(line: &[u8], boundary: &str) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary.as_bytes())?;
    match rest.trim_ascii() {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, word: &str, name: &str, parameter: Option<&str>) {
        let typed = Typed::read(value.as_bytes());
        assert_eq!((typed.word.as_str(), typed.parameter(name).as_deref()), (word, parameter), "{value}");
    }

    #[test]
    fn types_and_their_parameters() {
        check("Text/Plain; charset=\"utf-8\" (a comment; x)", "text/plain", "charset", Some("utf-8"));
        check("text/plain", "text/plain", "charset", None);
        check("multipart/mixed; boundary=\"a;\\\"b\"", "multipart/mixed", "boundary", Some("a;\"b"));
        check("a/b; FileName*=utf-8'hi'%E0%A4%B9.xml", "a/b", "filename", Some("ह.xml"));
        check("a/b; name*1=\"b.xml\"; name*0*=iso-8859-1''%E9", "a/b", "name", Some("éb.xml"));
        check("a/b; name=\"=?utf-8?q?=C3=A9?=\"", "a/b", "name", Some("é"));
    }

    #[track_caller]
    fn names(bytes: &str, expect: &[&str], broken: bool, body: &str) {
        let (header, start) = Header::read(bytes.as_bytes());
        let found: Vec<_> = header.fields.iter().map(|field| field.name).collect();
        assert_eq!((&found[..], header.broken, &bytes[start..]), (expect, broken, body), "{bytes}");
    }

    #[test]
    fn a_header_ends_at_the_first_empty_line() {
        names("A: 1\r\nB: 2\r\n\r\nx", &["A", "B"], false, "x");
        names("From a@b Mon\nA: 1\n folded\n\nx", &["A"], false, "x");
        names("\nx", &[], false, "x");
        names("A: 1", &["A"], false, "");
        names("A: 1\n \nx", &["A"], false, "x");
        names("A: 1\nno field\nB: 2\n\nx", &["A", "B"], true, "x");
    }
}
