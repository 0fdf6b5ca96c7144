//! How a second process speaks to the running one: JSON lines over a socket in the store's folder (mode 0600).
//!
//! One request a connection, one answer. The same [`Request`] can be carried out in this process when no other
//! holds the store, so that a command means the same with and without a runner.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use news::{FeedId, ItemKey};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixListener;

use crate::lists::{List, Which};
use crate::seal::About;
use crate::steps::Outcome;
use crate::{Command, CommandError, Newsroom, Order, Review};

/// How long a request may take to come in.
const REQUEST_WITHIN: Duration = Duration::from_secs(60);
/// After the system gave no connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What can be asked of a newsroom from outside its process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Request {
    /// Put a file through all seven steps.
    Publish {
        /// On which feed.
        feed: String,
        /// The file's name.
        name: String,
        /// Its bytes, in base 64 on their way.
        #[serde(with = "base_64")]
        bytes: Vec<u8>,
    },
    /// An order about one item.
    Item {
        /// The item: uri or address.
        uri: String,
        /// Whose, if the uri is not enough.
        agency: Option<String>,
        /// What to do with it.
        order: ItemOrder,
        /// Who orders it.
        by: String,
    },
    /// The switch that holds everything, or everything of one feed.
    HoldAll {
        /// On or off.
        on: bool,
        /// Who orders it.
        by: String,
        /// The feed; all of them otherwise.
        #[serde(default)]
        feed: Option<String>,
    },
    /// A list.
    List {
        /// Which.
        which: Which,
        /// How many lines.
        limit: usize,
    },
    /// A copy of the store.
    Backup {
        /// Into this folder.
        to: PathBuf,
    },
    /// What is sealed of an item, opened.
    Unseal {
        /// The item: uri or address.
        uri: String,
        /// Whose, if the uri is not enough.
        agency: Option<String>,
        /// Who wants to see it.
        by: String,
    },
    /// The index made anew.
    Rebuild,
    /// Is anybody there?
    Status,
}

/// What can be ordered about one item.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemOrder {
    /// Withdraw it, everywhere and for good.
    Kill {
        /// Why.
        reason: String,
        /// Whether its words are destroyed wherever they are kept.
        #[serde(default)]
        erase: bool,
    },
    /// Take it off until further notice.
    Hold,
    /// Let a held version go.
    Release {
        /// Which; the newest otherwise.
        n: Option<u32>,
    },
    /// Refuse a held version.
    Spike {
        /// Which; the newest otherwise.
        n: Option<u32>,
    },
    /// A person has reviewed a version and changed nothing.
    Review {
        /// Which; what is live, or waits, otherwise.
        n: Option<u32>,
        /// In which role.
        role: String,
    },
    /// A person has changed a version.
    Edit {
        /// Which; what is live, or waits, otherwise.
        n: Option<u32>,
        /// In which role.
        role: String,
        /// The new text.
        text: String,
        /// The law, court or authority that demanded it, if one did.
        legal_order: Option<String>,
    },
}

impl ItemOrder {
    fn about(self, key: ItemKey, by: String) -> Order {
        let command = match self {
            ItemOrder::Kill { reason, .. } => Command::Kill { reason },
            ItemOrder::Hold => Command::Hold,
            ItemOrder::Release { n } => Command::Release { n },
            ItemOrder::Spike { n } => Command::Spike { n },
            ItemOrder::Review { n, role } => {
                return Order::Revise { key, n, review: Review { role, text: None, legal_order: None }, by };
            }
            ItemOrder::Edit { n, role, text, legal_order } => {
                return Order::Revise { key, n, review: Review { role, text: Some(text), legal_order }, by };
            }
        };
        Order::Item { key, command, by }
    }
}

/// One line of what became of a version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutcomeLine {
    /// The item's identifier.
    pub uri: String,
    /// The version as delivered.
    pub version: String,
    /// What the desk decided.
    pub ruling: String,
    /// Why: the reasons' codes.
    pub reasons: Vec<String>,
    /// Why, in sentences.
    pub because: Vec<String>,
    /// The story's address.
    pub url: Option<String>,
    /// Whose it is.
    pub agency: String,
    /// SHA-256 of the canonical copy.
    pub copy_sha256: Option<String>,
    /// For a kill: some output has not confirmed it yet.
    #[serde(default)]
    pub unconfirmed: bool,
}

impl From<Outcome> for OutcomeLine {
    fn from(outcome: Outcome) -> Self {
        Self {
            uri: outcome.key.uri,
            version: outcome.version,
            ruling: outcome.ruling.act.as_str().to_owned(),
            reasons: outcome.ruling.reasons.iter().map(|reason| reason.code.to_owned()).collect(),
            because: outcome.ruling.reasons.into_iter().map(|reason| reason.text).collect(),
            url: outcome.url,
            agency: outcome.key.agency.to_string(),
            copy_sha256: outcome.copy_hash.map(|hash| hash.to_string()),
            unconfirmed: outcome.unconfirmed,
        }
    }
}

/// What comes back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// What became of each version, and under which name the transmission is archived.
    Outcomes {
        /// The transmission, if there was one.
        transmission: Option<String>,
        /// A line for each version.
        lines: Vec<OutcomeLine>,
    },
    /// A list.
    List(List),
    /// What was sealed.
    Unsealed(Vec<Unsealed>),
    /// Done.
    Done,
    /// Not done, and why.
    Failed(String),
}

/// A transmission, or what stood in it about one item, as it came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unsealed {
    /// Where it came from and when, and which stretches of it these bytes are.
    pub about: About,
    /// The bytes.
    #[serde(with = "base_64")]
    pub bytes: Vec<u8>,
}

/// Bytes as JSON carries them.
mod base_64 {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::{Deserialize as _, Deserializer, Error as _};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(|error| D::Error::custom(format!("decoding the bytes: {error}")))
    }
}

impl Newsroom {
    /// Carries out a request.
    pub async fn carry_out(&self, request: Request) -> Reply {
        self.try_carry_out(request).await.unwrap_or_else(|error| Reply::Failed(error.to_string()))
    }

    async fn try_carry_out(&self, request: Request) -> Result<Reply, CommandError> {
        Ok(match request {
            Request::Publish { feed, name, bytes } => {
                let (transmission, outcomes) =
                    self.publish(&FeedId::from(feed.as_str()), &name, bytes).await?;
                let lines = outcomes.into_iter().map(OutcomeLine::from).collect();
                Reply::Outcomes { transmission: Some(transmission.to_string()), lines }
            }
            Request::Item { uri, agency, order, by } => {
                let key = self.find(&uri, agency.as_deref())?;
                let outcomes = match order {
                    ItemOrder::Kill { reason, erase: true } => self.erase(key, reason, by).await?,
                    order => self.order(order.about(key, by)).await?,
                };
                Reply::Outcomes {
                    transmission: None,
                    lines: outcomes.into_iter().map(OutcomeLine::from).collect(),
                }
            }
            Request::HoldAll { on, by, feed } => {
                let feed = feed.map(|feed| FeedId::from(feed.as_str()));
                if let Some(feed) = feed.as_ref().filter(|feed| self.config().feed(feed).is_none()) {
                    return Err(CommandError::UnknownFeed(feed.to_string()));
                }
                self.order(Order::HoldAll { on, by, feed }).await?;
                Reply::Done
            }
            Request::List { which, limit } => Reply::List(self.list(&which, limit)?),
            Request::Backup { to } => {
                let newsroom = self.clone();
                let copied = tokio::task::spawn_blocking(move || newsroom.backup(&to)).await;
                copied.map_err(|_| CommandError::Stopping)??;
                Reply::Done
            }
            Request::Unseal { uri, agency, by } => {
                let key = self.find(&uri, agency.as_deref())?;
                Reply::Unsealed(self.unseal(key, &by).await?)
            }
            Request::Rebuild => {
                self.order(Order::Rebuild).await?;
                Reply::Done
            }
            Request::Status => Reply::Done,
        })
    }

    /// Listens on the control socket until the newsroom stops. An old socket is replaced: holding the store's lock
    /// is what makes us the one to listen.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub async fn listen_for_orders(self, socket: PathBuf) -> std::io::Result<()> {
        let listener = bind_privately(&socket)?;
        // The largest file, in base 64, and what stands around it.
        let longest = self.config().limits.max_bytes.saturating_mul(4) / 3 + (64 << 10);
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // No file handles left, for a moment: kills must come through again after it.
                    tracing::warn!("an order could not be taken: {error}");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let newsroom = self.clone();
            tokio::spawn(async move {
                let (reader, mut writer) = stream.into_split();
                let mut line = String::new();
                let mut reader = tokio::io::BufReader::new(reader.take(longest));
                let read = tokio::time::timeout(REQUEST_WITHIN, reader.read_line(&mut line)).await;
                if !matches!(read, Ok(Ok(1..))) {
                    return;
                }
                let reply = match serde_json::from_str(&line) {
                    Ok(request) => newsroom.carry_out(request).await,
                    Err(error) => Reply::Failed(format!("the request was not understood: {error}")),
                };
                if let Ok(mut reply) = serde_json::to_vec(&reply) {
                    reply.push(b'\n');
                    let _ = writer.write_all(&reply).await;
                }
            });
        }
    }
}

/// Binds the socket where nobody else can reach it, and moves it to its place when it is nobody else's: whatever the
/// umask and the folder's mode, there is no moment at which another user could connect.
fn bind_privately(socket: &Path) -> std::io::Result<UnixListener> {
    let private = socket.with_extension("new");
    let _ = std::fs::remove_dir_all(&private);
    std::fs::DirBuilder::new().mode(0o700).create(&private)?;
    let made = private.join("s");
    let listener = UnixListener::bind(&made)?;
    std::fs::set_permissions(&made, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&made, socket)?;
    std::fs::remove_dir(&private)?;
    Ok(listener)
}

/// Asks the running process, if there is one.
///
/// Returns `None` when nobody listens on the socket.
///
/// # Errors
/// Somebody listens but gives no answer that can be read.
pub fn ask(socket: &Path, request: &Request) -> std::io::Result<Option<Reply>> {
    let Ok(mut stream) = UnixStream::connect(socket) else { return Ok(None) };
    let mut line = serde_json::to_vec(request).map_err(std::io::Error::other)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    if answer.is_empty() {
        return Err(std::io::Error::other("the running process ended before it answered; look at its log"));
    }
    serde_json::from_str(&answer).map(Some).map_err(std::io::Error::other)
}
