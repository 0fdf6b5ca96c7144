//! `verbatim witness`: signs what others' logs sign, as long as they take nothing back.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use newsroom::witness::Witness;
use notary::VerifierKey;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli;
use crate::run::runtime;
use crate::say::{self, Failure};

/// Runs until SIGTERM or SIGINT.
pub(crate) fn witness(ask: &cli::Witness) -> Result<ExitCode, Failure> {
    say::start_log("info");
    let keys =
        ask.origins.iter().map(|key| VerifierKey::parse(key).map_err(|error| format!("`{key}`: {error}")));
    let logs = keys.collect::<Result<Vec<_>, _>>()?;
    let witness = Witness::open(&ask.store, &ask.key, ask.name.as_deref(), logs)?;
    say::line(witness.key());
    runtime()?.block_on(serve(Arc::new(witness), ask.listen))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(witness: Arc<Witness>, address: SocketAddr) -> Result<(), Failure> {
    let (mut term, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = web::listen("witness", address).await?;
    tracing::info!("the witness is on http://{}", listener.local_addr()?);
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(web::serve_router(listener, web::witness::router(witness), stopped));
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    stop.send_replace(true);
    let _ = serving.await;
    Ok(())
}
