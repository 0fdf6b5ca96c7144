//! A person of the publisher has reviewed or changed the words of a version: a version of its own comes of it.

use jiff::Timestamp;
use news::{Act, Change, ItemStanding, Reason, ReviewState, Ruling, VersionStanding};

use crate::decide::goes_live;
use crate::operate::{may_release, meant, named};
use crate::{Decision, Known, RefuseCommandError, Story, Terms, code};

/// Which version it is about, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revised {
    /// The version that was looked at.
    pub of: u32,
    /// The version of the agency's that it stems from.
    pub from: u32,
    /// What is recorded.
    pub decision: Decision,
}

/// Decides about a version that a person reviewed or changed: what is live, or what waits for a person; `n` names
/// another. `from` is what each known version was made from, where it was made here.
///
/// # Errors
/// [`RefuseCommandError`] if the version may not be public, or stands where it cannot be.
pub fn revise(
    story: &Story,
    n: Option<u32>,
    state: ReviewState,
    text: &str,
    from: impl Fn(u32) -> Option<u32>,
    now: Timestamp,
) -> Result<Revised, RefuseCommandError> {
    let base = base(story, n, now)?;
    let next = story.next_ordinal();
    let code = match state {
        ReviewState::Altered => code::ALTERED,
        ReviewState::Edited => code::EDITED,
        _ => code::REVIEWED,
    };
    let act = if story.live().is_some() { Act::Update } else { Act::Publish };
    let mut decision = Decision {
        ruling: Ruling::new(act, Reason::new(code, text)),
        n: Some(next),
        changes: vec![Change::Version(next, VersionStanding::Live)],
        terms: Some(Terms { n: next, embargo: base.embargo, expires: base.expires, withheld: base.withheld }),
    };
    goes_live(story, next, &mut decision);
    if base.standing == VersionStanding::Held {
        // It went live in another form; itself it waits no longer.
        decision.version(base.n, VersionStanding::Superseded);
    }
    Ok(Revised { of: base.n, from: from(base.n).unwrap_or(base.n), decision })
}

fn base(story: &Story, n: Option<u32>, now: Timestamp) -> Result<&Known, RefuseCommandError> {
    if story.standing == ItemStanding::Killed {
        return Err(RefuseCommandError::Killed);
    }
    let base = match (n, story.live()) {
        (Some(n), _) => named(story, n)?,
        (None, Some(live)) => live,
        (None, None) if story.known.is_empty() => return Err(RefuseCommandError::Unseen),
        (None, None) => {
            meant(story, now).ok_or(RefuseCommandError::NothingHeld { standing: story.standing })?
        }
    };
    if base.standing != VersionStanding::Live {
        may_release(story, base, now)?;
        match base.embargo {
            Some(news::Embargo::Until(until)) if until > now => {
                return Err(RefuseCommandError::Embargoed { n: base.n, until });
            }
            _ => {}
        }
    }
    Ok(base)
}
