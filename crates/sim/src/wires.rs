//! The agencies: what they say of their items, and the bytes in which they say it.

use jiff::{SignedDuration, Timestamp};
use news::ItemKey;

use crate::chance::Chance;

/// How many items a history has: four of an agency that numbers its versions, one of a feed that only lists what is
/// new, one of a feed that says when it was updated.
pub(crate) const ITEMS: u32 = 6;
/// The item of the RSS feed.
pub(crate) const IN_RSS: u32 = 4;
/// The item of the Atom feed.
pub(crate) const IN_ATOM: u32 = 5;

/// When every history begins.
pub(crate) fn beginning() -> Timestamp {
    Timestamp::from_second(1_772_452_800).expect("an instant of 2026")
}

/// So many minutes after the beginning.
pub(crate) fn minute(n: i64) -> Timestamp {
    beginning().checked_add(SignedDuration::from_mins(n)).expect("a few days later")
}

/// A feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// One of an agency that numbers its versions.
    World,
    /// Another one of the same agency.
    Sport,
    /// One without version numbers, whose servers do not always say the same.
    Rss,
    /// One that dates its versions and can delete them.
    Atom,
}

impl Feed {
    /// Its id in the configuration.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Feed::World => "world",
            Feed::Sport => "sport",
            Feed::Rss => "rss",
            Feed::Atom => "atom",
        }
    }
}

/// What a wire says of its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Publish it.
    Usable,
    /// Take it off until further notice.
    Withheld,
    /// Kill it.
    Canceled,
    /// A document that exists to cancel another item.
    Cancels(u32),
    /// A notice in words that another item is killed.
    SpeaksOfKilling(u32),
}

/// Not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embargo {
    /// So many minutes after the beginning of the history.
    Until(i64),
    /// Until somebody says so.
    Open,
}

/// One version of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wire {
    /// Which item.
    pub item: u32,
    /// The agency's number of the version, where it numbers them.
    pub version: u32,
    /// Which words: the same number, the same words.
    pub words: u32,
    /// What it says.
    pub says: Says,
    /// Not before.
    pub embargo: Option<Embargo>,
    /// Not after, in minutes from the beginning.
    pub expires: Option<i64>,
    /// When it says that it was made, in minutes from the beginning.
    pub claimed: i64,
}

/// What comes at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmission {
    /// On which feed.
    pub feed: Feed,
    /// What is in it.
    pub wires: Vec<Wire>,
}

impl Wire {
    /// A word that stands in these words and nowhere else.
    pub(crate) fn mark(&self) -> String {
        mark(self.words)
    }

    /// The text as it must be at `URL.txt`.
    pub(crate) fn text(&self) -> String {
        format!("{}\n\n{}\n", self.headline(), self.body())
    }

    fn headline(&self) -> String {
        let mark = self.mark();
        match self.says {
            Says::SpeaksOfKilling(_) => format!("KILL KILL KILL {mark}"),
            _ => format!("Council of {mark} votes on the harbour"),
        }
    }

    fn body(&self) -> String {
        let mark = self.mark();
        if let Says::SpeaksOfKilling(item) = self.says {
            return format!("MANDATORY KILL of {} ({mark}) at once.", uri(item));
        }
        // No two texts are near each other.
        let mut chance = Chance::new(u64::from(self.words) << 8 | 7);
        let filler: Vec<String> =
            (0..18).map(|_| format!("{}{}", letters(chance.below(26)), letters(chance.below(700)))).collect();
        format!("The council of {mark} said that the harbour of {} stays open.", filler.join(" "))
    }

    /// The instant before which nobody may see it; the end of time if nobody knows it.
    pub(crate) fn not_before(&self) -> Option<Timestamp> {
        self.embargo.map(|embargo| match embargo {
            Embargo::Until(at) => minute(at),
            Embargo::Open => Timestamp::MAX,
        })
    }

    /// The uri of what it is a version of.
    pub(crate) fn uri(&self) -> String {
        match self.says {
            Says::Cancels(_) | Says::SpeaksOfKilling(_) => format!("urn:agx:notice-{}", self.words),
            _ => uri(self.item),
        }
    }

    fn ninjs(&self) -> String {
        let status = match self.says {
            Says::Withheld => "withheld",
            Says::Canceled => "canceled",
            _ => "usable",
        };
        let embargo = match self.embargo {
            None => String::new(),
            Some(Embargo::Open) => r#""embargoed": "", "#.to_owned(),
            Some(Embargo::Until(at)) => format!(r#""embargoed": "{}", "#, minute(at)),
        };
        let expires = self.expires.map_or_else(String::new, |at| format!(r#""expires": "{}", "#, minute(at)));
        format!(
            r#"{{{embargo}{expires}"uri": "{}", "version": "{}", "type": "text", "pubstatus": "{status}",
            "versioncreated": "{}", "headline": "{}", "body_text": "{}"}}"#,
            self.uri(),
            self.version,
            minute(self.claimed),
            self.headline(),
            self.body()
        )
    }

    fn nitf(&self, cancels: u32) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<nitf><head><docdata management-status="usable" management-doc-idref="{}" management-idref-status="canceled">
<doc-id regsrc="agency.example" id-string="{}"/><date.issue norm="{}"/></docdata></head>
<body><body.head><hedline><hl1>{}</hl1></hedline></body.head><body.content><p>{}</p></body.content></body></nitf>"#,
            uri(cancels),
            self.uri(),
            minute(self.claimed),
            self.headline(),
            self.body()
        )
    }

    fn rss(&self) -> String {
        let at = minute(self.claimed).strftime("%a, %d %b %Y %H:%M:%S +0000");
        format!(
            "<item><title>{}</title><guid isPermaLink=\"false\">{}</guid><pubDate>{at}</pubDate>\
             <description>{}</description></item>",
            self.headline(),
            self.uri(),
            self.body()
        )
    }

    fn atom(&self) -> String {
        let (uri, at) = (self.uri(), minute(self.claimed));
        match self.says {
            Says::Cancels(item) => {
                format!("<at:deleted-entry ref=\"{}\" when=\"{at}\"/>", crate::wires::uri(item))
            }
            _ => format!(
                "<entry><title>{}</title><id>{uri}</id><updated>{at}</updated><content>{}</content></entry>",
                self.headline(),
                self.body()
            ),
        }
    }
}

impl Transmission {
    /// Its bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let all = |one: fn(&Wire) -> String| self.wires.iter().map(one).collect::<Vec<_>>();
        let text = match (self.feed, self.wires.as_slice()) {
            (Feed::World | Feed::Sport, [Wire { says: Says::Cancels(item), .. }]) => {
                self.wires[0].nitf(*item)
            }
            (Feed::World | Feed::Sport, [wire]) => wire.ninjs(),
            (Feed::World | Feed::Sport, _) => format!("[{}]", all(Wire::ninjs).join(",\n")),
            (Feed::Rss, _) => format!(
                "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Agency Example</title>\
                 <link>https://agency.example/</link><description>All</description>{}</channel></rss>",
                all(Wire::rss).concat()
            ),
            (Feed::Atom, _) => format!(
                "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\" \
                 xmlns:at=\"http://purl.org/atompub/tombstones/1.0\"><title>Agency Example</title>\
                 <id>urn:agz:feed</id><updated>{}</updated>{}</feed>",
                minute(self.wires.iter().map(|wire| wire.claimed).max().unwrap_or(0)),
                all(Wire::atom).concat()
            ),
        };
        text.into_bytes()
    }
}

/// The mark of these words.
pub(crate) fn mark(words: u32) -> String {
    format!("zq{}words", letters(words))
}

/// An item's uri.
pub(crate) fn uri(item: u32) -> String {
    format!("urn:ag{}:item-{item}", agency(item))
}

/// What the record knows it by.
pub(crate) fn key(item: u32) -> ItemKey {
    ItemKey { agency: format!("ag{}", agency(item)).as_str().into(), uri: uri(item) }
}

fn agency(item: u32) -> char {
    match item {
        IN_RSS => 'y',
        IN_ATOM => 'z',
        _ => 'x',
    }
}

/// A number as letters: a mark is a word to every search.
fn letters(n: u32) -> String {
    let mut n = n;
    let mut out = String::new();
    loop {
        out.push(char::from(b'a' + (n % 26) as u8));
        n /= 26;
        if n == 0 {
            return out;
        }
    }
}
