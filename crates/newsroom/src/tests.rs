//! What the seven steps keep to when something goes wrong between them: the desk on a real store, driven by hand.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};
use news::{
    Act, Door, FeedId, Gravity, ItemKey, ItemStanding, SiteId, Transmission, TransmissionId, Version,
};
use store::{Archive as _, Entry, Fact, Index as _, Journal as _, KillRecord, StoryRow};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::main_loop::{Desk, Event};
use crate::outlets::{Composed, Said};
use crate::public::{Answer, Ask};
use crate::recover::recover;
use crate::steps::Outcome;
use crate::{Command, CommandError, Newsroom, Order, Room, chance, erase, waiting};

const ONE: &str = r#"
[site]
name = "The Daily Example"
url = "https://daily.example"
listen = "127.0.0.1:8080"
[desk]
listen = "127.0.0.1:8081"
[store]
path = "data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "Disclaimer: not reviewed by an editor"
[[feed]]
id = "world"
agency = "agx"
folder = "wire/world"
section = "world"
"#;

const TWO: &str = r#"
[[site]]
id = "north"
name = "North"
url = "https://north.example"
listen = "127.0.0.1:8080"
[[site]]
id = "south"
name = "South"
url = "https://south.example"
listen = "127.0.0.1:8082"
[desk]
listen = "127.0.0.1:8081"
[store]
path = "data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "Disclaimer: not reviewed by an editor"
[[feed]]
id = "world"
agency = "agx"
folder = "wire/world"
section = "world"
sites = ["north"]
[[feed]]
id = "coast"
agency = "agx"
folder = "wire/coast"
section = "coast"
sites = ["south"]
"#;

/// A store in a folder of its own.
struct House {
    folder: tempfile::TempDir,
    config: Config,
}

impl House {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = config::parse(text, &folder.path().join("verbatim.toml")).expect("a good configuration");
        std::fs::create_dir_all(folder.path()).expect("a folder");
        Self { folder, config }
    }

    fn open(&self) -> (Arc<Room>, Desk) {
        self.open_at(Clock::default())
    }

    fn open_at(&self, clock: Clock) -> (Arc<Room>, Desk) {
        assert!(self.folder.path().exists());
        let room = Newsroom::room(self.config.clone(), clock).expect("the store opens");
        let desk = recover(Arc::clone(&room)).expect("it recovers");
        (room, desk)
    }
}

fn key(name: &str) -> ItemKey {
    ItemKey { agency: "agx".into(), uri: format!("urn:agx:{name}") }
}

/// A ninjs item; `more` are further fields, each with a comma behind it.
fn wire(name: &str, version: u32, status: &str, words: &str, more: &str) -> String {
    let at = Timestamp::now().saturating_sub(SignedDuration::from_mins(1)).expect("a time");
    format!(
        r#"{{{more}"uri": "urn:agx:{name}", "version": "{version}", "type": "text", "pubstatus": "{status}",
        "versioncreated": "{at}", "headline": "{words} headline", "body_text": "{words} body."}}"#
    )
}

fn arrive(room: &Room, desk: &mut Desk, feed: &str, bytes: &str) -> Vec<Outcome> {
    let (reply, outcomes) = oneshot::channel();
    let transmission = Transmission {
        id: TransmissionId::ulid(1, chance::bytes()),
        feed: FeedId::from(feed),
        door: Door::Command { name: "a test".to_owned() },
        arrived: room.clock.now(),
        first_contact: false,
        bytes: bytes.as_bytes().to_vec(),
    };
    let archived = room.store.keep(vec![transmission]).expect("it is kept").remove(0);
    desk.take(archived, Some(reply)).expect("it is taken");
    desk.finish().expect("it is recorded");
    outcomes.blocking_recv().expect("an answer")
}

fn row(room: &Room, name: &str) -> StoryRow {
    room.store.story(&key(name)).expect("the store reads").expect("the item is known")
}

fn acts(room: &Room, site: &str) -> Vec<String> {
    let site = SiteId::from(site);
    let shard = crate::notary::shard_of(&room.store, &site).expect("the log reads");
    let leaves = room.store.leaves(&site, shard, 0, 100).expect("the log reads");
    leaves.into_iter().map(|leaf| leaf.leaf.draft.act).collect()
}

#[test]
fn a_stepped_clock_does_not_end_an_embargo_on_arrival() {
    let house = House::new(ONE);
    let ahead = SignedDuration::from_hours(24);
    let (room, mut desk) = house.open_at(Clock::stepped(ahead));
    let until = Timestamp::now().saturating_sub(SignedDuration::from_hours(1)).expect("a time");
    assert!(until > room.clock.not_after(), "by the time that really passed, the embargo stands");
    let embargo = format!(r#""embargoed": "{until}", "#);
    let outcomes = arrive(&room, &mut desk, "world", &wire("rates", 1, "usable", "secret", &embargo));
    assert_eq!(outcomes[0].ruling.act, Act::Hold, "{:?}", outcomes[0].ruling);
    assert!(!row(&room, "rates").was_public);
}

#[test]
fn the_archive_forgets_also_what_a_feed_brought_that_is_no_longer_configured() {
    let house = House::new(TWO);
    let bring = |room: &Arc<Room>, desk: &mut Desk, name: &str, days: i64| {
        let arrived = Timestamp::now().saturating_sub(SignedDuration::from_hours(24 * days)).expect("a time");
        let id = TransmissionId::ulid(arrived.as_millisecond().unsigned_abs(), chance::bytes());
        let (feed, door) = (FeedId::from("coast"), Door::Command { name: name.to_owned() });
        let bytes = wire(name, 1, "usable", name, "").into_bytes();
        let kept =
            room.store.keep(vec![Transmission { id, feed, door, arrived, first_contact: false, bytes }]);
        desk.take(kept.expect("it is kept").remove(0), None).expect("it is taken");
        desk.finish().expect("it is recorded");
        id
    };
    let (old, young) = {
        let (room, mut desk) = house.open();
        (bring(&room, &mut desk, "old", 31), bring(&room, &mut desk, "young", 29))
    };
    let without = TWO.split("[[feed]]\nid = \"coast\"").next().expect("a configuration");
    let config = config::parse(without, &house.folder.path().join("verbatim.toml")).expect("a good one");
    let room = Newsroom::room(config, Clock::default()).expect("the store opens");
    let desk = recover(Arc::clone(&room)).expect("it recovers");
    let newsroom = at_work(&room, desk);
    newsroom.purge();
    assert!(room.store.fetch(old).expect("the archive reads").is_none());
    assert!(room.store.fetch(young).expect("the archive reads").is_some());
    newsroom.stop();
}

#[test]
fn no_bytes_are_kept_of_a_feed_whose_licence_forbids_an_archive() {
    let house = House::new(&format!("{TWO}[feed.contract]\narchive_for = \"0s\"\n"));
    let (room, mut desk) = house.open();
    for (feed, name) in [("world", "kept"), ("coast", "dropped")] {
        arrive(&room, &mut desk, feed, &wire(name, 1, "usable", name, ""));
    }
    assert_eq!(room.store.feeds().expect("the archive reads"), [FeedId::from("world")]);
    assert_eq!(row(&room, "dropped").standing, ItemStanding::Live(1), "the story stays");
}

#[test]
fn what_fell_due_while_nothing_ran_is_done_before_anybody_is_answered() {
    let house = House::new(ONE);
    let soon = Timestamp::now().saturating_add(SignedDuration::from_millis(400)).expect("a time");
    {
        let (room, mut desk) = house.open();
        let embargo = format!(r#""embargoed": "{soon}", "#);
        arrive(&room, &mut desk, "world", &wire("embargoed", 1, "usable", "secret", &embargo));
        arrive(
            &room,
            &mut desk,
            "world",
            &wire("licensed", 1, "usable", "rented", &format!(r#""expires": "{soon}", "#)),
        );
        assert!(!row(&room, "embargoed").was_public && row(&room, "licensed").was_public);
    }
    while Timestamp::now() < soon {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let (room, _desk) = house.open();
    assert_eq!(row(&room, "embargoed").standing, ItemStanding::Live(1));
    assert_eq!(row(&room, "licensed").standing, ItemStanding::Expired);
}

#[test]
fn a_gate_refusal_tells_the_journal_no_words() {
    let refusal = press::GateRefusal {
        code: "copy-differs",
        part: "block 3 (p)".to_owned(),
        expected: "the words of the agency".to_owned(),
        found: "other words".to_owned(),
        place: "/s/x".to_owned(),
    };
    let reason = news::Reason::new("new", "a new story");
    let decision = desk::Decision {
        ruling: news::Ruling::new(Act::Publish, reason),
        n: Some(1),
        changes: vec![],
        terms: None,
    };
    let text = crate::decide::refused(decision, &refusal).ruling.reasons.remove(0).text;
    assert!(
        text.contains("copy-differs") && text.contains("block 3") && !text.contains("words of the agency")
    );
}

#[test]
fn a_replayed_kill_stays_whose_it_was() {
    let house = House::new(ONE);
    {
        let (room, mut desk) = house.open();
        for name in ["by-agency", "by-house"] {
            arrive(&room, &mut desk, "world", &wire(name, 1, "usable", name, ""));
        }
        for (name, by, reason) in
            [("by-agency", "world", "canceled"), ("by-house", "operator jo", "a wrong name")]
        {
            let placements = row(&room, name).placements;
            let placements = placements.into_iter().map(|placement| (placement.site, placement.id)).collect();
            let record = KillRecord {
                key: key(name),
                at: room.clock.now(),
                by: by.to_owned(),
                reason: reason.to_owned(),
                placements,
            };
            room.kills.append(&record).expect("the kill file takes it");
        }
        // Here the power goes: the journal knows nothing of it.
    }
    let (room, _desk) = house.open();
    let (agency, house) = (row(&room, "by-agency"), row(&room, "by-house"));
    assert_eq!((agency.standing, house.standing), (ItemStanding::Killed, ItemStanding::Killed));
    assert_eq!((agency.killed_reason, house.killed_reason.as_deref()), (None, Some("a wrong name")));
    assert!(room.kills.pending().is_empty());
}

#[test]
fn the_kill_file_keeps_the_reason_that_was_given() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "ferry", ""));
    room.no_space.store(true, Ordering::SeqCst);
    let order = Order::Item {
        key: key("ferry"),
        command: Command::Kill { reason: "a wrong name".to_owned() },
        by: "jo".to_owned(),
    };
    let (reply, _answer) = oneshot::channel();
    room.tray.put_urgent(Event::Order(order, reply));
    room.tray.put_urgent(Event::Stop);
    desk.run();
    let pending = room.kills.pending();
    let told: Vec<_> = pending.iter().map(|kill| (kill.by.as_str(), kill.reason.as_str())).collect();
    assert_eq!(told, [("operator jo", "a wrong name")]);
}

/// The newsroom with its threads.
fn at_work(room: &Arc<Room>, desk: Desk) -> Newsroom {
    let (intake, archive) = crate::archive::Intake::start(Arc::clone(room));
    let desk = std::thread::spawn(move || desk.run());
    Newsroom { room: Arc::clone(room), intake, threads: Arc::new(std::sync::Mutex::new(vec![desk, archive])) }
}

fn asked(newsroom: &Newsroom, name: &str) -> Answer {
    let room = &newsroom.room;
    let id = row(room, name).placements[0].id;
    newsroom.answer(
        &SiteId::from(room.config.sites[0].id.as_str()),
        Ask::Story(id),
        config::Reach::EVERYWHERE,
    )
}

#[test]
fn an_agencys_kill_needs_no_space() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "ferry", ""));
    let newsroom = at_work(&room, desk);
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    assert!(matches!(asked(&newsroom, "ferry"), Answer::Live(_)));
    let full =
        |full: bool| [&room.no_space, &room.archive_full].map(|lacks| lacks.store(full, Ordering::SeqCst));
    full(true);
    let push = || {
        let kill = wire("ferry", 2, "canceled", "ferry", "").into_bytes();
        tokio.block_on(newsroom.publish(&FeedId::from("world"), "kill", kill))
    };
    // Nobody is told that the bytes are kept. The kill holds all the same, however often it comes.
    for _ in 0..2 {
        assert!(matches!(push(), Err(CommandError::NotTaken(lines::Refused::Full))));
        wait_for("the story is gone", || matches!(asked(&newsroom, "ferry"), Answer::Gone(_)));
    }
    assert_eq!(room.kills.pending().len(), 1);
    assert_eq!(row(&room, "ferry").standing, ItemStanding::Live(1), "nothing could be recorded");
    // Its sender never comes again.
    full(false);
    wait_for("the kill is recorded", || row(&room, "ferry").standing == ItemStanding::Killed);
    wait_for("the kill file is settled", || room.kills.pending().is_empty());
    assert!(matches!(asked(&newsroom, "ferry"), Answer::Gone(_)));
    newsroom.stop();
}

#[test]
fn an_outlet_is_told_of_a_kill_before_there_is_space_to_record_it() {
    let secrets = tempfile::tempdir().expect("a folder");
    let secret = secrets.path().join("cms");
    std::fs::write(&secret, format!("whsec_{}", "b".repeat(32))).expect("a secret");
    let house = House::new(&format!(
        "{ONE}[[outlet]]\nname = \"cms\"\nurl = \"https://cms.example/in\"\nsecret_file = {secret:?}\n"
    ));
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "ferry", ""));
    let newsroom = at_work(&room, desk);
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let told = || {
        let (due, _) = newsroom.outlet_is_due(0, true);
        let due = due.first().expect("it is to be called");
        let Composed::Tell(telling) = newsroom.compose(0, due).expect("the store reads") else {
            panic!("there is nothing to tell")
        };
        let body = String::from_utf8(telling.message.body).expect("JSON");
        newsroom.outlet_said(0, due, &Said::Told { what: telling.what.clone(), revision: telling.revision });
        (telling.what, telling.revision, body.contains("ferry headline"))
    };
    let (what, first, has_words) = told();
    assert_eq!((what.as_str(), has_words), ("publish", true));
    room.no_space.store(true, Ordering::SeqCst);
    let kill = Command::Kill { reason: "wrong".to_owned() };
    let order = Order::Item { key: key("ferry"), command: kill, by: "jo".to_owned() };
    tokio.block_on(newsroom.order(order)).expect("it is killed at once");
    let (what, second, has_words) = told();
    assert_eq!((what.as_str(), has_words), ("kill", false));
    assert!(second > first, "{second} is not later than {first}");
    assert_eq!(row(&room, "ferry").standing, ItemStanding::Live(1), "nothing could be recorded");
    room.no_space.store(false, Ordering::SeqCst);
    wait_for("the kill file is settled", || room.kills.pending().is_empty());
    assert_eq!(row(&room, "ferry").standing, ItemStanding::Killed);
    assert!(newsroom.outlet_is_due(0, true).0.is_empty(), "it was told");
    newsroom.stop();
}

#[test]
fn a_start_on_a_full_disk_serves_readers_and_no_killed_word() {
    let house = House::new(ONE);
    let soon = Timestamp::now().saturating_add(SignedDuration::from_secs(2)).expect("a time");
    {
        let (room, mut desk) = house.open();
        for name in ["ferry", "fire"] {
            arrive(&room, &mut desk, "world", &wire(name, 1, "usable", name, ""));
        }
        arrive(
            &room,
            &mut desk,
            "world",
            &wire("rented", 1, "usable", "rented", &format!(r#""expires": "{soon}", "#)),
        );
        let places = row(&room, "ferry").placements.into_iter().map(|place| (place.site, place.id)).collect();
        let (at, by, reason) = (room.clock.now(), "operator jo".to_owned(), "a wrong name".to_owned());
        let record = KillRecord { key: key("ferry"), at, by, reason, placements: places };
        room.kills.append(&record).expect("the kill file takes it");
        let unread = Transmission {
            id: TransmissionId::ulid(2, chance::bytes()),
            feed: FeedId::from("world"),
            door: Door::Command { name: "a test".to_owned() },
            arrived: room.clock.now(),
            first_contact: false,
            bytes: wire("quake", 1, "usable", "quake", "").into_bytes(),
        };
        room.store.keep(vec![unread]).expect("it is kept");
        // Here the power goes, and somebody else fills the disk.
    }
    while Timestamp::now() < soon {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let room = Newsroom::room(house.config.clone(), Clock::default()).expect("the store opens");
    room.no_space.store(true, Ordering::SeqCst);
    let desk = recover(Arc::clone(&room)).expect("it serves without space");
    let newsroom = at_work(&room, desk);
    assert!(!newsroom.is_ready());
    assert!(matches!(asked(&newsroom, "fire"), Answer::Live(_)), "readers are served");
    assert!(matches!(asked(&newsroom, "ferry"), Answer::Gone(_)), "killed");
    assert!(matches!(asked(&newsroom, "rented"), Answer::Gone(_)), "its licence ended");
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let order = Order::Item {
        key: key("fire"),
        command: Command::Kill { reason: "wrong".to_owned() },
        by: "jo".to_owned(),
    };
    tokio.block_on(newsroom.order(order)).expect("it is killed at once");
    assert!(matches!(asked(&newsroom, "fire"), Answer::Gone(_)));

    room.no_space.store(false, Ordering::SeqCst);
    wait_for("it is ready", || newsroom.is_ready());
    assert_eq!(row(&room, "quake").standing, ItemStanding::Live(1), "what was unread is read before that");
    wait_for("all is recorded", || {
        ["ferry", "fire"].iter().all(|name| row(&room, name).standing == ItemStanding::Killed)
            && row(&room, "rented").standing == ItemStanding::Expired
    });
    wait_for("the kill file is settled", || room.kills.pending().is_empty());
    newsroom.stop();
}

#[test]
fn a_full_disk_stops_no_kill_and_loses_nothing() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "ferry", ""));
    let newsroom = at_work(&room, desk);
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    room.no_space.store(true, Ordering::SeqCst);
    let later = {
        let newsroom = newsroom.clone();
        let bytes = format!(
            "[{}, {}]",
            wire("fire", 1, "usable", "fire", ""),
            wire("quake", 1, "usable", "quake", "")
        );
        tokio
            .spawn(async move { newsroom.publish(&FeedId::from("world"), "later", bytes.into_bytes()).await })
    };
    wait_for("the desk stalls", || room.is_stalled());
    assert!(!newsroom.is_ready());
    let refused = tokio.block_on(newsroom.publish(&FeedId::from("world"), "more", b"{}".to_vec()));
    assert!(matches!(refused, Err(CommandError::NotTaken(lines::Refused::Full))), "{refused:?}");
    let order = |name: &str, command| Order::Item { key: key(name), command, by: "jo".to_owned() };
    let kill = || Command::Kill { reason: "wrong".to_owned() };
    // What is live, and what waits in the batch that finds no space.
    for name in ["ferry", "fire"] {
        let killed = tokio.block_on(newsroom.order(order(name, kill()))).expect("it is killed at once");
        assert_eq!(killed[0].ruling.act, Act::Kill);
    }
    let held = tokio.block_on(newsroom.order(order("ferry", Command::Hold)));
    assert!(matches!(held, Err(CommandError::Store(_))), "{held:?}");
    let site = SiteId::from(room.config.sites[0].id.as_str());
    let id = row(&room, "ferry").placements[0].id;
    assert!(matches!(newsroom.answer(&site, Ask::Story(id), config::Reach::EVERYWHERE), Answer::Gone(_)));
    assert_eq!(room.kills.pending().len(), 2);

    room.no_space.store(false, Ordering::SeqCst);
    let (_, outcomes) = tokio.block_on(later).expect("it ends").expect("it is published after all");
    assert_eq!(outcomes.len(), 2);
    wait_for("the kills are recorded", || {
        ["ferry", "fire"].iter().all(|name| row(&room, name).standing == ItemStanding::Killed)
    });
    wait_for("the kill file is settled", || room.kills.pending().is_empty());
    assert_eq!(row(&room, "quake").standing, ItemStanding::Live(1));
    assert!(newsroom.is_ready());
    for name in ["ferry", "fire"] {
        let id = row(&room, name).placements[0].id;
        assert!(
            matches!(newsroom.answer(&site, Ask::Story(id), config::Reach::EVERYWHERE), Answer::Gone(_)),
            "{name}"
        );
        assert!(!room.public.is_denied(&site, id), "the record says it by itself");
    }
    newsroom.stop();
}

#[track_caller]
fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if happened() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("waited in vain: {what}");
}

#[test]
fn an_agencys_kill_overtakes_what_waits() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "ferry", ""));
    let (intake, archive) = crate::archive::Intake::start(Arc::clone(&room));
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let send = |bytes: String| {
        let door = Door::Push { peer: "a test".to_owned() };
        let feed = FeedId::from("world");
        tokio
            .block_on(intake.arrive(&room, &feed, door, bytes.into_bytes(), false, None))
            .expect("it is kept")
    };
    for n in 0..20 {
        send(wire(&format!("i{n}"), 1, "usable", &format!("w{n}"), ""));
    }
    send(wire("i19", 2, "canceled", "w19", ""));
    send(wire("ferry", 2, "canceled", "ferry", ""));
    wait_for("both kills are foretold", || room.tray.len() == 24);
    // One story is decided on, and both kills hold although their turn has not come.
    desk.begin_work();
    arrive(&room, &mut desk, "world", &wire("first", 1, "usable", "first", ""));
    let site = SiteId::from(room.config.sites[0].id.as_str());
    let ferry = row(&room, "ferry").placements[0].id;
    assert!(room.public.is_denied(&site, ferry));
    assert_eq!(row(&room, "ferry").standing, ItemStanding::Live(1), "it is not recorded yet");
    assert_eq!(room.kills.pending().len(), 2);
    let newsroom = {
        let desk = std::thread::spawn(move || desk.run());
        Newsroom {
            room: Arc::clone(&room),
            intake,
            threads: Arc::new(std::sync::Mutex::new(vec![desk, archive])),
        }
    };
    wait_for("the kill is recorded", || row(&room, "ferry").standing == ItemStanding::Killed);
    wait_for("the kill file is settled", || room.kills.pending().is_empty());
    assert_eq!(row(&room, "i19").standing, ItemStanding::Killed);
    assert!(!room.public.is_denied(&site, ferry));
    assert!(matches!(newsroom.answer(&site, Ask::Story(ferry), config::Reach::EVERYWHERE), Answer::Gone(_)));
    assert_eq!(row(&room, "i18").standing, ItemStanding::Live(1));
    newsroom.stop();
    assert_eq!(room.load.load(Ordering::SeqCst), 0);
}

#[test]
fn a_fresh_story_overtakes_a_backlog_but_never_its_own_earlier_version() {
    let house = House::new(&format!("{ONE}safety = \"off\"\n"));
    let (room, mut desk) = house.open();
    room.note_contact(&FeedId::from("world"));
    let (intake, archive) = crate::archive::Intake::start(Arc::clone(&room));
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let send = |bytes: String| {
        let door = Door::Push { peer: "a test".to_owned() };
        let feed = FeedId::from("world");
        let kept = intake.arrive(&room, &feed, door, bytes.into_bytes(), false, None);
        tokio.block_on(kept).expect("it is kept").id()
    };
    let long: Vec<String> = (0..300)
        .map(|n| wire(&format!("i{n}"), 1, "usable", &format!("w{n} {}", "long ".repeat(200)), ""))
        .collect();
    send(format!("[{}]", long.join(",")));
    send(wire("i299", 2, "usable", "w299 again", ""));
    send(wire("i298", 2, "canceled", "w298", ""));
    let killed = send(wire("elsewhere", 1, "canceled", "x", ""));
    let fresh = send(wire("fresh", 1, "usable", "fresh", ""));
    wait_for("all are in the tray", || room.tray.len() == 7);
    let on_top = [(); 2].map(|()| room.tray.take_fresh().expect("two may go first"));
    for (event, expect) in on_top.iter().zip([killed, fresh]) {
        assert!(matches!(event, Event::Arrived(archived, _) if archived.id() == expect));
    }
    assert!(room.tray.take_fresh().is_none(), "nothing else may");
    on_top.into_iter().for_each(|event| room.tray.put_fresh(event));
    // They come when the desk is in the middle of the long one.
    for _ in 0..2 {
        let Some(Event::Foretold(..)) = room.tray.take_urgent() else { panic!("the kills are foretold") };
    }
    let Some(Event::Arrived(first, _)) = room.tray.take_ordinary() else { panic!("the long one is next") };
    desk.begin_work();
    desk.take(first, None).expect("it is taken");
    desk.finish().expect("it is recorded");
    for early in ["elsewhere", "fresh"] {
        assert!(row(&room, early).moved_at < row(&room, "i1").moved_at, "it did not wait for the end");
    }
    let newsroom = at_work(&room, desk);
    wait_for("all is decided", || room.store.unread(10).expect("the store reads").is_empty());
    assert_eq!(row(&room, "i299").standing, ItemStanding::Live(2));
    assert_eq!(row(&room, "i298").standing, ItemStanding::Killed);
    assert_eq!(row(&room, "elsewhere").standing, ItemStanding::Killed);
    newsroom.stop();
    drop((intake, archive));
}

#[test]
fn a_flood_of_notices_keeps_no_kill_waiting() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    room.note_contact(&FeedId::from("world"));
    let (intake, archive) = crate::archive::Intake::start(Arc::clone(&room));
    let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let notices: Vec<String> = (0..200)
        .map(|n| {
            wire(&format!("n{n}"), 1, "usable", &format!("KILL KILL KILL: w{n} {}", "long ".repeat(90)), "")
        })
        .collect();
    let (feed, door) = (FeedId::from("world"), Door::Push { peer: "a test".to_owned() });
    let bytes = format!("[{}]", notices.join(",")).into_bytes();
    tokio.block_on(intake.arrive(&room, &feed, door, bytes, false, None)).expect("it is kept");
    wait_for("it is looked through", || room.tray.len() == 9);
    assert_eq!(room.notices.load(Ordering::SeqCst), 8);
    desk.begin_work();
    for _ in 0..9 {
        desk.turn().expect("it works");
    }
    assert_eq!((room.notices.load(Ordering::SeqCst), room.tray.len()), (0, 0));
    drop((intake, tokio));
    archive.join().expect("the archive ends");
}

#[test]
fn an_item_of_two_feeds_has_a_leaf_on_each_site_that_shows_it() {
    let house = House::new(TWO);
    let (room, mut desk) = house.open();
    let story = wire("ferry", 1, "usable", "ferry", "");
    arrive(&room, &mut desk, "world", &story);
    assert_eq!((acts(&room, "north"), acts(&room, "south")), (vec!["publish".to_owned()], vec![]));
    arrive(&room, &mut desk, "coast", &story);
    assert_eq!(acts(&room, "south"), ["publish"], "the same version on a feed of the other site");
    arrive(&room, &mut desk, "coast", &story);
    assert_eq!((acts(&room, "north").len(), acts(&room, "south").len()), (1, 1), "and only once");
    let canceled = wire("ferry", 2, "canceled", "ferry", "");
    arrive(&room, &mut desk, "world", &canceled);
    assert_eq!(
        (acts(&room, "north"), acts(&room, "south")),
        (vec!["publish".to_owned(), "kill".to_owned()], vec!["publish".to_owned(), "kill".to_owned()])
    );
}

#[test]
fn what_is_held_puts_nothing_on_a_further_site() {
    let house = House::new(TWO);
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "ferry", ""));
    room.set_hold_all(true);
    arrive(&room, &mut desk, "coast", &wire("ferry", 2, "usable", "other", ""));
    room.set_hold_all(false);
    assert!(acts(&room, "south").is_empty());
    let south = SiteId::from("south");
    assert_eq!(
        room.store.count_live(&south).expect("the store reads"),
        0,
        "version 1 never came on its feed"
    );
    // Released, it goes where its feed belongs.
    let (reply, answer) = oneshot::channel();
    let order =
        Order::Item { key: key("ferry"), command: Command::Release { n: Some(2) }, by: "jo".to_owned() };
    room.tray.put_urgent(Event::Order(order, reply));
    room.tray.put_urgent(Event::Stop);
    desk.run();
    answer.blocking_recv().expect("an answer").expect("it is released");
    assert_eq!(
        (acts(&room, "north"), acts(&room, "south")),
        (vec!["publish".to_owned(), "update".to_owned()], vec!["publish".to_owned()])
    );
}

#[test]
fn a_uri_longer_than_the_kill_file_takes_does_not_end_the_desk() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    let long = "x".repeat(80_000);
    arrive(&room, &mut desk, "world", &wire(&long, 1, "usable", "long", ""));
    let outcomes = arrive(&room, &mut desk, "world", &wire(&long, 2, "canceled", "long", ""));
    assert_eq!(outcomes[0].ruling.act, Act::Kill);
    assert_eq!(row(&room, &long).standing, ItemStanding::Killed);
}

#[test]
fn an_order_does_not_wait_for_the_end_of_a_long_transmission() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "ferry", ""));
    let items: Vec<String> =
        (0..40).map(|n| wire(&format!("i{n}"), 1, "usable", &format!("w{n}"), "")).collect();
    let long = Transmission {
        id: TransmissionId::ulid(1, chance::bytes()),
        feed: FeedId::from("world"),
        door: Door::Command { name: "a test".to_owned() },
        arrived: room.clock.now(),
        first_contact: false,
        bytes: format!("[{}]", items.join(",")).into_bytes(),
    };
    let archived = room.store.keep(vec![long]).expect("it is kept").remove(0);
    let (reply, answer) = oneshot::channel();
    let order = Order::Item {
        key: key("ferry"),
        command: Command::Kill { reason: "x".to_owned() },
        by: "jo".to_owned(),
    };
    // Both lie there when the desk is in the middle of the transmission.
    let (id, tray) = (archived.id(), &room.tray);
    desk.begin_work();
    tray.put_urgent(Event::Order(order, reply));
    tray.put_urgent(Event::Stop);
    desk.take(archived, None).expect("it is taken");
    desk.finish().expect("it is recorded");
    assert_eq!(answer.blocking_recv().expect("an answer").expect("killed")[0].ruling.act, Act::Kill);
    assert_eq!(
        room.store.progress(id).expect("the store reads"),
        1,
        "the next start goes on behind the first item"
    );
    drop((desk, room));
    let (room, _desk) = house.open();
    assert_eq!(row(&room, "i39").standing, ItemStanding::Live(1));
    assert!(room.store.unread(10).expect("the store reads").is_empty());
    room.store.verify().expect("the store is whole");
}

#[test]
fn the_desk_rests_between_stretches_of_an_archive_unless_something_else_waits() {
    let feed = || FeedId::from("world");
    let push = || Door::Push { peer: "a test".to_owned() };
    let by_hand = || Door::Command { name: "a test".to_owned() };
    let (now, old) = (Timestamp::now().to_string(), "2016-03-02T12:00:00Z");
    let rests = |config: &str, time: &str, door: Door, beside: Option<waiting::Hurry>| {
        let house = House::new(config);
        let (room, mut desk) = house.open();
        room.note_contact(&feed());
        desk.begin_work();
        let items: Vec<String> = (0..200)
            .map(|n| {
                let wire = wire(&format!("i{n}"), 1, "usable", &format!("w{n} {}", "long ".repeat(60)), "");
                let at = wire.find("\"versioncreated\": \"").expect("a time") + 19;
                let end = at + wire[at..].find('"').expect("its end");
                format!("{}{time}{}", &wire[..at], &wire[end..])
            })
            .collect();
        let bytes = format!("[{}]", items.join(",")).into_bytes();
        let (id, arrived) = (TransmissionId::ulid(1, chance::bytes()), room.clock.now());
        let sent = Transmission { id, feed: feed(), door, arrived, first_contact: false, bytes };
        let archived = room.store.keep(vec![sent]).expect("it is kept").remove(0);
        room.waiting.add(archived.seq(), &feed(), archived.bytes().len(), None);
        if let Some(hurry) = beside {
            let seen = room.waiting.see(&"agx".into(), &[Version::new("other")], hurry);
            room.waiting.add(99, &feed(), 10, Some(seen));
        }
        desk.take(archived, None).expect("it is taken");
        desk.finish().expect("it is recorded");
        row(&room, "i199");
        room.health.rests.get()
    };
    assert_eq!(rests(ONE, old, push(), None), 3);
    assert_eq!(rests(ONE, old, push(), Some(waiting::Hurry::Withdrawn)), 3);
    assert_eq!(rests(ONE, old, push(), Some(waiting::Hurry::News)), 0);
    assert_eq!(rests(ONE, &now, push(), None), 0);
    assert_eq!(rests(ONE, old, by_hand(), None), 0);
    let off = format!("{ONE}safety = \"off\"\n");
    assert_eq!(rests(&off, old, push(), None), 0, "it goes out");
}

#[test]
fn an_answer_does_not_wait_for_a_signature_that_nobody_gives() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "ferry", ""));
    let newsroom = at_work(&room, desk);
    let site = SiteId::from(room.config.sites[0].id.as_str());
    assert_eq!(
        newsroom.told(&site, "urn:agx:ferry", config::Reach::EVERYWHERE).expect("it is told").len(),
        1
    );
    // What a commit leaves if the signature fails after it.
    let note = Fact::Note { what: "a test".to_owned(), gravity: Gravity::Remark };
    room.store.record(vec![Entry::new(room.clock.now(), note)]).expect("it is recorded");
    assert!(newsroom.told(&site, "urn:agx:ferry", config::Reach::EVERYWHERE).is_err());
    newsroom.stop();
}

#[test]
fn an_address_of_ours_is_never_taken_for_a_uri() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "ferry", ""));
    let url = format!("https://daily.example/s/{}", row(&room, "ferry").placements[0].id);
    let (intake, archive) = crate::archive::Intake::start(Arc::clone(&room));
    let newsroom =
        Newsroom { room: Arc::clone(&room), intake, threads: Arc::new(std::sync::Mutex::new(vec![archive])) };
    assert_eq!(newsroom.find(&url, None).expect("it is found"), key("ferry"));
    assert_eq!(newsroom.find(&url, Some("agx")).expect("it is found"), key("ferry"));
    assert!(matches!(newsroom.find(&url, Some("other")), Err(CommandError::UnknownItem(_))));
    let nothing = "https://daily.example/s/0123456789abcdefghjkmnpqrs";
    assert!(matches!(newsroom.find(nothing, None), Err(CommandError::UnknownItem(_))));
    assert!(matches!(newsroom.find("urn:x", Some("agency-misspelt")), Err(CommandError::UnknownAgency(_))));
    assert_eq!(
        newsroom.find("urn:agx:never-seen", Some("agx")).expect("a kill may be remembered").uri,
        "urn:agx:never-seen"
    );
}

#[test]
fn a_released_story_is_not_taken_off_by_the_same_notice_again() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    arrive(&room, &mut desk, "world", &wire("ferry", 1, "usable", "Ferry aground off Morvane", ""));
    let notice = r#"{"uri": "urn:agx:notice", "version": "1", "type": "text", "pubstatus": "usable",
        "headline": "KILL KILL KILL: Ferry aground off Morvane headline", "body_text": "Kill the story urn:agx:ferry, which is wrong."}"#;
    arrive(&room, &mut desk, "world", notice);
    assert_eq!(row(&room, "ferry").standing, ItemStanding::Withheld);
    assert!(
        room.health.last_alarms().iter().any(|(_, what)| what.starts_with("urn:agx:ferry: ")),
        "an alarm names it"
    );
    desk.begin_work();
    let (reply, answer) = oneshot::channel();
    let order = Order::Item { key: key("ferry"), command: Command::Release { n: None }, by: "jo".to_owned() };
    room.tray.put_urgent(Event::Order(order, reply));
    arrive(&room, &mut desk, "world", notice);
    answer.blocking_recv().expect("an answer").expect("it is released");
    assert_eq!(row(&room, "ferry").standing, ItemStanding::Live(1));
    arrive(&room, &mut desk, "world", notice);
    assert_eq!(row(&room, "ferry").standing, ItemStanding::Live(1), "somebody has read this notice");
}

#[test]
fn what_a_kill_leaves_in_the_search_goes_once_little_is_recorded() {
    let house = House::new(ONE);
    let (room, mut desk) = house.open();
    for n in 0..30 {
        arrive(&room, &mut desk, "world", &wire(&format!("s{n}"), 1, "usable", "Quokka", ""));
    }
    arrive(&room, &mut desk, "world", &wire("s7", 2, "canceled", "", ""));
    let found = |room: &Room| room.store.search(&SiteId::from("main"), "quokka", 50).expect("asked").len();
    assert_eq!((found(&room), room.store.to_sweep().expect("counted")), (29, 1), "it is found no more");
    let (mut recorded, mut put_off) = (0, 0);
    erase::sweep(&room, &mut recorded, &mut put_off).expect("a glance");
    assert_eq!(room.store.to_sweep().expect("counted"), 1, "there is much else to do");
    erase::sweep(&room, &mut recorded, &mut put_off).expect("a glance");
    assert_eq!(room.store.to_sweep().expect("counted"), 0, "there is not");
    assert_eq!(found(&room), 29);
    room.store.verify().expect("the index is sound");
}
