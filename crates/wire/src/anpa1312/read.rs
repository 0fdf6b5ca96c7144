//! ANPA 1312 to versions.

use std::borrow::Cow;

use news::{
    BlockKind, Complaint, Field, Gravity, ItemClass, Severity, Taken, Version, VersionOrder, VersionStamp,
    nth,
};

use super::shape::{self, Header, Mark, Marked, Trailer};
use crate::html::{Draft, Words};
use crate::story::{self, Head};
use crate::teleprinter::{self, DELETE, Message, lines};
use crate::{Hints, Reading, feed, terms, time};

/// Begins a table row.
const TAB_LINE: char = '\u{8}';
/// A space between words of one column.
const SPACE_BAND: &str = "\u{10}";

/// Reads a transmission of any number of messages. Never fails; see [`crate::read`].
pub fn read(bytes: &[u8], hints: &Hints) -> Reading {
    teleprinter::read(bytes, hints, shape::is_header, message)
}

fn message(message: &Message<'_>, hints: &Hints) -> Result<Version, Complaint> {
    let (before, text) = match message.text {
        Some(text) => (message.head, text),
        None => shape::without_stx(message.head),
    };
    if teleprinter::is_fill(text) {
        let message = format!("the message `{}` has no text", shown(before));
        return Err(Complaint::new(Gravity::Lost, "empty-item", message).at("text", None));
    }
    let mut version = Version::new(String::new());
    version.language = hints.language.clone();
    if message.text.is_none() {
        return Ok(results(before, text, message, version));
    }
    let header = header(before, message, &mut version);
    let mut trailer = None;
    match message.tail {
        Some(tail) => {
            for line in lines(tail).into_iter().filter(|line| !line.is_blank()) {
                match Trailer::parse(line.text).filter(|_| trailer.is_none()) {
                    Some(found) => {
                        message.note(&mut version, Field::VersionCreated, Taken::ByMeaning, line.bare());
                        trailer = Some(found);
                    }
                    None => terms::keep(&mut version, "trailer", line.bare()),
                }
            }
        }
        None => teleprinter::complain_cut(&mut version),
    }
    date(trailer.as_ref(), hints, &mut version);
    let text: Cow<'_, str> = match text.contains(DELETE) {
        true => text.chars().filter(|c| *c != DELETE).collect::<String>().into(),
        false => text.into(),
    };
    let mut text: Vec<&str> =
        lines(&text).into_iter().map(|line| line.text).filter(|line| !is_stray(line)).collect();
    slugline(&mut text, message, &mut version);
    version_field(&header, &mut version);
    sign_off(&mut text, &mut version);
    let head = head(&mut text, header.tabular, message, &mut version);
    message.note_lines(&mut version, Field::Body, text.iter().copied());
    identify(&header, trailer.as_ref(), &mut version);
    let body = body(&text, header.tabular);
    story::tell(&mut version, head, body, "text");
    Ok(version)
}

/// A message without STX: a line of fields, an empty line, and text with marks for some typesetting machine, as results
/// of races come. The line is the headline, its fields parted by spaces. What the marks mean nobody has said: it waits.
fn results(before: &str, text: &str, message: &Message<'_>, mut version: Version) -> Version {
    let said = "the message has no STX: header and text were told apart by the first empty line, and marks for a \
                machine may stand among the words";
    terms::complain(&mut version, Gravity::Hold, "no-control-bytes", said, "text");
    let fields = before.trim_matches(terms::is_space);
    message.note(&mut version, Field::Block(BlockKind::Headline, 0), Taken::ByMeaning, fields);
    let headline = story::line(BlockKind::Headline, &fields.replace(['\u{1f}', '\u{1e}'], " "));
    let head = Head { lines: headline.into_iter().collect(), ..Head::default() };
    let lines: Vec<&str> = lines(text).into_iter().map(|line| line.text).collect();
    message.note_lines(&mut version, Field::Body, lines.iter().copied());
    version.uri = feed::key("anpa1312", &[fields, text]);
    let body = body(&lines, false);
    story::tell(&mut version, head, body, "text");
    version
}

/// A line on which nothing but a mark stands.
fn is_stray(line: &str) -> bool {
    matches!(line.trim(), "^" | "<" | "^<")
}

fn shown(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(60).collect()
}

fn header<'a>(head: &'a str, message: &Message<'_>, version: &mut Version) -> Header<'a> {
    let Some(header) = Header::parse(head) else {
        terms::keep(version, "header", head);
        let message = format!("`{}` begins no header of ANPA 1312", shown(head));
        terms::complain(version, Gravity::Remark, "header-unreadable", message, "header");
        return Header::default();
    };
    match header.priority {
        "f" => version.urgency = Some(1),
        "b" => version.urgency = Some(2),
        "u" => version.urgency = Some(3),
        "r" => version.urgency = Some(4),
        "d" => version.urgency = Some(5),
        _ => {}
    }
    version.subjects.push(terms::subject(Some(header.category), Some("anpa1312"), None));
    message.note(version, Field::Urgency, Taken::ByMeaning, header.priority);
    message.note(version, Field::SubjectCode(0), Taken::AsWritten, header.category);
    for (path, value) in [
        ("header/service", header.service),
        ("header/number", header.number),
        ("header/selector", header.selector),
        ("header/priority", header.priority),
        ("header/keyword", header.keyword),
        ("header/date", header.day),
        ("header/words", header.words),
    ] {
        terms::keep(version, path, value);
    }
    header
}

fn date(trailer: Option<&Trailer>, hints: &Hints, version: &mut Version) {
    let Some(trailer) = trailer else {
        terms::complain(
            version,
            Gravity::Remark,
            "no-date",
            "the message carries no date behind ETX",
            "trailer",
        );
        return;
    };
    let mut stamp = time::stamp(&trailer.date, hints, "trailer", &mut version.complaints);
    stamp.raw = trailer.raw.clone();
    if let Some(at) = stamp.at {
        version.version = VersionStamp { raw: String::new(), order: VersionOrder::Time(at) };
    }
    version.version_created = Some(stamp);
}

/// The first line of the text: `^*9006< ^BC-EX--Council-Budget, 1st Ld-Writethru,308<`.
fn slugline(text: &mut Vec<&str>, message: &Message<'_>, version: &mut Version) {
    let Some(at) = text.iter().position(|line| !line.trim().is_empty()) else { return };
    // A message that lost its slugline begins with its first paragraph.
    if Marked::of(text[at]).indented {
        return;
    }
    let line = text.remove(at).trim();
    let slug = match line.split_once("< ^") {
        Some((before, slug)) => {
            terms::keep(version, "text/selector", before);
            slug
        }
        None => line,
    };
    version.slugline = Some(Marked::of(slug).text.to_owned()).filter(|slug| !slug.is_empty());
    if version.slugline.is_some() {
        message.note(version, Field::Slugline, Taken::AsWritten, Marked::of(slug).text);
    }
}

/// The slug alone, without version and number of words.
fn slug(version: &Version) -> &str {
    let line = version.slugline.as_deref().unwrap_or_default();
    line.split(',').next().unwrap_or_default().trim()
}

/// What header and slugline say about this version: `1stLd-Writethru`, `Advisory`, `2nd Take`.
fn version_field(header: &Header<'_>, version: &mut Version) {
    version.version.raw = header.version.clone();
    version.keywords.extend(Some(header.keyword).filter(|word| !word.is_empty()).map(str::to_owned));
    let line = version.slugline.clone().unwrap_or_default();
    let fields = [header.version.as_str(), line.split_once(',').map_or("", |(_, rest)| rest)];
    let words = fields.iter().flat_map(|field| field.split([' ', ',', '-', '_']));
    if let Some(word) = words.clone().find(|word| terms::is_advisory(word)) {
        version.class = ItemClass::Advisory(word.to_owned());
    } else if header.category.eq_ignore_ascii_case("v") {
        version.class = ItemClass::Advisory("category v".to_owned());
    }
    if words.clone().any(terms::is_test) {
        teleprinter::text_signal(version, "text:test", Severity::NotForPublication, "header");
    }
    for (code, severity) in fields.iter().flat_map(|field| shape::version_signals(field)) {
        teleprinter::text_signal(version, &code, severity, "header");
    }
}

fn identify(header: &Header<'_>, trailer: Option<&Trailer>, version: &mut Version) {
    let day = trailer.and_then(|trailer| time::instant_of(&trailer.midnight));
    let slug = Some(slug(version)).filter(|slug| !slug.is_empty()).unwrap_or(header.keyword).to_owned();
    if let (Some(day), false) = (day, slug.is_empty()) {
        version.uri =
            format!("urn:verbatim:anpa1312:{}:{}", terms::collapse(&slug), day.strftime("%Y-%m-%d"));
        return;
    }
    version.uri = feed::key("anpa1312", &[header.service, header.number, &slug, header.day]);
    let message = "the message lacks a slug or a date; it is known by a hash of its number, slug and day";
    terms::complain(version, Gravity::Remark, "no-identifier", message, "header");
}

/// Takes the agency's end mark off: `^END<`, `==Kyodo`.
fn sign_off(text: &mut Vec<&str>, version: &mut Version) {
    while text.pop_if(|line| line.trim().is_empty()).is_some() {}
    let Some(last) = text.last() else { return };
    let marked = Marked::of(last);
    if marked.text.starts_with("==") || marked.begun && marked.text == "END" {
        terms::keep(version, "text/end", last.trim());
        text.pop();
    }
}

/// Takes the head off: what stands before the first paragraph or row.
fn head(text: &mut Vec<&str>, tabular: bool, message: &Message<'_>, version: &mut Version) -> Head {
    let mut head = Head::default();
    let mut at = 0;
    let mut by = false;
    while let Some(line) = text.get(at) {
        let marked = Marked::of(line);
        if marked.text.is_empty() {
            at += 1;
            continue;
        }
        let first = !head.has_headline();
        let body = marked.indented
            || as_row(line, tabular).is_some()
            || !first && !marked.begun
            || !first && marked.end == Mark::Open;
        // Centred lines behind a byline belong to it, unless they stand above something else than a paragraph.
        if body || by && (marked.end != Mark::Centred || !leads_to_paragraph(&text[at..])) {
            break;
        }
        at += 1;
        if shape::is_for_editors(marked.text) {
            terms::note(version, "ednote", marked.text, "head");
            message.note(version, Field::Note(nth(version.notes.len())), Taken::AsWritten, marked.text);
        } else if shape::is_pictures(marked.text) {
            terms::note(version, "pictures", marked.text, "head");
            message.note(version, Field::Note(nth(version.notes.len())), Taken::AsWritten, marked.text);
        } else if by || marked.end == Mark::Centred && is_byline(marked.text) {
            by = true;
            head.bylines.extend(story::line(BlockKind::Byline, marked.text));
            message.note(
                version,
                Field::Block(BlockKind::Byline, nth(head.bylines.len())),
                Taken::ByMeaning,
                marked.text,
            );
        } else if first {
            // Kyodo ends its headline with a sign of its own, and has no other mark.
            let line = if marked.begun { marked.text } else { marked.text.trim_end_matches('+') };
            head.lines.extend(story::line(BlockKind::Headline, line));
            message.note(version, Field::Block(BlockKind::Headline, 0), Taken::ByMeaning, line);
        } else {
            message.note(version, Field::Block(BlockKind::Subhead, 0), Taken::ByMeaning, marked.text);
            head.lines.extend(story::line(BlockKind::Subhead, marked.text));
        }
    }
    text.drain(..at);
    head
}

fn is_byline(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    ["by", "from", "par", "por"].contains(&word.to_ascii_lowercase().as_str())
}

/// Whether a paragraph follows within these lines, after at most three centred ones.
fn leads_to_paragraph(text: &[&str]) -> bool {
    let mut rest =
        text.iter().filter(|line| !line.trim().is_empty()).map(|line| Marked::of(line)).skip_while({
            let mut centred = 0;
            move |line| {
                centred += 1;
                centred <= 3 && line.begun && line.end == Mark::Centred
            }
        });
    rest.next().is_some_and(|line| line.indented && !line.begun)
}

/// The body, by the rules in this module's documentation.
fn body(text: &[&str], tabular: bool) -> Words {
    let mut words = Words::default();
    let mut paragraph = String::new();
    for line in text {
        if let Some(row) = as_row(line, tabular) {
            close(&mut paragraph, &mut words);
            words.blocks.extend(row);
            continue;
        }
        let marked = Marked::of(line);
        if marked.begun || marked.indented || marked.text.is_empty() {
            close(&mut paragraph, &mut words);
        }
        if marked.begun && marked.end == Mark::Centred {
            push(BlockKind::H3, marked.text, &mut words);
            continue;
        }
        if !paragraph.is_empty() {
            paragraph.push(' ');
        }
        paragraph.push_str(marked.text);
        if marked.begun || marked.end != Mark::Open {
            close(&mut paragraph, &mut words);
        }
    }
    close(&mut paragraph, &mut words);
    words
}

fn close(paragraph: &mut String, words: &mut Words) {
    push(BlockKind::P, paragraph, words);
    paragraph.clear();
}

fn push(kind: BlockKind, text: &str, words: &mut Words) {
    if text.is_empty() {
    } else if shape::is_for_editors(text) {
        let (role, text, path) = ("ednote".into(), text.to_owned(), "text".into());
        words.notes.push(news::Note { role, text, path });
    } else {
        words.blocks.push(story::draft(kind, text.to_owned(), Vec::new(), None));
    }
}

/// A row, `Some(None)` if it has no words; `None` if it is none.
fn as_row(line: &str, tabular: bool) -> Option<Option<Draft>> {
    let bare = line.trim_matches(terms::is_space);
    if let Some(inside) = bare.strip_prefix(TAB_LINE) {
        let inside = inside.strip_prefix('^').unwrap_or(inside).trim_end_matches('<');
        if !inside.contains(['\u{1f}', '\u{1e}']) {
            return Some(teleprinter::row(inside.replace(SPACE_BAND, " ").split(';')));
        }
        return Some(teleprinter::row(columns(inside).iter().map(String::as_str)));
    }
    // Nearly every line has no column, and is looked at no further.
    memchr::memchr(b';', line.as_bytes())?;
    let marked = Marked::of(line);
    let parts = marked.text.matches(';').count();
    let tight = parts > 1 && !marked.text.contains("; ");
    let row = marked.begun && marked.text.starts_with(';') && parts > 1 || tabular && tight;
    row.then(|| teleprinter::row(marked.text.split(';')))
}

/// The columns of a row: parted by any run of 0x1F, 0x1E and spaces that has one of the two in it.
fn columns(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut gap = String::new();
    for c in line.chars() {
        if matches!(c, '\u{1f}' | '\u{1e}' | ' ') {
            gap.push(c);
            continue;
        }
        if gap.contains(['\u{1f}', '\u{1e}']) {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push_str(&gap);
        }
        gap.clear();
        if let Some(last) = out.last_mut() {
            last.push(if c == '\u{10}' { ' ' } else { c });
        }
    }
    out
}
