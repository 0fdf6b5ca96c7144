//! From NITF to the nouns of the trade.

use news::{
    BlockKind, Complaint, Digest, Gravity, ItemClass, PubStatus, Reference, Relation, Severity, Version,
    VersionOrder, VersionStamp,
};

use super::body;
use super::shape::{Shape, is_private};
use crate::html::Words;
use crate::story::{self, Dateline, Head};
use crate::xml::{self, Element};
use crate::{Format, Hints, Reading, terms};

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
    let named = own.is_some();
    let path = "nitf/head/docdata/doc-id";
    let Some(uri) = own.or_else(|| derived_uri(&shape)) else {
        let message = "the document names itself nowhere: a doc-id with an id-string would be right";
        return Err(Complaint::new(Gravity::Lost, "no-identity", message).at(path, Some(root.span.start)));
    };
    let mut version = Version::new(uri);
    if !named {
        let message = "the document names itself nowhere; it is known by its day and headline";
        terms::complain(&mut version, Gravity::Remark, "derived-identity", message, path);
    }
    version.language = root.attr("baselang").or(root.lang()).map(str::to_owned).or(hints.language.clone());
    identify(&mut version, &shape, hints);
    let (head, body) = tell(&mut version, &shape, hints);
    story::tell(&mut version, head, body, "nitf/body");
    Ok(version)
}

/// Reads NITF that another format carries. Status, embargo and notes go into `version`, where the more restrictive
/// reading holds; identity, dates and language are the carrier's.
pub(crate) fn read_inline(version: &mut Version, root: &Element, hints: &Hints) -> (Head, Words) {
    tell(version, &Shape::of(root), hints)
}

// --- identity ---

fn trimmed<'a>(element: Option<&'a Element<'a>>, attr: &str) -> Option<&'a str> {
    element.and_then(|element| element.attr(attr)).map(str::trim).filter(|value| !value.is_empty())
}

fn uri(shape: &Shape<'_>) -> Option<String> {
    let docdata = shape.docdata;
    let doc_id = docdata.and_then(|docdata| docdata.child("doc-id"));
    if let Some(id) = trimmed(doc_id, "id-string") {
        return Some(without_version(shape, id).0.to_owned());
    }
    if let Some(key) = trimmed(docdata.and_then(|docdata| docdata.child("du-key")), "key") {
        // The key may be used again after some time, so it is only unique together with the day.
        let issued = docdata.and_then(|docdata| docdata.child("date.issue"));
        let day: String = trimmed(issued, "norm")
            .unwrap_or_default()
            .chars()
            .filter(char::is_ascii_digit)
            .take(8)
            .collect();
        return Some(if day.len() == 8 { format!("{key}/{day}") } else { key.to_owned() });
    }
    trimmed(Some(shape.root), "uno").map(str::to_owned)
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
    let Some(docdata) = shape.docdata else { return };
    let issued = docdata.child("date.issue");
    if let Some(norm) = issued.and_then(|issued| issued.attr("norm")) {
        version.version_created = terms::stamp(version, norm, "nitf/head/docdata/date.issue/@norm", hints);
    }
    let key = docdata.child("du-key");
    let doc_id = trimmed(docdata.child("doc-id"), "id-string");
    let raw = trimmed(key, "version")
        .or_else(|| doc_id.and_then(|id| without_version(shape, id).1))
        .or_else(|| trimmed(key, "generation"));
    version.version = match (raw, &version.version_created) {
        (Some(raw), _) => terms::numbered(raw),
        (None, Some(stamp)) => match stamp.at {
            Some(at) => VersionStamp { raw: stamp.raw.clone(), order: VersionOrder::Time(at) },
            None => VersionStamp::arrival(),
        },
        (None, None) => VersionStamp::arrival(),
    };
    if let Some(key) = trimmed(key, "key") {
        version.slugline = Some(key.to_owned());
    }
}

// --- status ---

fn restrict(version: &mut Version, docdata: &Element, hints: &Hints) {
    let path = |rest: &str| format!("nitf/head/docdata/{rest}");
    let before = version.embargo;
    if let Some(word) = trimmed(Some(docdata), "management-status") {
        terms::apply_status(version, word, &path("@management-status"));
    }
    // Some agencies repeat the time of issue, which is no embargo.
    let issued = trimmed(docdata.child("date.issue"), "norm");
    let releases = docdata.children_named("date.release").filter_map(|e| trimmed(Some(e), "norm"));
    let releases: Vec<&str> = releases.filter(|release| Some(*release) != issued).collect();
    if before.is_none() && !releases.is_empty() {
        // A time replaces the embargo without end that the status alone stands for.
        version.embargo = None;
    }
    for release in releases {
        terms::apply_embargo(version, release, &path("date.release/@norm"), hints);
    }
    for expire in docdata.children_named("date.expire") {
        terms::apply_expiry(
            version,
            expire.attr("norm").unwrap_or_default(),
            &path("date.expire/@norm"),
            hints,
        );
    }
    refer(version, docdata);
    for message in docdata.children_named("ed-msg") {
        let role = message.attr("msg-type").filter(|kind| !kind.trim().is_empty());
        let role = role.map_or("ed-msg".to_owned(), |kind| format!("ed-msg {}", kind.trim()));
        terms::note(version, &role, message.attr("info").unwrap_or_default(), &path("ed-msg/@info"));
        terms::note(version, &role, &message.text(), &path("ed-msg"));
    }
}

/// The documents that this one withdraws, withholds or corrects.
fn refer(version: &mut Version, docdata: &Element) {
    let path = "nitf/head/docdata/@management-doc-idref";
    if let Some(other) = trimmed(Some(docdata), "management-doc-idref") {
        let word = trimmed(Some(docdata), "management-idref-status");
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
    }
    for correction in docdata.children_named("correction") {
        terms::signal(version, "nitf:correction", Severity::Informs, "nitf/head/docdata/correction");
        terms::note(
            version,
            "correction",
            correction.attr("info").unwrap_or_default(),
            "nitf/head/docdata/correction/@info",
        );
        if let Some(other) = trimmed(Some(correction), "id-string") {
            version.references.push(reference(Relation::Corrects, other, "correction"));
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
    if let Some(head) = shape.head {
        classify(version, head);
    }
    let mut words = body::blocks(shape.content.into_iter().chain(shape.end), "nitf/body");
    let head = shape.body_head.map(|head| opening(version, head, &mut words)).unwrap_or_default();
    (head, words)
}

fn opening(version: &mut Version, element: &Element, words: &mut Words) -> Head {
    let mut head = Head::default();
    for child in element.elements() {
        let path = format!("nitf/body/body.head/{}", child.name);
        match child.name {
            _ if is_private(child) => terms::note(version, child.name, &child.text(), &path),
            "hedline" => headlines(child, words, &mut head, &path),
            "byline" => head.bylines.extend(body::lines(child, BlockKind::Byline, &path, words)),
            "dateline" => {
                let located = child
                    .child("location")
                    .map(|place| terms::collapse(&place.text()))
                    .filter(|s| !s.is_empty());
                if version.located.is_none() {
                    version.located.clone_from(&located);
                }
                head.dateline = Some(Dateline { text: terms::collapse(&child.text()), located, path });
            }
            "distributor" => {
                let text = terms::collapse(&child.text());
                if !text.is_empty() && version.rights.credit_line.is_none() {
                    version.rights.credit_line = Some(text);
                }
            }
            "rights" => rights(version, child, &path),
            "note" => terms::note(version, "note", &child.text(), &path),
            _ => terms::flatten(version, child, &path),
        }
    }
    head
}

fn headlines(hedline: &Element, words: &mut Words, head: &mut Head, path: &str) {
    let mut loose = true;
    for child in hedline.elements() {
        let kind = match child.name {
            "hl1" if !head.has_headline() => BlockKind::Headline,
            "hl1" | "hl2" => BlockKind::Subhead,
            _ => continue,
        };
        loose = false;
        let mut lines = body::lines(child, kind, &format!("{path}/{}", child.name), words);
        head.lines.append(&mut lines);
    }
    if loose {
        let mut lines = body::lines(hedline, BlockKind::Headline, path, words);
        head.lines.append(&mut lines);
    }
    // The copy begins with the headline, wherever the wire puts it.
    head.lines.sort_by_key(|line| line.kind);
}

fn rights(version: &mut Version, rights: &Element, path: &str) {
    for child in rights.elements() {
        let text = terms::collapse(&child.text());
        match child.name {
            _ if text.is_empty() => {}
            "rights.owner" if version.rights.copyright_holder.is_none() => {
                version.rights.copyright_holder = Some(text)
            }
            "rights.limitations" | "rights.geography" => version.rights.usage_terms.push(text),
            name => terms::keep(version, &format!("{path}/{name}"), &text),
        }
    }
}

// --- metadata ---

fn describe(version: &mut Version, docdata: &Element) {
    for child in docdata.elements() {
        let path = format!("nitf/head/docdata/{}", child.name);
        match child.name {
            "urgency" => terms::apply_urgency(
                version,
                child.attr("ed-urg").unwrap_or_default(),
                &format!("{path}/@ed-urg"),
            ),
            "key-list" => {
                for keyword in child.children_named("keyword") {
                    let word = trimmed(Some(keyword), "key").map(str::to_owned);
                    version.keywords.extend(
                        word.or_else(|| Some(terms::collapse(&keyword.text())).filter(|w| !w.is_empty())),
                    );
                }
            }
            "doc.copyright" => {
                version.rights.copyright_holder =
                    version
                        .rights
                        .copyright_holder
                        .take()
                        .or(trimmed(Some(child), "holder").map(str::to_owned));
                if let Some(year) = trimmed(Some(child), "year") {
                    terms::keep(version, &format!("{path}/@year"), year);
                }
            }
            "doc.rights" => {
                for attr in &child.attrs {
                    match attr.name {
                        "limitations" | "geography" if !attr.value.trim().is_empty() => {
                            version.rights.usage_terms.push(attr.value.trim().to_owned());
                        }
                        "owner" if version.rights.copyright_holder.is_none() => {
                            version.rights.copyright_holder = Some(attr.value.trim().to_owned());
                        }
                        name => terms::keep(version, &format!("{path}/@{name}"), &attr.value),
                    }
                }
            }
            "evloc" => {
                let place = trimmed(Some(child), "city").map(str::to_owned);
                version.located = version.located.take().or(place);
                terms::flatten(version, child, &path);
            }
            "date.issue" | "date.release" | "date.expire" | "ed-msg" | "correction" => {}
            _ => terms::flatten(version, child, &path),
        }
    }
}

fn classify(version: &mut Version, head: &Element) {
    for child in head.elements() {
        let path = format!("nitf/head/{}", child.name);
        match child.name {
            "docdata" => {}
            "tobject" => topics(version, child, &path),
            "meta" => {
                let name = child.attr("name").or(child.attr("http-equiv")).unwrap_or_default();
                terms::keep(version, &format!("{path}[{name}]"), child.attr("content").unwrap_or_default());
            }
            _ => terms::flatten(version, child, &path),
        }
    }
}

fn topics(version: &mut Version, tobject: &Element, path: &str) {
    if let Some(kind) = trimmed(Some(tobject), "tobject.type") {
        advisory(version, kind, &format!("{path}/@tobject.type"));
        terms::keep(version, &format!("{path}/@tobject.type"), kind);
    }
    for child in tobject.elements() {
        match child.name {
            "tobject.property" => {
                let name = trimmed(Some(child), "tobject.property.type");
                if let Some(name) = name {
                    advisory(version, name, &format!("{path}/tobject.property"));
                    version.genres.push(terms::subject(None, None, Some(name)));
                }
            }
            "tobject.subject" => {
                let part = |name: &str| trimmed(Some(child), &format!("tobject.subject.{name}"));
                let name = part("detail").or(part("matter")).or(part("type"));
                let subject = terms::subject(part("refnum").or(part("code")), part("ipr"), name);
                version.subjects.push(subject);
            }
            _ => terms::flatten(version, child, &format!("{path}/{}", child.name)),
        }
    }
}

fn advisory(version: &mut Version, word: &str, path: &str) {
    if terms::is_advisory(word) {
        version.class = ItemClass::Advisory(word.to_owned());
        terms::signal(version, &format!("tobject:{word}"), Severity::NotForPublication, path);
    }
}
