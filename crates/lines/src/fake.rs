//! A newsroom for tests: it keeps what arrives in memory, and can refuse, fail or let everybody wait.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use news::{Door, FeedId};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{Health, Intake, Refused};

/// One delivery, as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) door: Door,
    pub(crate) bytes: Vec<u8>,
    pub(crate) first_contact: bool,
}

impl Came {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("tests send text")
    }
}

/// What the newsroom saw happen, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Archived(usize),
    Saved { after: Option<usize>, cursor: String },
}

#[derive(Default)]
struct Inner {
    came: Mutex<Vec<Came>>,
    seen: Mutex<Vec<Seen>>,
    cursor: Mutex<Option<String>>,
    health: Mutex<Vec<Health>>,
    refuse: Mutex<Option<Refused>>,
    refuse_cursor: Mutex<Option<Refused>>,
    random: AtomicU64,
}

#[derive(Clone)]
pub(crate) struct Fake {
    inner: Arc<Inner>,
    open: Arc<watch::Sender<bool>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self { inner: Arc::default(), open: Arc::new(watch::Sender::new(true)) }
    }

    /// A newsroom that knows the feed already.
    pub(crate) fn knowing(cursor: &str) -> Self {
        let fake = Self::new();
        *lock(&fake.inner.cursor) = Some(cursor.to_owned());
        fake
    }

    /// Deliveries wait before they are archived, until it is opened.
    pub(crate) fn open(&self, open: bool) {
        self.open.send_replace(open);
    }

    pub(crate) fn refuse(&self, why: Option<Refused>) {
        *lock(&self.inner.refuse) = why;
    }

    pub(crate) fn refuse_cursor(&self, why: Option<Refused>) {
        *lock(&self.inner.refuse_cursor) = why;
    }

    pub(crate) fn came(&self) -> Vec<Came> {
        lock(&self.inner.came).clone()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.came().iter().map(|came| came.text().to_owned()).collect()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        lock(&self.inner.seen).clone()
    }

    pub(crate) fn kept_cursor(&self) -> Option<String> {
        lock(&self.inner.cursor).clone()
    }

    pub(crate) fn healths(&self) -> Vec<Health> {
        lock(&self.inner.health).clone()
    }

    pub(crate) fn troubles(&self) -> Vec<String> {
        let told = |health| if let Health::Failed { what, .. } = health { Some(what) } else { None };
        self.healths().into_iter().filter_map(told).collect()
    }

    /// Waits until it is so; a test that waits in vain fails.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, so: impl Fn(&Self) -> bool) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            for _ in 0..6_000 {
                if so(self) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            panic!("{place}: never came true: {what}; {:?} {:?}", self.came().len(), self.healths().last());
        }
    }
}

impl Intake for Fake {
    type Archived = usize;

    async fn arrive(
        &self,
        _: &FeedId,
        door: Door,
        bytes: Vec<u8>,
        first_contact: bool,
    ) -> Result<usize, Refused> {
        let _ = self.open.subscribe().wait_for(|open| *open).await;
        if let Some(why) = lock(&self.inner.refuse).clone() {
            return Err(why);
        }
        let mut came = lock(&self.inner.came);
        came.push(Came { door, bytes, first_contact });
        let n = came.len() - 1;
        lock(&self.inner.seen).push(Seen::Archived(n));
        Ok(n)
    }

    async fn cursor(&self, _: &FeedId) -> Option<String> {
        self.kept_cursor()
    }

    async fn save_cursor(&self, _: &FeedId, after: Option<&usize>, cursor: String) -> Result<(), Refused> {
        if let Some(why) = lock(&self.inner.refuse_cursor).clone() {
            return Err(why);
        }
        *lock(&self.inner.cursor) = Some(cursor.clone());
        lock(&self.inner.seen).push(Seen::Saved { after: after.copied(), cursor });
        Ok(())
    }

    fn health(&self, _: &FeedId, event: Health) {
        lock(&self.inner.health).push(event);
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 50)
    }

    fn random(&self) -> u64 {
        self.inner.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
    }
}

/// A door at work; it ends with the test.
pub(crate) struct Running {
    stop: watch::Sender<bool>,
    door: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start<F: Future<Output = ()> + Send + 'static>(
        run: impl FnOnce(watch::Receiver<bool>) -> F,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        Self { stop, door: tokio::spawn(run(stopped)) }
    }

    /// Ends it and waits until it has ended.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(20), self.door)
            .await
            .expect("it ends")
            .expect("it does not panic");
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(self) {
        tokio::time::timeout(Duration::from_secs(20), self.door)
            .await
            .expect("it ends")
            .expect("it does not panic");
        drop(self.stop);
    }
}
