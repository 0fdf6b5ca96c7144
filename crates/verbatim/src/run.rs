//! `verbatim run`: the rooms wired together in one process.

use std::collections::HashMap;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use lines::folder::Folder;
use lines::http_poll::Poll;
use lines::http_push::Push;
use newsroom::Newsroom;
use newsroom::config::{self, Config};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::say::{self, Failure};

/// `EX_SOFTWARE`: the store failed; a supervisor starts the process again, which recovers.
const STORE_FAILED: u8 = 70;
/// Enough for a dozen listeners.
const FILE_HANDLES: u64 = 16_384;
/// After how long the control socket is tried again.
const SOCKET_AGAIN: Duration = Duration::from_secs(1);
/// How long the end waits for outlets to be left in order.
const OUTLETS_END: Duration = Duration::from_secs(2);
/// How often the archive is relieved of what contracts no longer allow to keep.
const PURGE_EVERY: Duration = Duration::from_secs(3_600);

/// Runs until SIGTERM, SIGINT or a failure of the store.
pub(crate) fn run(path: &Path) -> Result<ExitCode, Failure> {
    say::start_log("info");
    let config = config::load(path)?;
    take_file_handles();
    runtime()?.block_on(serve(config, async {}))
}

/// As many file handles as the listeners can fill and the store needs besides, as far as the system lets us. What it
/// gives unasked is about as many as the connections of one listener: whoever opens them all would keep operators and
/// kills out.
fn take_file_handles() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.map_or(FILE_HANDLES, |maximum| maximum.min(FILE_HANDLES));
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    limit.current = Some(wanted);
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!("asking for {wanted} file handles: {error}; very many readers may keep operators out");
    }
}

pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Serves a configuration; `meanwhile` runs beside it, once everything listens, and does not end it.
pub(crate) async fn serve(config: Config, meanwhile: impl Future<Output = ()>) -> Result<ExitCode, Failure> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Addresses are taken first, so that a second start fails before it touches anything; nobody is answered before
    // the kills are replayed.
    let mut listeners = Vec::new();
    for site in config.sites() {
        listeners.push((site.clone(), web::listen(&format!("site `{}`", site.id), site.listen).await?));
    }
    let desk_listener = web::listen("desk", config.desk.listen).await?;

    let opened = config.clone();
    let newsroom = tokio::task::spawn_blocking(move || Newsroom::open(opened)).await??;
    let token = desk_token(&config)?;
    let (stop, stopped) = watch::channel(false);
    let mut tasks = tokio::task::JoinSet::new();
    let mut sites = Vec::new();
    for (site, listener) in listeners {
        let service = web::site::Site::new(newsroom.clone(), site.id.clone(), site.base_path.clone());
        sites.push(service.clone());
        tasks.spawn(web::serve(listener, move |peer| service.before(peer), stopped.clone()));
        tracing::info!("{} is on {} (listening on {})", site.name, site.url, site.listen);
    }
    let pushes = pushes(&config, &token);
    let largest = usize::try_from(config.limits.max_bytes).unwrap_or(usize::MAX);
    let router = web::desk::router(newsroom.clone(), token, pushes, largest);
    tasks.spawn(web::serve_router(desk_listener, router, stopped.clone()));
    tracing::info!("the desk is on http://{}", config.desk.listen);
    let socket = Newsroom::socket(&config);
    let orders = tokio::spawn({
        let newsroom = newsroom.clone();
        async move {
            // A full disk has no place for a socket; it is tried again until there is one.
            while let Err(error) = newsroom.clone().listen_for_orders(socket.clone()).await {
                tracing::error!("the control socket: {error}; orders work on the desk only");
                tokio::time::sleep(SOCKET_AGAIN).await;
            }
        }
    });
    let confirming = tokio::spawn(web::confirm::confirm(newsroom.clone(), sites));
    open_doors(&config, &newsroom, &mut tasks, &stopped);
    tasks.spawn(purge(newsroom.clone(), stopped.clone()));
    let (asking, until) = (newsroom.clone(), stopped.clone());
    tasks.spawn(async move { asking.ask_witnesses(until).await });
    let (calling, until) = (newsroom.clone(), stopped.clone());
    let outlets = tokio::spawn(async move { calling.call_outlets(until).await });

    tokio::pin!(meanwhile);
    let mut busy = true;
    let code = loop {
        tokio::select! {
            _ = term.recv() => break ExitCode::SUCCESS,
            _ = interrupt.recv() => break ExitCode::SUCCESS,
            why = newsroom.failed() => {
                say::error(&why.into());
                break ExitCode::from(STORE_FAILED);
            }
            () = &mut meanwhile, if busy => busy = false,
        }
    };
    stop.send_replace(true);
    orders.abort();
    confirming.abort();
    let socket = Newsroom::socket(&config);
    let _ = tokio::time::timeout(OUTLETS_END, outlets).await;
    let ending = newsroom.clone();
    let _ = tokio::time::timeout(Duration::from_secs(10), tokio::task::spawn_blocking(move || ending.stop()))
        .await;
    let _ = std::fs::remove_file(socket);
    // Whoever is being answered gets the rest of the answer.
    let ended = async { while tasks.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(web::GRACE, ended).await;
    Ok(code)
}

/// What operators show: the configured token, or a random one that is kept in the store's folder (mode 0600).
fn desk_token(config: &Config) -> Result<lines::Secret, Failure> {
    if let Some(token) = &config.desk.token {
        return Ok(lines::Secret::new(token.expose()));
    }
    let path = config.store.desk_token();
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    if !known.trim().is_empty() {
        return Ok(lines::Secret::new(known.trim()));
    }
    let token = news::base32_id(newsroom::chance::bits());
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| format!("writing the desk's token to {}: {error}", path.display()))?;
    // The file may have been there, empty and readable by all.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    writeln!(file, "{token}")?;
    file.sync_all()?;
    Ok(lines::Secret::new(token))
}

fn pushes(config: &Config, operators: &lines::Secret) -> HashMap<news::FeedId, Push> {
    config
        .feeds()
        .iter()
        .filter(|feed| feed.push)
        .map(|feed| {
            let token =
                feed.token.as_ref().map_or_else(|| operators.clone(), |own| lines::Secret::new(own.expose()));
            (
                feed.id.clone(),
                Push {
                    feed: feed.id.clone(),
                    token,
                    max_bytes: feed.max_bytes,
                    max_ratio: config.limits.max_ratio,
                },
            )
        })
        .collect()
}

fn open_doors(
    config: &Config,
    newsroom: &Newsroom,
    tasks: &mut tokio::task::JoinSet<()>,
    stopped: &watch::Receiver<bool>,
) {
    for feed in config.feeds() {
        if let Some(path) = &feed.folder {
            let folder = Folder {
                quiet: config.limits.folder_quiet,
                max_bytes: feed.max_bytes,
                ..Folder::new(feed.id.clone(), path.clone())
            };
            let (newsroom, stopped) = (newsroom.clone(), stopped.clone());
            tasks.spawn(async move { folder.run(newsroom, stopped).await });
        }
        if let Some(url) = &feed.poll {
            let poll = Poll {
                every: feed.poll_every,
                timeout: config.limits.poll_timeout,
                max_bytes: feed.max_bytes,
                max_ratio: config.limits.max_ratio,
                allow_private: feed.allow_private,
                ..Poll::new(feed.id.clone(), url.clone())
            };
            let (newsroom, stopped) = (newsroom.clone(), stopped.clone());
            tasks.spawn(async move { poll.run(newsroom, stopped).await });
        }
    }
}

async fn purge(newsroom: Newsroom, mut stopped: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PURGE_EVERY) => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        let newsroom = newsroom.clone();
        let _ = tokio::task::spawn_blocking(move || newsroom.purge()).await;
    }
}
