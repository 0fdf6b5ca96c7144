//! What it costs to be there: memory, the start, and asking for a feed in which nothing is new.

use std::io::{BufRead as _, BufReader, Error, Result, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::machine::{self, Usage};
use super::report::{Table, thousands};
use super::wires;
use super::{Bench, median};
use crate::crash::house::House;
use crate::crash::http::{Line, percent};

/// How many stories are asked for before memory is looked at again.
const ASKED: u64 = 3_000;
/// How many unchanged answers are counted.
const POLLS: u64 = 10;

pub(super) fn run(bench: &Bench<'_>) -> std::result::Result<String, String> {
    let program = bench.program()?;
    let count = if bench.quick { 50_000 } else { 1_000_000 };
    let fill = fill(bench)?;
    measure(&program, &fill, count)
        .map_err(|fault| format!("what it costs to be there could not be measured: {fault}"))
}

fn fill(bench: &Bench<'_>) -> std::result::Result<std::path::PathBuf, String> {
    let mut cargo = crate::cargo();
    cargo.current_dir(bench.root).args(["build", "--quiet", "--release", "--package", "store"]);
    cargo.args(["--features", "contract", "--example", "fill"]);
    super::tools::run(&mut cargo)?;
    bench.built("examples/fill")
}

fn measure(program: &Path, fill: &Path, count: u64) -> Result<String> {
    let load = machine::load();
    let mut table = Table::new(["figure", "wanted", "measured"]);
    let mut row =
        |figure: String, wanted: &str, measured: String| table.row([figure, wanted.to_owned(), measured]);

    let mut house = House::new(program)?;
    house.start()?;
    sleep(Duration::from_secs(2));
    row("memory with an empty store (RSS)".into(), "≤ 60 MB", megabytes(Usage::of(&house)?.rss));
    drop(house);

    for (what, validators) in
        [("with an ETag (304)", true), ("without validators (200, the whole body again)", false)]
    {
        let (cpu, written, bytes) = unchanged(program, validators)?;
        row(
            format!("an unchanged feed of {:.1} MB asked for again, {what}: CPU", bytes as f64 / 1e6),
            "≤ 10 ms",
            format!("{:.1} ms", cpu * 1e3),
        );
        row("… bytes written".into(), "0", thousands(written as f64));
    }

    let mut house = House::new(program)?;
    let made = Instant::now();
    super::tools::run(Command::new(fill).arg(house.store()).arg(count.to_string())).map_err(Error::other)?;
    eprintln!("{count} items in {:.0} s", made.elapsed().as_secs_f64());
    let items = thousands(count as f64);
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let start = Instant::now();
        house.start()?;
        let mut site = Line::new(house.site);
        let path = path_of(&mut site, 0)?;
        let page = site.get(&path)?;
        if page.status != 200 {
            return Err(Error::other(format!("the first reader gets {}", page.status)));
        }
        walls.push(start.elapsed().as_secs_f64());
        cpus.push(Usage::of(&house)?.cpu.as_secs_f64());
        house.stop()?;
    }
    row(
        format!("start with {items} items, to the first story answered"),
        "≤ 0.5 s",
        format!("{:.2} s, CPU {:.2} s", median(walls), median(cpus)),
    );
    house.start()?;
    row(format!("memory with {items} items, after the start"), "≤ 250 MB", megabytes(Usage::of(&house)?.rss));
    let mut site = Line::new(house.site);
    for n in 0..ASKED {
        let path = path_of(&mut site, n * 7_919 % count)?;
        for path in [path.clone(), format!("{path}.json")] {
            let answer = site.ask("GET", &path, &[("Accept-Encoding", "gzip")], b"")?;
            if answer.status != 200 {
                return Err(Error::other(format!("{path}: {}", answer.status)));
            }
        }
    }
    for path in [
        "/",
        "/section/world",
        "/feed.rss",
        "/feed.atom",
        "/feed.json",
        "/news-sitemap.xml",
        "/sitemap-0.xml",
        "/search?q=ferry",
    ] {
        let start = Instant::now();
        let answer = site.get(path)?;
        eprintln!("{path}: {} in {:.3} s", answer.status, start.elapsed().as_secs_f64());
    }
    row(
        format!(
            "… after {} stories, their ninjs, lists, feeds, a sitemap and a search",
            thousands(ASKED as f64)
        ),
        "≤ 250 MB",
        megabytes(Usage::of(&house)?.rss),
    );
    Ok(format!(
        "{}, load {load:.1} at the start. `cargo xtask bench standing`: release build; items of one paragraph, put into the store by \
`crates/store/examples/fill.rs`; starts on warm files, the middle of 5.\n\n{table}",
        machine::describe()
    ))
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// The path of a story that `fill` has made.
fn path_of(site: &mut Line, n: u64) -> Result<String> {
    let told = site.get(&format!("/api/v1/items?uri={}", percent(&format!("urn:agx:{n}"))))?.json();
    let url =
        told["items"][0]["url"].as_str().ok_or_else(|| Error::other(format!("urn:agx:{n} is not there")))?;
    Ok(url.find("/s/").map_or("", |at| &url[at..]).to_owned())
}

/// CPU seconds and bytes written for each unchanged answer, and the size of the feed.
fn unchanged(program: &Path, validators: bool) -> Result<(f64, u64, usize)> {
    let mut house = House::new(program)?;
    let feed = wires::rss(&wires::stories(1, 1_150, machine::now()));
    let bytes = feed.len();
    let sender = Sender::start(house.feed, feed, validators)?;
    house.start()?;
    let pid = house.pid().ok_or_else(|| Error::other("nothing runs"))?;
    // The first time it is new; what is counted begins when it is read and quiet.
    sender.wait(1)?;
    let quiet = |before: Usage| -> Result<bool> {
        sleep(Duration::from_millis(1_500));
        Ok(Usage::of(&house)?.cpu - before.cpu < Duration::from_millis(100))
    };
    while !quiet(Usage::of(&house)?)? {}
    let asked = sender.asked();
    sender.wait(asked + 1)?;
    let before = (Usage::of(&house)?.cpu, written(pid)?);
    sender.wait(asked + 1 + POLLS)?;
    let after = (Usage::of(&house)?.cpu, written(pid)?);
    Ok(((after.0 - before.0).as_secs_f64() / POLLS as f64, (after.1 - before.1) / POLLS, bytes))
}

/// Bytes that a process has caused to be written to a disk.
fn written(pid: u32) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/io"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: ")?.parse().ok());
    line.ok_or_else(|| Error::other("the system does not say what a process has written"))
}

/// An agency's server with one feed that never changes.
struct Sender {
    asked: Arc<AtomicU64>,
    broken: Arc<Mutex<Option<String>>>,
}

impl Sender {
    fn start(port: u16, feed: Vec<u8>, validators: bool) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port))?;
        let (asked, broken) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(None)));
        let sender = Self { asked: Arc::clone(&asked), broken: Arc::clone(&broken) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serve = || -> Result<()> {
                    let mut stream = stream;
                    let mut reader = BufReader::new(stream.try_clone()?);
                    loop {
                        let (mut line, mut knows) = (String::new(), false);
                        loop {
                            line.clear();
                            if reader.read_line(&mut line)? == 0 {
                                return Ok(());
                            }
                            knows |= line.to_ascii_lowercase().starts_with("if-none-match:");
                            if line.trim().is_empty() {
                                break;
                            }
                        }
                        let tag = if validators { "ETag: \"same\"\r\n" } else { "" };
                        if knows {
                            stream.write_all(format!("HTTP/1.1 304 Not Modified\r\n{tag}\r\n").as_bytes())?;
                        } else {
                            let head = format!(
                                "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n{tag}Content-Length: {}\r\n\r\n",
                                feed.len()
                            );
                            stream.write_all(&[head.as_bytes(), &feed].concat())?;
                        }
                        asked.fetch_add(1, Ordering::SeqCst);
                    }
                };
                if let Err(fault) = serve() {
                    *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault.to_string());
                }
            }
        });
        Ok(sender)
    }

    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Waits until it was asked so many times.
    fn wait(&self, times: u64) -> Result<()> {
        let start = Instant::now();
        while self.asked() < times {
            if start.elapsed() > Duration::from_secs(120) {
                let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone();
                return Err(Error::other(format!("nobody asks for the feed any more: {broken:?}")));
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}
