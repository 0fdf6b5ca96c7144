//! What the circuits of teleprinters have in common: messages between control bytes, and lines.
//!
//! IPTC 7901 and ANPA 1312 both send one message after the other as SOH, header, STX, text, ETX, trailer, EOT.
//! Messages are found by SOH alone, so that one that was cut does not take the next one with it. Neither format
//! names its encoding: a message that is valid UTF-8 is read as such, any other as windows-1252, which has ISO 8859-1
//! within it, and a remark says so. Nothing becomes U+FFFD; where it was sent, or where a byte means nothing
//! in windows-1252, the message waits for a person.

use std::borrow::Cow;
use std::ops::Range;

use encoding_rs::WINDOWS_1252;
use news::{Complaint, Field, Gravity, Mark, MarkKind, Severity, Signal, Taken, Version};

use crate::html::Draft;
use crate::story;
use crate::{Hints, Reading, terms};

/// Start of header.
pub(crate) const SOH: u8 = 1;
/// Start of text.
pub(crate) const STX: char = '\u{2}';
/// End of text.
pub(crate) const ETX: char = '\u{3}';
/// End of transmission: here, of one message.
pub(crate) const EOT: u8 = 4;
/// Form feed.
const FORM_FEED: char = '\u{c}';
/// Rings the bell at the other end.
pub(crate) const BELL: char = '\u{7}';
/// Fill: holes punched through.
pub(crate) const DELETE: char = '\u{7f}';

/// One message: between SOH and EOT.
pub(crate) struct Message<'a> {
    /// What stands before STX.
    pub(crate) head: &'a str,
    /// What stands between STX and ETX; `None` if there is no STX.
    pub(crate) text: Option<&'a str>,
    /// What stands behind ETX; `None` if there is no ETX.
    pub(crate) tail: Option<&'a str>,
    /// The whole message and where it begins in the transmission; `None` if its bytes had to be decoded.
    stood: Option<(&'a str, usize)>,
}

impl<'a> Message<'a> {
    /// A message of a format that has no control bytes; `start` is where it begins in the transmission, if its bytes
    /// were not decoded.
    pub(crate) fn whole(text: &'a str, start: Option<usize>) -> Self {
        Self { head: "", text: Some(text), tail: None, stood: start.map(|start| (text, start)) }
    }
}

impl Message<'_> {
    /// This field was taken from this piece of the message.
    pub(crate) fn note(&self, version: &mut Version, field: Field, taken: Taken, piece: &str) {
        let Some((whole, start)) = self.stood else { return };
        let at = (piece.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        if !piece.is_empty() && at.checked_add(piece.len()).is_some_and(|end| end <= whole.len()) {
            version.origins.bytes(field, taken, start + at..start + at + piece.len());
        }
    }

    /// The same of all lines together, from the first to the last on which something stands.
    pub(crate) fn note_lines<'l>(
        &self,
        version: &mut Version,
        field: Field,
        lines: impl Iterator<Item = &'l str>,
    ) {
        let mut filled = lines.filter(|line| !is_fill(line));
        let (Some((whole, _)), Some(first)) = (self.stood, filled.next()) else { return };
        let last = filled.last().unwrap_or(first);
        let from = (first.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize);
        let to = (last.as_ptr() as usize + last.len()).wrapping_sub(whole.as_ptr() as usize);
        if let Some(piece) = whole.get(from..to) {
            self.note(version, field, Taken::ByMeaning, piece);
        }
    }
}

/// Reads all messages of a transmission. `opens` says whether text without SOH is a message all the same.
pub(crate) fn read(
    bytes: &[u8],
    hints: &Hints,
    opens: fn(&str) -> bool,
    one: fn(&Message<'_>, &Hints) -> Result<Version, Complaint>,
) -> Reading {
    let mut reading = Reading::default();
    for (span, framed) in pieces(bytes) {
        if reading.items.len() + reading.complaints.len() >= hints.limits.items {
            if is_all_fill(&bytes[span.start..]) {
                break;
            }
            let message = format!("more than {} messages came; the rest was not read", hints.limits.items);
            reading.complaints.push(lost("too-many-items", message, span.start));
            break;
        }
        // A message has no more parts than bytes.
        if span.len() > hints.limits.nodes && parts(&bytes[span.clone()]) > hints.limits.nodes {
            let message = format!("the message has more than {} lines and columns", hints.limits.nodes);
            reading.complaints.push(lost("too-large", message, span.start));
            continue;
        }
        let (text, oddities) = decode(&bytes[span.clone()]);
        if !framed && is_fill(&text) {
            continue;
        }
        if !framed && !opens(&text) {
            let message = "text stands outside every message and begins with no header; it was not read";
            reading.complaints.push(lost("outside-message", message, span.start));
            continue;
        }
        let item = reading.items.len();
        let stood = matches!(text, Cow::Borrowed(_)).then_some((&*text, span.start));
        match one(&Message { stood, ..cut(&text) }, hints) {
            Ok(mut version) => {
                version.complaints.extend(oddities);
                version.span = span;
                story::number(&mut version.complaints, item);
                reading.items.push(version);
            }
            Err(mut complaint) => {
                complaint.place.offset = Some(span.start);
                reading.complaints.push(complaint);
            }
        }
    }
    reading
}

fn lost(code: &'static str, message: impl Into<String>, offset: usize) -> Complaint {
    Complaint::new(Gravity::Lost, code, message).at("", Some(offset))
}

/// The transmission cut into messages (`true`) and what stands between them. No byte is in none.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = (Range<usize>, bool)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let framed = *bytes.get(at)? == SOH;
        let inside = at + usize::from(framed);
        let end = match memchr::memchr2(SOH, EOT, &bytes[inside..]) {
            Some(found) if bytes[inside + found] == EOT => inside + found + 1,
            Some(found) => inside + found,
            None => bytes.len(),
        };
        let span = at..end;
        at = end;
        Some((span, framed))
    })
}

/// How many lines and columns a message has at most.
fn parts(bytes: &[u8]) -> usize {
    let parts = |b: u8| {
        (b == b'\n') | (b == b'\r') | (b == b'|') | (b == b';') | (b == 0x0b) | (b.wrapping_sub(0x1e) < 2)
    };
    // Counted in bytes, so that many are looked at at once.
    let count = |step: &[u8]| usize::from(step.iter().fold(0u8, |n, &b| n + u8::from(parts(b))));
    bytes.chunks(128).map(count).sum()
}

/// A message's bytes as text, and what is odd about them.
pub(crate) fn decode(bytes: &[u8]) -> (Cow<'_, str>, Option<Complaint>) {
    let hold = |message: &str| Complaint::new(Gravity::Hold, "undecodable-bytes", message).at("", None);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let damaged = memchr::memmem::find(bytes, "\u{fffd}".as_bytes()).is_some();
        let message = "the text came with U+FFFD where a character was lost on its way; ask for it again";
        return (Cow::Borrowed(text), damaged.then(|| hold(message)));
    }
    let (text, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let undefined = |b: &u8| matches!(b, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
    let complaint = if bytes.iter().any(undefined) {
        hold("the text is neither UTF-8 nor windows-1252; the agency must say, or mend, the encoding")
    } else {
        let message = "the text names no encoding and is not UTF-8; it was read as windows-1252";
        Complaint::new(Gravity::Remark, "undeclared-encoding", message).at("", None)
    };
    (text, Some(complaint))
}

fn cut<'a>(text: &'a str) -> Message<'a> {
    let text = text.strip_prefix('\u{1}').unwrap_or(text);
    let text = text.strip_suffix('\u{4}').unwrap_or(text);
    let parted = |text: &'a str, sign: char| match memchr::memchr(sign as u8, text.as_bytes()) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (before, tail) = parted(text, ETX);
    let (head, text) = parted(before, STX);
    Message { head, text, tail, stood: None }
}

/// Whether this is nothing but what circuits send between messages.
pub(crate) fn is_fill(text: &str) -> bool {
    text.chars().all(is_fill_character)
}

/// The same of bytes, all of which are ASCII then.
fn is_all_fill(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| b.is_ascii() && is_fill_character(char::from(*b)))
}

/// White space, DEL, BEL, SYN, NUL, ETX, EOT, form feed, byte order mark.
pub(crate) fn is_fill_character(c: char) -> bool {
    terms::is_space(c)
        || matches!(c, DELETE | BELL | FORM_FEED | '\u{16}' | '\0' | ETX | '\u{4}' | '\u{feff}')
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// CR LF, also with several CR, as teleprinters need them to come back in time.
    Full,
    /// LF or CR alone, or nothing.
    Bare,
}

/// One line without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// What stands on it.
    pub(crate) text: &'a str,
    /// How it ends.
    pub(crate) end: End,
}

impl<'a> Line<'a> {
    /// Whether nothing but white space and fill stands on it.
    pub(crate) fn is_blank(self) -> bool {
        is_fill(self.text)
    }

    /// The text without white space and fill at its ends.
    pub(crate) fn bare(self) -> &'a str {
        self.text.trim_matches(is_fill_character)
    }
}

/// The lines of a text.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let bytes = text.as_bytes();
    // As many as most texts have.
    let mut out = Vec::with_capacity(bytes.len() / 32 + 2);
    let mut start = 0;
    while let Some(length) = memchr::memchr2(b'\r', b'\n', &bytes[start..]) {
        let at = start + length;
        let after = at + bytes[at..].iter().take_while(|b| **b == b'\r').count();
        let fed = bytes.get(after) == Some(&b'\n');
        let end = if fed && after > at { End::Full } else { End::Bare };
        out.push(Line { text: &text[start..at], end });
        start = after + usize::from(fed);
    }
    if start < text.len() {
        out.push(Line { text: &text[start..], end: End::Bare });
    }
    out
}

/// A table row of these cells, white space at their ends taken away; `None` if all are empty.
pub(crate) fn row<'a>(cells: impl Iterator<Item = &'a str>) -> Option<Draft> {
    let mut text = String::new();
    let mut marks = Vec::new();
    for cell in cells {
        if !marks.is_empty() {
            text.push('\t');
        }
        let start = text.len();
        text.push_str(cell.trim_matches(terms::is_space));
        marks.push(Mark { range: start..text.len(), kind: MarkKind::Cell(false) });
    }
    let empty = text.bytes().all(|b| b == b'\t');
    (!empty).then(|| story::draft(news::BlockKind::Row, text, marks, None))
}

/// Notes what words say of a version; words may only ever hold.
pub(crate) fn text_signal(version: &mut Version, code: &str, severity: Severity, path: &str) {
    if !version.signals.iter().any(|signal| signal.code == code) {
        let (code, path) = (code.to_owned(), path.to_owned());
        version.signals.push(Signal { code, severity: severity.min(Severity::Holds), from_text: true, path });
    }
}

/// The end of a message did not arrive: the copy may be cut.
pub(crate) fn complain_cut(version: &mut Version) {
    let message = "the message has no ETX: its end did not arrive, and the text may be cut";
    terms::complain(version, Gravity::Hold, "message-cut", message, "text");
}

/// Whether the word is made of ASCII digits.
pub(crate) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_is_in_no_piece() {
        for (bytes, expect) in [
            (&b""[..], ""),
            (b"\x7f\r\n\x01a\x02b\x03c\x04\r\n", "-0..3 +3..10 -10..12"),
            (b"\x01a\x02b\x01c\x04", "+0..4 +4..7"),
            (b"x\x04\x01y", "-0..2 +2..4"),
            (b"\x01\x01\x04\x04", "+0..1 +1..3 -3..4"),
        ] {
            let found: Vec<_> = pieces(bytes)
                .map(|(span, framed)| format!("{}{span:?}", if framed { '+' } else { '-' }))
                .collect();
            assert_eq!(found.join(" "), expect, "{bytes:?}");
        }
    }

    #[test]
    fn noise_without_end_ends_at_the_limits() {
        let limits = crate::Limits { items: 3, nodes: 50, ..crate::Limits::default() };
        let hints = Hints { limits, format: Some(crate::Format::Iptc7901), ..Hints::default() };
        for (bytes, expect) in [
            (vec![SOH; 1000], "too-many-items"),
            (
                [&b"\x01agx042 4 pl 1 agx 042\r\n\x02H =\r\n"[..], &b"|a".repeat(100), b"|\r\n\x03\x04"]
                    .concat(),
                "too-large",
            ),
        ] {
            let reading = crate::read(&bytes, &hints);
            let last = reading.complaints.last().map(|complaint| (complaint.code, complaint.gravity));
            assert_eq!(last, Some((expect, Gravity::Lost)));
            assert!(reading.items.is_empty() && reading.complaints.len() < 10);
        }
    }

    #[test]
    fn lines_say_how_they_end() {
        let (full, bare) = (End::Full, End::Bare);
        for (text, expect) in [
            ("", &[][..]),
            ("\n", &[("", bare)]),
            ("a\r\r", &[("a", bare)]),
            ("a\n\rb\r\r\n", &[("a", bare), ("", bare), ("b", full)]),
            ("a\r\nb\n\r\r\nc\rd", &[("a", full), ("b", bare), ("", full), ("c", bare), ("d", bare)]),
        ] {
            let found: Vec<_> = lines(text).iter().map(|line| (line.text, line.end)).collect();
            assert_eq!(found, expect, "{text:?}");
        }
    }

    #[test]
    fn eight_bits_without_a_name_are_windows_1252() {
        for (bytes, text, code) in [
            (&b"plain"[..], "plain", None),
            ("d\u{e9}j\u{e0} \u{938}".as_bytes(), "d\u{e9}j\u{e0} \u{938}", None),
            (b"d\xe9j\xe0 \xab\x92", "d\u{e9}j\u{e0} \u{ab}\u{2019}", Some("undeclared-encoding")),
            (b"\x81", "\u{81}", Some("undecodable-bytes")),
            ("a\u{fffd}".as_bytes(), "a\u{fffd}", Some("undecodable-bytes")),
        ] {
            let (found, complaint) = decode(bytes);
            assert_eq!((&*found, complaint.map(|c| c.code)), (text, code));
        }
    }
}
