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
    /// A number is not written as the number it is.
    Number,
    /// Bytes are not written as base 64 with padding, or hexadecimal, of the right length.
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
            Fault::Bytes => "bytes that are not written as they should be",
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

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// 32 bytes in base 64 with padding (RFC 4648 §4): 44 characters.
pub(crate) fn base64(bytes: &[u8; 32]) -> String {
    let mut out = String::with_capacity(44);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(char::from(BASE64[(group >> (18 - 6 * i)) as usize & 63]));
        }
    }
    out.push('=');
    out
}

/// The 32 bytes behind [`base64`]; nothing but what it writes is accepted.
pub(crate) fn from_base64(text: &str) -> Option<[u8; 32]> {
    let digits = text.strip_suffix('=').filter(|digits| digits.len() == 43)?;
    let mut bytes = [0; 32];
    let (mut group, mut bits, mut filled) = (0u32, 0, 0);
    for digit in digits.bytes() {
        let value = BASE64.iter().position(|known| *known == digit)? as u32;
        group = (group << 6 | value) & 0xffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes[filled] = (group >> bits) as u8;
            filled += 1;
        }
    }
    // 43 digits hold 258 bits: the last two must be zero, or two texts would mean the same.
    (group & 0b11 == 0).then_some(bytes)
}
