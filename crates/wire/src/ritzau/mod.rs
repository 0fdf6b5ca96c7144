//! Ritzau: `RBNews` elements, alone or in the answer of the agency's queue.
//!
//! | Ritzau | becomes |
//! |---|---|
//! | `NewsID`, `version` | uri, version |
//! | `Annuleret` true | kills |
//! | `Korrektion`, `NyVersion`, `InfoFlash` true | signals that inform |
//! | `Status`; only the words that are known pass | a word that nobody knows holds |
//! | `replacedID`, `Replaces` | reference |
//! | `PublishDate`, which names no zone | time of the version |
//! | `headline`; `subtitle`; `byLine` | headline; subhead; byline |
//! | `content`, HTML as text | body |
//! | `town` | located; it is part of no sentence |
//! | `strapline` | slugline |
//! | `TilRedaktionen` ("to the desk"), `byLineEmail`, `byLinePhone` | notes, never copy |
//! | `Priority`, `section`, `IPTCList`, `SubjectKeyword` | urgency, subjects, keywords |
//! | `ContentShort` and all else | kept |
//!
//! Some of the press releases that Ritzau passes on are escaped once too often (`&amp;apos;`). They come out as they
//! were sent, and a remark says so.
//!
//! ```
//! let wire = "<RBNews><NewsID>agx-1</NewsID><headline>Bro åbner</headline><content>&lt;p&gt;Broen er åben. /agx/&lt;/p&gt;</content>\
//!   <Annuleret>true</Annuleret></RBNews>";
//! let version = &wire::ritzau::read(wire, &wire::Hints::default()).items[0];
//! assert_eq!(version.severity(), news::Severity::Kills);
//! ```

mod read;
#[cfg(test)]
mod tests;

pub use read::read;
