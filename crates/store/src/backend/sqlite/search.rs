//! The search: every word or quoted phrase of the query must stand in the words of a live item.
//!
//! The index knows words, whatever their case and accents; three letters of a word find it. In scripts that part no
//! words by spaces each character is a word, and a phrase of them finds any part of a text. Signs narrow down what the
//! words found; a query of signs only looks through the newest items.

use std::borrow::Cow;

use news::SiteId;
use rusqlite::types::Value;
use rusqlite::{Transaction, params_from_iter};

use super::cells::unsigned;
use super::index::{Spot, spot};
use crate::StoreError;

/// Longer queries are cut.
const CHARACTERS: usize = 512;
/// Further terms are not looked at.
const TERMS: usize = 16;
/// From how many letters on the beginning of a word finds it.
const SHORTEST_BEGINNING: usize = 3;
/// How many of the newest items a query of signs looks through.
const NEWEST: i64 = 2_000;

/// How many versions of an item have rows of their own in the search; the next takes the first one's place.
const ROWS: i64 = 16;

/// The row of an item's version in the search. What an item says anew has another, so that the old one can stay until
/// there is time to take it out.
pub(super) fn row_of(item: i64, n: u32) -> i64 {
    item * ROWS + i64::from(n) % ROWS
}

/// The item has left the search with this row, from this moment on: it is found no more. Its words are still there.
pub(super) fn leave(tx: &Transaction<'_>, row: i64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR IGNORE INTO unsearched (row) VALUES (?1)")?.execute([row])?;
    Ok(())
}

/// How many rows have left the search and are still there.
pub(super) fn left(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    unsigned(tx.prepare_cached("SELECT count(*) FROM unsearched")?.query_row([], |row| row.get(0))?)
}

/// One of them.
pub(super) fn first_left(tx: &Transaction<'_>) -> Result<Option<i64>, StoreError> {
    Ok(tx.prepare_cached("SELECT min(row) FROM unsearched")?.query_row([], |row| row.get(0))?)
}

/// Takes a row that has left the search out of its index, if it is still there. Returns whether it was.
pub(super) fn sweep(tx: &Transaction<'_>, row: i64) -> Result<bool, StoreError> {
    if tx.prepare_cached("DELETE FROM unsearched WHERE row = ?1")?.execute([row])? == 0 {
        return Ok(false);
    }
    tx.prepare_cached("DELETE FROM search WHERE rowid = ?1")?.execute([row])?;
    Ok(true)
}

/// The same with all rows of an item.
pub(super) fn sweep_item(tx: &Transaction<'_>, item: i64) -> Result<bool, StoreError> {
    let mut any = false;
    for row in row_of(item, 0)..row_of(item + 1, 0) {
        any |= sweep(tx, row)?;
    }
    Ok(any)
}

/// The terms of a query: words parted by white space, and phrases between double quotes.
fn terms(query: &str) -> Vec<String> {
    let query: String = query.chars().filter(|c| *c != '\0').take(CHARACTERS).collect();
    let mut terms: Vec<String> = Vec::new();
    for (i, stretch) in query.split('"').enumerate() {
        let phrase = stretch.split_whitespace().collect::<Vec<_>>().join(" ");
        match i % 2 {
            1 => terms.push(phrase),
            _ => terms.extend(phrase.split(' ').map(str::to_owned)),
        }
    }
    terms.retain(|term| !term.is_empty());
    terms.truncate(TERMS);
    terms
}

/// Scripts that part no words by spaces, or join small words to others, so that readers look for parts of what stands
/// between two spaces: Hebrew to Arabic, Thai to Myanmar, Khmer, and all of East Asia.
fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8ff}' | '\u{e00}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{d7ff}'
            | '\u{f900}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{ff66}'..='\u{ffdc}' | '\u{1b000}'..='\u{3ffff}'
    ) && c.is_alphanumeric()
}

/// A text as the search takes it in: each character of such a script is a word, so that a phrase of them finds any
/// part of a text.
pub(super) fn spaced(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(is_unspaced) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        match is_unspaced(c) {
            true => out.extend([' ', c, ' ']),
            false => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A term, as the index is asked for it and as the texts are looked through for it.
struct Term {
    /// The words in it, one behind the other, the last one perhaps only begun; none if it holds no word.
    phrase: Option<String>,
    /// The pattern of the whole, where it is more than its words.
    pattern: Option<String>,
}

impl Term {
    fn of(term: &str) -> Self {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '\u{300}'..='\u{36f}');
        let spaced = spaced(term);
        let words = spaced.split(|c: char| !is_word(c)).filter(|word| !word.is_empty());
        let last = words.clone().next_back();
        let begun =
            last.is_some_and(|last| last.chars().count() >= SHORTEST_BEGINNING) && term.ends_with(is_word);
        Self {
            phrase: last.map(|_| phrase(&spaced, begun)),
            pattern: (!term.chars().all(|c| is_word(c) || c == ' '))
                .then(|| pattern(spaced.trim_matches(' '))),
        }
    }
}

/// A string of the full-text syntax: everything between the quotes is taken as it is. If it is `begun`, the last word
/// may go on.
fn phrase(term: &str, begun: bool) -> String {
    // not copy: what a reader typed
    format!("\"{}\"{}", term.replace('"', "\"\""), if begun { " *" } else { "" })
}

/// A pattern that finds the term anywhere, with nothing in the term meaning anything.
fn pattern(term: &str) -> String {
    let mut pattern = String::from("%");
    for c in term.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// Live items on a site that match, the newest items first.
pub(super) fn search(
    tx: &Transaction<'_>,
    site: &SiteId,
    query: &str,
    limit: i64,
) -> Result<Vec<Spot>, StoreError> {
    let terms: Vec<Term> = terms(query).iter().map(|term| Term::of(term)).collect();
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = vec![Value::from(site.as_str().to_owned()), Value::from(limit)];
    let phrases: Vec<&str> = terms.iter().filter_map(|term| term.phrase.as_deref()).collect();
    let own = format!("i.id * {ROWS} + i.searched % {ROWS}");
    let mut sql = if phrases.is_empty() {
        values.push(Value::from(NEWEST));
        format!(
            "SELECT n.item, n.id FROM (SELECT item, id, published FROM shown WHERE site = ?1 AND section = ''
             ORDER BY published DESC, id DESC LIMIT ?3) n JOIN item i ON i.id = n.item JOIN search s ON s.rowid = {own} WHERE 1"
        )
    } else {
        // Parted by spaces all must be there; one in which the index finds no word is passed over.
        values.push(Value::from(phrases.join(" ")));
        format!(
            "SELECT i.id, p.id FROM search s CROSS JOIN item i ON i.id = s.rowid / {ROWS} AND {own} = s.rowid
             JOIN placement p ON p.item = i.id AND p.site = ?1 WHERE search MATCH ?3"
        )
    };
    for pattern in terms.iter().filter_map(|term| term.pattern.as_deref()) {
        values.push(Value::from(pattern.to_owned()));
        let place = values.len();
        sql.push_str(&format!(
            " AND (s.headline LIKE ?{place} ESCAPE '\\' OR s.body LIKE ?{place} ESCAPE '\\')"
        ));
    }
    sql.push_str(if phrases.is_empty() {
        " ORDER BY n.published DESC, n.id DESC LIMIT ?2"
    } else {
        " ORDER BY s.rowid DESC LIMIT ?2"
    });
    let mut ask = tx.prepare_cached(&sql)?;
    let mut rows = ask.query(params_from_iter(values))?;
    let mut spots = Vec::new();
    while let Some(row) = rows.next()? {
        spots.push(spot(row)?);
    }
    Ok(spots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expect: &[&str]) {
        assert_eq!(terms(query), expect);
    }

    #[test]
    fn a_query_is_words_and_quoted_phrases() {
        check("two  words", &["two", "words"]);
        check("a \"whole  phrase\" b", &["a", "whole phrase", "b"]);
        check("an \"open phrase", &["an", "open phrase"]);
        check(" \" \" ", &[]);
        check("NOT a* -b (c) NEAR/3 col:x", &["NOT", "a*", "-b", "(c)", "NEAR/3", "col:x"]);
        check("nul\0l", &["null"]);
    }

    #[test]
    fn nothing_in_a_term_means_anything() {
        assert_eq!(phrase("a\"b OR *", false), "\"a\"\"b OR *\"");
        assert_eq!(pattern("5%_\\"), "%5\\%\\_\\\\%");
    }

    #[track_caller]
    fn asked(term: &str, phrase: Option<&str>, pattern: Option<&str>) {
        let term = Term::of(term);
        assert_eq!((term.phrase.as_deref(), term.pattern.as_deref()), (phrase, pattern));
    }

    #[test]
    fn words_are_asked_for_and_signs_looked_for() {
        asked("profits", Some("\"profits\" *"), None);
        asked("eu", Some("\"eu\""), None);
        asked("two words", Some("\"two words\" *"), None);
        asked("pro*", Some("\"pro*\""), Some("%pro*%"));
        asked("U.S.", Some("\"U.S.\""), Some("%U.S.%"));
        asked("--", None, Some("%--%"));
        asked("東京", Some("\" 東  京 \""), None);
        asked("e\u{301}te\u{301}", Some("\"e\u{301}te\u{301}\" *"), None);
    }

    #[test]
    fn each_character_is_a_word_where_words_are_not_parted() {
        for (text, expect) in [
            ("plain", "plain"),
            ("für", "für"),
            ("東京で 5G", " 東  京  で  5G"),
            ("「東」", "「 東 」"),
            ("서울", " 서  울 "),
        ] {
            assert_eq!(spaced(text), expect);
        }
    }
}
