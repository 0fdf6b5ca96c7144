//! What the index answers with.

use std::ops::Range;

use jiff::Timestamp;
use news::{
    Act, Digest, Embargo, FeedId, Gravity, ItemId, ItemKey, ItemStanding, Reason, ReviewState, SiteId,
    TieKind, TransmissionId, Until, VersionStamp, VersionStanding,
};

use crate::fact::{ComplaintRow, Placement, Revision, RoutedRow, Ruled};

/// The story of one item so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryRow {
    /// The item.
    pub key: ItemKey,
    /// Where it stands.
    pub standing: ItemStanding,
    /// Whether any version of it was ever public.
    pub was_public: bool,
    /// The reason that was given for its kill; for operators only.
    pub killed_reason: Option<String>,
    /// When its standing last changed.
    pub moved_at: Option<Timestamp>,
    /// Its versions, in order of arrival.
    pub versions: Vec<VersionRow>,
    /// Its place on each site, by the name of the site.
    pub placements: Vec<Placement>,
    /// The feeds it came on, by name.
    pub feeds: Vec<FeedId>,
    /// When it was updated ([`Act::Update`]): the newest 32 instants, the oldest first.
    pub recent_changes: Vec<Timestamp>,
    /// Its leaves, the oldest first; the newest 64.
    pub leaves: Vec<LeafAt>,
    /// The index of its newest leaf in the log of the first site (by name) that has one.
    pub log_index: Option<u64>,
}

impl StoryRow {
    /// The story of an item that nobody has heard of.
    pub fn unseen(key: ItemKey) -> Self {
        Self {
            key,
            standing: ItemStanding::Unpublished,
            was_public: false,
            killed_reason: None,
            moved_at: None,
            versions: Vec::new(),
            placements: Vec::new(),
            feeds: Vec::new(),
            recent_changes: Vec::new(),
            leaves: Vec::new(),
            log_index: None,
        }
    }

    /// The version with this ordinal.
    pub fn version(&self, n: u32) -> Option<&VersionRow> {
        self.versions.iter().find(|version| version.n == n)
    }

    /// Its place on a site.
    pub fn placement(&self, site: &SiteId) -> Option<&Placement> {
        self.placements.iter().find(|placement| placement.site == *site)
    }

    /// Its newest leaf in a site's log.
    pub fn leaf_on(&self, site: &SiteId) -> Option<&LeafAt> {
        self.leaves.iter().rev().find(|leaf| leaf.site == *site)
    }
}

/// One version without its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// Its ordinal, from 1 in order of arrival.
    pub n: u32,
    /// The journal entry that ruled on it.
    pub seq: u64,
    /// When that was recorded.
    pub recorded_at: Timestamp,
    /// The feed it came on.
    pub feed: FeedId,
    /// The transmission it came in.
    pub transmission: Option<TransmissionId>,
    /// Its ordinal there.
    pub item_no: u32,
    /// Its bytes there.
    pub span: Range<u64>,
    /// SHA-256 of those bytes.
    pub raw_hash: Digest,
    /// Its version as delivered.
    pub stamp: VersionStamp,
    /// The instant it claims for itself.
    pub claimed: Option<Timestamp>,
    /// When it was here.
    pub arrived: Timestamp,
    /// The publication status it claims.
    pub status: String,
    /// What was ruled on arrival.
    pub act: Act,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What it waited for, if it was held on arrival.
    pub until: Option<Until>,
    /// Whether its text changed without the agency saying so.
    pub silent_change: bool,
    /// SHA-256 of the copy's canonical form.
    pub copy_hash: Digest,
    /// SHA-256 over what the blocks are.
    pub role_hash: Digest,
    /// Whether there are no words at all.
    pub copy_empty: bool,
    /// Not before, by the last terms for it.
    pub embargo: Option<Embargo>,
    /// Not after, by the last terms for it.
    pub expires: Option<Timestamp>,
    /// Whether the agency withholds it, by the last terms for it.
    pub withheld: bool,
    /// Its language (BCP 47).
    pub language: Option<String>,
    /// Its review state.
    pub review: ReviewState,
    /// What the house's routes gave it.
    pub routed: Option<RoutedRow>,
    /// Who reviewed or changed it, and what it was made from.
    pub revision: Option<Revision>,
    /// Where it stands now.
    pub standing: VersionStanding,
    /// The code of the first reason of the ruling that last gave it a standing.
    pub reason: String,
    /// Its leaves.
    pub leaves: Vec<LeafAt>,
}

impl VersionRow {
    /// The row that a ruling brings about when it is recorded as entry `seq` at `at`; none for a redelivery. Where
    /// the ruling does not say where the version stands, it is ignored.
    pub fn of(ruled: &Ruled, seq: u64, at: Timestamp) -> Option<Self> {
        let n = ruled.n?;
        let standing = ruled.changes.iter().rev().find_map(|change| match change {
            news::Change::Version(of, standing) if *of == n => Some(*standing),
            _ => None,
        });
        Some(Self {
            n,
            seq,
            recorded_at: at,
            feed: ruled.feed.clone(),
            transmission: ruled.transmission,
            item_no: ruled.item_no,
            span: ruled.span.clone(),
            raw_hash: ruled.raw_hash,
            stamp: ruled.stamp.clone(),
            claimed: ruled.claimed,
            arrived: ruled.arrived,
            status: ruled.status.clone(),
            act: ruled.ruling.act,
            reasons: ruled.ruling.reasons.clone(),
            until: ruled.ruling.until,
            silent_change: ruled.ruling.silent_change,
            copy_hash: ruled.copy_hash,
            role_hash: ruled.role_hash,
            copy_empty: ruled.copy_empty,
            embargo: ruled.embargo,
            expires: ruled.expires,
            withheld: ruled.withholds(),
            language: ruled.language.clone(),
            review: ruled.review,
            routed: ruled.routed.clone(),
            revision: ruled.revision.clone(),
            standing: standing.unwrap_or(VersionStanding::Ignored),
            reason: ruled.ruling.reasons.first().map_or("", |reason| reason.code).to_owned(),
            leaves: Vec::new(),
        })
    }
}

/// Where a leaf is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafAt {
    /// Whose log.
    pub site: SiteId,
    /// The shard.
    pub shard: u32,
    /// The index in the shard.
    pub index: u64,
    /// The act.
    pub act: String,
    /// The version it is about; 0 where none is meant.
    pub version: u32,
}

/// A live story in a list, with words for readers; read from the vault and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The item.
    pub key: ItemKey,
    /// Its identifier on the site.
    pub id: ItemId,
    /// The live version.
    pub n: u32,
    /// When it was first public.
    pub published: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// The sections it stands in.
    pub sections: Vec<String>,
    /// The whole headline, if there is one.
    pub headline: Option<String>,
    /// Its language (BCP 47).
    pub language: Option<String>,
    /// The whole first paragraph of the body.
    pub summary: Option<String>,
    /// Its review state.
    pub review: ReviewState,
    /// The feed that the live version came on.
    pub feed: FeedId,
    /// The feeds that the item came on, by name.
    pub feeds: Vec<FeedId>,
    /// Whether other agencies told the same: [`crate::Index::peers`] names them.
    pub grouped: bool,
}

/// A live story in a sitemap, without words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LivePlace {
    /// The item.
    pub key: ItemKey,
    /// Its identifier on the site.
    pub id: ItemId,
    /// The live version.
    pub n: u32,
    /// When it was first public.
    pub published: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// The feeds that the item came on, by name.
    pub feeds: Vec<FeedId>,
}

/// A version that waits for a person or a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLine {
    /// The item.
    pub key: ItemKey,
    /// The version that waits.
    pub n: u32,
    /// The feed it came on.
    pub feed: FeedId,
    /// When it was ruled upon.
    pub at: Timestamp,
    /// When it was here.
    pub arrived: Timestamp,
    /// What was ruled on arrival.
    pub act: Act,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Where the version stands: held, or waiting for an instant.
    pub version: VersionStanding,
    /// Where the item stands.
    pub standing: ItemStanding,
    /// The headline; none if the words are erased or damaged.
    pub headline: Option<String>,
}

/// One ruling in the operator's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulingLine {
    /// The journal entry.
    pub seq: u64,
    /// The item.
    pub key: ItemKey,
    /// The version; none for a redelivery or where the item as a whole moved.
    pub n: Option<u32>,
    /// The feed it came on; none for what a person or the clock did.
    pub feed: Option<FeedId>,
    /// Who did it; none for a version that arrived.
    pub by: Option<String>,
    /// When.
    pub at: Timestamp,
    /// What was ruled.
    pub act: Act,
    /// What it waited for by that ruling, if it was held.
    pub until: Option<Until>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// Where the version stands now.
    pub version: Option<VersionStanding>,
    /// Where the item stands now.
    pub standing: ItemStanding,
    /// The headline; none if the words are erased or damaged.
    pub headline: Option<String>,
}

/// One complaint in the operator's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComplaintLine {
    /// The journal entry.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The feed, where known.
    pub feed: Option<FeedId>,
    /// The transmission, where known.
    pub transmission: Option<TransmissionId>,
    /// Its file name, address or peer, as long as the archive holds it.
    pub origin: Option<String>,
    /// The item, for a complaint about one.
    pub key: Option<ItemKey>,
    /// The complaint.
    pub complaint: ComplaintRow,
}

/// An item that a kill known only from its text may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The item.
    pub key: ItemKey,
    /// The newest version's headline.
    pub headline: Option<String>,
    /// The newest version's slugline.
    pub slugline: Option<String>,
    /// The agency's number of the day, where its format carries one.
    pub number: Option<String>,
    /// When the newest version was here.
    pub arrived: Timestamp,
    /// Where the item stands.
    pub standing: ItemStanding,
}

/// An item that belongs together with another, as that other sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kin {
    /// The item. It need not be live, nor ever have come.
    pub key: ItemKey,
    /// How they belong together.
    pub kind: TieKind,
    /// Whether it is this item that says so, and names the other; or both bear one mark.
    pub says: Says,
    /// The number of the part or lead that it says it is.
    pub no: Option<u32>,
}

/// Which of two items says that they belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Says {
    /// The one that is asked about.
    This,
    /// Its kin.
    That,
    /// Both: they bear one mark, a package names both, or both are in one group.
    Both,
}

/// A live member of a group on a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The item.
    pub key: ItemKey,
    /// Its identifier on the site.
    pub id: ItemId,
    /// When it was first public.
    pub published: Timestamp,
    /// The sections it stands in.
    pub sections: Vec<String>,
    /// The feeds that it came on, by name.
    pub feeds: Vec<FeedId>,
}

/// An output's last word about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// Which output.
    pub outlet: String,
    /// What it was told.
    pub what: String,
    /// Of which revision of the item, where that was said.
    pub revision: Option<u64>,
    /// Whether it did it.
    pub ok: bool,
    /// What it said.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// A killed item, and what its outputs said about that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KilledLine {
    /// The item.
    pub key: ItemKey,
    /// How it stands: killed, withheld or expired.
    pub standing: ItemStanding,
    /// When it fell.
    pub at: Timestamp,
    /// Where it stood.
    pub placements: Vec<Placement>,
    /// The last word of each output.
    pub receipts: Vec<ReceiptRow>,
}

impl KilledLine {
    /// What a site said about this; none if it said nothing yet.
    pub fn receipt(&self, site: &SiteId) -> Option<&ReceiptRow> {
        self.receipt_of(&format!("site:{site}"))
    }

    /// The same of an output by its name: `webhook:cms`.
    pub fn receipt_of(&self, outlet: &str) -> Option<&ReceiptRow> {
        let what = match self.standing {
            ItemStanding::Withheld => "withhold",
            ItemStanding::Expired => "expire",
            _ => "kill",
        };
        self.receipts.iter().find(|row| row.outlet == outlet && row.what == what && row.at >= self.at)
    }
}

/// A message to the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteLine {
    /// The journal entry.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// How grave.
    pub gravity: Gravity,
    /// The message.
    pub what: String,
}

/// How a feed is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedHealth {
    /// Transmissions in the archive.
    pub transmissions: u64,
    /// Of these, not yet read to the end.
    pub unread: u64,
    /// When the newest one was here.
    pub last_arrived: Option<Timestamp>,
    /// Rulings on versions that arrived on it, redeliveries included.
    pub ruled: u64,
    /// When the last such ruling was recorded.
    pub last_ruled: Option<Timestamp>,
    /// Complaints recorded about it.
    pub complaints: u64,
    /// When the last one was recorded.
    pub last_complaint: Option<Timestamp>,
    /// Whether the first contact is over.
    pub first_contact_done: bool,
}

/// Where a site's log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSize {
    /// The site.
    pub site: SiteId,
    /// Its current shard.
    pub shard: u32,
    /// How many leaves that shard has.
    pub size: u64,
}

/// A leaf with its journal entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafLine {
    /// The journal entry it was recorded with.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The leaf.
    pub leaf: crate::fact::LeafRow,
}

/// What a rebuild did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Journal entries replayed.
    pub entries: u64,
    /// Items in the index.
    pub items: u64,
    /// Versions in the index.
    pub versions: u64,
    /// Live items whose words are damaged, by name; they are in no search.
    pub damaged: Vec<String>,
}

/// What a backup holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupReport {
    /// Bytes written.
    pub bytes: u64,
    /// Journal entries.
    pub entries: u64,
    /// Transmissions in the archive.
    pub transmissions: u64,
    /// Versions in the vault.
    pub words: u64,
}
