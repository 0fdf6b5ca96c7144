//! From facts to the index: the same code when an entry is recorded and when the index is derived again.
//!
//! [`apply`] takes a fact in. [`settle`] then derives what follows from where the item stands now: lists, what is
//! due, the search. A rebuild settles every item once, at the end.

use std::borrow::Cow;

use jiff::Timestamp;
use news::{Act, AgencyId, Change, Embargo, FeedId, ItemKey, ItemStanding, TieKind, TieTo, VersionStanding};
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::cells::{micros, micros_up, signed};
use super::journal::Record;
use super::search::{self, spaced};
use super::vault;
use crate::codec::{EmbargoShape, Shape as _, gravity_word, item_standing_of, standing_of, standing_text};
use crate::{ComplaintRow, Fact, Moved, Placement, RebuildReport, Ruled, StoreError, Words};

/// The item of a fact.
#[derive(Clone, Copy)]
pub(super) struct About {
    id: i64,
    /// Nothing was known of it: there is nothing of it to take back.
    new: bool,
}

impl About {
    pub(super) fn item(&self) -> i64 {
        self.id
    }
}

/// The item's row, made if need be; then with the instant at which its version arrived, if one did.
fn item(tx: &Transaction<'_>, key: &ItemKey, arrived: Option<i64>) -> Result<About, StoreError> {
    if let Some(id) = find_item(tx, key)? {
        return Ok(About { id, new: false });
    }
    // Without RETURNING: with it SQLite opens a savepoint for the statement, and each savepoint makes the search write
    // out what it has gathered, so that every item would be merged into the index by itself.
    tx.prepare_cached("INSERT INTO item (agency, uri, arrived) VALUES (?1, ?2, ?3)")?.execute(params![
        key.agency.as_str(),
        key.uri,
        arrived
    ])?;
    Ok(About { id: tx.last_insert_rowid(), new: true })
}

/// An item's row.
pub(super) fn find_item(tx: &Transaction<'_>, key: &ItemKey) -> Result<Option<i64>, StoreError> {
    let mut ask = tx.prepare_cached("SELECT id FROM item WHERE agency = ?1 AND uri = ?2")?;
    Ok(ask.query_row([key.agency.as_str(), &key.uri], |row| row.get(0)).optional()?)
}

/// Takes a fact into the index. Returns the item that it is about, if it decides about one.
pub(super) fn apply(
    tx: &Transaction<'_>,
    seq: u64,
    record: &Record<'_>,
) -> Result<Option<About>, StoreError> {
    let at = micros(record.at);
    let mut about = None;
    match &*record.fact {
        Fact::Read { transmission, complaints, .. } => {
            let id = transmission.bits().to_be_bytes();
            tx.prepare_cached("UPDATE transmission SET read = 1 WHERE id = ?1")?.execute([id])?;
            tx.prepare_cached("DELETE FROM progress WHERE transmission = ?1")?.execute([id])?;
            let place = Place { feed: record.feed.as_deref(), transmission: Some(id), item: None };
            complain(tx, seq, at, &place, complaints)?;
        }
        Fact::Progress { transmission, next_item } => {
            tx.prepare_cached("INSERT OR REPLACE INTO progress (transmission, next) VALUES (?1, ?2)")?
                .execute(params![transmission.bits().to_be_bytes(), next_item])?;
        }
        Fact::Ruled(ruled) => about = Some(apply_ruled(tx, seq, at, ruled)?),
        Fact::Moved(moved) => about = Some(apply_moved(tx, seq, at, moved)?),
        Fact::HoldAll { on, by, feed } => {
            let feed = feed.as_ref().map_or("", FeedId::as_str);
            tx.prepare_cached(
                "INSERT OR REPLACE INTO hold_all (feed, held, by, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![feed, on, by, at])?;
        }
        Fact::FirstContact { feed } => {
            tx.prepare_cached("INSERT OR IGNORE INTO first_contact (feed, seq) VALUES (?1, ?2)")?
                .execute(params![feed.as_str(), signed(seq)?])?;
        }
        Fact::Shard { site, number, .. } => {
            let current = super::journal::shard(tx, site)?;
            if *number <= current {
                let why = format!(
                    "the log of site {site} is in shard {current}, the next must be higher than {number}"
                );
                return Err(StoreError::refused(why));
            }
            tx.prepare_cached("INSERT OR REPLACE INTO log (site, shard) VALUES (?1, ?2)")?
                .execute(params![site.as_str(), number])?;
        }
        Fact::Receipt { key, outlet, what, revision, ok, detail, outputs: _ } => {
            let About { id: item, .. } = item(tx, key, None)?;
            tx.prepare_cached(
                "INSERT OR REPLACE INTO receipt (item, outlet, what, ok, detail, at, revision)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                item,
                outlet,
                what,
                ok,
                detail,
                at,
                revision.map(signed).transpose()?
            ])?;
        }
        Fact::Note { what, gravity } => {
            tx.prepare_cached("INSERT INTO note (seq, at, gravity, what) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![signed(seq)?, at, gravity_word(*gravity), what])?;
        }
    }
    apply_leaves(tx, seq, record)?;
    Ok(about)
}

fn apply_leaves(tx: &Transaction<'_>, seq: u64, record: &Record<'_>) -> Result<(), StoreError> {
    for (ord, leaf) in record.leaves.iter().enumerate() {
        let site = leaf.draft.site.as_str();
        if leaf.index == 0 {
            tx.prepare_cached("INSERT OR IGNORE INTO log (site, shard) VALUES (?1, ?2)")?
                .execute(params![site, leaf.shard])?;
        }
        tx.prepare_cached(
            "INSERT INTO leaf (site, shard, idx, item, act, version, seq, ord) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            site,
            leaf.shard,
            signed(leaf.index)?,
            leaf.draft.item.bits().to_be_bytes(),
            leaf.draft.act,
            leaf.draft.version,
            signed(seq)?,
            signed(ord as u64)?,
        ])?;
    }
    Ok(())
}

fn embargo_text(embargo: Option<&Embargo>) -> Result<Option<String>, StoreError> {
    let text = embargo.map(|embargo| serde_json::to_string(&EmbargoShape::of(embargo))).transpose();
    text.map_err(|error| StoreError::refused(error.to_string()))
}

fn apply_ruled(tx: &Transaction<'_>, seq: u64, at: i64, ruled: &Ruled) -> Result<About, StoreError> {
    let about = item(tx, &ruled.key, ruled.n.map(|_| micros(ruled.arrived)))?;
    let item = about.id;
    let reason = ruled.ruling.reasons.first().map_or("", |reason| reason.code);
    if let Some(n) = ruled.n {
        add_version(tx, seq, about, n, ruled, reason)?;
    }
    tx.prepare_cached("INSERT OR IGNORE INTO carried (item, feed) VALUES (?1, ?2)")?
        .execute(params![item, ruled.feed.as_str()])?;
    if let Some(n) = ruled.n {
        tie(tx, about, n, ruled)?;
    }
    if let Some(terms) = &ruled.terms {
        tx.prepare_cached(
            "UPDATE version SET embargo = ?3, expires = ?4, withheld = ?5 WHERE item = ?1 AND n = ?2",
        )?
        .execute(params![
            item,
            terms.n,
            embargo_text(terms.embargo.as_ref())?,
            terms.expires.map(|e| e.to_string()),
            terms.withheld,
        ])?;
    }
    let others = ruled.changes.iter().filter(|change| !is_of(change, ruled.n));
    change(tx, at, item, &ruled.key, reason, others)?;
    place(tx, item, &ruled.placements)?;
    let row = RulingRow { feed: Some(ruled.feed.as_str()), n: ruled.n, act: ruled.ruling.act };
    add_ruling(tx, seq, at, item, &row)?;
    let transmission = ruled.transmission.map(|id| id.bits().to_be_bytes());
    let place = Place { feed: Some(ruled.feed.as_str()), transmission, item: Some(item) };
    complain(tx, seq, at, &place, &ruled.complaints)?;
    Ok(about)
}

/// Takes in what a version says ties it to. A twin is a member of the group of what it is the twin of, until a later
/// version goes live that is none.
fn tie(tx: &Transaction<'_>, about: About, n: u32, ruled: &Ruled) -> Result<(), StoreError> {
    for (ord, tie) in ruled.ties.iter().enumerate() {
        let (agency, uri, mark) = match &tie.to {
            TieTo::Item(key) => (&key.agency, Some(&key.uri), None),
            TieTo::Mark(mark) => (&ruled.key.agency, None, Some(mark.cast_signed())),
        };
        tx.prepare_cached(
            "INSERT OR IGNORE INTO tie (item, n, ord, kind, agency, uri, mark, no) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![about.id, n, signed(ord as u64)?, tie.kind.as_str(), agency.as_str(), uri, mark, tie.no])?;
    }
    if !about.new && ruled.ties.iter().any(|tie| tie.kind == TieKind::Member) {
        tx.prepare_cached("DELETE FROM tie WHERE item = ?1 AND n < ?2 AND kind = 'member'")?
            .execute(params![about.id, n])?;
    }
    let twin = ruled.ties.iter().find_map(|tie| match &tie.to {
        TieTo::Item(key) if tie.kind == TieKind::Twin => Some(key),
        _ => None,
    });
    let leader: Option<i64> = match twin {
        Some(twin) => tx
            .prepare_cached("SELECT coalesce(leader, id) FROM item WHERE agency = ?1 AND uri = ?2")?
            .query_row([twin.agency.as_str(), &twin.uri], |row| row.get(0))
            .optional()?,
        None => None,
    };
    let shown = matches!(ruled.ruling.act, Act::Publish | Act::Update);
    if let Some(leader) = leader.filter(|_| about.new || shown) {
        tx.prepare_cached("UPDATE item SET leader = ?1 WHERE id IN (?1, ?2)")?
            .execute(params![leader, about.id])?;
    } else if !about.new && shown {
        tx.prepare_cached("UPDATE item SET leader = NULL WHERE id = ?1 AND leader <> id")?
            .execute([about.id])?;
    }
    Ok(())
}

/// Whether a change is of this version.
fn is_of(change: &Change, version: Option<u32>) -> bool {
    matches!(change, Change::Version(n, _) if Some(*n) == version)
}

/// Adds a version as it stands after the changes that come with it.
fn add_version(
    tx: &Transaction<'_>,
    seq: u64,
    about: About,
    n: u32,
    ruled: &Ruled,
    reason: &str,
) -> Result<(), StoreError> {
    let own = ruled.changes.iter().rev().find_map(|change| match change {
        Change::Version(of, standing) if *of == n => Some(*standing),
        _ => None,
    });
    let (standing, reason) = (own.unwrap_or(VersionStanding::Ignored), own.map_or("", |_| reason));
    let mut put = tx.prepare_cached(
        "INSERT INTO version (item, n, seq, standing, reason, waits, embargo, expires, withheld)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
    )?;
    let (embargo, expires) = (embargo_text(ruled.embargo.as_ref())?, ruled.expires.map(|at| at.to_string()));
    let (text, waits) = (standing_text(standing), waits(standing));
    let withheld = ruled.withholds();
    let put =
        put.execute(params![about.id, n, signed(seq)?, text, reason, waits, embargo, expires, withheld])?;
    if put == 0 {
        return Err(StoreError::refused(format!("{} already has a version {n}", ruled.key)));
    }
    if !about.new {
        tx.prepare_cached("UPDATE item SET arrived = max(coalesce(arrived, ?2), ?2) WHERE id = ?1")?
            .execute(params![about.id, micros(ruled.arrived)])?;
    }
    Ok(())
}

/// Whether it waits for a clock or a person.
fn waits(standing: VersionStanding) -> bool {
    matches!(standing, VersionStanding::Held | VersionStanding::Waiting(_))
}

fn apply_moved(tx: &Transaction<'_>, seq: u64, at: i64, moved: &Moved) -> Result<About, StoreError> {
    let about = item(tx, &moved.key, None)?;
    let item = about.id;
    let reason = moved.ruling.reasons.first().map_or("", |reason| reason.code);
    change(tx, at, item, &moved.key, reason, moved.changes.iter())?;
    if let Some(reason) = &moved.killed_reason {
        tx.prepare_cached("UPDATE item SET killed_reason = ?2 WHERE id = ?1")?
            .execute(params![item, reason])?;
    }
    place(tx, item, &moved.placements)?;
    add_ruling(tx, seq, at, item, &RulingRow { feed: None, n: None, act: moved.ruling.act })?;
    Ok(about)
}

fn change<'a>(
    tx: &Transaction<'_>,
    at: i64,
    item: i64,
    key: &ItemKey,
    reason: &str,
    changes: impl Iterator<Item = &'a Change>,
) -> Result<(), StoreError> {
    for change in changes {
        match *change {
            Change::Version(n, standing) => {
                let mut put = tx.prepare_cached(
                    "UPDATE version SET standing = ?3, reason = ?4, waits = ?5 WHERE item = ?1 AND n = ?2",
                )?;
                if put.execute(params![item, n, standing_text(standing), reason, waits(standing)])? == 0 {
                    return Err(StoreError::refused(format!("{key} has no version {n} that could change")));
                }
            }
            Change::Item(standing) => {
                let live = if let ItemStanding::Live(n) = standing { Some(n) } else { None };
                tx.prepare_cached(
                    "UPDATE item SET moved = CASE WHEN standing = ?2 AND live IS ?3 THEN moved ELSE ?4 END, standing = ?2, live = ?3,
                     was_public = was_public OR ?3 IS NOT NULL,
                     killed_reason = CASE WHEN ?3 IS NULL THEN killed_reason END WHERE id = ?1",
                )?
                .execute(params![item, standing.as_str(), live, at])?;
            }
        }
    }
    Ok(())
}

fn place(tx: &Transaction<'_>, item: i64, placements: &[Placement]) -> Result<(), StoreError> {
    for placement in placements {
        let sections = serde_json::to_string(&placement.sections)
            .map_err(|error| StoreError::refused(error.to_string()))?;
        let mut put = tx.prepare_cached(
            "INSERT INTO placement (site, id, item, sections, published, updated, label, no)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT coalesce(max(no) + 1, 0) FROM placement WHERE site = ?1))
             ON CONFLICT (item, site) DO UPDATE SET sections = excluded.sections, published = excluded.published,
             updated = excluded.updated, label = excluded.label WHERE id = excluded.id",
        )?;
        let put = put.execute(params![
            placement.site.as_str(),
            placement.id.bits().to_be_bytes(),
            item,
            sections,
            micros(placement.published),
            micros(placement.updated),
            placement.label.0,
        ])?;
        if put == 0 {
            let why = format!(
                "an item on site {} already has another identifier than {}",
                placement.site, placement.id
            );
            return Err(StoreError::refused(why));
        }
    }
    Ok(())
}

struct RulingRow<'a> {
    feed: Option<&'a str>,
    n: Option<u32>,
    act: Act,
}

fn add_ruling(
    tx: &Transaction<'_>,
    seq: u64,
    at: i64,
    item: i64,
    row: &RulingRow<'_>,
) -> Result<(), StoreError> {
    let mut put = tx.prepare_cached(
        "INSERT INTO ruling (seq, item, feed, n, at, updates) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    put.execute(params![signed(seq)?, item, row.feed, row.n, at, row.act == Act::Update])?;
    Ok(())
}

/// What a complaint is about.
struct Place<'a> {
    feed: Option<&'a str>,
    transmission: Option<[u8; 16]>,
    item: Option<i64>,
}

fn complain(
    tx: &Transaction<'_>,
    seq: u64,
    at: i64,
    about: &Place<'_>,
    complaints: &[ComplaintRow],
) -> Result<(), StoreError> {
    for (ord, complaint) in complaints.iter().enumerate() {
        let row = serde_json::to_string(complaint).map_err(|error| StoreError::refused(error.to_string()))?;
        tx.prepare_cached(
            "INSERT INTO complaint (seq, ord, at, feed, transmission, item, row) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![signed(seq)?, signed(ord as u64)?, at, about.feed, about.transmission, about.item, row])?;
    }
    Ok(())
}

/// Derives what follows from where the fact's item stands now. `fresh` are the words that came with the fact.
pub(super) fn settle(
    tx: &Transaction<'_>,
    record: &Record<'_>,
    about: Option<About>,
    fresh: Option<&Words>,
) -> Result<(), StoreError> {
    let fact = &*record.fact;
    let terms = matches!(fact, Fact::Ruled(ruled) if ruled.terms.is_some());
    if fact.changes().is_empty() && fact.placements().is_empty() && !terms {
        return Ok(());
    }
    about.map_or(Ok(()), |about| settle_item(tx, about, fresh))
}

/// Derives it for every item.
pub(super) fn settle_all(tx: &Transaction<'_>, report: &mut RebuildReport) -> Result<(), StoreError> {
    let mut ask = tx.prepare("SELECT id FROM item ORDER BY id")?;
    let items = ask.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    report.items = items.len() as u64;
    for item in items {
        match settle_item(tx, About { id: item, new: false }, None) {
            Err(StoreError::Damaged { what, .. }) => report.damaged.push(what),
            other => other?,
        }
    }
    let versions: i64 = tx.query_row("SELECT count(*) FROM version", [], |row| row.get(0))?;
    report.versions = super::cells::unsigned(versions)?;
    Ok(())
}

struct Now {
    key: ItemKey,
    standing: ItemStanding,
    was_public: bool,
    moved: Option<i64>,
    searched: Option<u32>,
    due: Option<i64>,
}

impl Now {
    fn live(&self) -> Option<u32> {
        match self.standing {
            ItemStanding::Live(n) => Some(n),
            _ => None,
        }
    }
}

fn now(tx: &Transaction<'_>, item: i64) -> Result<Now, StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT agency, uri, standing, live, was_public, moved, searched, due FROM item WHERE id = ?1",
    )?;
    let mut rows = ask.query([item])?;
    let row =
        rows.next()?.ok_or_else(|| StoreError::damaged("the index", format!("item {item} is missing")))?;
    let key = ItemKey { agency: AgencyId::new(row.get::<_, String>(0)?), uri: row.get(1)? };
    let word: String = row.get(2)?;
    let standing = item_standing_of(&word, row.get(3)?)
        .ok_or_else(|| StoreError::damaged("the index", format!("`{word}` is no standing of {key}")))?;
    Ok(Now {
        key,
        standing,
        was_public: row.get(4)?,
        moved: row.get(5)?,
        searched: row.get(6)?,
        due: row.get(7)?,
    })
}

fn settle_item(tx: &Transaction<'_>, about: About, fresh: Option<&Words>) -> Result<(), StoreError> {
    let now = settle_lists(tx, about)?;
    let live = now.live();
    if now.searched != live {
        find(tx, about.id, &now, live, fresh)?;
    }
    Ok(())
}

/// Lists, and what is due.
fn settle_lists(tx: &Transaction<'_>, about: About) -> Result<Now, StoreError> {
    let item = about.id;
    let now = now(tx, item)?;
    if !about.new {
        tx.prepare_cached("DELETE FROM shown WHERE item = ?1")?.execute([item])?;
        tx.prepare_cached("DELETE FROM gone WHERE item = ?1")?.execute([item])?;
    }
    let live = now.live();
    if live.is_some() {
        show(tx, item)?;
    } else if now.was_public && now.standing != ItemStanding::Unpublished {
        tx.prepare_cached("INSERT INTO gone (site, moved, id, item) SELECT site, ?2, id, item FROM placement WHERE item = ?1")?
            .execute(params![item, now.moved.unwrap_or_default()])?;
    }
    let due = due(tx, item, live)?;
    if now.due != due {
        tx.prepare_cached("UPDATE item SET due = ?2 WHERE id = ?1")?.execute(params![item, due])?;
    }
    Ok(now)
}

/// Puts a live item into the lists of its sites and sections.
fn show(tx: &Transaction<'_>, item: i64) -> Result<(), StoreError> {
    let mut ask =
        tx.prepare_cached("SELECT site, id, sections, published, no FROM placement WHERE item = ?1")?;
    let mut put = tx.prepare_cached(
        "INSERT OR IGNORE INTO shown (site, section, published, id, item, no) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut rows = ask.query([item])?;
    while let Some(row) = rows.next()? {
        let (site, id, published): (String, [u8; 16], i64) = (row.get(0)?, row.get(1)?, row.get(3)?);
        let (sections, no): (_, i64) = (sections(&row.get::<_, String>(2)?)?, row.get(4)?);
        put.execute(params![site, "", published, id, item, no])?;
        for section in sections {
            put.execute(params![site, section, published, id, item, None::<i64>])?;
        }
    }
    Ok(())
}

/// The sections as a column keeps them.
pub(super) fn sections(json: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(json)
        .map_err(|error| StoreError::damaged("the index", format!("sections `{json}`: {error}")))
}

/// When the clock next moves an item: the first end of a wait, or the end of the live version's licence.
fn due(tx: &Transaction<'_>, item: i64, live: Option<u32>) -> Result<Option<i64>, StoreError> {
    let mut ask = tx.prepare_cached("SELECT n, standing, expires FROM version WHERE item = ?1")?;
    let mut rows = ask.query([item])?;
    let mut due: Option<Timestamp> = None;
    while let Some(row) = rows.next()? {
        let (n, standing): (u32, String) = (row.get(0)?, row.get(1)?);
        let waits = match standing_of(&standing) {
            Some(VersionStanding::Waiting(until)) => Some(until),
            _ => None,
        };
        let expires = match live {
            Some(live) if live == n => {
                row.get::<_, Option<String>>(2)?.map(|text| parse_instant(&text)).transpose()?
            }
            _ => None,
        };
        due = [due, waits, expires].into_iter().flatten().min();
    }
    Ok(due.map(micros_up))
}

pub(super) fn parse_instant(text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|_| StoreError::damaged("the index", format!("`{text}` is no instant")))
}

/// Makes the search find the live version's words, and no others.
fn find(
    tx: &Transaction<'_>,
    item: i64,
    now: &Now,
    live: Option<u32>,
    fresh: Option<&Words>,
) -> Result<(), StoreError> {
    if let Some(n) = now.searched {
        search::leave(tx, search::row_of(item, n))?;
        tx.prepare_cached("UPDATE item SET searched = NULL WHERE id = ?1")?.execute([item])?;
    }
    let Some(n) = live else { return Ok(()) };
    let kept;
    let words = match fresh.filter(|words| words.n == n && words.key == now.key) {
        Some(words) => words,
        None => match vault::words(tx, &now.key, n)? {
            Some(words) => {
                kept = words;
                &kept
            }
            None => return Ok(()),
        },
    };
    let (headline, body) = searchable(words);
    let row = search::row_of(item, n);
    // It was there before, or one sixteen versions ago was.
    search::sweep(tx, row)?;
    tx.prepare_cached("INSERT INTO search (rowid, headline, body) VALUES (?1, ?2, ?3)")?
        .execute(params![row, headline, body])?;
    tx.prepare_cached("UPDATE item SET searched = ?2 WHERE id = ?1")?.execute(params![item, n])?;
    Ok(())
}

/// What of a version can be searched: its headline, and everything else in lines; as the search takes it in.
fn searchable(words: &Words) -> (Cow<'_, str>, String) {
    let copy = &words.version.copy;
    let mut body = String::with_capacity(copy.blocks().iter().map(|block| block.text().len() + 1).sum());
    for block in copy.blocks().iter().filter(|block| block.kind() != news::BlockKind::Headline) {
        body.push_str(&spaced(block.text()));
        body.push('\n');
    }
    (spaced(copy.headline().unwrap_or_default()), body)
}

/// Derives everything but the search, and what the search should hold, in an index beside the store's. Checks the
/// search itself against the vault.
pub(super) fn settle_beside(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let mut ask = tx.prepare("SELECT id FROM item ORDER BY id")?;
    let items = ask.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let mut found = 0;
    for item in items {
        let now = settle_lists(tx, About { id: item, new: false })?;
        let words = match now.live() {
            Some(n) => vault::words(tx, &now.key, n)?,
            None => None,
        };
        tx.prepare_cached("UPDATE item SET searched = ?2 WHERE id = ?1")?
            .execute(params![item, words.as_ref().map(|words| words.n)])?;
        let Some(words) = words else { continue };
        let mut ask = tx.prepare_cached("SELECT headline, body FROM search WHERE rowid = ?1")?;
        let row = search::row_of(item, words.n);
        let held: Option<(String, String)> =
            ask.query_row([row], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (headline, body) = searchable(&words);
        if held != Some((headline.into_owned(), body)) {
            return Err(StoreError::damaged(
                "the index",
                format!("the search does not hold the words of {}", now.key),
            ));
        }
        found += 1;
    }
    let held: i64 = tx.query_row(
        "SELECT (SELECT count(*) FROM search) - (SELECT count(*) FROM unsearched)",
        [],
        |row| row.get(0),
    )?;
    if held != found {
        return Err(StoreError::damaged(
            "the index",
            "the search holds words that belong to no live version",
        ));
    }
    Ok(())
}
