//! What the operator looks at: what is held and why, what came, what complained, how the feeds are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use news::{FeedId, ItemKey, ItemStanding, SiteId};
use serde::{Deserialize, Serialize};
use store::{HeldLine, Index as _, RulingLine, StoreError};

pub use store::{StoryRow, VersionRow};

use crate::Newsroom;
use crate::config::{Config, Reach};
use crate::press::story_url;
use crate::readers::on_site;

/// A version that was ruled on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ruled {
    /// When.
    pub at: String,
    /// On which feed it came; empty for the clock's or an operator's doing.
    pub feed: String,
    /// Whose.
    pub agency: String,
    /// Which item.
    pub uri: String,
    /// Which version of it, by our count.
    pub n: Option<u32>,
    /// What was decided.
    pub ruling: String,
    /// Why.
    pub reasons: Vec<String>,
    /// Who did it, if it was not an arriving version.
    pub by: Option<String>,
    /// Where the item stands now.
    pub standing: String,
    /// Its headline, as long as it may be known.
    pub headline: Option<String>,
    /// Its address, if it is or was public.
    pub url: Option<String>,
    /// What it waits for, if it is held: `person` or an instant.
    pub until: Option<String>,
}

/// Something that could not be read as it should.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Complained {
    /// When it was read.
    pub at: String,
    /// On which feed it came.
    pub feed: String,
    /// The transmission.
    pub transmission: String,
    /// The file name, address or peer.
    pub origin: String,
    /// Which item, if it could be told.
    pub uri: Option<String>,
    /// `remark`, `hold` or `lost`.
    pub gravity: String,
    /// The complaint's stable code.
    pub code: String,
    /// What was found and what would be right.
    pub message: String,
    /// Which item, from 1.
    pub item: Option<u32>,
    /// Where in it.
    pub path: String,
    /// At which byte.
    pub offset: Option<u64>,
}

/// A feed's health.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedLine {
    /// The feed.
    pub feed: String,
    /// Its agency's name.
    pub agency: String,
    /// Its door, in words.
    pub door: String,
    /// When the door last worked.
    pub last_contact: Option<String>,
    /// When bytes last came.
    pub last_bytes: Option<String>,
    /// What it suffers from.
    pub trouble: Option<String>,
    /// Failures since it last worked.
    pub failures: u64,
    /// Whether everything on it is held: its breaker has tripped, or a person set it.
    #[serde(default)]
    pub held: bool,
    /// What the safety rules found since the start, by rule; where a rule only watches, ` (shadow)` stands behind it.
    #[serde(default)]
    pub findings: BTreeMap<String, u64>,
}

/// An outlet's health.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutletLine {
    /// The outlet.
    pub outlet: String,
    /// The site that it is told of.
    pub site: String,
    /// Where it is called.
    pub url: String,
    /// When it last confirmed something since the start.
    pub confirmed: Option<String>,
    /// Items that wait for it, kills included.
    pub waiting: u64,
    /// Kills that wait for it.
    pub kills: u64,
    /// What it suffers from.
    pub trouble: Option<String>,
    /// Failures since it last confirmed.
    pub failures: u64,
}

/// A kill on one site, and what the site's outputs or one of its outlets said about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Killed {
    /// When the item fell.
    pub at: String,
    /// Whose it was.
    pub agency: String,
    /// Which it was.
    pub uri: String,
    /// On which site, or which outlet: `main`, `webhook:cms`.
    pub site: String,
    /// Whether every output was found without it.
    pub confirmed: bool,
    /// When that was found, or last looked for.
    pub asked: Option<String>,
    /// What was found.
    pub detail: String,
}

/// What is to be listed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// The last rulings, of all feeds or one.
    Recent {
        /// Only this feed.
        feed: Option<String>,
    },
    /// What is held.
    Held,
    /// What complained.
    Complaints,
    /// The feeds.
    Feeds,
    /// What was killed, and whether it is gone from every output.
    Kills,
    /// The outlets.
    Outlets,
}

/// A list, ready for table or JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum List {
    /// Rulings or held versions.
    Rulings(Vec<Ruled>),
    /// Complaints.
    Complaints(Vec<Complained>),
    /// Feeds.
    Feeds(Vec<FeedLine>),
    /// Kills.
    Kills(Vec<Killed>),
    /// Outlets.
    Outlets(Vec<OutletLine>),
}

/// One item as the public API tells it: facts, and words only while it is live.
#[derive(Clone, Debug)]
pub struct Told {
    /// The story.
    pub row: StoryRow,
    /// Its address on the site.
    pub url: String,
    /// The live headline.
    pub headline: Option<String>,
    /// The label's sentence and state, while live.
    pub label: Option<news::Label>,
    /// The live stories that belong together with it, while it is live itself and in reach.
    pub kin: Vec<press::Kin>,
    /// Whether whoever asks may read its words where he is.
    pub in_reach: bool,
}

/// An instant for lists: to the millisecond, in UTC.
fn instant(at: Timestamp) -> String {
    format!("{at:.3}")
}

fn held(line: HeldLine) -> Ruled {
    let until = match line.version {
        news::VersionStanding::Waiting(until) => instant(until),
        _ => "person".to_owned(),
    };
    Ruled {
        at: instant(line.at),
        feed: line.feed.to_string(),
        agency: line.key.agency.to_string(),
        uri: line.key.uri,
        n: Some(line.n),
        ruling: line.act.as_str().to_owned(),
        reasons: line.reasons.into_iter().map(|reason| reason.text).collect(),
        by: None,
        standing: line.standing.as_str().to_owned(),
        headline: line.headline,
        url: None,
        until: Some(until),
    }
}

fn killed(line: &store::KilledLine, config: &Config) -> Vec<Killed> {
    let told = |site: String, receipt: Option<&store::ReceiptRow>, nobody: &str| Killed {
        at: instant(line.at),
        agency: line.key.agency.to_string(),
        uri: line.key.uri.clone(),
        site,
        confirmed: receipt.is_some_and(|receipt| receipt.ok),
        asked: receipt.map(|receipt| instant(receipt.at)),
        detail: receipt.map_or(nobody, |receipt| &receipt.detail).to_owned(),
    };
    let mut lines = Vec::new();
    for placement in &line.placements {
        lines.push(told(placement.site.to_string(), line.receipt(&placement.site), "not asked yet"));
        let called = config.outlets.iter().filter(|outlet| outlet.site == placement.site);
        for outlet in called.filter(|outlet| outlet.is_told_of(&line.key.agency)) {
            let receipt = line.receipt_of(&outlet.word());
            lines.push(told(outlet.word(), receipt, "it has not confirmed"));
        }
    }
    lines
}

impl Newsroom {
    /// Makes a list of at most `limit` lines.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn list(&self, which: &Which, limit: usize) -> Result<List, StoreError> {
        let store = &self.room.store;
        Ok(match which {
            Which::Recent { feed } => {
                let feed = feed.as_deref().map(FeedId::from);
                List::Rulings(self.rulings(store.recent(feed.as_ref(), limit)?)?)
            }
            Which::Held => List::Rulings(store.held(limit)?.into_iter().map(held).collect()),
            Which::Complaints => List::Complaints(
                store
                    .complaints(limit)?
                    .into_iter()
                    .map(|line| Complained {
                        at: instant(line.at),
                        feed: line.feed.map(|feed| feed.to_string()).unwrap_or_default(),
                        transmission: line.transmission.map(|id| id.to_string()).unwrap_or_default(),
                        origin: line.origin.unwrap_or_default(),
                        uri: line.key.map(|key| key.uri),
                        gravity: crate::health::gravity_word(line.complaint.gravity).to_owned(),
                        code: line.complaint.code,
                        message: line.complaint.message,
                        item: line.complaint.item.map(|item| item + 1),
                        path: line.complaint.path,
                        offset: line.complaint.offset,
                    })
                    .collect(),
            ),
            Which::Feeds => List::Feeds(self.feeds()),
            Which::Kills => {
                let all = store.killed(limit)?;
                List::Kills(all.iter().flat_map(|line| killed(line, &self.room.config)).collect())
            }
            Which::Outlets => List::Outlets(self.outlets()),
        })
    }

    fn rulings(&self, lines: Vec<RulingLine>) -> Result<Vec<Ruled>, StoreError> {
        lines.into_iter().map(|line| self.ruling(line)).collect()
    }

    fn ruling(&self, line: RulingLine) -> Result<Ruled, StoreError> {
        let url = match self.room.store.story(&line.key)? {
            Some(row) if row.was_public => self.address(&row),
            _ => None,
        };
        Ok(Ruled {
            at: instant(line.at),
            feed: line.feed.map(|feed| feed.to_string()).unwrap_or_default(),
            agency: line.key.agency.to_string(),
            uri: line.key.uri,
            n: line.n,
            ruling: line.act.as_str().to_owned(),
            reasons: line.reasons.into_iter().map(|reason| reason.text).collect(),
            by: line.by,
            standing: line.standing.as_str().to_owned(),
            headline: line.headline,
            url,
            until: None,
        })
    }

    fn address(&self, row: &StoryRow) -> Option<String> {
        let placement = row.placements.first()?;
        Some(story_url(self.room.config.site(&placement.site)?.base_url(), placement.id))
    }

    fn feeds(&self) -> Vec<FeedLine> {
        let health = self.room.health.feeds();
        self.room
            .config
            .feeds()
            .iter()
            .map(|feed| {
                let health = health.get(feed.id()).cloned().unwrap_or_default();
                FeedLine {
                    feed: feed.id().to_string(),
                    agency: self
                        .room
                        .config
                        .agency(feed.agency())
                        .map(|a| a.name().to_owned())
                        .unwrap_or_default(),
                    door: feed.door_in_words(),
                    last_contact: health.last_contact.map(instant),
                    last_bytes: health.last_bytes.map(instant),
                    trouble: health.trouble.map(|(at, what)| format!("{what} (since {at})")),
                    failures: health.failures,
                    held: health.held,
                    findings: health
                        .findings
                        .into_iter()
                        .map(|((rule, mode), n)| (named(rule, mode), n))
                        .collect(),
                }
            })
            .collect()
    }

    fn outlets(&self) -> Vec<OutletLine> {
        let known = self.room.health.outlets();
        let line = |outlet: &crate::config::Outlet| {
            let health = known.get(&outlet.name).cloned().unwrap_or_default();
            OutletLine {
                outlet: outlet.name.clone(),
                site: outlet.site.to_string(),
                url: outlet.url.to_string(),
                confirmed: health.confirmed.map(instant),
                waiting: health.waiting,
                kills: health.kills,
                trouble: health.trouble.map(|(at, what)| format!("{what} (since {at})")),
                failures: health.failures,
            }
        };
        self.room.config.outlets.iter().map(line).collect()
    }

    /// What the public API tells of the items with this uri on a site. What never was public is not listed.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn told(&self, site: &SiteId, uri: &str, reach: Reach) -> Result<Vec<Told>, StoreError> {
        loop {
            let moment = self.room.public.moment();
            let mut told = Vec::new();
            for row in self.room.store.by_uri(uri)? {
                told.extend(self.tell(site, row, reach)?);
            }
            if !self.room.notary.covers(&self.room.store)? {
                // Nobody signs any more: asking again would never end.
                return Err(StoreError::Busy { doing: "waiting for the log's signature".to_owned() });
            }
            if !self.room.public.denied_since(moment) {
                return Ok(told);
            }
        }
    }

    fn tell(&self, site: &SiteId, mut row: StoryRow, reach: Reach) -> Result<Option<Told>, StoreError> {
        let Some(id) = on_site(&row, site).filter(|_| row.was_public).map(|placement| placement.id) else {
            return Ok(None);
        };
        let Some(place) = self.room.config.site(site) else { return Ok(None) };
        let url = story_url(place.base_url(), id);
        row.log_index = row.leaves.iter().rev().find(|leaf| leaf.site == *site).map(|leaf| leaf.index);
        if self.room.public.is_denied(site, id) && matches!(row.standing, ItemStanding::Live(_)) {
            row.standing = ItemStanding::Withheld;
        }
        let (mut headline, mut label, mut kin) = (None, None, Vec::new());
        let territories = self.room.config.contract(&row.key.agency, &row.feeds).territories;
        let in_reach = reach.allows(territories);
        if let (ItemStanding::Live(n), true) = (row.standing, in_reach) {
            use store::Vault as _;
            kin = self.room.kin(place, &row.key, territories)?;
            let words = self.room.store.words(&row.key, n)?;
            headline = words.as_ref().and_then(|words| words.version.copy.headline().map(str::to_owned));
            let known = row.version(n);
            let review = known.map_or(news::ReviewState::Unreviewed, |known| known.review);
            let language = words.as_ref().and_then(|words| words.version.language.as_deref());
            label = self.room.config.agency(&row.key.agency).map(|agency| {
                self.room.config.label(agency, known.map(|known| &known.feed), review, language)
            });
        }
        Ok(Some(Told { row, url, headline, label, kin, in_reach }))
    }

    /// The instant and text of the last alarms, newest first.
    pub fn alarms(&self) -> Vec<(Timestamp, String)> {
        self.room.health.last_alarms()
    }

    /// Everything about one item, for the operator.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn item(&self, key: &ItemKey) -> Result<Option<StoryRow>, StoreError> {
        self.room.store.story(key)
    }
}

/// A rule as it is listed.
fn named(rule: &str, mode: &str) -> String {
    if mode == "shadow" { format!("{rule} (shadow)") } else { rule.to_owned() }
}
