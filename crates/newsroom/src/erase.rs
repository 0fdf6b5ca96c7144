//! An erasing kill: the words of an item are destroyed wherever they are kept. The kill itself takes off what is public and
//! empties the vault; this does the rest: the archive, what the safety rules remember, and copies made before a migration.
//!
//! What is to be erased is written down before anything is, and stays written down: a crash in between is made good at the
//! next start, and what an agency sends again is erased again within the hour.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use news::{AgencyId, ItemKey, ItemStanding, Version};
use store::{Archive as _, Archived, Index as _, Remembered, RuleMemory as _, StoreError, Vault as _};

use crate::main_loop::Desk;
use crate::{Command, CommandError, Newsroom, Order, Room, read};

/// What the rows begin with that say what is erased.
const ERASED: &str = "erase ";
/// Transmissions that are looked through at once.
const HANDFUL: usize = 64;
/// Words shorter than this, in bytes, are found in any text.
const SHORTEST: usize = 12;

/// Up to where the archive has been looked through for an item that is erased.
struct Erased {
    key: ItemKey,
    by: String,
    up_to: u64,
}

impl Erased {
    fn row(&self, at: Timestamp) -> Remembered {
        let name = format!("{ERASED}{}\n{}", self.key.agency, self.key.uri);
        Remembered { name, at, bytes: format!("{}\n{}", self.up_to, self.by).into_bytes() }
    }

    fn of(row: &Remembered) -> Option<Self> {
        let (agency, uri) = row.name.strip_prefix(ERASED)?.split_once('\n')?;
        let text = String::from_utf8(row.bytes.clone()).ok()?;
        let (up_to, by) = text.split_once('\n')?;
        let key = ItemKey { agency: AgencyId::from(agency), uri: uri.to_owned() };
        Some(Self { key, by: by.to_owned(), up_to: up_to.parse().ok()? })
    }
}

/// All that is erased.
fn all(room: &Room) -> Result<Vec<Erased>, StoreError> {
    Ok(room.store.remembered()?.iter().filter_map(Erased::of).collect())
}

impl Newsroom {
    /// Kills an item and destroys its words wherever they are kept.
    ///
    /// # Errors
    /// The kill is refused, or the store fails; what was begun is gone on with at the next start.
    pub async fn erase(
        &self,
        key: ItemKey,
        reason: String,
        by: String,
    ) -> Result<Vec<crate::Outcome>, CommandError> {
        let noted = Erased { key: key.clone(), by: by.clone(), up_to: 0 };
        self.room.store.remember(&[noted.row(self.room.clock.now())])?;
        let order = Order::Item { key: key.clone(), command: Command::Kill { reason }, by };
        let outcomes = match self.order(order).await {
            // It was killed before.
            Err(CommandError::Refused(_)) if is_killed(&self.room, &key)? => vec![],
            other => other?,
        };
        self.order(Order::Forget { key }).await?;
        let room = Arc::clone(&self.room);
        let done = tokio::task::spawn_blocking(move || erase_all(&room)).await;
        done.map_err(|_| CommandError::Stopping)??;
        Ok(outcomes)
    }

    /// Erases what came since of items that were erased.
    pub(crate) fn erase_again(&self) {
        if let Err(error) = erase_all(&self.room) {
            tracing::error!("erasing what came again of erased items: {error}");
        }
    }
}

fn is_killed(room: &Room, key: &ItemKey) -> Result<bool, StoreError> {
    Ok(room.store.story(key)?.is_some_and(|row| row.standing == ItemStanding::Killed))
}

impl Desk {
    /// The safety rules remember an item's words no more, in memory nor on disk.
    pub(crate) fn forget_item(&mut self, key: &ItemKey) -> Result<(), StoreError> {
        self.forget_words_of(key)
    }

    /// Takes up erasing where a crash left it.
    pub(crate) fn go_on_erasing(&mut self) -> Result<(), StoreError> {
        let room = Arc::clone(&self.room);
        for Erased { key, by, .. } in all(&room)? {
            if !is_killed(&room, &key)? {
                self.record_kill(&key, "erased", &format!("operator {by}"))?;
                self.finish()?;
            }
            self.forget_words_of(&key)?;
        }
        erase_all(&room)
    }
}

/// Destroys what is kept of every item that is erased, as far as it was not done before.
fn erase_all(room: &Room) -> Result<(), StoreError> {
    let mut any = false;
    for mut erased in all(room)? {
        if !is_killed(room, &erased.key)? {
            continue;
        }
        any |= room.store.erase_words(&erased.key, None)? > 0;
        let up_to = erase_in_archive(room, &erased.key, erased.up_to)?;
        if up_to > erased.up_to {
            any = true;
            erased.up_to = up_to;
            room.store.remember(&[erased.row(room.clock.now())])?;
        }
    }
    if any {
        room.store.erase_copies()?;
    }
    room.store.wipe_now()
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
    fn what_is_erased_is_written_down_and_read_back() {
        let key = ItemKey { agency: AgencyId::from("agx"), uri: "urn:x:1 with\ttab".to_owned() };
        let erased = Erased { key: key.clone(), by: "an\nodd name".to_owned(), up_to: 7 };
        let back = Erased::of(&erased.row(Timestamp::UNIX_EPOCH)).expect("a row");
        assert_eq!((back.key, back.by, back.up_to), (key, "an\nodd name".to_owned(), 7));
        assert!(
            Erased::of(&Remembered { name: "sheet 1".into(), at: Timestamp::UNIX_EPOCH, bytes: vec![] })
                .is_none()
        );
    }

    #[test]
    fn words_are_found_where_they_stand_and_short_ones_are_not_looked_for() {
        let at = |bytes: &[u8], words: &[u8]| found(bytes, words).collect::<Vec<_>>();
        assert_eq!(at(b"xx twelve bytes! twelve bytes!", b"twelve bytes!"), [3..16, 17..30]);
        assert_eq!((at(b"short short", b"short"), at(b"a", b"longer than that one")), (vec![], vec![]));
    }
}
