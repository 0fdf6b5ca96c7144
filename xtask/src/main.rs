//! The project's own chores. `cargo xtask test` is all that stands between a change and the main branch.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

mod bench;
mod crash;
mod forks;
mod fuzz;
mod generate;
mod hostile;
mod sim;
mod suite;
mod suites;
mod tidy;
mod verifiers;

const USAGE: &str = "\
usage: cargo xtask CHORE

  tidy           the rules of the house: the map, who may know whom, what may not be called where
  gen [--check]  the files that are made from the program: the example configuration, its reference and schema
  test           everything: format, clippy, tidy, gen --check, doc tests, tests, and outside acceptance if it is here
  verifiers      a log of ours before verifiers that others wrote, in Go, JavaScript and Python, and a story in browsers
  hostile [--full] [--bin FILE] [--only WORD]
                 what somebody would send who means us harm, to the readers, the pages and the listeners
  suites [--only WORD] [--folder DIR] [--all]
                 what other people assert of wires and feeds: passes by suite and group, and who is right about the rest
  sim [--seed N] [--histories N] [--planted NAME|all]
                 histories from seeds, a thousand without words: does any of them break one of the four promises?
                 with --planted: is each of the faults that are planted found out?
  crash [--kills N] [--syscalls [--sample K]] [--power N [--fs ext4|xfs]] [--torn N] [--flips N]
        [--trouble] [--planted NAME|all] [--bin FILE] [--seed S]
                 killed, failed calls, no power, torn sectors, flipped bits: is what was acknowledged still true?
                 without words: some of everything, in a few minutes
  replay [--items N] [--bin FILE]
                 ten years of an agency's archive come after an outage: does anything old go out, does anything new wait?
  forks [--kills N] [--restores N] [--bin FILE] [--seed S]
                 killed and brought back from stale copies, a witness attached: is there ever a second history?
  fuzz [--seconds N] [--only FORMAT] [--seeds DIR]
                 libFuzzer before every reader of wires and of the public log, so many seconds each
  bench [parts|reading|flow|serving|standing|publishing]… [--quick] [--bin FILE] [--write]
                 how fast it is beside what people use today; with --write also into COMPARE.md";

fn main() -> ExitCode {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    let typed: Vec<&str> = typed.iter().map(String::as_str).collect();
    let root = root();
    let result = match typed.as_slice() {
        ["tidy"] => tidy::run(&root),
        ["gen"] => generate::run(&root, generate::Mode::Write),
        ["gen", "--check"] => generate::run(&root, generate::Mode::Check),
        ["test"] => suite::run(&root),
        ["verifiers"] => verifiers::run(&root),
        ["hostile", words @ ..] if hostile::Wish::of(words).is_some() => {
            hostile::Wish::of(words).map_or(Ok(()), |wish| hostile::run(&root, &wish))
        }
        ["sim", words @ ..] if sim::Wish::of(words).is_some() => {
            sim::Wish::of(words).map_or(Ok(()), |wish| sim::run(&root, &wish))
        }
        ["crash", words @ ..] if crash::Wish::of(words).is_some() => {
            crash::Wish::of(words).map_or(Ok(()), |wish| crash::run(&root, &wish))
        }
        ["forks", words @ ..] if forks::Wish::of(words).is_some() => {
            forks::Wish::of(words).map_or(Ok(()), |wish| forks::run(&root, &wish))
        }
        ["replay", words @ ..] if bench::replay::Wish::of(words).is_some() => {
            bench::replay::Wish::of(words).map_or(Ok(()), |wish| bench::replay::run(&root, &wish))
        }
        ["suites", words @ ..] if suites::Wish::of(words).is_some() => {
            suites::Wish::of(words).map_or(Ok(()), |wish| suites::run(&root, &wish))
        }
        ["fuzz", words @ ..] if fuzz::Wish::of(words).is_some() => {
            fuzz::Wish::of(words).map_or(Ok(()), |wish| fuzz::run(&root, &wish))
        }
        ["bench", words @ ..] if bench::Wish::of(words).is_some() => {
            bench::Wish::of(words).map_or(Ok(()), |wish| bench::run(&root, &wish))
        }
        ["--help" | "-h" | "help"] => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, PathBuf::from)
}

/// The cargo that runs us, so that a chore never mixes two toolchains.
fn cargo() -> std::process::Command {
    std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
