//! From bytes to text: byte order marks, UTF-16, XML declarations, wrong labels.
//!
//! XML 1.0 appendix F and RFC 8259 §8.1 say how; labels mean what the WHATWG Encoding Standard says. Bytes that
//! cannot be decoded hold the item they stand in; they are never replaced in silence.

use std::borrow::Cow;

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use news::{Complaint, Gravity};

use crate::Reading;

/// How many undecodable places are named; beyond, only the count grows.
const NAMED: usize = 100;

/// A transmission as text.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The text without byte order mark. U+FFFD stands where bytes could not be decoded.
    pub text: Cow<'a, str>,
    /// The encoding that was used, by its name in the Encoding Standard.
    pub encoding: &'static str,
    /// What was odd about the encoding as a whole.
    pub complaints: Vec<Complaint>,
    /// Where bytes could not be decoded: offset in the text, offset in the bytes.
    faults: Vec<(usize, usize)>,
    /// Bytes before the text, if the rest of the bytes is the text.
    shift: Option<usize>,
}

/// Decodes a transmission. Never fails: what cannot be decoded is remembered and held by
/// [`Decoded::settle`].
pub fn decode(bytes: &[u8]) -> Decoded<'_> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, bytes, length, Vec::new());
    }
    if let Some(encoding) = wide(bytes) {
        return decode_as(encoding, bytes, 0, Vec::new());
    }
    let Some(label) = declared(bytes) else {
        return decode_as(UTF_8, bytes, 0, Vec::new());
    };
    let (encoding, complaint) = choose(&label, bytes);
    decode_as(encoding, bytes, 0, complaint.into_iter().collect())
}

/// UTF-16 without byte order mark, by its first character, which is ASCII in every format that is read here.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [first, 0, ..] if *first != 0 => Some(UTF_16LE),
        [0, first, ..] if *first != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// The encoding that an XML declaration names.
fn declared(bytes: &[u8]) -> Option<String> {
    let start = bytes.iter().position(|b| !b.is_ascii_whitespace())?;
    let rest = bytes[start..].strip_prefix(b"<?xml")?;
    let end = memchr::memmem::find(&rest[..rest.len().min(512)], b"?>")?;
    let declaration = String::from_utf8_lossy(&rest[..end]);
    let (_, after) = declaration.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value[1..].split(quote).next()?.trim().to_owned())
}

fn choose(label: &str, bytes: &[u8]) -> (&'static Encoding, Option<Complaint>) {
    let remark = |code, message: String| Some(Complaint::new(Gravity::Remark, code, message).at("", Some(0)));
    let shown: String = label.chars().take(40).collect();
    let Some(encoding) = Encoding::for_label(label.as_bytes()) else {
        let message = format!("the encoding `{shown}` is not known; the bytes were read as UTF-8");
        return (UTF_8, Some(Complaint::new(Gravity::Hold, "unknown-encoding", message).at("", Some(0))));
    };
    if encoding == UTF_8 {
        return (UTF_8, None);
    }
    if encoding == UTF_16LE || encoding == UTF_16BE {
        let message = format!("the declaration says {shown}, but the bytes are not UTF-16; they were read as UTF-8");
        return (UTF_8, remark("wrong-encoding-label", message));
    }
    // Text in a one-byte encoding is practically never valid UTF-8 by chance.
    if encoding.is_ascii_compatible() && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
        let message = format!("the declaration says {shown}, but the bytes are UTF-8 and were read as such");
        return (UTF_8, remark("wrong-encoding-label", message));
    }
    (encoding, None)
}

fn decode_as<'a>(
    encoding: &'static Encoding,
    bytes: &'a [u8],
    skip: usize,
    complaints: Vec<Complaint>,
) -> Decoded<'a> {
    let rest = &bytes[skip..];
    let is_utf8 = encoding == UTF_8;
    if is_utf8 && let Ok(text) = std::str::from_utf8(rest) {
        let text = Cow::Borrowed(text);
        return Decoded { text, encoding: encoding.name(), complaints, faults: Vec::new(), shift: Some(skip) };
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (text, faults) = decode_marking(&mut decoder, rest, skip);
    Decoded { text: Cow::Owned(text), encoding: encoding.name(), complaints, faults, shift: None }
}

/// Decodes with U+FFFD for what cannot be decoded, and says where that was.
fn decode_marking(decoder: &mut Decoder, bytes: &[u8], skip: usize) -> (String, Vec<(usize, usize)>) {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8 + 16);
    let mut faults = Vec::new();
    let mut read = 0;
    loop {
        let (result, more) = decoder.decode_to_string_without_replacement(&bytes[read..], &mut text, true);
        read += more;
        match result {
            DecoderResult::InputEmpty => return (text, faults),
            DecoderResult::OutputFull => text.reserve(bytes.len() - read + 1024),
            DecoderResult::Malformed(length, after) => {
                let at = (read - usize::from(after)).saturating_sub(usize::from(length));
                faults.push((text.len(), skip + at));
                text.push('\u{fffd}');
            }
        }
    }
}

impl Decoded<'_> {
    /// Applies to a reading of the text what is known about the bytes: spans and offsets come to count the bytes,
    /// and items with undecodable bytes are held.
    pub(crate) fn settle(self, reading: &mut Reading, length: usize) {
        self.hold(reading);
        let shift = self.shift;
        let moved = |offset: &mut Option<usize>| *offset = offset.and_then(|at| shift.map(|by| at + by));
        for version in &mut reading.items {
            version.span = match shift {
                Some(by) => version.span.start + by..version.span.end + by,
                None => 0..length,
            };
            version.complaints.iter_mut().filter(|c| c.code != UNDECODABLE).for_each(|c| moved(&mut c.place.offset));
        }
        reading.complaints.iter_mut().filter(|c| c.code != UNDECODABLE).for_each(|c| moved(&mut c.place.offset));
        for complaint in self.complaints {
            if complaint.gravity >= Gravity::Hold {
                for (i, version) in reading.items.iter_mut().enumerate() {
                    version.complaints.push(complaint.clone().of_item(i));
                }
            }
            reading.complaints.push(complaint);
        }
    }

    fn hold(&self, reading: &mut Reading) {
        for (i, version) in reading.items.iter_mut().enumerate() {
            let from = self.faults.partition_point(|(at, _)| *at < version.span.start);
            let inside = self.faults[from..].iter().take_while(|(at, _)| *at < version.span.end);
            for (_, offset) in inside.take(NAMED) {
                version.complaints.push(undecodable(self.encoding, *offset).of_item(i));
            }
        }
        for (_, offset) in self.faults.iter().take(NAMED) {
            reading.complaints.push(undecodable(self.encoding, *offset));
        }
    }
}

const UNDECODABLE: &str = "undecodable-bytes";

fn undecodable(encoding: &str, offset: usize) -> Complaint {
    let message = format!("bytes cannot be decoded as {encoding}; the agency must say, or mend, the encoding");
    Complaint::new(Gravity::Hold, UNDECODABLE, message).at("", Some(offset))
}
