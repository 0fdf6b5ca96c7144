//! A watched folder.
//!
//! Every regular file is taken once, except dotfiles and `.part`, `.tmp`, `.filepart`. A file that was renamed into
//! the folder, or closed after writing, is taken at once; any other when it has lain untouched for a while. A writer
//! that was seen at work gets [`PATIENCE`] times as long, for an upload may stall; it is over when the file is closed.
//! Only when the newsroom has archived a file does it move to `done/`. Between the two a crash may come: then the file
//! is sent again, which is a redelivery and harmless. The other way round it would be lost.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{Either, ready};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use news::{Door, FeedId};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::{Health, Intake, Refused, is_stopped, stopped};

mod ear;
mod look;
mod memory;
mod put_away;
mod take;
#[cfg(test)]
mod tests;

use ear::{Ear, Heard};
use look::{Found, Ident, Look};
use memory::Memory;
use put_away::{Put, put_away};
use take::{Taken, take};

/// Where archived files go, inside the folder.
pub const DONE: &str = "done";
/// Where files go that are larger than the limit.
pub const REFUSED: &str = "refused";

/// How many times longer than [`Folder::quiet`] a file must lie untouched whose writer has not closed it.
const PATIENCE: u32 = 30;
/// Deliveries that wait for one fsync together.
const IN_FLIGHT: usize = 64;
/// Bytes that do so; a single larger file flies alone.
const BYTES_IN_FLIGHT: u64 = 64 << 20;
/// After the newsroom said "busy".
const BUSY_PAUSE: Duration = Duration::from_secs(1);
/// How long deliveries on their way are waited for when the newsroom stops.
const FAREWELL: Duration = Duration::from_secs(5);
/// How soon after a change that is no whole file yet the folder is looked through.
const STIR_PAUSE: Duration = Duration::from_millis(100);
/// How many troubles a health report spells out.
const TROUBLES_TOLD: usize = 3;

/// A folder that an agency's files arrive in.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The feed that the files belong to.
    pub feed: FeedId,
    /// The folder. It is made if it is missing.
    pub path: PathBuf,
    /// How long a file must lie untouched before it is taken, if nothing said that it is whole.
    pub quiet: Duration,
    /// How often the folder is looked through although nothing was reported: reports get lost under load.
    pub look_every: Duration,
    /// The largest file that is taken, in bytes. Larger ones move to `refused/`.
    pub max_bytes: u64,
}

impl Folder {
    /// A folder with a second of quiet, a look every five, and files of at most 16 MiB.
    pub fn new(feed: FeedId, path: impl Into<PathBuf>) -> Self {
        let (quiet, look_every) = (Duration::from_secs(1), Duration::from_secs(5));
        Self { feed, path: path.into(), quiet, look_every, max_bytes: 16 << 20 }
    }

    /// Takes files until `stop` is true, its sender is gone, or the store has failed. Everything else that goes wrong
    /// is reported as [`Health::Failed`] and tried again.
    pub async fn run<I: Intake>(self, intake: I, stop: watch::Receiver<bool>) {
        let memory = Memory::from_cursor(intake.cursor(&self.feed).await.as_deref(), &self.feed);
        let ear = Ear::new();
        let mut watch = Watch {
            folder: self,
            intake,
            stop,
            memory,
            ear,
            heard: HashMap::new(),
            sightings: HashMap::new(),
            reported: None,
        };
        loop {
            match watch.round().await {
                Next::Wait(pause) => {
                    if watch.wait(pause).await.is_break() {
                        return;
                    }
                }
                Next::Stop => return,
            }
        }
    }
}

/// What follows a round.
enum Next {
    Wait(Duration),
    Stop,
}

/// Since when a file has looked as it does.
struct Sighting {
    ident: Ident,
    since: Instant,
    /// It could not be read, or not be moved: not again before this, and why.
    put_off: Option<(Instant, String)>,
}

/// A folder under watch.
struct Watch<I: Intake> {
    folder: Folder,
    intake: I,
    stop: watch::Receiver<bool>,
    memory: Memory,
    ear: Ear,
    heard: HashMap<OsString, Heard>,
    sightings: HashMap<OsString, Sighting>,
    /// The trouble last reported.
    reported: Option<String>,
}

/// What one round brought.
struct Round<A> {
    bytes: u64,
    files: u64,
    moved: bool,
    last: Option<A>,
    troubles: BTreeMap<OsString, String>,
    /// The newsroom took no more.
    refused: Option<Refused>,
}

impl<A> Round<A> {
    fn new() -> Self {
        Self { bytes: 0, files: 0, moved: false, last: None, troubles: BTreeMap::new(), refused: None }
    }
}

impl<I: Intake> Watch<I> {
    /// Looks through the folder once and takes what can be taken.
    async fn round(&mut self) -> Next {
        let (heard, lost) = self.ear.drain();
        if lost {
            self.heard.clear();
        }
        self.heard.extend(heard);
        let path = self.folder.path.clone();
        let look = match blocking(move || look::look(&path)).await {
            Ok(look) => look,
            Err(error) => {
                self.ear.deafen();
                let pause = self.folder.look_every;
                let what = format!("looking through {}: {error}; the folder must be readable", self.shown());
                self.report(Some(what), Some(pause), true);
                return Next::Wait(pause);
            }
        };
        if self.ear.listen(&self.folder.path, look.identity) {
            // What came between the look and the watch is found by the next look.
            return Next::Wait(Duration::ZERO);
        }
        if self.memory.is_new() {
            self.memory.meet(&look.files);
            if let Err(refused) = self.save_memory(None).await {
                self.memory.unmeet();
                return self.stay(&refused);
            }
        }
        self.note_sightings(&look);
        let mut round = Round::new();
        for (name, kind) in &look.strange {
            let what = format!("`{}` is {kind} and is not taken: only regular files are", name.display());
            round.troubles.insert(name.clone(), what);
        }
        let found = self.order(look.files);
        self.take_all(found, &mut round).await;
        self.finish(round).await
    }

    /// Forgets what is gone and notes what has changed.
    fn note_sightings(&mut self, look: &Look) {
        let now = Instant::now();
        let mut before = std::mem::take(&mut self.sightings);
        let mut heard = std::mem::take(&mut self.heard);
        for found in &look.files {
            let sighting = match before.remove(&found.name) {
                Some(known) if known.ident == found.ident => known,
                _ => Sighting { ident: found.ident, since: now, put_off: None },
            };
            self.sightings.insert(found.name.clone(), sighting);
            if let Some((name, state)) = heard.remove_entry(&found.name) {
                self.heard.insert(name, state);
            }
        }
    }

    /// What can be taken now, in the order in which it was written.
    fn order(&self, files: Vec<Found>) -> Vec<Found> {
        let mut ready: Vec<Found> = files.into_iter().filter(|found| self.missing(found).is_zero()).collect();
        ready.sort_by(|a, b| a.ident.mtime().cmp(&b.ident.mtime()).then_with(|| a.name.cmp(&b.name)));
        ready
    }

    /// How long the file must still lie as it does.
    fn missing(&self, found: &Found) -> Duration {
        self.sightings
            .get(&found.name)
            .map_or(self.folder.quiet, |sighting| self.wanting(&found.name, sighting))
    }

    fn wanting(&self, name: &OsStr, sighting: &Sighting) -> Duration {
        let quiet = self.folder.quiet;
        let empty = sighting.ident.size == 0;
        let needed = match self.heard.get(name) {
            // Some senders make a file empty, close it, and write it later.
            Some(Heard::Whole) if !empty => Duration::ZERO,
            Some(Heard::Written) => quiet * PATIENCE,
            Some(Heard::Made) if empty => quiet * PATIENCE,
            _ => quiet,
        };
        let now = Instant::now();
        let retry =
            sighting.put_off.as_ref().map_or(Duration::ZERO, |(then, _)| then.saturating_duration_since(now));
        needed.saturating_sub(now.saturating_duration_since(sighting.since)).max(retry)
    }

    /// Takes the files, many at a time so that they share an fsync, and each begun in its turn.
    async fn take_all(&mut self, files: Vec<Found>, round: &mut Round<I::Archived>) {
        let (intake, feed) = (self.intake.clone(), self.folder.feed.clone());
        let mut files = files.into_iter().peekable();
        let mut flying = FuturesUnordered::new();
        let mut bytes_flying = 0;
        let mut stop = self.stop.clone();
        let mut stopping = false;
        loop {
            stopping |= is_stopped(&stop);
            while let Some(next) = files.peek() {
                let room = flying.is_empty()
                    || flying.len() < IN_FLIGHT && bytes_flying + next.ident.size <= BYTES_IN_FLIGHT;
                if !room || is_stopped(&stop) || round.refused.is_some() {
                    break;
                }
                let Some(found) = files.next() else { break };
                let Some(bytes) = self.open(&found, round).await else { continue };
                let door = Door::Folder { name: found.name.to_string_lossy().into_owned() };
                let first = self.memory.is_first(&found.ident);
                bytes_flying += found.ident.size;
                let (intake, feed) = (intake.clone(), feed.clone());
                let mut arrival =
                    Box::pin(async move { (intake.arrive(&feed, door, bytes, first).await, found) });
                // Begun here and now, because the set polls in no promised order.
                let begun = poll_fn(|cx| Poll::Ready(arrival.as_mut().poll(cx))).await;
                flying.push(match begun {
                    Poll::Ready(result) => Either::Left(ready(result)),
                    Poll::Pending => Either::Right(arrival),
                });
                while let Some(Some((result, found))) = flying.next().now_or_never() {
                    bytes_flying -= found.ident.size;
                    self.settle(result, &found, round).await;
                }
            }
            let landed = if stopping {
                timeout(FAREWELL, flying.next()).await.unwrap_or_default()
            } else {
                tokio::select! {
                    landed = flying.next() => landed,
                    () = stopped(&mut stop) => {
                        stopping = true;
                        continue;
                    }
                }
            };
            let Some((result, found)) = landed else { break };
            bytes_flying -= found.ident.size;
            self.settle(result, &found, round).await;
        }
    }

    /// The file's bytes, if it is to be sent now.
    async fn open(&mut self, found: &Found, round: &mut Round<I::Archived>) -> Option<Vec<u8>> {
        let shown = found.name.display();
        if self.memory.is_sent(&found.ident) {
            self.clear(found, DONE, round).await;
            return None;
        }
        if found.ident.size > self.folder.max_bytes {
            let (size, limit) = (found.ident.size, self.folder.max_bytes);
            let what =
                format!("`{shown}` has {size} bytes, {limit} are allowed; it was moved to `{REFUSED}`");
            round.troubles.insert(found.name.clone(), what);
            self.clear(found, REFUSED, round).await;
            return None;
        }
        let (path, ident) = (self.folder.path.join(&found.name), found.ident);
        match blocking(move || take(&path, &ident)).await {
            Ok(Taken::Whole(bytes)) => Some(bytes),
            Ok(Taken::Changed) => {
                self.unsettle(found);
                None
            }
            Err(error) => {
                let what = format!("`{shown}` cannot be read: {error}; the program's user needs to read it");
                self.put_off(found, what);
                None
            }
        }
    }

    /// The newsroom has answered for this file.
    async fn settle(
        &mut self,
        answer: Result<I::Archived, Refused>,
        found: &Found,
        round: &mut Round<I::Archived>,
    ) {
        match answer {
            Ok(archived) => {
                round.bytes += found.ident.size;
                round.files += 1;
                round.last = Some(archived);
                self.clear(found, DONE, round).await;
            }
            // Stopping and failing outrank a store that is merely busy.
            Err(refused) => match (&round.refused, &refused) {
                (Some(Refused::Fatal(_) | Refused::Stopping), Refused::Busy | Refused::Full) => {}
                _ => round.refused = Some(refused),
            },
        }
    }

    /// Moves an answered file out of the way, or remembers that it is answered.
    async fn clear(&mut self, found: &Found, into: &'static str, round: &mut Round<I::Archived>) {
        let (path, moving) = (self.folder.path.clone(), found.clone());
        match blocking(move || put_away(&path, into, &moving)).await {
            Ok(Put::Moved) => {
                round.moved = true;
                self.memory.forget(&found.ident);
                self.sightings.remove(&found.name);
                self.heard.remove(&found.name);
            }
            Ok(Put::Changed) => {
                self.memory.forget(&found.ident);
                self.unsettle(found);
            }
            Err(error) => {
                if into == DONE {
                    self.memory.remember_sent(found.ident);
                }
                let what = format!(
                    "moving `{}` to `{into}` in {}: {error}; both folders must be writable and on one file system",
                    found.name.display(),
                    self.shown(),
                );
                self.put_off(found, what);
            }
        }
    }

    /// The file is not what it was: it must lie still anew.
    fn unsettle(&mut self, found: &Found) {
        self.heard.remove(&found.name);
        if let Some(sighting) = self.sightings.get_mut(&found.name) {
            sighting.since = Instant::now();
        }
    }

    /// The file is left alone for a while.
    fn put_off(&mut self, found: &Found, why: String) {
        if let Some(sighting) = self.sightings.get_mut(&found.name) {
            sighting.put_off = Some((Instant::now() + self.folder.look_every, why));
        }
    }

    /// Ends a round: makes the moves durable, keeps the memory, reports.
    async fn finish(&mut self, mut round: Round<I::Archived>) -> Next {
        if round.moved {
            let path = self.folder.path.clone();
            if let Err(error) = blocking(move || put_away::sync(&path)).await {
                round.troubles.insert(OsString::from(DONE), format!("making moves durable: {error}"));
            }
        }
        self.memory.prune(self.sightings.values().map(|sighting| sighting.ident));
        if self.memory.is_dirty()
            && let Err(refused) = self.save_memory(round.last.as_ref()).await
        {
            round.refused.get_or_insert(refused);
        }
        if let Some(refused) = &round.refused {
            return self.stay(refused);
        }
        for (name, sighting) in &self.sightings {
            if let Some((_, why)) = &sighting.put_off {
                round.troubles.insert(name.clone(), why.clone());
            }
        }
        let pause = self.pause();
        let news = round.files > 0;
        let trouble = summary(&round.troubles);
        if trouble.is_none() {
            let event = Health::Ok { bytes: round.bytes, unchanged: !news, remark: self.ear.trouble() };
            self.intake.health(&self.folder.feed, event);
        }
        self.report(trouble, Some(self.folder.look_every), news);
        Next::Wait(pause)
    }

    /// The newsroom takes nothing: files stay where they are.
    fn stay(&mut self, refused: &Refused) -> Next {
        let pause = match refused {
            Refused::Busy => BUSY_PAUSE.min(self.folder.look_every),
            Refused::Full => self.folder.look_every,
            Refused::Stopping => return Next::Stop,
            Refused::Fatal(_) => Duration::ZERO,
        };
        let ends = matches!(refused, Refused::Fatal(_));
        let what = format!("files stay in {}: {refused}", self.shown());
        self.report(Some(what), (!ends).then_some(pause), false);
        if ends { Next::Stop } else { Next::Wait(pause) }
    }

    /// Until the next file is ready, or the next look.
    fn pause(&self) -> Duration {
        let waits = self.sightings.iter().map(|(name, sighting)| self.wanting(name, sighting));
        waits.min().unwrap_or(self.folder.look_every).clamp(Duration::from_millis(5), self.folder.look_every)
    }

    async fn save_memory(&mut self, after: Option<&I::Archived>) -> Result<(), Refused> {
        self.intake.save_cursor(&self.folder.feed, after, self.memory.to_cursor()).await?;
        self.memory.saved();
        Ok(())
    }

    /// Tells the operators about a trouble once, and again when it is news or something came in meanwhile.
    fn report(&mut self, trouble: Option<String>, retry_in: Option<Duration>, again: bool) {
        if let Some(what) = &trouble
            && (again || self.reported != trouble)
        {
            self.intake.health(&self.folder.feed, Health::Failed { what: what.clone(), retry_in });
        }
        self.reported = trouble;
    }

    /// Waits for a whole file, for the time to pass, or for the end.
    async fn wait(&mut self, pause: Duration) -> std::ops::ControlFlow<()> {
        let ear = &self.ear;
        let awaited = async {
            tokio::select! {
                () = ear.whole() => {}
                () = sleep(pause) => {}
                () = ear.stirred() => {
                    let _ = timeout(STIR_PAUSE.min(self.folder.quiet), ear.whole()).await;
                }
            }
        };
        tokio::select! {
            biased;
            () = stopped(&mut self.stop) => std::ops::ControlFlow::Break(()),
            () = awaited => std::ops::ControlFlow::Continue(()),
        }
    }

    fn shown(&self) -> std::path::Display<'_> {
        self.folder.path.display()
    }
}

/// The first few troubles in words.
fn summary(troubles: &BTreeMap<OsString, String>) -> Option<String> {
    if troubles.is_empty() {
        return None;
    }
    let mut told: Vec<&str> = troubles.values().take(TROUBLES_TOLD).map(String::as_str).collect();
    let more = troubles.len() - told.len();
    let rest = format!("and {more} more");
    if more > 0 {
        told.push(&rest);
    }
    Some(told.join("; "))
}

/// Runs what blocks where it may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
