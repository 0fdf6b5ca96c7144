//! One writer at a time: a lock that the kernel lets go when its holder dies.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::OpenStoreError;

/// The held lock of a store's folder. Dropping it lets go.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the file `lock` in `dir`, or names the process that holds it.
    pub(crate) fn take(dir: &Path) -> Result<Self, OpenStoreError> {
        let path = dir.join("lock");
        let fault = |doing| {
            let path = path.clone();
            move |source| OpenStoreError::File { doing, path, source }
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(fault("opening"))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(OpenStoreError::Locked { dir: dir.to_owned(), pid: holder(&mut file) });
            }
            Err(error) => return Err(fault("locking")(error.into())),
        }
        file.set_len(0).map_err(fault("writing"))?;
        file.rewind().map_err(fault("writing"))?;
        writeln!(file, "{}", std::process::id()).map_err(fault("writing"))?;
        Ok(Self { _file: file })
    }
}

/// What the holder wrote about itself.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let _ = file.take(32).read_to_string(&mut text);
    // not copy: the lock file
    let pid = text.trim();
    if pid.is_empty() { "unknown".to_owned() } else { pid.to_owned() }
}
