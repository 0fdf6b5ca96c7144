//! Gone: killed, withheld, never to be seen.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::newsroom::{Newsroom, eventually, reasons, text};
use crate::wires::{
    Atom, Format, JsonFeed, NewsmlG2, Ninjs, Nitf, Rss, Story, assemble, moment, nitf_killing, piece,
    tombstone, wire, wires,
};

/// The formats that can say that an item is canceled.
const KILLING: [Format; 5] = [NewsmlG2, Ninjs, Nitf, Rss, Atom];

/// A contract's second, and as much again four times for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(5);

#[track_caller]
fn gone(newsroom: &Newsroom, url: &str, story: &Story) {
    for path in [
        url.to_owned(),
        format!("{url}.json"),
        format!("{url}.txt"),
        format!("{url}/history"),
        format!("{url}/a-slug"),
    ] {
        assert_eq!(newsroom.get(&path).status, 410, "{path}");
    }
    newsroom.nowhere(Some(url), &story.uri, &story.marks());
    let page = newsroom.page(url);
    assert!(page.blocks.is_empty() && page.labels.is_empty(), "{page:?}");
    assert!(page.text.contains("withdrawn") || page.text.contains("withheld"), "no notice: {}", page.text);
    assert!(!newsroom.live().contains(&url.to_owned()));
}

#[track_caller]
fn canceled(newsroom: &Newsroom, url: &str, story: &Story) {
    // The page is off before the journal says why.
    eventually("the record of the kill", || {
        (text(&newsroom.item(&story.uri), "pubstatus") == "canceled").then_some(())
    });
    gone(newsroom, url, story);
    let atom = newsroom.get("/feed.atom").text();
    assert!(atom.contains("deleted-entry") && atom.contains(url), "{atom}");
    let item = newsroom.item(&story.uri);
    assert_eq!((text(&item, "pubstatus"), text(&item, "url")), ("canceled", url), "{item:#}");
    assert!(item.get("headline").is_none() && item.get("copy_sha256").is_none(), "{item:#}");
}

#[test]
fn a_kill_leaves_no_word_in_any_output() {
    let newsroom = Newsroom::usual();
    for format in KILLING {
        let story = Story::new("morvane", format);
        let url = newsroom.publish(format, &story);
        newsroom.shows(&url, &story);
        let kill = story.next_with("canceled", "kill");
        let pushed = newsroom.push("agx-world", &wire(format, &kill));
        let start = Instant::now();
        assert_eq!(pushed.status, 201);
        eventually(&format!("{format:?}: 410"), || (newsroom.get(&url).status == 410).then_some(()));
        assert!(start.elapsed() < AT_ONCE, "{format:?}: {:?}", start.elapsed());
        canceled(&newsroom, &url, &story);
        newsroom.nowhere(Some(&url), &story.uri, &kill.marks());
    }
}

#[test]
fn a_kill_survives_a_restart_and_a_rebuild() {
    let mut newsroom = Newsroom::usual();
    let story = Story::new("pellworth", NewsmlG2);
    let url = newsroom.publish(NewsmlG2, &story);
    newsroom.deliver(NewsmlG2, &story.next_with("canceled", "kill"));
    canceled(&newsroom, &url, &story);
    newsroom.crash();
    newsroom.run();
    canceled(&newsroom, &url, &story);
    newsroom.stop();
    newsroom.cli(&["rebuild"]).well();
    newsroom.run();
    canceled(&newsroom, &url, &story);
}

#[test]
fn a_kill_before_arrival_keeps_the_story_unpublished() {
    let newsroom = Newsroom::usual();
    for format in KILLING {
        let story = Story::new("gristle", format);
        let kill = story.next_with("canceled", "kill");
        let ruled = newsroom.deliver(format, &kill);
        assert_eq!(text(&ruled, "ruling"), "kill", "{format:?}: {ruled:#}");
        let line = newsroom.put_through(format, &story);
        assert!(!["publish", "update"].contains(&text(&line, "ruling")), "{format:?}: {line:#}");
        let url = line["url"].as_str();
        assert!(newsroom.items(&story.uri).is_empty(), "{format:?}");
        newsroom.nowhere(url, &story.uri, &story.marks());
        newsroom.nowhere(url, &story.uri, &kill.marks());
        for path in url.map(Newsroom::paths_of).unwrap_or_default() {
            assert_eq!(newsroom.get(&path).status, 404, "{format:?}: {path}");
        }
    }
}

#[test]
fn a_document_kills_another() {
    let newsroom = Newsroom::usual();
    let story = Story::new("fennick", Nitf);
    let url = newsroom.publish(Nitf, &story);
    let killing = nitf_killing("urn:agx:notice", &story.uri, moment(0));
    newsroom.send(&story.uri, &killing);
    canceled(&newsroom, &url, &story);
    newsroom.nowhere(
        Some(&url),
        "urn:agx:notice",
        &["Zurücknahmeblatt".to_owned(), "Zurucknahmeblatt".to_owned()],
    );
    assert!(newsroom.items("urn:agx:notice").is_empty());

    // A tombstone among living entries, in a feed of its own and in one that is RSS otherwise.
    for format in [Atom, Rss] {
        let (gone, stays) = (Story::new("umbrose", format), Story::new("stayford", format));
        let url = newsroom.publish(format, &gone);
        let mut all = assemble(format, &[tombstone(&gone.uri, moment(0)), piece(format, &stays)]);
        if format == Rss {
            all = all.replace("<rss ", "<rss xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" ");
        }
        newsroom.send(&gone.uri, all.as_bytes());
        canceled(&newsroom, &url, &gone);
        let other = eventually("the living entry", || {
            newsroom.items(&stays.uri).first().map(|item| text(item, "url").to_owned())
        });
        newsroom.shows(&other, &stays);
    }
}

#[test]
fn a_kill_is_sticky() {
    let mut newsroom = Newsroom::usual();
    let mut killed = Vec::new();
    for format in [NewsmlG2, Ninjs, Nitf, Rss, Atom] {
        let story = Story::new("lorwick", format);
        let url = newsroom.publish(format, &story);
        newsroom.deliver(format, &story.next_with("canceled", "kill"));
        let later = Story { version: 3, made: moment(5), ..story.clone().worded("three") };
        let ruled = newsroom.deliver(format, &later);
        assert_eq!(text(&ruled, "ruling"), "hold", "{format:?}: {ruled:#}");
        canceled(&newsroom, &url, &story);
        newsroom.nowhere(Some(&url), &story.uri, &later.marks());
        assert_eq!(newsroom.held(&story.uri).len(), 1, "{format:?}");
        killed.push((format, url, later));
    }
    // A person may bring one back; the kill stays in the past, also after a restart.
    let (_, url, later) = killed.remove(0);
    let refused = newsroom.command("/api/v1/orders", &json!({ "uri": later.uri, "order": "release" }));
    assert_eq!(
        refused.status,
        409,
        "a killed story came back without its version being named: {}",
        refused.text()
    );
    canceled(&newsroom, &url, &later);
    let n = newsroom.held(&later.uri)[0]["n"].clone();
    let released =
        newsroom.command("/api/v1/orders", &json!({ "uri": later.uri, "order": "release", "n": n }));
    assert_eq!(released.status, 200, "{}", released.text());
    newsroom.shows(&url, &later);
    newsroom.restart();
    newsroom.shows(&url, &later);
    for (_, url, later) in killed {
        canceled(&newsroom, &url, &later);
    }
}

#[test]
fn what_is_withheld_is_recalled_and_comes_back_when_usable() {
    let newsroom = Newsroom::usual();
    for format in [NewsmlG2, Ninjs, Nitf, Rss, Atom] {
        let story = Story::new("caldera", format);
        let url = newsroom.publish(format, &story);
        let withheld = story.next_with("withheld", "two");
        let ruled = newsroom.deliver(format, &withheld);
        assert_eq!(text(&ruled, "ruling"), "hold", "{format:?}: {ruled:#}");
        gone(&newsroom, &url, &story);
        newsroom.nowhere(Some(&url), &story.uri, &withheld.marks());
        assert_eq!(text(&newsroom.item(&story.uri), "pubstatus"), "withheld", "{format:?}");
        let usable = withheld.next_with("usable", "three");
        assert_eq!(newsroom.publish(format, &usable), url, "{format:?}");
        newsroom.shows(&url, &usable);
    }
}

#[test]
fn what_is_withheld_from_the_first_is_never_public() {
    let newsroom = Newsroom::usual();
    for format in [NewsmlG2, Ninjs, Nitf, Rss] {
        let story = Story { status: "withheld", ..Story::new("hushford", format) };
        let line = newsroom.put_through(format, &story);
        assert_eq!(text(&line, "ruling"), "hold", "{format:?}: {line:#}");
        newsroom.nowhere(line["url"].as_str(), &story.uri, &story.marks());
        assert!(newsroom.items(&story.uri).is_empty());
        for path in line["url"].as_str().map(Newsroom::paths_of).unwrap_or_default() {
            assert_eq!(newsroom.get(&path).status, 404, "{format:?}: {path}");
        }
        let url = newsroom.publish(format, &story.next_with("usable", "two"));
        newsroom.shows(&url, &story.next("two"));
    }
}

#[test]
fn a_kill_in_words_alone_takes_the_story_off_and_waits_for_a_person() {
    let newsroom = Newsroom::usual();
    let story = Story::new("wexley", JsonFeed);
    let url = newsroom.publish(JsonFeed, &story);
    let mut notice = Story::new("wexleynotice", JsonFeed);
    notice.headline = format!("KILL: {}", story.headline);
    notice.body = vec!["Editors: this story is wrong. Do not use it. A kill is mandatory.".to_owned()];
    newsroom.deliver(JsonFeed, &notice);
    eventually("the story is off", || (newsroom.get(&url).status == 410).then_some(()));
    gone(&newsroom, &url, &story);
    assert!(newsroom.items(&notice.uri).is_empty());
    assert!(newsroom.metric("verbatim_alarms_total") > 0);
    // The agency said no such thing in so many words.
    assert!(!newsroom.page(&url).text.contains("Agency Example has asked"), "{}", newsroom.page(&url).text);
    let rulings = newsroom.rulings(&story.uri);
    assert_eq!(text(&rulings[0], "ruling"), "hold", "{} {rulings:#?}", reasons(&rulings[0]));
    newsroom.order(&story.uri, "release");
    newsroom.shows(&url, &story);
}

/// Six thousand stories in twenty transmissions: the desk has its hands full for some time.
fn flood(newsroom: &Newsroom, name: &str) {
    for i in 0..20 {
        let stories: Vec<Story> =
            (0..300).map(|j| Story::new(&format!("{name}{i:02}x{j:03}x"), Ninjs)).collect();
        assert_eq!(newsroom.push("agx-world", &wires(Ninjs, &stories)).status, 201);
    }
}

#[test]
fn an_order_to_kill_overtakes_what_waits() {
    let mut newsroom = Newsroom::usual();
    newsroom.looks_back = false;
    let story = Story::new("overtaken", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    flood(&newsroom, "flood");
    let start = Instant::now();
    newsroom.order(&story.uri, "kill");
    assert!(start.elapsed() < AT_ONCE, "{:?}", start.elapsed());
    assert_eq!(newsroom.get(&url).status, 410);
    let waiting = newsroom.metric("verbatim_tray");
    assert!(waiting > 0, "nothing was left to overtake: the flood is too small");
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
}

#[test]
fn words_that_may_mean_several_stories_take_all_of_them_off_and_tell_a_person() {
    let newsroom = Newsroom::usual();
    let stories: Vec<Story> = ["ambigua", "ambigub"]
        .iter()
        .map(|name| Story {
            headline: "Ferry Runs Aground Off Northern Coast".to_owned(),
            ..Story::new(name, Ninjs)
        })
        .collect();
    let other = Story::new("untouched", Ninjs);
    let urls: Vec<String> = stories.iter().map(|story| newsroom.publish(Ninjs, story)).collect();
    let calm = newsroom.publish(Ninjs, &other);
    let mut notice = Story::new("notice", Ninjs);
    notice.headline = "KILL KILL KILL: Ferry Runs Aground Off Northern Coast".to_owned();
    notice.body =
        vec!["Editors: kill the story headlined \"Ferry Runs Aground Off Northern Coast\".".to_owned()];
    newsroom.push("agx-world", &wire(Ninjs, &notice));
    let start = Instant::now();
    for url in &urls {
        eventually("all that it may mean are off", || (newsroom.get(url).status == 410).then_some(()));
    }
    let took = start.elapsed();
    eventually("the operator is told", || {
        let page = newsroom.desk_page();
        stories.iter().all(|story| page.contains(&format!("{}:", story.uri))).then_some(())
    });
    assert!(took < AT_ONCE, "{took:?}");
    assert_eq!(newsroom.get(&calm).status, 200);
    for (url, story) in urls.iter().zip(&stories) {
        newsroom.nowhere(Some(url), &story.uri, &story.marks());
        assert!(reasons(&newsroom.rulings(&story.uri)[0]).contains("another document's words kill"), "{url}");
    }
    assert!(newsroom.items(&notice.uri).is_empty(), "the notice itself is no story");
}

#[test]
fn a_package_whose_member_is_killed_takes_that_story_off() {
    let newsroom = Newsroom::usual();
    let (stays, falls) = (Story::new("packstays", Ninjs), Story::new("packfalls", Ninjs));
    let (kept, url) = (newsroom.publish(Ninjs, &stays), newsroom.publish(Ninjs, &falls));
    let package = json!({
        "uri": "urn:agx:package", "version": "2", "type": "composite", "pubstatus": "usable",
        "versioncreated": moment(-1).to_string(), "headline": "Ferries, all of it",
        "associations": {
            "one": { "uri": stays.uri, "type": "text", "pubstatus": "usable" },
            "two": { "uri": falls.uri, "type": "text", "pubstatus": "canceled" },
        },
    });
    newsroom.push("agx-world", package.to_string().as_bytes());
    canceled(&newsroom, &url, &falls);
    assert_eq!(newsroom.get(&kept).status, 200);
    assert!(newsroom.items("urn:agx:package").is_empty(), "the package itself is no story");
}
