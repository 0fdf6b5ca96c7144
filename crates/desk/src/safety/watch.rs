//! What was seen of everything that came: the memory of the rules that look beyond one story.
//!
//! All of it is bounded: texts by number, feeds by what is configured, traffic by a week of ten-minute slots.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use news::{Act, FeedId, ItemKey, Version};

use super::sketch::{KILLED_FOR, Twins};
use super::{Finding, Profile, Rule, Rules, Safety, Sketch};

/// Within how long a burst is one, and findings trip a breaker.
const TEN_MINUTES: i64 = 600;
/// How long traffic is remembered, in slots of ten minutes.
const WEEK: usize = 7 * 24 * 6;
/// How many instants of one kind are kept for one feed.
const INSTANTS: usize = 2_048;
/// An item that is older than this by its own time did not come in a burst: it was late.
const LATE: SignedDuration = SignedDuration::from_mins(30);
/// How many killed texts are remembered.
const KILLED: usize = 4_096;
/// Fewer words than this are like those of many others.
const FEW_WORDS: u32 = 40;
/// The same for killed words: a flash is short.
const FEWEST_WORDS: u32 = 6;
/// How much of two texts must be the same for one to be the other's twin.
const TWIN: f64 = 0.85;
/// The same with a killed text.
const KILLED_TWIN: f64 = 0.8;
/// The same for one that another agency tells of the same event: agencies change datelines and a word here and there.
const SAME_EVENT: f64 = 0.7;
/// Within how long what two agencies tell in the same words is told of the same event.
pub const GROUP_FOR: SignedDuration = SignedDuration::from_hours(48);
/// How many stories must have had a body before none is odd.
const BODIES: u32 = 50;
/// How many transmissions must have come from the same sender before another is odd.
const SENDINGS: u32 = 20;
/// How many senders of a feed are kept.
const SENDERS: usize = 16;
/// How many numbers must have come in a row before a missing one is a gap.
const IN_A_ROW: u32 = 10;
/// How many feeds' breakers make everything wait.
const BREAKERS: usize = 3;

/// A version that arrived, as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// The feed.
    pub feed: &'a FeedId,
    /// The item.
    pub key: &'a ItemKey,
    /// The version.
    pub version: &'a Version,
    /// Its words, gone through.
    pub profile: &'a Profile,
    /// In which format and by which door it came, and from which host where we asked one: the same for each
    /// transmission of an ordinary feed.
    pub sender: &'a str,
    /// The host or peer that sent it, where there was one.
    pub peer: &'a str,
    /// When it was here.
    pub at: Timestamp,
}

/// Something that an operator should know and that concerns no single version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A rule that only alarms has found something.
    Alarm(Finding),
    /// The feed's breaker has tripped: from now on a person looks at everything on it.
    Tripped {
        /// Whether so many feeds' breakers have tripped that everything is to be held.
        everything: bool,
    },
}

/// The memory.
#[derive(Clone, Debug)]
pub struct Watch {
    pub(super) twins: Twins,
    pub(super) killed: Twins,
    pub(super) feeds: BTreeMap<FeedId, Traffic>,
}

/// What was seen of one feed.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// New stories by ten-minute slot, the newest last.
    pub(super) slots: VecDeque<(i64, u32)>,
    /// When new stories came lately.
    pub(super) recent: VecDeque<i64>,
    pub(super) flashes: VecDeque<i64>,
    pub(super) obituaries: VecDeque<i64>,
    /// When rules found something lately.
    pub(super) findings: VecDeque<i64>,
    pub(super) tripped: bool,
    pub(super) bodies: u32,
    pub(super) bare: u32,
    /// Each sender, and how many transmissions came from it.
    pub(super) senders: Vec<(String, u32)>,
    /// The last sender that was none of them.
    pub(super) stranger: Option<String>,
    pub(super) last_number: Option<u32>,
    pub(super) in_a_row: u32,
    pub(super) last: Option<i64>,
    pub(super) first: Option<i64>,
    pub(super) stories: u32,
    pub(super) longest_silence: i64,
    pub(super) silent: bool,
}

impl Watch {
    /// An empty memory with room for so many texts.
    pub fn new(texts: usize) -> Self {
        Self { twins: Twins::new(texts), killed: Twins::new(KILLED.min(texts)), feeds: BTreeMap::new() }
    }

    /// How many texts are remembered, and how many killed ones.
    pub fn len(&self) -> (usize, usize) {
        (self.twins.len(), self.killed.len())
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == (0, 0)
    }

    /// What the rules that look beyond one story find about a version, before it is decided about.
    pub fn look(&self, arrived: &Arrived<'_>, rules: &Rules, now: Timestamp) -> Vec<Finding> {
        let mut found = Vec::new();
        if !rules.any() {
            return found;
        }
        let mut ask = |rule: Rule, finds: &dyn Fn() -> Option<String>| {
            if rules.mode(rule) != Safety::Off
                && let Some(text) = finds()
            {
                found.push(Finding { rule, text });
            }
        };
        let (item, sketch) = (item_hash(arrived.key), &arrived.profile.sketch);
        ask(Rule::KilledTwin, &|| self.killed_twin(item, sketch, now));
        ask(Rule::OldTwin, &|| self.old_twin(item, sketch, rules, now));
        let before = self.twins.of(item).map(|(_, sketch)| sketch);
        ask(Rule::LargeChange, &|| large_change(before?, sketch));
        ask(Rule::CutBody, &|| cut(before?, sketch));
        ask(Rule::UnexpectedSender, &|| unlisted(rules, arrived.peer));
        if let Some(traffic) = self.feeds.get(arrived.feed) {
            ask(Rule::Burst, &|| traffic.burst(arrived, rules, now));
            ask(Rule::Flashes, &|| traffic.flashes(arrived.version, rules, now));
            ask(Rule::EmptyBody, &|| traffic.bare(arrived));
            ask(Rule::UnexpectedSender, &|| traffic.stranger(rules, arrived.sender));
        }
        found
    }

    fn killed_twin(&self, item: u64, sketch: &Sketch, now: Timestamp) -> Option<String> {
        if sketch.words() < FEWEST_WORDS {
            return None;
        }
        let (overlap, at) = self.killed.find(item, sketch, KILLED_TWIN, Timestamp::MAX)?;
        (now.duration_since(at) <= KILLED_FOR)
            .then(|| format!("{:.0} % of its words are those of an item killed at {at}", overlap * 100.0))
    }

    fn old_twin(&self, item: u64, sketch: &Sketch, rules: &Rules, now: Timestamp) -> Option<String> {
        if sketch.words() < FEW_WORDS {
            return None;
        }
        let until = now.saturating_sub(rules.twin_age).unwrap_or(Timestamp::MIN);
        let (overlap, at) = self.twins.find(item, sketch, TWIN, until)?;
        Some(format!("{:.0} % of its words are those of another story of {at}", overlap * 100.0))
    }

    /// The item, by its place in this memory, of which a version with these words is a twin: the newest of those that
    /// came within [`GROUP_FOR`] and that are `wanted`. It asks what came, not whether it is live.
    pub fn told_before(&self, sketch: &Sketch, now: Timestamp, wanted: &dyn Fn(u64) -> bool) -> Option<u64> {
        if sketch.words() < FEW_WORDS {
            return None;
        }
        let since = now.saturating_sub(GROUP_FOR).unwrap_or(Timestamp::MIN);
        self.twins.find_lately(sketch, SAME_EVENT, since, wanted)
    }

    /// Remembers a version that was decided about. `first` says that the item was new.
    pub fn record(
        &mut self,
        arrived: &Arrived<'_>,
        act: Act,
        codes: &[&str],
        first: bool,
        rules: &Rules,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        if arrived.profile.sketch.words() >= FEWEST_WORDS && act != Act::Kill {
            self.twins.remember(item_hash(arrived.key), arrived.at, arrived.profile.sketch);
        }
        let traffic = self.feeds.entry(arrived.feed.clone()).or_default();
        if first {
            traffic.story(arrived, act);
        }
        if codes.contains(&Rule::UnexpectedSender.name()) {
            traffic.stranger = Some(arrived.sender.to_owned());
        }
        if rules.mode(Rule::Gap) != Safety::Off
            && let Some(text) = traffic.number(arrived.version)
        {
            notices.push(Notice::Alarm(Finding::new(Rule::Gap, text)));
        }
        // What is old waits by itself: an agency that sends its archive again must not stop its own fresh news.
        let apart = |rule: &Rule| matches!(rule, Rule::Breaker | Rule::WatchWord | Rule::StaleDate);
        let found = codes
            .first()
            .is_some_and(|code| Rule::ALL.iter().any(|rule| rule.name() == *code && !apart(rule)));
        let trips = act == Act::Hold && found && rules.mode(Rule::Breaker) == Safety::On;
        if trips && traffic.trips(arrived.at, rules.breaker) {
            let everything = self.feeds.values().filter(|traffic| traffic.tripped).count() >= BREAKERS;
            notices.push(Notice::Tripped { everything });
        }
        notices
    }

    /// Remembers who sent a transmission, unless it is a stranger.
    pub fn sent(&mut self, feed: &FeedId, sender: &str, rules: &Rules) {
        let traffic = self.feeds.entry(feed.clone()).or_default();
        if traffic.stranger(rules, sender).is_none() {
            traffic.welcome(sender);
        }
    }

    /// A person let something of this feed go: whoever sent it may send.
    pub fn accept(&mut self, feed: &FeedId) {
        if let Some(traffic) = self.feeds.get_mut(feed)
            && let Some(stranger) = traffic.stranger.take()
        {
            traffic.welcome(&stranger);
        }
    }

    /// The item fell: its words are recognised from now on, for thirty days. Returns what is to be kept of them; none
    /// if they were never seen, or too long ago.
    pub fn fell(&mut self, key: &ItemKey, now: Timestamp) -> Option<(u64, Sketch)> {
        let item = item_hash(key);
        let (_, sketch) = self.twins.of(item)?;
        let sketch = *sketch;
        self.recall_killed(item, now, sketch);
        Some((item, sketch))
    }

    /// The same for an item whose words are given, because the memory no longer has them.
    pub fn fell_with(&mut self, key: &ItemKey, sketch: Sketch, now: Timestamp) -> Option<(u64, Sketch)> {
        let item = item_hash(key);
        self.recall_killed(item, now, sketch);
        (sketch.words() >= FEWEST_WORDS).then_some((item, sketch))
    }

    /// Takes up the words of a killed item that were kept.
    pub fn recall_killed(&mut self, item: u64, at: Timestamp, sketch: Sketch) {
        let known = self.killed.of(item).is_some_and(|(_, known)| *known == sketch);
        if sketch.words() >= FEWEST_WORDS && !known {
            self.killed.remember(item, at, sketch);
        }
    }

    /// Forgets the killed words whose thirty days are over.
    pub fn forget(&mut self, now: Timestamp) {
        let since = now.saturating_sub(KILLED_FOR).unwrap_or(Timestamp::MIN);
        let stays: Vec<(u64, Timestamp, Sketch)> =
            self.killed.since(since).map(|(item, at, sketch)| (item, at, *sketch)).collect();
        if stays.len() < self.killed.len() {
            self.killed = Twins::new(KILLED);
            stays.into_iter().for_each(|(item, at, sketch)| self.killed.remember(item, at, sketch));
        }
    }

    /// Whether the feed's breaker has tripped.
    pub fn is_tripped(&self, feed: &FeedId) -> bool {
        self.feeds.get(feed).is_some_and(|traffic| traffic.tripped)
    }

    /// Sets or resets a feed's breaker.
    pub fn trip(&mut self, feed: &FeedId, tripped: bool) {
        let traffic = self.feeds.entry(feed.clone()).or_default();
        traffic.tripped = tripped;
        traffic.findings.clear();
    }

    /// What a feed that has been silent for too long is told of, once for each silence.
    pub fn silence(&mut self, feed: &FeedId, rules: &Rules, now: Timestamp) -> Option<Finding> {
        if rules.mode(Rule::Silence) == Safety::Off {
            return None;
        }
        let traffic = self.feeds.get_mut(feed)?;
        let quiet = now.as_second() - traffic.last?;
        let usual = traffic.usual_silence().map(|silence| silence.max(6 * 3600));
        let may = rules.silence.map(|silence| silence.as_secs()).or(usual)?;
        if quiet <= may || std::mem::replace(&mut traffic.silent, true) {
            return None;
        }
        Some(Finding::new(Rule::Silence, format!("nothing new for {} h, which never happened", quiet / 3600)))
    }
}

impl Traffic {
    fn story(&mut self, arrived: &Arrived<'_>, act: Act) {
        let (at, version) = (arrived.at.as_second(), arrived.version);
        let on_time = is_on_time(arrived);
        if on_time {
            keep(&mut self.recent, at);
            let slot = at.div_euclid(TEN_MINUTES);
            match self.slots.back_mut() {
                _ if !matches!(act, Act::Publish | Act::Update) => {}
                Some((last, count)) if *last == slot => *count += 1,
                _ => self.slots.push_back((slot, 1)),
            }
            while self.slots.front().is_some_and(|(first, _)| slot - first > WEEK as i64)
                || self.slots.len() > WEEK
            {
                self.slots.pop_front();
            }
        }
        if is_flash(version) {
            keep(&mut self.flashes, at);
        }
        if is_obituary(version) {
            keep(&mut self.obituaries, at);
        }
        match arrived.profile.body_words {
            0 => self.bare += 1,
            _ => self.bodies += 1,
        }
        if let Some(last) = self.last {
            self.longest_silence = self.longest_silence.max(at - last);
        }
        self.first.get_or_insert(at);
        self.last = self.last.max(Some(at));
        self.stories = self.stories.saturating_add(1);
        self.silent = false;
    }

    fn burst(&self, arrived: &Arrived<'_>, rules: &Rules, now: Timestamp) -> Option<String> {
        if !is_on_time(arrived) {
            return None;
        }
        let now = now.as_second();
        let lately = since(&self.recent, now - TEN_MINUTES);
        let slot = now.div_euclid(TEN_MINUTES);
        let busiest = self.slots.iter().filter(|(at, _)| *at < slot - 1).map(|(_, count)| *count).max();
        // Of a feed that is not known yet nobody can say what is usual; a national agency sends hundreds an hour.
        let least = if self.is_known(now) { rules.burst } else { rules.burst_unknown };
        let may = least.max(rules.burst_factor.saturating_mul(busiest.unwrap_or(0)));
        (lately >= may).then(|| format!("more than {may} new stories in ten minutes"))
    }

    fn flashes(&self, version: &Version, rules: &Rules, now: Timestamp) -> Option<String> {
        let lately = |instants| since(instants, now.as_second() - TEN_MINUTES) >= rules.flashes;
        let many =
            is_flash(version) && lately(&self.flashes) || is_obituary(version) && lately(&self.obituaries);
        many.then(|| format!("more than {} flashes or obituaries in ten minutes", rules.flashes))
    }

    fn bare(&self, arrived: &Arrived<'_>) -> Option<String> {
        let flash = arrived.version.urgency.is_some_and(|urgency| urgency <= 2);
        (arrived.profile.body_words == 0 && self.bare == 0 && self.bodies >= BODIES && !flash)
            .then(|| format!("a headline without a body; all {} stories before had one", self.bodies))
    }

    /// Whether the sender is none of those who sent so far, once they are known.
    fn stranger(&self, rules: &Rules, sender: &str) -> Option<String> {
        let known: u32 = self.senders.iter().map(|(_, sendings)| sendings).sum();
        let strange = rules.senders.is_empty()
            && known >= SENDINGS
            && !self.senders.iter().any(|(name, _)| name == sender);
        strange.then(|| "a sender or format that this feed never had".to_owned())
    }

    fn welcome(&mut self, sender: &str) {
        if let Some((_, sendings)) = self.senders.iter_mut().find(|(name, _)| name == sender) {
            *sendings = sendings.saturating_add(1);
            return;
        }
        if self.senders.len() >= SENDERS {
            self.senders.sort_by_key(|(_, sendings)| std::cmp::Reverse(*sendings));
            self.senders.pop();
        }
        self.senders.push((sender.to_owned(), 1));
    }

    /// The feed's own count, where it has one: the service's number in the headers of teleprinter wires.
    fn number(&mut self, version: &Version) -> Option<String> {
        let path = |path: &str| ["header/number", "header/service-number"].contains(&path);
        let number =
            version.extra.iter().find(|extra| path(&extra.path))?.value.trim().parse::<u32>().ok()?;
        let last = self.last_number.replace(number);
        let missing = number.checked_sub(last?)?.checked_sub(1)?;
        match missing {
            0 => self.in_a_row = self.in_a_row.saturating_add(1),
            _ if self.in_a_row >= IN_A_ROW && missing < 1_000 => {
                self.in_a_row = 0;
                let (first, end) = (number - missing, number - 1);
                return Some(format!("the feed's own numbers {first} to {end} never came"));
            }
            _ => self.in_a_row = 0,
        }
        None
    }

    /// Notes a finding; whether it is one too many.
    fn trips(&mut self, at: Timestamp, most: u32) -> bool {
        keep(&mut self.findings, at.as_second());
        if most == 0 || self.tripped || since(&self.findings, at.as_second() - TEN_MINUTES) < most {
            return false;
        }
        self.tripped = true;
        true
    }

    /// Four times the longest silence so far, once it can be told.
    /// Whether the feed has been there for long enough to say what is usual.
    fn is_known(&self, now: i64) -> bool {
        self.first.is_some_and(|first| now - first >= 3 * 86_400)
    }

    fn usual_silence(&self) -> Option<i64> {
        let days = (self.last? - self.first?) / 86_400;
        (days >= 3 && self.stories >= 20).then_some(self.longest_silence.saturating_mul(4))
    }
}

/// The item's place in the memory.
pub fn item_hash(key: &ItemKey) -> u64 {
    let bytes = key.agency.as_str().bytes().chain([0]).chain(key.uri.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn keep(instants: &mut VecDeque<i64>, at: i64) {
    if instants.len() >= INSTANTS {
        instants.pop_front();
    }
    instants.push_back(at);
}

fn since(instants: &VecDeque<i64>, instant: i64) -> u32 {
    let found = instants.iter().rev().take_while(|at| **at > instant).count();
    u32::try_from(found).unwrap_or(u32::MAX)
}

/// Whether it came when it was made; what was made long before has waited somewhere, and is no sign of a burst.
fn is_on_time(arrived: &Arrived<'_>) -> bool {
    arrived.version.claimed_time().is_none_or(|claimed| arrived.at.duration_since(claimed) <= LATE)
}

fn is_flash(version: &Version) -> bool {
    let headline = version.copy.headline().unwrap_or_default();
    version.urgency == Some(1)
        || ["FLASH", "ALERT", "EILT", "URGENT"].iter().any(|word| {
            headline.strip_prefix(word).is_some_and(|rest| rest.starts_with([':', ' ', '-', '/']))
        })
}

/// How agencies mark the life of somebody who died.
const OBITUARIES: &[&str] = &[
    "obit",
    "nachruf",
    "nécrolog",
    "necrolog",
    "fallecimiento",
    "muere a los",
    "dies at",
    "dies aged",
    "est mort",
];

fn is_obituary(version: &Version) -> bool {
    let genres = version.genres.iter().chain(&version.subjects).filter_map(|subject| subject.name.as_deref());
    let headline = version.copy.headline();
    genres
        .chain(headline)
        .chain(version.slugline.as_deref())
        .chain(version.keywords.iter().map(String::as_str))
        .any(|text| {
            let small = text.to_lowercase();
            OBITUARIES.iter().any(|mark| small.contains(mark))
        })
}

fn unlisted(rules: &Rules, peer: &str) -> Option<String> {
    let named = |one: &String| peer.eq_ignore_ascii_case(one);
    (!rules.senders.is_empty() && !rules.senders.iter().any(named))
        .then(|| "its sender is none of those that the feed names".to_owned())
}

/// How many words a text needs for its change to be judged.
const MANY_WORDS: u32 = 80;

fn large_change(before: &Sketch, sketch: &Sketch) -> Option<String> {
    let many = before.words() >= MANY_WORDS && sketch.words() >= MANY_WORDS;
    let kept = before.kept_in(sketch);
    (many && kept < 0.03).then(|| format!("only {:.0} % of the version before is left", kept * 100.0))
}

fn cut(before: &Sketch, sketch: &Sketch) -> Option<String> {
    let shorter = before.words() >= 2 * MANY_WORDS && sketch.words() * 5 < before.words() * 2;
    (shorter && sketch.words() >= FEW_WORDS && sketch.kept_in(before) > 0.8)
        .then(|| format!("{} words are left of {}", sketch.words(), before.words()))
}
