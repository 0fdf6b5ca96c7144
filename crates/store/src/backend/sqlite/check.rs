//! Reads everything and checks it.

use rusqlite::{Connection, Transaction};

use super::{FILE, Store, apply, archive, connect_reader, journal, schema, vault};
use crate::StoreError;

/// Each part on connections of its own. The full-text index is checked against what its connection last knew of
/// it, so a reader that asked it before somebody wrote would take the change for damage.
pub(super) fn check(store: &Store) -> Result<(), StoreError> {
    let reader = connect_reader(store.dir())?;
    ground(&reader.unchecked_transaction()?)?;
    drop(reader);
    index(store)
}

fn ground(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let found: String = tx.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(StoreError::damaged("the database", found));
    }
    let mut next = Some(1);
    while let Some(from) = next {
        next = journal::page(tx, from, |_, _| Ok(()))?;
    }
    vault::verify(tx)?;
    archive::verify(tx)
}

/// Derives the index once more, beside the store, and compares the two row by row.
fn index(store: &Store) -> Result<(), StoreError> {
    // No name: a database of its own, in memory or in a file that has no name either, gone when it is closed.
    let mut beside = Connection::open("")?;
    schema::create_beside(&beside)?;
    let file = store.dir().join(FILE);
    let name =
        file.to_str().ok_or_else(|| StoreError::refused("the store's folder has a name that is no text"))?;
    beside.execute("ATTACH ?1 AS store", [name])?;
    beside.busy_timeout(super::PATIENCE)?;
    // A name that is in both means the one beside. Nothing is ever written to the store, and nothing is committed.
    let tx = beside.transaction()?;
    let mut next = Some(1);
    while let Some(from) = next {
        next = journal::page(&tx, from, |seq, record| apply::apply(&tx, seq, &record))?;
    }
    apply::settle_beside(&tx)?;
    for table in schema::INDEX_TABLES.iter().filter(|table| **table != "search") {
        let (here, there) = (format!("SELECT * FROM main.{table}"), format!("SELECT * FROM store.{table}"));
        let ask = format!("SELECT EXISTS ({here} EXCEPT {there}) OR EXISTS ({there} EXCEPT {here})");
        if tx.query_row(&ask, [], |row| row.get(0))? {
            let why = format!("`{table}` is not what the journal says; derive the index again");
            return Err(StoreError::damaged("the index", why));
        }
    }
    Ok(())
}
