//! The kill file: a kill needs no free disk, no leaf and no signature.
//!
//! A file of fixed size, written full of zeros once, in sectors of 512 bytes. The first two sectors take turns as
//! head and name the current *generation*; every record after them starts on a sector and carries its generation,
//! its ordinal, its length and a SHA-256 over all of it. Settling starts a new generation, which makes every
//! record before it stale in one write. A record torn by a crash does not have its digest: it was never
//! acknowledged. A record that is damaged later leaves a gap in the ordinals, which is told.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use news::{Digest, ItemId, ItemKey, SiteId};
use serde::{Deserialize, Serialize};

use crate::StoreError;
use crate::codec::{ItemKeyShape, NameShape, One, TextShape};

/// The file's name in the store's folder.
pub(crate) const FILE: &str = "kills";
const SIZE: u64 = 1 << 20;
const SECTOR: usize = 512;
const HEADS: usize = 2;
const HEAD_MAGIC: &[u8; 16] = b"verbatim-kills/1";
const RECORD_MAGIC: &[u8; 4] = b"kill";
/// Magic, generation, ordinal, length, digest.
const PREFIX: usize = 4 + 8 + 8 + 4 + 32;
/// The longest record, by far: a uri of 60 KB.
const LONGEST: usize = 1 << 16;

/// How often a damaged file is looked at, and how long after each look: its writer may be at work.
const LOOKS: u32 = 4;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(50);

/// One kill as the kill file remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KillRecord {
    /// The item.
    #[serde(with = "One::<ItemKeyShape>")]
    pub key: ItemKey,
    /// When it was killed.
    #[serde(with = "One::<TextShape<Timestamp>>")]
    pub at: Timestamp,
    /// Who killed it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Where it was to be seen.
    #[serde(with = "Places")]
    pub placements: Vec<(SiteId, ItemId)>,
}

/// `[[site, id], …]`
struct Places;

#[derive(Serialize, Deserialize)]
struct Spot(
    #[serde(with = "One::<NameShape<SiteId>>")] SiteId,
    #[serde(with = "One::<TextShape<ItemId>>")] ItemId,
);

impl Places {
    fn serialize<Z: serde::Serializer>(places: &[(SiteId, ItemId)], to: Z) -> Result<Z::Ok, Z::Error> {
        to.collect_seq(places.iter().map(|(site, id)| Spot(site.clone(), *id)))
    }

    fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<(SiteId, ItemId)>, D::Error> {
        let spots = Vec::<Spot>::deserialize(from)?;
        Ok(spots.into_iter().map(|Spot(site, id)| (site, id)).collect())
    }
}

/// The kill file of a store. All calls are safe from several threads.
#[derive(Debug)]
pub struct KillFile {
    file: File,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    generation: u64,
    /// Where the next record goes.
    end: u64,
    next: u64,
    pending: Vec<KillRecord>,
    /// Records that are missing or unreadable in the current generation.
    damaged: u64,
    /// A write failed: what the file holds is unknown.
    broken: bool,
}

fn doing(what: &str) -> impl Fn(StoreError) -> StoreError + '_ {
    move |error| error.while_doing(what)
}

impl KillFile {
    /// Opens the kill file in a store's folder, creating it at its full size.
    ///
    /// # Errors
    /// If it cannot be created or read, or if it is no kill file.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let what = format!("opening the kill file in {}", dir.display());
        open(dir).map_err(doing(&what))
    }

    /// Makes a kill durable: one write into space that is already there, one sync. Only if more than about two
    /// thousand kills are pending does the file grow.
    ///
    /// # Errors
    /// [`StoreError::Fatal`] if it cannot be written or synced, or once that has happened; [`StoreError::Refused`]
    /// for a record longer than 64 KiB.
    pub fn append(&self, record: &KillRecord) -> Result<(), StoreError> {
        self.try_append(record).map_err(doing("writing a kill to the kill file"))
    }

    fn try_append(&self, record: &KillRecord) -> Result<(), StoreError> {
        let payload = serde_json::to_vec(record).map_err(|error| StoreError::refused(error.to_string()))?;
        if payload.len() > LONGEST {
            return Err(StoreError::refused(format!(
                "a kill of {} bytes is longer than {LONGEST}",
                payload.len()
            )));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.broken {
            return Err(StoreError::Fatal {
                doing: String::new(),
                why: "an earlier write failed".to_owned(),
            });
        }
        let bytes = seal(state.generation, state.next, &payload);
        let written =
            crate::meet(|| self.file.write_all_at(&bytes, state.end).and_then(|()| self.file.sync_data()));
        if let Err(error) = written {
            state.broken = true;
            return Err(error.into());
        }
        state.end += bytes.len() as u64;
        state.next += 1;
        state.pending.push(record.clone());
        Ok(())
    }

    /// The kills that no [`KillFile::settle`] has named yet, in order. At start these replay before anything is
    /// served.
    pub fn pending(&self) -> Vec<KillRecord> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).pending.clone()
    }

    /// How many acknowledged or half-written records could not be read when the file was opened. Anything but 0
    /// is an alarm: either a crash tore a kill that was never acknowledged, or the disk lost one.
    pub fn damaged(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).damaged
    }

    /// The journal holds the kills that `is_settled` names. When none is pending any more, the space is used again from the
    /// start; until then a crash replays settled kills once more, which changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Fatal`] if the head cannot be written.
    pub fn settle(&self, is_settled: impl Fn(&KillRecord) -> bool) -> Result<(), StoreError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.pending.len();
        state.pending.retain(|record| !is_settled(record));
        if before == 0 || !state.pending.is_empty() || state.broken {
            return Ok(());
        }
        let generation = state.generation + 1;
        if let Err(error) = crate::meet(|| write_head(&self.file, generation)) {
            state.broken = true;
            return Err(error.while_doing("settling the kill file"));
        }
        *state = State { generation, end: start(), next: 0, pending: Vec::new(), damaged: 0, broken: false };
        Ok(())
    }
}

/// Where the first record stands.
fn start() -> u64 {
    (HEADS * SECTOR) as u64
}

fn open(dir: &Path) -> Result<KillFile, StoreError> {
    let path = dir.join(FILE);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut &file, &mut bytes)?;
    let generation = match newest_head(&bytes) {
        Some(generation) => in_force(&bytes, generation),
        // Nothing but zeros: created, but the first head never became durable, so neither did any record.
        None if bytes.iter().all(|byte| *byte == 0) => create(&file, dir)?,
        None => {
            return Err(StoreError::damaged(path.display().to_string(), "neither of its heads can be read"));
        }
    };
    let state = scan(&bytes, generation);
    if state.damaged > 0 {
        tracing::error!(damaged = state.damaged, "records of the kill file cannot be read");
    }
    Ok(KillFile { file, state: Mutex::new(state) })
}

/// The newest head that can be read may be the last but one. A head is only torn while it is written, before any
/// record of its generation: if there is one, its head was whole and is damaged.
fn in_force(bytes: &[u8], generation: u64) -> u64 {
    if scan(bytes, generation + 1).pending.is_empty() { generation } else { generation + 1 }
}

/// Reads the kill file and checks it: both heads to their last byte, and every record in force. None at all is no
/// damage: it is made at the next start.
///
/// # Errors
/// [`StoreError::Damaged`] if a head or a record cannot be read. A crash in the middle of writing one leaves the
/// same, until the next start.
pub(crate) fn check(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(FILE);
    if !path.exists() {
        return Ok(());
    }
    let mut last = Ok(());
    for _ in 0..LOOKS {
        let bytes = std::fs::read(&path)?;
        last = check_bytes(&bytes).map_err(|why| StoreError::damaged(path.display().to_string(), why));
        if last.is_ok() {
            break;
        }
        // Whoever runs on this store may be writing right now.
        std::thread::sleep(PAUSE);
    }
    last
}

fn check_bytes(bytes: &[u8]) -> Result<(), &'static str> {
    let Some(newest) = newest_head(bytes) else {
        let untouched = bytes.iter().all(|byte| *byte == 0);
        return if untouched { Ok(()) } else { Err("neither of its heads can be read") };
    };
    for (place, head) in bytes.chunks(SECTOR).take(HEADS).enumerate() {
        // The other head is the one before; there is none before the first.
        let generation = if newest % HEADS as u64 == place as u64 { newest } else { newest - 1 };
        let expect = if generation == 0 { [0; SECTOR] } else { head_of(generation) };
        if head != expect {
            return Err("one of its heads cannot be read");
        }
    }
    if scan(bytes, newest).damaged > 0 { Err("a record of it cannot be read") } else { Ok(()) }
}

/// Writes the file full of zeros, so that its blocks are there before they are needed, and the first head.
fn create(file: &File, dir: &Path) -> Result<u64, StoreError> {
    file.write_all_at(&vec![0; SIZE as usize], 0)?;
    file.sync_all()?;
    write_head(file, 1)?;
    File::open(dir)?.sync_all()?;
    Ok(1)
}

fn head_of(generation: u64) -> [u8; SECTOR] {
    let mut head = [0; SECTOR];
    head[..16].copy_from_slice(HEAD_MAGIC);
    head[16..24].copy_from_slice(&generation.to_le_bytes());
    let sum = Digest::of(&head[..24]);
    head[24..56].copy_from_slice(&sum.0);
    head
}

fn write_head(file: &File, generation: u64) -> Result<(), StoreError> {
    let turn = generation % HEADS as u64;
    file.write_all_at(&head_of(generation), turn * SECTOR as u64)?;
    file.sync_data()?;
    Ok(())
}

fn newest_head(bytes: &[u8]) -> Option<u64> {
    let read = |head: &[u8]| {
        let (fixed, sum) = (head.get(..24)?, head.get(24..56)?);
        let sound = fixed.starts_with(HEAD_MAGIC) && Digest::of(fixed).0 == sum;
        sound.then(|| number(&fixed[16..]))
    };
    bytes.chunks(SECTOR).take(HEADS).filter_map(read).max()
}

/// The first eight bytes as a little-endian number.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The digest covers where a record belongs as well as what it says.
fn record_sum(generation: u64, ordinal: u64, payload: &[u8]) -> Digest {
    Digest::of_pieces([
        b"verbatim-kill".as_slice(),
        &generation.to_le_bytes(),
        &ordinal.to_le_bytes(),
        payload,
    ])
}

/// A record, padded to whole sectors.
fn seal(generation: u64, ordinal: u64, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PREFIX + payload.len() + SECTOR);
    bytes.extend_from_slice(RECORD_MAGIC);
    bytes.extend_from_slice(&generation.to_le_bytes());
    bytes.extend_from_slice(&ordinal.to_le_bytes());
    bytes.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&record_sum(generation, ordinal, payload).0);
    bytes.extend_from_slice(payload);
    bytes.resize(bytes.len().next_multiple_of(SECTOR), 0);
    bytes
}

/// A record that is whole and of this generation: its ordinal, its length in bytes with padding, what it says.
fn unseal(bytes: &[u8], generation: u64) -> Option<(u64, usize, KillRecord)> {
    let prefix = bytes.get(..PREFIX)?;
    if !prefix.starts_with(RECORD_MAGIC) || number(&prefix[4..]) != generation {
        return None;
    }
    let ordinal = number(&prefix[12..]);
    let length = (number(&prefix[20..]) & 0xffff_ffff) as usize;
    let payload = bytes.get(PREFIX..PREFIX.checked_add(length)?)?;
    if record_sum(generation, ordinal, payload).0 != prefix[24..] {
        return None;
    }
    Some((ordinal, (PREFIX + length).next_multiple_of(SECTOR), serde_json::from_slice(payload).ok()?))
}

/// Finds the records of a generation. Looks at every sector, so that a damaged record hides none behind it.
fn scan(bytes: &[u8], generation: u64) -> State {
    let mut state =
        State { generation, end: start(), next: 0, pending: Vec::new(), damaged: 0, broken: false };
    let mut at = HEADS * SECTOR;
    let mut torn = false;
    while at < bytes.len() {
        if let Some((ordinal, length, record)) = unseal(&bytes[at..], generation) {
            state.damaged += ordinal.saturating_sub(state.next);
            state.next = state.next.max(ordinal + 1);
            state.pending.push(record);
            at += length;
            state.end = at as u64;
            torn = false;
        } else {
            let prefix = &bytes[at..];
            torn |= prefix.starts_with(RECORD_MAGIC)
                && prefix.get(4..12).is_some_and(|g| number(g) == generation);
            at += SECTOR;
        }
    }
    state.damaged += u64::from(torn);
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u8) -> KillRecord {
        KillRecord {
            key: ItemKey { agency: "agx".into(), uri: format!("urn:agx:{n}") },
            at: Timestamp::from_second(1_790_000_000 + i64::from(n)).unwrap(),
            by: "operator jo".to_owned(),
            reason: "wrong name".to_owned(),
            placements: vec![(SiteId::from("main"), ItemId::from_bits(u128::from(n)))],
        }
    }

    fn long(n: u8) -> KillRecord {
        KillRecord { reason: "r".repeat(2_000), ..record(n) }
    }

    fn bytes(dir: &Path) -> Vec<u8> {
        std::fs::read(dir.join(FILE)).unwrap()
    }

    fn write(dir: &Path, bytes: &[u8]) {
        std::fs::write(dir.join(FILE), bytes).unwrap();
    }

    #[test]
    fn kills_replay_in_order_after_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        let kills = KillFile::open(dir.path()).unwrap();
        let size = bytes(dir.path()).len();
        let records = [record(1), long(2), record(3)];
        records.iter().for_each(|record| kills.append(record).unwrap());
        assert_eq!(kills.pending(), records);
        let again = KillFile::open(dir.path()).unwrap();
        assert_eq!((again.pending(), again.damaged()), (records.to_vec(), 0));
        again.append(&record(4)).unwrap();
        assert_eq!(KillFile::open(dir.path()).unwrap().pending().len(), 4);
        assert_eq!(bytes(dir.path()).len(), size, "the file does not grow");
    }

    #[test]
    fn settled_kills_do_not_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let kills = KillFile::open(dir.path()).unwrap();
        for round in 0..5 {
            let records = [long(round), record(round + 10)];
            records.iter().for_each(|record| kills.append(record).unwrap());
            kills.settle(|settled| *settled == records[0]).unwrap();
            assert_eq!(kills.pending(), records[1..]);
            kills.settle(|settled| *settled != records[0]).unwrap();
            let again = KillFile::open(dir.path()).unwrap();
            assert_eq!((again.pending(), again.damaged()), (vec![], 0));
        }
        // A short record over the first sectors of an older, longer one.
        kills.append(&record(99)).unwrap();
        let again = KillFile::open(dir.path()).unwrap();
        assert_eq!((again.pending(), again.damaged()), (vec![record(99)], 0));
    }

    #[test]
    fn a_torn_last_record_takes_none_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let kills = KillFile::open(dir.path()).unwrap();
        kills.append(&record(1)).unwrap();
        let before = bytes(dir.path());
        kills.append(&long(2)).unwrap();
        let after = bytes(dir.path());
        let start = before.iter().zip(&after).position(|(a, b)| a != b).unwrap();
        let end = after.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        // Any subset of its sectors may have reached the disk; here every length of it.
        for cut in (start..end).step_by(97) {
            let mut torn = after.clone();
            torn[cut..end].fill(0);
            write(dir.path(), &torn);
            let again = KillFile::open(dir.path()).unwrap();
            assert_eq!(again.pending(), [record(1)], "cut at {cut}");
            again.append(&record(3)).unwrap();
            assert_eq!(KillFile::open(dir.path()).unwrap().pending(), [record(1), record(3)]);
        }
    }

    #[test]
    fn no_bit_can_change_without_an_alarm() {
        let dir = tempfile::tempdir().unwrap();
        let kills = KillFile::open(dir.path()).unwrap();
        let records = [record(1), record(2), record(3)];
        records.iter().for_each(|record| kills.append(record).unwrap());
        let good = bytes(dir.path());
        for sector in 2..4 {
            let end =
                good[sector * SECTOR..(sector + 1) * SECTOR].iter().rposition(|byte| *byte != 0).unwrap();
            for bit in (0..end * 8).step_by(13) {
                let mut bad = good.clone();
                bad[sector * SECTOR + bit / 8] ^= 1 << (bit % 8);
                write(dir.path(), &bad);
                let again = KillFile::open(dir.path()).unwrap();
                assert!(again.damaged() > 0, "sector {sector} bit {bit}");
                assert_eq!(again.pending().len(), 2, "the others are found behind it");
            }
        }
    }

    #[test]
    fn one_head_is_enough_and_none_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let kills = KillFile::open(dir.path()).unwrap();
        kills.append(&record(1)).unwrap();
        kills.settle(|settled| *settled == record(1)).unwrap();
        kills.append(&record(2)).unwrap();
        let good = bytes(dir.path());
        // The head of the next generation was being written when the power went.
        let mut torn = good.clone();
        torn[SECTOR..SECTOR + 40].fill(0xaa);
        write(dir.path(), &torn);
        assert_eq!(KillFile::open(dir.path()).unwrap().pending(), [record(2)]);
        torn[..SECTOR].fill(0);
        write(dir.path(), &torn);
        assert!(KillFile::open(dir.path()).unwrap_err().is_damage());
    }

    #[test]
    fn a_damaged_head_loses_no_kill_and_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let kills = KillFile::open(dir.path()).unwrap();
        assert!(check(dir.path()).is_ok(), "a new file is whole");
        kills.append(&record(1)).unwrap();
        assert!(check(dir.path()).is_ok(), "a record is no damage");
        kills.settle(|settled| *settled == record(1)).unwrap();
        assert!(check(dir.path()).is_ok(), "a settled record is no damage");
        kills.append(&record(2)).unwrap();
        let good = bytes(dir.path());
        for bit in (0..HEADS * SECTOR * 8).step_by(7) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(check_bytes(&bad).is_err(), "bit {bit}");
            write(dir.path(), &bad);
            let again = KillFile::open(dir.path()).unwrap();
            assert_eq!(again.pending(), [record(2)], "bit {bit}");
        }
        let mut bad = good.clone();
        bad[HEADS * SECTOR + 80] ^= 1;
        assert!(check_bytes(&bad).is_err());
        assert!(
            check_bytes(&good).is_ok() && check_bytes(&[0; 4_096]).is_ok() && check_bytes(b"other").is_err()
        );
    }

    #[test]
    fn more_kills_than_there_is_room_for_are_kept_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let kills = KillFile::open(dir.path()).unwrap();
        let huge = KillRecord { reason: "r".repeat(60_000), ..record(1) };
        (0..20).for_each(|_| kills.append(&huge).unwrap());
        assert_eq!(KillFile::open(dir.path()).unwrap().pending().len(), 20);
        assert!(kills.append(&KillRecord { reason: "r".repeat(70_000), ..record(1) }).is_err());
    }
}
