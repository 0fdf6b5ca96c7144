//! Traffic through every door at once, from senders who behave as real ones do: what was not acknowledged is sent
//! again, and the next version of a story waits until the one before it was.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, sleep};
use std::time::Duration;

use super::chance::Chance;
use super::faults::Faults;
use super::house::{House, TOKEN};
use super::http::{Line, Polled};
use super::ledger::{Ledger, Proof};
use super::oracle;
use super::wire::{self, Status, Story};

/// How many systems push.
const PUSHERS: u32 = 3;
/// How many stories the polled feed holds.
const WINDOW: usize = 15;

/// Everybody who sends, reads or kills. Lives as long as the house; works while the program runs.
pub(super) struct Load {
    pushers: Vec<Pusher>,
    dropper: Dropper,
    poll: PollSource,
    killer: Killer,
    printer: Printer,
}

/// What all of them see.
#[derive(Clone, Copy)]
pub(super) struct Scene<'s> {
    pub(super) house: &'s House,
    pub(super) ledger: &'s Ledger,
    pub(super) faults: &'s Faults,
    pub(super) stop: &'s AtomicBool,
}

impl Scene<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Waits, but not longer than there is something to wait for. False when it is over.
    fn rest(&self, at_most: u64) -> bool {
        for _ in 0..at_most {
            if self.stopped() {
                return false;
            }
            sleep(Duration::from_millis(1));
        }
        !self.stopped()
    }
}

impl Load {
    pub(super) fn new(house: &House, chance: &mut Chance) -> std::io::Result<Self> {
        Ok(Self {
            pushers: (0..PUSHERS).map(|n| Pusher::new(n, chance.fork())).collect(),
            dropper: Dropper { chance: chance.fork(), count: 0, waiting: vec![] },
            poll: PollSource {
                chance: chance.fork(),
                server: Polled::start(house.feed)?,
                count: 0,
                window: vec![],
                offered: vec![],
            },
            killer: Killer { chance: chance.fork(), again: vec![] },
            printer: Printer { chance: chance.fork(), count: 0 },
        })
    }

    /// Sets everybody to work; they end when `scene.stop` is set.
    pub(super) fn work<'s>(&'s mut self, scope: &'s Scope<'s, '_>, scene: Scene<'s>) {
        for pusher in &mut self.pushers {
            scope.spawn(move || pusher.work(scene));
        }
        let Self { dropper, poll, killer, printer, .. } = self;
        scope.spawn(move || dropper.work(scene));
        scope.spawn(move || poll.work(scene));
        scope.spawn(move || killer.work(scene));
        scope.spawn(move || printer.work(scene));
        scope.spawn(move || read(scene));
    }

    /// What was left from a moment on may never have got to the disk: nobody waits for it.
    pub(super) fn doubt(&mut self, since: Duration) {
        self.dropper.waiting.retain(|(left, ..)| *left < since);
    }

    /// Sends everything again that is not acknowledged yet, and waits until it is.
    pub(super) fn catch_up(&mut self, house: &House, ledger: &Ledger, faults: &Faults) {
        let stop = AtomicBool::new(false);
        let scene = Scene { house, ledger, faults, stop: &stop };
        for pusher in &mut self.pushers {
            pusher.retry(&mut Line::new(house.desk), scene, false);
        }
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        let mut open = true;
        while open && std::time::Instant::now() < deadline {
            sleep(Duration::from_millis(20));
            self.dropper.look(scene);
            open = !self.dropper.waiting.is_empty() || !self.poll.look(scene);
        }
        if open {
            faults.note("files or a polled feed were not taken within 20 seconds of quiet".to_owned());
        }
    }
}

/// A story of one's own that may get another version.
struct Own {
    uri: String,
    number: u32,
}

struct Pusher {
    name: u32,
    chance: Chance,
    count: u32,
    own: Vec<Own>,
    pending: Option<Vec<Story>>,
}

impl Pusher {
    fn new(name: u32, chance: Chance) -> Self {
        Self { name, chance, count: 0, own: vec![], pending: None }
    }

    fn work(&mut self, scene: Scene<'_>) {
        let mut line = Line::new(scene.house.desk);
        // Some senders give up what was not acknowledged.
        if self.chance.one_in(4) {
            self.pending = None;
        }
        self.retry(&mut line, scene, true);
        while !scene.stopped() && self.pending.is_none() {
            let stories = self.invent();
            self.send(stories, &mut line, scene);
            if self.chance.one_in(2) && !scene.rest(self.chance.below(60)) {
                return;
            }
        }
    }

    /// Sends again what is pending, as long as the program answers at all.
    fn retry(&mut self, line: &mut Line, scene: Scene<'_>, fickle: bool) {
        for _ in 0..50 {
            let Some(stories) = self.pending.take() else { return };
            self.send(stories, line, scene);
            if self.pending.is_some() && (fickle && scene.stopped() || !scene.rest(20)) {
                return;
            }
        }
    }

    fn fresh(&mut self) -> Story {
        self.count += 1;
        let uri = format!("urn:agx:push:{}:{}", self.name, self.count);
        Story::new(&uri, 1, &mut self.chance)
    }

    fn next(&mut self) -> Story {
        let place = self.chance.place(self.own.len());
        let own = &mut self.own[place];
        own.number += 1;
        let story = Story::new(&own.uri, own.number, &mut self.chance);
        if own.number >= 3 {
            self.own.swap_remove(place);
        }
        story
    }

    /// What comes next on the wire.
    fn invent(&mut self) -> Vec<Story> {
        match self.chance.below(20) {
            0..=4 if !self.own.is_empty() => vec![self.next()],
            5 if !self.own.is_empty() => {
                let story = self.next().with(Status::Canceled);
                self.own.retain(|own| own.uri != story.uri);
                vec![story]
            }
            // A kill may come before what it kills.
            6 => vec![self.fresh().with(Status::Canceled)],
            7..=8 => {
                let until = wire::now_seconds() + 1 + self.chance.below(5);
                vec![self.fresh().with(Status::Embargoed(until))]
            }
            9..=10 => (0..2 + self.chance.below(12)).map(|_| self.fresh()).collect(),
            _ => {
                let story = self.fresh();
                self.own.push(Own { uri: story.uri.clone(), number: 1 });
                vec![story]
            }
        }
    }

    fn send(&mut self, stories: Vec<Story>, line: &mut Line, scene: Scene<'_>) {
        scene.ledger.sending(&stories);
        match push(line, &stories) {
            Some(id) => scene.ledger.acked(&stories, &Proof::Pushed(id)),
            None => self.pending = Some(stories),
        }
    }
}

/// Pushes one transmission; its id, if it was acknowledged.
pub(super) fn push(line: &mut Line, stories: &[Story]) -> Option<String> {
    let token = format!("Bearer {TOKEN}");
    let bytes = wire::ninjs(stories);
    let answer = line.ask("POST", "/wire/agx-push", &[("Authorization", &token)], &bytes).ok()?;
    (answer.status == 201).then(|| answer.json()["transmission"].as_str().unwrap_or_default().to_owned())
}

struct Dropper {
    chance: Chance,
    count: u32,
    /// What lies in the folder since when.
    waiting: Vec<(Duration, String, Vec<Story>)>,
}

impl Dropper {
    fn work(&mut self, scene: Scene<'_>) {
        while scene.rest(20) {
            if self.waiting.len() < 2 {
                let stories: Vec<Story> = (0..1 + self.chance.below(5))
                    .map(|_| {
                        self.count += 1;
                        Story::new(&format!("urn:agx:drop:{}", self.count), 1, &mut self.chance)
                    })
                    .collect();
                let name = format!("message-{}.xml", self.count);
                scene.ledger.sending(&stories);
                if leave(scene.house, &name, &stories).is_ok() {
                    self.waiting.push((wire::now(), name, stories));
                }
            }
            self.look(scene);
        }
        self.look(scene);
    }

    /// What lies in `done/` is acknowledged.
    fn look(&mut self, scene: Scene<'_>) {
        let done = scene.house.wire().join("done");
        self.waiting.retain(|(_, name, stories)| {
            let taken = done.join(name).exists();
            if taken {
                scene.ledger.acked(stories, &Proof::Done(name.clone()));
            }
            !taken
        });
    }
}

/// Leaves a file as a sender should who cannot send it again: under a name that is not taken, synced, then renamed.
pub(super) fn leave(house: &House, name: &str, stories: &[Story]) -> std::io::Result<()> {
    let part = house.wire().join(format!(".{name}.part"));
    std::fs::write(&part, wire::news_message(stories))?;
    std::fs::File::open(&part)?.sync_all()?;
    std::fs::rename(part, house.wire().join(name))?;
    std::fs::File::open(house.wire())?.sync_all()
}

struct PollSource {
    chance: Chance,
    server: Polled,
    count: u32,
    window: Vec<Story>,
    offered: Vec<(u64, Vec<Story>)>,
}

impl PollSource {
    fn work(&mut self, scene: Scene<'_>) {
        loop {
            if self.chance.one_in(4) && !self.window.is_empty() {
                let place = self.chance.place(self.window.len());
                let old = &self.window[place];
                if old.number < 2 {
                    self.window[place] = Story::new(&old.uri, old.number + 1, &mut self.chance);
                }
            } else {
                self.count += 1;
                let uri = format!("urn:agx:poll:{}", self.count);
                self.window.push(Story::new(&uri, 1, &mut self.chance));
            }
            if self.window.len() > WINDOW {
                self.window.remove(0);
            }
            scene.ledger.sending(&self.window);
            let tag = self.server.offer(wire::rss(&self.window));
            self.offered.push((tag, self.window.clone()));
            let go_on = scene.rest(100 + self.chance.below(400));
            self.look(scene);
            if !go_on {
                return;
            }
        }
    }

    /// The poller has the body whose tag it shows. True if that is the last one.
    fn look(&mut self, scene: Scene<'_>) -> bool {
        let shown = self.server.shown();
        if let Some((_, stories)) = self.offered.iter().find(|(tag, _)| *tag == shown) {
            scene.ledger.acked(stories, &Proof::Shown);
        }
        self.offered.retain(|(tag, _)| *tag > shown);
        self.offered.is_empty()
    }
}

struct Killer {
    chance: Chance,
    again: Vec<String>,
}

impl Killer {
    fn work(&mut self, scene: Scene<'_>) {
        let mut line = Line::new(scene.house.desk);
        while scene.rest(20 + self.chance.below(60)) {
            let uri = match self.again.pop() {
                Some(uri) => uri,
                None => {
                    let book = scene.ledger.book();
                    let Some(item) = book.items.get(self.chance.place(book.items.len())) else { continue };
                    if item.kill_asked.is_some() {
                        continue;
                    }
                    item.uri.clone()
                }
            };
            scene.ledger.killing(&uri);
            let returned = if self.chance.one_in(3) {
                let output = scene.house.cli(&["kill", &uri, "--agency", "agx", "--reason", "withdrawn"]);
                // A program that is not there yet or any more leaves the order to the command itself, which is the
                // same promise.
                output.is_ok_and(|output| output.status.success())
            } else {
                kill(&mut line, &uri)
            };
            if !returned {
                if self.chance.one_in(2) {
                    self.again.push(uri);
                }
                continue;
            }
            scene.ledger.killed(&uri);
            let url = scene.ledger.book().item(&uri).and_then(|item| item.url.clone());
            if let Some(url) = url {
                oracle::must_be_gone(
                    &mut Line::new(scene.house.site),
                    &uri,
                    &url,
                    "when its kill returned",
                    scene.faults,
                );
            }
        }
    }
}

/// An operator's kill on the desk's API; whether it returned.
pub(super) fn kill(line: &mut Line, uri: &str) -> bool {
    let order =
        serde_json::json!({"uri": uri, "agency": "agx", "order": "kill", "reason": "withdrawn", "by": "jo"});
    let token = format!("Bearer {TOKEN}");
    let fields = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
    let answer = line.ask("POST", "/api/v1/orders", &fields, order.to_string().as_bytes());
    answer.is_ok_and(|answer| answer.status == 200)
}

/// `verbatim publish`, time and again.
struct Printer {
    chance: Chance,
    count: u32,
}

impl Printer {
    fn work(&mut self, scene: Scene<'_>) {
        while scene.rest(60 + self.chance.below(200)) {
            self.count += 1;
            let uri = format!("urn:agx:print:{}", self.count);
            let story = Story::new(&uri, 1, &mut self.chance);
            publish(scene.house, &story, scene.ledger, scene.faults);
        }
    }
}

/// `verbatim publish` of one story; whether its line was printed.
pub(super) fn publish(house: &House, story: &Story, ledger: &Ledger, faults: &Faults) -> bool {
    let stories = std::slice::from_ref(story);
    let name = format!("{}.json", story.mark);
    if std::fs::write(house.file(&name), wire::ninjs(stories)).is_err() {
        return false;
    }
    ledger.sending(stories);
    let Ok(output) = house.cli(&["publish", "--feed", "agx-push", &name]) else { return false };
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if !output.status.success() || line["uri"] != story.uri.as_str() {
        return false;
    }
    ledger.acked(stories, &Proof::Printed);
    if let Some(url) = line["url"].as_str()
        && !ledger.seen_at(&story.uri, url)
    {
        faults.note(format!("{}: `publish` printed another address than before: {url}", story.uri));
    }
    true
}

/// A reader who looks at every list, again and again.
fn read(scene: Scene<'_>) {
    let mut line = Line::new(scene.house.site);
    while scene.rest(3) {
        for path in oracle::LISTS {
            oracle::look_at(&mut line, path, scene.ledger, scene.faults);
            if !scene.rest(25) {
                return;
            }
        }
    }
}
