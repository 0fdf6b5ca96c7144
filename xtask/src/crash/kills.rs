//! SIGKILL at random moments under traffic from every door.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use super::chance::Chance;
use super::faults::{Faults, Tally};
use super::house::House;
use super::ledger::Ledger;
use super::load::{Load, Scene};
use super::oracle::{self, Depth};
use super::wire::now;

/// Stories are added until the store holds about this many, then a new house is begun.
const HOUSE_FULL: usize = 1_000;
/// The longest that the program lives, in milliseconds.
const LIFE: u64 = 700;

/// `kills` crashes. Each is one check.
pub(super) fn run(program: &Path, kills: u64, seed: u64) -> Result<Tally, String> {
    let mut chance = Chance::new(seed);
    let mut tally = Tally::default();
    let mut left = kills;
    let start = now();
    while left > 0 {
        let (done, count) = one_house(program, left, &mut chance, &mut tally)?;
        left -= done;
        let (items, acked, killed) = count;
        oracle::progress(&format!(
            "{} kills; this house had {items} items, {acked} acknowledged versions, {killed} acknowledged kills; {} s",
            kills - left,
            oracle::since(start)
        ));
    }
    Ok(tally)
}

type Count = (usize, usize, usize);

fn one_house(
    program: &Path,
    kills: u64,
    chance: &mut Chance,
    tally: &mut Tally,
) -> Result<(u64, Count), String> {
    let failed = |error: std::io::Error| format!("the harness itself failed: {error}");
    let mut house = House::new(program).map_err(failed)?;
    let ledger = Ledger::default();
    let faults = Faults::default();
    let mut load = Load::new(&house, chance).map_err(failed)?;
    house.start().map_err(failed)?;
    let mut done = 0;
    while done < kills && ledger.book().items.len() < HOUSE_FULL {
        done += 1;
        live(&house, &mut load, &ledger, &faults, Duration::from_millis(chance.below(LIFE)));
        house.crash();
        // Some die again while they recover.
        while chance.one_in(4) && done < kills {
            done += 1;
            if let Err(error) = house.launch(&[]) {
                return Err(failed(error));
            }
            sleep(Duration::from_micros(chance.below(25_000)));
            house.crash();
            tally.check("a crash in recovery", &faults);
        }
        if restart(&mut house, &ledger, &faults) {
            oracle::check(&house, &ledger, Depth::Some(12), &faults);
        }
        let broken = !faults.is_empty();
        tally.check(&format!("after crash {done}"), &faults);
        if broken && house.ended().ok().flatten().is_some() {
            let folder = house.keep().display().to_string();
            return Err(format!("the program does not start any more; its folder is {folder}"));
        }
    }
    finish(&mut house, &mut load, &ledger, &faults);
    if !faults.is_empty() {
        eprintln!("   the house stays in {}", house.keep().display());
    }
    tally.check("a house at its end", &faults);
    let count = ledger.book().count();
    Ok((done, count))
}

/// Traffic for a while.
pub(super) fn live(house: &House, load: &mut Load, ledger: &Ledger, faults: &Faults, time: Duration) {
    live_until(house, load, ledger, faults, || sleep(time));
}

/// Traffic until `end` returns. What ends the program is done inside it or afterwards.
pub(super) fn live_until(
    house: &House,
    load: &mut Load,
    ledger: &Ledger,
    faults: &Faults,
    end: impl FnOnce(),
) {
    let stop = AtomicBool::new(false);
    scope(|scope| {
        load.work(scope, Scene { house, ledger, faults, stop: &stop });
        end();
        if let Some(pid) = house.pid() {
            // Killed in the middle of it all, before anybody is told to stop.
            let _ = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        }
        stop.store(true, Ordering::SeqCst);
    });
}

/// Starts the program and looks at its very first answers. False if it does not start.
pub(super) fn restart(house: &mut House, ledger: &Ledger, faults: &Faults) -> bool {
    ledger.restarted();
    let site = house.site;
    scope(|scope| {
        oracle::first_answers(scope, site, ledger, faults);
        match house.start() {
            Ok(()) => true,
            Err(error) => {
                faults.note(format!("the program does not start again: {error}"));
                false
            }
        }
    })
}

/// Everything is sent again until it is acknowledged; then everything must be there, also after one more start.
pub(super) fn finish(house: &mut House, load: &mut Load, ledger: &Ledger, faults: &Faults) {
    load.catch_up(house, ledger, faults);
    let embargoes = Duration::from_secs(7);
    sleep(embargoes);
    match house.stop() {
        Ok(0) => {}
        Ok(code) => faults.note(format!("it was asked to stop and ended with {code}")),
        Err(error) => faults.note(error.to_string()),
    }
    if !restart(house, ledger, faults) {
        return;
    }
    oracle::check(house, ledger, Depth::All, faults);
    doctor(house, faults);
    if !oracle::check_archive(house, &ledger.book(), faults) {
        eprintln!("!! NOT RUN: the look into the archive needs python3");
    }
}

/// `verbatim doctor` finds the store whole.
pub(super) fn doctor(house: &House, faults: &Faults) {
    match house.doctor() {
        Ok(wrong) => wrong.iter().for_each(|line| faults.note(format!("doctor: {line}"))),
        Err(error) => faults.note(format!("doctor: {error}")),
    }
}
