//! From plain text to one version.

use news::{BlockKind, Field, Gravity, Taken, Version, relaxed};

use crate::mail;
use crate::story::{self, Head};
use crate::{Format, Hints, Reading, feed, terms};

/// A first paragraph of more characters is no headline.
const LONGEST_HEADLINE: usize = 300;

/// Reads a text as one story.
pub(crate) fn read(text: &str, hints: &Hints) -> Reading {
    let mut reading = Reading { format: Some(Format::Plain), ..Reading::default() };
    let mut version = Version::new("");
    version.span = 0..text.len();
    version.language.clone_from(&hints.language);
    let mut words = mail::plain_words(text, "text", &mut version);
    if words.blocks.is_empty() {
        return crate::lost(Some(Format::Plain), "no-words", "the text holds no words".to_owned());
    }
    let headline = words.blocks.remove(0).text;
    note(&mut version, text, &headline);
    let lead = words.blocks.first().map(|block| relaxed(&block.text)).unwrap_or_default();
    version.uri = feed::key("plain", &[&relaxed(&headline), &lead]);
    if words.blocks.is_empty() {
        let message = "the text is one paragraph: a headline, an empty line and a body would be right";
        terms::complain(&mut version, Gravity::Hold, "no-body", message, "text");
    } else if headline.chars().count() > LONGEST_HEADLINE {
        let message = "the first paragraph is too long for a headline; an empty line may be missing";
        terms::complain(&mut version, Gravity::Hold, "headline-doubtful", message, "text");
    }
    let head =
        Head { lines: story::line(BlockKind::Headline, &headline).into_iter().collect(), ..Head::default() };
    story::tell(&mut version, head, words, "text");
    story::number(&mut version.complaints, 0);
    reading.items.push(version);
    reading
}

/// Where headline and body stood: the headline begins the text and ends where its last line does.
fn note(version: &mut Version, text: &str, headline: &str) {
    let start = text.find(|c: char| !terms::is_space(c)).unwrap_or(0);
    let lines = headline.split('\n').count();
    let end = text[start..].match_indices('\n').nth(lines - 1).map_or(text.len(), |(at, _)| start + at);
    version.origins.bytes(Field::Block(BlockKind::Headline, 0), Taken::ByMeaning, start..end);
    if !text[end..].trim().is_empty() {
        version.origins.bytes(Field::Body, Taken::ByMeaning, end..text.trim_end().len());
    }
}
