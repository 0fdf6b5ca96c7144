//! What a monitor remembers between its rounds: which log, by which key, up to where, and what was shown.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use notary::VerifierKey;
use notary::follow::Follower;

use crate::say::Failure;

/// The first line of the file.
const FORMAT: &str = "verbatim-monitor/1";

/// The log as it was seen, in a file that only its owner reads.
pub(super) struct Memory {
    file: Option<PathBuf>,
    /// The keys that are believed: those that were given, or those that were seen first.
    pub(super) keys: Vec<VerifierKey>,
    /// Whether the keys were given: then no other is believed.
    pub(super) pinned: bool,
    /// Keys that the log itself named as those it goes on with.
    learnt: Vec<VerifierKey>,
    /// The log's name; empty until one was seen.
    pub(super) origin: String,
    pub(super) log: Follower,
}

impl Memory {
    /// Reads the file, if there is one. Keys that are given go before those that it remembers.
    pub(super) fn open(file: Option<&Path>, given: &[String]) -> Result<Self, Failure> {
        let parse = |key: &String| VerifierKey::parse(key).map_err(|error| format!("`{key}`: {error}"));
        let keys = given.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let mut memory = Self {
            file: file.map(Path::to_owned),
            pinned: !keys.is_empty(),
            keys,
            learnt: Vec::new(),
            origin: String::new(),
            log: Follower::default(),
        };
        let Some(file) = file else { return Ok(memory) };
        match std::fs::read_to_string(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(format!("reading {}: {error}", file.display()).into()),
            Ok(text) => memory.take_up(&text).ok_or_else(|| {
                let file = file.display();
                format!("{file} is not what a monitor wrote; bring it back, or begin anew with another file")
            })?,
        }
        Ok(memory)
    }

    fn take_up(&mut self, text: &str) -> Option<()> {
        let (head, log) = text.strip_prefix(FORMAT)?.strip_prefix('\n')?.split_once("\n\n")?;
        for line in head.lines() {
            match line.split_once(' ')? {
                ("origin", origin) => self.origin = origin.to_owned(),
                ("key", key) if !self.pinned => self.keys.push(VerifierKey::parse(key).ok()?),
                ("key", _) => {}
                ("follows", key) => self.learn(vec![VerifierKey::parse(key).ok()?]),
                _ => return None,
            }
        }
        self.log = Follower::parse(log)?;
        Some(())
    }

    /// Believes the keys with which the log says it goes on.
    pub(super) fn learn(&mut self, keys: Vec<VerifierKey>) {
        for key in keys {
            if !self.learnt.contains(&key) {
                self.keys.push(key.clone());
                self.learnt.push(key);
            }
        }
    }

    /// Writes the file, so that it is on the disk when this returns.
    pub(super) fn save(&self) -> Result<(), Failure> {
        let Some(file) = &self.file else { return Ok(()) };
        let first =
            self.keys.iter().filter(|key| !self.learnt.contains(key)).map(|key| format!("key {key}\n"));
        let keys: String = first.chain(self.learnt.iter().map(|key| format!("follows {key}\n"))).collect();
        let text = format!("{FORMAT}\norigin {}\n{keys}\n{}", self.origin, self.log.encode());
        store::write_whole(file, &text, true)
            .map_err(|error| format!("writing {}: {error}", file.display()).into())
    }
}
