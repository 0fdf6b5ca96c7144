//! IPTC ninjs 1, 2 and 3: news in JSON, one object or many.
//!
//! An object, an array of objects, objects one behind the other (JSON Lines), or `{"items": […]}`. Names are taken
//! without regard to case, since the versions differ in nothing else (`pubstatus`, `pubStatus`).
//!
//! | ninjs | becomes |
//! |---|---|
//! | `uri` (`guid` in one dialect) | uri |
//! | `version`, else `versioncreated` | version |
//! | `pubstatus`, `embargoed`, `embargoedUntil`, `expires` | pubStatus, not before, not after |
//! | `ednote` | notes, never copy |
//! | `headline`, `headlines[]` | headline, subhead |
//! | `byline`, `by` | byline |
//! | `body_xhtml`, `body_html`, `body_text`, `bodies[]` | body |
//! | `associations`, `renditions` | renditions, members |
//!
//! A name that stands twice in one object is refused: nobody can tell which of the two the agency meant.
//!
//! ```
//! use wire::ninjs::NinjsOut;
//!
//! let wire = r#"{"uri": "urn:agx:1", "headlines": [{"role": "main", "value": "Bridge opens"}], "edNote": "Call the desk",
//!   "bodies": [{"role": "main", "contentType": "text/html", "value": "<p>It is open.</p>"}]}"#;
//! let version = &wire::ninjs::read(wire, &wire::Hints::default()).items[0];
//! assert_eq!(version.copy.canonical(), "Bridge opens\n\nIt is open.\n");
//! let written = wire::ninjs::write(&NinjsOut::of(version));
//! assert!(written.contains("\"version\": \"3.0\"") && !written.contains("Call the desk"));
//! ```

mod bodies;
pub(crate) mod read;
pub(crate) mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::{NinjsOut, write};
