//! Step 4: brings together what the desk needs to know, asks it, and never decides anything itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::press::GateRefusal;
use desk::kill_text::{Candidate, Effect, TextKill, classify, matching};
use desk::{Decision, Known, Policy, Story};
use jiff::{SignedDuration, Timestamp};
use news::{
    Act, Change, Complaint, Digest, FeedId, Gravity, ItemKey, ItemStanding, Reason, Relation, ReviewState,
    Ruling, Version, VersionStanding,
};
use store::{
    Archived, ComplaintRow, Entry, Fact, Index as _, Moved, Placement, RoutedRow, Ruled, StoreError,
    StoryRow, Terms, VersionRow,
};

use crate::Room;
use crate::config::{Config, Contract, Feed};
use crate::decide;
use crate::lookout::Seen;
use crate::main_loop::{Contact, Desk};
use crate::press::{dated, story_url};
use crate::record::{Work, gone, kills, vaulted};
use crate::steps::Outcome;

/// The story so far, as the desk sees it.
pub(crate) fn story_of(row: Option<&StoryRow>) -> Story {
    let Some(row) = row else { return Story::default() };
    Story {
        standing: row.standing,
        was_public: row.was_public,
        known: row
            .versions
            .iter()
            .map(|version| Known {
                n: version.n,
                stamp: version.stamp.clone(),
                claimed: version.claimed,
                arrived: version.arrived,
                copy_hash: version.copy_hash,
                standing: version.standing,
                review: version.review,
                reason: version.reason.clone(),
                embargo: version.embargo,
                expires: version.expires,
                withheld: version.withheld,
            })
            .collect(),
        recent_changes: row.recent_changes.clone(),
    }
}

/// The feed's rules and contract, for one version; of an item on several feeds the strictest. `hold` says whether everything is held, and everything of the feed.
///
/// First contact spares readers a flood of old stories. What was there before the feed was added belongs to it, dated
/// or not; of a list that is the first that somebody sends, only what says itself that it is old.
pub(crate) fn policy(
    config: &Config,
    feed: &Feed,
    row: Option<&StoryRow>,
    archived: &Archived,
    version: &Version,
    contact: Contact,
    hold: (bool, bool),
) -> Policy {
    Policy {
        exempt: contact == Contact::ByHand,
        first_contact: match contact {
            Contact::First { alone } => {
                archived.first_contact() || !alone && version.claimed_time().is_some()
            }
            Contact::WasThere => true,
            Contact::Usual | Contact::ByHand => false,
        },
        backlog: feed.backlog(),
        expire_after: contract(config, Some(feed), row).and_then(|contract| contract.expire_after),
        over_cap: false,
        route_hold: None,
        route_ignore: None,
        hold_all: hold.0,
        hold_feed: hold.1,
        rules: Arc::clone(feed.rules()),
    }
}

/// What the contracts demand of a story that comes, or came, on these feeds; `None` if nobody knows whose it is.
pub(crate) fn contract(config: &Config, feed: Option<&Feed>, row: Option<&StoryRow>) -> Option<Contract> {
    let agency = feed.map(Feed::agency).or_else(|| row.map(|row| &row.key.agency))?;
    let feeds = row.iter().flat_map(|row| &row.feeds).chain(feed.map(Feed::id));
    Some(config.contract(agency, feeds))
}

/// The decision that takes the place of one whose page the gate refused: the version waits, nothing is public.
pub(crate) fn refused(decision: Decision, refusal: &GateRefusal) -> Decision {
    let n = decision.n.or_else(|| live(&decision.changes));
    // Reasons stand in the journal for ever: what was expected and found are words of the agency's.
    let GateRefusal { place, part, code, .. } = refusal;
    let text = format!("the page does not carry the words it should ({code} in {part} of {place})");
    let reason = Reason::new("gate-refusal", text);
    let ruling = Ruling { alarm: true, until: Some(news::Until::Person), ..Ruling::new(Act::Hold, reason) };
    Decision {
        ruling,
        n: decision.n,
        terms: decision.terms,
        changes: n.map(|n| Change::Version(n, VersionStanding::Held)).into_iter().collect(),
    }
}

/// The version that these changes put live, if they do.
pub(crate) fn live(changes: &[Change]) -> Option<u32> {
    changes.iter().rev().find_map(|change| match change {
        Change::Item(ItemStanding::Live(n)) => Some(*n),
        _ => None,
    })
}

/// Whether this version's words withdraw something that may bear another name.
pub(crate) fn withdraws_by_words(version: &Version) -> bool {
    classify(version).is_some_and(|notice| notice.effect >= Effect::Withholds)
}

/// Whether these changes take the item off all outputs.
pub(crate) fn recalls(changes: &[Change]) -> bool {
    changes.iter().any(|change| {
        matches!(change, Change::Item(ItemStanding::Withheld | ItemStanding::Killed | ItemStanding::Expired))
    })
}

/// When a version is public from: its own time where it was there before us, otherwise now.
pub(crate) fn published(own_time: bool, claimed: Option<Timestamp>, now: Timestamp) -> Timestamp {
    claimed.filter(|claimed| own_time && *claimed < now).unwrap_or(now)
}

/// How far back a kill that is known only from text looks for the item that it means.
const KILL_TEXT_DAYS: i64 = 30;
/// Among how many of them.
const CANDIDATES: usize = 10_000;

/// A version on which the desk has decided, and whose page is still to be pressed.
pub(crate) struct Draft {
    pub(crate) key: ItemKey,
    row: Option<StoryRow>,
    decision: Decision,
    /// Where it stands or will stand, before a decision dates it.
    places: Vec<Placement>,
    published: Timestamp,
    now: Timestamp,
    version: Version,
    ruled: Ruled,
}

/// A version whose page is pressed and whose entry is ready to be recorded.
pub(crate) struct Proof {
    pub(crate) decision: Decision,
    pub(crate) outcome: Outcome,
    pub(crate) feed: FeedId,
    pub(crate) work: Work,
}

impl Draft {
    /// Whether it takes something off the outputs, which no other version's page may keep waiting.
    pub(crate) fn is_urgent(&self) -> bool {
        self.decision.ruling.recall || decide::recalls(&self.decision.changes)
    }

    /// Whether it, or what it says of others, may change what readers see.
    pub(crate) fn goes_out(&self) -> bool {
        self.is_urgent() || decide::live(&self.decision.changes).is_some()
    }

    /// Whether it adds a version that would be published if nothing spoke against it.
    pub(crate) fn is_new(&self) -> bool {
        self.decision.n.is_some() && matches!(self.decision.ruling.act, Act::Publish | Act::Hold)
    }

    /// Step 5, and making ready what step 6 records. It asks the record and changes nothing, so any hand may do it.
    pub(crate) fn press(self, room: &Room) -> Result<Proof, StoreError> {
        let Draft { key, row, decision, places, published, now, version, mut ruled } = self;
        let feed = room.config.feed(&ruled.feed);
        let was_public = row.as_ref().is_some_and(|row| row.was_public);
        let fresh = VersionRow::of(&ruled, 0, now);
        let (decision, pages) =
            room.press(&key, row.clone(), decision, fresh, &ruled.placements, Some(&version), now)?;
        let mut placements = std::mem::take(&mut ruled.placements);
        if ruled.changes != decision.changes {
            placements = dated(&places, &decision.changes, was_public, published, now);
        }
        ruled.ruling = decision.ruling.clone();
        ruled.changes.clone_from(&decision.changes);
        let outcome = room.outcome(&key, &ruled, &placements);
        let mut leaves = match feed {
            Some(feed) => room.join(&key, row.as_ref(), &decision, feed, &version, &mut placements)?,
            None => vec![],
        };
        ruled.placements.clone_from(&placements);
        let words = decision.n.map(|n| vaulted(&key, n, version, &ruled));
        let received = Some(ruled.arrived);
        leaves.extend(room.leaves(&decision, row.as_ref(), &placements, feed, words.as_ref(), received));
        let (feed, gone) = (ruled.feed.clone(), gone(&decision.changes, was_public));
        let entry = Entry { at: now, fact: Fact::Ruled(Box::new(ruled)), words, leaves }.prepare()?;
        let work = Work { entry, key: Some(key), placements, pages, gone, since: received, then: None };
        Ok(Proof { decision, outcome, feed, work })
    }
}

/// Who moves what is due.
pub(crate) const CLOCK: &str = "clock";

/// A decision that no new version brought, and whose pages are still to be pressed.
pub(crate) struct Shift {
    pub(crate) key: ItemKey,
    pub(crate) row: Option<StoryRow>,
    pub(crate) decision: Decision,
    /// Who made it: [`CLOCK`], an operator, a document.
    pub(crate) by: String,
    /// What an operator who kills says.
    pub(crate) reason: Option<String>,
}

/// The same with its pages pressed and its entry ready to be recorded.
pub(crate) struct Shifted {
    row: Option<StoryRow>,
    decision: Decision,
    by: String,
    reason: Option<String>,
    outcome: Outcome,
    work: Work,
}

impl Shift {
    /// Step 5, and making ready what step 6 records. It asks the record and changes nothing, so any hand may do it.
    pub(crate) fn press(self, room: &Room) -> Result<Shifted, StoreError> {
        let Shift { key, row, decision, by, reason } = self;
        let now = room.clock.now();
        let goes_live = decide::live(&decision.changes);
        let words = match goes_live {
            Some(n) => room.sound_words(&key, n)?,
            None => None,
        };
        let version = words.as_ref().map(|words| &words.version);
        let stood = row.as_ref().and_then(|row| row.versions.iter().find(|v| Some(v.n) == goes_live));
        let own_time = stood.is_some_and(|v| v.reasons.iter().any(|reason| reason.code == "backlog"));
        let published = decide::published(own_time, version.and_then(Version::claimed_time), now);
        // Where its feed belongs by now: a site that was added while it waited gets it as well.
        let feed = stood.and_then(|v| room.config.feed(&v.feed));
        let review = stood.map_or(ReviewState::Unreviewed, |stood| stood.review);
        let places = room.place(&key, feed, row.as_ref(), published, version, review);
        let was_public = row.as_ref().is_some_and(|row| row.was_public);
        let placements = dated(&places, &decision.changes, was_public, published, now);
        let (decision, pages) = room.press(&key, row.clone(), decision, None, &placements, version, now)?;
        let placements = dated(&places, &decision.changes, was_public, published, now);
        let leaves = room.leaves(&decision, row.as_ref(), &placements, feed, words.as_ref(), None);
        let moved = Moved {
            key: key.clone(),
            changes: decision.changes.clone(),
            ruling: decision.ruling.clone(),
            by: by.clone(),
            placements: placements.clone(),
            killed_reason: reason.clone().filter(|_| kills(&decision.changes)),
        };
        let outcome = Outcome {
            key: key.clone(),
            version: row
                .as_ref()
                .and_then(|row| row.versions.last())
                .map(|v| v.stamp.raw.clone())
                .unwrap_or_default(),
            ruling: decision.ruling.clone(),
            url: room.url(&placements),
            copy_hash: None,
            transmission: None,
            unconfirmed: false,
        };
        let work = Work {
            entry: Entry { at: now, fact: Fact::Moved(Box::new(moved)), words: None, leaves }.prepare()?,
            key: Some(key),
            placements,
            pages,
            gone: gone(&decision.changes, was_public),
            since: None,
            then: None,
        };
        Ok(Shifted { row, decision, by, reason, outcome, work })
    }
}

impl Desk {
    /// Step 4 for one version.
    pub(crate) fn rule(
        &mut self,
        feed: &Feed,
        archived: &Archived,
        contact: Contact,
        no: u32,
        version: Version,
    ) -> Result<Draft, StoreError> {
        let room = Arc::clone(&self.room);
        for (relation, reference) in desk::targets(&version) {
            let target = ItemKey { agency: feed.agency().clone(), uri: reference.uri.clone() };
            self.fall(target, relation, reference.when, &version.uri)?;
        }
        let orders = classify(&version);
        self.heed_kill_text(feed, &version, orders.as_ref())?;

        let key = ItemKey { agency: feed.agency().clone(), uri: version.uri.clone() };
        self.close(&key)?;
        let row = room.store.story(&key)?;
        let now = room.clock.now();
        let hold = (room.hold_all(), self.lookout.holds(feed.id()));
        let routed =
            desk::route::routed(feed.routes.iter(), &version, feed.id().as_str(), feed.agency().as_str());
        let nowhere = feed.sites.iter().all(|site| routed.not_on.contains(site));
        let policy = decide::policy(&room.config, feed, row.as_ref(), archived, &version, contact, hold);
        let policy = Policy {
            route_hold: routed.hold.clone(),
            route_ignore: routed
                .ignore
                .clone()
                .or_else(|| nowhere.then(|| "the routes ignore it on every site of its feed".to_owned())),
            over_cap: contact != Contact::ByHand && self.caps.is_reached(feed, now),
            ..policy
        };
        // Never by the wall alone: a clock that was stepped forward must not end an embargo on arrival.
        let certain = room.clock.not_after();
        let seen = self.lookout.look(feed.id(), feed.rules(), &key, row.as_ref(), &version, now);
        let sight = Seen::sight(seen.as_ref(), orders.as_ref());
        let decision = desk::decide(&decide::story_of(row.as_ref()), &version, &policy, &sight, certain);
        let own_time = policy.first_contact || policy.exempt && is_old(version.claimed_time(), now);
        let published = decide::published(own_time, version.claimed_time(), now);
        let review = ReviewState::Unreviewed;
        let places = room.place(&key, Some(feed), row.as_ref(), published, Some(&version), review);
        let mut places = places;
        route(&mut places, row.as_ref(), &routed, decide::contract(&room.config, Some(feed), row.as_ref()));
        let was_public = row.as_ref().is_some_and(|row| row.was_public);
        let ruled = Ruled {
            key: key.clone(),
            feed: feed.id().clone(),
            transmission: Some(archived.id()),
            item_no: no,
            span: version.span.start as u64..version.span.end as u64,
            raw_hash: Digest::of(archived.bytes().get(version.span.clone()).unwrap_or_default()),
            n: decision.n,
            stamp: version.version.clone(),
            claimed: version.claimed_time(),
            arrived: archived.arrived(),
            status: version.status.as_str().to_owned(),
            ruling: decision.ruling.clone(),
            changes: decision.changes.clone(),
            copy_hash: version.copy.copy_hash(),
            role_hash: version.copy.role_hash(),
            copy_empty: version.copy.is_empty(),
            embargo: decision.terms.map_or(version.embargo, |terms| terms.embargo),
            expires: decision.terms.map_or(version.expires, |terms| terms.expires),
            terms: decision.terms.map(|terms| Terms {
                n: terms.n,
                embargo: terms.embargo,
                expires: terms.expires,
                withheld: terms.withheld,
            }),
            language: version.language.clone(),
            review,
            routed: (!routed.routes.is_empty()).then_some(RoutedRow {
                routes: routed.routes,
                tags: routed.tags,
                priority: routed.priority,
            }),
            quiet: policy.first_contact && !was_public,
            revision: None,
            placements: dated(&places, &decision.changes, was_public, published, now),
            ties: match decision.n {
                Some(_) => self.lookout.ties(&room, &key, &version, seen.as_ref(), now)?,
                None => Vec::new(),
            },
            complaints: version.complaints.iter().map(ComplaintRow::from).collect(),
        };
        for complaint in &version.complaints {
            room.health.complaint(feed.id(), complaint);
        }
        self.watched(feed, &key, row.as_ref(), &version, seen.as_ref(), &decision)?;
        self.foresee_fate(&key, row.as_ref(), Some(feed.id()), &decision.changes);
        if !was_public && is_granted(&decision) {
            self.caps.count(feed, now);
        }
        Ok(Draft { key, row, decision, places, published, now, version, ruled })
    }

    /// The complaint about an item on which the desk could not rule, for what the record or our own code is at fault.
    pub(crate) fn undecided(
        &self,
        feed: &FeedId,
        no: u32,
        uri: &str,
        failed: Option<StoreError>,
    ) -> Complaint {
        let (code, why) = match failed {
            Some(error) => ("record-damaged", error.to_string()),
            None => ("desk-failed", "deciding about it failed; please report what the log says".to_owned()),
        };
        tracing::error!(%feed, %uri, "no ruling: {why}");
        self.room.health.alarm(self.room.clock.now(), format!("{uri}: no ruling: {why}"));
        let mut complaint = Complaint::new(
            Gravity::Lost,
            code,
            format!("{why}; its bytes are archived, nothing of it is published"),
        );
        complaint.place.item = usize::try_from(no).ok();
        complaint
    }

    /// Another version of this item may not be decided before its last decision is durable.
    pub(crate) fn close(&mut self, key: &ItemKey) -> Result<(), StoreError> {
        if self.open.contains(key) { self.commit() } else { Ok(()) }
    }

    /// Another document says that this item is withdrawn.
    pub(crate) fn fall(
        &mut self,
        key: ItemKey,
        relation: Relation,
        when: Option<Timestamp>,
        by: &str,
    ) -> Result<(), StoreError> {
        self.close(&key)?;
        let row = self.room.store.story(&key)?;
        let decision =
            desk::fall(&decide::story_of(row.as_ref()), relation, when, self.room.clock.not_after());
        self.shift(key, row, decision, &format!("document {by}"), None).map(drop)
    }

    /// The words of a transmission whose turn has not come withdraw something: what it is of all that is recorded is off
    /// from now on. What is recorded until then is looked through in its turn.
    pub(crate) fn heed_early(&mut self, version: &Version, feed: &FeedId) -> Result<(), StoreError> {
        let room = Arc::clone(&self.room);
        let Some(feed) = room.config.feed(feed) else { return Ok(()) };
        self.heed_kill_text(feed, version, classify(version).as_ref())?;
        let own = ItemKey { agency: feed.agency().clone(), uri: version.uri.clone() };
        self.heeded.insert((own, version.copy.copy_hash()));
        self.commit()
    }

    /// The same, of one that lay in the tray.
    pub(crate) fn heed_next(&mut self, version: &Version, feed: &FeedId) -> Result<(), StoreError> {
        self.room.notices.fetch_sub(1, Ordering::SeqCst);
        self.heed_early(version, feed)
    }

    /// A kill that is known only from its text holds what it means, at once.
    pub(crate) fn heed_kill_text(
        &mut self,
        feed: &Feed,
        version: &Version,
        orders: Option<&TextKill>,
    ) -> Result<(), StoreError> {
        let Some(notice) = orders.filter(|notice| notice.effect >= Effect::Withholds) else { return Ok(()) };
        let room = Arc::clone(&self.room);
        self.commit()?;
        let since = room
            .clock
            .now()
            .saturating_sub(SignedDuration::from_hours(24 * KILL_TEXT_DAYS))
            .unwrap_or(Timestamp::MIN);
        let own = ItemKey { agency: feed.agency().clone(), uri: version.uri.clone() };
        let heeded = self.heeded.remove(&(own.clone(), version.copy.copy_hash()));
        let recorded = room
            .store
            .story(&own)?
            .is_some_and(|row| row.versions.iter().any(|known| known.copy_hash == version.copy.copy_hash()));
        let rows = room.store.candidates(feed.agency(), since, CANDIDATES)?;
        let candidates: Vec<Candidate> = rows
            .into_iter()
            .filter(|row| row.key.uri != version.uri)
            .map(|row| Candidate {
                uri: row.key.uri,
                headline: row.headline,
                slugline: row.slugline,
                number: row.number,
                at: row.arrived,
            })
            .collect();
        for hit in matching(notice, &candidates) {
            let Some(candidate) = candidates.get(hit.candidate) else { continue };
            let key = ItemKey { agency: feed.agency().clone(), uri: candidate.uri.clone() };
            let row = room.store.story(&key)?;
            if (heeded || recorded) && row.as_ref().is_some_and(is_released) {
                // Somebody has read this very notice and let the story go all the same.
                continue;
            }
            let decision =
                desk::suspend(&decide::story_of(row.as_ref()), hit.rule.as_str(), room.clock.now());
            self.shift(key, row, decision, &format!("document {}", version.uri), None)?;
        }
        Ok(())
    }

    /// Records a decision that no new version brought: an operator's, the clock's, another document's.
    pub(crate) fn shift(
        &mut self,
        key: ItemKey,
        row: Option<StoryRow>,
        decision: Decision,
        by: &str,
        reason: Option<String>,
    ) -> Result<Outcome, StoreError> {
        let shift = Shift { key, row, decision, by: by.to_owned(), reason };
        let (outcome, work) = self.shifted(shift.press(&self.room)?)?;
        if let Some(work) = work {
            let killed = work.gone == Some(ItemStanding::Killed);
            self.lay(work)?;
            // At the start nobody is there to see it yet, and the kill file has it.
            if killed && self.at_work {
                self.commit()?;
            }
        }
        Ok(outcome)
    }

    /// What follows from such a decision at once, and what is to be recorded of it, if anything is.
    pub(crate) fn shifted(&mut self, shifted: Shifted) -> Result<(Outcome, Option<Work>), StoreError> {
        let Shifted { row, decision, by, reason, outcome, work } = shifted;
        let key = &outcome.key;
        self.foresee_fate(key, row.as_ref(), None, &decision.changes);
        if decide::recalls(&decision.changes) {
            self.withdraw(key, &decision, &work.placements, &by, reason.as_deref())?;
        }
        if decision.changes.is_empty() && !decision.ruling.alarm && by == CLOCK {
            return Ok((outcome, None));
        }
        let (uri, ruling) = (&key.uri, decision.ruling.act.as_str());
        let why = decision.ruling.reasons.first().map_or("", |reason| reason.text.as_str());
        if decision.ruling.alarm {
            tracing::error!(%uri, by, ruling, "{why}");
            self.room.health.alarm(self.room.clock.now(), format!("{uri}: {why}"));
        } else {
            tracing::info!(%uri, by, ruling, "{why}");
        }
        Ok((outcome, Some(work)))
    }

    pub(crate) fn announce(&self, outcome: &Outcome, feed: &news::FeedId) {
        let ruling = &outcome.ruling;
        self.room.health.ruled(feed, ruling.act);
        let reason = outcome.reason().map_or("", |reason| reason.text.as_str());
        if ruling.alarm {
            tracing::error!(%feed, uri = %outcome.key.uri, ruling = ruling.act.as_str(), "{reason}");
            self.room.health.alarm(self.room.clock.now(), format!("{}: {reason}", outcome.key.uri));
        } else {
            tracing::info!(%feed, uri = %outcome.key.uri, ruling = ruling.act.as_str(), "{reason}");
        }
    }
}

impl Room {
    pub(crate) fn outcome(&self, key: &ItemKey, ruled: &Ruled, placements: &[Placement]) -> Outcome {
        Outcome {
            key: key.clone(),
            version: ruled.stamp.raw.clone(),
            ruling: ruled.ruling.clone(),
            url: self.url(placements),
            copy_hash: (!ruled.copy_empty).then_some(ruled.copy_hash),
            transmission: ruled.transmission,
            unconfirmed: false,
        }
    }

    pub(crate) fn url(&self, placements: &[Placement]) -> Option<String> {
        placements.iter().find_map(|placement| {
            Some(story_url(self.config.site(&placement.site)?.base_url(), placement.id))
        })
    }
}

pub(crate) fn is_old(claimed: Option<Timestamp>, now: Timestamp) -> bool {
    claimed.is_some_and(|claimed| now.duration_since(claimed) > SignedDuration::from_hours(24))
}

/// Puts the story where the routes want it, as far as its contract allows. Where it stands already it stays.
fn route(
    places: &mut Vec<Placement>,
    row: Option<&StoryRow>,
    routed: &desk::route::Routed,
    contract: Option<Contract>,
) {
    places.retain(|place| {
        row.is_some_and(|row| row.placement(&place.site).is_some()) || !routed.not_on.contains(&place.site)
    });
    for place in places {
        if let Some(sections) = routed.sections_on(&place.site) {
            let allowed =
                |section: &&String| contract.as_ref().is_none_or(|contract| contract.allows_section(section));
            place.sections = sections.iter().filter(allowed).cloned().collect();
        }
    }
}

/// Whether it puts a version live, now or by the clock.
fn is_granted(decision: &Decision) -> bool {
    live(&decision.changes).is_some()
        || decision.n.is_some() && matches!(decision.ruling.until, Some(news::Until::Instant(_)))
}

/// Whether a person let the live version go.
pub(crate) fn is_released(row: &StoryRow) -> bool {
    let ItemStanding::Live(n) = row.standing else { return false };
    let by_hand = [desk::code::RELEASED, desk::code::RELEASED_AFTER_KILL];
    row.version(n).is_some_and(|live| by_hand.contains(&live.reason.as_str()))
}
