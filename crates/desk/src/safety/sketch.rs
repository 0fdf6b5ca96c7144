//! Fingerprints by which near-identical texts are found, and the bounded memory of them.
//!
//! A [`Sketch`] is a MinHash by one permutation (Li, Owen, Zhang: "One Permutation Hashing", 2012): every three words
//! in a row are hashed under the newsroom's key, the hash names one of 64 bins, and each bin keeps the smallest
//! sixteen bits that fell into it. The share of bins that agree estimates the share of shingles in common (Jaccard);
//! its standard error is 0.05 at 0.8.
//!
//! **What a sketch tells.** Of each bin sixteen bits are left, and one shingle of many: no word can be computed from
//! them, with the key or without. Who has the key *and* guesses three words in a row can confirm his guess with a
//! chance of 64 to the number of words; that is why sketches of killed items are forgotten after thirty days.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

/// Bins of a sketch.
const BINS: usize = 64;
/// Bins of one band: two sketches are compared if all bins of a band agree.
const BAND: usize = 2;
const BANDS: usize = BINS / BAND;
/// A bin that nothing fell into.
const EMPTY: u16 = u16::MAX;
/// How many sketches of one band are compared: a sentence that stands under every story must not cost more.
const CHAIN: usize = 24;

/// The newsroom's key for fingerprints: made once from chance, kept with the store, never published.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u64; 2]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// From sixteen bytes of chance.
    pub fn new(bytes: [u8; 16]) -> Self {
        let n = u128::from_le_bytes(bytes);
        Self([n as u64, (n >> 64) as u64])
    }

    /// The hash of a name in several parts.
    pub fn mark(&self, parts: &[&str]) -> u64 {
        let mut hash = self.0[0];
        for part in parts {
            for chunk in part.as_bytes().chunks(8) {
                let word = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
                hash = fold(hash ^ word, self.0[1] | 1);
            }
            // Where a part ends is part of the name.
            hash = fold(hash ^ part.len() as u64, self.0[1] | 1);
        }
        hash
    }

    /// The hash of three words in a row.
    pub(super) fn shingle(&self, words: [u64; 3]) -> u64 {
        words.iter().fold(self.0[0], |hash, word| fold(hash ^ word, self.0[1] | 1))
    }
}

/// A multiplication to 128 bits, folded: every bit of the product depends on every bit before it.
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a ^ 0x9e37_79b9_7f4a_7c15) * u128::from(b ^ 0xd1b5_4a32_d192_ed03);
    (product as u64) ^ ((product >> 64) as u64)
}

/// A text's fingerprint: 128 bytes, and how many shingles it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sketch {
    bins: [u16; BINS],
    shingles: u16,
}

impl Sketch {
    /// Of no words.
    pub fn empty() -> Self {
        Self { bins: [EMPTY; BINS], shingles: 0 }
    }

    pub(super) fn add(&mut self, hash: u64) {
        self.shingles = self.shingles.saturating_add(1);
        let least = (hash as u16).min(EMPTY - 1);
        if let Some(bin) = self.bins.get_mut((hash >> 58) as usize) {
            *bin = (*bin).min(least);
        }
    }

    /// How many words it was made from.
    pub(super) fn words(&self) -> u32 {
        u32::from(self.shingles)
    }

    /// The estimated share of shingles that both have, of those that either has: from 0 to 1.
    pub fn overlap(&self, other: &Self) -> f64 {
        let (mut same, mut filled) = (0u32, 0u32);
        for (a, b) in self.bins.iter().zip(&other.bins) {
            filled += u32::from(*a != EMPTY || *b != EMPTY);
            same += u32::from(a == b && *a != EMPTY);
        }
        if filled == 0 { 0.0 } else { f64::from(same) / f64::from(filled) }
    }

    /// The estimated share of this one's shingles that the other has too.
    pub(super) fn kept_in(&self, other: &Self) -> f64 {
        let overlap = self.overlap(other);
        let both = f64::from(self.words()) + f64::from(other.words());
        (overlap * both / (1.0 + overlap) / f64::from(self.words().max(1))).min(1.0)
    }

    /// As bytes, for keeping.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bins.iter().chain([&self.shingles]).flat_map(|n| n.to_le_bytes()).collect()
    }

    /// From bytes as [`Sketch::to_bytes`] gave them; `None` for any others.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.as_chunks::<2>();
        let (shingles, bins) = numbers.split_last()?;
        let mut sketch = Self { bins: [EMPTY; BINS], shingles: u16::from_le_bytes(*shingles) };
        if bins.len() != BINS || !rest.is_empty() {
            return None;
        }
        for (bin, bytes) in sketch.bins.iter_mut().zip(bins) {
            *bin = u16::from_le_bytes(*bytes);
        }
        Some(sketch)
    }

    /// The bands in which anything fell, each with its place in a table of 2^`bits`.
    fn bands(&self, bits: u32) -> impl Iterator<Item = (usize, usize)> + '_ {
        let (bands, _) = self.bins.as_chunks::<BAND>();
        bands.iter().enumerate().filter(|(_, bins)| bins.iter().any(|bin| *bin != EMPTY)).map(
            move |(at, bins)| {
                let value = bins.iter().fold(at as u64 + 1, |value, bin| value << 16 | u64::from(*bin));
                (at, (fold(value, SPREAD) >> (64 - bits)) as usize)
            },
        )
    }
}

const SPREAD: u64 = 0xa076_1d64_78bd_642f;

/// A text as it is remembered.
#[derive(Clone, Copy, Debug)]
struct Seen {
    item: u64,
    at: i64,
    sketch: Sketch,
    /// The text before this one in each band's chain, as its number.
    before: [u32; BANDS],
}

/// The newest texts, at most so many: 280 bytes each and 128 bytes of tables, 41 MB for 100,000.
#[derive(Clone, Debug)]
pub(super) struct Twins {
    most: usize,
    bits: u32,
    ring: Vec<Seen>,
    /// How many were ever remembered. Numbers begin with 1; 0 is nobody.
    count: u32,
    heads: Vec<u32>,
    /// The newest text of each item.
    newest: HashMap<u64, u32>,
}

impl Twins {
    /// Room for so many texts.
    pub(super) fn new(most: usize) -> Self {
        let bits = most.max(16).next_power_of_two().trailing_zeros();
        Self {
            most: most.max(1),
            bits,
            ring: Vec::new(),
            count: 0,
            heads: Vec::new(),
            newest: HashMap::new(),
        }
    }

    fn place(&self, number: u32) -> usize {
        number.wrapping_sub(1) as usize % self.most
    }

    /// The text with this number, if it is still remembered.
    fn seen(&self, number: u32) -> Option<&Seen> {
        let gone = number == 0 || number > self.count || (self.count - number) as usize >= self.most;
        if gone { None } else { self.ring.get(self.place(number)) }
    }

    pub(super) fn len(&self) -> usize {
        self.ring.len()
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn most(&self) -> u32 {
        self.most as u32
    }

    /// The texts with these numbers, as far as they are remembered: item, second, sketch.
    pub(super) fn numbered(&self, first: u32, last: u32) -> impl Iterator<Item = (u64, i64, &Sketch)> {
        (first..=last.min(self.count))
            .filter_map(|number| self.seen(number))
            .map(|seen| (seen.item, seen.at, &seen.sketch))
    }

    /// Remembers a text; the oldest gives way.
    pub(super) fn remember(&mut self, item: u64, at: Timestamp, sketch: Sketch) {
        if self.count == u32::MAX {
            // After four thousand million texts, numbers begin again with an empty memory.
            *self = Self::new(self.most);
        }
        if self.heads.is_empty() {
            self.heads = vec![0; BANDS << self.bits];
        }
        self.count += 1;
        let mut before = [0; BANDS];
        for (band, place) in sketch.bands(self.bits) {
            let head = self.heads.get_mut((band << self.bits) + place);
            if let (Some(head), Some(before)) = (head, before.get_mut(band)) {
                *before = std::mem::replace(head, self.count);
            }
        }
        let seen = Seen { item, at: at.as_second(), sketch, before };
        let place = self.place(self.count);
        match self.ring.get_mut(place) {
            Some(old) => {
                let gone = std::mem::replace(old, seen).item;
                let oldest = self.count.saturating_sub(self.most as u32);
                if self.newest.get(&gone).is_some_and(|number| *number <= oldest) {
                    self.newest.remove(&gone);
                }
            }
            None => self.ring.push(seen),
        }
        self.newest.insert(item, self.count);
    }

    /// Remembers the words of an item no more.
    pub(super) fn blank(&mut self, item: u64) {
        for seen in self.ring.iter_mut().filter(|seen| seen.item == item) {
            seen.sketch = Sketch::empty();
        }
    }

    /// The newest text of an item.
    pub(super) fn of(&self, item: u64) -> Option<(Timestamp, &Sketch)> {
        let seen = self.newest.get(&item).and_then(|number| self.seen(*number))?;
        Some((Timestamp::from_second(seen.at).ok()?, &seen.sketch))
    }

    /// The text of another item that overlaps most, by `least` or more, among those remembered before `until`.
    pub(super) fn find(
        &self,
        item: u64,
        sketch: &Sketch,
        least: f64,
        until: Timestamp,
    ) -> Option<(f64, Timestamp)> {
        let mut best: Option<(f64, &Seen)> = None;
        let mut asked: Vec<u32> = Vec::new();
        for (band, place) in sketch.bands(self.bits) {
            let mut number = self.heads.get((band << self.bits) + place).copied().unwrap_or(0);
            for _ in 0..CHAIN {
                let Some(seen) = self.seen(number) else { break };
                if seen.item != item && seen.at < until.as_second() && !asked.contains(&number) {
                    asked.push(number);
                    let overlap = sketch.overlap(&seen.sketch);
                    if overlap >= least && best.is_none_or(|(most, _)| overlap > most) {
                        best = Some((overlap, seen));
                    }
                }
                number = seen.before.get(band).copied().unwrap_or(0);
            }
        }
        best.and_then(|(overlap, seen)| Some((overlap, Timestamp::from_second(seen.at).ok()?)))
    }

    /// The newest text of a wanted item that overlaps by `least` or more, among those remembered since an instant.
    pub(super) fn find_lately(
        &self,
        sketch: &Sketch,
        least: f64,
        since: Timestamp,
        wanted: &dyn Fn(u64) -> bool,
    ) -> Option<u64> {
        let mut newest = 0;
        for (band, place) in sketch.bands(self.bits) {
            let mut number = self.heads.get((band << self.bits) + place).copied().unwrap_or(0);
            for _ in 0..CHAIN {
                // Chains lead from the newer to the older: behind what is known nothing newer comes.
                let Some(seen) = self.seen(number).filter(|_| number > newest) else { break };
                if seen.at < since.as_second() {
                    break;
                }
                if sketch.overlap(&seen.sketch) >= least && wanted(seen.item) {
                    newest = number;
                }
                number = seen.before.get(band).copied().unwrap_or(0);
            }
        }
        self.seen(newest).map(|seen| seen.item)
    }

    /// Those remembered since an instant, the oldest first.
    pub(super) fn since(&self, instant: Timestamp) -> impl Iterator<Item = (u64, Timestamp, &Sketch)> {
        let oldest = self.count.saturating_sub(self.most());
        self.numbered(oldest + 1, self.count).filter_map(move |(item, at, sketch)| {
            let at = Timestamp::from_second(at).ok()?;
            (at >= instant).then_some((item, at, sketch))
        })
    }
}

/// Thirty days: how long killed words are recognised.
pub(super) const KILLED_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
