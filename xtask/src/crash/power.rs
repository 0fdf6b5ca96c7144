//! The power goes while traffic comes through every door: what the file system has not written is lost.
//!
//! A real machine says nothing any more once its power has gone. Here it goes on for some milliseconds, in which a sync
//! that was under way may return as if it had been done: a plain writer of four threads that append and sync, cut off
//! 136 times, lost three of some 150,000 acknowledged records, and each of the three was acknowledged 1.7 to 5.6 ms
//! *after* the cut began, while the call that cuts takes 1.5 to 5 ms. So nothing counts that was acknowledged after the
//! cut began, and everything that was acknowledged before. The instant is taken right before the call, by the process
//! that makes it.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use super::chance::Chance;
use super::faults::{Faults, Tally};
use super::house::{House, fresh_folder};
use super::kills;
use super::ledger::Ledger;
use super::load::Load;
use super::oracle::{self, Depth};
use super::tools::{self, Mounted};

/// The size of the disk, in MiB; XFS wants 300.
const DISK: u64 = 512;
/// How long the power stays at most, in milliseconds.
const LIGHT: u64 = 1_500;

/// `rounds` cuts on one disk. Each is one check.
pub(super) fn run(program: &Path, rounds: u64, fs: &str, seed: u64) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let needed =
        [("mkfs.xfs", "xfsprogs"), ("python3", "python3"), ("mkfs.ext4", "e2fsprogs"), ("losetup", "mount")];
    if let Err(missing) = tools::need(&needed) {
        tally.skipped.push(format!("power losses: {missing}"));
        return Ok(tally);
    }
    if let Err(why) = tools::may_mount() {
        tally.refused.push(format!("power losses: mounting is not permitted here: {why}"));
        return Ok(tally);
    }
    let folder = fresh_folder("disk").map_err(|error| error.to_string())?;
    let result = on_disk(program, rounds, fs, seed, &folder, &mut tally);
    let _ = std::fs::remove_dir_all(&folder);
    result.map(|()| tally)
}

fn on_disk(
    program: &Path,
    rounds: u64,
    fs: &str,
    seed: u64,
    folder: &Path,
    tally: &mut Tally,
) -> Result<(), String> {
    let mut chance = Chance::new(seed);
    let image = folder.join("image");
    tools::image(&image, fs, DISK)?;
    let disk = Mounted::new(&image.display().to_string(), &folder.join("disk"))?;
    let mut house = House::in_room(program, disk.folder()).map_err(|error| error.to_string())?;
    let (ledger, faults) = (Ledger::default(), Faults::default());
    let mut load = Load::new(&house, &mut chance).map_err(|error| error.to_string())?;
    house.start().map_err(|error| error.to_string())?;
    let mut doubted = 0;
    for round in 1..=rounds {
        let light = Duration::from_millis(200 + chance.below(LIGHT));
        let switch = disk.switch()?;
        let mut cut = Err("it was not cut".to_owned());
        kills::live_until(&house, &mut load, &ledger, &faults, || {
            sleep(light);
            cut = switch.cut();
        });
        house.crash();
        let began = cut?;
        // Its disk is gone: it says that it cannot tell, in no words of any story.
        faults.forgive(" answers 503 ");
        doubted += ledger.doubt(began);
        load.doubt(began);
        disk.remount()?;
        if kills::restart(&mut house, &ledger, &faults) {
            oracle::check(&house, &ledger, Depth::Some(8), &faults);
        }
        tally.check(&format!("power loss {round} on {fs}"), &faults);
    }
    kills::finish(&mut house, &mut load, &ledger, &faults);
    let (items, acked, killed) = ledger.book().count();
    oracle::progress(&format!(
        "{rounds} power losses on {fs}: {items} items, {acked} acknowledged versions, {killed} acknowledged kills, \
         {doubted} acknowledged while the power went"
    ));
    tally.check(&format!("the house on {fs} at its end"), &faults);
    drop(house);
    Ok(())
}
