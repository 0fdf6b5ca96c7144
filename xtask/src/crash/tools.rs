//! What the harnesses need beside the program, and how it gets here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs a command; what it said if it failed.
pub(super) fn run(program: &str, words: &[&str]) -> Result<String, String> {
    let output = Command::new(program)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {}: {}", words.join(" "), said.trim()))
}

fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/sbin".into(), "/usr/sbin".into()])
        .any(|dir| dir.join(program).is_file())
}

/// Installs what is missing, if this may be done here. What remains missing is the error.
pub(super) fn need(tools: &[(&str, &str)]) -> Result<(), String> {
    let missing = || tools.iter().filter(|(program, _)| !is_here(program)).map(|(_, package)| *package);
    let packages: Vec<&str> = missing().collect();
    if packages.is_empty() {
        return Ok(());
    }
    let install = [&["install", "-y", "-qq"], packages.as_slice()].concat();
    if run("apt-get", &install).is_err() && run("apt-get", &["update", "-qq"]).is_ok() {
        let _ = run("apt-get", &install);
    }
    match missing().collect::<Vec<_>>() {
        missing if missing.is_empty() => Ok(()),
        missing => Err(format!("install {}", missing.join(", "))),
    }
}

/// A Python that knows the module, in an environment of its own if need be.
pub(super) fn python_with(module: &str) -> Result<PathBuf, String> {
    let knows =
        |python: &Path| run(&python.display().to_string(), &["-c", &format!("import {module}")]).is_ok();
    let plain = PathBuf::from("python3");
    if knows(&plain) {
        return Ok(plain);
    }
    let folder = std::env::temp_dir().join("verbatim-crash-python");
    let own = folder.join("bin/python3");
    if !knows(&own) {
        run("python3", &["-m", "venv", &folder.display().to_string()])?;
        run(&own.display().to_string(), &["-m", "pip", "install", "--quiet", module])?;
    }
    if knows(&own) { Ok(own) } else { Err(format!("install the Python module {module}")) }
}

/// A file system on a file, mounted. Unmounted when it is dropped.
#[derive(Debug)]
pub(super) struct Mounted {
    folder: PathBuf,
    source: String,
    looped: bool,
}

impl Mounted {
    /// Mounts a device, or a file by way of a loop device.
    pub(super) fn new(source: &str, folder: &Path) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        let looped = !source.starts_with("/dev/");
        let mounted = Self { folder: folder.to_owned(), source: source.to_owned(), looped };
        mounted.mount()?;
        Ok(mounted)
    }

    fn mount(&self) -> Result<(), String> {
        let folder = self.folder.display().to_string();
        let options: &[&str] = if self.looped { &["-o", "loop"] } else { &[] };
        run("mount", &[options, &[self.source.as_str(), folder.as_str()]].concat()).map(drop)
    }

    pub(super) fn unmount(&self) -> Result<(), String> {
        let folder = self.folder.display().to_string();
        let mut last = Ok(());
        for _ in 0..100 {
            last = run("umount", &[&folder]).map(drop);
            if last.is_ok() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        last
    }

    /// The power goes: nothing that is not on the disk gets there any more. Then it comes back.
    pub(super) fn cut_power(&self) -> Result<(), String> {
        run("xfs_io", &["-x", "-c", "shutdown", &self.folder.display().to_string()]).map(drop)
    }

    pub(super) fn remount(&self) -> Result<(), String> {
        self.unmount()?;
        self.mount()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = self.unmount();
        let _ = std::fs::remove_dir(&self.folder);
    }
}

/// Whether file systems may be mounted here.
pub(super) fn may_mount() -> Result<(), String> {
    let folder = super::house::fresh_folder("mount").map_err(|error| error.to_string())?;
    let path = folder.display().to_string();
    let tried =
        run("mount", &["-t", "tmpfs", "-o", "size=1m", "tmpfs", &path]).and_then(|_| run("umount", &[&path]));
    let _ = std::fs::remove_dir(&folder);
    tried.map(drop)
}

/// An image file with an empty file system on it.
pub(super) fn image(path: &Path, fs: &str, mib: u64) -> Result<(), String> {
    let file = std::fs::File::create(path).map_err(|error| error.to_string())?;
    file.set_len(mib << 20).map_err(|error| error.to_string())?;
    run(&format!("mkfs.{fs}"), &["-q", &path.display().to_string()]).map(drop)
}
