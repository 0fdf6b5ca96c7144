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

mod bodies;
pub(crate) mod read;
pub(crate) mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::{NinjsOut, write};
