//! Histories driven through the pure code: what comes, what is ruled, where everything stands then.

mod arrival;
mod backlog;
mod clock;
mod invariants;
mod named;
mod operator;
mod withdrawal;

use jiff::{SignedDuration, Timestamp};
use news::{
    BlockKind, Complaint, Embargo, Gravity, ItemStanding, Note, PubStatus, Reference, Relation, Severity,
    Signal, Stamp, Until, Version, VersionOrder, VersionStamp, VersionStanding,
};

use crate::{
    Command, Decision, Policy, RefuseCommandError, Sight, Story, decide, fall, operate, suspend, tick,
    tick_on_hold,
};

/// The instant at which every history begins: noon.
const NOON: &str = "2026-03-02T12:00:00Z";

fn noon() -> Timestamp {
    NOON.parse().expect("an instant")
}

/// Minutes after noon.
fn at(minutes: i64) -> Timestamp {
    noon() + SignedDuration::from_mins(minutes)
}

/// A usable text with these words, made at noon, without a version of its own (like most RSS).
fn unnumbered(words: &str) -> Version {
    let mut version = Version::new("urn:example:1");
    push(&mut version, BlockKind::Headline, "Council opens the new bridge");
    push(&mut version, BlockKind::P, words);
    made(version, 0)
}

/// The same with a version number.
fn numbered(number: u64, words: &str) -> Version {
    let mut version = unnumbered(words);
    version.version = VersionStamp { raw: number.to_string(), order: VersionOrder::Number(number) };
    version
}

/// The same, ordered by its time: minutes after noon.
fn timed(minutes: i64, words: &str) -> Version {
    let mut version = made(unnumbered(words), minutes);
    version.version = VersionStamp { raw: at(minutes).to_string(), order: VersionOrder::Time(at(minutes)) };
    version
}

fn push(version: &mut Version, kind: BlockKind, words: &str) {
    version.copy.push(kind, words, vec![], None).expect("words that a page can carry");
}

fn made(mut version: Version, minutes: i64) -> Version {
    version.version_created = Some(Stamp { raw: String::new(), at: Some(at(minutes)), zoned: true });
    version
}

fn undated(mut version: Version) -> Version {
    version.version_created = None;
    version
}

fn status(mut version: Version, status: PubStatus) -> Version {
    version.status = status;
    version
}

fn canceled(version: Version) -> Version {
    status(version, PubStatus::Canceled)
}

fn withheld(version: Version) -> Version {
    status(version, PubStatus::Withheld)
}

fn unknown(version: Version) -> Version {
    status(version, PubStatus::Unknown("provisional".to_owned()))
}

fn embargo(mut version: Version, minutes: i64) -> Version {
    version.embargo = Some(Embargo::Until(at(minutes)));
    version
}

fn indefinite(mut version: Version) -> Version {
    version.embargo = Some(Embargo::Indefinite);
    version
}

fn expires(mut version: Version, minutes: i64) -> Version {
    version.expires = Some(at(minutes));
    version
}

fn noted(mut version: Version, text: &str) -> Version {
    version.notes.push(Note { role: "ednote".to_owned(), text: text.to_owned(), path: "edNote".to_owned() });
    version
}

fn signal(mut version: Version, code: &str, severity: Severity, from_text: bool) -> Version {
    version.signals.push(Signal { code: code.to_owned(), severity, from_text, path: "signal".to_owned() });
    version
}

fn complaint(mut version: Version, gravity: Gravity) -> Version {
    version.complaints.push(Complaint::new(gravity, "bytes-not-decoded", "bytes that are no UTF-8"));
    version
}

fn names(mut version: Version, relation: Relation, uri: &str, when: Option<i64>) -> Version {
    let when = when.map(at);
    version.references.push(Reference {
        relation,
        uri: uri.to_owned(),
        version: None,
        when,
        raw: "named".to_owned(),
    });
    version
}

/// A newsroom of one item.
struct Room {
    story: Story,
    policy: Policy,
    now: Timestamp,
}

impl Room {
    fn new() -> Self {
        Self { story: Story::default(), policy: Policy::default(), now: noon() }
    }

    fn under(policy: Policy) -> Self {
        Self { policy, ..Self::new() }
    }

    /// Sets the clock, in minutes after noon.
    fn clock(&mut self, minutes: i64) -> &mut Self {
        self.now = at(minutes);
        self
    }

    /// A version arrives; `expect` is [`told`] of the decision.
    #[track_caller]
    fn arrives(&mut self, version: &Version, expect: &str) -> &mut Self {
        let decision = decide(&self.story, version, &self.policy, &Sight::default(), self.now);
        self.story.apply(&decision, Some(version), self.now);
        assert_eq!(told(&decision), expect);
        self
    }

    #[track_caller]
    fn falls(&mut self, relation: Relation, when: Option<i64>, expect: &str) -> &mut Self {
        let decision = fall(&self.story, relation, when.map(at), self.now);
        self.takes(&decision, expect)
    }

    #[track_caller]
    fn suspends(&mut self, expect: &str) -> &mut Self {
        let decision = suspend(&self.story, "headline", self.now);
        self.takes(&decision, expect)
    }

    #[track_caller]
    fn ticks(&mut self, expect: Option<&str>) -> &mut Self {
        let decision = tick(&self.story, self.now);
        assert_eq!(decision.as_ref().map(told).as_deref(), expect);
        decision.iter().for_each(|decision| self.story.apply(decision, None, self.now));
        self
    }

    #[track_caller]
    fn ticks_on_hold(&mut self, expect: Option<&str>) -> &mut Self {
        let decision = tick_on_hold(&self.story, self.now);
        assert_eq!(decision.as_ref().map(told).as_deref(), expect);
        decision.iter().for_each(|decision| self.story.apply(decision, None, self.now));
        self
    }

    #[track_caller]
    fn told_to(&mut self, command: Command, expect: &str) -> &mut Self {
        let decision = operate(&self.story, &command, self.now).expect("the command can be carried out");
        self.takes(&decision, expect)
    }

    #[track_caller]
    fn refuses(&mut self, command: Command, expect: RefuseCommandError) -> &mut Self {
        assert_eq!(operate(&self.story, &command, self.now), Err(expect));
        self
    }

    #[track_caller]
    fn takes(&mut self, decision: &Decision, expect: &str) -> &mut Self {
        self.story.apply(decision, None, self.now);
        assert_eq!(told(decision), expect);
        self
    }

    /// Where everything stands: the item, then its versions in order.
    #[track_caller]
    fn stands(&mut self, expect: &str) -> &mut Self {
        assert_eq!(standing(&self.story), expect);
        self
    }
}

/// A decision in one line: act, reasons, and what else is set.
fn told(decision: &Decision) -> String {
    let ruling = &decision.ruling;
    let codes: Vec<_> = ruling.reasons.iter().map(|reason| reason.code).collect();
    let mut out = format!("{}: {}", ruling.act.as_str(), codes.join(" "));
    let until = match ruling.until {
        Some(Until::Instant(instant)) => format!("until +{}", instant.duration_since(noon()).as_mins()),
        _ => String::new(),
    };
    let flags = [
        (ruling.recall, "recall"),
        (ruling.silent_change, "silent"),
        (ruling.alarm, "alarm"),
        (!until.is_empty(), until.as_str()),
    ];
    flags.into_iter().filter(|(set, _)| *set).for_each(|(_, word)| {
        out.push_str(", ");
        out.push_str(word);
    });
    out
}

fn standing(story: &Story) -> String {
    let item = match story.standing {
        ItemStanding::Live(n) => format!("live({n})"),
        other => other.as_str().to_owned(),
    };
    let versions: Vec<String> = story
        .known
        .iter()
        .map(|known| match known.standing {
            VersionStanding::Waiting(instant) => {
                format!("{} waiting +{}", known.n, instant.duration_since(noon()).as_mins())
            }
            other => format!("{} {}", known.n, other.as_str()),
        })
        .collect();
    if versions.is_empty() { item } else { format!("{item}: {}", versions.join(", ")) }
}
