//! From NewsML-G2 to the nouns of the trade.
//!
//! Only what becomes a field is touched; everything else is unmapped and stands in [`crate::Account`].

use news::{
    BlockKind, Complaint, Field, Gravity, ItemClass, PubStatus, Reference, Relation, Severity, Taken,
    Version, VersionOrder, VersionStamp, nth,
};

use super::catalog::Codes;
use super::shape::{self, HeadlineRole, Shape, code, coded, is_private};
use super::{bodies, concept};
use crate::story::{self, Dateline, Head};
use crate::xml::{self, Element};
use crate::{Format, Hints, Reading, stood, terms};

/// Reads every item of a text, whatever stands around it.
pub fn read(text: &str, hints: &Hints) -> Reading {
    let mut reading = Reading { format: Some(Format::NewsmlG2), ..Reading::default() };
    let mut records = xml::records(text, &shape::ITEMS, &hints.limits);
    for (ordinal, record) in records.by_ref().enumerate() {
        let element = match &record.element {
            Ok(element) => element,
            Err(fault) => {
                reading.complaints.push(fault.complaint("item").of_item(ordinal));
                continue;
            }
        };
        match item(element, hints) {
            Ok(mut version) => {
                version.complaints.extend(record.remarks.iter().map(|fault| fault.complaint(element.name)));
                story::number(&mut version.complaints, ordinal);
                version.span = record.span;
                reading.items.push(version);
            }
            Err(complaint) => reading.complaints.push(complaint.of_item(ordinal)),
        }
    }
    if let Some(header) = records.head().as_ref().and_then(|message| message.child("header")) {
        envelope(&mut reading.items, header);
    }
    reading.complaints.extend(records.faults().iter().map(|fault| fault.complaint("newsMessage")));
    reading
}

/// What the message says about all of its items: that it only tries the line, or is addressed to editors.
fn envelope(items: &mut [Version], header: &Element) {
    for child in header.elements().filter(|child| matches!(child.name, "channel" | "signal")) {
        let word = code(child).map_or_else(|| terms::collapse(&stood::text(child)), str::to_owned);
        if terms::severity(&word) == Severity::NotForPublication {
            for version in items.iter_mut() {
                let path = format_args!("newsMessage/header/{}", child.name);
                terms::signal(version, &word, Severity::NotForPublication, path);
            }
        }
    }
}

fn item(root: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let Some((own, guid)) = stood::first_attr(root, &["guid"]) else {
        let message = "the item names itself nowhere: a guid would be right";
        // Only a news item can be a story; some messages carry a package that nobody needs to name.
        let gravity = if *root.name == *"newsItem" { Gravity::Lost } else { Gravity::Remark };
        return Err(Complaint::new(gravity, "no-identity", message)
            .at(format!("{}/@guid", root.name), Some(root.span.start)));
    };
    let shape = Shape::of(root);
    let codes = Codes::of(root);
    let mut version = Version::new(guid);
    stood::in_attr(&mut version, Field::Uri, own);
    version.version = number(&mut version, root);
    version.language = root.lang().map(str::to_owned).or_else(|| hints.language.clone());
    if let Some(meta) = shape.item_meta {
        about_item(&mut version, meta, &codes, hints);
    }
    let mut head = Head::default();
    if let Some(meta) = shape.content_meta {
        head = about_story(&mut version, meta, hints);
    }
    rights(&mut version, root);
    classify(&mut version, &shape, &codes);
    members(&mut version, root, &codes);
    if *root.name != *"newsItem" && *root.name != *"packageItem" {
        concept::describe(&mut version, root);
    }
    derived(&mut version, root);
    tell(&mut version, &shape, head, hints);
    Ok(version)
}

fn number(version: &mut Version, root: &Element) -> VersionStamp {
    let Some((attr, raw)) = stood::first_attr(root, &["version"]) else {
        // NewsML-G2, newsItem/@version: "if the attribute is not present, the version is 1".
        return VersionStamp { raw: "1".to_owned(), order: VersionOrder::Number(1) };
    };
    stood::in_attr(version, Field::Version, attr);
    let stamp = terms::numbered(raw);
    if stamp.order == VersionOrder::Arrival {
        let message = format!("the version `{raw}` is no whole number; what arrives later counts as later");
        let path = format_args!("{}/@version", root.name);
        terms::complain(version, Gravity::Remark, "odd-version", message, path);
    }
    stamp
}

// --- itemMeta ---

fn about_item(version: &mut Version, meta: &Element, codes: &Codes<'_>, hints: &Hints) {
    for child in meta.elements() {
        let name = child.name;
        let path = format_args!("itemMeta/{name}");
        match name {
            "pubStatus" => {
                terms::apply_status(version, &shape::status(child, codes), path);
                stood::as_meant(version, Field::Status, child);
            }
            "embargoed" => {
                terms::apply_embargo(version, &stood::text(child), path, hints);
                stood::as_meant(version, Field::Embargo, child);
            }
            // One that is said for a usage alone counts as well: the earliest holds.
            "expires" => {
                terms::apply_expiry(version, &stood::text(child), path, hints);
                stood::as_meant(version, Field::Expires, child);
            }
            "versionCreated" => {
                version.version_created = terms::stamp(version, &stood::text(child), path, hints);
                stood::in_text(version, Field::VersionCreated, child);
            }
            "firstCreated" => {
                version.first_created = terms::stamp(version, &stood::text(child), path, hints);
                stood::in_text(version, Field::FirstCreated, child);
            }
            "signal" => signal(version, child, codes),
            "altRep" if version.link.is_none() && child.attr("contenttype") == Some("text/html") => {
                version.link = filled(child);
                stood::in_text(version, Field::Link, child);
            }
            "edNote" | "ednote" => ed_note(version, child),
            "link" => link(version, child),
            "itemClass" => item_class(version, child),
            "role" | "service" | "profile" => {
                let word = code(child).map_or_else(|| terms::collapse(&stood::text(child)), str::to_owned);
                advisory(version, &word, child);
            }
            _ if is_private(child) => note(version, name, &stood::text(child), child, path),
            _ => {}
        }
    }
}

fn note(version: &mut Version, role: &str, text: &str, element: &Element, path: impl std::fmt::Display) {
    let before = version.notes.len();
    terms::note(version, role, text, path);
    if version.notes.len() > before {
        stood::in_text(version, Field::Note(nth(version.notes.len())), element);
    }
}

fn item_class(version: &mut Version, element: &Element) {
    if let Some((attr, kind)) = shape::message_type(element) {
        let severity = if kind == "D" { Severity::Kills } else { Severity::Informs };
        terms::signal(version, &format!("rtr:msgType={kind}"), severity, "itemMeta/itemClass");
        stood::meant_by(version, Field::Signal(nth(version.signals.len())), attr);
    }
    stood::as_meant(version, Field::Class, element);
}

fn signal(version: &mut Version, element: &Element, codes: &Codes<'_>) {
    let Some(written) = code(element) else { return };
    let code = codes.usual(written);
    terms::signal(version, &code, terms::severity(&code), "itemMeta/signal");
    stood::as_meant(version, Field::Signal(nth(version.signals.len())), element);
}

fn ed_note(version: &mut Version, element: &Element) {
    let role = element.attr("role").map(str::trim).filter(|role| !role.is_empty()).unwrap_or("ednote");
    note(version, role, stood::text(element).trim(), element, "itemMeta/edNote");
}

const TARGET: [&str; 4] = ["residref", "guidref", "href", "uri"];

fn link(version: &mut Version, element: &Element) {
    let Some((attr, uri)) = stood::first_attr(element, &TARGET) else { return };
    let (rel_attr, rel) = stood::first_attr(element, &["rel", "reluri"]).unzip();
    let relation = match shape::relation(rel.unwrap_or_default()) {
        // One agency links each version to the one before it, under the item's own identifier.
        Relation::SeeAlso if uri == version.uri => Relation::Previous,
        relation => relation,
    };
    refer(version, relation, uri, element, rel.unwrap_or_default());
    let field = Field::Reference(nth(version.references.len()));
    stood::in_attr(version, field, attr);
    if let Some(attr) = rel_attr {
        stood::meant_by(version, field, attr);
    }
}

/// A subject of the nature of an event is what items about the same event have in common.
fn event(version: &mut Version, subject: &Element, code: Option<&str>) {
    let Some((attr, nature)) = stood::first_attr(subject, &["type", "typeuri"]) else { return };
    if let (Some(code), true) = (code, nature.rsplit([':', '/']).next() == Some("event")) {
        refer(version, Relation::Event, code, subject, "subject");
        stood::meant_by(version, Field::Reference(nth(version.references.len())), attr);
    }
}

fn refer(version: &mut Version, relation: Relation, uri: &str, element: &Element, raw: &str) {
    let named = stood::first_attr(element, &["version"]);
    version.references.push(Reference {
        relation,
        uri: uri.to_owned(),
        version: named.map(|(_, version)| version.to_owned()),
        when: None,
        raw: raw.to_owned(),
    });
    if let Some((attr, _)) = named {
        stood::meant_by(version, Field::Reference(nth(version.references.len())), attr);
    }
}

/// `derivedFrom` and `derivedFromValue` below the item speak of single properties; those with a target name items.
fn derived(version: &mut Version, root: &Element) {
    for child in root.children_named("derivedFrom") {
        let Some((attr, uri)) = stood::first_attr(child, &["residref", "guidref"]) else { continue };
        refer(version, Relation::SeeAlso, uri, child, "derivedFrom");
        stood::in_attr(version, Field::Reference(nth(version.references.len())), attr);
    }
}

fn advisory(version: &mut Version, word: &str, element: &Element) {
    if terms::is_advisory(word) || terms::is_test(word) {
        if version.class == ItemClass::Text {
            version.class = ItemClass::Advisory(word.to_owned());
        }
        let path = format_args!("itemMeta/{}", element.name);
        terms::signal(version, word, Severity::NotForPublication, path);
        stood::as_meant(version, Field::Signal(nth(version.signals.len())), element);
    }
}

// --- contentMeta ---

fn about_story(version: &mut Version, meta: &Element, hints: &Hints) -> Head {
    let mut head = Head::default();
    let mut languages = 0;
    for child in meta.elements() {
        let name = child.name;
        let path = format_args!("contentMeta/{name}");
        match name {
            _ if is_private(child) => {
                note(version, name, &terms::collapse(&stood::text(child)), child, path);
            }
            "urgency" => {
                let text = stood::text(child);
                let fits = matches!(text.trim().parse(), Ok(1..=9u8)) && version.urgency.is_none();
                terms::apply_urgency(version, &text, path);
                if fits {
                    stood::in_text(version, Field::Urgency, child);
                }
            }
            "contentCreated" => {
                version.content_created = terms::stamp(version, &stood::text(child), path, hints);
                stood::in_text(version, Field::ContentCreated, child);
            }
            "language" => {
                languages += 1;
                if languages == 1
                    && let Some((attr, tag)) = stood::first_attr(child, &["tag"])
                {
                    version.language = Some(tag.to_owned());
                    stood::in_attr(version, Field::Language, attr);
                }
            }
            "located" if version.located.is_none() => {
                version.located = named(version, child, Field::Located);
            }
            "creator" => {
                let field = Field::Creator(nth(version.creators.len() + 1));
                if let Some(creator) = named(version, child, field) {
                    version.creators.push(creator);
                }
            }
            "subject" => {
                let n = nth(version.subjects.len() + 1);
                let subject = concept_of(version, child, Field::Subject(n), Field::SubjectCode(n));
                event(version, child, subject.code.as_deref());
                version.subjects.push(subject);
            }
            "genre" => {
                let n = nth(version.genres.len() + 1);
                let genre = concept_of(version, child, Field::Genre(n), Field::GenreCode(n));
                genre_of(version, child);
                version.genres.push(genre);
            }
            "keyword" => {
                let text = terms::collapse(&stood::text(child));
                if !text.is_empty() {
                    version.keywords.push(text);
                    stood::in_text(version, Field::Keyword(nth(version.keywords.len())), child);
                }
            }
            "slugline" if version.slugline.is_none() => {
                version.slugline = filled(child);
                stood::in_text(version, Field::Slugline, child);
            }
            "creditline" if version.rights.credit_line.is_none() => {
                version.rights.credit_line = filled(child);
                stood::in_text(version, Field::CreditLine, child);
            }
            "headline" => headline(version, child, &mut head),
            "by" => {
                head.add(story::line(BlockKind::Byline, &stood::text(child)), child.inner.clone());
            }
            "dateline" if head.dateline.is_none() => {
                if let Some(text) = filled(child) {
                    let bytes = Some(child.inner.clone());
                    let path = path.to_string();
                    head.dateline = Some(Dateline { text, located: None, path, bytes });
                }
            }
            _ => {}
        }
    }
    if let Some(dateline) = &mut head.dateline {
        dateline.located.clone_from(&version.located);
    }
    head
}

fn filled(element: &Element) -> Option<String> {
    Some(terms::collapse(&stood::text(element))).filter(|text| !text.is_empty())
}

fn concept_of(version: &mut Version, element: &Element, name: Field, code: Field) -> news::Subject {
    let named = named(version, element, name);
    let coded = coded(element);
    if let Some((attr, _)) = coded {
        stood::in_attr(version, code, attr);
    }
    terms::subject(coded.map(|(_, code)| code), None, named.as_deref())
}

/// The name of a concept: its first `name`, else its literal.
pub(super) fn named(version: &mut Version, element: &Element, field: Field) -> Option<String> {
    if let Some(name) = element.child("name")
        && let Some(text) = filled(name)
    {
        stood::in_text(version, field, name);
        return Some(text);
    }
    let (attr, _) = stood::first_attr(element, &["literal"])?;
    stood::in_attr(version, field, attr);
    Some(terms::collapse(&attr.value))
}

/// An agency's own genre may say "advisory" only in its names or in a code of its vocabulary.
fn genre_of(version: &mut Version, genre: &Element) {
    let code = code(genre).unwrap_or_default();
    // dpa's vocabulary of text genres: 27 is "Achtung", in English "Advisory".
    let known = code == "dpatextgenre:27" || terms::is_advisory(code);
    let name = genre
        .children_named("name")
        .map(|name| terms::collapse(&stood::text(name)))
        .find(|name| terms::is_advisory(name));
    let Some(word) = known.then(|| code.to_owned()).or(name) else { return };
    if version.class == ItemClass::Text {
        version.class = ItemClass::Advisory(word.clone());
    }
    terms::signal(version, &word, Severity::NotForPublication, "contentMeta/genre");
    stood::as_meant(version, Field::Signal(nth(version.signals.len())), genre);
}

fn headline(version: &Version, element: &Element, head: &mut Head) {
    let foreign = element
        .lang()
        .is_some_and(|lang| version.language.as_deref().is_some_and(|own| !same_language(lang, own)));
    let role = element.attr("role").or_else(|| element.attr("roleuri"));
    let kind = match shape::headline_role(role) {
        HeadlineRole::Main if !foreign && !head.has_headline() => BlockKind::Headline,
        HeadlineRole::Sub if !foreign => BlockKind::Subhead,
        _ => return,
    };
    head.add(story::line(kind, &stood::text(element)), element.inner.clone());
    head.lines.sort_by_key(|line| line.kind);
}

fn same_language(a: &str, b: &str) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    primary(a) == primary(b)
}

// --- rights, class, packages ---

fn rights(version: &mut Version, root: &Element) {
    for (i, info) in root.children_named("rightsInfo").enumerate() {
        // A further block that names parts of the item speaks of them alone.
        let part = i > 0 && info.attr("idrefs").is_some();
        for child in info.elements() {
            match child.name {
                "copyrightHolder" if version.rights.copyright_holder.is_none() && !part => {
                    let holder = named(version, child, Field::CopyrightHolder);
                    version.rights.copyright_holder = holder.or_else(|| {
                        let (attr, code) = coded(child)?;
                        stood::in_attr(version, Field::CopyrightHolder, attr);
                        Some(code.to_owned())
                    });
                }
                "copyrightNotice" if version.rights.copyright_notice.is_none() && !part => {
                    version.rights.copyright_notice = filled(child);
                    stood::in_text(version, Field::CopyrightNotice, child);
                }
                // Whether machines may learn from it (2.34): a term like any other, and nobody's to interpret here.
                "dataMining" => {
                    if let Some((attr, code)) = stood::first_attr(child, &["uri", "qcode", "literal"]) {
                        version.rights.usage_terms.push(format!("dataMining: {code}"));
                        let field = Field::UsageTerms(nth(version.rights.usage_terms.len()));
                        stood::meant_by(version, field, attr);
                    }
                }
                "usageTerms" => {
                    if let Some(text) = filled(child) {
                        version.rights.usage_terms.push(text);
                        let field = Field::UsageTerms(nth(version.rights.usage_terms.len()));
                        stood::in_text(version, field, child);
                    }
                }
                _ => {}
            }
        }
    }
}

fn classify(version: &mut Version, shape: &Shape<'_>, codes: &Codes<'_>) {
    let class = shape.item_meta.and_then(|meta| meta.child("itemClass")).and_then(code).unwrap_or_default();
    let class = codes.usual(class);
    let other = match shape.root.name {
        "newsItem" => match terms::local(&class) {
            "text" => return,
            // Without a class, what holds a story is one.
            "" if shape
                .content_set
                .is_some_and(|set| set.elements().any(|e| e.name.starts_with("inline"))) =>
            {
                return;
            }
            "" => "unknown",
            word => word,
        },
        "packageItem" => "package",
        name => name.strip_suffix("Item").unwrap_or(name),
    };
    version.class = ItemClass::Other(other.to_owned());
}

/// The members of a package, in the order of its groups. One that the package calls canceled or withheld falls.
/// A group may carry a note of its own.
fn members(version: &mut Version, root: &Element, codes: &Codes<'_>) {
    let mut groups: Vec<&Element> = root.children_named("groupSet").collect();
    while let Some(group) = groups.pop() {
        let mut below: Vec<&Element> = Vec::new();
        for child in group.elements() {
            match child.name {
                "group" => below.push(child),
                "itemRef" => member(version, child, codes),
                "edNote" => {
                    note(version, "ednote", stood::text(child).trim(), child, "groupSet/group/edNote")
                }
                _ => {}
            }
        }
        groups.extend(below.into_iter().rev());
    }
}

fn member(version: &mut Version, item: &Element, codes: &Codes<'_>) {
    let Some((attr, uri)) = stood::first_attr(item, &TARGET) else { return };
    let status = item.child("pubStatus");
    let relation = match status.map(|status| terms::status(&shape::status(status, codes))) {
        Some(PubStatus::Canceled) => Relation::Kills,
        Some(PubStatus::Withheld) => Relation::Withholds,
        _ => Relation::Member,
    };
    refer(version, relation, uri, item, "itemRef");
    let field = Field::Reference(nth(version.references.len()));
    stood::in_attr(version, field, attr);
    if let Some(status) = status {
        stood::as_meant(version, field, status);
    }
}

// --- story ---

fn tell(version: &mut Version, shape: &Shape<'_>, mut head: Head, hints: &Hints) {
    let preformatted = version.signals.iter().any(|signal| signal.code == "sic:TABLE");
    let mut words = Default::default();
    if let Some(set) = shape.content_set {
        let (inner, body) = bodies::read(version, set, preformatted, hints);
        words = body;
        // The fields of the item speak for it; what only the text itself carries fills their gaps.
        head.fill(inner);
    }
    if matches!(&version.class, ItemClass::Other(class) if class == "picture" || class == "graphic") {
        captions(version, shape, &mut words);
    }
    story::tell(version, head, words, "contentSet");
}

/// A picture's caption is its story.
fn captions(version: &mut Version, shape: &Shape<'_>, words: &mut crate::html::Words) {
    let Some(meta) = shape.content_meta else { return };
    let captions = meta
        .children_named("description")
        .filter(|d| d.attr("role").is_none_or(|r| terms::local(r) == "caption") && !is_private(d));
    for caption in captions {
        words.blocks.extend(story::line(BlockKind::Caption, &stood::text(caption)));
        version.origins.bytes(Field::Body, Taken::ByMeaning, caption.inner.clone());
    }
}
