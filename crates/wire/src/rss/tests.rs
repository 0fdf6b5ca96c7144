use news::{Embargo, Gravity, PubStatus, Relation, Severity, Version, VersionOrder};

use crate::feed::tests::{carried, channel};
use crate::{Hints, Reading};

fn read(text: &str) -> Reading {
    crate::read(text.as_bytes(), &Hints::default())
}

fn feed(items: &str) -> String {
    format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:media=\"http://search.yahoo.com/mrss/\" \
         xmlns:sx=\"http://feedsync.org/2007/feedsync\" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" \
         xmlns:dcterms=\"http://purl.org/dc/terms/\"><channel><language>en</language>{items}</channel></rss>"
    )
}

fn one(item: &str) -> Version {
    let mut reading = read(&feed(&format!("<item>{item}</item>")));
    assert_eq!(reading.items.len(), 1, "{:?}", reading.complaints);
    reading.items.remove(0)
}

fn blocks(version: &Version) -> Vec<String> {
    version.copy.blocks().iter().map(|b| format!("{}: {}", b.kind().as_str(), b.text())).collect()
}

fn codes(version: &Version) -> Vec<&'static str> {
    version.complaints.iter().map(|c| c.code).collect()
}

#[test]
fn a_feed_in_english() {
    let text = include_str!("../../../../fixtures/wire/rss/world.xml");
    let reading = read(text);
    assert!(reading.complaints.is_empty(), "{:?}", reading.complaints);
    let [first, second] = &reading.items[..] else { panic!("two items") };
    assert_eq!(
        blocks(first),
        [
            "headline: Harbour reopens after \"once in a century\" storm -- ferries & trains run",
            "p: PORT EXAMPLE, March 21 (Agency Example) - The harbour reopened on Saturday.",
            "p: https://agency.example/live",
            "p: \"We waited two days,\" the harbour master said -- and it's 5\u{a0}km long.",
            "li: Ferries: hourly",
            "li: Trains: from noon",
            "row: Pier\tOpen",
            "row: 1\tyes",
        ]
    );
    assert_eq!(
        (first.uri.as_str(), first.link.as_deref()),
        ("urn:agency-example:4711", Some("https://agency.example/world/4711"))
    );
    assert_eq!(
        (first.language.as_deref(), &first.creators[..]),
        (Some("en"), &["Ada Example".to_owned()][..])
    );
    assert_eq!(first.rights.copyright_notice.as_deref(), Some("© 2026 Agency Example"));
    assert_eq!(first.version.order, VersionOrder::Arrival);
    assert_eq!(first.claimed_time().map(|at| at.to_string()).as_deref(), Some("2026-03-21T06:00:00Z"));
    assert_eq!(first.subjects[0].scheme.as_deref(), Some("https://agency.example/topics"));
    assert_eq!(first.keywords, ["storm", "harbour"]);
    assert_eq!(first.renditions[0].href, "https://agency.example/p/4711.jpg");
    assert_eq!(first.notes[0].text, "tracking");
    assert!(matches!(first.embargo, Some(Embargo::Until(at)) if at.to_string() == "2026-03-21T06:00:00Z"));
    assert_eq!(first.expires.map(|at| at.to_string()).as_deref(), Some("2026-04-20T06:00:00Z"));
    let description = crate::account::unmapped(text, "item/description");
    assert_eq!(description, ["The short version, for lists."]);
    assert!(text[first.span.clone()].starts_with("<item>") && text[first.span.clone()].ends_with("</item>"));
    assert_eq!(
        blocks(second),
        [
            "headline: Title with <b>typed</b> tags &amp; signs",
            "p: First line\nsecond line",
            "p: Second paragraph"
        ]
    );
    assert_eq!(second.link.as_deref(), Some("https://agency.example/world/4712"));
}

#[test]
fn a_feed_in_hindi_keeps_its_joiners() {
    let reading = read(include_str!("../../../../fixtures/wire/rss/hindi.xml"));
    let version = &reading.items[0];
    assert_eq!(version.language.as_deref(), Some("hi"));
    assert_eq!(version.copy.headline(), Some("मौसम विभाग ने भारी बारिश की चेतावनी दी"));
    let body = version.copy.body().next().map(|b| b.text().to_owned()).unwrap_or_default();
    assert!(body.contains("क्\u{200d}षेत्रीय") && body.contains("निर्\u{200c}देश"), "{body}");
    assert_eq!(version.claimed_time().map(|at| at.to_string()).as_deref(), Some("2026-03-21T06:00:00Z"));
}

#[test]
fn a_title_is_plain_text_unless_the_feed_says_html() {
    let item = feed("<item><guid>1</guid><title>A &lt;b&gt;B&lt;/b&gt; &amp;amp; C</title></item>");
    assert_eq!(read(&item).items[0].copy.headline(), Some("A <b>B</b> &amp; C"));
    let hints = Hints { title_is_html: true, ..Hints::default() };
    let reading = crate::read(item.as_bytes(), &hints);
    let headline = &reading.items[0].copy.blocks()[0];
    assert_eq!((headline.text(), headline.marks().len()), ("A B & C", 1));
    assert_eq!(one("<guid>1</guid><title>\n a \t b\u{a0} c </title>").copy.headline(), Some("a b\u{a0} c"));
}

#[test]
fn an_item_is_known_by_guid_then_link_then_a_hash() {
    assert_eq!(one("<title>t</title><guid> g </guid><link>l</link>").uri, "g");
    assert_eq!(one("<title>t</title><link>\nhttps://a.example/1 </link>").uri, "https://a.example/1");
    let bare =
        one("<title>t</title><pubDate>Sat, 21 Mar 2026 06:00:00 GMT</pubDate><description>one</description>");
    let again = one(
        "<title> t</title><pubDate>Sat, 21 Mar 2026 06:00:00 GMT</pubDate><description>two</description>",
    );
    assert!(bare.uri.starts_with("urn:verbatim:rss:") && bare.uri == again.uri);
    assert_eq!(codes(&bare), ["no-identifier"]);
    let reading = read(&feed("<item/>"));
    assert_eq!((reading.complaints[0].code, reading.complaints[0].gravity), ("empty-item", Gravity::Lost));
}

#[test]
fn one_guid_twice_keeps_both_and_says_so() {
    let reading =
        read(&feed("<item><guid>1</guid><title>a</title></item><item><guid>1</guid><title>b</title></item>"));
    assert_eq!(reading.items.len(), 2);
    assert_eq!(codes(&reading.items[1]), ["identifier-twice"]);
}

#[test]
fn an_update_time_orders_versions() {
    let version = one(
        "<guid>1</guid><title>t</title><pubDate>Sat, 21 Mar 2026 06:00:00 GMT</pubDate><atom:updated>2026-03-21T09:00:00Z</atom:updated>",
    );
    assert!(
        matches!(version.version.order, VersionOrder::Time(at) if at.to_string() == "2026-03-21T09:00:00Z")
    );
    assert_eq!(version.version.raw, "2026-03-21T09:00:00Z");
    assert_eq!(version.first_created.map(|s| s.raw).as_deref(), Some("Sat, 21 Mar 2026 06:00:00 GMT"));
    let version = one("<guid>1</guid><title>t</title><dcterms:modified>soon</dcterms:modified>");
    assert_eq!((version.version.order, codes(&version)), (VersionOrder::Arrival, vec!["date-unreadable"]));
}

#[test]
fn withdrawals_in_a_feed() {
    let gone = one("<guid>1</guid><title>t</title><media:status state=\"deleted\"/>");
    assert_eq!((gone.status.clone(), gone.severity()), (PubStatus::Canceled, Severity::Kills));
    let gone = one("<guid>1</guid><sx:sync id=\"1\" deleted=\"true\"/>");
    assert_eq!((gone.severity(), codes(&gone)), (Severity::Kills, vec![]));
    let blocked = one(
        "<guid>1</guid><title>t</title><media:status state=\"deleted\"/><media:status state=\"blocked\"/>",
    );
    assert_eq!(blocked.status, PubStatus::Canceled, "the more restrictive state holds");
    let reading = read(&feed("<at:deleted-entry ref=\"u\" when=\"2026-03-21T09:00:00Z\"/>"));
    let reference = &reading.items[0].references[0];
    assert_eq!((reference.relation, reference.uri.as_str()), (Relation::Kills, "u"));
    assert_eq!(reference.when.map(|at| at.to_string()).as_deref(), Some("2026-03-21T09:00:00Z"));
}

#[test]
fn a_broken_item_is_a_complaint_with_its_place_and_its_siblings_go_on() {
    let text = feed(
        "<item><guid>1</guid><title>a</title></item><item><guid>2</guid><title>b</titel></item><item><guid>3</guid><title>c</title></item>",
    );
    let reading = read(&text);
    assert_eq!(reading.items.iter().map(|v| v.uri.as_str()).collect::<Vec<_>>(), ["1", "3"]);
    let complaint = &reading.complaints[0];
    assert_eq!((complaint.gravity, complaint.place.item), (Gravity::Lost, Some(1)));
    assert_eq!(complaint.place.path, "channel/item");
    assert_eq!(complaint.place.offset, text.find("</titel>"));
}

#[test]
fn an_unknown_entity_holds_and_a_bare_ampersand_does_not() {
    let version = one("<guid>1</guid><title>AT&T R&nbsp;D</title>");
    assert_eq!(version.copy.headline(), Some("AT&T R\u{a0}D"));
    assert_eq!(version.complaints.iter().map(|c| c.gravity).max(), Some(Gravity::Remark));
    let version = one("<guid>1</guid><title>a &company; b</title>");
    assert_eq!(version.copy.headline(), Some("a &company; b"));
    assert_eq!(version.complaints[0].gravity, Gravity::Hold);
}

#[test]
fn rss_1_0_is_read_too() {
    let reading = read(
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel rdf:about=\"x\"><title>c</title><dc:language>fr</dc:language></channel>\
         <item rdf:about=\"urn:1\"><title>t</title><link>https://a.example/1</link><dc:date>2026-03-21T06:00:00Z</dc:date>\
         <dc:creator>A</dc:creator><description>d</description></item></rdf:RDF>",
    );
    let version = &reading.items[0];
    assert_eq!((version.uri.as_str(), version.language.as_deref()), ("urn:1", Some("fr")));
    assert_eq!(
        (blocks(version), version.creators.len()),
        (vec!["headline: t".to_owned(), "p: d".to_owned()], 1)
    );
    assert!(version.claimed_time().is_some());
}

#[test]
fn markup_that_nobody_escaped_is_read_as_markup() {
    let version = one("<guid>1</guid><description><p>a <b>b</b></p><p>c</p></description>");
    assert_eq!(blocks(&version), ["p: a b", "p: c"]);
}

#[test]
fn what_is_written_is_read_again() {
    let channel = channel(
        &[("p", "one\ntwo"), ("li", "a & <b>"), ("pre", "x\n  y"), ("row", "1\t2")],
        "Head \"line\" <i>",
    );
    let text = super::write(&channel);
    let reading = read(&text);
    assert!(reading.complaints.is_empty(), "{:?}", reading.complaints);
    let [story, tombstone] = &reading.items[..] else { panic!("a story and a tombstone") };
    carried(story, &text, &channel);
    assert!(story.complaints.is_empty(), "{:?}", story.complaints);
    assert_eq!(tombstone.references[0].uri, channel.tombstones[0].id);
    assert!(text.contains(
        "<verbatim:label review=\"unreviewed\">Published &amp; not &lt;reviewed&gt;</verbatim:label>"
    ));
}
