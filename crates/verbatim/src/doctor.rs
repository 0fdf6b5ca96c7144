//! `verbatim check` and `verbatim doctor`: is everything as it should be, and if not, what helps?

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;

use newsroom::Newsroom;
use newsroom::config::{self, Config};
use newsroom::control::{self, Reply, Request};
use newsroom::lists::{List, OutletLine, Which};
use store::{Access, Index as _, Journal as _, Store};

use crate::say::{self, Failure, paint};

/// Below this much free space the disk is as good as full.
const LITTLE_SPACE: u64 = 1 << 30;

/// `verbatim check`: the configuration alone. Nothing is opened or written.
pub(crate) fn check(path: &Path) -> Result<ExitCode, Failure> {
    let config = config::load(path)?;
    say::line(format_args!("{}: in order", path.display()));
    for site in config.sites() {
        say::line(format_args!(
            "  site {}: {} on {}, listening on {}",
            site.id, site.name, site.url, site.listen
        ));
    }
    say::line(format_args!("  desk: listening on {}", config.desk.listen));
    say::line(format_args!("  store: {}", config.store_path().display()));
    for outlet in &config.outlets {
        say::line(format_args!("  outlet {}: {} about site {}", outlet.name, outlet.url, outlet.site));
    }
    for feed in config.feeds() {
        let sections = feed.sections.join(", ");
        say::line(format_args!(
            "  feed {} of {}: {}, for {sections}",
            feed.id,
            feed.agency,
            feed.door_in_words()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// `verbatim doctor`: everything. Exit 1 if anything is wrong.
pub(crate) fn doctor(path: &Path) -> Result<ExitCode, Failure> {
    say::start_log("error");
    let config = config::load(path)?;
    let mut visit = Visit { well: true };
    visit.good(format_args!("configuration {} is in order", path.display()));
    let running = matches!(control::ask(&Newsroom::socket(&config), &Request::Status), Ok(Some(_)));
    if running {
        visit.good("a newsroom runs on this store and answers");
        doors(&mut visit, &config);
        outlets(&mut visit, &config);
    } else {
        visit.good("no newsroom runs on this store");
        listeners(&mut visit, &config);
    }
    store(&mut visit, &config);
    space(&mut visit, &config);
    folders(&mut visit, &config);
    Ok(if visit.well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Visit {
    well: bool,
}

impl Visit {
    fn good(&mut self, what: impl std::fmt::Display) {
        say::line(format_args!("{} {what}", paint("32", "ok   ")));
    }

    fn bad(&mut self, what: impl std::fmt::Display) {
        self.well = false;
        say::line(format_args!("{} {what}", paint("31", "WRONG")));
    }
}

fn listeners(visit: &mut Visit, config: &Config) {
    let sites = config.sites().iter().map(|site| (format!("site {}", site.id), site.listen));
    let all: Vec<(String, SocketAddr)> = sites.chain([("desk".to_owned(), config.desk.listen)]).collect();
    for (what, address) in all {
        match TcpListener::bind(address) {
            Ok(_) => visit.good(format_args!("{what} can listen on {address}")),
            Err(error) => {
                visit.bad(format_args!("{what} cannot listen on {address}: {error}; choose another address"))
            }
        }
    }
}

/// What the running newsroom says of its feeds.
fn doors(visit: &mut Visit, config: &Config) {
    let request = Request::List { which: Which::Feeds, limit: usize::MAX };
    let Ok(Some(Reply::List(List::Feeds(feeds)))) = control::ask(&Newsroom::socket(config), &request) else {
        return visit.bad("the running newsroom did not say how its feeds are");
    };
    for feed in feeds {
        if let Some(trouble) = feed.trouble {
            visit.bad(format_args!("feed {}: {}", feed.feed, say::tame(&trouble)));
        }
    }
}

/// What the running newsroom says of its outlets.
fn outlets(visit: &mut Visit, config: &Config) {
    let request = Request::List { which: Which::Outlets, limit: usize::MAX };
    let Ok(Some(Reply::List(List::Outlets(outlets)))) = control::ask(&Newsroom::socket(config), &request)
    else {
        return visit.bad("the running newsroom did not say how its outlets are");
    };
    for outlet in outlets {
        let OutletLine { outlet, waiting, kills, trouble, .. } = outlet;
        let open = format!("items that wait for it: {waiting}, kills among them: {kills}");
        match trouble {
            Some(trouble) => visit.bad(format_args!("outlet {outlet}: {}; {open}", say::tame(&trouble))),
            None => visit.good(format_args!("outlet {outlet}: {open}")),
        }
    }
}

fn store(visit: &mut Visit, config: &Config) {
    let path = config.store_path();
    if !path.join("verbatim.sqlite").exists() {
        visit.good(format_args!("store {} does not exist yet; the first start makes it", path.display()));
        return;
    }
    let store = match Store::open(path, Access::Read) {
        Ok(store) => store,
        Err(error) => return visit.bad(error),
    };
    match store.verify() {
        Ok(()) => visit.good(format_args!(
            "store {}: journal chain, vault and archive are whole ({} entries)",
            path.display(),
            store.last_seq().unwrap_or_default()
        )),
        Err(error) => visit.bad(format_args!("store {}: {error}", path.display())),
    }
    match store.hold_all() {
        Ok(false) => {}
        Ok(true) => visit.good("everything new and changed is held; `verbatim hold-all off` ends that"),
        Err(error) => visit.bad(format_args!("reading whether everything is held: {error}")),
    }
    match store.next_due() {
        Ok(due) => visit.good(match due {
            Some(due) => format!("the next embargo or licence ends at {due}"),
            None => "no embargo or licence is due".to_owned(),
        }),
        Err(error) => visit.bad(format_args!("reading what is due: {error}")),
    }
}

fn space(visit: &mut Visit, config: &Config) {
    let path = config.store_path();
    let existing = path.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    match rustix::fs::statvfs(existing) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let mib = free >> 20;
            if free < LITTLE_SPACE {
                visit.bad(format_args!(
                    "only {mib} MiB are free where the store is; intake stops when they are used up"
                ));
            } else {
                visit.good(format_args!("{mib} MiB are free where the store is"));
            }
        }
        Err(error) => {
            visit.bad(format_args!("asking how much space is free at {}: {error}", existing.display()))
        }
    }
}

fn folders(visit: &mut Visit, config: &Config) {
    for feed in config.feeds() {
        let Some(folder) = &feed.folder else { continue };
        let shown = folder.display();
        match std::fs::metadata(folder) {
            Ok(found) if found.is_dir() => match rustix::fs::access(folder, rustix::fs::Access::WRITE_OK) {
                Ok(()) => visit.good(format_args!("feed {}: folder {shown}", feed.id)),
                Err(_) => visit.bad(format_args!(
                    "feed {}: {shown} cannot be written; files could not be moved to done/",
                    feed.id
                )),
            },
            Ok(_) => visit.bad(format_args!("feed {}: {shown} is not a folder", feed.id)),
            Err(_) => visit.good(format_args!("feed {}: folder {shown} will be made at the start", feed.id)),
        }
    }
}
