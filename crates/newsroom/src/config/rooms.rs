//! What the other rooms ask of the configuration, in their own words.

use std::path::Path;
use std::sync::Arc;

use desk::safety::Rules;
use jiff::SignedDuration;
use news::{AgencyId, FeedId, SiteId};

use super::{Agency, Config, Feed, Index, Section, Site};
use crate::read::EachItem;

impl Config {
    /// All sites.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// All feeds.
    pub fn feeds(&self) -> &[Feed] {
        &self.feeds
    }

    /// The store's folder.
    pub fn store_path(&self) -> &Path {
        &self.store.path
    }

    /// The agency, if there is but one: whose a bare identifier then is.
    pub fn only_agency(&self) -> Option<&AgencyId> {
        match self.agencies.as_slice() {
            [only] => Some(&only.id),
            _ => None,
        }
    }

    /// The sites that a feed's stories appear on.
    pub fn sites_of(&self, feed: &Feed) -> Vec<&Site> {
        feed.sites.iter().filter_map(|id| self.site(id)).collect()
    }

    /// The sections that a site has, because a feed of its own names them or because they are declared and no feed
    /// of another site alone names them.
    pub fn sections_of(&self, site: &SiteId) -> Vec<&Section> {
        let routed = |feed: &Feed, section: &Section| {
            let named = |route: &desk::route::Route| {
                let about = route.effect.sites.is_empty() || route.effect.sites.contains(site);
                about && route.effect.sections.as_ref().is_some_and(|all| all.contains(&section.id))
            };
            feed.routes.iter().any(named)
        };
        let names =
            |feed: &&Feed, section: &Section| feed.sections.contains(&section.id) || routed(feed, section);
        let here = |section: &&Section| {
            let mut feeds = self.feeds.iter().filter(|feed| names(feed, section)).peekable();
            feeds.peek().is_none() || feeds.any(|feed| feed.sites.contains(site))
        };
        self.sections.iter().filter(here).collect()
    }
}

impl Site {
    /// Its short name.
    pub fn id(&self) -> &SiteId {
        &self.id
    }

    /// The publication's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public base URL, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.url
    }

    /// The language of its own words (BCP 47).
    pub fn language(&self) -> &str {
        &self.language
    }

    /// How to reach the publisher.
    pub fn contact(&self) -> Option<&str> {
        self.contact.as_deref()
    }

    /// Whether search engines may list its pages.
    pub fn indexed(&self) -> bool {
        self.index != Index::None
    }
}

impl Agency {
    /// Its name, as readers know it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Feed {
    /// Its short name.
    pub fn id(&self) -> &FeedId {
        &self.id
    }

    /// Whose it is.
    pub fn agency(&self) -> &AgencyId {
        &self.agency
    }

    /// At first contact, items older than this are not published.
    pub fn backlog(&self) -> SignedDuration {
        self.backlog
    }

    /// The sections of its stories.
    pub fn sections(&self) -> Vec<String> {
        self.sections.clone()
    }

    /// Its door in words, for the desk: `folder wire/agx`, `poll https://…`, `push`.
    pub fn door_in_words(&self) -> String {
        let mut doors = Vec::new();
        doors.extend(self.folder.as_ref().map(|folder| format!("folder {}", folder.display())));
        doors.extend(self.poll.as_ref().map(|url| format!("poll {url}")));
        doors.extend(self.push.then(|| "push".to_owned()));
        doors.join(", ")
    }

    /// The safety rules, as the desk has them.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// What the readers are told about the feed.
    pub fn hints(&self, config: &Config) -> wire::Hints {
        let limits = &config.limits;
        wire::Hints {
            format: self.format.word().and_then(wire::Format::from_word),
            title_is_html: self.title_is_html,
            language: self.language.clone(),
            zone: Some(self.timezone.clone()),
            limits: wire::Limits {
                bytes: usize::try_from(self.max_bytes).unwrap_or(usize::MAX),
                items: limits.max_items,
                depth: limits.max_depth,
                attributes: limits.max_attributes,
                nodes: limits.max_nodes,
                text: limits.max_text,
                watch: Some(Arc::new(EachItem::may_take(limits.read_time))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::WireFormat;

    #[test]
    fn every_format_of_the_file_has_a_reader_and_every_reader_a_word_in_the_file() {
        let words: Vec<&str> = WireFormat::ALL.into_iter().filter_map(WireFormat::word).collect();
        assert_eq!(words, wire::Format::ALL.map(wire::Format::as_str));
    }
}
