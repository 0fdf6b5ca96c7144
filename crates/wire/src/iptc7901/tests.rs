use news::{Gravity, ItemClass, Severity, Version, VersionOrder};

use super::shape::{HeadLine, Header, Trailer, goes_on, is_byline};
use crate::{Format, Hints, Reading, read};

const THREE: &[u8] = include_bytes!("../../../../fixtures/wire/iptc7901/three-languages.txt");
const KILL: &[u8] = include_bytes!("../../../../fixtures/wire/iptc7901/kill.txt");

/// The blocks as `kind: text`.
fn blocks(version: &Version) -> Vec<String> {
    version.copy.blocks().iter().map(|block| format!("{}: {}", block.kind().as_str(), block.text())).collect()
}

fn notes(version: &Version) -> Vec<&str> {
    version.notes.iter().map(|note| note.text.as_str()).collect()
}

fn codes(version: &Version, gravity: Gravity) -> Vec<&str> {
    version.complaints.iter().filter(|c| c.gravity == gravity).map(|c| c.code).collect()
}

fn told(bytes: &[u8]) -> Reading {
    let reading = read(bytes, &Hints::default());
    assert_eq!(reading.format, Some(Format::Iptc7901));
    reading
}

/// A message with this text between STX and ETX.
fn wire(text: &str) -> Vec<u8> {
    format!("\u{1}agx042 4 pl 10  agx 042\r\n\nCouncil/\r\n\u{2}{text}\u{3}210441 GMT Mar 24\r\n\u{4}")
        .into_bytes()
}

fn one(bytes: &[u8]) -> Version {
    let mut reading = told(bytes);
    assert_eq!((reading.items.len(), &reading.complaints[..]), (1, &[][..]));
    reading.items.remove(0)
}

/// The body of a message with this text behind its head.
#[track_caller]
fn check(text: &str, expect: &[&str]) {
    let version = one(&wire(&format!("Headline =\r\n\n{text}")));
    assert_eq!(blocks(&version)[1..], *expect, "{text:?}");
}

#[test]
fn one_transmission_holds_messages_in_three_languages_and_encodings() {
    let reading = told(THREE);
    let uris: Vec<&str> = reading.items.iter().map(|version| version.uri.as_str()).collect();
    assert_eq!(
        uris,
        [
            "urn:verbatim:iptc7901:agx:agx:042:2024-03-21",
            "urn:verbatim:iptc7901:bdx:agx:4072:2024-03-21",
            "urn:verbatim:iptc7901:bsx:agx:967:2024-03-21",
        ]
    );
    assert_eq!(
        blocks(&reading.items[0]),
        [
            "headline: Council agrees on budget, mayor says",
            "byline: By Jane Doe and John Roe, agx",
            "p: Exampleton (agx) - The council agreed on the budget for next year after a night of talks, Mayor Ann \
             Example said on Thursday.  It is the first since 1999.",
            "p: \"We did it,\" she told Agency Example.",
            "p: The opposition - which had called for a delay - abstained on a well- known clause.",
        ]
    );
    assert_eq!(
        blocks(&reading.items[1]),
        [
            "headline: Stadtrat von Musterstadt beschließt nach einer langen Nacht den Haushalt",
            "p: Musterstadt (agx) - Der Stadtrat hat den Haushalt für das kommende Jahr beschlossen. «Das war \
             überfällig», sagte die Bürgermeisterin.",
            "row: Posten\tEuro",
            "row: Schulen\t1 200",
            "p: Die Summe liegt bei 4,5 Millionen Euro.",
        ]
    );
    assert_eq!(
        blocks(&reading.items[2]),
        [
            "headline: Le conseil adopte son budget après une nuit de débats",
            "byline: Par Jeanne Exemple, agx",
            "p: Exempleville (agx) Le conseil a adopté son budget, a déclaré la maire. C'était «nécessaire», a-t-elle \
             dit.",
            "p: Il entre en vigueur en été.",
        ]
    );
    let held: Vec<_> = reading.items.iter().map(|version| codes(version, Gravity::Hold)).collect();
    assert!(held.iter().all(Vec::is_empty), "{held:?}");
    assert!(codes(&reading.items[0], Gravity::Remark).contains(&"hyphen-at-line-end"));
    assert_eq!(codes(&reading.items[2], Gravity::Remark), ["undeclared-encoding"]);
}

#[test]
fn spans_are_the_messages_in_the_bytes_that_came() {
    for version in told(THREE).items {
        let bytes = &THREE[version.span];
        assert_eq!((bytes.first(), bytes.last()), (Some(&1), Some(&4)));
    }
}

#[test]
fn what_is_not_for_publication_is_no_copy() {
    let reading = told(THREE);
    for secret in [
        "555 0100",
        "Contacts",
        "Notebook",
        "Redaktion",
        "nicht zur Veröffentlichung",
        "2ND LEAD",
        "Berichtigung",
    ] {
        let leaks = reading.items.iter().any(|version| version.copy.canonical().contains(secret));
        let kept =
            reading.items.iter().any(|version| notes(version).iter().any(|note| note.contains(secret)));
        assert!(kept || !secret.contains("5550"), "{secret} is lost");
        assert!(!leaks, "{secret} leaks");
    }
    assert!(notes(&reading.items[0]).iter().any(|note| note.contains("+1 555 0100")));
    assert!(notes(&reading.items[1]).iter().any(|note| note.contains("+49 30 5550 0100")));
}

#[test]
fn header_and_trailer_say_what_the_version_is() {
    let reading = told(THREE);
    let version = &reading.items[0];
    assert_eq!(version.urgency, Some(4));
    assert_eq!(version.slugline.as_deref(), Some("Council/Budget/"));
    assert_eq!(version.keywords, ["Council", "Budget"]);
    assert_eq!(version.subjects[0].code.as_deref(), Some("pl"));
    assert_eq!(version.class, ItemClass::Text);
    let at = |text: &str| VersionOrder::Time(text.parse().unwrap());
    let orders: Vec<_> = reading.items.iter().map(|version| version.version.order).collect();
    assert_eq!(orders, [at("2024-03-21T04:41:00Z"), at("2024-03-21T09:41:00Z"), at("2024-03-21T12:23:00Z")]);
}

#[test]
fn a_kill_in_words_is_a_note_and_holds() {
    let version = one(KILL);
    assert_eq!(notes(&version)[0], "KILL KILL KILL");
    let found: Vec<_> = version.signals.iter().map(|s| (s.code.as_str(), s.severity, s.from_text)).collect();
    assert_eq!(found, [("text:kill", Severity::Holds, true)]);
    assert!(!version.copy.canonical().contains("KILL"));
    assert_eq!(version.urgency, Some(1));
}

#[test]
fn crlf_within_a_paragraph_is_a_space_and_a_bare_lf_ends_it() {
    check("   One\r\ntwo \r\nthree.\nFour\r\nfive.\r\n", &["p: One two three.", "p: Four five."]);
    check("One\r\ntwo.\r\n\r\nThree\r\n", &["p: One two.", "p: Three"]);
    check("One\r\ntwo.\r\n \t \r\nThree\r\n", &["p: One two.", "p: Three"]);
    check("   One\r\ntwo.\r\n   Three\r\n", &["p: One two.", "p: Three"]);
    check("\tOne\r\ntwo.\r\n\tThree\r\n", &["p: One two.", "p: Three"]);
    check("One  two\r\n  three\r\n", &["p: One  two three"]);
    check("One\r\r\ntwo\r\r\n", &["p: One two"]);
}

#[test]
fn where_all_lines_end_in_lf_only_empty_lines_part_paragraphs() {
    check("One\ntwo\nthree.\n\nFour\nfive.\n", &["p: One two three.", "p: Four five."]);
    check("One\ntwo\n   Three\n", &["p: One two", "p: Three"]);
    check("One\ntwo\nthree\r\nfour\n", &["p: One two three four"]);
}

#[test]
fn dashes_headings_and_hyphens_stay_as_they_are() {
    check("- One\r\n- Two\r\nmore\r\n", &["p: - One", "p: - Two more"]);
    check("Talks\r\n- which failed -\r\nended\r\n", &["p: Talks - which failed - ended"]);
    check("## Results\r\nOne\r\n", &["p: ## Results", "p: One"]);
    check("#1 in line\r\nOne\r\n", &["p: #1 in line One"]);
    check("Baden-\r\nEx\r\n", &["p: Baden- Ex"]);
}

#[test]
fn tables_are_rows_or_stay_as_they_are() {
    check("| a | b c |\r\n| | d |\r\n| | |\r\nText\r\n", &["row: a\tb c", "row: \td", "p: Text"]);
    check("a\u{1f}b\r\nText\r\n", &["row: a\tb", "p: Text"]);
    check(
        "Results:\r\n   A - B     2:1 \r\n   C - D     0:0\r\nText\r\n",
        &["p: Results:", "pre:    A - B     2:1\n   C - D     0:0", "p: Text"],
    );
    check("One   gap\r\nin prose\r\n", &["p: One   gap in prose"]);
}

#[test]
fn fill_bells_and_fonts_go_and_other_controls_hold() {
    check("\u{7f}One\u{7}\r\n\u{12}two\u{11}\r\n\u{7f}\r\n", &["p: One two"]);
    check("One \u{c}C24\u{b}two\r\n", &["p: One two"]);
    let version = one(&wire("Headline =\r\n\nOne\u{1b}[2J two\r\n"));
    assert_eq!(codes(&version, Gravity::Hold), ["character-not-carried"]);
    let version = one(&wire("Headline =\r\n\nOne\u{2}two\r\n"));
    assert_eq!(codes(&version, Gravity::Hold), ["character-not-carried"]);
}

#[test]
fn lines_of_the_head_are_told_apart() {
    let mark = |code: &str, severity| HeadLine::Mark(code.to_owned(), severity);
    for (line, expect) in [
        ("KILL KILL KILL", mark("text:kill", Severity::Holds)),
        ("HOLD HOLD HOLD", mark("text:hold", Severity::Holds)),
        ("ANNULATION", mark("text:kill", Severity::Holds)),
        ("(Achtung - Planungshinweis)", mark("text:achtung", Severity::Holds)),
        ("(Achtung)", mark("text:achtung", Severity::Holds)),
        ("1ST LEAD", mark("text:lead:1", Severity::Informs)),
        ("3RD NET", mark("text:net:3", Severity::Informs)),
        ("2ND ADD", mark("text:add:2", Severity::Holds)),
        ("EXTRA", mark("text:extra", Severity::Informs)),
        ("ADVISORY", mark("text:advisory", Severity::NotForPublication)),
        ("(Wiederholung vom 20. März)", mark("text:repeat", Severity::Informs)),
        ("(Sperrfrist 19.00 Uhr)", mark("text:embargo", Severity::Holds)),
        ("(KORR-Bericht)", HeadLine::Note),
        ("Kill Bill returns to cinemas", HeadLine::Words),
        ("Police kill two in raid", HeadLine::Words),
        ("1st lead in the polls for the mayor", HeadLine::Words),
        ("Extra money for schools", HeadLine::Words),
    ] {
        assert_eq!(HeadLine::of(line), expect, "{line}");
    }
}

#[test]
fn a_headline_that_begins_like_a_byline_is_a_headline() {
    for (line, expect) in [
        ("By Jane Doe, agx", true),
        ("Von Anna Beispiel und Otto Muster, agx", true),
        ("Par Jeanne Exemple", true),
        ("By our staff reporter in Exampleton, agx", true),
        ("Von der Leyen fordert mehr Geld", false),
        ("By hook or by crook", false),
        ("Council agrees on budget", false),
        ("Von Anna Beispiel gefordert: mehr Geld", false),
    ] {
        assert_eq!(is_byline(line, Some("agx")), expect, "{line}");
    }
    let version = one(&wire("Von Anna Beispiel =\r\n\nOne.\r\n"));
    assert_eq!(blocks(&version)[0], "headline: Von Anna Beispiel");
}

#[test]
fn a_long_line_of_the_head_goes_on_and_a_short_one_is_a_subhead() {
    assert!(goes_on("Peace talks on a land far away to take place in another next", "month"));
    assert!(!goes_on("Situation", "France:"));
    let version = one(&wire("Situation\r\nFrance:\r\nUn budget «historique» =\r\n\nTexte.\r\n"));
    assert_eq!(
        blocks(&version),
        ["headline: Un budget «historique»", "subhead: Situation", "subhead: France:", "p: Texte."]
    );
}

#[test]
fn without_a_mark_only_a_first_line_that_stands_alone_is_the_headline() {
    let version = one(&wire("Headline\r\n\nOne\r\ntwo.\r\n"));
    assert_eq!(blocks(&version), ["headline: Headline", "p: One two."]);
    let version = one(&wire("   One\r\ntwo.\r\n"));
    assert_eq!(blocks(&version), ["p: One two."]);
    assert!(codes(&version, Gravity::Remark).contains(&"no-head"));
}

#[test]
fn a_message_that_was_cut_holds_and_leaves_the_next_one_alone() {
    let whole = wire("Headline =\r\n\nOne two three.\r\n");
    let cut = &whole[..whole.len() - 30];
    let reading = told(&[cut, &wire("Other =\r\n\nFour.\r\n")].concat());
    assert_eq!(reading.items.len(), 2);
    assert!(codes(&reading.items[0], Gravity::Hold).contains(&"message-cut"));
    assert_eq!(codes(&reading.items[1], Gravity::Hold), [""; 0]);
    for length in 1..whole.len() {
        let reading = told(&whole[..length]);
        let ended = whole[..length].contains(&3);
        let held = reading.items.iter().all(|version| codes(version, Gravity::Hold).contains(&"message-cut"));
        assert!(ended || held, "{length}");
    }
}

#[test]
fn text_outside_every_message_is_said() {
    let reading = told(&[&b"noise on the line\r\n"[..], &wire("Headline =\r\n\nOne.\r\n")].concat());
    assert_eq!(reading.items.len(), 1);
    let found: Vec<_> = reading.complaints.iter().map(|c| (c.code, c.gravity, c.place.offset)).collect();
    assert_eq!(found, [("outside-message", Gravity::Lost, Some(0))]);
}

#[test]
fn a_message_that_lost_its_control_bytes_is_read() {
    let text = "agx00075 3 pl 510    agx 1003\n\n/Council/Budget/\n2ND LEAD\nCouncil agrees\nBy Jane Doe, agx  =\n \nOne\ntwo.\n\n101137 GMT Dez 18\n";
    let version = one(text.as_bytes());
    assert_eq!(version.uri, "urn:verbatim:iptc7901:agx:agx:1003:2018-12-10");
    assert_eq!(blocks(&version), ["headline: Council agrees", "byline: By Jane Doe, agx", "p: One two."]);
    assert!(codes(&version, Gravity::Remark).contains(&"no-control-bytes"));
}

#[test]
fn a_header_comes_apart() {
    let header = Header::parse("agx0124 3 i 93  dpx-spe 1888").unwrap();
    assert_eq!(
        (header.service, header.service_number, header.priority, header.subject),
        ("agx", "0124", "3", "i")
    );
    assert_eq!((header.words, header.agency, header.number()), (Some("93"), Some("dpx-spe"), Some("1888")));
    let header = Header::parse("agx0000 3 sp 331 ccccb  agx 0000").unwrap();
    assert_eq!((header.routing, header.agency_number), (vec!["ccccb"], Some("0000")));
    assert_eq!(Header::parse("agx0000 3 sp agx 0000").unwrap().number(), None);
    for line in ["", "Dear editors", "agx 4 pl", "agx042 x pl", "agx042 4", "042 4 pl", "ägx042 4 pl"] {
        assert_eq!(Header::parse(line), None, "{line}");
    }
}

#[test]
fn trailers_name_day_time_zone_month_and_year() {
    for (line, expect) in [
        ("131137 GMT Nov 13 ", Some("13 Nov 13 11:37 GMT")),
        ("241205 Sep 24", Some("24 Sep 24 12:05")),
        ("151730 MESZ Okt 15", Some("15 Okt 15 17:30 MESZ")),
        ("151730 Okt 15 MESZ", Some("15 Okt 15 17:30 MESZ")),
        ("101137 +0100 Dez 2018", Some("10 Dez 2018 11:37 +0100")),
        ("091223 dec 18", Some("09 dec 18 12:23")),
        ("091223 dec", None),
    ] {
        assert_eq!(Trailer::parse(line).unwrap().date().as_deref(), expect, "{line}");
    }
    for line in ["", "131137", "13113 Nov 13", "words 131137 Nov 13", "131137 GMT"] {
        assert_eq!(Trailer::parse(line), None, "{line}");
    }
}

#[test]
fn a_date_that_no_calendar_has_leaves_the_version_to_its_arrival() {
    let wire = String::from_utf8(wire("Headline =\r\n\nOne.\r\n")).unwrap().replace("210441", "329961");
    let version = one(wire.as_bytes());
    assert_eq!(version.version.order, VersionOrder::Arrival);
    assert!(version.uri.starts_with("urn:verbatim:iptc7901:") && version.uri.len() > 60, "{}", version.uri);
    let codes = codes(&version, Gravity::Remark);
    assert!(codes.contains(&"date-unreadable") && codes.contains(&"no-identifier"), "{codes:?}");
}

#[test]
fn the_same_number_on_another_day_is_another_item() {
    let wire = String::from_utf8(wire("Headline =\r\n\nOne.\r\n")).unwrap();
    let first = one(wire.as_bytes()).uri;
    assert_ne!(first, one(wire.replace("210441", "220441").as_bytes()).uri);
    assert_eq!(first, one(wire.replace("210441", "210555").as_bytes()).uri);
    assert_eq!(first, one(wire.replace("One.", "Two.").as_bytes()).uri);
}

#[test]
fn a_text_that_came_damaged_holds() {
    let version = one(&wire("Headline =\r\n\nCaf\u{fffd}.\r\n"));
    assert_eq!(codes(&version, Gravity::Hold), ["undecodable-bytes"]);
}
