//! What waits behind a backlog: in the archive alone, and across a crash. In rehearsal little fits into memory.

use jiff::Timestamp;
use news::{Door, FeedId, ItemKey, SiteId};
use newsroom::public::{Answer, Ask};
use newsroom::rehearsal::{self, HandClock, Rehearsal, Sent};

mod house;
use house::settle;

/// More than fits into memory, and more than is decided about before the doors open.
const MANY: usize = 40;

fn key(name: &str) -> ItemKey {
    ItemKey { agency: "agx".into(), uri: format!("urn:agx:{name}") }
}

fn wire(name: &str, version: u32, status: &str, words: &str) -> String {
    let body = format!(
        "The harbour was closed for the {name}, then it was opened. {}",
        "Nobody was hurt. ".repeat(9)
    );
    format!(
        r#"{{"uri": "urn:agx:{name}", "version": "{version}", "type": "text", "pubstatus": "{status}",
        "headline": "{words}", "body_text": "{body}"}}"#
    )
}

/// One newsroom, its folder and its clock.
struct House {
    folder: tempfile::TempDir,
    clock: HandClock,
}

impl House {
    /// With a story of the name `ferry` that is live.
    fn new() -> (Self, Rehearsal) {
        rehearsal::draw_from(11);
        rehearsal::mend();
        let now = "2026-03-02T12:00:00Z".parse::<Timestamp>().expect("an instant");
        let house = Self { folder: tempfile::tempdir().expect("a folder"), clock: HandClock::new(now) };
        let mut room = house.open();
        let sent = send(&room, vec![wire("ferry", 1, "usable", "Ferry runs aground off Example")]);
        settle(&mut room);
        assert!(sent.into_iter().all(|(kept, _)| kept.is_ok()) && is_live(&room, "ferry"));
        (house, room)
    }

    fn open(&self) -> Rehearsal {
        house::open(self.folder.path(), &self.clock)
    }
}

fn send(room: &Rehearsal, wires: Vec<String>) -> Vec<Sent> {
    let door = || Door::Push { peer: "127.0.0.1".into() };
    room.arrive(wires.into_iter().map(|wire| (FeedId::from("world"), door(), wire.into_bytes())).collect())
}

fn is_live(room: &Rehearsal, name: &str) -> bool {
    let places = room.places(&key(name)).expect("the record");
    let [(site, id)] = places.as_slice() else { return false };
    matches!(room.answer(site, Ask::Story(*id)), Answer::Live(_))
}

/// A file of stories that name the ferry, too, so that nothing about it may overtake them, and then these.
fn backlog(and: &[String]) -> Vec<String> {
    let other = wire("ferry", 1, "usable", "Ferry runs aground off Example");
    let news = (0..MANY).map(|n| wire(&format!("news-{n}"), 1, "usable", &format!("News of number {n}")));
    news.chain([other]).chain(and.iter().cloned()).collect()
}

fn all_are_live(room: &Rehearsal) {
    for n in 0..MANY {
        assert!(is_live(room, &format!("news-{n}")), "news-{n}");
    }
    assert_eq!(room.unread().expect("the archive"), 0);
    room.verify().expect("the store is sound");
}

#[test]
fn what_waits_in_the_archive_alone_has_its_turn() {
    let (_house, mut room) = House::new();
    let again = wire("news-0", 2, "usable", "News of number 0, again");
    let sent = send(&room, backlog(&[again]));
    settle(&mut room);
    all_are_live(&room);
    for (kept, mut outcomes) in sent {
        let outcomes = outcomes.take().expect("its sender hears of it");
        assert!(kept.is_ok() && outcomes.len() == 1);
    }
    let acts = room.acts(&SiteId::from("main")).expect("the log");
    assert_eq!(acts.last().map(|(_, act, version)| (act.as_str(), *version)), Some(("update", 2)));
}

#[test]
fn a_crash_in_a_backlog_opens_the_doors_before_all_of_it_is_decided_and_loses_none() {
    let (house, room) = House::new();
    drop(send(&room, backlog(&[])));
    drop(room);
    let mut room = house.open();
    assert!(is_live(&room, "news-0"), "what fits is decided before");
    assert!(!room.knows(&key("news-39")).expect("the record"), "the rest waits");
    settle(&mut room);
    all_are_live(&room);
    // And nothing is decided twice.
    assert_eq!(room.acts(&SiteId::from("main")).expect("the log").len(), MANY + 1);
}

#[test]
fn a_kill_in_a_backlog_holds_after_a_crash_before_the_doors_open() {
    let (house, room) = House::new();
    drop(send(&room, backlog(&[wire("ferry", 2, "canceled", "Ferry runs aground off Example")])));
    drop(room);
    let mut room = house.open();
    assert!(room.unread().expect("the archive") > 0 && !is_live(&room, "ferry"));
    settle(&mut room);
    all_are_live(&room);
    let acts = room.acts(&SiteId::from("main")).expect("the log");
    assert_eq!(acts.iter().filter(|(_, act, _)| act == "kill").count(), 1);
    let story = room.places(&key("ferry")).expect("the record");
    let answer = room.answer(&story[0].0, Ask::Story(story[0].1));
    assert!(matches!(answer, Answer::Gone(_)));
}

#[test]
fn words_that_withdraw_hold_before_their_turn_and_a_release_of_it_stands() {
    let (_house, mut room) = House::new();
    let notice = wire("notice", 1, "usable", "KILL KILL KILL: Ferry runs aground off Example");
    drop(send(&room, backlog(&[notice])));
    room.turn().expect("it works");
    assert!(room.unread().expect("the archive") > 0 && !is_live(&room, "ferry"));
    // A person reads the notice and lets the story go.
    let release = newsroom::Command::Release { n: None };
    let _answer = room.order(newsroom::Order::Item { key: key("ferry"), command: release, by: "ada".into() });
    room.turn().expect("it works");
    assert!(is_live(&room, "ferry"));
    settle(&mut room);
    all_are_live(&room);
    assert!(is_live(&room, "ferry"), "the notice is heeded once");
}
