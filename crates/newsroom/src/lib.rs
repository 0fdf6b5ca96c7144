//! The newsroom: the seven steps of a transmission, in order, and nothing else decides order.
//!
//! | step | here | gives |
//! |---|---|---|
//! | 1 arrive | [`archive`] (bytes get a name and a time) | [`news::Transmission`] |
//! | 2 archive | [`archive`] (durable, then acknowledged) | [`store::Archived`] |
//! | 3 read | [`read`] | [`steps::Reading`] |
//! | 4 decide | [`decide`] asks the desk | [`news::Ruling`] |
//! | 5 press | [`press`](mod@press) fills the page, the gate reads it back | [`::press::Gated`] |
//! | 6 record | [`record`](mod@record) commits: the commit point | [`steps::Recorded`] |
//! | 7 deliver | [`deliver`], then [`outlets`] are called, and [`receipts`] asked for of what was withdrawn | [`Output`] |
//!
//! [`main_loop`] walks them; [`kill`] is the lane that overtakes; [`public`] is what readers may see. Recovery
//! after a crash is the same walk, begun at what the archive holds unread.
//!
//! **Never here:** SQL, HTML, HTTP. The clock is read in [`clock`] and nowhere else, chance is drawn in [`chance`].

mod archive;
mod caps;
pub mod chance;
pub mod clock;
pub mod config;
pub mod control;
mod decide;
mod deliver;
mod edit;
mod erase;
mod hands;
pub mod health;
mod kill;
mod kin;
pub mod lists;
mod lookout;
mod main_loop;
mod notary;
mod outlets;
mod pace;
mod press;
mod proofs;
pub mod public;
mod read;
mod readers;
mod receipts;
mod record;
mod recover;
#[cfg(feature = "rehearsal")]
pub mod rehearsal;
pub mod report;
pub mod seal;
pub mod steps;
#[cfg(test)]
mod tests;
mod tray;
pub mod trial;
mod waiting;
pub mod witness;
mod witnesses;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use ::press::Press;
use jiff::Timestamp;
use news::{AgencyId, Door, FeedId, ItemId, ItemKey, SiteId, TransmissionId};
use store::{
    Access, Archive as _, Archived, FeedState as _, Index as _, Journal as _, KillFile, OpenStoreError,
    Store, StoreError,
};
use tokio::sync::{oneshot, watch};

use clock::{Clock, Trust};
use config::Config;
use hands::Hands;
use health::Health;
use main_loop::Event;
use notary::Notary;
use public::Public;
use recover::recover;
use steps::Outcome;
use tray::Tray;
use waiting::Waiting;

pub use desk::Command;
pub use edit::Review;
pub use lines::Refused;
pub use notary::LogError;
pub use proofs::{LogFile, Of, Proved};
pub use receipts::{Output, Withdrawn};

/// Everything that the threads of one newsroom share.
pub(crate) struct Room {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) kills: KillFile,
    pub(crate) notary: Notary,
    pub(crate) press: Press,
    pub(crate) clock: Clock,
    pub(crate) public: Public,
    pub(crate) health: Health,
    pub(crate) tray: Tray<Event>,
    pub(crate) waiting: Waiting,
    pub(crate) receipts: receipts::Receipts,
    pub(crate) outlets: outlets::Outlets,
    /// Feeds that something was recorded of before: the first contact is the desk's to see.
    known: Mutex<HashSet<FeedId>>,
    hold_all: AtomicBool,
    stopping: AtomicBool,
    clock_alarm: AtomicBool,
    /// Bytes that wait in memory for archive and desk.
    load: AtomicUsize,
    /// What withdraws by its words alone and is to be heeded before its turn.
    notices: AtomicUsize,
    /// The desk waits until the store takes writes.
    stalled: AtomicBool,
    /// The archive found no space when something last arrived.
    refusing: AtomicBool,
    #[cfg(test)]
    no_space: AtomicBool,
    #[cfg(test)]
    archive_full: AtomicBool,
    /// Some fate of what is kept waits to be carried out; and who carries one out.
    fates_due: AtomicBool,
    fates: Mutex<()>,
    failure: watch::Sender<Option<String>>,
}

impl Room {
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Whether the first contact with the feed is recorded.
    pub(crate) fn knows(&self, feed: &FeedId) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(feed)
    }

    /// The first contact with the feed is over; it is recorded with or before whatever comes next.
    pub(crate) fn note_contact(&self, feed: &FeedId) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(feed.clone());
    }

    pub(crate) fn hold_all(&self) -> bool {
        self.hold_all.load(Ordering::SeqCst)
    }

    pub(crate) fn set_hold_all(&self, on: bool) {
        self.hold_all.store(on, Ordering::SeqCst);
    }

    /// The store or one of our threads failed: nothing more is acknowledged, and the process must end.
    pub(crate) fn fail(&self, why: &str) {
        self.stopping.store(true, Ordering::SeqCst);
        tracing::error!("nothing more is acknowledged: {why}");
        self.failure.send_replace(Some(why.to_owned()));
    }

    /// The hands that press for the desk.
    fn hands(&self) -> Hands {
        #[cfg(feature = "rehearsal")]
        if self.clock.hand().is_some() {
            return Hands::none();
        }
        Hands::new()
    }

    /// Step 2's one write.
    pub(crate) fn archive(
        &self,
        transmissions: Vec<news::Transmission>,
    ) -> Result<Vec<Archived>, StoreError> {
        #[cfg(test)]
        if self.archive_full.load(Ordering::SeqCst) {
            return Err(StoreError::Full { doing: "archiving transmissions".to_owned() });
        }
        #[cfg(feature = "rehearsal")]
        self.finds_space("archiving transmissions")?;
        self.store.keep(transmissions)
    }

    /// Step 6's one write.
    pub(crate) fn record(&self, entries: &[&store::Prepared]) -> Result<Vec<store::Committed>, StoreError> {
        #[cfg(test)]
        if self.no_space.load(Ordering::SeqCst) {
            return Err(StoreError::Full { doing: "recording in the journal".to_owned() });
        }
        #[cfg(feature = "rehearsal")]
        self.finds_space("recording in the journal")?;
        let committed = self.store.record_prepared(entries)?;
        // Nobody is told of the commit, and nothing that came with it is shown, before it is signed.
        let since = clock::Since::now();
        self.notary.sign(&committed).map_err(|error| StoreError::Fatal {
            doing: "signing the public log".to_owned(),
            why: error.to_string(),
        })?;
        if committed.iter().any(|one| !one.leaves.is_empty()) {
            self.health.log_added.took(since.elapsed());
        }
        Ok(committed)
    }

    /// Whether the desk waits for space, or for a lock: until then the doors refuse.
    pub(crate) fn is_stalled(&self) -> bool {
        self.stalled.load(Ordering::SeqCst)
    }

    /// Whether so many bytes may find no space. What is looked at costs microseconds.
    pub(crate) fn is_short_of_space(&self, bytes: u64) -> bool {
        #[cfg(test)]
        if self.archive_full.load(Ordering::SeqCst) {
            return true;
        }
        #[cfg(feature = "rehearsal")]
        if self.finds_space("").is_err() {
            return true;
        }
        self.is_stalled()
            || self.refusing.load(Ordering::SeqCst)
            || !has_space(self.config.store_path(), bytes)
    }

    /// The desk cannot record for the time being, or can again.
    pub(crate) fn set_stalled(&self, why: Option<&StoreError>) {
        match (why, self.stalled.swap(why.is_some(), Ordering::SeqCst)) {
            (Some(error), false) => {
                let what = format!("nothing can be recorded now, kills are taken all the same: {error}");
                tracing::error!("{what}");
                self.health.alarm(self.clock.now(), what);
            }
            (None, true) => tracing::info!("the store takes writes again; nothing was lost"),
            _ => {}
        }
    }

    /// Raises one alarm each time the wall clock is found stepped forward.
    pub(crate) fn watch_the_clock(&self) {
        match self.clock.trust() {
            Trust::Sound => self.clock_alarm.store(false, Ordering::Relaxed),
            Trust::SteppedForward(by) => {
                if !self.clock_alarm.swap(true, Ordering::Relaxed) {
                    let what = format!(
                        "the system clock was stepped forward by {by:#}; embargoes wait for the time that really passed. \
                         Set the clock right, or restart if the new time is the true one"
                    );
                    tracing::error!("{what}");
                    self.health.alarm(self.clock.now(), what);
                }
            }
        }
    }
}

/// What an operator can order.
#[derive(Clone, Debug)]
pub enum Order {
    /// Something about one item.
    Item {
        /// Which.
        key: ItemKey,
        /// What.
        command: Command,
        /// Who.
        by: String,
    },
    /// Somebody reviewed or edited a version of an item.
    Revise {
        /// Which item.
        key: ItemKey,
        /// Which version; what is live, or waits, otherwise.
        n: Option<u32>,
        /// What he did.
        review: Review,
        /// Who.
        by: String,
    },
    /// The switch that holds everything, or everything of one feed.
    HoldAll {
        /// On or off.
        on: bool,
        /// Who.
        by: String,
        /// The feed; all of them otherwise.
        feed: Option<FeedId>,
    },
    /// The safety rules are to remember an item's words no more.
    Forget {
        /// Which.
        key: ItemKey,
    },
    /// Something is told to the journal and to whoever reads it.
    Tell {
        /// What.
        what: String,
    },
    /// The index is thrown away and made anew from the journal.
    Rebuild,
}

/// An order or request could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The desk refuses, with its reason.
    #[error("{0}")]
    Refused(String),
    /// No such item, and none to remember a kill for.
    #[error(
        "no item has the uri `{0}`; look it up with `verbatim list`, or name its agency with --agency to remember a kill"
    )]
    UnknownItem(String),
    /// No such agency.
    #[error("no agency `{0}` is configured, and no item of it is known; `verbatim check` lists what is")]
    UnknownAgency(String),
    /// Several agencies use the uri.
    #[error("the uri `{uri}` is used by several agencies ({agencies}); name one with --agency")]
    Ambiguous {
        /// The uri.
        uri: String,
        /// The agencies.
        agencies: String,
    },
    /// No such feed.
    #[error("no feed `{0}` is configured; `verbatim check` lists the feeds")]
    UnknownFeed(String),
    /// The bytes were not taken.
    #[error("the transmission was not taken: {0}")]
    NotTaken(Refused),
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The newsroom ends.
    #[error("the newsroom is stopping; try again once it runs")]
    Stopping,
}

/// A newsroom could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenNewsroomError {
    /// Its store could not.
    #[error(transparent)]
    Store(#[from] OpenStoreError),
    /// Its store could be opened but not read.
    #[error("recovering what the store holds: {0}")]
    Recover(#[from] StoreError),
    /// Its public log must not be signed.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A running newsroom. Clones are handles to the same one.
#[derive(Clone)]
pub struct Newsroom {
    room: Arc<Room>,
    intake: archive::Intake,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Newsroom {
    /// Opens the store, replays kills, takes up what is archived but not recorded, and only then returns: no listener or
    /// door may be opened before. Of a backlog beyond 64 MiB only the kills are taken before; the rest waits for the desk.
    ///
    /// # Errors
    /// The store is held by another process, newer than this program, damaged, or cannot be read or written.
    pub fn open(config: Config) -> Result<Self, OpenNewsroomError> {
        let room = Self::room(config, Clock::default())?;
        let desk = recover(Arc::clone(&room))?;
        let (intake, archive_thread) = archive::Intake::start(Arc::clone(&room));
        let desk_thread = std::thread::Builder::new().name("desk".into()).spawn(move || desk.run());
        let threads = vec![desk_thread.expect("the system gives a thread"), archive_thread];
        let watched = Arc::downgrade(&room);
        let sync_thread = std::thread::Builder::new().name("notary".into()).spawn(move || sync_log(&watched));
        drop(sync_thread.expect("the system gives a thread"));
        let watched = Arc::downgrade(&room);
        let eraser =
            std::thread::Builder::new().name("eraser".into()).spawn(move || erase::keep_on(&watched));
        drop(eraser.expect("the system gives a thread"));
        Ok(Self { room, intake, threads: Arc::new(Mutex::new(threads)) })
    }

    /// A handle to a room whose desk is driven by hand.
    #[cfg(feature = "rehearsal")]
    fn without_threads(room: Arc<Room>) -> Self {
        Self { room, intake: archive::Intake::closed(), threads: Arc::default() }
    }

    fn room(config: Config, clock: Clock) -> Result<Arc<Room>, OpenNewsroomError> {
        let store = Store::open(config.store_path(), Access::Write)?;
        let kills = KillFile::open(config.store_path())?;
        let hold_all = store.hold_all()?;
        let notary = Notary::open(&config, &store, clock.now())?;
        Ok(Arc::new(Room {
            press: Press::new(),
            outlets: outlets::Outlets::new(&config),
            config,
            store,
            kills,
            notary,
            clock,
            public: Public::default(),
            health: Health::default(),
            tray: Tray::default(),
            waiting: Waiting::default(),
            receipts: receipts::Receipts::default(),
            known: Mutex::default(),
            hold_all: AtomicBool::new(hold_all),
            stopping: AtomicBool::new(false),
            clock_alarm: AtomicBool::new(false),
            load: AtomicUsize::new(0),
            notices: AtomicUsize::new(0),
            stalled: AtomicBool::new(false),
            refusing: AtomicBool::new(false),
            #[cfg(test)]
            no_space: AtomicBool::new(false),
            #[cfg(test)]
            archive_full: AtomicBool::new(false),
            fates_due: AtomicBool::new(false),
            fates: Mutex::default(),
            failure: watch::Sender::new(None),
        }))
    }

    /// The configuration it runs by.
    pub fn config(&self) -> &Config {
        &self.room.config
    }

    /// Counters, alarms, feed health.
    pub fn health(&self) -> &Health {
        &self.room.health
    }

    /// Resolves when the store has failed, with what it said: the process must end.
    pub async fn failed(&self) -> String {
        let mut failure = self.room.failure.subscribe();
        loop {
            if let Some(what) = failure.borrow_and_update().clone() {
                return what;
            }
            if failure.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Whether the promises hold: the store takes writes and the desk keeps up.
    pub fn is_ready(&self) -> bool {
        let room = &self.room;
        if room.refusing.load(Ordering::SeqCst) && has_space(room.config.store_path(), 0) {
            room.refusing.store(false, Ordering::SeqCst);
        }
        !room.is_stopping()
            && !room.is_stalled()
            && !room.refusing.load(Ordering::SeqCst)
            && room.tray.len() < 10_000
    }

    /// How many transmissions and orders wait for the desk.
    pub fn waiting(&self) -> usize {
        self.room.tray.len()
    }

    /// Whether everything is held.
    pub fn holds_all(&self) -> bool {
        self.room.hold_all()
    }

    /// The wall clock, as the newsroom reads it.
    pub fn now(&self) -> Timestamp {
        self.room.clock.now()
    }

    /// Puts bytes through all seven steps and returns what became of each version.
    ///
    /// # Errors
    /// The feed is unknown, or the bytes could not be made durable.
    pub async fn publish(
        &self,
        feed: &FeedId,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<(TransmissionId, Vec<Outcome>), CommandError> {
        let Some(rules) = self.room.config.feed(feed) else {
            return Err(CommandError::UnknownFeed(feed.to_string()));
        };
        if bytes.len() as u64 > rules.max_bytes {
            let (has, may) = (bytes.len(), rules.max_bytes);
            let why = format!("`{name}` has {has} bytes, `max_bytes` of feed `{feed}` allows {may}");
            return Err(CommandError::Refused(why));
        }
        let (done, outcomes) = oneshot::channel();
        let door = Door::Command { name: name.to_owned() };
        let archived = self
            .intake
            .arrive(&self.room, feed, door, bytes, false, Some(done))
            .await
            .map_err(CommandError::NotTaken)?;
        let outcomes = outcomes.await.map_err(|_| CommandError::Stopping)?;
        Ok((archived.id(), outcomes))
    }

    /// Carries out an operator's order and returns when it is recorded and the outputs follow it.
    ///
    /// # Errors
    /// The desk refuses, or the newsroom stops.
    pub async fn order(&self, order: Order) -> Result<Vec<Outcome>, CommandError> {
        if self.room.is_stopping() {
            return Err(CommandError::Stopping);
        }
        let (reply, answer) = oneshot::channel();
        let killed = match &order {
            Order::Item { key, command: Command::Kill { .. }, .. } => Some(key.clone()),
            _ => None,
        };
        self.room.tray.put_urgent(Event::Order(order, reply));
        let mut outcomes = answer.await.map_err(|_| CommandError::Stopping)??;
        if let Some(key) = killed
            && !self.confirmed(&key).await
        {
            outcomes.iter_mut().for_each(|outcome| outcome.unconfirmed = true);
        }
        Ok(outcomes)
    }

    /// Which item an operator means: a uri, alone or with its agency, or a story's address.
    ///
    /// # Errors
    /// Nothing is known by that name, or several things are.
    pub fn find(&self, uri: &str, agency: Option<&str>) -> Result<ItemKey, CommandError> {
        if let Some(key) = self.find_by_address(uri)? {
            return match agency {
                Some(agency) if key.agency.as_str() != agency => {
                    Err(CommandError::UnknownItem(uri.to_owned()))
                }
                _ => Ok(key),
            };
        }
        if let Some(agency) = agency {
            let key = ItemKey { agency: AgencyId::from(agency), uri: uri.to_owned() };
            // A kill remembered for an agency that does not exist would look like a kill that was done.
            let known =
                self.room.config.agency(&key.agency).is_some() || self.room.store.story(&key)?.is_some();
            return if known { Ok(key) } else { Err(CommandError::UnknownAgency(agency.to_owned())) };
        }
        let mut rows = self.room.store.by_uri(uri)?;
        match rows.len() {
            0 => match self.room.config.only_agency() {
                Some(agency) => Ok(ItemKey { agency: agency.clone(), uri: uri.to_owned() }),
                None => Err(CommandError::UnknownItem(uri.to_owned())),
            },
            1 => Ok(rows.remove(0).key),
            _ => {
                let agencies =
                    rows.iter().map(|row| row.key.agency.to_string()).collect::<Vec<_>>().join(", ");
                Err(CommandError::Ambiguous { uri: uri.to_owned(), agencies })
            }
        }
    }

    fn find_by_address(&self, address: &str) -> Result<Option<ItemKey>, CommandError> {
        for site in self.room.config.sites() {
            let story = address.strip_prefix(site.base_url()).and_then(|rest| rest.strip_prefix("/s/"));
            if let Some(story) = story {
                // Where nothing stands at an address of ours, it is no uri either, and no kill is remembered for it.
                let unknown = || CommandError::UnknownItem(address.to_owned());
                let id = story.get(..26).and_then(|id| id.parse::<ItemId>().ok()).ok_or_else(unknown)?;
                let row = self.room.store.placed(site.id(), id)?;
                return row.map(|row| Some(row.key)).ok_or_else(unknown);
            }
        }
        Ok(None)
    }

    /// Copies the store, while it runs, into an empty folder.
    ///
    /// # Errors
    /// The folder is not empty or cannot be written.
    pub fn backup(&self, to: &std::path::Path) -> Result<(), CommandError> {
        self.room
            .notary
            .remember(&self.room.store)
            .map_err(|error| CommandError::Refused(error.to_string()))?;
        self.room.store.backup(to)?;
        Ok(())
    }

    /// Removes from the archive what the contracts no longer allow to keep. A feed that has left the configuration has
    /// no contract any more: what it brought and was read is kept as long as it is without one.
    pub fn purge(&self) {
        self.erase_again();
        let room = &self.room;
        if let Err(error) = seal::let_go(room) {
            tracing::error!("destroying what was sealed for long enough: {error}");
        }
        let feeds = match room.store.feeds() {
            Ok(feeds) => feeds,
            Err(error) => return tracing::error!("removing what is old from the archive: {error}"),
        };
        for feed in feeds {
            let Some(keep) = room.config.archive_for(&feed) else { continue };
            let before = room.clock.now().saturating_sub(keep).unwrap_or(Timestamp::MIN);
            if let Err(error) = room.store.purge(&feed, before) {
                tracing::error!(%feed, "removing what is older than {keep:#} from the archive: {error}");
            }
        }
    }

    /// Where the control socket belongs.
    pub fn socket(config: &Config) -> PathBuf {
        config.store_path().join("socket")
    }

    /// Stops: what is in the tray stays unread in the archive and is taken up at the next start.
    pub fn stop(&self) {
        self.room.stopping.store(true, Ordering::SeqCst);
        self.room.tray.put_urgent(Event::Stop);
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        // The archive's thread ends when the last door drops its handle; only the desk is waited for.
        if !threads.is_empty() {
            let _ = threads.remove(0).join();
        }
    }
}

/// Brings a backup into an empty store; each of its sites opens a new log shard.
///
/// # Errors
/// The store is not empty, or the backup is damaged.
pub fn restore(from: &std::path::Path, config: &Config) -> Result<(), OpenNewsroomError> {
    let now = Clock::default().now();
    store::restore(from, config.store_path(), now)?;
    notary::keep_clear(config, &Store::open(config.store_path(), Access::Write)?, now)?;
    Ok(())
}

/// Opens a new shard of every site's log, on a store that nobody runs on: what follows is signed in a log of its own, and
/// the old one ends where it is. Returns each site with its new shard.
///
/// # Errors
/// The store is in use, or cannot be written.
pub fn new_shard(config: &Config, why: &str) -> Result<Vec<(SiteId, u32)>, OpenNewsroomError> {
    let store = Store::open(config.store_path(), Access::Write)?;
    Ok(notary::open_shards(config, &store, why, Clock::default().now())?)
}

/// Makes a new secret key for the log, in the file that the configuration names. Returns the file.
///
/// # Errors
/// There is one already, or the file cannot be written.
pub fn new_key(config: &Config) -> Result<PathBuf, LogError> {
    notary::make_key(&config.log.key_file)?;
    Ok(config.log.key_file.clone())
}

/// The public keys of the sites' current shards, from the secret key's file or the environment; with `next`, of those that
/// will follow at the turn of the year, for witnesses to know beforehand.
///
/// # Errors
/// There is no key, or the store cannot be read.
pub fn public_keys(config: &Config, next: bool) -> Result<Vec<(SiteId, String)>, OpenNewsroomError> {
    let store = match Store::open(config.store_path(), Access::Read) {
        Err(OpenStoreError::Missing { .. }) => None,
        store => Some(store?),
    };
    Ok(notary::public_keys(config, store.as_ref(), next, Clock::default().now())?)
}

/// Makes a new secret key and opens a new shard that is signed with it; the old key is kept beside it, under another
/// name. Returns each site with its new shard.
///
/// # Errors
/// The store is in use, the key comes from the environment, or a file cannot be written.
pub fn rotate_key(config: &Config) -> Result<Vec<(SiteId, u32)>, OpenNewsroomError> {
    let store = Store::open(config.store_path(), Access::Write)?;
    Ok(notary::rotate(config, &store, Clock::default().now())?)
}

/// Makes the last checkpoints durable about once a second, for as long as the newsroom is there.
fn sync_log(room: &std::sync::Weak<Room>) {
    loop {
        std::thread::sleep(std::time::Duration::from_secs(1));
        let Some(room) = room.upgrade() else { return };
        if let Err(error) = room.notary.sync() {
            return room.fail(&error.to_string());
        }
    }
}

/// Whether the disk has a little space, and beyond it some for so many bytes.
fn has_space(path: &std::path::Path, bytes: u64) -> bool {
    let needed = (4 << 20) + bytes.saturating_mul(2);
    rustix::fs::statvfs(path).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) > needed)
}

impl lines::Intake for Newsroom {
    type Archived = Archived;

    async fn arrive(
        &self,
        feed: &FeedId,
        door: Door,
        bytes: Vec<u8>,
        first_contact: bool,
    ) -> Result<Archived, Refused> {
        let size = bytes.len() as u64;
        let archived = self.intake.arrive(&self.room, feed, door, bytes, first_contact, None).await?;
        self.room.health.worked(feed, self.room.clock.now(), size);
        Ok(archived)
    }

    async fn cursor(&self, feed: &FeedId) -> Option<String> {
        self.room.store.feed_state(feed).unwrap_or_else(|error| {
            tracing::error!(%feed, "reading the feed's cursor: {error}");
            None
        })
    }

    async fn save_cursor(
        &self,
        feed: &FeedId,
        _after: Option<&Archived>,
        cursor: String,
    ) -> Result<(), Refused> {
        self.room
            .store
            .save_feed_state(feed, &cursor)
            .map_err(|error| if error.is_full() { Refused::Full } else { Refused::Fatal(error.to_string()) })
    }

    fn health(&self, feed: &FeedId, event: lines::Health) {
        let now = self.room.clock.now();
        match event {
            lines::Health::Ok { remark, .. } => {
                self.room.health.worked(feed, now, 0);
                if let Some(remark) = remark {
                    tracing::info!(%feed, "{remark}");
                }
            }
            lines::Health::Failed { what, .. } => {
                tracing::warn!(%feed, "{what}");
                self.room.health.failed(feed, now, what);
            }
        }
    }

    fn now(&self) -> Timestamp {
        self.room.clock.now()
    }

    fn random(&self) -> u64 {
        u64::from_le_bytes(chance::bytes())
    }
}
