//! Where the values of a version stood in its transmission.
//!
//! A reader notes for each value that it takes where it found it: twelve bytes a value, no text is copied. What it
//! does not note is unmapped by definition, so nothing can be forgotten: whatever stands in the delivery is either
//! the origin of a field or part of `extra`, which `wire::Account` lists.

use std::borrow::Cow;
use std::ops::Range;

use crate::BlockKind;

/// What of a version a piece of its transmission became. The numbers count within the list of that name, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The identifier.
    Uri,
    /// The version.
    Version,
    /// What kind of thing it is.
    Class,
    /// The status.
    Status,
    /// Not before.
    Embargo,
    /// Not after.
    Expires,
    /// One of the signals.
    Signal(u16),
    /// One of the references.
    Reference(u16),
    /// When this version was made.
    VersionCreated,
    /// When the first version was made.
    FirstCreated,
    /// When the content was made.
    ContentCreated,
    /// The urgency.
    Urgency,
    /// The language.
    Language,
    /// The dateline as metadata.
    Dateline,
    /// Where the story was written or happened.
    Located,
    /// One of the points on the map.
    Point(u16),
    /// The number of comments.
    Comments,
    /// The slugline.
    Slugline,
    /// One of the keywords.
    Keyword(u16),
    /// The name of one of the subjects.
    Subject(u16),
    /// The code of one of the subjects.
    SubjectCode(u16),
    /// The name of one of the genres.
    Genre(u16),
    /// The code of one of the genres.
    GenreCode(u16),
    /// One of the creators.
    Creator(u16),
    /// The agency's own page.
    Link,
    /// The credit line.
    CreditLine,
    /// The copyright holder.
    CopyrightHolder,
    /// The copyright notice.
    CopyrightNotice,
    /// One of the usage terms.
    UsageTerms(u16),
    /// A block of the copy that has a field of its own in the delivery: the n-th block of this kind.
    Block(BlockKind, u16),
    /// The body: blocks of the copy and, where it holds any, notes and renditions.
    Body,
    /// One of the notes.
    Note(u16),
    /// One of the renditions.
    Rendition(u16),
}

/// Where a value stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// Bytes of the transmission; of one that is not UTF-8, bytes of it decoded to UTF-8.
    Bytes(Range<usize>),
    /// A JSON Pointer (RFC 6901) into the item's object.
    Path(&'a str),
}

/// How a value was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Word for word, white space aside: the field holds the value as it was written.
    AsWritten,
    /// By its meaning: the field holds what was understood (a status, a time), the delivery how it was said.
    ByMeaning,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    field: Field,
    taken: Taken,
    start: u32,
    /// Of a path: its number, with [`PATH`] as start.
    end: u32,
}

const PATH: u32 = u32::MAX;

/// Where all values of a version stood. It is about one transmission and not kept beyond the reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    lines: Vec<Line>,
    paths: Vec<Cow<'static, str>>,
}

impl Origins {
    /// This field was taken from these bytes. Beyond 4 GiB nothing is noted.
    pub fn bytes(&mut self, field: Field, taken: Taken, range: Range<usize>) {
        if let (Ok(start), Ok(end)) = (u32::try_from(range.start), u32::try_from(range.end))
            && start != PATH
        {
            self.note(Line { field, taken, start, end });
        }
    }

    fn note(&mut self, line: Line) {
        // As many as most versions have.
        self.lines.reserve(if self.lines.is_empty() { 16 } else { 1 });
        self.lines.push(line);
    }

    /// This field was taken from the value at this JSON Pointer.
    pub fn path(&mut self, field: Field, taken: Taken, path: impl Into<Cow<'static, str>>) {
        if let Ok(end) = u32::try_from(self.paths.len()) {
            self.paths.reserve(if self.paths.is_empty() { 16 } else { 1 });
            self.paths.push(path.into());
            self.note(Line { field, taken, start: PATH, end });
        }
    }

    /// All of them, in the order in which they were read.
    pub fn iter(&self) -> impl Iterator<Item = (Field, Taken, Origin<'_>)> {
        self.lines.iter().map(|line| {
            let origin = match line.start {
                PATH => Origin::Path(&self.paths[line.end as usize]),
                start => Origin::Bytes(start as usize..line.end as usize),
            };
            (line.field, line.taken, origin)
        })
    }

    /// Where this field stood; several places if it was put together.
    pub fn of(&self, field: Field) -> impl Iterator<Item = Origin<'_>> {
        self.iter().filter(move |(own, ..)| *own == field).map(|(_, _, origin)| origin)
    }

    /// How many are noted; see [`Origins::forget_from`].
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Forgets what was noted after there were so many: it counted the bytes of another text.
    pub fn forget_from(&mut self, length: usize) {
        self.lines.truncate(length);
    }

    /// Forgets where this field stood: it is taken from elsewhere.
    pub fn forget(&mut self, field: Field) {
        self.lines.retain(|line| line.field != field);
    }

    /// Whether nothing is noted: the reader of this format does not note origins.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The text in which the ranges count began `by` bytes after the transmission did.
    pub fn shift(&mut self, by: usize) {
        let by = u32::try_from(by).unwrap_or(0);
        if by == 0 {
            return;
        }
        for line in self.lines.iter_mut().filter(|line| line.start != PATH) {
            line.start = line.start.saturating_add(by).min(PATH - 1);
            line.end = line.end.saturating_add(by);
        }
    }
}

/// The number of a list's last entry, for [`Field`].
pub fn nth(length: usize) -> u16 {
    u16::try_from(length.saturating_sub(1)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_costs_few_bytes() {
        assert!(size_of::<Line>() <= 16, "{}", size_of::<Line>());
    }

    #[test]
    fn what_is_noted_is_found() {
        let mut origins = Origins::default();
        origins.bytes(Field::Uri, Taken::AsWritten, 3..9);
        origins.path(Field::Subject(1), Taken::AsWritten, "/subjects/1");
        origins.bytes(Field::Uri, Taken::ByMeaning, 20..21);
        origins.shift(3);
        assert_eq!(origins.of(Field::Uri).collect::<Vec<_>>(), [Origin::Bytes(6..12), Origin::Bytes(23..24)]);
        assert_eq!(origins.of(Field::Subject(1)).collect::<Vec<_>>(), [Origin::Path("/subjects/1")]);
        assert_eq!(origins.of(Field::Link).count(), 0);
    }
}
