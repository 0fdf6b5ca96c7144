//! What NewsML-G2, NITF and ninjs say in the same words: status, embargo, times, signals, datelines.
//!
//! One rule stands above all: of two readings the more restrictive one holds. A status word that nobody knows
//! holds the version, an embargo that nobody can read is an embargo without end.

use std::fmt::Display;

use news::{
    Complaint, Dateline, Embargo, Gravity, Note, Placement, PubStatus, Severity, Signal, Stamp, Subject,
    Unmapped, Version, VersionOrder, VersionStamp, relaxed,
};

pub(crate) use crate::html::collapse;
use crate::{Hints, time};

/// How many unmapped values are kept for one item; what lies beyond is said in a complaint.
const MOST_EXTRA: usize = 4096;

/// White space that XML and HTML call insignificant; U+00A0 is none.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

/// Whether a text says nothing.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// What follows the last `:`, `/` or `#` of a code: `usable` of `stat:usable` and of a concept's URI.
pub(crate) fn local(code: &str) -> &str {
    let code = code.trim();
    code.rsplit([':', '/', '#']).next().unwrap_or(code)
}

/// What stands before the `:` of a code, if it is no URI.
pub(crate) fn prefix(code: &str) -> Option<&str> {
    let (prefix, rest) = code.trim().split_once(':')?;
    (!rest.starts_with("//") && !prefix.is_empty()).then_some(prefix)
}

/// A status word of IPTC's pubStatus vocabulary (`usable`, `withheld`, `canceled`).
///
/// `cancelled`, `killed` and `withdrawn` (a word of one large agency for the removal of all versions) cancel as
/// well; `embargoed` is usable here, and [`apply_status`] adds the embargo. All else is unknown.
pub(crate) fn status(word: &str) -> PubStatus {
    match word.trim().to_ascii_lowercase().as_str() {
        "usable" | "embargoed" => PubStatus::Usable,
        "withheld" => PubStatus::Withheld,
        "canceled" | "cancelled" | "killed" | "withdrawn" => PubStatus::Canceled,
        _ => PubStatus::Unknown(word.trim().to_owned()),
    }
}

fn rank(status: &PubStatus) -> u8 {
    match status {
        PubStatus::Usable => 0,
        PubStatus::Unknown(_) => 1,
        PubStatus::Withheld => 2,
        PubStatus::Canceled => 3,
    }
}

/// Takes over a status unless the version already has a more restrictive one. `embargoed` without a time that
/// was read before or after is an embargo until further notice.
pub(crate) fn apply_status(version: &mut Version, word: &str, path: impl Display) {
    let found = status(word);
    if let PubStatus::Unknown(word) = &found {
        complain(
            version,
            Gravity::Hold,
            "unknown-status",
            format!("the status `{word}` is none that is known"),
            path,
        );
    }
    if word.trim().eq_ignore_ascii_case("embargoed") && version.embargo.is_none() {
        version.embargo = Some(Embargo::Indefinite);
    }
    if rank(&found) > rank(&version.status) {
        version.status = found;
    }
}

/// Takes over an embargo as delivered: a time, or nothing at all for "until further notice". Of several the
/// latest holds.
pub(crate) fn apply_embargo(version: &mut Version, raw: &str, path: impl Display, hints: &Hints) {
    let found = if raw.trim().is_empty() {
        Embargo::Indefinite
    } else {
        let stamp = stamp(version, raw, &path, hints);
        if hints.zone.is_none() && stamp.as_ref().is_some_and(|stamp| stamp.at.is_some() && !stamp.zoned) {
            let message =
                "the embargo names no zone and the feed has none: a wrong guess would publish too early";
            complain(version, Gravity::Hold, "embargo-without-zone", message, &path);
        }
        match stamp.and_then(|stamp| stamp.at) {
            Some(at) => Embargo::Until(at),
            None => {
                let message = "the embargo is a time that cannot be read; it holds until further notice";
                complain(version, Gravity::Hold, "unreadable-embargo", message, &path);
                Embargo::Indefinite
            }
        }
    };
    version.embargo = Some(match (version.embargo, found) {
        (Some(Embargo::Until(a)), Embargo::Until(b)) => Embargo::Until(a.max(b)),
        (None, found) => found,
        _ => Embargo::Indefinite,
    });
}

/// Takes over an expiry as delivered. Of several the earliest holds; one that cannot be read holds the version.
pub(crate) fn apply_expiry(version: &mut Version, raw: &str, path: impl Display, hints: &Hints) {
    if raw.trim().is_empty() {
        return;
    }
    match stamp(version, raw, &path, hints).and_then(|stamp| stamp.at) {
        Some(at) => version.expires = Some(version.expires.map_or(at, |before| before.min(at))),
        None => {
            let message = "the expiry is a time that cannot be read";
            complain(version, Gravity::Hold, "unreadable-expiry", message, path);
        }
    }
}

/// A time as delivered; `None` if there is nothing but white space.
pub(crate) fn stamp(version: &mut Version, raw: &str, path: impl Display, hints: &Hints) -> Option<Stamp> {
    if raw.trim().is_empty() {
        return None;
    }
    Some(time::stamp(raw.trim(), hints, path, &mut version.complaints))
}

/// A version number as delivered; what is no whole number orders by arrival.
pub(crate) fn numbered(raw: &str) -> VersionStamp {
    let order = raw.trim().parse().map_or(VersionOrder::Arrival, VersionOrder::Number);
    VersionStamp { raw: raw.trim().to_owned(), order }
}

/// An urgency of 1 to 9; anything else is kept as it is.
pub(crate) fn apply_urgency(version: &mut Version, raw: &str, path: impl Display) {
    match raw.trim().parse() {
        Ok(urgency @ 1..=9) => version.urgency = version.urgency.or(Some(urgency)),
        _ => keep(version, path, raw),
    }
}

/// A code as a subject or genre.
pub(crate) fn subject(code: Option<&str>, scheme: Option<&str>, name: Option<&str>) -> Subject {
    let filled = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let code = filled(code);
    let scheme = filled(scheme).or_else(|| code.as_deref().and_then(prefix).map(str::to_owned));
    Subject { code, scheme, name: filled(name) }
}

/// Words that name something that is no story for readers, wherever a format has a field for the kind of text.
pub(crate) fn is_advisory(word: &str) -> bool {
    const WORDS: [&str; 8] =
        ["advisory", "advisories", "aviso", "daybook", "daybooks", "budget", "newsbudget", "news budget"];
    WORDS.contains(&local(word).to_ascii_lowercase().as_str())
}

/// Words for traffic that only tries the line, where a format has a field for service, channel or signal.
pub(crate) fn is_test(word: &str) -> bool {
    ["test", "testing", "testmessage"].contains(&local(word).to_ascii_lowercase().as_str())
}

/// How much a signal restricts. IPTC's vocabulary `sig` is open, and agencies have their own beside it.
///
/// The URI of IPTC's vocabulary stands for its usual alias, and so does a word without any scheme.
pub(crate) fn severity(signal: &str) -> Severity {
    let word = local(signal).to_ascii_lowercase();
    let scheme = if signal.contains("/newscodes/signal/") { "sig" } else { prefix(signal).unwrap_or("sig") };
    match (scheme, word.as_str()) {
        ("edStat", "d") | ("sttinstruct", "remove") => Severity::Kills,
        ("sig", "kill" | "cancel" | "canceled" | "cancelled" | "withdraw" | "withdrawn" | "retraction") => {
            Severity::Kills
        }
        ("sig", "withhold" | "hold") => Severity::Withholds,
        (_, word) if is_advisory(word) || is_test(word) => Severity::NotForPublication,
        // The word is plain, but nobody has told us what this scheme means by it.
        (_, "kill" | "canceled" | "cancelled" | "withdraw" | "withdrawn" | "withhold") => Severity::Holds,
        _ => Severity::Informs,
    }
}

/// Notes a restriction found in a machine field.
pub(crate) fn signal(version: &mut Version, code: &str, severity: Severity, path: impl Display) {
    let known = |signal: &Signal| signal.code == code && signal.severity == severity;
    if !version.signals.iter().any(known) {
        version.signals.push(Signal {
            code: code.to_owned(),
            severity,
            from_text: false,
            path: path.to_string(),
        });
    }
}

/// Keeps words that are not for readers.
pub(crate) fn note(version: &mut Version, role: &str, text: &str, path: impl Display) {
    if !text.trim().is_empty() {
        version.notes.push(Note { role: role.to_owned(), text: text.to_owned(), path: path.to_string() });
    }
}

/// Keeps a value for which the model has no field.
pub(crate) fn keep(version: &mut Version, path: impl Display, value: &str) {
    if is_blank(value) {
        return;
    }
    if version.extra.len() < MOST_EXTRA {
        version.extra.push(Unmapped { path: path.to_string(), value: value.to_owned() });
    } else if version.extra.len() == MOST_EXTRA {
        version.extra.push(Unmapped { path: String::from("…"), value: String::from("…") });
        let message = format!(
            "more than {MOST_EXTRA} fields without a place in the model; the rest is in the archive only"
        );
        complain(version, Gravity::Remark, "many-unmapped", message, path);
    }
}

/// Complains about this version.
pub(crate) fn complain(
    version: &mut Version,
    gravity: Gravity,
    code: &'static str,
    message: impl Into<String>,
    path: impl Display,
) {
    version.complaints.push(Complaint::new(gravity, code, message).at(path.to_string(), None));
}

/// Notes a dateline that has a field of its own and says whether it must become a block: only where the body
/// does not begin with it. `openings` are the texts of the first blocks of the body.
///
/// What begins with a year is no dateline but a time stamp that some agencies put into the field.
pub(crate) fn place_dateline<'a>(
    version: &mut Version,
    text: &str,
    located: Option<String>,
    openings: impl Iterator<Item = &'a str>,
    path: &str,
) -> bool {
    if text.is_empty() {
        return false;
    }
    if is_time(text) {
        keep(version, path, text);
        return false;
    }
    let placement = match openings.take(4).any(|opening| opens_with(opening, text)) {
        true => Placement::Both,
        false => Placement::Separate,
    };
    version.dateline = Some(Dateline { text: text.to_owned(), located, date: None, agency: None, placement });
    placement == Placement::Separate
}

fn is_time(text: &str) -> bool {
    text.len() >= 8 && text.bytes().take(4).all(|b| b.is_ascii_digit()) && !text.contains('(')
}

/// Whether a paragraph begins with this dateline: the same words, and then no further word of a sentence, unless
/// the dateline itself ends as datelines do.
fn opens_with(paragraph: &str, dateline: &str) -> bool {
    let (paragraph, dateline) = (relaxed(paragraph), relaxed(dateline));
    let Some(rest) = paragraph.strip_prefix(&dateline) else { return false };
    dateline.ends_with(|c: char| !c.is_alphanumeric())
        || !rest.trim_start().starts_with(|c: char| c.is_alphanumeric())
}

/// Whether the body begins with this line, word for word: a byline that stands there already is no block of its own.
pub(crate) fn begins_with_line<'a>(openings: impl Iterator<Item = &'a str>, line: &str) -> bool {
    let mut openings = openings.take(2);
    openings.any(|opening| opening.split_whitespace().eq(line.split_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insignificant_white_space_collapses_and_no_other() {
        for (text, expect) in [
            (" a\n\tb ", "a b"),
            ("a\u{a0} b", "a\u{a0} b"),
            ("\u{2009}a", "\u{2009}a"),
            ("", ""),
            (" \n", ""),
        ] {
            assert_eq!(collapse(text), expect, "{text:?}");
        }
    }

    #[test]
    fn a_status_that_nobody_knows_is_unknown() {
        for (word, expect) in [
            ("usable", PubStatus::Usable),
            (" Usable\n", PubStatus::Usable),
            ("withheld", PubStatus::Withheld),
            ("canceled", PubStatus::Canceled),
            ("cancelled", PubStatus::Canceled),
            ("withdrawn", PubStatus::Canceled),
            ("", PubStatus::Unknown(String::new())),
            ("replaced", PubStatus::Unknown("replaced".into())),
        ] {
            assert_eq!(status(word), expect, "{word:?}");
        }
    }

    #[test]
    fn the_more_restrictive_status_stays() {
        let mut version = Version::new("x");
        for (word, expect) in [
            ("usable", PubStatus::Usable),
            ("odd", PubStatus::Unknown("odd".into())),
            ("usable", PubStatus::Unknown("odd".into())),
            ("canceled", PubStatus::Canceled),
            ("withheld", PubStatus::Canceled),
        ] {
            apply_status(&mut version, word, "status");
            assert_eq!(version.status, expect, "after {word}");
        }
    }

    #[test]
    fn the_latest_embargo_and_the_earliest_expiry_hold() {
        let mut version = Version::new("x");
        let hints = Hints::default();
        apply_embargo(&mut version, "2026-01-02T00:00:00Z", "e", &hints);
        apply_embargo(&mut version, "2026-01-01T00:00:00Z", "e", &hints);
        apply_expiry(&mut version, "2026-01-01T00:00:00Z", "x", &hints);
        apply_expiry(&mut version, "2026-01-02T00:00:00Z", "x", &hints);
        assert_eq!(version.embargo, Some(Embargo::Until("2026-01-02T00:00:00Z".parse().unwrap())));
        assert_eq!(version.expires, Some("2026-01-01T00:00:00Z".parse().unwrap()));
        apply_embargo(&mut version, "", "e", &hints);
        apply_embargo(&mut version, "2026-01-01T00:00:00Z", "e", &hints);
        assert_eq!(version.embargo, Some(Embargo::Indefinite));
        assert!(version.complaints.is_empty());
    }

    #[test]
    fn an_embargo_or_expiry_that_cannot_be_read_holds() {
        let mut version = Version::new("x");
        apply_embargo(&mut version, "after the speech", "e", &Hints::default());
        apply_expiry(&mut version, "soon", "x", &Hints::default());
        assert_eq!(version.embargo, Some(Embargo::Indefinite));
        let held: Vec<_> =
            version.complaints.iter().filter(|c| c.gravity == Gravity::Hold).map(|c| c.code).collect();
        assert!(held.contains(&"unreadable-embargo") && held.contains(&"unreadable-expiry"), "{held:?}");
    }

    #[test]
    fn a_dateline_that_the_body_has_is_no_block() {
        for (dateline, opening, separate) in [
            ("BERLIN (agx) -", "BERLIN (agx) - The council met", false),
            ("BERLIN  (agx) - ", "BERLIN (agx) -  The council met", false),
            ("Berlin", "Berlin - The council met", false),
            ("Berlin", "Berlin, March 3 (agx) The council", false),
            ("Berlin", "Berlin will vote", true),
            ("Berlin", "Berliners vote", true),
            ("Helsinki", "The council met", true),
            ("नई दिल्ली, 14 मार्च (उदाहरण)।", "नई दिल्ली, 14 मार्च (उदाहरण)। संसद ने", false),
            ("باريس (أ م)", "باريس (أ م) - قال", false),
            ("2026-01-02 03:04:05 GMT+00:00", "anything", false),
            ("", "anything", false),
        ] {
            let mut version = Version::new("x");
            let block =
                place_dateline(&mut version, dateline.trim(), None, [opening].into_iter(), "dateline");
            assert_eq!(block, separate, "{dateline:?} before {opening:?}");
        }
    }

    #[test]
    fn a_signal_restricts_as_its_scheme_says() {
        for (signal, expect) in [
            ("sig:correction", Severity::Informs),
            ("sig:update", Severity::Informs),
            ("sig:kill", Severity::Kills),
            ("kill", Severity::Kills),
            ("http://cv.iptc.org/newscodes/signal/kill", Severity::Kills),
            ("edStat:D", Severity::Kills),
            ("edStat:C", Severity::Informs),
            ("sttinstruct:remove", Severity::Kills),
            ("other:remove", Severity::Informs),
            ("other:kill", Severity::Holds),
            ("sig:withhold", Severity::Withholds),
            ("nmsig:test", Severity::NotForPublication),
            ("agx:Advisory", Severity::NotForPublication),
        ] {
            assert_eq!(severity(signal), expect, "{signal}");
        }
    }

    #[test]
    fn codes_come_apart() {
        for (code, scheme, rest) in [
            ("stat:usable", Some("stat"), "usable"),
            ("http://cv.iptc.org/newscodes/signal/correction", None, "correction"),
            ("plain", None, "plain"),
        ] {
            assert_eq!((prefix(code), local(code)), (scheme, rest));
        }
    }
}
