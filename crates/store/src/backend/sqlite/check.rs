//! Reads everything and checks it.

use rusqlite::{Connection, Transaction};

use super::{FILE, Store, apply, archive, connect_reader, journal, remembered, schema, sealed, vault};
use crate::StoreError;

/// Each part on connections of its own. The full-text index is checked against what its connection last knew of
/// it, so a reader that asked it before somebody wrote would take the change for damage.
pub(super) fn check(store: &Store) -> Result<(), StoreError> {
    let reader = connect_reader(store.dir())?;
    tables(&reader)?;
    ground(&reader.unchecked_transaction()?)?;
    drop(reader);
    if schema::index_is_of_another_age(store)? {
        let why = "it is not of this program's age; the next start derives it again";
        return Err(StoreError::damaged("the index", why));
    }
    index(store)?;
    crate::kills::check(store.dir())
}

/// The tables themselves: what they promise about their rows stands in the file as text.
fn tables(reader: &Connection) -> Result<(), StoreError> {
    let list = |connection: &Connection| -> Result<Vec<[Option<String>; 4]>, StoreError> {
        let mut ask =
            connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")?;
        let rows = ask.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let (expect, found) = (list(&schema::fresh()?)?, list(reader)?);
    match expect.iter().zip(&found).find(|(expect, found)| expect != found) {
        Some(([_, name, ..], _)) => {
            let name = name.clone().unwrap_or_default();
            Err(StoreError::damaged("the database", format!("`{name}` is not defined as it should be")))
        }
        None if expect.len() != found.len() => {
            Err(StoreError::damaged("the database", "it has not the tables that it should have"))
        }
        None => Ok(()),
    }
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
    // Where it counts from: behind what is there, a number would be given twice once the last ones are gone.
    let counts: bool = tx.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'transmission'
         AND seq >= (SELECT max(seq) FROM transmission)) OR NOT EXISTS (SELECT 1 FROM transmission)",
        [],
        |row| row.get(0),
    )?;
    if !counts {
        return Err(StoreError::damaged("the archive", "it has lost count of its transmissions"));
    }
    vault::verify(tx)?;
    remembered::verify(tx)?;
    sealed::verify(tx)?;
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
        next = journal::page(&tx, from, |seq, record| apply::apply(&tx, seq, &record).map(drop))?;
    }
    apply::settle_beside(&tx)?;
    let derived = |table: &&&str| !["search", "unsearched"].contains(*table);
    for table in schema::INDEX_TABLES.iter().filter(derived) {
        let (here, there) = (format!("SELECT * FROM main.{table}"), format!("SELECT * FROM store.{table}"));
        let ask = format!("SELECT EXISTS ({here} EXCEPT {there}) OR EXISTS ({there} EXCEPT {here})");
        if tx.query_row(&ask, [], |row| row.get(0))? {
            let why = format!("`{table}` is not what the journal says; derive the index again");
            return Err(StoreError::damaged("the index", why));
        }
    }
    Ok(())
}
