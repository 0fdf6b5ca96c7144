//! What the safety rules remember: rows of a name, an instant and bytes.

use jiff::Timestamp;
use rusqlite::params;

use super::Store;
use super::cells::{instant, micros, micros_up};
use crate::{Remembered, RuleMemory, StoreError};

impl RuleMemory for Store {
    fn remembered(&self) -> Result<Vec<Remembered>, StoreError> {
        self.read(|tx| {
            let mut ask = tx.prepare_cached("SELECT name, at, bytes FROM remembered ORDER BY name")?;
            let mut rows = ask.query([])?;
            let mut out = Vec::new();
            while let Some(row) = rows.next()? {
                out.push(Remembered { name: row.get(0)?, at: instant(row.get(1)?)?, bytes: row.get(2)? });
            }
            Ok(out)
        })
    }

    fn remember(&self, rows: &[Remembered]) -> Result<(), StoreError> {
        self.write("remembering what the safety rules saw", |tx| {
            let mut put =
                tx.prepare_cached("INSERT OR REPLACE INTO remembered (name, at, bytes) VALUES (?1, ?2, ?3)")?;
            for row in rows {
                put.execute(params![row.name, micros(row.at), row.bytes])?;
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
