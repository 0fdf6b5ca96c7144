//! `cargo xtask suites`: what other people assert of wires and feeds, asked of our readers.
//!
//! Each suite is a module with one function: a folder in, [`Case`]s out. A case passes, or it tells in a few words
//! what we read and what the suite wants. `differences.tsv` holds a line for every difference that stays: who is
//! right and why. A difference without a line fails the chore, and so does a suite below its mark.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

mod differences;
mod feed_rs;
mod feedparser;
mod feeds;
mod feedvalidator;
mod gofeed;
mod ninjs_units;
mod read_through;
mod rome;
mod superdesk;
mod told;
mod words;
mod written;

use differences::Differences;

/// Where the suites lie, from the root of the project.
const FOLDER: &str = "../shared/corpus/suites";

/// How to run it.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    /// Only the suites whose names contain this.
    only: Option<String>,
    /// Where the suites lie.
    folder: Option<PathBuf>,
    /// Tell of every case that passes, too.
    all: bool,
}

impl Wish {
    /// Reads `[--only WORD] [--folder DIR] [--all]`.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut wish = Wish::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--only" => wish.only = Some((*words.next()?).to_owned()),
                "--folder" => wish.folder = Some(PathBuf::from(words.next()?)),
                "--all" => wish.all = true,
                _ => return None,
            }
        }
        Some(wish)
    }
}

/// One case of a suite.
struct Case {
    /// The part of the suite; results are counted by it.
    group: String,
    /// The case, by its file from the suite's folder.
    file: String,
    /// What differs; nothing if it passes.
    differs: Vec<String>,
}

impl Case {
    fn new(group: impl Into<String>, file: impl Into<String>, differs: Vec<String>) -> Self {
        Self { group: group.into(), file: file.into(), differs }
    }
}

/// A suite: its folder in [`FOLDER`], and how it is asked.
struct Suite {
    name: &'static str,
    /// Of a hundred cases, how many have to pass.
    mark: f64,
    run: fn(&Path) -> Result<Vec<Case>, String>,
}

const SUITES: &[Suite] = &[
    Suite { name: "feed-rs", mark: 98.0, run: feed_rs::run },
    Suite { name: "feedparser", mark: 99.0, run: feedparser::run },
    Suite { name: "feedparser-read", mark: 95.0, run: read_through::feedparser },
    Suite { name: "feedvalidator", mark: 100.0, run: feedvalidator::run },
    Suite { name: "gofeed", mark: 98.0, run: gofeed::run },
    Suite { name: "gofeed-read", mark: 95.0, run: read_through::gofeed },
    Suite { name: "ninjs-units", mark: 100.0, run: ninjs_units::run },
    Suite { name: "rome", mark: 100.0, run: rome::run },
    Suite { name: "superdesk-wire", mark: 54.0, run: superdesk::run },
    Suite { name: "words", mark: 90.0, run: words::run },
    Suite { name: "written-back", mark: 100.0, run: written::back },
    Suite { name: "written-valid", mark: 100.0, run: written::valid },
    Suite { name: "feeds-back", mark: 100.0, run: feeds::back },
    Suite { name: "feeds-valid", mark: 100.0, run: feeds::valid },
    Suite { name: "iptc-unit-files", mark: 90.0, run: written::unit_files },
];

pub(crate) fn run(root: &Path, wish: &Wish) -> Result<(), String> {
    let folder = wish.folder.clone().unwrap_or_else(|| root.join(FOLDER));
    let known = Differences::read(include_str!("differences.tsv"))?;
    let mut faults = Vec::new();
    for suite in SUITES.iter().filter(|suite| wish.only.as_ref().is_none_or(|only| suite.name.contains(only)))
    {
        // The wires themselves are no suite of anybody's.
        let folder = folder.join(match suite.name {
            "words" | "written-back" | "written-valid" | "feeds-valid" | "feeds-back" => "../wire",
            "ninjs-units" => "../wire/ninjs",
            "iptc-unit-files" => "../wire/newsml-g2/iptc-tests",
            "feedparser-read" => "feedparser",
            "gofeed-read" => "gofeed",
            own => own,
        });
        if !folder.is_dir() {
            eprintln!("!! NOT RUN: {}: {} is not there", suite.name, folder.display());
            continue;
        }
        let cases = (suite.run)(&folder).map_err(|fault| format!("{}: {fault}", suite.name))?;
        faults.extend(tell(suite, &cases, &known, wish.all));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Prints what came of a suite, and gives back what is wrong with that.
fn tell(suite: &Suite, cases: &[Case], known: &Differences, all: bool) -> Vec<String> {
    let mut groups: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for case in cases {
        let group = groups.entry(&case.group).or_default();
        group.0 += usize::from(case.differs.is_empty());
        group.1 += 1;
    }
    let passed: usize = groups.values().map(|(passed, _)| passed).sum();
    println!("{:<40} {passed:>5} of {:>5}  {:>6.2} %", suite.name, cases.len(), share(passed, cases.len()));
    for (group, (passed, all)) in &groups {
        println!("    {group:<36} {passed:>5} of {all:>5}  {:>6.2} %", share(*passed, *all));
    }
    let settled =
        cases.iter().filter(|case| !case.differs.is_empty() && known.settled(suite.name, &case.file)).count();
    if settled > 0 {
        let share = share(passed + settled, cases.len());
        println!("    and {settled} where a line says that we are right, or both: {share:.2} %");
    }
    let mut faults = Vec::new();
    for case in cases {
        if case.differs.is_empty() {
            if all {
                println!("  ok {}", case.file);
            }
            continue;
        }
        let why = known.of(suite.name, &case.file);
        println!("  != {}: {}", case.file, case.differs.join("; "));
        match why {
            Some(why) => println!("     {why}"),
            None => faults.push(format!("{}: {}: no line says who is right", suite.name, case.file)),
        }
    }
    if cases.is_empty() {
        faults.push(format!("{}: nothing was asked", suite.name));
    } else if share(passed, cases.len()) < suite.mark {
        faults.push(format!(
            "{}: {:.2} % pass, {} % are wanted",
            suite.name,
            share(passed, cases.len()),
            suite.mark
        ));
    }
    faults
}

#[allow(clippy::cast_precision_loss, reason = "there are thousands of cases, not quadrillions")]
fn share(passed: usize, all: usize) -> f64 {
    if all == 0 { 0.0 } else { 100.0 * passed as f64 / all as f64 }
}

/// All files below a folder that end so, by their path from it, in order.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        let here = folder.join(&inner);
        let failed = |fault: std::io::Error| format!("cannot list {}: {fault}", here.display());
        for file in std::fs::read_dir(&here).map_err(failed)? {
            let file = file.map_err(failed)?;
            let path = inner.join(file.file_name());
            if file.file_type().map_err(failed)?.is_dir() {
                folders.push(path);
            } else if let Some(path) =
                path.to_str().filter(|path| endings.iter().any(|end| path.ends_with(end)))
            {
                out.push(path.to_owned());
            }
        }
    }
    out.sort();
    Ok(out)
}

fn bytes(folder: &Path, file: &str) -> Result<Vec<u8>, String> {
    let path = folder.join(file);
    std::fs::read(&path).map_err(|fault| format!("cannot read {}: {fault}", path.display()))
}

/// The lines of a file of JSON Lines.
fn json_lines(folder: &Path, file: &str) -> Result<Vec<serde_json::Value>, String> {
    let text = String::from_utf8_lossy(&bytes(folder, file)?).into_owned();
    let read = |line: &str| serde_json::from_str(line).map_err(|fault| format!("{file}: {fault}"));
    text.lines().filter(|line| !line.trim().is_empty()).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(mark: f64) -> Suite {
        Suite { name: "example", mark, run: |_| Ok(Vec::new()) }
    }

    #[test]
    fn a_difference_needs_a_line_and_a_suite_its_mark() {
        let known = Differences::read("example\tb.xml\tverbatim\twhy\n").expect("one line");
        let cases = |names: &[(&str, bool)]| -> Vec<Case> {
            let differs = |good: &bool| if *good { Vec::new() } else { vec!["a is not b".to_owned()] };
            names.iter().map(|(name, good)| Case::new("core", *name, differs(good))).collect()
        };
        for (cases, mark, expect) in [
            (cases(&[("a.xml", true), ("b.xml", true)]), 100.0, &[][..]),
            (cases(&[("a.xml", true), ("b.xml", false)]), 50.0, &[]),
            (cases(&[("a.xml", true), ("b.xml", false)]), 99.0, &["50.00 % pass"]),
            (cases(&[("a.xml", false), ("b.xml", true)]), 50.0, &["a.xml: no line says"]),
            (cases(&[]), 50.0, &["nothing was asked"]),
        ] {
            let faults = tell(&suite(mark), &cases, &known, false);
            assert_eq!(faults.len(), expect.len(), "{faults:?}");
            assert!(faults.iter().zip(expect).all(|(fault, part)| fault.contains(part)), "{faults:?}");
        }
    }
}
