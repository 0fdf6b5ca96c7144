//! Kills, holds and other orders that agencies write in words, where no machine-readable field says them.
//!
//! Words may only ever hold: nothing here publishes, kills or lifts a hold. The rules are rows of one table
//! ([`RULES`]), each with the convention that it comes from, and are written to leave ordinary headlines alone
//! ("Police kill two", "Kill Bill returns"): capitals count only where an order would stand, and a phrase in any
//! case counts only in notes to editors.
//!
//! Which item such words mean is the second question: [`matching`] answers it by explicit rules, too.

mod matching;
mod rules;
#[cfg(test)]
mod tests;
mod words;

use jiff::Timestamp;
use news::{AgencyCopy, BlockKind, Version};

pub use matching::{Candidate, Match, MatchRule, matching};
pub use rules::{Effect, Field, RULES, Rule, Shape};

use words::{Words, fold};

/// How many characters of one text are looked at: an order stands at the top.
const LOOK: usize = 4_000;
/// How many notes of one version are looked at.
const NOTES: usize = 64;

/// An order found in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextKill {
    /// The rule that found it ([`Rule::name`]).
    pub rule: &'static str,
    /// What it orders.
    pub effect: Effect,
    /// Where it was found: `headline`, `lead`, `slugline`, or the path of a note.
    pub place: String,
    /// The uris that the version names, whatever the relation.
    pub uris: Vec<String>,
    /// The texts in which the item it means may be named: headline, slugline, first paragraphs, notes.
    pub texts: Vec<String>,
    /// The version's own slugline.
    pub slugline: Option<String>,
    /// The version's own headline, without the order that opens it.
    pub headline: Option<String>,
    /// When the version was made, by its own word.
    pub claimed: Option<Timestamp>,
}

/// The gravest order that the version gives in words, if it gives one.
pub fn classify(version: &Version) -> Option<TextKill> {
    let texts = texts(version);
    let mut best: Option<(&Rule, &str)> = None;
    for (field, place, text) in &texts {
        let words = Words::of(text);
        for rule in rules::holding(*field, &words) {
            if best.is_none_or(|(found, _)| rule.effect > found.effect) {
                best = Some((rule, place));
            }
        }
    }
    let (rule, place) = best?;
    Some(TextKill {
        rule: rule.name,
        effect: rule.effect,
        place: place.to_owned(),
        uris: version.references.iter().map(|reference| reference.uri.clone()).collect(),
        slugline: version.slugline.clone(),
        headline: version.copy.headline().map(|headline| rules::without_order(cut(headline)).to_owned()),
        claimed: version.claimed_time(),
        texts: texts.into_iter().map(|(_, _, text)| text.to_owned()).collect(),
    })
}

/// Whether the version says of itself, in a signal or in words, that it corrects an earlier one.
pub fn is_correction(version: &Version) -> bool {
    let signal = version.signals.iter().any(|signal| fold(&signal.code).contains("correct"));
    let corrects = news::Relation::Corrects;
    signal
        || version.references.iter().any(|reference| reference.relation == corrects)
        || texts(version).iter().any(|(_, _, text)| rules::opens_as_correction(&Words::of(text)))
}

/// Whether the copy has gaps that somebody meant to fill: `XXXX` more than once or longer, `TK TK`, `XXXX/TK`.
pub(crate) fn is_unfinished(copy: &AgencyCopy) -> bool {
    let (mut short, mut tk) = (0, 0);
    let suspects =
        copy.blocks().iter().filter(|block| ["TK", "XXXX"].iter().any(|gap| block.text().contains(gap)));
    for block in suspects {
        for word in block.text().split(|c: char| !c.is_alphanumeric()) {
            match word {
                "TKTK" | "TKTKTK" => return true,
                "TK" => tk += 1,
                _ if word.len() >= 4 && word.bytes().all(|b| b == b'X') => {
                    short += 1;
                    if word.len() > 4 {
                        return true;
                    }
                }
                _ => {}
            }
        }
    }
    short > 1 || tk > 1 || short + tk > 1
}

/// Where orders stand: the fields of a version, in the order in which they are asked.
fn texts(version: &Version) -> Vec<(Field, &str, &str)> {
    let mut out = Vec::new();
    for kind in [BlockKind::Headline, BlockKind::Subhead] {
        out.extend(version.copy.texts(kind).take(2).map(|text| (Field::Headline, "headline", cut(text))));
    }
    out.extend(version.slugline.iter().map(|text| (Field::Slugline, "slugline", cut(text))));
    out.extend(version.copy.body().take(2).map(|block| (Field::Lead, "lead", cut(block.text()))));
    let notes = version.notes.iter().filter(|note| !NO_ORDERS.contains(&note.role.as_str())).take(NOTES);
    out.extend(notes.map(|note| (Field::Note, note.path.as_str(), cut(&note.text))));
    out
}

/// Roles of notes that no editor wrote.
const NO_ORDERS: &[&str] =
    &["comment", "script", "style", "template", "hidden-text", "alt", "noscript", "fallback"];

/// The first [`LOOK`] characters.
fn cut(text: &str) -> &str {
    text.char_indices().nth(LOOK).map_or(text, |(end, _)| &text[..end])
}
