//! From NITF to the nouns of the trade.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::Range;

use news::{
    BlockKind, Complaint, Digest, Field, Gravity, ItemClass, PubStatus, Reference, Relation, Severity, Taken,
    Version, VersionOrder, VersionStamp, nth,
};

use super::body;
use super::shape::{Shape, is_private};
use crate::html::Words;
use crate::story::{self, Dateline, Head};
use crate::xml::{self, Attr, Element};
use crate::{Format, Hints, Reading, stood, terms};

/// Reads every `nitf` element of a text, also where it stands inside a wrapper.
pub fn read(text: &str, hints: &Hints) -> Reading {
    let mut reading = Reading { format: Some(Format::Nitf), ..Reading::default() };
    let mut records = xml::records(text, &["nitf"], &hints.limits);
    for (ordinal, record) in records.by_ref().enumerate() {
        let element = match &record.element {
            Ok(element) => element,
            Err(fault) => {
                reading.complaints.push(fault.complaint("nitf").of_item(ordinal));
                continue;
            }
        };
        match item(element, hints) {
            Ok(mut version) => {
                version.complaints.extend(record.remarks.iter().map(|fault| fault.complaint("nitf")));
                story::number(&mut version.complaints, ordinal);
                version.span = record.span;
                reading.items.push(version);
            }
            Err(complaint) => reading.complaints.push(complaint.of_item(ordinal)),
        }
    }
    reading.complaints.extend(records.faults().iter().map(|fault| fault.complaint("")));
    reading
}

fn item(root: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let shape = Shape::of(root);
    let own = uri(&shape);
    let named = own.as_ref().map(|(_, stood)| (*stood).clone());
    let path = "nitf/head/docdata/doc-id";
    let Some(uri) = own.map(|(uri, _)| uri).or_else(|| derived_uri(&shape)) else {
        let message = "the document names itself nowhere: a doc-id with an id-string would be right";
        return Err(Complaint::new(Gravity::Lost, "no-identity", message).at(path, Some(root.span.start)));
    };
    let mut version = Version::new(uri);
    if let Some((taken, bytes)) = named {
        version.origins.bytes(Field::Uri, taken, bytes);
    } else {
        let message = "the document names itself nowhere; it is known by its day and headline";
        terms::complain(&mut version, Gravity::Remark, "derived-identity", message, path);
    }
    identify(&mut version, &shape, hints);
    let (head, body) = tell(&mut version, &shape, hints);
    story::tell(&mut version, head, body, "nitf/body");
    Ok(version)
}

/// Reads NITF that another format carries as a text of its own. Status, embargo and notes go into `version`, where
/// the more restrictive reading holds; identity, dates and language are the carrier's.
pub(crate) fn read_inline(version: &mut Version, root: &Element, hints: &Hints) -> (Head, Words) {
    let noted = version.origins.len();
    let (mut head, words) = read_within(version, root, hints);
    version.origins.forget_from(noted);
    head.uproot();
    (head, words)
}

/// The same where it is part of the carrier's own XML.
pub(crate) fn read_within(version: &mut Version, root: &Element, hints: &Hints) -> (Head, Words) {
    tell(version, &Shape::of(root), hints)
}

// --- identity ---

fn trimmed<'a>(element: Option<&'a Element<'a>>, attr: &str) -> Option<&'a str> {
    element.and_then(|element| element.attr(attr)).map(str::trim).filter(|value| !value.is_empty())
}

/// The identifier, and where it stood.
fn uri(shape: &Shape<'_>) -> Option<(String, (Taken, Range<usize>))> {
    let docdata = shape.docdata;
    if let Some((attr, id)) = docdata.and_then(|d| stood::first_attr(d.child("doc-id")?, &["id-string"])) {
        let uri = without_version(shape, id).0;
        let taken = if uri == id { Taken::AsWritten } else { Taken::ByMeaning };
        return Some((uri.to_owned(), (taken, attr.span.clone())));
    }
    if let Some((attr, key)) = docdata.and_then(|d| stood::first_attr(d.child("du-key")?, &["key"])) {
        // The key may be used again after some time, so it is only unique together with the day.
        let issued = docdata.and_then(|docdata| docdata.child("date.issue"));
        let day: String = trimmed(issued, "norm")
            .unwrap_or_default()
            .chars()
            .filter(char::is_ascii_digit)
            .take(8)
            .collect();
        let uri = if day.len() == 8 { format!("{key}/{day}") } else { key.to_owned() };
        return Some((uri, (Taken::ByMeaning, attr.span.clone())));
    }
    let (attr, uno) = stood::first_attr(shape.root, &["uno"])?;
    Some((uno.to_owned(), (Taken::AsWritten, attr.span.clone())))
}

/// The identifier of a document that names itself nowhere, as NITF does that was taken out of a wrapper: day of
/// issue and the first half of the SHA-256 of source and headline. A version with another headline is another item.
fn derived_uri(shape: &Shape<'_>) -> Option<String> {
    let docdata = shape.docdata?;
    let day: String =
        trimmed(docdata.child("date.issue"), "norm")?.chars().filter(char::is_ascii_digit).take(8).collect();
    let headline = terms::collapse(&shape.body_head?.child("hedline")?.text());
    if day.len() < 8 || headline.is_empty() {
        return None;
    }
    let source = trimmed(docdata.child("doc-id"), "regsrc").unwrap_or_default();
    let digest = Digest::of_pieces([source.as_bytes(), b"\n", headline.as_bytes()]).to_string();
    Some(format!("nitf:{day}:{}", &digest[..32]))
}

/// Two dialects write the version into the identifier: NTB appends `_00` to the `NTBID` that stands beside it, and
/// dpa-infocom a colon and the milliseconds since 1970.
fn without_version<'a>(shape: &Shape<'_>, id: &'a str) -> (&'a str, Option<&'a str>) {
    let docdata = shape.docdata.and_then(|docdata| docdata.child("doc-id"));
    match trimmed(docdata, "regsrc") {
        Some("NTB") => {
            let parts = id
                .rsplit_once('_')
                .filter(|(id, version)| digits(version) && meta(shape, "NTBID") == Some(*id));
            parts.map_or((id, None), |(id, version)| (id, Some(version)))
        }
        Some("dpa-infocom") => {
            let parts = id.rsplit_once(':').filter(|(_, version)| version.len() == 13 && digits(version));
            parts.map_or((id, None), |(id, version)| (id, Some(version)))
        }
        _ => (id, None),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn meta<'a>(shape: &Shape<'a>, name: &str) -> Option<&'a str> {
    let found = shape.head?.children_named("meta").find(|meta| meta.attr("name") == Some(name))?;
    trimmed(Some(found), "content")
}

fn identify(version: &mut Version, shape: &Shape<'_>, hints: &Hints) {
    if let Some((attr, tag)) = stood::first_attr(shape.root, &["baselang"]) {
        version.language = Some(tag.to_owned());
        stood::in_attr(version, Field::Language, attr);
    } else {
        version.language = shape.root.lang().map(str::to_owned).or_else(|| hints.language.clone());
    }
    let Some(docdata) = shape.docdata else { return };
    if let Some((attr, norm)) = docdata.child("date.issue").and_then(|d| stood::first_attr(d, &["norm"])) {
        version.version_created = terms::stamp(version, norm, "nitf/head/docdata/date.issue/@norm", hints);
        stood::in_attr(version, Field::VersionCreated, attr);
    }
    let key = docdata.child("du-key");
    let raw = match key.and_then(|key| stood::first_attr(key, &["version"])) {
        Some((attr, raw)) => {
            stood::in_attr(version, Field::Version, attr);
            Some(raw)
        }
        None => {
            let doc_id = trimmed(docdata.child("doc-id"), "id-string");
            let appended = doc_id.and_then(|id| without_version(shape, id).1);
            appended.or_else(|| {
                let (attr, raw) = stood::first_attr(key?, &["generation"])?;
                stood::in_attr(version, Field::Version, attr);
                Some(raw)
            })
        }
    };
    version.version = match (raw, &version.version_created) {
        (Some(raw), _) => terms::numbered(raw),
        (None, Some(stamp)) => match stamp.at {
            Some(at) => VersionStamp { raw: stamp.raw.clone(), order: VersionOrder::Time(at) },
            None => VersionStamp::arrival(),
        },
        (None, None) => VersionStamp::arrival(),
    };
    if let Some((attr, key)) = key.and_then(|key| stood::first_attr(key, &["key"])) {
        version.slugline = Some(key.to_owned());
        stood::in_attr(version, Field::Slugline, attr);
    }
}

// --- status ---

fn restrict(version: &mut Version, docdata: &Element, hints: &Hints) {
    const DOCDATA: &str = "nitf/head/docdata";
    let before = version.embargo;
    if let Some((attr, word)) = stood::first_attr(docdata, &["management-status"]) {
        terms::apply_status(version, word, format_args!("{DOCDATA}/@management-status"));
        stood::meant_by(version, Field::Status, attr);
    }
    // Some agencies repeat the time of issue, which is no embargo.
    let issued = trimmed(docdata.child("date.issue"), "norm");
    let releases = || {
        let all = docdata.children_named("date.release").filter_map(|e| stood::first_attr(e, &["norm"]));
        all.filter(|(_, release)| Some(*release) != issued)
    };
    if before.is_none() && releases().next().is_some() {
        // A time replaces the embargo without end that the status alone stands for.
        version.embargo = None;
    }
    for (attr, release) in releases() {
        terms::apply_embargo(version, release, format_args!("{DOCDATA}/date.release/@norm"), hints);
        stood::meant_by(version, Field::Embargo, attr);
    }
    for (attr, expire) in
        docdata.children_named("date.expire").filter_map(|e| stood::first_attr(e, &["norm"]))
    {
        terms::apply_expiry(version, expire, format_args!("{DOCDATA}/date.expire/@norm"), hints);
        stood::meant_by(version, Field::Expires, attr);
    }
    refer(version, docdata);
    for message in docdata.children_named("ed-msg") {
        let kind = message.attr("msg-type").map(str::trim).filter(|kind| !kind.is_empty());
        let role = kind.map_or(Cow::Borrowed("ed-msg"), |kind| format!("ed-msg {kind}").into());
        if let Some((attr, info)) = stood::first_attr(message, &["info"]) {
            terms::note(version, &role, info, format_args!("{DOCDATA}/ed-msg/@info"));
            stood::in_attr(version, Field::Note(nth(version.notes.len())), attr);
        }
        note(version, &role, message, "nitf/head/docdata/ed-msg");
    }
}

/// Keeps the text of an element that is not for readers.
fn note(version: &mut Version, role: &str, element: &Element, path: impl Display) {
    let before = version.notes.len();
    terms::note(version, role, &stood::text(element), path);
    if version.notes.len() > before {
        stood::in_text(version, Field::Note(nth(version.notes.len())), element);
    }
}

/// The documents that this one withdraws, withholds or corrects.
fn refer(version: &mut Version, docdata: &Element) {
    let path = "nitf/head/docdata/@management-doc-idref";
    if let Some((attr, other)) = stood::first_attr(docdata, &["management-doc-idref"]) {
        let (word_attr, word) = stood::first_attr(docdata, &["management-idref-status"]).unzip();
        let relation = match word.map(terms::status) {
            Some(PubStatus::Canceled) => Relation::Kills,
            Some(PubStatus::Withheld) => Relation::Withholds,
            Some(PubStatus::Usable) if word.is_some_and(|word| word.eq_ignore_ascii_case("embargoed")) => {
                Relation::Withholds
            }
            Some(PubStatus::Usable) => Relation::SeeAlso,
            Some(PubStatus::Unknown(word)) => {
                let message = format!("{other} gets the status `{word}`, which is none that is known");
                terms::complain(version, Gravity::Hold, "unknown-status", message, path);
                Relation::SeeAlso
            }
            None if version.status == PubStatus::Canceled => Relation::Kills,
            None if version.status == PubStatus::Withheld => Relation::Withholds,
            None => Relation::SeeAlso,
        };
        version.references.push(reference(relation, other, word.unwrap_or("management-doc-idref")));
        let field = Field::Reference(nth(version.references.len()));
        stood::in_attr(version, field, attr);
        if let Some(attr) = word_attr {
            stood::meant_by(version, field, attr);
        }
    }
    for correction in docdata.children_named("correction") {
        terms::signal(version, "nitf:correction", Severity::Informs, "nitf/head/docdata/correction");
        if let Some((attr, info)) = stood::first_attr(correction, &["info"]) {
            terms::note(version, "correction", info, "nitf/head/docdata/correction/@info");
            stood::in_attr(version, Field::Note(nth(version.notes.len())), attr);
        }
        if let Some((attr, other)) = stood::first_attr(correction, &["id-string"]) {
            version.references.push(reference(Relation::Corrects, other, "correction"));
            stood::in_attr(version, Field::Reference(nth(version.references.len())), attr);
        }
    }
}

fn reference(relation: Relation, uri: &str, raw: &str) -> Reference {
    Reference { relation, uri: uri.to_owned(), version: None, when: None, raw: raw.to_owned() }
}

// --- story ---

fn tell(version: &mut Version, shape: &Shape<'_>, hints: &Hints) -> (Head, Words) {
    if let Some(docdata) = shape.docdata {
        restrict(version, docdata, hints);
        describe(version, docdata);
    }
    for tobject in shape.head.into_iter().flat_map(|head| head.children_named("tobject")) {
        topics(version, tobject);
    }
    let holders = shape.content.into_iter().chain(shape.end);
    for holder in holders.clone() {
        version.origins.bytes(Field::Body, Taken::ByMeaning, holder.inner.clone());
    }
    let mut words = body::blocks(holders, "nitf/body");
    let head = shape.body_head.map(|head| opening(version, head, &mut words)).unwrap_or_default();
    (head, words)
}

fn opening(version: &mut Version, element: &Element, words: &mut Words) -> Head {
    let mut head = Head::default();
    for child in element.elements() {
        let path = format_args!("nitf/body/body.head/{}", child.name);
        match child.name {
            _ if is_private(child) => note(version, child.name, child, path),
            "hedline" => headlines(child, words, &mut head),
            "byline" => add(&mut head, child, BlockKind::Byline, words),
            "dateline" => {
                let located = child.child("location").and_then(filled);
                if version.located.is_none() {
                    version.located.clone_from(&located);
                }
                let text = terms::collapse(&stood::text(child));
                let bytes = Some(child.inner.clone());
                head.dateline = Some(Dateline { text, located, path: path.to_string(), bytes });
            }
            "distributor" if version.rights.credit_line.is_none() => {
                version.rights.credit_line = filled(child);
                stood::in_text(version, Field::CreditLine, child);
            }
            "rights" => rights(version, child),
            "note" => note(version, "note", child, path),
            _ => {}
        }
    }
    head
}

fn filled(element: &Element) -> Option<String> {
    Some(terms::collapse(&stood::text(element))).filter(|text| !text.is_empty())
}

/// Adds an element of the head as lines of this kind; where it stood is noted if it is one line.
fn add(head: &mut Head, element: &Element, kind: BlockKind, words: &mut Words) {
    let path = format!("nitf/body/body.head/{}", element.name);
    let mut lines = body::lines(element, kind, &path, words);
    match lines.len() {
        1 => head.add(lines.pop(), element.inner.clone()),
        _ if kind == BlockKind::Byline => head.bylines.append(&mut lines),
        _ => head.lines.append(&mut lines),
    }
}

fn headlines(hedline: &Element, words: &mut Words, head: &mut Head) {
    let mut loose = true;
    for child in hedline.elements() {
        let kind = match child.name {
            "hl1" if !head.has_headline() => BlockKind::Headline,
            "hl1" | "hl2" => BlockKind::Subhead,
            _ => continue,
        };
        loose = false;
        add(head, child, kind, words);
    }
    if loose {
        add(head, hedline, BlockKind::Headline, words);
    }
    // The copy begins with the headline, wherever the wire puts it.
    head.lines.sort_by_key(|line| line.kind);
}

fn rights(version: &mut Version, rights: &Element) {
    for child in rights.elements() {
        let Some(text) = filled(child) else { continue };
        match child.name {
            "rights.owner" if version.rights.copyright_holder.is_none() => {
                version.rights.copyright_holder = Some(text);
                stood::in_text(version, Field::CopyrightHolder, child);
            }
            "rights.limitations" | "rights.geography" => {
                version.rights.usage_terms.push(text);
                let field = Field::UsageTerms(nth(version.rights.usage_terms.len()));
                stood::in_text(version, field, child);
            }
            _ => {}
        }
    }
}

// --- metadata ---

/// Of which series this is a part, and which.
fn series(version: &mut Version, element: &Element) {
    let Some((attr, name)) = stood::first_attr(element, &["series.name"]) else { return };
    let part = stood::first_attr(element, &["series.part"]);
    let mut reference = reference(Relation::Series, name, "series");
    reference.version = part.map(|(_, part)| part.to_owned());
    version.references.push(reference);
    let field = Field::Reference(nth(version.references.len()));
    stood::in_attr(version, field, attr);
    if let Some((attr, _)) = part {
        stood::meant_by(version, field, attr);
    }
}

fn describe(version: &mut Version, docdata: &Element) {
    for child in docdata.elements() {
        match child.name {
            "urgency" => {
                let Some((attr, urgency)) = stood::first_attr(child, &["ed-urg"]) else { continue };
                if let (Ok(urgency @ 1..=9), None) = (urgency.parse(), version.urgency) {
                    version.urgency = Some(urgency);
                    stood::in_attr(version, Field::Urgency, attr);
                }
            }
            "key-list" => child.children_named("keyword").for_each(|keyword| {
                let n = Field::Keyword(nth(version.keywords.len() + 1));
                if let Some((attr, word)) = stood::first_attr(keyword, &["key"]) {
                    version.keywords.push(word.to_owned());
                    stood::in_attr(version, n, attr);
                } else if let Some(word) = filled(keyword) {
                    version.keywords.push(word);
                    stood::in_text(version, n, keyword);
                }
            }),
            "series" => series(version, child),
            "doc.copyright" => holder(version, stood::first_attr(child, &["holder"])),
            "doc.rights" => {
                holder(version, stood::first_attr(child, &["owner"]));
                for name in ["limitations", "geography"] {
                    if let Some((attr, terms)) = stood::first_attr(child, &[name]) {
                        version.rights.usage_terms.push(terms.to_owned());
                        let field = Field::UsageTerms(nth(version.rights.usage_terms.len()));
                        stood::in_attr(version, field, attr);
                    }
                }
            }
            "evloc" if version.located.is_none() => {
                let Some((attr, city)) = stood::first_attr(child, &["city"]) else { continue };
                version.located = Some(city.to_owned());
                stood::in_attr(version, Field::Located, attr);
            }
            _ => {}
        }
    }
}

fn holder(version: &mut Version, found: Option<(&Attr, &str)>) {
    if let (Some((attr, holder)), None) = (found, &version.rights.copyright_holder) {
        version.rights.copyright_holder = Some(holder.to_owned());
        stood::in_attr(version, Field::CopyrightHolder, attr);
    }
}

fn topics(version: &mut Version, tobject: &Element) {
    if let Some((attr, kind)) = stood::first_attr(tobject, &["tobject.type"]) {
        advisory(version, kind, attr);
    }
    for child in tobject.elements() {
        match child.name {
            "tobject.property" => {
                let Some((attr, name)) = stood::first_attr(child, &["tobject.property.type"]) else {
                    continue;
                };
                advisory(version, name, attr);
                version.genres.push(terms::subject(None, None, Some(name)));
                stood::in_attr(version, Field::Genre(nth(version.genres.len())), attr);
            }
            "tobject.subject" => {
                let n = nth(version.subjects.len() + 1);
                let code = stood::first_attr(child, &["tobject.subject.refnum", "tobject.subject.code"]);
                let name = stood::first_attr(
                    child,
                    &["tobject.subject.detail", "tobject.subject.matter", "tobject.subject.type"],
                );
                let ipr = trimmed(Some(child), "tobject.subject.ipr");
                for (field, found) in [(Field::SubjectCode(n), code), (Field::Subject(n), name)] {
                    if let Some((attr, _)) = found {
                        stood::in_attr(version, field, attr);
                    }
                }
                let [code, name] = [code, name].map(|found| found.map(|(_, value)| value));
                version.subjects.push(terms::subject(code, ipr, name));
            }
            _ => {}
        }
    }
}

fn advisory(version: &mut Version, word: &str, attr: &Attr) {
    if terms::is_advisory(word) {
        version.class = ItemClass::Advisory(word.to_owned());
        let path = format_args!("nitf/head/tobject/@{}", attr.name);
        terms::signal(version, &format!("tobject:{word}"), Severity::NotForPublication, path);
        stood::meant_by(version, Field::Signal(nth(version.signals.len())), attr);
    }
}
