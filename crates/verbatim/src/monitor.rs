//! `verbatim monitor`: watches a site from outside, as anybody could: its log, and whether what it shows is what it logged.

mod memory;
mod round;
mod tell;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lines::reader::Reader;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli;
use crate::run::runtime;
use crate::say::{self, Failure, tame};
use memory::Memory;
use round::Round;
use tell::Board;

/// How long one answer may take, and how long it may be.
const PATIENCE: Duration = Duration::from_secs(20);
const LONGEST: usize = 16 << 20;

/// Exit 0 if nothing was found, 1 after an alarm, 2 if something could not be told.
pub(crate) fn monitor(ask: &cli::Monitor) -> Result<ExitCode, Failure> {
    say::start_log("warn");
    let every = newsroom::config::length_of_time(&ask.every)?;
    let reader = Reader::new(PATIENCE, LONGEST)?;
    let site = ask.url.trim_end_matches('/').to_owned(); // not copy: an address
    let memory = Memory::open(ask.state.as_deref(), &ask.keys)?;
    let board = Arc::new(Board::new(site.clone(), ask.json));
    let round = Round { site, reader, memory, board: Arc::clone(&board), headlines: Arc::default() };
    runtime()?.block_on(watch_over(round, ask, every))?;
    Ok(ExitCode::from(board.exit_code()))
}

async fn watch_over(mut round: Round, ask: &cli::Monitor, every: Duration) -> Result<(), Failure> {
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let (stop, stopped) = watch::channel(false);
    let mut serving = None;
    if let Some(address) = ask.metrics {
        let listener = web::listen("metrics", address).await?;
        let board = Arc::clone(&round.board);
        let router = web::metrics_router(move || board.metrics());
        serving = Some(tokio::spawn(web::serve_router(listener, router, stopped)));
    }
    loop {
        let board = Arc::clone(&round.board);
        board.begin();
        tokio::select! {
            done = round.walk() => {
                if let Err(why) = done {
                    board.unknown(&tame(&why.to_string()));
                }
                board.end();
            }
            _ = term.recv() => break,
            _ = interrupt.recv() => break,
        }
        if ask.once {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = term.recv() => break,
            _ = interrupt.recv() => break,
        }
    }
    stop.send_replace(true);
    if let Some(serving) = serving {
        let _ = serving.await;
    }
    Ok(())
}
