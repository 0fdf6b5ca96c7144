//! The tables. Ground state is brought forward by migrations; the index is simply derived again.

use std::path::Path;

use rusqlite::{Connection, Transaction, backup::Backup};

use super::{FILE, Store, database};
use crate::{OpenStoreError, StoreError};

/// `PRAGMA application_id`: "vbtm".
const APPLICATION: i64 = 0x7662_746d;

/// Each step brings the ground state from the age of its place in the list to the next.
const STEPS: &[&str] = &[GROUND, REMEMBERED, SUMS, SEALED];

/// The age that this program writes.
pub(super) const NEWEST: i64 = STEPS.len() as i64;

const GROUND: &str = "
-- Archive. A transmission has a body; a body is parts in order; a part is a piece, or nothing where it was erased.
CREATE TABLE piece (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, len INTEGER NOT NULL, packed BLOB NOT NULL
) STRICT;
CREATE TABLE body (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL, len INTEGER NOT NULL, whole INTEGER NOT NULL, plan BLOB NOT NULL
) STRICT;
CREATE INDEX body_digest ON body (digest);
CREATE TABLE part (
    body INTEGER NOT NULL REFERENCES body, at INTEGER NOT NULL, len INTEGER NOT NULL,
    piece INTEGER REFERENCES piece, PRIMARY KEY (body, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX part_piece ON part (piece);
CREATE TABLE transmission (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB NOT NULL UNIQUE, feed TEXT NOT NULL, door TEXT NOT NULL,
    origin TEXT NOT NULL, arrived INTEGER NOT NULL, first_contact INTEGER NOT NULL,
    body INTEGER NOT NULL REFERENCES body, sum BLOB NOT NULL, read INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX transmission_unread ON transmission (seq) WHERE read = 0;
CREATE INDEX transmission_feed ON transmission (feed, arrived);
CREATE INDEX transmission_body ON transmission (body);
-- Journal.
CREATE TABLE journal (seq INTEGER PRIMARY KEY, hash BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
-- Vault.
CREATE TABLE vault (
    id INTEGER PRIMARY KEY, agency TEXT NOT NULL, uri TEXT NOT NULL, n INTEGER NOT NULL, copy_hash BLOB NOT NULL,
    sum BLOB NOT NULL, salt BLOB NOT NULL, disclosure TEXT NOT NULL, len INTEGER NOT NULL, packed BLOB NOT NULL,
    UNIQUE (agency, uri, n)
) STRICT;
-- What the lines remember.
CREATE TABLE feed_state (feed TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- The age of the index.
CREATE TABLE age (index_age INTEGER NOT NULL) STRICT;
INSERT INTO age VALUES (0);
";

const REMEMBERED: &str = "
-- What the safety rules remember: no words, only fingerprints and counts.
CREATE TABLE remembered (name TEXT PRIMARY KEY, at INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;
";

/// A checksum over what is in no journal; none on rows that an older program wrote.
const SUMS: &str = "
ALTER TABLE feed_state ADD COLUMN sum BLOB;
ALTER TABLE remembered ADD COLUMN sum BLOB;
";

const SEALED: &str = "
-- What opens the files of sealed bytes. Who destroys a row destroys what it opens.
CREATE TABLE seal (
    agency TEXT NOT NULL, uri TEXT NOT NULL, folder TEXT NOT NULL UNIQUE, secret BLOB NOT NULL, at INTEGER NOT NULL,
    sum BLOB NOT NULL, PRIMARY KEY (agency, uri)
) STRICT;
";

/// The age of the index: raise it with every change of [`INDEX`] or of what is derived into it.
const INDEX_AGE: i64 = 10;

/// Everything here is derived from journal and vault.
const INDEX: &str = "
CREATE TABLE item (
    id INTEGER PRIMARY KEY, agency TEXT NOT NULL, uri TEXT NOT NULL, standing TEXT NOT NULL DEFAULT 'unpublished',
    live INTEGER, was_public INTEGER NOT NULL DEFAULT 0, killed_reason TEXT, moved INTEGER, arrived INTEGER,
    due INTEGER, searched INTEGER, leader INTEGER, UNIQUE (agency, uri)
) STRICT;
CREATE INDEX item_uri ON item (uri);
CREATE INDEX item_due ON item (due) WHERE due IS NOT NULL;
CREATE INDEX item_killed ON item (moved) WHERE standing = 'killed' AND was_public = 1;
CREATE INDEX item_off ON item (moved) WHERE standing IN ('withheld', 'expired') AND was_public = 1;
CREATE INDEX item_arrived ON item (agency, arrived);
-- Items of several agencies that tell the same are a group, under the item that told it first.
CREATE INDEX item_leader ON item (leader) WHERE leader IS NOT NULL;
-- What a version says ties it to: an item by name, or all that bear the same mark.
CREATE TABLE tie (
    item INTEGER NOT NULL, n INTEGER NOT NULL, ord INTEGER NOT NULL, kind TEXT NOT NULL, agency TEXT NOT NULL, uri TEXT,
    mark INTEGER, no INTEGER, PRIMARY KEY (item, n, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX tie_uri ON tie (uri, agency) WHERE uri IS NOT NULL;
CREATE INDEX tie_mark ON tie (mark) WHERE mark IS NOT NULL;
CREATE TABLE version (
    item INTEGER NOT NULL, n INTEGER NOT NULL, seq INTEGER NOT NULL, standing TEXT NOT NULL, reason TEXT NOT NULL,
    waits INTEGER NOT NULL, embargo TEXT, expires TEXT, withheld INTEGER NOT NULL, PRIMARY KEY (item, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX version_waits ON version (seq) WHERE waits = 1;
CREATE TABLE placement (
    site TEXT NOT NULL, id BLOB NOT NULL, item INTEGER NOT NULL, sections TEXT NOT NULL, published INTEGER NOT NULL,
    updated INTEGER NOT NULL, label BLOB NOT NULL, no INTEGER NOT NULL, PRIMARY KEY (site, id), UNIQUE (item, site)
) STRICT, WITHOUT ROWID;
-- `no` counts a site's stories as they came: it says in which sitemap one stands, for good.
CREATE UNIQUE INDEX placement_no ON placement (site, no);
CREATE TABLE shown (
    site TEXT NOT NULL, section TEXT NOT NULL, published INTEGER NOT NULL, id BLOB NOT NULL, item INTEGER NOT NULL,
    no INTEGER, PRIMARY KEY (site, section, published, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX shown_item ON shown (item);
-- Among all that a site ever got, those that are live, by their number: in one section, the whole site.
CREATE INDEX shown_no ON shown (site, no) WHERE no IS NOT NULL;
CREATE TABLE gone (
    site TEXT NOT NULL, moved INTEGER NOT NULL, id BLOB NOT NULL, item INTEGER NOT NULL,
    PRIMARY KEY (site, moved, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX gone_item ON gone (item);
CREATE TABLE ruling (
    seq INTEGER PRIMARY KEY, item INTEGER NOT NULL, feed TEXT, n INTEGER, at INTEGER NOT NULL,
    updates INTEGER NOT NULL
) STRICT;
CREATE INDEX ruling_item ON ruling (item, seq);
CREATE INDEX ruling_feed ON ruling (feed, seq);
CREATE INDEX ruling_updates ON ruling (item, seq) WHERE updates = 1;
CREATE TABLE carried (item INTEGER NOT NULL, feed TEXT NOT NULL, PRIMARY KEY (item, feed)) STRICT, WITHOUT ROWID;
CREATE TABLE complaint (
    seq INTEGER NOT NULL, ord INTEGER NOT NULL, at INTEGER NOT NULL, feed TEXT, transmission BLOB, item INTEGER,
    row TEXT NOT NULL, PRIMARY KEY (seq, ord)
) STRICT, WITHOUT ROWID;
CREATE INDEX complaint_feed ON complaint (feed, seq);
CREATE TABLE note (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, gravity TEXT NOT NULL, what TEXT NOT NULL) STRICT;
CREATE TABLE progress (transmission BLOB PRIMARY KEY, next INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE first_contact (feed TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE hold_all (feed TEXT PRIMARY KEY, held INTEGER NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE receipt (
    item INTEGER NOT NULL, outlet TEXT NOT NULL, what TEXT NOT NULL, ok INTEGER NOT NULL, detail TEXT NOT NULL,
    at INTEGER NOT NULL, revision INTEGER, PRIMARY KEY (item, outlet)
) STRICT, WITHOUT ROWID;
CREATE TABLE log (site TEXT PRIMARY KEY, shard INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE leaf (
    site TEXT NOT NULL, shard INTEGER NOT NULL, idx INTEGER NOT NULL, item BLOB NOT NULL, act TEXT NOT NULL,
    version INTEGER NOT NULL, seq INTEGER NOT NULL, ord INTEGER NOT NULL, PRIMARY KEY (site, shard, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX leaf_item ON leaf (site, item, shard, idx);
CREATE VIRTUAL TABLE search USING fts5 (
    headline, body, columnsize = 0, tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\"
);
-- A leaf fills a page of the database.
INSERT INTO search (search, rank) VALUES ('pgsz', 8000);
-- Takes an entry out of the index at once instead of marking it as deleted.
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);
-- Rows of the search that no item has any more, and that are still to be taken out.
CREATE TABLE unsearched (row INTEGER PRIMARY KEY) STRICT;
";

/// The index's tables.
pub(super) const INDEX_TABLES: &[&str] = &[
    "item",
    "tie",
    "version",
    "placement",
    "shown",
    "gone",
    "ruling",
    "carried",
    "complaint",
    "note",
    "progress",
    "first_contact",
    "hold_all",
    "receipt",
    "log",
    "leaf",
    "search",
    "unsearched",
];

/// The schema's age of a database; 0 for an empty one.
pub(super) fn age(tx: &Transaction<'_>) -> Result<i64, StoreError> {
    Ok(tx.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Refuses what a newer program wrote.
pub(super) fn check_age(dir: &Path, found: i64) -> Result<(), OpenStoreError> {
    match found > NEWEST {
        true => Err(OpenStoreError::Newer { dir: dir.to_owned(), found, known: NEWEST }),
        false => Ok(()),
    }
}

/// Creates the tables, or brings an older schema to this program's age.
pub(super) fn bring_forward(dir: &Path, connection: &mut Connection) -> Result<(), OpenStoreError> {
    climb(dir, connection, STEPS)
}

fn climb(dir: &Path, connection: &mut Connection, steps: &[&str]) -> Result<(), OpenStoreError> {
    let fault = |error: rusqlite::Error| database(dir)(error.into());
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(fault)?;
    let newest = steps.len() as i64;
    if found > newest {
        return Err(OpenStoreError::Newer { dir: dir.to_owned(), found, known: newest });
    }
    let application: i64 =
        connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(fault)?;
    if application != APPLICATION && (application != 0 || found != 0) {
        let error = StoreError::refused("this SQLite file belongs to another program");
        return Err(database(dir)(error.while_doing("reading its header")));
    }
    if found == newest {
        return Ok(());
    }
    if found > 0 {
        copy_aside(dir, connection, found)?;
    }
    let tx = connection.transaction().map_err(fault)?;
    for step in &steps[usize::try_from(found).unwrap_or(0)..] {
        tx.execute_batch(step).map_err(fault)?;
    }
    if found == 0 {
        tx.execute_batch(INDEX).map_err(fault)?;
        tx.execute("UPDATE age SET index_age = ?1", [INDEX_AGE]).map_err(fault)?;
        tx.pragma_update(None, "application_id", APPLICATION).map_err(fault)?;
    }
    tx.pragma_update(None, "user_version", newest).map_err(fault)?;
    tx.commit().map_err(fault)
}

/// Keeps the database as the older program left it.
fn copy_aside(dir: &Path, connection: &Connection, found: i64) -> Result<(), OpenStoreError> {
    let to = dir.join(format!("{FILE}.before-{}", found + 1));
    let file = |source| OpenStoreError::File {
        doing: "keeping a copy before the schema changes in",
        path: to.clone(),
        source,
    };
    if to.exists() {
        // Left by an attempt that did not finish: what it holds is the same age as what is there now.
        std::fs::remove_file(&to).map_err(file)?;
    }
    let copy = || -> Result<(), rusqlite::Error> {
        let mut target = Connection::open(&to)?;
        let backup = Backup::new(connection, &mut target)?;
        backup.step(-1)?;
        Ok(())
    };
    copy().map_err(|error| database(dir)(error.into()))?;
    let kept = std::fs::File::open(&to).and_then(|copy| copy.sync_all());
    kept.and_then(|()| super::sync_folder(dir)).map_err(file)
}

/// Creates the index, but for the search, in a database of its own; `transmission` takes what is marked as read.
pub(super) fn create_beside(connection: &Connection) -> Result<(), StoreError> {
    let (tables, _) = INDEX.split_once("CREATE VIRTUAL TABLE").unwrap_or((INDEX, ""));
    connection.execute_batch(tables)?;
    connection
        .execute_batch("CREATE TABLE transmission (id BLOB NOT NULL, read INTEGER NOT NULL) STRICT;")?;
    Ok(())
}

/// An empty database in memory, as this program makes it.
pub(super) fn fresh() -> Result<Connection, StoreError> {
    let connection = Connection::open_in_memory()?;
    STEPS.iter().chain(&[INDEX]).try_for_each(|step| connection.execute_batch(step))?;
    Ok(connection)
}

/// Whether the index was derived by a program that derives it otherwise.
pub(super) fn index_is_of_another_age(store: &Store) -> Result<bool, StoreError> {
    let found: i64 = store.read(|tx| Ok(tx.query_row("SELECT index_age FROM age", [], |row| row.get(0))?))?;
    Ok(found != INDEX_AGE)
}

/// Drops the index and creates it empty.
pub(super) fn empty_index(tx: &Transaction<'_>) -> Result<(), StoreError> {
    for table in INDEX_TABLES {
        tx.execute_batch(&format!("DROP TABLE IF EXISTS {table}"))?;
    }
    tx.execute_batch(INDEX)?;
    tx.execute("UPDATE age SET index_age = ?1", [INDEX_AGE])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(dir: &Path) -> Connection {
        Connection::open(dir.join(FILE)).unwrap()
    }

    #[test]
    fn an_older_schema_is_brought_forward_and_kept_aside() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = open(dir.path());
        climb(dir.path(), &mut connection, STEPS).unwrap();
        connection.execute("INSERT INTO feed_state VALUES ('agx', 'cursor', NULL)", []).unwrap();
        let later = [STEPS, &["ALTER TABLE feed_state ADD COLUMN more TEXT"]].concat();
        climb(dir.path(), &mut connection, &later).unwrap();
        let more: (String, Option<String>) = connection
            .query_row("SELECT state, more FROM feed_state", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(more, ("cursor".to_owned(), None));
        let kept = Connection::open(dir.path().join("verbatim.sqlite.before-5")).unwrap();
        let state: String = kept.query_row("SELECT state FROM feed_state", [], |row| row.get(0)).unwrap();
        assert_eq!(state, "cursor");
        assert!(
            kept.prepare("SELECT more FROM feed_state").is_err(),
            "the copy is as the older program left it"
        );
    }

    #[test]
    fn an_older_program_refuses_a_newer_store() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = open(dir.path());
        climb(dir.path(), &mut connection, &[STEPS, &["SELECT 1"]].concat()).unwrap();
        drop(connection);
        for access in [crate::Access::Write, crate::Access::Read] {
            let error = Store::open(dir.path(), access).unwrap_err();
            let newer = |found, known| found == known + 1 && known == NEWEST;
            assert!(
                matches!(error, OpenStoreError::Newer { found, known, .. } if newer(found, known)),
                "{error}"
            );
        }
    }

    #[test]
    fn a_step_that_fails_leaves_the_older_schema() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = open(dir.path());
        climb(dir.path(), &mut connection, STEPS).unwrap();
        assert!(
            climb(dir.path(), &mut connection, &[STEPS, &["CREATE TABLE more (x); nonsense"]].concat())
                .is_err()
        );
        assert!(connection.prepare("SELECT * FROM more").is_err());
        climb(dir.path(), &mut connection, STEPS).unwrap();
    }

    #[test]
    fn another_programs_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path()).execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 1").unwrap();
        assert!(
            Store::open(dir.path(), crate::Access::Write)
                .unwrap_err()
                .to_string()
                .contains("another program")
        );
    }
}
