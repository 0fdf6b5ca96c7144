//! A polled address.

use std::time::Duration;

use news::FeedId;
use tokio::sync::watch;
use url::Url;

use crate::{Intake, Secret};

/// How the agency knows us.
#[derive(Clone, Debug)]
pub enum Auth {
    /// User name and password (RFC 7617).
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A token (RFC 6750).
    Bearer(Secret),
    /// A header of the agency's own: `X-Api-Key`.
    Header {
        /// The header's name.
        name: String,
        /// Its value.
        value: Secret,
    },
}

/// An address that is asked again and again.
#[derive(Clone, Debug)]
pub struct Poll {
    /// The feed.
    pub feed: FeedId,
    /// The address: `http` or `https`.
    pub url: Url,
    /// How often it is asked; each wait is up to a tenth shorter or longer.
    pub every: Duration,
    /// Sent to the address's own origin only, never to where it redirects.
    pub auth: Option<Auth>,
    /// The longest time for one answer, from looking up the name to the last byte, redirects included.
    pub timeout: Duration,
    /// The longest time for one connection, TLS included.
    pub connect_timeout: Duration,
    /// The fewest bytes a second that an answer's body may bring, measured over [`Poll::rate_window`].
    pub min_rate: u64,
    /// See [`Poll::min_rate`].
    pub rate_window: Duration,
    /// The largest body, in bytes, before and after content decoding.
    pub max_bytes: u64,
    /// How many redirects are followed.
    pub max_redirects: u32,
    /// How we call ourselves.
    pub user_agent: String,
    /// Whether it may lead to loopback, private and link-local addresses.
    pub allow_private: bool,
}

impl Poll {
    /// A poll every minute with the usual limits: 30 s, 10 s to connect, 100 bytes a second, 16 MiB, five redirects.
    pub fn new(feed: FeedId, url: Url) -> Self {
        Self {
            feed,
            url,
            every: Duration::from_secs(60),
            auth: None,
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            min_rate: 100,
            rate_window: Duration::from_secs(5),
            max_bytes: 16 << 20,
            max_redirects: 5,
            user_agent: concat!("Verbatim/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_private: false,
        }
    }

    /// Asks until `stop` is true or its sender is gone. A failing feed is asked more rarely, but never given up.
    pub async fn run<I: Intake>(self, intake: I, stop: watch::Receiver<bool>) {
        let _ = (intake, stop);
    }
}
