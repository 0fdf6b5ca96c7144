//! `verbatim read --explain`: for a person, which bytes became which field, what no field was taken from, and every
//! complaint.

use std::io::IsTerminal as _;
use std::path::Path;

use news::{Complaint, Embargo, Field, Gravity, ItemClass, Severity, Version};
use wire::{Account, Format, Hints, Part};

use crate::say;

/// So many characters of a value are shown.
const WIDTH: usize = 72;

/// Explains one transmission; whether it gave an item.
pub(crate) fn explain(file: &Path, bytes: &[u8], hints: &Hints) -> bool {
    let paint = Paint { wanted: std::env::var_os("NO_COLOR").is_none() && std::io::stdout().is_terminal() };
    let account = Account::of(bytes, hints);
    let reading = account.reading();
    let format = reading.format.map_or("of no one format", Format::as_str);
    let decoded =
        if account.source().len() == bytes.len() { "" } else { " (offsets count it decoded to UTF-8)" };
    say::line(format_args!(
        "{} — {format}, {} bytes{decoded}, {}",
        paint.bold(&say::tame(&file.display().to_string())),
        bytes.len(),
        count(reading.items.len(), "item")
    ));
    let parts = account.parts();
    for (i, version) in reading.items.iter().enumerate() {
        say::line("");
        item(&paint, i, version);
        table(&paint, parts.iter().filter(|part| part.item == Some(i)), &version.span);
        words(&paint, version);
        for complaint in &version.complaints {
            say::line(told(&paint, complaint));
        }
    }
    let around: Vec<&Part> = parts.iter().filter(|part| part.item.is_none()).collect();
    if !around.is_empty() {
        say::line("");
        say::line(paint.bold("around the items"));
        table(&paint, around.into_iter(), &(0..0));
    }
    if !reading.complaints.is_empty() {
        say::line("");
        say::line(paint.bold("about the whole"));
        for complaint in &reading.complaints {
            say::line(told(&paint, complaint));
        }
    }
    !reading.items.is_empty()
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn item(paint: &Paint, i: usize, version: &Version) {
    let span = &version.span;
    say::line(format_args!(
        "{} {} {}",
        paint.bold(&format!("item {}", i + 1)),
        paint.bold(&say::tame(&version.uri)),
        paint.faint(&format!("bytes {}..{}", span.start, span.end))
    ));
    let status = match version.severity() {
        Severity::Informs => paint.good(version.status.as_str()),
        Severity::NotForPublication => paint.amber("not for publication"),
        Severity::Holds => paint.amber("waits for a person"),
        Severity::Withholds => paint.bad("withheld"),
        Severity::Kills => paint.bad("killed"),
    };
    let class = match &version.class {
        ItemClass::Text => String::new(),
        ItemClass::Advisory(word) => format!(", advisory ({})", say::tame(word)),
        ItemClass::Other(word) => format!(", {}", say::tame(word)),
    };
    let number = match version.version.raw.as_str() {
        "" => String::new(),
        raw => format!(", version {}", say::tame(raw)),
    };
    let embargo = match version.embargo {
        None => String::new(),
        Some(Embargo::Until(at)) => format!(", {}", paint.amber(&format!("embargoed until {at}"))),
        Some(Embargo::Indefinite) => format!(", {}", paint.amber("embargoed until further notice")),
    };
    say::line(format_args!("  {status}{class}{number}{embargo}"));
    for signal in version.signals.iter().filter(|signal| signal.severity > Severity::Informs) {
        let from = if signal.from_text { "words" } else { "field" };
        let told =
            format!("{} restricts it ({from} at {})", say::tame(&signal.code), say::tame(&signal.path));
        say::line(format_args!("  {}", paint.amber(&told)));
    }
}

/// Where each value stood, what it became, and what it says.
fn table<'p>(paint: &Paint, parts: impl Iterator<Item = &'p Part>, whole: &std::ops::Range<usize>) {
    for part in parts {
        let place = if part.bytes == *whole {
            String::new()
        } else {
            format!("{}..{}", part.bytes.start, part.bytes.end)
        };
        let field = part
            .field
            .map_or_else(|| paint.amber(&pad("not mapped")), |field| paint.good(&pad(&word(field))));
        let path = if part.path.is_empty() { String::new() } else { format!("{}  ", say::tame(&part.path)) };
        say::line(format_args!(
            "  {} {field}  {}{}",
            paint.faint(&format!("{place:>15}")),
            paint.faint(&path),
            cut(&part.value)
        ));
    }
}

fn pad(word: &str) -> String {
    format!("{word:<18}")
}

/// The copy, the notes, and what stands beside them.
fn words(paint: &Paint, version: &Version) {
    for block in version.copy.blocks() {
        say::line(format_args!(
            "  {} {}",
            paint.bold(&format!("{:>15}", block.kind().as_str())),
            cut(block.text())
        ));
    }
    if let Some(dateline) = &version.dateline {
        let part = |name: &str, part: &Option<String>| {
            part.as_ref().map(|part| format!(", {name} `{}`", say::tame(part))).unwrap_or_default()
        };
        say::line(format_args!(
            "  {:>15} {}{}{}{}",
            "dateline",
            cut(&dateline.text),
            part("place", &dateline.located),
            part("date", &dateline.date),
            part("agency", &dateline.agency)
        ));
    }
    for note in &version.notes {
        let role = paint.amber(&format!("{:>15}", "never published"));
        say::line(format_args!(
            "  {role} {} {}",
            paint.faint(&format!("({})", say::tame(&note.role))),
            cut(&note.text)
        ));
    }
    say::line(format_args!(
        "  {:>15} {}",
        "copy",
        paint.faint(&format!("sha-256 {}", version.copy.copy_hash()))
    ));
}

fn told(paint: &Paint, complaint: &Complaint) -> String {
    let text = say::tame(&complaint.to_string());
    match complaint.gravity {
        Gravity::Remark => format!("  {} {text}", pad_left("remark")),
        Gravity::Hold => format!("  {} {text}", paint.amber(&pad_left("holds"))),
        Gravity::Lost => format!("  {} {text}", paint.bad(&pad_left("lost"))),
    }
}

fn pad_left(word: &str) -> String {
    format!("{word:>15}")
}

/// The beginning of a value, on one line.
fn cut(value: &str) -> String {
    let tamed = say::tame(&news::relaxed(value));
    match tamed.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &tamed[..at]),
        None => tamed,
    }
}

/// A field's name for a person; lists count from 1.
fn word(field: Field) -> String {
    let listed = |name: &str, n: u16| format!("{name} {}", u32::from(n) + 1);
    match field {
        Field::Uri => "uri".into(),
        Field::Version => "version".into(),
        Field::Class => "class".into(),
        Field::Status => "status".into(),
        Field::Embargo => "embargo".into(),
        Field::Expires => "expiry".into(),
        Field::Signal(n) => listed("signal", n),
        Field::Reference(n) => listed("reference", n),
        Field::VersionCreated => "version created".into(),
        Field::FirstCreated => "first created".into(),
        Field::ContentCreated => "content created".into(),
        Field::Urgency => "urgency".into(),
        Field::Language => "language".into(),
        Field::Dateline => "dateline".into(),
        Field::Located => "located".into(),
        Field::Point(n) => listed("point", n),
        Field::Comments => "comments".into(),
        Field::Slugline => "slugline".into(),
        Field::Keyword(n) => listed("keyword", n),
        Field::Subject(n) => listed("subject", n),
        Field::SubjectCode(n) => listed("subject code", n),
        Field::Genre(n) => listed("genre", n),
        Field::GenreCode(n) => listed("genre code", n),
        Field::Creator(n) => listed("creator", n),
        Field::Link => "link".into(),
        Field::CreditLine => "credit line".into(),
        Field::CopyrightHolder => "copyright holder".into(),
        Field::CopyrightNotice => "copyright notice".into(),
        Field::UsageTerms(n) => listed("usage terms", n),
        Field::Block(kind, n) => listed(kind.as_str(), n),
        Field::Body => "body".into(),
        Field::Note(n) => listed("note", n),
        Field::Rendition(n) => listed("rendition", n),
    }
}

/// Colours, where standard output is a terminal and nobody has set `NO_COLOR`.
struct Paint {
    wanted: bool,
}

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.wanted && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn faint(&self, text: &str) -> String {
        self.with("2", text)
    }

    fn good(&self, text: &str) -> String {
        self.with("32", text)
    }

    fn amber(&self, text: &str) -> String {
        self.with("33", text)
    }

    fn bad(&self, text: &str) -> String {
        self.with("1;31", text)
    }
}
