//! What is kept beside the journal: rows of a name, an instant and bytes that the safety rules remember, and how far each
//! feed was read. Each bears a checksum: a bit that turns over is named, and the row counts for nothing.

use jiff::Timestamp;
use news::{Digest, FeedId};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::Store;
use super::cells::{instant, micros, micros_up};
use crate::{FeedState, Remembered, RuleMemory, StoreError};

/// Over the parts of a row, each with its length.
pub(super) fn sum(parts: &[&[u8]]) -> Digest {
    let mut whole = Vec::new();
    for part in parts {
        whole.extend((part.len() as u64).to_le_bytes());
        whole.extend_from_slice(part);
    }
    Digest::of(&whole)
}

fn sum_of(row: &Remembered) -> Digest {
    sum(&[row.name.as_bytes(), &micros(row.at).to_le_bytes(), &row.bytes])
}

fn sum_of_state(feed: &str, state: &str) -> Digest {
    sum(&[feed.as_bytes(), state.as_bytes()])
}

/// Whether a row is as it was written; an older program wrote no sums.
fn is_sound(kept: Option<[u8; 32]>, is: impl FnOnce() -> Digest) -> bool {
    kept.is_none_or(|kept| kept == is().0)
}

fn damaged(what: &str) -> StoreError {
    StoreError::damaged(what, "it does not match its checksum; it is written anew when the feed goes on")
}

/// A row of `name, at, bytes, sum`, and whether it is sound.
fn remembered(row: &Row<'_>) -> Result<(Remembered, bool), StoreError> {
    let kept = Remembered { name: row.get(0)?, at: instant(row.get(1)?)?, bytes: row.get(2)? };
    let sound = is_sound(row.get(3)?, || sum_of(&kept));
    Ok((kept, sound))
}

const REMEMBERED: &str = "SELECT name, at, bytes, sum FROM remembered ORDER BY name";

/// Checks every row.
pub(super) fn verify(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let mut ask = tx.prepare(REMEMBERED)?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        if let (kept, false) = remembered(row)? {
            return Err(damaged(&format!("what the safety rules remember as `{}`", kept.name)));
        }
    }
    let mut ask = tx.prepare("SELECT feed FROM feed_state ORDER BY feed")?;
    let feeds = ask.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    feeds.iter().try_for_each(|feed| state(tx, feed).map(drop))
}

fn state(tx: &Transaction<'_>, feed: &str) -> Result<Option<String>, StoreError> {
    let mut ask = tx.prepare_cached("SELECT state, sum FROM feed_state WHERE feed = ?1")?;
    let kept: Option<(String, Option<[u8; 32]>)> =
        ask.query_row([feed], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match kept {
        Some((state, kept)) if !is_sound(kept, || sum_of_state(feed, &state)) => {
            Err(damaged(&format!("how far feed `{feed}` was read")))
        }
        kept => Ok(kept.map(|(state, _)| state)),
    }
}

impl FeedState for Store {
    fn feed_state(&self, feed: &FeedId) -> Result<Option<String>, StoreError> {
        self.read(|tx| state(tx, feed.as_str()))
    }

    fn feeds_named(&self, beginning: &str) -> Result<Vec<FeedId>, StoreError> {
        self.read(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT feed FROM feed_state WHERE feed >= ?1 AND substr(feed, 1, length(?1)) = ?1 ORDER BY feed",
            )?;
            let mut rows = ask.query([beginning])?;
            let mut feeds = Vec::new();
            while let Some(row) = rows.next()? {
                feeds.push(FeedId::new(row.get::<_, String>(0)?));
            }
            Ok(feeds)
        })
    }

    fn save_feed_state(&self, feed: &FeedId, state: &str) -> Result<(), StoreError> {
        let feed = feed.as_str();
        self.write("saving where a feed was read up to", |tx| {
            let mut put = tx
                .prepare_cached("INSERT OR REPLACE INTO feed_state (feed, state, sum) VALUES (?1, ?2, ?3)")?;
            put.execute(params![feed, state, sum_of_state(feed, state).0])?;
            Ok(())
        })
    }
}

impl RuleMemory for Store {
    fn remembered(&self) -> Result<Vec<Remembered>, StoreError> {
        self.read(|tx| {
            let mut ask = tx.prepare_cached(REMEMBERED)?;
            let mut rows = ask.query([])?;
            let mut out = Vec::new();
            while let Some(row) = rows.next()? {
                match remembered(row)? {
                    (kept, true) => out.push(kept),
                    // The rules know less, which holds nobody up; a wrong memory might.
                    (kept, false) => {
                        let error = damaged(&format!("what the safety rules remember as `{}`", kept.name));
                        tracing::error!(%error, "left out");
                    }
                }
            }
            Ok(out)
        })
    }

    fn remember(&self, rows: &[Remembered]) -> Result<(), StoreError> {
        self.write("remembering what the safety rules saw", |tx| {
            let mut put = tx.prepare_cached(
                "INSERT OR REPLACE INTO remembered (name, at, bytes, sum) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for row in rows {
                put.execute(params![row.name, micros(row.at), row.bytes, sum_of(row).0])?;
            }
            Ok(())
        })
    }

    fn forget_remembered(&self, prefix: &str, before: Timestamp) -> Result<u64, StoreError> {
        self.write("forgetting what the safety rules saw", |tx| {
            let mut delete = tx.prepare_cached(
                "DELETE FROM remembered WHERE substr(name, 1, length(?1)) = ?1 AND at < ?2",
            )?;
            Ok(delete.execute(params![prefix, micros_up(before)])? as u64)
        })
    }
}

impl Store {
    /// Forgets what is remembered under exactly this name.
    ///
    /// # Errors
    /// As every write.
    pub fn forget_named(&self, name: &str) -> Result<(), StoreError> {
        self.write("forgetting what is done", |tx| {
            tx.prepare_cached("DELETE FROM remembered WHERE name = ?1")?.execute([name])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Journal as _};

    /// A bit of one row turns over.
    #[track_caller]
    fn check(change: &str, named: &str) -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Access::Write).unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let row = |name: &str| Remembered { name: name.to_owned(), at, bytes: b"seen".to_vec() };
        store.remember(&[row("a"), row("b")]).unwrap();
        store.save_feed_state(&FeedId::from("agx"), "{}").unwrap();
        store.verify().unwrap();
        let changed = store.write("changing", |tx| Ok(tx.execute(change, [])?)).unwrap();
        assert_eq!(changed, 1, "{change}");
        let error = store.verify().unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
        (dir, store)
    }

    #[test]
    fn what_was_remembered_wrongly_counts_for_nothing() {
        for change in ["bytes = x'7365656f'", "at = 1", "name = 'c'"] {
            let (_dir, store) = check(
                &format!("UPDATE remembered SET {change} WHERE name = 'b'"),
                "the safety rules remember",
            );
            let left: Vec<String> = store.remembered().unwrap().into_iter().map(|row| row.name).collect();
            assert_eq!(left, ["a"], "{change}");
        }
    }

    #[test]
    fn a_feed_is_not_read_from_a_wrong_place() {
        let (_dir, store) = check("UPDATE feed_state SET state = '{ }'", "feed `agx`");
        assert!(store.feed_state(&FeedId::from("agx")).unwrap_err().is_damage());
    }
}
