//! What is said about the configuration, all of it from the one source: the example file, the reference page and the
//! JSON Schema.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::check::{SCHEMA, enumerated, fields, heading, types_of};

/// The widest line of a comment in the example file.
const WIDTH: usize = 110;

/// The JSON Schema of the file, for editors.
pub fn json_schema() -> String {
    let mut schema = SCHEMA.clone();
    drop_own_words(&mut schema);
    let mut text = format!("{schema:#}");
    text.push('\n');
    text
}

/// Words of the schema that only this program understands.
fn drop_own_words(schema: &mut Json) {
    match schema {
        Json::Array(items) => items.iter_mut().for_each(drop_own_words),
        Json::Object(map) => {
            map.retain(|key, _| !key.starts_with("x-"));
            map.values_mut().for_each(drop_own_words);
        }
        _ => {}
    }
}

/// The example file: every key, with what it means. It is itself a valid configuration.
pub fn example() -> String {
    let mut out = String::from(
        "# A newsroom for Verbatim. Every key there is stands in this file; the lines that begin with `# ` and a key show\n\
         # its default, or an example where it has none. Begin with what is not a comment.\n#\n",
    );
    comment(&mut out, text_of(&SCHEMA));
    for (name, schema) in tables() {
        let left_out = schema["x-shown"].is_null() && schema["type"] == "array";
        out.push('\n');
        comment(&mut out, text_of(schema));
        let _ = writeln!(out, "{}{}", if left_out { "# " } else { "" }, heading(name, schema));
        for (key, field) in plain(schema) {
            out.push('\n');
            comment(&mut out, text_of(field));
            for (word, meaning) in meanings(field) {
                comment(&mut out, &format!("- {word:?}: {meaning}"));
            }
            let shown = required(schema, key) || field["x-shown"] == true;
            let sign = if shown && !left_out { "" } else { "# " };
            let _ = writeln!(out, "{sign}{key} = {}", example_of(field));
        }
        for (key, field) in inner(schema) {
            out.push('\n');
            comment(&mut out, text_of(field));
            let _ = writeln!(out, "# [{name}.{key}]");
            for (key, field) in fields(field) {
                out.push('\n');
                comment(&mut out, text_of(field));
                let _ = writeln!(out, "# {key} = {}", example_of(field));
            }
        }
    }
    out
}

/// The keys of a table that are no tables of their own.
fn plain(schema: &Json) -> impl Iterator<Item = (&String, &Json)> {
    fields(schema).iter().filter(|(_, field)| !field["properties"].is_object())
}

/// The tables within a table: `[agency.contract]`.
fn inner(schema: &Json) -> impl Iterator<Item = (&String, &Json)> {
    fields(schema).iter().filter(|(_, field)| field["properties"].is_object())
}

/// The reference page, in Markdown.
pub fn reference() -> String {
    let mut out = String::from("# Configuration\n\n");
    let _ = writeln!(
        out,
        "{}\n\nA file is checked as a whole before anything starts: `verbatim check` names every line that is wrong, and what \
         would be right. An example with every key is [verbatim.example.toml](../../verbatim.example.toml); editors that know \
         JSON Schema can use [verbatim.schema.json](verbatim.schema.json).\n\n\
         A *length of time* is a whole number and `ms`, `s`, `m`, `h` or `d`, in quotes: `\"90s\"`, `\"15m\"`, `\"30d\"`. A *size* \
         is a number of bytes, or a text with `kB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`: `\"16MiB\"`.",
        text_of(&SCHEMA)
    );
    for (name, schema) in tables() {
        let _ = writeln!(out, "\n## `{}`\n\n{}", heading(name, schema), text_of(schema));
        let inner = inner(schema).flat_map(|(table, schema)| {
            fields(schema).iter().map(move |(key, field)| (format!("{table}.{key}"), key, field))
        });
        for (path, key, field) in plain(schema).map(|(key, field)| (key.clone(), key, field)).chain(inner) {
            let _ = writeln!(out, "\n### `{name}.{path}`\n\n{}\n", text_of(field));
            for (word, meaning) in meanings(field) {
                let _ = writeln!(out, "- `\"{word}\"`: {meaning}");
            }
            if !meanings(field).is_empty() {
                out.push('\n');
            }
            let stands = match (&field["default"], required(schema, key)) {
                (_, true) => "Required.".to_owned(),
                (Json::Null, false) => "Optional.".to_owned(),
                (Json::Object(_), false) => "Optional.".to_owned(),
                (default, false) => format!("Default: `{default}`."),
            };
            let _ = write!(out, "{} {stands}", sort_of(field));
            if field["default"].as_str().is_none() && !field["examples"].is_null()
                || field["x-example"].is_string()
            {
                let _ = write!(out, " Example: `{key} = {}`.", example_of(field));
            }
            out.push('\n');
        }
    }
    out
}

fn tables() -> impl Iterator<Item = (&'static str, &'static Json)> {
    SCHEMA["properties"].as_object().into_iter().flatten().map(|(name, schema)| (name.as_str(), schema))
}

fn required(table: &Json, key: &str) -> bool {
    let table = table["anyOf"].get(0).unwrap_or(table);
    let table = if table["type"] == "array" { &table["items"] } else { table };
    table["required"].as_array().is_some_and(|names| names.iter().any(|name| name == key))
}

fn text_of(schema: &Json) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

/// The words of an enumeration with their meanings.
fn meanings(field: &Json) -> Vec<(&str, &str)> {
    let told = field["oneOf"].as_array().into_iter().flatten();
    let told: Vec<_> = told.filter_map(|one| Some((one["const"].as_str()?, text_of(one)))).collect();
    debug_assert_eq!(told.len(), enumerated(field).len(), "every word of an enumeration has a meaning");
    told
}

/// What sort of value a key takes.
fn sort_of(field: &Json) -> String {
    let sort = match field["x-kind"].as_str() {
        Some("id") => "A short name: `a-z`, `0-9` and `-`.",
        Some("duration") => "A length of time.",
        Some("size") => "A size.",
        Some("url") => "An http or https URL.",
        Some("address") => "An address and a port.",
        Some("language") => "A language tag.",
        Some("timezone") => "A name of the IANA time zone database.",
        Some("variable") => "The name of an environment variable.",
        Some("path") => "A path.",
        _ if !enumerated(field).is_empty() => "One of these words.",
        _ => {
            return match (types_of(field).join(" or "), field["minimum"].as_i64(), field["maximum"].as_i64())
            {
                (_, Some(least), Some(most)) => format!("A whole number from {least} to {most}."),
                (sort, ..) if sort == "a table" => "A table.".into(),
                (sort, ..) if sort == "an array" && field["items"]["type"] == "object" => {
                    "An array of tables.".into()
                }
                (sort, ..) if sort == "an array" && field["items"]["x-kind"].is_null() => {
                    "An array of texts.".into()
                }
                (sort, ..) if sort == "an array" => "An array of short names.".into(),
                (sort, ..) if sort == "true or false" => "`true` or `false`.".into(),
                (sort, ..) if sort == "a whole number" => "A whole number.".into(),
                _ => "A text.".into(),
            };
        }
    };
    sort.to_owned()
}

fn example_of(field: &Json) -> String {
    let written = field["x-example"].as_str().map(str::to_owned);
    let default = (!field["default"].is_null()).then(|| field["default"].to_string());
    let example = field["examples"].get(0).map(Json::to_string);
    let plain = if types_of(field) == ["true or false"] { "true" } else { "\"\"" };
    written.or(default).or(example).unwrap_or_else(|| plain.into())
}

/// A comment, wrapped.
fn comment(out: &mut String, text: &str) {
    for paragraph in text.split("\n\n") {
        let mut line = String::from("#");
        for word in paragraph.split_ascii_whitespace() {
            if line.chars().count() + 1 + word.chars().count() > WIDTH {
                let _ = writeln!(out, "{line}");
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        let _ = writeln!(out, "{line}");
    }
}
