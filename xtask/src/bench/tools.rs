//! What a comparison needs from elsewhere: installed by name, below `target` where that is possible. What cannot be
//! had is said loudly and left out.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Installs, and remembers what could not be.
#[derive(Debug)]
pub(super) struct Tools {
    folder: PathBuf,
    skipped: RefCell<Vec<String>>,
}

impl Tools {
    /// Tools below `target/bench`.
    pub(super) fn new(root: &Path) -> Result<Self, String> {
        let folder = root.join("target/bench");
        std::fs::create_dir_all(&folder).map_err(|fault| format!("making {}: {fault}", folder.display()))?;
        Ok(Self { folder, skipped: RefCell::default() })
    }

    /// Where wires and other people's programs lie.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Says that something was left out, now and at the end.
    pub(super) fn skip(&self, what: impl Into<String>) {
        let what = what.into();
        eprintln!("!! SKIPPED: {what}");
        self.skipped.borrow_mut().push(what);
    }

    /// Everything that was left out.
    pub(super) fn skipped(&self) -> Vec<String> {
        self.skipped.borrow().clone()
    }

    /// A Python with these packages from PyPI.
    pub(super) fn python(&self, packages: &[&str]) -> Option<PathBuf> {
        let venv = self.folder.join("venv");
        let python = venv.join("bin/python");
        let install = || {
            if !python.exists() {
                run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
            }
            run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))
        };
        match install() {
            Ok(()) => Some(python),
            Err(fault) => {
                self.skip(format!("{} (PyPI): {fault}", packages.join(", ")));
                None
            }
        }
    }

    /// A folder with these packages from npm.
    pub(super) fn node(&self, packages: &[&str]) -> Option<PathBuf> {
        let folder = self.folder.join("npm");
        let install = || {
            std::fs::create_dir_all(&folder).map_err(|fault| fault.to_string())?;
            run(Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(&folder)
                .args(packages))
        };
        match install() {
            Ok(()) => Some(folder),
            Err(fault) => {
                self.skip(format!("{} (npm): {fault}", packages.join(", ")));
                None
            }
        }
    }

    /// A program from Debian, by the package that holds it.
    pub(super) fn debian(&self, program: &str, package: &str) -> Option<PathBuf> {
        let find = || {
            let folders = std::env::var("PATH").unwrap_or_default();
            let folders = folders.split(':').chain(["/usr/sbin", "/usr/bin"]).map(Path::new);
            folders.map(|folder| folder.join(program)).find(|path| path.exists())
        };
        if let Some(path) = find() {
            return Some(path);
        }
        let installed = self.apt(&[package]);
        match (installed, find()) {
            (Ok(()), Some(path)) => Some(path),
            (result, _) => {
                let fault = result.err().unwrap_or_else(|| "it is not where programs are".into());
                self.skip(format!("{program} (Debian's {package}): {fault}"));
                None
            }
        }
    }

    /// Packages from Debian; nothing of theirs is started.
    pub(super) fn apt(&self, packages: &[&str]) -> Result<(), String> {
        let mut apt = Command::new("apt-get");
        apt.args(["install", "-qq", "-y", "--no-install-recommends"]).args(packages);
        // A package that starts a server of its own on installation would take ports and time.
        apt.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
        run(&mut apt)
    }
}

/// Runs a program to its end; its last words are the error.
pub(super) fn run(command: &mut Command) -> Result<(), String> {
    output(command).map(drop)
}

/// What a program says.
pub(super) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.stdin(Stdio::null()).output().map_err(|fault| format!("{command:?}: {fault}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no word").to_owned();
    Err(format!("{}: {last}", command.get_program().display()))
}
