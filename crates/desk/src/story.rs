//! The story so far: what the desk must know of an item to decide about it, and nothing else.

use jiff::Timestamp;
use news::{
    Change, Digest, Embargo, ItemStanding, ReviewState, Version, VersionOrder, VersionStamp, VersionStanding,
};

use crate::Decision;

/// One version of the item as the record knows it.
///
/// Everything here is a recorded fact: the stamp, the claimed time and the copy hash come from the version, the
/// ordinal, the terms and the standing from decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its ordinal: from 1, in order of arrival.
    pub n: u32,
    /// The version as delivered, and how it is ordered.
    pub stamp: VersionStamp,
    /// The time that the version claims for itself ([`Version::claimed_time`]).
    pub claimed: Option<Timestamp>,
    /// When it was decided about first.
    pub arrived: Timestamp,
    /// The hash of its copy.
    pub copy_hash: Digest,
    /// Where it stands now.
    pub standing: VersionStanding,
    /// The code of the first reason of the last decision that gave it a standing ([`crate::code`]).
    pub reason: String,
    /// Whether a person of the publisher has reviewed or changed it.
    pub review: ReviewState,
    /// Not before: as in the last [`Terms`](crate::Terms) for it.
    pub embargo: Option<Embargo>,
    /// Not after, by the item's own word or the contract's: as in the last [`Terms`](crate::Terms) for it.
    pub expires: Option<Timestamp>,
    /// Whether the agency withholds it: as in the last [`Terms`](crate::Terms) for it.
    pub withheld: bool,
}

/// An item's history, as far as decisions depend on it. The default is an item never seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// Where the item stands.
    pub standing: ItemStanding,
    /// Whether any version of it was ever public.
    pub was_public: bool,
    /// Its versions, in order of arrival.
    pub known: Vec<Known>,
    /// When it was updated lately: at least all updates of the last hour.
    pub recent_changes: Vec<Timestamp>,
}

impl Default for Story {
    fn default() -> Self {
        Self {
            standing: ItemStanding::Unpublished,
            was_public: false,
            known: Vec::new(),
            recent_changes: Vec::new(),
        }
    }
}

impl Story {
    /// The version with this ordinal.
    pub fn version(&self, n: u32) -> Option<&Known> {
        self.known.iter().find(|known| known.n == n)
    }

    /// The version that is public, if the item is live.
    pub fn live(&self) -> Option<&Known> {
        match self.standing {
            ItemStanding::Live(n) => self.version(n),
            _ => None,
        }
    }

    /// The newest version by its own order; among equals the one that came last.
    pub fn newest(&self) -> Option<&Known> {
        self.newest_of(|_| true)
    }

    /// The newest version whose words are the agency's.
    pub fn newest_of_agency(&self) -> Option<&Known> {
        self.newest_of(|known| known.review.is_verbatim())
    }

    /// The edited version that readers see, or would see but for a recall.
    pub fn edited(&self) -> Option<&Known> {
        let shown =
            |known: &&Known| matches!(known.standing, VersionStanding::Live | VersionStanding::Recalled);
        self.known.iter().filter(shown).find(|known| !known.review.is_verbatim())
    }

    /// The newest of the versions that satisfy `wanted`.
    pub(crate) fn newest_of(&self, wanted: impl Fn(&Known) -> bool) -> Option<&Known> {
        self.known
            .iter()
            .filter(|known| wanted(known))
            .reduce(|best, known| if is_older(&known.stamp, &best.stamp) { best } else { known })
    }

    /// The ordinal that the next version gets.
    pub fn next_ordinal(&self) -> u32 {
        self.known.iter().map(|known| known.n).max().unwrap_or(0).saturating_add(1)
    }

    /// Takes a decision into the story: what the record does in one transaction, for tests and simulations.
    ///
    /// `version` is the version decided about, where there was one; `now` the instant of the decision.
    pub fn apply(&mut self, decision: &Decision, version: Option<&Version>, now: Timestamp) {
        if let (Some(n), Some(version)) = (decision.n, version) {
            self.known.push(Known {
                n,
                stamp: version.version.clone(),
                claimed: version.claimed_time(),
                arrived: now,
                copy_hash: version.copy.copy_hash(),
                standing: VersionStanding::Ignored,
                reason: String::new(),
                review: ReviewState::Unreviewed,
                embargo: version.embargo,
                expires: version.expires,
                withheld: false,
            });
        }
        if let Some(terms) = decision.terms
            && let Some(known) = self.known.iter_mut().find(|known| known.n == terms.n)
        {
            known.embargo = terms.embargo;
            known.expires = terms.expires;
            known.withheld = terms.withheld;
        }
        for change in &decision.changes {
            match *change {
                Change::Item(standing) => {
                    self.standing = standing;
                    self.was_public |= matches!(standing, ItemStanding::Live(_));
                }
                Change::Version(n, standing) => {
                    if let Some(known) = self.known.iter_mut().find(|known| known.n == n) {
                        known.standing = standing;
                        known.reason =
                            decision.ruling.reasons.first().map_or("", |reason| reason.code).to_owned();
                    }
                }
            }
        }
        if decision.ruling.act == news::Act::Update {
            self.recent_changes.push(now);
        }
    }
}

/// Whether `a` is certainly older than `b`. Stamps of different kinds cannot be compared: arrival decides.
pub(crate) fn is_older(a: &VersionStamp, b: &VersionStamp) -> bool {
    match (a.order, b.order) {
        (VersionOrder::Number(a), VersionOrder::Number(b)) => a < b,
        (VersionOrder::Time(a), VersionOrder::Time(b)) => a < b,
        _ => false,
    }
}
