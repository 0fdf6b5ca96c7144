//! Steps 1 and 2: bytes arrive, and are durable before anybody is told so.
//!
//! What arrived meanwhile is kept in one transaction, so that concurrent arrivals share an fsync. Large transmissions are
//! kept by a thread of their own, beside small ones. The desk gets transmissions in the order in which they became durable,
//! but for what may overtake ([`waiting`](crate::waiting)).

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

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
/// Bytes that share one fsync, with whatever goes beyond them in the last, so that a kill behind a backlog does not wait
/// long for commit and reading.
const BATCH_BYTES: usize = 1 << 20;
/// Transmissions that may wait for the desk before the doors are told "busy".
const TRAY: usize = 50_000;
/// Bytes that may wait for archive and desk together; a single larger transmission waits alone.
const LOAD: usize = 256 << 20;
/// Transmissions of so many bytes are kept before larger ones: one may be a kill.
const SMALL: usize = 256 << 10;
/// Bytes of small ones that may wait beyond all others: what fills the memory with a backlog shuts out no kill.
const SPARE: usize = 32 << 20;
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
    way: Arc<Way>,
}

/// The lanes, for as long as somebody may lay something into them.
struct Way(Arc<Lanes>);

impl Drop for Way {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Intake {
    /// A way that leads nowhere, where transmissions are kept by hand.
    #[cfg(feature = "rehearsal")]
    pub(crate) fn closed() -> Self {
        let intake = Self { way: Arc::new(Way(Arc::default())) };
        intake.way.0.close();
        intake
    }

    /// Starts the archive's threads, one a lane. They end when the last way into them is gone.
    pub(crate) fn start(room: &Arc<Room>) -> (Self, Vec<JoinHandle<()>>) {
        let lanes = Arc::<Lanes>::default();
        let threads = [("archive", Lane::Small), ("archive-large", Lane::Large)].map(|(name, lane)| {
            let (room, lanes) = (Arc::clone(room), Arc::clone(&lanes));
            let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
                if catch_unwind(AssertUnwindSafe(|| lanes.empty(lane, |batch| keep(&room, batch)))).is_err() {
                    room.fail("the archive's thread failed; please report what the log says");
                }
            });
            thread.expect("the system gives a thread")
        });
        (Self { way: Arc::new(Way(lanes)) }, threads.into())
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
        if !fits(load, size) {
            room.load.fetch_sub(size, Ordering::SeqCst);
            return Err(Refused::Busy);
        }
        let arrived = room.clock.now();
        let id = TransmissionId::ulid(arrived.as_millisecond().unsigned_abs(), chance::bytes());
        let transmission = Transmission { id, feed: feed.clone(), door, arrived, first_contact, bytes };
        let (kept, answer) = oneshot::channel();
        match self.way.0.put(Arrival { transmission, kept, outcomes }) {
            Ok(()) => answer.await.unwrap_or(Err(Refused::Stopping)),
            Err(refused) => {
                room.load.fetch_sub(size, Ordering::SeqCst);
                Err(refused)
            }
        }
    }
}

/// Whether a transmission of this size may join those that wait.
fn fits(load: usize, size: usize) -> bool {
    load == 0 || load + size <= if size > SMALL { LOAD } else { LOAD + SPARE }
}

/// What waits to be kept, in two lanes with a thread each, so that small transmissions do not wait until large ones are cut,
/// packed, written and looked through; though none is kept before one that came earlier on its own feed.
#[derive(Default)]
struct Lanes {
    queues: Mutex<Queues>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Small,
    Large,
}

#[derive(Default)]
struct Queues {
    small: Queue,
    large: Queue,
    closed: bool,
}

/// One lane: what waits there, and the feeds of what is being kept.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Arrival>,
    in_hand: Vec<FeedId>,
}

impl Queue {
    /// Whether something of this feed waits here or is being kept.
    fn has(&self, feed: &FeedId) -> bool {
        self.in_hand.contains(feed) || self.waiting.iter().any(|other| other.transmission.feed == *feed)
    }
}

impl Lanes {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, arrival: Arrival) -> Result<(), Refused> {
        self.queues().put(arrival)?;
        self.changed.notify_all();
        Ok(())
    }

    fn close(&self) {
        self.queues().closed = true;
        self.changed.notify_all();
    }

    /// Keeps what comes into a lane, until nothing more can come.
    fn empty(&self, lane: Lane, keep: impl Fn(Vec<Arrival>)) {
        let mut queues = self.queues();
        loop {
            let batch = queues.batch(lane);
            if batch.is_empty() {
                if queues.closed && queues.lane(lane).waiting.is_empty() {
                    return;
                }
                queues = self.changed.wait(queues).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            drop(queues);
            keep(batch);
            queues = self.queues();
            queues.lane(lane).in_hand.clear();
            self.changed.notify_all();
        }
    }
}

impl Queues {
    fn lane(&mut self, lane: Lane) -> &mut Queue {
        match lane {
            Lane::Small => &mut self.small,
            Lane::Large => &mut self.large,
        }
    }

    fn put(&mut self, arrival: Arrival) -> Result<(), Refused> {
        if self.closed {
            return Err(Refused::Stopping);
        }
        if self.small.waiting.len() + self.large.waiting.len() >= QUEUE {
            return Err(Refused::Busy);
        }
        let Transmission { feed, bytes, .. } = &arrival.transmission;
        let lane = match bytes.len() <= SMALL && !self.large.has(feed) {
            true => Lane::Small,
            false => Lane::Large,
        };
        self.lane(lane).waiting.push_back(arrival);
        Ok(())
    }

    /// What is kept together next of a lane; nothing if nothing waits, or all of it waits for the other lane.
    fn batch(&mut self, lane: Lane) -> Vec<Arrival> {
        let (own, other) = match lane {
            Lane::Small => (&mut self.small, None),
            Lane::Large => (&mut self.large, Some(&self.small)),
        };
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            // What is in the small lane came before what is of its feed in the large one.
            let next = own.waiting.front().map(|next| &next.transmission.feed);
            if next.is_none_or(|feed| other.is_some_and(|other| other.has(feed))) {
                break;
            }
            let Some(next) = own.waiting.pop_front() else { break };
            bytes += next.transmission.bytes.len();
            own.in_hand.push(next.transmission.feed.clone());
            batch.push(next);
        }
        batch
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A transmission named by its feed; a large one in capitals.
    fn arrival(name: char) -> Arrival {
        let size = if name.is_uppercase() { BATCH_BYTES } else { 3 };
        Arrival {
            transmission: Transmission {
                id: TransmissionId::ulid(1, [0; 10]),
                feed: FeedId::new(name.to_lowercase().to_string()),
                door: Door::Push { peer: name.to_string() },
                arrived: jiff::Timestamp::UNIX_EPOCH,
                first_contact: false,
                bytes: vec![b'x'; size],
            },
            kept: oneshot::channel().0,
            outcomes: None,
        }
    }

    /// What comes, and what the two threads take, one after the other: `+abC` comes, the small lane is asked (`s`) or the
    /// large one (`l`) and is through with what it had in hand. What they are given stands behind `=`, nothing as `-`.
    #[track_caller]
    fn check(story: &str) {
        let mut queues = Queues::default();
        for step in story.split_whitespace() {
            if let Some(came) = step.strip_prefix('+') {
                came.chars().for_each(|name| queues.put(arrival(name)).unwrap());
                continue;
            }
            let (lane, expect) = step.split_once('=').unwrap();
            let lane = if lane == "s" { Lane::Small } else { Lane::Large };
            queues.lane(lane).in_hand.clear();
            let batch = queues.batch(lane);
            let given: String = batch.iter().map(|arrival| arrival.transmission.door.origin()).collect();
            assert_eq!(if given.is_empty() { "-" } else { &given }, expect, "{step} of {story}");
        }
    }

    #[test]
    fn small_ones_do_not_wait_for_large_ones_of_other_feeds() {
        check("+AAAbcb s=bcb l=A l=A l=A l=- s=-");
        check("+A l=A +bc s=bc +c s=c l=-");
        check("+abc l=- s=abc s=-");
    }

    #[test]
    fn nothing_goes_before_what_came_earlier_on_its_feed() {
        check("+AaBba s=- l=A l=aB l=ba l=-");
        // Also not before what is being kept.
        check("+A l=A +ab s=b l=a +a s=- l=a +a s=- l=a l=- +a s=a");
        check("+aA l=- s=a l=- s=- l=A");
        check("+ab s=ab +A l=- +cB s=c l=A l=B");
    }

    #[test]
    fn what_is_kept_together_is_bounded() {
        let many = "b".repeat(BATCH + 1);
        check(&format!("+{many}B s={} l=- s=b l=- s=- l=B", &many[1..]));
        let mut queues = Queues::default();
        (0..QUEUE).for_each(|_| queues.put(arrival('a')).unwrap());
        assert_eq!(queues.put(arrival('b')), Err(Refused::Busy));
    }

    #[test]
    fn what_lies_in_the_lanes_is_kept_when_the_last_way_in_is_gone() {
        let (lanes, kept) = (Arc::<Lanes>::default(), Mutex::new(String::new()));
        "aAbBa".chars().for_each(|name| lanes.put(arrival(name)).unwrap());
        drop(Way(Arc::clone(&lanes)));
        assert_eq!(lanes.put(arrival('c')), Err(Refused::Stopping));
        let keep = |batch: Vec<Arrival>| {
            kept.lock().unwrap().extend(batch.iter().map(|arrival| arrival.transmission.door.origin()));
        };
        std::thread::scope(|scope| {
            let (lanes, keep) = (&*lanes, &keep);
            for lane in [Lane::Large, Lane::Small] {
                scope.spawn(move || lanes.empty(lane, keep));
            }
        });
        let kept = kept.into_inner().unwrap();
        let of_a: String = kept.chars().filter(|name| name.eq_ignore_ascii_case(&'a')).collect();
        assert_eq!((kept.len(), of_a.as_str()), (5, "aAa"));
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
