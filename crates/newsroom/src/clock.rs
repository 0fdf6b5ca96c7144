//! The only place that reads a clock.
//!
//! Two questions are asked of it. [`Clock::now`] is what the wall says: it dates arrivals and journal entries.
//! [`Clock::not_after`] is what an embargo may rely on: it never runs ahead of the time that really passed since
//! the start, so a wall clock that is stepped forward releases nothing early.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// How far the wall may run ahead of the boot clock before it is distrusted. Slewing and leap smearing stay far
/// below it.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);

/// A wall clock held against the kernel's boot clock (which goes on in suspend and cannot be set).
#[derive(Debug)]
pub struct Clock {
    anchor: Mutex<Anchor>,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall: Timestamp,
    boot: Duration,
}

/// What the wall clock and the boot clock say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// They agree.
    Sound,
    /// The wall was stepped forward by this much since the start; embargoes wait for the boot clock.
    SteppedForward(SignedDuration),
}

fn boot() -> Duration {
    let spec = clock_gettime(ClockId::Boottime);
    Duration::new(spec.tv_sec.unsigned_abs(), u32::try_from(spec.tv_nsec).unwrap_or(0))
}

impl Default for Clock {
    fn default() -> Self {
        Self { anchor: Mutex::new(Anchor { wall: Timestamp::now(), boot: boot() }) }
    }
}

impl Clock {
    /// The wall clock, to the microsecond, as everything recorded keeps it.
    pub fn now(&self) -> Timestamp {
        to_micros(Timestamp::now())
    }

    /// The latest instant that has certainly passed: the wall's, unless the wall was stepped forward.
    pub fn not_after(&self) -> Timestamp {
        self.judge(Timestamp::now(), boot()).0
    }

    /// Whether the wall clock can be relied on.
    pub fn trust(&self) -> Trust {
        self.judge(Timestamp::now(), boot()).1
    }

    /// A clock whose wall was stepped forward by so much just after the start.
    #[cfg(test)]
    pub(crate) fn stepped(by: SignedDuration) -> Self {
        let wall = Timestamp::now().checked_sub(by).expect("a time");
        Self { anchor: Mutex::new(Anchor { wall, boot: boot() }) }
    }

    fn judge(&self, wall: Timestamp, boot: Duration) -> (Timestamp, Trust) {
        let mut anchor = self.anchor.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let elapsed =
            SignedDuration::try_from(boot.saturating_sub(anchor.boot)).unwrap_or(SignedDuration::MAX);
        let expected = anchor.wall.saturating_add(elapsed).unwrap_or(wall);
        let ahead = wall.duration_since(expected);
        if ahead > TOLERANCE {
            return (to_micros(expected), Trust::SteppedForward(ahead));
        }
        // Follow small corrections, and steps back: a clock that is set back releases later, never earlier.
        *anchor = Anchor { wall, boot };
        (to_micros(wall), Trust::Sound)
    }
}

/// A stretch of time by the steady clock: for waiting, never for dating.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch(Instant);

impl Stretch {
    /// It begins now and is this long.
    pub(crate) fn of(length: Duration) -> Self {
        Self(Instant::now() + length)
    }

    /// What is left of it; nothing once it is over.
    pub(crate) fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now())
    }
}

fn to_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("in range")
    }

    fn clock() -> Clock {
        Clock { anchor: Mutex::new(Anchor { wall: at(1_000), boot: Duration::from_secs(10) }) }
    }

    #[test]
    fn a_clock_stepped_forward_releases_nothing_early() {
        let clock = clock();
        let step = clock.judge(at(1_000 + 86_400), Duration::from_secs(11));
        assert_eq!(step, (at(1_001), Trust::SteppedForward(SignedDuration::from_secs(86_399))));
        assert_eq!(clock.judge(at(1_000 + 86_405), Duration::from_secs(16)).0, at(1_006));
    }

    #[test]
    fn a_clock_that_creeps_is_followed() {
        let clock = clock();
        for second in 1..100 {
            let wall = at(1_000 + second * 2);
            assert_eq!(
                clock.judge(wall, Duration::from_secs(10 + second.unsigned_abs())),
                (wall, Trust::Sound)
            );
        }
    }

    #[test]
    fn a_clock_set_back_is_followed_at_once() {
        let clock = clock();
        assert_eq!(clock.judge(at(500), Duration::from_secs(11)), (at(500), Trust::Sound));
        assert_eq!(clock.judge(at(501), Duration::from_secs(12)).0, at(501));
    }
}
