//! The power goes at any write of the disk, and each sector behind the last flush got there or not.
//!
//! The disk is a file in a file system of our own, which logs every write and flush. Afterwards any moment can be
//! made again: everything up to the last flush before it, and a random half of the sectors written since.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::chance::Chance;
use super::faults::{Faults, Tally};
use super::house::{House, fresh_folder};
use super::kills;
use super::ledger::{Book, Ledger};
use super::load::Load;
use super::oracle::{self, Depth};
use super::tools::{self, Mounted};
use super::wire::now;

/// The size of the disk, in MiB.
const DISK: u64 = 96;
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;
/// Points that are made of one run.
const OF_ONE_RUN: usize = 250;
/// What was acknowledged longer before the cut than this is looked at in some cases only.
const AT_RISK: Duration = Duration::from_millis(600);
/// How long there is traffic.
const LIGHT: Duration = Duration::from_millis(2_500);

/// `points` crash points, of as many runs as that needs. Each is one check.
pub(super) fn run(program: &Path, points: usize, seed: u64) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let needed =
        [("fusermount3", "fuse3"), ("losetup", "mount"), ("mkfs.ext4", "e2fsprogs"), ("python3", "python3")];
    let python = tools::need(&needed).and_then(|()| tools::python_with("mfusepy"));
    let python = match python {
        Ok(python) => python,
        Err(missing) => {
            tally.skipped.push(format!("torn sectors: {missing}"));
            return Ok(tally);
        }
    };
    if let Err(why) = tools::may_mount() {
        tally.refused.push(format!("torn sectors: mounting is not permitted here: {why}"));
        return Ok(tally);
    }
    if !Path::new("/dev/fuse").exists() {
        tally.refused.push("torn sectors: there is no /dev/fuse here".to_owned());
        return Ok(tally);
    }
    let mut chance = Chance::new(seed);
    let mut left = points;
    while left > 0 {
        let some = left.min(OF_ONE_RUN);
        let folder = fresh_folder("torn").map_err(|error| error.to_string())?;
        let result = in_folder(program, some, &mut chance, &folder, &python, &mut tally);
        let _ = std::fs::remove_dir_all(&folder);
        result?;
        left -= some;
    }
    Ok(tally)
}

fn in_folder(
    program: &Path,
    points: usize,
    chance: &mut Chance,
    folder: &Path,
    python: &Path,
    tally: &mut Tally,
) -> Result<(), String> {
    let (book, since) = record(program, folder, python, chance)?;
    let log = Log::read(&folder.join("log"))?;
    let first = log.events.iter().position(|event| event.at >= since).ok_or("the disk saw no traffic")?;
    let (items, acked, killed) = book.count();
    oracle::progress(&format!(
        "{} writes, {} flushes, {items} items, {acked} acknowledged versions, {killed} acknowledged kills",
        log.events.iter().filter(|event| !event.is_flush()).count(),
        log.events.iter().filter(|event| event.is_flush()).count(),
    ));
    let mut ats: Vec<usize> = (0..points).map(|_| first + chance.place(log.events.len() - first)).collect();
    ats.sort_unstable();
    let mut disk = Disk::new(&log);
    for (point, at) in ats.into_iter().enumerate() {
        let faults = Faults::default();
        let image = folder.join("again");
        write_sparsely(&image, &disk.at(at, chance)).map_err(|error| error.to_string())?;
        let mount = || Mounted::new(&image.display().to_string(), &folder.join("again.d"));
        // The file system's own superblock may be torn, too (two sectors): it keeps copies, and brings one back.
        let mounted = mount().or_else(|_| {
            let _ = tools::run("e2fsck", &["-fy", &image.display().to_string()]);
            mount()
        });
        match mounted {
            Ok(disk) => {
                let mut house = House::in_room(program, disk.folder()).map_err(|error| error.to_string())?;
                let cut = log.events[at].at;
                let ledger = Ledger::of(book.as_of(cut));
                // The first and the last are looked at whole.
                let whole = point == 0 || point + 1 == points;
                if !whole {
                    ledger.trust_before(cut.saturating_sub(AT_RISK));
                }
                if kills::restart(&mut house, &ledger, &faults) {
                    let depth = if whole { Depth::All } else { Depth::Some(8) };
                    oracle::check(&house, &ledger, depth, &faults);
                    if whole || chance.one_in(3) {
                        kills::doctor(&house, &faults);
                    }
                    oracle::check_archive(&house, &ledger.book(), &faults);
                }
                drop(house);
            }
            Err(error) => faults.note(error),
        }
        tally.check(&format!("crash point {}, at write {at}", point + 1), &faults);
    }
    Ok(())
}

/// The file system of our own.
struct Memory {
    child: Child,
    folder: PathBuf,
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = tools::run("fusermount3", &["-u", &self.folder.display().to_string()]);
        let _ = self.child.wait();
    }
}

/// Traffic on the disk that remembers. Gives the record, and when the traffic began.
fn record(
    program: &Path,
    folder: &Path,
    python: &Path,
    chance: &mut Chance,
) -> Result<(Book, Duration), String> {
    let failed = |error: std::io::Error| error.to_string();
    let script = folder.join("journal.py");
    std::fs::write(&script, include_str!("journal.py")).map_err(failed)?;
    let under = folder.join("memory");
    std::fs::create_dir(&under).map_err(failed)?;
    let child = Command::new(python)
        .arg(&script)
        .args([&under, &folder.join("log")])
        .arg(DISK.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let memory = Memory { child, folder: under.clone() };
    let disk = under.join("disk");
    let start = Instant::now();
    while !disk.exists() {
        if start.elapsed() > Duration::from_secs(10) {
            return Err("the disk that remembers does not come up".to_owned());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let device = tools::run("losetup", &["-f", "--show", &disk.display().to_string()])?;
    let recorded = traffic(program, folder, &device, chance);
    let _ = tools::run("losetup", &["-d", &device]);
    drop(memory);
    recorded
}

fn traffic(
    program: &Path,
    folder: &Path,
    device: &str,
    chance: &mut Chance,
) -> Result<(Book, Duration), String> {
    let failed = |error: std::io::Error| error.to_string();
    tools::run("mkfs.ext4", &["-q", device])?;
    let disk = Mounted::new(device, &folder.join("disk"))?;
    let mut house = House::in_room(program, disk.folder()).map_err(failed)?;
    let (ledger, faults) = (Ledger::default(), Faults::default());
    let mut load = Load::new(&house, chance).map_err(failed)?;
    house.start().map_err(failed)?;
    let since = now();
    kills::live(&house, &mut load, &ledger, &faults, LIGHT);
    house.crash();
    if let Some(fault) = faults.take().first() {
        return Err(format!("before any crash: {fault}"));
    }
    let book = ledger.book().clone();
    Ok((book, since))
}

/// A write, or a flush.
struct Event {
    at: Duration,
    offset: usize,
    /// Where its bytes stand in the log; nothing for a flush.
    bytes: Option<std::ops::Range<usize>>,
}

impl Event {
    fn is_flush(&self) -> bool {
        self.bytes.is_none()
    }
}

/// The disk as it was at one moment after the other.
struct Disk<'l> {
    log: &'l Log,
    flushed: Vec<u8>,
    /// How many events are in `flushed`.
    up_to: usize,
}

impl<'l> Disk<'l> {
    fn new(log: &'l Log) -> Self {
        Self { log, flushed: vec![0; log.size], up_to: 0 }
    }

    /// The disk as the power that went before event `at` may have left it: everything up to the last flush, and a
    /// random half of the sectors written since. Never asked for an earlier moment than before.
    fn at(&mut self, at: usize, chance: &mut Chance) -> Vec<u8> {
        let events = &self.log.events[..at];
        let flush = events.iter().rposition(Event::is_flush).unwrap_or(0).max(self.up_to);
        for event in &events[self.up_to..flush] {
            self.log.write(event, &mut self.flushed, || true);
        }
        self.up_to = flush;
        let mut disk = self.flushed.clone();
        for event in &events[flush..] {
            self.log.write(event, &mut disk, || chance.one_in(2));
        }
        disk
    }
}

/// A file of which the empty parts take no space.
fn write_sparsely(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt as _;
    const PART: usize = 1 << 16;
    let file = std::fs::File::create(path)?;
    file.set_len(bytes.len() as u64)?;
    for (n, part) in bytes.chunks(PART).enumerate() {
        if part.iter().any(|byte| *byte != 0) {
            file.write_all_at(part, (n * PART) as u64)?;
        }
    }
    Ok(())
}

struct Log {
    raw: Vec<u8>,
    events: Vec<Event>,
    size: usize,
}

impl Log {
    fn read(path: &Path) -> Result<Self, String> {
        let raw = std::fs::read(path).map_err(|error| error.to_string())?;
        Self::parse(raw, usize::try_from(DISK << 20).unwrap_or(0)).ok_or_else(|| "the log is cut".to_owned())
    }

    /// Records of kind, time in seconds (IEEE 754), offset, length, bytes; little end first.
    fn parse(raw: Vec<u8>, size: usize) -> Option<Self> {
        let mut events = Vec::new();
        let mut at = 0;
        while at < raw.len() {
            let head = raw.get(at..at + 21)?;
            let time = f64::from_le_bytes(head[1..9].try_into().ok()?);
            let offset = usize::try_from(u64::from_le_bytes(head[9..17].try_into().ok()?)).ok()?;
            let length = u32::from_le_bytes(head[17..21].try_into().ok()?) as usize;
            let bytes = (head[0] == b'w').then_some(at + 21..at + 21 + length);
            events.push(Event { at: Duration::try_from_secs_f64(time).ok()?, offset, bytes });
            at += 21 + length;
        }
        (at == raw.len()).then_some(Self { raw, events, size })
    }

    /// Does one write over again, or those sectors of it that got there.
    fn write(&self, event: &Event, disk: &mut [u8], mut got_there: impl FnMut() -> bool) {
        let Some(range) = &event.bytes else { return };
        for (n, sector) in self.raw[range.clone()].chunks(SECTOR).enumerate() {
            let start = event.offset + n * SECTOR;
            if got_there()
                && let Some(there) = disk.get_mut(start..start + sector.len())
            {
                there.copy_from_slice(sector);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: u8, time: f64, offset: u64, bytes: &[u8]) -> Vec<u8> {
        let length = (bytes.len() as u32).to_le_bytes();
        [&[kind], &time.to_le_bytes()[..], &offset.to_le_bytes(), &length, bytes].concat()
    }

    #[test]
    fn what_was_flushed_is_there_and_of_the_rest_some_sectors() {
        let (old, new) = (vec![1; 64 * SECTOR], vec![2; 64 * SECTOR]);
        let raw = [
            event(b'w', 1.0, 0, &old),
            event(b'f', 2.0, 0, b""),
            event(b'w', 3.0, 0, &new),
            event(b'f', 4.0, 0, b""),
        ];
        let log = Log::parse(raw.concat(), 64 * SECTOR).unwrap();
        assert_eq!(log.events[2].at, Duration::from_secs(3));
        let mut chance = Chance::new(1);
        let mut disk = Disk::new(&log);
        assert_eq!(disk.at(2, &mut chance), old);
        let torn = disk.at(3, &mut chance);
        assert_eq!(disk.at(4, &mut chance).iter().filter(|byte| **byte == 0).count(), 0);
        let sectors: Vec<u8> = torn.chunks(SECTOR).map(|sector| sector[0]).collect();
        assert!(sectors.contains(&1) && sectors.contains(&2), "{sectors:?}");
        assert!(torn.chunks(SECTOR).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        assert!(Log::parse(raw.concat()[..30].to_vec(), 1).is_none());
    }
}
