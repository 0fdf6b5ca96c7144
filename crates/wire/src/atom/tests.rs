use news::{Gravity, ItemClass, MarkKind, Relation, Severity, Version, VersionOrder};

use crate::feed::tests::{carried, channel};
use crate::{Hints, Reading};

fn read(text: &str) -> Reading {
    crate::read(text.as_bytes(), &Hints::default())
}

fn one(inside: &str) -> Version {
    let text = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:app=\"http://www.w3.org/2007/app\"><entry>{inside}</entry></feed>"
    );
    let mut reading = read(&text);
    assert_eq!(reading.items.len(), 1, "{:?}", reading.complaints);
    reading.items.remove(0)
}

fn blocks(version: &Version) -> Vec<String> {
    version.copy.blocks().iter().map(|b| format!("{}: {}", b.kind().as_str(), b.text())).collect()
}

#[test]
fn a_feed_in_urdu() {
    let reading = read(include_str!("../../../../fixtures/wire/atom/urdu.xml"));
    assert!(reading.complaints.is_empty(), "{:?}", reading.complaints);
    let [first, gone, remote] = &reading.items[..] else { panic!("three items in their order") };
    assert_eq!(
        blocks(first),
        [
            "headline: وزیر نے نئی پالیسی کا اعلان کیا",
            "p: اسلام آباد، 21 مارچ \u{200f}(مثال)\u{200f} — وزیر نے ہفتے کو کہا۔",
            "p: \"It's done,\" he said.",
        ]
    );
    assert_eq!(first.copy.blocks()[0].marks()[0].kind, MarkKind::Emphasis);
    assert!(first.copy.blocks()[2].marks().iter().any(|m| m.kind == MarkKind::Language("en".into())));
    assert_eq!((first.uri.as_str(), first.language.as_deref()), ("urn:misaal:7", Some("ur")));
    assert_eq!(
        (first.version.raw.as_str(), &first.creators[..]),
        ("2026-03-21T07:30:00+05:00", &["مثال ایجنسی".to_owned()][..])
    );
    assert!(
        matches!(first.version.order, VersionOrder::Time(at) if at.to_string() == "2026-03-21T02:30:00Z")
    );
    assert_eq!(first.first_created.as_ref().map(|s| s.raw.as_str()), Some("2026-03-21T06:00:00Z"));
    assert_eq!(first.subjects[0].name.as_deref(), Some("سیاست"));
    assert_eq!((first.link.as_deref(), first.renditions.len()), (Some("https://misaal.example/7"), 1));
    assert_eq!(first.rights.copyright_notice.as_deref(), Some("© 2026 مثال ایجنسی"));
    assert_eq!(gone.class, ItemClass::Other("deleted-entry".into()));
    assert_eq!(
        (gone.references[0].relation, gone.references[0].uri.as_str()),
        (Relation::Kills, "urn:misaal:3")
    );
    assert_eq!(gone.references[0].when.map(|at| at.to_string()).as_deref(), Some("2026-03-21T07:59:00Z"));
    assert_ne!(gone.uri, gone.references[0].uri);
    assert!(gone.complaints.is_empty(), "{:?}", gone.complaints);
    assert_eq!((remote.complaints[0].code, remote.complaints[0].gravity), ("remote-content", Gravity::Hold));
}

#[test]
fn the_forms_of_text() {
    let dated = "<id>1</id><updated>2026-03-21T07:40:00Z</updated>";
    for (inside, expect) in [
        ("<content>a &lt;b&gt; &amp;amp;\n\n c</content>", vec!["p: a <b> &amp;", "p: c"]),
        ("<content type=\"text\">a</content><summary>s</summary>", vec!["p: a"]),
        ("<content type=\"html\">a &lt;b&gt;b&lt;/b&gt; &amp;amp;</content>", vec!["p: a b &"]),
        ("<content type=\"text/html\">&lt;p&gt;a</content>", vec!["p: a"]),
        (
            "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">a<p>b</p></div></content>",
            vec!["p: a", "p: b"],
        ),
        ("<content type=\"html\"><p>unescaped</p></content>", vec!["p: unescaped"]),
        ("<summary type=\"html\">&lt;p&gt;s</summary>", vec!["p: s"]),
        ("<content/><summary>s</summary>", vec!["p: s"]),
        (
            "<title type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">a <em>b</em></div></title>",
            vec!["headline: a b"],
        ),
        ("<title>a &lt;b&gt;</title>", vec!["headline: a <b>"]),
    ] {
        assert_eq!(blocks(&one(&format!("{dated}{inside}"))), expect, "{inside}");
    }
}

#[test]
fn content_that_is_no_text_holds() {
    let version = one(
        "<id>1</id><updated>2026-03-21T07:40:00Z</updated><title>t</title><content type=\"image/png\">iVBOR</content>",
    );
    assert_eq!(
        (version.complaints[0].code, version.complaints[0].gravity),
        ("content-type-not-read", Gravity::Hold)
    );
    assert_eq!((version.notes[0].text.as_str(), blocks(&version)), ("iVBOR", vec!["headline: t".to_owned()]));
}

#[test]
fn a_draft_holds_and_an_entry_without_id_says_so() {
    let draft = one("<id>1</id><title>t</title><app:control><app:draft>yes</app:draft></app:control>");
    assert_eq!(draft.severity(), Severity::Holds);
    let version = one("<title>t</title><published>2026-03-21T07:40:00Z</published>");
    assert!(version.uri.starts_with("urn:verbatim:atom:"));
    assert_eq!(
        version.complaints.iter().map(|c| c.code).collect::<Vec<_>>(),
        ["no-identifier", "no-updated"]
    );
}

#[test]
fn an_entry_speaks_for_itself_then_its_source_then_the_feed() {
    let text = |inside: &str| {
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"de\"><author><name>F</name></author><entry><id>1</id><title>t</title>{inside}</entry></feed>"
        )
    };
    let who = |inside: &str| read(&text(inside)).items.remove(0).creators;
    assert_eq!(who("<author><name>E</name></author><contributor><name>C</name></contributor>"), ["E", "C"]);
    assert_eq!(who("<source><author><name>S</name></author></source>"), ["S"]);
    assert_eq!(who(""), ["F"]);
    let text = text("").replace("<entry>", "<entry xml:lang=\"fr\">");
    assert_eq!(read(&text).items[0].language.as_deref(), Some("fr"));
}

#[test]
fn an_entry_alone_and_atom_0_3() {
    assert_eq!(
        read("<entry xmlns=\"http://www.w3.org/2005/Atom\"><id>1</id><title>t</title></entry>").items.len(),
        1
    );
    let reading = read(
        "<feed version=\"0.3\" xmlns=\"http://purl.org/atom/ns#\"><entry><id>1</id><title>t</title><issued>2026-03-21T07:40:00Z</issued>\
         <modified>2026-03-21T07:50:00Z</modified><content type=\"text/html\" mode=\"escaped\">&lt;p&gt;a</content></entry></feed>",
    );
    assert_eq!(blocks(&reading.items[0]), ["headline: t", "p: a"]);
    assert!(matches!(reading.items[0].version.order, VersionOrder::Time(_)));
}

#[test]
fn what_is_written_is_read_again() {
    let channel =
        channel(&[("h2", "one"), ("quote", "a & <b>"), ("caption", "x"), ("p", "y\nz")], "Head \"line\" <i>");
    let text = super::write(&channel);
    let reading = read(&text);
    assert!(reading.complaints.is_empty(), "{:?}", reading.complaints);
    let [story, tombstone] = &reading.items[..] else { panic!("a story and a tombstone") };
    carried(story, &text, &channel);
    assert!(story.complaints.is_empty(), "{:?}", story.complaints);
    assert_eq!(tombstone.references[0].when, Some(channel.tombstones[0].when));
}

#[test]
fn words_in_base64_are_unpacked_and_never_shown_as_they_came() {
    for (ns, attributes, text, headline, held) in [
        (
            "http://purl.org/atom/ns#",
            "mode='base64' type='text/html'",
            "QnJpZGdlIDxiPm9wZW5zPC9iPg==",
            Some("Bridge opens"),
            false,
        ),
        ("http://purl.org/atom/ns#", "mode='base64'", "QnJpZGdl", Some("Bridge"), false),
        ("http://www.w3.org/2005/Atom", "type='application/octet-stream'", "QnJpZGdl", Some("Bridge"), false),
        ("http://www.w3.org/2005/Atom", "type='application/octet-stream'", "/////w==", None, true),
        ("http://www.w3.org/2005/Atom", "type='image/png'", "QnJpZGdl", None, true),
    ] {
        let feed = format!(
            "<feed xmlns='{ns}'><entry><id>1</id><title {attributes}>{text}</title><content>Words.</content></entry></feed>"
        );
        let version = read(&feed).items.remove(0);
        assert_eq!(version.copy.headline(), headline, "{attributes}");
        let holds = version.complaints.iter().any(|complaint| complaint.gravity == Gravity::Hold);
        assert_eq!(holds, held, "{attributes}: {:?}", version.complaints);
    }
}
