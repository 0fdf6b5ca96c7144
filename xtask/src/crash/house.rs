//! A newsroom of its own: a folder, free ports, a configuration, and the built program in it.

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::http::{Answer, Line};

/// What the agency's system and the operators show.
pub(crate) const TOKEN: &str = "lantern-quartz-27-xylophone";
/// The exit code after a failure of the store (`EX_SOFTWARE`).
pub(crate) const STORE_FAILED: i32 = 70;
/// Until then a program that was started must answer, and one that was asked to stop must have ended.
const DEADLINE: Duration = Duration::from_secs(30);

/// See the module. The folder is removed when it is dropped, and the program is killed.
#[derive(Debug)]
pub(crate) struct House {
    program: PathBuf,
    folder: PathBuf,
    /// Where the store and the watched folder are: in the folder, or where something is mounted.
    room: PathBuf,
    pub(crate) site: u16,
    pub(crate) desk: u16,
    pub(crate) feed: u16,
    child: Option<Child>,
    keeps: bool,
}

/// A folder for one thing, which nobody else has.
pub(crate) fn fresh_folder(what: &str) -> Result<PathBuf> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::SeqCst);
    let folder = std::env::temp_dir().join(format!("verbatim-crash-{}-{what}-{n}", std::process::id()));
    std::fs::create_dir(&folder)?;
    Ok(folder)
}

/// Below those that the system hands out by itself.
pub(crate) fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    const SPAN: u32 = 20_000;
    for _ in 0..SPAN {
        let n = (std::process::id() * 61 + NEXT.fetch_add(1, Ordering::SeqCst)) % SPAN;
        let port = 11_000 + u16::try_from(n).unwrap_or(0);
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Error::other("no port is free"))
}

impl House {
    /// A house with an empty store in its own folder.
    pub(crate) fn new(program: &Path) -> Result<Self> {
        let folder = fresh_folder("house")?;
        let room = folder.clone();
        Self::at(program, folder, room)
    }

    /// A house with its store and watched folder in `room`.
    pub(crate) fn in_room(program: &Path, room: &Path) -> Result<Self> {
        Self::at(program, fresh_folder("house")?, room.to_owned())
    }

    fn at(program: &Path, folder: PathBuf, room: PathBuf) -> Result<Self> {
        let (site, desk, feed) = (free_port()?, free_port()?, free_port()?);
        let house =
            Self { program: program.to_owned(), folder, room, site, desk, feed, child: None, keeps: false };
        std::fs::create_dir_all(house.wire())?;
        house.configure()?;
        Ok(house)
    }

    fn configure(&self) -> Result<()> {
        let (site, desk, feed, room) = (self.site, self.desk, self.feed, self.room.display());
        std::fs::write(self.folder.join("token"), format!("{TOKEN}\n"))?;
        let text = format!(
            r#"[site]
name = "The Daily Example"
url = "http://127.0.0.1:{site}"
listen = "127.0.0.1:{site}"
[desk]
listen = "127.0.0.1:{desk}"
token_file = "token"
[store]
path = "{room}/data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "Published as the agency sent it."
[[feed]]
id = "agx-push"
agency = "agx"
push = true
token_file = "token"
section = "world"
safety = "off"
[[feed]]
id = "agx-folder"
agency = "agx"
folder = "{room}/wire"
section = "home"
safety = "off"
[[feed]]
id = "agx-poll"
agency = "agx"
poll = "http://127.0.0.1:{feed}/feed.rss"
poll_every = "1s"
allow_private = true
section = "world"
safety = "off"
"#
        );
        std::fs::write(self.folder.join("verbatim.toml"), text)
    }

    /// Has an outlet called at this port, under the path `/in`; counts from the next start on.
    pub(crate) fn calls(&self, port: u16) -> Result<()> {
        std::fs::write(
            self.folder.join("outlet.secret"),
            "whsec_dmVyYmF0aW0gdGVsbHMgb3V0bGV0cyB0aGUgdHJ1dGg=",
        )?;
        let table = format!(
            "[[outlet]]\nname = \"cms\"\nurl = \"http://127.0.0.1:{port}/in\"\nsecret_file = \"outlet.secret\"\n"
        );
        let file = self.folder.join("verbatim.toml");
        let text = std::fs::read_to_string(&file)?;
        std::fs::write(file, text + &table)
    }

    /// The store's folder.
    pub(crate) fn store(&self) -> PathBuf {
        self.room.join("data")
    }

    /// The watched folder.
    pub(crate) fn wire(&self) -> PathBuf {
        self.room.join("wire")
    }

    /// A file of this house that is not in the store.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Leaves the folder behind, for somebody to look at.
    pub(crate) fn keep(&mut self) -> &Path {
        self.keeps = true;
        &self.folder
    }

    /// Everything that the program has logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log.txt")).unwrap_or_default()
    }

    /// Starts the program; waits for nothing. `before` is what it is run under, with its own words.
    pub(crate) fn launch(&mut self, before: &[String]) -> Result<()> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log.txt"))?;
        let program = self.program.display().to_string();
        // A harness that is killed leaves no program behind.
        let bound = ["setpriv", "--pdeathsig", "KILL"];
        let before = bound.into_iter().chain(before.iter().map(String::as_str));
        let words: Vec<&str> = before.chain([program.as_str(), "run"]).collect();
        self.child =
            Some(self.command(words[0]).args(&words[1..]).stdout(Stdio::null()).stderr(log).spawn()?);
        Ok(())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).stdin(Stdio::null());
        command.env_remove("VERBATIM_CONFIG").env_remove("VERBATIM_LOG").env("NO_COLOR", "1");
        command
    }

    /// Starts the program and waits until it is ready.
    pub(crate) fn start(&mut self) -> Result<()> {
        self.launch(&[])?;
        self.wait_until_ready()
    }

    /// Waits until the program answers, or says why it ended.
    pub(crate) fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            if let Ok(Answer { status: 200, .. }) = Line::new(self.desk).ask("GET", "/readyz", &[], b"") {
                return Ok(());
            }
            if let Some(code) = self.ended()? {
                let log = self.log();
                let last = log.lines().rev().take(3).collect::<Vec<_>>().join(" | ");
                return Err(Error::other(format!("the program ended ({code}): {last}")));
            }
            if start.elapsed() > DEADLINE {
                return Err(Error::other("the program does not get ready"));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How it ended, if it has: its exit code, or minus the signal.
    pub(crate) fn ended(&mut self) -> Result<Option<i32>> {
        use std::os::unix::process::ExitStatusExt as _;
        let Some(child) = &mut self.child else { return Ok(None) };
        Ok(child.try_wait()?.map(|status| status.code().unwrap_or(-status.signal().unwrap_or(0))))
    }

    /// The process under whose number it runs. Under a tracer that is the tracer.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// SIGKILL, for what it traces, too: a tracer that is killed leaves that running.
    pub(crate) fn crash(&mut self) {
        if let Some(mut child) = self.child.take() {
            for traced in children(child.id()) {
                let _ = Command::new("kill").args(["-KILL", &traced]).stderr(Stdio::null()).status();
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn stop(&mut self) -> Result<i32> {
        let pid = self.pid().ok_or_else(|| Error::other("nothing runs"))?;
        // Under a tracer the program itself is one further down and gets the signal passed on.
        let _ = Command::new("kill").args(["-TERM", &pid.to_string()]).stderr(Stdio::null()).status();
        self.wait_for_the_end()
    }

    /// Waits for the end that must come.
    pub(crate) fn wait_for_the_end(&mut self) -> Result<i32> {
        let start = Instant::now();
        loop {
            if let Some(code) = self.ended()? {
                self.child = None;
                return Ok(code);
            }
            if start.elapsed() > DEADLINE {
                self.crash();
                return Err(Error::other("the program does not end"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Runs a command of the program.
    pub(crate) fn cli(&self, words: &[&str]) -> Result<Output> {
        self.command(&self.program.display().to_string()).args(words).output()
    }

    /// `verbatim doctor`: what it finds wrong with the store. That little space is left, or that nobody answers a
    /// poll, is no fault of the store.
    pub(crate) fn doctor(&self) -> Result<Vec<String>> {
        let output = self.cli(&["doctor"])?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let elsewhere = |line: &str| line.starts_with("WRONG feed ") || line.contains("MiB are free");
        let wrong = |line: &&str| !line.starts_with("ok ") && !elsewhere(line);
        let found: Vec<String> = said.lines().filter(wrong).map(str::to_owned).collect();
        Ok(found)
    }
}

/// The processes that a process has started and not waited for, by number.
pub(crate) fn children(pid: u32) -> Vec<String> {
    let all = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    all.split_whitespace().map(str::to_owned).collect()
}

impl Drop for House {
    fn drop(&mut self) {
        self.crash();
        if !self.keeps {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// Copies a store, and beside it what its logs signed last.
pub(crate) fn copy_store(from: &Path, to: &Path) -> Result<()> {
    let beside = |store: &Path| {
        let mut path = store.as_os_str().to_owned();
        path.push(".last-checkpoint");
        PathBuf::from(path)
    };
    if beside(from).is_dir() {
        copy_folder(&beside(from), &beside(to))?;
    }
    copy_folder(from, to)
}

/// Copies a folder with everything in it, but for sockets.
pub(crate) fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        let kind = file.file_type()?;
        let to = to.join(file.file_name());
        if kind.is_dir() {
            copy_folder(&file.path(), &to)?;
        } else if kind.is_file() {
            std::fs::copy(file.path(), to)?;
        }
    }
    Ok(())
}
