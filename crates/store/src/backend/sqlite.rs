//! The embedded backend: one SQLite file.

use std::ops::Range;
use std::path::Path;

use jiff::Timestamp;
use news::{AgencyId, FeedId, ItemId, ItemKey, ItemStanding, SiteId, Transmission, TransmissionId};

use crate::lock::Lock;
use crate::*;

/// The embedded store.
#[derive(Debug)]
pub struct Store {
    _lock: Option<Lock>,
}

impl Store {
    /// Opens.
    ///
    /// # Errors
    /// If it cannot.
    pub fn open(dir: &Path, access: Access) -> Result<Self, OpenStoreError> {
        Ok(Self { _lock: (access == Access::Write).then(|| Lock::take(dir)).transpose()? })
    }

    /// Backs up.
    ///
    /// # Errors
    /// If it cannot.
    pub fn backup(&self, to: &Path) -> Result<BackupReport, StoreError> {
        Err(StoreError::refused(to.display().to_string()))
    }
}

/// Restores.
///
/// # Errors
/// If it cannot.
pub fn restore(from: &Path, to: &Path, now: Timestamp) -> Result<(), StoreError> {
    Err(StoreError::refused(format!("{} {} {now}", from.display(), to.display())))
}

#[allow(unused_variables)]
impl Archive for Store {
    fn keep(&self, batch: Vec<Transmission>) -> Result<Vec<Archived>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn unread(&self, limit: usize) -> Result<Vec<Archived>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn unread_after(&self, seq: u64, limit: usize) -> Result<Vec<Archived>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn fetch(&self, id: TransmissionId) -> Result<Option<Archived>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn progress(&self, id: TransmissionId) -> Result<u32, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn purge(&self, feed: &FeedId, before: Timestamp) -> Result<u64, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn erase(&self, id: TransmissionId, range: Range<u64>) -> Result<(), StoreError> {
        Err(StoreError::refused("not yet"))
    }
}

#[allow(unused_variables)]
impl Journal for Store {
    fn record(&self, batch: Vec<Entry>) -> Result<Vec<Committed>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn replay(
        &self,
        from: u64,
        f: &mut dyn FnMut(u64, Timestamp, &Fact) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn rebuild(&self) -> Result<RebuildReport, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn verify(&self) -> Result<(), StoreError> {
        Err(StoreError::refused("not yet"))
    }
}

#[allow(unused_variables)]
impl Vault for Store {
    fn words(&self, key: &ItemKey, n: u32) -> Result<Option<Words>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn erase_words(&self, key: &ItemKey, n: Option<u32>) -> Result<u64, StoreError> {
        Err(StoreError::refused("not yet"))
    }
}

#[allow(unused_variables)]
impl Index for Store {
    fn story(&self, key: &ItemKey) -> Result<Option<StoryRow>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn placed(&self, site: &SiteId, id: ItemId) -> Result<Option<StoryRow>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn by_uri(&self, uri: &str) -> Result<Vec<StoryRow>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn latest(
        &self,
        site: &SiteId,
        section: Option<&str>,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn live_since(&self, site: &SiteId, since: Timestamp, limit: usize) -> Result<Vec<Line>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn count_live(&self, site: &SiteId) -> Result<u64, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn live_page(
        &self,
        site: &SiteId,
        after: Option<(Timestamp, ItemId)>,
        limit: usize,
    ) -> Result<Vec<LivePlace>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn tombstones(
        &self,
        site: &SiteId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ItemId, Timestamp, ItemStanding)>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn held(&self, limit: usize) -> Result<Vec<HeldLine>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn recent(&self, feed: Option<&FeedId>, limit: usize) -> Result<Vec<RulingLine>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn complaints(&self, limit: usize) -> Result<Vec<ComplaintLine>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn notes(&self, limit: usize) -> Result<Vec<NoteLine>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<ItemKey>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn search(&self, site: &SiteId, query: &str, limit: usize) -> Result<Vec<Line>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn candidates(
        &self,
        agency: &AgencyId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn deliveries(
        &self,
        key: &ItemKey,
        limit: usize,
    ) -> Result<Vec<(TransmissionId, Range<u64>)>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn hold_all(&self) -> Result<bool, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn first_contact_done(&self, feed: &FeedId) -> Result<bool, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn feed_health(&self, feed: &FeedId) -> Result<FeedHealth, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn receipts(&self, key: &ItemKey) -> Result<Vec<ReceiptRow>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn logs(&self) -> Result<Vec<LogSize>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn leaves(
        &self,
        site: &SiteId,
        shard: u32,
        from: u64,
        limit: usize,
    ) -> Result<Vec<LeafLine>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn last_seq(&self) -> Result<u64, StoreError> {
        Err(StoreError::refused("not yet"))
    }
}

#[allow(unused_variables)]
impl FeedState for Store {
    fn feed_state(&self, feed: &FeedId) -> Result<Option<String>, StoreError> {
        Err(StoreError::refused("not yet"))
    }

    fn save_feed_state(&self, feed: &FeedId, state: &str) -> Result<(), StoreError> {
        Err(StoreError::refused("not yet"))
    }
}
