//! What this program sends: the stories of a site, for the writers of RSS, Atom and JSON Feed.
//!
//! The writers put an item's copy into the feed's body and nothing else; label, versions and addresses stand in
//! fields of their own.
//!
//! ```
//! use std::sync::Arc;
//! use news::{AgencyCopy, BlockKind, Label, ReviewState};
//! use wire::outgoing::{Channel, Outgoing};
//!
//! let mut copy = AgencyCopy::default();
//! copy.push(BlockKind::Headline, "Bridge opens", vec![], None).unwrap();
//! copy.push(BlockKind::P, "It is open.", vec![], None).unwrap();
//! let at = "2026-03-14T12:00:00Z".parse().unwrap();
//! let story = Outgoing {
//!     id: "https://daily.example/s/1".into(), url: "https://daily.example/s/1".into(), uri: "urn:agx:1".into(),
//!     version: "1".into(), version_n: 1, copy: Arc::new(copy), agency: "Agency Example".into(), published: at, updated: at,
//!     label: Label { state: ReviewState::Unreviewed, text: "Not reviewed".into(), language: None },
//!     language: None, sections: vec![],
//! };
//! let channel = Channel {
//!     title: "The Daily Example".into(), home_url: "https://daily.example/".into(),
//!     feed_url: "https://daily.example/feed".into(), language: None, updated: at, items: vec![story], tombstones: vec![],
//! };
//! for feed in [wire::rss::write(&channel), wire::atom::write(&channel), wire::json_feed::write(&channel)] {
//!     let reading = wire::read(feed.as_bytes(), &wire::Hints::default());
//!     assert_eq!(reading.items[0].copy, *channel.items[0].copy);
//! }
//! ```

use std::sync::Arc;

use jiff::Timestamp;
use news::{AgencyCopy, Label};

/// The namespace of our own elements in RSS and Atom: `label` (with `review`), `uri`, `version`, `copy-sha256`.
pub const VERBATIM_NS: &str = "https://verbatim.example/ns/feed/1";

/// A feed of a site or of one of its sections.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its title.
    pub title: String,
    /// The page that it is the feed of.
    pub home_url: String,
    /// Its own address.
    pub feed_url: String,
    /// The language of the site (BCP 47), if it has one.
    pub language: Option<String>,
    /// When anything in it last changed.
    pub updated: Timestamp,
    /// The stories, the newest first.
    pub items: Vec<Outgoing>,
    /// Stories that were withdrawn.
    pub tombstones: Vec<Tombstone>,
}

/// A published story.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Its permanent URL, which is also its identifier in feeds.
    pub id: String,
    /// The address of its page, a decorative slug included.
    pub url: String,
    /// The agency's identifier.
    pub uri: String,
    /// The agency's version as written; may be empty.
    pub version: String,
    /// Our own count of its versions, from 1.
    pub version_n: u32,
    /// Its words.
    pub copy: Arc<AgencyCopy>,
    /// The sentence shown with it.
    pub label: Label,
    /// Who delivered it, by the name that readers know.
    pub agency: String,
    /// When it was first published here.
    pub published: Timestamp,
    /// When this version was published here.
    pub updated: Timestamp,
    /// Its language (BCP 47).
    pub language: Option<String>,
    /// The sections in which it stands.
    pub sections: Vec<String>,
}

/// A story that was withdrawn: its address and when, and none of its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The permanent URL that it had.
    pub id: String,
    /// When it was withdrawn.
    pub when: Timestamp,
}

/// Text of an XML element.
pub(crate) fn text(out: &mut String, text: &str) {
    crate::html::escape_text(out, &carried(text));
}

/// The value of an XML attribute.
pub(crate) fn attribute(out: &mut String, value: &str) {
    crate::html::escape_attribute(out, &carried(value));
}

/// `<name>value</name>` and LF.
pub(crate) fn element(out: &mut String, name: &str, value: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    text(out, value);
    out.push_str("</");
    out.push_str(name);
    out.push_str(">\n");
}

/// Without the characters that XML cannot carry (XML 1.0 §2.2). Copy never holds any; a title or address from
/// elsewhere may.
fn carried(text: &str) -> std::borrow::Cow<'_, str> {
    let forbidden = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if text.contains(forbidden) { text.replace(forbidden, "").into() } else { text.into() }
}

/// The label and what else we say about a story, in our own namespace.
pub(crate) fn statement(out: &mut String, story: &Outgoing) {
    out.push_str("<verbatim:label review=\"");
    out.push_str(story.label.state.as_str());
    out.push('"');
    if let Some(language) = &story.label.language {
        out.push_str(" xml:lang=\"");
        attribute(out, language);
        out.push('"');
    }
    out.push('>');
    text(out, &story.label.text);
    out.push_str("</verbatim:label>\n");
    element(out, "verbatim:uri", &story.uri);
    if !story.version.is_empty() {
        element(out, "verbatim:version", &story.version);
    }
    element(out, "verbatim:copy-sha256", &story.copy.copy_hash().to_string());
}
