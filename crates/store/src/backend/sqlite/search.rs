//! The search: every word or quoted phrase of the query must stand in the words of a live item.
//!
//! The index knows stretches of three characters. What is shorter (most words of Chinese or Japanese) narrows down
//! what the longer terms found; a query of short terms only looks through the newest items.

use news::SiteId;
use rusqlite::types::Value;
use rusqlite::{Transaction, params_from_iter};

use super::index::{Spot, spot};
use crate::StoreError;

/// Longer queries are cut.
const CHARACTERS: usize = 512;
/// Further terms are not looked at.
const TERMS: usize = 16;
/// How many of the newest items a query of short terms looks through.
const NEWEST: i64 = 2_000;

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

/// Whether the index can find a term: three characters besides combining marks, which it leaves out.
fn is_long(term: &str) -> bool {
    term.chars().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).nth(2).is_some()
}

/// A string of the full-text syntax: everything between the quotes is taken as it is.
fn phrase(term: &str) -> String {
    // not copy: what a reader typed
    format!("\"{}\"", term.replace('"', "\"\""))
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
    let (long, short): (Vec<String>, Vec<String>) = terms(query).into_iter().partition(|term| is_long(term));
    if long.is_empty() && short.is_empty() {
        return Ok(Vec::new());
    }
    let mut values = vec![Value::from(site.as_str().to_owned()), Value::from(limit)];
    let mut sql = if long.is_empty() {
        values.push(Value::from(NEWEST));
        "SELECT s.rowid, n.id FROM (SELECT item, id, published FROM shown WHERE site = ?1 AND section = ''
         ORDER BY published DESC, id DESC LIMIT ?3) n JOIN search s ON s.rowid = n.item WHERE 1"
            .to_owned()
    } else {
        values.push(Value::from(long.iter().map(|term| phrase(term)).collect::<Vec<_>>().join(" AND ")));
        "SELECT s.rowid, p.id FROM search s JOIN placement p ON p.item = s.rowid AND p.site = ?1 WHERE search MATCH ?3"
            .to_owned()
    };
    for term in &short {
        values.push(Value::from(pattern(term)));
        let place = values.len();
        // The sign keeps the index from being asked, which does not know what is so short.
        sql.push_str(&format!(
            " AND (+s.headline LIKE ?{place} ESCAPE '\\' OR +s.body LIKE ?{place} ESCAPE '\\')"
        ));
    }
    sql.push_str(if long.is_empty() {
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
        assert_eq!(phrase("a\"b OR *"), "\"a\"\"b OR *\"");
        assert_eq!(pattern("5%_\\"), "%5\\%\\_\\\\%");
    }

    #[test]
    fn a_combining_mark_makes_no_term_longer() {
        assert!(!is_long("e\u{301}t"));
        assert!(is_long("été"));
    }
}
