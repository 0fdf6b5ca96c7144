//! Facts: what the journal holds for ever. They never carry the agency's words; a uri is identity and may stand
//! here. Replaying them needs no rules, no clock and no randomness.

use std::ops::Range;

use jiff::Timestamp;
use news::{
    AgencyId, Change, Complaint, Digest, Embargo, FeedId, Gravity, ItemId, ItemKey, ItemStanding,
    ReviewState, Ruling, SiteId, Tie, TransmissionId, Version, VersionStamp,
};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::backend::sqlite::{Packed, whole};
use crate::codec::{
    ChangeShape, EmbargoShape, GravityShape, ItemKeyShape, Many, NameShape, One, Opt, ReviewShape,
    RulingShape, StampShape, TextShape, TieShape,
};

/// One journal entry and what becomes durable with it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
    /// The words of the version that the fact is about, for the vault. Not kept where the fact kills the item.
    pub words: Option<Words>,
    /// The public acts that follow from it: one leaf each.
    pub leaves: Vec<LeafDraft>,
}

impl Entry {
    /// An entry without words or leaves.
    pub fn new(at: Timestamp, fact: Fact) -> Self {
        Self { at, fact, words: None, leaves: Vec::new() }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// A transmission was read to its end; it leaves [`crate::Archive::unread`].
    Read {
        /// Which one.
        #[serde(with = "One::<TextShape<TransmissionId>>")]
        transmission: TransmissionId,
        /// The format it was read as, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        format: Option<String>,
        /// How many items it held.
        items: u32,
        /// Complaints about the transmission as a whole.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        complaints: Vec<ComplaintRow>,
    },
    /// A large transmission was read up to here.
    Progress {
        /// Which one.
        #[serde(with = "One::<TextShape<TransmissionId>>")]
        transmission: TransmissionId,
        /// The ordinal of the first item not yet ruled upon.
        next_item: u32,
    },
    /// The desk ruled on a version that arrived.
    Ruled(Box<Ruled>),
    /// An item moved without a version arriving: a person, the clock or another document did it.
    Moved(Box<Moved>),
    /// The operator's one switch: everything is held, or no longer. The same for one feed: its breaker.
    HoldAll {
        /// Whether it is on.
        on: bool,
        /// Who did it.
        by: String,
        /// The feed, where it is about one.
        #[serde(with = "Opt::<NameShape<FeedId>>", default, skip_serializing_if = "Option::is_none")]
        feed: Option<FeedId>,
    },
    /// The first contact with a feed is over: what comes now is news.
    FirstContact {
        /// Which feed.
        #[serde(with = "One::<NameShape<FeedId>>")]
        feed: FeedId,
    },
    /// A site's log goes on in a new shard; its leaves count from 0 again.
    Shard {
        /// Which site.
        #[serde(with = "One::<NameShape<SiteId>>")]
        site: SiteId,
        /// The new shard's number.
        number: u32,
        /// Why.
        why: String,
    },
    /// An output confirmed, or refused, what it was told.
    Receipt {
        /// About which item.
        #[serde(with = "One::<ItemKeyShape>")]
        key: ItemKey,
        /// Which output: `site:main`, `webhook:cms`.
        outlet: String,
        /// What it was told: `publish`, `kill`.
        what: String,
        /// The revision of the item that an outlet was told of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        revision: Option<u64>,
        /// Whether it did it.
        ok: bool,
        /// What it said.
        detail: String,
        /// Each page, feed or list of it, as an outside reader found it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        outputs: Vec<OutputRow>,
    },
    /// Something the operator is told: an alarm, a message.
    Note {
        /// The message.
        what: String,
        /// How grave.
        #[serde(with = "One::<GravityShape>")]
        gravity: Gravity,
    },
}

/// The desk's ruling on one version that arrived, and all that must be known of the version without its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruled {
    /// The item.
    #[serde(with = "One::<ItemKeyShape>")]
    pub key: ItemKey,
    /// The feed it came on.
    #[serde(with = "One::<NameShape<FeedId>>")]
    pub feed: FeedId,
    /// The transmission it came in.
    #[serde(with = "Opt::<TextShape<TransmissionId>>", default, skip_serializing_if = "Option::is_none")]
    pub transmission: Option<TransmissionId>,
    /// Its ordinal there, from 0.
    pub item_no: u32,
    /// Its bytes there.
    pub span: Range<u64>,
    /// SHA-256 of those bytes.
    #[serde(with = "One::<TextShape<Digest>>")]
    pub raw_hash: Digest,
    /// The ordinal of the version that came to be, from 1 in order of arrival; none for a redelivery, of which
    /// only the ruling is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// Its version as delivered.
    #[serde(with = "One::<StampShape>")]
    pub stamp: VersionStamp,
    /// The instant it claims for itself.
    #[serde(with = "Opt::<TextShape<Timestamp>>", default, skip_serializing_if = "Option::is_none")]
    pub claimed: Option<Timestamp>,
    /// When its transmission was here.
    #[serde(with = "One::<TextShape<Timestamp>>")]
    pub arrived: Timestamp,
    /// The publication status it claims, by the IPTC word or as delivered.
    pub status: String,
    /// The ruling.
    #[serde(with = "One::<RulingShape>")]
    pub ruling: Ruling,
    /// What the ruling changes.
    #[serde(with = "Many::<ChangeShape>")]
    pub changes: Vec<Change>,
    /// SHA-256 of the copy's canonical form.
    #[serde(with = "One::<TextShape<Digest>>")]
    pub copy_hash: Digest,
    /// SHA-256 over what the blocks are.
    #[serde(with = "One::<TextShape<Digest>>")]
    pub role_hash: Digest,
    /// Whether there are no words at all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copy_empty: bool,
    /// Not before.
    #[serde(with = "Opt::<EmbargoShape>", default, skip_serializing_if = "Option::is_none")]
    pub embargo: Option<Embargo>,
    /// Not after: the item's own or the contract's end, whichever is first.
    #[serde(with = "Opt::<TextShape<Timestamp>>", default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// New terms of one version of the item, where they are others than it came with: a redelivery changed them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// The item's language (BCP 47).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Its review state.
    #[serde(with = "One::<ReviewShape>")]
    pub review: ReviewState,
    /// What the house's routes gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed: Option<RoutedRow>,
    /// Whether it was there before the feed was met: then no outlet is called about it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
    /// For what a person of the publisher reviewed or changed: who, and what it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Revision>,
    /// Where the item is placed now, site by site. A site once placed stays placed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placements: Vec<Placement>,
    /// What ties this version to other items.
    #[serde(with = "Many::<TieShape>", default, skip_serializing_if = "Vec::is_empty")]
    pub ties: Vec<Tie>,
    /// Complaints about this version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<ComplaintRow>,
}

impl Ruled {
    /// Whether the agency withholds the version that this adds.
    pub(crate) fn withholds(&self) -> bool {
        self.terms.is_some_and(|terms| Some(terms.n) == self.n && terms.withheld)
    }
}

/// What the house's routes gave a version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoutedRow {
    /// The routes, by name.
    pub routes: Vec<String>,
    /// Tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Priority, 1 (highest) to 9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
}

/// What an outside reader found in one place of an output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRow {
    /// Which place: `page`, `rss`, `sitemap`.
    pub output: String,
    /// Whether it was as it should be.
    pub ok: bool,
    /// How many milliseconds after the kill was known to us this was found.
    pub after_ms: u64,
}

/// A person of the publisher reviewed or changed a version: the version that came of it says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// In which role: the public history names it.
    pub role: String,
    /// Who: `operator NAME`. Not public.
    pub by: String,
    /// The agency's version that it stems from.
    pub from: u32,
}

/// Whether, from when and until when a version may be public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The version's ordinal.
    pub n: u32,
    /// Not before.
    #[serde(with = "Opt::<EmbargoShape>", default, skip_serializing_if = "Option::is_none")]
    pub embargo: Option<Embargo>,
    /// Not after.
    #[serde(with = "Opt::<TextShape<Timestamp>>", default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Not at all, until the agency says usable.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withheld: bool,
}

/// An item's place on one site. Instants are kept to the microsecond, rounded down, in the index; write them so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    /// The site.
    #[serde(with = "One::<NameShape<SiteId>>")]
    pub site: SiteId,
    /// Our own identifier of the item there, given on the first ruling and never changed.
    #[serde(with = "One::<TextShape<ItemId>>")]
    pub id: ItemId,
    /// The sections it stands in.
    pub sections: Vec<String>,
    /// When it was first public there (its own time on first contact); for an item that is held, when it was ruled upon.
    #[serde(with = "One::<TextShape<Timestamp>>")]
    pub published: Timestamp,
    /// When what is shown there last changed.
    #[serde(with = "One::<TextShape<Timestamp>>")]
    pub updated: Timestamp,
    /// SHA-256 of the label's sentence.
    #[serde(with = "One::<TextShape<Digest>>")]
    pub label: Digest,
}

/// An item moved without a version arriving. The item may be one that was never seen: its kill is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The item.
    #[serde(with = "One::<ItemKeyShape>")]
    pub key: ItemKey,
    /// What changes.
    #[serde(with = "Many::<ChangeShape>")]
    pub changes: Vec<Change>,
    /// The ruling.
    #[serde(with = "One::<RulingShape>")]
    pub ruling: Ruling,
    /// Who did it: `operator NAME`, `clock`, `document URI`.
    pub by: String,
    /// Where the item is placed now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placements: Vec<Placement>,
    /// For a kill: the reason given. Shown to operators, never to readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub killed_reason: Option<String>,
}

/// A complaint as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComplaintRow {
    /// How grave.
    #[serde(with = "One::<GravityShape>")]
    pub gravity: Gravity,
    /// Stable and short.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The item's ordinal in its transmission, from 0; none for the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// A path in the words of the format.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Bytes from the start of the transmission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

impl From<&Complaint> for ComplaintRow {
    fn from(complaint: &Complaint) -> Self {
        Self {
            gravity: complaint.gravity,
            code: complaint.code.to_owned(),
            message: complaint.message.clone(),
            item: complaint.place.item.and_then(|item| u32::try_from(item).ok()),
            path: complaint.place.path.clone(),
            offset: complaint.place.offset.map(|offset| offset as u64),
        }
    }
}

/// The words of one version: copy, notes and metadata, with what opens its leaf's commitment. They live in the
/// vault, which forgets them item by item.
#[derive(Clone, Debug)]
pub struct Words {
    /// The version's ordinal.
    pub n: u32,
    /// The item.
    pub key: ItemKey,
    /// The version as read.
    pub version: Version,
    /// The 32 bytes of salt of the leaf's commitment.
    pub salt: [u8; 32],
    /// The disclosure that the commitment is over: lines of `name value`.
    pub disclosure: String,
}

/// An entry made ready to be recorded: its words are packed and their digests taken, which needs no store and is done
/// while nobody waits for the writer.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) entry: Entry,
    pub(crate) words: Option<Packed>,
}

impl Prepared {
    /// What is to be recorded.
    pub fn fact(&self) -> &Fact {
        &self.entry.fact
    }
}

impl Entry {
    /// Makes it ready.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if its words are not those that the fact is about.
    pub fn prepare(mut self) -> Result<Prepared, StoreError> {
        self.at = whole(self.at);
        let packed = match &self.words {
            Some(words) if !self.fact.kills() => Some(Packed::of(words)?),
            _ => None,
        };
        if let Some(kept) = &self.words {
            let hash =
                packed.as_ref().map_or_else(|| kept.version.copy.copy_hash(), |packed| packed.copy_hash);
            check_words(&self.fact, kept, hash)?;
        }
        Ok(Prepared { entry: self, words: packed })
    }
}

/// Words must be those that the fact is about.
fn check_words(fact: &Fact, words: &Words, hash: Digest) -> Result<(), StoreError> {
    let wrong = |why: &str| {
        Err(StoreError::refused(format!("the words of version {} of {}: {why}", words.n, words.key)))
    };
    match fact {
        _ if fact.key() != Some(&words.key) => wrong("the fact is about another item"),
        Fact::Ruled(ruled) if ruled.n != Some(words.n) => wrong("the fact is about another version"),
        Fact::Ruled(ruled) if ruled.copy_hash != hash => wrong("the fact states another copy hash"),
        _ => Ok(()),
    }
}

/// A leaf of a site's log before its index is known. One per public act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafDraft {
    /// Whose log.
    #[serde(with = "One::<NameShape<SiteId>>")]
    pub site: SiteId,
    /// Our own identifier of the item on that site.
    #[serde(with = "One::<TextShape<ItemId>>")]
    pub item: ItemId,
    /// What was done: `published`, `updated`, `killed` …
    pub act: String,
    /// The version's ordinal; 0 where no version is meant.
    pub version: u32,
    /// The feed.
    pub feed: String,
    /// When the transmission was here.
    #[serde(with = "Opt::<TextShape<Timestamp>>", default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Timestamp>,
    /// When it became public.
    #[serde(with = "Opt::<TextShape<Timestamp>>", default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// The review state's word.
    pub review: String,
    /// SHA-256 of the label's sentence.
    #[serde(with = "Opt::<TextShape<Digest>>", default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Digest>,
    /// The class of reason: `agency`, `operator`, `contract`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The commitment to salt and disclosure.
    #[serde(with = "Opt::<TextShape<Digest>>", default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Digest>,
}

/// A leaf in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafRow {
    /// The shard of the site's log.
    pub shard: u32,
    /// Its index there, from 0 without gaps.
    pub index: u64,
    /// The index of the item's previous leaf in the same shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<u64>,
    /// What it says.
    #[serde(flatten)]
    pub draft: LeafDraft,
}

/// What a recorded entry was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The entry's place in the journal, from 1 without gaps.
    pub seq: u64,
    /// When it was recorded, in whole microseconds.
    pub at: Timestamp,
    /// Its leaves.
    pub leaves: Vec<LeafRow>,
}

impl Fact {
    /// The item it is about, if it is about one.
    pub fn key(&self) -> Option<&ItemKey> {
        match self {
            Fact::Ruled(ruled) => Some(&ruled.key),
            Fact::Moved(moved) => Some(&moved.key),
            Fact::Receipt { key, .. } => Some(key),
            _ => None,
        }
    }

    /// What it changes, in order.
    pub fn changes(&self) -> &[Change] {
        match self {
            Fact::Ruled(ruled) => &ruled.changes,
            Fact::Moved(moved) => &moved.changes,
            _ => &[],
        }
    }

    /// Where it leaves its item standing, if it says so.
    pub fn standing(&self) -> Option<ItemStanding> {
        self.changes().iter().rev().find_map(|change| match change {
            Change::Item(standing) => Some(*standing),
            Change::Version(..) => None,
        })
    }

    /// Whether it kills its item: the vault then forgets all of the item's words.
    pub fn kills(&self) -> bool {
        self.standing() == Some(ItemStanding::Killed)
    }

    /// Where it places its item.
    pub fn placements(&self) -> &[Placement] {
        match self {
            Fact::Ruled(ruled) => &ruled.placements,
            Fact::Moved(moved) => &moved.placements,
            _ => &[],
        }
    }

    /// The agency whose item it is about.
    pub fn agency(&self) -> Option<&AgencyId> {
        self.key().map(|key| &key.agency)
    }
}
