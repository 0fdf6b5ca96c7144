//! What readers may see, at any moment: the record, less what is denied, pressed and gated.
//!
//! Everything here is derived and can be thrown away. Two rules keep it honest. What is **denied** is never
//! answered, whatever cache or index still says; a kill denies before anything else happens. And nothing enters
//! the cache that was read from the record before the item was last **touched**.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use bytes::Bytes;
use news::{ItemId, SiteId};

use crate::config::Reach;

/// So many bytes of rendered stories are kept, packed ones included. A page is 10–40 KB, packed 3–10 KB.
const STORIES_MAX: usize = 48 << 20;
/// And so many of lists, feeds and sitemaps.
const LISTS_MAX: usize = 16 << 20;
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

/// How bytes may be packed for their way to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Brotli (RFC 7932).
    Brotli,
    /// Zstandard (RFC 8878).
    Zstd,
    /// Gzip (RFC 1952).
    Gzip,
}

impl Packing {
    /// All of them.
    pub const ALL: [Packing; 3] = [Packing::Brotli, Packing::Zstd, Packing::Gzip];

    /// The word that HTTP has for it, and that ends the entity tag of what is packed so.
    pub fn as_str(self) -> &'static str {
        match self {
            Packing::Brotli => "br",
            Packing::Zstd => "zstd",
            Packing::Gzip => "gzip",
        }
    }
}

/// Packs bytes for their way; what comes out no shorter than it went in is not used.
pub type Packer = fn(Packing, &[u8]) -> Vec<u8>;

/// One form of a sheet's bytes: as they are, or packed.
#[derive(Clone, Debug)]
pub struct Form {
    /// The bytes; clones share them.
    pub body: Bytes,
    /// A strong entity tag, quoted: the first 16 bytes of the SHA-256 of the bytes as they are, and the packing.
    /// Forms differ in their tags because they differ in their bytes (RFC 9110 §8.8.3).
    pub etag: Bytes,
}

/// Bytes ready to be sent, as they are and packed. Packed forms are made when first asked for and kept with the sheet.
#[derive(Debug)]
pub struct Sheet {
    /// The media type, with charset.
    pub media_type: &'static str,
    /// As they are.
    pub plain: Form,
    /// Whether search engines are asked to keep away.
    pub noindex: bool,
    /// In which territories it may be read ([`crate::config::Contract::territories`]).
    territories: u64,
    /// The stories that it names beside its own: it is out of date as soon as one of them changes.
    names: Vec<ItemId>,
    /// `None` inside: packed it is no smaller.
    packed: [OnceLock<Option<Form>>; Packing::ALL.len()],
}

impl Sheet {
    pub(crate) fn new(page: press::Gated<press::Page>, noindex: bool) -> Arc<Self> {
        Self::within(page, noindex, 0, Vec::new())
    }

    /// A sheet that may be read in some territories only, and that names other stories.
    pub(crate) fn within(
        page: press::Gated<press::Page>,
        noindex: bool,
        territories: u64,
        names: Vec<ItemId>,
    ) -> Arc<Self> {
        let page = page.into_inner();
        Arc::new(Self { territories, names, ..Self::of(page.media_type, page.body.into(), noindex) })
    }

    fn of(media_type: &'static str, body: Bytes, noindex: bool) -> Self {
        let tag = news::Digest::of(&body).to_string();
        let etag = format!("\"{}\"", &tag[..32]).into();
        Self {
            media_type,
            plain: Form { body, etag },
            noindex,
            territories: 0,
            names: Vec::new(),
            packed: Default::default(),
        }
    }

    /// A packed form, if it is there already; the plain one if packing does not pay.
    pub fn packed_already(&self, packing: Packing) -> Option<&Form> {
        Some(self.packed[packing as usize].get()?.as_ref().unwrap_or(&self.plain))
    }

    /// A packed form, made with `pack` if need be; the plain one if packing does not pay.
    pub fn packed(&self, packing: Packing, pack: impl FnOnce(&[u8]) -> Vec<u8>) -> &Form {
        let packed = self.packed[packing as usize].get_or_init(|| {
            let body = pack(&self.plain.body);
            let tag = self.plain.etag.strip_suffix(b"\"").unwrap_or_default();
            let etag = [tag, b"-", packing.as_str().as_bytes(), b"\""].concat();
            (body.len() < self.plain.body.len()).then(|| Form { body: body.into(), etag: etag.into() })
        });
        packed.as_ref().unwrap_or(&self.plain)
    }

    /// Bytes that it takes now.
    fn weight(&self) -> usize {
        let packed = self.packed.iter().filter_map(|form| form.get()?.as_ref()).map(|form| form.body.len());
        ENTRY + self.plain.body.len() + self.names.len() * size_of::<ItemId>() + packed.sum::<usize>()
    }
}

/// What a kept sheet takes beside its bytes, about.
const ENTRY: usize = 512;

/// What a reader gets.
#[derive(Clone, Debug)]
pub enum Answer {
    /// 200.
    Live(Arc<Sheet>),
    /// 410: it was public and is killed, withheld or expired.
    Gone(Arc<Sheet>),
    /// 404: it never was public.
    Missing(Arc<Sheet>),
    /// 451: its licence does not reach to where this reader is.
    OutOfReach,
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

impl Touched {
    /// Whether none of these changed since what was rendered at `generation`.
    fn are_as_at(&self, generation: u64, items: &[ItemId]) -> bool {
        self.floor <= generation
            && items.iter().all(|id| self.items.get(id).is_none_or(|at| *at <= generation))
    }
}

/// A sheet that is kept.
#[derive(Debug)]
struct Kept {
    sheet: Arc<Sheet>,
    /// Whether somebody asked for it again since room was last made.
    asked: AtomicBool,
}

impl Kept {
    fn new(sheet: &Arc<Sheet>) -> Self {
        Self { sheet: Arc::clone(sheet), asked: AtomicBool::new(false) }
    }

    fn take(&self) -> Arc<Sheet> {
        // Read first: a line of memory that many only read is not passed about between cores.
        if !self.asked.load(Ordering::Relaxed) {
            self.asked.store(true, Ordering::Relaxed);
        }
        Arc::clone(&self.sheet)
    }
}

/// The kept sheets of one story, on all sites, each with the generation that it was made from: a handful.
type StorySheets = Vec<(SiteId, Ask, u64, Kept)>;

/// The kept lists of one site, for each reach of readers, each with the generation that it was made from.
type ListSheets = HashMap<(Ask, Reach), (u64, Kept)>;

/// Caches and denials of all sites.
#[derive(Default)]
pub(crate) struct Public {
    denied: RwLock<HashSet<(SiteId, ItemId)>>,
    /// How many are denied: nearly always none, and then nobody need look.
    denied_now: AtomicUsize,
    generation: AtomicU64,
    denials: AtomicU64,
    touched: RwLock<Touched>,
    stories: RwLock<HashMap<ItemId, StorySheets>>,
    lists: RwLock<HashMap<SiteId, ListSheets>>,
    /// About how many bytes the kept stories take, and the lists; counted anew whenever room is made.
    stories_bytes: AtomicUsize,
    lists_bytes: AtomicUsize,
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
        let mut denied = write(&self.denied);
        denied.insert((site.clone(), id));
        self.denied_now.store(denied.len(), Ordering::SeqCst);
        drop(denied);
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
            let mut denied = write(&self.denied);
            denied.remove(&(site.clone(), id));
            self.denied_now.store(denied.len(), Ordering::SeqCst);
        }
        self.touch(id);
    }

    /// Whether it is denied.
    pub(crate) fn is_denied(&self, site: &SiteId, id: ItemId) -> bool {
        self.denied_now.load(Ordering::SeqCst) > 0 && read(&self.denied).contains(&(site.clone(), id))
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
        self.stories_bytes.store(0, Ordering::Relaxed);
        self.lists_bytes.store(0, Ordering::Relaxed);
    }

    /// The moment before rendering begins.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            generation: self.generation.load(Ordering::SeqCst),
            denials: self.denials.load(Ordering::SeqCst),
        }
    }

    /// A kept sheet that is still true, and that this reader may read.
    pub(crate) fn kept(&self, site: &SiteId, ask: &Ask, reach: Reach) -> Option<Arc<Sheet>> {
        match ask.item() {
            Some(id) if self.is_denied(site, id) => None,
            Some(id) => {
                let stories = read(&self.stories);
                let mut sheets = stories.get(&id)?.iter();
                let (.., at, kept) = sheets.find(|(of, asked, ..)| asked == ask && of == site)?;
                let names = &kept.sheet.names;
                let holds = reach.allows(kept.sheet.territories)
                    && (names.is_empty() || read(&self.touched).are_as_at(*at, names));
                holds.then(|| kept.take())
            }
            None => {
                let generation = self.generation.load(Ordering::SeqCst);
                let lists = read(&self.lists);
                let kept = lists.get(site)?.get(&(ask.clone(), reach))?;
                Some(kept).filter(|(at, _)| *at == generation).map(|(_, kept)| kept.take())
            }
        }
    }

    /// Keeps a sheet rendered from the record as of `moment`, if nothing it shows has changed since.
    pub(crate) fn keep(&self, site: &SiteId, ask: Ask, reach: Reach, moment: Moment, sheet: &Arc<Sheet>) {
        if !ask.kept() {
            return;
        }
        let Some(id) = ask.item() else {
            let mut lists = write(&self.lists);
            let kept = (moment.generation, Kept::new(sheet));
            lists.entry(site.clone()).or_default().insert((ask, reach), kept);
            if self.lists_bytes.fetch_add(sheet.weight(), Ordering::Relaxed) > LISTS_MAX {
                self.make_room_for_lists(&mut lists);
            }
            return;
        };
        let mut stories = write(&self.stories);
        // Checked under the lock that `touch` needs to drop the pages: a touch comes either before this look, and
        // is seen, or after the insertion, and drops it.
        let touched = read(&self.touched);
        let fresh =
            touched.are_as_at(moment.generation, &[id]) && touched.are_as_at(moment.generation, &sheet.names);
        if fresh && !self.is_denied(site, id) {
            let sheets = stories.entry(id).or_default();
            sheets.retain(|(of, asked, ..)| *asked != ask || of != site);
            sheets.push((site.clone(), ask, moment.generation, Kept::new(sheet)));
            if self.stories_bytes.fetch_add(sheet.weight(), Ordering::Relaxed) > STORIES_MAX {
                self.make_room_for_stories(&mut stories);
            }
        }
    }

    /// A kept sheet got a packed form of so many bytes.
    pub(crate) fn grown(&self, ask: &Ask, bytes: usize) {
        let total = if ask.item().is_some() { &self.stories_bytes } else { &self.lists_bytes };
        total.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Drops what nobody has asked for again since the last time; if that is not enough, half of the rest.
    fn make_room_for_stories(&self, stories: &mut HashMap<ItemId, StorySheets>) {
        let weigh = |stories: &HashMap<ItemId, StorySheets>| -> usize {
            stories.values().flatten().map(|(.., kept)| kept.sheet.weight()).sum()
        };
        stories.retain(|_, sheets| sheets.iter().any(|(.., kept)| kept.asked.swap(false, Ordering::Relaxed)));
        let mut left = weigh(stories);
        if left > STORIES_MAX / 4 * 3 {
            let mut n = 0;
            stories.retain(|_, _| {
                n += 1;
                n % 2 == 0
            });
            left = weigh(stories);
        }
        self.stories_bytes.store(left, Ordering::Relaxed);
    }

    /// Drops what is out of date; if that is not enough, everything.
    fn make_room_for_lists(&self, lists: &mut HashMap<SiteId, ListSheets>) {
        let generation = self.generation.load(Ordering::SeqCst);
        lists.values_mut().for_each(|sheets| sheets.retain(|_, (at, _)| *at == generation));
        let left = lists.values().flat_map(HashMap::values).map(|(_, kept)| kept.sheet.weight()).sum();
        self.lists_bytes.store(left, Ordering::Relaxed);
        if left > LISTS_MAX / 4 * 3 {
            lists.clear();
            self.lists_bytes.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Reach = Reach::EVERYWHERE;

    fn sheet() -> Arc<Sheet> {
        Arc::new(Sheet::of("text/plain", Bytes::from_static(b"words"), false))
    }

    const ID: fn() -> ItemId = || ItemId::from_bits(7);

    #[test]
    fn a_page_rendered_before_the_kill_is_not_kept_after_it() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        let before = public.moment();
        public.deny(&site, ID());
        public.keep(&site, Ask::Story(ID()), ALL, before, &sheet());
        public.undeny(&site, ID());
        public.keep(&site, Ask::Story(ID()), ALL, before, &sheet());
        assert!(public.kept(&site, &Ask::Story(ID()), ALL).is_none());
        public.keep(&site, Ask::Story(ID()), ALL, public.moment(), &sheet());
        assert!(public.kept(&site, &Ask::Story(ID()), ALL).is_some());
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
        public.keep(&site, Ask::Front(0), ALL, public.moment(), &sheet());
        assert!(public.kept(&site, &Ask::Front(0), ALL).is_some());
        public.touch(ID());
        assert!(public.kept(&site, &Ask::Front(0), ALL).is_none());
    }

    #[test]
    fn a_kept_page_is_not_answered_while_denied() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        public.keep(&site, Ask::Story(ID()), ALL, public.moment(), &sheet());
        write(&public.denied).insert((site.clone(), ID()));
        public.denied_now.store(1, Ordering::SeqCst);
        assert!(public.kept(&site, &Ask::Story(ID()), ALL).is_none());
    }

    #[test]
    fn a_page_that_names_a_story_is_not_answered_once_that_story_changed() {
        let (public, site, other) = (Public::default(), SiteId::from("main"), ItemId::from_bits(8));
        let naming = || Arc::new(Sheet { names: vec![other], ..Sheet::of("text/plain", "x".into(), false) });
        public.keep(&site, Ask::Story(ID()), ALL, public.moment(), &naming());
        assert!(public.kept(&site, &Ask::Story(ID()), ALL).is_some());
        let before = public.moment();
        public.deny(&site, other);
        assert!(public.kept(&site, &Ask::Story(ID()), ALL).is_none());
        public.keep(&site, Ask::Story(ID()), ALL, before, &naming());
        assert!(public.kept(&site, &Ask::Story(ID()), ALL).is_none(), "it was rendered before");
        public.keep(&site, Ask::Story(ID()), ALL, public.moment(), &naming());
        assert!(public.kept(&site, &Ask::Story(ID()), ALL).is_some());
    }

    #[test]
    fn forgetting_touches_distrusts_everything_older() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        let before = public.moment();
        (0..=TOUCHES as u128).for_each(|n| public.touch(ItemId::from_bits(n + 100)));
        public.keep(&site, Ask::Story(ID()), ALL, before, &sheet());
        assert!(public.kept(&site, &Ask::Story(ID()), ALL).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded_by_bytes_and_what_is_asked_for_stays() {
        let (public, site) = (Public::default(), SiteId::from("main"));
        let large = Arc::new(Sheet::of("text/plain", vec![b'x'; 1 << 20].into(), false));
        let hot = ItemId::from_bits(1);
        public.keep(&site, Ask::Story(hot), ALL, public.moment(), &sheet());
        for n in 0..500u128 {
            assert!(public.kept(&site, &Ask::Story(hot), ALL).is_some(), "{n}");
            public.keep(&site, Ask::Story(ItemId::from_bits(100 + n)), ALL, public.moment(), &large);
            let kept = read(&public.stories).len();
            assert!(kept <= (STORIES_MAX >> 20) + 2, "{kept}");
        }
        for n in 0..100 {
            public.keep(&site, Ask::Front(n), ALL, public.moment(), &large);
            let kept: usize = read(&public.lists).values().map(HashMap::len).sum();
            assert!(kept <= (LISTS_MAX >> 20) + 1, "{kept}");
        }
    }

    #[test]
    fn each_form_has_a_tag_of_its_own_and_is_made_once() {
        let sheet = Sheet::of("text/plain", vec![b'x'; 100].into(), false);
        assert!(sheet.packed_already(Packing::Gzip).is_none());
        let tag = |packing| sheet.packed(packing, |bytes| bytes[..10].to_vec()).etag.clone();
        let tags = [sheet.plain.etag.clone(), tag(Packing::Gzip), tag(Packing::Brotli), tag(Packing::Zstd)];
        assert!(tags.iter().all(|tag| tag.starts_with(b"\"") && tag.ends_with(b"\"")), "{tags:?}");
        assert_eq!(tags.iter().collect::<HashSet<_>>().len(), 4, "{tags:?}");
        assert_eq!(sheet.packed(Packing::Gzip, |_| unreachable!()).body.len(), 10);
    }

    #[test]
    fn what_packing_makes_no_smaller_is_sent_as_it_is() {
        let sheet = Sheet::of("text/plain", Bytes::from_static(b"words"), false);
        assert_eq!(sheet.packed(Packing::Zstd, |bytes| bytes.repeat(2)).body, sheet.plain.body);
        assert_eq!(sheet.packed_already(Packing::Zstd).map(|form| &form.etag), Some(&sheet.plain.etag));
    }
}
