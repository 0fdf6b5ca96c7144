//! After a kill, or when a story is withheld or its licence ends: every output of a site is asked as an outside reader
//! would ask, by the way that every request takes.

use std::collections::BTreeSet;

use axum::body::to_bytes;
use axum::http::Request;
use futures_util::{StreamExt as _, stream};
use hyper::service::Service as _;
use newsroom::{Newsroom, Output, Withdrawn};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::site::Site;

/// What is asked of a site at the most.
const LARGEST: usize = 64 << 20;

/// So many outputs are asked at one time.
const AT_ONCE: usize = 6;

/// One answer of a site.
struct Answer {
    status: u16,
    text: String,
}

/// Asks for as long as the newsroom runs.
pub async fn confirm(newsroom: Newsroom, sites: Vec<Site>) {
    loop {
        let withdrawn = newsroom.withdrawn().await;
        for site in &sites {
            let here: Vec<&Withdrawn> = withdrawn.iter().filter(|one| one.site == *site.id()).collect();
            if here.is_empty() {
                continue;
            }
            // Of many sitemaps each story stands in one (sitemaps.org 0.9).
            let parts = stream::iter(&here).then(|one| sitemap_of(&newsroom, one)).collect::<Vec<_>>().await;
            // Lists are asked for once for all that fell.
            let mut asked = lists_of(&here, parts.iter().flatten().flatten().collect());
            let lists = asked.len();
            asked.extend(here.iter().flat_map(|one| addresses_of(one)));
            let mut answers = ask_all(site, asked).await;
            let mut own = answers.split_off(lists).into_iter();
            for (one, part) in here.into_iter().zip(&parts) {
                let own_part = part.as_ref().ok().and_then(Option::as_deref);
                let mut outputs: Vec<Output> = answers
                    .iter()
                    .filter(|(name, _)| is_about(name, one, own_part))
                    .map(|(name, answer)| Output { name: name.clone(), wrong: listed(name, answer, one) })
                    .collect();
                if let Err(why) = part {
                    outputs.push(Output { name: "sitemap's part".to_owned(), wrong: Some(why.clone()) });
                }
                outputs.extend(
                    own.by_ref()
                        .take(ADDRESSES)
                        .map(|(name, answer)| Output { wrong: told(&name, &answer, one), name }),
                );
                newsroom.confirm(one.clone(), &outputs);
            }
        }
    }
}

/// The lists in which any of these may have stood; `parts` are their sitemaps among many.
fn lists_of(withdrawn: &[&Withdrawn], parts: BTreeSet<&String>) -> Vec<(String, String)> {
    let mut lists: Vec<(String, String)> = [
        ("front", "/"),
        ("rss", "/feed.rss"),
        ("atom", "/feed.atom"),
        ("json-feed", "/feed.json"),
        ("sitemap", "/sitemap.xml"),
        ("news-sitemap", "/news-sitemap.xml"),
    ]
    .map(|(name, path)| (name.to_owned(), path.to_owned()))
    .to_vec();
    let mut sections: Vec<&String> = withdrawn.iter().flat_map(|one| &one.sections).collect();
    sections.sort();
    sections.dedup();
    for section in sections {
        lists.push((format!("section:{section}"), format!("/section/{section}")));
        for (name, file) in [("rss", "feed.rss"), ("atom", "feed.atom"), ("json-feed", "feed.json")] {
            lists.push((format!("section:{section}/{name}"), format!("/section/{section}/{file}")));
        }
    }
    lists.extend(parts.into_iter().map(|part| (part.clone(), format!("/{part}.xml"))));
    lists
}

/// The name of the sitemap among many in which an item stood. If the store cannot say, that one is not confirmed, and
/// asked again.
async fn sitemap_of(newsroom: &Newsroom, withdrawn: &Withdrawn) -> Result<Option<String>, String> {
    let (newsroom, site, id) = (newsroom.clone(), withdrawn.site.clone(), withdrawn.id);
    match tokio::task::spawn_blocking(move || newsroom.sitemap_of(&site, id)).await {
        Ok(Ok(number)) => Ok(number.map(|number| format!("sitemap-{number}"))),
        Ok(Err(error)) => Err(format!("in which one it stood cannot be read: {error}")),
        Err(error) => Err(format!("in which one it stood was not found out: {error}")),
    }
}

/// Whether a list is one in which this item may have stood; `part` is its sitemap among many.
fn is_about(name: &str, withdrawn: &Withdrawn, part: Option<&str>) -> bool {
    if name.starts_with("sitemap-") {
        return part == Some(name);
    }
    let section = name.strip_prefix("section:").map(|rest| rest.split('/').next().unwrap_or_default());
    section.is_none_or(|section| withdrawn.sections.iter().any(|own| own == section))
}

/// What is wrong with a list, if anything.
fn listed(name: &str, answer: &Answer, withdrawn: &Withdrawn) -> Option<String> {
    match answer.status {
        // A section that is no longer configured has no list, nor has a sitemap in which nothing is left.
        404 => None,
        200 if name.ends_with("json-feed") => {
            // Beside its items it names what is gone.
            let feed: serde_json::Value = serde_json::from_str(&answer.text).unwrap_or_default();
            let Some(items) = feed["items"].as_array() else { return Some("it is no JSON Feed".to_owned()) };
            let items = items.iter().map(serde_json::Value::to_string).collect::<String>();
            shows(&items, withdrawn).map(str::to_owned)
        }
        200 => shows(&answer.text, withdrawn).map(str::to_owned),
        status => Some(format!("it answers {status}")),
    }
}

/// What of the item an answer still shows.
fn shows(text: &str, withdrawn: &Withdrawn) -> Option<&'static str> {
    let id = format!("/s/{}", withdrawn.id);
    // A tombstone names what it is about.
    let leads = text.match_indices(&id).any(|(at, _)| {
        let before = text.get(at.saturating_sub(400)..at).unwrap_or_default();
        !before.rsplit('<').next().is_some_and(|tag| tag.starts_with("at:deleted-entry"))
    });
    leads.then_some("it leads to the story")
}

/// How many addresses are about an item alone.
const ADDRESSES: usize = 6;

/// The addresses that are about the item alone.
fn addresses_of(withdrawn: &Withdrawn) -> [(String, String); ADDRESSES] {
    let address = format!("/s/{}", withdrawn.id);
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query = withdrawn.headline.as_deref().unwrap_or(&withdrawn.key.uri);
    let query: String = query.chars().take(200).collect();
    [
        ("page", address.clone()),
        ("json", format!("{address}.json")),
        ("txt", format!("{address}.txt")),
        ("history", format!("{address}/history")),
        ("search", format!("/search?q={}", encoded(&query))),
        ("api", format!("/api/v1/items?uri={}", encoded(&withdrawn.key.uri))),
    ]
    .map(|(name, path)| (name.to_owned(), path))
}

/// What is wrong with the answer of an address that is about the item alone, if anything.
fn told(name: &str, answer: &Answer, withdrawn: &Withdrawn) -> Option<String> {
    match name {
        "search" => listed(name, answer, withdrawn),
        "api" => known(answer, &format!("/s/{}", withdrawn.id)),
        _ => shown(answer, withdrawn.headline.as_deref()),
    }
}

/// What is wrong with an answer of the story's own, if anything.
fn shown(answer: &Answer, headline: Option<&str>) -> Option<String> {
    match (answer.status, headline) {
        (410, Some(headline)) if answer.text.contains(headline) => {
            Some("it still carries the headline".to_owned())
        }
        (404 | 410, _) => None,
        (status, _) => Some(format!("it answers {status}")),
    }
}

/// What is wrong with the API's answer, if anything.
fn known(answer: &Answer, address: &str) -> Option<String> {
    if answer.status == 414 {
        // A uri that is too long to be asked for is told to nobody.
        return None;
    }
    if answer.status != 200 {
        return Some(format!("it answers {}", answer.status));
    }
    let said: serde_json::Value = serde_json::from_str(&answer.text).unwrap_or_default();
    let ours = |item: &&serde_json::Value| item["url"].as_str().is_some_and(|url| url.ends_with(address));
    let item = said["items"].as_array().into_iter().flatten().find(ours)?;
    let bad = item["pubstatus"] == "usable" || !item["headline"].is_null() || !item["label"].is_null();
    bad.then(|| "it still tells of the story".to_owned())
}

/// Asks for all of these, a few at a time: as many kills as may come wait for the answers.
async fn ask_all(site: &Site, named: Vec<(String, String)>) -> Vec<(String, Answer)> {
    let asked = named.into_iter().map(|(name, path)| async move { (name, ask(site, &path).await) });
    stream::iter(asked).buffered(AT_ONCE).collect().await
}

async fn ask(site: &Site, path: &str) -> Answer {
    let Ok(request) = Request::get(format!("{}{path}", site.base())).body(()) else {
        return Answer { status: 414, text: String::new() };
    };
    match site.for_the_house().call(request).await {
        Ok(response) => {
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body(), LARGEST).await.unwrap_or_default();
            Answer { status, text: String::from_utf8_lossy(&body).into_owned() }
        }
        Err(never) => match never {},
    }
}
