//! From the keys of a well-formed file to a [`Config`]: references, paths, secrets, and rules between keys.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use desk::route::{Effect, Route};
use desk::safety::{Rule, Rules, Safety};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use news::{AgencyId, FeedId, SiteId};
use notary::{KeyKind, VerifierKey};
use url::{Host, Url};

use super::check::{Checked, Finding};
use press::{LabelSet, LabelTexts};

use super::keys::{self, LanguageLabels, OneOrMany};
use super::{
    Agency, Config, Contract, Desk, Feed, Limits, Log, Outlet, Reach, Secret, Section, Site, Store, Witness,
    words,
};

/// First parts of public addresses that a section cannot take.
const TAKEN: [&str; 10] =
    ["api", "feed", "log", "robots", "s", "search", "section", "sitemap", "static", "theme"];

/// How often witnesses are asked at most, if nothing else is said.
const WITNESS_EVERY: Duration = Duration::from_secs(1);

/// The longest time for one call of an outlet.
const OUTLET_TIMEOUT_MAX: Duration = Duration::from_secs(60);

/// The shortest token that is worth guessing at.
const TOKEN_CHARACTERS_MIN: usize = 16;

pub(super) fn resolve(
    checked: Checked,
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Finding>> {
    let file: keys::File = match serde_json::from_value(checked.values) {
        Ok(file) => file,
        Err(fault) => {
            return Err(vec![Finding {
                span: 0..0,
                key: String::new(),
                message: format!("this file cannot be used: {fault}"),
            }]);
        }
    };
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut desk =
        Resolve { places: checked.places, folder, env, findings: Vec::new(), territories: Vec::new() };
    let config = desk.file(file);
    if desk.findings.is_empty() { Ok(config) } else { Err(desk.findings) }
}

struct Resolve<'e> {
    places: HashMap<String, Range<usize>>,
    folder: PathBuf,
    env: &'e dyn Fn(&str) -> Option<String>,
    findings: Vec<Finding>,
    /// The lists of countries that contracts name, each once.
    territories: Vec<Vec<String>>,
}

impl Resolve<'_> {
    /// Something is wrong with this key; if it is not in the file, with the table that it should be in.
    fn find(&mut self, key: &str, message: impl Into<String>) {
        let mut at = key;
        let span = loop {
            match (self.places.get(at), at.rfind('.')) {
                (Some(span), _) => break span.clone(),
                (None, Some(dot)) => at = &at[..dot],
                (None, None) => break 0..0,
            }
        };
        self.findings.push(Finding { span, key: key.to_owned(), message: message.into() });
    }

    /// The value, or the finding and a stand-in that is never used.
    fn take<T>(&mut self, key: &str, value: Result<T, String>, stand_in: T) -> T {
        value.unwrap_or_else(|fault| {
            self.find(key, fault);
            stand_in
        })
    }

    fn file(&mut self, file: keys::File) -> Config {
        let limits = self.limits(file.limits);
        let store = Store { path: self.folder.join(&file.store.path.0) };
        if store.path.exists() && !store.path.is_dir() {
            self.find(
                "store.path",
                format!("{} is not a folder: name a folder for the store alone", store.path.display()),
            );
        }
        let log = self.log(file.log, &store);
        let sites = self.sites(file.site);
        let desk = self.desk(file.desk, &sites);
        let language = sites.first().map_or_else(|| "en".to_owned(), |site| site.language.clone());
        let agencies: Vec<Agency> = file
            .agency
            .into_iter()
            .enumerate()
            .map(|(i, agency)| self.agency(i, agency, &language))
            .collect();
        self.differ("agency", agencies.iter().map(|agency| agency.id.as_str()));
        let mut sections = self.declared_sections(file.section);
        let declared = !sections.is_empty();
        let mut feeds = Vec::new();
        for (i, feed) in file.feed.into_iter().enumerate() {
            let names = self.feed_sections(i, &feed, declared.then_some(&sections));
            for name in &names {
                if !declared && !sections.iter().any(|section| section.id == *name) {
                    sections.push(Section { id: name.clone(), name: capitalised(name) });
                }
            }
            let rules = self.rules(&feed, &file.rules);
            let resolved = self.feed(i, feed, names, &agencies, &sites, &limits);
            feeds.push(Feed { rules, ..resolved });
        }
        self.routes(&file.route, &mut feeds, &sites, &mut sections, declared);
        self.rules_name_what_exists(&file.rules, &feeds);
        self.differ("feed", feeds.iter().map(|feed| feed.id.as_str()));
        self.folders_differ(&feeds, &store);
        self.territories_can_be_told(&sites);
        let outlets = self.outlets(file.outlet, &sites, &agencies);
        let territories = std::mem::take(&mut self.territories);
        let countries: Vec<Option<String>> = outlets.iter().map(|(_, country)| country.clone()).collect();
        let outlets = outlets.into_iter().map(|(outlet, _)| outlet).collect();
        let mut config =
            Config { sites, desk, store, agencies, sections, feeds, outlets, log, limits, territories };
        let reaches: Vec<Reach> = countries.iter().map(|country| config.reach(country.as_deref())).collect();
        config.outlets.iter_mut().zip(reaches).for_each(|(outlet, reach)| outlet.reach = reach);
        config
    }

    /// The outlets, each with its country.
    fn outlets(
        &mut self,
        tables: Vec<keys::Outlet>,
        sites: &[Site],
        agencies: &[Agency],
    ) -> Vec<(Outlet, Option<String>)> {
        self.differ_by("outlet", "name", tables.iter().map(|table| table.name.0.as_str()));
        let outlets = tables.into_iter().enumerate();
        outlets
            .filter_map(|(i, table)| self.outlet(&format!("outlet[{i}]"), table, sites, agencies))
            .collect()
    }

    fn outlet(
        &mut self,
        key: &str,
        table: keys::Outlet,
        sites: &[Site],
        agencies: &[Agency],
    ) -> Option<(Outlet, Option<String>)> {
        let at = |name: &str| format!("{key}.{name}");
        let keys::OutletKind::Webhook = table.kind;
        let ids = sites.iter().map(|site| site.id.as_str());
        let site = match (&table.site, sites) {
            (Some(id), _) => {
                self.must_exist(&at("site"), &id.0, "site", ids);
                Some(SiteId::from(id.0.as_str()))
            }
            (None, [only]) => Some(only.id.clone()),
            (None, _) => {
                let all = ids.collect::<Vec<_>>().join(", ");
                self.find(
                    &at("site"),
                    format!("there are several sites: name the one that it is told of ({all})"),
                );
                None
            }
        };
        for (j, id) in table.agencies.iter().flatten().enumerate() {
            let ids = agencies.iter().map(|agency| agency.id.as_str());
            self.must_exist(&at(&format!("agencies[{j}]")), &id.0, "agency", ids);
        }
        if table.agencies.as_ref().is_some_and(Vec::is_empty) {
            self.find(&at("agencies"), "the list is empty: leave it out for all agencies, or name one");
        }
        if let Some(country) = &table.country {
            self.country(&at("country"), country);
        }
        let timeout = self.positive(&at("timeout"), &table.timeout.0).unwrap_or_default();
        if timeout > OUTLET_TIMEOUT_MAX {
            self.find(&at("timeout"), "a kill is told again within a minute: write \"60s\" or less");
        }
        let url = self.take(&at("url"), words::web_address(&table.url.0).map(Some), None);
        let secret = self.outlet_secret(key, table.secret_env, table.secret_file);
        let (site, url, secret) = (site?, url?, secret?);
        let outlet = Outlet {
            name: table.name.0,
            site,
            allow_private: table.allow_private.unwrap_or_else(|| is_loopback(&url)),
            url,
            secret,
            agencies: table.agencies.iter().flatten().map(|id| AgencyId::from(id.0.as_str())).collect(),
            reach: Reach::default(),
            timeout,
            at_once: table.at_once as usize,
            per_minute: table.per_minute,
        };
        Some((outlet, table.country))
    }

    /// By what calls of an outlet are signed.
    fn outlet_secret(
        &mut self,
        key: &str,
        variable: Option<keys::VariableName>,
        file: Option<keys::FilePath>,
    ) -> Option<Secret> {
        let (name, secret) = match (variable, file) {
            (None, None) => {
                let message = "this outlet has no secret, and nobody could tell our calls from others': name one with \
                               `secret_env` or `secret_file`";
                self.find(key, message);
                return None;
            }
            (Some(_), Some(_)) => {
                self.find(&format!("{key}.secret_file"), "`secret_env` is given too: keep one of the two");
                return None;
            }
            (Some(variable), None) => {
                let value = (self.env)(&variable.0).filter(|value| !value.is_empty());
                let unset =
                    || format!("the environment variable `{}` is not set: set it to the secret", variable.0);
                ("secret_env", value.ok_or_else(unset))
            }
            (None, Some(file)) => {
                let path = self.folder.join(&file.0);
                let value = std::fs::read_to_string(&path);
                ("secret_file", value.map_err(|fault| format!("cannot read {}: {fault}", path.display())))
            }
        };
        // A file written with `echo` ends with a line break that is no part of the secret.
        let secret = secret.map(|secret| secret.trim_ascii_end().to_owned());
        let secret =
            secret.and_then(|secret| lines::webhook::check_secret(&secret).map(|()| Some(Secret(secret))));
        self.take(&format!("{key}.{name}"), secret, None)
    }

    /// Every table of this name has its own id.
    fn differ<'a>(&mut self, table: &str, ids: impl Iterator<Item = &'a str>) {
        self.differ_by(table, "id", ids);
    }

    fn differ_by<'a>(&mut self, table: &str, key: &str, ids: impl Iterator<Item = &'a str>) {
        let mut seen = HashMap::new();
        for (i, id) in ids.enumerate() {
            if let Some(first) = seen.insert(id, i) {
                self.find(
                    &format!("{table}[{i}].{key}"),
                    format!("`{id}` is taken by {table}[{first}]: every {table} needs its own {key}"),
                );
            }
        }
    }

    fn sites(&mut self, site: OneOrMany<keys::Site>) -> Vec<Site> {
        let (sites, many) = match site {
            OneOrMany::One(site) => (vec![site], false),
            OneOrMany::Many(sites) => (sites, true),
        };
        if sites.is_empty() {
            self.find("site", "there is no site: write a table [site]");
        }
        let mut out: Vec<Site> = Vec::new();
        for (i, site) in sites.into_iter().enumerate() {
            let key = if many { format!("site[{i}]") } else { "site".to_owned() };
            let site = self.site(&key, site);
            for (j, other) in out.iter().enumerate() {
                if other.url == site.url {
                    self.find(
                        &format!("{key}.url"),
                        format!("`{}` is the URL of site[{j}] already: every site needs its own", site.url),
                    );
                }
                if clash(other.listen, site.listen) {
                    let message = format!(
                        "{} is taken by site[{j}]: every site needs an address and port of its own",
                        site.listen
                    );
                    self.find(&format!("{key}.listen"), message);
                }
            }
            out.push(site);
        }
        if many {
            self.differ("site", out.iter().map(|site| site.id.as_str()));
        }
        out
    }

    fn site(&mut self, key: &str, site: keys::Site) -> Site {
        let mut url = words::web_address(&site.url.0);
        if let Ok(address) = &url
            && address.query().is_some()
        {
            url = Err(format!("`{}` carries a query (`?…`): a base URL has none", site.url.0));
        }
        let url = self.take(&format!("{key}.url"), url.map(Some), None);
        let (url, base_path) = url.map_or_else(Default::default, |url| {
            let base_path = url.path().trim_end_matches('/').to_owned();
            (url.as_str().trim_end_matches('/').to_owned(), base_path)
        });
        let listen = self.listen(key, &site.listen);
        let at = |name: &str| format!("{key}.{name}");
        Site {
            id: SiteId::from(site.id.0.as_str()),
            name: site.name,
            url,
            base_path,
            listen,
            language: site.language.0,
            about: site.about,
            contact: site.contact,
            index: site.index,
            group: site.group,
            country_header: site.country_header.map(|name| self.field_name(&at("country_header"), &name)),
            trusted_proxies: site
                .trusted_proxies
                .iter()
                .enumerate()
                .filter_map(|(i, address)| {
                    let parsed = address.parse::<IpAddr>().map(Some);
                    let fault = |_| format!("`{address}` is no address: write one like \"127.0.0.1\"");
                    self.take(&at(&format!("trusted_proxies[{i}]")), parsed.map_err(fault), None)
                })
                .collect(),
        }
    }

    /// A name of a field of a request, in small letters.
    fn field_name(&mut self, key: &str, name: &str) -> String {
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            self.find(key, format!("`{name}` is no name of a field: write one like \"CF-IPCountry\""));
        }
        name.to_ascii_lowercase()
    }

    fn listen(&mut self, table: &str, address: &keys::SocketAddress) -> SocketAddr {
        self.take(
            &format!("{table}.listen"),
            words::socket_address(&address.0),
            SocketAddr::from(([127, 0, 0, 1], 0)),
        )
    }

    fn desk(&mut self, desk: keys::Desk, sites: &[Site]) -> Desk {
        let listen = self.listen("desk", &desk.listen);
        if sites.iter().any(|site| clash(site.listen, listen)) {
            let message = format!(
                "{listen} is a site's address: the desk is never served to readers, give it a port of its own"
            );
            self.find("desk.listen", message);
        }
        let token = self.secret("desk", desk.token_env, desk.token_file);
        if !listen.ip().is_loopback()
            && token.is_none()
            && !self.has("desk.token_env")
            && !self.has("desk.token_file")
        {
            let message = format!(
                "{listen} can be reached from other machines and no credentials are configured: listen on 127.0.0.1, or name a token with `token_env` or `token_file`"
            );
            self.find("desk.listen", message);
        }
        Desk { listen, token }
    }

    fn has(&self, key: &str) -> bool {
        self.places.contains_key(key)
    }

    /// The secret in a variable or a file, if either is named.
    fn secret(
        &mut self,
        table: &str,
        variable: Option<keys::VariableName>,
        file: Option<keys::FilePath>,
    ) -> Option<Secret> {
        let (key, value) = match (variable, file) {
            (None, None) => return None,
            (Some(_), Some(_)) => {
                self.find(&format!("{table}.token_file"), "`token_env` is given too: keep one of the two");
                return None;
            }
            (Some(variable), None) => {
                let value = (self.env)(&variable.0).filter(|value| !value.is_empty());
                (
                    "token_env",
                    value.ok_or_else(|| {
                        format!("the environment variable `{}` is not set: set it to the token", variable.0)
                    }),
                )
            }
            (None, Some(file)) => {
                let path = self.folder.join(&file.0);
                let value = std::fs::read_to_string(&path);
                ("token_file", value.map_err(|fault| format!("cannot read {}: {fault}", path.display())))
            }
        };
        let key = format!("{table}.{key}");
        // A file written with `echo` ends with a line break that is no part of the secret.
        let value = value.map(|value| value.trim_ascii_end().to_owned());
        let value = value.and_then(|value| match value.chars().count() {
            few if few < TOKEN_CHARACTERS_MIN => {
                Err(format!("the token has {few} characters: take {TOKEN_CHARACTERS_MIN} or more, like the output of `openssl rand -hex 16`"))
            }
            _ if value.chars().any(|c| !c.is_ascii_graphic()) => Err("the token holds spaces or characters that an HTTP header cannot carry".into()),
            _ => Ok(value),
        });
        self.take(&key, value.map(|value| Some(Secret(value))), None)
    }

    fn agency(&mut self, i: usize, agency: keys::Agency, language: &str) -> Agency {
        let key = format!("agency[{i}]");
        let languages = self.labels(&key, agency.labels);
        let days = i64::from(agency.archive_days.min(36_500));
        let own = Contract {
            expire_after: agency
                .expire_after
                .and_then(|span| self.positive(&format!("{key}.expire_after"), &span.0))
                .and_then(signed),
            archive_for: (days > 0).then(|| SignedDuration::from_hours(24 * days)),
            noindex: agency.noindex,
            edit: true,
            diffs: true,
            ..Contract::default()
        };
        let contract = self.contract(&format!("{key}.contract"), &agency.contract);
        Agency {
            id: AgencyId::from(agency.id.0.as_str()),
            credit: agency.credit.unwrap_or_else(|| agency.name.clone()),
            name: agency.name,
            labels: LabelTexts {
                texts: LabelSet {
                    unreviewed: Some(agency.label),
                    reviewed: Some(agency.label_reviewed),
                    edited: Some(agency.label_edited),
                    altered: Some(agency.label_altered),
                },
                language: Some(language.to_owned()),
                languages,
            },
            contract: Contract { daily: contract.daily, ..own.and(&contract) },
        }
    }

    /// The labels in other languages.
    fn labels(&mut self, table: &str, labels: BTreeMap<String, LanguageLabels>) -> Vec<(String, LabelSet)> {
        let mut languages: Vec<(String, LabelSet)> = Vec::new();
        for (tag, labels) in labels {
            let at = format!("{table}.labels.{tag}");
            if let Err(fault) = words::language(&tag) {
                self.find(&at, fault);
            }
            let labels = match labels {
                LanguageLabels::Sentence(label) => {
                    LabelSet { unreviewed: Some(label), ..LabelSet::default() }
                }
                LanguageLabels::Table(table) => LabelSet {
                    unreviewed: Some(table.label),
                    reviewed: table.label_reviewed,
                    edited: table.label_edited,
                    altered: table.label_altered,
                },
            };
            if languages.iter().any(|(known, _)| known.eq_ignore_ascii_case(&tag)) {
                self.find(
                    &at,
                    format!("`{tag}` is given twice: languages are the same in capital and small letters"),
                );
            }
            languages.push((tag, labels));
        }
        languages
    }

    /// What a table of terms demands by itself.
    fn contract(&mut self, table: &str, terms: &keys::Contract) -> Contract {
        let mut span = |name: &str, span: &Option<keys::Span>| {
            let length = self.positive(&format!("{table}.{name}"), &span.as_ref()?.0);
            length.and_then(signed)
        };
        let (expire_after, kill_within) =
            (span("expire_after", &terms.expire_after), span("kill_within", &terms.kill_within));
        let legal_hold = span("legal_hold", &terms.legal_hold);
        let archive_for = terms.archive_for.as_ref().and_then(|span| {
            let length = self.take(&format!("{table}.archive_for"), words::duration(&span.0).map(Some), None);
            length.and_then(signed)
        });
        Contract {
            expire_after,
            archive_for,
            erase_at_expiry: terms.erase_at_expiry.unwrap_or_default(),
            legal_hold,
            noindex: terms.noindex.unwrap_or_default(),
            territories: terms.territories.as_ref().map_or(0, |list| self.territory(table, list)),
            sections: terms.sections.as_ref().map(|list| list.iter().map(|id| id.0.clone()).collect()),
            edit: terms.edit.unwrap_or_default(),
            diffs: terms.diffs.unwrap_or_default(),
            kill_within,
            daily: terms.daily,
        }
    }

    /// The bit of a list of countries.
    fn territory(&mut self, table: &str, list: &[String]) -> u64 {
        let key = format!("{table}.territories");
        if list.is_empty() {
            self.find(&key, "the list is empty: leave it out for everywhere, or name a country");
        }
        for (i, country) in list.iter().enumerate() {
            self.country(&format!("{key}[{i}]"), country);
        }
        let mut sorted = list.to_vec();
        sorted.sort();
        let at = self.territories.iter().position(|known| *known == sorted).unwrap_or_else(|| {
            self.territories.push(sorted);
            self.territories.len() - 1
        });
        if at >= 64 {
            self.find(&key, "this is the 65th list of countries that differs: 64 are allowed");
        }
        1 << at.min(63)
    }

    fn country(&mut self, key: &str, country: &str) {
        if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
            self.find(key, format!("`{country}` is no country: write two capital letters, like \"IN\""));
        }
    }

    /// Territories can be kept to only where somebody says from where a reader asks.
    fn territories_can_be_told(&mut self, sites: &[Site]) {
        if self.territories.is_empty() {
            return;
        }
        let untold =
            sites.iter().find(|site| site.country_header.is_none() || site.trusted_proxies.is_empty());
        if let Some(site) = untold {
            let message = format!(
                "a contract names territories, and nothing says from where readers of site `{}` ask: give its \
                 `country_header` and `trusted_proxies`",
                site.id
            );
            self.find("site", message);
        }
    }

    fn declared_sections(&mut self, sections: Vec<keys::Section>) -> Vec<Section> {
        let mut out = Vec::new();
        for (i, section) in sections.into_iter().enumerate() {
            self.section_is_free(&format!("section[{i}].id"), &section.id.0);
            let name = section.name.unwrap_or_else(|| capitalised(&section.id.0));
            out.push(Section { id: section.id.0, name });
        }
        self.differ("section", out.iter().map(|section| section.id.as_str()));
        out
    }

    fn section_is_free(&mut self, key: &str, id: &str) {
        if TAKEN.contains(&id) {
            self.find(
                key,
                format!("`{id}` is part of the site's own addresses: choose another name for the section"),
            );
        }
    }

    /// The sections that a feed names, each one known if any is declared.
    fn feed_sections(&mut self, i: usize, feed: &keys::Feed, declared: Option<&Vec<Section>>) -> Vec<String> {
        let named: Vec<(String, &str)> = match (&feed.section, &feed.sections) {
            (Some(_), Some(_)) => {
                self.find(&format!("feed[{i}].sections"), "`section` is given too: keep one of the two");
                return Vec::new();
            }
            (Some(one), None) => vec![(format!("feed[{i}].section"), &one.0)],
            (None, Some(several)) => several
                .iter()
                .enumerate()
                .map(|(j, id)| (format!("feed[{i}].sections[{j}]"), id.0.as_str()))
                .collect(),
            (None, None) => Vec::new(),
        };
        let mut out: Vec<String> = Vec::new();
        for (key, id) in named {
            match declared {
                Some(sections) => {
                    self.must_exist(&key, id, "section", sections.iter().map(|section| section.id.as_str()))
                }
                None => self.section_is_free(&key, id),
            }
            if out.iter().any(|earlier| earlier == id) {
                self.find(&key, format!("`{id}` is named twice"));
            }
            out.push(id.to_owned());
        }
        out
    }

    fn must_exist<'a>(
        &mut self,
        key: &str,
        id: &str,
        table: &str,
        ids: impl Iterator<Item = &'a str> + Clone,
    ) {
        if ids.clone().any(|known| known == id) {
            return;
        }
        let known: Vec<&str> = ids.clone().collect();
        let hint = match (words::nearest(id, ids), known.is_empty()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, true) => format!("write a table [[{table}]] with this id"),
            (None, false) => format!("there are {}", known.join(", ")),
        };
        self.find(key, format!("there is no {table} `{id}`: {hint}"));
    }

    fn feed(
        &mut self,
        i: usize,
        mut feed: keys::Feed,
        sections: Vec<String>,
        agencies: &[Agency],
        sites: &[Site],
        limits: &Limits,
    ) -> Feed {
        let key = format!("feed[{i}]");
        let at = |name: &str| format!("{key}.{name}");
        self.must_exist(
            &at("agency"),
            &feed.agency.0,
            "agency",
            agencies.iter().map(|agency| agency.id.as_str()),
        );
        self.doors(&key, &feed);
        let all: Vec<&str> = sites.iter().map(|site| site.id.as_str()).collect();
        let named = match &feed.sites {
            Some(named) => {
                for (j, site) in named.iter().enumerate() {
                    self.must_exist(&format!("{key}.sites[{j}]"), &site.0, "site", all.iter().copied());
                }
                if named.is_empty() {
                    self.find(&at("sites"), "the list is empty: leave it out for all sites, or name one");
                }
                named.iter().map(|site| SiteId::from(site.0.as_str())).collect()
            }
            None => all.iter().map(|site| SiteId::from(*site)).collect(),
        };
        let poll = feed
            .poll
            .as_ref()
            .and_then(|poll| self.take(&at("poll"), words::web_address(&poll.0).map(Some), None));
        let poll_every =
            self.take(&at("poll_every"), words::duration(&feed.poll_every.0), Default::default());
        if poll_every.as_secs() < 1 {
            self.find(&at("poll_every"), "a sender is asked once a second at the most: write \"1s\" or more");
        }
        let backlog = self.take(&at("backlog"), words::duration(&feed.backlog.0), Default::default());
        let timezone = feed
            .timezone
            .as_ref()
            .map(|zone| self.take(&at("timezone"), words::zone(&zone.0), TimeZone::UTC));
        let max_bytes = match &feed.max_bytes {
            Some(size) => self.take(&at("max_bytes"), words::size(&size.0), 0),
            None => limits.max_bytes,
        };
        if feed.max_bytes.is_some() && max_bytes > limits.max_bytes {
            self.find(
                &at("max_bytes"),
                format!("this is more than limits.max_bytes ({}): raise that first", limits.max_bytes),
            );
        }
        let own = agencies.iter().find(|agency| agency.id.as_str() == feed.agency.0);
        let contract = self.feed_contract(&key, &feed.contract, own, &sections);
        let labels = self.feed_labels(&key, &mut feed, own, sites);
        Feed {
            id: FeedId::from(feed.id.0.as_str()),
            agency: AgencyId::from(feed.agency.0.as_str()),
            labels,
            credit: feed.credit,
            contract,
            folder: feed.folder.as_ref().map(|folder| self.folder.join(&folder.0)),
            allow_private: feed.allow_private.unwrap_or_else(|| poll.as_ref().is_some_and(is_loopback)),
            poll,
            push: feed.push,
            sections,
            sites: named,
            rules: Arc::default(),
            routes: Arc::default(),
            backlog: signed(backlog).unwrap_or_default(),
            timezone: timezone.unwrap_or(TimeZone::UTC),
            language: feed.language.map(|tag| tag.0),
            format: feed.format,
            title_is_html: feed.title == keys::Title::Html,
            poll_every,
            max_bytes,
            token: self.secret(&key, feed.token_env, feed.token_file),
        }
    }

    /// What holds for a feed: the stricter of its own terms and its agency's.
    fn feed_contract(
        &mut self,
        key: &str,
        terms: &keys::Contract,
        agency: Option<&Agency>,
        sections: &[String],
    ) -> Contract {
        let own = self.contract(&format!("{key}.contract"), terms);
        let Some(agency) = agency else { return own };
        let mut both = own.and(&agency.contract);
        // A feed inherits what its agency allows, and can only forbid it.
        for (name, says, allowed) in
            [("edit", terms.edit, agency.contract.edit), ("diffs", terms.diffs, agency.contract.diffs)]
        {
            if says == Some(true) && !allowed {
                let message = format!(
                    "the contract of agency `{}` does not allow it: write `{name} = true` into [agency.contract] first",
                    agency.id
                );
                self.find(&format!("{key}.contract.{name}"), message);
            }
        }
        both.edit = agency.contract.edit && terms.edit.unwrap_or(true);
        both.diffs = agency.contract.diffs && terms.diffs.unwrap_or(true);
        both.daily = terms.daily;
        for section in sections.iter().filter(|section| !both.allows_section(section)) {
            let name = if self.has(&format!("{key}.section")) { "section" } else { "sections" };
            let allowed = both.sections.as_ref().map(|list| list.join(", ")).unwrap_or_default();
            let message = format!(
                "the contract does not allow section `{section}`: name another, or change `contract.sections` ({allowed})"
            );
            self.find(&format!("{key}.{name}"), message);
        }
        both
    }

    /// The labels that a feed has of its own.
    fn feed_labels(
        &mut self,
        key: &str,
        feed: &mut keys::Feed,
        agency: Option<&Agency>,
        sites: &[Site],
    ) -> Option<LabelTexts> {
        let languages = self.labels(key, std::mem::take(&mut feed.labels));
        let own = LabelSet {
            unreviewed: feed.label.take(),
            reviewed: feed.label_reviewed.take(),
            edited: feed.label_edited.take(),
            altered: feed.label_altered.take(),
        };
        if own == LabelSet::default() && languages.is_empty() {
            return None;
        }
        let agencys = agency.map(|agency| agency.labels.clone()).unwrap_or_default();
        let mut all = languages;
        if own == LabelSet::default() {
            all.extend(agencys.languages);
        }
        let texts = LabelSet {
            unreviewed: own.unreviewed.or(agencys.texts.unreviewed),
            reviewed: own.reviewed.or(agencys.texts.reviewed),
            edited: own.edited.or(agencys.texts.edited),
            altered: own.altered.or(agencys.texts.altered),
        };
        Some(LabelTexts { texts, language: sites.first().map(|site| site.language.clone()), languages: all })
    }

    /// The house's routes, each with the feeds that it is about.
    fn routes(
        &mut self,
        tables: &[keys::Route],
        feeds: &mut [Feed],
        sites: &[Site],
        sections: &mut Vec<Section>,
        declared: bool,
    ) {
        self.differ_by("route", "name", tables.iter().map(|table| table.name.0.as_str()));
        let mut of_feeds: Vec<Vec<Route>> = vec![Vec::new(); feeds.len()];
        for (i, table) in tables.iter().enumerate() {
            let key = format!("route[{i}]");
            for (j, id) in table.feeds.iter().flatten().enumerate() {
                let ids = feeds.iter().map(|feed| feed.id.as_str());
                self.must_exist(&format!("{key}.feeds[{j}]"), &id.0, "feed", ids);
            }
            for (j, id) in table.sites.iter().flatten().enumerate() {
                let ids = sites.iter().map(|site| site.id.as_str());
                self.must_exist(&format!("{key}.sites[{j}]"), &id.0, "site", ids);
            }
            if table.section.is_some() && table.sections.is_some() {
                self.find(&format!("{key}.sections"), "`section` is given too: keep one of the two");
            }
            if table.hold && table.sites.is_some() {
                self.find(&format!("{key}.hold"), "a story waits on all sites or on none: leave `sites` out");
            }
            let named: Option<Vec<String>> = match (&table.section, &table.sections) {
                (Some(one), _) => Some(vec![one.0.clone()]),
                (None, several) => several.as_ref().map(|all| all.iter().map(|id| id.0.clone()).collect()),
            };
            for id in named.iter().flatten() {
                let at = format!("{key}.{}", if table.section.is_some() { "section" } else { "sections" });
                if declared {
                    self.must_exist(&at, id, "section", sections.iter().map(|section| section.id.as_str()));
                } else {
                    self.section_is_free(&at, id);
                    if !sections.iter().any(|section| section.id == *id) {
                        sections.push(Section { id: id.clone(), name: capitalised(id) });
                    }
                }
            }
            let effect = Effect {
                sections: named,
                sites: table.sites.iter().flatten().map(|id| SiteId::from(id.0.as_str())).collect(),
                tags: table.tags.iter().map(|tag| tag.0.clone()).collect(),
                priority: table.priority,
                hold: table.hold,
                ignore: table.ignore,
            };
            if effect == (Effect { sites: effect.sites.clone(), ..Effect::default() }) {
                self.find(
                    &key,
                    "this route does nothing: give it a section, tags, a priority, `hold` or `ignore`",
                );
            }
            match desk::route::route(&table.name.0, &table.when, effect) {
                Err(fault) => self.find(&format!("{key}.when"), format!("route `{}`: {fault}", table.name.0)),
                Ok(route) => {
                    for (feed, routes) in feeds.iter().zip(&mut of_feeds) {
                        if table
                            .feeds
                            .as_ref()
                            .is_none_or(|ids| ids.iter().any(|id| id.0 == feed.id.as_str()))
                        {
                            routes.push(route.clone());
                        }
                    }
                }
            }
        }
        for (feed, routes) in feeds.iter_mut().zip(of_feeds) {
            feed.routes = Arc::new(routes);
        }
    }

    /// The safety rules of a feed: the usual ones, as far as no table says otherwise.
    fn rules(&mut self, feed: &keys::Feed, tables: &[keys::Rules]) -> Arc<Rules> {
        let mut rules = Rules::default();
        for (i, table) in tables.iter().enumerate() {
            if table.feeds.as_ref().is_some_and(|feeds| !feeds.iter().any(|id| id.0 == feed.id.0)) {
                continue;
            }
            let modes = [(&table.on, Safety::On), (&table.shadow, Safety::Shadow), (&table.off, Safety::Off)];
            for (names, safety) in modes {
                let named =
                    names.iter().filter_map(|id| Rule::ALL.into_iter().find(|rule| rule.name() == id.0));
                for rule in named {
                    rules.set(rule, safety);
                }
            }
            let mut span = |name: &str, span: &Option<keys::Span>| {
                let length = self.positive(&format!("rules[{i}].{name}"), &span.as_ref()?.0);
                length.and_then(signed)
            };
            rules.stale_after = span("stale_after", &table.stale_after).unwrap_or(rules.stale_after);
            rules.ahead = span("ahead", &table.ahead).unwrap_or(rules.ahead);
            rules.twin_age = span("twin_age", &table.twin_age).unwrap_or(rules.twin_age);
            rules.silence = span("silence", &table.silence).or(rules.silence);
            // Whoever names a number means it from the first day on.
            rules.burst = table.burst.unwrap_or(rules.burst);
            rules.burst_unknown = table.burst.unwrap_or(rules.burst_unknown);
            rules.burst_factor = table.burst_factor.unwrap_or(rules.burst_factor);
            rules.flashes = table.flashes.unwrap_or(rules.flashes);
            rules.breaker = table.breaker.unwrap_or(rules.breaker);
            if let Some(senders) = &table.senders {
                rules.senders.clone_from(senders);
            }
            if let Some(watch) = &table.watch {
                rules.watch_for(watch.iter().map(String::as_str));
            }
        }
        for rule in Rule::ALL {
            match (feed.safety, rules.mode(rule)) {
                (keys::Safety::Off, _) => rules.set(rule, Safety::Off),
                (keys::Safety::Shadow, Safety::On) => rules.set(rule, Safety::Shadow),
                _ => &mut rules,
            };
        }
        Arc::new(rules)
    }

    /// Every rule and every feed that a table of rules names is there, and no rule stands under two modes.
    fn rules_name_what_exists(&mut self, tables: &[keys::Rules], feeds: &[Feed]) {
        for (i, table) in tables.iter().enumerate() {
            for (j, id) in table.feeds.iter().flatten().enumerate() {
                let key = format!("rules[{i}].feeds[{j}]");
                self.must_exist(&key, &id.0, "feed", feeds.iter().map(|feed| feed.id.as_str()));
            }
            let mut seen: HashSet<&str> = HashSet::new();
            for (list, names) in [("on", &table.on), ("shadow", &table.shadow), ("off", &table.off)] {
                for (j, name) in names.iter().enumerate() {
                    let key = format!("rules[{i}].{list}[{j}]");
                    let known = Rule::ALL.map(Rule::name);
                    if !known.contains(&name.0.as_str()) {
                        let hint = words::nearest(&name.0, known.iter().copied()).map_or_else(
                            || format!("there are {}", known.join(", ")),
                            |near| format!("did you mean `{near}`?"),
                        );
                        self.find(&key, format!("there is no safety rule `{}`: {hint}", name.0));
                    } else if !seen.insert(&name.0) {
                        self.find(&key, format!("`{}` is named twice in this table: keep one", name.0));
                    }
                }
            }
        }
    }

    /// One door, or push beside one; and no key that belongs to a door which is not there.
    fn doors(&mut self, key: &str, feed: &keys::Feed) {
        match (&feed.folder, &feed.poll, feed.push) {
            (None, None, false) => {
                self.find(key, "this feed has no door: write `folder`, `poll` or `push = true`")
            }
            (Some(_), Some(_), _) => self.find(
                &format!("{key}.poll"),
                "`folder` is given too: keep one of the two, or make two feeds",
            ),
            _ => {}
        }
        for (name, door, there) in [
            ("poll_every", "poll", feed.poll.is_some()),
            ("allow_private", "poll", feed.poll.is_some()),
            ("token_env", "push", feed.push),
            ("token_file", "push", feed.push),
        ] {
            let name = format!("{key}.{name}");
            if self.has(&name) && !there {
                self.find(&name, format!("this is for feeds with `{door}` only: leave it out"));
            }
        }
    }

    /// No two feeds empty one folder, and none eats the store.
    fn folders_differ(&mut self, feeds: &[Feed], store: &Store) {
        let mut seen = HashSet::new();
        for (i, feed) in feeds.iter().enumerate() {
            let Some(folder) = &feed.folder else { continue };
            let key = format!("feed[{i}].folder");
            if folder.exists() && !folder.is_dir() {
                self.find(&key, format!("{} is not a folder", folder.display()));
            }
            if folder.starts_with(&store.path) {
                self.find(&key, "this lies in the store's folder: feeds never share a folder with the store");
            } else if store.path.starts_with(folder) {
                self.find(
                    &key,
                    "the store lies in this folder, and its files would be taken for wires: choose another",
                );
            }
            if !seen.insert(folder) {
                self.find(&key, "another feed takes the files of this folder: every feed needs its own");
            }
        }
    }

    /// A length of time above zero.
    fn positive(&mut self, key: &str, text: &str) -> Option<Duration> {
        let length = words::duration(text).and_then(|length| {
            if length.is_zero() {
                Err("this is no time at all: write more than 0".to_owned())
            } else {
                Ok(length)
            }
        });
        self.take(key, length.map(Some), None)
    }

    fn log(&mut self, log: keys::Log, store: &Store) -> Log {
        let mut key = None;
        if let Some(variable) = &log.key_env {
            if log.key_file.is_some() {
                self.find("log.key_file", "`key_env` is given too: keep one of the two");
            }
            key = (self.env)(&variable.0).filter(|value| !value.is_empty()).map(Secret);
            if key.is_none() {
                let message =
                    format!("the environment variable `{}` is not set: set it to the key", variable.0);
                self.find("log.key_env", message);
            }
        }
        let credential =
            (self.env)("CREDENTIALS_DIRECTORY").map(|dir| Path::new(&dir).join("verbatim-log-key"));
        let credential = credential.filter(|path| path.is_file());
        let key_file = match log.key_file {
            Some(file) => self.folder.join(&file.0),
            None => credential.unwrap_or_else(|| store.path.join("log.key")),
        };
        let last_checkpoint = match log.last_checkpoint {
            Some(folder) => self.folder.join(&folder.0),
            None => beside(&store.path),
        };
        if last_checkpoint.starts_with(&store.path) {
            let message = format!(
                "{} lies in the store's folder, and would be brought back with it: name a folder outside",
                last_checkpoint.display()
            );
            self.find("log.last_checkpoint", message);
        }
        let witness_every =
            log.witness_every.as_ref().and_then(|span| self.positive("log.witness_every", &span.0));
        let witnesses = self.witnesses(log.witness);
        let witness_every = witness_every.unwrap_or(WITNESS_EVERY);
        Log { key, key_file, last_checkpoint, witnesses, witness_every }
    }

    fn witnesses(&mut self, written: Vec<keys::Witness>) -> Vec<Witness> {
        let mut out: Vec<Witness> = Vec::new();
        for (i, witness) in written.into_iter().enumerate() {
            let at = |name: &str| format!("log.witness[{i}].{name}");
            let url = self.take(&at("url"), words::web_address(&witness.url.0).map(Some), None);
            let key = match VerifierKey::parse(&witness.vkey) {
                Ok(key) if key.kind() == KeyKind::Witness => Some(key),
                Ok(_) => {
                    self.find(
                        &at("vkey"),
                        "this is the key of a log: a witness has one of type 0x04, for cosignatures",
                    );
                    None
                }
                Err(error) => {
                    self.find(&at("vkey"), error.to_string());
                    None
                }
            };
            let (Some(url), Some(key)) = (url, key) else { continue };
            if out.iter().any(|other| other.key == key) {
                self.find(&at("vkey"), format!("`{}` is named twice: a witness counts once", key.name()));
            }
            out.push(Witness { url, key });
        }
        out
    }

    fn limits(&mut self, limits: keys::Limits) -> Limits {
        let max_bytes = self.take("limits.max_bytes", words::size(&limits.max_bytes.0), 0);
        let max_text = self.take("limits.max_text", words::size(&limits.max_text.0), 0);
        let mut time = |name: &str, span: &keys::Span| {
            self.positive(&format!("limits.{name}"), &span.0).unwrap_or_default()
        };
        Limits {
            max_bytes,
            max_ratio: limits.max_ratio.into(),
            max_items: limits.max_items as usize,
            max_nodes: limits.max_nodes as usize,
            max_depth: limits.max_depth as usize,
            max_attributes: limits.max_attributes as usize,
            max_text: usize::try_from(max_text).unwrap_or(usize::MAX),
            read_time: time("read_time", &limits.read_time),
            poll_timeout: time("poll_timeout", &limits.poll_timeout),
            request_timeout: time("request_timeout", &limits.request_timeout),
            folder_quiet: time("folder_quiet", &limits.folder_quiet),
        }
    }
}

fn signed(length: Duration) -> Option<SignedDuration> {
    SignedDuration::try_from(length).ok()
}

/// Whether two listeners cannot both have what they ask for. Port 0 asks for any port.
fn clash(a: SocketAddr, b: SocketAddr) -> bool {
    a.port() == b.port()
        && a.port() != 0
        && (a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// A section's id as its name: `south-asia` is `South asia`.
fn capitalised(id: &str) -> String {
    let words: String = id.chars().map(|c| if c == '-' { ' ' } else { c }).collect();
    let mut letters = words.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Where the last checkpoints of a store are remembered if nothing else is said.
fn beside(store: &Path) -> PathBuf {
    let mut name = store.file_name().unwrap_or_default().to_owned();
    name.push(".last-checkpoint");
    store.with_file_name(name)
}
