//! What the operator may do with an item.

use std::fmt;

use jiff::Timestamp;
use news::{Act, Embargo, ItemStanding, Until, VersionStanding};

use crate::decide::{fell, goes_live, guard, overtakes, recall, waits};
use crate::fall::{hold, is_off_for_now};
use crate::{Decision, Known, Story, code};

/// A command of the operator's about one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Withdraw the item everywhere and for good, also before it ever came.
    Kill {
        /// Why, in the operator's words.
        reason: String,
    },
    /// Take the item off; every further version waits for a person too.
    Hold,
    /// Publish a version that waits for a person; the newest that may be released if `n` is `None`.
    Release {
        /// The version's ordinal.
        n: Option<u32>,
    },
    /// Refuse a version that waits; the newest that does if `n` is `None`. What is live stays.
    Spike {
        /// The version's ordinal.
        n: Option<u32>,
    },
}

/// A command cannot be carried out as the item stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefuseCommandError {
    /// Nothing of the item ever came.
    Unseen,
    /// The item has no version with this ordinal.
    NoSuchVersion {
        /// The ordinal asked for.
        n: u32,
        /// How many versions there are.
        known: usize,
    },
    /// The item is killed; a version of it can only be released by name.
    Killed,
    /// No version waits for a person.
    NothingHeld {
        /// Where the item stands.
        standing: ItemStanding,
    },
    /// The version's embargo ends later.
    Embargoed {
        /// The version's ordinal.
        n: u32,
        /// When it goes live by itself.
        until: Timestamp,
    },
    /// The agency withholds it.
    Withheld {
        /// The version's ordinal.
        n: u32,
    },
    /// Its licence ended.
    Expired {
        /// The version's ordinal.
        n: u32,
    },
    /// There is nothing of it that could be published.
    Unpublishable {
        /// The version's ordinal.
        n: u32,
        /// The code of the reason.
        reason: String,
    },
    /// It stands where the command cannot reach it.
    Stands {
        /// What was asked for: `release`, `spike`, `hold`.
        command: &'static str,
        /// The version's ordinal.
        n: u32,
        /// Where it stands.
        standing: VersionStanding,
    },
}

impl fmt::Display for RefuseCommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unseen => f.write_str("nothing of this item ever came; check the uri, or kill it to keep it out"),
            Self::NoSuchVersion { n, known } => write!(f, "the item has no version {n}, only {known} in all; list them first"),
            Self::Killed => f.write_str(
                "the item is killed; if a later version of it is to be published all the same, release that version by its number",
            ),
            Self::NothingHeld { standing } => {
                write!(f, "the item is {} and no version of it waits for a person", standing.as_str())
            }
            Self::Embargoed { n, until } => write!(
                f,
                "version {n} is under embargo until {until} and nothing can make it public before; what waits goes live by itself then, or can be spiked, held or killed"
            ),
            Self::Withheld { n } => write!(
                f,
                "the agency withholds version {n}; it can go live when the agency delivers the item as usable, not before"
            ),
            Self::Expired { n } => write!(f, "the licence of version {n} has ended; only the agency can extend it"),
            Self::Unpublishable { n, reason } => {
                write!(f, "there is nothing in version {n} that could be published ({reason}); it can be spiked")
            }
            Self::Stands { command, n, standing } => write!(
                f,
                "cannot {command} version {n}: it is {}; {}",
                standing.as_str(),
                way_out(*standing)
            ),
        }
    }
}

/// What can be done about a version that stands so.
fn way_out(standing: VersionStanding) -> &'static str {
    match standing {
        VersionStanding::Live => "hold the item or kill it instead",
        VersionStanding::Superseded => "a later version took its place",
        VersionStanding::Held | VersionStanding::Waiting(_) => "release it or spike it",
        VersionStanding::Spiked => "it was refused for good; the agency's next version comes through",
        VersionStanding::Ignored => "it was only recorded",
        VersionStanding::Recalled => "release it, or kill the item",
        VersionStanding::Killed => "its words are gone",
        VersionStanding::Expired => "its licence has ended",
    }
}

impl std::error::Error for RefuseCommandError {}

/// Decides about a command. A command that asks for what is so already is no error: it changes nothing.
///
/// # Errors
/// [`RefuseCommandError`] if the item or the version stands where the command cannot reach it; it says what can.
pub fn operate(story: &Story, command: &Command, now: Timestamp) -> Result<Decision, RefuseCommandError> {
    match command {
        Command::Kill { reason } => Ok(kill(story, reason)),
        Command::Hold => put_on_hold(story),
        Command::Release { n } => release(story, *n, now),
        Command::Spike { n } => spike(story, *n),
    }
}

fn already(text: &str) -> Decision {
    Decision::new(Act::Ignore, code::ALREADY_SO, text)
}

fn kill(story: &Story, reason: &str) -> Decision {
    if story.standing == ItemStanding::Killed {
        return Decision::new(Act::Ignore, code::ALREADY_KILLED, "the item is killed already");
    }
    let mut decision = match story.known.is_empty() {
        true => Decision::new(
            Act::Kill,
            code::KILLED_UNSEEN,
            format!("killed by the operator before it came: {reason}"),
        ),
        false => Decision::new(Act::Kill, code::OPERATOR_KILL, format!("killed by the operator: {reason}")),
    };
    fell(story, &mut decision);
    decision
}

fn put_on_hold(story: &Story) -> Result<Decision, RefuseCommandError> {
    if story.standing == ItemStanding::Killed {
        return Err(RefuseCommandError::Killed);
    }
    if guard(story) == Some(code::OPERATOR_HOLD) {
        return Ok(already("the operator holds the item already"));
    }
    let mut decision = hold(code::OPERATOR_HOLD, "held by the operator");
    recall(story, &mut decision);
    for known in &story.known {
        if matches!(known.standing, VersionStanding::Waiting(_)) {
            decision.version(known.n, VersionStanding::Held);
        }
    }
    if decision.changes.is_empty() {
        let off = |known: &Known| is_off_for_now(known.standing);
        let passed_over =
            |known: &Known| known.standing == VersionStanding::Ignored && known.reason == code::BACKLOG;
        let Some(known) = story.newest_of(off).or_else(|| story.newest_of(passed_over)) else {
            return Err(match story.known.is_empty() {
                true => RefuseCommandError::Unseen,
                false => RefuseCommandError::NothingHeld { standing: story.standing },
            });
        };
        let standing =
            if known.standing == VersionStanding::Ignored { VersionStanding::Held } else { known.standing };
        decision.version(known.n, standing);
    }
    Ok(decision)
}

pub(crate) fn named(story: &Story, n: u32) -> Result<&Known, RefuseCommandError> {
    let missing = RefuseCommandError::NoSuchVersion { n, known: story.known.len() };
    if story.known.is_empty() { Err(RefuseCommandError::Unseen) } else { story.version(n).ok_or(missing) }
}

fn release(story: &Story, n: Option<u32>, now: Timestamp) -> Result<Decision, RefuseCommandError> {
    let known = match n {
        Some(n) => named(story, n)?,
        None if story.standing == ItemStanding::Killed => return Err(RefuseCommandError::Killed),
        None => match meant(story, now) {
            Some(known) => known,
            None => return nothing_to_release(story),
        },
    };
    if story.standing == ItemStanding::Live(known.n) {
        return Ok(already("the version is live already"));
    }
    may_release(story, known, now)?;
    let later = |other: &Known| {
        other.n != known.n
            && !overtakes(known, other)
            && matches!(other.standing, VersionStanding::Waiting(_))
    };
    if let Some(Known { n, standing: VersionStanding::Waiting(until), .. }) = story.newest_of(later) {
        // The agency put the item under embargo after this version: that holds for all of it.
        return Err(RefuseCommandError::Embargoed { n: *n, until: *until });
    }
    match known.embargo {
        // A killed item never comes back by a clock.
        Some(Embargo::Until(until)) if until > now && story.standing == ItemStanding::Killed => {
            Err(RefuseCommandError::Embargoed { n: known.n, until })
        }
        _ => Ok(released(story, known, now)),
    }
}

/// Why there is nothing that a release without a number could mean.
fn nothing_to_release(story: &Story) -> Result<Decision, RefuseCommandError> {
    if story.live().is_some() {
        return Ok(already("the item is live, and no version waits for a person"));
    }
    if story.known.is_empty() {
        return Err(RefuseCommandError::Unseen);
    }
    let open = |known: &Known| {
        is_off_for_now(known.standing) || matches!(known.standing, VersionStanding::Waiting(_))
    };
    match story.newest_of(open).map(|known| may_release(story, known, Timestamp::MIN)) {
        Some(Err(refused)) => Err(refused),
        _ => Err(RefuseCommandError::NothingHeld { standing: story.standing }),
    }
}

/// The version that a release without a number means: what the operator's hold or somebody's words took off;
/// else the newest that waits for a person; else one that was passed over as old.
pub(crate) fn meant(story: &Story, now: Timestamp) -> Option<&Known> {
    let able = |known: &Known| {
        may_release(story, known, now).is_ok() && known.standing != VersionStanding::Superseded
    };
    let on_order = |known: &Known| {
        let recalled = known.standing == VersionStanding::Recalled;
        able(known) && (known.reason == code::OPERATOR_HOLD || recalled && known.reason == code::KILL_TEXT)
    };
    let held = |known: &Known| able(known) && known.standing != VersionStanding::Ignored;
    story.newest_of(on_order).or_else(|| story.newest_of(held)).or_else(|| story.newest_of(able))
}

pub(crate) fn may_release(story: &Story, known: &Known, now: Timestamp) -> Result<(), RefuseCommandError> {
    let n = known.n;
    match known.standing {
        VersionStanding::Waiting(until) if until > now => {
            return Err(RefuseCommandError::Embargoed { n, until });
        }
        VersionStanding::Waiting(_) | VersionStanding::Held | VersionStanding::Recalled => {}
        VersionStanding::Ignored if known.reason == code::BACKLOG => {}
        VersionStanding::Ignored
            if known.reason == code::NOT_FOR_PUBLICATION || known.reason == code::NOT_TEXT =>
        {
            return Err(RefuseCommandError::Unpublishable { n, reason: known.reason.clone() });
        }
        standing => return Err(RefuseCommandError::Stands { command: "release", n, standing }),
    }
    match known.reason.as_str() {
        code::WITHHELD | code::WITHHELD_BY_ANOTHER => return Err(RefuseCommandError::Withheld { n }),
        code::EMBARGOED if known.standing == VersionStanding::Recalled => {
            return Err(RefuseCommandError::Withheld { n });
        }
        code::EMPTY | code::LOST => {
            return Err(RefuseCommandError::Unpublishable { n, reason: known.reason.clone() });
        }
        _ => {}
    }
    // Whatever else keeps it off, the agency withholds it, or the item with a later version.
    let withheld = |other: &&Known| other.withheld && !overtakes(known, other);
    if let Some(other) = [Some(known), story.newest_of_agency()].into_iter().flatten().find(withheld) {
        return Err(RefuseCommandError::Withheld { n: other.n });
    }
    match known.expires {
        Some(end) if end <= now => Err(RefuseCommandError::Expired { n }),
        _ => Ok(()),
    }
}

fn released(story: &Story, known: &Known, now: Timestamp) -> Decision {
    if let Some(Embargo::Until(instant)) = known.embargo
        && instant > now
    {
        let mut decision = hold(code::RELEASED, format!("released by the operator; not before {instant}"));
        decision.ruling.until = Some(Until::Instant(instant));
        decision.version(known.n, VersionStanding::Waiting(instant));
        waits(story, known.n, &mut decision);
        return decision;
    }
    let act = if story.live().is_some() { Act::Update } else { Act::Publish };
    let mut decision = match story.standing {
        ItemStanding::Killed => {
            Decision::new(act, code::RELEASED_AFTER_KILL, "released by the operator after the kill")
        }
        _ => Decision::new(act, code::RELEASED, "released by the operator"),
    };
    decision.version(known.n, VersionStanding::Live);
    goes_live(story, known.n, &mut decision);
    decision
}

fn spike(story: &Story, n: Option<u32>) -> Result<Decision, RefuseCommandError> {
    let known = match n {
        Some(n) => named(story, n)?,
        None => {
            let waits =
                |known: &Known| matches!(known.standing, VersionStanding::Held | VersionStanding::Waiting(_));
            match story.newest_of(waits) {
                Some(known) => known,
                None if story.known.is_empty() => return Err(RefuseCommandError::Unseen),
                None => return Err(RefuseCommandError::NothingHeld { standing: story.standing }),
            }
        }
    };
    match known.standing {
        VersionStanding::Spiked => Ok(already("the version is spiked already")),
        VersionStanding::Held | VersionStanding::Waiting(_) | VersionStanding::Ignored => {
            let mut decision = Decision::new(Act::Ignore, code::SPIKED, "refused by the operator");
            decision.version(known.n, VersionStanding::Spiked);
            Ok(decision)
        }
        standing => Err(RefuseCommandError::Stands { command: "spike", n: known.n, standing }),
    }
}
