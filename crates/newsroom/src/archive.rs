//! Steps 1 and 2: bytes arrive, and are durable before anybody is told so.
//!
//! One thread keeps what arrived meanwhile in one transaction, so that concurrent arrivals share an fsync. The desk
//! gets transmissions in the order in which they became durable, but for what may overtake ([`waiting`](crate::waiting)).

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
use crate::steps::Outcome;
use crate::{Room, chance, read, waiting};

/// Transmissions that wait for the archive; more are refused with "busy".
const QUEUE: usize = 4_096;
/// What shares one fsync at most.
const BATCH: usize = 256;
/// Bytes that share one fsync at most, so that a kill behind a backlog does not wait long for commit and reading.
const BATCH_BYTES: usize = 8 << 20;
/// Transmissions that may wait for the desk before the doors are told "busy".
const TRAY: usize = 50_000;
/// Bytes that may wait for archive and desk together; a single larger transmission waits alone.
const LOAD: usize = 256 << 20;
/// Behind how many others a transmission is looked through for kills before its turn comes.
const BEHIND: usize = 8;

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
        if room.tray.len() > TRAY {
            return Err(Refused::Busy);
        }
        let size = bytes.len();
        let load = room.load.fetch_add(size, Ordering::SeqCst);
        if load > 0 && load + size > LOAD {
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

fn keep_all(room: &Arc<Room>, arrivals: &Receiver<Arrival>) {
    while let Ok(first) = arrivals.recv() {
        let mut bytes = first.transmission.bytes.len();
        let mut batch = vec![first];
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Ok(next) = arrivals.try_recv() else { break };
            bytes += next.transmission.bytes.len();
            batch.push(next);
        }
        keep(room, batch);
    }
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
/// once: a kill overtakes everything queued (what is decided about it, and when, stays as it is), and plain news that
/// has nothing to do with what waits goes before it.
fn lay_in(room: &Room, archived: Archived, outcomes: Option<oneshot::Sender<Vec<Outcome>>>) {
    let (seq, bytes) = (archived.seq(), archived.bytes().len());
    let feed = room.config.feed(archived.feed());
    let Some(feed) = feed.filter(|_| room.tray.len() > BEHIND || room.waiting.is_worth_a_look(bytes)) else {
        room.waiting.add(seq, bytes, None);
        room.tray.put(Event::Arrived(archived, outcomes));
        return;
    };
    let early = read::attempt(archived.bytes(), &feed.hints(&room.config));
    let items = &early.reading.items;
    let killed = killed_in(feed, items);
    let names = room.waiting.names_in(feed.agency(), items);
    let passes = room.knows(feed.id()) && waiting::is_plain(items) && room.waiting.lets_pass(&names);
    room.waiting.keep(seq, bytes, early);
    if passes {
        room.tray.put_fresh(Event::Arrived(archived, outcomes));
        return;
    }
    room.waiting.add(seq, bytes, Some(names));
    room.tray.put(Event::Arrived(archived, outcomes));
    if !killed.is_empty() {
        room.tray.put_urgent(Event::Foretold(killed, feed.id().clone()));
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
