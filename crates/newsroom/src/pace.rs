//! What is old is in no hurry.
//!
//! After an outage an agency may send its archive again: a million items, none of which goes out by itself. Taken in as
//! fast as they come, they leave disk and processors no time for today's news and today's kills. So the desk rests after
//! each stretch of such items, and does meanwhile what else there is to do. It does not rest while anything waits that may
//! be news, or that nobody has looked through ([`waiting`](crate::waiting)), nor while so much waits that somebody may be
//! turned away at the doors.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use news::{Door, Version};
use store::StoreError;

use crate::clock::{Since, Stretch};
use crate::config::Feed;
use crate::main_loop::Desk;

/// After so many old versions the desk rests.
const STRETCH: u32 = 64;
/// So many times as long as they took.
const TIMES: u32 = 2;
/// But never longer than this: so long may a story wait that came meanwhile and may overtake nothing.
const LONGEST: Duration = Duration::from_millis(250);

/// The old versions that were decided since the last rest.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    versions: u32,
    took: Duration,
}

impl Pace {
    /// One more was decided, and took so long. Returns whether that is a stretch.
    fn one_more(&mut self, took: Duration) -> bool {
        self.versions += 1;
        self.took += took;
        self.versions >= STRETCH
    }

    /// How long the desk rests after a stretch, if to record it took so long.
    fn rest(&mut self, took: Duration) -> Duration {
        ((std::mem::take(self).took + took) * TIMES).min(LONGEST)
    }
}

/// Whether what came so on a feed says that it is too old to be news by itself. What an operator puts through is news, and
/// so is what says nothing of its time.
pub(crate) fn is_old(version: &Version, door: &Door, feed: &Feed, now: Timestamp) -> bool {
    let news_for = feed.backlog().max(feed.rules().stale_after);
    !matches!(door, Door::Command { .. }) && is_older(version, news_for, now)
}

fn is_older(version: &Version, news_for: SignedDuration, now: Timestamp) -> bool {
    version.claimed_time().is_some_and(|claimed| now.duration_since(claimed) > news_for)
}

impl Desk {
    /// An old version was decided that does not go out, and took so long: the desk rests if it is time to, and does what
    /// is urgent or fresh meanwhile. Returns whether to stop.
    pub(crate) fn rest_after(&mut self, took: Duration) -> Result<bool, StoreError> {
        if !self.pace.one_more(took) || !self.may_rest() {
            return Ok(false);
        }
        let begun = Since::now();
        // What comes while it rests is not recorded together with what is old, which would take it longer.
        self.commit()?;
        let rest = Stretch::of(self.pace.rest(begun.elapsed()));
        self.room.health.rests.increment();
        while let Some(left) = rest.left() {
            self.room.tray.wait_pressing(left.min(self.nap()));
            if self.attend()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Not before the doors are open, when nobody waits for anything else; nor where time is made by hand.
    fn may_rest(&self) -> bool {
        #[cfg(feature = "rehearsal")]
        if self.room.clock.hand().is_some() {
            return false;
        }
        let waiting = &self.room.waiting;
        self.at_work && !self.overtaken && waiting.all_can_wait() && !waiting.is_crowded()
    }
}

#[cfg(test)]
mod tests {
    use news::Stamp;

    use super::*;

    #[test]
    fn the_desk_rests_after_each_stretch_as_long_as_that_deserves() {
        #[track_caller]
        fn check(took: Duration, recording: Duration, expect: Duration) {
            let mut pace = Pace::default();
            for _ in 0..2 {
                for _ in 1..STRETCH {
                    assert!(!pace.one_more(took));
                }
                assert!(pace.one_more(took));
                assert_eq!(pace.rest(recording), expect, "{took:?} each");
            }
        }
        check(Duration::from_millis(1), Duration::from_millis(6), Duration::from_millis(140));
        check(Duration::ZERO, Duration::ZERO, Duration::ZERO);
        check(Duration::from_secs(3), Duration::ZERO, LONGEST);
    }

    #[test]
    fn what_is_of_today_or_says_nothing_of_its_time_is_news() {
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        #[track_caller]
        fn check(time: Option<&str>, now: Timestamp, expect: bool) {
            let stamp = |time: &str| Stamp { raw: time.to_owned(), at: time.parse().ok(), zoned: true };
            let version = Version { version_created: time.map(stamp), ..Version::new("urn:agx:1") };
            assert_eq!(is_older(&version, SignedDuration::from_hours(24), now), expect, "{time:?}");
        }
        check(Some("2016-03-02T12:00:00Z"), now, true);
        check(Some("2026-03-01T11:59:00Z"), now, true);
        check(Some("2026-03-01T12:01:00Z"), now, false);
        check(Some("2026-03-03T12:00:00Z"), now, false);
        check(None, now, false);
    }
}
