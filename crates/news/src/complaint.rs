//! What could not be read, said so that an operator can act on it.

use std::fmt;

/// How grave a complaint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Gravity {
    /// Worth knowing; the version may be published.
    Remark,
    /// The words or their status are in doubt: the version waits for a person.
    Hold,
    /// Nothing usable came of this item, or of the whole transmission.
    Lost,
}

/// Where in a transmission something stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The item's ordinal in its transmission, from 0; `None` for the transmission as a whole.
    pub item: Option<usize>,
    /// A path in the words of the format: `channel/item/title`, `bodies[0].value`.
    pub path: String,
    /// Bytes from the start of the transmission as it came.
    pub offset: Option<usize>,
}

/// One thing that was odd, lost or refused while reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// How grave.
    pub gravity: Gravity,
    /// Stable and short, for metrics and documentation: `xml-not-well-formed`, `date-without-zone`.
    pub code: &'static str,
    /// A sentence without final stop: what was found where, and what would be right.
    pub message: String,
    /// Where.
    pub place: Place,
}

impl Complaint {
    /// A complaint without a place; see [`Complaint::at`].
    pub fn new(gravity: Gravity, code: &'static str, message: impl Into<String>) -> Self {
        Self { gravity, code, message: message.into(), place: Place::default() }
    }

    /// The same complaint with a path and, where known, a byte offset.
    pub fn at(mut self, path: impl Into<String>, offset: Option<usize>) -> Self {
        self.place.path = path.into();
        self.place.offset = offset;
        self
    }

    /// The same complaint about the item with this ordinal.
    pub fn of_item(mut self, item: usize) -> Self {
        self.place.item = Some(item);
        self
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(item) = self.place.item {
            write!(f, "item {}: ", item + 1)?;
        }
        if !self.place.path.is_empty() {
            write!(f, "{}: ", self.place.path)?;
        }
        f.write_str(&self.message)?;
        if let Some(offset) = self.place.offset {
            write!(f, " (byte {offset})")?;
        }
        write!(f, " [{}]", self.code)
    }
}
