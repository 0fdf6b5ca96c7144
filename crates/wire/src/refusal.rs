//! What a format cannot carry, by name.
//!
//! A writer writes a version and then reads it back by the crate's own reader: whatever does not come back as it was
//! is refused. So nothing is replaced or dropped in silence, and no list of exceptions has to be kept true. Who wants
//! a version sent without what a format cannot carry takes it out of the version first.

use std::fmt;

use news::{Dateline, Placement, Stamp, Version, relaxed};

use crate::{Format, Hints};

/// Something of a version that a format cannot carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The format.
    pub format: Format,
    /// The field, by its name in [`Version`].
    pub field: &'static str,
    /// What about it, in a few words.
    pub what: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot carry {}: {}", self.format.as_str(), self.field, self.what)
    }
}

impl std::error::Error for Refusal {}

/// A refusal of one field.
pub(crate) fn refusal(format: Format, field: &'static str, what: impl Into<String>) -> Refusal {
    Refusal { format, field, what: what.into() }
}

/// What of a version is not found in what was written of it.
pub(crate) fn lost(format: Format, version: &Version, written: &str) -> Vec<Refusal> {
    let hints = Hints { format: Some(format), ..Hints::default() };
    let read = crate::read(written.as_bytes(), &hints);
    let Some(back) = read.items.first() else {
        let why = read.complaints.first().map(|complaint| complaint.message.clone()).unwrap_or_default();
        return vec![refusal(format, "uri", why)];
    };
    let pairs = fields(version).into_iter().zip(fields(back));
    let mut refusals: Vec<Refusal> = pairs
        .filter(|((_, was), (_, is))| was != is)
        .map(|((field, was), (_, is))| refusal(format, field, parting(&was, &is)))
        .collect();
    // A format may add a signal of its own to what another one says; it may not lose one.
    let lacking = version.signals.iter().filter(|signal| !signal.from_text).find(|signal| {
        !back.signals.iter().any(|own| own.code == signal.code && own.severity >= signal.severity)
    });
    refusals.extend(lacking.map(|signal| refusal(format, "signals", format!("`{}`", signal.code))));
    refusals
}

/// Everything that has to come back, as text to be compared: the meaning of times, not how they are written.
fn fields(version: &Version) -> Vec<(&'static str, String)> {
    let at = |stamp: &Option<Stamp>| format!("{:?}", stamp.as_ref().map(|stamp| stamp.at));
    let apart = |dateline: &&Dateline| dateline.placement != Placement::InBody;
    let blocks = version.copy.blocks().iter();
    let copy: Vec<String> = blocks
        .map(|block| {
            format!("{} {:?} {:?} {:?}", block.kind().as_str(), block.text(), block.list(), block.marks())
        })
        .collect();
    let references: Vec<_> =
        version.references.iter().map(|r| (r.relation, &r.uri, &r.version, r.when)).collect();
    vec![
        ("uri", version.uri.clone()),
        ("version", version.version.raw.clone()),
        ("class", format!("{:?}", version.class)),
        ("status", format!("{:?}", version.status)),
        ("embargo", format!("{:?}", version.embargo)),
        ("expires", format!("{:?}", version.expires)),
        ("references", format!("{references:?}")),
        ("version_created", at(&version.version_created)),
        ("first_created", at(&version.first_created)),
        ("content_created", at(&version.content_created)),
        ("urgency", format!("{:?}", version.urgency)),
        ("language", format!("{:?}", version.language)),
        ("dateline", format!("{:?}", version.dateline.as_ref().filter(apart).map(|d| &d.text))),
        ("located", format!("{:?}", version.located)),
        ("slugline", format!("{:?}", version.slugline)),
        ("keywords", format!("{:?}", version.keywords)),
        ("subjects", format!("{:?}", version.subjects)),
        ("genres", format!("{:?}", version.genres)),
        ("creators", format!("{:?}", version.creators)),
        ("link", format!("{:?}", version.link)),
        ("rights", format!("{:?}", version.rights)),
        ("copy", copy.join("\n")),
        ("notes", version.notes.iter().map(|note| relaxed(&note.text)).collect::<Vec<_>>().join("\n")),
        ("renditions", format!("{:?}", version.renditions)),
    ]
}

/// Where two texts part.
fn parting(was: &str, is: &str) -> String {
    let same = was.chars().zip(is.chars()).take_while(|(a, b)| a == b).count();
    let piece = |text: &str| text.chars().skip(same.saturating_sub(20)).take(60).collect::<String>();
    format!("`{}` would become `{}`", piece(was), piece(is))
}
