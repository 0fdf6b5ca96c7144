//! The permanent layer of a leaf: strict text, one fact a line, nothing free.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The first line of every leaf.
const FORMAT: &str = "verbatim-leaf/1";
/// No leaf is longer, in bytes.
const LONGEST: usize = 1_024;
/// The names of the lines, in their order; a value that is absent is written `-`.
const NAMES: [&str; 11] =
    ["act", "item", "version", "prev", "feed", "received", "published", "review", "label", "reason", "commit"];

/// One public act on one item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaf {
    /// What was done: `publish`, `update`, `kill`, `withhold`, `expire` …
    pub act: String,
    /// The site's own random identifier of the item.
    pub item: String,
    /// Which version, by the site's count; 0 where none is meant.
    pub version: u32,
    /// The index of the item's previous leaf.
    pub prev: Option<u64>,
    /// The feed's short name.
    pub feed: String,
    /// When its transmission was received (RFC 3339), by the publisher's clock.
    pub received: Option<String>,
    /// When it was published (RFC 3339), by the publisher's clock.
    pub published: Option<String>,
    /// The review state.
    pub review: String,
    /// SHA-256 of the label's sentence, in hex.
    pub label: Option<String>,
    /// The class of reason of a withdrawal.
    pub reason: Option<String>,
    /// The commitment, in hex.
    pub commit: Option<String>,
}

/// A leaf is not written as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLeafError {
    /// Which line, from 1.
    pub line: usize,
}

impl fmt::Display for ParseLeafError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.get(self.line.wrapping_sub(2)) {
            Some(name) => write!(f, "line {} of the leaf is not `{name} VALUE` with LF at its end", self.line),
            None => write!(f, "line {} of the leaf is not what `{FORMAT}` has there", self.line),
        }
    }
}

impl std::error::Error for ParseLeafError {}

/// The hash of a leaf in the tree (RFC 6962 §2.1): SHA-256 of 0x00 and the leaf.
pub fn leaf_hash(leaf: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(leaf);
    hasher.finalize().into()
}

/// A value is one word of printable ASCII that is not the sign for "absent".
fn is_word(value: &str) -> bool {
    !value.is_empty() && value != "-" && value.bytes().all(|b| b.is_ascii_graphic())
}

impl Leaf {
    /// The leaf's bytes: `verbatim-leaf/1`, then a line for each field, each with LF at its end.
    ///
    /// # Errors
    /// [`ParseLeafError`] naming the line whose value is not one word of printable ASCII, or the last line if the
    /// whole would be longer than 1,024 bytes.
    pub fn encode(&self) -> Result<String, ParseLeafError> {
        let version = self.version.to_string();
        let prev = self.prev.map(|prev| prev.to_string());
        let values = [
            Some(self.act.as_str()),
            Some(self.item.as_str()),
            Some(version.as_str()),
            prev.as_deref(),
            Some(self.feed.as_str()).filter(|feed| !feed.is_empty()),
            self.received.as_deref(),
            self.published.as_deref(),
            Some(self.review.as_str()),
            self.label.as_deref(),
            self.reason.as_deref(),
            self.commit.as_deref(),
        ];
        let mut out = format!("{FORMAT}\n");
        for (i, (name, value)) in NAMES.iter().zip(values).enumerate() {
            if value.is_some_and(|value| !is_word(value)) {
                return Err(ParseLeafError { line: i + 2 });
            }
            out.push_str(name);
            out.push(' ');
            out.push_str(value.unwrap_or("-"));
            out.push('\n');
        }
        if out.len() > LONGEST { Err(ParseLeafError { line: NAMES.len() + 1 }) } else { Ok(out) }
    }

    /// Reads a leaf; only what [`Leaf::encode`] writes is accepted.
    ///
    /// # Errors
    /// [`ParseLeafError`] naming the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, ParseLeafError> {
        let mut lines = text.split_inclusive('\n');
        if lines.next() != Some("verbatim-leaf/1\n") {
            return Err(ParseLeafError { line: 1 });
        }
        let mut values: [Option<String>; 11] = Default::default();
        for (i, name) in NAMES.iter().enumerate() {
            let line = lines.next().and_then(|line| line.strip_suffix('\n'));
            let value = line.and_then(|line| line.strip_prefix(name)).and_then(|rest| rest.strip_prefix(' '));
            match value {
                Some("-") => {}
                Some(word) if is_word(word) => values[i] = Some(word.to_owned()),
                _ => return Err(ParseLeafError { line: i + 2 }),
            }
        }
        if lines.next().is_some() {
            return Err(ParseLeafError { line: NAMES.len() + 2 });
        }
        let [act, item, version, prev, feed, received, published, review, label, reason, commit] = values;
        let needed = |value: Option<String>, line| value.ok_or(ParseLeafError { line });
        let number = |value: String, line| match value.parse::<u64>() {
            Ok(number) if number.to_string() == value => Ok(number),
            _ => Err(ParseLeafError { line }),
        };
        let version = u32::try_from(number(needed(version, 4)?, 4)?).map_err(|_| ParseLeafError { line: 4 })?;
        Ok(Self {
            act: needed(act, 2)?,
            item: needed(item, 3)?,
            version,
            prev: prev.map(|prev| number(prev, 5)).transpose()?,
            feed: feed.unwrap_or_default(),
            received,
            published,
            review: needed(review, 9)?,
            label,
            reason,
            commit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaf() -> Leaf {
        Leaf {
            act: "publish".into(),
            item: "0123456789abcdefghjkmnpqrs".into(),
            version: 1,
            prev: None,
            feed: "agx-world".into(),
            received: Some("2026-01-02T03:04:05.678901Z".into()),
            published: Some("2026-01-02T03:04:05.7Z".into()),
            review: "unreviewed".into(),
            label: Some("ab".repeat(32)),
            reason: None,
            commit: Some("cd".repeat(32)),
        }
    }

    #[test]
    fn a_leaf_is_written_as_specified() {
        let expect = format!(
            "verbatim-leaf/1\nact publish\nitem 0123456789abcdefghjkmnpqrs\nversion 1\nprev -\nfeed agx-world\n\
             received 2026-01-02T03:04:05.678901Z\npublished 2026-01-02T03:04:05.7Z\nreview unreviewed\nlabel {}\n\
             reason -\ncommit {}\n",
            "ab".repeat(32),
            "cd".repeat(32)
        );
        assert_eq!(leaf().encode(), Ok(expect));
    }

    #[test]
    fn what_is_not_a_leaf_is_refused_by_line() {
        let good = leaf().encode().expect("a good leaf");
        #[track_caller]
        fn check(text: &str, line: usize) {
            assert_eq!(Leaf::parse(text), Err(ParseLeafError { line }), "{text}");
        }
        check("", 1);
        check(&good.replace("leaf/1", "leaf/2"), 1);
        check(&good.replace("act publish", "act "), 2);
        check(&good.replace("act publish", "act -"), 2);
        check(&good.replace("version 1", "version 01"), 4);
        check(&good.replace("version 1", "version 99999999999"), 4);
        check(&good.replace("prev -", "prev x"), 5);
        check(&good.replace("feed agx", "feed  agx"), 6);
        check(&format!("{good}more x\n"), 13);
        check(good.trim_end(), 12);
    }

    #[test]
    fn a_value_with_a_line_end_is_not_written() {
        let leaf = Leaf { feed: "agx\ncommit x".into(), ..leaf() };
        assert_eq!(leaf.encode(), Err(ParseLeafError { line: 6 }));
    }

    #[test]
    fn the_leaf_hash_is_that_of_rfc_6962() {
        // The hash of the empty leaf, from RFC 6962's own test vectors.
        let hex: String = leaf_hash(b"").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }

    proptest! {
        #[test]
        fn a_leaf_reads_back_as_itself(version: u32, prev: Option<u64>, feed in "[a-z0-9-]{1,30}") {
            prop_assume!(feed != "-");
            let leaf = Leaf { version, prev, feed, ..leaf() };
            prop_assert_eq!(Leaf::parse(&leaf.encode().expect("one word each")), Ok(leaf));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(text in "\\PC{0,200}") {
            let _ = Leaf::parse(&text);
            let _ = Leaf::parse(&format!("verbatim-leaf/1\n{text}"));
        }
    }
}
