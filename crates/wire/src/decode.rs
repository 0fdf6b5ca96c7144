//! From bytes to text: byte order marks, UTF-16, XML declarations, wrong labels.
//!
//! XML 1.0 appendix F and RFC 8259 §8.1 say how; labels mean what the WHATWG Encoding Standard says. Bytes that
//! cannot be decoded hold the item they stand in; they are never replaced in silence.
//!
//! ```
//! let wire = b"<?xml version='1.0' encoding='ISO-8859-1'?><p>d\xe9j\xe0</p>";
//! let decoded = wire::decode::decode(wire);
//! assert_eq!((decoded.encoding, &decoded.text[43..]), ("windows-1252", "<p>d\u{e9}j\u{e0}</p>"));
//! ```

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
    if let Some((big, length)) = widest(bytes) {
        return decode_utf32(bytes, big, length);
    }
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

/// Decodes a part whose sender names the encoding beside the bytes, as mail does. A byte order mark counts more than
/// the label; without either it is UTF-8.
pub(crate) fn labelled<'a>(bytes: &'a [u8], label: Option<&str>) -> Decoded<'a> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, bytes, length, Vec::new());
    }
    let Some(label) = label else { return decode_as(UTF_8, bytes, 0, Vec::new()) };
    match label.trim().to_ascii_lowercase().as_str() {
        // RFC 2781 §4.3: big-endian, unless the bytes say otherwise.
        "utf-16" => decode_as(wide(bytes).unwrap_or(UTF_16BE), bytes, 0, Vec::new()),
        "utf-16le" => decode_as(UTF_16LE, bytes, 0, Vec::new()),
        "utf-16be" => decode_as(UTF_16BE, bytes, 0, Vec::new()),
        _ => {
            let (encoding, complaint) = choose(label, bytes);
            decode_as(encoding, bytes, 0, complaint.into_iter().collect())
        }
    }
}

/// UTF-16 without byte order mark, by its first character, which is ASCII in every format that is read here.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [first, 0, ..] if *first != 0 => Some(UTF_16LE),
        [0, first, ..] if *first != 0 => Some(UTF_16BE),
        _ => None,
    }
}

/// UTF-32 by its mark, or by its first character; `true` for the big end first. The Encoding Standard knows it no
/// more, XML does (XML 1.0 appendix F).
fn widest(bytes: &[u8]) -> Option<(bool, usize)> {
    match bytes {
        [0, 0, 0xfe, 0xff, ..] => Some((true, 4)),
        [0xff, 0xfe, 0, 0, ..] => Some((false, 4)),
        [0, 0, 0, first, ..] if *first != 0 => Some((true, 0)),
        [first, 0, 0, 0, ..] if *first != 0 => Some((false, 0)),
        _ => None,
    }
}

fn decode_utf32(bytes: &[u8], big: bool, skip: usize) -> Decoded<'_> {
    let mut text = String::with_capacity(bytes.len() / 2);
    let mut faults = Vec::new();
    for (unit, four) in bytes[skip..].chunks(4).enumerate() {
        let read = |four: [u8; 4]| if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) };
        let c = <[u8; 4]>::try_from(four).ok().map(read).and_then(char::from_u32);
        if c.is_none() {
            faults.push((text.len(), skip + unit * 4));
        }
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let encoding = if big { "UTF-32BE" } else { "UTF-32LE" };
    Decoded { text: Cow::Owned(text), encoding, complaints: Vec::new(), faults, shift: None }
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
        let message =
            format!("the declaration says {shown}, but the bytes are not UTF-16; they were read as UTF-8");
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
        return Decoded {
            text,
            encoding: encoding.name(),
            complaints,
            faults: Vec::new(),
            shift: Some(skip),
        };
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let (text, faults) = decode_marking(&mut decoder, rest, skip);
    Decoded { text: Cow::Owned(text), encoding: encoding.name(), complaints, faults, shift: None }
}

/// Decodes with U+FFFD for what cannot be decoded, and says where that was.
fn decode_marking(decoder: &mut Decoder, bytes: &[u8], skip: usize) -> (String, Vec<(usize, usize)>) {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8 + 16);
    // Decoding straight into the text would clear all of its spare room again after every fault.
    let mut portion = [0; 4096];
    let mut faults = Vec::new();
    let mut read = 0;
    loop {
        let (result, more, written) =
            decoder.decode_to_utf8_without_replacement(&bytes[read..], &mut portion, true);
        read += more;
        text.push_str(std::str::from_utf8(&portion[..written]).expect("a decoder writes whole characters"));
        match result {
            DecoderResult::InputEmpty => return (text, faults),
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(length, after) => {
                let at = (read - usize::from(after)).saturating_sub(usize::from(length));
                faults.push((text.len(), skip + at));
                text.push('\u{fffd}');
            }
        }
    }
}

impl<'a> Decoded<'a> {
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
            if let Some(by) = shift {
                version.origins.shift(by);
            }
            version
                .complaints
                .iter_mut()
                .filter(|c| c.code != UNDECODABLE)
                .for_each(|c| moved(&mut c.place.offset));
        }
        reading
            .complaints
            .iter_mut()
            .filter(|c| c.code != UNDECODABLE)
            .for_each(|c| moved(&mut c.place.offset));
        for complaint in self.complaints {
            if complaint.gravity >= Gravity::Hold {
                for (i, version) in reading.items.iter_mut().enumerate() {
                    version.complaints.push(complaint.clone().of_item(i));
                }
            }
            reading.complaints.push(complaint);
        }
    }

    /// The text, and what is to be said about it at `path`. `base` is where the bytes begin in the transmission, if
    /// they stand there as they are.
    pub(crate) fn told(self, path: &str, base: Option<usize>) -> (Cow<'a, str>, Vec<Complaint>) {
        let faults = self.faults.iter().take(NAMED).map(|(_, at)| {
            let mut complaint = undecodable(self.encoding, *at);
            complaint.place.offset = base.map(|base| base + at);
            complaint
        });
        let whole = self.complaints.iter().cloned().map(|mut complaint| {
            complaint.place.offset = base;
            complaint
        });
        let complaints = whole
            .chain(faults)
            .map(|mut complaint| {
                path.clone_into(&mut complaint.place.path);
                complaint
            })
            .collect();
        (self.text, complaints)
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
    let message =
        format!("bytes cannot be decoded as {encoding}; the agency must say, or mend, the encoding");
    Complaint::new(Gravity::Hold, UNDECODABLE, message).at("", Some(offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hints;

    #[track_caller]
    fn check(bytes: &[u8], text: &str, encoding: &str, codes: &[&str]) {
        let decoded = decode(bytes);
        let found: Vec<_> = decoded.complaints.iter().map(|c| c.code).collect();
        assert_eq!((&*decoded.text, decoded.encoding, &found[..]), (text, encoding, codes));
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    }

    #[test]
    fn byte_order_marks_and_their_absence() {
        check("<a>é</a>".as_bytes(), "<a>é</a>", "UTF-8", &[]);
        check("\u{feff}{\"a\":1}".as_bytes(), "{\"a\":1}", "UTF-8", &[]);
        check(&utf16("\u{feff}<a>हि</a>", true), "<a>हि</a>", "UTF-16BE", &[]);
        check(&utf16("\u{feff}<a>हि</a>", false), "<a>हि</a>", "UTF-16LE", &[]);
        check(&utf16("<a>हि</a>", true), "<a>हि</a>", "UTF-16BE", &[]);
        check(&utf16("{}", false), "{}", "UTF-16LE", &[]);
        let utf32 = |text: &str| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect::<Vec<_>>();
        check(&utf32("\u{feff}<a>हि</a>"), "<a>हि</a>", "UTF-32BE", &[]);
        check(&utf32("<a>हि</a>"), "<a>हि</a>", "UTF-32BE", &[]);
        check(&[b'<', 0, 0, 0, 0, 0xd8, 0, 0, b'>', 0, 0, 0, b'x'], "<\u{fffd}>\u{fffd}", "UTF-32LE", &[]);
        check(b"", "", "UTF-8", &[]);
    }

    #[test]
    fn a_mark_inside_the_text_is_text() {
        check("\u{feff}\u{feff}<a/>".as_bytes(), "\u{feff}<a/>", "UTF-8", &[]);
    }

    #[test]
    fn declarations_count_unless_the_bytes_say_otherwise() {
        let xml = |label: &str, body: &[u8]| {
            [format!("<?xml version='1.0' encoding='{label}'?>").as_bytes(), body].concat()
        };
        let text = |label: &str, body: &str| format!("<?xml version='1.0' encoding='{label}'?>{body}");
        check(&xml("ISO-8859-1", b"caf\xe9 \x93q\x94"), &text("ISO-8859-1", "café “q”"), "windows-1252", &[]);
        check(&xml("iso-8859-15", b"\xa4"), &text("iso-8859-15", "€"), "ISO-8859-15", &[]);
        check(&xml("utf8", "é".as_bytes()), &text("utf8", "é"), "UTF-8", &[]);
        check(
            &xml("ISO-8859-1", "é".as_bytes()),
            &text("ISO-8859-1", "é"),
            "UTF-8",
            &["wrong-encoding-label"],
        );
        check(&xml("UTF-16", b"x"), &text("UTF-16", "x"), "UTF-8", &["wrong-encoding-label"]);
        check(&xml("x-nix", b"x"), &text("x-nix", "x"), "UTF-8", &["unknown-encoding"]);
        check(&xml("Shift_JIS", b"\x93\xfa"), &text("Shift_JIS", "日"), "Shift_JIS", &[]);
    }

    #[test]
    fn undecodable_bytes_hold_the_item_they_stand_in_and_no_other() {
        let item = |title: &[u8]| {
            [b"<item><guid>".as_slice(), title, b"</guid><title>", title, b"</title></item>"].concat()
        };
        let bytes =
            [b"<rss><channel>".as_slice(), &item("é".as_bytes()), &item(b"caf\xe9"), b"</channel></rss>"]
                .concat();
        let reading = crate::read(&bytes, &Hints::default());
        let held =
            |i: usize| reading.items[i].complaints.iter().filter(|c| c.gravity == Gravity::Hold).count();
        assert_eq!((held(0), held(1)), (0, 2));
        let offset = bytes.iter().position(|&b| b == 0xe9);
        let places: Vec<_> = reading.complaints.iter().map(|c| (c.code, c.place.offset)).collect();
        assert_eq!(places[0], ("undecodable-bytes", offset));
        assert_eq!(reading.items[1].complaints[0].place.item, Some(1));
    }

    #[test]
    fn a_replacement_character_that_was_sent_is_no_complaint() {
        let reading = crate::read(
            "<rss><channel><item><guid>1</guid><title>\u{fffd}</title></item></channel></rss>".as_bytes(),
            &Hints::default(),
        );
        assert_eq!(reading.items[0].copy.headline(), Some("\u{fffd}"));
        assert!(reading.items[0].complaints.is_empty() && reading.complaints.is_empty());
    }

    #[test]
    fn spans_count_the_bytes_that_came() {
        let text = "\u{feff}<rss><channel><item><guid>é</guid></item><item><guid>2</guid><title>a&nix;</title></item></channel></rss>";
        let reading = crate::read(text.as_bytes(), &Hints::default());
        assert_eq!(&text[reading.items[0].span.clone()], "<item><guid>é</guid></item>");
        assert_eq!(reading.items[1].complaints[0].place.offset, text.find("&nix;"));
        let wide = utf16(text, true);
        let reading = crate::read(&wide, &Hints::default());
        assert_eq!(reading.items[0].span, 0..wide.len());
        assert_eq!(reading.items[1].complaints[0].place.offset, None);
    }

    #[test]
    fn an_encoding_that_nobody_knows_holds_every_item() {
        let bytes = b"<?xml version='1.0' encoding='UTF-7'?><rss><channel><item><guid>1</guid><title>+ADw-</title></item></channel></rss>";
        let reading = crate::read(bytes, &Hints::default());
        assert_eq!(reading.items[0].complaints[0].gravity, Gravity::Hold);
    }
}
