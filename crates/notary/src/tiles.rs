//! Tiles: how a log is served and read back in files that never change (C2SP tlog-tiles, v0.1.0).

use std::fmt;

use crate::lines::from_decimal;
use crate::tree::{Hash, Nodes, node_hash};

/// How many hashes a full tile has, and how many leaves a full bundle.
pub const WIDTH: u16 = 256;
/// Levels of the tree in one level of tiles.
const HEIGHT: u8 = 8;
/// The highest level a tile can have in a tree of 2^63 leaves.
const TOP: u8 = 7;

/// One tile of hashes, or one bundle of leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    /// The level, from 0 at the leaves' hashes; none for a bundle of the leaves themselves.
    pub level: Option<u8>,
    /// Its number from the left, from 0.
    pub n: u64,
    /// How many hashes or leaves it holds: 1 to 256, which is a full one.
    pub width: u16,
}

impl Tile {
    /// Reads a path below the log's prefix: `tile/0/x001/067.p/12`, `tile/entries/000`.
    pub fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (level, rest) = rest.split_once('/')?;
        let level = match level {
            "entries" => None,
            level => Some(
                from_decimal(level)
                    .and_then(|level| u8::try_from(level).ok())
                    .filter(|level| *level <= 63)?,
            ),
        };
        let (number, width) = match rest.split_once(".p/") {
            None => (rest, WIDTH),
            Some((number, width)) => {
                let width = from_decimal(width).and_then(|width| u16::try_from(width).ok())?;
                (number, Some(width).filter(|width| (1..WIDTH).contains(width))?)
            }
        };
        let mut n = 0u64;
        for group in number.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            n = n.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        let tile = Self { level, n, width };
        // One path for one tile: no needless groups, no missing x.
        (tile.to_string() == path).then_some(tile)
    }

    /// The same tile, full.
    pub fn full(self) -> Self {
        Self { width: WIDTH, ..self }
    }

    /// How wide this tile is in a tree of `size` leaves: 0 if it is not there at all.
    pub fn width_in(self, size: u64) -> u16 {
        let level = self.level.unwrap_or(0);
        let there = if level > TOP { 0 } else { size >> (HEIGHT * level) };
        let left = there.saturating_sub(self.n.saturating_mul(u64::from(WIDTH)));
        left.min(u64::from(WIDTH)) as u16
    }
}

impl fmt::Display for Tile {
    /// The path below the log's prefix.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "tile/{level}/")?,
            None => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![format!("{:03}", self.n % 1_000)];
        let mut rest = self.n / 1_000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1_000));
            rest /= 1_000;
        }
        groups.reverse();
        f.write_str(&groups.join("/"))?;
        if self.width < WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Writes leaves one behind the other, each with its length in two bytes, the higher first.
///
/// None if one is longer than two bytes can say.
pub fn bundle<E: AsRef<[u8]>>(entries: &[E]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        out.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        out.extend(entry);
    }
    Some(out)
}

/// The leaves of a bundle. None if it is cut or has more than a full one.
pub fn unbundle(bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut rest, mut entries) = (bundle, Vec::new());
    while let Some((length, tail)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        if tail.len() < length || entries.len() == usize::from(WIDTH) {
            return None;
        }
        let (entry, tail) = tail.split_at(length);
        entries.push(entry);
        rest = tail;
    }
    rest.is_empty().then_some(entries)
}

/// The hashes of a tile. None if it is empty, cut, or has more than a full one.
pub fn hashes(tile: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = tile.as_chunks::<32>();
    (rest.is_empty() && (1..=usize::from(WIDTH)).contains(&hashes.len())).then(|| hashes.to_vec())
}

/// The hash over a row of hashes that is a full subtree. None if their number is not a power of two.
pub fn fold(hashes: &[Hash]) -> Option<Hash> {
    if !hashes.len().is_power_of_two() {
        return None;
    }
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        let (pairs, _) = row.as_chunks::<2>();
        row = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    row.pop()
}

/// Where tiles come from: a server's own memory, or another's server.
pub trait Tiles {
    /// Why one could not be had.
    type Error;

    /// The hashes of a tile of which at least `tile.width` are there.
    ///
    /// # Errors
    /// If it cannot be had, or has fewer.
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error>;

    /// What it means that a tile is too short.
    fn short(&self, tile: Tile) -> Self::Error;
}

/// The nodes of a tree of `size` leaves, read from its tiles.
pub struct FromTiles<'a, T: ?Sized> {
    /// Where they come from.
    pub tiles: &'a T,
    /// The size of the tree that is looked at.
    pub size: u64,
}

impl<T: Tiles + ?Sized> Nodes for FromTiles<'_, T> {
    type Error = T::Error;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        let (above, within) = (level / HEIGHT, level % HEIGHT);
        // The node stands over 2^within neighbouring hashes of one tile.
        let first = index << within;
        let tile = Tile { level: Some(above), n: first / u64::from(WIDTH), width: WIDTH };
        let tile = Tile { width: tile.width_in(self.size), ..tile };
        let at = (first % u64::from(WIDTH)) as usize;
        let hashes = if tile.width == 0 { Vec::new() } else { self.tiles.tile(tile)? };
        hashes.get(at..at + (1 << within)).and_then(fold).ok_or_else(|| self.tiles.short(tile))
    }
}

/// The hashes of a log in memory: all above the leaves, and of the leaves those behind the last full tile.
///
/// A million leaves take 125 KB. Full tiles of level 0 are given away as they become full.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    size: u64,
    /// The hashes of the leaves behind the last full tile.
    tail: Vec<Hash>,
    /// Levels 1, 2, … of tiles, whole.
    upper: Vec<Vec<Hash>>,
}

impl Levels {
    /// How many leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf's hash. Gives the number and the hashes of the tile of level 0 that it fills, if it fills one.
    pub fn push(&mut self, leaf: Hash) -> Option<(u64, Vec<Hash>)> {
        self.tail.push(leaf);
        self.size += 1;
        if self.tail.len() < usize::from(WIDTH) {
            return None;
        }
        let tile = std::mem::take(&mut self.tail);
        let n = self.size / u64::from(WIDTH) - 1;
        self.raise(&tile);
        Some((n, tile))
    }

    /// Appends a full tile of level 0 at once. It is refused, false, if the leaves before it are no full tiles.
    pub fn push_tile(&mut self, tile: &[Hash]) -> bool {
        if !self.tail.is_empty() || tile.len() != usize::from(WIDTH) {
            return false;
        }
        self.size += u64::from(WIDTH);
        self.raise(tile);
        true
    }

    fn raise(&mut self, tile: &[Hash]) {
        let mut hash = fold(tile);
        for level in 0.. {
            let Some(full) = hash else { return };
            if self.upper.len() == level {
                self.upper.push(Vec::new());
            }
            let row = &mut self.upper[level];
            row.push(full);
            let whole = row.len().is_multiple_of(usize::from(WIDTH));
            hash = if whole { row.last_chunk::<256>().and_then(|tile| fold(tile)) } else { None };
        }
    }

    /// A tile of which all is here: any above level 0, and the last of level 0.
    pub fn tile(&self, tile: Tile) -> Option<&[Hash]> {
        let start = usize::try_from(tile.n).ok()?.checked_mul(usize::from(WIDTH))?;
        let width = usize::from(tile.width);
        match tile.level? {
            0 if tile.n == self.size / u64::from(WIDTH) => self.tail.get(..width),
            0 => None,
            level => self.upper.get(usize::from(level) - 1)?.get(start..start.checked_add(width)?),
        }
    }
}
