//! Reading alone: wires to items, ours and other people's readers, each in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::report::{Table, thousands};
use super::wires::{self, FORMATS};
use super::{Bench, machine, median};

/// Items in one transmission.
const ITEMS: u64 = 1_000;
/// The stories' time; readers do not know the clock.
const MADE: u64 = 1_790_000_000;
/// How many times each reader has its turn.
const ROUNDS: usize = 5;

/// A reader and how it is called.
struct Reader {
    name: &'static str,
    words: Vec<PathBuf>,
    formats: &'static [&'static str],
}

/// What one turn of a reader gave.
struct Turn {
    items: f64,
    bytes: f64,
    /// CPU seconds of a pass, the middle one of the turn.
    seconds: f64,
    /// By how much the process grew in the first pass, in bytes.
    grown: f64,
}

/// Builds the readers.
fn build(bench: &Bench<'_>) -> Result<(PathBuf, bool), String> {
    let cargo = |features: &[&str]| {
        let mut cargo = crate::cargo();
        cargo
            .current_dir(bench.root)
            .args(["build", "--quiet", "--release", "--package", "bench"])
            .args(features);
        super::tools::run(&mut cargo)
    };
    let peers = match cargo(&["--features", "peers"]) {
        Ok(()) => true,
        Err(fault) => {
            bench.tools.skip(format!("feed-rs, rss (crates.io): {fault}"));
            cargo(&[])?;
            false
        }
    };
    Ok((bench.built("bench")?, peers))
}

fn readers(bench: &Bench<'_>) -> Result<Vec<Reader>, String> {
    let (program, peers) = build(bench)?;
    let reader = |name, before: &[&Path], formats| {
        let words = before.iter().map(|word| word.to_path_buf()).chain([PathBuf::from(name)]).collect();
        Reader { name, words, formats }
    };
    let mut readers = vec![reader("verbatim", &[&program], &FORMATS)];
    if peers {
        readers.push(reader("feed-rs", &[&program], &["rss", "atom", "json-feed"]));
        readers.push(reader("rss", &[&program], &["rss"]));
    }
    if let Some(python) = bench.tools.python(&["feedparser", "fastfeedparser"]) {
        let script = bench.root.join("bench/peers/reading.py");
        readers.push(reader("fastfeedparser", &[&python, &script], &["rss", "atom"]));
        readers.push(reader("feedparser", &[&python, &script], &["rss", "atom"]));
    }
    if let Some(folder) = bench.tools.node(&["rss-parser", "feedsmith"]) {
        let script = bench.root.join("bench/peers/reading.mjs");
        readers.push(reader("feedsmith", &[Path::new("node"), &script, &folder], &["rss", "atom"]));
        readers.push(reader("rss-parser", &[Path::new("node"), &script, &folder], &["rss", "atom"]));
    }
    Ok(readers)
}

impl Reader {
    fn turn(&self, files: &[PathBuf]) -> Result<Turn, String> {
        let said = super::tools::output(Command::new(&self.words[0]).args(&self.words[1..]).args(files))?;
        let said: serde_json::Value =
            serde_json::from_str(&said).map_err(|fault| format!("{} says no JSON: {fault}", self.name))?;
        let passes = said["passes"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64);
        Ok(Turn {
            items: said["items"].as_f64().unwrap_or(0.0),
            bytes: said["bytes"].as_f64().unwrap_or(0.0),
            seconds: median(passes) / 1e9,
            grown: said["peak"].as_f64().unwrap_or(0.0),
        })
    }
}

/// Writes so many stories in a format and says where.
fn files(bench: &Bench<'_>, format: &str, items: u64) -> Result<Vec<PathBuf>, String> {
    let folder = bench.tools.folder().join(format!("wires/{format}-{items}"));
    std::fs::create_dir_all(&folder).map_err(|fault| format!("making {}: {fault}", folder.display()))?;
    write(&folder, &wires::wires(format, &wires::stories(1, items, MADE)))
}

fn write(folder: &Path, wires: &[Vec<u8>]) -> Result<Vec<PathBuf>, String> {
    (0..)
        .zip(wires)
        .map(|(n, wire)| {
            let file = folder.join(format!("{n}.wire"));
            std::fs::write(&file, wire).map_err(|fault| format!("writing {}: {fault}", file.display()))?;
            Ok(file)
        })
        .collect()
}

/// The middle of what a reader did, one figure.
fn middle(turns: &[Turn], figure: impl Fn(&Turn) -> f64) -> f64 {
    median(turns.iter().map(figure))
}

pub(super) fn run(bench: &Bench<'_>) -> Result<String, String> {
    let readers = readers(bench)?;
    let rounds = if bench.quick { 2 } else { ROUNDS };
    let mut peers = Table::new(["", "reader", "items a CPU second", "ours ÷ theirs", "memory ÷ input"]);
    let mut ours = Table::new([
        "format",
        "wanted",
        "items a CPU second",
        "MB a CPU second",
        "memory ÷ input",
        "CPU an item at 10 × and 100 × the items",
        "a story 10 × and 100 × as long, CPU a byte",
    ]);
    let load = machine::load();
    for format in FORMATS {
        let wire = files(bench, format, ITEMS)?;
        let taking: Vec<&Reader> = readers.iter().filter(|reader| reader.formats.contains(&format)).collect();
        let mut turns: Vec<Vec<Turn>> = taking.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (reader, turns) in taking.iter().zip(&mut turns) {
                eprintln!("{format}: {}", reader.name);
                let turn = reader.turn(&wire)?;
                if turn.items != ITEMS as f64 {
                    return Err(format!("{} finds {} items of {ITEMS} in {format}", reader.name, turn.items));
                }
                turns.push(turn);
            }
        }
        if taking.len() > 1 {
            for (reader, theirs) in taking.iter().zip(&turns) {
                let ratio =
                    median(theirs.iter().zip(&turns[0]).map(|(theirs, ours)| theirs.seconds / ours.seconds));
                peers.row([
                    format.to_owned(),
                    reader.name.to_owned(),
                    thousands(middle(theirs, |turn| turn.items / turn.seconds)),
                    if reader.name == "verbatim" { "—".into() } else { format!("{ratio:.2}") },
                    format!("{:.1}", middle(theirs, |turn| turn.grown / turn.bytes)),
                ]);
            }
        }
        let (items, length) = growth(bench, taking[0], format, rounds)?;
        ours.row([
            format.to_owned(),
            thousands(if ["newsml-g2", "nitf"].contains(&format) { 40_000.0 } else { 100_000.0 }),
            thousands(middle(&turns[0], |turn| turn.items / turn.seconds)),
            thousands(middle(&turns[0], |turn| turn.bytes / turn.seconds / 1e6)),
            // Of many small wires, the memory is that of one of them, and too little to be seen.
            if wire.len() > 1 {
                "—".into()
            } else {
                format!("{:.1}", middle(&turns[0], |turn| turn.grown / turn.bytes))
            },
            items,
            length,
        ]);
    }
    Ok(format!(
        "{}, load {load:.1} at the start. `cargo xtask bench reading`: {ITEMS} items of about 3 KB in one wire (NITF: in as many), \
each reader in a process of its own, in turns, {rounds} times; the middle of the turns, each the middle of its passes.\n\n{peers}\n{ours}",
        machine::describe()
    ))
}

/// How CPU time grows: with the number of items, and with the length of one. 1.0 is linear.
fn growth(
    bench: &Bench<'_>,
    reader: &Reader,
    format: &str,
    rounds: usize,
) -> Result<(String, String), String> {
    let by_items = [100, 1_000, 10_000].map(|items| files(bench, format, items));
    let by_length = [10, 100, 1_000].map(|times| {
        let folder = bench.tools.folder().join(format!("wires/{format}-long-{times}"));
        std::fs::create_dir_all(&folder).map_err(|fault| format!("making {}: {fault}", folder.display()))?;
        write(&folder, &[wires::long_story(format, MADE, times)])
    });
    let cost = |wires: [Result<Vec<PathBuf>, String>; 3], per: fn(&Turn) -> f64| -> Result<String, String> {
        let mut costs = Vec::new();
        for wire in wires {
            let wire = wire?;
            let turns = (0..rounds.min(3)).map(|_| reader.turn(&wire)).collect::<Result<Vec<_>, _>>()?;
            costs.push(middle(&turns, |turn| turn.seconds / per(turn)));
        }
        Ok(format!("{:.2} ×, {:.2} ×", costs[1] / costs[0], costs[2] / costs[0]))
    };
    Ok((cost(by_items, |turn| turn.items)?, cost(by_length, |turn| turn.bytes)?))
}
