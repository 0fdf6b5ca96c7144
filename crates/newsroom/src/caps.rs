//! The contracts' daily caps: how many new stories were let through today, by feed and by agency.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use news::{Act, AgencyId, FeedId, Until};
use store::{Index as _, StoreError};

use crate::Room;
use crate::config::Feed;

const DAY: i64 = 86_400;
/// How many rulings of a feed are looked through at a start.
const RULINGS: usize = 10_000;

/// What was let through today. A new day (UTC) begins at nothing.
pub(crate) struct Caps {
    room: Arc<Room>,
    day: i64,
    feeds: HashMap<FeedId, u32>,
    agencies: HashMap<AgencyId, u32>,
}

impl Caps {
    /// Counts again from the record, where there is a cap at all.
    pub(crate) fn open(room: &Arc<Room>) -> Result<Self, StoreError> {
        let today = day(room.clock.now());
        let (feeds, agencies) = Default::default();
        let mut caps = Self { room: Arc::clone(room), day: today, feeds, agencies };
        for feed in room.config.feeds() {
            if !caps.is_capped(feed) {
                continue;
            }
            let rulings = room.store.recent(Some(feed.id()), RULINGS)?;
            let granted = |act, until| act == Act::Publish || matches!(until, Some(Until::Instant(_)));
            for ruling in rulings.iter().take_while(|ruling| day(ruling.at) == today) {
                if ruling.n.is_some() && granted(ruling.act, ruling.until) {
                    caps.count(feed, ruling.at);
                }
            }
        }
        Ok(caps)
    }

    fn is_capped(&self, feed: &Feed) -> bool {
        self.of_agency(feed).is_some() || feed.contract.daily.is_some()
    }

    fn of_agency(&self, feed: &Feed) -> Option<u32> {
        self.room.config.agency(feed.agency())?.contract.daily
    }

    /// Whether no new story of this feed may go live today any more.
    pub(crate) fn is_reached(&self, feed: &Feed, now: Timestamp) -> bool {
        let reached = |cap: Option<u32>, count: Option<&u32>| {
            cap.is_some_and(|cap| self.day == day(now) && count.is_some_and(|count| *count >= cap))
        };
        reached(feed.contract.daily, self.feeds.get(feed.id()))
            || reached(self.of_agency(feed), self.agencies.get(feed.agency()))
    }

    /// A new story of this feed was let through.
    pub(crate) fn count(&mut self, feed: &Feed, now: Timestamp) {
        if self.day != day(now) {
            self.day = day(now);
            self.feeds.clear();
            self.agencies.clear();
        }
        *self.feeds.entry(feed.id().clone()).or_default() += 1;
        *self.agencies.entry(feed.agency().clone()).or_default() += 1;
    }
}

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(DAY)
}
