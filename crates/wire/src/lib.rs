//! Formats of news wires: bytes to [`news::Version`]s and complaints, and back.
//!
//! [`read`] takes one transmission, recognises its format from the bytes alone and returns every item that it
//! could make out. It never fails as a whole and never panics: a broken item becomes a complaint that names its
//! place, its siblings go on, and a transmission that yields nothing says so.
//!
//! ```
//! // Read a wire of whatever format.
//! let wire = br#"{"uri": "urn:agx:1", "version": "1", "versioncreated": "2026-03-14T12:00:00Z", "language": "en",
//!   "headline": "Bridge opens", "body_html": "<p>EXAMPLETON (AGX) - It is open.</p>"}"#;
//! let reading = wire::read(wire, &wire::Hints::default());
//! let version = &reading.items[0];
//! assert_eq!(reading.format, Some(wire::Format::Ninjs));
//! assert_eq!(version.dateline.as_ref().unwrap().located.as_deref(), Some("EXAMPLETON"));
//!
//! // Write it in another; what that cannot carry would be refused by name.
//! let nitf = wire::nitf::write(version).unwrap();
//! assert_eq!(wire::read(nitf.as_bytes(), &wire::Hints::default()).items[0].copy, version.copy);
//!
//! // Explain it: which bytes became what.
//! for part in wire::Account::of(wire, &wire::Hints::default()).parts() {
//!     println!("{:?} {} {:?} {}", part.bytes, part.path, part.field, part.value);
//! }
//! ```
//!
//! One folder for each format: `shape` is what the wire says, `read` turns it into the nouns of the trade,
//! `write` is there where this program also speaks the format.
//!
//! # Where everything stood
//!
//! A reader notes for every value that it takes the bytes (in JSON: the pointer) where it found it, in
//! [`news::Origins`]: twelve bytes a value, no text copied. Whatever it does not note is *extra* by that very
//! fact, so no reader has to remember to keep it and none can forget. [`Account`] lists both: each attribute, text
//! or JSON value of a transmission with the field that was taken from it, or none.
//!
//! [`Account::write_back`] is the proof that nothing is lost. It writes the same format again: names, order and
//! white space are those of the transmission, and so is every value that is extra or was only taken by its meaning;
//! every value that a field holds *as written* is taken out of that field. What a reader had changed would
//! therefore differ: in XML by canonical form, in JSON by that of RFC 8785, in formats of lines by bytes. The words of
//! a body are no such single value; that all of them are in the copy or in the notes is shown against an extractor
//! that shares no code with this crate (`e2e/wire`).
//!
//! ```
//! use news::{BlockKind, Field};
//!
//! let wire = br#"<nitf><head><docdata><doc-id id-string="agx-1"/></docdata></head><body><body.head><hedline>
//! <hl1>Bridge opens</hl1></hedline></body.head><body.content><p>Words.</p></body.content></body></nitf>"#;
//! let mut account = wire::Account::of(wire, &wire::Hints::default());
//! let headline = account.parts().into_iter().find(|part| part.value == "Bridge opens").unwrap();
//! assert_eq!(headline.path, "nitf/body/body.head/hedline/hl1");
//! assert_eq!(headline.field, Some(Field::Block(BlockKind::Headline, 0)));
//! assert_eq!(account.write_back(), wire);
//! account.reading_mut().items[0].uri = "agx-2".to_owned();
//! assert!(String::from_utf8(account.write_back()).unwrap().contains(r#"id-string="agx-2""#));
//! ```
//!
//! A reader of one more format notes origins with [`news::Origins::bytes`] or, where it reads JSON,
//! [`news::Origins::path`]; readers of XML have `stood` for it. It says [`news::Taken::AsWritten`] only where the
//! field holds the value itself.
//!
//! **Never here:** sockets, store, configuration, the clock. No byte is dropped without a complaint.

mod account;
pub mod anpa1312;
pub mod ap_media;
mod archive;
pub mod atom;
mod dateline;
pub mod decode;
pub mod digitalwires;
mod feed;
pub mod html;
pub mod iptc7901;
pub mod json_feed;
mod json_text;
mod json_tree;
pub mod mail;
pub mod newsml_1;
pub mod newsml_g2;
pub mod ninjs;
pub mod nitf;
pub mod outgoing;
pub mod plain;
mod refusal;
mod reserved;
pub mod ritzau;
pub mod rss;
pub mod sniff;
mod stood;
mod story;
mod teleprinter;
mod terms;
pub mod time;
pub mod xml;
pub mod zczc;

use std::sync::Arc;

pub use account::{Account, Part};
use jiff::tz::TimeZone;
use news::{Complaint, Gravity, Masthead, Version};
pub use refusal::Refusal;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// RSS 2.0, 0.9x, 1.0 (RDF) and 1.1.
    Rss,
    /// Atom 1.0 (RFC 4287) and 0.3, with tombstones (RFC 6721).
    Atom,
    /// JSON Feed 1.0 and 1.1.
    JsonFeed,
    /// IPTC NewsML-G2.
    NewsmlG2,
    /// IPTC NewsML 1.0, 1.1 and 1.2.
    Newsml1,
    /// IPTC NITF 3.
    Nitf,
    /// IPTC ninjs 1, 2 and 3.
    Ninjs,
    /// AP Media API: ninjs in an envelope.
    ApMedia,
    /// dpa digitalwires.
    Digitalwires,
    /// Ritzau's XML.
    Ritzau,
    /// IPTC 7901.
    Iptc7901,
    /// ANPA 1312, with Kyodo's variant.
    Anpa1312,
    /// ZCZC, as AAP fills it.
    Zczc,
    /// E-mail (RFC 5322, MIME).
    Mail,
    /// Plain text; never recognised, only where a feed says so.
    Plain,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 15] = [
        Format::Rss,
        Format::Atom,
        Format::JsonFeed,
        Format::NewsmlG2,
        Format::Newsml1,
        Format::Nitf,
        Format::Ninjs,
        Format::ApMedia,
        Format::Digitalwires,
        Format::Ritzau,
        Format::Iptc7901,
        Format::Anpa1312,
        Format::Zczc,
        Format::Mail,
        Format::Plain,
    ];

    /// The word in configuration and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Rss => "rss",
            Format::Atom => "atom",
            Format::JsonFeed => "json-feed",
            Format::NewsmlG2 => "newsml-g2",
            Format::Newsml1 => "newsml-1",
            Format::Nitf => "nitf",
            Format::Ninjs => "ninjs",
            Format::ApMedia => "ap-media",
            Format::Digitalwires => "dpa-digitalwires",
            Format::Ritzau => "ritzau",
            Format::Iptc7901 => "iptc7901",
            Format::Anpa1312 => "anpa1312",
            Format::Zczc => "zczc",
            Format::Mail => "mail",
            Format::Plain => "plain",
        }
    }

    /// The format behind the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// How much of a transmission is read at most. What lies beyond is a complaint, never a silent cut.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a whole transmission.
    pub bytes: usize,
    /// Depth of nested elements, objects or arrays, in XML, HTML and JSON. In JSON never more than 127.
    pub depth: usize,
    /// Items in one transmission.
    pub items: usize,
    /// Attributes of one element.
    pub attributes: usize,
    /// Elements, texts and comments of one item (or of all that stands outside the items).
    pub nodes: usize,
    /// Bytes of one text or attribute value.
    pub text: usize,
    /// Who watches the time, since no clock is read here; nobody if absent.
    pub watch: Option<Arc<dyn Watch>>,
}

/// Watches how long one item takes to read: asked by the readers again and again, told when the next item begins.
pub trait Watch: std::fmt::Debug + Send + Sync {
    /// The next item begins.
    fn item_begins(&self);
    /// Whether the item in hand has had its time. What is left of it is then not read: its complaint says
    /// `too-slow`, and the items behind it go on.
    fn is_over(&self) -> bool;
}

impl Limits {
    /// [`Limits::nodes`] where nobody says otherwise.
    pub const NODES: u32 = 500_000;

    /// The next item begins.
    pub(crate) fn item_begins(&self) {
        if let Some(watch) = &self.watch {
            watch.item_begins();
        }
    }

    /// Whether the item in hand has had its time.
    pub(crate) fn is_over(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.is_over())
    }
}

/// What is said of an item that has had its time.
pub(crate) const TOO_SLOW: &str = "reading the item takes longer than it may; the rest of it is not read";

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            depth: 256,
            items: 100_000,
            attributes: 256,
            nodes: Self::NODES as usize,
            text: 16 << 20,
            watch: None,
        }
    }
}

/// What the feed's configuration knows and the bytes do not say.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// The format; recognised from the bytes if absent.
    pub format: Option<Format>,
    /// RSS titles hold HTML, not plain text (`title = "html"`).
    pub title_is_html: bool,
    /// The language of items that name none (BCP 47).
    pub language: Option<String>,
    /// The zone of times that name none; UTC if absent.
    pub zone: Option<TimeZone>,
    /// How much is read at most.
    pub limits: Limits,
}

/// What was read from one transmission.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The format, if it was recognised.
    pub format: Option<Format>,
    /// What the feed says of itself, where the format has feeds.
    pub masthead: Option<Masthead>,
    /// The items, in the order in which they stood.
    pub items: Vec<Version>,
    /// Complaints about the transmission as a whole and about items of which nothing came. Complaints about an
    /// item that was read stand in [`Version::complaints`].
    pub complaints: Vec<Complaint>,
}

/// Reads one transmission.
///
/// Never fails and never panics. If no item comes of it, at least one complaint has [`Gravity::Lost`]. Spans and
/// offsets count the bytes of `bytes` if these are UTF-8; of a transmission in another encoding, spans are the
/// whole of it and offsets are absent, except those of bytes that could not be decoded.
pub fn read(bytes: &[u8], hints: &Hints) -> Reading {
    read_nested(bytes, hints, 0)
}

/// The same inside so many mails.
fn read_nested(bytes: &[u8], hints: &Hints, nesting: usize) -> Reading {
    if bytes.len() > hints.limits.bytes {
        let message = format!(
            "the transmission has {} bytes, more than the {} that are read",
            bytes.len(),
            hints.limits.bytes
        );
        return lost(None, "too-large", message);
    }
    let mut reading = if archive::begins(bytes) {
        archive::read(bytes, hints, nesting)
    } else if let Some(reading) = read_teleprinter(bytes, hints) {
        reading
    } else if is_mail(bytes, hints) {
        mail::read(bytes, hints, nesting)
    } else {
        let decoded = decode::decode(bytes);
        let mut reading = read_text(&decoded.text, hints, nesting);
        decoded.settle(&mut reading, bytes.len());
        reading
    };
    reading.items.iter_mut().for_each(dateline::tell);
    if reading.items.is_empty() && !reading.complaints.iter().any(|c| c.gravity == Gravity::Lost) {
        reading.complaints.push(Complaint::new(Gravity::Lost, "no-items", "the transmission holds no item"));
    }
    reading
}

/// Whether it is a mail, whose parts each have an encoding of their own: it is never decoded as a whole.
fn is_mail(bytes: &[u8], hints: &Hints) -> bool {
    hints.format.map_or_else(|| mail::begins(bytes), |format| format == Format::Mail)
}

/// The same if the transmission comes as from a teleprinter, where each message may have an encoding of its own.
fn read_teleprinter(bytes: &[u8], hints: &Hints) -> Option<Reading> {
    let format = hints.format.or_else(|| sniff::teleprinter(bytes))?;
    let reading = match format {
        Format::Iptc7901 => iptc7901::read(bytes, hints),
        Format::Anpa1312 => anpa1312::read(bytes, hints),
        Format::Zczc => zczc::read(bytes, hints),
        _ => return None,
    };
    Some(Reading { format: Some(format), ..reading })
}

/// The same over a text that is decoded already; spans and offsets count its bytes.
fn read_text(text: &str, hints: &Hints, nesting: usize) -> Reading {
    let Some(format) = hints.format.or_else(|| sniff::sniff(text)) else {
        return lost(None, "unknown-format", sniff::describe(text));
    };
    let mut reading = match format {
        Format::Rss => rss::read(text, hints),
        Format::Atom => atom::read(text, hints),
        Format::JsonFeed => json_feed::read(text, hints),
        Format::NewsmlG2 => newsml_g2::read(text, hints),
        Format::Newsml1 => newsml_1::read(text, hints),
        Format::Nitf => nitf::read(text, hints),
        Format::Ninjs => ninjs::read(text, hints),
        Format::ApMedia => ap_media::read(text, hints),
        Format::Digitalwires => digitalwires::read(text, hints),
        Format::Ritzau => ritzau::read(text, hints),
        Format::Iptc7901 => iptc7901::read(text.as_bytes(), hints),
        Format::Anpa1312 => anpa1312::read(text.as_bytes(), hints),
        Format::Zczc => zczc::read(text.as_bytes(), hints),
        Format::Mail => mail::read(text.as_bytes(), hints, nesting),
        Format::Plain => plain::read(text, hints),
    };
    reading.format = Some(format);
    reading
}

fn lost(format: Option<Format>, code: &'static str, message: String) -> Reading {
    let complaints = vec![Complaint::new(Gravity::Lost, code, message)];
    Reading { format, complaints, ..Reading::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_transmission_of_which_nothing_comes_says_so() {
        for bytes in [
            "",
            " ",
            "hello",
            "<html/>",
            "<rss/>",
            "<rss><channel>",
            "<feed/>",
            "{}",
            "{\"items\":[]}",
            "\u{feff}",
            "<rss",
        ] {
            let reading = read(bytes.as_bytes(), &Hints::default());
            assert!(reading.items.is_empty(), "{bytes}");
            assert!(
                reading.complaints.iter().any(|c| c.gravity == Gravity::Lost),
                "{bytes}: {:?}",
                reading.complaints
            );
        }
    }

    #[test]
    fn limits_of_size_and_number_are_said() {
        let limits = Limits { bytes: 10, ..Limits::default() };
        let reading = read(b"<rss><channel/></rss>", &Hints { limits, ..Hints::default() });
        assert_eq!(reading.complaints[0].code, "too-large");
        let limits = Limits { items: 2, ..Limits::default() };
        let hints = Hints { limits, ..Hints::default() };
        let rss = format!("<rss><channel>{}</channel></rss>", "<item><link>l</link></item>".repeat(3));
        let json = format!("{{\"feed_url\":\"x\",\"items\":[{}]}}", ["{\"id\":1}"; 3].join(","));
        for text in [rss, json] {
            let reading = read(text.as_bytes(), &hints);
            assert_eq!(reading.items.len(), 2);
            let complaint = reading.complaints.iter().find(|c| c.code == "too-many-items");
            assert_eq!(complaint.map(|c| c.gravity), Some(Gravity::Lost), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded_by_the_limit_in_every_format() {
        let html = "<i>".repeat(40) + "words <table>" + &"</i>".repeat(40);
        let json = format!("{}1{}", "[".repeat(40), "]".repeat(40));
        let xml = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for (wire, code) in [
            (format!(r#"{{"uri":"x","headline":"t","body_html":{:?}}}"#, html), "html-too-deep"),
            (format!(r#"{{"uri":"x","headline":"t","odd":{json}}}"#), "json-too-deep"),
            (
                format!(r#"{{"feed_url":"x","items":[{{"id":"1","title":"t","_odd":{json}}}]}}"#),
                "json-too-deep",
            ),
            (format!("<rss><channel><item><title>t</title>{xml}</item></channel></rss>"), "xml-too-deep"),
            (format!("<nitf><body><body.content>{xml}</body.content></body></nitf>"), "xml-too-deep"),
        ] {
            let codes = |depth| -> Vec<&str> {
                let limits = Limits { depth, ..Limits::default() };
                let reading = read(wire.as_bytes(), &Hints { limits, ..Hints::default() });
                let all = reading.complaints.iter().chain(reading.items.iter().flat_map(|v| &v.complaints));
                all.filter(|c| c.gravity >= Gravity::Hold).map(|c| c.code).collect()
            };
            assert!(codes(32).contains(&code), "{wire}: {:?}", codes(32));
            assert!(!codes(100).contains(&code), "{wire}: {:?}", codes(100));
        }
    }

    #[test]
    fn an_item_that_has_had_its_time_is_given_up_and_its_neighbours_go_on() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        /// The second item has no time at all.
        #[derive(Debug, Default)]
        struct Second(AtomicUsize);
        impl Watch for Second {
            fn item_begins(&self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
            fn is_over(&self) -> bool {
                self.0.load(Ordering::Relaxed) == 2
            }
        }
        // No end tag: only the tree builder can tell what is meant.
        let html = "<p>words ".repeat(1000);
        let escaped = html.replace('<', "&lt;");
        let elements = "<b>x</b>".repeat(2000);
        let rss = |body: &str| {
            let item = |id: u8, body: &str| {
                format!("<item><guid>{id}</guid><title>t</title><description>{body}</description></item>")
            };
            format!("<rss><channel>{}{}{}</channel></rss>", item(1, "a"), item(2, body), item(3, "c"))
        };
        let json = |name: &str| {
            let object = |id: u8, body: &str| {
                format!(
                    r#"{{"{name}":"{id}","title":"t","headline":"t","content_html":"{body}","body_html":"{body}"}}"#
                )
            };
            format!("[{},{},{}]", object(1, "a"), object(2, &html), object(3, "c"))
        };
        let feed = format!(r#"{{"version":"https://jsonfeed.org/version/1","items":{}}}"#, json("id"));
        for wire in [rss(&escaped), rss(&elements), json("uri"), feed] {
            let limits = Limits { watch: Some(Arc::new(Second::default())), ..Limits::default() };
            let reading = read(wire.as_bytes(), &Hints { limits, ..Hints::default() });
            let all = reading.complaints.iter().chain(reading.items.iter().flat_map(|v| &v.complaints));
            let slow: Vec<_> = all.filter(|c| c.code == "too-slow").collect();
            assert_eq!(slow.len(), 1, "{:?}", reading.complaints);
            assert!(slow[0].gravity >= Gravity::Hold);
            let good: Vec<&str> = reading
                .items
                .iter()
                .filter(|v| v.complaints.iter().all(|c| c.gravity == Gravity::Remark))
                .map(|v| v.uri.as_str())
                .collect();
            assert_eq!(good, ["1", "3"], "{}", &wire[..60]);
        }
    }

    #[test]
    fn complaints_about_what_stands_around_the_items_are_bounded() {
        let piece = "<b a><item><guid>1</guid><title>t</title></item>";
        let rss = format!("<rss><channel>{}</channel></rss>", piece.repeat(500));
        let reading = read(rss.as_bytes(), &Hints::default());
        assert_eq!((reading.items.len(), reading.complaints.len()), (500, 101));
        assert_eq!(reading.complaints[100].message, "400 more faults outside the items");
    }

    #[test]
    fn a_format_is_found_by_its_word() {
        for format in Format::ALL {
            assert_eq!(Format::from_word(format.as_str()), Some(format));
        }
        assert_eq!(Format::from_word("RSS"), None);
    }

    fn sound(bytes: &[u8], hints: &Hints) -> Result<(), TestCaseError> {
        let reading = read(bytes, hints);
        for version in &reading.items {
            prop_assert!(version.span.start <= version.span.end && version.span.end <= bytes.len());
        }
        prop_assert!(
            !reading.items.is_empty() || reading.complaints.iter().any(|c| c.gravity == Gravity::Lost)
        );
        Ok(())
    }

    proptest! {
        #[test]
        fn no_bytes_break_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200), which in 0usize..=Format::ALL.len()) {
            sound(&bytes, &Hints { format: Format::ALL.get(which).copied(), ..Hints::default() })?;
        }

        #[test]
        fn no_cut_or_changed_feed_breaks_a_reader(at in 0usize..3000, byte in any::<u8>(), cut in any::<bool>(), which in 0usize..6) {
            let wires: [&[u8]; 6] = [
                include_bytes!("../../../fixtures/wire/rss/world.xml"),
                include_bytes!("../../../fixtures/wire/rss/hindi.xml"),
                include_bytes!("../../../fixtures/wire/atom/urdu.xml"),
                include_bytes!("../../../fixtures/wire/json-feed/arabic.json"),
                include_bytes!("../../../fixtures/wire/iptc7901/three-languages.txt"),
                include_bytes!("../../../fixtures/wire/anpa1312/writethru.txt"),
            ];
            let mut bytes = wires[which].to_vec();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            sound(&bytes, &Hints::default())?;
        }
    }
}
