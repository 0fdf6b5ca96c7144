use news::{BlockKind, Gravity, Relation, Severity, Version};

use crate::{Format, Hints, Reading};

fn reading(inside: &str) -> Reading {
    let text = format!(
        "<?xml version=\"1.0\"?><RBNews xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><NewsID>a1</NewsID><PublishDate>2026-03-14T12:00:00.1</PublishDate>{inside}</RBNews>"
    );
    crate::read(text.as_bytes(), &Hints::default())
}

fn one(inside: &str) -> Version {
    let mut reading = reading(inside);
    assert_eq!((reading.format, reading.items.len()), (Some(Format::Ritzau), 1), "{:?}", reading.complaints);
    reading.items.remove(0)
}

#[test]
fn the_words_for_readers_are_copy_and_those_for_the_desk_are_not() {
    let version = one(
        "<strapline>PRINT/NOTE</strapline><headline>Bro åbner</headline><subtitle>Efter et år</subtitle><town>Eksempelby</town>\
         <byLine>Jane Doe</byLine><byLineEmail>SECRET@agx.example</byLineEmail><byLinePhone>SECRET555</byLinePhone>\
         <TilRedaktionen>SECRETNOTE</TilRedaktionen><version>2</version><Priority>3</Priority><Replaces i:nil=\"true\"/>\
         <content>&lt;p&gt;Broen er \"åben\" igen. /agx/&lt;/p&gt;&lt;p&gt;I dag.&lt;/p&gt;</content><ContentShort>Broen...</ContentShort>",
    );
    let blocks: Vec<_> = version.copy.blocks().iter().map(|b| (b.kind(), b.text())).collect();
    assert_eq!(
        blocks,
        [
            (BlockKind::Headline, "Bro åbner"),
            (BlockKind::Subhead, "Efter et år"),
            (BlockKind::Byline, "Jane Doe"),
            (BlockKind::P, "Broen er \"åben\" igen. /agx/"),
            (BlockKind::P, "I dag."),
        ]
    );
    let notes: Vec<_> = version.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(notes, ["SECRETNOTE", "SECRET@agx.example", "SECRET555"]);
    assert_eq!((version.located.as_deref(), version.urgency), (Some("Eksempelby"), Some(3)));
    assert!(version.references.is_empty());
}

#[test]
fn a_flag_or_status_restricts_and_what_nobody_knows_holds() {
    for (inside, expect, held) in [
        ("<Annuleret>false</Annuleret><Status>New news</Status>", Severity::Informs, false),
        ("<Annuleret>true</Annuleret>", Severity::Kills, false),
        ("<Annuleret>1</Annuleret><Korrektion>true</Korrektion>", Severity::Kills, false),
        ("<Annuleret>ja</Annuleret>", Severity::Informs, true),
        ("<Korrektion>true</Korrektion>", Severity::Informs, false),
        ("<Status>Withdrawn</Status>", Severity::Kills, false),
        ("<Status>Sat i bero</Status>", Severity::Holds, true),
    ] {
        let version = one(inside);
        let holds = version.complaints.iter().any(|complaint| complaint.gravity == Gravity::Hold);
        assert_eq!((version.severity(), holds), (expect, held), "{inside}");
    }
}

#[test]
fn what_is_escaped_too_often_stays_as_it_was_sent() {
    let version = one(
        "<headline>Agency&amp;apos;s</headline><content>&lt;p&gt;Today&amp;amp;apos;s&lt;/p&gt;</content>",
    );
    assert_eq!(version.copy.canonical(), "Agency&apos;s\n\nToday&apos;s\n");
    assert_eq!(version.complaints.iter().filter(|c| c.code == "escaped-twice").count(), 1);
}

#[test]
fn each_item_of_the_queue_is_read_and_one_without_a_name_is_lost() {
    let text = "<XMLNewsQueuedResponse><ListOfRBNews><RBNews><NewsID>a</NewsID></RBNews><RBNews><version>1</version></RBNews>\
                <RBNews><NewsID>b</NewsID><replacedID>a</replacedID></RBNews></ListOfRBNews></XMLNewsQueuedResponse>";
    let reading = crate::read(text.as_bytes(), &Hints::default());
    assert_eq!(reading.items.iter().map(|v| v.uri.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((reading.complaints[0].code, reading.complaints[0].place.item), ("no-identity", Some(1)));
    let reference = &reading.items[1].references[0];
    assert_eq!((reference.relation, reference.uri.as_str()), (Relation::Replaces, "a"));
}
