//! One version of a news item as its agency delivered it.

use std::ops::Range;

use jiff::Timestamp;

use crate::{AgencyCopy, Complaint, Embargo, Origins, PubStatus, Rights, Severity, Signal};

/// By what the versions of an item are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionOrder {
    /// The format carries a number that grows (NewsML-G2 `@version`, ninjs `version`, NITF `du-key/@version`).
    Number(u64),
    /// The format carries the time of this version only (Atom `updated`, ninjs without `version`).
    Time(Timestamp),
    /// Nothing is said (most RSS): what comes later is later.
    Arrival,
}

/// A version as delivered, and how it is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionStamp {
    /// The version as written; empty where the format has none.
    pub raw: String,
    /// Its place in the order.
    pub order: VersionOrder,
}

impl VersionStamp {
    /// No version is delivered: arrival decides.
    pub fn arrival() -> Self {
        Self { raw: String::new(), order: VersionOrder::Arrival }
    }
}

/// A time as delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// As written.
    pub raw: String,
    /// The instant, if it could be read.
    pub at: Option<Timestamp>,
    /// Whether the writing itself named a zone; without one the feed's zone was used and a complaint made.
    pub zoned: bool,
}

/// What kind of thing an item is. Only [`ItemClass::Text`] is ever published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemClass {
    /// A story in words.
    Text,
    /// Not for readers: an advisory, daybook, budget or test.
    Advisory(String),
    /// A picture, graphic, video, audio, package, concept …, by the agency's word for it.
    Other(String),
}

/// How an item relates to another that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// This document withdraws the named one (`management-doc-idref` with status canceled, `at:deleted-entry`).
    Kills,
    /// This document withholds the named one.
    Withholds,
    /// Takes its place.
    Replaces,
    /// Corrects it.
    Corrects,
    /// An earlier version, under its own identifier.
    Previous,
    /// A member of this package.
    Member,
    /// The item that this one is a translation of.
    Translation,
    /// A series, by its name, of which this is a part; the version is the part's number.
    Series,
    /// The event that this is about, by its identifier: no item.
    Event,
    /// Any other link, by the agency's relation.
    SeeAlso,
}

/// Another item, named by this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// How it relates.
    pub relation: Relation,
    /// The other item's uri, as written.
    pub uri: String,
    /// The other item's version, where named.
    pub version: Option<String>,
    /// When the relation came to be (`at:deleted-entry/@when`), where said.
    pub when: Option<Timestamp>,
    /// The relation as written.
    pub raw: String,
}

/// Text that travelled with the copy and must not be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What it is: `ednote`, `not-for-publication`, `hidden-text`, `script`, `comment`, `ed-msg` …
    pub role: String,
    /// The text as delivered.
    pub text: String,
    /// Where it stood.
    pub path: String,
}

/// Where the dateline stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// In the first paragraph: it is copy already.
    InBody,
    /// In a field of its own only: it becomes a `dateline` block.
    Separate,
    /// In both: the body's is copy, the field is metadata.
    Both,
}

/// A dateline, as metadata; the copy is never touched for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dateline {
    /// As written.
    pub text: String,
    /// The place alone, where it could be told.
    pub located: Option<String>,
    /// The date alone, as written.
    pub date: Option<String>,
    /// The agency alone, as written.
    pub agency: Option<String>,
    /// Where it stands.
    pub placement: Placement,
}

/// A subject, category or keyword.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The code as delivered (`medtop:11000000`), if any.
    pub code: Option<String>,
    /// The scheme it is from (`medtop`, a domain, a URI), if said.
    pub scheme: Option<String>,
    /// Its name, if any.
    pub name: Option<String>,
}

/// A place on the earth, in degrees of WGS 84.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// North of the equator, -90 to 90.
    pub latitude: f64,
    /// East of Greenwich, -180 to 180.
    pub longitude: f64,
}

impl Point {
    /// A point, if there is such a place.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let there = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        there.then_some(Self { latitude, longitude })
    }

    /// Two numbers, latitude first, with white space or a comma between them (GeoRSS, GML `pos`).
    pub fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
        let (latitude, longitude) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        numbers.next().is_none().then(|| Self::new(latitude, longitude)).flatten()
    }
}

/// A picture or other file that belongs to the item. Never hotlinked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendition {
    /// Where it is.
    pub href: String,
    /// Its media type, as written.
    pub media_type: Option<String>,
    /// What it is for: `thumbnail`, `enclosure`.
    pub role: Option<String>,
}

/// A part of the delivery for which the model has no field: kept, never lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Where it stood.
    pub path: String,
    /// Its text or attribute value.
    pub value: String,
}

/// One version of an item, as read.
#[derive(Clone, Debug)]
pub struct Version {
    /// The item's identifier, unique within its agency. Never carries the version.
    pub uri: String,
    /// Which version, and how versions of this item are ordered.
    pub version: VersionStamp,
    /// Story, advisory or something else.
    pub class: ItemClass,
    /// The status it claims.
    pub status: PubStatus,
    /// Not before.
    pub embargo: Option<Embargo>,
    /// Not after.
    pub expires: Option<Timestamp>,
    /// What it says about itself beside the status.
    pub signals: Vec<Signal>,
    /// Other items that it names.
    pub references: Vec<Reference>,
    /// When this version was made.
    pub version_created: Option<Stamp>,
    /// When the first version was made, as this version tells it.
    pub first_created: Option<Stamp>,
    /// When the content was made.
    pub content_created: Option<Stamp>,
    /// 1 (flash) to 9, in the IPTC's sense.
    pub urgency: Option<u8>,
    /// BCP 47, as delivered; the feed's language where the delivery says nothing.
    pub language: Option<String>,
    /// The dateline as metadata.
    pub dateline: Option<Dateline>,
    /// Where the story was written or happened, as delivered.
    pub located: Option<String>,
    /// Where that is.
    pub points: Vec<Point>,
    /// How many comments readers had written when it was sent.
    pub comments: Option<u32>,
    /// The slugline: not for readers.
    pub slugline: Option<String>,
    /// Keywords.
    pub keywords: Vec<String>,
    /// Subjects and categories.
    pub subjects: Vec<Subject>,
    /// Genres.
    pub genres: Vec<Subject>,
    /// Persons or bodies named as creators (metadata; a published byline is a block of the copy).
    pub creators: Vec<String>,
    /// The agency's own page for it.
    pub link: Option<String>,
    /// Rights.
    pub rights: Rights,
    /// The publishable words.
    pub copy: AgencyCopy,
    /// The words that are not for publication.
    pub notes: Vec<Note>,
    /// Pictures and files.
    pub renditions: Vec<Rendition>,
    /// What was odd while reading it.
    pub complaints: Vec<Complaint>,
    /// Parts for which the model has no field, where the reader names them itself. Where it notes [`Origins`]
    /// instead, everything that is no origin is unmapped, and `wire::Account` lists it.
    pub extra: Vec<Unmapped>,
    /// Where each value stood.
    pub origins: Origins,
    /// The item's bytes within the transmission.
    pub span: Range<usize>,
}

impl Version {
    /// An empty usable text item with this uri; readers fill it in.
    pub fn new(uri: impl Into<String>) -> Self {
        Self {
            uri: uri.into(),
            version: VersionStamp::arrival(),
            class: ItemClass::Text,
            status: PubStatus::Usable,
            embargo: None,
            expires: None,
            signals: Vec::new(),
            references: Vec::new(),
            version_created: None,
            first_created: None,
            content_created: None,
            urgency: None,
            language: None,
            dateline: None,
            located: None,
            points: Vec::new(),
            comments: None,
            slugline: None,
            keywords: Vec::new(),
            subjects: Vec::new(),
            genres: Vec::new(),
            creators: Vec::new(),
            link: None,
            rights: Rights::default(),
            copy: AgencyCopy::default(),
            notes: Vec::new(),
            renditions: Vec::new(),
            complaints: Vec::new(),
            extra: Vec::new(),
            origins: Origins::default(),
            span: 0..0,
        }
    }

    /// The gravest of all signals and the status, as a severity; `Informs` if nothing restricts.
    pub fn severity(&self) -> Severity {
        let status = match self.status {
            PubStatus::Usable => Severity::Informs,
            PubStatus::Withheld => Severity::Withholds,
            PubStatus::Canceled => Severity::Kills,
            PubStatus::Unknown(_) => Severity::Holds,
        };
        self.signals.iter().map(|signal| signal.severity).fold(status, Severity::max)
    }

    /// The instant this version claims for itself: when it was made, else when its content was made.
    pub fn claimed_time(&self) -> Option<Timestamp> {
        [&self.version_created, &self.content_created, &self.first_created]
            .into_iter()
            .flatten()
            .find_map(|stamp| stamp.at)
    }
}
