//! `cargo xtask hostile`: everything that comes from outside, as somebody would send it who means us harm.
//!
//! Three sides: the readers (bombs, broken wires, collections that others have gathered), the pages (payloads
//! published by the program and loaded in a browser), and the listeners (addresses, headers, the desk's session,
//! the push door, names of files, the terminal). Quick by default; `--full` takes every payload there is.

use std::path::{Path, PathBuf};
use std::process::Command;

mod bombs;
mod browser;
mod doors;
mod house;
mod http;
mod pages;
mod payloads;
mod readers;
mod tally;

use readers::{Readers, Wire};
use tally::Tally;

/// How to run it.
pub(crate) struct Wish {
    /// Every payload, not a sample.
    pub(crate) full: bool,
    /// A program that is built already.
    pub(crate) binary: Option<PathBuf>,
    /// Only the groups whose names contain this.
    pub(crate) only: Option<String>,
}

impl Wish {
    /// Reads `[--full] [--bin FILE] [--only WORD]`.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut wish = Wish { full: false, binary: None, only: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--full" => wish.full = true,
                "--bin" => wish.binary = Some(PathBuf::from(words.next()?)),
                "--only" => wish.only = Some((*words.next()?).to_owned()),
                _ => return None,
            }
        }
        Some(wish)
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only))
    }
}

pub(crate) fn run(root: &Path, wish: &Wish) -> Result<(), String> {
    let binary = match &wish.binary {
        Some(binary) => std::path::absolute(binary).map_err(|fault| fault.to_string())?,
        None => build(root)?,
    };
    let collected = Some(root.join("../shared/corpus/hostile")).filter(|folder| folder.is_dir());
    if collected.is_none() {
        eprintln!("!! NOT RUN: what others have gathered: it is not beside this repository");
    }
    let folder = tempfile::Builder::new().prefix("verbatim-hostile-").tempdir();
    let folder = folder.map_err(|fault| format!("cannot make a folder: {fault}"))?;
    let run = Run { root, wish, binary, collected, folder: folder.path() };
    let mut tally = Tally::default();
    let mut broken = Vec::new();
    let mut part = |name: &str, part: &dyn Fn(&mut Tally) -> Result<(), String>| {
        if wish.wants(name)
            && let Err(fault) = part(&mut tally)
        {
            eprintln!("!! FAILED: {name}: {fault}");
            broken.push(fault);
        }
    };
    part("readers", &|tally| run.readers(tally));
    part("cut wires", &|tally| run.cut_wires(tally));
    part("doors", &|tally| run.doors(tally));
    if wish.wants("pages") {
        match browser::prepare(root) {
            Ok(()) => part("pages", &|tally| run.pages(tally)),
            Err(fault) if std::env::var_os("CI").is_some() => part("pages", &|_| Err(fault.clone())),
            Err(fault) => {
                eprintln!("!! NOT RUN: pages in a browser: install node, npm and chromium ({fault})")
            }
        }
    }
    let (passed, failed) = tally.sum();
    let failed = failed + broken.len() as u64;
    println!("{passed} passed, {failed} failed");
    if failed == 0 { Ok(()) } else { Err("what is hostile did harm".into()) }
}

fn build(root: &Path) -> Result<PathBuf, String> {
    let mut cargo = crate::cargo();
    cargo.current_dir(root).args(["build", "--quiet", "--package", "verbatim"]);
    match cargo.status() {
        Ok(status) if status.success() => Ok(crate::tidy::target_folder(root)?.join("debug/verbatim")),
        Ok(status) => Err(format!("{cargo:?}: {status}")),
        Err(fault) => Err(format!("cannot run {cargo:?}: {fault}")),
    }
}

/// What every part needs to know.
struct Run<'a> {
    root: &'a Path,
    wish: &'a Wish,
    binary: PathBuf,
    /// What others have gathered, if it lies beside the repository.
    collected: Option<PathBuf>,
    folder: &'a Path,
}

impl Run<'_> {
    /// How many times slower than a proper build the program is.
    fn slower(&self) -> u32 {
        let built_for_faults = self.binary.parent().is_some_and(|folder| folder.ends_with("debug"));
        if built_for_faults { readers::DEBUG } else { 1 }
    }

    /// How many times larger the largest wires are.
    fn times(&self) -> usize {
        if self.wish.full { 4 } else { 1 }
    }

    fn readers(&self, tally: &mut Tally) -> Result<(), String> {
        let secret = self.folder.join("secret.txt");
        std::fs::write(&secret, bombs::SECRET).map_err(|fault| fault.to_string())?;
        let ear = std::net::TcpListener::bind("127.0.0.1:0").map_err(|fault| fault.to_string())?;
        ear.set_nonblocking(true).map_err(|fault| fault.to_string())?;
        let port = ear.local_addr().map_err(|fault| fault.to_string())?.port();
        let bombs = bombs::all(&secret.to_string_lossy(), port, self.times());
        let wires = self.laid_out(bombs)?;
        let reader =
            |format| Readers { binary: &self.binary, folder: self.folder, slower: self.slower(), format };
        tally.group("readers: bombs of our own", |group| {
            reader(None).judge(&wires, group)?;
            group.check(ear.accept().is_err(), || "a wire made the program call a server".into());
            Ok(())
        })?;
        let live: Vec<Wire> =
            wires.into_iter().map(|wire| Wire { must: bombs::Must::Live, ..wire }).collect();
        for format in readers::FORMATS.into_iter().filter(|_| self.wish.full) {
            tally.group(&format!("readers: the same, forced to be {format}"), |group| {
                reader(Some(format)).judge(&live, group)
            })?;
        }
        let Some(collected) = &self.collected else { return Ok(()) };
        let mut gathered = Vec::new();
        list(collected, &mut gathered)?;
        let wires = |must: fn(&Path) -> bombs::Must| -> Vec<Wire> {
            gathered.iter().map(|path| Wire { path: path.clone(), must: must(path) }).collect()
        };
        tally.group("readers: what others have gathered", |group| {
            reader(None).judge(&wires(gathered_must), group)
        })?;
        let formats: &[&str] = if self.wish.full { &readers::FORMATS } else { &["rss", "ninjs"] };
        for format in formats {
            tally.group(&format!("readers: the same, forced to be {format}"), |group| {
                reader(Some(format)).judge(&wires(|_| bombs::Must::Live), group)
            })?;
        }
        Ok(())
    }

    fn laid_out(&self, bombs: Vec<bombs::Bomb>) -> Result<Vec<Wire>, String> {
        let folder = self.folder.join("bombs");
        std::fs::create_dir_all(&folder).map_err(|fault| fault.to_string())?;
        let lay = |bomb: bombs::Bomb| {
            let path = folder.join(bomb.name);
            std::fs::write(&path, bomb.bytes).map_err(|fault| format!("{}: {fault}", path.display()))?;
            Ok(Wire { path, must: bomb.must })
        };
        bombs.into_iter().map(lay).collect()
    }

    /// One wire of each format, cut after every byte: a test of the readers' own room.
    fn cut_wires(&self, tally: &mut Tally) -> Result<(), String> {
        tally.group("readers: wires cut after every byte", |group| {
            let mut cargo = crate::cargo();
            cargo.current_dir(self.root).args(["test", "--quiet", "--package", "wire", "--test", "cut"]);
            cargo.args(["--", "--nocapture"]);
            let done = cargo.output().map_err(|fault| format!("cannot run {cargo:?}: {fault}"))?;
            let said = String::from_utf8_lossy(&done.stdout).into_owned();
            let told = |line: &str| line.split_once(" cuts of ")?.0.rsplit(' ').next()?.parse::<u64>().ok();
            let cuts: u64 = said.lines().filter_map(told).sum();
            (0..cuts).for_each(|_| group.check(true, String::new));
            let errors = String::from_utf8_lossy(&done.stderr);
            let why = errors
                .lines()
                .chain(said.lines())
                .find(|line| line.contains("cut at "))
                .unwrap_or("see `cargo test -p wire --test cut`");
            group.check(done.status.success(), || why.to_owned());
            Ok(())
        })
    }
}

/// What must not come of a gathered file, as far as its name tells.
fn gathered_must(path: &Path) -> bombs::Must {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = path.to_string_lossy();
    let stop = name.starts_with("lol")
        || name.starts_with("xml-billion")
        || name.starts_with("xml-quadratic")
        || name.starts_with("xml-external")
        || name.starts_with("json-deep")
        || text.contains("test_parsing/n_");
    if stop { bombs::Must::Stop } else { bombs::Must::NeverSay("root:x:0:0") }
}

/// Every file below a folder, in order.
fn list(folder: &Path, into: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |fault: std::io::Error| format!("cannot list {}: {fault}", folder.display());
    let mut inside: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(failed)?
        .map(|file| file.map(|file| file.path()))
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    inside.sort();
    for path in inside {
        if path.is_dir() { list(&path, into)? } else { into.push(path) }
    }
    Ok(())
}

/// Runs a command to its end.
fn finish(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(done) if done.status.success() => Ok(()),
        Ok(done) => Err(format!("{command:?}: {}: {}", done.status, String::from_utf8_lossy(&done.stderr))),
        Err(fault) => Err(format!("cannot run {command:?}: {fault}")),
    }
}
