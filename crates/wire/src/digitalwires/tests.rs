use news::{BlockKind, Embargo, ItemClass, Severity, Version};
use serde_json::{Value, json};

use crate::{Format, Hints};

fn one(fields: Value) -> Version {
    let mut object = json!({
        "format": "digitalwires@0.9.1", "type": "composite", "urn": "urn:newsml:agx.example:1", "version": 2,
        "version_created": "2026-03-14T12:00:00+01:00", "pubstatus": "usable", "signal": null, "embargoed": null,
        "language": "de", "urgency": 3, "kicker": "Verkehr", "headline": "Brücke wieder offen", "subhead": null,
        "byline": "Von Jane Doe, agx", "dateline": "Beispielstadt (agx) - ",
        "article_html": "<section class=\"main\"><p>Die Brücke ist wieder offen.</p><h2>Lange Arbeit</h2><p>Sie war zu.</p></section>",
    });
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let mut reading = crate::read(object.to_string().as_bytes(), &Hints::default());
    assert_eq!(
        (reading.format, reading.items.len()),
        (Some(Format::Digitalwires), 1),
        "{:?}",
        reading.complaints
    );
    reading.items.remove(0)
}

#[test]
fn the_words_come_in_the_order_of_copy() {
    let version = one(json!({}));
    let blocks: Vec<_> = version.copy.blocks().iter().map(|b| (b.kind(), b.text())).collect();
    assert_eq!(
        blocks,
        [
            (BlockKind::Headline, "Brücke wieder offen"),
            (BlockKind::Subhead, "Verkehr"),
            (BlockKind::Byline, "Von Jane Doe, agx"),
            (BlockKind::Dateline, "Beispielstadt (agx) -"),
            (BlockKind::P, "Die Brücke ist wieder offen."),
            (BlockKind::H2, "Lange Arbeit"),
            (BlockKind::P, "Sie war zu."),
        ]
    );
    assert_eq!((version.version.raw.as_str(), version.urgency), ("2", Some(3)));
    assert_eq!(version.located.as_deref(), Some("Beispielstadt"));
    assert!(version.complaints.is_empty(), "{:?}", version.complaints);
}

#[test]
fn of_field_and_category_the_more_restrictive_status_holds() {
    let category =
        |kind: &str, code: &str| json!([{"type": format!("dnltype:{kind}"), "name": "x", "qcode": code}]);
    for (fields, expect) in [
        (json!({"pubstatus": null}), Severity::Informs),
        (json!({"pubstatus": "canceled"}), Severity::Kills),
        (json!({"categories": category("pubstatus", "stat:canceled")}), Severity::Kills),
        (json!({"categories": category("pubstatus", "stat:withheld")}), Severity::Withholds),
        (json!({"categories": category("signal", "sig:kill")}), Severity::Kills),
        (json!({"signal": "sig:correction"}), Severity::Informs),
        (json!({"signal": "sig:withhold"}), Severity::Withholds),
        (json!({"pubstatus": "gesperrt"}), Severity::Holds),
    ] {
        assert_eq!(one(fields.clone()).severity(), expect, "{fields}");
    }
}

#[test]
fn null_is_no_embargo_and_an_empty_one_has_no_end() {
    let at = Embargo::Until("2026-03-14T10:00:00Z".parse().unwrap());
    for (value, expect) in [
        (json!(null), None),
        (json!(""), Some(Embargo::Indefinite)),
        (json!("2026-03-14T11:00:00+01:00"), Some(at)),
        (json!("bald"), Some(Embargo::Indefinite)),
    ] {
        assert_eq!(one(json!({"embargoed": value})).embargo, expect, "{value}");
    }
}

#[test]
fn notepad_and_notes_never_reach_the_copy() {
    let version = one(json!({
        "notepad": {"public_html": "<p>PUBLICPAD</p>", "nonpublic_html": "<p>SECRETPAD +00</p>", "new_html": "OTHERPAD"},
        "ednotes": [{"role": "x:contacts", "ednote": "SECRETNOTE", "is_publishable": false}, {"ednote": "CLOSING", "is_publishable": true}],
        "teaser": "TEASER", "linkbox_html": "<ul><li>LINKBOX</li></ul>",
    }));
    let copy = version.copy.canonical();
    for word in ["PUBLICPAD", "SECRETPAD", "OTHERPAD", "SECRETNOTE", "CLOSING"] {
        assert!(!copy.contains(word) && version.notes.iter().any(|note| note.text.contains(word)), "{word}");
    }
    for word in ["TEASER", "LINKBOX"] {
        assert!(!copy.contains(word) && version.extra.iter().any(|kept| kept.value.contains(word)), "{word}");
    }
}

#[test]
fn what_has_no_body_is_what_its_association_says() {
    let version = one(json!({
        "article_html": null, "byline": null, "dateline": null, "kicker": null,
        "descriptions": [{"role": "drol:caption", "description": "The bridge."}, {"role": "x:caption-extended", "description": "ARCHIVE"}],
        "associations": [{"type": "image", "urn": "urn:newsml:agx.example:1", "renditions": [{"mimetype": "image/jpeg", "url": "https://agx.example/1.jpg"}]}],
    }));
    assert_eq!(version.class, ItemClass::Other("picture".into()));
    assert_eq!(version.copy.texts(BlockKind::Caption).collect::<Vec<_>>(), ["The bridge."]);
    assert_eq!((version.renditions.len(), version.references.len()), (1, 0));
}
