//! Feeds that are asked for news again and again.

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use crate::http::{Answer, Server, gzip};
use crate::newsroom::{Newsroom, USUAL, eventually, reasons, text};
use crate::wires::{Atom, Rss, Story, moment, wire, wires};

fn polled(id: &str, url: &str, section: &str) -> String {
    format!(
        "[[feed]]\nid = \"{id}\"\nagency = \"agx\"\npoll = \"{url}\"\npoll_every = \"1s\"\nsection = \"{section}\"\n"
    )
}

#[track_caller]
fn comes(newsroom: &Newsroom, story: &Story) -> String {
    eventually(&format!("{} is live", story.headline), || {
        let url = text(newsroom.items(&story.uri).first()?, "url").to_owned();
        (newsroom.page(&url).blocks == story.blocks()).then_some(url)
    })
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    let first = Story::new("pollard", Atom);
    let shown = Arc::new(Mutex::new(first.clone()));
    let source = Arc::clone(&shown);
    let agency = Server::answering(move |request| {
        let story = source.lock().expect("the story");
        let tag = format!("\"v{}\"", story.version);
        if request.field("if-none-match") == Some(&tag) {
            return Answer::of(304, "application/atom+xml", "").with("ETag", &tag);
        }
        let body = wire(Atom, &story);
        match request.field("accept-encoding").is_some_and(|codings| codings.contains("gzip")) {
            true => Answer::of(200, "application/atom+xml", gzip(&body))
                .with("ETag", &tag)
                .with("Content-Encoding", "gzip"),
            false => Answer::of(200, "application/atom+xml", body).with("ETag", &tag),
        }
    });
    let newsroom = Newsroom::with(&polled("agx-poll", &agency.url(), "world"));
    let url = comes(&newsroom, &first);
    newsroom.shows(&url, &first);
    assert!(agency.asked()[0].field("accept-encoding").is_some_and(|codings| codings.contains("gzip")));
    assert!(
        agency.asked()[0].field("user-agent").is_some_and(|agent| agent.to_lowercase().contains("verbatim"))
    );
    eventually("it is asked again, on condition", || {
        (agency.asked().iter().filter(|request| request.field("if-none-match") == Some("\"v1\"")).count()
            >= 2)
            .then_some(())
    });
    assert_eq!(newsroom.metric("verbatim_transmissions_total"), 1, "what did not change was taken again");
    let second = first.next("two");
    *shown.lock().expect("the story") = second.clone();
    assert_eq!(comes(&newsroom, &second), url);
    newsroom.shows(&url, &second);
}

#[test]
fn a_condition_is_kept_over_a_restart() {
    let story = Story::new("pollux", Rss);
    let body = wire(Rss, &story);
    let agency = Server::answering(move |request| match request.field("if-none-match") {
        Some("\"same\"") => Answer::of(304, "application/rss+xml", ""),
        _ => Answer::of(200, "application/rss+xml", body.clone()).with("ETag", "\"same\""),
    });
    let mut newsroom = Newsroom::with(&polled("agx-poll", &agency.url(), "world"));
    let url = comes(&newsroom, &story);
    eventually("it is asked on condition", || {
        agency.asked().iter().find(|r| r.field("if-none-match").is_some()).map(|_| ())
    });
    newsroom.crash();
    let before = agency.asked().len();
    newsroom.run();
    let next = eventually("it is asked again", || agency.asked().get(before).cloned());
    assert_eq!(next.field("if-none-match"), Some("\"same\""));
    newsroom.shows(&url, &story);
}

#[test]
fn a_failing_feed_is_seen_and_recovers() {
    let story = Story::new("mendwell", Rss);
    let body = wire(Rss, &story);
    let status = Arc::new(AtomicU16::new(503));
    let says = Arc::clone(&status);
    let agency = Server::answering(move |_| match says.load(Ordering::SeqCst) {
        200 => Answer::of(200, "application/rss+xml", body.clone()),
        status => Answer::of(status, "text/plain", "out of order"),
    });
    let newsroom = Newsroom::with(&polled("agx-poll", &agency.url(), "world"));
    let feed = || {
        newsroom.list("feeds").into_iter().find(|feed| text(feed, "feed") == "agx-poll").expect("the feed")
    };
    let ill =
        eventually("its trouble is on the desk", || Some(feed()).filter(|feed| feed["trouble"].is_string()));
    assert!(text(&ill, "trouble").contains("503"), "{ill:#}");
    assert!(newsroom.items(&story.uri).is_empty());
    status.store(200, Ordering::SeqCst);
    let url = comes(&newsroom, &story);
    newsroom.shows(&url, &story);
    let well = feed();
    assert!(
        well["trouble"].is_null() && well["failures"] == 0 && well["last_contact"].is_string(),
        "{well:#}"
    );
}

#[test]
fn an_answer_that_ends_early_is_not_taken_for_the_whole() {
    let story = Story::new("cutshort", Rss);
    let whole = Arc::new(AtomicBool::new(false));
    let (body, says) = (wire(Rss, &story), Arc::clone(&whole));
    let agency = Server::answering(move |_| {
        if says.load(Ordering::SeqCst) {
            return Answer::of(200, "application/rss+xml", body.clone());
        }
        let mut packed = gzip(&body);
        packed.truncate(packed.len() / 2);
        Answer::of(200, "application/rss+xml", packed).with("Content-Encoding", "gzip")
    });
    let newsroom = Newsroom::with(&polled("agx-poll", &agency.url(), "world"));
    eventually("its trouble is on the desk", || {
        newsroom.list("feeds")[0]["trouble"].as_str().map(str::to_owned)
    });
    assert_eq!(newsroom.metric("verbatim_transmissions_total"), 0);
    whole.store(true, Ordering::SeqCst);
    let url = comes(&newsroom, &story);
    newsroom.shows(&url, &story);
}

#[test]
fn a_new_feed_of_fifty_old_items_gives_five_stories() {
    let hours = |n: i64| moment(-n * 3600 - 60);
    let stories: Vec<Story> = (0..50i64)
        .map(|i| {
            // Five of the last day, and forty-five older.
            let age = if i < 5 { i * 4 } else { 24 + i };
            Story::new(&format!("archive{i:02}x"), Rss).made(hours(age))
        })
        .collect();
    let body = wires(Rss, &stories);
    let agency = Server::answering(move |_| {
        Answer::of(200, "application/rss+xml", body.clone()).with("ETag", "\"all\"")
    });
    let mut newsroom = Newsroom::usual();
    let own = Story::new("resident", Rss);
    let own_url = newsroom.publish(Rss, &own);
    newsroom.configure(&format!("{USUAL}{}", polled("agx-archive", &agency.url(), "past")));
    newsroom.restart();
    comes(&newsroom, &stories[4]);
    let rulings = eventually("all fifty are ruled on", || {
        let all = newsroom.list("recent?feed=agx-archive");
        (all.len() >= 50).then_some(all)
    });
    let (live, ignored): (Vec<_>, Vec<_>) =
        rulings.iter().partition(|line| text(line, "ruling") == "publish");
    assert_eq!((live.len(), ignored.len()), (5, 45), "{rulings:#?}");
    for line in &ignored {
        assert_eq!(text(line, "ruling"), "ignore", "{line:#}");
        assert!(reasons(line).contains("backlog"), "{line:#}");
    }
    assert_eq!(newsroom.live().len(), 6);
    assert_eq!(newsroom.metric("verbatim_alarms_total"), 0);
    assert_eq!(newsroom.list("held"), Vec::<serde_json::Value>::new());
    newsroom.shows(&own_url, &own);
    // Each under its own time, the newest first.
    let feed = newsroom.get("/section/past/feed.json").json();
    let items = feed["items"].as_array().expect("items");
    assert_eq!(items.len(), 5);
    for (item, story) in items.iter().zip(&stories) {
        assert_eq!(text(item, "title"), story.headline);
        let published: Timestamp = text(item, "date_published").parse().expect("a time");
        assert!(
            published.duration_since(story.made).abs() <= SignedDuration::from_secs(1),
            "{item:#} against {}",
            story.made
        );
    }
    // What was passed over can still be let go by hand.
    newsroom.order(&stories[20].uri, "release");
    let url = comes(&newsroom, &stories[20]);
    newsroom.shows_old(&url, &stories[20]);
    newsroom.restart();
    assert_eq!(newsroom.live().len(), 7);
}

#[test]
fn old_files_in_a_new_folder_are_no_news() {
    let mut newsroom = Newsroom::prepared(USUAL);
    let old: Vec<Story> =
        (0..6).map(|i| Story::new(&format!("attic{i}x"), Rss).made(moment(-(30 + i) * 3600))).collect();
    let fresh = Story::new("doorstep", Rss).made(moment(-3 * 3600));
    newsroom.leave("wire/world", "0001.rss", &wires(Rss, &old));
    newsroom.leave("wire/world", "0002.rss", &wire(Rss, &fresh));
    newsroom.run();
    let url = comes(&newsroom, &fresh);
    newsroom.shows(&url, &fresh);
    let rulings =
        eventually("all are ruled on", || Some(newsroom.list("recent")).filter(|all| all.len() >= 7));
    for story in &old {
        let line = rulings.iter().find(|line| text(line, "uri") == story.uri).expect("a ruling");
        assert_eq!(text(line, "ruling"), "ignore", "{line:#}");
    }
    assert_eq!(newsroom.live(), [url]);
    assert_eq!(newsroom.metric("verbatim_alarms_total"), 0);
    // What comes later is news, however old the sender's clock says the folder is.
    let next = Story::new("newspost", Rss);
    newsroom.leave("wire/world", "0003.rss", &wire(Rss, &next));
    comes(&newsroom, &next);
}
