//! What an edit changed, for the public to see.

use similar::{ChangeTag, TextDiff};

/// A stretch of one paragraph or more, as it was and as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Its pieces in order: what the agency wrote and is gone, what was put in, and what stands between.
    pub pieces: Vec<(Change, String)>,
}

/// What happened to a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is as it was.
    Same,
    /// It was taken out.
    Out,
    /// It was put in.
    In,
}

/// The paragraphs that differ between two texts in their canonical form, word by word.
pub fn changes(before: &str, after: &str) -> Vec<Changed> {
    let parts = |text: &str| -> Vec<String> {
        text.trim_end_matches('\n').split("\n\n").map(str::to_owned).collect()
    };
    let (old, new) = (parts(before), parts(after));
    let whole = TextDiff::from_slices(
        &old.iter().map(String::as_str).collect::<Vec<_>>(),
        &new.iter().map(String::as_str).collect::<Vec<_>>(),
    )
    .ops()
    .to_vec();
    let mut out = Vec::new();
    for op in whole.iter().filter(|op| op.tag() != similar::DiffTag::Equal) {
        let (was, is) = (old[op.old_range()].join("\n\n"), new[op.new_range()].join("\n\n"));
        let words = TextDiff::from_words(was.as_str(), is.as_str());
        let mut pieces: Vec<(Change, String)> = Vec::new();
        for change in words.iter_all_changes() {
            let tag = match change.tag() {
                ChangeTag::Equal => Change::Same,
                ChangeTag::Delete => Change::Out,
                ChangeTag::Insert => Change::In,
            };
            match pieces.last_mut() {
                Some((last, text)) if *last == tag => text.push_str(change.value()),
                _ => pieces.push((tag, change.value().to_owned())),
            }
        }
        out.push(Changed { pieces });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told_word_by_word() {
        let found = changes("Head\n\nOne two three\n\nSame\n", "Head\n\nOne 2 three\n\nSame\n\nNew\n");
        let told: Vec<Vec<(Change, &str)>> = found
            .iter()
            .map(|changed| changed.pieces.iter().map(|(tag, text)| (*tag, text.as_str())).collect())
            .collect();
        let first =
            vec![(Change::Same, "One "), (Change::Out, "two"), (Change::In, "2"), (Change::Same, " three")];
        assert_eq!(told, [first, vec![(Change::In, "New")]]);
        assert!(changes("a\n", "a\n").is_empty());
    }
}
