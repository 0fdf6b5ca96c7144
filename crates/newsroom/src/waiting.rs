//! What waits for the desk, and what may go before it.
//!
//! The desk takes transmissions in the order in which they became durable. Behind a backlog (a folder filled during an
//! outage, a file of ten thousand items) a fresh story would come late by that, for no reason: its item has nothing to
//! do with what waits. So a short transmission overtakes, if nothing can come out differently for it: it holds plain
//! news only, its feed is known, and no item that it names is named by anything that it would overtake. Whatever that
//! cannot be told of waits its turn. Withdrawals have a lane of their own and are never held up by this.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use news::{AgencyId, ItemClass, PubStatus, Version};

use crate::read::Early;

/// How many items a transmission that overtakes may hold.
const SHORT: usize = 16;
/// Bytes that the desk is through with before anybody would notice the wait.
const SOON: usize = 64 << 10;
/// Of so many bytes at most what was read is kept until the desk comes to it; the rest is read again.
const READ: usize = 8 << 20;
/// How many names are remembered at most; what has more waiting before it overtakes nothing.
const NAMES: usize = 1_000_000;

/// The transmissions in the ordinary lane and the one in hand.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    names: RandomState,
    list: Mutex<List>,
    read: Mutex<Kept>,
}

/// Transmissions that were read while they wait.
#[derive(Debug, Default)]
struct Kept {
    readings: HashMap<u64, (usize, Early)>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct List {
    transmissions: HashMap<u64, Waits>,
    /// How many of them name an item.
    named: HashMap<u64, u32>,
    /// How many of them have not been looked through.
    unknown: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Waits {
    bytes: usize,
    /// The items that it names, by hash; absent as long as nobody has looked.
    names: Option<Vec<u64>>,
}

impl Waiting {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a transmission of so many bytes would wait, or let others wait, long enough to be looked through now.
    pub(crate) fn is_worth_a_look(&self, bytes: usize) -> bool {
        self.list().bytes + bytes > SOON
    }

    /// The items that these versions name, of themselves or of others, by hash.
    pub(crate) fn names_in(&self, agency: &AgencyId, items: &[Version]) -> Vec<u64> {
        let name = |uri: &str| self.names.hash_one((agency, uri));
        let mut names = Vec::with_capacity(items.len());
        for version in items {
            names.push(name(&version.uri));
            names.extend(version.references.iter().map(|reference| name(&reference.uri)));
        }
        names
    }

    /// Whether what names these items may go before all that waits.
    pub(crate) fn lets_pass(&self, names: &[u64]) -> bool {
        let list = self.list();
        list.unknown == 0 && names.iter().all(|name| !list.named.contains_key(name))
    }

    /// What was read of a transmission of so many bytes is kept, if there is room for it.
    pub(crate) fn keep(&self, seq: u64, bytes: usize, early: Early) {
        let kept = &mut *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + bytes <= READ {
            kept.bytes += bytes;
            kept.readings.insert(seq, (bytes, early));
        }
    }

    /// What was read of it, if it is kept.
    pub(crate) fn reading(&self, seq: u64) -> Option<Early> {
        let kept = &mut *self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, early) = kept.readings.remove(&seq)?;
        kept.bytes -= bytes;
        Some(early)
    }

    /// A transmission goes into the ordinary lane; `names` if it was looked through.
    pub(crate) fn add(&self, seq: u64, bytes: usize, names: Option<Vec<u64>>) {
        let list = &mut *self.list();
        list.bytes += bytes;
        list.unknown += 1;
        list.transmissions.insert(seq, Waits { bytes, names: None });
        list.learn(seq, names);
    }

    /// A transmission that waits, or is in hand, was looked through.
    pub(crate) fn learn(&self, seq: u64, names: Vec<u64>) {
        self.list().learn(seq, Some(names));
    }

    /// Whether it was not looked through yet.
    pub(crate) fn is_unknown(&self, seq: u64) -> bool {
        self.list().transmissions.get(&seq).is_some_and(|waits| waits.names.is_none())
    }

    /// The desk is through with it.
    pub(crate) fn remove(&self, seq: u64) {
        let list = &mut *self.list();
        let Some(Waits { bytes, names }) = list.transmissions.remove(&seq) else { return };
        list.bytes -= bytes;
        let Some(names) = names else {
            list.unknown -= 1;
            return;
        };
        for name in names {
            if let Some(count) = list.named.get_mut(&name) {
                *count -= 1;
                if *count == 0 {
                    list.named.remove(&name);
                }
            }
        }
    }
}

impl List {
    fn learn(&mut self, seq: u64, names: Option<Vec<u64>>) {
        let Some(names) = names.filter(|names| self.named.len() + names.len() <= NAMES) else { return };
        let Some(waits) = self.transmissions.get_mut(&seq).filter(|waits| waits.names.is_none()) else {
            return;
        };
        for name in &names {
            *self.named.entry(*name).or_default() += 1;
        }
        waits.names = Some(names);
        self.unknown -= 1;
    }
}

/// Whether a transmission with these items is short and plain: stories that are usable now and ask for nothing else.
pub(crate) fn is_plain(items: &[Version]) -> bool {
    (1..=SHORT).contains(&items.len())
        && items.iter().all(|version| {
            version.status == PubStatus::Usable
                && version.class == ItemClass::Text
                && version.signals.is_empty()
                && version.references.is_empty()
                && desk::kill_text::classify(version).is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency(id: &str) -> AgencyId {
        AgencyId::new(id)
    }

    #[test]
    fn nothing_overtakes_what_names_the_same_item() {
        let waiting = Waiting::default();
        let names = |uri: &str| waiting.names_in(&agency("agx"), &[Version::new(uri)]);
        waiting.add(1, 10, Some(names("a")));
        waiting.add(2, 10, Some(names("a")));
        assert!(!waiting.lets_pass(&names("a")));
        assert!(waiting.lets_pass(&names("b")));
        assert!(waiting.lets_pass(&waiting.names_in(&agency("agy"), &[Version::new("a")])));
        waiting.remove(1);
        assert!(!waiting.lets_pass(&names("a")), "the second still waits");
        waiting.remove(2);
        assert!(waiting.lets_pass(&names("a")));
    }

    #[test]
    fn nothing_overtakes_what_nobody_has_looked_through() {
        let waiting = Waiting::default();
        let names = |uri: &str| waiting.names_in(&agency("agx"), &[Version::new(uri)]);
        waiting.add(1, 10, None);
        assert!(waiting.is_unknown(1) && !waiting.lets_pass(&names("b")));
        waiting.learn(1, names("a"));
        assert!(!waiting.is_unknown(1) && waiting.lets_pass(&names("b")) && !waiting.lets_pass(&names("a")));
        waiting.add(2, 10, None);
        waiting.remove(2);
        waiting.remove(7);
        assert!(waiting.lets_pass(&names("b")));
    }

    #[test]
    fn what_was_read_is_kept_as_far_as_there_is_room_and_given_out_once() {
        let waiting = Waiting::default();
        let early = || crate::read::attempt(b"", &wire::Hints::default());
        waiting.keep(1, READ / 2, early());
        waiting.keep(2, READ, early());
        assert!(waiting.reading(2).is_none(), "there was no room");
        assert!(waiting.reading(1).is_some() && waiting.reading(1).is_none());
        waiting.keep(3, READ, early());
        assert!(waiting.reading(3).is_some(), "there is room again");
    }

    #[test]
    fn only_short_and_plain_news_overtakes() {
        let plain = Version::new("a");
        let mut killed = plain.clone();
        killed.status = PubStatus::Canceled;
        let mut advisory = plain.clone();
        advisory.class = ItemClass::Advisory("daybook".into());
        for (items, expect) in [
            (vec![plain.clone()], true),
            (vec![plain.clone(); SHORT], true),
            (vec![plain.clone(); SHORT + 1], false),
            (vec![], false),
            (vec![plain.clone(), killed], false),
            (vec![advisory], false),
        ] {
            assert_eq!(is_plain(&items), expect, "{} items", items.len());
        }
    }
}
