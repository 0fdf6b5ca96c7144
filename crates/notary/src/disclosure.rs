//! What opens a leaf's commitment, and can be destroyed.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::LIMIT;
use crate::lines::{self, EncodeLineError, Fault};

/// The domain of commitments: the first thing hashed.
const DOMAIN: &[u8] = b"verbatim-commit/1\n";

/// Lines of `name value`, in their order: `copy`, `roles`, `raw` with hashes, `uri`, `url` …
///
/// Names may repeat (several media). The encoding is the lines, each ended by LF, at most [`LIMIT`] bytes in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disclosure {
    lines: Vec<(String, String)>,
}

impl Disclosure {
    /// Appends a line.
    ///
    /// # Errors
    /// [`EncodeLineError`] if the name is not of a to z, digits and hyphens, if the value is empty, has a space at
    /// an end or a control character or line separator inside, or if the whole would be longer than [`LIMIT`].
    pub fn push(&mut self, name: &str, value: &str) -> Result<(), EncodeLineError> {
        let mut line = String::new();
        lines::write(&mut line, name, value)?;
        if self.len() + line.len() > LIMIT {
            return Err(EncodeLineError { name: name.to_owned(), fault: Fault::TooLong });
        }
        self.lines.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    /// The lines in order, as name and value.
    pub fn lines(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value of the first line with this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.lines().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    fn len(&self) -> usize {
        self.lines.iter().map(|(name, value)| name.len() + value.len() + 2).sum()
    }

    /// The text that is committed to.
    pub fn encode(&self) -> String {
        let mut out = String::with_capacity(self.len());
        for (name, value) in &self.lines {
            for piece in [name, " ", value, "\n"] {
                out.push_str(piece);
            }
        }
        out
    }

    /// Reads what [`encode`](Self::encode) writes, and nothing else.
    ///
    /// # Errors
    /// [`ParseDisclosureError`] with the first line at fault.
    pub fn parse(text: &str) -> Result<Self, ParseDisclosureError> {
        if text.len() > LIMIT {
            return Err(ParseDisclosureError { line: 0, fault: Fault::TooLong });
        }
        let mut out = Self::default();
        for (number, line) in lines::read(text) {
            let (name, value) = line.map_err(|fault| ParseDisclosureError { line: number, fault })?;
            out.lines.push((name.to_owned(), value.to_owned()));
        }
        Ok(out)
    }
}

/// A text is no disclosure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseDisclosureError {
    /// The line at fault, from 1; 0 for the text as a whole.
    pub line: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

impl fmt::Display for ParseDisclosureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read the disclosure, line {}: {}", self.line, self.fault)
    }
}

impl std::error::Error for ParseDisclosureError {}

/// The commitment to an encoded disclosure: SHA-256 of `verbatim-commit/1`, LF, the salt and the disclosure.
///
/// The salt must be 32 random bytes, used once and never derived from anything that survives it: press texts are
/// easily guessed, and without the salt a guess cannot be tested.
pub fn commit(salt: &[u8; 32], disclosure: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for piece in [DOMAIN, salt, disclosure.as_bytes()] {
        hasher.update(piece);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex(bytes: [u8; 32]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Computed with `sha256sum` over the same bytes.
    #[test]
    fn a_commitment_is_what_sha256sum_prints() {
        assert_eq!(
            hex(commit(&[0; 32], "")),
            "a696b1210bb7d46c52bf07f66cf1452c118400835a5a7d6871d3983ac2ac0f50"
        );
        let mut disclosure = Disclosure::default();
        disclosure
            .push("copy", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
            .expect("a line");
        disclosure.push("uri", "urn:example:1").expect("a line");
        let salt: [u8; 32] = std::array::from_fn(|i| i as u8);
        assert_eq!(
            hex(commit(&salt, &disclosure.encode())),
            "8eb043bdbc8e467f651103de84da8760469cbaf3f9d925b8752699c9de59ea29"
        );
    }

    #[test]
    fn another_salt_or_another_letter_is_another_commitment() {
        let base = commit(&[0; 32], "uri a\n");
        assert_ne!(base, commit(&[1; 32], "uri a\n"));
        assert_ne!(base, commit(&[0; 32], "uri b\n"));
    }

    #[test]
    fn a_disclosure_reads_back_in_its_order() {
        let text = "copy 00\nmedia aa\nmedia bb\nuri tag:example.org,2026:Straße 1\n";
        let disclosure = Disclosure::parse(text).expect("a disclosure");
        assert_eq!(disclosure.encode(), text);
        assert_eq!((disclosure.get("media"), disclosure.get("url")), (Some("aa"), None));
        assert_eq!(disclosure.lines().count(), 4);
    }

    #[test]
    fn what_would_not_be_written_is_not_read() {
        for (text, line, fault) in [
            ("copy 00", 1, Fault::Shape),
            ("copy\n", 1, Fault::Shape),
            ("copy 00\n\n", 2, Fault::Shape),
            ("copy 00\r\n", 1, Fault::Alphabet),
            ("Copy 00\n", 1, Fault::Alphabet),
            (" copy 00\n", 1, Fault::Alphabet),
            ("1copy 00\n", 1, Fault::Alphabet),
            ("copy  00\n", 1, Fault::Value),
            ("copy 00 \n", 1, Fault::Value),
            ("copy \n", 1, Fault::Value),
            ("copy 0\u{0}0\n", 1, Fault::Alphabet),
            ("a b\ncopy 0\u{2028}0\n", 2, Fault::Alphabet),
        ] {
            assert_eq!(Disclosure::parse(text), Err(ParseDisclosureError { line, fault }), "{text:?}");
        }
        let long = format!("uri {}\n", "a".repeat(LIMIT));
        assert_eq!(Disclosure::parse(&long), Err(ParseDisclosureError { line: 0, fault: Fault::TooLong }));
    }

    #[test]
    fn what_cannot_be_read_is_not_written() {
        let mut disclosure = Disclosure::default();
        for (name, value, fault) in [
            ("", "x", Fault::Alphabet),
            ("a b", "x", Fault::Alphabet),
            ("uri", "", Fault::Value),
            ("uri", "x ", Fault::Value),
            ("uri", "a\nkind b", Fault::Alphabet),
            ("uri", "a\u{85}b", Fault::Alphabet),
        ] {
            let refused = EncodeLineError { name: name.to_owned(), fault };
            assert_eq!(disclosure.push(name, value), Err(refused));
        }
        assert_eq!(disclosure, Disclosure::default());
        assert!(disclosure.push("uri", &"a".repeat(LIMIT)).is_err());
        assert!(disclosure.push("uri", &"a".repeat(LIMIT - 5)).is_ok());
        assert!(disclosure.push("a", "b").is_err(), "the whole has a limit, not only the line");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(lines in prop::collection::vec(("[a-z][a-z0-9-]{0,9}", any::<String>()), 0..12)) {
            let mut disclosure = Disclosure::default();
            for (name, value) in &lines {
                let _ = disclosure.push(name, value);
            }
            prop_assert_eq!(Disclosure::parse(&disclosure.encode()), Ok(disclosure));
        }

        #[test]
        fn what_is_read_is_written_the_same(text in "([a-zA]{0,3}[ -]{0,2}[a-z \u{2028}\r]{0,4}\n?){0,4}") {
            if let Ok(disclosure) = Disclosure::parse(&text) {
                prop_assert_eq!(disclosure.encode(), text);
            }
        }
    }
}
