//! A newsroom to be attacked: a folder, free ports, a configuration, and the program that runs it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::http::{Answer, ask};

pub(super) const LABEL: &str = "Disclaimer: This post has been auto-published from an agency feed without any modifications to the text and has not been reviewed by an editor";
/// What senders show at the push door.
pub(super) const PUSH_TOKEN: &str = "hostile-push-token-0001";

/// A newsroom that runs; it ends with the value.
pub(super) struct House<'a> {
    binary: &'a Path,
    pub(super) folder: PathBuf,
    pub(super) site: u16,
    pub(super) desk: u16,
    child: Child,
}

fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|fault| fault.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|fault| fault.to_string())
}

impl<'a> House<'a> {
    /// Sets one up in a folder and waits until it answers.
    pub(super) fn open(binary: &'a Path, folder: PathBuf) -> Result<Self, String> {
        let failed = |fault: std::io::Error| format!("setting up a newsroom: {fault}");
        std::fs::create_dir_all(folder.join("wire")).map_err(failed)?;
        let (site, desk) = (free_port()?, free_port()?);
        std::fs::write(folder.join("push.token"), PUSH_TOKEN).map_err(failed)?;
        let mut config = format!(
            "[site]\nname = \"The Daily Example\"\nurl = \"http://127.0.0.1:{site}\"\nlisten = \"127.0.0.1:{site}\"\n\
             [desk]\nlisten = \"127.0.0.1:{desk}\"\n[store]\npath = \"data\"\n\
             [[agency]]\nid = \"agx\"\nname = \"Agency Example\"\nlabel = \"{LABEL}\"\n"
        );
        for (id, extra) in [("plain", "folder = \"wire\"\n"), ("titles", "title = \"html\"\n")] {
            config.push_str(&format!(
                "[[feed]]\nid = \"{id}\"\nagency = \"agx\"\nsection = \"world\"\nsafety = \"off\"\nbacklog = \"3650d\"\n\
                 push = true\ntoken_file = \"push.token\"\n{extra}"
            ));
        }
        std::fs::write(folder.join("verbatim.toml"), config).map_err(failed)?;
        let log = std::fs::File::create(folder.join("log.txt")).map_err(failed)?;
        // No more file handles than systems give unasked.
        let child = Command::new("sh")
            .args(["-c", "ulimit -Sn 1024; exec \"$0\" run"])
            .arg(binary)
            .current_dir(&folder)
            .env("VERBATIM_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(failed)?;
        let mut house = Self { binary, folder, site, desk, child };
        let start = Instant::now();
        while !house.desk("GET", "/readyz", &[], b"").is_ok_and(|answer| answer.status == 200) {
            let ended = house.child.try_wait().map_err(failed)?;
            if ended.is_some() || start.elapsed() > Duration::from_secs(30) {
                return Err(format!("the program does not run ({ended:?}): {}", house.log()));
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(house)
    }

    /// All that it has written to its log.
    pub(super) fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.join("log.txt")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether it still runs.
    pub(super) fn is_up(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None)) && self.desk("GET", "/healthz", &[], b"").is_ok()
    }

    /// The largest size it ever had, in kibibytes.
    pub(super) fn size(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
    }

    pub(super) fn token(&self) -> Result<String, String> {
        let token = std::fs::read_to_string(self.folder.join("data/desk.token"));
        token.map(|token| token.trim().to_owned()).map_err(|fault| format!("no desk token: {fault}"))
    }

    pub(super) fn desk(
        &self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, String> {
        ask(self.desk, method, path, fields, body)
    }

    pub(super) fn get(&self, path: &str) -> Result<Answer, String> {
        ask(self.site, "GET", path, &[], b"")
    }

    /// A command of the program in this newsroom: what it wrote to standard output and to standard error.
    pub(super) fn command(&self, words: &[&std::ffi::OsStr]) -> Result<(Vec<u8>, Vec<u8>), String> {
        let done =
            Command::new(self.binary).args(words).current_dir(&self.folder).stdin(Stdio::null()).output();
        let done = done.map_err(|fault| format!("cannot run the program: {fault}"))?;
        let errors = String::from_utf8_lossy(&done.stderr);
        if errors.contains("panicked at") {
            return Err(format!("`{words:?}` panicked: {errors}"));
        }
        Ok((done.stdout, done.stderr))
    }

    /// Puts files through `verbatim publish`: one line of JSON an item.
    pub(super) fn publish(&self, feed: &str, files: &[PathBuf]) -> Result<Vec<Json>, String> {
        let mut words: Vec<&std::ffi::OsStr> =
            ["publish", "--feed", feed, "--"].map(std::ffi::OsStr::new).to_vec();
        words.extend(files.iter().map(|file| file.as_os_str()));
        let (said, _) = self.command(&words)?;
        let said = String::from_utf8(said).map_err(|_| "`publish` says something else than UTF-8")?;
        let line =
            |line: &str| serde_json::from_str(line).map_err(|fault| format!("no JSON ({fault}): {line}"));
        said.lines().map(line).collect()
    }
}

impl Drop for House<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
