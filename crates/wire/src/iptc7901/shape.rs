//! What an IPTC 7901 message says: its header, the lines of its head, its trailer.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use news::Severity;

use crate::teleprinter::is_number;
use crate::{terms, time};

/// How many columns a line has at most: where the next word did not fit into these, the line goes on.
const COLUMNS: usize = 60;
/// A headline, byline or mark stands within so many lines of the head.
pub(super) const HEAD_LINES: usize = 16;

/// The first line: `agx042 4 pl 308 eu  agx 042`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) service: &'a str,
    pub(super) service_number: &'a str,
    pub(super) priority: &'a str,
    pub(super) subject: &'a str,
    pub(super) words: Option<&'a str>,
    pub(super) routing: Vec<&'a str>,
    pub(super) agency: Option<&'a str>,
    pub(super) agency_number: Option<&'a str>,
}

impl<'a> Header<'a> {
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let first = words.next().filter(|word| word.len() <= 16 && word.is_ascii())?;
        let (service, service_number) = parted(first)?;
        let priority = words.next().filter(|word| word.len() == 1 && is_number(word))?;
        let subject = words.next().filter(|word| word.len() <= 4 && word.bytes().all(is_letter))?;
        let mut rest: Vec<&str> = words.collect();
        let count = rest.first().copied().filter(|word| is_number(word));
        rest.drain(..usize::from(count.is_some()));
        let mut header =
            Header { service, service_number, priority, subject, words: count, ..Header::default() };
        if let [.., agency, number] = rest[..]
            && is_number(number)
            && agency.bytes().any(is_letter)
        {
            (header.agency, header.agency_number) = (Some(agency), Some(number));
            rest.truncate(rest.len() - 2);
        }
        header.routing = rest;
        Some(header)
    }

    /// The number by which the agency itself speaks of the item; zeros are none.
    pub(super) fn number(&self) -> Option<&'a str> {
        let real = |number: &&str| number.bytes().any(|b| b != b'0');
        self.agency_number.filter(real).or(Some(self.service_number).filter(real))
    }
}

fn is_letter(b: u8) -> bool {
    b.is_ascii_alphabetic()
}

/// `eca062` into letters and digits.
fn parted(word: &str) -> Option<(&str, &str)> {
    let digits = word.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (letters, digits) = word.split_at(word.len() - digits);
    (!letters.is_empty() && digits.len() >= 2 && letters.bytes().all(is_letter)).then_some((letters, digits))
}

/// Whether a text without SOH begins with a header that leaves no doubt.
pub(crate) fn is_header(text: &str) -> bool {
    let line =
        text.trim_start_matches(crate::teleprinter::is_fill_character).lines().next().unwrap_or_default();
    line.len() <= 120
        && Header::parse(line).is_some_and(|header| header.words.is_some() && header.agency_number.is_some())
}

/// What a line of the head is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeadLine {
    /// A mark that says something about the message: code and severity.
    Mark(String, Severity),
    /// A line for editors.
    Note,
    /// Words for readers.
    Words,
}

/// Marks that stand alone on a line.
const ALONE: [&str; 17] = [
    "EXTRA",
    "FLASH",
    "URGENT",
    "BULLETIN",
    "ALERT",
    "ALERTE",
    "EIL",
    "EILMELDUNG",
    "BLITZ",
    "VORRANG",
    "ROUNDUP",
    "UPDATE",
    "LEAD",
    "ZUSAMMENFASSUNG",
    "TEST",
    "ADVISORY",
    "SNAP",
];

/// Beginnings of lines in brackets that say what the version is.
const BRACKETED: [(&str, &str); 12] = [
    ("BERICHTIG", "text:correction"),
    ("KORREKTUR", "text:correction"),
    ("CORRECT", "text:correction"),
    ("RECTIFICATIF", "text:correction"),
    ("WIEDERHOLUNG", "text:repeat"),
    ("REPEAT", "text:repeat"),
    ("RPT", "text:repeat"),
    ("RÉPÉTITION", "text:repeat"),
    ("AKTUALISIER", "text:update"),
    ("UPDATE", "text:update"),
    ("SPERRFRIST", "text:embargo"),
    ("EMBARGO", "text:embargo"),
];

impl HeadLine {
    pub(super) fn of(line: &str) -> Self {
        let bracketed = line.starts_with('(') && line.ends_with(')');
        let inside = line.trim_start_matches(['(', ' ']).trim_end_matches([')', ' ']);
        let upper = inside.to_uppercase();
        let twice =
            |word: &str| inside.starts_with(word) && upper.split_whitespace().take(2).eq([word, word]);
        if upper.starts_with("ACHTUNG") {
            return Self::Mark("text:achtung".into(), Severity::Holds);
        }
        if twice("KILL") {
            return Self::Mark("text:kill".into(), Severity::Holds);
        }
        if twice("HOLD") {
            return Self::Mark("text:hold".into(), Severity::Holds);
        }
        if inside.starts_with("ANNULATION") || inside.starts_with("ANNULE") {
            return Self::Mark("text:kill".into(), Severity::Holds);
        }
        if let Some(mark) = numbered(&upper).filter(|_| inside == upper || bracketed) {
            return mark;
        }
        if bracketed {
            let code = BRACKETED.iter().find(|(word, _)| upper.starts_with(word));
            return match code {
                Some((_, code @ "text:embargo")) => Self::Mark((*code).into(), Severity::Holds),
                Some((_, code)) => Self::Mark((*code).into(), Severity::Informs),
                None => Self::Note,
            };
        }
        let bare = inside.trim_end_matches(['.', ':', '-', ' ']);
        if ALONE.contains(&bare) {
            let severity = match bare {
                "TEST" | "ADVISORY" => Severity::NotForPublication,
                _ => Severity::Informs,
            };
            return Self::Mark(format!("text:{}", bare.to_lowercase()), severity);
        }
        Self::Words
    }
}

/// `1ST LEAD`, `3RD NET`, `2ND ADD`.
fn numbered(line: &str) -> Option<HeadLine> {
    let mut words = line.split_whitespace();
    let ordinal = words.next().filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let (what, None) = (words.next()?, words.next()) else { return None };
    let number = ordinal.trim_end_matches(|c: char| !c.is_ascii_digit());
    let suffix = &ordinal[number.len()..];
    if !is_number(number) || number.len() > 2 || !["ST", "ND", "RD", "TH", "."].contains(&suffix) {
        return None;
    }
    let severity = match what {
        "LEAD" | "NET" | "UPDATE" | "ROUNDUP" | "WRITETHRU" => Severity::Informs,
        // A part of a story must not take the place of the whole.
        "ADD" | "TAKE" | "INSERT" | "SUB" => Severity::Holds,
        _ => return None,
    };
    Some(HeadLine::Mark(format!("text:{}:{number}", what.to_lowercase()), severity))
}

/// Words with which bylines begin.
const BY: [&str; 9] = ["by", "von", "par", "de", "di", "por", "door", "av", "af"];
/// Small words within bylines.
const WITHIN: [&str; 22] = [
    "and", "und", "et", "e", "y", "i", "in", "en", "à", "a", "og", "och", "von", "van", "de", "der", "den",
    "da", "di", "du", "zu", "la",
];

/// Whether a line names who wrote it: `By Jane Doe, agx`. A headline may begin with the same word, so every other
/// word must be a name, or the line must end with the agency's.
pub(super) fn is_byline(line: &str, agency: Option<&str>) -> bool {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default().to_lowercase();
    let rest: Vec<&str> = words.collect();
    if !BY.contains(&first.as_str()) || rest.is_empty() || line.chars().count() > 120 {
        return false;
    }
    let last = rest.last().map(|word| word.trim_matches(['(', ')', '.', ',']));
    let agency = agency.map(|agency| agency.split(['-', '/']).next().unwrap_or(agency));
    let signed = line.contains(',') || line.ends_with(')');
    if signed && last.zip(agency).is_some_and(|(last, agency)| last.eq_ignore_ascii_case(agency)) {
        return true;
    }
    let named = |word: &&str| {
        word.starts_with(char::is_uppercase) || WITHIN.contains(&word.trim_end_matches([',', '.']))
    };
    rest.len() <= 6
        && rest[0].starts_with(char::is_uppercase)
        && rest.iter().all(named)
        && !line.ends_with(['?', '!'])
}

/// Whether a line of the head goes on in the next: its first word would not have fitted.
pub(super) fn goes_on(line: &str, next: &str) -> bool {
    let word = next.split_whitespace().next().unwrap_or_default();
    line.chars().count() + 1 + word.chars().count() > COLUMNS && !line.ends_with([':', '.', '!', '?'])
}

/// The trailer as parts of a date: `131137 GMT Nov 13`, `241205 Sep 24`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trailer<'a> {
    pub(super) raw: &'a str,
    day: &'a str,
    time: (&'a str, &'a str),
    zone: Option<&'a str>,
    month: &'a str,
    year: Option<&'a str>,
}

impl<'a> Trailer<'a> {
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let raw = line.trim_matches(crate::teleprinter::is_fill_character);
        if raw.len() > 60 {
            return None;
        }
        let mut words = raw.split_whitespace();
        let first = words.next().filter(|word| word.len() == 6 && is_number(word))?;
        let (mut month, mut zone, mut year) = (None, None, None);
        for word in words {
            if is_number(word) && (word.len() == 2 || word.len() == 4) && month.is_some() {
                year = year.or(Some(word));
            } else if month.is_none() && word != "GMT" && time::is_month(word) {
                month = Some(word);
            } else {
                zone = zone.or(Some(word));
            }
        }
        let (day, time) = (&first[..2], (&first[2..4], &first[4..]));
        Some(Trailer { raw, day, time, zone, month: month?, year })
    }

    /// The same as a date of mail, which [`crate::time`] reads; `None` without a year.
    pub(super) fn date(&self) -> Option<String> {
        let (hour, minute) = self.time;
        let zone = self.zone.unwrap_or_default();
        Some(terms::collapse(&format!("{} {} {} {hour}:{minute} {zone}", self.day, self.month, self.year?)))
    }

    /// The day alone.
    pub(super) fn day(&self) -> Option<Date> {
        time::day(self.day, self.month, self.year?)
    }

    /// The instant, if it is in universal time, as most are: what [`crate::time`] would make of the date.
    pub(super) fn instant(&self) -> Option<Timestamp> {
        let (hour, minute) = (self.time.0.parse().ok()?, self.time.1.parse().ok()?);
        let time = Time::new(hour, minute, 0, 0).ok().filter(|_| self.zone == Some("GMT"))?;
        Offset::UTC.to_timestamp(self.day()?.to_datetime(time)).ok()
    }
}
