//! One reader over some files, again and again: what a pass costs in CPU time, and what it needs of memory.
//!
//! `bench READER FILE…` prints one line of JSON: `{"items", "bytes", "passes": [nanoseconds of CPU…], "peak"}`, where
//! `peak` is by how many bytes the process grew beyond what it held before the first pass, the files included. Every
//! reader is run in a process of its own, so that none inherits another's memory.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::hint::black_box;
use std::process::ExitCode;

use rustix::time::{ClockId, clock_gettime};

/// So much CPU time is spent at least, after the first pass.
const LONG_ENOUGH: u64 = 400_000_000;
/// And so many passes are made at least.
const PASSES: usize = 3;

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn run(typed: &[String]) -> Result<serde_json::Value, String> {
    let [reader, files @ ..] = typed else { return Err("usage: bench READER FILE…".into()) };
    let read = reader_of(reader).ok_or(format!("`{reader}` is none of {}", NAMES.join(", ")))?;
    let wires: Vec<Vec<u8>> = files
        .iter()
        .map(|file| std::fs::read(file).map_err(|fault| format!("reading {file}: {fault}")))
        .collect::<Result<_, _>>()?;
    let pass = || -> Result<usize, String> { wires.iter().map(|wire| read(black_box(wire))).sum() };

    let before = status("VmRSS")?;
    let items = pass()?;
    let peak = status("VmHWM")?.saturating_sub(before);
    let (mut passes, mut spent) = (Vec::new(), 0);
    while passes.len() < PASSES || spent < LONG_ENOUGH {
        let start = cpu();
        if pass()? != items {
            return Err(format!("{reader} does not find the same number of items each time"));
        }
        passes.push(cpu() - start);
        spent += cpu() - start;
    }
    let bytes: usize = wires.iter().map(Vec::len).sum();
    Ok(serde_json::json!({ "items": items, "bytes": bytes, "passes": passes, "peak": peak }))
}

type Reader = fn(&[u8]) -> Result<usize, String>;

const NAMES: &[&str] = &["verbatim", "feed-rs", "rss"];

fn reader_of(name: &str) -> Option<Reader> {
    match name {
        "verbatim" => Some(verbatim),
        #[cfg(feature = "peers")]
        "feed-rs" => Some(feed_rs),
        #[cfg(feature = "peers")]
        "rss" => Some(rss),
        _ => None,
    }
}

/// As the newsroom reads: the format is found from the bytes, and nothing may be missing.
fn verbatim(wire: &[u8]) -> Result<usize, String> {
    let reading = black_box(wire::read(wire, &wire::Hints::default()));
    match reading.complaints.first() {
        Some(complaint) => Err(format!("{}: {}", complaint.code, complaint.message)),
        None => Ok(reading.items.len()),
    }
}

/// As it comes: it sanitises only where its feature `sanitize` is asked for, which it is not here.
#[cfg(feature = "peers")]
fn feed_rs(wire: &[u8]) -> Result<usize, String> {
    Ok(black_box(feed_rs::parser::parse(wire)).map_err(|fault| fault.to_string())?.entries.len())
}

#[cfg(feature = "peers")]
fn rss(wire: &[u8]) -> Result<usize, String> {
    Ok(black_box(rss::Channel::read_from(wire)).map_err(|fault| fault.to_string())?.items().len())
}

/// Nanoseconds of CPU time that this thread has used.
fn cpu() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// A line of `/proc/self/status`, in bytes.
fn status(name: &str) -> Result<u64, String> {
    let text = std::fs::read_to_string("/proc/self/status").map_err(|fault| fault.to_string())?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kilobytes.map(|kilobytes| kilobytes * 1024).ok_or(format!("/proc/self/status does not say {name}"))
}
