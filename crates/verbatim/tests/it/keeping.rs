//! Nothing lost: crashes, restarts, rebuilt indexes, backups.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::http::ask;
use crate::newsroom::{Newsroom, USUAL, eventually, percent, program, text};
use crate::wires::{Atom, NewsmlG2, Ninjs, Rss, Story, wire};

/// What every public address answers.
#[track_caller]
fn outputs(newsroom: &Newsroom, stories: &[(String, Story)]) -> BTreeMap<String, (u16, String)> {
    let mut paths = newsroom.lists();
    for (url, story) in stories {
        paths.extend(Newsroom::paths_of(url));
        paths.push(format!("/api/v1/items?uri={}", percent(&story.uri)));
        paths.push(format!("/search?q={}", story.marks()[0]));
    }
    let answers = paths.into_iter().map(|path| {
        let answer = newsroom.get(&path);
        let tag = answer.field("etag").unwrap_or_default().to_owned();
        let text = format!("{tag}\n{}", answer.text());
        (path, (answer.status, text))
    });
    answers.collect()
}

#[track_caller]
fn same(before: &BTreeMap<String, (u16, String)>, after: &BTreeMap<String, (u16, String)>) {
    for (path, (status, text)) in before {
        let (now, other) = &after[path];
        assert_eq!(now, status, "{path}");
        // The first line is the entity tag.
        let differs = text.lines().zip(other.lines()).skip(1).find(|(a, b)| a != b);
        assert!(text == other, "{path} is not what it was: {differs:?}");
    }
    assert_eq!(before.len(), after.len());
}

/// Stories in every state that a reader can tell from outside.
fn a_full_day(newsroom: &Newsroom) -> Vec<(String, Story)> {
    let mut stories = Vec::new();
    let plain = Story::new("dayplain", Ninjs);
    stories.push((newsroom.publish(Ninjs, &plain), plain));
    let updated = Story::new("dayupdate", NewsmlG2);
    newsroom.publish(NewsmlG2, &updated);
    let second = updated.next("two");
    stories.push((newsroom.publish(NewsmlG2, &second), second));
    let silent = Story::new("daysilent", Rss);
    newsroom.publish(Rss, &silent);
    let other = silent.worded("two");
    stories.push((newsroom.publish(Rss, &other), other));
    let killed = Story::new("daykilled", Atom);
    stories.push((newsroom.publish(Atom, &killed), killed.clone()));
    newsroom.deliver(Atom, &killed.next_with("canceled", "kill"));
    let withheld = Story::new("daywithheld", NewsmlG2);
    stories.push((newsroom.publish(NewsmlG2, &withheld), withheld.clone()));
    newsroom.deliver(NewsmlG2, &withheld.next_with("withheld", "two"));
    let released = Story::new("dayreleased", Ninjs);
    stories.push((newsroom.publish(Ninjs, &released), released.clone()));
    newsroom.order(&released.uri, "hold");
    newsroom.order(&released.uri, "release");
    let waiting = Story::new("daywaiting", Ninjs).until(None);
    let line = newsroom.put_through(Ninjs, &waiting);
    stories.push((text(&line, "url").to_owned(), waiting));
    stories
}

#[test]
fn a_restart_in_the_middle_loses_and_repeats_nothing() {
    const STORIES: usize = 60;
    let mut newsroom = Newsroom::usual();
    let killed = Story::new("fallenoak", NewsmlG2);
    let killed_url = newsroom.publish(NewsmlG2, &killed);
    newsroom.deliver(NewsmlG2, &killed.next_with("canceled", "kill"));
    let stories: Vec<Story> = (0..STORIES).map(|i| Story::new(&format!("burst{i:02}x"), Ninjs)).collect();
    let mut acknowledged = Vec::new();
    for (i, story) in stories.iter().enumerate() {
        // Every third is pushed: what was acknowledged must be there, whatever happens next.
        if i % 3 == 0 {
            if i == 45 {
                newsroom.crash();
                newsroom.launch();
            }
            let path = "/wire/agx-world";
            let bearer = format!("Bearer {}", crate::newsroom::TOKEN);
            let pushed = ask(newsroom.desk, "POST", path, &[("Authorization", &bearer)], &wire(Ninjs, story));
            if pushed.is_ok_and(|answer| answer.status == 201) {
                acknowledged.push(story);
                continue;
            }
        }
        newsroom.leave("wire/world", &format!("{i:03}.json"), &wire(Ninjs, story));
        if i == 20 {
            newsroom.crash();
            newsroom.launch();
            // From the first answer on, what was killed is gone.
            let first = eventually("the site answers", || {
                ask(
                    newsroom.site,
                    "GET",
                    killed_url.split_at(killed_url.find("/s/").expect("a path")).1,
                    &[],
                    b"",
                )
                .ok()
            });
            assert_eq!(first.status, 410);
        }
    }
    assert!(acknowledged.len() >= 10, "only {} pushes were taken", acknowledged.len());
    eventually("the program is ready", || {
        ask(newsroom.desk, "GET", "/readyz", &[], b"").ok().filter(|answer| answer.status == 200)
    });
    eventually("every story is live", || (newsroom.live().len() == STORIES).then_some(()));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(newsroom.live().len(), STORIES);
    for story in &stories {
        let item = newsroom.item(&story.uri);
        assert_eq!(item["versions"].as_array().map(Vec::len), Some(1), "{item:#}");
        assert_eq!(newsroom.page(text(&item, "url")).blocks, story.blocks());
    }
    assert_eq!(newsroom.get(&killed_url).status, 410);
    newsroom.nowhere(Some(&killed_url), &killed.uri, &killed.marks());
    let left = std::fs::read_dir(newsroom.path("wire/world")).expect("the folder").flatten();
    let left: Vec<_> = left.filter(|entry| entry.path().is_file()).map(|entry| entry.file_name()).collect();
    assert!(left.is_empty(), "{left:?} were never moved");
}

#[test]
fn a_rebuild_gives_the_same_public_bytes() {
    let mut newsroom = Newsroom::usual();
    let stories = a_full_day(&newsroom);
    let before = outputs(&newsroom, &stories);
    newsroom.restart();
    same(&before, &outputs(&newsroom, &stories));
    newsroom.cli(&["rebuild"]).well();
    same(&before, &outputs(&newsroom, &stories));
    newsroom.stop();
    newsroom.cli(&["rebuild"]).well();
    newsroom.run();
    same(&before, &outputs(&newsroom, &stories));
    // And life goes on where it stood.
    let (url, story) = &stories[0];
    assert_eq!(newsroom.publish(Ninjs, &story.next("two")), *url);
}

#[test]
fn a_restored_backup_serves_the_same() {
    let mut newsroom = Newsroom::usual();
    let stories = a_full_day(&newsroom);
    let before = outputs(&newsroom, &stories);
    newsroom.cli(&["backup", "copy"]).well();
    let late = Story::new("afterwards", Ninjs);
    let late_url = newsroom.publish(Ninjs, &late);
    newsroom.stop();
    let refused = newsroom.cli(&["restore", "copy"]);
    assert_ne!(refused.code, Some(0), "a store that is not empty was overwritten: {refused:?}");
    std::fs::rename(newsroom.path("data"), newsroom.path("lost")).expect("the store is lost");
    newsroom.cli(&["restore", "copy"]).well();
    newsroom.run();
    same(&before, &outputs(&newsroom, &stories));
    assert_eq!(newsroom.get(&late_url).status, 404);
    let again = newsroom.publish(Ninjs, &late);
    newsroom.shows(&again, &late);
    let full = newsroom.cli(&["backup", "copy"]);
    assert_ne!(full.code, Some(0), "a backup was overwritten: {full:?}");
}

#[test]
fn a_store_has_one_writer() {
    let newsroom = Newsroom::usual();
    let story = Story::new("soleowner", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let same_ports = newsroom.cli(&["run"]);
    assert!(same_ports.code.is_some_and(|code| code != 0), "{same_ports:?}");
    assert!(same_ports.err.contains(&newsroom.site.to_string()), "{same_ports:?}");
    let mut other = Newsroom::prepared(USUAL);
    other.looks_back = false;
    let config = std::fs::read_to_string(other.path("verbatim.toml")).expect("a configuration");
    let data = newsroom.path("data");
    let shared = config.replace("path = \"data\"", &format!("path = \"{}\"", data.display()));
    std::fs::write(other.path("verbatim.toml"), shared).expect("a configuration");
    let second = other.cli(&["run"]);
    assert!(second.code.is_some_and(|code| code != 0), "{second:?}");
    assert!(second.err.contains(&data.display().to_string()), "it does not say which store: {second:?}");
    newsroom.shows(&url, &story);
}

#[test]
fn doctor_finds_a_healthy_store_healthy() {
    let mut newsroom = Newsroom::usual();
    let story = Story::new("checkup", Ninjs);
    newsroom.publish(Ninjs, &story);
    let running = newsroom.cli(&["doctor"]).well();
    assert!(running.out.contains("answers"), "{running:?}");
    newsroom.stop();
    newsroom.cli(&["doctor"]).well();
    // A byte of the archive or vault that is not what it was is found.
    let missing = program(&newsroom.path("wire"), &["doctor"]);
    assert!(missing.code != Some(0) && missing.err.contains("verbatim.toml"), "{missing:?}");
}
