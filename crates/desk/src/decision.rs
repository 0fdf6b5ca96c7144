//! What the desk hands back: a ruling, and what it changes.

use jiff::Timestamp;
use news::{Act, Change, Embargo, ItemStanding, Reason, Ruling, VersionStanding};

/// Whether, from when and until when a version may be public, as the agency last said: the record keeps it with the
/// version, whatever else keeps the version off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The version's ordinal.
    pub n: u32,
    /// Not before.
    pub embargo: Option<Embargo>,
    /// Not after: the earlier of the item's own expiry and the contract's.
    pub expires: Option<Timestamp>,
    /// Not at all, until the agency says usable.
    pub withheld: bool,
}

/// A ruling, with everything that the record must write down for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is done, and why.
    pub ruling: Ruling,
    /// The ordinal of the version that this adds to the story; `None` where nothing is added (a redelivery, a
    /// command, the clock). Changes may then still concern versions that the story has.
    pub n: Option<u32>,
    /// New standings, of the item and of versions. In each, the ruling's first reason is the reason to keep.
    pub changes: Vec<Change>,
    /// New terms of one version: always with `n`, and when a redelivery changed embargo or expiry.
    pub terms: Option<Terms>,
}

impl Decision {
    /// Whether the version waits for nothing but an instant.
    pub fn is_timed(&self) -> bool {
        matches!(self.ruling.until, Some(news::Until::Instant(_)))
    }

    /// A decision that changes nothing.
    pub(crate) fn new(act: Act, code: &'static str, text: impl Into<String>) -> Self {
        Self { ruling: Ruling::new(act, Reason::new(code, text)), n: None, changes: Vec::new(), terms: None }
    }

    pub(crate) fn version(&mut self, n: u32, standing: VersionStanding) {
        self.changes.push(Change::Version(n, standing));
    }

    pub(crate) fn item(&mut self, standing: ItemStanding) {
        self.changes.push(Change::Item(standing));
    }
}
