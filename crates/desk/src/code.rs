//! The codes of reasons: stable, short, and the same in the journal, the API, metrics and documentation.

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = $word;)*

        /// Every code that a ruling of this crate can carry.
        pub const ALL: &[&str] = &[$($name),*];

        /// The code behind a word that was kept in a record.
        pub fn from_word(word: &str) -> Option<&'static str> {
            ALL.iter().copied().find(|code| *code == word)
        }
    };
}

codes! {
    /// A new story goes live.
    NEW = "new";
    /// A later version replaces the live one.
    UPDATE = "update";
    /// A later version with the same words.
    METADATA = "metadata";
    /// The words changed, and neither version nor time says so.
    SILENT_CHANGE = "silent-change";
    /// The agency says usable again, of what it withheld or marked otherwise before.
    USABLE_AGAIN = "usable-again";
    /// The item's expiry was moved into the future after it had expired.
    EXPIRY_EXTENDED = "expiry-extended";
    /// An embargo came to its end.
    EMBARGO_LIFTED = "embargo-lifted";
    /// A person released it.
    RELEASED = "released";
    /// A person released a version of a killed item.
    RELEASED_AFTER_KILL = "released-after-kill";

    /// Nothing new.
    REDELIVERY = "redelivery";
    /// A redelivery with another embargo or expiry.
    TERMS_CHANGED = "terms-changed";
    /// A lower version after a higher one.
    LATE = "late";
    /// An earlier copy came back, and no newer time with it.
    EARLIER_COPY = "earlier-copy";
    /// Older than the backlog of a feed's first contact, or without a date there.
    BACKLOG = "backlog";
    /// Advisory, daybook, budget, test.
    NOT_FOR_PUBLICATION = "not-for-publication";
    /// No story in words.
    NOT_TEXT = "not-text";
    /// The document exists to withdraw another.
    WITHDRAWS_ANOTHER = "withdraws-another";
    /// The withdrawal is older than what it would withdraw (RFC 6721 §3).
    DELETED_BEFORE_UPDATE = "deleted-before-update";
    /// The item is killed already.
    ALREADY_KILLED = "already-killed";
    /// The command asks for what is so already.
    ALREADY_SO = "already-so";

    /// The agency's status or a machine-readable signal cancels the item.
    CANCELED = "canceled";
    /// A kill for an item that never came.
    KILLED_UNSEEN = "killed-unseen";
    /// Another document of the agency's names the item as canceled.
    KILLED_BY_ANOTHER = "killed-by-another";
    /// A person killed it.
    OPERATOR_KILL = "operator-kill";

    /// A later usable version of a killed item.
    KILL_STICKY = "kill-sticky";
    /// The kill came before the item.
    KILLED_BEFORE_ARRIVAL = "killed-before-arrival";
    /// Words that say kill or withhold, where no machine-readable field does.
    KILL_TEXT = "kill-text";
    /// The agency's status or a machine-readable signal withholds it.
    WITHHELD = "withheld";
    /// Another document of the agency's names the item as withheld.
    WITHHELD_BY_ANOTHER = "withheld-by-another";
    /// Not before an instant.
    EMBARGOED = "embargoed";
    /// Not before further notice.
    EMBARGO_INDEFINITE = "embargo-indefinite";
    /// Words that speak of an embargo, where no machine-readable field does.
    EMBARGO_TEXT = "embargo-text";
    /// A status that nobody told us about.
    UNKNOWN_STATUS = "unknown-status";
    /// A machine-readable signal asks for a person.
    SIGNAL_HOLDS = "signal-holds";
    /// A reader's complaint puts words or status in doubt.
    UNREADABLE = "unreadable";
    /// Nothing of the item could be read.
    LOST = "lost";
    /// Usable, but without a word.
    EMPTY = "empty";
    /// More than three changes in an hour.
    TOO_MANY_CHANGES = "too-many-changes";
    /// A new item dated long before its receipt (safety rule).
    STALE_DATE = "stale-date";
    /// Dated after its receipt (safety rule).
    FUTURE_DATE = "future-date";
    /// Copy with gaps still to be filled: `XXXX`, `TK TK` (safety rule).
    UNFINISHED = "unfinished";
    /// The operator holds the item.
    OPERATOR_HOLD = "operator-hold";
    /// The operator holds everything.
    HOLD_ALL = "hold-all";

    /// The licence ended.
    EXPIRED = "expired";
    /// A person refused it.
    SPIKED = "spiked";

    /// [`STALE_DATE`] would have held.
    SHADOW_STALE_DATE = "shadow-stale-date";
    /// [`FUTURE_DATE`] would have held.
    SHADOW_FUTURE_DATE = "shadow-future-date";
    /// [`UNFINISHED`] would have held.
    SHADOW_UNFINISHED = "shadow-unfinished";
}

/// Whether a version that is off for this reason returns by itself once the agency says nothing against it: the
/// reasons that are statements of the agency's own, in machine-readable fields.
pub(crate) fn follows_agency(reason: &str) -> bool {
    [WITHHELD, EMBARGOED, EMBARGO_INDEFINITE, UNKNOWN_STATUS, SIGNAL_HOLDS, NOT_FOR_PUBLICATION, NOT_TEXT]
        .contains(&reason)
}
