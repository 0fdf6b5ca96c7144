//! What can be typed. `verbatim --help` is the reference.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Takes in news-agency wires and publishes every item by itself, word for word.
#[derive(Debug, Parser)]
#[command(name = "verbatim", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// The configuration file
    #[arg(
        long,
        global = true,
        default_value = "verbatim.toml",
        value_name = "FILE",
        env = "VERBATIM_CONFIG"
    )]
    pub(crate) config: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Intake, site and desk in one process, until it is told to stop
    Run,
    /// The same on an example newsroom that replays an invented agency's day
    Demo(Demo),
    /// Wires in, JSON Lines out: one object an item; nothing is stored
    Read(Read),
    /// Put files through all seven steps and print what became of each item
    Publish(Publish),
    /// Withdraw an item from every output, for good
    Kill(Kill),
    /// Open what is sealed of a killed item, where its contract demanded to keep it, into a folder
    Unseal {
        #[command(flatten)]
        item: Item,
        /// A folder; what was sealed is written there, a file for each transmission
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
    },
    /// Take an item off every output until it is released
    Hold(Item),
    /// Let a held version go
    Release(ItemVersion),
    /// Refuse a held version
    Spike(ItemVersion),
    /// Mark a version as reviewed by a person, unchanged; one that is held goes live by that
    Review(Review),
    /// Publish a text that a person has edited, where the contract allows, or because the law demands it
    Edit(Edit),
    /// Hold everything new and changed, or stop doing so; kills always go through
    HoldAll {
        /// on or off
        switch: Switch,
        /// Only this feed: also what its breaker holds, once it has tripped
        #[arg(long, value_name = "ID")]
        feed: Option<String>,
    },
    /// What came, what is held and why, what could not be read
    List(List),
    /// The house's own rules
    Rules {
        #[command(subcommand)]
        what: Rules,
    },
    /// What an agency's contract asks about a month: used, killed and how soon gone, expired, held and why
    Report(Report),
    /// Make the index anew from the journal; archive and vault stay as they are
    Rebuild,
    /// Copy the store, also while it runs
    Backup {
        /// An empty folder, or one that does not exist yet
        folder: PathBuf,
    },
    /// Bring a backup into an empty store; the restored site opens a new log shard
    Restore {
        /// The folder of the backup
        folder: PathBuf,
    },
    /// Check a story, word by word, against the public log: 0 genuine, 1 not, 2 could not tell
    Verify(Verify),
    /// Make a proof of one paragraph of a live story, which `verify` takes
    Quote(Quote),
    /// The key that signs the public log
    Key {
        #[command(subcommand)]
        what: Key,
    },
    /// Go on in a new shard of the public log: the way on for a store that was brought back or copied
    NewShard {
        /// Why, for the record
        #[arg(long, default_value = "opened by the operator")]
        why: String,
    },
    /// Watch a site from outside: its log, its pages, what it withdrew: 0 clean, 1 alarm, 2 could not tell
    Monitor(Monitor),
    /// Watch the logs of others: sign each checkpoint that takes nothing back (C2SP tlog-witness)
    Witness(Witness),
    /// Check the configuration
    Check,
    /// Check everything: configuration, store, folders, free space, listeners, feeds
    Doctor,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A story's address, or a file: a saved page, its plain text, a proof, a quotation
    pub(crate) target: String,
    /// The log's public key, got from elsewhere than the site; several while keys change
    #[arg(long = "key", value_name = "VKEY")]
    pub(crate) keys: Vec<String>,
    /// The proof, if it is not beside the file
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: Option<PathBuf>,
    /// Text that was copied from the page: spaces and line breaks are not compared; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Option<PathBuf>,
    /// The public key of a witness that must have signed, too
    #[arg(long = "witness", value_name = "VKEY")]
    pub(crate) witnesses: Vec<String>,
    /// How many of the witnesses must have signed; otherwise all
    #[arg(long, value_name = "N")]
    pub(crate) quorum: Option<usize>,
    /// One line of JSON instead of sentences
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Quote {
    /// The story's address
    pub(crate) url: String,
    /// Words out of one of its paragraphs
    pub(crate) text: String,
    /// The file that it is written to; otherwise standard output
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Monitor {
    /// The site's address
    pub(crate) url: String,
    /// The log's public key, got from elsewhere than the site; otherwise the first one seen is believed
    #[arg(long = "key", value_name = "VKEY")]
    pub(crate) keys: Vec<String>,
    /// The file in which it remembers what it saw; without it, a log can be shortened between two runs
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Look once, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// How long to wait between two looks
    #[arg(long, default_value = "60s", value_name = "TIME")]
    pub(crate) every: String,
    /// The address and port on which Prometheus finds its metrics
    #[arg(long, value_name = "ADDR")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Lines of JSON instead of sentences
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Witness {
    /// The address and port that logs send their checkpoints to
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: SocketAddr,
    /// The folder in which it remembers what it signed; never bring it back from a backup
    #[arg(long, value_name = "DIR")]
    pub(crate) store: PathBuf,
    /// The file of its secret key, readable by its owner only
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Make the key under this name if its file is not there: a host name of yours, for good
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The public key of a log that is watched, and with it the log's name; several
    #[arg(long = "origin", value_name = "VKEY", num_args = 1.., required = true)]
    pub(crate) origins: Vec<String>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a secret key, in the file that the configuration names
    New,
    /// Show the public key of each site's log
    Show {
        /// That of next year's shard: for witnesses, which have to know a log before it begins
        #[arg(long)]
        next: bool,
    },
    /// Make a new secret key, and open a new shard that is signed with it
    Rotate,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The port of the site; the desk takes the next one
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// How many times faster than written the day goes by; its embargo takes its 15 seconds all the same
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub(crate) speed: f64,
    /// End when the day is over instead of staying up
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// The format, if it is not to be recognised from the bytes
    #[arg(long, value_parser = formats())]
    pub(crate) format: Option<String>,
    /// For a person: which bytes became which field, what is not mapped, and every complaint
    #[arg(long)]
    pub(crate) explain: bool,
    /// Files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

fn formats() -> clap::builder::PossibleValuesParser {
    wire::Format::ALL.map(|format| format.as_str()).into()
}

#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// The feed whose rules and contract hold
    #[arg(long)]
    pub(crate) feed: String,
    /// Files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Item {
    /// The item's uri, or its address on the site
    pub(crate) uri: String,
    /// Whose item, where the uri alone does not say
    #[arg(long)]
    pub(crate) agency: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ItemVersion {
    #[command(flatten)]
    pub(crate) item: Item,
    /// Which version, by the number that `list` shows; the newest that waits otherwise
    #[arg(long, value_name = "N")]
    pub(crate) version: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct Review {
    #[command(flatten)]
    pub(crate) which: ItemVersion,
    /// Who looked at it, as readers may know it: "duty editor"
    #[arg(long)]
    pub(crate) role: String,
}

#[derive(Debug, Args)]
pub(crate) struct Edit {
    #[command(flatten)]
    pub(crate) review: Review,
    /// The new text, written as the story's .txt is; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The law, court or authority that demands the change; it goes before the contract
    #[arg(long, value_name = "WHICH")]
    pub(crate) legal_order: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Kill {
    #[command(flatten)]
    pub(crate) item: Item,
    /// Why, for the record
    #[arg(long)]
    pub(crate) reason: String,
    /// Destroy its words, too: in vault, archive, and whatever is derived from them; backups are yours to look after
    #[arg(long)]
    pub(crate) erase: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Rules {
    /// Ask the routes of the configuration about what came, and show what they would change: a line of JSON each
    Test {
        /// At most so many of the newest rulings
        #[arg(long, default_value_t = 10_000, value_name = "N")]
        limit: usize,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Whose month
    #[arg(long, value_name = "ID")]
    pub(crate) agency: String,
    /// Which month (UTC), like 2026-11
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) month: String,
    /// For a person, a spreadsheet, or a program
    #[arg(long, default_value = "text")]
    pub(crate) format: ReportFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// What is held, and why
    #[arg(long, conflicts_with = "complaints")]
    pub(crate) held: bool,
    /// What could not be read as it should
    #[arg(long)]
    pub(crate) complaints: bool,
    /// What was killed, and whether every output was found without it
    #[arg(long, conflicts_with_all = ["held", "complaints", "feed"])]
    pub(crate) kills: bool,
    /// Only this feed
    #[arg(long, conflicts_with_all = ["held", "complaints"])]
    pub(crate) feed: Option<String>,
    /// JSON Lines instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// At most so many lines
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) limit: usize,
}
