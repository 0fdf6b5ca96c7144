//! What goes wrong around the program: a full disk, a store that cannot be written, a second process, a clock that is set,
//! a slow disk, very many connections, a process that is stopped for a while.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::chance::Chance;
use super::faults::{Faults, Tally};
use super::house::{House, TOKEN, fresh_folder};
use super::http::Line;
use super::kills;
use super::ledger::Ledger;
use super::load;
use super::oracle::{self, Depth};
use super::syscalls::{push, until_shown, url_of};
use super::tools::{self, Mounted};
use super::wire::{self, Status, Story};

/// The size of the disk that is filled, in MiB.
const DISK: u64 = 64;
/// Until then what was ordered or freed must show; a machine under load is slow.
const SOON: Duration = Duration::from_secs(20);
/// A day, as the clock is set by it.
const DAY: &str = "86400";

type Outcome = Result<(), String>;
/// What is tried, by its name, with what it needs.
type Trial = (&'static str, &'static [(&'static str, &'static str)], fn(&Scene<'_>) -> Outcome);

const TRIALS: [Trial; 8] = [
    ("a full disk", &[("mkfs.ext4", "e2fsprogs"), ("losetup", "mount")], full_disk),
    ("a store that cannot be written", &[("mkfs.ext4", "e2fsprogs"), ("losetup", "mount")], read_only),
    ("a second process", &[], second_process),
    ("a clock that is set", &[("faketime", "faketime")], clock),
    ("a slow disk", &[("strace", "strace")], slow_disk),
    ("very many connections", &[("prlimit", "util-linux")], connections),
    ("a process that is stopped", &[], stopped),
    ("a rotation of the key that is cut off", &[("strace", "strace")], rotation),
];

struct Scene<'p> {
    program: &'p Path,
    /// How many connections are opened, for how long the process is stopped, and at every which call a rotation is cut
    /// off.
    connections: usize,
    pause: Duration,
    step: usize,
    seed: u64,
    faults: Faults,
}

impl Scene<'_> {
    fn must(&self, so: bool, what: &str) {
        if !so {
            self.faults.note(what.to_owned());
        }
    }
}

/// Each is one check. `whole` is for ten thousand connections and half a minute's sleep.
pub(super) fn run(program: &Path, whole: bool, seed: u64) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let may_mount = tools::may_mount();
    for (name, needed, trial) in TRIALS {
        if let Err(missing) = tools::need(needed) {
            tally.skipped.push(format!("{name}: {missing}"));
            continue;
        }
        if let (Err(why), true) = (&may_mount, needed.iter().any(|(tool, _)| *tool == "losetup")) {
            tally.refused.push(format!("{name}: mounting is not permitted here: {why}"));
            continue;
        }
        let (connections, pause, step) = if whole { (10_000, 30, 1) } else { (2_000, 2, 12) };
        let pause = Duration::from_secs(pause);
        let scene = Scene { program, connections, pause, step, seed, faults: Faults::default() };
        let begun = Instant::now();
        if let Err(why) = trial(&scene) {
            scene.faults.note(why);
        }
        oracle::progress(&format!("{name}: {:.1} s", begun.elapsed().as_secs_f32()));
        tally.check(name, &scene.faults);
    }
    Ok(tally)
}

fn said(error: std::io::Error) -> String {
    error.to_string()
}

fn status(port: u16, path: &str) -> u16 {
    Line::new(port).get(path).map_or(0, |answer| answer.status)
}

/// Waits until something is so.
fn soon(what: &str, mut so: impl FnMut() -> bool) -> Outcome {
    let start = Instant::now();
    while start.elapsed() < SOON {
        if so() {
            return Ok(());
        }
        sleep(Duration::from_millis(10));
    }
    Err(format!("waited in vain: {what}"))
}

fn stories(scene: &Scene<'_>, names: &[&str]) -> Vec<Story> {
    // Words of its own for each, whenever it is made.
    let letters = names.iter().flat_map(|name| name.bytes());
    let mut chance =
        Chance::new(letters.fold(scene.seed, |sum, letter| sum.wrapping_mul(31).wrapping_add(letter.into())));
    names.iter().map(|name| Story::new(&format!("urn:agx:{name}"), 1, &mut chance)).collect()
}

/// A house with live stories, and their paths.
fn with_stories(house: &mut House, ledger: &Ledger, stories: &[Story]) -> Result<Vec<String>, String> {
    if !push(house, stories, ledger) {
        return Err("a push is not acknowledged".to_owned());
    }
    stories
        .iter()
        .map(|story| match until_shown(house, story) {
            true => url_of(house, &story.uri).ok_or_else(|| format!("{} has no address", story.uri)),
            false => Err(format!("{} does not go live", story.uri)),
        })
        .collect()
}

/// A disk of our own, mounted; what it is made of lies beside it.
fn disk() -> Result<(Mounted, PathBuf), String> {
    let folder = fresh_folder("trouble").map_err(said)?;
    let image = folder.join("image");
    tools::image(&image, "ext4", DISK)?;
    Ok((Mounted::new(&image.display().to_string(), &folder.join("disk"))?, folder))
}

/// Writes until nothing more goes in.
fn fill(folder: &Path) -> std::io::Result<PathBuf> {
    let path = folder.join("filler");
    let mut file = std::fs::File::create(&path)?;
    for size in [1 << 20, 4096, 512, 1] {
        while file.write_all(&vec![b'x'; size]).and_then(|()| file.sync_data()).is_ok() {}
    }
    Ok(path)
}

fn full_disk(scene: &Scene<'_>) -> Outcome {
    let (disk, folder) = disk()?;
    let ledger = Ledger::default();
    let mut house = House::in_room(scene.program, disk.folder()).map_err(said)?;
    house.start().map_err(said)?;
    let all = stories(scene, &["stays", "by-order", "by-wire", "after-restart"]);
    let paths = with_stories(&mut house, &ledger, &all)?;
    let filler = fill(disk.folder()).map_err(said)?;
    // A little may still fit in; then nothing does.
    let mut chance = Chance::new(scene.seed + 1);
    let mut n = 0;
    soon("intake is refused", || {
        n += 1;
        let more = Story::new(&format!("urn:agx:more:{n}"), 1, &mut chance);
        ledger.sending(std::slice::from_ref(&more));
        let token = format!("Bearer {TOKEN}");
        let answer = Line::new(house.desk)
            .ask(
                "POST",
                "/wire/agx-push",
                &[("Authorization", &token)],
                &wire::ninjs(std::slice::from_ref(&more)),
            )
            .map_or(0, |answer| answer.status);
        if answer == 201 {
            let proof = super::ledger::Proof::Printed;
            ledger.acked(&[more], &proof);
        }
        answer == 503
    })?;
    scene.must(status(house.desk, "/readyz") == 503, "the disk is full, and it says that it is ready");
    scene.must(
        paths.iter().all(|path| status(house.site, path) == 200),
        "the disk is full, and a reader is not served",
    );
    scene.must(
        load::kill(&mut Line::new(house.desk), &all[1].uri),
        "the disk is full, and an operator cannot kill",
    );
    scene.must(status(house.site, &paths[1]) == 410, "the disk is full, and a killed story is served");
    let kill = all[2].clone().with(Status::Canceled);
    let kill = Story::new(&kill.uri, 2, &mut chance).with(Status::Canceled);
    scene.must(
        load::push(&mut Line::new(house.desk), &[kill]).is_none(),
        "what cannot be kept was acknowledged",
    );
    soon("what the agency kills on a full disk is off", || status(house.site, &paths[2]) == 410)?;
    // Once more, by a start that finds the disk full.
    house.crash();
    house.launch(&[]).map_err(said)?;
    soon("it starts on a full disk", || {
        status(house.site, "/") == 200 || house.ended().ok().flatten().is_some()
    })?;
    if let Some(code) = house.ended().map_err(said)? {
        return Err(format!(
            "on a full disk it ends with {code}: {}",
            house.log().lines().last().unwrap_or_default()
        ));
    }
    scene.must(status(house.site, &paths[0]) == 200, "after a start on a full disk a reader is not served");
    for path in &paths[1..3] {
        scene.must(status(house.site, path) == 410, "after a start on a full disk a killed story is served");
    }
    scene.must(
        load::kill(&mut Line::new(house.desk), &all[3].uri),
        "after a start on a full disk nobody can kill",
    );
    scene.must(status(house.site, &paths[3]) == 410, "after a start on a full disk a kill is not obeyed");
    std::fs::remove_file(filler).map_err(said)?;
    for killed in &all[1..] {
        ledger.killing(&killed.uri);
        ledger.killed(&killed.uri);
    }
    soon("it is ready once there is space", || status(house.desk, "/readyz") == 200)?;
    let last = stories(scene, &["last"]);
    with_stories(&mut house, &ledger, &last)?;
    oracle::check(&house, &ledger, Depth::All, &scene.faults);
    // The control socket, too, waits for space.
    soon("the doctor is content", || house.doctor().is_ok_and(|wrong| wrong.is_empty()))?;
    house.stop().map_err(said)?;
    if kills::restart(&mut house, &ledger, &scene.faults) {
        oracle::check(&house, &ledger, Depth::All, &scene.faults);
    }
    drop(house);
    drop(disk);
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}

fn read_only(scene: &Scene<'_>) -> Outcome {
    let (disk, folder) = disk()?;
    let ledger = Ledger::default();
    let mut house = House::in_room(scene.program, disk.folder()).map_err(said)?;
    house.start().map_err(said)?;
    let all = stories(scene, &["stays"]);
    let paths = with_stories(&mut house, &ledger, &all)?;
    house.stop().map_err(said)?;
    let at = disk.folder().display().to_string();
    tools::run("mount", &["-o", "remount,ro", &at])?;
    house.launch(&[]).map_err(said)?;
    let code = house.wait_for_the_end().map_err(said)?;
    scene.must(code > 0 && code != 101, &format!("a store that cannot be written, and it ended with {code}"));
    let named = house.log().lines().last().unwrap_or_default().to_owned();
    scene.must(
        named.contains(&format!("{at}/data")),
        &format!("it does not say which store it cannot write: {named}"),
    );
    tools::run("mount", &["-o", "remount,rw", &at])?;
    house.start().map_err(said)?;
    scene.must(status(house.site, &paths[0]) == 200, "the story is gone");
    drop(house);
    drop(disk);
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}

fn second_process(scene: &Scene<'_>) -> Outcome {
    let mut house = House::new(scene.program).map_err(said)?;
    house.start().map_err(said)?;
    let first = house.pid().unwrap_or(0).to_string();
    // The same store, other listeners.
    let mut second = House::in_room(scene.program, &house.store().with_file_name("")).map_err(said)?;
    second.launch(&[]).map_err(said)?;
    let code = second.wait_for_the_end().map_err(said)?;
    scene.must(code > 0 && code != 101, &format!("a second process on the store ended with {code}"));
    scene.must(second.log().contains(&first), "it does not say which process has the store");
    scene.must(status(house.desk, "/readyz") == 200, "the first process suffers from the second");
    Ok(())
}

fn rotation(scene: &Scene<'_>) -> Outcome {
    let mut all = stories(scene, &["before", "after", "last"]).into_iter();
    let mut next = || all.next().ok_or("three stories");
    let cut = super::rotation::run(scene.program, scene.step, &[next()?, next()?, next()?])?;
    oracle::progress(&format!("a rotation was cut off at {cut} calls"));
    Ok(())
}

fn clock(scene: &Scene<'_>) -> Outcome {
    let library = std::fs::read_dir("/usr/lib")
        .map_err(said)?
        .flatten()
        .map(|folder| folder.path().join("faketime/libfaketime.so.1"))
        .find(|path| path.exists())
        .ok_or("libfaketime is not where Debian puts it")?;
    let mut house = House::new(scene.program).map_err(said)?;
    let offset = house.file("offset");
    let set = |by: &str| {
        // In one step: nobody reads half of it.
        std::fs::write(offset.with_extension("new"), format!("{by}\n")).map_err(said)?;
        std::fs::rename(offset.with_extension("new"), &offset).map_err(said)
    };
    set("+0")?;
    let words = [
        "env".to_owned(),
        format!("LD_PRELOAD={}", library.display()),
        format!("FAKETIME_TIMESTAMP_FILE={}", offset.display()),
        "FAKETIME_NO_CACHE=1".to_owned(),
        "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
    ];
    house.launch(&words).map_err(said)?;
    house.wait_until_ready().map_err(said)?;
    let ledger = Ledger::default();
    let embargoed = |name: &str, seconds: u64| {
        let until = Status::Embargoed(wire::now_seconds() + seconds);
        stories(scene, &[name]).remove(0).with(until)
    };
    let far = embargoed("far", 3_600);
    if !push(&house, std::slice::from_ref(&far), &ledger) {
        return Err("a push is not acknowledged".to_owned());
    }
    set(&format!("+{DAY}"))?;
    sleep(Duration::from_secs(2));
    scene.must(url_of(&house, &far.uri).is_none(), "a clock set forward ends an embargo");
    let ahead = embargoed("ahead", 3_600);
    push(&house, std::slice::from_ref(&ahead), &ledger);
    sleep(Duration::from_secs(1));
    scene.must(url_of(&house, &ahead.uri).is_none(), "while the clock is ahead, an embargo is not kept");
    set("+0")?;
    sleep(Duration::from_millis(700));
    set(&format!("-{DAY}"))?;
    sleep(Duration::from_millis(1_500));
    let late = embargoed("late", 3);
    push(&house, std::slice::from_ref(&late), &ledger);
    let usual = stories(scene, &["usual"]);
    with_stories(&mut house, &ledger, &usual)?;
    scene.must(url_of(&house, &late.uri).is_none(), "a clock set back ends an embargo");
    set("+0")?;
    soon("a clock set back and right again ends an embargo in time", || url_of(&house, &late.uri).is_some())?;
    scene.must(url_of(&house, &far.uri).is_none(), "an embargo of an hour ended");
    Ok(())
}

fn slow_disk(scene: &Scene<'_>) -> Outcome {
    let mut house = House::new(scene.program).map_err(said)?;
    // Each sync takes a fifth of a second longer.
    let words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"];
    let delay = ["-e", "inject=fsync,fdatasync:delay_enter=200000"];
    let words: Vec<String> = words.iter().chain(&delay).map(|word| (*word).to_owned()).collect();
    house.launch(&words).map_err(said)?;
    house.wait_until_ready().map_err(said)?;
    let ledger = Ledger::default();
    let all = stories(scene, &["slow", "killed"]);
    let paths = with_stories(&mut house, &ledger, &all)?;
    scene.must(load::kill(&mut Line::new(house.desk), &all[1].uri), "on a slow disk a kill does not return");
    scene.must(status(house.site, &paths[1]) == 410, "on a slow disk a killed story is served");
    scene.must(status(house.site, &paths[0]) == 200, "on a slow disk a story is not served");
    Ok(())
}

fn connections(scene: &Scene<'_>) -> Outcome {
    let me = std::process::id().to_string();
    tools::run("prlimit", &["--pid", &me, "--nofile=20000:20000"])?;
    let mut house = House::new(scene.program).map_err(said)?;
    house.start().map_err(said)?;
    let ledger = Ledger::default();
    let all = stories(scene, &["stays", "killed"]);
    let paths = with_stories(&mut house, &ledger, &all)?;
    let address = SocketAddr::from(([127, 0, 0, 1], house.site));
    // Beyond what it takes and what the system queues, a connection is not answered: that is a reader's loss alone.
    let mut open = Vec::new();
    let mut refused = 0;
    while open.len() + refused < scene.connections && refused < 20 {
        match TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            Ok(mut stream) => {
                let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow:");
                open.push(stream);
            }
            Err(_) => refused += 1,
        }
    }
    oracle::progress(&format!("{} connections are open, then no more were let in", open.len()));
    scene.must(open.len() > 1_000, "it does not even take a thousand readers");
    let begun = Instant::now();
    scene.must(status(house.desk, "/readyz") == 200, "very many readers keep operators out");
    scene.must(load::kill(&mut Line::new(house.desk), &all[1].uri), "very many readers keep kills out");
    let killed = house.cli(&["kill", &all[0].uri, "--agency", "agx", "--reason", "withdrawn"]);
    scene.must(killed.is_ok_and(|said| said.status.success()), "very many readers keep the command line out");
    scene.must(begun.elapsed() < SOON, "very many readers make operators wait");
    drop(open);
    soon("readers come in again", || paths.iter().all(|path| status(house.site, path) == 410))
}

fn stopped(scene: &Scene<'_>) -> Outcome {
    let mut house = House::new(scene.program).map_err(said)?;
    house.start().map_err(said)?;
    let ledger = Ledger::default();
    let all = stories(scene, &["before"]);
    let paths = with_stories(&mut house, &ledger, &all)?;
    let pid = house.pid().unwrap_or(0).to_string();
    let signal = |name: &str| Command::new("kill").args([name, &pid]).status().map(drop).map_err(said);
    let soon_over = stories(scene, &["embargoed"]).remove(0);
    let soon_over = soon_over.with(Status::Embargoed(wire::now_seconds() + 1));
    push(&house, std::slice::from_ref(&soon_over), &ledger);
    signal("-STOP")?;
    let kill = std::thread::scope(|scope| {
        // Ordered while nothing moves.
        let kill = scope.spawn(|| {
            sleep(scene.pause.saturating_sub(Duration::from_secs(1)));
            load::kill(&mut Line::new(house.desk), &all[0].uri)
        });
        sleep(scene.pause);
        signal("-CONT").map(|()| kill.join().unwrap_or(false))
    })?;
    scene.must(kill, "a kill that was ordered while it was stopped does not return");
    scene.must(status(house.site, &paths[0]) == 410, "after it was stopped a killed story is served");
    soon("after it was stopped an embargo ends", || url_of(&house, &soon_over.uri).is_some())?;
    let more = stories(scene, &["after"]);
    with_stories(&mut house, &ledger, &more).map(drop)
}
