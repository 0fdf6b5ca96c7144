//! AP Media API: ninjs objects with fields of their own, in an envelope.
//!
//! `{"data": {"item": {…}, "meta": {…}}}` is one item, `{"data": {"items": [{"item": …, "meta": …}, …]}}` a page of a
//! feed. The item itself is read as ninjs; what differs is here.
//!
//! | AP | becomes |
//! |---|---|
//! | `altids.itemid` (the `uri` carries the session of who asked) | uri |
//! | `version`, from 0 | version |
//! | `signals` without `newscontent` | not for publication: AP allows only what bears this signal |
//! | `editorialtypes`: Kill, Elimination; Withhold; HoldForRelease, Disregard; Advisory | kills; withholds; holds; not for publication |
//! | `ednote` | note; `description_editornotes`, which may be shown, is kept beside the copy |
//! | `bylines[]`, `datelinelocation` | byline, located |
//! | `links[]` with `rel` canonical | link |
//! | `renditions.nitf.href` | rendition: the body of a text is not in the delivery but behind this address, and an item without its words is held |
//! | `meta`, and the page's `query`, `updated` … | kept |
//!
//! ```
//! let wire = r#"{"data": {"item": {"altids": {"itemid": "agx1", "etag": "x_1"}, "uri": "https://agx.example/?qt=session",
//!   "signals": ["newscontent"], "headline": "Bridge opens", "body_html": "<p>It is open.</p>", "ednote": "Call the desk"}}}"#;
//! let version = &wire::ap_media::read(wire, &wire::Hints::default()).items[0];
//! assert_eq!(version.uri, "agx1");
//! assert_eq!(version.copy.canonical(), "Bridge opens\n\nIt is open.\n");
//! ```

mod read;
#[cfg(test)]
mod tests;

pub use read::read;
pub(crate) use read::{body_elsewhere, editorial_type, itemid, restrict};
