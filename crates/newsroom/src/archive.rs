//! Steps 1 and 2: bytes arrive, and are durable before anybody is told so.
//!
//! One thread keeps what arrived meanwhile in one transaction, so that concurrent arrivals share an fsync. The desk
//! gets transmissions in the order in which they became durable, but for what may overtake ([`waiting`](crate::waiting)).

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use lines::Refused;
use news::{Door, FeedId, ItemKey, PubStatus, Relation, Severity, Transmission, TransmissionId, Version};
use store::{Archived, StoreError};
use tokio::sync::oneshot;

use crate::config::Feed;
use crate::main_loop::Event;
use crate::pace::is_old;
use crate::steps::Outcome;
use crate::waiting::{Hurry, Seen};
use crate::{Room, chance, decide, read};

/// Transmissions that wait for the archive; more are refused with "busy".
const QUEUE: usize = 4_096;
/// What shares one fsync at most.
const BATCH: usize = 256;
/// Bytes that share one fsync, with whatever goes beyond them in the last, so that a kill behind a backlog does not wait
/// long for commit and reading.
const BATCH_BYTES: usize = 1 << 20;
/// Bytes that may wait in memory, for archive and desk together; a single larger transmission waits alone.
const LOAD: usize = 256 << 20;
/// Beyond so many of them what is archived waits for the desk in the archive alone: the archive runs ahead of the desk, so
/// that what comes behind a backlog is soon looked through.
const LYING: usize = 128 << 20;
/// Transmissions of so many bytes are kept before larger ones: one may be a kill.
const SMALL: usize = 256 << 10;
/// Bytes of small ones that may wait beyond all others: what fills the memory with a backlog shuts out no kill.
const SPARE: usize = 32 << 20;
/// Behind how many others a transmission is looked through for kills before its turn comes.
const BEHIND: usize = 8;
/// So many that withdraw by their words alone are heeded before their turn: each costs the desk milliseconds, for which
/// kills behind it wait.
const NOTICES: usize = 8;

struct Arrival {
    transmission: Transmission,
    kept: oneshot::Sender<Result<Archived, Refused>>,
    outcomes: Option<oneshot::Sender<Vec<Outcome>>>,
}

/// The way into the archive.
#[derive(Clone)]
pub(crate) struct Intake {
    queue: SyncSender<Arrival>,
}

impl Intake {
    /// A way that leads nowhere, where transmissions are kept by hand.
    #[cfg(feature = "rehearsal")]
    pub(crate) fn closed() -> Self {
        Self { queue: sync_channel(1).0 }
    }

    /// Starts the archive's thread.
    pub(crate) fn start(room: Arc<Room>) -> (Self, std::thread::JoinHandle<()>) {
        let (queue, arrivals) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new().name("archive".into()).spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| keep_all(&room, &arrivals))).is_err() {
                room.fail("the archive's thread failed; please report what the log says");
            }
        });
        (Self { queue }, thread.expect("the system gives a thread"))
    }

    /// Step 1: gives the bytes their name and time, and waits until they are durable.
    ///
    /// `outcomes`, if given, is answered when every version in it is recorded.
    pub(crate) async fn arrive(
        &self,
        room: &Room,
        feed: &FeedId,
        door: Door,
        bytes: Vec<u8>,
        first_contact: bool,
        outcomes: Option<oneshot::Sender<Vec<Outcome>>>,
    ) -> Result<Archived, Refused> {
        if room.is_stopping() {
            return Err(Refused::Stopping);
        }
        if !room.waiting.has_room(feed) {
            return Err(Refused::Busy);
        }
        let size = bytes.len();
        let load = room.load.fetch_add(size, Ordering::SeqCst);
        if !fits(load, size) {
            room.load.fetch_sub(size, Ordering::SeqCst);
            return Err(Refused::Busy);
        }
        let arrived = room.clock.now();
        let id = TransmissionId::ulid(arrived.as_millisecond().unsigned_abs(), chance::bytes());
        let transmission = Transmission { id, feed: feed.clone(), door, arrived, first_contact, bytes };
        let (kept, answer) = oneshot::channel();
        match self.queue.try_send(Arrival { transmission, kept, outcomes }) {
            Ok(()) => answer.await.unwrap_or(Err(Refused::Stopping)),
            Err(error) => {
                room.load.fetch_sub(size, Ordering::SeqCst);
                Err(match error {
                    TrySendError::Full(_) => Refused::Busy,
                    TrySendError::Disconnected(_) => Refused::Stopping,
                })
            }
        }
    }
}

/// Whether a transmission of this size may join those that wait.
fn fits(load: usize, size: usize) -> bool {
    load == 0 || load + size <= if size > SMALL { LOAD } else { LOAD + SPARE }
}

fn keep_all(room: &Arc<Room>, arrivals: &Receiver<Arrival>) {
    let mut lanes = Lanes::default();
    loop {
        if lanes.is_empty() {
            let Ok(first) = arrivals.recv() else { return };
            lanes.put(first);
        }
        while lanes.len() < QUEUE
            && let Ok(next) = arrivals.try_recv()
        {
            lanes.put(next);
        }
        keep(room, lanes.batch());
    }
}

/// What waits to be kept. Small transmissions go before large ones, though never before one that came earlier on their
/// own feed.
#[derive(Default)]
struct Lanes {
    small: VecDeque<Arrival>,
    large: VecDeque<Arrival>,
    /// It is the turn of the large ones.
    turn: bool,
}

impl Lanes {
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.small.len() + self.large.len()
    }

    fn put(&mut self, arrival: Arrival) {
        let is_small = arrival.transmission.bytes.len() <= SMALL;
        let lane = match is_small && !waits_in(&self.large, &arrival) {
            true => &mut self.small,
            false => &mut self.large,
        };
        lane.push_back(arrival);
    }

    /// What is kept together next. The lanes take turns, so that nobody waits for all of the other.
    fn batch(&mut self) -> Vec<Arrival> {
        let ready = |lanes: &Self| lanes.large.front().is_some_and(|next| !waits_in(&lanes.small, next));
        let large = self.small.is_empty() || self.turn && ready(self);
        self.turn = !large;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH && bytes < BATCH_BYTES && (!large || ready(self)) {
            let lane = if large { &mut self.large } else { &mut self.small };
            let Some(next) = lane.pop_front() else { break };
            bytes += next.transmission.bytes.len();
            batch.push(next);
        }
        batch
    }
}

/// Whether another of its feed waits there.
fn waits_in(lane: &VecDeque<Arrival>, arrival: &Arrival) -> bool {
    lane.iter().any(|other| other.transmission.feed == arrival.transmission.feed)
}

/// What a sender hears at once, and what he will hear.
#[cfg(feature = "rehearsal")]
pub(crate) type Answered = (Result<Archived, Refused>, oneshot::Receiver<Vec<Outcome>>);

/// What the archive's thread does with what arrived together. Returns, for each, whether it was kept, and where what
/// becomes of it will be told.
#[cfg(feature = "rehearsal")]
pub(crate) fn keep_together(room: &Arc<Room>, transmissions: Vec<Transmission>) -> Vec<Answered> {
    let (mut arrivals, mut answers) = (Vec::new(), Vec::new());
    for transmission in transmissions {
        room.load.fetch_add(transmission.bytes.len(), Ordering::SeqCst);
        let ((kept, answer), (done, outcomes)) = (oneshot::channel(), oneshot::channel());
        arrivals.push(Arrival { transmission, kept, outcomes: Some(done) });
        answers.push((answer, outcomes));
    }
    keep(room, arrivals);
    let told = |mut kept: oneshot::Receiver<Result<Archived, Refused>>| kept.try_recv();
    answers
        .into_iter()
        .map(|(kept, outcomes)| (told(kept).unwrap_or(Err(Refused::Stopping)), outcomes))
        .collect()
}

/// One transaction, one fsync. Nobody is answered before it returns.
fn keep(room: &Arc<Room>, batch: Vec<Arrival>) {
    let bytes: usize = batch.iter().map(|arrival| arrival.transmission.bytes.len()).sum();
    let (transmissions, waiting): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|arrival| (arrival.transmission, (arrival.kept, arrival.outcomes))).unzip();
    if room.is_stopping() {
        waiting.into_iter().for_each(|(kept, _)| drop(kept.send(Err(Refused::Stopping))));
        return;
    }
    // What kills needs no space, and cannot be looked for once the archive has refused the bytes.
    let short = room.is_short_of_space(bytes as u64);
    let withdrawn: Vec<(FeedId, Vec<ItemKey>)> = if short {
        transmissions.iter().filter_map(|t| withdrawals(room, &t.feed, &t.bytes)).collect()
    } else {
        vec![]
    };
    let kept = match room.is_stalled() {
        // What little space there is belongs to the journal.
        true => Err(StoreError::Full { doing: "archiving transmissions".to_owned() }),
        false => room.archive(transmissions),
    };
    match kept {
        Ok(archived) => {
            room.refusing.store(false, Ordering::SeqCst);
            for (archived, (kept, outcomes)) in archived.into_iter().zip(waiting) {
                let _ = kept.send(Ok(archived.clone()));
                lay_in(room, archived, outcomes);
            }
        }
        Err(error) => {
            let refused = match &error {
                StoreError::Full { .. } => Refused::Full,
                StoreError::Busy { .. } => Refused::Busy,
                _ => Refused::Fatal(error.to_string()),
            };
            room.load.fetch_sub(bytes, Ordering::SeqCst);
            if let Refused::Fatal(why) = &refused {
                room.fail(why);
            } else {
                room.refusing.store(error.is_full(), Ordering::SeqCst);
                for (feed, keys) in withdrawn {
                    room.tray.put_urgent(Event::Withdrawn(keys, feed));
                }
                room.health.alarm(room.clock.now(), format!("intake refused: {error}"));
            }
            waiting.into_iter().for_each(|(kept, _)| drop(kept.send(Err(refused.clone()))));
        }
    }
}

/// Lays a transmission into the desk's tray. Where much waits, or this one would let much wait, it is looked through at
/// once: what it withdraws is off from now on (what is decided about that, and when, stays as it is), and news that has
/// nothing to do with what waits goes before it.
fn lay_in(room: &Room, archived: Archived, outcomes: Option<oneshot::Sender<Vec<Outcome>>>) {
    let (seq, bytes) = (archived.seq(), archived.bytes().len());
    let feed = room.config.feed(archived.feed());
    let Some(feed) = feed.filter(|_| room.tray.len() > room.behind() || room.waiting.is_worth_a_look(bytes))
    else {
        room.waiting.add(seq, archived.feed(), bytes, None);
        room.tray.put(Event::Arrived(archived, outcomes));
        return;
    };
    let Look { early, seen, killed, notices } = Look::through(room, feed, &archived);
    room.waiting.keep(seq, bytes, early);
    room.waiting.add(seq, feed.id(), bytes, Some(seen));
    // What withdraws holds before the desk can come to the transmission itself.
    if !killed.is_empty() {
        room.tray.put_urgent(Event::Foretold(killed, feed.id().clone()));
    }
    for notice in notices {
        if room.notices.fetch_add(1, Ordering::SeqCst) >= NOTICES {
            room.notices.fetch_sub(1, Ordering::SeqCst);
            break;
        }
        room.tray.put_urgent(Event::Notice(Box::new(notice), feed.id().clone()));
    }
    if room.knows(feed.id()) && room.waiting.lets_pass(seq) {
        room.tray.put_fresh(Event::Arrived(archived, outcomes));
    } else if room.load.load(Ordering::SeqCst) > room.may_lie() {
        room.load.fetch_sub(bytes, Ordering::SeqCst);
        room.tray.put(Event::LaidBy(archived.id(), seq, outcomes));
    } else {
        room.tray.put(Event::Arrived(archived, outcomes));
    }
}

/// What is found in a transmission before its turn has come.
pub(crate) struct Look {
    pub(crate) early: read::Early,
    pub(crate) seen: Seen,
    /// The items that it kills for certain.
    pub(crate) killed: Vec<ItemKey>,
    /// What withdraws something by its words alone, but for what is old.
    pub(crate) notices: Vec<Version>,
}

impl Look {
    pub(crate) fn through(room: &Room, feed: &Feed, archived: &Archived) -> Self {
        let early = read::attempt(archived.bytes(), &feed.hints(&room.config));
        let (items, now) = (&early.reading.items, room.clock.now());
        let (mut hurry, mut notices) = (Hurry::Old, Vec::new());
        for version in items.iter().filter(|version| !is_old(version, archived.door(), feed, now)) {
            if decide::withdraws_by_words(version) {
                notices.push(version.clone());
            } else if killed_for_certain(version).is_empty() {
                hurry = Hurry::News;
            }
            if hurry == Hurry::Old {
                hurry = Hurry::Withdrawn;
            }
        }
        let (seen, killed) = (room.waiting.see(feed.agency(), items, hurry), killed_in(feed, items));
        Self { early, seen, killed, notices }
    }
}

impl Room {
    /// Behind how many others a transmission is looked through at once. In rehearsal few wait, and it is to be seen.
    fn behind(&self) -> usize {
        #[cfg(feature = "rehearsal")]
        if self.clock.hand().is_some() {
            return 0;
        }
        BEHIND
    }

    /// How many bytes may wait before what is archived waits in the archive alone.
    fn may_lie(&self) -> usize {
        #[cfg(feature = "rehearsal")]
        if self.clock.hand().is_some() {
            return 1 << 10;
        }
        LYING
    }
}

/// The items that these bytes kill for certain, if there are any.
fn withdrawals(room: &Room, feed: &FeedId, bytes: &[u8]) -> Option<(FeedId, Vec<ItemKey>)> {
    let feed = room.config.feed(feed)?;
    let read::Early { reading, .. } = read::attempt(bytes, &feed.hints(&room.config));
    let keys = killed_in(feed, &reading.items);
    (!keys.is_empty()).then(|| (feed.id().clone(), keys))
}

/// The items that these versions kill for certain.
fn killed_in(feed: &Feed, items: &[Version]) -> Vec<ItemKey> {
    let key = |uri: &str| ItemKey { agency: feed.agency().clone(), uri: uri.to_owned() };
    items.iter().flat_map(killed_for_certain).map(key).collect()
}

/// The items that this version kills whatever else is known of them: not those whose withdrawal names an instant, for
/// what was updated after it stands.
fn killed_for_certain(version: &Version) -> Vec<&str> {
    let own = version.references.iter().any(|r| r.relation == Relation::Kills && r.uri == version.uri);
    let signalled = version.signals.iter().any(|s| !s.from_text && s.severity == Severity::Kills);
    let killed = !own && (version.status == PubStatus::Canceled || signalled);
    let named = desk::targets(version)
        .into_iter()
        .filter(|(relation, reference)| *relation == Relation::Kills && reference.when.is_none())
        .map(|(_, reference)| reference.uri.as_str());
    named.chain(killed.then_some(version.uri.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is kept together, one batch after the other: of transmissions named by their feed, large ones in capitals.
    #[track_caller]
    fn check(came: &str, expect: &[&str]) {
        let mut lanes = Lanes::default();
        for (n, feed) in came.chars().enumerate() {
            let size = if feed.is_uppercase() { BATCH_BYTES } else { 3 };
            lanes.put(Arrival {
                transmission: Transmission {
                    id: TransmissionId::ulid(n as u64, [0; 10]),
                    feed: FeedId::new(feed.to_lowercase().to_string()),
                    door: Door::Push { peer: feed.to_string() },
                    arrived: jiff::Timestamp::UNIX_EPOCH,
                    first_contact: false,
                    bytes: vec![b'x'; size],
                },
                kept: oneshot::channel().0,
                outcomes: None,
            });
        }
        let mut batches = Vec::new();
        while !lanes.is_empty() {
            let batch = lanes.batch();
            batches.push(batch.iter().map(|arrival| arrival.transmission.door.origin()).collect::<String>());
        }
        assert_eq!(batches, expect, "{came}");
    }

    #[test]
    fn small_ones_go_before_large_ones_of_other_feeds() {
        check("AAAbcb", &["bcb", "A", "A", "A"]);
        check("abc", &["abc"]);
        check("ABAB", &["A", "B", "A", "B"]);
    }

    #[test]
    fn nothing_goes_before_what_came_earlier_on_its_feed() {
        check("AaBba", &["A", "aB", "ba"]);
        let many = "b".repeat(BATCH + 1);
        check(&format!("{many}B"), &[&many[1..], "b", "B"]);
    }

    #[test]
    fn a_backlog_that_fills_the_memory_shuts_out_no_kill() {
        for (load, size, expect) in [
            (0, LOAD + 1, true),
            (1, LOAD, false),
            (LOAD - SMALL, SMALL + 1, false),
            (LOAD, SMALL, true),
            (LOAD + SPARE - 3, 3, true),
            (LOAD + SPARE - 3, 4, false),
        ] {
            assert_eq!(fits(load, size), expect, "{size} beside {load}");
        }
    }
}
