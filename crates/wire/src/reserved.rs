//! Words inside a delivered text that the agency itself marks as not for publication.
//!
//! Some agencies put contacts and instructions for editors behind a fixed sentence at the end of the text. What
//! follows such a sentence never reaches the copy. A text that is marked as a whole, or in a wording that does
//! not say how far it reaches, waits for a person.

use news::relaxed;

/// How far a mark reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This block and all that follow.
    Onwards,
    /// Not said.
    Unclear,
}

/// Sentences after which nothing is for readers, folded.
const ONWARDS: [&str; 10] = [
    "die folgenden informationen sind nicht zur veröffentlichung bestimmt",
    "the following information is not for publication",
    "the following information is not intended for publication",
    "the following is not for publication",
    "the following is not intended for publication",
    "les informations suivantes ne sont pas destinées à la publication",
    "les informations suivantes ne sont pas destinées à être publiées",
    "la siguiente información no está destinada a su publicación",
    "le seguenti informazioni non sono destinate alla pubblicazione",
    "seuraavat tiedot eivät ole tarkoitettu julkaistavaksi",
];

/// The first two words of each of them.
const BEGINNINGS: [(&str, &str); 6] = [
    ("die", "folgenden"),
    ("the", "following"),
    ("les", "informations"),
    ("la", "siguiente"),
    ("le", "seguenti"),
    ("seuraavat", "tiedot"),
];

/// Marks that do not say how far they reach, folded. They count only where the block is little else.
const UNCLEAR: [&str; 7] = [
    "nicht zur veröffentlichung",
    "not for publication",
    "not intended for publication",
    "not for release",
    "ne pas publier",
    "no publicar",
    "non pubblicare",
];

/// The longest block, in characters, that a mark makes up: a story that speaks about "not for publication" is none.
const SHORT: usize = 120;

/// So much of a block is looked at for a sentence with which it begins, in bytes.
const BEGINNING: usize = 1024;

/// Whether a block of text is such a mark.
pub(crate) fn mark(block: &str) -> Option<Reach> {
    // Nearly every block begins with another word and is too long; nothing is copied to see that.
    let little = !is_long(block) && block.chars().filter(|c| !c.is_whitespace()).nth(SHORT).is_none();
    if !little && !begins_alike(block) {
        return None;
    }
    let beginning = block.char_indices().take_while(|(at, _)| *at < BEGINNING).last();
    let folded = relaxed(&block[..beginning.map_or(0, |(at, c)| at + c.len_utf8())]).to_lowercase();
    if ONWARDS.iter().any(|sentence| bare(&folded).starts_with(sentence)) {
        return Some(Reach::Onwards);
    }
    let little = little && folded.chars().count() <= SHORT;
    (little && UNCLEAR.iter().any(|words| folded.contains(words))).then_some(Reach::Unclear)
}

/// Whether a block has more than so many characters, told from its bytes alone: those that begin a character that is
/// no white space in any script. `false` proves nothing.
fn is_long(block: &str) -> bool {
    // Without a way out, and counted in bytes, so that many are looked at at once.
    let begins = |b: u8| (b.wrapping_sub(b'!') < 94) | (b.wrapping_sub(0xc3) < 30) | (b >= 0xe4);
    let (parts, _) = block.as_bytes()[..block.len().min(4 * SHORT)].as_chunks::<64>();
    let mut count = 0;
    parts.iter().any(|part| {
        count += usize::from(part.iter().fold(0u8, |n, &b| n + u8::from(begins(b))));
        count > SHORT
    })
}

/// Whether the first two words of a block are those of one of the sentences.
fn begins_alike(block: &str) -> bool {
    let behind = |text: &str, word: &str| {
        let (own, rest) = text.split_at_checked(word.len())?;
        (own.eq_ignore_ascii_case(word) && !rest.starts_with(char::is_alphanumeric)).then(|| bare(rest).len())
    };
    let text = bare(block);
    let Some(letter) = text.as_bytes().first().map(u8::to_ascii_lowercase) else { return false };
    BEGINNINGS.iter().any(|(first, second)| {
        first.as_bytes()[0] == letter
            && behind(text, first).is_some_and(|left| behind(&text[text.len() - left..], second).is_some())
    })
}

/// A text without what stands before its first word.
fn bare(text: &str) -> &str {
    text.trim_start_matches(|c: char| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_begins_with_two_words_that_are_looked_for() {
        for sentence in ONWARDS {
            let (first, rest) = sentence.split_once(' ').expect("two words");
            let (second, _) = rest.split_once(' ').expect("three words");
            assert!(BEGINNINGS.contains(&(first, second)), "{sentence}");
        }
    }

    #[test]
    fn a_mark_says_how_far_it_reaches() {
        let long = format!("The report said the letter was not for publication{}", ", and more".repeat(20));
        for (block, expect) in [
            ("Die folgenden Informationen sind nicht zur Veröffentlichung bestimmt", Some(Reach::Onwards)),
            (
                "* * * * Die folgenden  Informationen sind nicht zur Veröffentlichung bestimmt:",
                Some(Reach::Onwards),
            ),
            ("The following information is not intended for publication", Some(Reach::Onwards)),
            ("(Diese Informationen sind nicht zur Veröffentlichung bestimmt)", Some(Reach::Unclear)),
            ("NOT FOR PUBLICATION", Some(Reach::Unclear)),
            ("The council met on Monday", None),
            (
                &format!("THE FOLLOWING INFORMATION IS NOT FOR PUBLICATION: {}", "a name ".repeat(400)),
                Some(Reach::Onwards),
            ),
            (&format!("The following day nothing happened{}", " at all".repeat(400)), None),
            (long.as_str(), None),
        ] {
            assert_eq!(mark(block), expect, "{block}");
        }
    }
}
