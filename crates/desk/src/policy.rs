//! What the feed's contract and the house say, as far as decisions depend on it.

use jiff::SignedDuration;

/// Whether the safety rules hold versions back. They never govern status, kill, embargo or not-for-publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Safety {
    /// They hold.
    #[default]
    On,
    /// They only say what they would have done.
    Shadow,
    /// They are not asked.
    Off,
}

/// The rules that a version is decided under. Where an item comes on several feeds the caller passes the strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// The safety rules.
    pub safety: Safety,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            exempt: false,
            first_contact: false,
            backlog: SignedDuration::from_hours(24),
            expire_after: None,
            hold_all: false,
            safety: Safety::On,
        }
    }
}
