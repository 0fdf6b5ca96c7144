//! One paragraph can be proved without showing the rest: a small tree over the blocks of a copy, each with a salt of
//! its own, whose root stands in the disclosure.
//!
//! All salts of a version come from one [`Secret`] that is kept where the words are kept and destroyed with them. None
//! of them tells anything about another.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::lines::{from_decimal, from_hex, hex};
use crate::proof::{ParseProofError, Proof};
use crate::tree::{self, Hash, Nodes, PATH_LIMIT};
use crate::{leaf_hash, tiles};

/// The first line of a quotation.
const FORMAT: &str = "verbatim-quote/1";
/// What a paragraph's leaf and salt are hashed with first.
const DOMAIN: &[u8] = b"verbatim-paragraph/1\n";
/// What the salt of the whole disclosure is hashed with first.
const SALT: &[u8] = b"verbatim-salt/1\n";

/// 32 random bytes from which the salts of one version are made. Used once, never derived from anything, destroyed
/// with the words.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// The salt of the disclosure: SHA-256 of `verbatim-salt/1`, LF, and the secret.
    pub fn salt(&self) -> [u8; 32] {
        Sha256::new().chain_update(SALT).chain_update(self.0).finalize().into()
    }

    /// The salt of the block with this number, from 0: SHA-256 of `verbatim-paragraph/1`, LF, the secret, and the
    /// number in four bytes, the highest first.
    pub fn paragraph(&self, n: u32) -> [u8; 32] {
        Sha256::new()
            .chain_update(DOMAIN)
            .chain_update(self.0)
            .chain_update(n.to_be_bytes())
            .finalize()
            .into()
    }
}

/// The hash of a block in the tree of paragraphs: that of a leaf made of `verbatim-paragraph/1`, LF, the salt's 32
/// bytes, the kind, LF and the text.
pub fn paragraph_hash(salt: &[u8; 32], kind: &str, text: &str) -> Hash {
    leaf_hash(&[DOMAIN, salt, kind.as_bytes(), b"\n", text.as_bytes()].concat())
}

/// The blocks' hashes, and the tree over them.
#[derive(Clone, Debug)]
pub struct Paragraphs(Vec<Hash>);

impl Nodes for Paragraphs {
    type Error = ();

    fn node(&self, level: u8, index: u64) -> Result<Hash, ()> {
        let start = usize::try_from(index << level).map_err(|_| ())?;
        let row = self.0.get(start..start + (1 << level)).ok_or(())?;
        tiles::fold(row).ok_or(())
    }
}

impl Paragraphs {
    /// The tree over these blocks, each as kind and text.
    pub fn of<'a>(secret: &Secret, blocks: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let blocks = (0u32..).zip(blocks);
        Self(blocks.map(|(n, (kind, text))| paragraph_hash(&secret.paragraph(n), kind, text)).collect())
    }

    /// The value of the disclosure's line `paragraphs`: how many, a space, and the root in hex.
    pub fn line(&self) -> String {
        let root = tree::root(self, self.0.len() as u64).unwrap_or_else(|()| tree::empty_root());
        format!("{} {}", self.0.len(), hex(&root))
    }

    /// The path from the block with this number to the root; None if there is no such block.
    pub fn prove(&self, n: u32) -> Option<Vec<Hash>> {
        let size = self.0.len() as u64;
        if u64::from(n) >= size {
            return None;
        }
        tree::prove_inclusion(self, u64::from(n), size).ok()
    }
}

/// A quotation with its proof: one block of a version, the path to the root in the disclosure, and the proof that
/// the disclosure is in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The story's address.
    pub url: String,
    /// Which block, from 0.
    pub n: u32,
    /// What the block is.
    pub kind: String,
    /// Its text.
    pub text: String,
    /// Its salt.
    pub salt: [u8; 32],
    /// The path from the block to the root over all blocks.
    pub path: Vec<Hash>,
    /// The proof that travels with it.
    pub proof: Proof,
}

/// A text is no quotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseQuoteError {
    /// The line with this number, from 1, is not what belongs there.
    Line(usize),
    /// The proof in it is none.
    Proof(ParseProofError),
}

impl fmt::Display for ParseQuoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseQuoteError::Line(n) => {
                write!(f, "cannot read the quotation, line {n}: not what belongs there")
            }
            ParseQuoteError::Proof(error) => write!(f, "cannot read the quotation: {error}"),
        }
    }
}

impl std::error::Error for ParseQuoteError {}

impl Quote {
    /// Whether a text begins as a quotation does.
    pub fn is_one(text: &str) -> bool {
        text.starts_with(FORMAT)
    }

    /// The text that is handed on.
    pub fn encode(&self) -> String {
        let mut out = format!("{FORMAT}\nurl {}\nparagraph {}\nkind {}\n", self.url, self.n, self.kind);
        out += &format!("text {}\nsalt {}\n", STANDARD.encode(&self.text), hex(&self.salt));
        for hash in &self.path {
            out += &format!("path {}\n", hex(hash));
        }
        out.push('\n');
        out + &self.proof.encode()
    }

    /// Reads what [`encode`](Self::encode) writes.
    ///
    /// # Errors
    /// [`ParseQuoteError`].
    pub fn parse(text: &str) -> Result<Self, ParseQuoteError> {
        let fault = ParseQuoteError::Line;
        let (head, proof) = text.split_once("\n\n").ok_or(fault(1))?;
        let mut lines = (1..).zip(head.split('\n'));
        if lines.next() != Some((1, FORMAT)) {
            return Err(fault(1));
        }
        let mut line = |name: &str| {
            let (n, line) = lines.next().ok_or(fault(0))?;
            let value = line.strip_prefix(name).and_then(|rest| rest.strip_prefix(' '));
            Ok((n, value.ok_or(fault(n))?))
        };
        let url = line("url")?.1.to_owned();
        let (n, number) = line("paragraph")?;
        let number = from_decimal(number).and_then(|number| u32::try_from(number).ok()).ok_or(fault(n))?;
        let kind = line("kind")?.1.to_owned();
        let (n, text) = line("text")?;
        let text =
            STANDARD.decode(text).ok().and_then(|text| String::from_utf8(text).ok()).ok_or(fault(n))?;
        let (n, salt) = line("salt")?;
        let salt = from_hex(salt).ok_or(fault(n))?;
        let path = lines.map(|(n, line)| line.strip_prefix("path ").and_then(from_hex).ok_or(fault(n)));
        let path = path.collect::<Result<Vec<_>, _>>()?;
        if path.len() > PATH_LIMIT {
            return Err(fault(7));
        }
        let proof = Proof::parse(proof).map_err(ParseQuoteError::Proof)?;
        Ok(Self { url, n: number, kind, text, salt, path, proof })
    }

    /// Whether the block is one of those whose root stands in this value of the line `paragraphs`.
    pub fn is_under(&self, line: &str) -> bool {
        let Some((size, root)) = line.split_once(' ') else { return false };
        let (Some(size), Some(root)) = (from_decimal(size), from_hex(root)) else { return false };
        let leaf = paragraph_hash(&self.salt, &self.kind, &self.text);
        tree::check_inclusion(&leaf, u64::from(self.n), size, &root, &self.path).is_ok()
    }
}

/// Text as it is after it was pasted: for a second, weaker comparison.
///
/// In this order: soft hyphens (U+00AD), zero width spaces (U+200B) and byte order marks (U+FEFF) are left out; every
/// run of characters with the property White_Space becomes one space; spaces at both ends are left out. Empty stays
/// empty.
pub fn relaxed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let end = out.len();
        if end > 0 {
            out.push(' ');
        }
        let begin = out.len();
        match word.is_ascii() {
            true => out.push_str(word),
            false => out.extend(word.chars().filter(|c| !matches!(c, '\u{AD}' | '\u{200B}' | '\u{FEFF}'))),
        }
        if out.len() == begin {
            out.truncate(end);
        }
    }
    out
}

/// SHA-256 of the [`relaxed`] text: the disclosure's line `relaxed`, in hex.
pub fn relaxed_hash(text: &str) -> Hash {
    Sha256::digest(relaxed(text)).into()
}
