//! `cargo xtask crash`: does the built program keep its promises when it is killed, when calls to the system fail,
//! when the power goes, and when bits flip?
//!
//! Everything is judged from outside, by what was acknowledged: a push that was answered 201, a file that lies in
//! `done/`, a polled body whose tag was shown, a line that `verbatim publish` printed, a kill that returned. Each of
//! these must be true after every crash, from the very first answer on ([`oracle`]).
//!
//! | harness | what it does |
//! |---|---|
//! | [`kills`] | SIGKILL at random moments under traffic from every door |
//! | [`syscalls`] | SIGKILL, EIO, ENOSPC at each call that changes the store's files |
//! | [`power`] | power losses on ext4 and XFS |
//! | [`torn`] | power losses at any write of the disk, with torn sectors |
//! | [`flips`] | bits that turn over at rest |
//! | [`rotation`] | SIGKILL at the calls of a rotation of the log's key |
//! | [`trouble`] | a full disk, a clock that is set, very many connections, and the like |
//! | [`planted`] | faults on purpose, which the others must find |

use std::path::{Path, PathBuf};
use std::time::Duration;

use faults::Tally;

mod chance;
mod faults;
mod flips;
pub(crate) mod house;
pub(crate) mod http;
mod kills;
mod ledger;
mod load;
mod oracle;
mod planted;
mod power;
mod rotation;
mod syscalls;
mod tools;
mod torn;
mod trouble;
mod wire;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    kills: u64,
    /// Every how manyth case; none for no cases.
    sample: Option<u64>,
    /// Words in the names of the cases that are wanted.
    only: String,
    /// File systems, and how many power losses on each.
    power: Vec<(String, u64)>,
    torn: usize,
    flips: u64,
    /// What goes wrong around it; true for all of it at full length.
    trouble: Option<bool>,
    planted: Option<String>,
    /// A program that is built already.
    bin: Option<PathBuf>,
    seed: u64,
}

impl Wish {
    /// What stands between a change and the main branch: some of everything, in a few minutes.
    fn usual(seed: u64) -> Self {
        let power = vec![("ext4".to_owned(), 2), ("xfs".to_owned(), 1)];
        Self {
            kills: 24,
            sample: Some(31),
            only: String::new(),
            power,
            torn: 4,
            flips: 24,
            trouble: Some(false),
            planted: None,
            bin: None,
            seed,
        }
    }

    /// From the command line's words.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut wish = Self::nothing();
        let (mut fs, mut rounds, mut seed, mut bin) = (None, 0, None, None);
        let mut words = words.iter().copied().peekable();
        while let Some(word) = words.next() {
            match word {
                "--kills" => wish.kills = words.next()?.parse().ok()?,
                "--syscalls" => wish.sample = Some(wish.sample.unwrap_or(1)),
                "--sample" => wish.sample = Some(words.next()?.parse().ok().filter(|k| *k > 0)?),
                "--only" => words.next()?.clone_into(&mut wish.only),
                "--power" => rounds = words.next()?.parse().ok()?,
                "--fs" => fs = Some(words.next().filter(|fs| ["ext4", "xfs"].contains(fs))?.to_owned()),
                "--torn" => wish.torn = words.next()?.parse().ok()?,
                "--flips" => wish.flips = words.next()?.parse().ok()?,
                "--trouble" => wish.trouble = Some(true),
                "--planted" => wish.planted = Some(words.next()?.to_owned()),
                "--bin" => bin = Some(PathBuf::from(words.next()?)),
                "--seed" => seed = Some(words.next()?.parse().ok()?),
                _ => return None,
            }
        }
        if rounds > 0 {
            wish.power = vec![(fs.unwrap_or_else(|| "ext4".to_owned()), rounds)];
        } else if fs.is_some() {
            return None;
        }
        // Another run looks at other moments; the seed that is printed brings the same ones back.
        let seed = seed.unwrap_or_else(|| u64::from(wire::now().subsec_nanos()));
        let wish = if wish == Self::nothing() { Self::usual(seed) } else { Self { seed, ..wish } };
        Some(Self { bin, ..wish })
    }

    fn nothing() -> Self {
        Self {
            kills: 0,
            sample: None,
            only: String::new(),
            power: vec![],
            torn: 0,
            flips: 0,
            trouble: None,
            planted: None,
            bin: None,
            seed: 0,
        }
    }
}

/// Builds the program and does what is wished.
pub(crate) fn run(root: &Path, wish: &Wish) -> Result<(), String> {
    let start = wire::now();
    println!("== seed {}", wish.seed);
    let program = Program::of(root, wish.bin.as_deref())?;
    let (program, seed) = (program.path.as_path(), wish.seed);
    let mut tally = Tally::default();
    if wish.kills > 0 {
        step(&mut tally, "killed at random moments", || kills::run(program, wish.kills, seed));
    }
    if let Some(sample) = wish.sample {
        step(&mut tally, "killed and failed at calls that change files", || {
            match tools::need(&[("strace", "strace")]) {
                Ok(()) => syscalls::run(program, sample, &wish.only, seed),
                Err(missing) => Ok(Tally { skipped: vec![format!("calls: {missing}")], ..Tally::default() }),
            }
        });
    }
    for (fs, rounds) in &wish.power {
        step(&mut tally, &format!("without power on {fs}"), || power::run(program, *rounds, fs, seed));
    }
    if wish.torn > 0 {
        step(&mut tally, "without power, with torn sectors", || torn::run(program, wish.torn, seed));
    }
    if wish.flips > 0 {
        step(&mut tally, "flipped bits", || flips::run(program, wish.flips, seed));
    }
    if let Some(whole) = wish.trouble {
        step(&mut tally, "trouble around it", || trouble::run(program, whole, seed));
    }
    if let Some(which) = &wish.planted {
        step(&mut tally, "planted faults", || planted::run(root, which, seed));
    }
    let ci = std::env::var_os("CI").is_some();
    for what in tally.refused.iter().chain(&tally.skipped) {
        eprintln!("!! NOT RUN: {what}");
    }
    if ci {
        tally.failed += tally.skipped.len() as u64;
    }
    println!("seed {seed}, {} s", oracle::since(start));
    println!("{} passed, {} failed", tally.passed, tally.failed);
    match (tally.failed, tally.passed) {
        (0, 0) => Err("nothing was run".to_owned()),
        (0, _) => Ok(()),
        (failed, _) => {
            Err(format!("{failed} checks failed; `--seed {seed}` looks at the same moments again"))
        }
    }
}

fn step(tally: &mut Tally, name: &str, work: impl FnOnce() -> Result<Tally, String>) {
    println!("== {name}");
    let start = wire::now();
    match work() {
        Ok(more) => {
            println!("   {} passed, {} not, {} s", more.passed, more.failed, oracle::since(start));
            tally.add(more);
        }
        Err(why) => {
            eprintln!("BROKEN {name}: {why}");
            tally.failed += 1;
        }
    }
}

/// A copy of the built program: another build meanwhile does not exchange it.
struct Program {
    folder: PathBuf,
    path: PathBuf,
}

impl Program {
    fn of(root: &Path, built: Option<&Path>) -> Result<Self, String> {
        let built = match built {
            Some(built) => built.to_owned(),
            None => Self::build(root)?,
        };
        let failed = |error: std::io::Error| format!("copying {}: {error}", built.display());
        let folder = house::fresh_folder("program").map_err(failed)?;
        let path = folder.join("verbatim");
        std::fs::copy(&built, &path).map_err(failed)?;
        // A program that was just written may be "busy" for as long as somebody forks meanwhile.
        std::thread::sleep(Duration::from_millis(20));
        Ok(Self { folder, path })
    }

    fn build(root: &Path) -> Result<PathBuf, String> {
        let mut cargo = crate::cargo();
        cargo.current_dir(root).args(["build", "--quiet", "--package", "verbatim"]);
        match cargo.status() {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("{cargo:?}: {status}")),
            Err(error) => return Err(format!("cannot run {cargo:?}: {error}")),
        }
        Ok(crate::tidy::target_folder(root)?.join("debug/verbatim"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_words_some_of_everything_is_done() {
        assert_eq!(Wish::of(&["--seed", "7"]), Some(Wish::usual(7)));
        assert!(Wish::of(&[]).is_some());
    }

    #[test]
    fn words_say_what_is_done_instead() {
        let wish =
            Wish::of(&["--power", "5", "--fs", "xfs", "--syscalls", "--sample", "9", "--seed", "1"]).unwrap();
        assert_eq!(
            wish,
            Wish { power: vec![("xfs".into(), 5)], sample: Some(9), seed: 1, ..Wish::nothing() }
        );
        let wish = Wish::of(&["--syscalls", "--seed", "1"]).unwrap();
        assert_eq!(wish, Wish { sample: Some(1), seed: 1, ..Wish::nothing() });
        for wrong in [
            &["--fs", "xfs"][..],
            &["--power"],
            &["--power", "2", "--fs", "ntfs"],
            &["--sample", "0"],
            &["more"],
        ] {
            assert_eq!(Wish::of(wrong), None, "{wrong:?}");
        }
    }
}
