//! The vault: packed JSON of each version, with a digest over all that is kept of it.

use std::sync::Arc;

use news::{Digest, ItemKey};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::cells::{pack, signed, unpack};
use super::{Store, WIPE_PATIENCE, search};
use crate::{StoreError, Vault, Words, codec};

/// A version's words made ready while nobody waits for the writer.
#[derive(Debug)]
pub(crate) struct Packed {
    len: u64,
    packed: Vec<u8>,
    pub(crate) copy_hash: Digest,
    sum: Digest,
}

impl Packed {
    pub(crate) fn of(words: &Words) -> Result<Self, StoreError> {
        let json = codec::write_version(words).map_err(StoreError::refused)?;
        Ok(Self {
            len: json.len() as u64,
            packed: pack(&json)?,
            copy_hash: words.version.copy.copy_hash(),
            sum: codec::words_sum(&words.key, words.n, &json, &words.salt, &words.disclosure),
        })
    }
}

/// How an error calls a version.
fn name(key: &ItemKey, n: u32) -> String {
    format!("version {n} of {key}")
}

pub(super) fn put(tx: &Transaction<'_>, words: &Words, packed: &Packed) -> Result<(), StoreError> {
    let mut put = tx.prepare_cached(
        "INSERT INTO vault (agency, uri, n, copy_hash, sum, salt, disclosure, len, packed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
    )?;
    let put = put.execute(params![
        words.key.agency.as_str(),
        words.key.uri,
        words.n,
        packed.copy_hash.0,
        packed.sum.0,
        words.salt,
        words.disclosure,
        signed(packed.len)?,
        packed.packed,
    ])?;
    match put {
        0 => Err(StoreError::refused(format!(
            "the vault already has the words of {}",
            name(&words.key, words.n)
        ))),
        _ => Ok(()),
    }
}

/// Whether the vault has the words of a version.
pub(super) fn has(tx: &Transaction<'_>, key: &ItemKey, n: u32) -> Result<bool, StoreError> {
    let mut ask =
        tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM vault WHERE agency = ?1 AND uri = ?2 AND n = ?3)")?;
    Ok(ask.query_row(params![key.agency.as_str(), key.uri, n], |row| row.get(0))?)
}

const COLUMNS: &str = "SELECT copy_hash, sum, salt, disclosure, len, packed";

/// Reads a row and verifies every bit of it.
fn open(row: &Row<'_>, key: &ItemKey, n: u32) -> Result<Words, StoreError> {
    let damaged = |why: &str| StoreError::damaged(name(key, n), why);
    let read = || -> Result<_, rusqlite::Error> {
        Ok((
            row.get::<_, [u8; 32]>(0)?,
            row.get::<_, [u8; 32]>(1)?,
            row.get(2)?,
            row.get(3)?,
            row.get(4)?,
            row.get(5)?,
        ))
    };
    let (copy_hash, sum, salt, disclosure, len, packed): (_, _, [u8; 32], String, i64, Vec<u8>) =
        read().map_err(|_| damaged("its row cannot be read"))?;
    let json = unpack(&packed, len).ok_or_else(|| damaged("its bytes cannot be unpacked"))?;
    if codec::words_sum(key, n, &json, &salt, &disclosure).0 != sum {
        return Err(damaged("its bytes have another digest"));
    }
    let version = codec::read_version(&json).map_err(|why| damaged(&why))?;
    if version.copy.copy_hash().0 != copy_hash {
        return Err(damaged("its copy has another hash"));
    }
    Ok(Words { n, key: key.clone(), version, salt, disclosure })
}

/// The words of a version, verified.
pub(super) fn words(tx: &Transaction<'_>, key: &ItemKey, n: u32) -> Result<Option<Words>, StoreError> {
    let mut ask =
        tx.prepare_cached(&format!("{COLUMNS} FROM vault WHERE agency = ?1 AND uri = ?2 AND n = ?3"))?;
    let mut rows = ask.query(params![key.agency.as_str(), key.uri, n])?;
    rows.next()?.map(|row| open(row, key, n)).transpose()
}

/// The words for a list: where they are damaged, that is said in the log and they are left out.
pub(super) fn words_if_sound(
    tx: &Transaction<'_>,
    key: &ItemKey,
    n: u32,
) -> Result<Option<Words>, StoreError> {
    match words(tx, key, n) {
        Err(error) if error.is_damage() => {
            tracing::error!(%error, "left out of a list");
            Ok(None)
        }
        other => other,
    }
}

/// Forgets one version's words, or all of an item's. Returns how many versions.
pub(super) fn forget(tx: &Transaction<'_>, key: &ItemKey, n: Option<u32>) -> Result<u64, StoreError> {
    let mut delete =
        tx.prepare_cached("DELETE FROM vault WHERE agency = ?1 AND uri = ?2 AND (?3 IS NULL OR n = ?3)")?;
    Ok(delete.execute(params![key.agency.as_str(), key.uri, n])? as u64)
}

/// Checks every version's words.
pub(super) fn verify(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let mut ask = tx.prepare(&format!("{COLUMNS}, agency, uri, n FROM vault ORDER BY id"))?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        let key = ItemKey { agency: news::AgencyId::new(row.get::<_, String>(6)?), uri: row.get(7)? };
        open(row, &key, row.get(8)?)?;
    }
    Ok(())
}

impl Vault for Store {
    fn words(&self, key: &ItemKey, n: u32) -> Result<Option<Words>, StoreError> {
        self.read(|tx| words(tx, key, n)).map_err(|error| error.while_doing("reading words from the vault"))
    }

    fn words_for_many(&self, key: &ItemKey, n: u32) -> Result<Option<Arc<Words>>, StoreError> {
        let place = (key.clone(), n);
        if let Some(words) = self.memory.words.get(&place) {
            return Ok(Some(words));
        }
        let begun = self.memory.words.erasures();
        let words = self.words(key, n)?.map(Arc::new);
        if let Some(words) = &words {
            self.memory.words.keep(place, words, begun);
        }
        Ok(words)
    }

    fn erase_words(&self, key: &ItemKey, n: Option<u32>) -> Result<u64, StoreError> {
        let (erased, swept) = self.write("erasing words from the vault", |tx| {
            let mut ask = tx.prepare_cached("SELECT id, live FROM item WHERE agency = ?1 AND uri = ?2")?;
            let item: Option<(i64, Option<u32>)> = ask
                .query_row([key.agency.as_str(), &key.uri], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            match item.and_then(|(_, live)| live) {
                Some(live) if n.is_none_or(|n| n == live) => {
                    Err(StoreError::refused(format!("{} is live; recall it first", name(key, live))))
                }
                _ => {
                    let swept = item.map(|(item, _)| search::sweep_item(tx, item)).transpose()?;
                    Ok((forget(tx, key, n)?, swept == Some(true)))
                }
            }
        })?;
        if erased > 0 || swept {
            self.memory.forget(&[key]);
            self.wipe_soon(WIPE_PATIENCE)?;
        }
        Ok(erased)
    }
}
