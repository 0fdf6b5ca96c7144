//! What licences demand, and which of them holds for a story.

use jiff::SignedDuration;
use news::{AgencyId, FeedId, Label, ReviewState};

use super::{Agency, Config, Feed};

/// What a licence demands, as far as a machine can see to it. The default demands nothing and allows no edit.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Contract {
    /// How long copy may be public, from its publication.
    pub expire_after: Option<SignedDuration>,
    /// How long the archive keeps the delivered bytes; `None` for ever, zero until they are read.
    pub archive_for: Option<SignedDuration>,
    /// Whether the words are destroyed when the licence ends.
    pub erase_at_expiry: bool,
    /// For how long what was delivered of a killed item is kept sealed.
    pub legal_hold: Option<SignedDuration>,
    /// Whether search engines, sitemaps and the own search are kept away.
    pub noindex: bool,
    /// In which territories copy may be read: one bit for each list of [`Config::territories`] that must allow the
    /// reader. 0: everywhere.
    pub territories: u64,
    /// The only sections that copy may stand in.
    pub sections: Option<Vec<String>>,
    /// Whether the publisher may change the words.
    pub edit: bool,
    /// Whether the public may see what an edit changed.
    pub diffs: bool,
    /// Within how long every output must have confirmed a kill.
    pub kill_within: Option<SignedDuration>,
    /// How many new stories a day may be published: a cap of this agency or feed alone.
    pub daily: Option<u32>,
}

impl Contract {
    /// Both at once: of each term the stricter, and the longer hold. The daily cap stays this one's own.
    pub(super) fn and(mut self, other: &Contract) -> Contract {
        let shorter = |a: Option<SignedDuration>, b: Option<SignedDuration>| match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.expire_after = shorter(self.expire_after, other.expire_after);
        self.archive_for = shorter(self.archive_for, other.archive_for);
        self.kill_within = shorter(self.kill_within, other.kill_within);
        self.erase_at_expiry |= other.erase_at_expiry;
        self.legal_hold = self.legal_hold.max(other.legal_hold);
        self.noindex |= other.noindex;
        self.territories |= other.territories;
        self.edit &= other.edit;
        self.diffs &= other.diffs;
        self.sections = match (self.sections, &other.sections) {
            (Some(own), Some(others)) => Some(own.into_iter().filter(|id| others.contains(id)).collect()),
            (own, others) => own.or_else(|| others.clone()),
        };
        self
    }

    /// Whether copy may stand in a section.
    pub fn allows_section(&self, section: &str) -> bool {
        self.sections.as_ref().is_none_or(|allowed| allowed.iter().any(|id| id == section))
    }
}

/// From where a reader asks, as far as contracts care: a bit for each list of [`Config::territories`] that names his
/// country. The default is nowhere known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Reach(u64);

impl Reach {
    /// Whoever reads for the house itself: its own checks.
    pub const EVERYWHERE: Reach = Reach(u64::MAX);

    /// Whether he may read what demands these territories.
    pub fn allows(self, territories: u64) -> bool {
        territories & !self.0 == 0
    }
}

impl Config {
    /// From where a reader asks who is in this country (two letters); `None`: nobody knows where.
    pub fn reach(&self, country: Option<&str>) -> Reach {
        let Some(country) = country else { return Reach::default() };
        let names = |list: &&Vec<String>| list.iter().any(|name| name.eq_ignore_ascii_case(country));
        let bits = self.territories.iter().enumerate().filter(|(_, list)| names(list));
        Reach(bits.fold(0, |bits, (at, _)| bits | 1 << at))
    }

    /// What holds for a story that came on these feeds: of each term the strictest. Feeds that are no longer configured
    /// say nothing; the agency's own contract always counts. Daily caps belong to agency and feed and are not in it.
    pub fn contract<'f>(&self, agency: &AgencyId, feeds: impl IntoIterator<Item = &'f FeedId>) -> Contract {
        let mut feeds =
            feeds.into_iter().filter_map(|feed| self.feed(feed)).filter(|feed| feed.agency == *agency);
        let own = || self.agency(agency).map(|agency| agency.contract.clone()).unwrap_or_default();
        let first = feeds.next().map_or_else(own, |feed| feed.contract.clone());
        Contract { daily: None, ..feeds.fold(first, |all, feed| all.and(&feed.contract)) }
    }

    /// The label that the contract prescribes for copy of this feed in this state and language: the language's own
    /// (`pt-BR`, else `pt`), otherwise the main one, whose language is then named so that a page can mark it.
    pub fn label(
        &self,
        agency: &Agency,
        feed: Option<&FeedId>,
        state: ReviewState,
        language: Option<&str>,
    ) -> Label {
        let own = feed.and_then(|feed| self.feed(feed)).and_then(|feed| feed.labels.as_ref());
        press::label(state, own.unwrap_or(&agency.labels), language)
    }

    /// The credit of copy of this feed that carries none of its own.
    pub fn credit<'c>(&'c self, agency: &'c Agency, feed: Option<&FeedId>) -> &'c str {
        let own = feed.and_then(|feed| self.feed(feed)).and_then(|feed| feed.credit.as_deref());
        own.unwrap_or(&agency.credit)
    }

    /// How long the archive keeps what a feed delivered; for ever if `None`. A feed that has left the configuration has
    /// no contract any more.
    pub fn archive_for(&self, feed: &FeedId) -> Option<SignedDuration> {
        self.feed(feed).map_or(Some(SignedDuration::from_hours(24 * ARCHIVE_DAYS)), Feed::archive_for)
    }
}

/// How long the archive keeps what came on a feed that is no longer configured, in days.
const ARCHIVE_DAYS: i64 = 30;

impl Feed {
    /// How long the archive keeps what it delivered.
    pub fn archive_for(&self) -> Option<SignedDuration> {
        self.contract.archive_for
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_contracts_each_term_is_the_stricter() {
        let hours = |n| Some(SignedDuration::from_hours(n));
        let open = Contract { edit: true, diffs: true, ..Contract::default() };
        let one = Contract {
            expire_after: hours(48),
            legal_hold: hours(5),
            noindex: true,
            territories: 0b01,
            sections: Some(vec!["world".into(), "sport".into()]),
            ..open.clone()
        };
        let other = Contract {
            expire_after: hours(24),
            archive_for: hours(0),
            erase_at_expiry: true,
            legal_hold: hours(9),
            territories: 0b10,
            sections: Some(vec!["sport".into(), "money".into()]),
            diffs: false,
            kill_within: hours(1),
            ..open.clone()
        };
        let both = one.clone().and(&other);
        let expect = Contract {
            expire_after: hours(24),
            archive_for: hours(0),
            erase_at_expiry: true,
            legal_hold: hours(9),
            noindex: true,
            territories: 0b11,
            sections: Some(vec!["sport".into()]),
            edit: true,
            diffs: false,
            kill_within: hours(1),
            daily: None,
        };
        assert_eq!((&both, other.and(&one)), (&expect, expect.clone()));
        assert_eq!(expect.clone().and(&open), expect, "what demands nothing loosens nothing");
        assert!(!open.clone().and(&Contract::default()).edit, "what does not allow an edit forbids it");
        assert!(Reach(0b11).allows(0b11) && !Reach(0b01).allows(0b11) && Reach::default().allows(0));
    }
}
