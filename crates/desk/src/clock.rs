//! What the clock does: embargoes end, licences end.

use jiff::Timestamp;
use news::{Act, ItemStanding, Reason, VersionStanding};

use crate::decide::{expired, goes_live};
use crate::fall::hold;
use crate::{Decision, Known, Story, code};

/// What is due at `now`, if anything. Once the decision is applied, the next call at the same instant finds what
/// else is due, and in the end `None`.
///
/// Where several instants have passed (after an outage), the newest waiting version goes live and the others are
/// overtaken. While the operator holds everything, call [`tick_on_hold`] instead.
pub fn tick(story: &Story, now: Timestamp) -> Option<Decision> {
    due(story, now, false)
}

/// The same while the operator holds everything: licences end, but an embargo that ends leaves its version to a
/// person.
pub fn tick_on_hold(story: &Story, now: Timestamp) -> Option<Decision> {
    due(story, now, true)
}

/// When [`tick`] has something to do next; an instant in the past if something is due.
pub fn next_due(story: &Story) -> Option<Timestamp> {
    story.known.iter().filter_map(|known| instant(story, known)).min()
}

/// When this version is due.
fn instant(story: &Story, known: &Known) -> Option<Timestamp> {
    if story.standing == ItemStanding::Killed {
        return None;
    }
    match known.standing {
        VersionStanding::Waiting(instant) => Some(instant),
        VersionStanding::Live | VersionStanding::Recalled => known.expires,
        _ => None,
    }
}

fn due(story: &Story, now: Timestamp, on_hold: bool) -> Option<Decision> {
    let is_due = |known: &Known| instant(story, known).is_some_and(|instant| instant <= now);
    let waiting = |known: &Known| is_due(known) && matches!(known.standing, VersionStanding::Waiting(_));
    if let Some(known) = story.newest_of(waiting) {
        return Some(lift(story, known, now, on_hold));
    }
    let known = story.newest_of(|known| is_due(known))?;
    let end = known.expires?;
    Some(expired(story, known.n, vec![Reason::new(code::EXPIRED, format!("the licence ended at {end}"))]))
}

fn lift(story: &Story, known: &Known, now: Timestamp, on_hold: bool) -> Decision {
    if let Some(end) = known.expires
        && end <= now
    {
        return expired(
            story,
            known.n,
            vec![Reason::new(code::EXPIRED, format!("the licence ended at {end}, before it began"))],
        );
    }
    if on_hold {
        let mut decision = hold(code::HOLD_ALL, "the embargo ended while the operator holds everything");
        decision.version(known.n, VersionStanding::Held);
        return decision;
    }
    let act = if story.live().is_some() { Act::Update } else { Act::Publish };
    let mut decision = Decision::new(act, code::EMBARGO_LIFTED, "the embargo ended");
    decision.version(known.n, VersionStanding::Live);
    goes_live(story, known.n, &mut decision);
    decision
}
