//! Another document names an item: a kill by reference, or words that may mean it.

use jiff::Timestamp;
use news::{Act, ItemStanding, Reason, Reference, Relation, Ruling, Until, Version, VersionStanding};

use crate::decide::{fell, guard, recall, stop_waiting};
use crate::{Decision, Known, Story, code};

/// The items, other than itself, that a document withdraws or withholds: `management-doc-idref` with its status
/// (NITF 3.x), `at:deleted-entry` (RFC 6721), a canceled member of a package. Such a document is never published.
pub fn targets(version: &Version) -> Vec<(Relation, &Reference)> {
    let withdraws =
        |r: &&Reference| matches!(r.relation, Relation::Kills | Relation::Withholds) && r.uri != version.uri;
    version.references.iter().filter(withdraws).map(|reference| (reference.relation, reference)).collect()
}

/// Decides about an item that another document names as canceled ([`Relation::Kills`]) or withheld
/// ([`Relation::Withholds`]); of an item never seen it is remembered. Any other relation changes nothing.
///
/// `when` is the instant of the withdrawal, where the document says one: what was updated after it stands
/// (RFC 6721 §3).
pub fn fall(story: &Story, relation: Relation, when: Option<Timestamp>, _now: Timestamp) -> Decision {
    if story.standing == ItemStanding::Killed {
        return Decision::new(Act::Ignore, code::ALREADY_KILLED, "the item is killed already");
    }
    let updated = story.live().or_else(|| story.newest()).and_then(|known| known.claimed);
    if let (Some(when), Some(updated)) = (when, updated)
        && updated > when
    {
        let text = format!("withdrawn at {when}, but updated at {updated}");
        return Decision::new(Act::Ignore, code::DELETED_BEFORE_UPDATE, text);
    }
    match relation {
        Relation::Kills => killed_by_another(story),
        Relation::Withholds => withheld_by_another(story),
        _ => Decision::new(Act::Ignore, code::ALREADY_SO, "the relation withdraws nothing"),
    }
}

fn killed_by_another(story: &Story) -> Decision {
    let mut decision = match story.known.is_empty() {
        true => Decision::new(
            Act::Kill,
            code::KILLED_UNSEEN,
            "canceled by another document, and never came: remembered",
        ),
        false => Decision::new(
            Act::Kill,
            code::KILLED_BY_ANOTHER,
            "another document of the agency's cancels the item",
        ),
    };
    fell(story, &mut decision);
    decision
}

fn withheld_by_another(story: &Story) -> Decision {
    let text = "another document of the agency's withholds the item";
    let mut decision = hold(code::WITHHELD_BY_ANOTHER, text);
    if story.known.is_empty() && story.standing == ItemStanding::Unpublished {
        decision.item(ItemStanding::Withheld);
    }
    recall(story, &mut decision);
    stop_waiting(story, &mut decision);
    take_over(story, &mut decision, code::WITHHELD_BY_ANOTHER);
    unless_idle(decision, "the item is off already")
}

/// Decides about an item that the words of another document seem to kill or withhold, as
/// [`kill_text::matching`](crate::kill_text::matching) found: it is recalled and held for a person, who is told.
/// `rule` names the rule that matched.
pub fn suspend(story: &Story, rule: &str, _now: Timestamp) -> Decision {
    if story.standing == ItemStanding::Killed {
        return Decision::new(Act::Ignore, code::ALREADY_KILLED, "the item is killed already");
    }
    let text = format!("another document's words kill or withhold it ({rule}), and no status says so");
    let mut decision = hold(code::KILL_TEXT, text);
    decision.ruling.alarm = true;
    recall(story, &mut decision);
    stop_waiting(story, &mut decision);
    take_over(story, &mut decision, code::KILL_TEXT);
    if decision.changes.is_empty()
        && guard(story).is_none()
        && let Some(known) = story.newest()
    {
        // Its licence has ended, or a person did not want it; what comes after it waits for a person all the same.
        decision.version(known.n, known.standing);
    }
    unless_idle(decision, "nothing of the item is public or waits")
}

/// Where nothing was public and nothing waited for the clock, the newest version that a person might still release
/// is held for this graver reason.
fn take_over(story: &Story, decision: &mut Decision, code: &str) {
    let open = |known: &Known| {
        is_off_for_now(known.standing)
            || known.standing == VersionStanding::Ignored && known.reason == code::BACKLOG
    };
    let held_for_it = story.known.iter().any(|known| is_off_for_now(known.standing) && known.reason == code);
    if decision.changes.is_empty()
        && !held_for_it
        && let Some(known) = story.newest_of(open)
    {
        let recalled = known.standing == VersionStanding::Recalled;
        decision.version(known.n, if recalled { VersionStanding::Recalled } else { VersionStanding::Held });
    }
}

/// Whether the version is off, and may come back.
pub(crate) fn is_off_for_now(standing: VersionStanding) -> bool {
    matches!(standing, VersionStanding::Held | VersionStanding::Recalled)
}

pub(crate) fn hold(code: &'static str, text: impl Into<String>) -> Decision {
    let ruling = Ruling { until: Some(Until::Person), ..Ruling::new(Act::Hold, Reason::new(code, text)) };
    Decision { ruling, n: None, changes: Vec::new(), terms: None }
}

/// The decision, or one that says that there is nothing to change.
fn unless_idle(decision: Decision, text: &str) -> Decision {
    match decision.changes.is_empty() {
        true => Decision::new(Act::Ignore, code::ALREADY_SO, text),
        false => decision,
    }
}
