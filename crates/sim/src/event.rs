//! What happens in a history.

use newsroom::rehearsal::Fate;

use crate::chance::Chance;
use crate::outlets::{Manner, OUTLETS};
use crate::wires::{Embargo, Feed, IN_ATOM, IN_RSS, ITEMS, Says, Transmission, Wire};

/// What an operator orders of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Away with it, for good.
    Kill(u32),
    /// Off until further notice.
    Hold(u32),
    /// The newest that waits may go.
    Release(u32),
    /// The newest that waits shall not.
    Spike(u32),
    /// Hold everything, or no longer.
    HoldAll(bool),
    /// The index is made anew.
    Rebuild,
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// These arrive at once, are acknowledged or refused, and wait for the desk.
    Arrive(Vec<Transmission>),
    /// An order is given, and waits for the desk.
    Order(Switch),
    /// The desk has so many turns.
    Work(u32),
    /// The desk works until nothing is left.
    Rest,
    /// Time passes, in seconds, and the desk is awake.
    Pass(u32),
    /// Somebody sets the wall clock, by so many minutes.
    Step(i64),
    /// The disk is full for so many seconds.
    Fill(u32),
    /// After so many further writes one meets this fate, and the process ends by it.
    Fault(u32, Fate),
    /// So many of the next answers of outputs say that what went is still there.
    Lie(u32),
    /// For so many seconds no output says whether something is gone.
    Silence(u32),
    /// One of the outlets behaves so.
    Outlet(usize, Manner),
    /// The power goes and comes back.
    Crash,
    /// It is stopped, and started again.
    Restart,
}

/// The history of a seed.
pub fn invent(seed: u64) -> Vec<Event> {
    let mut author =
        Author { chance: Chance::new(seed), now: 0, words: 0, told: vec![Vec::new(); ITEMS as usize] };
    // What outlets do is drawn apart: it changes nothing of what else happens.
    let mut outlets = Chance::new(seed ^ 0x6f75_746c_6574);
    let length = 5 + author.chance.below(14);
    let mut events = Vec::new();
    for _ in 0..length {
        if outlets.once_in(8) {
            events.push(misbehaves(&mut outlets));
        }
        let event = author.event();
        let puts = matches!(event, Event::Arrive(_) | Event::Order(_));
        events.push(event);
        // Mostly the desk is through before the next thing happens.
        match author.chance.below(8) {
            0..=4 if puts => events.push(Event::Rest),
            5 if puts => events.push(Event::Work(1 + author.chance.below(2))),
            _ => {}
        }
    }
    events.extend(last_straw(&mut Chance::new(seed ^ 0x656e_6469_6e67), author.words + 1));
    events.push(Event::Rest);
    events
}

/// What is rare otherwise, at the end of some histories and drawn apart, too: an order that the process may not outlive,
/// and a version that it concerns.
fn last_straw(chance: &mut Chance, words: u32) -> Vec<Event> {
    let item = chance.below(IN_RSS);
    let newer =
        Wire { item, version: 1_000, words, says: Says::Usable, embargo: None, expires: None, claimed: 0 };
    let comes = Event::Arrive(vec![Transmission { feed: Feed::World, wires: vec![newer] }]);
    let fate = chance.one_of(&[Fate::Fails, Fate::FailsAfter]);
    let mut events = match chance.below(8) {
        0 => vec![Event::Fault(chance.below(4), fate), Event::Order(Switch::Kill(item))],
        1 => vec![
            Event::Order(Switch::HoldAll(true)),
            Event::Rest,
            if chance.once_in(2) { Event::Crash } else { Event::Restart },
        ],
        _ => return Vec::new(),
    };
    events.extend([Event::Rest, comes]);
    events
}

/// An outlet that is not as it should be.
fn misbehaves(chance: &mut Chance) -> Event {
    let manner = match chance.below(5) {
        0 | 1 => Manner::Down(chance.one_of(&[20, 600, 6 * 3_600])),
        2 => Manner::Slow(1 + chance.below(3)),
        3 => Manner::Lies(1 + chance.below(3)),
        _ => Manner::Breaks(1 + chance.below(3)),
    };
    Event::Outlet(chance.below(OUTLETS.len() as u32) as usize, manner)
}

/// Who makes up a history.
struct Author {
    chance: Chance,
    /// Minutes since the beginning.
    now: i64,
    /// The words used last.
    words: u32,
    /// What was said of each item, in order.
    told: Vec<Vec<Wire>>,
}

impl Author {
    fn event(&mut self) -> Event {
        match self.chance.below(28) {
            0..=13 => {
                let many = if self.chance.once_in(4) { 2 + self.chance.below(2) } else { 1 };
                Event::Arrive((0..many).map(|_| self.transmission()).collect())
            }
            14 => Event::Order(Switch::Kill(self.chance.below(ITEMS))),
            15 => Event::Order(Switch::Hold(self.chance.below(ITEMS))),
            16 => Event::Order(Switch::Release(self.chance.below(ITEMS))),
            17 => Event::Order(match self.chance.below(3) {
                0 => Switch::Rebuild,
                _ => Switch::Spike(self.chance.below(ITEMS)),
            }),
            18 => Event::Order(Switch::HoldAll(self.chance.once_in(2))),
            19 | 20 => {
                let minutes = self.chance.one_of(&[1, 6, 11, 71]);
                self.now += minutes;
                Event::Pass(minutes as u32 * 60)
            }
            21 => Event::Step(self.chance.one_of(&[90, 600, -30, -300])),
            22 => Event::Fill(self.chance.one_of(&[2, 30])),
            23 => {
                let fate = self.chance.one_of(&[Fate::Fails, Fate::FailsAfter]);
                Event::Fault(self.chance.below(9), fate)
            }
            24 => Event::Crash,
            25 => Event::Lie(1 + self.chance.below(3)),
            26 => Event::Silence(self.chance.one_of(&[5, 120])),
            _ => Event::Restart,
        }
    }

    fn transmission(&mut self) -> Transmission {
        match self.chance.below(12) {
            0..=7 => {
                let feed = self.chance.one_of(&[Feed::World, Feed::World, Feed::Sport]);
                let many = if self.chance.once_in(6) { 2 + self.chance.below(2) } else { 1 };
                Transmission { feed, wires: (0..many).map(|_| self.numbered()).collect() }
            }
            8 => {
                let target = self.chance.below(IN_RSS);
                let says = match self.chance.once_in(2) {
                    true => Says::Cancels(target),
                    false => Says::SpeaksOfKilling(target),
                };
                let notice = Wire { says, ..self.new_words(target) };
                Transmission { feed: Feed::World, wires: vec![notice] }
            }
            9 | 10 => Transmission { feed: Feed::Rss, wires: vec![self.listed()] },
            _ => Transmission { feed: Feed::Atom, wires: vec![self.dated()] },
        }
    }

    /// Words that nobody ever saw.
    fn new_words(&mut self, item: u32) -> Wire {
        self.words += 1;
        Wire {
            item,
            version: 1,
            words: self.words,
            says: Says::Usable,
            embargo: None,
            expires: None,
            claimed: self.now,
        }
    }

    fn told(&mut self, wire: Wire) -> Wire {
        self.told[wire.item as usize].push(wire);
        wire
    }

    /// A version of an agency that numbers them.
    fn numbered(&mut self) -> Wire {
        let item = self.chance.below(IN_RSS);
        let before = self.told[item as usize].clone();
        let newest = before.iter().map(|wire| wire.version).max().unwrap_or(0);
        let mut wire = match self.chance.below(8) {
            // Again, word for word; perhaps with something else beside the words.
            0 if !before.is_empty() => self.chance.one_of(&before),
            // Other words under a number that is known.
            1 if newest > 0 => Wire { version: newest, ..self.new_words(item) },
            // A number that was passed over, or is late.
            2 if newest > 0 => Wire { version: 1 + self.chance.below(newest), ..self.new_words(item) },
            // The next; sometimes it comes before the one before it.
            n => Wire { version: newest + 1 + u32::from(n == 7), ..self.new_words(item) },
        };
        if self.chance.once_in(4) {
            wire.embargo = match self.chance.below(6) {
                0 => Some(Embargo::Open),
                1 => None,
                _ => Some(Embargo::Until(self.now + self.chance.one_of(&[-5, 1, 10, 70]))),
            };
        }
        if self.chance.once_in(10) {
            wire.expires = Some(self.now + self.chance.one_of(&[-5, 5, 60]));
        }
        wire.says = match self.chance.below(14) {
            0 => Says::Canceled,
            1 | 2 => Says::Withheld,
            _ => Says::Usable,
        };
        self.told(wire)
    }

    /// What a feed lists now, or what another of its servers still lists.
    fn listed(&mut self) -> Wire {
        let before = self.told[IN_RSS as usize].clone();
        let last = before.last().map(|wire| wire.claimed);
        let wire = match (self.chance.below(5), last) {
            (0 | 1, Some(_)) => self.chance.one_of(&before),
            // Other words, and the old date.
            (2, Some(claimed)) => Wire { claimed, ..self.new_words(IN_RSS) },
            _ => self.new_words(IN_RSS),
        };
        self.told(wire)
    }

    /// A version that says when it was made, or that the item is deleted.
    fn dated(&mut self) -> Wire {
        let before = self.told[IN_ATOM as usize].clone();
        match self.chance.below(6) {
            0 => Wire { says: Says::Cancels(IN_ATOM), ..self.new_words(IN_ATOM) },
            1 if !before.is_empty() => self.chance.one_of(&before),
            _ => {
                let wire = self.new_words(IN_ATOM);
                self.told(wire)
            }
        }
    }
}

/// In words.
pub(crate) fn tell(event: &Event) -> String {
    match event {
        Event::Arrive(all) => all.iter().map(tell_transmission).collect::<Vec<_>>().join("; at once "),
        Event::Order(order) => match order {
            Switch::Kill(item) => format!("the operator kills item {item}"),
            Switch::Hold(item) => format!("the operator holds item {item}"),
            Switch::Release(item) => format!("the operator releases item {item}"),
            Switch::Spike(item) => format!("the operator spikes item {item}"),
            Switch::HoldAll(true) => "the operator holds everything".to_owned(),
            Switch::HoldAll(false) => "the operator lets things go again".to_owned(),
            Switch::Rebuild => "the operator has the index made anew".to_owned(),
        },
        Event::Work(turns) => format!("the desk has {turns} turn(s)"),
        Event::Rest => "the desk works until nothing is left".to_owned(),
        Event::Pass(seconds) => format!("{seconds} s pass"),
        Event::Step(minutes) => format!("somebody sets the clock by {minutes} min"),
        Event::Fill(seconds) => format!("the disk is full for {seconds} s"),
        Event::Fault(writes, fate) => {
            let done = if *fate == Fate::FailsAfter { "is done and said to fail" } else { "fails" };
            format!("the {}th write from now {done}", writes + 1)
        }
        Event::Lie(answers) => format!("outputs lie {answers} time(s): they say that it is still there"),
        Event::Silence(seconds) => format!("no output answers who asks, for {seconds} s"),
        Event::Outlet(which, manner) => {
            let name = OUTLETS.get(*which).map_or("", |(name, _)| name);
            match manner {
                Manner::Down(seconds) => format!("the outlet {name} is down for {seconds} s"),
                Manner::Slow(calls) => {
                    format!("the next {calls} call(s) of the outlet {name} are slow on their way")
                }
                Manner::Lies(calls) => {
                    format!("the outlet {name} takes {calls} call(s) and says that it did not")
                }
                Manner::Breaks(calls) => {
                    format!("the outlet {name} takes {calls} call(s) and the connection breaks")
                }
            }
        }
        Event::Crash => "the power goes and comes back".to_owned(),
        Event::Restart => "it is stopped and started again".to_owned(),
    }
}

fn tell_transmission(of: &Transmission) -> String {
    let wires = of.wires.iter().map(|wire| {
        let Wire { item, version, words, claimed, .. } = wire;
        let mut told = match wire.says {
            Says::Cancels(item) => return format!("a document that cancels item {item} (words {words})"),
            Says::SpeaksOfKilling(item) => {
                return format!("a notice that item {item} is killed (words {words})");
            }
            Says::Usable => format!("item {item} version {version}, words {words} of minute {claimed}"),
            Says::Withheld => format!("item {item} version {version}, words {words}, withheld"),
            Says::Canceled => format!("item {item} version {version}, words {words}, canceled"),
        };
        match wire.embargo {
            Some(Embargo::Open) => told.push_str(", embargoed without end"),
            Some(Embargo::Until(at)) => told.push_str(&format!(", embargoed until minute {at}")),
            None => {}
        }
        if let Some(at) = wire.expires {
            told.push_str(&format!(", expires in minute {at}"));
        }
        told
    });
    format!("on {}: {}", of.feed.id(), wires.collect::<Vec<_>>().join(" and "))
}
