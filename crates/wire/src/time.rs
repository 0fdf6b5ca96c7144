//! Times as agencies write them, to [`Stamp`]s.
//!
//! Read are RFC 3339 and `xs:dateTime` (also with a space for the `T`), the basic forms of ISO 8601 that NITF
//! uses (`20240321T044112Z`), and the dates of mail (RFC 822, RFC 2822 §3.3) with their obsolete zones and the
//! month names of several languages. A time that names no zone takes the feed's zone and a complaint.
//!
//! ```
//! let (hints, mut complaints) = (wire::Hints::default(), Vec::new());
//! let stamp = wire::time::stamp("Sat, 14 Mar 2026 12:00:00 +0100", &hints, "item/pubDate", &mut complaints);
//! assert_eq!(stamp.at.unwrap().to_string(), "2026-03-14T11:00:00Z");
//! assert!(complaints.is_empty());
//! wire::time::stamp("20260314T120000", &hints, "date.issue@norm", &mut complaints);
//! assert_eq!(complaints[0].code, "date-without-zone");
//! ```

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use news::{Complaint, Gravity, Stamp};

use crate::Hints;

/// Longer texts are no times.
const LONGEST: usize = 100;

/// Reads a time. What cannot be read stays in [`Stamp::raw`] and is a complaint of [`Gravity::Remark`].
pub fn stamp(
    raw: &str,
    hints: &Hints,
    path: impl std::fmt::Display,
    complaints: &mut Vec<Complaint>,
) -> Stamp {
    let stamp = |at, zoned| Stamp { raw: raw.to_owned(), at, zoned };
    let mut complain = |code, message: String| {
        complaints.push(Complaint::new(Gravity::Remark, code, message).at(path.to_string(), None));
    };
    let Some(written) = parse(raw) else {
        let shown: String = raw.chars().take(60).collect();
        complain(
            "date-unreadable",
            format!("`{shown}` is no time that can be read; RFC 3339 would be right"),
        );
        return stamp(None, false);
    };
    match written.zone {
        Zone::Fixed(offset) => stamp(offset.to_timestamp(written.civil).ok(), true),
        Zone::None | Zone::Unknown => {
            let zone = hints.zone.clone().unwrap_or(TimeZone::UTC);
            let name = zone.iana_name().unwrap_or("UTC").to_owned();
            if matches!(written.zone, Zone::None) {
                complain("date-without-zone", format!("`{raw}` names no zone; it was read as {name}"));
            } else {
                complain(
                    "date-zone-unknown",
                    format!("the zone of `{raw}` has no one meaning; it was read as {name}"),
                );
            }
            stamp(instant(written.civil, &zone), false)
        }
    }
}

/// The instant of an RFC 3339 time, or of any other form that names its zone.
pub fn instant_of(raw: &str) -> Option<Timestamp> {
    let written = parse(raw)?;
    match written.zone {
        Zone::Fixed(offset) => offset.to_timestamp(written.civil).ok(),
        Zone::None | Zone::Unknown => None,
    }
}

/// In the hour that a change of the clocks repeats or skips: the earlier reading, or the later clock.
fn instant(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(civil).compatible().ok()
}

/// An instant as RFC 3339 in UTC, for feeds.
pub(crate) fn rfc3339(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An instant as RFC 2822 in UTC, for RSS.
pub(crate) fn rfc2822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[derive(Debug, PartialEq)]
struct Written {
    civil: DateTime,
    zone: Zone,
}

#[derive(Debug, PartialEq)]
enum Zone {
    Fixed(Offset),
    None,
    Unknown,
}

fn parse(raw: &str) -> Option<Written> {
    let text = raw.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    usual(text).or_else(|| iso(text)).or_else(|| mail(text))
}

/// `Thu, 21 Mar 2024 04:41:12 +0000` exactly so, as nearly every feed has it: what [`mail`] would make of it.
fn usual(text: &str) -> Option<Written> {
    let bytes = text.as_bytes();
    let named =
        |day: &&[u8]| [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"].iter().any(|d| *day == *d);
    bytes.get(..3).filter(named)?;
    let &[
        b',',
        b' ',
        d,
        day,
        b' ',
        a,
        b,
        c,
        b' ',
        y,
        e,
        a2,
        r,
        b' ',
        h,
        hour,
        b':',
        m,
        minute,
        b':',
        s,
        second,
        b' ',
        ref zone @ ..,
    ] = bytes.get(3..)?
    else {
        return None;
    };
    let month = MONTH_NAMES.iter().position(|name| **name == [a, b, c])?;
    let two = |a: u8, b: u8| {
        let digits = a.is_ascii_digit() && b.is_ascii_digit();
        digits.then(|| i32::from(a - b'0') * 10 + i32::from(b - b'0'))
    };
    let zone = match zone {
        b"GMT" => Zone::Fixed(Offset::UTC),
        &[sign @ (b'+' | b'-'), a, b, c, d] => {
            let (hours, minutes) = (two(a, b)?, two(c, d).filter(|minutes| *minutes < 60)?);
            let seconds = hours * 3600 + minutes * 60;
            Zone::Fixed(Offset::from_seconds(if sign == b'-' { -seconds } else { seconds }).ok()?)
        }
        _ => return None,
    };
    let date = date(two(y, e)? * 100 + two(a2, r)?, i32::try_from(month + 1).ok()?, two(d, day)?)?;
    Some(Written { civil: clock(date, two(h, hour)?, two(m, minute)?, two(s, second)?, 0)?, zone })
}

const MONTH_NAMES: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// `2024-03-21T04:41:12.5+05:30`, `20240321T044112Z`, `2024-03-21`, `2014-07-17 00:24:11 GMT+00:00`.
fn iso(text: &str) -> Option<Written> {
    let mut scan = Scan(text);
    let year = scan.digits(4)?;
    let extended = scan.take('-');
    let month = scan.digits(2)?;
    if extended && !scan.take('-') {
        return None;
    }
    let day = scan.digits(2)?;
    let date = date(year, month, day)?;
    if !(scan.take('T') || scan.take('t') || scan.space()) {
        return Some(Written { civil: date.to_datetime(Time::midnight()), zone: zone(scan.0)? });
    }
    let hour = scan.digits(2)?;
    let colon = scan.take(':');
    let minute = scan.digits(2)?;
    let seconds = if colon { scan.take(':') } else { scan.0.starts_with(|c: char| c.is_ascii_digit()) };
    let second = if seconds { scan.digits(2)? } else { 0 };
    let nanos = if seconds { scan.fraction()? } else { 0 };
    Some(Written { civil: clock(date, hour, minute, second, nanos)?, zone: zone(scan.0)? })
}

/// `Thu, 21 Mar 2024 04:41:12 +0000` and what is written instead of it: no weekday, no seconds, two digits of
/// the year, month before day, names in other languages.
fn mail(text: &str) -> Option<Written> {
    let text = match text.split_once(',') {
        Some((day, rest))
            if day.chars().all(|c| c.is_alphabetic() || c == '.' || c == ' ') && month(day).is_none() =>
        {
            rest
        }
        _ => text,
    };
    let spaced: Cow<'_, str> = if text.contains(',') { text.replace(',', " ").into() } else { text.into() };
    let mut words = spaced.split_ascii_whitespace().peekable();
    // A weekday without comma.
    if words.peek().is_some_and(|w| w.chars().all(char::is_alphabetic) && month(w).is_none()) {
        words.next();
    }
    let (a, b) = (words.next()?, words.next()?);
    let (day, month) = match month(b) {
        Some(month) => (a, month),
        None => (b, month(a)?),
    };
    let day = small(day.trim_end_matches('.'))?;
    let date = date(year(words.next()?)?, month, day)?;
    let Some(time) = words.next() else {
        return Some(Written { civil: date.to_datetime(Time::midnight()), zone: Zone::None });
    };
    let mut parts = time.split([':', '.']);
    let hour = small(parts.next()?)?;
    let minute = small(parts.next()?)?;
    let second = parts.next().map_or(Some(0), small)?;
    let rest = words.next().unwrap_or_default();
    let rest: Cow<'_, str> = match words.next() {
        None => rest.into(),
        Some(second) => [rest, second].into_iter().chain(words).collect::<Vec<_>>().join(" ").into(),
    };
    // RFC 2822 allows a comment with the zone's name behind the offset.
    let rest = rest.split('(').next().unwrap_or_default().trim();
    Some(Written { civil: clock(date, hour, minute, second, 0)?, zone: zone(rest)? })
}

fn date(year: i32, month: i32, day: i32) -> Option<Date> {
    Date::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()
}

fn clock(date: Date, hour: i32, minute: i32, second: i32, nanos: i32) -> Option<DateTime> {
    if (hour, minute, second, nanos) == (24, 0, 0, 0) {
        return Some(date.tomorrow().ok()?.to_datetime(Time::midnight()));
    }
    // A leap second is the last one of its minute.
    let second = if second == 60 { 59 } else { second };
    let time =
        Time::new(hour.try_into().ok()?, minute.try_into().ok()?, second.try_into().ok()?, nanos).ok()?;
    Some(date.to_datetime(time))
}

/// What stands behind the time: nothing, `Z`, an offset or a name. `None` if it is no zone at all.
fn zone(text: &str) -> Option<Zone> {
    let text = text.trim();
    match text {
        "" => return Some(Zone::None),
        "Z" | "GMT" | "UTC" => return Some(Zone::Fixed(Offset::UTC)),
        _ => {}
    }
    let signed = text.find(['+', '-', '\u{2212}']);
    let (name, signed) = text.split_at(signed.unwrap_or(text.len()));
    let name = name.trim();
    if !signed.is_empty() {
        let known = name.is_empty() || matches!(name.to_ascii_uppercase().as_str(), "GMT" | "UTC" | "UT");
        return if known { offset(signed) } else { None };
    }
    if !name.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let hours = match name.to_ascii_uppercase().as_str() {
        "Z" | "GMT" | "UTC" | "UT" | "WET" => 0,
        "CET" | "MEZ" | "WEST" => 1,
        "CEST" | "MESZ" | "EET" => 2,
        "EEST" | "MSK" => 3,
        "PKT" => 5,
        "JST" | "KST" => 9,
        "AEST" => 10,
        "EST" => -5,
        "EDT" => -4,
        "CDT" => -5,
        "MST" => -7,
        "MDT" => -6,
        "PST" => -8,
        "PDT" => -7,
        // CST, IST, BST, AST and others have several meanings.
        _ => return Some(Zone::Unknown),
    };
    Some(Zone::Fixed(Offset::constant(hours)))
}

fn offset(text: &str) -> Option<Zone> {
    let negative = !text.starts_with('+');
    let mut scan = Scan(text.trim_start_matches(['+', '-', '\u{2212}']));
    let digits: Vec<i32> = scan.0.chars().filter_map(|c| c.to_digit(10)).map(|d| d as i32).collect();
    let (hours, minutes) = match digits[..] {
        [h] => (h, 0),
        [a, b] => (a * 10 + b, 0),
        [h, a, b] => (h, a * 10 + b),
        [a, b, c, d] => (a * 10 + b, c * 10 + d),
        _ => return None,
    };
    while scan.take(':') || scan.digits(1).is_some() {}
    if !scan.0.is_empty() || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    Offset::from_seconds(if negative { -seconds } else { seconds }).ok().map(Zone::Fixed)
}

fn small(word: &str) -> Option<i32> {
    (!word.is_empty() && word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit()))
        .then(|| word.parse().ok())?
}

/// Four digits, or two as RFC 2822 §4.3 reads them.
fn year(word: &str) -> Option<i32> {
    if !word.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i32 = word.parse().ok()?;
    match word.len() {
        4 => Some(number),
        2 if number < 50 => Some(2000 + number),
        2 | 3 => Some(1900 + number),
        _ => None,
    }
}

/// The first letters of the months' names in English, German, French, Italian, Spanish, Portuguese and Dutch.
const MONTHS: [&[&str]; 12] = [
    &["jan", "jän", "gen", "ene"],
    &["feb", "fév", "fev"],
    &["mar", "mär", "mrz", "maa", "mrt"],
    &["apr", "avr", "abr"],
    &["may", "mai", "mag", "mei"],
    &["jun", "juin", "giu"],
    &["jul", "juil", "lug"],
    &["aug", "aoû", "aou", "ago"],
    &["sep", "set"],
    &["oct", "okt", "ott", "out"],
    &["nov"],
    &["dec", "dez", "déc", "dic"],
];

/// The day of a date whose parts stand apart, each as a mail would have it.
pub(crate) fn day(day: &str, named: &str, numbered: &str) -> Option<Date> {
    date(year(numbered)?, month(named)?, small(day)?)
}

/// Whether the word is the name of a month, or the beginning of one.
pub(crate) fn is_month(word: &str) -> bool {
    month(word).is_some()
}

fn month(word: &str) -> Option<i32> {
    if let Some(at) = MONTH_NAMES.iter().position(|name| word.as_bytes().eq_ignore_ascii_case(*name)) {
        return i32::try_from(at + 1).ok();
    }
    let word = word.trim().to_lowercase();
    if word.chars().count() < 3 || !word.chars().all(|c| c.is_alphabetic() || c == '.') {
        return None;
    }
    let at = MONTHS.iter().position(|names| names.iter().any(|name| word.starts_with(name)))?;
    // `mardi`, `martes` and `martedì` are days; `mars`, `march` and `marzo` are not.
    let day =
        ["mard", "mart", "domin", "sett"].iter().any(|stem| word.starts_with(stem) && word != "settembre");
    i32::try_from(at + 1).ok().filter(|_| !day)
}

/// A text that is read from the left.
struct Scan<'a>(&'a str);

impl Scan<'_> {
    fn take(&mut self, c: char) -> bool {
        match self.0.strip_prefix(c) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn space(&mut self) -> bool {
        let rest = self.0.trim_start_matches(' ');
        let found = rest.len() < self.0.len() && rest.starts_with(|c: char| c.is_ascii_digit());
        if found {
            self.0 = rest;
        }
        found
    }

    fn digits(&mut self, count: usize) -> Option<i32> {
        let digits = self.0.get(..count).filter(|d| d.bytes().all(|b| b.is_ascii_digit()))?;
        self.0 = &self.0[count..];
        digits.parse().ok()
    }

    /// Nanoseconds of a decimal fraction, if there is one; digits beyond the ninth are dropped.
    fn fraction(&mut self) -> Option<i32> {
        if !(self.take('.') || self.take(',')) {
            return Some(0);
        }
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        let mut nanos = 0;
        for digit in self.0.bytes().take(length).chain(std::iter::repeat(b'0')).take(9) {
            nanos = nanos * 10 + i32::from(digit - b'0');
        }
        self.0 = &self.0[length..];
        Some(nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(raw: &str, expect: &str) {
        let mut complaints = Vec::new();
        let read = stamp(raw, &Hints::default(), "t", &mut complaints);
        let at = read.at.map_or_else(|| "unreadable".to_owned(), |at| at.to_string());
        let codes: Vec<_> = complaints.iter().map(|c| c.code).collect();
        assert_eq!([at, codes.join(" ")].join(" ").trim(), expect, "{raw}");
        assert_eq!(read.raw, raw);
        assert_eq!(read.zoned, read.at.is_some() && complaints.is_empty());
    }

    #[test]
    fn rfc3339_and_its_relatives() {
        check("2024-03-21T04:41:12Z", "2024-03-21T04:41:12Z");
        check("2024-03-21T04:41:12.25+05:30", "2024-03-20T23:11:12.25Z");
        check(" 2024-03-21t04:41:12z\n", "2024-03-21T04:41:12Z");
        check("2016-05-24 20:53:25+00:00", "2016-05-24T20:53:25Z");
        check("2014-07-17 00:24:11 GMT+00:00", "2014-07-17T00:24:11Z");
        check("2024-12-31T24:00:00Z", "2025-01-01T00:00:00Z");
        check("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z");
        check("2024-03-21T04:41:12", "2024-03-21T04:41:12Z date-without-zone");
        check("2024-03-21", "2024-03-21T00:00:00Z date-without-zone");
        check("2024-02-30T00:00:00Z", "unreadable date-unreadable");
        check("2024-03-21T04:41:12Zulu time", "unreadable date-unreadable");
    }

    #[test]
    fn nitf_writes_without_separators() {
        check("20141126T152703Z", "2014-11-26T15:27:03Z");
        check("20141126T152703-0500", "2014-11-26T20:27:03Z");
        check("20141126T152703", "2014-11-26T15:27:03Z date-without-zone");
        check("20141126", "2014-11-26T00:00:00Z date-without-zone");
    }

    #[test]
    fn mail_dates_with_old_zones_and_other_languages() {
        check("Thu, 21 Mar 2024 04:41:12 +0000", "2024-03-21T04:41:12Z");
        check("21 Mar 2024 04:41 GMT", "2024-03-21T04:41:00Z");
        check("Thu, 21 Mar 24 04:41:12 EST", "2024-03-21T09:41:12Z");
        check("Thursday, 21 March 2024 4:41:12 +0530 (IST)", "2024-03-20T23:11:12Z");
        check("mer, 16 nov 2022 00:38:15 +0100", "2022-11-15T23:38:15Z");
        check("Sat, Mar 21 2026 06:00:00 UTC", "2026-03-21T06:00:00Z");
        check("mardi 21 mars 2023 06:00:00 CET", "2023-03-21T05:00:00Z");
        check("Thu, 21 Mar 2024 04:41:12", "2024-03-21T04:41:12Z date-without-zone");
        check("Thu, 21 Mar 2024 04:41:12 IST", "2024-03-21T04:41:12Z date-zone-unknown");
        check("yesterday", "unreadable date-unreadable");
        check("", "unreadable date-unreadable");
        check("\u{661}\u{662} Mar 2024 04:41:12 GMT", "unreadable date-unreadable");
    }

    #[test]
    fn the_usual_form_is_read_as_every_other_would_be() {
        for raw in [
            "Thu, 21 Mar 2024 04:41:12 +0000",
            "Mon, 01 Jan 1900 24:00:00 GMT",
            "Sat, 31 Dec 2016 23:59:60 -0330",
            "Sun, 29 Feb 2024 00:00:00 +1400",
        ] {
            assert_eq!(usual(raw), mail(raw), "{raw}");
            assert!(usual(raw).is_some(), "{raw}");
        }
        for raw in [
            "Thu, 30 Feb 2024 04:41:12 +0000",
            "Thu, 21 Mar 2024 04:41:12 +9900",
            "Thu, 21 mar 2024 04:41:12 GMT",
            "Thu, 21 Mar 2024 04:41:12 EST",
        ] {
            assert_eq!(usual(raw), None, "{raw}");
        }
    }

    #[test]
    fn a_time_without_zone_is_read_in_the_feeds_zone() {
        let zone = TimeZone::get("Asia/Kolkata").expect("the zone is bundled");
        let hints = Hints { zone: Some(zone), ..Hints::default() };
        let read = stamp("2024-03-21T04:41:12", &hints, "t", &mut Vec::new());
        assert_eq!(read.at.map(|at| at.to_string()).as_deref(), Some("2024-03-20T23:11:12Z"));
    }

    #[test]
    fn feeds_get_utc() {
        let at: Timestamp = "2024-03-01T04:05:06.7Z".parse().expect("an instant");
        assert_eq!(rfc3339(at), "2024-03-01T04:05:06Z");
        assert_eq!(rfc2822(at), "Fri, 01 Mar 2024 04:05:06 +0000");
    }
}
