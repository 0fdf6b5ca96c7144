//! Identifiers. Each is its own type, so that a feed is never taken for an agency.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Takes the name as written in the configuration.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// The name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(name.to_owned())
            }
        }
    };
}

name_type! {
    /// Who delivers: the `id` of an `[[agency]]`.
    AgencyId
}
name_type! {
    /// One stream of an agency, with its own format, rules and contract: the `id` of a `[[feed]]`.
    FeedId
}
name_type! {
    /// One public site: the `id` of a `[[site]]`.
    SiteId
}

/// What an item is known by: its agency and the agency's own `uri`. The version is never part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemKey {
    /// Whose uri it is; the same uri from two agencies names two items.
    pub agency: AgencyId,
    /// The agency's identifier, compared code point for code point.
    pub uri: String,
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.uri, self.agency)
    }
}

const BASE32: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Writes 128 bits as 26 characters of Crockford's base 32, lower case, most significant first.
pub fn base32_id(bits: u128) -> String {
    (0..26).map(|i| BASE32[(bits >> (125 - 5 * i)) as usize & 31] as char).collect()
}

fn parse_base32(text: &str) -> Option<u128> {
    if text.len() != 26 || !text.is_ascii() {
        return None;
    }
    let mut bits: u128 = 0;
    for (i, c) in text.bytes().enumerate() {
        let digit = BASE32.iter().position(|&b| b == c.to_ascii_lowercase())? as u128;
        if i == 0 && digit > 7 {
            return None;
        }
        bits = bits << 5 | digit;
    }
    Some(bits)
}

/// An identifier was not 26 characters of base 32.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseIdError(String);

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an identifier: 26 characters of 0-9 and a-z without i, l, o, u", self.0)
    }
}

impl std::error::Error for ParseIdError {}

macro_rules! base32_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u128);

        impl $name {
            /// Takes all 128 bits as they are.
            pub fn from_bits(bits: u128) -> Self {
                Self(bits)
            }

            /// The 128 bits.
            pub fn bits(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&base32_id(self.0))
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_base32(text).map(Self).ok_or_else(|| ParseIdError(text.to_owned()))
            }
        }
    };
}

base32_type! {
    /// A transmission's own identifier: a ULID, so that the order of the names is the order of arrival.
    TransmissionId
}
base32_type! {
    /// Our own random identifier of an item on a site: the `{id}` of `/s/{id}`. It says nothing about the item,
    /// so it may stay public after a kill.
    ItemId
}

impl TransmissionId {
    /// A ULID from milliseconds since 1970 (48 bits are kept) and 80 random bits.
    pub fn ulid(unix_ms: u64, random: [u8; 10]) -> Self {
        let low = random.iter().fold(0u128, |bits, byte| bits << 8 | u128::from(*byte));
        Self(u128::from(unix_ms & 0xffff_ffff_ffff) << 80 | low)
    }
}

/// A SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The SHA-256 of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The SHA-256 of several pieces, one behind the other.
    pub fn of_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        pieces.into_iter().for_each(|piece| hasher.update(piece));
        Self(hasher.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HEX: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        f.write_str(&digits.map(|digit| HEX[usize::from(digit)]).collect::<String>())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl FromStr for Digest {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let refuse = || ParseIdError(text.to_owned());
        if text.len() != 64 || !text.is_ascii() {
            return Err(refuse());
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| refuse())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_reads_back_as_itself() {
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let id = ItemId::from_bits(bits);
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn what_is_not_an_identifier_is_refused() {
        for text in [
            "",
            "0",
            "zzzzzzzzzzzzzzzzzzzzzzzzzz",
            "0123456789abcdefghijklmnop",
            "é1234567890123456789012345",
        ] {
            assert!(text.parse::<ItemId>().is_err(), "{text}");
        }
    }

    #[test]
    fn ulids_sort_by_their_instant() {
        let early = TransmissionId::ulid(1_000, [255; 10]);
        let late = TransmissionId::ulid(1_001, [0; 10]);
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn a_digest_is_what_sha256sum_prints() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), empty);
        assert_eq!(empty.parse(), Ok(Digest::of(b"")));
    }
}
