//! At the turn of the year a log goes on in a shard of its own, wherever the process dies on the way.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use news::{Door, FeedId, ItemKey, SiteId};
use newsroom::rehearsal::{self, Fate, HandClock, Rehearsal};

mod house;
use house::{open, settle};

struct Log<'r>(&'r Rehearsal);

impl Log<'_> {
    fn file(&self, path: &str) -> Option<String> {
        let site = SiteId::from("main");
        let file = self.0.newsroom().log_file(&site, path)?;
        Some(String::from_utf8_lossy(&file.body).into_owned())
    }

    /// A shard's name and how many leaves are signed in it.
    fn state(&self, path: &str) -> Option<(String, String)> {
        let note = self.file(&format!("{path}checkpoint"))?;
        let mut lines = note.lines().map(str::to_owned);
        Some((lines.next()?, lines.next()?))
    }
}

fn story(room: &mut Rehearsal, name: &str) {
    let wire = format!(
        r#"{{"uri": "urn:agx:{name}", "version": "1", "type": "text", "pubstatus": "usable",
        "headline": "The {name}", "body_text": "The words of {name}."}}"#
    );
    room.arrive(vec![(FeedId::from("world"), Door::Push { peer: "127.0.0.1".into() }, wire.into_bytes())]);
    settle(room);
}

/// A store with a story of 2026, and a clock that shows its last seconds.
fn old_year(folder: &Path) -> (HandClock, Rehearsal) {
    rehearsal::draw_from(7);
    rehearsal::mend();
    let clock = HandClock::new("2026-12-31T23:59:50Z".parse::<Timestamp>().expect("an instant"));
    let mut room = open(folder, &clock);
    story(&mut room, "old");
    (clock, room)
}

/// 2026 is over: it ends with a leaf that names what follows, and 2027 begins and goes on.
fn has_turned(room: &mut Rehearsal) {
    story(room, "young");
    let log = Log(room);
    let origin = |year: &str| format!("daily.example/log/{year}");
    assert_eq!(log.state(""), Some((origin("2027"), "1".to_owned())));
    assert_eq!(log.state("2027/"), log.state(""));
    assert_eq!(log.state("2026/"), Some((origin("2026"), "2".to_owned())));
    let leaves = log.file("2026/tile/entries/000.p/2").expect("the leaves of 2026");
    let successor = format!("\nfeed {}+", origin("2027"));
    assert!(leaves.contains("act shard\n") && leaves.contains(&successor), "{leaves}");
    assert!(log.file("2027/tile/entries/000.p/1").expect("the leaves of 2027").contains("act publish\n"));
    let site = SiteId::from("main");
    let known = room.newsroom().well_known(&site).expect("a site").to_string();
    assert!(known.contains("/log/2026+") && known.contains("/log/2027+"), "{known}");
    for name in ["old", "young"] {
        let key = ItemKey { agency: "agx".into(), uri: format!("urn:agx:{name}") };
        assert_eq!(room.places(&key).expect("the record").len(), 1, "{name} is live");
    }
    room.verify().expect("the store is sound");
}

#[test]
fn a_new_year_begins_a_new_shard_and_ends_the_old_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, mut room) = old_year(folder.path());
    assert_eq!(Log(&room).state("").map(|state| state.0), Some("daily.example/log/2026".to_owned()));
    clock.passes(Duration::from_secs(20));
    settle(&mut room);
    has_turned(&mut room);
    // Nothing is turned twice, now or after a start.
    settle(&mut room);
    room.stop().expect("it stops");
    let room = open(folder.path(), &clock);
    assert_eq!(Log(&room).state("").map(|state| state.1), Some("1".to_owned()));
}

#[test]
fn a_clock_that_jumps_into_the_new_year_turns_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (clock, mut room) = old_year(folder.path());
    clock.steps(jiff::SignedDuration::from_secs(20));
    settle(&mut room);
    assert_eq!(Log(&room).state("").map(|state| state.0), Some("daily.example/log/2026".to_owned()));
}

#[test]
fn wherever_it_dies_at_the_turn_of_the_year_the_next_start_goes_on() {
    let mut died = 0;
    for fate in [Fate::Fails, Fate::FailsAfter] {
        for writes in 0..12 {
            let folder = tempfile::tempdir().expect("a folder");
            let (clock, mut room) = old_year(folder.path());
            clock.passes(Duration::from_secs(20));
            rehearsal::plan(writes, fate);
            while room.turn().unwrap_or(false) {}
            drop(room);
            died += u32::from(rehearsal::mend());
            let mut room = open(folder.path(), &clock);
            settle(&mut room);
            has_turned(&mut room);
        }
    }
    assert!(died > 10, "it died {died} times: too few writes were met");
}
