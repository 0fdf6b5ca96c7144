//! What an ANPA 1312 message says: two lines of header, marked lines, a trailer.

use news::Severity;

use crate::teleprinter::is_number;
use crate::terms;

/// The two lines before STX.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) service: &'a str,
    pub(super) number: &'a str,
    pub(super) selector: &'a str,
    pub(super) priority: &'a str,
    pub(super) category: &'a str,
    pub(super) keyword: &'a str,
    pub(super) version: String,
    /// Month and day, as written.
    pub(super) day: &'a str,
    pub(super) words: &'a str,
    /// DC2: the message is a table.
    pub(super) tabular: bool,
}

impl<'a> Header<'a> {
    pub(super) fn parse(head: &'a str) -> Option<Self> {
        let mut lines = head.lines().filter(|line| !line.trim().is_empty());
        let mut header = Self::default();
        (header.service, header.number, header.selector) = circuit(lines.next()?)?;
        let second = lines.next()?;
        header.tabular = second.contains('\u{12}');
        let mut words = second.split(|c: char| c.is_ascii_whitespace() || c.is_ascii_control());
        let mut next = || words.by_ref().find(|word| !word.is_empty());
        (header.priority, header.category) = (next()?, next()?);
        let mut rest: Vec<&str> = std::iter::from_fn(next).collect();
        if header.priority.len() > 1 || header.category.len() > 1 {
            return None;
        }
        if let Some(at) = rest.iter().rposition(|word| is_day(word)) {
            header.day = rest[at];
            header.words = rest.get(at + 1).copied().unwrap_or_default();
            rest.truncate(at);
        }
        header.keyword = rest.first().copied().unwrap_or_default();
        header.version = rest.get(1..).unwrap_or_default().join(" ");
        Some(header)
    }
}

/// `W4221 US agxwd` into service, number and selector; Kyodo has a name and no number after the digits.
fn circuit(line: &str) -> Option<(&str, &str, &str)> {
    let line = line.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{16}');
    let (first, selector) = line.split_once('\u{1f}').unwrap_or((line, ""));
    let letters = first.bytes().take_while(u8::is_ascii_alphabetic).count();
    let digits = first[letters..].bytes().take_while(u8::is_ascii_digit).count();
    let known = (1..=3).contains(&letters) && (3..=5).contains(&digits) && first.len() <= 24;
    known.then(|| (&first[..letters], &first[letters..letters + digits], selector))
}

fn is_day(word: &str) -> bool {
    word.len() == 5 && word.split_once('-').is_some_and(|(a, b)| a.len() == 2 && is_number(a) && is_number(b))
}

/// Header and text of a message without STX: they are parted by the first empty line. One without such a line is all
/// header.
pub(super) fn without_stx(message: &str) -> (&str, &str) {
    let filled = message.len() - message.trim_start_matches(crate::teleprinter::is_fill_character).len();
    let mut at = filled;
    for line in message[filled..].split_inclusive('\n') {
        if line.trim().is_empty() {
            return (&message[..at], &message[at..]);
        }
        at += line.len();
    }
    (message, "")
}

/// Whether a text without SOH begins with a header that leaves no doubt.
pub(crate) fn is_header(text: &str) -> bool {
    let text = text.trim_start_matches(crate::teleprinter::is_fill_character);
    let head = text.split('\u{2}').next().unwrap_or_default();
    head.len() < text.len()
        && head.len() < 400
        && Header::parse(head).is_some_and(|header| !header.day.is_empty())
}

/// The mark at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// `<`: flush left.
    Left,
    /// `=`: centred.
    Centred,
    /// None.
    Open,
}

/// A line without its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marked<'a> {
    /// Whether it begins with `^`.
    pub(super) begun: bool,
    /// Whether it is indented as paragraphs are.
    pub(super) indented: bool,
    pub(super) text: &'a str,
    pub(super) end: Mark,
}

impl<'a> Marked<'a> {
    pub(super) fn of(line: &'a str) -> Self {
        let bare = line.trim_matches(terms::is_space);
        let begun = bare.starts_with('^');
        let inside = bare.strip_prefix('^').unwrap_or(bare);
        let (text, end) = match (inside.strip_suffix('<'), inside.strip_suffix('=')) {
            (Some(text), _) => (text, Mark::Left),
            // A paragraph of rules ("___=") is centred as well.
            (_, Some(text)) if begun || !text.contains(terms::is_space) => (text, Mark::Centred),
            _ => (inside, Mark::Open),
        };
        let indented = line.starts_with('\t') || line.starts_with("   ");
        Marked { begun, indented, text: text.trim_matches(terms::is_space), end }
    }
}

/// Whether the line is for editors: `Eds: …`, `(Eds: …)`.
pub(super) fn is_for_editors(line: &str) -> bool {
    let line = line.trim_start_matches(['(', '[', ' ']).as_bytes();
    ["eds:", "eds.:", "eds note:", "editors:", "eds -", "eds _", "ndlr:", "note to editors:"]
        .iter()
        .any(|start| line.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start.as_bytes())))
}

/// Whether the line lists pictures by their numbers: `AGX Photo XNP101, XNP102`.
pub(super) fn is_pictures(line: &str) -> bool {
    let mut words =
        line.split([' ', ',']).filter(|word| !word.is_empty()).skip_while(|word| !is_medium(word));
    let mut codes = words.by_ref().skip(1).peekable();
    let before = line.split_whitespace().take_while(|word| !is_medium(word)).count();
    let code = |word: &str| {
        word.bytes().any(|b| b.is_ascii_digit())
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
    };
    before <= 2 && codes.peek().is_some() && codes.all(code)
}

fn is_medium(word: &str) -> bool {
    ["Photo", "Photos", "Graphic", "Graphics", "Video", "Audio"].contains(&word)
}

/// What the words of the version field say, in the header or in the slug: `1stLd-Writethru`, `2nd Take`, `ADV28`.
pub(super) fn version_signals(field: &str) -> Vec<(String, Severity)> {
    let mut out: Vec<(String, Severity)> = Vec::new();
    let mut add = |code: &str, severity| out.push((code.to_owned(), severity));
    for word in field.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let lower = word.to_ascii_lowercase();
        let bare = lower.trim_start_matches(|c: char| c.is_ascii_digit());
        let bare = if bare.len() < lower.len() {
            ["st", "nd", "rd", "th"].iter().find_map(|suffix| bare.strip_prefix(suffix)).unwrap_or(bare)
        } else {
            bare
        };
        match bare.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "ld" | "lead" => add("text:lead", Severity::Informs),
            "writethru" => add("text:writethru", Severity::Informs),
            "correction" | "corrective" | "clarification" => add("text:correction", Severity::Informs),
            "add" | "take" | "takes" | "insert" | "sub" => add("text:part", Severity::Holds),
            "adv" | "hfr" | "advance" => add("text:embargo", Severity::Holds),
            "kill" | "elimination" => add("text:kill", Severity::Holds),
            "withhold" | "disregard" => add("text:hold", Severity::Holds),
            _ => {}
        }
    }
    out
}

/// The trailer: `AGX-WD-03-21-24 0441GMT<`, or Kyodo's `KWS-21:37-09-12-18`, where the day comes first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trailer {
    pub(super) raw: String,
    /// The same as a date of mail.
    pub(super) date: String,
    /// The day, `2024-03-21`-like, as a date of mail at midnight in UTC.
    pub(super) midnight: String,
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Trailer {
    pub(super) fn parse(line: &str) -> Option<Self> {
        let raw = line.trim_matches(crate::teleprinter::is_fill_character).trim_end_matches('<').trim();
        if raw.len() > 60 || !raw.is_ascii() {
            return None;
        }
        let parts: Vec<&str> = raw.split(['-', ' ']).filter(|part| !part.is_empty()).collect();
        let pair = |part: &&str| part.len() == 2 && is_number(part);
        let at = parts.windows(3).position(|three| three.iter().all(pair))?;
        let clock = |part: &str| part.len() == 5 && part.as_bytes()[2] == b':';
        let before = at.checked_sub(1).map(|i| parts[i]).filter(|part| clock(part));
        let (month, day, hour, minute, zone) = match before {
            Some(time) => (parts[at + 1], parts[at], &time[..2], &time[3..], String::new()),
            None => {
                let time = parts.get(at + 3).filter(|part| part.len() >= 4 && is_number(&part[..4]))?;
                let zone = [&time[4..], parts.get(at + 4).unwrap_or(&"")].join("");
                (parts[at], parts[at + 1], &time[..2], &time[2..4], zone)
            }
        };
        let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
        let year = parts[at + 2];
        Some(Trailer {
            raw: raw.to_owned(),
            date: format!("{day} {month} {year} {hour}:{minute} {zone}").trim().to_owned(),
            midnight: format!("{day} {month} {year} 00:00 GMT"),
        })
    }
}
