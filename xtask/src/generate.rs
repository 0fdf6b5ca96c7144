//! Files that are made from the program, and the check that they are not stale.

use std::path::Path;

/// Whether to write the files or only to compare them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Write,
    Check,
}

/// The files, and what the program is asked for each.
const FILES: [(&str, &str); 3] = [
    ("verbatim.example.toml", "example"),
    ("docs/reference/configuration.md", "reference"),
    ("docs/reference/verbatim.schema.json", "schema"),
];

pub(crate) fn run(root: &Path, mode: Mode) -> Result<(), String> {
    let mut stale = Vec::new();
    for (file, what) in FILES {
        let made = made(root, what)?;
        let path = root.join(file);
        if std::fs::read(&path).is_ok_and(|there| there == made) {
            continue;
        }
        match mode {
            Mode::Check => stale.push(file),
            Mode::Write => {
                let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
                folder
                    .and_then(|()| std::fs::write(&path, made))
                    .map_err(|fault| format!("cannot write {file}: {fault}"))?;
                println!("wrote {file}");
            }
        }
    }
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!("stale: {}; run `cargo xtask gen` and commit what it writes", stale.join(", ")))
    }
}

/// What the program says about itself. It is built by its own rules here, so that the chores stay quick to build.
fn made(root: &Path, what: &str) -> Result<Vec<u8>, String> {
    let mut cargo = crate::cargo();
    cargo.current_dir(root).args([
        "run",
        "--quiet",
        "--package",
        "newsroom",
        "--example",
        "gen_config",
        "--",
        what,
    ]);
    let output = cargo.output().map_err(|fault| format!("cannot run {cargo:?}: {fault}"))?;
    if !output.status.success() || output.stdout.is_empty() {
        return Err(format!("{cargo:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(output.stdout)
}
