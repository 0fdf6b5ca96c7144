//! How nouns look in columns.

use std::cell::RefCell;

use jiff::Timestamp;
use news::{Digest, ItemId, TransmissionId};

use zstd::bulk::{Compressor, Decompressor};

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
pub(crate) fn whole(at: Timestamp) -> Timestamp {
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

thread_local! {
    /// One compressor a thread: it costs more to make than a version to pack.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    /// The same for unpacking.
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// How hard bytes are packed: for what is so short, more costs twice the time and saves a twentieth.
const LEVEL: i32 = 1;

/// Packs bytes for keeping.
pub(super) fn pack(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let packed = PACKER.with_borrow_mut(|packer| match packer {
        Some(packer) => packer.compress(bytes),
        None => packer.insert(Compressor::new(LEVEL)?).compress(bytes),
    });
    packed.map_err(|error| StoreError::Failed {
        doing: String::new(),
        why: format!("compressing {} bytes: {error}", bytes.len()),
    })
}

/// Unpacks them; `None` if they cannot be unpacked to exactly this length.
pub(super) fn unpack(packed: &[u8], len: i64) -> Option<Vec<u8>> {
    let len = usize::try_from(len).ok().filter(|len| *len <= 1 << 30)?;
    let bytes = UNPACKER.with_borrow_mut(|unpacker| match unpacker {
        Some(unpacker) => unpacker.decompress(packed, len),
        None => unpacker.insert(Decompressor::new()?).decompress(packed, len),
    });
    bytes.ok().filter(|bytes| bytes.len() == len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_unpacks_also_after_something_damaged() {
        for text in ["", "one", &"many words ".repeat(4_000)] {
            let packed = pack(text.as_bytes()).unwrap();
            assert_eq!(packed, zstd::bulk::compress(text.as_bytes(), LEVEL).unwrap());
            assert_eq!(unpack(&packed[..packed.len() / 2], text.len() as i64), None);
            assert_eq!(unpack(&packed, text.len() as i64 + 1), None);
            assert_eq!(unpack(&packed, text.len() as i64).as_deref(), Some(text.as_bytes()));
        }
    }
}
