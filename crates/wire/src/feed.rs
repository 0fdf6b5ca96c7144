//! What RSS, Atom and JSON Feed have in common: the modules that feeds borrow from each other, and how items
//! become a reading.

use std::collections::HashMap;

use news::{
    BlockKind, Complaint, Digest, Embargo, Gravity, ItemClass, PubStatus, Reference, Relation, Rendition,
    Severity, Signal, Stamp, Subject, Unmapped, Version, VersionOrder, VersionStamp,
};

use crate::html::{self, Words};
use crate::xml::{self, Element};
use crate::{Hints, Reading, time};

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

/// How many values without a field of their own are kept for one item.
const MOST_EXTRA: usize = 4096;

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
}

impl<'h> Draft<'h> {
    pub(crate) fn new(hints: &'h Hints, element: &Element) -> Self {
        let mut version = Version::new("");
        version.span = element.span.clone();
        version.language = element.lang().map(str::to_owned);
        Self { version, hints, first: None, dated: None, updated: None }
    }

    pub(crate) fn complain(
        &mut self,
        gravity: Gravity,
        code: &'static str,
        message: impl Into<String>,
        path: &str,
    ) {
        let offset = Some(self.version.span.start);
        self.version.complaints.push(Complaint::new(gravity, code, message).at(path, offset));
    }

    pub(crate) fn stamp(&mut self, element: &Element, path: &str) -> Option<Stamp> {
        let raw = element.text();
        self.stamp_raw(raw.trim(), path)
    }

    pub(crate) fn stamp_raw(&mut self, raw: &str, path: &str) -> Option<Stamp> {
        (!raw.is_empty()).then(|| time::stamp(raw, self.hints, path, &mut self.version.complaints))
    }

    /// Keeps what the model has no field for.
    pub(crate) fn extra(&mut self, path: impl Into<String>, value: impl Into<String>) {
        let value = value.into();
        match self.version.extra.len() {
            _ if value.trim().is_empty() => {}
            ..MOST_EXTRA => self.version.extra.push(Unmapped { path: path.into(), value }),
            MOST_EXTRA => {
                let message =
                    format!("more than {MOST_EXTRA} values that have no field; the rest is not kept");
                self.complain(Gravity::Remark, "too-many-values", message, "");
                self.version.extra.push(Unmapped { path: path.into(), value });
            }
            _ => {}
        }
    }

    /// Keeps an element that nobody reads, with its attributes and all that is in it.
    pub(crate) fn extra_element(&mut self, element: &Element, path: &str) {
        let path = format!("{path}/{}", element.name);
        for attr in &element.attrs {
            self.extra(format!("{path}@{}", attr.name), &*attr.value);
        }
        if element.elements().next().is_none() {
            self.extra(path, element.text().trim());
            return;
        }
        for child in element.elements() {
            self.extra_element(child, &path);
        }
    }

    /// A headline, white space collapsed.
    pub(crate) fn headline(&mut self, text: &str, path: &str) {
        html::push_line(BlockKind::Headline, text, path, &mut self.version);
    }

    /// A headline that was delivered with markup.
    pub(crate) fn marked_headline(&mut self, words: Words) {
        let (text, marks, rest) = html::inline(words);
        let blocks = vec![html::Draft { kind: BlockKind::Headline, text, marks, list: None }];
        html::push(Words { blocks, ..rest }, &mut self.version);
    }

    pub(crate) fn creator(&mut self, name: &str) {
        let name = html::collapse(name);
        if !name.is_empty() && !self.version.creators.contains(&name) {
            self.version.creators.push(name);
        }
    }

    pub(crate) fn subject(&mut self, code: Option<&str>, scheme: Option<&str>, name: Option<&str>) {
        let given = |text: Option<&str>| text.map(html::collapse).filter(|text| !text.is_empty());
        let subject = Subject { code: given(code), scheme: given(scheme), name: given(name) };
        if subject.code.is_some() || subject.name.is_some() {
            self.version.subjects.push(subject);
        }
    }

    pub(crate) fn rendition(&mut self, href: Option<&str>, media_type: Option<&str>, role: &str) {
        if let Some(href) = href.map(str::trim).filter(|href| !href.is_empty()) {
            let media_type = media_type.map(|word| word.trim().to_owned());
            self.version.renditions.push(Rendition {
                href: href.into(),
                media_type,
                role: Some(role.into()),
            });
        }
    }

    /// Of several states that an item claims, a withdrawal counts, whatever else follows.
    fn state(&mut self, status: PubStatus) {
        if self.version.status != PubStatus::Canceled {
            self.version.status = status;
        }
    }

    /// Reads an element of one of the modules that any XML feed may carry. `false` if it is none.
    pub(crate) fn module(&mut self, element: &Element, path: &str) -> bool {
        let Some(ns) = element.ns.clone() else { return false };
        let name = element.name;
        let here = format!("{path}/{name}");
        match &*ns {
            DC => self.dublin_core(element, &here),
            DCTERMS => self.dublin_terms(element, &here),
            ns if ns.trim_end_matches('/') == MEDIA => self.media(element, &here),
            ns if FEED_SYNC.contains(&ns) => {
                if name == "sync" && element.attr("deleted").is_some_and(|word| word.trim() == "true") {
                    self.state(PubStatus::Canceled);
                    self.signal("sx:deleted", Severity::Kills, &here);
                }
                self.extra_element(element, path);
                true
            }
            ns if APP.contains(&ns) => {
                let draft = if name == "control" { element.child("draft") } else { None };
                if draft.is_some_and(|draft| !draft.text().trim().eq_ignore_ascii_case("no")) {
                    self.signal("app:draft", Severity::Holds, &here);
                }
                self.extra_element(element, path);
                true
            }
            ns if CREATIVE_COMMONS.contains(&ns) && name == "license" => {
                self.usage(&element.text());
                true
            }
            ns if ns.contains("prismstandard.org") => self.prism(element, &here),
            _ => false,
        }
    }

    fn signal(&mut self, code: &str, severity: Severity, path: &str) {
        let signal = Signal { code: code.into(), severity, from_text: false, path: path.into() };
        self.version.signals.push(signal);
    }

    fn usage(&mut self, text: &str) {
        let text = html::collapse(text);
        if !text.is_empty() {
            self.version.rights.usage_terms.push(text);
        }
    }

    pub(crate) fn copyright(&mut self, text: &str) {
        let text = html::collapse(text);
        if !text.is_empty() && self.version.rights.copyright_notice.is_none() {
            self.version.rights.copyright_notice = Some(text);
        }
    }

    fn dublin_core(&mut self, element: &Element, here: &str) -> bool {
        let text = element.text();
        match element.name {
            "creator" | "contributor" => self.creator(&text),
            "subject" => self.subject(None, None, Some(&text)),
            "rights" => self.copyright(&text),
            "language" if self.version.language.is_none() && !text.trim().is_empty() => {
                self.version.language = Some(text.trim().to_owned());
            }
            "date" if self.dated.is_none() => self.dated = self.stamp(element, here),
            _ => return false,
        }
        true
    }

    fn dublin_terms(&mut self, element: &Element, here: &str) -> bool {
        match element.name {
            "modified" if self.updated.is_none() => self.updated = self.stamp(element, here),
            "created" | "issued" if self.first.is_none() => self.first = self.stamp(element, here),
            "valid" => self.valid(&element.text(), here),
            "rightsHolder" => self.version.rights.copyright_holder = Some(html::collapse(&element.text())),
            "license" => self.usage(&element.text()),
            _ => return false,
        }
        true
    }

    /// `start=…; end=…` (DCMI Period Encoding Scheme): not before, not after. A bound that cannot be read is the
    /// more restrictive one.
    fn valid(&mut self, text: &str, here: &str) {
        for part in text.split(';') {
            let Some((name, value)) = part.split_once('=') else { continue };
            match name.trim() {
                "start" => self.embargo(value.trim(), here),
                "end" => self.expiry(value.trim(), here),
                _ => {}
            }
        }
        self.extra(here, text.trim());
    }

    fn embargo(&mut self, raw: &str, here: &str) {
        let Some(stamp) = self.stamp_raw(raw, here) else { return };
        self.version.embargo = Some(stamp.at.map_or(Embargo::Indefinite, Embargo::Until));
    }

    fn expiry(&mut self, raw: &str, here: &str) {
        let Some(stamp) = self.stamp_raw(raw, here) else { return };
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

    fn prism(&mut self, element: &Element, here: &str) -> bool {
        let raw = element.text();
        match element.name {
            "embargoDate" => self.embargo(raw.trim(), here),
            "expirationDate" => self.expiry(raw.trim(), here),
            "modificationDate" if self.updated.is_none() => self.updated = self.stamp(element, here),
            "copyright" => self.copyright(&raw),
            _ => return false,
        }
        true
    }

    /// Media RSS. Nesting is bounded by the parser's limit of depth.
    fn media(&mut self, element: &Element, here: &str) -> bool {
        match element.name {
            "group" => {
                for child in element.elements() {
                    if !self.module(child, here) {
                        self.extra_element(child, here);
                    }
                }
            }
            "content" | "thumbnail" | "player" => {
                let role = if element.name == "content" { "media" } else { element.name };
                self.rendition(element.attr("url"), element.attr("type"), role);
                for child in element.elements() {
                    if !(child.ns == element.ns && child.name == "thumbnail" && self.module(child, here)) {
                        self.extra_element(child, here);
                    }
                }
            }
            "status" => match element.attr("state").map(str::trim) {
                Some("deleted") => {
                    self.state(PubStatus::Canceled);
                    self.signal("media:status=deleted", Severity::Kills, here);
                }
                Some("blocked") => {
                    self.state(PubStatus::Withheld);
                    self.signal("media:status=blocked", Severity::Withholds, here);
                }
                _ => return false,
            },
            "keywords" => {
                let text = element.text();
                let words = text.split(',').map(html::collapse).filter(|word| !word.is_empty());
                self.version.keywords.extend(words);
            }
            "copyright" => self.copyright(&element.text()),
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

/// Reads the body of an item from HTML or plain text.
pub(crate) fn body(draft: &mut Draft<'_>, words: Words) {
    html::push(words, &mut draft.version);
}

/// An identifier for an item that has none: stable as long as title and date are.
pub(crate) fn key(format: &str, parts: &[&str]) -> String {
    format!("urn:verbatim:{format}:{}", Digest::of(parts.join("\n").as_bytes()))
}

/// A tombstone (RFC 6721 §3) as a version that is never published and kills the one it names.
pub(crate) fn tombstone(element: &Element, hints: &Hints) -> Option<Version> {
    let target = element.attr("ref").map(str::trim).filter(|uri| !uri.is_empty())?;
    let mut draft = Draft::new(hints, element);
    let stamp = element.attr("when").and_then(|raw| draft.stamp_raw(raw.trim(), "deleted-entry@when"));
    draft.version.uri = format!("{target}#deleted-entry");
    draft.version.class = ItemClass::Other("deleted-entry".into());
    let when = stamp.as_ref().and_then(|stamp| stamp.at);
    let raw = String::from("at:deleted-entry");
    let reference = Reference { relation: Relation::Kills, uri: target.to_owned(), version: None, when, raw };
    draft.version.references.push(reference);
    draft.updated = stamp;
    for child in element.elements() {
        draft.extra_element(child, "deleted-entry");
    }
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

/// What an item inherits from the feed around it, where it says nothing itself.
pub(crate) struct Heritage {
    pub(crate) language: Option<String>,
    pub(crate) copyright: Option<String>,
    pub(crate) creators: Vec<String>,
}

impl Heritage {
    pub(crate) fn give(&self, reading: &mut Reading, hints: &Hints) {
        let language = self.language.clone().filter(|tag| !tag.is_empty()).or_else(|| hints.language.clone());
        for version in &mut reading.items {
            if version.language.is_none() {
                version.language.clone_from(&language);
            }
            if version.rights.copyright_notice.is_none() {
                version.rights.copyright_notice.clone_from(&self.copyright);
            }
            if version.creators.is_empty() && version.class == ItemClass::Text {
                version.creators.clone_from(&self.creators);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
