//! What the safety rules know beyond one story: kept here, asked before the desk decides, told afterwards.
//!
//! The rules and their memory are the desk's ([`desk::safety`]); this is who keeps it. Fingerprints and counts are
//! written to the store a sheet at a time, so that a start reads them back instead of going through the vault again;
//! what came since the last sheet is gone through once more. The words of what was killed are gone from the vault, so
//! their fingerprint is durable before the journal forgets them, and is itself forgotten after thirty days.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use desk::kill_text::TextKill;
use desk::safety::{
    Arrived, Finding, GROUP_FOR, Key, Notice, Profile, Rule, Rules, SHEET, Sketch, Watch, item_hash,
};
use desk::{Decision, Sight};
use jiff::{SignedDuration, Timestamp};
use news::{Door, FeedId, ItemKey, Tie, TieKind, TieTo, Version};
use store::{
    Archived, Entry, Fact, Index as _, Remembered, RuleMemory as _, StoreError, StoryRow, Vault as _,
};

use crate::main_loop::Desk;
use crate::record::Work;
use crate::{Room, chance};

/// How many texts are remembered: 280 bytes each and the tables, 41 MB.
const TEXTS: usize = 100_000;
/// How many rulings are gone through at most at the start, for what came after the last sheet.
const CATCH_UP: usize = 2_000;
/// For how long killed words are recognised.
const KILLED_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often silence is looked for.
const LOOK_EVERY: SignedDuration = SignedDuration::from_mins(5);

const KEY: &str = "key";
const KILLED: &str = "killed ";
const TRAFFIC: &str = "traffic ";
const SHEETS: &str = "sheet ";
/// The sheet that is not full yet; it sorts behind all others.
const PART: &str = "sheet part";

/// The memory of the safety rules, and what is to be kept of it.
pub(crate) struct Lookout {
    watch: Watch,
    key: Key,
    /// Kept with the next commit.
    unsaved: Vec<Remembered>,
    /// The sheet that is being filled.
    sheet: u32,
    /// When the full sheets in the store were kept, the oldest first.
    sheets: VecDeque<Timestamp>,
    /// How many texts the last kept part held.
    part: u32,
    sender: String,
    peer: String,
    look_again: Timestamp,
    /// What came lately, by its place in the memory: there a twin is a number, and here it has a name. At most as many as
    /// texts are remembered, 150 bytes each, 15 MB.
    lately: HashMap<u64, (Timestamp, ItemKey)>,
}

/// A version and what was seen around it.
pub(crate) struct Seen {
    pub(crate) profile: Profile,
    pub(crate) around: Vec<Finding>,
}

impl Seen {
    /// What the desk gets to see.
    /// `orders` are what the version's words order.
    pub(crate) fn sight<'a>(seen: Option<&'a Self>, orders: Option<&'a TextKill>) -> Sight<'a> {
        Sight {
            profile: seen.map(|seen| &seen.profile),
            around: seen.map_or(&[], |seen| &seen.around),
            orders: Some(orders),
        }
    }
}

impl Lookout {
    /// Takes up what was kept, and what came since.
    pub(crate) fn open(room: &Room) -> Result<Self, StoreError> {
        let kept = room.store.remembered()?;
        let bytes = |name: &str| kept.iter().find(|row| row.name == name).map(|row| row.bytes.clone());
        let key = match bytes(KEY).and_then(|key| <[u8; 16]>::try_from(key).ok()) {
            Some(key) => key,
            None => {
                let key: [u8; 16] = chance::bytes();
                let row = Remembered { name: KEY.to_owned(), at: room.clock.now(), bytes: key.to_vec() };
                match room.store.remember(&[row]) {
                    Err(error) if !error.is_full() => return Err(error),
                    // On a full disk the next start makes another key; until then the rules know what they see.
                    _ => key,
                }
            }
        };
        let mut watch = Watch::new(TEXTS);
        let mut sheets: Vec<&Remembered> = kept.iter().filter(|row| row.name.starts_with(SHEETS)).collect();
        sheets.sort_by(|a, b| a.name.cmp(&b.name));
        sheets.iter().for_each(|row| watch.recall_sheet(&row.bytes));
        for row in &kept {
            if let Some(feed) = row.name.strip_prefix(TRAFFIC) {
                watch.recall_traffic(&FeedId::from(feed), &String::from_utf8_lossy(&row.bytes));
            } else if let Some(item) = row.name.strip_prefix(KILLED)
                && let (Ok(item), Some(sketch)) =
                    (u64::from_str_radix(item, 16), Sketch::from_bytes(&row.bytes))
            {
                watch.recall_killed(item, row.at, sketch);
            }
        }
        for feed in room.store.held_feeds()? {
            watch.trip(&feed, true);
            room.health.held(&feed, true);
        }
        let saved_to = sheets.iter().map(|row| row.at).max();
        let mut lookout = Self {
            sheet: watch.count() / SHEET,
            sheets: sheets.iter().filter(|row| row.name != PART).map(|row| row.at).collect(),
            part: watch.count(),
            watch,
            key: Key::new(key),
            unsaved: Vec::new(),
            sender: String::new(),
            peer: String::new(),
            look_again: Timestamp::MIN,
            lately: HashMap::new(),
        };
        let since = room.clock.now().saturating_sub(GROUP_FOR).unwrap_or(Timestamp::MIN);
        let lately = room.store.arrived_since(since, TEXTS)?;
        lookout.lately.extend(lately.into_iter().map(|(key, at)| (item_hash(&key), (at, key))));
        lookout.catch_up(room, saved_to)?;
        Ok(lookout)
    }

    /// Goes through the words of what was ruled upon after the last sheet was kept.
    fn catch_up(&mut self, room: &Room, since: Option<Timestamp>) -> Result<(), StoreError> {
        let rulings = room.store.recent(None, CATCH_UP)?;
        for ruling in rulings.iter().rev().filter(|ruling| since.is_none_or(|since| ruling.at > since)) {
            let (Some(feed), Some(n)) = (&ruling.feed, ruling.n) else { continue };
            let words = match room.store.words(&ruling.key, n) {
                Err(error) if error.is_damage() => continue,
                words => words?,
            };
            let Some(words) = words else { continue };
            let profile = Profile::of(&words.version, &self.key);
            let arrived = Arrived {
                feed,
                key: &ruling.key,
                version: &words.version,
                profile: &profile,
                sender: "",
                peer: "",
                at: ruling.at,
            };
            self.watch.record(&arrived, ruling.act, &[], n == 1, &Rules::all(desk::Safety::Off));
        }
        Ok(())
    }

    /// Whether everything on a feed is held.
    pub(crate) fn holds(&self, feed: &FeedId) -> bool {
        self.watch.is_tripped(feed)
    }

    /// Who sent what is being read now.
    pub(crate) fn sent_by(&mut self, archived: &Archived, format: Option<wire::Format>) {
        let host = match archived.door() {
            Door::Poll { url } => url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)),
            _ => None,
        };
        let peer = match archived.door() {
            Door::Push { peer } => peer
                .parse::<std::net::SocketAddr>()
                .map_or_else(|_| peer.clone(), |peer| peer.ip().to_string()),
            _ => host.clone().unwrap_or_default(),
        };
        let format = format.map_or("unread", wire::Format::as_str);
        self.sender = [format, archived.door().name(), host.as_deref().unwrap_or_default()].join(" ");
        self.peer = peer;
    }

    /// Sender and peer of what is being read now.
    pub(crate) fn sender(&self) -> (String, String) {
        (self.sender.clone(), self.peer.clone())
    }

    /// It goes on with this one, after something else went between.
    pub(crate) fn goes_on(&mut self, (sender, peer): &(String, String)) {
        self.sender.clone_from(sender);
        self.peer.clone_from(peer);
    }

    /// The transmission has been read to its end.
    pub(crate) fn sent(&mut self, feed: &FeedId, rules: &Rules) {
        self.watch.sent(feed, &self.sender, rules);
    }

    /// What is seen around a version; none where nothing new has come.
    pub(crate) fn look(
        &self,
        feed: &FeedId,
        rules: &Rules,
        key: &ItemKey,
        row: Option<&StoryRow>,
        version: &Version,
        now: Timestamp,
    ) -> Option<Seen> {
        let hash = version.copy.copy_hash();
        if !rules.any() || row.is_some_and(|row| row.versions.iter().any(|known| known.copy_hash == hash)) {
            return None;
        }
        let profile = Profile::of(version, &self.key);
        let arrived = self.arrived(feed, key, version, &profile, now);
        let around = self.watch.look(&arrived, rules, now);
        Some(Seen { profile, around })
    }

    /// Keeps what an item is called, as long as others may be its twins. Where too many came, the older half is forgotten.
    fn remember_name(&mut self, key: &ItemKey, now: Timestamp) {
        if self.lately.len() >= TEXTS {
            let mut instants: Vec<Timestamp> = self.lately.values().map(|(at, _)| *at).collect();
            let (_, middle, _) = instants.select_nth_unstable(TEXTS / 2);
            let middle = *middle;
            self.lately.retain(|_, (at, _)| *at > middle);
        }
        self.lately.insert(item_hash(key), (now, key.clone()));
    }

    /// What ties a version to other items: what it says itself, and that another agency told the same before.
    pub(crate) fn ties(
        &self,
        room: &Room,
        key: &ItemKey,
        version: &Version,
        seen: Option<&Seen>,
        now: Timestamp,
    ) -> Result<Vec<Tie>, StoreError> {
        let mut ties = desk::ties(&key.agency, version, &self.key, now);
        let twin = match seen {
            Some(seen) => {
                let other = |item: u64| self.lately.get(&item).is_some_and(|(_, of)| of.agency != key.agency);
                let found = self.watch.told_before(&seen.profile.sketch, now, &other);
                found.and_then(|item| self.lately.get(&item)).map(|(_, key)| key.clone())
            }
            // The words are as they were: so is the group.
            None => room.store.leader(key)?.filter(|leader| leader != key),
        };
        ties.extend(twin.map(|twin| Tie { kind: TieKind::Twin, to: TieTo::Item(twin), no: None }));
        Ok(ties)
    }

    fn arrived<'a>(
        &'a self,
        feed: &'a FeedId,
        key: &'a ItemKey,
        version: &'a Version,
        profile: &'a Profile,
        at: Timestamp,
    ) -> Arrived<'a> {
        Arrived { feed, key, version, profile, sender: &self.sender, peer: &self.peer, at }
    }

    /// A sheet that is full is written to the store with the next commit.
    fn fill_sheet(&mut self, now: Timestamp) {
        while self.watch.count() / SHEET > self.sheet {
            let name = format!("{SHEETS}{:020} {:010}", now.as_microsecond().max(0), self.sheet);
            self.unsaved.push(Remembered { name, at: now, bytes: self.watch.sheet(self.sheet) });
            self.unsaved.push(Remembered { name: PART.to_owned(), at: now, bytes: Vec::new() });
            self.sheets.push_back(now);
            self.sheet += 1;
        }
    }

    /// So is, now and then, what there is of the next.
    fn keep_part(&mut self, feeds: &[crate::config::Feed], now: Timestamp) {
        if self.part == self.watch.count() {
            return;
        }
        self.part = self.watch.count();
        self.unsaved.push(Remembered { name: PART.to_owned(), at: now, bytes: self.watch.sheet(self.sheet) });
        for feed in feeds {
            let bytes = self.watch.traffic(feed.id()).into_bytes();
            self.unsaved.push(Remembered { name: format!("{TRAFFIC}{}", feed.id()), at: now, bytes });
        }
    }
}

impl Desk {
    /// After the desk has decided: the memory is told, and what concerns more than the version is done.
    pub(crate) fn watched(
        &mut self,
        feed: &crate::config::Feed,
        key: &ItemKey,
        row: Option<&StoryRow>,
        version: &Version,
        seen: Option<&Seen>,
        decision: &Decision,
    ) -> Result<(), StoreError> {
        let room = Arc::clone(&self.room);
        let now = room.clock.now();
        let codes: Vec<&str> = decision.ruling.reasons.iter().map(|reason| reason.code).collect();
        for rule in Rule::ALL {
            for (code, mode) in [(rule.name(), "on"), (rule.shadow(), "shadow")] {
                if codes.contains(&code) {
                    room.health.found(feed.id(), rule.name(), mode);
                }
            }
        }
        let (Some(seen), Some(_)) = (seen, decision.n) else { return Ok(()) };
        let first = row.is_none_or(|row| row.versions.is_empty());
        let lookout = &mut self.lookout;
        let (sender, peer) = (lookout.sender.clone(), lookout.peer.clone());
        let arrived = Arrived {
            feed: feed.id(),
            key,
            version,
            profile: &seen.profile,
            sender: &sender,
            peer: &peer,
            at: now,
        };
        let notices = lookout.watch.record(&arrived, decision.ruling.act, &codes, first, feed.rules());
        // What waits for its old date may be an archive of millions.
        if matches!(decision.ruling.act, news::Act::Publish | news::Act::Update) || decision.is_timed() {
            lookout.remember_name(key, now);
        }
        lookout.fill_sheet(now);
        for notice in notices {
            match notice {
                Notice::Alarm(finding) => self.warn(feed.id(), feed.rules(), &finding),
                Notice::Tripped { everything } => self.trip(feed.id(), everything)?,
            }
        }
        Ok(())
    }

    /// A rule that only alarms has found something.
    pub(crate) fn warn(&self, feed: &FeedId, rules: &Rules, finding: &Finding) {
        let (mode, now) = (rules.mode(finding.rule), self.room.clock.now());
        let shadow = mode == desk::Safety::Shadow;
        self.room.health.found(feed, finding.rule.name(), if shadow { "shadow" } else { "on" });
        if shadow {
            tracing::info!(%feed, rule = finding.rule.name(), "would alarm: {}", finding.text);
        } else {
            tracing::error!(%feed, rule = finding.rule.name(), "{}", finding.text);
            self.room.health.alarm(now, format!("feed {feed}: {}", finding.text));
        }
    }

    /// The feed's breaker has tripped: from now on a person looks at everything on it, also after a restart.
    fn trip(&mut self, feed: &FeedId, everything: bool) -> Result<(), StoreError> {
        let now = self.room.clock.now();
        let what = format!(
            "feed {feed}: its breaker has tripped after too many findings of the safety rules; everything on it is held \
             until `verbatim hold-all off --feed {feed}`"
        );
        tracing::error!("{what}");
        self.room.health.alarm(now, what);
        self.lay_switch(true, "the breaker", Some(feed.clone()))?;
        if everything && !self.room.hold_all() {
            let what =
                "several feeds' breakers have tripped; everything is held until `verbatim hold-all off`";
            tracing::error!("{what}");
            self.room.health.alarm(now, what.to_owned());
            self.room.set_hold_all(true);
            self.lay_switch(true, "the breaker", None)?;
        }
        Ok(())
    }

    /// Holds everything, or everything of one feed, or no longer.
    pub(crate) fn lay_switch(&mut self, on: bool, by: &str, feed: Option<FeedId>) -> Result<(), StoreError> {
        if let Some(feed) = &feed {
            self.lookout.watch.trip(feed, on);
            self.room.health.held(feed, on);
        }
        let fact = Fact::HoldAll { on, by: by.to_owned(), feed };
        self.lay(Work::of(Entry::new(self.room.clock.now(), fact))?)
    }

    /// A person let a version go that was held for its sender: that sender may send.
    pub(crate) fn released(&mut self, row: Option<&StoryRow>, decision: &Decision) {
        let released = decision
            .ruling
            .reasons
            .iter()
            .any(|reason| [desk::code::RELEASED, desk::code::RELEASED_AFTER_KILL].contains(&reason.code));
        let n = crate::decide::live(&decision.changes);
        let version = row.into_iter().flat_map(|row| &row.versions).find(|version| Some(version.n) == n);
        let strange = Rule::UnexpectedSender.name();
        if let Some(version) =
            version.filter(|version| released && version.reasons.iter().any(|reason| reason.code == strange))
        {
            self.lookout.watch.accept(&version.feed);
        }
    }

    /// The item falls: its words are recognised for thirty days. Called before the vault forgets them.
    pub(crate) fn remember_fallen(&mut self, key: &ItemKey) -> Result<(), StoreError> {
        let now = self.room.clock.now();
        let fallen = match self.lookout.watch.fell(key, now) {
            Some(fallen) => Some(fallen),
            None => {
                let row = self.room.store.story(key)?;
                let last = row
                    .as_ref()
                    .and_then(|row| row.versions.iter().rev().find(|version| !version.copy_empty));
                let words = match last {
                    Some(version) => self
                        .room
                        .store
                        .words(key, version.n)
                        .or_else(|error| if error.is_damage() { Ok(None) } else { Err(error) })?,
                    None => None,
                };
                words.and_then(|words| {
                    let sketch = Profile::of(&words.version, &self.lookout.key).sketch;
                    self.lookout.watch.fell_with(key, sketch, now)
                })
            }
        };
        if let Some((item, sketch)) = fallen {
            let row = Remembered { name: format!("{KILLED}{item:016x}"), at: now, bytes: sketch.to_bytes() };
            self.lookout.unsaved.push(row);
        }
        Ok(())
    }

    /// The words of an item are remembered no more: what is left of them confirms no guess.
    pub(crate) fn forget_words_of(&mut self, keys: &[ItemKey]) -> Result<(), StoreError> {
        let items: Vec<u64> = keys.iter().map(|key| self.lookout.watch.erase(key)).collect();
        for item in &items {
            self.lookout.lately.remove(item);
            self.lookout.unsaved.retain(|row| row.name != format!("{KILLED}{item:016x}"));
            self.room.store.forget_remembered(&format!("{KILLED}{item:016x}"), Timestamp::MAX)?;
        }
        let erase = |bytes: &mut Vec<u8>| {
            items.iter().fold(false, |any, item| any | Watch::erase_in_sheet(bytes, *item))
        };
        let mut changed = Vec::new();
        for row in self.lookout.unsaved.iter_mut().filter(|row| row.name.starts_with(SHEETS)) {
            erase(&mut row.bytes);
        }
        for mut row in self.room.store.remembered()?.into_iter().filter(|row| row.name.starts_with(SHEETS)) {
            if erase(&mut row.bytes) {
                changed.push(row);
            }
        }
        if changed.is_empty() { Ok(()) } else { self.room.store.remember(&changed) }
    }

    /// Writes down what the rules are to know after a restart. It never stops a commit: where there is no space, it
    /// waits for the next.
    pub(crate) fn save_lookout(&mut self) -> Result<(), StoreError> {
        if self.lookout.unsaved.is_empty() {
            return Ok(());
        }
        match self.room.store.remember(&self.lookout.unsaved) {
            Err(error) if crate::main_loop::passes(&error) => {}
            Err(error) => return Err(error),
            Ok(()) => self.lookout.unsaved.clear(),
        }
        Ok(())
    }

    /// The same for what is not worth writing down each time: before the process ends, and every few minutes.
    pub(crate) fn save_all_of_lookout(&mut self) -> Result<(), StoreError> {
        self.lookout.keep_part(self.room.config.feeds(), self.room.clock.now());
        self.save_lookout()
    }

    /// Looks every few minutes for feeds that say nothing, and forgets what is over.
    pub(crate) fn look_around(&mut self) -> Result<(), StoreError> {
        let now = self.room.clock.now();
        // Also where the clock was set back.
        let waits = self.lookout.look_again.duration_since(now);
        if waits.is_positive() && waits <= LOOK_EVERY {
            return Ok(());
        }
        self.lookout.look_again = now.saturating_add(LOOK_EVERY).unwrap_or(now);
        let room = Arc::clone(&self.room);
        for feed in room.config.feeds() {
            if let Some(finding) = self.lookout.watch.silence(feed.id(), feed.rules(), now) {
                self.warn(feed.id(), feed.rules(), &finding);
            }
        }
        self.save_all_of_lookout()?;
        self.lookout.watch.forget(now);
        let since = now.saturating_sub(GROUP_FOR).unwrap_or(Timestamp::MIN);
        self.lookout.lately.retain(|_, (at, _)| *at >= since);
        let before = now.saturating_sub(KILLED_FOR).unwrap_or(Timestamp::MIN);
        self.forget(KILLED, before)?;
        let lookout = &mut self.lookout;
        let too_many = lookout.sheets.len().saturating_sub(lookout.watch.sheets() as usize);
        if too_many > 0 {
            lookout.sheets.drain(..too_many);
            let before = lookout.sheets.front().copied().unwrap_or(Timestamp::MIN);
            self.forget(SHEETS, before)?;
        }
        Ok(())
    }

    /// Forgets on the disk what the memory has forgotten; without space for that, the next time.
    fn forget(&self, prefix: &str, before: Timestamp) -> Result<(), StoreError> {
        match self.room.store.forget_remembered(prefix, before) {
            Err(error) if !crate::main_loop::passes(&error) => Err(error),
            _ => Ok(()),
        }
    }

    /// A list that is polled again and again should have something in common with what came before: if it has nothing,
    /// something was missed in between.
    pub(crate) fn look_for_a_gap(
        &mut self,
        feed: &crate::config::Feed,
        archived: &Archived,
        count: usize,
        all_new: bool,
    ) {
        const LIST: usize = 5;
        let polled = matches!(archived.door(), Door::Poll { .. }) && !archived.first_contact();
        if polled && all_new && count >= LIST && feed.rules().mode(Rule::Gap) != desk::Safety::Off {
            let text = format!("all {count} items of the list are new: others may have been missed before");
            self.warn(feed.id(), feed.rules(), &Finding { rule: Rule::Gap, text });
        }
    }
}
