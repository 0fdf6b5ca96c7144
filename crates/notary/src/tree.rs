//! The tree over the leaves: roots, and proofs that a leaf is in it and that one tree is the beginning of another
//! (RFC 6962 §2.1, verified as in RFC 9162 §2.1.3.2 and §2.1.4.2).

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A hash in the tree: SHA-256.
pub type Hash = [u8; 32];

/// The most hashes that a proof can have: one for each bit of a tree's size.
pub const PATH_LIMIT: usize = 63;

/// The hash over two subtrees: SHA-256 of a byte of one, the left hash and the right.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// A proof does not prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// Index and sizes do not go together: a leaf behind the end, a larger tree before a smaller one.
    Sizes,
    /// It has not as many hashes as a proof for these sizes has.
    Length,
    /// It leads to another root.
    Root,
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProofError::Sizes => "the numbers in the proof do not go together",
            ProofError::Length => "the proof has not as many hashes as it must have",
            ProofError::Root => "the proof leads to another root",
        })
    }
}

impl std::error::Error for ProofError {}

/// Whether the leaf with this hash is at `index` in the tree of `size` leaves with this root.
///
/// # Errors
/// [`ProofError`] if the path does not show it.
pub fn check_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Sizes);
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for step in path {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at % 2 == 1 || at == last {
            hash = node_hash(step, &hash);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            hash = node_hash(&hash, step);
        }
        (at, last) = (at / 2, last / 2);
    }
    match last {
        0 if hash == *root => Ok(()),
        0 => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Whether the tree of `old` leaves with its root is the beginning of the tree of `new` leaves with its own.
///
/// From the empty tree nothing can be shown, and nothing need be: it is refused unless both are empty.
///
/// # Errors
/// [`ProofError`] if the path does not show it.
pub fn check_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    path: &[Hash],
) -> Result<(), ProofError> {
    if old > new || (old == 0 && new > 0) {
        return Err(ProofError::Sizes);
    }
    if old == new {
        let same = old_root == new_root && (old > 0 || *old_root == empty_root());
        return match (path.is_empty(), same) {
            (true, true) => Ok(()),
            (true, false) => Err(ProofError::Root),
            (false, _) => Err(ProofError::Length),
        };
    }
    // A tree that is full is a node of the larger one: the path starts from its own root.
    let (first, rest) = match old.is_power_of_two() {
        true => (*old_root, path),
        false => path.split_first().map(|(first, rest)| (*first, rest)).ok_or(ProofError::Length)?,
    };
    let (mut at, mut last) = (old - 1, new - 1);
    while at % 2 == 1 {
        (at, last) = (at / 2, last / 2);
    }
    let (mut before, mut after) = (first, first);
    for step in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if at % 2 == 1 || at == last {
            before = node_hash(step, &before);
            after = node_hash(step, &after);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            after = node_hash(&after, step);
        }
        (at, last) = (at / 2, last / 2);
    }
    match last {
        0 if before == *old_root && after == *new_root => Ok(()),
        0 => Err(ProofError::Root),
        _ => Err(ProofError::Length),
    }
}

/// Where the hashes of a tree are looked up: of full subtrees only.
pub trait Nodes {
    /// Why one could not be had.
    type Error;

    /// The hash over the `2^level` leaves from `index * 2^level` on. It is asked only for subtrees that are full in the
    /// tree that is being looked at.
    ///
    /// # Errors
    /// If it cannot be had.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

/// The largest power of two below `n`, for `n` of 2 or more.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// The hash over the leaves from `low` to `high`, which are neighbours in the tree as RFC 6962 cuts it.
fn range<N: Nodes + ?Sized>(nodes: &N, low: u64, high: u64) -> Result<Hash, N::Error> {
    let n = high - low;
    if n.is_power_of_two() {
        let level = n.trailing_zeros();
        return nodes.node(level as u8, low >> level);
    }
    let middle = low + split(n);
    Ok(node_hash(&range(nodes, low, middle)?, &range(nodes, middle, high)?))
}

/// The root over the first `size` leaves.
///
/// # Errors
/// What `nodes` says.
pub fn root<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    if size == 0 { Ok(empty_root()) } else { range(nodes, 0, size) }
}

/// The path from the leaf at `index` to the root over the first `size` leaves; empty if it is not among them.
///
/// # Errors
/// What `nodes` says.
pub fn prove_inclusion<N: Nodes + ?Sized>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let mut path = Vec::new();
    if index >= size {
        return Ok(path);
    }
    let (mut low, mut high) = (0, size);
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range(nodes, middle, high)?);
            high = middle;
        } else {
            path.push(range(nodes, low, middle)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The path that shows the tree of `old` leaves to be the beginning of that of `new`; empty if they are equal or
/// nothing can be shown.
///
/// # Errors
/// What `nodes` says.
pub fn prove_consistency<N: Nodes + ?Sized>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, N::Error> {
    let mut path = Vec::new();
    if old == 0 || old >= new {
        return Ok(path);
    }
    let (mut low, mut high, mut whole) = (0, new, true);
    while old != high {
        let middle = low + split(high - low);
        if old <= middle {
            path.push(range(nodes, middle, high)?);
            high = middle;
        } else {
            path.push(range(nodes, low, middle)?);
            low = middle;
            whole = false;
        }
    }
    if !whole {
        path.push(range(nodes, low, high)?);
    }
    path.reverse();
    Ok(path)
}

/// The right edge of a growing tree: enough to know its root, whatever its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// The full subtrees, the largest first: one for each bit of the size.
    peaks: Vec<Hash>,
}

impl Edge {
    /// The edge of a tree of `size` leaves with these full subtrees, the largest first. None if their number is another.
    pub fn of(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// The full subtrees, the largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_full(0, leaf);
    }

    /// Appends the hash over `2^level` leaves at once. It is refused, false, if the leaves before it are no multiple of
    /// that.
    pub fn push_full(&mut self, level: u8, hash: Hash) -> bool {
        if self.size.trailing_zeros() < u32::from(level) && self.size > 0 {
            return false;
        }
        let mut hash = hash;
        for _ in 0..(self.size >> level).trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1 << level;
        true
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        let fold = |right: Hash, left: &Hash| node_hash(left, &right);
        match self.peaks.split_last() {
            None => empty_root(),
            Some((last, rest)) => rest.iter().rev().fold(*last, fold),
        }
    }
}
