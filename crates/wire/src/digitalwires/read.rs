//! From dpa digitalwires to the nouns of the trade.

use std::borrow::Cow;

use news::Taken::{AsWritten, ByMeaning};
use news::{BlockKind, Field, ItemClass, Reference, Relation, Rendition, Version};

use crate::html::{self, Words};
use crate::json_tree::{Object, Value};
use crate::ninjs::read::{advisory, each, keep_value, strings};
use crate::ninjs::shape::{self, Fields, objects, text};
use crate::story::{self, Dateline, Head};
use crate::{Format, Hints, Reading, terms};

/// Reads every object of a text. Never fails; see [`crate::read`].
pub fn read(text: &str, hints: &Hints) -> Reading {
    let found = shape::members(text, &hints.limits);
    each(Format::Digitalwires, found, hints, |object| item(object, hints))
}

/// What each name became.
const KNOWN: [shape::Known; 21] = [
    ("/urn", Field::Uri, AsWritten),
    ("/version", Field::Version, AsWritten),
    ("/version_created", Field::VersionCreated, ByMeaning),
    ("/content_created", Field::ContentCreated, ByMeaning),
    ("/pubstatus", Field::Status, ByMeaning),
    ("/signal", Field::Signal(0), ByMeaning),
    ("/embargoed", Field::Embargo, ByMeaning),
    ("/language", Field::Language, AsWritten),
    ("/urgency", Field::Urgency, ByMeaning),
    ("/headline", Field::Block(BlockKind::Headline, 0), ByMeaning),
    ("/kicker", Field::Block(BlockKind::Subhead, 0), ByMeaning),
    ("/subhead", Field::Block(BlockKind::Subhead, 0), ByMeaning),
    ("/byline", Field::Block(BlockKind::Byline, 0), ByMeaning),
    ("/dateline", Field::Dateline, ByMeaning),
    ("/article_html", Field::Body, ByMeaning),
    ("/ednotes", Field::Note(0), ByMeaning),
    ("/notepad", Field::Note(0), ByMeaning),
    ("/creditline", Field::CreditLine, AsWritten),
    ("/copyrightnotice", Field::CopyrightNotice, AsWritten),
    ("/usageterms", Field::UsageTerms(0), AsWritten),
    ("/categories", Field::Subject(0), ByMeaning),
];

fn item(object: Object<'_>, hints: &Hints) -> Option<Version> {
    let origins = shape::note(&object, "", &KNOWN);
    let mut fields = Fields::new(object);
    let mut version = Version::new(fields.text("urn")?.trim());
    let v = &mut version;
    v.origins = origins;
    v.language = fields.text("language").map(|tag| tag.trim().to_owned()).or(hints.language.clone());
    v.version_created =
        fields.text("version_created").and_then(|raw| terms::stamp(v, &raw, "version_created", hints));
    v.content_created =
        fields.text("content_created").and_then(|raw| terms::stamp(v, &raw, "content_created", hints));
    v.version = terms::numbered(&fields.text("version").unwrap_or_default());
    if let Some(urgency) = fields.text("urgency") {
        terms::apply_urgency(v, &urgency, "urgency");
    }
    restrict(v, &mut fields, hints);
    notes(v, &mut fields);
    rights(v, &mut fields);
    categories(v, &mut fields);
    let head = head(v, &mut fields);
    let mut words = Words::default();
    if let Some(article) = fields.text("article_html") {
        words = html::read_fragment(&article, "article_html", &hints.limits);
    }
    associate(v, &mut fields);
    if words.blocks.is_empty() && v.class == ItemClass::Text {
        picture(v, &mut fields, &mut words);
    }
    for (name, value) in fields.rest() {
        keep_value(v, &name, &value);
    }
    story::tell(v, head, words, "article_html");
    Some(version)
}

fn restrict(version: &mut Version, fields: &mut Fields, hints: &Hints) {
    if let Some(status) = fields.take("pubstatus").filter(|status| *status != Value::Null) {
        let word = status.as_str().map_or_else(|| status.to_string(), str::to_owned);
        terms::apply_status(version, &word, "pubstatus");
    }
    for signal in fields.take("signal").iter().flat_map(strings) {
        terms::signal(version, signal.trim(), terms::severity(&signal), "signal");
    }
    if let Some(embargo) = fields.take("embargoed").filter(|embargo| *embargo != Value::Null) {
        let raw = embargo.as_str().map_or_else(|| embargo.to_string(), str::to_owned);
        terms::apply_embargo(version, &raw, "embargoed", hints);
    }
}

/// What an editor may show is a note as well: it is no part of the story.
fn notes(version: &mut Version, fields: &mut Fields) {
    for (i, (_, note)) in fields.take("ednotes").map(objects).unwrap_or_default().into_iter().enumerate() {
        let shown = note.get("is_publishable") == Some(&Value::Bool(true));
        let role = if shown { "ednote-publishable" } else { "ednote" };
        if let Some(words) = note.get("ednote").and_then(text) {
            terms::note(version, role, &words, format!("ednotes[{i}]"));
        }
        if let Some(kind) = note.get("role").and_then(text) {
            terms::keep(version, format!("ednotes[{i}].role"), &kind);
        }
    }
    match fields.take("notepad") {
        Some(Value::Object(parts)) => {
            for (name, part) in parts.into_members() {
                let role = if name == "nonpublic_html" { "not-for-publication" } else { "notepad" };
                for words in strings(&part) {
                    terms::note(version, role, &words, format!("notepad.{name}"));
                }
            }
        }
        Some(other) => {
            for words in strings(&other) {
                terms::note(version, "not-for-publication", &words, "notepad");
            }
        }
        None => {}
    }
}

fn rights(version: &mut Version, fields: &mut Fields) {
    version.rights.credit_line = fields.words("creditline");
    version.rights.copyright_notice = fields.words("copyrightnotice");
    version.rights.usage_terms.extend(fields.words("usageterms"));
}

fn categories(version: &mut Version, fields: &mut Fields) {
    for (i, (_, category)) in
        fields.take("categories").map(objects).unwrap_or_default().into_iter().enumerate()
    {
        let part = |name: &str| category.get(name).and_then(text);
        let (kind, name, code) = (part("type").unwrap_or_default(), part("name"), part("qcode"));
        let path = format!("categories[{i}]");
        let subject = || terms::subject(code.as_deref(), None, name.as_deref());
        let word = code.as_deref().or(name.as_deref()).unwrap_or_default();
        match terms::local(&kind) {
            "pubstatus" => terms::apply_status(version, terms::local(word), &path),
            "signal" => terms::signal(version, word, terms::severity(word), &path),
            "keyword" => version.keywords.extend(name.map(Cow::into_owned)),
            "creator" => version.creators.extend(name.map(Cow::into_owned)),
            "genre" => {
                if let Some(name) = name.as_deref().filter(|name| terms::is_advisory(name)) {
                    advisory(version, name, &path);
                }
                version.genres.push(subject());
            }
            "dpasubject" | "geosubject" | "desk" | "subject" | "person" | "organisation" => {
                version.subjects.push(subject());
            }
            _ => keep_value(version, &path, &Value::Object(category)),
        }
    }
}

fn head(version: &mut Version, fields: &mut Fields) -> Head {
    let mut head = Head::default();
    for (name, kind) in
        [("headline", BlockKind::Headline), ("kicker", BlockKind::Subhead), ("subhead", BlockKind::Subhead)]
    {
        head.lines.extend(fields.text(name).and_then(|text| story::line(kind, &text)));
    }
    head.bylines.extend(fields.text("byline").and_then(|text| story::line(BlockKind::Byline, &text)));
    if let Some(dateline) = fields.text("dateline") {
        let place = dateline.split('(').next().map(terms::collapse).filter(|place| !place.is_empty());
        version.located.clone_from(&place);
        head.dateline = Some(Dateline {
            text: terms::collapse(&dateline),
            located: place,
            path: "dateline".to_owned(),
            bytes: None,
        });
    }
    head
}

fn associate(version: &mut Version, fields: &mut Fields) {
    let associations = fields.take("associations").map(objects).unwrap_or_default();
    for (i, (_, object)) in associations.into_iter().enumerate() {
        let path = format!("associations[{i}]");
        let mut inner = Fields::new(object);
        let kind = inner.words("type");
        if let Some(uri) = inner.text("urn").filter(|uri| uri.trim() != version.uri) {
            let (uri, raw) = (uri.trim().to_owned(), kind.clone().unwrap_or_default());
            let version_ = inner.words("version");
            version.references.push(Reference {
                relation: Relation::SeeAlso,
                uri,
                version: version_,
                when: None,
                raw,
            });
        }
        for (n, (_, rendition)) in
            inner.take("renditions").map(objects).unwrap_or_default().into_iter().enumerate()
        {
            let mut rendition = Fields::new(rendition);
            let media_type = rendition.words("mimetype");
            if let Some(href) = rendition.text("url") {
                version.renditions.push(Rendition {
                    href: href.trim().to_owned(),
                    media_type,
                    role: kind.clone(),
                });
            }
            for (name, value) in rendition.rest() {
                keep_value(version, &format!("{path}.renditions[{n}].{name}"), &value);
            }
        }
        for (name, value) in inner.rest() {
            keep_value(version, &format!("{path}.{name}"), &value);
        }
        terms::keep(version, format!("{path}.type"), kind.as_deref().unwrap_or_default());
    }
}

/// Without a body it is what its first association says, and its captions are its words.
fn picture(version: &mut Version, fields: &mut Fields, words: &mut Words) {
    let kind =
        version.extra.iter().find(|kept| kept.path == "associations[0].type").map(|kept| kept.value.clone());
    let Some(kind) = kind else { return };
    version.class = ItemClass::Other(if kind == "image" { "picture".to_owned() } else { kind });
    for (i, (_, object)) in
        fields.take("descriptions").map(objects).unwrap_or_default().into_iter().enumerate()
    {
        let role = object.get("role").and_then(text).unwrap_or_default();
        let Some(caption) = object.get("description").and_then(text) else { continue };
        if terms::local(&role) == "caption" {
            words.blocks.extend(story::line(BlockKind::Caption, &caption));
        } else {
            terms::keep(version, format!("descriptions[{i}][{role}]"), &caption);
        }
    }
}
