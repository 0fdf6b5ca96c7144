//! What readers ask and what they get.

use std::collections::HashMap;
use std::sync::Arc;

use ::press::{Gated, Links, Nav, NewsLine, Page, SiteFace};
use jiff::{SignedDuration, Timestamp};
use news::{AgencyId, FeedId, ItemId, ItemStanding, SiteId, Version};
use store::{Index as _, LivePlace, Placement, StoreError, StoryRow, Vault as _};
use wire::outgoing::{Channel, Outgoing, Tombstone};

use crate::config::{Contract, Group, Reach, Site};
use crate::press::{Copydesk, face, story_url};
use crate::public::{Answer, Ask, Packer, Packing, Sheet};
use crate::{Newsroom, Room};

/// Stories on a front or section page.
const PAGE: usize = 30;
/// Stories in a feed.
const FEED: usize = 50;
/// Addresses in one sitemap. The protocol allows 50,000; but whoever asks whether one story is gone gets all of them.
pub(crate) const SITEMAP: u32 = 2_000;
/// Stories found by a search.
const FOUND: usize = 50;
/// How often an answer is made anew because something was withdrawn meanwhile.
const TRIES: usize = 32;
/// How long a tombstone stays in the Atom feed.
const TOMBSTONE_DAYS: i64 = 30;
/// Google's news sitemap lists two days and a thousand stories at most.
const NEWS_SITEMAP: usize = 1_000;

enum Found {
    Kept(Arc<Sheet>),
    /// Whether search engines are to keep away.
    Page(Gated<Page>, bool),
    /// The same, in which territories it may be read, and which other stories it names.
    Story(Gated<Page>, bool, u64, Vec<ItemId>),
    OutOfReach,
    Gone(Gated<Page>),
    Nothing,
}

/// Why a question could not be answered.
#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the gate refused it: {0}")]
    Gate(#[from] ::press::GateRefusal),
    #[error(transparent)]
    Log(#[from] crate::LogError),
    #[error("the public log was not signed up to what the record holds")]
    Unsigned,
}

impl Newsroom {
    /// The style sheets of the site's pages, each with its path on it.
    pub fn style_sheets(&self) -> Vec<(String, Arc<Sheet>)> {
        let sheets = self.room.press.style_sheets();
        sheets.into_iter().map(|(path, sheet)| (path, Sheet::new(sheet, false))).collect()
    }

    /// A page that is kept and still true, without touching the store.
    pub fn kept(&self, site: &SiteId, ask: &Ask, reach: Reach) -> Option<Arc<Sheet>> {
        let sheet = self.room.public.kept(site, ask, reach)?;
        self.room.health.answers.increment();
        Some(sheet)
    }

    /// The answer for an address that leads nowhere.
    pub fn missing(&self, site: &SiteId) -> Answer {
        match self.room.config.site(site) {
            Some(place) => {
                Answer::Missing(Sheet::new(self.room.press.missing(&face(&self.room.config, place)), true))
            }
            None => Answer::Unfit,
        }
    }

    /// Answers a reader. Whatever is denied, killed, held, embargoed or never was is never in the answer, not even if
    /// it was withdrawn while the answer was being made.
    pub fn answer(&self, site: &SiteId, ask: Ask, reach: Reach) -> Answer {
        self.answer_packed(site, ask, reach, None)
    }

    /// The same with a live page packed, by this packing and its packer. That belongs to the making of the answer: it
    /// takes its time, too.
    pub fn answer_packed(
        &self,
        site: &SiteId,
        ask: Ask,
        reach: Reach,
        packing: Option<(Packing, Packer)>,
    ) -> Answer {
        let room = &self.room;
        room.health.answers.increment();
        let Some(place) = room.config.site(site) else { return Answer::Unfit };
        let desk = Readers { room, site: place, face: face(&room.config, place), reach };
        for _ in 0..TRIES {
            let moment = room.public.moment();
            let found = match room.public.kept(site, &ask, reach) {
                Some(sheet) => Ok(Found::Kept(sheet)),
                // What was read may be a moment ahead of the signature over it.
                None => desk.find(&ask).and_then(|found| match room.notary.covers(&room.store)? {
                    true => Ok(found),
                    false => Err(AnswerError::Unsigned),
                }),
            };
            let mut made = false;
            let answer = match found {
                Ok(Found::Kept(sheet)) => Answer::Live(sheet),
                Ok(Found::Page(page, noindex)) => {
                    made = true;
                    Answer::Live(Sheet::new(page, noindex))
                }
                Ok(Found::Story(page, noindex, territories, names)) => {
                    made = true;
                    Answer::Live(Sheet::within(page, noindex, territories, names))
                }
                Ok(Found::OutOfReach) => Answer::OutOfReach,
                Ok(Found::Gone(page)) => Answer::Gone(Sheet::new(page, true)),
                Ok(Found::Nothing) => desk.missing(),
                Err(error) => {
                    tracing::error!(?ask, %site, "answering a reader: {error}");
                    room.health.alarm(
                        room.clock.now(),
                        format!("a reader's question could not be answered: {error}"),
                    );
                    Answer::Unfit
                }
            };
            if let (Answer::Live(sheet), Some((packing, pack))) = (&answer, packing)
                && sheet.packed_already(packing).is_none()
            {
                let form = sheet.packed(packing, |bytes| pack(packing, bytes));
                // What was just made is weighed when it is kept.
                if !made {
                    room.public.grown(&ask, form.body.len());
                }
            }
            if room.public.denied_since(moment) {
                continue;
            }
            if let (Answer::Live(sheet), true) = (&answer, made) {
                room.public.keep(site, ask, reach, moment, sheet);
            }
            return answer;
        }
        // Withdrawals come faster than this can be made: better nothing than a moment ago.
        Answer::Unfit
    }
}

struct Readers<'a> {
    room: &'a Arc<Room>,
    site: &'a Site,
    face: SiteFace,
    reach: Reach,
}

impl Readers<'_> {
    fn copydesk(&self) -> Copydesk<'_> {
        Copydesk { config: &self.room.config }
    }

    fn missing(&self) -> Answer {
        Answer::Missing(Sheet::new(self.room.press.missing(&self.face), true))
    }

    fn find(&self, ask: &Ask) -> Result<Found, AnswerError> {
        let press = &self.room.press;
        let page = match ask {
            Ask::Story(_) | Ask::StoryJson(_) | Ask::StoryTxt(_) | Ask::History(_) => return self.story(ask),
            Ask::Front(offset) => {
                let (lines, nav) = self.lines(None, *offset)?;
                press.front(&self.face, &lines, &nav)?
            }
            Ask::Section(section, offset) => {
                if !self.has_section(section) {
                    return Ok(Found::Nothing);
                }
                let (lines, nav) = self.lines(Some(section), *offset)?;
                press.section(&self.face, section, &lines, &nav)?
            }
            Ask::Rss(section) | Ask::Atom(section) | Ask::JsonFeed(section) => {
                let section = section.as_deref();
                if section.is_some_and(|section| !self.has_section(section)) {
                    return Ok(Found::Nothing);
                }
                self.feed(ask, section)?
            }
            Ask::Sitemap(number) => return self.sitemap(*number),
            Ask::NewsSitemap => press.news_sitemap(&self.face, &self.fresh_lines()?),
            Ask::Robots => press.robots(&self.face),
            Ask::Policy => press.policy(&self.face),
            Ask::Search(query) => {
                let mut found = self.room.store.search(self.site.id(), query, FOUND)?;
                found.retain(|line| !self.contract(line).noindex);
                press.search(&self.face, query, &self.visible(found))?
            }
        };
        Ok(Found::Page(page, !self.site.indexed()))
    }

    fn has_section(&self, section: &str) -> bool {
        self.face.sections.iter().any(|known| known.slug == section)
    }

    /// What holds for a story in a list.
    fn contract(&self, line: &store::Line) -> Contract {
        self.room.config.contract(&line.key.agency, &line.feeds)
    }

    /// Whether a story may stand in a list at this moment, before this reader.
    fn may_stand(&self, line: &store::Line) -> bool {
        !self.room.public.is_denied(self.site.id(), line.id)
            && (self.room.config.territories.is_empty() || self.reach.allows(self.contract(line).territories))
    }

    /// Lines without those that are denied at this moment.
    fn visible(&self, lines: Vec<store::Line>) -> Vec<::press::Line> {
        let site = self.site.id();
        lines
            .into_iter()
            .filter(|line| self.may_stand(line))
            .filter_map(|line| self.copydesk().line(site, line))
            .collect()
    }

    /// One page of a list, and where its neighbours are.
    fn lines(&self, section: Option<&str>, offset: usize) -> Result<(Vec<::press::Line>, Nav), StoreError> {
        let (lines, next) = self.listed(section, offset, PAGE)?;
        let page = |from: usize| {
            let path = section.map_or("/".to_owned(), Links::section_path);
            let from = if from == 0 { String::new() } else { format!("?from={from}") };
            format!("{}{path}{from}", self.site.base_path)
        };
        let nav =
            Nav { newer: (offset > 0).then(|| page(offset.saturating_sub(PAGE))), older: next.map(page) };
        Ok((self.visible(lines), nav))
    }

    /// So many live items of a list from one on, one of each group, and where the list goes on behind them.
    fn listed(
        &self,
        section: Option<&str>,
        offset: usize,
        most: usize,
    ) -> Result<(Vec<store::Line>, Option<usize>), StoreError> {
        let (mut shown, mut at) = (Vec::with_capacity(most), offset);
        loop {
            let lines = self.room.store.latest(self.site.id(), section, at, most + 1)?;
            let last = lines.len() <= most;
            for line in lines {
                if shown.len() == most {
                    return Ok((shown, Some(at)));
                }
                at += 1;
                if !self.stands_behind(section, &line)? {
                    shown.push(line);
                }
            }
            if last {
                return Ok((shown, None));
            }
        }
    }

    /// Whether another story of its group is listed in its place.
    fn stands_behind(&self, section: Option<&str>, line: &store::Line) -> Result<bool, StoreError> {
        if !line.grouped || self.site.group == Group::Off {
            return Ok(false);
        }
        let config = &self.room.config;
        let rank = |agency: &news::AgencyId, published: Timestamp, id: ItemId| {
            let order = match self.site.group {
                Group::AgencyOrder => config.agencies.iter().position(|known| known.id == *agency),
                Group::First | Group::Off => None,
            };
            (order, published, id)
        };
        let own = rank(&line.key.agency, line.published, line.id);
        let listed = |peer: &&store::Peer| {
            section.is_none_or(|section| peer.sections.iter().any(|known| known == section))
                && !self.room.public.is_denied(self.site.id(), peer.id)
                && self.reach.allows(config.contract(&peer.key.agency, &peer.feeds).territories)
        };
        let peers = self.room.store.peers(self.site.id(), &line.key)?;
        Ok(peers.iter().filter(listed).any(|peer| rank(&peer.key.agency, peer.published, peer.id) < own))
    }

    fn story(&self, ask: &Ask) -> Result<Found, AnswerError> {
        let Some(id) = ask.item() else { return Ok(Found::Nothing) };
        let site = self.site.id();
        let Some(row) = self.room.store.placed(site, id)? else { return Ok(Found::Nothing) };
        let live = match row.standing {
            ItemStanding::Live(n) if !self.room.public.is_denied(site, id) => n,
            _ if row.was_public => return Ok(self.withdrawn(&row)?.map_or(Found::Nothing, Found::Gone)),
            _ => return Ok(Found::Nothing),
        };
        let territories = self.room.config.contract(&row.key.agency, &row.feeds).territories;
        if !self.reach.allows(territories) {
            return Ok(Found::OutOfReach);
        }
        let Some(words) = self.room.store.words(&row.key, live)? else { return Ok(Found::Nothing) };
        let Some(placement) = row.placements.iter().find(|placement| placement.site == *site) else {
            return Ok(Found::Nothing);
        };
        let copydesk = self.copydesk();
        let Some((face, mut story)) = copydesk.story(&row, placement, live, &words.version, &row.key) else {
            return Ok(Found::Nothing);
        };
        story.changes = self.room.changes(&row, live, &words.version.copy)?;
        if matches!(ask, Ask::Story(_)) {
            story.kin = self.room.kin(self.site, &row.key, territories)?;
        }
        let names = story.kin.iter().map(|kin| kin.id).collect();
        let press = &self.room.press;
        let page = match ask {
            Ask::StoryJson(_) => press.story_json(&face, &story)?,
            Ask::StoryTxt(_) => press.story_txt(&story)?,
            Ask::History(_) => press.history(&face, &story)?,
            _ => press.story(&face, &story)?,
        };
        Ok(Found::Story(page, story.noindex, territories, names))
    }

    fn withdrawn(&self, row: &StoryRow) -> Result<Option<Gated<Page>>, AnswerError> {
        let placement = row.placements.iter().find(|placement| placement.site == *self.site.id());
        let Some(placement) = placement else { return Ok(None) };
        let proof = self.room.prove_gone(self.site.id(), row)?;
        // The record of a kill that is only denied so far still says "live": the notice says killed.
        let mut row = row.clone();
        if matches!(row.standing, ItemStanding::Live(_)) {
            row.standing = ItemStanding::Withheld;
        }
        let withdrawal = self.copydesk().withdrawal(&row, placement);
        Ok(withdrawal.map(|(face, mut withdrawal)| {
            withdrawal.proof = proof;
            self.room.press.withdrawn(&face, &withdrawal)
        }))
    }

    fn feed(&self, ask: &Ask, section: Option<&str>) -> Result<Gated<Page>, AnswerError> {
        let site = self.site.id();
        let (latest, _) = self.listed(section, 0, FEED)?;
        let mut items = Vec::with_capacity(latest.len());
        for line in latest.into_iter().filter(|line| self.may_stand(line)) {
            if let Some(words) = self.room.store.words_for_many(&line.key, line.n)? {
                items.extend(self.outgoing(line, &words.version));
            }
        }
        let since = self.room.clock.now().saturating_sub(SignedDuration::from_hours(24 * TOMBSTONE_DAYS));
        let gone = self.room.store.tombstones(site, since.unwrap_or(Timestamp::MIN), FEED)?;
        let tombstones: Vec<Tombstone> = gone
            .into_iter()
            .map(|(id, when, _)| Tombstone { id: story_url(&self.face.url, id), when })
            .collect();
        // Never the clock: the same record gives the same bytes.
        let updated =
            items.iter().map(|item: &Outgoing| item.updated).chain(tombstones.iter().map(|t| t.when)).max();
        let (name, path) = match section.and_then(|slug| self.face.sections.iter().find(|s| s.slug == slug)) {
            Some(section) => {
                (format!("{}: {}", self.face.name, section.name), Links::section_path(&section.slug))
            }
            None => (self.face.name.clone(), String::new()),
        };
        let file = match ask {
            Ask::Rss(_) => "feed.rss",
            Ask::Atom(_) => "feed.atom",
            _ => "feed.json",
        };
        let channel = Channel {
            title: name,
            home_url: if path.is_empty() {
                format!("{}/", self.face.url)
            } else {
                format!("{}{path}", self.face.url)
            },
            feed_url: format!("{}{path}/{file}", self.face.url),
            language: Some(self.face.language.clone()),
            updated: updated.unwrap_or(Timestamp::UNIX_EPOCH),
            items,
            tombstones,
        };
        let press = &self.room.press;
        let (page, refusals) = match ask {
            Ask::Rss(_) => press.rss(&self.face, section, channel),
            Ask::Atom(_) => press.atom(&self.face, section, channel),
            _ => press.json_feed(&self.face, section, channel),
        };
        for refusal in refusals {
            tracing::error!("an item was left out of a feed: {refusal}");
            self.room
                .health
                .alarm(self.room.clock.now(), format!("an item was left out of {file}: {refusal}"));
        }
        Ok(page)
    }

    fn outgoing(&self, line: store::Line, version: &Version) -> Option<Outgoing> {
        let agency = self.room.config.agency(&line.key.agency)?;
        let url = story_url(&self.face.url, line.id);
        Some(Outgoing {
            id: url.clone(),
            url,
            uri: line.key.uri,
            version: version.version.raw.clone(),
            version_n: line.n,
            copy: Arc::new(version.copy.clone()),
            label: self.room.config.label(agency, Some(&line.feed), line.review, version.language.as_deref()),
            agency: agency.name().to_owned(),
            published: line.published,
            updated: line.updated,
            language: version.language.clone(),
            sections: line.sections,
        })
    }

    fn sitemap(&self, number: Option<u32>) -> Result<Found, AnswerError> {
        let site = self.site.id();
        let press = &self.room.press;
        let number = match number {
            Some(number) => number,
            None => match self.room.store.sitemaps(site, SITEMAP)?.as_slice() {
                [] => return Ok(Found::Page(press.sitemap(&self.face, &[]), false)),
                [only] => *only,
                all => {
                    let maps: Vec<_> =
                        all.iter().map(|number| format!("{}/sitemap-{number}.xml", self.face.url)).collect();
                    return Ok(Found::Page(press.sitemap_index(&self.face, &maps), false));
                }
            },
        };
        let places = self.room.store.places(site, number, SITEMAP)?;
        if places.is_empty() {
            return Ok(Found::Nothing);
        }
        Ok(Found::Page(press.sitemap(&self.face, &self.addresses(places)), false))
    }

    /// Only what search engines may index: a page with noindex must not be in a sitemap.
    fn addresses(&self, places: Vec<LivePlace>) -> Vec<(String, Timestamp)> {
        // Thousands of stories come on a handful of feeds, and a contract is put together from several layers.
        let mut contracts = HashMap::new();
        let mut addresses = Vec::with_capacity(places.len());
        for LivePlace { key, id, updated, feeds, .. } in places {
            let may = contracts
                .entry((key.agency, feeds))
                .or_insert_with_key(|(agency, feeds)| self.may_be_indexed(agency, feeds));
            if *may && !self.room.public.is_denied(self.site.id(), id) {
                addresses.push((story_url(&self.face.url, id), updated));
            }
        }
        addresses
    }

    fn may_be_indexed(&self, agency: &AgencyId, feeds: &[FeedId]) -> bool {
        let contract = self.room.config.contract(agency, feeds);
        self.site.indexed() && !contract.noindex && self.reach.allows(contract.territories)
    }

    fn fresh_lines(&self) -> Result<Vec<NewsLine>, StoreError> {
        let site = self.site.id();
        let since =
            self.room.clock.now().saturating_sub(SignedDuration::from_hours(48)).unwrap_or(Timestamp::MIN);
        let lines = self.room.store.live_since(site, since, NEWS_SITEMAP)?;
        Ok(lines
            .into_iter()
            .filter(|line| self.may_stand(line) && self.may_be_indexed(&line.key.agency, &line.feeds))
            .map(|line| NewsLine {
                url: story_url(&self.face.url, line.id),
                title: line.headline.or(line.summary).unwrap_or_default(),
                published: line.published,
                language: line.language,
            })
            .collect())
    }
}

/// The version that the placement shows, with everything the API may say about an item.
pub(crate) fn on_site<'r>(row: &'r StoryRow, site: &SiteId) -> Option<&'r Placement> {
    row.placements.iter().find(|placement| placement.site == *site)
}
