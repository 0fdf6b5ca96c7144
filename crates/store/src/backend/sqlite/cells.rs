//! How nouns look in columns.

use jiff::Timestamp;
use news::{Digest, ItemId, TransmissionId};

use crate::StoreError;

/// An instant in whole microseconds, rounded down.
pub(super) fn micros(at: Timestamp) -> i64 {
    let micros = at.as_microsecond();
    match Timestamp::from_microsecond(micros) {
        Ok(back) if back > at => micros - 1,
        _ => micros,
    }
}

/// An instant in whole microseconds, rounded up: for what must not come early.
pub(super) fn micros_up(at: Timestamp) -> i64 {
    let micros = micros(at);
    match Timestamp::from_microsecond(micros) {
        Ok(back) if back < at => micros + 1,
        _ => micros,
    }
}

/// The instant behind a number.
pub(super) fn instant(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros)
        .map_err(|_| StoreError::damaged("the database", format!("{micros} is no instant")))
}

/// An instant cut to what columns keep.
pub(super) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(micros(at)).unwrap_or(at)
}

pub(super) fn item_id(bytes: [u8; 16]) -> ItemId {
    ItemId::from_bits(u128::from_be_bytes(bytes))
}

pub(super) fn transmission_id(bytes: [u8; 16]) -> TransmissionId {
    TransmissionId::from_bits(u128::from_be_bytes(bytes))
}

pub(super) fn digest(bytes: [u8; 32]) -> Digest {
    Digest(bytes)
}

/// A count or length; what does not fit SQLite's signed numbers is longer than anything we keep.
pub(super) fn signed(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::refused(format!("{number} is too large to be recorded")))
}

/// The same, coming back.
pub(super) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(|_| StoreError::damaged("the database", format!("{number} is negative")))
}

/// A limit as SQLite wants it, never above `most`.
pub(super) fn capped(limit: usize, most: i64) -> i64 {
    i64::try_from(limit).unwrap_or(most).min(most)
}

/// Packs bytes for keeping.
pub(super) fn pack(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::bulk::compress(bytes, 3).map_err(|error| StoreError::Failed {
        doing: String::new(),
        why: format!("compressing {} bytes: {error}", bytes.len()),
    })
}

/// Unpacks them; `None` if they cannot be unpacked to exactly this length.
pub(super) fn unpack(packed: &[u8], len: i64) -> Option<Vec<u8>> {
    let len = usize::try_from(len).ok().filter(|len| *len <= 1 << 30)?;
    let bytes = zstd::bulk::decompress(packed, len).ok()?;
    (bytes.len() == len).then_some(bytes)
}
