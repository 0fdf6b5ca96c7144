//! The public logs of the sites: what the record holds becomes leaves, tiles and signed checkpoints.
//!
//! A leaf's row is written with the journal entry, in one transaction. [`Notary::sign`] follows at once, on the desk's
//! thread, before anything learns of the commit: it hashes the leaves, signs the new checkpoint and only then says how
//! far the record is covered. Readers wait for that, a few microseconds, before they show what they read.
//!
//! **One history.** A checkpoint that was signed is remembered outside of the store's folder, compared and swapped at
//! each signature. A store that is behind it, or has other leaves, was brought back or copied: it does not start, and
//! says what to do ([`open_shards`]).

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use ::notary::chain::Extra;
use ::notary::note::Signature;
use ::notary::tiles::{self, FromTiles, Levels, Tile, Tiles, WIDTH};
use ::notary::tree::{self, Edge, Hash};
use ::notary::witness::AddCheckpoint;
use ::notary::{Checkpoint, KeyKind, Leaf, Note, Proof, Secret, SignerKey, VerifierKey, leaf_hash, shard};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use news::{FeedId, Gravity, ItemId, SiteId};
use store::{
    Committed, Entry, Fact, FeedState as _, Index as _, Journal as _, LastWord, LastWordError, LeafDraft,
    LeafRow, Store, StoreError, TileFile, Words,
};

use crate::chance;
use crate::config::{self, Config, Site};
use crate::witnesses::{self, Cosigned};

/// Leaves that are taken from the record at once.
const PAGE: usize = 1_024;
/// How long a reader waits for a signature that is being made, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(2);
const GLANCE: Duration = Duration::from_micros(50);

/// A log cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store could not be read or written.
    #[error("the public log: {0}")]
    Store(#[from] StoreError),
    /// The last checkpoint could not be read, written or compared.
    #[error("the last checkpoint of site `{site}`: {source}; `[log] last_checkpoint` says where it is kept")]
    LastWord {
        /// Whose.
        site: SiteId,
        /// Why.
        source: LastWordError,
    },
    /// The secret key is not to be had.
    #[error("the secret key of the log, {}: {why}", .path.display())]
    Key {
        /// Where it is kept.
        path: PathBuf,
        /// What is wrong, and the remedy.
        why: String,
    },
    /// A tile could not be read.
    #[error("a tile of the log of site `{site}`: {source}")]
    Tile {
        /// Whose.
        site: SiteId,
        /// Why.
        source: io::Error,
    },
    /// Going on would sign a second history.
    #[error(
        "the log of site `{site}` is not signed: {why}. Signing from here would put a second history beside the one \
         that the public has seen. If this store was brought back or copied on purpose, see to it that no other runs, \
         and open a new shard with `verbatim new-shard`; otherwise bring back the newer store"
    )]
    Fork {
        /// Whose.
        site: SiteId,
        /// What shows it.
        why: String,
    },
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of a shard: the address of the log without its scheme.
fn origin(site: &Site, shard: u32) -> String {
    let (_, base) = site.base_url().split_once("://").unwrap_or(("", site.base_url()));
    format!("{base}/log/{}", shard::name(shard))
}

/// Of what a leaf is that ends a shard and names the log that follows.
const LAST_ACTS: [&str; 2] = ["shard", "key"];

/// Where the store remembers the last note of a shard that it signed: it then knows that it has signed.
fn memory_of(site: &SiteId, shard: u32) -> FeedId {
    FeedId::new(format!("log:{site}/{shard}"))
}

/// Where the store remembers by which key a shard is signed.
fn key_of(site: &SiteId, shard: u32) -> FeedId {
    FeedId::new(format!("{}{shard}", keys_of(site)))
}

/// How the names begin under which it remembers the keys of all shards.
fn keys_of(site: &SiteId) -> String {
    format!("log-key:{site}/")
}

/// The leaf of a row, as it stands in the log.
pub(crate) fn text_of(at: Timestamp, row: &LeafRow) -> String {
    let draft = &row.draft;
    let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut leaf = Leaf {
        act: draft.act.clone(),
        item: (draft.item.bits() != 0).then(|| draft.item.to_string()),
        version: (draft.version > 0).then_some(draft.version),
        prev: row.prev,
        feed: word(&draft.feed),
        received: draft.received.map(|at| at.to_string()),
        published: at.to_string(),
        review: word(&draft.review),
        label: draft.label.map(|label| label.0),
        reason: draft.reason.as_deref().and_then(word),
        commit: draft.commit.map(|commit| commit.0),
    };
    match leaf.encode() {
        Ok(text) => text,
        // A word of the record that no leaf can carry is left out; who, what and when always can.
        Err(_) => {
            (leaf.feed, leaf.review, leaf.reason) = (None, None, None);
            leaf.encode().unwrap_or_else(|error| format!("{}\n{error}\n", ::notary::FORMAT))
        }
    }
}

/// The salt and disclosure that open the leaf of these words.
pub(crate) fn opening(words: &Words) -> ([u8; 32], String) {
    (Secret(words.salt).salt(), words.disclosure.clone())
}

/// The leaf that ends a shard: in the place of a feed it bears the public key of the log that follows, and with it its name.
fn last_leaf(site: &SiteId, successor: &VerifierKey, act: &str) -> LeafDraft {
    LeafDraft {
        site: site.clone(),
        item: ItemId::from_bits(0),
        act: act.to_owned(),
        version: 0,
        feed: successor.to_string(),
        received: None,
        published: None,
        review: String::new(),
        label: None,
        reason: None,
        commit: None,
    }
}

/// One shard: its tree, and the note over it.
struct Shard {
    number: u32,
    origin: String,
    levels: Levels,
    edge: Edge,
    tiles: TileFile,
    /// Full tiles that the disk did not take yet.
    waiting: BTreeMap<u64, Vec<u8>>,
    note: String,
    /// The size that the note is over.
    signed: u64,
    cosigned: Cosigned,
}

impl Tiles for Shard {
    type Error = io::Error;

    fn tile(&self, tile: Tile) -> io::Result<Vec<Hash>> {
        if let Some(here) = self.levels.tile(tile) {
            return Ok(here.to_vec());
        }
        if tile.level != Some(0) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let bytes = match self.waiting.get(&tile.n) {
            Some(bytes) => bytes.clone(),
            None => self.tiles.read(tile.n)?,
        };
        let mut hashes = tiles::hashes(&bytes).ok_or(io::ErrorKind::InvalidData)?;
        hashes.truncate(usize::from(tile.width));
        Ok(hashes)
    }

    fn short(&self, tile: Tile) -> io::Error {
        io::Error::other(format!("{tile} is not whole"))
    }
}

impl Shard {
    /// Derives the tree of a shard: from its tiles as far as there are any, then from the record.
    fn derive(store: &Store, site: &SiteId, number: u32, origin: String) -> Result<Self, LogError> {
        let fault = |source| LogError::Tile { site: site.clone(), source };
        let path = store.dir().join("tiles").join(format!("{site}-{number}"));
        let mut tiles = TileFile::open(&path).map_err(fault)?;
        let last = (tiles.count() * u64::from(WIDTH)).checked_sub(1);
        if let Some(last) = last
            && store.leaves(site, number, last, 1)?.is_empty()
        {
            tiles.keep(0).map_err(fault)?;
        }
        let (levels, edge) = (Levels::default(), Edge::default());
        let mut shard = Self {
            number,
            origin,
            levels,
            edge,
            tiles,
            waiting: BTreeMap::new(),
            note: String::new(),
            signed: 0,
            cosigned: Cosigned::default(),
        };
        for n in 0..shard.tiles.count() {
            let hashes = shard.tiles.read(n).map_err(fault)?;
            let hashes = tiles::hashes(&hashes).unwrap_or_default();
            if let Some(full) = tiles::fold(&hashes) {
                shard.levels.push_tile(&hashes);
                shard.edge.push_full(8, full);
            }
        }
        loop {
            let lines = store.leaves(site, number, shard.size(), PAGE)?;
            for line in &lines {
                shard.push(leaf_hash(text_of(line.at, &line.leaf).as_bytes()));
            }
            if lines.len() < PAGE {
                return Ok(shard);
            }
        }
    }

    fn size(&self) -> u64 {
        self.edge.size()
    }

    fn push(&mut self, leaf: Hash) {
        self.edge.push(leaf);
        if let Some((n, tile)) = self.levels.push(leaf) {
            self.waiting.insert(n, tile.concat());
        }
        while let Some(tile) = self.waiting.get(&self.tiles.count()) {
            if let Err(error) = self.tiles.append(tile) {
                tracing::warn!(
                    origin = self.origin,
                    "a tile waits in memory, it could not be written: {error}"
                );
                return;
            }
            self.waiting.remove(&(self.tiles.count() - 1));
        }
    }

    /// The root over the first leaves.
    fn root(&self, size: u64) -> io::Result<Hash> {
        if size == self.size() {
            return Ok(self.edge.root());
        }
        tree::root(&FromTiles { tiles: self, size }, size)
    }

    fn sign(&self, key: &SignerKey) -> String {
        let state = Checkpoint { origin: self.origin.clone(), size: self.size(), root: self.edge.root() };
        state.sign(&[key], 0).to_string()
    }

    /// Takes a note over a state of this tree.
    fn take(&mut self, note: String) {
        if note != self.note {
            self.cosigned.give_way(&self.note, self.signed);
        }
        self.signed = state_of(&note).map_or(0, |state| state.size);
        self.note = note;
    }

    fn prove(&self, index: u64, extra: Extra) -> io::Result<Option<Proof>> {
        if index >= self.signed {
            return Ok(None);
        }
        // A state that more witnesses signed proves more, be it an older one.
        let (size, checkpoint) = match self.cosigned.better(index) {
            Some((size, note)) => (size, note.to_owned()),
            None => (self.signed, self.shown()),
        };
        let path = tree::prove_inclusion(&FromTiles { tiles: self, size }, index, size)?;
        Ok(Some(Proof { extra: Some(extra.encode()), index, path, checkpoint }))
    }

    /// The note with the signatures of witnesses that it has by now.
    fn shown(&self) -> String {
        self.cosigned.under(&self.note)
    }

    /// Why what this log's key signed is not the beginning of this tree, if it is not.
    fn contradicts(&self, said: &Checkpoint) -> Option<String> {
        let (has, had) = (self.size(), said.size);
        if has < had {
            return Some(format!("this store holds {has} leaves of {}, and {had} were signed", said.origin));
        }
        let same = self.root(had).ok() == Some(said.root);
        (!same).then(|| format!("{} of this store are not the {had} leaves that were signed", said.origin))
    }

    /// Takes up what was kept of the signatures of witnesses.
    fn take_up_cosigned(&mut self, kept: &str, key: &VerifierKey) {
        if let Some(state) = witnesses::signed_by(kept, key)
            && self.contradicts(&state).is_none()
        {
            self.cosigned.take_up(&self.note, kept, state.size);
        }
    }
}

/// Where the signatures of witnesses under a shard are kept. They cannot be derived, only asked for again.
fn cosigned_file(store: &Store, site: &SiteId, shard: u32) -> PathBuf {
    store.dir().join("cosigned").join(format!("{site}-{shard}"))
}

/// What a note says, whoever signed it.
pub(crate) fn state_of(note: &str) -> Option<Checkpoint> {
    Checkpoint::parse(&Note::parse(note).ok()?.text).ok()
}

/// Which of two notes is the newer one: of the higher shard, or of the larger tree.
fn newest(notes: &[String]) -> Option<usize> {
    let place = |note: &String| state_of(note).map(|state| (shard::of(&state.origin), state.size));
    (0..notes.len()).filter(|at| place(&notes[*at]).is_some()).max_by_key(|at| place(&notes[*at]))
}

/// The year of an instant, as shards count it.
fn year_of(at: Timestamp) -> i16 {
    TimeZone::UTC.to_datetime(at).year()
}

/// The log of one site.
struct SiteLog {
    site: SiteId,
    /// Under the name of the current shard.
    key: Mutex<SignerKey>,
    current: Mutex<Shard>,
    last_word: Mutex<LastWord>,
    closed: Mutex<HashMap<u32, Option<Arc<Shard>>>>,
}

impl SiteLog {
    fn word_fault(&self) -> impl Fn(LastWordError) -> LogError + '_ {
        |source| LogError::LastWord { site: self.site.clone(), source }
    }

    /// Signs what the shard holds now. Remembered first, public after.
    fn seal(&self, shard: &mut Shard) -> Result<(), LogError> {
        let note = shard.sign(&lock(&self.key));
        lock(&self.last_word).swap(&note).map_err(self.word_fault())?;
        shard.take(note);
        Ok(())
    }

    /// The store remembers that this shard was signed, and by which key.
    fn settle(&self, store: &Store, shard: &Shard) -> Result<(), LogError> {
        if store.feed_state(&memory_of(&self.site, shard.number))?.is_none() {
            // The store must not remember a signature that the last word may lose.
            lock(&self.last_word).sync().map_err(self.word_fault())?;
            store.save_feed_state(&memory_of(&self.site, shard.number), &shard.note)?;
        }
        let vkey = lock(&self.key).verifier().to_string();
        if store.feed_state(&key_of(&self.site, shard.number))?.is_none_or(|known| known != vkey) {
            store.save_feed_state(&key_of(&self.site, shard.number), &vkey)?;
        }
        Ok(())
    }

    /// A shard that is no longer written to, if the store holds a note over it.
    fn closed(&self, store: &Store, number: u32) -> Option<Arc<Shard>> {
        if let Some(known) = lock(&self.closed).get(&number) {
            return known.clone();
        }
        let derive = || -> Result<Option<Arc<Shard>>, LogError> {
            let Some(note) = store.feed_state(&memory_of(&self.site, number))? else { return Ok(None) };
            let Some(state) = state_of(&note) else { return Ok(None) };
            let mut shard = Shard::derive(store, &self.site, number, state.origin.clone())?;
            let fits =
                state.size <= shard.size() && shard.root(state.size).is_ok_and(|root| root == state.root);
            if !fits {
                tracing::error!(
                    origin = state.origin,
                    "the closed shard does not fit its last checkpoint any more"
                );
                return Ok(None);
            }
            shard.take(note);
            // It may have been signed by an earlier key.
            let key = store.feed_state(&key_of(&self.site, number))?;
            let key = key.and_then(|key| VerifierKey::parse(&key).ok());
            if let (Ok(kept), Some(key)) =
                (std::fs::read_to_string(cosigned_file(store, &self.site, number)), key)
            {
                shard.take_up_cosigned(&kept, &key);
            }
            Ok(Some(Arc::new(shard)))
        };
        let found = derive().unwrap_or_else(|error| {
            tracing::error!("a closed shard cannot be read: {error}");
            None
        });
        let mut closed = lock(&self.closed);
        if closed.len() >= 16 {
            closed.clear();
        }
        closed.entry(number).or_insert(found).clone()
    }

    /// Changes what is known about a closed shard.
    fn change_closed<T>(
        &self,
        store: &Store,
        number: u32,
        change: impl FnOnce(&mut Shard) -> Option<T>,
    ) -> Option<T> {
        for _ in 0..100 {
            drop(self.closed(store, number)?);
            // Whoever looks at it is done in a moment.
            if let Some(Some(shard)) = lock(&self.closed).get_mut(&number)
                && let Some(shard) = Arc::get_mut(shard)
            {
                return change(shard);
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        None
    }

    /// Looks at a shard, the current one or a closed one.
    fn look<T>(&self, store: &Store, number: Option<u32>, f: impl FnOnce(&Shard) -> T) -> Option<T> {
        let current = lock(&self.current);
        match number {
            Some(number) if number > current.number => None,
            Some(number) if number < current.number => {
                drop(current);
                self.closed(store, number).map(|shard| f(&shard))
            }
            _ => Some(f(&current)),
        }
    }
}

/// The logs of all configured sites.
pub(crate) struct Notary {
    logs: Vec<SiteLog>,
    /// The last journal entry whose leaves are signed.
    covered: AtomicU64,
    /// Tells that a checkpoint was signed.
    signs: watch::Sender<()>,
}

impl fmt::Debug for Notary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notary").field("covered", &self.covered).finish_non_exhaustive()
    }
}

impl Notary {
    /// Takes up every site's log where it was left, and signs what the record holds.
    ///
    /// # Errors
    /// [`LogError`]; in particular [`LogError::Fork`] if this store is not the one that signed last.
    pub(crate) fn open(config: &Config, store: &Store, now: Timestamp) -> Result<Self, LogError> {
        finish_rotation(config, store)?;
        let key = read_key(&config.log, store)?;
        let logs = config.sites().iter().map(|site| take_up(config, site, &key, store, now));
        let logs = logs.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { logs, covered: AtomicU64::new(store.last_seq()?), signs: watch::Sender::new(()) })
    }

    fn of(&self, site: &SiteId) -> Option<&SiteLog> {
        self.logs.iter().find(|log| log.site == *site)
    }

    /// Signs what was committed just now. Called by one thread, in order, after every commit.
    ///
    /// # Errors
    /// The process must end: the next start takes up what is committed and not signed.
    pub(crate) fn sign(&self, committed: &[Committed]) -> Result<(), LogError> {
        let mut sealed = false;
        for log in &self.logs {
            let mut shard = lock(&log.current);
            let before = shard.size();
            for (at, row) in committed.iter().flat_map(|one| one.leaves.iter().map(|row| (one.at, row))) {
                if row.draft.site != log.site || row.shard != shard.number {
                    continue;
                }
                if row.index != shard.size() {
                    let why = format!("leaf {} follows {} leaves", row.index, shard.size());
                    return Err(LogError::Fork { site: log.site.clone(), why });
                }
                shard.push(leaf_hash(text_of(at, row).as_bytes()));
            }
            if shard.size() > before {
                log.seal(&mut shard)?;
                sealed = true;
            }
        }
        if let Some(last) = committed.last() {
            self.covered.store(last.seq, Ordering::Release);
        }
        if sealed {
            self.signs.send_replace(());
        }
        Ok(())
    }

    /// Waits until all that the record holds at this moment is signed. It is, but for the moment between a commit and its
    /// signature. False if it takes too long: then nobody signs any more.
    pub(crate) fn covers(&self, store: &Store) -> Result<bool, StoreError> {
        let seq = store.last_seq()?;
        let mut waited = Duration::ZERO;
        while self.covered.load(Ordering::Acquire) < seq {
            if waited > PATIENCE {
                return Ok(false);
            }
            std::thread::sleep(GLANCE);
            waited += GLANCE;
        }
        Ok(true)
    }

    /// Makes the last checkpoints durable. Called about once a second.
    pub(crate) fn sync(&self) -> Result<(), LogError> {
        self.logs.iter().try_for_each(|log| lock(&log.last_word).sync().map_err(log.word_fault()))
    }

    /// Throws all tiles away and derives them again from the record.
    ///
    /// # Errors
    /// They do not come to the root that is signed: the record was changed.
    pub(crate) fn rebuild(&self, store: &Store) -> Result<(), LogError> {
        for log in &self.logs {
            lock(&log.closed).clear();
            let mut shard = lock(&log.current);
            let fault = |source| LogError::Tile { site: log.site.clone(), source };
            let dir = store.dir().join("tiles");
            if dir.is_dir() {
                for path in std::fs::read_dir(&dir).map_err(fault)? {
                    let path = path.map_err(fault)?.path();
                    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                    let shard_of_ours =
                        name.rsplit_once('-').is_some_and(|(site, _)| site == log.site.as_str());
                    if shard_of_ours {
                        std::fs::remove_file(&path).map_err(fault)?;
                    }
                }
            }
            let mut anew = Shard::derive(store, &log.site, shard.number, shard.origin.clone())?;
            if anew.size() != shard.size() || anew.edge.root() != shard.edge.root() {
                let why = format!("{} derived anew is not what was signed", shard.origin);
                return Err(LogError::Fork { site: log.site.clone(), why });
            }
            anew.take(shard.note.clone());
            std::mem::swap(&mut anew.cosigned, &mut shard.cosigned);
            *shard = anew;
        }
        Ok(())
    }

    /// Lets the store itself remember the last notes, so that a backup of it can go on serving these shards.
    pub(crate) fn remember(&self, store: &Store) -> Result<(), LogError> {
        for log in &self.logs {
            let (number, note) = {
                let shard = lock(&log.current);
                (shard.number, shard.note.clone())
            };
            store.save_feed_state(&memory_of(&log.site, number), &note)?;
        }
        Ok(())
    }

    /// The signed checkpoint of a shard, or of the current one.
    pub(crate) fn checkpoint(&self, store: &Store, site: &SiteId, shard: Option<u32>) -> Option<String> {
        self.of(site)?.look(store, shard, Shard::shown)
    }

    /// Wakes up whenever a checkpoint was signed.
    pub(crate) fn signs(&self) -> watch::Receiver<()> {
        self.signs.subscribe()
    }

    /// The newest note of a site, as the log signed it.
    pub(crate) fn newest(&self, site: &SiteId) -> Option<String> {
        Some(lock(&self.of(site)?.current).note.clone())
    }

    /// The last note of the shard before the current one, if fewer than so many witnesses have signed it.
    pub(crate) fn ended(&self, store: &Store, site: &SiteId, witnesses: usize) -> Option<String> {
        let log = self.of(site)?;
        let current = lock(&log.current).number;
        let before = shards(store, site).ok()?.into_iter().find(|number| *number < current)?;
        let shard = log.closed(store, before)?;
        (shard.cosigned.of_newest() < witnesses).then(|| shard.note.clone())
    }

    /// What a witness that knows `old` leaves is asked about a note, of the current shard or of one that has ended. None
    /// if there is no such shard.
    pub(crate) fn request(
        &self,
        store: &Store,
        site: &SiteId,
        note: &str,
        old: u64,
    ) -> Result<Option<AddCheckpoint>, LogError> {
        let (Some(log), Some(state)) = (self.of(site), state_of(note)) else { return Ok(None) };
        let ask = |shard: &Shard| {
            if state.origin != shard.origin || state.size > shard.size() {
                return Ok(None);
            }
            let nodes = FromTiles { tiles: shard, size: state.size };
            let path = tree::prove_consistency(&nodes, old, state.size);
            let path = path.map_err(|source| LogError::Tile { site: site.clone(), source })?;
            Ok(Some(AddCheckpoint { old, path, checkpoint: note.to_owned() }))
        };
        log.look(store, shard::of(&state.origin), ask).unwrap_or(Ok(None))
    }

    /// Takes the signature of a witness under a note, and keeps it.
    pub(crate) fn cosign(&self, store: &Store, site: &SiteId, note: &str, signature: Signature) {
        let (Some(log), Some(state)) = (self.of(site), state_of(note)) else { return };
        let take = |shard: &mut Shard| {
            let newest = shard.note.clone();
            shard.cosigned.add(&newest, note, signature);
            shard.cosigned.kept(&newest).map(|kept| (shard.number, kept))
        };
        let mut current = lock(&log.current);
        let kept = if state.origin == current.origin {
            let kept = take(&mut current);
            drop(current);
            kept
        } else {
            drop(current);
            shard::of(&state.origin).and_then(|number| log.change_closed(store, number, take))
        };
        if let Some((number, kept)) = kept
            && let Err(error) = store::write_whole(&cosigned_file(store, site, number), &kept, false)
        {
            tracing::warn!(%site, "signatures of witnesses wait in memory, they could not be written: {error}");
        }
    }

    /// Compares what somebody has seen of a log with what is here. What its own key did not sign says nothing.
    ///
    /// # Errors
    /// [`LogError::Fork`]: it is not our history. It is the last word from now on, so that the next start refuses, too.
    pub(crate) fn compare(&self, site: &SiteId, by: &str, note: &str) -> Result<(), LogError> {
        let Some(log) = self.of(site) else { return Ok(()) };
        let shard = lock(&log.current);
        let Ok(key) = lock(&log.key).named(&shard.origin) else { return Ok(()) };
        let Some(said) = witnesses::signed_by(note, &key.verifier()) else { return Ok(()) };
        let Some(why) = shard.contradicts(&said) else { return Ok(()) };
        let own = said.sign(&[&key], 0).to_string();
        lock(&log.last_word).swap(&own).map_err(log.word_fault())?;
        lock(&log.last_word).sync().map_err(log.word_fault())?;
        Err(LogError::Fork { site: site.clone(), why: format!("{why}, as the witness `{by}` saw") })
    }

    /// The bytes of a tile or bundle, if it is in the tree that is signed.
    pub(crate) fn tile(
        &self,
        store: &Store,
        site: &SiteId,
        shard: Option<u32>,
        tile: Tile,
    ) -> Result<Option<Vec<u8>>, LogError> {
        let log = self.of(site);
        let look = |shard: &Shard| {
            let there = tile.width_in(shard.signed) >= tile.width;
            let hashes = there && tile.level.is_some();
            (shard.number, there, hashes.then(|| shard.tile(tile)))
        };
        let Some((number, there, hashes)) = log.and_then(|log| log.look(store, shard, look)) else {
            return Ok(None);
        };
        let fault = |source| LogError::Tile { site: site.clone(), source };
        if let Some(hashes) = hashes.transpose().map_err(fault)? {
            return Ok(Some(hashes.concat()));
        }
        if !there {
            return Ok(None);
        }
        let lines = store.leaves(site, number, tile.n * u64::from(WIDTH), usize::from(tile.width))?;
        let leaves: Vec<String> = lines.iter().map(|line| text_of(line.at, &line.leaf)).collect();
        Ok(tiles::bundle(&leaves).filter(|_| leaves.len() == usize::from(tile.width)))
    }

    /// The proof that a leaf is in the signed log, with what opens it. None if no checkpoint covers it.
    pub(crate) fn prove(
        &self,
        store: &Store,
        site: &SiteId,
        shard: u32,
        index: u64,
        opening: Option<([u8; 32], String)>,
    ) -> Result<Option<Proof>, LogError> {
        let Some(line) = store.leaves(site, shard, index, 1)?.into_iter().next() else { return Ok(None) };
        if line.leaf.index != index {
            return Ok(None);
        }
        let extra = Extra { opening, leaf: text_of(line.at, &line.leaf) };
        let Some(log) = self.of(site) else { return Ok(None) };
        let fault = |source| LogError::Tile { site: site.clone(), source };
        log.look(store, Some(shard), |shard| shard.prove(index, extra))
            .transpose()
            .map_err(fault)
            .map(Option::flatten)
    }

    /// The current shard of a site: its name, its key, its number of leaves.
    pub(crate) fn current(&self, site: &SiteId) -> Option<(String, VerifierKey, u64)> {
        let log = self.of(site)?;
        let shard = lock(&log.current);
        Some((shard.origin.clone(), lock(&log.key).verifier(), shard.signed))
    }

    /// Whether some log's shard began in an earlier year.
    pub(crate) fn is_of_another_year(&self, now: Timestamp) -> bool {
        let year = year_of(now);
        self.logs.iter().any(|log| shard::is_over(lock(&log.current).number, year))
    }

    /// At the turn of the year every log goes on in a shard of its own. Called by the thread that signs.
    ///
    /// # Errors
    /// The store takes no write now: then it is tried again. [`LogError`] otherwise.
    pub(crate) fn turn_the_year(
        &self,
        config: &Config,
        store: &Store,
        now: Timestamp,
    ) -> Result<(), LogError> {
        let year = year_of(now);
        for log in &self.logs {
            let old = lock(&log.current).number;
            let Some(site) = config.site(&log.site).filter(|_| shard::is_over(old, year)) else { continue };
            let next = shard::next(Some(old), year);
            let name = origin(site, next);
            let key = lock(&log.key).named(&name).map_err(|error| cannot_name(config, &name, &error))?;
            self.close(log, store, &key.verifier(), "shard", now)?;
            let why = "a new year".to_owned();
            let fact = Fact::Shard { site: log.site.clone(), number: next, why };
            self.sign(&store.record(vec![Entry::new(now, fact)])?)?;
            let mut shard = Shard::derive(store, &log.site, next, name)?;
            let mut current = lock(&log.current);
            *lock(&log.key) = key;
            log.seal(&mut shard)?;
            log.settle(store, &shard)?;
            tracing::info!(site = %log.site, "the log goes on as {}", shard.origin);
            *current = shard;
            drop(current);
            self.signs.send_replace(());
        }
        Ok(())
    }

    /// Ends the current shard: with a leaf that names the log that follows, a last checkpoint over it, and the store's word
    /// that this is how far it goes. Doing it twice adds no leaf.
    fn close(
        &self,
        log: &SiteLog,
        store: &Store,
        successor: &VerifierKey,
        act: &str,
        now: Timestamp,
    ) -> Result<(), LogError> {
        let (number, size) = {
            let shard = lock(&log.current);
            (shard.number, shard.size())
        };
        let last = match size.checked_sub(1) {
            Some(last) => store.leaves(&log.site, number, last, 1)?.pop(),
            None => None,
        };
        let ended = last.is_some_and(|line| {
            LAST_ACTS.contains(&line.leaf.draft.act.as_str()) && line.leaf.draft.feed == successor.to_string()
        });
        if !ended {
            let what = format!("the log of site {} goes on as {}", log.site, successor.name());
            let mut entry = Entry::new(now, Fact::Note { what, gravity: Gravity::Remark });
            entry.leaves = vec![last_leaf(&log.site, successor, act)];
            self.sign(&store.record(vec![entry])?)?;
        }
        lock(&log.last_word).sync().map_err(log.word_fault())?;
        let note = lock(&log.current).note.clone();
        Ok(store.save_feed_state(&memory_of(&log.site, number), &note)?)
    }
}

fn cannot_name(config: &Config, name: &str, error: &dyn fmt::Display) -> LogError {
    let why =
        format!("`{name}` cannot name a key: {error}; choose a [site] url without spaces and plus signs");
    LogError::Key { path: config.log.key_file.clone(), why }
}

/// By which keys the shards of a site are signed, the newest first.
pub(crate) fn keys(store: &Store, site: &SiteId) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    for shard in shards(store, site)? {
        keys.extend(store.feed_state(&key_of(site, shard))?);
    }
    Ok(keys)
}

/// The shards of a site that were signed, the newest first.
fn shards(store: &Store, site: &SiteId) -> Result<Vec<u32>, StoreError> {
    let beginning = keys_of(site);
    let number = |feed: FeedId| feed.as_str().strip_prefix(&beginning)?.parse().ok();
    let mut shards: Vec<u32> = store.feeds_named(&beginning)?.into_iter().filter_map(number).collect();
    shards.sort_unstable_by(|a, b| b.cmp(a));
    Ok(shards)
}

/// A site's log as it was left, checked against what was signed last, and signed.
fn take_up(
    config: &Config,
    site: &Site,
    key: &SignerKey,
    store: &Store,
    now: Timestamp,
) -> Result<SiteLog, LogError> {
    let id = site.id();
    let word_fault = |source| LogError::LastWord { site: id.clone(), source };
    let path = last_word(config, id);
    let last = LastWord::open(&path, newest).map_err(word_fault)?;
    let fork = |why: String| Err(LogError::Fork { site: id.clone(), why });
    let mut number = shard_of(store, id)?;
    let said = last.get().and_then(state_of);
    match &said {
        None if store.feed_state(&memory_of(id, number))?.is_some() => {
            return fork(format!("it was signed before, and {} does not say up to where", path.display()));
        }
        // That it begins is the first thing that the journal knows of it: whatever is signed afterwards, the store is not new.
        None if number == 0 => {
            number = open_shard(store, id, shard::next(None, year_of(now)), "the log begins", now)?;
        }
        None => {}
        Some(said) => {
            let signed = shard::of(&said.origin).unwrap_or(0);
            // A store without any history cannot contradict one: its log begins behind everything signed so far.
            let new = store.last_seq()? == 0;
            let moved = said.origin != origin(site, signed);
            if signed > number && !new {
                return fork(format!(
                    "{} was signed, and this store is still in shard {number}",
                    said.origin
                ));
            }
            if signed == number && !new {
                let mut shard = Shard::derive(store, id, number, said.origin.clone())?;
                if shard.size() >= said.size && shard.root(said.size).ok() != Some(said.root) {
                    // Tiles are derived: it may only be they that are damaged.
                    let fault = |source| LogError::Tile { site: id.clone(), source };
                    shard.tiles.keep(0).map_err(fault)?;
                    shard = Shard::derive(store, id, number, said.origin.clone())?;
                }
                if let Some(why) = shard.contradicts(said) {
                    return fork(why);
                }
            }
            if (signed >= number && new) || (signed == number && moved) {
                let why = if moved { "the site has another address" } else { "the store is new" };
                tracing::warn!(site = %id, "{why}, so its log goes on in a new shard");
                if !new && let Some(note) = last.get() {
                    store.save_feed_state(&memory_of(id, number), note)?;
                }
                number =
                    open_shard(store, id, shard::next(Some(signed.max(number)), year_of(now)), why, now)?;
            }
        }
    }
    let name = origin(site, number);
    let named = key.named(&name).map_err(|error| cannot_name(config, &name, &error))?;
    let mut shard = Shard::derive(store, id, number, name.clone())?;
    for (witness, seen) in witnesses::last_seen(&config.log, &named.verifier()) {
        if let Some(why) = shard.contradicts(&seen) {
            return fork(format!("{why}, as the witness `{witness}` saw"));
        }
    }
    if let Some(note) = last.get().filter(|_| said.as_ref().is_some_and(|said| said.origin == name)) {
        let known = Note::parse(note).is_ok_and(|note| note.verify(&[named.verifier()]).is_ok());
        if !known {
            return fork(
                "its last checkpoint is signed with another key; `verbatim key rotate` changes keys"
                    .to_owned(),
            );
        }
    }
    if let Ok(kept) = std::fs::read_to_string(cosigned_file(store, id, number)) {
        // The note is signed again as it was: its signature has no chance in it.
        shard.note = shard.sign(&named);
        shard.take_up_cosigned(&kept, &named.verifier());
    }
    let log = SiteLog {
        site: id.clone(),
        key: Mutex::new(named),
        current: Mutex::new(shard),
        last_word: Mutex::new(last),
        closed: Mutex::default(),
    };
    {
        let mut shard = lock(&log.current);
        log.seal(&mut shard)?;
        log.settle(store, &shard)?;
    }
    Ok(log)
}

/// The file that says what a site's log signed last.
fn last_word(config: &Config, site: &SiteId) -> PathBuf {
    config.log.last_checkpoint.join(format!("{site}.checkpoint"))
}

pub(crate) fn shard_of(store: &Store, site: &SiteId) -> Result<u32, StoreError> {
    let logs = store.logs()?;
    Ok(logs.into_iter().find(|log| log.site == *site).map_or(0, |log| log.shard))
}

fn open_shard(
    store: &Store,
    site: &SiteId,
    number: u32,
    why: &str,
    now: Timestamp,
) -> Result<u32, StoreError> {
    let fact = Fact::Shard { site: site.clone(), number, why: why.to_owned() };
    store.record(vec![Entry::new(now, fact)])?;
    Ok(number)
}

/// Opens a new shard of every site's log, behind every shard that this store or the last checkpoint knows of. Only
/// while nobody runs on the store. Returns each site with its new shard.
///
/// # Errors
/// The store is in use, or cannot be written.
pub(crate) fn open_shards(
    config: &Config,
    store: &Store,
    why: &str,
    now: Timestamp,
) -> Result<Vec<(SiteId, u32)>, LogError> {
    let mut opened = Vec::new();
    for site in config.sites() {
        let id = site.id();
        let word_fault = |source| LogError::LastWord { site: id.clone(), source };
        let last = LastWord::open(&last_word(config, id), newest).map_err(word_fault)?;
        let number = shard_of(store, id)?;
        let said = last.get().and_then(state_of);
        let signed = said.as_ref().and_then(|said| shard::of(&said.origin));
        // What was signed last stays the last word on the old shard, if this store can answer for it.
        if let (Some(note), Some(said)) = (last.get(), &said)
            && signed == Some(number)
        {
            let shard = Shard::derive(store, id, number, said.origin.clone())?;
            if shard.size() >= said.size && shard.root(said.size).ok() == Some(said.root) {
                store.save_feed_state(&memory_of(id, number), note)?;
            }
        }
        let next = shard::next(Some(signed.map_or(number, |signed| signed.max(number))), year_of(now));
        opened.push((id.clone(), open_shard(store, id, next, why, now)?));
    }
    Ok(opened)
}

/// After a restore, which opened a shard: a further one where that number was signed before.
pub(crate) fn keep_clear(config: &Config, store: &Store, now: Timestamp) -> Result<(), LogError> {
    for site in config.sites() {
        let id = site.id();
        let word_fault = |source| LogError::LastWord { site: id.clone(), source };
        let last = LastWord::open(&last_word(config, id), newest).map_err(word_fault)?;
        let signed = last.get().and_then(state_of).and_then(|said| shard::of(&said.origin));
        if let Some(signed) = signed.filter(|signed| *signed >= shard_of(store, id).unwrap_or(0)) {
            let next = shard::next(Some(signed), year_of(now));
            open_shard(store, id, next, "restored from a backup", now)?;
        }
    }
    Ok(())
}

/// The secret key: from the environment, from its file, or made now.
fn read_key(log: &config::Log, store: &Store) -> Result<SignerKey, LogError> {
    if let Some(secret) = &log.key {
        return key_from(log, secret);
    }
    match key_in(&log.key_file) {
        Err(LogError::Key { .. }) if !log.key_file.exists() && log.key_file.starts_with(store.dir()) => {
            make_key(&log.key_file)
        }
        other => other,
    }
}

fn key_from(log: &config::Log, secret: &config::Secret) -> Result<SignerKey, LogError> {
    SignerKey::parse(secret.expose()).map_err(|error| LogError::Key {
        path: log.key_file.clone(),
        why: format!("from the environment: {error}"),
    })
}

/// Reads a key file.
///
/// # Errors
/// It is missing, no key, or readable by others than its owner.
pub(crate) fn key_in(path: &Path) -> Result<SignerKey, LogError> {
    let fault = |why: String| LogError::Key { path: path.to_owned(), why };
    let open =
        std::fs::metadata(path).map_err(|error| fault(format!("{error}; `verbatim key new` makes one")))?;
    // A credential of systemd is 0400 or 0440 in a folder of the service's own.
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|dir| path.starts_with(dir));
    if open.mode() & 0o077 != 0 && !credential {
        let mode = open.mode() & 0o777;
        return Err(fault(format!(
            "others can read it (mode {mode:04o}); run `chmod 600` on it, and think about a new key"
        )));
    }
    let text = std::fs::read_to_string(path).map_err(|error| fault(error.to_string()))?;
    SignerKey::parse(&text).map_err(|error| fault(error.to_string()))
}

/// Makes a key file, which must not exist.
///
/// # Errors
/// It exists, or cannot be written.
pub(crate) fn make_key(path: &Path) -> Result<SignerKey, LogError> {
    make_key_named(path, "verbatim", KeyKind::Log)
}

/// The same for a key with this name.
pub(crate) fn make_key_named(path: &Path, name: &str, kind: KeyKind) -> Result<SignerKey, LogError> {
    let fault = |why: String| LogError::Key { path: path.to_owned(), why };
    let key = SignerKey::new(name, kind, &chance::bytes()).map_err(|error| fault(error.to_string()))?;
    let write = || -> io::Result<()> {
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(key.to_text().as_bytes())?;
        file.sync_all()
    };
    write().map_err(|error| fault(format!("it cannot be made: {error}")))?;
    Ok(key)
}

/// The public key of each site's current shard, or with `next` of that which will follow at the turn of the year.
pub(crate) fn public_keys(
    config: &Config,
    store: Option<&Store>,
    next: bool,
    now: Timestamp,
) -> Result<Vec<(SiteId, String)>, LogError> {
    let key = match &config.log.key {
        Some(secret) => key_from(&config.log, secret)?,
        None => key_in(&config.log.key_file)?,
    };
    let mut keys = Vec::new();
    for site in config.sites() {
        let known = store.map_or(Ok(0), |store| shard_of(store, site.id()))?;
        // Before the first start nothing is known, and after a year off the next start opens that year's.
        let mut number = match known {
            0 => shard::next(None, year_of(now)),
            known if shard::is_over(known, year_of(now)) => shard::next(Some(known), year_of(now)),
            known => known,
        };
        if next {
            number = shard::next(Some(number), year_of(now) + 1);
        }
        let name = origin(site, number);
        let named = key.named(&name).map_err(|error| cannot_name(config, &name, &error))?;
        keys.push((site.id().clone(), named.verifier().to_string()));
    }
    Ok(keys)
}

/// A new key, and with it a new shard of every log. The old key ends its shards with a leaf that names the new one.
///
/// The new key lies beside the old one until the shards are open; whatever stops us before that, the old key goes on, and
/// what stops us after it is made good at the next start.
pub(crate) fn rotate(config: &Config, store: &Store, now: Timestamp) -> Result<Vec<(SiteId, u32)>, LogError> {
    let path = &config.log.key_file;
    let fault = |why: String| LogError::Key { path: path.clone(), why };
    if config.log.key.is_some() {
        let why = "it comes from the environment: change it there, and run `verbatim new-shard`".to_owned();
        return Err(fault(why));
    }
    key_in(path)?;
    finish_rotation(config, store)?;
    let fresh = path.with_extension("new");
    if fresh.exists() {
        std::fs::remove_file(&fresh)
            .map_err(|error| fault(format!("removing what was left of one: {error}")))?;
    }
    let notary = Notary::open(config, store, now)?;
    let key = make_key(&fresh)?;
    let mut opened = Vec::new();
    for log in &notary.logs {
        let Some(site) = config.site(&log.site) else { continue };
        let next = shard::next(Some(lock(&log.current).number), year_of(now));
        let name = origin(site, next);
        let named = key.named(&name).map_err(|error| cannot_name(config, &name, &error))?;
        notary.close(log, store, &named.verifier(), "key", now)?;
        opened.push((log.site.clone(), next));
    }
    for (site, next) in &opened {
        open_shard(store, site, *next, "a new key", now)?;
    }
    put_in_place(path, &fresh)
        .map_err(|error| fault(format!("putting the new one in its place: {error}")))?;
    Ok(opened)
}

/// The new key takes the place of the old one, which is kept beside it.
fn put_in_place(path: &Path, fresh: &Path) -> io::Result<()> {
    let old = (1..).map(|n| path.with_extension(format!("old-{n}"))).find(|old| !old.exists());
    if path.exists() {
        std::fs::rename(path, old.unwrap_or_else(|| path.with_extension("old")))?;
    }
    std::fs::rename(fresh, path)
}

/// A rotation that a crash cut short behind its record is finished: the shards are open, and nothing is signed in them.
fn finish_rotation(config: &Config, store: &Store) -> Result<(), LogError> {
    let path = &config.log.key_file;
    let fresh = path.with_extension("new");
    if config.log.key.is_some() || !fresh.exists() {
        return Ok(());
    }
    for site in config.sites() {
        let shard = shard_of(store, site.id())?;
        if shard == 0 || store.feed_state(&key_of(site.id(), shard))?.is_some() {
            return Ok(());
        }
    }
    put_in_place(path, &fresh).map_err(|error| LogError::Key {
        path: path.clone(),
        why: format!("putting the new one in its place: {error}"),
    })
}
