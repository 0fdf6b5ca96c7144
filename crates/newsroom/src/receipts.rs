//! What was killed, withheld or has expired, and whose outputs have not all confirmed: each is asked as an outside reader
//! would ask, until all have.
//!
//! Who asks is another room's matter ([`Newsroom::withdrawn`], [`Newsroom::confirm`]); what was found is recorded, and
//! what was not confirmed before the process ended is asked again after its next start.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use news::{ItemId, ItemKey, ItemStanding, SiteId};
use store::{Fact, Index as _, OutputRow, StoreError};
use tokio::sync::{Notify, watch};

use crate::clock::Since;
use crate::main_loop::Event;
use crate::{Newsroom, Room, readers};

/// How many are asked about at one time.
const AT_ONCE: usize = 256;
/// How many unconfirmed ones a start takes up.
const TAKEN_UP: usize = 10_000;
/// And of what was withheld or expired, only since so long ago: there may be millions, and each start asks.
const LATELY: SignedDuration = SignedDuration::from_hours(24);
/// How long an order to kill waits for the confirmations.
const WITHIN: Duration = Duration::from_secs(10);

/// An item that went from one site, to be asked about.
#[derive(Clone, Debug)]
pub struct Withdrawn {
    /// The item.
    pub key: ItemKey,
    /// The site.
    pub site: SiteId,
    /// Its identifier there.
    pub id: ItemId,
    /// The sections that it stood in.
    pub sections: Vec<String>,
    /// Its last headline, by which a search would find it. Kept in memory alone: after a restart nobody knows it.
    pub headline: Option<String>,
    /// Where it stands: killed, withheld or expired.
    standing: ItemStanding,
    /// When we knew of it.
    pub since: Timestamp,
    /// How often it was asked about in vain.
    tries: u32,
    /// Whether the contract's deadline passed, and the operator was told.
    late: bool,
}

/// What an outside reader found in one place.
#[derive(Clone, Debug)]
pub struct Output {
    /// Which place: `page`, `rss`, `sitemap`.
    pub name: String,
    /// What is wrong there, if anything.
    pub wrong: Option<String>,
}

#[derive(Default)]
struct Open {
    /// To be asked about now.
    waiting: Vec<Withdrawn>,
    /// All that is not confirmed, with how many sites of it.
    pending: HashMap<ItemKey, usize>,
    /// The headlines of what is about to fall.
    headlines: HashMap<ItemKey, String>,
}

/// The kills that are not confirmed.
pub(crate) struct Receipts {
    open: Mutex<Open>,
    filled: Notify,
    /// Counts up with each confirmation; nobody listens on it as long as nobody asks.
    confirmed: watch::Sender<u64>,
    asking: std::sync::atomic::AtomicBool,
}

impl Default for Receipts {
    fn default() -> Self {
        Self {
            open: Mutex::default(),
            filled: Notify::new(),
            confirmed: watch::Sender::new(0),
            asking: std::sync::atomic::AtomicBool::new(false),
        }
    }
}

/// The word for what was done, as in the public log.
pub(crate) fn word(standing: ItemStanding) -> &'static str {
    match standing {
        ItemStanding::Withheld => "withhold",
        ItemStanding::Expired => "expire",
        ItemStanding::Killed | ItemStanding::Live(_) | ItemStanding::Unpublished => "kill",
    }
}

impl Receipts {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The item is about to fall; this is what it was called.
    pub(crate) fn note_headline(&self, key: &ItemKey, headline: String) {
        self.open().headlines.insert(key.clone(), headline);
    }

    /// It is in the record: from now on it is asked about.
    pub(crate) fn went(
        &self,
        key: &ItemKey,
        placements: &[store::Placement],
        standing: ItemStanding,
        since: Timestamp,
    ) {
        let mut open = self.open();
        let headline = open.headlines.remove(key);
        for placement in placements {
            open.waiting.push(Withdrawn {
                key: key.clone(),
                site: placement.site.clone(),
                id: placement.id,
                sections: placement.sections.clone(),
                headline: headline.clone(),
                standing,
                since,
                tries: 0,
                late: false,
            });
        }
        if !placements.is_empty() {
            *open.pending.entry(key.clone()).or_default() += placements.len();
        }
        drop(open);
        self.filled.notify_one();
    }

    /// What went before the start and is not confirmed.
    pub(crate) fn take_up(&self, room: &Room) -> Result<(), StoreError> {
        let since = room.clock.now().saturating_sub(LATELY).unwrap_or(Timestamp::MIN);
        for line in room.store.unconfirmed(since, TAKEN_UP)? {
            let open: Vec<store::Placement> = line
                .placements
                .iter()
                .filter(|placement| room.config.site(&placement.site).is_some())
                .filter(|placement| !line.receipt(&placement.site).is_some_and(|receipt| receipt.ok))
                .cloned()
                .collect();
            self.went(&line.key, &open, line.standing, line.at);
        }
        Ok(())
    }

    /// Kills of which some output has not confirmed yet.
    pub(crate) fn pending(&self) -> usize {
        self.open().pending.len()
    }

    pub(crate) fn take(&self) -> Vec<Withdrawn> {
        let mut open = self.open();
        // Ten thousand licences that end at one instant must not keep a kill waiting.
        open.waiting.sort_by_key(|one| one.standing != ItemStanding::Killed);
        let most = open.waiting.len().min(AT_ONCE);
        open.waiting.drain(..most).collect()
    }

    /// Whoever was asked is asked again.
    pub(crate) fn ask_again(&self, withdrawn: Withdrawn) {
        self.open().waiting.push(withdrawn);
        self.filled.notify_one();
    }

    fn is_pending(&self, key: &ItemKey) -> bool {
        self.open().pending.contains_key(key)
    }
}

impl Newsroom {
    /// Waits until there is something to be asked about, and gives all there is, kills first.
    pub async fn withdrawn(&self) -> Vec<Withdrawn> {
        let receipts = &self.room.receipts;
        receipts.asking.store(true, std::sync::atomic::Ordering::SeqCst);
        loop {
            let filled = receipts.filled.notified();
            let taken = receipts.take();
            if !taken.is_empty() {
                return taken;
            }
            filled.await;
        }
    }

    /// The number of the sitemap in which a story of a site stands while it is live; none of what never came there.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn sitemap_of(&self, site: &SiteId, id: ItemId) -> Result<Option<u32>, StoreError> {
        self.room.store.sitemap_of(site, id, readers::SITEMAP)
    }

    /// Takes down what was found about an item that went. What is not as it should be is asked again; the operator is told at
    /// the first time, and once the contract's deadline has passed.
    pub fn confirm(&self, withdrawn: Withdrawn, outputs: &[Output]) {
        let Some((withdrawn, pause)) = self.hear(withdrawn, outputs) else { return };
        let room = Arc::clone(&self.room);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            room.receipts.ask_again(withdrawn);
        });
    }

    /// The same; what is to be asked again comes back, with how long that is to wait.
    pub(crate) fn hear(&self, mut withdrawn: Withdrawn, outputs: &[Output]) -> Option<(Withdrawn, Duration)> {
        let room = &self.room;
        let now = room.clock.now();
        let stands = room.store.story(&withdrawn.key).ok().flatten().map(|row| row.standing);
        if stands.is_some_and(|stands| stands != withdrawn.standing) {
            // It is back, or went for a graver reason, of which it is asked by itself.
            self.settle(&withdrawn.key);
            return None;
        }
        let after = now.duration_since(withdrawn.since).max(SignedDuration::ZERO);
        let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        let wrong: Vec<String> = outputs
            .iter()
            .filter_map(|output| Some(format!("{} ({})", output.name, output.wrong.as_ref()?)))
            .collect();
        let ok = wrong.is_empty();
        let (uri, site) = (&withdrawn.key.uri, &withdrawn.site);
        let detail = if ok {
            format!("gone from all {} outputs after {after_ms} ms", outputs.len())
        } else {
            format!("not gone from {}", wrong.join(", "))
        };
        if ok || withdrawn.tries == 0 {
            let row = |output: &Output| OutputRow {
                output: output.name.clone(),
                ok: output.wrong.is_none(),
                after_ms,
            };
            let fact = Fact::Receipt {
                key: withdrawn.key.clone(),
                outlet: format!("site:{site}"),
                what: word(withdrawn.standing).to_owned(),
                revision: None,
                ok,
                detail: detail.clone(),
                outputs: outputs.iter().map(row).collect(),
            };
            room.tray.put_fresh(Event::Receipts(vec![fact]));
        }
        let killed = withdrawn.standing == ItemStanding::Killed;
        let allowed = self.kill_within(&withdrawn.key).filter(|_| killed);
        let late = allowed.is_some_and(|allowed| after > allowed) && !withdrawn.late;
        if late {
            let allowed = allowed.unwrap_or_default();
            let what = format!("{uri}: the contract allows {allowed:#} for a kill on site {site}; {detail}");
            tracing::error!("{what}");
            room.health.alarm(now, what);
        } else if !ok && withdrawn.tries == 0 {
            let done = withdrawn.standing.as_str();
            let what = format!("{uri}: {done}, but on site {site} {detail}; it is asked again and again");
            tracing::error!("{what}");
            room.health.alarm(now, what);
        }
        if ok {
            self.settle(&withdrawn.key);
            return None;
        }
        withdrawn.tries += 1;
        withdrawn.late |= late;
        let pause = Duration::from_millis(50 << withdrawn.tries.min(9));
        Some((withdrawn, pause))
    }

    /// Nothing is left to be asked about an item on one site.
    fn settle(&self, key: &ItemKey) {
        let receipts = &self.room.receipts;
        let mut open = receipts.open();
        if let Some(left) = open.pending.get_mut(key) {
            *left -= 1;
            if *left == 0 {
                open.pending.remove(key);
            }
        }
        drop(open);
        self.something_was_confirmed();
    }

    /// Within how long the contract wants a kill confirmed.
    pub(crate) fn kill_within(&self, key: &ItemKey) -> Option<SignedDuration> {
        let row = self.room.store.story(key).ok().flatten()?;
        self.room.config.contract(&key.agency, &row.feeds).kill_within
    }

    /// Waits until all outputs have confirmed a kill. Returns whether they have; at once if nobody asks them.
    pub(crate) async fn confirmed(&self, key: &ItemKey) -> bool {
        let receipts = &self.room.receipts;
        let asking = receipts.asking.load(std::sync::atomic::Ordering::SeqCst);
        let is_open = || asking && receipts.is_pending(key) || self.room.outlets.has_open_kill(key);
        let mut changes = receipts.confirmed.subscribe();
        let begun = Since::now();
        while is_open() {
            let left = WITHIN.saturating_sub(begun.elapsed());
            if left.is_zero() || tokio::time::timeout(left, changes.changed()).await.is_err() {
                return !is_open();
            }
        }
        true
    }

    /// Whoever waits for a confirmation looks again.
    pub(crate) fn something_was_confirmed(&self) {
        self.room.receipts.confirmed.send_modify(|count| *count += 1);
    }

    /// How many kills some output has not confirmed yet.
    pub fn unconfirmed(&self) -> usize {
        self.room.receipts.pending()
    }
}
