//! The stories in `fixtures/stories`: a folder of wires each, and one expected outcome.
//!
//! `story.toml` says what it tells, and what happens step by step; the wires are the files beside it. `expect.toml` says
//! what readers and the operator see in the end. All of it goes through the newsroom's own seven steps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use news::{Door, FeedId, ItemKey, SiteId};
use newsroom::config::{self, Config};
use newsroom::public::{Answer, Ask};
use newsroom::rehearsal::{self, HandClock, Rehearsal};
use newsroom::{Command, Order};
use serde::Deserialize;

/// The newsroom that all stories happen in. A story's `rules.toml` is added to it.
const CONFIG: &str = r#"
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
label = "Published from Agency Example as it came; no editor has reviewed it"
[[agency]]
id = "agy"
name = "Another Agency"
label = "Published from Another Agency as it came; no editor has reviewed it"
[[agency]]
id = "agz"
name = "A Third Agency"
label = "Published from A Third Agency as it came; no editor has reviewed it"
[[agency]]
id = "agl"
name = "Agency on Loan"
label = "Published from Agency on Loan as it came; no editor has reviewed it"
expire_after = "720h"
[[agency]]
id = "agf"
name = "Fresh Agency"
label = "Published from Fresh Agency as it came; no editor has reviewed it"
[[feed]]
id = "world"
agency = "agx"
push = true
section = "world"
[[feed]]
id = "sport"
agency = "agx"
push = true
section = "sport"
[[feed]]
id = "rss"
agency = "agy"
push = true
section = "world"
[[feed]]
id = "atom"
agency = "agz"
push = true
section = "world"
[[feed]]
id = "loan"
agency = "agl"
push = true
section = "culture"
[[feed]]
id = "fresh"
agency = "agf"
push = true
section = "world"
"#;

/// When every story begins.
const BEGIN: &str = "2026-03-14T12:00:00Z";

/// What happens.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Story {
    /// In a sentence.
    tells: String,
    /// The situations of the desk's table that it shows.
    #[serde(default)]
    rows: Vec<String>,
    /// What happened somewhere, that it shows prevented.
    #[serde(default)]
    incidents: Vec<String>,
    step: Vec<Step>,
}

/// One thing that happens, after some time.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// Since the step before.
    after: Option<String>,
    /// Nobody is there while the time passes.
    #[serde(default)]
    asleep: bool,
    /// A file that comes on a feed; every `@N@` in it is the number of the time that it comes.
    wire: Option<String>,
    feed: Option<String>,
    times: Option<u32>,
    /// What an operator orders.
    order: Option<String>,
    uri: Option<String>,
    /// How far somebody sets the wall clock forward.
    clock: Option<String>,
    /// It is stopped and started again.
    #[serde(default)]
    restart: bool,
}

/// What is seen in the end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// Words that no output says.
    #[serde(default)]
    nowhere: Vec<String>,
    /// Words that stand in some alarm. Where none is named, none may have been raised.
    #[serde(default)]
    alarms: Vec<String>,
    item: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    uri: String,
    agency: Option<String>,
    /// 200, 410 or 404.
    status: u16,
    /// The text at `URL.txt`.
    text: Option<String>,
    /// The acts in the public log.
    log: Vec<String>,
    /// Whose copy the page says that it is.
    credit: Option<String>,
    /// Its versions that wait, by the first reason's code; the newest first.
    #[serde(default)]
    held: Vec<String>,
    /// The stories that its page and the API name beside it, by uri, in order; none where nothing is said.
    #[serde(default)]
    named: Vec<String>,
    /// Whether front page and feed list it, where that is asked.
    listed: Option<bool>,
    /// The history speaks of a silent change.
    #[serde(default)]
    silent: bool,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/stories")
}

fn names() -> Vec<String> {
    let folders = std::fs::read_dir(fixtures()).expect("the stories");
    let folders = folders.map(|entry| entry.expect("a folder")).filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().into_string().expect("a name")).collect();
    names.sort();
    names
}

fn told<T: for<'de> Deserialize<'de>>(name: &str, file: &str) -> T {
    let path = fixtures().join(name).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A newsroom in which a story happens.
struct Stage {
    folder: PathBuf,
    clock: HandClock,
    config: Config,
    room: Option<Rehearsal>,
    alarms: Vec<String>,
    _house: tempfile::TempDir,
}

impl Stage {
    fn of(name: &str, begin: Timestamp) -> Self {
        // The rules estimate under a key that is drawn: here always the same.
        rehearsal::draw_from(1);
        let house = tempfile::tempdir().expect("a folder");
        let folder = fixtures().join(name);
        let rules = std::fs::read_to_string(folder.join("rules.toml")).unwrap_or_default();
        let config = config::parse(&format!("{CONFIG}{rules}"), &house.path().join("verbatim.toml"));
        let config = config.unwrap_or_else(|error| panic!("{name}: {error}"));
        let hour = SignedDuration::from_hours(1);
        let clock = HandClock::new(begin.checked_sub(hour).expect("an hour before"));
        let room = Rehearsal::open(config.clone(), &clock).expect("the store opens");
        let mut stage = Self { folder, clock, config, room: Some(room), alarms: vec![], _house: house };
        // All feeds but one have been there for long.
        for feed in ["world", "sport", "rss", "atom", "loan"] {
            let words = format!(
                r#"{{"uri": "urn:first:{feed}", "version": "1", "type": "text", "pubstatus": "usable",
                "headline": "First of {feed}", "body_text": "The very first of all is nothing but this, on {feed}."}}"#
            );
            stage.comes(feed, words.into_bytes());
        }
        stage.passes(hour, false);
        stage
    }

    fn room(&mut self) -> &mut Rehearsal {
        self.room.as_mut().expect("it is open")
    }

    fn rests(&mut self) {
        while self.room().turn().expect("the desk works") {}
    }

    fn comes(&mut self, feed: &str, bytes: Vec<u8>) {
        let door = Door::Push { peer: "192.0.2.7:1".to_owned() };
        let sent = self.room().arrive(vec![(FeedId::from(feed), door, bytes)]);
        assert!(sent.iter().all(|(kept, _)| kept.is_ok()), "it is acknowledged");
        self.rests();
    }

    fn passes(&mut self, time: SignedDuration, asleep: bool) {
        self.clock.passes(Duration::try_from(time).expect("time goes forward"));
        if !asleep {
            self.rests();
        }
    }

    fn remember_alarms(&mut self) {
        let alarms = self.room().newsroom().health().last_alarms();
        self.alarms.extend(alarms.into_iter().map(|(_, what)| what));
    }

    fn step(&mut self, step: &Step) {
        if let Some(after) = &step.after {
            self.passes(after.parse().expect("a span"), step.asleep);
        }
        if let Some(clock) = &step.clock {
            self.clock.steps(clock.parse().expect("a span"));
            self.rests();
        }
        if step.restart {
            self.remember_alarms();
            self.room.take().expect("it is open").stop().expect("it stops");
            self.room = Some(Rehearsal::open(self.config.clone(), &self.clock).expect("it starts again"));
            self.rests();
        }
        if let Some(file) = &step.wire {
            let bytes = std::fs::read(self.folder.join(file)).expect("the wire");
            let feed = step.feed.as_deref().expect("a feed");
            for n in 1..=step.times.unwrap_or(1) {
                let bytes = match step.times {
                    Some(_) => String::from_utf8_lossy(&bytes).replace("@N@", &n.to_string()).into_bytes(),
                    None => bytes.clone(),
                };
                self.comes(feed, bytes);
            }
        }
        if let Some(order) = &step.order {
            let command = match order.as_str() {
                "kill" => Command::Kill { reason: "wrong".to_owned() },
                "hold" => Command::Hold,
                "release" => Command::Release { n: None },
                "spike" => Command::Spike { n: None },
                switch => {
                    let on = switch == "hold-all on";
                    assert!(on || switch == "hold-all off", "no order `{switch}`");
                    self.orders(Order::HoldAll { on, by: "jo".to_owned(), feed: None });
                    return;
                }
            };
            let key = key("agx", step.uri.as_deref().expect("whose"));
            self.orders(Order::Item { key, command, by: "jo".to_owned() });
        }
    }

    fn orders(&mut self, order: Order) {
        let mut answer = self.room().order(order);
        self.rests();
        answer.take().expect("an answer").expect("it is carried out");
    }
}

fn key(agency: &str, uri: &str) -> ItemKey {
    ItemKey { agency: agency.into(), uri: uri.to_owned() }
}

fn words(answer: &Answer) -> (u16, String) {
    let (status, sheet) = match answer {
        Answer::Live(sheet) => (200, sheet),
        Answer::Gone(sheet) => (410, sheet),
        Answer::Missing(sheet) => (404, sheet),
        Answer::Unfit | Answer::OutOfReach => return (503, String::new()),
    };
    (status, String::from_utf8_lossy(&sheet.plain.body).into_owned())
}

/// Plays a story, and says what was otherwise than expected.
fn play(name: &str) -> Vec<String> {
    let story: Story = told(name, "story.toml");
    let expect: Expect = told(name, "expect.toml");
    let mut stage = Stage::of(name, BEGIN.parse().expect("an instant"));
    story.step.iter().for_each(|step| stage.step(step));
    stage.remember_alarms();
    let mut faults = Vec::new();
    let site = SiteId::from("main");
    let room = stage.room.as_ref().expect("it is open");
    let held = room.held().expect("the list");
    let mut everywhere = String::new();
    let section = || Some("world".to_owned());
    for ask in [
        Ask::Front(0),
        Ask::Section("world".to_owned(), 0),
        Ask::Rss(None),
        Ask::Rss(section()),
        Ask::Atom(None),
        Ask::JsonFeed(None),
        Ask::NewsSitemap,
        Ask::Search("the".to_owned()),
    ] {
        everywhere += &words(&room.answer(&site, ask)).1;
    }
    let id_of = |item: &Item| {
        let key = key(item.agency.as_deref().unwrap_or("agx"), &item.uri);
        room.places(&key).expect("the store").first().map(|(_, id)| *id)
    };
    let uri_of = |id: &str| {
        let named = expect.item.iter().find(|item| id_of(item).is_some_and(|of| of.to_string() == id));
        named.map_or_else(|| format!("somebody else's: {id}"), |item| item.uri.clone())
    };
    let lists = [words(&room.answer(&site, Ask::Front(0))).1, words(&room.answer(&site, Ask::Atom(None))).1];
    for item in &expect.item {
        let agency = item.agency.as_deref().unwrap_or("agx");
        let mut otherwise = |what: String| faults.push(format!("{}: {what}", item.uri));
        let key = key(agency, &item.uri);
        let id = room.places(&key).expect("the store").first().map(|(_, id)| *id);
        let page = id.map_or((404, String::new()), |id| words(&room.answer(&site, Ask::Story(id))));
        if page.0 != item.status {
            otherwise(format!("{} instead of {}", page.0, item.status));
        }
        let acts: Vec<String> = room
            .acts(&site)
            .expect("the log")
            .into_iter()
            .filter(|act| Some(act.0) == id)
            .map(|act| act.1)
            .collect();
        if acts != item.log {
            otherwise(format!("its log says {acts:?}, not {:?}", item.log));
        }
        let waiting: Vec<&str> =
            held.iter().filter(|(of, _)| *of == key).map(|(_, code)| code.as_str()).collect();
        if waiting != item.held {
            otherwise(format!("what waits: {waiting:?}, not {:?}", item.held));
        }
        let Some(id) = id else { continue };
        for ask in [Ask::StoryJson(id), Ask::StoryTxt(id), Ask::History(id)] {
            everywhere += &words(&room.answer(&site, ask)).1;
        }
        everywhere += &page.1;
        let (_, beside) = page.1.split_once("<nav class=\"kin\"").unwrap_or_default();
        let (beside, _) = beside.split_once("</nav>").unwrap_or_default();
        let links = beside.split("href=\"/s/").skip(1).filter_map(|rest| rest.split('"').next());
        let named: Vec<String> = links.map(uri_of).collect();
        if named != item.named {
            otherwise(format!("its page names {named:?}, not {:?}", item.named));
        }
        let told = room.newsroom().told(&site, &item.uri, config::Reach::EVERYWHERE).expect("it is told");
        let told = told.into_iter().find(|told| told.row.key == key).map(|told| told.kin).unwrap_or_default();
        let told: Vec<String> = told.iter().map(|kin| uri_of(&kin.id.to_string())).collect();
        if told != item.named {
            otherwise(format!("the API names {told:?}, not {:?}", item.named));
        }
        let stands: Vec<bool> = lists.iter().map(|list| list.contains(&format!("/s/{id}"))).collect();
        if item.listed.is_some_and(|listed| stands != [listed; 2]) {
            otherwise(format!("front page and feed list it: {stands:?}"));
        }
        if let Some(text) = &item.text {
            let got = words(&room.answer(&site, Ask::StoryTxt(id))).1;
            if got != *text {
                otherwise(format!("its text is {got:?}, not {text:?}"));
            }
            let label = "as it came; no editor has reviewed it</p>";
            if !page.1.contains("data-label=\"unreviewed\"") || !page.1.contains(label) {
                otherwise("its page carries no label, or another".to_owned());
            }
        }
        if let Some(credit) = &item.credit
            && !page.1.contains(credit.as_str())
        {
            otherwise(format!("its page does not say `{credit}`"));
        }
        let history = words(&room.answer(&site, Ask::History(id))).1;
        if item.silent && !history.contains("without notice") {
            otherwise(format!("its history says nothing of a silent change: {history}"));
        }
    }
    for word in expect.nowhere.iter().filter(|word| everywhere.contains(word.as_str())) {
        faults.push(format!("some output says `{word}`"));
    }
    for word in &expect.alarms {
        if !stage.alarms.iter().any(|alarm| alarm.contains(word.as_str())) {
            faults.push(format!("no alarm says `{word}`: {:?}", stage.alarms));
        }
    }
    if expect.alarms.is_empty() && !stage.alarms.is_empty() {
        faults.push(format!("there are alarms: {:?}", stage.alarms));
    }
    faults
}

#[test]
fn every_story_ends_as_expected() {
    let mut wrong = String::new();
    for name in names() {
        for fault in play(&name) {
            let _ = writeln!(wrong, "{name}: {fault}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// The situations of the desk's table that a story must show; the gate's refusal needs a broken theme, which the tests
/// of the program bring.
const ROWS: [&str; 22] = [
    "new item, usable",
    "higher version",
    "higher number, same words",
    "lower version arrives late",
    "same version, same copy",
    "no explicit version, other copy",
    "same explicit version, other copy",
    "an earlier copy comes back",
    "a document that names another as canceled",
    "canceled",
    "kill for an item never seen",
    "kill known only from text",
    "withheld",
    "embargoed",
    "expired",
    "advisory, daybook, test, non-text",
    "undecodable, unreadable, unknown status, gate refusal",
    "the operator holds",
    "the operator holds everything",
    "a safety rule holds",
    "first contact",
    "belongs together with others",
];

/// What happened somewhere in the world.
const INCIDENTS: [&str; 22] = [
    "an old bankruptcy reported as new",
    "an earthquake of another century",
    "obituaries of the living",
    "an obituary marked hold for release",
    "test items on a live wire",
    "a broken-into wire that reported a mobilisation",
    "an agency whose site was broken into",
    "stolen passwords of a delivery server",
    "a false flash of explosions",
    "a death that was none",
    "a single source that was wrong",
    "a killed story that stayed up for days",
    "a wrong man named",
    "a forged company release",
    "an attack that was staged",
    "hundreds of invented outlets",
    "a poll beside a death",
    "a picture that was altered",
    "stories replaced through stolen accounts",
    "unpublished releases that were stolen",
    "a training alert",
    "an advisory on the front page",
];

fn index() -> String {
    let (mut rows, mut incidents): (BTreeMap<String, Vec<String>>, BTreeMap<String, Vec<String>>) =
        Default::default();
    let mut lines = String::new();
    for name in names() {
        let story: Story = told(&name, "story.toml");
        let _ = writeln!(lines, "| [`{name}`]({name}) | {} |", story.tells);
        for row in story.rows {
            rows.entry(row).or_default().push(name.clone());
        }
        for incident in story.incidents {
            incidents.entry(incident).or_default().push(name.clone());
        }
    }
    let table = |all: &[&str], by: &BTreeMap<String, Vec<String>>| -> String {
        let known: BTreeSet<&str> = all.iter().copied().collect();
        let strange: Vec<&String> = by.keys().filter(|key| !known.contains(key.as_str())).collect();
        assert!(strange.is_empty(), "stories name what is in no list: {strange:?}");
        all.iter()
            .map(|key| {
                let stories = by.get(*key).unwrap_or_else(|| panic!("no story shows `{key}`"));
                let links: Vec<String> = stories.iter().map(|name| format!("[`{name}`]({name})")).collect();
                format!("| {key} | {} |\n", links.join(", "))
            })
            .collect()
    };
    format!(
        "# Stories\n\n\
         Each folder is a story: `story.toml` says what happens, the other files are the wires that come (all invented), and\n\
         `expect.toml` says what readers and the operator see in the end: status, words, label, log, what waits and why, alarms.\n\
         `cargo nextest run -p sim --test stories` plays them all through the newsroom's own steps, under a clock that is set by hand.\n\
         This page is made from them; `STORIES=write cargo nextest run -p sim the_index` makes it anew.\n\n\
         ## By situation\n\n| situation | stories |\n|---|---|\n{}\n\
         ## By what happened\n\n| what happened somewhere | stories |\n|---|---|\n{}\n\
         ## All\n\n| story | what it tells |\n|---|---|\n{lines}",
        table(&ROWS, &rows),
        table(&INCIDENTS, &incidents)
    )
}

#[test]
fn the_index_names_every_story_and_every_situation_has_one() {
    let (path, now) = (fixtures().join("README.md"), index());
    if std::env::var("STORIES").is_ok_and(|word| word == "write") {
        std::fs::write(&path, &now).expect("the index is written");
    }
    let stands = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(stands == now, "fixtures/stories/README.md is out of date: STORIES=write makes it anew");
    assert!(names().len() >= 60, "at least sixty stories");
}
