use news::{BlockKind, Gravity, Severity, Version};
use serde_json::{Value, json};

use crate::{Format, Hints, Reading};

fn reading(value: &Value) -> Reading {
    crate::read(value.to_string().as_bytes(), &Hints::default())
}

fn item(fields: Value) -> Value {
    let mut item = json!({
        "uri": "https://api.example/content/abc?qt=SESSION",
        "altids": {"itemid": "abc", "etag": "abc_0"}, "version": 0, "type": "text", "pubstatus": "usable",
        "versioncreated": "2026-03-14T12:00:00Z", "signals": ["newscontent"], "headline": "Bridge reopens",
        "body_html": "<p>EXAMPLE CITY (AGX) — The bridge reopened.</p>",
    });
    item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    item
}

fn one(fields: Value) -> Version {
    let mut reading = reading(
        &json!({"api_version": "2.1", "method": "/content.GET", "data": {"meta": {"products": [{"id": 7}]}, "item": item(fields)}}),
    );
    assert_eq!((reading.format, reading.items.len()), (Some(Format::ApMedia), 1), "{:?}", reading.complaints);
    reading.items.remove(0)
}

#[test]
fn an_item_is_known_by_its_itemid_and_never_by_a_session() {
    let version = one(json!({}));
    assert_eq!((version.uri.as_str(), version.version.raw.as_str()), ("abc", "0"));
    assert_eq!(version.severity(), Severity::Informs);
    assert!(version.complaints.is_empty(), "{:?}", version.complaints);
    assert!(version.extra.iter().any(|kept| kept.path == "/meta.products[0].id" && kept.value == "7"));
}

#[test]
fn a_page_of_a_feed_gives_each_of_its_items() {
    let second = json!({"item": item(json!({"altids": {"itemid": "def", "etag": "def_1"}}))});
    let page = json!({"api_version": "1.1", "data": {"updated": "x", "items": [{"meta": {}, "item": item(json!({}))}, {"meta": {}}, second]}});
    let reading = reading(&page);
    assert_eq!(reading.items.iter().map(|v| v.uri.as_str()).collect::<Vec<_>>(), ["abc", "def"]);
    assert_eq!((reading.complaints[0].code, reading.complaints[0].place.item), ("no-identity", Some(1)));
}

#[test]
fn only_what_bears_newscontent_may_be_published() {
    for (fields, expect) in [
        (json!({"signals": []}), Severity::NotForPublication),
        (json!({"signals": null}), Severity::NotForPublication),
        (json!({"signals": ["newscontent"], "profile": "Daybook"}), Severity::NotForPublication),
        (json!({"editorialtypes": ["Kill"]}), Severity::Kills),
        (json!({"editorialtypes": ["Withhold"]}), Severity::Withholds),
        (json!({"editorialtypes": ["HoldForRelease"]}), Severity::Holds),
        (json!({"editorialtypes": ["Lead", "Writethru"]}), Severity::Informs),
        (json!({"pubstatus": "canceled", "editorialtypes": ["Lead"]}), Severity::Kills),
        (json!({"pubstatus": "withheld"}), Severity::Withholds),
        (json!({"pubstatus": "spiked"}), Severity::Holds),
    ] {
        assert_eq!(one(fields.clone()).severity(), expect, "{fields}");
    }
}

#[test]
fn words_that_are_elsewhere_hold_the_item() {
    let nitf = json!({"nitf": {"rel": "Story", "type": "text", "mimetype": "text/xml", "href": "https://api.example/nitf"}});
    let version = one(json!({"body_html": null, "renditions": nitf}));
    let held: Vec<_> =
        version.complaints.iter().filter(|c| c.gravity == Gravity::Hold).map(|c| c.code).collect();
    assert_eq!(held, ["body-elsewhere"]);
    assert!(one(json!({"renditions": nitf})).complaints.is_empty());
}

#[test]
fn notes_to_editors_are_no_copy() {
    let version = one(
        json!({"ednote": "Do not distribute +00 1", "description_editornotes": "Jane Doe contributed.",
        "bylines": [{"by": "By JOHN DOE", "title": "Agency Example"}], "datelinelocation": {"city": "Example City"}}),
    );
    let blocks: Vec<_> = version.copy.blocks().iter().map(|b| (b.kind(), b.text())).collect();
    assert_eq!(
        blocks,
        [
            (BlockKind::Headline, "Bridge reopens"),
            (BlockKind::Byline, "By JOHN DOE, Agency Example"),
            (BlockKind::P, "EXAMPLE CITY (AGX) — The bridge reopened."),
        ]
    );
    assert_eq!(version.notes[0].text, "Do not distribute +00 1");
    assert_eq!(version.located.as_deref(), Some("Example City"));
    assert!(version.extra.iter().any(|kept| kept.path == "description_editornotes"));
}
