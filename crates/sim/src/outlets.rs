//! The outlets: who is called about what is published, and does not always answer as he should.
//!
//! An outlet remembers every call that came to it, in the order in which they came: those, too, that were broken off and
//! came all the same.

use std::collections::BTreeMap;
use std::time::Duration;

use newsroom::rehearsal::{Call, CallError, Rehearsal};

use crate::wires::{ITEMS, key};

/// The outlets' names, each with its site, as the configuration has them.
pub(crate) const OUTLETS: [(&str, &str); 2] = [("cms", "main"), ("app", "evening")];
/// How long a call may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// After how long a call comes that was slow on its way.
const LATE: Duration = Duration::from_secs(3);

/// How outlets behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// For so many seconds nobody listens.
    Down(u32),
    /// So many of the next calls are slow on their way, and get no answer in time.
    Slow(u32),
    /// So many are taken, and answered as if they were not.
    Lies(u32),
    /// So many are taken, and the connection breaks before the answer.
    Breaks(u32),
}

/// One outlet.
#[derive(Debug, Default)]
pub(crate) struct Outlet {
    down_until: Duration,
    slow: u32,
    lies: u32,
    breaks: u32,
    /// What is on its way, and when it comes.
    coming: Vec<(Duration, Call)>,
    /// When nobody waits for an answer any more: by ticket.
    unanswered: Vec<(Duration, u64)>,
    /// What came about each item.
    heard: BTreeMap<u32, Vec<Call>>,
}

fn fails(why: &str, may_arrive: bool) -> Result<(), CallError> {
    Err(CallError { why: why.to_owned(), may_arrive, refused: false, patience: None })
}

/// Takes one of so many.
fn once(left: &mut u32) -> bool {
    let any = *left > 0;
    *left -= u32::from(any);
    any
}

fn item_of(call: &Call) -> u32 {
    (0..ITEMS).find(|item| key(*item) == call.key).unwrap_or(ITEMS)
}

impl Outlet {
    pub(crate) fn behaves(&mut self, manner: Manner, now: Duration) {
        match manner {
            Manner::Down(seconds) => self.down_until = now + Duration::from_secs(u64::from(seconds)),
            Manner::Slow(calls) => self.slow = calls,
            Manner::Lies(calls) => self.lies = calls,
            Manner::Breaks(calls) => self.breaks = calls,
        }
    }

    /// From now on it is as it should be.
    pub(crate) fn recovers(&mut self) {
        (self.down_until, self.slow, self.lies, self.breaks) = (Duration::ZERO, 0, 0, 0);
    }

    /// What came about an item.
    pub(crate) fn heard(&self, item: u32) -> &[Call] {
        self.heard.get(&item).map_or(&[], Vec::as_slice)
    }

    /// What it shows of an item: the last that it was told, by revision.
    pub(crate) fn shows(&self, item: u32) -> Option<&Call> {
        let mut shown: Option<&Call> = None;
        for call in self.heard(item) {
            if shown.is_none_or(|shown| call.revision > shown.revision) {
                shown = Some(call);
            }
        }
        shown
    }

    /// Time has passed: what was on its way is here, and nobody waits for an answer any more. Returns the tickets of these.
    pub(crate) fn wakes(&mut self, now: Duration) -> Vec<u64> {
        let (here, coming) = std::mem::take(&mut self.coming).into_iter().partition(|(when, _)| *when <= now);
        self.coming = coming;
        let here: Vec<(Duration, Call)> = here;
        here.into_iter().for_each(|(_, call)| self.take(call));
        let (over, waiting) =
            std::mem::take(&mut self.unanswered).into_iter().partition(|(when, _)| *when <= now);
        self.unanswered = waiting;
        let over: Vec<(Duration, u64)> = over;
        over.into_iter().map(|(_, ticket)| ticket).collect()
    }

    fn take(&mut self, call: Call) {
        self.heard.entry(item_of(&call)).or_default().push(call);
    }

    /// It is called. None if there is no answer yet.
    pub(crate) fn called(&mut self, call: Call, now: Duration) -> Option<Result<(), CallError>> {
        if now < self.down_until {
            return Some(fails("nobody listens", false));
        }
        if once(&mut self.slow) {
            self.unanswered.push((now + TIMEOUT, call.ticket));
            self.coming.push((now + LATE, call));
            return None;
        }
        self.take(call);
        Some(if once(&mut self.lies) {
            fails("it answers 500", false)
        } else if once(&mut self.breaks) {
            fails("the connection broke", true)
        } else {
            Ok(())
        })
    }

    /// Whoever called is gone: nobody hears its answers.
    pub(crate) fn is_alone(&mut self) {
        self.unanswered.clear();
    }

    /// Whether anything is on its way to it.
    pub(crate) fn expects(&self) -> bool {
        !self.coming.is_empty()
    }
}

/// What nobody waits for any more is said to have failed.
pub(crate) fn give_up(room: &mut Rehearsal, outlet: usize, tickets: Vec<u64>) -> bool {
    let any = !tickets.is_empty();
    for ticket in tickets {
        room.answer_call(outlet, ticket, fails("no answer in time", true));
    }
    any
}
