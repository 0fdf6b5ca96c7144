//! Several sites, addresses with a path, labels in the story's language, contracts that end.

use serde_json::Value;

use crate::html::Page;
use crate::http::{Answer, ask};
use crate::newsroom::{LABEL, Newsroom, USUAL, eventually, percent, text};
use crate::wires::{Ninjs, Rss, Story, moment, wire};

/// Rewrites the configuration before the first start.
fn reconfigured(feeds: &str, change: impl Fn(String) -> String) -> Newsroom {
    let newsroom = Newsroom::prepared(feeds);
    let file = newsroom.path("verbatim.toml");
    let config = std::fs::read_to_string(&file).expect("a configuration");
    let changed = change(config.clone());
    assert_ne!(config, changed, "nothing was changed");
    std::fs::write(file, changed).expect("a configuration");
    newsroom
}

#[test]
fn a_kill_covers_every_site() {
    let second = Newsroom::prepared("");
    let port = second.site;
    let two = format!(
        "[[site]]\nid = \"evening\"\nname = \"The Evening Example\"\nurl = \"http://127.0.0.1:{port}\"\nlisten = \"127.0.0.1:{port}\"\n[[site]]\nid = \"main\"\n"
    );
    let local = USUAL.replace("agx-world", "agx-local").replace("wire/world", "wire/local");
    let feeds = format!("{USUAL}{local}sites = [\"main\"]\n");
    let mut newsroom = reconfigured(&feeds, |config| config.replace("[site]\n", &two));
    newsroom.run();
    let get = |path: &str| -> Answer { ask(port, "GET", path, &[], b"").expect("the second site answers") };
    let told = |uri: &str| -> Vec<Value> {
        get(&format!("/api/v1/items?uri={}", percent(uri))).json()["items"]
            .as_array()
            .cloned()
            .expect("items")
    };

    let story = Story::new("twinset", Ninjs);
    newsroom.deliver(Ninjs, &story);
    let here = text(&newsroom.item(&story.uri), "url").to_owned();
    let there = text(&told(&story.uri)[0], "url").to_owned();
    assert_ne!(here[here.len() - 26..], there[there.len() - 26..], "two sites share an address");
    let base = format!("http://127.0.0.1:{port}");
    let path = there.strip_prefix(&base).expect("an address of the second site").to_owned();
    newsroom.shows(&here, &story);
    let page = get(&path);
    assert_eq!(Page::read(page.status, page.text()).blocks, story.blocks());
    assert_eq!(get(&here[here.find("/s/").expect("a path")..]).status, 404, "one site answers for the other");

    let local = Story::new("homely", Ninjs);
    newsroom.send_on("agx-local", &local.uri, &wire(Ninjs, &local));
    assert_eq!((newsroom.items(&local.uri).len(), told(&local.uri).len()), (1, 0));
    for list in ["/", "/feed.rss", "/feed.atom", "/feed.json", "/sitemap.xml", "/search?q=council"] {
        assert!(!get(list).text().contains(&local.marks()[0]), "{list} of the second site");
    }

    newsroom.order(&story.uri, "kill");
    newsroom.nowhere(Some(&here), &story.uri, &story.marks());
    assert_eq!((newsroom.get(&here).status, get(&path).status), (410, 410));
    let word = story.marks()[0].to_lowercase();
    for list in
        ["/", "/feed.rss", "/feed.atom", "/feed.json", "/sitemap.xml", "/news-sitemap.xml", "/section/world"]
    {
        assert!(!get(list).text().to_lowercase().contains(&word), "{list} of the second site");
    }
    assert_eq!(text(&told(&story.uri)[0], "pubstatus"), "canceled");
    assert!(get("/feed.atom").text().contains(&there));
    newsroom.crash();
    newsroom.run();
    assert_eq!((newsroom.get(&here).status, get(&path).status), (410, 410));
}

#[test]
fn a_site_may_stand_below_a_path() {
    let mut newsroom = reconfigured(USUAL, |config| config.replace("\"\nlisten", "/wires\"\nlisten"));
    newsroom.looks_back = false;
    newsroom.run();
    let story = Story::new("pathway", Ninjs);
    let ruled = newsroom.deliver(Ninjs, &story);
    let url = text(&ruled, "url");
    assert!(url.starts_with(&format!("http://127.0.0.1:{}/wires/s/", newsroom.site)), "{url}");
    assert_eq!(newsroom.page(url).blocks, story.blocks());
    let front = newsroom.page("/wires/");
    assert_eq!(front.status, 200);
    let links: Vec<&String> = front.links.iter().filter(|link| !link.starts_with('#')).collect();
    assert!(links.len() > 4);
    for link in links {
        assert!(link.contains("/wires"), "{link} leaves the site's path");
        assert_eq!(newsroom.get(link).status, 200, "{link}");
    }
    assert!(newsroom.get("/wires/feed.atom").text().contains(url));
    assert_eq!(newsroom.get("/").status, 404);
}

#[test]
fn a_label_speaks_the_storys_language() {
    let hindi = "अस्वीकरण: यह समाचार एजेंसी फ़ीड से बिना किसी बदलाव के स्वतः प्रकाशित हुआ है";
    let mut newsroom = reconfigured(USUAL, |config| {
        config.replace("\n[[feed]]", &format!("labels.hi = \"{hindi}\"\n\n[[feed]]"))
    });
    newsroom.run();
    for (language, label) in [("hi", hindi), ("hi-IN", hindi), ("en", LABEL), ("de", LABEL)] {
        let story = Story::new(&format!("tongue{language}"), Ninjs);
        let bytes = String::from_utf8(wire(Ninjs, &story))
            .expect("UTF-8")
            .replace("\"language\":\"en\"", &format!("\"language\":\"{language}\""));
        let ruled = newsroom.send(&story.uri, bytes.as_bytes());
        let page = newsroom.page(text(&ruled, "url"));
        assert_eq!(page.labels, [("unreviewed".to_owned(), label.to_owned())], "{language}");
        assert_eq!(page.blocks, story.blocks());
        assert_eq!(text(&newsroom.item(&story.uri), "label"), label);
        assert!(page.html.contains(&format!("lang=\"{language}\"")), "{language}");
    }
}

#[test]
fn a_contract_ends_what_it_allowed() {
    let mut newsroom =
        reconfigured(USUAL, |config| config.replace("\n[[feed]]", "expire_after = \"6s\"\n\n[[feed]]"));
    newsroom.run();
    let story = Story::new("shortlease", Rss).made(moment(0));
    let url = newsroom.publish(Rss, &story);
    newsroom.shows(&url, &story);
    eventually("the licence ends", || (newsroom.get(&url).status == 410).then_some(()));
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
    assert_eq!(text(&newsroom.item(&story.uri), "pubstatus"), "expired");
    let notice = newsroom.page(&url).text;
    assert!(notice.contains("licence"), "{notice}");
    // The sender goes on showing it in its feed; it does not come back.
    newsroom.deliver(Rss, &story);
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
}

#[test]
fn a_feed_that_is_given_up_leaves_its_stories() {
    let mut newsroom = Newsroom::usual();
    let story = Story::new("leftbehind", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    newsroom.stop();
    newsroom.configure(&USUAL.replace("world", "region"));
    newsroom.run();
    let page = newsroom.page(&url);
    assert_eq!((page.status, page.blocks), (200, story.blocks()));
    assert_eq!(newsroom.get(&format!("{url}.txt")).text(), story.plain());
    assert!(newsroom.get("/feed.atom").text().contains(&url));
    assert_eq!(newsroom.get("/section/region").status, 200);
    // The agency still has a say: another feed of its own brings the kill.
    let kill = story.next_with("canceled", "kill");
    newsroom.send_on("agx-region", &story.uri, &wire(Ninjs, &kill));
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
    assert_eq!(newsroom.get(&url).status, 410);
}

#[test]
fn a_new_label_is_shown_and_the_words_stay() {
    let mut newsroom = Newsroom::usual();
    let story = Story::new("relabel", Rss);
    let url = newsroom.publish(Rss, &story);
    let hash = text(&newsroom.item(&story.uri), "copy_sha256").to_owned();
    newsroom.stop();
    let file = newsroom.path("verbatim.toml");
    let config = std::fs::read_to_string(&file).expect("a configuration");
    std::fs::write(&file, config.replace(LABEL, "Nobody has <read> & checked this"))
        .expect("a configuration");
    newsroom.run();
    let page = newsroom.page(&url);
    assert_eq!(page.labels, [("unreviewed".to_owned(), "Nobody has <read> & checked this".to_owned())]);
    assert_eq!(page.blocks, story.blocks());
    let item = newsroom.item(&story.uri);
    assert_eq!(
        (text(&item, "copy_sha256"), text(&item, "label")),
        (&*hash, "Nobody has <read> & checked this")
    );
}
