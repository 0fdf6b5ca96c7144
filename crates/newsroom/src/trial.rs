//! What the routes of a configuration would change in what was decided: they are asked again about what the vault holds.

use desk::route::{Routed, routed};
use news::{Act, ItemStanding};
use serde::Serialize;
use store::{Index as _, Store, StoreError, Vault as _};

use crate::config::Config;

/// A version that the routes would treat otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trial {
    /// The feed it came on.
    pub feed: String,
    /// The item.
    pub uri: String,
    /// The version, by our count.
    pub n: u32,
    /// What was ruled.
    pub ruling: &'static str,
    /// The routes that are true of it, by name.
    pub routes: Vec<String>,
    /// Why it would wait or not be published, where it went through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<String>,
    /// The sections it stands in and would stand in, by site, where they differ.
    pub sections: Vec<(String, Vec<String>, Vec<String>)>,
    /// The tags it has and would have, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<(Vec<String>, Vec<String>)>,
}

/// Asks the routes about the newest versions whose words are here, at most `limit`. Returns how many were asked about,
/// and those of which they would change something.
///
/// # Errors
/// The store cannot be read.
pub fn trial(config: &Config, store: &Store, limit: usize) -> Result<(usize, Vec<Trial>), StoreError> {
    let (mut asked, mut changed) = (0, Vec::new());
    for line in store.recent(None, limit)? {
        let (Some(feed), Some(n), None) =
            (line.feed.as_ref().and_then(|id| config.feed(id)), line.n, &line.by)
        else {
            continue;
        };
        let (Some(row), Some(words)) = (store.story(&line.key)?, store.words(&line.key, n)?) else {
            continue;
        };
        asked += 1;
        let id = feed.id().as_str();
        let found = routed(feed.routes.iter(), &words.version, id, feed.agency().as_str());
        let live = row.standing == ItemStanding::Live(n);
        let went_through = matches!(line.act, Act::Publish | Act::Update);
        let Routed { hold, ignore, .. } = &found;
        let would = hold.clone().or_else(|| ignore.clone()).filter(|_| went_through);
        let contract = config.contract(feed.agency(), &row.feeds);
        let mut sections = Vec::new();
        for place in row.placements.iter().filter(|_| live) {
            let then = found.sections_on(&place.site).map_or_else(|| feed.sections(), <[String]>::to_vec);
            let then: Vec<String> =
                then.into_iter().filter(|section| contract.allows_section(section)).collect();
            if then != place.sections {
                sections.push((place.site.to_string(), place.sections.clone(), then));
            }
        }
        let has = row.version(n).and_then(|version| version.routed.as_ref());
        let has = has.map(|routed| routed.tags.clone()).unwrap_or_default();
        let tags = (live && has != found.tags).then(|| (has, found.tags.clone()));
        if would.is_some() || !sections.is_empty() || tags.is_some() {
            changed.push(Trial {
                feed: id.to_owned(),
                uri: line.key.uri,
                n,
                ruling: line.act.as_str(),
                routes: found.routes,
                would,
                sections,
                tags,
            });
        }
    }
    Ok((asked, changed))
}
