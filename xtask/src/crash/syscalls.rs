//! Every call by which the program changes its files, one after the other: killed at it, failed with EIO, failed with
//! ENOSPC.
//!
//! strace counts calls for each thread by itself. So each thread that writes has enumerations of its own: it is
//! attached to alone, and its `n`th call is the one that is hit.

use std::collections::HashMap;
use std::fmt;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use super::chance::Chance;
use super::faults::{Faults, Tally};
use super::house::{House, STORE_FAILED, children, copy_store};
use super::http::{Line, Polled};
use super::kills;
use super::ledger::{Book, Ledger, Proof};
use super::load;
use super::oracle::{self, Depth, path};
use super::wire::{self, Status, Story, now};

/// What changes files.
pub(super) const CALLS: &str = "write,pwrite64,pwritev,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,openat,unlink,unlinkat";
/// What is noted where nobody answers.
const UNANSWERED: [&str; 4] = ["is not answered", "(os error ", "the connection ended", "no sitemap"];
/// Cases that run at the same time: most of each is waiting.
const WORKERS: usize = 3;
/// The file that is dropped.
const DROPPED: &str = "dropped.xml";
/// How long a program that has failed may need until it is seen to have ended.
const ENDING: Duration = Duration::from_millis(40);
/// How long a step of the cycle waits for what must follow.
const STEP: Duration = Duration::from_secs(4);

/// Whose calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// The start that makes the store.
    Creation,
    /// A start that finds a kill in the kill file and a transmission that nobody has read.
    Recovery,
    /// The thread that archives.
    Archive,
    /// The thread that decides and records.
    Desk,
    /// The threads that serve, which also save the cursors of feeds.
    Workers,
    /// The watched folder, whatever thread looks after it.
    Folder,
}

const ALL: [Whose; 6] =
    [Whose::Creation, Whose::Recovery, Whose::Archive, Whose::Desk, Whose::Workers, Whose::Folder];

/// What is done to the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    Kill,
    Eio,
    Enospc,
}

const BLOWS: [Blow; 3] = [Blow::Kill, Blow::Eio, Blow::Enospc];

impl Blow {
    fn words(self) -> &'static str {
        match self {
            Blow::Kill => "signal=KILL",
            Blow::Eio => "error=EIO",
            Blow::Enospc => "error=ENOSPC",
        }
    }
}

/// The `n`th of these calls of one thread, and the file that it was about when they were counted.
#[derive(Clone, Debug)]
struct Spot {
    whose: Whose,
    call: String,
    n: u32,
    file: String,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {} number {} ({})", self.whose, self.call, self.n, self.file)
    }
}

/// A store to begin with, and what is known about it.
struct Base {
    folder: PathBuf,
    book: Book,
}

impl Drop for Base {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

struct Bases {
    usual: Base,
    recovery: Base,
    empty: Base,
}

impl Bases {
    fn of(&self, whose: Whose) -> &Base {
        match whose {
            Whose::Creation => &self.empty,
            Whose::Recovery => &self.recovery,
            _ => &self.usual,
        }
    }
}

/// Every `sample`th case, beginning at a place that the seed chooses; of these, those whose name holds the words `only`
/// (as a failure prints it: `Enospc at Desk, pwrite64 number 7`).
pub(super) fn run(program: &Path, sample: u64, only: &str, seed: u64) -> std::result::Result<Tally, String> {
    let begin = Chance::new(seed).below(sample);
    some(program, seed, |n, spot, blow| n % sample == begin && format!("{blow:?} at {spot}").contains(only))
}

/// The first sync of each thread fails: where that is not heeded, each waits long and in vain for the end.
pub(super) fn run_syncs(program: &Path, seed: u64) -> std::result::Result<Tally, String> {
    some(program, seed, |_, spot, blow| blow == Blow::Eio && spot.call.ends_with("sync") && spot.n == 1)
}

fn some(
    program: &Path,
    seed: u64,
    wanted: impl Fn(u64, &Spot, Blow) -> bool,
) -> std::result::Result<Tally, String> {
    let failed = |error: std::io::Error| format!("the harness itself failed: {error}");
    let start = now();
    let mut chance = Chance::new(seed);
    let bases = bases(program, &mut chance).map_err(failed)?;
    let mut spots = Vec::new();
    for whose in ALL {
        let found = enumerate(program, bases.of(whose), whose, &mut chance).map_err(failed)?;
        oracle::progress(&format!("{whose:?}: {} calls", found.len()));
        if found.is_empty() && whose != Whose::Workers {
            return Err(format!("no calls were counted for {whose:?}: is strace in order?"));
        }
        spots.extend(found);
    }
    let all = spots.len() * BLOWS.len();
    let cases: Vec<(u64, Spot, Blow)> = (0u64..)
        .zip(spots.into_iter().flat_map(|spot| BLOWS.map(|blow| (spot.clone(), blow))))
        .filter(|(n, (spot, blow))| wanted(*n, spot, *blow))
        .map(|(n, (spot, blow))| (n, spot, blow))
        .collect();
    oracle::progress(&format!("{} cases of {all}", cases.len()));
    let queue = Mutex::new(cases.into_iter());
    let tally = Mutex::new((Tally::default(), 0u64));
    scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
                    let Some((n, spot, blow)) = next else { return };
                    let faults = Faults::default();
                    let mut chance = Chance::new(seed ^ (n << 20));
                    let hit = case(program, bases.of(spot.whose), &spot, blow, &mut chance, &faults);
                    let hit = hit.unwrap_or_else(|error| {
                        faults.note(format!("the harness itself failed: {error}"));
                        true
                    });
                    let mut tally = tally.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    tally.1 += u64::from(!hit);
                    tally.0.check(&format!("{blow:?} at {spot}"), &faults);
                }
            });
        }
    });
    let (tally, missed) = tally.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    oracle::progress(&format!(
        "{} cases, of which {missed} did not come to their call; {} s",
        tally.passed + tally.failed,
        oracle::since(start)
    ));
    if missed * 3 > tally.passed + tally.failed {
        return Err(format!(
            "{missed} cases did not come to their call: the enumeration is not what it says"
        ));
    }
    Ok(tally)
}

const KILLED: &str = "urn:agx:base:1";
const KILLED_BY_WIRE: &str = "urn:agx:base:2";

/// The stores that the cases begin with.
fn bases(program: &Path, chance: &mut Chance) -> Result<Bases> {
    let empty = Base { folder: super::house::fresh_folder("base")?, book: Book::default() };
    std::fs::create_dir_all(empty.folder.join("data"))?;
    let ledger = Ledger::default();
    let mut house = House::new(program)?;
    house.start()?;
    let stories: Vec<Story> = (1..=4).map(|n| Story::new(&format!("urn:agx:base:{n}"), 1, chance)).collect();
    push(&house, &stories, &ledger);
    for story in &stories {
        until_shown(&mut house, story);
    }
    let faults = Faults::default();
    oracle::check(&house, &ledger, Depth::All, &faults);
    house.crash();
    if let Some(fault) = faults.take().first() {
        return Err(std::io::Error::other(fault.clone()));
    }
    let usual = keep(&house, &ledger)?;

    // The desk dies at its first write to the database: what was pushed stays unread, what was killed stays in the
    // kill file alone.
    let first = Spot { whose: Whose::Desk, call: "pwrite64".to_owned(), n: 1, file: String::new() };
    let (mut unread, ledger) = open(program, &usual)?;
    unread.start()?;
    let tracer = attach(&unread, &first, Some(Blow::Kill))?;
    push(&unread, &[Story::new("urn:agx:unread:1", 1, chance)], &ledger);
    unread.wait_for_the_end()?;
    drop(tracer);
    let (mut pending, _) = open(program, &usual)?;
    pending.start()?;
    // Its first write is the kill file's.
    let tracer = attach(&pending, &Spot { n: 2, ..first }, Some(Blow::Kill))?;
    ledger.killing(KILLED);
    if load::kill(&mut Line::new(pending.desk), KILLED) {
        return Err(std::io::Error::other("the kill returned before it was recorded"));
    }
    pending.wait_for_the_end()?;
    drop(tracer);
    let kills = std::fs::read(pending.store().join("kills"))?;
    if !kills.windows(KILLED.len()).any(|window| window == KILLED.as_bytes()) {
        return Err(std::io::Error::other("the kill file does not hold the kill"));
    }
    std::fs::write(unread.store().join("kills"), kills)?;
    // It lies in the kill file, durable: from now on it is a kill, whoever was told.
    ledger.killed(KILLED);
    let recovery = keep(&unread, &ledger)?;
    Ok(Bases { usual, recovery, empty })
}

fn keep(house: &House, ledger: &Ledger) -> Result<Base> {
    let folder = super::house::fresh_folder("base")?;
    copy_store(&house.store(), &folder.join("data"))?;
    Ok(Base { folder, book: ledger.book().clone() })
}

/// A house of its own that begins with a base.
fn open(program: &Path, base: &Base) -> Result<(House, Ledger)> {
    let house = House::new(program)?;
    copy_store(&base.folder.join("data"), &house.store())?;
    Ok((house, Ledger::of(base.book.clone())))
}

/// A tracer at work. It ends with the program.
struct Tracer {
    child: Child,
}

impl Drop for Tracer {
    fn drop(&mut self) {
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && start.elapsed() < Duration::from_secs(5) {
            sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What strace is told, but for whom to trace.
fn words(house: &House, whose: Whose, blow: Option<(&Spot, Blow)>, log: &Path) -> Vec<String> {
    let mut words: Vec<String> = ["-qq", "-y", "-ttt", "-o"].map(str::to_owned).to_vec();
    words.push(log.display().to_string());
    words.push(format!("-etrace={CALLS}"));
    if let Some((spot, blow)) = blow {
        words.push(format!("-einject={}:{}:when={}", spot.call, blow.words(), spot.n));
    }
    let (store, wire) = (house.store(), house.wire());
    let paths = if whose == Whose::Folder {
        vec![wire.clone(), wire.join("done"), wire.join(DROPPED), wire.join("done").join(DROPPED)]
    } else {
        let files =
            ["verbatim.sqlite", "verbatim.sqlite-wal", "verbatim.sqlite-shm", "kills", "lock", "socket"];
        files.iter().map(|file| store.join(file)).chain([store.clone()]).collect()
    };
    words.extend(paths.iter().map(|path| format!("-P{}", path.display())));
    words
}

/// The threads of a running program that are meant. A thread has its name only once it has run for the first time.
fn threads(pid: u32, whose: Whose) -> Result<Vec<String>> {
    let start = Instant::now();
    loop {
        let threads: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/task"))?
            .flatten()
            .filter_map(|task| {
                let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
                let wanted = match whose {
                    Whose::Archive => name.trim() == "archive",
                    Whose::Desk => name.trim() == "desk",
                    Whose::Workers => name.starts_with("tokio"),
                    _ => task.file_name().to_string_lossy() == pid.to_string(),
                };
                wanted.then(|| task.file_name().to_string_lossy().into_owned())
            })
            .collect();
        if !threads.is_empty() {
            return Ok(threads);
        }
        if start.elapsed() > STEP {
            return Err(std::io::Error::other(format!("the program has no thread for {whose:?}")));
        }
        sleep(Duration::from_millis(2));
    }
}

/// Attaches to the threads of a running program. A thread that ends meanwhile makes strace give up: then once more.
fn attach(house: &House, spot: &Spot, blow: Option<Blow>) -> Result<Tracer> {
    const TRIES: u32 = 4;
    (1..TRIES)
        .find_map(|_| attach_once(house, spot, blow).ok())
        .map_or_else(|| attach_once(house, spot, blow), Ok)
}

fn attach_once(house: &House, spot: &Spot, blow: Option<Blow>) -> Result<Tracer> {
    /// So many looks in a row must find every thread traced and going on: first it is stopped, then let go.
    const LOOKS: u32 = 8;
    let pid = house.pid().unwrap_or(0);
    let threads = threads(pid, spot.whose)?;
    let log = house.file("strace.txt");
    let mut command = Command::new("strace");
    command.args(words(house, spot.whose, blow.map(|blow| (spot, blow)), &log));
    if spot.whose == Whose::Folder {
        command.arg("-f");
    }
    threads.iter().for_each(|thread| {
        command.args(["-p", thread]);
    });
    let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut tracer = Tracer { child };
    let start = Instant::now();
    let traced = |thread: &String| {
        if !Path::new(&format!("/proc/{pid}/task/{thread}")).exists() {
            return true;
        }
        let status = std::fs::read_to_string(format!("/proc/{pid}/task/{thread}/status")).unwrap_or_default();
        let says = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").trim();
        !matches!(says("TracerPid:"), "" | "0") && !says("State:").starts_with('t')
    };
    let mut looks = 0;
    while looks < LOOKS {
        looks = if threads.iter().all(traced) { looks + 1 } else { 0 };
        if start.elapsed() > Duration::from_secs(10) || tracer.child.try_wait()?.is_some() {
            return Err(std::io::Error::other("strace could not attach"));
        }
        sleep(Duration::from_millis(2));
    }
    Ok(tracer)
}

/// One line of strace: thread, time, call, the rest.
fn parse(line: &str) -> Option<(&str, Duration, &str, &str)> {
    let (before, rest) = line.split_once('(')?;
    let mut words = before.split_whitespace().rev();
    let (call, time) = (words.next()?, words.next()?);
    let time = Duration::try_from_secs_f64(time.parse().ok()?).ok()?;
    Some((words.next().unwrap_or(""), time, call, rest))
}

/// The file that a call is about: the one behind its first number, or the last name in it.
fn file_of(rest: &str) -> String {
    let name = |path: &str| path.rsplit('/').next().unwrap_or("").to_owned();
    // What is written may look like a name.
    if rest.starts_with(|c: char| c.is_ascii_digit())
        && let Some((_, file)) = rest.split_once('<')
    {
        return name(file.split('>').next().unwrap_or(""));
    }
    // What follows the call (`= -1 EIO (Input/output error)`) names no file.
    let words = rest.rsplit_once(") = ").map_or(rest, |(words, _)| words);
    name(words.split(['<', '>', '"']).rfind(|part| part.contains('/')).unwrap_or(""))
}

/// Runs the cycle once and counts.
fn enumerate(program: &Path, base: &Base, whose: Whose, chance: &mut Chance) -> Result<Vec<Spot>> {
    let (mut house, ledger) = open(program, base)?;
    let whole = Spot { whose, call: String::new(), n: 0, file: String::new() };
    let log = house.file("strace.txt");
    if matches!(whose, Whose::Creation | Whose::Recovery) {
        house.launch(&under(&house, whose, None))?;
        house.wait_until_ready()?;
        end(&mut house)?;
    } else {
        let server = start(&mut house, whose)?;
        let tracer = attach(&house, &whole, None)?;
        cycle(&mut house, server.as_ref(), &ledger, chance);
        house.stop()?;
        drop(tracer);
    }
    let text = std::fs::read_to_string(log)?;
    let mut counts: HashMap<(String, String), u32> = HashMap::new();
    let mut spots: HashMap<(String, u32), Spot> = HashMap::new();
    for (thread, _, call, rest) in text.lines().filter_map(parse) {
        // Reading is not changing.
        let n = counts.entry((thread.to_owned(), call.to_owned())).or_default();
        *n += 1;
        if call == "openat" && !rest.contains("O_CREAT") && !rest.contains("O_RDWR") {
            continue;
        }
        let spot = Spot { whose, call: call.to_owned(), n: *n, file: file_of(rest) };
        spots.entry((call.to_owned(), *n)).or_insert(spot);
    }
    let mut spots: Vec<Spot> = spots.into_values().collect();
    spots.sort_by(|a, b| (&a.call, a.n).cmp(&(&b.call, b.n)));
    Ok(spots)
}

/// The words that run the program under strace from its first instruction on.
fn under(house: &House, whose: Whose, blow: Option<(&Spot, Blow)>) -> Vec<String> {
    let log = house.file("strace.txt");
    ["strace".to_owned(), "-f".to_owned()].into_iter().chain(words(house, whose, blow, &log)).collect()
}

/// Asks a program that runs under strace to stop, and waits for both.
fn end(house: &mut House) -> Result<i32> {
    for child in children(house.pid().unwrap_or(0)) {
        let _ = Command::new("kill").args(["-TERM", &child]).status();
    }
    house.wait_for_the_end()
}

/// A step of the cycle: when it began, whether it was acknowledged, and what to send again if it was not.
struct Step {
    what: &'static str,
    began: Duration,
    acked: bool,
}

pub(super) fn push(house: &House, stories: &[Story], ledger: &Ledger) -> bool {
    ledger.sending(stories);
    let id = load::push(&mut Line::new(house.desk), stories);
    if let Some(id) = &id {
        ledger.acked(stories, &Proof::Pushed(id.clone()));
    }
    id.is_some()
}

/// Waits until something is so, the program ends, or it takes too long.
fn wait(house: &mut House, mut so: impl FnMut(&House) -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < STEP {
        if so(house) {
            return true;
        }
        if !matches!(house.ended(), Ok(None)) {
            return false;
        }
        sleep(Duration::from_millis(4));
    }
    false
}

pub(super) fn url_of(house: &House, uri: &str) -> Option<String> {
    let told = Line::new(house.site).get(&format!("/api/v1/items?uri={uri}")).ok()?.json();
    Some(path(told["items"][0]["url"].as_str()?).to_owned())
}

pub(super) fn until_shown(house: &mut House, story: &Story) -> bool {
    wait(house, |house| {
        let Some(url) = url_of(house, &story.uri) else { return false };
        Line::new(house.site)
            .get(&format!("{url}.txt"))
            .is_ok_and(|answer| answer.body == story.text().as_bytes())
    })
}

/// Starts the program; where the cursor of a polled feed is what matters, with a server whose first body it has, so
/// that nothing is written any more until there is another.
fn start(house: &mut House, whose: Whose) -> Result<Option<Polled>> {
    if whose != Whose::Workers {
        return house.start().map(|()| None);
    }
    let server = Polled::start(house.feed)?;
    let first = server.offer(wire::rss(&[]));
    house.start()?;
    match wait(house, |_| server.shown() >= first) {
        true => Ok(Some(server)),
        false => Err(std::io::Error::other("the feed is not polled")),
    }
}

/// A body, and the same with an update and another story: each acknowledged when the poller shows its tag.
fn poll_twice(house: &mut House, server: &Polled, ledger: &Ledger, chance: &mut Chance) -> Vec<Step> {
    let first = Story::new("urn:agx:poll:1", 1, chance);
    let then = vec![Story::new("urn:agx:poll:1", 2, chance), Story::new("urn:agx:poll:2", 1, chance)];
    [("poll", vec![first]), ("poll of an update", then)]
        .into_iter()
        .map(|(what, stories)| {
            ledger.sending(&stories);
            let began = now();
            let tag = server.offer(wire::rss(&stories));
            let acked = wait(house, |_| server.shown() >= tag);
            if acked {
                ledger.acked(&stories, &Proof::Shown);
            }
            Step { what, began, acked }
        })
        .collect()
}

/// In, updated, dropped, killed, printed, killed by wire, several at once; before it, where there is a server to poll,
/// polled and polled again.
fn cycle(house: &mut House, server: Option<&Polled>, ledger: &Ledger, chance: &mut Chance) -> Vec<Step> {
    let mut steps = server.map(|server| poll_twice(house, server, ledger, chance)).unwrap_or_default();
    let mut note = |what, began, acked| steps.push(Step { what, began, acked });
    let first = Story::new("urn:agx:cycle:1", 1, chance);
    let began = now();
    let acked = push(house, std::slice::from_ref(&first), ledger);
    note("push", began, acked);
    if acked {
        until_shown(house, &first);
    }
    let second = Story::new("urn:agx:cycle:1", 2, chance);
    let began = now();
    let acked = push(house, std::slice::from_ref(&second), ledger);
    note("push of an update", began, acked);
    if acked {
        until_shown(house, &second);
    }
    let dropped = [Story::new("urn:agx:cycle:2", 1, chance), Story::new("urn:agx:cycle:3", 1, chance)];
    ledger.sending(&dropped);
    let began = now();
    let left = load::leave(house, DROPPED, &dropped).is_ok();
    let taken = left && wait(house, |house| house.wire().join("done").join(DROPPED).exists());
    if taken {
        ledger.acked(&dropped, &Proof::Done(DROPPED.to_owned()));
    }
    note("file", began, taken);
    let began = now();
    ledger.killing(KILLED);
    let killed = load::kill(&mut Line::new(house.desk), KILLED);
    if killed {
        ledger.killed(KILLED);
    }
    note("kill", began, killed);
    let printed = Story::new("urn:agx:cycle:4", 1, chance);
    // Without a program that runs, the command would be the one that writes: that is not what is traced here.
    if !killed {
        sleep(ENDING);
    }
    if matches!(house.ended(), Ok(None)) {
        let began = now();
        let acked = load::publish(house, &printed, ledger, &Faults::default());
        // Where the program ended meanwhile, the command did it by itself, as after a start.
        sleep(ENDING);
        if matches!(house.ended(), Ok(None)) {
            note("publish", began, acked);
        }
    }
    let kill = Story::new(KILLED_BY_WIRE, 2, chance).with(Status::Canceled);
    let began = now();
    let acked = push(house, &[kill], ledger);
    note("push of a kill", began, acked);
    if acked && let Some(url) = ledger.book().item(KILLED_BY_WIRE).and_then(|item| item.url.clone()) {
        wait(house, |house| Line::new(house.site).get(&url).is_ok_and(|answer| answer.status == 410));
    }
    let several: Vec<Story> = (5..8).map(|n| Story::new(&format!("urn:agx:cycle:{n}"), 1, chance)).collect();
    let began = now();
    let acked = push(house, &several, ledger);
    note("push of several", began, acked);
    if acked && let Some(last) = several.last() {
        until_shown(house, last);
    }
    steps
}

/// One case. True if the call was come to.
fn case(
    program: &Path,
    base: &Base,
    spot: &Spot,
    blow: Blow,
    chance: &mut Chance,
    faults: &Faults,
) -> Result<bool> {
    let (mut house, ledger) = open(program, base)?;
    let log = house.file("strace.txt");
    let mut steps = Vec::new();
    let code = if matches!(spot.whose, Whose::Creation | Whose::Recovery) {
        ledger.restarted();
        house.launch(&under(&house, spot.whose, Some((spot, blow))))?;
        match house.wait_until_ready() {
            Ok(()) => {
                oracle::check(&house, &ledger, Depth::All, faults);
                if blow == Blow::Kill && house.ended()?.is_some() {
                    // Its call came while it was asked. What it answered until then counts; what it did not is no fault.
                    UNANSWERED.iter().for_each(|words| faults.forgive(words));
                    house.wait_for_the_end()?
                } else {
                    end(&mut house)?
                }
            }
            Err(_) => house.wait_for_the_end()?,
        }
    } else {
        let server = start(&mut house, spot.whose)?;
        let tracer = attach(&house, spot, Some(blow))?;
        steps = cycle(&mut house, server.as_ref(), &ledger, chance);
        let code = match house.ended()? {
            Some(_) => house.wait_for_the_end()?,
            None => house.stop()?,
        };
        drop(tracer);
        code
    };
    let hit = std::fs::read_to_string(&log).ok().and_then(|text| was_hit(&text, blow));
    if let Some((time, file)) = &hit {
        judge(spot, blow, *time, file, code, &steps, faults);
    } else if code != 0 && code != -9 {
        faults.note(format!("nothing was done to it, and it ended with {code}"));
    }
    if kills::restart(&mut house, &ledger, faults) {
        oracle::check(&house, &ledger, Depth::All, faults);
        again(&mut house, &ledger, faults);
        oracle::check(&house, &ledger, Depth::All, faults);
        kills::doctor(&house, faults);
    }
    if !faults.is_empty() {
        let last: Vec<String> = house
            .log()
            .lines()
            .filter(|line| line.contains("ERROR") || line.contains("WARN"))
            .map(str::to_owned)
            .collect();
        let worst = last.iter().find(|line| line.contains("ERROR")).or(last.last());
        if let Some(worst) = worst {
            faults.note(format!("its first error, or last warning: {worst}"));
        }
    }
    Ok(hit.is_some() || blow == Blow::Kill && code != 0)
}

/// When the blow fell, and on which file.
fn was_hit(text: &str, blow: Blow) -> Option<(Duration, String)> {
    let line = match blow {
        // A killed thread does not come back from its call.
        Blow::Kill => text.lines().rfind(|line| parse(line).is_some()),
        _ => text.lines().find(|line| line.contains("(INJECTED)")),
    }?;
    // Where another thread spoke meanwhile, the call's name and file stand further above.
    let thread = line.split_whitespace().next().filter(|_| line.contains(" resumed>"));
    let own = |line: &&str| line.split_whitespace().next() == thread && line.ends_with("<unfinished ...>");
    let line = match thread {
        Some(_) => text.get(..text.find(line)?)?.lines().rfind(own)?,
        None => line,
    };
    let (_, time, _, rest) = parse(line)?;
    Some((time, file_of(rest)))
}

/// What the program must have done when the call failed.
fn judge(spot: &Spot, blow: Blow, time: Duration, file: &str, code: i32, steps: &[Step], faults: &Faults) {
    let syncs = matches!(spot.call.as_str(), "fsync" | "fdatasync");
    let ground = matches!(file, "verbatim.sqlite" | "verbatim.sqlite-wal" | "kills");
    let running = !matches!(spot.whose, Whose::Creation | Whose::Recovery);
    match blow {
        Blow::Eio if syncs && ground && running => {
            if code != STORE_FAILED {
                faults.note(format!("a sync failed and it ended with {code}, not {STORE_FAILED}"));
            }
            for step in steps.iter().filter(|step| step.acked && step.began > time) {
                faults.note(format!("a sync failed, and after it the {} was acknowledged", step.what));
            }
        }
        // The kill file has its space: no disk can be too full for it.
        // And a sync that finds no space leaves nobody knowing what is durable.
        Blow::Enospc if running && file != "kills" && !syncs => {
            if code != 0 {
                faults.note(format!("only space was lacking, once, and it ended with {code}"));
            }
            if steps.iter().any(|step| step.what == "kill" && !step.acked) {
                faults.note("only space was lacking, once, and the kill did not return".to_owned());
            }
        }
        _ => {}
    }
}

/// Whatever was not acknowledged is sent again.
fn again(house: &mut House, ledger: &Ledger, faults: &Faults) {
    let items = ledger.book().items.clone();
    for item in &items {
        for sent in item.sent.iter().filter(|sent| sent.acked.is_none()) {
            if !push(house, std::slice::from_ref(&sent.story), ledger) {
                faults.note(format!("{} cannot be sent again", item.uri));
            }
        }
    }
    if let Some(item) = items.iter().find(|item| item.uri == KILLED && item.killed.is_none()) {
        ledger.killing(&item.uri);
        match load::kill(&mut Line::new(house.desk), &item.uri) {
            true => ledger.killed(&item.uri),
            false => faults.note("the kill cannot be sent again".to_owned()),
        }
    }
    let items = ledger.book().items.clone();
    for item in items.iter().filter(|item| item.must_be_live(now())) {
        let last = item.last_acked().map(|last| item.sent[last].story.clone());
        if let Some(last) = last
            && !until_shown(house, &last)
        {
            faults.note(format!("{} is not shown after it was sent again", item.uri));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strace_s_lines_are_understood() {
        let line = r#"8093  1790000000.250000 fsync(14</t/data/verbatim.sqlite-wal>) = -1 EIO (Input/output error) (INJECTED)"#;
        let (thread, time, call, rest) = parse(line).unwrap();
        assert_eq!((thread, time, call), ("8093", Duration::from_millis(1_790_000_000_250), "fsync"));
        assert_eq!(file_of(rest), "verbatim.sqlite-wal");
        assert_eq!(file_of(r#"9</t/data/kills>, "\1/etc<\3"..., 512, 512) = 512"#), "kills");
        let alone = r#"1790000000.500000 renameat2(AT_FDCWD</t>, "/t/wire/a.xml", AT_FDCWD</t>, "/t/wire/done/b.xml", RENAME_NOREPLACE) = 0"#;
        let (thread, _, call, rest) = parse(alone).unwrap();
        assert_eq!((thread, call, file_of(rest).as_str()), ("", "renameat2", "b.xml"));
        assert!(parse("+++ killed by SIGKILL +++").is_none());
        let parted = "7 1790000000.25 fdatasync(20</t/data/kills> <unfinished ...>\n8 1790000000.2 fsync(23</t/data> <unfinished ...>\n\
                      7 1790000000.3 <... fdatasync resumed>) = -1 EIO (Input/output error) (INJECTED)\n8 1790000000.4 <... fsync resumed>) = 0";
        let hit = was_hit(parted, Blow::Eio);
        assert_eq!(hit, Some((Duration::from_millis(1_790_000_000_250), "kills".to_owned())));
    }
}
