//! Kills whose outputs have not all confirmed: each is asked as an outside reader would ask, until all have.
//!
//! Who asks is another room's matter ([`Newsroom::withdrawn`], [`Newsroom::confirm`]); what was found is recorded, and
//! what was not confirmed before the process ended is asked again after its next start.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use news::{ItemId, ItemKey, SiteId};
use store::{Fact, Index as _, OutputRow, StoreError};
use tokio::sync::{Notify, watch};

use crate::clock::Since;
use crate::main_loop::Event;
use crate::{Newsroom, Room};

/// How many kills are asked about at one time.
const AT_ONCE: usize = 256;
/// How many unconfirmed kills a start takes up.
const TAKEN_UP: usize = 10_000;
/// How long an order to kill waits for the confirmations.
const WITHIN: Duration = Duration::from_secs(10);

/// A killed item on one site, to be asked about.
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
    /// When we knew of the kill.
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

impl Receipts {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The item is about to fall; this is what it was called.
    pub(crate) fn note_headline(&self, key: &ItemKey, headline: String) {
        self.open().headlines.insert(key.clone(), headline);
    }

    /// The kill is in the record: from now on it is asked about.
    pub(crate) fn fell(&self, key: &ItemKey, placements: &[store::Placement], since: Timestamp) {
        let mut open = self.open();
        let headline = open.headlines.remove(key);
        for placement in placements {
            open.waiting.push(Withdrawn {
                key: key.clone(),
                site: placement.site.clone(),
                id: placement.id,
                sections: placement.sections.clone(),
                headline: headline.clone(),
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

    /// What was killed before the start and is not confirmed.
    pub(crate) fn take_up(&self, room: &Room) -> Result<(), StoreError> {
        for line in room.store.unconfirmed(TAKEN_UP)? {
            let open: Vec<store::Placement> = line
                .placements
                .iter()
                .filter(|placement| room.config.site(&placement.site).is_some())
                .filter(|placement| !line.receipt(&placement.site).is_some_and(|receipt| receipt.ok))
                .cloned()
                .collect();
            self.fell(&line.key, &open, line.at);
        }
        Ok(())
    }

    /// Kills of which some output has not confirmed yet.
    pub(crate) fn pending(&self) -> usize {
        self.open().pending.len()
    }

    pub(crate) fn take(&self) -> Vec<Withdrawn> {
        let mut open = self.open();
        let most = open.waiting.len().min(AT_ONCE);
        open.waiting.drain(..most).collect()
    }

    fn is_pending(&self, key: &ItemKey) -> bool {
        self.open().pending.contains_key(key)
    }
}

impl Newsroom {
    /// Waits until there are kills to be asked about, and gives all of them there are.
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

    /// Takes down what was found about a kill. What is not as it should be is asked again; the operator is told at
    /// the first time, and once the contract's deadline has passed.
    pub fn confirm(&self, mut withdrawn: Withdrawn, outputs: &[Output]) {
        let room = &self.room;
        let now = room.clock.now();
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
            room.tray.put(Event::Receipt(Fact::Receipt {
                key: withdrawn.key.clone(),
                outlet: format!("site:{site}"),
                what: "kill".to_owned(),
                ok,
                detail: detail.clone(),
                outputs: outputs.iter().map(row).collect(),
            }));
        }
        let allowed = self.kill_within(&withdrawn.key);
        let late = allowed.is_some_and(|allowed| after > allowed) && !withdrawn.late;
        if late {
            let allowed = allowed.unwrap_or_default();
            let what = format!("{uri}: the contract allows {allowed:#} for a kill on site {site}; {detail}");
            tracing::error!("{what}");
            room.health.alarm(now, what);
        } else if !ok && withdrawn.tries == 0 {
            let what = format!("{uri}: killed, but on site {site} {detail}; it is asked again and again");
            tracing::error!("{what}");
            room.health.alarm(now, what);
        }
        if ok {
            let mut open = room.receipts.open();
            if let Some(left) = open.pending.get_mut(&withdrawn.key) {
                *left -= 1;
                if *left == 0 {
                    open.pending.remove(&withdrawn.key);
                }
            }
            drop(open);
            room.receipts.confirmed.send_modify(|count| *count += 1);
            return;
        }
        withdrawn.tries += 1;
        withdrawn.late |= late;
        let pause = Duration::from_millis(50 << withdrawn.tries.min(9));
        let room = Arc::clone(room);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            room.receipts.open().waiting.push(withdrawn);
            room.receipts.filled.notify_one();
        });
    }

    /// Within how long the contract wants a kill confirmed.
    fn kill_within(&self, key: &ItemKey) -> Option<SignedDuration> {
        let row = self.room.store.story(key).ok().flatten()?;
        self.room.config.contract(&key.agency, &row.feeds).kill_within
    }

    /// Waits until all outputs have confirmed a kill. Returns whether they have; at once if nobody asks them.
    pub(crate) async fn confirmed(&self, key: &ItemKey) -> bool {
        let receipts = &self.room.receipts;
        if !receipts.asking.load(std::sync::atomic::Ordering::SeqCst) {
            return true;
        }
        let mut changes = receipts.confirmed.subscribe();
        let begun = Since::now();
        while receipts.is_pending(key) {
            let left = WITHIN.saturating_sub(begun.elapsed());
            if left.is_zero() || tokio::time::timeout(left, changes.changed()).await.is_err() {
                return !receipts.is_pending(key);
            }
        }
        true
    }

    /// How many kills some output has not confirmed yet.
    pub fn unconfirmed(&self) -> usize {
        self.room.receipts.pending()
    }
}
