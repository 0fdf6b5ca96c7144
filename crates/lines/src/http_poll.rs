//! A polled address.
//!
//! The agency is asked politely: what did not change is not sent again (RFC 9110 §13), `Retry-After` is honoured,
//! requests are spread. It is not trusted: every address that a name or a redirect leads to is checked where the
//! connection is made, and every answer is held to limits of size, time and rate. A body is whole or it is refused,
//! and `ETag` and `Last-Modified` are remembered only when its bytes are archived.

use std::time::Duration;

use news::{Digest, Door, FeedId};
use tokio::sync::watch;
use tokio::time::sleep;
use url::Url;

use crate::{Health, Intake, Refused, Secret, stopped};

mod address;
mod fetch;
mod memory;
mod pace;
#[cfg(test)]
mod tests;

pub(crate) use address::{CheckedResolver, PrivateAddress, literal};
use fetch::{Answer, Body, Client, FetchError};
pub(crate) use fetch::{causes, install_provider};
use memory::Memory;
pub(crate) use pace::patience;

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
    /// How many bytes may come out of one byte of a packed body.
    pub max_ratio: u64,
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
            max_ratio: 100,
            max_redirects: 5,
            user_agent: concat!("Verbatim/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_private: false,
        }
    }

    /// Asks until `stop` is true, its sender is gone, or the store has failed. A failing feed is asked more rarely, but
    /// never given up: every failure is reported as [`Health::Failed`] with the time until the next try.
    pub async fn run<I: Intake>(self, intake: I, mut stop: watch::Receiver<bool>) {
        let memory = Memory::from_cursor(intake.cursor(&self.feed).await.as_deref(), &self.url, &self.feed);
        let mut turn = Turn { poll: self, intake, memory, client: None, failures: 0 };
        loop {
            // What was begun and is dropped here is asked for again: nothing was acknowledged.
            let next = tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                next = turn.ask() => next,
            };
            let Some(pause) = next else { return };
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                () = sleep(pause) => {}
            }
        }
    }
}

/// A poll at work.
struct Turn<I: Intake> {
    poll: Poll,
    intake: I,
    memory: Memory,
    /// Kept while all goes well, so that connections are used again.
    client: Option<Client>,
    /// In a row.
    failures: u32,
}

impl<I: Intake> Turn<I> {
    /// Asks once and gives the wait until the next time; `None` if there is none.
    async fn ask(&mut self) -> Option<Duration> {
        let random = self.intake.random();
        let outcome = self.fetch().await;
        let outcome = match outcome {
            Ok(answer) => self.keep(answer).await,
            Err(error) => Err(Setback::Fetch(error)),
        };
        match outcome {
            Ok(health) => {
                self.failures = 0;
                self.intake.health(&self.poll.feed, health);
                Some(pace::interval(self.poll.every, random))
            }
            Err(Setback::Refused(Refused::Stopping)) => None,
            Err(Setback::Refused(refused @ Refused::Fatal(_))) => {
                self.report(&Setback::Refused(refused), None);
                None
            }
            Err(setback) => {
                self.failures = self.failures.saturating_add(1);
                self.client = None;
                let patience = match &setback {
                    Setback::Fetch(FetchError::Status { retry_after: Some(said), .. }) => {
                        pace::patience(said, self.intake.now())
                    }
                    _ => None,
                };
                let pause = pace::after_failure(self.poll.every, self.failures, patience, random);
                self.report(&setback, Some(pause));
                Some(pause)
            }
        }
    }

    async fn fetch(&mut self) -> Result<Answer, FetchError> {
        let client = match &self.client {
            Some(client) => client,
            None => self.client.insert(Client::new(&self.poll)?),
        };
        client.fetch(&self.poll, &self.memory).await
    }

    /// Hands on what is new, and only then remembers that it was had.
    async fn keep(&mut self, answer: Answer) -> Result<Health, Setback> {
        let feed = self.poll.feed.clone();
        let Answer { remark, body } = answer;
        let Some(Body { bytes, validators, url }) = body else {
            self.catch_up(None).await?;
            return Ok(Health::Ok { bytes: 0, unchanged: true, remark });
        };
        let digest = Digest::of(&bytes);
        if self.memory.digest() == Some(digest) {
            self.memory.renew(validators);
            self.catch_up(None).await?;
            return Ok(Health::Ok { bytes: 0, unchanged: true, remark });
        }
        let size = bytes.len() as u64;
        let first_contact = self.memory.is_new();
        let archived = self.intake.arrive(&feed, Door::Poll { url }, bytes, first_contact).await?;
        self.memory.had(digest, validators);
        self.catch_up(Some(&archived)).await?;
        Ok(Health::Ok { bytes: size, unchanged: false, remark })
    }

    /// Keeps the cursor, if it is not kept yet.
    async fn catch_up(&mut self, after: Option<&I::Archived>) -> Result<(), Refused> {
        if self.memory.is_dirty() {
            self.intake.save_cursor(&self.poll.feed, after, self.memory.to_cursor(&self.poll.url)).await?;
            self.memory.saved();
        }
        Ok(())
    }

    fn report(&self, setback: &Setback, retry_in: Option<Duration>) {
        let what = format!("asking {}: {setback}", shown(&self.poll.url));
        self.intake.health(&self.poll.feed, Health::Failed { what, retry_in });
    }
}

/// Why a turn brought nothing.
#[derive(Debug, thiserror::Error)]
enum Setback {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// An address without the secrets that may stand in it.
fn shown(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    // These fail for addresses without a host alone, and those have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}
