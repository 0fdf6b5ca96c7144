//! ninjs 3.0 of one story.

use jiff::Timestamp;
use news::{AgencyCopy, BlockKind, Point, PubStatus, Rights, Subject, Version};
use serde_json::{Map, Value, json};

use crate::html;

/// What is written of a story. Everything is optional but the uri: of a story that was withdrawn, only uri, version
/// and status may be told.
#[derive(Clone, Copy, Debug)]
pub struct NinjsOut<'a> {
    /// The agency's identifier.
    pub uri: &'a str,
    /// The agency's version, as delivered; left out if empty.
    pub version: &'a str,
    /// The status: `usable`, `withheld`, `canceled`. Any other word is written as `withheld`, which restricts more.
    pub status: &'a PubStatus,
    /// When this version was made.
    pub version_created: Option<Timestamp>,
    /// When the first version was made.
    pub first_created: Option<Timestamp>,
    /// When the content was made.
    pub content_created: Option<Timestamp>,
    /// Not after.
    pub expires: Option<Timestamp>,
    /// BCP 47.
    pub language: Option<&'a str>,
    /// 1 to 9.
    pub urgency: Option<u8>,
    /// The publishable words.
    pub copy: Option<&'a AgencyCopy>,
    /// Where the story was written or happened.
    pub located: Option<&'a str>,
    /// Where that is.
    pub points: &'a [Point],
    /// The slugline.
    pub slugline: Option<&'a str>,
    /// Subjects.
    pub subjects: &'a [Subject],
    /// Genres.
    pub genres: &'a [Subject],
    /// Rights.
    pub rights: Option<&'a Rights>,
    /// What this program says about the story: label, review state, copy hash. It stands in a field of its own
    /// (`verbatim`), which the schema of ninjs does not know, and never in the copy.
    pub verbatim: Option<&'a Map<String, Value>>,
}

impl<'a> NinjsOut<'a> {
    /// A story of which only this is told.
    pub fn new(uri: &'a str, version: &'a str, status: &'a PubStatus) -> Self {
        Self {
            uri,
            version,
            status,
            version_created: None,
            first_created: None,
            content_created: None,
            expires: None,
            language: None,
            urgency: None,
            copy: None,
            located: None,
            points: &[],
            slugline: None,
            subjects: &[],
            genres: &[],
            rights: None,
            verbatim: None,
        }
    }

    /// Everything that a version tells its readers; notes, signals and what has no field stay where they are.
    pub fn of(version: &'a Version) -> Self {
        let at = |stamp: &'a Option<news::Stamp>| stamp.as_ref().and_then(|stamp| stamp.at);
        Self {
            version_created: at(&version.version_created),
            first_created: at(&version.first_created),
            content_created: at(&version.content_created),
            expires: version.expires,
            language: version.language.as_deref(),
            urgency: version.urgency,
            copy: Some(&version.copy),
            located: version.located.as_deref(),
            points: &version.points,
            slugline: version.slugline.as_deref(),
            subjects: &version.subjects,
            genres: &version.genres,
            rights: Some(&version.rights),
            ..Self::new(&version.uri, &version.version.raw, &version.status)
        }
    }

    /// The same as a JSON object.
    pub fn to_object(&self) -> Map<String, Value> {
        let mut out = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                out.insert(name.to_owned(), value);
            }
        };
        let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
        let time = |at: Option<Timestamp>| at.map(|at| Value::from(at.to_string()));
        put("uri", Some(self.uri.into()));
        put("standard", Some(json!({"name": "ninjs", "version": "3.0", "schema": SCHEMA})));
        put("type", Some("text".into()));
        put("representationType", self.copy.map(|_| "full".into()));
        put("version", text(self.version));
        put("versionCreated", time(self.version_created));
        put("firstCreated", time(self.first_created));
        put("contentCreated", time(self.content_created));
        put("pubStatus", Some(status(self.status).into()));
        put("expires", time(self.expires));
        put("urgency", self.urgency.filter(|urgency| (1..=9).contains(urgency)).map(Value::from));
        put("language", self.language.and_then(text));
        if let Some(rights) = self.rights {
            put("copyrightHolder", rights.copyright_holder.as_deref().and_then(text));
            put("copyrightNotice", rights.copyright_notice.as_deref().and_then(text));
            put("usageTerms", text(&rights.usage_terms.join("\n")));
        }
        put("subjects", concepts(self.subjects));
        put("genres", concepts(self.genres));
        put("slugline", self.slugline.and_then(text));
        put("located", self.located.and_then(text));
        put("places", places(self.points));
        if let Some(copy) = self.copy {
            put("by", text(&copy.texts(BlockKind::Byline).collect::<Vec<_>>().join("\n")));
            put("headlines", headlines(copy));
            put("bodies", bodies(copy));
        }
        put("verbatim", self.verbatim.map(|fields| Value::Object(fields.clone())));
        out
    }
}

const SCHEMA: &str = "https://www.iptc.org/std/ninjs/ninjs-schema_3.0.json";

/// Writes ninjs 3.0, one object, indented, with LF at the end.
pub fn write(story: &NinjsOut<'_>) -> String {
    format!("{:#}\n", Value::Object(story.to_object()))
}

fn status(status: &PubStatus) -> &'static str {
    match status {
        PubStatus::Usable => "usable",
        PubStatus::Withheld | PubStatus::Unknown(_) => "withheld",
        PubStatus::Canceled => "canceled",
    }
}

fn headlines(copy: &AgencyCopy) -> Option<Value> {
    let of = |kind, role: &'static str| {
        copy.texts(kind).map(move |text| json!({"role": role, "contentType": "text/plain", "value": text}))
    };
    let all: Vec<Value> = of(BlockKind::Headline, "main").chain(of(BlockKind::Subhead, "sub")).collect();
    (!all.is_empty()).then_some(Value::Array(all))
}

/// The body twice: as HTML, and as the texts of its blocks joined by empty lines. All headlines stand apart from it.
fn bodies(copy: &AgencyCopy) -> Option<Value> {
    let blocks = || copy.blocks().iter().filter(|block| block.kind() != BlockKind::Headline);
    let texts: Vec<&str> = blocks().map(|block| block.text()).collect();
    if texts.is_empty() {
        return None;
    }
    Some(json!([
        {"role": "main", "contentType": "text/html", "value": html::write_blocks(blocks(), false)},
        {"role": "text", "contentType": "text/plain", "value": texts.join("\n\n")},
    ]))
}

/// Points as GeoJSON (RFC 7946 §3.1.2: longitude first).
fn places(points: &[Point]) -> Option<Value> {
    let place = |point: &Point| {
        let coordinates = [point.longitude, point.latitude];
        json!({ "geoJSON": { "type": "Point", "coordinates": coordinates } })
    };
    (!points.is_empty()).then(|| points.iter().map(place).collect())
}

fn concepts(concepts: &[Subject]) -> Option<Value> {
    let all: Vec<Value> = concepts.iter().filter_map(concept).collect();
    (!all.is_empty()).then_some(Value::Array(all))
}

fn concept(concept: &Subject) -> Option<Value> {
    let mut out = Map::new();
    if let Some(name) = &concept.name {
        out.insert("name".into(), name.as_str().into());
    }
    if let Some(code) = &concept.code {
        let is_uri = ["http://", "https://", "urn:"].iter().any(|scheme| code.starts_with(scheme));
        out.insert(if is_uri { "uri" } else { "literal" }.into(), code.as_str().into());
    }
    (!out.is_empty()).then_some(Value::Object(out))
}
