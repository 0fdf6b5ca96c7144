//! What the safety rules do in a newsroom: across feeds, batches and restarts.

use crate::newsroom::{Newsroom, USUAL, eventually, reasons, text};
use crate::wires::{Format, Ninjs, Story, wire};

/// The same words under another identifier.
fn twin_of(story: &Story, name: &str) -> Story {
    let mut twin = story.clone();
    twin.uri = Story::new(name, Ninjs).uri;
    twin
}

#[track_caller]
fn killed(newsroom: &Newsroom, format: Format, story: &Story) {
    newsroom.publish(format, story);
    newsroom.push("agx-world", &wire(format, &story.next_with("canceled", "kill")));
    eventually("the record of the kill", || {
        (text(&newsroom.item(&story.uri), "pubstatus") == "canceled").then_some(())
    });
}

#[test]
fn killed_words_come_back_under_no_other_identifier_also_after_a_crash() {
    let mut newsroom = Newsroom::with(&format!("{USUAL}\n[[rules]]\non = [\"killed-twin\"]\n"));
    let story = Story::new("morvane", Ninjs);
    killed(&newsroom, Ninjs, &story);
    let ruled = newsroom.deliver(Ninjs, &twin_of(&story, "again"));
    assert_eq!(
        (text(&ruled, "ruling"), reasons(&ruled).contains("of an item killed")),
        ("hold", true),
        "{ruled:#}"
    );
    newsroom.crash();
    newsroom.run();
    let ruled = newsroom.deliver(Ninjs, &twin_of(&story, "and-again"));
    assert_eq!(
        (text(&ruled, "ruling"), reasons(&ruled).contains("of an item killed")),
        ("hold", true),
        "{ruled:#}"
    );
    newsroom.nowhere(None, &story.uri, &story.marks());
}

#[test]
fn a_tripped_breaker_holds_its_feed_until_a_person_resets_it() {
    let mut newsroom =
        Newsroom::with(&format!("{USUAL}\n[[rules]]\nburst = 2\nbreaker = 3\nfeeds = [\"agx-world\"]\n"));
    let names = ["calva", "dorim", "estel", "farno", "gelid", "horun"];
    let acts: Vec<String> = names
        .iter()
        .map(|name| text(&newsroom.deliver(Ninjs, &Story::new(name, Ninjs)), "ruling").to_owned())
        .collect();
    assert_eq!(acts, ["publish", "publish", "hold", "hold", "hold", "hold"]);
    assert!(newsroom.desk_page().contains("everything on it is held"));
    newsroom.restart();
    // By hand it is no burst, and the breaker holds it all the same.
    let held = newsroom.put_through(Ninjs, &Story::new("irvan", Ninjs));
    assert!(reasons(&held).contains("breaker"), "{held:#}");
    assert_eq!(newsroom.metric("verbatim_feed_held{feed=\"agx-world\"}"), 1);
    newsroom.cli(&["hold-all", "off", "--feed", "agx-world"]).well();
    assert_eq!(newsroom.metric("verbatim_feed_held{feed=\"agx-world\"}"), 0);
    assert_ne!(newsroom.cli(&["hold-all", "off", "--feed", "nowhere"]).code, Some(0));
}

#[test]
fn an_archive_that_comes_again_publishes_nothing_and_stops_nothing() {
    let newsroom = Newsroom::with(&format!("{USUAL}\n[[rules]]\non = [\"stale-date\"]\n"));
    newsroom.publish(Ninjs, &Story::new("calva", Ninjs));
    let item = |n: i64| {
        let at = jiff::Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * (17_000 + n * 9));
        format!(
            r#"{{"uri": "urn:agx:archive-{n}", "version": "1", "type": "text", "pubstatus": "usable", "language": "en",
            "versioncreated": "{at}", "headline": "Olden day {n}", "body_text": "What happened on the olden day {n} is long over."}}"#
        )
    };
    let archive: Vec<String> = (0..400).map(item).collect();
    newsroom.push("agx-world", format!("[{}]", archive.join(",")).as_bytes());
    let killed = Story::new("dorim", Ninjs);
    newsroom.publish(Ninjs, &killed);
    newsroom.order(&killed.uri, "kill");
    let stale = "verbatim_findings_total{feed=\"agx-world\",rule=\"stale-date\",mode=\"on\"}";
    eventually("the whole archive is held", || (newsroom.metric(stale) == 400).then_some(()));
    newsroom.publish(Ninjs, &Story::new("estel", Ninjs));
    assert_eq!(newsroom.metric("verbatim_feed_held{feed=\"agx-world\"}"), 0);
    newsroom.nowhere(None, "urn:agx:archive-399", &["Olden day 399".to_owned(), "Olden day 1".to_owned()]);
}

#[test]
fn a_rule_that_only_watches_publishes_and_is_counted() {
    let newsroom = Newsroom::with(&format!("{USUAL}\n[[rules]]\nshadow = [\"burst\"]\nburst = 1\n"));
    newsroom.publish(Ninjs, &Story::new("calva", Ninjs));
    newsroom.publish(Ninjs, &Story::new("dorim", Ninjs));
    let counted = "verbatim_findings_total{feed=\"agx-world\",rule=\"burst\",mode=\"shadow\"}";
    assert_eq!(newsroom.metric(counted), 1);
}
