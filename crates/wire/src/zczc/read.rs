//! ZCZC to versions.

use std::borrow::Cow;
use std::ops::Range;

use news::Taken::{AsWritten, ByMeaning};
use news::{BlockKind, Complaint, Field, Gravity, Version, nth, relaxed};

use crate::story::{self, Head};
use crate::teleprinter::{self, Message, is_number};
use crate::{Format, Hints, Reading, feed, html, terms};

/// Begins and ends a message.
const START: &str = "ZCZC";
const END: &str = "NNNN";
/// Marks for typesetting at the ends of lines.
const MARKS: [char; 2] = ['\u{f}', '\u{19}'];

/// Whether a text without control frame begins a message.
pub(crate) fn opens(text: &str) -> bool {
    let text = text.trim_start_matches(teleprinter::is_fill_character);
    let Some(word) = text.get(..START.len()) else { return false };
    let next = text[START.len()..].chars().next();
    word.eq_ignore_ascii_case(START) && next.is_none_or(|c| c.is_whitespace())
}

/// Reads a transmission of any number of messages. Never fails; see [`crate::read`].
pub fn read(bytes: &[u8], hints: &Hints) -> Reading {
    let mut reading = Reading { format: Some(Format::Zczc), ..Reading::default() };
    for span in messages(bytes) {
        let (text, oddities) = teleprinter::decode(&bytes[span.clone()]);
        if teleprinter::is_fill(&text) {
            continue;
        }
        let item = reading.items.len();
        if item + reading.complaints.len() >= hints.limits.items {
            let message = format!("more than {} messages came; the rest was not read", hints.limits.items);
            let lost = Complaint::new(Gravity::Lost, "too-many-items", message);
            reading.complaints.push(lost.at("", Some(span.start)));
            break;
        }
        let start = matches!(text, Cow::Borrowed(_)).then_some(span.start);
        match message(&Message::whole(&text, start), hints) {
            Ok(mut version) => {
                version.complaints.extend(oddities);
                version.span = span;
                story::number(&mut version.complaints, item);
                reading.items.push(version);
            }
            Err(complaint) => reading.complaints.push(complaint.at("", Some(span.start))),
        }
    }
    reading
}

/// Each message from its ZCZC to the next one; what stands before the first belongs to it. No byte is in none.
fn messages(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut starts = vec![0];
    let mut first = true;
    let mut at = 0;
    while at < bytes.len() {
        let end = memchr::memchr2(b'\r', b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
        let line = bytes[at..end].trim_ascii_start();
        if line.len() >= START.len()
            && line[..START.len()].eq_ignore_ascii_case(START.as_bytes())
            && line.get(START.len()).is_none_or(u8::is_ascii_whitespace)
            && !std::mem::take(&mut first)
        {
            starts.push(at);
        }
        at = end + 1;
    }
    let ends = starts[1..].iter().copied().chain([bytes.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

#[derive(Default)]
struct Header<'a> {
    id: Option<&'a str>,
    headline: Option<&'a str>,
    service: Option<&'a str>,
    slug: Option<&'a str>,
    key: Option<&'a str>,
    byline: Option<&'a str>,
}

fn message(message: &Message<'_>, hints: &Hints) -> Result<Version, Complaint> {
    let text = message.text.unwrap_or_default();
    let mut lines = teleprinter::lines(text).into_iter().map(|line| line.text).peekable();
    while lines.next_if(|line| teleprinter::is_fill(line)).is_some() {}
    let Some(first) = lines.next_if(|line| opens(line)) else {
        let said = "text stands outside every message and begins with no ZCZC; it was not read";
        return Err(Complaint::new(Gravity::Lost, "outside-message", said));
    };
    let mut version = Version::new(String::new());
    version.language.clone_from(&hints.language);
    let sender = first.trim_start().get(START.len()..).unwrap_or_default().trim();
    terms::keep(&mut version, "header/sender", sender);
    let mut header = Header::default();
    while let Some(line) = lines.next_if(|line| line.trim().is_empty() || is_header(line)) {
        let line = line.trim();
        if take(line, &mut header, message, &mut version, hints) {
            break;
        }
    }
    let mut body: Vec<&str> = Vec::new();
    let mut ended = false;
    for line in lines {
        if !ended && line.trim().eq_ignore_ascii_case(END) {
            ended = true;
        } else if ended {
            terms::keep(&mut version, "trailer", line.trim());
        } else {
            body.push(line.trim_end_matches(|c| terms::is_space(c) || MARKS.contains(&c)));
        }
    }
    if !ended {
        let said = "the message has no NNNN: its end may not have arrived";
        let signed = header.id.is_some();
        let gravity = if signed { Gravity::Remark } else { Gravity::Hold };
        terms::complain(&mut version, gravity, "message-cut", said, "text");
    }
    let mut head = head(&header, message, &mut version);
    if head.lines.is_empty()
        && let Some(line) = first_line(&mut body)
    {
        message.note(&mut version, Field::Block(BlockKind::Headline, 0), AsWritten, line.trim());
        head.lines.extend(story::line(BlockKind::Headline, line));
    }
    message.note_lines(&mut version, Field::Body, body.iter().copied());
    let words = html::read_text(&body.join("\n"), "text");
    let lead = words.blocks.first().map(|block| relaxed(&block.text)).unwrap_or_default();
    let headline = head.lines.first().map(|line| line.text.clone()).unwrap_or_default();
    if lead.is_empty() {
        let said = format!("the message `{headline}` has no text");
        return Err(Complaint::new(Gravity::Lost, "empty-item", said));
    }
    let slug = header.slug.or(header.key).unwrap_or_default();
    if let Some(id) = header.id {
        message.note(&mut version, Field::Uri, ByMeaning, id);
    }
    version.uri = match header.id {
        Some(id) => format!("urn:verbatim:zczc:{sender}{id}"),
        None => feed::key("zczc", &[sender, slug, &headline, &lead]),
    };
    version.slugline = Some(slug.to_owned()).filter(|slug| !slug.is_empty());
    message.note(&mut version, Field::Slugline, AsWritten, slug);
    story::tell(&mut version, head, words, "text");
    Ok(version)
}

/// Whether a line is part of the header: a mark and a value, two letters and `#`, or a few capitals.
fn is_header(line: &str) -> bool {
    let line = line.trim();
    let bytes = line.as_bytes();
    match bytes {
        [b'*' | b'+', rest @ ..] => rest.is_empty() || rest[0].is_ascii_alphanumeric() && rest.len() <= 12,
        [b'^' | b'$' | b'#' | b':' | b'%' | b'&' | b'@' | b'~' | b'=', ..] => true,
        [a, b, b'#', ..] => a.is_ascii_uppercase() && b.is_ascii_uppercase(),
        [a, b, b' ', rest @ ..] => {
            [a, b].iter().all(|b| b.is_ascii_uppercase())
                && (2..=8).contains(&rest.len())
                && rest.starts_with(b"TD")
                && rest.iter().all(u8::is_ascii_alphabetic)
        }
        _ => false,
    }
}

/// Takes one line of the header; `true` if the body begins behind it.
fn take<'a>(
    line: &'a str,
    header: &mut Header<'a>,
    message: &Message<'_>,
    version: &mut Version,
    hints: &Hints,
) -> bool {
    if line.is_empty() {
        return false;
    }
    if let Some((tag, value)) = line.split_once('#').filter(|(tag, _)| tag.len() == 2) {
        let value = value.trim();
        match tag {
            "TX" => return true,
            "AN" if !value.is_empty() => header.id = Some(value),
            "TI" if !value.is_empty() => header.headline = Some(value),
            "BY" if !value.is_empty() => header.byline = Some(value),
            "PD" => {
                version.version_created = terms::stamp(version, value, "header/PD", hints);
                message.note(version, Field::VersionCreated, ByMeaning, value);
            }
            "KY" => {
                for word in value.split_whitespace() {
                    version.keywords.push(word.to_owned());
                    let field = Field::Keyword(nth(version.keywords.len()));
                    message.note(version, field, AsWritten, word);
                }
            }
            _ => terms::keep(version, format!("header/{tag}"), value),
        }
        return false;
    }
    let mark = line.chars().next().unwrap_or_default();
    let value = line[mark.len_utf8()..].trim();
    match mark {
        '^' if header.headline.is_none() && !value.is_empty() => header.headline = Some(value),
        '$' if header.service.is_none() && value.chars().count() > 2 => header.service = Some(value),
        '#' if header.slug.is_none() && !value.is_empty() => header.slug = Some(value),
        ':' if header.key.is_none() && !value.is_empty() => header.key = Some(value),
        '*' | '+' if value.len() == 8 && is_number(value) => {
            version.subjects.push(terms::subject(Some(value), Some("subj"), None));
            let field = Field::SubjectCode(nth(version.subjects.len()));
            message.note(version, field, AsWritten, value);
        }
        '^' | '$' | '#' | ':' | '*' | '+' | '%' | '&' | '@' | '~' | '=' => {
            terms::keep(version, format!("header/{mark}"), value);
        }
        _ => terms::keep(version, "header/routing", line),
    }
    false
}

/// The most characters of a first line that may be a headline.
const LONGEST: usize = 120;

/// Takes the first line of the body for a headline where the header has none, if it is short, not indented, and no table.
fn first_line<'a>(body: &mut Vec<&'a str>) -> Option<&'a str> {
    let at = body.iter().position(|line| !line.trim().is_empty())?;
    let line = body[at];
    let title = line.chars().count() <= LONGEST && !line.starts_with([' ', '\t']) && !line.contains("  ");
    let follows = body[at + 1..].iter().any(|line| !line.trim().is_empty());
    (title && follows).then(|| body.remove(at))
}

fn head(header: &Header<'_>, message: &Message<'_>, version: &mut Version) -> Head {
    let mut head = Head::default();
    let named = header.headline.or(header.service);
    let headline = named.or(header.slug).or(header.key).unwrap_or_default();
    if named.is_none() {
        let said =
            "no line of the header is a headline; the slugline, or the first line, stands in its place";
        terms::complain(version, Gravity::Remark, "no-headline", said, "header");
    }
    message.note(version, Field::Block(BlockKind::Headline, 0), AsWritten, headline);
    head.lines.extend(story::line(BlockKind::Headline, headline));
    if let Some(line) = header.byline {
        message.note(version, Field::Block(BlockKind::Byline, 0), ByMeaning, line);
    }
    head.bylines.extend(header.byline.and_then(|line| story::line(BlockKind::Byline, line)));
    if named.is_some()
        && let Some(key) = header.key.filter(|_| header.slug.is_some())
    {
        terms::keep(version, "header/:", key);
    }
    head
}
