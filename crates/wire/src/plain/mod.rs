//! Plain text, only where a feed says `format = "plain"`: nothing in such a text says what it is.
//!
//! | text | becomes |
//! |---|---|
//! | first paragraph | headline, its lines joined by one space |
//! | further paragraphs, parted by empty lines | body; single line ends stay |
//! | what follows a line of `-- ` | a note |
//! | a hash of headline and first paragraph of the body, white space aside | uri |
//!
//! There is no time, no version and no status; arrival decides the order.
//!
//! **Identity.** A text that comes again with the same headline and the same first paragraph, which holds the dateline
//! and with it the day, is the same item: a correction further down updates it. A headline that recurs every day
//! ("Weather") over another first paragraph is another item: it must not take yesterday's place. A correction that
//! changes headline or first paragraph comes as a new item, since nothing in the text says which one it means.
//!
//! A headline without a body, a headline too long for one, and text written for machines are held.
//!
//! ```
//! let hints = wire::Hints { format: Some(wire::Format::Plain), ..wire::Hints::default() };
//! let reading = wire::read(b"Bridge opens\n\nIt is open\nat last.\n", &hints);
//! assert_eq!(reading.items[0].copy.canonical(), "Bridge opens\n\nIt is open\nat last.\n");
//! ```

mod read;
#[cfg(test)]
mod tests;

pub(crate) use read::read;
