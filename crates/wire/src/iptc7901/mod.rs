//! IPTC 7901, the text format of European agencies since the days of the teleprinter.
//!
//! ```text
//! SOH agx042 4 pl 308 eu  agx 042      service and its number, priority, subject, words, routing, agency and its number
//!     Council/Budget/                  slugline, before it perhaps bells
//! STX 2ND LEAD                         lines of the head; the last one ends in " ="
//!     Council agrees on the budget
//!     By Jane Doe, agx =
//!        Exampleton (agx) - The council …
//! ETX 210441 GMT Mar 24                day, hour and minute, zone, month, year
//! EOT
//! ```
//!
//! | 7901 | becomes |
//! |---|---|
//! | service, agency, the agency's number (the service's where that is missing or zero), day of the trailer | uri: `urn:verbatim:iptc7901:agx:agx:042:2024-03-21` |
//! | trailer | time and order of the version; two digits of a year mean 1950 to 2049 |
//! | priority, subject letters | urgency, subject |
//! | last line of the head that is neither mark nor byline | headline; a line before it that is so long that the next word did not fit belongs to it |
//! | other lines of the head | subheads |
//! | `By …`, `Von …`, `Par …` as last line of the head | byline |
//! | `1ST LEAD`, `3RD NET`, `EXTRA` | signals, no copy |
//! | `KILL KILL KILL`, `HOLD HOLD HOLD`, `(Achtung …)`, `1ST ADD` | signals that hold, no copy |
//! | a head line in brackets | note |
//! | what follows `# Notizblock`, `# Notebook` or the sentence that information is not for publication | notes |
//! | everything else of the header | kept |
//!
//! The agency uses its numbers again from day to day, so the day is part of the uri. A lead has a number of its own
//! and is an item of its own: the format does not say which item it leads.
//!
//! **How lines become paragraphs.** This is part of what `word for word` means for this format:
//!
//! 1. A line ends with CR LF, LF or CR. Fill (DEL), bells and changes of the font (DC1 to DC3, which 7901 calls FT1
//!    to FT3) are taken out; white space at the ends of lines is no part of the text. What stands between SCD and ECD is an
//!    instruction for a typesetting machine and becomes a note.
//! 2. A line with nothing on it parts paragraphs.
//! 3. So does a line that begins with a TAB or at least three spaces: it is the first of a paragraph.
//! 4. So does a bare LF behind words, in a text of which more lines of words end in CR LF than in LF alone.
//! 5. So does a line that begins with `# ` to `#### `, and, in a paragraph that begins with `- `, every line that
//!    begins with `- `.
//! 6. All other lines of a paragraph are joined by one space. Hyphens stay: whether the one at the end of a line
//!    belongs to the word is not said, and a remark names the first such line.
//! 7. A line that begins and ends with `|`, or that has US (0x1F) between columns, is a table row.
//! 8. Two or more lines in a row that have a TAB or three spaces between words are a table made of spaces: they
//!    stay as they are, as one preformatted block.
//!
//! Writing follows the same rules, and refuses by name what they would not give back; see [`write`].
//!
//! Within a line nothing is touched. A control character that is not named here holds the version.
//!
//! ```
//! let wire = b"\x01agx042 4 pl 20 eu  agx 042\r\n\r\nCouncil/\r\n\x02Bridge opens =\r\n   Exampleton (agx) - It is\r\nopen.\r\n\
//!   \x03210441 GMT Mar 24\r\n\x04";
//! let version = &wire::iptc7901::read(wire, &wire::Hints::default()).items[0];
//! assert_eq!(version.uri, "urn:verbatim:iptc7901:agx:agx:042:2024-03-21");
//! assert_eq!(version.copy.canonical(), "Bridge opens\n\nExampleton (agx) - It is open.\n");
//! ```

mod read;
mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use read::read;
pub(crate) use shape::is_header;
pub use write::{Iptc7901Out, Refusal, write};
