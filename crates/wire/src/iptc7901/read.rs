//! IPTC 7901 to versions.

use std::borrow::Cow;

use news::{
    BlockKind, Complaint, Field, Gravity, Note, Stamp, Taken, Version, VersionOrder, VersionStamp, nth,
};

use super::shape::{self, HEAD_LINES, HeadLine, Header, Trailer};
use crate::html::{Draft, Words};
use crate::story::{self, Head};
use crate::teleprinter::{self, BELL, DELETE, End, Line, Message, lines};
use crate::{Hints, Reading, feed, terms, time};

/// Reads a transmission of any number of messages. Never fails; see [`crate::read`].
pub fn read(bytes: &[u8], hints: &Hints) -> Reading {
    teleprinter::read(bytes, hints, shape::is_header, message)
}

fn message(message: &Message<'_>, hints: &Hints) -> Result<Version, Complaint> {
    let before = lines(message.head);
    let mut before = before.into_iter().filter(|line| !line.is_blank());
    let Some(first) = before.next().map(Line::bare) else {
        return Err(Complaint::new(Gravity::Lost, "empty-item", "the message has no header").at("head", None));
    };
    let mut version = Version::new(String::new());
    version.language = hints.language.clone();
    let header = header(first, message, &mut version);
    let mut rest: Vec<Line<'_>> = before.collect();
    let mut text = match message.text {
        Some(text) => lines(text),
        // Without STX the text begins behind the slugline.
        None => {
            let slug = usize::from(rest.first().is_some_and(|line| line.bare().ends_with('/')));
            rest.truncate(slug);
            let all = lines(message.head);
            let seen = all.iter().enumerate().filter(|(_, line)| !line.is_blank()).nth(slug);
            seen.map(|(i, _)| all[i + 1..].to_vec()).unwrap_or_default()
        }
    };
    if text.iter().all(|line| line.is_blank()) {
        let message = format!("the message `{}` has no text", shown(first));
        return Err(Complaint::new(Gravity::Lost, "empty-item", message).at("text", None));
    }
    slugline(&rest, message, &mut version);
    let trailer = match message.tail {
        Some(tail) => tail_of(tail, &mut version),
        None => trailer_in(&mut text),
    };
    if message.tail.is_none() && trailer.is_none() {
        teleprinter::complain_cut(&mut version);
    } else if message.tail.is_none() || message.text.is_none() {
        let message = "STX or ETX is missing; the text was told from the header and the date at its end";
        terms::complain(&mut version, Gravity::Remark, "no-control-bytes", message, "text");
    }
    date(trailer.as_ref(), hints, &mut version);
    if let (Some(trailer), Some(_)) = (&trailer, &version.version_created) {
        message.note(&mut version, Field::VersionCreated, Taken::AsWritten, trailer.raw);
    }
    let head = head(&mut text, &header, message, &mut version);
    message.note_lines(&mut version, Field::Body, text.iter().map(|line| line.text));
    identify(&header, trailer.as_ref(), &head, &mut version);
    let body = body(&text, message.text.unwrap_or(message.head), &mut version);
    story::tell(&mut version, head, body, "text");
    Ok(version)
}

fn shown(line: &str) -> String {
    line.chars().take(60).collect()
}

fn header<'a>(line: &'a str, message: &Message<'_>, version: &mut Version) -> Header<'a> {
    let Some(header) = Header::parse(line) else {
        terms::keep(version, "header", line);
        let message = format!("`{}` is no header of IPTC 7901; agency and number are not known", shown(line));
        terms::complain(version, Gravity::Remark, "header-unreadable", message, "header");
        return Header::default();
    };
    terms::apply_urgency(version, header.priority, "header/priority");
    let number = header.agency_number.unwrap_or(header.service_number);
    for (field, piece) in [
        (Field::Urgency, header.priority),
        (Field::SubjectCode(0), header.subject),
        (Field::Uri, header.agency.unwrap_or(header.service)),
        (Field::Uri, number),
    ] {
        message.note(version, field, Taken::ByMeaning, piece);
    }
    version.subjects.push(terms::subject(Some(header.subject), Some("iptc7901"), None));
    for (path, value) in [
        ("header/service", header.service),
        ("header/service-number", header.service_number),
        ("header/words", header.words.unwrap_or_default()),
        ("header/routing", &header.routing.join(" ")),
        ("header/agency", header.agency.unwrap_or_default()),
        ("header/agency-number", header.agency_number.unwrap_or_default()),
    ] {
        terms::keep(version, path, value);
    }
    header
}

/// The lines between header and STX: the slugline, and whatever else an agency puts there for editors.
fn slugline(rest: &[Line<'_>], message: &Message<'_>, version: &mut Version) {
    let slug = rest.iter().position(|line| line.bare().ends_with('/')).unwrap_or(0);
    for (i, line) in rest.iter().enumerate() {
        let text = line.bare();
        if i == slug {
            version.slugline = Some(text.to_owned());
            message.note(version, Field::Slugline, Taken::AsWritten, text);
            let keywords = text.split('/').map(str::trim).filter(|word| !word.is_empty());
            version.keywords.extend(keywords.map(str::to_owned));
        } else {
            terms::note(version, "ednote", text, "head");
            message.note(version, Field::Note(nth(version.notes.len())), Taken::ByMeaning, text);
        }
    }
}

/// The date behind ETX; whatever else stands there is kept.
fn tail_of<'a>(tail: &'a str, version: &mut Version) -> Option<Trailer<'a>> {
    let mut found = None;
    for line in lines(tail).into_iter().filter(|line| !line.is_blank()) {
        match Trailer::parse(line.text).filter(|_| found.is_none()) {
            Some(trailer) => found = Some(trailer),
            None => terms::keep(version, "trailer", line.bare()),
        }
    }
    found
}

/// Without ETX: the date on the last line, which then is no text.
fn trailer_in<'a>(text: &mut Vec<Line<'a>>) -> Option<Trailer<'a>> {
    let last = text.iter().rposition(|line| !line.is_blank())?;
    let trailer = Trailer::parse(text[last].text)?;
    text.truncate(last);
    Some(trailer)
}

fn date(trailer: Option<&Trailer<'_>>, hints: &Hints, version: &mut Version) {
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
    let unread = Stamp { raw: String::new(), at: None, zoned: false };
    let mut stamp = match trailer.instant() {
        Some(at) => Stamp { at: Some(at), zoned: true, ..unread },
        None => match trailer.date() {
            Some(date) => time::stamp(&date, hints, "trailer", &mut version.complaints),
            None => {
                let message = format!("`{}` names no year; the message has no time", trailer.raw);
                terms::complain(version, Gravity::Remark, "date-unreadable", message, "trailer");
                unread
            }
        },
    };
    trailer.raw.clone_into(&mut stamp.raw);
    if let Some(at) = stamp.at {
        version.version = VersionStamp { raw: String::new(), order: VersionOrder::Time(at) };
    }
    version.version_created = Some(stamp);
}

fn identify(header: &Header<'_>, trailer: Option<&Trailer<'_>>, head: &Head, version: &mut Version) {
    let day = trailer.and_then(Trailer::day).map(|day| day.to_string());
    if let (Some(number), Some(day)) = (header.number(), &day) {
        let agency = header.agency.unwrap_or(header.service);
        version.uri = format!("urn:verbatim:iptc7901:{}:{agency}:{number}:{day}", header.service);
        return;
    }
    let slug = version.slugline.as_deref().unwrap_or_default();
    let headline = head.lines.first().map_or("", |line| &line.text);
    let day = day.unwrap_or_default();
    let number = header.number().unwrap_or_default();
    version.uri = feed::key("iptc7901", &[header.service, number, slug, headline, &day]);
    let message =
        "the message lacks a number or a date; it is known by a hash of its slugline, headline and day";
    terms::complain(version, Gravity::Remark, "no-identifier", message, "header");
}

/// Takes the head off the text: the lines up to the one that ends in ` =`.
fn head(text: &mut Vec<Line<'_>>, header: &Header<'_>, message: &Message<'_>, version: &mut Version) -> Head {
    let mut filled = text.iter().enumerate().filter(|(_, line)| !line.is_blank()).take(HEAD_LINES);
    let last = filled.find(|(_, line)| is_last(line.bare())).map(|(i, _)| i);
    let end = last.unwrap_or_else(|| {
        let message = "no line of the head ends in ` =`; only the first line was read as headline";
        terms::complain(version, Gravity::Remark, "no-head", message, "head");
        first_alone(text).unwrap_or(0)
    });
    let mut head = Head::default();
    if last.is_none() && first_alone(text).is_none() {
        return head;
    }
    let mut words = Vec::new();
    for line in text.drain(..=end).filter(|line| !line.is_blank()) {
        let piece = line.bare();
        let cleaned = cleaned(piece);
        let line = cleaned.strip_suffix('=').unwrap_or(&cleaned).trim_end_matches(terms::is_space);
        match HeadLine::of(line) {
            HeadLine::Words if line.is_empty() => {}
            HeadLine::Words => {
                words.push(line.to_owned());
                message.note(version, Field::Block(BlockKind::Headline, 0), Taken::ByMeaning, piece);
            }
            HeadLine::Note => {
                terms::note(version, "ednote", line, "head");
                message.note(version, Field::Note(nth(version.notes.len())), Taken::ByMeaning, piece);
            }
            HeadLine::Mark(code, severity) => {
                teleprinter::text_signal(version, &code, severity, "head");
                terms::note(version, "ednote", line, "head");
                message.note(version, Field::Note(nth(version.notes.len())), Taken::ByMeaning, piece);
            }
        }
    }
    if words.len() > 1 && words.last().is_some_and(|line| shape::is_byline(line, header.agency)) {
        head.bylines.extend(words.pop().and_then(|line| story::line(BlockKind::Byline, &line)));
    }
    let mut headline = words.pop().unwrap_or_default();
    while let Some(before) = words.pop_if(|before| shape::goes_on(before, &headline)) {
        headline = format!("{before} {headline}");
    }
    head.lines.extend(story::line(BlockKind::Headline, &headline));
    head.lines.extend(words.iter().filter_map(|line| story::line(BlockKind::Subhead, line)));
    head
}

/// Whether the head ends with this line.
fn is_last(line: &str) -> bool {
    line == "=" || line.strip_suffix('=').is_some_and(|before| before.ends_with(terms::is_space))
}

/// The first line of words, if it stands alone and something follows.
fn first_alone(text: &[Line<'_>]) -> Option<usize> {
    let first = text.iter().position(|line| !line.is_blank())?;
    let alone = text.get(first + 1).is_some_and(|line| line.is_blank());
    let follows = text[first + 1..].iter().any(|line| !line.is_blank());
    (alone && follows && !is_indented(text[first].text)).then_some(first)
}

/// Without fill, bells and changes of the font.
fn cleaned(text: &str) -> Cow<'_, str> {
    if is_clean(text) {
        return text.into();
    }
    text.chars().filter(|c| !matches!(*c, DELETE | BELL | '\u{11}'..='\u{13}')).collect::<String>().into()
}

/// Whether none of these is in a text.
fn is_clean(text: &str) -> bool {
    let dirt = |b: u8| (b == 0x7f) | (b == 0x07) | (b.wrapping_sub(0x11) < 3);
    // Without a way out in the middle of a step, and in bytes, so that many are looked at at once.
    text.as_bytes().chunks(64).all(|step| step.iter().fold(0u8, |found, &b| found | u8::from(dirt(b))) == 0)
}

fn is_indented(line: &str) -> bool {
    line.starts_with('\t') || line.starts_with("   ")
}

/// The body, by the rules in this module's documentation. Its lines are part of `whole`: what does not stand in that
/// is not looked for on every one of them.
fn body(text: &[Line<'_>], whole: &str, version: &mut Version) -> Words {
    let bytes = whole.as_bytes();
    let parting = memchr::memchr3(UNIT, b'\t', ECD, bytes).map_or(&[][..], |at| &bytes[at..]);
    let drawing = memchr::memchr2(b'#', b'|', bytes).map_or(&[][..], |at| &bytes[at..]);
    let clean = is_clean(whole);
    let columns_stand = !clean || parting.contains(&b'\t') || has_gap(whole);
    let rows_stand = parting.contains(&UNIT) || drawing.contains(&b'|');
    let plain = |text| if clean { Cow::Borrowed(text) } else { cleaned(text) };
    let mut text: Vec<(Cow<'_, str>, End)> = text.iter().map(|line| (plain(line.text), line.end)).collect();
    let mut words = Words::default();
    if drawing.contains(&b'#')
        && let Some(at) = text.iter().position(|(line, _)| is_notebook(line))
    {
        let rest: Vec<Cow<'_, str>> = text.drain(at..).map(|(line, _)| line).collect();
        let text = rest.join("\n").trim().to_owned();
        words.notes.push(Note { role: "not-for-publication".into(), text, path: "text".into() });
    }
    if parting.contains(&ECD) {
        instructions(&mut text, &mut words);
    }
    let filled = |line: &str| line.bytes().any(|b| b > b' ' && b.is_ascii()) || !line.trim().is_empty();
    let ends = |end| text.iter().filter(|(line, e)| *e == end && filled(line)).count();
    let bare = ends(End::Bare);
    let bare_parts = bare > 0 && ends(End::Full) > bare;
    let mut paragraph = Paragraph::default();
    let mut at = 0;
    while let Some((line, end)) = text.get(at) {
        let bare = line.trim_matches(terms::is_space);
        // Only what stands in columns itself is the first of several such lines.
        let columns = match columns_stand && is_columnar(line) {
            true => text[at..].iter().take_while(|(line, _)| is_columnar(line)).count(),
            false => 0,
        };
        if let Some(row) = rows_stand.then(|| as_row(bare)).flatten() {
            paragraph.close(&mut words);
            words.blocks.extend(row);
        } else if columns > 1 {
            paragraph.close(&mut words);
            let table: Vec<&str> = text[at..at + columns]
                .iter()
                .map(|(line, _)| line.trim_end_matches(terms::is_space))
                .collect();
            words.blocks.push(story::draft(BlockKind::Pre, table.join("\n"), Vec::new(), None));
            at += columns;
            continue;
        } else if bare.is_empty() {
            paragraph.close(&mut words);
        } else {
            if paragraph.ends_before(line, bare) {
                paragraph.close(&mut words);
            }
            paragraph.join(bare, version);
            if *end == End::Bare && bare_parts || is_heading(bare) {
                paragraph.close(&mut words);
            }
        }
        at += 1;
    }
    paragraph.close(&mut words);
    words
}

/// The lines of a paragraph so far.
#[derive(Default)]
struct Paragraph<'t>(Vec<&'t str>);

impl<'t> Paragraph<'t> {
    /// Whether a line begins another one.
    fn ends_before(&self, line: &str, bare: &str) -> bool {
        let item = bare.starts_with("- ") && self.0.first().is_some_and(|first| first.starts_with("- "));
        is_indented(line) || is_heading(bare) || item
    }

    fn join(&mut self, line: &'t str, version: &mut Version) {
        let parted = self.0.last().and_then(|before| before.strip_suffix('-'));
        if parted.is_some_and(|before| before.ends_with(char::is_alphanumeric))
            && line.starts_with(char::is_alphabetic)
            && !version.complaints.iter().any(|complaint| complaint.code == "hyphen-at-line-end")
        {
            let before = self.0.join(" ");
            let tail = before.char_indices().rev().nth(19).map_or(&*before, |(at, _)| &before[at..]);
            let message =
                format!("a line ends in `{tail}`; whether the hyphen parts a word is not said, and it stays");
            terms::complain(version, Gravity::Remark, "hyphen-at-line-end", message, "text");
        }
        self.0.push(line);
    }

    fn close(&mut self, words: &mut Words) {
        if !self.0.is_empty() {
            words.blocks.push(story::draft(BlockKind::P, self.0.join(" "), Vec::new(), None));
            self.0.clear();
        }
    }
}

/// Takes out instructions for typesetting machines, between SCD (0x0C) and ECD (0x0B) on one line.
fn instructions(text: &mut [(Cow<'_, str>, End)], words: &mut Words) {
    for (line, _) in text.iter_mut().filter(|(line, _)| line.contains('\u{b}')) {
        let (mut kept, mut taken) = (String::new(), Vec::new());
        let mut rest = &**line;
        while let Some((before, (inside, after))) =
            rest.split_once('\u{c}').and_then(|(before, after)| Some((before, after.split_once('\u{b}')?)))
        {
            kept.push_str(before);
            taken.push(inside);
            rest = after;
        }
        kept.push_str(rest);
        let text = taken.join("\n");
        words.notes.push(Note { role: "typesetting".into(), text, path: "text".into() });
        *line = kept.into();
    }
}

/// Whether this line opens the part of an agency's text that is for editors.
fn is_notebook(line: &str) -> bool {
    let Some(title) = line.trim().strip_prefix("# ") else { return false };
    let last = title.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    title.split_whitespace().count() <= 3 && ["notizblock", "notebook", "notepad"].contains(&last.as_str())
}

fn is_heading(line: &str) -> bool {
    line.starts_with('#') && {
        let title = line.trim_start_matches('#');
        line.len() - title.len() <= 4 && title.starts_with(' ')
    }
}

/// Parts the cells of a row.
const UNIT: u8 = 0x1f;
/// Ends an instruction for a typesetting machine.
const ECD: u8 = 0x0b;

/// Whether a line is a row.
fn is_row(line: &str) -> bool {
    memchr::memchr(UNIT, line.as_bytes()).is_some()
        || line.len() > 1 && line.starts_with('|') && line.ends_with('|')
}

/// A row, `Some(None)` if it has no words; `None` if it is none.
fn as_row(line: &str) -> Option<Option<Draft>> {
    if memchr::memchr(UNIT, line.as_bytes()).is_some() {
        return Some(teleprinter::row(line.split('\u{1f}')));
    }
    let inside = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(teleprinter::row(inside.split('|')))
}

/// Whether three spaces in a row stand anywhere but at the beginning of a line, where they indent it.
fn has_gap(text: &str) -> bool {
    let indents =
        |at: usize| at.checked_sub(1).is_none_or(|before| b"\r\n".contains(&text.as_bytes()[before]));
    let more = |at: usize| text[..at].ends_with(' ');
    memchr::memmem::find_iter(text.as_bytes(), b"   ").any(|at| !indents(at) && !more(at))
}

fn is_columnar(line: &str) -> bool {
    let bare = line.trim_matches(terms::is_space);
    let bytes = bare.as_bytes();
    let space = |at: usize| bytes.get(at) == Some(&b' ');
    // One of three in a row stands at every third place.
    let wide = |at: usize| {
        space(at) && (space(at - 1) && (space(at - 2) || space(at + 1)) || space(at + 1) && space(at + 2))
    };
    let wide = (2..bytes.len()).step_by(3).any(wide);
    (wide || memchr::memchr(b'\t', bytes).is_some()) && !is_row(bare)
}
