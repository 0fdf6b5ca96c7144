//! The doors through which an agency's bytes come in (watched folders, polled addresses, pushed bodies), and the outlets
//! that are called about what was published ([`webhook`]).
//!
//! A door moves bytes and says how that went. What they mean, whether they are news and what becomes of them is
//! decided elsewhere; limits on size, time and rate apply here, because here the input is still a stranger's.
//!
//! **Never here:** looking into the bytes, a decision about an item, the clock or chance (both come through
//! [`Intake`]; timers are fine), proxies from the environment.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use news::{Door, FeedId};
use tokio::sync::watch;

#[cfg(test)]
mod fake;
pub mod folder;
pub mod http_poll;
pub mod http_push;
pub mod reader;
mod unpack;
pub mod webhook;
pub mod witness;

/// What a door hands its bytes to.
///
/// The archived transmission that [`Intake::arrive`] gives is the only permission to acknowledge: the file may be
/// moved, the cursor advanced, the sender told "received". There is no other way to get one.
pub trait Intake: Clone + Send + Sync + 'static {
    /// Proof that bytes are durable.
    type Archived: Send;

    /// Takes one delivery and returns when it is durable. `first_contact` says that the bytes were there before the
    /// feed was known to us.
    ///
    /// # Errors
    /// [`Refused`]: nothing was kept, and the delivery must stay where it is or be refused to the sender.
    fn arrive(
        &self,
        feed: &FeedId,
        door: Door,
        bytes: Vec<u8>,
        first_contact: bool,
    ) -> impl Future<Output = Result<Self::Archived, Refused>> + Send;

    /// What [`Intake::save_cursor`] kept last for this feed; `None` if nothing ever was: the feed is new.
    fn cursor(&self, feed: &FeedId) -> impl Future<Output = Option<String>> + Send;

    /// Keeps the door's own memory: JSON that means something to the door alone. `after` is the delivery that it
    /// acknowledges, if any.
    ///
    /// # Errors
    /// [`Refused`] if it could not be kept; the old one stands.
    fn save_cursor(
        &self,
        feed: &FeedId,
        after: Option<&Self::Archived>,
        cursor: String,
    ) -> impl Future<Output = Result<(), Refused>> + Send;

    /// How the feed is doing, for the operators.
    fn health(&self, feed: &FeedId, event: Health);

    /// The time.
    fn now(&self) -> Timestamp;

    /// Chance, for spreading requests; no secret depends on it.
    fn random(&self) -> u64;
}

/// Why a delivery was not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The disk is full.
    #[error("the store's disk is full; free space there")]
    Full,
    /// Too much is waiting already; later, please.
    #[error("too much is waiting to be read; it will be tried again")]
    Busy,
    /// The newsroom is closing.
    #[error("the newsroom is stopping")]
    Stopping,
    /// The store cannot be trusted any more; nothing will be kept until the program is started again.
    #[error("the store failed: {0}")]
    Fatal(String),
}

/// How a feed is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The door did its round, and nothing is left to complain about.
    Ok {
        /// Bytes that came in and were archived.
        bytes: u64,
        /// Whether the agency had nothing new.
        unchanged: bool,
        /// Something an operator should know all the same: the address has moved for good.
        remark: Option<String>,
    },
    /// Something did not come in. The door goes on by itself.
    Failed {
        /// A sentence without final stop: what was tried, what came of it, what helps.
        what: String,
        /// When the door tries again, if that is known.
        retry_in: Option<Duration>,
    },
}

/// Somewhere outside that is told what was published.
pub trait Outlet: Send + Sync + 'static {
    /// Tells it once. When this is dropped before it has ended, the call is broken off, and may arrive all the same.
    ///
    /// # Errors
    /// [`CallError`]: it has not confirmed.
    fn call(&self, message: Message) -> impl Future<Output = Result<(), CallError>> + Send;
}

/// What an outlet is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its name: the same whenever the same thing is told again.
    pub id: String,
    /// When it is sent.
    pub sent: Timestamp,
    /// The bytes; what they mean is not known here.
    pub body: Vec<u8>,
}

/// An outlet did not confirm.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct CallError {
    /// A sentence without final stop: what came of it, and what helps.
    pub why: String,
    /// Whether the message may arrive all the same, later.
    pub may_arrive: bool,
    /// Whether the outlet takes others: only this message was refused.
    pub refused: bool,
    /// How long the outlet asks to be left in peace.
    pub patience: Option<Duration>,
}

/// A token or password. It is never printed, not even by `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret as it is.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one place that sends or compares it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Returns when the newsroom wants the door to end.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that the sender is gone, and with it the newsroom.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Whether it already does.
fn is_stopped(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}
