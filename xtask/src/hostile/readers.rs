//! Wires through `verbatim read`, many to a process, each of them timed, weighed and judged by itself.
//!
//! Between two wires stands a marker, a wire of ours. When its line comes, the wire before it is done: all lines
//! since the marker before are that wire's, the time between the two is its time, and the process's largest size
//! so far is looked at. A process that has grown too large or died is replaced, and the next wire meets a new one.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::bombs::Must;
use super::tally::{Group, tame};

/// No wire takes longer.
const SLOWEST: Duration = Duration::from_secs(2);
/// How much slower a program is that was built for finding faults.
pub(super) const DEBUG: u32 = 6;
/// Nobody waits longer for one that does.
const HANG: Duration = Duration::from_secs(40);
/// Kibibytes that reading may need over the size of what is read.
const HEAVIEST: u64 = 128 << 10;
/// Wires to a process.
const CROWD: usize = 300;

const MARK: &str = "urn:agx:marker-between-wires";

/// A wire on disk and what must come of it.
pub(super) struct Wire {
    pub(super) path: PathBuf,
    pub(super) must: Must,
}

/// What came of one wire.
struct Outcome {
    lines: Vec<Json>,
    took: Duration,
    /// Kibibytes, the largest so far.
    size: u64,
}

/// Reads wires with the program and judges each.
pub(super) struct Readers<'a> {
    pub(super) binary: &'a Path,
    /// A folder for markers.
    pub(super) folder: &'a Path,
    /// How many times slower than a proper build it is.
    pub(super) slower: u32,
    /// Forces a format; recognised otherwise.
    pub(super) format: Option<&'static str>,
}

/// The formats that can be forced, each with a wire that only it can read.
pub(super) const FORMATS: [&str; 6] = ["rss", "atom", "json-feed", "newsml-g2", "nitf", "ninjs"];

fn marker(format: &str) -> String {
    match format {
        "rss" => super::bombs::rss("", &super::bombs::item(MARK, "t", "b")),
        "atom" => format!(
            r#"<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>{MARK}</id><title>t</title></entry></feed>"#
        ),
        "json-feed" => format!(
            r#"{{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[{{"id":"{MARK}","content_text":"b"}}]}}"#
        ),
        "newsml-g2" => format!(
            r#"<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="{MARK}" version="1"><contentMeta><headline>t</headline></contentMeta></newsItem>"#
        ),
        "nitf" => format!(
            r#"<nitf><head><docdata><doc-id id-string="{MARK}"/></docdata></head><body><body.content><p>b</p></body.content></body></nitf>"#
        ),
        _ => format!(r#"{{"uri":"{MARK}","headlines":[{{"value":"t"}}],"bodies":[{{"value":"b"}}]}}"#),
    }
}

impl Readers<'_> {
    /// Reads all of them and judges each.
    pub(super) fn judge(&self, wires: &[Wire], group: &mut Group) -> Result<(), String> {
        let marker_file = self.folder.join(format!("marker-{}", self.format.unwrap_or("ninjs")));
        std::fs::write(&marker_file, marker(self.format.unwrap_or("ninjs")))
            .map_err(|fault| format!("cannot write a marker: {fault}"))?;
        let slow = SLOWEST * self.slower;
        let (mut slowest, mut heaviest) = ((Duration::ZERO, String::new()), (0, String::new()));
        let mut rest = wires;
        while !rest.is_empty() {
            let crowd = &rest[..rest.len().min(CROWD)];
            let mut process = self.start(crowd, &marker_file)?;
            let mut done = 0;
            for wire in crowd {
                let name = wire.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let weight = std::fs::metadata(&wire.path).map_or(0, |file| file.len() >> 10);
                done += 1;
                let outcome = match process.next() {
                    Ok(outcome) => outcome,
                    Err(fault) => {
                        group.check(false, || format!("{name}: {fault}"));
                        break;
                    }
                };
                if outcome.took > slowest.0 {
                    slowest = (outcome.took, name.clone());
                }
                let over = outcome.size.saturating_sub(weight);
                if over > heaviest.0 {
                    heaviest = (over, name.clone());
                }
                let mut looked = judge(&wire.must, &outcome);
                if over > HEAVIEST {
                    looked = Err(format!("{} MiB over its own size", over >> 10));
                } else if outcome.took > slow {
                    // Something else may have kept the machine busy: it is given one more chance by itself.
                    let mut alone = self.start(std::slice::from_ref(wire), &marker_file)?;
                    let again = alone.next().map_or(HANG, |outcome| outcome.took);
                    if again > slow {
                        looked = Err(format!("it takes {again:.1?}"));
                    }
                }
                group.settle(&name, looked);
                if outcome.size > HEAVIEST / 2 {
                    // What one wire has taken must not be laid to the next.
                    break;
                }
            }
            rest = &rest[done..];
        }
        group.remark(format!(
            "slowest {:.2?} ({}), largest {} MiB over its own size ({})",
            slowest.0,
            tame(&slowest.1),
            heaviest.0 >> 10,
            tame(&heaviest.1)
        ));
        Ok(())
    }

    fn start(&self, wires: &[Wire], marker: &Path) -> Result<Process, String> {
        let mut command = Command::new(self.binary);
        command.arg("read");
        if let Some(format) = self.format {
            command.args(["--format", format]);
        }
        command.arg("--").arg(marker);
        for wire in wires {
            command.arg(&wire.path).arg(marker);
        }
        // It waits at its input until its size has been looked at.
        command.arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|fault| format!("cannot start {command:?}: {fault}"))?;
        let (sender, lines) = channel();
        if let Some(out) = child.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines() {
                    let Ok(line) = line else { break };
                    if sender.send((Instant::now(), line)).is_err() {
                        break;
                    }
                }
            });
        }
        let errors = child.stderr.take().map(|mut err| {
            std::thread::spawn(move || {
                let mut kept = Vec::new();
                let mut part = [0; 4096];
                while let Ok(read @ 1..) = err.read(&mut part) {
                    kept.extend_from_slice(&part[..read]);
                    let over = kept.len().saturating_sub(2_000);
                    kept.drain(..over);
                }
                String::from_utf8_lossy(&kept).into_owned()
            })
        });
        let mut process = Process { child, lines, errors, last: Instant::now() };
        process.next().map_err(|fault| format!("the program reads no marker: {fault}"))?;
        Ok(process)
    }
}

struct Process {
    child: Child,
    lines: Receiver<(Instant, String)>,
    errors: Option<std::thread::JoinHandle<String>>,
    last: Instant,
}

impl Process {
    /// What came since the last marker.
    fn next(&mut self) -> Result<Outcome, String> {
        let mut outcome = Outcome { lines: Vec::new(), took: Duration::ZERO, size: 0 };
        loop {
            match self.lines.recv_timeout(HANG) {
                Ok((at, line)) if line.contains(MARK) => {
                    outcome.took = at.saturating_duration_since(self.last);
                    outcome.size = self.size();
                    self.last = at;
                    return Ok(outcome);
                }
                Ok((_, line)) => {
                    let json = serde_json::from_str(&line)
                        .map_err(|fault| format!("a line that is no JSON ({fault}): {}", tame(&line)))?;
                    outcome.lines.push(json);
                }
                Err(RecvTimeoutError::Timeout) => return Err(format!("no answer after {HANG:?}")),
                Err(RecvTimeoutError::Disconnected) => return Err(self.last_words()),
            }
        }
    }

    fn size(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0)
    }

    fn last_words(&mut self) -> String {
        let ended = self.child.wait().map_or_else(|fault| fault.to_string(), |ended| ended.to_string());
        let errors = self.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default();
        let last = errors.lines().find(|line| line.contains("panicked")).or(errors.lines().last());
        format!("the program ended: {ended}: {}", tame(last.unwrap_or_default()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether an item waits for a person, by what is wrong with it.
fn waits(item: &Json) -> bool {
    let complaints = item["verbatim"]["complaints"].as_array();
    complaints.into_iter().flatten().any(|complaint| complaint["gravity"] != "remark")
        || item["pubStatus"].as_str().is_some_and(|status| status != "usable")
}

fn copy(item: &Json) -> String {
    let blocks = item["verbatim"]["copy"].as_array();
    let texts: Vec<&str> = blocks.into_iter().flatten().filter_map(|block| block[1].as_str()).collect();
    texts.join("\n\n") + "\n"
}

fn judge(must: &Must, outcome: &Outcome) -> Result<(), String> {
    match must {
        Must::Live => Ok(()),
        Must::Stop => match outcome.lines.iter().find(|item| !waits(item)) {
            Some(item) => Err(format!("an item goes out: {}", tame(&item.to_string()))),
            None => Ok(()),
        },
        Must::SpareSiblings => ["urn:agx:before", "urn:agx:after"].iter().try_for_each(|uri| {
            match outcome.lines.iter().find(|item| item["uri"] == *uri) {
                None => Err(format!("{uri} is lost")),
                Some(item) if waits(item) => Err(format!("{uri} waits: {}", item["verbatim"]["complaints"])),
                Some(_) => Ok(()),
            }
        }),
        Must::Say(expected) => match outcome.lines.first() {
            None => Err("no item".into()),
            Some(item) if copy(item) != *expected => Err(format!("other words: {}", tame(&copy(item)))),
            Some(item) if waits(item) => Err(format!("it waits: {}", item["verbatim"]["complaints"])),
            Some(_) => Ok(()),
        },
        Must::NeverSay(word) => match outcome.lines.iter().find(|item| item.to_string().contains(word)) {
            Some(_) => Err(format!("it says `{word}`")),
            None => Ok(()),
        },
    }
}
