//! What a folder's door remembers from one start to the next.

use std::collections::HashSet;

use news::FeedId;
use serde::{Deserialize, Serialize};

use super::look::{Found, Ident};

const DOOR: &str = "folder";

/// The cursor as it is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    door: String,
    /// Device and inode of the files that were there before us and have not been taken yet.
    #[serde(default)]
    first: Vec<(u64, u64)>,
    /// Device, inode, size and time of the files that are archived and could not be moved.
    #[serde(default)]
    sent: Vec<(u64, u64, u64, i64, i64)>,
}

/// See [`Cursor`].
#[derive(Debug)]
pub(super) struct Memory {
    met: bool,
    first: HashSet<(u64, u64)>,
    sent: HashSet<Ident>,
    dirty: bool,
}

impl Memory {
    /// From what was kept. What cannot be read counts as a feed that is known, so that nothing is taken for backlog.
    pub(super) fn from_cursor(kept: Option<&str>, feed: &FeedId) -> Self {
        let new = Self { met: false, first: HashSet::new(), sent: HashSet::new(), dirty: false };
        let Some(kept) = kept else { return new };
        let cursor = serde_json::from_str::<Cursor>(kept).unwrap_or_else(|error| {
            tracing::warn!(%feed, "the folder's cursor cannot be read and is begun anew: {error}");
            Cursor { door: DOOR.into(), ..Cursor::default() }
        });
        // The feed had another door until now: what lies here was here before us.
        if cursor.door != DOOR {
            return new;
        }
        let ident = |(dev, ino, size, seconds, nanoseconds)| Ident { dev, ino, size, seconds, nanoseconds };
        Self {
            met: true,
            first: cursor.first.into_iter().collect(),
            sent: cursor.sent.into_iter().map(ident).collect(),
            dirty: false,
        }
    }

    /// As it is to be kept.
    pub(super) fn to_cursor(&self) -> String {
        let mut first: Vec<_> = self.first.iter().copied().collect();
        first.sort_unstable();
        let mut sent: Vec<_> =
            self.sent.iter().map(|i| (i.dev, i.ino, i.size, i.seconds, i.nanoseconds)).collect();
        sent.sort_unstable();
        let cursor = Cursor { door: DOOR.into(), first, sent };
        serde_json::to_string(&cursor).expect("numbers and a word are always JSON")
    }

    /// Whether nobody has ever looked into the folder for this feed.
    pub(super) fn is_new(&self) -> bool {
        !self.met
    }

    /// The first look ever: everything there belongs to the first contact. This is to be kept before anything is taken.
    pub(super) fn meet(&mut self, files: &[Found]) {
        self.met = true;
        self.first = files.iter().map(|found| (found.ident.dev, found.ident.ino)).collect();
    }

    /// It could not be kept: the next look is the first.
    pub(super) fn unmeet(&mut self) {
        self.met = false;
    }

    pub(super) fn is_first(&self, ident: &Ident) -> bool {
        self.first.contains(&(ident.dev, ident.ino))
    }

    pub(super) fn is_sent(&self, ident: &Ident) -> bool {
        self.sent.contains(ident)
    }

    pub(super) fn remember_sent(&mut self, ident: Ident) {
        self.dirty |= self.sent.insert(ident);
    }

    pub(super) fn forget(&mut self, ident: &Ident) {
        self.dirty |= self.sent.remove(ident);
    }

    /// Keeps only what is still there: inodes are given out again.
    pub(super) fn prune(&mut self, there: impl Iterator<Item = Ident>) {
        if self.first.is_empty() && self.sent.is_empty() {
            return;
        }
        let there: HashSet<Ident> = there.collect();
        let inodes: HashSet<_> = there.iter().map(|ident| (ident.dev, ident.ino)).collect();
        let before = (self.first.len(), self.sent.len());
        self.first.retain(|inode| inodes.contains(inode));
        self.sent.retain(|ident| there.contains(ident));
        self.dirty |= before != (self.first.len(), self.sent.len());
    }

    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    pub(super) fn saved(&mut self) {
        self.dirty = false;
    }
}
