//! From NewsML-G2 to the nouns of the trade.

use news::{
    BlockKind, Complaint, Gravity, ItemClass, PubStatus, Reference, Relation, Rights, Severity, Version,
    VersionOrder, VersionStamp,
};

use super::bodies;
use super::shape::{self, HeadlineRole, Shape, code, is_private};
use crate::story::{self, Dateline, Head};
use crate::terms;
use crate::xml::{self, Element};
use crate::{Format, Hints, Reading};

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
        reading.items.iter_mut().for_each(|version| envelope(version, header));
    }
    reading.complaints.extend(records.faults().iter().map(|fault| fault.complaint("newsMessage")));
    reading
}

/// What the message says about all of its items.
fn envelope(version: &mut Version, header: &Element) {
    for child in header.elements() {
        let path = format!("newsMessage/header/{}", child.name);
        let word = code(child).map_or_else(|| terms::collapse(&child.text()), str::to_owned);
        if matches!(child.name, "channel" | "signal") && terms::severity(&word) == Severity::NotForPublication
        {
            terms::signal(version, &word, Severity::NotForPublication, &path);
        }
        match child.name {
            "catalogRef" => {}
            _ => terms::keep(version, &path, &word),
        }
    }
}

fn item(root: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let guid = root.attr("guid").map(str::trim).filter(|guid| !guid.is_empty()).ok_or_else(|| {
        let message = "the item names itself nowhere: a guid would be right";
        // Only a news item can be a story; some messages carry a package that nobody needs to name.
        let gravity = if *root.name == *"newsItem" { Gravity::Lost } else { Gravity::Remark };
        Complaint::new(gravity, "no-identity", message)
            .at(format!("{}/@guid", root.name), Some(root.span.start))
    })?;
    let shape = Shape::of(root);
    let mut version = Version::new(guid);
    version.version = number(&mut version, root);
    version.language = root.lang().map(str::to_owned).or(hints.language.clone());
    if let Some(meta) = shape.item_meta {
        about_item(&mut version, meta, hints);
    }
    let mut head = Head::default();
    if let Some(meta) = shape.content_meta {
        head = about_story(&mut version, meta, hints);
    }
    rights(&mut version, root);
    classify(&mut version, &shape);
    members(&mut version, root);
    rest(&mut version, root);
    tell(&mut version, &shape, head, hints);
    Ok(version)
}

fn number(version: &mut Version, root: &Element) -> VersionStamp {
    let Some(raw) = root.attr("version").map(str::trim).filter(|raw| !raw.is_empty()) else {
        // NewsML-G2, newsItem/@version: "if the attribute is not present, the version is 1".
        return VersionStamp { raw: "1".to_owned(), order: VersionOrder::Number(1) };
    };
    let stamp = terms::numbered(raw);
    if stamp.order == VersionOrder::Arrival {
        let message = format!("the version `{raw}` is no whole number; what arrives later counts as later");
        terms::complain(version, Gravity::Remark, "odd-version", message, &format!("{}/@version", root.name));
    }
    stamp
}

// --- itemMeta ---

fn about_item(version: &mut Version, meta: &Element, hints: &Hints) {
    for child in meta.elements() {
        let name = child.name;
        let path = format!("itemMeta/{name}");
        let text = child.text();
        match name {
            "pubStatus" => terms::apply_status(version, shape::status(child), &path),
            "embargoed" => terms::apply_embargo(version, &text, &path, hints),
            "expires" => terms::apply_expiry(version, &text, &path, hints),
            "versionCreated" => version.version_created = terms::stamp(version, &text, &path, hints),
            "firstCreated" => version.first_created = terms::stamp(version, &text, &path, hints),
            "signal" => signal(version, child, &path),
            "edNote" => ed_note(version, child, &path),
            "link" => link(version, child, &path),
            "itemClass" => item_class(version, child, &path),
            "role" | "service" | "profile" => {
                let word = code(child).map_or_else(|| terms::collapse(&text), str::to_owned);
                advisory(version, &word, &path);
                terms::keep(version, &path, &word);
            }
            _ if is_private(child) => terms::note(version, name, &text, &path),
            _ => terms::flatten(version, child, &path),
        }
    }
}

fn item_class(version: &mut Version, element: &Element, path: &str) {
    let class = code(element).unwrap_or_default().to_owned();
    if let Some(kind) = shape::message_type(element) {
        let severity = if kind == "D" { Severity::Kills } else { Severity::Informs };
        terms::signal(version, &format!("rtr:msgType={kind}"), severity, path);
    }
    terms::keep(version, path, &class);
}

fn signal(version: &mut Version, element: &Element, path: &str) {
    let Some(code) = code(element) else { return };
    let code = match code.rsplit_once("/newscodes/signal/") {
        Some((_, word)) => format!("sig:{word}"),
        None => code.to_owned(),
    };
    let severity = terms::severity(&code);
    terms::signal(version, &code, severity, path);
}

fn ed_note(version: &mut Version, element: &Element, path: &str) {
    let role = element.attr("role").map(str::trim).filter(|role| !role.is_empty()).unwrap_or("ednote");
    let note = element.text();
    terms::note(version, role, note.trim(), path);
}

fn link(version: &mut Version, element: &Element, path: &str) {
    let uri = ["residref", "guidref", "href"]
        .into_iter()
        .filter_map(|name| element.attr(name))
        .map(str::trim)
        .find(|v| !v.is_empty());
    let Some(uri) = uri else { return terms::flatten(version, element, path) };
    let rel = element.attr("rel").unwrap_or_default().trim();
    let relation = match shape::relation(rel) {
        // One agency links each version to the one before it, under the item's own identifier.
        Relation::SeeAlso if uri == version.uri => Relation::Previous,
        relation => relation,
    };
    version.references.push(Reference {
        relation,
        uri: uri.to_owned(),
        version: element.attr("version").map(str::to_owned),
        when: None,
        raw: rel.to_owned(),
    });
    for child in element.elements() {
        terms::flatten(version, child, &format!("{path}/{}", child.name));
    }
}

fn advisory(version: &mut Version, word: &str, path: &str) {
    if terms::is_advisory(word) || terms::is_test(word) {
        if version.class == ItemClass::Text {
            version.class = ItemClass::Advisory(word.to_owned());
        }
        terms::signal(version, word, Severity::NotForPublication, path);
    }
}

// --- contentMeta ---

fn about_story(version: &mut Version, meta: &Element, hints: &Hints) -> Head {
    let mut head = Head::default();
    let mut languages = 0;
    for child in meta.elements() {
        let name = child.name;
        let path = format!("contentMeta/{name}");
        let text = terms::collapse(&child.text());
        match name {
            _ if is_private(child) => terms::note(version, name, &text, &path),
            "urgency" => terms::apply_urgency(version, &text, &path),
            "contentCreated" => version.content_created = terms::stamp(version, &text, &path, hints),
            "language" => {
                languages += 1;
                match child.attr("tag").map(str::trim).filter(|tag| !tag.is_empty()) {
                    Some(tag) if languages == 1 => version.language = Some(tag.to_owned()),
                    tag => terms::keep(version, &path, tag.unwrap_or_default()),
                }
            }
            "located" => {
                let place = named(child);
                version.located = version.located.take().or(place);
                details(version, child, &path);
            }
            "creator" | "contributor" => {
                match named(child) {
                    Some(creator) if name == "creator" => version.creators.push(creator),
                    creator => terms::keep(version, &path, &creator.unwrap_or_default()),
                }
                details(version, child, &path);
            }
            "subject" => {
                let subject = terms::subject(code(child), None, named(child).as_deref());
                version.subjects.push(subject);
                details(version, child, &path);
            }
            "genre" => {
                let genre = terms::subject(code(child), None, named(child).as_deref());
                genre_of(version, child, &path);
                version.genres.push(genre);
                details(version, child, &path);
            }
            "keyword" if !text.is_empty() => version.keywords.push(text),
            "slugline" if !text.is_empty() && version.slugline.is_none() => version.slugline = Some(text),
            "creditline" if !text.is_empty() && version.rights.credit_line.is_none() => {
                version.rights.credit_line = Some(text);
            }
            "headline" => headline(version, child, &mut head, &path),
            "by" => head.bylines.extend(story::line(BlockKind::Byline, &text)),
            "dateline" if !text.is_empty() && head.dateline.is_none() => {
                head.dateline = Some(Dateline { text, located: None, path });
            }
            "description" => {
                let role = child.attr("role").unwrap_or_default();
                terms::keep(version, &format!("{path}[{role}]"), &text);
            }
            _ => terms::flatten(version, child, &path),
        }
    }
    if let Some(dateline) = &mut head.dateline {
        dateline.located.clone_from(&version.located);
    }
    head
}

/// The name of a concept: its first `name`, else its literal.
fn named(element: &Element) -> Option<String> {
    let name =
        element.child("name").map(|name| terms::collapse(&name.text())).filter(|name| !name.is_empty());
    name.or_else(|| element.attr("literal").map(terms::collapse).filter(|name| !name.is_empty()))
}

/// Keeps what stands below a concept beside its first name.
fn details(version: &mut Version, element: &Element, path: &str) {
    let first = element.child("name").map(|name| name.span.start);
    let path = format!("{path}[{}]", code(element).unwrap_or_default());
    for child in element.elements().filter(|child| Some(child.span.start) != first) {
        terms::flatten(version, child, &format!("{path}/{}", child.name));
    }
}

/// An agency's own genre may say "advisory" only in its names or in a code of its vocabulary.
fn genre_of(version: &mut Version, genre: &Element, path: &str) {
    let code = code(genre).unwrap_or_default();
    // dpa's vocabulary of text genres: 27 is "Achtung", in English "Advisory".
    let known = code == "dpatextgenre:27";
    let names = genre.children_named("name").map(|name| terms::collapse(&name.text()));
    let word = std::iter::once(code.to_owned()).chain(names).find(|word| known || terms::is_advisory(word));
    if let Some(word) = word {
        if version.class == ItemClass::Text {
            version.class = ItemClass::Advisory(word.clone());
        }
        terms::signal(version, &word, Severity::NotForPublication, path);
    }
}

fn headline(version: &mut Version, element: &Element, head: &mut Head, path: &str) {
    let text = element.text();
    let role = element.attr("role");
    let foreign = element
        .lang()
        .is_some_and(|lang| version.language.as_deref().is_some_and(|own| !same_language(lang, own)));
    let kind = match shape::headline_role(role) {
        HeadlineRole::Main if !foreign && !head.has_headline() => Some(BlockKind::Headline),
        HeadlineRole::Sub if !foreign => Some(BlockKind::Subhead),
        _ => None,
    };
    match kind.map(|kind| story::line(kind, &text)) {
        Some(line) => {
            head.lines.extend(line);
            head.lines.sort_by_key(|line| line.kind);
        }
        None => terms::keep(
            version,
            &format!("{path}[{}]", role.or(element.lang()).unwrap_or_default()),
            &terms::collapse(&text),
        ),
    }
}

fn same_language(a: &str, b: &str) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    primary(a) == primary(b)
}

// --- rights, class, packages ---

fn rights(version: &mut Version, root: &Element) {
    let mut found = Rights { credit_line: version.rights.credit_line.take(), ..Rights::default() };
    for (i, info) in root.children_named("rightsInfo").enumerate() {
        for child in info.elements() {
            let path = format!("rightsInfo/{}", child.name);
            let text = terms::collapse(&child.text());
            let part = i > 0 && info.attr("idrefs").is_some();
            match child.name {
                "copyrightHolder" if found.copyright_holder.is_none() && !part => {
                    found.copyright_holder = named(child).or_else(|| code(child).map(str::to_owned));
                    details(version, child, &path);
                }
                "copyrightNotice" if found.copyright_notice.is_none() && !part && !text.is_empty() => {
                    found.copyright_notice = Some(text);
                }
                "usageTerms" if !text.is_empty() => found.usage_terms.push(text),
                _ => terms::flatten(version, child, &path),
            }
        }
    }
    version.rights = found;
}

fn classify(version: &mut Version, shape: &Shape<'_>) {
    let class = shape.item_meta.and_then(|meta| meta.child("itemClass")).and_then(code).unwrap_or_default();
    let other = match shape.root.name {
        "newsItem" => match terms::local(class) {
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

/// The members of a package. One that the package calls canceled or withheld falls.
fn members(version: &mut Version, root: &Element) {
    let mut groups: Vec<&Element> = root.children_named("groupSet").collect();
    while let Some(group) = groups.pop() {
        let mut below: Vec<&Element> = Vec::new();
        for child in group.elements() {
            match child.name {
                "group" => below.push(child),
                "itemRef" => member(version, child),
                _ => terms::flatten(version, child, &format!("groupSet/{}", child.name)),
            }
        }
        groups.extend(below.into_iter().rev());
    }
}

fn member(version: &mut Version, item: &Element) {
    let uri = ["residref", "guidref", "href"]
        .into_iter()
        .filter_map(|name| item.attr(name))
        .map(str::trim)
        .find(|v| !v.is_empty());
    let Some(uri) = uri else { return };
    let status = item.child("pubStatus").map(|status| terms::status(shape::status(status)));
    let relation = match status {
        Some(PubStatus::Canceled) => Relation::Kills,
        Some(PubStatus::Withheld) => Relation::Withholds,
        _ => Relation::Member,
    };
    version.references.push(Reference {
        relation,
        uri: uri.to_owned(),
        version: item.attr("version").map(str::to_owned),
        when: None,
        raw: "itemRef".to_owned(),
    });
    for child in item.elements() {
        terms::flatten(version, child, &format!("groupSet/itemRef/{}", child.name));
    }
}

/// What stands beside the parts that are read.
fn rest(version: &mut Version, root: &Element) {
    const READ: [&str; 7] =
        ["itemMeta", "contentMeta", "contentSet", "groupSet", "rightsInfo", "catalogRef", "catalog"];
    for child in root.elements().filter(|child| !READ.contains(&child.name)) {
        terms::flatten(version, child, child.name);
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
        if !head.has_headline() {
            head.lines = inner.lines;
        }
        if head.bylines.is_empty() {
            head.bylines = inner.bylines;
        }
        if head.dateline.is_none() {
            head.dateline = inner.dateline;
        }
    }
    if matches!(&version.class, ItemClass::Other(class) if class == "picture" || class == "graphic") {
        captions(shape, &mut words);
    }
    story::tell(version, head, words, "contentSet");
}

/// A picture's caption is its story.
fn captions(shape: &Shape<'_>, words: &mut crate::html::Words) {
    let Some(meta) = shape.content_meta else { return };
    let captions = meta
        .children_named("description")
        .filter(|d| d.attr("role").is_none_or(|r| terms::local(r) == "caption"));
    words.blocks.extend(
        captions.filter(|d| !is_private(d)).filter_map(|d| story::line(BlockKind::Caption, &d.text())),
    );
}
