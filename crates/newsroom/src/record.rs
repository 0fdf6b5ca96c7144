//! Step 6: what was decided becomes the record. The commit point is [`Desk::commit`].

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use desk::{Command, Decision};
use jiff::Timestamp;
use news::{
    Change, Complaint, Digest, Gravity, ItemKey, ItemStanding, ReviewState, Version, VersionStanding,
};
use store::{
    Archive as _, Archived, Committed, ComplaintRow, Entry, Fact, Index as _, LeafDraft, Placement, Prepared,
    Ruled, StoreError, StoryRow, VersionRow, Words,
};
use tokio::sync::oneshot;

use crate::clock::Stretch;
use crate::config::Feed;
use crate::decide::{Draft, Proof};
use crate::kill::Owed;
use crate::main_loop::{Desk, Event, passes};
use crate::notary::opening;
use crate::press::{Copydesk, Pressed};
use crate::steps::{Outcome, Recorded};
use crate::{CommandError, Order, Room, chance, decide, deliver, kill};

/// How much lies on the table at most. A batch is as long, or a little longer.
pub(crate) const BATCH: usize = 128;
/// How long the desk waits before it tries again to record what the store has no space for.
const PAUSE: Duration = Duration::from_secs(1);

/// What lay on the table, while its drafts are with the hands.
enum Laid {
    Version(ItemKey, u32, Arc<Sheet>),
    Work(Box<Work>),
    End(Arc<Sheet>),
}

/// One journal entry on its way, and what follows once it is durable.
pub(crate) struct Work {
    pub(crate) entry: Prepared,
    pub(crate) key: Option<ItemKey>,
    pub(crate) placements: Vec<Placement>,
    pub(crate) pages: Vec<Pressed>,
    /// Where the item stands, if with this it goes from all outputs.
    pub(crate) gone: Option<ItemStanding>,
    /// When what this follows was here, if it was before the record of it.
    pub(crate) since: Option<Timestamp>,
    pub(crate) then: Option<Box<dyn FnOnce() + Send>>,
}

/// What lies on the desk between a decision and the batch, in the order in which it came.
pub(crate) enum Piece {
    /// A version that waits for its page: which of its transmission.
    Draft(Box<Draft>, u32, Arc<Sheet>),
    /// Nothing is left to do but to record it.
    Work(Box<Work>),
    /// Every version of a transmission is decided.
    End(Arc<Sheet>),
}

/// What is kept of a transmission until all of it is laid into the batch.
pub(crate) struct Sheet {
    pub(crate) archived: Archived,
    pub(crate) format: Option<String>,
    pub(crate) items: u32,
    pub(crate) told: Mutex<Told>,
}

/// What its sender and the operator are to be told.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) complaints: Vec<Complaint>,
    pub(crate) reply: Option<oneshot::Sender<Vec<Outcome>>>,
}

impl Sheet {
    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// Lays what is ready behind everything that was decided before it.
    pub(crate) fn lay(&mut self, work: Work) -> Result<(), StoreError> {
        self.open.extend(work.key.clone());
        if self.table.is_empty() {
            self.batch.push(work);
            return if self.batch.len() >= BATCH { self.commit() } else { Ok(()) };
        }
        self.put(Piece::Work(Box::new(work)))
    }

    /// Puts something on the table; a full table is cleared.
    pub(crate) fn put(&mut self, piece: Piece) -> Result<(), StoreError> {
        if let Piece::Draft(draft, ..) = &piece {
            self.open.insert(draft.key.clone());
        }
        self.table.push(piece);
        if self.table.len() >= BATCH { self.clear() } else { Ok(()) }
    }

    /// Step 5 for all that lies on the table, by all hands, while the batch before it is committed; then it is the
    /// batch, in the order in which it was decided.
    pub(crate) fn clear(&mut self) -> Result<(), StoreError> {
        let (mut drafts, mut rest) = (Vec::new(), Vec::new());
        for piece in std::mem::take(&mut self.table) {
            match piece {
                Piece::Draft(draft, no, sheet) => {
                    let key = draft.key.clone();
                    drafts.push(draft);
                    rest.push(Laid::Version(key, no, sheet));
                }
                Piece::Work(work) => rest.push(Laid::Work(work)),
                Piece::End(sheet) => rest.push(Laid::End(sheet)),
            }
        }
        let (hands, room) = (Arc::clone(&self.hands), Arc::clone(&self.room));
        let full = self.batch.len() + rest.len() > BATCH;
        let (proofs, committed) = hands.each(
            drafts,
            move |draft| draft.press(&room),
            || if full { self.commit_batch() } else { Ok(()) },
        );
        committed?;
        let (mut proofs, mut now) = (proofs.into_iter(), false);
        for laid in rest {
            match laid {
                Laid::Version(key, no, sheet) => {
                    now |= self.take_proof(&key, no, &sheet, proofs.next().flatten())?;
                }
                Laid::Work(work) => self.batch.push(*work),
                Laid::End(sheet) => self.end(&sheet)?,
            }
        }
        self.open.extend(self.batch.iter().filter_map(|work| work.key.clone()));
        if now { self.commit_batch() } else { Ok(()) }
    }

    /// A pressed version goes into the batch. Returns whether it must be recorded at once.
    fn take_proof(
        &mut self,
        key: &ItemKey,
        no: u32,
        sheet: &Sheet,
        pressed: Option<Result<Proof, StoreError>>,
    ) -> Result<bool, StoreError> {
        let Proof { decision, outcome, feed, work } = match pressed {
            Some(Ok(proof)) => proof,
            Some(Err(error @ StoreError::Refused { .. })) => {
                let told = self.unrecordable(Some(key), &error);
                self.batch.push(Work::of(told)?);
                return Ok(false);
            }
            Some(Err(error)) if !error.is_damage() => return Err(error),
            // One item must not stop all others, nor the process over and over: its bytes are archived.
            failed => {
                let error = failed.and_then(Result::err);
                let complaint = self.undecided(sheet.archived.feed(), no, &key.uri, error);
                sheet.told().complaints.push(complaint);
                return Ok(false);
            }
        };
        self.announce(&outcome, &feed);
        if decide::recalls(&decision.changes) {
            self.withdraw(key, &decision, &work.placements, feed.as_str(), None)?;
        }
        let now = work.gone == Some(ItemStanding::Killed) || decision.ruling.recall;
        self.batch.push(work);
        sheet.told().outcomes.push(outcome);
        Ok(now)
    }

    /// All versions of a transmission are in the batch: so is that it was read, with what could not be.
    fn end(&mut self, sheet: &Sheet) -> Result<(), StoreError> {
        let Told { outcomes, complaints, reply } = std::mem::take(&mut *sheet.told());
        let (archived, room) = (&sheet.archived, &self.room);
        for complaint in &complaints {
            tracing::warn!(feed = %archived.feed(), origin = archived.door().origin(), "{complaint}");
            room.health.complaint(archived.feed(), complaint);
        }
        let fact = Fact::Read {
            transmission: archived.id(),
            format: sheet.format.clone(),
            items: sheet.items,
            complaints: complaints.iter().map(ComplaintRow::from).collect(),
        };
        if room.config.archive_for(archived.feed()).is_some_and(|keep| keep.is_zero()) {
            self.to_drop.insert(archived.feed().clone());
        }
        let mut work = Work::of(Entry::new(room.clock.now(), fact))?;
        work.then = reply.map(|reply| -> Box<dyn FnOnce() + Send> {
            Box::new(move || {
                let _ = reply.send(outcomes);
            })
        });
        self.batch.push(work);
        Ok(())
    }

    /// Everything that was decided is recorded: step 5 for what lies on the table, and step 6.
    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        if !self.table.is_empty() {
            self.clear()?;
        }
        self.commit_batch()
    }

    /// Step 6, the commit point, and step 7. Before `record` returns nothing of this batch is public; after it,
    /// a crash loses nothing: what follows is derived and done again from the record.
    fn commit_batch(&mut self) -> Result<(), StoreError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.save_lookout()?;
        let committed = self.record()?;
        self.open.clear();
        let mut killed_keys = HashSet::new();
        let changed: Vec<ItemKey> = self.batch.iter().filter_map(|work| work.key.clone()).collect();
        // What names one of these beside its own words is out of date with it.
        for id in self.room.store.around(&changed)? {
            self.room.public.touch(id);
        }
        for (committed, work) in committed.into_iter().zip(std::mem::take(&mut self.batch)) {
            let Work { entry, key, placements, pages, gone, since, then } = work;
            let killed = gone == Some(ItemStanding::Killed);
            if let (Some(key), Some(_), true) = (&key, &committed, killed) {
                self.doomed.remove(key);
                killed_keys.insert(key.clone());
            }
            if let Some(committed) = committed {
                let at = committed.at;
                let doomed = key.as_ref().is_some_and(|key| self.doomed.contains(key));
                let recorded = Recorded { committed, pages };
                deliver::deliver(&self.room, &recorded, key.as_ref(), &placements, doomed);
                self.room.outlets.follow(&self.room, recorded.committed(), entry.fact(), since);
                if let (Some(key), Some(standing)) = (&key, gone) {
                    self.room.receipts.went(key, &placements, standing, since.unwrap_or(at));
                }
            }
            if let Some(then) = then {
                then();
            }
        }
        if !killed_keys.is_empty() {
            kill::settle_these(&self.room, &killed_keys)?;
        }
        self.drop_bytes()?;
        self.meet_fates()?;
        self.next_due = self.room.store.next_due()?;
        Ok(())
    }

    /// What was read and may not be kept is forgotten at once; without space for that, with a later batch.
    fn drop_bytes(&mut self) -> Result<(), StoreError> {
        for feed in std::mem::take(&mut self.to_drop) {
            match self.room.store.purge(&feed, Timestamp::MAX) {
                Err(error) if passes(&error) => drop(self.to_drop.insert(feed)),
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Records the batch as one. While the store has no space for it, it is kept and tried again: in order, and
    /// losing nothing; the doors refuse meanwhile, and kills are taken. None for what the store refuses for good.
    pub(crate) fn record(&mut self) -> Result<Vec<Option<Committed>>, StoreError> {
        for work in
            self.batch.iter().filter(|work| work.key.as_ref().is_some_and(|key| self.doomed.contains(key)))
        {
            kill::deny(&self.room, &work.placements);
        }
        loop {
            let entries: Vec<&Prepared> = self.batch.iter().map(|work| &work.entry).collect();
            let recorded = self.note_fates().and_then(|()| self.room.record(&entries));
            let error = match recorded {
                Ok(committed) => {
                    // Space alone does not make it ready: first it does what it had put off.
                    if self.behind.is_none() {
                        self.room.set_stalled(None);
                    }
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
    pub(crate) fn record_singly(&mut self, error: &StoreError) -> Result<Vec<Option<Committed>>, StoreError> {
        if let [work] = self.batch.as_slice() {
            let told = self.unrecordable(work.key.as_ref(), error);
            self.room.record(&[&told.prepare()?])?;
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

    /// The note in the place of what the record refuses for good.
    fn unrecordable(&self, key: Option<&ItemKey>, error: &StoreError) -> Entry {
        let about = key.map_or_else(String::new, |key| format!("{}: ", key.uri));
        let what = format!("{about}what was decided could not be recorded: {error}");
        tracing::error!("{what}");
        let now = self.room.clock.now();
        self.room.health.alarm(now, what.clone());
        Entry::new(now, Fact::Note { what, gravity: Gravity::Lost })
    }

    /// Waits a moment for space. Kills hold meanwhile, in memory and in the kill file, and are answered; everything
    /// else that is ordered is refused for the time being.
    ///
    /// # Errors
    /// The newsroom is told to stop: what is not recorded is unread and comes again.
    pub(crate) fn stall(&mut self, error: &StoreError) -> Result<(), StoreError> {
        self.room.set_stalled(Some(error));
        let full = || StoreError::Full { doing: "recording in the journal".to_owned() };
        for at in 0..self.owed.len() {
            let Some(reply) = self.owed.get_mut(at).and_then(|owed| owed.reply.take()) else { continue };
            let Some(owed) = self.owed.get(at) else { continue };
            let _ = reply.send(Ok(vec![self.foretold(owed)?]));
        }
        let pause = Stretch::of(PAUSE);
        while let Some(left) = pause.left() {
            #[cfg(feature = "rehearsal")]
            let left = if self.room.clock.hand().is_some() { Duration::ZERO } else { left };
            match self.room.tray.wait_urgent(left) {
                Some(Event::Order(Order::Item { key, command: Command::Kill { reason }, by }, reply)) => {
                    let owed = Owed { key, reason, by: format!("operator {by}"), reply: None };
                    self.kill_now(&owed.key, &owed.by, &owed.reason)?;
                    let _ = reply.send(Ok(vec![self.foretold(&owed)?]));
                    self.owed.push_back(owed);
                }
                Some(Event::Foretold(keys, feed)) => self.foresee(&keys, &feed)?,
                Some(Event::Withdrawn(keys, feed)) => self.owe(keys, &feed)?,
                // What it means to hold cannot be recorded; its turn comes.
                Some(Event::Notice(..)) => drop(self.room.notices.fetch_sub(1, Ordering::SeqCst)),
                Some(Event::Order(_, reply)) => {
                    let _ = reply.send(Err(CommandError::Store(full())));
                }
                Some(other) => {
                    self.room.tray.put_urgent(other);
                    return Err(full());
                }
                #[cfg(feature = "rehearsal")]
                None if self.room.clock.hand().is_some() => break,
                None => {}
            }
        }
        #[cfg(feature = "rehearsal")]
        if let Some(hand) = self.room.clock.hand() {
            hand.passes(PAUSE);
        }
        Ok(())
    }

    /// Commits what is left; recovery calls it before the doors open.
    pub(crate) fn finish(&mut self) -> Result<(), StoreError> {
        self.commit()
    }
}

impl Room {
    /// One leaf per public act and site.
    pub(crate) fn leaves(
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
        let revised = decision.ruling.reasons.first().and_then(|reason| state_of(reason.code));
        let known = live.and_then(|n| row.and_then(|row| row.version(n))).map(|version| version.review);
        let review = revised.or(known).unwrap_or(ReviewState::Unreviewed);
        let draft = |placement: &Placement| {
            let shown_here = was_public && row.is_some_and(|row| was_shown(row, placement));
            let act = match (live, decision.changes.iter().rev().find_map(item_standing)) {
                (Some(_), _) if shown_here && revised == Some(ReviewState::Reviewed) => "review",
                (Some(_), _) if shown_here && revised.is_some() => "edit",
                (Some(_), _) if shown_here => "update",
                (Some(_), _) => "publish",
                (None, _) if !shown_here => return None,
                (None, Some(ItemStanding::Killed)) => "kill",
                (None, Some(ItemStanding::Expired)) => "expire",
                (None, _) => "withhold",
            };
            if live.is_some() && self.config.site(&placement.site).is_none() {
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
                review: review.as_str().to_owned(),
                label: live.map(|_| placement.label),
                reason: if live.is_some() { None } else { reason.clone() },
                commit: live.and(words).map(|words| {
                    let (salt, disclosure) = opening(words);
                    Digest(notary::commit(&salt, &disclosure))
                }),
            })
        };
        placements.iter().filter_map(draft).collect()
    }

    /// A delivery that makes nothing live cannot put a story on a further site, unless it delivers, on a feed of that
    /// site, the very version that is live: that is a publication there, through the gate and with a leaf of its own.
    pub(crate) fn join(
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
        let copydesk = Copydesk { config: &self.config };
        placements.retain(|placement| {
            let page =
                is_new(placement).then(|| copydesk.story(row, placement, n, &words.version, key)).flatten();
            let Some((face, story)) = page else { return !is_new(placement) };
            self.press.story(&face, &story).map_err(|refusal| self.refused(key, placement, &refusal)).is_ok()
        });
        let added: Vec<Placement> =
            placements.iter().filter(|placement| is_new(placement)).cloned().collect();
        let goes_live = Decision { changes: vec![Change::Item(ItemStanding::Live(n))], ..decision.clone() };
        Ok(self.leaves(&goes_live, Some(row), &added, Some(feed), Some(&words), None))
    }
}

impl Work {
    /// # Errors
    /// The entry can never be recorded.
    pub(crate) fn of(entry: Entry) -> Result<Self, StoreError> {
        let entry = entry.prepare()?;
        Ok(Work { entry, key: None, placements: vec![], pages: vec![], gone: None, since: None, then: None })
    }
}

/// The review state that a person's ruling gives.
fn state_of(code: &str) -> Option<ReviewState> {
    match code {
        desk::code::REVIEWED => Some(ReviewState::Reviewed),
        desk::code::EDITED => Some(ReviewState::Edited),
        desk::code::ALTERED => Some(ReviewState::Altered),
        _ => None,
    }
}

/// Whether readers of a site ever had the item: only then does it have a leaf in that site's log. (Of a story with
/// very many leaves the row names the newest only.)
pub(crate) fn was_shown(row: &StoryRow, placement: &Placement) -> bool {
    const LEAVES_NAMED: usize = 64;
    row.leaf_on(&placement.site).is_some() || row.leaves.len() >= LEAVES_NAMED
}

/// The version that is public, or was last.
pub(crate) fn last_public(row: &StoryRow) -> Option<u32> {
    if let ItemStanding::Live(n) = row.standing {
        return Some(n);
    }
    let off = |v: &&VersionRow| matches!(v.standing, VersionStanding::Recalled | VersionStanding::Expired);
    row.versions.iter().rev().find(off).or(row.versions.last()).map(|v| v.n)
}

/// Where these changes leave an item that goes from all outputs with them; of what was never public only a kill is told.
pub(crate) fn gone(changes: &[Change], was_public: bool) -> Option<ItemStanding> {
    let standing = changes.iter().rev().find_map(|change| match change {
        Change::Item(standing) => Some(*standing),
        Change::Version(..) => None,
    });
    standing.filter(|standing| match standing {
        ItemStanding::Killed => true,
        ItemStanding::Withheld | ItemStanding::Expired => was_public,
        ItemStanding::Live(_) | ItemStanding::Unpublished => false,
    })
}

pub(crate) fn kills(changes: &[Change]) -> bool {
    changes.contains(&Change::Item(ItemStanding::Killed))
}

pub(crate) fn item_standing(change: &Change) -> Option<ItemStanding> {
    match change {
        Change::Item(standing) => Some(*standing),
        Change::Version(..) => None,
    }
}

pub(crate) fn last_feed(row: &StoryRow) -> Option<String> {
    row.versions.last().map(|version| version.feed.as_str().to_owned())
}

/// What goes to the vault: the words, and the salt and disclosure that open their commitment.
pub(crate) fn vaulted(key: &ItemKey, n: u32, version: Version, ruled: &Ruled) -> Words {
    let mut disclosure = notary::Disclosure::default();
    let salt = chance::bytes();
    let blocks = version.copy.blocks().iter().map(|block| (block.kind().as_str(), block.text()));
    let paragraphs = notary::Paragraphs::of(&notary::Secret(salt), blocks).line();
    let relaxed = Digest(notary::relaxed_hash(&version.copy.canonical()));
    for (name, value) in [
        ("copy", ruled.copy_hash.to_string()),
        ("relaxed", relaxed.to_string()),
        ("roles", ruled.role_hash.to_string()),
        ("paragraphs", paragraphs),
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
    Words { n, key: key.clone(), version, salt, disclosure: disclosure.encode() }
}
