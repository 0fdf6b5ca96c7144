//! Which items belong together.
//!
//! The table `tie` holds what each version says; what counts is what the live version of an item says, and what a
//! package says that was not withdrawn: a package is never live itself.

use news::{ItemId, ItemKey, TieKind};
use rusqlite::types::ToSql;
use rusqlite::{Row, Transaction, params};

use super::apply::find_item;
use super::cells::item_id;
use super::index::{collect, key};
use crate::{Kin, Says, StoreError};

/// How many are named by one tie.
pub(super) const MOST: u32 = 64;

/// What counts, in the words of SQL: `t` is the tie, `i` the item that has it.
const COUNTS: &str = "(t.n = i.live OR t.kind = 'member' AND i.live IS NULL AND i.standing = 'unpublished')";

fn kind(row: &Row<'_>, at: usize) -> Result<TieKind, StoreError> {
    let word: String = row.get(at)?;
    TieKind::from_word(&word).ok_or_else(|| StoreError::damaged("the index", format!("`{word}` is no tie")))
}

/// The items that belong together with this one, as [`crate::Index::kin`] says.
pub(super) fn kin(tx: &Transaction<'_>, about: &ItemKey) -> Result<Vec<Kin>, StoreError> {
    let Some(item) = find_item(tx, about)? else { return Ok(Vec::new()) };
    let found = |sql: &str, with: &[&dyn ToSql], says| -> Result<Vec<Kin>, StoreError> {
        let mut ask = tx.prepare_cached(sql)?;
        collect(ask.query(with)?, |row| {
            Ok(Kin { key: key(row, 0, 1)?, kind: kind(row, 2)?, says, no: row.get(3)? })
        })
    };
    // What it names. That one may bear a mark by which it says its own number: that is found below.
    let mut all = found(
        &format!(
            "SELECT t.agency, t.uri, t.kind, NULL FROM tie t JOIN item i ON i.id = t.item
             WHERE t.item = ?1 AND t.uri IS NOT NULL AND t.kind NOT IN ('member', 'twin') AND {COUNTS} LIMIT {MOST}"
        ),
        &[&item],
        Says::This,
    )?;
    let named = |what: &str| {
        format!(
            "SELECT i.agency, i.uri, t.kind, t.no, t.item FROM tie t JOIN item i ON i.id = t.item
             WHERE t.uri = ?1 AND t.agency = ?2 AND t.kind {what} AND {COUNTS} LIMIT {MOST}"
        )
    };
    let whose: [&dyn ToSql; 2] = [&about.uri, &about.agency.as_str()];
    all.extend(found(&named("NOT IN ('member', 'twin')"), &whose, Says::That)?);
    // What stands beside it in a package.
    let mut ask = tx.prepare_cached(&named("= 'member'"))?;
    let packages: Vec<i64> = collect(ask.query(whose.as_slice())?, |row| Ok(row.get(4)?))?;
    for package in packages {
        let beside = format!(
            "SELECT t.agency, t.uri, t.kind, NULL FROM tie t
             WHERE t.item = ?1 AND t.kind = 'member' AND NOT (t.uri = ?2 AND t.agency = ?3) ORDER BY t.ord LIMIT {MOST}"
        );
        all.extend(found(&beside, &[&package, &about.uri, &about.agency.as_str()], Says::Both)?);
    }
    all.extend(marked(tx, item)?);
    let group = format!(
        "SELECT agency, uri, 'twin', NULL FROM item
         WHERE leader = (SELECT leader FROM item WHERE id = ?1) AND id <> ?1 LIMIT {MOST}"
    );
    all.extend(found(&group, &[&item], Says::Both)?);
    Ok(all)
}

/// What bears the same mark. A slug of a day is that of a story in parts only if some part or lead bears it, and only
/// one of its bearers can be the whole.
fn marked(tx: &Transaction<'_>, item: i64) -> Result<Vec<Kin>, StoreError> {
    let mut ask = tx.prepare_cached(&format!(
        "SELECT t.mark, t.kind FROM tie t JOIN item i ON i.id = t.item WHERE t.item = ?1 AND t.mark IS NOT NULL AND {COUNTS}"
    ))?;
    let own = collect(ask.query([item])?, |row| Ok((row.get::<_, i64>(0)?, kind(row, 1)?)))?;
    let mut all = Vec::new();
    for (mark, as_what) in own {
        let bearers = |which: &str, most: u32| -> Result<Vec<Kin>, StoreError> {
            let mut ask = tx.prepare_cached(&format!(
                "SELECT i.agency, i.uri, t.kind, t.no FROM tie t JOIN item i ON i.id = t.item
                 WHERE t.mark = ?1 AND t.item <> ?2 AND t.kind {which} AND {COUNTS} ORDER BY t.no, i.id LIMIT ?3"
            ))?;
            collect(ask.query(params![mark, item, most])?, |row| {
                Ok(Kin { key: key(row, 0, 1)?, kind: kind(row, 2)?, says: Says::Both, no: row.get(3)? })
            })
        };
        let others = bearers("<> 'whole'", MOST)?;
        let wholes = if as_what == TieKind::Event { Vec::new() } else { bearers("= 'whole'", 2)? };
        match (as_what, wholes.len()) {
            (TieKind::Whole, 0) => all.extend(others),
            // Several carry the slug: none of them can be told to be the whole.
            (TieKind::Whole, _) => {}
            (_, 1) => {
                all.extend(wholes);
                all.extend(others);
            }
            _ => all.extend(others),
        }
    }
    Ok(all)
}

/// Where all that may name one of these is placed.
pub(super) fn around(tx: &Transaction<'_>, keys: &[ItemKey]) -> Result<Vec<ItemId>, StoreError> {
    let mut items: Vec<i64> = Vec::new();
    let mut take = |sql: &str, with: &[&dyn ToSql]| -> Result<(), StoreError> {
        let mut ask = tx.prepare_cached(sql)?;
        items.extend(collect(ask.query(with)?, |row| Ok(row.get::<_, i64>(0)?))?);
        Ok(())
    };
    for about in keys {
        let Some(item) = find_item(tx, about)? else { continue };
        let agency = about.agency.as_str();
        take(
            "SELECT o.id FROM tie t JOIN item o ON o.agency = t.agency AND o.uri = t.uri WHERE t.item = ?1 AND t.uri IS NOT NULL LIMIT 256",
            &[&item],
        )?;
        take("SELECT item FROM tie WHERE uri = ?1 AND agency = ?2 LIMIT 256", &[&about.uri, &agency])?;
        // What stands beside it in a package, and what is named by the same mark.
        take(
            "SELECT o.id FROM tie t JOIN tie b ON b.item = t.item AND b.kind = 'member'
             JOIN item o ON o.agency = b.agency AND o.uri = b.uri
             WHERE t.uri = ?1 AND t.agency = ?2 AND t.kind = 'member' LIMIT 256",
            &[&about.uri, &agency],
        )?;
        take(
            "SELECT b.item FROM tie t JOIN tie b ON b.mark = t.mark AND (t.kind <> 'whole' OR b.kind <> 'whole')
             WHERE t.item = ?1 AND t.mark IS NOT NULL LIMIT 256",
            &[&item],
        )?;
        take(
            "SELECT id FROM item WHERE leader = (SELECT leader FROM item WHERE id = ?1) LIMIT 256",
            &[&item],
        )?;
    }
    items.sort_unstable();
    items.dedup();
    let mut ask = tx.prepare_cached("SELECT id FROM placement WHERE item = ?1")?;
    let mut ids = Vec::new();
    for item in items {
        ids.extend(collect(ask.query([item])?, |row| Ok(item_id(row.get(0)?)))?);
    }
    Ok(ids)
}
