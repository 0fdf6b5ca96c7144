//! One bit turns over at rest, anywhere in the store.
//!
//! Either `verbatim doctor` finds it, or the bit said nothing: the files then hold the same rows and kills as before.
//! One place is told apart: a crash leaves the last transaction in the write-ahead file, perhaps torn, and nobody can
//! tell a bit that turned over there from a write that never came. It is counted by itself.
//! In no case are words served that nobody sent, or words of what was killed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::chance::Chance;
use super::faults::{Faults, Tally};
use super::house::{House, copy_folder, copy_store, fresh_folder};
use super::http::Line;
use super::kills;
use super::ledger::{Ledger, Proof};
use super::load::{self, Load};
use super::oracle::{self, Depth, LISTS};
use super::wire::Story;

/// How long there is traffic before.
const LIGHT: Duration = Duration::from_millis(500);

/// What the store's files are to this.
const FILES: [(&str, u64); 4] =
    [("verbatim.sqlite", 12), ("verbatim.sqlite-wal", 5), ("kills", 3), ("verbatim.sqlite-shm", 1)];
/// The part of the kill file that has been written to; the rest is empty space and says nothing.
const KILLS_USED: u64 = 16 * 512;

/// How a flip ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// The doctor named it.
    Found,
    /// The files hold the same as before.
    SaidNothing,
    /// It lies where nobody can tell it from what a crash leaves.
    LikeTorn,
    /// The files hold something else, and the doctor is content.
    Missed,
}

/// `flips` bits, half of them in a store whose program was stopped, half in one whose program was killed. Each is one
/// check.
pub(super) fn run(program: &Path, flips: u64, seed: u64) -> Result<Tally, String> {
    let mut tally = Tally::default();
    if Command::new("python3").arg("--version").output().is_err() {
        tally.skipped.push("flipped bits: install python3".to_owned());
        return Ok(tally);
    }
    let mut chance = Chance::new(seed);
    let mut ends: Vec<(End, String)> = Vec::new();
    for (how, share) in [(Rest::Stopped, flips - flips / 2), (Rest::Killed, flips / 2)] {
        let failed = |error: std::io::Error| format!("the harness itself failed: {error}");
        let folder = fresh_folder("flips").map_err(failed)?;
        let kept = folder.join("data");
        let result = at_rest(program, &kept, how, &mut chance).and_then(|ledger| {
            flip_all(program, &kept, how, share, &ledger, &mut chance, &mut ends, &mut tally)
        });
        let _ = std::fs::remove_dir_all(&folder);
        result.map_err(failed)?;
    }
    ends.sort();
    let kinds: Vec<&(End, String)> = {
        let mut kinds: Vec<_> = ends.iter().collect();
        kinds.dedup();
        kinds
    };
    for kind in kinds {
        let count = ends.iter().filter(|end| *end == kind).count();
        oracle::progress(&format!("{count} × {:?} in {}", kind.0, kind.1));
    }
    Ok(tally)
}

#[derive(Clone, Copy, Debug)]
enum Rest {
    Stopped,
    Killed,
}

/// A store after some traffic, with nothing running.
fn at_rest(program: &Path, kept: &Path, how: Rest, chance: &mut Chance) -> std::io::Result<Ledger> {
    let mut house = House::new(program)?;
    let (ledger, faults) = (Ledger::default(), Faults::default());
    let mut load = Load::new(&house, chance)?;
    house.start()?;
    kills::live(&house, &mut load, &ledger, &faults, LIGHT);
    house.crash();
    if !kills::restart(&mut house, &ledger, &faults) {
        return Err(std::io::Error::other("the program does not start"));
    }
    load.catch_up(&house, &ledger, &faults);
    std::thread::sleep(Duration::from_secs(6));
    oracle::check(&house, &ledger, Depth::All, &faults);
    // The last words are still in the write-ahead log.
    let last: Vec<Story> = (1..=3).map(|n| Story::new(&format!("urn:agx:last:{n}"), 1, chance)).collect();
    ledger.sending(&last);
    match load::push(&mut Line::new(house.desk), &last) {
        Some(id) => ledger.acked(&last, &Proof::Pushed(id)),
        None => return Err(std::io::Error::other("a push is not acknowledged")),
    }
    std::thread::sleep(Duration::from_millis(400));
    oracle::check(&house, &ledger, Depth::Some(1_000), &faults);
    match how {
        Rest::Stopped => drop(house.stop()?),
        Rest::Killed => house.crash(),
    }
    // Before anybody looks: whoever closes the database last folds the write-ahead log into it.
    copy_store(&house.store(), kept)?;
    let wrong = house.doctor()?;
    if let Some(fault) = faults.take().into_iter().chain(wrong).next() {
        return Err(std::io::Error::other(format!("before any flip: {fault}")));
    }
    Ok(ledger)
}

#[allow(clippy::too_many_arguments, reason = "one loop, taken out of another")]
fn flip_all(
    program: &Path,
    kept: &Path,
    how: Rest,
    flips: u64,
    ledger: &Ledger,
    chance: &mut Chance,
    ends: &mut Vec<(End, String)>,
    tally: &mut Tally,
) -> std::io::Result<()> {
    let before = Holding::of(kept)?;
    for _ in 0..flips {
        let faults = Faults::default();
        let mut house = House::new(program)?;
        copy_store(kept, &house.store())?;
        let (file, bit) = flip(&house.store(), chance)?;
        let what = format!("bit {} of byte {} of {file} ({how:?})", bit % 8, bit / 8);
        let found = !house.doctor()?.is_empty();
        // The database is asked on a copy: opening it may change it.
        let after = if found { None } else { Some(Holding::of(&house.store())?) };
        let end = match found {
            true => End::Found,
            false if after.as_ref() == Some(&before) => End::SaidNothing,
            false
                if file == "verbatim.sqlite-wal"
                    && is_like_torn(&std::fs::read(kept.join(file))?, bit / 8) =>
            {
                End::LikeTorn
            }
            false => End::Missed,
        };
        if end == End::Missed {
            let other = after.map(|after| after.differs_from(&before)).unwrap_or_default();
            faults.note(format!("the doctor is content, and the files hold something else: {other}"));
        }
        // What the doctor has named is served in some cases only: that takes the longest.
        if !found || chance.one_in(3) {
            serve(&mut house, &Ledger::of(ledger.book().clone()), found || end == End::LikeTorn, &faults);
        }
        let bytes = std::fs::read(kept.join(file))?;
        ends.push((end, format!("{file} ({how:?}): {}", area(file, &bytes, bit / 8))));
        tally.check(&what, &faults);
    }
    Ok(())
}

/// Turns one bit over. Gives the file and the number of the bit in it.
fn flip(store: &Path, chance: &mut Chance) -> std::io::Result<(&'static str, u64)> {
    let there: Vec<(&str, u64, u64)> = FILES
        .iter()
        .filter_map(|(file, weight)| {
            let size = std::fs::metadata(store.join(file)).ok()?.len();
            let size = if *file == "kills" { size.min(KILLS_USED) } else { size };
            (size > 0).then_some((*file, *weight, size))
        })
        .collect();
    let mut ticket = chance.below(there.iter().map(|(_, weight, _)| weight).sum());
    let chosen = there.iter().find(|(_, weight, _)| {
        let won = ticket < *weight;
        ticket = ticket.saturating_sub(*weight);
        won
    });
    let (file, _, size) = chosen.ok_or_else(|| std::io::Error::other("the store is empty"))?;
    let bit = chance.below(size * 8);
    let mut bytes = std::fs::read(store.join(file))?;
    bytes[usize::try_from(bit / 8).unwrap_or(0)] ^= 1 << (bit % 8);
    std::fs::write(store.join(file), bytes)?;
    Ok((file, bit))
}

/// What stands at a byte of a file. SQLite's file format: <https://sqlite.org/fileformat2.html>.
fn area(file: &str, bytes: &[u8], at: u64) -> &'static str {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    match file {
        "verbatim.sqlite" => page_area(bytes, at),
        "verbatim.sqlite-wal" => "a frame",
        "verbatim.sqlite-shm" => "derived",
        _ if at < 1024 => "a head",
        _ => "a record's sector",
    }
}

/// Whether a byte of the write-ahead file belongs to its last transaction, or says where that begins.
fn is_like_torn(bytes: &[u8], at: u64) -> bool {
    const HEAD: usize = 32;
    const FRAME_HEAD: usize = 24;
    let Some(page) = bytes.get(8..12) else { return false };
    let size = FRAME_HEAD + page.iter().fold(0, |size, byte| size << 8 | usize::from(*byte));
    // Frames of an earlier use of the file bear other salts and say nothing.
    let ours = |frame: &[u8]| frame[8..16] == bytes[16..24];
    let frames = bytes[HEAD..].chunks_exact(size).take_while(|frame| ours(frame));
    let ends: Vec<usize> =
        frames.enumerate().filter(|(_, frame)| frame[4..8] != [0; 4]).map(|(n, _)| n).collect();
    let Some(before) = ends.len().checked_sub(2).map(|last_but_one| ends[last_but_one]) else { return true };
    at >= (HEAD + before * size + 4) as u64
        && (at < (HEAD + before * size + 16) as u64 || at >= (HEAD + (before + 1) * size) as u64)
}

fn page_area(bytes: &[u8], at: usize) -> &'static str {
    let number =
        |at: usize| bytes.get(at..at + 2).map_or(0, |two| usize::from(two[0]) << 8 | usize::from(two[1]));
    let size = match number(16) {
        1 => 65_536,
        0 => return "no page",
        size => size,
    };
    let start = at / size * size;
    if at < 100 {
        return "the file's header";
    }
    let head = if start == 0 { 100 } else { start };
    let pointers = match bytes.get(head) {
        Some(0x0d | 0x0a) => head + 8,
        Some(0x05 | 0x02) => head + 12,
        _ => return "an overflow or free page",
    };
    let unallocated = pointers + 2 * number(head + 3)..start + number(head + 5);
    if unallocated.contains(&at) {
        return "unallocated space of a page";
    }
    // Free blocks within the cells: each begins with where the next is, and its length.
    let mut block = number(head + 1);
    while block != 0 && start + block + 4 <= bytes.len() {
        let (next, length) = (number(start + block), number(start + block + 2));
        if (start + block..start + block + length).contains(&at) {
            return "a free block of a page";
        }
        block = if next > block { next } else { 0 };
    }
    "cells of a page"
}

/// What a store's files say, read by nothing of ours.
#[derive(Debug, PartialEq, Eq)]
struct Holding {
    /// A line for each table with a digest of its rows, or what the database says instead.
    rows: String,
    /// The heads of the kill file, and its records of the generation in force.
    kills: Vec<u8>,
}

impl Holding {
    /// What is not as it was.
    fn differs_from(&self, before: &Self) -> String {
        let was: Vec<&str> = before.rows.lines().collect();
        let mut other: Vec<&str> = self
            .rows
            .lines()
            .filter(|line| !was.contains(line))
            .map(|line| line.split(' ').next().unwrap_or(line))
            .collect();
        if self.kills != before.kills {
            other.push("kills");
        }
        other.join(", ")
    }

    fn of(store: &Path) -> std::io::Result<Self> {
        const LOOK: &str = "
import hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.text_factory = bytes
names = [name for name, sql in db.execute(\"SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name\") if b'VIRTUAL' not in sql]
def tell(name, rows):
    sum = hashlib.sha256()
    for row in rows:
        sum.update(repr(row).encode())
    print(name, sum.hexdigest())
for name in names:
    # A number to count from: a higher one means the same.
    if name == b'sqlite_sequence':
        tell(name.decode(), db.execute('SELECT count(*) FROM sqlite_sequence WHERE seq >= (SELECT max(seq) FROM transmission)'))
        continue
    tell(name.decode(), db.execute('SELECT * FROM \"' + name.decode() + '\"'))
tell('sqlite_schema', db.execute('SELECT type, name, sql FROM sqlite_master ORDER BY type, name'))
for pragma in ('user_version', 'application_id'):
    tell(pragma, db.execute('PRAGMA ' + pragma))
";
        let aside: PathBuf = fresh_folder("look")?;
        copy_folder(store, &aside)?;
        let looked = Command::new("python3").args(["-c", LOOK]).arg(aside.join("verbatim.sqlite")).output();
        let kills = std::fs::read(aside.join("kills"))?;
        std::fs::remove_dir_all(&aside)?;
        let looked = looked?;
        let said = if looked.status.success() { looked.stdout } else { looked.stderr };
        Ok(Self { rows: String::from_utf8_lossy(&said).trim().to_owned(), kills: in_force(&kills) })
    }
}

/// The kill file's two heads, and every sector that begins as a record of the newer head's generation.
fn in_force(kills: &[u8]) -> Vec<u8> {
    let heads = kills.get(..1024).unwrap_or(kills);
    let generation = |head: &[u8]| head.get(16..24).map(<[u8]>::to_vec);
    let number = |head: &[u8]| {
        generation(head).map(|g| g.iter().rev().fold(0u64, |n, byte| n << 8 | u64::from(*byte)))
    };
    let newest = heads.chunks(512).filter_map(number).max().unwrap_or(0).to_le_bytes();
    let records = kills.get(1024..).unwrap_or_default().chunks(512);
    let live =
        records.filter(|sector| sector.starts_with(b"kill") && sector.get(4..12) == Some(newest.as_slice()));
    // Of a head, what has a meaning: its first 56 bytes.
    heads.chunks(512).flat_map(|head| &head[..56.min(head.len())]).chain(live.flatten()).copied().collect()
}

/// Whatever is still served is true. If the doctor was content, everything must be there as well.
fn serve(house: &mut House, ledger: &Ledger, found: bool, faults: &Faults) {
    ledger.restarted();
    if let Err(error) = house.start() {
        if !found {
            faults.note(format!("the doctor is content, and the program does not start: {error}"));
        }
        return;
    }
    if !found {
        oracle::check(house, ledger, Depth::All, faults);
        return;
    }
    let mut line = Line::new(house.site);
    for list in LISTS {
        oracle::look_at(&mut line, list, ledger, faults);
    }
    let items = ledger.book().items.clone();
    for item in items {
        let Some(url) = &item.url else { continue };
        let Ok(answer) = line.get(&format!("{url}.txt")) else { continue };
        let true_words = item.sent.iter().any(|sent| sent.story.text().as_bytes() == answer.body);
        if answer.status == 200 && (item.killed.is_some() || !true_words) {
            faults.note(format!("{} is served, with words that are killed or nobody sent", item.uri));
        }
    }
}
