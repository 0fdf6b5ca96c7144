//! Not yet, not to anybody, not by anybody's reckoning: embargoes, odd statuses, words that are not for readers.

use jiff::{SignedDuration, Timestamp};

use crate::newsroom::{Newsroom, eventually, text};
use crate::wires::{Atom, NewsmlG2, Ninjs, Nitf, Rss, Story, moment};

#[track_caller]
fn unseen(newsroom: &Newsroom, url: Option<&str>, story: &Story) {
    newsroom.nowhere(url, &story.uri, &story.marks());
    assert!(newsroom.items(&story.uri).is_empty(), "{}", story.uri);
    let url = url.unwrap_or_else(|| panic!("no address to guess for {}", story.uri));
    for path in Newsroom::paths_of(url) {
        assert_eq!(newsroom.get(&path).status, 404, "{path}");
    }
}

#[test]
fn an_embargo_lifts_by_itself() {
    let newsroom = Newsroom::usual();
    let formats = [NewsmlG2, Ninjs, Nitf, Rss, Atom];
    let until = moment(9);
    let waiting: Vec<_> = formats
        .into_iter()
        .map(|format| {
            let story = Story::new("sablecoast", format).until(Some(until));
            let line = newsroom.put_through(format, &story);
            assert_eq!(text(&line, "ruling"), "hold", "{format:?}: {line:#}");
            (story, text(&line, "url").to_owned())
        })
        .collect();
    for (story, url) in &waiting {
        unseen(&newsroom, Some(url), story);
    }
    let looked = Timestamp::now();
    assert!(looked < until, "the machine was too slow to look before {until}");
    for (story, url) in &waiting {
        let seen = eventually(&format!("{url} is live"), || {
            let status = newsroom.get(url).status;
            let now = Timestamp::now();
            assert!(status == 404 || now >= until, "{url}: {status} at {now}, before {until}");
            (status == 200).then_some(now)
        });
        assert!(seen.duration_since(until) < SignedDuration::from_secs(5), "live only at {seen}");
        newsroom.shows(url, story);
    }
}

#[test]
fn an_embargo_lifts_also_after_a_restart_and_a_time_without_power() {
    let mut newsroom = Newsroom::usual();
    let story = Story::new("nightfall", Ninjs).until(Some(moment(3)));
    let line = newsroom.put_through(Ninjs, &story);
    let url = text(&line, "url").to_owned();
    let far = Story::new("farshore", Ninjs).until(Some(moment(3600)));
    let far_url = text(&newsroom.put_through(Ninjs, &far), "url").to_owned();
    newsroom.crash();
    while Timestamp::now() < moment(0).max(story.embargo.flatten().expect("an embargo")) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    newsroom.run();
    eventually("the story is live", || (newsroom.get(&url).status == 200).then_some(()));
    newsroom.shows(&url, &story);
    unseen(&newsroom, Some(&far_url), &far);
}

#[test]
fn a_live_story_that_is_embargoed_is_recalled_until_then() {
    let newsroom = Newsroom::usual();
    let story = Story::new("bracken", NewsmlG2);
    let url = newsroom.publish(NewsmlG2, &story);
    let until = moment(6);
    let second = story.next("two").until(Some(until));
    newsroom.deliver(NewsmlG2, &second);
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
    newsroom.nowhere(Some(&url), &story.uri, &second.marks());
    assert!(Timestamp::now() < until, "the machine was too slow");
    assert_eq!(newsroom.get(&url).status, 410);
    eventually("it is live again", || (newsroom.get(&url).status == 200).then_some(()));
    assert!(Timestamp::now() >= until);
    newsroom.shows(&url, &second);
}

#[test]
fn an_indefinite_embargo_never_lifts_by_itself() {
    let newsroom = Newsroom::usual();
    for format in [NewsmlG2, Ninjs, Nitf] {
        let story = Story::new("endlessbay", format).until(None);
        let line = newsroom.put_through(format, &story);
        assert_eq!(text(&line, "ruling"), "hold", "{format:?}: {line:#}");
        let url = text(&line, "url").to_owned();
        std::thread::sleep(std::time::Duration::from_millis(1_200));
        unseen(&newsroom, Some(&url), &story);
        let held = newsroom.held(&story.uri);
        assert_eq!(
            held.iter().map(|line| text(line, "until")).collect::<Vec<_>>(),
            ["person"],
            "{format:?}: {held:#?}"
        );
        let free = Story { embargo: None, ..story.next("two") };
        assert_eq!(newsroom.publish(format, &free), url, "{format:?}");
        newsroom.shows(&url, &free);
    }
}

#[test]
fn a_kill_or_the_operators_hand_beats_an_embargo() {
    let newsroom = Newsroom::usual();
    let until = moment(9);
    let [killed, held, free] =
        ["embkill", "embhold", "embfree"].map(|name| Story::new(name, Ninjs).until(Some(until)));
    let urls =
        [&killed, &held, &free].map(|story| text(&newsroom.put_through(Ninjs, story), "url").to_owned());
    newsroom.deliver(Ninjs, &Story { embargo: None, ..killed.next_with("canceled", "kill") });
    newsroom.order(&held.uri, "hold");
    assert!(Timestamp::now() < until, "the machine was too slow");
    eventually("the third is live", || (newsroom.get(&urls[2]).status == 200).then_some(()));
    assert!(Timestamp::now() >= until);
    newsroom.shows(&urls[2], &free);
    std::thread::sleep(std::time::Duration::from_millis(800));
    unseen(&newsroom, Some(&urls[0]), &killed);
    unseen(&newsroom, Some(&urls[1]), &held);
}

#[test]
fn an_embargo_does_not_lift_while_everything_is_held() {
    let newsroom = Newsroom::usual();
    let story = Story::new("embwait", NewsmlG2).until(Some(moment(2)));
    let url = text(&newsroom.put_through(NewsmlG2, &story), "url").to_owned();
    newsroom.hold_all(true);
    eventually("a person must decide", || {
        newsroom.held(&story.uri).first().filter(|line| text(line, "until") == "person").map(|_| ())
    });
    unseen(&newsroom, Some(&url), &story);
    newsroom.hold_all(false);
    newsroom.order(&story.uri, "release");
    newsroom.shows(&url, &story);
}

#[test]
fn an_embargo_that_nobody_can_read_does_not_lift() {
    let newsroom = Newsroom::usual();
    let story = Story::new("murkwater", Ninjs);
    let wire = String::from_utf8(crate::wires::wire(Ninjs, &story)).expect("UTF-8");
    let wire = wire.replace("\"pubStatus\"", "\"embargoed\":\"after the speech\",\"pubStatus\"");
    let ruled = newsroom.send(&story.uri, wire.as_bytes());
    assert_eq!(text(&ruled, "ruling"), "hold", "{ruled:#}");
    newsroom.nowhere(None, &story.uri, &story.marks());
    assert!(newsroom.list("complaints").iter().any(|line| text(line, "uri") == story.uri), "no complaint");
}

#[test]
fn an_unknown_status_is_held() {
    let newsroom = Newsroom::usual();
    for format in [NewsmlG2, Ninjs, Nitf] {
        let story = Story { status: "frozen", ..Story::new("gelidor", format) };
        let line = newsroom.put_through(format, &story);
        assert_eq!(text(&line, "ruling"), "hold", "{format:?}: {line:#}");
        unseen(&newsroom, line["url"].as_str(), &story);
        assert_eq!(newsroom.held(&story.uri).len(), 1);
        // A version that cannot be trusted does not take the one before it away.
        let first = Story::new("thawing", format);
        let url = newsroom.publish(format, &first);
        let second = first.next_with("frozen", "two");
        assert_eq!(text(&newsroom.deliver(format, &second), "ruling"), "hold", "{format:?}");
        newsroom.nowhere(Some(&url), &first.uri, &second.marks());
        newsroom.shows(&url, &first);
    }
    assert!(newsroom.metric("verbatim_alarms_total") >= 3);
}

#[test]
fn notes_to_editors_and_advisories_are_never_public() {
    let newsroom = Newsroom::usual();
    for format in [NewsmlG2, Ninjs, Nitf] {
        let note = format!("EDITORSnotebook{format:?} call Mira on 0555-0177");
        let story = Story { ed_note: Some(note), ..Story::new("plainfare", format) };
        let url = newsroom.publish(format, &story);
        let words = [format!("EDITORSnotebook{format:?}"), "0555-0177".to_owned(), "Mira".to_owned()];
        newsroom.nowhere(Some(&url), &story.uri, &words);
        newsroom.shows(&url, &story);
    }
    for format in [NewsmlG2, Ninjs] {
        let story = Story { advisory: true, ..Story::new("daybookly", format) };
        let line = newsroom.put_through(format, &story);
        assert_eq!(text(&line, "ruling"), "ignore", "{format:?}: {line:#}");
        unseen(&newsroom, line["url"].as_str(), &story);
        let seen = newsroom.rulings(&story.uri);
        assert!(
            seen.iter().any(|line| text(line, "headline") == story.headline),
            "the desk does not show it: {seen:#?}"
        );
    }
}

#[test]
fn a_licence_that_ends_takes_the_story_with_it() {
    let newsroom = Newsroom::usual();
    let story = Story::new("autumnlease", Ninjs);
    let end = moment(4);
    let wire = String::from_utf8(crate::wires::wire(Ninjs, &story)).expect("UTF-8");
    let wire = wire.replace("\"pubStatus\"", &format!("\"expires\":\"{end}\",\"pubStatus\""));
    let ruled = newsroom.send(&story.uri, wire.as_bytes());
    assert_eq!(text(&ruled, "ruling"), "publish", "{ruled:#}");
    let url = text(&ruled, "url").to_owned();
    eventually("the licence ends", || (newsroom.get(&url).status == 410).then_some(()));
    assert!(Timestamp::now() >= end);
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
    assert_eq!(text(&newsroom.item(&story.uri), "pubstatus"), "expired");
}
