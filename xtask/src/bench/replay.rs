//! `cargo xtask replay`: after an outage an agency sends its archive again, ten years of it, and goes on with today's news.
//!
//! Nothing old may go out, on any output; a kill and a fresh story may take no longer than on a quiet day; and whoever
//! calls for feeds must not get a flood. The rules about old dates and the breaker are on for the feed that is replayed.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use super::flow::{Seen, address_of, crowd, joined, lock, page_of, quantile_ms, ruled, two, watch};
use super::machine;
use super::report::{Table, thousands};
use super::wires::{self, Story};
use crate::crash::house::House;
use crate::crash::http::{Line, percent};

/// Ten years, in seconds.
const YEARS: u64 = 3_652 * 86_400;
/// What is younger than this is no archive.
const YOUNGEST: u64 = 3 * 86_400;
/// Items in one file.
const IN_ONE: usize = 1_000;
/// How often the agency sends a fresh story on the feed that is replayed.
const FRESH: Duration = Duration::from_secs(4);
/// How long a quiet day is looked at, to compare with.
const QUIET: Duration = Duration::from_secs(10);
/// How long all of it may take, for each item.
const PATIENCE: Duration = Duration::from_millis(60);

/// The rules that are not asked: all but those about old dates and the breaker.
const NOT_ASKED: [&str; 16] = [
    "killed-twin",
    "old-twin",
    "unexpected-sender",
    "burst",
    "flashes",
    "future-date",
    "date-differs",
    "unfinished",
    "placeholder",
    "empty-body",
    "cut-body",
    "repeated-body",
    "large-change",
    "other-language",
    "other-story",
    "watch-word",
];

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    items: u64,
    program: Option<PathBuf>,
}

impl Wish {
    /// Reads the words behind `replay`; nothing if one is not understood.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut wish = Self { items: 2_000_000, program: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next()?;
            match *word {
                "--items" => wish.items = value.parse().ok().filter(|items| *items > 0)?,
                "--bin" => wish.program = Some((*value).into()),
                _ => return None,
            }
        }
        Some(wish)
    }
}

pub(crate) fn run(root: &Path, wish: &Wish) -> std::result::Result<(), String> {
    let tools = super::Tools::new(root)?;
    let bench = super::Bench { root, tools: &tools, quick: false, program: wish.program.as_deref() };
    let program = bench.program()?;
    println!("{}", replay(&program, wish.items).map_err(|fault| format!("the replay failed: {fault}"))?);
    Ok(())
}

/// An item of the archive: the `n`th of so many, spread over ten years.
fn old(n: u64, of: u64, now: u64) -> Story {
    Story::new(9, n, now - YOUNGEST - YEARS + YEARS / of.max(1) * n)
}

fn replay(program: &Path, items: u64) -> Result<String> {
    let load = machine::load();
    let mut house = House::new(program)?;
    let file = house.file("verbatim.toml");
    let text = std::fs::read_to_string(&file)?;
    // Stories that are made by the million are near each other, as real ones are not: of the rules those are asked that an
    // archive is about.
    let feed = "section = \"home\"\nsafety = ";
    let asked = text.replace(&format!("{feed}\"off\""), &format!("{feed}\"on\""));
    if asked == text {
        return Err(Error::other("the feed whose archive comes again is not in the configuration"));
    }
    std::fs::write(&file, format!("{asked}\n[[rules]]\nfeeds = [\"agx-folder\"]\noff = {NOT_ASKED:?}\n"))?;
    house.start()?;
    let now = machine::now();
    // The feed is no stranger: its first contact is over.
    let first = Story::new(8, 0, now);
    drop_in(&house, "first.xml", std::slice::from_ref(&first))?;
    let mut site = Line::new(house.site);
    watch(Instant::now(), || address_of(&mut site, &first))?;
    let quiet = Seen::default();
    crowd(&house, &quiet, QUIET, 0, 0)?;

    let code = house.stop()?;
    if code != 0 {
        return Err(Error::other(format!("it ended with {code}")));
    }
    let mut names = Vec::new();
    for from in (0..items).step_by(IN_ONE) {
        let stories: Vec<Story> =
            (from..items.min(from + IN_ONE as u64)).map(|n| old(n, items, now)).collect();
        let name = format!("archive-{from:09}.xml");
        std::fs::write(house.wire().join(&name), wires::rss(&stories))?;
        names.push(name);
    }
    house.start()?;
    let (seen, started) = (Seen::default(), Instant::now());
    // What was sent, and killed, on the quiet day does not come again.
    seen.next.store(quiet.next.load(Ordering::SeqCst), Ordering::SeqCst);
    let on_the_feed = Mutex::default();
    let took = scope(|scope| {
        let crowd = scope.spawn(|| crowd(&house, &seen, Duration::from_secs(86_400), 0, 0));
        let fresh = scope.spawn(|| fresh_on_the_feed(&house, &seen, &on_the_feed));
        let took = until_ruled(&house, items + 1, started);
        seen.stop.store(true, Ordering::SeqCst);
        joined(crowd)?;
        joined(fresh)?;
        took
    })?;
    let held = nothing_old(&house, items, now)?;

    let mut table = Table::new(["figure", "wanted", "measured"]);
    let mut row = |figure: &str, wanted: &str, measured: String| {
        table.row([figure.to_owned(), wanted.to_owned(), measured]);
    };
    let rate = items as f64 / took.as_secs_f64() * 60.0;
    let all = format!("{} items of ten years, decided about", thousands(items as f64));
    row(&all, "", format!("{:.0} s, {} a minute", took.as_secs_f64(), thousands(rate)));
    row("two million at that rate", "", format!("{:.1} h", 2e6 / rate / 60.0));
    row("of them public, on any output", "0", "0".to_owned());
    row("of them held, each for its date", &thousands(items as f64), thousands(held as f64));
    let (half, most) = (quantile_ms(&on_the_feed, 0.5), quantile_ms(&on_the_feed, 1.0));
    let fresh = format!("{half:.0} and {most:.0} ms ({})", lock(&on_the_feed).len());
    row("fresh into the same folder meanwhile: arrival → live, p50 and latest", "all live", fresh);
    row("fresh on another feed: arrival → live, quiet, p50 and p99", "", two(&quiet.live));
    row("the same, meanwhile", "as when quiet", two(&seen.live));
    row("kill → gone, ordered, quiet", "", two(&quiet.ordered));
    row("the same, meanwhile", "as when quiet", two(&seen.ordered));
    row("kill → gone, by a wire, quiet", "", two(&quiet.canceled));
    row("the same, meanwhile", "as when quiet", two(&seen.canceled));
    Ok(format!(
        "{}, load {load:.1} at the start. `cargo xtask replay --items {items}`\n\n{table}",
        machine::describe()
    ))
}

fn drop_in(house: &House, name: &str, stories: &[Story]) -> Result<()> {
    std::fs::write(house.file(name), wires::rss(stories))?;
    std::fs::rename(house.file(name), house.wire().join(name))
}

/// The agency goes on with its day on the feed that is replayed. Each story becomes live; notes how long it took, in
/// seconds. The first ones wait until what lies before them in the folder is archived.
fn fresh_on_the_feed(house: &House, seen: &Seen, live: &Mutex<Vec<f64>>) -> Result<()> {
    let mut site = Line::new(house.site);
    for sent in 0.. {
        if seen.stop.load(Ordering::SeqCst) {
            break;
        }
        let story = Story::new(7, sent, machine::now());
        let start = Instant::now();
        drop_in(house, &format!("fresh-{sent}.xml"), std::slice::from_ref(&story))?;
        watch(start, || page_of(&mut site, &story))?;
        lock(live).push(start.elapsed().as_secs_f64());
        sleep(FRESH);
    }
    Ok(())
}

fn until_ruled(house: &House, count: u64, started: Instant) -> Result<Duration> {
    let mut desk = Line::new(house.desk);
    let patience = Duration::from_secs(120) + PATIENCE * u32::try_from(count).unwrap_or(u32::MAX);
    while ruled(&mut desk, "agx-folder")? < count {
        if started.elapsed() > patience {
            return Err(Error::other("the archive is not decided about in time"));
        }
        sleep(Duration::from_millis(50));
    }
    Ok(started.elapsed())
}

/// No output knows an old story, and the feed is not stopped. Returns how many are held.
fn nothing_old(house: &House, items: u64, now: u64) -> Result<u64> {
    let (mut site, mut desk) = (Line::new(house.site), Line::new(house.desk));
    let mark = "and ferry 9 leaves";
    for path in [
        "/",
        "/section/home",
        "/feed.rss",
        "/feed.atom",
        "/feed.json",
        "/sitemap.xml",
        "/news-sitemap.xml",
        "/search?q=ferry%209%20leaves",
    ] {
        let answer = site.get(path)?;
        if answer.status != 200 || answer.text().contains(mark) {
            return Err(Error::other(format!("{path} answers {} and may show the archive", answer.status)));
        }
    }
    for n in (0..items).step_by(usize::try_from(items / 200).unwrap_or(1).max(1)) {
        let story = old(n, items, now);
        let told = site.get(&format!("/api/v1/items?uri={}", percent(&story.uri())))?.json();
        if told["items"].as_array().is_none_or(|items| !items.is_empty()) {
            return Err(Error::other(format!("{} is told of: {told}", story.uri())));
        }
    }
    let metrics = desk.get("/metrics")?.text();
    let figure = |name: &str| -> u64 {
        metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok()).unwrap_or(0)
    };
    if figure("verbatim_feed_held{feed=\"agx-folder\"}") != 0 {
        return Err(Error::other("the feed's breaker has tripped"));
    }
    let found = figure("verbatim_findings_total{feed=\"agx-folder\",rule=\"stale-date\",mode=\"on\"}");
    if found < items {
        return Err(Error::other(format!("only {found} of {items} are held for their date")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_or_refused() {
        assert_eq!(Wish::of(&[]), Some(Wish { items: 2_000_000, program: None }));
        let wish = Wish::of(&["--items", "500", "--bin", "a/verbatim"]);
        assert_eq!(wish, Some(Wish { items: 500, program: Some("a/verbatim".into()) }));
        assert_eq!(Wish::of(&["--items", "0"]), None);
        assert_eq!(Wish::of(&["--items"]), None);
    }

    #[test]
    fn an_archive_ends_before_yesterday() {
        let now = 1_800_000_000;
        assert!(old(999, 1_000, now).made < now - 2 * 86_400);
        assert_eq!(old(0, 1_000, now).made, now - YOUNGEST - YEARS);
    }
}
