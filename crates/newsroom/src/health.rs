//! What the operator and the monitoring see of the newsroom: counters, alarms, the state of each feed.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use news::{Act, Complaint, FeedId, Gravity, SiteId};

/// How many alarms are shown.
const ALARMS: usize = 200;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// How many by now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The word for a complaint's gravity.
pub(crate) fn gravity_word(gravity: Gravity) -> &'static str {
    match gravity {
        Gravity::Remark => "remark",
        Gravity::Hold => "hold",
        Gravity::Lost => "lost",
    }
}

/// What is known of one feed since the start.
#[derive(Clone, Debug, Default)]
pub struct FeedHealth {
    /// When its door last worked: a poll answered, a file taken, a push received.
    pub last_contact: Option<Timestamp>,
    /// When bytes last came.
    pub last_bytes: Option<Timestamp>,
    /// What the door last complained of, and when; cleared when it works again.
    pub trouble: Option<(Timestamp, String)>,
    /// Failures since it last worked.
    pub failures: u64,
    /// Versions ruled, by act.
    pub rulings: BTreeMap<&'static str, u64>,
    /// Complaints, by gravity.
    pub complaints: BTreeMap<&'static str, u64>,
    /// Whether everything on it is held.
    pub held: bool,
    /// What the safety rules found, by rule and mode (`on`, `shadow`).
    pub findings: BTreeMap<(&'static str, &'static str), u64>,
}

/// What is known of one witness of one site's log since the start.
#[derive(Clone, Debug, Default)]
pub struct WitnessHealth {
    /// When it last signed a checkpoint.
    pub signed: Option<Timestamp>,
    /// How many leaves that checkpoint was over.
    pub size: u64,
    /// Since when it does not sign, and why; cleared when it does again.
    pub trouble: Option<(Timestamp, String)>,
    /// Failures since it last signed.
    pub failures: u64,
}

/// What is measured of a witness: name, help, value.
type WitnessGauge = (&'static str, &'static str, fn(&WitnessHealth) -> i64);
const WITNESS_GAUGES: [WitnessGauge; 3] = [
    ("size", "Leaves of the log under the checkpoint that the witness signed last.", |health| {
        i64::try_from(health.size).unwrap_or(i64::MAX)
    }),
    (
        "signed_seconds",
        "When the witness last signed, in seconds since 1970; 0: not since the start.",
        |health| health.signed.map_or(0, Timestamp::as_second),
    ),
    ("failures", "Failures of the witness since it last signed.", |health| {
        i64::try_from(health.failures).unwrap_or(i64::MAX)
    }),
];

/// What is known of one outlet since the start.
#[derive(Clone, Debug, Default)]
pub struct OutletHealth {
    /// When it last confirmed what it was told.
    pub confirmed: Option<Timestamp>,
    /// What it confirmed.
    pub told: u64,
    /// Kills that it has not confirmed.
    pub kills: u64,
    /// Items that it has not been told of in their present state, kills included; of a long queue the beginning.
    pub waiting: u64,
    /// Since when it does not confirm, and why; cleared when it does again.
    pub trouble: Option<(Timestamp, String)>,
    /// Failures since it last confirmed.
    pub failures: u64,
}

/// What is measured of an outlet: name, kind, help, value.
type OutletGauge = (&'static str, &'static str, &'static str, fn(&OutletHealth) -> u64);
const OUTLET_GAUGES: [OutletGauge; 5] = [
    ("told_total", "counter", "Calls that the outlet confirmed.", |health| health.told),
    ("waiting", "gauge", "Items that the outlet has not confirmed to be told of.", |health| health.waiting),
    ("kills", "gauge", "Kills that the outlet has not confirmed.", |health| health.kills),
    ("failures", "gauge", "Failures of the outlet since it last confirmed.", |health| health.failures),
    ("up", "gauge", "0 while the outlet does not confirm.", |health| u64::from(health.trouble.is_none())),
];

/// Up to how many microseconds each step of a [`Spread`] goes; the last one goes on.
const STEPS: [u64; 12] = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000];

/// How long something took, each time.
#[derive(Debug, Default)]
pub struct Spread {
    steps: [AtomicU64; STEPS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

impl Spread {
    /// It took so long once more.
    pub(crate) fn took(&self, time: std::time::Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        if let Some(step) = STEPS.iter().position(|most| micros <= *most) {
            self.steps[step].fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// As a histogram of Prometheus, in seconds.
    fn write(&self, out: &mut String, name: &str, help: &str) {
        let seconds = |micros: u64| micros as f64 / 1e6;
        let _ = write!(out, "# HELP verbatim_{name} {help}\n# TYPE verbatim_{name} histogram\n");
        let mut all = 0;
        for (step, most) in self.steps.iter().zip(STEPS) {
            all += step.load(Ordering::Relaxed);
            let _ = writeln!(out, "verbatim_{name}_bucket{{le=\"{}\"}} {all}", seconds(most));
        }
        let (count, sum) = (self.count.load(Ordering::Relaxed), seconds(self.micros.load(Ordering::Relaxed)));
        let _ = writeln!(out, "verbatim_{name}_bucket{{le=\"+Inf\"}} {count}");
        let _ = write!(out, "verbatim_{name}_sum {sum}\nverbatim_{name}_count {count}\n");
    }
}

#[derive(Debug, Default)]
struct Board {
    feeds: BTreeMap<FeedId, FeedHealth>,
    witnesses: BTreeMap<(SiteId, String), WitnessHealth>,
    outlets: BTreeMap<String, OutletHealth>,
    alarms: VecDeque<(Timestamp, String)>,
}

/// Counters, alarms and feed health. All of it starts anew with the process; what must last is in the journal.
#[derive(Debug, Default)]
pub struct Health {
    /// Transmissions taken up by the desk.
    pub transmissions: Counter,
    /// Rests after stretches of old items: see [`pace`](crate::pace).
    pub rests: Counter,
    /// Bytes archived.
    pub bytes: Counter,
    /// Alarms raised.
    pub alarms: Counter,
    /// Requests answered to readers.
    pub answers: Counter,
    /// What the public log adds to a commit: its leaves hashed, the checkpoint signed and remembered.
    pub log_added: Spread,
    /// The journal's last sequence number.
    journal: AtomicU64,
    board: Mutex<Board>,
}

impl Health {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn committed(&self, seq: u64) {
        self.journal.fetch_max(seq, Ordering::Relaxed);
    }

    pub(crate) fn ruled(&self, feed: &FeedId, act: Act) {
        *self.board().feeds.entry(feed.clone()).or_default().rulings.entry(act.as_str()).or_default() += 1;
    }

    pub(crate) fn complaint(&self, feed: &FeedId, complaint: &Complaint) {
        let gravity = gravity_word(complaint.gravity);
        *self.board().feeds.entry(feed.clone()).or_default().complaints.entry(gravity).or_default() += 1;
    }

    /// A safety rule found something.
    pub(crate) fn found(&self, feed: &FeedId, rule: &'static str, mode: &'static str) {
        *self.board().feeds.entry(feed.clone()).or_default().findings.entry((rule, mode)).or_default() += 1;
    }

    /// Everything on a feed is held, or no longer.
    pub(crate) fn held(&self, feed: &FeedId, held: bool) {
        self.board().feeds.entry(feed.clone()).or_default().held = held;
    }

    /// Something an operator must know at once. What repeats itself takes one place, so that it hides nothing else.
    /// Returns whether it is new.
    pub(crate) fn alarm(&self, at: Timestamp, what: String) -> bool {
        self.alarms.increment();
        let mut board = self.board();
        let before = board.alarms.len();
        board.alarms.retain(|(_, known)| *known != what);
        let is_new = board.alarms.len() == before;
        if board.alarms.len() == ALARMS {
            board.alarms.pop_front();
        }
        board.alarms.push_back((at, what));
        is_new
    }

    /// A door worked; `bytes` came through it.
    pub(crate) fn worked(&self, feed: &FeedId, at: Timestamp, bytes: u64) {
        self.bytes.add(bytes);
        let mut board = self.board();
        let feed = board.feeds.entry(feed.clone()).or_default();
        feed.last_contact = Some(at);
        feed.trouble = None;
        feed.failures = 0;
        if bytes > 0 {
            feed.last_bytes = Some(at);
        }
    }

    /// A door failed. Raises an alarm if it worked before: the trouble itself is forgotten as soon as the door works
    /// again, but what did not come in then must still be seen.
    pub(crate) fn failed(&self, feed: &FeedId, at: Timestamp, what: String) {
        let mut board = self.board();
        let health = board.feeds.entry(feed.clone()).or_default();
        let first = health.failures == 0;
        health.trouble = Some((at, what.clone()));
        health.failures += 1;
        drop(board);
        if first {
            self.alarm(at, format!("feed {feed}: {what}"));
        }
    }

    /// A witness signed the checkpoint over so many leaves of a site's log.
    pub(crate) fn witnessed(&self, site: &SiteId, name: &str, at: Timestamp, size: u64) {
        let mut board = self.board();
        let witness = board.witnesses.entry((site.clone(), name.to_owned())).or_default();
        *witness = WitnessHealth { signed: Some(at), size, trouble: None, failures: 0 };
    }

    /// A witness did not sign. Raises an alarm if it is the first time since it last did, and returns whether it is.
    pub(crate) fn not_witnessed(&self, site: &SiteId, name: &str, at: Timestamp, why: &str) -> bool {
        let mut board = self.board();
        let witness = board.witnesses.entry((site.clone(), name.to_owned())).or_default();
        let since = witness.trouble.take().map_or(at, |(since, _)| since);
        witness.trouble = Some((since, why.to_owned()));
        witness.failures += 1;
        let first = witness.failures == 1;
        drop(board);
        if first {
            self.alarm(at, format!("the witness `{name}` does not sign the log of site {site}: {why}"));
        }
        first
    }

    /// An outlet confirmed something.
    pub(crate) fn outlet_confirmed(&self, name: &str, at: Timestamp) {
        let mut board = self.board();
        let outlet = board.outlets.entry(name.to_owned()).or_default();
        (outlet.confirmed, outlet.trouble, outlet.failures) = (Some(at), None, 0);
        outlet.told += 1;
    }

    /// An outlet did not confirm. Raises an alarm if it is the first time since it last did, and returns whether it is.
    pub(crate) fn outlet_failed(&self, name: &str, at: Timestamp, why: &str) -> bool {
        let mut board = self.board();
        let outlet = board.outlets.entry(name.to_owned()).or_default();
        let since = outlet.trouble.take().map_or(at, |(since, _)| since);
        outlet.trouble = Some((since, why.to_owned()));
        outlet.failures += 1;
        let first = outlet.failures == 1;
        drop(board);
        if first {
            self.alarm(at, format!("the outlet `{name}` does not confirm what it is told: {why}"));
        }
        first
    }

    /// So much is not confirmed by an outlet.
    pub(crate) fn outlet_waits(&self, name: &str, kills: usize, all: usize) {
        let mut board = self.board();
        let outlet = board.outlets.entry(name.to_owned()).or_default();
        (outlet.kills, outlet.waiting) = (kills as u64, all as u64);
    }

    /// Each outlet that was called since the start, by name.
    pub fn outlets(&self) -> BTreeMap<String, OutletHealth> {
        self.board().outlets.clone()
    }

    /// Each witness that was asked since the start, by site and name.
    pub fn witnesses(&self) -> BTreeMap<(SiteId, String), WitnessHealth> {
        self.board().witnesses.clone()
    }

    /// What does not keep the promises from holding, and must be seen to all the same.
    pub fn warnings(&self) -> Vec<String> {
        let board = self.board();
        let troubled = board.witnesses.iter().filter_map(|(of, health)| Some((of, health.trouble.as_ref()?)));
        let line = |((site, name), (since, why)): (&(SiteId, String), &(Timestamp, String))| {
            format!("the witness `{name}` has not signed the log of site {site} since {since}: {why}")
        };
        let outlets = board.outlets.iter().filter_map(|(name, health)| {
            let (since, why) = health.trouble.as_ref()?;
            let OutletHealth { kills, waiting, .. } = health;
            Some(format!(
                "the outlet `{name}` has confirmed nothing since {since}: {why}; items that wait for it: {waiting}, kills \
                 among them: {kills}"
            ))
        });
        troubled.map(line).chain(outlets).collect()
    }

    /// Each feed that was heard of since the start.
    pub fn feeds(&self) -> BTreeMap<FeedId, FeedHealth> {
        self.board().feeds.clone()
    }

    /// The last alarms, newest first.
    pub fn last_alarms(&self) -> Vec<(Timestamp, String)> {
        self.board().alarms.iter().rev().cloned().collect()
    }

    /// Prometheus text exposition format 0.0.4.
    pub fn metrics(&self, tray: usize, hold_all: bool) -> String {
        let mut out = String::new();
        let mut gauge = |name: &str, kind: &str, help: &str, value: u64| {
            let _ = write!(
                out,
                "# HELP verbatim_{name} {help}\n# TYPE verbatim_{name} {kind}\nverbatim_{name} {value}\n"
            );
        };
        gauge(
            "transmissions_total",
            "counter",
            "Transmissions taken up by the desk.",
            self.transmissions.get(),
        );
        gauge("rests_total", "counter", "Rests of the desk while an archive comes again.", self.rests.get());
        gauge("intake_bytes_total", "counter", "Bytes that came through the doors.", self.bytes.get());
        gauge("alarms_total", "counter", "Alarms raised.", self.alarms.get());
        gauge("answers_total", "counter", "Requests answered to readers.", self.answers.get());
        gauge(
            "journal_seq",
            "gauge",
            "Sequence number of the last journal entry.",
            self.journal.load(Ordering::Relaxed),
        );
        gauge("tray", "gauge", "Transmissions and orders that wait for the desk.", tray as u64);
        gauge("hold_all", "gauge", "1 while everything is held.", u64::from(hold_all));
        let help = "What the public log adds to a commit: leaves hashed, checkpoint signed and remembered.";
        self.log_added.write(&mut out, "log_added_seconds", help);
        let board = self.board();
        out.push_str("# HELP verbatim_rulings_total Versions ruled, by feed and ruling.\n# TYPE verbatim_rulings_total counter\n");
        for (feed, health) in &board.feeds {
            for (act, n) in &health.rulings {
                let _ = writeln!(out, "verbatim_rulings_total{{feed=\"{feed}\",ruling=\"{act}\"}} {n}");
            }
        }
        out.push_str("# HELP verbatim_complaints_total Complaints, by feed and gravity.\n# TYPE verbatim_complaints_total counter\n");
        for (feed, health) in &board.feeds {
            for (gravity, n) in &health.complaints {
                let _ =
                    writeln!(out, "verbatim_complaints_total{{feed=\"{feed}\",gravity=\"{gravity}\"}} {n}");
            }
        }
        out.push_str("# HELP verbatim_findings_total Findings of the safety rules, by feed, rule and mode.\n# TYPE verbatim_findings_total counter\n");
        for (feed, health) in &board.feeds {
            for ((rule, mode), n) in &health.findings {
                let _ = writeln!(
                    out,
                    "verbatim_findings_total{{feed=\"{feed}\",rule=\"{rule}\",mode=\"{mode}\"}} {n}"
                );
            }
        }
        out.push_str("# HELP verbatim_feed_held 1 while everything on the feed is held.\n# TYPE verbatim_feed_held gauge\n");
        for (feed, health) in &board.feeds {
            let _ = writeln!(out, "verbatim_feed_held{{feed=\"{feed}\"}} {}", u64::from(health.held));
        }
        out.push_str("# HELP verbatim_feed_failures Failures of a feed's door since it last worked.\n# TYPE verbatim_feed_failures gauge\n");
        for (feed, health) in &board.feeds {
            let _ = writeln!(out, "verbatim_feed_failures{{feed=\"{feed}\"}} {}", health.failures);
        }
        for (name, kind, help, value) in OUTLET_GAUGES {
            let _ =
                write!(out, "# HELP verbatim_outlet_{name} {help}\n# TYPE verbatim_outlet_{name} {kind}\n");
            for (outlet, health) in &board.outlets {
                let _ = writeln!(out, "verbatim_outlet_{name}{{outlet=\"{outlet}\"}} {}", value(health));
            }
        }
        for (name, help, value) in WITNESS_GAUGES {
            let _ =
                write!(out, "# HELP verbatim_witness_{name} {help}\n# TYPE verbatim_witness_{name} gauge\n");
            for ((site, witness), health) in &board.witnesses {
                let value = value(health);
                let _ =
                    writeln!(out, "verbatim_witness_{name}{{site=\"{site}\",witness=\"{witness}\"}} {value}");
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_that_works_again_has_no_trouble() {
        let (health, feed) = (Health::default(), FeedId::from("agx"));
        health.failed(&feed, Timestamp::UNIX_EPOCH, "refused".to_owned());
        health.failed(&feed, Timestamp::UNIX_EPOCH, "refused".to_owned());
        assert_eq!((health.feeds()[&feed].failures, health.last_alarms().len()), (2, 1));
        health.worked(&feed, Timestamp::UNIX_EPOCH, 5);
        let feed = &health.feeds()[&feed];
        assert_eq!(
            (feed.failures, feed.trouble.clone(), feed.last_bytes),
            (0, None, Some(Timestamp::UNIX_EPOCH))
        );
    }

    #[test]
    fn an_alarm_that_repeats_itself_hides_no_other() {
        let health = Health::default();
        assert!(health.alarm(Timestamp::UNIX_EPOCH, "a page is unfit".to_owned()));
        assert!(health.alarm(Timestamp::UNIX_EPOCH, "a kill without status".to_owned()));
        (0..500).for_each(|_| assert!(!health.alarm(Timestamp::UNIX_EPOCH, "a page is unfit".to_owned())));
        let shown: Vec<String> = health.last_alarms().into_iter().map(|(_, what)| what).collect();
        assert_eq!(shown, ["a page is unfit", "a kill without status"]);
        assert_eq!(health.alarms.get(), 502);
    }

    #[test]
    fn metrics_name_feed_and_ruling() {
        let (health, feed) = (Health::default(), FeedId::from("agx"));
        health.ruled(&feed, Act::Kill);
        for micros in [40, 60, 6_000, 2_000_000] {
            health.log_added.took(std::time::Duration::from_micros(micros));
        }
        let metrics = health.metrics(3, true);
        for line in [
            "verbatim_log_added_seconds_bucket{le=\"0.00005\"} 1",
            "verbatim_log_added_seconds_bucket{le=\"0.005\"} 2",
            "verbatim_log_added_seconds_bucket{le=\"0.01\"} 3",
            "verbatim_log_added_seconds_bucket{le=\"1\"} 3",
            "verbatim_log_added_seconds_bucket{le=\"+Inf\"} 4",
            "verbatim_log_added_seconds_sum 2.0061",
            "verbatim_log_added_seconds_count 4",
            "verbatim_rulings_total{feed=\"agx\",ruling=\"kill\"} 1",
            "verbatim_tray 3",
            "verbatim_hold_all 1",
        ] {
            assert!(metrics.lines().any(|found| found == line), "{line}");
        }
    }
}
