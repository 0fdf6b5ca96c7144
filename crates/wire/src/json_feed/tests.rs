use news::{Gravity, Version, VersionOrder};

use crate::feed::tests::{carried, channel};
use crate::{Hints, Reading};

fn read(text: &str) -> Reading {
    crate::read(text.as_bytes(), &Hints::default())
}

fn feed(items: &str) -> String {
    format!(
        "{{\"version\":\"https://jsonfeed.org/version/1\",\"author\":{{\"name\":\"F\"}},\"items\":[{items}]}}"
    )
}

fn blocks(version: &Version) -> Vec<String> {
    version.copy.blocks().iter().map(|b| format!("{}: {}", b.kind().as_str(), b.text())).collect()
}

#[test]
fn a_feed_in_arabic() {
    let text = include_str!("../../../../fixtures/wire/json-feed/arabic.json");
    let reading = read(text);
    let [first, second] = &reading.items[..] else { panic!("two items") };
    assert_eq!(
        blocks(first),
        ["headline: افتتاح الميناء", "p: القاهرة 21 مارس (المثال) - افتُتح الميناء اليوم.", "p: كتــاب & قلم"]
    );
    assert_eq!((first.uri.as_str(), first.language.as_deref()), ("17", Some("ar")));
    assert!(
        matches!(first.version.order, VersionOrder::Time(at) if at.to_string() == "2026-03-21T06:30:00Z")
    );
    assert_eq!(first.creators, ["وكالة المثال"]);
    assert_eq!((first.subjects.len(), first.renditions.len()), (1, 1));
    for (pointer, value) in [("/summary", "ملخص"), ("/_own/desk/0", "a"), ("/_own/desk/1", "2")] {
        assert_eq!(crate::account::unmapped(text, pointer), [value]);
    }
    assert!(text[first.span.clone()].starts_with("{\"id\": 17") && text[first.span.clone()].ends_with('}'));
    assert_eq!(blocks(second), ["p: سطر أول\nسطر ثان", "p: فقرة"]);
    assert_eq!(second.version.order, VersionOrder::Arrival);
    let complaint = &reading.complaints[0];
    assert_eq!(
        (complaint.code, complaint.gravity, complaint.place.item),
        ("duplicate-key", Gravity::Lost, Some(2))
    );
}

#[test]
fn a_broken_item_does_not_take_its_siblings_along() {
    let whole = |id: u8| format!("{{\"id\":\"{id}\",\"title\":\"t\"}}");
    for broken in [
        "{\"id\":\"2\",\"title\":\"\\u201\"}",
        "{\"id\":\"2\",\"title\":\"a\nb\"}",
        "{\"id\":\"2\",\"title\":\"\\ud83d x\"}",
        "{\"id\":\"2\",,}",
        "{\"id\":\"2\" \"title\":\"]\"}",
        "[1]",
        "nul",
        "{\"id\":\"2\",\"title\":\"\\“\"}",
    ] {
        let text = feed(&format!("{},{broken},{}", whole(1), whole(3)));
        let reading = read(&text);
        let uris: Vec<_> = reading.items.iter().map(|v| v.uri.as_str()).collect();
        assert_eq!(uris, ["1", "3"], "{broken}");
        assert_eq!(
            (reading.complaints[0].gravity, reading.complaints[0].place.item),
            (Gravity::Lost, Some(1)),
            "{broken}"
        );
    }
}

#[test]
fn a_missing_bracket_or_quote_does_not_swallow_the_rest() {
    for broken in
        ["{\"id\":\"2\",\"title\":\"a\"", "{\"id\":\"2\",\"tags\":[\"a\"}", "{\"id\":\"2\",\"title\":\"a}"]
    {
        let text =
            feed(&format!("{{\"id\":\"1\",\"title\":\"t\"}},\n{broken},\n{{\"id\":\"3\",\"title\":\"t\"}}"));
        let uris: Vec<_> = read(&text).items.into_iter().map(|v| v.uri).collect();
        assert_eq!(uris, ["1", "3"], "{broken}");
    }
}

#[test]
fn an_item_that_says_it_has_expired_waits_and_extensions_are_no_copy() {
    let one =
        |members: &str| read(&feed(&format!("{{\"id\":\"1\",\"title\":\"t\",{members}}}"))).items.remove(0);
    for (members, expect) in [
        ("\"expired\":true", news::Severity::Holds),
        ("\"expired\":false", news::Severity::Informs),
        ("\"_agx\":{\"note\":\"SECRET\"}", news::Severity::Informs),
    ] {
        let version = one(members);
        assert_eq!((version.severity(), version.copy.canonical().as_str()), (expect, "t\n"), "{members}");
    }
}

#[test]
fn the_fullest_text_is_the_body() {
    let one = |members: &str| read(&feed(&format!("{{\"id\":\"1\",{members}}}"))).items.remove(0);
    let all = "\"content_html\":\"<p>a\",\"content_text\":\"b\",\"summary\":\"c\"";
    assert_eq!(blocks(&one(all)), ["p: a"]);
    let text = feed(&format!("{{\"id\":\"1\",{all}}}"));
    for (pointer, value) in [("/content_text", "b"), ("/summary", "c")] {
        assert_eq!(crate::account::unmapped(&text, pointer), [value]);
    }
    assert_eq!(blocks(&one("\"content_text\":\"a <b>  c\",\"summary\":\"c\"")), ["p: a <b>  c"]);
    assert_eq!(blocks(&one("\"content_html\":\" \",\"summary\":\"c\"")), ["p: c"]);
    assert_eq!(one("\"url\":\"u\"").complaints[0].code, "no-words");
    assert_eq!(one("\"title\":\"t\"").creators, ["F"]);
}

#[test]
fn a_feed_that_has_ended_says_so() {
    let reading = read(
        "{\"version\":\"https://jsonfeed.org/version/1\",\"expired\":true,\"items\":[{\"id\":1,\"title\":\"t\"}]}",
    );
    assert_eq!(
        (reading.complaints[0].code, reading.complaints[0].gravity),
        ("feed-expired", Gravity::Remark)
    );
    assert_eq!(reading.items.len(), 1);
}

#[test]
fn a_feed_broken_everywhere_takes_linear_time() {
    for piece in ["{\"id\":\"", "{\n", "[", "{\"id\":[,\n{", "\"", "{\"id\":\"\\\",\n"] {
        let text = feed(&piece.repeat(100_000));
        let reading = read(&text);
        assert!(reading.complaints.iter().any(|c| c.gravity == Gravity::Lost), "{piece}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let channel = channel(&[("h3", "one"), ("li", "a & <b>"), ("p", "y\nz \\ \"")], "Head \"line\" <i>");
    let text = super::write(&channel);
    let reading = read(&text);
    assert!(reading.complaints.is_empty(), "{:?}", reading.complaints);
    carried(&reading.items[0], &text, &channel);
    let [_, tombstone] = &reading.items[..] else { panic!("a story and a tombstone") };
    let [reference] = &tombstone.references[..] else { panic!("one item is named") };
    assert_eq!((reference.relation, &reference.uri), (news::Relation::Kills, &channel.tombstones[0].id));
    assert_eq!(reference.when, Some(channel.tombstones[0].when));
    assert!(tombstone.copy.is_empty() && tombstone.class != news::ItemClass::Text);
    assert!(reading.items[0].complaints.is_empty(), "{:?}", reading.items[0].complaints);
}
