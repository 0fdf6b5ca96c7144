//! Where a version and its item stand after a ruling. A version's ruling is not the item's state.

use jiff::Timestamp;

/// Where one version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VersionStanding {
    /// It is what the story's page shows.
    Live,
    /// It was live until a later version came.
    Superseded,
    /// It waits for a person.
    Held,
    /// It waits for this instant.
    Waiting(Timestamp),
    /// An operator refused it.
    Spiked,
    /// Recorded only: late, repeated, older than the backlog, not for publication.
    Ignored,
    /// It was live and has been recalled.
    Recalled,
    /// It fell with its item.
    Killed,
    /// Its licence ended.
    Expired,
}

impl VersionStanding {
    /// The word in lists and records.
    pub fn as_str(self) -> &'static str {
        match self {
            VersionStanding::Live => "live",
            VersionStanding::Superseded => "superseded",
            VersionStanding::Held => "held",
            VersionStanding::Waiting(_) => "waiting",
            VersionStanding::Spiked => "spiked",
            VersionStanding::Ignored => "ignored",
            VersionStanding::Recalled => "recalled",
            VersionStanding::Killed => "killed",
            VersionStanding::Expired => "expired",
        }
    }
}

/// Where an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemStanding {
    /// Nothing of it was ever public: its URL answers 404.
    Unpublished,
    /// The version with this ordinal is public.
    Live(u32),
    /// It was public and is recalled until further notice: 410.
    Withheld,
    /// Killed, for good: 410 if it was public, otherwise 404. A later usable version waits for a person.
    Killed,
    /// Its licence ended: 410.
    Expired,
}

impl ItemStanding {
    /// The word in lists and records.
    pub fn as_str(self) -> &'static str {
        match self {
            ItemStanding::Unpublished => "unpublished",
            ItemStanding::Live(_) => "live",
            ItemStanding::Withheld => "withheld",
            ItemStanding::Killed => "killed",
            ItemStanding::Expired => "expired",
        }
    }
}

/// What a decision changes. Journal entries carry changes, so that replaying them needs no rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The version with this ordinal (from 1, in order of arrival) now stands so.
    Version(u32, VersionStanding),
    /// The item now stands so.
    Item(ItemStanding),
}
