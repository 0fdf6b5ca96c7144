//! After a kill every output is asked, the confirmations are kept, and a month can be told from them.

use serde_json::Value;

use crate::newsroom::{Newsroom, USUAL, eventually, text};
use crate::wires::{Ninjs, Rss, Story, wire, wires};

fn kill_of(newsroom: &Newsroom, uri: &str) -> Option<Value> {
    newsroom.list("kills").into_iter().find(|line| text(line, "uri") == uri)
}

#[track_caller]
fn confirmed(newsroom: &Newsroom, uri: &str) -> Value {
    eventually("the kill is confirmed", || kill_of(newsroom, uri).filter(|line| line["confirmed"] == true))
}

#[test]
fn a_kill_returns_when_every_output_was_asked_and_has_nothing_left() {
    let newsroom = Newsroom::usual();
    let story = Story::new("halewood", Rss);
    let url = newsroom.publish(Rss, &story);
    newsroom.shows(&url, &story);
    newsroom.cli(&["kill", &url, "--reason", "a wrong name"]).well();
    let line = confirmed(&newsroom, &story.uri);
    assert!(text(&line, "detail").starts_with("gone from all 17 outputs after"), "{line:#}");
    assert!(newsroom.desk_page().contains("gone from all 17 outputs"));
    let said = newsroom.cli(&["list", "--kills"]).well();
    assert!(said.out.contains("gone from all 17 outputs"), "{said:?}");
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
}

#[test]
fn of_many_sitemaps_a_killed_story_is_gone_from_its_own_and_the_others_stay_as_they_are() {
    let newsroom = Newsroom::usual();
    let stories: Vec<Story> = (0..2_100).map(|n| Story::new(&format!("map{n}x"), Ninjs)).collect();
    for (n, chunk) in stories.chunks(525).enumerate() {
        let name = format!("map-{n}.json");
        std::fs::write(newsroom.path(&name), wires(Ninjs, chunk)).expect("a file");
        newsroom.cli(&["publish", "--feed", "agx-world", &name]).well();
    }
    let listed = |path: &str| newsroom.get(path).text().matches("<loc>").count();
    assert_eq!(["/sitemap.xml", "/sitemap-0.xml", "/sitemap-1.xml"].map(listed), [2, 2_000, 100]);
    let first = newsroom.get("/sitemap-0.xml").body;
    let last = newsroom.item(&stories[2_099].uri);
    let url = text(&last, "url");
    assert!(newsroom.get("/sitemap-1.xml").text().contains(url));
    newsroom.cli(&["kill", url, "--reason", "a wrong name"]).well();
    let line = confirmed(&newsroom, &stories[2_099].uri);
    assert!(text(&line, "detail").starts_with("gone from all 17 outputs after"), "{line:#}");
    assert!(!newsroom.get("/sitemap-1.xml").text().contains(url));
    assert_eq!(newsroom.get("/sitemap-0.xml").body, first);
    assert_eq!(newsroom.get("/sitemap-2.xml").status, 404);
}

#[test]
fn an_agencys_kill_is_confirmed_too_and_one_without_a_runner() {
    let mut newsroom = Newsroom::usual();
    let (one, two) = (Story::new("inglewood", Ninjs), Story::new("jarrow", Ninjs));
    newsroom.publish(Ninjs, &one);
    let url = newsroom.publish(Ninjs, &two);
    newsroom.push("agx-world", &wire(Ninjs, &one.next_with("canceled", "kill")));
    confirmed(&newsroom, &one.uri);
    newsroom.stop();
    newsroom.cli(&["kill", &url, "--reason", "a wrong name"]).well();
    newsroom.run();
    confirmed(&newsroom, &two.uri);
    newsroom.restart();
    confirmed(&newsroom, &two.uri);
}

#[test]
fn what_was_not_confirmed_before_a_crash_is_asked_after_it() {
    let mut newsroom = Newsroom::usual();
    let story = Story::new("kelvedon", Ninjs);
    newsroom.publish(Ninjs, &story);
    newsroom.push("agx-world", &wire(Ninjs, &story.next_with("canceled", "kill")));
    newsroom.crash();
    newsroom.run();
    let line = confirmed(&newsroom, &story.uri);
    assert!(text(&line, "detail").contains("gone from all"), "{line:#}");
}

#[test]
fn a_kill_that_takes_longer_than_the_contract_allows_raises_an_alarm() {
    let newsroom = Newsroom::with(&format!("[agency.contract]\nkill_within = \"1ms\"\n{USUAL}"));
    let story = Story::new("quarndon", Ninjs);
    newsroom.publish(Ninjs, &story);
    newsroom.push("agx-world", &wire(Ninjs, &story.next_with("canceled", "kill")));
    confirmed(&newsroom, &story.uri);
    assert!(newsroom.desk_page().contains("the contract allows 1ms for a kill"), "{}", newsroom.desk_page());
}

#[test]
fn a_month_is_told_from_the_journal_alone() {
    let mut newsroom = Newsroom::usual();
    let stories: Vec<Story> =
        ["lanark", "melrose", "newark", "oakham"].iter().map(|name| Story::new(name, Ninjs)).collect();
    let urls: Vec<String> = stories.iter().map(|story| newsroom.publish(Ninjs, story)).collect();
    newsroom.publish(Ninjs, &stories[0].next("two"));
    newsroom.deliver(Ninjs, &stories[0].next("two"));
    newsroom.cli(&["review", &urls[1], "--role", "editor"]).well();
    newsroom.hold_all(true);
    newsroom.deliver(Ninjs, &Story::new("penrith", Ninjs));
    newsroom.hold_all(false);
    newsroom.cli(&["kill", &urls[2], "--reason", "x"]).well();
    newsroom.cli(&["kill", "urn:agx:never-came", "--reason", "x"]).well();
    confirmed(&newsroom, &stories[2].uri);
    let month = jiff::Timestamp::now().strftime("%Y-%m").to_string();
    let ask = |newsroom: &Newsroom, format: &str| {
        newsroom.cli(&["report", "--agency", "agx", "--month", &month, "--format", format]).well().out
    };
    let told: Value = serde_json::from_str(&ask(&newsroom, "json")).expect("JSON");
    let figures = ["received", "used", "versions", "revised", "expired"].map(|name| told[name].as_u64());
    assert_eq!(figures, [Some(7), Some(4), Some(6), Some(1), Some(0)], "{told:#}");
    assert_eq!(
        (told["held"]["hold-all"].as_u64(), told["ignored"]["redelivery"].as_u64()),
        (Some(1), Some(1))
    );
    let killed = told["killed"].as_array().expect("kills");
    assert_eq!(killed.len(), 2, "{told:#}");
    let gone = killed[0]["gone_after"].as_object().expect("outputs");
    assert_eq!((text(&killed[0], "uri"), gone.len()), (stories[2].uri.as_str(), 17), "{told:#}");
    assert!(gone.values().all(|seconds| seconds.as_f64().is_some_and(|seconds| seconds < 60.0)), "{told:#}");
    assert_eq!(killed[1]["was_public"], false);
    assert!(ask(&newsroom, "text").contains("gone from 17 outputs within"));
    let csv = ask(&newsroom, "csv");
    assert!(
        csv.starts_with("what,which,when,count,seconds\r\n") && csv.contains(&format!("used,,{month},4,")),
        "{csv}"
    );
    assert_eq!(csv.matches("gone:main/").count(), 17, "{csv}");
    // The index is not asked: made anew, it changes nothing. Nor does a month that is over see any of it.
    newsroom.cli(&["rebuild"]).well();
    newsroom.stop();
    assert_eq!(serde_json::from_str::<Value>(&ask(&newsroom, "json")).expect("JSON"), told);
    let empty = newsroom.cli(&["report", "--agency", "agx", "--month", "2001-01", "--format", "json"]).well();
    assert!(empty.out.contains("\"received\":0") && empty.out.contains("\"killed\":[]"), "{empty:?}");
    for wrong in [["agy", "2026-01"], ["agx", "january"]] {
        let said = newsroom.cli(&["report", "--agency", wrong[0], "--month", wrong[1]]);
        assert_eq!(said.code, Some(1), "{said:?}");
    }
}
