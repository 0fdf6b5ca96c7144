//! What the harnesses need beside the program, and how it gets here.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

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

    /// Everything that cutting the power needs is made ready, so that the cut itself is one call.
    pub(super) fn switch(&self) -> Result<Switch, String> {
        /// EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN are the same number; 2 is NOLOGFLUSH.
        const CUT: &str = "
import fcntl, os, struct, sys, time
disk = os.open(sys.argv[1], os.O_RDONLY)
print('ready', flush=True)
sys.stdin.readline()
began = time.time_ns()
fcntl.ioctl(disk, 0x8004587d, struct.pack('I', 2))
print(began, flush=True)
";
        let mut child = Command::new("python3")
            .args(["-c", CUT])
            .arg(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run python3: {error}"))?;
        let said = child.stdout.take().ok_or("python3 has no output")?;
        let mut switch = Switch { child, said: BufReader::new(said) };
        match switch.line()?.as_str() {
            "ready" => Ok(switch),
            other => Err(format!("the switch says {other:?}")),
        }
    }

    pub(super) fn remount(&self) -> Result<(), String> {
        self.unmount()?;
        self.mount()
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// What cuts the power of one disk.
#[derive(Debug)]
pub(super) struct Switch {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Switch {
    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.said.read_line(&mut line).map_err(|error| format!("reading from the switch: {error}"))?;
        Ok(line.trim().to_owned())
    }

    /// The power goes: nothing that is not on the disk gets there any more. Returns when that began, since 1970.
    pub(super) fn cut(mut self) -> Result<Duration, String> {
        drop(self.child.stdin.take());
        let line = self.line()?;
        let began = line.parse().map_err(|_| format!("the switch says {line:?}"))?;
        Ok(Duration::from_nanos(began))
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
