use news::{
    BlockKind, Embargo, Gravity, ItemClass, MarkKind, PubStatus, Relation, Severity, Version, VersionOrder,
};
use serde_json::{Map, Value, json};

use super::{NinjsOut, write};
use crate::{Hints, Reading};

fn reading(text: &str) -> Reading {
    super::read(text, &Hints::default())
}

/// The one item of an object with these fields beside its uri.
#[track_caller]
fn one(fields: Value) -> Version {
    let mut object = json!({"uri": "urn:agx:1"});
    object.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let mut reading = reading(&object.to_string());
    assert_eq!(reading.items.len(), 1, "{:?}", reading.complaints);
    reading.items.remove(0)
}

fn blocks(version: &Version) -> Vec<(BlockKind, &str)> {
    version.copy.blocks().iter().map(|block| (block.kind(), block.text())).collect()
}

fn held(version: &Version) -> Vec<&str> {
    version.complaints.iter().filter(|c| c.gravity == Gravity::Hold).map(|c| c.code).collect()
}

fn extra<'a>(version: &'a Version, path: &str) -> Option<&'a str> {
    version.extra.iter().find(|unmapped| unmapped.path == path).map(|unmapped| unmapped.value.as_str())
}

#[test]
fn versions_are_ordered_by_what_is_said() {
    let created = "2026-03-14T12:00:00Z";
    let at = created.parse().unwrap();
    for (fields, raw, order) in [
        (json!({"version": "7", "versioncreated": created}), "7", VersionOrder::Number(7)),
        (json!({"version": 7}), "7", VersionOrder::Number(7)),
        (json!({"version": "0"}), "0", VersionOrder::Number(0)),
        (json!({"version": created}), created, VersionOrder::Time(at)),
        (json!({"version": "b", "versionCreated": created}), "b", VersionOrder::Time(at)),
        (json!({"version": "b"}), "b", VersionOrder::Arrival),
        (json!({"versionCreated": created}), created, VersionOrder::Time(at)),
        (json!({"version": null}), "", VersionOrder::Arrival),
    ] {
        let version = one(fields.clone());
        assert_eq!((version.version.raw.as_str(), version.version.order), (raw, order), "{fields}");
    }
}

#[track_caller]
fn check_status(fields: Value, status: PubStatus, severity: Severity, complaints: &[&str]) {
    let version = one(fields.clone());
    assert_eq!((&version.status, version.severity()), (&status, severity), "{fields}");
    assert_eq!(held(&version), complaints, "{fields}");
}

#[test]
fn the_status_is_what_the_object_says() {
    for name in ["pubstatus", "pubStatus"] {
        check_status(json!({name: "usable"}), PubStatus::Usable, Severity::Informs, &[]);
        check_status(json!({name: "withheld"}), PubStatus::Withheld, Severity::Withholds, &[]);
        check_status(json!({name: "canceled"}), PubStatus::Canceled, Severity::Kills, &[]);
        check_status(json!({name: "cancelled"}), PubStatus::Canceled, Severity::Kills, &[]);
        check_status(
            json!({name: "replaced"}),
            PubStatus::Unknown("replaced".into()),
            Severity::Holds,
            &["unknown-status"],
        );
    }
    check_status(json!({}), PubStatus::Usable, Severity::Informs, &[]);
    check_status(
        json!({"pubstatus": null}),
        PubStatus::Unknown("null".into()),
        Severity::Holds,
        &["unknown-status"],
    );
    check_status(
        json!({"pubstatus": "usable", "pubStatus": "canceled"}),
        PubStatus::Canceled,
        Severity::Kills,
        &[],
    );
}

#[test]
fn signals_restrict() {
    let usable = PubStatus::Usable;
    check_status(json!({"signals": ["sig:kill"]}), usable.clone(), Severity::Kills, &[]);
    check_status(json!({"signals": [{"code": "sig:update"}]}), usable.clone(), Severity::Informs, &[]);
    check_status(json!({"editorialtypes": ["Withhold"]}), usable.clone(), Severity::Withholds, &[]);
    check_status(json!({"editorialtypes": ["Kill"]}), usable.clone(), Severity::Kills, &[]);
    check_status(json!({"editorialtypes": ["Writethru"]}), usable, Severity::Informs, &[]);
}

#[test]
fn a_media_api_object_is_a_story_only_by_its_signal() {
    let altids = json!({"itemid": "abc", "etag": "abc_1"});
    let silent = one(json!({"uri": "https://agency.example/x?session=1", "altids": altids}));
    assert_eq!((silent.uri.as_str(), silent.severity()), ("abc", Severity::NotForPublication));
    let story = one(json!({"altids": altids, "signals": ["newscontent"]}));
    assert_eq!(story.severity(), Severity::Informs);
}

#[test]
fn an_embargo_is_a_time_or_until_further_notice() {
    let until = |at: &str| Some(Embargo::Until(at.parse().unwrap()));
    for (fields, expect, complaints) in [
        (json!({}), None, vec![]),
        (json!({"embargoed": "2026-03-14T18:00:00+05:30"}), until("2026-03-14T12:30:00Z"), vec![]),
        (json!({"embargoedUntil": "2026-03-14T18:00:00Z"}), until("2026-03-14T18:00:00Z"), vec![]),
        (json!({"embargoed": ""}), Some(Embargo::Indefinite), vec![]),
        (json!({"embargoedUntil": null}), Some(Embargo::Indefinite), vec![]),
        (json!({"embargoed": "tonight"}), Some(Embargo::Indefinite), vec!["unreadable-embargo"]),
        (json!({"embargoed": true}), Some(Embargo::Indefinite), vec!["unreadable-embargo"]),
        (json!({"pubstatus": "embargoed"}), Some(Embargo::Indefinite), vec![]),
    ] {
        let version = one(fields.clone());
        assert_eq!(version.embargo, expect, "{fields}");
        assert_eq!(held(&version), complaints, "{fields}");
    }
}

#[test]
fn an_expiry_is_read() {
    assert_eq!(
        one(json!({"expires": "2026-04-01T00:00:00Z"})).expires,
        Some("2026-04-01T00:00:00Z".parse().unwrap())
    );
    assert_eq!(one(json!({"expires": null})).expires, None);
    assert_eq!(held(&one(json!({"expires": {}}))), ["unreadable-expiry"]);
}

#[test]
fn only_text_is_a_story() {
    for (fields, expect) in [
        (json!({}), ItemClass::Text),
        (json!({"type": "text"}), ItemClass::Text),
        (json!({"type": "picture"}), ItemClass::Other("picture".into())),
        (json!({"type": "composite"}), ItemClass::Other("composite".into())),
        (json!({"type": "event"}), ItemClass::Other("event".into())),
        (json!({"type": "text", "profile": "Daybook"}), ItemClass::Advisory("Daybook".into())),
        (json!({"type": "text", "genres": [{"name": "Advisory"}]}), ItemClass::Advisory("Advisory".into())),
    ] {
        assert_eq!(one(fields.clone()).class, expect, "{fields}");
    }
    assert_eq!(held(&one(json!({"representationType": "partial"}))), ["partial-item"]);
}

#[test]
fn editors_notes_never_reach_the_copy() {
    for name in ["ednote", "edNote"] {
        let version = one(json!({name: "Call +00 1", "body_html": "<p>One</p>"}));
        assert_eq!(blocks(&version), [(BlockKind::P, "One")]);
        assert_eq!(
            version.notes.iter().map(|n| (n.role.as_str(), n.text.as_str())).collect::<Vec<_>>(),
            [("ednote", "Call +00 1")]
        );
    }
    let behind = "<p>One</p><p>The following information is not intended for publication</p><p>+00 2</p>";
    let version = one(
        json!({"bodies": [{"contentType": "text/html", "value": behind}, {"role": "ednote", "value": "+00 3"}]}),
    );
    assert_eq!(blocks(&version), [(BlockKind::P, "One")]);
    assert!(version.notes.iter().any(|note| note.text == "+00 2"));
}

#[test]
fn headlines_by_role() {
    use BlockKind::{Headline, Subhead};
    for (fields, expect) in [
        (json!({"headline": "One"}), vec![(Headline, "One")]),
        (json!({"headline": "AT&amp;T <b>"}), vec![(Headline, "AT&amp;T <b>")]),
        (json!({"headline": "One", "headline_short": "S"}), vec![(Headline, "One")]),
        (json!({"headlines": [{"value": "One"}, {"value": "Two"}]}), vec![(Headline, "One")]),
        (
            json!({"headlines": [{"role": "sub", "value": "S"}, {"role": "main", "value": "M"}]}),
            vec![(Headline, "M"), (Subhead, "S")],
        ),
        (
            json!({"headlines": [{"role": "seo", "value": "S"}, {"role": "main", "value": "M"}]}),
            vec![(Headline, "M")],
        ),
        (
            json!({"headlines": [{"contentType": "text/html", "value": "A <b>B</b> &amp; C"}]}),
            vec![(Headline, "A B & C")],
        ),
        (json!({"title": "T"}), vec![]),
    ] {
        assert_eq!(blocks(&one(fields.clone())), expect, "{fields}");
    }
    let marked = one(json!({"headlines": [{"contentType": "text/html", "value": "A <b>B</b>"}]}));
    assert_eq!(marked.copy.blocks()[0].marks()[0].kind, MarkKind::Strong);
    assert_eq!(extra(&one(json!({"headline_short": "S"})), "headline_short"), Some("S"));
}

#[test]
fn bylines_are_copy() {
    for name in ["byline", "by"] {
        let version = one(json!({name: " By Ann  Example", "body_text": "One"}));
        assert_eq!(blocks(&version), [(BlockKind::Byline, "By Ann Example"), (BlockKind::P, "One")]);
    }
}

#[track_caller]
fn check_body(fields: Value, expect: &[&str]) {
    let version = one(fields.clone());
    assert_eq!(blocks(&version).iter().map(|(_, text)| *text).collect::<Vec<_>>(), expect, "{fields}");
    assert!(held(&version).is_empty(), "{fields}");
}

#[test]
fn the_story_is_read_in_the_form_that_carries_most() {
    check_body(json!({"body_text": "One\n\nTwo"}), &["One", "Two"]);
    check_body(json!({"body_text": "Plain", "body_html": "<p>Html</p>"}), &["Html"]);
    check_body(json!({"body_html": "<p>Html</p>", "body_xhtml": "<p>Xhtml</p>"}), &["Xhtml"]);
    check_body(json!({"body_html": "", "body_text": "Plain"}), &["Plain"]);
    check_body(json!({"body_main": "<p>Html</p>"}), &["Html"]);
    check_body(json!({"body_main": "Plain"}), &["Plain"]);
    check_body(
        json!({"bodies": [{"role": "main", "contenttype": "text/plain", "value": "Plain"}, {"role": "richtext", "contentType": "application/xhtml+xml", "value": "<p>Xhtml</p>"}]}),
        &["Xhtml"],
    );
    check_body(
        json!({"bodies": [{"role": "teaser", "contentType": "text/html", "value": "<p>No</p>"}, {"role": "main", "contentType": "text/plain", "value": "Plain"}]}),
        &["Plain"],
    );
    check_body(
        json!({"bodies": [{"role": "odd", "contentType": "text/html", "value": "<p>Html</p>"}]}),
        &["Html"],
    );
    check_body(json!({"bodies": [{"role": "html", "value": "<p>Html</p>"}]}), &["Html"]);
    let nitf = "<nitf><body><body.head><hedline><hl1>H</hl1></hedline></body.head><body.content><p>Nitf</p></body.content></body></nitf>";
    check_body(
        json!({"bodies": [{"contentType": "application/nitf+xml", "value": nitf}, {"contentType": "text/plain", "value": "Plain"}]}),
        &["H", "Nitf"],
    );
    check_body(
        json!({"bodies": [{"contentType": "application/nitf+xml", "value": "<nitf>"}, {"contentType": "text/plain", "value": "Plain"}]}),
        &["Plain"],
    );
}

#[test]
fn what_is_not_read_is_kept() {
    let version = one(
        json!({"body_html": "<p>Html</p>", "body_text": "Plain", "bodies": [{"role": "teaser", "value": "T"}]}),
    );
    assert_eq!(
        (extra(&version, "body_text"), extra(&version, "bodies[0].value")),
        (Some("Plain"), Some("T"))
    );
}

#[test]
fn a_story_in_a_form_that_is_not_read_holds() {
    for fields in [
        json!({"bodies": [{"contentType": "application/pdf", "value": "JVBERi0="}]}),
        json!({"bodies": [{"role": "teaser", "contentType": "text/plain", "value": "T"}]}),
        json!({"body_text": {"a": 1}}),
        json!({"bodies": "x"}),
    ] {
        let version = one(fields.clone());
        assert!(held(&version).contains(&"unreadable-body"), "{fields}: {:?}", version.complaints);
        assert!(version.copy.is_empty());
    }
}

#[test]
fn associations_are_renditions_and_never_copy() {
    let picture = json!({"name": "main", "uri": "urn:agx:p", "type": "picture", "headline": "No", "description_text": "A bridge", "ednote": "+00 1",
        "renditions": [{"name": "web", "href": "https://agency.example/1.jpg", "contentType": "image/jpeg"}]});
    let old = json!({"associations": {"main": {"uri": "urn:agx:p", "description_text": "A bridge", "ednote": "+00 1", "renditions": {"web": {"href": "https://agency.example/1.jpg", "mimetype": "image/jpeg"}}}}});
    for fields in [json!({"associations": [picture]}), old] {
        let version = one(fields.clone());
        assert!(version.copy.is_empty());
        let rendition = &version.renditions[0];
        assert_eq!(
            (rendition.href.as_str(), rendition.media_type.as_deref(), rendition.role.as_deref()),
            ("https://agency.example/1.jpg", Some("image/jpeg"), Some("main/web")),
            "{fields}"
        );
        assert_eq!(extra(&version, "associations[main].description_text"), Some("A bridge"));
        assert_eq!(
            version.references.iter().map(|r| (r.uri.as_str(), r.relation)).collect::<Vec<_>>(),
            [("urn:agx:p", Relation::SeeAlso)]
        );
        assert_eq!(version.notes[0].text, "+00 1");
    }
}

#[test]
fn a_package_withdraws_members_that_fell() {
    let version = one(json!({"type": "composite", "associations": [
        {"uri": "urn:1"}, {"uri": "urn:2", "pubStatus": "canceled"}, {"uri": "urn:3", "pubStatus": "withheld"}]}));
    let members: Vec<_> = version.references.iter().map(|r| (r.uri.as_str(), r.relation)).collect();
    assert_eq!(
        members,
        [("urn:1", Relation::Member), ("urn:2", Relation::Kills), ("urn:3", Relation::Withholds)]
    );
    let story = one(
        json!({"associations": [{"uri": "urn:2", "pubstatus": "canceled", "renditions": [{"href": "x"}]}]}),
    );
    assert_eq!((story.references[0].relation, story.renditions.len()), (Relation::SeeAlso, 0));
}

#[test]
fn a_picture_tells_its_caption() {
    let version = one(
        json!({"type": "picture", "headline": "H", "description_text": "A bridge", "renditions": [{"name": "a", "href": "x"}]}),
    );
    assert_eq!(blocks(&version), [(BlockKind::Headline, "H"), (BlockKind::Caption, "A bridge")]);
    assert_eq!(version.renditions.len(), 1);
}

#[test]
fn metadata_finds_its_place() {
    let version = one(
        json!({"urgency": 4.0, "slugline": "s", "language": "hi", "located": "Springfield", "keywords": ["k"],
        "subject": [{"scheme": "medtop", "code": "11000000", "name": "politics", "rel": "about"}], "genre": [{"name": "Current"}],
        "copyrightholder": "Agency Example", "copyrightnotice": "© 2026", "usageterms": "No archive", "creditline": "AGX",
        "altids": {"a": "1"}, "own_field": {"deep": [true, "x"]}}),
    );
    assert_eq!(
        (version.urgency, version.language.as_deref(), version.slugline.as_deref()),
        (Some(4), Some("hi"), Some("s"))
    );
    assert_eq!(
        (version.located.as_deref(), version.keywords.as_slice()),
        (Some("Springfield"), &["k".to_owned()][..])
    );
    let subject = &version.subjects[0];
    assert_eq!(
        (subject.code.as_deref(), subject.scheme.as_deref(), subject.name.as_deref()),
        (Some("11000000"), Some("medtop"), Some("politics"))
    );
    assert_eq!(version.genres[0].name.as_deref(), Some("Current"));
    let rights = &version.rights;
    assert_eq!(
        (rights.copyright_holder.as_deref(), rights.copyright_notice.as_deref()),
        (Some("Agency Example"), Some("© 2026"))
    );
    assert_eq!(
        (rights.usage_terms.as_slice(), rights.credit_line.as_deref()),
        (&["No archive".to_owned()][..], Some("AGX"))
    );
    for (path, value) in [("altids.a", "1"), ("own_field.deep[0]", "true"), ("own_field.deep[1]", "x")] {
        assert_eq!(extra(&version, path), Some(value), "{path}");
    }
    let three = one(
        json!({"subjects": [{"uri": "http://cv.iptc.org/newscodes/mediatopic/11000000"}], "copyrightHolder": "A", "usageTerms": "B"}),
    );
    assert_eq!(three.subjects[0].code.as_deref(), Some("http://cv.iptc.org/newscodes/mediatopic/11000000"));
    assert_eq!((three.rights.copyright_holder.as_deref(), three.rights.usage_terms.len()), (Some("A"), 1));
}

#[track_caller]
fn check_members(text: &str, uris: &[&str], lost: &[(&str, usize)]) -> Reading {
    let reading = reading(text);
    assert_eq!(
        reading.items.iter().map(|v| v.uri.as_str()).collect::<Vec<_>>(),
        uris,
        "{text}: {:?}",
        reading.complaints
    );
    let complaints: Vec<_> = reading.complaints.iter().map(|c| (c.code, c.place.item.unwrap())).collect();
    assert_eq!(complaints, lost, "{text}");
    for version in &reading.items {
        let span = &text[version.span.clone()];
        assert!(span.starts_with('{') && span.ends_with('}'), "{span}");
    }
    reading
}

#[test]
fn objects_come_alone_or_together() {
    check_members(r#"{"uri":"a"}"#, &["a"], &[]);
    check_members("[]", &[], &[]);
    check_members(r#" [ {"uri":"a"} , {"uri":"b"} ] "#, &["a", "b"], &[]);
    check_members("{\"uri\":\"a\"}\n{\"uri\":\"b\"}\n", &["a", "b"], &[]);
    check_members(r#"{"items":[{"uri":"a"},{"guid":"b"}]}"#, &["a", "b"], &[]);
    let reading = check_members(r#"{"next":"x","items":[{"uri":"a"}]}"#, &["a"], &[]);
    assert_eq!(extra(&reading.items[0], "/next"), Some("x"));
}

#[test]
fn one_broken_object_does_not_take_its_siblings_along() {
    check_members(r#"[{"uri":"a"},{"uri":},{"uri":"c"}]"#, &["a", "c"], &[("json-not-well-formed", 1)]);
    check_members(
        r#"[{"uri":"a"},7,{"type":"text"},{"uri":"d"}]"#,
        &["a", "d"],
        &[("not-an-object", 1), ("no-identity", 2)],
    );
    check_members("{\"uri\":\"a\"}\nnull\n{\"uri\":\"c\"}\n", &["a", "c"], &[("not-an-object", 1)]);
    check_members("{\"uri\":\"a\" x}\n{\"uri\":\"b\"}", &["b"], &[("json-not-well-formed", 0)]);
    check_members(r#"[{"uri":"a","uri":"b"},{"uri":"c"}]"#, &["c"], &[("duplicate-key", 0)]);
    check_members(r#"[{"uri":"a","x":{"y":1,"y":2}}]"#, &[], &[("duplicate-key", 0)]);
}

#[test]
fn what_a_broken_object_swallowed_is_found_and_held() {
    for text in [
        r#"[{"uri":"a","headline":"x,{"uri":"b"},{"uri":"c"}]"#,
        r#"[{"uri":"a","subject":[{"name":"x"},{"uri":"b"},{"uri":"c"}]"#,
        "{\"uri\":\"a\",\n{\"uri\":\"b\"}\n{\"uri\":\"c\"}",
    ] {
        let reading = reading(text);
        assert_eq!(reading.items.iter().map(|v| v.uri.as_str()).collect::<Vec<_>>(), ["b", "c"], "{text}");
        assert!(
            reading.complaints.iter().any(|c| c.gravity == Gravity::Lost && c.place.item == Some(0)),
            "{text}"
        );
        assert_eq!(held(&reading.items[0]), ["broken-neighbour"], "{text}");
    }
}

#[test]
fn a_cut_line_does_not_cost_the_lines_behind_it() {
    let lines: String = (0..500).map(|i| format!("{{\"uri\":\"{i}\"}}\n")).collect();
    assert_eq!(reading(&format!("{{\"uri\":\"cut\n{lines}")).items.len(), 500);
}

#[test]
fn what_lies_beyond_the_limit_is_a_complaint() {
    let text = r#"[{"uri":"a"},{"uri":"b"},{"uri":"c"}]"#;
    for (items, read, complaints) in [(2, 2, 1), (3, 3, 0)] {
        let hints = Hints { limits: crate::Limits { items, ..Default::default() }, ..Hints::default() };
        let reading = super::read(text, &hints);
        assert_eq!((reading.items.len(), reading.complaints.len()), (read, complaints), "at most {items}");
    }
}

#[test]
fn hostile_texts_neither_panic_nor_take_long() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!("{}1{}", "{\"uri\":".repeat(10_000), "}".repeat(10_000));
    let broken = "{\"uri\":\"a\",".repeat(20_000);
    for text in [
        "",
        " ",
        "{",
        "[",
        "[{",
        "[,,,]",
        "{}",
        "null",
        "\"",
        "{\"items\":[",
        "{\"uri\":\"é",
        &deep,
        &nested,
        &broken,
    ] {
        assert!(reading(text).items.is_empty(), "{}", &text[..text.len().min(20)]);
    }
}

#[test]
fn words_of_every_script_come_through_untouched() {
    for text in [
        "नई दिल्ली, 14 मार्च (उदाहरण)। संसद",
        "الرياض (مثال) - قال\u{200f}",
        "北京（示例社）电",
        "nb\u{a0}sp\u{ad}e\u{301}",
    ] {
        let version = one(json!({"headline": text, "body_html": format!("<p>{text}</p>")}));
        assert_eq!(blocks(&version), [(BlockKind::Headline, text), (BlockKind::P, text)]);
        let version = one(json!({"body_text": text}));
        assert_eq!(blocks(&version), [(BlockKind::P, text)]);
    }
}

#[test]
fn the_examples_read_as_they_should() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire/ninjs");
    let read = |name: &str| {
        let reading = crate::read(&std::fs::read(folder.join(name)).unwrap(), &Hints::default());
        assert!(reading.complaints.is_empty(), "{name}: {:?}", reading.complaints);
        reading.items
    };
    let [story] = &read("story-3.0.json")[..] else { panic!("one item") };
    assert_eq!(story.copy.headline(), Some("Council votes to mend the old bridge"));
    assert!(!story.copy.canonical().contains("555") && story.complaints.is_empty());
    let [chinese] = &read("chinese-1.6.json")[..] else { panic!("one item") };
    assert_eq!(chinese.copy.texts(BlockKind::P).next(), Some("北京（示例社）—— 议会周六通过了新法律。"));
    let day = read("day.jsonl");
    let severities: Vec<_> = day.iter().map(|v| (v.version.raw.as_str(), v.severity())).collect();
    assert_eq!(severities, [("1", Severity::Informs), ("2", Severity::Informs), ("3", Severity::Kills)]);
}

// --- writing ---

fn story() -> Version {
    one(
        json!({"version": "2", "versioncreated": "2026-03-14T12:00:00Z", "firstcreated": "2026-03-14T11:00:00Z", "language": "en",
        "urgency": 4, "located": "Springfield", "slugline": "s", "expires": "2026-04-14T12:00:00Z",
        "headlines": [{"role": "main", "value": "Main <1>"}, {"role": "sub", "value": "Sub"}], "by": "By Ann Example",
        "subjects": [{"name": "politics", "code": "medtop:11000000"}, {"uri": "http://cv.iptc.org/newscodes/mediatopic/1"}],
        "copyrightholder": "Agency Example", "usageterms": "No archive", "edNote": "+00 1",
        "body_html": "<p>One &amp; <b>two</b></p><ul><li>three</li></ul>"}),
    )
}

#[test]
fn what_is_written_reads_back_with_the_same_copy() {
    let version = story();
    let text = write(&NinjsOut::of(&version));
    let back = super::read(&text, &Hints::default()).items.remove(0);
    assert_eq!(back.copy.headline(), version.copy.headline());
    assert_eq!(back.copy.texts(BlockKind::Subhead).collect::<Vec<_>>(), ["Sub"]);
    let words =
        |version: &Version| version.copy.body().map(|b| (b.kind(), b.text().to_owned())).collect::<Vec<_>>();
    assert!(words(&back).ends_with(&words(&version)), "{:?}", words(&back));
    assert_eq!((&back.uri, &back.version, &back.subjects.len()), (&version.uri, &version.version, &2));
    assert_eq!(
        (back.expires, back.urgency, back.language),
        (version.expires, version.urgency, version.language)
    );
    assert!(!text.contains("+00 1"));
}

#[test]
fn ninjs_is_written_as_its_schema_wants_it() {
    let version = story();
    let mut verbatim = Map::new();
    verbatim.insert("review".into(), "unreviewed".into());
    let out = NinjsOut { verbatim: Some(&verbatim), ..NinjsOut::of(&version) };
    let object: Value = serde_json::from_str(&write(&out)).unwrap();
    assert_eq!(object["standard"]["version"], "3.0");
    assert_eq!(object["pubStatus"], "usable");
    assert_eq!(object["versionCreated"], "2026-03-14T12:00:00Z");
    assert_eq!(object["urgency"], 4);
    assert_eq!(object["by"], "By Ann Example");
    assert_eq!(
        object["headlines"][0],
        json!({"role": "main", "contentType": "text/plain", "value": "Main <1>"})
    );
    assert_eq!(object["bodies"][1]["value"].as_str().unwrap().lines().last(), Some("three"));
    assert_eq!(
        object["subjects"],
        json!([{"name": "politics", "literal": "medtop:11000000"}, {"uri": "http://cv.iptc.org/newscodes/mediatopic/1"}])
    );
    assert_eq!(object["verbatim"]["review"], "unreviewed");
    assert!(object.get("edNote").is_none());
}

#[test]
fn of_a_withdrawn_story_only_its_name_is_told() {
    let object: Value =
        serde_json::from_str(&write(&NinjsOut::new("urn:agx:1", "3", &PubStatus::Canceled))).unwrap();
    let names: Vec<_> = object.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["uri", "standard", "type", "version", "pubStatus"]);
    assert_eq!(object["pubStatus"], "canceled");
}
