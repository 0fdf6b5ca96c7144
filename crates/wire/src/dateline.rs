//! Datelines: where, when and by whom a story was filed, told from the words with which it begins. As metadata only:
//! the copy is never touched for it.
//!
//! A dateline is `PLACE[, REGION][, DATE][ [CC]] (AGENCY) MARK`, and every part of it may be missing. Agencies have
//! many hands for it; each row of the table in the tests is one of theirs. Where the words may as well be a sentence,
//! there is none: a dateline that was not told costs nothing, a wrong one says something false.

use std::sync::LazyLock;

use news::{BlockKind, Dateline, Placement, Version};

/// So many paragraphs are looked at: a byline or a line in bold may stand before the one with the dateline.
const PARAGRAPHS: usize = 3;
/// What stands before the paragraph with the dateline has at most so many characters.
const SHORT: usize = 100;

/// Tells the dateline of a version from its copy, and its parts, where the delivery has no field for them.
pub(crate) fn tell(version: &mut Version) {
    if let Some(dateline) = &mut version.dateline {
        let parts = parse(&dateline.text).map(|parts| (parts.place, parts.date, parts.agency));
        let bare = || place_and_date(&dateline.text).map(|(place, date)| (place, date, None));
        if let Some((place, date, agency)) = parts.or_else(bare) {
            let own = |part: Option<&str>| part.map(str::to_owned);
            let told = (own(place), own(date), own(agency));
            dateline.located = dateline.located.take().or(told.0);
            dateline.date = dateline.date.take().or(told.1);
            dateline.agency = dateline.agency.take().or(told.2);
        }
        return;
    }
    let mut paragraphs = version.copy.texts(BlockKind::P);
    let mut found = None;
    for text in paragraphs.by_ref().take(PARAGRAPHS) {
        found = parse(text).map(|parts| dateline_of(&parts));
        if found.is_some() || text.chars().nth(SHORT).is_some() {
            break;
        }
    }
    if found.is_none() {
        let last = version.copy.blocks().iter().rev().find(|block| block.kind() == BlockKind::P);
        let agency = last.and_then(|block| signature(block.text()));
        found = agency
            .map(|agency| dateline_of(&Parts { text: agency, agency: Some(agency), ..Parts::default() }));
    }
    version.dateline = found;
}

fn dateline_of(parts: &Parts<'_>) -> Dateline {
    let own = |part: Option<&str>| part.map(str::to_owned);
    Dateline {
        text: parts.text.to_owned(),
        located: own(parts.place),
        date: own(parts.date),
        agency: own(parts.agency),
        placement: Placement::InBody,
    }
}

/// A dateline and its parts, as slices of the paragraph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts<'a> {
    /// All of it, up to the mark that ends it.
    pub(crate) text: &'a str,
    /// The place, with region and country as written.
    pub(crate) place: Option<&'a str>,
    /// The date, as written.
    pub(crate) date: Option<&'a str>,
    /// The agency, as written.
    pub(crate) agency: Option<&'a str>,
}

/// A dateline ends within so many bytes of its paragraph.
const REACH: usize = 240;
/// A place has at most so many characters.
const LONGEST_PLACE: usize = 60;
/// An agency's name has at most so many characters.
const LONGEST_AGENCY: usize = 40;

/// The dateline with which a paragraph begins.
pub(crate) fn parse(paragraph: &str) -> Option<Parts<'_>> {
    let start = paragraph.trim_start();
    let mut reach = start.len().min(REACH);
    while !start.is_char_boundary(reach) {
        reach -= 1;
    }
    // It stands on the first line.
    let head = start[..reach].lines().next().unwrap_or_default();
    east_asian(head)
        .or_else(|| agency_first(head))
        .or_else(|| bracketed(head))
        .or_else(|| slashed(head))
        .or_else(|| named(head))
        .or_else(|| by_line(head))
        .or_else(|| without_agency(head))
}

/// The agency's name between slashes with which a last paragraph ends: `… /agx/`.
pub(crate) fn signature(paragraph: &str) -> Option<&str> {
    let rest = paragraph.trim_end().strip_suffix('/')?;
    let (before, name) = rest.rsplit_once('/')?;
    (before.is_empty() || before.ends_with(char::is_whitespace)).then_some(())?;
    is_agency(name).then_some(name)
}

// --- the forms ---

/// `PLACE, DATE (AGENCY) -`: the form of most.
fn bracketed(head: &str) -> Option<Parts<'_>> {
    let mut from = 0;
    loop {
        let (open, close) = brackets(head, from)?;
        let before = head[..open].trim_end().trim_end_matches(['-', '–', '—']).trim_end();
        let mut inside = &head[open + width(head, open)..close];
        let mut after = close + width(head, close);
        let mut place_end = before.len();
        // `ملقة (إسبانيا) (أ ف ب)`: of two in a row the last is the agency.
        if let Some((next, end)) = brackets(head, after)
            && head[after..next].trim().is_empty()
        {
            inside = &head[next + width(head, next)..end];
            after = end + width(head, end);
            place_end = close + width(head, close);
        }
        let (place, date) = place_and_date(
            head[..place_end].trim_end_matches(|c: char| c.is_whitespace() || "-–—".contains(c)),
        )?;
        if !is_agency(inside) || place.is_none() && date.is_none() {
            from = after;
            if from >= head.len() || head[..from].chars().count() > 100 {
                return None;
            }
            continue;
        }
        let inside = inside.trim();
        let (mark, mut date) = (mark(&head[after..]), date);
        let mut end = after + mark.unwrap_or(0);
        if mark.is_some() && date.is_none() {
            // `(BUSINESS WIRE)--Dec 5, 2024--`
            if let Some((length, found)) = date_before_mark(&head[end..]) {
                (date, end) = (Some(found), end + length);
            }
        }
        let sure = mark.is_some() || date.is_some() || is_known(inside);
        return sure.then(|| Parts { text: head[..end].trim_end(), place, date, agency: Some(inside) });
    }
}

/// `(AGENCY) - PLACE, DATE -`: the agency stands first.
fn agency_first(head: &str) -> Option<Parts<'_>> {
    let (open, close) = brackets(head, 0)?;
    if open != 0 {
        return None;
    }
    let inside = head[width(head, 0)..close].trim();
    let after = close + width(head, close);
    // `(서울=연합뉴스) 홍길동 기자 =`
    if let Some((place, agency)) = inside.split_once('=') {
        let reporter = head[after..]
            .split_once('=')
            .filter(|(name, _)| name.contains("기자") && name.chars().count() < 24);
        let end = reporter.map_or(after, |(name, _)| after + name.len() + 1);
        return Some(Parts { text: &head[..end], place: some(place), date: None, agency: some(agency) });
    }
    let first = after + mark(&head[after..])?;
    let rest = &head[first..];
    let (at, _) = rest.char_indices().find(|(at, _)| {
        *at > 0 && rest[*at..].starts_with([' ', '-', '–', '—']) && mark(&rest[*at..]).is_some()
    })?;
    let (place, date) = place_and_date(rest[..at].trim())?;
    let end = first + at + mark(&rest[at..])?;
    let sure = is_agency(inside) && (date.is_some() || place.is_some_and(is_shouted));
    sure.then(|| Parts { text: head[..end].trim_end(), place, date, agency: Some(inside) })
}

/// `MOSCOW, January 21. /TASS/.`
fn slashed(head: &str) -> Option<Parts<'_>> {
    let open = memchr::memmem::find(head.as_bytes(), b" /")? + 1;
    let close = open + 1 + head[open + 1..].find('/')?;
    let name = &head[open + 1..close];
    let (place, date) = place_and_date(head[..open].trim_end().trim_end_matches('.'))?;
    let end = close + 1 + mark(&head[close + 1..]).unwrap_or(0);
    let sure = is_agency(name) && (place.is_some() || date.is_some());
    sure.then(|| Parts { text: head[..end].trim_end(), place, date, agency: some(name) })
}

/// `SAITAMA, Japan, Dec. 9 Kyodo -`: after the date the agency's name without any brackets.
fn named(head: &str) -> Option<Parts<'_>> {
    // A hyphen behind a space, or a dash between two. Both dashes begin with 0xE2.
    let ends =
        |at: &usize| head[*at..].starts_with('-') || ["– ", "— "].iter().any(|d| head[*at..].starts_with(d));
    let mut marks = memchr::memchr2_iter(b'-', 0xe2, head.as_bytes()).filter(|at| head[..*at].ends_with(' '));
    let end = marks.find(ends)? - 1;
    let before = &head[..end];
    let comma = before.rfind([',', '،'])?;
    let last = &before[comma + width(before, comma)..];
    let words: Vec<&str> = last.split_whitespace().collect();
    for split in (1..words.len()).rev() {
        let at = words[split].as_ptr() as usize - head.as_ptr() as usize;
        let agency = &head[at..end];
        let date = head[comma + width(head, comma)..at].trim();
        if is_date(date)
            && words.len() - split <= 3
            && agency.starts_with(char::is_uppercase)
            && is_agency(agency)
        {
            let (place, _) = place_and_date(&head[..comma])?;
            let close = end + mark(&head[end..])?;
            return Some(Parts {
                text: head[..close].trim_end(),
                place,
                date: some(date),
                agency: Some(agency),
            });
        }
    }
    None
}

/// `By IANS, Kolkata :`
fn by_line(head: &str) -> Option<Parts<'_>> {
    let rest = head.strip_prefix("By ")?;
    let (agency, rest) = rest.split_once(',')?;
    let colon = rest.find(" :")?;
    let (place, date) = place_and_date(rest[..colon].trim())?;
    let end = head.len() - rest.len() + colon + 2;
    is_known(agency).then(|| Parts { text: &head[..end], place, date, agency: some(agency) })
}

/// `Washington, DC [US], March 21 :`: the agency was taken out, or there never was one. It takes a date to be sure.
fn without_agency(head: &str) -> Option<Parts<'_>> {
    let ends = head.char_indices().filter(|(_, c)| matches!(c, ':' | '-' | '–' | '—' | '।' | '_'));
    for (at, c) in ends {
        let spaced = head[..at].ends_with(' ') || matches!(c, ':' | '।' | '—');
        let Some(length) = mark(&head[at..]).filter(|_| spaced) else { continue };
        let Some((place, Some(date))) = place_and_date(head[..at].trim_end()) else { return None };
        let end = at + length;
        return place.map(|_| Parts { text: head[..end].trim_end(), place, date: Some(date), agency: None });
    }
    None
}

/// `新华社北京3月21日电`, `【北京共同】`, `［ロンドン １日 ロイター］`, `（中央社台北21日電）`.
fn east_asian(head: &str) -> Option<Parts<'_>> {
    let open = head.chars().next()?;
    if matches!(open, '【' | '［' | '[') {
        let close = head.find(['】', '］', ']'])?;
        let inside = &head[open.len_utf8()..close];
        let wide = inside.chars().any(is_east_asian);
        let end = close + width(head, close);
        let end = end + mark(&head[end..]).unwrap_or(0);
        let text = head[..end].trim_end();
        if !wide || inside.chars().count() > LONGEST_PLACE {
            return None;
        }
        if let Some((place, agency)) = inside.split_once(['=', '＝']) {
            return Some(Parts { text, place: some(place), date: None, agency: some(agency) });
        }
        let words: Vec<&str> = inside.split_whitespace().collect();
        if let [place, date, agency] = words[..] {
            return Some(Parts { text, place: Some(place), date: some(date), agency: Some(agency) });
        }
        let agency = ["共同", "時事", "ロイター", "AFP", "時事通信", "共同通信"]
            .into_iter()
            .find(|name| inside.ends_with(name))?;
        let place = &inside[..inside.len() - agency.len()];
        return Some(Parts { text, place: some(place), date: None, agency: some(&inside[place.len()..]) });
    }
    let start = if open == '（' || open == '(' { open.len_utf8() } else { 0 };
    // The first byte of each of the four.
    memchr::memchr3(0xe7, 0xe8, 0xe9, head.as_bytes())?;
    let wired = head.char_indices().take(48).find(|(_, c)| matches!(c, '电' | '電' | '讯' | '訊'))?;
    let inside = head[start..].get(..wired.0.checked_sub(start)?)?;
    let house = inside.char_indices().find(|(_, c)| matches!(c, '社' | '网' | '網'))?;
    let agency = &inside[..house.0 + width(inside, house.0)];
    let rest = &inside[agency.len()..];
    let day = rest.strip_suffix('日')?;
    let day = day.trim_end_matches(|c: char| c.is_numeric() || c == '月');
    let (place, date) = rest.split_at(day.len());
    let end = wired.0 + width(head, wired.0);
    let end = end + if start > 0 && head[end..].starts_with(['）', ')']) { width(head, end) } else { 0 };
    let short = agency.chars().count() <= 8 && place.chars().count() <= 20;
    short.then(|| Parts { text: &head[..end], place: some(place), date: some(date), agency: Some(agency) })
}

// --- the parts ---

fn some(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// The bytes of the character that begins here.
fn width(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(0, char::len_utf8)
}

/// Where a bracket stands, narrow or wide. No character but the wide ones of its row begins with 0xEF.
fn round(head: &str, from: usize, narrow: u8, wide: char) -> Option<usize> {
    let found = memchr::memchr2_iter(narrow, 0xef, head.as_bytes().get(from..)?).map(|at| from + at);
    found.into_iter().find(|at| head[*at..].starts_with([char::from(narrow), wide]))
}

/// Where the next pair of round brackets opens and closes.
fn brackets(head: &str, from: usize) -> Option<(usize, usize)> {
    let open = round(head, from, b'(', '（')?;
    Some((open, round(head, open, b')', '）')?))
}

/// The length of the mark that ends a dateline, with the white space around it.
fn mark(after: &str) -> Option<usize> {
    const MARKS: [&str; 16] =
        [".-", ". -", "--", "——", "—", "–", "-", "_", "－", "ー", ":", "：", "।", "۔", "=", "."];
    let rest = after.trim_start();
    let space = after.len() - rest.len();
    let found = MARKS.iter().find(|mark| rest.starts_with(**mark))?;
    let behind = &rest[found.len()..];
    // A hyphen before a word is none.
    if *found == "-" && space == 0 && behind.starts_with(char::is_alphanumeric) {
        return None;
    }
    Some(space + found.len())
}

/// `Dec 5, 2024--`
fn date_before_mark(rest: &str) -> Option<(usize, &str)> {
    // `--`, or a hyphen or a dash between spaces.
    let end = memchr::memchr2_iter(b'-', 0xe2, rest.as_bytes()).find_map(|at| match &rest[at..] {
        mark if mark.starts_with("--") => Some(at),
        mark if mark.starts_with("- ") || mark.starts_with("— ") => {
            rest[..at].ends_with(' ').then(|| at - 1)
        }
        _ => None,
    })?;
    let date = rest[..end].trim();
    let parts: Vec<&str> = date.split(',').map(str::trim).collect();
    let dated = match parts[..] {
        [day] => is_date(day),
        [day, year] => is_date(day) && is_year(year),
        _ => false,
    };
    dated.then(|| (end + mark(&rest[end..]).unwrap_or(0), date))
}

/// Parts what stands before the agency; `None` if it is no place and no date.
fn place_and_date(text: &str) -> Option<(Option<&str>, Option<&str>)> {
    let text = text.trim().trim_end_matches([',', '،']).trim_end();
    if text.is_empty() {
        return Some((None, None));
    }
    let mut date_from = text.len();
    let mut before = text.len();
    loop {
        let comma = text[..before].rfind([',', '،', '、']);
        let start = comma.map_or(0, |at| at + width(text, at));
        let piece = text[start..date_from].trim().trim_end_matches([',', '،', '、']).trim();
        let alone = is_date(piece);
        let year_of_a_date = is_year(piece) && start > 0 && date_from == text.len();
        if alone || year_of_a_date {
            date_from = start;
        }
        match comma {
            Some(at) if year_of_a_date && !alone => before = at,
            _ => break,
        }
    }
    // A year alone is no date.
    if date_from < text.len() && is_year(text[date_from..].trim()) {
        date_from = text.len();
    }
    let date = some(&text[date_from..]);
    let place = some(text[..date_from].trim_end().trim_end_matches([',', '،', '、']));
    match place {
        Some(place) if !is_place(place) => None,
        place => Some((place, date)),
    }
}

fn is_shouted(place: &str) -> bool {
    place.chars().any(char::is_uppercase) && !place.chars().any(char::is_lowercase)
}

/// Small words within the names of places.
const WITHIN: [&str; 37] = [
    "de", "la", "las", "los", "le", "les", "del", "della", "di", "du", "des", "da", "do", "dos", "sur",
    "sous", "en", "et", "y", "und", "and", "of", "the", "an", "am", "der", "den", "dem", "im", "in", "ob",
    "bei", "upon", "on", "al", "el", "ad",
];

fn is_place(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    if text.chars().count() > LONGEST_PLACE
        || words.len() > 8
        || text.contains(['?', '!', ';', ':', '"', '«', '“', '„'])
    {
        return false;
    }
    let named = |word: &&str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let first = bare.chars().next();
        first.is_none_or(|c| !c.is_lowercase() && !c.is_numeric())
            || WITHIN.contains(&bare)
            || ["d'", "l'", "d’", "l’"].iter().any(|start| bare.starts_with(start))
    };
    let first = words.first().and_then(|word| word.chars().find(|c| c.is_alphanumeric()));
    first.is_some_and(|c| c.is_alphabetic() && !c.is_lowercase()) && words.iter().all(named)
}

/// Names of agencies that may stand without a mark behind them.
const KNOWN: [&str; 41] = [
    "afp",
    "ap",
    "reuters",
    "dpa",
    "ats",
    "keystone-ats",
    "kna",
    "efe",
    "pti",
    "ani",
    "ians",
    "uni",
    "ansa",
    "apa",
    "epd",
    "afx",
    "xinhua",
    "tass",
    "kyodo",
    "jiji",
    "anp",
    "belga",
    "ntb",
    "stt",
    "tt",
    "ritzau",
    "lusa",
    "europa press",
    "aap",
    "app",
    "anadolu",
    "aa",
    "wam",
    "spa",
    "bernama",
    "upi",
    "sid",
    "أ ف ب",
    "رويترز",
    "भाषा",
    "एएनआई",
];

fn is_known(name: &str) -> bool {
    let folded = name.trim().to_lowercase();
    let known = |name: &str| KNOWN.contains(&name);
    known(&folded)
        || folded.split([' ', '/', '-']).all(|part| part.len() <= 12 && !part.is_empty())
            && folded.split([' ', '/', '-']).next().is_some_and(known)
}

/// Whether this can be an agency's name: few words, no sentence, no number.
fn is_agency(name: &str) -> bool {
    let name = name.trim();
    let few = (1..=LONGEST_AGENCY).contains(&name.chars().count()) && name.split_whitespace().count() <= 4;
    let first = name.chars().find(|c| c.is_alphanumeric());
    let plain = !name.contains([',', ';', '!', '?', '"', '=', '%', '€', '$']) && !name.ends_with('.');
    let words = name.split([' ', '/', '-', '.']).filter(|word| !word.is_empty());
    // Lower case is for short names: `dpa/lni`, `ats afp`.
    let small = name.chars().any(char::is_lowercase) && !name.chars().any(char::is_uppercase);
    let short = words.clone().all(|word| word.chars().count() <= 8);
    few && plain && first.is_some_and(char::is_alphabetic) && (!small || short)
}

fn is_east_asian(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

fn is_year(piece: &str) -> bool {
    piece.chars().count() == 4 && piece.chars().all(char::is_numeric)
}

/// Months of which any beginning of three letters or more counts, and those of other scripts as they stand.
const MONTHS: [&str; 119] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "sept",
    "januar",
    "jänner",
    "februar",
    "märz",
    "mai",
    "juni",
    "juli",
    "oktober",
    "dezember",
    "janvier",
    "février",
    "mars",
    "avril",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "gennaio",
    "febbraio",
    "aprile",
    "maggio",
    "giugno",
    "luglio",
    "settembre",
    "ottobre",
    "dicembre",
    "janeiro",
    "fevereiro",
    "março",
    "maio",
    "junho",
    "julho",
    "setembro",
    "outubro",
    "dezembro",
    "januari",
    "februari",
    "maart",
    "augustus",
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
    "जनवरी",
    "फरवरी",
    "फ़रवरी",
    "मार्च",
    "अप्रैल",
    "मई",
    "जून",
    "जुलाई",
    "अगस्त",
    "सितंबर",
    "सितम्बर",
    "अक्टूबर",
    "अक्तूबर",
    "नवंबर",
    "नवम्बर",
    "दिसंबर",
    "दिसम्बर",
    "जानेवारी",
    "फेब्रुवारी",
    "एप्रिल",
    "जुलै",
    "ऑगस्ट",
    "सप्टेंबर",
    "ऑक्टोबर",
    "नोव्हेंबर",
    "डिसेंबर",
    "جنوری",
    "فروری",
    "مارچ",
    "اپریل",
    "مئی",
    "جون",
    "جولائی",
    "اگست",
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
];
/// More of them, and days of the week.
const MORE: [&str; 49] = [
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
    "ستمبر",
    "اکتوبر",
    "نومبر",
    "دسمبر",
    "كانون",
    "شباط",
    "آذار",
    "نيسان",
    "أيار",
    "حزيران",
    "تموز",
    "آب",
    "أيلول",
    "تشرين",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "lundi",
    "mardi",
    "mercredi",
    "jeudi",
    "vendredi",
    "samedi",
    "dimanche",
    "lunes",
    "martes",
    "miércoles",
    "jueves",
    "viernes",
    "sábado",
    "domingo",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
    "दि",
];

/// All of them by their first byte, each with whether it is a day of the week.
static NAMES: LazyLock<Vec<Vec<(&'static str, bool)>>> = LazyLock::new(|| {
    let more = MORE.iter().enumerate().map(|(at, name)| (*name, (20..48).contains(&at)));
    let mut names = vec![Vec::new(); 256];
    for (name, day) in more.chain(MONTHS.iter().map(|name| (*name, false))) {
        names[usize::from(name.as_bytes()[0])].push((name, day));
    }
    names
});

/// Whether no name begins with the two letters with which a word does: most words need no closer look.
fn is_like_none(word: &str) -> bool {
    let [a, b, ..] = *word.as_bytes() else { return false };
    let alike = |name: &str| name.as_bytes()[1].eq_ignore_ascii_case(&b);
    a.is_ascii_alphabetic()
        && b.is_ascii_alphabetic()
        && !NAMES[usize::from(a.to_ascii_lowercase())].iter().any(|(name, _)| alike(name))
}

/// Whether a piece between commas is a date: day and month, perhaps a year, or a day of the week.
fn is_date(piece: &str) -> bool {
    let piece = piece.trim();
    if piece.is_empty() || piece.chars().count() > 30 {
        return false;
    }
    // 26-11-2023, 21.3.2024
    let numbers = || piece.split(['-', '/', '.']).filter(|part| !part.is_empty());
    if numbers().all(|part| part.chars().all(char::is_numeric)) && numbers().count() == 3 {
        return true;
    }
    let (mut named, mut weekday, mut numbers) = (false, false, 0);
    for word in piece.split_whitespace() {
        let bare = word.trim_matches(['.', ',', '،']);
        if bare.is_empty() || ["de", "of", "the"].iter().any(|small| bare.eq_ignore_ascii_case(small)) {
            continue;
        }
        if is_like_none(bare) {
            return false;
        }
        let bare = bare.to_lowercase();
        let digits = bare.trim_end_matches(char::is_alphabetic);
        if !digits.is_empty()
            && digits.chars().all(char::is_numeric)
            && bare.chars().count() - digits.chars().count() <= 2
        {
            numbers += 1;
            continue;
        }
        let length = bare.chars().count();
        let names = NAMES[usize::from(bare.as_bytes()[0])].iter();
        let mut alike =
            names.filter(|(name, _)| *name == bare || length >= 3 && name.starts_with(bare.as_str()));
        let Some((_, day)) = alike.next() else { return false };
        (named, weekday) = (true, weekday || *day);
    }
    named && (numbers > 0 && numbers <= 2 || weekday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(paragraph: &str, text: &str, place: &str, date: &str, agency: &str) {
        let found = parse(paragraph).unwrap_or_default();
        let told =
            [found.text, found.place.unwrap_or(""), found.date.unwrap_or(""), found.agency.unwrap_or("")];
        assert_eq!(told, [text, place, date, agency], "{paragraph}");
        assert!(paragraph.trim_start().starts_with(found.text));
    }

    #[test]
    fn each_agency_has_its_own_hand() {
        for (paragraph, text, place, date, agency) in [
            ("NEW YORK (AP) — Words", "NEW YORK (AP) —", "NEW YORK", "", "AP"),
            (
                "ROSCOE, South Dakota (AP) _ Words",
                "ROSCOE, South Dakota (AP) _",
                "ROSCOE, South Dakota",
                "",
                "AP",
            ),
            ("CHATHAM, Mass. (AP) _ Words", "CHATHAM, Mass. (AP) _", "CHATHAM, Mass.", "", "AP"),
            ("GROSSETO, Italy (AP) -- Words", "GROSSETO, Italy (AP) --", "GROSSETO, Italy", "", "AP"),
            ("DAMASCUS (Reuters) - Words", "DAMASCUS (Reuters) -", "DAMASCUS", "", "Reuters"),
            ("LIMA, Jan 21 (Reuters) - Words", "LIMA, Jan 21 (Reuters) -", "LIMA", "Jan 21", "Reuters"),
            ("Jan 3 (Reuters) - Words", "Jan 3 (Reuters) -", "", "Jan 3", "Reuters"),
            ("Jan 30 (Gracenote) - Words", "Jan 30 (Gracenote) -", "", "Jan 30", "Gracenote"),
            ("MOSCOW, Monday (Reuters) Words", "MOSCOW, Monday (Reuters)", "MOSCOW", "Monday", "Reuters"),
            (
                "STOCKHOLM, Aug 29, 2014 (AFP) - Words",
                "STOCKHOLM, Aug 29, 2014 (AFP) -",
                "STOCKHOLM",
                "Aug 29, 2014",
                "AFP",
            ),
            ("Paris, 21 jan 2019 (AFP) - Les", "Paris, 21 jan 2019 (AFP) -", "Paris", "21 jan 2019", "AFP"),
            (
                "Strasbourg, 10 juil 2024 (AFP)",
                "Strasbourg, 10 juil 2024 (AFP)",
                "Strasbourg",
                "10 juil 2024",
                "AFP",
            ),
            (
                "فريتاون, 26-11-2023 (أ ف ب) - قال",
                "فريتاون, 26-11-2023 (أ ف ب) -",
                "فريتاون",
                "26-11-2023",
                "أ ف ب",
            ),
            ("باريس (أ ف ب)", "باريس (أ ف ب)", "باريس", "", "أ ف ب"),
            ("ملقة (إسبانيا) (أ ف ب) - قال", "ملقة (إسبانيا) (أ ف ب) -", "ملقة (إسبانيا)", "", "أ ف ب"),
            ("Berlin (dpa) - Die", "Berlin (dpa) -", "Berlin", "", "dpa"),
            ("Frankfurt/Main (dpa) - Die", "Frankfurt/Main (dpa) -", "Frankfurt/Main", "", "dpa"),
            ("Peine (dpa/lni) - Ein", "Peine (dpa/lni) -", "Peine", "", "dpa/lni"),
            ("Tel Aviv/Beirut (dpa) - Die", "Tel Aviv/Beirut (dpa) -", "Tel Aviv/Beirut", "", "dpa"),
            (
                "MADRID, 21 Nov. 2024 (Europa Press) -",
                "MADRID, 21 Nov. 2024 (Europa Press) -",
                "MADRID",
                "21 Nov. 2024",
                "Europa Press",
            ),
            ("Tegucigalpa, Jan 2 (EFE).- Words", "Tegucigalpa, Jan 2 (EFE).-", "Tegucigalpa", "Jan 2", "EFE"),
            ("Nueva Delhi, 21 ene (EFE).- La", "Nueva Delhi, 21 ene (EFE).-", "Nueva Delhi", "21 ene", "EFE"),
            ("Paris (ats afp) Les violences", "Paris (ats afp)", "Paris", "", "ats afp"),
            ("Berlin (KNA) Die Bundestags", "Berlin (KNA)", "Berlin", "", "KNA"),
            (
                "SAITAMA, Japan, Dec. 9 Kyodo - The",
                "SAITAMA, Japan, Dec. 9 Kyodo -",
                "SAITAMA, Japan",
                "Dec. 9",
                "Kyodo",
            ),
            ("SYDNEY, Dec 7 AAP - Collated", "SYDNEY, Dec 7 AAP -", "SYDNEY", "Dec 7", "AAP"),
            (
                "MOSCOW, January 21. /TASS/. Words",
                "MOSCOW, January 21. /TASS/.",
                "MOSCOW",
                "January 21",
                "TASS",
            ),
            (
                "BEIJING, Nov. 24 (Xinhua) -- Words",
                "BEIJING, Nov. 24 (Xinhua) --",
                "BEIJING",
                "Nov. 24",
                "Xinhua",
            ),
            ("LISBOA, 18 jun (Xinhua) -- La", "LISBOA, 18 jun (Xinhua) --", "LISBOA", "18 jun", "Xinhua"),
            ("København /ritzau/: Broen", "København /ritzau/:", "København", "", "ritzau"),
            ("WASHINGTON, Mar 21 (APP): Words", "WASHINGTON, Mar 21 (APP):", "WASHINGTON", "Mar 21", "APP"),
            (
                "WASHINGTON, March 21 (NNN-AGENCIES) — Words",
                "WASHINGTON, March 21 (NNN-AGENCIES) —",
                "WASHINGTON",
                "March 21",
                "NNN-AGENCIES",
            ),
            ("Kathmandu, Nov 26 (PTI) On the sixth", "Kathmandu, Nov 26 (PTI)", "Kathmandu", "Nov 26", "PTI"),
            ("NEW YORK, June 21 (PTI): Words", "NEW YORK, June 21 (PTI):", "NEW YORK", "June 21", "PTI"),
            ("Lucknow, Mar 15 (ANI): Words", "Lucknow, Mar 15 (ANI):", "Lucknow", "Mar 15", "ANI"),
            (
                "Washington, Nov 7, 2008 (ANI): Words",
                "Washington, Nov 7, 2008 (ANI):",
                "Washington",
                "Nov 7, 2008",
                "ANI",
            ),
            (
                "Washington, DC [US], March 21 : Words",
                "Washington, DC [US], March 21 :",
                "Washington, DC [US]",
                "March 21",
                "",
            ),
            ("By IANS, Kolkata : Words", "By IANS, Kolkata :", "Kolkata", "", "IANS"),
            (
                "नई दिल्ली, 14 अक्टूबर (आईएएनएस)। संसद",
                "नई दिल्ली, 14 अक्टूबर (आईएएनएस)।",
                "नई दिल्ली",
                "14 अक्टूबर",
                "आईएएनएस",
            ),
            ("नयी दिल्ली, 21 मार्च (भाषा) संसद", "नयी दिल्ली, 21 मार्च (भाषा)", "नयी दिल्ली", "21 मार्च", "भाषा"),
            ("लखनऊ, 15 मार्च (एएनआई): राज्य", "लखनऊ, 15 मार्च (एएनआई):", "लखनऊ", "15 मार्च", "एएनआई"),
            ("मुंबई, दि. २१ (प्रतिनिधी) : राज्य", "मुंबई, दि. २१ (प्रतिनिधी) :", "मुंबई", "दि. २१", "प्रतिनिधी"),
            (
                "نئی دہلی، 21 مارچ (اے این آئی): پارلیمنٹ",
                "نئی دہلی، 21 مارچ (اے این آئی):",
                "نئی دہلی",
                "21 مارچ",
                "اے این آئی",
            ),
            (
                "GLASGOW, Scotland, Feb. 01, 2018 (GLOBE NEWSWIRE) -- The",
                "GLASGOW, Scotland, Feb. 01, 2018 (GLOBE NEWSWIRE) --",
                "GLASGOW, Scotland",
                "Feb. 01, 2018",
                "GLOBE NEWSWIRE",
            ),
            (
                "TORONTO, 26 mai 2020 (GLOBE NEWSWIRE) -- La",
                "TORONTO, 26 mai 2020 (GLOBE NEWSWIRE) --",
                "TORONTO",
                "26 mai 2020",
                "GLOBE NEWSWIRE",
            ),
            (
                "AUSTIN, Texas, Feb. 1, 2017 /PRNewswire-AsiaNet/ -- Words",
                "AUSTIN, Texas, Feb. 1, 2017 /PRNewswire-AsiaNet/ --",
                "AUSTIN, Texas",
                "Feb. 1, 2017",
                "PRNewswire-AsiaNet",
            ),
            (
                "MARLBOROUGH, Mass.--(BUSINESS WIRE)--Dec 5, 2024--Words",
                "MARLBOROUGH, Mass.--(BUSINESS WIRE)--Dec 5, 2024--",
                "MARLBOROUGH, Mass.",
                "Dec 5, 2024",
                "BUSINESS WIRE",
            ),
            ("(ANSA) - ROMA, 21 MAR - Il ponte", "(ANSA) - ROMA, 21 MAR -", "ROMA", "21 MAR", "ANSA"),
            ("新华社北京3月21日电（记者张三）大桥", "新华社北京3月21日电", "北京", "3月21日", "新华社"),
            ("（中央社台北21日電）大橋", "（中央社台北21日電）", "台北", "21日", "中央社"),
            ("【北京共同】橋が", "【北京共同】", "北京", "", "共同"),
            (
                "［ロンドン １日 ロイター］ － 橋が",
                "［ロンドン １日 ロイター］ －",
                "ロンドン",
                "１日",
                "ロイター",
            ),
            ("(서울=연합뉴스) 홍길동 기자 = 다리가", "(서울=연합뉴스) 홍길동 기자 =", "서울", "", "연합뉴스"),
        ] {
            check(paragraph, text, place, date, agency);
        }
    }

    #[test]
    fn what_may_be_a_sentence_is_none() {
        for paragraph in [
            "",
            "The bridge (built in 1932) opened.",
            "Apple (AAPL) said it would",
            "Angela Merkel (CDU) sagte",
            "He said: yes",
            "On Monday, March 21 was a day",
            "2014-07-17 00:24:11 GMT+00:00",
            "Police kill two - report",
            "नई दिल्ली में संसद",
            "(Reuters contributed)",
            "In 2014, Paris (France) - once more - was",
            "他说电影",
        ] {
            assert_eq!(parse(paragraph), None, "{paragraph}");
        }
    }

    #[test]
    fn an_agency_may_sign_at_the_end() {
        for (paragraph, expect) in [
            ("Broen er åben. /ritzau/", Some("ritzau")),
            ("/ritzau/", Some("ritzau")),
            ("km/h/", None),
            ("see https://agx.example/a/", None),
            ("Words.", None),
        ] {
            assert_eq!(signature(paragraph), expect, "{paragraph}");
        }
    }
}
