//! The configuration: one TOML file, read once at the start, refused with every reason if anything in it is wrong.
//!
//! [`load`] reads a file and gives a [`Config`] in which nothing is left to be checked: names refer to what exists,
//! paths are resolved, durations and addresses are parsed, secrets are here. [`writeup`] writes the example file, the
//! reference page and the JSON Schema from the same source.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use desk::route::Route;
use desk::safety::Rules;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use news::{AgencyId, FeedId, SiteId};
use notary::VerifierKey;
use press::LabelTexts;
use url::Url;

mod check;
mod contract;
mod keys;
mod resolve;
mod rooms;
#[cfg(test)]
mod tests;
mod words;
pub mod writeup;

pub use contract::{Contract, Reach};
pub use keys::{Group, Index, Safety, WireFormat};

/// The longest file that is looked at.
const BYTES_MAX: usize = 1 << 20;

/// The whole newsroom, as configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// The sites, at least one; their ids differ.
    pub sites: Vec<Site>,
    /// The operators' listener.
    pub desk: Desk,
    /// Where everything is kept.
    pub store: Store,
    /// Who delivers; their ids differ.
    pub agencies: Vec<Agency>,
    /// All sections, in the order in which the file names them.
    pub sections: Vec<Section>,
    /// The feeds; their ids differ, and each one's agency, sections and sites exist.
    pub feeds: Vec<Feed>,
    /// Who is called about what is published; their names differ.
    pub outlets: Vec<Outlet>,
    /// The public log.
    pub log: Log,
    /// What is too much.
    pub limits: Limits,
    /// The lists of countries that contracts name, each once: [`Contract::territories`] tells them by their bits.
    pub territories: Vec<Vec<String>>,
}

impl Config {
    /// The site with this id.
    pub fn site(&self, id: &SiteId) -> Option<&Site> {
        self.sites.iter().find(|site| site.id == *id)
    }

    /// The agency with this id.
    pub fn agency(&self, id: &AgencyId) -> Option<&Agency> {
        self.agencies.iter().find(|agency| agency.id == *id)
    }

    /// The feed with this id.
    pub fn feed(&self, id: &FeedId) -> Option<&Feed> {
        self.feeds.iter().find(|feed| feed.id == *id)
    }

    /// The section with this id.
    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }
}

/// A public site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its short name.
    pub id: SiteId,
    /// The publication's name.
    pub name: String,
    /// The public base URL, without a slash at the end: `https://daily.example/news`.
    pub url: String,
    /// The path within that URL: empty, or `/news`, never with a slash at the end.
    pub base_path: String,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The language of its own words (BCP 47).
    pub language: String,
    /// A sentence or two about it.
    pub about: Option<String>,
    /// How to reach the publisher.
    pub contact: Option<String>,
    /// What search engines are told.
    pub index: Index,
    /// Which of several stories is listed that tell the same.
    pub group: Group,
    /// The field that says from which country a reader asks, in small letters.
    pub country_header: Option<String>,
    /// Who is believed about that.
    pub trusted_proxies: Vec<IpAddr>,
}

/// The operators' listener.
#[derive(Clone, Debug)]
pub struct Desk {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What operators show. `None`: a random token is made at the first start and kept in [`Store::desk_token`].
    pub token: Option<Secret>,
}

/// Where everything is kept.
#[derive(Clone, Debug)]
pub struct Store {
    /// The folder. It may not exist yet.
    pub path: PathBuf,
}

impl Store {
    /// The file of the operators' token where the configuration names none.
    pub fn desk_token(&self) -> PathBuf {
        self.path.join("desk.token")
    }
}

/// Who delivers, and what its licence demands.
#[derive(Clone, Debug)]
pub struct Agency {
    /// Its short name.
    pub id: AgencyId,
    /// Its name, as readers know it.
    pub name: String,
    /// The sentences that its contract prescribes, by language.
    pub labels: LabelTexts,
    /// The credit of copy that carries none of its own.
    pub credit: String,
    /// What its licence demands of all its feeds.
    pub contract: Contract,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its part of the address.
    pub id: String,
    /// Its name, as readers know it.
    pub name: String,
}

/// One stream of an agency.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Its short name.
    pub id: FeedId,
    /// Whose it is.
    pub agency: AgencyId,
    /// The watched folder, if that is its door. It may not exist yet.
    pub folder: Option<PathBuf>,
    /// The polled address, if that is its door.
    pub poll: Option<Url>,
    /// Whether senders may push.
    pub push: bool,
    /// The sentences that its own contract prescribes, if they are others than the agency's.
    pub labels: Option<LabelTexts>,
    /// The credit of its copy that carries none of its own, if it is another than the agency's.
    pub credit: Option<String>,
    /// What its own licence demands, the agency's included.
    pub contract: Contract,
    /// The sections of its stories, by id.
    pub sections: Vec<String>,
    /// The sites of its stories; never empty.
    pub sites: Vec<SiteId>,
    /// The house's routes that it is asked about, in order.
    pub routes: Arc<Vec<Route>>,
    /// How far the safety rules go, and their thresholds.
    pub rules: Arc<Rules>,
    /// At first contact, items older than this are not published.
    pub backlog: SignedDuration,
    /// The zone of times that carry none.
    pub timezone: TimeZone,
    /// The language of items that name none.
    pub language: Option<String>,
    /// The format it is pinned to.
    pub format: WireFormat,
    /// Whether titles of RSS and JSON Feed hold HTML.
    pub title_is_html: bool,
    /// How often it is polled.
    pub poll_every: Duration,
    /// The largest transmission, in bytes.
    pub max_bytes: u64,
    /// What pushing senders show; `None` asks for the operators' token.
    pub token: Option<Secret>,
    /// Whether polling may lead to addresses that are not public.
    pub allow_private: bool,
}

/// Somewhere outside that is called about what is published on a site.
#[derive(Clone, Debug)]
pub struct Outlet {
    /// Its short name.
    pub name: String,
    /// The site.
    pub site: SiteId,
    /// The address that is called.
    pub url: Url,
    /// By what calls are signed.
    pub secret: Secret,
    /// The agencies of whose items it is told; none: all of them.
    pub agencies: Vec<AgencyId>,
    /// Where it shows what it is told, as far as contracts care.
    pub reach: Reach,
    /// The longest time for one call.
    pub timeout: Duration,
    /// How many calls are made at one time.
    pub at_once: usize,
    /// How many calls a minute, at most.
    pub per_minute: Option<u32>,
    /// Whether its address may lead to where only this machine or its neighbours are.
    pub allow_private: bool,
}

impl Outlet {
    /// Whether it is told of an agency's items.
    pub fn is_told_of(&self, agency: &AgencyId) -> bool {
        self.agencies.is_empty() || self.agencies.contains(agency)
    }

    /// Its name in the journal: `webhook:cms`.
    pub fn word(&self) -> String {
        format!("webhook:{}", self.name)
    }
}

/// How the public log is signed.
#[derive(Clone, Debug)]
pub struct Log {
    /// The secret key, if the environment holds it.
    pub key: Option<Secret>,
    /// The file of the secret key otherwise. It may not exist yet.
    pub key_file: PathBuf,
    /// The folder of the last signed checkpoints. It may not exist yet.
    pub last_checkpoint: PathBuf,
    /// Who looks at each checkpoint and signs it, too.
    pub witnesses: Vec<Witness>,
    /// How often they are asked, at most.
    pub witness_every: Duration,
}

/// Somebody else who signs our checkpoints (C2SP tlog-witness).
#[derive(Clone, Debug)]
pub struct Witness {
    /// The address below which it takes `add-checkpoint`.
    pub url: Url,
    /// By which key it signs.
    pub key: VerifierKey,
}

/// What is too much.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one transmission.
    pub max_bytes: u64,
    /// Bytes that may come out of one packed byte.
    pub max_ratio: u64,
    /// Items of one transmission.
    pub max_items: usize,
    /// Elements, texts and comments of one item.
    pub max_nodes: usize,
    /// Nesting of elements or JSON values.
    pub max_depth: usize,
    /// Attributes of one element.
    pub max_attributes: usize,
    /// Bytes of one item's text.
    pub max_text: usize,
    /// Reading one transmission.
    pub read_time: Duration,
    /// One answer of a polled feed.
    pub poll_timeout: Duration,
    /// One request of a sender or reader.
    pub request_timeout: Duration,
    /// How long a file must lie untouched.
    pub folder_quiet: Duration,
}

/// A secret. It never shows in output.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself, for comparing or sending.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A configuration could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration {}: {source}{}", .path.display(), remedy(.source))]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file was read and is wrong.
    #[error(transparent)]
    Invalid(#[from] ConfigErrors),
}

fn remedy(source: &std::io::Error) -> &'static str {
    match source.kind() {
        std::io::ErrorKind::NotFound => "; name the file with --config, or begin with verbatim.example.toml",
        std::io::ErrorKind::InvalidData => "; it must be a text file in UTF-8",
        _ => "",
    }
}

/// Everything that is wrong with a configuration, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// Which file.
    pub path: PathBuf,
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The key's path (`feed[0].safety`, counted from 0), empty if it is about the file itself.
    pub key: String,
    /// What is wrong and what would be right, without a final stop.
    pub message: String,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            let line_end = if i == 0 { "" } else { "\n" };
            write!(f, "{line_end}{}:{}:{}: ", self.path.display(), problem.line, problem.column)?;
            if !problem.key.is_empty() {
                write!(f, "{}: ", problem.key)?;
            }
            f.write_str(&problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Reads and checks a configuration file.
///
/// # Errors
/// [`ConfigError`] if it cannot be read, or with everything that is wrong in it.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    Ok(parse(&text, path)?)
}

/// Checks the text of a configuration file and resolves what it names: environment variables, secret files, paths.
/// `path` is where the text came from; relative paths in it are relative to that file's folder.
///
/// # Errors
/// [`ConfigErrors`] with everything that is wrong.
pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigErrors> {
    parse_with(text, path, &|name| std::env::var(name).ok())
}

/// [`parse`] with the environment given, by a function from a variable's name to its value.
///
/// # Errors
/// [`ConfigErrors`] with everything that is wrong.
pub fn parse_with(
    text: &str,
    path: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ConfigErrors> {
    if text.len() > BYTES_MAX {
        let message = format!("this file has more than {BYTES_MAX} bytes: it cannot be a configuration");
        return Err(ConfigErrors {
            path: path.to_owned(),
            problems: vec![Problem { line: 1, column: 1, key: String::new(), message }],
        });
    }
    let checked = check::check(text);
    let resolved = if checked.findings.is_empty() {
        resolve::resolve(checked, path, env)
    } else {
        Err(checked.findings)
    };
    resolved.map_err(|mut findings| {
        findings.sort_by_key(|finding| finding.span.start);
        let problems = findings.into_iter().map(|finding| {
            let (line, column) = line_and_column(text, finding.span.start);
            Problem { line, column, key: finding.key, message: finding.message }
        });
        ConfigErrors { path: path.to_owned(), problems: problems.collect() }
    })
}

/// Reads a length of time as it is written in the file and on the command line: `90s`, `15m`.
///
/// # Errors
/// What is wrong with it and what would be right.
pub fn length_of_time(text: &str) -> Result<Duration, String> {
    words::duration(text)
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or(before);
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}
