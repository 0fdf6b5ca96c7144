//! From ninjs to the nouns of the trade.

use std::borrow::Cow;
use std::fmt;

use news::Taken::{AsWritten, ByMeaning};
use news::{
    BlockKind, Complaint, Field, Gravity, ItemClass, Point, PubStatus, Reference, Relation, Rendition,
    Severity, Version, VersionOrder, VersionStamp, nth,
};

use super::bodies;
use super::shape::{self, Beside, Fields, Members, objects, text};
use crate::html::{self, Words};
use crate::json_tree::{Object, Value};
use crate::story::{self, Dateline, Head};
use crate::{Format, Hints, Limits, Reading, ap_media, terms};

/// Reads every object of a text.
pub fn read(text: &str, hints: &Hints) -> Reading {
    let found = shape::members(text, &hints.limits);
    each(Format::Ninjs, found, hints, |object| item(object, hints, ""))
}

/// Makes a version of each object, and a complaint of each that is broken or names itself nowhere. What stands beside
/// the objects is kept with every one of them.
pub(crate) fn each(
    format: Format,
    (members, beside): (Members<'_>, Beside<'_>),
    hints: &Hints,
    one: impl Fn(Object<'_>) -> Option<Version>,
) -> Reading {
    let mut reading = Reading { format: Some(format), ..Reading::default() };
    for (ordinal, member) in members.enumerate() {
        if ordinal >= hints.limits.items {
            let message = format!("more than {} items; the rest is not read", hints.limits.items);
            reading.complaints.insert(0, Complaint::new(Gravity::Lost, "too-many-items", message));
            break;
        }
        let at = member.span.start;
        let lost = |code, message: String| {
            Complaint::new(Gravity::Lost, code, message).at("", Some(at)).of_item(ordinal)
        };
        let object = match member.object {
            Ok(object) => object,
            Err(broken) => {
                reading.complaints.push(lost(broken.code, broken.message));
                continue;
            }
        };
        hints.limits.item_begins();
        let Some(mut version) = one(object) else {
            reading
                .complaints
                .push(lost("no-identity", "the object names itself nowhere: a uri would be right".into()));
            continue;
        };
        if member.doubtful {
            let message = "it was found behind a broken object and may be a part of that";
            terms::complain(&mut version, Gravity::Hold, "broken-neighbour", message, "uri");
        }
        for (name, value) in &beside {
            keep_value(&mut version, &format!("/{name}"), value);
        }
        story::number(&mut version.complaints, ordinal);
        version.span = member.span;
        reading.items.push(version);
    }
    reading
}

/// What each name became.
const KNOWN: [shape::Known; 36] = [
    ("/version", Field::Version, AsWritten),
    ("/versioncreated", Field::VersionCreated, ByMeaning),
    ("/firstcreated", Field::FirstCreated, ByMeaning),
    ("/contentcreated", Field::ContentCreated, ByMeaning),
    ("/pubstatus", Field::Status, ByMeaning),
    ("/embargoed", Field::Embargo, ByMeaning),
    ("/embargoeduntil", Field::Embargo, ByMeaning),
    ("/expires", Field::Expires, ByMeaning),
    ("/signals", Field::Signal(0), ByMeaning),
    ("/editorialtypes", Field::Signal(0), ByMeaning),
    ("/ednote", Field::Note(0), ByMeaning),
    ("/type", Field::Class, ByMeaning),
    ("/language", Field::Language, AsWritten),
    ("/urgency", Field::Urgency, ByMeaning),
    ("/located", Field::Located, ByMeaning),
    ("/slugline", Field::Slugline, AsWritten),
    ("/subject", Field::Subject(0), ByMeaning),
    ("/subjects", Field::Subject(0), ByMeaning),
    ("/genre", Field::Genre(0), ByMeaning),
    ("/genres", Field::Genre(0), ByMeaning),
    ("/keyword", Field::Keyword(0), ByMeaning),
    ("/keywords", Field::Keyword(0), ByMeaning),
    ("/copyrightholder", Field::CopyrightHolder, AsWritten),
    ("/copyrightnotice", Field::CopyrightNotice, AsWritten),
    ("/creditline", Field::CreditLine, ByMeaning),
    ("/usageterms", Field::UsageTerms(0), ByMeaning),
    ("/headline", Field::Block(BlockKind::Headline, 0), ByMeaning),
    ("/headlines", Field::Block(BlockKind::Headline, 0), ByMeaning),
    ("/byline", Field::Block(BlockKind::Byline, 0), ByMeaning),
    ("/by", Field::Block(BlockKind::Byline, 0), ByMeaning),
    ("/dateline", Field::Dateline, ByMeaning),
    ("/body_text", Field::Body, ByMeaning),
    ("/body_html", Field::Body, ByMeaning),
    ("/body_xhtml", Field::Body, ByMeaning),
    ("/body_nitf", Field::Body, ByMeaning),
    ("/bodies", Field::Body, ByMeaning),
];

/// One object, to which `within` points in its item; `None` if it names itself nowhere.
pub(crate) fn item(object: Object<'_>, hints: &Hints, within: &str) -> Option<Version> {
    let origins = shape::note(&object, within, &KNOWN);
    let own = ["uri", "guid"]
        .iter()
        .find_map(|wanted| object.names().find(|name| name.eq_ignore_ascii_case(wanted)));
    let own = own.map(|name| [within, "/", name].concat());
    let mut fields = Fields::new(object);
    let media_api = ap_media::itemid(&fields);
    let of_media_api = media_api.is_some();
    let uri = match media_api {
        Some(id) => id,
        None => fields.text("uri").or_else(|| fields.text("guid"))?.trim().to_owned(),
    };
    let mut version = Version::new(uri);
    let v = &mut version;
    v.origins = origins;
    let own = if of_media_api { Some(format!("{within}/altids/itemid")) } else { own };
    own.into_iter().for_each(|path| v.origins.path(Field::Uri, AsWritten, path));
    v.language = fields.text("language").map(|tag| tag.trim().to_owned()).or(hints.language.clone());
    times(v, &mut fields, hints);
    if of_media_api {
        ap_media::restrict(v, &mut fields);
    }
    restrict(v, &mut fields, hints);
    classify(v, &mut fields);
    describe(v, &mut fields);
    points(v, &fields, within);
    let mut head = opening(v, &mut fields, &hints.limits);
    let (inner, mut words) = bodies::read(v, &mut fields, hints);
    fill(&mut head, inner);
    attach(v, &mut fields);
    if of_media_api && words.blocks.is_empty() {
        ap_media::body_elsewhere(v);
    }
    if matches!(&v.class, ItemClass::Other(class) if class == "picture" || class == "graphic") {
        captions(&mut fields, &mut words);
    }
    for (name, value) in fields.rest() {
        keep_value(v, &name, &value);
    }
    story::tell(v, head, words, "body");
    Some(version)
}

/// The fields of the object speak for it; what only an embedded NITF carries fills their gaps.
fn fill(head: &mut Head, inner: Head) {
    if !head.has_headline() {
        head.lines.extend(inner.lines);
        head.lines.sort_by_key(|line| line.kind);
    }
    if head.bylines.is_empty() {
        head.bylines = inner.bylines;
    }
    if head.dateline.is_none() {
        head.dateline = inner.dateline;
    }
}

// --- version and status ---

fn times(version: &mut Version, fields: &mut Fields<'_>, hints: &Hints) {
    let mut stamp = |version: &mut Version, name: &'static str| {
        let raw = fields.text(name)?;
        terms::stamp(version, &raw, name, hints)
    };
    version.version_created = stamp(version, "versioncreated");
    version.first_created = stamp(version, "firstcreated");
    version.content_created = stamp(version, "contentcreated");
    let created = version.version_created.as_ref().and_then(|stamp| Some((stamp.raw.clone(), stamp.at?)));
    let by_time = |raw: String| match &created {
        Some((_, at)) => VersionStamp { raw, order: VersionOrder::Time(*at) },
        None => VersionStamp { raw, order: VersionOrder::Arrival },
    };
    version.version = match fields.text("version") {
        Some(raw) => match terms::numbered(&raw) {
            stamp if stamp.order != VersionOrder::Arrival => stamp,
            stamp => match stamp.raw.parse() {
                Ok(at) => VersionStamp { raw: stamp.raw, order: VersionOrder::Time(at) },
                Err(_) => by_time(stamp.raw),
            },
        },
        None => by_time(created.as_ref().map(|(raw, _)| raw.clone()).unwrap_or_default()),
    };
}

fn restrict(version: &mut Version, fields: &mut Fields<'_>, hints: &Hints) {
    for (name, value) in fields.take_all(&["pubstatus"]) {
        match &value {
            Value::String(word) => terms::apply_status(version, word, &name),
            other => terms::apply_status(version, &other.to_string(), &name),
        }
    }
    for (name, value) in fields.take_all(&["embargoed", "embargoeduntil"]) {
        // Present without a time means "until further notice".
        let raw = match value {
            Value::Null => String::new(),
            Value::String(raw) => raw.into_owned(),
            other => other.to_string(),
        };
        terms::apply_embargo(version, &raw, &name, hints);
    }
    for (name, value) in fields.take_all(&["expires"]) {
        match &value {
            Value::Null => {}
            Value::String(raw) => terms::apply_expiry(version, raw, &name, hints),
            other => terms::apply_expiry(version, &other.to_string(), &name, hints),
        }
    }
    for (name, value) in fields.take_all(&["signals", "signal"]) {
        for code in codes(&value) {
            terms::signal(version, &code, terms::severity(&code), &name);
        }
    }
    for (name, value) in fields.take_all(&["editorialtypes"]) {
        for code in codes(&value) {
            terms::signal(version, &code, ap_media::editorial_type(&code), &name);
        }
    }
    for (name, value) in fields.take_where(is_ednote) {
        for text in strings(&value) {
            terms::note(version, "ednote", &text, &name);
        }
    }
    if let Some(kind) = fields.text("representationtype") {
        if matches!(kind.to_ascii_lowercase().as_str(), "partial" | "incomplete") {
            let message = "the object says that it is only a part of the item";
            terms::complain(version, Gravity::Hold, "partial-item", message, "representationtype");
        }
        terms::keep(version, "representationtype", &kind);
    }
}

fn is_ednote(name: &str) -> bool {
    const EDNOTE: &[u8] = b"ednote";
    name.as_bytes().windows(EDNOTE.len()).any(|part| part.eq_ignore_ascii_case(EDNOTE))
}

pub(crate) fn codes(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(codes).collect(),
        Value::Object(object) => {
            let code = ["code", "qcode", "uri", "literal", "value", "name"]
                .iter()
                .find_map(|name| object.get(name).and_then(text));
            code.map(|code| code.trim().to_owned()).into_iter().collect()
        }
        other => text(other).map(|code| code.trim().to_owned()).into_iter().collect(),
    }
}

/// All texts in a value.
pub(crate) fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(object) => object.iter().flat_map(|(_, value)| strings(value)).collect(),
        other => text(other).map(Cow::into_owned).into_iter().collect(),
    }
}

fn classify(version: &mut Version, fields: &mut Fields) {
    let kind = fields.text("type").map(|kind| kind.trim().to_ascii_lowercase()).unwrap_or_default();
    if !matches!(kind.as_str(), "" | "text") {
        version.class = ItemClass::Other(kind);
    }
    for name in ["profile", "service", "channel"] {
        let Some(word) = fields.text(name) else { continue };
        if terms::is_advisory(&word) || terms::is_test(&word) {
            advisory(version, &word, name);
        }
        terms::keep(version, name, &word);
    }
}

pub(crate) fn advisory(version: &mut Version, word: &str, path: &str) {
    if version.class == ItemClass::Text {
        version.class = ItemClass::Advisory(word.to_owned());
    }
    terms::signal(version, word, Severity::NotForPublication, path);
}

// --- metadata ---

fn describe(version: &mut Version, fields: &mut Fields) {
    if let Some(value) = fields.take("urgency") {
        let raw = match &value {
            Value::Number(number) if number.is_f64() => {
                let whole = number.as_f64().filter(|number| number.fract() == 0.0);
                whole.map(|number| format!("{number:.0}").into())
            }
            _ => None,
        };
        let raw: Option<Cow<'_, str>> = raw.or_else(|| text(&value));
        terms::apply_urgency(version, &raw.unwrap_or_default(), "urgency");
    }
    version.located = fields.text("located").map(|place| terms::collapse(&place));
    version.slugline = fields.words("slugline");
    for (name, value) in fields.take_all(&["subject", "subjects", "genre", "genres"]) {
        let genre = name.to_ascii_lowercase().starts_with("genre");
        for object in listed(value) {
            let found = concept(object);
            if !genre {
                version.subjects.push(found);
                continue;
            }
            if let Some(word) =
                [&found.code, &found.name].into_iter().flatten().find(|word| terms::is_advisory(word))
            {
                let word = word.clone();
                advisory(version, &word, &name);
            }
            version.genres.push(found);
        }
    }
    for (_, value) in fields.take_all(&["keyword", "keywords"]) {
        version.keywords.extend(codes(&value));
    }
    version.rights.copyright_holder = fields.words("copyrightholder");
    version.rights.copyright_notice = fields.words("copyrightnotice");
    version.rights.credit_line = fields.words("creditline").or_else(|| fields.words("credit"));
    for (_, value) in fields.take_all(&["usageterms"]) {
        version.rights.usage_terms.extend(strings(&value));
    }
    version.link = fields.words("link").or_else(|| fields.words("url"));
}

/// More points are not taken.
const POINTS: usize = 1000;

/// The points of the places (RFC 7946 §3.1.2: longitude first). All else that a place says stays where it is.
fn points(version: &mut Version, fields: &Fields<'_>, within: &str) {
    for (list, member) in [("places", "geoJSON"), ("place", "geometry_geojson")] {
        let places = fields.peek(list).and_then(Value::as_array).into_iter().flatten();
        for (n, place) in places.enumerate() {
            let shape =
                place.get(member).filter(|shape| shape.get("type").and_then(Value::as_str) == Some("Point"));
            let at = |n: usize| shape?.get("coordinates")?.as_array()?.get(n)?.as_f64();
            let (Some(longitude), Some(latitude)) = (at(0), at(1)) else { continue };
            let Some(point) = Point::new(latitude, longitude) else { continue };
            if version.points.len() < POINTS {
                version.points.push(point);
                let path = format!("{within}/{list}/{n}/{member}");
                version.origins.path(Field::Point(nth(version.points.len())), ByMeaning, path);
            }
        }
    }
}

fn listed(value: Value<'_>) -> Vec<Value<'_>> {
    match value {
        Value::Array(values) => values,
        Value::Null => Vec::new(),
        other => vec![other],
    }
}

fn concept(value: Value<'_>) -> news::Subject {
    let Value::Object(object) = value else {
        return terms::subject(None, None, text(&value).as_deref());
    };
    let field = |name: &str| {
        object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| text(value))
    };
    let code = field("code").or_else(|| field("qcode")).or_else(|| field("uri")).or_else(|| field("literal"));
    terms::subject(code.as_deref(), field("scheme").as_deref(), field("name").as_deref())
}

// --- story ---

fn opening(version: &mut Version, fields: &mut Fields<'_>, limits: &Limits) -> Head {
    let mut head = Head::default();
    if let Some(headline) = fields.text("headline") {
        head.lines.extend(story::line(BlockKind::Headline, &headline));
    }
    for (_, value) in fields.take_all(&["headlines"]) {
        for (i, (_, object)) in objects(value).into_iter().enumerate() {
            let (role, value, is_html) = bodies::headline(object);
            if let Some(value) = value {
                headline(version, &mut head, &role, &value, is_html, format_args!("headlines[{i}]"), limits);
            }
        }
    }
    head.lines.sort_by_key(|line| line.kind);
    for name in ["byline", "by"] {
        if let Some(byline) = fields.text(name) {
            let known = head.bylines.iter().any(|line| line.text == terms::collapse(&byline));
            head.bylines.extend(story::line(BlockKind::Byline, &byline).filter(|_| !known));
        }
    }
    if let Some(dateline) = fields.text("dateline") {
        let located = version.located.clone();
        head.dateline = Some(Dateline {
            text: terms::collapse(&dateline),
            located,
            path: "dateline".to_owned(),
            bytes: None,
        });
    }
    head
}

fn headline(
    version: &mut Version,
    head: &mut Head,
    role: &str,
    value: &str,
    is_html: bool,
    path: fmt::Arguments<'_>,
    limits: &Limits,
) {
    let kind = match terms::local(role).to_ascii_lowercase().as_str() {
        "" | "main" | "headline" | "title" | "text" | "html" if !head.has_headline() => BlockKind::Headline,
        "sub" | "subheadline" | "subtitle" | "subhead" | "subheading" | "deck" => BlockKind::Subhead,
        _ => return terms::keep(version, format!("{path}[{role}]"), value),
    };
    if !is_html {
        head.lines.extend(story::line(kind, value));
        return;
    }
    let (text, marks, aside) = html::inline(html::read_fragment(value, &path.to_string(), limits));
    html::push(aside, version);
    if !text.is_empty() {
        head.lines.push(story::draft(kind, text, marks, None));
    }
}

fn captions(fields: &mut Fields<'_>, words: &mut Words) {
    for (_, value) in fields.take_all(&["description_caption", "description_text"]) {
        words.blocks.extend(text(&value).and_then(|text| story::line(BlockKind::Caption, &text)));
    }
    for (_, value) in fields.take_all(&["descriptions"]) {
        for (_, object) in objects(value) {
            let caption = object.get("value").and_then(text);
            words.blocks.extend(caption.and_then(|text| story::line(BlockKind::Caption, &text)));
        }
    }
}

// --- pictures and members ---

fn attach(version: &mut Version, fields: &mut Fields) {
    for (_, value) in fields.take_all(&["renditions"]) {
        renditions(version, value, None, "renditions");
    }
    name_others(version, fields);
    let package = matches!(&version.class, ItemClass::Other(class) if class == "composite");
    for (_, value) in fields.take_all(&["associations"]) {
        for (i, (name, object)) in objects(value).into_iter().enumerate() {
            associate(version, name, object, package, i);
        }
    }
}

fn renditions(version: &mut Version, value: Value<'_>, owner: Option<&str>, path: &str) {
    for (i, (name, object)) in objects(value).into_iter().enumerate() {
        let mut fields = Fields::new(object);
        let name = fields.text("name").or(name);
        let media_type = fields.words("contenttype").or_else(|| fields.words("mimetype"));
        if let Some(href) = fields.text("href") {
            let role = [owner, name.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("/");
            let role = (!role.is_empty()).then_some(role);
            version.renditions.push(Rendition { href: href.trim().to_owned(), media_type, role });
        }
        for (field, value) in fields.rest() {
            keep_value(version, &format!("{path}[{i}].{field}"), &value);
        }
    }
}

/// Fields of the item itself that name others: what it is a translation of, what it was written through from, and the
/// events that it is about (ninjs 2 and 3).
fn name_others(version: &mut Version, fields: &mut Fields<'_>) {
    for (field, relation) in [("translationof", Relation::Translation), ("evolvedfrom", Relation::Previous)] {
        if let Some(uri) = fields.text(field) {
            let uri = uri.trim().to_owned();
            version.references.push(Reference {
                relation,
                uri,
                version: None,
                when: None,
                raw: field.to_owned(),
            });
        }
    }
    for (_, value) in fields.take_all(&["event", "events"]) {
        for (i, object) in listed(value).into_iter().enumerate() {
            let Value::Object(object) = object else {
                keep_value(version, &format!("events[{i}]"), &object);
                continue;
            };
            let mut fields = Fields::new(object);
            if let Some(uri) = fields.text("uri").or_else(|| fields.text("literal")) {
                let (relation, uri) = (Relation::Event, uri.trim().to_owned());
                version.references.push(Reference {
                    relation,
                    uri,
                    version: None,
                    when: None,
                    raw: "event".into(),
                });
            }
            for (field, value) in fields.rest() {
                keep_value(version, &format!("events[{i}].{field}"), &value);
            }
        }
    }
}

fn associate(version: &mut Version, name: Option<Cow<'_, str>>, object: Object<'_>, package: bool, i: usize) {
    let mut fields = Fields::new(object);
    let name = fields.text("name").or(name);
    let path = format!("associations[{}]", name.clone().unwrap_or_else(|| i.to_string().into()));
    let status = fields.text("pubstatus");
    let usable = status.as_deref().is_none_or(|word| terms::status(word) == PubStatus::Usable);
    if let Some(uri) = fields.text("uri").or_else(|| fields.text("guid")) {
        let relation = match status.as_deref().map(terms::status) {
            Some(PubStatus::Canceled) if package => Relation::Kills,
            Some(PubStatus::Withheld) if package => Relation::Withholds,
            _ if package => Relation::Member,
            _ => Relation::SeeAlso,
        };
        let raw = fields.text("rel").or(name.clone()).unwrap_or_default().into_owned();
        let word = raw.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
        let relation = match (relation, word.as_str()) {
            (Relation::SeeAlso, "translationof" | "istranslationof" | "translatedfrom") => {
                Relation::Translation
            }
            (relation, _) => relation,
        };
        let reference = Reference {
            relation,
            uri: uri.trim().to_owned(),
            version: fields.words("version"),
            when: None,
            raw,
        };
        version.references.push(reference);
    }
    for (_, value) in fields.take_all(&["renditions"]) {
        if usable {
            renditions(version, value, name.as_deref(), &format!("{path}.renditions"));
        } else {
            let message = "an associated item is not usable; its renditions are passed over";
            terms::complain(version, Gravity::Remark, "association-not-usable", message, &path);
            keep_value(version, &format!("{path}.renditions"), &value);
        }
    }
    for (_, value) in fields.take_where(is_ednote) {
        for text in strings(&value) {
            terms::note(version, "ednote", &text, &path);
        }
    }
    if let Some(status) = status {
        terms::keep(version, format!("{path}.pubstatus"), &status);
    }
    for (field, value) in fields.rest() {
        keep_value(version, &format!("{path}.{field}"), &value);
    }
}

/// Keeps a value and all below it.
pub(crate) fn keep_value(version: &mut Version, path: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(text) => terms::keep(version, path, text),
        Value::Array(values) => {
            for (i, value) in values.iter().enumerate() {
                keep_value(version, &format!("{path}[{i}]"), value);
            }
        }
        Value::Object(object) => {
            for (name, value) in object.iter() {
                keep_value(version, &[path, ".", name].concat(), value);
            }
        }
        other => terms::keep(version, path, &other.to_string()),
    }
}
