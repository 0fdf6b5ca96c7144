//! The newsroom without threads, driven turn by turn under a clock and on a disk that obey: for simulations and
//! scenarios.
//!
//! Everything here calls what the archive's thread and the desk's thread call every day; only who comes next is the
//! caller's choice. It is built with the feature `rehearsal` alone, and never shipped.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use news::{Door, FeedId, ItemId, ItemKey, SiteId, Transmission, TransmissionId};
use store::{Archive as _, Index as _, Journal as _};
use tokio::sync::oneshot;

pub use lines::CallError;
pub use store::StoreError;
pub use store::faults::{Fate, mend, plan};

use crate::clock::Clock;
use crate::config::Config;
use crate::main_loop::{Desk, Event};
use crate::outlets::{Composed, Due, Said, Telling, unreadable};
use crate::public::{Answer, Ask};
use crate::recover::recover;
use crate::steps::Outcome;
use crate::{CommandError, Newsroom, OpenNewsroomError, Order, Refused, Room, Withdrawn, archive, chance};

/// A wall clock and a boot clock that stand still until they are told to go on, and when the disk has space again.
#[derive(Clone, Debug)]
pub struct HandClock(Arc<Mutex<Hand>>);

#[derive(Clone, Copy, Debug)]
struct Hand {
    wall: Timestamp,
    boot: Duration,
    full_until: Duration,
}

impl HandClock {
    /// Both begin here.
    pub fn new(wall: Timestamp) -> Self {
        let boot = Duration::from_secs(1_000);
        Self(Arc::new(Mutex::new(Hand { wall, boot, full_until: Duration::ZERO })))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Hand) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What they say: the wall, and the time since boot.
    pub fn read(&self) -> (Timestamp, Duration) {
        self.with(|hand| (hand.wall, hand.boot))
    }

    /// Time passes.
    pub fn passes(&self, time: Duration) {
        self.with(|hand| {
            let wall = SignedDuration::try_from(time).ok().and_then(|time| hand.wall.checked_add(time).ok());
            hand.wall = wall.unwrap_or(hand.wall);
            hand.boot += time;
        });
    }

    /// Somebody sets the wall clock; no time passes.
    pub fn steps(&self, by: SignedDuration) {
        self.with(|hand| hand.wall = hand.wall.checked_add(by).unwrap_or(hand.wall));
    }

    /// From now on, and for so long, the disk is full.
    pub fn fills_the_disk(&self, time: Duration) {
        self.with(|hand| hand.full_until = hand.boot + time);
    }

    /// Whether the disk is full.
    pub fn disk_is_full(&self) -> bool {
        self.with(|hand| hand.boot < hand.full_until)
    }
}

thread_local! {
    static CHANCE: Cell<Option<u64>> = const { Cell::new(None) };
}

/// From here on this thread draws its random numbers from a seed.
pub fn draw_from(seed: u64) {
    CHANCE.set(Some(seed));
}

/// Random bytes from the thread's seed, if it has one (SplitMix64).
pub(crate) fn drawn<const N: usize>() -> Option<[u8; N]> {
    let mut state = CHANCE.get()?;
    let mut out = [0; N];
    for chunk in out.chunks_mut(8) {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
    }
    CHANCE.set(Some(state));
    Some(out)
}

impl Room {
    /// Whether the disk that obeys has space.
    pub(crate) fn finds_space(&self, doing: &str) -> Result<(), StoreError> {
        match self.clock.hand() {
            Some(hand) if hand.disk_is_full() => Err(StoreError::Full { doing: doing.to_owned() }),
            _ => Ok(()),
        }
    }
}

/// An answer that will come.
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<T>);

impl<T> Pending<T> {
    /// The answer, if it has come; it comes once.
    pub fn take(&mut self) -> Option<T> {
        self.0.try_recv().ok()
    }
}

/// What a sender was told: the transmission's name once it is durable, and later what became of its versions.
pub type Sent = (Result<TransmissionId, Refused>, Pending<Vec<Outcome>>);
/// What an operator is told.
pub type Answered = Pending<Result<Vec<Outcome>, CommandError>>;

/// A newsroom in rehearsal.
pub struct Rehearsal {
    room: Arc<Room>,
    desk: Desk,
    newsroom: Newsroom,
    outputs: Outputs,
    /// The calls that nobody has answered yet.
    calls: HashMap<(usize, u64), (Due, String, u64)>,
}

/// An outlet is called.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which outlet, as the configuration counts them, and which call.
    pub outlet: usize,
    /// The call's number at this outlet.
    pub ticket: u64,
    /// The item.
    pub key: ItemKey,
    /// What happened: `publish`, `kill`.
    pub what: String,
    /// The item's revision.
    pub revision: u64,
    /// What is sent.
    pub body: String,
}

/// How the outputs answer who asks whether something is gone.
#[derive(Default)]
struct Outputs {
    /// So many of the next answers say that it is still there.
    lies: u32,
    /// Until then, by the boot clock, nobody gets an answer.
    silent_until: Duration,
    /// Who is asked again, and when.
    doubted: Vec<(Duration, Withdrawn)>,
}

impl Rehearsal {
    /// Opens the store as a start does: kills, then what is unread, then what fell due.
    ///
    /// # Errors
    /// As [`Newsroom::open`].
    pub fn open(config: Config, clock: &HandClock) -> Result<Self, OpenNewsroomError> {
        let room = Newsroom::room(config, Clock::by_hand(clock.clone()))?;
        let mut desk = recover(Arc::clone(&room))?;
        desk.begin_work();
        let newsroom = Newsroom::without_threads(Arc::clone(&room));
        Ok(Self { room, desk, newsroom, outputs: Outputs::default(), calls: HashMap::new() })
    }

    /// Transmissions of a feed that come at once: step 2, and into the desk's tray.
    pub fn arrive(&self, bodies: Vec<(FeedId, Door, Vec<u8>)>) -> Vec<Sent> {
        let arrived = self.room.clock.now();
        let transmissions = bodies.into_iter().map(|(feed, door, bytes)| Transmission {
            id: TransmissionId::ulid(arrived.as_millisecond().unsigned_abs(), chance::bytes()),
            feed,
            door,
            arrived,
            first_contact: false,
            bytes,
        });
        archive::keep_together(&self.room, transmissions.collect())
            .into_iter()
            .map(|(kept, outcomes)| (kept.map(|archived| archived.id()), Pending(outcomes)))
            .collect()
    }

    /// An operator's order goes into the desk's tray.
    pub fn order(&self, order: Order) -> Answered {
        let (reply, answer) = oneshot::channel();
        self.room.tray.put_urgent(Event::Order(order, reply));
        Pending(answer)
    }

    /// One turn of the desk. Returns whether anything is left to do.
    ///
    /// # Errors
    /// What ends the process.
    pub fn turn(&mut self) -> Result<bool, StoreError> {
        if self.room.is_stopping() {
            return Err(StoreError::Fatal {
                doing: "going on".to_owned(),
                why: "the store failed".to_owned(),
            });
        }
        self.desk.turn()?;
        self.ask_the_outputs();
        let desk = &self.desk;
        Ok(self.room.tray.len() > 0
            || !desk.batch.is_empty()
            || !desk.table.is_empty()
            || !desk.owed.is_empty()
            || desk.behind.is_some())
    }

    /// Asks for everything that went, as an outside reader would, and takes down what was found.
    fn ask_the_outputs(&mut self) {
        let boot = self.room.clock.hand().map_or(Duration::ZERO, |hand| hand.read().1);
        if boot < self.outputs.silent_until {
            return;
        }
        let (due, later) =
            std::mem::take(&mut self.outputs.doubted).into_iter().partition(|(when, _)| *when <= boot);
        self.outputs.doubted = later;
        let due: Vec<(Duration, Withdrawn)> = due;
        due.into_iter().for_each(|(_, withdrawn)| self.room.receipts.ask_again(withdrawn));
        for withdrawn in self.room.receipts.take() {
            let page = self.answer(&withdrawn.site, Ask::Story(withdrawn.id));
            let lies = self.outputs.lies > 0;
            self.outputs.lies -= u32::from(lies);
            let there = lies || matches!(page, Answer::Live(_));
            let wrong = there.then(|| "it answers with the story".to_owned());
            let output = crate::Output { name: "page".to_owned(), wrong };
            if let Some((withdrawn, pause)) = self.newsroom.hear(withdrawn, &[output]) {
                self.outputs.doubted.push((boot + pause, withdrawn));
            }
        }
    }

    /// The calls that outlets get now. Each is to be answered ([`Rehearsal::answer_call`]) unless it is broken off.
    ///
    /// # Errors
    /// What ends the process.
    pub fn calls(&mut self) -> Result<Vec<Call>, StoreError> {
        let mut calls = Vec::new();
        for outlet in 0..self.room.outlets.count() {
            loop {
                while self.room.outlets.read_on(&self.room, outlet)? {}
                let (due, _) = self.newsroom.outlet_is_due(outlet, true);
                if due.is_empty() {
                    break;
                }
                for due in due {
                    let said = match self.newsroom.compose(outlet, &due)? {
                        Composed::Nothing => Said::Nothing,
                        Composed::Later => Said::Later,
                        Composed::Unfit => Said::Failed(unreadable("readers get no answer either")),
                        Composed::Tell(Telling { what, revision, message }) => {
                            self.room.outlets.goes_out(outlet, &due);
                            calls.push(Call {
                                outlet,
                                ticket: due.ticket,
                                key: due.key.clone(),
                                what: what.clone(),
                                revision,
                                body: String::from_utf8_lossy(&message.body).into_owned(),
                            });
                            self.calls.insert((outlet, due.ticket), (due, what, revision));
                            continue;
                        }
                    };
                    self.newsroom.outlet_said(outlet, &due, &said);
                }
            }
        }
        Ok(calls)
    }

    /// What an outlet answered; it goes into the desk's tray. Nobody hears what it says to a call that was broken off.
    pub fn answer_call(&mut self, outlet: usize, ticket: u64, answer: Result<(), CallError>) {
        let Some((due, what, revision)) = self.calls.remove(&(outlet, ticket)) else { return };
        let said = match answer {
            Ok(()) => Said::Told { what, revision },
            Err(error) => Said::Failed(error),
        };
        if let Some(fact) = self.newsroom.outlet_said(outlet, &due, &said) {
            self.room.tray.put_fresh(Event::Receipts(vec![fact]));
        }
    }

    /// The calls that are broken off: by outlet and ticket.
    pub fn broken_off(&mut self) -> Vec<(usize, u64)> {
        let room = &self.room;
        let all = (0..room.outlets.count()).flat_map(|outlet| {
            room.outlets.overtaken(outlet).into_iter().map(move |ticket| (outlet, ticket))
        });
        let all: Vec<(usize, u64)> = all.collect();
        all.iter().for_each(|call| drop(self.calls.remove(call)));
        all
    }

    /// Keeps up to where outlets were told everything, as is done now and then.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn keep_outlets(&self) -> Result<(), StoreError> {
        self.room.outlets.keep_all(&self.room)
    }

    /// How many items outlets have not confirmed to be told of.
    pub fn untold(&self) -> usize {
        self.room.outlets.open()
    }

    /// So many of the next answers of outputs are lies.
    pub fn outputs_lie(&mut self, answers: u32) {
        self.outputs.lies = answers;
    }

    /// For so long no output answers.
    pub fn outputs_are_silent(&mut self, time: Duration) {
        let boot = self.room.clock.hand().map_or(Duration::ZERO, |hand| hand.read().1);
        self.outputs.silent_until = boot + time;
    }

    /// Whether some output has still to say that something is gone.
    pub fn is_in_doubt(&self) -> bool {
        !self.outputs.doubted.is_empty() || self.room.receipts.pending() > 0
    }

    /// How many answers were doubted and are asked for again.
    pub fn doubted(&self) -> usize {
        self.outputs.doubted.len()
    }

    /// What a reader gets, wherever he is.
    pub fn answer(&self, site: &SiteId, ask: Ask) -> Answer {
        self.newsroom.answer(site, ask, crate::config::Reach::EVERYWHERE)
    }

    /// The handle that the web and the command line have.
    pub fn newsroom(&self) -> &Newsroom {
        &self.newsroom
    }

    /// Where an item stands or would stand, site by site.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn places(&self, key: &ItemKey) -> Result<Vec<(SiteId, ItemId)>, StoreError> {
        let row = self.room.store.story(key)?;
        Ok(row.into_iter().flat_map(|row| row.placements).map(|place| (place.site, place.id)).collect())
    }

    /// Whether the record knows the item at all.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn knows(&self, key: &ItemKey) -> Result<bool, StoreError> {
        Ok(self.room.store.story(key)?.is_some())
    }

    /// The acts in a site's log, in order: item, act and version.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn acts(&self, site: &SiteId) -> Result<Vec<(ItemId, String, u32)>, StoreError> {
        let shard = crate::notary::shard_of(&self.room.store, site)?;
        let leaves = self.room.store.leaves(site, shard, 0, 10_000)?.into_iter().map(|line| line.leaf.draft);
        Ok(leaves.map(|draft| (draft.item, draft.act, draft.version)).collect())
    }

    /// The versions that wait, the newest first: whose, and the first reason's code.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn held(&self) -> Result<Vec<(ItemKey, String)>, StoreError> {
        let code = |reasons: Vec<news::Reason>| reasons.first().map_or("", |reason| reason.code).to_owned();
        Ok(self.room.store.held(1_000)?.into_iter().map(|line| (line.key, code(line.reasons))).collect())
    }

    /// The items of which something waits because a safety rule found something.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn held_by_rules(&self) -> Result<Vec<ItemKey>, StoreError> {
        let by_rule = |code: &str| desk::safety::Rule::ALL.iter().any(|rule| rule.name() == code);
        Ok(self.held()?.into_iter().filter(|(_, code)| by_rule(code)).map(|(key, _)| key).collect())
    }

    /// The outputs that have confirmed what was done to an item: `kill`, `withhold`, `expire`.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn confirmed(&self, key: &ItemKey, what: &str) -> Result<Vec<String>, StoreError> {
        let receipts = self.room.store.receipts(key)?.into_iter();
        Ok(receipts
            .filter(|receipt| receipt.what == what && receipt.ok)
            .map(|receipt| receipt.outlet)
            .collect())
    }

    /// How many entries the journal has.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn recorded(&self) -> Result<u64, StoreError> {
        self.room.store.last_seq()
    }

    /// What the archive holds under a transmission's name.
    ///
    /// # Errors
    /// The store cannot be read, or the bytes are damaged.
    pub fn archived(&self, id: TransmissionId) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.room.store.fetch(id)?.map(|archived| archived.bytes().to_vec()))
    }

    /// Transmissions that are durable and not read to their end.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn unread(&self) -> Result<usize, StoreError> {
        Ok(self.room.store.unread_after(0, 10_000)?.len())
    }

    /// Reads the whole store and checks it.
    ///
    /// # Errors
    /// The first damage.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.room.store.verify()
    }

    /// Ends well: what is worth keeping is kept.
    ///
    /// # Errors
    /// The store fails.
    pub fn stop(mut self) -> Result<(), StoreError> {
        self.keep_outlets()?;
        self.desk.finish()?;
        self.desk.save_all_of_lookout()
    }
}
