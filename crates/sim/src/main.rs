//! `cargo xtask sim`: histories from seeds.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use sim::{Story, invent, play, shorten};

const USAGE: &str = "usage: sim [--seed N] [--histories N] [--first]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| words.iter().position(|word| word == name).and_then(|at| words.get(at + 1));
    let number = |name: &str, stands: u64| match value(name) {
        Some(number) => number.parse::<u64>().ok(),
        None => Some(stands),
    };
    let one = value("--seed").is_some();
    let known = |word: &String| {
        ["--seed", "--histories", "--first"].contains(&word.as_str()) || word.parse::<u64>().is_ok()
    };
    let (Some(from), Some(many), true) =
        (number("--seed", 0), number("--histories", if one { 1 } else { 1_000 }), words.iter().all(known))
    else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    // With `--first` the first that is broken is enough.
    let enough = if words.iter().any(|word| word == "--first") { 1 } else { 10 };
    // What falls over is told in the story.
    std::panic::set_hook(Box::new(|_| {}));
    let (next, broken) = (AtomicU64::new(from), AtomicU64::new(0));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while broken.load(Ordering::SeqCst) < enough {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= from.saturating_add(many) {
                        break;
                    }
                    let events = invent(seed);
                    let Err(story) = play(seed, &events) else { continue };
                    if broken.fetch_add(1, Ordering::SeqCst) < enough {
                        let short = shorten(seed, &events, story.broken.promise);
                        let story = play(seed, &short).err().unwrap_or(story);
                        tell(seed, events.len(), &story);
                    }
                }
            });
        }
    });
    let broken = broken.into_inner();
    let played = next.into_inner().min(from.saturating_add(many)) - from;
    println!("{played} histories from seed {from} on: {broken} with a broken promise");
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(seed: u64, length: usize, story: &Story) {
    println!("seed {seed} ({length} events, the shortest that breaks the same promise):\n{story}\n");
}
