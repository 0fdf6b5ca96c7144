//! What operators do, and that it is done when they are told so.

use serde_json::json;

use crate::newsroom::{Newsroom, text};
use crate::wires::{JsonFeed, NewsmlG2, Ninjs, Story};

#[track_caller]
fn killed(newsroom: &Newsroom, url: &str, story: &Story) {
    for path in [url.to_owned(), format!("{url}.json"), format!("{url}.txt")] {
        assert_eq!(newsroom.get(&path).status, 410, "{path}");
    }
    newsroom.nowhere(Some(url), &story.uri, &story.marks());
    assert_eq!(text(&newsroom.item(&story.uri), "pubstatus"), "canceled");
    assert!(newsroom.get("/feed.atom").text().contains("deleted-entry"));
}

#[test]
fn the_operators_kill_is_done_when_the_command_returns() {
    let mut newsroom = Newsroom::usual();
    let by_uri = Story::new("gavelton", Ninjs);
    let by_address = Story::new("gavelmere", NewsmlG2);
    let by_desk = Story::new("gavelgate", JsonFeed);
    let urls = [
        newsroom.publish(Ninjs, &by_uri),
        newsroom.publish(NewsmlG2, &by_address),
        newsroom.publish(JsonFeed, &by_desk),
    ];
    let said = newsroom.cli(&["kill", &by_uri.uri, "--reason", "a court's order"]).well();
    killed(&newsroom, &urls[0], &by_uri);
    assert_eq!(text(&said.lines()[0], "ruling"), "kill", "{said:?}");
    newsroom.cli(&["kill", &urls[1], "--reason", "a court's order"]).well();
    killed(&newsroom, &urls[1], &by_address);
    newsroom.order(&by_desk.uri, "kill");
    killed(&newsroom, &urls[2], &by_desk);
    // The operator's kill is as sticky as the agency's.
    let ruled = newsroom.deliver(Ninjs, &by_uri.next("two"));
    assert_eq!(text(&ruled, "ruling"), "hold", "{ruled:#}");
    killed(&newsroom, &urls[0], &by_uri);
    newsroom.crash();
    newsroom.run();
    for (url, story) in urls.iter().zip([&by_uri, &by_address, &by_desk]) {
        killed(&newsroom, url, story);
    }
}

#[test]
fn a_kill_without_a_running_newsroom_counts_from_the_first_answer() {
    let mut newsroom = Newsroom::usual();
    let story = Story::new("cellarkey", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    newsroom.stop();
    newsroom.cli(&["kill", &story.uri, "--reason", "a test's"]).well();
    newsroom.run();
    killed(&newsroom, &url, &story);
    let unknown = newsroom.cli(&["hold", "urn:agx:nothing-of-that-name"]);
    assert_ne!(unknown.code, Some(0), "{unknown:?}");
}

#[test]
fn hold_release_spike() {
    let newsroom = Newsroom::usual();
    let story = Story::new("turnstile", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    newsroom.cli(&["hold", &story.uri]).well();
    assert_eq!(newsroom.get(&url).status, 410);
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
    assert_eq!(text(&newsroom.item(&story.uri), "pubstatus"), "withheld");
    let notice = newsroom.page(&url).text;
    assert!(notice.contains("By The Daily Example") && !notice.contains("By Agency Example"), "{notice}");
    // While it is held, what comes for it waits too.
    let second = story.next("two");
    assert_eq!(text(&newsroom.deliver(Ninjs, &second), "ruling"), "hold");
    newsroom.nowhere(Some(&url), &story.uri, &second.marks());
    let held = newsroom.cli(&["list", "--held", "--json"]).well().lines();
    assert!(held.iter().any(|line| text(line, "uri") == story.uri && line["n"] == 2), "{held:#?}");
    newsroom.cli(&["release", &story.uri, "--version", "2"]).well();
    newsroom.shows(&url, &second);
    // And from the desk.
    newsroom.order(&story.uri, "hold");
    assert_eq!(newsroom.get(&url).status, 410);
    newsroom.order(&story.uri, "release");
    newsroom.shows(&url, &second);
}

#[test]
fn a_spiked_version_leaves_the_one_before_it_alone() {
    let newsroom = Newsroom::usual();
    let story = Story::new("spindle", NewsmlG2);
    let url = newsroom.publish(NewsmlG2, &story);
    let second = story.next_with("frozen", "two");
    assert_eq!(text(&newsroom.deliver(NewsmlG2, &second), "ruling"), "hold");
    newsroom.cli(&["spike", &story.uri]).well();
    assert!(newsroom.held(&story.uri).is_empty());
    newsroom.shows(&url, &story);
    newsroom.nowhere(Some(&url), &story.uri, &second.marks());
    let third = story.next("two").next("three");
    assert_eq!(newsroom.publish(NewsmlG2, &third), url);
    // A story that is spiked before it was ever public does not exist.
    let unborn = Story { status: "frozen", ..Story::new("unborn", Ninjs) };
    let line = newsroom.put_through(Ninjs, &unborn);
    newsroom.order(&unborn.uri, "spike");
    newsroom.nowhere(line["url"].as_str(), &unborn.uri, &unborn.marks());
    assert!(newsroom.items(&unborn.uri).is_empty() && newsroom.held(&unborn.uri).is_empty());
}

#[test]
fn hold_all_holds_but_kills_flow() {
    let mut newsroom = Newsroom::usual();
    let live = Story::new("evergreen", Ninjs);
    let doomed = Story::new("deadwood", NewsmlG2);
    let live_url = newsroom.publish(Ninjs, &live);
    let doomed_url = newsroom.publish(NewsmlG2, &doomed);
    newsroom.cli(&["hold-all", "on"]).well();
    let fresh = Story::new("latecomer", Ninjs);
    let update = live.next("two");
    for story in [&fresh, &update] {
        let ruled = newsroom.deliver(Ninjs, story);
        assert_eq!(text(&ruled, "ruling"), "hold", "{ruled:#}");
        newsroom.nowhere(None, &story.uri, &story.marks());
    }
    newsroom.shows(&live_url, &live);
    newsroom.deliver(NewsmlG2, &doomed.next_with("canceled", "kill"));
    killed(&newsroom, &doomed_url, &doomed);
    // The switch stays where it was put.
    newsroom.crash();
    newsroom.run();
    let other = Story::new("straggler", Ninjs);
    assert_eq!(text(&newsroom.deliver(Ninjs, &other), "ruling"), "hold");
    newsroom.hold_all(false);
    // What was held waits for a person; what comes now goes its way.
    newsroom.nowhere(None, &fresh.uri, &fresh.marks());
    let free = Story::new("freeway", Ninjs);
    let free_url = newsroom.publish(Ninjs, &free);
    newsroom.shows(&free_url, &free);
    newsroom.order(&fresh.uri, "release");
    let url = text(&newsroom.item(&fresh.uri), "url").to_owned();
    newsroom.shows(&url, &fresh);
    newsroom.order(&live.uri, "release");
    newsroom.shows(&live_url, &update);
}

#[test]
fn an_order_that_makes_no_sense_is_refused_with_its_reason() {
    let newsroom = Newsroom::usual();
    let story = Story::new("oddorder", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    for order in
        [json!({"uri": story.uri, "order": "polish"}), json!({"uri": story.uri, "order": "release", "n": 9})]
    {
        let answer = newsroom.command("/api/v1/orders", &order);
        assert!([400, 409].contains(&answer.status), "{order}: {}", answer.status);
        assert!(!text(&answer.json(), "error").is_empty(), "{}", answer.text());
    }
    let said = newsroom.cli(&["release", &story.uri]);
    let line = &said.lines()[0];
    assert_eq!((text(line, "ruling"), &line["reasons"]), ("ignore", &json!(["already-so"])), "{said:?}");
    newsroom.shows(&url, &story);
}

#[test]
fn publish_tells_what_became_of_each_item() {
    let newsroom = Newsroom::usual();
    let stories =
        [Story::new("handover", Ninjs), Story { status: "frozen", ..Story::new("handstand", Ninjs) }];
    std::fs::write(newsroom.path("two.json"), crate::wires::wires(Ninjs, &stories)).expect("a file");
    std::fs::write(newsroom.path("none.txt"), "nothing to read here").expect("a file");
    let lines = newsroom.cli(&["publish", "--feed", "agx-world", "two.json"]).well().lines();
    let told: Vec<(&str, &str)> =
        lines.iter().map(|line| (text(line, "uri"), text(line, "ruling"))).collect();
    assert_eq!(told, [(&*stories[0].uri, "publish"), (&*stories[1].uri, "hold")]);
    assert!(lines.iter().all(|line| line["reasons"].is_array() && line["version"] == "1"), "{lines:#?}");
    newsroom.shows(text(&lines[0], "url"), &stories[0]);
    let none = newsroom.cli(&["publish", "--feed", "agx-world", "none.txt"]);
    assert_eq!(none.code, Some(1), "{none:?}");
    let missing = newsroom.cli(&["publish", "--feed", "agx-world", "no-such-file.xml"]);
    assert!(missing.code == Some(1) && missing.err.contains("no-such-file.xml"), "{missing:?}");
    let nowhere = newsroom.cli(&["publish", "--feed", "agx-moon", "two.json"]);
    assert!(nowhere.code != Some(0) && nowhere.err.contains("agx-moon"), "{nowhere:?}");
}
