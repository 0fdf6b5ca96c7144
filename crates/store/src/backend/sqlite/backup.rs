//! Backup and restore.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use news::SiteId;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::cells::unsigned;
use super::{FILE, Store, sealed, search, sync_folder};
use crate::{Access, BackupReport, Entry, Fact, Index as _, Journal as _, StoreError, kills};

/// What a store and a backup of it consist of.
const FILES: [&str; 2] = [kills::FILE, FILE];

fn failed(doing: &str, path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let doing = format!("{doing} {}", path.display());
    move |error| StoreError::from(error).while_doing(&doing)
}

/// Creates a folder, or takes one that is empty.
fn take_empty_folder(dir: &Path) -> Result<(), StoreError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed("creating", dir))?;
    let mut inside = dir.read_dir().map_err(failed("looking into", dir))?;
    match inside.next() {
        None => Ok(()),
        Some(_) => Err(StoreError::refused(format!("{} is not empty; name a new folder", dir.display()))),
    }
}

/// Copies a file, durably. Returns how many bytes.
fn copy(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let mut source = File::open(from).map_err(failed("opening", from))?;
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(failed("creating", to))?;
    let bytes = std::io::copy(&mut source, &mut target).map_err(failed("copying to", to))?;
    target.flush().and_then(|()| target.sync_all()).map_err(failed("syncing", to))?;
    Ok(bytes)
}

/// Copies what is sealed, if anything is. Returns how many bytes.
fn copy_sealed(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let (from, to) = (from.join(sealed::FOLDER), to.join(sealed::FOLDER));
    let mut bytes = 0;
    if !from.is_dir() {
        return Ok(bytes);
    }
    let make = |dir: &Path| {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed("creating", dir))
    };
    make(&to)?;
    for folder in from.read_dir().map_err(failed("looking into", &from))?.flatten() {
        let inside = to.join(folder.file_name());
        make(&inside)?;
        for file in folder.path().read_dir().into_iter().flatten().flatten() {
            let copied = copy(&file.path(), &inside.join(file.file_name()));
            // What was shredded meanwhile is in neither.
            if file.path().is_file() {
                bytes += copied?;
            }
        }
        sync_folder(&inside).map_err(failed("syncing", &inside))?;
    }
    sync_folder(&to).map_err(failed("syncing", &to))?;
    Ok(bytes)
}

impl Store {
    /// Copies the store, as it is at one moment, into a new or empty folder, while others go on reading and
    /// writing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the folder is not empty; otherwise if anything cannot be read or written.
    pub fn backup(&self, to: &Path) -> Result<BackupReport, StoreError> {
        self.try_backup(to).map_err(|error| error.while_doing("backing up the store"))
    }

    fn try_backup(&self, to: &Path) -> Result<BackupReport, StoreError> {
        take_empty_folder(to)?;
        let mut report = BackupReport::default();
        // Kills first: one that is settled between the two copies is in the database's, and twice does no harm.
        let kills = self.dir().join(kills::FILE);
        if kills.is_file() {
            report.bytes += copy(&kills, &to.join(kills::FILE))?;
        }
        let target = to.join(FILE);
        self.read(|tx| copy_database(tx, &target, &mut report))?;
        let file = File::open(&target).map_err(failed("opening", &target))?;
        file.sync_all().map_err(failed("syncing", &target))?;
        report.bytes += file.metadata().map_err(failed("looking at", &target))?.len();
        report.bytes += copy_sealed(self.dir(), to)?;
        sync_folder(to).map_err(failed("syncing", to))?;
        Ok(report)
    }
}

/// Copies all pages in one step, so that no writer makes the copy start again, and counts in the copy: what is
/// reported is what is there.
fn copy_database(from: &Connection, to: &Path, report: &mut BackupReport) -> Result<(), StoreError> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed("creating", to))?;
    let mut target = Connection::open(to)?;
    target.pragma_update(None, "synchronous", "FULL")?;
    match Backup::new(from, &mut target)?.step(-1)? {
        StepResult::Done => {}
        _ => return Err(StoreError::Busy { doing: String::new() }),
    }
    // What has left the search, and waits there to be taken out of it, is in no copy.
    target.pragma_update(None, "secure_delete", true)?;
    let tx = target.unchecked_transaction()?;
    while let Some(row) = search::first_left(&tx)? {
        search::sweep(&tx, row)?;
    }
    tx.commit()?;
    let count = |table: &str| -> Result<u64, StoreError> {
        unsigned(target.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
    };
    report.entries = count("journal")?;
    report.transmissions = count("transmission")?;
    report.words = count("vault")?;
    Ok(())
}

/// Puts a backup into a new or empty folder and verifies all of it. Every site's log goes on in a new shard, so
/// that a log which others have seen further on is never continued from an older state.
///
/// `now` dates the shards.
///
/// # Errors
/// [`StoreError::Refused`] if the folder is not empty or there is no backup; [`StoreError::Damaged`] if the backup
/// does not verify. The folder is left empty then.
pub fn restore(from: &Path, to: &Path, now: Timestamp) -> Result<(), StoreError> {
    let doing = format!("restoring {} to {}", from.display(), to.display());
    try_restore(from, to, now).map_err(|error| error.while_doing(&doing))
}

fn try_restore(from: &Path, to: &Path, now: Timestamp) -> Result<(), StoreError> {
    if !from.join(FILE).is_file() {
        return Err(StoreError::refused(format!("there is no backup in {}", from.display())));
    }
    if std::fs::metadata(from.join(format!("{FILE}-wal"))).is_ok_and(|log| log.len() > 0) {
        return Err(StoreError::refused(format!(
            "{} is a store and no backup; back it up first",
            from.display()
        )));
    }
    take_empty_folder(to)?;
    fill(from, to, now).inspect_err(|_| empty(to))
}

fn fill(from: &Path, to: &Path, now: Timestamp) -> Result<(), StoreError> {
    for name in FILES {
        let source = from.join(name);
        if source.is_file() {
            copy(&source, &to.join(name))?;
        }
    }
    copy_sealed(from, to)?;
    sync_folder(to).map_err(failed("syncing", to))?;
    let store = Store::open(to, Access::Write).map_err(|error| match error {
        crate::OpenStoreError::Database { source, .. } => source,
        other => StoreError::refused(other.to_string()),
    })?;
    store.verify()?;
    let entries = sites(&store)?.into_iter().map(|(site, shard)| {
        let why = "restored from a backup".to_owned();
        Entry::new(now, Fact::Shard { site, number: shard + 1, why })
    });
    store.record(entries.collect())?;
    Ok(())
}

/// Every site that the store knows, with its current shard.
fn sites(store: &Store) -> Result<Vec<(SiteId, u32)>, StoreError> {
    let logs = store.logs()?;
    let mut sites: Vec<(SiteId, u32)> = logs.into_iter().map(|log| (log.site, log.shard)).collect();
    let placed = store.read(|tx| {
        let mut ask = tx.prepare("SELECT DISTINCT site FROM placement ORDER BY site")?;
        let names = ask.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        Ok(names.into_iter().map(SiteId::new).collect::<Vec<_>>())
    })?;
    for site in placed {
        if !sites.iter().any(|(known, _)| *known == site) {
            sites.push((site, 0));
        }
    }
    Ok(sites)
}

/// Takes away what an unfinished restore left. Nothing else can be there: the folder was empty.
fn empty(dir: &Path) {
    let inside = dir.read_dir().into_iter().flatten().flatten();
    let left: Vec<PathBuf> = inside.map(|file| file.path()).collect();
    for path in left {
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "left behind by an unfinished restore");
        }
    }
}
