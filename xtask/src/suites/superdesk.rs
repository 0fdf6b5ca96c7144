//! Superdesk's parsers: what its tests assert of its own items, asked of our versions.
//!
//! Its field names are mapped to ours here. A field that the model has is asked of the model alone; one that only its
//! house has (take keys, counts, sequences) is asked of what the transmission holds: the value as delivered is among
//! the parts of the account, mapped or not. Markup is compared by its words.

use std::collections::BTreeMap;
use std::path::Path;

use news::{BlockKind, ItemClass, Stamp, Subject, Version, relaxed};
use serde_json::Value as Json;
use wire::{Account, Format, Hints};

use super::{Case, bytes, json_lines};

/// Its known defect: an embargo is asserted to be usable.
const LEFT_OUT: &str = "PAEmbargoTestCase";

pub(super) fn run(folder: &Path) -> Result<Vec<Case>, String> {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    let mut cases = Vec::new();
    for line in json_lines(folder, "expect.jsonl")? {
        let word = |name: &str| line[name].as_str().unwrap_or_default();
        if word("cls") == LEFT_OUT {
            continue;
        }
        let input = word("input");
        let wire = bytes(folder, input)?;
        let mut hints = Hints::default();
        // Where the frame tells nothing, a feed does.
        if wire::read(&wire, &hints).format.is_none() {
            hints.format = Some(Format::Plain);
        }
        let account = Account::of(&wire, &hints);
        let (item, field) = place(&line["path"]);
        let what = if field.is_empty() { word("value").to_owned() } else { field.join(".") };
        let file = input.trim_start_matches("fixtures/");
        let mut name = format!("{file}: {what}");
        let times = names.entry(format!("{} {name}", word("test"))).or_default();
        *times += 1;
        if *times > 1 {
            name = format!("{name} ({times})");
        }
        let differs = ask(&account, item, &field, word("op"), &line["value"]).err().into_iter().collect();
        cases.push(Case::new(file.split('/').next().unwrap_or_default(), name, differs));
    }
    Ok(cases)
}

/// Which item, and the names of the field in it.
fn place(path: &Json) -> (usize, Vec<String>) {
    let mut steps = path.as_array().map(Vec::as_slice).unwrap_or_default().iter().peekable();
    steps.next_if(|step| *step == ".articles");
    let item = steps.next_if(|step| step.is_u64()).and_then(Json::as_u64).unwrap_or_default();
    let name = |step: &Json| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
    (
        usize::try_from(item).unwrap_or_default(),
        steps.map(name).filter(|name| name != ".isoformat()").collect(),
    )
}

fn ask(account: &Account<'_>, item: usize, field: &[String], op: &str, value: &Json) -> Result<(), String> {
    let Some(version) = account.reading().items.get(item) else {
        return Err(format!("there are {} items", account.reading().items.len()));
    };
    // A field is there or not.
    let (name, value) = match (field, value) {
        ([], Json::String(name)) => (name.as_str(), &Json::Null),
        ([name, ..], value) => (name.as_str(), value),
        _ => return Err("no field is named".to_owned()),
    };
    let found = found(account, item, version, name, field.get(1).map(String::as_str));
    let holds = |value: &Json| match value {
        Json::String(text) => found.iter().any(|own| same(name, own, text)),
        other => {
            let other = other.to_string();
            found.contains(&other)
        }
    };
    let good = match (op, value) {
        ("contains", Json::Null) => !found.is_empty(),
        ("not_contains", Json::Null) => found.is_empty(),
        ("contains", Json::String(part)) if name == "renditions" => !part.is_empty() && !found.is_empty(),
        ("eq", Json::Null) => found.is_empty(),
        ("startswith", Json::String(start)) => {
            found.iter().any(|own| relaxed(own).starts_with(&words(start)))
        }
        ("contains", Json::String(part)) if name == "body_html" => {
            found.iter().any(|own| relaxed(own).contains(&words(part)))
        }
        ("not_contains", Json::String(part)) => !found.iter().any(|own| own.contains(part.as_str())),
        ("eq" | "contains", Json::Array(_) | Json::Object(_)) => {
            let leaves = leaves(value);
            if leaves.is_empty() { found.is_empty() } else { leaves.into_iter().all(holds) }
        }
        ("eq" | "contains", value) => holds(value),
        _ => return Err(format!("`{op}` is no check that is known here")),
    };
    if good {
        return Ok(());
    }
    let short = |text: String| text.chars().take(100).collect::<String>();
    Err(format!("{op} {}, read {}", short(value.to_string()), short(format!("{found:?}"))))
}

/// The single values in a value.
fn leaves(value: &Json) -> Vec<&Json> {
    match value {
        Json::Array(list) => list.iter().flat_map(leaves).collect(),
        Json::Object(map) => map.values().flat_map(leaves).collect(),
        one => vec![one],
    }
}

fn same(name: &str, own: &str, wanted: &str) -> bool {
    match name {
        "firstcreated" | "versioncreated" => {
            // Its tests leave UTC unsaid.
            let zoned =
                |raw: &str| raw.parse::<jiff::Timestamp>().or_else(|_| format!("{raw}Z").parse()).ok();
            zoned(wanted).is_some_and(|at| at.to_string() == own)
        }
        "body_html" | "description_text" | "abstract" => relaxed(own) == words(wanted),
        // It writes categories in capitals.
        "anpa_category" => own.eq_ignore_ascii_case(wanted),
        _ => relaxed(own) == relaxed(wanted),
    }
}

/// The words of a text of HTML.
fn words(html: &str) -> String {
    let read = wire::html::read_fragment(html, "", &wire::Limits::default());
    relaxed(&read.blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join(" "))
}

/// What we read for a field of its item, in all the ways in which it may be said.
fn found(
    account: &Account<'_>,
    item: usize,
    version: &Version,
    name: &str,
    inner: Option<&str>,
) -> Vec<String> {
    let texts = |kind| version.copy.texts(kind).map(str::to_owned).collect::<Vec<_>>();
    let stamp = |stamp: &Option<Stamp>| stamp.iter().filter_map(|s| Some(s.at?.to_string())).collect();
    let subjects = |subjects: &[Subject]| -> Vec<String> {
        let one = |s: &Subject| {
            let bare = s.code.as_deref().and_then(|code| code.rsplit(':').next()).map(str::to_owned);
            [s.code.clone(), bare, s.scheme.clone(), s.name.clone()].into_iter().flatten().collect::<Vec<_>>()
        };
        subjects.iter().flat_map(one).collect()
    };
    let kept = || -> Vec<String> {
        let mine = |part: &wire::Part| part.item.is_none_or(|of| of == item);
        account.parts().into_iter().filter(mine).map(|part| part.value).collect()
    };
    // What stands under this very name.
    let named = || -> Vec<String> {
        let parts = account.parts().into_iter().filter(|part| part.item == Some(item));
        parts
            .filter(|part| part.path.split(['/', '@']).any(|step| step == name))
            .map(|part| part.value)
            .collect()
    };
    let one = |value: &Option<String>| value.iter().cloned().collect::<Vec<_>>();
    let places = || -> Vec<String> {
        let line = version.dateline.as_ref().and_then(|line| line.located.clone());
        let whole = [line, version.located.clone()].into_iter().flatten();
        whole.flat_map(|place| place.split(", ").map(str::to_owned).collect::<Vec<_>>()).collect()
    };
    match name {
        "headline" => texts(BlockKind::Headline),
        "guid" | "uri" => vec![version.uri.clone(), format!("{}:{}", version.uri, version.version.raw)],
        "version" => vec![version.version.raw.clone()],
        "pubstatus" => vec![version.status.as_str().to_owned()],
        "type" => vec![match &version.class {
            ItemClass::Text => "text".to_owned(),
            ItemClass::Advisory(word) | ItemClass::Other(word) => word.clone(),
        }],
        "language" => one(&version.language),
        "urgency" | "priority" => version.urgency.iter().map(ToString::to_string).collect(),
        "firstcreated" => stamp(&version.first_created),
        "versioncreated" => stamp(&version.version_created),
        "slugline" => one(&version.slugline),
        "keywords" => version.keywords.iter().cloned().chain(subjects(&version.subjects)).collect(),
        "subject" => subjects(&version.subjects),
        "anpa_category" => subjects(&version.subjects).into_iter().chain(kept()).collect(),
        "genre" => subjects(&version.genres).into_iter().chain(kept()).collect(),
        "byline" | "author" | "authors" => {
            let by = |text: String| [text.trim_start_matches("By ").to_owned(), text];
            texts(BlockKind::Byline)
                .into_iter()
                .flat_map(by)
                .chain(version.creators.iter().cloned())
                .chain(named())
                .collect()
        }
        "dateline" => {
            let line = version.dateline.as_ref();
            match inner {
                Some("source") => one(&line.and_then(|line| line.agency.clone())),
                Some("located") => places(),
                _ => line.map(|line| line.text.clone()).into_iter().collect(),
            }
        }
        "body_html" => {
            let body = version.copy.blocks().iter().filter(|block| !block.kind().is_head());
            vec![body.map(news::Block::text).collect::<Vec<_>>().join(" ")]
        }
        "ednote" => version.notes.iter().map(|note| note.text.clone()).collect(),
        "credit_line" => one(&version.rights.credit_line),
        "copyrightholder" => one(&version.rights.copyright_holder),
        "usageterms" => version.rights.usage_terms.clone(),
        "renditions" => version
            .renditions
            .iter()
            .flat_map(|r| [Some(r.href.clone()), r.media_type.clone()])
            .flatten()
            .collect(),
        "associations" | "description_text" | "archive_description" | "source" | "original_creator" => {
            named()
        }
        "place" => named().into_iter().chain(places()).collect(),
        "extra" => kept().into_iter().chain(places()).collect(),
        // A count stands in a line with others, and with noughts before it.
        "word_count" => {
            let counts = kept().into_iter().flat_map(|value| {
                value
                    .split_whitespace()
                    .map(|word| word.trim_start_matches('0').to_owned())
                    .collect::<Vec<_>>()
            });
            counts.collect()
        }
        _ => kept(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lost_value_and_one_too_many_are_told() {
        let wire = br#"{"uri":"agx-1","version":"2","type":"text","pubstatus":"usable","urgency":3,"headline":"One",
            "versioncreated":"2026-01-02T03:04:05+01:00","body_html":"<p>Two <b>three</b>.</p><p>Four.</p>","mood":"glad"}"#;
        let account = Account::of(wire, &Hints::default());
        for (path, op, value, good) in [
            (json!([0, "headline"]), "eq", json!("One"), true),
            (json!(["headline"]), "eq", json!("Other"), false),
            (json!([1, "headline"]), "eq", json!("One"), false),
            (json!(["guid"]), "eq", json!("agx-1"), true),
            (json!(["version"]), "eq", json!(2), true),
            (json!(["urgency"]), "eq", json!(4), false),
            (json!(["body_html"]), "startswith", json!("<p>Two three"), true),
            (json!(["body_html"]), "startswith", json!("<p>Four"), false),
            (json!(["body_html"]), "not_contains", json!("Four"), false),
            (json!(["versioncreated", ".isoformat()"]), "eq", json!("2026-01-02T02:04:05+00:00"), true),
            (json!(["versioncreated", ".isoformat()"]), "eq", json!("2026-01-02T03:04:05"), false),
            (json!([]), "contains", json!("versioncreated"), true),
            (json!([0]), "contains", json!("renditions"), false),
            (json!([0]), "not_contains", json!("source"), true),
            (json!(["slugline"]), "eq", json!(null), true),
            (json!(["headline"]), "eq", json!(null), false),
            (json!(["keywords"]), "eq", json!([]), true),
            (json!(["mood_of_the_house"]), "eq", json!("glad"), true),
            (json!(["mood_of_the_house"]), "eq", json!("sad"), false),
            (json!(["headline"]), "resembles", json!("One"), false),
        ] {
            let (item, field) = place(&path);
            let told = ask(&account, item, &field, op, &value);
            assert_eq!(told.is_ok(), good, "{path} {op} {value}: {told:?}");
        }
    }
}
