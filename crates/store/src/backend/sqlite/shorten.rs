//! The write-ahead log is moved into the database by a thread of its own, so that no commit waits for it.
//!
//! While commits go on, the thread alone never comes to the log's end, and the log would grow for ever: what came while
//! it was at work is little, and is moved by the commit that finds it done.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::hooks::Wal;
use rusqlite::{Connection, ErrorCode};

use crate::StoreError;

/// From how many pages on the write-ahead log is moved into the database.
const LONG: i32 = 1_000;
/// So many pages are moved in no time worth speaking of.
const LITTLE: i32 = 250;
/// From how many on commits wait until it is: the thread does not keep up.
const TOO_LONG: i32 = 16_000;

/// The thread, and what it shares with the commits. It ends when this is dropped.
pub(super) struct Shortener {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    wanted: Mutex<Wanted>,
    told: Condvar,
    /// Held while the thread is at work.
    moving: Mutex<()>,
    /// How many pages of the log were in the database when the thread looked last.
    moved: AtomicI32,
}

#[derive(Default)]
struct Wanted {
    shorter: bool,
    end: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shortener {
    /// Starts the thread, with a connection of its own, and has `writer` call on it. `broken` is set if the disk fails:
    /// then nothing must be written any more.
    pub(super) fn start(
        dir: &Path,
        writer: &mut Connection,
        broken: Arc<AtomicBool>,
    ) -> Result<Self, StoreError> {
        let connection = super::connect(dir)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let shared = Arc::<Shared>::default();
        let asked = Arc::clone(&shared);
        // Not SQLite's own `wal_autocheckpoint`, which passes over a sync that fails.
        let mut before = 0;
        writer.wal_hook(Some(move |log: &mut Wal, pages| {
            if pages < before {
                // The log was begun anew.
                asked.moved.store(0, Ordering::SeqCst);
            }
            before = pages;
            match pages {
                ..LONG => Ok(()),
                TOO_LONG.. => shorten(log),
                _ if (0..LITTLE).contains(&(pages - asked.moved.load(Ordering::SeqCst))) => shorten(log),
                _ => {
                    asked.ask();
                    Ok(())
                }
            }
        }))?;
        let at_work = Arc::clone(&shared);
        let work = move || at_work.work(&connection, &broken);
        let thread = std::thread::Builder::new().name("shorten".to_owned()).spawn(work);
        let thread = thread.map_err(|fault| StoreError::Failed {
            doing: "starting the thread that shortens the write-ahead log".to_owned(),
            why: fault.to_string(),
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Has the thread move what is in the log now, however little that is.
    pub(super) fn ask(&self) {
        self.shared.ask();
    }

    /// Waits until the thread rests, and keeps it from work for as long as what comes back is held.
    pub(super) fn pause(&self) -> MutexGuard<'_, ()> {
        lock(&self.shared.moving)
    }
}

impl Shared {
    fn ask(&self) {
        lock(&self.wanted).shorter = true;
        self.told.notify_one();
    }

    fn work(&self, connection: &Connection, broken: &AtomicBool) {
        loop {
            let idle = |wanted: &mut Wanted| !wanted.shorter && !wanted.end;
            let wanted = self.told.wait_while(lock(&self.wanted), idle);
            let mut wanted = wanted.unwrap_or_else(PoisonError::into_inner);
            if wanted.end {
                return;
            }
            wanted.shorter = false;
            drop(wanted);
            let _moving = lock(&self.moving);
            // Whether somebody stood in the way, the log's pages, and how many of them are in the database.
            let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| row.get(2));
            match moved {
                Ok(pages) => self.moved.store(pages, Ordering::SeqCst),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) => {
                    tracing::error!(%error, "moving the write-ahead log into the database failed; nothing is written any more");
                    broken.store(true, Ordering::SeqCst);
                    return;
                }
                // Whatever else keeps it from being moved, it stays in the log, synced, and is moved later.
                Err(error) => tracing::debug!(%error, "the write-ahead log was not moved into the database"),
            }
        }
    }
}

impl Drop for Shortener {
    fn drop(&mut self) {
        lock(&self.shared.wanted).end = true;
        self.shared.told.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Moves what is in the write-ahead log into the database. Only a disk that fails is an error, and then of the commit
/// before: whatever else keeps it from being moved, it stays in the log, synced, and is moved later.
fn shorten(log: &mut Wal) -> rusqlite::Result<()> {
    match log.checkpoint() {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) => Err(error),
        _ => Ok(()),
    }
}
