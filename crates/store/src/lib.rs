//! Archive, vault, journal and index: what is kept, and in what order it becomes durable.
//!
//! Three things are ground state. The **archive** holds raw transmissions; the **vault** holds the words of each
//! version with what opens its commitment, and forgets item by item; the **journal** holds facts for ever, never
//! words. The **index** is derived from them: [`Journal::rebuild`] makes it again, without a rule, clock or random
//! number.
//!
//! The traits here are small, and their doc comments are the contract that the suite in `contract` (a feature) holds a backend
//! to.
//! [`Store`] is the embedded backend: one SQLite file with a write-ahead log that is synced at every commit.
//! Everything is synchronous; callers bring their own threads, and [`group`] lets many of them share one sync.
//!
//! **Never here:** rulings, formats, a clock, randomness.

mod archived;
mod backend;
mod codec;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod error;
mod fact;
#[cfg(feature = "faults")]
pub mod faults;
pub mod group;
mod kills;
mod lock;
mod log_files;
mod rows;

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use news::{AgencyId, FeedId, ItemId, ItemKey, ItemStanding, SiteId, Transmission, TransmissionId};

pub use archived::Archived;
pub use backend::sqlite::{SealKey, Store, restore};
pub use error::{OpenStoreError, StoreError};
pub use fact::{
    Committed, ComplaintRow, Entry, Fact, LeafDraft, LeafRow, Moved, OutputRow, Placement, Prepared,
    Revision, RoutedRow, Ruled, Terms, Words,
};
pub use kills::{KillFile, KillRecord};
pub use log_files::{LastWord, LastWordError, TILE, TileFile, write_whole};
pub use rows::{
    BackupReport, Candidate, ComplaintLine, FeedHealth, HeldLine, KilledLine, Kin, LeafAt, LeafLine, Line,
    LivePlace, LogSize, NoteLine, Peer, RebuildReport, ReceiptRow, RulingLine, Says, StoryRow, VersionRow,
};

/// Does a write that is to be durable. Only a simulation ever comes between.
#[cfg(not(feature = "faults"))]
fn meet<T, E>(write: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    write()
}
#[cfg(feature = "faults")]
use faults::meet;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read and write. One process at a time; the store is created if there is none.
    Write,
    /// To read only, also beside a process that writes. Every writing call is refused.
    Read,
}

/// The archive: raw transmissions, for as long as the feed's contract allows.
///
/// The same body twice costs one row; a body that shares most of its bytes with an earlier one costs what is new.
pub trait Archive: Send + Sync {
    /// Makes transmissions durable, all or none: one transaction, one sync. What comes back, in the same order,
    /// may be acknowledged.
    ///
    /// # Errors
    /// [`StoreError::Full`] if the disk is full, [`StoreError::Refused`] if an id is already taken: nothing is
    /// kept then. [`StoreError::Fatal`]: stop acknowledging.
    fn keep(&self, batch: Vec<Transmission>) -> Result<Vec<Archived>, StoreError>;

    /// At most `limit` transmissions that no [`Fact::Read`] names yet, in the order they became durable; fewer where
    /// they would be more than 64 MiB together, but at least one if there is one. One whose bytes are damaged is
    /// passed over and said in the log; [`Journal::verify`] names it.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn unread(&self, limit: usize) -> Result<Vec<Archived>, StoreError>;

    /// The same, but only those that became durable after the transmission with this place in the order.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn unread_after(&self, seq: u64, limit: usize) -> Result<Vec<Archived>, StoreError>;

    /// One transmission, its bytes verified against their digests.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming the damaged piece.
    fn fetch(&self, id: TransmissionId) -> Result<Option<Archived>, StoreError>;

    /// The first item of an unread transmission that is not ruled upon yet, from [`Fact::Progress`]; 0 at first.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn progress(&self, id: TransmissionId) -> Result<u32, StoreError>;

    /// The feeds of which transmissions are kept, also those that are no longer configured.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn feeds(&self) -> Result<Vec<FeedId>, StoreError>;

    /// Forgets the transmissions of a feed that arrived before an instant and were read. Returns how many.
    ///
    /// # Errors
    /// As [`Archive::keep`].
    fn purge(&self, feed: &FeedId, before: Timestamp) -> Result<u64, StoreError>;

    /// Erases a range of bytes for good, here and wherever the same stretch of bytes was archived; what stands
    /// beside it stays and remains verifiable. The digest of the whole is kept as a fact. Erasing twice is no error.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if there is no such transmission or the range reaches beyond its end.
    fn erase(&self, id: TransmissionId, range: Range<u64>) -> Result<(), StoreError>;
}

/// The journal: the ordered record of everything that happened.
pub trait Journal: Send + Sync {
    /// Records entries in this order, all or none, in one transaction with one sync: journal rows, words, leaves
    /// and index. This is the commit point of step 6.
    ///
    /// An item that is no longer live leaves the search; one that is killed loses all its words, salts and
    /// disclosures, and words that come with the kill itself are not kept.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if an entry contradicts the record: a version's ordinal is taken, words do not have
    /// the hash that the fact states, an item would go live whose words are not in the vault, a placement gives an
    /// item a second identifier on a site. Nothing is recorded then. [`StoreError::Fatal`]: stop acknowledging.
    fn record(&self, batch: Vec<Entry>) -> Result<Vec<Committed>, StoreError> {
        let batch = batch.into_iter().map(Entry::prepare).collect::<Result<Vec<_>, _>>();
        let batch = batch.map_err(|error| error.while_doing("recording in the journal"))?;
        self.record_prepared(&batch.iter().collect::<Vec<_>>())
    }

    /// The same for entries that are ready.
    ///
    /// # Errors
    /// As [`Journal::record`].
    fn record_prepared(&self, batch: &[&Prepared]) -> Result<Vec<Committed>, StoreError>;

    /// Calls `f` with every entry from `from` on (1 is the first), in order, each verified against the chain.
    ///
    /// # Errors
    /// What `f` returns, or [`StoreError::Damaged`] naming the first entry that breaks the chain.
    fn replay(
        &self,
        from: u64,
        f: &mut dyn FnMut(u64, Timestamp, &Fact) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// The entries from `from` on, as [`Journal::replay`] tells them, each with what it was given, but a few hundred at most;
    /// none behind the end.
    ///
    /// # Errors
    /// As [`Journal::replay`].
    fn entries(&self, from: u64) -> Result<Vec<(Fact, Committed)>, StoreError>;

    /// Drops the index and derives it again from the journal, by the code that [`Journal::record`] uses. Archive
    /// and vault stay untouched. All or nothing.
    ///
    /// # Errors
    /// As [`Journal::replay`] and [`Journal::record`].
    fn rebuild(&self) -> Result<RebuildReport, StoreError>;

    /// Reads everything and checks it: the database's own structure, the chain of the journal, every version in the
    /// vault against its hashes, every piece of the archive against its digest, the index against the journal, and
    /// the kill file.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming the first damage.
    fn verify(&self) -> Result<(), StoreError>;
}

/// The vault: the words of each version.
pub trait Vault: Send + Sync {
    /// The words of one version, verified: copy hash and every other byte. None if they were never here or are
    /// erased.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming the version; damaged words are never given out.
    fn words(&self, key: &ItemKey, n: u32) -> Result<Option<Words>, StoreError>;

    /// The same for what many ask for at one time, as feeds do: the last few hundred stay in memory until they are
    /// killed or erased.
    ///
    /// # Errors
    /// As above; what is in memory was verified when it was read.
    fn words_for_many(&self, key: &ItemKey, n: u32) -> Result<Option<Arc<Words>>, StoreError>;

    /// Forgets the words of one version, or of all versions of an item, for good. Returns how many versions. A
    /// live item must be recalled first.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the version is live.
    fn erase_words(&self, key: &ItemKey, n: Option<u32>) -> Result<u64, StoreError>;
}

/// The index: what is derived from journal and vault, for quick answers. Lists are at most 10,000 long, a sitemap as long
/// as it is asked to be; a version whose words are damaged is left out of lists for readers and said in the log.
pub trait Index: Send + Sync {
    /// The story of an item.
    ///
    /// # Errors
    /// If the store cannot be read, or a journal entry it rests on is damaged; the same holds for all below.
    fn story(&self, key: &ItemKey) -> Result<Option<StoryRow>, StoreError>;

    /// The same with the place of the last journal entry that ruled on it, as of one moment: whatever stands otherwise
    /// later has a later place.
    fn story_and_place(&self, key: &ItemKey) -> Result<Option<(StoryRow, u64)>, StoreError>;

    /// The story behind an identifier on a site.
    fn placed(&self, site: &SiteId, id: ItemId) -> Result<Option<StoryRow>, StoreError>;

    /// The stories with this uri, one for each agency that used it.
    fn by_uri(&self, uri: &str) -> Result<Vec<StoryRow>, StoreError>;

    /// Live items of a site, or of one of its sections, the newest (by `published`) first.
    fn latest(
        &self,
        site: &SiteId,
        section: Option<&str>,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError>;

    /// Live items of a site published at or after an instant, the newest first.
    fn live_since(&self, site: &SiteId, since: Timestamp, limit: usize) -> Result<Vec<Line>, StoreError>;

    /// How many items of a site are live.
    fn count_live(&self, site: &SiteId) -> Result<u64, StoreError>;

    /// The numbers of a site's sitemaps in which a story is live, where each has room for `size` stories. A story stands
    /// in the same one for good: they are numbered as they came.
    fn sitemaps(&self, site: &SiteId, size: u32) -> Result<Vec<u32>, StoreError>;

    /// The number of the sitemap in which a story stands while it is live; none of what never came to the site.
    fn sitemap_of(&self, site: &SiteId, id: ItemId, size: u32) -> Result<Option<u32>, StoreError>;

    /// The live items in one of a site's sitemaps without their words, as they came.
    fn places(&self, site: &SiteId, number: u32, size: u32) -> Result<Vec<LivePlace>, StoreError>;

    /// Items of a site that were public and are gone (killed, withheld, expired) since an instant, with the instant
    /// and how they stand; the newest first.
    fn tombstones(
        &self,
        site: &SiteId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ItemId, Timestamp, ItemStanding)>, StoreError>;

    /// Versions that wait for a person or an instant, the newest first.
    fn held(&self, limit: usize) -> Result<Vec<HeldLine>, StoreError>;

    /// The last rulings, of one feed or of all, the newest first.
    fn recent(&self, feed: Option<&FeedId>, limit: usize) -> Result<Vec<RulingLine>, StoreError>;

    /// The last complaints, the newest first.
    fn complaints(&self, limit: usize) -> Result<Vec<ComplaintLine>, StoreError>;

    /// The last messages to the operator, the newest first.
    fn notes(&self, limit: usize) -> Result<Vec<NoteLine>, StoreError>;

    /// Items whose embargo has ended or whose licence has run out by `now`, the longest due first.
    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<ItemKey>, StoreError>;

    /// When the next item is due, if any is.
    fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Live items of a site in whose headline or body every word or quoted phrase of the query stands, the newest
    /// items first. The query is what a reader typed: nothing in it is syntax but the double quote.
    fn search(&self, site: &SiteId, query: &str, limit: usize) -> Result<Vec<Line>, StoreError>;

    /// Items of an agency whose newest version came at or after an instant and whose words are here, the newest
    /// first.
    fn candidates(
        &self,
        agency: &AgencyId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError>;

    /// The items that belong together with this one by what their live versions say, or by a package that was not
    /// withdrawn; at most 64 by each tie. An item that is named more than once stands here more than once. A whole is
    /// named only if it is the only one of its mark, and its kin is a part or a lead.
    fn kin(&self, key: &ItemKey) -> Result<Vec<Kin>, StoreError>;

    /// Where the items are placed that belong together with one of these, or did by whatever version: what a page
    /// says about one of them may be out of date when one of these changes.
    fn around(&self, keys: &[ItemKey]) -> Result<Vec<ItemId>, StoreError>;

    /// The live members of an item's group on a site, itself included; at most 64. None if it is in no group.
    fn peers(&self, site: &SiteId, key: &ItemKey) -> Result<Vec<Peer>, StoreError>;

    /// The first item of the group that an item is in, if it is in one.
    fn leader(&self, key: &ItemKey) -> Result<Option<ItemKey>, StoreError>;

    /// The items that had a version at or after an instant, with when the newest came, the newest first.
    fn arrived_since(&self, since: Timestamp, limit: usize) -> Result<Vec<(ItemKey, Timestamp)>, StoreError>;

    /// Every transmission that carried an item, redeliveries included, and where in it; the newest first.
    fn deliveries(
        &self,
        key: &ItemKey,
        limit: usize,
    ) -> Result<Vec<(TransmissionId, Range<u64>)>, StoreError>;

    /// Whether everything is held.
    fn hold_all(&self) -> Result<bool, StoreError>;

    /// The feeds of which everything is held.
    fn held_feeds(&self) -> Result<Vec<FeedId>, StoreError>;

    /// Whether the first contact with a feed is over.
    fn first_contact_done(&self, feed: &FeedId) -> Result<bool, StoreError>;

    /// How a feed is doing.
    fn feed_health(&self, feed: &FeedId) -> Result<FeedHealth, StoreError>;

    /// Killed items that were public, the newest kill first.
    ///
    /// # Errors
    /// As [`Index::story`].
    fn killed(&self, limit: usize) -> Result<Vec<KilledLine>, StoreError>;

    /// The same, but only those whose kill some site has not confirmed yet; and what was withheld or expired since an
    /// instant, where that is not confirmed.
    ///
    /// # Errors
    /// As [`Index::story`].
    fn unconfirmed(&self, since: Timestamp, limit: usize) -> Result<Vec<KilledLine>, StoreError>;

    /// Items that were public and killed since an instant and whose kill an outlet has not confirmed, the first killed
    /// first, each with the instant.
    fn kills_untold(
        &self,
        outlet: &str,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ItemKey, Timestamp)>, StoreError>;

    /// Each output's last word about an item.
    fn receipts(&self, key: &ItemKey) -> Result<Vec<ReceiptRow>, StoreError>;

    /// Every site's current shard and its number of leaves, by the name of the site.
    fn logs(&self) -> Result<Vec<LogSize>, StoreError>;

    /// Leaves of one shard of a site's log, from an index on, in order.
    fn leaves(&self, site: &SiteId, shard: u32, from: u64, limit: usize)
    -> Result<Vec<LeafLine>, StoreError>;

    /// How many entries the journal has, which is the last one's place.
    fn last_seq(&self) -> Result<u64, StoreError>;
}

/// What the lines remember between two looks at a feed: cursors, entity tags. Neither journal nor index.
pub trait FeedState: Send + Sync {
    /// What was last saved for a feed.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn feed_state(&self, feed: &FeedId) -> Result<Option<String>, StoreError>;

    /// For which feeds, of those whose names begin so, something was saved.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn feeds_named(&self, beginning: &str) -> Result<Vec<FeedId>, StoreError>;

    /// Saves it, durably.
    ///
    /// # Errors
    /// As [`Archive::keep`].
    fn save_feed_state(&self, feed: &FeedId, state: &str) -> Result<(), StoreError>;
}

/// What the safety rules remember from one run to the next: fingerprints and counts under names, never words. Neither
/// journal nor index: it may be forgotten at any time, and the rules then know less.
pub trait RuleMemory: Send + Sync {
    /// Everything that is remembered, by name.
    ///
    /// # Errors
    /// If the store cannot be read.
    fn remembered(&self) -> Result<Vec<Remembered>, StoreError>;

    /// Remembers all of these, durably and as one; what has the same name gives way.
    ///
    /// # Errors
    /// As [`Archive::keep`].
    fn remember(&self, rows: &[Remembered]) -> Result<(), StoreError>;

    /// Forgets what has a name that begins with `prefix` and is older than `before`. Returns how many.
    ///
    /// # Errors
    /// As [`Archive::keep`].
    fn forget_remembered(&self, prefix: &str, before: Timestamp) -> Result<u64, StoreError>;
}

/// Something that the safety rules remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Its name.
    pub name: String,
    /// Since when.
    pub at: Timestamp,
    /// What.
    pub bytes: Vec<u8>,
}

/// All that a backend is.
pub trait Backend: Archive + Journal + Vault + Index + FeedState + RuleMemory {}

impl<B: Archive + Journal + Vault + Index + FeedState + RuleMemory> Backend for B {}
