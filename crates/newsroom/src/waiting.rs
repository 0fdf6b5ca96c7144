//! What waits for the desk, and what may go before it.
//!
//! The desk takes transmissions in the order in which they became durable. Behind a backlog (a folder filled during an
//! outage, a file of ten thousand items) a fresh story would come late by that, for no reason: its item has nothing to
//! do with what waits. So a short transmission overtakes, if nothing can come out differently for it: its feed is known, no
//! item that it names is named by anything that it would overtake, and none of its words withdraw what they only describe.
//! Whatever that cannot be told of waits its turn; what it withdraws is off all the same from the moment when it was looked
//! through.
//!
//! What is too old to be news by itself, an archive that comes again, can wait: it overtakes nothing, and is overtaken by
//! longer ones.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use news::{AgencyId, FeedId, Version};

use crate::decide;
use crate::read::Early;

/// How many items a transmission that overtakes may hold.
const SHORT: usize = 16;
/// How many, if all that it overtakes can wait: as many as a feed that is polled may list.
const LISTED: usize = 256;
/// Bytes that the desk is through with before anybody would notice the wait.
const SOON: usize = 64 << 10;
/// Of so many bytes at most what was read is kept until the desk comes to it; the rest is read again.
const READ: usize = 8 << 20;
/// So many transmissions, or items that they name, may wait (roughly 200 and 40 bytes each) until no backlog is let in
/// beyond them.
const CROWD: usize = 400_000;
const MANY: usize = 3_000_000;
/// A feed of which fewer wait, transmissions and names together, is none with a backlog.
const FEW: usize = 10_000;
/// How many names are remembered at most; what has more waiting before it overtakes nothing.
const NAMES: usize = 3_600_000;

/// The transmissions in the desk's tray and the one in hand.
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
    /// How many of them came on a feed, together with the names in them.
    of_feeds: HashMap<FeedId, usize>,
    /// How many of them name an item.
    named: HashMap<u64, u32>,
    /// How many of them are known to be in no hurry.
    patient: usize,
    /// How many of them go before the others.
    passing: usize,
    /// How many of them have not been looked through.
    unknown: usize,
    bytes: usize,
}

#[derive(Debug)]
struct Waits {
    feed: FeedId,
    bytes: usize,
    /// What was seen in it; absent as long as nobody has looked, or could remember.
    seen: Option<Seen>,
}

/// Why a transmission is, or is not, in a hurry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hurry {
    /// Some of it may be news.
    News,
    /// What it withdraws is off already, the rest is old.
    Withdrawn,
    /// All of it is too old to be news by itself.
    Old,
}

/// What was seen of a transmission that waits.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The items that it names, by hash.
    names: Vec<u64>,
    /// None of it is in a hurry.
    can_wait: bool,
    /// How many items it holds, if some are not old and what is decided about them can concern those alone that they name.
    plain: Option<usize>,
    /// It goes before the others.
    passes: bool,
}

impl Waiting {
    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a transmission of so many bytes would wait, or let others wait, long enough to be looked through now.
    pub(crate) fn is_worth_a_look(&self, bytes: usize) -> bool {
        self.list().bytes + bytes > SOON
    }

    /// Whether another of this feed may wait. Where too much waits already, only if it is not the feed that made it so.
    pub(crate) fn has_room(&self, feed: &FeedId) -> bool {
        let list = self.list();
        let waits = list.transmissions.len();
        let few = list.of_feeds.get(feed).is_none_or(|count| *count < FEW);
        !list.fills(CROWD, MANY) || few && waits < 2 * CROWD && list.named.len() < NAMES
    }

    /// Whether what waits is near what may wait: then somebody may be turned away.
    pub(crate) fn is_crowded(&self) -> bool {
        self.list().fills(CROWD / 4 * 3, MANY / 4 * 3)
    }

    /// Whether all that waits, and what is in hand, was looked through and can wait.
    pub(crate) fn all_can_wait(&self) -> bool {
        let list = self.list();
        list.patient == list.transmissions.len()
    }

    /// Whether this one, which waits or is in hand, was looked through and can wait.
    pub(crate) fn can_wait(&self, seq: u64) -> bool {
        let list = self.list();
        list.transmissions.get(&seq).and_then(|waits| waits.seen.as_ref()).is_some_and(|seen| seen.can_wait)
    }

    /// What is to be seen in these versions. `hurry` says how far they can wait.
    pub(crate) fn see(&self, agency: &AgencyId, items: &[Version], hurry: Hurry) -> Seen {
        let plain = (hurry != Hurry::Old && are_plain(items)).then_some(items.len());
        let can_wait = hurry != Hurry::News;
        Seen { names: self.names_in(agency, items), can_wait, plain, passes: false }
    }

    /// The items that these versions name, of themselves or of others, by hash.
    fn names_in(&self, agency: &AgencyId, items: &[Version]) -> Vec<u64> {
        // Half of it would not do: of three million names one in a thousand others would be taken for one of them.
        let name = |uri: &str| self.names.hash_one((agency, uri));
        let mut names = Vec::with_capacity(items.len());
        for version in items {
            names.push(name(&version.uri));
            names.extend(version.references.iter().map(|reference| name(&reference.uri)));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether one that was looked through may go before the others; from then on nothing passes it that names the same.
    pub(crate) fn lets_pass(&self, seq: u64) -> bool {
        let list = &mut *self.list();
        let (all, patient, passing) = (list.transmissions.len(), list.patient, list.passing);
        let Some(seen) = list.transmissions.get_mut(&seq).and_then(|waits| waits.seen.as_mut()) else {
            return false;
        };
        let others_wait = patient - usize::from(seen.can_wait) + passing + 1 == all;
        let may_hold = if others_wait { LISTED } else { SHORT };
        // It names them itself.
        let alone = |name| list.named.get(name).is_some_and(|count| *count == 1);
        seen.passes = list.unknown == 0
            && seen.plain.is_some_and(|items| (1..=may_hold).contains(&items))
            && seen.names.iter().all(alone);
        if seen.passes {
            list.passing += 1;
            list.patient -= usize::from(std::mem::take(&mut seen.can_wait));
        }
        seen.passes
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

    /// A transmission goes into the tray; with what was seen of it, if it was looked through.
    pub(crate) fn add(&self, seq: u64, feed: &FeedId, bytes: usize, seen: Option<Seen>) {
        let list = &mut *self.list();
        list.bytes += bytes;
        list.unknown += 1;
        *list.of_feeds.entry(feed.clone()).or_default() += 1;
        list.transmissions.insert(seq, Waits { feed: feed.clone(), bytes, seen: None });
        list.learn(seq, seen);
    }

    /// A transmission that waits, or is in hand, was looked through.
    pub(crate) fn learn(&self, seq: u64, seen: Seen) {
        self.list().learn(seq, Some(seen));
    }

    /// Whether it was not looked through yet.
    pub(crate) fn is_unknown(&self, seq: u64) -> bool {
        self.list().transmissions.get(&seq).is_some_and(|waits| waits.seen.is_none())
    }

    /// The desk is through with it.
    pub(crate) fn remove(&self, seq: u64) {
        let list = &mut *self.list();
        let Some(Waits { feed, bytes, seen }) = list.transmissions.remove(&seq) else { return };
        list.bytes -= bytes;
        if let Some(count) = list.of_feeds.get_mut(&feed) {
            *count -= 1 + seen.as_ref().map_or(0, |seen| seen.names.len());
            if *count == 0 {
                list.of_feeds.remove(&feed);
            }
        }
        let Some(Seen { names, can_wait, passes, plain: _ }) = seen else {
            list.unknown -= 1;
            return;
        };
        list.patient -= usize::from(can_wait);
        list.passing -= usize::from(passes);
        for name in names {
            if let Some(count) = list.named.get_mut(&name) {
                *count -= 1;
                if *count == 0 {
                    list.named.remove(&name);
                }
            }
        }
        if list.transmissions.is_empty() {
            list.named.shrink_to(FEW);
            list.transmissions.shrink_to(FEW);
        }
    }
}

impl List {
    fn fills(&self, crowd: usize, many: usize) -> bool {
        self.transmissions.len() >= crowd || self.named.len() >= many
    }

    fn learn(&mut self, seq: u64, seen: Option<Seen>) {
        let room = NAMES.saturating_sub(self.named.len());
        let Some(seen) = seen.filter(|seen| seen.names.len() <= room) else { return };
        let Some(waits) = self.transmissions.get_mut(&seq).filter(|waits| waits.seen.is_none()) else {
            return;
        };
        for name in &seen.names {
            *self.named.entry(*name).or_default() += 1;
        }
        *self.of_feeds.entry(waits.feed.clone()).or_default() += seen.names.len();
        self.patient += usize::from(seen.can_wait);
        self.unknown -= 1;
        waits.seen = Some(seen);
    }
}

/// Whether what is decided about these can concern no item that they do not name.
fn are_plain(items: &[Version]) -> bool {
    items.len() <= LISTED && !items.iter().any(decide::withdraws_by_words)
}

#[cfg(test)]
mod tests {
    use news::{PubStatus, Reference, Relation};

    use super::*;

    fn agency(id: &str) -> AgencyId {
        AgencyId::new(id)
    }

    fn feed() -> FeedId {
        FeedId::from("world")
    }

    /// What is seen in so many items, of which the last bears this uri.
    fn seen(waiting: &Waiting, agency_id: &str, uri: &str, items: usize, hurry: Hurry) -> Seen {
        let mut versions: Vec<Version> =
            (1..items).map(|n| Version::new(format!("{uri}/{n}").as_str())).collect();
        versions.push(Version::new(uri));
        waiting.see(&agency(agency_id), &versions, hurry)
    }

    /// Whether such a transmission passes what waits.
    fn passes(waiting: &Waiting, seen: Seen) -> bool {
        waiting.add(99, &feed(), 10, Some(seen));
        let passes = waiting.lets_pass(99);
        waiting.remove(99);
        passes
    }

    #[test]
    fn nothing_overtakes_what_names_the_same_item() {
        let waiting = Waiting::default();
        let one = |agency: &str, uri: &str| seen(&waiting, agency, uri, 1, Hurry::News);
        waiting.add(1, &feed(), 10, Some(one("agx", "a")));
        waiting.add(2, &feed(), 10, Some(one("agx", "a")));
        assert!(!passes(&waiting, one("agx", "a")));
        assert!(passes(&waiting, one("agx", "b")) && passes(&waiting, one("agy", "a")));
        waiting.remove(1);
        assert!(!passes(&waiting, one("agx", "a")), "the second still waits");
        waiting.remove(2);
        assert!(passes(&waiting, one("agx", "a")));
        let twice = [Version::new("a"), Version::new("a")];
        assert!(passes(&waiting, waiting.see(&agency("agx"), &twice, Hurry::News)), "it names it itself");
    }

    #[test]
    fn what_passes_is_passed_by_nothing_that_names_the_same() {
        let waiting = Waiting::default();
        waiting.add(1, &feed(), 10, Some(seen(&waiting, "agx", "a", 1, Hurry::News)));
        assert!(waiting.lets_pass(1));
        assert!(!passes(&waiting, seen(&waiting, "agx", "a", 1, Hurry::News)));
    }

    #[test]
    fn nothing_overtakes_what_nobody_has_looked_through() {
        let waiting = Waiting::default();
        let one = |uri: &str| seen(&waiting, "agx", uri, 1, Hurry::News);
        waiting.add(1, &feed(), 10, None);
        assert!(waiting.is_unknown(1) && !passes(&waiting, one("b")));
        waiting.learn(1, one("a"));
        assert!(!waiting.is_unknown(1) && passes(&waiting, one("b")) && !passes(&waiting, one("a")));
        waiting.add(2, &feed(), 10, None);
        waiting.remove(2);
        waiting.remove(7);
        assert!(passes(&waiting, one("b")));
    }

    #[test]
    fn an_archive_overtakes_nothing_and_is_overtaken_by_what_a_feed_lists() {
        let waiting = Waiting::default();
        let check = |items: usize, hurry: Hurry, expect: bool| {
            let passes = passes(&waiting, seen(&waiting, "agx", "fresh", items, hurry));
            assert_eq!(passes, expect, "{items} items");
        };
        waiting.add(1, &feed(), 10, Some(seen(&waiting, "agx", "old", 1_000, Hurry::Old)));
        check(1, Hurry::Old, false);
        check(1, Hurry::Withdrawn, true);
        check(LISTED, Hurry::News, true);
        check(LISTED + 1, Hurry::News, false);
        waiting.add(2, &feed(), 10, Some(seen(&waiting, "agx", "passes", LISTED, Hurry::News)));
        assert!(waiting.lets_pass(2));
        check(LISTED, Hurry::News, true);
        waiting.add(3, &feed(), 10, Some(seen(&waiting, "agx", "news", 1_000, Hurry::News)));
        check(SHORT + 1, Hurry::News, false);
        check(SHORT, Hurry::News, true);
        [2, 3].into_iter().for_each(|seq| waiting.remove(seq));
        check(LISTED, Hurry::News, true);
    }

    #[test]
    fn one_that_may_be_news_or_that_nobody_has_looked_through_makes_all_of_it_news() {
        let waiting = Waiting::default();
        let seen = |hurry| Some(seen(&waiting, "agx", "a", 1, hurry));
        assert!(waiting.all_can_wait());
        waiting.add(1, &feed(), 10, seen(Hurry::Old));
        waiting.add(2, &feed(), 10, seen(Hurry::Old));
        assert!(waiting.all_can_wait() && waiting.can_wait(1) && !waiting.can_wait(3));
        for (seq, seen) in [(3, seen(Hurry::News)), (4, None)] {
            waiting.add(seq, &feed(), 10, seen);
            assert!(!waiting.all_can_wait() && !waiting.can_wait(seq));
            waiting.remove(seq);
            assert!(waiting.all_can_wait());
        }
    }

    #[test]
    fn more_names_than_can_be_remembered_let_nothing_pass() {
        let waiting = Waiting::default();
        let old = |count: u64| Seen { names: (0..count).collect(), can_wait: true, ..Seen::default() };
        let fresh = || seen(&waiting, "agx", "fresh", 1, Hurry::News);
        waiting.add(1, &feed(), 10, Some(old(3_599_999)));
        assert!(passes(&waiting, fresh()));
        let two = || seen(&waiting, "agx", "two", 2, Hurry::Old);
        waiting.add(2, &feed(), 10, Some(two()));
        assert!(!passes(&waiting, fresh()) && !waiting.all_can_wait());
        waiting.remove(1);
        waiting.learn(2, two());
        assert!(passes(&waiting, fresh()) && waiting.all_can_wait());
    }

    #[test]
    fn a_backlog_shuts_out_nobody_but_itself() {
        let waiting = Waiting::default();
        let other = FeedId::from("other");
        let fill =
            |from: usize, to: usize| (from..to).for_each(|seq| waiting.add(seq as u64, &feed(), 1, None));
        fill(0, CROWD - 1);
        assert!(waiting.has_room(&feed()) && waiting.is_crowded());
        fill(CROWD - 1, CROWD);
        assert!(!waiting.has_room(&feed()) && waiting.has_room(&other));
        fill(CROWD, 2 * CROWD);
        assert!(!waiting.has_room(&other), "there is an end to it");
        (0..2 * CROWD).for_each(|seq| waiting.remove(seq as u64));
        assert!(waiting.has_room(&feed()) && !waiting.is_crowded());
        let names = |from: u64, to: u64| {
            Some(Seen { names: (from..to).collect(), can_wait: true, ..Seen::default() })
        };
        waiting.add(0, &feed(), 1, names(0, 2_999_999));
        assert!(waiting.has_room(&feed()));
        waiting.add(1, &feed(), 1, names(2_999_999, 3_000_000));
        assert!(!waiting.has_room(&feed()) && waiting.has_room(&other));
        waiting.add(2, &other, 1, names(3_000_000, 3_600_000));
        assert!(!waiting.has_room(&FeedId::from("third")), "there is an end to it");
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
    fn what_withdraws_by_its_words_alone_overtakes_nothing() {
        let plain = Version::new("a");
        let mut killed = plain.clone();
        killed.status = PubStatus::Canceled;
        let mut killing = plain.clone();
        killing.references.push(Reference {
            relation: Relation::Kills,
            uri: "b".into(),
            version: None,
            when: None,
            raw: String::new(),
        });
        let mut notice = plain.clone();
        notice.slugline = Some("KILL KILL KILL".into());
        for (items, expect) in [
            (vec![plain.clone()], true),
            (vec![plain.clone(), killed, killing], true),
            (vec![], false),
            (vec![plain, notice], false),
        ] {
            let waiting = Waiting::default();
            assert_eq!(
                passes(&waiting, waiting.see(&agency("agx"), &items, Hurry::News)),
                expect,
                "{items:?}"
            );
        }
    }
}
