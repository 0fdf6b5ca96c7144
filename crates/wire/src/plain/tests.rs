use news::{BlockKind, Gravity};

use crate::{Format, Hints, Reading, read};

fn plain(text: &str) -> Reading {
    read(
        text.as_bytes(),
        &Hints { format: Some(Format::Plain), language: Some("en".into()), ..Hints::default() },
    )
}

fn uri(text: &str) -> String {
    plain(text).items[0].uri.clone()
}

#[test]
fn the_first_paragraph_is_the_headline() {
    let text = include_str!("../../../../fixtures/wire/plain/bridge.txt");
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        let reading = plain(&text);
        let version = &reading.items[0];
        let blocks: Vec<_> = version.copy.blocks().iter().map(|block| (block.kind(), block.text())).collect();
        assert_eq!(
            blocks,
            [
                (BlockKind::Headline, "River bridge opens to traffic"),
                (
                    BlockKind::P,
                    "EXAMPLE CITY, March 21 (Agency Example) - The bridge opened on Thursday.\nIt is 300 metres long."
                ),
                (BlockKind::P, "Lanes:\n  two for cars\n  one for bicycles"),
            ]
        );
        assert_eq!(version.notes[0].text.trim_end(), "World Desk, +91 00 0000 0000");
        assert_eq!((version.language.as_deref(), version.claimed_time()), (Some("en"), None));
        assert!(version.complaints.is_empty() && reading.complaints.is_empty());
        assert_eq!(version.span, 0..text.len());
    }
}

#[test]
fn an_item_is_known_by_its_headline_and_first_paragraph() {
    let one = "Weather\n\nCITY, March 21 - Rain.\n\nMore.";
    assert!(uri(one).starts_with("urn:verbatim:plain:"));
    assert_eq!(uri(one), uri("Weather \r\n\r\nCITY,  March 21 - Rain.\r\n\r\nCorrected."));
    assert_ne!(uri(one), uri(&one.replace("21", "22")));
    assert_ne!(uri(one), uri(&one.replace("Weather", "Weather report")));
}

#[track_caller]
fn held(text: &str, expect: &[&str]) {
    let reading = plain(text);
    let held = reading.items[0].complaints.iter().filter(|c| c.gravity >= Gravity::Hold);
    assert_eq!(held.map(|c| c.code).collect::<Vec<_>>(), expect, "{text}");
}

#[test]
fn what_may_be_no_story_is_held() {
    held("Headline\n\nBody.", &[]);
    held("Only a headline", &["no-body"]);
    held(&format!("{}\n\nBody.", "word ".repeat(80)), &["headline-doubtful"]);
    held("<?xml version='1.0'?><a>b</a>\n\nc", &["machine-text"]);
    held("Headline\n\nBody.\n\n--\nMe", &["signature-doubtful"]);
    held("Headline\n\nBody\u{1a}", &["character-not-carried"]);
}

#[test]
fn a_text_without_words_is_lost() {
    for text in ["", " \n\n", "-- \nMe"] {
        let reading = plain(text);
        assert!(reading.items.is_empty());
        assert_eq!(reading.complaints[0].gravity, Gravity::Lost, "{text:?}");
    }
}

#[test]
fn plain_text_is_never_recognised() {
    let reading = read(include_bytes!("../../../../fixtures/wire/plain/bridge.txt"), &Hints::default());
    assert_eq!((reading.format, reading.items.len()), (None, 0));
}

#[test]
fn bytes_that_cannot_be_decoded_hold() {
    let hints = Hints { format: Some(Format::Plain), ..Hints::default() };
    let reading = read(b"Caf\xe9\n\nBody.", &hints);
    assert!(
        reading.items[0]
            .complaints
            .iter()
            .any(|c| c.code == "undecodable-bytes" && c.gravity == Gravity::Hold)
    );
}
