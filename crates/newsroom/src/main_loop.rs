//! The desk's thread: everything that can change the record passes here, one thing after the other.
//!
//! Decisions are made in order and recorded in batches. A batch is committed when the tray is empty, when it is
//! full, when something urgent is in it, or when an item comes up a second time: the desk never decides on a
//! story whose last decision is not durable.

use std::collections::{HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::kill_text::{Candidate, Effect, classify, matching};
use desk::{Command, Decision};
use jiff::{SignedDuration, Timestamp};
use news::{
    Act, Change, Complaint, Digest, Door, FeedId, Gravity, ItemId, ItemKey, ItemStanding, Reason, Relation,
    ReviewState, Ruling, Version, VersionStanding,
};
use store::{
    Archive as _, Archived, Committed, ComplaintRow, Entry, Fact, Index as _, Journal as _, LeafDraft, Moved,
    Placement, Ruled, StoreError, StoryRow, Terms, Vault as _, VersionRow, Words,
};
use tokio::sync::oneshot;

use crate::config::Feed;
use crate::press::{Copydesk, Pressed, foreseen, label, label_hash, story_url};
use crate::steps::{Outcome, Reading, Receipt, Recorded};
use crate::{CommandError, Order, Room, chance, decide, deliver, kill, read};

/// How many entries share a commit at most.
const BATCH: usize = 128;
/// How many versions of one transmission are decided before its progress is recorded.
const STRIDE: u32 = 512;
/// How long the desk sleeps at most, so that it notices a stepped clock.
const NAP: Duration = Duration::from_millis(500);
/// How long the desk waits before it tries again to record what the store has no space for.
const PAUSE: Duration = Duration::from_secs(1);
/// How far back a kill that is known only from text looks for the item that it means.
const KILL_TEXT_DAYS: i64 = 30;
/// Among how many of them.
const CANDIDATES: usize = 10_000;

/// Everything that can wake the desk.
pub(crate) enum Event {
    /// A transmission is durable and waits to be read.
    Arrived(Archived, Option<oneshot::Sender<Vec<Outcome>>>),
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

/// One journal entry on its way, and what follows once it is durable.
struct Work {
    entry: Entry,
    key: Option<ItemKey>,
    placements: Vec<Placement>,
    pages: Vec<Pressed>,
    killed: bool,
    then: Option<Box<dyn FnOnce() + Send>>,
}

/// A kill that holds already (it is denied, and in the kill file), and whose journal entry is still to be written.
struct Owed {
    key: ItemKey,
    reason: String,
    by: String,
    reply: Option<oneshot::Sender<Result<Vec<Outcome>, CommandError>>>,
}

/// The desk.
pub(crate) struct Desk {
    room: Arc<Room>,
    batch: Vec<Work>,
    open: HashSet<ItemKey>,
    contacted: HashSet<FeedId>,
    next_due: Option<Timestamp>,
    /// Operators' kills that hold and are not in the journal yet.
    owed: VecDeque<Owed>,
    /// Their items: nothing but the record of the kill lifts their denial.
    doomed: HashSet<ItemKey>,
    /// Whether it works for good: orders come in, and what finds no space is tried again. Not so in recovery.
    at_work: bool,
}

impl Desk {
    pub(crate) fn new(room: Arc<Room>) -> Result<Self, StoreError> {
        let next_due = room.store.next_due()?;
        Ok(Self {
            room,
            batch: Vec::new(),
            open: HashSet::new(),
            contacted: HashSet::new(),
            next_due,
            owed: VecDeque::new(),
            doomed: HashSet::new(),
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

    fn turn(&mut self) -> Result<bool, StoreError> {
        self.pay_what_is_owed()?;
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
                return Ok(true);
            }
            Some(Event::Arrived(archived, reply)) => self.take(archived, reply)?,
            Some(Event::Order(order, reply)) => self.obey(order, reply)?,
        }
        self.look_at_the_clock()?;
        Ok(false)
    }

    /// What cannot wait for the end of a long transmission: orders, and the clock. Returns whether to stop.
    fn attend(&mut self) -> Result<bool, StoreError> {
        if !self.at_work {
            return Ok(false);
        }
        self.pay_what_is_owed()?;
        while let Some(event) = self.room.tray.take_urgent() {
            match event {
                Event::Order(order, reply) => self.obey(order, reply)?,
                other => {
                    self.room.tray.put_urgent(other);
                    return Ok(true);
                }
            }
        }
        self.look_at_the_clock()?;
        Ok(false)
    }

    fn nap(&self) -> Duration {
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
        let Reading { archived, mut reading } = read::read(archived, &hints);
        let contact = self.contact(&archived, reading.items.len())?;
        let mut outcomes = Vec::new();
        for (no, version) in (0u32..).zip(&reading.items).skip(progress as usize) {
            match catch_unwind(AssertUnwindSafe(|| self.rule(feed, &archived, contact, no, version))) {
                Ok(Ok(outcome)) => outcomes.push(outcome),
                Ok(Err(error)) if !error.is_damage() => return Err(error),
                // One item must not stop all others, nor the process over and over: its bytes are archived.
                failed => reading.complaints.push(self.undecided(feed, no, version, failed.ok())),
            }
            let stop = self.attend()?;
            if stop || (no + 1) % STRIDE == 0 {
                let fact = Fact::Progress { transmission: archived.id(), next_item: no + 1 };
                self.lay(Work::of(Entry::new(room.clock.now(), fact)))?;
            }
            if stop {
                // The next start goes on behind this item.
                return Ok(());
            }
        }
        let complaints: Vec<ComplaintRow> = reading.complaints.iter().map(ComplaintRow::from).collect();
        for complaint in &reading.complaints {
            tracing::warn!(feed = %feed.id(), origin = archived.door().origin(), "{complaint}");
            room.health.complaint(feed.id(), complaint);
        }
        let fact = Fact::Read {
            transmission: archived.id(),
            format: reading.format.map(|format| format.as_str().to_owned()),
            items: u32::try_from(reading.items.len()).unwrap_or(u32::MAX),
            complaints,
        };
        if matches!(contact, Contact::First { .. }) {
            let fact = Fact::FirstContact { feed: feed.id().clone() };
            self.lay(Work::of(Entry::new(room.clock.now(), fact)))?;
            self.contacted.insert(feed.id().clone());
        }
        let mut work = Work::of(Entry::new(room.clock.now(), fact));
        if let Some(reply) = reply {
            work.then = Some(Box::new(move || {
                let _ = reply.send(outcomes);
            }));
        }
        self.lay(work)
    }

    /// Whether this transmission is the first contact with its feed. What an operator puts through by hand is none.
    fn contact(&mut self, archived: &Archived, items: usize) -> Result<Contact, StoreError> {
        let feed = archived.feed();
        if matches!(archived.door(), Door::Command { .. }) {
            return Ok(Contact::ByHand);
        }
        if !self.contacted.contains(feed) {
            if !self.room.store.first_contact_done(feed)? {
                return Ok(Contact::First { alone: items == 1 });
            }
            self.contacted.insert(feed.clone());
        }
        Ok(if archived.first_contact() { Contact::WasThere } else { Contact::Usual })
    }

    /// A transmission of a feed that is no longer configured stays in the archive unread: it is taken up at the start
    /// after the feed has been added again.
    fn orphan(&self, archived: &Archived, reply: Option<oneshot::Sender<Vec<Outcome>>>) {
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

    /// The complaint about an item on which the desk could not rule, for what the record or our own code is at fault.
    fn undecided(
        &self,
        feed: &Feed,
        no: u32,
        version: &Version,
        failed: Option<Result<Outcome, StoreError>>,
    ) -> Complaint {
        let (code, why) = match failed {
            Some(Err(error)) => ("record-damaged", error.to_string()),
            _ => ("desk-failed", "deciding about it failed; please report what the log says".to_owned()),
        };
        tracing::error!(feed = %feed.id(), uri = %version.uri, "no ruling: {why}");
        self.room.health.alarm(self.room.clock.now(), format!("{}: no ruling: {why}", version.uri));
        let mut complaint = Complaint::new(
            Gravity::Lost,
            code,
            format!("{why}; its bytes are archived, nothing of it is published"),
        );
        complaint.place.item = usize::try_from(no).ok();
        complaint
    }

    /// Steps 4 and 5 for one version.
    fn rule(
        &mut self,
        feed: &Feed,
        archived: &Archived,
        contact: Contact,
        no: u32,
        version: &Version,
    ) -> Result<Outcome, StoreError> {
        let room = Arc::clone(&self.room);
        for (relation, reference) in desk::targets(version) {
            let target = ItemKey { agency: feed.agency().clone(), uri: reference.uri.clone() };
            self.fall(target, relation, reference.when, &version.uri)?;
        }
        self.heed_kill_text(feed, version)?;

        let key = ItemKey { agency: feed.agency().clone(), uri: version.uri.clone() };
        self.close(&key)?;
        let row = room.store.story(&key)?;
        let now = room.clock.now();
        let policy = decide::policy(&room.config, feed, archived, version, contact, room.hold_all());
        // Never by the wall alone: a clock that was stepped forward must not end an embargo on arrival.
        let certain = room.clock.not_after();
        let decision = desk::decide(&decide::story_of(row.as_ref()), version, &policy, certain);
        let own_time = policy.first_contact || policy.exempt && is_old(version.claimed_time(), now);
        let published = decide::published(own_time, version.claimed_time(), now);
        let places = self.place(&key, Some(feed), row.as_ref(), published, Some(version));
        let was_public = row.as_ref().is_some_and(|row| row.was_public);
        let mut placements = dated(&places, &decision.changes, was_public, published, now);
        let mut ruled = Ruled {
            key: key.clone(),
            feed: feed.id().clone(),
            transmission: Some(archived.id()),
            item_no: no,
            span: version.span.start as u64..version.span.end as u64,
            raw_hash: Digest::of(archived.bytes().get(version.span.clone()).unwrap_or_default()),
            n: decision.n,
            stamp: version.version.clone(),
            claimed: version.claimed_time(),
            arrived: archived.arrived(),
            status: version.status.as_str().to_owned(),
            ruling: decision.ruling.clone(),
            changes: decision.changes.clone(),
            copy_hash: version.copy.copy_hash(),
            role_hash: version.copy.role_hash(),
            copy_empty: version.copy.is_empty(),
            embargo: decision.terms.map_or(version.embargo, |terms| terms.embargo),
            expires: decision.terms.map_or(version.expires, |terms| terms.expires),
            terms: decision.terms.map(|terms| Terms {
                n: terms.n,
                embargo: terms.embargo,
                expires: terms.expires,
            }),
            language: version.language.clone(),
            review: ReviewState::Unreviewed,
            placements: placements.clone(),
            complaints: version.complaints.iter().map(ComplaintRow::from).collect(),
        };
        let fresh = VersionRow::of(&ruled, 0, now);
        let (decision, pages) =
            self.press(&key, row.clone(), decision, fresh, &placements, Some(version), now)?;
        if ruled.changes != decision.changes {
            placements = dated(&places, &decision.changes, was_public, published, now);
            ruled.placements.clone_from(&placements);
        }
        ruled.ruling = decision.ruling.clone();
        ruled.changes.clone_from(&decision.changes);
        for complaint in &version.complaints {
            room.health.complaint(feed.id(), complaint);
        }
        let words = decision.n.map(|n| vaulted(&key, n, version, &ruled));
        let outcome = self.outcome(&key, &ruled, &placements);
        self.announce(&outcome, feed.id());
        let mut leaves = self.join(&key, row.as_ref(), &decision, feed, version, &mut placements)?;
        ruled.placements.clone_from(&placements);
        leaves.extend(self.leaves(
            &decision,
            row.as_ref(),
            &placements,
            Some(feed),
            words.as_ref(),
            Some(archived.arrived()),
        ));
        let killed = kills(&decision.changes);
        if decide::recalls(&decision.changes) {
            self.withdraw(&key, &decision, &placements, feed.id().as_str(), None)?;
        }
        self.lay(Work {
            entry: Entry { at: now, fact: Fact::Ruled(Box::new(ruled)), words, leaves },
            key: Some(key),
            placements,
            pages,
            killed,
            then: None,
        })?;
        if killed || decision.ruling.recall {
            self.commit()?;
        }
        Ok(outcome)
    }

    /// Another version of this item may not be decided before its last decision is durable.
    fn close(&mut self, key: &ItemKey) -> Result<(), StoreError> {
        if self.open.contains(key) { self.commit() } else { Ok(()) }
    }

    /// Another document says that this item is withdrawn.
    fn fall(
        &mut self,
        key: ItemKey,
        relation: Relation,
        when: Option<Timestamp>,
        by: &str,
    ) -> Result<(), StoreError> {
        self.close(&key)?;
        let row = self.room.store.story(&key)?;
        let decision =
            desk::fall(&decide::story_of(row.as_ref()), relation, when, self.room.clock.not_after());
        self.shift(key, row, decision, &format!("document {by}"), None).map(drop)
    }

    /// A kill that is known only from its text holds what it means, at once.
    fn heed_kill_text(&mut self, feed: &Feed, version: &Version) -> Result<(), StoreError> {
        let Some(notice) = classify(version).filter(|notice| notice.effect >= Effect::Withholds) else {
            return Ok(());
        };
        let room = Arc::clone(&self.room);
        self.commit()?;
        let since = room
            .clock
            .now()
            .saturating_sub(SignedDuration::from_hours(24 * KILL_TEXT_DAYS))
            .unwrap_or(Timestamp::MIN);
        let own = ItemKey { agency: feed.agency().clone(), uri: version.uri.clone() };
        let again = room
            .store
            .story(&own)?
            .is_some_and(|row| row.versions.iter().any(|known| known.copy_hash == version.copy.copy_hash()));
        let rows = room.store.candidates(feed.agency(), since, CANDIDATES)?;
        let candidates: Vec<Candidate> = rows
            .into_iter()
            .filter(|row| row.key.uri != version.uri)
            .map(|row| Candidate {
                uri: row.key.uri,
                headline: row.headline,
                slugline: row.slugline,
                number: None,
                at: row.arrived,
            })
            .collect();
        for hit in matching(&notice, &candidates) {
            let Some(candidate) = candidates.get(hit.candidate) else { continue };
            let key = ItemKey { agency: feed.agency().clone(), uri: candidate.uri.clone() };
            let row = room.store.story(&key)?;
            if again && row.as_ref().is_some_and(is_released) {
                // Somebody has read this very notice and let the story go all the same.
                continue;
            }
            let decision =
                desk::suspend(&decide::story_of(row.as_ref()), hit.rule.as_str(), room.clock.now());
            self.shift(key, row, decision, &format!("document {}", version.uri), None)?;
        }
        Ok(())
    }

    /// An operator's order.
    fn obey(
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

    fn carry_out(&mut self, order: Order) -> Result<Result<Vec<Outcome>, CommandError>, StoreError> {
        self.commit()?;
        let answer = match order {
            Order::HoldAll { on, by } => {
                self.room.set_hold_all(on);
                let fact = Fact::HoldAll { on, by };
                self.lay(Work::of(Entry::new(self.room.clock.now(), fact)))?;
                Ok(vec![])
            }
            Order::Item { key, command, by } => {
                let row = self.room.store.story(&key)?;
                let certain = self.room.clock.not_after();
                match desk::operate(&decide::story_of(row.as_ref()), &command, certain) {
                    Err(refusal) => Err(CommandError::Refused(refusal.to_string())),
                    Ok(decision) => {
                        Ok(vec![self.shift(key, row, decision, &format!("operator {by}"), None)?])
                    }
                }
            }
            Order::Rebuild => match self.room.store.rebuild() {
                Ok(_) => {
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

    /// A kill's first half, which needs neither the journal nor a free disk: no output answers with the item any more,
    /// also not where its publication waits in the batch, and the kill is durable.
    fn kill_now(&mut self, key: &ItemKey, by: &str, reason: &str) -> Result<(), StoreError> {
        let row = self.room.store.story(key)?;
        let killed = row.as_ref().is_some_and(|row| row.standing == ItemStanding::Killed);
        if killed && !self.open.contains(key) || self.doomed.contains(key) {
            return Ok(());
        }
        let mut placements = row.map(|row| row.placements).unwrap_or_default();
        let waiting = self.batch.iter().filter(|work| work.key.as_ref() == Some(key));
        for placement in waiting.flat_map(|work| &work.placements) {
            if !placements.iter().any(|known| known.id == placement.id) {
                placements.push(placement.clone());
            }
        }
        kill::deny(&self.room, &placements);
        self.doomed.insert(key.clone());
        kill::remember(&self.room, key, &placements, by, reason)
    }

    /// Kills that hold already get their journal entry and leaf.
    fn pay_what_is_owed(&mut self) -> Result<(), StoreError> {
        while !self.owed.is_empty() {
            self.commit()?;
            let Some(Owed { key, reason, by, .. }) = self.owed.front() else { break };
            let (key, reason, by) = (key.clone(), reason.clone(), by.clone());
            let outcome = self.kill(&key, &reason, &by);
            let outcome = outcome.and_then(|outcome| self.commit().map(|()| outcome));
            let reply = self.owed.pop_front().and_then(|owed| owed.reply);
            match outcome {
                Ok(outcome) => {
                    self.spare(&key)?;
                    if let (Some(reply), Some(outcome)) = (reply, outcome) {
                        let _ = reply.send(Ok(vec![outcome]));
                    }
                }
                Err(error) => refuse(reply, error)?,
            }
        }
        Ok(())
    }

    /// Decides about an operator's kill and lays it into the batch.
    fn kill(&mut self, key: &ItemKey, reason: &str, by: &str) -> Result<Option<Outcome>, StoreError> {
        let row = self.room.store.story(key)?;
        let command = Command::Kill { reason: reason.to_owned() };
        let certain = self.room.clock.not_after();
        let Ok(decision) = desk::operate(&decide::story_of(row.as_ref()), &command, certain) else {
            return Ok(None);
        };
        self.shift(key.clone(), row, decision, by, Some(reason.to_owned())).map(Some)
    }

    /// What was denied for a kill that changed nothing (it was killed already) is left to the record again.
    fn spare(&mut self, key: &ItemKey) -> Result<(), StoreError> {
        if self.doomed.remove(key) {
            let row = self.room.store.story(key)?;
            for placement in row.iter().flat_map(|row| &row.placements) {
                self.room.public.undeny(&placement.site, placement.id);
            }
            kill::settle_these(&self.room, &HashSet::from([key.clone()]))?;
        }
        Ok(())
    }

    /// Embargoes that end and licences that end.
    fn look_at_the_clock(&mut self) -> Result<(), StoreError> {
        self.room.watch_the_clock();
        let now = self.room.clock.not_after();
        if self.next_due.is_none_or(|due| due > now) {
            return Ok(());
        }
        self.commit()?;
        let mut moved = false;
        for key in self.room.store.due(now, 4 * BATCH)? {
            let row = match self.room.store.story(&key) {
                Err(error) if error.is_damage() => {
                    let what =
                        format!("{}: an embargo or licence ended and nothing was done: {error}", key.uri);
                    if self.room.health.alarm(now, what.clone()) {
                        tracing::error!("{what}");
                    }
                    continue;
                }
                row => row?,
            };
            let story = decide::story_of(row.as_ref());
            let tick = if self.room.hold_all() { desk::tick_on_hold } else { desk::tick };
            if let Some(decision) = tick(&story, now) {
                self.shift(key, row, decision, "clock", None)?;
                moved = true;
            }
        }
        self.commit()?;
        if !moved && self.next_due.is_some_and(|due| due <= now) {
            // What is due and cannot be moved is looked at again, but must not keep the desk from sleeping.
            self.next_due = now.saturating_add(NAP).ok();
        }
        Ok(())
    }

    /// Records a decision that no new version brought: an operator's, the clock's, another document's.
    fn shift(
        &mut self,
        key: ItemKey,
        row: Option<StoryRow>,
        decision: Decision,
        by: &str,
        reason: Option<String>,
    ) -> Result<Outcome, StoreError> {
        let room = Arc::clone(&self.room);
        let now = room.clock.now();
        let goes_live = decide::live(&decision.changes);
        let words = match goes_live {
            Some(n) => self.sound_words(&key, n)?,
            None => None,
        };
        let version = words.as_ref().map(|words| &words.version);
        let stood = row.as_ref().and_then(|row| row.versions.iter().find(|v| Some(v.n) == goes_live));
        let own_time = stood.is_some_and(|v| v.reasons.iter().any(|reason| reason.code == "backlog"));
        let published = decide::published(own_time, version.and_then(Version::claimed_time), now);
        // Where its feed belongs by now: a site that was added while it waited gets it as well.
        let feed = stood.and_then(|v| room.config.feed(&v.feed));
        let places = self.place(&key, feed, row.as_ref(), published, version);
        let was_public = row.as_ref().is_some_and(|row| row.was_public);
        let placements = dated(&places, &decision.changes, was_public, published, now);
        let (decision, pages) = self.press(&key, row.clone(), decision, None, &placements, version, now)?;
        let placements = dated(&places, &decision.changes, was_public, published, now);
        let killed = kills(&decision.changes);
        let leaves = self.leaves(&decision, row.as_ref(), &placements, feed, words.as_ref(), None);
        let moved = Moved {
            key: key.clone(),
            changes: decision.changes.clone(),
            ruling: decision.ruling.clone(),
            by: by.to_owned(),
            placements: placements.clone(),
            killed_reason: if killed { reason.clone() } else { None },
        };
        let outcome = Outcome {
            key: key.clone(),
            version: row
                .as_ref()
                .and_then(|row| row.versions.last())
                .map(|v| v.stamp.raw.clone())
                .unwrap_or_default(),
            ruling: decision.ruling.clone(),
            url: self.url(&placements),
            copy_hash: None,
            transmission: None,
        };
        if decide::recalls(&decision.changes) {
            self.withdraw(&key, &decision, &placements, by, reason.as_deref())?;
        }
        if decision.changes.is_empty() && !decision.ruling.alarm && by == "clock" {
            return Ok(outcome);
        }
        let why = decision.ruling.reasons.first().map_or("", |reason| reason.text.as_str());
        if decision.ruling.alarm {
            tracing::error!(uri = %key.uri, by, ruling = decision.ruling.act.as_str(), "{why}");
            room.health.alarm(now, format!("{}: {why}", key.uri));
        } else {
            tracing::info!(uri = %key.uri, by, ruling = decision.ruling.act.as_str(), "{why}");
        }
        self.lay(Work {
            entry: Entry { at: now, fact: Fact::Moved(Box::new(moved)), words: None, leaves },
            key: Some(key),
            placements,
            pages,
            killed,
            then: None,
        })?;
        if killed {
            self.commit()?;
        }
        Ok(outcome)
    }

    /// The words of a version, if they are here and sound. What is damaged is said, never served, and stops nothing.
    fn sound_words(&self, key: &ItemKey, n: u32) -> Result<Option<Words>, StoreError> {
        match self.room.store.words(key, n) {
            Err(error) if error.is_damage() => {
                tracing::error!(uri = %key.uri, n, "{error}");
                Ok(None)
            }
            words => words,
        }
    }

    /// Where the item stands, or will stand, on each site: known places keep their id and times.
    fn place(
        &self,
        key: &ItemKey,
        feed: Option<&Feed>,
        row: Option<&StoryRow>,
        published: Timestamp,
        version: Option<&Version>,
    ) -> Vec<Placement> {
        let config = &self.room.config;
        let mut placements = row.map(|row| row.placements.clone()).unwrap_or_default();
        for site in feed.map(|feed| config.sites_of(feed)).unwrap_or_default() {
            let sections = feed.map(Feed::sections).unwrap_or_default();
            match placements.iter_mut().find(|placement| placement.site == *site.id()) {
                Some(known) => {
                    let more: Vec<String> =
                        sections.into_iter().filter(|s| !known.sections.contains(s)).collect();
                    known.sections.extend(more);
                }
                None => placements.push(Placement {
                    site: site.id().clone(),
                    id: ItemId::from_bits(chance::bits()),
                    sections,
                    published,
                    updated: published,
                    label: Digest::of(b""),
                }),
            }
        }
        if let (Some(agency), Some(version)) = (config.agency(&key.agency), version) {
            let label = label(agency, ReviewState::Unreviewed, version.language.as_deref());
            placements.iter_mut().for_each(|placement| placement.label = label_hash(&label));
        }
        placements
    }

    /// Step 5, if the decision puts a version live: every site's page through the gate. A refusal publishes
    /// nothing anywhere and holds the version.
    #[allow(
        clippy::too_many_arguments,
        reason = "one step's whole input, used in one place for both ways in"
    )]
    fn press(
        &self,
        key: &ItemKey,
        row: Option<StoryRow>,
        decision: Decision,
        fresh: Option<VersionRow>,
        placements: &[Placement],
        version: Option<&Version>,
        now: Timestamp,
    ) -> Result<(Decision, Vec<Pressed>), StoreError> {
        let Some(n) = decide::live(&decision.changes) else { return Ok((decision, vec![])) };
        let Some(version) = version else {
            let reason = Reason::new(
                "words-missing",
                "the vault does not hold the words of this version, or not whole",
            );
            let until = Some(news::Until::Person);
            let ruling = Ruling { alarm: true, until, ..Ruling::new(Act::Hold, reason) };
            let changes = vec![Change::Version(n, VersionStanding::Held)];
            return Ok((Decision { ruling, n: decision.n, changes, terms: None }, vec![]));
        };
        let row = foreseen(row, key, &decision.changes, fresh, placements, now);
        let copydesk = Copydesk { config: &self.room.config };
        let mut pages = Vec::new();
        for placement in placements {
            let Some((face, story)) = copydesk.story(&row, placement, n, version, key) else { continue };
            match self.room.press.story(&face, &story) {
                Ok(page) => pages.push((placement.site.clone(), placement.id, page)),
                Err(refusal) => {
                    tracing::error!(uri = %key.uri, site = %placement.site, "the gate refused the page: {refusal}");
                    return Ok((decide::refused(decision, &refusal), vec![]));
                }
            }
        }
        Ok((decision, pages))
    }

    /// One leaf per public act and site.
    fn leaves(
        &self,
        decision: &Decision,
        row: Option<&StoryRow>,
        placements: &[Placement],
        feed: Option<&Feed>,
        words: Option<&Words>,
        received: Option<Timestamp>,
    ) -> Vec<LeafDraft> {
        let was_public = row.is_some_and(|row| row.was_public);
        let live = decide::live(&decision.changes);
        if live.is_none() && !(was_public && decide::recalls(&decision.changes)) {
            return vec![];
        }
        let reason = decision.ruling.reasons.first().map(|reason| reason.code.to_owned());
        let draft = |placement: &Placement| {
            let shown_here = was_public && row.is_some_and(|row| was_shown(row, placement));
            let act = match (live, decision.changes.iter().rev().find_map(item_standing)) {
                (Some(_), _) if shown_here => "update",
                (Some(_), _) => "publish",
                (None, _) if !shown_here => return None,
                (None, Some(ItemStanding::Killed)) => "kill",
                (None, Some(ItemStanding::Expired)) => "expire",
                (None, _) => "withhold",
            };
            if live.is_some() && self.room.config.site(&placement.site).is_none() {
                // Nobody can read it on a site that is no longer configured.
                return None;
            }
            Some(LeafDraft {
                site: placement.site.clone(),
                item: placement.id,
                act: act.to_owned(),
                version: live.or_else(|| row.and_then(last_public)).unwrap_or(0),
                feed: feed
                    .map(|feed| feed.id().as_str().to_owned())
                    .or(row.and_then(last_feed))
                    .unwrap_or_default(),
                received,
                published: live.map(|_| placement.published),
                review: ReviewState::Unreviewed.as_str().to_owned(),
                label: live.map(|_| placement.label),
                reason: if live.is_some() { None } else { reason.clone() },
                commit: live.and(words).map(|words| Digest(notary::commit(&words.salt, &words.disclosure))),
            })
        };
        placements.iter().filter_map(draft).collect()
    }

    /// A delivery that makes nothing live cannot put a story on a further site, unless it delivers, on a feed of that
    /// site, the very version that is live: that is a publication there, through the gate and with a leaf of its own.
    fn join(
        &self,
        key: &ItemKey,
        row: Option<&StoryRow>,
        decision: &Decision,
        feed: &Feed,
        version: &Version,
        placements: &mut Vec<Placement>,
    ) -> Result<Vec<LeafDraft>, StoreError> {
        let Some(row) = row.filter(|row| row.was_public) else { return Ok(vec![]) };
        if decide::live(&decision.changes).is_some() {
            return Ok(vec![]);
        }
        for placement in placements.iter_mut() {
            if let Some(known) = row.placement(&placement.site) {
                placement.label = known.label;
            }
        }
        let is_new = |placement: &Placement| row.placement(&placement.site).is_none();
        if !placements.iter().any(is_new) {
            return Ok(vec![]);
        }
        let same = |n: &u32| {
            decision.n.is_none()
                && !decide::recalls(&decision.changes)
                && row.version(*n).is_some_and(|live| live.copy_hash == version.copy.copy_hash())
        };
        let live = match row.standing {
            ItemStanding::Live(n) => Some(n).filter(same),
            _ => None,
        };
        let words = live.map(|n| self.sound_words(key, n)).transpose()?.flatten();
        let (Some(n), Some(words)) = (live, words) else {
            placements.retain(|placement| !is_new(placement));
            return Ok(vec![]);
        };
        let copydesk = Copydesk { config: &self.room.config };
        placements.retain(|placement| {
            let page =
                is_new(placement).then(|| copydesk.story(row, placement, n, &words.version, key)).flatten();
            let Some((face, story)) = page else { return !is_new(placement) };
            self.room
                .press
                .story(&face, &story)
                .map_err(|refusal| self.refused(key, placement, &refusal))
                .is_ok()
        });
        let added: Vec<Placement> =
            placements.iter().filter(|placement| is_new(placement)).cloned().collect();
        let goes_live = Decision { changes: vec![Change::Item(ItemStanding::Live(n))], ..decision.clone() };
        Ok(self.leaves(&goes_live, Some(row), &added, Some(feed), Some(&words), None))
    }

    fn refused(&self, key: &ItemKey, placement: &Placement, refusal: &::press::GateRefusal) {
        tracing::error!(uri = %key.uri, site = %placement.site, "the gate refused the page: {refusal}");
        let what = format!("{}: the gate refused its page on site {}", key.uri, placement.site);
        self.room.health.alarm(self.room.clock.now(), what);
    }

    /// The fast lane's first half: deny in memory, then the kill file. The journal follows with the batch.
    fn withdraw(
        &mut self,
        key: &ItemKey,
        decision: &Decision,
        placements: &[Placement],
        by: &str,
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        kill::deny(&self.room, placements);
        if kills(&decision.changes) && !self.doomed.contains(key) {
            let code = decision.ruling.reasons.first().map_or("", |reason| reason.code);
            kill::remember(&self.room, key, placements, by, reason.unwrap_or(code))?;
        }
        Ok(())
    }

    fn url(&self, placements: &[Placement]) -> Option<String> {
        placements.iter().find_map(|placement| {
            Some(story_url(self.room.config.site(&placement.site)?.base_url(), placement.id))
        })
    }

    fn outcome(&self, key: &ItemKey, ruled: &Ruled, placements: &[Placement]) -> Outcome {
        Outcome {
            key: key.clone(),
            version: ruled.stamp.raw.clone(),
            ruling: ruled.ruling.clone(),
            url: self.url(placements),
            copy_hash: (!ruled.copy_empty).then_some(ruled.copy_hash),
            transmission: ruled.transmission,
        }
    }

    fn announce(&self, outcome: &Outcome, feed: &news::FeedId) {
        let ruling = &outcome.ruling;
        self.room.health.ruled(feed, ruling.act);
        let reason = outcome.reason().map_or("", |reason| reason.text.as_str());
        if ruling.alarm {
            tracing::error!(%feed, uri = %outcome.key.uri, ruling = ruling.act.as_str(), "{reason}");
            self.room.health.alarm(self.room.clock.now(), format!("{}: {reason}", outcome.key.uri));
        } else {
            tracing::info!(%feed, uri = %outcome.key.uri, ruling = ruling.act.as_str(), "{reason}");
        }
    }

    fn lay(&mut self, work: Work) -> Result<(), StoreError> {
        self.open.extend(work.key.clone());
        self.batch.push(work);
        if self.batch.len() >= BATCH { self.commit() } else { Ok(()) }
    }

    /// Step 6, the commit point, and step 7. Before `record` returns nothing of this batch is public; after it,
    /// a crash loses nothing: what follows is derived and done again from the record.
    fn commit(&mut self) -> Result<(), StoreError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let committed = self.record()?;
        self.open.clear();
        let mut killed_keys = HashSet::new();
        for (committed, work) in committed.into_iter().zip(std::mem::take(&mut self.batch)) {
            let Work { key, placements, pages, killed, then, .. } = work;
            if let (Some(key), Some(_), true) = (&key, &committed, killed) {
                self.doomed.remove(key);
                killed_keys.insert(key.clone());
            }
            if let Some(committed) = committed {
                let doomed = key.as_ref().is_some_and(|key| self.doomed.contains(key));
                let recorded = Recorded { committed, pages };
                let receipts = deliver::deliver(&self.room, recorded, key.as_ref(), &placements, doomed);
                if killed {
                    self.file(receipts);
                }
            }
            if let Some(then) = then {
                then();
            }
        }
        if !killed_keys.is_empty() {
            kill::settle_these(&self.room, &killed_keys)?;
        }
        self.next_due = self.room.store.next_due()?;
        Ok(())
    }

    /// Records the batch as one. While the store has no space for it, it is kept and tried again: in order, and
    /// losing nothing; the doors refuse meanwhile, and kills are taken. None for what the store refuses for good.
    fn record(&mut self) -> Result<Vec<Option<Committed>>, StoreError> {
        for work in
            self.batch.iter().filter(|work| work.key.as_ref().is_some_and(|key| self.doomed.contains(key)))
        {
            kill::deny(&self.room, &work.placements);
        }
        loop {
            let entries = self.batch.iter().map(|work| work.entry.clone()).collect();
            let error = match self.room.record(entries) {
                Ok(committed) => {
                    self.room.set_stalled(None);
                    return Ok(committed.into_iter().map(Some).collect());
                }
                Err(error) => error,
            };
            match &error {
                error if passes(error) && self.at_work => self.stall(error)?,
                StoreError::Refused { .. } | StoreError::Damaged { .. } => return self.record_singly(&error),
                _ => return Err(error),
            }
        }
    }

    /// One entry that contradicts the record must not cost those beside it, nor end the process over and over: it is
    /// told to the operator instead. What it would have lifted stays denied.
    fn record_singly(&mut self, error: &StoreError) -> Result<Vec<Option<Committed>>, StoreError> {
        if let [work] = self.batch.as_slice() {
            let about = work.key.as_ref().map_or_else(String::new, |key| format!("{}: ", key.uri));
            let what = format!("{about}what was decided could not be recorded: {error}");
            tracing::error!("{what}");
            let now = self.room.clock.now();
            self.room.health.alarm(now, what.clone());
            self.room.record(vec![Entry::new(now, Fact::Note { what, gravity: Gravity::Lost })])?;
            return Ok(vec![None]);
        }
        let (mut committed, mut done) = (Vec::new(), Vec::new());
        for work in std::mem::take(&mut self.batch) {
            self.batch = vec![work];
            committed.extend(self.record()?);
            done.append(&mut self.batch);
        }
        self.batch = done;
        Ok(committed)
    }

    /// Waits a moment for space. Kills hold meanwhile, in memory and in the kill file, and are answered; everything
    /// else that is ordered is refused for the time being.
    ///
    /// # Errors
    /// The newsroom is told to stop: what is not recorded is unread and comes again.
    fn stall(&mut self, error: &StoreError) -> Result<(), StoreError> {
        self.room.set_stalled(Some(error));
        let full = || StoreError::Full { doing: "recording in the journal".to_owned() };
        for at in 0..self.owed.len() {
            let Some(reply) = self.owed.get_mut(at).and_then(|owed| owed.reply.take()) else { continue };
            let Some(owed) = self.owed.get(at) else { continue };
            let _ = reply.send(Ok(vec![self.foretold(owed)?]));
        }
        let until = Instant::now() + PAUSE;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match self.room.tray.wait_urgent(left) {
                Some(Event::Order(Order::Item { key, command: Command::Kill { reason }, by }, reply)) => {
                    let owed = Owed { key, reason, by: format!("operator {by}"), reply: None };
                    self.kill_now(&owed.key, &owed.by, &owed.reason)?;
                    let _ = reply.send(Ok(vec![self.foretold(&owed)?]));
                    self.owed.push_back(owed);
                }
                Some(Event::Order(_, reply)) => {
                    let _ = reply.send(Err(CommandError::Store(full())));
                }
                Some(other) => {
                    self.room.tray.put_urgent(other);
                    return Err(full());
                }
                None => {}
            }
        }
        Ok(())
    }

    /// What will be recorded of a kill that holds already.
    fn foretold(&self, owed: &Owed) -> Result<Outcome, StoreError> {
        let row = self.room.store.story(&owed.key)?;
        let reason =
            Reason::new(desk::code::OPERATOR_KILL, format!("killed by the operator: {}", owed.reason));
        Ok(Outcome {
            key: owed.key.clone(),
            version: row
                .as_ref()
                .and_then(|row| row.versions.last())
                .map(|v| v.stamp.raw.clone())
                .unwrap_or_default(),
            ruling: Ruling::new(Act::Kill, reason),
            url: row.and_then(|row| self.url(&row.placements)),
            copy_hash: None,
            transmission: None,
        })
    }

    /// A kill is complete when every output has confirmed it; the confirmations are recorded with the next batch.
    fn file(&mut self, receipts: Vec<Receipt>) {
        let now = self.room.clock.now();
        for receipt in receipts {
            let fact = Fact::Receipt {
                key: receipt.key,
                outlet: receipt.outlet,
                what: "kill".to_owned(),
                ok: !receipt.shows,
                detail: String::new(),
            };
            self.batch.push(Work::of(Entry::new(now, fact)));
        }
    }

    /// Commits what is left; recovery calls it before the doors open.
    pub(crate) fn finish(&mut self) -> Result<(), StoreError> {
        self.commit()
    }

    /// Kills of the kill file that the journal does not hold yet: whoever ordered them still did.
    pub(crate) fn replay_kill(&mut self, key: &ItemKey, by: &str, reason: &str) -> Result<(), StoreError> {
        self.close(key)?;
        if by.starts_with("operator ") {
            return self.kill(key, reason, by).map(drop);
        }
        let row = self.room.store.story(key)?;
        let certain = self.room.clock.not_after();
        let decision = desk::fall(&decide::story_of(row.as_ref()), Relation::Kills, None, certain);
        self.shift(key.clone(), row, decision, by, None).map(drop)
    }
}

impl Work {
    fn of(entry: Entry) -> Self {
        Work { entry, key: None, placements: vec![], pages: vec![], killed: false, then: None }
    }
}

fn is_old(claimed: Option<Timestamp>, now: Timestamp) -> bool {
    claimed.is_some_and(|claimed| now.duration_since(claimed) > SignedDuration::from_hours(24))
}

/// The places with the times that these changes give them: the first publication stands for ever, an update is dated
/// when it goes live, and what changes nothing public changes no date.
fn dated(
    places: &[Placement],
    changes: &[Change],
    was_public: bool,
    published: Timestamp,
    now: Timestamp,
) -> Vec<Placement> {
    let goes_live = decide::live(changes).is_some();
    let mut placements = places.to_vec();
    for placement in &mut placements {
        if goes_live && !was_public {
            placement.published = published;
            placement.updated = published;
        } else if goes_live || was_public && decide::recalls(changes) {
            placement.updated = now;
        }
    }
    placements
}

/// Whether only space or a lock is lacking: what was tried can be tried again.
fn passes(error: &StoreError) -> bool {
    matches!(error, StoreError::Full { .. } | StoreError::Busy { .. })
}

/// Tells who asked why the store did not do it; only what ends the process comes back.
fn refuse(
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

/// Whether a person let the live version go.
fn is_released(row: &StoryRow) -> bool {
    let ItemStanding::Live(n) = row.standing else { return false };
    let by_hand = [desk::code::RELEASED, desk::code::RELEASED_AFTER_KILL];
    row.version(n).is_some_and(|live| by_hand.contains(&live.reason.as_str()))
}

/// Whether readers of a site ever had the item: only then does it have a leaf in that site's log. (Of a story with
/// very many leaves the row names the newest only.)
fn was_shown(row: &StoryRow, placement: &Placement) -> bool {
    const LEAVES_NAMED: usize = 64;
    row.leaf_on(&placement.site).is_some() || row.leaves.len() >= LEAVES_NAMED
}

/// The version that is public, or was last.
fn last_public(row: &StoryRow) -> Option<u32> {
    if let ItemStanding::Live(n) = row.standing {
        return Some(n);
    }
    let off = |v: &&VersionRow| matches!(v.standing, VersionStanding::Recalled | VersionStanding::Expired);
    row.versions.iter().rev().find(off).or(row.versions.last()).map(|v| v.n)
}

fn kills(changes: &[Change]) -> bool {
    changes.contains(&Change::Item(ItemStanding::Killed))
}

fn item_standing(change: &Change) -> Option<ItemStanding> {
    match change {
        Change::Item(standing) => Some(*standing),
        Change::Version(..) => None,
    }
}

fn last_feed(row: &StoryRow) -> Option<String> {
    row.versions.last().map(|version| version.feed.as_str().to_owned())
}

/// What goes to the vault: the words, and the salt and disclosure that open their commitment.
fn vaulted(key: &ItemKey, n: u32, version: &Version, ruled: &Ruled) -> Words {
    let mut disclosure = notary::Disclosure::default();
    for (name, value) in [
        ("copy", ruled.copy_hash.to_string()),
        ("roles", ruled.role_hash.to_string()),
        ("raw", ruled.raw_hash.to_string()),
        ("uri", key.uri.clone()),
        ("version", ruled.stamp.raw.clone()),
    ] {
        // What does not fit into a line (an absent version, a uri with control characters) is disclosed by its hash.
        if disclosure.push(name, &value).is_err() {
            let hashed =
                disclosure.push(&format!("{name}-sha256"), &Digest::of(value.as_bytes()).to_string());
            hashed.expect("a hash in hex is a word");
        }
    }
    Words {
        n,
        key: key.clone(),
        version: version.clone(),
        salt: chance::bytes(),
        disclosure: disclosure.encode(),
    }
}
