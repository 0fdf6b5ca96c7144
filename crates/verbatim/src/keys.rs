//! `verbatim key` and `verbatim new-shard`: who signs the public log, and where it goes on.

use std::path::Path;
use std::process::ExitCode;

use news::SiteId;
use newsroom::config;

use crate::cli::Key;
use crate::say::{self, Failure};

/// `verbatim key new|show|rotate`.
pub(crate) fn key(path: &Path, what: Key) -> Result<ExitCode, Failure> {
    say::start_log("error");
    let config = config::load(path)?;
    match what {
        Key::New => {
            let file = newsroom::new_key(&config)?;
            say::line(format_args!("made {}; keep a copy where nobody else can read it", file.display()));
        }
        Key::Show { next } => {
            for (site, key) in newsroom::public_keys(&config, next)? {
                say::line(format_args!("{site}\t{key}"));
            }
        }
        Key::Rotate => {
            opened(newsroom::rotate_key(&config)?);
            for (site, key) in newsroom::public_keys(&config, false)? {
                say::line(format_args!("{site}\t{key}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// `verbatim new-shard`.
pub(crate) fn new_shard(path: &Path, why: &str) -> Result<ExitCode, Failure> {
    say::start_log("error");
    let config = config::load(path)?;
    opened(newsroom::new_shard(&config, why)?);
    Ok(ExitCode::SUCCESS)
}

fn opened(shards: Vec<(SiteId, u32)>) {
    for (site, number) in shards {
        let name = notary::shard::name(number);
        say::line(format_args!("the log of site {site} goes on in shard {name}, from the next start"));
    }
}
