//! What ties one item to others.

use crate::ItemKey;

/// How an item belongs together with what its [`Tie`] leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TieKind {
    /// A part of a longer story: a take, an add, an insert; or the part of a series that the tie numbers.
    Part,
    /// A later telling of a story under an identifier of its own: a lead, a writethru.
    Lead,
    /// What carries the slug of a day and says nothing of being a part or a lead: perhaps what they belong to.
    Whole,
    /// A translation of it.
    Translation,
    /// A package that names it as a member.
    Member,
    /// It takes its place.
    Replaces,
    /// It corrects it.
    Corrects,
    /// It is a later version of it, which had an identifier of its own.
    Previous,
    /// The agency names it for some other reason.
    SeeAlso,
    /// Both are about one event.
    Event,
    /// Another agency told the same before, in nearly the same words.
    Twin,
}

impl TieKind {
    /// All of them.
    pub const ALL: [TieKind; 11] = [
        TieKind::Part,
        TieKind::Lead,
        TieKind::Whole,
        TieKind::Translation,
        TieKind::Member,
        TieKind::Replaces,
        TieKind::Corrects,
        TieKind::Previous,
        TieKind::SeeAlso,
        TieKind::Event,
        TieKind::Twin,
    ];

    /// The word in records and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            TieKind::Part => "part",
            TieKind::Lead => "lead",
            TieKind::Whole => "whole",
            TieKind::Translation => "translation",
            TieKind::Member => "member",
            TieKind::Replaces => "replaces",
            TieKind::Corrects => "corrects",
            TieKind::Previous => "previous",
            TieKind::SeeAlso => "see-also",
            TieKind::Event => "event",
            TieKind::Twin => "twin",
        }
    }

    /// The kind behind the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Where a tie leads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TieTo {
    /// To this item, whether it ever came or not.
    Item(ItemKey),
    /// To whatever bears the same mark: a keyed hash of a slug and its day, of a series, of an event. Never the words
    /// themselves.
    Mark(u64),
}

/// One tie of one version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tie {
    /// How they belong together.
    pub kind: TieKind,
    /// Where it leads.
    pub to: TieTo,
    /// The number of the part or lead, where one is said.
    pub no: Option<u32>,
}
