//! IPTC NewsML-G2: a `newsItem` alone, or a `newsMessage` with items of any class; [`write()`] gives one back.
//! `docs/formats/newsml-g2.md` tells all of it.
//!
//! | NewsML-G2 | becomes |
//! |---|---|
//! | `@guid`, `@version` (1 if absent) | uri, version |
//! | `itemMeta/pubStatus`, `embargoed`, `expires` | pubStatus, not before, not after |
//! | `itemMeta/signal`, `role`, `itemClass/@rtr:msgType` | signals; some of them kill (`sig:kill`, `edStat:D`, `sttinstruct:remove`, `D`) |
//! | `itemMeta/edNote`, whatever bears a `pubconstraint` | notes, never copy |
//! | `itemMeta/link`, `groupSet//itemRef` | references |
//! | `contentMeta/headline`, `by`, `dateline` | headline, byline, dateline |
//! | `contentSet/inlineXML` (XHTML, NITF), `inlineData` | body |
//! | `contentSet/remoteContent` | renditions |
//! | `rightsInfo`, `contentMeta/creditline` | rights |
//!
//! Agencies send documents that their own schema refuses, so nothing is validated: what can be read is read.
//!
//! ```
//! let wire = r#"<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:agx:1" version="2"><itemMeta>
//!   <itemClass qcode="ninat:text"/><provider qcode="agx:agx"/><versionCreated>2026-03-14T12:00:00Z</versionCreated>
//!   <pubStatus qcode="stat:canceled"/></itemMeta><contentMeta><headline>Bridge opens</headline></contentMeta></newsItem>"#;
//! let reading = wire::newsml_g2::read(wire, &wire::Hints::default());
//! assert_eq!(reading.items[0].status, news::PubStatus::Canceled);
//! assert_eq!(reading.items[0].version.order, news::VersionOrder::Number(2));
//! ```

mod bodies;
pub mod catalog;
mod concept;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub use write::write;
