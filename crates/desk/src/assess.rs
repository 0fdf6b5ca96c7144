//! What a version allows by itself: its status, its signals, its terms, its words. The story decides afterwards.

use jiff::Timestamp;
use news::{Embargo, Gravity, ItemClass, PubStatus, Reason, Severity, Signal, Version};

use crate::kill_text::{self, Effect};
use crate::safety::{Finding, Safety, Sight, judge};
use crate::{Policy, code};

/// What the version allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Want {
    /// Go live now.
    Publish,
    /// Go live at this instant.
    Wait(Timestamp),
    /// Nothing: recorded only.
    Ignore,
    /// Nothing any more: the licence ended.
    Expire,
    /// A person decides.
    Hold,
}

/// What the version allows, and why.
#[derive(Clone, Debug)]
pub(crate) struct Assessment {
    /// The most restrictive of all that was found.
    pub(crate) want: Want,
    /// The gravest first; empty only for [`Want::Publish`].
    pub(crate) reasons: Vec<Reason>,
    /// Whether what is live must go off.
    pub(crate) recall: bool,
    /// Whether an operator must be told.
    pub(crate) alarm: bool,
    /// What the safety rules would have held for, where they only watch.
    pub(crate) shadows: Vec<Reason>,
}

impl Assessment {
    fn find(&mut self, want: Want, code: &'static str, text: impl Into<String>) -> &mut Self {
        self.want = self.want.max(want);
        self.reasons.push(Reason::new(code, text));
        self
    }

    /// Whether this reason was found.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.reasons.iter().any(|reason| reason.code == code)
    }
}

/// What the story adds to the question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    /// Something of the item is public, or waits for its instant: what is said against it must reach that too.
    pub(crate) exposed: bool,
    /// The item is new to us: no version was ever public, and none was passed over as old.
    pub(crate) is_first: bool,
    /// A person released this very version: what it says in words has been read.
    pub(crate) cleared: bool,
    /// It would not be published anyway: it is older than the backlog of a first contact.
    pub(crate) passed_over: bool,
}

/// The gravest severity that machine-readable fields state.
pub(crate) fn machine_severity(version: &Version) -> Severity {
    let status = match version.status {
        PubStatus::Usable => Severity::Informs,
        PubStatus::Withheld => Severity::Withholds,
        PubStatus::Canceled => Severity::Kills,
        PubStatus::Unknown(_) => Severity::Holds,
    };
    gravest(version, |signal| !signal.from_text).max(status)
}

fn gravest(version: &Version, which: impl Fn(&Signal) -> bool) -> Severity {
    let found = version.signals.iter().filter(|signal| which(signal)).map(|signal| signal.severity);
    found.fold(Severity::Informs, Severity::max)
}

/// Asks everything there is to ask of the version alone; `expires` are its effective terms.
///
/// The questions are asked in the order of gravity, so that the first reason found is the gravest.
pub(crate) fn assess(
    version: &Version,
    expires: Option<Timestamp>,
    setting: Setting,
    policy: &Policy,
    sight: &Sight<'_>,
    now: Timestamp,
) -> Assessment {
    let mut found =
        Assessment { want: Want::Publish, reasons: vec![], recall: false, alarm: false, shadows: vec![] };
    let machine = machine_severity(version);
    let text = if setting.cleared { None } else { Some(gravest(version, |signal| signal.from_text)) };
    let asked;
    let marks = match sight.orders {
        _ if setting.cleared => None,
        Some(orders) => orders,
        None => {
            asked = kill_text::classify(version);
            asked.as_ref()
        }
    };
    let effect = marks.map(|mark| mark.effect);

    if text >= Some(Severity::Withholds) || matches!(effect, Some(Effect::Kills | Effect::Withholds)) {
        let rule = marks.map_or("a reader's text mark", |mark| mark.rule);
        found.find(
            Want::Hold,
            code::KILL_TEXT,
            format!("words that kill or withhold ({rule}), and no status that says so"),
        );
        found.recall = true;
        found.alarm = true;
    }
    if machine >= Severity::Withholds {
        found.find(Want::Hold, code::WITHHELD, "the agency withholds the item").recall = true;
    }
    if !setting.exposed && is_never_published(version, machine) {
        return shelve(found, version);
    }
    assess_embargo(&mut found, version, setting, effect);
    assess_class(&mut found, version, machine, text, effect);
    if let PubStatus::Unknown(_) = version.status {
        let text = "the status is none of usable, withheld and canceled, nor any that the feed's format maps to them";
        found.find(Want::Hold, code::UNKNOWN_STATUS, text).alarm = true;
    } else if machine == Severity::Holds {
        found.find(Want::Hold, code::SIGNAL_HOLDS, "a signal of the agency's asks for a person");
    }
    if text == Some(Severity::Holds) || effect == Some(Effect::Holds) {
        found.find(Want::Hold, code::SIGNAL_HOLDS, "words that ask for a person to look first");
    }
    assess_reading(&mut found, version);
    if let Some(end) = expires.filter(|end| *end <= now) {
        found.find(Want::Expire, code::EXPIRED, format!("the licence ended at {end}"));
    }
    // A person who put it through by hand, or released it, has seen more than a route.
    if !policy.exempt && !setting.cleared {
        if let Some(text) = &policy.route_hold {
            found.find(Want::Hold, code::ROUTE_HOLD, text.clone());
        }
        if let Some(text) = &policy.route_ignore {
            found.find(Want::Ignore, code::ROUTE_IGNORE, text.clone());
        }
    }
    for Finding { rule, text } in judge(version, setting, policy, sight, now) {
        match policy.rules.mode(rule) {
            Safety::On => drop(found.find(Want::Hold, rule.name(), text)),
            Safety::Shadow => {
                found.shadows.push(Reason::new(rule.shadow(), format!("would be held: {text}")))
            }
            Safety::Off => {}
        }
    }
    if let Some(Embargo::Until(instant)) = version.embargo
        && instant > now
    {
        found.find(Want::Wait(instant), code::EMBARGOED, format!("not before {instant}")).recall = true;
    }
    found
}

fn assess_embargo(found: &mut Assessment, version: &Version, setting: Setting, effect: Option<Effect>) {
    match version.embargo {
        Some(Embargo::Indefinite) if !setting.cleared => {
            found
                .find(Want::Hold, code::EMBARGO_INDEFINITE, "not before further notice of the agency's")
                .recall = true;
        }
        // A machine-readable embargo, also one that is over, is what the words speak of.
        None if effect == Some(Effect::Embargoes) => {
            let text = "words that speak of an embargo, and no machine-readable one";
            found.find(Want::Hold, code::EMBARGO_TEXT, text);
            found.recall = true;
            found.alarm = true;
        }
        _ => {}
    }
}

/// Whether machine-readable fields say that it is no story for readers, whatever else is said.
fn is_never_published(version: &Version, machine: Severity) -> bool {
    matches!(version.class, ItemClass::Other(_)) || is_not_for_publication(version, machine)
}

fn is_not_for_publication(version: &Version, machine: Severity) -> bool {
    let signalled = |signal: &Signal| !signal.from_text && signal.severity == Severity::NotForPublication;
    matches!(version.class, ItemClass::Advisory(_))
        || machine == Severity::NotForPublication
        || version.signals.iter().any(signalled)
}

/// What is no story is not held, whatever is wrong with it; words in it that kill are still told to a person.
fn shelve(mut found: Assessment, version: &Version) -> Assessment {
    let reason = match version.class {
        ItemClass::Other(_) => Reason::new(code::NOT_TEXT, "no story in words"),
        _ => Reason::new(code::NOT_FOR_PUBLICATION, "an advisory, daybook, budget or test of the agency's"),
    };
    found.reasons.insert(0, reason);
    found.want = Want::Ignore;
    found.recall = false;
    found
}

fn assess_class(
    found: &mut Assessment,
    version: &Version,
    machine: Severity,
    text: Option<Severity>,
    effect: Option<Effect>,
) {
    if is_not_for_publication(version, machine) {
        let text = "the agency says now that the item is not for publication";
        found.find(Want::Hold, code::NOT_FOR_PUBLICATION, text);
        found.recall = true;
        found.alarm = true;
    } else if text == Some(Severity::NotForPublication) || effect == Some(Effect::NotForPublication) {
        found.find(Want::Hold, code::NOT_FOR_PUBLICATION, "words that mark an advisory, daybook or test");
    }
    if let ItemClass::Other(_) = version.class {
        found.find(Want::Ignore, code::NOT_TEXT, "no story in words");
    }
}

fn assess_reading(found: &mut Assessment, version: &Version) {
    let gravest = version.complaints.iter().max_by_key(|complaint| complaint.gravity);
    match gravest {
        Some(complaint) if complaint.gravity == Gravity::Lost => {
            found
                .find(Want::Hold, code::LOST, format!("nothing of it could be read ({})", complaint.code))
                .alarm = true;
        }
        Some(complaint) if complaint.gravity == Gravity::Hold => {
            let text = format!("words or status are in doubt ({})", complaint.code);
            found.find(Want::Hold, code::UNREADABLE, text).alarm = true;
        }
        _ => {}
    }
    let wordless = version.copy.headline().is_none() && version.copy.body().next().is_none();
    if wordless && matches!(version.class, ItemClass::Text) {
        found.find(Want::Hold, code::EMPTY, "usable, but neither a headline nor a body");
    }
}
