//! The desk's thread: everything that can change the record passes here, one thing after the other.
//!
//! Decisions are made in order and recorded in batches. A batch is committed when the tray is empty, when it is
//! full, when something urgent is in it, or when an item comes up a second time: the desk never decides on a
//! story whose last decision is not durable.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use desk::kill_text::{Candidate, Effect, classify, matching};
use desk::{Command, Decision};
use jiff::{SignedDuration, Timestamp};
use news::{
    Act, Change, Complaint, Digest, Gravity, ItemId, ItemKey, ItemStanding, Reason, Relation, ReviewState,
    Ruling, Version,
};
use store::{
    Archive as _, Archived, ComplaintRow, Entry, Fact, Index as _, Journal as _, LeafDraft, Moved, Placement,
    Ruled, StoreError, StoryRow, Terms, Vault as _, VersionRow, Words,
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

/// One journal entry on its way, and what follows once it is durable.
struct Work {
    entry: Entry,
    key: Option<ItemKey>,
    placements: Vec<Placement>,
    pages: Vec<Pressed>,
    killed: bool,
    then: Option<Box<dyn FnOnce() + Send>>,
}

/// The desk.
pub(crate) struct Desk {
    room: Arc<Room>,
    batch: Vec<Work>,
    open: HashSet<ItemKey>,
    next_due: Option<Timestamp>,
}

impl Desk {
    pub(crate) fn new(room: Arc<Room>) -> Result<Self, StoreError> {
        let next_due = room.store.next_due()?;
        Ok(Self { room, batch: Vec::new(), open: HashSet::new(), next_due })
    }

    /// Works until told to stop or until the store fails; a failed store ends the process (it is never retried:
    /// after an fsync error nobody knows what the disk holds).
    pub(crate) fn run(mut self) {
        loop {
            let stop = match self.turn() {
                Ok(stop) => stop,
                Err(error) => {
                    self.room.fail(&error);
                    true
                }
            };
            if stop {
                return;
            }
        }
    }

    fn turn(&mut self) -> Result<bool, StoreError> {
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
            return self.orphan(&archived, reply);
        };
        let progress = room.store.progress(archived.id())?;
        let hints = feed.hints(&room.config);
        let Reading { archived, reading } = read::read(archived, &hints);
        let mut outcomes = Vec::new();
        for (no, version) in (0u32..).zip(&reading.items).skip(progress as usize) {
            outcomes.push(self.rule(feed, &archived, no, version)?);
            if (no + 1) % STRIDE == 0 {
                let fact = Fact::Progress { transmission: archived.id(), next_item: no + 1 };
                self.lay(Work::of(Entry::new(room.clock.now(), fact)))?;
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
        let mut work = Work::of(Entry::new(room.clock.now(), fact));
        if let Some(reply) = reply {
            work.then = Some(Box::new(move || {
                let _ = reply.send(outcomes);
            }));
        }
        self.lay(work)
    }

    /// A transmission of a feed that is no longer configured: it stays archived, and the operator sees it.
    fn orphan(
        &mut self,
        archived: &Archived,
        reply: Option<oneshot::Sender<Vec<Outcome>>>,
    ) -> Result<(), StoreError> {
        let message =
            format!("no feed `{}` is configured any more; add it again and use `reread`", archived.feed());
        let complaint = Complaint::new(Gravity::Lost, "feed-unknown", message);
        let fact = Fact::Read {
            transmission: archived.id(),
            format: None,
            items: 0,
            complaints: vec![ComplaintRow::from(&complaint)],
        };
        let mut work = Work::of(Entry::new(self.room.clock.now(), fact));
        if let Some(reply) = reply {
            work.then = Some(Box::new(move || drop(reply.send(vec![]))));
        }
        self.lay(work)
    }

    /// Steps 4 and 5 for one version.
    fn rule(
        &mut self,
        feed: &Feed,
        archived: &Archived,
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
        let policy = decide::policy(&room.config, feed, archived, room.hold_all());
        let decision = desk::decide(&decide::story_of(row.as_ref()), version, &policy, now);
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
        let leaves = self.leaves(
            &decision,
            row.as_ref(),
            &placements,
            Some(feed),
            words.as_ref(),
            Some(archived.arrived()),
        );
        let killed = kills(&decision.changes);
        if decide::recalls(&decision.changes) {
            self.withdraw(&key, &decision, &placements, feed.id().as_str())?;
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
        let decision = desk::fall(&decide::story_of(row.as_ref()), relation, when, self.room.clock.now());
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
                let now = self.room.clock.now();
                match desk::operate(&decide::story_of(row.as_ref()), &command, now) {
                    Err(refusal) => Err(CommandError::Refused(refusal.to_string())),
                    Ok(decision) => {
                        let reason = match &command {
                            Command::Kill { reason } => Some(reason.clone()),
                            _ => None,
                        };
                        Ok(vec![self.shift(key, row, decision, &format!("operator {by}"), reason)?])
                    }
                }
            }
            Order::Rebuild => {
                self.commit()?;
                self.room.store.rebuild()?;
                self.room.public.forget_all();
                Ok(vec![])
            }
        };
        self.commit()?;
        let _ = reply.send(answer);
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
        for key in self.room.store.due(now, 4 * BATCH)? {
            let row = self.room.store.story(&key)?;
            let story = decide::story_of(row.as_ref());
            let tick = if self.room.hold_all() { desk::tick_on_hold } else { desk::tick };
            if let Some(decision) = tick(&story, now) {
                self.shift(key, row, decision, "clock", None)?;
            }
        }
        self.commit()?;
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
            Some(n) => room.store.words(&key, n)?,
            None => None,
        };
        let version = words.as_ref().map(|words| &words.version);
        let stood = row.as_ref().and_then(|row| row.versions.iter().find(|v| Some(v.n) == goes_live));
        let own_time = stood.is_some_and(|v| v.reasons.iter().any(|reason| reason.code == "backlog"));
        let published = decide::published(own_time, version.and_then(Version::claimed_time), now);
        let places = self.place(&key, None, row.as_ref(), published, version);
        let was_public = row.as_ref().is_some_and(|row| row.was_public);
        let placements = dated(&places, &decision.changes, was_public, published, now);
        let (decision, pages) = self.press(&key, row.clone(), decision, None, &placements, version, now)?;
        let placements = dated(&places, &decision.changes, was_public, published, now);
        let killed = kills(&decision.changes);
        let leaves = self.leaves(&decision, row.as_ref(), &placements, None, words.as_ref(), None);
        let moved = Moved {
            key: key.clone(),
            changes: decision.changes.clone(),
            ruling: decision.ruling.clone(),
            by: by.to_owned(),
            placements: placements.clone(),
            killed_reason: if killed { reason } else { None },
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
            self.withdraw(&key, &decision, &placements, by)?;
        }
        if decision.changes.is_empty() && !decision.ruling.alarm && by == "clock" {
            return Ok(outcome);
        }
        tracing::info!(uri = %key.uri, by, ruling = decision.ruling.act.as_str(), "moved");
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
            let reason = Reason::new("words-missing", "the vault no longer holds the words of this version");
            let ruling = Ruling { alarm: true, ..Ruling::new(Act::Hold, reason) };
            return Ok((Decision { ruling, n: decision.n, changes: vec![], terms: None }, vec![]));
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
        let act = match (live, decide::recalls(&decision.changes)) {
            (Some(_), _) if !was_public => "publish",
            (Some(_), _) => "update",
            (None, true) if was_public => match decision.changes.iter().rev().find_map(item_standing) {
                Some(ItemStanding::Killed) => "kill",
                Some(ItemStanding::Expired) => "expire",
                _ => "withhold",
            },
            _ => return vec![],
        };
        let reason = decision.ruling.reasons.first().map(|reason| reason.code.to_owned());
        let draft = |placement: &Placement| LeafDraft {
            site: placement.site.clone(),
            item: placement.id,
            act: act.to_owned(),
            version: live.or(row.and_then(|row| row.versions.last()).map(|v| v.n)).unwrap_or(0),
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
        };
        placements.iter().map(draft).collect()
    }

    /// The fast lane's first half: deny in memory, then the kill file. The journal follows with the batch.
    fn withdraw(
        &mut self,
        key: &ItemKey,
        decision: &Decision,
        placements: &[Placement],
        by: &str,
    ) -> Result<(), StoreError> {
        kill::deny(&self.room, placements);
        if kills(&decision.changes) {
            let reason = decision.ruling.reasons.first().map_or("", |reason| reason.code);
            kill::remember(&self.room, key, placements, by, reason)?;
        }
        Ok(())
    }

    fn url(&self, placements: &[Placement]) -> Option<String> {
        let first = placements.first()?;
        Some(story_url(self.room.config.site(&first.site)?.base_url(), first.id))
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
        self.open.clear();
        let mut entries = Vec::with_capacity(self.batch.len());
        let mut rest = Vec::with_capacity(self.batch.len());
        for Work { entry, key, placements, pages, killed, then } in self.batch.drain(..) {
            entries.push(entry);
            rest.push((key, placements, pages, killed, then));
        }
        let committed = self.room.store.record(entries)?;
        let mut any_kill = false;
        for (committed, (key, placements, pages, killed, then)) in committed.into_iter().zip(rest) {
            any_kill |= killed;
            let receipts =
                deliver::deliver(&self.room, Recorded { committed, pages }, key.as_ref(), &placements);
            if killed {
                self.file(receipts);
            }
            if let Some(then) = then {
                then();
            }
        }
        if any_kill {
            kill::settle(&self.room)?;
        }
        self.next_due = self.room.store.next_due()?;
        Ok(())
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

    /// Kills of the kill file that the journal does not hold yet.
    pub(crate) fn replay_kill(&mut self, key: &ItemKey, by: &str, reason: &str) -> Result<(), StoreError> {
        let row = self.room.store.story(key)?;
        let command = Command::Kill { reason: reason.to_owned() };
        if let Ok(decision) = desk::operate(&decide::story_of(row.as_ref()), &command, self.room.clock.now())
        {
            self.shift(key.clone(), row, decision, by, Some(reason.to_owned()))?;
        }
        Ok(())
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
