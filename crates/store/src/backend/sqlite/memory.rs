//! What lists and feeds show of live versions, kept in memory once it was read and verified: a list of a thousand
//! headlines and six feeds of fifty stories are asked for at every kill, and unpacking and hashing a thousand stories takes
//! a fifth of a second. What is to be listed next is kept as it is recorded.
//!
//! What is kept never changes, as a version's words and its ruling never do; it goes when the words are erased. Nothing
//! enters that was read before the last erasure, which may have been of it.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use news::{BlockKind, FeedId, ItemKey, ReviewState};

use crate::{Ruled, Words};

/// A version in a list.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) key: ItemKey,
    pub(super) headline: Option<String>,
    pub(super) summary: Option<String>,
    pub(super) language: Option<String>,
    pub(super) review: ReviewState,
    pub(super) feed: FeedId,
}

impl Head {
    pub(super) fn of(words: &Words, ruled: &Ruled) -> Self {
        let Words { key, version, .. } = words;
        Self {
            key: key.clone(),
            headline: version.copy.headline().map(str::to_owned),
            summary: version.copy.texts(BlockKind::P).next().map(str::to_owned),
            language: version.language.clone(),
            review: ruled.review,
            feed: ruled.feed.clone(),
        }
    }
}

/// A version by the item's row, its ordinal and the journal entry that rules on it.
pub(super) type Place = (i64, u32, u64);

/// What can be kept.
pub(super) trait Keepable {
    /// So many are kept.
    const MOST: usize;

    /// Whose words it shows.
    fn item(&self) -> &ItemKey;

    /// Whether it is so long that it is read anew each time.
    fn is_long(&self) -> bool;
}

impl Keepable for Head {
    /// What a site lists at one time is a few thousand at most.
    const MOST: usize = 4_096;

    fn item(&self) -> &ItemKey {
        &self.key
    }

    fn is_long(&self) -> bool {
        let long = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        long(&self.headline) + long(&self.summary) > 4_096
    }
}

impl Keepable for Words {
    /// What the feeds of a site show at one time, and of its sections.
    const MOST: usize = 256;

    fn item(&self) -> &ItemKey {
        &self.key
    }

    fn is_long(&self) -> bool {
        self.version.copy.blocks().iter().map(|block| block.text().len()).sum::<usize>() > 32_768
    }
}

#[derive(Debug)]
struct Kept<K, V> {
    all: HashMap<K, Arc<V>>,
    /// In the order in which they came.
    order: VecDeque<K>,
    erasures: u64,
}

/// The kept heads, or the kept words, of a store.
#[derive(Debug)]
pub(super) struct Shelf<K, V>(Mutex<Kept<K, V>>);

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Kept { all: HashMap::new(), order: VecDeque::new(), erasures: 0 }))
    }
}

/// The erasures before a reading began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Erasures(u64);

impl<K: Clone + Eq + Hash, V: Keepable> Shelf<K, V> {
    fn kept(&self) -> MutexGuard<'_, Kept<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.kept().all.len()
    }

    /// To be taken before anything is read that is to be kept.
    pub(super) fn erasures(&self) -> Erasures {
        Erasures(self.kept().erasures)
    }

    pub(super) fn get(&self, key: &K) -> Option<Arc<V>> {
        self.kept().all.get(key).cloned()
    }

    /// Keeps what was read, if nothing was erased since the reading began.
    pub(super) fn keep(&self, key: K, one: &Arc<V>, begun: Erasures) {
        if one.is_long() {
            return;
        }
        let mut kept = self.kept();
        if kept.erasures != begun.0 || kept.all.insert(key.clone(), Arc::clone(one)).is_some() {
            return;
        }
        kept.order.push_back(key);
        if kept.order.len() > V::MOST
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.all.remove(&oldest);
        }
    }

    /// The words of these items are erased.
    pub(super) fn forget(&self, erased: &[&ItemKey]) {
        let mut kept = self.kept();
        kept.erasures += 1;
        let Kept { all, order, .. } = &mut *kept;
        all.retain(|_, one| !erased.contains(&one.item()));
        order.retain(|key| all.contains_key(key));
    }

    /// Items may have other rows from now on.
    pub(super) fn forget_all(&self) {
        let mut kept = self.kept();
        let erasures = kept.erasures + 1;
        *kept = Kept { all: HashMap::new(), order: VecDeque::new(), erasures };
    }
}

/// What a store keeps in memory for readers.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) heads: Shelf<Place, Head>,
    pub(super) words: Shelf<(ItemKey, u32), Words>,
}

impl Memory {
    /// These versions were recorded, and are live.
    pub(super) fn keep(&self, heads: Vec<(Place, Head)>, begun: Erasures) {
        for (place, head) in heads {
            self.heads.keep(place, &Arc::new(head), begun);
        }
    }

    /// The words of these items are erased.
    pub(super) fn forget(&self, erased: &[&ItemKey]) {
        self.heads.forget(erased);
        self.words.forget(erased);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(uri: &str) -> Arc<Head> {
        Arc::new(Head {
            key: ItemKey { agency: "agx".into(), uri: uri.to_owned() },
            headline: Some(format!("Headline of {uri}")),
            summary: None,
            language: None,
            review: ReviewState::Unreviewed,
            feed: "agx-world".into(),
        })
    }

    #[test]
    fn what_is_erased_is_not_kept_and_does_not_come_back() {
        let heads = Shelf::<Place, Head>::default();
        let (one, other) = (head("one"), head("other"));
        let begun = heads.erasures();
        heads.keep((1, 1, 1), &one, begun);
        heads.keep((2, 1, 2), &other, begun);
        heads.forget(&[&one.key]);
        assert!(heads.get(&(1, 1, 1)).is_none());
        assert!(heads.get(&(2, 1, 2)).is_some());
        heads.keep((1, 1, 1), &one, begun);
        assert!(heads.get(&(1, 1, 1)).is_none(), "it was read before the erasure");
        heads.keep((3, 1, 3), &head("third"), heads.erasures());
        assert!(heads.get(&(3, 1, 3)).is_some());
    }

    #[test]
    fn the_oldest_go_first() {
        let heads = Shelf::<Place, Head>::default();
        let begun = heads.erasures();
        for row in 0..Head::MOST as i64 + 10 {
            heads.keep((row, 1, 1), &head("story"), begun);
        }
        assert!(heads.get(&(9, 1, 1)).is_none());
        assert!(heads.get(&(10, 1, 1)).is_some());
        assert_eq!(heads.kept().all.len(), Head::MOST);
        assert_eq!(heads.kept().order.len(), Head::MOST);
        heads.forget_all();
        assert!(heads.get(&(10, 1, 1)).is_none());
    }
}
