use news::{
    BlockKind, Embargo, Gravity, ItemClass, MarkKind, Placement, PubStatus, Relation, Severity, Version,
    VersionOrder,
};

use crate::account::unmapped;
use crate::{Hints, Reading};

fn nitf(docdata: &str, head: &str, content: &str) -> String {
    format!(
        r#"<nitf baselang="en"><head><title>T</title>{docdata}</head><body><body.head>{head}</body.head><body.content>{content}</body.content></body></nitf>"#
    )
}

fn named(attributes: &str, rest: &str) -> String {
    format!(r#"<docdata {attributes}><doc-id id-string="agx-1"/>{rest}</docdata>"#)
}

fn reading(text: &str) -> Reading {
    super::read(text, &Hints::default())
}

#[track_caller]
fn one(text: &str) -> Version {
    let mut reading = reading(text);
    assert_eq!(reading.items.len(), 1, "{:?}", reading.complaints);
    reading.items.remove(0)
}

fn blocks(version: &Version) -> Vec<(BlockKind, &str)> {
    version.copy.blocks().iter().map(|block| (block.kind(), block.text())).collect()
}

fn held(version: &Version) -> Vec<&str> {
    version.complaints.iter().filter(|c| c.gravity == Gravity::Hold).map(|c| c.code).collect()
}

#[test]
fn the_identity_never_carries_the_version() {
    for (head, uri) in [
        (r#"<docdata><doc-id id-string=" urn:agx:1 "/><du-key key="k"/></docdata>"#, "urn:agx:1"),
        (
            r#"<docdata><du-key key="BRIDGE"/><date.issue norm="20260314T120000Z"/></docdata>"#,
            "BRIDGE/20260314",
        ),
        (r#"<docdata><doc-id regsrc="agx"/><du-key key="BRIDGE"/></docdata>"#, "BRIDGE"),
        (
            r#"<meta name="NTBID" content="NTBabc"/><docdata><doc-id regsrc="NTB" id-string="NTBabc_07"/></docdata>"#,
            "NTBabc",
        ),
        (r#"<docdata><doc-id regsrc="NTB" id-string="NTBabc_07"/></docdata>"#, "NTBabc_07"),
        (r#"<docdata><doc-id regsrc="dpa-infocom" id-string="urn-x:1560755878000"/></docdata>"#, "urn-x"),
        (
            r#"<docdata><doc-id regsrc="agx" id-string="urn-x:1560755878000"/></docdata>"#,
            "urn-x:1560755878000",
        ),
    ] {
        assert_eq!(one(&nitf(head, "", "")).uri, uri, "{head}");
    }
    assert_eq!(one(r#"<nitf uno="agx:uno:1"><body/></nitf>"#).uri, "agx:uno:1");
}

#[test]
fn a_document_without_a_name_is_known_by_day_and_headline() {
    let text = |headline: &str| {
        nitf(
            r#"<docdata><doc-id regsrc="AGX"/><date.issue norm="20260314T120000Z"/></docdata>"#,
            &format!("<hedline><hl1>{headline}</hl1></hedline>"),
            "<p>x</p>",
        )
    };
    let (first, again, other) = (one(&text("One")), one(&text("One")), one(&text("Two")));
    assert_eq!(first.uri, again.uri);
    assert_ne!(first.uri, other.uri);
    assert!(first.uri.starts_with("nitf:20260314:"));
    assert!(first.complaints.iter().any(|c| c.code == "derived-identity"));
    let nothing = reading("<nitf><body><body.content><p>x</p></body.content></body></nitf>");
    assert_eq!(
        nothing.complaints.iter().map(|c| (c.gravity, c.code)).collect::<Vec<_>>(),
        [(Gravity::Lost, "no-identity")]
    );
}

#[test]
fn versions_are_ordered_by_what_is_said() {
    let issued = r#"<date.issue norm="20260314T120000Z"/>"#;
    let at = "2026-03-14T12:00:00Z".parse().unwrap();
    for (rest, raw, order) in [
        (r#"<du-key version="48" generation="3"/>"#, "48", VersionOrder::Number(48)),
        (r#"<du-key generation="3"/>"#, "3", VersionOrder::Number(3)),
        (r#"<du-key version="b"/>"#, "b", VersionOrder::Arrival),
        ("", "20260314T120000Z", VersionOrder::Time(at)),
    ] {
        let version = one(&nitf(&named("", &format!("{rest}{issued}")), "", ""));
        assert_eq!((version.version.raw.as_str(), version.version.order), (raw, order), "{rest}");
    }
    assert_eq!(one(&nitf(&named("", ""), "", "")).version.order, VersionOrder::Arrival);
}

#[track_caller]
fn check_status(
    attributes: &str,
    rest: &str,
    status: PubStatus,
    embargo: Option<Embargo>,
    complaints: &[&str],
) {
    let version = one(&nitf(&named(attributes, rest), "", "<p>x</p>"));
    assert_eq!((&version.status, version.embargo), (&status, embargo), "{attributes} {rest}");
    assert_eq!(held(&version), complaints, "{attributes} {rest}");
}

#[test]
fn status_and_embargo_are_what_the_document_says() {
    let until = |at: &str| Some(Embargo::Until(at.parse().unwrap()));
    let release = r#"<date.release norm="20260315T000100+0100"/>"#;
    check_status("", "", PubStatus::Usable, None, &[]);
    check_status(r#"management-status="usable""#, "", PubStatus::Usable, None, &[]);
    check_status(r#"management-status="withheld""#, "", PubStatus::Withheld, None, &[]);
    check_status(r#"management-status="canceled""#, "", PubStatus::Canceled, None, &[]);
    check_status(
        r#"management-status="pulled""#,
        "",
        PubStatus::Unknown("pulled".into()),
        None,
        &["unknown-status"],
    );
    check_status(r#"management-status="embargoed""#, "", PubStatus::Usable, Some(Embargo::Indefinite), &[]);
    check_status(
        r#"management-status="embargoed""#,
        release,
        PubStatus::Usable,
        until("2026-03-14T23:01:00Z"),
        &[],
    );
    check_status("", release, PubStatus::Usable, until("2026-03-14T23:01:00Z"), &[]);
    check_status(
        r#"management-status="embargoed""#,
        r#"<date.release norm="tomorrow"/>"#,
        PubStatus::Usable,
        Some(Embargo::Indefinite),
        &["unreadable-embargo"],
    );
    let same = r#"<date.issue norm="2026-03-14 18:33"/><date.release norm="2026-03-14 18:33"/>"#;
    check_status("", same, PubStatus::Usable, None, &[]);
}

#[test]
fn an_expiry_is_read() {
    let version = one(&nitf(&named("", r#"<date.expire norm="20260401T000000Z"/>"#), "", ""));
    assert_eq!(version.expires, Some("2026-04-01T00:00:00Z".parse().unwrap()));
    assert_eq!(held(&one(&nitf(&named("", r#"<date.expire norm="soon"/>"#), "", ""))), ["unreadable-expiry"]);
}

#[track_caller]
fn check_relation(attributes: &str, rest: &str, expect: &[(&str, Relation)]) {
    let version = one(&nitf(&named(attributes, rest), "", ""));
    let found: Vec<_> = version.references.iter().map(|r| (r.uri.as_str(), r.relation)).collect();
    assert_eq!(found, expect, "{attributes} {rest}");
}

#[test]
fn a_document_can_withdraw_another() {
    let status = |word: &str| format!(r#"management-doc-idref="agx-0" management-idref-status="{word}""#);
    check_relation(&status("canceled"), "", &[("agx-0", Relation::Kills)]);
    check_relation(&status("withheld"), "", &[("agx-0", Relation::Withholds)]);
    check_relation(&status("embargoed"), "", &[("agx-0", Relation::Withholds)]);
    check_relation(&status("usable"), "", &[("agx-0", Relation::SeeAlso)]);
    check_relation(
        r#"management-doc-idref="agx-0" management-status="canceled""#,
        "",
        &[("agx-0", Relation::Kills)],
    );
    check_relation("", r#"<correction id-string="agx-0" info="A name"/>"#, &[("agx-0", Relation::Corrects)]);
    let odd = one(&nitf(&named(&status("odd"), ""), "", ""));
    assert_eq!(held(&odd), ["unknown-status"]);
}

#[test]
fn a_correction_is_a_signal() {
    let version = one(&nitf(&named("", r#"<correction id-string="agx-0" info="A name"/>"#), "", ""));
    assert_eq!(
        version.signals.iter().map(|s| (s.code.as_str(), s.severity)).collect::<Vec<_>>(),
        [("nitf:correction", Severity::Informs)]
    );
    assert_eq!(version.notes[0].text, "A name");
}

#[test]
fn what_is_for_editors_never_reaches_the_copy() {
    let docdata = named("", r#"<ed-msg msg-type="info" info="Call +00 1"/>"#);
    let content = r#"<note type="npa"><body.content><p>Call +00 2</p></body.content></note><p>One<note type="pa"><body.content><p>Call +00 3</p></body.content></note></p>
<ed-msg info="Call +00 4"/><note type="std"><body.content><p>EDITOR'S NOTE — Two</p></body.content></note><!-- Call +00 5 -->"#;
    let end = r#"<tagline type="npa">Call +00 6</tagline><tagline>Ann Example reported</tagline>"#;
    let text = nitf(&docdata, r#"<note type="npa">Call +00 7</note>"#, content)
        .replace("</body>", &format!("<body.end>{end}</body.end></body>"));
    let version = one(&text);
    assert_eq!(
        blocks(&version),
        [
            (BlockKind::P, "One"),
            (BlockKind::P, "EDITOR'S NOTE — Two"),
            (BlockKind::P, "Ann Example reported")
        ]
    );
    let notes = version.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("|");
    for n in 1..=7 {
        assert!(notes.contains(&format!("+00 {n}")), "{n} in {notes}");
    }
}

#[test]
fn advisories_are_not_for_publication() {
    for tobject in [
        r#"<tobject tobject.type="advisory"/>"#,
        r#"<tobject><tobject.property tobject.property.type="Daybook"/></tobject>"#,
    ] {
        let version = one(&nitf(&format!("{tobject}{}", named("", "")), "", ""));
        assert!(matches!(version.class, ItemClass::Advisory(_)), "{tobject}");
        assert_eq!(version.severity(), Severity::NotForPublication);
    }
    let news = one(&nitf(&format!(r#"<tobject tobject.type="news"/>{}"#, named("", "")), "", ""));
    assert_eq!(news.class, ItemClass::Text);
}

#[track_caller]
fn check_blocks(head: &str, content: &str, expect: &[(BlockKind, &str)]) {
    assert_eq!(blocks(&one(&nitf(&named("", ""), head, content))), expect, "{head}{content}");
}

#[test]
fn the_head_comes_in_its_order() {
    check_blocks(
        "<byline>By Ann Example<byttl>Agency Example</byttl></byline><dateline><location>SPRINGFIELD</location>, <story.date>March 14</story.date></dateline><hedline><hl2>Sub</hl2><hl1>Main</hl1></hedline><abstract><p>No</p></abstract>",
        "<p>One</p>",
        &[
            (BlockKind::Headline, "Main"),
            (BlockKind::Subhead, "Sub"),
            (BlockKind::Byline, "By Ann Example"),
            (BlockKind::Byline, "Agency Example"),
            (BlockKind::Dateline, "SPRINGFIELD, March 14"),
            (BlockKind::P, "One"),
        ],
    );
}

#[test]
fn a_dateline_in_the_body_is_no_second_block() {
    let head = "<dateline><location>SPRINGFIELD</location></dateline>";
    let version = one(&nitf(&named("", ""), head, "<p>SPRINGFIELD (AGX) - The council met.</p>"));
    assert_eq!(blocks(&version), [(BlockKind::P, "SPRINGFIELD (AGX) - The council met.")]);
    let dateline = version.dateline.expect("the field is metadata");
    assert_eq!((dateline.located.as_deref(), dateline.placement), (Some("SPRINGFIELD"), Placement::Both));
    check_blocks(
        "<dateline><story.date>20260314T120000Z</story.date></dateline>",
        "<p>x</p>",
        &[(BlockKind::P, "x")],
    );
}

#[test]
fn the_elements_of_the_body_are_blocks() {
    use BlockKind::*;
    check_blocks("", "<p> a\n b </p><hl2>h</hl2><hl1>g</hl1>", &[(P, "a b"), (H3, "h"), (H2, "g")]);
    check_blocks("", "<block><p>a</p><block><p>b</p></block></block>", &[(P, "a"), (P, "b")]);
    check_blocks("", "<bq><block><p>q</p></block><credit>c</credit></bq>", &[(Quote, "q"), (Quote, "c")]);
    check_blocks("", "<pre>a  1\nb 10</pre>", &[(Pre, "a  1\nb 10")]);
    check_blocks("", "<ul><li>a</li><li><p>b</p></li></ul>", &[(Li, "a"), (Li, "b")]);
    check_blocks("", "<p>a<br/>b</p>", &[(P, "a\nb")]);
    check_blocks(
        "",
        "<p>The <person>Ann <em>Example</em></person> of <location><city>Springfield</city></location> paid <money unit=\"USD\">5</money></p>",
        &[(P, "The Ann Example of Springfield paid 5")],
    );
    check_blocks(
        "",
        "<p>x<num><frac><frac-num>1</frac-num><frac-sep>/</frac-sep><frac-den>2</frac-den></frac></num></p>",
        &[(P, "x1/2")],
    );
    check_blocks(
        "",
        "<nitf-table><nitf-table-metadata><caption>meta</caption></nitf-table-metadata><table><caption>t</caption><tr><th>A</th><th>B</th></tr><tr><td>1</td><td/></tr></table></nitf-table>",
        &[(Caption, "t"), (Row, "A\tB"), (Row, "1\t")],
    );
    check_blocks("", "loose", &[(P, "loose")]);
}

#[test]
fn inline_elements_are_marks() {
    let version = one(&nitf(
        &named("", ""),
        "",
        r#"<p>a<em>b</em><sup>c</sup><a href="https://agency.example/">d</a><a href="javascript:x">e</a><lang lang="hi">f</lang></p>"#,
    ));
    let block = &version.copy.blocks()[0];
    assert_eq!(block.text(), "abcdef");
    let marks: Vec<_> = block.marks().iter().map(|m| (m.range.clone(), m.kind.clone())).collect();
    assert_eq!(
        marks,
        [
            (1..2, MarkKind::Emphasis),
            (2..3, MarkKind::Superscript),
            (3..4, MarkKind::Link("https://agency.example/".into())),
            (5..6, MarkKind::Language("hi".into())),
        ]
    );
}

#[test]
fn media_become_renditions_with_caption_and_credit() {
    let content = r#"<p>One</p><media media-type="image"><media-metadata name="id" value="7"/><media-reference source="https://agency.example/1.jpg" mime-type="image/jpeg" name="web" alternate-text="Alt"/><media-caption><p>A bridge</p></media-caption><media-producer>Ann Example</media-producer></media><p>Two</p>"#;
    let version = one(&nitf(&named("", ""), "", content));
    assert_eq!(
        blocks(&version),
        [
            (BlockKind::P, "One"),
            (BlockKind::Caption, "A bridge"),
            (BlockKind::Credit, "Ann Example"),
            (BlockKind::P, "Two")
        ]
    );
    let rendition = &version.renditions[0];
    assert_eq!(
        (rendition.href.as_str(), rendition.media_type.as_deref()),
        ("https://agency.example/1.jpg", Some("image/jpeg"))
    );
}

#[test]
fn metadata_finds_its_place() {
    let docdata = r#"<tobject><tobject.subject tobject.subject.refnum="11000000" tobject.subject.ipr="IPTC" tobject.subject.type="Politics"/></tobject><meta name="m" content="v"/><docdata><doc-id id-string="x"/><urgency ed-urg="3"/><evloc city="Springfield"/>
<key-list><keyword key="bridge"/></key-list><du-key key="COUNCIL-BRIDGE"/><doc.copyright holder="Agency Example" year="2026"/><doc.rights limitations="No archive"/></docdata>"#;
    let text = nitf(
        docdata,
        "<distributor><org>Agency Example</org></distributor><rights><rights.owner>Other</rights.owner></rights>",
        "",
    );
    let version = one(&text);
    assert_eq!((version.urgency, version.language.as_deref()), (Some(3), Some("en")));
    assert_eq!(
        (version.located.as_deref(), version.slugline.as_deref()),
        (Some("Springfield"), Some("COUNCIL-BRIDGE"))
    );
    assert_eq!(version.keywords, ["bridge"]);
    let subject = &version.subjects[0];
    assert_eq!(
        (subject.code.as_deref(), subject.scheme.as_deref(), subject.name.as_deref()),
        (Some("11000000"), Some("IPTC"), Some("Politics"))
    );
    assert_eq!(version.rights.credit_line.as_deref(), Some("Agency Example"));
    assert_eq!(version.rights.copyright_holder.as_deref(), Some("Agency Example"));
    assert_eq!(version.rights.usage_terms, ["No archive"]);
    assert_eq!(unmapped(&text, "nitf/head/meta/@content"), ["v"]);
}

#[test]
fn wrappers_namespaces_and_doctypes_do_not_matter() {
    let plain = nitf(&named("", ""), "", "<p>One</p>");
    let spaced = plain.replace("<nitf ", r#"<nitf xmlns="http://iptc.org/std/NITF/2006-10-18/" "#);
    let doctype = format!("<!DOCTYPE nitf SYSTEM \"nitf-3-6.dtd\" [<!ENTITY % n SYSTEM \"x\"> %n;]>{plain}");
    let wrapped = format!("<delivery><part>{plain}</part><part>{plain}</part></delivery>");
    for (text, items) in [(spaced, 1), (doctype, 1), (wrapped, 2)] {
        let reading = reading(&text);
        assert_eq!(reading.items.len(), items, "{:?}", reading.complaints);
        assert!(reading.items.iter().all(|v| blocks(v) == [(BlockKind::P, "One")]));
    }
}

#[test]
fn words_of_every_script_come_through_untouched() {
    for text in
        ["मुंबई, दि. १४ (उदाहरण): विधानसभा", "كراچی - شہر\u{200f}", "上海（示例社）电", "nb\u{a0}sp\u{ad}"]
    {
        check_blocks("", &format!("<p>{text}</p>"), &[(BlockKind::P, text)]);
    }
}

#[test]
fn the_examples_read_as_they_should() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire/nitf");
    let read = |name: &str| {
        let mut reading = crate::read(&std::fs::read(folder.join(name)).unwrap(), &Hints::default());
        assert!(
            reading.complaints.is_empty() && reading.items.len() == 1,
            "{name}: {:?}",
            reading.complaints
        );
        reading.items.remove(0)
    };
    let embargoed = read("embargoed.xml");
    assert_eq!(embargoed.embargo, Some(Embargo::Until("2026-03-15T00:01:00Z".parse().unwrap())));
    assert_eq!(embargoed.copy.headline(), Some("Council to vote on the old bridge"));
    assert!(!embargoed.copy.canonical().contains("555"));
    let urdu = read("urdu-utf16.xml");
    assert_eq!(urdu.copy.headline(), Some("پارلیمان نے نیا قانون منظور کیا"));
    assert_eq!(urdu.copy.body().count(), 2);
    assert_eq!(read("withdrawal.xml").references[0].relation, Relation::Kills);
}

#[test]
fn words_of_japan_and_madras_come_through() {
    let read = |bytes: &[u8]| crate::read(bytes, &Hints::default()).items.remove(0);
    let japanese = read(include_bytes!("../../../../fixtures/wire/nitf/japanese-utf16.xml"));
    assert_eq!(
        blocks(&japanese),
        [
            (BlockKind::Headline, "市議会、旧橋の修復を可決"),
            (BlockKind::Byline, "例\u{3000}太郎"),
            (BlockKind::Byline, "例示通信"),
            (BlockKind::Dateline, "スプリングフィールド"),
            (BlockKind::P, "市議会は土曜日、川に架かる旧橋の修復案を可決した。"),
            (BlockKind::P, "市長は「200年の歴史がある」と語った。"),
            (BlockKind::Row, "賛成\t反対"),
            (BlockKind::Row, "12\t9"),
        ]
    );
    assert_eq!(japanese.notes.len(), 2);
    let tamil = read(include_bytes!("../../../../fixtures/wire/nitf/tamil.xml"));
    assert_eq!(tamil.copy.headline(), Some("பழைய பாலத்தைச் சீரமைக்க ஒப்புதல்"));
    let kill = read(include_bytes!("../../../../fixtures/wire/nitf/kill.xml"));
    assert_eq!((kill.uri.as_str(), kill.status.clone()), (tamil.uri.as_str(), PubStatus::Canceled));
}

// --- writing ---

#[test]
fn what_is_written_is_read_as_the_same() {
    let story = nitf(
        &named(
            r#"management-status="embargoed""#,
            r#"<date.issue norm="2026-03-14T12:00:00Z"/><date.release norm="2026-03-15T00:00:00Z"/><du-key version="3" key="BRIDGE"/><urgency ed-urg="3"/><ed-msg info="Call the desk"/>"#,
        ),
        "<hedline><hl1>One</hl1><hl2>Two</hl2></hedline><byline>By Ann Example</byline><distributor>AGX</distributor><dateline>EXAMPLE (AGX) -</dateline>",
        r#"<p>A <em>b</em> <a href="https://agency.example/">c</a>.</p><hl2>Head</hl2><ul><li>one<ul><li>in</li></ul></li><li>two</li></ul><table><tr><th>a</th><td>b</td></tr></table><bq><block><p>q</p></block></bq><pre> x
  y</pre><media media-type="image"><media-reference/><media-caption>Caption</media-caption><media-producer>Photo</media-producer></media>"#,
    );
    let mut wires = vec![one(&story)];
    for bytes in [
        &include_bytes!("../../../../fixtures/wire/nitf/tamil.xml")[..],
        include_bytes!("../../../../fixtures/wire/nitf/kill.xml"),
        include_bytes!("../../../../fixtures/wire/nitf/urdu-utf16.xml"),
    ] {
        wires.extend(crate::read(bytes, &Hints::default()).items);
    }
    for version in wires {
        let written = super::write(&version).unwrap_or_else(|r| panic!("{}: {r:?}", version.uri));
        let back = one(&written);
        assert_eq!(blocks(&back), blocks(&version), "{written}");
    }
}

#[test]
fn what_the_format_cannot_carry_is_refused_by_name() {
    let mut version = one(&nitf(&named("", ""), "<hedline><hl1>One</hl1></hedline>", "<p>a</p>"));
    version.copy.push(BlockKind::H4, "Small", Vec::new(), None).expect("carried");
    version.creators.push("Ann Example".to_owned());
    version.first_created = Some(news::Stamp { raw: "x".to_owned(), at: Some(news_time()), zoned: true });
    let refusals = super::write(&version).expect_err("three fields");
    let fields: Vec<_> = refusals.iter().map(|refusal| refusal.field).collect();
    assert_eq!(fields, ["first_created", "creators", "copy"]);
    assert!(refusals[2].to_string().starts_with("nitf cannot carry copy: "), "{}", refusals[2]);
}

fn news_time() -> jiff::Timestamp {
    "2026-03-14T12:00:00Z".parse().expect("a time")
}
