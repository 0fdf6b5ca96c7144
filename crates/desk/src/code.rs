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
    /// A person reviewed it, and changed nothing.
    REVIEWED = "reviewed";
    /// A person edited it.
    EDITED = "edited";
    /// A person changed it because the law demanded it.
    ALTERED = "altered";
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
    /// The feed's breaker has tripped (safety rule).
    BREAKER = "breaker";
    /// The words of an item that was killed (safety rule).
    KILLED_TWIN = "killed-twin";
    /// The words of an older story under a new identifier (safety rule).
    OLD_TWIN = "old-twin";
    /// A sender or format that the feed never had (safety rule).
    UNEXPECTED_SENDER = "unexpected-sender";
    /// Many more new stories than usual (safety rule).
    BURST = "burst";
    /// Many flashes or obituaries at once (safety rule).
    FLASHES = "flashes";
    /// The dateline names another day (safety rule).
    DATE_DIFFERS = "date-differs";
    /// Words of a template or test (safety rule).
    PLACEHOLDER = "placeholder";
    /// A headline without a body (safety rule).
    EMPTY_BODY = "empty-body";
    /// The copy breaks off (safety rule).
    CUT_BODY = "cut-body";
    /// Long paragraphs stand twice (safety rule).
    REPEATED_BODY = "repeated-body";
    /// Hardly a word of the live version is left (safety rule).
    LARGE_CHANGE = "large-change";
    /// Another script or language than the item names (safety rule).
    OTHER_LANGUAGE = "other-language";
    /// Headline and body have nothing in common (safety rule).
    OTHER_STORY = "other-story";
    /// A word of the watch list (safety rule).
    WATCH_WORD = "watch-word";
    /// Numbers are missing, or a list has nothing in common with the one before (safety rule).
    GAP = "gap";
    /// A feed is silent for too long (safety rule).
    SILENCE = "silence";
    /// A route of the house's holds it.
    ROUTE_HOLD = "route-hold";
    /// A route of the house's ignores it.
    ROUTE_IGNORE = "route-ignore";
    /// The agency sends a later version of a story that was edited here.
    EDITED_HERE = "edited-here";
    /// As many stories as the contract allows were published today.
    DAILY_CAP = "daily-cap";
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
    /// [`BREAKER`] would have held.
    SHADOW_BREAKER = "shadow-breaker";
    /// [`KILLED_TWIN`] would have held.
    SHADOW_KILLED_TWIN = "shadow-killed-twin";
    /// [`OLD_TWIN`] would have held.
    SHADOW_OLD_TWIN = "shadow-old-twin";
    /// [`UNEXPECTED_SENDER`] would have held.
    SHADOW_UNEXPECTED_SENDER = "shadow-unexpected-sender";
    /// [`BURST`] would have held.
    SHADOW_BURST = "shadow-burst";
    /// [`FLASHES`] would have held.
    SHADOW_FLASHES = "shadow-flashes";
    /// [`DATE_DIFFERS`] would have held.
    SHADOW_DATE_DIFFERS = "shadow-date-differs";
    /// [`PLACEHOLDER`] would have held.
    SHADOW_PLACEHOLDER = "shadow-placeholder";
    /// [`EMPTY_BODY`] would have held.
    SHADOW_EMPTY_BODY = "shadow-empty-body";
    /// [`CUT_BODY`] would have held.
    SHADOW_CUT_BODY = "shadow-cut-body";
    /// [`REPEATED_BODY`] would have held.
    SHADOW_REPEATED_BODY = "shadow-repeated-body";
    /// [`LARGE_CHANGE`] would have held.
    SHADOW_LARGE_CHANGE = "shadow-large-change";
    /// [`OTHER_LANGUAGE`] would have held.
    SHADOW_OTHER_LANGUAGE = "shadow-other-language";
    /// [`OTHER_STORY`] would have held.
    SHADOW_OTHER_STORY = "shadow-other-story";
    /// [`WATCH_WORD`] would have held.
    SHADOW_WATCH_WORD = "shadow-watch-word";
    /// [`GAP`] would have held.
    SHADOW_GAP = "shadow-gap";
    /// [`SILENCE`] would have held.
    SHADOW_SILENCE = "shadow-silence";
}

/// Whether a version that is off for this reason returns by itself once the agency says nothing against it: the
/// reasons that are statements of the agency's own, in machine-readable fields.
pub(crate) fn follows_agency(reason: &str) -> bool {
    [WITHHELD, EMBARGOED, EMBARGO_INDEFINITE, UNKNOWN_STATUS, SIGNAL_HOLDS, NOT_FOR_PUBLICATION, NOT_TEXT]
        .contains(&reason)
}
