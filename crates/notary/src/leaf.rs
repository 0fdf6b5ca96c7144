//! The public, permanent layer of the log.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::lines::{self, EncodeLineError, Fault, from_decimal, from_hex, hex};

/// The first line of every leaf.
pub const FORMAT: &str = "verbatim-leaf/1";

/// The longest leaf, in bytes. What the fields allow is always shorter.
const LIMIT: usize = 1_024;
/// The longest word or name in a leaf, in bytes.
const WORD: usize = 128;
/// What stands for a field that has nothing to say.
const NONE: &str = "-";

/// One public act. Nothing in it is derived from words but `commit`, which tells nothing without its salt.
///
/// Encoded as the line [`FORMAT`] and one line `name value` for each field in the order below, each ended by LF;
/// `-` stands for `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What was done: `published`, `updated`, `killed`, `key-changed` … Small letters, digits, hyphens.
    pub act: String,
    /// The item's random identifier.
    pub item: Option<String>,
    /// Which version of it, from 1.
    pub version: Option<u32>,
    /// The index in this log of the item's previous leaf.
    pub prev: Option<u64>,
    /// The configured name of the feed it came on.
    pub feed: Option<String>,
    /// When it was received: RFC 3339 in UTC, `2026-03-02T12:00:00.25Z`.
    pub received: Option<String>,
    /// When the act was done, written so too.
    pub published: String,
    /// The review state of the page.
    pub review: Option<String>,
    /// SHA-256 of the label's sentence.
    pub label: Option<[u8; 32]>,
    /// Of which class the reason is, where the act has one.
    pub reason: Option<String>,
    /// The commitment to a disclosure ([`commit`](crate::commit)).
    pub commit: Option<[u8; 32]>,
}

impl Leaf {
    /// The bytes of the log entry.
    ///
    /// # Errors
    /// [`EncodeLineError`] if a field is not written as its own documentation says.
    pub fn encode(&self) -> Result<String, EncodeLineError> {
        let mut out = format!("{FORMAT}\n");
        for (name, value) in self.fields() {
            let refuse = |fault| EncodeLineError { name: name.to_owned(), fault };
            match value {
                Some(value) => {
                    field_fault(name, &value).map_or(Ok(()), |fault| Err(refuse(fault)))?;
                    lines::write(&mut out, name, &value)?;
                }
                None => lines::write(&mut out, name, NONE)?,
            }
        }
        Ok(out)
    }

    fn fields(&self) -> [(&'static str, Option<String>); 11] {
        [
            ("act", Some(self.act.clone())),
            ("item", self.item.clone()),
            ("version", self.version.map(|n| n.to_string())),
            ("prev", self.prev.map(|n| n.to_string())),
            ("feed", self.feed.clone()),
            ("received", self.received.clone()),
            ("published", Some(self.published.clone())),
            ("review", self.review.clone()),
            ("label", self.label.as_ref().map(hex)),
            ("reason", self.reason.clone()),
            ("commit", self.commit.as_ref().map(hex)),
        ]
    }

    /// Reads what [`encode`](Self::encode) writes, and nothing else.
    ///
    /// # Errors
    /// [`ParseLeafError`] with the first line at fault.
    pub fn parse(text: &str) -> Result<Self, ParseLeafError> {
        if text.len() > LIMIT {
            return Err(ParseLeafError { line: 0, fault: Fault::TooLong });
        }
        let head = ParseLeafError { line: 1, fault: Fault::Order };
        let rest = text.strip_prefix(FORMAT).and_then(|rest| rest.strip_prefix('\n')).ok_or(head)?;
        let mut fields = Fields { lines: lines::read(rest) };
        let leaf = Self {
            act: fields.required("act")?,
            item: fields.next("item")?,
            version: fields.number("version")?,
            prev: fields.number("prev")?,
            feed: fields.next("feed")?,
            received: fields.next("received")?,
            published: fields.required("published")?,
            review: fields.next("review")?,
            label: fields.hash("label")?,
            reason: fields.next("reason")?,
            commit: fields.hash("commit")?,
        };
        match fields.lines.next() {
            Some((line, _)) => Err(ParseLeafError { line: line + 1, fault: Fault::Order }),
            None => Ok(leaf),
        }
    }
}

/// The lines of a leaf, taken in their order.
struct Fields<I> {
    lines: I,
}

impl<'a, I: Iterator<Item = (usize, Result<(&'a str, &'a str), Fault>)>> Fields<I> {
    /// The value of the next line, which must have this name, and its number.
    fn line(&mut self, name: &str) -> Result<(usize, Option<&'a str>), ParseLeafError> {
        let (line, pair) = self.lines.next().ok_or(ParseLeafError { line: 0, fault: Fault::Order })?;
        let at = |fault| ParseLeafError { line: line + 1, fault };
        let (found, value) = pair.map_err(at)?;
        if found != name {
            return Err(at(Fault::Order));
        }
        match value {
            NONE => Ok((line + 1, None)),
            value => field_fault(name, value).map_or(Ok((line + 1, Some(value))), |fault| Err(at(fault))),
        }
    }

    fn next(&mut self, name: &str) -> Result<Option<String>, ParseLeafError> {
        Ok(self.line(name)?.1.map(str::to_owned))
    }

    fn required(&mut self, name: &str) -> Result<String, ParseLeafError> {
        let (line, value) = self.line(name)?;
        value.map(str::to_owned).ok_or(ParseLeafError { line, fault: Fault::Value })
    }

    fn number<N: TryFrom<u64>>(&mut self, name: &str) -> Result<Option<N>, ParseLeafError> {
        let (line, value) = self.line(name)?;
        let Some(value) = value else { return Ok(None) };
        let number = from_decimal(value).and_then(|number| N::try_from(number).ok());
        number.map(Some).ok_or(ParseLeafError { line, fault: Fault::Number })
    }

    fn hash(&mut self, name: &str) -> Result<Option<[u8; 32]>, ParseLeafError> {
        let (line, value) = self.line(name)?;
        let Some(value) = value else { return Ok(None) };
        from_hex(value).map(Some).ok_or(ParseLeafError { line, fault: Fault::Bytes })
    }
}

/// What is wrong with a field's value, if anything.
fn field_fault(name: &str, value: &str) -> Option<Fault> {
    match name {
        "act" | "review" | "reason" => (!lines::is_name(value)).then_some(Fault::Alphabet),
        "item" | "feed" => {
            let plain = value.bytes().all(|b| b.is_ascii_graphic());
            let fault = if plain { Fault::Value } else { Fault::Alphabet };
            (!plain || value.is_empty() || value == NONE || value.len() > WORD).then_some(fault)
        }
        "received" | "published" => (!is_instant(value)).then_some(Fault::Instant),
        "version" => (value == "0").then_some(Fault::Number),
        _ => None,
    }
}

/// Whether a text is an RFC 3339 instant in UTC with a four-digit year: `2026-03-02T12:00:00Z`, a fraction of one
/// to nine digits without a zero at its end. Days of the month are not counted.
fn is_instant(text: &str) -> bool {
    let Some((whole, rest)) = text.split_at_checked(19) else { return false };
    let shaped = whole.bytes().zip("dddd-dd-ddTdd:dd:dd".bytes()).all(|(b, shape)| match shape {
        b'd' => b.is_ascii_digit(),
        other => b == other,
    });
    let within = |range: std::ops::Range<usize>, low: &str, high: &str| (low..=high).contains(&&whole[range]);
    let fraction = match rest.strip_suffix('Z') {
        Some("") => true,
        Some(rest) => rest.strip_prefix('.').is_some_and(|digits| {
            (1..=9).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_digit())
                && !digits.ends_with('0')
        }),
        None => false,
    };
    shaped
        && fraction
        && within(5..7, "01", "12")
        && within(8..10, "01", "31")
        && within(11..13, "00", "23")
        && within(14..16, "00", "59")
        && within(17..19, "00", "59")
}

/// A text is no leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLeafError {
    /// The line at fault, from 1; 0 for the text as a whole.
    pub line: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for ParseLeafError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read the leaf, line {}: {}", self.line, self.fault)
    }
}

impl std::error::Error for ParseLeafError {}

/// The hash of a leaf in the tree: SHA-256 of a zero byte and the entry (RFC 6962 §2.1).
pub fn leaf_hash(entry: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaf() -> Leaf {
        Leaf {
            act: "updated".to_owned(),
            item: Some("01j9zv0q7d8k3m5n6p7q8r9s0t".to_owned()),
            version: Some(2),
            prev: Some(0),
            feed: Some("agx-world".to_owned()),
            received: Some("2026-03-02T12:00:00Z".to_owned()),
            published: "2026-03-02T12:00:00.025Z".to_owned(),
            review: Some("unreviewed".to_owned()),
            label: Some([0xab; 32]),
            reason: None,
            commit: Some([0x01; 32]),
        }
    }

    const TEXT: &str = "verbatim-leaf/1
act updated
item 01j9zv0q7d8k3m5n6p7q8r9s0t
version 2
prev 0
feed agx-world
received 2026-03-02T12:00:00Z
published 2026-03-02T12:00:00.025Z
review unreviewed
label abababababababababababababababababababababababababababababababab
reason -
commit 0101010101010101010101010101010101010101010101010101010101010101
";

    #[test]
    fn a_leaf_is_written_line_by_line() {
        assert_eq!(leaf().encode().as_deref(), Ok(TEXT));
        assert_eq!(Leaf::parse(TEXT), Ok(leaf()));
    }

    #[test]
    fn a_leaf_with_nothing_to_say_still_has_every_line() {
        let bare = Leaf {
            act: "key-changed".to_owned(),
            item: None,
            version: None,
            prev: None,
            feed: None,
            received: None,
            published: "2026-03-02T12:00:00Z".to_owned(),
            review: None,
            label: None,
            reason: None,
            commit: None,
        };
        let text = bare.encode().expect("a leaf");
        assert_eq!(text.lines().count(), 12);
        assert_eq!(Leaf::parse(&text), Ok(bare));
    }

    /// The empty entry's hash is in RFC 6962's and RFC 9162's test data; the other was computed with `sha256sum`.
    #[test]
    fn a_leaf_hash_is_that_of_rfc_6962() {
        assert_eq!(hex(&leaf_hash(b"")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(
            hex(&leaf_hash(TEXT.as_bytes())),
            "7ae4f2290bb87c77f8b90d1a2d5be3acace68ac0e8176afde397d1fe8749e66e"
        );
    }

    #[track_caller]
    fn refuses(from: &str, to: &str, line: usize, fault: Fault) {
        let text = TEXT.replacen(from, to, 1);
        assert_ne!(text, TEXT);
        assert_eq!(Leaf::parse(&text), Err(ParseLeafError { line, fault }), "{to:?}");
    }

    #[test]
    fn another_format_is_not_read() {
        refuses("verbatim-leaf/1", "verbatim-leaf/2", 1, Fault::Order);
        refuses("verbatim-leaf/1\n", "verbatim-leaf/1\r\n", 1, Fault::Order);
        refuses("verbatim-leaf/1\n", "\u{feff}verbatim-leaf/1\n", 1, Fault::Order);
    }

    #[test]
    fn lines_that_are_missing_doubled_or_moved_are_not_read() {
        refuses("prev 0\n", "", 5, Fault::Order);
        refuses("prev 0\n", "prev 0\nprev 0\n", 6, Fault::Order);
        refuses("version 2\nprev 0\n", "prev 0\nversion 2\n", 4, Fault::Order);
        refuses("0101\n", "0101\nmore x\n", 13, Fault::Order);
        refuses("0101\n", "0101\n\n", 13, Fault::Order);
        refuses("reason -\n", "reason - \n", 11, Fault::Value);
        refuses("0101\n", "0101", 12, Fault::Shape);
        assert_eq!(
            Leaf::parse(&TEXT[..TEXT.find("commit").expect("a line")]),
            Err(ParseLeafError { line: 0, fault: Fault::Order })
        );
    }

    #[test]
    fn numbers_hashes_and_instants_have_one_writing() {
        refuses("version 2", "version 02", 4, Fault::Number);
        refuses("version 2", "version +2", 4, Fault::Number);
        refuses("version 2", "version 0", 4, Fault::Number);
        refuses("version 2", "version 4294967296", 4, Fault::Number);
        refuses("prev 0", "prev 00", 5, Fault::Number);
        refuses("prev 0", "prev 18446744073709551616", 5, Fault::Number);
        refuses("label ab", "label AB", 10, Fault::Bytes);
        refuses("label ab", "label b", 10, Fault::Bytes);
        for instant in [
            "2026-03-02T12:00:00+00:00",
            "2026-03-02 12:00:00Z",
            "2026-13-02T12:00:00Z",
            "2026-03-02T24:00:00Z",
            "2026-03-02T12:00:00.0Z",
            "2026-03-02T12:00:60Z",
            "2026-03-02T12:00:00.1234567891Z",
            "2026-03-02T12:00Z",
            "é",
        ] {
            refuses("received 2026-03-02T12:00:00Z", &format!("received {instant}"), 7, Fault::Instant);
        }
    }

    #[test]
    fn required_lines_must_say_something() {
        refuses("act updated", "act -", 2, Fault::Value);
        refuses("published 2026-03-02T12:00:00.025Z", "published -", 8, Fault::Value);
    }

    #[test]
    fn no_free_text_can_stand_in_a_leaf() {
        for (field, fault) in [
            ("Bank closes all branches", Fault::Alphabet),
            ("Ümlaut", Fault::Alphabet),
            ("a\nact b", Fault::Alphabet),
            ("", Fault::Value),
            ("-", Fault::Value),
        ] {
            let bad = Leaf { feed: Some(field.to_owned()), ..leaf() };
            assert_eq!(bad.encode(), Err(EncodeLineError { name: "feed".to_owned(), fault }));
        }
        assert!(Leaf { reason: Some("the source denies".to_owned()), ..leaf() }.encode().is_err());
        assert!(Leaf { version: Some(0), ..leaf() }.encode().is_err());
        assert!(Leaf { feed: Some("f".repeat(WORD + 1)), ..leaf() }.encode().is_err());
    }

    #[test]
    fn the_longest_leaf_is_within_the_limit() {
        let (word, name) = ("f".repeat(WORD), "n".repeat(64));
        let long = Leaf {
            act: name.clone(),
            item: Some(word.clone()),
            version: Some(u32::MAX),
            prev: Some(u64::MAX),
            feed: Some(word),
            received: Some("2026-03-02T12:00:00.123456789Z".to_owned()),
            published: "2026-03-02T12:00:00.123456789Z".to_owned(),
            review: Some(name.clone()),
            reason: Some(name),
            ..leaf()
        };
        let text = long.encode().expect("a leaf");
        assert!(text.len() <= LIMIT, "{}", text.len());
        assert_eq!(Leaf::parse(&text), Ok(long));
    }

    fn leaves() -> impl Strategy<Value = Leaf> {
        let name = || prop::option::of("[a-z][a-z0-9-]{0,20}");
        let word = || prop::option::of("[!-~]{1,30}");
        let instant = || "20[0-9]{2}-(0[1-9]|1[0-2])-[0-2][1-9]T(0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{0,8}[1-9])?Z";
        let hash = || prop::option::of(any::<[u8; 32]>());
        let numbers = (prop::option::of(1..u32::MAX), any::<Option<u64>>());
        let times = (prop::option::of(instant()), instant());
        ("[a-z][a-z-]{0,9}", word(), numbers, word(), times, name(), name(), (hash(), hash())).prop_map(
            |(act, item, (version, prev), feed, (received, published), review, reason, (label, commit))| {
                Leaf { act, item, version, prev, feed, received, published, review, label, reason, commit }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(leaf in leaves()) {
            if let Ok(text) = leaf.encode() {
                prop_assert_eq!(Leaf::parse(&text), Ok(leaf));
            }
        }

        #[test]
        fn what_is_read_is_written_the_same(at in 0..TEXT.len(), new in "[ -~\n]{0,3}", gone in 0..3usize) {
            let end = (at + gone).min(TEXT.len());
            let text = format!("{}{new}{}", &TEXT[..at], &TEXT[end..]);
            if let Ok(leaf) = Leaf::parse(&text) {
                let again = leaf.encode();
                prop_assert_eq!(again.as_deref(), Ok(text.as_str()));
            }
        }

        #[test]
        fn nothing_panics(text in any::<String>()) {
            let _ = Leaf::parse(&text);
            let _ = Leaf::parse(&format!("{FORMAT}\n{text}"));
        }
    }
}
