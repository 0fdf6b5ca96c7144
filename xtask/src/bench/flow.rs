//! From a wire to a page that readers get: the built program as it runs every day, driven from outside.
//!
//! *Arrival* is the moment before the first byte is sent to the push door, or a file is renamed into the watched
//! folder. *Live* is the moment at which the story's page has been received, with its headline in it. *Gone* is the
//! moment at which the same address answers 410. The driver runs on the same machine and takes its share of it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Error, Result, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant, SystemTime};

use super::machine::{self, Usage};
use super::report::{Table, thousands};
use super::wires::{self, Story};
use super::{Bench, median, quantile};
use crate::crash::house::{House, TOKEN, free_port};
use crate::crash::http::{Line, percent, receive};

/// A moment between two looks: what is seen comes up to as much later than it was. Three watchers who look more often
/// take a third of a core for their questions alone.
const BLINK: Duration = Duration::from_millis(1);
/// How long anything may take; then the measurement has failed.
const PATIENCE: Duration = Duration::from_secs(600);
/// What the senders of the steady stream send a second, all together.
const STEADY: u64 = 1_000;
/// Who sends the steady stream, each on a connection of its own.
const SENDERS: u64 = 8;
/// Who sends single items and watches them become live.
const WATCHERS: u64 = 3;
/// Who reads, each on a connection of its own, and how much all of them ask a second.
const READERS: u64 = 4;
const READ: u64 = 200;

/// How much is sent.
struct Sizes {
    rounds: usize,
    saturation: u64,
    steady: Duration,
    backlog: u64,
    embargoes: u64,
}

/// What the watchers and the killer saw, in seconds.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) live: Mutex<Vec<f64>>,
    pub(super) ordered: Mutex<Vec<f64>>,
    /// Until the order returned: every output was asked, and has confirmed.
    pub(super) confirmed: Mutex<Vec<f64>>,
    pub(super) canceled: Mutex<Vec<f64>>,
    synced: Mutex<Vec<f64>>,
    read: Mutex<Vec<f64>>,
    /// What the log adds to a commit, as the program counts it.
    log_adds: Mutex<String>,
    /// What was killed, and what was seen live: when.
    killed: Mutex<Vec<(String, Instant)>>,
    lived: Mutex<Vec<(String, Instant)>>,
    /// Stories that are live and may be killed, with their paths.
    shelf: Mutex<Vec<(Story, String)>>,
    accepted: AtomicU64,
    pub(super) next: AtomicU64,
    pub(super) stop: AtomicBool,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn run(bench: &Bench<'_>) -> std::result::Result<String, String> {
    let program = bench.program()?;
    let sizes = if bench.quick {
        Sizes {
            rounds: 1,
            saturation: 5_000,
            steady: Duration::from_secs(5),
            backlog: 10_000,
            embargoes: 2_000,
        }
    } else {
        Sizes {
            rounds: 3,
            saturation: 20_000,
            steady: Duration::from_secs(20),
            backlog: 100_000,
            embargoes: 10_000,
        }
    };
    measure(&program, &sizes).map_err(|fault| format!("the flow could not be measured: {fault}"))
}

fn measure(program: &Path, sizes: &Sizes) -> Result<String> {
    let load = machine::load();
    let mut table = Table::new(["figure", "wanted", "measured"]);
    let mut row =
        |figure: String, wanted: &str, measured: String| table.row([figure, wanted.to_owned(), measured]);

    let files = (0..sizes.rounds).map(|_| one_file(program, 1_000)).collect::<Result<Vec<_>>>()?;
    let wall = median(files.iter().map(|(wall, _)| *wall));
    row("1,000 items in one file, from renamed to all live".into(), "≤ 0.3 s", format!("{wall:.2} s"));
    let cpu = median(files.iter().map(|(_, cpu)| *cpu));
    row("CPU an item, in that file".into(), "≤ 0.25 ms", format!("{:.3} ms", cpu));

    let full = saturation(program, sizes.saturation)?;
    row(
        format!(
            "{} items in wires of 100 on 4 connections, as fast as they are taken",
            thousands(sizes.saturation as f64)
        ),
        "≥ 5,000 items a second",
        format!("{} items a second", thousands(full.0)),
    );
    row("CPU an item, at saturation".into(), "≤ 0.25 ms", format!("{:.3} ms", full.1));

    let alone = one_at_a_time(program, 200)?;
    let sync = quantile_ms(&alone.synced, 0.5);
    row("the machine's fdatasync of 4 KB at rest, p50 and p99".into(), "", two(&alone.synced));
    row(
        "one item at a time, arrival → live, p50 and p99".into(),
        &format!("p50 ≤ 4 × fdatasync = {:.1} ms", sync * 4.0),
        two(&alone.live),
    );

    let seen = steady(program, sizes.steady, 0)?;
    let sync = quantile_ms(&seen.synced, 0.5);
    row(
        format!("one item a wire, {STEADY} a second for {} s: taken", sizes.steady.as_secs()),
        "1,000 a second",
        format!(
            "{} a second",
            thousands(seen.accepted.load(Ordering::SeqCst) as f64 / sizes.steady.as_secs_f64())
        ),
    );
    row("the machine's fdatasync of 4 KB meanwhile, p50 and p99".into(), "", two(&seen.synced));
    row(
        "arrival → live at that rate, p50 and p99".into(),
        &format!("p50 ≤ 4 × fdatasync = {:.1} ms, p99 ≤ 25 ms", sync * 4.0),
        two(&seen.live),
    );
    row(
        "what the signed log adds to a commit of these, p50 and p99".into(),
        "p50 ≤ 5 ms, p99 ≤ 20 ms",
        lock(&seen.log_adds).clone(),
    );
    row("kill → gone at that rate, ordered by an operator".into(), "p99 ≤ 50 ms", two(&seen.ordered));
    row("the same, until every output was asked and has confirmed".into(), "", two(&seen.confirmed));
    row("kill → gone at that rate, a wire that cancels".into(), "p99 ≤ 50 ms", two(&seen.canceled));

    let read = steady(program, sizes.steady, READERS)?;
    let asked = lock(&read.read).len() as f64 / sizes.steady.as_secs_f64();
    row(
        format!("the same with {READ} readers a second (pages, lists, feeds, search): asked"),
        "200 a second",
        format!("{} a second", thousands(asked)),
    );
    row("what a reader waits, p50 and p99".into(), "", two(&read.read));
    row("kill → gone from the page meanwhile, ordered".into(), "p99 ≤ 100 ms", two(&read.ordered));
    row(
        "kill → gone from page, lists, feeds, search and API, each asked and confirmed".into(),
        "p99 ≤ 100 ms",
        two(&read.confirmed),
    );

    let called = outlet(program, sizes.steady)?;
    row(
        format!("kill → told to a webhook that is told of everything, {STEADY} items a second"),
        "≤ 1 s",
        two(&called.told),
    );
    row("publication → told to it meanwhile".into(), "", two(&called.published));
    row("arrival → live meanwhile, p50 and p99".into(), "", two(&called.seen.live));

    let (middle, last) = embargoes(program, 12)?;
    row(
        "an embargo's end → the page is there, p50 and the latest of 12".into(),
        "≤ 100 ms",
        format!("{:.1} and {:.1} ms", middle * 1e3, last * 1e3),
    );

    let took = at_one_instant(program, sizes.embargoes)?;
    row(
        format!(
            "{} embargoes that end at one instant, none there before it, to the last one there",
            thousands(sizes.embargoes as f64)
        ),
        &format!("≤ {:.1} s", sizes.embargoes as f64 / 10_000.0 * 2.0),
        format!("{took:.2} s"),
    );

    let (took, seen, memory) = backlog(program, sizes.backlog)?;
    row(
        format!("a backlog of {} items in the folder, to the last one live", thousands(sizes.backlog as f64)),
        &format!("≤ {:.0} s", sizes.backlog as f64 / 100_000.0 * 30.0),
        format!("{took:.1} s"),
    );
    row("fresh items meanwhile, arrival → live, p50 and p99".into(), "as without", two(&seen.live));
    row("kill → gone meanwhile, ordered".into(), "p99 ≤ 50 ms", two(&seen.ordered));
    row("kill → gone meanwhile, by a wire".into(), "p99 ≤ 50 ms", two(&seen.canceled));
    row("memory of the program after it (RSS)".into(), "", format!("{:.0} MB", memory as f64 / 1e6));
    Ok(format!(
        "{}, load {load:.1} at the start. `cargo xtask bench flow`: release build, an empty store for each figure, items of about 3 KB; \
the driver runs on the same machine.\n\n{table}",
        machine::describe()
    ))
}

pub(super) fn quantile_ms(seen: &Mutex<Vec<f64>>, share: f64) -> f64 {
    quantile(lock(seen).iter().copied(), share) * 1e3
}

pub(super) fn two(seen: &Mutex<Vec<f64>>) -> String {
    let count = lock(seen).len();
    format!("{:.1} and {:.1} ms ({count})", quantile_ms(seen, 0.5), quantile_ms(seen, 0.99))
}

/// Everything that was ruled on a feed.
pub(super) fn ruled(desk: &mut Line, feed: &str) -> Result<u64> {
    let text = desk.get("/metrics")?.text();
    let begin = format!("verbatim_rulings_total{{feed=\"{feed}\"");
    let lines = text.lines().filter(|line| line.starts_with(&begin));
    Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum())
}

/// Waits until so many items of a feed are ruled on, then asks the site about some of them.
fn wait_for(house: &House, feed: &str, count: u64, stories: &[Story]) -> Result<Instant> {
    let (mut desk, mut site) = (Line::new(house.desk), Line::new(house.site));
    let start = Instant::now();
    while ruled(&mut desk, feed)? < count {
        if start.elapsed() > PATIENCE {
            return Err(Error::other(format!("{feed}: not all of {count} items became live")));
        }
        // The page of figures costs the program as much as an item does: it is asked the less often the longer this takes.
        sleep(Duration::from_millis(2) * u32::try_from(count / 1_000).unwrap_or(1).max(1));
    }
    // Ruled on is not yet recorded: a hundred of them, from all over, are asked for, and the last one's answer counts.
    let some = || stories.iter().step_by((stories.len() / 100).max(1)).chain(stories.last());
    for story in some() {
        watch(start, || address_of(&mut site, story))?;
    }
    let done = Instant::now();
    for story in some() {
        page_of(&mut site, story)?.ok_or_else(|| Error::other(format!("{} has no page", story.uri())))?;
    }
    Ok(done)
}

/// The path of a story's page, once it is live.
pub(super) fn address_of(site: &mut Line, story: &Story) -> Result<Option<String>> {
    let told = site.get(&format!("/api/v1/items?uri={}", percent(&story.uri())))?.json();
    let item = &told["items"][0];
    match (item["pubstatus"].as_str(), item["url"].as_str()) {
        (Some("usable"), Some(url)) => Ok(Some(url.find("/s/").map_or("", |at| &url[at..]).to_owned())),
        _ => Ok(None),
    }
}

/// The same, once readers get it with its headline.
pub(super) fn page_of(site: &mut Line, story: &Story) -> Result<Option<String>> {
    let Some(path) = address_of(site, story)? else { return Ok(None) };
    let page = site.get(&path)?;
    match page.status {
        200 if page.text().contains(&story.headline()) => Ok(Some(path)),
        200 => Err(Error::other(format!("the page of {} has not its headline", story.uri()))),
        _ => Ok(None),
    }
}

/// Pushes a wire until it is taken; the program may say that it is busy.
fn push(desk: &mut Line, wire: &[u8]) -> Result<()> {
    let token = format!("Bearer {TOKEN}");
    let start = Instant::now();
    loop {
        let answer = desk.ask("POST", "/wire/agx-push", &[("Authorization", &token)], wire)?;
        match answer.status {
            201 => return Ok(()),
            429 | 503 if start.elapsed() < PATIENCE => sleep(Duration::from_millis(2)),
            status => return Err(Error::other(format!("the push door says {status}: {}", answer.text()))),
        }
    }
}

/// So many items in one file: seconds until all are live, and CPU milliseconds an item.
pub(super) fn one_file(program: &Path, count: u64) -> Result<(f64, f64)> {
    let mut house = House::new(program)?;
    house.start()?;
    let stories = wires::stories(1, count, machine::now());
    let wire = wires::rss(&stories);
    let before = Usage::of(&house)?;
    // The wire lies ready beside the folder: what is timed begins with the rename.
    std::fs::write(house.file("one.xml"), &wire)?;
    let start = Instant::now();
    std::fs::rename(house.file("one.xml"), house.wire().join("one.xml"))?;
    let done = wait_for(&house, "agx-folder", count, &stories)?;
    let cpu = Usage::of(&house)?.cpu - before.cpu;
    Ok(((done - start).as_secs_f64(), cpu.as_secs_f64() * 1e3 / count as f64))
}

/// Wires of 100 items on four connections: items a second, and CPU milliseconds an item.
fn saturation(program: &Path, count: u64) -> Result<(f64, f64)> {
    const IN_ONE: usize = 100;
    let mut house = House::new(program)?;
    house.start()?;
    let stories = wires::stories(2, count, machine::now());
    let wires: Vec<Vec<u8>> = stories.chunks(IN_ONE).map(wires::rss).collect();
    let before = Usage::of(&house)?;
    let next = AtomicU64::new(0);
    let start = Instant::now();
    scope(|scope| -> Result<()> {
        let senders: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    let mut desk = Line::new(house.desk);
                    while let Some(wire) = wires.get(next.fetch_add(1, Ordering::SeqCst) as usize) {
                        push(&mut desk, wire)?;
                    }
                    Ok(())
                })
            })
            .collect();
        senders.into_iter().try_for_each(joined)
    })?;
    let done = wait_for(&house, "agx-push", count, &stories)?;
    let cpu = Usage::of(&house)?.cpu - before.cpu;
    Ok((count as f64 / (done - start).as_secs_f64(), cpu.as_secs_f64() * 1e3 / count as f64))
}

pub(super) fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    thread.join().map_err(|_| Error::other("a thread of the driver panicked"))?
}

/// Single items, each sent once the one before it is live, and a sync of the disk between.
fn one_at_a_time(program: &Path, count: u64) -> Result<Seen> {
    let mut house = House::new(program)?;
    house.start()?;
    let (mut desk, mut site) = (Line::new(house.desk), Line::new(house.site));
    let mut file = File::create(house.store().join("../clock.bin"))?;
    let seen = Seen::default();
    for story in wires::stories(8, count, machine::now()) {
        sleep(Duration::from_millis(20));
        let start = Instant::now();
        file.write_all(&[7; 4_096])?;
        file.sync_data()?;
        lock(&seen.synced).push(start.elapsed().as_secs_f64());
        sleep(Duration::from_millis(20));
        let wire = wires::ninjs(std::slice::from_ref(&story));
        let start = Instant::now();
        push(&mut desk, &wire)?;
        // The sender has heard that it is durable; it looks without a pause.
        while page_of(&mut site, &story)?.is_none() {
            if start.elapsed() > PATIENCE {
                return Err(Error::other(format!("{} does not become live", story.uri())));
            }
        }
        lock(&seen.live).push(start.elapsed().as_secs_f64());
    }
    Ok(seen)
}

/// 1,000 single items a second, of which some are watched, and kills; before so many readers.
fn steady(program: &Path, length: Duration, readers: u64) -> Result<Seen> {
    let mut house = House::new(program)?;
    house.start()?;
    let seen = Seen::default();
    // Caches and connections warm up first.
    crowd(&house, &seen, Duration::from_secs(1), SENDERS, readers)?;
    for figures in [&seen.live, &seen.ordered, &seen.confirmed, &seen.canceled, &seen.synced, &seen.read] {
        lock(figures).clear();
    }
    seen.accepted.store(0, Ordering::SeqCst);
    seen.stop.store(false, Ordering::SeqCst);
    crowd(&house, &seen, length, SENDERS, readers)?;
    *lock(&seen.log_adds) = log_adds(&mut Line::new(house.desk))?;
    Ok(seen)
}

/// What an outlet heard, in seconds after what it was told of.
struct Called {
    /// After the order to kill, or the wire that cancels, was sent.
    told: Mutex<Vec<f64>>,
    /// After the story was live: what was told before that counts as no time.
    published: Mutex<Vec<f64>>,
    seen: Seen,
}

/// The same with an outlet that is called about everything.
fn outlet(program: &Path, length: Duration) -> Result<Called> {
    let mut house = House::new(program)?;
    let port = free_port()?;
    house.calls(port)?;
    let heard: Arc<Mutex<HashMap<(bool, String), Instant>>> = Arc::default();
    let hears = Arc::clone(&heard);
    receive(port, move |body| {
        let now = Instant::now();
        let text = String::from_utf8_lossy(&body);
        let kill = text.starts_with("{\"type\":\"kill\"");
        let uri = text.split_once("\"uri\":\"").and_then(|(_, rest)| rest.split('"').next());
        lock(&hears).entry((kill, uri.unwrap_or_default().to_owned())).or_insert(now);
    })?;
    house.start()?;
    let seen = Seen::default();
    crowd(&house, &seen, length, SENDERS, 0)?;
    // Every kill is told in the end, and counts.
    let start = Instant::now();
    let all = lock(&seen.killed).clone();
    watch(start, || {
        let heard = lock(&heard);
        Ok(all.iter().all(|(uri, _)| heard.contains_key(&(true, uri.clone()))).then_some(()))
    })?;
    let called = Called { told: Mutex::default(), published: Mutex::default(), seen };
    let heard = lock(&heard);
    for (kills, since, figures) in
        [(true, &called.seen.killed, &called.told), (false, &called.seen.lived, &called.published)]
    {
        for (uri, since) in lock(since).iter() {
            if let Some(when) = heard.get(&(kills, uri.clone())) {
                lock(figures).push(when.saturating_duration_since(*since).as_secs_f64());
            }
        }
    }
    drop(heard);
    Ok(called)
}

/// Embargoes that end a second apart: how long after its instant a page is there, the middle one and the latest, in
/// seconds.
fn embargoes(program: &Path, count: u64) -> Result<(f64, f64)> {
    let mut house = House::new(program)?;
    house.start()?;
    let (mut desk, mut site) = (Line::new(house.desk), Line::new(house.site));
    let first = machine::now() + 3;
    let stories = wires::stories(6, count, first - 3);
    for (n, story) in (0..).zip(&stories) {
        push(&mut desk, &story.embargoed(first + n))?;
    }
    let mut after = Vec::new();
    for (n, story) in (0..).zip(&stories) {
        let due = SystemTime::UNIX_EPOCH + Duration::from_secs(first + n);
        let left = || due.duration_since(SystemTime::now()).unwrap_or_default();
        sleep(left().saturating_sub(Duration::from_millis(20)));
        let path = watch(Instant::now(), || page_of(&mut site, story))?;
        match SystemTime::now().duration_since(due) {
            Ok(late) => after.push(late.as_secs_f64()),
            Err(_) => return Err(Error::other(format!("{path} is there before its instant"))),
        }
    }
    Ok((median(after.iter().copied()), after.into_iter().fold(0.0, f64::max)))
}

/// So many embargoes that end at one instant: how long after it all of them are there, in seconds. Before it nobody who
/// guesses finds one.
fn at_one_instant(program: &Path, count: u64) -> Result<f64> {
    let mut house = House::new(program)?;
    house.start()?;
    let (mut desk, mut site) = (Line::new(house.desk), Line::new(house.site));
    let due = machine::now() + 5 + count / 400;
    let stories = wires::stories(7, count, machine::now());
    for wires in stories.chunks(100) {
        let lines: Vec<Vec<u8>> = wires.iter().map(|story| story.embargoed(due)).collect();
        push(&mut desk, &lines.join(&b'\n'))?;
    }
    let due = SystemTime::UNIX_EPOCH + Duration::from_secs(due);
    while ruled(&mut desk, "agx-push")? < count {
        if SystemTime::now() > due {
            return Err(Error::other("the embargoes ended before all of them were there"));
        }
        sleep(Duration::from_millis(20));
    }
    for story in stories.iter().cycle() {
        let found = address_of(&mut site, story)?;
        if SystemTime::now() >= due {
            break;
        }
        if let Some(path) = found {
            return Err(Error::other(format!("{path} is there before its instant")));
        }
    }
    // A hundred of them, from all over, and the last.
    for story in stories.iter().step_by((stories.len() / 100).max(1)).chain(stories.last()) {
        watch(Instant::now(), || address_of(&mut site, story))?;
    }
    let took = due.elapsed().map_err(Error::other)?;
    for story in &stories {
        page_of(&mut site, story)?.ok_or_else(|| Error::other(format!("{} has no page", story.uri())))?;
    }
    Ok(took.as_secs_f64())
}

/// Within what a half, and all but a hundredth, of the commits had their log work done, as the program counts it.
fn log_adds(desk: &mut Line) -> Result<String> {
    let text = desk.get("/metrics")?.text();
    let of = |name: &str| format!("verbatim_log_added_seconds_{name}");
    let bucket = |line: &str| {
        let (bound, count) = line.strip_prefix(&of("bucket{le=\""))?.split_once("\"} ")?;
        Some((bound.parse::<f64>().ok()?, count.parse::<u64>().ok()?))
    };
    let buckets: Vec<(f64, u64)> = text.lines().filter_map(bucket).collect();
    let all = text.lines().find_map(|line| line.strip_prefix(&of("count "))?.parse::<u64>().ok());
    let all = all.ok_or_else(|| Error::other("the program does not say what the log adds"))?;
    let within = |share: f64| {
        let enough = |(_, count): &&(f64, u64)| *count as f64 >= all as f64 * share;
        buckets.iter().find(enough).map_or("more".to_owned(), |(bound, _)| format!("≤ {:.2} ms", bound * 1e3))
    };
    Ok(format!("{} and {} ({all})", within(0.5), within(0.99)))
}

/// A backlog in the watched folder: seconds until all of it is live, what fresh items and kills took meanwhile, and
/// the memory after it.
fn backlog(program: &Path, count: u64) -> Result<(f64, Seen, u64)> {
    const IN_ONE: usize = 1_000;
    let mut house = House::new(program)?;
    house.start()?;
    let stories = wires::stories(3, count, machine::now());
    let names: Vec<String> =
        (0..stories.len().div_ceil(IN_ONE)).map(|n| format!("backlog-{n:05}.xml")).collect();
    for (name, stories) in names.iter().zip(stories.chunks(IN_ONE)) {
        std::fs::write(house.file(name), wires::rss(stories))?;
    }
    let seen = Seen::default();
    let start = Instant::now();
    for name in &names {
        std::fs::rename(house.file(name), house.wire().join(name))?;
    }
    let done = scope(|scope| {
        let crowd = scope.spawn(|| crowd(&house, &seen, PATIENCE, 0, 0));
        let done = wait_for(&house, "agx-folder", count, &stories);
        seen.stop.store(true, Ordering::SeqCst);
        joined(crowd)?;
        done
    })?;
    Ok(((done - start).as_secs_f64(), seen, Usage::of(&house)?.rss))
}

/// Senders, readers, watchers, a killer and a disk's clock, all at once.
pub(super) fn crowd(house: &House, seen: &Seen, length: Duration, senders: u64, readers: u64) -> Result<()> {
    let until = Instant::now() + length;
    let goes_on = move || Instant::now() < until && !seen.stop.load(Ordering::SeqCst);
    let fresh = move || Story::new(4, seen.next.fetch_add(1, Ordering::SeqCst), machine::now());
    scope(|scope| {
        let mut threads = Vec::new();
        for _ in 0..senders {
            threads.push(scope.spawn(move || -> Result<()> {
                let mut desk = Line::new(house.desk);
                let mut pace =
                    Pace::new(Duration::from_secs(1) * u32::try_from(senders).unwrap_or(1) / STEADY as u32);
                while goes_on() {
                    pace.wait();
                    push(&mut desk, &wires::ninjs(&[fresh()]))?;
                    seen.accepted.fetch_add(1, Ordering::SeqCst);
                }
                Ok(())
            }));
        }
        for reader in 0..readers {
            threads.push(scope.spawn(move || read(house, seen, reader, readers, goes_on)));
        }
        for _ in 0..WATCHERS {
            threads.push(scope.spawn(move || -> Result<()> {
                let (mut desk, mut site) = (Line::new(house.desk), Line::new(house.site));
                let mut pace = Pace::new(Duration::from_millis(90));
                while goes_on() {
                    pace.wait();
                    let story = fresh();
                    let wire = wires::ninjs(std::slice::from_ref(&story));
                    let start = Instant::now();
                    push(&mut desk, &wire)?;
                    let path = watch(start, || page_of(&mut site, &story))?;
                    lock(&seen.live).push(start.elapsed().as_secs_f64());
                    lock(&seen.lived).push((story.uri(), Instant::now()));
                    seen.accepted.fetch_add(1, Ordering::SeqCst);
                    lock(&seen.shelf).push((story, path));
                }
                Ok(())
            }));
        }
        threads.push(scope.spawn(move || kill(house, seen, goes_on)));
        threads.push(scope.spawn(move || -> Result<()> {
            let mut file = File::create(house.store().join("../clock.bin"))?;
            let mut pace = Pace::new(Duration::from_millis(40));
            while goes_on() {
                pace.wait();
                let start = Instant::now();
                file.write_all(&[7; 4_096])?;
                file.sync_data()?;
                lock(&seen.synced).push(start.elapsed().as_secs_f64());
            }
            Ok(())
        }));
        threads.into_iter().try_for_each(joined)
    })
}

/// Asks by turns for a recent story's page, the front page, a feed and a search.
fn read(house: &House, seen: &Seen, reader: u64, readers: u64, goes_on: impl Fn() -> bool) -> Result<()> {
    let mut site = Line::new(house.site);
    let mut pace = Pace::new(Duration::from_secs(readers) / READ as u32);
    let mut turn = reader;
    while goes_on() {
        pace.wait();
        turn += 1;
        let story = || lock(&seen.shelf).last().map(|(_, path)| path.clone());
        let path = match turn % 8 {
            0 => "/".to_owned(),
            1 => "/feed.rss".to_owned(),
            2 => format!("/search?q=budget%20{}", seen.next.load(Ordering::SeqCst).saturating_sub(50)),
            3 => "/feed.json".to_owned(),
            _ => story().unwrap_or_else(|| "/".to_owned()),
        };
        let start = Instant::now();
        let status = site.get(&path)?.status;
        // A story may have been killed meanwhile.
        if status != 200 && status != 410 {
            return Err(Error::other(format!("a reader gets {status} at {path}")));
        }
        lock(&seen.read).push(start.elapsed().as_secs_f64());
    }
    Ok(())
}

/// Kills what is live, by turns as an operator and as the agency.
fn kill(house: &House, seen: &Seen, goes_on: impl Fn() -> bool) -> Result<()> {
    let (mut desk, mut site) = (Line::new(house.desk), Line::new(house.site));
    let token = format!("Bearer {TOKEN}");
    let mut pace = Pace::new(Duration::from_millis(90));
    let mut by_wire = false;
    while goes_on() {
        pace.wait();
        let Some((story, path)) = lock(&seen.shelf).pop() else { continue };
        let start = Instant::now();
        lock(&seen.killed).push((story.uri(), start));
        if by_wire {
            push(&mut desk, &story.canceled())?;
            watch(start, || Ok((site.get(&path)?.status == 410).then_some(())))?;
            lock(&seen.canceled).push(start.elapsed().as_secs_f64());
        } else {
            let order = serde_json::json!({ "uri": story.uri(), "order": "kill" }).to_string();
            let fields = [("Authorization", token.as_str()), ("Content-Type", "application/json")];
            // The order returns when every output has confirmed; the words are gone before.
            let answer = scope(|scope| {
                let order = scope.spawn(|| desk.ask("POST", "/api/v1/orders", &fields, order.as_bytes()));
                watch(start, || Ok((site.get(&path)?.status == 410).then_some(())))?;
                lock(&seen.ordered).push(start.elapsed().as_secs_f64());
                order.join().map_err(|_| Error::other("the order failed"))?
            })?;
            lock(&seen.confirmed).push(start.elapsed().as_secs_f64());
            if answer.status != 200 {
                return Err(Error::other(format!("the desk says {}: {}", answer.status, answer.text())));
            }
        }
        by_wire = !by_wire;
    }
    Ok(())
}

/// Looks until something is there.
pub(super) fn watch<T>(start: Instant, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if start.elapsed() > PATIENCE {
            return Err(Error::other("what was sent shows no effect"));
        }
        sleep(BLINK);
    }
}

/// Keeps to a rate. Who is late does not wait, and does not run after what it missed for more than a second.
struct Pace {
    every: Duration,
    next: Instant,
}

impl Pace {
    fn new(every: Duration) -> Self {
        Self { every, next: Instant::now() }
    }

    fn wait(&mut self) {
        let now = Instant::now();
        if let Some(left) = self.next.checked_duration_since(now) {
            sleep(left);
        }
        self.next = (self.next + self.every).max(now.checked_sub(Duration::from_secs(1)).unwrap_or(now));
    }
}
