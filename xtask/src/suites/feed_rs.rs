//! feed-rs: what it made of real feeds, held against the versions that we make of them: how many items, and of each
//! headline, link, times and words.

use std::path::Path;

use news::{BlockKind, Version, relaxed};
use serde_json::Value as Json;
use wire::Hints;

use super::Case;

pub(super) fn run(folder: &Path) -> Result<Vec<Case>, String> {
    let folder = folder.join("feed-rs/fixture");
    let mut cases = Vec::new();
    for golden in super::files(&folder, &[".serde.json"])? {
        let stem = golden.trim_end_matches(".serde.json");
        let input = ["xml", "json", "rss", "atom"].map(|end| format!("{stem}.{end}"));
        let Some(file) = input.iter().find(|file| folder.join(file).is_file()) else { continue };
        let wanted: Json = serde_json::from_slice(&super::bytes(&folder, &golden)?)
            .map_err(|fault| format!("{golden}: {fault}"))?;
        let reading = wire::read(&super::bytes(&folder, file)?, &Hints::default());
        let entries = wanted["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut differs = Vec::new();
        if entries.len() != reading.items.len() {
            differs.push(format!("{} items, {} wanted", reading.items.len(), entries.len()));
        } else {
            for (i, (entry, version)) in entries.iter().zip(&reading.items).enumerate() {
                compare(i, entry, version, &mut differs);
            }
        }
        let group = file.split('/').next().unwrap_or_default().to_owned();
        cases.push(Case::new(group, file.clone(), differs));
    }
    Ok(cases)
}

fn compare(i: usize, entry: &Json, version: &Version, differs: &mut Vec<String>) {
    let mut check = |what: &str, found: String, wanted: String| {
        if found != wanted {
            let short = |text: &str| text.chars().take(60).collect::<String>();
            differs.push(format!("entry {i}: {what} is `{}`, wanted `{}`", short(&found), short(&wanted)));
        }
    };
    if let Some(title) = entry["title"]["content"].as_str() {
        let found = squeezed(version.copy.headline().unwrap_or_default());
        let plain = squeezed(title);
        check("headline", found.clone(), if found == plain { plain } else { squeezed(&words(title)) });
    }
    let links: Vec<&str> =
        entry["links"].as_array().into_iter().flatten().filter_map(|link| link["href"].as_str()).collect();
    if let Some(link) = version.link.as_deref()
        && !links.is_empty()
    {
        let same = |href: &&&str| href.trim_end_matches('/') == link.trim_end_matches('/');
        check(
            "link",
            link.to_owned(),
            links.iter().find(|href| same(href)).map_or(links[0].to_owned(), |_| link.to_owned()),
        );
    }
    let ours = [&version.first_created, &version.version_created, &version.content_created];
    for name in ["published", "updated"] {
        let Some(wanted) = entry[name].as_str().and_then(|raw| raw.parse::<jiff::Timestamp>().ok()) else {
            continue;
        };
        let found = ours.iter().filter_map(|stamp| stamp.as_ref()?.at).find(|at| *at == wanted);
        check(name, format!("{found:?}"), format!("{:?}", Some(wanted)));
    }
    let body = entry["content"]["body"].as_str().or_else(|| entry["summary"]["content"].as_str());
    if let Some(body) = body {
        let head = |kind: BlockKind| kind.is_head();
        let found: Vec<&str> =
            version.copy.blocks().iter().filter(|block| !head(block.kind())).map(news::Block::text).collect();
        check("text", squeezed(&found.join(" ")), squeezed(&words(body)));
    }
}

/// The words of a text of HTML.
fn words(html: &str) -> String {
    let words = wire::html::read_fragment(html, "", &wire::Limits::default());
    words.blocks.iter().map(|block| block.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Without white space, which its sanitiser moves about.
fn squeezed(text: &str) -> String {
    relaxed(text).replace(' ', "")
}
