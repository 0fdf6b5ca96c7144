//! The readers: everything that any output of any site says at one moment.
//!
//! Outlets that are called, rather than asked, stand in [`crate::outlets`]: what they were last told is what their readers see.

use std::collections::BTreeMap;

use news::{ItemId, SiteId};
use newsroom::public::{Answer, Ask};
use newsroom::rehearsal::Rehearsal;

use crate::wires::{ITEMS, key};

/// The sites of the newsroom.
pub(crate) const SITES: [&str; 2] = ["main", "evening"];

/// How an item's page answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// 200: the text at `.txt`, and the page.
    Live(String, String),
    /// 410, with the notice.
    Gone(String),
    /// 404.
    Missing,
    /// 503.
    Unfit,
}

/// What the readers of one site get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Every list, feed, sitemap and search, by its name.
    pub(crate) lists: Vec<(&'static str, String)>,
    /// Of each item that has an address: how it answers.
    pub(crate) pages: BTreeMap<u32, Page>,
    /// Everything else that its addresses say: `.json`, `.txt`, history.
    pub(crate) beside: String,
    /// The acts in the site's log, item by item.
    pub(crate) acts: BTreeMap<u32, Vec<(String, u32)>>,
    /// The items' addresses.
    pub(crate) ids: BTreeMap<u32, String>,
}

impl Seen {
    /// Whether any output says this word.
    pub(crate) fn says(&self, word: &str) -> bool {
        let page = |page: &Page| match page {
            Page::Live(text, page) => text.contains(word) || page.contains(word),
            Page::Gone(page) => page.contains(word),
            Page::Missing | Page::Unfit => false,
        };
        self.beside.contains(word)
            || self.lists.iter().any(|(_, text)| text.contains(word))
            || self.pages.values().any(page)
    }

    /// One list.
    pub(crate) fn list(&self, name: &str) -> &str {
        self.lists.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text)
    }
}

/// Asks one site for everything.
pub(crate) fn look(room: &Rehearsal, site: &str) -> Seen {
    let site = SiteId::from(site);
    let ask = |ask| text_of(&room.answer(&site, ask)).unwrap_or_default();
    let mut seen = Seen {
        lists: vec![
            ("front", ask(Ask::Front(0))),
            ("section", ask(Ask::Section("world".to_owned(), 0))),
            ("rss", ask(Ask::Rss(None))),
            ("atom", ask(Ask::Atom(None))),
            ("json", ask(Ask::JsonFeed(None))),
            ("first sitemap", ask(Ask::Sitemap(Some(0)))),
            ("news sitemap", ask(Ask::NewsSitemap)),
            ("search", ask(Ask::Search("harbour".to_owned()))),
        ],
        ..Seen::default()
    };
    let acts = room.acts(&site).expect("the log reads");
    for item in 0..ITEMS {
        let places = room.places(&key(item)).expect("the store reads");
        let Some((_, id)) = places.into_iter().find(|(on, _)| *on == site) else { continue };
        seen.ids.insert(item, id.to_string());
        let own = acts.iter().filter(|(of, ..)| *of == id).map(|(_, act, n)| (act.clone(), *n));
        seen.acts.insert(item, own.collect());
        seen.pages.insert(item, page(room, &site, id));
        for ask in [Ask::StoryJson(id), Ask::History(id)] {
            seen.beside.push_str(&text_of(&room.answer(&site, ask)).unwrap_or_default());
        }
    }
    seen
}

fn page(room: &Rehearsal, site: &SiteId, id: ItemId) -> Page {
    let text = text_of(&room.answer(site, Ask::StoryTxt(id)));
    match room.answer(site, Ask::Story(id)) {
        Answer::Live(sheet) => Page::Live(text.unwrap_or_default(), utf8(&sheet.plain.body)),
        Answer::Gone(sheet) => Page::Gone(utf8(&sheet.plain.body) + &text.unwrap_or_default()),
        Answer::Missing(_) => Page::Missing,
        Answer::Unfit | Answer::OutOfReach => Page::Unfit,
    }
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn text_of(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Live(sheet) | Answer::Gone(sheet) | Answer::Missing(sheet) => Some(utf8(&sheet.plain.body)),
        Answer::Unfit | Answer::OutOfReach => None,
    }
}
