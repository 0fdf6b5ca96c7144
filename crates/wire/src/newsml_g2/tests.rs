use news::{
    BlockKind, Embargo, Gravity, ItemClass, Placement, PubStatus, Relation, Severity, Version, VersionOrder,
};

use crate::account::unmapped;
use crate::{Hints, Reading};

fn news_item(item_meta: &str, content_meta: &str, content_set: &str) -> String {
    format!(
        r#"<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:newsml:agency.example:1" version="3" xml:lang="en">
<itemMeta><itemClass qcode="ninat:text"/>{item_meta}</itemMeta><contentMeta>{content_meta}</contentMeta>
<contentSet>{content_set}</contentSet></newsItem>"#
    )
}

fn xhtml(body: &str) -> String {
    format!(
        r#"<inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head><body>{body}</body></html></inlineXML>"#
    )
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

fn codes(version: &Version, gravity: Gravity) -> Vec<&str> {
    version.complaints.iter().filter(|c| c.gravity == gravity).map(|c| c.code).collect()
}

/// What `itemMeta` says, and what becomes of it.
#[track_caller]
fn check_status(item_meta: &str, status: PubStatus, severity: Severity) {
    let version = one(&news_item(item_meta, "", &xhtml("<p>Words</p>")));
    assert_eq!((&version.status, version.severity()), (&status, severity), "{item_meta}");
}

#[test]
fn the_status_is_what_the_item_says() {
    check_status("", PubStatus::Usable, Severity::Informs);
    check_status(r#"<pubStatus qcode="stat:usable"/>"#, PubStatus::Usable, Severity::Informs);
    check_status(r#"<pubStatus qcode="stat:withheld"/>"#, PubStatus::Withheld, Severity::Withholds);
    check_status(r#"<pubStatus qcode="stat:canceled"/>"#, PubStatus::Canceled, Severity::Kills);
    check_status(r#"<pubStatus qcode="stat:withdrawn"/>"#, PubStatus::Canceled, Severity::Kills);
    check_status(
        r#"<pubStatus uri="http://cv.iptc.org/newscodes/pubstatusg2/canceled"/>"#,
        PubStatus::Canceled,
        Severity::Kills,
    );
    check_status(
        r#"<pubStatus uri="http://cv.iptc.org/newscodes/pubstatusg2/usable"/>"#,
        PubStatus::Usable,
        Severity::Informs,
    );
}

#[test]
fn a_status_that_nobody_knows_holds() {
    check_status(
        r#"<pubStatus qcode="stat:embalmed"/>"#,
        PubStatus::Unknown("embalmed".into()),
        Severity::Holds,
    );
    check_status(r#"<pubStatus qcode="x:usable"/>"#, PubStatus::Unknown("x:usable".into()), Severity::Holds);
    check_status("<pubStatus/>", PubStatus::Unknown(String::new()), Severity::Holds);
}

#[test]
fn agencies_kill_by_other_words_than_the_status() {
    let usable = r#"<pubStatus qcode="stat:usable"/>"#;
    for kill in [
        r#"<signal qcode="edStat:D"/>"#,
        r#"<signal qcode="sttinstruct:remove"/>"#,
        r#"<signal qcode="sig:kill"/>"#,
        r#"<signal uri="http://cv.iptc.org/newscodes/signal/kill"/>"#,
        r#"<itemClass xmlns:r="http://www.reuters.com/ns/2003/08/content" qcode="icls:text" r:msgType="D"/>"#,
    ] {
        check_status(&format!("{usable}{kill}"), PubStatus::Usable, Severity::Kills);
    }
    for other in [
        r#"<signal qcode="sig:correction"/>"#,
        r#"<signal qcode="sig:update"/>"#,
        r#"<signal qcode="edStat:C"/>"#,
    ] {
        check_status(&format!("{usable}{other}"), PubStatus::Usable, Severity::Informs);
    }
}

#[test]
fn a_kill_without_a_body_is_still_a_kill() {
    let text = r#"<newsItem guid="g" version="2"><itemMeta><pubStatus qcode="stat:canceled"/></itemMeta></newsItem>"#;
    let version = one(text);
    assert_eq!((version.severity(), version.copy.is_empty()), (Severity::Kills, true));
}

#[test]
fn advisories_and_tests_are_not_for_publication() {
    for meta in [
        r#"<role qcode="itemRole:advisory"/>"#,
        "<profile>Daybook</profile>",
        r#"<signal qcode="nmsig:test"/>"#,
        r#"<service qcode="agxsrv:test"/>"#,
    ] {
        check_status(meta, PubStatus::Usable, Severity::NotForPublication);
    }
    let genre = r#"<genre qcode="agxgenre:9"><name>Advisory</name></genre>"#;
    let version = one(&news_item("", genre, &xhtml("<p>Words</p>")));
    assert_eq!(version.class, ItemClass::Advisory("Advisory".into()));
}

#[track_caller]
fn check_embargo(item_meta: &str, expect: Option<Embargo>, held: &[&str]) {
    let version = one(&news_item(item_meta, "", ""));
    assert_eq!(version.embargo, expect, "{item_meta}");
    assert_eq!(codes(&version, Gravity::Hold), held, "{item_meta}");
}

#[test]
fn an_embargo_is_a_time_or_until_further_notice() {
    let until = |at: &str| Some(Embargo::Until(at.parse().unwrap()));
    check_embargo("", None, &[]);
    check_embargo("<embargoed>2026-03-14T18:00:00+01:00</embargoed>", until("2026-03-14T17:00:00Z"), &[]);
    check_embargo("<embargoed>\n 2026-03-14T18:00:00Z </embargoed>", until("2026-03-14T18:00:00Z"), &[]);
    check_embargo("<embargoed/>", Some(Embargo::Indefinite), &[]);
    check_embargo("<embargoed> </embargoed>", Some(Embargo::Indefinite), &[]);
    check_embargo("<!-- <embargoed/> -->", None, &[]);
    check_embargo(
        "<embargoed>when the minister speaks</embargoed>",
        Some(Embargo::Indefinite),
        &["unreadable-embargo"],
    );
    check_embargo(
        "<embargoed>2026-03-14T18:00:00</embargoed>",
        until("2026-03-14T18:00:00Z"),
        &["embargo-without-zone"],
    );
    check_embargo(
        "<embargoed>2026-03-14T18:00:00Z</embargoed><embargoed>2026-03-15T18:00:00Z</embargoed>",
        until("2026-03-15T18:00:00Z"),
        &[],
    );
}

#[test]
fn a_zone_less_time_takes_the_zone_of_the_feed() {
    let zone = jiff::tz::TimeZone::get("Asia/Kolkata").unwrap();
    let hints = Hints { zone: Some(zone), ..Hints::default() };
    let text = news_item(
        "<embargoed>2026-03-14T18:00:00</embargoed><versionCreated>2026-03-14T12:00:00</versionCreated>",
        "",
        "",
    );
    let version = super::read(&text, &hints).items.remove(0);
    assert_eq!(version.embargo, Some(Embargo::Until("2026-03-14T12:30:00Z".parse().unwrap())));
    assert!(version.version_created.as_ref().is_some_and(|stamp| !stamp.zoned));
    assert_eq!(codes(&version, Gravity::Remark), ["date-without-zone", "date-without-zone"]);
    assert!(codes(&version, Gravity::Hold).is_empty());
}

#[test]
fn times_and_expiry_are_read() {
    let meta = "<versionCreated>2026-03-14T12:00:00Z</versionCreated><firstCreated>2026-03-13T12:00:00Z</firstCreated><expires>2026-04-14T12:00:00Z</expires>";
    let version = one(&news_item(meta, "<contentCreated>2026-03-12T12:00:00Z</contentCreated>", ""));
    assert_eq!(version.expires, Some("2026-04-14T12:00:00Z".parse().unwrap()));
    let at = |stamp: &Option<news::Stamp>| stamp.as_ref().and_then(|stamp| stamp.at).map(|at| at.to_string());
    assert_eq!(at(&version.version_created).as_deref(), Some("2026-03-14T12:00:00Z"));
    assert_eq!(at(&version.first_created).as_deref(), Some("2026-03-13T12:00:00Z"));
    assert_eq!(at(&version.content_created).as_deref(), Some("2026-03-12T12:00:00Z"));
    let empty = one(&news_item("<versionCreated/><expires/>", "", ""));
    assert!(empty.version_created.is_none() && empty.expires.is_none() && empty.complaints.is_empty());
    let odd = one(&news_item("<expires>some day</expires>", "", ""));
    assert_eq!(codes(&odd, Gravity::Hold), ["unreadable-expiry"]);
}

#[test]
fn versions_are_numbers_and_one_if_absent() {
    for (attr, raw, order) in [
        ("version=\"1542761538\"", "1542761538", VersionOrder::Number(1_542_761_538)),
        ("version=\" 7 \"", "7", VersionOrder::Number(7)),
        ("", "1", VersionOrder::Number(1)),
        ("version=\"1.2\"", "1.2", VersionOrder::Arrival),
    ] {
        let version = one(&format!("<newsItem guid=\"g\" {attr}><itemMeta/></newsItem>"));
        assert_eq!(
            (version.uri.as_str(), version.version.raw.as_str(), version.version.order),
            ("g", raw, order)
        );
    }
}

#[test]
fn editors_notes_never_reach_the_copy() {
    let meta = r#"<edNote>Call the desk</edNote><edNote role="agx:contacts" pubconstraint="agxpc:nonpublic">+00 123</edNote>"#;
    let body = r#"<header><ul class="slugline"><li>A/B</li></ul><time class="publicationDate">1.1.</time><strong class="embargoed">Hold it</strong></header>
<p>One</p><section class="np-nonpublic"><p>+00 456</p></section><p pubconstraint="agxpc:nonpublic">+00 789</p><p>Two</p>
<p>Die folgenden Informationen sind nicht zur Veröffentlichung bestimmt</p><ul><li>+00 000</li></ul>"#;
    let private = r#"<inlineData rendition="agx:nonpublic">+00 111</inlineData>"#;
    let version = one(&news_item(meta, "<headline>H</headline>", &(xhtml(body) + private)));
    assert_eq!(blocks(&version), [(BlockKind::Headline, "H"), (BlockKind::P, "One"), (BlockKind::P, "Two")]);
    let notes = version.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("|");
    for text in ["Call the desk", "+00 123", "+00 456", "+00 789", "+00 000", "+00 111", "Hold it", "A/B"] {
        assert!(notes.contains(text), "{text} in {notes}");
    }
}

#[test]
fn a_mark_that_does_not_say_how_far_it_reaches_holds() {
    let version = one(&news_item(
        "",
        "",
        &xhtml("<p>(Diese Informationen sind nicht zur Veröffentlichung bestimmt)</p>"),
    ));
    assert_eq!(version.severity(), Severity::Holds);
    assert!(version.signals.iter().all(|signal| signal.from_text));
}

#[test]
fn headlines_by_role() {
    for (headlines, expect) in [
        ("<headline>One</headline>", vec![(BlockKind::Headline, "One")]),
        ("<headline>One</headline><headline>Two</headline>", vec![(BlockKind::Headline, "One")]),
        (
            r#"<headline role="x:subtitle">Sub</headline><headline role="x:title">Main</headline>"#,
            vec![(BlockKind::Headline, "Main"), (BlockKind::Subhead, "Sub")],
        ),
        (
            r#"<headline role="x:seo">Seo</headline><headline>One</headline>"#,
            vec![(BlockKind::Headline, "One")],
        ),
        (
            r#"<headline xml:lang="fr">Un</headline><headline>One</headline>"#,
            vec![(BlockKind::Headline, "One")],
        ),
        ("<headline/><headline>  One\n two </headline>", vec![(BlockKind::Headline, "One two")]),
        (r#"<headline pubconstraint="x:nonpublic">Secret</headline>"#, vec![]),
    ] {
        let version = one(&news_item("", headlines, ""));
        assert_eq!(blocks(&version), expect, "{headlines}");
    }
}

#[test]
fn a_dateline_is_a_block_only_where_the_body_lacks_it() {
    let meta = "<headline>H</headline><dateline>Springfield (agx) - </dateline>";
    let both = one(&news_item(
        "",
        meta,
        &xhtml("<p>Lead</p><p><span>Springfield <b>(agx)</b> - </span>The council met.</p>"),
    ));
    assert!(both.copy.texts(BlockKind::Dateline).next().is_none());
    assert_eq!(both.dateline.as_ref().map(|d| d.placement), Some(Placement::Both));
    let apart = one(&news_item("", meta, &xhtml("<p>The council met.</p>")));
    assert_eq!(
        blocks(&apart),
        [
            (BlockKind::Headline, "H"),
            (BlockKind::Dateline, "Springfield (agx) -"),
            (BlockKind::P, "The council met.")
        ]
    );
    assert_eq!(apart.dateline.as_ref().map(|d| d.placement), Some(Placement::Separate));
}

#[test]
fn a_byline_is_a_block_only_where_the_body_lacks_it() {
    let meta = "<by>By Ann Example</by>";
    let apart = one(&news_item("", meta, &xhtml("<p>The council met.</p>")));
    assert_eq!(blocks(&apart), [(BlockKind::Byline, "By Ann Example"), (BlockKind::P, "The council met.")]);
    let both = one(&news_item("", meta, &xhtml("<p>By Ann Example</p><p>The council met.</p>")));
    assert_eq!(blocks(&both), [(BlockKind::P, "By Ann Example"), (BlockKind::P, "The council met.")]);
}

#[test]
fn the_story_is_read_in_the_form_that_carries_most() {
    let plain = r#"<inlineData contenttype="text/plain">Plain</inlineData>"#;
    let html =
        r#"<inlineData contenttype="text/html">&lt;p&gt;Escaped &amp;amp; once&lt;/p&gt;</inlineData>"#;
    let nitf = r#"<inlineXML contenttype="application/nitf+xml"><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"><body><body.content><p>Nitf</p></body.content></body></nitf></inlineXML>"#;
    let page = xhtml("<p>Page</p>");
    for (set, expect) in [
        (plain.to_owned(), "Plain"),
        (html.to_owned(), "Escaped & once"),
        (format!("{plain}{html}"), "Escaped & once"),
        (format!("{html}{nitf}"), "Nitf"),
        (format!("{nitf}{page}"), "Page"),
        (
            r#"<inlineXML contenttype="xhtml/xml"><html><body><p>Typo</p></body></html></inlineXML>"#
                .to_owned(),
            "Typo",
        ),
        (
            r#"<inlineXML contenttype="application/xhtml+html"><html><body>Loose</body></html></inlineXML>"#
                .to_owned(),
            "Loose",
        ),
        (format!(r#"<inlineData rendition="x:headline">H</inlineData>{plain}"#), "Plain"),
    ] {
        let version = one(&news_item("", "", &set));
        assert_eq!(blocks(&version), [(BlockKind::P, expect)], "{set}");
        assert!(codes(&version, Gravity::Hold).is_empty());
    }
}

#[test]
fn a_story_in_a_form_that_is_not_read_holds() {
    let version = one(&news_item(
        "",
        "",
        r#"<inlineXML contenttype="application/sportsml+xml"><sports-content>1:0</sports-content></inlineXML>"#,
    ));
    assert_eq!(codes(&version, Gravity::Hold), ["unreadable-body"]);
}

#[test]
fn the_heading_of_a_page_stays_and_its_title_is_none() {
    let version = one(&news_item("", "<headline>H</headline>", &xhtml("<h1>H</h1><p>One</p>")));
    assert_eq!(blocks(&version), [(BlockKind::Headline, "H"), (BlockKind::H2, "H"), (BlockKind::P, "One")]);
}

#[test]
fn a_table_marked_as_such_keeps_its_lines() {
    let body = "<p>Results\nA   1\nB  10</p><p>One line</p>";
    let plain = one(&news_item("", "", &xhtml(body)));
    assert_eq!(blocks(&plain)[0], (BlockKind::P, "Results A 1 B 10"));
    let table = one(&news_item(r#"<signal qcode="sic:TABLE"/>"#, "", &xhtml(body)));
    assert_eq!(blocks(&table), [(BlockKind::Pre, "Results\nA   1\nB  10"), (BlockKind::P, "One line")]);
}

#[test]
fn nitf_inside_fills_what_the_item_does_not_say() {
    let nitf = r#"<inlineXML contenttype="application/nitf+xml"><nitf><head><docdata management-status="withheld"><ed-msg info="Wait"/></docdata></head><body><body.head><hedline><hl1>Inner</hl1></hedline><byline>By Ann Example</byline></body.head><body.content><p>One</p></body.content></body></nitf></inlineXML>"#;
    let version = one(&news_item("", "", nitf));
    assert_eq!(
        blocks(&version),
        [(BlockKind::Headline, "Inner"), (BlockKind::Byline, "By Ann Example"), (BlockKind::P, "One")]
    );
    assert_eq!(version.status, PubStatus::Withheld);
    assert_eq!(version.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["Wait"]);
    let named = one(&news_item("", "<headline>Outer</headline>", nitf));
    assert_eq!(named.copy.headline(), Some("Outer"));
}

#[test]
fn metadata_finds_its_place() {
    let meta = r#"<urgency>2</urgency><located qcode="c:1"><name>Springfield</name></located><creator literal="agx"><name>Ann Example</name></creator>
<language tag="hi"/><genre qcode="genre:Current"><name>Current</name></genre><subject qcode="medtop:11000000"><name>politics</name></subject>
<slugline separator="/">A/B</slugline><keyword>k</keyword><creditline>AGX</creditline><description role="drol:summary">S</description>"#;
    let text = news_item("", meta, "");
    let version = one(&text);
    assert_eq!((version.urgency, version.language.as_deref()), (Some(2), Some("hi")));
    assert_eq!((version.located.as_deref(), version.slugline.as_deref()), (Some("Springfield"), Some("A/B")));
    assert_eq!((version.creators, version.keywords), (vec!["Ann Example".to_owned()], vec!["k".to_owned()]));
    assert_eq!(version.rights.credit_line.as_deref(), Some("AGX"));
    let subject = &version.subjects[0];
    assert_eq!(
        (subject.code.as_deref(), subject.scheme.as_deref(), subject.name.as_deref()),
        (Some("medtop:11000000"), Some("medtop"), Some("politics"))
    );
    assert_eq!(version.genres[0].code.as_deref(), Some("genre:Current"));
    assert!(unmapped(&text, "newsItem/contentMeta/description").contains(&"S".to_owned()));
    assert!(version.copy.is_empty());
}

#[test]
fn rights_are_kept_as_text() {
    let text = r#"<newsItem guid="g"><rightsInfo><copyrightHolder literal="agx"><name>Agency Example</name></copyrightHolder>
<copyrightNotice>© 2026</copyrightNotice><usageTerms>No archive</usageTerms><usageTerms>No AI</usageTerms><dataMining uri="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"/></rightsInfo></newsItem>"#;
    let rights = one(text).rights;
    assert_eq!(rights.copyright_holder.as_deref(), Some("Agency Example"));
    assert_eq!(rights.copyright_notice.as_deref(), Some("© 2026"));
    let mining = "dataMining: http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED";
    assert_eq!(rights.usage_terms, ["No archive", "No AI", mining]);
}

#[test]
fn links_say_how_items_relate() {
    for (link, relation) in [
        (r#"<link rel="irel:seeAlso" href="https://agency.example/x"/>"#, Relation::SeeAlso),
        (r#"<link rel="irel:previousVersion" residref="urn:x"/>"#, Relation::Previous),
        (r#"<link guidref="urn:newsml:agency.example:1" version="2"/>"#, Relation::Previous),
        (r#"<link rel="irel:derivedFrom" residref="urn:x"/>"#, Relation::SeeAlso),
    ] {
        let version = one(&news_item(link, "", ""));
        assert_eq!(version.references.iter().map(|r| r.relation).collect::<Vec<_>>(), [relation], "{link}");
    }
}

#[test]
fn a_package_names_its_members_and_withdraws_those_that_fell() {
    let text = r#"<packageItem guid="p" version="9"><itemMeta><itemClass qcode="ninat:composite"/></itemMeta><groupSet root="a">
<group id="a"><groupRef idref="b"/><itemRef residref="urn:1" version="4"/></group>
<group id="b"><itemRef residref="urn:2"><pubStatus qcode="stat:canceled"/></itemRef><itemRef residref="urn:3"><pubStatus qcode="stat:withheld"/></itemRef></group></groupSet></packageItem>"#;
    let version = one(text);
    assert_eq!(version.class, ItemClass::Other("package".into()));
    let members: Vec<_> = version.references.iter().map(|r| (r.uri.as_str(), r.relation)).collect();
    assert_eq!(
        members,
        [("urn:1", Relation::Member), ("urn:2", Relation::Kills), ("urn:3", Relation::Withholds)]
    );
}

#[test]
fn only_text_is_a_story() {
    for (name, class, expect) in [
        ("newsItem", "ninat:text", ItemClass::Text),
        ("newsItem", "icls:text", ItemClass::Text),
        ("newsItem", "ninat:picture", ItemClass::Other("picture".into())),
        ("conceptItem", "cinat:concept", ItemClass::Other("concept".into())),
        ("knowledgeItem", "kinat:x", ItemClass::Other("knowledge".into())),
        ("planningItem", "plinat:newscoverage", ItemClass::Other("planning".into())),
    ] {
        let version =
            one(&format!(r#"<{name} guid="g"><itemMeta><itemClass qcode="{class}"/></itemMeta></{name}>"#));
        assert_eq!(version.class, expect, "{name} {class}");
    }
}

#[test]
fn pictures_become_renditions_and_their_caption_words() {
    let text = r#"<newsItem guid="g"><itemMeta><itemClass qcode="ninat:picture"/></itemMeta><contentMeta><headline>H</headline>
<description role="drol:caption">A bridge</description></contentMeta><contentSet><remoteContent href="https://agency.example/1.jpg" contenttype="image/jpeg" rendition="rnd:web"/></contentSet></newsItem>"#;
    let version = one(text);
    assert_eq!(blocks(&version), [(BlockKind::Headline, "H"), (BlockKind::Caption, "A bridge")]);
    let rendition = &version.renditions[0];
    assert_eq!(
        (rendition.href.as_str(), rendition.media_type.as_deref(), rendition.role.as_deref()),
        ("https://agency.example/1.jpg", Some("image/jpeg"), Some("rnd:web"))
    );
}

#[test]
fn one_broken_item_does_not_take_its_siblings_along() {
    let text = r#"<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><header><sent>2026-03-14T12:00:00Z</sent></header><itemSet>
<newsItem guid="a"><contentMeta><headline>A</headline></contentMeta></newsItem>
<newsItem guid="b"><contentMeta><headline>B</contentMeta></newsItem>
<newsItem guid="c"><contentMeta><headline>C</headline></contentMeta></newsItem>
<newsItem><contentMeta/></newsItem></itemSet></newsMessage>"#;
    let reading = reading(text);
    assert_eq!(reading.items.iter().map(|v| v.uri.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    let lost: Vec<_> = reading
        .complaints
        .iter()
        .filter(|c| c.gravity == Gravity::Lost)
        .map(|c| (c.code, c.place.item))
        .collect();
    assert_eq!(lost, [("xml-not-well-formed", Some(1)), ("no-identity", Some(3))]);
    for version in &reading.items {
        assert!(
            text[version.span.clone()].starts_with("<newsItem")
                && text[version.span.clone()].ends_with("</newsItem>")
        );
    }
    assert_eq!(unmapped(text, "newsMessage/header/sent").len(), 1);
}

#[test]
fn a_message_on_a_test_channel_is_not_for_publication() {
    let text = "<newsMessage><header><channel>TEST</channel></header><itemSet><newsItem guid=\"a\"/></itemSet></newsMessage>";
    assert_eq!(one(text).severity(), Severity::NotForPublication);
}

#[test]
fn prefixes_do_not_matter() {
    let text = r#"<n:newsItem xmlns:n="http://iptc.org/std/nar/2006-10-01/" guid="g" version="2"><n:itemMeta><n:pubStatus qcode="stat:canceled"/></n:itemMeta></n:newsItem>"#;
    assert_eq!(one(text).status, PubStatus::Canceled);
}

#[test]
fn words_of_every_script_come_through_untouched() {
    for text in [
        "नई दिल्ली, 14 मार्च (उदाहरण)। संसद ने क़ानून पारित किया।",
        "اسلام آباد (مثال) - پارلیمان نے قانون منظور کیا\u{200f}۔",
        "北京（示例社）—— 议会通过了法律。\u{3000}第二句。",
        "Cafe\u{301} soft\u{ad}hyphen nb\u{a0}sp e\u{200d}join",
    ] {
        let version =
            one(&news_item("", &format!("<headline>{text}</headline>"), &xhtml(&format!("<p>{text}</p>"))));
        assert_eq!(blocks(&version), [(BlockKind::Headline, text), (BlockKind::P, text)]);
    }
}

#[test]
fn the_examples_read_as_they_should() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire/newsml-g2");
    for (name, uris, severity) in [
        (
            "message.xml",
            vec!["urn:newsml:agency.example:20260314:council", "urn:newsml:agency.example:20260314:bridge"],
            Severity::Informs,
        ),
        ("hindi.xml", vec!["urn:newsml:agency.example:20260314:sansad"], Severity::Informs),
        ("kill.xml", vec!["urn:newsml:agency.example:20260314:council"], Severity::Kills),
        ("withheld.xml", vec!["urn:newsml:agency.example:20260314:ferry"], Severity::Withholds),
        ("marathi.xml", vec!["urn:newsml:agency.example:20260314:pul"], Severity::Informs),
        ("chinese.xml", vec!["urn:newsml:agency.example:20260314:qiao"], Severity::Informs),
        ("korean.xml", vec!["urn:newsml:agency.example:20260314:dari"], Severity::Informs),
        ("five-versions.xml", vec!["urn:newsml:agency.example:20260314:fire"; 5], Severity::Informs),
        ("package-kill.xml", vec!["urn:newsml:agency.example:20260314:package"], Severity::Informs),
    ] {
        let reading = crate::read(&std::fs::read(folder.join(name)).unwrap(), &Hints::default());
        assert_eq!(reading.items.iter().map(|v| v.uri.as_str()).collect::<Vec<_>>(), uris, "{name}");
        assert!(reading.items.iter().all(|v| v.severity() == severity && v.complaints.is_empty()), "{name}");
        assert!(reading.complaints.is_empty(), "{name}: {:?}", reading.complaints);
    }
}

#[test]
fn a_package_withdraws_the_member_that_it_calls_canceled() {
    let package = one(include_str!("../../../../fixtures/wire/newsml-g2/package-kill.xml"));
    let told: Vec<_> = package.references.iter().map(|r| (r.relation, r.uri.rsplit(':').next())).collect();
    assert_eq!(told, [(Relation::Kills, Some("fire")), (Relation::Member, Some("ferry"))]);
    assert_eq!(package.class, ItemClass::Other("package".to_owned()));
}

#[test]
fn five_versions_follow_each_other() {
    let reading = reading(include_str!("../../../../fixtures/wire/newsml-g2/five-versions.xml"));
    let orders: Vec<_> = reading.items.iter().map(|version| version.version.order).collect();
    assert_eq!(orders, (1..=5).map(VersionOrder::Number).collect::<Vec<_>>());
    let last = &reading.items[4];
    assert_eq!(
        (last.references[0].relation, last.references[0].version.as_deref()),
        (Relation::Previous, Some("4"))
    );
    assert_eq!(last.signals[0].code, "sig:correction");
}

#[test]
fn the_words_of_an_editors_note_are_never_copy() {
    let held = one(include_str!("../../../../fixtures/wire/newsml-g2/withheld.xml"));
    assert_eq!(held.status, PubStatus::Withheld);
    assert!(held.notes[0].text.contains("555") && !held.copy.canonical().contains("555"));
}

#[test]
fn an_expiry_for_one_usage_is_an_expiry() {
    let meta = r#"<expires pubconstraint="usage:archive">2027-01-01T00:00:00Z</expires><expires pubconstraint="usage:web">2026-04-01T00:00:00Z</expires>"#;
    let version = one(&news_item(meta, "", &xhtml("<p>Words</p>")));
    assert_eq!(version.expires, Some("2026-04-01T00:00:00Z".parse().unwrap()));
    assert!(version.notes.is_empty());
}

#[test]
fn concepts_are_metadata_and_no_story() {
    let item = one(
        r#"<conceptItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="c"><itemMeta><itemClass qcode="cinat:concept"/></itemMeta>
<concept><conceptId qcode="agx:1"/><name>Example City</name><definition>A city.</definition></concept></conceptItem>"#,
    );
    assert_eq!(item.class, ItemClass::Other("concept".to_owned()));
    assert!(item.copy.is_empty());
    let subject = &item.subjects[0];
    assert_eq!((subject.code.as_deref(), subject.name.as_deref()), (Some("agx:1"), Some("Example City")));
}

// --- writing ---

#[test]
fn what_is_written_is_read_as_the_same() {
    for wire in [
        include_str!("../../../../fixtures/wire/newsml-g2/message.xml"),
        include_str!("../../../../fixtures/wire/newsml-g2/hindi.xml"),
        include_str!("../../../../fixtures/wire/newsml-g2/kill.xml"),
        include_str!("../../../../fixtures/wire/newsml-g2/withheld.xml"),
        include_str!("../../../../fixtures/wire/newsml-g2/chinese.xml"),
        include_str!("../../../../fixtures/wire/newsml-g2/five-versions.xml"),
    ] {
        for version in reading(wire).items {
            let written =
                super::write(&version, "Agency Example").unwrap_or_else(|r| panic!("{}: {r:?}", version.uri));
            let back = one(&written);
            assert_eq!(back.copy.copy_hash(), version.copy.copy_hash());
            assert_eq!(back.copy.role_hash(), version.copy.role_hash());
        }
    }
}

/// A version that can be written, changed, is refused for this field.
#[track_caller]
fn check_refused(change: impl FnOnce(&mut Version), field: &str) {
    let mut version = one(include_str!("../../../../fixtures/wire/newsml-g2/chinese.xml"));
    change(&mut version);
    let refusals = super::write(&version, "Agency Example").expect_err(field);
    assert!(refusals.iter().any(|refusal| refusal.field == field), "{field}: {refusals:?}");
}

#[test]
fn what_the_format_cannot_carry_is_refused_by_name() {
    check_refused(|version| version.version = news::VersionStamp::arrival(), "version");
    check_refused(|version| version.version_created = None, "version_created");
    check_refused(|version| version.status = PubStatus::Unknown("odd".into()), "status");
    check_refused(
        |version| {
            let spaced = version.copy.push(BlockKind::P, "two  spaces", Vec::new(), None);
            spaced.expect("carried");
        },
        "copy",
    );
    check_refused(
        |version| {
            let bold = news::Mark { range: 0..1, kind: news::MarkKind::Strong };
            version.copy.push(BlockKind::Subhead, "Bold", vec![bold], None).expect("carried");
        },
        "copy",
    );
    check_refused(|version| version.slugline = Some(" ".into()), "slugline");
    check_refused(
        |version| {
            version.references.push(news::Reference {
                relation: Relation::Kills,
                uri: "x".into(),
                version: None,
                when: None,
                raw: String::new(),
            });
        },
        "references",
    );
}
