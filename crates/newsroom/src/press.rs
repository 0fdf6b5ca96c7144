//! Step 5: what the record says about a story becomes a page, through the gate.

use ::press::{Gated, Gone, HistoryLine, Line, Page, SectionFace, SiteFace, Story, Withdrawal};
use desk::Decision;
use jiff::Timestamp;
use news::{
    Act, Change, Digest, ItemId, ItemKey, ItemStanding, Label, Reason, ReviewState, Ruling, SiteId, Version,
    VersionStanding,
};
use store::{Placement, StoreError, StoryRow, Vault as _, VersionRow, Words};

use crate::config::{Config, Feed, Site};
use crate::proofs::leaf_of;
use crate::{Room, chance, decide};

/// A site's face: what pages need to know of the configuration.
pub(crate) fn face(config: &Config, site: &Site) -> SiteFace {
    SiteFace {
        id: site.id().clone(),
        name: site.name().to_owned(),
        url: site.base_url().to_owned(),
        language: site.language().to_owned(),
        sections: config
            .sections_of(site.id())
            .into_iter()
            .map(|section| SectionFace { slug: section.id.clone(), name: section.name.clone() })
            .collect(),
        about: site.contact().or(site.about.as_deref()).map(str::to_owned),
        index_pages: site.indexed(),
    }
}

/// A story's permanent address on a site.
pub(crate) fn story_url(base: &str, id: ItemId) -> String {
    format!("{base}/s/{id}")
}

/// How a version became public, in words for the history; none if it never was.
fn what_happened(row: &StoryRow, version: &VersionRow) -> Option<String> {
    let public = matches!(
        version.standing,
        VersionStanding::Live
            | VersionStanding::Superseded
            | VersionStanding::Recalled
            | VersionStanding::Killed
            | VersionStanding::Expired
    );
    let first =
        row.versions.iter().all(|other| other.n >= version.n || other.standing == VersionStanding::Ignored);
    if !public || !row.was_public {
        return None;
    }
    let role = version.revision.as_ref().map_or("an editor", |revision| revision.role.as_str());
    Some(match version.review {
        ReviewState::Reviewed => format!("Reviewed by {role}, unchanged"),
        ReviewState::Edited => format!("Edited by {role}"),
        ReviewState::Altered => format!("Changed by legal order, by {role}"),
        ReviewState::Unreviewed if version.act == Act::Kill => "Withdrawn by the agency".to_owned(),
        ReviewState::Unreviewed if version.silent_change => "Changed by the agency without notice".to_owned(),
        ReviewState::Unreviewed if first || version.act == Act::Publish => "Published".to_owned(),
        ReviewState::Unreviewed => "Updated by the agency".to_owned(),
    })
}

/// The public history: what was public, with the hash of its copy unless the item is gone.
pub(crate) fn history(row: &StoryRow) -> Vec<HistoryLine> {
    let gone = matches!(row.standing, ItemStanding::Killed | ItemStanding::Expired | ItemStanding::Withheld);
    let mut lines: Vec<HistoryLine> = row
        .versions
        .iter()
        .filter_map(|version| {
            Some(HistoryLine {
                n: version.n,
                at: version.recorded_at,
                what: what_happened(row, version)?,
                copy_hash: (!gone).then_some(version.copy_hash),
                live: row.standing == ItemStanding::Live(version.n),
            })
        })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.n));
    lines
}

/// All that one rendering needs.
pub(crate) struct Copydesk<'a> {
    pub(crate) config: &'a Config,
}

impl Copydesk<'_> {
    /// The story as its page shows it.
    pub(crate) fn story<'s>(
        &'s self,
        row: &StoryRow,
        placement: &Placement,
        n: u32,
        version: &'s Version,
        key: &'s ItemKey,
    ) -> Option<(SiteFace, Story<'s>)> {
        let site = self.config.site(&placement.site)?;
        let agency = self.config.agency(&key.agency)?;
        let known = row.version(n);
        let review = known.map_or(ReviewState::Unreviewed, |known| known.review);
        let feed = known.map(|known| &known.feed);
        let contract = self.config.contract(&key.agency, &row.feeds);
        let story = Story {
            id: placement.id,
            key,
            version,
            n,
            agency: agency.name(),
            credit: self.config.credit(agency, feed),
            label: self.config.label(agency, feed, review, version.language.as_deref()),
            published: placement.published,
            updated: placement.updated,
            sections: placement.sections.clone(),
            history: history(row),
            log_index: leaf_of(row, &placement.site, n).map(|leaf| leaf.index),
            tags: known
                .and_then(|known| known.routed.as_ref())
                .map(|routed| routed.tags.clone())
                .unwrap_or_default(),
            priority: known.and_then(|known| known.routed.as_ref()).and_then(|routed| routed.priority),
            changes: Vec::new(),
            kin: Vec::new(),
            noindex: contract.noindex || !site.indexed(),
        };
        Some((face(self.config, site), story))
    }

    /// The notice that takes the place of a story that is gone. It carries none of its words.
    pub(crate) fn withdrawal(&self, row: &StoryRow, placement: &Placement) -> Option<(SiteFace, Withdrawal)> {
        let site = self.config.site(&placement.site)?;
        let class = match row.standing {
            ItemStanding::Killed => Gone::Killed,
            ItemStanding::Expired => Gone::Expired,
            _ => Gone::Withheld,
        };
        let by_agency = row.killed_reason.is_none() && !by_house(row);
        let withdrawal = Withdrawal {
            id: placement.id,
            when: row.moved_at.unwrap_or(placement.updated),
            class,
            by_agency: by_agency
                .then(|| self.config.agency(&row.key.agency))
                .flatten()
                .map(|agency| agency.name().to_owned()),
            history: history(row),
            proof: None,
        };
        Some((face(self.config, site), withdrawal))
    }

    /// A line of a front page, section or search.
    pub(crate) fn line(&self, site: &SiteId, line: store::Line) -> Option<Line> {
        self.config.site(site)?;
        let agency = self.config.agency(&line.key.agency)?;
        Some(Line {
            id: line.id,
            headline: line.headline,
            lead: line.summary,
            published: line.published,
            updated: line.updated,
            agency: agency.name().to_owned(),
            language: line.language,
            sections: line.sections,
            review: line.review,
        })
    }
}

/// Whether it was the publisher's own people or rules that took a story off, and no word of the agency's.
fn by_house(row: &StoryRow) -> bool {
    use desk::code;
    let fell = |version: &&VersionRow| {
        matches!(version.standing, VersionStanding::Recalled | VersionStanding::Killed)
            && version.act != Act::Kill
    };
    let reason = row.versions.iter().rev().find(fell).map(|version| version.reason.as_str());
    let own = [code::OPERATOR_HOLD, code::OPERATOR_KILL, code::KILL_TEXT, code::EMBARGO_TEXT];
    reason.is_some_and(|reason| own.contains(&reason))
}

/// A gated page of one site.
pub(crate) type Pressed = (SiteId, ItemId, Gated<Page>);

/// The story row as it will be once these changes are recorded, so that the page that goes live with them tells
/// the same history as every later rendering.
pub(crate) fn foreseen(
    row: Option<StoryRow>,
    key: &ItemKey,
    changes: &[Change],
    version: Option<VersionRow>,
    placements: &[Placement],
    now: Timestamp,
) -> StoryRow {
    let mut row = row.unwrap_or_else(|| StoryRow::unseen(key.clone()));
    if let Some(version) = version {
        if !row.feeds.contains(&version.feed) {
            row.feeds.push(version.feed.clone());
        }
        row.versions.push(version);
    }
    for change in changes {
        match *change {
            Change::Version(n, standing) => {
                if let Some(version) = row.versions.iter_mut().find(|version| version.n == n) {
                    version.standing = standing;
                }
            }
            Change::Item(standing) => {
                row.standing = standing;
                row.was_public |= matches!(standing, ItemStanding::Live(_));
                row.moved_at = Some(now);
            }
        }
    }
    for placement in placements {
        match row.placements.iter_mut().find(|known| known.site == placement.site) {
            Some(known) => *known = placement.clone(),
            None => row.placements.push(placement.clone()),
        }
    }
    row
}

/// SHA-256 of a label's sentence, as leaves and placements carry it.
pub(crate) fn label_hash(label: &Label) -> Digest {
    Digest::of(label.text.as_bytes())
}

impl Room {
    /// Where the item stands, or will stand, on each site: known places keep their id and times.
    pub(crate) fn place(
        &self,
        key: &ItemKey,
        feed: Option<&Feed>,
        row: Option<&StoryRow>,
        published: Timestamp,
        version: Option<&Version>,
        review: ReviewState,
    ) -> Vec<Placement> {
        let config = &self.config;
        let mut placements = row.map(|row| row.placements.clone()).unwrap_or_default();
        let contract = decide::contract(config, feed, row);
        let allowed =
            |section: &String| contract.as_ref().is_none_or(|contract| contract.allows_section(section));
        for site in feed.map(|feed| config.sites_of(feed)).unwrap_or_default() {
            let sections = feed.map(Feed::sections).unwrap_or_default();
            match placements.iter_mut().find(|placement| placement.site == *site.id()) {
                Some(known) => {
                    let more: Vec<String> =
                        sections.into_iter().filter(|s| !known.sections.contains(s)).collect();
                    known.sections.extend(more);
                }
                None => placements.push(Placement {
                    site: site.id().clone(),
                    id: ItemId::from_bits(chance::bits()),
                    sections,
                    published,
                    updated: published,
                    label: Digest::of(b""),
                }),
            }
        }
        placements.iter_mut().for_each(|placement| placement.sections.retain(allowed));
        if let (Some(agency), Some(version)) = (config.agency(&key.agency), version) {
            let feed = feed.map(Feed::id);
            let label = config.label(agency, feed, review, version.language.as_deref());
            placements.iter_mut().for_each(|placement| placement.label = label_hash(&label));
        }
        placements
    }

    /// Step 5, if the decision puts a version live: every site's page through the gate. A refusal publishes
    /// nothing anywhere and holds the version.
    #[allow(
        clippy::too_many_arguments,
        reason = "one step's whole input, used in one place for both ways in"
    )]
    pub(crate) fn press(
        &self,
        key: &ItemKey,
        row: Option<StoryRow>,
        decision: Decision,
        fresh: Option<VersionRow>,
        placements: &[Placement],
        version: Option<&Version>,
        now: Timestamp,
    ) -> Result<(Decision, Vec<Pressed>), StoreError> {
        let Some(n) = decide::live(&decision.changes) else { return Ok((decision, vec![])) };
        let Some(version) = version else {
            let reason = Reason::new(
                "words-missing",
                "the vault does not hold the words of this version, or not whole",
            );
            let until = Some(news::Until::Person);
            let ruling = Ruling { alarm: true, until, ..Ruling::new(Act::Hold, reason) };
            let changes = vec![Change::Version(n, VersionStanding::Held)];
            return Ok((Decision { ruling, n: decision.n, changes, terms: None }, vec![]));
        };
        let row = foreseen(row, key, &decision.changes, fresh, placements, now);
        let copydesk = Copydesk { config: &self.config };
        let mut pages = Vec::new();
        for placement in placements {
            let Some((face, story)) = copydesk.story(&row, placement, n, version, key) else { continue };
            match self.press.story(&face, &story) {
                Ok(page) => pages.push((placement.site.clone(), placement.id, page)),
                Err(refusal) => {
                    tracing::error!(uri = %key.uri, site = %placement.site, "the gate refused the page: {refusal}");
                    return Ok((decide::refused(decision, &refusal), vec![]));
                }
            }
        }
        Ok((decision, pages))
    }

    /// The words of a version, if they are here and sound. What is damaged is said, never served, and stops nothing.
    pub(crate) fn sound_words(&self, key: &ItemKey, n: u32) -> Result<Option<Words>, StoreError> {
        match self.store.words(key, n) {
            Err(error) if error.is_damage() => {
                tracing::error!(uri = %key.uri, n, "{error}");
                Ok(None)
            }
            words => words,
        }
    }

    pub(crate) fn refused(&self, key: &ItemKey, placement: &Placement, refusal: &::press::GateRefusal) {
        tracing::error!(uri = %key.uri, site = %placement.site, "the gate refused the page: {refusal}");
        let what = format!("{}: the gate refused its page on site {}", key.uri, placement.site);
        self.health.alarm(self.clock.now(), what);
    }
}

/// The places with the times that these changes give them: the first publication stands for ever, an update is dated
/// when it goes live, and what changes nothing public changes no date.
pub(crate) fn dated(
    places: &[Placement],
    changes: &[Change],
    was_public: bool,
    published: Timestamp,
    now: Timestamp,
) -> Vec<Placement> {
    let goes_live = decide::live(changes).is_some();
    let mut placements = places.to_vec();
    for placement in &mut placements {
        if goes_live && !was_public {
            placement.published = published;
            placement.updated = published;
        } else if goes_live || was_public && decide::recalls(changes) {
            placement.updated = now;
        }
    }
    placements
}
