//! The label: which sentence stands with a copy of this review state in this language.

use news::{Label, ReviewState};

/// The four sentences in one language. What a contract or house does not prescribe has a plain English default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelSet {
    /// Published by the machine alone.
    pub unreviewed: Option<String>,
    /// Seen by a person.
    pub reviewed: Option<String>,
    /// Changed by a person.
    pub edited: Option<String>,
    /// Changed because the law demanded it.
    pub altered: Option<String>,
}

impl LabelSet {
    fn sentence(&self, state: ReviewState) -> Option<&str> {
        match state {
            ReviewState::Unreviewed => self.unreviewed.as_deref(),
            ReviewState::Reviewed => self.reviewed.as_deref(),
            ReviewState::Edited => self.edited.as_deref(),
            ReviewState::Altered => self.altered.as_deref(),
        }
    }
}

/// The sentences that a feed's contract and the house prescribe.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelTexts {
    /// For every language that has none of its own.
    pub texts: LabelSet,
    /// The language of `texts` (BCP 47), if known.
    pub language: Option<String>,
    /// By language (BCP 47).
    pub languages: Vec<(String, LabelSet)>,
}

/// The label for a copy of this review state in this language (BCP 47).
///
/// Languages are looked up as in RFC 4647 §3.4: the tag as given, then shortened from its end; then the sentences
/// for every language; then our own, in English.
pub fn label(state: ReviewState, texts: &LabelTexts, language: Option<&str>) -> Label {
    let own = language.and_then(|language| own_language(state, texts, language));
    let (text, language) = own
        .or_else(|| texts.texts.sentence(state).map(|text| (text, texts.language.as_deref())))
        .unwrap_or((default_sentence(state), Some("en")));
    Label { state, text: text.to_owned(), language: language.map(str::to_owned) }
}

fn own_language<'a>(
    state: ReviewState,
    texts: &'a LabelTexts,
    language: &str,
) -> Option<(&'a str, Option<&'a str>)> {
    let mut range = language;
    loop {
        for (tag, set) in &texts.languages {
            if let (true, Some(text)) = (tag.eq_ignore_ascii_case(range), set.sentence(state)) {
                return Some((text, Some(tag)));
            }
        }
        range = &range[..range.rfind('-')?];
    }
}

fn default_sentence(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Unreviewed => {
            "This text has been published automatically from an agency feed, word for word, \
             and has not been reviewed by an editor"
        }
        ReviewState::Reviewed => {
            "This text is published word for word as the agency delivered it and has been reviewed by an editor"
        }
        ReviewState::Edited => "This text comes from a news agency and has been edited by our staff",
        ReviewState::Altered => {
            "This text comes from a news agency and has been changed because the law required it"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_language_wins() {
        let set = |text: &str| LabelSet { unreviewed: Some(text.to_owned()), ..LabelSet::default() };
        let texts = LabelTexts {
            texts: set("any"),
            language: Some("en-GB".to_owned()),
            languages: vec![("hi".to_owned(), set("hindi")), ("zh-Hant".to_owned(), set("zh"))],
        };
        let check = |language: Option<&str>, expect: &str, expect_language: &str| {
            let label = label(ReviewState::Unreviewed, &texts, language);
            assert_eq!((label.text.as_str(), label.language.as_deref()), (expect, Some(expect_language)));
        };
        check(Some("hi"), "hindi", "hi");
        check(Some("HI-IN"), "hindi", "hi");
        check(Some("zh-hant-TW"), "zh", "zh-Hant");
        check(Some("zh"), "any", "en-GB");
        check(Some("fr"), "any", "en-GB");
        check(None, "any", "en-GB");
    }

    #[test]
    fn a_state_without_a_sentence_never_borrows_that_of_another() {
        let texts = LabelTexts {
            texts: LabelSet { unreviewed: Some("not reviewed".to_owned()), ..LabelSet::default() },
            ..LabelTexts::default()
        };
        let edited = label(ReviewState::Edited, &texts, Some("en"));
        assert_eq!((edited.state, edited.text.contains("edited")), (ReviewState::Edited, true));
        assert_ne!(edited.text, "not reviewed");
    }
}
