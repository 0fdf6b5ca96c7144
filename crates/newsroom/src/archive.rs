//! Steps 1 and 2: bytes arrive, and are durable before anybody is told so.
//!
//! One thread keeps what arrived meanwhile in one transaction, so that concurrent arrivals share an fsync. The desk
//! gets transmissions in the order in which they became durable.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use lines::Refused;
use news::{Door, FeedId, Transmission, TransmissionId};
use store::{Archive as _, Archived, StoreError};
use tokio::sync::oneshot;

use crate::main_loop::Event;
use crate::steps::Outcome;
use crate::{Room, chance};

/// Transmissions that wait for the archive; more are refused with "busy".
const QUEUE: usize = 4_096;
/// What shares one fsync at most.
const BATCH: usize = 256;
/// Bytes that share one fsync at most, so that no commit takes long.
const BATCH_BYTES: usize = 32 << 20;
/// Transmissions that may wait for the desk before the doors are told "busy".
const TRAY: usize = 50_000;

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
        if room.is_stalled() {
            // What little space there is belongs to the journal.
            return Err(Refused::Full);
        }
        if room.tray.len() > TRAY {
            return Err(Refused::Busy);
        }
        let arrived = room.clock.now();
        let id = TransmissionId::ulid(arrived.as_millisecond().unsigned_abs(), chance::bytes());
        let transmission = Transmission { id, feed: feed.clone(), door, arrived, first_contact, bytes };
        let (kept, answer) = oneshot::channel();
        match self.queue.try_send(Arrival { transmission, kept, outcomes }) {
            Ok(()) => answer.await.unwrap_or(Err(Refused::Stopping)),
            Err(TrySendError::Full(_)) => Err(Refused::Busy),
            Err(TrySendError::Disconnected(_)) => Err(Refused::Stopping),
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

/// One transaction, one fsync. Nobody is answered before it returns.
fn keep(room: &Arc<Room>, batch: Vec<Arrival>) {
    let (transmissions, waiting): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|arrival| (arrival.transmission, (arrival.kept, arrival.outcomes))).unzip();
    if room.is_stopping() {
        waiting.into_iter().for_each(|(kept, _)| drop(kept.send(Err(Refused::Stopping))));
        return;
    }
    match room.store.keep(transmissions) {
        Ok(archived) => {
            room.refusing.store(false, Ordering::SeqCst);
            for (archived, (kept, outcomes)) in archived.into_iter().zip(waiting) {
                room.tray.put(Event::Arrived(archived.clone(), outcomes));
                let _ = kept.send(Ok(archived));
            }
        }
        Err(error) => {
            let refused = match &error {
                StoreError::Full { .. } => Refused::Full,
                StoreError::Busy { .. } => Refused::Busy,
                _ => Refused::Fatal(error.to_string()),
            };
            if let Refused::Fatal(why) = &refused {
                room.fail(why);
            } else {
                room.refusing.store(error.is_full(), Ordering::SeqCst);
                room.health.alarm(room.clock.now(), format!("intake refused: {error}"));
            }
            waiting.into_iter().for_each(|(kept, _)| drop(kept.send(Err(refused.clone()))));
        }
    }
}
