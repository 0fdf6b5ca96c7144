//! The sentence shown with the copy. It is computed from the record, never typed.

/// Whether a person of the publisher has looked at, or changed, the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReviewState {
    /// Published by the machine alone, word for word.
    Unreviewed,
    /// Word for word, and seen by a person in a named role.
    Reviewed,
    /// Changed by a person: the page does not claim to be word for word.
    Edited,
    /// Changed because the law, a court or an authority demanded it: no claim to be word for word either.
    Altered,
}

impl ReviewState {
    /// All states.
    pub const ALL: [ReviewState; 4] =
        [ReviewState::Unreviewed, ReviewState::Reviewed, ReviewState::Edited, ReviewState::Altered];

    /// The word in pages (`data-label`), feeds and API.
    pub fn as_str(self) -> &'static str {
        match self {
            ReviewState::Unreviewed => "unreviewed",
            ReviewState::Reviewed => "reviewed",
            ReviewState::Edited => "edited",
            ReviewState::Altered => "altered",
        }
    }

    /// Whether the words are the agency's, character for character.
    pub fn is_verbatim(self) -> bool {
        matches!(self, ReviewState::Unreviewed | ReviewState::Reviewed)
    }

    /// The state behind the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }
}

/// A label: the state and the sentence that the contract or the house prescribes for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// What it states.
    pub state: ReviewState,
    /// The sentence, word for word as configured.
    pub text: String,
    /// The sentence's language (BCP 47), where known.
    pub language: Option<String>,
}
