//! Step 1: bytes came through a door.

use jiff::Timestamp;

use crate::{Digest, FeedId, TransmissionId};

/// How a transmission came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// A file taken from a watched folder, by its name inside it.
    Folder {
        /// The file's name, without the folder.
        name: String,
    },
    /// The body of an HTTP answer.
    Poll {
        /// The address finally answered, after redirects.
        url: String,
    },
    /// The body of a request to `POST /wire/{feed}`.
    Push {
        /// The peer's address.
        peer: String,
    },
    /// `verbatim publish`: an operator put the file through by hand. Exempt from backlog and age rules.
    Command {
        /// The file's name as typed.
        name: String,
    },
}

impl Door {
    /// One word for tables and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Door::Folder { .. } => "folder",
            Door::Poll { .. } => "poll",
            Door::Push { .. } => "push",
            Door::Command { .. } => "command",
        }
    }

    /// The file name, address or peer behind it.
    pub fn origin(&self) -> &str {
        match self {
            Door::Folder { name } | Door::Command { name } => name,
            Door::Poll { url } => url,
            Door::Push { peer } => peer,
        }
    }
}

/// One delivery of bytes on a feed, not yet durable: nothing may be acknowledged for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmission {
    /// Its own name, given on arrival.
    pub id: TransmissionId,
    /// The feed it came on.
    pub feed: FeedId,
    /// How it came.
    pub door: Door,
    /// When its last byte was here.
    pub arrived: Timestamp,
    /// Whether it belongs to the first contact with the feed: it was there before we were. Its old items are
    /// recorded, not published.
    pub first_contact: bool,
    /// What came, byte for byte (after HTTP content coding).
    pub bytes: Vec<u8>,
}

impl Transmission {
    /// SHA-256 of the bytes.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}
