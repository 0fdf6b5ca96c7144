//! The public, append-only log: what one leaf of it says, how the part that can be erased opens it, and how anybody
//! can check both.
//!
//! A leaf has two layers. The [`Leaf`] itself is public for ever: a few lines of strict text that name nothing but
//! a random identifier. Everything that could be traced to words (hashes, addresses, identifiers of others) stands
//! in the [`Disclosure`], to which the leaf only holds a salted commitment ([`commit`]). Whoever has salt and
//! disclosure can check them against the leaf; once both are destroyed, nothing can be learnt from it, not even by
//! somebody who guesses the words.
//!
//! The log over the leaves is that of C2SP, so that tools we did not write can check it: signed notes and
//! checkpoints ([`note`]), a Merkle tree and its proofs ([`tree`]), tiles ([`tiles`]), proofs that travel alone
//! ([`proof`]), witnesses ([`witness`]). [`chain`] puts it together: from the words on a page to the signature.
//!
//! All encodings are strict: one text for one meaning, so that a hash of it proves the meaning. Reading refuses
//! whatever writing would not have produced.
//!
//! **Never here:** what news is, input or output, a clock, random numbers.

pub mod chain;
mod disclosure;
pub mod follow;
mod leaf;
mod lines;
pub mod note;
mod paragraphs;
pub mod proof;
pub mod shard;
pub mod tiles;
pub mod tree;
pub mod witness;

pub use disclosure::{Disclosure, ParseDisclosureError, commit};
pub use leaf::{FORMAT, Leaf, ParseLeafError, leaf_hash};
pub use lines::{EncodeLineError, Fault};
pub use note::{Checkpoint, KeyKind, Note, SignerKey, VerifierKey};
pub use paragraphs::{Paragraphs, ParseQuoteError, Quote, Secret, paragraph_hash, relaxed, relaxed_hash};
pub use proof::Proof;

/// The longest leaf or disclosure, in bytes: an entry of a tlog-tiles bundle has a 16-bit length (C2SP tlog-tiles,
/// "Log entries"), and readers of proofs take no line of 64 KiB, base 64 included.
pub const LIMIT: usize = 40_000;
