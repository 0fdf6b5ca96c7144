//! Strict lines of `name value`: the alphabet that leaf and disclosure share.

use std::fmt;

/// A name or a value cannot stand in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeLineError {
    /// The name of the line.
    pub name: String,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for EncodeLineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write the line `{}`: {}", self.name.escape_default(), self.fault)
    }
}

impl std::error::Error for EncodeLineError {}

/// What is wrong with a line or with a text of lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not UTF-8 without control characters, or a name is no name: a to z, digits and hyphens after a letter.
    Alphabet,
    /// A value is empty, or begins or ends with a space.
    Value,
    /// The text does not end with LF, or a line has no space between name and value.
    Shape,
    /// The text is longer than it may be.
    TooLong,
    /// The lines are not those that belong here, in their order.
    Order,
    /// A number is not written as decimal digits without leading zeros, or is too large.
    Number,
    /// An instant is not written as `2026-03-02T12:00:00Z`, with or without up to nine digits of a second.
    Instant,
    /// A hash is not written as 64 small hexadecimal digits.
    Bytes,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Alphabet => "a character that may not stand there",
            Fault::Value => "a value that is empty or has a space at its end",
            Fault::Shape => "not a line of a name, one space and a value, ended by LF",
            Fault::TooLong => "longer than it may be",
            Fault::Order => "a line that is missing, doubled, unknown or out of order",
            Fault::Number => "a number that is not written as decimal digits without leading zeros",
            Fault::Instant => "an instant that is not written as RFC 3339 in UTC",
            Fault::Bytes => "a hash that is not written as 64 small hexadecimal digits",
        })
    }
}

/// Whether it can be a name: lower-case letters, digits and hyphens, a letter first; at most 64 bytes.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    name.len() <= 64 && name.bytes().all(plain) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// What is wrong with a value, if anything: it is not empty, has no control character or line separator, and no
/// space at either end.
pub(crate) fn value_fault(value: &str) -> Option<Fault> {
    if value.is_empty() || value.starts_with(' ') || value.ends_with(' ') {
        return Some(Fault::Value);
    }
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    value.contains(breaks).then_some(Fault::Alphabet)
}

/// Appends one line.
pub(crate) fn write(out: &mut String, name: &str, value: &str) -> Result<(), EncodeLineError> {
    let refuse = |fault| Err(EncodeLineError { name: name.to_owned(), fault });
    if !is_name(name) {
        return refuse(Fault::Alphabet);
    }
    if let Some(fault) = value_fault(value) {
        return refuse(fault);
    }
    for piece in [name, " ", value, "\n"] {
        out.push_str(piece);
    }
    Ok(())
}

/// The lines of a text, each as name and value, with its number from 1.
pub(crate) fn read(text: &str) -> impl Iterator<Item = (usize, Result<(&str, &str), Fault>)> {
    text.split_inclusive('\n').enumerate().map(|(i, line)| (i + 1, read_line(line)))
}

fn read_line(line: &str) -> Result<(&str, &str), Fault> {
    let (name, value) = line.strip_suffix('\n').and_then(|line| line.split_once(' ')).ok_or(Fault::Shape)?;
    if !is_name(name) {
        return Err(Fault::Alphabet);
    }
    value_fault(value).map_or(Ok((name, value)), Err)
}

/// 32 bytes as 64 small hexadecimal digits, as `sha256sum` prints them.
pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The 32 bytes behind [`hex`]; nothing but what it writes is accepted.
pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// A number as it is written: decimal digits without leading zeros.
pub(crate) fn from_decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}
