//! Step 4: what the desk decides about a version, and why.

use jiff::Timestamp;

/// What is done with a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// A new story goes live.
    Publish,
    /// A live story gets this version at the same URL.
    Update,
    /// It waits, for a person or for a clock.
    Hold,
    /// The item is withdrawn, everywhere and for good.
    Kill,
    /// Recorded and listed; nothing public follows.
    Ignore,
}

impl Act {
    /// The word in output, API and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Act::Publish => "publish",
            Act::Update => "update",
            Act::Hold => "hold",
            Act::Kill => "kill",
            Act::Ignore => "ignore",
        }
    }

    /// The act behind the word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Act::Publish, Act::Update, Act::Hold, Act::Kill, Act::Ignore]
            .into_iter()
            .find(|a| a.as_str() == word)
    }
}

/// Why. A ruling has at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Stable and short: `new`, `embargoed`, `redelivery`, `kill-sticky`, `unknown-status`.
    pub code: &'static str,
    /// A sentence for the operator, without final stop and without the agency's words.
    pub text: String,
}

impl Reason {
    /// A reason.
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

/// What a held version waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// A person releases or spikes it.
    Person,
    /// The clock: an embargo that ends.
    Instant(Timestamp),
}

/// The desk's decision on one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// What is done with the version.
    pub act: Act,
    /// Why, the gravest reason first.
    pub reasons: Vec<Reason>,
    /// For [`Act::Hold`]: what it waits for.
    pub until: Option<Until>,
    /// The item's live version goes off all outputs now (withheld, embargo, kill text, operator's hold).
    pub recall: bool,
    /// The text changed without the agency saying so; the public history says it.
    pub silent_change: bool,
    /// An operator must be told at once.
    pub alarm: bool,
}

impl Ruling {
    /// A ruling with one reason and nothing else set.
    pub fn new(act: Act, reason: Reason) -> Self {
        Self { act, reasons: vec![reason], until: None, recall: false, silent_change: false, alarm: false }
    }
}
