//! Holds a file against the schema and finds everything that is wrong with it, not only the first thing.
//!
//! The schema is the one made from [`super::keys`]; only the words that it uses are understood here. What passes is
//! turned into JSON, from which the keys are filled, and it is remembered where in the file each value stands.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use serde_json::{Map, Value as Json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{keys, words};

/// The schema of the whole file. `null` is left out: TOML has none.
pub(super) static SCHEMA: LazyLock<Json> = LazyLock::new(|| {
    let settings = schemars::generate::SchemaSettings::draft2020_12()
        .for_deserialize()
        .with(|s| s.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<keys::File>().to_value();
    drop_nulls(&mut schema);
    schema
});

fn drop_nulls(schema: &mut Json) {
    let is_null = |value: &Json| value == "null" || value["type"] == "null";
    match schema {
        Json::Array(items) => items.iter_mut().for_each(drop_nulls),
        Json::Object(map) => {
            map.retain(|key, value| !(key == "default" && value.is_null()));
            for key in ["type", "anyOf", "enum"] {
                let Some(Json::Array(any)) = map.get_mut(key) else { continue };
                any.retain(|value| !is_null(value) && !value.is_null());
                match (key, any.len()) {
                    ("type", 1) => {
                        let only = any.remove(0);
                        map.insert(key.into(), only);
                    }
                    ("anyOf", 1) => {
                        if let Json::Object(only) = any.remove(0) {
                            map.remove(key);
                            // What is said about the key itself goes before what is said about its type.
                            for (word, value) in only {
                                map.entry(word).or_insert(value);
                            }
                        }
                    }
                    _ => {}
                }
            }
            map.values_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

/// One thing that is wrong, by where it stands.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// Bytes of the file.
    pub(super) span: Range<usize>,
    /// The key's path, empty for the file itself.
    pub(super) key: String,
    pub(super) message: String,
}

/// What came of a file: its values, where they stand, and what is wrong.
pub(super) struct Checked {
    pub(super) values: Json,
    /// By key path: where the value stands, or the head of the table.
    pub(super) places: HashMap<String, Range<usize>>,
    pub(super) findings: Vec<Finding>,
}

/// Checks the text of a file.
pub(super) fn check(text: &str) -> Checked {
    let (table, faults) = DeTable::parse_recoverable(text);
    let mut walk = Walk { places: HashMap::new(), findings: Vec::new() };
    if !faults.is_empty() {
        // What a file with faults in its syntax would mean is anybody's guess: say only where they are.
        for fault in faults {
            let span = fault.span().unwrap_or(0..0);
            let what = match (fault.message(), text.get(span.clone())) {
                ("duplicate key", Some(key)) => format!("`{key}` is given twice"),
                (message, _) => message.to_owned(),
            };
            walk.find(span, "", format!("this is not TOML: {what}"));
        }
        return Checked { values: Json::Null, places: walk.places, findings: walk.findings };
    }
    let values = walk.table(&SCHEMA, table.get_ref(), 0..0, "");
    Checked { values, places: walk.places, findings: walk.findings }
}

struct Walk {
    places: HashMap<String, Range<usize>>,
    findings: Vec<Finding>,
}

impl Walk {
    fn find(&mut self, span: Range<usize>, key: &str, message: String) {
        self.findings.push(Finding { span, key: key.to_owned(), message });
    }

    fn table(&mut self, schema: &Json, table: &DeTable<'_>, head: Range<usize>, path: &str) -> Json {
        let none = Map::new();
        let known = schema["properties"].as_object().unwrap_or(&none);
        let mut values = Map::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let at = join(path, name);
            match known
                .get(name)
                .or_else(|| schema.get("additionalProperties").filter(|open| open.is_object()))
            {
                Some(schema) => {
                    let value = self.value(schema, value, &at);
                    values.insert(name.to_owned(), value);
                }
                None => self.find(key.span(), &at, unknown(name, known)),
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            if !table.keys().any(|key| key.get_ref() == name) {
                let message = format!("`{name}` is missing: {}", how_to_give(name, &known[name]));
                self.find(head.clone(), &join(path, name), message);
            }
        }
        Json::Object(values)
    }

    fn value(&mut self, schema: &Json, value: &Spanned<DeValue<'_>>, path: &str) -> Json {
        let span = value.span();
        self.places.insert(path.to_owned(), span.clone());
        let Some(schema) = branch(schema, value.get_ref()) else {
            let (found, wanted) = (type_of(value.get_ref()), types_of(schema).join(" or "));
            let remedy = match found.0 {
                "object" if schema["items"]["type"] == "object" => {
                    format!("there may be several of these: write [[{path}]]")
                }
                _ => format!("this is {}, where {wanted} belongs", found.1),
            };
            self.find(span, path, remedy);
            return Json::Null;
        };
        match value.get_ref() {
            DeValue::String(text) => {
                if let Err(fault) = check_text(schema, text) {
                    self.find(span, path, fault);
                }
                Json::from(text.as_ref())
            }
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => {
                    if let Err(fault) = check_number(schema, number) {
                        self.find(span, path, fault);
                    }
                    // A size may be written either way; the keys know it as a text.
                    if schema["x-kind"] == "size" {
                        Json::from(number.to_string())
                    } else {
                        Json::from(number)
                    }
                }
                Err(_) => {
                    self.find(span, path, format!("`{number}` is too large a number"));
                    Json::Null
                }
            },
            DeValue::Boolean(answer) => Json::from(*answer),
            DeValue::Array(items) => {
                let each = |(i, item)| self.value(&schema["items"], item, &format!("{path}[{i}]"));
                items.iter().enumerate().map(each).collect()
            }
            DeValue::Table(table) => self.table(schema, table, span, path),
            DeValue::Float(_) | DeValue::Datetime(_) => Json::Null,
        }
    }
}

/// Checks a text by the enumeration or the kind that the schema names.
fn check_text(schema: &Json, text: &str) -> Result<(), String> {
    let words = enumerated(schema);
    if !words.is_empty() {
        if words.contains(&text) {
            return Ok(());
        }
        let hint = words::nearest(text, words.iter().copied())
            .map_or_else(String::new, |w| format!("; did you mean `{w}`?"));
        return Err(format!("`{text}` is none of {}{hint}", words.join(", ")));
    }
    if text.is_empty() && schema["x-kind"].is_null() {
        return Err("this is empty: write it, or leave the key out if it has a default".into());
    }
    words::check(schema["x-kind"].as_str().unwrap_or_default(), text)
}

fn check_number(schema: &Json, number: i64) -> Result<(), String> {
    let (least, most) = (
        schema["minimum"].as_i64().unwrap_or(i64::MIN),
        schema["maximum"].as_i64().unwrap_or(u32::MAX.into()),
    );
    if schema["x-kind"] == "size" {
        return words::size(&number.to_string()).map(drop);
    }
    if (least..=most).contains(&number) {
        Ok(())
    } else {
        Err(format!("{number} is out of range: {least} to {most} is allowed"))
    }
}

/// The words of an enumeration, in the order of the schema.
pub(super) fn enumerated(schema: &Json) -> Vec<&str> {
    let plain = schema["enum"].as_array().into_iter().flatten().filter_map(Json::as_str);
    let told = schema["oneOf"].as_array().into_iter().flatten();
    let told = told.flat_map(|one| {
        one["const"]
            .as_str()
            .into_iter()
            .chain(one["enum"].as_array().into_iter().flatten().filter_map(Json::as_str))
    });
    plain.chain(told).collect()
}

/// The part of the schema that this value is for.
fn branch<'s>(schema: &'s Json, value: &DeValue<'_>) -> Option<&'s Json> {
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().find_map(|one| branch(one, value));
    }
    let types: Vec<&str> = match &schema["type"] {
        Json::Array(types) => types.iter().filter_map(Json::as_str).collect(),
        Json::String(only) => vec![only],
        _ => vec!["string"],
    };
    types.contains(&type_of(value).0).then_some(schema)
}

/// The schema's word and ours for the type of a value.
fn type_of(value: &DeValue<'_>) -> (&'static str, &'static str) {
    match value {
        DeValue::String(_) => ("string", "a text"),
        DeValue::Integer(_) => ("integer", "a whole number"),
        DeValue::Float(_) => ("number", "a number with a fraction"),
        DeValue::Boolean(_) => ("boolean", "true or false"),
        DeValue::Datetime(_) => ("datetime", "a date"),
        DeValue::Array(_) => ("array", "an array"),
        DeValue::Table(_) => ("object", "a table"),
    }
}

/// The types that a schema allows, in our words.
pub(super) fn types_of(schema: &Json) -> Vec<&'static str> {
    if let Some(any) = schema["anyOf"].as_array() {
        return any.iter().flat_map(types_of).collect();
    }
    let word = |name: &Json| match name.as_str().unwrap_or("string") {
        "integer" => "a whole number",
        "boolean" => "true or false",
        "array" => "an array",
        "object" => "a table",
        _ if schema["x-kind"] == "duration" => "a length of time in quotes (\"90s\")",
        _ => "a text in quotes",
    };
    match &schema["type"] {
        Json::Array(types) => types.iter().map(word).collect(),
        other => vec![word(other)],
    }
}

/// What to say about a key that nobody knows.
fn unknown(name: &str, known: &Map<String, Json>) -> String {
    if words::nearest(name, ["token", "password", "secret", "api_key", "username"]).is_some() {
        return format!(
            "`{name}` is no key here: secrets never stand in this file; use `token_env` or `token_file`"
        );
    }
    if let Some(near) = words::nearest(name, known.keys().map(String::as_str)) {
        return format!("`{name}` is no key here; did you mean `{near}`?");
    }
    let elsewhere = SCHEMA["properties"].as_object().into_iter().flatten();
    let elsewhere: Vec<String> = elsewhere
        .filter(|(_, schema)| fields(schema).contains_key(name))
        .map(|(table, schema)| heading(table, schema))
        .collect();
    if !elsewhere.is_empty() {
        return format!("`{name}` is no key here: it belongs into {}", elsewhere.join(" or "));
    }
    let keys: Vec<&str> = known.keys().map(String::as_str).collect();
    format!("`{name}` is no key here; there are {}", keys.join(", "))
}

/// The keys of a top-level table, whether it stands once or several times.
pub(super) fn fields(schema: &Json) -> &Map<String, Json> {
    static NONE: LazyLock<Map<String, Json>> = LazyLock::new(Map::new);
    let table = schema["anyOf"].as_array().and_then(|any| any.first()).unwrap_or(schema);
    let table = if table["type"] == "array" { &table["items"] } else { table };
    table["properties"].as_object().unwrap_or(&NONE)
}

/// How the head of a top-level table is written.
pub(super) fn heading(name: &str, schema: &Json) -> String {
    if schema["type"] == "array" { format!("[[{name}]]") } else { format!("[{name}]") }
}

fn how_to_give(name: &str, schema: &Json) -> String {
    match schema["examples"].get(0) {
        Some(example) => format!("write it like {name} = {example}"),
        None if schema["type"] == "string" => "write it".into(),
        None => format!("write a table {}", heading(name, schema)),
    }
}

fn join(path: &str, name: &str) -> String {
    let bare = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let name = if bare { name.to_owned() } else { format!("{name:?}") };
    if path.is_empty() { name } else { format!("{path}.{name}") }
}
