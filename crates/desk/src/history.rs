//! Where a version belongs among those that came before it.

use jiff::Timestamp;
use news::{Digest, Version, VersionOrder, VersionStanding};

use crate::story::is_older;
use crate::{Known, Story};

/// A version's place in its story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// The newest version so far.
    Newer {
        /// The words differ from the newest known ones, and neither version nor claimed time says so.
        silent: bool,
        /// The agency numbered it higher than all before.
        numbered: bool,
        /// The words are those of the newest known version.
        same_copy: bool,
    },
    /// The version with this ordinal, again.
    Redelivery(u32),
    /// The words of the version with this ordinal, which others have followed, without a newer time.
    EarlierCopy(u32),
    /// Older than the newest by its own order.
    Late,
}

/// Finds the place. `hash` is the version's copy hash.
pub(crate) fn place(story: &Story, version: &Version, hash: Digest) -> Place {
    // What the publisher's people made of a version is no word of the agency's.
    let Some(newest) = story.newest_of_agency() else {
        return Place::Newer { silent: false, numbered: false, same_copy: false };
    };
    let claimed = version.claimed_time();
    match (version.version.order, newest.stamp.order) {
        (VersionOrder::Number(number), VersionOrder::Number(best)) if number > best => {
            Place::Newer { silent: false, numbered: true, same_copy: hash == newest.copy_hash }
        }
        (VersionOrder::Time(time), VersionOrder::Time(best)) if time > best => {
            // Feeds that stamp everything anew on each poll say nothing new, unless it comes after a kill.
            let same_copy = hash == newest.copy_hash;
            match same_copy && newest.standing != VersionStanding::Killed {
                true => Place::Redelivery(newest.n),
                false => Place::Newer { silent: false, numbered: false, same_copy },
            }
        }
        _ if is_older(&version.version, &newest.stamp) => match known_as(story, version, hash) {
            Some(known) => Place::Redelivery(known.n),
            None => Place::Late,
        },
        (order, best) => {
            let numbered = matches!((order, best), (VersionOrder::Number(_), VersionOrder::Number(_)));
            beside(story, newest, hash, claimed, numbered)
        }
    }
}

/// The place of a version that its own order does not tell from the newest: same number (`numbered`), same time,
/// or no order.
fn beside(story: &Story, newest: &Known, hash: Digest, claimed: Option<Timestamp>, numbered: bool) -> Place {
    if hash == newest.copy_hash {
        return Place::Redelivery(newest.n);
    }
    let moved = match (claimed, newest.claimed) {
        (Some(claimed), Some(before)) => claimed > before,
        (claimed, None) => claimed.is_some(),
        (None, Some(_)) => false,
    };
    // The one that readers see or will see, if it is among them: what is said anew of the words is said of it.
    let stands =
        |known: &&Known| matches!(known.standing, VersionStanding::Live | VersionStanding::Waiting(_));
    let mut before = story.known.iter().rev().filter(|known| known.copy_hash == hash);
    match before.clone().find(stands).or_else(|| before.next()).filter(|_| !moved) {
        Some(known) => Place::EarlierCopy(known.n),
        None => Place::Newer { silent: numbered || !moved, numbered: false, same_copy: false },
    }
}

/// The known version that has the same stamp and the same words, the last of them.
fn known_as<'a>(story: &'a Story, version: &Version, hash: Digest) -> Option<&'a Known> {
    story
        .known
        .iter()
        .rev()
        .find(|known| known.copy_hash == hash && known.stamp.order == version.version.order)
}
