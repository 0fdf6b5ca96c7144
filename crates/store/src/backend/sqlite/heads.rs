//! What lists show of live versions, kept in memory once it was read and verified: a list of a thousand headlines is
//! asked for at every kill, and unpacking and hashing a thousand stories takes a fifth of a second.
//!
//! What is kept never changes, as a version's words and its ruling never do; it goes when the words are erased. Nothing
//! enters that was read before the last erasure, which may have been of it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use news::{FeedId, ItemKey, ReviewState};

/// So many are kept; what a site lists at one time is a few thousand at most.
const MOST: usize = 4_096;
/// Longer headlines and first paragraphs than this, in bytes, are read anew each time.
const LONGEST: usize = 4_096;

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

/// A version by the item's row, its ordinal and the journal entry that rules on it.
pub(super) type Place = (i64, u32, u64);

#[derive(Debug, Default)]
struct Kept {
    heads: HashMap<Place, Arc<Head>>,
    /// In the order in which they came.
    order: VecDeque<Place>,
    erasures: u64,
}

/// The kept heads of a store.
#[derive(Debug, Default)]
pub(super) struct Heads(Mutex<Kept>);

/// The erasures before a reading began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Erasures(u64);

impl Heads {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.kept().heads.len()
    }

    /// To be taken before anything is read that is to be kept.
    pub(super) fn erasures(&self) -> Erasures {
        Erasures(self.kept().erasures)
    }

    pub(super) fn get(&self, place: Place) -> Option<Arc<Head>> {
        self.kept().heads.get(&place).cloned()
    }

    /// Keeps what was read, if nothing was erased since the reading began.
    pub(super) fn keep(&self, place: Place, head: &Arc<Head>, begun: Erasures) {
        let long = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        if long(&head.headline) + long(&head.summary) > LONGEST {
            return;
        }
        let mut kept = self.kept();
        if kept.erasures != begun.0 || kept.heads.insert(place, Arc::clone(head)).is_some() {
            return;
        }
        kept.order.push_back(place);
        if kept.order.len() > MOST
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.heads.remove(&oldest);
        }
    }

    /// The words of these items are erased.
    pub(super) fn forget(&self, erased: &[&ItemKey]) {
        let mut kept = self.kept();
        kept.erasures += 1;
        let Kept { heads, order, .. } = &mut *kept;
        heads.retain(|_, head| !erased.contains(&&head.key));
        order.retain(|place| heads.contains_key(place));
    }

    /// Items may have other rows from now on.
    pub(super) fn forget_all(&self) {
        let mut kept = self.kept();
        let erasures = kept.erasures + 1;
        *kept = Kept { erasures, ..Kept::default() };
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
        let heads = Heads::default();
        let (one, other) = (head("one"), head("other"));
        let begun = heads.erasures();
        heads.keep((1, 1, 1), &one, begun);
        heads.keep((2, 1, 2), &other, begun);
        heads.forget(&[&one.key]);
        assert!(heads.get((1, 1, 1)).is_none());
        assert!(heads.get((2, 1, 2)).is_some());
        heads.keep((1, 1, 1), &one, begun);
        assert!(heads.get((1, 1, 1)).is_none(), "it was read before the erasure");
        heads.keep((3, 1, 3), &head("third"), heads.erasures());
        assert!(heads.get((3, 1, 3)).is_some());
    }

    #[test]
    fn the_oldest_go_first() {
        let heads = Heads::default();
        let begun = heads.erasures();
        for row in 0..MOST as i64 + 10 {
            heads.keep((row, 1, 1), &head("story"), begun);
        }
        assert!(heads.get((9, 1, 1)).is_none());
        assert!(heads.get((10, 1, 1)).is_some());
        assert_eq!(heads.kept().heads.len(), MOST);
        assert_eq!(heads.kept().order.len(), MOST);
        heads.forget_all();
        assert!(heads.get((10, 1, 1)).is_none());
    }
}
