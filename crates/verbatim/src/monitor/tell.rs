//! What a monitor tells: alarms as lines, counters for Prometheus, and the exit code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use newsroom::clock::Clock;
use serde_json::json;

use crate::say::{self, paint, tame};

/// What is wrong, by a stable word for machines, and when it is.
pub(super) const ALARMS: [(&str, &str); 11] = [
    ("unlogged", "a page or a list shows a story that the log does not know"),
    ("altered", "a page differs from what was logged"),
    ("stale", "a page shows another version than the log says"),
    ("not-gone", "a story that was withdrawn still answers"),
    ("listed", "a list still leads to a story that was withdrawn"),
    ("missing", "a story that is live by the log does not answer"),
    ("gap", "a leaf does not name the one before it"),
    ("leaf", "a leaf that is none"),
    ("fork", "the log does not go on from what was seen"),
    ("shrunk", "the log has fewer leaves than were seen"),
    ("key", "the log is signed by another key, or by none"),
];

#[derive(Default)]
struct Told {
    /// What was found in this round, and in the one before.
    now: BTreeSet<(&'static str, String, String)>,
    before: BTreeSet<(&'static str, String, String)>,
    raised: BTreeMap<&'static str, u64>,
    untold: u64,
    untold_now: u64,
    rounds: u64,
    last: Option<Timestamp>,
    size: u64,
    stories: u64,
}

/// What was found so far.
pub(super) struct Board {
    site: String,
    json: bool,
    clock: Clock,
    told: Mutex<Told>,
}

impl Board {
    pub(super) fn new(site: String, json: bool) -> Self {
        Self { site, json, clock: Clock::default(), told: Mutex::default() }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A round begins.
    pub(super) fn begin(&self) {
        let mut told = self.told();
        told.before = std::mem::take(&mut told.now);
        told.untold_now = 0;
    }

    /// Something is wrong. What is wrong still is said once.
    pub(super) fn alarm(&self, alarm: &'static str, at: &str, why: &str) {
        let mut told = self.told();
        let found = (alarm, at.to_owned(), why.to_owned());
        let is_new = !told.before.contains(&found);
        if told.now.insert(found) && is_new {
            *told.raised.entry(alarm).or_default() += 1;
            self.say(alarm, at, why);
        }
    }

    /// Something could not be told.
    pub(super) fn unknown(&self, why: &str) {
        let mut told = self.told();
        told.untold += 1;
        told.untold_now += 1;
        self.say("unknown", &self.site, why);
    }

    /// A round is over.
    pub(super) fn end(&self) {
        let mut told = self.told();
        told.rounds += 1;
        told.last = Some(self.clock.now());
        let over: Vec<_> = told.before.difference(&told.now).cloned().collect();
        for (alarm, at, _) in over {
            if told.untold_now == 0 && self.json {
                let now = self.clock.now().to_string();
                say::json(&json!({ "at": now, "site": self.site, "over": alarm, "url": at }));
            }
        }
        if told.now.is_empty() && told.untold_now == 0 {
            let (size, stories) = (told.size, told.stories);
            if self.json {
                let now = self.clock.now().to_string();
                say::json(
                    &json!({ "at": now, "site": self.site, "clean": true, "log_size": size, "stories": stories }),
                );
            } else {
                let head = paint("32", "Clean:");
                say::line(format_args!(
                    "{head} {size} leaves, {stories} stories live, each as it was logged"
                ));
            }
        }
    }

    pub(super) fn saw(&self, size: u64, stories: u64) {
        let mut told = self.told();
        (told.size, told.stories) = (size, stories);
    }

    fn say(&self, what: &str, at: &str, why: &str) {
        let now = self.clock.now().to_string();
        if self.json {
            say::json(&json!({ "at": now, "site": self.site, "alarm": what, "url": at, "why": why }));
        } else if what == "unknown" {
            say::line(format_args!("{} {}", paint("33", "Could not tell:"), tame(why)));
        } else {
            let head = paint("31", format_args!("ALARM {what}:"));
            say::line(format_args!("{head} {}: {}", tame(at), tame(why)));
        }
    }

    /// 1 if there was an alarm, 2 if the last round could not be walked, else 0.
    pub(super) fn exit_code(&self) -> u8 {
        let told = self.told();
        match () {
            () if !told.raised.is_empty() => 1,
            () if told.untold_now > 0 || told.rounds == 0 => 2,
            () => 0,
        }
    }

    /// Prometheus text exposition format 0.0.4.
    pub(super) fn metrics(&self) -> String {
        let told = self.told();
        let mut out = String::new();
        let mut number = |name: &str, kind: &str, help: &str, value: u64| {
            let name = format!("verbatim_monitor_{name}");
            let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
        };
        let last = told.last.map_or(0, |last| u64::try_from(last.as_second()).unwrap_or(0));
        number("rounds_total", "counter", "Rounds that came to their end.", told.rounds);
        number("last_round_seconds", "gauge", "When the last one did, in seconds since 1970.", last);
        number("unknown_total", "counter", "What could not be told.", told.untold);
        number("log_size", "gauge", "Leaves of the log.", told.size);
        number("stories", "gauge", "Stories that are live.", told.stories);
        out.push_str("# HELP verbatim_monitor_alarms_total Alarms raised.\n# TYPE verbatim_monitor_alarms_total counter\n");
        for (alarm, _) in ALARMS {
            let raised = told.raised.get(alarm).copied().unwrap_or(0);
            let _ = writeln!(out, "verbatim_monitor_alarms_total{{alarm=\"{alarm}\"}} {raised}");
        }
        out.push_str(
            "# HELP verbatim_monitor_alarm What is wrong now.\n# TYPE verbatim_monitor_alarm gauge\n",
        );
        for (alarm, _) in ALARMS {
            let now = told.now.iter().filter(|(known, ..)| *known == alarm).count();
            let _ = writeln!(out, "verbatim_monitor_alarm{{alarm=\"{alarm}\"}} {now}");
        }
        out
    }
}
