//! `cargo xtask test`: every check in one go. A step that fails does not keep the later ones from speaking, and what
//! is not run is said loudly, so that nobody takes silence for success.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{generate, tidy};

/// The wires of the outside acceptance that today's readers are for.
const ACCEPTED: [&str; 17] = [
    "anpa1312.txt",
    "atom-xhtml.xml",
    "email.eml",
    "feed.json",
    "iptc7901.txt",
    "newsml-1.2.xml",
    "newsml-g2-message.xml",
    "newsml-g2-nitf.xml",
    "newsml-g2-xhtml.xml",
    "ninjs-1.3.json",
    "ninjs-2.1.json",
    "ninjs-3.0.json",
    "nitf-utf16.xml",
    "nitf.xml",
    "plain.txt",
    "rss2-content-encoded.xml",
    "rss2-description-only.xml",
];

/// Tests that ran, by their runner's own word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
}

pub(crate) fn run(root: &Path) -> Result<(), String> {
    let mut suite =
        Suite { root, ci: std::env::var_os("CI").is_some(), failed: Vec::new(), skipped: Vec::new() };
    suite.cargo("format", &["fmt", "--all", "--check"]);
    suite.cargo("clippy", &["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    suite.step("tidy", || tidy::run(root));
    suite.step("gen --check", || generate::run(root, generate::Mode::Check));
    suite.cargo("doc tests", &["test", "--quiet", "--workspace", "--doc"]);
    let count = suite.tests();
    suite.step("histories", || crate::sim::run(root, &crate::sim::Wish::default()));
    suite.acceptance();
    suite.probes();
    for skipped in &suite.skipped {
        eprintln!("!! NOT RUN: {skipped}");
    }
    for failed in &suite.failed {
        eprintln!("!! FAILED: {failed}");
    }
    println!("{} passed, {} failed", count.passed, count.failed);
    match suite.failed.len() {
        0 => Ok(()),
        steps => Err(format!("{steps} of the steps failed")),
    }
}

struct Suite<'r> {
    root: &'r Path,
    ci: bool,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Suite<'_> {
    fn step(&mut self, name: &str, step: impl FnOnce() -> Result<(), String>) {
        println!("== {name}");
        if let Err(fault) = step() {
            eprintln!("{fault}");
            self.failed.push(name.to_owned());
        }
    }

    fn cargo(&mut self, name: &str, words: &[&str]) {
        let mut cargo = crate::cargo();
        cargo.current_dir(self.root).args(words);
        self.step(name, || finish(&mut cargo));
    }

    /// A tool that anybody can install is missing: on the desk that is a loud note, in CI it is a failure.
    fn skip(&mut self, what: &str, remedy: &str) {
        if self.ci {
            self.failed.push(format!("{what}: {remedy}"));
        } else {
            self.skipped.push(format!("{what}: {remedy}"));
        }
    }

    fn tests(&mut self) -> Count {
        let nextest = crate::cargo()
            .args(["nextest", "--version"])
            .output()
            .is_ok_and(|output| output.status.success());
        let words: &[&str] = if nextest {
            &["nextest", "run", "--workspace", "--no-fail-fast"]
        } else {
            self.skip(
                "cargo-nextest",
                "install it with `cargo install --locked cargo-nextest`; `cargo test` stands in",
            );
            &["test", "--workspace", "--all-targets", "--no-fail-fast"]
        };
        println!("== tests");
        let mut cargo = crate::cargo();
        cargo.current_dir(self.root).args(words);
        match tee(&mut cargo) {
            Ok((success, output)) => {
                let count = counted(&output);
                if !success || count.failed > 0 {
                    self.failed.push("tests".into());
                } else if count.passed == 0 {
                    self.failed.push("tests: none ran".into());
                }
                count
            }
            Err(fault) => {
                self.failed.push(format!("tests: {fault}"));
                Count::default()
            }
        }
    }

    /// The check that others wrote: it drives the built program from outside. It lives beside the repository, and
    /// where it is not there is nothing to install.
    fn acceptance(&mut self) {
        let beside = self.root.join("../shared");
        let script = beside.join("accept/golden.py");
        if !script.exists() {
            self.skipped.push("outside acceptance: it is not beside this repository".into());
            return;
        }
        if !Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success()) {
            self.skip("outside acceptance", "install python3");
            return;
        }
        let mut others: Vec<String> = std::fs::read_dir(beside.join("golden"))
            .into_iter()
            .flatten()
            .filter_map(|file| file.ok()?.file_name().into_string().ok())
            .filter(|name| !ACCEPTED.contains(&name.as_str()) && !NOT_WIRES.contains(&name.as_str()))
            .collect();
        others.sort();
        if !others.is_empty() {
            self.skipped.push(format!(
                "outside acceptance of formats that have no reader yet: {}",
                others.join(", ")
            ));
        }
        let root = self.root;
        self.step("outside acceptance", || {
            let mut build = crate::cargo();
            finish(build.current_dir(root).args(["build", "--quiet", "--package", "verbatim"]))?;
            let binary = tidy::target_folder(root)?.join("debug/verbatim");
            let mut python = Command::new("python3");
            python.arg(&script).arg("--bin").arg(binary);
            ACCEPTED.iter().for_each(|name| {
                python.args(["--only", name]);
            });
            let (success, output) = tee(&mut python)?;
            let accepted = counted(&output).passed;
            if !success || accepted != ACCEPTED.len() as u64 {
                return Err(format!("{accepted} of {} wires were accepted", ACCEPTED.len()));
            }
            Ok(())
        });
    }
}

impl Suite<'_> {
    /// Texts that publishing systems like to change, read off the pages by a parser that is not ours.
    fn probes(&mut self) {
        let probes = self.root.join("../shared/corpus/text-probes/probes.json");
        if !probes.exists() {
            self.skipped.push("text probes: they are not beside this repository".into());
            return;
        }
        let root = self.root;
        let python = match target_python(root, "html5lib", "html5lib==1.1") {
            Ok(python) => python,
            Err(fault) => {
                return self.skip("text probes", &format!("{fault}; install python3 with venv and pip"));
            }
        };
        self.step("text probes", || {
            let binary = tidy::target_folder(root)?.join("debug/verbatim");
            let mut check = Command::new(python);
            finish(check.arg(root.join("e2e/probes.py")).arg(binary).arg(&probes))
        });
    }
}

/// A Python of the project's own, below the target folder, with a parser that is not ours: the module, and the
/// package that brings it.
pub(crate) fn target_python(root: &Path, module: &str, package: &str) -> Result<std::path::PathBuf, String> {
    let folder = tidy::target_folder(root)?.join("python");
    let python = folder.join("bin/python3");
    let parser = |python: &Path| Command::new(python).args(["-c", &format!("import {module}")]).output();
    if !parser(&python).is_ok_and(|output| output.status.success()) {
        finish(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        finish(Command::new(&python).args(["-m", "pip", "install", "--quiet", package]))?;
    }
    Ok(python)
}

/// What lies among the wires and is none.
const NOT_WIRES: [&str; 5] = ["README.md", "body.txt", "expect.json", "label.txt", "story.txt"];

fn finish(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(fault) => Err(format!("cannot run {command:?}: {fault}")),
    }
}

/// Runs a command, shows what it says while it says it, and gives it back.
fn tee(command: &mut Command) -> Result<(bool, String), String> {
    let failed = |fault: std::io::Error| format!("cannot run the command: {fault}");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(failed)?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let heard = std::thread::scope(|scope| {
        let out = scope.spawn(|| out.map(relay).unwrap_or_default());
        let err = scope.spawn(|| err.map(relay).unwrap_or_default());
        [out.join().unwrap_or_default(), err.join().unwrap_or_default()].concat()
    });
    Ok((child.wait().map_err(failed)?.success(), heard))
}

fn relay(from: impl std::io::Read) -> String {
    let mut heard = String::new();
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        let _ = std::io::stdout().lock().write_all(&line);
        heard.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    heard
}

/// Adds up what the runner says: nextest's `Summary […] 7 tests run: 6 passed (1 slow), 1 failed`, cargo's own
/// `test result: ok. 3 passed; 0 failed; …`, and a bare `3 passed, 1 failed`.
fn counted(output: &str) -> Count {
    let plain = without_colours(output);
    let summaries: Vec<&str> = plain
        .lines()
        .filter(|line| {
            line.trim_start().starts_with("Summary [")
                || line.starts_with("test result: ")
                || line.ends_with(" failed")
        })
        .filter(|line| line.contains(" passed"))
        .collect();
    let sum = |word: &str| -> u64 { summaries.iter().map(|line| number_before(line, word)).sum() };
    // A test that ran out of time has failed, though nextest counts it apart.
    Count { passed: sum(" passed"), failed: sum(" failed") + sum(" timed out") + sum(" exec failed") }
}

fn number_before(line: &str, word: &str) -> u64 {
    let Some(at) = line.find(word) else { return 0 };
    let digits = line[..at].bytes().rev().take_while(u8::is_ascii_digit).count();
    line[at - digits..at].parse().unwrap_or(0)
}

fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        let code = &rest[at + 2..];
        rest = code.find(|c: char| c.is_ascii_alphabetic()).map_or("", |end| &code[end + 1..]);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, passed: u64, failed: u64) {
        assert_eq!(counted(output), Count { passed, failed });
    }

    #[test]
    fn the_runner_s_own_count_is_taken() {
        check("     Summary [   0.012s] 7 tests run: 7 passed, 0 skipped\n", 7, 0);
        check(
            "------------\n     Summary [   1.2s] 9 tests run: 6 passed (1 slow), 2 failed, 1 timed out, 3 skipped\n",
            6,
            3,
        );
        check(
            "\u{1b}[32;1m     Summary\u{1b}[0m [ 0.1s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 0 skipped\n",
            2,
            0,
        );
        check(
            "test result: ok. 3 passed; 0 failed; 0 ignored\ntest result: FAILED. 1 passed; 2 failed; 0 ignored\n",
            4,
            2,
        );
        check("ok    feed.json\nWRONG nitf.xml: no\n11 passed, 1 failed\n", 11, 1);
        check("error: could not compile\n", 0, 0);
    }
}
