//! Reading a file whole, or not at all.

use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use super::look::Ident;

/// What became of reading a file.
#[derive(Debug)]
pub(super) enum Taken {
    /// All its bytes, as they stood from before the reading until after it.
    Whole(Vec<u8>),
    /// It is gone, or another, or somebody is writing it.
    Changed,
}

/// Reads the file that `ident` describes.
pub(super) fn take(path: &Path, ident: &Ident) -> io::Result<Taken> {
    // A link put in the file's place is not followed; a pipe put there does not block.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Taken::Changed),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Ok(Taken::Changed);
        }
        Err(error) => return Err(error),
    };
    let before = file.metadata()?;
    if !before.is_file() || Ident::of(&before) != *ident {
        return Ok(Taken::Changed);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(ident.size).unwrap_or(0));
    (&file).take(ident.size + 1).read_to_end(&mut bytes)?;
    let same = bytes.len() as u64 == ident.size && Ident::of(&file.metadata()?) == *ident;
    Ok(if same { Taken::Whole(bytes) } else { Taken::Changed })
}
