//! The embedded backend: one SQLite file, `verbatim.sqlite`, with a write-ahead log synced at every commit.
//!
//! One connection writes, behind a mutex; readers take connections from a pool and each see one moment. Numbers in
//! columns are instants in whole microseconds since 1970, identifiers are 16 bytes, digests 32.

mod ahead;
mod apply;
mod archive;
mod backup;
mod cells;
mod check;
mod index;
mod journal;
mod memory;
mod remembered;
mod schema;
mod sealed;
mod search;
mod shorten;
#[cfg(test)]
mod tests;
mod ties;
mod vault;

use std::fmt;
use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parking_lot::FairMutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use shorten::Shortener;

use crate::lock::Lock;
use crate::{Access, OpenStoreError, StoreError};

pub use backup::restore;
pub(crate) use cells::whole;
pub use sealed::SealKey;
pub(crate) use vault::Packed;

/// The database's name in the store's folder.
const FILE: &str = "verbatim.sqlite";
/// How long another connection's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a checkpoint that wipes erased words out of the write-ahead log waits for readers, and everybody who wants to
/// write for it.
const WIPE_PATIENCE: Duration = Duration::from_millis(100);
/// The same after a kill, whose words only have to be gone from the log soon: the next call tries again. Whoever asks
/// the outputs for confirmation reads long lists at the very time.
const WIPE_PATIENCE_AT_WORK: Duration = Duration::from_millis(5);
/// Connections kept for readers.
const READERS: usize = 16;

/// The embedded store: archive, journal, vault and index in one folder.
///
/// `Send` and `Sync`: share it behind an `Arc`.
pub struct Store {
    dir: PathBuf,
    // Before the writer, so that its connection is not the last to be closed.
    shortener: Option<Shortener>,
    /// Whoever waits longest gets it: the archive, which comes again at once, would let the journal wait otherwise.
    writer: Option<FairMutex<Connection>>,
    readers: Mutex<Vec<Connection>>,
    memory: memory::Memory,
    /// Set by the first fatal error: from then on nothing is written, so nothing can be acknowledged.
    broken: Arc<AtomicBool>,
    /// Erased words may still stand in the write-ahead log, or emptying it for its length has not succeeded yet.
    unwiped: AtomicBool,
    // Last, so that the database is closed before another process may open it.
    _lock: Option<Lock>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in a folder.
    ///
    /// For writing, the folder (mode 0700) and the database are created if need be, the lock is taken, and an older
    /// schema is brought forward after the database was copied to `verbatim.sqlite.before-N`. For reading, all of
    /// it must be there already.
    ///
    /// # Errors
    /// [`OpenStoreError`]; in particular if another process writes to it, or if a newer program wrote it.
    pub fn open(dir: &Path, access: Access) -> Result<Self, OpenStoreError> {
        match access {
            Access::Write => Self::open_to_write(dir),
            Access::Read => Self::open_to_read(dir),
        }
    }

    fn open_to_write(dir: &Path) -> Result<Self, OpenStoreError> {
        let file = |doing| move |source| OpenStoreError::File { doing, path: dir.to_owned(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(file("creating the folder"))?;
        let lock = Lock::take(dir)?;
        ahead::check(dir).map_err(database(dir))?;
        let mut writer = connect(dir).map_err(database(dir))?;
        set_up_writer(&mut writer).map_err(database(dir))?;
        schema::bring_forward(dir, &mut writer)?;
        sync_folder(dir).map_err(file("syncing the folder"))?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            sync_folder(parent).map_err(file("syncing the folder above"))?;
        }
        let mut store = Self::with(dir, Some(lock));
        store.shortener =
            Some(Shortener::start(dir, &mut writer, Arc::clone(&store.broken)).map_err(database(dir))?);
        store.writer = Some(FairMutex::new(writer));
        if schema::index_is_of_another_age(&store).map_err(database(dir))? {
            tracing::info!("the index was made by another version of this program and is derived again");
            crate::Journal::rebuild(&store).map_err(database(dir))?;
        }
        // A crash may have come between the erasing of words and the emptying of the log.
        store.wipe_soon(WIPE_PATIENCE).map_err(database(dir))?;
        Ok(store)
    }

    fn open_to_read(dir: &Path) -> Result<Self, OpenStoreError> {
        if !dir.join(FILE).is_file() {
            return Err(OpenStoreError::Missing { dir: dir.to_owned() });
        }
        ahead::check(dir).map_err(database(dir))?;
        let store = Self::with(dir, None);
        let found = store.read(schema::age).map_err(database(dir))?;
        schema::check_age(dir, found)?;
        if found < schema::NEWEST || schema::index_is_of_another_age(&store).map_err(database(dir))? {
            return Err(OpenStoreError::Older { dir: dir.to_owned(), found });
        }
        Ok(store)
    }

    fn with(dir: &Path, lock: Option<Lock>) -> Self {
        Self {
            dir: dir.to_owned(),
            shortener: None,
            writer: None,
            readers: Mutex::default(),
            memory: memory::Memory::default(),
            broken: Arc::default(),
            unwiped: AtomicBool::new(false),
            _lock: lock,
        }
    }

    /// The folder it is in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Words are about to be erased: the write-ahead log, which is emptied then, is made short meanwhile.
    pub fn erasure_is_near(&self) {
        if let Some(shortener) = &self.shortener {
            shortener.ask();
        }
    }

    /// Runs `f` on one moment of the database.
    fn read<T>(&self, f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let spare = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match spare {
            Some(reader) => reader,
            None => connect_reader(&self.dir)?,
        };
        let answer = f(&reader.unchecked_transaction()?);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(reader);
        }
        answer
    }

    /// Runs `f` in a transaction and commits it durably. After a fatal error nothing is ever written again.
    fn write<T>(
        &self,
        doing: &str,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let answer = crate::meet(|| self.try_write(f)).map_err(|error| error.while_doing(doing));
        if answer.as_ref().is_err_and(StoreError::is_fatal) {
            self.broken.store(true, Ordering::SeqCst);
        }
        answer
    }

    fn try_write<T>(
        &self,
        f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Some(writer) = &self.writer else {
            return Err(StoreError::refused("the store is open for reading only"));
        };
        let mut writer = writer.lock();
        if self.broken.load(Ordering::SeqCst) {
            let why = "an earlier write failed".to_owned();
            return Err(StoreError::Fatal { doing: String::new(), why });
        }
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = f(&tx)?;
        tx.commit().map_err(|error| match StoreError::from(error) {
            kind @ (StoreError::Full { .. } | StoreError::Busy { .. } | StoreError::Fatal { .. }) => kind,
            other => StoreError::Fatal { doing: String::new(), why: other.to_string() },
        })?;
        Ok(answer)
    }

    /// Empties the write-ahead log if something was erased since it was emptied last, or it has grown long. Commits do not
    /// wait for it: it is to be called now and then. While a reader still looks at an older moment it does not succeed. Returns whether it did, or
    /// there was nothing to do; otherwise the next call tries again, and so does the next start.
    ///
    /// # Errors
    /// [`StoreError::Fatal`], and nothing is ever written again.
    pub fn finish_erasing(&self) -> Result<bool, StoreError> {
        if self.unwiped.load(Ordering::SeqCst) || self.log_is_long() {
            self.wipe_soon(WIPE_PATIENCE_AT_WORK)?;
        }
        Ok(!self.unwiped.load(Ordering::SeqCst))
    }

    /// Whether the write-ahead log has grown long: where somebody always reads, it is never begun anew by itself.
    pub fn log_is_long(&self) -> bool {
        let log = self.dir.join(format!("{FILE}-wal"));
        log.metadata().is_ok_and(|log| log.len() > LONG_LOG)
    }

    /// How many versions have left the search and are still to be taken out of its index.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn to_sweep(&self) -> Result<u64, StoreError> {
        self.read(search::left).map_err(|error| error.while_doing("counting what has left the search"))
    }

    /// Destroys the words of one version that has left the search, where the index of the search still holds them. That
    /// takes a look at each of its words, which is milliseconds, so it is not done while somebody waits for a kill.
    /// Returns whether there was any; call it until there is none.
    ///
    /// # Errors
    /// As every write.
    pub fn sweep(&self) -> Result<bool, StoreError> {
        let doing = "taking words out of the search";
        let first = self.read(search::first_left).map_err(|error| error.while_doing(doing))?;
        let Some(row) = first else { return Ok(false) };
        self.write(doing, |tx| search::sweep(tx, row))?;
        self.unwiped.store(true, Ordering::SeqCst);
        Ok(true)
    }

    /// Notes that words were erased, so that the write-ahead log, too, is emptied of them.
    ///
    /// # Errors
    /// [`StoreError::Fatal`], and nothing is ever written again.
    fn wipe_soon(&self, patience: Duration) -> Result<(), StoreError> {
        self.unwiped.store(true, Ordering::SeqCst);
        let Some(writer) = &self.writer else { return Ok(()) };
        let wiped = self.wipe(&writer.lock(), patience);
        if wiped.is_err() {
            self.broken.store(true, Ordering::SeqCst);
        }
        wiped
    }

    /// Empties the write-ahead log. While a reader still looks at an older moment this does not succeed.
    ///
    /// # Errors
    /// [`StoreError::Fatal`] if the disk failed: nobody knows what it holds.
    fn wipe(&self, writer: &Connection, patience: Duration) -> Result<(), StoreError> {
        let _paused = self.shortener.as_ref().map(Shortener::pause);
        let emptied = writer.busy_timeout(patience).and_then(|()| {
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
        });
        let restored = writer.busy_timeout(PATIENCE);
        match (emptied, restored) {
            (Ok(0), Ok(())) => self.unwiped.store(false, Ordering::SeqCst),
            (Ok(_), Ok(())) => {
                tracing::debug!("a reader keeps erased words in the write-ahead log for now")
            }
            // A file that was not cut holds what it held: the log keeps erased words until the next attempt.
            (Err(error), _) if error.sqlite_error().is_some_and(|told| told.extended_code == UNCUT) => {
                tracing::warn!(%error, "the write-ahead log could not be emptied");
            }
            (Err(error), _) | (_, Err(error)) => match StoreError::from(error) {
                error if error.is_fatal() => return Err(error.while_doing("emptying the write-ahead log")),
                // What could not be moved out of the log stays in it, synced, and is moved again by the next attempt.
                error => tracing::warn!(%error, "the write-ahead log could not be emptied"),
            },
        }
        Ok(())
    }
}

/// So many bytes make a long write-ahead log.
const LONG_LOG: u64 = 64 << 20;

/// `SQLITE_IOERR_TRUNCATE`: a file could not be made shorter.
const UNCUT: i32 = 10 | (6 << 8);

/// Says of which store a failure is.
fn database(dir: &Path) -> impl Fn(StoreError) -> OpenStoreError + '_ {
    move |source| OpenStoreError::Database { dir: dir.to_owned(), source }
}

/// Makes the names in a folder durable.
fn sync_folder(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

fn connect(dir: &Path) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(dir.join(FILE), flags)?;
    set_up(&connection)?;
    Ok(connection)
}

fn connect_reader(dir: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(dir.join(FILE), flags)?;
    set_up(&connection)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "cache_size", -8_192)?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(128);
    // A plan is made once for a statement, and not again for every 0 or 1 that is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // Memory-mapped pages would turn an input/output error into a signal.
    connection.pragma_update(None, "mmap_size", 0)?;
    Ok(())
}

/// The order matters: the page size can only be chosen before there is a page.
fn set_up_writer(connection: &mut Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "page_size", 8_192)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Failed {
            doing: "choosing a write-ahead log".to_owned(),
            why: format!("the database answers `{mode}`; is its folder on a network file system?"),
        });
    }
    // FULL: the log is synced at every commit. With NORMAL a power cut loses acknowledged transmissions.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // See `shorten`: SQLite's own passes over a sync that fails.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    Ok(())
}
