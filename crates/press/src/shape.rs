//! What the press is given, and what it gives back.

use crate::changes::Changed;
use jiff::Timestamp;
use news::{Digest, ItemId, ItemKey, Label, ReviewState, SiteId, Version};

/// A site as its readers know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteFace {
    /// Which site.
    pub id: SiteId,
    /// Its name, as in the masthead: "The Daily Example".
    pub name: String,
    /// Its public base address, without a slash at the end; it may carry a path.
    pub url: String,
    /// The language most of its stories are in (BCP 47), for feeds and sitemaps.
    pub language: String,
    /// Its sections, in the order of the navigation.
    pub sections: Vec<SectionFace>,
    /// How to reach the publisher: one line, shown at the foot of every page.
    pub about: Option<String>,
    /// Whether search engines may list its pages.
    pub index_pages: bool,
}

/// A section of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionFace {
    /// Its name in addresses.
    pub slug: String,
    /// Its name for readers.
    pub name: String,
}

/// A live story, with the version that its page shows.
#[derive(Clone, Debug)]
pub struct Story<'a> {
    /// Its id on the site.
    pub id: ItemId,
    /// What its agency knows it by.
    pub key: &'a ItemKey,
    /// The live version; its copy is what the page says.
    pub version: &'a Version,
    /// The live version's ordinal, from 1.
    pub n: u32,
    /// The agency's name: "Agency Example".
    pub agency: &'a str,
    /// The credit that the contract prescribes where the version carries none of its own.
    pub credit: &'a str,
    /// The label, computed from the record.
    pub label: Label,
    /// When it was first public here.
    pub published: Timestamp,
    /// When the live version became public.
    pub updated: Timestamp,
    /// The slugs of its sections, the main one first.
    pub sections: Vec<String>,
    /// What happened to it, newest first.
    pub history: Vec<HistoryLine>,
    /// The index of its leaf in the public log, once there is one.
    pub log_index: Option<u64>,
    /// Tags that the house gave it.
    pub tags: Vec<String>,
    /// The priority that the house gave it, 1 (highest) to 9.
    pub priority: Option<u8>,
    /// What an edit changed, where the contract lets the public see it.
    pub changes: Vec<Changed>,
    /// Other stories that belong together with it.
    pub kin: Vec<Kin>,
    /// The contract keeps it out of search engines.
    pub noindex: bool,
}

/// Another story that belongs together with one. It has no words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kin {
    /// Its id on the site.
    pub id: ItemId,
    /// How they belong together.
    pub bond: Bond,
    /// The number of the part or lead, where its agency says one.
    pub no: Option<u32>,
    /// Its agency's name.
    pub agency: String,
    /// Its language (BCP 47), where known.
    pub language: Option<String>,
    /// When it was first public here.
    pub published: Timestamp,
}

/// How two stories belong together, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bond {
    /// That one tells it later: a lead, a writethru, what replaces or corrects it.
    Later,
    /// That one tells it earlier.
    Earlier,
    /// That one is a part of the same story, or of the same series.
    Part,
    /// That one tells it in another language.
    Language,
    /// Another agency tells the same in nearly the same words.
    Twin,
    /// Both are about the same event, by the agencies' own word.
    Event,
    /// Both are members of one package.
    Package,
    /// The agency names it beside this one.
    SeeAlso,
}

impl Bond {
    /// All of them.
    pub const ALL: [Bond; 8] = [
        Bond::Later,
        Bond::Earlier,
        Bond::Part,
        Bond::Language,
        Bond::Twin,
        Bond::Event,
        Bond::Package,
        Bond::SeeAlso,
    ];

    /// The word in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Bond::Later => "later",
            Bond::Earlier => "earlier",
            Bond::Part => "part",
            Bond::Language => "language",
            Bond::Twin => "twin",
            Bond::Event => "event",
            Bond::Package => "package",
            Bond::SeeAlso => "see-also",
        }
    }

    /// The heading over the stories of this bond.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Bond::Later => "Later versions of this story",
            Bond::Earlier => "Earlier versions of this story",
            Bond::Part => "Other parts of this story",
            Bond::Language => "In other languages",
            Bond::Twin => "The same from other agencies",
            Bond::Event => "About the same event",
            Bond::Package => "In one package with this story",
            Bond::SeeAlso => "Named by the agency beside this story",
        }
    }
}

/// One line of a story's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// The version's ordinal, from 1.
    pub n: u32,
    /// When it happened.
    pub at: Timestamp,
    /// What: "Published", "Updated by the agency", "Changed without notice".
    pub what: String,
    /// The copy hash of that version, unless its words had to go.
    pub copy_hash: Option<Digest>,
    /// Whether this is the version that readers get now.
    pub live: bool,
}

/// A story that was public and is gone. It has no words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its id on the site.
    pub id: ItemId,
    /// When it went.
    pub when: Timestamp,
    /// Why.
    pub class: Gone,
    /// The agency's name, if it was the agency that withdrew it; otherwise it was the publisher.
    pub by_agency: Option<String>,
    /// What happened to it, newest first. Copy hashes in it are never shown: a hash would let anybody who guesses
    /// the words confirm them.
    pub history: Vec<HistoryLine>,
    /// The proof that the public log says so, once it does.
    pub proof: Option<String>,
}

/// Why a story is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gone {
    /// Killed, for good.
    Killed,
    /// Withheld until further notice.
    Withheld,
    /// Its licence ended.
    Expired,
}

impl Gone {
    /// The word in markup and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Gone::Killed => "killed",
            Gone::Withheld => "withheld",
            Gone::Expired => "expired",
        }
    }
}

/// A story in a list: front page, section, search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its id on the site.
    pub id: ItemId,
    /// Its headline, whole, if the agency delivered one.
    pub headline: Option<String>,
    /// Its first paragraph, whole. It stands in for a headline that was not delivered.
    pub lead: Option<String>,
    /// When it was first public here.
    pub published: Timestamp,
    /// When its live version became public.
    pub updated: Timestamp,
    /// The agency's name.
    pub agency: String,
    /// Its language (BCP 47), where known.
    pub language: Option<String>,
    /// The slugs of its sections, the main one first.
    pub sections: Vec<String>,
    /// Its review state.
    pub review: ReviewState,
}

/// The addresses of the neighbouring pages of a list, where there are any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nav {
    /// The page with newer stories.
    pub newer: Option<String>,
    /// The page with older stories.
    pub older: Option<String>,
}

/// A finished page, feed or file that has not passed the gate: not yet public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its media type, with the charset.
    pub media_type: &'static str,
    /// Its bytes, UTF-8.
    pub body: Vec<u8>,
}

impl Page {
    pub(crate) fn new(media_type: &'static str, body: String) -> Self {
        Self { media_type, body: body.into_bytes() }
    }

    /// Its bytes as text. Whatever the press makes is UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }
}
