//! Follows a log from outside, leaf by leaf: whether each checkpoint goes on from the one before, whether the chain of an
//! item has a gap, and what the log says is shown. It remembers what it saw, so that nothing can be taken back.

use std::collections::BTreeMap;
use std::fmt;

use crate::leaf::{Leaf, leaf_hash};
use crate::lines::{from_decimal, from_hex, hex};
use crate::note::Checkpoint;
use crate::tree::{Edge, Hash};

/// The first line of what is remembered.
const FORMAT: &str = "verbatim-follow/1";

/// What the log said last of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Last {
    /// In which of the shards that were followed, from 0.
    pub shard: u32,
    /// In which leaf of it.
    pub index: u64,
    /// Which act.
    pub act: String,
    /// Whether it is shown since then.
    pub shown: bool,
}

/// Something in the log that must not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A leaf that is none.
    Unreadable {
        /// Which.
        index: u64,
        /// Why.
        why: String,
    },
    /// A leaf does not name the leaf before it of its item.
    Gap {
        /// Which leaf.
        index: u64,
        /// Of which item.
        item: String,
        /// What it names.
        says: Option<u64>,
        /// What it must name.
        must: Option<u64>,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |index: &Option<u64>| index.map_or("none".to_owned(), |index| index.to_string());
        match self {
            Flaw::Unreadable { index, why } => write!(f, "leaf {index} is no leaf: {why}"),
            Flaw::Gap { index, item, says, must } => write!(
                f,
                "leaf {index} names {} as the leaf before it of item {item}, and it is {}",
                named(says),
                named(must)
            ),
        }
    }
}

/// A checkpoint does not go on from what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// It has fewer leaves than were seen.
    Shrunk {
        /// How many it has.
        has: u64,
        /// How many were seen.
        seen: u64,
    },
    /// It has another root than the leaves that were seen.
    Fork {
        /// At which size.
        size: u64,
    },
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Break::Shrunk { has, seen } => write!(f, "the log has {has} leaves, and {seen} were seen"),
            Break::Fork { size } => {
                write!(f, "the log's root over {size} leaves is not that of the leaves that were seen")
            }
        }
    }
}

/// A log as it was seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follower {
    shard: u32,
    edge: Edge,
    items: BTreeMap<String, Last>,
}

impl Follower {
    /// How many leaves were seen.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// What the log says of an item.
    pub fn item(&self, item: &str) -> Option<&Last> {
        self.items.get(item)
    }

    /// All items with what the log says of them.
    pub fn items(&self) -> impl Iterator<Item = (&str, &Last)> {
        self.items.iter().map(|(item, last)| (item.as_str(), last))
    }

    /// Whether a checkpoint can be one of this log, as far as its size and the leaves seen so far tell.
    ///
    /// # Errors
    /// [`Break`].
    pub fn meets(&self, state: &Checkpoint) -> Result<(), Break> {
        match state.size.cmp(&self.size()) {
            std::cmp::Ordering::Less => Err(Break::Shrunk { has: state.size, seen: self.size() }),
            std::cmp::Ordering::Equal if state.root != self.edge.root() => {
                Err(Break::Fork { size: state.size })
            }
            _ => Ok(()),
        }
    }

    /// Takes the next leaves. Whether they are those of the log is for [`Follower::meets`] to say, so this is done on a copy.
    pub fn push(&mut self, entries: &[&[u8]]) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        for entry in entries {
            let index = self.size();
            self.edge.push(leaf_hash(entry));
            let text = std::str::from_utf8(entry).map_err(|error| error.to_string());
            match text.and_then(|text| Leaf::parse(text).map_err(|error| error.to_string())) {
                Ok(leaf) => flaws.extend(self.note(index, &leaf)),
                Err(why) => flaws.push(Flaw::Unreadable { index, why }),
            }
        }
        flaws
    }

    fn note(&mut self, index: u64, leaf: &Leaf) -> Option<Flaw> {
        let item = leaf.item.clone()?;
        let before = self.items.get(&item).filter(|last| last.shard == self.shard);
        let must = before.map(|last| last.index);
        let shown = leaf.commit.is_some();
        let gap = (leaf.prev != must).then(|| Flaw::Gap { index, item: item.clone(), says: leaf.prev, must });
        self.items.insert(item, Last { shard: self.shard, index, act: leaf.act.clone(), shown });
        gap
    }

    /// The log goes on in a shard of its own, with the stories of this one.
    pub fn begin_shard(&mut self) {
        self.shard += 1;
        self.edge = Edge::default();
    }

    /// Which of the shards that were followed this is, from 0.
    pub fn shard(&self) -> u32 {
        self.shard
    }

    /// What is to be remembered, as text.
    pub fn encode(&self) -> String {
        let mut out = format!("{FORMAT}\nshard {}\nsize {}\n", self.shard, self.size());
        for peak in self.edge.peaks() {
            out += &format!("peak {}\n", hex(peak));
        }
        for (item, Last { shard, index, act, shown }) in &self.items {
            let shown = if *shown { "shown" } else { "gone" };
            out += &format!("item {item} {shard} {index} {act} {shown}\n");
        }
        out
    }

    /// Reads what [`Follower::encode`] wrote. None if it is none, or is not whole.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        if lines.next()? != FORMAT {
            return None;
        }
        let shard = lines.next()?.strip_prefix("shard ").and_then(from_decimal)?;
        let size = lines.next()?.strip_prefix("size ").and_then(from_decimal)?;
        let (mut peaks, mut items): (Vec<Hash>, _) = (Vec::new(), BTreeMap::new());
        for line in lines {
            if let Some(peak) = line.strip_prefix("peak ") {
                peaks.push(from_hex(peak)?);
                continue;
            }
            let parts: Vec<&str> = line.strip_prefix("item ")?.split(' ').collect();
            let [item, shard, index, act, shown] = parts[..] else { return None };
            let shown = match shown {
                "shown" => true,
                "gone" => false,
                _ => return None,
            };
            let shard = from_decimal(shard).and_then(|shard| u32::try_from(shard).ok())?;
            let last = Last { shard, index: from_decimal(index)?, act: act.to_owned(), shown };
            items.insert(item.to_owned(), last);
        }
        Some(Self { shard: u32::try_from(shard).ok()?, edge: Edge::of(size, peaks)?, items })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(act: &str, item: &str, prev: Option<u64>, commit: Option<Hash>) -> Vec<u8> {
        let leaf = Leaf {
            act: act.to_owned(),
            item: Some(item.to_owned()),
            version: Some(1),
            prev,
            feed: None,
            received: None,
            published: "2026-03-02T12:00:00Z".to_owned(),
            review: None,
            label: None,
            reason: None,
            commit,
        };
        leaf.encode().expect("a leaf").into_bytes()
    }

    fn state(entries: &[Vec<u8>]) -> Checkpoint {
        let mut edge = Edge::default();
        entries.iter().for_each(|entry| edge.push(leaf_hash(entry)));
        Checkpoint { origin: "a.example/log/0".to_owned(), size: edge.size(), root: edge.root() }
    }

    fn push(follower: &mut Follower, entries: &[Vec<u8>]) -> Vec<Flaw> {
        follower.push(&entries.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn what_is_shown_and_what_is_gone_is_known_and_remembered() {
        let log = [
            leaf("publish", "a", None, Some([1; 32])),
            leaf("publish", "b", None, Some([2; 32])),
            leaf("kill", "a", Some(0), None),
        ];
        let mut follower = Follower::default();
        assert_eq!(push(&mut follower, &log[..2]), []);
        assert_eq!(follower.meets(&state(&log[..2])), Ok(()));
        let mut again = Follower::parse(&follower.encode()).expect("what was remembered");
        assert_eq!(again, follower);
        assert_eq!(push(&mut again, &log[2..]), []);
        assert_eq!(again.meets(&state(&log)), Ok(()));
        let killed = Last { shard: 0, index: 2, act: "kill".to_owned(), shown: false };
        assert_eq!(again.item("a"), Some(&killed));
        assert!(again.item("b").is_some_and(|last| last.shown) && again.item("c").is_none());
        assert_eq!(Follower::parse(&again.encode()), Some(again.clone()));
        assert_eq!(Follower::parse(&again.encode().replace("size 3", "size 4")), None);
        assert_eq!(Follower::parse(&again.encode().replace(" gone", " lost")), None);
        // In the next shard an item's first leaf names none before it.
        again.begin_shard();
        assert_eq!(push(&mut again, &[leaf("update", "b", None, Some([3; 32]))]), []);
        assert_eq!(again.items().filter(|(_, last)| last.shard == again.shard()).count(), 1);
    }

    #[test]
    fn a_gap_a_leaf_that_is_none_a_fork_and_a_shrunken_log_are_told() {
        let log = [
            leaf("publish", "a", None, Some([1; 32])),
            leaf("update", "a", None, Some([2; 32])),
            b"nonsense".to_vec(),
        ];
        let mut follower = Follower::default();
        let flaws = push(&mut follower, &log);
        let gap = Flaw::Gap { index: 1, item: "a".to_owned(), says: None, must: Some(0) };
        assert!(flaws.len() == 2 && flaws[0] == gap, "{flaws:?}");
        assert!(matches!(flaws[1], Flaw::Unreadable { index: 2, .. }), "{flaws:?}");
        let size = |size, root| Checkpoint { size, root, ..state(&log) };
        assert_eq!(follower.meets(&size(2, [0; 32])), Err(Break::Shrunk { has: 2, seen: 3 }));
        assert_eq!(follower.meets(&size(3, [0; 32])), Err(Break::Fork { size: 3 }));
        assert_eq!((follower.meets(&state(&log)), follower.meets(&size(4, [0; 32]))), (Ok(()), Ok(())));
    }
}
