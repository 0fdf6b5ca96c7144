//! Commands that act on a store: through the running process if there is one, otherwise on the store itself.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use news::AgencyId;
use newsroom::config::{self, Config};
use newsroom::control::{self, ItemOrder, OutcomeLine, Reply, Request, Unsealed};
use newsroom::lists::{Complained, Killed, List, Ruled, Which};
use newsroom::{Newsroom, OpenNewsroomError};
use store::OpenStoreError;
use tokio::sync::watch;

use crate::cli;
use crate::run::runtime;
use crate::say::{self, Failure, paint, tame};

/// How often, and after what pause, a command tries again while a process holds the store and does not answer.
const ATTEMPTS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(50);
/// Among how many of the newest complaints those about a file are looked for that was put through just now.
const NEWEST: usize = 200;

/// Carries out requests one after the other, on the running process or on the store.
struct Line {
    config: Config,
    own: Option<Own>,
}

/// The store, while no other process runs on it. Sites and outlets are asked and called as ever.
struct Own {
    newsroom: Newsroom,
    runtime: tokio::runtime::Runtime,
    stop: watch::Sender<bool>,
}

impl Line {
    fn open(path: &Path) -> Result<Self, Failure> {
        say::start_log("error");
        Ok(Self { config: config::load(path)?, own: None })
    }

    fn ask(&mut self, request: Request) -> Result<Reply, Failure> {
        if self.own.is_none()
            && let Some(reply) = self.running(&request)?
        {
            return failed(reply);
        }
        let Own { newsroom, runtime, .. } = self.own.as_ref().ok_or("the store was not opened")?;
        failed(runtime.block_on(newsroom.carry_out(request)))
    }

    /// What the running process answers; `None` if none runs, and the store is ours now.
    fn running(&mut self, request: &Request) -> Result<Option<Reply>, Failure> {
        let socket = Newsroom::socket(&self.config);
        let mut attempts = 0;
        loop {
            let answer = control::ask(&socket, request)
                .map_err(|error| format!("asking the running process: {error}"))?;
            if answer.is_some() {
                return Ok(answer);
            }
            match Newsroom::open(self.config.clone()) {
                Ok(newsroom) => {
                    let runtime = runtime()?;
                    let site = |site: &config::Site| {
                        web::site::Site::new(newsroom.clone(), site.id.clone(), site.base_path.clone())
                    };
                    let sites = self.config.sites().iter().map(site).collect();
                    runtime.spawn(web::confirm::confirm(newsroom.clone(), sites));
                    let (stop, stopped) = watch::channel(false);
                    let calling = newsroom.clone();
                    runtime.spawn(async move { calling.call_outlets(stopped).await });
                    self.own = Some(Own { newsroom, runtime, stop });
                    return Ok(None);
                }
                // Who holds the store but does not answer is starting or ending: it will answer, or let go.
                Err(OpenNewsroomError::Store(OpenStoreError::Locked { .. })) if attempts < ATTEMPTS => {
                    attempts += 1;
                    std::thread::sleep(PAUSE);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(Own { newsroom, stop, .. }) = &self.own {
            stop.send_replace(true);
            newsroom.stop();
        }
    }
}

fn failed(reply: Reply) -> Result<Reply, Failure> {
    match reply {
        Reply::Failed(why) => Err(why.into()),
        other => Ok(other),
    }
}

fn operator() -> String {
    std::env::var("SUDO_USER")
        .or_else(|_| std::env::var("USER"))
        .unwrap_or_else(|_| "command line".to_owned())
}

fn bytes_of(file: &Path) -> Result<Vec<u8>, Failure> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(file).map_err(|error| format!("reading {}: {error}", file.display()).into())
}

/// `verbatim publish`: one line of JSON for each item. Exit 1 if a file could not be put through or held no item.
pub(crate) fn publish(path: &Path, publish: &cli::Publish) -> Result<ExitCode, Failure> {
    let mut line = Line::open(path)?;
    let mut all = true;
    for file in &publish.files {
        let bytes = match bytes_of(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                say::error(&error);
                all = false;
                continue;
            }
        };
        let most = line.config.limits.max_bytes;
        if bytes.len() as u64 > most {
            let (name, has) = (file.display(), bytes.len());
            say::error(&format!("{name}: it has {has} bytes, `limits.max_bytes` allows {most}").into());
            all = false;
            continue;
        }
        let request = Request::Publish {
            feed: publish.feed.clone(),
            name: file.file_name().map_or_else(|| "-".to_owned(), |name| name.to_string_lossy().into_owned()),
            bytes,
        };
        let name = file.display();
        let (transmission, lines) = match line.ask(request) {
            Ok(Reply::Outcomes { transmission, lines }) => (transmission, lines),
            Ok(_) => return Err("an unexpected answer".into()),
            Err(error) => {
                // The files behind it are put through all the same.
                say::error(&format!("{name}: {error}").into());
                all = false;
                continue;
            }
        };
        if lines.is_empty() {
            say::remark(format_args!("{name}: no item could be read; `verbatim list --complaints` says why"));
            all = false;
        }
        lines.iter().for_each(outcome);
        tell_losses(&mut line, &name, transmission.as_deref());
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Beside what became of the items: what of the file is none, because it could not be read.
fn tell_losses(line: &mut Line, name: impl std::fmt::Display, transmission: Option<&str>) {
    let request = Request::List { which: Which::Complaints, limit: NEWEST };
    let Ok(Reply::List(List::Complaints(complaints))) = line.ask(request) else { return };
    let ours = complaints.iter().filter(|complaint| Some(complaint.transmission.as_str()) == transmission);
    for lost in ours.filter(|complaint| complaint.gravity == "lost") {
        let item = lost.item.map(|item| format!("item {item}: ")).unwrap_or_default();
        say::remark(format_args!("{name}: {item}{} [{}]", tame(&lost.message), lost.code));
    }
}

fn outcome(line: &OutcomeLine) {
    say::json(&serde_json::json!({
        "uri": line.uri,
        "version": line.version,
        "ruling": line.ruling,
        "reasons": line.reasons,
        "because": line.because,
        "url": line.url,
        "copy_sha256": line.copy_sha256,
    }));
}

fn order(path: &Path, item: cli::Item, order: ItemOrder) -> Result<ExitCode, Failure> {
    let request = Request::Item { uri: item.uri, agency: item.agency, order, by: operator() };
    let mut unconfirmed = false;
    if let Reply::Outcomes { lines, .. } = Line::open(path)?.ask(request)? {
        for line in &lines {
            outcome(line);
            if line.unconfirmed {
                unconfirmed = true;
                say::remark(format_args!(
                    "{} is killed, and some output has not confirmed that yet: it is asked until it does; \
                     `verbatim list --kills` says which",
                    tame(&line.uri)
                ));
            }
            if line.reasons.iter().any(|reason| reason == "killed-unseen") {
                say::remark(format_args!(
                    "nothing of {} ever came, so nothing was taken off; the kill waits for it. If a live story was \
                     meant, copy its uri from `verbatim list`",
                    tame(&line.uri)
                ));
            }
        }
    }
    Ok(if unconfirmed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// `verbatim kill`: returns when every output of ours was found without the item.
pub(crate) fn kill(path: &Path, kill: cli::Kill) -> Result<ExitCode, Failure> {
    order(path, kill.item, ItemOrder::Kill { reason: kill.reason, erase: kill.erase })
}

/// `verbatim unseal`: one line of JSON for each transmission that was sealed.
pub(crate) fn unseal(path: &Path, item: cli::Item, to: &Path) -> Result<ExitCode, Failure> {
    let request = Request::Unseal { uri: item.uri.clone(), agency: item.agency, by: operator() };
    let Reply::Unsealed(found) = Line::open(path)?.ask(request)? else {
        return Err("an unexpected answer".into());
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(to)?;
    for Unsealed { about, bytes } in &found {
        let file = to.join(format!("{}.wire", about.transmission));
        let mut options = std::fs::OpenOptions::new();
        let made = options.write(true).create_new(true).mode(0o600).open(&file);
        made.and_then(|mut made| made.write_all(bytes))
            .map_err(|error| format!("writing {}: {error}", file.display()))?;
        say::json(&serde_json::json!({ "file": file, "about": about }));
    }
    if found.is_empty() {
        say::remark(format_args!("nothing is sealed of {}, or its key was destroyed", tame(&item.uri)));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// `verbatim hold`.
pub(crate) fn hold(path: &Path, item: cli::Item) -> Result<ExitCode, Failure> {
    order(path, item, ItemOrder::Hold)
}

/// `verbatim release`.
pub(crate) fn release(path: &Path, which: cli::ItemVersion) -> Result<ExitCode, Failure> {
    order(path, which.item, ItemOrder::Release { n: which.version })
}

/// `verbatim spike`.
pub(crate) fn spike(path: &Path, which: cli::ItemVersion) -> Result<ExitCode, Failure> {
    order(path, which.item, ItemOrder::Spike { n: which.version })
}

/// `verbatim review`.
pub(crate) fn review(path: &Path, review: cli::Review) -> Result<ExitCode, Failure> {
    let cli::Review { which, role } = review;
    order(path, which.item, ItemOrder::Review { n: which.version, role })
}

/// `verbatim edit`.
pub(crate) fn edit(path: &Path, edit: cli::Edit) -> Result<ExitCode, Failure> {
    let cli::Edit { review: cli::Review { which, role }, file, legal_order } = edit;
    let text = String::from_utf8(bytes_of(&file)?)
        .map_err(|_| format!("{}: it is no text in UTF-8", file.display()))?;
    order(path, which.item, ItemOrder::Edit { n: which.version, role, text, legal_order })
}

/// `verbatim hold-all`.
pub(crate) fn hold_all(path: &Path, switch: cli::Switch, feed: Option<String>) -> Result<ExitCode, Failure> {
    let on = switch == cli::Switch::On;
    let of_it = feed.as_ref().map_or_else(String::new, |feed| format!(" of feed {feed}"));
    Line::open(path)?.ask(Request::HoldAll { on, by: operator(), feed })?;
    say::remark(&match on {
        true => format!("everything new and changed{of_it} is held; kills go through"),
        false => format!("nothing{of_it} is held wholesale any more"),
    });
    Ok(ExitCode::SUCCESS)
}

/// `verbatim list`.
pub(crate) fn list(path: &Path, asked: &cli::List) -> Result<ExitCode, Failure> {
    let which = match (asked.held, asked.complaints) {
        (true, _) => Which::Held,
        (_, true) => Which::Complaints,
        _ if asked.kills => Which::Kills,
        _ => Which::Recent { feed: asked.feed.clone() },
    };
    let mut line = Line::open(path)?;
    let reply = line.ask(Request::List { which: which.clone(), limit: asked.limit })?;
    let Reply::List(list) = reply else { return Err("an unexpected answer".into()) };
    tell_empty(&list, &which, &line.config);
    match list {
        List::Rulings(lines) if asked.json => lines.iter().for_each(say::json),
        List::Complaints(lines) if asked.json => lines.iter().for_each(say::json),
        List::Feeds(lines) => lines.iter().for_each(say::json),
        List::Outlets(lines) => lines.iter().for_each(say::json),
        List::Kills(lines) if asked.json => lines.iter().for_each(say::json),
        List::Kills(lines) => lines.iter().for_each(killed),
        List::Rulings(lines) => lines.iter().for_each(ruled),
        List::Complaints(lines) => lines.iter().for_each(complained),
    }
    Ok(ExitCode::SUCCESS)
}

/// A list without a line says why it has none; on standard error, so that a pipe gets nothing.
fn tell_empty(list: &List, which: &Which, config: &Config) {
    let empty = match list {
        List::Rulings(lines) => lines.is_empty(),
        List::Complaints(lines) => lines.is_empty(),
        List::Feeds(lines) => lines.is_empty(),
        List::Kills(lines) => lines.is_empty(),
        List::Outlets(lines) => lines.is_empty(),
    };
    if !empty {
        return;
    }
    match which {
        Which::Held => say::remark("nothing is held"),
        Which::Kills => say::remark("nothing that was public was killed"),
        Which::Complaints => say::remark("there are no complaints"),
        Which::Recent { feed: Some(id) } if config.feeds().iter().all(|feed| feed.id.as_str() != id) => {
            say::remark(format_args!(
                "no feed `{}` is configured, and nothing came on one; `verbatim check` lists the feeds",
                tame(id)
            ));
        }
        _ => say::remark("nothing came yet"),
    }
}

fn ruled(line: &Ruled) {
    let colour = match line.ruling.as_str() {
        "publish" | "update" => "32",
        "hold" => "33",
        "kill" => "31",
        _ => "2",
    };
    let until = match line.until.as_deref() {
        None => String::new(),
        Some("person") => ", waits for a person".to_owned(),
        Some(instant) => format!(", until {instant}"),
    };
    say::line(format_args!(
        "{}  {}  {}",
        paint("2", &line.at),
        paint(colour, format_args!("{:<7}", line.ruling)),
        tame(line.headline.as_deref().unwrap_or("(no headline)")),
    ));
    let by = line.by.as_ref().map(|by| format!("by {}", tame(by)));
    let feed = Some(line.feed.clone()).filter(|feed| !feed.is_empty());
    let origin = feed.into_iter().chain(by).collect::<Vec<_>>().join(", ");
    say::line(format_args!("    {} ({origin}), now {}{until}", tame(&line.uri), line.standing));
    say::line(format_args!("    {}", tame(&line.reasons.join("; "))));
    if let Some(url) = &line.url {
        say::line(format_args!("    {url}"));
    }
}

fn killed(line: &Killed) {
    let (colour, word) = if line.confirmed { ("32", "gone") } else { ("31", "not confirmed") };
    say::line(format_args!("{}  {}  {}", paint("2", &line.at), paint(colour, word), tame(&line.uri)));
    let output = if line.site.contains(':') { "outlet" } else { "site" };
    say::line(format_args!("    {output} {}: {}", line.site, tame(&line.detail)));
}

fn complained(line: &Complained) {
    let item = line.item.map(|item| format!(", item {item}")).unwrap_or_default();
    let place = if line.path.is_empty() { String::new() } else { format!(", {}", tame(&line.path)) };
    let offset = line.offset.map(|offset| format!(", byte {offset}")).unwrap_or_default();
    let colour = if line.gravity == "remark" { "2" } else { "31" };
    say::line(format_args!(
        "{}  {}  {}{item}{place}{offset} on {}",
        paint("2", &line.at),
        paint(colour, format_args!("{:<6}", line.gravity)),
        tame(&line.origin),
        line.feed
    ));
    say::line(format_args!("    {} [{}]", tame(&line.message), line.code));
}

/// `verbatim report`: reads the store beside whoever runs on it.
pub(crate) fn report(path: &Path, asked: &cli::Report) -> Result<ExitCode, Failure> {
    say::start_log("error");
    let config = config::load(path)?;
    let agency = AgencyId::from(asked.agency.as_str());
    if config.agency(&agency).is_none() {
        return Err(format!(
            "no agency `{}` is configured; `verbatim check` lists them",
            tame(&asked.agency)
        )
        .into());
    }
    let store = store::Store::open(config.store_path(), store::Access::Read)?;
    let report = newsroom::report::report(&store, &agency, &asked.month)?;
    match asked.format {
        cli::ReportFormat::Text => say::all(&report.text()),
        cli::ReportFormat::Csv => say::all(&report.csv()),
        cli::ReportFormat::Json => say::json(&report),
    }
    Ok(ExitCode::SUCCESS)
}

/// `verbatim rules test`: reads the store beside whoever runs on it, with the configuration as it is now.
pub(crate) fn try_routes(path: &Path, limit: usize) -> Result<ExitCode, Failure> {
    say::start_log("error");
    let config = config::load(path)?;
    let store = store::Store::open(config.store_path(), store::Access::Read)?;
    let (asked, changed) = newsroom::trial::trial(&config, &store, limit)?;
    changed.iter().for_each(say::json);
    say::remark(format_args!("{asked} versions asked about, {} would change", changed.len()));
    Ok(ExitCode::SUCCESS)
}

/// `verbatim rebuild`.
pub(crate) fn rebuild(path: &Path) -> Result<ExitCode, Failure> {
    Line::open(path)?.ask(Request::Rebuild)?;
    say::remark("the index is made anew from the journal");
    Ok(ExitCode::SUCCESS)
}

/// `verbatim backup`.
pub(crate) fn backup(path: &Path, folder: PathBuf) -> Result<ExitCode, Failure> {
    let to = std::path::absolute(&folder)?;
    Line::open(path)?.ask(Request::Backup { to })?;
    say::remark(format_args!("the store is copied to {}; keep it apart from this machine", folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// `verbatim restore`.
pub(crate) fn restore(path: &Path, folder: &Path) -> Result<ExitCode, Failure> {
    say::start_log("error");
    let config = config::load(path)?;
    newsroom::restore(folder, &config)?;
    let to = config.store_path().display();
    say::remark(format_args!("{} is restored into {to}; its sites begin a new log shard", folder.display()));
    Ok(ExitCode::SUCCESS)
}
