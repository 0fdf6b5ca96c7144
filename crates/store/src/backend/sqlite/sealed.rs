//! Sealed bytes: files in a folder for each item, and the keys that open them in the database. A key that is shredded takes
//! with it whatever it sealed, also where a copy of the files was made.

use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;
use news::{AgencyId, Digest, ItemKey};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::cells::{instant, micros};
use super::remembered::sum;
use super::{Store, WIPE_PATIENCE};
use crate::{StoreError, write_whole};

/// The folder, in the store's, of what is sealed.
pub(super) const FOLDER: &str = "sealed";

/// What opens the sealed bytes of one item.
#[derive(Clone, PartialEq, Eq)]
pub struct SealKey {
    /// Whose.
    pub key: ItemKey,
    /// The folder they are in: a random name.
    pub folder: String,
    /// The key that they are encrypted under.
    pub secret: [u8; 32],
    /// Since when it is there.
    pub at: Timestamp,
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealKey").field("key", &self.key).field("at", &self.at).finish_non_exhaustive()
    }
}

impl SealKey {
    fn sum(&self) -> Digest {
        let (agency, at) = (self.key.agency.as_str().as_bytes(), micros(self.at).to_le_bytes());
        sum(&[agency, self.key.uri.as_bytes(), self.folder.as_bytes(), &self.secret, &at])
    }

    fn of(row: &Row<'_>) -> Result<Self, StoreError> {
        let key = ItemKey { agency: AgencyId::new(row.get::<_, String>(0)?), uri: row.get(1)? };
        let sealed = Self { key, folder: row.get(2)?, secret: row.get(3)?, at: instant(row.get(4)?)? };
        if row.get::<_, [u8; 32]>(5)? != sealed.sum().0 {
            let what = format!("the key of what is sealed of {}", sealed.key);
            return Err(StoreError::damaged(what, "it does not match its checksum"));
        }
        Ok(sealed)
    }
}

const KEYS: &str = "SELECT agency, uri, folder, secret, at, sum FROM seal";

/// Checks every key.
pub(super) fn verify(tx: &Transaction<'_>) -> Result<(), StoreError> {
    keys(tx).map(drop)
}

fn keys(tx: &Transaction<'_>) -> Result<Vec<SealKey>, StoreError> {
    let mut ask = tx.prepare(&format!("{KEYS} ORDER BY agency, uri"))?;
    let (mut rows, mut keys) = (ask.query([])?, Vec::new());
    while let Some(row) = rows.next()? {
        keys.push(SealKey::of(row)?);
    }
    Ok(keys)
}

impl Store {
    /// The keys of all that is sealed.
    ///
    /// # Errors
    /// The store cannot be read, or [`StoreError::Damaged`].
    pub fn seal_keys(&self) -> Result<Vec<SealKey>, StoreError> {
        self.read(keys).map_err(|error| error.while_doing("reading the keys of what is sealed"))
    }

    /// The key of what is sealed of an item.
    ///
    /// # Errors
    /// The store cannot be read, or [`StoreError::Damaged`].
    pub fn seal_key(&self, key: &ItemKey) -> Result<Option<SealKey>, StoreError> {
        self.read(|tx| {
            let mut ask = tx.prepare_cached(&format!("{KEYS} WHERE agency = ?1 AND uri = ?2"))?;
            let mut rows = ask.query(params![key.agency.as_str(), key.uri])?;
            rows.next()?.map(SealKey::of).transpose()
        })
        .map_err(|error| error.while_doing("reading the key of what is sealed"))
    }

    /// Keeps a key, durably: before anything is sealed with it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the item has one; otherwise as every write.
    pub fn keep_seal_key(&self, sealed: &SealKey) -> Result<(), StoreError> {
        self.write("keeping the key of what is sealed", |tx| {
            let SealKey { key, folder, secret, at } = sealed;
            let put = tx.execute(
                "INSERT INTO seal (agency, uri, folder, secret, at, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO NOTHING",
                params![key.agency.as_str(), key.uri, folder, secret, micros(*at), sealed.sum().0],
            )?;
            match put {
                0 => Err(StoreError::refused(format!("there is a key of what is sealed of {key}"))),
                _ => Ok(()),
            }
        })
    }

    /// Destroys the key of what is sealed of an item, and with it what it sealed. Returns whether there was any.
    ///
    /// # Errors
    /// As every write.
    pub fn shred_seal_key(&self, key: &ItemKey) -> Result<bool, StoreError> {
        let folder = self.write("destroying the key of what is sealed", |tx| {
            let at = params![key.agency.as_str(), key.uri];
            let mut ask = tx.prepare_cached("SELECT folder FROM seal WHERE agency = ?1 AND uri = ?2")?;
            let folder: Option<String> = ask.query_row(at, |row| row.get(0)).optional()?;
            if folder.is_some() {
                // Overwritten where it stands, and then gone.
                tx.execute("UPDATE seal SET secret = zeroblob(32) WHERE agency = ?1 AND uri = ?2", at)?;
                tx.execute("DELETE FROM seal WHERE agency = ?1 AND uri = ?2", at)?;
            }
            Ok(folder)
        })?;
        let Some(folder) = folder else { return Ok(false) };
        self.wipe_soon(WIPE_PATIENCE)?;
        self.drop_sealed(&folder)?;
        Ok(true)
    }

    fn sealed_folder(&self, folder: &str) -> PathBuf {
        self.dir().join(FOLDER).join(folder)
    }

    fn drop_sealed(&self, folder: &str) -> Result<(), StoreError> {
        match std::fs::remove_dir_all(self.sealed_folder(folder)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::from(error).while_doing("removing what nobody can open any more"))
            }
            _ => Ok(()),
        }
    }

    /// Keeps sealed bytes, durably, under a name; what has the same name gives way.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn put_sealed(&self, sealed: &SealKey, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.sealed_folder(&sealed.folder).join(name);
        write_whole(&path, bytes, true)
            .and_then(|()| super::sync_folder(&self.dir().join(FOLDER)))
            .and_then(|()| super::sync_folder(self.dir()))
            .map_err(|error| StoreError::from(error).while_doing("keeping sealed bytes"))
    }

    /// What is sealed of an item, by name.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sealed(&self, sealed: &SealKey) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let read = || -> std::io::Result<_> {
            let mut found = Vec::new();
            let inside = match self.sealed_folder(&sealed.folder).read_dir() {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
                inside => inside?,
            };
            for file in inside {
                let file = file?;
                let name = file.file_name().to_string_lossy().into_owned();
                if !name.ends_with(".part") {
                    found.push((name, std::fs::read(file.path())?));
                }
            }
            found.sort();
            Ok(found)
        };
        read().map_err(|error| StoreError::from(error).while_doing("reading what is sealed"))
    }

    /// Removes sealed bytes that no key opens any more: a crash may have come between the two.
    ///
    /// # Errors
    /// The store cannot be read, or a folder not be removed.
    pub fn sweep_sealed(&self) -> Result<(), StoreError> {
        let keys = self.seal_keys()?;
        for folder in self.dir().join(FOLDER).read_dir().into_iter().flatten().flatten() {
            let name = folder.file_name().to_string_lossy().into_owned();
            if !keys.iter().any(|sealed| sealed.folder == name) {
                self.drop_sealed(&name)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Access;

    fn sealed(uri: &str) -> SealKey {
        let key = ItemKey { agency: AgencyId::from("agx"), uri: uri.to_owned() };
        SealKey { key, folder: format!("folder-{uri}"), secret: [0x5e; 32], at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_shredded_key_is_gone_from_every_file_and_takes_the_sealed_bytes_along() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Access::Write).unwrap();
        let (one, other) = (sealed("1"), SealKey { secret: [0x77; 32], ..sealed("2") });
        for key in [&one, &other] {
            store.keep_seal_key(key).unwrap();
            store.put_sealed(key, "a", b"sealed").unwrap();
        }
        assert!(store.keep_seal_key(&one).is_err(), "a key is never replaced: what it sealed would be lost");
        assert_eq!(store.sealed(&one).unwrap(), [("a".to_owned(), b"sealed".to_vec())]);
        assert_eq!(store.seal_keys().unwrap(), [one.clone(), other.clone()]);
        assert_eq!(
            (store.shred_seal_key(&one.key).unwrap(), store.shred_seal_key(&one.key).unwrap()),
            (true, false)
        );
        assert_eq!(store.seal_key(&one.key).unwrap(), None);
        assert_eq!(store.seal_key(&other.key).unwrap(), Some(other.clone()));
        assert!(!dir.path().join("sealed/folder-1").exists());
        for file in
            dir.path().read_dir().unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file())
        {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!bytes.windows(32).any(|window| window == one.secret), "{}", file.display());
        }
        std::fs::create_dir(dir.path().join("sealed/nobodys")).unwrap();
        store.sweep_sealed().unwrap();
        assert!(!dir.path().join("sealed/nobodys").exists() && dir.path().join("sealed/folder-2/a").exists());
        crate::Journal::verify(&store).unwrap();
    }

    #[test]
    fn a_backup_carries_what_is_sealed_and_what_opens_it() {
        let [dir, to, back] = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let store = Store::open(dir.path(), Access::Write).unwrap();
        store.keep_seal_key(&sealed("1")).unwrap();
        store.put_sealed(&sealed("1"), "a", b"sealed").unwrap();
        store.backup(to.path()).unwrap();
        crate::restore(to.path(), back.path(), Timestamp::UNIX_EPOCH).unwrap();
        let store = Store::open(back.path(), Access::Write).unwrap();
        assert_eq!(store.sealed(&store.seal_keys().unwrap()[0]).unwrap()[0].1, b"sealed");
    }
}
