//! What becomes of what is kept of an item that is gone. An erasing kill destroys its words wherever they are; where the
//! contract says so, the end of a licence does the same; and what was delivered of a killed item is sealed where the contract
//! demands that it can be shown later on ([`seal`]). The record itself takes off what is public, and a kill empties the vault;
//! this does the rest: the vault, the archive, what the safety rules remember, and copies made before a migration.
//!
//! What is to be done is written down before the record makes it due, and stays written down until it is done: a crash in
//! between is made good at the next start. What an agency sends again of an item that an operator erased is erased again
//! within the hour; of the others, each delivery writes it down anew.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use jiff::Timestamp;
use news::{AgencyId, Change, FeedId, ItemKey, ItemStanding, TransmissionId, Version, VersionStanding};
use store::{
    Archive as _, Archived, Index as _, Remembered, RuleMemory as _, StoreError, StoryRow, Vault as _,
};

use crate::config::Config;
use crate::main_loop::{Desk, passes};
use crate::{Command, CommandError, Newsroom, Order, Room, read, seal};

/// Transmissions that are looked through at once.
const HANDFUL: usize = 64;
/// How many transmissions of one item are looked up.
const DELIVERIES: usize = 10_000;
/// Words shorter than this, in bytes, are found in any text.
const SHORTEST: usize = 12;
/// How often it is asked whether something waits to be done.
const GLANCE: Duration = Duration::from_millis(500);

/// How many versions leave the index of the search between two glances.
const SWEPT: u64 = 8;
/// How many wait for that before any leaves it while much is recorded.
const MANY: u64 = 2_000;
/// More entries in the record between two glances are much.
const BUSY: u64 = 20;
/// How often the write-ahead log is emptied while much is recorded: at one of so many glances.
const PUT_OFF: u32 = 10;
/// How often it is tried at one glance, and how long after each time the next.
const TRIES: u32 = 8;
const PAUSE: Duration = Duration::from_millis(20);

/// What is to become of what is kept of an item that is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its words are destroyed: an operator ordered it.
    Erased,
    /// Its words are destroyed: its licence has ended.
    Expired,
    /// What was delivered of it is sealed: it was killed, and must be kept all the same.
    Sealed,
}

impl Fate {
    const ALL: [Self; 3] = [Self::Erased, Self::Expired, Self::Sealed];

    /// What the rows begin with that say so.
    fn word(self) -> &'static str {
        match self {
            Self::Erased => "erase ",
            Self::Expired => "erase-expired ",
            Self::Sealed => "seal ",
        }
    }

    /// What the contracts demand for an item that comes, or came, on these feeds, when these changes come about.
    fn of(
        config: &Config,
        key: &ItemKey,
        row: Option<&StoryRow>,
        feed: Option<&FeedId>,
        changes: &[Change],
    ) -> Option<Self> {
        let standing = changes.iter().rev().find_map(crate::record::item_standing);
        let standing = standing.or(row.map(|row| row.standing));
        let killed = standing == Some(ItemStanding::Killed);
        let ended = |change: &Change| matches!(change, Change::Version(_, VersionStanding::Expired));
        let expired = standing == Some(ItemStanding::Expired) || changes.iter().any(ended);
        if !killed && !expired {
            return None;
        }
        let contract = config.contract(&key.agency, row.iter().flat_map(|row| &row.feeds).chain(feed));
        match killed {
            true => contract.legal_hold.map(|_| Self::Sealed),
            false => contract.erase_at_expiry.then_some(Self::Expired),
        }
    }
}

/// An item and its fate; and for an erasing kill, up to where the archive has been looked through.
struct Fated {
    fate: Fate,
    key: ItemKey,
    by: String,
    up_to: u64,
}

impl Fated {
    fn name(&self) -> String {
        format!("{}{}\n{}", self.fate.word(), self.key.agency, self.key.uri)
    }

    fn row(&self, at: Timestamp) -> Remembered {
        Remembered { name: self.name(), at, bytes: format!("{}\n{}", self.up_to, self.by).into_bytes() }
    }

    fn of(row: &Remembered) -> Option<Self> {
        let word = |fate: Fate| row.name.strip_prefix(fate.word()).map(|rest| (fate, rest));
        let (fate, rest) = Fate::ALL.into_iter().find_map(word)?;
        let (agency, uri) = rest.split_once('\n')?;
        let text = String::from_utf8(row.bytes.clone()).ok()?;
        let (up_to, by) = text.split_once('\n')?;
        let key = ItemKey { agency: AgencyId::from(agency), uri: uri.to_owned() };
        Some(Self { fate, key, by: by.to_owned(), up_to: up_to.parse().ok()? })
    }
}

fn all(room: &Room) -> Result<Vec<Fated>, StoreError> {
    Ok(room.store.remembered()?.iter().filter_map(Fated::of).collect())
}

impl Newsroom {
    /// Kills an item and destroys its words wherever they are kept, sealed ones included.
    ///
    /// # Errors
    /// The kill is refused, or the store fails; what was begun is gone on with at the next start.
    pub async fn erase(
        &self,
        key: ItemKey,
        reason: String,
        by: String,
    ) -> Result<Vec<crate::Outcome>, CommandError> {
        let noted = Fated { fate: Fate::Erased, key: key.clone(), by: by.clone(), up_to: 0 };
        self.room.store.remember(&[noted.row(self.room.clock.now())])?;
        let order = Order::Item { key: key.clone(), command: Command::Kill { reason }, by };
        let outcomes = match self.order(order).await {
            // It was killed before.
            Err(CommandError::Refused(_)) if is_killed(&self.room, &key)? => vec![],
            other => other?,
        };
        self.order(Order::Forget { key }).await?;
        let room = Arc::clone(&self.room);
        let done = tokio::task::spawn_blocking(move || carry_out(&room)).await;
        done.map_err(|_| CommandError::Stopping)??;
        Ok(outcomes)
    }

    /// Erases what came since of items that were erased.
    pub(crate) fn erase_again(&self) {
        if let Err(error) = carry_out(&self.room) {
            tracing::error!("erasing what came again of erased items: {error}");
        }
    }
}

fn is_killed(room: &Room, key: &ItemKey) -> Result<bool, StoreError> {
    Ok(room.store.story(key)?.is_some_and(|row| row.standing == ItemStanding::Killed))
}

/// Carries out what becomes due, away from the desk, for as long as the newsroom is there.
pub(crate) fn keep_on(room: &Weak<Room>) {
    let (mut recorded, mut put_off) = (0, 0);
    loop {
        std::thread::sleep(GLANCE);
        let Some(room) = room.upgrade() else { return };
        if room.fates_due.swap(false, Ordering::SeqCst)
            && let Err(error) = carry_out(&room)
        {
            tracing::error!("destroying or sealing what is kept of items that are gone: {error}");
        }
        match sweep(&room, &mut recorded, &mut put_off) {
            Err(error) if error.is_fatal() => return room.fail(&error.to_string()),
            // Space or a file handle is lacking, or a damaged index has to be derived again: it is tried again.
            Err(error) => tracing::warn!("destroying what is kept of items that are gone: {error}"),
            Ok(()) => {}
        }
    }
}

/// Takes words out of the search that it finds no more, and empties the write-ahead log of what was destroyed. Both take
/// the store's one writer for as long as some hundred arrivals do, and nobody waits for them (what is to be destroyed at
/// once is, by [`carry_out`]): while much is recorded, they are put off.
///
/// `recorded` is how much the record held at the last glance, `put_off` at how many the log was not emptied since.
pub(crate) fn sweep(room: &Room, recorded: &mut u64, put_off: &mut u32) -> Result<(), StoreError> {
    let before = std::mem::replace(recorded, room.store.last_seq()?);
    let busy = *recorded - before > BUSY;
    let left = room.store.to_sweep()?;
    let now = match busy {
        true if left < MANY => 0,
        true => 1,
        false => SWEPT,
    };
    for _ in 0..left.min(now) {
        room.store.sweep()?;
    }
    *put_off += 1;
    if busy && *put_off < PUT_OFF && !room.store.log_is_long() {
        return Ok(());
    }
    // Readers stand in the way for milliseconds at a time.
    for _ in 0..TRIES {
        if room.store.finish_erasing()? {
            *put_off = 0;
            break;
        }
        std::thread::sleep(PAUSE);
    }
    Ok(())
}

impl Desk {
    /// A decision on an item that may be its end, and what follows from that for what is kept of it.
    pub(crate) fn foresee_fate(
        &mut self,
        key: &ItemKey,
        row: Option<&StoryRow>,
        feed: Option<&FeedId>,
        changes: &[Change],
    ) {
        if let Some(fate) = Fate::of(&self.room.config, key, row, feed, changes) {
            self.fated.push((key.clone(), fate));
        }
    }

    /// Writes down what follows from the batch, before the batch is durable.
    pub(crate) fn note_fates(&self) -> Result<(), StoreError> {
        let now = self.room.clock.now();
        let rows = self
            .fated
            .iter()
            .map(|(key, fate)| Fated { fate: *fate, key: key.clone(), by: String::new(), up_to: 0 }.row(now));
        let rows: Vec<Remembered> = rows.collect();
        if rows.is_empty() { Ok(()) } else { self.room.store.remember(&rows) }
    }

    /// The batch is durable: what is kept of these items can go. The rules forget them at once, the rest follows.
    pub(crate) fn meet_fates(&mut self) -> Result<(), StoreError> {
        if self.fated.is_empty() {
            return Ok(());
        }
        let gone = self.fated.iter().filter(|(_, fate)| *fate != Fate::Sealed);
        let gone: Vec<ItemKey> = gone.map(|(key, _)| key.clone()).collect();
        match self.forget_words_of(&gone) {
            Err(error) if passes(&error) => return Ok(()),
            done => done?,
        }
        self.fated.clear();
        self.room.fates_due.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Takes up erasing and sealing where a crash left it.
    pub(crate) fn go_on_erasing(&mut self) -> Result<(), StoreError> {
        let room = Arc::clone(&self.room);
        let mut gone = Vec::new();
        for Fated { fate, key, by, .. } in all(&room)? {
            if fate == Fate::Erased && !is_killed(&room, &key)? {
                self.record_kill(&key, "erased", &format!("operator {by}"))?;
                self.finish()?;
            }
            if fate != Fate::Sealed {
                gone.push(key);
            }
        }
        if !gone.is_empty() {
            self.forget_words_of(&gone)?;
        }
        carry_out(&room)
    }
}

/// What came of one look at what is kept of an item.
#[derive(Default)]
struct Look {
    /// Something was destroyed.
    changed: bool,
    /// Nothing is left to do until the item comes again.
    done: bool,
}

/// Destroys and seals what is due, as far as it was not done before.
fn carry_out(room: &Room) -> Result<(), StoreError> {
    let _alone = room.fates.lock().unwrap_or_else(PoisonError::into_inner);
    let all = all(room)?;
    let ordered: HashSet<ItemKey> =
        all.iter().filter(|fated| fated.fate == Fate::Erased).map(|fated| fated.key.clone()).collect();
    let mut any = false;
    for mut fated in all {
        let Some(row) = room.store.story(&fated.key)? else { continue };
        let look = match fated.fate {
            Fate::Erased => erase(room, &row, &mut fated)?,
            // The kill, or the order, goes further.
            _ if ordered.contains(&fated.key) => Look { changed: false, done: true },
            Fate::Expired => erase_expired(room, &row)?,
            Fate::Sealed => seal_away(room, &row)?,
        };
        any |= look.changed;
        if look.done {
            room.store.forget_named(&fated.name())?;
        }
    }
    if any {
        room.store.erase_copies()?;
    }
    room.store.wipe_now()
}

/// An erasing kill, as far as the archive goes by now. It is never done: the agency may send the words again.
fn erase(room: &Room, row: &StoryRow, fated: &mut Fated) -> Result<Look, StoreError> {
    let mut look = Look::default();
    if row.standing != ItemStanding::Killed {
        return Ok(look);
    }
    look.changed |= room.store.erase_words(&fated.key, None)? > 0;
    look.changed |= room.store.shred_seal_key(&fated.key)?;
    let up_to = erase_in_archive(room, &fated.key, fated.up_to)?;
    if up_to > fated.up_to {
        look.changed = true;
        fated.up_to = up_to;
        room.store.remember(&[fated.row(room.clock.now())])?;
    }
    Ok(look)
}

/// The end of a licence. What waits for a person or an instant keeps its words, and as long as it does the archive its own;
/// what went live again meanwhile keeps all.
fn erase_expired(room: &Room, row: &StoryRow) -> Result<Look, StoreError> {
    let ended = row.standing == ItemStanding::Expired;
    let mut look = Look::default();
    let mut waits = false;
    for version in &row.versions {
        match version.standing {
            VersionStanding::Live | VersionStanding::Held | VersionStanding::Waiting(_) => waits = true,
            standing if ended || standing == VersionStanding::Expired => {
                look.changed |= room.store.erase_words(&row.key, Some(version.n))? > 0;
            }
            _ => {}
        }
    }
    if waits {
        look.done = matches!(row.standing, ItemStanding::Live(_) | ItemStanding::Killed);
        return Ok(look);
    }
    look.done = true;
    each_delivery(room, row, &mut look, |archived, ranges| {
        ranges.into_iter().try_for_each(|range| room.store.erase_bytes(archived.id(), range))
    })?;
    Ok(look)
}

/// A kill under a legal hold: what was delivered leaves the archive, and is kept where only its key opens it.
fn seal_away(room: &Room, row: &StoryRow) -> Result<Look, StoreError> {
    let mut look = Look { changed: false, done: true };
    if row.standing != ItemStanding::Killed {
        return Ok(look);
    }
    each_delivery(room, row, &mut look, |archived, ranges| {
        seal::put(room, &row.key, archived, &ranges)?;
        ranges.into_iter().try_for_each(|range| room.store.erase_bytes(archived.id(), range))
    })?;
    Ok(look)
}

/// Does something with all that the archive holds of an item. What is not read to its end is left for the next look: its
/// items are counted until then.
fn each_delivery(
    room: &Room,
    row: &StoryRow,
    look: &mut Look,
    mut act: impl FnMut(&Archived, Vec<Range<u64>>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut ids: Vec<TransmissionId> =
        room.store.deliveries(&row.key, DELIVERIES)?.into_iter().map(|(id, _)| id).collect();
    ids.dedup();
    for id in ids {
        let archived = match room.store.fetch(id) {
            Err(error) if error.is_damage() => {
                tracing::error!(%error, "what is kept of an item that is gone cannot be looked through");
                continue;
            }
            archived => archived?,
        };
        let Some(archived) = archived else { continue };
        let hints =
            room.config.feed(archived.feed()).map_or_else(wire::Hints::default, |f| f.hints(&room.config));
        let ranges = ranges(&archived, &row.key, &hints);
        if ranges.is_empty() {
            continue;
        }
        if !room.store.is_read(id)? {
            look.done = false;
            room.fates_due.store(true, Ordering::SeqCst);
            continue;
        }
        act(&archived, ranges)?;
        look.changed = true;
    }
    Ok(())
}

/// Goes through what the item's agency sent after `seq`, as far as it is archived. Returns up to where.
fn erase_in_archive(room: &Room, key: &ItemKey, seq: u64) -> Result<u64, StoreError> {
    let mut last = seq;
    for feed in room.store.feeds()? {
        let known = room.config.feed(&feed);
        if known.is_some_and(|feed| *feed.agency() != key.agency) {
            continue;
        }
        let hints = known.map_or_else(wire::Hints::default, |feed| feed.hints(&room.config));
        let mut from = seq;
        loop {
            let handful = room.store.kept_after(&feed, from, HANDFUL)?;
            let Some(newest) = handful.last().map(Archived::seq) else { break };
            for archived in &handful {
                for range in ranges(archived, key, &hints) {
                    room.store.erase_bytes(archived.id(), range)?;
                }
            }
            from = newest;
            last = last.max(newest);
        }
    }
    Ok(last)
}

/// Where in a transmission the words of an item stand: its own span, and its words between the items. Where spans count
/// other bytes than those that came (another encoding, an archive), or what is left can still be read, all of it: the
/// neighbours' words are in the vault.
fn ranges(archived: &Archived, key: &ItemKey, hints: &wire::Hints) -> Vec<Range<u64>> {
    let bytes = archived.bytes();
    let reading = read::attempt(bytes, hints).reading;
    let is_it = |version: &&Version| version.uri == key.uri;
    if !reading.items.iter().any(|version| is_it(&version)) {
        return Vec::new();
    }
    let everything = || std::iter::once(0..bytes.len() as u64).collect();
    let spans: Vec<Range<usize>> = reading.items.iter().map(|version| version.span.clone()).collect();
    let sound = |span: &Range<usize>| span.start < span.end && span.end <= bytes.len();
    if reading.items.len() == 1 || std::str::from_utf8(bytes).is_err() || !spans.iter().all(sound) {
        return everything();
    }
    let own: Vec<Range<usize>> =
        reading.items.iter().filter(is_it).map(|version| version.span.clone()).collect();
    let mut gone = own.clone();
    for version in reading.items.iter().filter(is_it) {
        for block in version.copy.blocks() {
            for words in [block.text().to_owned(), escaped(block.text())] {
                gone.extend(
                    found(bytes, words.as_bytes())
                        .filter(|at| !spans.iter().any(|span| span.contains(&at.start))),
                );
            }
        }
    }
    let mut left = bytes.to_vec();
    for range in &gone {
        left[range.clone()].fill(b' ');
    }
    if read::attempt(&left, hints).reading.items.iter().any(|version| is_it(&version)) {
        return everything();
    }
    gone.into_iter().map(|range| range.start as u64..range.end as u64).collect()
}

/// As XML and HTML write it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") // not copy: to be searched for
}

fn found<'b>(bytes: &'b [u8], words: &'b [u8]) -> impl Iterator<Item = Range<usize>> + 'b {
    let long = words.len() >= SHORTEST && words.len() <= bytes.len();
    let starts = 0..if long { bytes.len() - words.len() + 1 } else { 0 };
    let first = words.first().copied();
    let begins = move |at: &usize| Some(bytes[*at]) == first && bytes[*at..].starts_with(words);
    starts.filter(begins).map(|at| at..at + words.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_is_written_down_and_read_back() {
        let key = ItemKey { agency: AgencyId::from("agx"), uri: "urn:x:1 with\ttab".to_owned() };
        for fate in Fate::ALL {
            let fated = Fated { fate, key: key.clone(), by: "an\nodd name".to_owned(), up_to: 7 };
            let back = Fated::of(&fated.row(Timestamp::UNIX_EPOCH)).expect("a row");
            let expect = (fate, key.clone(), "an\nodd name".to_owned(), 7);
            assert_eq!((back.fate, back.key, back.by, back.up_to), expect);
        }
        let sheet = Remembered { name: "sheet 1".into(), at: Timestamp::UNIX_EPOCH, bytes: vec![] };
        assert!(Fated::of(&sheet).is_none());
    }

    #[test]
    fn words_are_found_where_they_stand_and_short_ones_are_not_looked_for() {
        let at = |bytes: &[u8], words: &[u8]| found(bytes, words).collect::<Vec<_>>();
        assert_eq!(at(b"xx twelve bytes! twelve bytes!", b"twelve bytes!"), [3..16, 17..30]);
        assert_eq!((at(b"short short", b"short"), at(b"a", b"longer than that one")), (vec![], vec![]));
    }
}
