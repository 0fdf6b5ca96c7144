//! The archive: transmissions as bodies, bodies as pieces cut where their content says so.
//!
//! A body that was here before costs one row. One that shares stretches with an earlier body costs what is new:
//! cuts follow the content, so an item put in at the top of a feed moves no cut behind it. What is taken from an
//! earlier transmission is verified before a new one is acknowledged on its strength, and written again if it is
//! damaged.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use fastcdc::v2020::FastCDC;
use jiff::Timestamp;
use news::{Digest, Door, FeedId, Transmission, TransmissionId};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::cells::{capped, digest, instant, micros, pack, signed, transmission_id, unpack, unsigned, whole};
use super::{Store, WIPE_PATIENCE};
use crate::{Archive, Archived, StoreError};

const SHORTEST: usize = 1 << 10;
const USUAL: usize = 4 << 10;
const LONGEST: usize = 32 << 10;
/// What [`Archive::unread`] gives out at once, in bytes.
const HANDFUL: usize = 64 << 20;
/// How many transmissions one transaction of a purge forgets, so that nobody waits long for the writer.
const PURGE: i64 = 256;

/// A stretch of a body: its length, and its digest unless it is erased.
type Stretch = (u64, Option<Digest>);

/// A transmission made ready while nobody waits for the writer.
struct Ready {
    transmission: Transmission,
    digest: Digest,
    pieces: Vec<(Range<usize>, Digest)>,
}

impl Ready {
    fn of(mut transmission: Transmission) -> Self {
        transmission.arrived = whole(transmission.arrived);
        let bytes = &transmission.bytes;
        let pieces = cuts(bytes).into_iter().map(|cut| (cut.clone(), Digest::of(&bytes[cut]))).collect();
        Self { digest: transmission.digest(), pieces, transmission }
    }

    fn plan(&self) -> Digest {
        plan(self.pieces.iter().map(|(cut, digest)| (cut.len() as u64, Some(*digest))))
    }
}

/// Where a body is cut.
fn cuts(bytes: &[u8]) -> Vec<Range<usize>> {
    match bytes.len() {
        0 => Vec::new(),
        short if short < USUAL => std::iter::once(0..short).collect(),
        _ => FastCDC::new(bytes, SHORTEST, USUAL, LONGEST)
            .map(|chunk| chunk.offset..chunk.offset + chunk.length)
            .collect(),
    }
}

/// One digest over how a body is put together, so that a change of any row of it is noticed.
fn plan(stretches: impl IntoIterator<Item = Stretch>) -> Digest {
    let mut bytes = b"verbatim-plan/1".to_vec();
    for (len, digest) in stretches {
        bytes.extend_from_slice(&len.to_be_bytes());
        bytes.extend_from_slice(&digest.map_or([0; 32], |digest| digest.0));
    }
    Digest::of(&bytes)
}

/// One digest over a transmission's own row.
fn row_sum(t: &Transmission, body: Digest) -> Digest {
    let (first, arrived) = ([u8::from(t.first_contact)], micros(t.arrived).to_be_bytes());
    let (id, len) = (t.id.bits().to_be_bytes(), |text: &str| (text.len() as u64).to_be_bytes());
    let (feed, door, origin) = (t.feed.as_str(), t.door.name(), t.door.origin());
    Digest::of_pieces([
        b"verbatim-transmission/1".as_slice(),
        &id,
        &len(feed),
        feed.as_bytes(),
        &len(door),
        door.as_bytes(),
        &len(origin),
        origin.as_bytes(),
        &arrived,
        &first,
        &body.0,
    ])
}

fn door(name: &str, origin: String) -> Option<Door> {
    Some(match name {
        "folder" => Door::Folder { name: origin },
        "poll" => Door::Poll { url: origin },
        "push" => Door::Push { peer: origin },
        "command" => Door::Command { name: origin },
        _ => return None,
    })
}

/// A piece's bytes, verified; `None` if there is no such row.
fn load_piece(tx: &Transaction<'_>, id: i64) -> Result<Option<(Digest, Vec<u8>)>, StoreError> {
    let mut ask = tx.prepare_cached("SELECT digest, len, packed FROM piece WHERE id = ?1")?;
    let found = ask
        .query_row([id], |row| {
            Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
        })
        .optional()?;
    let Some((sum, len, packed)) = found else { return Ok(None) };
    match unpack(&packed, len) {
        Some(bytes) if Digest::of(&bytes).0 == sum => Ok(Some((digest(sum), bytes))),
        _ => Err(StoreError::damaged(
            format!("piece {} of the archive", digest(sum)),
            "its bytes have another digest",
        )),
    }
}

fn piece_id(tx: &Transaction<'_>, digest: Digest) -> Result<Option<i64>, StoreError> {
    let mut ask = tx.prepare_cached("SELECT id FROM piece WHERE digest = ?1")?;
    Ok(ask.query_row([digest.0], |row| row.get(0)).optional()?)
}

/// Whether a piece is here and sound.
fn has_sound_piece(tx: &Transaction<'_>, digest: Digest) -> Result<bool, StoreError> {
    let Some(id) = piece_id(tx, digest)? else { return Ok(false) };
    match load_piece(tx, id) {
        Ok(found) => Ok(found.is_some()),
        Err(error) if error.is_damage() => {
            tracing::error!(%error, "the bytes arrived again; the piece is written anew");
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn put_piece(
    tx: &Transaction<'_>,
    digest: Digest,
    bytes: &[u8],
    packed: Option<&[u8]>,
) -> Result<i64, StoreError> {
    let fresh;
    let packed = match (packed, piece_id(tx, digest)?) {
        (None, Some(id)) => return Ok(id),
        (Some(packed), _) => packed,
        (None, None) => {
            fresh = pack(bytes)?;
            &fresh
        }
    };
    let mut put = tx.prepare_cached(
        "INSERT INTO piece (digest, len, packed) VALUES (?1, ?2, ?3)
         ON CONFLICT (digest) DO UPDATE SET len = excluded.len, packed = excluded.packed RETURNING id",
    )?;
    Ok(put.query_row(params![digest.0, signed(bytes.len() as u64)?, packed], |row| row.get(0))?)
}

struct Part {
    at: u64,
    len: u64,
    piece: Option<(i64, Digest)>,
}

fn parts(tx: &Transaction<'_>, body: i64) -> Result<Vec<Part>, StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT part.at, part.len, part.piece, piece.digest FROM part LEFT JOIN piece ON piece.id = part.piece
         WHERE part.body = ?1 ORDER BY part.at",
    )?;
    let mut rows = ask.query([body])?;
    let mut parts = Vec::new();
    while let Some(row) = rows.next()? {
        let piece = row
            .get::<_, Option<i64>>(2)?
            .map(|id| Ok::<_, StoreError>((id, digest(row.get(3)?))))
            .transpose()?;
        parts.push(Part { at: unsigned(row.get(0)?)?, len: unsigned(row.get(1)?)?, piece });
    }
    Ok(parts)
}

fn plan_of(parts: &[Part]) -> Digest {
    plan(parts.iter().map(|part| (part.len, part.piece.map(|(_, digest)| digest))))
}

fn put_part(
    tx: &Transaction<'_>,
    body: i64,
    at: u64,
    len: u64,
    piece: Option<i64>,
) -> Result<(), StoreError> {
    let mut put = tx.prepare_cached("INSERT INTO part (body, at, len, piece) VALUES (?1, ?2, ?3, ?4)")?;
    put.execute(params![body, signed(at)?, signed(len)?, piece])?;
    Ok(())
}

/// The body, if it is here whole and put together as it would be now.
fn same_body(tx: &Transaction<'_>, ready: &Ready) -> Result<Option<i64>, StoreError> {
    let mut ask =
        tx.prepare_cached("SELECT id FROM body WHERE digest = ?1 AND whole = 1 AND plan = ?2 AND len = ?3")?;
    let len = signed(ready.transmission.bytes.len() as u64)?;
    let found: Option<i64> =
        ask.query_row(params![ready.digest.0, ready.plan().0, len], |row| row.get(0)).optional()?;
    let Some(id) = found else { return Ok(None) };
    Ok((plan_of(&parts(tx, id)?) == ready.plan()).then_some(id))
}

type Packed = HashMap<Digest, Vec<u8>>;

fn keep_body(tx: &Transaction<'_>, ready: &Ready, packed: &Packed) -> Result<i64, StoreError> {
    let bytes = &ready.transmission.bytes;
    let mut ids = Vec::with_capacity(ready.pieces.len());
    for (cut, digest) in &ready.pieces {
        ids.push(put_piece(tx, *digest, &bytes[cut.clone()], packed.get(digest).map(Vec::as_slice))?);
    }
    if let Some(body) = same_body(tx, ready)? {
        return Ok(body);
    }
    let mut put =
        tx.prepare_cached("INSERT INTO body (digest, len, whole, plan) VALUES (?1, ?2, 1, ?3) RETURNING id")?;
    let len = signed(bytes.len() as u64)?;
    let body = put.query_row(params![ready.digest.0, len, ready.plan().0], |row| row.get(0))?;
    for ((cut, _), piece) in ready.pieces.iter().zip(ids) {
        put_part(tx, body, cut.start as u64, cut.len() as u64, Some(piece))?;
    }
    Ok(body)
}

fn keep_one(tx: &Transaction<'_>, ready: &Ready, packed: &Packed) -> Result<u64, StoreError> {
    let body = keep_body(tx, ready, packed)?;
    let t = &ready.transmission;
    let mut put = tx.prepare_cached(
        "INSERT INTO transmission (id, feed, door, origin, arrived, first_contact, body, sum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) RETURNING seq",
    )?;
    let sum = row_sum(t, ready.digest).0;
    let row = params![
        t.id.bits().to_be_bytes(),
        t.feed.as_str(),
        t.door.name(),
        t.door.origin(),
        micros(t.arrived),
        t.first_contact,
        body,
        sum,
    ];
    unsigned(put.query_row(row, |row| row.get(0))?)
}

/// A transmission's row and its body's.
struct Kept {
    seq: u64,
    transmission: Transmission,
    body: i64,
    digest: Digest,
    len: u64,
    whole: bool,
    plan: Digest,
}

const KEPT: &str = "SELECT t.seq, t.id, t.feed, t.door, t.origin, t.arrived, t.first_contact, t.sum, t.body,
    b.digest, b.len, b.whole, b.plan FROM transmission t JOIN body b ON b.id = t.body";

fn kept(row: &Row<'_>) -> Result<Kept, StoreError> {
    let id = transmission_id(row.get(1)?);
    let damaged = |why: &str| StoreError::damaged(format!("transmission {id}"), why);
    let transmission = Transmission {
        id,
        feed: FeedId::new(row.get::<_, String>(2)?),
        door: door(&row.get::<_, String>(3)?, row.get(4)?)
            .ok_or_else(|| damaged("it came through no door"))?,
        arrived: instant(row.get(5)?)?,
        first_contact: row.get(6)?,
        bytes: Vec::new(),
    };
    let body_digest = digest(row.get(9)?);
    if row_sum(&transmission, body_digest).0 != row.get::<_, [u8; 32]>(7)? {
        return Err(damaged("its row has another digest"));
    }
    Ok(Kept {
        seq: unsigned(row.get(0)?)?,
        transmission,
        body: row.get(8)?,
        digest: body_digest,
        len: unsigned(row.get(10)?)?,
        whole: row.get(11)?,
        plan: digest(row.get(12)?),
    })
}

/// Puts a body together from its parts.
fn load(tx: &Transaction<'_>, kept: Kept) -> Result<Archived, StoreError> {
    let t = kept.transmission;
    let damaged = |why: String| StoreError::damaged(format!("transmission {}", t.id), why);
    let parts = parts(tx, kept.body)?;
    if plan_of(&parts) != kept.plan {
        return Err(damaged("its parts are not those that were written".to_owned()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(kept.len).unwrap_or(0).min(HANDFUL));
    let mut erased: Vec<Range<u64>> = Vec::new();
    for part in &parts {
        match part.piece {
            Some((id, digest)) => {
                let piece = load_piece(tx, id).map_err(|error| match error {
                    StoreError::Damaged { what, why } => damaged(format!("{what}: {why}")),
                    other => other,
                })?;
                let (_, piece) = piece.ok_or_else(|| damaged(format!("piece {digest} is missing")))?;
                bytes.extend_from_slice(&piece);
            }
            None => {
                bytes.resize(bytes.len() + part.len as usize, b' ');
                match erased.last_mut() {
                    Some(last) if last.end == part.at => last.end += part.len,
                    _ => erased.push(part.at..part.at + part.len),
                }
            }
        }
    }
    if bytes.len() as u64 != kept.len || (kept.whole && Digest::of(&bytes) != kept.digest) {
        return Err(damaged("its bytes have another digest".to_owned()));
    }
    Ok(Archived {
        id: t.id,
        seq: kept.seq,
        feed: t.feed,
        door: t.door,
        arrived: t.arrived,
        first_contact: t.first_contact,
        digest: kept.digest,
        bytes: Arc::from(bytes),
        erased,
    })
}

fn unread(tx: &Transaction<'_>, after: u64, limit: usize) -> Result<Vec<Archived>, StoreError> {
    let mut ask = tx.prepare_cached(&format!("{KEPT} WHERE t.read = 0 AND t.seq > ?1 ORDER BY t.seq"))?;
    let mut rows = ask.query([signed(after)?])?;
    let (mut found, mut weight) = (Vec::new(), 0);
    while found.len() < limit && weight < HANDFUL {
        let Some(row) = rows.next()? else { break };
        match kept(row).and_then(|kept| load(tx, kept)) {
            Ok(archived) => {
                weight += archived.bytes.len();
                found.push(archived);
            }
            Err(error) if error.is_damage() => tracing::error!(%error, "a transmission cannot be read"),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Forgets one handful. Returns how many.
fn purge(tx: &Transaction<'_>, feed: &FeedId, before: Timestamp) -> Result<u64, StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT seq, body FROM transmission WHERE feed = ?1 AND arrived < ?2 AND read = 1 ORDER BY arrived LIMIT ?3",
    )?;
    let old = ask
        .query_map(params![feed.as_str(), micros(before), PURGE], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, i64)>, _>>()?;
    for (seq, body) in &old {
        tx.prepare_cached("DELETE FROM transmission WHERE seq = ?1")?.execute([seq])?;
        forget_body(tx, *body)?;
    }
    Ok(old.len() as u64)
}

/// Forgets a body that no transmission has any more, and its pieces that no body has.
fn forget_body(tx: &Transaction<'_>, body: i64) -> Result<(), StoreError> {
    let mut ask = tx.prepare_cached("SELECT EXISTS (SELECT 1 FROM transmission WHERE body = ?1)")?;
    if ask.query_row([body], |row| row.get(0))? {
        return Ok(());
    }
    let mut ask = tx.prepare_cached("SELECT piece FROM part WHERE body = ?1 AND piece IS NOT NULL")?;
    let pieces = ask.query_map([body], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    tx.prepare_cached("DELETE FROM part WHERE body = ?1")?.execute([body])?;
    tx.prepare_cached("DELETE FROM body WHERE id = ?1")?.execute([body])?;
    pieces.into_iter().try_for_each(|piece| forget_piece(tx, piece))
}

fn forget_piece(tx: &Transaction<'_>, piece: i64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM piece WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM part WHERE piece = ?1)",
    )?
    .execute([piece])?;
    Ok(())
}

fn erase(tx: &Transaction<'_>, id: TransmissionId, range: &Range<u64>) -> Result<(), StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT b.id, b.len FROM transmission t JOIN body b ON b.id = t.body WHERE t.id = ?1",
    )?;
    let found: Option<(i64, i64)> =
        ask.query_row([id.bits().to_be_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (body, len) = found.ok_or_else(|| StoreError::refused(format!("there is no transmission {id}")))?;
    let len = unsigned(len)?;
    if range.start > range.end || range.end > len {
        return Err(StoreError::refused(format!(
            "{range:?} reaches beyond the {len} bytes of transmission {id}"
        )));
    }
    for part in parts(tx, body)? {
        let from = range.start.max(part.at) - part.at;
        let to = range.end.min(part.at + part.len).saturating_sub(part.at);
        if let (Some((piece, _)), true) = (part.piece, from < to) {
            erase_in_piece(tx, piece, from as usize..to as usize)?;
        }
    }
    Ok(())
}

/// Erases a stretch of a piece in every body that has it.
fn erase_in_piece(tx: &Transaction<'_>, piece: i64, gap: Range<usize>) -> Result<(), StoreError> {
    // The same piece may stand twice in one body, and is gone the second time.
    let Some((_, bytes)) = load_piece(tx, piece)? else { return Ok(()) };
    let stays = [0..gap.start, gap.end..bytes.len()];
    let keep = |cut: &Range<usize>| match cut.is_empty() {
        true => Ok(None),
        false => put_piece(tx, Digest::of(&bytes[cut.clone()]), &bytes[cut.clone()], None).map(Some),
    };
    let kept = [keep(&stays[0])?, keep(&stays[1])?];
    let mut ask = tx.prepare_cached("SELECT body, at FROM part WHERE piece = ?1")?;
    let places = ask
        .query_map([piece], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, i64)>, _>>()?;
    for (body, at) in &places {
        tx.prepare_cached("DELETE FROM part WHERE body = ?1 AND at = ?2")?.execute([body, at])?;
        let at = unsigned(*at)?;
        for (cut, piece) in stays.iter().zip(kept) {
            if piece.is_some() {
                put_part(tx, *body, at + cut.start as u64, cut.len() as u64, piece)?;
            }
        }
        put_part(tx, *body, at + gap.start as u64, gap.len() as u64, None)?;
    }
    forget_piece(tx, piece)?;
    for (body, _) in places {
        let sum = plan_of(&parts(tx, body)?);
        tx.prepare_cached("UPDATE body SET whole = 0, plan = ?2 WHERE id = ?1")?
            .execute(params![body, sum.0])?;
    }
    Ok(())
}

/// Checks every piece, how every body is put together, and every transmission's row.
pub(super) fn verify(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let mut ask = tx.prepare("SELECT id FROM piece ORDER BY id")?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        load_piece(tx, row.get(0)?)?;
    }
    let mut ask = tx.prepare("SELECT id, plan, digest FROM body ORDER BY id")?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        if plan_of(&parts(tx, row.get(0)?)?).0 != row.get::<_, [u8; 32]>(1)? {
            let what = format!("the body {} of the archive", digest(row.get(2)?));
            return Err(StoreError::damaged(what, "its parts are not those that were written"));
        }
    }
    let mut ask = tx.prepare(&format!("{KEPT} ORDER BY t.seq"))?;
    let mut rows = ask.query([])?;
    while let Some(row) = rows.next()? {
        kept(row)?;
    }
    Ok(())
}

impl Store {
    /// What a feed brought after a place in the archive, in order, read or not; at most so many, and fewer where they are
    /// large. What is damaged is left out, and said in the log.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn kept_after(&self, feed: &FeedId, seq: u64, limit: usize) -> Result<Vec<Archived>, StoreError> {
        self.read(|tx| {
            let mut ask =
                tx.prepare_cached(&format!("{KEPT} WHERE t.feed = ?1 AND t.seq > ?2 ORDER BY t.seq"))?;
            let mut rows = ask.query(params![feed.as_str(), signed(seq)?])?;
            let (mut found, mut weight) = (Vec::new(), 0);
            while found.len() < limit && weight < HANDFUL {
                let Some(row) = rows.next()? else { break };
                match kept(row).and_then(|kept| load(tx, kept)) {
                    Ok(archived) => {
                        weight += archived.bytes.len();
                        found.push(archived);
                    }
                    Err(error) if error.is_damage() => tracing::error!(%error, "it cannot be looked through"),
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        })
        .map_err(|error| error.while_doing("looking through the archive"))
    }

    /// Whether a transmission was read to its end, or is not here any more: nobody will count its items again.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn is_read(&self, id: TransmissionId) -> Result<bool, StoreError> {
        self.read(|tx| {
            let mut ask = tx.prepare_cached("SELECT read FROM transmission WHERE id = ?1")?;
            Ok(ask.query_row([id.bits().to_be_bytes()], |row| row.get(0)).optional()?.unwrap_or(true))
        })
    }

    /// Destroys a stretch of a transmission. Unlike [`Archive::erase`] it leaves the emptying of the write-ahead log to
    /// [`Store::wipe_now`]: many are erased at once.
    ///
    /// # Errors
    /// As [`Archive::erase`].
    pub fn erase_bytes(&self, id: TransmissionId, range: Range<u64>) -> Result<(), StoreError> {
        self.write("erasing bytes from the archive", |tx| erase(tx, id, &range))
    }

    /// Removes the copies of the database that were made before its schema was brought forward: they hold what it held.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn erase_copies(&self) -> Result<(), StoreError> {
        let failed = |error: std::io::Error| StoreError::Failed {
            doing: "removing old copies of the database".to_owned(),
            why: error.to_string(),
        };
        for file in std::fs::read_dir(self.dir()).map_err(failed)? {
            let path = file.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with("verbatim.sqlite.before-") {
                std::fs::remove_file(&path).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Empties the write-ahead log of what was erased, at once if no reader keeps it, otherwise with the next write.
    ///
    /// # Errors
    /// The disk failed: nothing is ever written again.
    pub fn wipe_now(&self) -> Result<(), StoreError> {
        self.wipe_soon(WIPE_PATIENCE)
    }

    /// Packs the pieces that are not here yet, or not sound, while nobody waits for the writer.
    fn pack_missing(&self, ready: &[Ready]) -> Result<Packed, StoreError> {
        self.read(|tx| {
            let mut packed = Packed::new();
            let mut sound = std::collections::HashSet::new();
            for ready in ready {
                for (cut, digest) in &ready.pieces {
                    if packed.contains_key(digest) || sound.contains(digest) {
                        continue;
                    }
                    if has_sound_piece(tx, *digest)? {
                        sound.insert(*digest);
                    } else {
                        packed.insert(*digest, pack(&ready.transmission.bytes[cut.clone()])?);
                    }
                }
            }
            Ok(packed)
        })
    }
}

impl Archive for Store {
    fn keep(&self, batch: Vec<Transmission>) -> Result<Vec<Archived>, StoreError> {
        let doing = "archiving transmissions";
        let ready: Vec<Ready> = batch.into_iter().map(Ready::of).collect();
        let packed = self.pack_missing(&ready).map_err(|error| error.while_doing(doing))?;
        let seqs = self.write(doing, |tx| {
            ready.iter().map(|ready| keep_one(tx, ready, &packed)).collect::<Result<Vec<_>, _>>()
        })?;
        let archived = |(ready, seq): (Ready, u64)| Archived {
            id: ready.transmission.id,
            seq,
            feed: ready.transmission.feed,
            door: ready.transmission.door,
            arrived: ready.transmission.arrived,
            first_contact: ready.transmission.first_contact,
            digest: ready.digest,
            bytes: Arc::from(ready.transmission.bytes),
            erased: Vec::new(),
        };
        Ok(ready.into_iter().zip(seqs).map(archived).collect())
    }

    fn unread(&self, limit: usize) -> Result<Vec<Archived>, StoreError> {
        self.unread_after(0, limit)
    }

    fn unread_after(&self, seq: u64, limit: usize) -> Result<Vec<Archived>, StoreError> {
        self.read(|tx| unread(tx, seq, limit))
            .map_err(|error| error.while_doing("looking for unread transmissions"))
    }

    fn feeds(&self) -> Result<Vec<FeedId>, StoreError> {
        self.read(|tx| {
            let mut ask = tx.prepare_cached("SELECT DISTINCT feed FROM transmission ORDER BY feed")?;
            let feeds = ask.query_map([], |row| row.get::<_, String>(0))?;
            Ok(feeds.collect::<Result<Vec<_>, _>>()?.into_iter().map(FeedId::new).collect())
        })
        .map_err(|error| error.while_doing("looking which feeds are in the archive"))
    }

    fn fetch(&self, id: TransmissionId) -> Result<Option<Archived>, StoreError> {
        self.read(|tx| {
            let mut ask = tx.prepare_cached(&format!("{KEPT} WHERE t.id = ?1"))?;
            let mut rows = ask.query([id.bits().to_be_bytes()])?;
            rows.next()?.map(|row| kept(row).and_then(|kept| load(tx, kept))).transpose()
        })
        .map_err(|error| error.while_doing("fetching a transmission"))
    }

    fn progress(&self, id: TransmissionId) -> Result<u32, StoreError> {
        self.read(|tx| {
            let mut ask = tx.prepare_cached("SELECT next FROM progress WHERE transmission = ?1")?;
            Ok(ask.query_row([id.bits().to_be_bytes()], |row| row.get(0)).optional()?.unwrap_or(0))
        })
    }

    fn purge(&self, feed: &FeedId, before: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let forgotten = self.write("forgetting old transmissions", |tx| purge(tx, feed, before))?;
            purged += forgotten;
            if forgotten < PURGE as u64 {
                break;
            }
        }
        if purged > 0 {
            self.wipe_soon(WIPE_PATIENCE)?;
        }
        Ok(purged)
    }

    fn erase(&self, id: TransmissionId, range: Range<u64>) -> Result<(), StoreError> {
        self.write("erasing bytes from the archive", |tx| erase(tx, id, &range))?;
        self.wipe_soon(WIPE_PATIENCE)?;
        Ok(())
    }
}

/// How many transmissions a feed has, how many of them are unread, and when the newest one came.
pub(super) fn of_feed(
    tx: &Transaction<'_>,
    feed: &FeedId,
) -> Result<(u64, u64, Option<Timestamp>), StoreError> {
    let mut ask = tx.prepare_cached(
        "SELECT count(*), count(*) FILTER (WHERE read = 0), max(arrived) FROM transmission WHERE feed = ?1",
    )?;
    let (all, unread, last): (i64, i64, Option<i64>) =
        ask.query_row([feed.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok((unsigned(all)?, unsigned(unread)?, last.map(instant).transpose()?))
}

/// The feed of a transmission, while the archive has it.
pub(super) fn feed_of(tx: &Transaction<'_>, id: TransmissionId) -> Result<Option<String>, StoreError> {
    let mut ask = tx.prepare_cached("SELECT feed FROM transmission WHERE id = ?1")?;
    Ok(ask.query_row([id.bits().to_be_bytes()], |row| row.get(0)).optional()?)
}

/// A limit on a list for people.
pub(super) fn list(limit: usize) -> i64 {
    capped(limit, 10_000)
}
