//! Atom 1.0 (RFC 4287), Atom 0.3 where it differs little, and tombstones (RFC 6721).
//!
//! | Atom | becomes |
//! |---|---|
//! | `id`, else the alternate link, else a hash of title and date | uri |
//! | `title` | headline; markup in it becomes marks |
//! | `content`: text, HTML, XHTML | body |
//! | `summary` without `content` | body; beside it, kept and not published |
//! | `updated` | time and order of the version |
//! | `published` | time of the first version |
//! | `author`, `contributor`, else those of `source`, else the feed's authors | creators: metadata, no byline |
//! | `category` | subjects |
//! | `link` | the agency's page, renditions (`enclosure`); others are kept |
//! | `rights` | copyright notice |
//! | `app:draft` | holds |
//! | `at:deleted-entry` | kills the entry that it names |
//! | everything else, and the modules that RSS has too | as in [`crate::rss`] |
//!
//! ```
//! use news::Relation;
//!
//! let feed = r#"<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">
//!   <entry><id>urn:agx:1</id><title>Bridge opens</title><updated>2026-03-14T12:00:00Z</updated></entry>
//!   <at:deleted-entry ref="urn:agx:0" when="2026-03-14T12:05:00Z"/></feed>"#;
//! let reading = wire::atom::read(feed, &wire::Hints::default());
//! assert_eq!(reading.items[0].uri, "urn:agx:1");
//! assert_eq!(reading.items[1].references[0].relation, Relation::Kills);
//! assert_eq!(reading.items[1].references[0].uri, "urn:agx:0");
//! ```

mod ap_webfeeds;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::write;
