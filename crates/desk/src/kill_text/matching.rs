//! Which item an order in words means.

use jiff::{SignedDuration, Timestamp};

use super::TextKill;
use super::words::{Words, fold, phrase_words};

/// How far an agency's numbers and sluglines reach: they are used again from day to day.
const DAY: SignedDuration = SignedDuration::from_hours(36);
/// A uri shorter than this is not looked for in running text.
const SHORTEST_URI: usize = 8;
/// A slugline or headline shorter than this names nothing.
const SHORTEST_NAME: usize = 4;

/// An item that an order may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its uri.
    pub uri: String,
    /// Its newest headline.
    pub headline: Option<String>,
    /// Its newest slugline.
    pub slugline: Option<String>,
    /// The agency's number of the day (IPTC 7901: `dpa 0123`, `bdt0123`), where the format has one.
    pub number: Option<String>,
    /// When it was made, or else when it came.
    pub at: Timestamp,
}

/// By what a candidate was matched; the earlier the surer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchRule {
    /// The order refers to its uri, or its words contain it.
    Uri,
    /// The order's words contain the agency's number, of the same day.
    Number,
    /// The order quotes its headline, or has the same headline itself; white space, case and accents apart.
    Headline,
    /// The order names its slugline, or has the same, within a day.
    Slugline,
}

impl MatchRule {
    /// The rule's word in records.
    pub fn as_str(self) -> &'static str {
        match self {
            MatchRule::Uri => "uri",
            MatchRule::Number => "number",
            MatchRule::Headline => "headline",
            MatchRule::Slugline => "slugline",
        }
    }
}

/// A candidate that an order means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Its place among the candidates.
    pub candidate: usize,
    /// By what.
    pub rule: MatchRule,
}

/// The candidates that the order means: all that the surest rule finds which finds any. More than one is ambiguous,
/// and all of them are to be held.
///
/// Candidates should be the agency's items of the last days; the time of an order that claims none fits all.
pub fn matching(kill: &TextKill, candidates: &[Candidate]) -> Vec<Match> {
    let named = Named::by(kill);
    let found: Vec<Match> = candidates
        .iter()
        .enumerate()
        .filter_map(|(i, candidate)| named.rule_for(kill, candidate).map(|rule| Match { candidate: i, rule }))
        .collect();
    let surest = found.iter().map(|found| found.rule).min();
    found.into_iter().filter(|found| Some(found.rule) == surest).collect()
}

/// What an order names, folded for comparing.
struct Named<'a> {
    texts: Vec<Words<'a>>,
    headlines: Vec<String>,
    slugline: Option<String>,
}

impl<'a> Named<'a> {
    fn by(kill: &'a TextKill) -> Self {
        let quoted = kill.texts.iter().flat_map(|text| quotations(text));
        let headlines =
            quoted.chain(kill.headline.as_deref()).map(fold).filter(|name| is_name(name)).collect();
        let slugline = kill.slugline.as_deref().map(fold).filter(|name| is_name(name));
        Self { texts: kill.texts.iter().map(|text| Words::of(text)).collect(), headlines, slugline }
    }

    fn rule_for(&self, kill: &TextKill, candidate: &Candidate) -> Option<MatchRule> {
        let long = candidate.uri.len() >= SHORTEST_URI;
        let in_text = long && kill.texts.iter().any(|text| contains_uri(text, &candidate.uri));
        if in_text || kill.uris.contains(&candidate.uri) {
            return Some(MatchRule::Uri);
        }
        let near = kill.claimed.is_none_or(|at| at.duration_since(candidate.at).abs() <= DAY);
        let number = candidate.number.as_deref().filter(|number| number.chars().any(|c| c.is_ascii_digit()));
        if near && number.is_some_and(|number| self.says(&spaced(number))) {
            return Some(MatchRule::Number);
        }
        let headline = candidate.headline.as_deref().map(fold);
        if headline.is_some_and(|headline| self.headlines.contains(&headline)) {
            return Some(MatchRule::Headline);
        }
        let slugline = candidate.slugline.as_deref().map(fold).filter(|name| near && is_name(name))?;
        let spoken = spaced(&slugline);
        let several = spoken.contains(' ');
        (self.slugline.as_ref() == Some(&slugline) || several && self.says(&spoken))
            .then_some(MatchRule::Slugline)
    }

    fn says(&self, phrase: &str) -> bool {
        let phrase = phrase_words(phrase);
        self.texts.iter().any(|words| words.says(&phrase))
    }
}

fn is_name(folded: &str) -> bool {
    folded.chars().count() >= SHORTEST_NAME
}

/// The words of a number or slugline, parted by one space: `BC-EU--Bank` and `dpa 061` as their words stand in a text.
fn spaced(name: &str) -> String {
    name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether the uri stands in the text by itself, rather than as the beginning or end of another.
fn contains_uri(text: &str, uri: &str) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "-_/:%".contains(c));
    text.match_indices(uri).any(|(at, _)| {
        let after = text[at + uri.len()..].chars().next();
        !goes_on(text[..at].chars().next_back()) && !goes_on(after)
    })
}

/// What stands between quotation marks, of any language; also nested and unfinished ones are looked through.
fn quotations(text: &str) -> impl Iterator<Item = &str> {
    const OPEN: &[char] = &['"', '“', '„', '«', '»', '‹', '‘', '‚', '「', '\''];
    const CLOSE: &[char] = &['"', '”', '“', '»', '«', '›', '’', '‘', '」', '\''];
    const MOST: usize = 64;
    text.match_indices(OPEN).take(MOST).flat_map(move |(at, mark)| {
        let rest = &text[at + mark.len()..];
        rest.match_indices(CLOSE).take(8).map(move |(end, _)| &rest[..end])
    })
}
