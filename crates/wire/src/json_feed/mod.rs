//! JSON Feed 1.0 and 1.1.
//!
//! | JSON Feed | becomes |
//! |---|---|
//! | `id` (a number too), else `url`, else a hash of title and date | uri |
//! | `title` | headline |
//! | `content_html`, else `content_text`, else `summary` | body |
//! | `summary` beside a body | not mapped |
//! | `date_modified` | time and order of the version; without it, arrival decides |
//! | `date_published` | time of the first version |
//! | `authors`, `author`, else the feed's | creators: metadata, no byline |
//! | `tags` | subjects |
//! | `attachments`, `image`, `banner_image` | renditions |
//! | `expired` of the feed | a remark |
//! | `expired` of an item, which the format does not know | a hold |
//! | everything else, extensions too | not mapped |
//!
//! A name that stands twice in one object is refused: nobody can tell which of the two the agency meant.
//!
//! ```
//! let feed = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "Agency Example",
//!   "items": [{"id": 7, "title": "Bridge opens", "content_text": "It is open.", "_agx": {"desk": "secret"}}]}"#;
//! let reading = wire::json_feed::read(feed, &wire::Hints::default());
//! assert_eq!(reading.items[0].uri, "7");
//! assert_eq!(reading.items[0].copy.canonical(), "Bridge opens\n\nIt is open.\n");
//! ```

mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::write;
