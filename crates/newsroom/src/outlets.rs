//! Outlets: whoever outside is called about what becomes public on a site, is changed there, or goes.
//!
//! What is kept of an outlet is *which* items it has still to be told of, never *what*: that is read from the record at
//! the moment of the call, as a reader would get it then. So nothing old can be told, whatever waited and for how long.
//! Kills go before everything else, beside everything else, and overtake what is under way about their item.
//!
//! Which items those are is told by the journal, from the entry on up to which everything was confirmed; that place is kept
//! in the store ([`store::FeedState`], `outlet:NAME`), and each confirmation is a fact of the journal. So a start goes on where
//! the last run ended, however that ended. A commit hands its entries over at once ([`Outlets::follow`]); whatever an outlet
//! missed is read from the journal. [`board`] decides what is told when; it is driven here by the clock and calls of every
//! day, and in rehearsals by theirs.

mod board;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lines::webhook::Webhook;
use lines::{CallError, Message, Outlet as _};
use news::{FeedId, ItemKey, ItemStanding};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{
    Committed, Fact, FeedState as _, Index as _, Journal as _, OutputRow, Placement, StoreError, StoryRow,
};
use tokio::sync::{Notify, watch};
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};
use tokio::time::{Instant, sleep_until};

use crate::config::{Config, Outlet};
use crate::main_loop::Event;
use crate::press::story_url;
use crate::public::{Answer, Ask};
use crate::receipts::word;
use crate::record::was_shown;
use crate::{Newsroom, Room};

use board::{Board, Follows, Heard, Lane, Terms};
pub(crate) use board::{Due, Said};

/// How often it is kept up to where an outlet was told everything. What is told twice after a crash is bounded by the
/// receipts, not by this.
const KEEP_EVERY: Duration = Duration::from_secs(5);
/// Confirmations other than of kills are recorded together, after so long or when they are so many.
const GATHER: Duration = Duration::from_millis(250);
const GATHERED: usize = 32;

/// All outlets.
pub(crate) struct Outlets {
    all: Vec<OneOutlet>,
    /// Whether anybody calls them.
    calling: AtomicBool,
}

/// One outlet, and what it has still to be told.
pub(crate) struct OneOutlet {
    terms: Outlet,
    word: String,
    /// Nobody knows more until the store is open.
    board: Mutex<Board>,
    /// Since when it is told what happens.
    since: Mutex<Timestamp>,
    wake: Notify,
}

/// What is kept of an outlet: since when it is told, and up to which entry of the journal it was told everything.
#[derive(Serialize, Deserialize)]
struct Kept {
    since: String,
    told: u64,
    /// Until when a call that got no answer may still arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unsure: Option<String>,
}

fn place_of(outlet: &Outlet) -> FeedId {
    FeedId::new(format!("outlet:{}", outlet.name))
}

/// What is to be said to an outlet.
pub(crate) enum Composed {
    Nothing,
    Later,
    /// Readers get no answer either: words are damaged, or the store cannot be read.
    Unfit,
    Tell(Telling),
}

/// One telling.
pub(crate) struct Telling {
    /// What happened, in the words of the public log: `publish`, `kill`.
    pub(crate) what: String,
    /// Rises with every change of the item.
    pub(crate) revision: u64,
    pub(crate) message: Message,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OneOutlet {
    fn board(&self) -> MutexGuard<'_, Board> {
        lock(&self.board)
    }

    /// What an entry says that concerns this outlet: a confirmation of its own, or a public act on its site, which is what
    /// the site's log has a leaf of.
    fn heard(&self, fact: &Fact, committed: &Committed, since: Option<Timestamp>) -> Option<Heard> {
        if let Fact::Receipt { key, outlet, what, ok: true, revision: Some(revision), .. } = fact {
            let (kill, revision) = (what == "kill", *revision);
            return (*outlet == self.word).then(|| Heard::Receipt { key: key.clone(), kill, revision });
        }
        let key = fact.key().filter(|key| self.wants(key))?;
        let leaf = committed.leaves.iter().rev().find(|leaf| leaf.draft.site == self.terms.site)?;
        let lane = match leaf.draft.act.as_str() {
            "kill" => Lane::Kill,
            "withhold" | "expire" => Lane::Withdrawal,
            _ if matches!(fact, Fact::Ruled(ruled) if ruled.quiet) => return None,
            _ => Lane::News,
        };
        let at = since.unwrap_or(committed.at);
        Some(Heard::Change { key: key.clone(), lane, seq: committed.seq, at })
    }

    fn wants(&self, key: &ItemKey) -> bool {
        self.terms.is_told_of(&key.agency)
    }
}

impl Outlets {
    pub(crate) fn new(config: &Config) -> Self {
        let one = |outlet: &Outlet| OneOutlet {
            word: outlet.word(),
            board: Mutex::new(Board::new(terms(outlet), 0, 0, Duration::ZERO)),
            since: Mutex::new(Timestamp::MIN),
            wake: Notify::new(),
            terms: outlet.clone(),
        };
        Self { all: config.outlets.iter().map(one).collect(), calling: AtomicBool::new(false) }
    }

    /// Where each of them was left. A new one begins with what happens from now on.
    pub(crate) fn take_up(&self, room: &Room) -> Result<(), StoreError> {
        for outlet in &self.all {
            let end = room.store.last_seq()?;
            let kept = room.store.feed_state(&place_of(&outlet.terms))?;
            let kept: Option<Kept> = kept.and_then(|kept| serde_json::from_str(&kept).ok());
            let since = kept.as_ref().and_then(|kept| kept.since.parse().ok());
            let unsure: Option<Timestamp> = kept.as_ref().and_then(|kept| kept.unsure.as_ref()?.parse().ok());
            let told = kept.map_or(end, |kept| kept.told.min(end));
            *lock(&outlet.since) = since.unwrap_or_else(|| room.clock.now());
            *outlet.board() = Board::new(terms(&outlet.terms), told, end, room.clock.steady());
            if let Some(left) =
                unsure.and_then(|then| Duration::try_from(then.duration_since(room.clock.now())).ok())
            {
                let left = left.min(outlet.terms.timeout);
                outlet.board().is_unsure_until(room.clock.steady() + left);
            }
            // A short stretch is read at once; a long one would keep readers waiting.
            if let Err(error) = outlet.catch_up(room) {
                outlet.complain(room, &error);
            }
            // A new one has begun; and what an earlier run began may arrive also during the run after this one.
            if since.is_none() || !outlet.board().unsure_for(room.clock.steady()).is_zero() {
                match outlet.keep(room) {
                    // Without space it is kept when there is some.
                    Err(error) if error.is_fatal() => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// An entry is recorded, and whatever it makes public is.
    pub(crate) fn follow(&self, room: &Room, committed: &Committed, fact: &Fact, since: Option<Timestamp>) {
        for outlet in &self.all {
            let heard = outlet.heard(fact, committed, since);
            let wakes = heard.is_some();
            outlet.board().hear(committed.seq, heard, room.clock.steady());
            if wakes {
                outlet.wake.notify_one();
            }
        }
    }

    /// A kill holds; its record is still to come.
    pub(crate) fn falls(&self, room: &Room, key: &ItemKey, at: Timestamp) {
        for outlet in self.all.iter().filter(|outlet| outlet.wants(key)) {
            outlet.board().falls(key.clone(), at, room.clock.steady());
            outlet.wake.notify_one();
        }
    }

    /// A kill that held has changed nothing; the journal ends at `end`.
    pub(crate) fn spared(&self, room: &Room, key: &ItemKey, end: u64) {
        for outlet in self.all.iter().filter(|outlet| outlet.wants(key)) {
            outlet.board().spared(key.clone(), 2 * end, room.clock.now(), room.clock.steady());
            outlet.wake.notify_one();
        }
    }

    /// Whether some outlet that is called has not confirmed the kill of this item.
    pub(crate) fn has_open_kill(&self, key: &ItemKey) -> bool {
        self.calling.load(Ordering::SeqCst) && self.all.iter().any(|outlet| outlet.board().has_open_kill(key))
    }

    /// So many.
    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }
}

/// What rehearsals do in the place of [`Called::serve`].
#[cfg(feature = "rehearsal")]
impl Outlets {
    pub(crate) fn read_on(&self, room: &Room, at: usize) -> Result<bool, StoreError> {
        self.all[at].catch_up(room)
    }

    pub(crate) fn goes_out(&self, at: usize, due: &Due) -> bool {
        self.all[at].board().goes_out(due)
    }

    pub(crate) fn overtaken(&self, at: usize) -> Vec<u64> {
        self.all[at].board().take_overtaken()
    }

    pub(crate) fn keep_all(&self, room: &Room) -> Result<(), StoreError> {
        self.all.iter().try_for_each(|outlet| outlet.keep(room))
    }

    pub(crate) fn open(&self) -> usize {
        self.all.iter().map(|outlet| outlet.board().open().1).sum()
    }
}

fn terms(outlet: &Outlet) -> Terms {
    Terms { timeout: outlet.timeout, at_once: outlet.at_once, per_minute: outlet.per_minute }
}

impl OneOutlet {
    /// Keeps up to where it was told everything.
    fn keep(&self, room: &Room) -> Result<(), StoreError> {
        let (told, unsure) = {
            let board = self.board();
            (board.told(), board.unsure_for(room.clock.steady()))
        };
        let then = SignedDuration::try_from(unsure).ok().filter(|left| !left.is_zero());
        let unsure =
            then.and_then(|left| room.clock.now().checked_add(left).ok()).map(|then| then.to_string());
        let kept = Kept { since: lock(&self.since).to_string(), told, unsure };
        room.store.save_feed_state(&place_of(&self.terms), &json!(kept).to_string())
    }

    fn complain(&self, room: &Room, error: &StoreError) {
        if error.is_fatal() {
            return room.fail(&error.to_string());
        }
        let what = format!("what the outlet `{}` has to be told: {error}", self.terms.name);
        if room.health.alarm(room.clock.now(), what.clone()) {
            tracing::error!("{what}");
        }
    }

    /// Reads a stretch of the journal that it missed. Returns whether there is more to be read now.
    fn catch_up(&self, room: &Room) -> Result<bool, StoreError> {
        let now = room.clock.steady();
        if self.board().wants_kills() {
            let since = *lock(&self.since);
            let found = room.store.kills_untold(&self.word, since, board::KILLS)?;
            let found = found.into_iter().filter(|(key, _)| self.wants(key)).collect();
            self.board().find_kills(found, board::KILLS, now);
        }
        if !self.board().is_behind() {
            return Ok(false);
        }
        let from = self.board().read() + 1;
        for (fact, committed) in room.store.entries(from)? {
            let heard = self.heard(&fact, &committed, None);
            self.board().hear(committed.seq, heard, now);
        }
        Ok(self.board().is_behind())
    }
}

impl Newsroom {
    /// Calls every configured outlet about what it has to be told, until `stop` turns true.
    pub async fn call_outlets(&self, stop: watch::Receiver<bool>) {
        let mut all = JoinSet::new();
        for at in 0..self.room.outlets.count() {
            let terms = &self.room.outlets.all[at].terms;
            let secret = lines::Secret::new(terms.secret.expose());
            match Webhook::new(terms.url.clone(), &secret, terms.timeout, terms.allow_private) {
                Ok(webhook) => {
                    let called = Called { newsroom: self.clone(), at, webhook: Arc::new(webhook) };
                    all.spawn(called.serve(stop.clone()));
                }
                Err(why) => tracing::error!(outlet = terms.name, "it cannot be called: {why}"),
            }
        }
        self.room.outlets.calling.store(true, Ordering::SeqCst);
        all.join_all().await;
    }

    /// What an outlet is to be told of an item now: what a reader of its site would get.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn compose(&self, at: usize, due: &Due) -> Result<Composed, StoreError> {
        let (room, outlet) = (&self.room, &self.room.outlets.all[at]);
        // Before the record: a kill that it does not hold yet is later than all that it holds.
        let end = room.store.last_seq()?;
        let Some((row, place)) = room.store.story_and_place(&due.key)? else { return Ok(Composed::Nothing) };
        let site = &outlet.terms.site;
        let Some(placement) = row.placement(site).filter(|placement| was_shown(&row, placement)) else {
            return Ok(Composed::Nothing);
        };
        let revision = (2 * place).max(due.floor);
        let tells = |what: &str, revision, at: Timestamp, live: Option<(&str, &[u8])>| {
            let told = Told { outlet, row: &row, placement, what, revision, at, live };
            Composed::Tell(told.telling(room))
        };
        let fell = row.moved_at.unwrap_or(placement.updated);
        match row.standing {
            standing if due.foretold && standing != ItemStanding::Killed => {
                Ok(tells("kill", 2 * end + 1, due.since, None))
            }
            ItemStanding::Killed | ItemStanding::Withheld | ItemStanding::Expired => {
                let what = word(row.standing);
                let receipts = room.store.receipts(&due.key)?;
                let told = |receipt: &store::ReceiptRow| {
                    let same = receipt.outlet == outlet.word && receipt.what == what && receipt.ok;
                    same && receipt.revision >= Some(revision)
                };
                if receipts.iter().any(told) {
                    return Ok(Composed::Nothing);
                }
                Ok(tells(what, revision, fell, None))
            }
            ItemStanding::Live(_) if room.public.is_denied(site, placement.id) => Ok(Composed::Later),
            ItemStanding::Live(n) => {
                let act = row.leaf_on(site).map_or("publish", |leaf| leaf.act.as_str());
                let version = row.version(n).map_or("", |version| version.stamp.raw.as_str());
                match self.answer(site, Ask::StoryJson(placement.id), outlet.terms.reach) {
                    Answer::Live(sheet) => {
                        Ok(tells(act, revision, placement.updated, Some((version, &sheet.plain.body))))
                    }
                    Answer::OutOfReach => Ok(Composed::Nothing),
                    // It is going this moment.
                    Answer::Gone(_) | Answer::Missing(_) => Ok(Composed::Later),
                    Answer::Unfit => Ok(Composed::Unfit),
                }
            }
            ItemStanding::Unpublished => Ok(Composed::Nothing),
        }
    }

    /// What an outlet is called about now, and when it is to be asked again if nothing happens before.
    pub(crate) fn outlet_is_due(&self, at: usize, caught_up: bool) -> (Vec<Due>, Option<Duration>) {
        self.room.outlets.all[at].board().due(self.room.clock.steady(), caught_up)
    }

    /// What came of a call: it is taken down, and shown to the operator. Returns what is to be recorded of it.
    pub(crate) fn outlet_said(&self, at: usize, due: &Due, said: &Said) -> Option<Fact> {
        let (room, outlet) = (&self.room, &self.room.outlets.all[at]);
        let (wall, name) = (room.clock.now(), outlet.terms.name.as_str());
        let follows = outlet.board().answered(due, said, room.clock.steady(), wall);
        let recorded = match (follows, said) {
            (Follows::Confirmed { since, first, settled }, Said::Told { what, revision }) => {
                room.health.outlet_confirmed(name, wall);
                self.something_was_confirmed();
                let after = first.duration_since(since).max(SignedDuration::ZERO);
                let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                let gone = ["kill", "withhold", "expire"].contains(&what.as_str());
                let detail = match settled {
                    true => format!("told after {after_ms} ms"),
                    false => format!(
                        "told after {after_ms} ms, and once more when no earlier call can arrive any more"
                    ),
                };
                // While it is to be told once more, the last word is not said. For news that is no matter of record.
                (settled || gone).then(|| Fact::Receipt {
                    key: due.key.clone(),
                    outlet: outlet.word.clone(),
                    what: what.clone(),
                    revision: Some(*revision),
                    ok: settled,
                    detail,
                    outputs: gone
                        .then(|| OutputRow { output: "call".to_owned(), ok: true, after_ms })
                        .into_iter()
                        .collect(),
                })
            }
            (Follows::Failed { kill }, Said::Failed(error)) => {
                let uri = &due.key.uri;
                if error.refused {
                    let what = format!(
                        "{uri} is not taken by the outlet `{name}`: {}; others are told on, and it is tried again",
                        error.why
                    );
                    if room.health.alarm(wall, what.clone()) {
                        tracing::error!("{what}");
                    }
                } else if room.health.outlet_failed(name, wall, &error.why) {
                    tracing::error!(outlet = name, "it does not confirm: {}", error.why);
                }
                if let Some((since, false)) = kill
                    && let Some(allowed) = self.kill_within(&due.key)
                    && wall.duration_since(since) > allowed
                {
                    outlet.board().is_late(&due.key);
                    let what = format!(
                        "{uri}: the contract allows {allowed:#} for a kill, and the outlet `{name}` has not confirmed it: {}",
                        error.why
                    );
                    tracing::error!("{what}");
                    room.health.alarm(wall, what);
                }
                None
            }
            _ => None,
        };
        let (kills, all) = outlet.board().open();
        room.health.outlet_waits(name, kills, all);
        recorded
    }
}

/// What a message is made of.
struct Told<'a> {
    outlet: &'a OneOutlet,
    row: &'a StoryRow,
    placement: &'a Placement,
    what: &'a str,
    revision: u64,
    at: Timestamp,
    /// The version as delivered, and what the story's `.json` says.
    live: Option<(&'a str, &'a [u8])>,
}

impl Told<'_> {
    /// The message; `docs/outlets.md` describes it.
    fn telling(&self, room: &Room) -> Telling {
        let Told { outlet, row, placement, what, revision, at, live } = self;
        let Outlet { name, site, .. } = &outlet.terms;
        let base = room.config.site(site).map_or("", |site| site.base_url());
        let url = story_url(base, placement.id);
        let mut about = Map::new();
        let mut set = |name: &str, value: Value| drop(about.insert(name.to_owned(), value));
        set("outlet", json!(name));
        set("site", json!(site.as_str()));
        set("agency", json!(row.key.agency.as_str()));
        set("uri", json!(row.key.uri));
        set("id", json!(placement.id.to_string()));
        set("revision", json!(revision));
        set("url", json!(url));
        set("proof", json!(format!("{url}.proof")));
        if let Some((version, _)) = live {
            set("version", json!(version));
            set("json", json!(format!("{url}.json")));
        }
        let mut about = Value::Object(about).to_string();
        if let Some((_, story)) = live {
            // What readers get stands there as they get it, byte for byte.
            about.pop();
            about += &format!(",\"story\":{}}}", String::from_utf8_lossy(story).trim_ascii_end());
        }
        let body = format!("{{\"type\":\"{what}\",\"timestamp\":\"{at:.6}\",\"data\":{about}}}").into_bytes();
        let id = format!("{name}-{}-{revision}", placement.id);
        let message = Message { id, sent: room.clock.now(), body };
        Telling { what: (*what).to_owned(), revision: *revision, message }
    }
}

/// Whoever calls one outlet.
struct Called {
    newsroom: Newsroom,
    at: usize,
    webhook: Arc<Webhook>,
}

type Calls = JoinSet<(Due, Said)>;

impl Called {
    fn outlet(&self) -> &OneOutlet {
        &self.newsroom.room.outlets.all[self.at]
    }

    async fn serve(self, mut stop: watch::Receiver<bool>) {
        let room = Arc::clone(&self.newsroom.room);
        let (mut calls, mut handles) = (Calls::new(), HashMap::new());
        let (mut gathered, mut gather_until) = (Vec::new(), None::<Instant>);
        let mut keep_at = tokio::time::Instant::now() + KEEP_EVERY;
        loop {
            let behind = self.catch_up().await;
            for ticket in self.outlet().board().take_overtaken() {
                if let Some(handle) = handles.remove(&ticket) {
                    AbortHandle::abort(&handle);
                }
            }
            let (due, next) = self.newsroom.outlet_is_due(self.at, !behind);
            for due in due {
                let ticket = due.ticket;
                handles.insert(ticket, calls.spawn(self.call(due)));
            }
            let now = tokio::time::Instant::now();
            if gather_until.is_some_and(|until| until <= now) || gathered.len() >= GATHERED {
                gather_until = None;
                room.tray.put_fresh(Event::Receipts(std::mem::take(&mut gathered)));
            }
            if keep_at <= now {
                keep_at = now + KEEP_EVERY;
                self.keep().await;
            }
            let wake_at = next.map(|next| now + next.saturating_sub(room.clock.steady()));
            let wake_at = wake_at.into_iter().chain(gather_until).chain([keep_at]).min().unwrap_or(keep_at);
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                Some(done) = calls.join_next() => {
                    // What was broken off says nothing.
                    let Ok((due, said)) = done else { continue };
                    handles.remove(&due.ticket);
                    match self.newsroom.outlet_said(self.at, &due, &said) {
                        Some(fact) if is_of_kill(&fact) => room.tray.put_fresh(Event::Receipts(vec![fact])),
                        Some(fact) => {
                            gathered.push(fact);
                            gather_until.get_or_insert(tokio::time::Instant::now() + GATHER);
                        }
                        None => {}
                    }
                }
                () = self.outlet().wake.notified() => {}
                () = std::future::ready(()), if behind => {}
                () = sleep_until(wake_at) => {}
            }
            if room.is_stopping() {
                break;
            }
        }
        room.tray.put_fresh(Event::Receipts(gathered));
        self.keep().await;
    }

    /// Reads on in the journal; true while there is more to be read.
    async fn catch_up(&self) -> bool {
        let room = Arc::clone(&self.newsroom.room);
        let at = self.at;
        {
            // Nearly always nothing was missed.
            let mut board = self.outlet().board();
            if !board.is_behind() && !board.wants_kills() {
                return false;
            }
        }
        let read = spawn_blocking(move || room.outlets.all[at].catch_up(&room)).await;
        match read {
            Ok(Ok(more)) => more,
            Ok(Err(error)) => {
                self.outlet().complain(&self.newsroom.room, &error);
                false
            }
            Err(_) => false,
        }
    }

    async fn keep(&self) {
        let (room, at) = (Arc::clone(&self.newsroom.room), self.at);
        if let Ok(Err(error)) = spawn_blocking(move || room.outlets.all[at].keep(&room)).await {
            self.outlet().complain(&self.newsroom.room, &error);
        }
    }

    /// One call.
    fn call(&self, due: Due) -> impl Future<Output = (Due, Said)> + Send + 'static {
        let (newsroom, at, webhook) = (self.newsroom.clone(), self.at, Arc::clone(&self.webhook));
        async move {
            let (composer, about) = (newsroom.clone(), due.clone());
            let composed = spawn_blocking(move || composer.compose(at, &about)).await;
            let said = match composed {
                Ok(Ok(Composed::Nothing)) => Said::Nothing,
                Ok(Ok(Composed::Later)) => Said::Later,
                Ok(Ok(Composed::Unfit)) => Said::Failed(unreadable("readers get no answer either")),
                Ok(Ok(Composed::Tell(Telling { what, revision, message }))) => {
                    if newsroom.room.outlets.all[at].board().goes_out(&due) {
                        match webhook.call(message).await {
                            Ok(()) => Said::Told { what, revision },
                            Err(error) => Said::Failed(error),
                        }
                    } else {
                        Said::Later
                    }
                }
                Ok(Err(error)) => Said::Failed(unreadable(&error.to_string())),
                Err(error) => Said::Failed(unreadable(&error.to_string())),
            };
            (due, said)
        }
    }
}

/// The record of one item cannot be read: others can be told.
pub(crate) fn unreadable(why: &str) -> CallError {
    CallError { why: format!("it cannot be told: {why}"), may_arrive: false, refused: true, patience: None }
}

fn is_of_kill(fact: &Fact) -> bool {
    matches!(fact, Fact::Receipt { what, .. } if what == "kill")
}
