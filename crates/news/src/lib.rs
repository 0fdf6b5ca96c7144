//! The nouns of the trade, and nothing that does anything.
//!
//! Every other room speaks in these words: a [`Transmission`] is read into [`Version`]s, a version carries
//! [`AgencyCopy`], what could not be read is a [`Complaint`], what the desk decides is a [`Ruling`].
//!
//! **Never here:** input or output, a clock, async, serde derives. Whoever stores or sends these nouns writes
//! down how they look outside, so that a change of a file format is never an accident in this crate.
//!
//! ```
//! use news::{AgencyCopy, BlockKind, PubStatus, Severity, Version};
//!
//! let mut version = Version::new("urn:agx:1");
//! version.copy.push(BlockKind::Headline, "Bridge opens", vec![], None).unwrap();
//! version.copy.push(BlockKind::P, "It is open.", vec![], None).unwrap();
//! // What `URL.txt` holds, and what its SHA-256 is taken of.
//! assert_eq!(version.copy.canonical(), "Bridge opens\n\nIt is open.\n");
//! assert_eq!(version.copy.copy_hash().to_string().len(), 64);
//! version.status = PubStatus::Withheld;
//! assert_eq!(version.severity(), Severity::Withholds);
//! // A text that no page can carry is refused, never mended.
//! assert!(AgencyCopy::default().push(BlockKind::P, "\0", vec![], None).is_err());
//! ```

mod complaint;
mod copy;
mod id;
mod item;
mod label;
mod masthead;
mod origin;
mod rights;
mod ruling;
mod standing;
mod status;
mod tie;
mod transmission;

pub use complaint::{Complaint, Gravity, Place};
pub use copy::{AgencyCopy, Block, BlockKind, CopyFault, ListPlace, Mark, MarkKind, relaxed};
pub use id::{AgencyId, Digest, FeedId, ItemId, ItemKey, ParseIdError, SiteId, TransmissionId, base32_id};
pub use item::{
    Dateline, ItemClass, Note, Placement, Point, Reference, Relation, Rendition, Stamp, Subject, Unmapped,
    Version, VersionOrder, VersionStamp,
};
pub use label::{Label, ReviewState};
pub use masthead::Masthead;
pub use origin::{Field, Origin, Origins, Taken, nth};
pub use rights::Rights;
pub use ruling::{Act, Reason, Ruling, Until};
pub use standing::{Change, ItemStanding, VersionStanding};
pub use status::{Embargo, PubStatus, Severity, Signal};
pub use tie::{Tie, TieKind, TieTo};
pub use transmission::{Door, Transmission};
