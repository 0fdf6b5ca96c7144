use news::{BlockKind, Gravity};

use crate::{Format, Hints, Reading};

fn reading(text: &str) -> Reading {
    let reading = crate::read(text.as_bytes(), &Hints::default());
    assert_eq!(reading.format, Some(Format::Zczc), "{text:?}");
    reading
}

#[track_caller]
fn check(text: &str, expect: &[(BlockKind, &str)]) {
    let reading = reading(text);
    let version = reading.items.first().unwrap_or_else(|| panic!("{:?}", reading.complaints));
    let blocks: Vec<_> = version.copy.blocks().iter().map(|b| (b.kind(), b.text())).collect();
    assert_eq!(blocks, expect);
}

use BlockKind::{Byline, Headline, P};

#[test]
fn the_header_ends_with_the_first_line_of_words() {
    let text = "ZCZC AGX\r\n%A\r\n#Bridge_BC1\r\n$Bridge reopens\r\n:(CITY)\r\n&AGX\\doe\r\n*07000000\r\nThe bridge reopened.\r\n* It was closed.\r\n\r\nMore.\r\nNNNN";
    check(text, &[(Headline, "Bridge reopens"), (P, "The bridge reopened.\n* It was closed."), (P, "More.")]);
    let version = &reading(text).items[0];
    assert_eq!((version.slugline.as_deref(), version.subjects.len()), (Some("Bridge_BC1"), 1));
    assert!(version.complaints.is_empty(), "{:?}", version.complaints);
}

#[test]
fn lines_and_spaces_of_tables_stay() {
    let text = "   ZCZC AGX\r$T\r:Motor\r=Round 1\r^MOTOR: Results\r*X\r+15039001\rCITY, Dec 7 AGX -\r\t1. Doe      1:14\x0f\r\t2. Roe      1:15\x19\rNNNN\r";
    check(
        text,
        &[(Headline, "MOTOR: Results"), (P, "CITY, Dec 7 AGX -\n\t1. Doe      1:14\n\t2. Roe      1:15")],
    );
}

#[test]
fn two_letters_and_a_hash_are_a_header_as_well() {
    let text = "zczc\r\nAN#26\r\nPD#06 June 2026 14:00:00\r\nBY#Jane Doe\r\nTI#Bridge reopens\r\nAB#Short\r\nTX#\r\nThe bridge.\r\n";
    check(text, &[(Headline, "Bridge reopens"), (Byline, "Jane Doe"), (P, "The bridge.")]);
    let version = &reading(text).items[0];
    assert_eq!(version.uri, "urn:verbatim:zczc:26");
    assert_eq!(
        version.version_created.as_ref().map(|stamp| stamp.raw.as_str()),
        Some("06 June 2026 14:00:00")
    );
}

#[test]
fn a_short_first_line_is_the_headline_where_nothing_else_is() {
    check(
        "ZCZC F0\nHH TDCom\nCity races 1-6\n   Race One\nNNNN",
        &[(Headline, "City races 1-6"), (P, "Race One")],
    );
    check("ZCZC F0\nHH TDCom\nDoe  5.00\nRoe  6.00\nNNNN", &[(P, "Doe  5.00\nRoe  6.00")]);
}

#[test]
fn each_message_is_read_and_a_cut_one_is_held() {
    let reading = reading("ZCZC A\n^One\nWords.\nNNNN\nZCZC A\n^Two\nWor");
    let held: Vec<_> =
        reading.items.iter().map(|v| v.complaints.iter().any(|c| c.gravity == Gravity::Hold)).collect();
    assert_eq!(held, [false, true]);
    assert_eq!(reading.items[0].span.end, reading.items[1].span.start);
}

#[test]
fn a_message_without_words_is_lost() {
    let reading = reading("ZCZC A\n^One\nNNNN\n");
    assert_eq!((reading.items.len(), reading.complaints[0].code), (0, "empty-item"));
}
