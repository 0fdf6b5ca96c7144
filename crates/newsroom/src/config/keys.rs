//! The file as it is written: every key, what it means, and what stands if it is left out.
//!
//! This is the one source of all that is said about the configuration. The doc comments and defaults below become
//! the example file, the reference page and the JSON Schema ([`super::writeup`]); the schema in turn is what a file
//! is checked against ([`super::check`]). So a key cannot exist without being documented, and no page can promise a
//! key that does not exist.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// One TOML file describes the whole newsroom: the sites, the desk, the store, who delivers, and on which feeds.
/// Paths are relative to the folder of this file. Secrets never stand in it: name an environment variable or a file.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "verbatim.toml")]
pub(super) struct File {
    /// What readers see. One `[site]`, or several `[[site]]` that share one intake; each has its own pages, labels
    /// and public log, and a kill covers them all.
    pub(super) site: OneOrMany<Site>,
    /// What operators see: console, API, `/metrics`, `/healthz`, `/readyz`. Never served by a public listener.
    #[serde(default)]
    #[schemars(extend("x-shown" = true))]
    pub(super) desk: Desk,
    /// Where everything is kept.
    pub(super) store: Store,
    /// Who delivers, and what its licence demands of everything that it delivers.
    #[serde(default)]
    #[schemars(extend("x-shown" = true))]
    pub(super) agency: Vec<Agency>,
    /// A section of the sites. Leave these tables out and the sections are those that the feeds name; write one and
    /// every section that a feed names must have its own.
    #[serde(default)]
    pub(super) section: Vec<Section>,
    /// One stream of an agency: a door that it comes through, and the rules that hold for it.
    #[serde(default)]
    #[schemars(extend("x-shown" = true))]
    pub(super) feed: Vec<Feed>,
    /// Somewhere outside that is told, by a call, of everything that becomes public on a site, is changed there, or goes: a
    /// content management system, an app, an archive. What it is told, and what it must answer, stands in `docs/outlets.md`.
    #[serde(default)]
    pub(super) outlet: Vec<Outlet>,
    /// The public log, by which anybody can check that the words were not changed. It is signed from the first start;
    /// nothing need be written here.
    #[serde(default)]
    pub(super) log: Log,
    /// A rule of the house's own: where an expression over the item is true, it gets a section or tags, waits, or is
    /// ignored. Routes are asked in order and all that are true count. What an expression can say stands in
    /// `docs/routes.md`; `verbatim rules test` shows what the routes of a file would change.
    #[serde(default)]
    pub(super) route: Vec<Route>,
    /// Safety rules with other modes and thresholds than the usual ones, for all feeds or for some. What a later table
    /// says goes before what an earlier one says. The rules and what they look for stand in `docs/safety-rules.md`.
    #[serde(default)]
    pub(super) rules: Vec<Rules>,
    /// What is too much. Everything that comes from outside has a limit; what exceeds one is a complaint on the desk.
    #[serde(default)]
    pub(super) limits: Limits,
}

/// A table that may stand once, or several times as an array.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    /// `[name]`
    One(T),
    /// `[[name]]`
    Many(Vec<T>),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Site {
    /// A short name that never changes: it is part of the store. Feeds name it in `sites`.
    #[serde(default = "main_site")]
    pub(super) id: Id,
    /// The publication's name, as readers know it.
    #[schemars(example = "The Daily Example")]
    pub(super) name: String,
    /// The public base URL; it may carry a path. Permanent story addresses begin with it, so choose it for good.
    #[schemars(example = "http://127.0.0.1:8080")]
    pub(super) url: WebAddress,
    /// The address and port that readers, or the proxy in front of them, connect to.
    #[serde(default = "site_listen")]
    #[schemars(extend("x-shown" = true))]
    pub(super) listen: SocketAddress,
    /// The language of the pages' own words and of labels that name no other (BCP 47).
    #[serde(default = "english")]
    pub(super) language: LanguageTag,
    /// One or two sentences about the publication, shown at the foot of its pages.
    #[schemars(example = "News from the agencies, word for word.")]
    pub(super) about: Option<String>,
    /// How readers reach the publisher: an e-mail address or a URL, shown at the foot of the pages.
    #[schemars(example = "desk@daily.example")]
    pub(super) contact: Option<String>,
    /// What search engines are told.
    #[serde(default)]
    pub(super) index: Index,
    /// Which of several stories front page, sections and feeds list when several agencies tell the same in nearly the
    /// same words. Every one of them keeps its own page, and stands in sitemap, search and API.
    #[serde(default)]
    pub(super) group: Group,
    /// The field of a request in which the proxy in front says from which country the reader asks (two letters, as
    /// `CF-IPCountry`). It is believed only from `trusted_proxies`.
    #[schemars(example = "CF-IPCountry")]
    pub(super) country_header: Option<String>,
    /// The addresses of the proxies that are believed.
    #[serde(default)]
    #[schemars(extend("x-example" = "[\"127.0.0.1\"]"))]
    pub(super) trusted_proxies: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Outlet {
    /// A short name that never changes: what the outlet was told is remembered under it.
    #[schemars(example = &"cms")]
    pub(super) name: Id,
    /// How it is called, and in what form.
    #[serde(default)]
    pub(super) kind: OutletKind,
    /// The site of which it is told. Needed if there are several.
    #[schemars(example = &"main")]
    pub(super) site: Option<Id>,
    /// The address that is called. Redirects are not followed.
    #[schemars(example = "https://cms.daily.example/verbatim")]
    pub(super) url: WebAddress,
    /// The environment variable that holds the secret by which calls are signed: `whsec_` and 24 to 64 random bytes in base 64.
    /// This or `secret_file` is needed.
    #[schemars(example = &"CMS_WEBHOOK_SECRET")]
    pub(super) secret_env: Option<VariableName>,
    /// The file that holds the secret.
    #[schemars(example = "secrets/cms.webhook")]
    pub(super) secret_file: Option<FilePath>,
    /// The agencies of whose items it is told. All of them unless it is given.
    #[schemars(extend("x-example" = "[\"agx\"]"))]
    pub(super) agencies: Option<Vec<Id>>,
    /// The country in which it shows what it is told (ISO 3166-1, two letters). Without it, it is told nothing that a contract
    /// keeps to certain countries.
    #[schemars(example = &"IN")]
    pub(super) country: Option<String>,
    /// The longest time for one call, from connecting to the last byte of the answer; a minute at most.
    #[serde(default = "outlet_timeout")]
    pub(super) timeout: Span,
    /// How many calls are made at one time. As many kills go beside them.
    #[serde(default = "outlet_at_once")]
    #[schemars(range(min = 1, max = 64))]
    pub(super) at_once: u32,
    /// How many calls a minute the outlet can bear. Kills do not count. No limit unless it is given.
    #[schemars(range(min = 1, max = 1_000_000), example = 600)]
    pub(super) per_minute: Option<u32>,
    /// Whether `url` may lead to loopback, private and link-local addresses. Not unless it is given, except that a `url`
    /// whose host is written as a loopback address may go there.
    #[schemars(example = true)]
    pub(super) allow_private: Option<bool>,
}

/// How an outlet is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum OutletKind {
    /// A signed POST to an address, by the Standard Webhooks specification.
    #[default]
    Webhook,
}

/// What search engines are told about a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Index {
    /// Pages may be indexed, and a news sitemap is offered.
    #[default]
    All,
    /// Pages may be indexed, but no news sitemap is offered.
    NoNews,
    /// Pages ask not to be indexed, and no sitemap is offered.
    None,
}

/// Which of several stories is listed that agencies tell in nearly the same words within two days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The one that was public first.
    #[default]
    First,
    /// The one whose agency stands first in this file; of one agency, the one that was public first.
    AgencyOrder,
    /// All of them.
    Off,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Desk {
    /// The address and port of the console, the API and the metrics. Anything but loopback needs `token_env` or
    /// `token_file`.
    #[serde(default = "desk_listen")]
    #[schemars(extend("x-shown" = true))]
    pub(super) listen: SocketAddress,
    /// The environment variable that holds the operators' token. Without this and `token_file`, a random token is
    /// made at the first start and kept in the store's folder as `desk.token`, readable by its owner only.
    #[schemars(example = &"VERBATIM_DESK_TOKEN")]
    pub(super) token_env: Option<VariableName>,
    /// The file that holds the operators' token.
    #[schemars(example = "secrets/desk.token")]
    pub(super) token_file: Option<FilePath>,
}

impl Default for Desk {
    fn default() -> Self {
        Self { listen: desk_listen(), token_env: None, token_file: None }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    /// The folder for archive, vault, journal and index. It is made at the first start. It belongs on a local disk
    /// that survives a loss of power, never on a network file system.
    #[schemars(example = &"data")]
    pub(super) path: FilePath,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Agency {
    /// A short name that never changes: items are known by it and by the agency's own identifier.
    #[schemars(example = &"agx")]
    pub(super) id: Id,
    /// The agency's name, as readers know it.
    #[schemars(example = "Agency Example")]
    pub(super) name: String,
    /// The sentence shown with copy that no editor has reviewed, word for word as the contract prescribes it.
    #[schemars(
        example = "Disclaimer: This post has been auto-published from an agency feed without any modifications to the text and has not been reviewed by an editor"
    )]
    pub(super) label: String,
    /// The sentence shown with copy that a person has reviewed and not changed.
    #[serde(default = "label_reviewed")]
    pub(super) label_reviewed: String,
    /// The sentence shown with copy that a person has changed.
    #[serde(default = "label_edited")]
    pub(super) label_edited: String,
    /// The sentence shown with copy that was changed because the law, a court or an authority demanded it.
    #[serde(default = "label_altered")]
    pub(super) label_altered: String,
    /// The labels in other languages, by language (BCP 47): `labels.hi = "…"`, or a table
    /// `[agency.labels.hi]` with `label`, `label_reviewed`, `label_edited` and `label_altered`. A story is labelled in
    /// its own language where that is given.
    #[serde(default)]
    #[schemars(extend("x-example" = "{ hi = \"अस्वीकरण: यह समाचार एजेंसी फ़ीड से बिना किसी बदलाव के स्वतः प्रकाशित हुआ है और किसी संपादक ने इसकी समीक्षा नहीं की है\" }"))]
    pub(super) labels: BTreeMap<String, LanguageLabels>,
    /// The credit shown with copy that carries none of its own. The agency's name unless it is given.
    #[schemars(example = "Agency Example")]
    pub(super) credit: Option<String>,
    /// How long copy may be public, from its publication: afterwards its address answers 410 and the words are gone
    /// from every output. Without it, only the expiry that an item carries itself counts.
    #[schemars(example = "30d")]
    pub(super) expire_after: Option<Span>,
    /// For how many days the archive keeps what the agency delivered, public or not. 0 keeps it for ever.
    #[serde(default = "archive_days")]
    pub(super) archive_days: u32,
    /// Whether pages of this agency's copy ask search engines not to index them.
    #[serde(default)]
    pub(super) noindex: bool,
    /// What the licence demands besides, of everything that the agency delivers.
    #[serde(default)]
    pub(super) contract: Contract,
}

/// What a licence demands. Where an item comes on several feeds, and where agency and feed both say something, the
/// strictest holds. What each term does stands in `docs/contracts.md`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Contract {
    /// How long copy may be public, as `expire_after` of the agency.
    #[schemars(example = "7d")]
    pub(super) expire_after: Option<Span>,
    /// How long the archive may keep the bytes that were delivered. `"0s"`: they are dropped as soon as they are read.
    #[schemars(example = "0s")]
    pub(super) archive_for: Option<Span>,
    /// Whether the words are destroyed when the licence ends, as `verbatim kill --erase` destroys them: in vault, archive and
    /// whatever is derived from them. Otherwise the vault keeps what no reader gets any more.
    #[schemars(example = true)]
    pub(super) erase_at_expiry: Option<bool>,
    /// For how long what was delivered of a killed item is kept sealed: taken out of the archive and encrypted under a key of
    /// its own. `verbatim unseal` opens it, an erasing kill destroys the key. Of two terms the longer holds.
    #[schemars(example = "365d")]
    pub(super) legal_hold: Option<Span>,
    /// Whether pages ask search engines not to index them. Such stories stand in no sitemap, and the site's own search
    /// does not find them.
    #[schemars(example = true)]
    pub(super) noindex: Option<bool>,
    /// The countries in which copy may be read (ISO 3166-1, two letters). Readers from elsewhere, and from nobody knows
    /// where, get 451 and see nothing of it in lists, feeds and search. Needs `country_header` of the site.
    #[schemars(extend("x-example" = "[\"IN\", \"NP\"]"))]
    pub(super) territories: Option<Vec<String>>,
    /// The only sections in which copy may stand.
    #[schemars(extend("x-example" = "[\"world\"]"))]
    pub(super) sections: Option<Vec<Id>>,
    /// Whether the publisher may change the words. Not unless it is given: copy is published word for word or not at all.
    /// A feed can only forbid what its agency's contract allows.
    #[schemars(example = true)]
    pub(super) edit: Option<bool>,
    /// Whether the public may see what an edit changed. Not unless it is given; a feed can only forbid it.
    #[schemars(example = true)]
    pub(super) diffs: Option<bool>,
    /// Within how long a kill must be confirmed by every output. An alarm is raised if it is not.
    #[schemars(example = "10m")]
    pub(super) kill_within: Option<Span>,
    /// How many new stories may be published a day (UTC). What is more waits for a person.
    #[schemars(range(min = 1, max = 1_000_000), example = 200)]
    pub(super) daily: Option<u32>,
}

/// Labels in one language: the sentence for unreviewed copy alone, or a table of up to three.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum LanguageLabels {
    /// The sentence for unreviewed copy.
    Sentence(String),
    /// All of them.
    Table(LabelTable),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LabelTable {
    /// The sentence shown with copy that no editor has reviewed.
    pub(super) label: String,
    /// The sentence shown with copy that a person has reviewed and not changed.
    pub(super) label_reviewed: Option<String>,
    /// The sentence shown with copy that a person has changed.
    pub(super) label_edited: Option<String>,
    /// The sentence shown with copy that was changed because the law demanded it.
    pub(super) label_altered: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// The section's part of the address, and what feeds name.
    #[schemars(example = &"world")]
    pub(super) id: Id,
    /// The section's name, as readers know it. The id with a capital letter unless it is given.
    #[schemars(example = &"World")]
    pub(super) name: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Feed {
    /// A short name that never changes. Senders use it in `POST /wire/{id}`, operators in commands.
    #[schemars(example = "agx-world")]
    pub(super) id: Id,
    /// Whose feed it is: the `id` of an `[[agency]]`.
    #[schemars(example = &"agx")]
    pub(super) agency: Id,
    /// A door: the folder that the agency's files arrive in. Every regular file is taken except dotfiles and `.part`,
    /// `.tmp`, `.filepart`; taken files move to `done/` inside it. It is made if it is missing.
    #[schemars(example = "wire/agx", extend("x-shown" = true))]
    pub(super) folder: Option<FilePath>,
    /// A door: the address that is asked again and again.
    #[schemars(example = "https://wire.agency.example/world.rss")]
    pub(super) poll: Option<WebAddress>,
    /// A door: whether the agency may send to `POST /wire/{id}` on the desk's listener. May stand beside `folder` or
    /// `poll`.
    #[serde(default)]
    pub(super) push: bool,
    /// The sentence shown with this feed's copy that no editor has reviewed, where its contract prescribes another than
    /// the agency's.
    #[schemars(example = "Published automatically from an agency feed")]
    pub(super) label: Option<String>,
    /// The same for copy that a person has reviewed and not changed.
    #[schemars(example = "From an agency feed, unchanged, reviewed by an editor")]
    pub(super) label_reviewed: Option<String>,
    /// The same for copy that a person has changed.
    #[schemars(example = "From an agency feed, edited")]
    pub(super) label_edited: Option<String>,
    /// The same for copy that was changed because the law demanded it.
    #[schemars(example = "From an agency feed, changed by order of a court")]
    pub(super) label_altered: Option<String>,
    /// The labels in other languages, as `labels` of the agency.
    #[serde(default)]
    #[schemars(extend("x-example" = "{ hi = \"एजेंसी फ़ीड से स्वतः प्रकाशित\" }"))]
    pub(super) labels: BTreeMap<String, LanguageLabels>,
    /// The credit shown with this feed's copy that carries none of its own. The agency's unless it is given.
    #[schemars(example = "Agency Example / World")]
    pub(super) credit: Option<String>,
    /// What the licence of this feed demands besides that of the agency.
    #[serde(default)]
    pub(super) contract: Contract,
    /// The section that its stories appear in.
    #[schemars(example = &"world", extend("x-shown" = true))]
    pub(super) section: Option<Id>,
    /// The sections that its stories appear in, if they are several.
    #[schemars(extend("x-example" = "[\"world\", \"business\"]"))]
    pub(super) sections: Option<Vec<Id>>,
    /// The sites that its stories appear on. All of them unless it is given.
    #[schemars(extend("x-example" = "[\"main\"]"))]
    pub(super) sites: Option<Vec<Id>>,
    /// Whether the safety rules hold back what looks dangerous: old dates, bursts, cut or empty copy, twins of old and of
    /// killed stories. Single rules are set in `[[rules]]`. They never decide on status, kill, embargo, or what is not for publication.
    #[serde(default)]
    pub(super) safety: Safety,
    /// When the feed is met for the first time, items older than this are recorded and not published.
    #[serde(default = "backlog")]
    pub(super) backlog: Span,
    /// The zone of times that carry none (a name of the IANA time zone database). UTC unless it is given.
    #[schemars(example = "Asia/Kolkata")]
    pub(super) timezone: Option<ZoneName>,
    /// The language of items that name none (BCP 47).
    #[schemars(example = &"en")]
    pub(super) language: Option<LanguageTag>,
    /// The format of what is delivered.
    #[serde(default)]
    pub(super) format: WireFormat,
    /// What a `title` of RSS or JSON Feed holds. Plain text in the formats' own words, HTML with many senders.
    #[serde(default)]
    pub(super) title: Title,
    /// How often `poll` is asked. A sender that asks for patience gets it.
    #[serde(default = "poll_every")]
    pub(super) poll_every: Span,
    /// The largest transmission on this feed. `limits.max_bytes` unless it is given.
    #[schemars(example = "4MiB")]
    pub(super) max_bytes: Option<Size>,
    /// For `push`: the environment variable that holds the token which senders must show. Without this and
    /// `token_file`, senders need the operators' token.
    #[schemars(example = &"AGX_WORLD_TOKEN")]
    pub(super) token_env: Option<VariableName>,
    /// For `push`: the file that holds the token.
    #[schemars(example = "secrets/agx-world.token")]
    pub(super) token_file: Option<FilePath>,
    /// For `poll`: whether it may lead to loopback, private and link-local addresses. Not unless it is given, except
    /// that a `poll` whose host is written as a loopback address may go there.
    #[schemars(example = true)]
    pub(super) allow_private: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    /// A short name, for reasons and lists.
    #[schemars(example = &"ferries")]
    pub(super) name: Id,
    /// The expression, in CEL, over `item`.
    #[schemars(extend("x-example" = "'item.urgency <= 3 && \"medtop:15000000\" in item.subjects'"))]
    pub(super) when: String,
    /// The feeds that it is about. All of them unless it is given.
    #[schemars(extend("x-example" = "[\"agx-world\"]"))]
    pub(super) feeds: Option<Vec<Id>>,
    /// The sites that `section`, `sections` and `ignore` are about. All of them unless it is given.
    #[schemars(extend("x-example" = "[\"main\"]"))]
    pub(super) sites: Option<Vec<Id>>,
    /// The section that the story appears in, instead of the feed's. Of several routes the first counts.
    #[schemars(example = &"world")]
    pub(super) section: Option<Id>,
    /// The same, if they are several.
    #[schemars(extend("x-example" = "[\"world\", \"business\"]"))]
    pub(super) sections: Option<Vec<Id>>,
    /// Tags that the story gets, in its `.json`.
    #[serde(default)]
    #[schemars(extend("x-example" = "[\"ferries\"]"))]
    pub(super) tags: Vec<Id>,
    /// The priority that it gets there, 1 (highest) to 9. Of several routes the highest counts.
    #[schemars(range(min = 1, max = 9), example = 2)]
    pub(super) priority: Option<u8>,
    /// Whether it waits for a person.
    #[serde(default)]
    pub(super) hold: bool,
    /// Whether it is recorded and not published; with `sites`, not on these. What stands on a site already stays.
    #[serde(default)]
    pub(super) ignore: bool,
}

/// Modes and thresholds of the safety rules.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rules {
    /// The feeds that it is about. All of them unless it is given.
    #[schemars(extend("x-example" = "[\"agx-world\"]"))]
    pub(super) feeds: Option<Vec<Id>>,
    /// Rules that hold what they find, by name.
    #[serde(default)]
    #[schemars(extend("x-example" = "[\"large-change\"]"))]
    pub(super) on: Vec<Id>,
    /// Rules that only say what they would have done, by name.
    #[serde(default)]
    #[schemars(extend("x-example" = "[\"other-story\", \"burst\"]"))]
    pub(super) shadow: Vec<Id>,
    /// Rules that are not asked, by name.
    #[serde(default)]
    #[schemars(extend("x-example" = "[\"flashes\"]"))]
    pub(super) off: Vec<Id>,
    /// `stale-date`: how long before its receipt a new item may be dated. 24 hours unless it is given.
    #[schemars(example = "24h")]
    pub(super) stale_after: Option<Span>,
    /// `future-date`: how far ahead of its receipt. 10 minutes unless it is given.
    #[schemars(example = "10m")]
    pub(super) ahead: Option<Span>,
    /// `burst`: how many new stories in ten minutes are no burst, whatever was usual. 40 unless it is given, and
    /// 200 on a feed that is known for less than three days.
    #[schemars(range(min = 1, max = 100_000), example = 40)]
    pub(super) burst: Option<u32>,
    /// `burst`: how many times the busiest ten minutes of the last week make one. 3 unless it is given.
    #[schemars(range(min = 1, max = 1_000), example = 3)]
    pub(super) burst_factor: Option<u32>,
    /// `flashes`: how many flashes, or obituaries, may come in ten minutes. 5 unless it is given.
    #[schemars(range(min = 1, max = 10_000), example = 5)]
    pub(super) flashes: Option<u32>,
    /// `old-twin`: how old a story must be for its twin to be old. 7 days unless it is given.
    #[schemars(example = "7d")]
    pub(super) twin_age: Option<Span>,
    /// `breaker`: how many findings in ten minutes trip the feed's breaker; 0: it never trips. 10 unless it is given.
    #[schemars(range(min = 0, max = 100_000), example = 10)]
    pub(super) breaker: Option<u32>,
    /// `silence`: after how long without a new story an alarm is raised. Without it, four times the longest silence so
    /// far, once the feed is known for three days.
    #[schemars(example = "6h")]
    pub(super) silence: Option<Span>,
    /// `unexpected-sender`: the hosts that are polled, or the peers that push. Whoever did so far unless it is given.
    #[schemars(extend("x-example" = "[\"wire.agency.example\"]"))]
    pub(super) senders: Option<Vec<String>>,
    /// `watch-word`: words and phrases in headline or lead that a person should see first.
    #[schemars(extend("x-example" = "[\"bankruptcy\", \"takeover bid\"]"))]
    pub(super) watch: Option<Vec<String>>,
}

/// How far the safety rules of a feed go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// What a rule finds is held for a person.
    #[default]
    On,
    /// What a rule would have held is published, and the finding is recorded.
    Shadow,
    /// No rule looks.
    Off,
}

/// A format that a feed may be pinned to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WireFormat {
    /// Told from the bytes of each transmission.
    #[default]
    Auto,
    /// RSS 2.0.
    Rss,
    /// Atom (RFC 4287).
    Atom,
    /// JSON Feed 1.1.
    JsonFeed,
    /// NewsML-G2: a news item, or a news message that carries several.
    NewsmlG2,
    /// NewsML 1.0, 1.1 and 1.2.
    #[serde(rename = "newsml-1")]
    Newsml1,
    /// NITF.
    Nitf,
    /// ninjs 1, 2 or 3.
    Ninjs,
    /// AP Media API: one item, or a page of its feed.
    ApMedia,
    /// dpa digitalwires.
    #[serde(rename = "dpa-digitalwires")]
    Digitalwires,
    /// Ritzau's XML.
    Ritzau,
    /// IPTC 7901.
    Iptc7901,
    /// ANPA 1312, with Kyodo's variant.
    Anpa1312,
    /// Text between ZCZC and NNNN, as AAP sends it.
    Zczc,
    /// E-mail.
    Mail,
    /// Plain text: headline, empty line, body. Never told from the bytes.
    Plain,
}

impl WireFormat {
    /// All of them.
    pub const ALL: [WireFormat; 16] = [
        WireFormat::Auto,
        WireFormat::Rss,
        WireFormat::Atom,
        WireFormat::JsonFeed,
        WireFormat::NewsmlG2,
        WireFormat::Newsml1,
        WireFormat::Nitf,
        WireFormat::Ninjs,
        WireFormat::ApMedia,
        WireFormat::Digitalwires,
        WireFormat::Ritzau,
        WireFormat::Iptc7901,
        WireFormat::Anpa1312,
        WireFormat::Zczc,
        WireFormat::Mail,
        WireFormat::Plain,
    ];

    /// The word of the format, as in output and records; `None` if it is told from the bytes.
    pub fn word(self) -> Option<&'static str> {
        match self {
            WireFormat::Auto => None,
            WireFormat::Rss => Some("rss"),
            WireFormat::Atom => Some("atom"),
            WireFormat::JsonFeed => Some("json-feed"),
            WireFormat::NewsmlG2 => Some("newsml-g2"),
            WireFormat::Newsml1 => Some("newsml-1"),
            WireFormat::Nitf => Some("nitf"),
            WireFormat::Ninjs => Some("ninjs"),
            WireFormat::ApMedia => Some("ap-media"),
            WireFormat::Digitalwires => Some("dpa-digitalwires"),
            WireFormat::Ritzau => Some("ritzau"),
            WireFormat::Iptc7901 => Some("iptc7901"),
            WireFormat::Anpa1312 => Some("anpa1312"),
            WireFormat::Zczc => Some("zczc"),
            WireFormat::Mail => Some("mail"),
            WireFormat::Plain => Some("plain"),
        }
    }
}

/// What a title holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Title {
    /// Plain text: `&lt;` in it is a word about HTML.
    #[default]
    Text,
    /// HTML: `&amp;amp;` is an ampersand, and tags are markup.
    Html,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Log {
    /// The environment variable that holds the secret key of the log: one line, `PRIVATE+KEY+…`. Without this and
    /// `key_file` it is the systemd credential `verbatim-log-key`, if there is one; else a key is made at the first
    /// start and kept in the store's folder as `log.key`.
    #[schemars(example = &"VERBATIM_LOG_KEY")]
    pub(super) key_env: Option<VariableName>,
    /// The file that holds the secret key; it must be readable by its owner only (mode 0600). `verbatim key new`
    /// makes one.
    #[schemars(example = "secrets/log.key")]
    pub(super) key_file: Option<FilePath>,
    /// The folder in which the last signed checkpoint of each site is remembered. It must lie outside the store's
    /// folder and must never be brought back from a backup: it is how a store that was brought back, or copied, is
    /// kept from signing a second history. Otherwise it is the store's folder with `.last-checkpoint` added to its
    /// name.
    #[schemars(example = "last-checkpoint")]
    pub(super) last_checkpoint: Option<FilePath>,
    /// Witnesses: others who look at each checkpoint and sign it, too, so that nobody can be shown a history of his own.
    /// Each one is a table `[[log.witness]]` with its `url`, below which it takes `add-checkpoint`, and its `vkey`, its public
    /// key as `NAME+HASH+BASE64`. They are asked after publication and never delay it; one that does not answer is an alarm.
    #[serde(default)]
    #[schemars(extend(
        "x-example" = "[{ url = \"https://witness.example\", vkey = \"witness.example+82bca4dd+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\" }]"
    ))]
    pub(super) witness: Vec<Witness>,
    /// How often witnesses are shown the newest checkpoint, at most. Once a second unless it is given; public witnesses
    /// want it less often.
    #[schemars(example = "10s")]
    pub(super) witness_every: Option<Span>,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Witness {
    /// The address below which it takes `add-checkpoint`.
    #[schemars(example = "https://witness.example")]
    pub(super) url: WebAddress,
    /// Its public key.
    #[schemars(example = &"witness.example+82bca4dd+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea")]
    pub(super) vkey: String,
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    /// The largest transmission, after decompression.
    pub(super) max_bytes: Size,
    /// How many bytes may come out of one byte of a packed body (gzip, br, zstd), beyond the first MiB. News packs 3 to
    /// 30 times; a bomb packs a thousand times.
    #[schemars(range(min = 2, max = 10_000))]
    pub(super) max_ratio: u32,
    /// The most items in one transmission.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(super) max_items: u32,
    /// The most elements, texts and comments of one item, in XML and in the HTML that it holds. This and `max_text` bound the memory and the time that one
    /// item takes.
    #[schemars(range(min = 1_000, max = 10_000_000))]
    pub(super) max_nodes: u32,
    /// The deepest nesting of elements in XML and HTML, and of arrays and objects in JSON (127 at most).
    #[schemars(range(min = 16, max = 4096))]
    pub(super) max_depth: u32,
    /// The most attributes of one element.
    #[schemars(range(min = 8, max = 65_536))]
    pub(super) max_attributes: u32,
    /// The longest text of one item.
    pub(super) max_text: Size,
    /// The longest time that reading one item may take; what is left of it then is not read, its complaint is
    /// `too-slow`, and the items behind it go on. A transmission of many items that takes longer is read to its end,
    /// and complained about on the desk: its sender, or this program, needs looking after.
    pub(super) read_time: Span,
    /// The longest time for one answer of a polled feed, from connecting to the last byte.
    pub(super) poll_timeout: Span,
    /// The longest time for one request of a sender or a reader, from connecting to the last byte.
    pub(super) request_timeout: Span,
    /// How long a file in a folder must lie untouched before it is taken, if nothing said that it is whole.
    pub(super) folder_quiet: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: Size("16MiB".into()),
            max_ratio: 100,
            max_items: 10_000,
            max_nodes: wire::Limits::NODES,
            max_depth: 256,
            max_attributes: 256,
            max_text: Size("4MiB".into()),
            read_time: Span("2s".into()),
            poll_timeout: Span("30s".into()),
            request_timeout: Span("30s".into()),
            folder_quiet: Span("1s".into()),
        }
    }
}

fn main_site() -> Id {
    Id("main".into())
}

fn site_listen() -> SocketAddress {
    SocketAddress("127.0.0.1:8080".into())
}

fn desk_listen() -> SocketAddress {
    SocketAddress("127.0.0.1:8081".into())
}

fn english() -> LanguageTag {
    LanguageTag("en".into())
}

fn label_reviewed() -> String {
    "This text comes from an agency feed, was published without any modifications, and has been reviewed by an editor"
        .into()
}

fn label_edited() -> String {
    "This text comes from an agency feed and has been edited".into()
}

fn label_altered() -> String {
    "This text comes from an agency feed and has been changed because the law required it".into()
}

fn archive_days() -> u32 {
    30
}

fn outlet_timeout() -> Span {
    Span("5s".into())
}

fn outlet_at_once() -> u32 {
    4
}

fn backlog() -> Span {
    Span("24h".into())
}

fn poll_every() -> Span {
    Span("60s".into())
}

/// Texts with a grammar of their own. The `kind` is what [`super::words::check`] goes by; the rest of the schema lets
/// an editor that knows JSON Schema complain while the file is being typed.
macro_rules! kind_of_text {
    ($($(#[$doc:meta])* $name:ident, $kind:literal, $schema:tt;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Deserialize, Serialize)]
            #[serde(transparent)]
            pub(super) struct $name(pub(super) String);

            impl JsonSchema for $name {
                fn inline_schema() -> bool {
                    true
                }

                fn schema_name() -> std::borrow::Cow<'static, str> {
                    stringify!($name).into()
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    let mut schema = json_schema!($schema);
                    schema.insert("x-kind".into(), $kind.into());
                    schema
                }
            }
        )+
    };
}

kind_of_text! {
    /// A short name.
    Id, "id", { "type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$" };
    /// A length of time.
    Span, "duration", { "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" };
    /// A number of bytes.
    Size, "size", { "type": ["integer", "string"], "pattern": "^[0-9]+(KiB|MiB|GiB|kB|MB|GB)?$", "minimum": 1 };
    /// An http or https URL.
    WebAddress, "url", { "type": "string", "pattern": "^https?://" };
    /// An address and a port to listen on.
    SocketAddress, "address", { "type": "string", "pattern": ":[0-9]+$" };
    /// A BCP 47 language tag.
    LanguageTag, "language", { "type": "string", "pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$" };
    /// A name of the IANA time zone database.
    ZoneName, "timezone", { "type": "string" };
    /// The name of an environment variable.
    VariableName, "variable", { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" };
    /// A path, relative to the folder of the file.
    FilePath, "path", { "type": "string", "minLength": 1 };
}
