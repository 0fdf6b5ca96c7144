//! Step 4: brings together what the desk needs to know, asks it, and never decides anything itself.

use desk::{Decision, Known, Policy, Story};
use jiff::Timestamp;
use news::{Act, Change, ItemStanding, Reason, Ruling, Version, VersionStanding};
use press::GateRefusal;
use store::{Archived, StoryRow};

use crate::config::{Config, Feed};
use crate::main_loop::Contact;

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
                reason: version.reason.clone(),
                embargo: version.embargo,
                expires: version.expires,
            })
            .collect(),
        recent_changes: row.recent_changes.clone(),
    }
}

/// The feed's rules and contract, for one version.
///
/// First contact spares readers a flood of old stories. What was there before the feed was added belongs to it, dated
/// or not; of a list that is the first that somebody sends, only what says itself that it is old.
pub(crate) fn policy(
    config: &Config,
    feed: &Feed,
    archived: &Archived,
    version: &Version,
    contact: Contact,
    hold_all: bool,
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
        expire_after: config.agency(feed.agency()).and_then(crate::config::Agency::expire_after),
        hold_all,
        safety: feed.safety(),
    }
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
