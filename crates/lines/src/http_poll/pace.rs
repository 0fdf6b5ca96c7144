//! When to ask again.

use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;

/// No failing feed waits longer than this, unless it is asked more rarely anyway.
const LONGEST_BACKOFF: Duration = Duration::from_secs(15 * 60);
/// No sender can ask for more patience than this.
const LONGEST_PATIENCE: Duration = Duration::from_secs(6 * 3_600);

/// The interval, up to a tenth shorter or longer, so that feeds of one interval do not march in step.
pub(super) fn interval(every: Duration, random: u64) -> Duration {
    every.mul_f64(spread(random))
}

/// The wait after so many failures in a row: the interval, doubled each time, or the patience that was asked for if
/// that is longer.
pub(super) fn after_failure(
    every: Duration,
    failures: u32,
    patience: Option<Duration>,
    random: u64,
) -> Duration {
    let doubled = every.saturating_mul(1 << failures.saturating_sub(1).min(20));
    let backoff = doubled.min(LONGEST_BACKOFF.max(every)).mul_f64(spread(random));
    backoff.min(LONGEST_BACKOFF.max(every)).max(patience.unwrap_or_default())
}

/// What a `Retry-After` header (RFC 9110 §10.2.3) asks for: seconds, or a date.
pub(crate) fn patience(said: &str, now: Timestamp) -> Option<Duration> {
    let said = said.trim();
    if !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = said.parse().map_or(LONGEST_PATIENCE, Duration::from_secs);
        return Some(seconds.min(LONGEST_PATIENCE));
    }
    let then = httpdate::parse_http_date(said).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let now = Duration::from_secs(u64::try_from(now.as_second()).ok()?);
    Some(then.saturating_sub(now).min(LONGEST_PATIENCE))
}

/// From 0.9 to 1.1.
fn spread(random: u64) -> f64 {
    0.9 + 0.2 * (random >> 40) as f64 / (1u64 << 24) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const HALF: u64 = 1 << 63;

    #[track_caller]
    fn check(said: &str, expect: Option<u64>) {
        let now = "2026-11-24T10:00:00Z".parse().unwrap();
        assert_eq!(patience(said, now), expect.map(Duration::from_secs), "{said}");
    }

    #[test]
    fn patience_is_given_in_seconds_or_until_a_date_and_for_six_hours_at_most() {
        check("120", Some(120));
        check(" 0 ", Some(0));
        check("99999999999999999999999999", Some(6 * 3_600));
        check("86400", Some(6 * 3_600));
        check("Tue, 24 Nov 2026 10:05:00 GMT", Some(300));
        check("Tue, 24 Nov 2026 09:00:00 GMT", Some(0));
        check("Tue, 24 Nov 2099 09:00:00 GMT", Some(6 * 3_600));
        for nonsense in ["", "soon", "-5", "1.5", "+3"] {
            check(nonsense, None);
        }
    }

    #[test]
    fn intervals_are_spread_by_a_tenth() {
        assert_eq!(interval(MINUTE, 0), MINUTE.mul_f64(0.9));
        assert_eq!(interval(MINUTE, HALF), MINUTE);
        assert!(interval(MINUTE, u64::MAX) <= MINUTE.mul_f64(1.1));
    }

    #[test]
    fn failures_double_the_wait_up_to_a_quarter_of_an_hour() {
        let waits: Vec<u64> = (1..=7).map(|n| after_failure(MINUTE, n, None, HALF).as_secs()).collect();
        assert_eq!(waits, [60, 120, 240, 480, 900, 900, 900]);
        for random in [0, HALF, u64::MAX] {
            assert!(after_failure(MINUTE, u32::MAX, None, random) <= LONGEST_BACKOFF);
        }
    }

    #[test]
    fn a_rare_feed_is_not_asked_more_often_when_it_fails() {
        let hour = MINUTE * 60;
        assert_eq!(after_failure(hour, 9, None, HALF), hour);
    }

    #[test]
    fn the_senders_patience_counts_when_it_is_longer() {
        assert_eq!(after_failure(MINUTE, 1, Some(MINUTE * 120), HALF), MINUTE * 120);
        assert_eq!(after_failure(MINUTE, 3, Some(Duration::ZERO), HALF), MINUTE * 4);
    }
}
