//! What readers, caches and robots do, also all at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::http::ask;
use crate::newsroom::{Newsroom, percent, sha256, text};
use crate::wires::{Format, Ninjs, Story, wires};
use crate::xml;

#[test]
fn a_kill_is_complete_while_everybody_is_reading() {
    let newsroom = Newsroom::usual();
    for round in 0..4 {
        let story = Story::new(&format!("stampede{round}x"), Ninjs);
        let url = newsroom.publish(Ninjs, &story);
        let mut paths = newsroom.lists();
        paths.extend(Newsroom::paths_of(&url));
        paths.push(format!("/api/v1/items?uri={}", percent(&story.uri)));
        let (killed, over) = (AtomicBool::new(false), AtomicBool::new(false));
        let word = story.marks()[1].to_lowercase();
        std::thread::scope(|scope| {
            for reader in 0..4 {
                let (newsroom, paths, word, killed, over) = (&newsroom, &paths, &word, &killed, &over);
                scope.spawn(move || {
                    for path in paths.iter().cycle().skip(reader * 7) {
                        let after = killed.load(Ordering::SeqCst);
                        let answer = newsroom.get(path).text().to_lowercase();
                        assert!(!after || !answer.contains(word), "{path} after the kill, round {round}");
                        if over.load(Ordering::SeqCst) {
                            return;
                        }
                    }
                });
            }
            std::thread::sleep(std::time::Duration::from_millis(150));
            newsroom.order(&story.uri, "kill");
            killed.store(true, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(250));
            over.store(true, Ordering::SeqCst);
        });
        newsroom.nowhere(Some(&url), &story.uri, &story.marks());
    }
}

#[test]
fn a_cache_is_told_what_changed_and_what_is_gone() {
    let newsroom = Newsroom::usual();
    let story = Story::new("cachet", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let path = url.split_at(url.find("/s/").expect("a path")).1.to_owned();
    let asked = |path: &str, tag: &str| {
        ask(newsroom.site, "GET", path, &[("If-None-Match", tag)], b"").expect("an answer")
    };
    let paths = [
        path.clone(),
        format!("{path}.txt"),
        format!("{path}.json"),
        "/".to_owned(),
        "/feed.atom".to_owned(),
    ];
    let tags: Vec<String> = paths
        .iter()
        .map(|path| {
            let answer = newsroom.get(path);
            let tag = answer.field("etag").unwrap_or_else(|| panic!("{path} has no entity tag")).to_owned();
            let again = asked(path, &tag);
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            let keep = answer.field("cache-control").unwrap_or_default();
            assert!(keep.contains("no-cache"), "{path} may be kept without being asked about: {keep:?}");
            tag
        })
        .collect();
    newsroom.publish(Ninjs, &story.next("two"));
    for (path, tag) in paths.iter().zip(&tags) {
        assert_eq!(asked(path, tag).status, 200, "{path} changed");
    }
    newsroom.order(&story.uri, "kill");
    for (path, tag) in paths.iter().zip(&tags) {
        let status = asked(path, tag).status;
        assert_eq!(status, if path.starts_with("/s/") { 410 } else { 200 }, "{path}");
    }
    let keep = newsroom.get(&url).field("cache-control").unwrap_or_default().to_owned();
    assert!(keep.contains("no-store"), "a notice may be kept: {keep:?}");
}

#[test]
fn the_same_head_with_and_without_a_body() {
    let newsroom = Newsroom::usual();
    let story = Story::new("headless", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let path = url.split_at(url.find("/s/").expect("a path")).1;
    for path in [path, "/", "/feed.rss", "/s/0123456789abcdefghjkmnpqrs"] {
        let (get, head) =
            (newsroom.get(path), ask(newsroom.site, "HEAD", path, &[], b"").expect("an answer"));
        assert_eq!((head.status, head.field("etag")), (get.status, get.field("etag")), "{path}");
        assert!(head.body.is_empty());
        let policy = get.field("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(get.field("x-content-type-options"), Some("nosniff"), "{path}");
    }
    assert_eq!(ask(newsroom.site, "DELETE", path, &[], b"").expect("an answer").status, 405);
}

#[test]
fn a_pages_style_sheet_stands_at_its_own_path_for_ever() {
    let newsroom = Newsroom::usual();
    let front = newsroom.get("/");
    let (_, rest) = front
        .text()
        .split_once("<link rel=\"stylesheet\" href=\"")
        .map(|(a, b)| (a.len(), b.to_owned()))
        .expect("one");
    let path = rest.split_once('"').expect("its end").0.to_owned();
    let policy = front.field("content-security-policy").unwrap_or_default().to_owned();
    assert!(policy.contains("style-src 'self';"), "{policy}");
    let sheet = newsroom.get(&path);
    assert_eq!((sheet.status, sheet.field("content-type")), (200, Some("text/css; charset=utf-8")));
    assert_eq!(sheet.field("cache-control"), Some("public, max-age=31536000, immutable"));
    let tag = sheet.field("etag").expect("a tag").to_owned();
    let known = ask(newsroom.site, "GET", &path, &[("If-None-Match", &tag)], b"").expect("an answer");
    assert_eq!((known.status, known.body.len()), (304, 0));
    let packed = ask(newsroom.site, "GET", &path, &[("Accept-Encoding", "gzip")], b"").expect("an answer");
    assert_eq!(packed.field("content-encoding"), Some("gzip"));
    assert!(packed.body.len() < sheet.body.len() / 2);
    assert_eq!(newsroom.get("/style-0000000000000000.css").status, 404);
}

#[test]
fn an_address_is_never_trusted() {
    let newsroom = Newsroom::usual();
    let story = Story::new("trustfall", Ninjs);
    newsroom.publish(Ninjs, &story);
    let found = newsroom.get("/search?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    assert!(found.status == 200 && !found.text().contains("<script>alert"), "{}", found.text());
    let odd = ["*", "\"", "trustfall*", "a AND", "NEAR(", "'; --", "\u{0}", "%", "(((", &"x".repeat(3_000)];
    for query in odd {
        let answer = newsroom.get(&format!("/search?q={}", percent(query)));
        assert!([200, 400].contains(&answer.status), "{query:?}: {}", answer.status);
    }
    for path in [
        "/s/",
        "/s/..%2f..%2fetc%2fpasswd",
        "/s/%00",
        "/%ff",
        "/section/",
        "/section/nowhere",
        "/data/verbatim.sqlite",
        "/feed.exe",
        "/?from=99999999999999999999",
        "/sitemap-9.xml",
    ] {
        let answer = newsroom.get(path);
        assert!([200, 400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert!(path.starts_with("/?") || answer.status != 200, "{path}");
    }
    assert_eq!(newsroom.get(&format!("/{}", "a".repeat(5_000))).status, 414);
    assert_eq!(newsroom.get("/api/v1/items").status, 400);
    assert_eq!(newsroom.get("/api/v1/items?uri=urn:agx:none").json()["items"], serde_json::json!([]));
}

#[test]
fn front_pages_lead_to_every_story() {
    let newsroom = Newsroom::usual();
    let stories: Vec<Story> = (0..70).map(|i| Story::new(&format!("shelf{i:02}x"), Ninjs)).collect();
    newsroom.send(&stories[69].uri, &wires(Ninjs, &stories));
    let mut live = newsroom.live();
    live.sort();
    assert_eq!(live.len(), 70);
    for start in ["/", "/section/world"] {
        let mut found = Vec::new();
        let mut pages = vec![start.to_owned()];
        let mut next = 0;
        while let Some(path) = pages.get(next).cloned() {
            next += 1;
            assert!(next < 10, "{pages:?}");
            for link in newsroom.page(&path).links {
                if link.starts_with(&format!("{start}?from=")) && !pages.contains(&link) {
                    pages.push(link);
                } else if link.contains("/s/") {
                    found.push(format!("http://127.0.0.1:{}{link}", newsroom.site));
                }
            }
        }
        found.sort();
        found.dedup();
        assert_eq!(found, live, "from {start}");
    }
    let feed = newsroom.get("/feed.json").json();
    assert_eq!(feed["items"].as_array().map(Vec::len), Some(50));
}

#[test]
fn feeds_are_well_formed_and_carry_the_agencys_identity() {
    let newsroom = Newsroom::usual();
    let mut stories = Vec::new();
    for format in Format::ALL {
        let mut story = Story::new("feedling", format);
        story.headline = format!("Q&A <{}> “x” ]]> &amp;", story.headline);
        stories.push((newsroom.publish(format, &story), story));
    }
    let killed = Story::new("feedfell", Ninjs);
    let killed_url = newsroom.publish(Ninjs, &killed);
    newsroom.order(&killed.uri, "kill");

    let rss = xml::parse(&newsroom.get("/feed.rss").text());
    let atom = xml::parse(&newsroom.get("/feed.atom").text());
    let json = newsroom.get("/feed.json").json();
    for (url, story) in &stories {
        let item =
            rss.all("item").into_iter().find(|item| item.said("guid") == url).expect("the story is in RSS");
        assert_eq!((item.said("title"), item.said("link")), (&*story.headline, &**url));
        assert_eq!(crate::html::paragraphs(item.said("content:encoded")), story.body);
        let entry = atom
            .all("entry")
            .into_iter()
            .find(|entry| entry.said("id") == url)
            .expect("the story is in Atom");
        assert_eq!(entry.said("title"), story.headline);
        assert_eq!(crate::html::paragraphs(entry.said("content")), story.body);
        let item = json["items"]
            .as_array()
            .expect("items")
            .iter()
            .find(|item| text(item, "id") == url)
            .expect("JSON Feed");
        assert_eq!(text(item, "title"), story.headline);
        assert_eq!(text(&item["_verbatim"], "uri"), story.uri);
        assert_eq!(text(&item["_verbatim"], "copy_sha256"), sha256(story.plain()));
        assert!(text(&item["_verbatim"], "label").starts_with("Disclaimer: "), "{item:#}");
        let object = newsroom.get(&format!("{url}.json")).json();
        assert_eq!((text(&object, "uri"), text(&object, "pubStatus")), (&*story.uri, "usable"), "{object:#}");
    }
    let tombs = atom.all("at:deleted-entry");
    assert_eq!(tombs.iter().map(|tomb| tomb.attribute("ref")).collect::<Vec<_>>(), [killed_url]);
    assert!(tombs[0].attribute("when").parse::<jiff::Timestamp>().is_ok());
    for path in ["/sitemap.xml", "/news-sitemap.xml"] {
        let map = xml::parse(&newsroom.get(path).text());
        let mut found: Vec<String> =
            map.all("loc").iter().map(|loc| loc.text.clone()).filter(|url| url.contains("/s/")).collect();
        found.sort();
        let mut urls: Vec<String> = stories.iter().map(|(url, _)| url.clone()).collect();
        urls.sort();
        assert_eq!(found, urls, "{path}");
    }
    // And what we publish, we can read.
    for (file, path) in [("a.rss", "/feed.rss"), ("a.atom", "/feed.atom"), ("a.json", "/feed.json")] {
        std::fs::write(newsroom.path(file), newsroom.get(path).body).expect("a file");
        let said = newsroom.cli(&["read", file]).well();
        for (url, story) in &stories {
            let hash = sha256(story.plain());
            let back = said.lines().into_iter().any(|line| text(&line["verbatim"], "copy_sha256") == hash);
            assert!(back, "{path} does not read back {url}: {}", said.out);
        }
    }
}

#[test]
fn each_packing_has_the_same_words_and_a_tag_of_its_own_until_the_kill() {
    let newsroom = Newsroom::usual();
    let story = Story::new("parcel", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let path = url.split_at(url.find("/s/").expect("a path")).1.to_owned();
    let asked = |accepted: &str, tag: &str| {
        let fields = [("Accept-Encoding", accepted), ("If-None-Match", tag)];
        ask(newsroom.site, "GET", &path, &fields, b"").expect("an answer")
    };
    let plain = newsroom.get(&path);
    assert_eq!((plain.field("content-encoding"), plain.field("vary")), (None, Some("accept-encoding")));
    let mut tags = vec![plain.field("etag").unwrap_or_default().to_owned()];
    // Twice: when it is packed, and when it is there.
    for packing in ["gzip", "br", "zstd", "gzip", "br", "zstd"] {
        let answer = asked(packing, "\"other\"");
        assert_eq!((answer.status, answer.field("content-encoding")), (200, Some(packing)));
        assert_eq!(answer.field("vary"), Some("accept-encoding"));
        if packing == "gzip" {
            let mut out = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&answer.body[..]), &mut out)
                .expect("gzip");
            assert_eq!(out, plain.body);
        }
        let tag = answer.field("etag").unwrap_or_default().to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let again = asked(packing, &known);
            assert_eq!((again.status, again.field("etag")), (304, Some(tag.as_str())), "{packing} {known}");
        }
        assert_eq!(asked("identity", &tag).status, 200, "the plain form has another tag than {packing}");
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4, "{tags:?}");
    newsroom.order(&story.uri, "kill");
    for accepted in ["identity", "gzip", "br", "zstd"] {
        assert!(tags.iter().all(|tag| asked(accepted, tag).status == 410), "{accepted}");
    }
}
