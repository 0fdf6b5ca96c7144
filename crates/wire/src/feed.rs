//! What RSS, Atom and JSON Feed have in common: the modules that feeds borrow from each other, what a feed says of
//! itself, and how items become a reading.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::time::Duration;

use news::Taken::ByMeaning;
use news::{
    BlockKind, Complaint, Digest, Embargo, Field, Gravity, ItemClass, Masthead, Point, PubStatus, Reference,
    Relation, Rendition, Severity, Signal, Stamp, Subject, Version, VersionOrder, VersionStamp, nth,
};

use crate::html::{self, Words};
use crate::xml::{self, Element};
use crate::{Hints, Reading, stood, story, time};

pub(crate) const ATOM: &str = "http://www.w3.org/2005/Atom";
pub(crate) const ATOM_03: &str = "http://purl.org/atom/ns#";
pub(crate) const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";
pub(crate) const DC: &str = "http://purl.org/dc/elements/1.1/";
pub(crate) const DCTERMS: &str = "http://purl.org/dc/terms/";
pub(crate) const MEDIA: &str = "http://search.yahoo.com/mrss";
pub(crate) const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";
pub(crate) const XHTML: &str = "http://www.w3.org/1999/xhtml";
const APP: [&str; 2] = ["http://www.w3.org/2007/app", "http://purl.org/atom/app#"];
const FEED_SYNC: [&str; 2] = ["http://feedsync.org/2007/feedsync", "http://www.microsoft.com/schemas/sse"];
const CREATIVE_COMMONS: [&str; 3] = [
    "http://web.resource.org/cc/",
    "http://cyber.law.harvard.edu/rss/creativeCommonsRssModule.html",
    "http://backend.userland.com/creativeCommonsRssModule",
];

const GEORSS: &str = "http://www.georss.org/georss";
/// Of the W3C: `lat` and `long`.
const GEO: &str = "http://www.w3.org/2003/01/geo/wgs84_pos#";
const SLASH: &str = "http://purl.org/rss/1.0/modules/slash/";
const SYNDICATION: &str = "http://purl.org/rss/1.0/modules/syndication/";
const THREADS: &str = "http://purl.org/syndication/thread/1.0";

/// More points, and more keywords of one element, are not taken.
const MOST: usize = 1000;

/// An item that is being read.
pub(crate) struct Draft<'h> {
    pub(crate) version: Version,
    pub(crate) hints: &'h Hints,
    /// `atom:published`, `dcterms:created`: when the first version was made.
    pub(crate) first: Option<Stamp>,
    /// `pubDate`, `dc:date`: when, without saying of which version.
    pub(crate) dated: Option<Stamp>,
    /// `atom:updated`, `dcterms:modified`: when this version was made.
    pub(crate) updated: Option<Stamp>,
    /// `geo:lat` or `geo:long`, whichever came first.
    half: Option<(String, String)>,
}

impl<'h> Draft<'h> {
    pub(crate) fn new(hints: &'h Hints, element: &Element) -> Self {
        let mut version = Version::new("");
        version.span = element.span.clone();
        if let Some(attr) = element.attrs.iter().find(|attr| attr.name == "lang" && attr.ns.is_some()) {
            version.language = element.lang().map(str::to_owned);
            stood::in_attr(&mut version, Field::Language, attr);
        }
        Self { version, hints, first: None, dated: None, updated: None, half: None }
    }

    pub(crate) fn complain(
        &mut self,
        gravity: Gravity,
        code: &'static str,
        message: impl Into<String>,
        path: impl Display,
    ) {
        let offset = Some(self.version.span.start);
        self.version.complaints.push(Complaint::new(gravity, code, message).at(path.to_string(), offset));
    }

    /// A time that an element says.
    pub(crate) fn stamp(&mut self, element: &Element, field: Field, path: impl Display) -> Option<Stamp> {
        let stamp = self.stamp_raw(stood::text(element).trim(), path)?;
        self.meant(field, element);
        Some(stamp)
    }

    pub(crate) fn stamp_raw(&mut self, raw: &str, path: impl Display) -> Option<Stamp> {
        (!raw.is_empty()).then(|| time::stamp(raw, self.hints, path, &mut self.version.complaints))
    }

    /// A field was taken by its meaning from what stands in an element.
    fn meant(&mut self, field: Field, element: &Element) {
        self.version.origins.bytes(field, ByMeaning, element.inner.clone());
    }

    /// A headline, white space collapsed.
    pub(crate) fn headline(&mut self, text: &str) {
        html::push_line(BlockKind::Headline, text, &mut self.version);
    }

    /// The same of an element that holds plain text.
    pub(crate) fn headline_in(&mut self, element: &Element) {
        self.headline(&stood::text(element));
        stood::in_text(&mut self.version, Field::Block(BlockKind::Headline, 0), element);
    }

    /// A headline that was delivered with markup.
    pub(crate) fn marked_headline(&mut self, words: Words, element: &Element) {
        let (text, marks, rest) = html::inline(words);
        let blocks = vec![html::Draft { kind: BlockKind::Headline, text, marks, list: None }];
        html::push(Words { blocks, ..rest }, &mut self.version);
        self.meant(Field::Block(BlockKind::Headline, 0), element);
    }

    /// The body, without what the agency marks in it as not for publication.
    pub(crate) fn body(&mut self, mut words: Words, path: &str) {
        story::set_apart(&mut self.version, &mut words, path);
        html::push(words, &mut self.version);
    }

    /// A creator, unless he is known already; whether he was added.
    pub(crate) fn creator(&mut self, name: &str) -> bool {
        let name = html::collapse(name);
        let new = !name.is_empty() && !self.version.creators.contains(&name);
        if new {
            self.version.creators.push(name);
        }
        new
    }

    /// The same of an element whose text is the name.
    pub(crate) fn creator_in(&mut self, element: &Element) {
        if self.creator(&stood::text(element)) {
            let field = Field::Creator(nth(self.version.creators.len()));
            stood::in_text(&mut self.version, field, element);
        }
    }

    pub(crate) fn subject(&mut self, code: Option<&str>, scheme: Option<&str>, name: Option<&str>) -> bool {
        let given = |text: Option<&str>| text.map(html::collapse).filter(|text| !text.is_empty());
        let subject = Subject { code: given(code), scheme: given(scheme), name: given(name) };
        let filled = subject.code.is_some() || subject.name.is_some();
        if filled {
            self.version.subjects.push(subject);
        }
        filled
    }

    /// The same of an element whose text is the name, and whose attribute, if any, is the scheme.
    pub(crate) fn subject_in(&mut self, element: &Element, scheme: Option<&str>) {
        if self.subject(None, scheme, Some(&stood::text(element))) {
            let n = nth(self.version.subjects.len());
            stood::in_text(&mut self.version, Field::Subject(n), element);
            if let Some(attr) = element.attrs.iter().find(|attr| Some(&*attr.value) == scheme) {
                stood::meant_by(&mut self.version, Field::SubjectCode(n), attr);
            }
        }
    }

    pub(crate) fn rendition(&mut self, href: Option<&str>, media_type: Option<&str>, role: &str) -> bool {
        let Some(href) = href.map(str::trim).filter(|href| !href.is_empty()) else { return false };
        let media_type = media_type.map(|word| word.trim().to_owned());
        self.version.renditions.push(Rendition { href: href.into(), media_type, role: Some(role.into()) });
        true
    }

    /// The same of an element that says where it is in this attribute, and its media type in `type`.
    pub(crate) fn rendition_in(&mut self, element: &Element, href: &str, role: &str) {
        if self.rendition(element.attr(href), element.attr("type"), role) {
            let field = Field::Rendition(nth(self.version.renditions.len()));
            let plain = |attr: &&xml::Attr<'_>| attr.ns.is_none();
            for attr in element.attrs.iter().filter(plain) {
                if attr.name == href {
                    stood::in_attr(&mut self.version, field, attr);
                } else if attr.name == "type" {
                    stood::meant_by(&mut self.version, field, attr);
                }
            }
        }
    }

    /// Of several states that an item claims, a withdrawal counts, whatever else follows.
    fn state(&mut self, status: PubStatus) {
        if self.version.status != PubStatus::Canceled {
            self.version.status = status;
        }
    }

    /// Reads an element of one of the modules that any XML feed may carry. `false` if it is none.
    pub(crate) fn module(&mut self, element: &Element, path: &dyn Display) -> bool {
        let Some(ns) = element.ns.clone() else { return false };
        let name = element.name;
        // Put together only where something is said about it.
        let here = format_args!("{path}/{name}");
        match &*ns {
            DC => self.dublin_core(element, here),
            DCTERMS => self.dublin_terms(element, here),
            ns if ns.trim_end_matches('/') == MEDIA => self.media(element, here),
            ns if FEED_SYNC.contains(&ns) => {
                if name == "sync" && element.attr("deleted").is_some_and(|word| word.trim() == "true") {
                    self.state(PubStatus::Canceled);
                    self.signal(element, "sx:deleted", Severity::Kills, here);
                }
                true
            }
            ns if APP.contains(&ns) => {
                let draft = if name == "control" { element.child("draft") } else { None };
                if let Some(draft) = draft.filter(|draft| !draft.text().trim().eq_ignore_ascii_case("no")) {
                    self.signal(draft, "app:draft", Severity::Holds, here);
                }
                true
            }
            ns if CREATIVE_COMMONS.contains(&ns) && name == "license" => {
                self.usage(element, &stood::text(element));
                true
            }
            SLASH => match name {
                "comments" => self.comments(element, &stood::text(element)),
                "section" => {
                    self.subject_in(element, None);
                    true
                }
                _ => false,
            },
            THREADS => match name {
                "in-reply-to" => self.in_reply_to(element),
                "total" => self.comments(element, &stood::text(element)),
                _ => false,
            },
            GEORSS => self.georss(element),
            GEO => self.geo(element),
            ns if ns.contains("prismstandard.org") => self.prism(element, here),
            _ => false,
        }
    }

    fn signal(&mut self, element: &Element, code: &str, severity: Severity, path: impl Display) {
        let signal = Signal { code: code.into(), severity, from_text: false, path: path.to_string() };
        self.version.signals.push(signal);
        let field = Field::Signal(nth(self.version.signals.len()));
        stood::as_meant(&mut self.version, field, element);
    }

    fn usage(&mut self, element: &Element, text: &str) {
        let text = html::collapse(text);
        if !text.is_empty() {
            self.version.rights.usage_terms.push(text);
            let field = Field::UsageTerms(nth(self.version.rights.usage_terms.len()));
            stood::as_meant(&mut self.version, field, element);
        }
    }

    pub(crate) fn copyright(&mut self, element: &Element) {
        let text = html::collapse(&stood::text(element));
        if !text.is_empty() && self.version.rights.copyright_notice.is_none() {
            self.version.rights.copyright_notice = Some(text);
            stood::in_text(&mut self.version, Field::CopyrightNotice, element);
        }
    }

    /// How many comments readers have written.
    fn comments(&mut self, element: &Element, text: &str) -> bool {
        let Ok(number) = text.trim().parse() else { return false };
        self.version.comments = Some(number);
        self.meant(Field::Comments, element);
        true
    }

    /// What an entry answers to (RFC 4685 §3).
    fn in_reply_to(&mut self, element: &Element) -> bool {
        let Some((attr, uri)) = stood::first_attr(element, &["ref", "href"]) else { return false };
        let (uri, raw) = (uri.to_owned(), "thr:in-reply-to".to_owned());
        let reference = Reference { relation: Relation::SeeAlso, uri, version: None, when: None, raw };
        self.version.references.push(reference);
        let field = Field::Reference(nth(self.version.references.len()));
        stood::in_attr(&mut self.version, field, attr);
        true
    }

    fn point(&mut self, element: &Element, point: Option<Point>) -> bool {
        let Some(point) = point.filter(|_| self.version.points.len() < MOST) else { return false };
        self.version.points.push(point);
        let field = Field::Point(nth(self.version.points.len()));
        stood::as_meant(&mut self.version, field, element);
        true
    }

    /// GeoRSS, simple and GML. Lines, boxes and areas are no points and stay unmapped.
    fn georss(&mut self, element: &Element) -> bool {
        match element.name {
            "point" => self.point(element, Point::read(&stood::text(element))),
            "where" => {
                let place = element.child("Point").and_then(|point| point.child("pos"));
                place.is_some_and(|place| self.point(place, Point::read(&stood::text(place))))
            }
            "featurename" | "featureName" if self.version.located.is_none() => {
                self.version.located =
                    Some(html::collapse(&stood::text(element))).filter(|place| !place.is_empty());
                stood::in_text(&mut self.version, Field::Located, element);
                true
            }
            _ => false,
        }
    }

    /// `geo:Point` around `geo:lat` and `geo:long`, or the two alone: a point when both are there.
    fn geo(&mut self, element: &Element) -> bool {
        let of = |name: &str| element.child_ns(GEO, name).map(|child| stood::text(child).into_owned());
        match element.name {
            "Point" => match (of("lat"), of("long")) {
                (Some(lat), Some(long)) => self.point(element, Point::read(&format!("{lat} {long}"))),
                _ => false,
            },
            // The first of the two waits for the other.
            "lat" | "long" => {
                let text = stood::text(element).trim().to_owned();
                let Some((other, waiting)) = self.half.take_if(|(name, _)| name != element.name) else {
                    self.half = Some((element.name.to_owned(), text));
                    self.meant(Field::Point(nth(self.version.points.len() + 1)), element);
                    return true;
                };
                let both =
                    if other == "lat" { format!("{waiting} {text}") } else { format!("{text} {waiting}") };
                self.point(element, Point::read(&both))
            }
            _ => false,
        }
    }

    fn dublin_core(&mut self, element: &Element, here: fmt::Arguments<'_>) -> bool {
        match element.name {
            "creator" | "contributor" | "author" => self.creator_in(element),
            "subject" => self.subject_in(element, None),
            "rights" => self.copyright(element),
            "language" if self.version.language.is_none() && !element.is_blank() => {
                self.version.language = Some(stood::text(element).trim().to_owned());
                stood::in_text(&mut self.version, Field::Language, element);
            }
            "date" if self.dated.is_none() => {
                self.dated = self.stamp(element, Field::VersionCreated, here);
            }
            _ => return false,
        }
        true
    }

    fn dublin_terms(&mut self, element: &Element, here: fmt::Arguments<'_>) -> bool {
        match element.name {
            "modified" if self.updated.is_none() => {
                self.updated = self.stamp(element, Field::VersionCreated, here);
            }
            "created" | "issued" if self.first.is_none() => {
                self.first = self.stamp(element, Field::FirstCreated, here);
            }
            "valid" => self.valid(element, here),
            "rightsHolder" => {
                self.version.rights.copyright_holder = Some(html::collapse(&stood::text(element)));
                stood::in_text(&mut self.version, Field::CopyrightHolder, element);
            }
            "license" => self.usage(element, &stood::text(element)),
            _ => return false,
        }
        true
    }

    /// `start=…; end=…` (DCMI Period Encoding Scheme): not before, not after. A bound that cannot be read is the
    /// more restrictive one.
    fn valid(&mut self, element: &Element, here: fmt::Arguments<'_>) {
        for part in stood::text(element).split(';') {
            let Some((name, value)) = part.split_once('=') else { continue };
            match name.trim() {
                "start" => self.embargo(element, value.trim(), here),
                "end" => self.expiry(element, value.trim(), here),
                _ => {}
            }
        }
    }

    fn embargo(&mut self, element: &Element, raw: &str, here: fmt::Arguments<'_>) {
        let Some(stamp) = self.stamp_raw(raw, here) else { return };
        self.version.embargo = Some(stamp.at.map_or(Embargo::Indefinite, Embargo::Until));
        self.meant(Field::Embargo, element);
    }

    fn expiry(&mut self, element: &Element, raw: &str, here: fmt::Arguments<'_>) {
        let Some(stamp) = self.stamp_raw(raw, here) else { return };
        self.meant(Field::Expires, element);
        match stamp.at {
            Some(at) => self.version.expires = Some(self.version.expires.map_or(at, |before| before.min(at))),
            None => self.complain(
                Gravity::Hold,
                "unreadable-expiry",
                "the expiry is a time that cannot be read",
                here,
            ),
        }
    }

    fn prism(&mut self, element: &Element, here: fmt::Arguments<'_>) -> bool {
        let raw = stood::text(element);
        match element.name {
            "embargoDate" => self.embargo(element, raw.trim(), here),
            "expirationDate" => self.expiry(element, raw.trim(), here),
            "modificationDate" if self.updated.is_none() => {
                self.updated = self.stamp(element, Field::VersionCreated, here);
            }
            "copyright" => self.copyright(element),
            _ => return false,
        }
        true
    }

    /// Media RSS. Nesting is bounded by the parser's limit of depth.
    fn media(&mut self, element: &Element, here: fmt::Arguments<'_>) -> bool {
        match element.name {
            "group" => {
                for child in element.elements() {
                    self.module(child, &here);
                }
            }
            "content" | "thumbnail" | "player" => {
                let role = if element.name == "content" { "media" } else { element.name };
                self.rendition_in(element, "url", role);
                for child in element.elements() {
                    if child.ns == element.ns && child.name == "thumbnail" {
                        self.module(child, &here);
                    }
                }
            }
            "status" => match element.attr("state").map(str::trim) {
                Some("deleted") => {
                    self.state(PubStatus::Canceled);
                    self.signal(element, "media:status=deleted", Severity::Kills, here);
                }
                Some("blocked") => {
                    self.state(PubStatus::Withheld);
                    self.signal(element, "media:status=blocked", Severity::Withholds, here);
                }
                _ => return false,
            },
            "keywords" => {
                let text = stood::text(element);
                let words = text.split(',').map(html::collapse).filter(|word| !word.is_empty());
                let first = self.version.keywords.len();
                self.version.keywords.extend(words.take(MOST));
                if self.version.keywords.len() > first {
                    self.meant(Field::Keyword(nth(first + 1)), element);
                }
            }
            "copyright" => self.copyright(element),
            // Where it may be shown, and by whom: terms for a person to read.
            "restriction" => {
                let said = |name: &str| element.attr(name).unwrap_or_default().trim().to_owned();
                let (relation, kind) = (said("relationship"), said("type"));
                let terms = format!("media:restriction {relation} {kind} {}", stood::text(element));
                self.usage(element, &terms);
            }
            "license" => self.usage(element, &stood::text(element)),
            _ => return false,
        }
        true
    }

    /// Sets times and order, and complains if there are no words at all.
    pub(crate) fn finish(mut self) -> Version {
        let created = self.updated.clone().or_else(|| self.dated.clone()).or_else(|| self.first.clone());
        if let Some(updated) = &self.updated
            && let Some(at) = updated.at
        {
            self.version.version = VersionStamp { raw: updated.raw.clone(), order: VersionOrder::Time(at) };
        }
        self.version.first_created =
            self.first.take().or_else(|| self.dated.take()).or_else(|| created.clone());
        self.version.version_created = created;
        let withdrawn = self.version.severity() >= Severity::Withholds;
        if self.version.copy.is_empty() && self.version.class == ItemClass::Text && !withdrawn {
            self.complain(Gravity::Hold, "no-words", "the item has neither a title nor a body", "");
        }
        self.version
    }
}

/// Takes the body of an item from the words in an element.
pub(crate) fn body(draft: &mut Draft<'_>, words: Words, element: &Element, path: &str) {
    draft.body(words, path);
    draft.meant(Field::Body, element);
}

/// An identifier for an item that has none: stable as long as title and date are.
pub(crate) fn key(format: &str, parts: &[&str]) -> String {
    format!("urn:verbatim:{format}:{}", Digest::of(parts.join("\n").as_bytes()))
}

/// A tombstone (RFC 6721 §3) as a version that is never published and kills the one it names.
pub(crate) fn tombstone(element: &Element, hints: &Hints) -> Option<Version> {
    let (attr, target) = stood::first_attr(element, &["ref"])?;
    let mut draft = Draft::new(hints, element);
    stood::in_attr(&mut draft.version, Field::Reference(0), attr);
    let when = stood::first_attr(element, &["when"]);
    let stamp = when.and_then(|(_, raw)| draft.stamp_raw(raw, "deleted-entry@when"));
    if let Some((attr, _)) = when {
        stood::meant_by(&mut draft.version, Field::VersionCreated, attr);
    }
    draft.version.uri = format!("{target}#deleted-entry");
    draft.version.class = ItemClass::Other("deleted-entry".into());
    let when = stamp.as_ref().and_then(|stamp| stamp.at);
    let raw = String::from("at:deleted-entry");
    let reference = Reference { relation: Relation::Kills, uri: target.to_owned(), version: None, when, raw };
    draft.version.references.push(reference);
    draft.updated = stamp;
    Some(draft.finish())
}

/// The items of an XML feed, one by one, and the head around them.
///
/// `read` gets every record that is well-formed and gives its version, or why nothing came of it.
pub(crate) fn gather<'t>(
    text: &'t str,
    names: &'t [&'t str],
    path: &str,
    hints: &'t Hints,
    mut read: impl FnMut(&Element) -> Result<Version, Complaint>,
) -> (Reading, Option<Element<'t>>) {
    let mut reading = Reading::default();
    let mut records = xml::records(text, names, &hints.limits);
    for (ordinal, record) in records.by_ref().enumerate() {
        match record.element.map_err(|fault| fault.complaint(path)).and_then(|element| read(&element)) {
            Ok(mut version) => {
                version.complaints.extend(record.remarks.iter().map(|fault| fault.complaint(path)));
                for complaint in &mut version.complaints {
                    complaint.place.item = Some(ordinal);
                }
                reading.items.push(version);
            }
            Err(complaint) => {
                let at = complaint.place.offset.or(Some(record.span.start));
                let path = complaint.place.path.clone();
                reading.complaints.push(complaint.at(path, at).of_item(ordinal));
            }
        }
    }
    let head = records.head();
    reading.complaints.extend(records.faults().iter().map(|fault| fault.complaint("")));
    repeated(&mut reading);
    (reading, head)
}

/// Two items with one identifier: both are kept, and the later one says so.
pub(crate) fn repeated(reading: &mut Reading) {
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(reading.items.len());
    let mut again = Vec::new();
    for (i, version) in reading.items.iter().enumerate() {
        let first = *seen.entry(&version.uri).or_insert(i);
        if first != i {
            again.push((i, first));
        }
    }
    for (i, first) in again {
        let version = &mut reading.items[i];
        let message = format!("the identifier is that of item {} too; both are kept", first + 1);
        let complaint = Complaint::new(Gravity::Remark, "identifier-twice", message);
        version.complaints.push(complaint.at("", Some(version.span.start)).of_item(i));
    }
}

/// Gives the items of a feed what they do not say themselves, and the feed to the reading.
pub(crate) fn settle(masthead: Masthead, reading: &mut Reading, hints: &Hints) {
    let language = masthead.language.clone().or_else(|| hints.language.clone());
    for version in &mut reading.items {
        if version.language.is_none() {
            version.language.clone_from(&language);
        }
        if version.rights.copyright_notice.is_none() {
            version.rights.copyright_notice.clone_from(&masthead.copyright);
        }
        if version.creators.is_empty() && version.class == ItemClass::Text {
            version.creators.clone_from(&masthead.creators);
        }
    }
    reading.masthead = Some(masthead);
}

/// Takes from an element of a feed's head what the modules say that any XML feed may carry. `false` if it is none.
pub(crate) fn masthead(element: &Element, says: &mut Masthead) -> bool {
    let text = || Some(html::collapse(&stood::text(element))).filter(|text| !text.is_empty());
    match (element.ns.as_deref(), element.name) {
        (Some(ATOM | ATOM_03), "link") => {
            let href =
                element.attr("href").map(|href| href.trim().to_owned()).filter(|href| !href.is_empty());
            let Some(href) = href else { return false };
            let place = match element.attr("rel").unwrap_or("alternate").trim() {
                "self" => &mut says.address,
                "alternate" => &mut says.home,
                "next" => &mut says.next,
                "hub" => {
                    says.hubs.push(href);
                    return true;
                }
                _ => return false,
            };
            place.get_or_insert(href);
        }
        (Some(SYNDICATION), "updatePeriod") => says.ask_every = text().and_then(|word| period(&word)),
        (Some(SYNDICATION), "updateFrequency") => {
            let times = text().and_then(|word| word.parse().ok()).filter(|times| *times > 0);
            // Without a period it is a day (RSS 1.0 modules, syndication).
            let period = says.ask_every.unwrap_or(DAY);
            says.ask_every = times.map(|times: u32| period / times);
        }
        (Some(DC), "language") if says.language.is_none() => says.language = text(),
        (Some(DC), "title") if says.title.is_none() => says.title = text(),
        (Some(DC), "rights") if says.copyright.is_none() => says.copyright = text(),
        _ => return false,
    }
    true
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// `sy:updatePeriod`.
fn period(word: &str) -> Option<Duration> {
    match word.to_ascii_lowercase().as_str() {
        "hourly" => Some(DAY / 24),
        "daily" => Some(DAY),
        "weekly" => Some(DAY * 7),
        "monthly" => Some(DAY * 30),
        "yearly" => Some(DAY * 365),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod tests;
