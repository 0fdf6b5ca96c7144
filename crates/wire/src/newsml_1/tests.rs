use news::{
    BlockKind, Embargo, Gravity, ItemClass, Placement, PubStatus, Relation, Severity, Version, VersionOrder,
};

use crate::account::unmapped;
use crate::{Hints, Reading};

const IDENTIFIER: &str = "<ProviderId>agency.example</ProviderId><DateId>20260310</DateId><NewsItemId>E-1</NewsItemId><RevisionId PreviousRevision=\"2\" Update=\"N\">3</RevisionId>";
const USABLE: &str = r#"<Status FormalName="Usable"/>"#;

fn message(items: &str) -> String {
    format!(
        "<NewsML Version=\"1.2\"><NewsEnvelope><DateAndTime>20260310T101500Z</DateAndTime><Priority FormalName=\"4\"/></NewsEnvelope>{items}</NewsML>"
    )
}

fn news_item(identifier: &str, management: &str, rest: &str) -> String {
    format!(
        "<NewsItem><Identification><NewsIdentifier>{identifier}</NewsIdentifier></Identification><NewsManagement><NewsItemType FormalName=\"News\"/><ThisRevisionCreated>20260310T101400Z</ThisRevisionCreated>{management}</NewsManagement>{rest}</NewsItem>"
    )
}

fn holding(format: &str, story: &str) -> String {
    format!("<ContentItem>{format}<DataContent>{story}</DataContent></ContentItem>")
}

fn story(component: &str) -> String {
    message(&news_item(IDENTIFIER, USABLE, &format!("<NewsComponent>{component}</NewsComponent>")))
}

fn words() -> String {
    format!("<NewsComponent>{}</NewsComponent>", holding("", "<p>Words</p>"))
}

fn reading(text: &str) -> Reading {
    super::read(text, &Hints::default())
}

#[track_caller]
fn one(text: &str) -> Version {
    let mut reading = crate::read(text.as_bytes(), &Hints::default());
    assert_eq!(reading.items.len(), 1, "{:?}", reading.complaints);
    reading.items.remove(0)
}

fn blocks(version: &Version) -> Vec<(BlockKind, &str)> {
    version.copy.blocks().iter().map(|block| (block.kind(), block.text())).collect()
}

fn codes(version: &Version, gravity: Gravity) -> Vec<&str> {
    version.complaints.iter().filter(|c| c.gravity == gravity).map(|c| c.code).collect()
}

fn notes(version: &Version) -> Vec<(&str, &str)> {
    version.notes.iter().map(|note| (note.role.as_str(), note.text.as_str())).collect()
}

// --- identity ---

#[track_caller]
fn check_identity(identifier: &str, uri: &str, revision: Option<u64>) {
    let version = one(&message(&news_item(identifier, USABLE, &words())));
    let order = revision.map(VersionOrder::Number);
    assert_eq!(version.uri, uri, "{identifier}");
    match order {
        Some(order) => assert_eq!(version.version.order, order, "{identifier}"),
        None => assert!(matches!(version.version.order, VersionOrder::Time(_)), "{identifier}"),
    }
}

#[test]
fn the_uri_never_carries_the_revision() {
    let uri = "urn:newsml:agency.example:20260310:E-1";
    let parts =
        "<ProviderId>agency.example</ProviderId><DateId>20260310</DateId><NewsItemId>E-1</NewsItemId>";
    check_identity(IDENTIFIER, uri, Some(3));
    check_identity(parts, uri, None);
    check_identity(
        &format!("{parts}<RevisionId>1</RevisionId><PublicIdentifier>{uri}:1</PublicIdentifier>"),
        uri,
        Some(1),
    );
    check_identity(&format!("{parts}<PublicIdentifier>{uri}:4N</PublicIdentifier>"), uri, Some(4));
    check_identity(&format!("<PublicIdentifier> {uri}:12U </PublicIdentifier>"), uri, Some(12));
    // Not of the form that carries a revision.
    check_identity(
        &format!("{parts}<PublicIdentifier>urn:newsml:agency.example</PublicIdentifier>"),
        uri,
        None,
    );
    check_identity(&format!("{parts}<PublicIdentifier>{uri}</PublicIdentifier>"), uri, None);
    check_identity(
        "<PublicIdentifier>tag:agency.example:E-1</PublicIdentifier>",
        "tag:agency.example:E-1",
        None,
    );
}

#[test]
fn belgas_date_is_that_of_the_revision_and_no_part_of_the_uri() {
    let revision = |date: &str, number: &str| {
        format!(
            "<ProviderId>belga.be</ProviderId><DateId>{date}</DateId><NewsItemId>77</NewsItemId><RevisionId>{number}</RevisionId><PublicIdentifier>urn:newsml:belga.be:{date}:77:{number}</PublicIdentifier>"
        )
    };
    check_identity(&revision("20260310T101400", "1"), "urn:newsml:belga.be:77", Some(1));
    check_identity(&revision("20260310T114500", "2"), "urn:newsml:belga.be:77", Some(2));
}

#[test]
fn an_item_without_a_name_is_lost_and_its_sibling_is_not() {
    let reading = reading(&message(&format!(
        "{}{}",
        news_item("", USABLE, &words()),
        news_item(IDENTIFIER, USABLE, &words())
    )));
    assert_eq!(reading.items.len(), 1);
    let lost: Vec<_> = reading.complaints.iter().map(|c| (c.gravity, c.code, c.place.item)).collect();
    assert_eq!(lost, [(Gravity::Lost, "no-identity", Some(0))]);
}

#[test]
fn two_names_for_one_item_are_said() {
    let version = one(&message(&news_item(
        &format!("{IDENTIFIER}<PublicIdentifier>urn:newsml:agency.example:20260310:E-2:3</PublicIdentifier>"),
        USABLE,
        &words(),
    )));
    assert_eq!(version.uri, "urn:newsml:agency.example:20260310:E-2");
    assert_eq!(codes(&version, Gravity::Remark), ["two-identities"]);
}

// --- status ---

#[track_caller]
fn check_status(management: &str, status: PubStatus, severity: Severity) {
    let version = one(&message(&news_item(IDENTIFIER, management, &words())));
    assert_eq!((&version.status, version.severity()), (&status, severity), "{management}");
}

#[test]
fn the_status_is_what_the_item_says_in_any_case() {
    for usable in ["Usable", "usable", "USABLE"] {
        check_status(&format!(r#"<Status FormalName="{usable}"/>"#), PubStatus::Usable, Severity::Informs);
    }
    check_status(r#"<Status FormalName="Withheld"/>"#, PubStatus::Withheld, Severity::Withholds);
    check_status(r#"<Status FormalName="Canceled"/>"#, PubStatus::Canceled, Severity::Kills);
    check_status(r#"<Status FormalName="CANCELLED"/>"#, PubStatus::Canceled, Severity::Kills);
    let two = r#"<Status FormalName="Usable"/><Status FormalName="Withheld"/>"#;
    check_status(two, PubStatus::Withheld, Severity::Withholds);
}

#[test]
fn a_status_that_nobody_knows_and_none_at_all_hold() {
    check_status(r#"<Status FormalName="Pending"/>"#, PubStatus::Unknown("Pending".into()), Severity::Holds);
    check_status("", PubStatus::Unknown(String::new()), Severity::Holds);
    check_status(r#"<Status/>"#, PubStatus::Unknown(String::new()), Severity::Holds);
    let nothing = message(&format!(
        "<NewsItem><Identification><NewsIdentifier>{IDENTIFIER}</NewsIdentifier></Identification>{}</NewsItem>",
        words()
    ));
    assert_eq!(codes(&one(&nothing), Gravity::Hold), ["no-status"]);
}

#[track_caller]
fn check_change(
    now: &str,
    future: &str,
    when: &str,
    embargo: Option<Embargo>,
    expires: Option<&str>,
    held: bool,
) {
    let management = format!(
        r#"<Status FormalName="{now}"/><StatusWillChange><FutureStatus FormalName="{future}"/><DateAndTime>{when}</DateAndTime></StatusWillChange>"#
    );
    let version = one(&message(&news_item(IDENTIFIER, &management, &words())));
    let case = format!("{now} to {future} at {when}: {:?}", version.complaints);
    assert_eq!(version.embargo, embargo, "{case}");
    assert_eq!(version.expires, expires.map(|at| at.parse().unwrap()), "{case}");
    assert_eq!(!codes(&version, Gravity::Hold).is_empty(), held, "{case}");
}

#[test]
fn an_embargo_ends_when_the_agency_says_and_never_earlier() {
    let until = Some(Embargo::Until("2026-03-11T06:00:00Z".parse().unwrap()));
    let never = Some(Embargo::Indefinite);
    let at = "20260311T060000Z";
    check_change("Embargoed", "Usable", at, until, None, false);
    check_change("embargoed", "usable", "20260311T080000+0200", until, None, false);
    check_change("Embargoed", "Usable", "", never, None, false);
    check_change("Embargoed", "Usable", "after the speech", never, None, true);
    check_change("Embargoed", "Canceled", at, never, Some("2026-03-11T06:00:00Z"), false);
    check_change("Embargoed", "Pending", at, never, None, true);
    check_change("Usable", "Canceled", at, None, Some("2026-03-11T06:00:00Z"), false);
    check_change("Usable", "Withheld", at, None, Some("2026-03-11T06:00:00Z"), false);
    check_change("Usable", "Withheld", "", None, None, true);
    check_change("Usable", "Embargoed", at, None, None, true);
    check_change("Usable", "Usable", at, None, None, false);
    let alone = one(&message(&news_item(IDENTIFIER, r#"<Status FormalName="Embargoed"/>"#, &words())));
    assert_eq!(alone.embargo, never);
}

#[test]
fn a_withheld_item_stays_withheld_until_the_agency_sends_it_again() {
    let version = one(&message(&news_item(
        IDENTIFIER,
        r#"<Status FormalName="Withheld"/><StatusWillChange><FutureStatus FormalName="Usable"/><DateAndTime>20260311T060000Z</DateAndTime></StatusWillChange>"#,
        &words(),
    )));
    assert_eq!((version.severity(), version.embargo), (Severity::Withholds, None));
}

#[test]
fn the_more_restrictive_of_item_and_story_holds() {
    for (docdata, severity) in [
        (r#"<docdata management-status="canceled"/>"#, Severity::Kills),
        (r#"<docdata management-status="withheld"/>"#, Severity::Withholds),
        (r#"<docdata management-status="usable"/>"#, Severity::Informs),
    ] {
        let nitf = format!(
            "<nitf><head>{docdata}</head><body><body.content><p>Words</p></body.content></body></nitf>"
        );
        assert_eq!(one(&story(&holding("", &nitf))).severity(), severity, "{docdata}");
    }
}

#[track_caller]
fn check_words(management: &str, component: &str, severity: Severity, text: bool) {
    let component = format!("<NewsComponent>{component}{}</NewsComponent>", holding("", "<p>Words</p>"));
    let version = one(&message(&news_item(IDENTIFIER, &format!("{USABLE}{management}"), &component)));
    assert_eq!(
        (version.severity(), version.class == ItemClass::Text),
        (severity, text),
        "{management}{component}"
    );
}

#[test]
fn types_instructions_and_genres_restrict() {
    check_words(r#"<NewsItemType FormalName="Advisory"/>"#, "", Severity::NotForPublication, false);
    check_words(r#"<NewsItemType FormalName="Alert"/>"#, "", Severity::Informs, true);
    check_words(r#"<Instruction FormalName="Kill"/>"#, "", Severity::Kills, true);
    check_words(r#"<Instruction FormalName="Withhold"/>"#, "", Severity::Withholds, true);
    check_words(r#"<Instruction FormalName="Use with care"/>"#, "", Severity::Informs, true);
    let earlier = |word: &str| {
        format!(
            r#"<Instruction FormalName="Cancel"><RevisionStatus Revision="2"><Status FormalName="{word}"/></RevisionStatus></Instruction>"#
        )
    };
    check_words(&earlier("Canceled"), "", Severity::Holds, true);
    check_words(
        r#"<Instruction><RevisionStatus Revision="2"><Status FormalName="Canceled"/></RevisionStatus></Instruction>"#,
        "",
        Severity::Informs,
        true,
    );
    check_words(
        r#"<Instruction><RevisionStatus><Status FormalName="Pending"/></RevisionStatus></Instruction>"#,
        "",
        Severity::Holds,
        true,
    );
    let genre =
        |word: &str| format!(r#"<DescriptiveMetadata><Genre FormalName="{word}"/></DescriptiveMetadata>"#);
    check_words("", &genre("Daybook"), Severity::NotForPublication, false);
    check_words("", &genre("Current"), Severity::Informs, true);
}

#[test]
fn a_test_of_the_line_is_no_story() {
    let envelope = message(&news_item(IDENTIFIER, USABLE, &words()))
        .replace("<Priority", r#"<NewsService FormalName="Test"/><Priority"#);
    assert_eq!(one(&envelope).severity(), Severity::NotForPublication);
}

// --- partial revisions ---

#[track_caller]
fn check_partial(update: &str, status: &str, rest: &str, severity: Severity, held: &[&str]) {
    let identifier = IDENTIFIER.replace("Update=\"N\"", &format!("Update=\"{update}\""));
    let version =
        one(&message(&news_item(&identifier, &format!(r#"<Status FormalName="{status}"/>"#), rest)));
    assert_eq!(
        (version.severity(), codes(&version, Gravity::Hold)),
        (severity, held.to_vec()),
        "{update} {status} {rest}"
    );
    assert_eq!(version.class, ItemClass::Text);
}

#[test]
fn a_revision_without_a_story_acts_only_where_it_restricts() {
    check_partial("A", "Canceled", "", Severity::Kills, &[]);
    check_partial("A", "Withheld", "", Severity::Withholds, &[]);
    check_partial("U", "Canceled", "<Update><Delete DuidRef=\"a\"/></Update>", Severity::Kills, &[]);
    check_partial("A", "Usable", "", Severity::Informs, &["partial-revision"]);
    check_partial("U", "Usable", "", Severity::Informs, &["partial-revision"]);
    check_partial(
        "U",
        "Usable",
        "<Update><Replace DuidRef=\"a\"><p>New</p></Replace></Update>",
        Severity::Informs,
        &["partial-revision"],
    );
    check_partial("A", "Usable", &words(), Severity::Informs, &[]);
    check_partial("U", "Usable", &words(), Severity::Informs, &[]);
    check_partial("N", "Usable", &words(), Severity::Informs, &[]);
}

#[test]
fn words_of_a_patch_are_no_copy() {
    let patch = "<Update><Replace DuidRef=\"a\"><p>New words</p></Replace></Update>";
    let text = message(&news_item(IDENTIFIER, USABLE, patch));
    assert!(one(&text).copy.is_empty());
    assert_eq!(unmapped(&text, "NewsItem/Update/Replace/p"), ["New words"]);
}

// --- story ---

#[track_caller]
fn check_story(component: &str, expect: &[(BlockKind, &str)]) {
    let version = one(&story(component));
    assert_eq!(blocks(&version), expect, "{component}");
    assert_eq!(codes(&version, Gravity::Hold), Vec::<&str>::new(), "{component}");
}

#[test]
fn a_story_is_read_in_every_form() {
    use BlockKind::{H2, P};
    let expect: &[(BlockKind, &str)] = &[(P, "One & two"), (P, "Three")];
    let paragraphs = "<p>One &amp; two</p><p>Three</p>";
    let nitf = format!("<nitf><body><body.content>{paragraphs}</body.content></body></nitf>");
    for (format, delivered) in [
        ("", nitf.clone()),
        ("", format!("<body.content>{paragraphs}</body.content>")),
        (r#"<Format FormalName="bcNITF2.5"/>"#, paragraphs.to_owned()),
        (
            r#"<Format FormalName="bcNITF2.5"/>"#,
            format!("<media><media-reference source=\"a.jpg\"/></media>{paragraphs}"),
        ),
        ("", paragraphs.to_owned()),
        (
            "",
            format!(
                "<html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>T</title></head><body>{paragraphs}</body></html>"
            ),
        ),
        (r#"<Format FormalName="HTML"/>"#, format!("<![CDATA[{paragraphs}]]>")),
        (r#"<MediaType FormalName="Text"/>"#, format!("\n <![CDATA[\n{paragraphs}]]>")),
        (r#"<Format FormalName="NITF3.1"/>"#, format!("<![CDATA[{nitf}]]>")),
        (r#"<MimeType FormalName="text/plain"/>"#, "One &amp; two\n\nThree".to_owned()),
    ] {
        check_story(&holding(format, &delivered), expect);
    }
    check_story(&holding("", "<h2>Head</h2><p>Line<br/>feed</p>"), &[(H2, "Head"), (P, "Line\nfeed")]);
}

#[test]
fn what_cannot_be_read_waits_for_a_person() {
    for item in [
        "<ContentItem><MediaType FormalName=\"Text\"/><Encoding Notation=\"Base64\"><DataContent>V29yZHM=</DataContent></Encoding></ContentItem>".to_owned(),
        holding("", "<sports-event/>"),
        holding("", "<![CDATA[<nitf><body>]]>"),
    ] {
        let version = one(&story(&format!("<NewsLines><HeadLine>H</HeadLine></NewsLines>{item}")));
        assert_eq!(codes(&version, Gravity::Hold), ["unreadable-body"], "{item}");
        assert_eq!(blocks(&version), [(BlockKind::Headline, "H")]);
    }
    let elsewhere =
        one(&story("<ContentItem Href=\"story.xml\"><MediaType FormalName=\"Text\"/></ContentItem>"));
    assert_eq!(codes(&elsewhere, Gravity::Hold), ["story-elsewhere"]);
}

#[test]
fn the_lines_stand_before_the_story() {
    let lines = "<NewsLines><DateLine>LYON, March 10 (AGX) -</DateLine><ByLine>By Ann Example</ByLine><SubHeadLine>Second</SubHeadLine><HeadLine>First</HeadLine></NewsLines>";
    check_story(
        &format!("{lines}{}", holding("", "<p>Words</p>")),
        &[
            (BlockKind::Headline, "First"),
            (BlockKind::Subhead, "Second"),
            (BlockKind::Byline, "By Ann Example"),
            (BlockKind::Dateline, "LYON, March 10 (AGX) -"),
            (BlockKind::P, "Words"),
        ],
    );
    let version = one(&story(&format!("{lines}{}", holding("", "<p>LYON, March 10 (AGX) - Words</p>"))));
    assert_eq!(version.dateline.as_ref().map(|dateline| dateline.placement), Some(Placement::Both));
    assert_eq!(version.copy.texts(BlockKind::Dateline).count(), 0);
}

#[test]
fn the_inner_lines_speak_for_the_story_and_the_others_are_kept() {
    let text = story(&format!(
        "<NewsLines><HeadLine>Package</HeadLine><CreditLine>AGX</CreditLine></NewsLines><NewsComponent><NewsLines><HeadLine xml:lang=\"fr\">Une</HeadLine><HeadLine xml:lang=\"en\">Story</HeadLine></NewsLines><DescriptiveMetadata><Language FormalName=\"en\"/></DescriptiveMetadata>{}</NewsComponent>",
        holding(
            "",
            "<nitf><body><body.head><hedline><hl1>Other</hl1></hedline></body.head><body.content><p>Words</p></body.content></body></nitf>"
        )
    ));
    let version = one(&text);
    assert_eq!(blocks(&version), [(BlockKind::Headline, "Story"), (BlockKind::P, "Words")]);
    for kept in ["Package", "Une", "Other"] {
        assert!(unmapped(&text, "").contains(&kept.to_owned()), "{kept}");
    }
    assert_eq!(
        (version.rights.credit_line.as_deref(), version.language.as_deref()),
        (Some("AGX"), Some("en"))
    );
}

#[test]
fn words_for_editors_are_never_copy() {
    let line = |kind: &str| {
        format!(
            "<NewsLine><NewsLineType FormalName=\"{kind}\"/><NewsLineText>SECRET {kind}</NewsLineText></NewsLine>"
        )
    };
    let component = format!(
        "<NewsLines><HeadLine>H</HeadLine>{}{}</NewsLines><Comment>SECRET comment</Comment><NewsComponent><Role FormalName=\"Main\"/>{}</NewsComponent><NewsComponent><Role FormalName=\"Contact\"/>{}</NewsComponent><NewsComponent><Role FormalName=\"EdNote\"/>{}</NewsComponent>",
        line("AdvisoryLine"),
        line("ProductLine"),
        holding(
            "",
            "<nitf><body><body.content><p>Words</p><note type=\"npa\"><p>SECRET npa</p></note><p>The following information is not for publication</p><p>SECRET phone</p></body.content></body></nitf>"
        ),
        holding("", "<p>SECRET contact</p>"),
        holding("", "<p>SECRET note</p>"),
    );
    let version = one(&story(&component));
    assert_eq!(blocks(&version), [(BlockKind::Headline, "H"), (BlockKind::P, "Words")]);
    let notes = notes(&version);
    for secret in ["AdvisoryLine", "ProductLine", "comment", "npa", "phone", "contact", "note"] {
        let text = format!("SECRET {secret}");
        assert!(notes.iter().any(|(_, note)| *note == text), "{text}: {notes:?}");
    }
}

#[test]
fn a_role_decides_what_a_text_is_for() {
    let part = |role: &str, text: &str| {
        format!(
            "<NewsComponent><Role FormalName=\"{role}\"/>{}</NewsComponent>",
            holding("", &format!("<p>{text}</p>"))
        )
    };
    use BlockKind::{Headline, P, Subhead};
    check_story(
        &format!(
            "{}{}{}{}",
            part("HeadLine", "H"),
            part("SubHeadLine", "S"),
            part("Abstract", "A"),
            part("Body", "B")
        ),
        &[(Headline, "H"), (Subhead, "S"), (P, "B")],
    );
    check_story(&format!("{}{}", part("Sidebar", "Beside"), part("Main", "B")), &[(P, "B")]);
    let unknown = one(&story(&part("Sidebar", "Beside")));
    assert_eq!(codes(&unknown, Gravity::Hold), ["unknown-role"]);
    let several = one(&story(&format!("{}{}", part("Main", "B"), part("Main", "C"))));
    assert_eq!((blocks(&several), codes(&several, Gravity::Hold)), (vec![(P, "B")], vec!["several-texts"]));
}

#[test]
fn of_equivalents_the_one_with_more_structure_is_read() {
    let both = format!(
        "<NewsComponent EquivalentsList=\"yes\"><NewsComponent>{}</NewsComponent><NewsComponent>{}</NewsComponent></NewsComponent>",
        holding(r#"<MimeType FormalName="text/plain"/>"#, "Plain"),
        holding("", "<nitf><body><body.content><p>Rich</p></body.content></body></nitf>")
    );
    check_story(&both, &[(BlockKind::P, "Rich")]);
    check_story(
        &format!(
            "{}{}",
            holding(r#"<MimeType FormalName="text/plain"/>"#, "Plain"),
            holding("", "<nitf><body><body.content><p>Rich</p></body.content></body></nitf>")
        ),
        &[(BlockKind::P, "Rich")],
    );
}

#[test]
fn of_several_languages_the_feeds_is_read() {
    let part = |tag: &str, text: &str| {
        format!(
            "<NewsComponent><NewsLines><HeadLine>{text}!</HeadLine></NewsLines><DescriptiveMetadata><Language FormalName=\"{tag}\"/></DescriptiveMetadata>{}</NewsComponent>",
            holding("", &format!("<p>{text}</p>"))
        )
    };
    let text = story(&format!("{}{}", part("fr", "Bonjour"), part("ar", "مرحبا")));
    for (language, expect) in [(None, "Bonjour"), (Some("ar-EG"), "مرحبا"), (Some("de"), "Bonjour")] {
        let hints = Hints { language: language.map(str::to_owned), ..Hints::default() };
        let reading = super::read(&text, &hints);
        let version = &reading.items[0];
        assert_eq!(version.copy.texts(BlockKind::P).collect::<Vec<_>>(), [expect], "{language:?}");
        assert_eq!(version.copy.headline(), Some(format!("{expect}!").as_str()));
        assert_eq!(codes(version, Gravity::Remark), ["other-language"]);
        assert_eq!(codes(version, Gravity::Hold), Vec::<&str>::new());
    }
}

#[test]
fn pictures_and_videos_are_no_stories() {
    let photo = r#"<ContentItem Href="a.jpg"><MediaType FormalName="Photo"/></ContentItem>"#;
    let caption = format!(
        "<NewsComponent><Role FormalName=\"Caption\"/>{}</NewsComponent>",
        holding("", "<p>A man</p>")
    );
    let version = one(&story(&format!("<NewsComponent>{photo}</NewsComponent>{caption}")));
    assert_eq!(version.class, ItemClass::Other("photo".into()));
    let video = format!(
        "<NewsComponent><Role FormalName=\"Video\"/><NewsComponent><Role FormalName=\"Body\"/>{}</NewsComponent><NewsComponent><Role FormalName=\"Clip\"/><ContentItem Href=\"a.mp4\"><Format FormalName=\"Mpeg4\"/></ContentItem></NewsComponent></NewsComponent>",
        holding("", "00:00 Rushes")
    );
    let version = one(&story(&video));
    assert_eq!((version.class, version.copy.is_empty()), (ItemClass::Other("video".into()), true));
    let package = one(&story(r#"<NewsItemRef NewsItem="urn:newsml:agency.example:20260310:E-9:1"/>"#));
    assert_eq!(package.class, ItemClass::Other("package".into()));
    assert_eq!(package.references[0].relation, Relation::Member);
}

#[test]
fn references_name_items_without_their_revision() {
    let management = format!(
        "{USABLE}<DerivedFrom NewsItem=\"urn:newsml:agency.example:20260310:E-1:2N\"/><AssociatedWith NewsItem=\"urn:newsml:agency.example:20260309:E-7:1\"/><AssociatedWith FormalName=\"Replaces\" NewsItem=\"agency.example:1\"/><AssociatedWith FormalName=\"Photo\"/>"
    );
    let version = one(&message(&news_item(IDENTIFIER, &management, &words())));
    let found: Vec<_> =
        version.references.iter().map(|r| (r.relation, r.uri.as_str(), r.version.as_deref())).collect();
    assert_eq!(
        found,
        [
            (Relation::Previous, "urn:newsml:agency.example:20260310:E-1", Some("2N")),
            (Relation::SeeAlso, "urn:newsml:agency.example:20260309:E-7", Some("1")),
            (Relation::Replaces, "agency.example:1", None),
        ]
    );
}

#[test]
fn rights_and_labels_are_kept() {
    let text = story(&format!(
        "<NewsLines><CopyrightLine>© 2026 AGX</CopyrightLine><RightsLine>No archive</RightsLine><SlugLine>Spring-Blossom</SlugLine><KeywordLine>blossom</KeywordLine></NewsLines><RightsMetadata><Copyright><CopyrightHolder>AGX</CopyrightHolder></Copyright><UsageRights><Limitations>Print only</Limitations><EndDate>20260401T000000Z</EndDate></UsageRights></RightsMetadata><AdministrativeMetadata><Creator><Party FormalName=\"Ann Example\"/></Creator></AdministrativeMetadata>{}",
        holding("", "<p>Words</p>")
    ));
    let version = one(&text);
    assert_eq!(version.rights.copyright_notice.as_deref(), Some("© 2026 AGX"));
    assert_eq!(version.rights.copyright_holder.as_deref(), Some("AGX"));
    assert_eq!(version.rights.usage_terms, ["No archive", "Print only"]);
    assert_eq!(version.expires, Some("2026-04-01T00:00:00Z".parse().unwrap()));
    assert_eq!(
        (version.slugline.as_deref(), version.keywords.as_slice()),
        (Some("Spring-Blossom"), &["blossom".to_owned()][..])
    );
    assert_eq!(version.creators, ["Ann Example"]);
    assert_eq!(unmapped(&text, "NewsML/NewsEnvelope/Priority/@FormalName"), ["4"]);
}

#[test]
fn no_number_of_parts_costs_more_than_their_length() {
    let role = |name: &str, i: usize| {
        format!(
            "<NewsComponent><Role FormalName=\"{name}\"/>{}</NewsComponent>",
            holding("", &format!("<p>{name} {i}</p>"))
        )
    };
    let many: String =
        (0..10_000).flat_map(|i| [role("Caption", i), role("SubHeadLine", i), role("Main", i)]).collect();
    let subjects: String = (0..50_000).map(|i| format!("<Subject FormalName=\"{i}\"/>")).collect();
    let text = story(&format!(
        "<DescriptiveMetadata><SubjectCode>{subjects}</SubjectCode></DescriptiveMetadata>{many}"
    ));
    let version = one(&text);
    assert_eq!((version.subjects.len(), version.copy.texts(BlockKind::Caption).count()), (50_000, 10_000));
    // Squares of these numbers take minutes.
}

// --- whole transmissions ---

#[test]
fn after_a_broken_item_reading_goes_on() {
    let good = news_item(IDENTIFIER, USABLE, &words());
    let broken = good.replace("E-1", "E-0").replace("</NewsManagement>", "</NewsManager>");
    let reading = reading(&message(&format!("{broken}{good}")));
    assert_eq!(
        reading.items.iter().map(|v| v.uri.as_str()).collect::<Vec<_>>(),
        ["urn:newsml:agency.example:20260310:E-1"]
    );
    assert_eq!(codes(&reading.items[0], Gravity::Hold), Vec::<&str>::new());
    assert!(reading.complaints.iter().any(|c| c.gravity == Gravity::Lost && c.place.item == Some(0)));
}

#[test]
fn an_item_inside_an_unreadable_one_waits_for_a_person() {
    let inner = news_item(IDENTIFIER, USABLE, &words());
    let second = inner.replace("E-1", "E-2");
    let outer = news_item(
        &IDENTIFIER.replace("E-1", "E-0"),
        r#"<Status FormalName="Embargoed"/>"#,
        &format!("<NewsComponent>{inner}{second}</NewsComponent>"),
    );
    let reading = reading(&message(&outer));
    assert_eq!(reading.items.len(), 2);
    for version in &reading.items {
        assert_eq!(codes(version, Gravity::Hold), ["nested-item"], "{}", version.uri);
    }
}

#[test]
fn a_memorandum_of_one_agency_waits_for_a_person() {
    let labelled = |provider: &str| {
        message(&news_item(&IDENTIFIER.replace("agency.example", provider), USABLE, &words()))
            .replace("</NewsIdentifier>", "</NewsIdentifier><NameLabel>مذكرة</NameLabel>")
    };
    assert_eq!(one(&labelled("afp.com")).severity(), Severity::Holds);
    assert_eq!(one(&labelled("agency.example")).severity(), Severity::Informs);
}

#[test]
fn the_japanese_wire_is_read_whole() {
    let version = one(include_str!("../../../../fixtures/wire/newsml-1/kyoto.xml"));
    assert_eq!(
        blocks(&version),
        [
            (BlockKind::Headline, "京都の桜、平年より五日早く開花"),
            (BlockKind::Dateline, "【京都】"),
            (BlockKind::P, "　京都地方気象台は十日、桜の開花を発表した。平年より五日、昨年より二日早い。"),
            (BlockKind::P, "　市内では花見の準備が始まった。"),
            (BlockKind::Caption, "咲き始めた桜＝十日、京都市"),
            (BlockKind::Credit, "例田花子"),
        ]
    );
    assert_eq!(notes(&version), [("AdvisoryLine", "編集者へ：写真あり。電話 03-0000-0000")]);
    assert_eq!(version.renditions.iter().map(|r| r.href.as_str()).collect::<Vec<_>>(), ["W0007-1.jpg"]);
    assert_eq!(version.version.order, VersionOrder::Number(2));
    assert_eq!((version.located.as_deref(), version.urgency), (Some("京都"), Some(4)));
    assert_eq!(version.version_created.unwrap().at, Some("2026-03-10T00:14:00Z".parse().unwrap()));
    assert_eq!(version.complaints, []);
}

#[test]
fn the_arabic_wire_is_read_whole() {
    let version = one(include_str!("../../../../fixtures/wire/newsml-1/arabic.xml"));
    assert_eq!(
        blocks(&version),
        [
            (BlockKind::Headline, "افتتاح معرض الكتاب في تونس"),
            (BlockKind::Dateline, "تونس, 10-03-2026 (أ م) -"),
            (BlockKind::P, "افتتحت الثلاثاء دورة جديدة من معرض الكتاب بمشاركة ٢٠٠ ناشر."),
            (BlockKind::P, "ويستمر المعـرض حتى الأحد."),
        ]
    );
    assert_eq!((version.language.as_deref(), version.complaints.len()), (Some("ar"), 0));
}

#[test]
fn a_kill_names_the_item_that_it_kills() {
    let story = one(include_str!("../../../../fixtures/wire/newsml-1/kyoto.xml"));
    let kill = one(include_str!("../../../../fixtures/wire/newsml-1/kill.xml"));
    assert_eq!((kill.uri, kill.status), (story.uri, PubStatus::Canceled));
    assert_eq!(kill.version.order, VersionOrder::Number(3));
}

proptest::proptest! {
    #[test]
    fn no_cut_or_changed_wire_breaks_the_reader(at in 0usize..4000, byte in proptest::prelude::any::<u8>(), cut in proptest::prelude::any::<bool>()) {
        let mut bytes = include_bytes!("../../../../fixtures/wire/newsml-1/kyoto.xml").to_vec();
        let at = at % bytes.len();
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        let reading = crate::read(&bytes, &Hints::default());
        for version in &reading.items {
            proptest::prop_assert!(version.span.start <= version.span.end && version.span.end <= bytes.len());
            // Whatever is broken, the words for editors stay out of the copy.
            proptest::prop_assert!(!version.copy.canonical().contains("03-0000-0000"));
        }
        proptest::prop_assert!(!reading.items.is_empty() || reading.complaints.iter().any(|c| c.gravity == Gravity::Lost));
    }
}

#[test]
fn a_revision_of_the_management_alone_withholds_the_story_that_it_does_not_bring() {
    let text = include_str!("../../../../fixtures/wire/newsml-1/withheld-only.xml");
    let held = one(text);
    let story = one(include_str!("../../../../fixtures/wire/newsml-1/arabic.xml"));
    assert_eq!(held.uri, story.uri);
    assert_eq!(held.status, PubStatus::Withheld);
    assert_eq!((held.version.order, story.version.order), (VersionOrder::Number(2), VersionOrder::Number(1)));
    assert!(held.copy.is_empty());
    assert_eq!(held.notes.iter().map(|note| note.role.as_str()).collect::<Vec<_>>(), ["instruction"]);
}
