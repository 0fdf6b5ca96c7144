//! The rules by name, what each looks for, and how far each may go.

use jiff::SignedDuration;

use super::profile::phrase_hashes;
use crate::code;

/// How far a rule goes. It never governs status, kill, embargo or not-for-publication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Safety {
    /// What it finds is held.
    #[default]
    On,
    /// It only says what it would have done.
    Shadow,
    /// It is not asked.
    Off,
}

macro_rules! rules {
    ($($(#[doc = $doc:literal])* $name:ident = $word:literal, $code:ident, $shadow:ident;)*) => {
        /// A safety rule. Each came from something that happened; each can only turn a publication into a hold.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Rule {
            $($(#[doc = $doc])* $name,)*
        }

        impl Rule {
            /// All of them, in the order in which their reasons stand.
            pub const ALL: [Rule; [$($word),*].len()] = [$(Rule::$name),*];

            /// Its name in the configuration, in records and in metrics; also the code of its reason.
            pub fn name(self) -> &'static str {
                match self { $(Rule::$name => code::$code,)* }
            }

            /// The code of its reason where it only watches.
            pub fn shadow(self) -> &'static str {
                match self { $(Rule::$name => code::$shadow,)* }
            }

            /// What it looks for, in a sentence.
            pub fn about(self) -> &'static str {
                match self { $(Rule::$name => concat!($($doc),*).trim_ascii(),)* }
            }
        }

        const _: () = { $(assert!(same(code::$code, $word));)* };
    };
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    a.len() == b.len()
}

rules! {
    /// The breaker of the feed has tripped: after too many findings in ten minutes a person looks at the whole feed.
    Breaker = "breaker", BREAKER, SHADOW_BREAKER;
    /// The words are those of an item that was killed within the last thirty days.
    KilledTwin = "killed-twin", KILLED_TWIN, SHADOW_KILLED_TWIN;
    /// The words are those of an older story that had another identifier.
    OldTwin = "old-twin", OLD_TWIN, SHADOW_OLD_TWIN;
    /// A sender or a format that this feed never had.
    UnexpectedSender = "unexpected-sender", UNEXPECTED_SENDER, SHADOW_UNEXPECTED_SENDER;
    /// Many more new stories than this feed ever brought in ten minutes.
    Burst = "burst", BURST, SHADOW_BURST;
    /// More flashes or obituaries in ten minutes than a newsroom writes.
    Flashes = "flashes", FLASHES, SHADOW_FLASHES;
    /// A new item dated long before its receipt.
    StaleDate = "stale-date", STALE_DATE, SHADOW_STALE_DATE;
    /// Dated after its receipt.
    FutureDate = "future-date", FUTURE_DATE, SHADOW_FUTURE_DATE;
    /// The dateline names another day than the item's own date.
    DateDiffers = "date-differs", DATE_DIFFERS, SHADOW_DATE_DIFFERS;
    /// Gaps in the copy that somebody meant to fill: `XXXX`, `TK TK`.
    Unfinished = "unfinished", UNFINISHED, SHADOW_UNFINISHED;
    /// Words of a template or a test where a story should be.
    Placeholder = "placeholder", PLACEHOLDER, SHADOW_PLACEHOLDER;
    /// No body, on a feed whose stories have one.
    EmptyBody = "empty-body", EMPTY_BODY, SHADOW_EMPTY_BODY;
    /// The copy breaks off within a sentence, or within what was there before.
    CutBody = "cut-body", CUT_BODY, SHADOW_CUT_BODY;
    /// Long paragraphs stand twice in the copy.
    RepeatedBody = "repeated-body", REPEATED_BODY, SHADOW_REPEATED_BODY;
    /// Hardly a word of the live version is left.
    LargeChange = "large-change", LARGE_CHANGE, SHADOW_LARGE_CHANGE;
    /// Another script or language than the one that the item names.
    OtherLanguage = "other-language", OTHER_LANGUAGE, SHADOW_OTHER_LANGUAGE;
    /// Headline and body have no word in common.
    OtherStory = "other-story", OTHER_STORY, SHADOW_OTHER_STORY;
    /// A word of the watch list stands in headline or lead.
    WatchWord = "watch-word", WATCH_WORD, SHADOW_WATCH_WORD;
    /// Numbers are missing in the feed's own count, or a list has nothing in common with the one before. Alarms only.
    Gap = "gap", GAP, SHADOW_GAP;
    /// The feed says nothing for much longer than it ever did. Alarms only.
    Silence = "silence", SILENCE, SHADOW_SILENCE;
}

/// The rules of one feed, with their thresholds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    modes: [Safety; Rule::ALL.len()],
    /// How long before its receipt a new item may be dated.
    pub stale_after: SignedDuration,
    /// How far the clocks of agency and newsroom may be apart.
    pub ahead: SignedDuration,
    /// How many new stories in ten minutes are no burst, whatever was usual.
    pub burst: u32,
    /// The same on a feed that is known for less than three days.
    pub burst_unknown: u32,
    /// How many times the busiest ten minutes so far make a burst.
    pub burst_factor: u32,
    /// How many flashes, or obituaries, may come in ten minutes.
    pub flashes: u32,
    /// How old a story must be for its twin to be old.
    pub twin_age: SignedDuration,
    /// How many findings in ten minutes trip the feed's breaker; 0: it never trips.
    pub breaker: u32,
    /// After how long without a new item the feed is silent; without it, what was usual decides.
    pub silence: Option<SignedDuration>,
    /// Who may send: hosts, peers or addresses. Empty: whoever did so far.
    pub senders: Vec<String>,
    watch: Vec<Watched>,
}

/// A phrase of the watch list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) phrase: String,
    pub(super) hashes: Vec<u64>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            modes: [Safety::On; Rule::ALL.len()],
            stale_after: SignedDuration::from_hours(24),
            ahead: SignedDuration::from_mins(10),
            burst: 40,
            burst_unknown: 200,
            burst_factor: 3,
            flashes: 5,
            twin_age: SignedDuration::from_hours(7 * 24),
            breaker: 10,
            silence: None,
            senders: Vec::new(),
            watch: Vec::new(),
        }
    }
}

impl Rules {
    /// The usual thresholds, and every rule so far.
    pub fn all(safety: Safety) -> Self {
        Self { modes: [safety; Rule::ALL.len()], ..Self::default() }
    }

    /// How far a rule goes.
    pub fn mode(&self, rule: Rule) -> Safety {
        self.modes.get(rule as usize).copied().unwrap_or_default()
    }

    /// Sets how far a rule goes.
    pub fn set(&mut self, rule: Rule, safety: Safety) -> &mut Self {
        if let Some(mode) = self.modes.get_mut(rule as usize) {
            *mode = safety;
        }
        self
    }

    /// Whether any rule is asked.
    pub fn any(&self) -> bool {
        self.modes.iter().any(|mode| *mode != Safety::Off)
    }

    /// The words and phrases that are held for a person wherever they stand in headline or lead.
    pub fn watch_for<'a>(&mut self, phrases: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.watch = phrases
            .into_iter()
            .map(|phrase| Watched { phrase: phrase.to_owned(), hashes: phrase_hashes(phrase) })
            .filter(|watched| !watched.hashes.is_empty())
            .collect();
        self
    }

    pub(super) fn watched(&self) -> &[Watched] {
        &self.watch
    }
}

/// What a rule found: the sentence for the operator, without the agency's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// What it found.
    pub text: String,
}

impl Finding {
    pub(crate) fn new(rule: Rule, text: impl Into<String>) -> Self {
        Self { rule, text: text.into() }
    }
}
