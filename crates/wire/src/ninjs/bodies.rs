//! Which of the bodies of an object is its story, and how it is read.

use std::borrow::Cow;

use news::{Gravity, Version};

use super::shape::Fields;
use crate::html::{self, Words};
use crate::json_tree::{Object, Value};
use crate::story::Head;
use crate::{Hints, nitf, terms, xml};

/// How a body is written; the first is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Xhtml,
    Html,
    Nitf,
    Plain,
    /// Nothing says it.
    Unsaid,
    Unreadable,
}

/// What a body is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Story,
    Unknown,
    Other,
}

struct Body<'a> {
    form: Form,
    purpose: Use,
    text: Cow<'a, str>,
    path: String,
}

/// Takes all bodies from the fields and reads the best: the story before anything else, HTML before NITF before
/// plain text. The others are kept as they are.
pub(super) fn read(version: &mut Version, fields: &mut Fields<'_>, hints: &Hints) -> (Head, Words) {
    let mut bodies = Vec::new();
    let is_body = |name: &str| {
        name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("body"))
            && matches!(name.as_bytes().get(4), None | Some(b'_'))
    };
    for (name, value) in fields.take_where(is_body) {
        match value {
            Value::String(text) => bodies.push(named(&name, text)),
            Value::Null => {}
            other => refuse(version, &name, &other),
        }
    }
    for (_, value) in fields.take_all(&["bodies"]) {
        match value {
            Value::Array(values) => {
                for (i, value) in values.into_iter().enumerate() {
                    match value {
                        Value::Object(object) => bodies.extend(roled(version, object, i)),
                        other => refuse(version, &format!("bodies[{i}]"), &other),
                    }
                }
            }
            Value::Null => {}
            other => refuse(version, "bodies", &other),
        }
    }
    bodies.retain(|body| !body.text.trim().is_empty());
    bodies.sort_by_key(|body| (body.purpose, body.form));
    let mut read = None;
    for body in bodies {
        if read.is_none() && body.purpose != Use::Other {
            read = tell(version, &body, hints);
            if read.is_some() {
                continue;
            }
        }
        terms::keep(version, &body.path, &body.text);
    }
    if read.is_none() && version.extra.iter().any(|unmapped| unmapped.path.starts_with("bod")) {
        let message =
            "none of the bodies is a story that can be read: HTML, NITF or plain text would be right";
        terms::complain(version, Gravity::Hold, "unreadable-body", message, "bodies");
    }
    read.unwrap_or_default()
}

fn refuse(version: &mut Version, path: &str, value: &Value<'_>) {
    terms::complain(version, Gravity::Hold, "unreadable-body", "a body that is no text", path);
    terms::keep(version, path, &value.to_string());
}

/// ninjs 1: the form is in the name.
fn named<'a>(name: &str, text: Cow<'a, str>) -> Body<'a> {
    let suffix = name.to_ascii_lowercase();
    let suffix = suffix.strip_prefix("body_").unwrap_or_default();
    let form = match suffix {
        "xhtml" => Form::Xhtml,
        suffix if suffix.contains("html") => Form::Html,
        suffix if suffix.contains("nitf") => Form::Nitf,
        "text" | "plain" => Form::Plain,
        _ => Form::Unsaid,
    };
    Body { form, purpose: purpose(suffix), text, path: name.to_owned() }
}

/// ninjs 2 and 3: form and role are fields.
fn roled<'a>(version: &mut Version, object: Object<'a>, i: usize) -> Option<Body<'a>> {
    let mut fields = Fields::new(object);
    let role = fields.text("role").unwrap_or_default();
    let kind = fields.text("contenttype").unwrap_or_default();
    let value = fields.take("value");
    for (name, value) in fields.rest() {
        super::read::keep_value(version, &format!("bodies[{i}].{name}"), &value);
    }
    let text = match value? {
        Value::String(text) => text,
        Value::Null => return None,
        other => {
            refuse(version, &format!("bodies[{i}]"), &other);
            return None;
        }
    };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let form = match kind.as_str() {
        "" => named(&format!("body_{role}"), Cow::default()).form,
        "application/xhtml+xml" | "text/xhtml" => Form::Xhtml,
        "text/html" => Form::Html,
        kind if kind.contains("nitf") => Form::Nitf,
        "application/xml" | "text/xml" if text.contains("<nitf") => Form::Nitf,
        "text/plain" => Form::Plain,
        _ => Form::Unreadable,
    };
    Some(Body { form, purpose: purpose(&role), text, path: format!("bodies[{i}].value") })
}

fn purpose(role: &str) -> Use {
    let role = terms::local(role).to_ascii_lowercase();
    match role.as_str() {
        "" | "main" | "body" | "full" | "story" | "text" | "plain" | "html" | "html5" | "xhtml" | "nitf"
        | "richtext" => Use::Story,
        "abstract" | "summary" | "teaser" | "lead" | "intro" | "caption" | "description" | "script"
        | "shotlist" | "dopesheet" | "storyline" | "ednote" | "note" | "notes" | "nonpublic" | "private"
        | "headline" | "title" => Use::Other,
        _ => Use::Unknown,
    }
}

fn tell(version: &mut Version, body: &Body<'_>, hints: &Hints) -> Option<(Head, Words)> {
    let path = body.path.as_str();
    let words = match body.form {
        Form::Xhtml | Form::Html => html::read_fragment(&body.text, path, &hints.limits),
        Form::Plain => html::read_text(&body.text, path),
        Form::Unsaid if html::has_tag(&body.text) => html::read_fragment(&body.text, path, &hints.limits),
        Form::Unsaid => html::read_text(&body.text, path),
        Form::Nitf => match xml::parse(&body.text, &hints.limits) {
            Ok(root) => return Some(nitf::read_inline(version, &root, hints)),
            Err(fault) => {
                let message = format!("the NITF in it cannot be read: {fault}");
                terms::complain(version, Gravity::Remark, "nested-nitf", message, path);
                return None;
            }
        },
        Form::Unreadable => return None,
    };
    Some((Head::default(), words))
}

/// A text that may be HTML, as one line: for headlines.
pub(super) fn headline(object: Object<'_>) -> (Cow<'_, str>, Option<Cow<'_, str>>, bool) {
    let mut fields = Fields::new(object);
    let role = fields.text("role").unwrap_or_default();
    let kind = fields.text("contenttype").unwrap_or_default().to_ascii_lowercase();
    (role, fields.text("value"), kind.contains("html"))
}
