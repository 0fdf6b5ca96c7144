//! What readers may see, at any moment: the record, less what is denied, pressed and gated.
//!
//! Everything here is derived and can be thrown away. Two rules keep it honest. What is **denied** is never
//! answered, whatever cache or index still says; a kill denies before anything else happens. And nothing enters
//! the cache that was read from the record before the item was last **touched**.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;
use news::{ItemId, SiteId};

/// Of how many stories, and how many lists, rendered pages are kept. A page is 10–40 KB.
const PAGES: usize = 4_096;
/// How many touches are remembered one by one before all rendering that began earlier is distrusted.
const TOUCHES: usize = 65_536;

/// What a reader asks for on one site.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// The front page, from this many items on.
    Front(usize),
    /// A section's page, from this many items on.
    Section(String, usize),
    /// A story's page.
    Story(ItemId),
    /// Its ninjs.
    StoryJson(ItemId),
    /// Its canonical text.
    StoryTxt(ItemId),
    /// Its history.
    History(ItemId),
    /// RSS, of the site or of a section.
    Rss(Option<String>),
    /// Atom, of the site or of a section.
    Atom(Option<String>),
    /// JSON Feed, of the site or of a section.
    JsonFeed(Option<String>),
    /// `sitemap.xml`, or one of the sitemaps that it lists.
    Sitemap(Option<u32>),
    /// The news sitemap: the last two days.
    NewsSitemap,
    /// `robots.txt`.
    Robots,
    /// What the labels and promises mean.
    Policy,
    /// A search.
    Search(String),
}

impl Ask {
    /// The story asked for, if it is one.
    pub fn item(&self) -> Option<ItemId> {
        match self {
            Ask::Story(id) | Ask::StoryJson(id) | Ask::StoryTxt(id) | Ask::History(id) => Some(*id),
            _ => None,
        }
    }

    /// Searches are asked in too many words to be worth keeping.
    fn kept(&self) -> bool {
        !matches!(self, Ask::Search(_))
    }
}

/// Bytes ready to be sent.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The media type, with charset.
    pub media_type: &'static str,
    /// The bytes; clones share them.
    pub body: Bytes,
    /// A strong entity tag: the first 16 bytes of the body's SHA-256, quoted.
    pub etag: String,
    /// Whether search engines are asked to keep away.
    pub noindex: bool,
}

impl Sheet {
    pub(crate) fn new(page: press::Gated<press::Page>, noindex: bool) -> Self {
        let page = page.into_inner();
        let tag = news::Digest::of(&page.body).to_string();
        Self {
            media_type: page.media_type,
            etag: format!("\"{}\"", &tag[..32]),
            body: page.body.into(),
            noindex,
        }
    }
}

/// What a reader gets.
#[derive(Clone, Debug)]
pub enum Answer {
    /// 200.
    Live(Sheet),
    /// 410: it was public and is killed, withheld or expired.
    Gone(Sheet),
    /// 404: it never was public.
    Missing(Sheet),
    /// 503: the record could not be read, or the page does not carry the words it should.
    Unfit,
}

/// A moment in the life of the record, taken before rendering begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    generation: u64,
    denials: u64,
}

#[derive(Default)]
struct Touched {
    items: HashMap<ItemId, u64>,
    /// Everything rendered from an earlier moment is distrusted.
    floor: u64,
}

/// The kept sheets of one story.
type StorySheets = HashMap<(SiteId, Ask), Sheet>;

/// Caches and denials of all sites.
#[derive(Default)]
pub(crate) struct Public {
    denied: RwLock<HashSet<(SiteId, ItemId)>>,
    generation: AtomicU64,
    denials: AtomicU64,
    touched: RwLock<Touched>,
    stories: RwLock<HashMap<ItemId, StorySheets>>,
    lists: RwLock<HashMap<(SiteId, Ask), (u64, Sheet)>>,
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Public {
    /// From now on nothing of this item is answered, whatever anything else says.
    pub(crate) fn deny(&self, site: &SiteId, id: ItemId) {
        write(&self.denied).insert((site.clone(), id));
        self.denials.fetch_add(1, Ordering::SeqCst);
        self.touch(id);
    }

    /// Whether anything was denied, or a denial lifted, since: then what was rendered meanwhile may hold words that
    /// must not go out.
    pub(crate) fn denied_since(&self, moment: Moment) -> bool {
        self.denials.load(Ordering::SeqCst) != moment.denials
    }

    /// The record says it now: the denial has done its work.
    ///
    /// Whoever read the record before it said so, and looks for the denial only after it is lifted, would show what is
    /// withdrawn: so every answer that is being made now is made again.
    pub(crate) fn undeny(&self, site: &SiteId, id: ItemId) {
        if self.is_denied(site, id) {
            self.denials.fetch_add(1, Ordering::SeqCst);
            write(&self.denied).remove(&(site.clone(), id));
        }
        self.touch(id);
    }

    /// Whether it is denied.
    pub(crate) fn is_denied(&self, site: &SiteId, id: ItemId) -> bool {
        read(&self.denied).contains(&(site.clone(), id))
    }

    /// An item's standing or words changed: its pages and every list are out of date.
    pub(crate) fn touch(&self, id: ItemId) {
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        let mut touched = write(&self.touched);
        if touched.items.len() >= TOUCHES {
            touched.items.clear();
            touched.floor = generation;
        }
        touched.items.insert(id, generation);
        drop(touched);
        write(&self.stories).remove(&id);
    }

    /// Throws every page away (a rebuilt index, another theme).
    pub(crate) fn forget_all(&self) {
        let generation = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        write(&self.touched).floor = generation;
        write(&self.stories).clear();
        write(&self.lists).clear();
    }

    /// The moment before rendering begins.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            generation: self.generation.load(Ordering::SeqCst),
            denials: self.denials.load(Ordering::SeqCst),
        }
    }

    /// A kept sheet that is still true.
    pub(crate) fn kept(&self, site: &SiteId, ask: &Ask) -> Option<Sheet> {
        let key = (site.clone(), ask.clone());
        match ask.item() {
            Some(id) if self.is_denied(site, id) => None,
            Some(id) => read(&self.stories).get(&id)?.get(&key).cloned(),
            None => {
                let generation = self.generation.load(Ordering::SeqCst);
                read(&self.lists)
                    .get(&key)
                    .filter(|(at, _)| *at == generation)
                    .map(|(_, sheet)| sheet.clone())
            }
        }
    }

    /// Keeps a sheet rendered from the record as of `moment`, if nothing it shows has changed since.
    pub(crate) fn keep(&self, site: &SiteId, ask: Ask, moment: Moment, sheet: &Sheet) {
        if !ask.kept() {
            return;
        }
        let key = (site.clone(), ask);
        let Some(id) = key.1.item() else {
            let mut lists = write(&self.lists);
            if lists.len() >= PAGES {
                lists.clear();
            }
            lists.insert(key, (moment.generation, sheet.clone()));
            return;
        };
        let mut stories = write(&self.stories);
        // Checked under the lock that `touch` needs to drop the pages: a touch comes either before this look, and
        // is seen, or after the insertion, and drops it.
        let touched = read(&self.touched);
        let fresh = touched.floor <= moment.generation
            && touched.items.get(&id).is_none_or(|at| *at <= moment.generation);
        if fresh && !self.is_denied(site, id) {
            if stories.len() >= PAGES {
                stories.clear();
            }
            stories.entry(id).or_default().insert(key, sheet.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet {
            media_type: "text/plain",
            body: Bytes::from_static(b"words"),
            etag: String::new(),
            noindex: false,
        }
    }

    const ID: fn() -> ItemId = || ItemId::from_bits(7);

    #[test]
    fn a_page_rendered_before_the_kill_is_not_kept_after_it() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        let before = public.moment();
        public.deny(&site, ID());
        public.keep(&site, Ask::Story(ID()), before, &sheet());
        public.undeny(&site, ID());
        public.keep(&site, Ask::Story(ID()), before, &sheet());
        assert!(public.kept(&site, &Ask::Story(ID())).is_none());
        public.keep(&site, Ask::Story(ID()), public.moment(), &sheet());
        assert!(public.kept(&site, &Ask::Story(ID())).is_some());
    }

    #[test]
    fn whoever_renders_learns_of_a_kill_meanwhile() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        let before = public.moment();
        public.touch(ID());
        assert!(!public.denied_since(before));
        public.deny(&site, ID());
        assert!(public.denied_since(before));
        assert!(!public.denied_since(public.moment()));
    }

    #[test]
    fn whoever_read_the_record_before_the_kill_asks_again_when_the_denial_is_lifted() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        public.deny(&site, ID());
        let reading = public.moment();
        public.undeny(&site, ID());
        assert!(public.denied_since(reading), "the row that was read still said live");
        let reading = public.moment();
        public.undeny(&site, ID());
        assert!(!public.denied_since(reading), "nothing was denied, nobody is disturbed");
    }

    #[test]
    fn a_list_rendered_before_a_change_is_not_answered_after_it() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        public.keep(&site, Ask::Front(0), public.moment(), &sheet());
        assert!(public.kept(&site, &Ask::Front(0)).is_some());
        public.touch(ID());
        assert!(public.kept(&site, &Ask::Front(0)).is_none());
    }

    #[test]
    fn a_kept_page_is_not_answered_while_denied() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        public.keep(&site, Ask::Story(ID()), public.moment(), &sheet());
        write(&public.denied).insert((site.clone(), ID()));
        assert!(public.kept(&site, &Ask::Story(ID())).is_none());
    }

    #[test]
    fn forgetting_touches_distrusts_everything_older() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        let before = public.moment();
        (0..=TOUCHES as u128).for_each(|n| public.touch(ItemId::from_bits(n + 100)));
        public.keep(&site, Ask::Story(ID()), before, &sheet());
        assert!(public.kept(&site, &Ask::Story(ID())).is_none());
    }
}
