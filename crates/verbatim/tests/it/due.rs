//! Many embargoes that end at one instant.

use jiff::{SignedDuration, Timestamp};
use std::io::Write as _;

use crate::http::ask;
use crate::newsroom::{Newsroom, eventually, text};
use crate::wires::{Ninjs, Story, moment, wires};

/// So many embargoes end at one instant: none is public before it, all are soon after.
fn many_due_at_once(count: usize) {
    let mut newsroom = Newsroom::usual();
    newsroom.looks_back = false;
    let ahead = i64::try_from(20 + count / 50).expect("a time");
    let due = moment(ahead);
    let stories: Vec<Story> =
        (0..count).map(|n| Story::new(&format!("due{n}x"), Ninjs).until(Some(due))).collect();
    let lines: Vec<serde_json::Value> = stories
        .chunks(500)
        .enumerate()
        .flat_map(|(n, chunk)| {
            let name = format!("due-{n}.json");
            std::fs::write(newsroom.path(&name), wires(Ninjs, chunk)).expect("a file");
            newsroom.cli(&["publish", "--feed", "agx-world", &name]).well().lines()
        })
        .collect();
    assert_eq!(lines.len(), count);
    let urls: Vec<String> = lines.iter().map(|line| text(line, "url").to_owned()).collect();
    assert!(Timestamp::now() < due, "the machine is too slow for this many");
    // Guesses, until a moment before the instant: nothing exists.
    let mut guesses = urls.iter().cycle();
    let port = newsroom.site;
    let mut asked = 0;
    while Timestamp::now() < due.saturating_sub(SignedDuration::from_millis(200)).expect("a time") {
        let url = guesses.next().expect("an address");
        let path = &url[url.find("/s/").expect("an address")..];
        for (method, end) in [("HEAD", ""), ("GET", ".json")] {
            let answer = ask(port, method, &format!("{path}{end}"), &[], b"").expect("an answer");
            // What began before the instant may end after it on a busy machine.
            if Timestamp::now() < due {
                assert_eq!(answer.status, 404, "{method} {path}{end}");
            }
        }
        asked += 1;
    }
    assert!(asked > 0, "nobody guessed");
    let last = eventually("all of them are live", || {
        urls.iter().rev().all(|url| newsroom.get(url).status == 200).then(Timestamp::now)
    });
    let first = newsroom.list("recent").into_iter().map(|line| text(&line, "at").to_owned()).min();
    let after = last.duration_since(due);
    let told = writeln!(
        std::io::stderr(),
        "{count} embargoes: all found live {after:#} after their instant, {asked} guesses before; {first:?}"
    );
    assert!(told.is_ok());
    let early = newsroom.list("recent").into_iter().filter(|line| text(line, "ruling") == "publish");
    for line in early {
        let at: Timestamp = text(&line, "at").parse().expect("an instant");
        assert!(at >= due, "{line:#}");
    }
}

/// With `EMBARGOES=10000` in the environment it tells the figure for as many.
#[test]
fn many_embargoes_that_end_at_one_instant_are_all_kept_and_all_released() {
    let count = std::env::var("EMBARGOES").ok().and_then(|count| count.parse().ok());
    many_due_at_once(count.unwrap_or(200));
}
