//! The oracle. It hears what was delivered, ordered and answered, looks at what readers get, and knows nothing of how the
//! newsroom decides.
//!
//! Where the promises leave open what is to happen (an operator has meddled, an order was never answered) an item is
//! *vague*: what must not be seen is asked of it all the same, what must be seen is not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use news::ItemKey;

use crate::event::Switch;
use crate::readers::{Page, Seen};
use crate::wires::{Embargo, Feed, IN_ATOM, IN_RSS, ITEMS, Says, Transmission, Wire, key, mark, minute};

/// A promise that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// `nothing lost`, `nothing changed`, `nothing late`, `nothing hidden`.
    pub promise: &'static str,
    /// What was seen.
    pub what: String,
}

/// When and how the oracle looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The time that has really passed.
    pub(crate) now: Timestamp,
    /// The wall clock says so, too.
    pub(crate) clock_is_right: bool,
    /// Nothing is left for the desk to do.
    pub(crate) at_rest: bool,
}

/// What was promised about one item.
#[derive(Clone, Debug, Default)]
struct Promised {
    /// The newest version, by what its agency says.
    top: Option<Wire>,
    /// What was last said of these words.
    last: BTreeMap<u32, Wire>,
    /// Words that were sent when the disk failed: whether they came then, before what came next, is open.
    doubtful: BTreeSet<u32>,
    /// What was said of them then, and may hold since, until it is answered.
    perhaps: BTreeMap<u32, Wire>,
    /// It was killed.
    dead: bool,
    /// A person, or words that speak of a kill, took it off, and no person has decided about it since.
    off: bool,
    /// What must be seen of it is open.
    vague: bool,
    /// Which version is the newest is open, too.
    unsure: bool,
    /// When it changed.
    changes: Vec<Timestamp>,
    /// The highest version that readers saw on a site.
    shown: u32,
}

/// The oracle.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    items: [Promised; ITEMS as usize],
    /// All words that were ever sent, acknowledged or not, by whose they are.
    given: BTreeMap<u32, Wire>,
    hold_all: bool,
    /// Rules about dates judge by the clock, and may hold what is decided while it is wrong.
    clock_is_wrong: bool,
    /// Words that readers have seen, so that what is new under *hold everything* can be told.
    seen: BTreeSet<u32>,
}

const LABEL: &str = "Disclaimer: not reviewed by an editor";
const HOUR: SignedDuration = SignedDuration::from_hours(1);

impl Oracle {
    fn item(&mut self, item: u32) -> &mut Promised {
        &mut self.items[item as usize % ITEMS as usize]
    }

    /// Somebody sends this; whether it came is not known yet.
    pub(crate) fn sent(&mut self, transmission: &Transmission) {
        for wire in &transmission.wires {
            let last = &self.items[wire.item as usize % ITEMS as usize].last;
            match self.given.get(&wire.words) {
                // The same words came without an embargo, and nobody has answered for them yet: so they may be public.
                Some(before) if before.embargo.is_none() && !last.contains_key(&wire.words) => {}
                _ => drop(self.given.insert(wire.words, *wire)),
            }
        }
    }

    /// Somebody set the clock.
    pub(crate) fn clock_is(&mut self, right: bool) {
        self.clock_is_wrong = !right;
    }

    /// What was acknowledged is through the newsroom.
    pub(crate) fn through(&mut self, transmission: &Transmission, now: Timestamp) {
        for wire in &transmission.wires {
            self.delivered(*wire, transmission.feed, now);
        }
    }

    fn delivered(&mut self, wire: Wire, feed: Feed, now: Timestamp) {
        let (hold_all, clock_is_wrong) = (self.hold_all, self.clock_is_wrong);
        match wire.says {
            Says::Cancels(item) => {
                let target = self.item(item);
                // A deletion says when it happened: what was updated after it stands.
                match target.top {
                    Some(top) if feed == Feed::Atom && top.claimed > wire.claimed => target.vague = true,
                    _ => target.dead = true,
                }
                return;
            }
            Says::SpeaksOfKilling(item) => {
                let target = self.item(item);
                // Words whose licence has ended are gone, and name nothing any more.
                // If the disk failed under the notice, a person may have decided after it was read.
                let decided = target.doubtful.contains(&wire.words);
                if !decided && target.last.values().any(|wire| wire.expires.is_none()) {
                    target.off = true;
                }
                target.vague = true;
                return;
            }
            Says::Usable | Says::Withheld | Says::Canceled => {}
        }
        let promised = self.item(wire.item);
        promised.dead |= wire.says == Says::Canceled;
        promised.vague |= hold_all || clock_is_wrong;
        let known = promised.last.insert(wire.words, wire).is_some();
        if promised.perhaps.get(&wire.words) == Some(&wire) {
            promised.perhaps.remove(&wire.words);
        }
        let Some(top) = promised.top else {
            promised.top = Some(wire);
            return;
        };
        let same = wire.words == top.words;
        let ordered = match wire.item {
            IN_RSS | IN_ATOM => wire.claimed > top.claimed,
            _ => wire.version != top.version,
        };
        let doubtful = promised.doubtful.contains(&wire.words);
        let newer = match wire.item {
            _ if doubtful && !same && !ordered => {
                (promised.vague, promised.unsure) = (true, true);
                false
            }
            IN_RSS => !same && (!known || wire.claimed > top.claimed),
            IN_ATOM => !same && (wire.claimed > top.claimed || wire.claimed == top.claimed && !known),
            _ if wire.version == top.version && known && !same => {
                (promised.vague, promised.unsure) = (true, true);
                false
            }
            _ => wire.version >= top.version,
        };
        if newer {
            promised.top = Some(wire);
        }
        if newer && !same {
            // A fourth change within an hour that the agency does not number may wait for a person.
            let numbered = wire.item < IN_RSS && wire.version > top.version;
            promised.changes.retain(|at| now.duration_since(*at) < HOUR);
            promised.vague |= !numbered && promised.changes.len() >= 3;
            promised.changes.push(now);
        }
    }

    /// The sender of a kill was refused for want of space: it holds all the same.
    pub(crate) fn refused(&mut self, transmission: &Transmission) {
        for wire in &transmission.wires {
            match wire.says {
                Says::Canceled => self.item(wire.item).dead = true,
                Says::Cancels(item) if transmission.feed != Feed::Atom => self.item(item).dead = true,
                _ => {}
            }
        }
    }

    /// The disk failed while this was archived: it may be there, and be read, before the sender comes again.
    pub(crate) fn doubts(&mut self, transmission: &Transmission) {
        for wire in &transmission.wires {
            if let Says::SpeaksOfKilling(item) = wire.says {
                self.item(item).doubtful.insert(wire.words);
            }
            let promised = self.item(wire.item);
            promised.doubtful.insert(wire.words);
            promised.perhaps.insert(wire.words, *wire);
        }
    }

    /// An order was carried out.
    pub(crate) fn obeyed(&mut self, order: Switch) {
        match order {
            Switch::Kill(item) => self.item(item).dead = true,
            Switch::Hold(item) => (self.item(item).off, self.item(item).vague) = (true, true),
            Switch::Release(item) | Switch::Spike(item) => self.decided(item),
            Switch::HoldAll(on) => {
                self.hold_all = on;
                // What waits for its instant waits for a person instead.
                for promised in &mut self.items {
                    // What was decided before the switch may go.
                    self.seen.extend(promised.last.keys());
                    promised.vague |= promised.top.is_some_and(|top| top.embargo.is_some());
                }
            }
            Switch::Rebuild => {}
        }
    }

    /// An order was given, and nobody knows whether it was carried out.
    pub(crate) fn perhaps(&mut self, order: Switch) {
        match order {
            Switch::Release(item) | Switch::Spike(item) | Switch::Hold(item) => self.decided(item),
            Switch::HoldAll(_) => self.items.iter_mut().for_each(|promised| promised.vague = true),
            Switch::Kill(_) | Switch::Rebuild => {}
        }
    }

    /// A person has decided something about the item's versions.
    fn decided(&mut self, item: u32) {
        let promised = self.item(item);
        (promised.off, promised.vague, promised.shown) = (false, true, 0);
    }

    /// A safety rule holds a version of it, which the promises leave open.
    pub(crate) fn held_by_rule(&mut self, held: &ItemKey) {
        if let Some(item) = (0..ITEMS).find(|item| key(*item) == *held) {
            self.item(item).vague = true;
        }
    }

    /// Looks at what the readers of one site get.
    pub(crate) fn look(&mut self, site: &str, seen: &Seen, at: Moment) -> Result<(), Broken> {
        for wire in self.given.values() {
            if matches!(wire.says, Says::Cancels(_) | Says::SpeaksOfKilling(_)) && seen.says(&wire.mark()) {
                return Err(hidden(format!(
                    "a notice that withdraws something is published: words {}",
                    wire.words
                )));
            }
        }
        for item in 0..ITEMS {
            self.look_at(item, site, seen, at)?;
        }
        Ok(())
    }

    /// An outlet is told this of an item. `open` is what nobody has answered for yet, and may have been decided already.
    pub(crate) fn told(
        &self,
        outlet: &str,
        item: u32,
        body: &str,
        open: &[Wire],
        now: Timestamp,
    ) -> Result<(), Broken> {
        let name = format!("item {item} at the outlet {outlet}");
        let promised = &self.items[item as usize];
        for wire in self.given.values().filter(|wire| body.contains(&wire.mark())) {
            let words = wire.words;
            if wire.item != item || matches!(wire.says, Says::Cancels(_) | Says::SpeaksOfKilling(_)) {
                return Err(hidden(format!("{name}: it is told words {words}, which are none of its own")));
            }
            let said = promised.last.get(&words).unwrap_or(wire);
            if promised.dead || promised.off {
                return Err(late(format!("{name} is killed or taken off, and it is told words {words}")));
            }
            let lifts = |wire: &Wire| wire.words == words && wire.not_before().is_none_or(|at| at <= now);
            let lifted = promised.perhaps.get(&words).is_some_and(|perhaps| perhaps.embargo.is_none());
            if let Some(Embargo::Until(until)) = said.embargo.filter(|_| !lifted && !open.iter().any(lifts))
                && minute(until) > now
            {
                return Err(late(format!(
                    "{name} is embargoed until minute {until}, and it is told words {words}"
                )));
            }
        }
        Ok(())
    }

    /// Everybody has looked: what they saw is known from here on.
    pub(crate) fn looked(&mut self, all: &[Seen]) {
        self.seen = self
            .given
            .keys()
            .copied()
            .filter(|words| all.iter().any(|seen| seen.says(&mark(*words))))
            .collect();
    }

    fn look_at(&mut self, item: u32, site: &str, seen: &Seen, at: Moment) -> Result<(), Broken> {
        let name = format!("item {item} on {site}");
        let promised = &self.items[item as usize];
        let own = |wire: &&Wire| {
            wire.item == item && !matches!(wire.says, Says::Cancels(_) | Says::SpeaksOfKilling(_))
        };
        let visible = self.given.values().filter(own).filter(|wire| seen.says(&wire.mark()));
        for wire in visible {
            let words = wire.words;
            // What nobody has answered for yet may be public the moment after.
            let said = promised.last.get(&words).unwrap_or(wire);
            if promised.dead {
                return Err(late(format!("{name} is killed, and readers see its words {words}")));
            }
            if promised.off {
                return Err(late(format!("{name} is taken off, and readers see its words {words}")));
            }
            let withheld = promised.top.is_some_and(|top| top.says == Says::Withheld) && !promised.unsure;
            if withheld && at.at_rest {
                return Err(late(format!("the agency withholds {name}, and readers see its words {words}")));
            }
            let lifted = promised.perhaps.get(&words).is_some_and(|perhaps| perhaps.embargo.is_none());
            match said.embargo.filter(|_| !lifted) {
                Some(Embargo::Until(until)) if minute(until) > at.now => {
                    return Err(late(format!(
                        "{name} is embargoed until minute {until}, and readers see words {words}"
                    )));
                }
                Some(Embargo::Open) if !promised.vague && at.at_rest => {
                    return Err(late(format!(
                        "{name} is embargoed without end, and readers see words {words}"
                    )));
                }
                _ => {}
            }
            let over = said.expires.is_some_and(|until| minute(until) <= at.now);
            if over && at.at_rest && at.clock_is_right {
                return Err(late(format!(
                    "the licence of {name} has ended, and readers see its words {words}"
                )));
            }
            if self.hold_all && !promised.vague && !self.seen.contains(&words) {
                return Err(late(format!("everything is held, and words {words} of {name} went live")));
            }
        }
        self.look_at_page(item, &name, seen, at)
    }

    fn look_at_page(&mut self, item: u32, name: &str, seen: &Seen, at: Moment) -> Result<(), Broken> {
        let given: Vec<Wire> = self.given.values().copied().filter(|wire| wire.item == item).collect();
        let promised = &mut self.items[item as usize];
        let page = seen.pages.get(&item).unwrap_or(&Page::Missing);
        let acts = seen.acts.get(&item).map_or(&[][..], Vec::as_slice);
        let was_public = acts.iter().any(|(act, _)| act == "publish");
        let last = acts.last().map(|(act, _)| act.as_str());
        if acts.iter().filter(|(act, _)| act == "publish").count() > 1 {
            return Err(lost(format!("{name} was published twice: {acts:?}")));
        }
        if let Some(pair) = acts.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(lost(format!("{name}: the same act stands twice in the log: {:?}", pair[0])));
        }
        match page {
            Page::Live(text, page) => {
                let Some(wire) = given.iter().find(|wire| wire.text() == *text) else {
                    return Err(changed(format!("{name} shows words that nobody delivered: {text:?}")));
                };
                if !text.split("\n\n").all(|block| page.contains(block.trim_end())) {
                    return Err(changed(format!("the page of {name} says other than its text: {text:?}")));
                }
                if !page.contains(LABEL) || !page.contains("data-label=\"unreviewed\"") {
                    return Err(hidden(format!("the page of {name} carries no label, or a false one")));
                }
                if item < IN_RSS && wire.version < promised.shown {
                    let (older, newer) = (wire.version, promised.shown);
                    return Err(changed(format!("{name} shows version {older} after version {newer}")));
                }
                promised.shown = wire.version;
                if !matches!(last, Some("publish" | "update")) {
                    return Err(hidden(format!("{name} is live, and its last act in the log is {last:?}")));
                }
                if at.at_rest {
                    let missing = ["front", "rss", "atom", "json", "news sitemap", "first sitemap", "search"]
                        .into_iter()
                        .find(|list| {
                            let by = if list.ends_with("sitemap") { &seen.ids[&item] } else { &wire.mark() };
                            !seen.list(list).contains(by.as_str())
                        });
                    if let Some(list) = missing {
                        return Err(lost(format!("{name} is live, and the {list} does not know it")));
                    }
                }
            }
            Page::Unfit => return Err(lost(format!("the page of {name} cannot be shown"))),
            Page::Missing if was_public && at.at_rest => {
                return Err(hidden(format!("{name} was public, and its page answers as if it never was")));
            }
            Page::Gone(_) if !was_public => {
                return Err(hidden(format!("{name} was never public, and its page says that it is gone")));
            }
            Page::Gone(_) if at.at_rest && !matches!(last, Some("kill" | "withhold" | "expire")) => {
                return Err(hidden(format!("{name} is gone, and its last act in the log is {last:?}")));
            }
            Page::Gone(_) | Page::Missing => {}
        }
        if !at.at_rest {
            return Ok(());
        }
        if promised.dead && was_public && last != Some("kill") {
            return Err(hidden(format!(
                "{name} was public and is killed, and its last act in the log is {last:?}"
            )));
        }
        let grave = |atom: &str| {
            atom.contains("deleted-entry") && seen.ids.get(&item).is_some_and(|id| atom.contains(id))
        };
        if promised.dead && was_public && !grave(seen.list("atom")) {
            return Err(hidden(format!("{name} is killed, and the Atom feed does not say so")));
        }
        let must = promised.top.filter(|top| {
            let open = top.not_before().is_none_or(|until| until <= at.now);
            let licensed = top.expires.is_none_or(|until| minute(until) > at.now);
            top.says == Says::Usable && open && licensed && at.clock_is_right
        });
        let main = name.ends_with(" main");
        if let Some(top) = must.filter(|_| main && !promised.vague && !promised.dead && !promised.off)
            && !matches!(page, Page::Live(text, _) if *text == top.text())
        {
            let Wire { version, words, .. } = top;
            let page = format!("{page:?}").chars().take(80).collect::<String>();
            return Err(lost(format!(
                "{name} should show version {version}, words {words}, and answers {page}"
            )));
        }
        Ok(())
    }

    /// The items of which something was acknowledged and is through.
    pub(crate) fn known(&self) -> impl Iterator<Item = u32> + '_ {
        (0..ITEMS).filter(|item| self.items[*item as usize].top.is_some())
    }
}

pub(crate) fn lost(what: String) -> Broken {
    Broken { promise: "nothing lost", what }
}

pub(crate) fn changed(what: String) -> Broken {
    Broken { promise: "nothing changed", what }
}

pub(crate) fn late(what: String) -> Broken {
    Broken { promise: "nothing late", what }
}

pub(crate) fn hidden(what: String) -> Broken {
    Broken { promise: "nothing hidden", what }
}
