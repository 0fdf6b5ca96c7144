//! IPTC 7901 of one story: one message, CR LF at line ends, UTF-8.
//!
//! What is written is read back at once and compared, so that no word can be lost or changed on the way out. Whatever does
//! not come back, and whatever the format has no way to say, is refused by name.

use std::fmt;

use jiff::Timestamp;
use news::{AgencyCopy, Block, BlockKind};

use crate::Hints;

/// The most columns of a line of the body, as agencies wrap it.
const COLUMNS: usize = 65;
/// The most columns of a line of the head: a headline that is longer goes on in the next line.
const HEAD_COLUMNS: usize = 60;

/// What is written of a story.
#[derive(Clone, Copy, Debug)]
pub struct Iptc7901Out<'a> {
    /// The service: one to eight ASCII letters.
    pub service: &'a str,
    /// The message's number on that service, up to 9999.
    pub number: u16,
    /// 1 (flash) to 9.
    pub priority: u8,
    /// The subject: one to four ASCII letters.
    pub subject: &'a str,
    /// The agency: one to eight ASCII letters.
    pub agency: &'a str,
    /// The slugline; its words are parted by `/`.
    pub slugline: &'a str,
    /// When this version was made.
    pub created: Timestamp,
    /// The publishable words.
    pub copy: &'a AgencyCopy,
}

/// What IPTC 7901 cannot carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Which part of the story: `service`, `slugline`, or the kind of a block.
    pub part: String,
    /// A sentence without final stop.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IPTC 7901 cannot carry the {}: {}", self.part, self.reason)
    }
}

impl std::error::Error for Refusal {}

fn refuse<T>(part: impl Into<String>, reason: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal { part: part.into(), reason: reason.into() })
}

/// Writes one message from SOH to EOT.
///
/// # Errors
///
/// A [`Refusal`] names the first part that the format cannot carry: headings, lists, quotations, captions, line breaks
/// within a paragraph, links, a headline beside which no byline can be told.
pub fn write(story: &Iptc7901Out<'_>) -> Result<Vec<u8>, Refusal> {
    for (part, word, most) in
        [("service", story.service, 8), ("subject", story.subject, 4), ("agency", story.agency, 8)]
    {
        if !(1..=most).contains(&word.len()) || !word.bytes().all(|b| b.is_ascii_alphabetic()) {
            return refuse(part, format!("`{word}` is not one to {most} letters from a to z"));
        }
    }
    if !(1..=9).contains(&story.priority) || story.number == 0 || story.number > 9999 {
        return refuse("number", "numbers go from 1 to 9999 and priorities from 1 to 9");
    }
    if story.slugline.chars().any(|c| c.is_control()) {
        return refuse("slugline", "it has more than one line");
    }
    let mut out = String::from('\u{1}');
    let words: usize = story.copy.body().map(|block| block.text().split_whitespace().count()).sum();
    let Iptc7901Out { service, number, priority, subject, agency, .. } = story;
    out.push_str(&format!("{service}{number:04} {priority} {subject} {words}  {agency} {number:04}\r\n\r\n"));
    let slug = story.slugline.trim().trim_end_matches('/');
    if !slug.is_empty() {
        out.push_str(&format!("{slug}/\r\n"));
    }
    out.push('\u{2}');
    head(story.copy, &mut out)?;
    for block in story.copy.body() {
        paragraph(block, &mut out)?;
    }
    out.push_str(&format!("\r\n\u{3}{}\r\n\u{4}", story.created.strftime("%d%H%M GMT %b %y")));
    compare(story, &out)?;
    Ok(out.into_bytes())
}

fn head(copy: &AgencyCopy, out: &mut String) -> Result<(), Refusal> {
    let mut lines: Vec<String> = Vec::new();
    let one_line = |text: &str, kind: BlockKind| match text.contains('\n') {
        true => refuse(kind.as_str(), "it has more than one line"),
        false => Ok(()),
    };
    for (kind, most) in [(BlockKind::Subhead, usize::MAX), (BlockKind::Headline, 1), (BlockKind::Byline, 1)] {
        for (n, text) in copy.texts(kind).enumerate() {
            one_line(text, kind)?;
            if n >= most {
                return refuse(kind.as_str(), "there is more than one");
            }
            match kind {
                BlockKind::Headline => wrap(text, HEAD_COLUMNS, &mut lines),
                _ => lines.push(text.to_owned()),
            }
        }
    }
    if copy.texts(BlockKind::Dateline).next().is_some() {
        return refuse("dateline", "it stands apart from the text");
    }
    let Some(last) = lines.last_mut() else { return refuse("headline", "there is none") };
    last.push_str(" =");
    for line in lines {
        out.push_str(&line);
        out.push_str("\r\n");
    }
    Ok(())
}

fn paragraph(block: &Block, out: &mut String) -> Result<(), Refusal> {
    out.push_str("\r\n");
    let mut lines = Vec::new();
    match block.kind() {
        BlockKind::P if block.text().contains('\n') => {
            return refuse("p", "a line breaks within the paragraph");
        }
        BlockKind::P => wrap(block.text(), COLUMNS, &mut lines),
        BlockKind::Pre => lines.extend(block.text().split('\n').map(str::to_owned)),
        BlockKind::Row => lines.push(format!("| {} |", block.text().replace('\t', " | "))),
        other => return refuse(other.as_str(), "the format has no such thing"),
    }
    let linked = block.marks().iter().any(|mark| matches!(mark.kind, news::MarkKind::Link(_)));
    if linked {
        return refuse(block.kind().as_str(), "words of it are a link");
    }
    for line in lines {
        out.push_str(&line);
        out.push_str("\r\n");
    }
    Ok(())
}

/// Breaks a text at single spaces, so that joining the lines with one space gives it back.
fn wrap(text: &str, columns: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    let mut length = 0;
    for word in text.split(' ') {
        let more = word.chars().count();
        // A run of spaces stays within a line.
        let breaks = length > 0 && length + 1 + more > columns && !word.is_empty() && !line.ends_with(' ');
        if breaks {
            lines.push(std::mem::take(&mut line));
            length = 0;
        } else if length > 0 || !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += more;
    }
    lines.push(line);
}

/// Reads back what was written; a block that does not come back as it was is refused.
fn compare(story: &Iptc7901Out<'_>, written: &str) -> Result<(), Refusal> {
    let reading = super::read(written.as_bytes(), &Hints::default());
    let [version] = &reading.items[..] else {
        return refuse("headline", "together with the body it does not come back as one message");
    };
    let held = version.signals.iter().find(|signal| signal.severity > news::Severity::Informs);
    if let Some(signal) = held {
        return refuse(
            "headline",
            format!("a reader of it would see an order to editors in it ({})", signal.code),
        );
    }
    let order = |copy: &AgencyCopy| {
        let mut blocks: Vec<(BlockKind, String)> =
            copy.blocks().iter().map(|block| (block.kind(), block.text().to_owned())).collect();
        blocks.sort_by_key(|(kind, _)| if kind.is_head() { *kind } else { BlockKind::P });
        blocks
    };
    let (meant, back) = (order(story.copy), order(&version.copy));
    for (i, (kind, text)) in meant.iter().enumerate() {
        if back.get(i).is_none_or(|(other, words)| other != kind || words != text) {
            let start: String = text.chars().take(40).collect();
            return refuse(kind.as_str(), format!("`{start}` would be read as something else"));
        }
    }
    match back.len() > meant.len() {
        true => refuse("body", "more blocks would be read than were written"),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy_of(blocks: &[(BlockKind, &str)]) -> AgencyCopy {
        let mut copy = AgencyCopy::default();
        for (kind, text) in blocks {
            copy.push(*kind, text, vec![], None).expect("the text is carried");
        }
        copy
    }

    fn written(blocks: &[(BlockKind, &str)]) -> Result<String, Refusal> {
        let copy = copy_of(blocks);
        let out = write(&Iptc7901Out {
            service: "agx",
            number: 42,
            priority: 4,
            subject: "pl",
            agency: "agx",
            slugline: "Council/Budget",
            created: "2026-03-14T12:05:00Z".parse().unwrap(),
            copy: &copy,
        })?;
        Ok(String::from_utf8(out).unwrap())
    }

    use BlockKind::{Byline, Caption, H2, Headline, Li, P, Pre, Row, Subhead};

    #[test]
    fn a_story_is_written_as_agencies_write_it() {
        let text = written(&[
            (Headline, "Council agrees on the budget"),
            (Byline, "By Jane Doe, agx"),
            (P, "Exampleton (agx) - The council agreed on Monday on the budget for the coming year, after a long night."),
            (Row, "Roads\t12\t3"),
            (P, "Größe und «Maß»."),
        ])
        .unwrap();
        let expect = "\u{1}agx0042 4 pl 25  agx 0042\r\n\r\nCouncil/Budget/\r\n\u{2}Council agrees on the budget\r\n\
            By Jane Doe, agx =\r\n\r\nExampleton (agx) - The council agreed on Monday on the budget for\r\n\
            the coming year, after a long night.\r\n\r\n| Roads | 12 | 3 |\r\n\r\nGröße und «Maß».\r\n\r\n\
            \u{3}141205 GMT Mar 26\r\n\u{4}";
        assert_eq!(text, expect);
    }

    #[test]
    fn what_is_written_is_read_back_with_the_same_words() {
        let long =
            "Rat einigt sich nach einer langen Nacht auf den Haushalt und streitet weiter um die Straßen";
        for blocks in [
            vec![(Subhead, "Roundup"), (Headline, long), (P, "Words.")],
            vec![
                (Headline, "परिषद ने बजट पारित किया"),
                (P, "नई दिल्ली, 14 मार्च (उदाहरण)। परिषद ने।"),
                (P, "अधिक।"),
            ],
            vec![
                (Headline, "H"),
                (Pre, "Doe      5.00\nRoe      6.00"),
                (P, "x  y and a wordthatislongerthanalinecanbe-wordthatislongerthanalinecanbe"),
            ],
        ] {
            let text = written(&blocks).unwrap_or_else(|refusal| panic!("{refusal}"));
            let back = super::super::read(text.as_bytes(), &Hints::default()).items.remove(0);
            let words = |kind| back.copy.texts(kind).map(str::to_owned).collect::<Vec<_>>();
            for (kind, text) in blocks {
                assert!(words(kind).contains(&text.to_owned()), "{kind:?} {text}: {:?}", back.copy);
            }
            let at = back.version_created.and_then(|stamp| stamp.at);
            assert_eq!(at, Some("2026-03-14T12:05:00Z".parse().unwrap()));
        }
    }

    #[test]
    fn what_the_format_cannot_carry_is_refused_by_name() {
        for (block, part) in [
            ((H2, "A heading"), "h2"),
            ((Li, "An item"), "li"),
            ((Caption, "A caption"), "caption"),
            ((P, "Two\nlines"), "p"),
            ((P, "| a | b |"), "p"),
            ((P, "   indented"), "p"),
            ((P, "# Notebook"), "p"),
            ((P, "The following information is not for publication"), "p"),
            ((Row, "a|b\tc"), "row"),
            ((Subhead, "KILL KILL KILL"), "headline"),
            ((Subhead, "(Achtung)"), "headline"),
        ] {
            let refusal = written(&[(Headline, "Bridge opens"), block, (P, "End.")]).expect_err(block.1);
            assert_eq!(refusal.part, part, "{}: {refusal}", block.1);
        }
        assert_eq!(written(&[(P, "No headline")]).unwrap_err().part, "headline");
    }
}
