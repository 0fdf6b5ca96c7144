//! A proof that travels alone: which leaf, the path to the root, and the checkpoint over it (C2SP tlog-proof, `@v1`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::lines::from_decimal;
use crate::note::{Checkpoint, Note, ParseCheckpointError, ParseNoteError, from_base64, to_base64};
use crate::tree::{self, Hash, PATH_LIMIT};

/// The first line of a proof.
const FORMAT: &str = "c2sp.org/tlog-proof@v1";
/// The longest proof that is read, in bytes.
pub const PROOF_LIMIT: usize = 512 * 1024;
/// The longest line: readers elsewhere take none of 64 KiB.
const LINE: usize = 65_535;

/// A proof that a leaf is in a signed log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What opens the leaf's commitment, or whatever else is needed to make the leaf again. Nobody signed it.
    pub extra: Option<Vec<u8>>,
    /// The leaf's index.
    pub index: u64,
    /// The path from the leaf to the root.
    pub path: Vec<Hash>,
    /// The checkpoint, verbatim.
    pub checkpoint: String,
}

/// A text is no proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseProofError {
    /// It is longer than [`PROOF_LIMIT`], or a line is longer than readers take.
    TooLong,
    /// It does not begin as a proof does; perhaps it is an answer of another kind.
    Format,
    /// The line with this number, from 1, is not what belongs there.
    Line(usize),
    /// The checkpoint is no signed note.
    Note(ParseNoteError),
    /// The signed note is no checkpoint.
    Checkpoint(ParseCheckpointError),
}

impl fmt::Display for ParseProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseProofError::TooLong => f.write_str("cannot read the proof: it is longer than it may be"),
            ParseProofError::Format => write!(f, "cannot read the proof: its first line is not `{FORMAT}`"),
            ParseProofError::Line(line) => {
                write!(f, "cannot read the proof, line {line}: not what belongs there")
            }
            ParseProofError::Note(error) => write!(f, "cannot read the proof's checkpoint: {error}"),
            ParseProofError::Checkpoint(error) => write!(f, "cannot read the proof's checkpoint: {error}"),
        }
    }
}

impl std::error::Error for ParseProofError {}

impl Proof {
    /// Reads a proof; its checkpoint is one, whoever signed it.
    ///
    /// # Errors
    /// [`ParseProofError`].
    pub fn parse(text: &str) -> Result<Self, ParseProofError> {
        if text.len() > PROOF_LIMIT || text.split('\n').any(|line| line.len() > LINE) {
            return Err(ParseProofError::TooLong);
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ParseProofError::Format)?;
        let mut lines = (2..).zip(head.split('\n').skip(1)).peekable();
        if head.split('\n').next() != Some(FORMAT) {
            return Err(ParseProofError::Format);
        }
        let extra = match lines.peek().and_then(|(n, line)| Some((*n, line.strip_prefix("extra ")?))) {
            None => None,
            Some((n, extra)) => {
                lines.next();
                let bytes = STANDARD.decode(extra).ok().filter(|bytes| !bytes.is_empty());
                Some(bytes.ok_or(ParseProofError::Line(n))?)
            }
        };
        let (n, index) = lines.next().ok_or(ParseProofError::Line(2))?;
        let index = index.strip_prefix("index ").and_then(from_decimal).filter(|index| *index < 1 << 63);
        let index = index.ok_or(ParseProofError::Line(n))?;
        let path = lines.map(|(n, line)| from_base64(line).ok_or(ParseProofError::Line(n)));
        let path = path.collect::<Result<Vec<_>, _>>()?;
        if path.len() > PATH_LIMIT {
            return Err(ParseProofError::TooLong);
        }
        let proof = Self { extra, index, path, checkpoint: checkpoint.to_owned() };
        proof.note().map_err(ParseProofError::Note)?;
        proof.state().map_err(ParseProofError::Checkpoint)?;
        Ok(proof)
    }

    /// The proof as it is sent.
    pub fn encode(&self) -> String {
        let mut out = format!("{FORMAT}\n");
        if let Some(extra) = &self.extra {
            out += &format!("extra {}\n", STANDARD.encode(extra));
        }
        out += &format!("index {}\n", self.index);
        for hash in &self.path {
            out += &to_base64(hash);
            out.push('\n');
        }
        out.push('\n');
        out + &self.checkpoint
    }

    /// The signed note in it.
    ///
    /// # Errors
    /// [`ParseNoteError`].
    pub fn note(&self) -> Result<Note, ParseNoteError> {
        Note::parse(&self.checkpoint)
    }

    /// What the checkpoint says.
    ///
    /// # Errors
    /// [`ParseCheckpointError`].
    pub fn state(&self) -> Result<Checkpoint, ParseCheckpointError> {
        let text = self.checkpoint.rfind("\n\n").map_or("", |at| &self.checkpoint[..=at]);
        Checkpoint::parse(text)
    }

    /// Whether the leaf is where the proof says, under the checkpoint's root. Says nothing about signatures.
    ///
    /// # Errors
    /// [`tree::ProofError`].
    pub fn check(&self, leaf: &Hash) -> Result<(), tree::ProofError> {
        let state = self.state().map_err(|_| tree::ProofError::Sizes)?;
        tree::check_inclusion(leaf, self.index, state.size, &state.root, &self.path)
    }
}
