//! E-mail (RFC 5322, MIME: RFC 2045 to 2049).
//!
//! | mail | becomes |
//! |---|---|
//! | `Message-ID`, else a hash of sender, date and subject | uri |
//! | `Subject` | headline |
//! | `Date` | time of the version; arrival decides the order |
//! | names in `From` | creators: metadata, no byline |
//! | `text/plain`, else `text/html` | body |
//! | `Content-Language`, `Keywords`, `Expires` | language, keywords, expiry |
//! | `Supersedes`; `In-Reply-To`, `References` | references that replace; that see also |
//! | parts that are wires themselves | items of their own, with their own identity |
//! | other parts | renditions |
//! | all other header fields | kept, never copy |
//!
//! **Body.** Of alternatives the plain text counts, since it is what the sender wrote for everybody; where it is empty,
//! the HTML. Plain text with less than half of the letters of its HTML alternative is held: it may only say that there
//! is more. Lines of `format=flowed` are joined; all other single line ends stay. What follows a line of `-- ` is a
//! signature and becomes a note; a doubtful signature, a second body, or a body written for machines is held.
//!
//! **Cover.** A mail that carries wires (NewsML, NITF, ninjs, a forwarded mail …) is only their cover: it becomes an
//! item of class `cover`, which is never published, and its own words become a note. Its subject stays where orders
//! such as "KILL" are looked for. Automatic replies and delivery reports are never published either.
//!
//! **Doubt.** Bytes that cannot be decoded, a damaged transfer encoding, a last part without an end, header lines
//! that are no fields and a field that stands twice all hold. Parts nested deeper than 20, more than 1000 parts and
//! mails in mails deeper than 4 are not read, and held.
//!
//! ```
//! let mail = b"From: Desk <desk@agx.example>\r\nMessage-ID: <1@agx.example>\r\nSubject: Bridge opens\r\n\r\nIt is open.\r\n\r\n-- \r\nThe desk\r\n";
//! let version = &wire::read(mail, &wire::Hints::default()).items[0];
//! assert_eq!(version.uri, "1@agx.example");
//! assert_eq!(version.copy.canonical(), "Bridge opens\n\nIt is open.\n");
//! assert_eq!(version.notes[0].role, "signature");
//! ```

mod lines;
mod read;
mod shape;
#[cfg(test)]
mod tests;
pub(crate) mod transfer;
mod words;

pub(crate) use read::{begins, plain_words, read};
