//! ZCZC: text between `ZCZC` and `NNNN`, the frame of telegraph lines, as the Australian agency AAP fills it.
//!
//! ```text
//! ZCZC AGX                    who sends
//! %A                          lines of one mark and a value, until the first line of words
//! #Bridge_BC1
//! $Bridge reopens
//! *07000000
//! The bridge reopened on Monday …
//! NNNN
//! ```
//!
//! | line | becomes |
//! |---|---|
//! | `^…`, else `$…` of more than two letters, else `#…`, else `:…` | headline; the last two with a remark. Without any of them the first line, if it is short |
//! | `#…`, else the first `:…` | slugline |
//! | `*` or `+` and eight digits | subject |
//! | `%`, `&`, `@`, `~`, `=`, further `:`, lines of capitals such as `YY TDR` | kept |
//! | everything up to `NNNN` | body |
//! | a hash of sender, slugline, headline and first paragraph | uri |
//!
//! A sister of it has two letters before a `#`: `AN#` is the uri, `TI#` the headline, `BY#` the byline, `PD#` the
//! time, `KY#` keywords; `TX#` begins the body; the others are kept.
//!
//! Empty lines part paragraphs; within them lines and spaces stay as they are sent, since much of it is tables. The control
//! bytes 0x0F and 0x19 at line ends are marks for typesetting and are taken out. Bytes that are not UTF-8 are
//! windows-1252.
//!
//! ```
//! let wire = b"ZCZC AGX\n#Bridge\n$Bridge reopens\nThe bridge reopened on Monday.\nNNNN\n";
//! let version = &wire::zczc::read(wire, &wire::Hints::default()).items[0];
//! assert_eq!(version.copy.canonical(), "Bridge reopens\n\nThe bridge reopened on Monday.\n");
//! ```

mod read;
#[cfg(test)]
mod tests;

pub(crate) use read::opens;
pub use read::read;
