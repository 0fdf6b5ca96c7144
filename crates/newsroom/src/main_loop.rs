//! The desk's thread: everything that can change the record passes here, one thing after the other.
//!
//! Decisions are made in order and recorded in batches; pages are pressed between, by all hands. A batch is committed when the tray is empty, when it is
//! full, when something urgent is in it, or when an item comes up a second time: the desk never decides on a
//! story whose last decision is not durable.

use std::collections::{HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use desk::Command;
use jiff::Timestamp;
use news::{Complaint, Digest, Door, FeedId, Gravity, ItemKey, TransmissionId, Version};
use store::{Archive as _, Archived, Entry, Fact, Index as _, Journal as _, StoreError, StoryRow};
use tokio::sync::oneshot;

use crate::caps::Caps;
use crate::clock::Since;
use crate::decide::{CLOCK, Shift};
use crate::erase::Fate;
use crate::hands::Hands;
use crate::kill::Owed;
use crate::lookout::Lookout;
use crate::pace::{Pace, is_old};
use crate::record::{BATCH, Piece, Sheet, Told, Work};
use crate::steps::{Outcome, Reading};
use crate::waiting::Hurry;
use crate::{CommandError, LogError, Order, Room, decide, kill, read};

/// How many versions of one transmission are decided before its progress is recorded.
const STRIDE: u32 = 512;
/// How long the desk sleeps at most, so that it notices a stepped clock.
const NAP: Duration = Duration::from_millis(500);

/// Everything that can wake the desk.
pub(crate) enum Event {
    /// A transmission is durable and waits to be read.
    Arrived(Archived, Option<oneshot::Sender<Vec<Outcome>>>),
    /// The same, but its bytes are in the archive alone: so much waits that they would fill the memory.
    LaidBy(TransmissionId, u64, Option<oneshot::Sender<Vec<Outcome>>>),
    /// A transmission that waits behind others kills these items: from now on, whenever its turn comes.
    Foretold(Vec<ItemKey>, FeedId),
    /// The words of a transmission that waits behind others withdraw something, and no status says so.
    Notice(Box<Version>, FeedId),
    /// A transmission for which there is no space kills these items: from now on. It is recorded when there is space,
    /// whether its sender comes again or not.
    Withdrawn(Vec<ItemKey>, FeedId),
    /// What outputs and outlets said, to be recorded.
    Receipts(Vec<Fact>),
    /// An operator's order.
    Order(Order, oneshot::Sender<Result<Vec<Outcome>, CommandError>>),
    /// The process ends; what is in the tray stays unread in the archive.
    Stop,
}

/// How a transmission stands to its feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    /// It is the first that ever came on the feed.
    First {
        /// It holds a single item: somebody sent it on purpose.
        alone: bool,
    },
    /// It was there before the feed was added, as a later file of a full folder.
    WasThere,
    /// Any other.
    Usual,
    /// An operator put it through.
    ByHand,
}

/// The desk.
pub(crate) struct Desk {
    pub(crate) room: Arc<Room>,
    /// What is decided and not yet in the batch.
    pub(crate) table: Vec<Piece>,
    pub(crate) batch: Vec<Work>,
    /// Items whose last decision is not durable: on the table or in the batch.
    pub(crate) open: HashSet<ItemKey>,
    pub(crate) hands: Arc<Hands>,
    pub(crate) next_due: Option<Timestamp>,
    /// Kills that hold and are not in the journal yet.
    pub(crate) owed: VecDeque<Owed>,
    /// Their items: nothing but the record of the kill lifts their denial.
    pub(crate) doomed: HashSet<ItemKey>,
    /// Notices that were heeded before their turn: the item that each came as, and what it says.
    pub(crate) heeded: HashSet<(ItemKey, Digest)>,
    /// The last transmission that was unread at the start, where recovery found no space to record anything.
    pub(crate) behind: Option<u64>,
    /// It takes what overtakes a transmission in hand.
    pub(crate) overtaken: bool,
    /// How fast it takes in what is old.
    pub(crate) pace: Pace,
    /// What the safety rules know beyond one story.
    pub(crate) lookout: Lookout,
    /// What was let through today.
    pub(crate) caps: Caps,
    /// Feeds whose bytes may not be kept, and of which something was read.
    pub(crate) to_drop: HashSet<FeedId>,
    /// What is to become of what is kept of items, once what was decided of them is durable.
    pub(crate) fated: Vec<(ItemKey, Fate)>,
    /// Whether it works for good: orders come in, and what finds no space is tried again. Not so in recovery.
    pub(crate) at_work: bool,
}
impl Desk {
    pub(crate) fn new(room: Arc<Room>) -> Result<Self, StoreError> {
        let next_due = room.store.next_due()?;
        let lookout = Lookout::open(&room)?;
        let caps = Caps::open(&room)?;
        Ok(Self {
            lookout,
            caps,
            to_drop: HashSet::new(),
            fated: Vec::new(),
            hands: Arc::new(room.hands()),
            room,
            table: Vec::new(),
            batch: Vec::new(),
            open: HashSet::new(),
            next_due,
            owed: VecDeque::new(),
            doomed: HashSet::new(),
            heeded: HashSet::new(),
            behind: None,
            overtaken: false,
            pace: Pace::default(),
            at_work: false,
        })
    }

    /// Works until told to stop or until the store fails; a failed store ends the process (it is never retried:
    /// after an fsync error nobody knows what the disk holds). So does a defect of our own: a process that looks
    /// alive and decides nothing would be worse.
    pub(crate) fn run(mut self) {
        self.begin_work();
        loop {
            match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(Ok(false)) => {}
                Ok(Ok(true)) => return,
                // Told to stop while it waited for space: what is not recorded is unread, and read at the next start.
                Ok(Err(error)) if passes(&error) && self.room.is_stopping() => return,
                Ok(Err(error)) => return self.room.fail(&error.to_string()),
                Err(_) => return self.room.fail("the desk failed; please report what the log says"),
            }
        }
    }

    /// From here on orders come in, and what finds no space waits for it.
    pub(crate) fn begin_work(&mut self) {
        self.at_work = true;
    }

    pub(crate) fn turn(&mut self) -> Result<bool, StoreError> {
        self.pay_what_is_owed()?;
        if let Some(last) = self.behind {
            self.take_unread(last, usize::MAX)?;
            self.behind = None;
            self.room.set_stalled(None);
        }
        let event = match self.room.tray.take() {
            Some(event) => Some(event),
            None => {
                self.commit()?;
                self.room.tray.wait(self.nap())
            }
        };
        match event {
            None => {}
            Some(Event::Stop) => {
                self.commit()?;
                self.save_all_of_lookout()?;
                return Ok(true);
            }
            Some(Event::Arrived(archived, reply)) => {
                self.take_arrived(archived, reply)?;
            }
            Some(Event::LaidBy(id, seq, reply)) => self.take_laid_by(id, seq, reply)?,
            Some(Event::Foretold(keys, feed)) => self.foresee(&keys, &feed)?,
            Some(Event::Notice(version, feed)) => self.heed_next(&version, &feed)?,
            Some(Event::Withdrawn(keys, feed)) => self.owe(keys, &feed)?,
            Some(Event::Receipts(facts)) => self.note_receipts(facts)?,
            Some(Event::Order(order, reply)) => self.obey(order, reply)?,
        }
        self.look_at_the_clock()?;
        Ok(false)
    }

    /// Takes one transmission from the tray.
    fn take_arrived(
        &mut self,
        archived: Archived,
        reply: Option<oneshot::Sender<Vec<Outcome>>>,
    ) -> Result<(), StoreError> {
        let seq = archived.seq();
        self.room.load.fetch_sub(archived.bytes().len(), Ordering::SeqCst);
        let taken = self.take(archived, reply);
        self.room.waiting.remove(seq);
        taken
    }

    /// Takes one whose bytes are in the archive alone. Where they are damaged, all that can be done is to say so.
    fn take_laid_by(
        &mut self,
        id: TransmissionId,
        seq: u64,
        reply: Option<oneshot::Sender<Vec<Outcome>>>,
    ) -> Result<(), StoreError> {
        let taken = match self.room.store.fetch(id) {
            Ok(Some(archived)) => self.take(archived, reply),
            Err(error) if !error.is_damage() => Err(error),
            lost => {
                let why = lost.err().map_or_else(|| "it is not there".to_owned(), |error| error.to_string());
                let what = format!(
                    "transmission {id} cannot be read from the archive and is not decided about: {why}"
                );
                tracing::error!("{what}");
                self.room.health.alarm(self.room.clock.now(), what);
                Ok(())
            }
        };
        self.room.waiting.remove(seq);
        taken
    }

    fn note_receipts(&mut self, facts: Vec<Fact>) -> Result<(), StoreError> {
        let now = self.room.clock.now();
        facts.into_iter().try_for_each(|fact| self.lay(Work::of(Entry::new(now, fact))?))
    }

    /// What cannot wait for the end of a long transmission: orders, the clock, and fresh stories that have nothing to do
    /// with it. Returns whether to stop.
    pub(crate) fn attend(&mut self) -> Result<bool, StoreError> {
        if !self.at_work {
            return Ok(false);
        }
        if self.attend_urgent()? {
            return Ok(true);
        }
        if !self.overtaken {
            self.overtaken = true;
            let taken = self.take_fresh();
            self.overtaken = false;
            if taken? && self.attend_urgent()? {
                return Ok(true);
            }
        }
        self.look_at_the_clock()?;
        Ok(false)
    }

    fn attend_urgent(&mut self) -> Result<bool, StoreError> {
        self.pay_what_is_owed()?;
        while let Some(event) = self.room.tray.take_urgent() {
            match event {
                Event::Order(order, reply) => self.obey(order, reply)?,
                Event::Foretold(keys, feed) => self.foresee(&keys, &feed)?,
                Event::Notice(version, feed) => self.heed_next(&version, &feed)?,
                Event::Withdrawn(keys, feed) => self.owe(keys, &feed)?,
                other => {
                    self.room.tray.put_urgent(other);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Takes what may go before the transmission in hand, and records the stories at once. Returns whether there were any.
    fn take_fresh(&mut self) -> Result<bool, StoreError> {
        let mut any = false;
        while !self.room.is_stopping()
            && let Some(event) = self.room.tray.take_fresh()
        {
            match event {
                Event::Arrived(archived, reply) => {
                    self.take_arrived(archived, reply)?;
                    any = true;
                }
                Event::Receipts(facts) => self.note_receipts(facts)?,
                // Nothing else is laid there.
                other => self.room.tray.put(other),
            }
        }
        if any {
            self.commit()?;
        }
        Ok(any)
    }

    pub(crate) fn nap(&self) -> Duration {
        #[cfg(feature = "rehearsal")]
        if self.room.clock.hand().is_some() {
            return Duration::ZERO;
        }
        let Some(due) = self.next_due else { return NAP };
        let left = due.duration_since(self.room.clock.not_after());
        Duration::try_from(left).unwrap_or(Duration::ZERO).min(NAP)
    }

    /// Steps 3 to 6 for one transmission. Also what recovery calls.
    pub(crate) fn take(
        &mut self,
        archived: Archived,
        reply: Option<oneshot::Sender<Vec<Outcome>>>,
    ) -> Result<(), StoreError> {
        self.room.health.transmissions.increment();
        let room = Arc::clone(&self.room);
        let Some(feed) = room.config.feed(archived.feed()) else {
            self.orphan(&archived, reply);
            return Ok(());
        };
        let progress = room.store.progress(archived.id())?;
        let hints = feed.hints(&room.config);
        let early = room.waiting.reading(archived.seq());
        let (reading, took) = read::read(archived, &hints, early);
        let Reading { archived, reading: wire::Reading { format, items, mut complaints, .. } } = reading;
        let allowed = room.config.limits.read_time;
        if took > allowed {
            let message = format!(
                "reading it took {} ms, `limits.read_time` allows {} ms; its items are not touched by this",
                took.as_millis(),
                allowed.as_millis()
            );
            complaints.push(Complaint::new(Gravity::Remark, "slow-to-read", message));
        }
        let count = items.len();
        let seq = archived.seq();
        if room.waiting.is_unknown(seq) && room.waiting.is_worth_a_look(0) {
            let now = room.clock.now();
            let old = items.iter().all(|version| is_old(version, archived.door(), feed, now));
            let hurry = if old { Hurry::Old } else { Hurry::News };
            room.waiting.learn(seq, room.waiting.see(feed.agency(), &items, hurry));
        }
        let can_wait = room.waiting.can_wait(seq);
        let contact = self.contact(&archived, count)?;
        self.lookout.sent_by(&archived, format);
        let sender = self.lookout.sender();
        let mut all_new = count;
        let sheet = Arc::new(Sheet {
            archived,
            format: format.map(|format| format.as_str().to_owned()),
            items: u32::try_from(count).unwrap_or(u32::MAX),
            told: Mutex::new(Told { outcomes: Vec::new(), complaints, reply }),
        });
        let archived = &sheet.archived;
        for (no, version) in (0u32..).zip(items).skip(progress as usize) {
            let (uri, begun, mut goes_out) = (version.uri.clone(), Since::now(), true);
            match catch_unwind(AssertUnwindSafe(|| self.rule(feed, archived, contact, no, version))) {
                Ok(Ok(draft)) => {
                    all_new -= usize::from(!draft.is_new());
                    goes_out = draft.goes_out();
                    let urgent = draft.is_urgent();
                    if urgent {
                        room.store.erasure_is_near();
                    }
                    self.put(Piece::Draft(Box::new(draft), no, Arc::clone(&sheet)))?;
                    if urgent {
                        self.commit()?;
                    }
                }
                Ok(Err(error)) if !error.is_damage() => return Err(error),
                // One item must not stop all others, nor the process over and over: its bytes are archived.
                failed => {
                    let complaint = self.undecided(feed.id(), no, &uri, failed.ok().and_then(Result::err));
                    sheet.told().complaints.push(complaint);
                }
            }
            let mut stop = self.attend()?;
            if can_wait && !goes_out && !stop {
                stop = self.rest_after(begun.elapsed())?;
            }
            self.lookout.goes_on(&sender);
            if stop || (no + 1) % STRIDE == 0 {
                let fact = Fact::Progress { transmission: archived.id(), next_item: no + 1 };
                self.lay(Work::of(Entry::new(room.clock.now(), fact))?)?;
            }
            if stop {
                // The next start goes on behind this item.
                return Ok(());
            }
        }
        if contact == Contact::Usual {
            self.lookout.sent(feed.id(), feed.rules());
            self.look_for_a_gap(feed, archived, count, all_new == count);
        }
        if matches!(contact, Contact::First { .. }) {
            let fact = Fact::FirstContact { feed: feed.id().clone() };
            self.lay(Work::of(Entry::new(room.clock.now(), fact))?)?;
            self.room.note_contact(feed.id());
        }
        self.put(Piece::End(sheet))
    }

    /// Whether this transmission is the first contact with its feed. What an operator puts through by hand is none.
    pub(crate) fn contact(&mut self, archived: &Archived, items: usize) -> Result<Contact, StoreError> {
        let feed = archived.feed();
        if matches!(archived.door(), Door::Command { .. }) {
            return Ok(Contact::ByHand);
        }
        if !self.room.knows(feed) {
            if !self.room.store.first_contact_done(feed)? {
                return Ok(Contact::First { alone: items == 1 });
            }
            self.room.note_contact(feed);
        }
        Ok(if archived.first_contact() { Contact::WasThere } else { Contact::Usual })
    }

    /// A transmission of a feed that is no longer configured stays in the archive unread: it is taken up at the start
    /// after the feed has been added again.
    pub(crate) fn orphan(&self, archived: &Archived, reply: Option<oneshot::Sender<Vec<Outcome>>>) {
        let what = format!(
            "a transmission that came on `{}` waits in the archive: no such feed is configured any more; add it again",
            archived.feed()
        );
        tracing::error!(origin = archived.door().origin(), "{what}");
        self.room.health.alarm(self.room.clock.now(), what);
        if let Some(reply) = reply {
            let _ = reply.send(vec![]);
        }
    }

    /// An operator's order.
    pub(crate) fn obey(
        &mut self,
        order: Order,
        reply: oneshot::Sender<Result<Vec<Outcome>, CommandError>>,
    ) -> Result<(), StoreError> {
        if let Order::Item { key, command: Command::Kill { reason }, by } = order {
            // It holds before anything is committed: a commit may have to wait for space.
            let owed = Owed { key, reason, by: format!("operator {by}"), reply: Some(reply) };
            return match self.kill_now(&owed.key, &owed.by, &owed.reason) {
                Ok(()) => {
                    self.owed.push_back(owed);
                    self.pay_what_is_owed()
                }
                Err(error) => refuse(owed.reply, error),
            };
        }
        match self.carry_out(order) {
            Ok(answer) => {
                let _ = reply.send(answer);
                Ok(())
            }
            Err(error) => refuse(Some(reply), error),
        }
    }

    pub(crate) fn carry_out(
        &mut self,
        order: Order,
    ) -> Result<Result<Vec<Outcome>, CommandError>, StoreError> {
        self.commit()?;
        let answer = match order {
            Order::HoldAll { on, by, feed } => {
                if feed.is_none() {
                    self.room.set_hold_all(on);
                }
                self.lay_switch(on, &by, feed)?;
                Ok(vec![])
            }
            Order::Item { key, command, by } => {
                let row = self.room.store.story(&key)?;
                let certain = self.room.clock.not_after();
                match desk::operate(&decide::story_of(row.as_ref()), &command, certain) {
                    Err(refusal) => Err(CommandError::Refused(refusal.to_string())),
                    Ok(decision) => {
                        self.released(row.as_ref(), &decision);
                        Ok(vec![self.shift(key, row, decision, &format!("operator {by}"), None)?])
                    }
                }
            }
            Order::Forget { key } => {
                self.forget_words_of(&[key])?;
                Ok(vec![])
            }
            Order::Tell { what } => {
                tracing::warn!("{what}");
                self.room.health.alarm(self.room.clock.now(), what.clone());
                let fact = Fact::Note { what, gravity: Gravity::Remark };
                self.lay(Work::of(Entry::new(self.room.clock.now(), fact))?)?;
                Ok(vec![])
            }
            Order::Revise { key, n, review, by } => {
                self.revise(&key, n, &review, &by)?.map(|outcome| vec![outcome])
            }
            Order::Rebuild => match self.room.store.rebuild() {
                Ok(_) => {
                    self.room.notary.rebuild(&self.room.store).map_err(|error| StoreError::Fatal {
                        doing: "deriving the public log again".to_owned(),
                        why: error.to_string(),
                    })?;
                    self.room.public.forget_all();
                    Ok(vec![])
                }
                Err(error) if passes(&error) => Err(CommandError::Store(error)),
                Err(error) => return Err(error),
            },
        };
        self.commit()?;
        Ok(answer)
    }

    /// What was denied for a kill that changed nothing (it was killed already) is left to the record again.
    pub(crate) fn spare(&mut self, key: &ItemKey) -> Result<(), StoreError> {
        if self.doomed.remove(key) {
            let row = self.room.store.story(key)?;
            for placement in row.iter().flat_map(|row| &row.placements) {
                self.room.public.undeny(&placement.site, placement.id);
            }
            self.room.outlets.spared(&self.room, key, self.room.store.last_seq()?);
            kill::settle_these(&self.room, &HashSet::from([key.clone()]))?;
        }
        Ok(())
    }

    /// In a new year the logs go on in a new shard. It is no year until it certainly is.
    pub(crate) fn turn_the_year(&mut self) -> Result<(), StoreError> {
        let now = self.room.clock.not_after();
        if !self.room.notary.is_of_another_year(now) {
            return Ok(());
        }
        self.commit()?;
        let Room { config, store, notary, .. } = &*self.room;
        match notary.turn_the_year(config, store, now) {
            Err(LogError::Store(error)) if passes(&error) => Ok(()),
            Err(LogError::Store(error)) => Err(error),
            Err(error) => {
                let doing = "beginning the log's shard of a new year".to_owned();
                Err(StoreError::Fatal { doing, why: error.to_string() })
            }
            Ok(()) => Ok(()),
        }
    }

    /// Whether an embargo or a licence has ended that nobody has looked at.
    pub(crate) fn is_due(&self) -> bool {
        self.next_due.is_some_and(|due| due <= self.room.clock.not_after())
    }

    /// Embargoes that end and licences that end.
    pub(crate) fn look_at_the_clock(&mut self) -> Result<(), StoreError> {
        self.room.watch_the_clock();
        self.turn_the_year()?;
        self.look_around()?;
        if !self.is_due() {
            return Ok(());
        }
        let now = self.room.clock.not_after();
        self.commit()?;
        let mut moved = false;
        for keys in self.room.store.due(now, 8 * BATCH)?.chunks(2 * BATCH) {
            moved |= self.move_due(keys, now)?;
            if self.room.tray.is_urgent() {
                break;
            }
        }
        self.commit()?;
        if !moved && self.next_due.is_some_and(|due| due <= now) {
            // What is due and cannot be moved is looked at again, but must not keep the desk from sleeping.
            self.next_due = now.saturating_add(NAP).ok();
        }
        Ok(())
    }

    /// What the clock does to these items. What is known of them is read by all hands, and so are their pages pressed, while
    /// what was done to those before them is committed. Returns whether anything moved.
    fn move_due(&mut self, keys: &[ItemKey], now: Timestamp) -> Result<bool, StoreError> {
        let (hands, room) = (Arc::clone(&self.hands), Arc::clone(&self.room));
        let (rows, ()) = hands.each(keys.to_vec(), move |key| room.store.story(&key), || ());
        let mut shifts = Vec::with_capacity(keys.len());
        for (key, row) in keys.iter().zip(rows) {
            match row {
                Some(Ok(row)) => shifts.extend(self.due_shift(key, row, now)),
                failed => self.not_moved(&key.uri, failed.and_then(Result::err))?,
            }
        }
        let uris: Vec<String> = shifts.iter().map(|shift| shift.key.uri.clone()).collect();
        let room = Arc::clone(&self.room);
        let (pressed, committed) = hands.each(shifts, move |shift| shift.press(&room), || self.commit());
        committed?;
        let mut moved = false;
        for (pressed, uri) in pressed.into_iter().zip(&uris) {
            match pressed {
                Some(Ok(shifted)) => {
                    moved = true;
                    let (_, work) = self.shifted(shifted)?;
                    self.open.extend(work.iter().filter_map(|work| work.key.clone()));
                    self.batch.extend(work);
                }
                failed => self.not_moved(uri, failed.and_then(Result::err))?,
            }
        }
        Ok(moved)
    }

    /// What the clock decides about an item.
    fn due_shift(&self, key: &ItemKey, row: Option<StoryRow>, now: Timestamp) -> Option<Shift> {
        let held = row.iter().flat_map(|row| &row.feeds).any(|feed| self.lookout.holds(feed));
        let tick = if self.room.hold_all() || held { desk::tick_on_hold } else { desk::tick };
        let decision = tick(&decide::story_of(row.as_ref()), now)?;
        Some(Shift { key: key.clone(), row, decision, by: CLOCK.to_owned(), reason: None })
    }

    /// Something is due and is not done, for what the record or, without an error, our own code is at fault: the operator
    /// is told once. Only what concerns more than this item comes back.
    fn not_moved(&self, uri: &str, failed: Option<StoreError>) -> Result<(), StoreError> {
        let why = match failed {
            Some(error) if passes(&error) || error.is_fatal() => return Err(error),
            Some(error) => error.to_string(),
            None => "it failed; please report what the log says".to_owned(),
        };
        let what = format!("{uri}: an embargo or licence ended and nothing was done: {why}");
        if self.room.health.alarm(self.room.clock.now(), what.clone()) {
            tracing::error!("{what}");
        }
        Ok(())
    }
}

/// Whether only space or a lock is lacking: what was tried can be tried again.
pub(crate) fn passes(error: &StoreError) -> bool {
    matches!(error, StoreError::Full { .. } | StoreError::Busy { .. })
}

/// Tells who asked why the store did not do it; only what ends the process comes back.
pub(crate) fn refuse(
    reply: Option<oneshot::Sender<Result<Vec<Outcome>, CommandError>>>,
    error: StoreError,
) -> Result<(), StoreError> {
    match reply {
        Some(reply) if error.is_damage() => {
            let _ = reply.send(Err(CommandError::Store(error)));
            Ok(())
        }
        None if error.is_damage() => {
            tracing::error!("an order could not be recorded: {error}");
            Ok(())
        }
        _ => Err(error),
    }
}
