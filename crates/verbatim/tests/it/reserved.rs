//! What agencies send along and must not reach readers: one story a format, with a marked word in every place that is
//! for editors, machines or nobody. Everything that the site answers is searched for the marks.

use jiff::Timestamp;

use crate::newsroom::{Newsroom, eventually};

/// In the words for readers of every story.
const OPEN: &str = "OPENWORD";
/// Begins every word that is not for readers.
const MARK: &str = "SECRET";

const WIRES: [(&str, &[u8]); 15] = [
    ("story.rss.xml", include_bytes!("../../../../fixtures/wire/reserved/story.rss.xml")),
    ("story.ninjs.json", include_bytes!("../../../../fixtures/wire/reserved/story.ninjs.json")),
    ("story.ap.json", include_bytes!("../../../../fixtures/wire/reserved/story.ap.json")),
    ("story.digitalwires.json", include_bytes!("../../../../fixtures/wire/reserved/story.digitalwires.json")),
    ("story.ritzau.xml", include_bytes!("../../../../fixtures/wire/reserved/story.ritzau.xml")),
    ("story.nitf.xml", include_bytes!("../../../../fixtures/wire/reserved/story.nitf.xml")),
    ("story.g2.xml", include_bytes!("../../../../fixtures/wire/reserved/story.g2.xml")),
    ("story.iptc7901.txt", include_bytes!("../../../../fixtures/wire/reserved/story.iptc7901.txt")),
    ("story.anpa1312.txt", include_bytes!("../../../../fixtures/wire/reserved/story.anpa1312.txt")),
    ("story.zczc.txt", include_bytes!("../../../../fixtures/wire/reserved/story.zczc.txt")),
    ("story.eml", include_bytes!("../../../../fixtures/wire/reserved/story.eml")),
    ("story.newsml1.xml", include_bytes!("../../../../fixtures/wire/reserved/story.newsml1.xml")),
    ("story.atom.xml", include_bytes!("../../../../fixtures/wire/reserved/story.atom.xml")),
    ("story.webfeeds.xml", include_bytes!("../../../../fixtures/wire/reserved/story.webfeeds.xml")),
    ("story.feed.json", include_bytes!("../../../../fixtures/wire/reserved/story.feed.json")),
];

/// The wire as if it had been written a minute ago.
fn fresh(bytes: &[u8]) -> Vec<u8> {
    let now = Timestamp::now() - jiff::SignedDuration::from_secs(60);
    let mut text = String::from_utf8(bytes.to_vec()).expect("the fixtures are UTF-8");
    for (mark, form) in [
        ("@NOW@", "%Y-%m-%dT%H:%M:%SZ"),
        ("@7901@", "%d%H%M GMT %b %y"),
        ("@MDY@", "%m-%d-%y %H%MGMT"),
        ("@MD@", "%m-%d"),
        ("@PD@", "%d %B %Y %H:%M:%S"),
        ("@MAIL@", "%a, %d %b %Y %H:%M:%S +0000"),
    ] {
        text = text.replace(mark, &now.strftime(form).to_string());
    }
    text.into_bytes()
}

#[test]
fn what_is_not_for_publication_reaches_no_reader() {
    // Fifteenfold the same words are a duplicate by right, so the rules that would hold them only watch.
    let feed = "\n[[feed]]\nid = \"agx-world\"\nagency = \"agx\"\nfolder = \"wire/world\"\nsection = \"world\"\nsafety = \"shadow\"\n";
    let newsroom = Newsroom::with(feed);
    let mut marks = 0;
    for (name, bytes) in WIRES {
        let bytes = fresh(bytes);
        marks += String::from_utf8_lossy(&bytes).matches(MARK).count();
        newsroom.leave("wire/world", name, &bytes);
    }
    assert!(marks > 40, "the fixtures lost their marks: {marks}");
    let feed = eventually("every story is live", || {
        let feed = newsroom.get("/feed.json").json();
        let live = feed["items"].as_array().map_or(0, Vec::len);
        (live == WIRES.len()).then_some(feed)
    });
    let mut paths: Vec<String> = [
        "/",
        "/world",
        "/feed.rss",
        "/feed.atom",
        "/feed.json",
        "/world/feed.rss",
        "/world/feed.atom",
        "/world/feed.json",
        "/sitemap.xml",
        "/news-sitemap.xml",
        "/robots.txt",
        "/search?q=OPENWORD",
        "/search?q=bridge",
    ]
    .map(str::to_owned)
    .to_vec();
    for item in feed["items"].as_array().expect("items") {
        let url = item["id"].as_str().expect("an id");
        let story = newsroom.get(url).text();
        assert!(story.contains(OPEN), "{url} lacks the words for readers: {story}");
        for suffix in ["", ".json", ".txt", ".proof", "/history"] {
            paths.push(format!("{url}{suffix}"));
        }
        let uri = item["_verbatim"]["uri"].as_str().expect("the agency's uri");
        let escaped: String = uri.bytes().map(|b| format!("%{b:02X}")).collect();
        paths.push(format!("/api/v1/items?uri={escaped}"));
    }
    let mut seen = 0;
    for path in paths {
        let answer = newsroom.get(&path);
        let text = answer.text();
        let leak = text.find(MARK).map(|at| text[at..].chars().take(24).collect::<String>());
        assert_eq!(leak, None, "{path} ({}) tells what is not for publication", answer.status);
        seen += usize::from(answer.status == 200 && text.contains(OPEN));
    }
    assert!(seen >= 3 * WIRES.len(), "only {seen} answers carried the words at all");
    // Nor can anybody find a story by such a word.
    for word in ["SECRETEDNOTE", "SECRETCONTACT", "SECRETPAD", "SECRETSIGNATURE"] {
        let found = newsroom.get(&format!("/search?q={word}")).text();
        assert!(!found.contains("Bridge opens"), "a search for {word} finds a story");
    }
}
