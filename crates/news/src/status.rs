//! Publication status in the words of IPTC: `pubStatus`, embargo, signals.

use jiff::Timestamp;

/// The status a version claims, as in NewsML-G2 and ninjs. Formats without one are usable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PubStatus {
    /// May be published.
    Usable,
    /// Must not be published now; what was published is recalled.
    Withheld,
    /// Must never be published again: a kill.
    Canceled,
    /// A status word that nobody told us about. The version is held.
    Unknown(String),
}

impl PubStatus {
    /// The IPTC word.
    pub fn as_str(&self) -> &str {
        match self {
            PubStatus::Usable => "usable",
            PubStatus::Withheld => "withheld",
            PubStatus::Canceled => "canceled",
            PubStatus::Unknown(word) => word,
        }
    }
}

/// Not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embargo {
    /// Public from this instant on.
    Until(Timestamp),
    /// Until further notice (an empty `embargoed` element, or a time nobody could read).
    Indefinite,
}

/// How much a signal restricts. The more restrictive of two always wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Says something about the version (update, correction, repeat) without restricting it.
    Informs,
    /// Not for publication: advisory, daybook, budget, test. Recorded and shown on the desk only.
    NotForPublication,
    /// Waits for a person.
    Holds,
    /// Recalls what is live, until further notice.
    Withholds,
    /// Kills.
    Kills,
}

/// Something a version says about itself beside its status: `sig:correction`, an editor's "KILL KILL KILL".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The code as delivered (`sig:update`), or our own name of a text mark (`text:kill`).
    pub code: String,
    /// What it restricts.
    pub severity: Severity,
    /// Whether it was found in text rather than in a machine field. Text may only ever hold.
    pub from_text: bool,
    /// Where it was found.
    pub path: String,
}
