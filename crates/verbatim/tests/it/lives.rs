//! The life of a story in the formats that tell it: updates, corrections, repetitions, silence.

use jiff::SignedDuration;

use crate::newsroom::{Newsroom, USUAL, eventually, reasons, sha256, text};
use crate::wires::{
    Atom, Format, JsonFeed, NewsmlG2, Ninjs, Nitf, Rss, Story, assemble, moment, piece, wire, wires,
};

#[test]
fn a_story_goes_live_in_every_output_and_every_format() {
    let newsroom = Newsroom::usual();
    for format in Format::ALL {
        let story = Story::new("quendor", format);
        let url = newsroom.publish(format, &story);
        newsroom.shows(&url, &story);
        let item = newsroom.item(&story.uri);
        assert_eq!(text(&item, "copy_sha256"), sha256(story.plain()));
        assert_eq!((text(&item, "url"), text(&item, "headline")), (&*url, &*story.headline));
        assert_eq!(text(&item, "review"), "unreviewed");
    }
}

#[test]
fn an_update_keeps_its_url_and_history() {
    let newsroom = Newsroom::usual();
    for format in Format::ALL {
        let first = Story::new("velmora", format);
        let second = first.next("two");
        let url = newsroom.publish(format, &first);
        assert_eq!(newsroom.publish(format, &second), url, "{format:?}");
        newsroom.shows(&url, &second);
        let item = newsroom.item(&first.uri);
        let versions = item["versions"].as_array().expect("versions");
        let hashes: Vec<&str> = versions.iter().map(|version| text(version, "copy_sha256")).collect();
        assert_eq!(hashes, [sha256(first.plain()), sha256(second.plain())], "{format:?}: {item:#}");
        let history = newsroom.page(&format!("{url}/history"));
        assert_eq!(history.status, 200);
        for story in [&first, &second] {
            assert!(history.text.contains(&sha256(story.plain())), "{format:?}: {}", history.text);
        }
        // What was public before is kept by its hash, not by its words.
        newsroom.nowhere(Some(&url), &first.uri, &first.marks());
    }
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let newsroom = Newsroom::usual();
    let story = Story::new("crossway", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let killed = Story::new("deadend", Ninjs);
    newsroom.publish(Ninjs, &killed);
    newsroom.deliver(Ninjs, &killed.next_with("canceled", "kill"));
    let base = format!("http://127.0.0.1:{}", newsroom.site);
    let mut seen = vec!["/".to_owned(), text(&newsroom.item(&killed.uri), "url").to_owned()];
    let mut next = 0;
    while let Some(path) = seen.get(next).cloned() {
        next += 1;
        assert!(next < 200, "{seen:#?}");
        let answer = newsroom.get(&path);
        assert_eq!(answer.status, if next == 2 { 410 } else { 200 }, "{path}");
        if !answer.field("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            continue;
        }
        for link in newsroom.page(&path).links {
            let local = link.strip_prefix(&base).unwrap_or(&link);
            let local = local.split('#').next().unwrap_or_default().to_owned();
            assert!(local.is_empty() || local.starts_with('/'), "{path} leads out of the site: {link}");
            if !local.is_empty() && !seen.contains(&local) {
                seen.push(local);
            }
        }
    }
    let local = url.strip_prefix(&base).expect("an address of the site");
    for path in [
        local.to_owned(),
        format!("{local}.txt"),
        format!("{local}.json"),
        format!("{local}/history"),
        "/feed.atom".to_owned(),
    ] {
        assert!(seen.contains(&path), "nothing leads to {path}: {seen:#?}");
    }
}

#[test]
fn a_late_version_is_never_shown() {
    let newsroom = Newsroom::usual();
    for format in [NewsmlG2, Ninjs, Nitf, Atom, JsonFeed] {
        let first = Story::new("tarquel", format);
        let second = first.next("two");
        let url = newsroom.publish(format, &second);
        let ruled = newsroom.deliver(format, &first);
        assert_eq!(text(&ruled, "ruling"), "ignore", "{format:?}: {ruled:#}");
        newsroom.shows(&url, &second);
        newsroom.nowhere(Some(&url), &first.uri, &first.marks());
    }
}

#[test]
fn the_same_again_changes_nothing() {
    let newsroom = Newsroom::usual();
    for format in Format::ALL {
        let story = Story::new("ostrava", format);
        let url = newsroom.publish(format, &story);
        let outputs = || {
            let mut paths = newsroom.lists();
            paths.extend(Newsroom::paths_of(&url));
            paths.push(format!("/api/v1/items?uri={}", crate::newsroom::percent(&story.uri)));
            paths.into_iter().map(|path| (newsroom.get(&path).text(), path)).collect::<Vec<_>>()
        };
        let before = outputs();
        let ruled = newsroom.deliver(format, &story);
        assert_eq!(text(&ruled, "ruling"), "ignore", "{format:?}: {ruled:#}");
        for ((before, path), (after, _)) in before.iter().zip(&outputs()) {
            let differs = before.lines().zip(after.lines()).find(|(a, b)| a != b);
            assert!(before == after, "{format:?}: {path}: {differs:?}");
        }
        assert_eq!(newsroom.item(&story.uri)["versions"].as_array().map(Vec::len), Some(1), "{format:?}");
    }
}

#[test]
fn a_silent_change_is_said_in_the_history() {
    let newsroom = Newsroom::usual();
    for format in Format::ALL {
        let first = Story::new("brelka", format);
        let other = first.clone().worded("two");
        let url = newsroom.publish(format, &first);
        assert_eq!(newsroom.publish(format, &other), url);
        newsroom.shows(&url, &other);
        let silent: Vec<bool> = newsroom.item(&first.uri)["versions"]
            .as_array()
            .map(|versions| versions.iter().map(|version| version["silent_change"] == true).collect())
            .unwrap_or_default();
        assert_eq!(silent, [false, true], "{format:?}");
        let history = newsroom.page(&format!("{url}/history"));
        assert!(history.text.contains("without notice"), "{format:?}: {}", history.text);
    }
}

#[test]
fn two_formats_deliver_one_story() {
    let newsroom = Newsroom::usual();
    let first = Story::new("halvern", NewsmlG2);
    let url = newsroom.publish(NewsmlG2, &first);
    let again = newsroom.deliver(Ninjs, &first);
    assert_eq!(text(&again, "ruling"), "ignore", "{again:#}");
    let second = first.next("two");
    assert_eq!(newsroom.publish(Ninjs, &second), url);
    let late = newsroom.deliver(Nitf, &first);
    assert_eq!(text(&late, "ruling"), "ignore", "{late:#}");
    newsroom.shows(&url, &second);
    assert_eq!(newsroom.live(), [url]);
}

#[test]
fn one_item_on_two_feeds_of_an_agency_is_one_story_in_both_sections() {
    let business = USUAL.replace("world", "business");
    let newsroom = Newsroom::with(&format!("{USUAL}{business}"));
    let story = Story::new("kembrit", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let ruled = newsroom.send_on("agx-business", &story.uri, &wire(Ninjs, &story));
    assert_eq!(text(&ruled, "ruling"), "ignore", "{ruled:#}");
    assert_eq!(newsroom.live(), [url.as_str()]);
    for section in ["world", "business"] {
        for path in [format!("/section/{section}"), format!("/section/{section}/feed.atom")] {
            assert!(newsroom.get(&path).text().contains(&story.marks()[0]), "{path}");
        }
    }
    assert_eq!(newsroom.items(&story.uri).len(), 1);
    newsroom.shows(&url, &story);
}

#[test]
fn one_bad_item_leaves_its_neighbours_alone() {
    let newsroom = Newsroom::usual();
    for format in [Rss, Atom, NewsmlG2, Ninjs, JsonFeed] {
        let before = Story::new("zephrin", format);
        let bad = Story::new("nogwick", format);
        let after = Story::new("ulmaran", format);
        let broken = match format {
            NewsmlG2 => piece(format, &bad).replace("</itemMeta>", "</itemMetta>"),
            Rss => piece(format, &bad).replace("</title>", "</titel>"),
            Atom => piece(format, &bad).replace("</content>", "</contend>"),
            _ => piece(format, &bad).replace("\":", "\"="),
        };
        let name = format!("burst-{format:?}.wire");
        let all = assemble(format, &[piece(format, &before), broken, piece(format, &after)]);
        newsroom.leave("wire/world", &name, all.as_bytes());
        for story in [&before, &after] {
            let url = eventually(&format!("{format:?}: {} is live", story.uri), || {
                newsroom.items(&story.uri).first().map(|item| text(item, "url").to_owned())
            });
            assert_eq!(newsroom.page(&url).blocks, story.blocks(), "{format:?}");
        }
        let complaint = eventually(&format!("{format:?}: a complaint"), || {
            newsroom
                .list("complaints")
                .into_iter()
                .find(|line| text(line, "origin") == name && text(line, "gravity") != "remark")
        });
        assert_eq!(complaint["item"], 2, "{format:?}: {complaint:#}");
        assert!(
            complaint["offset"].is_u64() || !text(&complaint, "path").is_empty(),
            "{format:?}: {complaint:#}"
        );
        let listed = newsroom.cli(&["list", "--complaints"]).well().out;
        assert!(listed.contains(&name) && listed.contains("item 2"), "{listed}");
        assert!(newsroom.items(&bad.uri).is_empty(), "{format:?}");
    }
}

#[test]
fn a_transmission_of_nothing_is_a_complaint_on_the_desk() {
    let newsroom = Newsroom::usual();
    for (name, bytes) in [
        ("words.wire", &b"Not a wire at all."[..]),
        ("noise.wire", &[0, 255, 17, 3, 200][..]),
        ("half.wire", b"<rss><chan"),
    ] {
        newsroom.leave("wire/world", name, bytes);
        let complaint = eventually(&format!("a complaint about {name}"), || {
            newsroom.list("complaints").into_iter().find(|line| text(line, "origin") == name)
        });
        assert_ne!(text(&complaint, "gravity"), "remark", "{complaint:#}");
        assert!(!text(&complaint, "message").is_empty(), "{complaint:#}");
    }
    assert_eq!(newsroom.live(), Vec::<String>::new());
}

#[test]
fn several_items_of_one_transmission_are_several_stories() {
    let newsroom = Newsroom::usual();
    for format in [Rss, Atom, NewsmlG2, Ninjs, JsonFeed] {
        let stories = ["arbel", "corvin", "dunmere"].map(|name| Story::new(name, format));
        newsroom.send(&stories[2].uri, &wires(format, &stories));
        let mut urls: Vec<String> = stories
            .iter()
            .map(|story| {
                let url = text(&newsroom.item(&story.uri), "url").to_owned();
                newsroom.shows(&url, story);
                url
            })
            .collect();
        urls.sort();
        urls.dedup();
        assert_eq!(urls.len(), 3, "{format:?}");
    }
}

#[test]
fn unsteady_words_are_held_after_three_changes() {
    let newsroom = Newsroom::usual();
    let mut story = Story::new("wobbel", Rss);
    let url = newsroom.publish(Rss, &story);
    for turn in ["two", "three", "four"] {
        story = story.worded(turn);
        assert_eq!(newsroom.publish(Rss, &story), url);
    }
    let fifth = story.clone().worded("five");
    let ruled = newsroom.deliver(Rss, &fifth);
    assert_eq!(text(&ruled, "ruling"), "hold", "{ruled:#}");
    newsroom.shows(&url, &story);
    // A cache that alternates brings back what was there before.
    let back = newsroom.deliver(Rss, &story.clone().worded("three"));
    assert_eq!(text(&back, "ruling"), "ignore", "{back:#}");
    newsroom.shows(&url, &story);
}

#[test]
fn the_first_delivery_on_a_feed_floods_nobody() {
    let newsroom = Newsroom::usual();
    let fresh = Story::new("morning", Rss);
    let mut stories = vec![fresh.clone()];
    stories.extend((0..9).map(|i| Story::new(&format!("lastyear{i}"), Rss).made(moment(-300 * 24 * 3600))));
    newsroom.send(&stories[9].uri, &wires(Rss, &stories));
    assert_eq!(newsroom.live().len(), 1);
    let ruled = newsroom.list("recent");
    let backlog = ruled.iter().filter(|line| reasons(line).contains("backlog")).count();
    assert_eq!(backlog, 9, "{ruled:#?}");
    assert_eq!(newsroom.list("held"), Vec::<serde_json::Value>::new());
}

#[test]
fn an_item_dated_long_ago_is_held_and_put_through_by_hand() {
    let newsroom = Newsroom::usual();
    // The first contact with the feed is over: what is old there is only recorded.
    newsroom.publish(Ninjs, &Story::new("firstcomer", Ninjs));
    let story = Story::new("stalebrook", Ninjs).made(moment(-40 * 24 * 3600));
    let ruled = newsroom.deliver(Ninjs, &story);
    assert_eq!(text(&ruled, "ruling"), "hold", "{ruled:#}");
    assert!(newsroom.items(&story.uri).is_empty());
    let other = Story::new("oldmarket", Ninjs).made(moment(-40 * 24 * 3600));
    let line = newsroom.put_through(Ninjs, &other);
    assert_eq!(text(&line, "ruling"), "publish", "{line:#}");
    assert_eq!(text(&line, "copy_sha256"), sha256(other.plain()));
    assert_eq!(newsroom.page(text(&line, "url")).blocks, other.blocks());
    // It is public under its own time, not under the operator's.
    let feed = newsroom.get("/feed.json").json();
    let items = feed["items"].as_array().expect("items");
    let item = items.iter().find(|item| item["url"] == line["url"]).expect("the story is in the feed");
    let published: jiff::Timestamp = text(item, "date_published").parse().expect("a time");
    assert!(published.duration_since(other.made).abs() < SignedDuration::from_secs(1), "{feed:#}");
    assert!(reasons(&ruled).contains("dated"), "{ruled:#}");
}
