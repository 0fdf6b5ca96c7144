//! IPTC NITF 3: one story with its metadata in one XML document, with or without namespace, alone or inside
//! another format; [`write()`] gives one back. `docs/formats/nitf.md` tells all of it.
//!
//! | NITF | becomes |
//! |---|---|
//! | `doc-id/@id-string`, else `du-key/@key` and the day of `date.issue`, else `nitf/@uno`, else day and headline | uri |
//! | `du-key/@version`, else `@generation`, else `date.issue` | version |
//! | `docdata/@management-status` | pubStatus, embargo |
//! | `docdata/@management-doc-idref` with `@management-idref-status` | the other item is killed or withheld |
//! | `date.release`, `date.expire` | not before, not after |
//! | `hedline/hl1`, `hl2`, `byline`, `dateline` | headline, subhead, byline, dateline |
//! | `body.content`, then `body.end` | body |
//! | `ed-msg`, `note` and `tagline` of type `npa` or `pa` | notes, never copy |
//! | `media` | renditions, caption, credit |
//!
//! ```
//! let wire = r#"<nitf><head><docdata><doc-id id-string="agx-1"/><ed-msg info="Call the desk"/></docdata></head><body><body.head>
//!   <hedline><hl1>Bridge opens</hl1></hedline></body.head><body.content><p>It is open.</p></body.content></body></nitf>"#;
//! let version = &wire::nitf::read(wire, &wire::Hints::default()).items[0];
//! assert_eq!(version.copy.canonical(), "Bridge opens\n\nIt is open.\n");
//! assert_eq!(version.notes[0].text, "Call the desk");
//! ```

mod body;
mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub(crate) use read::{read_inline, read_within};
pub use write::write;
