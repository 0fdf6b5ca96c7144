//! The journal: rows chained by their digests, and the one transaction that records.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use news::{Digest, ItemStanding, SiteId};
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};

use super::cells::{digest, signed, unsigned};
use super::{Store, WIPE_PATIENCE, apply, archive, check, memory, schema, vault};
use crate::codec::{One, TextShape};
use crate::{Committed, Entry, Fact, Journal, LeafRow, Prepared, RebuildReport, StoreError};

/// How many entries one look at the journal takes.
const PAGE: i64 = 512;

/// A journal row as written: the fact, and what it was given when it was recorded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Record<'a> {
    #[serde(with = "One::<TextShape<Timestamp>>")]
    pub(super) at: Timestamp,
    pub(super) fact: Cow<'a, Fact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) leaves: Vec<LeafRow>,
    /// The feed of the transmission that was read: the archive forgets it, the journal does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) feed: Option<String>,
}

/// The end of the chain, and of the logs.
struct Head {
    seq: u64,
    hash: Digest,
    /// The current shard of each log that was asked for in this transaction, and how many leaves it has.
    logs: HashMap<SiteId, (u32, u64)>,
}

impl Head {
    fn log(&mut self, tx: &Transaction<'_>, site: &SiteId) -> Result<&mut (u32, u64), StoreError> {
        if !self.logs.contains_key(site) {
            let shard = shard(tx, site)?;
            self.logs.insert(site.clone(), (shard, size(tx, site, shard)?));
        }
        Ok(self.logs.entry(site.clone()).or_default())
    }
}

/// What the first entry is chained to.
fn root() -> Digest {
    Digest::of(b"verbatim-journal/1")
}

fn link(before: Digest, seq: u64, bytes: &[u8]) -> Digest {
    Digest::of_pieces([before.0.as_slice(), &seq.to_be_bytes(), bytes])
}

fn head(tx: &Transaction<'_>) -> Result<Head, StoreError> {
    let mut ask = tx.prepare_cached("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?;
    let found = ask.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match found {
        Some((seq, hash)) => Ok(Head { seq: unsigned(seq)?, hash: digest(hash), logs: HashMap::new() }),
        None => Ok(Head { seq: 0, hash: root(), logs: HashMap::new() }),
    }
}

fn parse(seq: u64, bytes: &[u8]) -> Result<Record<'static>, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StoreError::damaged(format!("journal entry {seq}"), error.to_string()))
}

/// One entry, verified against the chain.
pub(super) fn record(tx: &Transaction<'_>, seq: u64) -> Result<Record<'static>, StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT j.bytes, j.hash, before.hash FROM journal j LEFT JOIN journal before ON before.seq = j.seq - 1
         WHERE j.seq = ?1",
    )?;
    let found = ask
        .query_row([signed(seq)?], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, [u8; 32]>(1)?, row.get::<_, Option<[u8; 32]>>(2)?))
        })
        .optional()?;
    let damaged = |why: &str| StoreError::damaged(format!("journal entry {seq}"), why);
    let (bytes, hash, before) = found.ok_or_else(|| damaged("it is missing"))?;
    let before = before.map_or_else(root, digest);
    if link(before, seq, &bytes).0 != hash {
        return Err(damaged("it breaks the chain"));
    }
    parse(seq, &bytes)
}

/// Calls `f` with the entries from `from` on, at most a page of them. Returns where the next page starts, or none
/// at the end.
pub(super) fn page(
    tx: &Transaction<'_>,
    from: u64,
    mut f: impl FnMut(u64, Record<'static>) -> Result<(), StoreError>,
) -> Result<Option<u64>, StoreError> {
    let mut before = match from {
        0 | 1 => root(),
        _ => {
            let mut ask = tx.prepare_cached("SELECT hash FROM journal WHERE seq = ?1")?;
            let found = ask.query_row([signed(from - 1)?], |row| row.get(0)).optional()?;
            match found {
                Some(hash) => digest(hash),
                None => return Ok(None),
            }
        }
    };
    let mut ask =
        tx.prepare_cached("SELECT seq, bytes, hash FROM journal WHERE seq >= ?1 ORDER BY seq LIMIT ?2")?;
    let mut rows = ask.query(params![signed(from.max(1))?, PAGE])?;
    let (mut next, mut count) = (from.max(1), 0);
    while let Some(row) = rows.next()? {
        let seq = unsigned(row.get(0)?)?;
        let bytes: Vec<u8> = row.get(1)?;
        let hash = digest(row.get(2)?);
        if seq != next || link(before, seq, &bytes) != hash {
            return Err(StoreError::damaged(format!("journal entry {next}"), "it breaks the chain"));
        }
        f(seq, parse(seq, &bytes)?)?;
        (before, next, count) = (hash, seq + 1, count + 1);
    }
    Ok((count == PAGE).then_some(next))
}

/// Gives each leaf its place.
fn place_leaves(tx: &Transaction<'_>, head: &mut Head, entry: &Entry) -> Result<Vec<LeafRow>, StoreError> {
    let mut given: Vec<LeafRow> = Vec::with_capacity(entry.leaves.len());
    for draft in &entry.leaves {
        let (shard, leaves) = head.log(tx, &draft.site)?;
        let (shard, index) = (*shard, *leaves);
        *leaves += 1;
        let mut here = given.iter().filter(|leaf| leaf.draft.site == draft.site);
        let prev = match here.rfind(|leaf| leaf.draft.item == draft.item) {
            Some(leaf) => Some(leaf.index),
            None => {
                let mut ask = tx.prepare_cached(
                    "SELECT max(idx) FROM leaf WHERE site = ?1 AND item = ?2 AND shard = ?3",
                )?;
                let item = draft.item.bits().to_be_bytes();
                let last: Option<i64> =
                    ask.query_row(params![draft.site.as_str(), item, shard], |row| row.get(0))?;
                last.map(unsigned).transpose()?
            }
        };
        given.push(LeafRow { shard, index, prev, draft: draft.clone() });
    }
    Ok(given)
}

/// A site's current shard; 0 until a [`Fact::Shard`] says otherwise.
pub(super) fn shard(tx: &Transaction<'_>, site: &SiteId) -> Result<u32, StoreError> {
    let mut ask = tx.prepare_cached("SELECT shard FROM log WHERE site = ?1")?;
    Ok(ask.query_row([site.as_str()], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// How many leaves a shard has.
pub(super) fn size(tx: &Transaction<'_>, site: &SiteId, shard: u32) -> Result<u64, StoreError> {
    let mut ask = tx.prepare_cached("SELECT max(idx) + 1 FROM leaf WHERE site = ?1 AND shard = ?2")?;
    let size: Option<i64> = ask.query_row(params![site.as_str(), shard], |row| row.get(0))?;
    unsigned(size.unwrap_or(0))
}

/// One entry, as it was written.
struct Written {
    committed: Committed,
    /// Words were destroyed.
    destroyed: bool,
    /// What lists are to show of the version that it puts live, if it brought its words.
    head: Option<(memory::Place, memory::Head)>,
}

/// Records one entry.
fn record_one(tx: &Transaction<'_>, head: &mut Head, prepared: &Prepared) -> Result<Written, StoreError> {
    let Prepared { entry, words } = prepared;
    let mut destroyed = false;
    if entry.fact.kills()
        && let Some(key) = entry.fact.key()
    {
        destroyed = vault::forget(tx, key, None)? > 0;
    }
    if let (Some(words), Some(packed)) = (&entry.words, words) {
        vault::put(tx, words, packed)?;
    }
    if let (Some(key), Some(ItemStanding::Live(n))) = (entry.fact.key(), entry.fact.standing())
        && entry.words.as_ref().is_none_or(|words| words.n != n)
        && !vault::has(tx, key, n)?
    {
        let why = format!("version {n} of {key} cannot go live, its words are not in the vault");
        return Err(StoreError::refused(why));
    }
    let leaves = place_leaves(tx, head, entry)?;
    let feed = match &entry.fact {
        Fact::Read { transmission, .. } => archive::feed_of(tx, *transmission)?,
        _ => None,
    };
    let record = Record { at: entry.at, fact: Cow::Borrowed(&entry.fact), leaves, feed };
    let bytes = serde_json::to_vec(&record).map_err(|error| StoreError::refused(error.to_string()))?;
    let seq = head.seq + 1;
    let hash = link(head.hash, seq, &bytes);
    tx.prepare_cached("INSERT INTO journal (seq, hash, bytes) VALUES (?1, ?2, ?3)")?.execute(params![
        signed(seq)?,
        hash.0,
        bytes
    ])?;
    (head.seq, head.hash) = (seq, hash);
    if matches!(entry.fact, Fact::Shard { .. }) {
        head.logs.clear();
    }
    let about = apply::apply(tx, seq, &record)?;
    let shown = match (&entry.fact, &entry.words, &about) {
        (Fact::Ruled(ruled), Some(words), Some(about))
            if entry.fact.standing() == Some(ItemStanding::Live(words.n)) =>
        {
            Some(((about.item(), words.n, seq), memory::Head::of(words, ruled)))
        }
        _ => None,
    };
    apply::settle(tx, &record, about, entry.words.as_ref())?;
    Ok(Written { committed: Committed { seq, at: record.at, leaves: record.leaves }, destroyed, head: shown })
}

impl Journal for Store {
    fn record_prepared(&self, batch: &[&Prepared]) -> Result<Vec<Committed>, StoreError> {
        let begun = self.memory.heads.erasures();
        let all = self.write("recording in the journal", |tx| {
            let mut head = head(tx)?;
            batch
                .iter()
                .map(|prepared| record_one(tx, &mut head, prepared))
                .collect::<Result<Vec<Written>, _>>()
        })?;
        let (mut committed, mut heads, mut destroyed) = (Vec::with_capacity(batch.len()), Vec::new(), false);
        for one in all {
            committed.push(one.committed);
            heads.extend(one.head);
            destroyed |= one.destroyed;
        }
        self.memory.keep(heads, begun);
        if destroyed {
            let fallen = batch.iter().filter(|prepared| prepared.entry.fact.kills());
            let fallen: Vec<_> = fallen.filter_map(|prepared| prepared.entry.fact.key()).collect();
            self.memory.forget(&fallen);
            self.unwiped.store(true, Ordering::SeqCst);
        }
        Ok(committed)
    }

    fn replay(
        &self,
        from: u64,
        f: &mut dyn FnMut(u64, Timestamp, &Fact) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut next = Some(from);
        while let Some(from) = next {
            let mut records = Vec::new();
            next = self.read(|tx| {
                page(tx, from, |seq, record| {
                    records.push((seq, record));
                    Ok(())
                })
            })?;
            records.iter().try_for_each(|(seq, record)| f(*seq, record.at, &record.fact))?;
        }
        Ok(())
    }

    fn entries(&self, from: u64) -> Result<Vec<(Fact, Committed)>, StoreError> {
        self.read(|tx| {
            let mut entries = Vec::new();
            page(tx, from, |seq, record| {
                let Record { at, fact, leaves, .. } = record;
                entries.push((fact.into_owned(), Committed { seq, at, leaves }));
                Ok(())
            })?;
            Ok(entries)
        })
    }

    fn rebuild(&self) -> Result<RebuildReport, StoreError> {
        let report = self.write("deriving the index again", |tx| {
            schema::empty_index(tx)?;
            let mut report = RebuildReport::default();
            let mut next = Some(1);
            while let Some(from) = next {
                next = page(tx, from, |seq, record| {
                    report.entries += 1;
                    apply::apply(tx, seq, &record).map(drop)
                })?;
            }
            apply::settle_all(tx, &mut report)?;
            Ok(report)
        })?;
        self.memory.heads.forget_all();
        // Headlines and bodies of what is no longer live stood in the search index that was dropped.
        self.wipe_soon(WIPE_PATIENCE)?;
        Ok(report)
    }

    fn verify(&self) -> Result<(), StoreError> {
        check::check(self).map_err(|error| error.while_doing("verifying the store"))
    }
}

/// How many entries there are.
pub(super) fn last_seq(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    Ok(head(tx)?.seq)
}
