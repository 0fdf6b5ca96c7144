//! What licences demand is kept to, whoever asks and however the story came.

use serde_json::json;

use crate::http::ask;
use crate::newsroom::{LABEL, Newsroom, eventually, reasons, text};
use crate::wires::{Ninjs, Rss, Story, moment, wire};

/// Two feeds of the agency; what stands first belongs to the agency, `terms` to the second feed.
fn feeds(agency: &str, terms: &str) -> String {
    let feed = |id: &str, section: &str| {
        format!(
            "[[feed]]\nid = \"{id}\"\nagency = \"agx\"\npush = true\ntoken_file = \"push.token\"\nsection = \"{section}\"\n"
        )
    };
    format!("{agency}\n{}{}{terms}\n", feed("agx-world", "world"), feed("agx-local", "local"))
}

/// A site behind a proxy that says from where readers ask.
fn behind_proxy(feeds: &str, trusted: &str) -> Newsroom {
    let newsroom = Newsroom::prepared(feeds);
    let path = newsroom.path("verbatim.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let keys = format!("country_header = \"X-Country\"\ntrusted_proxies = [\"{trusted}\"]\n[desk]");
    std::fs::write(&path, text.replacen("[desk]", &keys, 1)).expect("it is written");
    let mut newsroom = newsroom;
    newsroom.looks_back = false;
    newsroom.run();
    newsroom
}

#[test]
fn the_credit_and_the_label_are_those_of_the_feed_that_brought_the_version() {
    let label = "Nothing was changed, nobody has read it";
    let newsroom = Newsroom::with(&feeds(
        "credit = \"Wire of AGX\"",
        &format!("label = \"{label}\"\ncredit = \"AGX Local\""),
    ));
    for (feed, credit, sentence) in [("agx-world", "Wire of AGX", LABEL), ("agx-local", "AGX Local", label)] {
        let story = Story::new(&format!("credit{}", feed.len() + credit.len()), Rss);
        let url = text(&newsroom.send_on(feed, &story.uri, &wire(Rss, &story)), "url").to_owned();
        let page = newsroom.page(&url);
        assert_eq!(page.labels, [("unreviewed".to_owned(), sentence.to_owned())]);
        assert!(page.text.contains(&format!("Credit: {credit}")), "{}", page.text);
        assert_eq!(text(&newsroom.item(&story.uri), "label"), sentence);
        for file in ["/feed.rss", "/feed.atom", "/feed.json"] {
            assert!(newsroom.get(file).text().contains(sentence), "{file}");
        }
    }
}

#[test]
fn noindex_of_one_feed_keeps_the_story_out_of_sitemaps_and_search_also_if_it_came_on_another_first() {
    let newsroom = Newsroom::with(&feeds("", "[feed.contract]\nnoindex = true"));
    let story = Story::new("hedgerow", Rss);
    let url = newsroom.publish(Rss, &story);
    newsroom.shows(&url, &story);
    newsroom.send_on("agx-local", &story.uri, &wire(Rss, &story));
    for path in [url.clone(), format!("{url}.json"), format!("{url}.txt")] {
        assert_eq!(newsroom.get(&path).field("x-robots-tag"), Some("noindex"), "{path}");
    }
    assert!(newsroom.get(&url).text().contains("<meta name=\"robots\" content=\"noindex\">"));
    let found = newsroom.everywhere(Some(&url), &story.uri, &story.marks());
    let leads = |path: &str| found.iter().any(|place| place.starts_with(path));
    assert!(leads("/feed.rss") && leads("/: "), "lists and feeds show it: {found:#?}");
    assert!(!leads("/news-sitemap.xml") && !leads("/search"), "{found:#?}");
    assert!(!newsroom.live().contains(&url), "the sitemap lists it");
}

#[test]
fn the_shorter_licence_of_two_feeds_ends_the_story() {
    let newsroom = Newsroom::with(&feeds(
        "[agency.contract]\nexpire_after = \"1h\"",
        "[feed.contract]\nexpire_after = \"6s\"",
    ));
    let story = Story::new("millpond", Ninjs).made(moment(-1));
    let url = newsroom.publish(Ninjs, &story);
    newsroom.send_on("agx-local", &story.uri, &wire(Ninjs, &story));
    // Nor does the looser feed make it longer again.
    newsroom.send(&story.uri, &wire(Ninjs, &story));
    eventually("it expires", || (newsroom.get(&url).status == 410).then_some(()));
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
    assert_eq!(text(&newsroom.item(&story.uri), "pubstatus"), "expired");
}

#[test]
fn a_story_stands_only_in_the_sections_that_every_contract_allows() {
    let newsroom = Newsroom::with(&feeds("", "[feed.contract]\nsections = [\"local\"]"));
    let story = Story::new("parapet", Rss);
    let url = newsroom.publish(Rss, &story);
    assert!(newsroom.get("/section/world/feed.rss").text().contains(&url));
    newsroom.send_on("agx-local", &story.uri, &wire(Rss, &story));
    assert!(
        !newsroom.get("/section/world/feed.rss").text().contains(&url),
        "the stricter contract forbids it"
    );
    assert!(newsroom.get("/section/local/feed.rss").text().contains(&url));
    let wrong = Newsroom::prepared(&feeds("", "[feed.contract]\nsections = [\"world\"]"));
    let said = wrong.cli(&["check"]);
    assert!(said.code != Some(0) && said.err.contains("does not allow section `local`"), "{said:?}");
}

#[test]
fn what_is_beyond_the_daily_cap_waits_also_after_a_restart() {
    let mut newsroom = Newsroom::with(&feeds("[agency.contract]\ndaily = 3", "[feed.contract]\ndaily = 1"));
    let send = |newsroom: &Newsroom, feed: &str, name: &str| {
        let story = Story::new(name, Ninjs);
        text(&newsroom.send_on(feed, &story.uri, &wire(Ninjs, &story)), "ruling").to_owned()
    };
    assert_eq!(send(&newsroom, "agx-local", "capone"), "publish");
    assert_eq!(send(&newsroom, "agx-local", "captwo"), "hold", "the feed's own cap");
    assert_eq!(send(&newsroom, "agx-world", "capthree"), "publish");
    newsroom.restart();
    assert_eq!(send(&newsroom, "agx-local", "capfour"), "hold", "counted before the restart");
    assert_eq!(send(&newsroom, "agx-world", "capfive"), "publish");
    assert_eq!(send(&newsroom, "agx-world", "capsix"), "hold", "the agency's cap over all feeds");
    let held = newsroom.held("urn:agx:capsixninjs");
    assert!(reasons(&held[0]).contains("as many new stories as the contract allows"), "{held:?}");
    // What is live is updated and killed beyond any cap.
    let live = Story::new("capone", Ninjs);
    assert_eq!(
        text(&newsroom.send_on("agx-local", &live.uri, &wire(Ninjs, &live.next("two"))), "ruling"),
        "update"
    );
    newsroom.order("urn:agx:capsixninjs", "release");
    assert_eq!(text(&newsroom.item("urn:agx:capsixninjs"), "pubstatus"), "usable", "a person may");
}

#[test]
fn readers_outside_the_territory_get_451_and_see_nothing_of_it_anywhere() {
    let newsroom = behind_proxy(&feeds("", "[feed.contract]\nterritories = [\"IN\", \"NP\"]"), "127.0.0.1");
    let (free, bound) = (Story::new("ferrytoll", Rss), Story::new("mountain", Rss));
    let open = text(&newsroom.send(&free.uri, &wire(Rss, &free)), "url").to_owned();
    let url = text(&newsroom.send_on("agx-local", &bound.uri, &wire(Rss, &bound)), "url").to_owned();
    let get = |path: &str, countries: &[&str]| {
        let fields: Vec<(&str, &str)> = countries.iter().map(|country| ("X-Country", *country)).collect();
        let base = format!("http://127.0.0.1:{}", newsroom.site);
        ask(newsroom.site, "GET", path.strip_prefix(&base).unwrap_or(path), &fields, b"").expect("an answer")
    };
    let own = ["", ".json", ".txt", "/history", "/any-slug"].map(|end| format!("{url}{end}"));
    let lists: Vec<String> =
        newsroom.lists().into_iter().chain([format!("/search?q={}", bound.word)]).collect();
    let api = format!("/api/v1/items?uri={}", bound.uri);
    // Twice each, so that what is kept for one reader is asked for by the other.
    for _ in 0..2 {
        for inside in ["IN", "np"] {
            for path in &own {
                assert_eq!(get(path, &[inside]).status, 200, "{path} from {inside}");
            }
            assert!(get("/", &[inside]).text().contains(&bound.headline));
            assert!(get("/feed.atom", &[inside]).text().contains(&bound.headline));
            assert_eq!(get(&api, &[inside]).json()["items"][0]["headline"], json!(bound.headline));
        }
        // From elsewhere, from nobody knows where, and where the reader himself may have said it beside the proxy.
        for outside in [&["DE"][..], &[], &["XX"], &["DE", "IN"], &["IN", "DE"], &["IN, DE"], &[""]] {
            for path in &own {
                let answer = get(path, outside);
                assert_eq!((answer.status, answer.field("cache-control")), (451, Some("no-store")), "{path}");
            }
            for path in lists.iter().chain([&api]) {
                let said = get(path, outside).text().replace(&format!("q={}", bound.word), "");
                let shown = bound.marks().into_iter().find(|mark| said.contains(mark.as_str()));
                assert!(
                    shown.is_none() && !said.contains(&url[url.len() - 26..]) || path == &api,
                    "{path}: {said}"
                );
                assert_eq!(shown, None, "{path} from {outside:?}");
            }
            assert_eq!(get(&open, outside).status, 200, "what is free is free");
        }
    }
    let kept = get(&url, &["IN"]);
    assert_eq!(kept.field("cache-control"), Some("private, no-cache"), "no cache gives it to others");
}

#[test]
fn who_is_not_the_proxy_is_not_believed_about_where_he_is() {
    let newsroom = behind_proxy(&feeds("[agency.contract]\nterritories = [\"IN\"]", ""), "10.9.8.7");
    let story = Story::new("overpass", Rss);
    let url = text(&newsroom.send(&story.uri, &wire(Rss, &story)), "url").to_owned();
    let path = url.rsplit_once("/s/").map(|(_, id)| format!("/s/{id}")).expect("an address");
    let answer = ask(newsroom.site, "GET", &path, &[("X-Country", "IN")], b"").expect("an answer");
    assert_eq!(answer.status, 451);
    let wrong = Newsroom::prepared(&feeds("[agency.contract]\nterritories = [\"IN\"]", ""));
    let said = wrong.cli(&["check"]);
    assert!(said.code != Some(0) && said.err.contains("country_header"), "{said:?}");
}

#[test]
fn no_picture_of_a_wire_is_shown_or_linked() {
    let newsroom = Newsroom::usual();
    let story = Story::new("weathervane", Rss);
    let wire = String::from_utf8(wire(Rss, &story)).expect("text").replace(
        "</item>",
        "<enclosure url=\"https://pictures.example/weathervane.jpg\" type=\"image/jpeg\" length=\"1\"/>\
         <media:content url=\"https://pictures.example/weathervane-2.jpg\" medium=\"image\"/></item>",
    );
    let url = text(&newsroom.send(&story.uri, wire.as_bytes()), "url").to_owned();
    let found = newsroom.everywhere(
        Some(&url),
        &story.uri,
        &["pictures.example".to_owned(), "weathervane.jpg".to_owned()],
    );
    assert!(found.is_empty(), "{found:#?}");
}
