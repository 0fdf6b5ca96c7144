//! `cargo xtask sim`: histories from seeds, played by the crate `sim` in a process of its own.
//!
//! With `--planted` a scratch copy of the workspace gets lines that break a promise, each only where the environment names
//! it, and every one of them must be found out within a thousand histories. The workspace itself is never touched.

use std::path::{Path, PathBuf};
use std::process::Command;

/// How many histories a planted fault has to be found within.
const WITHIN: u64 = 1_000;
/// Names the fault that is to be active.
const NAME: &str = "VERBATIM_PLANTED";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    seed: Option<u64>,
    histories: Option<u64>,
    planted: Option<String>,
}

impl Wish {
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut wish = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next()?;
            match *word {
                "--seed" => wish.seed = Some(value.parse().ok()?),
                "--histories" => wish.histories = Some(value.parse().ok()?),
                "--planted" => wish.planted = Some((*value).to_owned()),
                _ => return None,
            }
        }
        Some(wish)
    }
}

/// A few lines of the program, and what stands in their place where the fault is active.
struct Plant {
    name: &'static str,
    file: &'static str,
    line: &'static str,
    instead: &'static str,
}

/// Twelve ways to break a promise. `PLANTED` stands for the question whether this one is active.
const PLANTS: [Plant; 12] = [
    Plant {
        name: "acknowledged-and-forgotten",
        file: "crates/newsroom/src/archive.rs",
        line: "                lay_in(room, archived, outcomes);",
        instead: "                if !PLANTED || archived.seq() % 3 > 0 { lay_in(room, archived, outcomes); }",
    },
    Plant {
        name: "unread-forgotten",
        file: "crates/newsroom/src/recover.rs",
        line: "        let (mut taken, last) = self.take_unread(u64::MAX, self.room.may_take_at_start())?;",
        instead: "        let (mut taken, last) = match PLANTED { true => (0, i64::MAX.unsigned_abs()), false => self.take_unread(u64::MAX, self.room.may_take_at_start())? };",
    },
    Plant {
        name: "kill-not-replayed",
        file: "crates/newsroom/src/recover.rs",
        line: "            self.record_kill(&record.key, &record.reason, &record.by)?;",
        instead: "            if !PLANTED { self.record_kill(&record.key, &record.reason, &record.by)?; }",
    },
    Plant {
        name: "kill-not-sticky",
        file: "crates/desk/src/decide.rs",
        line: "        Place::Newer { .. } if story.standing == ItemStanding::Killed => arrival.after_kill(),",
        instead: "        Place::Newer { .. } if story.standing == ItemStanding::Killed && !PLANTED => arrival.after_kill(),",
    },
    Plant {
        name: "cache-kept-after-a-change",
        file: "crates/newsroom/src/deliver.rs",
        line: "            room.public.undeny(&placement.site, placement.id);",
        instead: "            if !PLANTED { room.public.undeny(&placement.site, placement.id); }",
    },
    Plant {
        name: "embargo-by-the-wall",
        file: "crates/newsroom/src/clock.rs",
        line: "            return (to_micros(expected), Trust::SteppedForward(ahead));",
        instead: "            return (to_micros(if PLANTED { wall } else { expected }), Trust::SteppedForward(ahead));",
    },
    Plant {
        name: "hold-all-forgotten",
        file: "crates/newsroom/src/lib.rs",
        line: "        let hold_all = store.hold_all()?;",
        instead: "        let hold_all = store.hold_all()? && !PLANTED;",
    },
    Plant {
        name: "late-versions-shown",
        file: "crates/desk/src/decide.rs",
        line: "        Place::Late => arrival.late(),",
        instead: "        Place::Late if PLANTED => arrival.newer_all_the_same(),\n        Place::Late => arrival.late(),",
    },
    Plant {
        name: "expiry-ignored",
        file: "crates/desk/src/clock.rs",
        line: "        VersionStanding::Live | VersionStanding::Recalled => known.expires,",
        instead: "        VersionStanding::Live | VersionStanding::Recalled => known.expires.filter(|_| !PLANTED),",
    },
    Plant {
        name: "kill-unconfirmed",
        file: "crates/newsroom/src/record.rs",
        line: "                    self.room.receipts.went(key, &placements, standing, since.unwrap_or(at));",
        instead: "                    if !PLANTED { self.room.receipts.went(key, &placements, standing, since.unwrap_or(at)); }",
    },
    Plant {
        name: "outlet-forgotten",
        file: "crates/newsroom/src/outlets/board.rs",
        line: "        open.map_or(self.read, |first| self.read.min(first - 1))",
        instead: "        open.filter(|_| !PLANTED).map_or(self.read, |first| self.read.min(first - 1))",
    },
    Plant {
        name: "kill-overtaken",
        file: "crates/newsroom/src/outlets/board.rs",
        line: "self.pending.get_mut(key).filter(|_| flight.sent) {",
        instead: "self.pending.get_mut(key).filter(|_| flight.sent && !PLANTED) {",
    },
];

pub(crate) fn run(root: &Path, wish: &Wish) -> Result<(), String> {
    if let Some(which) = &wish.planted {
        return planted(root, which, wish.histories.unwrap_or(WITHIN));
    }
    let mut cargo = crate::cargo();
    cargo.current_dir(root).args(["run", "--quiet", "--release", "--package", "sim", "--"]);
    for (word, value) in [("--seed", wish.seed), ("--histories", wish.histories)] {
        cargo.args(value.iter().flat_map(|value| [word.to_owned(), value.to_string()]));
    }
    match cargo.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("sim: a promise was broken".to_owned()),
        Err(fault) => Err(format!("cannot run {cargo:?}: {fault}")),
    }
}

/// Plants all faults at once, each asleep until it is named, and wakes one after the other.
fn planted(root: &Path, which: &str, within: u64) -> Result<(), String> {
    let wanted: Vec<&Plant> = PLANTS.iter().filter(|plant| which == "all" || plant.name == which).collect();
    if wanted.is_empty() {
        let names: Vec<&str> = PLANTS.iter().map(|plant| plant.name).collect();
        return Err(format!("no fault `{which}`: there are all, {}", names.join(", ")));
    }
    let program = build(root)?;
    let play = |name: &str| {
        let mut sim = Command::new(&program);
        sim.args(["--first", "--histories", &within.to_string()]).env(NAME, name);
        sim.output().map_err(|fault| format!("cannot run {sim:?}: {fault}"))
    };
    let mut unseen = Vec::new();
    for plant in wanted {
        let found = play(plant.name)?;
        let told = String::from_utf8_lossy(&found.stdout).into_owned();
        println!("== planted {}\n{told}", plant.name);
        if found.status.success() || !told.contains("=> nothing ") {
            unseen.push(plant.name);
        }
    }
    // The same program with none of them awake: what was found is not there by itself.
    if !play("none")?.status.success() {
        return Err("a promise is broken with no fault planted".to_owned());
    }
    match unseen.as_slice() {
        [] => Ok(()),
        unseen => Err(format!("not found within {within} histories: {}", unseen.join(", "))),
    }
}

/// The last commit with every fault in it, built.
fn build(root: &Path) -> Result<PathBuf, String> {
    let scratch = std::env::temp_dir().join("verbatim-sim-planted");
    let copy = scratch.join("workspace");
    let failed = |error: std::io::Error| format!("{}: {error}", copy.display());
    std::fs::create_dir_all(&copy).map_err(failed)?;
    let archive = scratch.join("workspace.tar");
    let (archive, into) = (archive.display().to_string(), copy.display().to_string());
    finish(Command::new("git").current_dir(root).args(["archive", "--output", &archive, "HEAD"]))?;
    finish(Command::new("tar").args(["-xmf", &archive, "-C", &into]))?;
    for plant in &PLANTS {
        let file = copy.join(plant.file);
        let text = std::fs::read_to_string(&file).map_err(failed)?;
        let asked = format!("std::env::var({NAME:?}).is_ok_and(|name| name == {:?})", plant.name);
        let mut planted = text.replace(plant.line, &plant.instead.replace("PLANTED", &asked));
        if planted == text {
            return Err(format!("{} has no `{}` any more: plant anew", plant.file, plant.line.trim()));
        }
        if plant.name == "late-versions-shown" {
            planted = planted.replace(
                "    fn late(&self) -> Decision {",
                "    fn newer_all_the_same(mut self) -> Decision {\n        self.place = Place::Newer { silent: false, \
                 numbered: true, same_copy: false };\n        self.newer()\n    }\n\n    fn late(&self) -> Decision {",
            );
        }
        std::fs::write(&file, planted).map_err(failed)?;
    }
    // What others wrote is built already, and ours lies elsewhere: the workspace's own builds are not disturbed.
    let target = crate::tidy::target_folder(root)?;
    let mut cargo = crate::cargo();
    cargo.current_dir(&copy).env("CARGO_TARGET_DIR", &target);
    finish(cargo.args(["build", "--quiet", "--release", "--package", "sim"]))?;
    let program = scratch.join("sim");
    std::fs::copy(target.join("release/sim"), &program).map_err(failed)?;
    Ok(program)
}

fn finish(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(fault) => Err(format!("cannot run {command:?}: {fault}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plant_still_fits() {
        let root = crate::root();
        for plant in &PLANTS {
            let text = std::fs::read_to_string(root.join(plant.file)).unwrap();
            assert_eq!(text.matches(plant.line).count(), 1, "{}: {}", plant.name, plant.line);
            assert!(plant.instead.contains("PLANTED"), "{}", plant.name);
        }
    }

    #[test]
    fn twelve_faults_are_planted_each_under_a_name_of_its_own() {
        let names: std::collections::BTreeSet<&str> = PLANTS.iter().map(|plant| plant.name).collect();
        assert_eq!(names.len(), 12);
    }
}
