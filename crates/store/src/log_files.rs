//! Two files beside the database that belong to a site's public log: the last word that was signed, kept where no
//! backup of the store brings it back to an older state, and the tiles, which are derived.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// The bytes of one slot: a page, written in one go.
const SLOT: usize = 4_096;
/// The bytes of a tile: 256 hashes.
pub const TILE: usize = 8_192;

/// The file of the last word could not be used.
#[derive(Debug, thiserror::Error)]
pub enum LastWordError {
    /// The file could not be opened, read or written.
    #[error("{doing} {}: {source}", .path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process holds it.
    #[error("{} is held by another process, which signs the same log", .path.display())]
    Held {
        /// Which file.
        path: PathBuf,
    },
    /// It does not say any more what this process wrote last.
    #[error("{} was changed by somebody else, who signs the same log", .path.display())]
    Changed {
        /// Which file.
        path: PathBuf,
    },
    /// The text is too long for its slot.
    #[error("{} bytes do not fit into a slot of {SLOT}", .0)]
    TooLong(usize),
}

/// A short text that is swapped for the next, never lost and never half written: a plain file with two slots, each a
/// text filled up with empty lines. It is held under a lock from opening to dropping.
///
/// It is not synced at each swap, but by [`LastWord::sync`], and until then the slot that was synced last is left alone:
/// what a loss of power takes back, or tears, is only ever behind the store, which was synced before.
#[derive(Debug)]
pub struct LastWord {
    path: PathBuf,
    file: File,
    /// The slot that holds the newest text, and the text.
    newest: Option<(u64, String)>,
    dirty: bool,
}

impl LastWord {
    /// Opens the file, or creates it and the folder it is in. `newest` picks the newer of two texts.
    ///
    /// # Errors
    /// It cannot be opened, or another process holds it.
    pub fn open(path: &Path, newest: impl Fn(&[String]) -> Option<usize>) -> Result<Self, LastWordError> {
        let fault = |doing| move |source| LastWordError::File { doing, path: path.to_owned(), source };
        let sync_folder = |folder: &Path| File::open(folder).and_then(|folder| folder.sync_all());
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .map_err(fault("creating the folder of"))?;
            if let Some(above) = parent.parent().filter(|above| !above.as_os_str().is_empty()) {
                sync_folder(above).map_err(fault("syncing the folder of"))?;
            }
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = file.map_err(fault("opening"))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(LastWordError::Held { path: path.to_owned() }),
            Err(error) => return Err(fault("locking")(error.into())),
        }
        let texts = [read_slot(&file, 0), read_slot(&file, 1)];
        let texts = texts.into_iter().collect::<io::Result<Vec<_>>>().map_err(fault("reading"))?;
        let newest = newest(&texts).map(|at| (at as u64, texts[at].clone()));
        // Who wrote it may not have come to syncing it, and whoever made the file not to syncing its name.
        file.sync_all().map_err(fault("syncing"))?;
        parent.map_or(Ok(()), sync_folder).map_err(fault("syncing the folder of"))?;
        Ok(Self { path: path.to_owned(), file, newest, dirty: false })
    }

    /// What was said last.
    pub fn get(&self) -> Option<&str> {
        self.newest.as_ref().map(|(_, text)| text.as_str())
    }

    /// Compares what the file says with what was said last, and says the next.
    ///
    /// # Errors
    /// [`LastWordError::Changed`] if somebody else said something; nothing is written then.
    pub fn swap(&mut self, text: &str) -> Result<(), LastWordError> {
        let path = &self.path;
        let fault = |doing| move |source| LastWordError::File { doing, path: path.clone(), source };
        if text.len() >= SLOT {
            return Err(LastWordError::TooLong(text.len()));
        }
        let slot = match &self.newest {
            Some((slot, said)) => {
                if read_slot(&self.file, *slot).map_err(fault("reading"))? != *said {
                    return Err(LastWordError::Changed { path: path.clone() });
                }
                // What was not synced may be overwritten; the slot beside it holds what was.
                if self.dirty { *slot } else { 1 - slot }
            }
            None => 0,
        };
        let mut bytes = [b'\n'; SLOT];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        crate::meet(|| self.file.write_all_at(&bytes, slot * SLOT as u64)).map_err(fault("writing"))?;
        self.newest = Some((slot, text.to_owned()));
        self.dirty = true;
        Ok(())
    }

    /// Makes durable what was said since the last time, if anything was.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn sync(&mut self) -> Result<(), LastWordError> {
        if std::mem::take(&mut self.dirty) {
            let fault = |source| LastWordError::File { doing: "syncing", path: self.path.clone(), source };
            crate::meet(|| self.file.sync_data()).map_err(fault)?;
        }
        Ok(())
    }
}

/// The text of a slot, without the empty lines that fill it up but with its own last one; empty if it was never written.
fn read_slot(file: &File, slot: u64) -> io::Result<String> {
    let mut bytes = [0; SLOT];
    match file.read_exact_at(&mut bytes, slot * SLOT as u64) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(String::new()),
        other => other?,
    }
    let text = String::from_utf8_lossy(&bytes);
    // not copy: a checkpoint
    let text = text.trim_end_matches(['\n', '\0']);
    Ok(if text.is_empty() { String::new() } else { format!("{text}\n") })
}

/// Writes a few bytes into a file of their own, whole or not at all, readable by its owner only; makes the folder if it is
/// missing. `durable`: it is on the disk when this returns.
///
/// # Errors
/// The disk does not take it; the file is as it was.
pub fn write_whole(path: &Path, bytes: impl AsRef<[u8]>, durable: bool) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all_at(bytes.as_ref(), 0)?;
    if durable {
        file.sync_all()?;
    }
    std::fs::rename(&part, path)?;
    if durable { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The full tiles of level 0 of one shard, one behind the other. Derived: it can be thrown away.
#[derive(Debug)]
pub struct TileFile {
    file: File,
    count: u64,
}

impl TileFile {
    /// Opens the file, or creates it. What is not a whole tile at its end is cut off.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(parent) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let count = file.metadata()?.len() / TILE as u64;
        file.set_len(count * TILE as u64)?;
        Ok(Self { file, count })
    }

    /// How many tiles there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// One tile.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn read(&self, n: u64) -> io::Result<Vec<u8>> {
        if n >= self.count {
            return Err(io::ErrorKind::NotFound.into());
        }
        let mut bytes = vec![0; TILE];
        self.file.read_exact_at(&mut bytes, n * TILE as u64)?;
        Ok(bytes)
    }

    /// Appends a tile of [`TILE`] bytes.
    ///
    /// # Errors
    /// It has another length, or the disk does not take it.
    pub fn append(&mut self, tile: &[u8]) -> io::Result<()> {
        if tile.len() != TILE {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.file.write_all_at(tile, self.count * TILE as u64)?;
        self.count += 1;
        Ok(())
    }

    /// Keeps so many tiles, at most, and throws the others away.
    ///
    /// # Errors
    /// The file cannot be cut.
    pub fn keep(&mut self, count: u64) -> io::Result<()> {
        if count < self.count {
            self.file.set_len(count * TILE as u64)?;
            self.count = count;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(texts: &[String]) -> Option<usize> {
        (0..texts.len()).filter(|at| !texts[*at].is_empty()).max_by_key(|at| texts[*at].len())
    }

    #[test]
    fn the_last_word_is_there_after_it_was_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("outside/main");
        let mut word = LastWord::open(&path, longest).unwrap();
        assert_eq!(word.get(), None);
        for text in ["a\n", "ab\n", "abc\n\nd\n"] {
            word.swap(text).unwrap();
            word.sync().unwrap();
        }
        assert!(matches!(LastWord::open(&path, longest), Err(LastWordError::Held { .. })));
        drop(word);
        let word = LastWord::open(&path, longest).unwrap();
        assert_eq!(word.get(), Some("abc\n\nd\n"));
        let kept = std::fs::read_to_string(&path).unwrap();
        assert!(kept.starts_with("abc\n\nd\n\n\n"), "anybody can read it");
    }

    #[test]
    fn what_was_synced_outlives_whatever_is_said_before_the_next_sync() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("main");
        let mut word = LastWord::open(&path, longest).unwrap();
        word.swap("synced\n").unwrap();
        word.sync().unwrap();
        for text in ["longer than it\n", "and longer than that\n", "and once more a longer one\n"] {
            word.swap(text).unwrap();
        }
        let texts = [read_slot(&word.file, 0).unwrap(), read_slot(&word.file, 1).unwrap()];
        assert!(texts.contains(&"synced\n".to_owned()), "{texts:?}");
        assert!(texts.contains(&"and once more a longer one\n".to_owned()), "{texts:?}");
    }

    #[test]
    fn who_finds_another_word_than_its_own_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("main");
        let mut word = LastWord::open(&path, longest).unwrap();
        word.swap("mine\n").unwrap();
        // Another machine, which the lock does not reach.
        let other = OpenOptions::new().write(true).open(&path).unwrap();
        other.write_all_at(b"more", 0).unwrap();
        assert!(matches!(word.swap("mine too\n"), Err(LastWordError::Changed { .. })));
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("more\n"));
    }

    #[test]
    fn tiles_come_back_and_a_cut_one_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tiles/main-0");
        let mut tiles = TileFile::open(&path).unwrap();
        assert!(tiles.append(&[1; 7]).is_err());
        for n in 0..3u8 {
            tiles.append(&[n; TILE]).unwrap();
        }
        OpenOptions::new().append(true).open(&path).unwrap().set_len(3 * TILE as u64 + 9).unwrap();
        let mut tiles = TileFile::open(&path).unwrap();
        assert_eq!((tiles.count(), tiles.read(2).unwrap()[0]), (3, 2));
        assert!(tiles.read(3).is_err());
        tiles.keep(1).unwrap();
        assert_eq!(TileFile::open(&path).unwrap().count(), 1);
    }
}
