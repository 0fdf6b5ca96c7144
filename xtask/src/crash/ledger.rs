//! The outside record: what was sent, and what the program acknowledged. It is kept by those who send, and the
//! program under test never sees it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::wire::{Status, Story};

/// How a door said that it has the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// 201 with this transmission's id.
    Pushed(String),
    /// The file lies in `done/`.
    Done(String),
    /// The poller showed the tag of the body.
    Shown,
    /// `verbatim publish` printed its line.
    Printed,
}

/// One version that was sent, or was about to be.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) story: Story,
    /// When it was acknowledged first, since 1970, and how.
    pub(super) acked: Option<(Duration, Proof)>,
}

/// One item.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    pub(super) uri: String,
    pub(super) sent: Vec<Sent>,
    /// When somebody first wanted it gone: from then on it may be.
    pub(super) kill_asked: Option<Duration>,
    /// When its kill was acknowledged: from then on it must be.
    pub(super) killed: Option<Duration>,
    /// Its address below the site's, once seen; it never changes.
    pub(super) url: Option<String>,
    /// Whether it was looked at since something happened to it.
    pub(super) checked: bool,
}

impl Item {
    /// The place in `sent` of the last version whose arrival was acknowledged.
    pub(super) fn last_acked(&self) -> Option<usize> {
        self.sent.iter().rposition(|sent| sent.acked.is_some() && sent.story.status != Status::Canceled)
    }

    /// Whether a version that may be shown was acknowledged, and nothing keeps the item from being live at this time.
    pub(super) fn must_be_live(&self, now: Duration) -> bool {
        self.kill_asked.is_none()
            && self.sent.iter().any(|sent| sent.acked.is_some())
            && self.sent.iter().all(|sent| match sent.story.status {
                Status::Embargoed(until) => Duration::from_secs(until + 1) < now,
                _ => true,
            })
    }
}

/// See the module. Clones are handles to the same record.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger(Arc<Mutex<Book>>);

#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub(super) items: Vec<Item>,
    by_uri: HashMap<String, usize>,
    /// Mark to item and version.
    by_mark: HashMap<String, (usize, usize)>,
}

impl Book {
    /// What a mark belongs to.
    pub(super) fn owner(&self, mark: &str) -> Option<(&Item, &Sent)> {
        let (item, sent) = self.by_mark.get(mark)?;
        let item = &self.items[*item];
        Some((item, &item.sent[*sent]))
    }

    pub(super) fn item(&self, uri: &str) -> Option<&Item> {
        self.by_uri.get(uri).map(|at| &self.items[*at])
    }

    fn at(&mut self, uri: &str) -> &mut Item {
        let at = *self.by_uri.entry(uri.to_owned()).or_insert_with(|| {
            self.items.push(Item { uri: uri.to_owned(), ..Item::default() });
            self.items.len() - 1
        });
        let item = &mut self.items[at];
        item.checked = false;
        item
    }

    /// How many items and acknowledgements there are: transmitted versions, and kills.
    pub(super) fn count(&self) -> (usize, usize, usize) {
        let acked = self.items.iter().flat_map(|item| &item.sent).filter(|sent| sent.acked.is_some()).count();
        (self.items.len(), acked, self.items.iter().filter(|item| item.killed.is_some()).count())
    }

    /// The record as it was at an earlier time. Addresses are drawn at random when a story is recorded; what was
    /// recorded later may get another.
    pub(super) fn as_of(&self, then: Duration) -> Self {
        let mut book = self.clone();
        for item in &mut book.items {
            item.kill_asked = item.kill_asked.filter(|at| *at < then);
            item.killed = item.killed.filter(|at| *at < then);
            item.sent.iter_mut().for_each(|sent| {
                sent.acked = sent.acked.take().filter(|(at, _)| *at < then);
            });
            item.url = None;
            item.checked = false;
        }
        book
    }
}

impl Ledger {
    pub(super) fn of(book: Book) -> Self {
        Self(Arc::new(Mutex::new(book)))
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Before the first byte of it leaves.
    pub(super) fn sending(&self, stories: &[Story]) {
        let mut book = self.book();
        for story in stories {
            if book.by_mark.contains_key(&story.mark) {
                continue;
            }
            let item = book.at(&story.uri);
            item.sent.push(Sent { story: story.clone(), acked: None });
            if story.status == Status::Canceled {
                item.kill_asked.get_or_insert(super::wire::now());
            }
            let versions = item.sent.len();
            let place = (book.by_uri[&story.uri], versions - 1);
            book.by_mark.insert(story.mark.clone(), place);
        }
    }

    /// The program has said that it has them.
    ///
    /// A kill in them is only known to be carried out after the next start, or once somebody has looked: archived
    /// is not yet decided.
    pub(super) fn acked(&self, stories: &[Story], proof: &Proof) {
        let at = super::wire::now();
        let mut book = self.book();
        for story in stories {
            if let Some((item, sent)) = book.by_mark.get(&story.mark).copied() {
                book.items[item].sent[sent].acked.get_or_insert((at, proof.clone()));
            }
        }
    }

    /// The program has been started since, and reads all that it has acknowledged before it answers: kills that came
    /// as transmissions are in force now.
    pub(super) fn restarted(&self) {
        for item in &mut self.book().items {
            let killed_by =
                item.sent.iter().find(|sent| sent.story.status == Status::Canceled && sent.acked.is_some());
            if let Some(Sent { acked: Some((at, _)), .. }) = killed_by {
                item.killed.get_or_insert(*at);
            }
        }
    }

    /// Before an operator's kill is sent.
    pub(super) fn killing(&self, uri: &str) {
        self.book().at(uri).kill_asked.get_or_insert(super::wire::now());
    }

    /// The operator's kill returned.
    pub(super) fn killed(&self, uri: &str) {
        self.book().at(uri).killed.get_or_insert(super::wire::now());
    }

    /// What was acknowledged from a moment on does not count: it may be true or not. Returns how much that was.
    pub(super) fn doubt(&self, since: Duration) -> usize {
        let mut doubted = 0;
        for item in &mut self.book().items {
            let killed = item.killed.take_if(|at| *at >= since).is_some();
            let acked = |sent: &mut Sent| sent.acked.take_if(|(at, _)| *at >= since).is_some();
            let acked = item.sent.iter_mut().filter_map(|sent| acked(sent).then_some(())).count();
            doubted += acked + usize::from(killed);
            if acked > 0 {
                // Its address may have been drawn for a record that is lost.
                item.url = None;
                item.checked = false;
            }
        }
        doubted
    }

    /// Nothing has happened since to what was acknowledged before this moment.
    pub(super) fn trust_before(&self, then: Duration) {
        for item in &mut self.book().items {
            let acked = item.sent.iter().filter_map(|sent| sent.acked.as_ref()).map(|(at, _)| *at);
            item.checked = acked.chain(item.killed).chain(item.kill_asked).all(|at| at < then);
        }
    }

    /// Somebody has looked at all these.
    pub(super) fn checked(&self, items: &[Item]) {
        let mut book = self.book();
        for item in items {
            if let Some(at) = book.by_uri.get(&item.uri).copied() {
                book.items[at].checked = true;
            }
        }
    }

    /// Notes an item's address. False if it had another.
    pub(super) fn seen_at(&self, uri: &str, url: &str) -> bool {
        let mut book = self.book();
        let Some(at) = book.by_uri.get(uri).copied() else { return true };
        let known = book.items[at].url.get_or_insert_with(|| super::oracle::path(url).to_owned());
        known == super::oracle::path(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crash::chance::Chance;

    #[test]
    fn an_earlier_record_knows_nothing_of_what_came_later() {
        let ledger = Ledger::default();
        let story = Story::new("urn:agx:1", 1, &mut Chance::new(1));
        ledger.sending(std::slice::from_ref(&story));
        ledger.acked(std::slice::from_ref(&story), &Proof::Printed);
        ledger.killing(&story.uri);
        ledger.killed(&story.uri);
        let book = ledger.book().as_of(Duration::ZERO);
        assert_eq!(book.count(), (1, 0, 0));
        assert!(book.items[0].kill_asked.is_none());
        assert_eq!(ledger.book().count(), (1, 1, 1));
        assert_eq!(book.owner(&story.mark).map(|(item, _)| item.uri.as_str()), Some("urn:agx:1"));
    }

    #[test]
    fn what_was_acknowledged_while_the_power_went_does_not_count() {
        let ledger = Ledger::default();
        let stories = [1, 2].map(|n| Story::new(&format!("urn:agx:{n}"), 1, &mut Chance::new(n)));
        ledger.sending(&stories);
        ledger.acked(&stories[..1], &Proof::Printed);
        std::thread::sleep(Duration::from_millis(2));
        let cut = super::super::wire::now();
        ledger.acked(&stories[1..], &Proof::Printed);
        ledger.killed(&stories[1].uri);
        assert_eq!(ledger.doubt(cut), 2);
        assert_eq!(ledger.book().count(), (2, 1, 0));
    }

    #[test]
    fn an_embargoed_item_must_be_live_when_its_time_has_come() {
        let ledger = Ledger::default();
        let story = Story::new("urn:agx:1", 1, &mut Chance::new(1)).with(Status::Embargoed(100));
        ledger.sending(std::slice::from_ref(&story));
        let live = |seconds| ledger.book().items[0].must_be_live(Duration::from_secs(seconds));
        assert!(!live(200), "nobody said that it arrived");
        ledger.acked(std::slice::from_ref(&story), &Proof::Shown);
        assert!(live(200) && !live(100) && !live(50));
    }

    #[test]
    fn a_killing_wire_is_in_force_after_the_next_start() {
        let ledger = Ledger::default();
        let kill = Story::new("urn:agx:1", 2, &mut Chance::new(1)).with(Status::Canceled);
        ledger.sending(std::slice::from_ref(&kill));
        ledger.restarted();
        assert_eq!(ledger.book().items[0].killed, None);
        ledger.acked(std::slice::from_ref(&kill), &Proof::Shown);
        ledger.restarted();
        assert!(ledger.book().items[0].killed.is_some());
    }
}
