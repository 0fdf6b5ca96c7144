//! Moving a file to `done/` or `refused/` without ever moving another in its place.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use jiff::Timestamp;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::look::{Found, Ident};
use super::{DONE, REFUSED};

/// How many names are tried.
const TRIES: u32 = 10_000;
/// The longest name on common file systems, in bytes.
const MAX_NAME: usize = 255;

/// What became of a move.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It is out of the way.
    Moved,
    /// What stands under that name is not what was answered: another file, or more of it. It stays.
    Changed,
}

/// Moves `found` into the folder `into` inside `folder`.
pub(super) fn put_away(folder: &Path, into: &str, found: &Found) -> io::Result<Put> {
    let from = folder.join(&found.name);
    match Ident::at(&from) {
        Ok(ident) if ident == found.ident => {}
        Ok(_) => return Ok(Put::Changed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Put::Changed),
        Err(error) => return Err(error),
    }
    let into = folder.join(into);
    match fs::create_dir(&into) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let Some(to) = rename_free(&from, &into, found)? else { return Ok(Put::Changed) };
    // Between the look above and the move another file may have been renamed into the place of ours.
    let to = into.join(to);
    if Ident::at(&to)? == found.ident {
        return Ok(Put::Moved);
    }
    rename_free(&to, folder, found)?;
    Ok(Put::Changed)
}

/// Makes moves durable in both folders.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    for into in [DONE, REFUSED] {
        match File::open(folder.join(into)) {
            Ok(opened) => opened.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    File::open(folder)?.sync_all()
}

/// Renames to the first name that is free; `None` if there is nothing to rename any more.
fn rename_free(from: &Path, into: &Path, found: &Found) -> io::Result<Option<OsString>> {
    for attempt in 0..TRIES {
        let name = name(found, attempt);
        match rename_new(from, &into.join(&name)) {
            Ok(()) => return Ok(Some(name)),
            Err(Errno::EXIST) => {}
            Err(Errno::NOENT) if Ident::at(from).is_err() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "no free name was found"))
}

/// Renames unless the new name is taken.
fn rename_new(from: &Path, to: &Path) -> Result<(), Errno> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some network file systems do not know how; nobody but us writes to `done/`.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            if to.symlink_metadata().is_ok() {
                Err(Errno::EXIST)
            } else {
                rustix::fs::rename(from, to)
            }
        }
        done => done,
    }
}

/// The file's name; then with its time of writing, so that a name that comes every day stays quick to place; then
/// with a number as well.
fn name(found: &Found, attempt: u32) -> OsString {
    if attempt == 0 {
        return found.name.clone();
    }
    let written = Timestamp::new(found.ident.seconds, i32::try_from(found.ident.nanoseconds).unwrap_or(0))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let mut end = format!(".{}", written.strftime("%Y%m%dT%H%M%S"));
    if attempt > 1 {
        end.push_str(&format!("-{attempt}"));
    }
    suffixed(&found.name, &end)
}

/// The name with an end, cut so that the file system takes it.
fn suffixed(name: &OsStr, end: &str) -> OsString {
    let kept = name.len().min(MAX_NAME - end.len());
    let mut bytes = name.as_bytes()[..kept].to_vec();
    bytes.extend_from_slice(end.as_bytes());
    OsString::from_vec(bytes)
}
