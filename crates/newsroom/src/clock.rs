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
/// How long after a step back the time before it is still believed when the wall comes back to it: long enough for
/// somebody to notice a clock that was set wrong and to set it right.
const MEMORY: Duration = Duration::from_secs(24 * 3_600);

/// A wall clock held against the kernel's boot clock (which goes on in suspend and cannot be set).
#[derive(Debug)]
pub struct Clock {
    course: Mutex<Course>,
    #[cfg(feature = "rehearsal")]
    hand: Option<crate::rehearsal::HandClock>,
}

/// What is believed of the wall.
#[derive(Clone, Copy, Debug)]
struct Course {
    anchor: Anchor,
    /// Where the wall was before it was stepped back, however often.
    before: Option<Anchor>,
}

/// What both clocks said at one moment.
#[derive(Clone, Copy, Debug)]
struct Anchor {
    wall: Timestamp,
    boot: Duration,
}

impl Anchor {
    /// What the wall says at a moment of the boot clock if nobody sets it.
    fn expects(self, boot: Duration) -> Option<Timestamp> {
        let elapsed = SignedDuration::try_from(boot.saturating_sub(self.boot)).ok()?;
        self.wall.saturating_add(elapsed).ok()
    }
}

impl From<Anchor> for Clock {
    fn from(anchor: Anchor) -> Self {
        Self {
            course: Mutex::new(Course { anchor, before: None }),
            #[cfg(feature = "rehearsal")]
            hand: None,
        }
    }
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
        Anchor { wall: Timestamp::now(), boot: boot() }.into()
    }
}

impl Clock {
    /// A clock that is set by hand.
    #[cfg(feature = "rehearsal")]
    pub(crate) fn by_hand(hand: crate::rehearsal::HandClock) -> Self {
        let (wall, boot) = hand.read();
        Self { hand: Some(hand), ..Anchor { wall, boot }.into() }
    }

    #[cfg(feature = "rehearsal")]
    pub(crate) fn hand(&self) -> Option<&crate::rehearsal::HandClock> {
        self.hand.as_ref()
    }

    /// The wall and the kernel's boot clock.
    fn read(&self) -> (Timestamp, Duration) {
        #[cfg(feature = "rehearsal")]
        if let Some(hand) = &self.hand {
            return hand.read();
        }
        (Timestamp::now(), boot())
    }

    /// The boot clock: it goes on by itself, and nobody sets it.
    pub(crate) fn steady(&self) -> Duration {
        self.read().1
    }

    /// The wall clock, to the microsecond, as everything recorded keeps it.
    pub fn now(&self) -> Timestamp {
        to_micros(self.read().0)
    }

    /// The latest instant that has certainly passed: the wall's, unless the wall was stepped forward.
    pub fn not_after(&self) -> Timestamp {
        self.judge_now().0
    }

    /// Whether the wall clock can be relied on.
    pub fn trust(&self) -> Trust {
        self.judge_now().1
    }

    /// A clock whose wall was stepped forward by so much just after the start.
    #[cfg(test)]
    pub(crate) fn stepped(by: SignedDuration) -> Self {
        let wall = Timestamp::now().checked_sub(by).expect("a time");
        Anchor { wall, boot: boot() }.into()
    }

    fn judge_now(&self) -> (Timestamp, Trust) {
        let (wall, boot) = self.read();
        self.judge(wall, boot)
    }

    fn judge(&self, wall: Timestamp, boot: Duration) -> (Timestamp, Trust) {
        let mut course = self.course.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Course { anchor, before } = *course;
        let expected = anchor.expects(boot).unwrap_or(wall);
        let before = before.filter(|before| boot.saturating_sub(before.boot) < MEMORY);
        let ahead = wall.duration_since(expected);
        let set_right =
            |before: Anchor| before.expects(boot).is_some_and(|was| wall.duration_since(was) <= TOLERANCE);
        if ahead > TOLERANCE && !before.is_some_and(set_right) {
            return (to_micros(expected), Trust::SteppedForward(ahead));
        }
        // Follow small corrections, and steps back: a clock that is set back releases later, never earlier.
        let before = if ahead < -TOLERANCE { before.or(Some(anchor)) } else { before };
        *course = Course { anchor: Anchor { wall, boot }, before };
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

/// A moment of the steady clock: for measuring, never for dating.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Since(Instant);

impl Since {
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
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
        Anchor { wall: at(1_000), boot: Duration::from_secs(10) }.into()
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

    const DAY: i64 = 86_400;

    /// Set back by a day ten seconds after the start; then this at these seconds after the start.
    #[track_caller]
    fn after_a_day_back(then: &[(i64, u64, Trust)]) {
        let clock = clock();
        assert_eq!(clock.judge(at(1_010 - DAY), Duration::from_secs(20)).1, Trust::Sound);
        for (wall, seconds, trust) in then {
            assert_eq!(
                clock.judge(at(*wall), Duration::from_secs(10 + seconds)).1,
                *trust,
                "{wall} after {seconds}"
            );
        }
    }

    #[test]
    fn a_clock_set_back_and_right_again_is_right_at_once() {
        after_a_day_back(&[
            (1_100 - DAY, 100, Trust::Sound),
            (1_200, 200, Trust::Sound),
            (1_201, 201, Trust::Sound),
        ]);
        // By halves, and after more than one step back.
        after_a_day_back(&[
            (1_050 - 2 * DAY, 50, Trust::Sound),
            (1_100 - DAY / 2, 100, Trust::Sound),
            (1_200, 200, Trust::Sound),
        ]);
    }

    #[test]
    fn a_clock_set_back_and_then_further_than_it_was_releases_nothing_early() {
        let step = Trust::SteppedForward(SignedDuration::from_secs(2 * DAY));
        after_a_day_back(&[(1_100 + DAY, 100, step), (1_200, 200, Trust::Sound)]);
    }

    #[test]
    fn a_time_that_was_left_long_ago_is_not_believed_again() {
        let step = Trust::SteppedForward(SignedDuration::from_secs(DAY));
        after_a_day_back(&[(1_000 + 2 * DAY, 2 * 86_400, step)]);
    }
}
