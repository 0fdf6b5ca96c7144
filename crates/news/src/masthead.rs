//! What a feed says of itself, beside its items.

use std::time::Duration;

/// The masthead of a feed, as delivered. Nothing in it is copy; what items inherit from it they carry themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masthead {
    /// Its title.
    pub title: Option<String>,
    /// The page that it is the feed of.
    pub home: Option<String>,
    /// Its own address (Atom `rel="self"`, JSON Feed `feed_url`).
    pub address: Option<String>,
    /// Who tells when something is new (WebSub `rel="hub"`, JSON Feed `hubs`).
    pub hubs: Vec<String>,
    /// Where older items are (RFC 5005 `rel="next"`, JSON Feed `next_url`).
    pub next: Option<String>,
    /// The language of its items (BCP 47).
    pub language: Option<String>,
    /// Its copyright notice.
    pub copyright: Option<String>,
    /// Who makes it.
    pub creators: Vec<String>,
    /// When it last changed, as written.
    pub updated: Option<String>,
    /// What wrote it.
    pub generator: Option<String>,
    /// How long an answer stays good (RSS `ttl`), or how long it takes until something is new (the syndication
    /// module): who asks sooner asks in vain. It is no expiry of any item.
    pub ask_every: Option<Duration>,
    /// It has ended, and nothing new will come (JSON Feed `expired`).
    pub ended: bool,
}
