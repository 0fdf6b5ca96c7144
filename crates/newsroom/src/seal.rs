//! What is sealed: the bytes that were delivered of a killed item, where its contract demands that they be kept. They leave
//! the archive and lie encrypted (XChaCha20-Poly1305) in files of their own, under a key of the item's own that stands in the
//! store. Who destroys the key destroys them, wherever copies of the files may be.

use std::ops::Range;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use jiff::Timestamp;
use news::ItemKey;
use serde::{Deserialize, Serialize};
use store::{Archived, Index as _, SealKey, StoreError};

use crate::control::Unsealed;
use crate::{CommandError, Newsroom, Order, Room, chance};

/// What a sealed file begins with, before the nonce and what is sealed.
const FORMAT: &[u8] = b"verbatim-sealed/1\n";
const NONCE: usize = 24;

/// Where sealed bytes came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The transmission.
    pub transmission: String,
    /// The feed it came on.
    pub feed: String,
    /// How it came.
    pub door: String,
    /// The file's name, the address or the peer.
    pub origin: String,
    /// When its last byte was here.
    pub arrived: String,
    /// SHA-256 of the whole of it, in hex.
    pub sha256: String,
    /// Which stretches of it these bytes are, one behind the other: from, and up to before.
    pub stretches: Vec<(u64, u64)>,
}

/// Seals bytes that belong under this name.
fn seal(secret: &[u8; 32], nonce: [u8; NONCE], name: &str, plain: &[u8]) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new(&Key::from(*secret));
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: name.as_bytes() }).ok()?;
    Some([FORMAT, &nonce, &sealed].concat())
}

/// Opens what was sealed under this name. None if it is not what was sealed, or with another key.
fn open(secret: &[u8; 32], name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = bytes.strip_prefix(FORMAT)?.split_first_chunk::<NONCE>()?;
    let cipher = XChaCha20Poly1305::new(&Key::from(*secret));
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: name.as_bytes() }).ok()
}

/// Seals stretches of a transmission, durably.
pub(crate) fn put(
    room: &Room,
    key: &ItemKey,
    archived: &Archived,
    ranges: &[Range<u64>],
) -> Result<(), StoreError> {
    let sealed = match room.store.seal_key(key)? {
        Some(sealed) => sealed,
        None => {
            let folder = format!("{:032x}", chance::bits());
            let sealed = SealKey { key: key.clone(), folder, secret: chance::bytes(), at: room.clock.now() };
            room.store.keep_seal_key(&sealed)?;
            sealed
        }
    };
    let about = About {
        transmission: archived.id().to_string(),
        feed: archived.feed().to_string(),
        door: archived.door().name().to_owned(),
        origin: archived.door().origin().to_owned(),
        arrived: archived.arrived().to_string(),
        sha256: archived.digest().to_string(),
        stretches: ranges.iter().map(|range| (range.start, range.end)).collect(),
    };
    let refused = |why: String| StoreError::Refused { doing: "sealing what was delivered".to_owned(), why };
    let mut plain = serde_json::to_vec(&about).map_err(|error| refused(error.to_string()))?;
    plain.push(b'\n');
    for range in ranges {
        let range = usize::try_from(range.start).unwrap_or(usize::MAX)
            ..usize::try_from(range.end).unwrap_or(usize::MAX);
        plain.extend_from_slice(archived.bytes().get(range).unwrap_or_default());
    }
    let name = &about.transmission;
    let bytes = seal(&sealed.secret, chance::bytes(), name, &plain)
        .ok_or_else(|| refused("the bytes are too many for one key".to_owned()))?;
    room.store.put_sealed(&sealed, name, &bytes)
}

/// Destroys what was sealed for as long as the contract demands, and what no key opens any more.
pub(crate) fn let_go(room: &Room) -> Result<(), StoreError> {
    let now = room.clock.now();
    for sealed in room.store.seal_keys()? {
        let feeds = room.store.story(&sealed.key)?.map(|row| row.feeds).unwrap_or_default();
        // Without a term any more there is no end either: an operator may erase it.
        let Some(hold) = room.config.contract(&sealed.key.agency, &feeds).legal_hold else { continue };
        if sealed.at.saturating_add(hold).unwrap_or(Timestamp::MAX) <= now {
            room.store.shred_seal_key(&sealed.key)?;
        }
    }
    room.store.sweep_sealed()
}

impl Newsroom {
    /// Opens what is sealed of an item. That somebody did stands in the journal before he sees it.
    ///
    /// # Errors
    /// The store fails, or what is sealed is damaged.
    pub async fn unseal(&self, key: ItemKey, by: &str) -> Result<Vec<Unsealed>, CommandError> {
        let Some(sealed) = self.room.store.seal_key(&key)? else { return Ok(vec![]) };
        let what = format!("{}: operator {by} opened what is sealed of it", key.uri);
        self.order(Order::Tell { what }).await?;
        let mut found = Vec::new();
        for (name, bytes) in self.room.store.sealed(&sealed)? {
            let damaged = || StoreError::Damaged {
                what: format!("what is sealed of {key} as {name}"),
                why: "its key does not open it".to_owned(),
            };
            let plain = open(&sealed.secret, &name, &bytes).ok_or_else(damaged)?;
            let end = plain.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
            let about = serde_json::from_slice(&plain[..end]).map_err(|_| damaged())?;
            found.push(Unsealed { about, bytes: plain[end + 1..].to_vec() });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_its_own_key_and_name_alone_and_unaltered() {
        let (secret, words) = ([7; 32], b"the words that were delivered".as_slice());
        let sealed = seal(&secret, [9; NONCE], "one", words).expect("sealed");
        assert!(!sealed.windows(words.len()).any(|window| window == words));
        assert_eq!(open(&secret, "one", &sealed).as_deref(), Some(words));
        assert_eq!((open(&[8; 32], "one", &sealed), open(&secret, "other", &sealed)), (None, None));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(open(&secret, "one", &altered), None, "byte {at}");
        }
        assert_eq!(open(&secret, "one", &sealed[..20]), None);
    }
}
