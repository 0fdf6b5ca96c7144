//! A history, played on a real store.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};
use news::{Door, FeedId, ItemId, SiteId, TransmissionId};
use newsroom::config::{self, Config};
use newsroom::rehearsal::{self, Answered, Call, HandClock, Pending, Rehearsal, StoreError};
use newsroom::steps::Outcome;
use newsroom::{Command, Order, Refused};

use crate::event::{Event, Switch, tell};
use crate::oracle::{Broken, Moment, Oracle, changed, hidden, late, lost};
use crate::outlets::{OUTLETS, Outlet, give_up};
use crate::readers::{self, Page, SITES, Seen};
use crate::wires::{ITEMS, Says, Transmission, Wire, beginning, key};

const CONFIG: &str = r#"
[[site]]
id = "main"
name = "The Daily Example"
url = "https://daily.example"
listen = "127.0.0.1:8080"
[[site]]
id = "evening"
name = "The Evening Example"
url = "https://evening.example"
listen = "127.0.0.1:8082"
[desk]
listen = "127.0.0.1:8081"
[store]
path = "data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "Disclaimer: not reviewed by an editor"
[[agency]]
id = "agy"
name = "Another Agency"
label = "Disclaimer: not reviewed by an editor"
[[agency]]
id = "agz"
name = "A Third Agency"
label = "Disclaimer: not reviewed by an editor"
[[outlet]]
name = "cms"
site = "main"
url = "https://cms.example/in"
secret_file = "outlet.secret"
timeout = "5s"
[[outlet]]
name = "app"
site = "evening"
url = "https://app.example/in"
secret_file = "outlet.secret"
timeout = "5s"
at_once = 1
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
sites = ["main"]
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
"#;

/// A history that broke a promise, told so far.
#[derive(Clone, Debug)]
pub struct Story {
    /// What happened, in order, in words.
    pub told: Vec<String>,
    /// What was broken.
    pub broken: Broken,
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, line) in (1..).zip(&self.told) {
            writeln!(f, "{n:>3}  {line}")?;
        }
        write!(f, "  => {}: {}", self.broken.promise, self.broken.what)
    }
}

/// Leaves out what can be left out of a history that breaks a promise, while it breaks the same one.
pub fn shorten(seed: u64, events: &[Event], promise: &str) -> Vec<Event> {
    let mut events = events.to_vec();
    loop {
        let before = events.clone();
        let mut at = events.len();
        while at > 0 {
            at -= 1;
            let mut fewer = events.clone();
            fewer.remove(at);
            if play(seed, &fewer).is_err_and(|story| story.broken.promise == promise) {
                events = fewer;
                continue;
            }
            let Event::Arrive(all) = &events[at] else { continue };
            if let [only] = all.as_slice()
                && only.wires.len() == 1
            {
                continue;
            }
            let singly = all.iter().flat_map(|transmission| {
                let feed = transmission.feed;
                transmission.wires.iter().map(move |wire| Transmission { feed, wires: vec![*wire] })
            });
            for one in singly.collect::<Vec<_>>() {
                let mut fewer = events.clone();
                fewer[at] = Event::Arrive(vec![one]);
                if play(seed, &fewer).is_err_and(|story| story.broken.promise == promise) {
                    events = fewer;
                    break;
                }
            }
        }
        if events == before {
            return events;
        }
    }
}

/// Plays a history on a store of its own, on the memory disk if there is one. The seed is where the newsroom's own chance
/// comes from.
///
/// # Errors
/// The story of the promise that it broke.
pub fn play(seed: u64, events: &[Event]) -> Result<(), Box<Story>> {
    let folder = fresh_folder();
    copy(empty_store().path(), folder.path());
    rehearsal::draw_from(seed);
    rehearsal::mend();
    let clock = HandClock::new(beginning());
    let config = config_in(folder.path());
    let mut told = Vec::new();
    let played = catch_unwind(AssertUnwindSafe(|| {
        let room = Rehearsal::open(config.clone(), &clock).expect("the store opens");
        let mut stage = Stage {
            config,
            clock,
            room: Some(room),
            oracle: Oracle::default(),
            stepped: SignedDuration::ZERO,
            underway: vec![],
            refused: vec![],
            withdrawn: vec![],
            orders: vec![],
            acknowledged: vec![],
            kept: None,
            outlets: OUTLETS.map(|_| Outlet::default()),
            turns: 0,
        };
        for event in events {
            told.push(format!("{} {}", stage.truly_now(), tell(event)));
            stage.happens(event)?;
        }
        told.push(format!("{} the end", stage.truly_now()));
        stage.ends()
    }));
    rehearsal::mend();
    let broken = match played {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(broken)) => broken,
        Err(panic) => {
            let what = panic.downcast_ref::<String>().map(String::as_str);
            let what = what.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it fell over");
            lost(format!("the newsroom fell over: {what}"))
        }
    };
    Err(Box::new(Story { told, broken }))
}

fn fresh_folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for a history")
}

fn config_in(folder: &Path) -> Config {
    const SECRET: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    std::fs::write(folder.join("outlet.secret"), SECRET).expect("a secret");
    config::parse(CONFIG, &folder.join("verbatim.toml")).expect("a good configuration")
}

/// A store on which the first contact of every feed is over, made once and copied for each history.
fn empty_store() -> &'static tempfile::TempDir {
    static STORE: OnceLock<tempfile::TempDir> = OnceLock::new();
    STORE.get_or_init(|| {
        let folder = fresh_folder();
        rehearsal::draw_from(0);
        rehearsal::mend();
        let clock = HandClock::new(beginning());
        let mut room = Rehearsal::open(config_in(folder.path()), &clock).expect("an empty store opens");
        for feed in ["world", "sport", "rss", "atom"] {
            let first = format!(
                r#"{{"uri": "urn:first:{feed}", "version": "1", "type": "text", "pubstatus": "usable",
                "headline": "The first", "body_text": "The first of all on {feed}."}}"#
            );
            room.arrive(vec![(FeedId::from(feed), door(), first.into_bytes())]);
        }
        while room.turn().expect("it works") {}
        room.stop().expect("it stops");
        folder
    })
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("a file");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a kind").is_dir() {
            std::fs::create_dir(&target).expect("a folder");
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Something acknowledged that the desk has not answered for; and, if it speaks of the kill of what readers see, when it
/// was here.
struct Underway(Transmission, Pending<Vec<Outcome>>, Option<Timestamp>);

struct Stage {
    config: Config,
    clock: HandClock,
    room: Option<Rehearsal>,
    oracle: Oracle,
    /// How far the wall is from the time that really passed.
    stepped: SignedDuration,
    underway: Vec<Underway>,
    /// What was refused, and will be sent again.
    refused: Vec<Vec<Transmission>>,
    /// Kills among it, which hold all the same once the desk has heard of them.
    withdrawn: Vec<Transmission>,
    orders: Vec<(Switch, Answered)>,
    /// Everything that was acknowledged.
    acknowledged: Vec<(TransmissionId, Transmission)>,
    /// What readers got, and up to where the journal had been written then.
    kept: Option<(u64, Vec<Seen>)>,
    outlets: [Outlet; OUTLETS.len()],
    /// How often the outlets were looked after.
    turns: u32,
}

impl Stage {
    fn room(&mut self) -> &mut Rehearsal {
        self.room.as_mut().expect("it is open")
    }

    fn truly_now(&self) -> Timestamp {
        self.clock.read().0.saturating_sub(self.stepped).unwrap_or(Timestamp::MAX)
    }

    fn happens(&mut self, event: &Event) -> Result<(), Broken> {
        match event {
            Event::Arrive(all) => {
                self.arrives(all.clone());
                return Ok(());
            }
            Event::Order(order) => {
                self.orders(*order);
                return Ok(());
            }
            Event::Work(turns) => {
                for _ in 0..*turns {
                    if !self.turn()? {
                        break;
                    }
                }
                return self.everybody_looks(false).map(drop);
            }
            Event::Rest => {}
            Event::Pass(seconds) => {
                self.rests()?;
                self.clock.passes(std::time::Duration::from_secs(u64::from(*seconds)));
            }
            Event::Step(minutes) => {
                let by = SignedDuration::from_mins(*minutes);
                self.clock.steps(by);
                self.stepped += by;
                // An alarm is dated by the clock that is set here.
                let since = self.underway.iter_mut().filter_map(|one| one.2.as_mut());
                since.for_each(|since| *since = since.saturating_add(by).unwrap_or(*since));
                self.oracle.clock_is(self.stepped.is_zero());
            }
            Event::Fill(seconds) => {
                self.clock.fills_the_disk(std::time::Duration::from_secs(u64::from(*seconds)));
                return Ok(());
            }
            Event::Fault(writes, fate) => {
                rehearsal::plan(*writes, *fate);
                return Ok(());
            }
            Event::Lie(answers) => {
                self.room().outputs_lie(*answers);
                return Ok(());
            }
            Event::Silence(seconds) => {
                let time = std::time::Duration::from_secs(u64::from(*seconds));
                self.room().outputs_are_silent(time);
                return Ok(());
            }
            Event::Outlet(which, manner) => {
                let now = self.clock.read().1;
                self.outlets[*which % OUTLETS.len()].behaves(*manner, now);
                return Ok(());
            }
            Event::Crash => self.starts_again()?,
            Event::Restart => {
                self.rests()?;
                if let Some(room) = self.room.take()
                    && room.stop().is_err()
                {
                    rehearsal::mend();
                }
                self.starts_again()?;
            }
        }
        self.rests()?;
        self.everybody_looks(true).map(drop)
    }

    fn arrives(&mut self, all: Vec<Transmission>) {
        let bodies = all.iter().map(|of| (FeedId::from(of.feed.id()), door(), of.bytes())).collect();
        all.iter().for_each(|transmission| self.oracle.sent(transmission));
        let quiet = self.underway.is_empty() && self.orders.is_empty() && self.refused.is_empty();
        let alone = all.len() == 1 && quiet && !self.clock.disk_is_full();
        let sent = self.room().arrive(bodies);
        let mut again = Vec::new();
        for (transmission, (kept, outcomes)) in all.into_iter().zip(sent) {
            match kept {
                Ok(id) => {
                    self.acknowledged.push((id, transmission.clone()));
                    let alarms = alone && self.is_grave(&transmission);
                    let since = alarms.then(|| self.clock.read().0);
                    self.underway.push(Underway(transmission, outcomes, since));
                }
                Err(refused) => {
                    match refused {
                        Refused::Full => self.withdrawn.push(transmission.clone()),
                        Refused::Fatal(_) => self.oracle.doubts(&transmission),
                        _ => {}
                    }
                    again.push(transmission);
                }
            }
        }
        if !again.is_empty() {
            self.refused.push(again);
        }
    }

    /// Whether it is a notice that speaks of the kill of what readers saw when nothing had happened since.
    fn is_grave(&self, transmission: &Transmission) -> bool {
        let [Wire { says: Says::SpeaksOfKilling(item), .. }] = transmission.wires.as_slice() else {
            return false;
        };
        let (Some(room), Some((recorded, seen))) = (&self.room, &self.kept) else { return false };
        let live = seen.iter().any(|seen| matches!(seen.pages.get(item), Some(Page::Live(..))));
        live && room.recorded().is_ok_and(|now| now == *recorded)
    }

    fn orders(&mut self, order: Switch) {
        let (item, command) = match order {
            Switch::Kill(item) => (item, Command::Kill { reason: "wrong".to_owned() }),
            Switch::Hold(item) => (item, Command::Hold),
            Switch::Release(item) => (item, Command::Release { n: None }),
            Switch::Spike(item) => (item, Command::Spike { n: None }),
            Switch::HoldAll(on) => {
                let answer = self.room().order(Order::HoldAll { on, by: "jo".to_owned(), feed: None });
                return self.orders.push((order, answer));
            }
            Switch::Rebuild => {
                let answer = self.room().order(Order::Rebuild);
                return self.orders.push((order, answer));
            }
        };
        let answer = self.room().order(Order::Item { key: key(item), command, by: "jo".to_owned() });
        self.orders.push((order, answer));
    }

    /// One turn of the desk, and whoever waits for an answer hears it. False if nothing is left to do.
    fn turn(&mut self) -> Result<bool, Broken> {
        let turned = self.room().turn();
        self.hear()?;
        let turned = match turned {
            Ok(more) => self.outlets_turn()?.map(|called| more || called),
            Err(error) => Err(error),
        };
        match turned {
            Ok(more) => Ok(more),
            Err(_) => {
                self.starts_again()?;
                Ok(true)
            }
        }
    }

    /// Outlets are called, and answer. True if anything was said; what ends the process inside.
    fn outlets_turn(&mut self) -> Result<Result<bool, StoreError>, Broken> {
        let (now, truly_now) = (self.clock.read().1, self.truly_now());
        let Self { room, outlets, oracle, turns, underway, .. } = self;
        let room = room.as_mut().expect("it is open");
        let mut any = false;
        for (at, outlet) in outlets.iter_mut().enumerate() {
            any |= give_up(room, at, outlet.wakes(now));
        }
        // Who is broken off is so before anybody is called.
        drop(room.broken_off());
        let calls = match room.calls() {
            Ok(calls) => calls,
            Err(error) => return Ok(Err(error)),
        };
        let open: Vec<Wire> = underway.iter().flat_map(|one| one.0.wires.iter().copied()).collect();
        for call in calls {
            any = true;
            let (name, site) = OUTLETS[call.outlet];
            let Some(item) = (0..ITEMS).find(|item| key(*item) == call.key) else {
                room.answer_call(call.outlet, call.ticket, Ok(()));
                continue;
            };
            if call.what != "kill" {
                let acts = room.acts(&SiteId::from(site)).map_err(|error| lost(error.to_string()))?;
                kills_come_first(room, &outlets[call.outlet], name, site, &acts)?;
            }
            oracle.told(name, item, &call.body, &open, truly_now)?;
            let (outlet, ticket) = (call.outlet, call.ticket);
            if let Some(answer) = outlets[outlet].called(call, now) {
                room.answer_call(outlet, ticket, answer);
            }
        }
        *turns += 1;
        if *turns % 5 == 0
            && let Err(error) = room.keep_outlets()
            && error.is_fatal()
        {
            return Ok(Err(error));
        }
        Ok(Ok(any))
    }

    fn hear(&mut self) -> Result<(), Broken> {
        let now = self.truly_now();
        let alarms = match &self.room {
            Some(room) if self.underway.iter().any(|one| one.2.is_some()) => {
                room.newsroom().health().last_alarms()
            }
            _ => Vec::new(),
        };
        let mut silent = None;
        let Self { underway, oracle, orders, .. } = self;
        underway.retain_mut(|Underway(transmission, outcomes, since)| match outcomes.take() {
            Some(_) => {
                oracle.through(transmission, now);
                let second = SignedDuration::from_secs(1);
                let told = |since: &Timestamp| {
                    alarms.iter().any(|(at, _)| at >= since && at.duration_since(*since) <= second)
                };
                if since.as_ref().is_some_and(|since| !told(since)) {
                    silent = transmission.wires.first().map(Wire::uri);
                }
                false
            }
            None => true,
        });
        orders.retain_mut(|(order, answer)| match answer.take() {
            Some(Ok(_)) => {
                oracle.obeyed(*order);
                false
            }
            Some(Err(_)) => false,
            None => true,
        });
        match silent {
            Some(uri) => Err(late(format!("{uri} speaks of a kill, and no alarm is raised within a second"))),
            None => Ok(()),
        }
    }

    /// The desk works until nothing is left, and senders who were refused come again.
    fn rests(&mut self) -> Result<(), Broken> {
        loop {
            if !self.clock.disk_is_full() {
                for batch in std::mem::take(&mut self.refused) {
                    self.arrives(batch);
                }
            }
            let mut turns = 0;
            while self.turn()? {
                turns += 1;
                if turns > 1_000 {
                    return Err(lost("the desk never comes to rest".to_owned()));
                }
            }
            for transmission in std::mem::take(&mut self.withdrawn) {
                self.oracle.refused(&transmission);
            }
            if let Some(Underway(transmission, ..)) = self.underway.first() {
                let uri = transmission.wires.first().map(Wire::uri).unwrap_or_default();
                return Err(lost(format!(
                    "{uri} was acknowledged, and the desk rests without having decided about it"
                )));
            }
            if self.refused.is_empty() || self.clock.disk_is_full() {
                return Ok(());
            }
        }
    }

    /// The process is gone, and nothing of what it had in memory is left. Whoever starts it sets the clock right before,
    /// and whoever was not answered asks again.
    fn starts_again(&mut self) -> Result<(), Broken> {
        drop(self.room.take());
        self.kept = None;
        self.outlets.iter_mut().for_each(Outlet::is_alone);
        rehearsal::mend();
        self.withdrawn.clear();
        self.clock.steps(-self.stepped);
        self.stepped = SignedDuration::ZERO;
        let opened = Rehearsal::open(self.config.clone(), &self.clock);
        let room = opened.map_err(|error| lost(format!("it does not start again: {error}")))?;
        self.room = Some(room);
        let unanswered = std::mem::take(&mut self.orders);
        unanswered.iter().for_each(|(order, _)| self.oracle.perhaps(*order));
        let full = self.clock.disk_is_full();
        if !full {
            let unread = self.room().unread().map_err(|error| lost(error.to_string()))?;
            if unread > 0 {
                return Err(lost(format!(
                    "{unread} acknowledged transmissions lie there after a start, and nobody reads them"
                )));
            }
            let now = self.truly_now();
            for Underway(transmission, ..) in std::mem::take(&mut self.underway) {
                self.oracle.through(&transmission, now);
            }
        }
        // On a full disk readers are served, and the rest is done once there is space.
        self.everybody_looks(false)?;
        if full {
            while self.turn()? {}
            let now = self.truly_now();
            for Underway(transmission, ..) in std::mem::take(&mut self.underway) {
                self.oracle.through(&transmission, now);
            }
        }
        for (order, _) in unanswered {
            // Before or after what was under way: nobody knows.
            self.oracle.perhaps(order);
            self.orders(order);
        }
        for batch in std::mem::take(&mut self.refused) {
            self.arrives(batch);
        }
        // What was decided before the process went may have been decided under a wrong clock.
        self.oracle.clock_is(true);
        Ok(())
    }

    fn everybody_looks(&mut self, at_rest: bool) -> Result<Vec<Seen>, Broken> {
        let at = Moment { now: self.truly_now(), clock_is_right: self.stepped.is_zero(), at_rest };
        let Self { room, oracle, kept, .. } = self;
        let room = room.as_ref().expect("it is open");
        // Where nothing was recorded, readers get what they got.
        let recorded = room.recorded().map_err(|error| lost(error.to_string()))?;
        let all = match kept.take() {
            Some((at, seen)) if at == recorded => seen,
            _ => SITES.iter().map(|site| readers::look(room, site)).collect(),
        };
        for held in room.held_by_rules().map_err(|error| lost(error.to_string()))? {
            oracle.held_by_rule(&held);
        }
        for (site, seen) in SITES.iter().zip(&all) {
            oracle.look(site, seen, at)?;
        }
        oracle.looked(&all);
        if at_rest {
            let fault = |error| lost(format!("the record cannot be read: {error}"));
            for item in oracle.known() {
                if !room.knows(&key(item)).map_err(fault)? {
                    return Err(lost(format!(
                        "item {item} was acknowledged, and the record does not know it"
                    )));
                }
            }
            if room.doubted() > 0 && room.newsroom().unconfirmed() == 0 {
                return Err(hidden(
                    "an output says that it still has what is gone, and nobody is told".to_owned(),
                ));
            }
            for item in (0..ITEMS).filter(|_| !room.is_in_doubt()) {
                for (site, seen) in SITES.iter().zip(&all) {
                    let last = seen.acts.get(&item).and_then(|acts| acts.last()).map(|(act, _)| act.as_str());
                    let Some(act @ ("kill" | "withhold" | "expire")) = last else { continue };
                    let confirmed = room.confirmed(&key(item), act).map_err(fault)?;
                    if !confirmed.iter().any(|outlet| *outlet == format!("site:{site}")) {
                        let what =
                            format!("the last act on item {item} is `{act}`, and {site} never confirmed it");
                        return Err(hidden(what));
                    }
                }
            }
        }
        *kept = Some((recorded, all.clone()));
        Ok(all)
    }

    /// What outlets were last told is what readers get.
    fn outlets_say_the_same(&self, all: &[Seen]) -> Result<(), Broken> {
        for (outlet, (name, site)) in self.outlets.iter().zip(OUTLETS) {
            let Some(seen) = SITES.iter().zip(all).find(|(known, _)| **known == site).map(|(_, seen)| seen)
            else {
                continue;
            };
            for item in 0..ITEMS {
                let last = seen.acts.get(&item).and_then(|acts| acts.last()).map(|(act, _)| act.as_str());
                let shown = outlet.shows(item);
                let shows = shown.map(|call| call.what.as_str());
                let about = format!("the outlet {name} and item {item}");
                match (seen.pages.get(&item), last) {
                    (Some(Page::Live(text, _)), _) => {
                        let says = |call: &&Call| {
                            text.split("\n\n").all(|block| call.body.contains(block.trim_end()))
                        };
                        if shown.filter(says).is_none() {
                            return Err(lost(format!(
                                "{about}: it is live, and the outlet was last told {shows:?}"
                            )));
                        }
                    }
                    (Some(Page::Gone(_)), Some(act)) if shows != Some(act) => {
                        return Err(late(format!(
                            "{about}: the last act is `{act}`, and it was told {shows:?}"
                        )));
                    }
                    _ => {}
                }
                // Also whoever does not look at revisions hears of a kill last.
                let heard = outlet.heard(item);
                if last == Some("kill") && heard.last().is_some_and(|call| call.what != "kill") {
                    let heard: Vec<&str> = heard.iter().map(|call| call.what.as_str()).collect();
                    return Err(late(format!("{about}: it was killed, and the outlet heard {heard:?}")));
                }
            }
        }
        Ok(())
    }

    /// What must be true of every history in the end.
    fn ends(&mut self) -> Result<(), Broken> {
        rehearsal::mend();
        while !self.refused.is_empty() || self.clock.disk_is_full() {
            self.clock.passes(std::time::Duration::from_secs(1));
            self.rests()?;
        }
        self.rests()?;
        // Whoever did not answer, or answered wrongly, is asked until he has told the truth.
        for _ in 0..64 {
            if self.room().is_in_doubt() {
                self.clock.passes(std::time::Duration::from_secs(30));
                self.rests()?;
            }
        }
        if self.room().is_in_doubt() {
            return Err(hidden("an output was never asked again whether it is gone".to_owned()));
        }
        // And so are outlets called until they have confirmed everything.
        self.outlets.iter_mut().for_each(Outlet::recovers);
        for _ in 0..64 {
            if self.room().untold() > 0 || self.outlets.iter().any(Outlet::expects) {
                self.clock.passes(std::time::Duration::from_secs(60));
                self.rests()?;
            }
        }
        if self.room().untold() > 0 {
            return Err(hidden("an outlet was never told of something".to_owned()));
        }
        let before = self.everybody_looks(true)?;
        self.outlets_say_the_same(&before)?;
        let clock_was_right = self.stepped.is_zero();
        let fault = |error| lost(format!("the record cannot be read: {error}"));
        for (id, transmission) in &self.acknowledged {
            let room = self.room.as_ref().expect("it is open");
            match room.archived(*id).map_err(fault)? {
                Some(bytes) if bytes == transmission.bytes() => {}
                Some(_) => {
                    return Err(changed("the archive holds other bytes than were acknowledged".to_owned()));
                }
                None => return Err(lost("the archive does not hold what was acknowledged".to_owned())),
            }
        }
        self.room().verify().map_err(fault)?;
        self.starts_again()?;
        self.orders(Switch::Rebuild);
        self.rests()?;
        let after = self.everybody_looks(true)?;
        if clock_was_right && before != after {
            return Err(changed(
                "after a rebuild and a start readers get other bytes than before".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Whoever is told something else has heard of every kill before.
fn kills_come_first(
    room: &Rehearsal,
    outlet: &Outlet,
    name: &str,
    site: &str,
    acts: &[(ItemId, String, u32)],
) -> Result<(), Broken> {
    for item in 0..ITEMS {
        let places = room.places(&key(item)).map_err(|error| lost(error.to_string()))?;
        let Some((_, id)) = places.into_iter().find(|(on, _)| on.as_str() == site) else { continue };
        let mut own = acts.iter().filter(|(of, ..)| *of == id).map(|(_, act, _)| act.as_str());
        let killed = own.next_back() == Some("kill");
        let heard = outlet.heard(item).iter().any(|call| call.what == "kill");
        if killed && !heard {
            return Err(late(format!(
                "the outlet {name} is called, and was not told that item {item} is killed"
            )));
        }
    }
    Ok(())
}

fn door() -> Door {
    Door::Push { peer: "10.0.0.7:1".to_owned() }
}
