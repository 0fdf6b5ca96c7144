//! Can the harnesses fail at all? A scratch copy of the workspace gets one line that breaks a promise, is built in a
//! target folder of its own, and must be found out. The workspace itself is never touched.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::faults::Tally;
use super::{flips, kills, oracle, power, syscalls, tools, torn};

/// One line of the program, and what stands in its place.
struct Plant {
    name: &'static str,
    file: &'static str,
    line: &'static str,
    instead: &'static str,
    /// Which harness must find it.
    hunt: fn(&Path, u64) -> Result<Tally, String>,
}

const PLANTS: [Plant; 7] = [
    Plant {
        name: "acknowledged-before-synced",
        file: "crates/store/src/backend/sqlite.rs",
        line: r#"connection.pragma_update(None, "synchronous", "FULL")?;"#,
        instead: r#"connection.pragma_update(None, "synchronous", "OFF")?;"#,
        hunt: |program, seed| power::run(program, 3, "ext4", seed),
    },
    Plant {
        name: "unsynced",
        file: "crates/store/src/backend/sqlite.rs",
        line: r#"connection.pragma_update(None, "synchronous", "FULL")?;"#,
        instead: r#"connection.pragma_update(None, "synchronous", "NORMAL")?;"#,
        hunt: |program, seed| power::run(program, 4, "ext4", seed),
    },
    Plant {
        name: "unsynced-torn",
        file: "crates/store/src/backend/sqlite.rs",
        line: r#"connection.pragma_update(None, "synchronous", "FULL")?;"#,
        instead: r#"connection.pragma_update(None, "synchronous", "NORMAL")?;"#,
        hunt: |program, seed| torn::run(program, 8, seed),
    },
    Plant {
        name: "unread-forgotten",
        file: "crates/newsroom/src/recover.rs",
        line: "        let (mut taken, last) = self.take_unread(u64::MAX, self.room.may_take_at_start())?;",
        instead: "        let (mut taken, last) = (0, i64::MAX.unsigned_abs());",
        hunt: |program, seed| kills::run(program, 12, seed),
    },
    Plant {
        name: "kill-not-replayed",
        file: "crates/newsroom/src/recover.rs",
        line: "            self.record_kill(&record.key, &record.reason, &record.by)?;",
        instead: "            let _ = &record.key;",
        hunt: |program, seed| syscalls::run(program, 41, "", seed),
    },
    Plant {
        name: "sync-error-unheeded",
        file: "crates/newsroom/src/lib.rs",
        line: "        self.failure.send_replace(Some(why.to_owned()));",
        instead: "        self.stopping.store(why.is_empty(), Ordering::SeqCst);",
        hunt: syscalls::run_syncs,
    },
    Plant {
        name: "blind-doctor",
        file: "crates/store/src/backend/sqlite/check.rs",
        line: "    vault::verify(tx)?;",
        instead: "",
        hunt: |program, seed| flips::run(program, 60, seed),
    },
];

/// Plants one fault, or all, each of which must be found. Finding it is what passes.
pub(super) fn run(root: &Path, which: &str, seed: u64) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let wanted: Vec<&Plant> = PLANTS.iter().filter(|plant| which == "all" || plant.name == which).collect();
    if wanted.is_empty() {
        let names: Vec<&str> = PLANTS.iter().map(|plant| plant.name).collect();
        return Err(format!("no fault `{which}`: there are all, {}", names.join(", ")));
    }
    // Always the same folder, so that a second time is quick.
    let scratch = std::env::temp_dir().join("verbatim-crash-planted");
    for plant in wanted {
        let program = build(root, &scratch, plant)?;
        oracle::progress(&format!("planted {}; what is broken below is meant to be", plant.name));
        let found = (plant.hunt)(&program, seed)?;
        if found.failed > 0 {
            tally.passed += 1;
            oracle::progress(&format!("{}: found out {} times", plant.name, found.failed));
        } else {
            tally.failed += 1;
            eprintln!("BROKEN the planted fault {} was not found in {} checks", plant.name, found.passed);
        }
        tally.skipped.extend(found.skipped);
        tally.refused.extend(found.refused);
    }
    Ok(tally)
}

/// The last commit with the one line exchanged, built.
fn build(root: &Path, scratch: &Path, plant: &Plant) -> Result<PathBuf, String> {
    let copy = scratch.join("workspace");
    let failed = |error: std::io::Error| format!("{}: {error}", copy.display());
    if copy.exists() {
        std::fs::remove_dir_all(&copy).map_err(failed)?;
    }
    std::fs::create_dir_all(&copy).map_err(failed)?;
    let archive = scratch.join("workspace.tar");
    let (archive, into) = (archive.display().to_string(), copy.display().to_string());
    tools::run("git", &["-C", &root.display().to_string(), "archive", "--output", &archive, "HEAD"])?;
    tools::run("tar", &["-xmf", &archive, "-C", &into])?;
    let file = copy.join(plant.file);
    let text = std::fs::read_to_string(&file).map_err(failed)?;
    if text.matches(plant.line).count() != 1 {
        return Err(format!(
            "{} has not exactly one line `{}` any more: plant anew",
            plant.file,
            plant.line.trim()
        ));
    }
    std::fs::write(&file, text.replace(plant.line, plant.instead)).map_err(failed)?;
    let built = Command::new("cargo")
        .current_dir(&copy)
        .env("CARGO_TARGET_DIR", scratch.join("target"))
        .args(["build", "--quiet", "--package", "verbatim"])
        .status()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    if !built.success() {
        return Err(format!("the workspace does not build with {} planted", plant.name));
    }
    Ok(scratch.join("target/debug/verbatim"))
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
        }
    }
}
