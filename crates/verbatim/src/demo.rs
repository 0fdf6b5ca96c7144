//! `verbatim demo`: an invented agency's day, through the real doors, in a folder that vanishes afterwards.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use newsroom::config;

use crate::cli;
use crate::run::{runtime, serve};
use crate::say::{self, Failure, paint};

mod script;

/// Replays the day and stays up until Ctrl-C (or ends with the day, with `--once`).
pub(crate) fn demo(demo: &cli::Demo) -> Result<ExitCode, Failure> {
    say::start_log("error");
    if !(demo.speed.is_finite() && demo.speed > 0.0) {
        return Err("--speed wants a number greater than 0".into());
    }
    let desk_port = demo
        .port
        .checked_add(1)
        .filter(|_| demo.port > 0)
        .ok_or("--port wants a port from 1 to 65534: the desk takes the next one")?;
    for port in [demo.port, desk_port] {
        // Asked before anything is made, to be able to say what helps here.
        std::net::TcpListener::bind(("127.0.0.1", port)).map_err(|error| {
            format!("listening on 127.0.0.1:{port}: {error}; choose another port with --port, the desk takes the next one")
        })?;
    }
    let folder = tempfile::Builder::new().prefix("verbatim-demo-").tempdir()?;
    let file = folder.path().join("verbatim.toml");
    std::fs::write(&file, script::config(folder.path(), demo.port, desk_port))?;
    let config = config::load(&file)?;
    for feed in config.feeds() {
        if let Some(path) = &feed.folder {
            std::fs::create_dir_all(path)?;
        }
    }
    let token = config.store.desk_token();
    let code = runtime()?.block_on(serve(
        config,
        day(demo.speed, demo.once, folder.path().to_owned(), demo.port, desk_port, token),
    ));
    folder.close()?;
    say::remark(paint("2", "The demo's folder is removed; nothing is left behind."));
    code
}

async fn day(speed: f64, once: bool, folder: PathBuf, port: u16, desk_port: u16, token: PathBuf) {
    let bold = |text: String| paint("1", text);
    say::remark(format_args!("\n  The site:  {}", bold(format!("http://127.0.0.1:{port}/"))));
    say::remark(format_args!("  The desk:  {}", bold(format!("http://127.0.0.1:{desk_port}/"))));
    if let Ok(token) = tokio::fs::read_to_string(&token).await {
        say::remark(format_args!("             token {}", token.trim()));
    }
    say::remark(format_args!(
        "  {}\n",
        paint("2", "An invented agency's day begins. Ctrl-C ends it and leaves nothing behind.")
    ));
    // A terminal that is closed ends the demo like Ctrl-C: its folder must not stay behind.
    if let Ok(mut hangup) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()) {
        tokio::spawn(async move {
            hangup.recv().await;
            end();
        });
    }
    let start = tokio::time::Instant::now();
    for step in script::DAY {
        let after = Duration::from_millis(u64::from(step.after_ms)).div_f64(speed);
        tokio::time::sleep_until(start + after).await;
        let told = format!("{:>4}s  ", start.elapsed().as_secs());
        say::remark(format_args!("{}{}", paint("2", told), step.told));
        if step.file.is_empty() {
            continue;
        }
        if let Err(error) = deliver(&folder, step).await {
            say::remark(format_args!("      {}: {error}", step.file));
        }
    }
    if once {
        // The last delivery gets its moment before the newsroom is told to stop.
        tokio::time::sleep(Duration::from_secs(3)).await;
        say::remark(paint("2", "\n  The day is over."));
        end();
        return;
    }
    say::remark(paint("2", "\n  The day is over; the site stays up until Ctrl-C."));
}

/// Tells the newsroom to stop, as from outside.
fn end() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TERM);
}

/// As a sender should: written under a name that is not taken, then renamed.
async fn deliver(folder: &Path, step: &script::Step) -> std::io::Result<()> {
    let wire = script::wire(step.file).ok_or_else(|| std::io::Error::other("no such wire"))?;
    let filled = script::fill(wire, newsroom::clock::Clock::default().now());
    let into = folder.join("wire").join(step.feed);
    let name = format!("{:06}-{}", step.after_ms, step.file);
    let part = into.join(format!("{name}.part"));
    tokio::fs::write(&part, filled).await?;
    tokio::fs::rename(part, into.join(name)).await
}
