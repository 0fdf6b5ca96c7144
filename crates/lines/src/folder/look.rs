//! What is in the folder.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use super::{DONE, REFUSED};

/// The most files that one look takes in; the others wait until these are gone.
const MAX_FILES: usize = 100_000;
/// The most strange things that are worth naming.
const MAX_STRANGE: usize = 1_000;
const UNFINISHED: [&str; 3] = [".part", ".tmp", ".filepart"];

/// What a file is known by, and whether it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Ident {
    pub(super) dev: u64,
    pub(super) ino: u64,
    pub(super) size: u64,
    pub(super) seconds: i64,
    pub(super) nanoseconds: i64,
}

impl Ident {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            dev: metadata.dev(),
            ino: metadata.ino(),
            size: metadata.size(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        }
    }

    /// Of whatever stands at this path, without following a symbolic link.
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        fs::symlink_metadata(path).map(|metadata| Self::of(&metadata))
    }

    pub(super) fn mtime(&self) -> (i64, i64) {
        (self.seconds, self.nanoseconds)
    }
}

/// A regular file that is to be taken.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) name: OsString,
    pub(super) ident: Ident,
}

/// The folder at one glance.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) files: Vec<Found>,
    /// What is no regular file, by name, with what it is.
    pub(super) strange: Vec<(OsString, &'static str)>,
    /// The folder's own device and inode: another folder under the same path is to be watched anew.
    pub(super) identity: (u64, u64),
}

/// Looks through the folder, which is made if it is missing.
pub(super) fn look(path: &Path) -> io::Result<Look> {
    fs::create_dir_all(path)?;
    let own = fs::metadata(path)?;
    let mut look = Look { files: vec![], strange: vec![], identity: (own.dev(), own.ino()) };
    for found in fs::read_dir(path)? {
        let name = found?.file_name();
        if !is_wanted(&name) {
            continue;
        }
        match fs::symlink_metadata(path.join(&name)) {
            Ok(metadata) if metadata.is_file() => {
                look.files.push(Found { ident: Ident::of(&metadata), name })
            }
            Ok(metadata) if metadata.is_dir() && (name == DONE || name == REFUSED) => {}
            Ok(metadata) if look.strange.len() < MAX_STRANGE => look.strange.push((name, kind(&metadata))),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        if look.files.len() == MAX_FILES {
            break;
        }
    }
    Ok(look)
}

/// Whether a file of this name is to be taken: no dotfile, and not one that its sender calls unfinished.
pub(super) fn is_wanted(name: &OsStr) -> bool {
    let name = name.as_bytes();
    !name.starts_with(b".") && !UNFINISHED.iter().any(|end| name.ends_with(end.as_bytes()))
}

fn kind(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}
