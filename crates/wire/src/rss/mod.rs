//! RSS 2.0, 0.9x and 1.0 (RDF), with the modules that feeds carry.
//!
//! | RSS | becomes |
//! |---|---|
//! | `guid`, else `rdf:about`, else `link`, else a hash of title and date | uri |
//! | `title` | headline; plain text unless the feed is known to hold HTML there |
//! | `content:encoded`, else `xhtml:body`, else `description` | body |
//! | `description` beside a body | kept, not published |
//! | `pubDate`, `dc:date` | times |
//! | `atom:updated`, `dcterms:modified` | time and order of the version; without them, arrival decides |
//! | `dc:creator`, `author` | creators: metadata, no byline |
//! | `category`, `dc:subject` | subjects |
//! | `enclosure`, `media:content`, `media:thumbnail` | renditions |
//! | `dcterms:valid`, `prism:embargoDate`, `prism:expirationDate` | not before, not after |
//! | `media:status`, `sx:sync` with `deleted` | canceled or withheld |
//! | `at:deleted-entry` in the channel | kills the item that it names |
//! | everything else | kept |
//!
//! That an item is no longer in the feed says nothing about it.
//!
//! ```
//! let feed = r#"<rss version="2.0"><channel><title>Agency Example</title><ttl>15</ttl><item><guid>agx-1</guid>
//!   <title>Bridge opens</title><description>&lt;p&gt;It is &lt;b&gt;open&lt;/b&gt;.&lt;/p&gt;</description></item></channel></rss>"#;
//! let reading = wire::rss::read(feed, &wire::Hints::default());
//! assert_eq!(reading.items[0].copy.canonical(), "Bridge opens\n\nIt is open.\n");
//! assert_eq!(reading.masthead.unwrap().title.as_deref(), Some("Agency Example"));
//! ```

mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::write;
