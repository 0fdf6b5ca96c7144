//! What is old is in no hurry.
//!
//! After an outage an agency may send its archive again: a million items, none of which goes out by itself. Taken in as
//! fast as they come, they leave disk and processors no time for today's news and today's kills. So the desk rests after
//! each stretch of such items, and does meanwhile what else there is to do.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use news::Version;
use store::StoreError;

use crate::clock::Stretch;
use crate::main_loop::Desk;

/// After so many old versions the desk rests.
const STRETCH: u32 = 64;
/// So many times as long as they took.
const TIMES: u32 = 2;
/// But never longer than this.
const LONGEST: Duration = Duration::from_secs(1);

/// The old versions that were decided since the last rest.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    versions: u32,
    took: Duration,
}

impl Pace {
    /// One more was decided, and took so long. Returns how long to rest before the next, if the stretch is done.
    fn one_more(&mut self, took: Duration) -> Option<Duration> {
        self.versions += 1;
        self.took += took;
        (self.versions >= STRETCH).then(|| (std::mem::take(self).took * TIMES).min(LONGEST))
    }
}

/// Whether each of these says that it is older than what is news by itself; not if one says nothing of its time.
pub(crate) fn are_old(versions: &[Version], news_for: SignedDuration, now: Timestamp) -> bool {
    let is_old = |version: &Version| {
        version.claimed_time().is_some_and(|claimed| now.duration_since(claimed) > news_for)
    };
    versions.iter().all(is_old)
}

impl Desk {
    /// An old version was decided, and took so long: the desk rests if it is time to, and does what is urgent or fresh
    /// meanwhile. Returns whether to stop.
    pub(crate) fn rest_after(&mut self, took: Duration) -> Result<bool, StoreError> {
        let Some(rest) = self.pace.one_more(took).filter(|_| self.rests()) else { return Ok(false) };
        self.room.health.rests.increment();
        let rest = Stretch::of(rest);
        while let Some(left) = rest.left() {
            self.room.tray.wait_pressing(left.min(self.nap()));
            if self.attend()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Not before the doors are open, when nobody waits for anything else, nor where time is made by hand.
    fn rests(&self) -> bool {
        #[cfg(feature = "rehearsal")]
        if self.room.clock.hand().is_some() {
            return false;
        }
        self.at_work
    }
}

#[cfg(test)]
mod tests {
    use news::Stamp;

    use super::*;

    #[test]
    fn the_desk_rests_after_each_stretch_as_long_as_that_deserves() {
        #[track_caller]
        fn check(took: Duration, expect: Duration) {
            let mut pace = Pace::default();
            for _ in 0..2 {
                for _ in 1..STRETCH {
                    assert_eq!(pace.one_more(took), None);
                }
                assert_eq!(pace.one_more(took), Some(expect), "{took:?} each");
            }
        }
        check(Duration::from_millis(1), Duration::from_millis(128));
        check(Duration::ZERO, Duration::ZERO);
        check(Duration::from_secs(3), LONGEST);
    }

    #[test]
    fn one_item_of_today_or_without_a_time_makes_it_news() {
        let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        #[track_caller]
        fn check(times: &[Option<&str>], now: Timestamp, expect: bool) {
            let versions: Vec<Version> = times
                .iter()
                .map(|time| Version { version_created: time.map(stamp), ..Version::new("urn:agx:1") })
                .collect();
            assert_eq!(are_old(&versions, SignedDuration::from_hours(24), now), expect, "{times:?}");
        }
        fn stamp(time: &str) -> Stamp {
            Stamp { raw: time.to_owned(), at: time.parse().ok(), zoned: true }
        }
        check(&[Some("2016-03-02T12:00:00Z"), Some("2026-03-01T11:59:00Z")], now, true);
        check(&[Some("2016-03-02T12:00:00Z"), Some("2026-03-01T12:01:00Z")], now, false);
        check(&[Some("2016-03-02T12:00:00Z"), None], now, false);
        check(&[Some("2026-03-03T12:00:00Z")], now, false);
    }
}
