//! HTTP: the public site ([`site`]) and the desk ([`desk`]), each on its own listener.
//!
//! **Never here:** writing anything but through the newsroom; any type of another room in a request or response.

pub mod address;
pub mod desk;
mod head;
pub mod site;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long open requests may take after the listener has stopped.
const GRACE: Duration = Duration::from_secs(5);

/// A listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("opening the {what} listener on {address}: {source}; choose another address, or stop who uses it")]
pub struct ListenError {
    /// `site NAME` or `desk`.
    pub what: String,
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub source: std::io::Error,
}

/// Opens a listener, so that its address is taken before anything else is done.
///
/// # Errors
/// The address cannot be used.
pub async fn listen(what: &str, address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError { what: what.to_owned(), address, source })
}

/// Serves until `stop` turns true; open requests get a few seconds to end.
pub async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    let mut stopped = stop.clone();
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            let _ = stop.wait_for(|stop| *stop).await;
        });
    let deadline = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = server => if let Err(error) = ended { tracing::error!("a listener ended: {error}") },
        () = deadline => {}
    }
}
