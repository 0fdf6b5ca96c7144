//! What one outlet has still to be told, and when it is called about what. No clock is read here, nobody is called, no
//! store is asked: what happened is told to it, with the time of the boot clock.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use lines::CallError;
use news::ItemKey;

/// So much news is kept in memory, at about 200 bytes an item; the rest is read from the journal when there is room again.
pub(super) const KEPT: usize = 10_000;
/// And so many kills; further ones are asked of the index.
pub(super) const KILLS: usize = 50_000;
/// After how long an outlet, or an item that it refused, is tried again: twice as long each time,
const PAUSE: Duration = Duration::from_millis(500);
/// up to this long while a kill waits,
const LONGEST_OF_KILLS: Duration = Duration::from_secs(30);
/// and up to this long otherwise.
const LONGEST: Duration = Duration::from_secs(300);
/// How much patience an outlet can ask for while a kill waits, and otherwise.
const PATIENCE_OF_KILLS: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(3_600);
/// An outlet that is down is tried for a new kill at once, but not more often than this.
const BREATH: Duration = Duration::from_secs(1);
/// After how long an item is looked at again whose state was in flux.
const FLUX: Duration = Duration::from_millis(20);

/// What goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// The item was killed.
    Kill,
    /// It was withheld, or its licence ended.
    Withdrawal,
    /// It is live.
    News,
}

/// Something of the journal that concerns the outlet.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    /// An item's standing or words changed.
    Change { key: ItemKey, lane: Lane, seq: u64, at: Timestamp },
    /// The outlet confirmed a telling of this revision.
    Receipt { key: ItemKey, kill: bool, revision: u64 },
}

/// An item that changed, and of which the outlet has not confirmed to be told.
#[derive(Debug)]
struct Pending {
    lane: Lane,
    order: u64,
    /// The first entry of the journal that it has not confirmed, and the last; 0 if the journal has none yet.
    first: u64,
    seq: u64,
    /// The last of them that did other than kill it.
    other: u64,
    /// Counts up when it changes.
    turn: u64,
    /// The kill holds, and the record does not say it yet.
    foretold: bool,
    /// The revision to be told is no lower.
    floor: u64,
    since: Timestamp,
    tries: u32,
    not_before: Duration,
    /// Only this message was refused.
    refused: bool,
    flux: u32,
    /// Until then a call that ended without an answer may still arrive: what is confirmed before is told once more.
    doubt: Duration,
    /// When it was confirmed while in doubt.
    told_at: Option<Timestamp>,
    late: bool,
}

impl Pending {
    /// Whether nothing but kills is told before it.
    fn blocks(&self) -> bool {
        self.lane == Lane::Kill && self.told_at.is_none() && !self.refused
    }
}

#[derive(Debug)]
struct Flight {
    ticket: u64,
    lane: Lane,
    turn: u64,
    sent: bool,
}

/// A call to be made.
#[derive(Clone, Debug)]
pub(crate) struct Due {
    pub(crate) key: ItemKey,
    pub(crate) ticket: u64,
    /// The kill holds already, whatever the record says.
    pub(super) foretold: bool,
    pub(super) floor: u64,
    /// When the change was known to us.
    pub(super) since: Timestamp,
}

/// What became of a call.
#[derive(Debug)]
pub(crate) enum Said {
    /// There was nothing to tell.
    Nothing,
    /// What is to be told was just changing.
    Later,
    /// It confirmed.
    Told {
        /// `publish`, `kill`.
        what: String,
        revision: u64,
    },
    /// It did not.
    Failed(CallError),
}

/// What follows from an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Follows {
    Nothing,
    /// It confirmed, of something that changed at `since`. If not `settled`, it is told once more.
    Confirmed {
        since: Timestamp,
        first: Timestamp,
        settled: bool,
    },
    /// It failed. `kill` is how long a kill is open and whether that was said to be too long.
    Failed {
        kill: Option<(Timestamp, bool)>,
    },
}

#[derive(Debug)]
struct Down {
    failures: u32,
    last: Duration,
    not_before: Duration,
}

/// How an outlet may be called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) timeout: Duration,
    pub(super) at_once: usize,
    pub(super) per_minute: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Board {
    terms: Terms,
    /// Up to which entry of the journal everything is known here, and the last one that there certainly is.
    read: u64,
    last: u64,
    /// There is no room for more news until half of it is told.
    full: bool,
    /// The journal's end at the start; and until when a call that was under way before it may still arrive, as long as
    /// nobody knows that there was none.
    began: u64,
    unsure_until: Duration,
    /// The same, of what is known for certain.
    unsure_at_least: Duration,
    pending: HashMap<ItemKey, Pending>,
    queue: BTreeMap<(Lane, u64), ItemKey>,
    kills: usize,
    orders: u64,
    tickets: u64,
    flights: HashMap<ItemKey, Flight>,
    overtaken: Vec<u64>,
    /// Kills that are confirmed, and that the journal does not hold yet.
    ahead: HashSet<ItemKey>,
    down: Option<Down>,
    next_news: Duration,
    /// There are kills that found no room; the index knows them.
    more_kills: bool,
}

impl Board {
    /// Everything up to `read` was told; the journal ends at `end`.
    pub(super) fn new(terms: Terms, read: u64, end: u64, now: Duration) -> Self {
        let unsure_until = if read < end { now + terms.timeout } else { Duration::ZERO };
        Self {
            terms,
            read,
            last: end,
            full: false,
            began: end,
            unsure_until,
            unsure_at_least: Duration::ZERO,
            pending: HashMap::new(),
            queue: BTreeMap::new(),
            kills: 0,
            orders: 0,
            tickets: 0,
            flights: HashMap::new(),
            overtaken: Vec::new(),
            ahead: HashSet::new(),
            down: None,
            next_news: Duration::ZERO,
            more_kills: true,
        }
    }

    /// Up to which entry of the journal everything is known here.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// Up to which entry everything was told.
    pub(super) fn told(&self) -> u64 {
        let open = self.pending.values().map(|one| one.first).filter(|first| *first > 0).min();
        open.map_or(self.read, |first| self.read.min(first - 1))
    }

    /// How much is not confirmed: kills, and everything.
    pub(super) fn open(&self) -> (usize, usize) {
        (self.kills, self.pending.len())
    }

    /// Whether there is more in the journal, and room for it.
    pub(super) fn is_behind(&mut self) -> bool {
        self.read < self.last && self.has_room()
    }

    fn has_room(&mut self) -> bool {
        let news = self.pending.len() - self.kills;
        self.full = news >= KEPT || self.full && news > KEPT / 2;
        !self.full
    }

    /// Whether the index is to be asked for kills.
    pub(super) fn wants_kills(&self) -> bool {
        self.more_kills && self.kills == 0
    }

    /// Whether a kill of this item is not confirmed.
    pub(super) fn has_open_kill(&self, key: &ItemKey) -> bool {
        self.pending.get(key).is_some_and(|one| one.lane == Lane::Kill)
    }

    /// An entry of the journal. The next one is taken in; one further on counts only if it kills.
    pub(super) fn hear(&mut self, seq: u64, heard: Option<Heard>, now: Duration) {
        let next = seq == self.read + 1 && self.has_room();
        self.last = self.last.max(seq);
        if next {
            self.read = seq;
        }
        let to_the_start = next && seq == self.began;
        match heard {
            Some(Heard::Change { key, lane, seq, at }) if next || lane == Lane::Kill => {
                self.change(key, lane, seq, at, now);
            }
            Some(Heard::Receipt { key, kill, revision }) if next => self.was_told(&key, kill, revision),
            _ => {}
        }
        if to_the_start && self.pending.is_empty() {
            self.unsure_until = self.unsure_at_least;
        }
    }

    /// A call of an earlier run may arrive until then.
    pub(super) fn is_unsure_until(&mut self, then: Duration) {
        self.unsure_at_least = then;
        self.unsure_until = self.unsure_until.max(then);
    }

    /// For how long from now on a call may arrive that has no answer, should the process end now.
    pub(super) fn unsure_for(&self, now: Duration) -> Duration {
        let flying = if self.flights.is_empty() { Duration::ZERO } else { now + self.terms.timeout };
        let doubts = self.pending.values().map(|one| one.doubt);
        doubts.chain([flying, self.unsure_until]).max().unwrap_or_default().saturating_sub(now)
    }

    fn change(&mut self, key: ItemKey, lane: Lane, seq: u64, at: Timestamp, now: Duration) {
        if self.ahead.remove(&key) && lane == Lane::Kill {
            return;
        }
        if let Some(known) = self.pending.get_mut(&key) {
            known.first = if known.first == 0 { seq } else { known.first.min(seq) };
            if lane != Lane::Kill {
                known.other = known.other.max(seq);
            }
            // Kills are heard of before what came before them; and one that was foretold is now recorded.
            if seq <= known.seq || lane == Lane::Kill && known.lane == Lane::Kill {
                known.seq = known.seq.max(seq);
                known.foretold = false;
                return;
            }
        }
        self.put(key, lane, seq, at, now);
    }

    /// A kill holds, and is still to be recorded.
    pub(super) fn falls(&mut self, key: ItemKey, at: Timestamp, now: Duration) {
        if self.has_open_kill(&key) {
            return;
        }
        self.put(key.clone(), Lane::Kill, 0, at, now);
        if let Some(known) = self.pending.get_mut(&key) {
            known.foretold = true;
        }
    }

    /// A kill that was foretold has changed nothing: it is told how the item stands, by a revision that is no lower.
    pub(super) fn spared(&mut self, key: ItemKey, floor: u64, at: Timestamp, now: Duration) {
        let told = self.ahead.remove(&key);
        if !told && !self.pending.get(&key).is_some_and(|known| known.foretold) {
            return;
        }
        self.put(key.clone(), Lane::News, 0, at, now);
        if let Some(known) = self.pending.get_mut(&key) {
            (known.foretold, known.floor) = (false, floor);
        }
    }

    /// Kills that the index knows as untold.
    pub(super) fn find_kills(&mut self, found: Vec<(ItemKey, Timestamp)>, limit: usize, now: Duration) {
        self.more_kills = found.len() >= limit;
        for (key, at) in found {
            if !self.has_open_kill(&key) && !self.ahead.contains(&key) {
                self.put(key, Lane::Kill, 0, at, now);
            }
        }
    }

    fn put(&mut self, key: ItemKey, lane: Lane, seq: u64, at: Timestamp, now: Duration) {
        let order = self.orders;
        self.orders += 1;
        match self.pending.get_mut(&key) {
            None => {
                if lane == Lane::Kill && self.kills >= KILLS {
                    self.more_kills = true;
                    return;
                }
                let other = if lane == Lane::Kill { 0 } else { seq };
                let pending = Pending {
                    lane,
                    order,
                    first: seq,
                    seq,
                    other,
                    turn: 0,
                    foretold: false,
                    floor: 0,
                    since: at,
                    tries: 0,
                    not_before: Duration::ZERO,
                    refused: false,
                    flux: 0,
                    doubt: Duration::ZERO,
                    told_at: None,
                    late: false,
                };
                self.pending.insert(key.clone(), pending);
                self.queue.insert((lane, order), key.clone());
                self.kills += usize::from(lane == Lane::Kill);
            }
            Some(known) => {
                known.turn += 1;
                known.seq = known.seq.max(seq);
                (known.told_at, known.not_before, known.refused, known.flux) =
                    (None, Duration::ZERO, false, 0);
                known.since = at;
                if known.lane != lane {
                    self.kills -= usize::from(known.lane == Lane::Kill);
                    self.kills += usize::from(lane == Lane::Kill);
                    self.queue.remove(&(known.lane, known.order));
                    (known.lane, known.order, known.late) = (lane, order, false);
                    self.queue.insert((lane, order), key.clone());
                }
            }
        }
        if lane == Lane::Kill {
            // What was under way when the process ended may be about this item.
            if let Some(known) = self.pending.get_mut(&key) {
                known.doubt = known.doubt.max(self.unsure_until);
            }
            self.overtake(&key, now);
            if let Some(down) = &mut self.down {
                down.not_before = down.not_before.min(down.last + BREATH);
            }
        }
    }

    /// Whatever else is under way about a killed item is broken off.
    fn overtake(&mut self, key: &ItemKey, now: Duration) {
        let Some(flight) = self.flights.remove(key) else { return };
        self.overtaken.push(flight.ticket);
        if let Some(known) = self.pending.get_mut(key).filter(|_| flight.sent) {
            known.doubt = known.doubt.max(now + self.terms.timeout);
        }
    }

    /// The calls that are to be broken off.
    pub(super) fn take_overtaken(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.overtaken)
    }

    fn was_told(&mut self, key: &ItemKey, kill: bool, revision: u64) {
        let Some(known) = self.pending.get(key).filter(|known| known.told_at.is_none()) else { return };
        let told = match known.lane {
            Lane::Kill => kill && revision > 2 * known.other,
            _ => revision >= 2 * known.seq,
        };
        if told && !self.flights.contains_key(key) {
            self.remove(key);
        }
    }

    fn remove(&mut self, key: &ItemKey) {
        if let Some(known) = self.pending.remove(key) {
            self.queue.remove(&(known.lane, known.order));
            self.kills -= usize::from(known.lane == Lane::Kill);
        }
    }

    /// The calls that are to be made now, and when to ask again if nothing happens before.
    pub(super) fn due(&mut self, now: Duration, caught_up: bool) -> (Vec<Due>, Option<Duration>) {
        if let Some(down) = &self.down {
            if now < down.not_before {
                return (Vec::new(), Some(down.not_before));
            }
            // One call shows whether it is back.
            if !self.flights.is_empty() {
                return (Vec::new(), None);
            }
        }
        let Terms { at_once, per_minute, .. } = self.terms;
        let kills_out = self.flights.values().filter(|flight| flight.lane == Lane::Kill).count();
        let (mut kills, mut others) = (kills_out, self.flights.len() - kills_out);
        let (mut out, mut next, mut blocked) = (Vec::new(), None::<Duration>, false);
        let mut again = |at: Duration| next = Some(next.map_or(at, |known| known.min(at)));
        for ((lane, _), key) in &self.queue {
            let Some(known) = self.pending.get(key) else { continue };
            let kill = *lane == Lane::Kill;
            if !kill && (blocked || others >= at_once || !caught_up) {
                break;
            }
            blocked |= known.blocks();
            if kill && kills >= at_once {
                break;
            }
            if self.flights.contains_key(key) {
                continue;
            }
            if known.not_before > now {
                again(known.not_before);
                continue;
            }
            if let (false, Some(per_minute)) = (kill, per_minute) {
                if self.next_news > now {
                    again(self.next_news);
                    break;
                }
                self.next_news = now + Duration::from_secs(60) / per_minute;
            }
            self.tickets += 1;
            let flight = Flight { ticket: self.tickets, lane: *lane, turn: known.turn, sent: false };
            let Pending { foretold, floor, since, .. } = *known;
            out.push(Due { key: key.clone(), ticket: flight.ticket, foretold, floor, since });
            self.flights.insert(key.clone(), flight);
            *(if kill { &mut kills } else { &mut others }) += 1;
            if self.down.is_some() {
                break;
            }
        }
        (out, next)
    }

    /// A call goes out now; false if it was overtaken.
    pub(super) fn goes_out(&mut self, due: &Due) -> bool {
        let flight = self.flights.get_mut(&due.key).filter(|flight| flight.ticket == due.ticket);
        flight.map(|flight| flight.sent = true).is_some()
    }

    /// What came of a call. `wall` is the time of the day.
    pub(super) fn answered(&mut self, due: &Due, said: &Said, now: Duration, wall: Timestamp) -> Follows {
        if self.flights.get(&due.key).is_none_or(|flight| flight.ticket != due.ticket) {
            return Follows::Nothing;
        }
        let Some(flight) = self.flights.remove(&due.key) else { return Follows::Nothing };
        let kill_waits = self.kills > 0;
        let Some(known) = self.pending.get_mut(&due.key) else { return Follows::Nothing };
        let changed = known.turn != flight.turn;
        match said {
            Said::Nothing => {
                if !changed {
                    self.remove(&due.key);
                }
                Follows::Nothing
            }
            Said::Later => {
                known.flux = (known.flux + 1).min(6);
                known.not_before = now + FLUX * (1 << known.flux) / 2;
                Follows::Nothing
            }
            Said::Told { .. } => {
                self.down = None;
                let first = known.told_at.unwrap_or(wall);
                let since = known.since;
                if changed {
                    return Follows::Confirmed { since: due.since, first, settled: true };
                }
                let settled = known.doubt <= now;
                if settled {
                    if known.foretold {
                        self.ahead.insert(due.key.clone());
                    }
                    self.remove(&due.key);
                } else {
                    (known.told_at, known.not_before) = (Some(first), known.doubt);
                }
                Follows::Confirmed { since, first, settled }
            }
            Said::Failed(error) => {
                if error.may_arrive {
                    known.doubt = known.doubt.max(now + self.terms.timeout);
                }
                known.tries = known.tries.saturating_add(1);
                let kill = known.lane == Lane::Kill;
                let open = kill.then_some((known.since, known.late));
                if error.refused {
                    self.down = None;
                    known.refused = true;
                    known.not_before = now + pause(known.tries, kill);
                    return Follows::Failed { kill: open };
                }
                let down = self.down.get_or_insert(Down { failures: 0, last: now, not_before: now });
                if now >= down.not_before {
                    down.failures = down.failures.saturating_add(1);
                    let most = if kill_waits { PATIENCE_OF_KILLS } else { PATIENCE };
                    let asked = error.patience.unwrap_or_default().min(most);
                    down.not_before = now + pause(down.failures, kill_waits).max(asked);
                }
                down.last = now;
                Follows::Failed { kill: open }
            }
        }
    }

    /// The operator was told that a kill comes too late.
    pub(super) fn is_late(&mut self, key: &ItemKey) {
        if let Some(known) = self.pending.get_mut(key) {
            known.late = true;
        }
    }
}

/// The pause after so many failures in a row.
fn pause(failures: u32, kill: bool) -> Duration {
    let longest = if kill { LONGEST_OF_KILLS } else { LONGEST };
    PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: Terms = Terms { timeout: Duration::from_secs(5), at_once: 2, per_minute: None };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn secs(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn item(name: &str) -> ItemKey {
        ItemKey { agency: "agx".into(), uri: name.to_owned() }
    }

    fn change(board: &mut Board, seq: u64, name: &str, lane: Lane) {
        board.hear(seq, Some(Heard::Change { key: item(name), lane, seq, at: at(0) }), secs(0));
    }

    fn board() -> Board {
        Board::new(TERMS, 0, 0, secs(0))
    }

    /// Who is called now.
    fn due(board: &mut Board, now: Duration) -> Vec<Due> {
        board.due(now, true).0
    }

    fn names(due: &[Due]) -> Vec<&str> {
        due.iter().map(|due| due.key.uri.as_str()).collect()
    }

    fn told(what: &str) -> Said {
        Said::Told { what: what.to_owned(), revision: 1 }
    }

    fn fails(may_arrive: bool, refused: bool) -> Said {
        Said::Failed(CallError { why: "no".to_owned(), may_arrive, refused, patience: None })
    }

    #[test]
    fn kills_go_first_and_nothing_else_beside_them() {
        let mut board = board();
        change(&mut board, 1, "a", Lane::News);
        change(&mut board, 2, "b", Lane::Withdrawal);
        for (seq, name) in [(3, "k"), (4, "l"), (5, "m")] {
            change(&mut board, seq, name, Lane::Kill);
        }
        let kills = due(&mut board, secs(0));
        assert_eq!(names(&kills), ["k", "l"], "as many as go at once");
        board.answered(&kills[0], &told("kill"), secs(0), at(0));
        let third = due(&mut board, secs(0));
        assert_eq!(names(&third), ["m"]);
        board.answered(&kills[1], &told("kill"), secs(0), at(0));
        assert!(due(&mut board, secs(0)).is_empty(), "one is still under way");
        board.answered(&third[0], &told("kill"), secs(0), at(0));
        assert_eq!(names(&due(&mut board, secs(0))), ["b", "a"]);
    }

    #[test]
    fn an_item_is_under_way_once_and_told_again_if_it_changed_meanwhile() {
        let mut board = board();
        change(&mut board, 1, "a", Lane::News);
        let first = due(&mut board, secs(0));
        change(&mut board, 2, "a", Lane::News);
        assert!(due(&mut board, secs(0)).is_empty());
        board.answered(&first[0], &told("publish"), secs(1), at(1));
        assert_eq!((board.told(), board.open()), (0, (0, 1)));
        let second = due(&mut board, secs(1));
        board.answered(&second[0], &told("update"), secs(1), at(1));
        assert_eq!((board.told(), board.open()), (2, (0, 0)));
    }

    #[test]
    fn a_kill_overtakes_what_is_under_way_and_is_told_once_more() {
        let mut board = board();
        change(&mut board, 1, "a", Lane::News);
        let version = due(&mut board, secs(0)).remove(0);
        assert!(board.goes_out(&version));
        change(&mut board, 2, "a", Lane::Kill);
        assert_eq!(board.take_overtaken(), [version.ticket]);
        let kill = due(&mut board, secs(0)).remove(0);
        assert_eq!(board.answered(&version, &told("publish"), secs(0), at(0)), Follows::Nothing);
        let follows = board.answered(&kill, &told("kill"), secs(1), at(1));
        assert_eq!(follows, Follows::Confirmed { since: at(0), first: at(1), settled: false });
        change(&mut board, 3, "b", Lane::News);
        assert_eq!(names(&due(&mut board, secs(1))), ["b"], "a kill that was told keeps nobody waiting");
        let (again, when) = board.due(secs(2), true);
        assert!(again.is_empty() && when == Some(secs(5)));
        let again = due(&mut board, secs(5)).remove(0);
        let follows = board.answered(&again, &told("kill"), secs(5), at(5));
        assert_eq!(follows, Follows::Confirmed { since: at(0), first: at(1), settled: true });
        assert!(!board.has_open_kill(&item("a")));
    }

    #[test]
    fn what_was_not_sent_yet_is_overtaken_without_a_trace() {
        let mut board = board();
        change(&mut board, 1, "a", Lane::News);
        let version = due(&mut board, secs(0)).remove(0);
        change(&mut board, 2, "a", Lane::Kill);
        assert!(!board.goes_out(&version), "it must not be sent any more");
        let kill = due(&mut board, secs(0)).remove(0);
        board.answered(&kill, &told("kill"), secs(0), at(0));
        assert_eq!(board.open(), (0, 0));
    }

    #[test]
    fn a_kill_that_is_told_before_it_is_recorded_is_not_told_again_when_it_is() {
        let mut board = board();
        board.falls(item("a"), at(0), secs(0));
        let kill = due(&mut board, secs(0)).remove(0);
        assert!(kill.foretold);
        board.answered(&kill, &told("kill"), secs(0), at(0));
        change(&mut board, 1, "a", Lane::Kill);
        assert!(due(&mut board, secs(0)).is_empty());
        // And one that is recorded while it is under way neither.
        board.falls(item("b"), at(0), secs(0));
        let kill = due(&mut board, secs(0)).remove(0);
        change(&mut board, 2, "b", Lane::Kill);
        board.answered(&kill, &told("kill"), secs(0), at(0));
        assert_eq!((due(&mut board, secs(0)).len(), board.told()), (0, 2));
    }

    #[test]
    fn a_kill_that_changes_nothing_is_taken_back_by_a_higher_revision() {
        let mut board = board();
        board.falls(item("a"), at(0), secs(0));
        let kill = due(&mut board, secs(0)).remove(0);
        board.answered(&kill, &told("kill"), secs(0), at(0));
        board.spared(item("a"), 18, at(1), secs(1));
        let back = due(&mut board, secs(1)).remove(0);
        assert_eq!((back.foretold, back.floor), (false, 18));
    }

    #[test]
    fn an_outlet_that_is_down_is_asked_by_one_call_and_more_and_more_rarely() {
        let mut board = board();
        for (seq, name) in [(1, "a"), (2, "b"), (3, "c")] {
            change(&mut board, seq, name, Lane::News);
        }
        let mut now = secs(0);
        for one in due(&mut board, now) {
            board.answered(&one, &fails(false, false), now, at(0));
        }
        let mut pauses = Vec::new();
        for _ in 0..12 {
            let (none, when) = board.due(now, true);
            assert!(none.is_empty());
            pauses.push((when.unwrap() - now).as_secs_f64());
            now = when.unwrap();
            let one = due(&mut board, now);
            assert_eq!(one.len(), 1);
            board.answered(&one[0], &fails(false, false), now, at(0));
        }
        assert_eq!(pauses, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]);
        // A kill is tried at once, and then at least each half minute.
        now += secs(2);
        change(&mut board, 4, "k", Lane::Kill);
        for _ in 0..12 {
            let one = due(&mut board, now);
            assert_eq!(names(&one), ["k"]);
            board.answered(&one[0], &fails(false, false), now, at(0));
            let when = board.due(now, true).1.unwrap();
            assert!(when - now <= secs(30), "{:?}", when - now);
            now = when;
        }
        // It is back: first the kill, then everything else.
        let one = due(&mut board, now);
        board.answered(&one[0], &told("kill"), now, at(0));
        assert_eq!(names(&due(&mut board, now)), ["a", "b"]);
    }

    #[test]
    fn patience_is_given_within_bounds() {
        let check = |lane: Lane, asked: u64, expect: u64| {
            let mut board = board();
            change(&mut board, 1, "a", lane);
            let one = due(&mut board, secs(0));
            let error = CallError {
                why: "busy".to_owned(),
                may_arrive: false,
                refused: false,
                patience: Some(secs(asked)),
            };
            board.answered(&one[0], &Said::Failed(error), secs(0), at(0));
            assert_eq!(board.due(secs(0), true).1, Some(secs(expect)), "{lane:?} {asked}");
        };
        check(Lane::News, 90, 90);
        check(Lane::News, 90_000, 3_600);
        check(Lane::Kill, 20, 20);
        check(Lane::Kill, 90_000, 60);
    }

    #[test]
    fn what_is_refused_keeps_nothing_else_waiting() {
        let mut board = board();
        change(&mut board, 1, "a", Lane::News);
        change(&mut board, 2, "k", Lane::Kill);
        let kill = due(&mut board, secs(0)).remove(0);
        let follows = board.answered(&kill, &fails(false, true), secs(0), at(0));
        assert_eq!(follows, Follows::Failed { kill: Some((at(0), false)) });
        assert_eq!(names(&due(&mut board, secs(0))), ["a"]);
        assert_eq!(names(&due(&mut board, secs(1))), ["k"], "it is tried again");
    }

    #[test]
    fn no_more_calls_a_minute_than_asked_but_kills_do_not_count() {
        let mut board = Board::new(Terms { per_minute: Some(6), ..TERMS }, 0, 0, secs(0));
        for (seq, name) in [(1, "a"), (2, "b")] {
            change(&mut board, seq, name, Lane::News);
        }
        assert_eq!(names(&due(&mut board, secs(1))), ["a"]);
        assert_eq!(board.due(secs(1), true).1, Some(secs(11)));
        change(&mut board, 3, "k", Lane::Kill);
        let kill = due(&mut board, secs(1));
        assert_eq!(names(&kill), ["k"]);
        board.answered(&kill[0], &told("kill"), secs(1), at(0));
        assert_eq!(names(&due(&mut board, secs(11))), ["b"]);
    }

    #[test]
    fn memory_is_bounded_and_kills_always_find_room() {
        let mut board = board();
        let many = KEPT as u64 + 10;
        for seq in 1..=many {
            change(&mut board, seq, &format!("n{seq}"), Lane::News);
        }
        assert_eq!(board.open(), (0, KEPT));
        assert_eq!((board.read(), board.is_behind()), (KEPT as u64, false), "the rest stays in the journal");
        change(&mut board, many + 1, "k", Lane::Kill);
        let kill = due(&mut board, secs(0));
        assert_eq!(names(&kill), ["k"]);
        board.answered(&kill[0], &told("kill"), secs(0), at(0));
        // Read on when half of it is told.
        for _ in 0..KEPT / 4 {
            assert!(!board.is_behind());
            for one in due(&mut board, secs(0)) {
                board.answered(&one, &told("publish"), secs(0), at(0));
            }
        }
        assert!(board.is_behind());
        assert_eq!(board.told(), KEPT as u64 / 2);
        for n in 0..KILLS + 5 {
            change(&mut board, many + 2 + n as u64, &format!("k{n}"), Lane::Kill);
        }
        assert_eq!(board.open().0, KILLS);
        assert!(!board.wants_kills(), "the index is asked once these are told");
    }

    #[test]
    fn a_start_goes_on_where_the_receipts_end() {
        let mut board = Board::new(TERMS, 10, 17, secs(0));
        let receipt =
            |seq: u64, name: &str, kill, revision| (seq, Heard::Receipt { key: item(name), kill, revision });
        assert!(board.is_behind());
        change(&mut board, 11, "a", Lane::News);
        change(&mut board, 12, "b", Lane::News);
        change(&mut board, 13, "k", Lane::Kill);
        for (seq, heard) in
            [receipt(14, "a", false, 22), receipt(15, "b", false, 20), receipt(16, "k", false, 20)]
        {
            board.hear(seq, Some(heard), secs(0));
        }
        assert_eq!(board.open(), (1, 2), "b was told of an older revision, and k of no kill");
        let (seq, heard) = receipt(17, "k", true, 19);
        board.hear(seq, Some(heard), secs(0));
        assert!(!board.is_behind());
        assert_eq!((board.told(), names(&due(&mut board, secs(0)))), (11, vec!["b"]));
    }

    #[test]
    fn what_was_under_way_when_the_process_ended_may_still_arrive() {
        let kill = |open: bool| {
            let mut board = Board::new(TERMS, 0, 1, secs(100));
            let heard = open.then(|| Heard::Change { key: item("a"), lane: Lane::News, seq: 1, at: at(0) });
            board.hear(1, heard, secs(100));
            board.falls(item("a"), at(0), secs(101));
            let one = board.due(secs(101), true).0.remove(0);
            board.answered(&one, &told("kill"), secs(101), at(0))
        };
        let confirmed = |settled| Follows::Confirmed { since: at(0), first: at(0), settled };
        assert_eq!(kill(true), confirmed(false), "it is told once more");
        assert_eq!(kill(false), confirmed(true), "nothing was under way");
    }
}
