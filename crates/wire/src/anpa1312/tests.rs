use news::{Gravity, ItemClass, Severity, Version};

use super::shape::{Header, Trailer, is_for_editors, is_pictures, version_signals};
use crate::{Format, Hints, read};

const WRITETHRU: &[u8] = include_bytes!("../../../../fixtures/wire/anpa1312/writethru.txt");
const KYODO: &[u8] = include_bytes!("../../../../fixtures/wire/anpa1312/kyodo-style.txt");
const ADVISORY: &[u8] = include_bytes!("../../../../fixtures/wire/anpa1312/advisory.txt");

fn blocks(version: &Version) -> Vec<String> {
    version.copy.blocks().iter().map(|block| format!("{}: {}", block.kind().as_str(), block.text())).collect()
}

fn notes(version: &Version) -> Vec<&str> {
    version.notes.iter().map(|note| note.text.as_str()).collect()
}

fn codes(version: &Version, gravity: Gravity) -> Vec<&str> {
    version.complaints.iter().filter(|c| c.gravity == gravity).map(|c| c.code).collect()
}

fn one(bytes: &[u8]) -> Version {
    let mut reading = read(bytes, &Hints::default());
    assert_eq!(reading.format, Some(Format::Anpa1312));
    assert_eq!((reading.items.len(), &reading.complaints[..]), (1, &[][..]));
    reading.items.remove(0)
}

/// A message with this text behind its slugline; `kind` is DC1 for text or DC2 for tables.
fn wire(kind: char, text: &str) -> Vec<u8> {
    format!(
        "\u{16}\u{16}\u{1}W4221\u{1f}agxwd\r\nr i\u{13}{kind} BC-Council 03-21 0308\r\n\u{2}^BC-Council,308<\r\n{text}\r\n\
         \t   \u{3}AGX-WD-03-21-24 0441GMT<\r\n\r\n\u{c}\r\n\u{4}"
    )
    .into_bytes()
}

#[track_caller]
fn check(kind: char, text: &str, expect: &[&str]) {
    assert_eq!(blocks(&one(&wire(kind, text))), *expect, "{text:?}");
}

const TEXT: char = '\u{11}';
const TABLE: char = '\u{12}';

#[test]
fn a_story_is_told_line_by_line() {
    let version = one(WRITETHRU);
    assert_eq!(version.uri, "urn:verbatim:anpa1312:BC-EX--Council-Budget:2024-03-21");
    assert_eq!(
        blocks(&version),
        [
            "headline: Council agrees on the budget",
            "subhead: The council agreed on the budget _ its first _ after a night of talks.",
            "byline: By JANE DOE and JOHN ROE",
            "byline: Agency Example",
            "p: EXAMPLETON, Ex. (AGX) _ The council agreed on the budget for next year after a night of talks, Mayor \
             Ann Example said.",
            "p: ``We did it,'' she said.  It was the first since 1999, and it is 2{ percent larger.",
            "p: EDITOR'S NOTE _ The reporter lives in Exampleton.",
            "p: ___",
            "h3: VOTES BY WARD",
            "row: \tFor\tAgainst",
            "row: North Ward\t12\t3",
            "row: South Ward\t9\t4",
            "p: Source: the council",
        ]
    );
    assert_eq!(codes(&version, Gravity::Hold), [""; 0]);
}

#[test]
fn what_is_for_editors_is_no_copy() {
    let version = one(WRITETHRU);
    assert_eq!(
        notes(&version),
        [
            "AGX Photo XNP101, XNP102",
            "Eds: Updates with quotes. With AGX Photos.",
            "(Eds: A longer version is available.)",
        ]
    );
    for (line, expect) in [
        ("Eds: Updates.", true),
        ("EDS: Updates.", true),
        ("(Eds: Updates.)", true),
        ("EDITORS: Stand by.", true),
        ("EDITOR'S NOTE _ The reporter lives there.", false),
        ("Eds was a friend.", false),
    ] {
        assert_eq!(is_for_editors(line), expect, "{line}");
    }
    for (line, expect) in [
        ("AP Photo XNP101, XNP102", true),
        ("AGX Photos NY12, EX-101", true),
        ("Photo of 2 mayors found", false),
        ("Photo XNP101 shows mayor", false),
        ("Council agrees on Photo ID", false),
        ("Council agrees", false),
    ] {
        assert_eq!(is_pictures(line), expect, "{line}");
    }
}

#[test]
fn header_and_trailer_say_what_the_version_is() {
    let version = one(WRITETHRU);
    assert_eq!(version.version.raw, "1stLd-Writethru");
    assert_eq!(version.urgency, Some(4));
    assert_eq!(version.slugline.as_deref(), Some("BC-EX--Council-Budget, 1st Ld-Writethru,308"));
    assert_eq!(version.claimed_time(), Some("2024-03-21T04:41:00Z".parse().unwrap()));
    assert_eq!(version.subjects[0].code.as_deref(), Some("i"));
    let signals: Vec<&str> = version.signals.iter().map(|signal| signal.code.as_str()).collect();
    assert_eq!(signals, ["text:lead", "text:writethru"]);
    assert!(version.signals.iter().all(|signal| signal.from_text && signal.severity == Severity::Informs));
}

#[test]
fn kyodo_has_other_marks_and_the_day_before_the_month() {
    let version = one(KYODO);
    assert_eq!(version.uri, "urn:verbatim:anpa1312:BC-Council-Budget:2024-03-21");
    assert_eq!(
        blocks(&version),
        [
            "headline: Council: Exampleton agrees on its budget",
            "p: EXAMPLETON, March 21 AGX - The council agreed on its budget on Thursday after a night of talks.",
            "p: \"We did it,\" the mayor said.",
        ]
    );
    let zone = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap();
    let reading = read(KYODO, &Hints { zone: Some(zone), ..Hints::default() });
    assert_eq!(reading.items[0].claimed_time(), Some("2024-03-21T12:37:00Z".parse().unwrap()));
}

#[test]
fn an_advisory_is_never_published() {
    assert_eq!(one(ADVISORY).class, ItemClass::Advisory("Advisory".into()));
    let category = String::from_utf8(wire(TEXT, "^Headline<\r\n\t   One.")).unwrap().replace("r i", "r v");
    assert_eq!(one(category.as_bytes()).class, ItemClass::Advisory("category v".into()));
    let story = String::from_utf8(wire(TEXT, "^Headline<\r\n\t   One.")).unwrap();
    let story = story.replace("^BC-Council", "^BC-Council-Budget Advisory Board");
    assert_eq!(one(story.as_bytes()).class, ItemClass::Text);
}

#[test]
fn parts_advances_and_kills_hold() {
    for (field, expect) in [
        ("1stLd-Writethru", "text:lead Informs, text:writethru Informs"),
        ("1st Ld-Writethru,416", "text:lead Informs, text:writethru Informs"),
        ("2ndAdd", "text:part Holds"),
        ("3rd Take", "text:part Holds"),
        ("ADV28", "text:embargo Holds"),
        ("HFR", "text:embargo Holds"),
        ("Kill", "text:kill Holds"),
        ("Correction", "text:correction Informs"),
        ("ABRIDGED", ""),
        ("1049", ""),
    ] {
        let found: Vec<_> =
            version_signals(field).iter().map(|(code, severity)| format!("{code} {severity:?}")).collect();
        assert_eq!(found.join(", "), expect, "{field}");
    }
}

#[test]
fn tabs_and_spaces_begin_paragraphs_and_other_lines_go_on() {
    check(
        TEXT,
        "^H<\r\n\tOne\r\ntwo \r\n   Three\r\n \r\nfour",
        &["headline: H", "p: One two", "p: Three", "p: four"],
    );
    check(TEXT, "^H<\n\t   One;two;three\n", &["headline: H", "p: One;two;three"]);
    check(TEXT, "^H<\n\t   a < b and c = d\n", &["headline: H", "p: a < b and c = d"]);
    check(TEXT, "^H<\n\t   e = mc2 =\n", &["headline: H", "p: e = mc2 ="]);
    check(TEXT, "^H<\n\t   One<\nTwo<\n", &["headline: H", "p: One", "p: Two"]);
    check(TEXT, "^H\n^One\n^Two\n", &["headline: H", "p: One", "p: Two"]);
    check(TEXT, "\t   One.\n^END<\n", &["p: One."]);
}

#[test]
fn centred_lines_behind_a_byline_belong_to_it_only_before_a_paragraph() {
    check(
        TEXT,
        "^H<\n^By JANE DOE=\n^Agency Example=\n\t   One.",
        &["headline: H", "byline: By JANE DOE", "byline: Agency Example", "p: One."],
    );
    check(
        TEXT,
        "^H=\n^By The Agency=\n^FIRST LEAGUE=\n\u{8}A\u{1f}1",
        &["headline: H", "byline: By The Agency", "h3: FIRST LEAGUE", "row: A\t1"],
    );
}

#[test]
fn tables_become_rows() {
    check(
        TABLE,
        "^H=\n\t   ;MIN;MAX<\n\t   Exampleton;4;9<\n\t   rn; sn; cl - weather<",
        &["headline: H", "row: \tMIN\tMAX", "row: Exampleton\t4\t9", "p: rn; sn; cl - weather"],
    );
    check(TEXT, "^H=\n^;W;L\n\u{8}A B;3;4 \n", &["headline: H", "row: \tW\tL", "row: A B\t3\t4"]);
    check(
        TEXT,
        "^H=\n\u{8}Los\u{10}Ejemplos\u{1f}\u{1e} 61\u{1e} \u{1e} \u{1e} _\n",
        &["headline: H", "row: Los Ejemplos\t61\t_"],
    );
}

#[test]
fn a_message_that_was_cut_holds_and_leaves_the_next_one_alone() {
    let whole = wire(TEXT, "^H<\r\n\t   One two three.");
    for length in 3..whole.len() {
        let reading = read(&[&whole[..length], WRITETHRU].concat(), &Hints::default());
        let ended = whole[..length].contains(&3);
        let last = reading.items.last().unwrap();
        assert_eq!(codes(last, Gravity::Hold), [""; 0], "{length}");
        assert_eq!(last.copy.headline(), Some("Council agrees on the budget"));
        let cut = reading.items.len() < 2 || codes(&reading.items[0], Gravity::Hold).contains(&"message-cut");
        assert!(ended || cut, "{length}");
    }
}

#[test]
fn controls_that_the_format_does_not_name_hold() {
    let version = one(&wire(TEXT, "^H<\r\n\t   One\u{1b}two."));
    assert_eq!(codes(&version, Gravity::Hold), ["character-not-carried"]);
}

#[test]
fn the_same_slug_on_one_day_is_one_item() {
    let first = String::from_utf8(wire(TEXT, "^H<\r\n\t   One.")).unwrap();
    let again =
        first.replace("W4221", "W4999").replace("r i", "u a").replace(",308", ", 1st Ld-Writethru,310");
    assert_eq!(one(first.as_bytes()).uri, one(again.as_bytes()).uri);
    assert_ne!(one(first.as_bytes()).uri, one(first.replace("03-21-24", "03-22-24").as_bytes()).uri);
}

#[test]
fn headers_come_apart() {
    let header =
        Header::parse("W4221\u{1f}agxwd\r\nr i\u{13}\u{12} BC-Council 2ndLd-Writethru 03-21 0308\r\n")
            .unwrap();
    assert_eq!((header.service, header.number, header.selector), ("W", "4221", "agxwd"));
    assert_eq!((header.priority, header.category, header.keyword), ("r", "i", "BC-Council"));
    assert_eq!((header.version.as_str(), header.day, header.words), ("2ndLd-Writethru", "03-21", "0308"));
    assert!(header.tabular);
    for head in ["", "W4221", "Dear editors\r\nhello", "W4221\u{1f}x\r\nwords of a text", "é4221\r\nr i"] {
        assert_eq!(Header::parse(head), None, "{head}");
    }
}

#[test]
fn trailers_name_a_day_and_a_time() {
    for (line, expect) in [
        ("AP-WF-11-13-13 1509GMT<", Some("13 Nov 13 15:09 GMT")),
        ("AGX-WD-03-21-24 0441", Some("21 Mar 24 04:41")),
        ("AGX-WD-03-21-24 0441 EST<", Some("21 Mar 24 04:41 EST")),
        ("KWS-21:37-09-12-18", Some("09 Dec 18 21:37")),
        ("AP-WF-13-13-13 1509GMT<", None),
        ("AP-WF", None),
        ("", None),
    ] {
        assert_eq!(Trailer::parse(line).map(|trailer| trailer.date).as_deref(), expect, "{line}");
    }
}

#[test]
fn results_without_stx_come_and_wait_for_a_person() {
    let wire = "\u{1}NEWS: EXAMPLETON\u{1f}6\u{1f}N\u{1f}Wednesday\r\n\r\n#me15: FIRST (J Doe 3) ^1^1, SECOND 3 l^3\r\n";
    let reading = crate::read(wire.as_bytes(), &Hints::default());
    let [version] = &reading.items[..] else { panic!("one item: {:?}", reading.complaints) };
    let canonical = "NEWS: EXAMPLETON 6 N Wednesday\n\n#me15: FIRST (J Doe 3) ^1^1, SECOND 3 l^3\n";
    assert_eq!(version.copy.canonical(), canonical);
    let held: Vec<_> = version.complaints.iter().map(|c| (c.code, c.gravity)).collect();
    assert_eq!(held[0], ("no-control-bytes", Gravity::Hold), "{held:?}");
    let empty = crate::read(b"\x01NEWS: EXAMPLETON\x1f6\x1fN\r\n\r\n", &Hints::default());
    assert_eq!((empty.items.len(), empty.complaints[0].code), (0, "empty-item"));
}
