//! ANPA 1312, the text format of North American agencies (ANPA 84-2, 89-3), and what Kyodo makes of it.
//!
//! ```text
//! SYN SYN SOH W4221 US agxwd                     service letter and number of the transmission, selector
//! r i DC3 DC1 BC-EX--Council-Budge 1stLd-Writethru 03-21 0308
//!                                                priority, category, type, keyword, version, month and day, words
//! STX ^BC-EX--Council-Budget, 1st Ld-Writethru,308<
//! ^Council agrees on the budget<
//! ^Eds: Updates with quotes.<
//! ^By JANE DOE=
//! ^Agency Example=
//! TAB    EXAMPLETON (AGX) _ The council …
//! ETX AGX-WD-03-21-24 0441GMT<
//! EOT
//! ```
//!
//! | ANPA | becomes |
//! |---|---|
//! | slug of the first line of text up to its first comma, and filing day | uri: `urn:verbatim:anpa1312:BC-EX--Council-Budget:2024-03-21` |
//! | trailer | time and order of the version; two digits of a year mean 1950 to 2049 |
//! | priority `f b u r d` | urgency 1 to 5; other letters are kept |
//! | category | subject; `v` is an advisory |
//! | version field | raw version and signal; `Advisory` is an advisory, an add, take, insert or sub holds, and so does an advance |
//! | first line marked `^` | headline |
//! | further `^` lines of the head that end in `<` or `=` | subheads |
//! | `^By … =` and the centred lines between it and the first paragraph | bylines |
//! | `Eds:` in the head or as a paragraph, lines of picture numbers | notes |
//! | `EDITOR'S NOTE _ …` | copy |
//! | everything else of the header | kept |
//!
//! The number at the top counts transmissions, not stories: the same story comes again for each category. Stories
//! with the same slug on one day are versions of each other; that is the agencies' own rule.
//!
//! **How lines become blocks.** This is part of what `word for word` means for this format:
//!
//! 1. A line ends with CR LF, LF or CR. White space at its ends is no part of the text, and no part of a mark.
//! 2. `^` at the beginning of a line, and `<` or `=` at its end, are marks of the format (flush left, centred) and are
//!    taken out. A marked line is a block of its own; a centred one within the body is a heading.
//! 3. TAB or at least three spaces begin a paragraph; a line with nothing on it ends one. Other lines go on with it,
//!    joined by one space.
//! 4. A line that begins with 0x08 (tab line indicator) is a table row: 0x1F and 0x1E part its columns, 0x10 is the space
//!    between words of one column. In a message of type DC2 (tables) a line with two or more `;` without a space behind
//!    is a row as well, and so is a line that begins with `^;` anywhere; `;` parts the columns.
//! 5. `^END<` and Kyodo's `==Kyodo` at the end are kept, but are no copy. Kyodo's `+` at the end of the headline is
//!    a mark like `<`, and its head has no `^`.
//!
//! Nothing else is touched. `_` for a dash, ``` `` ``` and `''` for quotation marks and `{` for a half are what the
//! agency sends, and stay. A control character that is not named here holds the version.
//!
//! ```
//! let wire = b"\x16\x16\x01W4221\x1fagxwd\nr i \x13\x11 BC-EX--Bridge     03-21 0308\n\x02^BC-EX--Bridge,8<\n^Bridge opens<\n\
//!   \tEXAMPLETON (AGX) _ It is open.\n\x03AGX-WD-03-21-24 0441GMT<\n\x04";
//! let version = &wire::anpa1312::read(wire, &wire::Hints::default()).items[0];
//! assert_eq!(version.uri, "urn:verbatim:anpa1312:BC-EX--Bridge:2024-03-21");
//! assert_eq!(version.copy.headline(), Some("Bridge opens"));
//! ```

mod read;
mod shape;
#[cfg(test)]
mod tests;

pub use read::read;
pub(crate) use shape::is_header;
