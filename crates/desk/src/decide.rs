//! The arrival of a version.

use jiff::{SignedDuration, Timestamp};
use news::{
    Act, Change, Digest, ItemStanding, Reason, Relation, ReviewState, Ruling, Severity, Until, Version,
    VersionStanding,
};

use crate::assess::{Assessment, Setting, Want, assess, machine_severity};
use crate::history::{Place, place};
use crate::safety::Sight;
use crate::story::is_older;
use crate::{Decision, Known, Policy, Story, Terms, code, fall, kill_text, targets};

/// How many updates of one item an hour may bring.
const CHANGES: usize = 3;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Decides about a version that arrived: a pure function of the story so far, the version, the rules, what was seen
/// around it, and the hour.
///
/// The decision's `n` is the ordinal that the version gets, `None` if it adds none to the story. See the crate's
/// table for what follows from what.
pub fn decide(
    story: &Story,
    version: &Version,
    policy: &Policy,
    sight: &Sight<'_>,
    now: Timestamp,
) -> Decision {
    let arrival = Arrival::new(story, version, policy, sight, now);
    if let Some(when) = withdraws_itself(version) {
        return arrival.withdrawn(when);
    }
    if machine_severity(version) == Severity::Kills {
        return arrival.kill(code::CANCELED, "the agency cancels the item");
    }
    if !targets(version).is_empty() {
        return arrival.ignore(
            code::WITHDRAWS_ANOTHER,
            "it exists to withdraw another item; it is never published itself",
        );
    }
    match arrival.place {
        Place::Redelivery(n) => arrival.redelivery(n),
        Place::EarlierCopy(n) => arrival.earlier_copy(n),
        Place::Late => arrival.late(),
        Place::Newer { .. } if story.standing == ItemStanding::Killed => arrival.after_kill(),
        Place::Newer { .. } => arrival.newer(),
    }
}

/// The `when` of a reference by which the version withdraws itself, if there is one.
fn withdraws_itself(version: &Version) -> Option<Option<Timestamp>> {
    let own = |r: &&news::Reference| r.relation == Relation::Kills && r.uri == version.uri;
    version.references.iter().find(own).map(|reference| reference.when)
}

/// A version on its way into a story.
struct Arrival<'a> {
    story: &'a Story,
    version: &'a Version,
    policy: &'a Policy,
    sight: &'a Sight<'a>,
    now: Timestamp,
    place: Place,
    /// The ordinal that it would get.
    next: u32,
    /// Not after, by its own word and by the contract.
    expires: Option<Timestamp>,
}

impl<'a> Arrival<'a> {
    fn new(
        story: &'a Story,
        version: &'a Version,
        policy: &'a Policy,
        sight: &'a Sight<'a>,
        now: Timestamp,
    ) -> Self {
        let hash: Digest = version.copy.copy_hash();
        let place = place(story, version, hash);
        let expires = expiry(story, version, policy, now);
        Self { story, version, policy, sight, now, place, next: story.next_ordinal(), expires }
    }

    fn setting(&self, cleared: bool) -> Setting {
        let waits = |known: &Known| matches!(known.standing, VersionStanding::Waiting(_));
        Setting {
            exposed: self.story.live().is_some() || self.story.known.iter().any(waits),
            is_first: !self.story.was_public && !self.passed_over(),
            cleared,
            passed_over: self.backlogged().is_some(),
        }
    }

    fn assess(&self, cleared: bool) -> Assessment {
        assess(self.version, self.expires, self.setting(cleared), self.policy, self.sight, self.now)
    }

    /// A decision that adds the version with this standing; its `Version` change comes first.
    fn add(&self, ruling: Ruling, standing: VersionStanding) -> Decision {
        Decision {
            ruling,
            n: Some(self.next),
            changes: vec![Change::Version(self.next, standing)],
            terms: Some(self.terms(self.next)),
        }
    }

    fn terms(&self, n: u32) -> Terms {
        let withheld = machine_severity(self.version) >= Severity::Withholds;
        Terms { n, embargo: self.version.embargo, expires: self.expires, withheld }
    }

    /// Records it, unless it is recorded already.
    fn ignore(&self, code: &'static str, text: &str) -> Decision {
        match self.place {
            Place::Redelivery(_) | Place::EarlierCopy(_) => Decision::new(Act::Ignore, code, text),
            _ => self.add(Ruling::new(Act::Ignore, Reason::new(code, text)), VersionStanding::Ignored),
        }
    }

    fn withdrawn(&self, when: Option<Timestamp>) -> Decision {
        fall(self.story, Relation::Kills, when, self.now)
    }

    /// The item falls, whatever the version's place: an agency may well number its kill lower than the story.
    fn kill(&self, code: &'static str, text: &str) -> Decision {
        if self.story.standing == ItemStanding::Killed {
            return Decision::new(Act::Ignore, code::ALREADY_KILLED, "the item is killed already");
        }
        let unseen = self.story.known.is_empty() && self.story.standing == ItemStanding::Unpublished;
        let reason = match unseen {
            true => Reason::new(
                code::KILLED_UNSEEN,
                format!("{text}, which never came: remembered, should it still come"),
            ),
            false => Reason::new(code, text),
        };
        let mut decision =
            Decision { ruling: Ruling::new(Act::Kill, reason), n: None, changes: vec![], terms: None };
        if !matches!(self.place, Place::Redelivery(_)) {
            decision = self.add(decision.ruling, VersionStanding::Killed);
        }
        fell(self.story, &mut decision);
        decision
    }

    fn late(&self) -> Decision {
        if self.story.standing == ItemStanding::Killed && killed_before_arrival(self.story) {
            return self.after_kill();
        }
        let found = self.assess(false);
        if found.want == Want::Hold
            && found.has(code::KILL_TEXT)
            && self.story.standing != ItemStanding::Killed
        {
            return self.hold(found);
        }
        let mut decision = self.ignore(code::LATE, "a later version is known");
        // Agencies do send a withdrawal under an old number; the order says otherwise, so a person should look.
        decision.ruling.alarm = found.has(code::WITHHELD);
        decision
    }

    fn after_kill(&self) -> Decision {
        let before = killed_before_arrival(self.story);
        let reason = match before {
            true => Reason::new(code::KILLED_BEFORE_ARRIVAL, "the item was killed before it came"),
            false => Reason::new(code::KILL_STICKY, "the item was killed; only a person can bring it back"),
        };
        let found = self.assess(false);
        let mut decision = match found.want {
            Want::Ignore | Want::Expire => {
                self.add(Ruling::new(Act::Ignore, reason), VersionStanding::Ignored)
            }
            _ => self.add(hold_for_person(reason), VersionStanding::Held),
        };
        decision.ruling.alarm = !before && decision.ruling.act == Act::Hold;
        decision.ruling.reasons.extend(found.reasons);
        decision
    }

    fn newer(&self) -> Decision {
        let found = self.assess(false);
        let told = found.has(code::KILL_TEXT);
        let mut decision = match found.want {
            Want::Publish => self.publish(found),
            Want::Wait(instant) => self.wait(found, instant),
            Want::Ignore => self.add(ruling_of(Act::Ignore, found), VersionStanding::Ignored),
            Want::Expire => self.expire(found),
            Want::Hold => self.hold(found),
        };
        let held =
            decision.ruling.act == Act::Hold && !matches!(decision.ruling.until, Some(Until::Instant(_)));
        decision.ruling.alarm |= held
            && (self.story.live().is_some() && kill_text::is_correction(self.version)
                || self.story.edited().is_some());
        decision.ruling.alarm &= told || self.backlogged().is_none();
        decision
    }

    fn publish(&self, found: Assessment) -> Decision {
        if let Some(reason) = self.backlogged() {
            return self.add(Ruling::new(Act::Ignore, reason), VersionStanding::Ignored);
        }
        if let Some(reason) = self.refusal() {
            return self.hold(Assessment { want: Want::Hold, reasons: vec![reason], ..found });
        }
        let Place::Newer { silent, same_copy, .. } = self.place else {
            return self.hold(found);
        };
        let silent = silent && self.story.was_public;
        let (act, reason) = match (self.story.standing, silent, same_copy) {
            (ItemStanding::Live(_), true, _) => {
                (Act::Update, Reason::new(code::SILENT_CHANGE, "other words under the same version or time"))
            }
            (ItemStanding::Live(_), _, true) => {
                (Act::Update, Reason::new(code::METADATA, "a later version with the same words"))
            }
            (ItemStanding::Live(_), ..) => (Act::Update, Reason::new(code::UPDATE, "a later version")),
            (ItemStanding::Unpublished, ..) => (Act::Publish, Reason::new(code::NEW, "a new story")),
            _ => (Act::Publish, Reason::new(code::USABLE_AGAIN, "a usable version after the item was off")),
        };
        let mut ruling = Ruling::new(act, reason);
        ruling.silent_change = silent;
        ruling.reasons.extend(found.shadows);
        let mut decision = self.add(ruling, VersionStanding::Live);
        goes_live(self.story, self.next, &mut decision);
        decision
    }

    /// Whether it is an old item of a first contact, or news of one that was passed over there.
    fn backlogged(&self) -> Option<Reason> {
        if self.policy.exempt || self.story.was_public {
            return None;
        }
        let claimed = self.version.claimed_time();
        if self.policy.first_contact {
            return match claimed {
                Some(claimed) if self.now.duration_since(claimed) <= self.policy.backlog => None,
                Some(claimed) => Some(Reason::new(
                    code::BACKLOG,
                    format!("dated {claimed}: older than the feed's backlog"),
                )),
                None => Some(Reason::new(
                    code::BACKLOG,
                    "no date, so nothing says that it is newer than the feed's backlog",
                )),
            };
        }
        let moved = claimed > self.story.known.iter().filter_map(|known| known.claimed).max();
        (self.passed_over() && !moved).then(|| {
            Reason::new(
                code::BACKLOG,
                "the item was older than the feed's backlog, and its time did not move",
            )
        })
    }

    /// Whether the story so far was older than the backlog.
    fn passed_over(&self) -> bool {
        self.story.newest().is_some_and(|newest| newest.reason == code::BACKLOG)
    }

    /// Why a version with which nothing is wrong may still not go live.
    fn refusal(&self) -> Option<Reason> {
        if let Some(guard) = guard(self.story) {
            return Some(Reason::new(
                guard,
                "the item is held; a person decides about every further version",
            ));
        }
        if self.story.known.is_empty() && self.story.standing == ItemStanding::Withheld {
            return Some(Reason::new(
                code::WITHHELD_BY_ANOTHER,
                "another document of the agency's withheld it before it came",
            ));
        }
        if let Some(edited) = self.story.edited() {
            let what = match edited.review {
                ReviewState::Altered => "was changed by legal order",
                _ => "was edited",
            };
            let text =
                format!("the story {what} here; a person decides about what the agency sends after it");
            return Some(Reason::new(code::EDITED_HERE, text));
        }
        if self.policy.hold_all {
            return Some(Reason::new(code::HOLD_ALL, "the operator holds everything"));
        }
        if self.policy.hold_feed {
            return Some(Reason::new(
                code::BREAKER,
                "everything on the feed is held; a person looks at all of it",
            ));
        }
        if self.policy.over_cap && !self.story.was_public {
            return Some(Reason::new(
                code::DAILY_CAP,
                "as many new stories as the contract allows were published today",
            ));
        }
        let lately =
            self.story.recent_changes.iter().filter(|at| self.now.duration_since(**at) < HOUR).count();
        let numbered = matches!(self.place, Place::Newer { numbered: true, .. });
        (self.story.live().is_some() && !numbered && lately >= CHANGES)
            .then(|| Reason::new(code::TOO_MANY_CHANGES, format!("{lately} changes within an hour")))
    }

    fn wait(&self, found: Assessment, instant: Timestamp) -> Decision {
        if let Some(guard) = guard(self.story) {
            let reason = Reason::new(guard, "the item is held; a person decides about every further version");
            let mut found = found;
            found.reasons.insert(0, reason);
            return self.hold(found);
        }
        let mut ruling = ruling_of(Act::Hold, found);
        ruling.until = Some(Until::Instant(instant));
        let mut decision = self.add(ruling, VersionStanding::Waiting(instant));
        waits(self.story, self.next, &mut decision);
        decision
    }

    fn hold(&self, found: Assessment) -> Decision {
        let recalls = found.recall;
        let mut ruling = ruling_of(Act::Hold, found);
        ruling.until = Some(Until::Person);
        let mut decision = self.add(ruling, VersionStanding::Held);
        if recalls {
            recall(self.story, &mut decision);
            stop_waiting(self.story, &mut decision);
        }
        decision
    }

    fn expire(&self, found: Assessment) -> Decision {
        let mut decision = self.add(ruling_of(Act::Ignore, found), VersionStanding::Expired);
        if let Some(live) = self.story.live() {
            decision.ruling.act = Act::Hold;
            decision.ruling.recall = true;
            decision.version(live.n, VersionStanding::Expired);
            decision.item(ItemStanding::Expired);
        }
        for known in &self.story.known {
            if matches!(known.standing, VersionStanding::Waiting(_)) {
                decision.version(known.n, VersionStanding::Ignored);
            }
        }
        decision
    }

    fn redelivery(&self, n: u32) -> Decision {
        let nothing = || Decision::new(Act::Ignore, code::REDELIVERY, "nothing new");
        let newest = self.story.newest().map(|known| known.n);
        // What the agency says anew of the version that was edited here, it says of what was made of it.
        let edited =
            self.story.edited().filter(|_| self.story.newest_of_agency().is_some_and(|own| own.n == n));
        let n = edited.map_or(n, |edited| edited.n);
        // What is said anew of a version counts while it is the newest, or while it is what readers see or will see.
        let counts = |known: &&Known| {
            newest == Some(n) || matches!(known.standing, VersionStanding::Live | VersionStanding::Waiting(_))
        };
        let Some(known) = self.story.version(n).filter(counts) else { return nothing() };
        if self.story.standing == ItemStanding::Killed {
            return nothing();
        }
        let Terms { embargo, expires, withheld, .. } = self.terms(n);
        let same_terms = (known.embargo, known.expires, known.withheld) == (embargo, expires, withheld);
        let by_hand = [code::RELEASED, code::RELEASED_AFTER_KILL].contains(&known.reason.as_str());
        let cleared = by_hand && known.embargo == self.version.embargo;
        let found = self.assess(cleared);
        let mut decision = self.again(known, found, same_terms).unwrap_or_else(|| {
            let mut decision = nothing();
            if !same_terms {
                decision.ruling.reasons =
                    vec![Reason::new(code::TERMS_CHANGED, "status, embargo or expiry moved")];
            }
            decision
        });
        if !same_terms && decision.n.is_none() {
            decision.terms = Some(self.terms(n));
        }
        decision
    }

    /// Earlier words came back. They do not take the place of what followed them; what is said anew of them holds if
    /// readers see or will see them.
    fn earlier_copy(&self, n: u32) -> Decision {
        let decision = self.redelivery(n);
        if decision.changes.is_empty() && decision.terms.is_none() {
            let text = "an earlier copy came back, and no newer time with it";
            return Decision::new(Act::Ignore, code::EARLIER_COPY, text);
        }
        decision
    }

    /// What follows if the words are known, but what is said about them is not as it was; `None`: nothing.
    fn again(&self, known: &Known, found: Assessment, same_terms: bool) -> Option<Decision> {
        use VersionStanding as Stands;
        let n = known.n;
        match (known.standing, found.want) {
            (Stands::Live, Want::Wait(instant)) | (Stands::Waiting(_), Want::Wait(instant)) => {
                (known.standing != Stands::Waiting(instant)).then(|| self.waits_again(known, found, instant))
            }
            (Stands::Live, Want::Hold | Want::Ignore) if !found.recall => None,
            (Stands::Live | Stands::Waiting(_), Want::Hold | Want::Ignore) => {
                let mut decision =
                    Decision { ruling: ruling_of(Act::Hold, found), n: None, changes: vec![], terms: None };
                decision.ruling.until = Some(Until::Person);
                decision.ruling.recall = known.standing == Stands::Live;
                decision.version(n, if decision.ruling.recall { Stands::Recalled } else { Stands::Held });
                if decision.ruling.recall {
                    decision.item(ItemStanding::Withheld);
                }
                Some(decision)
            }
            (Stands::Live | Stands::Waiting(_), Want::Expire) => Some(expired(self.story, n, found.reasons)),
            (Stands::Held | Stands::Recalled, Want::Wait(instant)) if code::follows_agency(&known.reason) => {
                Some(self.waits_again(known, found, instant))
            }
            (Stands::Waiting(_), Want::Publish) => Some(self.publish_again(n, code::EMBARGO_LIFTED, found)),
            (Stands::Held | Stands::Recalled | Stands::Ignored, Want::Publish) if self.may_return(known) => {
                Some(self.publish_again(n, code::USABLE_AGAIN, found))
            }
            (Stands::Expired, Want::Publish) => {
                // The words of an expired version may be erased: they come again as a version of their own.
                let act = if self.story.live().is_some() { Act::Update } else { Act::Publish };
                let reason = Reason::new(code::EXPIRY_EXTENDED, "the licence was extended");
                let mut decision = self.add(Ruling::new(act, reason), Stands::Live);
                if let Some(reason) = self.refusal() {
                    decision.ruling = hold_for_person(reason);
                    decision.changes = vec![Change::Version(self.next, Stands::Held)];
                } else {
                    goes_live(self.story, self.next, &mut decision);
                }
                Some(decision)
            }
            (_, Want::Hold | Want::Ignore | Want::Wait(_)) if found.recall && !same_terms => {
                self.takes_off(found)
            }
            _ => None,
        }
    }

    /// The newest version is off itself (everything was held, a rule stopped it, a person refused it), and the agency
    /// says now what takes off the item: that holds for what is still public of it.
    fn takes_off(&self, found: Assessment) -> Option<Decision> {
        let mut decision =
            Decision { ruling: ruling_of(Act::Hold, found), n: None, changes: vec![], terms: None };
        decision.ruling.until = Some(Until::Person);
        recall(self.story, &mut decision);
        stop_waiting(self.story, &mut decision);
        (!decision.changes.is_empty()).then_some(decision)
    }

    /// Whether a version that is off may go live merely because nothing is said against it any more.
    fn may_return(&self, known: &Known) -> bool {
        let by_hand = self.policy.exempt && known.reason == code::BACKLOG;
        code::follows_agency(&known.reason) || by_hand
    }

    fn waits_again(&self, known: &Known, found: Assessment, instant: Timestamp) -> Decision {
        let mut ruling = ruling_of(Act::Hold, found);
        ruling.until = Some(Until::Instant(instant));
        let mut decision = Decision { ruling, n: None, changes: vec![], terms: None };
        decision.version(known.n, VersionStanding::Waiting(instant));
        waits(self.story, known.n, &mut decision);
        decision
    }

    fn publish_again(&self, n: u32, code: &'static str, found: Assessment) -> Decision {
        let mut decision = Decision::new(Act::Publish, code, "the agency lifts what kept it off");
        let own = self.story.edited().is_some_and(|edited| edited.n == n);
        if let Some(reason) = self.refusal().filter(|reason| !(own && reason.code == code::EDITED_HERE)) {
            decision.ruling = hold_for_person(reason);
            decision.version(n, VersionStanding::Held);
            return decision;
        }
        if self.story.live().is_some() {
            decision.ruling.act = Act::Update;
        }
        decision.ruling.reasons.extend(found.shadows);
        decision.version(n, VersionStanding::Live);
        goes_live(self.story, n, &mut decision);
        decision
    }
}

fn ruling_of(act: Act, found: Assessment) -> Ruling {
    let mut reasons = found.reasons;
    reasons.extend(found.shadows);
    Ruling { act, reasons, until: None, recall: false, silent_change: false, alarm: found.alarm }
}

fn hold_for_person(reason: Reason) -> Ruling {
    Ruling { until: Some(Until::Person), ..Ruling::new(Act::Hold, reason) }
}

/// Not after: the version's own expiry or the contract's, whichever comes first.
///
/// The contract counts from the story's first publication: from the earliest time that a version which was public
/// claims for itself, or from its arrival where it claims none or a later one.
pub fn expiry(story: &Story, version: &Version, policy: &Policy, now: Timestamp) -> Option<Timestamp> {
    let start = |claimed: Option<Timestamp>, arrived: Timestamp| {
        claimed.map_or(arrived, |claimed| claimed.min(arrived))
    };
    let public = |known: &&Known| {
        use VersionStanding::{Expired, Live, Recalled, Superseded};
        matches!(known.standing, Live | Superseded | Recalled | Expired)
    };
    let first = story.known.iter().filter(public).map(|known| start(known.claimed, known.arrived)).min();
    let first = first.unwrap_or_else(|| start(version.claimed_time(), now));
    let contract = policy.expire_after.map(|after| first.saturating_add(after).unwrap_or(Timestamp::MAX));
    match (version.expires, contract) {
        (Some(own), Some(contract)) => Some(own.min(contract)),
        (own, contract) => own.or(contract),
    }
}

/// The item falls: every version of it with it.
pub(crate) fn fell(story: &Story, decision: &mut Decision) {
    for known in &story.known {
        if known.standing != VersionStanding::Killed {
            decision.version(known.n, VersionStanding::Killed);
        }
    }
    decision.ruling.recall = story.live().is_some();
    decision.item(ItemStanding::Killed);
}

/// The live version goes off until further notice.
pub(crate) fn recall(story: &Story, decision: &mut Decision) {
    if let Some(live) = story.live() {
        decision.ruling.recall = true;
        decision.version(live.n, VersionStanding::Recalled);
        decision.item(ItemStanding::Withheld);
    }
}

/// Version `n` waits for its instant: nothing else of the item is public or waits meanwhile.
pub(crate) fn waits(story: &Story, n: u32, decision: &mut Decision) {
    for known in story.known.iter().filter(|known| known.n != n) {
        match known.standing {
            VersionStanding::Live => decision.version(known.n, VersionStanding::Recalled),
            VersionStanding::Waiting(_) => decision.version(known.n, VersionStanding::Ignored),
            _ => {}
        }
    }
    if story.live().is_some() {
        decision.ruling.recall = true;
        decision.item(ItemStanding::Withheld);
    }
}

/// What waits for its instant waits for a person instead.
pub(crate) fn stop_waiting(story: &Story, decision: &mut Decision) {
    for known in &story.known {
        if matches!(known.standing, VersionStanding::Waiting(_)) {
            decision.version(known.n, VersionStanding::Held);
        }
    }
}

/// Version `n` goes live: the one before is history, and what still waited before it is overtaken.
pub(crate) fn goes_live(story: &Story, n: u32, decision: &mut Decision) {
    let new = story.version(n);
    for known in story.known.iter().filter(|known| known.n != n) {
        match known.standing {
            VersionStanding::Live | VersionStanding::Recalled => {
                decision.version(known.n, VersionStanding::Superseded)
            }
            // Even where mixed kinds of versions leave the order open: no clock brings back what is behind.
            VersionStanding::Waiting(_) => decision.version(known.n, VersionStanding::Ignored),
            VersionStanding::Held if new.is_none_or(|new| overtakes(new, known)) => {
                decision.version(known.n, VersionStanding::Ignored);
            }
            // The words that seemed to kill it have been decided about.
            standing if known.reason == code::KILL_TEXT => decision.version(known.n, standing),
            _ => {}
        }
    }
    decision.item(ItemStanding::Live(n));
}

/// Whether `new` is the later version of the two, by their own order or else by arrival.
pub(crate) fn overtakes(new: &Known, old: &Known) -> bool {
    is_older(&old.stamp, &new.stamp) || !is_older(&new.stamp, &old.stamp) && old.n < new.n
}

/// The licence of version `n` ended; the item's too, if that version is what the site shows, or the last that it
/// could show again.
pub(crate) fn expired(story: &Story, n: u32, reasons: Vec<Reason>) -> Decision {
    let is_live = story.standing == ItemStanding::Live(n);
    let pending =
        |known: &Known| matches!(known.standing, VersionStanding::Waiting(_) | VersionStanding::Held);
    let last = story.version(n).is_some_and(|known| known.standing == VersionStanding::Recalled)
        && story.standing == ItemStanding::Withheld
        && !story.known.iter().any(pending);
    let act = if is_live || last { Act::Hold } else { Act::Ignore };
    let ruling = Ruling { act, reasons, until: None, recall: is_live, silent_change: false, alarm: false };
    let mut decision = Decision { ruling, n: None, changes: vec![], terms: None };
    decision.version(n, VersionStanding::Expired);
    if is_live || last {
        for known in story.known.iter().filter(|known| known.n != n) {
            if matches!(known.standing, VersionStanding::Superseded | VersionStanding::Recalled) {
                decision.version(known.n, VersionStanding::Expired);
            }
        }
        decision.item(ItemStanding::Expired);
    }
    decision
}

/// Whether all that is known of a killed item came after its kill.
fn killed_before_arrival(story: &Story) -> bool {
    let after =
        |known: &Known| known.reason == code::KILLED_UNSEEN || known.reason == code::KILLED_BEFORE_ARRIVAL;
    !story.was_public && story.known.iter().all(after)
}

/// The hold on the whole item that only a person lifts, if there is one.
pub(crate) fn guard(story: &Story) -> Option<&'static str> {
    if story.live().is_some() {
        return None;
    }
    let sticky = |known: &Known| match known.reason.as_str() {
        // Even of what has expired or was ignored: it bears this reason only if words that kill came after that.
        code::KILL_TEXT => Some(code::KILL_TEXT),
        code::OPERATOR_HOLD if fall::is_off_for_now(known.standing) => Some(code::OPERATOR_HOLD),
        _ => None,
    };
    story.known.iter().find_map(sticky)
}
