//! The suites of feedparser and gofeed once more, without any mapping: what they say of headline, words, address,
//! identifier, times, creators, subjects and rights, and of the feed itself, has to be in what `wire::read` gives.
//!
//! The mappings beside this (`feedparser.rs`, `gofeed.rs`) show that our XML layer lets other people's models be built;
//! this shows that our own model says the same.

use std::path::Path;

use jiff::Timestamp;
use news::{Version, relaxed};
use serde_json::Value as Json;
use wire::{Account, Hints, Reading};

use super::Case;

/// What one expectation is about.
#[derive(Clone, Copy, Debug)]
enum What {
    Headline,
    Words,
    Link,
    Uri,
    Creator,
    Subject,
    Rights,
    Language,
    FeedTitle,
    FeedLink,
    FeedLanguage,
    FeedRights,
}

/// One expectation.
struct Want {
    /// The item; of the feed, `None`.
    item: Option<usize>,
    what: What,
    value: String,
}

/// A time that an item has to name.
struct When {
    item: usize,
    at: Timestamp,
}

pub(super) fn feedparser(folder: &Path) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for line in super::json_lines(folder, "expect.jsonl")? {
        let file = line["file"].as_str().unwrap_or_default();
        let apart = ["/base/http_", "/chardet/", "/cdf/"].iter().any(|part| file.contains(part));
        if line["needs_sanitizer_or_base_resolution"] == true || apart {
            continue;
        }
        let checks = line["checks"].as_array().into_iter().flatten();
        let equal = checks.filter(|check| check["op"] == "eq" && check["fn"].is_null());
        let wants: Vec<Want> = equal.filter_map(want_of).collect();
        if wants.is_empty() {
            continue;
        }
        let differs = asked(&super::bytes(folder, file)?, &wants, &[]);
        cases.push(Case::new(line["group"].as_str().unwrap_or_default(), file, differs));
    }
    Ok(cases)
}

/// What one of feedparser's checks is about, if our model has a place for it.
fn want_of(check: &Json) -> Option<Want> {
    let path: Vec<&str> = check["path"].as_array()?.iter().filter_map(Json::as_str).collect();
    let numbers: Vec<u64> = check["path"].as_array()?.iter().filter_map(Json::as_u64).collect();
    let item = usize::try_from(numbers.first().copied().unwrap_or(0)).ok();
    let (item, what) = match path[..] {
        ["entries", "title"] | ["entries", "title_detail", "value"] => (item, What::Headline),
        ["entries", "description" | "summary"] | ["entries", "content", "value"] => (item, What::Words),
        ["entries", "link"] => (item, What::Link),
        ["entries", "id" | "guid"] => (item, What::Uri),
        ["entries", "author"] | ["entries", "authors", "name"] => (item, What::Creator),
        ["entries", "tags", "term"] => (item, What::Subject),
        ["entries", "rights" | "copyright"] => (item, What::Rights),
        ["entries", "language"] => (item, What::Language),
        ["feed", "title"] => (None, What::FeedTitle),
        ["feed", "link"] => (None, What::FeedLink),
        ["feed", "language"] => (None, What::FeedLanguage),
        ["feed", "rights" | "copyright"] => (None, What::FeedRights),
        _ => return None,
    };
    Some(Want { item, what, value: check["value"].as_str()?.to_owned() })
}

pub(super) fn gofeed(folder: &Path) -> Result<Vec<Case>, String> {
    let folder = folder.join("testdata");
    let mut cases = Vec::new();
    for file in super::files(&folder, &[".xml"])? {
        let wanted = format!("{}.json", file.trim_end_matches(".xml"));
        if !folder.join(&wanted).is_file() {
            continue;
        }
        let wanted: Json = serde_json::from_slice(&super::bytes(&folder, &wanted)?)
            .map_err(|fault| format!("{wanted}: {fault}"))?;
        let (wants, times) = wants_of(&wanted);
        if wants.is_empty() && times.is_empty() {
            continue;
        }
        let differs = asked(&super::bytes(&folder, &file)?, &wants, &times);
        let group = Path::new(&file).parent().and_then(Path::to_str).unwrap_or_default().to_owned();
        cases.push(Case::new(group, file, differs));
    }
    Ok(cases)
}

/// A text, or the value of an object that has one.
fn text(value: &Json) -> Option<String> {
    let text = value.as_str().or_else(|| value["value"].as_str()).or_else(|| value["name"].as_str())?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}

fn wants_of(wanted: &Json) -> (Vec<Want>, Vec<When>) {
    let (mut wants, mut times) = (Vec::new(), Vec::new());
    let mut want = |item: Option<usize>, what: What, value: &Json| {
        if let Some(value) = text(value) {
            wants.push(Want { item, what, value });
        }
    };
    want(None, What::FeedTitle, &wanted["title"]);
    want(None, What::FeedLanguage, &wanted["language"]);
    want(
        None,
        What::FeedRights,
        if wanted["rights"].is_null() { &wanted["copyright"] } else { &wanted["rights"] },
    );
    if wanted["links"].is_null() {
        want(None, What::FeedLink, &wanted["link"]);
    }
    let items = wanted["items"].as_array().or_else(|| wanted["entries"].as_array());
    for (n, item) in items.into_iter().flatten().enumerate() {
        let n = Some(n);
        want(n, What::Headline, &item["title"]);
        want(n, What::Words, &item["description"]);
        want(n, What::Words, &item["summary"]);
        want(n, What::Words, &item["content"]);
        want(n, What::Uri, if item["guid"].is_null() { &item["id"] } else { &item["guid"] });
        if item["links"].is_null() {
            want(n, What::Link, &item["link"]);
        }
        want(n, What::Rights, &item["rights"]);
        for author in item["authors"].as_array().into_iter().flatten() {
            want(n, What::Creator, &author["name"]);
        }
        for category in item["categories"].as_array().into_iter().flatten() {
            want(n, What::Subject, if category["term"].is_null() { category } else { &category["term"] });
        }
        for name in ["updatedParsed", "publishedParsed", "pubDateParsed"] {
            if let (Some(at), Some(n)) = (item[name].as_str().and_then(|raw| raw.parse().ok()), n) {
                times.push(When { item: n, at });
            }
        }
    }
    (wants, times)
}

/// What differs between a reading and what is wanted of it.
fn asked(bytes: &[u8], wants: &[Want], times: &[When]) -> Vec<String> {
    let account = Account::of(bytes, &Hints::default());
    let beside: Vec<String> = account.unmapped().map(|part| squeezed(&words(&part.value))).collect();
    let reading = account.reading();
    let mut differs: Vec<String> =
        wants.iter().filter_map(|want| differing(want, reading, &beside)).collect();
    for when in times {
        let Some(version) = reading.items.get(when.item) else { continue };
        let own = [&version.first_created, &version.version_created, &version.content_created];
        if !own.into_iter().flatten().any(|stamp| stamp.at == Some(when.at)) {
            differs.push(format!("item {}: no time is {}", when.item + 1, when.at));
        }
    }
    differs
}

fn differing(want: &Want, reading: &Reading, beside: &[String]) -> Option<String> {
    let wanted = squeezed(&want.value);
    let same = |found: &str| {
        let found = squeezed(found);
        found == wanted || found == squeezed(&words(&want.value)) || squeezed(&words(&found)) == wanted
    };
    let tell = |found: String| {
        let short = |text: &str| text.chars().take(70).collect::<String>();
        Some(format!("{:?} is `{}`, wanted `{}`", want.what, short(&found), short(&want.value)))
    };
    let masthead = reading.masthead.clone().unwrap_or_default();
    // An address is as it was written; made whole it ends so.
    let address = |found: &str| {
        same(found)
            || !found.contains("://")
                && !found.is_empty()
                && want.value.ends_with(found.trim_start_matches(['.', '/']))
    };
    let Some(n) = want.item else {
        let found = match want.what {
            What::FeedTitle => masthead.title,
            What::FeedLink => masthead.home,
            What::FeedLanguage => masthead.language,
            _ => masthead.copyright,
        };
        let found = found.unwrap_or_default();
        return if same(&found) || address(&found) { None } else { tell(found) };
    };
    let Some(version) = reading.items.get(n) else {
        // An item without identifier, address and words is none here, and is complained about.
        let empty = reading.complaints.iter().any(|complaint| complaint.code == "empty-item");
        return if empty { None } else { tell("no item".to_owned()) };
    };
    // Beside a fuller text, and in fields that our model has not, a value is unmapped and not lost.
    let kept = || beside.iter().any(|value| *value == wanted || *value == squeezed(&words(&want.value)));
    let (good, found) = match want.what {
        What::Headline => one(version.copy.headline(), &same),
        What::Words => {
            let body: Vec<&str> =
                version.copy.blocks().iter().filter(|b| !b.kind().is_head()).map(news::Block::text).collect();
            let body = body.join(" ");
            (same(&body) || noted(version, &same), body)
        }
        What::Link => one(version.link.as_deref(), &address),
        What::Uri => one(Some(&version.uri), &address),
        What::Rights => one(version.rights.copyright_notice.as_deref(), &same),
        What::Language => one(version.language.as_deref(), &same),
        What::Creator => {
            let named = |name: &String| {
                same(name) || squeezed(name).contains(&wanted) || wanted.contains(&squeezed(name))
            };
            (version.creators.iter().any(named), version.creators.join("; "))
        }
        _ => {
            let subjects = version.subjects.iter().flat_map(|s| [s.name.clone(), s.code.clone()]).flatten();
            let all: Vec<String> = subjects.chain(version.keywords.iter().cloned()).collect();
            (all.iter().any(|word| same(word)), all.join("; "))
        }
    };
    if good || kept() { None } else { tell(found) }
}

fn one(found: Option<&str>, same: &dyn Fn(&str) -> bool) -> (bool, String) {
    let found = found.unwrap_or_default();
    (same(found), found.to_owned())
}

/// Whether a note holds it: what is hidden, or cannot be read as words.
fn noted(version: &Version, same: &dyn Fn(&str) -> bool) -> bool {
    version.notes.iter().any(|note| same(&note.text))
}

/// The words of a text of HTML.
fn words(html: &str) -> String {
    let words = wire::html::read_fragment(html, "", &wire::Limits::default());
    words.blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Without white space.
fn squeezed(text: &str) -> String {
    relaxed(text).replace(' ', "")
}
