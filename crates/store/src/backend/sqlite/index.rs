//! Quick answers. What a version is comes from its journal entry, verified; what it says comes from the vault,
//! verified; the tables here only say where to look.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;
use news::{
    AgencyId, Embargo, FeedId, ItemId, ItemKey, ItemStanding, SiteId, TransmissionId, Version,
    VersionStanding,
};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::apply::{find_item, parse_instant, sections};
use super::archive::{self, list};
use super::cells::{capped, digest, instant, item_id, micros, micros_up, signed, transmission_id, unsigned};
use super::memory::{Erasures, Head, Place};
use super::{Store, journal, search, ties, vault};
use crate::codec::{EmbargoShape, Shape as _, gravity_of, item_standing_of, standing_of};
use crate::{
    Candidate, ComplaintLine, Fact, FeedHealth, HeldLine, Index, KilledLine, Kin, LeafAt, LeafLine, Line,
    LivePlace, LogSize, NoteLine, Peer, Placement, ReceiptRow, Ruled, RulingLine, StoreError, StoryRow,
    VersionRow, Words,
};

fn damaged(why: impl Into<String>) -> StoreError {
    StoreError::damaged("the index", why)
}

/// Collects the rows of a statement.
pub(super) fn collect<T>(
    mut rows: rusqlite::Rows<'_>,
    mut one: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(one(row)?);
    }
    Ok(all)
}

pub(super) fn key(row: &Row<'_>, agency: usize, uri: usize) -> Result<ItemKey, StoreError> {
    Ok(ItemKey { agency: AgencyId::new(row.get::<_, String>(agency)?), uri: row.get(uri)? })
}

fn standing(row: &Row<'_>, word: usize, live: usize) -> Result<ItemStanding, StoreError> {
    let word: String = row.get(word)?;
    item_standing_of(&word, row.get(live)?).ok_or_else(|| damaged(format!("`{word}` is no item's standing")))
}

fn version_standing(text: &str) -> Result<VersionStanding, StoreError> {
    standing_of(text).ok_or_else(|| damaged(format!("`{text}` is no version's standing")))
}

/// The ruling of a journal entry, and when it was recorded.
fn ruled(tx: &Transaction<'_>, seq: u64) -> Result<(Box<Ruled>, Timestamp), StoreError> {
    let record = journal::record(tx, seq)?;
    match record.fact.into_owned() {
        Fact::Ruled(ruled) => Ok((ruled, record.at)),
        _ => Err(damaged(format!("journal entry {seq} rules on no version"))),
    }
}

fn embargo(text: Option<String>) -> Result<Option<Embargo>, StoreError> {
    let Some(text) = text else { return Ok(None) };
    let shape: EmbargoShape = serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    shape.noun().map(Some).map_err(damaged)
}

fn versions(tx: &Transaction<'_>, item: i64) -> Result<Vec<VersionRow>, StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT n, seq, standing, reason, embargo, expires, withheld FROM version WHERE item = ?1 ORDER BY n",
    )?;
    collect(ask.query([item])?, |row| {
        let (n, seq): (u32, u64) = (row.get(0)?, unsigned(row.get(1)?)?);
        let (ruled, at) = ruled(tx, seq)?;
        let version = VersionRow::of(&ruled, seq, at).filter(|version| version.n == n);
        let version =
            version.ok_or_else(|| damaged(format!("journal entry {seq} rules on another version")))?;
        Ok(VersionRow {
            standing: version_standing(&row.get::<_, String>(2)?)?,
            reason: row.get(3)?,
            embargo: embargo(row.get(4)?)?,
            expires: row.get::<_, Option<String>>(5)?.map(|text| parse_instant(&text)).transpose()?,
            withheld: row.get(6)?,
            ..version
        })
    })
}

fn placements(tx: &Transaction<'_>, item: i64) -> Result<Vec<Placement>, StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT site, id, sections, published, updated, label FROM placement WHERE item = ?1 ORDER BY site",
    )?;
    collect(ask.query([item])?, |row| {
        Ok(Placement {
            site: SiteId::new(row.get::<_, String>(0)?),
            id: item_id(row.get(1)?),
            sections: sections(&row.get::<_, String>(2)?)?,
            published: instant(row.get(3)?)?,
            updated: instant(row.get(4)?)?,
            label: digest(row.get(5)?),
        })
    })
}

/// The newest leaves of an item on the sites where it is placed, the oldest first.
fn leaves_of(tx: &Transaction<'_>, placements: &[Placement]) -> Result<Vec<LeafAt>, StoreError> {
    let mut leaves = Vec::new();
    for placement in placements {
        // Told which index: left alone, the planner walks the whole log of the site, because it lies in this order.
        let mut ask = tx.prepare_cached(
            "SELECT shard, idx, act, version FROM leaf INDEXED BY leaf_item WHERE site = ?1 AND item = ?2
             ORDER BY shard DESC, idx DESC LIMIT 64",
        )?;
        let rows = ask.query(params![placement.site.as_str(), placement.id.bits().to_be_bytes()])?;
        let mut here = collect(rows, |row| {
            let (site, index) = (placement.site.clone(), unsigned(row.get(1)?)?);
            Ok(LeafAt { site, shard: row.get(0)?, index, act: row.get(2)?, version: row.get(3)? })
        })?;
        here.reverse();
        leaves.append(&mut here);
    }
    Ok(leaves)
}

/// The live items of an item's group. Asked in this order: the other way round all stories of the site would be looked at.
pub(super) const PEERS: &str = "SELECT i.agency, i.uri, p.id, p.published, p.sections, i.id FROM item i
    CROSS JOIN placement p ON p.item = i.id AND p.site = ?1
    WHERE i.leader = (SELECT leader FROM item WHERE agency = ?2 AND uri = ?3) AND i.live IS NOT NULL
    ORDER BY p.published, p.id LIMIT ?4";

/// The stories in one of the sitemaps, by how many came before them: from, and up to but not including.
fn numbers(number: u32, size: u32) -> (i64, i64) {
    let (number, size) = (i64::from(number), i64::from(size.max(1)));
    (number * size, (number + 1) * size)
}

/// The sitemap of the story before which so many came.
fn sitemap(no: i64, size: u32) -> Option<u32> {
    u32::try_from(no / i64::from(size.max(1))).ok()
}

/// The feeds that an item came on.
fn carried(tx: &Transaction<'_>, item: i64) -> Result<Vec<FeedId>, StoreError> {
    let mut ask = tx.prepare_cached("SELECT feed FROM carried WHERE item = ?1 ORDER BY feed")?;
    collect(ask.query([item])?, |row| Ok(FeedId::new(row.get::<_, String>(0)?)))
}

fn story(tx: &Transaction<'_>, item: i64) -> Result<StoryRow, StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT agency, uri, standing, live, was_public, killed_reason, moved FROM item WHERE id = ?1",
    )?;
    let mut rows = ask.query([item])?;
    let row = rows.next()?.ok_or_else(|| damaged(format!("item {item} is missing")))?;
    let placements = placements(tx, item)?;
    let leaves = leaves_of(tx, &placements)?;
    let mut versions = versions(tx, item)?;
    for version in &mut versions {
        version.leaves = leaves.iter().filter(|leaf| leaf.version == version.n).cloned().collect();
    }
    let mut changes = tx
        .prepare_cached("SELECT at FROM ruling WHERE item = ?1 AND updates = 1 ORDER BY seq DESC LIMIT 32")?;
    let mut recent_changes = collect(changes.query([item])?, |row| instant(row.get(0)?))?;
    recent_changes.reverse();
    let first_site = leaves.first().map(|leaf| leaf.site.clone());
    let log_index =
        leaves.iter().rev().find(|leaf| Some(&leaf.site) == first_site.as_ref()).map(|leaf| leaf.index);
    Ok(StoryRow {
        key: key(row, 0, 1)?,
        standing: standing(row, 2, 3)?,
        was_public: row.get(4)?,
        killed_reason: row.get(5)?,
        moved_at: row.get::<_, Option<i64>>(6)?.map(instant).transpose()?,
        versions,
        placements,
        feeds: carried(tx, item)?,
        recent_changes,
        leaves,
        log_index,
    })
}

/// A live item on a site, before its words are read.
pub(super) struct Spot {
    item: i64,
    id: ItemId,
}

impl Store {
    /// The lines of the live items that `spots` finds. One whose words are damaged or missing is left out.
    fn lines(
        &self,
        site: &SiteId,
        spots: impl FnOnce(&Transaction<'_>) -> Result<Vec<Spot>, StoreError>,
    ) -> Result<Vec<Line>, StoreError> {
        let begun = self.memory.heads.erasures();
        self.ask(|tx| {
            let spots = spots(tx)?;
            let mut lines = Vec::with_capacity(spots.len());
            for spot in spots {
                lines.extend(self.line(tx, site, &spot, begun)?);
            }
            Ok(lines)
        })
    }

    fn line(
        &self,
        tx: &Transaction<'_>,
        site: &SiteId,
        spot: &Spot,
        begun: Erasures,
    ) -> Result<Option<Line>, StoreError> {
        let mut ask = tx.prepare_cached(
            "SELECT i.live, p.sections, p.published, p.updated, v.seq, i.leader IS NOT NULL FROM item i
             JOIN placement p ON p.item = i.id AND p.site = ?2 JOIN version v ON v.item = i.id AND v.n = i.live
             WHERE i.id = ?1",
        )?;
        let mut rows = ask.query(params![spot.item, site.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let place = (spot.item, row.get(0)?, unsigned(row.get(4)?)?);
        let head = match self.memory.heads.get(&place) {
            Some(head) => head,
            None => {
                let Some(head) = head(tx, place)?.map(Arc::new) else { return Ok(None) };
                self.memory.heads.keep(place, &head, begun);
                head
            }
        };
        Ok(Some(Line {
            id: spot.id,
            n: place.1,
            published: instant(row.get(2)?)?,
            updated: instant(row.get(3)?)?,
            sections: sections(&row.get::<_, String>(1)?)?,
            headline: head.headline.clone(),
            summary: head.summary.clone(),
            language: head.language.clone(),
            review: head.review,
            feed: head.feed.clone(),
            feeds: carried(tx, spot.item)?,
            grouped: row.get(5)?,
            key: head.key.clone(),
        }))
    }
}

/// A version's head, from journal and vault, verified; none if it is damaged or missing.
fn head(tx: &Transaction<'_>, (item, n, seq): Place) -> Result<Option<Head>, StoreError> {
    let mut ask = tx.prepare_cached("SELECT agency, uri FROM item WHERE id = ?1")?;
    let mut rows = ask.query([item])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let key = key(row, 0, 1)?;
    let Some(words) = vault::words_if_sound(tx, &key, n)? else { return Ok(None) };
    match ruled(tx, seq) {
        Ok((ruled, _)) if ruled.copy_hash == words.version.copy.copy_hash() => {
            Ok(Some(Head::of(&words, &ruled)))
        }
        Ok(_) => {
            tracing::error!(%key, n, "the journal states another copy hash than the vault; left out of a list");
            Ok(None)
        }
        Err(error) if error.is_damage() => {
            tracing::error!(%error, "left out of a list");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn spot(row: &Row<'_>) -> Result<Spot, StoreError> {
    Ok(Spot { item: row.get(0)?, id: item_id(row.get(1)?) })
}

/// How a version is called in a list for operators; none if its words are not to be had.
fn headline(tx: &Transaction<'_>, key: &ItemKey, n: u32) -> Result<Option<String>, StoreError> {
    let title = |words: Words| {
        let copy = &words.version.copy;
        copy.headline().or_else(|| copy.blocks().first().map(news::Block::text)).map(str::to_owned)
    };
    Ok(vault::words_if_sound(tx, key, n)?.and_then(title))
}

fn receipts_of(tx: &Transaction<'_>, item: i64) -> Result<Vec<ReceiptRow>, StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT outlet, what, ok, detail, at, revision FROM receipt WHERE item = ?1 ORDER BY outlet",
    )?;
    collect(ask.query([item])?, |row| {
        let at = instant(row.get(4)?)?;
        let (outlet, what, ok, detail) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let revision = row.get::<_, Option<i64>>(5)?.map(unsigned).transpose()?;
        Ok(ReceiptRow { outlet, what, revision, ok, detail, at })
    })
}

fn killed_line(tx: &Transaction<'_>, row: &Row<'_>) -> Result<KilledLine, StoreError> {
    let item: i64 = row.get(3)?;
    Ok(KilledLine {
        standing: standing(row, 4, 5)?,
        key: key(row, 0, 1)?,
        at: instant(row.get(2)?)?,
        placements: placements(tx, item)?,
        receipts: receipts_of(tx, item)?,
    })
}

fn held_line(tx: &Transaction<'_>, row: &Row<'_>) -> Result<HeldLine, StoreError> {
    let (ruled, at) = ruled(tx, unsigned(row.get(1)?)?)?;
    let n: u32 = row.get(0)?;
    Ok(HeldLine {
        n,
        feed: ruled.feed,
        at,
        arrived: ruled.arrived,
        act: ruled.ruling.act,
        reasons: ruled.ruling.reasons,
        version: version_standing(&row.get::<_, String>(2)?)?,
        standing: standing(row, 3, 4)?,
        headline: headline(tx, &ruled.key, n)?,
        key: ruled.key,
    })
}

fn ruling_line(tx: &Transaction<'_>, seq: u64, item: i64) -> Result<RulingLine, StoreError> {
    let record = journal::record(tx, seq)?;
    let (key, n, feed, by, ruling) = match record.fact.into_owned() {
        Fact::Ruled(ruled) => {
            let by = ruled.revision.map(|revision| revision.by);
            (ruled.key, ruled.n, Some(ruled.feed), by, ruled.ruling)
        }
        Fact::Moved(moved) => (moved.key, None, None, Some(moved.by), moved.ruling),
        _ => return Err(damaged(format!("journal entry {seq} holds no ruling"))),
    };
    let mut ask = tx.prepare_cached("SELECT standing, live FROM item WHERE id = ?1")?;
    let mut rows = ask.query([item])?;
    let row = rows.next()?.ok_or_else(|| damaged(format!("item {item} is missing")))?;
    let item_standing = standing(row, 0, 1)?;
    let shown: Option<u32> = match (n, item_standing) {
        (Some(n), _) | (None, ItemStanding::Live(n)) => Some(n),
        _ => tx
            .prepare_cached("SELECT max(n) FROM version WHERE item = ?1")?
            .query_row([item], |row| row.get(0))?,
    };
    let mut ask = tx.prepare_cached("SELECT standing FROM version WHERE item = ?1 AND n = ?2")?;
    let version: Option<String> = ask.query_row(params![item, n], |row| row.get(0)).optional()?;
    Ok(RulingLine {
        seq,
        n,
        feed,
        by,
        at: record.at,
        act: ruling.act,
        until: ruling.until,
        reasons: ruling.reasons,
        version: version.map(|text| version_standing(&text)).transpose()?,
        standing: item_standing,
        headline: shown.map(|n| headline(tx, &key, n)).transpose()?.flatten(),
        key,
    })
}

fn complaint_line(row: &Row<'_>) -> Result<ComplaintLine, StoreError> {
    let key = match row.get::<_, Option<String>>(4)? {
        Some(agency) => Some(ItemKey { agency: AgencyId::new(agency), uri: row.get(5)? }),
        None => None,
    };
    let json: String = row.get(6)?;
    Ok(ComplaintLine {
        seq: unsigned(row.get(0)?)?,
        at: instant(row.get(1)?)?,
        feed: row.get::<_, Option<String>>(2)?.map(FeedId::new),
        transmission: row.get::<_, Option<[u8; 16]>>(3)?.map(transmission_id),
        origin: row.get(7)?,
        key,
        complaint: serde_json::from_str(&json).map_err(|error| damaged(error.to_string()))?,
    })
}

/// The agency's number of the day, where its format carries one.
fn number(version: &Version) -> Option<String> {
    let named = |path: &str| ["header/agency-number", "header/number"].contains(&path);
    let numbers = version.extra.iter().filter(|extra| named(&extra.path));
    numbers.map(|extra| extra.value.clone()).find(|number| !number.is_empty())
}

fn candidate(tx: &Transaction<'_>, row: &Row<'_>) -> Result<Option<Candidate>, StoreError> {
    let key = key(row, 1, 2)?;
    let mut ask = tx.prepare_cached("SELECT max(n) FROM version WHERE item = ?1")?;
    let Some(n) = ask.query_row([row.get::<_, i64>(0)?], |row| row.get::<_, Option<u32>>(0))? else {
        return Ok(None);
    };
    let Some(words) = vault::words_if_sound(tx, &key, n)? else { return Ok(None) };
    Ok(Some(Candidate {
        headline: words.version.copy.headline().map(str::to_owned),
        slugline: words.version.slugline.clone(),
        number: number(&words.version),
        arrived: instant(row.get(5)?)?,
        standing: standing(row, 3, 4)?,
        key,
    }))
}

fn feed_health(tx: &Transaction<'_>, feed: &FeedId) -> Result<FeedHealth, StoreError> {
    let (transmissions, unread, last_arrived) = archive::of_feed(tx, feed)?;
    let count = |table: &str| -> Result<(u64, Option<Timestamp>), StoreError> {
        let mut ask =
            tx.prepare_cached(&format!("SELECT count(*), max(seq) FROM {table} WHERE feed = ?1"))?;
        let (count, last): (i64, Option<i64>) =
            ask.query_row([feed.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let at = last.map(|seq| journal::record(tx, unsigned(seq)?).map(|record| record.at)).transpose()?;
        Ok((unsigned(count)?, at))
    };
    let (ruled, last_ruled) = count("ruling")?;
    let (complaints, last_complaint) = count("complaint")?;
    Ok(FeedHealth {
        transmissions,
        unread,
        last_arrived,
        ruled,
        last_ruled,
        complaints,
        last_complaint,
        first_contact_done: first_contact_done(tx, feed)?,
    })
}

fn first_contact_done(tx: &Transaction<'_>, feed: &FeedId) -> Result<bool, StoreError> {
    let mut ask = tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM first_contact WHERE feed = ?1)")?;
    Ok(ask.query_row([feed.as_str()], |row| row.get(0))?)
}

fn leaf_line(tx: &Transaction<'_>, row: &Row<'_>) -> Result<LeafLine, StoreError> {
    let seq = unsigned(row.get(0)?)?;
    let (index, ord) = (unsigned(row.get(1)?)?, unsigned(row.get(2)?)?);
    let record = journal::record(tx, seq)?;
    let leaf = usize::try_from(ord).ok().and_then(|ord| record.leaves.into_iter().nth(ord));
    let leaf = leaf.filter(|leaf| leaf.index == index);
    let leaf = leaf.ok_or_else(|| damaged(format!("journal entry {seq} has no leaf {index}")))?;
    Ok(LeafLine { seq, at: record.at, leaf })
}

impl Store {
    fn ask<T>(&self, f: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.read(f).map_err(|error| error.while_doing("asking the index"))
    }
}

impl Index for Store {
    fn story(&self, key: &ItemKey) -> Result<Option<StoryRow>, StoreError> {
        self.ask(|tx| find_item(tx, key)?.map(|item| story(tx, item)).transpose())
    }

    fn story_and_place(&self, key: &ItemKey) -> Result<Option<(StoryRow, u64)>, StoreError> {
        self.ask(|tx| {
            let Some(item) = find_item(tx, key)? else { return Ok(None) };
            let mut ask = tx.prepare_cached("SELECT max(seq) FROM ruling WHERE item = ?1")?;
            let last: Option<i64> = ask.query_row([item], |row| row.get(0))?;
            Ok(Some((story(tx, item)?, unsigned(last.unwrap_or(0))?)))
        })
    }

    fn placed(&self, site: &SiteId, id: ItemId) -> Result<Option<StoryRow>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached("SELECT item FROM placement WHERE site = ?1 AND id = ?2")?;
            let item: Option<i64> = ask
                .query_row(params![site.as_str(), id.bits().to_be_bytes()], |row| row.get(0))
                .optional()?;
            item.map(|item| story(tx, item)).transpose()
        })
    }

    fn by_uri(&self, uri: &str) -> Result<Vec<StoryRow>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached("SELECT id FROM item WHERE uri = ?1 ORDER BY agency LIMIT ?2")?;
            collect(ask.query(params![uri, list(usize::MAX)])?, |row| story(tx, row.get(0)?))
        })
    }

    fn latest(
        &self,
        site: &SiteId,
        section: Option<&str>,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<Line>, StoreError> {
        // An empty name is how the whole site is called here, so it is no section.
        if section == Some("") {
            return Ok(Vec::new());
        }
        self.lines(site, |tx| {
            let mut ask = tx.prepare_cached(
                "SELECT item, id FROM shown WHERE site = ?1 AND section = ?2 ORDER BY published DESC, id DESC
                 LIMIT ?3 OFFSET ?4",
            )?;
            let section = section.unwrap_or_default();
            let offset = capped(offset, i64::MAX);
            collect(ask.query(params![site.as_str(), section, list(limit), offset])?, spot)
        })
    }

    fn live_since(&self, site: &SiteId, since: Timestamp, limit: usize) -> Result<Vec<Line>, StoreError> {
        self.lines(site, |tx| {
            let mut ask = tx.prepare_cached(
                "SELECT item, id FROM shown WHERE site = ?1 AND section = '' AND published >= ?2
                 ORDER BY published DESC, id DESC LIMIT ?3",
            )?;
            collect(ask.query(params![site.as_str(), micros_up(since), list(limit)])?, spot)
        })
    }

    fn count_live(&self, site: &SiteId) -> Result<u64, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached("SELECT count(*) FROM shown WHERE site = ?1 AND section = ''")?;
            unsigned(ask.query_row([site.as_str()], |row| row.get(0))?)
        })
    }

    fn sitemaps(&self, site: &SiteId, size: u32) -> Result<Vec<u32>, StoreError> {
        self.ask(|tx| {
            // From each sitemap to the first story behind it that is live: what is not live is passed over.
            let mut next =
                tx.prepare_cached("SELECT no FROM shown WHERE site = ?1 AND no >= ?2 ORDER BY no LIMIT 1")?;
            let (mut sitemaps, mut from) = (Vec::new(), 0);
            loop {
                let no =
                    next.query_row(params![site.as_str(), from], |row| row.get::<_, i64>(0)).optional()?;
                let Some(number) = no.and_then(|no| sitemap(no, size)) else { return Ok(sitemaps) };
                sitemaps.push(number);
                from = numbers(number, size).1;
            }
        })
    }

    fn sitemap_of(&self, site: &SiteId, id: ItemId, size: u32) -> Result<Option<u32>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached("SELECT no FROM placement WHERE site = ?1 AND id = ?2")?;
            let no: Option<i64> = ask
                .query_row(params![site.as_str(), id.bits().to_be_bytes()], |row| row.get(0))
                .optional()?;
            Ok(no.and_then(|no| sitemap(no, size)))
        })
    }

    fn places(&self, site: &SiteId, number: u32, size: u32) -> Result<Vec<LivePlace>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT i.agency, i.uri, p.id, i.live, p.published, p.updated, i.id FROM shown s
                 CROSS JOIN item i ON i.id = s.item
                 CROSS JOIN placement p ON p.site = s.site AND p.id = s.id
                 WHERE s.site = ?1 AND s.no >= ?2 AND s.no < ?3 AND i.live IS NOT NULL ORDER BY s.no",
            )?;
            let (from, to) = numbers(number, size);
            collect(ask.query(params![site.as_str(), from, to])?, |row| {
                Ok(LivePlace {
                    key: key(row, 0, 1)?,
                    id: item_id(row.get(2)?),
                    n: row.get(3)?,
                    published: instant(row.get(4)?)?,
                    updated: instant(row.get(5)?)?,
                    feeds: carried(tx, row.get(6)?)?,
                })
            })
        })
    }

    fn tombstones(
        &self,
        site: &SiteId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ItemId, Timestamp, ItemStanding)>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT g.id, g.moved, i.standing, i.live FROM gone g JOIN item i ON i.id = g.item
                 WHERE g.site = ?1 AND g.moved >= ?2 ORDER BY g.moved DESC, g.id DESC LIMIT ?3",
            )?;
            collect(ask.query(params![site.as_str(), micros_up(since), list(limit)])?, |row| {
                Ok((item_id(row.get(0)?), instant(row.get(1)?)?, standing(row, 2, 3)?))
            })
        })
    }

    fn held(&self, limit: usize) -> Result<Vec<HeldLine>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT v.n, v.seq, v.standing, i.standing, i.live FROM version v JOIN item i ON i.id = v.item
                 WHERE v.waits = 1 ORDER BY v.seq DESC LIMIT ?1",
            )?;
            collect(ask.query([list(limit)])?, |row| held_line(tx, row))
        })
    }

    fn recent(&self, feed: Option<&FeedId>, limit: usize) -> Result<Vec<RulingLine>, StoreError> {
        self.ask(|tx| {
            let one = |row: &Row<'_>| ruling_line(tx, unsigned(row.get(0)?)?, row.get(1)?);
            match feed {
                Some(feed) => {
                    let mut ask = tx.prepare_cached(
                        "SELECT seq, item FROM ruling WHERE feed = ?1 ORDER BY seq DESC LIMIT ?2",
                    )?;
                    collect(ask.query(params![feed.as_str(), list(limit)])?, one)
                }
                None => {
                    let mut ask =
                        tx.prepare_cached("SELECT seq, item FROM ruling ORDER BY seq DESC LIMIT ?1")?;
                    collect(ask.query([list(limit)])?, one)
                }
            }
        })
    }

    fn complaints(&self, limit: usize) -> Result<Vec<ComplaintLine>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT c.seq, c.at, c.feed, c.transmission, i.agency, i.uri, c.row, t.origin FROM complaint c
                 LEFT JOIN item i ON i.id = c.item LEFT JOIN transmission t ON t.id = c.transmission ORDER BY c.seq DESC, c.ord LIMIT ?1",
            )?;
            collect(ask.query([list(limit)])?, complaint_line)
        })
    }

    fn notes(&self, limit: usize) -> Result<Vec<NoteLine>, StoreError> {
        self.ask(|tx| {
            let mut ask =
                tx.prepare_cached("SELECT seq, at, gravity, what FROM note ORDER BY seq DESC LIMIT ?1")?;
            collect(ask.query([list(limit)])?, |row| {
                let word: String = row.get(2)?;
                Ok(NoteLine {
                    seq: unsigned(row.get(0)?)?,
                    at: instant(row.get(1)?)?,
                    gravity: gravity_of(&word).ok_or_else(|| damaged(format!("`{word}` is no gravity")))?,
                    what: row.get(3)?,
                })
            })
        })
    }

    fn due(&self, now: Timestamp, limit: usize) -> Result<Vec<ItemKey>, StoreError> {
        self.ask(|tx| {
            let mut ask =
                tx.prepare_cached("SELECT agency, uri FROM item WHERE due <= ?1 ORDER BY due, id LIMIT ?2")?;
            collect(ask.query(params![micros(now), list(limit)])?, |row| key(row, 0, 1))
        })
    }

    fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached("SELECT min(due) FROM item WHERE due IS NOT NULL")?;
            ask.query_row([], |row| row.get::<_, Option<i64>>(0))?.map(instant).transpose()
        })
    }

    fn search(&self, site: &SiteId, query: &str, limit: usize) -> Result<Vec<Line>, StoreError> {
        self.lines(site, |tx| search::search(tx, site, query, list(limit)))
    }

    fn candidates(
        &self,
        agency: &AgencyId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT id, agency, uri, standing, live, arrived FROM item WHERE agency = ?1 AND arrived >= ?2
                 ORDER BY arrived DESC, id DESC LIMIT ?3",
            )?;
            let rows = ask.query(params![agency.as_str(), micros_up(since), list(limit)])?;
            Ok(collect(rows, |row| candidate(tx, row))?.into_iter().flatten().collect())
        })
    }

    fn kin(&self, key: &ItemKey) -> Result<Vec<Kin>, StoreError> {
        self.ask(|tx| ties::kin(tx, key))
    }

    fn around(&self, keys: &[ItemKey]) -> Result<Vec<ItemId>, StoreError> {
        self.ask(|tx| ties::around(tx, keys))
    }

    fn peers(&self, site: &SiteId, key: &ItemKey) -> Result<Vec<Peer>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(PEERS)?;
            let rows = ask.query(params![site.as_str(), key.agency.as_str(), key.uri, ties::MOST])?;
            collect(rows, |row| {
                Ok(Peer {
                    key: self::key(row, 0, 1)?,
                    id: item_id(row.get(2)?),
                    published: instant(row.get(3)?)?,
                    sections: sections(&row.get::<_, String>(4)?)?,
                    feeds: carried(tx, row.get(5)?)?,
                })
            })
        })
    }

    fn leader(&self, key: &ItemKey) -> Result<Option<ItemKey>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT l.agency, l.uri FROM item i JOIN item l ON l.id = i.leader WHERE i.agency = ?1 AND i.uri = ?2",
            )?;
            Ok(collect(ask.query(params![key.agency.as_str(), key.uri])?, |row| self::key(row, 0, 1))?.pop())
        })
    }

    fn arrived_since(&self, since: Timestamp, limit: usize) -> Result<Vec<(ItemKey, Timestamp)>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT agency, uri, arrived FROM item WHERE arrived >= ?1 ORDER BY arrived DESC LIMIT ?2",
            )?;
            let rows = ask.query(params![micros_up(since), capped(limit, 100_000)])?;
            collect(rows, |row| Ok((self::key(row, 0, 1)?, instant(row.get(2)?)?)))
        })
    }

    fn deliveries(
        &self,
        key: &ItemKey,
        limit: usize,
    ) -> Result<Vec<(TransmissionId, Range<u64>)>, StoreError> {
        self.ask(|tx| {
            let Some(item) = find_item(tx, key)? else { return Ok(Vec::new()) };
            let mut ask = tx.prepare_cached(
                "SELECT seq FROM ruling WHERE item = ?1 AND feed IS NOT NULL ORDER BY seq DESC LIMIT ?2",
            )?;
            let found = collect(ask.query(params![item, list(limit)])?, |row| {
                let (ruled, _) = ruled(tx, unsigned(row.get(0)?)?)?;
                Ok(ruled.transmission.map(|id| (id, ruled.span)))
            })?;
            Ok(found.into_iter().flatten().collect())
        })
    }

    fn hold_all(&self) -> Result<bool, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached("SELECT held FROM hold_all WHERE feed = ''")?;
            Ok(ask.query_row([], |row| row.get(0)).optional()?.unwrap_or(false))
        })
    }

    fn held_feeds(&self) -> Result<Vec<FeedId>, StoreError> {
        self.ask(|tx| {
            let mut ask =
                tx.prepare_cached("SELECT feed FROM hold_all WHERE held = 1 AND feed <> '' ORDER BY feed")?;
            collect(ask.query([])?, |row| Ok(FeedId::new(row.get::<_, String>(0)?)))
        })
    }

    fn first_contact_done(&self, feed: &FeedId) -> Result<bool, StoreError> {
        self.ask(|tx| first_contact_done(tx, feed))
    }

    fn feed_health(&self, feed: &FeedId) -> Result<FeedHealth, StoreError> {
        self.ask(|tx| feed_health(tx, feed))
    }

    fn killed(&self, limit: usize) -> Result<Vec<KilledLine>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT agency, uri, moved, id, standing, live FROM item WHERE standing = 'killed' AND was_public = 1
                 ORDER BY moved DESC LIMIT ?1",
            )?;
            collect(ask.query([capped(limit, 10_000)])?, |row| killed_line(tx, row))
        })
    }

    fn unconfirmed(&self, since: Timestamp, limit: usize) -> Result<Vec<KilledLine>, StoreError> {
        self.ask(|tx| {
            let open = |what: &str| {
                format!(
                    "EXISTS (SELECT 1 FROM placement p WHERE p.item = i.id AND NOT EXISTS (
                       SELECT 1 FROM receipt r WHERE r.item = i.id AND r.outlet = 'site:' || p.site
                         AND r.what = {what} AND r.ok = 1 AND r.at >= i.moved))"
                )
            };
            let (kill, off) =
                (open("'kill'"), open("CASE i.standing WHEN 'withheld' THEN 'withhold' ELSE 'expire' END"));
            let mut ask = tx.prepare_cached(&format!(
                "SELECT agency, uri, moved, id, standing, live FROM item i WHERE standing = 'killed' AND was_public = 1
                   AND {kill}
                 UNION ALL SELECT agency, uri, moved, id, standing, live FROM item i
                 WHERE standing IN ('withheld', 'expired') AND was_public = 1 AND moved >= ?2 AND {off}
                 ORDER BY moved DESC LIMIT ?1"
            ))?;
            collect(ask.query(params![capped(limit, 10_000), micros_up(since)])?, |row| killed_line(tx, row))
        })
    }

    fn kills_untold(
        &self,
        outlet: &str,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(ItemKey, Timestamp)>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT agency, uri, moved FROM item i WHERE standing = 'killed' AND was_public = 1 AND moved >= ?2
                   AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.item = i.id AND r.outlet = ?1
                     AND r.what = 'kill' AND r.ok = 1 AND r.at >= i.moved)
                 ORDER BY moved LIMIT ?3",
            )?;
            let asked = params![outlet, micros(since), capped(limit, 100_000)];
            collect(ask.query(asked)?, |row| Ok((key(row, 0, 1)?, instant(row.get(2)?)?)))
        })
    }

    fn receipts(&self, key: &ItemKey) -> Result<Vec<ReceiptRow>, StoreError> {
        self.ask(|tx| {
            let Some(item) = find_item(tx, key)? else { return Ok(Vec::new()) };
            receipts_of(tx, item)
        })
    }

    fn logs(&self) -> Result<Vec<LogSize>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached("SELECT site, shard FROM log ORDER BY site")?;
            collect(ask.query([])?, |row| {
                let (site, shard) = (SiteId::new(row.get::<_, String>(0)?), row.get(1)?);
                Ok(LogSize { size: journal::size(tx, &site, shard)?, site, shard })
            })
        })
    }

    fn leaves(
        &self,
        site: &SiteId,
        shard: u32,
        from: u64,
        limit: usize,
    ) -> Result<Vec<LeafLine>, StoreError> {
        self.ask(|tx| {
            let mut ask = tx.prepare_cached(
                "SELECT seq, idx, ord FROM leaf WHERE site = ?1 AND shard = ?2 AND idx >= ?3 ORDER BY idx LIMIT ?4",
            )?;
            let rows = ask.query(params![site.as_str(), shard, signed(from)?, list(limit)])?;
            collect(rows, |row| leaf_line(tx, row))
        })
    }

    fn last_seq(&self) -> Result<u64, StoreError> {
        self.ask(journal::last_seq)
    }
}

/// A digest over every row of the index, for tests that hold two of them against each other. What has left the search is
/// taken out of it before.
#[cfg(test)]
pub(super) fn dump(store: &Store) -> Vec<String> {
    use news::Digest;
    use rusqlite::types::ValueRef;
    while store.sweep().unwrap() {}
    let cell = |value: ValueRef<'_>| match value {
        ValueRef::Blob(bytes) => Digest::of(bytes).to_string(),
        other => format!("{other:?}"),
    };
    let dump = |tx: &Transaction<'_>| -> Result<Vec<String>, StoreError> {
        let mut all = Vec::new();
        for table in super::schema::INDEX_TABLES {
            let what = if *table == "search" { "rowid, headline, body" } else { "*" };
            let mut ask = tx.prepare(&format!("SELECT {what} FROM {table}"))?;
            let columns = ask.column_count();
            let mut rows = ask.query([])?;
            let mut lines = Vec::new();
            while let Some(row) = rows.next()? {
                let cells = (0..columns).map(|i| row.get_ref(i).map(cell)).collect::<Result<Vec<_>, _>>()?;
                lines.push(format!("{table}: {}", cells.join(" | ")));
            }
            lines.sort();
            all.append(&mut lines);
        }
        Ok(all)
    };
    store.read(dump).unwrap()
}
