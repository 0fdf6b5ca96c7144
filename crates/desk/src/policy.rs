//! What the feed's contract and the house say, as far as decisions depend on it.

use std::sync::Arc;

use jiff::SignedDuration;

use crate::safety::Rules;

/// The rules that a version is decided under. Where an item comes on several feeds the caller passes the strictest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// A person puts the version through by hand: exempt from backlog and age rules, from nothing else.
    pub exempt: bool,
    /// The transmission was there before we were: what is older than `backlog` is recorded, not published.
    pub first_contact: bool,
    /// How old an item may be on first contact.
    pub backlog: SignedDuration,
    /// The contract's expiry, counted from the story's first publication.
    pub expire_after: Option<SignedDuration>,
    /// The operator's one switch: nothing goes live.
    pub hold_all: bool,
    /// The same for the feed that it came on: its breaker has tripped, or a person set it.
    pub hold_feed: bool,
    /// The contract's cap: as many new stories were published today as it allows.
    pub over_cap: bool,
    /// Why a route of the house's holds it, if one does.
    pub route_hold: Option<String>,
    /// Why a route ignores it, if one does.
    pub route_ignore: Option<String>,
    /// The safety rules.
    pub rules: Arc<Rules>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            exempt: false,
            first_contact: false,
            backlog: SignedDuration::from_hours(24),
            expire_after: None,
            hold_all: false,
            hold_feed: false,
            over_cap: false,
            route_hold: None,
            route_ignore: None,
            rules: Arc::default(),
        }
    }
}
